"""Three ways to make steps of a block of lanes, from the most careful to the quickest: see lanes.py."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.compiler.native.counting import counting
from chainrule.compiler.native.lane_block import STEP, Block
from chainrule.compiler.native.registers import DOUBLE, Emitter, Register, choose, ir_type
from chainrule.compiler.native.stage import STRETCH, Stage
from chainrule.compiler.native.wide import Wide

SIGN = "sign"  # of something that was not finite: what it adds up to is not 0 then


class Steps(Block):
    """Writes the functions."""

    def _carefully(self, name: str, stage: Stage, vectors: int) -> Any:
        """Steps in which every lane is looked at."""
        function, build, emitter = self._function(name)
        arrays, rows, stride, lane, step, steps = function.args
        at = [self._lane(emitter, lane, n) for n in range(vectors)]
        with counting(build, self.index(0), steps, 1) as i:
            common = self._common(emitter, stage, self._row(emitter, rows, stride, i))
            now = build.trunc(build.add(step, i), ir_type(STEP))
            for here in at:
                cells = {c: self._load(emitter, arrays, c, here) for c in self.lanes.cells if c[0] in stage.wide}
                gone = emitter.load(self._lost(emitter, arrays, here), STEP)
                values = self._step(emitter, stage, common, cells, [*stage.seen, *stage.after.values()])
                value, *slopes = (c for v in stage.seen for c in values[v.id].flat)
                fine = abs(value) < np.inf
                for g in slopes:
                    fine = fine & (g == g)
                alive = gone < 0
                gone = choose(alive & ~fine, emitter.spread(Register(emitter, now, STEP)), gone)
                emitter.store(gone, self._lost(emitter, arrays, here))
                goes = gone < 0
                for cell, new in self._moved(stage.after, values).items():
                    if cell[0] == "x":
                        new = choose(goes, new, cells[cell])
                    self._store(emitter, new, arrays, cell, here)
        build.ret_void()
        return function

    def _quickly(self, careful: Any) -> Any:
        """Steps in which only the whole is looked at, after each stretch of them."""
        from llvmlite import ir

        function, build, emitter = self._function("quick")
        arrays, rows, stride, lane, step, steps = function.args
        settled = build.alloca(ir.IntType(1))  # a stretch led back to where it began, and so will the next
        build.store(ir.IntType(1)(0), settled)
        with counting(build, self.index(0), steps, STRETCH) as done:
            left = build.sub(steps, done)
            whole = build.icmp_signed(">=", left, self.index(STRETCH))
            with build.if_then(build.not_(build.and_(whole, build.load(settled, typ=ir.IntType(1))))):
                length = build.select(whole, self.index(STRETCH), left)
                here = self._row(emitter, rows, stride, done)
                self._stretch(emitter, careful, (arrays, here, stride, lane, build.add(step, done), length), settled)
        build.ret_void()
        return function

    def _stretch(self, emitter: Wide, careful: Any, call: tuple[Any, ...], settled: Any) -> None:
        """Some steps, made again by `careful` if something was not finite."""
        arrays, rows, stride, lane, step, length = call
        build, stage = emitter.build, self.lanes.stage
        at = [self._lane(emitter, lane, n) for n in range(self.lanes.vectors)]
        start = [{cell: self._load(emitter, arrays, cell, a) for cell in self.lanes.cells} for a in at]
        zero = emitter.constant(0, stage.seen[0].dtype)
        moving = [cell for cell in self.lanes.cells if cell[0] in stage.after]
        before = build.block
        with counting(build, self.index(0), length, once=True) as i:
            rounds = Joined(build, [{**{cell: cells[cell] for cell in moving}, SIGN: zero} for cells in start], before)
            common = self._common(emitter, stage, self._row(emitter, rows, stride, i))
            ends = []
            for cells, now in zip(start, rounds.now):
                values = self._step(emitter, stage, common, {**cells, **now}, [*stage.seen, *stage.after.values()])
                sign = now[SIGN]
                for v in stage.seen:
                    for c in values[v.id].flat:
                        sign = emitter.intrinsic("fma", c.astype(zero.dtype), zero, sign)
                ends.append({**self._moved(stage.after, values), SIGN: sign})
            rounds.come(ends, build.block)
        alive = [emitter.load(self._lost(emitter, arrays, a), STEP) < 0 for a in at]
        bad = [good & (new[SIGN] != 0.0) for good, new in zip(alive, ends)]
        with build.if_else(emitter.any(functools.reduce(Register.__or__, bad)), likely=False) as (wrong, right):
            with wrong:
                few = max(self.lanes.vectors // 4, 1)
                for n in range(0, self.lanes.vectors, few):
                    build.call(careful, [arrays, rows, stride, at[n], step, length])
            with right:
                pairs = []
                for a, good, cells in zip(at, alive, ends):
                    for cell in moving:
                        new, old = cells[cell], self._load(emitter, arrays, cell, a)
                        if cell[0] == "x":
                            new = choose(good, new, old)
                        self._store(emitter, new, arrays, cell, a)
                        pairs.append((new, old))
                if not stage.counting:
                    build.store(emitter.same(pairs), settled)

    def _unchecked(self, quick: Any) -> Any:
        """Steps of which it is known that nothing can go wrong as long as a stretch of them begins within bounds."""
        function, build, emitter = self._function("unchecked")
        arrays, rows, stride, lane, step, steps = function.args
        stage = self.lanes.stage
        at = [self._lane(emitter, lane, n) for n in range(self.lanes.vectors)]
        moving = [cell for cell in self.lanes.cells if cell[0] in stage.after]
        still = [{c: self._load(emitter, arrays, c, a) for c in self.lanes.cells if c not in moving} for a in at]
        stretch, size = self._limits(emitter, arrays)

        def load() -> list[dict[Any, Register]]:  # a lost lane goes on from zero, and is not stored
            alive = [emitter.load(self._lost(emitter, arrays, a), STEP) < 0 for a in at]
            return [
                {c: choose(good, self._load(emitter, arrays, c, a), 0.0) for c in moving} for a, good in zip(at, alive)
            ]

        def store(block: list[dict[Any, Register]]) -> None:
            for a, cells in zip(at, block):
                alive = emitter.load(self._lost(emitter, arrays, a), STEP) < 0
                for cell, new in cells.items():
                    self._store(emitter, choose(alive, new, self._load(emitter, arrays, cell, a)), arrays, cell, a)

        def stepped(block: list[dict[Any, Register]], row: Any) -> list[dict[Any, Register]]:
            common, wanted = self._common(emitter, stage, row), list(stage.short.values())
            return [
                self._moved(stage.short, self._step(emitter, stage, common, {**fixed, **cells}, wanted))
                for fixed, cells in zip(still, block)
            ]

        def same(block: list[dict[Any, Register]], other: list[dict[Any, Register]]) -> Any:
            return emitter.same([(cells[c], others[c]) for cells, others in zip(block, other) for c in moving])

        first = load()
        before, head, body = build.block, build.append_basic_block("head"), build.append_basic_block("body")
        slow, after, end = (build.append_basic_block(n) for n in ("slow", "after", "end"))
        build.branch(head)
        build.position_at_end(head)
        done = build.phi(self.index)
        done.add_incoming(self.index(0), before)
        block = Joined(build, first, before)
        now = block.now
        left = build.sub(steps, done)
        length = build.select(build.icmp_signed("<", left, stretch), left, stretch)
        here = self._row(emitter, rows, stride, done)
        within = [abs(c) <= size[c.dtype] for cells in now for c in cells.values()]
        build.cbranch(emitter.any(~functools.reduce(Register.__and__, within)), slow, body)

        build.position_at_end(slow)
        store(now)
        build.call(quick, [arrays, here, stride, lane, build.add(step, done), length])
        again, behind = load(), build.add(done, length)
        recovered = build.block
        build.branch(after)

        build.position_at_end(body)
        with counting(build, self.index(0), length, once=True) as i:
            rounds = Joined(build, now, body)
            new = stepped(rounds.now, self._row(emitter, here, stride, i))
            rounds.come(new, build.block)
        left = build.sub(left, length)  # is this where it began, or where another step leads to?
        left = build.select(same(new, now), build.urem(left, stretch), left)
        left = build.select(same(stepped(new, here), new), self.index(0), left)
        settled, stretched = build.sub(steps, left), build.block
        build.branch(after)

        build.position_at_end(after)
        total = build.phi(self.index)
        total.add_incoming(settled, stretched)
        total.add_incoming(behind, recovered)
        final = Joined(build, new, stretched)
        final.come(again, recovered)
        done.add_incoming(total, after)
        block.come(final.now, after)
        build.cbranch(build.icmp_signed("<", total, steps), head, end)
        build.position_at_end(end)
        store(final.now)
        build.ret_void()
        return function

    def _limits(self, emitter: Wide, arrays: Any) -> tuple[Any, dict[Any, Register]]:
        """The length of a stretch, and the bound of what it begins with: two numbers after the arrays' addresses."""
        from llvmlite import ir

        n = len(self.places) + 2
        slots = [emitter.build.gep(arrays, [self.index(n + k)], source_etype=self.index) for k in (0, 1)]
        size = Register(emitter, emitter.build.load(slots[1], typ=ir.DoubleType()), DOUBLE)
        kinds = {v.dtype for v in self.lanes.cells.values()}
        scalars = Emitter(self.module, emitter.build, vector=True)
        sizes = {k: emitter.spread(Register(scalars, size.raw, DOUBLE).astype(k)) for k in kinds}
        return emitter.build.load(slots[0], typ=self.index), sizes


class Joined:
    """The numbers of vectors where ways through the code meet: `now` is what came by the way that was taken.

    LLVM's phis. The block that is being written begins with them; `block` is where the first way comes from.
    """

    def __init__(self, build: Any, vectors: Sequence[dict[Any, Register]], block: Any) -> None:
        self.now = [
            {key: Register(x.emitter, build.phi(x.raw.type), x.dtype, x.weak) for key, x in cells.items()}
            for cells in vectors
        ]
        self.come(vectors, block)

    def come(self, vectors: Sequence[dict[Any, Register]], block: Any) -> None:
        """What comes from another block."""
        for phis, cells in zip(self.now, vectors):
            for key, phi in phis.items():
                phi.raw.add_incoming(cells[key].raw, block)
