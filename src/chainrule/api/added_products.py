"""A tensor plus a product, each times a number: `addmm`, `addmv`, `addr`, `baddbmm`, `addbmm`."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.api.einsum import kind
from chainrule.api.products import _matrices, _tensors, bmm, matmul, mv, outer
from chainrule.api.public import named, public
from chainrule.core.tensor import Tensor, wrap
from chainrule.ops import elementwise, reduce, views


def _plus(label: str, input: Tensor, product: Tensor, beta: float, alpha: float) -> Tensor:
    """beta * input + alpha * product, where beta 0 ignores the input, NaNs and all."""
    target = tuple(product._a.shape)
    _same_dtype(input, product)
    if product._a.dtype.kind != "f" and (isinstance(alpha, float) or isinstance(beta, float)):
        raise RuntimeError("For integral input tensors, alpha and beta must not be floating point numbers.")
    total: Any = product if alpha == 1 else product * alpha  # type: ignore[operator]
    own = tuple(input._a.shape)
    if own != target and own != target[1:]:
        _check_expands(own, target)
    if beta == 0:
        input = elementwise.where(wrap(np.bool_(False)), input, 0.0)
    return named((input if beta in (0, 1) else input * beta) + total, label)  # type: ignore[operator]


def _check_expands(own: tuple[int, ...], target: tuple[int, ...]) -> None:
    if len(own) > len(target):
        raise RuntimeError(
            f"expand({list(own)}, size={list(target)}): the number of sizes provided ({len(target)}) must be greater "
            f"or equal to the number of dimensions in the tensor ({len(own)})"
        )
    for i, (n, m) in enumerate(zip(own, target[len(target) - len(own) :]), len(target) - len(own)):
        if n not in (1, m):
            raise RuntimeError(
                f"The expanded size of the tensor ({m}) must match the existing size ({n}) at non-singleton dimension "
                f"{i}.  Target sizes: {list(target)}.  Tensor sizes: {list(own)}"
            )


def _same_dtype(x: Tensor, y: Tensor) -> None:
    a, b = x._a.dtype, y._a.dtype
    if a != b:
        raise RuntimeError(f"self and mat2 must have the same dtype, but got {kind(a)} and {kind(b)}")


@public(inplace=True)
def addmm(input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """beta * input + alpha * (mat1 @ mat2); `input` is broadcast to the product's shape."""
    _tensors("addmm", mat1, mat2, "mat2")
    _matrices(mat1, mat2, "mat1", "mat2")
    if mat1._a.dtype != mat2._a.dtype:
        _same_dtype(input, mat2 if input._a.dtype != mat2._a.dtype else mat1)
    return _plus("AddmmBackward0", input, matmul(mat1, mat2), beta, alpha)


@public(inplace=True)
def addmv(input: Tensor, mat: Tensor, vec: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """beta * input + alpha * (mat @ vec)."""
    return _plus("AddmvBackward0", input, mv(mat, vec), beta, alpha)


@public(inplace=True, converts=True)
def addr(input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """beta * input + alpha * outer(vec1, vec2)."""
    return _plus("AddrBackward0", input, outer(vec1, vec2), beta, alpha)


@public(inplace=True)
def baddbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """beta * input + alpha * bmm(batch1, batch2)."""
    return _plus("BaddbmmBackward0", input, bmm(batch1, batch2), beta, alpha)


@public(inplace=True)
def addbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """beta * input + alpha * (the sum of the products of two stacks of matrices)."""
    each = bmm(batch1, batch2)
    product = reduce.sum(each, dim=(0,), keepdim=False)
    if product._a.dtype != each._a.dtype:  # a sum of integers is int64
        product = views.cast(product, dtype=each._a.dtype)
    return _plus("AddbmmBackward0", input, product, beta, alpha)
