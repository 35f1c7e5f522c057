"""Lanes in machine code: the step of `minimize`, as one graph, is written out for many descents at once.

The graph is the one that a single descent runs, so every lane gives the numbers of the single run (functions such as
exp are those of vector maths). What there is no machine code for is left to `lanes`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from chainrule.core.graph import Var
from chainrule.core.tensor import Tensor
from chainrule.descend.box import Box
from chainrule.descend.objective import Array, Function, Objective, Program, gradients, read
from chainrule.descend.options import RULES, Options
from chainrule.descend.recall import recall
from chainrule.descend.steps import first, norm, number
from chainrule.optim.rules import Fill, Rule

if TYPE_CHECKING:  # what is loaded where there is llvmlite
    from chainrule.compiler.native.lanes import NativeLanes
    from chainrule.compiler.native.stage import Stage

PIECE = 4096  # steps whose counts are computed beforehand
MANY_OPS = 30_000_000  # lanes times steps times ops from which on threads share them
SHARES = 4  # of the lanes for each thread
KEPT = 32  # compiled steps


class Ends(NamedTuple):
    """Lanes along the first dimension: x, value, the step at which each was lost (-1: it was not) and the path."""

    x: Array
    value: Array
    lost: Array
    path: Array | None


def run_fast(
    f: Function, starts: Array, which: Array, groups: Sequence[Options], name: str, steps: int, record: int,
    walls: Box | None = None,
) -> Ends | None:  # fmt: skip
    """Descend from each start, the i-th with the options `groups[which[i]]`; None where there is no machine code."""
    from chainrule.compiler.native.registers import NotNative

    objective = Objective(f, starts[0])
    rule = RULES[name].rule
    begins = [{"lr": float(g["lr"]), **{k: _number(s) for k, s in rule.start(g).items()}} for g in groups]
    wide = tuple(k for k in begins[0] if any(b[k] != begins[0][k] for b in begins))
    settings = tuple((k, v) for k, v in groups[0].items() if k != "lr")
    try:
        what = "lanes", name, settings, wide, walls and walls.key
        plan = recall(objective, what, partial(LanePlan, objective, rule, groups[0], wide, walls))
        return _Run(plan, begins, starts, which, steps, record).ends() if plan.lasting else None
    except NotNative:
        return None


class LanePlan:
    """The graphs of a step, of the first step where that is another, and of the look at the end; their machine code.

    It holds neither the function nor the start, and may be kept for other sweeps.
    """

    def __init__(
        self, objective: Objective, rule: Rule, group: Options, wide: Sequence[str], walls: Box | None = None
    ) -> None:
        self.rule, self.group, self.wide, self.walls = rule, group, {"x", *wide}, walls
        kinds = rule.start(group)
        state = {k: first(s, objective.start[0]) for k, s in kinds.items()}
        self.roles = ["x", "lr", *state]
        self.numbers = [k for k, s in kinds.items() if type(s) is float]
        self.filled = [k for k, s in kinds.items() if s is None]
        self.look = objective.program(lambda y, xs, _: [read(y), norm(gradients(y, xs))], [])
        self.programs = [objective.program(self._write, [0.1, *state.values()])]
        if self.filled and self.lasting:
            made = dict(zip(["x", *state], self.programs[0].results[2:]))
            state |= {k: np.zeros(made[k].shape, made[k].dtype)[()] for k in self.filled}
            self.programs.append(objective.program(self._write, [0.1, *state.values()]))
        self._stages: list[Stage] = []
        self._code: dict[bool, NativeLanes] = {}

    @property
    def lasting(self) -> bool:
        """Whether it may be used again."""
        return all([p.lasting for p in (self.look, *self.programs)])

    @property
    def holds(self) -> bool:
        """Whether what the graphs rest on is still so."""
        return all([p.holds for p in (self.look, *self.programs)])

    def _write(self, y: Tensor, xs: list[Tensor], more: list[Any]) -> list[Any]:
        lr, *held = more
        (g,) = gradients(y, xs)
        p, after = self.rule.update(read(xs[0]), g, tuple(held), *self.rule.hyper({**self.group, "lr": lr}))
        if self.walls is not None:
            p, after = self.walls.stopped(0, p, after, [*self.rule.start(self.group)])
        return [read(y), g, p, *after]

    @property
    def stages(self) -> list[Stage]:
        """The graphs as stages: of the first step if it is another, of a step, of the look."""
        if not self._stages:
            self._stages = list(self._staged())
        return self._stages

    def _staged(self) -> Iterator[Stage]:
        from chainrule.compiler.native.stage import Stage, rounded

        wide = set(self.wide)
        for p in self.programs:
            there = [r for r in self.roles if r not in self.filled or p is not self.programs[0]]
            after = dict(zip([r for r in self.roles if r != "lr"], p.results[2:]))
            after |= {k: rounded(after[k]) for k in self.numbers}
            yield Stage(dict(zip(there, p.inputs)) | _held(p), p.results[:2], after, wide)
            wide |= set(self.filled)
        yield Stage({"x": self.look.inputs[0]} | _held(self.look), self.look.results, {}, {"x"})

    def code(self, begin: Options, largest: float) -> tuple[NativeLanes, tuple[int, float]]:
        """The machine code, and (length, size): a block of numbers of at most that size makes so many steps unchecked.

        begin: what each role begins with. largest: the largest number among the starts.
        """
        from chainrule.compiler.native.lanes import NativeLanes
        from chainrule.compiler.native.stage import key

        *steps, look = self.stages
        safe = steps[-1].safe({**begin, **given(self.programs[-1])}, largest)
        proven = bool(safe[0])
        if proven not in self._code:
            name = *map(key, self.stages), proven
            if name not in _COMPILED:
                _COMPILED[name] = NativeLanes(steps[0] if len(steps) > 1 else None, steps[-1], look, proven)
                while len(_COMPILED) > KEPT:
                    del _COMPILED[next(iter(_COMPILED))]
            self._code[proven] = _COMPILED[name]
        return self._code[proven], safe


def _held(p: Program) -> dict[str, Var]:
    return {f"held {i}": given.var for i, given in enumerate(p.captured)}


def given(p: Program) -> dict[str, Array]:
    """What the tensors hold now that a program reads besides its inputs."""
    return {f"held {i}": np.asarray(given.get()) for i, given in enumerate(p.captured)}


_COMPILED: dict[object, NativeLanes] = {}  # by the structure of the graphs: a function written twice is compiled once


class _Run:
    """Lanes in memory, moved from step to step."""

    def __init__(
        self, plan: LanePlan, begins: Sequence[Options], starts: Array, which: Array, steps: int, record: int
    ) -> None:
        from chainrule.compiler.native.frame import address

        self.plan, self.steps, self.record, self.count = plan, steps, record, len(starts)
        begin = {k: np.array([b[k] for b in begins]) for k in begins[0]}
        largest = float(max(starts.max(), -starts.min()))
        if not np.isfinite(largest):
            largest = float(np.max(np.abs(starts), initial=0, where=np.isfinite(starts)))
        self.code, safe = plan.code(begin, largest)
        self.narrow = {k: float(a[0]) for k, a in begin.items()}
        self.padded = n = self.code.padded(self.count)
        self.arrays: dict[tuple[str, tuple[int, ...]], Array] = {}
        for (role, place), v in self.code.cells.items():
            a = self.arrays[role, place] = np.empty(n, v.dtype)
            found = starts[(slice(None), *place)] if role == "x" else begin[self.code.stage.source[role]]
            a[: self.count] = found if role == "x" or len(found) == 1 else found[which]
            a[self.count :] = a[0]
        self.lost = np.full(n, -1, np.int32)
        self.lost[self.count :] = 0
        self.value = np.empty(n, self.code.look.seen[0].dtype)
        memory = [*self.arrays.values(), self.lost, self.value]
        limits = [safe[0], int(np.float64(safe[1]).view(np.int64))]
        self.addresses = np.array([*map(address, memory), *limits, n], np.int64)
        self.xs = [a for (role, _), a in self.arrays.items() if role == "x"]
        self.path = None
        if record:
            self.path = np.full((steps // record + 1, len(self.xs), n), np.nan, self.xs[0].dtype)

    def ends(self) -> Ends:
        """Descend."""
        self._put(0)
        for begin in range(0, max(self.steps, 1), PIECE):
            self._piece(begin, min(begin + PIECE, self.steps))
        if self.record and self.steps % self.record == 0:
            self._put(self.steps)
        n, shape = self.count, self.plan.look.inputs[0].shape
        x = np.stack([a[:n] for a in self.xs], -1).reshape(n, *shape) if shape else self.xs[0][:n]
        path = self.path
        if path is not None:
            path = np.moveaxis(path[..., :n], -1, 0).reshape(n, len(path), *shape)
        return Ends(x, self.value[:n], self.lost[:n], path)

    def _put(self, step: int) -> None:
        """Record where the lanes are before a step."""
        if self.path is not None:
            for i, a in enumerate(self.xs):
                self.path[step // self.record, i] = np.where(self.lost < 0, a, np.nan)

    def _piece(self, begin: int, end: int) -> None:
        """Steps begin to end, shared among threads; before the first and after the last, lanes are looked at."""
        from chainrule.compiler.native import thread_pool
        from chainrule.compiler.native.frame import address

        code, programs = self.code, self.plan.programs
        look = code.look.rows(given(self.plan.look), 1)
        start, first = begin, None
        if begin == 0 and end and code.first is not None:
            first, start = self._rows(code.first, programs[0], 1), 1
        rows = self._rows(code.stage, programs[-1], end - start) if start < end else look
        job = np.array([
            address(self.addresses), address(look), 0 if first is None else address(first), address(rows),
            rows.shape[1] if len(rows) > 1 else 0, start, end - start, begin == 0, end == self.steps,
            0 if self.path is None else address(self.path), self.record,
        ], np.int64)  # fmt: skip
        blocks = self.padded // code.block
        if thread_pool.WORKERS > 1 and self.padded * (end - begin) * len(code.stage.graph) > MANY_OPS:
            thread_pool.share(code.run, address(job), 0, blocks, -(-blocks // (thread_pool.WORKERS * SHARES)))
        else:
            code.run(address(job), 0, 0, blocks)

    def _rows(self, stage: Stage, program: Program, steps: int) -> Array:
        begin = self.narrow | given(program)
        rows = stage.rows(begin, steps)
        self.narrow |= {k: begin[k] for k in stage.counting}
        return rows


def _number(s: Any) -> float:
    """What a piece of state begins with in every element; what the first step makes, with anything."""
    return 0.0 if s is None else float(s.value) if isinstance(s, Fill) else number(s)
