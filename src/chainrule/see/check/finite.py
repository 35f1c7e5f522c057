"""The slope of a function of one number from its values alone, with an estimate of its error.

Central differences at steps that halve, extrapolated to step 0 (Richardson's table, and Ridders' way to choose in it
the entry whose neighbours agree best); and the same from the right and from the left, which tells a kink. The method:
C. J. F. Ridders, Accurate computation of F'(x) and F'(x) F''(x), Advances in Engineering Software 4 (1982), 75.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

FIRST = 0.0871  # the first step, for numbers of about 1: no fraction that periods of functions are likely to be
DEPTH = 5  # columns of the table


class Estimate(NamedTuple):
    """A slope, and about how wrong it may be; NaN and infinite where there is none."""

    value: float
    error: float


class Slopes(NamedTuple):
    """The slope from both sides together, and from each."""

    both: Estimate
    left: Estimate
    right: Estimate
    size: float  # how much the function is and does per unit of the number: against which slopes are large or small
    eps: float
    jump: bool = False  # whether the function comes to another value from a side than it has

    @property
    def kink(self) -> bool:
        """Whether the slopes from the left and from the right are there, and differ."""
        apart = abs(self.right.value - self.left.value)
        doubt = 100 * (self.right.error + self.left.error)
        return bool(apart > doubt + self.eps**0.5 * max(abs(self.left.value), abs(self.right.value), self.size))

    @property
    def best(self) -> Estimate:
        """The slope from both sides, else from the one on which the function has values."""
        if np.isfinite(self.both.value):
            return self.both
        return min(self.left, self.right, key=lambda e: e.error)

    @property
    def settled(self) -> bool:
        """Whether smaller steps bring the slope nearer to a number."""
        value, error = self.best
        return bool(np.isfinite(value) and error <= 0.01 * max(abs(value), self.size))


def slopes(g: Callable[[float], float], x: float, dtype: np.dtype[np.floating]) -> Slopes:
    """The slopes of g at x. dtype: in which g computes; g(x) is NaN where it has no value."""
    eps = float(np.finfo(dtype).eps)
    scale = max(abs(x), 1.0)
    least = scale * eps**0.6
    if x:
        least = min(least, 1e-3 * abs(x))  # near the edge of a domain, as log has it at 0
    steps = FIRST * scale * 0.5 ** np.arange(1 + int(np.log2(FIRST * scale / least)))
    ends = [(float(dtype.type(x - h)), float(dtype.type(x + h))) for h in steps]  # the steps that are really made
    y = g(x)
    values = [(g(a), g(b)) for a, b in ends]
    rounding = [eps * float(np.nansum(np.abs([ya, yb, y]))) for ya, yb in values]

    def extrapolated(differences: Sequence[tuple[float, float]], order: int) -> Estimate:
        quotients = [dy / dx if dx else np.nan for dy, dx in differences]
        return _extrapolated(quotients, [r / dx if dx else np.inf for r, (_, dx) in zip(rounding, differences)], order)

    from_left = [(y - ya, x - a) for (a, _), (ya, _) in zip(ends, values)]
    from_right = [(yb - y, b - x) for (_, b), (_, yb) in zip(ends, values)]
    does = [abs(dy / dx) for dy, dx in (from_left[0], from_right[0]) if np.isfinite(dy)]
    with np.errstate(all="ignore"):
        return Slopes(
            extrapolated([(yb - ya, b - a) for (a, b), (ya, yb) in zip(ends, values)], 2),
            extrapolated(from_left, 1), extrapolated(from_right, 1), max(abs(y) / scale, *does, 0.0), eps,
            any(_stays([abs(dy) for dy, _ in side], max(rounding)) for side in (from_left, from_right)),
        )  # fmt: skip


def _stays(gaps: Sequence[float], noise: float) -> bool:
    """Whether the function's changes do not become smaller with the steps, which halve: at the last four hardly."""
    near, far = gaps[-1], gaps[-5]
    return bool(np.isfinite(near) and np.isfinite(far) and near > 1000 * noise and near > 0.9 * far)


def _extrapolated(quotients: Sequence[float], rounding: Sequence[float], order: int) -> Estimate:
    """The limit of quotients at halving steps, whose error is a series in step^order."""
    best = Estimate(np.nan, np.inf)
    before: list[float] = []
    for quotient, noise in zip(quotients, rounding):
        if not np.isfinite(quotient):
            before = []
            continue
        row = [quotient]
        for j, corner in enumerate(before[:DEPTH]):
            row.append(row[j] + (row[j] - corner) / (2 ** (order * (j + 1)) - 1))
            error = max(abs(row[j + 1] - row[j]), abs(row[j + 1] - corner)) + 2 * noise
            if error < best.error:
                best = Estimate(float(row[j + 1]), float(error))
        before = row
    return best
