"""A step of an optimiser as one graph: value, gradient and rule, from state to state.

The rule is the one that `optim` steps by, called on the values of the graph, so a descent gives the numbers of the loop
written out. The state is a flat list: the leaves of x, then for each leaf what its rule remembers (an array like the
leaf, a Python number, or None before the first step).

What runs steps is a *runner*:

    start()                       the state at x0
    run(state, rates, every)      that many steps -> (state, seen, points)
    look(state)                   (value, norm of the gradient) where the state stands
    replays                       whether running the same steps again does the same

`seen` has a row for each step: the value and the gradient's norm before it, and the length of the step. `points` holds
for each leaf a stack of what it was before steps 0, every, 2 every, ... of this run; every=0 keeps none.

Where there is llvmlite, many steps run in machine code: of a small graph whole loops of them, of others each step.
Else, and for few steps, the graph is interpreted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.core.op import REGISTRY
from chainrule.descend.objective import Objective, Program, gradients, read
from chainrule.optim.rules import Fill, Rule

State = list[Any]
MANY = 2000  # steps from which machine code, which takes a while to make, pays


def norm(parts: Sequence[Any]) -> Any:
    """The Euclidean norm of several payloads together, in double precision."""
    if len(parts) == 1 and not parts[0].shape:
        return REGISTRY["abs"](parts[0])
    squares = []
    for a in parts:
        a = a if a.dtype == np.float64 else REGISTRY["cast"](a, dtype=np.dtype("float64"))
        squares.append(REGISTRY["sum"](a * a, dim=tuple(range(a.ndim)), keepdim=False) if a.shape else a * a)
    return REGISTRY["sqrt"](sum(squares[1:], squares[0]))


class RuleSteps:
    """The runner of an optimiser that is a rule."""

    def __init__(self, objective: Objective, rule: Rule, group: dict[str, Any], steps: int) -> None:
        self.objective, self.rule, self.group = objective, rule, group
        self.native = None if steps < MANY else False  # the machine code; False: not yet tried, None: none
        self.kinds = rule.start(group)
        self.leaves = len(objective.start)
        kinds = [None] * self.leaves + list(self.kinds.values()) * self.leaves
        self.numbers = [i for i, s in enumerate(kinds) if type(s) is float]
        self.compiled = False
        self.fills = None in self.kinds.values()  # the first step makes a part of the state
        self._programs: dict[tuple[bool, ...], Program] = {}
        self.here = objective.program(lambda y, xs, _: [read(y), norm(_given(gradients(y, xs)))])

    @property
    def replays(self) -> bool:
        return self.here.replays

    @property
    def how(self) -> str:
        if self.here.why:
            return f"without a graph: {self.here.why}"
        return "machine code" if self.compiled else "interpreted"

    def start(self) -> State:
        state = list(self.objective.start)
        for a in self.objective.start:
            for s in self.kinds.values():
                state.append(first(s, a))
        return state

    def program(self, state: State) -> Program:
        """The step for a state in which these places are filled."""
        key = tuple(a is None for a in state)
        if key not in self._programs:
            self._programs[key] = self.objective.program(self._step, [0.1, *state[self.leaves :]])
        return self._programs[key]

    def _step(self, y: Any, xs: list[Any], more: list[Any]) -> list[Any]:
        lr, *held = more
        hyper = self.rule.hyper({**self.group, "lr": lr})
        gs = gradients(y, xs)
        size = len(self.kinds)
        before = [read(x) for x in xs]
        after: list[Any] = []
        kept: list[Any] = []
        for i, (p, g) in enumerate(zip(before, gs)):
            mine = tuple(held[i * size : (i + 1) * size])
            if g is not None:  # as in optim, what has no gradient stays as it is
                p, mine = self.rule.update(p, g, mine, *hyper)
            after.append(p)
            kept.extend(mine)
        return [read(y), norm(_given(gs)), norm([p - q for p, q in zip(after, before)]), *after, *kept]

    def run(self, state: State, rates: Sequence[float], every: int) -> tuple[State, Any, list[Any]]:
        seen = np.empty((len(rates), 3))
        rows: list[Any] = []
        n = self.leaves
        for i, lr in enumerate(rates):
            if i == 0 or (self.fills and i == 1):
                step = self.program(state)
                loop = self._loop(step, state)
                if loop is not None and len(set(rates[i:])) == 1:
                    return self._run_native(loop, step, state, rates[i:], every, seen, rows)
            if every and i % every == 0:
                rows.append(state[:n])
            value, slope, moved, *state = step([*state[:n], lr, *state[n:]])
            seen[i] = value, slope, moved
            for k in self.numbers:
                state[k] = number(state[k])
        return state, seen, [np.stack(leaf) for leaf in zip(*rows)]

    def _loop(self, step: Program, state: State) -> Any:
        """Many steps in machine code; None where they are run one by one."""
        if self.native is False and not any(a is None for a in state):
            self.native = None
            counts = all(k == "step" for k, s in self.kinds.items() if type(s) is float)  # whole in any precision
            if step.replays and counts:
                self.native = _native(step, self.leaves)
            self.compiled = self.native is not None or step.compile()
        return self.native or None

    def _run_native(
        self, loop: Any, step: Program, state: State, rates: Sequence[float], every: int, seen: Any, rows: list[Any]
    ) -> tuple[State, Any, list[Any]]:
        n, done = self.leaves, len(seen) - len(rates)
        out, record = loop([*state[:n], rates[0], *state[n:], *step.held], len(rates))
        for i in range(3):
            seen[done:, i] = record[i]
        state = out[3 : 3 + len(state)]
        for k in self.numbers:
            state[k] = float(state[k])
        if not every:
            return state, seen, []
        tail = [leaf[-done % every :: every] for leaf in record[3:]]
        return state, seen, [np.concatenate([[r[i] for r in rows], t]) if rows else t for i, t in enumerate(tail)]

    def look(self, state: State) -> tuple[float, float]:
        value, slope = self.here(state[: self.leaves])
        return float(value), float(slope)


def _given(gs: Sequence[Any]) -> list[Any]:
    return [g for g in gs if g is not None]


def first(s: Any, like: Any) -> Any:
    """The start of a piece of state, as a rule declares it."""
    if isinstance(s, Fill):
        return np.full(like.shape, s.value, like.dtype) if like.shape else like.dtype.type(s.value)
    return None if s is None else number(s)


def number(s: float) -> float:
    """A count as the optimisers' classes keep it between steps: in single precision."""
    return float(np.float32(s))


def _native(step: Program, leaves: int) -> Any:
    """The loop of a step in machine code; None if llvmlite is missing or the graph is not for it."""
    try:
        from chainrule.compiler.native_cells import NotNative
        from chainrule.compiler.native_loop import native_loop
    except ImportError:
        return None
    inputs = [*step.inputs, *(i.var for i in step.captured)]
    results = [*step.results, *step.inputs[:leaves]]
    state = range(leaves, len(step.inputs) - 1)
    carried = [(i, 3 + i) for i in range(leaves)] + [(1 + i, 3 + i) for i in state]  # after the leaves comes the rate
    try:
        return native_loop(inputs, results, carried, [0, 1, 2, *range(len(step.results), len(results))])
    except (NotNative, ImportError, ValueError):
        return None
