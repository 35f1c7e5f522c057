"""How descents end: nothing is called an arrival that is none, and line searches survive what functions may be."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr


def quiet(*args: Any, **options: Any) -> Any:
    """`minimize`, without its warning of a divergence."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "minimize diverged", UserWarning)
        return cr.minimize(*args, progress=False, **options)


# -------------------------------------------------------------------------------------------------------- line searches


def least_squares(rng: np.random.Generator) -> Any:
    rows, n = int(rng.integers(5, 30)), int(rng.integers(1, 6))
    a, b = rng.standard_normal((rows, n)) * 10 ** rng.uniform(-1, 1, n), rng.standard_normal(rows)
    at, bt = cr.tensor(a), cr.tensor(b)
    return lambda x: ((at @ x - bt) ** 2).sum(), np.zeros(n)


def damped_oscillation(rng: np.random.Generator) -> Any:
    t = np.linspace(0, 4, 60)
    p = np.array([rng.uniform(0.5, 3), rng.uniform(0.1, 1), rng.uniform(1, 5), rng.uniform(-1, 1)])
    y = p[0] * np.exp(-p[1] * t) * np.cos(p[2] * t + p[3]) + 0.05 * rng.standard_normal(60)
    tt, yt = cr.tensor(t), cr.tensor(y)

    def misfit(q: Any) -> Any:
        return ((q[0] * (-q[1] * tt).exp() * (q[2] * tt + q[3]).cos() - yt) ** 2).sum()

    return misfit, p * (1 + 0.1 * rng.uniform(-1, 1, 4))


def tied_fit(rng: np.random.Generator) -> Any:
    """Weights times a common factor: a valley of minima."""
    x, w = rng.standard_normal((40, 3)), rng.standard_normal(3)
    xt, yt = cr.tensor(x), cr.tensor(x @ w + 0.1 * rng.standard_normal(40))
    return lambda q: ((xt @ (q[:3] * q[3]) - yt) ** 2).mean(), np.append(rng.standard_normal(3), rng.uniform(0.5, 2))


@pytest.mark.parametrize(("make", "count"), [(least_squares, 100), (damped_oscillation, 40), (tied_fit, 40)])
def test_lbfgs_finds_what_bfgs_finds(make: Any, count: int) -> None:
    """Not above SciPy's values by more than 1e-8, by at most three times its evaluations."""
    optimize = pytest.importorskip("scipy.optimize")
    rng = np.random.default_rng(3)
    for i in range(count):
        f, x0 = make(rng)

        def both(x: Any, f: Any = f) -> Any:
            t = cr.tensor(x, requires_grad=True)
            y = f(t)
            y.backward()
            return y.item(), t.grad.numpy().copy()

        theirs = optimize.minimize(both, x0, jac=True, method="BFGS")
        mine = cr.minimize(f, x0, optimizer="lbfgs", progress=False)
        what = f"seed 3, {make.__name__} {i}: {mine}"
        assert mine.reason == "converged" and mine.success, what
        assert mine.value <= theirs.fun + 1e-8, what
        assert mine.nfev <= 3 * theirs.nfev, what


AWKWARD = {
    "straight": lambda x: -x,
    "flat": lambda x: 0 * x + 3,
    "hill": lambda x: -(x**2),
    "kink": lambda x: x.abs(),
    "length": lambda x: (x**2).sqrt(),
    "wall": lambda x: x - x.log(),
    "noise": lambda x: x**2 + 1e-9 * (1e9 * x).sin(),
    "no number beyond": lambda x: cr.where(x > 1, (x - 2) ** 2, (x - 2) ** 2 + (x - 1).sqrt()),
    "runs out": lambda x: (-x).exp(),
    "steep": lambda x: (5 * x).exp() - 3 * x,
}


@pytest.mark.parametrize("name", AWKWARD)
@pytest.mark.parametrize("method", ["lbfgs", "newton", "gd"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_searches_survive(name: str, method: str, dtype: Any) -> None:
    """No exception, no higher value; and "converged" where the slope is zero, within what was asked for."""
    for start in (1.1, 5.0):
        with warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)
            found = quiet(AWKWARD[name], dtype(start), optimizer=method, steps=200)
        first = float(AWKWARD[name](cr.tensor(dtype(start))))
        assert found.value <= first + 1e-6 * abs(first), found
        assert found.nfev <= 130 * (found.steps + 1), found
        assert found.message or found.reason == "stopped", found
        if found.success and name != "noise":
            assert found.grad_norm <= 1e-3, found
        if name in ("straight", "hill", "flat"):
            assert not found.success, found


def test_a_failed_lane_does_not_lose_the_sweep() -> None:
    found = cr.sweep(
        lambda x: x.abs() - 0.1 * x, [1.1, -3.0, 0.0, 1e300], optimizer=["lbfgs", "newton", "gd"], steps=50
    )
    assert len(found) == 12 and np.abs(found.x[:6]).max() < 1e-6


# -------------------------------------------------------------------------------------------------------- no arrivals


@pytest.mark.parametrize("optimizer", ["newton", "lbfgs", "gd", "sgd"])
@pytest.mark.parametrize(
    ("f", "start", "word"),
    [
        (lambda x: x[0] ** 2 - x[1] ** 2, [1.0, 0.0], "saddle point"),
        (lambda x: (x[0] ** 2 - 1) ** 2 + x[1] ** 2, [0.0, 1.0], "saddle point"),
        (lambda x: x[0] * x[1], [0.0, 0.0], "saddle point"),
        (lambda x: x.cos(), 0.0, "a maximum"),
        (lambda x: -(x**4).sum(), [0.0, 0.0], "a value beside is lower"),
        (lambda x: 1e20 * x - 1e20 * x + x, 1.0, "by cancellation"),
        (lambda x: x.tanh(), 40.0, "neither gradient nor second derivative"),
    ],
)
def test_a_flat_place_that_is_no_minimum_is_named(optimizer: str, f: Any, start: Any, word: str) -> None:
    more = {"lr": 0.2, "tol": 1e-9} if optimizer == "sgd" else {}
    found = quiet(f, start, optimizer=optimizer, steps=500, **more)
    assert found.reason != "converged" and not found.success, found
    if found.grad_norm <= 1e-7:  # else rounding has led away from it
        assert word in found.message, found


def test_a_flat_place_after_all_steps_is_looked_at() -> None:
    found = cr.minimize(lambda x: x[0] ** 2 - x[1] ** 2, [1.0, 0.0], lr=0.1, steps=500)
    assert found.reason == "steps done" and not found.success and "saddle point" in found.message
    assert "from -2 to 2" in found.message
    kept = pickle.loads(pickle.dumps(cr.minimize(lambda x: (x - 1) ** 2, 3.0, lr=0.1, steps=200)))
    assert kept.success and "the smallest second derivative 2" in kept.message
    assert copy.deepcopy(found).message == found.message


def test_to_look_at_a_result_draws_no_numbers() -> None:
    calls = [0]

    def f(x: Any) -> Any:
        calls[0] += x.item() > -1e9
        return (x - cr.rand(())) ** 2

    for more in ({}, {"tol": 10.0}):
        found = cr.minimize(f, 5.0, lr=0.1, steps=20, **more)
        cr.manual_seed(3)
        counted = calls[0]
        assert str(found) and found.message
        after = cr.rand(()).item()
        cr.manual_seed(3)
        assert cr.rand(()).item() == after and calls[0] == counted


def test_newton_needs_a_hessian_of_numbers() -> None:
    """|x|**1.5 has none at 0; abs has none that helps; the search goes on down the gradient."""
    for f in (lambda x: x.abs(), lambda x: x.abs() ** 1.5, lambda x: (x * x).sqrt() + x * 0):
        found = cr.minimize(f, 1.1, optimizer="newton", progress=False)
        assert abs(found.x) < 1e-6
        assert found.reason == "converged" or "no lower value" in found.message


def test_short_steps_are_no_arrival() -> None:
    found = cr.minimize(lambda x: x**2, 5.0, lr=1e-9, steps=100, tol={"change": 1e-6})
    assert found.reason == "stopped" and not found.success
    assert "10" in found.message and "a short step is no arrival" in found.message
    found = cr.minimize(lambda x: x**2, 5.0, lr=0.1, steps=500, tol={"change": 1e-6})
    assert found.reason == "converged" and found.success


def test_to_and_fro_is_no_arrival() -> None:
    def ravine(x: Any) -> Any:
        return 1 + x[0] ** 2 / 100 + x[1] ** 2

    found = cr.minimize(ravine, [3.0, 1.0], lr=1.0, steps=5000, tol={"plateau": 100})  # x[1] changes its sign for ever
    assert found.reason == "stopped" and "too long to go down" in found.message, found
    found = cr.minimize(ravine, [3.0, 1.0], lr=0.9, steps=5000, tol={"plateau": 100})
    assert found.reason == "converged" and found.grad_norm < 1e-6, found


def test_an_arrival_within_rounding() -> None:
    """The gradient cannot come below 1e-7 where the value has 1e10, but what is left to fall is nothing."""
    a = cr.tensor(np.array([3.0, 1.7]))
    found = cr.minimize(lambda x: 1e10 + 1e9 * ((x - a) ** 2).sum(), [0.0, 0.0], optimizer="lbfgs")
    assert found.reason == "converged", found
    np.testing.assert_allclose(found.x, a.numpy(), atol=1e-3)


def test_scipys_limit_is_no_success() -> None:
    pytest.importorskip("scipy")

    def rosenbrock(x: Any) -> Any:
        return (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2

    for method in ("BFGS", "L-BFGS-B", "CG", "Nelder-Mead", "trust-constr", "SLSQP", "TNC"):
        found = cr.minimize(rosenbrock, [-1.2, 1.0], method=method, steps=3)
        assert not found.success and found.message and found.nfev > 0, method
        assert cr.minimize(rosenbrock, [-1.2, 1.0], method=method, steps=5000, tol=1e-9).success, method
    found = cr.minimize(lambda x: x[0] ** 2 - x[1] ** 2 + x[1] ** 4, [1.0, 0.0], method="BFGS")
    assert not found.success and "saddle point" in found.message


@pytest.mark.parametrize("method", ["BFGS", "CG", "Newton-CG", "trust-exact", "dogleg"])
def test_bounds_and_constraints_that_a_method_cannot_have_are_refused(method: str) -> None:
    pytest.importorskip("scipy")
    for more in ({"bounds": [(0, 1)]}, {"constraints": {"type": "eq", "fun": lambda x: x[0]}}):
        with pytest.raises(ValueError, match="has no use for"):
            cr.minimize(lambda x: x**2, 1.0, method=method, **more)
    with pytest.raises(ValueError, match="SLSQP"):
        cr.minimize(lambda x: x**2, 1.0, method="L-BFGS-B", constraints={"type": "eq", "fun": lambda x: x[0]})


# -------------------------------------------------------------------------------------------------------- what is said


def test_an_ill_conditioned_problem_is_told() -> None:
    found = cr.minimize(lambda x: x[0] ** 2 + 1e5 * x[1] ** 2, [1.0, 1.0], lr=1e-6, steps=10_000)
    assert not found.success and "ill-conditioned" in found.message
    assert "from 2 to 2e+05" in found.message and "1e+05 steps" in found.message
    found = cr.minimize(lambda x: x**2, 5.0, lr=1e-4, steps=100)
    assert not found.success and "there is further to go" in found.message


def test_a_value_that_has_grown_is_told() -> None:
    found = cr.minimize(lambda x: x**2, 5.0, lr=1.1, steps=100)
    assert found.value > 1e9 and not found.success
    assert "grown from 25" in found.message and "= 1;" in found.message


def test_a_descent_without_end_is_told() -> None:
    found = cr.minimize(lambda x: -x, 0.0, lr=1e6, steps=100)
    assert not found.success and "no minimum that way" in found.message


def slope_at(x: float) -> float:
    return 0.5 / np.sqrt(x) if x > 0 else 2 * x


BRANCHES = {
    "root": lambda x: cr.where(x > 0, cr.sqrt(x), x**2),
    "reduced": lambda x: cr.where(x.sum() > 0, (x.sqrt() * 1).sum(), (x**2).sum()),
    "nested": lambda x: cr.where(x > 0, cr.where(x > -1, (2 * x / 2).sqrt(), x.log()), x**2),
    "reshaped": lambda x: cr.where(x.reshape(1, 1) > 0, x.reshape(1, 1).sqrt(), x.reshape(1, 1) ** 2).sum(),
}


@pytest.mark.parametrize("name", BRANCHES)
@pytest.mark.parametrize("start", [-1.0, 2.0])
def test_a_branch_not_taken_has_no_slope(name: str, start: float) -> None:
    found = cr.minimize(BRANCHES[name], start, lr=0.01, steps=1)
    assert found.x == pytest.approx(start - 0.01 * slope_at(start), rel=1e-12)
    found = cr.minimize(BRANCHES[name], start, lr=0.01, steps=2000)  # in machine code, where there is any
    assert abs(found.x) < 0.1 and np.isfinite(found.value)
    found = cr.sweep(BRANCHES[name], [start, start - 0.5], lr=0.01, steps=1)
    np.testing.assert_allclose(found.x, [s - 0.01 * slope_at(s) for s in (start, start - 0.5)], rtol=1e-12)


def test_a_nan_of_the_users_own_stays_one() -> None:
    """0 * inf that the function computes is no affair of the chain rule."""
    with pytest.raises(ValueError, match="not finite at the start"):
        cr.minimize(lambda x: cr.where(x > 0, x, 0.0) * (x * 0 + cr.inf), -1.0)


def test_where_there_is_no_graph_the_branch_is_named() -> None:
    def deciding(x: Any) -> Any:
        return cr.where(x > 0, x.sqrt(), x**2) + x.item() * 0

    with pytest.raises(ValueError, match=r"f\(x0\) = 1 is finite, but .* a slope of 2: .*where\(\)"):
        cr.minimize(deciding, -1.0)
    found = quiet(deciding, 0.01, lr=0.01, steps=100)
    assert found.reason == "diverged" and "where()" in found.message and "curves down" not in found.message
    with pytest.raises(ValueError, match=r"a slope of 6\.32:"):  # (-2, -6): each parameter is moved by itself
        cr.minimize(lambda x: deciding(x[0]) + deciding(x[1]), [-1.0, -3.0])


def test_what_has_no_bottom_is_said_to_curve_down() -> None:
    """No rate is advised where the curvature is negative all the way."""
    found = quiet(lambda x: -(x * x).sum() - x[0] ** 4, [0.5, 0.3], lr=0.5, steps=200)
    assert found.reason == "diverged" and "curves down" in found.message and "2 /" not in found.message


def test_the_curvature_that_is_named_is_the_largest_of_all_directions() -> None:
    """Eigenvalues of [[1, 3], [3, 10]]: 5.5 + sqrt(29.25) is the larger."""
    found = quiet(lambda x: 0.5 * (x[0] ** 2 + 10 * x[1] ** 2) + 3 * x[0] * x[1], [1.0, 1.0], lr=0.5, steps=2000)
    assert found.reason == "diverged" and f"2 / {5.5 + 29.25**0.5:.4g}" in found.message


# ------------------------------------------------------------------------------------------------------------ warnings

SPEAKING = """
import warnings, numpy as np
before = list(warnings.filters)
import chainrule as cr
new = [f for f in warnings.filters if f not in before]
assert all(f[1] is not None and f[3] is not None for f in new), new  # of some messages, from the package's lines
with warnings.catch_warnings(record=True) as said:
    warnings.filters[:] = [f for f in warnings.filters if f in new] + [("always", None, Warning, None, 0)]
    x = cr.tensor([0.0, -1.0, 1e30], requires_grad=True)
    (x.log() + 1 / x + x**3 + x.sqrt()).sum().backward()
    cr.minimize(lambda x: x.log() ** 2 + 1 / x, 0.5, steps=3)
    assert not said, [str(w.message) for w in said]
    np.log(np.zeros(1))
    def f(x):
        np.log(np.zeros(1))
        return x * x + 0 * x.item()
    cr.minimize(f, 1.0, steps=1)
    by_line = [w.filename == __file__ for w in said]
    assert len(said) >= 2 and all(by_line), [str(w) for w in said]
    exec("import warnings; warnings.warn('of a library', RuntimeWarning)", {"__name__": "chainrule.x"})
    assert "of a library" in str(said[-1].message)
"""


def test_warnings_of_the_user_and_of_libraries_speak(tmp_path: Path) -> None:
    script = tmp_path / "speaking.py"
    script.write_text(SPEAKING)
    subprocess.run([sys.executable, str(script)], check=True, timeout=120)


# -------------------------------------------------------------------------------------------------------------- starts


def test_numbers_are_double_precision() -> None:
    energy = np.array([8046.9, 8047.4, 8047.82, 8048.3, 8048.8])
    counts = 1000 / (1 + ((energy - 8047.82) / 1.1) ** 2)
    e, c = cr.tensor(energy), cr.tensor(counts)
    found = cr.minimize(lambda at: ((1000 / (1 + ((e - at) / 1.1) ** 2) - c) ** 2).sum(), 8047.5, optimizer="lbfgs")
    assert found.success and found.x == pytest.approx(8047.82, abs=1e-9)
    for start, dtype in (
        (1.0, np.float64), (1, np.float64), ([1.0, 2], np.float64), (np.float32(1), np.float32),
        (cr.tensor(1.0), np.float32), (np.ones(2), np.float64), (np.ones(2, np.float32), np.float32),
    ):  # fmt: skip
        assert cr.minimize(lambda x: (x * x).sum(), start, steps=2).path.dtype == dtype, start
        if np.ndim(start) == 0:
            assert cr.sweep(lambda x: x * x, [start], steps=2).x.dtype == dtype, start


def test_lists_of_numbers_are_vectors() -> None:
    for start in ([0.0, 1], (0.0, 1), [[0.0, 1], [2, 3]]):
        found = cr.minimize(lambda x: ((x - 3) ** 2).sum(), start, lr=0.5, steps=2)
        assert type(found.x) is type(start)
        np.testing.assert_allclose(found.x, np.full(np.shape(start), 3.0))
        assert found.path.shape == (3, *np.shape(start))


def test_several_arguments() -> None:
    def f(x: Any, y: Any) -> Any:
        return (x - 1) ** 2 + (y + 2) ** 2

    assert cr.minimize(f, (0.0, 0.0), lr=0.5, steps=2).x == (1.0, -2.0)
    assert cr.minimize(f, {"y": 0.0, "x": 0}, lr=0.5, steps=2).x == {"y": -2.0, "x": 1.0}
    assert cr.minimize(lambda x, by=1.0: (x - by) ** 2, 0.0, lr=0.5, steps=2).x == 1.0
    for start in (1.0, (1.0, 2.0, 3.0), {"x": 1.0, "z": 2.0}):
        with pytest.raises(TypeError, match=r"takes 2 arguments \(x, y\), so x0 must hold a start for each"):
            cr.minimize(f, start)


@pytest.mark.parametrize("optimizer", ["lbfgs", "newton"])
@pytest.mark.parametrize("size", [1e-8, 1e-12])
def test_a_function_that_is_flat_all_over_is_descended(optimizer, size):
    """A gradient below 1e-7 is an arrival only where it is also small beside the one at the start."""
    f = lambda x: size * (x - 1) ** 2  # noqa: E731
    found = cr.minimize(f, 3.0, optimizer=optimizer)
    assert found.success and abs(found.x - 1) < 1e-3
    assert abs(cr.sweep(f, [3.0, -2.0], optimizer=optimizer).x - 1).max() < 1e-3
    at_the_end = cr.minimize(f, 1.0, optimizer=optimizer)
    assert at_the_end.success and at_the_end.steps == 0
    assert cr.minimize(f, 3.0, optimizer=optimizer, tol=1e-7).steps == 0  # as asked
