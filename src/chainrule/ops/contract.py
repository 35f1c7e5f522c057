"""Products of vectors and matrices. All of them are bilinear.

`matmul` is NumPy's, with the two-dimensional case, the one that small networks live on, kept short: a product of
matrices is `dot`, which costs half of what the `matmul` ufunc does. `contract` is an einsum of two operands without
repeated letters: brought to matrices, multiplied, and brought back.
"""

from __future__ import annotations

import functools
from math import prod
from typing import Any, NamedTuple

import numpy as np

from chainrule.base import memory
from chainrule.core.op import bilinear
from chainrule.ops import batches
from chainrule.ops.views import expand, reshape, sum_to, t, transpose


def mT(x: Any) -> Any:
    """The matrices of x transposed."""
    return transpose(x, dim0=len(x.shape) - 2, dim1=len(x.shape) - 1)


# --------------------------------------------------------------------------------------------------------------- matmul


def _matmul(a: Any, b: Any) -> Any:
    if b.ndim > 2 or a.ndim > 3:
        return memory.rows(np.matmul(a, b))
    if a.ndim < 3:
        return a.dot(b) if len(b) != 1 else single(a, b)
    return _matmul(a.reshape(-1, a.shape[-1]), b).reshape(a.shape[:-1] + b.shape[1:]) if a.size else np.matmul(a, b)


def single(a: Any, b: Any) -> Any:
    """The product where nothing is added up. For `dot` a matrix of one element is a factor, and 0 of them is no NaN."""
    if a.size != 1 != b.size:
        return a.dot(b)
    return np.multiply(a, b, order="C") if a.ndim == b.ndim == 2 else np.matmul(a, b)


def _matmul_left(g: Any, a: Any, b: Any) -> Any:
    p, q = len(a.shape), len(b.shape)
    if q == 2 and p >= 2:
        return matmul(g, t(b))
    if q == 1:
        return g * b if p == 1 else _column(g) * b
    if p == 1:
        g = _row(g)
        full = matmul(g, mT(b))
        return sum_to(reshape(full, shape=(*full.shape[:-2], full.shape[-1])), shape=tuple(a.shape))
    return sum_to(matmul(g, mT(b)), shape=tuple(a.shape))


def _matmul_right(g: Any, a: Any, b: Any) -> Any:
    p, q = len(a.shape), len(b.shape)
    if p == 2 and q <= 2:
        return matmul(t(a), g)
    if p == 1:
        return g * a if q == 1 else sum_to(_column(a) * _row(g), shape=tuple(b.shape))
    if q <= 2:  # a stack of matrices times one: a single tall product
        rows = prod(a.shape[:-1])
        tall = reshape(a, shape=(rows, a.shape[-1]))
        return matmul(t(tall), reshape(g, shape=(rows, *b.shape[1:])))
    return sum_to(matmul(mT(a), g), shape=tuple(b.shape))


def _column(x: Any) -> Any:
    return reshape(x, shape=(*x.shape, 1))


def _row(x: Any) -> Any:
    return reshape(x, shape=(*x.shape[:-1], 1, x.shape[-1]))


matmul = bilinear(
    "matmul",
    _matmul,
    _matmul_left,
    _matmul_right,
    grad="MmBackward0",
    why="a row times a column",
    objects=True,
    matrix="product",
    batch=batches.matmul,
    complex=True,
)


def _across(a: Any, b: Any, *, dim: int) -> Any:
    a, b = np.broadcast_arrays(a, b)
    return memory.rows(np.cross(a, b, axis=dim))


cross: Any = bilinear(
    "cross", _across, grad="LinalgCrossBackward0",
    left=lambda g, a, b, *, dim: sum_to(cross(b, g, dim=dim), shape=tuple(a.shape)),
    right=lambda g, a, b, *, dim: sum_to(cross(g, a, dim=dim), shape=tuple(b.shape)),
    why="a cross product turns round cyclically: g.(a x b) = a.(b x g) = b.(g x a)", batch=batches.cross,
)  # fmt: skip

# ------------------------------------------------------------------------------------------------------------- contract


class _Plan(NamedTuple):
    """How an equation becomes a product of matrices, or of stacks of them."""

    sums: tuple[tuple[int, ...], ...]  # axes of a and of b that are summed alone
    orders: tuple[tuple[int, ...], ...]  # a as (batch, free, summed), b as (batch, summed, free)
    splits: tuple[int, int, int]  # how many letters are batch, free in a, summed
    back: tuple[int, ...]  # from (batch, free of a, free of b) to the order asked for


@functools.lru_cache(1024)
def _plan(equation: str) -> _Plan | None:
    """None where nothing is summed against a matrix: elementwise and outer products, which einsum does as well."""
    a, b, out = _letters(equation)
    lone = tuple(tuple(i for i, c in enumerate(x) if c not in y + out) for x, y in ((a, b), (b, a)))
    a, b = (s.translate(dict.fromkeys(ord(s[i]) for i in axes)) for s, axes in zip((a, b), lone))
    batch = [c for c in out if c in a and c in b]
    inner = [c for c in a if c in b and c not in out]
    left, right = [c for c in a if c not in b], [c for c in b if c not in a]
    if not inner or not (left or right):
        return None
    orders = tuple(map(a.index, (*batch, *left, *inner))), tuple(map(b.index, (*batch, *inner, *right)))
    made = [*batch, *left, *right]
    return _Plan(lone, orders, (len(batch), len(left), len(inner)), tuple(map(made.index, out)))


def _letters(equation: str) -> tuple[str, str, str]:
    left, out = equation.split("->")
    a, b = left.split(",")
    return a, b, out


def _contract(a: Any, b: Any, *, equation: str) -> Any:
    plan = _plan(equation)
    if plan is None:
        return np.einsum(equation, a, b)[()]
    a, b = (np.add.reduce(x, axis=axes, dtype=x.dtype) if axes else x for x, axes in zip((a, b), plan.sums))
    a, b = a.transpose(plan.orders[0]), b.transpose(plan.orders[1])
    batch, left, inner = plan.splits
    stack, rows, columns = a.shape[:batch], a.shape[batch : batch + left], b.shape[batch + inner :]
    k = prod(a.shape[batch + left :])
    product = _matmul(a.reshape(*stack, prod(rows), k), b.reshape(*stack, k, prod(columns)))
    return memory.rows(product.reshape(stack + rows + columns).transpose(plan.back))


def _pull(g: Any, other: Any, like: Any, out: str, theirs: str, mine: str) -> Any:
    # Letters of mine that neither g nor the other operand has were summed alone: they come back by expansion.
    here = "".join(c for c in mine if c in out or c in theirs)
    part = contract(g, other, equation=f"{out},{theirs}->{here}")
    if here == mine:
        return part
    shape = tuple(s if c in here else 1 for c, s in zip(mine, like.shape))
    return expand(reshape(part, shape=shape), shape=tuple(like.shape))


def _left(g: Any, a: Any, b: Any, *, equation: str) -> Any:
    mine, theirs, out = _letters(equation)
    return _pull(g, b, a, out, theirs, mine)


def _right(g: Any, a: Any, b: Any, *, equation: str) -> Any:
    theirs, mine, out = _letters(equation)
    return _pull(g, a, b, out, theirs, mine)


contract = bilinear(
    "contract",
    _contract,
    _left,
    _right,
    grad="ViewBackward0",
    why="products, summed over shared letters",
    batch=batches.contract,
)
