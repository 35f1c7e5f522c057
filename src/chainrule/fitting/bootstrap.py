"""Errors by bootstrap: the fit again and again, to data that are drawn from its own residuals.

Source: B. Efron and R. J. Tibshirani, An Introduction to the Bootstrap (1993), chapter 9.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.core.tensor import wrap
from chainrule.fitting.levenberg import solve
from chainrule.fitting.many import together
from chainrule.fitting.parameters import Parameters

if TYPE_CHECKING:
    from chainrule.fitting.result import Fit

Array = Any


@dataclass
class Bootstrap:
    """The parameters of many fits: `samples` by name, a row for each fit that arrived; `failed` counts the others."""

    samples: dict[str, Array]
    failed: int

    @property
    def errors(self) -> dict[str, Any]:
        """The standard deviations of the samples by name."""
        spread = {name: np.std(each, axis=0, ddof=1) for name, each in self.samples.items()}
        return {name: float(s) if np.ndim(s) == 0 else s for name, s in spread.items()}

    def interval(self, name: str, level: float = 0.95) -> tuple[Any, Any]:
        """The interval between the quantiles of the samples."""
        if name not in self.samples:
            raise ValueError(f"there is no {name!r}; there are {', '.join(self.samples)}")
        if not 0 < level < 1:
            raise ValueError(f"level must lie between 0 and 1, as 0.95; got {level!r}")
        low, high = np.quantile(self.samples[name], [(1 - level) / 2, (1 + level) / 2], axis=0)
        return (float(low), float(high)) if np.ndim(low) == 0 else (low, high)


def bootstrap(found: Fit, n: int, seed: int) -> Bootstrap:
    """n fits to the curve with residuals drawn from the fit's own, which are centred and scaled to the lost freedom."""
    if not isinstance(n, int) or isinstance(n, bool) or n < 2:
        raise ValueError(f"n must be a whole number, at least 2; got {n!r}")
    if not found.success or found.dof < 1:
        raise ValueError(f"a bootstrap is that of a minimum with residuals, but the fit ended so: {found.message}")
    problem, end, _ = found._given(None)
    assert problem.y is not None
    draws = np.random.default_rng(seed)
    sigma = 1.0 if problem.sigma is None else problem.sigma.numpy()
    shape = tuple(problem.y.shape)
    curve = problem.y.numpy() + end.residuals.reshape(shape) * sigma
    pool = (end.residuals - end.residuals.mean()) * math.sqrt(len(end.residuals) / found.dof)
    of, kept, failed = problem.parameters, [], 0
    ys = curve + draws.choice(pool, (n, len(pool))).reshape(n, *shape) * sigma
    xs, arrived = together(problem, ys, end.x, found.solver)
    for i in range(n):
        if arrived[i]:
            kept.append(xs[i])
            continue
        again = problem.with_data(ys[i])
        got = solve(again, end.x.copy(), of.low, of.high, found.solver["loss"], found.solver["steps"], 1e-6, None)
        if got.reason == "converged":
            kept.append(got.x)
        else:
            failed += 1
    return Bootstrap(named(of, kept), failed)


def named(of: Parameters, xs: list[Array]) -> dict[str, Array]:
    """Rows of the numbers that move as values by name."""
    if of.ties:
        rows = [{name: np.array(v.detach().numpy()) for name, v in of.by_name(wrap(x)).items()} for x in xs]
        return {name: np.array([row[name] for row in rows]) for name in of.values}
    table = np.array(xs).reshape(len(xs), -1)
    return {
        name: table[:, of.slices[name]].reshape(len(xs), *value.shape)
        if name in of.slices
        else np.broadcast_to(value, (len(xs), *value.shape)).copy()
        for name, value in of.values.items()
    }
