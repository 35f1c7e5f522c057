"""Products of vectors and matrices. All of them are bilinear."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.core.op import bilinear
from chainrule.ops.views import reshape, sum_to, transpose


def _mT(x: Any) -> Any:
    return transpose(x, dim0=-2, dim1=-1)


def _matmul_left(g: Any, a: Any, b: Any) -> Any:
    if len(a.shape) == 1 and len(b.shape) == 1:
        return g * b
    if len(b.shape) == 1:
        return sum_to(reshape(g, shape=(*g.shape, 1)) * b, shape=tuple(a.shape))
    if len(a.shape) == 1:
        g = reshape(g, shape=(*g.shape[:-1], 1, g.shape[-1]))
        full = matmul(g, _mT(b))
        return sum_to(reshape(full, shape=(*full.shape[:-2], full.shape[-1])), shape=tuple(a.shape))
    return sum_to(matmul(g, _mT(b)), shape=tuple(a.shape))


def _matmul_right(g: Any, a: Any, b: Any) -> Any:
    if len(a.shape) == 1 and len(b.shape) == 1:
        return g * a
    if len(a.shape) == 1:
        column = reshape(a, shape=(*a.shape, 1))
        return sum_to(column * reshape(g, shape=(*g.shape[:-1], 1, g.shape[-1])), shape=tuple(b.shape))
    if len(b.shape) == 1:
        full = matmul(_mT(a), reshape(g, shape=(*g.shape, 1)))
        return sum_to(reshape(full, shape=tuple(full.shape[:-1])), shape=tuple(b.shape))
    return sum_to(matmul(_mT(a), g), shape=tuple(b.shape))


matmul = bilinear("matmul", np.matmul, _matmul_left, _matmul_right, grad="MmBackward0", why="a row times a column")
dot = bilinear("dot", np.dot, lambda g, a, b: g * b, lambda g, a, b: g * a)


def _letters(equation: str) -> tuple[str, str, str]:
    left, out = equation.split("->")
    a, b = left.split(",")
    return a, b, out


def _einsum_pull(g: Any, other: Any, like: Any, out: str, theirs: str, mine: str) -> Any:
    # Letters of mine that neither g nor the other operand has were summed alone: they come back by expansion.
    here = "".join(c for c in mine if c in out or c in theirs)
    part = contract(g, other, equation=f"{out},{theirs}->{here}")
    shape = tuple(s if c in here else 1 for c, s in zip(mine, like.shape))
    from chainrule.ops.views import expand

    return expand(reshape(part, shape=shape), shape=tuple(like.shape))


def _left(g: Any, a: Any, b: Any, *, equation: str) -> Any:
    mine, theirs, out = _letters(equation)
    return _einsum_pull(g, b, a, out, theirs, mine)


def _right(g: Any, a: Any, b: Any, *, equation: str) -> Any:
    theirs, mine, out = _letters(equation)
    return _einsum_pull(g, a, b, out, theirs, mine)


contract = bilinear(
    "contract", lambda a, b, *, equation: np.einsum(equation, a, b, optimize=a.size * b.size > 4096), _left, _right,
    grad="EinsumBackward0",
)  # fmt: skip
