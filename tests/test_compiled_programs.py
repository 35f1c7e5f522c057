"""Random programs, compiled, against the same run eagerly: by the interpreter to the bit, natively to rounding.

`make soak` runs many more of each kind than the suite does.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

import chainrule as cr
from chainrule.api.backward import grad
from chainrule.compiler import function
from chainrule.compiler.interp import Interpreter
from chainrule.core.graph import TraceError
from chainrule.core.tensor import Tensor
from compared import Result, same

hypothesis = pytest.importorskip("hypothesis")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from programs import Program, loss, programs, run, start, steps  # noqa: E402

SEEDS = st.integers(0, 1000)
PROGRAMS = int(os.environ.get("CHAINRULE_PROGRAMS", "100"))
MANY = settings(max_examples=PROGRAMS)


class Way(NamedTuple):
    """How compiled functions are run, on which programs, and how near that comes to eager mode."""

    programs: Any
    rtol: float


INTERPRETED = Way(programs(sharing=True, kinks=True, size=9), 0.0)
NATIVE = Way(programs(sharing=True, size=9), 1e-9)  # at a kink, a last digit would make another number


@pytest.fixture(params=[INTERPRETED, NATIVE], ids=["interpreted", "native"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Way:
    """Each of the two."""
    if request.param is INTERPRETED:
        monkeypatch.setattr(function, "runner", Interpreter)
    else:
        pytest.importorskip("llvmlite")
    return request.param


UNKNOWN = "whether a reshape shares memory is not known"


def refusal(f: Callable[..., Any], *xs: Tensor) -> Any:
    """What f gives, or that it refused; a trace may refuse with words of its own."""
    try:
        return f(*xs)
    except TraceError as e:
        if "layout in memory" in str(e):
            return UNKNOWN
        assert "have a history" in str(e)
        return "refused by the trace"
    except RuntimeError as e:
        assert "modified by an inplace operation" in str(e)
        return "stale"


@MANY
@given(st.data(), SEEDS)
def test_programs_of_arguments(way: Way, data: Any, seed: int) -> None:
    program: Program = data.draw(way.programs)

    def f(*xs: Tensor) -> Result:
        values = run(program, cr, xs)
        return (*values, *grad(loss(cr, values), xs, allow_unused=True))

    fast = cr.compile(f)
    (_, xs), (_, ys) = start(cr, seed), start(cr, seed)
    for _ in range(2):  # the leaves may be changed: their detach() shares their memory
        want, got = refusal(f, *xs), refusal(fast, *ys)
        if got == UNKNOWN:
            return
        if isinstance(want, str):
            assert got == want
            return
        same(got, want, way.rtol)
        same(ys, xs, way.rtol)
        assert [y._version for y in ys] == [x._version for x in xs]


@MANY
@given(st.data(), SEEDS)
def test_gradients_from_outside(way: Way, data: Any, seed: int) -> None:
    program: Program = data.draw(way.programs)

    def f(*xs: Tensor) -> Result:
        return run(program, cr, xs)[len(xs) :]

    def whole(f: Callable[..., Result]) -> Result:
        _, xs = start(cr, seed)
        values = [*xs, *f(*xs)]
        return (*values, *grad(loss(cr, values), xs, allow_unused=True))

    want, got = refusal(whole, f), refusal(whole, cr.compile(f))
    if got == UNKNOWN:
        return
    if isinstance(want, str):
        assert got == want
    else:  # contributions to a gradient meet inside before they meet those from outside, so sums may round otherwise
        same(got, want, rtol=max(way.rtol, 1e-12))


@MANY
@given(st.data(), SEEDS)
def test_programs_of_captured_tensors(way: Way, data: Any, seed: int) -> None:
    program: Program = data.draw(way.programs)

    def world() -> tuple[Callable[[], Any], list[Tensor], list[Tensor]]:
        _, leaves = start(cr, seed)
        buffers = [x.detach() * 1 for x in leaves]

        def f() -> Result:
            values = [*leaves, *buffers]
            steps(program, cr, values)
            total = loss(cr, values)
            total.backward()
            return (*[v.detach().clone() for v in values], total)

        return f, leaves, buffers

    (f, xs, bs), (g, ys, cs) = world(), world()
    g = cr.compile(g)
    for _ in range(3):
        want, got = refusal(f), refusal(g)
        if isinstance(got, str):
            # In eager mode a buffer may get a history from parameters, which dies or fails at the second call.
            assert got in (want, "refused by the trace", UNKNOWN)
            return
        same(got, want, way.rtol)
        same(cs, bs, way.rtol)
        same([y.grad for y in ys], [x.grad for x in xs], way.rtol)
        assert [c._version for c in cs] == [b._version for b in bs]


@pytest.mark.filterwarnings("ignore:vmap")  # what changes parts of samples runs sample by sample
@settings(max_examples=-(-PROGRAMS // 4))
@given(st.data(), SEEDS)
def test_gradients_of_programs_in_a_batch(way: Way, data: Any, seed: int) -> None:
    program: Program = data.draw(way.programs)
    slopes = cr.func.grad(lambda *xs: loss(cr, run(program, cr, xs)), argnums=(0, 1, 2))
    samples = [start(cr, seed + i)[1] for i in range(3)]

    def batch() -> list[Tensor]:
        return [cr.stack(x).detach() for x in zip(*samples, strict=True)]

    xs, ys = batch(), batch()
    want, got = refusal(cr.func.vmap(slopes), *xs), refusal(cr.compile(cr.func.vmap(slopes)), *ys)
    if isinstance(got, str):
        assert got in (UNKNOWN, want)
        return
    same(got, want, max(way.rtol, 1e-12))  # the contributions to a sample's gradient may be added in another order
    same(ys, xs, way.rtol)
    if way is NATIVE:  # without kinks, where a last digit would make another number
        apart = [slopes(*(x.detach().clone() for x in row)) for row in samples]
        same([cr.stack(x) for x in zip(*apart, strict=True)], want, way.rtol)
