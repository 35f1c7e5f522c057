"""What the user calls a tensor: the variables of the frame that asked, found by identity."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Any

from chainrule.core.tape import Node
from chainrule.core.tensor import Tensor
from chainrule.nn.module import Module

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_LONGEST = 1000  # of a list or dict that is looked into


class Names:
    """Names of tensors, in the order of preference: variables, then parts of lists, dicts, modules and `self`."""

    def __init__(self, frame: Any = None, given: dict[str, Tensor] | None = None) -> None:
        self.tensors: dict[int, tuple[Tensor, str]] = {}  # the tensor too, so that no other takes its id
        for name, x in (given or {}).items():
            self._add(x, name)
        spaces = [frame.f_locals, frame.f_globals] if frame is not None else []
        held = [(k, v) for space in spaces for k, v in list(space.items()) if k[:1] != "_" and k not in ("In", "Out")]
        for name, x in held:
            if isinstance(x, Tensor):
                self._add(x, name)
        modules = {id(x) for _, x in held if isinstance(x, Module)}
        for name, x in held:
            for part, t in _inside(name, x, len(modules) > 1):
                self._add(t, part)

    def _add(self, x: Tensor, name: str) -> None:
        self.tensors.setdefault(id(x), (x, name))

    def of(self, x: Tensor) -> str | None:
        """The name of a tensor, if it has one."""
        found = self.tensors.get(id(x))
        return found[1] if found else None

    def computed(self) -> Iterator[tuple[Tensor, str]]:
        """The named tensors that have a node."""
        return ((x, name) for x, name in self.tensors.values() if isinstance(x._g, Node))

    def all(self) -> Iterator[tuple[Tensor, str]]:
        """All named tensors."""
        return iter(self.tensors.values())


def _inside(name: str, x: Any, several: bool) -> Iterator[tuple[str, Tensor]]:
    if isinstance(x, Module):
        for part, p in x.named_parameters():
            yield f"{name}.{part}" if several else part, p
    elif name == "self":
        yield from ((f"self.{k}", v) for k, v in getattr(x, "__dict__", {}).items() if isinstance(v, Tensor))
    elif type(x) in (list, tuple) and len(x) <= _LONGEST:
        yield from ((f"{name}[{i}]", v) for i, v in enumerate(x) if isinstance(v, Tensor))
    elif type(x) is dict and len(x) <= _LONGEST:
        yield from ((f"{name}[{k!r}]", v) for k, v in x.items() if isinstance(v, Tensor))


def caller() -> Any:
    """The frame of the nearest caller outside of the package."""
    frame: Any = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame = frame.f_back
    return frame
