"""Functions of matrices: determinant, inverse, the solution of equations, powers, rank."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.api import results
from chainrule.api.building import powers
from chainrule.api.einsum import kind
from chainrule.api.factorizations import by_columns, check, info_of, svdvals
from chainrule.api.norms import matrix_norm
from chainrule.api.products import LINALG, cross_along, matmul
from chainrule.api.public import named, public
from chainrule.base import shapes
from chainrule.core.tape import numbers
from chainrule.core.tensor import Tensor, wrap
from chainrule.ops import elementwise, factor, reduce, views
from chainrule.ops import linalg as ops

# ---------------------------------------------------------------------------------------------------------- determinant


@public()
@public(where=LINALG)
def det(A: Tensor) -> Tensor:
    """The determinants of square matrices. Its gradient is right for singular matrices too.

    >>> import chainrule as cr
    >>> cr.det(cr.tensor([[2., 1.], [1., 2.]]))
    tensor(3.)
    """
    return ops.det(check(A, "linalg.det"))  # type: ignore[no-any-return]


@public(where=LINALG)
def slogdet(A: Tensor) -> Any:
    """The signs of determinants and the logarithms of their magnitudes."""
    return results.make("linalg_slogdet", ("sign", "logabsdet"))(*ops.slogdet(check(A, "linalg.slogdet")))


def _slogdet(input: Tensor) -> Any:
    """The signs of determinants and the logarithms of their magnitudes; see `linalg.slogdet`."""
    return results.make("slogdet", ("sign", "logabsdet"))(*slogdet(input))


_slogdet.__name__ = _slogdet.__qualname__ = "slogdet"
public()(_slogdet)


@public()
def logdet(input: Tensor) -> Tensor:
    """The logarithms of determinants: NaN where they are negative, -inf where they are 0."""
    sign, size = ops.slogdet(check(input, "logdet"))
    return elementwise.where(sign == -1.0, math.nan, size)  # type: ignore[no-any-return]


# ----------------------------------------------------------------------------------------------- inverse and equations


@public(where=LINALG)
def inv(A: Tensor) -> Tensor:
    """The inverses of square matrices. Raises LinAlgError if one is singular."""
    return ops.inv(check(A, "linalg.inv"))  # type: ignore[no-any-return]


@public()
def inverse(input: Tensor) -> Tensor:
    """The inverses of square matrices; see `linalg.inv`."""
    return inv(input)


@public(where=LINALG)
def inv_ex(A: Tensor, *, check_errors: bool = False) -> Any:
    """As `inv`, without an error: `info` is the number of the first pivot that is zero."""
    x = check(A, "linalg.inv_ex")
    out = ops.inv(x, check=check_errors)
    return results.make("linalg_inv_ex", ("inverse", "info"))(out, info_of(ops.zero_pivot(x._a)))


@public(where=LINALG)
def solve(A: Tensor, B: Tensor, *, left: bool = True) -> Tensor:
    """The solution X of A X = B, or of X A = B if not `left`.

    A: square matrices; B: matrices, or vectors if it has one dimension or just A's batch and rows.
    Raises LinAlgError if A is singular.

    >>> import chainrule as cr
    >>> cr.linalg.solve(cr.tensor([[2., 0.], [0., 4.]]), cr.tensor([2., 2.]))
    tensor([1.0000, 0.5000])
    """
    return _solve(A, B, left, True)


@public(where=LINALG)
def solve_ex(A: Tensor, B: Tensor, *, left: bool = True, check_errors: bool = False) -> Any:
    """As `solve`, without an error: `info` is the number of the first pivot that is zero."""
    out = _solve(A, B, left, check_errors)
    return results.make("linalg_solve_ex", ("result", "info"))(out, info_of(ops.zero_pivot(A._a)))


def _solve(A: Tensor, B: Tensor, left: bool, check_errors: bool) -> Tensor:
    check(A, "linalg.solve")
    if A._a.dtype != B._a.dtype:
        raise RuntimeError(
            "linalg.solve: Expected A and B to have the same dtype, but found A of type "
            f"{kind(A._a.dtype)} and B of type {kind(B._a.dtype)} instead"
        )
    p, q = tuple(A._a.shape), tuple(B._a.shape)
    if not q:
        raise RuntimeError("linalg.solve: The input tensor B must have at least 2 dimensions.")
    vector = len(q) == 1 or (len(q) == len(p) - 1 and q == p[:-1])
    if vector and not left:
        raise RuntimeError("linalg.solve: Vector broadcasting of the left hand side is not supported for left=False.")
    b = views.unsqueeze(B, dim=len(q)) if vector else B
    q = b._a.shape
    if q[-2 if left else -1] != p[-1]:
        equation = "AX = B" if left else "XA = B"
        raise RuntimeError(
            f"linalg.solve: Incompatible shapes of A and B for the equation {equation} ({p[-2]}x{p[-1]} and "
            f"{q[-2]}x{q[-1]})"
        )
    shapes.broadcast(p[:-2], q[:-2])
    x = ops.solve(A, b, check=check_errors) if left else _mT(ops.solve(_mT(A), _mT(b), check=check_errors))
    return views.reshape(x, shape=tuple(x._a.shape[:-1])) if vector else x


def _mT(x: Tensor) -> Tensor:
    return views.transpose(x, dim0=len(x._a.shape) - 2, dim1=len(x._a.shape) - 1)  # type: ignore[no-any-return]


@public(where=LINALG)
def solve_triangular(A: Tensor, B: Tensor, *, upper: bool, left: bool = True, unitriangular: bool = False) -> Tensor:
    """The solution X of A X = B (X A = B if not `left`) by substitution; A's other triangle is not read.

    unitriangular: take A's diagonal as ones.
    """
    check(A, "linalg.solve_triangular")
    if len(B._a.shape) < 2:
        raise RuntimeError("linalg.solve_triangular: The input tensor B must have at least 2 dimensions.")
    p, q = A._a.shape, B._a.shape
    if q[-2 if left else -1] != p[-1]:
        equation = "AX = B" if left else "XA = B"
        raise RuntimeError(
            f"linalg.solve_triangular: Incompatible shapes of A and B for the equation {equation} ({p[-2]}x{p[-1]} and "
            f"{q[-2]}x{q[-1]})"
        )
    if left:
        return ops.solve_triangular(A, B, upper=upper, unitriangular=unitriangular)  # type: ignore[no-any-return]
    x = _mT(ops.solve_triangular(_mT(A), _mT(B), upper=not upper, unitriangular=unitriangular))
    return by_columns(x, "LinalgSolveTriangularBackward0")


@public()
def triangular_solve(
    b: Tensor, A: Tensor, upper: bool = True, transpose: bool = False, unitriangular: bool = False
) -> Any:
    """The solution X of A X = b (A^T X = b if `transpose`), and a copy of A; see `linalg.solve_triangular`."""
    a, up = (_mT(A), not upper) if transpose else (A, upper)
    x = solve_triangular(a, b, upper=up, unitriangular=unitriangular)
    fields = ("solution", "cloned_coefficient")
    return results.make("triangular_solve", fields)(
        named(x, "TriangularSolveBackward0"), by_columns(A, "CloneBackward0")
    )


@public(where=LINALG, converts=True)
def tensorinv(A: Tensor, ind: int = 2) -> Tensor:
    """The inverse of `tensordot(A, ., ind)`: A as a square matrix, its first `ind` dimensions being the rows."""
    if ind <= 0:
        raise RuntimeError("Expected a strictly positive integer for 'ind'")
    p = tuple(A._a.shape)
    rows, columns = shapes.numel(p[:ind]), shapes.numel(p[ind:])
    if rows != columns:
        raise RuntimeError(
            "Expected self to satisfy the requirement prod(self.shape[ind:]) == prod(self.shape[:ind]), but got "
            f"{columns} != {rows}"
        )
    return views.reshape(inv(views.reshape(A, shape=(rows, columns))), shape=p[ind:] + p[:ind])  # type: ignore


@public(where=LINALG, converts=True)
def tensorsolve(A: Tensor, B: Tensor, dims: Sequence[int] | None = None) -> Tensor:
    """The solution X of tensordot(A, X, X.ndim) = B; `dims` of A are moved to its end first."""
    if dims is not None:
        gone = [shapes.dim_index(d, len(A._a.shape)) for d in dims]
        A = views.permute(A, dims=(*(i for i in range(len(A._a.shape)) if i not in gone), *gone))
    shape = tuple(A._a.shape[len(B._a.shape) :])
    n = shapes.numel(shape)
    if n != B._a.size:
        raise RuntimeError(
            "Expected self to satisfy the requirement prod(self.shape[other.ndim:]) == prod(self.shape[:other.ndim]), "
            f"but got {n} != {B._a.size}"
        )
    flat = solve(views.reshape(A, shape=(n, n)), views.reshape(B, shape=(n,)))
    return views.reshape(flat, shape=shape)  # type: ignore[no-any-return]


# ----------------------------------------------------------------------------------- rank, pseudoinverse, least squares


def _tolerances(A: Tensor, atol: Any, rtol: Any) -> tuple[Any, Any]:
    """The absolute and relative size below which singular values count as zero, one for each matrix or for all."""
    dtype = A._a.dtype
    absolute, relative = (None if t is None else numbers(t).astype(dtype) for t in (atol, rtol))
    if relative is None:
        usual = max(A._a.shape[-2:]) * float(np.finfo(dtype).eps)
        relative = np.asarray(usual, dtype) if absolute is None else np.where(absolute > 0, 0, usual).astype(dtype)
    return dtype.type(0) if absolute is None else absolute, relative


@public(where=LINALG, converts=True)
def pinv(A: Tensor, rcond: Any = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None) -> Tensor:
    """The pseudoinverse (Moore and Penrose): singular values up to max(atol, rtol * the greatest) count as zero."""
    x = check(A, "linalg.pinv", square=hermitian)
    absolute, relative = _tolerances(x, atol, rtol if rtol is not None else rcond)
    return factor.pinv(x, atol=absolute, rtol=relative, hermitian=hermitian)  # type: ignore[no-any-return]


@public()
def pinverse(input: Tensor, rcond: float = 1e-15) -> Tensor:
    """The pseudoinverse; see `linalg.pinv`."""
    return pinv(input, rcond)


@public(where=LINALG, converts=True)
def matrix_rank(A: Tensor, tol: Any = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None) -> Tensor:
    """How many singular values are greater than max(atol, rtol * the greatest)."""
    x = check(A, "linalg.matrix_rank", square=hermitian)
    if tol is not None:
        atol, rtol = tol, 0.0
    absolute, relative = _tolerances(x, atol, rtol)
    name = "linalg.eigvalsh" if hermitian else "linalg.svd"
    s = factor.finite(
        name, _absolute_eigenvalues if hermitian else _singular_values, np.tril(numbers(x)) if hermitian else numbers(x)
    )
    floor = np.maximum(absolute, relative * s.max(-1, initial=0))
    return wrap(np.asarray((s > floor[..., None]).sum(-1, dtype=np.int64)))


def _absolute_eigenvalues(a: Any) -> Any:
    return np.abs(np.linalg.eigvalsh(a))


def _singular_values(a: Any) -> Any:
    return np.linalg.svd(a, compute_uv=False)


@public(where=LINALG, converts=True)
def lstsq(A: Tensor, B: Tensor, rcond: Any = None, *, driver: str | None = None) -> Any:
    """The X of least norm that makes |A X - B| least.

    Returns (solution, residuals, rank, singular_values); residuals (sums of squares) where A is tall and of full rank
    and the driver is not 'gelsy', the rank unless it is 'gels', singular values for 'gelsd' and 'gelss'.
    """
    x = check(A, "torch.linalg.lstsq", square=False)
    (m, n), vector = x._a.shape[-2:], len(B._a.shape) == len(x._a.shape) - 1
    b = views.unsqueeze(B, dim=len(B._a.shape)) if vector else B
    if b._a.shape[-2:-1] != (m,):
        raise RuntimeError(
            f"torch.linalg.lstsq: input.size(-2) should match other.size({-1 if vector else -2}) (shapes "
            f"{list(x._a.shape)} and {list(B._a.shape)})"
        )
    driver = driver or "gelsy"
    if driver not in ("gels", "gelsy", "gelsd", "gelss"):
        raise RuntimeError(
            f"torch.linalg.lstsq: parameter `driver` should be one of (gels, gelsy, gelsd, gelss), but got {driver}"
        )
    solution: Any = matmul(pinv(x, rcond), b)
    rank = matrix_rank(x, rtol=rcond)
    residuals: Any = views.reshape(views.narrow(solution, dim=0, start=0, stop=0, step=1), shape=(0,))
    if m > n and driver != "gelsy" and (numbers(rank) == n).all():
        rest = matmul(x, solution) - b
        residuals = reduce.sum(rest * rest, dim=(len(rest._a.shape) - 2,), keepdim=False)
    values = svdvals(views.alias(wrap(x._a))) if driver in ("gelsd", "gelss") else wrap(np.empty(0, x._a.dtype))
    if vector:
        solution = views.reshape(solution, shape=tuple(solution._a.shape[:-1]))
    else:
        solution = by_columns(solution, "")
    fields = ("solution", "residuals", "rank", "singular_values")
    known = rank if driver != "gels" else wrap(np.empty(0, np.int64))
    for t in (solution, residuals):
        named(t, "LinalgLstsqBackward0")
    return results.make("linalg_lstsq", fields)(solution, residuals, known, values)


@public(where=LINALG, converts=True)
def cond(A: Tensor, p: Any = None) -> Tensor:
    """The condition number: how much solving with A may enlarge an error. p: the norm, 2 if None."""
    if p in (None, 2, -2):
        s = svdvals(check(A, "linalg.cond", square=False))
        last = len(s._a.shape) - 1
        top, low = (views.select(s, dim=last, index=i) for i in ((0, -1) if p != -2 else (-1, 0)))
        return top / low  # type: ignore[no-any-return]
    check(A, "linalg.cond")
    return matrix_norm(A, p) * matrix_norm(ops.inv(A, check=False), p)  # type: ignore[operator, no-any-return]


# -------------------------------------------------------------------------------------------------- powers, exponential


@public()
@public(where=LINALG)
def matrix_power(A: Tensor, n: int) -> Tensor:
    """A @ A @ ... n times, by squaring; for a negative n the power of the inverse."""
    if len(A._a.shape) < 2 or A._a.shape[-1] != A._a.shape[-2]:
        check(A, "linalg.matrix_power")
    if n == 0:
        eye = wrap(np.broadcast_to(np.eye(A._a.shape[-1], dtype=A._a.dtype), A._a.shape))
        return elementwise.where(wrap(np.bool_(True)), eye, A)  # type: ignore[no-any-return]
    if n == 1:
        return views.clone(A)  # type: ignore[no-any-return]
    square = A if n > 0 else inv(A)
    n, result = abs(n), None
    while n:
        if n & 1:
            result = square if result is None else matmul(result, square)
        n >>= 1
        if n:
            square = matmul(square, square)
    return result  # type: ignore[return-value]


@public()
@public(where=LINALG)
def matrix_exp(A: Tensor) -> Tensor:
    """The exponentials of square matrices: I + A + A A / 2 + A A A / 6 + ..."""
    return ops.matrix_exp(check(A, "linalg.matrix_exp"))  # type: ignore[no-any-return]


# ----------------------------------------------------------------------------- what has another signature in `linalg`


@public(where=LINALG)
def cross(input: Tensor, other: Tensor, *, dim: int = -1) -> Tensor:
    """The cross products of vectors of length 3 along a dimension."""
    return cross_along(input, other, dim)


@public(where=LINALG)
def diagonal(A: Tensor, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """The diagonals of matrices, as a view."""
    n = len(A._a.shape)
    one, two = shapes.dim_index(dim1, n), shapes.dim_index(dim2, n)
    return views.diagonal(A, offset=offset, dim1=one, dim2=two)  # type: ignore[no-any-return]


@public(where=LINALG)
def vander(x: Tensor, N: int | None = None) -> Tensor:
    """The matrices whose columns are the powers 0, 1, ..., N - 1 of vectors."""
    if not x._a.shape:
        x = views.reshape(x, shape=(1,))
    if (x._a.shape[-1] if N is None else N) < 2:
        raise RuntimeError("N must be greater than 1.")
    return powers(x, x._a.shape[-1] if N is None else N, True)


@public()
def trace(input: Tensor) -> Tensor:
    """The sum of a matrix's diagonal."""
    if len(input._a.shape) != 2:
        raise RuntimeError(f"trace: expected a matrix, but got tensor with dim {len(input._a.shape)}")
    along = views.diagonal(input, offset=0, dim1=0, dim2=1)
    return named(reduce.sum(along, dim=(0,), keepdim=False), "TraceBackward0")
