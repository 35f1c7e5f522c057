"""A rolled loop of values too large for registers: the machine code of a turn, called turn after turn.

Where each array lies is known beforehand for every turn: what is read walks along its array, what is kept is written
where it stays, and what is carried lies where the turn before has put it. So a turn is a row of addresses and one call;
no array is copied, and nothing asked of NumPy. (Small values lie in the frame's cells, and are copied there and back.)
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from chainrule.compiler.native.engine import Code
from chainrule.compiler.native.frame import Frame, Made, address, memory
from chainrule.compiler.structured import Body
from chainrule.core.graph import Var

AT_ONCE = 10_000_000  # simple instructions of turns that nothing interrupts

_SOURCE = """
define void @turns(ptr %turn, ptr %cells, ptr %table, i64 %row, i64 %count) {
  br label %go
go:
  %i = phi i64 [0, %0], [%next, %go]
  %at = mul i64 %i, %row
  %here = getelementptr i8, ptr %table, i64 %at
  call void %turn(ptr %cells, ptr %here, i64 0, i64 0)
  %next = add i64 %i, 1
  %more = icmp slt i64 %next, %count
  br i1 %more, label %go, label %end
end:
  ret void
}
"""


@cache
def _many() -> tuple[Code, Any]:
    """What calls the code of a turn, with one row of a table after another, at least once."""
    code = Code(_SOURCE, loops=False)
    kind = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 3, ctypes.c_int64, ctypes.c_int64)
    return code, code.function("turns", kind)


def turns(made: Made, body: Body) -> Callable[..., Any] | None:
    """What runs all turns, as `Body.runner`; None where a turn is more than native code, or its values are shared."""
    inputs = {v.id for v in body.inputs}
    after = [body.results[i] for i in body.after]
    own = {v.id for v, (how, _) in zip(made.wanted, made.results) if how != "held"}  # in places of their own
    if not made.alone or body.count < 1 or len(inputs) < len(body.inputs) or len({r.id for r in after}) < len(after):
        return None
    if not {r.id for r in after} <= own or not {v.id for v in body.results} <= own | inputs:
        return None
    if any(x.id in made.places and made.places[x.id][0] != made.places[r.id][0] for x, r in zip(body.carried, after)):
        return None
    frames: list[_Frame] = []

    def run(*arrays: Any, body: Body) -> tuple[Any, ...]:
        try:
            frame = frames.pop()
        except IndexError:  # none is free: other threads may be at it
            frame = _Frame(made)
        try:
            return _Run(made, body, frame, arrays).results()
        finally:
            frames.append(frame)

    return run


class Line(NamedTuple):
    """A value in turn after turn: in row `first + by * t` of an array, which begins again at its end."""

    rows: Any
    first: int = 0
    by: int = 1

    def at(self, turn: Any) -> Any:
        """The number of the row."""
        return (self.first + self.by * turn) % len(self.rows)

    def all(self, turn: Any) -> Any:
        """All rows in order."""
        rows = self.rows[self.first :][: len(turn)]
        return rows if len(rows) == len(turn) and self.by == 1 else self.rows[self.at(turn)]


class _Frame(Frame):
    """The memory of a turn, and how far the addresses of each turn lie from those of the first row."""

    steps: Any = None


class _Run:
    """All turns once."""

    def __init__(self, made: Made, body: Body, frame: _Frame, arrays: tuple[Any, ...]) -> None:
        self.made, self.body, self.frame = made, body, frame
        self.turn = np.arange(body.count)
        self.placed: list[tuple[int, Line]] = []  # numbers in the table, and what walks there
        self.lines: dict[int, Line] = {}
        self.before: list[tuple[Any, Line]] = []  # a cell, and what is put into it in each turn
        self.after: list[tuple[Line, Any]] = []  # where a cell is put after each turn
        self.carry: list[tuple[Any, Any]] = []  # a cell of the next turn, and that of this one
        n, m = len(body.carried), len(body.carried) + len(body.read)
        kept = {body.results[i].id for i in body.kept}
        for x, i, a in zip(body.carried, body.after, arrays):
            self._carried(x, body.results[i], a, bool({x.id, body.results[i].id} & kept))
        for x, (at, by), a in zip(body.read, body.walks, arrays[n:m]):
            a = memory(a, x)
            self._given(x, Line(a, at, by) if by else Line(a[at][None]))
        for x, a in zip(body.fixed, arrays[m:]):
            self._given(x, Line(memory(a, x).reshape(1, *x.shape)))
        for v in body.results:
            if v.id not in self.lines:
                self._made(v, Line(np.empty((body.count if v.id in kept else 1, *v.shape), v.dtype)), v.id in kept)
        self.tables = self._tables()

    def _tables(self) -> Any:
        """The addresses of each turn. How far they walk is the same in each run."""
        frame, first = self.frame, self.frame.table.copy()
        if frame.steps is None:
            frame.steps = np.zeros((self.body.count, len(first)), np.int64)
            for at, line in self.placed:
                frame.steps[:, at] = line.at(self.turn) * line.rows.strides[0]
        for at, line in self.placed:
            first[at] = address(line.rows)
        return frame.steps + first

    def _carried(self, x: Var, r: Var, a: Any, kept: bool) -> None:
        rows = np.empty((self.body.count + 1 if kept else 2, *r.shape), r.dtype)
        rows[0] = a
        where, cell = self.made.places.get(x.id, ("", 0))
        if where == "cells":
            self.frame.cells[cell][...] = a
            self.carry.append((self.frame.cells[cell], self.frame.cells[self.made.places[r.id][1]]))
            self.lines[x.id] = Line(rows)
        else:
            self._given(x, Line(rows))
        self._made(r, Line(rows, 1), kept)

    def _given(self, x: Var, line: Line) -> None:
        """An input that lies in a line."""
        where, at = self.made.places.get(x.id, ("", 0))
        self.lines[x.id] = line
        if where == "table":
            self.placed.append((at, line))
        elif where == "cells" and len(line.rows) == 1 and self.made.cells.offsets.count(at) == 1:
            self.frame.cells[at][...] = line.rows[0]
        elif where == "cells":  # which another value may take over in the course of a turn
            self.before.append((self.frame.cells[at], line))

    def _made(self, r: Var, line: Line, kept: bool) -> None:
        """A result that is put into a line."""
        where, at = self.made.places[r.id]
        self.lines[r.id] = line
        if where == "table":
            self.placed.append((at, line))
        elif kept:
            self.after.append((line, self.frame.cells[at]))

    def results(self) -> tuple[Any, ...]:
        """Run, and collect what the loop gives: what is wanted of the last turn, and what was kept."""
        if self.before or self.after or self.carry:
            self._one_by_one()
        else:
            self._at_once()
        body = self.body
        ends = [self._end(body.results[i]) for i in body.ends]
        return (*ends, *(self.lines[body.results[i].id].all(self.turn) for i in body.kept))

    def _at_once(self) -> None:
        """All turns in machine code, which can be interrupted from time to time."""
        some, count = max(AT_ONCE // max(self.made.work, 1), 1), self.body.count
        cells, table, row = address(self.frame.memory), address(self.tables), self.tables.strides[0]
        for t in range(0, count, some):
            _many()[1](self.made.alone, cells, table + t * row, row, min(some, count - t))

    def _one_by_one(self) -> None:
        function, cells, table = self.made.alone, address(self.frame.memory), address(self.tables)
        for t in range(self.body.count):
            for cell, line in self.before:
                cell[...] = line.rows[line.at(t)]
            function(cells, table + t * self.tables.strides[0], 0, 0)
            for line, cell in self.after:
                line.rows[line.at(t)] = cell
            if t + 1 < self.body.count:  # a cell of the next turn may be one of this one
                for (into, _), a in zip(self.carry, [cell.copy() for _, cell in self.carry]):
                    into[...] = a

    def _end(self, r: Var) -> Any:
        where, at = self.made.places.get(r.id, ("", 0))
        line = self.lines[r.id]
        if where == "cells" and all(r is not v for v in self.body.inputs):
            return self.frame.cells[at].copy()[()]
        return line.rows[line.at(self.body.count - 1)].copy()[()]
