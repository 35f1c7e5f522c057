"""Every op of the table on a batch, all samples at once, against the same op on each sample: values and both orders,
with any of the operands shared, the samples along any axis, and a batch of batches."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.core.op import REGISTRY
from chainrule.core.tensor import Tensor, wrap
from chainrule.func import grad, vmap
from samples import draws, entry
from test_registry import NAMES, SMOOTH, floats, moving, outputs

# Ops that are run sample by sample: what they do to a sample depends on more than its axes, and no lesson batches them.
ALONE = {"as_strided", "embedding", "found_from", "median", "nanmedian", "nll_loss", "scatter_reduce", "view_scatter"}


def batch_of(name: str, rng: np.random.Generator) -> Any:
    """For each case: inputs of three samples, the attributes, and how the op is called."""
    e = entry(name)
    for case_number, (_args, _attrs) in enumerate(draws(name, rng)):
        several = [list(draws(name, np.random.default_rng(rng.integers(1 << 30))))[case_number][0] for _ in range(3)]
        yield [np.stack(column) for column in zip(*several)], _attrs, e


def apart(f: Callable[..., Any], xs: Sequence[Tensor], dims: Sequence[int | None]) -> list[Tensor]:
    """f of each sample, stacked."""
    each = [f(*[x if d is None else x.select(d, i) for x, d in zip(xs, dims)]) for i in range(3)]
    return [cr.stack(column) for column in zip(*[y if isinstance(y, tuple) else (y,) for y in each])]


def close(got: Any, want: Sequence[Tensor]) -> None:
    for y, w in zip(got if isinstance(got, tuple) else (got,), want, strict=True):
        assert y.shape == w.shape and y.dtype == w.dtype
        np.testing.assert_allclose(y.detach().numpy(), w.detach().numpy(), rtol=1e-9, atol=1e-11)


def sharings(n: int) -> list[tuple[int | None, ...]]:
    """All ways to batch some of n operands and share the others."""
    return [d for d in itertools.product((0, None), repeat=n) if any(i == 0 for i in d)]


@pytest.mark.parametrize("name", NAMES)
def test_values(name: str, rng: np.random.Generator) -> None:
    op = REGISTRY[name]
    for args, attrs, e in batch_of(name, rng):

        def f(*xs: Tensor, attrs: Any = attrs, e: Any = e) -> Any:
            return tuple(outputs(op, xs, attrs, e))

        for dims in sharings(len(args)):
            xs = [wrap(a if d == 0 else a[0]) for a, d in zip(args, dims)]
            with warnings.catch_warnings(record=True) as told:
                warnings.simplefilter("always")
                got = vmap(f, in_dims=dims)(*xs)
            close(got, apart(f, xs, dims))
            slow = [w for w in told if f"vmap: {name} " in str(w.message)]
            assert name in ALONE or not slow, f"{name} with dims {dims} and {attrs}: {slow[0].message}"


@pytest.mark.parametrize("name", NAMES)
def test_axes_and_nesting(name: str, rng: np.random.Generator) -> None:
    op = REGISTRY[name]
    for args, attrs, e in batch_of(name, rng):

        def f(*xs: Tensor, attrs: Any = attrs, e: Any = e) -> Any:
            return tuple(outputs(op, xs, attrs, e))

        places = [int(rng.integers(a.ndim)) for a in args]
        xs = [wrap(np.moveaxis(a, 0, d)) for a, d in zip(args, places)]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            close(vmap(f, in_dims=tuple(places))(*xs), apart(f, xs, places))
            first = vmap(f, out_dims=-1)(*map(wrap, args))
            close(tuple(y.movedim(-1, 0) for y in first), apart(f, [wrap(a) for a in args], [0] * len(args)))
            if len(args) == 2:  # every sample of one with every sample of the other
                a, b = map(wrap, args)
                each = vmap(vmap(f, in_dims=(None, 0)), in_dims=(0, None))(a, b)
                close(each, apart(lambda x, f=f, b=b: tuple(apart(partial(f, x), [b], [0])), [a], [0]))


@pytest.mark.parametrize("name", SMOOTH)
def test_gradients(name: str, rng: np.random.Generator) -> None:
    op = REGISTRY[name]
    for args, attrs, e in batch_of(name, rng):
        which = tuple(i for i, moves in enumerate(moving(e, [a[0] for a in args])) if moves)

        def total(*xs: Tensor, attrs: Any = attrs, e: Any = e) -> Tensor:
            return sum((y * y.cos()).sum() for y in floats(outputs(op, xs, attrs, e)))  # type: ignore[return-value]

        def twice(*xs: Tensor, which: Any = which, total: Any = total) -> Tensor:
            return sum((g * g).sum() for g in grad(total, which)(*xs))  # type: ignore[return-value]

        xs = [wrap(a) for a in args]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for f in (total, twice):
                slope = grad(f, which)
                close(vmap(slope)(*xs), apart(slope, xs, [0] * len(xs)))
