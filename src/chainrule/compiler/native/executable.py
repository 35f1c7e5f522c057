"""What runs native code: a callable from the inputs' arrays to the results' arrays."""

from __future__ import annotations

import struct
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np

from chainrule.compiler.native import fastcall, thread_pool
from chainrule.compiler.native.fastcall import Entry
from chainrule.compiler.native.frame import Frame, Made, address, memory, result, scalar
from chainrule.core.graph import Var

_LETTERS = dict(zip("float32 float64 bool uint8 int8 int16 int32 int64".split(), "fd?Bbhiq"))


class Executable:
    """A callable from the inputs' arrays to the results' arrays, as `Interpreter`; results are memory of their own.

    made: what the builder made of a graph. facts: what it says of that.
    """

    def __init__(self, made: Made, facts: Any) -> None:
        self.made, self.facts = made, facts
        self.frames: list[Frame] = []
        self.run: Callable[[Sequence[Any]], list[Any]] = self._short() or self._general

    def __call__(self, arrays: Sequence[Any]) -> list[Any]:
        return self.run(arrays)

    def enter(self, into: Mapping[int, int], single: Collection[int]) -> Entry | None:
        """The shortest way to run it, where all is native: see `fastcall.enter`."""
        return fastcall.enter(self.made, into, single)

    def _general(self, arrays: Sequence[Any]) -> list[Any]:
        made = self.made
        try:
            frame = self.frames.pop()
        except IndexError:  # none is free: other threads may be at it
            frame = Frame(made)
        held, table, cells = frame.held, frame.table, frame.cells
        for (slot, place, v), a in zip(made.inputs, arrays):
            held[slot] = a
            if place is not None and place[0] == "cells":
                cells[place[1]][...] = a
            elif place is not None:
                held[slot] = a = memory(a, v)
                table[place[1]] = address(a)
        for slot, i, to in made.over:
            if not held[slot].flags.writeable:
                held[slot] = a = held[slot].copy()
                table[i] = address(a)
            held[to] = held[slot]
        for slot, i, v in made.fresh:
            held[slot] = a = np.empty(v.shape, v.dtype)
            table[i] = address(a)
        with np.errstate(all="ignore"):
            for step in made.steps:
                if isinstance(step, Var):
                    self._numpy(step, frame)
                else:
                    _launch(step, frame)
        out = [result(how, i, frame) for how, i in made.results]
        for slot in made.dropped:
            held[slot] = None
        self.frames.append(frame)
        return out

    def _numpy(self, v: Var, frame: Frame) -> None:
        kernel, args, attrs, slot, place, weak = self.made.kernels[id(v)]
        held, views = frame.held, frame.views
        got = kernel(*[
            held[a] if how == 0 else scalar(views[a]) if how == 1 else a if how == 2 else views[a].item()
            for how, a in args
        ], **attrs)  # fmt: skip
        if weak:
            got = float(got)
        if place is not None and place[0] == "cells":
            frame.cells[place[1]][...] = got
        elif place is not None:
            got = memory(got, v)
            frame.table[place[1]] = address(got)
        held[slot] = got

    def _short(self) -> Callable[[Sequence[Any]], list[Any]] | None:
        """A shorter way for graphs of small values alone: one native function from cells to cells."""
        if not self.made.alone or self.made.places.keys() != {v.id for v in self.made.cells.values}:
            return None
        if any(v.shape for _, _, v in self.made.inputs) or any(how != "number" for how, _ in self.made.results):
            return self._short_arrays()
        frames, function, picked = self.frames, self.made.alone, [i for _, i in self.made.results]
        pack = self._packer()
        if pack is None:
            return self._short_arrays()

        def run(arrays: Sequence[Any]) -> list[Any]:
            try:
                frame = frames.pop()
            except IndexError:  # none is free: other threads may be at it
                frame = Frame(self.made)
            pack(frame.memory, 0, *arrays)
            function(*frame.addresses, 0, 0)
            views = frame.views
            out = [views[i][()] for i in picked]
            frames.append(frame)
            return out

        return run

    def _short_arrays(self) -> Callable[[Sequence[Any]], list[Any]] | None:
        """The same for small tensors."""
        if any(place is None for _, place, _ in self.made.inputs) or any(how == "held" for how, _ in self.made.results):
            return None
        frames, function = self.frames, self.made.alone
        at = [self.made.cells.offsets.index(place[1]) for _, place, _ in self.made.inputs if place is not None]

        def run(arrays: Sequence[Any]) -> list[Any]:
            try:
                frame = frames.pop()
            except IndexError:  # none is free: other threads may be at it
                frame = Frame(self.made)
            views = frame.views
            for i, a in zip(at, arrays):
                views[i][...] = a
            function(*frame.addresses, 0, 0)
            out = [views[i].copy() if how == "copied" else views[i][()] for how, i in self.made.results]
            frames.append(frame)
            return out

        return run

    def _packer(self) -> Callable[..., None] | None:
        """Writes numbers, one for each input, to where the inputs lie: at the beginning of the cells."""
        text, end = "=", 0
        for (_, place, v), offset in zip(self.made.inputs, self.made.cells.offsets):
            if place is None or place[1] != offset:  # an input that is given twice
                return None
            text += f"{offset - end}x{_LETTERS[v.dtype.name]}"
            end = offset + v.itemsize
        return struct.Struct(text).pack_into


def _launch(step: tuple[Any, Any], frame: Frame) -> None:
    function, cut = step
    if cut is None:
        function(*frame.addresses, 0, 0)
    else:
        thread_pool.share(function, *frame.addresses, *cut)
