"""Fits of the kinds that come up, against SciPy's solvers and lmfit's intervals: values and errors to 1e-4."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr

optimize = pytest.importorskip("scipy.optimize")
NOISE = np.random.default_rng(11).normal(size=400)
GAUSSIANS = [(3.0, 2.0, 0.5), (5.0, 4.0, 0.7), (2.0, 6.5, 0.4), (4.0, 8.0, 0.6), (1.5, 10.0, 0.8)]


def peaks(x: Any, *p: Any) -> Any:
    """Five Gaussians on a base, in tensors as in arrays."""
    exp = np.exp if isinstance(x, np.ndarray) else cr.exp
    return p[-1] + sum(p[i] * exp(-(((x - p[i + 1]) / p[i + 2]) ** 2)) for i in range(0, 15, 3))


CASES = {
    "damped oscillation": (
        "a*exp(-g*x)*cos(w*x + p) + c", np.linspace(0, 10, 200), {"a": 2.0, "c": 0.3, "g": 0.2, "p": 0.4, "w": 3.0},
        lambda x, a, c, g, p, w: a * np.exp(-g * x) * np.cos(w * x + p) + c, 0.1,
    ),
    "Michaelis-Menten": (
        "v*x/(k + x)", np.array([0.02, 0.02, 0.06, 0.06, 0.11, 0.11, 0.22, 0.22, 0.56, 0.56, 1.1, 1.1]),
        {"k": 0.06, "v": 210.0}, lambda x, k, v: v * x / (k + x), 8.0,
    ),
    "two exponentials, hardly determined": (
        "a*exp(-k*x) + b*exp(-q*x)", np.linspace(0, 6, 80), {"a": 1.0, "b": 1.0, "k": 0.8, "q": 1.3},
        lambda x, a, b, k, q: a * np.exp(-k * x) + b * np.exp(-q * x), 1e-4,
    ),
    "logistic growth": (
        "m/(1 + exp(-r*(x - t)))", np.linspace(0, 10, 60), {"m": 8.0, "r": 1.2, "t": 4.0},
        lambda x, m, r, t: m / (1 + np.exp(-r * (x - t))), 0.2,
    ),
    "power law": (
        "a*x**n + c", np.linspace(0.5, 6, 50), {"a": 1.5, "c": 2.0, "n": 1.7},
        lambda x, a, c, n: a * x**n + c, 0.3,
    ),
    "resonance": (
        "a/((x**2 - w**2)**2 + (g*x)**2)**0.5", np.linspace(0.2, 4, 90), {"a": 3.0, "g": 0.3, "w": 2.0},
        lambda x, a, g, w: a / np.sqrt((x**2 - w**2) ** 2 + (g * x) ** 2), 0.05,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_values_and_errors_are_those_of_curve_fit(name: str) -> None:
    text, x, truth, f, noise = CASES[name]
    y = f(x, **truth) + noise * NOISE[: len(x)]
    start = {k: 1.15 * v for k, v in truth.items()}
    found = cr.fit(text, x, y, start)
    assert found.success, found.message
    close = {"ftol": 1e-15, "xtol": 1e-15, "gtol": 1e-15, "maxfev": 100_000}
    p, covariance = optimize.curve_fit(f, x, y, list(found.params.values()), **close)
    np.testing.assert_allclose(list(found.params.values()), p, rtol=1e-4)
    np.testing.assert_allclose(list(found.errors.values()), np.sqrt(np.diag(covariance)), rtol=1e-4)
    from_start, _ = optimize.curve_fit(f, x, y, list(start.values()), **close)
    assert found.chi2 <= ((f(x, *from_start) - y) ** 2).sum() * (1 + 1e-9)
    if name.startswith("two"):
        assert any("hardly tell" in note for note in found.notes)


def test_five_gaussians() -> None:
    x = np.linspace(0, 12, 400)
    truth = [v for peak in GAUSSIANS for v in peak] + [0.5]
    y = peaks(x, *truth) + 0.1 * NOISE
    start = [v * 1.08 for v in truth]
    found = cr.fit(peaks, x, y, start)
    assert found.success, found.message
    p, covariance = optimize.curve_fit(
        peaks, x, y, list(found.params.values()), ftol=1e-15, xtol=1e-15, gtol=1e-15, maxfev=100_000
    )
    np.testing.assert_allclose(list(found.params.values()), p, rtol=1e-4)
    np.testing.assert_allclose(list(found.errors.values()), np.sqrt(np.diag(covariance)), rtol=1e-3)


def test_a_circle_through_points() -> None:
    turn = np.linspace(0, 4, 30)
    u = 3 + 2 * np.cos(turn) + 0.05 * NOISE[:30]
    v = -1 + 2 * np.sin(turn) + 0.05 * NOISE[30:60]
    s, t = cr.tensor(u), cr.tensor(v)
    found = cr.fit(
        residuals=lambda a, b, r: ((s - a) ** 2 + (t - b) ** 2).sqrt() - r, start={"a": 0.0, "b": 0.0, "r": 1.0}
    )
    other = optimize.least_squares(
        lambda q: np.hypot(u - q[0], v - q[1]) - q[2], [0, 0, 1], jac="3-point", ftol=1e-15, xtol=1e-15, gtol=1e-15
    )
    np.testing.assert_allclose(list(found.params.values()), other.x, rtol=1e-6)
    covariance = np.linalg.inv(other.jac.T @ other.jac) * 2 * other.cost / 27
    np.testing.assert_allclose(list(found.errors.values()), np.sqrt(np.diag(covariance)), rtol=1e-4)


def test_poisson_counts_by_their_signed_deviance() -> None:
    """Residuals whose squares sum to the deviance: the maximum of the likelihood, with the errors of its curvature."""
    x = np.linspace(0, 4, 50)
    counts = np.random.default_rng(5).poisson(40 * np.exp(-0.6 * x) + 5)
    y, at = cr.tensor(counts, dtype=cr.float64), cr.tensor(x)

    def deviance(a: Any, k: Any, c: Any) -> Any:
        m = a * (-k * at).exp() + c
        d = 2 * (m - y + cr.special.xlogy(y, y / m))
        return (m - y).sign() * (d + 1e-300).sqrt()

    found = cr.fit(residuals=deviance, start={"a": 30.0, "k": 0.5, "c": 4.0}, absolute_sigma=True)

    def negative(q: Any) -> float:
        m = q[0] * np.exp(-q[1] * x) + q[2]
        return float((m - counts * np.log(m)).sum())

    best = optimize.minimize(negative, list(found.params.values()), method="Nelder-Mead",
                             options={"xatol": 1e-10, "fatol": 1e-13})  # fmt: skip
    assert negative(list(found.params.values())) <= best.fun + 1e-6
    np.testing.assert_allclose(list(found.params.values()), best.x, rtol=1e-3)


INTERVALS = {  # of conf_interval of lmfit 1.3.4, sigmas=[0.95], for the same data
    "Michaelis-Menten": {"k": (0.0462287588, 0.0722854105), "v": (198.898785636, 221.691842952)},
    "logistic growth": {"m": (7.9437100966, 8.1100351357), "r": (1.12252924625, 1.23652279778)},
    "resonance": {"a": (2.96499913385, 3.02450937642), "g": (0.295357363259, 0.304860218386)},
}


@pytest.mark.parametrize("name", INTERVALS)
def test_profiles_are_those_of_lmfit(name: str) -> None:
    text, x, truth, f, noise = CASES[name]
    found = cr.fit(text, x, f(x, **truth) + noise * NOISE[: len(x)], truth)
    for parameter, interval in INTERVALS[name].items():
        width = interval[1] - interval[0]
        np.testing.assert_allclose(found.interval(parameter), interval, rtol=0, atol=1e-3 * width)
