"""Every op of the table, on the inputs that `samples.py` has for it, against what does not come from the table.

Value against NumPy and SciPy, gradients against central differences in float64, forward mode against reverse mode,
second order against differences of the first, and each again on odd shapes, odd strides and in float32.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.api.backward import grad
from chainrule.core.op import REGISTRY, Elementwise, Op
from chainrule.core.state import draw, mode
from chainrule.core.tensor import Tensor, wrap
from samples import SAMPLES, Entry, arity, draws, entry, reference

Array = np.ndarray[Any, Any]


def covered(name: str) -> bool:
    """Whether there is something to test with; where there is not, `test_has_samples` fails and says so."""
    try:
        return bool(entry(name) and reference(name))
    except LookupError:
        return False


NAMES = [name for name in sorted(REGISTRY) if covered(name)]
SMOOTH = [name for name in NAMES if REGISTRY[name].differentiable and not entry(name).refuses]
WIDE = [name for name in NAMES if isinstance(REGISTRY[name], Elementwise) and arity(REGISTRY[name]) > 1]
POINTWISE = [name for name in NAMES if isinstance(REGISTRY[name], Elementwise)]
STEP = 1e-6
CLOSE = {"rtol": 2e-5, "atol": 2e-7}
SINGLE = {"rtol": 2e-5, "atol": 1e-5}


def leaf(a: Array) -> Tensor:
    """A tensor on this very memory (strides and all) that wants a gradient."""
    return wrap(a).requires_grad_()


def leaves(e: Entry, args: Sequence[Array]) -> list[Tensor]:
    """Inputs on these very arrays; those want a gradient that can have one."""
    return [leaf(a) if wanted else wrap(a) for a, wanted in zip(args, moving(e, args))]


def moving(e: Entry, args: Sequence[Array]) -> list[bool]:
    """Which inputs have a derivative."""
    return [a.dtype.kind == "f" and i not in e.still for i, a in enumerate(args)]


def those(wanted: Sequence[bool], xs: Sequence[Any]) -> list[Any]:
    """The inputs that have a derivative."""
    return [x for x, w in zip(xs, wanted) if w]


def listed(x: Any) -> list[Any]:
    """One or several, as a list."""
    return list(x) if isinstance(x, (tuple, list)) else [x]


def outputs(op: Op, xs: Sequence[Any], attrs: dict[str, Any], e: Entry) -> list[Tensor]:
    """What the op makes of inputs as they were drawn."""
    if e.before is not None:
        xs = listed(e.before(*xs))
    out = listed(op(*xs, **attrs))
    if len(out) != op.outputs:  # no assert: pytest's would be read by what is compiled
        raise AssertionError(f"{op}: {len(out)} results, where the table says {op.outputs}")
    return out if e.after is None else listed(e.after(*out))


def expected(e: Entry, name: str, args: Sequence[Array], attrs: dict[str, Any]) -> list[Any]:
    """What it should make of them."""
    if e.before is not None:
        args = arrays(listed(e.before(*map(wrap, args))))
    out = listed(reference(name)(*args, **attrs))
    return out if e.after is None else listed(e.after(*out))


def floats(tensors: Sequence[Tensor]) -> list[Tensor]:
    """Those that gradients flow through."""
    return [t for t in tensors if t._a.dtype.kind == "f"]


def arrays(tensors: Sequence[Any]) -> list[Array]:
    """The payloads as arrays."""
    return [np.asarray(t._a) for t in tensors]


def differences(f: Callable[..., Sequence[Array]], at: Sequence[Array], weights: Sequence[Array]) -> list[Array]:
    """Central differences of sum(weights * f) in every element of every float input."""
    slopes = []
    for i, x in enumerate(at):
        slope = np.zeros(x.shape)
        for place in np.ndindex(*x.shape) if x.dtype.kind == "f" else ():
            ends = []
            for h in (STEP, -STEP):
                moved = [np.array(a) for a in at]
                moved[i][place] += h
                ends.append(sum(float(np.sum(w * y)) for w, y in zip(weights, f(*moved))))
            slope[place] = (ends[0] - ends[1]) / (2 * STEP)
        slopes.append(slope)
    return slopes


def pulled(
    op: Op, args: Sequence[Array], attrs: dict[str, Any], weights: Sequence[Array] | None, rng: Any, e: Any
) -> tuple[list[Array], list[Array]]:
    """The gradients at the inputs of sum(weights * outputs), and the weights (drawn if not given)."""
    xs = leaves(e, args)
    ys = floats(outputs(op, xs, attrs, e))
    if weights is None:
        weights = [rng.standard_normal(y._a.shape) for y in ys]
    wants = those(moving(e, args), xs)
    assert all(y.requires_grad for y in ys), f"{op.name}: a result has no history"
    got = grad(ys, wants, [wrap(w.astype(y._a.dtype)) for w, y in zip(weights, ys)], allow_unused=True)
    return [np.zeros(x.shape) if g is None else np.asarray(g._a) for x, g in zip(wants, got)], list(weights)


def plain(op: Op, attrs: dict[str, Any], e: Entry) -> Callable[..., list[Array]]:
    """The op as a function from arrays to its float results, nothing recorded."""

    def f(*args: Array) -> list[Array]:
        with cr.no_grad():
            return arrays(floats(outputs(op, [wrap(a) for a in args], attrs, e)))

    return f


def check_gradient(op: Op, args: Sequence[Array], attrs: dict[str, Any], rng: Any, e: Entry) -> None:
    got, weights = pulled(op, args, attrs, None, rng, e)
    want = those(moving(e, args), differences(plain(op, attrs, e), args, weights))
    for i, (g, w) in enumerate(zip(got, want)):
        np.testing.assert_allclose(g, w, **CLOSE, err_msg=f"gradient {i} of {op.name} with {attrs}")


def fits_the_default(name: str, rng: np.random.Generator) -> None:
    """Raise LookupError, which says what to add, where an op cannot be tested on what is drawn by default."""
    for args, attrs in draws(name, rng):
        try:
            with np.errstate(all="ignore"):
                y = REGISTRY[name].kernel(*args, **attrs)
        except TypeError as e:
            raise LookupError(
                f"op {name!r} cannot be called without attributes: add them to SAMPLES in tests/samples.py, "
                f'such as "{name}": on(((3, 4), {{"dim": 1}}), ref=...)'
            ) from e
        if not np.all(np.isfinite(y)):
            raise LookupError(
                f"op {name!r} is not finite between 0.2 and 0.8: add its domain to SAMPLES in tests/samples.py, "
                f'such as "{name}": on(low=1.5, high=3)'
            )


@pytest.mark.parametrize("name", [n for n in sorted(REGISTRY) if REGISTRY[n].columns.get("complex") != "only"])
def test_has_samples(name: str, rng: np.random.Generator) -> None:
    entry(name)  # which says what to add
    if name not in SAMPLES:
        fits_the_default(name, rng)
    reference(name)


@pytest.mark.parametrize("name", NAMES)
def test_value(name: str, rng: np.random.Generator) -> None:
    op, e = REGISTRY[name], entry(name)
    for args, attrs in draws(name, rng):
        got = arrays(outputs(op, [wrap(a) for a in args], attrs, e))
        for y, r in zip(got, expected(e, name, args, attrs), strict=True):
            np.testing.assert_allclose(y, r, rtol=1e-12, atol=1e-12, err_msg=f"{name} with {attrs}")
            assert y.shape == np.shape(r)
            assert y.dtype.kind == np.asarray(r).dtype.kind or e.ints or not np.size(r)


@pytest.mark.parametrize("name", SMOOTH)
def test_gradient(name: str, rng: np.random.Generator) -> None:
    for args, attrs in draws(name, rng):
        check_gradient(REGISTRY[name], args, attrs, rng, entry(name))


@pytest.mark.parametrize("name", [n for n in NAMES if not REGISTRY[n].differentiable])
def test_no_gradient(name: str, rng: np.random.Generator) -> None:
    for args, attrs in draws(name, rng):
        assert not any(y.requires_grad for y in outputs(REGISTRY[name], leaves(entry(name), args), attrs, entry(name)))


@pytest.mark.parametrize("name", [n for n in NAMES if entry(n).refuses])
def test_refuses_a_gradient(name: str, rng: np.random.Generator) -> None:
    for args, attrs in draws(name, rng):
        y = REGISTRY[name](*leaves(entry(name), args), **attrs)
        with pytest.raises(RuntimeError, match=f"derivative for .*{name} is not implemented"):
            y.backward(wrap(np.ones(y.shape)))


@pytest.mark.parametrize("name", SMOOTH)
def test_forward_mode_agrees_with_reverse_mode(name: str, rng: np.random.Generator) -> None:
    op, e = REGISTRY[name], entry(name)
    for args, attrs in draws(name, rng):
        pulls, weights = pulled(op, args, attrs, None, rng, e)
        tangents = [rng.standard_normal(a.shape) for a in those(moving(e, args), args)]
        back = sum(float(np.sum(p * t)) for p, t in zip(pulls, tangents))
        level = draw()
        with mode(levels=(level,)):
            xs = [wrap(a) for a in args]
            for x, t in zip(those(moving(e, args), xs), tangents):
                x._t = {level: wrap(t)}
            ys = floats(outputs(op, xs, attrs, e))
        pushed = [y._t[level]._a if y._t else np.zeros(y.shape) for y in ys]
        assert all(np.shape(p) == y._a.shape for p, y in zip(pushed, ys))
        front = sum(float(np.sum(w * p)) for w, p in zip(weights, pushed))
        np.testing.assert_allclose(front, back, rtol=1e-9, atol=1e-12, err_msg=f"<u, Jt> of {name} with {attrs}")


@pytest.mark.parametrize("name", SMOOTH)
def test_second_order(name: str, rng: np.random.Generator) -> None:
    # The gradient of a random projection of the gradient, in the inputs and in the weights of the first.
    op, e = REGISTRY[name], entry(name)
    for args, attrs in draws(name, rng):
        _, weights = pulled(op, args, attrs, None, rng, e)
        at = [*args, *weights]
        n = len(args)

        def slopes(*at: Array) -> list[Array]:
            return pulled(op, at[:n], attrs, at[n:], None, e)[0]  # noqa: B023

        projection = [rng.standard_normal(a.shape) for a in those(moving(e, args), args)]
        want = those(moving(e, at), differences(slopes, at, projection))

        xs, us = leaves(e, args), [leaf(w) for w in weights]
        ys = floats(outputs(op, xs, attrs, e))
        first = grad(ys, those(moving(e, args), xs), us, create_graph=True, allow_unused=True)
        pairs = [(g, wrap(p)) for g, p in zip(first, projection) if g is not None and g.requires_grad]
        wants = those(moving(e, at), [*xs, *us])
        second: Sequence[Any] = [None] * len(wants)
        if pairs:
            second = grad([g for g, _ in pairs], wants, [p for _, p in pairs], allow_unused=True)
        for i, (g, w) in enumerate(zip(second, want)):
            got = np.zeros(w.shape) if g is None else g._a
            np.testing.assert_allclose(
                got, w, rtol=1e-4, atol=1e-6, err_msg=f"second-order gradient {i} of {name} with {attrs}"
            )


@pytest.mark.parametrize("name", WIDE)
def test_broadcasting(name: str, rng: np.random.Generator) -> None:
    op, e, ref = REGISTRY[name], entry(name), reference(name)
    attrs = next(draws(name, rng))[1]
    shapes = [(3, 1), (2, 1, 4), (4,)][: arity(op)]
    for case in (shapes, shapes[::-1], [(), *shapes[1:]], [*shapes[:-1], ()]):
        args, _ = e.draw(rng, tuple(case))
        got = op(*[wrap(a) for a in args], **attrs)
        np.testing.assert_allclose(np.asarray(got._a), ref(*args, **attrs), rtol=1e-12, err_msg=f"{name} of {case}")
        if name in SMOOTH:
            check_gradient(op, args, attrs, rng, e)


@pytest.mark.parametrize("shape", [(), (1,), (0,), (2, 0, 3)], ids=str)
@pytest.mark.parametrize("name", POINTWISE)
def test_single_and_empty(name: str, shape: tuple[int, ...], rng: np.random.Generator) -> None:
    op, e = REGISTRY[name], entry(name)
    attrs = next(draws(name, rng))[1]
    args, _ = e.draw(rng, (shape,) * arity(op))
    xs = leaves(e, [a[()] for a in args])  # NumPy scalars where the shape is ()
    y = op(*xs, **attrs)
    np.testing.assert_allclose(np.asarray(y._a), reference(name)(*args, **attrs), rtol=1e-12)
    assert y._a.shape == shape
    if name in SMOOTH:
        y.backward(wrap(np.ones(shape)))
        for x in those(moving(e, args), xs):
            assert x.grad.shape == shape and x.grad._a.dtype == np.float64


def strided(a: Array, how: str) -> Array:
    """The same numbers laid out otherwise in memory."""
    if how == "transposed":
        return np.asfortranarray(a) if a.ndim > 1 else strided(a, "every other")
    if how == "every other":
        wide = np.repeat(a, 2, axis=-1) if a.ndim else a
        return wide[..., ::2] if a.ndim else a
    return np.ascontiguousarray(a[..., ::-1])[..., ::-1] if a.ndim else a  # backwards


@pytest.mark.parametrize("how", ["transposed", "every other", "backwards"])
@pytest.mark.parametrize("name", [n for n in NAMES if n not in ("view", "as_strided")])  # about strides themselves
def test_strides(name: str, how: str, rng: np.random.Generator) -> None:
    op, e = REGISTRY[name], entry(name)
    for args, attrs in draws(name, rng):
        odd = [strided(a, how) for a in args]
        got, want = (arrays(outputs(op, [wrap(a) for a in xs], attrs, e)) for xs in (odd, args))
        for g, w in zip(got, want, strict=True):
            np.testing.assert_allclose(g, w, rtol=1e-12, atol=1e-14)
        if name in SMOOTH:
            want, weights = pulled(op, args, attrs, None, rng, e)
            got, _ = pulled(op, odd, attrs, [strided(w, how) for w in weights], rng, e)
            for g, w in zip(got, want):
                np.testing.assert_allclose(g, w, rtol=1e-12, atol=1e-14)


def single(values: Sequence[Any]) -> list[Any]:
    """The same values with float arrays in float32."""
    return [a.astype(np.float32) if isinstance(a, np.ndarray) and a.dtype.kind == "f" else a for a in values]


@pytest.mark.parametrize("name", [n for n in NAMES if n != "cast"])
def test_float32_stays_float32(name: str, rng: np.random.Generator) -> None:
    op, e = REGISTRY[name], entry(name)
    for args, attrs in draws(name, rng):
        small, again = single(args), [a.astype(np.float64) if a.dtype.kind == "f" else a for a in single(args)]
        mine = dict(zip(attrs, single(list(attrs.values()))))
        exact = arrays(outputs(op, [wrap(a) for a in again], attrs, e))
        ys = arrays(outputs(op, leaves(e, [a[()] for a in small]), mine, e))
        for y, r in zip(ys, exact, strict=True):
            assert y.dtype == (np.float32 if r.dtype == np.float64 else r.dtype), f"{name} with {attrs}: {y.dtype}"
            np.testing.assert_allclose(y, r, **(SINGLE if y.dtype.kind == "f" else {}))
        if name in SMOOTH:
            slopes, weights = pulled(op, args, attrs, None, rng, e)
            for g, s in zip(pulled(op, [a[()] for a in small], mine, weights, rng, e)[0], slopes):
                assert g.dtype == np.float32 or g.size == 0, f"gradient of {name} with {attrs}: {g.dtype}"
                np.testing.assert_allclose(g, s, rtol=2e-4, atol=2e-4)


@pytest.mark.parametrize("name", [n for n in NAMES if REGISTRY[n].view])
def test_views_share_memory(name: str, rng: np.random.Generator) -> None:
    op = REGISTRY[name]
    shared = False
    for args, attrs in draws(name, rng):
        x = wrap(args[0])
        y = op(x, **attrs)
        if args[0].size and np.shares_memory(np.asarray(y._a), np.asarray(x._a)):
            shared = True
            assert y._base is x and y._v is x._v
    assert shared, f"{name} is declared a view, but no sample shares memory"


@pytest.mark.parametrize("name", [n for n in POINTWISE if REGISTRY[n].types in ("float", "bool")])
def test_integers(name: str, rng: np.random.Generator) -> None:
    # Integers go to the default float where the op's values are floats, and comparisons give bools.
    op = REGISTRY[name]
    args, attrs = [rng.integers(1, 5, (3,)) for _ in range(arity(op))], next(draws(name, rng))[1]
    y = op(*[wrap(a) for a in args], **attrs)._a
    assert y.dtype == (np.float32 if op.types == "float" else np.bool_)
    floating = [a.astype(np.float32) if op.types == "float" else a for a in args]
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(y, reference(name)(*floating, **attrs), rtol=1e-5)


def test_a_missing_sample_says_where_it_belongs() -> None:
    class Unknown(Op):
        pass

    Unknown("undeclared_op", abs)
    try:
        with pytest.raises(LookupError, match=r"undeclared_op.*SAMPLES in tests/samples\.py"):
            entry("undeclared_op")
    finally:
        del REGISTRY["undeclared_op"]


def test_a_wrong_rule_is_caught(rng: np.random.Generator) -> None:
    # The harness itself: it must see a slope that is off by a thousandth.
    wrong = Elementwise("wrong_rule", np.sin, lambda x, out: REGISTRY["cos"](x) * 1.001)
    try:
        with pytest.raises(AssertionError, match="gradient 0 of wrong_rule"):
            check_gradient(wrong, [rng.random((3,))], {}, rng, entry("sin"))
    finally:
        del REGISTRY["wrong_rule"]
