"""Every op of the table, compiled, against eager mode: values, gradients, second order.

The interpreter of graphs runs the same kernels on the same numbers in the same order, so nothing may differ; native
code sums in another order and has elementary functions of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.api.backward import grad
from chainrule.compiler import function
from chainrule.compiler.interp import Interpreter
from chainrule.core.graph import TraceError
from chainrule.core.op import REGISTRY
from chainrule.core.tensor import Tensor, wrap
from compared import Result, same
from samples import draws, entry
from test_registry import NAMES, SMOOTH, floats, listed, moving, outputs, those


@pytest.fixture(params=["interpreted", "native"])
def rtol(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> float:
    """How near compiled functions come: to the bit where the graph is interpreted, else to rounding."""
    if request.param == "interpreted":
        monkeypatch.setattr(function, "runner", Interpreter)
        return 0.0
    pytest.importorskip("llvmlite")
    return 1e-9


def agrees(f: Callable[..., Result], rtol: float, *xs: Tensor) -> None:
    """Compiled, f gives what it gives without, at the first call and at the next."""
    want, fast = f(*xs), cr.compile(f)
    same(fast(*xs), want, rtol)
    same(fast(*xs), want, rtol)


# ---------------------------------------------------------------------------------------------------- the table of ops


@pytest.mark.parametrize("name", NAMES)
def test_values(name: str, rtol: float, rng: np.random.Generator) -> None:
    op, e = REGISTRY[name], entry(name)
    for args, attrs in draws(name, rng):
        with cr.no_grad():
            agrees(lambda *xs: outputs(op, xs, attrs, e), rtol, *map(wrap, args))  # noqa: B023


@pytest.mark.parametrize("name", [n for n in SMOOTH if n != "lu_factor"])  # its rule reads the order of the pivots
def test_gradients_of_first_and_second_order(name: str, rtol: float, rng: np.random.Generator) -> None:
    op, e = REGISTRY[name], entry(name)
    for args, attrs in draws(name, rng):
        wanted = moving(e, args)
        xs = [wrap(a).requires_grad_() if m else wrap(a) for a, m in zip(args, wanted)]
        ys = [y for y in floats(outputs(op, xs, attrs, e)) if y.requires_grad]
        us = [wrap(rng.standard_normal(y._a.shape).astype(y._a.dtype)) for y in ys]

        def first(*xs: Tensor, n: int = len(args)) -> Result:
            ys = [y for y in floats(outputs(op, xs[:n], attrs, e)) if y.requires_grad]  # noqa: B023
            return grad(ys, those(wanted, xs[:n]), xs[n:], create_graph=True, allow_unused=True)  # noqa: B023

        def second(*xs: Tensor) -> Result:
            gs = [g for g in first(*xs) if g is not None and g.requires_grad]
            seeds = [g.detach() * 0 + 1.5 for g in gs]
            return grad(gs, those(wanted, xs), seeds, allow_unused=True) if gs else ()  # noqa: B023

        agrees(first, rtol, *xs, *us)
        agrees(second, rtol, *xs, *us)


def test_a_rule_that_reads_numbers_says_so() -> None:
    x = cr.eye(3, dtype=cr.float64).requires_grad_()
    with pytest.raises(TraceError, match="asked for while tracing"):
        cr.compile(lambda x: grad(cr.linalg.lu_factor(x).LU.sum(), x))(x)


# ------------------------------------------------------------------------------------------------------ order in memory


class _Packed(Exception):
    """Carries what is known of the results out of a trace."""


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("name", NAMES)
def test_the_graph_knows_which_results_lie_in_order(name: str, order: str, rng: np.random.Generator) -> None:
    """Products and sums round by the order in memory, and some reshapes share memory by it."""
    op, e = REGISTRY[name], entry(name)
    for drawn, attrs in draws(name, rng):
        xs = [wrap(a) for a in drawn] if e.before is None else listed(e.before(*map(wrap, drawn)))
        xs = [wrap(np.array(x._a, order=order)[()]) for x in xs]  # type: ignore[call-overload]

        def body(*xs: Tensor, attrs: Any = attrs) -> Tensor:
            raise _Packed([y._a.packed for y in listed(op(*xs, **attrs))])

        with pytest.raises(_Packed) as found:
            cr.compile(body)(*xs)
        packed = found.value.args[0]
        in_order = [np.asarray(y._a).flags.c_contiguous for y in listed(op(*xs, **attrs))]
        assert len(packed) == len(in_order) and all(np.greater_equal(in_order, packed))


def test_what_is_written_lies_as_the_memory_does(rtol: float, rng: np.random.Generator) -> None:
    """A row copied into every row of a matrix is a matrix: the product with its transpose rounds as such."""
    for _ in range(20):
        a, b = rng.standard_normal((3, 2)), rng.standard_normal(2)

        def both(m: Tensor, x: Tensor, a: Any = a) -> tuple[Tensor, ...]:
            with cr.no_grad():
                m.copy_(x)
            return grad((m @ x * cr.tensor(a[:, 0])).sum(), x)

        xs, ys = ((cr.tensor(a), cr.tensor(b, requires_grad=True)) for _ in range(2))
        same(cr.compile(both)(*xs), both(*ys), rtol)
