"""Many descents of one small graph in machine code: a lane of a vector register for each.

A block of lanes is a few vectors, which stay in registers over many steps: memory is touched where a stretch of steps
begins and ends. What is the same for all lanes (step counts, powers of them, a common learning rate) is computed
beforehand and lies in `rows`, one row for each step or one for all.

A lane is lost at the step at which its value is not finite or a gradient is nan; its x stays what it was before that
step. Three functions make steps:

    careful    looks at every lane in every step
    quick      only notes that something was not finite, which one instruction does (0 * inf and 0 * nan are nan); a
               stretch in which that happened is made again from its beginning by `careful`
    unchecked  looks at nothing, and does not even compute the value, for a stretch of steps in which nothing can
               overflow by interval arithmetic (bounds.py) if it begins within bounds; else `quick` makes it

Where all steps are alike, a block that a step leaves where it is, to the bit, has arrived. One that a stretch has led
back to where it began goes round in the last digit, and is not moved in whole stretches any more.
"""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.compiler.native import straight
from chainrule.compiler.native.cells import BOOL, DOUBLE, Cell, Pen, choose, ir_type
from chainrule.compiler.native.counting import counting
from chainrule.compiler.native.engine import Code
from chainrule.compiler.native.loop import Layout, evaluate
from chainrule.compiler.native.stage import STRETCH, Stage
from chainrule.compiler.native.wide import Wide, width
from chainrule.core.graph import Var, order

WORK = 600  # instructions of a step of a block: more lanes at once would only make the code longer
REGISTERS = 24 if width() == 64 else 12  # vectors of state that a block may hold
STEP = np.dtype("int32")  # of the step at which a lane was lost, -1 before


class Lanes:
    """Machine code that moves lanes.

    first: the first step, where it differs from the others (it makes a part of the state). stage: a step.
    look: of x, the value and the norm of the gradient.

    proven: whether steps are made by `unchecked` where it can be, else all by `quick`.

    The functions `run_*` take the address of a table, the address of the rows and the bytes from one to the next (0:
    there is one for all steps), a range of blocks, the number of the first step, and how many there are. The table has
    the addresses of arrays of `padded` lanes: one for each of `cells`, then the step at which each was lost (-1: it was
    not), and the value; then the length of a stretch and the bits of the bound for `unchecked`. `run_look` makes no
    step: it computes the value, and lanes are lost where that or the gradient is not finite; if how many is 0, an
    infinite gradient is let pass.
    """

    def __init__(self, first: Stage | None, stage: Stage, look: Stage, proven: bool) -> None:
        self.first, self.stage, self.look, self.proven = first, stage, look, proven
        self.cells: dict[tuple[str, Any], Any] = {}
        for role in stage.wide:
            v = stage.inputs[role]
            self.cells |= {(role, place): v for place in np.ndindex(v.shape)}
        self.lanes = width() // stage.inputs["x"].itemsize
        held = sum(-(-v.itemsize // stage.inputs["x"].itemsize) for v in self.cells.values())
        most = min(REGISTERS // (held + (not proven)), WORK // (len(stage.graph) + 1))
        self.vectors = 1 << max(most, 1).bit_length() - 1
        self.block = self.vectors * self.lanes
        self.code = Code(_Writer(self).module, loops=True)
        pointer, index = ctypes.c_void_p, ctypes.c_int64
        kind = ctypes.CFUNCTYPE(None, pointer, pointer, *[index] * 5)
        self.run_steps = self.code.function("steps", kind)
        self.run_first = self.code.function("first", kind) if first is not None else None
        self.run_look = self.code.function("look", kind)
        for name, s in (("first", first), ("steps", stage)):
            if s is not None and s.counting:
                s.count = self.code.function(f"{name}_count", kind)

    def padded(self, lanes: int) -> int:
        """So many lanes rounded up to whole blocks."""
        return -(-lanes // self.block) * self.block


class _Writer:
    """Writes the functions."""

    def __init__(self, lanes: Lanes) -> None:
        from llvmlite import ir

        self.lanes, self.module = lanes, ir.Module("lanes")
        self.index, self.pointer = ir.IntType(64), ir.PointerType()
        self.places = {cell: i for i, cell in enumerate(lanes.cells)}
        x = lanes.stage.inputs["x"]
        self.xs = [("x", place) for place in np.ndindex(x.shape)]
        few = max(lanes.vectors // 4, 1)
        self._counts("steps", lanes.stage)
        if lanes.first is not None:
            self._counts("first", lanes.first)
            self._over_blocks("first", self._carefully("first_careful", lanes.first, few), few)
        steps = self._quickly(self._carefully("careful", lanes.stage, few))
        if lanes.proven:
            steps = self._unchecked(steps)
        self._over_blocks("steps", steps, lanes.vectors)
        self._over_blocks("look", self._looking(few), few)

    def _function(self, name: str) -> Any:
        """A function of (arrays, rows, stride, first lane, step, steps)."""
        from llvmlite import ir

        kind = ir.FunctionType(ir.VoidType(), [self.pointer] * 2 + [self.index] * 4)
        function = ir.Function(self.module, kind, name)
        function.linkage = "internal"
        for attribute in ("noinline", "nounwind"):
            function.attributes.add(attribute)
        build = ir.IRBuilder(function.append_basic_block())
        return function, build, Wide(self.module, build, self.lanes.lanes)

    def _over_blocks(self, name: str, each: Any, vectors: int) -> None:
        """The function `name` for a range of blocks."""
        from llvmlite import ir

        kind = ir.FunctionType(ir.VoidType(), [self.pointer] * 2 + [self.index] * 5)
        function = ir.Function(self.module, kind, name)
        arrays, rows, stride, low, high, step, steps = function.args
        build = ir.IRBuilder(function.append_basic_block())
        at, count = (build.mul(n, self.index(self.lanes.block)) for n in (low, high))
        with counting(build, at, count, vectors * self.lanes.lanes) as lane:
            build.call(each, [arrays, rows, stride, lane, step, steps])
        build.ret_void()

    # ---- lanes in memory

    def _array(self, pen: Wide, arrays: Any, i: int, dtype: Any, lane: Any) -> Any:
        """Where the numbers of lanes from `lane` on lie."""
        slot = pen.build.gep(arrays, [self.index(i)], source_etype=self.pointer)
        return pen.build.gep(pen.build.load(slot, typ=self.pointer), [lane], source_etype=ir_type(dtype))

    def _load(self, pen: Wide, arrays: Any, cell: Any, lane: Any) -> Cell:
        v = self.lanes.cells[cell]
        return pen.load(self._array(pen, arrays, self.places[cell], v.dtype, lane), v.dtype, v.weak)

    def _store(self, pen: Wide, x: Cell, arrays: Any, cell: Any, lane: Any) -> None:
        v = self.lanes.cells[cell]
        pen.store(x, self._array(pen, arrays, self.places[cell], v.dtype, lane))

    def _lost(self, pen: Wide, arrays: Any, lane: Any) -> Any:
        return self._array(pen, arrays, len(self.places), STEP, lane)

    def _lane(self, pen: Wide, lane: Any, vector: int) -> Any:
        return pen.build.add(lane, self.index(vector * self.lanes.lanes))

    # ---- a step

    def _common(self, pen: Wide, stage: Stage, row: Any) -> dict[int, Any]:
        """What is the same in all lanes, spread over a vector."""
        scalars = Pen(self.module, pen.build, vector=True)
        values = {v.id: straight.constants(pen, v) for v in stage.constants}
        for i, v in enumerate(stage.common):
            cells = stage.row.load(scalars, row, i)
            values[v.id] = wide = np.empty(v.shape, object)
            for place in np.ndindex(v.shape):
                wide[place] = pen.spread(cells[place])
        return values

    def _row(self, pen: Wide, rows: Any, stride: Any, i: Any) -> Any:
        from llvmlite import ir

        return pen.build.gep(rows, [pen.build.mul(i, stride)], source_etype=ir.IntType(8))

    def _step(
        self, pen: Wide, stage: Stage, common: dict[int, Any], cells: dict[Any, Cell], results: Sequence[Var]
    ) -> dict[int, Any]:
        """All values that the results need in a step of one vector, from what its cells hold."""
        values = dict(common)
        for role in stage.wide:
            v = stage.inputs[role]
            values[v.id] = held = np.empty(v.shape, object)
            for place in np.ndindex(v.shape):
                held[place] = cells[role, place]
        behind = {v.id for v in order(results)}
        evaluate(pen, [v for v in stage.graph if v.id in behind], values)
        return values

    def _moved(self, after: dict[str, Var], values: dict[int, Any]) -> dict[Any, Cell]:
        """What the step makes of the cells that it moves."""
        return {(role, place): values[after[role].id][place] for role, place in self.lanes.cells if role in after}

    # ---- the functions

    def _counts(self, name: str, stage: Stage) -> None:
        """What is the same for all lanes: takes the address of what it begins with in the place of the arrays'."""
        from llvmlite import ir

        if not stage.counting:
            return
        kind = ir.FunctionType(ir.VoidType(), [self.pointer] * 2 + [self.index] * 5)
        function = ir.Function(self.module, kind, f"{name}_count")
        memory, rows, stride, *_, steps = function.args
        build = ir.IRBuilder(function.append_basic_block())
        pen = Pen(self.module, build, vector=False)
        begin = Layout([stage.inputs[r] for r in stage.narrow])
        graph = order([*stage.common, *(stage.after[r] for r in stage.counting)])
        with counting(build, self.index(0), steps, 1) as i:
            row = build.gep(rows, [build.mul(i, stride)], source_etype=ir.IntType(8))
            values = {v.id: begin.load(pen, memory, k) for k, v in enumerate(begin.values)}
            evaluate(pen, graph, values)
            for k, v in enumerate(stage.common):
                stage.row.store(pen, row, k, values[v.id])
            for k, role in enumerate(stage.narrow):
                if role in stage.counting:
                    begin.store(pen, memory, k, values[stage.after[role].id])
        build.ret_void()

    def _carefully(self, name: str, stage: Stage, vectors: int) -> Any:
        """Steps in which every lane is looked at."""
        function, build, pen = self._function(name)
        arrays, rows, stride, lane, step, steps = function.args
        at = [self._lane(pen, lane, n) for n in range(vectors)]
        with counting(build, self.index(0), steps, 1) as i:
            common = self._common(pen, stage, self._row(pen, rows, stride, i))
            now = build.trunc(build.add(step, i), ir_type(STEP))
            for here in at:
                cells = {c: self._load(pen, arrays, c, here) for c in self.lanes.cells if c[0] in stage.wide}
                gone = pen.load(self._lost(pen, arrays, here), STEP)
                values = self._step(pen, stage, common, cells, [*stage.seen, *stage.after.values()])
                value, *slopes = (c for v in stage.seen for c in values[v.id].flat)
                fine = abs(value) < np.inf
                for g in slopes:
                    fine = fine & (g == g)
                alive = gone < 0
                gone = choose(alive & ~fine, pen.spread(Cell(pen, now, STEP)), gone)
                pen.store(gone, self._lost(pen, arrays, here))
                goes = gone < 0
                for cell, new in self._moved(stage.after, values).items():
                    if cell[0] == "x":
                        new = choose(goes, new, cells[cell])
                    self._store(pen, new, arrays, cell, here)
        build.ret_void()
        return function

    def _quickly(self, careful: Any) -> Any:
        """Steps in which only the whole is looked at, after each stretch of them."""
        from llvmlite import ir

        function, build, pen = self._function("quick")
        arrays, rows, stride, lane, step, steps = function.args
        settled = build.alloca(ir.IntType(1))  # a stretch led back to where it began, and so will the next
        build.store(ir.IntType(1)(0), settled)
        with counting(build, self.index(0), steps, STRETCH) as done:
            left = build.sub(steps, done)
            whole = build.icmp_signed(">=", left, self.index(STRETCH))
            with build.if_then(build.not_(build.and_(whole, build.load(settled, typ=ir.IntType(1))))):
                length = build.select(whole, self.index(STRETCH), left)
                here = self._row(pen, rows, stride, done)
                self._stretch(pen, careful, (arrays, here, stride, lane, build.add(step, done), length), settled)
        build.ret_void()
        return function

    def _stretch(self, pen: Wide, careful: Any, call: tuple[Any, ...], settled: Any) -> None:
        """Some steps, made again by `careful` if something was not finite."""
        arrays, rows, stride, lane, step, length = call
        build, stage = pen.build, self.lanes.stage
        at = [self._lane(pen, lane, n) for n in range(self.lanes.vectors)]
        start = [{cell: self._load(pen, arrays, cell, a) for cell in self.lanes.cells} for a in at]
        zero = pen.constant(0, stage.seen[0].dtype)
        before, body, end = build.block, build.append_basic_block("stretch"), build.append_basic_block("stretched")
        build.branch(body)
        build.position_at_end(body)
        i = build.phi(self.index)
        i.add_incoming(self.index(0), before)
        moving = [cell for cell in self.lanes.cells if cell[0] in stage.after]
        phis = []
        for cells in start:
            mine = {cell: _phi(build, before, cells[cell]) for cell in moving}
            phis.append((mine, _phi(build, before, zero)))
        common = self._common(pen, stage, self._row(pen, rows, stride, i))
        ends = []
        for cells, (mine, sign) in zip(start, phis):
            values = self._step(pen, stage, common, {**cells, **mine}, [*stage.seen, *stage.after.values()])
            for v in stage.seen:
                for c in values[v.id].flat:
                    sign = pen.intrinsic("fma", c.astype(zero.dtype), zero, sign)
            ends.append((self._moved(stage.after, values), sign))
        following = build.add(i, self.index(1))
        i.add_incoming(following, build.block)
        for (mine, sign), (moved, after) in zip(phis, ends):
            for cell, phi in mine.items():
                phi.raw.add_incoming(moved[cell].raw, build.block)
            sign.raw.add_incoming(after.raw, build.block)
        build.cbranch(build.icmp_signed("<", following, length), body, end)
        build.position_at_end(end)
        alive = [pen.load(self._lost(pen, arrays, a), STEP) < 0 for a in at]
        bad = [good & (sign != 0.0) for good, (_, sign) in zip(alive, ends)]
        with build.if_else(pen.any(functools.reduce(Cell.__or__, bad)), likely=False) as (wrong, right):
            with wrong:
                few = max(self.lanes.vectors // 4, 1)
                for n in range(0, self.lanes.vectors, few):
                    build.call(careful, [arrays, rows, stride, at[n], step, length])
            with right:
                pairs = []
                for a, good, (moved, _) in zip(at, alive, ends):
                    for cell in moving:
                        new, old = moved[cell], self._load(pen, arrays, cell, a)
                        if cell[0] == "x":
                            new = choose(good, new, old)
                        self._store(pen, new, arrays, cell, a)
                        pairs.append((new, old))
                if not stage.counting:
                    build.store(pen.same(pairs), settled)

    def _unchecked(self, quick: Any) -> Any:
        """Steps of which it is known that nothing can go wrong as long as a stretch of them begins within bounds."""
        function, build, pen = self._function("unchecked")
        arrays, rows, stride, lane, step, steps = function.args
        stage = self.lanes.stage
        at = [self._lane(pen, lane, n) for n in range(self.lanes.vectors)]
        moving = [cell for cell in self.lanes.cells if cell[0] in stage.after]
        still = [{c: self._load(pen, arrays, c, a) for c in self.lanes.cells if c not in moving} for a in at]
        stretch, size = self._limits(pen, arrays)

        def load() -> list[dict[Any, Cell]]:  # a lost lane goes on from zero, and is not stored
            alive = [pen.load(self._lost(pen, arrays, a), STEP) < 0 for a in at]
            return [{c: choose(good, self._load(pen, arrays, c, a), 0.0) for c in moving} for a, good in zip(at, alive)]

        def store(block: list[dict[Any, Cell]]) -> None:
            for a, cells in zip(at, block):
                alive = pen.load(self._lost(pen, arrays, a), STEP) < 0
                for cell, new in cells.items():
                    self._store(pen, choose(alive, new, self._load(pen, arrays, cell, a)), arrays, cell, a)

        def stepped(block: list[dict[Any, Cell]], row: Any) -> list[dict[Any, Cell]]:
            common, wanted = self._common(pen, stage, row), list(stage.short.values())
            return [
                self._moved(stage.short, self._step(pen, stage, common, {**fixed, **cells}, wanted))
                for fixed, cells in zip(still, block)
            ]

        def same(block: list[dict[Any, Cell]], other: list[dict[Any, Cell]]) -> Any:
            return pen.same([(cells[c], others[c]) for cells, others in zip(block, other) for c in moving])

        first = load()
        before, head, body = build.block, build.append_basic_block("head"), build.append_basic_block("body")
        slow, stretched, after, end = (build.append_basic_block(n) for n in ("slow", "stretched", "after", "end"))
        build.branch(head)
        build.position_at_end(head)
        done = build.phi(self.index)
        done.add_incoming(self.index(0), before)
        now = [{cell: _phi(build, before, c) for cell, c in cells.items()} for cells in first]
        left = build.sub(steps, done)
        length = build.select(build.icmp_signed("<", left, stretch), left, stretch)
        here = self._row(pen, rows, stride, done)
        within = [abs(c) <= size[c.dtype] for cells in now for c in cells.values()]
        build.cbranch(pen.any(~functools.reduce(Cell.__and__, within)), slow, body)

        build.position_at_end(slow)
        store(now)
        build.call(quick, [arrays, here, stride, lane, build.add(step, done), length])
        again, behind = load(), build.add(done, length)
        recovered = build.block
        build.branch(after)

        build.position_at_end(body)
        i = build.phi(self.index)
        i.add_incoming(self.index(0), head)
        moved = [{cell: _phi(build, head, c) for cell, c in cells.items()} for cells in now]
        new = stepped(moved, self._row(pen, here, stride, i))
        following = build.add(i, self.index(1))
        i.add_incoming(following, build.block)
        for phis, cells in zip(moved, new):
            for cell, phi in phis.items():
                phi.raw.add_incoming(cells[cell].raw, build.block)
        build.cbranch(build.icmp_signed("<", following, length), body, stretched)

        build.position_at_end(stretched)  # is this where it began, or where another step leads to?
        left = build.sub(left, length)
        left = build.select(same(new, now), build.urem(left, stretch), left)
        left = build.select(same(stepped(new, here), new), self.index(0), left)
        settled = build.sub(steps, left)
        build.branch(after)

        build.position_at_end(after)
        total = build.phi(self.index)
        total.add_incoming(settled, stretched)
        total.add_incoming(behind, recovered)
        final = []
        for cells, others in zip(new, again):
            both = {cell: _phi(build, stretched, cells[cell]) for cell in moving}
            for cell, phi in both.items():
                phi.raw.add_incoming(others[cell].raw, recovered)
            final.append(both)
        done.add_incoming(total, after)
        for phis, cells in zip(now, final):
            for cell, phi in phis.items():
                phi.raw.add_incoming(cells[cell].raw, after)
        build.cbranch(build.icmp_signed("<", total, steps), head, end)
        build.position_at_end(end)
        store(final)
        build.ret_void()
        return function

    def _limits(self, pen: Wide, arrays: Any) -> tuple[Any, dict[Any, Cell]]:
        """The length of a stretch, and the bound of what it begins with: two numbers after the arrays' addresses."""
        from llvmlite import ir

        n = len(self.places) + 2
        slots = [pen.build.gep(arrays, [self.index(n + k)], source_etype=self.index) for k in (0, 1)]
        size = Cell(pen, pen.build.load(slots[1], typ=ir.DoubleType()), DOUBLE)
        kinds = {v.dtype for v in self.lanes.cells.values()}
        scalars = Pen(self.module, pen.build, vector=True)
        sizes = {k: pen.spread(Cell(scalars, size.raw, DOUBLE).astype(k)) for k in kinds}
        return pen.build.load(slots[0], typ=self.index), sizes

    def _looking(self, vectors: int) -> Any:
        """The value, and whether it and the slope are finite."""
        function, build, pen = self._function("look_some")
        arrays, rows, _, lane, step, steps = function.args
        stage = self.lanes.look
        common = self._common(pen, stage, rows)
        scalars = Pen(self.module, build, vector=True)
        now = pen.spread(Cell(scalars, build.trunc(step, ir_type(STEP)), STEP))
        kind = stage.seen[1].dtype
        endless, largest = (scalars.constant(x, kind) for x in (np.inf, np.finfo(kind).max))
        steepest = pen.spread(
            choose(Cell(scalars, build.icmp_signed("==", steps, self.index(0)), BOOL), endless, largest)
        )
        for n in range(vectors):
            here = self._lane(pen, lane, n)
            xs = {cell: self._load(pen, arrays, cell, here) for cell in self.xs}
            value, slope = (self._step(pen, stage, common, xs, stage.seen)[v.id][()] for v in stage.seen)
            pen.store(value, self._array(pen, arrays, len(self.places) + 1, value.dtype, here))
            fine = (abs(value) < np.inf) & (slope <= steepest)
            lost = pen.load(self._lost(pen, arrays, here), STEP)
            pen.store(choose((lost < 0) & ~fine, now, lost), self._lost(pen, arrays, here))
        build.ret_void()
        return function


def _phi(build: Any, before: Any, first: Cell) -> Cell:
    phi = build.phi(first.raw.type)
    phi.add_incoming(first.raw, before)
    return Cell(first.pen, phi, first.dtype, first.weak)
