"""Many descents of one function at once, as the lanes of arrays.

A function of one number, or of the elements of a vector, that is written in elementwise operations gives the value of
every lane when it is given an array with the lanes along the last dimension: `x[0]**2 + x[1]` works on numbers and on
rows alike. The gradient of the sum of all values then holds each lane's own gradient. Whether a function is of that
kind is found by trying it on lanes and on single points beside the starts; where it is not, each lane runs by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np

from chainrule.core.op import REGISTRY
from chainrule.core.tensor import Tensor
from chainrule.descend.arrival import NotFinite
from chainrule.descend.box import Box
from chainrule.descend.history import MOST_BYTES, History
from chainrule.descend.loop import Loop
from chainrule.descend.objective import Array, Function, Objective, Program, gradients, read, value_and_gradient
from chainrule.descend.options import RULES, Options, group_of
from chainrule.descend.searches import QuasiNewton, Search
from chainrule.descend.steps import RuleSteps, first, number
from chainrule.descend.stops import Stops

REASONS = ("steps done", "diverged", "converged", "stopped", "raised")
TRIED = 3  # lanes compared with single points


class Lanes(NamedTuple):
    """Some descents and where they ended: an entry for each along the first dimension."""

    x: Array
    value: Array
    steps: Array
    reason: Array  # a place in REASONS
    path: Array | None  # (lanes, points, *shape); NaN after a descent has ended; None if not asked for
    said: Array | None = None  # what the function raised in each lane, "" where nothing; None where it never did


def run_lanes(
    f: Function, starts: Array, which: Array, rates: Sequence[float | None], name: str, options: Options,
    steps: int, record: int, walls: Box | None = None,
) -> Lanes:  # fmt: skip
    """Descend from each start, the i-th at the rate `rates[which[i]]`, all by one optimiser.

    starts: an array with the lanes along the first dimension.
    """
    groups = [group_of(name, lr, options) for lr in rates]
    if name in RULES:
        fast = None
        if find_spec("llvmlite") is not None:
            from chainrule.descend.fast_lanes import run_fast

            fast = run_fast(f, starts, which, groups, name, steps, record, walls)
        if fast is not None:
            return Lanes(fast.x, fast.value, *_ended(fast.lost, steps), fast.path)
        kinds = [RULES[name].rule.start(g) for g in groups]
        if len(starts) > 1 and all(k == kinds[0] for k in kinds):
            batch = _Batch(f, starts, walls)
            if batch.agrees():
                return batch.run(groups, which, name, steps, record)
    return _one_by_one(f, starts, which, rates, groups, name, steps, record, walls)


def _ended(lost: Array, steps: int) -> tuple[Array, Array]:
    """Steps and reasons of lanes by the step at which each was lost, -1 where it was not; `lost` becomes the steps."""
    gone = lost >= 0
    np.copyto(lost, steps, where=~gone)
    return lost, gone.view(np.int8) * np.int8(REASONS.index("diverged"))


def points(steps: int, record: int) -> int:
    """How many points of a path are kept."""
    return steps // record + 1 if record else 0


def thinned(record: int, steps: int, lanes: int, nbytes: int) -> int:
    """`record`, doubled until the paths of all lanes fit the memory that histories may take."""
    while record and points(steps, record) * lanes * nbytes > MOST_BYTES and record <= steps:
        record *= 2
    return record


class _Batch(Objective):
    """The function on all lanes: its leaf has them along the last dimension, and its value is one for each."""

    def __init__(self, f: Function, starts: Array, walls: Box | None = None) -> None:
        super().__init__(f, starts[0])
        self.walls = None if walls is None else walls.along_lanes()
        self.single = Objective(f, starts[0])
        self.start = [np.ascontiguousarray(np.moveaxis(starts, 0, -1))]
        self.count = len(starts)

    def call(self, xs: list[Tensor]) -> Tensor:
        y = self.f(*xs)
        if not isinstance(y, Tensor) or tuple(y.shape) != (self.count,) or y._g is None:
            raise RuntimeError("the function does not work on lanes")
        return y

    def agrees(self) -> bool:
        """Whether lanes give what single points give, at points beside the starts that all differ."""
        rng = np.random.default_rng(0)
        x = self.start[0]
        x = (x + 0.01 * (1 + np.abs(x)) * rng.uniform(0.5, 1.5, x.shape)).astype(x.dtype)
        lanes = np.unique(np.linspace(0, self.count - 1, TRIED).astype(int))
        try:
            both = self.single.program(value_and_gradient)
            alone = [both([np.asarray(x[..., i])[()]]) for i in lanes]
            together = self.program(lambda y, xs, _: [read(y), gradients(y.sum(), xs)[0]])
            value, g = together([x])
        except Exception:  # shapes that do not fit, most of all; what else the function raises, each lane will say
            return False
        if together.why:
            return False
        close = 1e-4 if x.dtype.itemsize <= 4 else 1e-9
        return all(
            np.allclose(value[i], v, close, close, equal_nan=True)
            and np.allclose(g[..., i], d, close, close, equal_nan=True)
            for i, (v, d) in zip(lanes, alone)
        )

    def _step(self, name: str, groups: list[Options], state: list[Any]) -> Program:
        rule = RULES[name].rule

        def make(y: Tensor, xs: list[Tensor], more: list[Any]) -> list[Any]:
            lr, *held = more
            (g,) = gradients(y.sum(), xs)
            p, after = rule.update(read(xs[0]), g, tuple(held), *rule.hyper({**groups[0], "lr": lr}))
            if self.walls is not None:
                p, after = self.walls.stopped(0, p, after, [*rule.start(groups[0])])
            dims = tuple(range(g.ndim - 1))
            slope = REGISTRY["sum"](g * g, dim=dims, keepdim=False) if dims else g
            return [read(y), slope, p, *after]

        return self.program(make, state)

    def run(self, groups: list[Options], which: Array, name: str, steps: int, record: int) -> Lanes:
        """All lanes, step by step; a lane that is lost keeps the point where it was."""
        x = self.start[0]
        kinds = list(RULES[name].rule.start(groups[0]).values())
        state = [first(s, x) for s in kinds]
        numbers = [i for i, s in enumerate(kinds) if type(s) is float]
        lr = np.array([g["lr"] for g in groups], x.dtype)[which]
        end, lost = x.copy(), np.full(self.count, -1)
        path = np.full((points(steps, record), *x.shape), np.nan, x.dtype) if record else None
        step = None
        for i in range(steps):
            if path is not None and i % record == 0:
                path[i // record] = np.where(lost < 0, x, np.nan)
            if i < 2:
                step = self._step(name, groups, [lr, *state])  # the first step may make a part of the state
            value, slope, new, *state = step([x, lr, *state])  # type: ignore[misc]
            for k in numbers:
                state[k] = number(state[k])
            fine = np.isfinite(value) & (np.isfinite(slope) if i == 0 else ~np.isnan(slope))
            if not fine.all():
                ends = ~fine & (lost < 0)
                end[..., ends], lost[ends] = x[..., ends], i
                if (lost >= 0).all():
                    break
            x = new
        end = np.where(lost < 0, x, end)
        value = self.program(lambda y, xs, _: [read(y)])([end])[0]
        lost = np.where((lost < 0) & ~np.isfinite(value), steps, lost)
        if path is not None and steps % record == 0:
            path[-1] = np.where(lost < 0, end, np.nan)
        path = None if path is None else np.moveaxis(path, -1, 0).copy()
        return Lanes(np.moveaxis(end, -1, 0).copy(), value, *_ended(lost, steps), path)


def _one_by_one(
    f: Function, starts: Array, which: Array, rates: Sequence[float | None], groups: list[Options], name: str,
    steps: int, record: int, walls: Box | None = None,
) -> Lanes:  # fmt: skip
    """Each lane by itself, from one graph."""
    objective = Objective(f, starts[0])
    rule = RuleSteps(objective, RULES[name].rule, groups[0], steps, box=walls) if name in RULES else None
    out = []
    said = np.full(len(starts), "", object)
    path = np.full((len(starts), points(steps, record), *starts.shape[1:]), np.nan, starts.dtype) if record else None
    for i, (x, k) in enumerate(zip(starts, which)):
        lr, group = rates[k], groups[k]
        objective.start = [np.array(x)[()]]
        runner: Any = rule
        if rule is not None:
            rule.kinds = rule.rule.start(group)
        else:
            newton = name == "newton"
            runner = QuasiNewton(objective, group, walls) if name == "lbfgs" else Search(objective, newton, lr, walls)
        history = History(objective.start, steps, record)
        stops = Stops(None, still=rule is None)
        every = [group["lr"]]
        rate = lambda a, b, e=every: e * (b - a)  # noqa: E731
        loop = Loop(objective, runner, steps, rate, stops, history, None, False, None, walls)
        try:
            end = loop.run()
            out.append((end.state[0], end.value, end.at, end.reason))
        except NotFinite:
            out.append((objective.start[0], np.nan, 0, "diverged"))
        except Exception as e:  # the function's own, at a point of this lane: the others go on
            out.append((objective.start[0], np.nan, 0, "raised"))
            said[i] = f"{type(e).__name__}: {e}"
        if path is not None:
            kept = history.steps % record == 0
            path[i, : kept.sum()] = history.points[0][: history.n][kept]
    x, value, at, reason = zip(*out)
    why = np.array([REASONS.index(r) for r in reason], np.int8)
    return Lanes(np.stack(x), np.array(value), np.array(at), why, path, said.astype(str) if said.any() else None)
