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
from typing import Any

import numpy as np

from chainrule.compiler.native.counting import counting
from chainrule.compiler.native.engine import Code
from chainrule.compiler.native.lane_block import STEP, LaneLayout
from chainrule.compiler.native.lane_steps import Steps
from chainrule.compiler.native.loop import Layout, evaluate
from chainrule.compiler.native.registers import BOOL, Emitter, Register, choose, ir_type
from chainrule.compiler.native.stage import Stage
from chainrule.compiler.native.wide import Wide, width
from chainrule.core.graph import order

WORK = 600  # instructions of a step of a block: more lanes at once would only make the code longer
REGISTERS = 24 if width() == 64 else 12  # vectors of state that a block may hold
# What `run` is to do: the table; rows for looking, for the first step (0: it is not made) and for others, and the bytes
# from one of those to the next (0: there is one for all steps); the number of the first of these others, how many there
# are; whether to look before and after; where paths are recorded, and every how many steps (0: they are not).
JOB = ("table", "look", "first", "rows", "stride", "step", "steps", "before", "after", "path", "record")


class NativeLanes:
    """Machine code that moves lanes.

    first: the first step, where it differs from the others (it makes a part of the state). stage: a step.
    look: of x, the value and the norm of the gradient.

    proven: whether steps are made by `unchecked` where it can be, else all by `quick`.

    `run` takes the address of a job, whose fields (see JOB) are 64-bit integers, nothing, and a range of blocks. The
    table has the addresses of arrays of `padded` lanes: one for each of `cells`, then the step at which each was lost
    (-1: it was not), and the value; then the length of a stretch and the bits of the bound for `unchecked`, and how
    many lanes there are. A row of a path has as many for each number of x: nan for those that are lost.
    """

    def __init__(self, first: Stage | None, stage: Stage, look: Stage, proven: bool) -> None:
        self.first, self.stage, self.look, self.proven = first, stage, look, proven
        layout = _laid_out(first, stage, look, proven)
        self.cells, self.block = layout.cells, layout.block
        self.code = Code(_Writer(layout).module, loops=True)
        pointer, index = ctypes.c_void_p, ctypes.c_int64
        kind = ctypes.CFUNCTYPE(None, pointer, pointer, *[index] * 5)
        self.run = self.code.function("run")
        for name, s in (("first", first), ("steps", stage)):
            if s is not None and s.counting:
                s.count = self.code.function(f"{name}_count", kind)

    def padded(self, lanes: int) -> int:
        """So many lanes rounded up to whole blocks."""
        return -(-lanes // self.block) * self.block


def _laid_out(first: Stage | None, stage: Stage, look: Stage, proven: bool) -> LaneLayout:
    roles = [(role, stage.inputs[role]) for role in stage.wide]
    cells = {(role, place): v for role, v in roles for place in np.ndindex(v.shape)}
    size = stage.inputs["x"].itemsize
    held = sum(-(-v.itemsize // size) for v in cells.values())
    most = min(REGISTERS // (held + (not proven)), WORK // (len(stage.graph) + 1))
    return LaneLayout(first, stage, look, proven, cells, width() // size, 1 << max(most, 1).bit_length() - 1)


class _Writer(Steps):
    """Writes all that is called from outside."""

    def __init__(self, lanes: LaneLayout) -> None:
        super().__init__(lanes)
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
        self._running()

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

    def _running(self) -> None:
        """The function `run`."""
        from llvmlite import ir

        kind = ir.FunctionType(ir.VoidType(), [self.pointer] * 2 + [self.index] * 2)
        function = ir.Function(self.module, kind, "run")
        memory, _, low, high = function.args
        build = ir.IRBuilder(function.append_basic_block())
        fields = [build.gep(memory, [self.index(i)], source_etype=self.index) for i in range(len(JOB))]
        job = {k: build.load(field, typ=self.index) for k, field in zip(JOB, fields)}
        table, look, first, rows = (build.inttoptr(job[k], self.pointer) for k in ("table", "look", "first", "rows"))
        no, one, at = self.index(0), self.index(1), build.alloca(self.index)

        def call(name: str, *arguments: Any) -> None:
            build.call(self.module.globals[name], [table, *arguments])

        with self._if(build, job["before"]):
            call("look", look, no, low, high, no, one)
        if self.lanes.first is not None:
            with self._if(build, job["first"]):
                call("first", first, no, low, high, no, one)
                self._record(build, job, table, one, low, high)
        end = build.add(job["step"], job["steps"])
        build.store(job["step"], at)
        again, work, out = (build.append_basic_block(n) for n in ("again", "work", "out"))
        build.branch(again)
        build.position_at_end(again)
        now = build.load(at, typ=self.index)
        build.cbranch(build.icmp_signed("<", now, end), work, out)
        build.position_at_end(work)
        every = build.select(build.icmp_signed("==", job["record"], no), build.add(end, one), job["record"])
        due = build.mul(build.add(build.sdiv(now, every), one), every)
        to = build.select(build.icmp_signed("<", due, end), due, end)
        here = build.gep(rows, [build.mul(build.sub(now, job["step"]), job["stride"])], source_etype=ir.IntType(8))
        call("steps", here, job["stride"], low, high, now, build.sub(to, now))
        self._record(build, job, table, to, low, high)
        build.store(to, at)
        build.branch(again)
        build.position_at_end(out)
        with self._if(build, job["after"]):
            call("look", look, no, low, high, end, no)
        build.ret_void()

    def _if(self, build: Any, field: Any) -> Any:
        return build.if_then(build.icmp_signed("!=", field, self.index(0)))

    def _record(self, build: Any, job: dict[str, Any], table: Any, step: Any, low: Any, high: Any) -> None:
        """Put x into the path, if it is due after so many steps."""
        from llvmlite import ir

        every, size = job["record"], self.lanes.stage.inputs["x"].itemsize
        with self._if(build, every), build.if_then(build.icmp_signed("==", build.srem(step, every), self.index(0))):
            emitter = Wide(self.module, build, self.lanes.lanes)
            path, row = build.inttoptr(job["path"], self.pointer), build.sdiv(step, every)
            lanes = build.gep(table, [self.index(len(self.places) + 4)], source_etype=self.index)
            count = build.load(lanes, typ=self.index)
            first, last = (build.mul(n, self.index(self.lanes.block)) for n in (low, high))
            with counting(build, first, last, self.lanes.lanes) as lane:
                gone = emitter.load(self._lost(emitter, table, lane), STEP) >= 0
                for i, cell in enumerate(self.xs):
                    x = self._load(emitter, table, cell, lane)
                    n = build.add(build.mul(row, self.index(len(self.xs))), self.index(i))
                    to = build.mul(build.add(build.mul(n, count), lane), self.index(size))
                    x = choose(gone, emitter.constant(np.nan, x.dtype), x)
                    emitter.store(x, build.gep(path, [to], source_etype=ir.IntType(8)))

    def _counts(self, name: str, stage: Stage) -> None:
        """What is the same for all lanes: takes the address of what it begins with in the place of the arrays'."""
        from llvmlite import ir

        if not stage.counting:
            return
        kind = ir.FunctionType(ir.VoidType(), [self.pointer] * 2 + [self.index] * 5)
        function = ir.Function(self.module, kind, f"{name}_count")
        memory, rows, stride, *_, steps = function.args
        build = ir.IRBuilder(function.append_basic_block())
        emitter = Emitter(self.module, build, vector=False)
        begin = Layout([stage.inputs[r] for r in stage.narrow])
        graph = order([*stage.common, *(stage.after[r] for r in stage.counting)])
        with counting(build, self.index(0), steps, 1) as i:
            row = build.gep(rows, [build.mul(i, stride)], source_etype=ir.IntType(8))
            values = {v.id: begin.load(emitter, memory, k) for k, v in enumerate(begin.values)}
            evaluate(emitter, graph, values)
            for k, v in enumerate(stage.common):
                stage.row.store(emitter, row, k, values[v.id])
            for k, role in enumerate(stage.narrow):
                if role in stage.counting:
                    begin.store(emitter, memory, k, values[stage.after[role].id])
        build.ret_void()

    def _looking(self, vectors: int) -> Any:
        """The value; a lane is lost where that or the slope is not finite. `steps`: 0 lets an infinite slope pass."""
        function, build, emitter = self._function("look_some")
        arrays, rows, _, lane, step, steps = function.args
        stage = self.lanes.look
        common = self._common(emitter, stage, rows)
        scalars = Emitter(self.module, build, vector=True)
        now = emitter.spread(Register(scalars, build.trunc(step, ir_type(STEP)), STEP))
        kind = stage.seen[1].dtype
        endless, largest = (scalars.constant(x, kind) for x in (np.inf, np.finfo(kind).max))
        steepest = emitter.spread(
            choose(Register(scalars, build.icmp_signed("==", steps, self.index(0)), BOOL), endless, largest)
        )
        for n in range(vectors):
            here = self._lane(emitter, lane, n)
            xs = {cell: self._load(emitter, arrays, cell, here) for cell in self.xs}
            value, slope = (self._step(emitter, stage, common, xs, stage.seen)[v.id][()] for v in stage.seen)
            emitter.store(value, self._array(emitter, arrays, len(self.places) + 1, value.dtype, here))
            fine = (abs(value) < np.inf) & (slope <= steepest)
            lost = emitter.load(self._lost(emitter, arrays, here), STEP)
            emitter.store(choose((lost < 0) & ~fine, now, lost), self._lost(emitter, arrays, here))
        build.ret_void()
        return function
