"""`minimize` against closed forms, the loop written out with `optim`, torch, SciPy, and a process that is killed."""

from __future__ import annotations

import concurrent.futures
import functools
import gettext
import pickle
import random
import signal
import subprocess
import sys
import time
import types
import weakref
from pathlib import Path

import numpy as np
import pytest

import chainrule as cr
from chainrule.base import language as language_module
from chainrule.descend import objective as objective_module
from chainrule.descend import recall as recall_module
from chainrule.descend import steps as steps_module
from chainrule.descend import words as words_module
from chainrule.descend.curvature import curvature, largest_curvature
from chainrule.descend.flat import Flat
from chainrule.descend.objective import Objective

RULES = {
    "sgd": [
        {}, {"momentum": 0.9}, {"momentum": 0.9, "nesterov": True}, {"weight_decay": 0.1},
        {"momentum": 0.5, "dampening": 0.2},
    ],
    "adam": [{}, {"amsgrad": True}, {"betas": (0.8, 0.99), "weight_decay": 0.01}],
    "adamw": [{}],
    "adamax": [{}],
    "nadam": [{}],
    "radam": [{}],
    "rmsprop": [{}, {"momentum": 0.5, "centered": True}],
    "rprop": [{}],
    "adagrad": [{"lr_decay": 0.01}],
    "adadelta": [{}],
    "asgd": [{"t0": 50.0}],
}  # fmt: skip
CASES = [(name, options) for name, many in RULES.items() for options in many]
CLASSES = {name: next(c for n, c in vars(cr.optim).items() if n.lower() == name) for name in RULES}


def bowl(x):
    return x**2 - 4 * x + 5


def rosenbrock(x):
    return (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2


def valley(x):
    return (0.3 * x[0]).exp() + (x * x).sum() - x[1].sin()


def written_out(lib, name, options, x0, steps, lr):
    """The loop as one writes it; the points and the values."""
    x = lib.tensor(x0, requires_grad=True)
    optimizer = {n.lower(): c for n, c in vars(lib.optim).items()}[name]([x], lr=lr, **options)
    path, values = [x.detach().numpy().copy()], []
    for _ in range(steps):
        optimizer.zero_grad()
        y = valley(x)
        y.backward()
        optimizer.step()
        path.append(x.detach().numpy().copy())
        values.append(y.item())
    return np.array(path), np.array(values)


# ------------------------------------------------------------------------------------------------------- the numbers


def test_gradient_descent_on_a_parabola_is_a_geometric_series() -> None:
    found = cr.minimize(bowl, np.array(5.0), lr=0.1, steps=40)
    k = np.arange(41)
    np.testing.assert_allclose(found.path, 2 + 3 * 0.8**k, rtol=1e-13)
    np.testing.assert_allclose(found.values, 1 + 9 * 0.64**k, rtol=1e-13)
    np.testing.assert_allclose(found.grad_norms, 6 * 0.8**k, rtol=1e-11)
    assert found.recorded.tolist() == k.tolist()
    assert (found.reason, found.steps) == ("steps done", 40)
    assert found.x == found.path[-1] and found.value == found.values[-1]


@pytest.mark.parametrize(("name", "options"), CASES, ids=lambda v: str(v))
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_same_bits_as_the_loop_written_out(name: str, options: dict, dtype: str) -> None:
    x0 = np.array([1.0, 2.0], dtype)
    path, values = written_out(cr, name, options, x0, 200, 0.01)
    found = cr.minimize(valley, x0, optimizer=name, lr=0.01, steps=200, **options)
    assert found.how == "interpreted"
    assert found.path.dtype == dtype
    np.testing.assert_array_equal(found.path, path)
    np.testing.assert_array_equal(found.values[:-1], values)


@pytest.mark.parametrize(("name", "options"), CASES, ids=lambda v: str(v))
def test_the_path_of_torch(name: str, options: dict) -> None:
    torch = pytest.importorskip("torch")
    x0 = np.array([1.0, 2.0])
    path, _ = written_out(torch, name, options, x0, 200, 0.01)
    found = cr.minimize(valley, x0, optimizer=name, lr=0.01, steps=200, **options)
    # Both keep counts in float32 tensors; NAdam's product and ASGD's rate round there differently.
    close = 1e-5 if name in ("nadam", "asgd") else 1e-9
    np.testing.assert_allclose(found.path, path, rtol=close, atol=close)


@pytest.mark.parametrize("name", RULES)
def test_machine_code_gives_the_interpreted_path(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("llvmlite")
    x0 = np.array([1.0, 2.0])
    plain = cr.minimize(valley, x0, optimizer=name, steps=300)
    monkeypatch.setattr(steps_module, "MANY_STEPS", 1)
    native = cr.minimize(valley, x0, optimizer=name, steps=300)
    assert (plain.how, native.how) == ("interpreted", "machine code")
    np.testing.assert_allclose(native.path, plain.path, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(native.values, plain.values, rtol=1e-12)
    thin = cr.minimize(valley, x0, optimizer=name, steps=300, record=7)
    np.testing.assert_array_equal(thin.path[:-1], native.path[:-1:7])


@pytest.mark.parametrize("method", ["gd", "newton", "lbfgs"])
def test_line_searches_find_the_minimum(method: str) -> None:
    found = cr.minimize(rosenbrock, np.array([-1.2, 1.0]), optimizer=method, steps=30_000)
    assert found.reason == "converged"
    np.testing.assert_allclose(found.x, [1, 1], atol=1e-5)


def test_newton_leaves_alone_what_does_not_change_the_value() -> None:
    found = cr.minimize(lambda x: (x.sum() - 1) ** 2, [3.0, 2.0, 7.0], optimizer="newton")
    np.testing.assert_allclose(found.x, np.array([3.0, 2.0, 7.0]) - 11 / 3, atol=1e-6)


def test_newton_needs_one_step_on_a_quadratic() -> None:
    a = np.array([[3.0, 1.0], [1.0, 2.0]])
    b = np.array([1.0, -1.0])
    at, bt = cr.tensor(a), cr.tensor(b)
    found = cr.minimize(lambda x: 0.5 * (x @ at @ x) - bt @ x, np.zeros(2), optimizer="newton", steps=5)
    np.testing.assert_allclose(found.path[1], np.linalg.solve(a, b), rtol=1e-12)


# ------------------------------------------------------------------------------------------------------------- starts


def test_starts_of_every_structure_come_back_as_they_were() -> None:
    def f(t):
        return (t["a"] - 1) ** 2 + ((t["b"][0] - 2) ** 2).sum() + (t["b"][1] + 3) ** 2

    x0 = {"a": 0.0, "b": (np.zeros(2), cr.tensor(0.0, dtype=cr.float64))}
    found = cr.minimize(f, x0, lr=0.25, steps=60)
    assert type(found.x["a"]) is float and found.x["a"] == pytest.approx(1)
    assert type(found.x["b"]) is tuple and found.x["b"][0].dtype == np.float64
    np.testing.assert_allclose(found.x["b"][0], [2, 2])
    assert isinstance(found.x["b"][1], cr.Tensor) and found.x["b"][1].dtype is cr.float64
    assert found.path["b"][0].shape == (61, 2) and found.path["a"].shape == (61,)
    assert x0["b"][0].tolist() == [0, 0]


@pytest.mark.parametrize("given", ["module", "module taken", "parameters", "list"])
def test_the_parameters_of_a_module_end_at_the_minimum(given: str) -> None:
    cr.manual_seed(0)
    model = cr.nn.Linear(2, 1)
    x = cr.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [2.0, -1.0]])
    y = x @ cr.tensor([[2.0], [-1.0]]) + 0.5
    before = list(model.parameters())

    def loss(m=None, /):
        return ((model(x) - y) ** 2).mean()

    f = loss if given == "module taken" else lambda: loss()
    x0 = {"module": model, "module taken": model, "parameters": model.parameters(), "list": before}[given]
    found = cr.minimize(f, x0, lr=0.1, steps=1500, momentum=0.5)
    np.testing.assert_allclose(model.weight.detach().numpy(), [[2, -1]], atol=1e-4)
    np.testing.assert_allclose(model.bias.detach().numpy(), [0.5], atol=1e-4)
    assert all(p is q for p, q in zip(before, model.parameters()))
    assert all(p.grad is None for p in before)
    np.testing.assert_array_equal(found.x[0].numpy(), model.weight.detach().numpy())


def test_a_module_takes_the_path_of_its_training_loop() -> None:
    def model():
        cr.manual_seed(3)
        return cr.nn.Sequential(cr.nn.Linear(3, 4), cr.nn.Tanh(), cr.nn.Linear(4, 1))

    cr.manual_seed(7)
    x, y = cr.randn(16, 3), cr.randn(16, 1)
    mine, theirs = model(), model()
    cr.minimize(lambda: ((mine(x) - y) ** 2).mean(), mine, optimizer="adam", lr=0.01, steps=50)
    optimizer = cr.optim.Adam(theirs.parameters(), lr=0.01)
    for _ in range(50):
        optimizer.zero_grad()
        ((theirs(x) - y) ** 2).mean().backward()
        optimizer.step()
    for p, q in zip(mine.parameters(), theirs.parameters()):
        np.testing.assert_array_equal(p.detach().numpy(), q.detach().numpy())


def test_a_leaf_that_the_value_does_not_depend_on_stays() -> None:
    found = cr.minimize(
        lambda x: (x["a"] - 1) ** 2, {"a": 0.0, "b": 7.0}, lr=0.5, steps=3, momentum=0.1, weight_decay=0.1
    )
    assert found.x["b"] == 7.0


def test_a_function_that_decides_by_values_runs_without_a_graph() -> None:
    found = cr.minimize(lambda x: x * x if x.item() > 0 else 4 * x * x, np.array(-1.0), lr=0.1, steps=20)
    assert "without a graph" in found.how
    np.testing.assert_allclose(found.path, (1 - 0.8) ** np.arange(21) * -1.0, rtol=1e-12)


def test_random_functions_are_drawn_anew_at_each_step() -> None:
    cr.manual_seed(1)
    found = cr.minimize(lambda x: (x - cr.randn(())) ** 2, 0.0, lr=0.1, steps=5)
    assert len({round(float(v), 6) for v in np.diff(found.path)}) == 5


# ------------------------------------------------------------------------------------------------- the second descent


class Counted:
    """How often a function is traced: it is run for nothing else."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.times = 0
        trace = objective_module.trace

        def counted(*args):
            self.times += 1
            return trace(*args)

        monkeypatch.setattr(objective_module, "trace", counted)

    def traces(self, f, x0=5.0, steps=10, lr=0.1, **options) -> int:
        before = self.times
        cr.minimize(f, x0, lr=lr, steps=steps, **options)
        return self.times - before


SCALE, TABLE, HOUSE = 2.0, {"a": [1.0, 2.0]}, types.SimpleNamespace(rate=3.0)


def helper(x):
    return SCALE * x * x


def test_a_second_descent_is_not_traced_again(monkeypatch: pytest.MonkeyPatch) -> None:
    count = Counted(monkeypatch)
    for steps, name in ((10, "sgd"), (3000, "adam")):
        f = lambda x: ((x - 1) ** 2).sum()  # noqa: E731
        options = {"optimizer": name, "steps": steps}
        assert count.traces(f, np.zeros(2), **options) > 0
        for x0, lr in ((np.ones(2), 0.1), (np.full(2, 7.0), 0.2)):
            assert count.traces(f, x0, lr=lr, **options) == 0
            again = cr.minimize(lambda x: ((x - 1) ** 2).sum(), x0, lr=lr, **options)
            np.testing.assert_array_equal(cr.minimize(f, x0, lr=lr, **options).path, again.path)
        assert count.traces(f, np.zeros(2, np.float32), **options) > 0
        assert count.traces(f, np.zeros(3), **options) > 0
        assert count.traces(f, cr.zeros(2), **options) == 0  # float32, as above
    for method in ("lbfgs", "newton", "gd"):
        count.traces(f, np.zeros(2), optimizer=method)
        assert count.traces(f, np.ones(2), optimizer=method) == 0
    assert count.traces(f, np.zeros(2), momentum=0.5) > 0
    assert count.traces(f, np.zeros(2), momentum=0.5) == 0
    assert count.traces(f, np.zeros(2), momentum=0.6) > 0


def test_few_steps_give_the_same_bits_after_many(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("llvmlite")
    for x0 in (np.array([1.0, 2.0]), np.linspace(1, 2, 200)):  # of 200 numbers, each step is machine code by itself
        few = cr.minimize(valley, x0, steps=30)
        assert cr.minimize(valley, x0, steps=1000).how == "machine code"
        again = cr.minimize(valley, x0, steps=30)
        assert (few.how, again.how) == ("interpreted", "interpreted")
        np.testing.assert_array_equal(again.path, few.path)


def test_what_a_function_reads_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    shift, weights, held = 1.0, [1.0, 2.0], cr.tensor(3.0)
    count = Counted(monkeypatch)

    class Curve:
        power = 2

        def __init__(self):
            self.factor = 1.5

        def value(self, x):
            return self.factor * (x - SCALE) ** self.power

    curve = Curve()
    default = lambda x, by=1.0: (x - by) ** 2  # noqa: E731
    functions = {
        "closure": lambda x: (x - shift) ** 2,
        "list": lambda x: weights[0] * (x - weights[1]) ** 2,
        "tensor": lambda x: (x - held) ** 2,
        "called": lambda x: helper(x),
        "table": lambda x: (x - TABLE["a"][1]) ** 2,
        "house": lambda x: (x - HOUSE.rate) ** 2,
        "method": curve.value,
        "partial": functools.partial(lambda x, by: (x - by["n"]) ** 2, by={"n": 4.0}),
        "default": default,
        "compiled": cr.compile(lambda x: (x - shift) ** 2 * SCALE),
    }
    for name, f in functions.items():
        assert count.traces(f) > 0, name
        assert count.traces(f) == 0, name
    shift, weights[1] = 2.0, 5.0
    monkeypatch.setitem(TABLE, "a", [1.0, 6.0])
    monkeypatch.setattr(HOUSE, "rate", 7.0)
    monkeypatch.setitem(globals(), "SCALE", 4.0)
    curve.factor = 8.0
    functions["partial"].keywords["by"]["n"] = 9.0
    default.__defaults__ = (10.0,)
    held.fill_(11.0)  # a tensor is read anew: that takes no new trace
    minima = [2.0, 5.0, 11.0, 0.0, 6.0, 7.0, 4.0, 9.0, 10.0, 2.0]
    for (name, f), minimum in zip(functions.items(), minima):
        assert (count.traces(f) > 0) == (name != "tensor"), name
        rate = {"called": 0.1, "method": 0.05, "compiled": 0.1}.get(name, 0.4)
        assert cr.minimize(f, 5.5, lr=rate, steps=300).x == pytest.approx(minimum, abs=1e-4), name


def test_what_cannot_be_looked_at_is_run_as_it_is() -> None:
    draw, turns = random.Random(1), iter(range(10**6))
    for what, f in {
        "time.time": lambda x: (x - time.time() * 0) ** 2,
        "random.random": lambda x: (x - random.random()) ** 2,
        "draw, a random.Random": lambda x: (x - draw.random()) ** 2,
        "np.random": lambda x: (x - np.random.rand()) ** 2,
        "turns, an iterator": lambda x: (x - next(turns) * 0) ** 2,
    }.items():
        found = cr.minimize(f, 5.0, steps=3)
        assert found.how.startswith("without a graph: uses " + what) and __file__ in found.how


def test_what_a_function_changes_is_changed_at_each_step() -> None:
    path, count = [], {"n": 0}

    def f(x):
        path.append(x.item())
        count["n"] += 1
        return (x - 1) ** 2

    found = cr.minimize(f, 5.0, lr=0.25, steps=3, tol=0)
    assert path[:3] == [5.0, 3.0, 2.0] and count["n"] == len(path)
    assert found.how.startswith("without a graph")


def test_names_made_up_and_large_arrays_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    count, name, large = Counted(monkeypatch), "rate", np.zeros(100_000)
    by_name = lambda x: (x - getattr(HOUSE, name)) ** 2  # noqa: E731
    by_array = lambda x: (x - float(large[-1])) ** 2  # noqa: E731
    for f in (by_name, by_array):
        assert count.traces(f) > 0 and count.traces(f) == 0
    monkeypatch.setattr(HOUSE, "rate", 7.0)
    large[-1] = 1
    for f in (by_name, by_array):
        assert count.traces(f) > 0


def test_a_function_that_is_gone_leaves_nothing_behind() -> None:
    f = lambda x: x * x  # noqa: E731
    cr.minimize(f, 1.0, steps=3000)
    assert f in recall_module._kept
    gone = weakref.ref(f)
    del f
    assert gone() is None


def test_parameters_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    count = Counted(monkeypatch)
    p, q = cr.tensor(5.0, requires_grad=True), cr.tensor(-1.0, requires_grad=True)
    at = [p]
    f = lambda: (at[0] - 3) ** 2  # noqa: E731
    assert count.traces(f, [p]) > 0 and count.traces(f, [p]) == 0
    at[0] = q
    assert cr.minimize(f, [q], lr=0.4, steps=50).x[0].item() == pytest.approx(3)
    assert p.item() != pytest.approx(3, abs=1e-3)


def test_threads_share_what_is_compiled() -> None:
    f = lambda x: ((x - 1) ** 2).sum() + (0.1 * x).cos().sum()  # noqa: E731
    starts = [np.array([i, -i, 1.0]) for i in range(16)]
    alone = [cr.minimize(f, x0, optimizer="adam", lr=0.01, steps=2500).x for x0 in starts]
    g = types.FunctionType(f.__code__, globals())
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        work = [pool.submit(cr.minimize, g, x0, optimizer="adam", lr=0.01, steps=2500) for x0 in starts]
        for x, w in zip(alone, work):
            np.testing.assert_array_equal(w.result().x, x)


# --------------------------------------------------------------------------------------------------------------- rates


def test_a_schedule_is_a_function_an_array_or_a_name() -> None:
    rates = [0.1 * 0.5 ** (i // 10) for i in range(40)]
    x, path = 5.0, [5.0]
    for lr in rates:
        x -= lr * (2 * x - 4)
        path.append(x)
    for lr in (lambda i: 0.1 * 0.5 ** (i // 10), rates, (0.1, "StepLR", {"step_size": 10, "gamma": 0.5})):
        np.testing.assert_allclose(cr.minimize(bowl, np.array(5.0), lr=lr, steps=40).path, path, rtol=1e-13)
    with pytest.raises(ValueError, match="does not give a rate for each of 41 steps"):
        cr.minimize(bowl, 5.0, lr=rates, steps=41)
    with pytest.raises(ValueError, match="nearest: StepLR"):
        cr.minimize(bowl, 5.0, lr=(0.1, "SteppLR"), steps=4)


@pytest.mark.parametrize(
    "schedule",
    [
        (0.1, "StepLR", {"step_size": 700}),
        (0.1, "CosineAnnealingLR", {"T_max": 1500}),
        (0.05, "ExponentialLR", {"gamma": 0.999}),
        (0.01, "CyclicLR", {"base_lr": 0.001, "max_lr": 0.1, "step_size_up": 300, "cycle_momentum": False}),
        (0.1, "CosineAnnealingWarmRestarts", {"T_0": 250, "T_mult": 2}),
        (0.1, "LambdaLR", {"lr_lambda": lambda i: 1 / (1 + i)}),
    ],
    ids=lambda s: s[1],
)
@pytest.mark.parametrize("name", ["sgd", "adam"])
def test_schedules_run_in_machine_code(schedule: tuple, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("llvmlite")
    x0 = np.array([1.0, 2.0])
    native = cr.minimize(valley, x0, optimizer=name, lr=schedule, steps=3000)
    thin = cr.minimize(valley, x0, optimizer=name, lr=schedule, steps=3000, record=7)
    monkeypatch.setattr(steps_module, "MANY_STEPS", 10**9)
    plain = cr.minimize(valley, x0, optimizer=name, lr=schedule, steps=3000)
    assert (plain.how, native.how) == ("interpreted", "machine code")
    np.testing.assert_allclose(native.path, plain.path, rtol=1e-11, atol=1e-12)
    np.testing.assert_array_equal(thin.path[:-1], native.path[:-1:7])
    np.testing.assert_array_equal(thin.recorded, [*range(0, 3000, 7), 3000])


def test_one_cycle_gives_the_rates_that_its_scheduler_sets() -> None:
    x = cr.tensor(5.0, dtype=cr.float64, requires_grad=True)
    optimizer = cr.optim.SGD([x], lr=0.01)
    schedule = cr.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.2, total_steps=30, cycle_momentum=False)
    for i in range(30):
        optimizer.zero_grad()
        bowl(x).backward()
        optimizer.step()
        if i < 29:
            schedule.step()
    lr = (0.01, "OneCycleLR", {"max_lr": 0.2, "total_steps": 30, "cycle_momentum": False})
    assert cr.minimize(bowl, np.array(5.0), lr=lr, steps=30).x == x.item()


# --------------------------------------------------------------------------------------------------------------- stops


@pytest.mark.parametrize("steps", [500, 5000])
def test_tolerances_stop_at_the_very_step(steps: int) -> None:
    start = np.array(5.0)
    full = cr.minimize(bowl, start, lr=0.1, steps=500)
    found = cr.minimize(bowl, start, lr=0.1, steps=steps, tol=1e-6)
    first = int(np.argmax(full.grad_norms <= 1e-6))
    assert (found.reason, found.steps) == ("converged", first)
    np.testing.assert_allclose(found.path, full.path[: first + 1], rtol=1e-15)
    found = cr.minimize(bowl, start, lr=0.1, steps=steps, tol={"change": 1e-6})
    assert found.steps == int(np.argmax(np.abs(np.diff(full.path)) <= 1e-6)) + 1
    found = cr.minimize(lambda x: (x - 2).abs(), start, lr=0.4, steps=steps, tol={"plateau": 20})
    assert found.reason == "converged" and "no value below" in found.message and found.steps < 50


def test_a_diverged_run_says_which_rate_would_hold() -> None:
    with pytest.warns(UserWarning, match="diverged"):
        found = cr.minimize(lambda x: 1.5 * x[0] ** 2 + 4 * x[1] ** 2, np.array([1.0, 1.0]), lr=0.3, steps=5000)
    # the second variable grows by 1.4 in each step, until four times its square is beyond the largest double
    first = int(np.ceil(np.log(np.finfo(float).max / 4) / 2 / np.log(1.4)))
    assert found.reason == "diverged" and abs(found.steps - first) <= 1
    assert "largest second derivative at the start is 8" in found.message and "= 0.25" in found.message
    assert f"at step {found.steps} the value is inf" in found.message
    assert not np.isfinite(found.values[-1]) and np.isfinite(found.values[:-1]).all()


@pytest.mark.parametrize(
    "eigenvalues", [np.linspace(1, 100, 120), np.append([-5, 50], np.linspace(1, 10, 118))], ids=["convex", "saddle"]
)
def test_curvatures_of_many_variables_are_the_eigenvalues_at_the_ends(eigenvalues) -> None:
    axes = np.linalg.qr(np.random.default_rng(0).normal(size=(120, 120)))[0]
    matrix = cr.tensor((axes * eigenvalues) @ axes.T)
    flat = Flat(Objective(lambda x: x @ (matrix @ x) / 2, np.ones(120)))
    found = curvature(flat, np.ones(120), np.ones(120))
    assert found[:2] == pytest.approx([min(eigenvalues), max(eigenvalues)], rel=1e-3)
    assert abs(axes[:, np.argmin(eigenvalues)] @ found.direction) == pytest.approx(1, abs=0.1)


def test_the_curvature_is_the_largest_eigenvalue() -> None:
    rng = np.random.default_rng(11)
    q = np.linalg.qr(rng.standard_normal((6, 6)))[0]
    h = cr.tensor(q @ np.diag([9.0, 4, 3, 2, 1, -0.5]) @ q.T)
    objective = Objective(lambda x: 0.5 * (x @ h @ x), np.zeros(6))
    assert largest_curvature(objective, objective.start) == pytest.approx(9, rel=1e-3)


def test_the_callback_sees_every_recorded_step_and_may_stop() -> None:
    seen = []

    def look(step, x, value):
        seen.append((step, x, value))
        return step == 12

    found = cr.minimize(bowl, 5.0, lr=0.1, steps=100, record=4, callback=look)
    assert [s for s, _, _ in seen] == [0, 4, 8, 12]
    assert (found.reason, found.steps, found.recorded.tolist()) == ("stopped", 12, [0, 4, 8, 12])
    for (_, x, value), at, v in zip(seen, found.path, found.values):
        assert (x, value) == (float(at), v)


def test_the_callback_of_a_scipy_method_stops_it_by_true_alone() -> None:
    pytest.importorskip("scipy")
    for value in (None, 1, True):
        seen = []
        look = lambda step, x, v: (seen.append((step, v)), value)[1]  # noqa: B023, E731
        found = cr.minimize(bowl, 5.0, method="BFGS", callback=look)
        assert seen[0] == (0, bowl(5.0))
        assert (found.success, [step for step, _ in seen]) == (value is not True, [*range(found.steps + 1)])


def test_control_c_ends_with_what_was_reached() -> None:
    calls = 0

    def f(x):
        nonlocal calls
        calls += 1
        if x.item() < 3 and calls < 1000:  # asks for the number, so that it is called at every step
            calls = 1000
            raise KeyboardInterrupt
        return bowl(x)

    found = cr.minimize(f, np.array(5.0), lr=0.1, steps=100)
    k = int(np.ceil(np.log(1 / 3) / np.log(0.8)))  # the first point below 3
    assert (found.reason, found.steps) == ("stopped", k)
    assert found.x == pytest.approx(2 + 3 * 0.8**k)
    assert len(found.path) == k + 1


# ---------------------------------------------------------------------------------------------------------- checkpoints

SCRIPT = """
import os, signal, sys
import numpy as np
import chainrule as cr
path, die_at = sys.argv[1], int(sys.argv[2])
def f(x):
    return (0.3 * x[0]).exp() + (x * x).sum() - x[1].sin() + 0 * {part}
def watch(step, x, value):
    if step == die_at and os.path.exists(path):
        os.kill(os.getpid(), signal.SIGKILL)
more = dict(callback=watch) if die_at else dict()
found = cr.minimize(f, np.array([1.0, 2.0]), optimizer={name!r}, steps={steps}, record=3,
                    checkpoint=(path, 0.01), resume={resume}, {options} **more)
np.savez(path + ".done", path=found.path, values=found.values, recorded=found.recorded)
"""


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("adam", "lr=0.001,"),
        ("sgd", "lr=0.001, momentum=0.9,"),
        ("nadam", "lr=0.001,"),
        ("adam", "lr=(0.01, 'CosineAnnealingLR', {'T_max': 500}),"),
    ],
)
@pytest.mark.parametrize("traced", [True, False])
def test_a_killed_run_goes_on_to_the_very_same_path(tmp_path: Path, name: str, options: str, traced: bool) -> None:
    steps, killed = (6000, 3000) if traced else (900, 600)
    part, whole = tmp_path / "part.npz", tmp_path / "whole.npz"
    part_of_it = "x[0]" if traced else "float(x[0])"
    script = SCRIPT.format(part=part_of_it, name=name, options=options, steps=steps, resume=not traced)

    def run(path: Path, die_at: int) -> int:
        return subprocess.run([sys.executable, "-c", script, str(path), str(die_at)]).returncode

    assert run(part, killed) == -signal.SIGKILL
    with np.load(part, allow_pickle=False) as file:
        assert 0 <= file["steps"][-1] < killed
    assert run(part, 0) == 0 and run(whole, 0) == 0
    with np.load(f"{part}.done.npz") as a, np.load(f"{whole}.done.npz") as b:
        for key in ("path", "values", "recorded"):
            np.testing.assert_array_equal(a[key], b[key])
        assert a["recorded"].tolist() == [*range(0, steps, 3), steps]


def test_a_checkpoint_of_another_run_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "c.npz"
    first = cr.minimize(bowl, 5.0, lr=0.1, steps=10, checkpoint=path)
    again = cr.minimize(bowl, 5.0, lr=0.1, steps=10, checkpoint=path)
    assert again.x == first.x
    further = cr.minimize(bowl, 5.0, lr=0.1, steps=20, checkpoint=path)
    np.testing.assert_array_equal(further.path, cr.minimize(bowl, 5.0, lr=0.1, steps=20).path)
    for changed in ({"lr": 0.2}, {"optimizer": "adam"}, {"momentum": 0.5}, {"record": 2}):
        with pytest.raises(ValueError, match="is of another run"):
            cr.minimize(bowl, 5.0, **{"lr": 0.1, "steps": 20, "checkpoint": path, **changed})
    with pytest.raises(ValueError, match=r"its start was .* now it is"):
        cr.minimize(bowl, 6.0, lr=0.1, steps=20, checkpoint=path)
    with pytest.raises(ValueError, match="goes with the optimisers that are rules"):
        cr.minimize(bowl, 6.0, optimizer="newton", checkpoint=path)


def test_a_checkpoint_knows_its_function(tmp_path: Path) -> None:
    path, data = tmp_path / "c.npz", cr.tensor([1.0, 2.0], dtype=cr.float64)
    power = 2

    def go(f, **more):
        return cr.minimize(f, 5.0, lr=0.1, steps=10, checkpoint=path, **more)

    f = lambda x: ((x - data) ** power).sum()  # noqa: E731
    first = go(f)
    assert go(f).x == first.x and go(lambda x: ((x - data) ** 2).sum()).x == first.x  # the same, written anew
    with pytest.raises(ValueError, match=r"its function was .* resume=True"):
        go(lambda x: ((x + data) ** 2).sum())
    power = 4
    with pytest.raises(ValueError, match="its function was"):
        go(f)
    power = 2
    data[0] = 3.0  # a tensor that it reads
    with pytest.raises(ValueError, match="its function was"):
        go(f)
    assert go(f, resume=True).steps == 10
    deciding = lambda x: x * x if x.item() > 0 else -x  # noqa: E731
    path.unlink()
    go(deciding)
    with pytest.raises(ValueError, match=r"cannot be told .*: pass resume=True"):
        go(deciding)
    assert go(deciding, resume=True).steps == 10


def test_a_damaged_checkpoint_is_one_error(tmp_path: Path) -> None:
    path = tmp_path / "c.npz"

    def go():
        return cr.minimize(valley, np.array([1.0, 2.0]), lr=0.1, steps=20, optimizer="adam", checkpoint=path)

    go()
    whole = path.read_bytes()
    with np.load(path) as file:
        arrays = dict(file)

    def put(**changed):
        np.savez(path, **{k: v for k, v in (arrays | changed).items() if v is not None})
        return path.read_bytes()

    about = str(arrays["about"])
    damages = [whole[:n] for n in (0, 1, 30, len(whole) // 2, len(whole) - 5)]
    damages += [b"not a zip file", whole[:100] + b"?" * 400 + whole[500:], b"\x93NUMPY\x01\x00v\x00{"]
    damages += [put(about=None), put(state0=None), put(state1=np.zeros(7)), put(state0=np.zeros(3)), put(values=None)]
    damages += [put(about=np.array(about[:-3])), put(about=np.array("[]")), put(state0=np.array([1.0, "a"], object))]
    refused = 0
    for damage in damages:
        path.write_bytes(damage)
        with pytest.raises(ValueError, match=r"c.npz is damaged .*Remove the file to start anew"):
            go()
        refused += 1
    assert refused == len(damages)
    rng = np.random.default_rng(2)
    for _ in range(200):  # bytes changed anywhere: refused by one error, or of no consequence
        damage = bytearray(whole)
        for at in rng.integers(0, len(whole), 3):
            damage[at] ^= int(rng.integers(1, 256))
        path.write_bytes(bytes(damage))
        try:
            go()
        except ValueError as e:
            assert "c.npz" in str(e) and "Remove the file" in str(e), f"seed 2: {e}"


# --------------------------------------------------------------------------------------------------------------- SciPy


@pytest.mark.parametrize("method", "L-BFGS-B trust-constr Newton-CG BFGS SLSQP CG TNC trust-exact Nelder-Mead".split())
def test_scipys_methods_reach_the_minimum(method: str) -> None:
    pytest.importorskip("scipy")
    found = cr.minimize(rosenbrock, np.array([-1.2, 1.0]), method=method, tol=1e-9)
    np.testing.assert_allclose(found.x, [1, 1], atol=1e-3)
    assert found.path[0].tolist() == [-1.2, 1.0] and found.values[0] == pytest.approx(24.2)


def test_bounds_and_constraints_are_those_of_scipy() -> None:
    optimize = pytest.importorskip("scipy.optimize")

    def value(x):
        return (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2

    start, bounds = np.array([-1.2, 0.3]), [(-2, 0.5), (None, None)]
    theirs = optimize.minimize(value, start, method="L-BFGS-B", bounds=bounds, tol=1e-12)
    mine = cr.minimize(rosenbrock, start, method="L-BFGS-B", bounds=bounds, tol=1e-12)
    np.testing.assert_allclose(mine.x, theirs.x, atol=1e-4)
    np.testing.assert_allclose(mine.x, [0.5, 0.25], atol=1e-6)
    line = {"type": "eq", "fun": lambda x: x[0] + x[1] - 1}
    mine = cr.minimize(lambda x: (x * x).sum(), np.array([3.0, 0.0]), method="SLSQP", constraints=line)
    np.testing.assert_allclose(mine.x, [0.5, 0.5], atol=1e-7)


def test_scipy_is_asked_for_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy", None)
    with pytest.raises(ImportError, match=r"pip install \"chainrule\[descend\]\""):
        cr.minimize(bowl, 1.0, method="BFGS")


# -------------------------------------------------------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("f", "x0", "more", "error", "words"),
    [
        (lambda x: 3.0, 1.0, {}, TypeError, "must return a tensor, but it returned 3.0"),
        (lambda x: (x, x), 1.0, {}, TypeError, "one tensor, but it returned a tuple of 2"),
        (lambda x: x * 2, np.ones(3), {}, ValueError, r"returned \[3\]: reduce it"),
        (lambda x: x.detach() ** 2, 1.0, {}, ValueError, "does not depend on x"),
        (bowl, np.array([1, 2]), {}, TypeError, "x0 has dtype int64"),
        (bowl, "1", {}, TypeError, "must hold numbers, arrays or tensors"),
        (bowl, [], {}, ValueError, "x0 is empty"),
        (bowl, 1.0, {"optimizer": "adm"}, ValueError, "Did you mean 'adam'"),
        (bowl, 1.0, {"momentun": 0.9}, TypeError, "Did you mean 'momentum'"),
        (bowl, 1.0, {"lr": -0.1}, ValueError, "Invalid learning rate: -0.1"),
        (bowl, 1.0, {"steps": -1}, ValueError, "steps must be a whole number, not negative; got -1"),
        (bowl, 1.0, {"record": 0.5}, ValueError, "record must be a whole number"),
        (bowl, 1.0, {"tol": {"slope": 1}}, ValueError, "tol has no 'slope'"),
        (lambda x: x.log(), -1.0, {}, ValueError, r"not finite at the start: f\(x0\) = nan"),
        (lambda x: x.sqrt(), 0.0, {}, ValueError, "the norm of its gradient is inf"),
        (lambda: cr.tensor(1.0), 1.0, {}, TypeError, "must hold the parameters"),
        (lambda x: (x * x).sum(), np.ones(1000), {"steps": 10**6}, MemoryError, "pass record=9"),
        (3, 1.0, {}, TypeError, "must be callable"),
    ],
)  # fmt: skip
def test_errors_say_what_to_do(f, x0, more, error, words) -> None:
    with pytest.raises(error, match=words):
        cr.minimize(f, x0, **more)


def test_the_record_that_is_named_fits() -> None:
    import re

    from chainrule.descend.history import History

    start = [np.zeros(1000)]
    with pytest.raises(MemoryError) as e:
        History(start, 10**6, 1)
    named = int(re.search(r"record=(\d+)", str(e.value))[1])
    History(start, 10**6, named)
    with pytest.raises(MemoryError):
        History(start, 10**6, named - 1)


# ------------------------------------------------------------------------------------------------------------- reports


def test_no_steps_and_no_record() -> None:
    found = cr.minimize(bowl, 5.0, steps=0)
    assert (found.x, found.value, found.steps, len(found.path)) == (5.0, 10.0, 0, 1)
    found = cr.minimize(bowl, 5.0, steps=30, record=0, lr=0.1)
    assert found.path is None and found.values is None and found.value == pytest.approx(1 + 9 * 0.64**30)


def test_the_result_prints_in_a_few_lines() -> None:
    text = repr(cr.minimize(bowl, 5.0, lr=0.25, steps=50, tol=1e-3))
    assert text.splitlines()[0].startswith("converged after 13 steps of sgd(lr=0.25): the norm of the gradient is")
    assert len(text.splitlines()) == 4 and "(at the start 10)" in text


def test_the_result_speaks_the_language_of_the_moment() -> None:
    found = cr.minimize(bowl, 5.0, lr=0.25, steps=50, tol=1e-3)
    english = found.message
    assert english.startswith("the norm of the gradient is 0.000")
    assert pickle.loads(pickle.dumps(found)).message == english

    class Shouted(gettext.NullTranslations):
        def gettext(self, message: str) -> str:
            return message.partition("}")[0].upper().replace("{NORM:.3G", "{norm:.1g}")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(language_module, "_catalogue", lambda code: Shouted())
        assert found.message == "THE NORM OF THE GRADIENT IS 0.0007"
    assert found.message == english


def test_every_sentence_can_be_said() -> None:
    filled = dict.fromkeys(
        "value norm length lowest c lr better bound slope least greatest ratio first at price violation".split(), 1.5
    )
    filled |= dict.fromkeys("step reason explanation where rule message name".split(), "3")
    for name in words_module._SENTENCES:
        text = str(words_module.words(name, **filled))
        assert text and "{" not in text


def test_rates_print_by_their_ends() -> None:
    found = cr.minimize(bowl, 5.0, lr=np.linspace(0.2, 0.1, 50), steps=50)
    assert found.what == "sgd(lr=[0.2, ..., 0.1])"


def test_plots() -> None:
    pytest.importorskip("matplotlib").use("Agg")
    axes = cr.minimize(rosenbrock, np.array([0.0, 0.0]), lr=1e-3, steps=20).plot()
    assert len(axes) == 2
    line = axes[1].lines[0]
    assert len(line.get_xdata()) == 21
    assert len(cr.minimize(lambda x: (x * x).sum(), np.ones(3), lr=0.1, steps=5).plot()) == 1
    with pytest.raises(ValueError, match="nothing was recorded"):
        cr.minimize(bowl, 1.0, steps=5, record=0).plot()


def test_progress_counts_the_steps(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("tqdm")
    cr.minimize(bowl, 5.0, lr=0.1, steps=77, progress=True)
    assert "77/77" in capsys.readouterr().err
    cr.minimize(bowl, 5.0, lr=0.1, steps=77)
    assert capsys.readouterr().err == ""


def test_results_show_themselves_in_notebooks_as_more_than_text():
    run = cr.minimize("(x - 2)**2 + 1e-9", 5.0, lr=0.1, steps=30)
    shown = run._repr_html_()
    assert "<table>" in shown and f"{run.x}" in shown and 'role="img"' in shown and "<title>values from 9 to" in shown
    points = [tuple(map(float, p.split(","))) for p in shown.partition('points="')[2].partition('"')[0].split()]
    across, down = zip(*points)
    assert len(points) == 31 and list(across) == sorted(across) and list(down) == sorted(down)  # it falls: y grows down
    assert "svg" not in cr.minimize("x**2", 5.0, lr=0.1, steps=3, record=0)._repr_html_()
    many = cr.sweep("(x - 2)**2", [0.0, 5.0], lr=[0.1, 0.2], steps=5)._repr_html_()
    assert "4 descents" in many and "best" in many and "svg" in many
