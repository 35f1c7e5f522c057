"""Elementwise functions: dtypes, numbers beside tensors, refusals, in-place forms; then the same expressions in torch.

The values and derivatives of single ops are tested where the whole table is (`test_registry`); here is what a user
meets: signatures, operators, error messages, special values, the names that `grad_fn` prints.
"""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.api.backward import grad
from chainrule.api.operators import inputs
from chainrule.core.op import REGISTRY, Elementwise

INF, NAN = math.inf, math.nan
SPECIAL = [-INF, -2.5, -1.0, -0.5, -0.0, 0.0, 0.5, 1.0, 2.5, INF, NAN]


def leaf(*values: float, dtype: Any = cr.float64) -> Any:
    return cr.tensor(list(values), dtype=dtype, requires_grad=True)


# --------------------------------------------------------------------------------------------------- without torch


def test_alpha_scales_the_second_operand() -> None:
    x, y = leaf(1, 2), leaf(10, 20)
    assert cr.add(x, y, alpha=0.5).tolist() == [6, 12]
    assert cr.sub(x, y, alpha=2).tolist() == [-19, -38]
    assert cr.rsub(x, y, alpha=2).tolist() == [8, 16]
    gx, gy = grad(cr.add(x, y, alpha=0.5).sum(), (x, y))
    assert (gx.tolist(), gy.tolist()) == ([1, 1], [0.5, 0.5])


def test_alpha_keeps_the_wider_dtype() -> None:
    third = cr.add(cr.tensor([0.0], dtype=cr.float64), cr.tensor([1]), alpha=1 / 3)
    assert third.dtype == cr.float64
    assert third.item() == 1 / 3  # not rounded to float32 on the way


def test_in_place_with_alpha_moves_the_memory_it_has() -> None:
    x = cr.tensor([1.0, 2.0])
    memory = x.numpy()
    x.add_(cr.tensor([1.0, 1.0]), alpha=-0.5)
    assert memory.tolist() == [0.5, 1.5]


def test_in_place_is_recorded() -> None:
    x, y = leaf(1, 2), leaf(3, 4)
    z = x * 1
    z.add_(y, alpha=3).mul_(y)
    gx, gy = grad(z.sum(), (x, y))
    np.testing.assert_allclose(gx.numpy(), [3, 4])
    np.testing.assert_allclose(gy.numpy(), [1 + 6 * 3, 2 + 6 * 4])


def test_rounded_quotients_agree_with_exact_arithmetic() -> None:
    for a in (-7, -6, 0, 6, 7):
        for b in (-3, -2, 2, 3):
            x, y = cr.tensor(a), cr.tensor(b)
            assert cr.div(x, y, rounding_mode="floor").item() == a // b
            assert cr.div(x, y, rounding_mode="trunc").item() == int(a / b)
            assert (x % y).item() == a % b
            assert cr.fmod(x, y).item() == math.fmod(a, b)


@pytest.mark.parametrize("divide", ["x // 0", "x % 0", "cr.fmod(x, 0)", "cr.div(x, 0, rounding_mode='trunc')"])
def test_integers_divided_by_zero_are_refused(divide: str) -> None:
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        eval(divide, {"cr": cr, "x": cr.tensor([1])})


def test_clamp_gives_gradients_to_tensor_bounds() -> None:
    x, low, high = leaf(-2, 0.5, 3, 1), leaf(-1, -1, -1, 5), leaf(1, 1, 1, 2)
    y = cr.clamp(x, low, high)
    assert y.tolist() == [-1, 0.5, 1, 2]  # the upper bound wins
    got = [g.tolist() for g in grad(y.sum(), (x, low, high))]
    assert got == [[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 1]]


def test_number_powers_number_base() -> None:
    x = leaf(0, 1, 2)
    assert (2**x).tolist() == [1, 2, 4]
    np.testing.assert_allclose(grad((2**x).sum(), x)[0].numpy(), np.log(2) * np.array([1, 2, 4]))
    assert grad((x**0).sum(), x)[0].tolist() == [0, 0, 0]
    zero = leaf(0)
    assert grad((zero**zero).sum(), zero)[0].tolist() == [0]
    with pytest.raises(RuntimeError, match="negative integer powers"):
        cr.tensor([2]) ** -1


def test_second_order_of_a_power() -> None:
    x = leaf(0.5, 2)
    (first,) = grad((x**3).sum(), x, create_graph=True)
    np.testing.assert_allclose(grad(first.sum(), x)[0].numpy(), [3, 12])


def test_overflowing_ints_wrap_round() -> None:
    small = cr.tensor([1, 200], dtype=cr.uint8)
    assert (small + 300).tolist() == [(1 + 300) % 256, (200 + 300) % 256]
    assert (cr.tensor([1], dtype=cr.int8) + 128).item() == -127
    with pytest.raises(OverflowError, match="too big"):
        small + 2**64
    with pytest.raises(RuntimeError, match="without overflow"):
        small.clamp(-1, 300)


def test_no_derivative_is_an_error_not_a_zero() -> None:
    x = leaf(1, 2)
    hist = cr.histogram(x, 2)[0], cr.histogramdd(x[:, None], [2])[0], cr.bincount(cr.tensor([1, 2]), x)
    sets = cr.unique(x), cr.unique(x, dim=0, return_counts=True)[0], cr.unique_consecutive(x)
    for y in (x // 2, cr.heaviside(x, x), cr.igamma(x, x), cr.special.zeta(x, x), *hist, *sets):
        assert y.requires_grad
        with pytest.raises(RuntimeError, match=r"derivative for ('|aten::).* is not implemented"):
            y.sum().backward()
        with pytest.raises(RuntimeError, match="is not implemented"):
            cr.func.jvp(lambda x: cr.unique(x), (x.detach(),), (cr.ones(2, dtype=x.dtype),))


@pytest.mark.parametrize(
    "call",
    ["igamma(x, x)", "special.zeta(x, x)", "unique(x)", "unique(x, dim=0)", "unique_consecutive(x)",
     "histogram(x, 2)[0]", "bincount(lib.tensor([1, 2]), x)", "histogramdd(x[:, None], [2])[0]", "heaviside(x, x)"],
)  # fmt: skip
def test_no_derivative_is_said_as_by_torch(call: str) -> None:
    torch = pytest.importorskip("torch")
    said = []
    for lib in (torch, cr):
        y = eval(f"lib.{call}", {"lib": lib, "x": lib.tensor([1.0, 2.0], requires_grad=True)})
        with pytest.raises(RuntimeError) as refusal:
            y.sum().backward()
        said.append((type(y.grad_fn).__name__, type(refusal.value), str(refusal.value)))
    assert said[1][:2] == said[0][:2] and said[1][2].startswith(said[0][2])


def test_two_numbers_are_refused() -> None:
    with pytest.raises(TypeError, match="Tensor"):
        cr.pow(2, 3)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("shape", [(), (0,), (2, 3)])
def test_every_function_keeps_dtype_and_shape(dtype: str, shape: tuple[int, ...]) -> None:
    for name, op in REGISTRY.items():
        f = cr.__dict__.get(name)
        if f is None or not isinstance(op, Elementwise) or op.types in ("bool", "int", "where") or inputs(op) > 2:
            continue
        if name in ("clamp", "polygamma", "threshold", "hardtanh"):
            continue
        xs = [cr.full(shape, 0.5, dtype=getattr(cr, dtype), requires_grad=True) for _ in range(inputs(op))]
        if dtype == "float16" and not any(t[0] == "e" for t in getattr(op.kernel, "types", "e")):
            continue  # a ufunc of SciPy's that has no halves: it widens
        y = f(*xs)
        assert (y.dtype, tuple(y.shape)) == (getattr(cr, dtype), shape), name
        if y.requires_grad and "no_rule" not in repr(op.rules):
            for g in grad(y.sum(), xs):
                assert (g.dtype, tuple(g.shape)) == (getattr(cr, dtype), shape), name


def test_stable_at_extremes() -> None:
    x = cr.tensor([-1000.0, -100.0, 0.0, 100.0, 1000.0], requires_grad=True)
    for f in (cr.sigmoid, cr.tanh, lambda t: cr.logaddexp(t, -t)):
        y = f(x)
        assert np.isfinite(y.detach().numpy()).all()
        assert np.isfinite(grad(y.sum(), x)[0].numpy()).all()


def test_ldexp_does_not_overflow_on_the_way() -> None:
    got = cr.ldexp(cr.tensor([1e-30]), cr.tensor([150]))
    assert got.item() == pytest.approx(math.ldexp(np.float32(1e-30), 150), rel=1e-6)


def test_frexp_takes_numbers_apart() -> None:
    x = leaf(3, -0.3, 0)
    parts = cr.frexp(x)
    assert [math.frexp(v) for v in x.tolist()] == list(zip(parts.mantissa.tolist(), parts.exponent.tolist()))
    np.testing.assert_allclose(grad(parts.mantissa.sum(), x)[0].numpy(), [1 / 4, 2, 1])


# ------------------------------------------------------------------------------------------- the same in torch

EXPRESSIONS = """
u + 300; u == 257; u > -1; u * -1; u & 300; torch.maximum(u, T(3)); i + 2**63; i8 + 2**40; i8 == 2**40; i == 2.5
b + 1; b + b; b - b; b - 1; 1 - b; f - True; -b; +b; b * b; ~b; b / b; b // b; b % b; abs(b); i % 0; i // 0; i << 1
b << 1; torch.fmod(i, 0); torch.remainder(i, T([0, 1])); torch.div(i, 2, rounding_mode='trunc'); i / 2; i // 2
i % 2; 7 % T(3); torch.div(i, 2, rounding_mode='floor'); torch.div(i, 2, rounding_mode='x'); f // 0; f % 0; 2 / i
1 / b; 2.0 / i8; 7 // T(2); i**-1; 2**i; i**2.5; b**2; 2**b; b**b; i**T([1, -1]); 2.5**i; T(2)**T([1.0, 2.0])
T([0.0])**T([0.0]); i**2; f**0.5; torch.add(i, 1, alpha=2.5); torch.add(b, b, alpha=True)
torch.add(f, f[:1], alpha=2.5); torch.sub(b, 1, alpha=1); f.clamp(); f.clamp(min=2, max=1); i.clamp(0.5)
b.clamp(0, 1); torch.clamp(i, min=T([0.5])); torch.sign(b); torch.sgn(b); torch.signbit(u); torch.round(i)
torch.round(i, decimals=1); torch.round(T([12345.0]), decimals=-2); torch.floor(i); torch.floor(b); torch.ceil(b)
torch.trunc(b); torch.frac(i); torch.isreal(f); torch.isclose(f, f, equal_nan=True); torch.isclose(f, f)
torch.isclose(i, f[:2]); torch.allclose(i, i); torch.equal(i, T([1.0, -7.0])); torch.equal(i, 3); i.lerp(i, 0.5)
torch.addcmul(f, f, i[:1]); torch.addcmul(i, i, i, value=2); torch.addcdiv(f, f, f); torch.gcd(f, f)
torch.heaviside(f, T([1.0])); torch.heaviside(f, T([1])); torch.copysign(i, -1); torch.hypot(i, i); torch.lcm(b, b)
torch.hypot(T([1.0]), T([1.0], dtype=torch.double)); torch.bitwise_and(f, 1); i & 1.5; f & 1; f << 1; i >> T(1)
torch.logical_and(f, i[:1]); torch.logical_not(f); torch.logical_not(f, out=torch.empty(4))
torch.where(f > 0, f, i[:1], out=torch.empty(4)); torch.nan_to_num(f)
torch.nan_to_num(f, nan=1, posinf=2); torch.nan_to_num(i); torch.float_power(2, i); torch.float_power(f, 2)
torch.logit(i); torch.ldexp(f, T([1])); torch.ldexp(i, i); torch.ldexp(T([1.0]), T([1.5])); torch.frexp(f)
torch.frexp(i); torch.reciprocal(i); torch.square(b); torch.square(i); torch.sqrt(b); torch.positive(b); i.add_(1.5)
i.div_(2); i.div_(2, rounding_mode='floor'); f.add_(2, alpha=3); f.sub_(T(1.0), alpha=3); i.add_(i8, alpha=3)
torch.rsub(b, 1); torch.isposinf(i); torch.isneginf(b); torch.sinc(i); torch.deg2rad(i); torch.xlogy(2, i)
torch.atan2(i, i); torch.exp(T(1)); torch.floor_divide(i, 2.0); i8 // T(2.5); torch.logaddexp(i, i); f == 'a'
f == None; f + 'a'; f + None; torch.add(1, f); torch.mul(2, f); torch.sub(2, f); torch.div(2, f)
torch.remainder(7, i); torch.bitwise_or(1, i); torch.mul(f, [1]); f.float_power_(2); f.pow_(2); i.pow_(-1)
i.pow_(0.5); f.eq_(1); i.exp_(); i.copysign_(1); f.addcmul_(f, f, value=2); f.lerp_(f, 0.5); f.clip_(max=0.5)
f.clamp_min_(0.5); f.nan_to_num_(); f.div_(2, rounding_mode='trunc'); torch.neg(u)
torch.clamp(f, min=T([0.0, 1.0, 2.0, 3.0]), max=T(2.5)); torch.abs(u); i.true_divide(2); T(3)**T(-2); u + i8
i8 * T(2.5); torch.subtract(f, 2, alpha=2); T([True]) ^ True; f * T(2.0, dtype=torch.double)
i8 * T([2.5], dtype=torch.float16)
"""


def _outcome(lib: Any, expression: str) -> str:
    T = lib.tensor
    names = {"torch": lib, "T": T, "u": T([1, 200], dtype=lib.uint8), "i": T([1, -7]), "b": T([True, False])}
    names |= {"f": T([1.0, -0.0, NAN, INF]), "i8": T([1, -7], dtype=lib.int8)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            result = eval(expression, names)
        except Exception as e:
            return f"{type(e).__name__}: {e}"
    return f"{result!r} {getattr(result, 'dtype', '')}"


@pytest.mark.parametrize("expression", [e.strip() for e in EXPRESSIONS.replace("\n", ";").split(";") if e.strip()])
def test_same_as_torch(expression: str) -> None:
    torch = pytest.importorskip("torch")
    theirs = _outcome(torch, expression)
    assert _outcome(cr, expression) == theirs


def _counterpart(torch: Any, name: str) -> tuple[Any, Any]:
    short = name.removeprefix("special_")
    if name != short:
        return getattr(torch.special, short, None), getattr(cr.special, short)
    return getattr(torch, name, None), cr.__dict__.get(name)


# Not compared: (op, input) where torch gives NaN or a limit of the wrong sign outside of the domain, and we the limit.
_BETTER_HERE = {"logaddexp", "logaddexp2", "acosh", "special_log_ndtr", "special_zeta", "special_i1", "special_i1e"}
_NOT_COMPARED = {"clamp", "polygamma", "igamma", "igammac", "lerp", "addcmul", "addcdiv", "where"}
_MINE = sorted(
    name
    for name, op in REGISTRY.items()
    if isinstance(op, Elementwise)
    and op.types != "int"
    and name not in _NOT_COMPARED
    and "polynomial" not in name
    and getattr(op.kernel, "__module__", "") != "chainrule.ops.activations"  # a ufunc of NumPy 2.0 has none
)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", _MINE)
def test_special_values_as_in_torch(name: str, dtype: str) -> None:
    torch = pytest.importorskip("torch")
    theirs, ours = _counterpart(torch, name)
    if theirs is None or ours is None:
        pytest.skip("torch has no such function")
    n = inputs(REGISTRY[name])  # type: ignore[arg-type]
    grids = [np.array(SPECIAL)] if n == 1 else [g.ravel() for g in np.meshgrid(SPECIAL, SPECIAL)]
    xs = [torch.tensor(g, dtype=getattr(torch, dtype), requires_grad=True) for g in grids]
    ys = [cr.tensor(g, dtype=getattr(cr, dtype), requires_grad=True) for g in grids]
    expected, got = theirs(*xs), ours(*ys)
    assert str(got.dtype) == str(expected.dtype)
    if name != "special_zeta":  # zeta(x, inf) is 0, in torch NaN
        np.testing.assert_allclose(got.detach().numpy(), expected.detach().numpy(), rtol=2e-4, atol=1e-6)
    if not expected.requires_grad or name in _BETTER_HERE:
        return
    if "NotImplemented" in expected.grad_fn.name():
        assert "NotImplemented" in got.grad_fn.name()
        return
    assert got.grad_fn.name() == expected.grad_fn.name()
    for x, y in zip(xs, ys):
        try:
            (a,) = torch.autograd.grad(expected, x, torch.ones_like(expected), retain_graph=True)
        except (RuntimeError, NotImplementedError):
            with pytest.raises(RuntimeError, match="not implemented"):
                grad(got, y, cr.ones_like(got), retain_graph=True)
            continue
        (b,) = grad(got, y, cr.ones_like(got), retain_graph=True)
        a, b = a.numpy(force=True), b.numpy()
        if name == "logit":  # at -0.0 torch's infinity has the sign that the width of its vectors leads to
            a, b = abs(a), abs(b)
        np.testing.assert_allclose(b, a, rtol=5e-4, atol=1e-6)


NAMED = """
2 - a; a - 2; a - c; 2 / a; a / 2; a / c; 2**a; a**2; a**c; a**k; k**a; a % 2; 2 % a; a % c; a // 2; 2 // a; 2 * a
2 + a; -a; abs(a); torch.rsub(a, c); torch.rsub(a, 2); a.clamp(1); torch.clamp(a, c); torch.clamp(a, min=c, max=c)
a.clip(1); a.clamp_min(1); a.clamp_max(c); torch.fmod(a, c); torch.fmod(a, 2); torch.square(a)
torch.float_power(a, 2); torch.float_power(a, c); torch.ldexp(a, c); torch.frexp(a)[0]; torch.logit(a)
torch.logit(a, eps=0.1); torch.xlogy(a, c); torch.xlogy(a, 2); torch.xlogy(2, a); torch.special.xlog1py(a, c)
torch.special.xlog1py(a, 2); torch.special.xlog1py(2, a); torch.special.expit(a); torch.polygamma(1, a)
torch.mvlgamma(c, 1); torch.div(a, c, rounding_mode='floor'); torch.div(a, 2, rounding_mode='trunc')
torch.true_divide(a, c); torch.add(a, c, alpha=2); torch.sub(a, c, alpha=2); torch.lerp(a, c, 0.5)
torch.lerp(a, c, c); torch.addcmul(a, a, c); torch.addcdiv(a, a, c); torch.nan_to_num(a); torch.round(a)
torch.round(a, decimals=2); torch.copysign(a, c); torch.copysign(a, 2.0); torch.special.zeta(a, 2)
torch.special.zeta(2, a); torch.special.zeta(a, c); torch.special.psi(a); torch.absolute(a); torch.fix(a)
torch.negative(a); torch.arctan2(a, c); torch.multiply(a, c); torch.special.gammaincc(k, c); torch.special.ndtr(a)
"""


@pytest.mark.parametrize("expression", [e.strip() for e in NAMED.replace("\n", ";").split(";") if e.strip()])
def test_grad_fn_names(expression: str) -> None:
    torch = pytest.importorskip("torch")
    printed = []
    for lib in (torch, cr):
        a, c = lib.tensor([1.0, 2.0], requires_grad=True), lib.tensor([3.0, 4.0], requires_grad=True)
        y = eval(expression, {"torch": lib, "a": a, "c": c, "k": lib.tensor([3.0, 4.0])})
        printed.append(repr(y).partition("grad_fn=")[2])
    assert printed[1] == printed[0] != ""


def test_in_place_methods_are_those_of_torch() -> None:
    torch = pytest.importorskip("torch")
    for name, op in REGISTRY.items():
        if isinstance(op, Elementwise) and getattr(op.kernel, "__module__", "") != "chainrule.ops.activations":
            assert hasattr(cr.Tensor, f"{name}_") == hasattr(torch.Tensor, f"{name}_"), name


@pytest.mark.parametrize("bounds", [(-1, 1), (None, 0.5), (0.5, None), ("t", "t"), ("t", None), (None, "t"), (1, -1)])
def test_clamp_at_its_bounds_as_in_torch(bounds: tuple[Any, Any]) -> None:
    torch = pytest.importorskip("torch")
    values = [-INF, -1.0, 0.0, 0.5, 1.0, 2.0, INF, NAN]
    results = []
    for lib, gradient in ((torch, torch.autograd.grad), (cr, grad)):
        x = lib.tensor(values, requires_grad=True)
        low, high = (lib.tensor([v] * 8, requires_grad=True) for v in (-1.0, 1.0))
        given = [t if b == "t" else b for b, t in zip(bounds, (low, high))]
        y = lib.clamp(x, *given)
        leaves = [x, *(t for b, t in zip(bounds, (low, high)) if b == "t")]
        results.append([y.detach().numpy(), *(g.numpy() for g in gradient(y.sum(), leaves))])
    for theirs, ours in zip(*results, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("x", [0.0, -0.0, 1e-9, 1e-4, 0.3, -0.4999, 0.5, 0.7, -1.0, 2.5])
def test_slopes_of_sinc_of_every_order_are_exact_near_0(x: float) -> None:
    # sinc(x) is the mean of cos(pi x t) over 0..1, so its n-th slope that of (pi t)**n times the n-th slope of cos.
    mpmath = pytest.importorskip("mpmath")
    at = cr.tensor(x, dtype=cr.float64, requires_grad=True)
    y, pushed = cr.sinc(at), cr.sinc
    for n in range(1, 5):
        (y,) = cr.autograd.grad(y, at, create_graph=True)
        right = mpmath.quad(lambda t, n=n: (mpmath.pi * t) ** n * mpmath.cos(mpmath.pi * (x * t + n / 2)), [0, 1])
        assert y.item() == pytest.approx(float(right), rel=1e-13, abs=1e-13), n
        pushed = _pushed(pushed)
        assert pushed(at.detach()).item() == pytest.approx(float(right), rel=1e-13, abs=1e-13), n


def _pushed(f: Any) -> Any:
    return lambda x: cr.func.jvp(f, (x,), (cr.ones_like(x),))[1]


FLAT_OR_BENT = {  # at isolated points: the function, the place, its first and its second slope
    "x**0 at 0": (lambda x: x ** cr.zeros_like(x), 0.0, 0.0, 0.0),
    "x**0 elsewhere": (lambda x: x ** cr.zeros_like(x), -2.0, 0.0, 0.0),
    "x**0 of NaN": (lambda x: x ** cr.zeros_like(x), math.nan, 0.0, 0.0),
    "x**2 at 0": (lambda x: x ** cr.full_like(x, 2.0), 0.0, 0.0, 2.0),
    "atan2(x, 0) at 0": (lambda x: cr.atan2(x, cr.zeros_like(x)), 0.0, 0.0, 0.0),  # PyTorch's choice: 0
    "std of equals": (lambda x: cr.stack([x, x]).std(), 1.0, 0.0, 0.0),
    "spherical j0": (cr.special.spherical_bessel_j0, 1e-5, -1e-5 / 3, -1 / 3),
    "spherical j0 at 0": (cr.special.spherical_bessel_j0, 0.0, 0.0, -1 / 3),
    "lerp(2, x, x)": (lambda x: cr.lerp(cr.full_like(x, 2.0), x, x), 0.3, -1.4, 2.0),
}


@pytest.mark.parametrize("name", FLAT_OR_BENT)
def test_slopes_at_isolated_points(name: str) -> None:
    f, at, first, second = FLAT_OR_BENT[name]
    x = cr.tensor(at, dtype=cr.float64, requires_grad=True)
    (g,) = cr.autograd.grad(f(x), x, create_graph=True)
    (h,) = cr.autograd.grad(g, x, allow_unused=True) if g.requires_grad else (None,)
    assert g.item() == pytest.approx(first, rel=1e-9) and (0.0 if h is None else h.item()) == pytest.approx(
        second, rel=1e-9
    )
    once = _pushed(f)
    assert once(x.detach()).item() == pytest.approx(first, rel=1e-9)
    assert _pushed(once)(x.detach()).item() == pytest.approx(second, rel=1e-9)


def test_the_mixed_slope_of_a_power_is_the_same_in_either_order() -> None:
    # d/dx d/dy x**y = x**(y - 1) (1 + y ln x), 1/x at y = 0; PyTorch has 0 for one of the two orders there.
    f = cr.func.hessian(lambda v: v[0] ** v[1])
    np.testing.assert_allclose(f(cr.tensor([2.0, 0.0])).numpy(), [[0, 0.5], [0.5, math.log(2) ** 2]], rtol=1e-6)


def test_numbers_before_tensors_in_texts() -> None:
    for text, value, slope in (("lerp(2, x, x)", 1.49, -1.4), ("lerp(1, 2, x)", 1.3, 1.0)):
        found = cr.derive(text, 0.3).values
        assert found is not None and float(found.function) == pytest.approx(value)
        assert [float(v) for v in found.derivatives.values()] == pytest.approx([slope])


def test_what_has_no_element_is_divided_by_any_number():
    assert (cr.zeros(0, dtype=cr.int64) // 0).shape == (0,)
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        cr.ones(1, dtype=cr.int64) // 0


@pytest.mark.parametrize("f, unit", [(cr.logaddexp, 1.0), (cr.logaddexp2, np.log(2))])
def test_logaddexp_of_equal_operands_bends(f, unit):
    x = cr.tensor([1.0, 2.0], dtype=cr.float64, requires_grad=True)
    (g,) = cr.autograd.grad(f(x, x.detach()).sum(), x, create_graph=True)
    assert g.tolist() == [0.5, 0.5]
    np.testing.assert_allclose(cr.autograd.grad(g.sum(), x)[0].numpy(), unit / 4, rtol=1e-14)


@pytest.mark.parametrize("loss", [cr.nn.functional.huber_loss, cr.nn.functional.smooth_l1_loss])
def test_an_infinite_difference_has_the_slope_of_its_branch(loss):
    x = cr.tensor([float("inf"), -float("inf"), 0.5], requires_grad=True)
    loss(x, cr.zeros(3), reduction="sum").backward()
    assert x.grad.tolist() == [1, -1, 0.5]


@pytest.mark.parametrize("sign", ["<", "<=", ">", ">=", "==", "!=", "+", "*"])
@pytest.mark.parametrize("shape", [(), (3,)])
def test_counts_and_comparisons_are_those_of_python(sign: str, shape: tuple[int, ...]) -> None:
    kinds = {cr.bool: [True, False, True], cr.int64: [2, -3, 0], cr.int32: [1, 5, 0], cr.float64: [0.5, -3.0, math.nan]}
    compute = lambda x, y: eval(f"x {sign} y")  # noqa: E731
    for dx, xs in kinds.items():
        x = cr.tensor(xs if shape else xs[0], dtype=dx)
        others = [(cr.tensor(ys if shape else ys[0], dtype=dy), ys) for dy, ys in kinds.items()]
        for y, ys in [*others, *((n, [n] * 3) for n in (True, 2, -7, 2**40, 2.5))]:
            got = compute(x, y)
            assert got.dtype is (cr.result_type(x, y) if sign in "+*" else cr.bool), (x, sign, y)
            if dx is cr.int32 and 2**40 in ys:
                continue  # wraps round
            expected = [compute(a, b) for a, b in zip(xs, ys)]
            expected = [bool(e) for e in expected] if got.dtype is cr.bool else expected
            numbers = got.tolist() if shape else [got.item()]
            assert all(a == b or (a != a and b != b) for a, b in zip(numbers, expected)), (x, sign, y, got)


def test_iterating_gives_views_that_know_their_tensor() -> None:
    x = cr.arange(6.0).reshape(3, 2)
    for row in x:
        row.mul_(2)
    assert x.tolist() == [[0, 2], [4, 6], [8, 10]] and row._base is x._base
    w = cr.tensor(3.0, requires_grad=True)
    first, *_ = x
    first.mul_(w)  # the history of a row reaches the whole, and its other views
    x.sum().backward()
    assert w.grad.item() == 2 and sum(x > 2)[1].item() == 3
    assert [v.item() for v in cr.tensor([1, 2])] == [1, 2] and list(cr.zeros(0, 2)) == []
    with pytest.raises(TypeError, match="0-d"):
        iter(cr.tensor(1.0))


def test_second_slopes_through_a_size_at_infinity_or_a_sign_at_0():
    """|x| and copysign are straight: nothing flows through their slopes, where it would be 0 times infinity."""
    for f, at in [(lambda x: (x * x).abs(), -INF), (lambda x: cr.copysign(x, cr.tensor(-1.0)) ** 2, 0.0),
                  (lambda x: cr.nn.functional.hardswish(x).exp2() + x * x, -INF)]:  # fmt: skip
        x = cr.tensor(at, requires_grad=True)
        (g,) = cr.autograd.grad(f(x), x, create_graph=True)
        assert cr.autograd.grad(g, x)[0].item() == (2 if at else 0)
