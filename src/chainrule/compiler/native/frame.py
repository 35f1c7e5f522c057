"""The memory that one run of native code works in, and how arrays get in and out of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.compiler.native.arena import LINE
from chainrule.core.graph import Var

if TYPE_CHECKING:
    from chainrule.compiler.native.graph import Native


class Frame:
    """The memory of one run in progress; it is used again by later runs."""

    def __init__(self, native: Native) -> None:
        self.memory = np.zeros(max(native.cells.nbytes, 8), np.uint8)
        self.views = native.cells.views(self.memory)
        self.cells = dict(zip(native.cells.offsets, self.views))
        self.table = np.zeros(len(native.table) + len(native.extra) + 1, np.int64)
        self.held: list[Any] = [None] * len(native.slots)
        for v in native.plan.values:
            place = native.places.get(v.id)
            slot = native.slots[v.id]
            if v.data is not None:
                self.held[slot] = scalar(v.data) if not v.weak else float(v.data)
                if place is not None and place[0] == "cells":
                    self.cells[place[1]][...] = v.data
                elif place is not None:
                    self.held[slot] = a = memory(v.data, v)
                    self.table[place[1]] = address(a)
        self.between = np.empty(native.arena.nbytes + LINE, np.uint8)
        start = -address(self.between) % LINE
        offsets = iter(native.arena.offsets)
        for v, offset in zip(native.scratch, offsets):
            self.held[native.slots[v.id]] = a = np.ndarray(v.shape, v.dtype, self.between, start + offset)
            self.table[native.places[v.id][1]] = address(a)
        for i, offset in enumerate(offsets, len(native.table)):
            self.table[i] = address(self.between) + start + offset
        self.addresses = address(self.memory), address(self.table)


def memory(a: Any, v: Var) -> Any:
    """The array as native code reads it: in C order, of the dtype that the graph has."""
    return np.ascontiguousarray(a, v.dtype)


def address(a: Any) -> int:
    return a.__array_interface__["data"][0]


def scalar(a: Any) -> Any:
    return a if a.shape else a[()]


def result(how: str, i: int, frame: Frame) -> Any:
    if how == "number":
        return frame.views[i][()]
    a = frame.views[i] if how == "copied" else frame.held[i]
    if how != "fresh" and isinstance(a, np.ndarray):
        return a.copy()
    return a if isinstance(a, (np.ndarray, np.generic)) else np.asarray(a)[()]
