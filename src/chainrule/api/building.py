"""Building matrices: diagonals and triangles, taken out and put in; blocks along a diagonal; powers of a vector."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.api.public import named, public
from chainrule.api.shaping import reshape
from chainrule.base import dtypes
from chainrule.base.shapes import dim_index
from chainrule.core.tensor import Tensor, wrap
from chainrule.ops import elementwise, views
from chainrule.ops import views as ops


@public()
def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """The diagonal of the plane of two dimensions as a new last dimension; a view."""
    n = len(input._a.shape)
    i, j = dim_index(dim1, n), dim_index(dim2, n)
    if i == j:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    return ops.diagonal(input, offset=offset, dim1=i, dim2=j)


@public()
def diag_embed(input: Tensor, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """The last dimension put on the diagonal of a new plane of zeros."""
    n = len(input._a.shape) + 1
    i, j = dim_index(dim1, n), dim_index(dim2, n)
    if i == j:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    return ops.diag_embed(input, offset=offset if i < j else -offset, dim1=min(i, j), dim2=max(i, j))


@public()
def diag(input: Tensor, diagonal: int = 0) -> Tensor:
    """The diagonal of a matrix as a vector, or a matrix with a vector on its diagonal.

    >>> import chainrule as cr
    >>> cr.diag(cr.tensor([1, 2]))
    tensor([[1, 0],
            [0, 2]])
    """
    n = len(input._a.shape)
    if n == 1:
        return diag_embed(input, diagonal)
    if n != 2:
        raise RuntimeError(f"diag(): Supports 1D or 2D tensors. Got {n}D")
    return ops.clone(ops.diagonal(input, offset=diagonal, dim1=0, dim2=1))


@public()
def diagflat(input: Tensor, offset: int = 0) -> Tensor:
    """A matrix with all elements, in order, on its diagonal."""
    return diag_embed(reshape(input, -1), offset)


def _triangle(name: str, side: str) -> None:
    op = getattr(ops, name)

    def f(input: Tensor, diagonal: int = 0) -> Tensor:
        if len(input._a.shape) < 2:
            raise RuntimeError(f"{name}: input tensor must have at least 2 dimensions")
        return op(input, diagonal=diagonal)

    def indices(row: int, col: int, offset: int = 0, *, dtype: Any = None, device: Any = None) -> Tensor:
        pair = getattr(np, f"{name}_indices")(row, offset, col)
        return wrap(np.stack(pair).astype(dtypes.INT64 if dtype is None else dtypes.as_np(dtype)))

    f.__name__ = f.__qualname__ = name
    f.__doc__ = f"The {side} triangle of a matrix (or of each in a batch), zeros elsewhere; `diagonal` shifts its edge."
    indices.__name__ = indices.__qualname__ = f"{name}_indices"
    indices.__doc__ = f"The rows and columns, a 2 by n tensor, of the {side} triangle of a `row` by `col` matrix."
    public(inplace=True)(f)
    public(method=False)(indices)


_triangle("tril", "lower")
_triangle("triu", "upper")


@public(method=False)
def block_diag(*tensors: Tensor) -> Tensor:
    """A matrix with the given matrices (vectors are rows, numbers 1 by 1) along its diagonal and zeros elsewhere."""
    target = dtypes.result_type([np.empty(1, x._a.dtype) for x in tensors])
    parts = []
    for i, x in enumerate(tensors):
        if len(x._a.shape) > 2:
            raise RuntimeError(
                f"torch.block_diag: Input tensors must have 2 or fewer dimensions. Input {i} has {x.ndim} dimensions"
            )
        x = x if x._a.dtype == target else views.cast(x, dtype=target)
        parts.append(views.reshape(x, shape=((1,) * (2 - len(x._a.shape)) + tuple(x._a.shape))))
    total, at, rows = sum(x._a.shape[1] for x in parts), 0, []
    for x in parts:
        n, m = x._a.shape
        pads = np.zeros((n, at), target), np.zeros((n, total - at - m), target)
        rows.append(views.cat(wrap(pads[0]), x, wrap(pads[1]), dim=1))
        at += m
    return named(views.cat(*rows, dim=0), "BlockDiagBackward0")


@public(method=False)
def vander(x: Tensor, N: int | None = None, increasing: bool = False) -> Tensor:
    """The matrix whose columns are powers of the vector x, the highest first unless `increasing`."""
    if len(x._a.shape) != 1:
        raise RuntimeError("x must be a one-dimensional tensor.")
    return powers(x, x._a.shape[0] if N is None else N, increasing)


def powers(x: Tensor, n: int, increasing: bool) -> Tensor:
    """The powers 0 to n - 1 of x, along a new last dimension."""
    if n < 0:
        raise RuntimeError("N must be non-negative.")
    order = np.arange(n) if increasing else np.arange(n)[::-1]
    exponents = wrap(order.astype(x._a.dtype if x._a.dtype.kind == "f" else np.int64))
    return elementwise.pow(views.unsqueeze(x, dim=len(x._a.shape)), exponents)  # type: ignore[no-any-return]
