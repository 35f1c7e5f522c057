"""Optimisers and schedules: against closed forms, against numbers that torch 2.13 printed, and against torch itself."""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np
import pytest

import chainrule as cr

# Where twenty steps of lr=0.02 lead from (1.5, -2, 0.3) on 0.1 sum(p^4) - 2 sum(p) + prod(p) in float64, by torch 2.13.
GOLDEN: list[tuple[str, dict[str, Any], list[float]]] = [
    ("SGD", {}, [2.050983896886, -1.408042192371, 1.845575937676]),
    ("SGD", {"momentum": 0.9}, [2.755462127608, -2.667129183017, 2.643576944166]),
    ("SGD", {"momentum": 0.9, "dampening": 0.1, "weight_decay": 0.01},
     [2.63192322529, -2.666820495836, 2.400731750837]),
    ("SGD", {"momentum": 0.9, "nesterov": True}, [3.008532264232, -2.69784057082, 3.028250347262]),
    ("Adam", {}, [1.880728614692, -1.617314994058, 0.699899410541]),
    ("Adam", {"amsgrad": True, "weight_decay": 0.1}, [1.87543946635, -1.616713575261, 0.69968335059]),
    ("AdamW", {}, [1.874616160657, -1.610260810739, 0.697832896655]),
    ("Adamax", {"weight_decay": 0.01}, [1.84997489047, -1.657438793196, 0.700159877296]),
    ("NAdam", {"weight_decay": 0.1}, [1.807541861349, -1.686450061167, 0.642598266285]),
    ("NAdam", {"weight_decay": 0.1, "decoupled_weight_decay": True}, [1.757622236511, -1.618352320766, 0.622487622752]),
    ("RAdam", {}, [1.651403426221, -1.569353057414, 0.804325702287]),
    ("RAdam", {"weight_decay": 0.1, "decoupled_weight_decay": True}, [1.588528400775, -1.506337729261, 0.774824722145]),
    ("RMSprop", {}, [2.207110150297, -1.409729897881, 1.71495873259]),
    ("RMSprop", {"centered": True, "momentum": 0.5, "weight_decay": 0.01},
     [2.623064717558, -2.108796631948, 2.532960633553]),
    ("Rprop", {}, [2.300791977158, -1.915429587841, 2.233726847845]),
    ("Adagrad", {"lr_decay": 0.01, "initial_accumulator_value": 0.1}, [1.636835318073, -1.863428720208, 0.4422985606]),
    ("Adadelta", {"lr": 1.0}, [1.568355852025, -1.932495481906, 0.369989447142]),
    ("ASGD", {"t0": 5, "weight_decay": 0.01}, [2.045427573582, -1.401539887928, 1.839742140793]),
]  # fmt: skip


def objective(p: Any) -> Any:
    return (p**4).sum() * 0.1 - 2 * p.sum() + p.prod()


def descend(lib: Any, name: str, options: dict[str, Any], steps: int, dtype: str = "float64") -> tuple[Any, Any]:
    p = lib.tensor([1.5, -2.0, 0.3], dtype=getattr(lib, dtype), requires_grad=True)
    optimizer = getattr(lib.optim, name)([p], **{"lr": 0.02, **options})
    for _ in range(steps):
        optimizer.zero_grad()
        objective(p).backward()
        optimizer.step()
    return p.detach().numpy(), optimizer


def layer(lib: Any, name: str, options: dict[str, Any], steps: int) -> tuple[Any, Any]:
    draw = np.random.default_rng(0).normal
    w, b = (lib.tensor(draw(size=s), dtype=lib.float64, requires_grad=True) for s in ((4, 3), 3))
    x, y = (lib.tensor(draw(size=s), dtype=lib.float64) for s in ((10, 4), (10, 3)))
    optimizer = getattr(lib.optim, name)([w] if name == "Muon" else [w, b], **options)
    for _ in range(steps):
        optimizer.zero_grad()
        ((x @ w + b - y) ** 2).mean().backward()
        optimizer.step()
    return (w.detach().numpy(), b.detach().numpy()), optimizer


@pytest.mark.parametrize(
    ("name", "options", "apart"),
    [
        ("Adafactor", {}, 1e-12),
        ("Adafactor", {"lr": 0.5, "weight_decay": 0.1, "d": 2.0, "eps": (1e-6, 1e-2)}, 1e-12),
        ("Adafactor", {"maximize": True, "beta2_decay": -0.5}, 1e-12),
        ("Muon", {"lr": 0.01}, 3e-3),  # torch's steps are in bfloat16
        ("Muon", {"lr": 0.01, "nesterov": False, "adjust_lr_fn": "match_rms_adamw"}, 3e-3),
    ],
)
def test_matrices_go_where_torch_goes(name: str, options: dict[str, Any], apart: float) -> None:
    torch = pytest.importorskip("torch")
    (ours, a), (theirs, b) = layer(cr, name, options, 30), layer(torch, name, options, 30)
    for x, y in zip(ours, theirs):
        np.testing.assert_allclose(x, y, atol=apart)
    mine, other = a.state_dict(), b.state_dict()
    assert mine["param_groups"] == other["param_groups"]
    for key, held in other["state"].items():
        assert {k: tuple(v.shape) for k, v in held.items()} == {
            k: tuple(v.shape) for k, v in mine["state"][key].items()
        }
    a.load_state_dict(mine)


def test_a_step_of_muon_has_singular_values_near_1() -> None:
    p = cr.zeros(6, 4, requires_grad=True)
    (p * cr.tensor(np.random.default_rng(1).normal(size=(6, 4)), dtype=cr.float32)).sum().backward()
    cr.optim.Muon([p], lr=1.0).step()
    sizes = np.linalg.svd(p.detach().numpy(), compute_uv=False) / math.sqrt(6 / 4)
    assert sizes.min() > 0.6 and sizes.max() < 1.3


def test_only_rows_that_were_looked_up_move_as_in_torch() -> None:
    torch = pytest.importorskip("torch")
    ends = []
    for lib in (cr, torch):
        lib.manual_seed(0)
        table = lib.nn.Embedding(6, 3, sparse=True)
        optimizer = lib.optim.SparseAdam(list(table.parameters()), lr=0.1)
        for i in range(10):
            optimizer.zero_grad()
            (table(lib.tensor([0, 2, i % 3 + 2])) ** 2).sum().backward()
            optimizer.step()
        ends.append(table.weight.detach().numpy())
    np.testing.assert_allclose(*ends, rtol=1e-5)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda p: cr.optim.Adafactor([p], beta2_decay=0.5), "beta2_decay should be <= 0 but is: 0.5"),
        (lambda p: cr.optim.Adafactor([p], d=0.5), "Clipping threshold d should be >= 1 but is: 0.5"),
        (lambda p: cr.optim.Muon([p]), "only supports 2D parameters"),
        (lambda p: cr.optim.Muon([p], adjust_lr_fn="x"), "function x is not supported"),
        (lambda p: cr.optim.SparseAdam([p], betas=(1.0, 0.5)), "Invalid beta parameter at index 0"),
    ],
)
def test_options_of_matrix_rules_are_checked(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make(cr.ones(3, requires_grad=True))


cases = pytest.mark.parametrize(("name", "options", "end"), GOLDEN, ids=lambda x: "" if isinstance(x, list) else str(x))


@cases
def test_twenty_steps_lead_where_torch_goes(name: str, options: dict[str, Any], end: list[float]) -> None:
    p, _ = descend(cr, name, options, 20)
    np.testing.assert_allclose(p, end, rtol=1e-9)


@cases
def test_three_hundred_steps_and_state_equal_torchs(name: str, options: dict[str, Any], end: list[float]) -> None:
    torch = pytest.importorskip("torch")
    (a, ours), (b, theirs) = descend(cr, name, options, 300), descend(torch, name, options, 300)
    # a centred RMSprop divides by the root of a difference that vanishes at the end: there rounding grows
    np.testing.assert_allclose(a, b, rtol=1e-2 if options.get("centered") else 1e-7)
    mine, other = ours.state_dict(), theirs.state_dict()
    assert mine["param_groups"] == other["param_groups"]
    assert repr(ours) == repr(theirs)
    for key, held in other["state"].items():
        assert sorted(mine["state"][key]) == sorted(held)
        for k, v in held.items():
            assert str(mine["state"][key][k].dtype) == str(v.dtype), k


@pytest.mark.parametrize("name", ["SGD", "Adam", "RMSprop", "ASGD"])
def test_float32_stays_float32(name: str) -> None:
    p, optimizer = descend(cr, name, {}, 5, "float32")
    assert p.dtype == np.float32
    assert all(t.dtype == cr.float32 for held in optimizer.state.values() for t in held.values())


@pytest.mark.parametrize("shape", [(), (1,), (2, 3)])
def test_gradient_descent_on_a_parabola_has_a_closed_form(shape: tuple[int, ...]) -> None:
    p = cr.full(shape, 3.0, dtype=cr.float64, requires_grad=True)
    optimizer = cr.optim.SGD([p], lr=0.1)
    for _ in range(10):
        optimizer.zero_grad()
        (p * p).sum().backward()
        optimizer.step()
    np.testing.assert_allclose(p.detach().numpy(), np.full(shape, 3 * 0.8**10), rtol=1e-12)


def test_momentum_by_its_recurrence() -> None:
    p = cr.tensor(1.0, dtype=cr.float64, requires_grad=True)
    optimizer = cr.optim.SGD([p], lr=0.1, momentum=0.5, dampening=0.25, nesterov=False)
    x, v = 1.0, None
    for _ in range(5):
        optimizer.zero_grad()
        (p**3).backward()
        optimizer.step()
        g = 3 * x * x
        v = g if v is None else 0.5 * v + 0.75 * g
        x -= 0.1 * v
        assert p.item() == pytest.approx(x, rel=1e-12)


def test_the_first_step_of_adam_is_the_learning_rate() -> None:
    p = cr.tensor([1.0, -4.0], requires_grad=True)
    optimizer = cr.optim.Adam([p], lr=0.01)
    (p * cr.tensor([3.0, -0.2])).sum().backward()
    optimizer.step()
    np.testing.assert_allclose(p.detach().numpy(), [0.99, -3.99], rtol=1e-6)


def test_a_step_keeps_identity_and_memory_and_raises_the_version() -> None:
    p = cr.tensor([1.0, 2.0], requires_grad=True)
    alias, version = p.detach(), p._version
    optimizer = cr.optim.SGD([p], lr=0.5)
    loss = (p * p).sum()
    loss.backward(retain_graph=True)
    optimizer.step()
    assert alias.tolist() == [0.0, 0.0]
    assert p._version == version + 1
    assert p.is_leaf and p.requires_grad
    with pytest.raises(RuntimeError, match=r"modified by an inplace operation.*SGD\.step, in test_a_step_keeps"):
        loss.backward()


def test_a_parameter_without_gradient_is_left_alone() -> None:
    p, q = cr.tensor(1.0, requires_grad=True), cr.tensor(2.0, requires_grad=True)
    optimizer = cr.optim.Adam([p, q])
    (p * 2).backward()
    optimizer.step()
    assert q.item() == 2.0
    assert q not in optimizer.state


def test_the_momentum_buffer_is_not_the_gradient() -> None:
    p = cr.tensor([1.0, 1.0], requires_grad=True)
    optimizer = cr.optim.SGD([p], lr=0.1, momentum=0.9)
    p.sum().backward()
    optimizer.step()
    optimizer.zero_grad(set_to_none=False)
    assert p.grad.tolist() == [0.0, 0.0]
    assert optimizer.state[p]["momentum_buffer"].tolist() == [1.0, 1.0]


def test_groups_have_options_of_their_own() -> None:
    p, q = (cr.tensor(1.0, requires_grad=True) for _ in range(2))
    optimizer = cr.optim.SGD([{"params": [p]}, {"params": q, "lr": 1.0}], lr=0.1)
    (p + q).backward()
    optimizer.step()
    assert (p.item(), q.item()) == (pytest.approx(0.9), 0.0)


def test_a_closure_computes_the_loss_even_under_no_grad() -> None:
    p = cr.tensor(2.0, requires_grad=True)
    optimizer = cr.optim.SGD([p], lr=0.25)

    def closure() -> Any:
        optimizer.zero_grad()
        loss = p * p
        loss.backward()
        return loss

    with cr.no_grad():
        assert optimizer.step(closure).item() == 4.0
    assert p.item() == 1.0


def test_state_survives_saving_and_loading() -> None:
    def run(steps: int, optimizer: Any, p: Any) -> None:
        for _ in range(steps):
            optimizer.zero_grad()
            objective(p).backward()
            optimizer.step()

    p = cr.tensor([1.5, -2.0, 0.3], requires_grad=True)
    first = cr.optim.Adam([p], lr=0.05, amsgrad=True)
    run(5, first, p)
    saved, q = copy.deepcopy(first.state_dict()), p.detach().clone().requires_grad_()
    second = cr.optim.Adam([q], lr=1.0, amsgrad=True)
    second.load_state_dict(saved)
    run(5, first, p)
    run(5, second, q)
    assert p.tolist() == q.tolist()


def test_hooks_see_every_step() -> None:
    p = cr.tensor(1.0, requires_grad=True)
    optimizer, seen = cr.optim.SGD([p], lr=0.5), []
    p.backward()
    before = optimizer.register_step_pre_hook(lambda *_: seen.append(("before", p.item())))
    optimizer.register_step_post_hook(lambda *_: seen.append(("after", p.item())))
    optimizer.step()
    before.remove()
    optimizer.step()
    assert seen == [("before", 1.0), ("after", 0.5), ("after", 0.0)]


def test_differentiable_steps_are_part_of_the_graph() -> None:
    x = cr.tensor(3.0, dtype=cr.float64, requires_grad=True)
    p = x.clone()
    optimizer = cr.optim.SGD([p], lr=0.1, differentiable=True)
    p.grad = 2 * x.clone()
    optimizer.step()
    (slope,) = cr.autograd.grad(p, x)
    assert slope.item() == pytest.approx(1 - 0.1 * 2)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda p: cr.optim.SGD([]), ValueError, "optimizer got an empty parameter list"),
        (lambda p: cr.optim.SGD(p), TypeError, "params argument given to the optimizer should be an iterable"),
        (lambda p: cr.optim.SGD([p * 2]), ValueError, "can't optimize a non-leaf Tensor"),
        (lambda p: cr.optim.SGD([1.0]), TypeError, "can only optimize Tensors, but one of the params is float"),
        (lambda p: cr.optim.SGD([p], lr=-1), ValueError, "Invalid learning rate: -1"),
        (lambda p: cr.optim.SGD([p], nesterov=True), ValueError, "Nesterov momentum requires a momentum"),
        (lambda p: cr.optim.Adam([p], betas=(1.0, 0.9)), ValueError, "Invalid beta parameter at index 0: 1.0"),
        (lambda p: cr.optim.SGD([{"params": [p]}, {"params": [p]}]), ValueError, "in more than one parameter group"),
        (lambda p: cr.optim.SGD([{"params": {p}}]), TypeError, "ordered collections"),
    ],
)
def test_what_cannot_be_optimised_is_refused(make: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make(cr.tensor(1.0, requires_grad=True))


def test_loading_a_state_of_another_shape_is_refused() -> None:
    p, q = cr.tensor(1.0, requires_grad=True), cr.tensor(1.0, requires_grad=True)
    one, two = cr.optim.SGD([p]), cr.optim.SGD([p, q])
    with pytest.raises(ValueError, match="doesn't match the size of optimizer's group"):
        one.load_state_dict(two.state_dict())


# ---------------------------------------------------------------------------------------------------------------- lbfgs


@pytest.mark.parametrize("search", [None, "strong_wolfe"])
def test_lbfgs_finds_rosenbrocks_valley_floor(search: str | None) -> None:
    x = cr.tensor([-1.5, 2.0], dtype=cr.float64, requires_grad=True)
    optimizer = cr.optim.LBFGS([x], lr=1.0 if search else 0.5, line_search_fn=search, max_iter=60)

    def closure() -> Any:
        optimizer.zero_grad()
        loss = 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2
        loss.backward()
        return loss

    for _ in range(4):
        optimizer.step(closure)
    np.testing.assert_allclose(x.detach().numpy(), [1, 1], rtol=1e-4)


@pytest.mark.parametrize("search", [None, "strong_wolfe"])
def test_lbfgs_takes_torchs_way(search: str | None) -> None:
    torch = pytest.importorskip("torch")

    def losses(lib: Any) -> list[float]:
        x = lib.tensor([-1.5, 2.0, 0.5, 1.0], dtype=lib.float64, requires_grad=True)
        optimizer = lib.optim.LBFGS([x], lr=1.0 if search else 0.5, line_search_fn=search)

        def closure() -> Any:
            optimizer.zero_grad()
            loss = (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()
            loss.backward()
            return loss

        return [optimizer.step(closure).item() for _ in range(6)]

    np.testing.assert_allclose(losses(cr), losses(torch), rtol=1e-9)


AWKWARD: dict[str, Any] = {
    "length": lambda lib, p: (p**2).sum().sqrt(),
    "straight": lambda lib, p: (p * lib.arange(1.0, len(p) + 1)).sum(),
    "flat": lambda lib, p: (p * 0).sum(),
    "kinks": lambda lib, p: p.abs().sum(),
    "logarithm": lambda lib, p: (p - 3 * p.log()).sum(),
    "wall": lambda lib, p: (p + 1 / (p - 0.5)).sum(),
    "hill": lambda lib, p: -(p**2).sum(),
    "overflow": lambda lib, p: (p * 300).exp().sum(),
}


@pytest.mark.parametrize("name", AWKWARD)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_line_search_survives(name: str, dtype: str) -> None:
    """Whatever the function, parameters stay numbers, and the loss does not rise; so it is at every size of start."""
    for size in (1e-8, 0.7, 20.0, 1e6):
        p = cr.tensor([size, size * 1.5], dtype=getattr(cr, dtype), requires_grad=True)
        optimizer = cr.optim.LBFGS([p], line_search_fn="strong_wolfe", max_iter=50)
        losses = []

        def closure(p=p, optimizer=optimizer, losses=losses) -> Any:
            optimizer.zero_grad()
            loss = AWKWARD[name](cr, p)
            loss.backward()
            losses.append(loss.item())
            return loss

        for _ in range(3):
            optimizer.step(closure)
        assert np.isfinite(p.detach().numpy()).all(), (size, losses)
        end = AWKWARD[name](cr, p).item()
        assert not end > losses[0], (size, losses)
        if name == "length" and size > 1e-6:  # below that, steps are within `tolerance_change`
            assert end < 1e-3 * size, (size, losses)


def test_lbfgs_takes_torchs_way_through_many_fits() -> None:
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(5)
    for i in range(40):
        a, b = rng.standard_normal((12, 4)) * 10.0 ** rng.uniform(-1, 1, 4), rng.standard_normal(12)

        def losses(lib: Any, a=a, b=b, i=i) -> list[float]:
            x = lib.zeros(4, dtype=lib.float64, requires_grad=True)
            optimizer = lib.optim.LBFGS([x], line_search_fn="strong_wolfe", max_iter=4)
            at, bt = lib.tensor(a), lib.tensor(b)

            def closure() -> Any:
                optimizer.zero_grad()
                loss = (at @ x - bt).pow(2).sum() if i % 2 else ((at @ x).tanh() - bt).pow(2).sum()
                loss.backward()
                return loss

            return [optimizer.step(closure).item() for _ in range(4)]

        theirs = losses(torch)
        if np.isfinite(theirs).all():  # where theirs arrives at a number, ours is that number
            np.testing.assert_allclose(losses(cr), theirs, rtol=1e-7, err_msg=f"seed 5, fit {i}")


# ------------------------------------------------------------------------------------------------------------ schedules

SCHEDULES: dict[str, Any] = {
    "LambdaLR": lambda s, o: s.LambdaLR(o, lambda e: 0.95**e),
    "MultiplicativeLR": lambda s, o: s.MultiplicativeLR(o, lambda e: 0.95),
    "StepLR": lambda s, o: s.StepLR(o, 3),
    "MultiStepLR": lambda s, o: s.MultiStepLR(o, [2, 5, 5]),
    "ConstantLR": lambda s, o: s.ConstantLR(o, 0.5),
    "LinearLR": lambda s, o: s.LinearLR(o),
    "ExponentialLR": lambda s, o: s.ExponentialLR(o, 0.9),
    "PolynomialLR": lambda s, o: s.PolynomialLR(o, power=2.0),
    "CosineAnnealingLR": lambda s, o: s.CosineAnnealingLR(o, 5, 0.01),
    "WarmRestarts": lambda s, o: s.CosineAnnealingWarmRestarts(o, 3, 2),
    "CyclicLR": lambda s, o: s.CyclicLR(o, 0.01, 0.1, 4, mode="triangular2"),
    "CyclicLR exp_range": lambda s, o: s.CyclicLR(o, 0.01, 0.1, 3, 5, "exp_range", 0.9),
    "OneCycleLR": lambda s, o: s.OneCycleLR(o, 0.1, total_steps=26),
    "OneCycleLR three_phase": lambda s, o: s.OneCycleLR(
        o, 0.1, total_steps=30, three_phase=True, anneal_strategy="linear"
    ),
    "ReduceLROnPlateau": lambda s, o: s.ReduceLROnPlateau(o, patience=2, cooldown=1),
    "SequentialLR": lambda s, o: s.SequentialLR(o, [s.LinearLR(o, 0.1), s.CosineAnnealingLR(o, 20)], [5]),
    "ChainedScheduler": lambda s, o: s.ChainedScheduler([s.ConstantLR(o, 0.1, 3), s.ExponentialLR(o, 0.9)], o),
}


def rates(lib: Any, make: Any) -> list[tuple[float, float]]:
    optimizer = lib.optim.SGD([lib.tensor([1.0], requires_grad=True)], lr=0.1, momentum=0.9)
    schedule = make(lib.optim.lr_scheduler, optimizer)
    seen = []
    for i in range(25):
        optimizer.step()
        seen.append((optimizer.param_groups[0]["lr"], optimizer.param_groups[0]["momentum"]))
        if type(schedule).__name__ == "ReduceLROnPlateau":
            schedule.step(abs(math.sin(i)))
        else:
            schedule.step()
    return seen


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules_equal_torchs(name: str) -> None:
    torch = pytest.importorskip("torch")
    np.testing.assert_allclose(rates(cr, SCHEDULES[name]), rates(torch, SCHEDULES[name]), rtol=1e-12)


CLOSED: dict[str, Any] = {
    "LambdaLR": lambda t: 0.95**t,
    "MultiplicativeLR": lambda t: 0.95**t,
    "StepLR": lambda t: 0.1 ** (t // 3),
    "MultiStepLR": lambda t: 0.1 ** ((t >= 2) + 2 * (t >= 5)),
    "ConstantLR": lambda t: 0.5 if t < 5 else 1.0,
    "LinearLR": lambda t: 1 / 3 + 2 / 3 * min(t, 5) / 5,
    "ExponentialLR": lambda t: 0.9**t,
    "PolynomialLR": lambda t: (1 - min(t, 5) / 5) ** 2,
    "CosineAnnealingLR": lambda t: 0.1 + 0.9 * (1 + math.cos(math.pi * t / 5)) / 2,
}


@pytest.mark.parametrize("name", CLOSED)
def test_schedules_follow_their_formula(name: str) -> None:
    got = [lr for lr, _ in rates(cr, SCHEDULES[name])]
    np.testing.assert_allclose(got, [0.1 * CLOSED[name](t) for t in range(25)], rtol=1e-9, atol=1e-15)


def test_a_schedule_resumes_from_its_state() -> None:
    optimizer = cr.optim.SGD([cr.tensor([1.0], requires_grad=True)], lr=0.1)
    schedule = cr.optim.lr_scheduler.StepLR(optimizer, 2)
    schedule.step()
    again = cr.optim.lr_scheduler.StepLR(optimizer, 5)
    again.load_state_dict(schedule.state_dict())
    assert (again.step_size, again.last_epoch) == (2, 1)


def schedule_warnings(t, steps):
    """The beginnings of what is warned of when the steps are taken in an order: o optimiser, s schedule, e by epoch."""
    import warnings

    optimizer = t.optim.SGD([t.nn.Parameter(t.ones(1))], lr=0.1)
    schedule = t.optim.lr_scheduler.StepLR(optimizer, 2)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for step in steps:
            optimizer.step() if step == "o" else schedule.step() if step == "s" else schedule.step(3)
    return [str(w.message)[:64] for w in caught]


@pytest.mark.parametrize("steps", ["os", "so", "sos", "oss", "ss", "oe", "ese"])
def test_schedules_warn_as_torch_does(steps):
    said = schedule_warnings(cr, steps)
    assert any("before `optimizer.step()`" in s for s in said) == (steps[0] in "se")
    torch = pytest.importorskip("torch")
    assert said == schedule_warnings(torch, steps)


def test_a_state_of_an_older_file_gets_the_options_that_it_lacks():
    p = cr.ones(2, requires_grad=True)
    old = {"state": {}, "param_groups": [{"lr": 0.1, "momentum": 0.0, "params": [0]}]}
    optimizer = cr.optim.SGD([p], lr=1.0)
    optimizer.load_state_dict(old)
    p.grad = cr.ones(2)
    optimizer.step()
    np.testing.assert_allclose(p.detach().numpy(), 0.9, rtol=1e-6)
    assert optimizer.param_groups[0]["nesterov"] is False


def test_a_state_of_another_shape_is_refused():
    p, q = cr.ones(2, requires_grad=True), cr.ones(3, requires_grad=True)
    one, other = cr.optim.Adam([p]), cr.optim.Adam([q])
    p.grad = cr.ones(2)
    one.step()
    with pytest.raises(ValueError, match=r"exp_avg of shape \[2\] for a parameter of shape \[3\]"):
        other.load_state_dict(one.state_dict())
    assert not other.state


def test_asgd_averages_what_follows_t0() -> None:
    """`ax` is the mean of the parameters after t0, and the parameter itself before (Polyak and Juditsky, 1992).

    Its weight is a float32, as PyTorch's.
    """
    p = cr.tensor([3.0, -2.0], dtype=cr.float64, requires_grad=True)
    optimizer = cr.optim.ASGD([p], lr=0.1, t0=2)
    went = []
    for _ in range(7):
        optimizer.zero_grad()
        (p**2).sum().backward()
        optimizer.step()
        went.append(p.detach().numpy().copy())
        means = went[-1] if len(went) <= 4 else np.mean(went[3:], axis=0)
        assert optimizer.state[p]["ax"].numpy() == pytest.approx(means, rel=1e-6), len(went)
