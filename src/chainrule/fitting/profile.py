"""Intervals by profile: how far a parameter can go before χ², least by all others, has risen too far."""

from __future__ import annotations

import math

import numpy as np

from chainrule.fitting.levenberg import End, solve
from chainrule.fitting.losses import Loss
from chainrule.fitting.model import Problem

FAR = 60  # doublings of the distance after which a side is taken for open


def profile(
    problem: Problem, end: End, i: int, t: float, error: float, unit: float, loss: Loss, steps: int, tol: float
) -> tuple[float, float]:
    """Where √(rise of χ² / unit) is t, below and above; an open side is inf, one that ends at a bound is the bound."""

    def side(sign: int) -> float:
        wall = float((problem.parameters.low if sign < 0 else problem.parameters.high)[i])
        start = end.x.copy()

        def height(distance: float) -> float:
            """√(rise/unit) at a distance, which is nearly a line; the others go on from where they were."""
            nonlocal start
            at = start.copy()
            at[i] = end.x[i] + sign * distance
            low, high = problem.parameters.low.copy(), problem.parameters.high.copy()
            low[i] = high[i] = at[i]
            r = problem.residuals(at)
            if not np.isfinite(r).all():
                return math.inf
            found = solve(problem, at, low, high, loss, steps, max(tol, 1e-6), None)
            rise = found.cost - end.cost
            if rise < -1e-8 * end.cost - 1e-12 * unit:
                raise ValueError(
                    f"the profile of {problem.parameters.labels[i]} meets a lower χ² ({found.cost:.6g} below "
                    f"{end.cost:.6g}) than the fit's: fit again from there, at {found.x.tolist()}"
                )
            start = found.x
            return math.sqrt(max(rise, 0.0) / unit)

        near, near_height, far = 0.0, 0.0, min(t * error, abs(wall - end.x[i]))
        for _ in range(FAR):
            far_height = height(far)
            if far_height >= t:
                break
            if far >= abs(wall - end.x[i]):
                return wall
            near, near_height = far, far_height
            far = min(far * min(max(1.2 * t / max(far_height, 1e-3 * t), 1.2), 2.0), abs(wall - end.x[i]))
        else:
            return sign * math.inf
        for _ in range(60):  # regula falsi, halved where a side stays too long
            share = (t - near_height) / (far_height - near_height) if math.isfinite(far_height) else 0.5
            middle = near + min(max(share, 0.05), 0.95) * (far - near)
            value = height(middle)
            if abs(value - t) <= 1e-6 * t or far - near <= 1e-12 * far:
                return float(end.x[i] + sign * middle)
            if value < t:
                near, near_height = middle, value
            else:
                far, far_height = middle, value
        return float(end.x[i] + sign * (near + far) / 2)

    return side(-1), side(1)
