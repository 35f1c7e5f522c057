"""A start for those who have none: many are tried, of the sizes of the data, and the fit runs from the best of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.fitting.fit import fit
from chainrule.fitting.model import finite
from chainrule.fitting.result import Fit

TRIED, FITTED = 400, 6
Array = Any


def fit_guessed(
    model: Any, x: Any, y: Any, names: Sequence[str], bounds: dict[str, Any], given: dict[str, float], **options: Any
) -> tuple[Fit, dict[str, float]]:
    """The best fit from starts that were guessed, and the start it came from; what is `given` is kept.

    The starts are drawn from the sizes of x and y, their inverses and ratios, and small whole numbers, always the same
    for the same data. Raises ValueError if no start is found at which the model is finite.
    """
    ys = finite(y, "y")
    xs = np.concatenate([np.ravel(finite(v, "x")) for v in (x.values() if isinstance(x, dict) else [x])])
    sizes = np.array([
        1.0, 0.5, 2.0, 0.1, np.ptp(ys), ys.min(), ys.max(), ys.mean(), np.ptp(xs), xs.mean(), 1 / (np.ptp(xs) or 1.0),
        3 / (np.ptp(xs) or 1.0), 10 / (np.ptp(xs) or 1.0), np.ptp(ys) / (np.ptp(xs) or 1.0), np.ptp(xs) / 10,
        float(xs[np.ravel(ys).argmax()]) if xs.size == ys.size else 1.0,
    ])  # fmt: skip
    sizes = sizes[(sizes != 0) & np.isfinite(sizes)]
    draws = np.random.default_rng(0)
    starts: list[tuple[float, int, dict[str, float]]] = []
    why = None
    for _ in range(TRIED):
        drawn = {n: float(draws.choice(sizes) * draws.choice([1, 1, 1, -1])) for n in names}
        start = {**{n: _inside(v, bounds.get(n)) for n, v in drawn.items()}, **given}
        try:
            tried = fit(model, x, y, start, bounds=bounds, **{**options, "steps": 0})
        except ValueError as e:
            why = e
        else:
            starts.append((tried.chi2, len(starts), start))
    if not starts:
        assert why is not None
        raise why
    found = [(fit(model, x, y, start, bounds=bounds, **options), start) for _, _, start in sorted(starts)[:FITTED]]
    return min(found, key=lambda pair: (not pair[0].success, pair[0].chi2))


def _inside(value: float, pair: Any) -> float:
    low, high = pair or (None, None)
    low, high = -np.inf if low is None else low, np.inf if high is None else high
    if low <= value <= high:
        return value
    if np.isfinite(low) and np.isfinite(high):
        return float(low + (high - low) / 2)
    return float(low + abs(value)) if np.isfinite(low) else float(high - abs(value))
