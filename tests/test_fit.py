"""`fit`: values and errors against SciPy and formulas, endings, refusals, and what data do not determine."""

from __future__ import annotations

import pickle
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.fitting.statistics import student_quantile

X = np.linspace(0.0, 5.0, 60)
NOISE = np.random.default_rng(3).normal(size=60)
Y = 2 * np.exp(-0.7 * X) + 0.5 + 0.05 * NOISE
START = {"a": 1.0, "k": 0.5, "c": 0.0}


def decay(x: Any, a: Any, k: Any, c: Any) -> Any:
    """At the top of a module, so that it can be pickled."""
    return a * (-k * x).exp() + c


def by_numpy(x: Any, a: float, k: float, c: float) -> Any:
    return a * np.exp(-k * x) + c


def values(found: Any) -> list[float]:
    return list(found.params.values())


# ------------------------------------------------------------------------------------------------- against SciPy


@pytest.mark.parametrize("absolute", [False, True])
@pytest.mark.parametrize("sigma", [None, 0.05, 0.02 + 0.01 * X])
def test_values_and_covariance_are_those_of_curve_fit(sigma: Any, absolute: bool) -> None:
    scipy = pytest.importorskip("scipy.optimize")
    found = cr.fit(decay, X, Y, START, sigma=sigma, absolute_sigma=absolute)
    weights = None if sigma is None else np.broadcast_to(sigma, X.shape)
    p, covariance = scipy.curve_fit(
        by_numpy, X, Y, [1, 0.5, 0], weights, absolute_sigma=absolute, ftol=1e-14, xtol=1e-14
    )
    np.testing.assert_allclose(values(found), p, rtol=1e-6)
    np.testing.assert_allclose(found.covariance, covariance, rtol=1e-4)
    assert found.success and found.dof == 57


@pytest.mark.parametrize("loss", ["huber", "soft_l1", "cauchy"])
def test_losses_are_scipys(loss: str) -> None:
    scipy = pytest.importorskip("scipy.optimize")
    y = Y.copy()
    y[[5, 20, 33]] += [3.0, -2.0, 4.0]
    found = cr.fit(decay, X, y, START, loss=loss, f_scale=0.1)
    more = {"method": "trf", "loss": loss, "f_scale": 0.1, "xtol": 1e-15, "ftol": 1e-15, "gtol": 1e-15}
    p, covariance = scipy.curve_fit(by_numpy, X, y, [1, 0.5, 0], **more)
    np.testing.assert_allclose(values(found), p, rtol=1e-5)
    np.testing.assert_allclose(found.covariance, covariance, rtol=1e-3)
    other = scipy.least_squares(lambda q: by_numpy(X, *q) - y, p, loss=loss, f_scale=0.1)
    assert found.chi2 == pytest.approx(2 * other.cost, rel=1e-9)


def test_bounds_are_scipys() -> None:
    scipy = pytest.importorskip("scipy.optimize")
    found = cr.fit(decay, X, Y, START, bounds={"k": (0, 0.6), "c": (None, 5)})
    low, high = [-np.inf, 0, -np.inf], [np.inf, 0.6, 5]
    p, _ = scipy.curve_fit(by_numpy, X, Y, [1, 0.5, 0], bounds=(low, high), xtol=1e-15, ftol=1e-15, gtol=1e-15)
    np.testing.assert_allclose(values(found), p, rtol=1e-5)
    assert found.params["k"] == 0.6 and found.success
    assert "k" in found.message and "0.6" in found.message
    same = cr.fit(decay, X, Y, START, bounds=scipy.Bounds(low, high))
    assert values(same) == values(found)
    assert values(cr.fit(decay, X, Y, START, bounds=[None, (0, 0.6), (None, 5)])) == values(found)
    assert cr.fit("k*x", X, -X, 1.0, bounds=(0, None)).params == {"k": 0.0}


@pytest.mark.parametrize("seed", range(12))
def test_random_bounds_end_where_no_feasible_slope_is_left(seed: int) -> None:
    """At the end, the slope of χ² leads out of the bounds wherever a parameter stands at one, and is nil elsewhere."""
    rng = np.random.default_rng(seed)
    print("seed", seed)
    truth = rng.normal(size=4)
    low, high = np.sort(truth + rng.normal(size=(2, 4)), axis=0)
    start = low + (high - low) * rng.uniform(size=4)
    matrix = rng.normal(size=(20, 4))
    y = matrix @ truth + np.sin(matrix @ truth) + 0.1 * rng.normal(size=20)

    def model(x: Any, w: Any) -> Any:
        return (x @ w) + (x @ w).sin()

    found = cr.fit(model, matrix, y, {"w": start}, bounds={"w": (low, high)})
    assert found.success, found.message
    w = found.params["w"]
    assert ((low <= w) & (w <= high)).all()
    slope = (matrix * (1 + np.cos(matrix @ w))[:, None]).T @ (matrix @ w + np.sin(matrix @ w) - y)
    inside = (w > low) & (w < high)
    np.testing.assert_allclose(slope[inside], 0, atol=1e-6)
    assert (slope[w == low] >= 0).all() and (slope[w == high] <= 0).all()


# --------------------------------------------------------------------------------------- what a model may look like


def test_functions_texts_frames_and_order() -> None:
    expected = cr.fit(decay, X, Y, START)
    text = cr.fit("a*exp(-k*x) + c", X, Y, START)
    assert text.params == pytest.approx(expected.params, rel=1e-8)
    assert cr.fit("a*exp(-k*t) + c", X, Y, START).params == pytest.approx(expected.params, rel=1e-8)
    assert cr.fit("a*exp(-k*t) + c", {"t": X, "u": X}, Y, START).params == pytest.approx(expected.params, rel=1e-8)
    assert cr.fit(decay, cr.tensor(X), cr.tensor(Y), [1.0, 0.5, 0.0]).params == expected.params
    assert cr.fit(lambda x, *p: decay(x, *p), X, Y, [1.0, 0.5, 0.0]).params == pytest.approx(
        {"p0": expected.params["a"], "p1": expected.params["k"], "p2": expected.params["c"]}
    )
    both = cr.fit(lambda t, u, a, k, c: decay(t, a, k, c) + 0 * u, {"t": X, "u": X}, Y, START)
    assert both.params == pytest.approx(expected.params, rel=1e-8)
    pair = cr.fit(lambda x, a, k, c: decay(x[0], a, k, c), (X, X), Y, START)
    assert pair.params == pytest.approx(expected.params, rel=1e-8)
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"t": X, "signal": Y})
    framed = cr.fit("a*exp(-k*t) + c", frame[["t"]], frame["signal"], START)
    assert framed.params == pytest.approx(expected.params, rel=1e-8)


def test_a_default_without_a_start_is_a_constant() -> None:
    found = cr.fit(lambda x, a, k, c=0.5: decay(x, a, k, c), X, Y, {"a": 1.0, "k": 0.5})
    held = cr.fit(decay, X, Y, {**START, "c": 0.5}, fixed="c")
    assert values(found) == pytest.approx([held.params["a"], held.params["k"]])


def test_a_module_moves_when_its_fit_succeeds_and_only_then() -> None:
    layer = cr.nn.Linear(1, 1)
    before = [p.detach().clone() for p in layer.parameters()]
    y = 3 * X[:, None] + 1
    assert not cr.fit(layer, X[:, None], y, steps=0).success
    assert all((p == q).all() for p, q in zip(layer.parameters(), before))
    found = cr.fit(layer, X[:, None], y)
    assert found.params["weight"] == pytest.approx(np.array([[3.0]])) and found.success
    assert layer.weight.item() == pytest.approx(3.0) and layer.bias.item() == pytest.approx(1.0)


def test_residuals_of_several_data_sets_share_parameters() -> None:
    scipy = pytest.importorskip("scipy.optimize")
    other = 5 * np.exp(-0.7 * X[:40]) + 0.02 * NOISE[:40]
    x, y, z = cr.tensor(X), cr.tensor(Y), cr.tensor(other)

    def both(a: Any, b: Any, k: Any, c: Any) -> Any:
        return (a * (-k * x).exp() + c - y) / 0.05, ((b * (-k * x[:40]).exp() - z) / 0.02).reshape(4, 10)

    found = cr.fit(residuals=both, start={"a": 1.0, "b": 1.0, "k": 0.5, "c": 0.0}, absolute_sigma=True)

    def flat(p: Any) -> Any:
        a, b, k, c = p
        return np.append((by_numpy(X, a, k, c) - Y) / 0.05, (b * np.exp(-k * X[:40]) - other) / 0.02)

    expected = scipy.least_squares(flat, [1, 1, 0.5, 0], jac="3-point", xtol=1e-15, ftol=1e-15, gtol=1e-15)
    np.testing.assert_allclose(values(found), expected.x, rtol=1e-6)
    errors = np.sqrt(np.diag(np.linalg.inv(expected.jac.T @ expected.jac)))
    np.testing.assert_allclose(list(found.errors.values()), errors, rtol=1e-4)
    assert found.dof == 96 and found.residuals.shape == (100,)


def test_a_model_that_decides_by_values_is_fitted() -> None:
    def model(x: Any, a: Any, b: Any) -> Any:
        return a * x if a.item() > 0 else b * x * 0 + a * x

    assert cr.fit(lambda x, a, b: model(x, a, b) + b, X, 2 * X + 1, {"a": -1.0, "b": 0.0}).params == pytest.approx(
        {"a": 2.0, "b": 1.0}
    )


def test_a_model_of_float32_arrives_at_what_float32_resolves() -> None:
    x = cr.tensor(X, dtype=cr.float32)
    found = cr.fit(residuals=lambda a, k: a * (-k * x).exp() - 2 * (-0.7 * x).exp() - 0.1 * x.sin(), start=[1.0, 0.5])
    assert found.success, found.message
    exact = cr.fit(residuals=lambda a, k: a * (-k * x.double()).exp() - 2 * (-0.7 * x.double()).exp()
                   - 0.1 * x.double().sin(), start=[1.0, 0.5])  # fmt: skip
    np.testing.assert_allclose(values(found), values(exact), rtol=1e-4)


# ------------------------------------------------------------------------------------------------- fixed and tied


def test_fixed_and_tied_in_the_covariance() -> None:
    held = cr.fit(decay, X, Y, {**START, "c": 0.5}, fixed=("c",))
    assert held.params["c"] == 0.5 and held.errors["c"] == 0 and held.labels == ["a", "k"]
    tied = cr.fit(decay, X, Y, {"a": 1.0, "k": 0.5}, tied={"c": "a/4"})
    direct = cr.fit("a*exp(-k*x) + a/4", X, Y, {"a": 1.0, "k": 0.5})
    assert values(tied)[:2] == pytest.approx(values(direct), rel=1e-8)
    assert tied.errors["c"] == pytest.approx(direct.errors["a"] / 4, rel=1e-8)
    assert tied.covariance[0, 2] == pytest.approx(direct.covariance[0, 0] / 4, rel=1e-8)
    by_function = cr.fit(decay, X, Y, {"a": 1.0, "k": 0.5}, tied={"c": lambda a, k: a * k.exp() / 8})
    a, k = by_function.params["a"], by_function.params["k"]
    slope = np.array([np.exp(k) / 8, a * np.exp(k) / 8])
    error = np.sqrt(slope @ by_function.covariance[:2, :2] @ slope)
    assert by_function.errors["c"] == pytest.approx(error, rel=1e-10)
    chained = cr.fit(decay, X, Y, {"a": 1.0}, tied={"c": "a*k/2", "k": "a/3"})
    assert chained.params["c"] == pytest.approx(chained.params["a"] ** 2 / 6)


# ------------------------------------------------------------------------------------------ intervals, bands, report


def test_students_quantiles_are_scipys() -> None:
    stats = pytest.importorskip("scipy.stats")
    for dof in (1, 2, 3, 4, 5, 10, 11, 99, 9_999, 10_001):
        for level in (0.5, 0.6827, 0.95, 0.9999):
            assert student_quantile(level, dof) == pytest.approx(stats.t.ppf((1 + level) / 2, dof), rel=1e-9)


def test_a_profile_ends_where_chi2_has_risen_so_far() -> None:
    """Against refits with the parameter held there, by SciPy."""
    scipy = pytest.importorskip("scipy.optimize")
    y = by_numpy(X, 2.0, 0.7, 0.5) + 0.4 * NOISE
    found = cr.fit(decay, X, y, START)
    t = student_quantile(0.95, found.dof)
    for k in found.interval("k"):
        p, _ = scipy.curve_fit(lambda x, a, c, k=k: by_numpy(x, a, k, c), X, y, [2, 0.5])
        chi2 = ((by_numpy(X, p[0], k, p[1]) - y) ** 2).sum()
        assert chi2 == pytest.approx(found.chi2 * (1 + t**2 / found.dof), rel=1e-6)
    low, high = found.interval("k", method="linear")
    assert (low + high) / 2 == pytest.approx(found.params["k"])
    assert (high - low) / 2 == pytest.approx(t * found.errors["k"])
    # of a parameter that the model is linear in, given the rest are held, both are one
    straight = cr.fit("a*x + b", X, Y, {"a": 1.0, "b": 0.0})
    np.testing.assert_allclose(straight.interval("a"), straight.interval("a", method="linear"), rtol=1e-5)


def test_the_band_of_a_line_is_the_textbooks() -> None:
    found = cr.fit("a*x + b", X, Y, {"a": 1.0, "b": 0.0})
    at = np.array([0.5, 7.0])
    t, s2 = student_quantile(0.9, 58), found.reduced_chi2
    share = 1 / 60 + (at - X.mean()) ** 2 / ((X - X.mean()) ** 2).sum()
    for prediction in (False, True):
        low, high = found.band(at, 0.9, prediction)
        np.testing.assert_allclose((low + high) / 2, found.predict(at), rtol=1e-12)
        np.testing.assert_allclose((high - low) / 2, t * np.sqrt(s2 * (share + prediction)), rtol=1e-8)


def test_numbers_of_the_report() -> None:
    found = cr.fit(decay, X, Y, START)
    residual = by_numpy(X, *values(found)) - Y
    np.testing.assert_allclose(found.residuals, residual, atol=1e-12)
    assert found.chi2 == pytest.approx((residual**2).sum())
    assert found.r_squared == pytest.approx(1 - (residual**2).sum() / ((Y - Y.mean()) ** 2).sum())
    assert found.aic == pytest.approx(60 * np.log(found.chi2 / 60) + 6)
    assert found.bic == pytest.approx(60 * np.log(found.chi2 / 60) + 3 * np.log(60))
    text = repr(found)
    assert f"{found.params['k']:.8g}" in text and f"{found.errors['k']:.3g}" in text and "χ²/dof" in text
    assert "<table>" in found._repr_html_()
    pandas = pytest.importorskip("pandas")
    frame = found.to_frame()
    assert isinstance(frame, pandas.DataFrame) and frame.loc["k", "error"] == found.errors["k"]


@pytest.mark.parametrize("model", ["a*exp(-k*x) + c", decay], ids=["text", "function"])
def test_a_fit_is_pickled(model: Any) -> None:
    found = cr.fit(model, X, Y, START)
    again = pickle.loads(pickle.dumps(found))
    assert again.params == found.params and repr(again) == repr(found)
    np.testing.assert_array_equal(again.predict([1.0, 2.0]), found.predict([1.0, 2.0]))
    assert again.interval("k") == found.interval("k")


def test_a_fit_of_a_lambda_is_pickled_without_it() -> None:
    again = pickle.loads(pickle.dumps(cr.fit(lambda x, a: a * x, X, Y, [1.0])))
    assert again.success
    with pytest.raises(ValueError, match="without its model"):
        again.predict(X)


@pytest.mark.parametrize("code", ["th", "vi", "ru"])
def test_a_fit_speaks_the_language_that_is_chosen(code: str) -> None:
    found = cr.fit("a*b*exp(-k*x) + c", X, Y, {"a": 1, "b": 1, "k": 0.5, "c": 0})
    english = found.message
    with cr.language(code):
        assert found.message != english and "a·b" in found.message
        assert repr(found) and found._repr_html_()


# --------------------------------------------------------------------------------------- what is not determined


@pytest.mark.parametrize(
    ("model", "start", "free", "what"),
    [
        ("a*b*exp(-k*x) + c", {"a": 1, "b": 1, "k": 0.5, "c": 0}, "ab", ["a·b"]),
        ("a*b*g*exp(-k*x) + c", {"a": 1, "b": 2, "g": 3, "k": 0.5, "c": 0}, "abg", ["a·b·g"]),
        ("a/b**2*exp(-k*x) + c", {"a": 1, "b": 1, "k": 0.5, "c": 0}, "ab", ["a/b**2"]),
        ("a*exp(b - k*x) + c", {"a": 1, "b": 0.3, "k": 0.5, "c": 0}, "ab", ["a·exp(b)"]),
        ("exp(2*b - d - k*x)*a**2 + c", {"a": 1, "b": 0.3, "d": 0.1, "k": 0.5, "c": 0}, "abd", ["a**2·exp(2·b - d)"]),
        ("a*exp(-b - k*x) + c", {"a": 1, "b": 0.3, "k": 0.5, "c": 0}, "ab", ["a·exp(-b)"]),
        ("a*exp(-k*x) + c + d", {"a": 1, "k": 0.5, "c": 0, "d": 0.1}, "cd", ["c + d"]),
        ("a*exp(-(k + 2*l)*x) + c", {"a": 1, "k": 0.5, "l": 0.1, "c": 0}, "kl", ["k + 2·l"]),
        ("a*b*exp(-k/d*x) + c", {"a": 1, "b": 1, "k": 0.5, "d": 2, "c": 0}, "abkd", ["a·b", "d/k"]),
        ("a*exp(-k*x) + c + 0*d", {"a": 1, "k": 0.5, "c": 0, "d": 1}, "d", [""]),
    ],
)
def test_what_is_free_is_named(model: str, start: dict[str, float], free: str, what: list[str]) -> None:
    found = cr.fit(model, X, Y, start)
    assert found.reason == "undetermined" and not found.success
    assert {name for name, error in found.errors.items() if np.isinf(error)} == set(free)
    assert sorted(freedom.what for freedom in found.freedoms) == sorted(what)
    expected = cr.fit(decay, X, Y, START)
    assert found.chi2 == pytest.approx(expected.chi2, rel=1e-8)
    if "k" not in free:  # what is determined has the error that it has without the rest
        assert found.errors["k"] == pytest.approx(expected.errors["k"], rel=1e-6)


def test_a_tie_that_is_determined_has_an_error() -> None:
    found = cr.fit(lambda x, a, b, k, c, p: decay(x, a * b, k, c) + 0 * p, X, Y,
                   {"a": 1, "b": 1, "k": 0.5, "c": 0}, tied={"p": "a*b"})  # fmt: skip
    expected = cr.fit(decay, X, Y, START)
    assert np.isinf(found.errors["a"]) and found.errors["p"] == pytest.approx(expected.errors["a"], rel=1e-6)


def test_correlation_is_told() -> None:
    found = cr.fit("a*exp(-k*x) + b*exp(-l*x)", X, Y, {"a": 1, "k": 0.5, "b": 1, "l": 0.05})
    assert found.success and any("0.99" in note for note in found.notes)


# ------------------------------------------------------------------------------------------------------ endings


def test_a_run_that_did_not_arrive_never_says_that_it_did() -> None:
    few = cr.fit(decay, X, Y, START, steps=2)
    assert few.reason == "steps done" and not few.success and "steps=" in few.message
    stopped = cr.fit(decay, X, Y, START, callback=lambda step, params, chi2: step == 2)
    assert stopped.reason == "stopped" and stopped.steps == 2
    flat = cr.fit("exp(a*x)", X[1:], Y[1:], {"a": -1e5})
    assert flat.reason == "flat" and flat.params["a"] == -1e5
    edge = cr.fit("sqrt(w - 1)*x", X, -100 * X, {"w": 2.0})
    assert edge.reason == "non-finite" and "bounds" in edge.message
    jump = cr.fit("where(w < 1, w*x + 3, w*x)", X, X * 0 + 3, {"w": 2.0})
    assert not jump.success or jump.chi2 < 1e-20


def test_a_maximum_is_no_arrival() -> None:
    """The slope of (w² - 1)²·n, with a term that keeps the Jacobian from being zero, is nil at w = 0 too."""
    found = cr.fit(residuals=lambda w: cr.stack([w - 0.0, 2 * w.cos() + 1]), start={"w": 0.0})
    assert found.reason == "saddle" and not found.success


def test_a_callback_sees_the_descent() -> None:
    seen: list[tuple[int, dict[str, float], float]] = []
    found = cr.fit(decay, X, Y, START, callback=lambda *told: seen.append(told))
    assert [step for step, _, _ in seen] == list(range(len(seen))) and seen[0][1] == START
    heights = [chi2 for _, _, chi2 in seen]
    assert all(b <= a * (1 + 1e-9) for a, b in pairwise(heights)) and found.chi2 <= heights[-1]


def test_as_many_points_as_parameters() -> None:
    found = cr.fit("a*x + b", [0.0, 1.0], [1.0, 3.0], {"a": 1, "b": 0})
    assert found.params == pytest.approx({"a": 2, "b": 1}) and np.isinf(found.errors["a"]) and len(found.notes) == 1
    sure = cr.fit("a*x + b", [0.0, 1.0], [1.0, 3.0], {"a": 1, "b": 0}, sigma=0.1, absolute_sigma=True)
    assert sure.errors["b"] == pytest.approx(0.1)


# ----------------------------------------------------------------------------------------------------- refusals

BAD = np.where(np.arange(60) == 3, np.nan, Y)


@pytest.mark.parametrize(
    ("call", "kind", "match"),
    [
        (lambda: cr.fit(decay, X, BAD, START), ValueError, r"y\[3\] is nan"),
        (lambda: cr.fit(decay, BAD, Y, START), ValueError, r"x\[3\] is nan"),
        (lambda: cr.fit("a*t", {"t": BAD}, Y, {"a": 1}), ValueError, r"x\['t'\]\[3\] is nan"),
        (lambda: cr.fit(decay, X, np.ma.masked_greater(Y, 2), START), ValueError, r"y\[0\] is masked"),
        (lambda: cr.fit(decay, X, Y, {**START, "a": np.inf}), ValueError, r"start\['a'\] is inf: give a finite number"),
        (lambda: cr.fit(decay, X, Y, START, sigma=BAD), ValueError, r"sigma\[3\] is nan"),
        (lambda: cr.fit(decay, X, Y, START, sigma=0.0), ValueError, "sigma is 0"),
        (lambda: cr.fit(decay, X, Y, START, sigma=X), ValueError, r"sigma\[0\] is 0"),
        (lambda: cr.fit(decay, X, Y, START, sigma=X[:3] + 1), ValueError, r"sigma has shape \[3\]"),
        (lambda: cr.fit(decay, X[:2], Y[:2], START), ValueError, "2 points cannot determine 3 parameters"),
        (lambda: cr.fit(lambda x, a, b: a * x, X, Y, [1, 2]), ValueError, "does not read b"),
        (lambda: cr.fit(decay, X, Y, {**START, "d": 1}), ValueError, "does not read 'd'"),
        (lambda: cr.fit("a*x", X, Y, {"a": 1, "d": 1}), ValueError, "does not read 'd'"),
        (lambda: cr.fit(decay, X, Y, {"a": 1}), ValueError, "no value for k, c"),
        (lambda: cr.fit(decay, X, Y, [1, 2]), ValueError, "2 values for 3 parameters"),
        (lambda: cr.fit(decay, X, Y), ValueError, "start is missing"),
        (lambda: cr.fit(decay, X, Y, START, bounds={"k": (1, 2)}), ValueError, "k starts at 0.5, outside"),
        (lambda: cr.fit(decay, X, Y, START, bounds={"k": (2, 1)}), ValueError, "bounds of k are 2 and 1"),
        (lambda: cr.fit(decay, X, Y, START, bounds={"k": (0.5, 0.5)}), ValueError, "use fixed="),
        (lambda: cr.fit(decay, X, Y, START, bounds={"k": 3}), ValueError, "a pair"),
        (lambda: cr.fit(decay, X, Y, START, bounds={"k": (np.nan, 3)}), ValueError, "nan"),
        (lambda: cr.fit(decay, X, Y, START, bounds="k > 0"), TypeError, "a dict of pairs by name"),
        (lambda: cr.fit(decay, X, Y, START, bounds=3), TypeError, "a dict of pairs by name"),
        (lambda: cr.fit("a*exp(k*x)", X, Y, {"a": 1, "k": 1e5}), ValueError, r"at the start: residual 1 is inf \(59"),
        (lambda: cr.fit(decay, X, Y, START, bounds={"q": (0, 1)}), ValueError, "names 'q'"),
        (lambda: cr.fit(decay, X, Y, START, bounds=[(0, 1)]), ValueError, "1 pairs for 3"),
        (lambda: cr.fit(decay, X, Y, START, bounds={"c": (0, 1)}, fixed="c"), ValueError, "c is fixed"),
        (lambda: cr.fit(decay, X, Y, START, fixed=("q",)), ValueError, "fixed= names 'q'"),
        (lambda: cr.fit(decay, X, Y, START, fixed=tuple("akc")), ValueError, "nothing to fit"),
        (lambda: cr.fit(decay, X, Y, START, fixed="c", tied={"c": "a"}), ValueError, "both fixed and tied"),
        (lambda: cr.fit(decay, X, Y, START, tied={"q": "a"}), ValueError, "tied= names 'q'"),
        (lambda: cr.fit(decay, X, Y, START, tied={"c": "a*q"}), ValueError, "tied to 'q'"),
        (lambda: cr.fit(decay, X, Y, START, tied={"c": "k", "k": "c"}), ValueError, "in a circle"),
        (lambda: cr.fit(decay, X, Y, START, tied={"c": "2**"}), ValueError, "is no expression"),
        (lambda: cr.fit(decay, X, Y, START, tied={"c": 3}), TypeError, "a text such as"),
        (lambda: cr.fit(decay, X, Y, START, loss="l2"), ValueError, "one of linear, huber"),
        (lambda: cr.fit(decay, X, Y, START, f_scale=0), ValueError, "f_scale must be"),
        (lambda: cr.fit(decay, X, Y, START, tol=-1.0), ValueError, "tol must be"),
        (lambda: cr.fit(decay, X, Y, START, steps=1.5), ValueError, "steps must be"),
        (lambda: cr.fit(decay, X, Y, START, callback=3), TypeError, "callback must be"),
        (lambda: cr.fit(decay, X, Y, START, method="trf"), ValueError, "method must be 'lm'"),
        (lambda: cr.fit("log(-a*x - 1)", X, Y, {"a": 1}), ValueError, "not finite at the start: residual 0 is nan"),
        (lambda: cr.fit(lambda x, a: np.ones(60), X, Y, [1.0]), (TypeError, ValueError), "torch|differentiated"),
        (lambda: cr.fit(lambda x, a: a.detach() * x, X, Y, [1.0]), ValueError, "differentiated"),
        (lambda: cr.fit(lambda x, a: (a * x)[:, None], X, Y, [1.0]), ValueError, r"\[60, 1\], but y has shape \[60\]"),
        (lambda: cr.fit(3, X, Y, [1.0]), TypeError, "must be a function"),
        (lambda: cr.fit(decay, X, ["a"] * 60, START), TypeError, "y must hold real numbers"),
        (lambda: cr.fit(decay, X, Y * 1j, START), TypeError, "y must hold real numbers"),
        (lambda: cr.fit("a*t + b*u", X, Y, {"a": 1, "b": 1}), ValueError, "which variable"),
        (lambda: cr.fit(X, residuals=lambda a: a, start=[1.0]), TypeError, "stands for model"),
        (lambda: cr.fit(residuals=lambda a: a), ValueError, "needs start="),
        (lambda: cr.fit(residuals=lambda a: 3.0, start=[1.0]), (TypeError, ValueError), "tensor|differentiated"),
        (lambda: cr.fit(residuals=3, start=[1.0]), TypeError, "must be a function"),
        (lambda: cr.fit(decay, start=START), TypeError, "x, y and a start"),
    ],
)  # fmt: skip
def test_refused(call: Any, kind: Any, match: str) -> None:
    with pytest.raises(kind, match=match):
        call()


def test_refusals_of_a_result() -> None:
    found = cr.fit(decay, X, Y, START, sigma=1 + X)
    for call, match in [
        (lambda: cr.fit(lambda x, w: w[0] * x + w[1], X, Y, {"w": [1.0, 1.0]}).derivatives, "w holds several"),
        (lambda: found.interval("q"), "no 'q'"),
        (lambda: found.interval("k", method="exact"), "'profile' or 'linear'"),
        (lambda: found.interval("k", level=95), "between 0 and 1"),
        (lambda: found.band(X, prediction=True), "differs from point to point"),
        (lambda: cr.fit(decay, X, Y, START, steps=1).interval("k"), "that of a minimum"),
        (lambda: cr.fit(decay, X, Y, {"a": 1, "k": 1}, tied={"c": "a/4"}).interval("c"), "follows from others"),
        (lambda: cr.fit(residuals=lambda a: a * cr.tensor(X) - 1, start=[1.0]).predict(X), "no model of x"),
    ]:
        with pytest.raises(ValueError, match=match):
            call()


def test_nothing_of_the_users_is_changed() -> None:
    x, y, start, bounds = X.copy(), Y.copy(), {"a": np.array(1.0), "k": 0.5, "c": 0.0}, {"k": [0.0, 1.0]}
    for model in (decay, "a*exp(-k*x) + c"):
        cr.fit(model, x, y, start, bounds=bounds)
        with pytest.raises(ValueError, match="does not read"):
            cr.fit(model, x, y, {**start, "q": 1.0})
    assert (x == X).all() and (y == Y).all() and start == {"a": 1.0, "k": 0.5, "c": 0.0} and bounds == {"k": [0.0, 1.0]}
    net = cr.nn.Sequential(cr.nn.Linear(1, 1), cr.nn.BatchNorm1d(1)).double()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    assert not cr.fit(net, X[:, None], 2 * X[:, None] + 1, steps=3).success  # scale and offset are there twice
    assert all((value == before[name]).all() for name, value in net.state_dict().items())
    parameter = cr.tensor(2.0, requires_grad=True)
    cr.fit(lambda x, a: a * parameter * x, X, Y, [1.0])
    assert parameter.grad is None and parameter.item() == 2.0


# ------------------------------------------------------------------------------------- machine code, many rows, draws


@pytest.fixture
def compiled(monkeypatch: Any) -> None:
    """Machine code from the first residual on."""
    monkeypatch.setattr("chainrule.fitting.model.WORTH", 0)


def test_machine_code_is_made_where_it_is_worth_its_time() -> None:
    """In a large fit at once; not for a few small ones, whatever their number of points."""

    def model(x: Any, a: Any, k: Any, c: Any) -> Any:
        return decay(x, a, k, c)

    def programs(n: int) -> int:
        x = np.linspace(0, 5, n)
        found = cr.fit(model, x, by_numpy(x, 2.0, 0.7, 0.5), START)
        assert found.problem is not None and found.success
        return sum(len(g.programs) for g in found.problem.made.graphs.values())

    assert [programs(n) for n in (40, 41, 42)] == [0, 0, 0]
    assert programs(40_000) >= 1


@pytest.mark.usefixtures("compiled")
def test_a_fit_by_machine_code_is_the_fit_without() -> None:
    """Fits of a model run from the same graphs; their data, starts and sigma are their own."""
    first = [cr.fit("q*exp(-k*x) + c", X, Y + shift, {"q": 1, "k": 0.5, "c": 0}) for shift in (0.0, 1.0, 2.0)]
    assert first[-1].problem is not None and first[-1].problem.made.graphs[True].programs
    for shift, found in enumerate(first):
        fresh = cr.fit(lambda x, q, k, c: decay(x, q, k, c), X, Y + shift, {"q": 1.0, "k": 0.5, "c": 0.0})
        np.testing.assert_allclose([found.params[n] for n in "qkc"], values(fresh), rtol=1e-9)
    for c in (0.2, 0.5):  # a fixed value is no constant of another fit's graph
        held = cr.fit("q*exp(-k*x) + c", X, Y, {"q": 1, "k": 0.5, "c": c}, fixed="c")
        assert held.params["c"] == c and held.residuals[-1] == pytest.approx(held.predict()[-1] - Y[-1])


@pytest.mark.usefixtures("compiled")
def test_a_model_that_changed_is_fitted_anew() -> None:
    factor = {"f": 1.0}

    def model(x: Any, a: Any) -> Any:
        return a * factor["f"] * x

    slopes = []
    for f in (1.0, 1.0, 2.0, 4.0):
        factor["f"] = f
        slopes.append(cr.fit(model, X, X, [0.3]).params["a"])
    assert slopes == pytest.approx([1.0, 1.0, 0.5, 0.25])


@pytest.mark.parametrize("near", [1.0, 1e-7])
def test_many_rows_are_as_exact_as_few(near: float) -> None:
    """Also where columns are nearly dependent, against a least-squares solution by SVD."""
    x = np.linspace(0, 1, 5000)
    columns = np.stack([np.ones_like(x), x, x + near * np.sin(9 * x)])
    y = columns.T @ [1.0, 2.0, 3.0] + 0.01 * np.cos(50 * x)
    found = cr.fit(lambda x, a, b, c: a * x[0] + b * x[1] + c * x[2], tuple(columns), y, [0.0, 0.0, 0.0])
    expected = np.linalg.lstsq(columns.T, y, rcond=None)[0]
    np.testing.assert_allclose(values(found), expected, rtol=1e-8 / near)


def test_a_bootstrap_of_a_line_has_the_textbooks_errors() -> None:
    found = cr.fit("a*x + b", X, Y, {"a": 1.0, "b": 0.0})
    drawn = found.bootstrap(n=300, seed=1)
    assert drawn.failed == 0 and drawn.samples["a"].shape == (300,)
    for name in "ab":  # a standard deviation of 300 draws is known to 4%
        assert drawn.errors[name] == pytest.approx(found.errors[name], rel=0.2)
        assert np.mean(drawn.samples[name]) == pytest.approx(found.params[name], abs=0.3 * found.errors[name])
        low, high = drawn.interval(name)
        assert low < found.params[name] < high
    again = found.bootstrap(n=300, seed=1)
    np.testing.assert_array_equal(again.samples["a"], drawn.samples["a"])
    for call, match in [
        (lambda: found.bootstrap(1), "at least 2"),
        (lambda: drawn.interval("q"), "no 'q'"),
        (lambda: drawn.interval("a", 95), "between 0 and 1"),
        (lambda: cr.fit(decay, X, Y, START, steps=1).bootstrap(), "that of a minimum"),
    ]:
        with pytest.raises(ValueError, match=match):
            call()


@pytest.mark.parametrize("model", ["a*exp(-k*x) + c", decay], ids=["text", "function"])
def test_derivatives_are_formulas(model: Any) -> None:
    sympy = pytest.importorskip("sympy")
    a, k, x = sympy.symbols("a k x")
    found = cr.fit(model, X, Y, START).derivatives
    expected = {"a": sympy.exp(-k * x), "k": -a * x * sympy.exp(-k * x), "c": sympy.Integer(1)}
    plain = {
        name: formula.subs({s: sympy.Symbol(s.name) for s in formula.free_symbols}) for name, formula in found.items()
    }
    assert set(plain) == set(expected)
    assert all(sympy.simplify(plain[name] - expected[name]) == 0 for name in expected)


@pytest.mark.parametrize("k", [30.0, 60.0, 200.0])
def test_a_steep_start_does_not_hide_a_parameter(k: float) -> None:
    """Its column was 1e26 times longer at the start than at the end: it is not settled on the way for that."""
    x = np.linspace(0, 1, 30)
    y = np.exp(-x) + 0.3 + 0.01 * np.sin(40 * x)
    near = cr.fit("exp(k*x) + c", x, y, {"k": -0.9, "c": 0.2})
    found = cr.fit("exp(k*x) + c", x, y, {"k": k, "c": 0.0})
    assert found.success and found.params == pytest.approx(near.params, rel=1e-6)
