"""Modules and parameters in sequences and dictionaries that a module registers."""

from __future__ import annotations

import operator
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from chainrule.core.tensor import Tensor
from chainrule.nn.module import Module, indented
from chainrule.nn.parameter import Parameter

__all__ = ["ModuleDict", "ModuleList", "ParameterDict", "ParameterList", "Sequential"]


class _Numbered(Module):
    """Children named 0, 1, 2, ..., as a list."""

    def _name_at(self, i: Any) -> str:
        n, i = len(self), operator.index(i)
        if not -n <= i < n:
            raise IndexError(f"index {i} is out of range")
        return list(self._modules)[i]

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._modules.values())

    def __getitem__(self, i: Any) -> Any:
        if isinstance(i, slice):
            return self._part(list(self._modules.items())[i])
        return self._modules[self._name_at(i)]

    def _part(self, items: list[tuple[str, Any]]) -> Any:
        kind: Any = type(self)
        return kind([module for _, module in items])

    def __setitem__(self, i: Any, module: Module) -> None:
        setattr(self, self._name_at(i), module)

    def __delitem__(self, i: Any) -> None:
        names = list(self._modules)[i] if isinstance(i, slice) else [self._name_at(i)]
        self._replace([m for name, m in self._modules.items() if name not in names])

    def _replace(self, modules: Iterable[Any]) -> None:
        self._modules.clear()
        for i, module in enumerate(modules):
            self.add_module(str(i), module)

    def append(self, module: Module) -> Any:
        """Add a module at the end."""
        self.add_module(str(len(self)), module)
        return self

    def extend(self, modules: Iterable[Any]) -> Any:
        """Add modules at the end."""
        for module in modules:
            self.append(module)
        return self

    def insert(self, index: int, module: Module) -> Any:
        """Add a module before the one at `index`."""
        held = list(self)
        if not -len(held) <= index <= len(held):
            raise IndexError(f"Index out of range: {index}")
        held.insert(index, module)
        self._replace(held)
        return self

    def pop(self, key: Any) -> Any:
        """Take a module out and return it."""
        module = self[key]
        del self[key]
        return module

    def __dir__(self) -> list[str]:
        return [name for name in super().__dir__() if not name.isdigit()]


class Sequential(_Numbered):
    """Modules that are applied one after the other.

    >>> import chainrule as cr
    >>> cr.nn.Sequential(cr.nn.Flatten(0), cr.nn.ReLU())(cr.tensor([[-1.0], [2.0]]))
    tensor([0., 2.])
    """

    def __init__(self, *args: Any) -> None:
        super().__init__()
        if len(args) == 1 and isinstance(args[0], Mapping):
            for name, module in args[0].items():
                self.add_module(name, module)
        else:
            self._replace(args)

    def _part(self, items: list[tuple[str, Any]]) -> Any:
        return type(self)(OrderedDict(items))

    def __add__(self, other: Any) -> Sequential:
        if not isinstance(other, Sequential):
            raise ValueError(f"add operator supports only objects of Sequential class, but {type(other)} is given.")
        return Sequential(*self, *other)

    def forward(self, input: Any) -> Any:
        """The last module's result."""
        for module in self._modules.values():
            input = module(input)
        return input


class ModuleList(_Numbered):
    """A list of modules."""

    def __init__(self, modules: Iterable[Any] | None = None) -> None:
        super().__init__()
        self._replace(modules or ())

    def __add__(self, other: Iterable[Any]) -> ModuleList:
        return ModuleList([*self, *other])

    def __iadd__(self, modules: Iterable[Any]) -> ModuleList:
        return self.extend(modules)

    def __repr__(self) -> str:
        if not len(self):
            return self._get_name() + "()"
        runs: list[list[Any]] = []  # equal neighbours are printed once: first, last, text
        for i, text in enumerate(map(repr, self)):
            if runs and runs[-1][2] == text:
                runs[-1][1] = i
            else:
                runs.append([i, i, text])
        lines = [
            f"({a}): {indented(text)}" if a == b else f"({a}-{b}): {b - a + 1} x {indented(text)}"
            for a, b, text in runs
        ]
        return f"{self._get_name()}(\n  " + "\n  ".join(lines) + "\n)"


class _Keyed(Module):
    """What dictionaries of modules and of parameters have in common; `_held` is where the entries are."""

    @property
    def _held(self) -> dict[str, Any]:
        raise NotImplementedError

    def __getitem__(self, key: str) -> Any:
        return self._held[key]

    def __delitem__(self, key: str) -> None:
        del self._held[key]

    def __len__(self) -> int:
        return len(self._held)

    def __iter__(self) -> Iterator[str]:
        return iter(self._held)

    def __contains__(self, key: object) -> bool:
        return key in self._held

    def keys(self) -> Iterable[str]:
        """The names."""
        return self._held.keys()

    def values(self) -> Iterable[Any]:
        """The entries."""
        return self._held.values()

    def items(self) -> Iterable[tuple[str, Any]]:
        """The names and entries."""
        return self._held.items()

    def clear(self) -> None:
        """Take all entries out."""
        self._held.clear()

    def pop(self, key: str) -> Any:
        """Take an entry out and return it."""
        return self._held.pop(key)

    def update(self, entries: Any) -> None:
        """Add or replace entries: a mapping, or pairs of name and entry."""
        for key, value in entries.items() if hasattr(entries, "items") else entries:
            self[key] = value


class ModuleDict(_Keyed):
    """A dictionary of modules."""

    def __init__(self, modules: Any = None) -> None:
        super().__init__()
        self.update(modules or {})

    @property
    def _held(self) -> dict[str, Any]:
        return self._modules

    def __setitem__(self, key: str, module: Module) -> None:
        self.add_module(key, module)


def _parameter(x: Any) -> Any:
    return Parameter(x) if isinstance(x, Tensor) and not isinstance(x, Parameter) else x


def _described(name: Any, p: Any, type_name: Callable[[Tensor], str]) -> str:
    size = "x".join(map(str, p._a.shape))
    return f"({name}): Parameter containing: [{type_name(p)} of size {size}]"


class ParameterList(Module):
    """A list of parameters; tensors become parameters."""

    def __init__(self, values: Iterable[Any] | None = None) -> None:
        super().__init__()
        self.extend(values or ())

    def __len__(self) -> int:
        return len(self._parameters)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._parameters.values())

    def __getitem__(self, i: Any) -> Any:
        held = list(self)
        return type(self)(held[i]) if isinstance(i, slice) else held[i]

    def __setitem__(self, i: int, p: Any) -> None:
        setattr(self, list(self._parameters)[i], _parameter(p))

    def append(self, value: Any) -> ParameterList:
        """Add a parameter at the end."""
        self.register_parameter(str(len(self)), _parameter(value))
        return self

    def extend(self, values: Iterable[Any]) -> ParameterList:
        """Add parameters at the end."""
        for value in values:
            self.append(value)
        return self

    __iadd__ = extend

    def extra_repr(self) -> str:
        """Each parameter's dtype and size."""
        return "\n".join("  " + _described(i, p, lambda p: str(p.dtype)) for i, p in enumerate(self))


class ParameterDict(_Keyed):
    """A dictionary of parameters; tensors become parameters."""

    def __init__(self, parameters: Any = None) -> None:
        super().__init__()
        self.update(parameters or {})

    @property
    def _held(self) -> dict[str, Any]:
        return self._parameters

    def __setitem__(self, key: str, p: Any) -> None:
        self.register_parameter(str(key), _parameter(p))

    def extra_repr(self) -> str:
        """Each parameter's dtype and size."""
        legacy = lambda p: f"torch.{p.type().removeprefix('torch.')}"  # noqa: E731
        return "\n".join("  " + _described(name, p, legacy) for name, p in self.items())
