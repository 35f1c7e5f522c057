"""Factorisations of matrices: Cholesky, LU, QR, eigenvectors, singular values, and what is solved by them.

All take batches: matrices are the last two dimensions. The results of several are named tuples, as PyTorch's are.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.api import results
from chainrule.api.einsum import kind
from chainrule.api.norms import check_float
from chainrule.api.products import LINALG
from chainrule.api.public import named, public
from chainrule.base import wide
from chainrule.core.op import REGISTRY
from chainrule.core.tape import numbers
from chainrule.core.tensor import Tensor, wrap
from chainrule.ops import factor, views
from chainrule.ops import linalg as ops


def check(A: Any, name: str, square: bool = True) -> Tensor:
    """A, refused unless it is a batch of matrices (square ones) of float32 or float64."""
    x = check_float(A, name)
    shape = x._a.shape
    if len(shape) < 2:
        raise RuntimeError(f"{name}: The input tensor A must have at least 2 dimensions.")
    if square and shape[-1] != shape[-2]:
        raise RuntimeError(
            f"{name}: A must be batches of square matrices, but they are {shape[-2]} by {shape[-1]} matrices"
        )
    if x._a.dtype == np.float16:
        raise RuntimeError(f"{name}: Low precision dtypes not supported. Got Half")
    return x


def info_of(failures: Any) -> Tensor:
    """What `*_ex` functions report beside their result: an int32 for each matrix, 0 where all went well."""
    return wrap(np.asarray(failures, np.int32))


def _mT(x: Tensor) -> Tensor:
    return views.transpose(x, dim0=len(x._a.shape) - 2, dim1=len(x._a.shape) - 1)  # type: ignore[no-any-return]


# ------------------------------------------------------------------------------------------------------------- Cholesky


def by_columns(x: Tensor, name: str) -> Tensor:
    """A copy of matrices that lies by columns, as LAPACK leaves its results."""
    return named(_mT(views.clone(_mT(x))), name)


def _upper_as_lower(A: Tensor, upper: bool) -> Tensor:
    return _mT(A) if upper else A


@public(where=LINALG)
def cholesky(A: Tensor, *, upper: bool = False) -> Tensor:
    """The lower triangular L with A = L L^T, of a symmetric positive-definite A; its transpose if `upper`.

    Raises LinAlgError if A is not positive-definite.

    >>> import chainrule as cr
    >>> cr.linalg.cholesky(cr.tensor([[4., 2.], [2., 5.]]))
    tensor([[2., 0.],
            [1., 2.]])
    """
    L = factor.cholesky(_upper_as_lower(check(A, "linalg.cholesky"), upper))
    return by_columns(_mT(L), "LinalgCholeskyExBackward0") if upper else L


@public(where=LINALG)
def cholesky_ex(A: Tensor, *, upper: bool = False, check_errors: bool = False) -> Any:
    """As `cholesky`, without an error: `info` is the order of the first leading minor that is not positive-definite."""
    x = _upper_as_lower(check(A, "linalg.cholesky_ex"), upper)
    L = factor.cholesky(x, check=check_errors)
    return results.make("linalg_cholesky_ex", ("L", "info"))(
        by_columns(_mT(L), "LinalgCholeskyExBackward0") if upper else L, info_of(factor.bad_minor(x._a))
    )


def _cholesky(input: Tensor, upper: bool = False) -> Tensor:
    """The Cholesky factor of a symmetric positive-definite matrix; see `linalg.cholesky`."""
    return named(cholesky(input, upper=upper), "CholeskyBackward0")


def _as(name: str, f: Any) -> None:
    """Publish f on the top level under a name that `linalg` has too."""
    f.__name__ = f.__qualname__ = name
    public()(f)


_as("cholesky", _cholesky)


@public()
def cholesky_solve(B: Tensor, L: Tensor, upper: bool = False) -> Tensor:
    """The solution X of A X = B, given the Cholesky factor L of A (its transpose if `upper`)."""
    check(B, "cholesky_solve", square=False)
    return factor.cholesky_solve(B, _upper_as_lower(check(L, "cholesky_solve"), upper))  # type: ignore[no-any-return]


@public()
def cholesky_inverse(L: Tensor, upper: bool = False) -> Tensor:
    """The inverse of A, given its Cholesky factor L (its transpose if `upper`)."""
    eye = wrap(np.eye(check(L, "cholesky_inverse")._a.shape[-1], dtype=L._a.dtype))
    return named(factor.cholesky_solve(eye, _upper_as_lower(L, upper)), "CholeskyInverseBackward0")


# ------------------------------------------------------------------------------------------------------------------- LU


def _pivoted(pivot: bool, name: str) -> None:
    if not pivot:
        raise RuntimeError(f"{name}: LU without pivoting is not implemented on the CPU")


@public(where=LINALG)
def lu_factor(A: Tensor, *, pivot: bool = True) -> Any:
    """Gaussian elimination with row swaps: L (below the diagonal, its ones left out) and U in one matrix, the swaps.

    Returns (LU, pivots): row i was swapped with row pivots[i] - 1. For `lu_solve` and `lu_unpack`.
    """
    factors = lu_factor_ex(A, pivot=pivot)
    failures = numbers(factors.info).reshape(-1)
    if failures.any():
        i = int(failures[failures != 0][0])
        raise RuntimeError(
            f"torch.linalg.lu_factor: U[{i},{i}] is zero and using it on lu_solve would result in a division by zero. "
            "If you still want to perform the factorization, consider calling linalg.lu(A, pivot) or "
            "linalg.lu_factor_ex(A, pivot)"
        )
    return results.make("linalg_lu_factor", ("LU", "pivots"))(factors.LU, factors.pivots)


@public(where=LINALG)
def lu_factor_ex(A: Tensor, *, pivot: bool = True, check_errors: bool = False) -> Any:
    """As `lu_factor`, without an error: `info` is the number of the first pivot that is zero."""
    _pivoted(pivot, "linalg.lu_factor")
    lu, pivots = ops.lu_factor(check(A, "torch.linalg.lu_factor_ex", square=False))
    info = info_of(ops.zero_diagonal(numbers(lu)))
    return results.make("linalg_lu_factor_ex", ("LU", "pivots", "info"))(lu, pivots, info)


@public(where=LINALG)
def lu(A: Tensor, *, pivot: bool = True) -> Any:
    """The factors of A = P L U: a permutation, a lower triangle with ones on its diagonal, an upper triangle."""
    _pivoted(pivot, "linalg.lu")
    factors, pivots = ops.lu_factor(check(A, "linalg.lu", square=False))
    return results.make("linalg_lu", ("P", "L", "U"))(*_unpack(factors, pivots, "LinalgLuBackward0"))


def _unpack(lu: Tensor, pivots: Tensor, label: str) -> tuple[Tensor, Tensor, Tensor]:
    m, n = lu._a.shape[-2:]
    k, d = min(m, n), len(lu._a.shape) - 2
    order = ops.permutation(numbers(pivots), m)
    P = (np.arange(m)[:, None] == order[..., None, :]).astype(lu._a.dtype)
    lower = views.tril(views.narrow(lu, dim=d + 1, start=0, stop=k, step=1), diagonal=-1)
    upper = views.triu(views.narrow(lu, dim=d, start=0, stop=k, step=1), diagonal=0)
    L = lower + wrap(np.eye(m, k, dtype=lu._a.dtype))
    return wrap(P), named(L, label), named(upper, label)


@public(method=False)
def lu_unpack(LU_data: Tensor, LU_pivots: Tensor, unpack_data: bool = True, unpack_pivots: bool = True) -> Any:
    """P, L and U from what `lu_factor` returned; an empty tensor for what is not asked for."""
    P, L, U = _unpack(check(LU_data, "lu_unpack", square=False), LU_pivots, "LuUnpackBackward0")
    none = np.empty(0, LU_data._a.dtype)
    return results.make("lu_unpack", ("P", "L", "U"))(
        P if unpack_pivots else wrap(none), L if unpack_data else wrap(none), U if unpack_data else wrap(none)
    )


@public(where=LINALG)
def lu_solve(LU: Tensor, pivots: Tensor, B: Tensor, *, left: bool = True, adjoint: bool = False) -> Tensor:
    """The solution X of A X = B (X A = B if not `left`, A^T X = B if `adjoint`), A given by `lu_factor`."""
    check(LU, "linalg.lu_solve")
    if not left:
        return _mT(lu_solve(LU, pivots, _mT(B), adjoint=not adjoint))
    order = ops.permutation(numbers(pivots), LU._a.shape[-1])
    lower, upper = {"upper": False, "unitriangular": True}, {"upper": True, "unitriangular": False}
    if adjoint:
        x = ops.solve_triangular(_mT(LU), B, upper=False, unitriangular=False)
        x = ops.solve_triangular(_mT(LU), x, upper=True, unitriangular=True)
        x = by_columns(ops.permute_rows(x, wide.argsort(order, -1)), "")
    else:
        x = ops.solve_triangular(LU, ops.permute_rows(B, order), **lower)
        x = ops.solve_triangular(LU, x, **upper)
    return named(x, "LinalgLuSolveBackward0")


def _lu_solve(b: Tensor, LU_data: Tensor, LU_pivots: Tensor) -> Tensor:
    """The solution of A x = b; see `linalg.lu_solve`, which takes the same in another order."""
    return lu_solve(LU_data, LU_pivots, b)


def _lu(A: Tensor, pivot: bool = True, get_infos: bool = False) -> Any:
    """The LU factorisation in one matrix, and its pivots; see `linalg.lu_factor`."""
    LU, pivots, info = lu_factor_ex(A, pivot=pivot)
    return (LU, pivots, info) if get_infos else (LU, pivots)


_as("lu_solve", _lu_solve)
_as("lu", _lu)

# ------------------------------------------------------------------------------------------------------------------- QR


@public(where=LINALG)
def qr(A: Tensor, mode: str = "reduced") -> Any:
    """The factors of A = Q R: orthonormal columns and an upper triangle.

    mode: 'reduced', 'complete' (Q is square), or 'r' (Q is left empty).
    """
    if mode not in ("reduced", "complete", "r"):
        raise RuntimeError(
            f"qr received unrecognized mode '{mode}' but expected one of 'reduced' (default), 'r', or 'complete'"
        )
    return results.make("linalg_qr", ("Q", "R"))(*factor.qr(check(A, "linalg.qr", square=False), mode=mode))


def _qr(input: Tensor, some: bool = True) -> Any:
    """The factors of A = Q R; see `linalg.qr`."""
    return results.make("qr", ("Q", "R"))(*qr(input, "reduced" if some else "complete"))


_as("qr", _qr)


@public(where=LINALG, converts=True)
def householder_product(A: Tensor, tau: Tensor) -> Tensor:
    """The first n columns of the product H_1 H_2 ... H_k of reflections H_i = I - tau_i v_i v_i^T, as of a QR.

    A: shape (..., m, n), m >= n; v_i has zeros, a one in place i, and below it what A has there in column i.
    tau: shape (..., k), k <= n. (The form of LAPACK's `orgqr`, which is another name of it.)

    >>> import chainrule as cr
    >>> cr.linalg.householder_product(cr.tensor([[1.], [1.]]), cr.tensor([1.]))
    tensor([[ 0.],
            [-1.]])
    """
    x = _reflections(A, tau)
    (m, n), k = x._a.shape[-2:], tau._a.shape[-1]
    unit = wrap(np.broadcast_to(np.eye(m, n, dtype=x._a.dtype), x._a.shape).copy())
    vs: Any = views.tril(x, diagonal=-1) + unit
    q: Any = unit + views.tril(x, diagonal=-m)  # zeros with x's history, which no reflections would leave out
    for i in reversed(range(k)):  # from the last on, each reflection changes n columns, not m
        v = vs[..., i : i + 1]
        q = q - tau[..., i, None, None] * v @ (_mT(v) @ q)  # type: ignore[index]
    return by_columns(q, "LinalgHouseholderProductBackward0")


def _reflections(A: Tensor, tau: Tensor) -> Tensor:
    name = "torch.linalg.householder_product"
    if not isinstance(tau, Tensor):
        raise TypeError(
            f"linalg_householder_product(): argument 'tau' (position 2) must be Tensor, not {type(tau).__name__}"
        )
    x, shape, taus = check_float(A, name), A._a.shape, tau._a.shape
    wrong = (
        "input must have at least 2 dimensions." if len(shape) < 2
        else "input.shape[-2] must be greater than or equal to input.shape[-1]" if shape[-2] < shape[-1]
        else f"Expected tau to have one dimension less than input, but got tau.ndim equal to {len(taus)} and "
        f"input.ndim is equal to {len(shape)}" if len(taus) != len(shape) - 1
        else "input.shape[-1] must be greater than or equal to tau.shape[-1]" if shape[-1] < taus[-1]
        else f"Expected batch dimensions of tau to be equal to input.shape[:-2], but got {list(taus[:-1])}"
        if taus[:-1] != shape[:-2]
        else f"tau dtype {kind(tau._a.dtype)} does not match input dtype {kind(x._a.dtype)}"
        if tau._a.dtype != x._a.dtype else None
    )  # fmt: skip
    if wrong:
        raise RuntimeError(f"{name}: {wrong}")
    return check(x, name, square=False)


def _orgqr(input: Tensor, input2: Tensor) -> Tensor:
    """The columns of a product of reflections; see `linalg.householder_product`."""
    return householder_product(input, input2)


_as("orgqr", _orgqr)

# ------------------------------------------------------------------------------------- eigenvectors and singular values


@public(where=LINALG)
def eig(A: Tensor) -> Any:
    """Eigenvalues and eigenvectors (columns of length 1) of a square matrix: complex, in no particular order."""
    check(A.real if A._a.dtype.kind == "c" else A, "linalg.eig")  # type: ignore[attr-defined]
    return results.make("linalg_eig", ("eigenvalues", "eigenvectors"))(*REGISTRY["eig"](A))


@public(where=LINALG)
def eigvals(A: Tensor) -> Tensor:
    """The eigenvalues of a square matrix, complex, in no particular order."""
    return eig(A)[0]  # type: ignore[no-any-return]


@public(where=LINALG)
def eigh(A: Tensor, UPLO: str = "L") -> Any:
    """The eigenvalues of symmetric matrices, ascending, and their eigenvectors as columns.

    UPLO: which triangle of A is read, 'L' or 'U'. The gradient of eigenvectors needs distinct eigenvalues.
    """
    if UPLO.upper() not in ("L", "U"):
        raise RuntimeError(f"Expected UPLO argument to be 'L' or 'U', but got {UPLO}")
    pair = factor.eigh(check(A, "linalg.eigh"), uplo=UPLO.upper())
    return results.make("linalg_eigh", ("eigenvalues", "eigenvectors"))(*pair)


@public(where=LINALG)
def eigvalsh(A: Tensor, UPLO: str = "L") -> Tensor:
    """The eigenvalues of symmetric matrices, ascending."""
    return eigh(A, UPLO)[0]  # type: ignore[no-any-return]


@public(where=LINALG)
def svd(A: Tensor, full_matrices: bool = True, *, driver: str | None = None) -> Any:
    """The factors of A = U diag(S) Vh, with orthonormal U and Vh and descending singular values S.

    full_matrices: make U and Vh square. The gradient through U and Vh needs distinct singular values.
    """
    three = factor.svd(check(A, "linalg.svd", square=False), full_matrices=full_matrices)
    return results.make("linalg_svd", ("U", "S", "Vh"))(*three)


@public(where=LINALG)
def svdvals(A: Tensor, *, driver: str | None = None) -> Tensor:
    """The singular values of matrices, descending."""
    return factor.svd(check(A, "linalg.svdvals", square=False), full_matrices=False)[1]  # type: ignore[no-any-return]


def _svd(input: Tensor, some: bool = True, compute_uv: bool = True) -> Any:
    """The factors of A = U diag(S) V^T; see `linalg.svd`, which returns V transposed."""
    u, s, vh = factor.svd(check(input, "svd", square=False), full_matrices=compute_uv and not some)
    if not compute_uv:
        m, n = input._a.shape[-2:]
        stack = input._a.shape[:-2]
        u, vh = (wrap(np.zeros((*stack, k, k), input._a.dtype)) for k in (m, n))
    return results.make("svd", ("U", "S", "V"))(u, s, _mT(vh))


_as("svd", _svd)
