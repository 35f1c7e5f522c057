"""`simplify`: the same results, to the bit, from no more values; and again, nothing is left to do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule  # noqa: F401
from chainrule.compiler.interp import Interpreter
from chainrule.compiler.passes import simplify
from chainrule.core.graph import Var, apply, constant, order
from chainrule.core.op import REGISTRY

Array = np.ndarray[Any, Any]
UNARY = ("neg", "sin", "abs", "clone", "alias", "relu")
BINARY = ("add", "sub", "mul", "div", "maximum")
SPECIAL = (0.0, -0.0, 1.0, -1.0, 2.0, float("nan"), float("inf"))
SHAPES = ((2, 3), (3,), ())


def emit(name: str, *args: Any, **attrs: Any) -> Any:
    return apply(REGISTRY[name], args, attrs)


def graph(rng: np.random.Generator, size: int) -> tuple[list[Var], list[Var]]:
    """A random graph, rich in what the passes look for: the inputs, and some of its values."""
    dtypes = [np.dtype("float64"), np.dtype("float32")]
    inputs = [Var(s, d) for s in SHAPES for d in dtypes[:1]]
    values: list[Any] = [*inputs, constant(np.array([1.0, 1.0, 1.0])), constant(np.zeros(3)), constant(-np.zeros(()))]
    for _ in range(size):
        x = values[rng.integers(len(values))]
        kind = rng.integers(7)
        if kind == 0:
            values.append(emit(UNARY[rng.integers(len(UNARY))], x))
        elif kind in (1, 2):
            y = values[rng.integers(len(values))]
            values.append(emit(BINARY[rng.integers(len(BINARY))], x, y if y.shape in (x.shape, ()) else x))
        elif kind == 3:
            pair = [x, SPECIAL[rng.integers(len(SPECIAL))]]
            values.append(emit(BINARY[rng.integers(len(BINARY))], *pair[:: rng.choice([-1, 1])]))
        elif kind == 4:
            shape = [x.shape, (x.size,), (1, *x.shape)][rng.integers(3)]
            values.append(emit("reshape", x, shape=shape))
        elif kind == 5:
            values.append(emit("expand", x, shape=x.shape if rng.random() < 0.5 else (2, *x.shape)))
        else:
            values.append(emit("where", emit("gt", x, 0.5), x, -1.0))
        if values[-1].size > 200 or values[-1].ndim > 4:
            values.pop()
    return inputs, [values[i] for i in rng.integers(0, len(values), 4)]


def bits(a: Any) -> tuple[Any, ...]:
    a = np.asarray(a)
    a = np.where(np.isnan(a), np.nan, a) if a.dtype.kind == "f" else a  # which NaN it is, is nobody's business
    return a.shape, a.dtype, a.tobytes()


@pytest.mark.parametrize("seed", range(150))
def test_random_graphs(seed: int) -> None:
    rng = np.random.default_rng(seed)
    inputs, results = graph(rng, 30)
    arrays = [rng.choice([0.0, -0.0, 1.0, -2.5, 0.75], v.shape).astype(v.dtype) for v in inputs]
    simple = simplify(results)
    want, got = Interpreter(inputs, results)(arrays), Interpreter(inputs, simple)(arrays)
    for v, s, w, g in zip(results, simple, want, got, strict=True):
        assert bits(g) == bits(w) and (s.shape, s.dtype, s.weak) == (v.shape, v.dtype, v.weak)
    assert len(order(simple)) <= len(order(results))
    again = simplify(simple)
    assert [a is b for a, b in zip(again, simple)] == [True] * len(simple)


def test_what_is_joined_and_what_is_not() -> None:
    x = Var((3,), np.dtype("float64"))
    ops = {v.op.name for v in order(simplify([emit("mul", x, 1), emit("neg", emit("neg", x))])) if v.op}
    assert not ops
    a, b = simplify([emit("sin", x), emit("sin", x)])
    assert a is b
    (kept,) = simplify([emit("add", x, 0.0)])
    assert kept.op is REGISTRY["add"]  # -0.0 + 0.0 is 0.0
    (folded,) = simplify([emit("exp", constant(np.ones(3)))])
    assert folded.data is not None
    (cast,) = simplify([emit("mul", Var((3,), np.dtype("float32")), constant(np.ones(3)))])
    assert cast.dtype == np.float64


def test_a_learning_rate_decides_no_dtype() -> None:
    x, lr = Var((2,), np.dtype("float32")), Var((), np.dtype("float64"))
    lr.weak = True
    twice = emit("mul", lr, 2.0)
    out = emit("mul", x, twice)
    assert twice.weak and out.dtype == np.float32 and not out.weak
    (got,) = Interpreter([x, lr], simplify([out]))([np.ones(2, np.float32), 0.1])
    assert got.dtype == np.float32


@pytest.mark.parametrize("name", ["sin", "neg", "clone"])
def test_deep_graphs(name: str) -> None:
    x = v = Var((2,), np.dtype("float64"))
    for _ in range(10_001):
        v = emit(name, v)
    simple = simplify([v])
    got, want = Interpreter([x], simple)([np.ones(2)]), Interpreter([x], [v])([np.ones(2)])
    assert bits(got[0]) == bits(want[0])
    assert len(order(simple)) == {"sin": 10_002, "neg": 2, "clone": 1}[name]
