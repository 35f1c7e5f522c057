"""Layers that learn from their first input how many numbers, or channels, they take, and are the plain layers then."""

from __future__ import annotations

import inspect
from typing import Any

from chainrule.core.tensor import Tensor
from chainrule.nn.module import Module
from chainrule.nn.modules import batchnorm, conv, instancenorm, linear
from chainrule.nn.parameter import UninitializedParameter


class LazyModuleMixin(Module):
    """What lazy layers share: parameters without a shape until the first call, in which the plain layer is drawn."""

    plain: type[Any]
    at = 1  # the dimension of the input whose length is to be learned
    usual: dict[str, Any]  # defaults that are not those of the plain layer

    def _begin(self, *args: Any, **kwargs: Any) -> None:
        later = list(inspect.signature(type(self)).parameters)[len(args) :]
        kwargs = {k: v for k, v in self.usual.items() if k in later} | kwargs
        self.plain.__init__(self, 0, *args, **kwargs)
        self._given = args, kwargs
        for name, p in self._parameters.items():
            if p is not None:
                self._parameters[name] = UninitializedParameter(dtype=p.dtype)

    def reset_parameters(self) -> None:
        """Nothing, as long as there are no numbers to draw."""

    def has_uninitialized_params(self) -> bool:
        """Whether some parameter has no shape yet."""
        return any(isinstance(p, UninitializedParameter) for p in self._parameters.values())

    def initialize_parameters(self, input: Tensor) -> None:
        """Become the plain layer for such inputs; parameters stay the objects that optimisers may have been given."""
        args, kwargs = self._given
        layer = object.__new__(type(self))
        self.plain.__init__(layer, input.shape[self.at], *args, **kwargs)
        layer.__class__ = self.plain
        if self.has_uninitialized_params():
            layer.reset_parameters()
        for name, p in self._parameters.items():
            new = layer._parameters[name]
            if isinstance(p, UninitializedParameter) and new is not None:
                p.materialize(new)
        mine = self.__dict__
        mine.update((k, v) for k, v in layer.__dict__.items() if k == "_buffers" or (k[0] != "_" and k != "training"))
        del mine["_given"]
        self.__class__ = self.plain

    def forward(self, input: Tensor) -> Any:
        """What the plain layer makes of the input, which says how many numbers it takes."""
        self.initialize_parameters(input)
        return self.forward(input)


def _lazy(plain: type[Any], at: int, **usual: Any) -> Any:
    """The lazy class of a layer whose first argument is the length of its input's dimension `at`."""
    _, *parameters = inspect.signature(plain).parameters.values()
    signature = inspect.Signature([p.replace(default=usual.get(p.name, p.default)) for p in parameters])
    name, text = f"Lazy{plain.__name__}", f"`{plain.__name__}` that learns its first argument from its first input."

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        self._begin(*args, **kwargs)

    body = {"__doc__": text, "__module__": __name__, "__signature__": signature, "__init__": __init__}
    return type(name, (LazyModuleMixin, plain), {**body, "plain": plain, "at": at, "usual": usual})


LazyLinear = _lazy(linear.Linear, -1)
LazyConv1d = _lazy(conv.Conv1d, -2)
LazyConv2d = _lazy(conv.Conv2d, -3)
LazyConv3d = _lazy(conv.Conv3d, -4)
LazyConvTranspose1d = _lazy(conv.ConvTranspose1d, -2)
LazyConvTranspose2d = _lazy(conv.ConvTranspose2d, -3)
LazyConvTranspose3d = _lazy(conv.ConvTranspose3d, -4)
LazyBatchNorm1d = _lazy(batchnorm.BatchNorm1d, 1)
LazyBatchNorm2d = _lazy(batchnorm.BatchNorm2d, 1)
LazyBatchNorm3d = _lazy(batchnorm.BatchNorm3d, 1)
LazyInstanceNorm1d = _lazy(instancenorm.InstanceNorm1d, -2, affine=True, track_running_stats=True)
LazyInstanceNorm2d = _lazy(instancenorm.InstanceNorm2d, -3, affine=True, track_running_stats=True)
LazyInstanceNorm3d = _lazy(instancenorm.InstanceNorm3d, -4, affine=True, track_running_stats=True)

__all__ = [name for name in list(globals()) if name.startswith("Lazy") and name != "LazyModuleMixin"]
