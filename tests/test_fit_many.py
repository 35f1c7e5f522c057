"""Fits to many data sets at once: each is the single fit, by whatever way it went; executors, and what is none."""

from __future__ import annotations

import math
import pickle
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.fitting.many import Together

X = np.linspace(0, 4, 40)
START = {"a": 1.0, "k": 0.5, "c": 0.0}


def decay(x: Any, a: Any, k: Any, c: Any) -> Any:
    return a * (-k * x).exp() + c


def data(n: int, seed: int = 0, noise: float = 0.05) -> Any:
    rng = np.random.default_rng(seed)
    a, k, c = rng.uniform([1, 0.3, 0], [3, 1.5, 1], (n, 3)).T[:, :, None]
    return a * np.exp(-k * X) + c + noise * rng.standard_normal((n, len(X)))


def compare(fits: Any, ys: Any, rows: Any, sigma: Any = None, **more: Any) -> None:
    for i in rows:
        weight = sigma if np.ndim(sigma) < 2 else sigma[i]
        alone = cr.fit(decay, X, ys[i], START, sigma=weight, **more)
        assert fits.reasons[i] == alone.reason
        assert fits.chi2[i] == pytest.approx(alone.chi2, rel=1e-8)
        for name, value in alone.params.items():
            assert fits.params[name][i] == pytest.approx(value, rel=1e-6, abs=1e-8)
            assert fits.errors[name][i] == pytest.approx(alone.errors[name], rel=1e-5)
        assert fits[i].params == pytest.approx(alone.params, rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("sigma", [None, 0.1, "points", "each"])
def test_every_row_is_the_single_fit(sigma: Any) -> None:
    ys = data(7)
    weights = {"points": 0.05 + 0.02 * X, "each": 0.05 + 0.01 * np.arange(7)[:, None] + 0.02 * X}.get(sigma, sigma)
    for absolute in (False, True):
        fits = cr.fit(decay, X, ys, START, sigma=weights, absolute_sigma=absolute)
        assert fits.success.all() and len(fits) == 7
        compare(fits, ys, (0, 6), weights, absolute_sigma=absolute)


@pytest.mark.parametrize(
    "more",
    [
        {"bounds": {"k": (0.4, 0.8)}}, {"fixed": ("c",)}, {"tied": {"c": "a/4"}}, {"loss": "cauchy", "f_scale": 0.1},
        {"steps": 2},
    ],
)  # fmt: skip
def test_options_are_those_of_the_single_fit(more: dict[str, Any]) -> None:
    ys = data(6, seed=3)
    compare(cr.fit(decay, X, ys, START, **more), ys, range(6), **more)


def test_lanes_that_are_left_need_no_programs_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many arrive in a round: programs for two numbers of lanes, not for each."""
    ys, sizes, some = data(100, noise=0.3), set(), Together._some

    def seen(self: Any, xs: Any, lanes: Any, size: int, slopes: bool) -> Any:
        sizes.add(size)
        return some(self, xs, lanes, size, slopes)

    monkeypatch.setattr(Together, "_some", seen)
    found = cr.fit(decay, X, ys, START)
    assert found.success.sum() > 90 and sizes == {100, 8}
    monkeypatch.setattr("chainrule.fitting.many.AT_ONCE", 3000)  # 18 lanes at a time
    again = cr.fit(decay, X, ys, START)
    np.testing.assert_allclose(again.params["k"], found.params["k"], rtol=1e-6)
    np.testing.assert_allclose(again.errors["k"], found.errors["k"], rtol=1e-5)


def test_a_lane_that_does_not_arrive_never_says_that_it_did() -> None:
    ys = data(4)
    ys[1] = 1.0  # a constant: a, or k, is free
    fits = cr.fit(decay, X, ys, START)
    compare(fits, ys, (0, 2, 3))
    alone = cr.fit(decay, X, ys[1], START)
    assert fits.reasons[1] == alone.reason and fits.chi2[1] == pytest.approx(alone.chi2, abs=1e-9)
    hill = cr.fit(lambda x, b: (b * b - 1) * x, X, np.stack([-0.5 * X, 2 * X]), {"b": 0.0}, steps=50)
    assert not hill.success[1]  # (b*b - 1 - 3)**2 has a maximum at 0, where it is started


def test_a_model_that_decides_by_values_goes_one_by_one() -> None:
    def model(x: Any, a: Any, k: Any, c: Any) -> Any:
        return decay(x, a, k, c) if float(k) > 0 else a + c + 0 * k * x

    ys = data(2)
    compare(cr.fit(model, X, ys, START), ys, (0, 1))


def test_executors_and_what_is_none() -> None:
    ys, sweep = data(240), lambda e: cr.sweep(lambda x: x * x, [1.0, 2.0], lr=0.1, steps=5, executor=e)
    here = cr.fit(decay, X, ys, START)
    with ThreadPoolExecutor(2) as pool:
        there = cr.fit(decay, X, ys, START, executor=pool)
    np.testing.assert_allclose(there.params["k"], here.params["k"], rtol=1e-7)
    assert there[8].params == pytest.approx(here[8].params) and there.reasons == here.reasons
    for wrong in (4, "threads", ThreadPoolExecutor):
        for call in (lambda e=wrong: cr.fit(decay, X, ys, START, executor=e), lambda e=wrong: sweep(e)):
            with pytest.raises(TypeError, match=r"executor=\.\.\.\) takes an executor .* but got"):
                call()

    class Client:  # as Dask's: it hands out work itself, but is no executor
        def __init__(self) -> None:
            self.pool = ThreadPoolExecutor(2)

        def submit(self, *_: Any) -> Any:
            raise AssertionError("work goes through its executor")

        def get_executor(self) -> Any:
            return self.pool

    client = Client()
    assert sweep(client).x.tolist() == sweep(None).x.tolist()
    assert cr.fit(decay, X, ys, START, executor=client).success.all()
    client.pool.shutdown()


def test_a_real_cluster_of_dask_fits_and_sweeps() -> None:
    """Processes of their own, to which the client itself hands the work."""
    distributed = pytest.importorskip("dask.distributed", reason="Dask is not installed")
    rng, shift = np.random.default_rng(1), 0.25
    a, k = rng.uniform(1, 3, (120, 1)), rng.uniform(0.3, 1.5, (120, 1))
    ys = a * np.exp(-k * X) + a / 4 + shift + 0.05 * rng.standard_normal((120, 40))
    model, sigma = lambda x, a, k, c: decay(x, a, k, c + shift), 0.05 + 0.0001 * np.arange(120)[:, None] + 0 * X
    options: dict[str, Any] = {"sigma": sigma, "tied": {"c": "a/4"}, "bounds": {"k": (0, None)}}
    here = cr.fit(model, X, ys, START, **options)
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        there = cr.fit(model, X, ys, START, **options, executor=client)
        swept = cr.sweep(lambda x: (x - shift) ** 2, [1.0, 2.0], lr=0.1, steps=5, executor=client)
        with pytest.raises(ValueError, match=r"y\[8, 3\] is nan"):
            cr.fit(model, X, np.where(np.indices(ys.shape).sum(0) == 11, np.nan, ys)[:, :4], START, executor=client)
    assert there.reasons == here.reasons and there.success.all() and there.labels == here.labels
    for name in "akc":
        np.testing.assert_allclose(there.params[name], here.params[name], rtol=1e-7)
        np.testing.assert_allclose(there.errors[name], here.errors[name], rtol=1e-5)
    assert there[100].params == pytest.approx(here[100].params)
    np.testing.assert_allclose(swept.x, shift + np.array([0.75, 1.75]) * 0.8**5, rtol=1e-6)


def test_a_large_fit_holds_a_few_jacobians() -> None:
    """Of 10**5 points and 10 parameters: a Jacobian has 8 MB."""
    rng = np.random.default_rng(0)
    x, true = np.linspace(0, 1, 100_000), rng.uniform(0.5, 1.5, 10)
    waves = lambda t, w: sum(w[i] * t((i + 1) * x) for i in range(10))  # noqa: E731
    y, columns = waves(np.cos, true) + 0.1 * rng.standard_normal(x.size), cr.tensor(x)
    start = {f"p{i}": 1.0 for i in range(10)}

    def model(x: Any, **p: Any) -> Any:
        return sum(p[f"p{i}"] * ((i + 1) * x).cos() for i in range(10))

    tracemalloc.start()
    found = cr.fit(model, columns, y, start)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    table = np.cos(np.arange(1, 11) * x[:, None])
    np.testing.assert_allclose([*found.params.values()], np.linalg.lstsq(table, y, rcond=None)[0], rtol=1e-6)
    assert most < 8 * table.nbytes, most / table.nbytes


def test_refused() -> None:
    ys = data(3)
    for call, words in (
        (lambda: cr.fit(decay, X, ys[0], START, executor=ThreadPoolExecutor(1)), "many data sets"),
        (lambda: cr.fit(decay, X, ys, START, callback=print), "progress="),
        (lambda: cr.fit(decay, X, ys, START, sigma=np.ones(3)), r"sigma has shape \[3\]"),
        (lambda: cr.fit(decay, X, ys, START, sigma=np.zeros_like(ys)), r"sigma\[0, 0\] is 0"),
        (lambda: cr.fit(decay, X[:2], ys[:, :2], START), "2 points cannot determine 3"),
        (lambda: cr.fit(decay, X, np.where(ys > 2, math.nan, ys), START), r"y\[\d, \d+\] is nan"),
        (lambda: cr.fit(decay, X, ys, START)[3], "there are 3 fits"),
    ):
        with pytest.raises((ValueError, IndexError), match=words):
            call()


def test_printed_and_pickled() -> None:
    fits = cr.fit(decay, X, data(3), START)
    assert "3 fits: 3 converged" in repr(fits) and "k: median" in repr(fits)
    again = pickle.loads(pickle.dumps(fits))
    np.testing.assert_array_equal(again.params["a"], fits.params["a"])
    with pytest.raises(ValueError, match="pickled without"):
        again[0]


@pytest.mark.parametrize("model", [decay, "a*exp(-k*x) + c"])
def test_a_page_of_a_fit_has_its_data_and_its_parameters(model: Any) -> None:
    y = data(1)[0]
    found = cr.fit(model, X, y, START, sigma=0.05 + 0.01 * X, fixed=("c",))
    page = cr.page(found)
    assert all(f"{v:.9f}"[:7] in page.html for v in (y[3], y[20], found.params["a"], found.params["k"]))
    for other, match in (
        (cr.fit(residuals=lambda a: a - cr.tensor([1.0, 2.0]), start={"a": 0.0}), "page a function of the parameters"),
        (
            cr.fit("a*u + b*v + c*w", dict(zip("uvw", np.eye(3)[:, np.arange(40) % 3])), y, [1, 1, 1]),
            r"x has shape \[40, 3\]",
        ),
        (cr.fit(lambda x, a: a * x[:, None] + cr.zeros(2), X, np.stack([y, y], 1), [1.0]), r"y \[40, 2\]"),
        (cr.fit("a*x", np.arange(500.0), np.arange(500.0) ** 1.1, [1.0]), "up to 400 points"),
    ):
        with pytest.raises(ValueError, match=match):
            cr.page(other)


def test_pages_of_fits_of_columns_arrays_and_modules() -> None:
    plane = np.random.default_rng(0).uniform(-1, 1, (30, 2))
    u, v = plane.T
    y = 1 + 2 * u - v + 0.1 * np.sin(9 * u)
    layer = cr.nn.Linear(2, 1)
    for found in (
        cr.fit("a + b*u + c*v", {"u": u, "v": v}, y, {"a": 0, "b": 0, "c": 0}),
        cr.fit(lambda x, a, b, c: a + b * x[0] + c * x[1], (u, v), y, [0.0, 0.0, 0.0]),
        cr.fit(lambda x, a, w: a + x @ w, plane, y, {"a": 0.0, "w": np.zeros(2)}),
        cr.fit(layer, plane, y[:, None]),
    ):
        page = cr.page(found)
        assert f"{y[3]:.12f}"[:9] in page.html and page._taken.data is not None
        assert page._taken.data.inputs.shape == (30, 2)
