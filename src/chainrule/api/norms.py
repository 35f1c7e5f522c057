"""Norms of vectors and matrices, and the distances made of them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.api.einsum import kind
from chainrule.api.products import LINALG
from chainrule.api.public import named, public
from chainrule.base import dtypes, shapes
from chainrule.core.conjugate import real
from chainrule.core.op import REGISTRY
from chainrule.core.tensor import Tensor, wrap
from chainrule.ops import elementwise, factor, reduce, views
from chainrule.ops.norm import vector_norm as norm_op

INF = math.inf


def check_float(x: Any, name: str) -> Tensor:
    """x, refused unless it is a tensor of floats."""
    if not isinstance(x, Tensor):
        raise TypeError(f"{name}(): argument 'A' (position 1) must be Tensor, not {type(x).__name__}")
    real(name, x)
    if x._a.dtype.kind != "f":
        raise RuntimeError(f"{name}: Expected a floating point or complex tensor as input. Got {kind(x._a.dtype)}")
    return x


def _cast(x: Tensor, dtype: Any) -> Tensor:
    return x if dtype is None else views.cast(x, dtype=dtypes.as_np(dtype))  # type: ignore[no-any-return]


@public(where=LINALG)
def vector_norm(x: Tensor, ord: float = 2, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The norm of x as a vector, or of the vectors along `dim`: (sum |x|^ord)^(1/ord).

    ord: 2 for the length; inf, -inf for the greatest and least magnitude; 0 counts what is not zero.
    dim: a dimension or several, all of them if None. The gradient at a vector of zeros is 0.

    >>> import chainrule as cr
    >>> cr.linalg.vector_norm(cr.tensor([3., 4.]))
    tensor(5.)
    """
    if isinstance(x, Tensor) and x._a.dtype.kind == "c":
        x = REGISTRY["abs_complex"](x)
    x = _cast(check_float(x, "linalg.vector_norm"), dtype)
    dims = shapes.dim_tuple(dim, len(x._a.shape))
    if ord < 0 or ord == INF:
        empty = [i for i in dims if x._a.shape[i] == 0]
        if empty and dim is None:
            raise RuntimeError(
                f"linalg.vector_norm cannot compute the {float(ord):g} norm on an empty tensor because the operation "
                "does not have an identity"
            )
        if empty:
            raise RuntimeError(
                f"linalg.vector_norm cannot compute the {float(ord):g} norm on the dimension {empty[0]} because this "
                "dimension is empty and the operation does not have an identity"
            )
    return norm_op(x, ord=ord, dim=dims, keepdim=keepdim)  # type: ignore[no-any-return]


@public(where=LINALG)
def matrix_norm(
    A: Tensor, ord: Any = "fro", dim: Any = (-2, -1), keepdim: bool = False, *, dtype: Any = None
) -> Tensor:
    """The norm of matrices.

    ord: 'fro' (the root of the sum of squares), 'nuc' (the sum of singular values), 2 and -2 (the greatest and least
        singular value), 1 and -1 (of column sums), inf and -inf (of row sums).
    """
    x = _cast(check_float(A, "linalg.matrix_norm"), dtype)
    n = len(x._a.shape)
    if n < 2:
        raise RuntimeError("linalg.matrix_norm: The input tensor A must have at least 2 dimensions.")
    if len(dim) != 2:
        raise RuntimeError(f"linalg.matrix_norm: dim must be a 2-tuple. Got {' '.join(map(str, dim))}")
    row, column = (shapes.dim_index(d, n) for d in dim)
    if row == column:
        raise RuntimeError(f"linalg.matrix_norm: dims must be different. Got ({dim[0]}, {dim[1]})")
    if ord == "fro":
        return vector_norm(x, 2, (row, column), keepdim)
    if ord in ("nuc", 2, -2):
        rest = [i for i in range(n) if i not in (row, column)]
        s = factor.svd(views.permute(x, dims=(*rest, row, column)), full_matrices=False)[1]
        if ord == "nuc":
            out = named(reduce.sum(s, dim=(n - 2,), keepdim=False), "SumBackward1")
        else:
            out = _extreme(s, ord, n - 2, False)
        return views.reshape(out, shape=shapes.reduced(x._a.shape, (row, column), True)) if keepdim else out
    if ord not in (1, -1, INF, -INF):
        raise RuntimeError(f"linalg.matrix_norm: Order {ord} not supported.")
    along, over = (row, column) if abs(ord) == 1 else (column, row)
    sums = reduce.sum(elementwise.abs_(x), dim=(along,), keepdim=keepdim)
    over -= 0 if keepdim or over < along else 1
    return _extreme(sums, ord, over, keepdim)


def _extreme(x: Tensor, ord: float, dim: int, keepdim: bool) -> Tensor:
    """The greatest of numbers that are not negative, or the least if the order is: of none it is 0, or refused."""
    if not x._a.shape[dim] and ord < 0:
        raise IndexError(f"amin(): Expected reduction dim {dim} to have non-zero size.")
    find = reduce.amin if ord < 0 else reduce.amax if x._a.shape[dim] else reduce.sum
    return find(x, dim=(dim,), keepdim=keepdim)  # type: ignore[no-any-return]


@public(where=LINALG)
def norm(A: Tensor, ord: Any = None, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """`vector_norm` or `matrix_norm`, whichever `ord` and `dim` ask for; without them the length of all elements."""
    n = len(check_float(A, "linalg.norm")._a.shape)
    if ord is None:
        return vector_norm(A, 2, dim, keepdim, dtype=dtype)
    if dim is None and n not in (1, 2) and not isinstance(ord, str):
        raise RuntimeError(f"linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got {n}D.")
    if dim is None and isinstance(ord, str) and n > 2:
        raise RuntimeError(f"linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got {n}D.")
    dims = tuple(range(n)) if dim is None else (dim,) if isinstance(dim, int) else tuple(dim)
    if isinstance(ord, str) or len(dims) == 2:
        if dim is None and n < 2:
            raise RuntimeError("linalg.matrix_norm: The input tensor A must have at least 2 dimensions.")
        return matrix_norm(A, ord, dims, keepdim, dtype=dtype)
    return vector_norm(A, ord, dims, keepdim, dtype=dtype)


def _norm(input: Tensor, p: Any = "fro", dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Tensor:
    """The p-norm over `dim` (of all elements if None). Matrices are taken as vectors unless p is 'nuc'.

    >>> import chainrule as cr
    >>> cr.tensor([[3., 0.], [0., 4.]]).norm()
    tensor(5.)
    """
    n = len(input._a.shape)
    if p == "nuc":
        return matrix_norm(input, "nuc", tuple(range(n)) if dim is None else dim, keepdim, dtype=dtype)
    if isinstance(p, str) and p != "fro":
        raise RuntimeError(f"linalg.matrix_norm: Order {p} not supported.")
    return vector_norm(input, 2 if p in ("fro", None) else p, dim, keepdim, dtype=dtype)


_norm.__name__ = _norm.__qualname__ = "norm"
public()(_norm)

# ------------------------------------------------------------------------------------------------------------ distances


@public()
def dist(input: Tensor, other: Tensor, p: float = 2) -> Tensor:
    """The p-norm of the difference of two tensors, which broadcast."""
    return named(vector_norm(input - other, p), "DistBackward0")  # type: ignore[operator]


@public(method=False)
def cdist(x1: Tensor, x2: Tensor, p: float = 2.0, compute_mode: str = "") -> Tensor:
    """The distances of each row of x1, shape (..., n, d), to each row of x2, shape (..., m, d): shape (..., n, m)."""
    for i, x in enumerate((x1, x2)):
        if len(x._a.shape) < 2:
            raise RuntimeError(f"cdist only supports at least 2D tensors, X{i + 1} got: {len(x._a.shape)}D")
        check_float(x, "cdist")
    if p < 0:
        raise RuntimeError("cdist only supports non-negative p values")
    if x1._a.shape[-1] != x2._a.shape[-1]:
        raise RuntimeError(
            f"X1 and X2 must have the same number of columns. X1: {x1._a.shape[-1]} X2: {x2._a.shape[-1]}"
        )
    if x1._a.dtype != x2._a.dtype:
        raise RuntimeError("expected scalar type {} but found {}".format(*(kind(x._a.dtype) for x in (x1, x2))))
    each: Any = views.unsqueeze(x1, dim=len(x1._a.shape) - 1) - views.unsqueeze(x2, dim=len(x2._a.shape) - 2)
    if not x1._a.shape[-1] and p == INF:
        p = 2  # of no columns every distance is 0
    return named(vector_norm(each, p, -1), "CdistBackward0")


@public(method=False)
def pdist(input: Tensor, p: float = 2) -> Tensor:
    """The distances of all pairs of rows of a matrix, in the order (0, 1), (0, 2), ..., (1, 2), ..."""
    if len(input._a.shape) != 2:
        raise RuntimeError(f"pdist only supports 2D tensors, got: {len(input._a.shape)}D")
    if p < 0:
        raise RuntimeError("pdist only supports non-negative p values")
    from chainrule.ops.select import index_select

    one, two = np.triu_indices(input._a.shape[0], 1)
    each: Any = index_select(input, dim=0, index=one) - index_select(input, dim=0, index=two)
    if not input._a.shape[1] and p == INF:
        p = 2
    return named(vector_norm(each, p, -1), "PdistBackward0")


@public(inplace=True)
def renorm(input: Tensor, p: float, dim: int, maxnorm: float) -> Tensor:
    """Scale down the slices along `dim` whose p-norm is above `maxnorm`, so that they have that norm."""
    n = len(input._a.shape)
    if n < 2:
        raise RuntimeError(f"renorm: input needs at least 2 dimensions, got {n} dimensions")
    if p <= 0:
        raise RuntimeError("renorm: non-positive-norm not supported")
    if maxnorm < 0:
        raise RuntimeError(f"renorm: expected maxnorm to be >= 0 but got {maxnorm}")
    d = shapes.dim_index(dim, n)
    input = input.contiguous()
    size: Any = vector_norm(input, p, [i for i in range(n) if i != d], True)
    scale = elementwise.where(size > maxnorm, maxnorm / (size + 1e-7), wrap(np.ones(1, input._a.dtype)))
    return named(input * scale, "RenormBackward0")  # type: ignore[operator]
