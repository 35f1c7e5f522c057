"""Parametrisations: a parameter (or buffer) that is computed, each time it is read, from one that is trained freely."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from chainrule.core.state import mode
from chainrule.core.tensor import Tensor
from chainrule.nn.module import Module
from chainrule.nn.modules.container import ModuleDict, ModuleList
from chainrule.nn.parameter import Parameter

__all__ = [
    "ParametrizationList", "cached", "is_parametrized", "register_parametrization", "remove_parametrizations",
]  # fmt: skip


class ParametrizationList(ModuleList):
    """The parametrisations of one tensor, applied one after the other to `original`."""

    def __init__(self, modules: Any, original: Tensor, unsafe: bool = False) -> None:
        super().__init__(modules)
        if isinstance(original, Parameter):
            self.original = original
        else:
            self.register_buffer("original", original)

    def forward(self) -> Tensor:
        """The tensor as it is read."""
        x = self.original
        for module in self:
            x = module(x)
        return x


def register_parametrization(
    module: Module, tensor_name: str, parametrization: Module, *, unsafe: bool = False
) -> Module:
    """Let a parameter be read through `parametrization`; it is trained as `parametrizations.<name>.original`.

    A method `right_inverse` of the parametrisation, if it has one, gives the start from the present value.

    >>> import chainrule as cr
    >>> net = cr.nn.utils.parametrize.register_parametrization(cr.nn.Linear(1, 1), "weight", cr.nn.Softplus())
    >>> bool(net.weight > 0)
    True
    """
    if is_parametrized(module, tensor_name):
        held = module.parametrizations[tensor_name]
        _start(held.original, parametrization, held.original)
        held.append(parametrization)
        return module
    original = module._parameters.get(tensor_name, module._buffers.get(tensor_name))
    if original is None:
        raise ValueError(
            f"Module '{module}' does not have a parameter, a buffer, or a parametrized element with name "
            f"'{tensor_name}'"
        )
    with mode(grad=False):
        seen = parametrization(original)
    if not unsafe and (seen._a.shape != original._a.shape or seen._a.dtype != original._a.dtype):
        raise ValueError(
            f"Registering a parametrization may not change the shape or the dtype of the tensor: "
            f"{list(original._a.shape)} {original.dtype} became {list(seen._a.shape)} {seen.dtype}; pass "
            "unsafe=True to allow it"
        )
    _start(original, parametrization, original)
    for held in (module._parameters, module._buffers):
        held.pop(tensor_name, None)
    if not hasattr(module, "parametrizations"):
        cls = type(module)
        object.__setattr__(
            module, "__class__", type(f"Parametrized{cls.__name__}", (cls,), {"__module__": cls.__module__})
        )
        module.parametrizations = ModuleDict()
    setattr(
        type(module), tensor_name, property(lambda self: self.parametrizations[tensor_name](), _assign(tensor_name))
    )
    module.parametrizations[tensor_name] = ParametrizationList([parametrization], original)
    return module


def _start(original: Tensor, parametrization: Module, value: Tensor) -> None:
    if hasattr(parametrization, "right_inverse"):
        with mode(grad=False):
            original.copy_(parametrization.right_inverse(value))


def _assign(name: str) -> Any:
    def assign(self: Module, value: Tensor) -> None:
        held = self.parametrizations[name]
        with mode(grad=False):
            for parametrization in reversed(list(held)):
                if not hasattr(parametrization, "right_inverse"):
                    raise RuntimeError(
                        f"{type(parametrization).__name__} has no method right_inverse, so '{name}' cannot be set; set "
                        f"parametrizations.{name}.original"
                    )
                value = parametrization.right_inverse(value)
            held.original.copy_(value)

    return assign


def is_parametrized(module: Module, tensor_name: str | None = None) -> bool:
    """Whether a module has parametrisations, or one of this name."""
    held = module._modules.get("parametrizations")
    return isinstance(held, ModuleDict) and (len(held) > 0 if tensor_name is None else tensor_name in held)


def remove_parametrizations(module: Module, tensor_name: str, leave_parametrized: bool = True) -> Module:
    """Make the tensor an ordinary one again: as it is read, or else as it was trained."""
    if not is_parametrized(module, tensor_name):
        raise ValueError(f"Module {module} does not have a parametrization on {tensor_name}")
    held = module.parametrizations[tensor_name]
    value = held.original
    if leave_parametrized:
        with mode(grad=False):
            value.copy_(held())
    delattr(type(module), tensor_name)
    del module.parametrizations[tensor_name]
    if isinstance(value, Parameter):
        module.register_parameter(tensor_name, value)
    else:
        module.register_buffer(tensor_name, value)
    if not len(module.parametrizations):
        del module.parametrizations
        object.__setattr__(module, "__class__", type(module).__bases__[0])
    return module


@contextmanager
def cached() -> Iterator[None]:
    """Accepted; values are computed each time they are read."""
    yield
