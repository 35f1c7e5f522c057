"""Methods that choose the length of each step themselves: gradient descent and Newton's with a line search, and L-BFGS.

Runners as in steps.py, an iteration to a step. The state is the leaves; they are run one at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule import optim
from chainrule.api.backward import grad
from chainrule.core.state import mode
from chainrule.core.tensor import LEAF, Tensor, wrap
from chainrule.descend.flat import Flat
from chainrule.descend.history import History
from chainrule.descend.objective import Objective
from chainrule.descend.steps import Ran, State, walk
from chainrule.descend.stops import Stops

ENOUGH = 1e-4  # of the decrease that the slope promises (Armijo, 1966)
HALVINGS = 60


class Search:
    """Steps along a direction, each as long as a backtracking line search allows.

    The direction of "gd" is down the gradient; the one of "newton" leads to the minimum of the quadratic model, with
    curvatures taken by their size, so that it leads down (Nocedal and Wright, Numerical Optimization, section 3.4).
    """

    replays, pace = False, 1
    how = "each step with a line search"

    def __init__(self, objective: Objective, newton: bool, lr: float | None) -> None:
        self.flat = Flat(objective)
        self.newton = newton
        self.length = 1.0 if lr is None else lr

    def start(self) -> State:
        return list(self.flat.objective.start)

    def look(self, state: State) -> tuple[float, float]:
        value, g = self.flat.value_and_gradient(self.flat.join(state))
        return value, float(np.linalg.norm(g))

    def run(self, state: State, rates: Sequence[float], steps: int, at: int, history: History, stops: Stops) -> Ran:
        return walk(self._stepped, state, rates, steps, at, history, stops)

    def _stepped(self, state: State, _: float) -> tuple[float, float, float, State]:
        x = self.flat.join(state)
        value, g = self.flat.value_and_gradient(x)
        slope = float(np.linalg.norm(g))
        new = self._step(x, value, g) if np.isfinite([value, slope]).all() else x
        return value, slope, float(np.linalg.norm(new - x)), self.flat.split(new)

    def _step(self, x: Any, value: float, g: Any) -> Any:
        d = self._newton(x, g) if self.newton else -g
        slope = float(g @ d)
        length = 1.0 if self.newton else self.length
        for _ in range(HALVINGS):
            new = self.flat.rounded(x + length * d)
            there = self.flat.value_and_gradient(new)[0]
            if there <= value + ENOUGH * length * slope and there < value:
                self.length = 2 * length
                return new
            length /= 2
        return x

    def _newton(self, x: Any, g: Any) -> Any:
        curvatures, axes = np.linalg.eigh(self.flat.hessian(x))
        sizes = np.abs(curvatures)
        sizes = np.maximum(sizes, 1e-8 * max(float(sizes.max()), 1e-300))
        return -axes @ ((axes.T @ g) / sizes)


class QuasiNewton:
    """`optim.LBFGS` with Wolfe's line search, an iteration at a time."""

    replays, pace = False, 1
    how = "each step with a line search"

    def __init__(self, objective: Objective, group: dict[str, Any]) -> None:
        self.objective = objective
        self.xs: list[Tensor] = objective.parameters or [wrap(np.array(a), LEAF) for a in objective.start]
        chosen = {k: v for k, v in group.items() if k in ("lr", "history_size")}
        self.optimizer = optim.LBFGS(
            self.xs, **chosen, max_iter=1, max_eval=25, tolerance_grad=0.0, tolerance_change=0.0,
            line_search_fn="strong_wolfe",
        )  # fmt: skip
        self.flat = Flat(objective)

    def start(self) -> State:
        return list(self.objective.start)

    def look(self, state: State) -> tuple[float, float]:
        value, g = self.flat.value_and_gradient(self.flat.join(state))
        self.objective.put(state)
        return value, float(np.linalg.norm(g))

    def _closure(self) -> Tensor:
        with mode(grad=True):
            y = self.objective.call(self.xs)
            for x, g in zip(self.xs, grad(y, self.xs, allow_unused=True)):
                x._grad = g
        return y

    def run(self, state: State, rates: Sequence[float], steps: int, at: int, history: History, stops: Stops) -> Ran:
        return walk(self._stepped, state, rates, steps, at, history, stops)

    def _stepped(self, state: State, lr: float) -> tuple[float, float, float, State]:
        value, slope = self.look(state)
        self.optimizer.param_groups[0]["lr"] = lr
        after = state
        if np.isfinite([value, slope]).all() and slope > 0:
            self.optimizer.step(self._closure)
            after = [np.array(x._a)[()] for x in self.xs]
        moved = float(np.linalg.norm(self.flat.join(after) - self.flat.join(state)))
        return value, slope, moved, after
