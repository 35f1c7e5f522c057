"""L-BFGS: quasi-Newton steps from the last few changes of the gradient (Nocedal, 1980; Liu and Nocedal, 1989).

The direction is the gradient times an implicit inverse Hessian, by the two-loop recursion; the step length is the
learning rate, or with `line_search_fn="strong_wolfe"` one that meets Wolfe's conditions, found by bracketing and cubic
interpolation (Nocedal and Wright, Numerical Optimization, 2nd edition, algorithms 3.5 and 3.6).

Everything works on one flat vector of all parameters. Numbers are chosen as PyTorch chooses them, so runs agree.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import copysign, inf, isfinite
from typing import Any

import numpy as np

from chainrule.core.state import mode
from chainrule.core.tape import store
from chainrule.core.tensor import Tensor, touch
from chainrule.optim.optimizer import Closure, Optimizer, Params

Vector = Any
Point = tuple[float, float, Vector, float]  # a step length; the value, gradient and slope there
Change = tuple[Vector, Vector, float]  # of the gradient, of the place, and 1 / their product
Evaluate = Callable[[float], Point]


class LBFGS(Optimizer):
    """Limited-memory BFGS; `step` needs a closure that computes the loss and its gradients anew.

    >>> import chainrule as cr
    >>> x = cr.tensor([3.0, -2.0], requires_grad=True)
    >>> optimizer = cr.optim.LBFGS([x], line_search_fn="strong_wolfe")
    >>> def closure():
    ...     optimizer.zero_grad()
    ...     loss = ((x - 1) ** 2).sum()
    ...     loss.backward()
    ...     return loss
    >>> _ = optimizer.step(closure)
    >>> [round(v, 4) for v in x.tolist()]
    [1.0, 1.0]
    """

    def __init__(
        self, params: Params, lr: Any = 1, max_iter: int = 20, max_eval: int | None = None,
        tolerance_grad: float = 1e-7, tolerance_change: float = 1e-9, history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:  # fmt: skip
        if lr < 0.0:
            raise ValueError(f"Invalid learning rate: {lr}")
        if line_search_fn not in (None, "strong_wolfe"):
            raise RuntimeError("only 'strong_wolfe' is supported")
        super().__init__(params, {
            "lr": lr, "max_iter": max_iter, "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
            "tolerance_grad": tolerance_grad, "tolerance_change": tolerance_change, "history_size": history_size,
            "line_search_fn": line_search_fn,
        })  # fmt: skip
        if len(self.param_groups) != 1:
            raise ValueError("LBFGS doesn't support per-parameter options (parameter groups)")
        self._params: list[Tensor] = self.param_groups[0]["params"]

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self._params = self.param_groups[0]["params"]

    def _gradient(self) -> Vector:
        parts = [(np.zeros_like(p._a) if p._grad is None else p._grad._a) for p in self._params]
        return np.concatenate([np.asarray(a).reshape(-1) for a in parts])

    def _place(self) -> Vector:
        return np.concatenate([np.asarray(p._a).reshape(-1) for p in self._params])

    def _move(self, to: Vector) -> None:
        at = 0
        for p in self._params:
            n = p._a.size
            store(p, to[at : at + n].reshape(p._a.shape))
            touch(p, "LBFGS.step")
            at += n

    def step(self, closure: Closure | None = None) -> Any:
        """Up to `max_iter` iterations. `closure` computes the loss and its gradients; the first loss is returned."""
        if closure is None:
            raise TypeError("LBFGS.step() needs a closure that computes the loss and calls backward() on it")
        self._opt_called = True
        group = self.param_groups[0]
        held = self.state[self._params[0]]
        held.setdefault("func_evals", 0)
        held.setdefault("n_iter", 0)

        def loss_here() -> Any:
            with mode(grad=True):
                return closure()

        first = loss_here()
        loss, g, evaluations = float(first), self._gradient(), 1
        held["func_evals"] += 1
        if abs(g).max() <= group["tolerance_grad"]:
            return first
        for iteration in range(1, group["max_iter"] + 1):
            held["n_iter"] += 1
            d = self._direction(held, g, group["history_size"])
            lr = float(group["lr"])
            t = min(1.0, 1.0 / float(abs(g).sum())) * lr if held["n_iter"] == 1 else lr
            slope = float(g @ d)
            held["prev_flat_grad"], held["prev_loss"], held["d"], held["t"] = g.copy(), loss, d, t
            if not -inf < slope <= -group["tolerance_change"]:  # nor where it is no number
                break
            start, before = self._place(), loss

            def at(length: float, start: Vector = start, d: Vector = d) -> Point:
                to = (start + length * d).astype(start.dtype)
                if not np.isfinite(to).all():  # beyond the largest number: as high as can be
                    return length, inf, d, inf
                self._move(to)
                value, there = float(loss_here()), self._gradient()
                return length, value, there, float(there @ d)

            if group["line_search_fn"] is not None:
                (t, loss, g, _), used = strong_wolfe(
                    at, t, (0.0, loss, g, slope), float(abs(d).max()), group["tolerance_change"],
                    most=group["max_eval"] - evaluations,
                )  # fmt: skip
                self._move((start + t * d).astype(start.dtype))
            else:
                self._move((start + t * d).astype(start.dtype))
                used = 0
                if iteration != group["max_iter"]:
                    loss, g, used = float(loss_here()), self._gradient(), 1
            held["t"] = t
            evaluations += used
            held["func_evals"] += used
            if (
                evaluations >= group["max_eval"]
                or abs(g).max() <= group["tolerance_grad"]
                or abs(d * t).max() <= group["tolerance_change"]
                or abs(loss - before) < group["tolerance_change"]
            ):
                break
        return first

    def _direction(self, held: dict[str, Any], g: Vector, size: int) -> Vector:
        """Minus the gradient times the inverse Hessian that the remembered changes stand for."""
        if held["n_iter"] == 1:
            held["changes"], held["H_diag"] = [], 1.0
            return -g
        y, s = g - held["prev_flat_grad"], held["d"] * held["t"]
        ys = float(y @ s)
        changes: list[Change] = held["changes"]  # oldest first
        if ys > 1e-10:
            if len(changes) == size:
                changes.pop(0)
            changes.append((y, s, 1.0 / ys))
            held["H_diag"] = ys / float(y @ y)
        return two_loops(changes, g, held["H_diag"])


def two_loops(changes: Sequence[Change], g: Vector, scale: float) -> Vector:
    """Minus the gradient times the inverse Hessian that the changes stand for, beginning with `scale` times one."""
    q = -g
    weights = []
    for y, s, rho in reversed(changes):
        weights.append(float(s @ q) * rho)
        q = q - weights[-1] * y
    r = q * scale
    for (y, s, rho), a in zip(changes, reversed(weights)):
        r = r + s * (a - float(y @ r) * rho)
    return r


def _cubic(p: Point, q: Point, bounds: tuple[float, float] | None = None) -> float:
    """Where the cubic through two points with these values and slopes is least, within bounds.

    In the middle between the bounds where there is no such cubic, or it says nothing (a straight line, no number).
    """
    if p[0] > q[0]:
        p, q = q, p
    (x1, f1, _, g1), (x2, f2, _, g2) = p, q
    low, high = bounds or (x1, x2)
    middle = (low + high) / 2.0
    if x1 == x2:
        return middle
    d1 = g1 + g2 - 3 * (f1 - f2) / (x1 - x2)
    square = d1 * d1 - g1 * g2
    if not 0 <= square < inf:
        return middle
    d2 = square**0.5
    over, under = g2 + d2 - d1, g2 - g1 + 2 * d2
    if under == 0:  # of a straight line the least is at that end to which it falls
        return middle if over == 0 else low if over * copysign(1.0, under) > 0 else high
    return min(max(x2 - (x2 - x1) * (over / under), low), high)


def strong_wolfe(
    at: Evaluate, t: float, start: Point, reach: float, tolerance: float, most: int, noise: float = 0.0,
    c1: float = 1e-4, c2: float = 0.9,
) -> tuple[Point, int]:  # fmt: skip
    """A step that lowers the value enough and flattens the slope enough, and the number of evaluations that took.

    reach: the greatest element of the direction, so that `tolerance` is about distances; most: iterations.
    noise: how much of a rise is put down to rounding, where the slopes say that it goes down (Hager and Zhang, 2005).

    A point without a finite value and slope counts as infinitely high: the step is made shorter. One where the value is
    minus infinity is taken as it is.
    """
    _, f0, _, slope0 = start

    def look(length: float) -> Point:
        point = at(length)
        if point[1] == -inf or (isfinite(point[1]) and isfinite(point[3])):
            return point
        return length, inf, point[2], inf

    before, now = start, look(t)
    for i in range(most):
        if now[1] == -inf:
            return now, i + 1
        if now[1] > f0 + c1 * now[0] * slope0 + noise or (i > 1 and now[1] - noise >= before[1]):
            return _zoom(look, [before, now], start, reach, tolerance, most, i, noise, c1, c2)
        if abs(now[3]) <= -c2 * slope0:
            return now, i + 1
        if now[3] >= 0:
            return _zoom(look, [before, now], start, reach, tolerance, most, i, noise, c1, c2)
        t = now[0]
        further = _cubic(before, now, (t + 0.01 * (t - before[0]), t * 10))
        before, now = now, look(further)
    return min(start, now, key=lambda point: point[1]), max(most, 0) + 1


def _zoom(
    at: Evaluate, bracket: list[Point], start: Point, reach: float, tolerance: float, most: int, done: int,
    noise: float, c1: float, c2: float,
) -> tuple[Point, int]:  # fmt: skip
    """Narrow a bracket that holds an acceptable step, after `done` of at most `most` iterations."""
    _, f0, _, slope0 = start
    calls, stuck = done + 1, False
    low, high = (0, 1) if bracket[0][1] <= bracket[1][1] else (1, 0)
    for _ in range(most - done):
        least, greatest = sorted((bracket[0][0], bracket[1][0]))
        if (greatest - least) * reach < tolerance:
            break
        t = _cubic(bracket[0], bracket[1])
        margin = 0.1 * (greatest - least)
        near = min(greatest - t, t - least) < margin  # once that is let pass, then the step is moved inside
        if near and (stuck or t >= greatest or t <= least):
            t = greatest - margin if abs(t - greatest) < abs(t - least) else least + margin
            near = False
        stuck = near
        now = at(t)
        calls += 1
        if now[1] > f0 + c1 * t * slope0 + noise or now[1] - noise >= bracket[low][1]:
            bracket[high] = now
            low, high = (0, 1) if bracket[0][1] <= bracket[1][1] else (1, 0)
            continue
        if abs(now[3]) <= -c2 * slope0:
            return now, calls
        if now[3] * (bracket[high][0] - bracket[low][0]) >= 0:
            bracket[high] = bracket[low]
        bracket[low] = now
    return bracket[low], calls
