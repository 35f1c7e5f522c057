"""The memory that one run of native code works in, and how arrays get in and out of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from chainrule.compiler.native.arena import LINE, Arena
from chainrule.compiler.native.engine import Code
from chainrule.compiler.native.loop import Layout, begin
from chainrule.compiler.native.plan import Plan
from chainrule.core.graph import Var


class Made(NamedTuple):
    """What was made of a graph: its steps, and where its values lie while it runs."""

    plan: Plan
    code: Code | None  # the machine code (to be held)
    steps: list[Any]  # native functions with how they are cut for threads, and values that NumPy computes
    work: int  # simple instructions of a run
    wanted: Sequence[Var]  # the results
    slots: dict[int, int]  # by the id of a value its place among the arrays that a run holds
    places: dict[Any, Any]  # ("cells", offset) or ("table", number)
    cells: Layout
    table: list[Var]
    extra: list[tuple[Any, int, Any]]  # keys, lengths and dtypes of arrays that come after the table's
    scratch: list[Var]  # arrays between, in the arena
    arena: Arena
    fresh: list[tuple[int, int, Var]]  # results that are new arrays in each run: slot, number in the table, value
    over: list[tuple[int, int, int]]  # inputs that results are written over: slot, number in the table, slot of result
    handed: dict[int, list[int]]  # by the slot of a result that NumPy makes, those of what its kernel may hand on
    inputs: list[tuple[int, Any, Var]]  # slot, place, value
    results: list[tuple[str, int]]  # how each is had after a run, and from where
    dropped: list[int]  # slots that are emptied after a run
    kernels: dict[int, tuple[Any, ...]]  # of values that NumPy computes

    @property
    def alone(self) -> Any:
        """The native function that all of it is, for one thread; None where there are more steps, or NumPy's."""
        one = len(self.steps) == 1 and not isinstance(self.steps[0], Var) and self.steps[0][1] is None
        return self.steps[0][0] if one else None


class Frame:
    """The memory of one run in progress; it is used again by later runs."""

    def __init__(self, made: Made) -> None:
        self.memory = np.zeros(max(made.cells.nbytes, 8), np.uint8)
        self.views = made.cells.views(self.memory)
        self.cells = dict(zip(made.cells.offsets, self.views))
        self.table = np.zeros(len(made.table) + len(made.extra) + 1, np.int64)
        self.held: list[Any] = [None] * len(made.slots)
        self.handed = made.handed
        for v in made.plan.values:
            place = made.places.get(v.id)
            slot = made.slots[v.id]
            if v.data is not None:
                self.held[slot] = scalar(v.data) if not v.weak else float(v.data)
                if place is not None and place[0] == "cells":
                    self.cells[place[1]][...] = v.data
                elif place is not None:
                    self.held[slot] = a = memory(v.data, v)
                    self.table[place[1]] = address(a)
        self.between = np.empty(made.arena.nbytes + LINE, np.uint8)
        start = -address(self.between) % LINE
        offsets = iter(made.arena.offsets)
        for v, offset in zip(made.scratch, offsets):
            self.held[made.slots[v.id]] = a = np.ndarray(v.shape, v.dtype, self.between, start + offset)
            self.table[made.places[v.id][1]] = address(a)
        for i, offset in enumerate(offsets, len(made.table)):
            self.table[i] = address(self.between) + start + offset
        self.addresses = address(self.memory), address(self.table)


def memory(a: Any, v: Var) -> Any:
    """The array as native code reads it: in C order, of the dtype that the graph has."""
    return np.ascontiguousarray(a, v.dtype)


def address(a: Any) -> int:
    """Where an array begins."""
    try:
        return begin(a)
    except (TypeError, ValueError):  # it cannot be written, is empty, or has gaps
        return a.__array_interface__["data"][0]  # type: ignore[no-any-return]


def scalar(a: Any) -> Any:
    return a if a.shape else a[()]


def result(how: str, i: int, frame: Frame) -> Any:
    if how == "number":
        return frame.views[i][()]
    if how == "over":
        return frame.held[i]
    a = frame.views[i] if how == "copied" else frame.held[i]
    if how == "made" and a.base is None and not any(a is frame.held[j] for j in frame.handed[i]):
        return a  # NumPy's kernel made it, and it is none of what the kernel was given
    if how != "fresh" and isinstance(a, np.ndarray):
        return a.copy()
    return a if isinstance(a, (np.ndarray, np.generic)) else np.asarray(a)[()]
