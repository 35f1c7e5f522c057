"""`scan`, `cond`, `while_loop`: as the Python loops that they stand for, and as one op in a compiled function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.compiler import control
from chainrule.core.graph import TraceError

scan, cond, while_loop = cr.func.scan, cr.func.cond, cr.func.while_loop
F64 = cr.float64
RNG = np.random.default_rng(5)
W, X, H = (cr.tensor(RNG.uniform(-0.6, 0.9, n), dtype=F64) for n in ((3, 3), (12, 3), 3))


def close(a: Any, b: Any) -> None:
    """The same numbers, but for what vector maths rounds otherwise."""
    if isinstance(a, Tensor):
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-10, atol=1e-12)
    else:
        assert type(a) is type(b) and len(a) == len(b)
        for x, y in zip(a, b):
            close(x, y)


Tensor = cr.Tensor


def cell(w: Any, x: Any, h: Any, reverse: bool = False) -> Any:
    def turn(h: Any, x: Any) -> Any:
        h = cr.tanh(w @ h + x)
        return h, (h * w[0], x.sin())

    return scan(turn, h, x, reverse=reverse)


def loss(w: Any, x: Any, h: Any, reverse: bool = False) -> Any:
    h, (y, z) = cell(w, x, h, reverse)
    return (h**2).sum() + (y**3 * z).sum()


def several(w: Any, x: Any, h: Any) -> Any:
    def turn(c: Any, x: Any) -> Any:
        n, (a, b) = c["n"], c["ab"]
        a = cond(n > 4, lambda a, b: a * b, lambda a, b: (a - b).sin(), (a, b))
        return {"n": n + 1, "ab": (a, b * 0.9 + x.sum())}, {"a": a, "n": n}

    c, ys = scan(turn, {"n": cr.zeros((), dtype=cr.int64), "ab": (h, h * 2)}, x)
    return c["n"], c["ab"][0], c["ab"][1], ys["a"], ys["n"]


def nested(w: Any, x: Any, h: Any) -> Any:
    def turn(h: Any, x: Any) -> Any:
        inner, ys = scan(lambda c, v: ((c * v).cos() + w[0], c), h, w)
        return inner + x, ys.sum()

    h, ys = scan(turn, h, x)
    return h.sum() * ys.sum()


CASES: dict[str, Callable[..., Any]] = {
    "forwards": cell,
    "backwards": lambda w, x, h: cell(w, x, h, True),
    "gradient": cr.func.grad(loss, argnums=(0, 1, 2)),
    "gradient backwards": cr.func.grad(lambda *a: loss(*a, reverse=True), argnums=(0, 1, 2)),
    "second derivatives": lambda w, x, h: cr.func.hessian(lambda h: loss(w, x, h))(h),
    "of a gradient": cr.func.grad(lambda w, x, h: (cr.func.grad(loss)(w, x, h) ** 2).sum(), argnums=(0, 1)),
    "tangent": lambda w, x, h: cr.func.jvp(lambda w: loss(w, x, h), (w,), (w.cos(),)),
    "samples": lambda w, x, h: cr.func.vmap(lambda h: loss(w, x, h))(cr.stack([h, h * 2])),
    "several": several,
    "several's gradient": cr.func.grad(lambda w, x, h: several(w, x, h)[3].sum(), argnums=(1, 2)),
    "nested": cr.func.grad(nested, argnums=(0, 1, 2)),
    "along columns": lambda w, x, h: scan(lambda c, v: (c + v[0] * v, c * v), h, x.T, dim=1),
    "a gradient in a turn": lambda w, x, h: scan(
        lambda c, v: (c - 0.1 * cr.func.grad(lambda c: (w @ c * v).sin().sum())(c), c.sum()), h, x),
    "a view of what has a history": cr.func.grad(
        lambda w, x, h: scan(lambda c, v: (c * (w * 2).T[1] + v, v.sum()), h, x)[0].sum(), argnums=(0, 2)),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_compiled_as_eager(name: str) -> None:
    f = CASES[name]
    close(cr.compile(f)(W, X, H), f(W, X, H))


def plain(f: Any, c: Any, xs: Any) -> Any:
    ys = []
    for x in xs:
        c, y = f(c, x)
        ys.append(y)
    return c, cr.stack(ys)


def test_a_scan_is_the_loop_that_it_stands_for() -> None:
    turn = lambda c, x: (c * 0.5 + x, c - x)  # noqa: E731
    close(scan(turn, H, X), plain(turn, H, X))
    backwards = scan(turn, H, X, reverse=True)
    c, ys = plain(turn, H, X.flip(0))
    close(backwards, (c, ys.flip(0)))


def test_as_torch() -> None:
    torch = pytest.importorskip("torch")
    theirs = pytest.importorskip("torch._higher_order_ops.scan")

    def turn(c: Any, x: Any) -> Any:
        return c * 0.5 + x, c - x

    for reverse in (False, True):
        want = theirs.scan(turn, torch.tensor(H.numpy()), torch.tensor(X.numpy()), reverse=reverse)
        for a, b in zip(scan(turn, H, X, reverse=reverse), want):
            np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-14)


def test_a_body_is_traced_once() -> None:
    fast = cr.compile(cr.func.grad(loss))
    sizes = []
    for n in (10, 1000):
        fast(W, cr.tensor(RNG.uniform(0, 1, (n, 3)), dtype=F64), H)
        sizes.append(fast.programs[[*fast.programs][-1]][-1].before)
    assert sizes[0] == sizes[1]


def test_gradients_from_outside_and_of_parameters() -> None:
    p = cr.nn.Parameter(cr.tensor(0.7, dtype=F64))
    found = []
    for wrap in (lambda f: f, cr.compile):
        f = wrap(lambda h, x: scan(lambda c, v: ((c * p).sin() + v, c), h, x)[0].sum())
        h = H.clone().requires_grad_()
        p.grad = None
        f(h, X).backward()
        found.append((p.grad, h.grad))
    close(*found)


def test_random_numbers_are_drawn_in_each_turn() -> None:
    f = lambda c, x: scan(lambda c, v: (c + cr.randn(3, dtype=F64), c), c, x)[1]  # noqa: E731
    cr.manual_seed(3)
    want = f(H, X)
    fast = cr.compile(f)
    cr.manual_seed(3)
    close(fast(H, X), want)


def test_many_carries_are_computed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "LARGEST", 8 * 3 * 5)
    for reverse in (False, True):
        f = lambda *a, reverse=reverse: loss(*a, reverse=reverse)  # noqa: E731
        x = cr.tensor(RNG.uniform(0, 1, (14, 3)), dtype=F64)
        close(cr.compile(cr.func.grad(f, argnums=(0, 1, 2)))(W, x, H), cr.func.grad(f, argnums=(0, 1, 2))(W, x, H))


def test_the_branch_not_taken_is_not_run() -> None:
    f = lambda x: cond(x > 0, lambda x: x.sqrt(), lambda x: -x, (x,))  # noqa: E731
    for g in (f, cr.func.grad(f), cr.func.grad(cr.func.grad(f))):
        fast = cr.compile(g)
        for x in (cr.tensor(4.0, dtype=F64), cr.tensor(-4.0, dtype=F64), cr.tensor(0.0, dtype=F64)):
            close(fast(x), g(x))


def test_a_loop_whose_end_hangs_on_values() -> None:
    def root(a: Any) -> Any:
        return while_loop(lambda n, x: (x * x - a).abs() > 1e-9, lambda n, x: (n + 1, (x + a / x) / 2), (0, a))

    fast = cr.compile(root)
    for a in (2.0, 9.0, 1e6):
        x = cr.tensor(a, dtype=F64)
        n, r = fast(x)
        assert int(n) == root(x)[0] and r.item() == root(x)[1].item() == pytest.approx(a**0.5)
    assert cr.func.grad(lambda a: root(a)[1])(cr.tensor(4.0, dtype=F64)).item() == pytest.approx(0.25)
    with pytest.raises(TraceError, match=r"while_loop.*scan"):
        cr.compile(cr.func.grad(lambda a: root(a)[1]))(cr.tensor(4.0, dtype=F64))


def test_what_does_not_fit_is_refused() -> None:
    for wrap in (lambda f: f, cr.compile):
        with pytest.raises(RuntimeError, match=r"init: float64\[3\], got float64\[\]"):
            wrap(lambda h, x: scan(lambda c, v: (v.sum(), v), h, x))(H, X)
        with pytest.raises(RuntimeError, match="pair"):
            wrap(lambda h, x: scan(lambda c, v: c, h, x))(H, X)
        with pytest.raises(RuntimeError, match="carried_inputs"):
            wrap(lambda h: while_loop(lambda c: c.sum() < 9, lambda c: (c.sum(),), (h,)))(H)
    with pytest.raises(RuntimeError, match="same length"):
        scan(lambda c, v: (c, v[0]), H, (X, X[1:]))
    with pytest.raises(RuntimeError, match="metadata"):
        cr.compile(lambda h: cond(h.sum() > 0, lambda h: h, lambda h: h.sum(), (h,)))(H)
    with pytest.raises(RuntimeError, match="single-element"):
        cond(H > 0, lambda: 1, lambda: 2)
