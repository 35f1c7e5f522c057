"""Bounds of `minimize` and `sweep`: their forms, what each optimiser does at them, what they cost, what is refused."""

from __future__ import annotations

import itertools
import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.descend.options import RULES


def valley(x: Any) -> Any:
    return 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2


def parabola(x: Any) -> Any:
    return x**2 - 4 * x + 5


# --------------------------------------------------------------------------------------------------------------- forms


@pytest.mark.parametrize(
    "bounds",
    [
        (-2, 0.5), [-2.0, 0.5], [(-2, 0.5), (-2, 0.5)], [(None, 0.5), None], np.array([[-2, 0.5], [-2, np.inf]]),
        SimpleNamespace(lb=-2, ub=[0.5, np.inf]), (None, cr.tensor(0.5)), ((-2, 0.5), (None, None)),
    ],
)  # fmt: skip
def test_forms_of_a_vector(bounds: Any) -> None:
    found = cr.minimize(valley, [-1.2, 0.3], optimizer="newton", bounds=bounds)
    assert found.success
    np.testing.assert_allclose(found.x, [0.5, 0.25], atol=1e-9)
    assert found.multipliers == {"x[0]": pytest.approx(1.0)}  # d/dx of (1 - x)**2 at 0.5


def tree(x: Any) -> Any:
    return ((x["a"] - 2) ** 2).sum() + (x["b"][0] - x["b"][1]) ** 2 + (x["b"][1] - 1) ** 2


@pytest.mark.parametrize(
    "bounds",
    [
        {"a": (0, 1)}, {"a": [(0, 1), (0, 1), (0, 1)]}, {"a": (np.zeros(3), np.ones(3)), "b": (None, (-5, 5))},
        {"a": (None, [1, 1, 1]), "b": (-9, 9)}, [(0, 1)] * 3 + [None] * 2, [(0, 1), (None, None)],
        {"a": ([0, 0, 0], [1, 1, 1])},
    ],
)  # fmt: skip
def test_forms_of_a_tree(bounds: Any) -> None:
    found = cr.minimize(tree, {"a": np.zeros(3), "b": (3.0, -1.0)}, optimizer="lbfgs", bounds=bounds)
    np.testing.assert_allclose(found.x["a"], 1, atol=0)
    np.testing.assert_allclose(found.x["b"], 1, atol=1e-6)
    assert found.multipliers == {f"a[{i}]": pytest.approx(2.0) for i in range(3)}


def test_arguments_and_parameters_have_names() -> None:
    found = cr.minimize(lambda mass, width: (mass - 3) ** 2 + width**2, (0.0, 1.0), lr=0.1, bounds=[(None, 2), None])
    assert [(a.name, a.kind, a.at) for a in found.active] == [("mass", "upper", 2.0)]
    cr.manual_seed(0)
    layer, x = cr.nn.Linear(1, 1), cr.linspace(0, 1, 20).reshape(-1, 1)
    bounds = {"weight": (None, 0.5)} if float(layer.weight) < 0.5 else {"weight": (0.5, 0.9)}
    found = cr.minimize(lambda m: ((m(x) - 3 * x - 1) ** 2).mean(), layer, lr=0.3, steps=2000, bounds=bounds)
    top = next(iter(bounds.values()))[1]
    assert float(layer.weight) == np.float32(top) and found.success
    assert float(layer.bias) == pytest.approx(1 + (3 - top) / 2, abs=1e-3)  # the mean of what is left
    assert found.active[0].name == "weight[0, 0]" and found.active[0].multiplier > 0


@pytest.mark.parametrize(
    ("bounds", "error", "words"),
    [
        ([(0, 1)] * 3, ValueError, r"holds 3 pairs for 2 numbers \(x\[0\], x\[1\]\)"),
        ((0, float("nan")), ValueError, "None stands for an open side"),
        ([(1, 0), None], ValueError, r"bounds of x\[0\] are 1 and 0: the first must not exceed"),
        ([(0, 1), (0.6, 1)], ValueError, r"x\[1\] starts at 0.5, outside its bounds 0.6 and 1"),
        ({"a": (0, 1)}, ValueError, "names 'a', but x0 has no names there"),
        ((np.zeros(2), np.ones(2)), ValueError, "can be read in two ways"),
        ([(0, 1, 2), (0, 1)], ValueError, r"is \(low, high\), with None for an open side; got \(0, 1, 2\)"),
        (3, TypeError, "a pair \\(low, high\\) for all"),
        ((0, "one"), TypeError, "a bound is a number"),
    ],
)  # fmt: skip
def test_refused(bounds: Any, error: Any, words: str) -> None:
    with pytest.raises(error, match=words):
        cr.minimize(valley, [0.5, 0.5], bounds=bounds)


def test_refused_of_a_sweep_and_of_a_checkpoint(tmp_path: Any) -> None:
    with pytest.raises(ValueError, match="starts at 7, outside its bounds"):
        cr.sweep(parabola, [0.0, 1.0, 7.0], bounds=(-5, 5))
    with pytest.raises(ValueError, match="names 'c', but there are a, b"):
        cr.minimize(tree, {"a": np.zeros(3), "b": (3.0, -1.0)}, bounds={"c": (0, 1)})
    path = tmp_path / "run.npz"
    cr.minimize(parabola, 5.0, lr=0.1, steps=10, bounds=(3, None), checkpoint=path)
    for bounds in ((2, None), None):
        with pytest.raises(ValueError, match="its bounds was"):
            cr.minimize(parabola, 5.0, lr=0.1, steps=20, bounds=bounds, checkpoint=path)
    assert cr.minimize(parabola, 5.0, lr=0.1, steps=20, bounds=(3, None), checkpoint=path).x == 3


# ---------------------------------------------------------------------------------------------------- every optimiser


@pytest.mark.parametrize("name", [*(n for n in RULES if n not in ("muon", "sparseadam")), "gd", "newton", "lbfgs"])
def test_every_optimiser_ends_at_the_bound(name: str) -> None:
    """The minimum of the parabola, 2, lies beyond: below the one bound, above the other."""
    lr = {"adadelta": 10.0, "adagrad": 0.5}.get(name, 0.1)
    for start, bounds in ((5.0, (3, None)), (0.5, (0, 1))):
        found = cr.minimize(parabola, start, optimizer=name, lr=lr, steps=2000, bounds=bounds)
        bound = 3.0 if start == 5 else 1.0
        assert found.x == bound and found.grad_norm == 0 and found.success and "bounds" in found.message
        assert found.multipliers == {"x": pytest.approx(2.0)}
        assert found.path.min() >= (bounds[0] or -np.inf) and found.path.max() <= (bounds[1] or np.inf)


def by_hand(momentum: float, adam: bool, lr: float, steps: int) -> list[float]:
    """A descent on a wave between -0.6 and 1 as the docstring has it, in plain Python."""
    x, m, v, path = 0.3, 0.0, 0.0, []
    for t in range(1, steps + 1):
        path.append(x)
        g = 2 * x + 3 * np.cos(3 * x)
        if adam:
            m, v = m + 0.1 * (g - m), 0.999 * v + 0.001 * g * g
            new = x - lr / (1 - 0.9**t) * m / (np.sqrt(v) / (1 - 0.999**t) ** 0.5 + 1e-8)
        else:
            m = g if t == 1 else momentum * m + g
            new = x - lr * m
        if not -0.6 <= new <= 1:
            new, m = min(max(new, -0.6), 1.0), 0.0
        x = new
    return path


@pytest.mark.parametrize("adam", [False, True])
@pytest.mark.parametrize("steps", [300, 1500])  # interpreted, and in machine code
def test_momentum_is_lost_at_a_bound(adam: bool, steps: int) -> None:
    options = {"optimizer": "adam"} if adam else {"momentum": 0.9}
    found = cr.minimize(lambda x: x**2 + (3 * x).sin(), 0.3, lr=0.1, steps=steps, bounds=(-0.6, 1), **options)
    want = by_hand(0.9, adam, 0.1, steps)
    assert -0.6 in want  # it met the bound on its way
    np.testing.assert_allclose(found.path[:-1], want, atol=1e-9)


@pytest.mark.parametrize("name", ["gd", "newton", "lbfgs"])
def test_a_search_never_looks_outside(name: str) -> None:
    seen = []

    def f(x: Any) -> Any:
        seen.append(x.tolist())  # the function is no graph: it is run as it is
        return x[0] ** 0.5 * (1 + x[1]) - x[1].log() + (x[0] - x[1]) ** 2

    found = cr.minimize(f, [0.5, 0.5], optimizer=name, steps=500, bounds=[(0.01, 1), (0.3, 0.8)])
    assert found.success and (np.array(seen) >= [0.01, 0.3]).all() and (np.array(seen) <= [1, 0.8]).all()


@pytest.mark.parametrize("name", ["gd", "newton", "lbfgs", "adam"])
def test_random_quadratics_end_at_the_best_of_all_active_sets(name: str) -> None:
    for seed in range(6):
        rng = np.random.default_rng(seed)
        a = rng.standard_normal((3, 3))
        h, c = a @ a.T + 0.3 * np.eye(3), 3 * rng.standard_normal(3)
        low, high = -rng.uniform(0.1, 1, 3), rng.uniform(0.1, 1, 3)
        best = np.inf
        for sides in itertools.product((0, 1, 2), repeat=3):  # free, at the lower, at the upper bound
            x = np.where(np.array(sides) == 1, low, high)
            free = np.array(sides) == 0
            x[free] = np.linalg.solve(h[np.ix_(free, free)], -c[free] - h[np.ix_(free, ~free)] @ x[~free])
            if (x >= low).all() and (x <= high).all() and x @ h @ x / 2 + c @ x < best:
                best, want = x @ h @ x / 2 + c @ x, x
        quadratic, linear = cr.tensor(h), cr.tensor(c)
        options = {"lr": 0.01} if name == "adam" else {}
        found = cr.minimize(lambda x, h=quadratic, c=linear: x @ h @ x / 2 + c @ x, np.zeros(3), optimizer=name,
                            steps=4000, bounds=list(zip(low, high)), **options)  # fmt: skip
        np.testing.assert_allclose(found.x, want, atol=1e-5, err_msg=f"seed {seed}")
        assert found.success, (seed, found)


def test_what_a_bound_costs_is_what_moving_it_does() -> None:
    at = [cr.minimize(valley, [-1.2, 0.3], optimizer="newton", bounds=[(-2, 0.5 + h), None]) for h in (-1e-4, 0, 1e-4)]
    assert at[1].active[0].multiplier == pytest.approx((at[0].value - at[2].value) / 2e-4, rel=1e-6)
    assert "x[0] stands at its upper bound 0.5; relaxing this bound by 1 lowers f by 1" in str(at[1])


def test_a_saddle_at_a_bound_is_no_arrival() -> None:
    """x is held at 1; along y it is a maximum, from which no gradient leads away."""
    for name in ("newton", "lbfgs", "sgd"):
        found = cr.minimize(
            lambda x: (x[0] - 2) ** 2 - x[1] ** 2 + x[1] ** 4, [0.0, 0.0], optimizer=name, bounds=(-1, 1)
        )
        assert not found.success and found.x[0] == 1 and "maximum" in found.message, found
    wall = cr.minimize(lambda x: (x[0] - 2) ** 2 + x[1] - x[1] ** 2, [0.0, 0.7], optimizer="newton", bounds=(0, 1))
    assert wall.success and wall.x == [1, 1]  # where it curves down, but no lower value is inside


# --------------------------------------------------------------------------------------------------- lanes, and SciPy's


@pytest.mark.parametrize(
    ("name", "lr"), [("sgd", 1e-3), ("adam", 0.02), ("rprop", 0.01), ("asgd", 1e-3), ("lbfgs", None)]
)
def test_lanes_are_single_descents(name: str, lr: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    starts, bounds = np.random.default_rng(0).uniform(-1, 0.19, (9, 2)), [(-2, 0.5), (-1, 0.2)]
    options = {} if lr is None else {"lr": lr}
    fast = cr.sweep(valley, starts, optimizer=name, steps=1200, bounds=bounds, record=300, **options)
    alone = [cr.minimize(valley, x, optimizer=name, steps=1200, bounds=bounds, record=0, **options).x for x in starts]
    np.testing.assert_allclose(fast.x, alone, rtol=1e-12)
    assert (fast.x.max(axis=0) <= [0.5, 0.2]).all() and (fast.x[:, 1] == 0.2).any()
    monkeypatch.setitem(sys.modules, "llvmlite", None)
    slow = cr.sweep(valley, starts, optimizer=name, steps=1200, bounds=bounds, record=300, **options)
    np.testing.assert_allclose(slow.x, fast.x, rtol=1e-9)
    np.testing.assert_allclose(slow.path, fast.path, rtol=1e-9)


@pytest.mark.parametrize("method", ["L-BFGS-B", "trust-constr", "TNC", "SLSQP", "Nelder-Mead"])
def test_scipys_methods_take_every_form(method: str) -> None:
    pytest.importorskip("scipy")
    found = cr.minimize(lambda v: valley((v["x"], v["y"])), {"x": -1.2, "y": 0.3}, method=method,
                        bounds={"x": (-2, 0.5)}, tol=1e-9)  # fmt: skip
    np.testing.assert_allclose([found.x["x"], found.x["y"]], [0.5, 0.25], atol=1e-3)
    assert found.multipliers == {"x": pytest.approx(1, abs=1e-2)} and found.success


@pytest.mark.parametrize("start", [(0.2, 0.2), (-1.2, 0.3), (0.0, 0.0), (0.4, 0.9)])
@pytest.mark.parametrize("method", ["Powell", "COBYLA", "Nelder-Mead"])
def test_scipys_word_for_an_arrival_is_looked_at(method: str, start: tuple[float, float]) -> None:
    """Methods without slopes call it a success where their steps are short, though the function goes on falling."""
    pytest.importorskip("scipy")
    found = cr.minimize(valley, start, method=method, bounds=[(None, 0.5), (0, None)])
    best = cr.minimize(valley, (0.5, 0.25), optimizer="newton", bounds=[(None, 0.5), (0, None)])
    assert found.value >= best.value - 1e-9
    if found.success:
        assert found.value <= best.value + 1e-4 * (valley(start) - best.value)
    else:
        assert "value beside is lower" in found.message
