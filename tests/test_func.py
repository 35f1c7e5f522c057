"""`func`: transforms of functions, nested in any order, against formulas, each other and torch."""

from __future__ import annotations

import math
from collections import OrderedDict, namedtuple
from itertools import product

import numpy as np
import pytest

import chainrule as cr
from chainrule import func
from chainrule.func import grad, hessian, jacfwd, jacrev, jvp, vjp, vmap


def f64(x, **kw):
    return cr.tensor(x, dtype=cr.float64, **kw)


def slope_by_jvp(f):
    return lambda x: jvp(f, (x,), (cr.ones_like(x),))[1]


def slope_by_vjp(f):
    def slope(x):
        y, pull = vjp(f, x)
        return pull(cr.ones_like(y))[0]

    return slope


SLOPES = {"grad": grad, "jvp": slope_by_jvp, "vjp": slope_by_vjp, "jacrev": jacrev, "jacfwd": jacfwd}


# ------------------------------------------------------------------------------------------------------- nesting


@pytest.mark.parametrize("names", list(product(SLOPES, repeat=3)), ids="-".join)
def test_third_derivative_in_every_nesting(names):
    f = lambda x: cr.exp(x) * cr.sin(x) / (1 + x * x)  # noqa: E731
    for name in names:
        f = SLOPES[name](f)
    got = f(f64(0.7))
    sympy = pytest.importorskip("sympy")
    s = sympy.Symbol("x")
    want = sympy.diff(sympy.exp(s) * sympy.sin(s) / (1 + s * s), s, 3).subs(s, 0.7)
    assert got.item() == pytest.approx(float(want), rel=1e-10)
    assert not got.requires_grad and got.shape == ()


@pytest.mark.parametrize("outer", SLOPES)
@pytest.mark.parametrize("inner", SLOPES)
def test_perturbations_are_not_confused(outer, inner):
    # d/dx (x d/dy (x + y)) = 1, and d/dx (x d/dy (x y)) = 2 x
    at = f64(1.5)
    assert SLOPES[outer](lambda x: x * SLOPES[inner](lambda y: x + y)(at))(at).item() == 1
    assert SLOPES[outer](lambda x: x * SLOPES[inner](lambda y: x * y)(x))(at).item() == 3
    assert SLOPES[outer](lambda x: SLOPES[inner](lambda y: x * y * y)(x * x))(f64(2.0)).item() == 24  # (2 x^3)' = 6 x^2
    # the inner function does not depend on its own argument
    assert SLOPES[outer](lambda x: x + SLOPES[inner](lambda y: x * x)(at))(at).item() == 1


@pytest.mark.parametrize("outer", [jacfwd, jacrev])
@pytest.mark.parametrize("inner", [jacfwd, jacrev])
def test_hessians_in_every_mode(outer, inner):
    def f(x):
        return (cr.logsumexp(x, 0) * x.prod() + (x @ x).sqrt()).sum()

    x = f64([0.5, -1.0, 2.0])
    got = outer(inner(f))(x)
    want = cr.autograd.functional.hessian(f, x)
    np.testing.assert_allclose(got.numpy(), want.numpy(), rtol=1e-10)
    np.testing.assert_allclose(hessian(f)(x).numpy(), want.numpy(), rtol=1e-10)


def test_fourth_derivative():
    f = lambda x: cr.exp(x) * cr.sin(x)  # noqa: E731
    g = grad(jacfwd(grad(slope_by_jvp(f))))
    assert g(f64(0.3)).item() == pytest.approx(4 * math.exp(0.3) * math.sin(0.3 + math.pi), rel=1e-12)


# -------------------------------------------------------------------------------- what is outside a transform


@pytest.mark.parametrize("name", SLOPES)
def test_tensors_outside_get_their_gradients(name):
    w = f64(3.0, requires_grad=True)
    x = f64(2.0)
    slope = SLOPES[name](lambda x: w * w * x**3)(x)  # 3 w^2 x^2
    assert slope.requires_grad
    slope.backward()
    assert w.grad.item() == 2 * 3 * 3 * 4 and x.grad is None


@pytest.mark.parametrize("name", SLOPES)
def test_an_argument_that_requires_grad(name):
    x = f64(2.0, requires_grad=True)
    y = x * 1
    for at in (x, y):
        slope = SLOPES[name](lambda x: x**3)(at)
        x.grad = None
        slope.backward()
        assert x.grad.item() == 12


@pytest.mark.parametrize("name", SLOPES)
def test_no_grad_outside_and_inside(name):
    w = f64(3.0, requires_grad=True)
    with cr.no_grad():
        slope = SLOPES[name](lambda x: w * x**2)(f64(2.0))
        assert slope.item() == 12 and not slope.requires_grad

    if name not in ("jvp", "jacfwd"):

        def f(x):
            with cr.no_grad():
                c = x**2
            return c * x

        assert SLOPES[name](f)(f64(2.0)).item() == 4


def test_results_carry_no_history_of_their_own():
    value, g = func.value_and_grad(lambda x: x**2)(f64(3.0))
    assert not value.requires_grad and not g.requires_grad and (value.item(), g.item()) == (9, 6)
    y, pull = vjp(lambda x: x**2, f64(3.0))
    assert not y.requires_grad and not pull(f64(1.0))[0].requires_grad


def test_arguments_are_left_alone():
    x = f64([1.0, 2.0], requires_grad=True)
    grad(lambda x: (x**2).sum())(x)
    assert x.grad is None and x.is_leaf and x.requires_grad
    with pytest.raises(RuntimeError, match="a leaf Variable that requires grad"):
        grad(lambda x: x.mul_(2).sum())(f64([1.0, 2.0]))


def test_a_training_step_through_a_training_step():
    # d/dlr of the loss after one step of gradient descent on (w - 1)^2: w' = w - 2 lr (w - 1)
    def after(lr):
        w = f64(3.0)
        w = w - lr * grad(lambda w: (w - 1) ** 2)(w)
        return (w - 1) ** 2

    lr = 0.1
    want = 2 * (2 - 4 * lr) * -4  # (w' - 1) = 2 - 4 lr
    for slope in SLOPES.values():
        assert slope(after)(f64(lr)).item() == pytest.approx(want, rel=1e-12)


# ------------------------------------------------------------------------------------------- arguments and results


def test_argnums_and_aux():
    def f(x, y, k=1.0):
        return (x * y * k).sum(), {"x": x * 2, "n": 7}

    x, y = f64([1.0, 2.0]), f64([3.0, 4.0])
    g, aux = grad(f, has_aux=True)(x, y, k=10.0)
    assert g.tolist() == [30, 40] and aux["x"].tolist() == [2, 4] and aux["n"] == 7 and not aux["x"].requires_grad
    (gx, gy), _ = grad(f, argnums=(0, 1), has_aux=True)(x, y)
    assert gx.tolist() == [3, 4] and gy.tolist() == [1, 2]
    gy, _ = grad(f, argnums=-1, has_aux=True)(x, y)
    assert gy.tolist() == [1, 2]
    g, (value, aux) = func.grad_and_value(f, has_aux=True)(x, y)
    assert value.item() == 11
    _, t, aux = jvp(f, (x, y), (x, y), has_aux=True)
    assert t.item() == 22 and aux["n"] == 7
    _, pull, aux = vjp(f, x, y, has_aux=True)
    assert [v.tolist() for v in pull(f64(2.0))] == [[6, 8], [2, 4]]
    j, aux = jacrev(f, has_aux=True)(x, y)
    assert j.tolist() == [3, 4]
    j, aux = jacfwd(f, has_aux=True)(x, y)
    assert j.tolist() == [3, 4] and aux["n"] == 7


Point = namedtuple("Point", "a b")


def test_trees():
    params = {"w": f64([1.0, 2.0]), "deep": [f64(3.0), (f64(4.0),)], "p": Point(f64(5.0), OrderedDict(z=f64(6.0)))}

    def f(p, x):
        return (p["w"] * x).sum() * p["deep"][0] + p["deep"][1][0] ** 2 + p["p"].a * p["p"].b["z"]

    g = grad(f)(params, f64([1.0, 10.0]))
    assert g["w"].tolist() == [3, 30] and g["deep"][0].item() == 21 and g["deep"][1][0].item() == 8
    assert isinstance(g["p"], Point) and isinstance(g["p"].b, OrderedDict) and g["p"].b["z"].item() == 5
    _, t = jvp(lambda p: f(p, f64([1.0, 10.0])), (params,), (g,))
    flat = [3**2 + 30**2, 21**2, 8**2, 6**2, 5**2]
    assert t.item() == sum(flat)
    _, pull = vjp(lambda p: {"y": p["w"] * 2, "z": [p["deep"][0]]}, params)
    (back,) = pull({"y": f64([1.0, 2.0]), "z": [f64(5.0)]})
    assert back["w"].tolist() == [2, 4] and back["deep"][0].item() == 5 and back["p"].a.item() == 0
    with pytest.raises(RuntimeError, match="Expected pytree structure of cotangents"):
        pull((f64([1.0, 2.0]), [f64(5.0)]))


def test_jacobians_of_trees():
    def f(x, p):
        return {"s": (x * p["k"]).sum(), "v": cr.outer(x, p["k"])}

    x, p = f64([1.0, 2.0]), {"k": f64([3.0, 4.0])}
    for jac in (jacrev, jacfwd):
        j = jac(f, argnums=(0, 1))(x, p)
        assert j["s"][0].tolist() == [3, 4] and j["s"][1]["k"].tolist() == [1, 2]
        assert j["v"][0].shape == (2, 2, 2) and j["v"][1]["k"].shape == (2, 2, 2)
        np.testing.assert_array_equal(j["v"][0].numpy(), np.einsum("ik,j->ijk", np.eye(2), [3, 4]))
        np.testing.assert_array_equal(j["v"][1]["k"].numpy(), np.einsum("i,jk->ijk", [1, 2], np.eye(2)))


def test_shapes_dtypes_and_empties():
    x = cr.tensor([[1.0, 2.0, 3.0]])
    for jac in (jacrev, jacfwd):
        j = jac(lambda x: (x**2).sum(1))(x)
        assert j.shape == (1, 1, 3) and j.dtype == cr.float32
        assert jac(lambda x: x * 2)(cr.ones(0, 3)).shape == (0, 3, 0, 3)
        assert jac(lambda x: cr.ones(2))(x).shape == (2, 1, 3)
        assert jac(lambda x: x[0])(x).tolist() == [[[1, 0, 0]], [[0, 1, 0]], [[0, 0, 1]]]
    assert grad(lambda x: cr.tensor(1.0))(x).tolist() == [[0, 0, 0]]
    assert jvp(lambda x: cr.ones(2), (x,), (x,))[1].tolist() == [0, 0]


def test_linearize():
    y, push = func.linearize(lambda x: x**3, f64(2.0))
    assert y.item() == 8 and push(f64(1.0)).item() == 12 and push(f64(2.0)).item() == 24


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: grad(lambda t: t * 2)(cr.ones(3)), RuntimeError, "to return a scalar Tensor, got tensor with 1 dims"),
        (lambda: grad(lambda t: 2.0)(cr.ones(3)), RuntimeError, "to return a Tensor, got <class 'float'>"),
        (lambda: grad(lambda t: t.sum())(cr.ones(3).int()), RuntimeError, "only Tensors of floating point dtype"),
        (lambda: grad(lambda t: t.sum(), argnums=1)(cr.ones(3)), RuntimeError, "Got argnum=1, but only 1 positional"),
        (lambda: grad(lambda a, b: a, argnums=(0, 0))(cr.ones(()), cr.ones(())), RuntimeError, "must be unique"),
        (lambda: grad(lambda t: t.sum())(3.0), ValueError, "must be Tensor, got <class 'float'>"),
        (lambda: grad(lambda t: t.sum(), has_aux=True)(cr.ones(3)), RuntimeError, r"\(output, aux\)"),
        (lambda: jvp(lambda a: a, cr.ones(2), cr.ones(2)), RuntimeError, "Expected primals to be a tuple"),
        (lambda: jvp(lambda a: a, (), ()), RuntimeError, "at least one Tensor"),
        (lambda: jvp(lambda a: a, (cr.ones(2),), (cr.ones(2),) * 2), RuntimeError, "same python structure"),
        (lambda: jvp(lambda a: a, (cr.ones(2),), (cr.ones(3),)), RuntimeError, r"size \[2\] while the given.*\[3\]"),
        (lambda: jvp(lambda a: 3.0, (cr.ones(2),), (cr.ones(2),)), RuntimeError, "to return only tensors"),
        (lambda: vjp(lambda a: 3.0, cr.ones(2)), RuntimeError, "to return only tensors"),
        (lambda: vjp(lambda a: a, cr.ones(2))[1](cr.ones(3)), RuntimeError, "Mismatch in shape"),
        (lambda: jacrev(lambda a: 3.0)(cr.ones(2)), RuntimeError, "to return only tensors"),
        (lambda: vmap(lambda a, b: a + b)(cr.ones(3), cr.ones(2)), ValueError, r"got sizes \[3, 2\]"),
        (lambda: vmap(lambda a: a)(cr.ones(())), ValueError, "Tensor of dimensionality 0"),
        (lambda: vmap(lambda a: a, in_dims=1)(cr.ones(2)), ValueError, "to satisfy -1 <= in_dim < 1"),
        (lambda: vmap(lambda a: a, in_dims=(None,))(cr.ones(2)), ValueError, "at least one Tensor to vmap over"),
        (lambda: vmap(lambda a: 2.0)(cr.ones(2)), ValueError, "must only return Tensors, got type <class 'float'>"),
        (lambda: vmap(lambda a: cr.rand(2))(cr.ones(2)), RuntimeError, "randomness error mode"),
        (lambda: vmap(lambda a: a)(2.0), ValueError, "We cannot vmap over non-Tensor arguments"),
        (lambda: vmap(lambda a, b: a, in_dims=(0,))(cr.ones(2), cr.ones(2)), ValueError, "in_dims is not compatible"),
        (lambda: vmap(lambda a: a, in_dims="x")(cr.ones(2)), ValueError, "expected `in_dims` to be int"),
        (lambda: vmap(lambda a: (a, a), out_dims=(0,))(cr.ones(2)), ValueError, "out_dims is not compatible"),
        (lambda: vmap(lambda a: a, randomness="x")(cr.ones(2)), RuntimeError, "Only allowed values for randomness"),
        (lambda: vmap(lambda a: a, out_dims=5)(cr.ones(2, 3)), IndexError, "Dimension out of range"),
    ],
)
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()


# ------------------------------------------------------------------------------------------------------------ vmap


def test_vmap_dims():
    a, b = np.arange(12.0).reshape(3, 4), np.arange(8.0).reshape(4, 2)
    x, y = f64(a), f64(b)
    np.testing.assert_array_equal(vmap(lambda r, c: r * c.sum(), in_dims=(1, 0))(x, y).numpy(), (a * b.sum(1)).T)
    np.testing.assert_array_equal(vmap(cr.dot, in_dims=(0, None))(x, f64([1.0, 2, 3, 4])).numpy(), a @ [1, 2, 3, 4])
    np.testing.assert_array_equal(vmap(lambda r: r * 2, in_dims=-1, out_dims=-1)(x).numpy(), a * 2)
    s, t = vmap(lambda r: (r.sum(), r), out_dims=(0, 1))(x)
    assert s.shape == (3,) and t.shape == (4, 3)
    got = vmap(lambda d, k: {"y": d["a"] * d["b"] + k}, in_dims=({"a": 0, "b": None}, None))({"a": x, "b": x[0]}, 1.0)
    np.testing.assert_array_equal(got["y"].numpy(), a * a[0] + 1)
    np.testing.assert_array_equal(vmap(lambda r, *, k: r * k)(x, k=f64([1.0, 2.0, 3.0])).numpy(), a * [[1], [2], [3]])
    shared, _ = vmap(lambda r: (7, r), out_dims=(None, 0))(x)
    assert shared == 7


def test_vmap_nested():
    a, b = np.arange(6.0).reshape(2, 3), np.arange(12.0).reshape(4, 3)
    outer = vmap(vmap(cr.dot, in_dims=(None, 0)), in_dims=(0, None))
    np.testing.assert_array_equal(outer(f64(a), f64(b)).numpy(), a @ b.T)


def test_vmap_of_anything():
    def f(x):  # a branch on the value
        return x.exp() if x.item() > 0 else x * 2

    assert vmap(f)(f64([0.0, -3.0])).tolist() == [0, -6]


def test_per_sample_gradients():
    w, xs = f64([0.5, -1.0]), np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])

    def loss(w, x):
        return cr.tanh(w @ x) ** 2

    got = vmap(grad(loss), in_dims=(None, 0))(w, f64(xs)).numpy()
    t = np.tanh(xs @ [0.5, -1.0])
    np.testing.assert_allclose(got, (2 * t * (1 - t**2))[:, None] * xs, rtol=1e-12)
    total = grad(lambda w: vmap(loss, in_dims=(None, 0))(w, f64(xs)).sum())(w)
    np.testing.assert_allclose(total.numpy(), got.sum(0), rtol=1e-12)
    _, t = jvp(lambda w: vmap(loss, in_dims=(None, 0))(w, f64(xs)), (w,), (f64([1.0, 0.0]),))
    np.testing.assert_allclose(t.numpy(), got[:, 0], rtol=1e-12)
    h = vmap(hessian(loss), in_dims=(None, 0))(w, f64(xs))
    np.testing.assert_allclose(h[1].numpy(), hessian(loss)(w, f64(xs[1])).numpy(), rtol=1e-12)


def test_jacobian_by_vmap_of_a_pullback():
    x = f64([0.5, 1.0, -2.0])
    _, pull = vjp(lambda x: x.sin() * x.sum(), x)
    np.testing.assert_allclose(
        vmap(pull)(cr.eye(3, dtype=cr.float64))[0].numpy(), jacfwd(lambda x: x.sin() * x.sum())(x).numpy(), rtol=1e-12
    )


def test_vmap_randomness():
    cr.manual_seed(3)
    same = vmap(lambda x: x + cr.rand(()), randomness="same")(cr.zeros(3))
    assert len(set(same.tolist())) == 1
    different = vmap(lambda x: x + cr.rand(()), randomness="different")(cr.zeros(3))
    assert len(set(different.tolist())) == 3


def test_vmap_of_nothing():
    assert vmap(lambda x: (x @ x).sum())(cr.ones(0, 3)).shape == (0,)
    assert vmap(lambda x: x * 2, out_dims=1)(cr.ones(0, 3)).shape == (3, 0)


# ---------------------------------------------------------------------------------------------------- against torch


def test_against_torch():
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(11)
    w, x = rng.standard_normal((3, 2)), rng.standard_normal((5, 2))

    def values(lib):
        F = lib.func

        def net(w, x):
            return lib.tanh(w @ x).sum() ** 2

        a, b = lib.tensor(w), lib.tensor(x)
        yield F.vmap(F.grad(net), in_dims=(None, 0))(a, b)
        yield F.hessian(net)(a, b[0])
        yield F.jacrev(F.jacfwd(net, argnums=1), argnums=0)(a, b[1])
        yield F.grad(lambda w: F.jvp(lambda x: net(w, x), (b[0],), (b[1],))[1])(a)
        yield F.jvp(F.grad(net), (a, b[0]), (a, b[2]))[1]
        yield F.vjp(F.grad(net, argnums=1), a, b[3])[1](b[4])[0]
        yield F.grad_and_value(net)(a, b[0])[1]

    for k, (ours, theirs) in enumerate(zip(values(cr), values(torch))):
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-10, atol=1e-12, err_msg=str(k))


# ---------------------------------------------------------------------------------------------------------- modules


def test_functional_call():
    nn = cr.nn
    if not hasattr(nn, "Linear"):
        pytest.skip("no modules yet")
    model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    x = cr.ones(4, 2)
    before = {k: v.detach().clone() for k, v in model.named_parameters()}
    params = {k: v * 2 for k, v in before.items()}
    got = func.functional_call(model, params, (x,))
    h = np.tanh(x.numpy() @ params["0.weight"].numpy().T + params["0.bias"].numpy())
    np.testing.assert_allclose(
        got.detach().numpy(), h @ params["2.weight"].numpy().T + params["2.bias"].numpy(), rtol=1e-5
    )
    for k, v in model.named_parameters():
        assert v.tolist() == before[k].tolist() and isinstance(v, nn.Parameter)
    g = grad(lambda p: func.functional_call(model, p, x).sum())(params)
    assert g["2.bias"].tolist() == [4] and g.keys() == params.keys()
    with pytest.raises(RuntimeError, match="Unexpected key"):
        func.functional_call(model, {"nope": x}, x)
    with pytest.raises(RuntimeError, match="Missing key"):
        func.functional_call(model, {"2.bias": params["2.bias"]}, x, strict=True)
    models = [nn.Linear(2, 1) for _ in range(3)]
    stacked, _ = func.stack_module_state(models)
    out = vmap(lambda p: func.functional_call(models[0], p, x))(stacked)
    for k in range(3):
        np.testing.assert_allclose(out[k].detach().numpy(), models[k](x).detach().numpy(), rtol=1e-6)


# ------------------------------------------------------------------------------------------------ all samples at once


def first_doubled(x):
    y = x * 1
    y[0] *= 2
    return y.sum()


def slope_at_own_leaf(x):
    w = cr.full((3,), 2.0, dtype=cr.float64, requires_grad=True)
    return cr.autograd.grad((w * x).pow(2).sum(), w)[0].sum()


SAMPLEWISE = {
    "branch": lambda x: x.exp().sum() if x[0] > 0 else (x * 2).sum(),
    "part changed in place": first_doubled,
    "leaf made inside": slope_at_own_leaf,
    "mask": lambda x: x[x > -10].sum(),
    "numbers": lambda x: x[0] * x[1].item(),
}


@pytest.mark.parametrize("f", SAMPLEWISE.values(), ids=SAMPLEWISE)
def test_what_differs_from_sample_to_sample_is_run_on_each_and_says_so(f, rng):
    xs = cr.tensor(rng.standard_normal((4, 3)))
    want = cr.stack([f(x) for x in xs])
    with pytest.warns(UserWarning, match="runs once for each of 4 samples, as .*line"):
        got = vmap(f)(xs)
    np.testing.assert_allclose(got.detach().numpy(), want.detach().numpy(), rtol=1e-12)


def test_gradients_cross_in_and_out(rng):
    """Of what each sample has, of what all share, and of what is computed from it inside, whatever leaves, and how."""
    w, x = (cr.tensor(rng.standard_normal(s), requires_grad=True) for s in ((3,), (4, 3)))
    f = {
        "product": lambda x: (w * x).sum().tanh(),
        "of the shared alone": lambda x: (w * 2).exp().sum() + x[0],
        "inner slope": lambda x: grad(lambda v: (v * w * x).prod())(x).sum(),
        "inner slope at the shared": lambda x: grad(lambda v: (v * x).sum() ** 3)(w).sum(),
    }
    for name, one in f.items():
        got = cr.autograd.grad(vmap(one)(x).pow(2).sum(), (w, x), create_graph=True)
        want = cr.autograd.grad(cr.stack([one(row) for row in x]).pow(2).sum(), (w, x), create_graph=True)
        for a, b in zip(got, want):
            np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-10, err_msg=name)
        again = [cr.autograd.grad(sum((g * g).sum() for g in gs), (w, x)) for gs in (got, want)]
        for a, b in zip(*again):
            np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-9, err_msg=name)
    y, shared = vmap(lambda row: (row * 2, w * 3), out_dims=(0, None))(x)
    assert y.shape == (4, 3) and shared.shape == (3,)
    assert cr.autograd.grad(shared.sum(), w)[0].tolist() == [3, 3, 3]  # once, not once for each sample


def test_random_numbers_of_a_batch():
    x = cr.zeros(1000)
    draw = lambda v: v + cr.randn(())  # noqa: E731
    same, different = vmap(draw, randomness="same")(x), vmap(draw, randomness="different")(x)
    assert same.std().item() == 0 and 0.9 < different.std().item() < 1.1
    pairs = vmap(lambda v: vmap(draw, randomness="same")(v), randomness="different")(cr.zeros(50, 3))
    assert pairs.std(1).max().item() == 0 and pairs.std(0).min().item() > 0.5
    with pytest.raises(RuntimeError, match="randomness error mode"):
        vmap(draw)(x)
    with pytest.raises(RuntimeError, match="used after vmap has ended"):
        kept = []
        vmap(lambda v: kept.append(v) or v)(x)
        kept[0].item()


def test_chunks_give_the_same(rng):
    x = cr.tensor(rng.standard_normal((7, 3)))
    f = lambda v: (v.exp(), v.sum())  # noqa: E731
    for size in (1, 3, 7, 100):
        for a, b in zip(vmap(f, out_dims=(1, 0), chunk_size=size)(x), vmap(f, out_dims=(1, 0))(x)):
            np.testing.assert_array_equal(a.numpy(), b.numpy())
    g = lambda v: (v**3).cumsum(0)  # noqa: E731
    for jacobian in (jacrev, jacfwd):
        np.testing.assert_array_equal(jacobian(g, chunk_size=2)(x[0]).numpy(), jacobian(g)(x[0]).numpy())
    with pytest.raises(ValueError, match="chunk_size"):
        vmap(f, chunk_size=0)(x)


def test_batches_compile(rng):
    w, x = cr.tensor(rng.standard_normal(3)), cr.tensor(rng.standard_normal((5, 3)))
    loss = lambda w, row: ((w * row).sum().tanh() - 1) ** 2  # noqa: E731
    for f in (
        vmap(grad(loss), in_dims=(None, 0)),
        lambda w, x: hessian(lambda v: loss(v, x[0]))(w),
        lambda w, x: jacrev(lambda v: x @ v.sin())(w),
        lambda w, x: jacfwd(lambda v: x @ v.sin())(w),
    ):
        np.testing.assert_allclose(cr.compile(f)(w, x).numpy(), f(w, x).numpy(), rtol=1e-12, atol=1e-15)


# ------------------------------------------------------------------------------------- unit tensors as what they are


def close_to(got, want, rtol, atol):
    np.testing.assert_allclose(got.numpy(), want.numpy(), rtol=rtol, atol=atol)


def _last(rng):
    """Functions of four numbers whose last steps are of each kind that leaves unit tensors as few numbers, or not."""
    a, b, c = f64(rng.standard_normal((5, 4))), f64(rng.standard_normal((4, 5))), f64(rng.standard_normal((3, 5)))
    return {
        "product": lambda x: a @ x,
        "row": lambda x: x @ b,
        "apart": lambda x: (a @ x).tanh(),
        "quotient": lambda x: (a @ x) / 3,
        "negative": lambda x: -(a @ x).exp(),
        "product and apart": lambda x: c @ (a @ x).sin(),
        "twice": lambda x: (a @ x) * x.sum() + (a @ x) ** 2,
        "shared": lambda x: (a @ x) + c.sum() * x[0],
        "matrix": lambda x: (a * x).tanh(),
        "matrix, reshaped": lambda x: (a * x).reshape(2, 10) * 2,
        "matrix, turned": lambda x: (a * x).sin().T,
        "two matrices": lambda x: (c @ (a * x)).tanh() / (2 + x),
        "chosen": lambda x: cr.where(x > 0, x**2, 3 * x),
        "number": lambda x: (x * x).sum(),
        "single": lambda x: (a @ x).float().cos(),
        "part": lambda x: (a @ x)[1:].clone(),
    }


@pytest.mark.parametrize("name", _last(np.random.default_rng(0)))
@pytest.mark.parametrize("chunk", [None, 3])
def test_jacobians_are_those_of_single_rows(name, chunk, rng):
    f, x = _last(rng)[name], f64(rng.standard_normal(4))
    leaf = x.clone().requires_grad_()
    y = f(leaf)
    rows = [cr.autograd.grad(one, leaf, retain_graph=True)[0] for one in y.reshape(-1)]
    want = cr.stack(rows).reshape(*y.shape, 4).detach()
    near = {"rtol": 1e-6, "atol": 1e-6} if name == "single" else {"rtol": 1e-12, "atol": 1e-12}
    for jacobian in (jacrev(f, chunk_size=chunk), jacfwd(f, chunk_size=chunk), cr.compile(jacrev(f, chunk_size=chunk))):
        close_to(jacobian(x), want, **near)
    along = vmap(jacrev(f))(cr.stack([x, x + 1]))
    close_to(along[0], want, **near)
    second = cr.stack([cr.autograd.functional.hessian(lambda z, i=i: f(z).reshape(-1)[i], x) for i in range(y.numel())])
    close_to(jacfwd(jacrev(f))(x), second.reshape(*y.shape, 4, 4), **near)


def test_elements_apart_have_slopes_apart():
    """Where a slope is infinite, what does not depend on that element still has the slope 0."""
    assert jacrev(cr.sqrt)(f64([0.0, 1.0])).tolist() == [[math.inf, 0.0], [0.0, 0.5]]
    assert jacfwd(cr.log)(f64([0.0, 2.0])).tolist() == [[math.inf, 0.0], [0.0, 0.5]]


def test_the_square_of_a_long_result_is_never_made():
    long = cr.arange(200_000.0)

    def f(x):
        return (x[0] * long + x[1]).sin()

    slope = jacrev(f, chunk_size=len(long))(cr.tensor([1e-3, 2.0]))  # units of 160 GB, were they written out
    cos = (1e-3 * long + 2.0).cos()
    np.testing.assert_allclose(slope.numpy(), cr.stack([cos * long, cos], 1).numpy(), rtol=1e-4, atol=1e-1)
