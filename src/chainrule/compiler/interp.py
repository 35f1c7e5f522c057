"""The NumPy interpreter of a graph: the oracle that native code is held against, and what runs without llvmlite.

Every op's own kernel, in order; an array is let go after its last use.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.core.graph import Var, order

Step = tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any], int, tuple[int, ...]]


class Interpreter:
    """A callable from the inputs' arrays to the results' arrays: always new ones, whatever `goals` there are."""

    def __init__(self, inputs: Sequence[Var], results: Sequence[Var], goals: Sequence[Var | None] = ()) -> None:
        values = order([*results, *inputs])
        self.slots = {v.id: i for i, v in enumerate(values)}
        self.inputs = [self.slots[v.id] for v in inputs]
        self.results = [self.slots[v.id] for v in results]
        self.constants = [(self.slots[v.id], _scalar(v.data)) for v in values if v.data is not None]
        last: dict[int, int] = {}
        for v in values:
            for a in v.args:
                if isinstance(a, Var):
                    last[a.id] = v.id
        kept = {r.id for r in results} | {v.id for v in values if v.data is not None}
        self.steps: list[Step] = []
        for v in values:
            if v.op is not None:
                used = [a.id for a in v.args if isinstance(a, Var)]
                dead = tuple({self.slots[a] for a in used if last[a] == v.id and a not in kept})
                kernel = v.op.kernel if v.index is None else _picker(v.index)
                kernel = _number(kernel) if v.weak else kernel
                self.steps.append((kernel, tuple(_Slot(self.slots[a.id]) if isinstance(a, Var) else a for a in v.args),
                                   v.attrs if v.index is None else {}, self.slots[v.id], dead))  # fmt: skip
        self.size = len(values)
        self.facts = f"interpreted: {len(self.steps)} ops by NumPy"

    def __call__(self, arrays: Sequence[Any]) -> list[Any]:
        held: list[Any] = [None] * self.size
        for i, a in self.constants:
            held[i] = a
        for i, a in zip(self.inputs, arrays):
            held[i] = a
        with np.errstate(all="ignore"):
            for kernel, args, attrs, to, dead in self.steps:
                held[to] = kernel(*[held[a.i] if type(a) is _Slot else a for a in args], **attrs)
                for i in dead:
                    held[i] = None
        return [_own(held[i]) for i in self.results]


class _Slot:
    __slots__ = ("i",)

    def __init__(self, i: int) -> None:
        self.i = i


def _number(kernel: Callable[..., Any]) -> Callable[..., float]:
    return lambda *args, **attrs: float(kernel(*args, **attrs))  # a Python number stays one: it decides no dtype


def _picker(index: int) -> Callable[[Any], Any]:
    return lambda whole: whole[index]


def _scalar(a: np.ndarray[Any, Any]) -> Any:
    return a if a.shape else a[()]


def _own(a: Any) -> Any:
    """A result as memory of its own: results are fresh buffers."""
    if isinstance(a, (bool, int, float)) and not isinstance(a, np.generic):
        return np.asarray(a)[()]
    return a.copy("K") if isinstance(a, np.ndarray) else a
