"""Written by tools/stubs.py (`make stubs`) from what the package publishes: change that, not this."""

from chainrule.core.methods import SignLogabsdet
from chainrule.core.tensor import Tensor
from collections.abc import Sequence
from typing import Any
import builtins

from chainrule.ops.linalg import LinAlgError as LinAlgError
def cholesky(A: Tensor, *, upper: bool = False, out: Any = None) -> Tensor:
    """The lower triangular L with A = L L^T, of a symmetric positive-definite A; its transpose if `upper`.

    Raises LinAlgError if A is not positive-definite.

    >>> import chainrule as cr
    >>> cr.linalg.cholesky(cr.tensor([[4., 2.], [2., 5.]]))
    tensor([[2., 0.],
            [1., 2.]])
    """
def cholesky_ex(A: Tensor, *, upper: bool = False, check_errors: bool = False, out: Any = None) -> Any:
    """As `cholesky`, without an error: `info` is the order of the first leading minor that is not positive-definite."""
def cond(A: Tensor, p: Any = None, *, out: Any = None) -> Tensor:
    """The condition number: how much solving with A may enlarge an error. p: the norm, 2 if None."""
def cross(input: Tensor, other: Tensor, *, dim: int = -1, axis: int = -1, out: Any = None) -> Tensor:
    """The cross products of vectors of length 3 along a dimension."""
def det(A: Tensor, *, out: Any = None) -> Tensor:
    """The determinants of square matrices. Its gradient is right for singular matrices too.

    >>> import chainrule as cr
    >>> cr.det(cr.tensor([[2., 1.], [1., 2.]]))
    tensor(3.)
    """
def diagonal(A: Tensor, *, offset: int = 0, dim1: int = -2, dim2: int = -1, out: Any = None) -> Tensor:
    """The diagonals of matrices, as a view."""
def eig(A: Tensor, *, out: Any = None) -> Any:
    """Eigenvalues and eigenvectors (columns of length 1) of a square matrix: complex, in no particular order."""
def eigh(A: Tensor, UPLO: str = 'L', *, out: Any = None) -> Any:
    """The eigenvalues of symmetric matrices, ascending, and their eigenvectors as columns.

    UPLO: which triangle of A is read, 'L' or 'U'. The gradient of eigenvectors needs distinct eigenvalues.
    """
def eigvals(A: Tensor, *, out: Any = None) -> Tensor:
    """The eigenvalues of a square matrix, complex, in no particular order."""
def eigvalsh(A: Tensor, UPLO: str = 'L', *, out: Any = None) -> Tensor:
    """The eigenvalues of symmetric matrices, ascending."""
def householder_product(A: Tensor, tau: Tensor, *, out: Any = None) -> Tensor:
    """The first n columns of the product H_1 H_2 ... H_k of reflections H_i = I - tau_i v_i v_i^T, as of a QR.

    A: shape (..., m, n), m >= n; v_i has zeros, a one in place i, and below it what A has there in column i.
    tau: shape (..., k), k <= n. (The form of LAPACK's `orgqr`, which is another name of it.)

    >>> import chainrule as cr
    >>> cr.linalg.householder_product(cr.tensor([[1.], [1.]]), cr.tensor([1.]))
    tensor([[ 0.],
            [-1.]])
    """
def inv(A: Tensor, *, out: Any = None) -> Tensor:
    """The inverses of square matrices. Raises LinAlgError if one is singular."""
def inv_ex(A: Tensor, *, check_errors: bool = False, out: Any = None) -> Any:
    """As `inv`, without an error: `info` is the number of the first pivot that is zero."""
def lstsq(A: Tensor, B: Tensor, rcond: Any = None, *, driver: str | None = None, out: Any = None) -> Any:
    """The X of least norm that makes |A X - B| least.

    Returns (solution, residuals, rank, singular_values); residuals (sums of squares) where A is tall and of full rank
    and the driver is not 'gelsy', the rank unless it is 'gels', singular values for 'gelsd' and 'gelss'.
    """
def lu(A: Tensor, *, pivot: bool = True, out: Any = None) -> Any:
    """The factors of A = P L U: a permutation, a lower triangle with ones on its diagonal, an upper triangle."""
def lu_factor(A: Tensor, *, pivot: bool = True, out: Any = None) -> Any:
    """Gaussian elimination with row swaps: L (below the diagonal, its ones left out) and U in one matrix, the swaps.

    Returns (LU, pivots): row i was swapped with row pivots[i] - 1. For `lu_solve` and `lu_unpack`.
    """
def lu_factor_ex(A: Tensor, *, pivot: bool = True, check_errors: bool = False, out: Any = None) -> Any:
    """As `lu_factor`, without an error: `info` is the number of the first pivot that is zero."""
def lu_solve(LU: Tensor, pivots: Tensor, B: Tensor, *, left: bool = True, adjoint: bool = False, out: Any = None) -> Tensor:
    """The solution X of A X = B (X A = B if not `left`, A^T X = B if `adjoint`), A given by `lu_factor`."""
def matmul(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The product of two vectors, matrices, or stacks of matrices, whose leading dimensions broadcast.

    input: shape (..., n, k) or (k,); other: shape (..., k, m) or (k,), of the same dtype.
    Returns shape (..., n, m), without the dimensions that a vector does not have.
    Raises RuntimeError where shapes or dtypes do not fit.

    >>> import chainrule as cr
    >>> cr.tensor([[1., 2.], [3., 4.]]) @ cr.tensor([1., 1.])
    tensor([3., 7.])
    """
def matrix_exp(A: Tensor, *, out: Any = None) -> Tensor:
    """The exponentials of square matrices: I + A + A A / 2 + A A A / 6 + ..."""
def matrix_norm(A: Tensor, ord: Any = 'fro', dim: Any = ..., keepdim: bool = False, *, dtype: Any = None, axis: Any = ..., keepdims: bool = False, out: Any = None) -> Tensor:
    """The norm of matrices.

    ord: 'fro' (the root of the sum of squares), 'nuc' (the sum of singular values), 2 and -2 (the greatest and least
        singular value), 1 and -1 (of column sums), inf and -inf (of row sums).
    """
def matrix_power(A: Tensor, n: int, *, out: Any = None) -> Tensor:
    """A @ A @ ... n times, by squaring; for a negative n the power of the inverse."""
def matrix_rank(A: Tensor, tol: Any = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None, out: Any = None) -> Tensor:
    """How many singular values are greater than max(atol, rtol * the greatest)."""
def multi_dot(tensors: Sequence[Tensor], *, out: Any = None) -> Tensor:
    """The product of a chain of matrices in the order that takes the fewest multiplications.

    tensors: at least two matrices that fit; the first and the last may be vectors.
    """
def norm(A: Tensor, ord: Any = None, dim: Any = None, keepdim: bool = False, *, dtype: Any = None, axis: Any = None, keepdims: bool = False, out: Any = None) -> Tensor:
    """`vector_norm` or `matrix_norm`, whichever `ord` and `dim` ask for; without them the length of all elements."""
def pinv(A: Tensor, rcond: Any = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None, out: Any = None) -> Tensor:
    """The pseudoinverse (Moore and Penrose): singular values up to max(atol, rtol * the greatest) count as zero."""
def qr(A: Tensor, mode: str = 'reduced', *, out: Any = None) -> Any:
    """The factors of A = Q R: orthonormal columns and an upper triangle.

    mode: 'reduced', 'complete' (Q is square), or 'r' (Q is left empty).
    """
def slogdet(A: Tensor, *, out: Any=None) -> SignLogabsdet:
    """The signs of determinants and the logarithms of their magnitudes."""
def solve(A: Tensor, B: Tensor, *, left: bool = True, out: Any = None) -> Tensor:
    """The solution X of A X = B, or of X A = B if not `left`.

    A: square matrices; B: matrices, or vectors if it has one dimension or just A's batch and rows.
    Raises LinAlgError if A is singular.

    >>> import chainrule as cr
    >>> cr.linalg.solve(cr.tensor([[2., 0.], [0., 4.]]), cr.tensor([2., 2.]))
    tensor([1.0000, 0.5000])
    """
def solve_ex(A: Tensor, B: Tensor, *, left: bool = True, check_errors: bool = False, out: Any = None) -> Any:
    """As `solve`, without an error: `info` is the number of the first pivot that is zero."""
def solve_triangular(A: Tensor, B: Tensor, *, upper: bool, left: bool = True, unitriangular: bool = False, out: Any = None) -> Tensor:
    """The solution X of A X = B (X A = B if not `left`) by substitution; A's other triangle is not read.

    unitriangular: take A's diagonal as ones.
    """
def svd(A: Tensor, full_matrices: bool = True, *, driver: str | None = None, out: Any = None) -> Any:
    """The factors of A = U diag(S) Vh, with orthonormal U and Vh and descending singular values S.

    full_matrices: make U and Vh square. The gradient through U and Vh needs distinct singular values.
    """
def svdvals(A: Tensor, *, driver: str | None = None, out: Any = None) -> Tensor:
    """The singular values of matrices, descending."""
def tensorinv(A: Tensor, ind: int = 2, *, out: Any = None) -> Tensor:
    """The inverse of `tensordot(A, ., ind)`: A as a square matrix, its first `ind` dimensions being the rows."""
def tensorsolve(A: Tensor, B: Tensor, dims: Sequence[int] | None = None, *, out: Any = None) -> Tensor:
    """The solution X of tensordot(A, X, X.ndim) = B; `dims` of A are moved to its end first."""
def vander(x: Tensor, N: int | None = None, *, out: Any = None) -> Tensor:
    """The matrices whose columns are the powers 0, 1, ..., N - 1 of vectors."""
def vecdot(x: Tensor, y: Tensor, *, dim: int = -1, axis: int = -1, out: Any = None) -> Tensor:
    """The inner products of vectors that lie along a dimension; the others broadcast."""
def vector_norm(x: Tensor, ord: float = 2, dim: Any = None, keepdim: bool = False, *, dtype: Any = None, axis: Any = None, keepdims: bool = False, out: Any = None) -> Tensor:
    """The norm of x as a vector, or of the vectors along `dim`: (sum |x|^ord)^(1/ord).

    ord: 2 for the length; inf, -inf for the greatest and least magnitude; 0 counts what is not zero.
    dim: a dimension or several, all of them if None. The gradient at a vector of zeros is 0.

    >>> import chainrule as cr
    >>> cr.linalg.vector_norm(cr.tensor([3., 4.]))
    tensor(5.)
    """
