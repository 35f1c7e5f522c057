"""A step of an optimiser as one graph: value, gradient and rule, from state to state.

The rule is the one that `optim` steps by, called on the values of the graph, so a descent gives the numbers of the loop
written out. The state is a flat list: the leaves of x, then for each leaf what its rule remembers (an array like the
leaf, a Python number, or None before the first step).

What runs steps is a *runner*:

    start()                                        the state at x0
    run(state, rates, steps, at, history, stops)   at most so many steps, from step `at`, as `Ran`
    look(state)                                    (value, norm of the gradient) where the state stands
    replays                                        whether running the same steps again does the same
    pace                                           how many steps to run at first

Where there is llvmlite, many steps run in machine code: of a small graph whole loops of them, of others each step.
Else, and for few steps, the graph is interpreted.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from chainrule.core.graph import Var, apply
from chainrule.core.op import REGISTRY
from chainrule.core.tensor import Tensor
from chainrule.descend.box import Box
from chainrule.descend.history import History
from chainrule.descend.objective import Given, Make, Objective, Program, gradients, read
from chainrule.descend.options import Options
from chainrule.descend.stops import Hit, Stops
from chainrule.optim.rules import Fill, Rule

State = list[Any]
MANY_STEPS = 1000  # steps from which machine code, which takes some ten milliseconds to make, pays
PACE = 4096  # steps of a native loop that are run at first: a few milliseconds
DOUBLE = np.dtype("float64")


class Ran(NamedTuple):
    """Some steps that were made."""

    state: State
    done: int
    first: tuple[float, float]  # value and norm of the gradient at the first point
    last: tuple[float, float] | None  # at the point reached, where they are known
    hit: Hit | None  # why they end there, if the descent does


def walk(
    step: Callable[[State, float], tuple[float, float, float, State]],
    state: State, rates: Sequence[float], steps: int, at: int, history: History, stops: Stops,
) -> Ran:  # fmt: skip
    """Steps one by one; `step` gives the value, the norm of the gradient, the length of the step, and its state."""
    first: Any = None
    every = history.every if history.every and at % history.every == 0 else 0
    for i in range(steps):
        value, slope, moved, after = step(state, float(rates[i if len(rates) > 1 else 0]))
        first = first or (value, slope)
        hit = stops.find(value, slope, at + i)
        if hit is not None:
            return Ran(state, i, first, (value, slope), hit)
        if every and i % every == 0:
            history.put(i // every, value, slope, state)
        stops.moved, state = moved, after
    return Ran(state, steps, first, None, None)


def norm(parts: Sequence[Any]) -> Any:
    """The Euclidean norm of several payloads together, in double precision."""
    if len(parts) == 1 and not parts[0].shape:
        return REGISTRY["abs"](parts[0])
    squares = []
    for a in parts:
        a = a if a.dtype == np.float64 else REGISTRY["cast"](a, dtype=DOUBLE)
        squares.append(REGISTRY["sum"](a * a, dim=tuple(range(a.ndim)), keepdim=False) if a.shape else a * a)
    return REGISTRY["sqrt"](sum(squares[1:], squares[0]))


class Step:
    """The step of a rule for one function and kind of start: its graphs and its machine code.

    It holds neither the function nor the start, and may be kept for other descents, in several threads.
    """

    def __init__(self, rule: Rule, group: Options, objective: Objective, box: Box | None = None) -> None:
        self.rule, self.group, self.leaves, self.box = rule, group, len(objective.start), box
        self.kinds = rule.start(group)
        kinds = [None] * self.leaves + list(self.kinds.values()) * self.leaves
        self.numbers = [i for i, s in enumerate(kinds) if type(s) is float]
        self.native: Native | Program | None = None  # machine code for many steps, or for one
        self.tried = False  # whether it was asked for
        self._programs: dict[object, Program] = {}  # by what is filled of the state
        self._lock = threading.RLock()
        self.program(objective, start(objective, self.kinds))

    @property
    def lasting(self) -> bool:
        """Whether it may be used again."""
        return all([p.lasting for p in self._programs.values()])

    @property
    def holds(self) -> bool:
        """Whether what the graphs rest on is still so."""
        return all([p.lasting and p.holds for p in self._programs.values()])

    def program(self, objective: Objective, state: State) -> Program:
        """The step for a state in which these places are filled."""
        return self._traced(tuple([a is None for a in state]), objective, self._write, [0.1, *state[self.leaves :]])

    def here(self, objective: Objective) -> Program:
        """The value and the norm of the gradient."""
        return self._traced("here", objective, lambda y, xs, _: [read(y), self._slope(xs, gradients(y, xs))], [])

    def _traced(self, key: object, objective: Objective, make: Make, more: Given) -> Program:
        with self._lock:
            if key not in self._programs:
                self._programs[key] = objective.program(make, more)
            return self._programs[key]

    def _write(self, y: Tensor, xs: list[Tensor], more: list[Any]) -> list[Any]:
        lr, *held = more
        hyper = self.rule.hyper({**self.group, "lr": lr})
        gs = gradients(y, xs)
        size = len(self.kinds)
        before: list[Any] = [read(x) for x in xs]
        after: list[Any] = []
        kept: list[Any] = []
        for i, (p, g) in enumerate(zip(before, gs)):
            mine = tuple(held[i * size : (i + 1) * size])
            if g is not None:  # as in optim, what has no gradient stays as it is
                p, mine = self.rule.update(p, g, mine, *hyper)
                if self.box is not None:
                    p, mine = self.box.stopped(i, p, mine, [*self.kinds])
            after.append(p)
            kept.extend(mine)
        return [read(y), self._slope(xs, gs), norm([p - q for p, q in zip(after, before)]), *after, *kept]

    def _slope(self, xs: list[Tensor], gs: Sequence[Any]) -> Any:
        """The norm of the gradient, without what leads out of bounds."""
        if self.box is not None:
            uphill = bool(self.group.get("maximize"))
            gs = [g if g is None else self.box.inward(i, read(x), g, uphill) for i, (x, g) in enumerate(zip(xs, gs))]
        return norm(_given(gs))

    def compile(self, objective: Objective, state: State) -> Native | Program | None:
        """Machine code, of a small graph for many steps, of others for one; None if there is none."""
        if not self.tried:
            with self._lock:
                program = self.program(objective, state)
                counts = all(k == "step" for k, s in self.kinds.items() if type(s) is float)  # whole in any precision
                if not self.tried and program.replays:
                    self.native = (_native(program, self.leaves) if counts else None) or program.compiled()
                self.tried = True
        return self.native


class RuleSteps:
    """The runner of an optimiser that is a rule."""

    def __init__(
        self, objective: Objective, rule: Rule, group: Options, steps: int, step: Step | None = None,
        box: Box | None = None,
    ) -> None:  # fmt: skip
        self.objective, self.rule, self.many = objective, rule, steps >= MANY_STEPS
        self.leaves = len(objective.start)
        self.step = step or Step(rule, group, objective, box)
        self.kinds = rule.start(group)

    @property
    def replays(self) -> bool:
        return (self.many and self.step.native is not None) or self._program.replays

    @property
    def pace(self) -> int:
        return PACE if self.many and isinstance(self.step.native, Native) else 1

    @property
    def how(self) -> str:
        if self.many and self.step.native is not None:
            return "machine code"
        return f"without a graph: {self._program.why}" if self._program.why else "interpreted"

    @property
    def _program(self) -> Program:
        return self.step.program(self.objective, self.start())

    def start(self) -> State:
        return start(self.objective, self.kinds)

    def run(self, state: State, rates: Sequence[float], steps: int, at: int, history: History, stops: Stops) -> Ran:
        filled = not any([a is None for a in state])
        native = self.step.compile(self.objective, state) if self.many and filled else None
        if isinstance(native, Native):
            return native.run(state, rates, steps, at, history, stops)
        program, n = native or self.step.program(self.objective, state), self.leaves

        def step(state: State, lr: float) -> tuple[float, float, float, State]:
            value, slope, moved, *state = program([*state[:n], lr, *state[n:]])
            for k in self.step.numbers:
                state[k] = number(state[k])
            return float(value), float(slope), float(moved), state

        return walk(step, state, rates, steps if filled else 1, at, history, stops)  # the first step fills the state

    def look(self, state: State) -> tuple[float, float]:
        value, slope = self.step.here(self.objective)(state[: self.leaves])
        return float(value), float(slope)


def _given(gs: Sequence[Any]) -> list[Any]:
    return [g for g in gs if g is not None]


def start(objective: Objective, kinds: Options) -> State:
    """The state at x0, for a rule that remembers these."""
    state = list(objective.start)
    if kinds:
        for a in objective.start:
            state += [first(s, a) for s in kinds.values()]
    return state


def first(s: Any, like: Any) -> Any:
    """The start of a piece of state, as a rule declares it."""
    if isinstance(s, Fill):
        return np.full(like.shape, s.value, like.dtype) if like.shape else like.dtype.type(s.value)
    return None if s is None else number(s)


def number(s: Any) -> Any:
    """A count as the optimisers' classes keep it between steps, in single precision; or one for each lane."""
    return s.astype(np.float32).astype(s.dtype) if getattr(s, "ndim", 0) else float(np.float32(s))


class Native:
    """Many steps in machine code, which checks after each whether the descent ends."""

    def __init__(self, step: Program, leaves: int) -> None:
        from chainrule.compiler.native.loop import native_loop

        self.leaves, self.captured = leaves, step.captured
        value, slope, moved, *after = step.results[: step.returned]
        limits = [Var((), DOUBLE) for _ in range(6)]
        gradient, change, plateau, lowest, age, before = limits
        value, slope, moved = (_do("cast", v, dtype=DOUBLE) for v in (value, slope, moved))
        lower = _do("lt", value, lowest)
        aged = _do("where", lower, 0.0, _do("add", age, 1.0))
        ends = _do("logical_not", _do("isfinite", value))
        low, still = _do("le", slope, gradient), _do("le", before, change)
        for one in (_do("isnan", slope), low, still, _do("ge", aged, plateau)):
            ends = _do("logical_or", ends, one)
        inputs = [*step.inputs, *limits, *(i.var for i in step.captured)]
        seen, kept = [value, slope, *step.inputs[:leaves]], [_do("where", lower, value, lowest), aged, moved]
        results = [*seen, ends, *kept, *after]
        n, at = len(step.inputs), len(seen) + 1
        state = [i for i in range(n) if i != leaves]  # after the leaves comes the rate
        carried = [*zip(range(n + 3, n + 6), range(at, at + 3)), *zip(state, range(at + 3, at + 2 + n))]
        self.loop = native_loop(
            inputs, results, carried, record=range(len(seen)), last=(0, 1), rate=leaves, stop=len(seen)
        )

    def run(self, state: State, rates: Sequence[float], steps: int, at: int, history: History, stops: Stops) -> Ran:
        """As the runner's `run`."""
        leaves = self.leaves
        limits = stops.gradient, stops.change, stops.plateau, stops.lowest, at - stops.since - 1, stops.moved
        arrays = [*state[:leaves], 0.0, *state[leaves:], *limits, *[i.get() for i in self.captured]]
        columns = history.columns
        every = history.every if history.every and at % history.every == 0 else steps + 1
        done, (lowest, age, moved, *state), (value, slope) = self.loop(arrays, steps, every, columns, np.asarray(rates))
        at += done
        stops.lowest, stops.since, stops.moved = float(lowest), at - int(age) - 1, float(moved)
        last = float(value), float(slope)
        first = (float(columns[0][0]), float(columns[1][0])) if done else last
        return Ran(state, done, first, last, stops.find(*last, at))


def _do(name: str, *args: Any, **attrs: Any) -> Any:
    return apply(REGISTRY[name], args, attrs)


def _native(step: Program, leaves: int) -> Native | None:
    """None if llvmlite is missing or the graph is not for a native loop."""
    try:
        from chainrule.compiler.native.registers import NotNative
    except ImportError:
        return None
    try:
        return Native(step, leaves)
    except (NotNative, ImportError, ValueError):
        return None
