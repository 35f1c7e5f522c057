"""The tensors outside that a trace meets: what they were when it began, and whose memory they share."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.core.graph import TraceError
from chainrule.core.state import draw
from chainrule.core.tensor import Tensor, shareable, version

SHARED = (
    "a compiled function changes a tensor ({a}) that lies in the same memory as another one that it uses ({b}), and "
    "the two are not known to be views of each other. Refer to one of them and take views of it inside the function, "
    "or clone one."
)


class Outside:
    """Tensors from outside by their memory. Whatever the trace changes in them is put back when it ends."""

    def __init__(self) -> None:
        self.start = draw()
        self.tensors: dict[Any, Tensor] = {}  # the tensor by which each piece of memory was first met
        self.leaves: dict[int, tuple[Tensor, Tensor | None]] = {}  # with the .grad that they had
        self._before: dict[int, tuple[Tensor, Any, Any]] = {}  # what is changed in place: its version before
        self._histories: dict[int, tuple[Tensor, Any]] = {}

    def found(self, key: Any, x: Tensor) -> None:
        """A tensor was met for the first time."""
        self.tensors[key] = x
        self._histories[id(x)] = x, x._g

    def leaf(self, x: Tensor) -> Tensor | None:
        """A leaf was met: its `.grad`, which will be put back."""
        self.leaves[id(x)] = x, x._grad
        if x._grad is not None:
            self.written(x._grad)
        return x._grad

    def written(self, x: Tensor) -> None:
        """A tensor is about to be changed in place."""
        if id(x) in self._before:
            return
        v = version(x)
        self._before[id(x)] = x, v, (v.count, v.stamp, v.culprit)
        root = x if x._base is None else x._base
        for y in (x, root, *(ref() for ref in root._views or ())):
            if y is not None:
                self._histories.setdefault(id(y), (y, y._g))

    def changes(self, x: Tensor) -> int:
        """How often a tensor was changed."""
        v, count = version(x), 0
        for _, held, (before, *_) in self._before.values():
            if held is v:
                count = max(count, v.count - before)
        return max(count, 1)

    def with_history(self) -> bool:
        """Whether a tensor has got another history than it came with."""
        return any(x._g is not g for x, g in self._histories.values())

    def alone(self, key: Any) -> None:
        """Raise if memory that is changed overlaps with other memory that was met."""
        a = shareable(self.tensors[key])
        for other, y in self.tensors.items():
            if other != key and overlap(a, y._a):
                raise TraceError(SHARED.format(a=_words(self.tensors[key]), b=_words(y)))

    def restore(self) -> None:
        """Put back what tensors had when the trace began."""
        for x, held in self.leaves.values():
            x._grad = held
        for x, g in self._histories.values():
            x._g = g
        for _, v, before in reversed(self._before.values()):
            v.count, v.stamp, v.culprit = before


def place(a: np.ndarray[Any, Any]) -> Any:
    """What is known of an array's memory: two arrays of one place are one."""
    face = a.__array_interface__
    return face["data"][0], a.shape, a.strides, face["typestr"]


def overlap(a: Any, b: Any) -> bool:
    """Whether two payloads have an element in common."""
    if not isinstance(a, np.ndarray) or not isinstance(b, np.ndarray) or not np.may_share_memory(a, b):
        return False
    try:
        return np.shares_memory(a, b, max_work=10_000)  # type: ignore[arg-type]  # NumPy's stub knows only -1 and 0
    except np.exceptions.TooHardError:
        return True


def _words(x: Tensor) -> str:
    return f"{x._a.dtype}{list(x._a.shape)}"
