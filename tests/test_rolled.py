"""Loops that a function wrote out are rolled up again: the same numbers to the last bit, from code of one period."""

from __future__ import annotations

import importlib.util
import os
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.compiler.interp import Interpreter
from chainrule.compiler.lower import lower
from chainrule.compiler.passes import simplify
from chainrule.compiler.roll import roll
from chainrule.compiler.trace import trace
from chainrule.core.graph import Var, order

F64 = cr.float64


def runge_kutta(p: Any, n: int) -> Any:
    s, i, loss, h = 0.99 + 0 * p[0], 0.01 + 0 * p[0], 0 * p[0], 0.5

    def d(s: Any, i: Any) -> Any:
        return -p[0] * s * i, p[0] * s * i - p[1] * i

    for _ in range(n):
        a1, b1 = d(s, i)
        a2, b2 = d(s + h / 2 * a1, i + h / 2 * b1)
        a3, b3 = d(s + h / 2 * a2, i + h / 2 * b2)
        a4, b4 = d(s + h * a3, i + h * b3)
        s = s + h / 6 * (a1 + 2 * a2 + 2 * a3 + a4)
        i = i + h / 6 * (b1 + 2 * b2 + 2 * b3 + b4)
        loss = loss + (i - 0.1) ** 2
    return loss


def cell(x: Any, w: Any, u: Any) -> Any:
    h, outs = cr.zeros(u.shape[0], dtype=x.dtype), []
    for t in range(x.shape[0]):
        h = cr.tanh(w @ x[t] + u @ h)
        outs.append(h)
    return (cr.stack(outs) ** 2).sum()


def backwards(x: Any) -> Any:
    h, outs = 0 * x[0], []
    for t in reversed(range(len(x))):
        h = 0.9 * h + x[t].sin()
        outs.append(h)
    return cr.stack(outs)


def columns(x: Any) -> Any:
    h, outs = 0 * x[:, 0], []
    for t in range(x.shape[1]):
        h = (0.9 * h + x[:, t]).sin()
        outs.append(h * h.exp())
    return cr.stack(outs, 1)


def two_before(x: Any) -> Any:
    a, b = x, x.sin()
    for _ in range(60):
        a, b = b, (b * 1.5 - a * 0.4).cos()
    return a + b


def forced(x: Any) -> Any:
    for k in range(60):
        x = x + 0.1 * (k * 0.05 - x) * (x * k).cos()
    return x


def nested(x: Any) -> Any:
    for _ in range(20):
        y = x
        for _ in range(8):
            y = y - 0.01 * y.sin()
        x = x + 0.1 * y
    return x


def counted(x: Any) -> Any:
    n = cr.zeros((), dtype=cr.int64)
    for _ in range(60):
        x = cr.where(x > 1, x / 2, x * 1.7)
        n = n + (x > 1)
    return x, n


def two_loops(x: Any) -> Any:
    found = []
    for _ in range(50):
        x = x - 0.1 * x.sin()
        found.append(x)
    total = 0 * x
    for y in found:
        total = total * 0.5 + y.exp() * x
    for y in reversed(found):
        total = total * 0.5 + y.cos()
    return total, found[3], found[-1], found[-2]


def momentum(x: Any) -> Any:
    v = cr.zeros_like(x)
    for _ in range(50):
        g = cr.func.grad(lambda x: ((x**2 - 1) ** 2).sum())(x)
        v = 0.9 * v + g
        x = x - 0.01 * v
    return x


RK4 = lambda p: runge_kutta(p, 12)  # noqa: E731
CASES: dict[str, tuple[Callable[..., Any], list[Any], int]] = {
    "Runge-Kutta": (RK4, [(2,)], 1),
    "its gradient": (cr.func.grad(RK4), [(2,)], 2),
    "its second derivatives": (cr.func.hessian(lambda p: runge_kutta(p, 6)), [(2,)], 0),
    "its tangent": (lambda p, t: cr.func.jvp(RK4, (p,), (t,)), [(2,), (2,)], 1),
    "a cell": (cell, [(40, 3), (4, 3), (4, 4)], 1),
    "the gradient of a cell": (cr.func.grad(cell, argnums=(1, 2)), [(40, 3), (4, 3), (4, 4)], 2),
    "a cell of many": (cell, [(50, 30), (40, 30), (40, 40)], 1),
    "the gradient of a cell of many": (cr.func.grad(cell, argnums=(1, 2)), [(50, 30), (40, 30), (40, 40)], 2),
    "the gradient of a sequence": (cr.func.grad(cell, argnums=0), [(40, 3), (4, 3), (4, 4)], 1),
    "backwards": (backwards, [(60,)], 1),
    "columns": (columns, [(3, 60)], 1),
    "two before": (two_before, [()], 1),
    "its slope": (cr.func.grad(two_before), [()], 2),
    "forced": (forced, [()], 1),
    "nested": (nested, [()], 1),
    "counted": (counted, [()], 1),
    "two loops": (two_loops, [()], 3),
    "momentum": (momentum, [(5,)], 1),
}


def made(f: Callable[..., Any], tensors: list[Any]) -> tuple[list[Var], list[Any], list[Var]]:
    """The inputs of f's graph, their arrays, and the results."""
    with cr.no_grad():
        found = trace(f, lambda stand_ins: (stand_ins, {}), tensors)
    assert not found.effects
    arrays = [*(t.numpy() for t in tensors), *(i.get() for i in found.captured)]
    inputs = [*(a.var for a in found.arguments), *(i.var for i in found.captured)]
    return inputs, [a[()] for a in arrays], lower(simplify(found.results))


def loops(results: list[Var]) -> int:
    return sum(v.op is not None and v.op.name == "rolled" and v.index is None for v in order(results))


@pytest.mark.parametrize("name", CASES)
def test_a_rolled_loop_gives_the_same_numbers(name: str) -> None:
    f, sizes, count = CASES[name]
    dtype = (F64, cr.float32)[len(name) % 2]
    rng = np.random.default_rng(3)
    tensors = [cr.tensor(rng.uniform(0.1, 0.9, n), dtype=dtype) for n in sizes]
    inputs, arrays, results = made(f, tensors)
    rolled = roll(results)
    assert loops(rolled) >= count
    want = Interpreter(inputs, results)(arrays)
    for a, b in zip(Interpreter(inputs, rolled)(arrays), want, strict=True):
        assert np.asarray(a).dtype == np.asarray(b).dtype
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", CASES)
def test_so_does_its_machine_code(name: str) -> None:
    pytest.importorskip("llvmlite")
    f, sizes, _ = CASES[name]
    rng = np.random.default_rng(4)
    tensors = [cr.tensor(rng.uniform(0.1, 0.9, n), dtype=F64) for n in sizes]
    fast = cr.compile(f)
    for _ in range(2):
        got, want = fast(*tensors), f(*tensors)
        many = isinstance(want, tuple)
        for a, b in zip(got if many else (got,), want if many else (want,), strict=True):
            np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-12, atol=1e-14)  # vector maths rounds otherwise


def test_machine_code_is_of_one_period() -> None:
    pytest.importorskip("llvmlite")
    p = cr.tensor([0.5, 0.1], dtype=F64)
    ops = []
    for n in (20, 60):
        fast = cr.compile(cr.func.grad(lambda p, n=n: runge_kutta(p, n)))
        assert (fast(p) == cr.func.grad(lambda p, n=n: runge_kutta(p, n))(p)).all()  # arithmetic alone: to the bit
        ops.append(sum(fast.facts()[-1].fused))
    assert ops[0] == ops[1] < 400


def test_a_long_step_of_descent_is_rolled() -> None:
    found = cr.minimize(lambda p: runge_kutta(p, 20), cr.tensor([0.5, 0.1], dtype=F64), lr=1e-3, steps=5)
    p = cr.tensor([0.5, 0.1], dtype=F64)
    for _ in range(5):
        p = p - 1e-3 * cr.func.grad(lambda p: runge_kutta(p, 20))(p)
    np.testing.assert_allclose(np.asarray(found.x), p.numpy(), rtol=1e-12)


OPS: list[Callable[[Any, Any], Any]] = [
    lambda a, b: a + b, lambda a, b: a * b, lambda a, b: a - 0.3 * b, lambda a, b: (a * b).sin(), lambda a, b: a.cos(),
    lambda a, b: cr.where(a > b, a, b * 0.5), lambda a, b: a.tanh() + 0.1, lambda a, b: cr.maximum(a, b),
]  # fmt: skip


def random_loop(seed: int) -> Callable[[Any, Any], Any]:
    """A function with a loop of random ops over a few states, that reads a sequence and keeps some of what it finds."""
    r = random.Random(seed)
    states, ops = r.randint(1, 4), [(r.choice(OPS), r.random(), r.random()) for _ in range(r.randint(2, 12))]
    reads, keeps, lags, step = r.random() < 0.7, r.random() < 0.5, r.randint(1, 3), r.choice((1, -1))
    scale = r.choice((None, 0.01))

    def f(x: Any, seq: Any) -> Any:
        s = [x * (0.5 + i) for i in range(states)]
        before, kept = [s[0]] * lags, []
        for t in range(len(seq)):
            known = [*s, before[-1], *([seq[t if step > 0 else len(seq) - 1 - t]] if reads else [])]
            for op, i, j in ops:
                known.append(op(known[int(i * len(known))], known[int(j * len(known))]))
            if scale is not None:
                known[-1] = known[-1] + scale * t
            before = [s[0], *before[:-1]]
            s = [v.sin() for v in known[-states:]]
            kept += [known[-1]] * keeps
        return sum(v.sum() for v in s) + (cr.stack(kept).sum() if keeps else 0)

    return f


@pytest.mark.parametrize("seed", range(int(os.environ.get("CHAINRULE_LOOPS", "12"))))  # more for a soak
def test_random_loops(seed: int) -> None:
    rng = np.random.default_rng(seed)
    shape = [(), (3,), (70,)][seed % 3]
    x = cr.tensor(rng.uniform(0.1, 0.9, shape), dtype=F64)
    seq = cr.tensor(rng.uniform(0.1, 0.9, (40, *shape)), dtype=F64)
    for f in (random_loop(seed), cr.func.grad(random_loop(seed))):
        if importlib.util.find_spec("llvmlite"):
            np.testing.assert_allclose(cr.compile(f)(x, seq).numpy(), f(x, seq).numpy(), rtol=1e-9, atol=1e-9)
        inputs, arrays, results = made(f, [x, seq])
        rolled = roll(results)
        for a, b in zip(Interpreter(inputs, rolled)(arrays), Interpreter(inputs, results)(arrays), strict=True):
            np.testing.assert_array_equal(a, b, err_msg=f"seed {seed}")
