"""A step of an optimiser as one graph: value, gradient and rule, from state to state.

The rule is the one that `optim` steps by, called on the values of the graph, so a descent gives the numbers of the loop
written out. The state is a flat list: the leaves of x, then for each leaf what its rule remembers (an array like the leaf,
a Python number, or None before the first step).

What runs steps is a *runner*:

    start()                       the state at x0
    run(state, rates, every)      that many steps -> (state, seen, points)
    look(state)                   (value, norm of the gradient) where the state stands
    replays                       whether running the same steps again does the same

`seen` has a row for each step: the value and the gradient's norm before it, and the length of the step. `points` holds
the leaves before steps 0, every, 2 every, ... of this run; every=0 keeps none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.core.op import REGISTRY
from chainrule.descend.objective import Objective, Program, gradients, read
from chainrule.optim.rules import Fill, Rule

State = list[Any]


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

    def __init__(self, objective: Objective, rule: Rule, group: dict[str, Any]) -> None:
        self.objective, self.rule, self.group = objective, rule, group
        self.kinds = rule.start(group)
        self.leaves = len(objective.start)
        self.number = [False] * self.leaves + [type(s) is float for s in self.kinds.values()] * self.leaves
        self.fills = None in self.kinds.values()  # the first step makes a part of the state
        self._programs: dict[tuple[bool, ...], Program] = {}
        self.here = objective.program(lambda y, xs, _: [read(y), norm(_given(gradients(y, xs)))])

    @property
    def replays(self) -> bool:
        return self.here.replays

    @property
    def how(self) -> str:
        return f"run without a graph: {self.here.why}" if self.here.why else "interpreted"

    def start(self) -> State:
        state = list(self.objective.start)
        for a in self.objective.start:
            for s in self.kinds.values():
                state.append(_full(a, s.value) if isinstance(s, Fill) else s)
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
        before, after, kept = [read(x) for x in xs], [], []
        for i, (p, g) in enumerate(zip(before, gs)):
            mine = tuple(held[i * size : (i + 1) * size])
            if g is not None:  # as in optim, what has no gradient stays as it is
                p, mine = self.rule.update(p, g, mine, *hyper)
            after.append(p)
            kept.extend(mine)
        return [read(y), norm(_given(gs)), norm([p - q for p, q in zip(after, before)]), *after, *kept]

    def run(self, state: State, rates: Sequence[float], every: int) -> tuple[State, Any, list[Any]]:
        seen = np.empty((len(rates), 3))
        points = []
        n = self.leaves
        numbers = [i for i, yes in enumerate(self.number) if yes]
        step = self.program(state)
        for i, lr in enumerate(rates):
            if every and i % every == 0:
                points.append(state[:n])
            if self.fills and i < 2:
                step = self.program(state)
            value, slope, moved, *state = step([*state[:n], lr, *state[n:]])
            seen[i] = value, slope, moved
            for k in numbers:
                state[k] = float(np.float32(state[k]))  # the optimisers' classes keep their counts so
        return state, seen, points

    def look(self, state: State) -> tuple[float, float]:
        value, slope = self.here(state[: self.leaves])
        return float(value), float(slope)


def _given(gs: Sequence[Any]) -> list[Any]:
    return [g for g in gs if g is not None]


def _full(a: Any, value: float) -> Any:
    return np.full(a.shape, value, a.dtype) if a.shape else a.dtype.type(value)
