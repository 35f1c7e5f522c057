"""Levenberg–Marquardt as a trust region, inside bounds, on residuals with an exact Jacobian.

Each round reduces Jacobian and residuals by one QR factorisation to a triangle, as small as the number of parameters;
all steps of the round are tried on that. The region is an ellipsoid in Moré's scaling (the largest length that a column
of the Jacobian has had), and the damping that belongs to its radius is a root of a function of one number. A parameter
at its bound is held there while the slope leads out; one that would pass its bound stops at it, and the others are
solved for anew.

What counts as an arrival is the relative offset of Bates and Watts: how far the linear model would still move the
parameters, in units of their own standard errors. It has no units, and is small at a minimum alone.

Sources: J. J. Moré, "The Levenberg-Marquardt algorithm: implementation and theory" (1978); D. M. Bates and D. G. Watts,
"A relative offset orthogonality convergence criterion for nonlinear least squares", Technometrics 23 (1981).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import numpy as np

from chainrule.fitting.losses import Loss

Array = Any
EPS = float(np.finfo(float).eps)
FIRST = 1.0  # the first radius, in units of the scaled length of the start
RESOLVED = 1e-3  # a relative offset below this, where the cost falls no more: the numbers themselves are the limit


class Residuals(Protocol):
    """What is fitted: residuals of a vector, and their Jacobian; `eps` is that of the numbers they are computed in."""

    eps: float

    def residuals(self, x: Array) -> Array:
        """The residuals, a vector."""

    def jacobian(self, x: Array) -> tuple[Array, Array]:
        """The residuals and their Jacobian, (residuals, parameters)."""


class End(NamedTuple):
    """Where it ended: `reason` is "converged", "flat", "short", "non-finite", "steps done" or "stopped"."""

    x: Array
    residuals: Array
    jacobian: Array  # of the quadratic model of the cost
    cost: float
    reason: str
    offset: float
    steps: int
    nfev: int
    njev: int
    held: Array  # which parameters are held at a bound
    square: Array  # JᵀJ


class Linear:
    """The linear model of the residuals at a point, in scaled parameters that are free to move."""

    def __init__(self, jacobian: Array, r: Array, normal: tuple[Array, Array], scale: Array, free: Array) -> None:
        self.free, self.scale = free, scale[free]
        n = int(free.sum())
        square, slope = normal if n == len(free) else (normal[0][np.ix_(free, free)], normal[1][free])
        root = short(square, self.scale) if len(r) >= MANY else None
        if root is not None:
            self.s, self.vt = root
            self.matrix = self.s[:, None] * self.vt
            self.target = self.c = self.vt @ (slope / self.scale) / self.s
            return
        self.matrix, self.target = _triangle(jacobian, r, free, self.scale)
        u, s, self.vt = np.linalg.svd(self.matrix)
        keep = s > EPS * max(len(r), n) * s[0] if n else s > 0
        self.s, self.c = np.where(keep, s, 0.0), np.where(keep, u.T @ self.target, 0.0)

    def offset(self, cost: float, dof: int) -> float:
        """The relative offset: the length of the step that is left, in standard errors."""
        moved, noise = np.sqrt(self.c @ self.c / max(len(self.c), 1)), np.sqrt(cost / max(dof, 1))
        return float(moved / noise) if noise > 0 else np.inf if moved > 0 else 0.0

    def step(self, radius: float) -> tuple[Array, float]:
        """The minimum of the model within the radius, and its damping."""
        s, c, damping = self.s, self.c, 0.0
        some = s > 0
        step = np.where(some, -c / np.where(some, s, 1.0), 0.0)
        if np.linalg.norm(step) <= 1.1 * radius:
            return self.vt.T @ step, 0.0
        low, high = 0.0, float(np.linalg.norm(s * c)) / radius
        damping = max(0.001 * high, np.finfo(float).tiny)
        for _ in range(30):  # Newton's method on 1/|step| - 1/radius, kept inside an interval
            below = s**2 + damping
            step = -s * c / below
            length = float(np.linalg.norm(step))
            if abs(length - radius) <= 0.1 * radius:
                break
            low, high = (damping, high) if length > radius else (low, damping)
            slope = -float(step**2 @ (1 / below)) / length
            new = damping - (length - radius) / radius * length / slope
            damping = new if low < new < high else max(0.001 * high, (low * high) ** 0.5)
        return self.vt.T @ step, damping

    def within(self, radius: float, low: Array, high: Array) -> tuple[Array, float]:
        """A step to a point between `low` and `high` (both relative to here), in the parameters' own units."""
        step, damping = self.step(radius)
        if len(step) == len(low) and (low == -np.inf).all() and (high == np.inf).all():
            return step / self.scale, damping
        low, high = low[self.free] * self.scale, high[self.free] * self.scale
        out = (step < low) | (step > high)
        if out.any():
            step = self._bent(step, damping, low, high, out)
        whole = np.zeros(len(self.free))
        whole[self.free] = step / self.scale
        return whole, damping

    def _bent(self, step: Array, damping: float, low: Array, high: Array, out: Array) -> Array:
        """The step with those that pass a bound stopped at it and the others solved for anew, until none passes."""
        stopped = np.zeros(len(step), bool)
        while out.any():
            step = np.clip(step, low, high)
            stopped |= out
            move = ~stopped
            if not move.any():
                break
            matrix = self.matrix[:, move]
            target = self.target + self.matrix[:, stopped] @ step[stopped]
            damped = np.vstack([matrix, np.sqrt(damping) * np.eye(matrix.shape[1])])
            step[move] = -np.linalg.lstsq(damped, np.append(target, np.zeros(matrix.shape[1])), rcond=None)[0]
            out = move & ((step < low) | (step > high))
        return np.clip(step, low, high)

    def gain(self, whole: Array) -> float:
        """By how much the model says that the cost falls along a step."""
        moved = self.matrix @ (whole[self.free] * self.scale)
        return float(-(moved @ moved) - 2 * (moved @ self.target))


def _triangle(jacobian: Array, r: Array, free: Array, scale: Array) -> tuple[Array, Array]:
    """R and Qᵀr of the free columns in their scale."""
    n = len(scale)
    table = np.empty((len(r), n + 1))
    np.divide(jacobian[:, free], scale, out=table[:, :n])
    table[:, n] = r
    triangle: Array = np.linalg.qr(table, mode="r")
    return triangle[:n, :n], triangle[:n, n]


MANY, GENTLE, THIN = 1000, 1e4, 8


def squared(jacobian: Array) -> Array:
    """JᵀJ; of few long columns half by half, as BLAS's way of it is half as fast."""
    n = jacobian.shape[1]
    if n > THIN or len(jacobian) < MANY:
        found: Array = jacobian.T @ jacobian
        return found
    found, rows = np.empty((n, n)), jacobian.T
    for i in range(n):
        found[i, i:] = found[i:, i] = rows[i:] @ rows[i]
    return found


def short(square: Array, scale: Array) -> tuple[Array, Array] | None:
    """(s, vt) of a Jacobian in its scale by JᵀJ, a tenth of a QR's price where rows are many (from MANY on).

    None where columns are near to dependent, as the square of their condition is lost. Jᵀr is to be computed from the
    residuals themselves, so that the place where it is nil is as exact as by QR.
    """
    squares, vectors = np.linalg.eigh(square / np.multiply.outer(scale, scale))
    if not squares.size or not squares[0] * GENTLE**2 > squares[-1]:
        return None
    return np.sqrt(squares[::-1]), vectors.T[::-1]


def solve(
    problem: Residuals, x: Array, low: Array, high: Array, loss: Loss, steps: int, tol: float,
    callback: Callable[[int, Array, float], Any] | None, begun: tuple[Array, Array] | None = None,
) -> End:  # fmt: skip
    """Descend from x; see the head of this file. Whoever calls has looked at the start, which is finite.

    begun: residuals and Jacobian there, if they are known. Elsewhere too both come from one call, as long as steps are
    taken at the first try: the Jacobian of a place that is turned down is wasted.
    """
    r, raw = begun or problem.jacobian(x)
    # Jacobians come and go. A C library gives the memory of a large array back to the system, and takes it page by page
    # again, until it has seen a larger one freed (mallopt(3), M_MMAP_THRESHOLD); pages cost more than what is computed.
    np.empty(min(4 * raw.size, 4_000_000))  # at most the 32 MB up to which it learns
    cost, nfev, njev, ahead = loss.cost(r), 1, 1, True
    scale: Array = np.zeros(len(x))
    radius, best = 0.0, np.inf
    offset, held, quadratic, jacobian = np.inf, np.zeros(len(x), bool), r, None
    blur = 0.01 * problem.eps**0.5  # relative: what the cost tells no more, by the digits of the residuals
    resolved = max(RESOLVED, 30 * problem.eps**0.5)
    n = 0

    def end(reason: str) -> End:
        there = loss.quadratic(*problem.jacobian(x))[1] if jacobian is None else jacobian
        return End(x, r, there, cost, reason, offset, n, nfev, njev + (jacobian is None), held, square)

    while True:
        if raw is None:
            _, raw = problem.jacobian(x)
            njev += 1
        quadratic, jacobian = loss.quadratic(r, raw)
        with np.errstate(over="ignore", invalid="ignore"):
            square, slope = squared(jacobian), quadratic @ jacobian
        if not np.isfinite(square).all() and not np.isfinite(jacobian).all():
            return end("non-finite")
        lengths = np.sqrt(np.diag(square))
        scale = np.maximum(scale, lengths)
        if not lengths.any() and cost > 0:
            return end("flat")
        held = ((x <= low) & (slope > 0)) | ((x >= high) & (slope < 0))
        for fresh in (False, True):
            # What a parameter once did may hide what it does now: no arrival but in the scale of this very place.
            scale = np.where(lengths > 0, lengths, scale) if fresh else scale
            unit = np.where(scale > 0, scale, 1.0)
            model = Linear(jacobian, quadratic, (square, slope), unit, ~held)
            offset = model.offset(cost, len(r) - int((~held).sum()))
            full, _ = model.within(np.inf, low - x, high - x)
            arrived = offset <= tol or bool((np.abs(full) <= 4 * EPS * np.abs(x)).all())
            if not arrived:
                break
        if arrived:
            return end("converged")
        if callback is not None and callback(n, x.copy(), cost) is True:
            return end("stopped")
        if n >= steps:
            return end("steps done")
        if not radius or fresh:
            radius = FIRST * (float(np.linalg.norm(unit * x)) or 1.0)
        finite = once = True
        jacobian = raw = None  # whose memory is taken for that of the next place, while it is near at hand
        while True:
            step, damping = model.within(radius, low - x, high - x)
            length = float(np.linalg.norm(unit * step))
            new = np.clip(x + step, low, high)
            gain = model.gain(step)
            tried, raw = problem.jacobian(new) if ahead else (problem.residuals(new), None)
            nfev, njev = nfev + 1, njev + ahead
            value = loss.cost(tried)
            finite = bool(np.isfinite(value))
            ratio = (cost - value) / gain if finite and gain > 0 else -1.0
            # Below the resolution of the cost, its fall says nothing: the model's own word is taken while it shrinks.
            blind = finite and gain <= blur * cost and value <= cost * (1 + blur) and offset < best
            if ratio < 0.25 and not blind:
                radius = 0.25 * length if not finite or ratio < 0 else 0.5 * min(radius, length)
            elif ratio > 0.75 or damping == 0:
                radius = max(radius, 2 * length)
            if ratio > 1e-4 or blind:
                break
            if not length > EPS * float(np.linalg.norm(unit * x)) or not (new != x).any():
                near = offset <= resolved or bool((np.abs(full) <= problem.eps**0.5 * np.abs(x)).all())
                return end("converged" if near else "short" if finite else "non-finite")
            once = ahead = False
        best = min(best, offset) if gain <= blur * cost else np.inf
        x, r, cost, ahead = new, tried, value, once
        n += 1
