"""Elementwise ops that threads share give the very bits, errors and warnings that they give alone."""

from __future__ import annotations

import os
import threading
import tracemalloc
import warnings
import weakref
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.api import settings
from chainrule.core import blocks, registry
from chainrule.core.dispatch import apply
from chainrule.core.op import REGISTRY, Elementwise
from chainrule.core.tensor import wrap
from samples import draws, entry

POINTWISE = [name for name, op in sorted(REGISTRY.items()) if isinstance(op, Elementwise)]
SMOOTH = [name for name in POINTWISE if REGISTRY[name].differentiable and not entry(name).refuses]
SEED = 20


def helpers() -> blocks._Helpers:
    """Two threads beside the one that asks, on whatever machine; made when they are needed."""
    made = blocks._Helpers()
    made.most = 2
    return made


SHARED = helpers()


@pytest.fixture(autouse=True)
def three(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let three threads share all that has a few elements, by NumPy's functions."""
    monkeypatch.setitem(settings._settings, "threads", None)
    monkeypatch.setattr(registry, "machine_code", None)
    for name, value in {"_helpers": SHARED, "limit": 8, "LONG": 0, "FIRST": 16, "WORTH": 0.0}.items():
        monkeypatch.setattr(blocks, name, value)


def alike(got: Any, want: Any) -> bool:
    """Whether two arrays have the same type, place of elements in memory, and bits."""
    return bool(
        got.dtype == want.dtype
        and got.shape == want.shape
        and got.strides == want.strides
        and np.array_equal(np.ascontiguousarray(got).view("u1"), np.ascontiguousarray(want).view("u1"))
    )


def layouts(args: list[Any], rng: np.random.Generator) -> Iterator[list[Any]]:
    """Operands of thousands of elements, with the values of these, in all kinds of memory."""

    def filled(a: Any, shape: tuple[int, ...]) -> Any:
        return rng.choice(a.ravel(), shape).astype(a.dtype)

    yield [filled(a, (2003,)) for a in args]
    yield [filled(a, (4006,))[::2] for a in args]
    yield [filled(a, (37, 53)) for a in args]
    yield [filled(a, (37, 53)).T for a in args]
    yield [filled(a, (37, 106))[:, ::2] for a in args]
    yield [np.broadcast_to(filled(a, ()), (2003,)) for a in args]
    if len(args) > 1:
        for small in ((53,), (37, 1), (1, 53), (), (1,)):
            for at in range(len(args)):
                yield [filled(a, small if i == at else (37, 53)) for i, a in enumerate(args)]
        yield [filled(a, (400, 1) if i else (1, 9)) for i, a in enumerate(args)]
    yield [filled(a, (0, 3)) for a in args]


@pytest.mark.parametrize("name", POINTWISE)
def test_every_op_to_the_bit(name: str) -> None:
    op = REGISTRY[name]
    rng = np.random.default_rng(SEED)
    inputs, attrs = next((x, attrs) for x, attrs in draws(name, rng) if x and x[0].ndim)
    for single in (True, False):
        args = [a.astype("f4") if single and a.dtype == "f8" else a for a in inputs]
        for given in layouts(args, rng):
            with np.errstate(all="ignore"):
                want, got = op(*given, **attrs), op.many(*given, **attrs)
            assert alike(got, want), [a.shape for a in given]
        with np.errstate(all="ignore"):
            assert cut(op.kernel, args, attrs)


def cut(kernel: Callable[..., Any], args: list[Any], attrs: dict[str, Any]) -> bool:
    """Whether a kernel never sees a long operand whole."""
    seen: list[int] = []

    def f(*xs: Any) -> Any:
        seen.append(max(np.size(x) for x in xs))
        return kernel(*xs, **attrs)

    blocks.each(f, [np.resize(a, (2003,)) for a in args])
    return len(seen) > 3 and max(seen) < 2003


@pytest.mark.parametrize("name", SMOOTH)
def test_every_gradient_to_the_bit(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    op = REGISTRY[name]
    monkeypatch.setattr(op, "long", 64)
    rng = np.random.default_rng(SEED)
    inputs, attrs = next((x, attrs) for x, attrs in draws(name, rng) if x and x[0].ndim)
    for shapes in ([(2003,)], [(37, 53)], [(37, 53), (53,), (37, 1)]):
        given = [
            rng.choice(a.ravel(), shapes[i % len(shapes)]).astype("f4" if a.dtype == "f8" else a.dtype)
            for i, a in enumerate(inputs)
        ]
        found = []
        for limit in (1, 8):
            monkeypatch.setattr(blocks, "limit", limit)
            xs = [
                wrap(a).requires_grad_(a.dtype.kind == "f" and i not in entry(name).still) for i, a in enumerate(given)
            ]
            with np.errstate(all="ignore"):
                out = apply(op, xs, attrs)
                out.backward(wrap(np.linspace(0.5, 1.5, out._a.size, dtype=out._a.dtype).reshape(out._a.shape)))
            found.append([None if x.grad is None else x.grad._a for x in xs])
        for one, three in zip(*found):
            assert (one is None and three is None) or alike(three, one)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int64", "uint8", "bool", "complex64"])
def test_of_every_dtype(dtype: str) -> None:
    a = np.random.default_rng(SEED).integers(0, 9, 5000).astype(dtype)
    for f in (np.add, np.multiply, np.equal, lambda x, y: np.where(x != y, x, y)):
        assert alike(blocks.each(f, (a, a[::-1].copy())), f(a, a[::-1].copy()))
    assert alike(blocks.each(np.add, (a, a[:1])), a + a[:1])


def test_long_tensors_in_a_program() -> None:
    def program() -> list[Any]:
        x = cr.linspace(-3, 3, 3_000_000, requires_grad=True)
        y = ((x * 2 + 1).sin() * x).exp() - x.clamp(-1, 1) / 3 + (x**2 + 1) ** 2.5 - x**3
        y.sum().backward()
        with cr.no_grad():
            return [y._a, x.grad._a, (x > 0)._a, cr.where(x > 0, x, -x)._a, x.half().exp()._a, cr.sigmoid(x)._a]

    shared = program()
    cr.set_num_threads(1)
    for got, want in zip(shared, program()):
        assert alike(got, want)


def test_an_array_of_python_objects_is_left_alone() -> None:
    a = np.array([1, 2, 3] * 100, object)
    assert blocks.each(np.add, (a, 1)).tolist() == [2, 3, 4] * 100


def heard(f: Callable[[], Any]) -> list[str]:
    """The warnings that a call makes, in order of their words."""
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        f()
    return sorted(str(w.message) for w in found)


def test_warnings_come_to_the_caller() -> None:
    x = np.ones(5000)
    x[[3, 2500]], x[4990] = 0, -1
    for modes in ({}, {"divide": "ignore"}, {"all": "ignore"}):
        with np.errstate(**{"all": "warn", **modes}):  # type: ignore[arg-type]
            assert heard(lambda: blocks.each(np.log, (x,))) == heard(lambda: np.log(x))


@pytest.mark.parametrize("at", [0, 2500, 4999])
def test_errors_come_to_the_caller(at: int) -> None:
    x = np.ones(5000)
    x[at] = 0
    with np.errstate(divide="raise"), pytest.raises(FloatingPointError, match="divide by zero encountered in log"):
        blocks.each(np.log, (x,))
    called: list[str] = []
    with np.errstate(divide="call", call=lambda what, flag: called.append(what)):
        blocks.each(np.log, (x,))
    assert called == ["divide by zero"]
    a, b = cr.ones(3_000_000, dtype=cr.int64), cr.ones(3_000_000, dtype=cr.int64)
    b[at * 600] = 0
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        a // b


def test_an_interrupt_ends_the_work() -> None:
    mine, raised = threading.get_ident(), threading.Event()

    def f(x: Any) -> Any:
        if len(x) > 16:
            if threading.get_ident() == mine:
                raised.set()
                raise KeyboardInterrupt
            raised.wait(30)
        return x + 1

    with pytest.raises(KeyboardInterrupt):
        blocks.each(f, (np.ones(5000),))
    assert (blocks.each(np.add, (np.ones(5000), 1)) == 2).all()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_forked_process_has_threads_of_its_own() -> None:
    x = np.linspace(0, 1, 5000)
    want = blocks.each(np.sin, (x,))
    child = os.fork()
    if not child:
        ok = False
        try:
            fresh = blocks._helpers.alive == 0
            blocks._helpers.most = 2
            ok = fresh and alike(blocks.each(np.sin, (x,)), want) and blocks._helpers.alive == 2
        finally:
            os._exit(0 if ok else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_without_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    monkeypatch.setattr(blocks, "_helpers", helpers())
    x = np.linspace(0, 1, 5000)
    assert alike(blocks.each(np.sin, (x,)), np.sin(x))
    assert blocks._helpers.alive == 0


def test_as_many_threads_as_are_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "_helpers", helpers())
    x = np.linspace(0, 1, 5000)
    for allowed, there in ((1, 0), (2, 1), (9, 2)):
        cr.set_num_threads(allowed)
        blocks.each(np.sin, (x,))
        assert blocks._helpers.alive == there


def test_from_several_threads_at_once() -> None:
    x = np.linspace(0, 1, 20_000)
    want, wrong = np.sin(x), []

    def run() -> None:
        wrong.extend(i for i in range(50) if not alike(blocks.each(np.sin, (x,)), want))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong


def test_memory_is_given_back() -> None:
    x = np.linspace(0, 1, 100_000)
    f = partial(blocks.each, lambda a, b: a * b + 1)
    f((x, x))
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(200):
            f((x, x))
        assert tracemalloc.get_traced_memory()[0] - before < 2 * x.nbytes  # 200 results are a hundred times that
    finally:
        tracemalloc.stop()
    out = f((x, x))
    gone = weakref.ref(out)
    del out
    assert gone() is None
