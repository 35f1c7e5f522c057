"""Fits of the kinds that come up, and how SciPy, lmfit and iminuit solve them.

`python tests/fit_problems.py` writes what they answer, with their versions, into `fit_peers.json`: the tests compare
with that everywhere, and where a peer is installed with what it says itself. Noise is from NumPy's old generator, whose
numbers never change.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

Array = Any
RECORDED = Path(__file__).with_name("fit_peers.json")
NOISE = np.random.RandomState(11).normal(size=400)


class Problem(NamedTuple):
    """A model in functions of `m`, which is NumPy or chainrule; `sigma` is what the noise of y was drawn with.

    residuals: in the place of model, x and y. scaled: whether errors are scaled by √(χ²/dof), sigma being unknown.
    """

    start: dict[str, float]
    model: Callable[..., Any] | None = None  # (m, x, *parameters)
    x: Array = None
    y: Array = None
    sigma: Any = None
    residuals: Callable[..., Any] | None = None  # (m, *parameters), an array or a tuple of them
    scaled: bool = False
    options: Any = MappingProxyType({})  # bounds, tied, loss and f_scale, as `fit` takes them
    intervals: tuple[str, ...] = ()  # parameters whose profile is compared

    def weighed(self, p: dict[str, Any]) -> Array:
        """The residuals in NumPy, flat, from all parameters."""
        if self.residuals is not None:
            got = self.residuals(np, **p)
            return np.concatenate([np.ravel(r) for r in (got if isinstance(got, tuple) else (got,))])
        assert self.model is not None
        return (self.model(np, self.x, **p) - self.y) / (1.0 if self.sigma is None else self.sigma)


def noisy(model: Callable[..., Any], x: Array, truth: dict[str, float], sigma: Any, begin: int = 0) -> Array:
    """Data of a model."""
    return model(np, x, **truth) + sigma * NOISE[begin : begin + len(x)]


def near(truth: dict[str, float], times: float = 1.15) -> dict[str, float]:
    """A start that is off."""
    return {name: times * value for name, value in truth.items()}


def curve(model: Any, x: Array, truth: dict[str, float], sigma: Any, scaled: bool = False, **more: Any) -> Problem:
    """A problem of y over x."""
    start = more.pop("start", near(truth))
    y = more.pop("y", noisy(model, x, truth, sigma))
    return Problem(start, model, x, y, None if scaled else sigma, scaled=scaled, **more)


def damped(m: Any, x: Any, a: Any, g: Any, w: Any, p: Any, c: Any) -> Any:
    return a * m.exp(-g * x) * m.cos(w * x + p) + c


def decay(m: Any, x: Any, a: Any, k: Any, c: Any) -> Any:
    return a * m.exp(-k * x) + c


def peaks(m: Any, x: Any, c: Any, **p: Any) -> Any:
    return c + sum(p[f"h{i}"] * m.exp(-(((x - p[f"m{i}"]) / p[f"s{i}"]) ** 2)) for i in range(5))


GAUSSIANS = [(3.0, 2.0, 0.5), (5.0, 4.0, 0.7), (2.0, 6.5, 0.4), (4.0, 8.0, 0.6), (1.5, 10.0, 0.8)]
FIVE = {"c": 0.5, **{f"{n}{i}": v for i, peak in enumerate(GAUSSIANS) for n, v in zip("hms", peak)}}
T, LONG, TURN = np.linspace(0, 5, 60), np.linspace(0, 10, 200), np.linspace(0, 4, 30)
OUTLIERS = np.where(np.isin(np.arange(60), (5, 20, 33)), [1.5], [0.0])
SHARED = (decay(np, T, 2.0, 0.7, 0.5) + 0.05 * NOISE[:60], 5 * np.exp(-0.7 * T[:40]) + 0.02 * NOISE[60:100])
CIRCLE = 3 + 2 * np.cos(TURN) + 0.05 * NOISE[:30], -1 + 2 * np.sin(TURN) + 0.05 * NOISE[30:60]


def of(m: Any, a: Array) -> Any:
    """Data as m's own."""
    return a if m is np else m.tensor(a)


def shared(m: Any, a: Any, b: Any, k: Any, c: Any) -> Any:
    t, y, z = (of(m, v) for v in (T, *SHARED))
    return (a * m.exp(-k * t) + c - y) / 0.05, (b * m.exp(-k * t[:40]) - z) / 0.02


def circle(m: Any, u: Any, v: Any, r: Any) -> Any:
    s, t = (of(m, a) for a in CIRCLE)
    return m.sqrt((s - u) ** 2 + (t - v) ** 2) - r


CONCENTRATION = np.array([0.02, 0.02, 0.06, 0.06, 0.11, 0.11, 0.22, 0.22, 0.56, 0.56, 1.1, 1.1])
DECAY = {"a": 2.0, "k": 0.7, "c": 0.5}
PROBLEMS = {
    "damped oscillation": curve(
        damped, LONG, {"a": 2.0, "g": 0.2, "w": 3.0, "p": 0.4, "c": 0.3}, 0.1, intervals=("g", "w")
    ),
    "five Gaussians": curve(
        peaks, np.linspace(0, 12, 400), FIVE, 0.1, start=near(FIVE, 1.06)
    ),
    "shared parameters": Problem(
        {"a": 1.0, "b": 1.0, "k": 0.5, "c": 0.0}, residuals=shared, intervals=("k",)
    ),
    "tied parameters": curve(
        decay, T, DECAY, 0.05, options={"tied": {"c": "a/4"}}, start={"a": 1.0, "k": 0.5}, intervals=("k",)
    ),
    "bounds active": curve(decay, T, DECAY, 0.05, options={"bounds": {"k": (0.0, 0.6)}}, start=near(DECAY, 0.8)),
    "robust loss": curve(
        decay, T, DECAY, 0.05, y=noisy(decay, T, DECAY, 0.05) + OUTLIERS,
        options={"loss": "soft_l1", "f_scale": 2.0},
    ),
    "circle": Problem({"u": 0.0, "v": 0.0, "r": 1.0}, residuals=circle, scaled=True, intervals=("r",)),
    "Michaelis-Menten": curve(
        lambda m, x, v, k: v * x / (k + x), CONCENTRATION, {"v": 210.0, "k": 0.06}, 8.0, scaled=True,
        intervals=("v", "k"),
    ),
    "two exponentials, hardly determined": curve(
        lambda m, x, a, k, b, q: a * m.exp(-k * x) + b * m.exp(-q * x), np.linspace(0, 6, 80),
        {"a": 1.0, "k": 0.8, "b": 1.0, "q": 1.3}, 1e-4, scaled=True, intervals=("k", "q"),
    ),
    "logistic growth": curve(
        lambda m, x, h, r, t: h / (1 + m.exp(-r * (x - t))), LONG[:60] * 3, {"h": 8.0, "r": 1.2, "t": 4.0}, 0.2,
        intervals=("h", "r"),
    ),
    "power law": curve(
        lambda m, x, a, n, c: a * x**n + c, np.linspace(0.5, 6, 50), {"a": 1.5, "n": 1.7, "c": 2.0}, 0.3
    ),
    "resonance": curve(
        lambda m, x, a, g, w: a / m.sqrt((x**2 - w**2) ** 2 + (g * x) ** 2), np.linspace(0.2, 4, 90),
        {"a": 3.0, "g": 0.3, "w": 2.0}, 0.05, intervals=("g",),
    ),
}  # fmt: skip

# Counts: the likelihood itself is what is minimised, so this one is for `minimize`, and for iminuit.
COUNTED = np.linspace(0, 4, 50)
COUNTS = np.random.RandomState(5).poisson(decay(np, COUNTED, 4000.0, 0.6, 500.0)).astype(float)


def unlikely(m: Any, p: Any) -> Any:
    """The negative logarithm of the likelihood of the counts, but for a constant."""
    rate = decay(m, of(m, COUNTED), p[0], p[1], p[2])
    with np.errstate(invalid="ignore"):
        return (rate - of(m, COUNTS) * m.log(rate)).sum()


# ------------------------------------------------------------------------------------------------------------ the peers

TIGHT = {"ftol": 1e-14, "xtol": 1e-14, "gtol": 1e-14}


def _short(v: Any) -> float:
    return float(f"{v:.10g}")


def _found(names: Any, values: Any, errors: Any) -> dict[str, Any]:
    return {"values": dict(zip(names, map(_short, values))), "errors": dict(zip(names, map(_short, errors)))}


def by_scipy(problem: Problem) -> dict[str, Any]:
    """`curve_fit`, or where there is no curve `least_squares` with its covariance."""
    from scipy.optimize import curve_fit, least_squares

    names, o = list(problem.start), problem.options
    if problem.model is None or "tied" in o:
        tie = lambda p: {**p, **({"c": p["a"] / 4} if "tied" in o else {})}  # noqa: E731
        got = least_squares(lambda v: problem.weighed(tie(dict(zip(names, v)))), [*problem.start.values()],
                            jac="3-point", **TIGHT)  # fmt: skip
        scale = 2 * got.cost / (len(got.fun) - len(names)) if problem.scaled else 1.0
        return _found(names, got.x, np.sqrt(np.diag(np.linalg.inv(got.jac.T @ got.jac)) * scale))
    sides = [o.get("bounds", {}).get(n, (-np.inf, np.inf)) for n in names]
    more = {"loss": o["loss"], "f_scale": o["f_scale"]} if "loss" in o else {}
    if more or "bounds" in o:
        more = {**more, "method": "trf", "bounds": np.array(sides).T}
    f = lambda x, *v: problem.model(np, x, **dict(zip(names, v)))  # type: ignore[misc]  # noqa: E731
    sigma = None if problem.sigma is None else np.broadcast_to(problem.sigma, np.shape(problem.y))
    start = [*problem.start.values()]
    p, covariance = curve_fit(f, problem.x, problem.y, start, sigma, not problem.scaled, **more, **TIGHT)
    return _found(names, p, np.sqrt(np.diag(covariance)))


def by_lmfit(problem: Problem) -> dict[str, Any]:
    """`minimize` of lmfit, and its `conf_interval` at 95%."""
    import lmfit

    o = problem.options
    parameters = lmfit.Parameters()
    for name, value in problem.start.items():
        low, high = o.get("bounds", {}).get(name, (-np.inf, np.inf))
        parameters.add(name, value=value, min=low, max=high)
    for name, text in o.get("tied", {}).items():
        parameters.add(name, expr=text)
    f = lambda p: problem.weighed(p.valuesdict())  # noqa: E731
    if "loss" in o:
        more: dict[str, Any] = {"method": "least_squares", "loss": o["loss"], "f_scale": o["f_scale"], **TIGHT}
    else:
        more = {"epsfcn": 1e-12, **TIGHT}
    solver = lmfit.Minimizer(f, parameters, scale_covar=problem.scaled)
    got = solver.minimize(**more)
    names = list(got.params)
    found = _found(names, [got.params[n].value for n in names], [got.params[n].stderr or 0.0 for n in names])
    if problem.intervals:
        sides = lmfit.conf_interval(solver, got, p_names=list(problem.intervals), sigmas=[0.95])
        found["intervals"] = {n: [_short(side[0][1]), _short(side[-1][1])] for n, side in sides.items()}
    return found


def by_iminuit(
    cost: Callable[[Array], Any], start: dict[str, float], up: float, bounds: dict[str, Any]
) -> dict[str, Any]:
    """MIGRAD, HESSE and MINOS: errors are those of the whole curvature, intervals those of one standard deviation."""
    import iminuit

    m = iminuit.Minuit(cost, np.array([*start.values()]), name=list(start))
    m.errordef, m.strategy, m.tol = up, 2, 1e-6
    for name, pair in bounds.items():
        m.limits[name] = pair
    m.migrad(ncall=100_000)
    m.hesse()
    found = _found(start, m.values, m.errors)
    if not bounds:
        m.minos(cl=0.682689492137086)
        found["intervals"] = {
            n: [_short(m.values[n] + m.merrors[n].lower), _short(m.values[n] + m.merrors[n].upper)] for n in start
        }  # fmt: skip
    return found


def minuit_of(problem: Problem) -> dict[str, Any]:
    """χ² by iminuit."""
    names = list(problem.start)
    cost = lambda v: float((problem.weighed(dict(zip(names, v))) ** 2).sum())  # noqa: E731
    return by_iminuit(cost, problem.start, 1.0, problem.options.get("bounds", {}))


def for_minuit(problem: Problem) -> bool:
    """Whether iminuit has a way of its own, and χ² has units."""
    return not problem.scaled and not {"tied", "loss"} & set(problem.options)


def counted() -> dict[str, Any]:
    """The counts by iminuit."""
    return by_iminuit(partial(unlikely, np), {"a": 3000.0, "k": 0.5, "c": 400.0}, 0.5, {})


PEERS = {"scipy": by_scipy, "lmfit": by_lmfit, "iminuit": minuit_of}


def main() -> None:
    """Write what the peers answer."""
    import iminuit
    import lmfit
    import scipy

    table: dict[str, Any] = {"versions": {m.__name__: m.__version__ for m in (scipy, lmfit, iminuit)}}
    for who, answers in PEERS.items():
        table[who] = {name: answers(p) for name, p in PROBLEMS.items() if who != "iminuit" or for_minuit(p)}
    table["iminuit"]["counts"] = counted()
    lines = {
        who: ",\n".join(f" {json.dumps(n)}: {json.dumps(r)}" for n, r in part.items()) for who, part in table.items()
    }
    rows = ",\n".join(f"{json.dumps(who)}: {{\n{part}\n}}" for who, part in lines.items())
    RECORDED.write_text(f"{{\n{rows}\n}}\n")


if __name__ == "__main__":
    main()
