"""Random programs: gradients against finite differences, modes against each other, all of it against PyTorch.

The programs are built in `programs.py`. A failure prints the program and the seed of its numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr

hypothesis = pytest.importorskip("hypothesis")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from programs import Program, gradients, loss, programs, run, start  # noqa: E402

STEP = 1e-6
SEEDS = st.integers(0, 1000)


def differences(program: Program, seed: int) -> list[np.ndarray[Any, Any]]:
    """The gradients of the loss by central differences."""
    numbers, leaves = start(cr, seed)
    constants: list[Any] = []
    run(program, cr, leaves, constants)

    def at(place: tuple[int, Any], h: float) -> float:
        moved = [a.copy() for a in numbers]
        moved[place[0]][place[1]] += h
        with cr.no_grad():
            return loss(cr, run(program, cr, [cr.tensor(a, dtype=cr.float64) for a in moved], constants)).item()

    return [
        np.array([at((i, p), STEP) - at((i, p), -STEP) for p in np.ndindex(*a.shape)]).reshape(a.shape) / (2 * STEP)
        for i, a in enumerate(numbers)
    ]


def stale(e: RuntimeError) -> bool:
    """Whether an error is the refusal of a value that was changed after backward had saved it."""
    return "modified by an inplace operation" in str(e)


@settings(max_examples=200)
@given(programs(), SEEDS)
def test_gradients_are_finite_differences(program: Program, seed: int) -> None:
    try:
        _, got, _ = gradients(program, cr, seed)
    except RuntimeError as e:
        if not stale(e):
            raise
        return
    for g, w in zip(got, differences(program, seed)):
        np.testing.assert_allclose(g, w, rtol=1e-5, atol=1e-6)


@settings(max_examples=100)
@given(programs(changes=False, size=5), SEEDS)
def test_second_order_is_finite_differences_of_the_first(program: Program, seed: int) -> None:
    numbers, leaves = start(cr, seed)
    constants: list[Any] = []
    values = run(program, cr, leaves, constants)
    rng = np.random.default_rng(seed)
    directions = [rng.standard_normal(a.shape) for a in numbers]

    def slope(xs: list[Any], values: list[Any]) -> Any:
        """The derivative of the loss along the directions, as a tensor with a graph."""
        first = cr.autograd.grad(loss(cr, values), xs, create_graph=True, allow_unused=True)
        total = sum(x.sum() * 0 for x in xs)
        for g, d in zip(first, directions):
            total = total if g is None else total + (g * cr.tensor(d, dtype=cr.float64)).sum()
        return total

    got = cr.autograd.grad(slope(leaves, values), leaves)
    for i, (a, g) in enumerate(zip(numbers, got)):
        for place in np.ndindex(*a.shape):
            ends = []
            for h in (STEP, -STEP):
                moved = [b.copy() for b in numbers]
                moved[i][place] += h
                xs = [cr.tensor(b, dtype=cr.float64, requires_grad=True) for b in moved]
                ends.append(slope(xs, run(program, cr, xs, constants)).item())
            np.testing.assert_allclose(g[place].item(), (ends[0] - ends[1]) / (2 * STEP), rtol=1e-4, atol=1e-5)


@settings(max_examples=50)
@given(programs(changes=False, size=5, without=("no_grad",)), SEEDS)
def test_forward_over_forward_is_reverse_over_reverse(program: Program, seed: int) -> None:
    numbers, leaves = start(cr, seed)
    rng = np.random.default_rng(seed)
    ds = tuple(cr.tensor(rng.standard_normal(a.shape), dtype=cr.float64) for a in numbers)

    def along(*xs: Any) -> Any:
        return cr.func.jvp(lambda *ys: loss(cr, run(program, cr, ys)), xs, ds)[1]

    _, got = cr.func.jvp(along, tuple(x.detach() for x in leaves), ds)
    first = cr.autograd.grad(loss(cr, run(program, cr, leaves)), leaves, create_graph=True, allow_unused=True)
    slope = sum(((g * d).sum() for g, d in zip(first, ds) if g is not None), sum(x.sum() * 0 for x in leaves))
    want = sum((h * d).sum().item() for h, d in zip(cr.autograd.grad(slope, leaves), ds))
    np.testing.assert_allclose(got.item(), want, rtol=1e-8, atol=1e-8)


@settings(max_examples=100)
@given(programs(without=("no_grad",)), SEEDS)  # no_grad stops reverse mode alone
def test_forward_mode_is_reverse_mode(program: Program, seed: int) -> None:
    numbers, _ = start(cr, seed)
    try:
        _, got, _ = gradients(program, cr, seed)
    except RuntimeError as e:
        if not stale(e):
            raise
        return
    rng = np.random.default_rng(seed)
    tangents = [rng.standard_normal(a.shape) for a in numbers]
    primals = tuple(cr.tensor(a, dtype=cr.float64) for a in numbers)
    _, pushed = cr.func.jvp(
        lambda *xs: loss(cr, run(program, cr, xs)), primals, tuple(cr.tensor(t, dtype=cr.float64) for t in tangents)
    )
    want = sum(float(np.sum(g * t)) for g, t in zip(got, tangents))
    np.testing.assert_allclose(pushed.item(), want, rtol=1e-9, atol=1e-9)


def outcome(program: Program, lib: Any, seed: int) -> Any:
    """All that can be seen of a program: values, gradients, versions; or that backward refused."""
    try:
        out, grads, values = gradients(program, lib, seed)
    except RuntimeError as e:
        return "stale" if stale(e) else f"{type(e).__name__}: {e}"
    seen = [(v.detach().numpy(), v.requires_grad, v.is_leaf, v._version) for v in values]
    return out.item(), grads, seen


@settings(max_examples=300)
@given(programs(sharing=True, kinks=True, size=9), SEEDS)
def test_agrees_with_torch(program: Program, seed: int) -> None:
    torch = pytest.importorskip("torch")
    mine, theirs = outcome(program, cr, seed), outcome(program, torch, seed)
    if isinstance(mine, str) or isinstance(theirs, str):
        # An in-place operation of ours keeps a copy where PyTorch keeps the tensor, so we may go on after a second one.
        changes = sum(s.kind.startswith(("change", "set")) for s in program)
        assert mine == theirs or (theirs == "stale" and changes > 1 and not isinstance(mine, str))
        return
    np.testing.assert_allclose(mine[0], theirs[0], rtol=1e-10, atol=1e-12)
    for g, w in zip(mine[1], theirs[1]):
        np.testing.assert_allclose(g, w, rtol=1e-8, atol=1e-10)
    for (a, *flags), (b, *their_flags) in zip(mine[2], theirs[2]):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)
        assert flags == their_flags, "requires_grad, is_leaf, _version"


def test_programs_do_change_things_in_place() -> None:
    # The tests above say nothing about in-place operations if hardly any program has them.
    assert hypothesis.find(programs(), lambda p: sum(s.kind in ("change", "set") for s in p) >= 2)
