"""Matrices and vectors made by products: Kronecker and cross products, powers, traces, blocks, covariances."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.api.products import LINALG, matmul
from chainrule.api.public import at_float32, named, public
from chainrule.base import dtypes, shapes
from chainrule.core.op import REGISTRY
from chainrule.core.tensor import Tensor, wrap
from chainrule.ops import contract as ops
from chainrule.ops import elementwise, reduce, steps, views


@public()
def kron(input: Tensor, other: Tensor) -> Tensor:
    """The Kronecker product: each element of `input` replaced by its product with the whole of `other`."""
    n = max(len(input._a.shape), len(other._a.shape))
    p, q = ((1,) * (n - len(x._a.shape)) + tuple(x._a.shape) for x in (input, other))
    a = views.reshape(input, shape=tuple(s for n in p for s in (n, 1)))
    b = views.reshape(other, shape=tuple(s for n in q for s in (1, n)))
    return named(views.reshape(a * b, shape=tuple(s * t for s, t in zip(p, q))), "UnsafeViewBackward0")


@public(where=LINALG)
def vecdot(x: Tensor, y: Tensor, *, dim: int = -1) -> Tensor:
    """The inner products of vectors that lie along a dimension; the others broadcast."""
    if x._a.dtype.kind == "c":
        x = REGISTRY["conj"](x)
    both: Any = x * y  # type: ignore[operator]
    d = shapes.dim_index(dim, len(both._a.shape))
    return named(reduce.sum(both, dim=(d,), keepdim=False), "SumBackward1")


@public()
def cross(input: Tensor, other: Tensor, dim: int | None = None) -> Tensor:
    """The cross products of vectors of length 3 along a dimension (by default the first of size 3)."""
    if dim is None:
        full = shapes.broadcast(input._a.shape, other._a.shape)
        if 3 not in full:
            raise RuntimeError(f"no dimension of size 3 in input (shape {list(full)})")
        dim = full.index(3)
    return cross_along(input, other, dim)


def cross_along(x: Tensor, y: Tensor, dim: int) -> Tensor:
    """The cross products of vectors that lie along `dim`."""
    p, q = tuple(x._a.shape), tuple(y._a.shape)
    if len(p) != len(q):
        raise RuntimeError("linalg.cross: inputs must have the same number of dimensions.")
    d = shapes.dim_index(dim, len(p))
    if p[d] != 3 or q[d] != 3:
        raise RuntimeError(f"linalg.cross: inputs dimension {dim} must have length 3. Got {p[d]} and {q[d]}")
    shapes.broadcast(p, q)
    return ops.cross(x, y, dim=d)  # type: ignore[no-any-return]


@public()
def trace(input: Tensor) -> Tensor:
    """The sum of a matrix's diagonal."""
    if len(input._a.shape) != 2:
        raise RuntimeError(f"trace: expected a matrix, but got tensor with dim {len(input._a.shape)}")
    diagonal = views.diagonal(input, offset=0, dim1=0, dim2=1)
    return named(reduce.sum(diagonal, dim=(0,), keepdim=False), "TraceBackward0")


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


# ---------------------------------------------------------------------------------------------------------- covariances


@public()
@at_float32
def cov(
    input: Tensor, *, correction: int = 1, fweights: Tensor | None = None, aweights: Tensor | None = None
) -> Tensor:
    """The covariance matrix of variables (rows) by observations (columns).

    correction: subtracted from the number of observations; fweights: how often each was seen; aweights: its importance.
    """
    _observations(input, "cov")
    x = input if input._a.dtype.kind == "f" else views.cast(input, dtype=dtypes.default_float())
    n = x._a.shape[-1] if x._a.shape else 1
    x = views.reshape(x, shape=(x._a.shape[0] if len(x._a.shape) == 2 else 1, n))
    weights: Any = None
    for given in (fweights, aweights):
        if given is not None:
            w = given if given._a.dtype == x._a.dtype else views.cast(given, dtype=x._a.dtype)
            weights = w if weights is None else weights * w
    if weights is None:
        centred: Any = x - reduce.sum(x, dim=(1,), keepdim=True) / n
        norm: Any = max(n - correction, 0)
        product = matmul(centred, views.t(centred))
        out: Any = product / norm if norm else product * np.inf
    else:
        weights = views.reshape(weights, shape=(1, n))
        total = reduce.sum(weights, dim=None, keepdim=False)
        centred = x - reduce.sum(x * weights, dim=(1,), keepdim=True) / total
        less: Any = correction
        if aweights is not None and correction:
            a = views.reshape(aweights, shape=(1, n))
            less = reduce.sum(weights * a, dim=None, keepdim=False) / total * correction
        norm = steps.clamp(total - less, 0, None)
        out = matmul(centred * weights, views.t(centred)) / norm
    shape = (x._a.shape[0],) * 2 if x._a.shape[0] != 1 else ()
    return out if tuple(out._a.shape) == shape else views.reshape(out, shape=shape)


def _observations(x: Tensor, name: str) -> None:
    if (n := len(x._a.shape)) > 2:
        raise RuntimeError(
            f"{name}(): expected input to have two or fewer dimensions but got an input with {n} dimensions"
        )


@public()
@at_float32
def corrcoef(input: Tensor) -> Tensor:
    """The correlation matrix of variables (rows) by observations (columns)."""
    _observations(input, "corrcoef")
    c: Any = cov(input)
    if not c._a.shape:
        return c / c  # type: ignore[no-any-return]
    spread = elementwise.sqrt(views.diagonal(c, offset=0, dim1=0, dim2=1))
    return steps.clamp(c / views.unsqueeze(spread, dim=1) / views.unsqueeze(spread, dim=0), -1.0, 1.0)  # type: ignore
