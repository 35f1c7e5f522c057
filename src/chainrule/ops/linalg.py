"""Linear algebra: inverses, determinants, factorisations and norms, each with its derivative as a formula of matrices.

Matrices are the last two dimensions, batches come before them. The derivatives are the classical ones, collected in
Giles, "Collected matrix derivative results for forward and reverse mode algorithmic differentiation" (2008); where a
rule has a source of its own it is named there. As they are written in ops, derivatives of any order follow.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from chainrule.base import wide
from chainrule.base.memory import columns, rows
from chainrule.core import leading
from chainrule.core.op import custom
from chainrule.ops import batches
from chainrule.ops.contract import matmul, mT
from chainrule.ops.reduce import sum
from chainrule.ops.select import gather
from chainrule.ops.views import (
    cat,
    diag_embed,
    expand,
    narrow,
    sum_to,
    tril,
    triu,
    unsqueeze,
    zeros_like,
)


class LinAlgError(RuntimeError):
    """A matrix for which there is no answer: singular, not positive-definite, or not finite."""


LinAlgError.__module__, LinAlgError.__name__ = "torch._C", "_LinAlgError"  # what PyTorch's tracebacks show
LinAlgError.__qualname__ = LinAlgError.__name__


def failed(name: str, info: Any, why: str) -> LinAlgError:
    """The error for the first matrix of a batch whose `info` is not 0; `why` may name it by `{}`."""
    flat = np.reshape(info, -1)
    i = int(wide.argmax(flat != 0))
    batch = f"(Batch element {i}): " if np.ndim(info) else ""
    return LinAlgError(f"{name}: {batch}{why.format(int(flat[i]))}")


def diagonal_mask(n: int) -> Any:
    """True on the diagonal of an n by n matrix."""
    return np.eye(n, dtype=bool)


def per_column(x: Any) -> Any:
    """Vectors set beside matrices, a number for each column."""
    return unsqueeze(x, dim=len(x.shape) - 1)


def per_row(x: Any) -> Any:
    """Vectors set beside matrices, a number for each row."""
    return unsqueeze(x, dim=len(x.shape))


def on_diagonal(x: Any) -> Any:
    """Diagonal matrices."""
    return diag_embed(x, offset=0, dim1=-2, dim2=-1)


def part(x: Any, stop: int, dim: int, start: int = 0) -> Any:
    """x[start:stop] along `dim`, counted from the end."""
    return narrow(x, dim=len(x.shape) + dim, start=start, stop=stop, step=1)


def plus(x: Any, y: Any) -> Any:
    """The sum of two gradients, either of which may be missing."""
    return y if x is None else x if y is None else x + y


# ------------------------------------------------------------------------------------------------- triangles and pivots


def _lu_factor(a: Any) -> Any:
    """Gaussian elimination with partial pivoting, all matrices of the batch in step."""
    m, n = a.shape[-2:]
    k = min(m, n)
    lu = np.array(a, order="C").reshape(prod(a.shape[:-2]), m, n)
    pivots = np.empty((len(lu), k), np.int32)
    each = np.arange(len(lu))
    for j in range(k):
        at = j + wide.argmax(np.abs(lu[:, j:, j]), 1) if len(lu) else each
        pivots[:, j] = at + 1
        lu[each, j], lu[each, at] = lu[each, at], lu[each, j]
        top = lu[:, j, j, None]
        lu[:, j + 1 :, j] /= np.where(top == 0, 1, top)
        lu[:, j + 1 :, j + 1 :] -= lu[:, j + 1 :, j, None] * lu[:, j, None, j + 1 :]
    return columns(lu.reshape(a.shape)), pivots.reshape(*a.shape[:-2], k)


def permutation(pivots: Any, m: int) -> Any:
    """The order of the m rows after the swaps that `pivots` tell, one after the other."""
    flat = np.reshape(pivots, (prod(pivots.shape[:-1]), pivots.shape[-1]))
    order = np.tile(np.arange(m), (len(flat), 1))
    each = np.arange(len(flat))
    for j, at in enumerate(flat.T - 1):
        order[each, j], order[each, at] = order[each, at], order[each, j]
    return order.reshape(*pivots.shape[:-1], m)


def permute_rows(x: Any, order: Any) -> Any:
    """The rows of matrices in another order; `order` may have fewer batch dimensions than x, or more."""
    batch = np.broadcast_shapes(x.shape[:-2], order.shape[:-1])
    full = (*batch, *x.shape[-2:])
    return gather(expand(x, shape=full), dim=len(full) - 2, index=np.broadcast_to(order[..., None], full))


def _lu_vjp(g: Any, out: Any, _A: Any) -> Any:
    lu, pivots = out[0], np.asarray(getattr(out[1], "_a", out[1]))
    m, n = _A.shape[-2:]
    k = min(m, n)
    gl, gu = tril(part(g[0], k, -1), diagonal=-1), triu(part(g[0], k, -2), diagonal=0)
    square = part(part(lu, k, -1), k, -2)
    back = {"upper": True, "unitriangular": True}
    rest = None
    if m < n:  # U2 = L^-1 A2
        right = solve_triangular(mT(square), part(gu, n, -1, k), **back)
        gl = gl - tril(matmul(right, mT(part(lu, n, -1, k))), diagonal=-1)
        gu, rest = part(gu, k, -1), right
    elif m > n:  # L2 = A2 U^-1
        below = mT(solve_triangular(square, mT(part(gl, m, -2, k)), upper=True, unitriangular=False))
        gu = gu - triu(matmul(mT(part(lu, m, -2, k)), below), diagonal=0)
        gl, rest = part(gl, k, -2), below
    gl = gl + matmul(mT(tril(square, diagonal=-1)), gl)  # L^T gL
    core = tril(gl, diagonal=-1) + triu(matmul(gu, mT(triu(square, diagonal=0))), diagonal=0)
    core = solve_triangular(mT(square), core, **back)
    ga = mT(solve_triangular(square, mT(core), upper=True, unitriangular=False))
    if rest is not None:
        ga = cat(ga, rest, dim=len(ga.shape) - (1 if m < n else 2))
    return permute_rows(ga, wide.argsort(permutation(pivots, m), -1))


# The derivative: from A = P L U, with the triangles of L^T gL and gU U^T taken apart.
lu_factor = custom(
    "lu_factor", _lu_factor, _lu_vjp, outputs=2, grad="LinalgLuFactorExBackward0", orderly=False, batch=leading.same
)


def zero_pivot(a: Any) -> Any:
    """For each matrix the number of the first pivot that is zero, counted from 1; 0 if there is none."""
    return zero_diagonal(_lu_factor(a)[0])


def zero_diagonal(lu: Any) -> Any:
    """`zero_pivot` of matrices that are factorised already."""
    zero = np.diagonal(lu, axis1=-2, axis2=-1) == 0
    first = wide.argmax(zero, -1) + 1 if zero.shape[-1] else 0
    return np.where(zero.any(-1), first, 0).astype(np.int32)[()]


@np.errstate(divide="ignore", invalid="ignore")
def substitute(a: Any, b: Any, *, upper: bool, unitriangular: bool) -> Any:
    """Substitution: by halves, so that most of the work is products of matrices, then row by row."""
    n = a.shape[-1]
    if n > 16:
        h = n // 2
        one, two = (slice(h, n), slice(0, h)) if upper else (slice(0, h), slice(h, n))
        rules = {"upper": upper, "unitriangular": unitriangular}
        first = substitute(a[..., one, one], b[..., one, :], **rules)
        second = substitute(a[..., two, two], b[..., two, :] - a[..., two, one] @ first, **rules)
        return np.concatenate((second, first) if upper else (first, second), -2)
    x = np.empty((*np.broadcast_shapes(a.shape[:-2], b.shape[:-2]), n, b.shape[-1]), b.dtype)
    for i in reversed(range(n)) if upper else range(n):
        done = slice(i + 1, n) if upper else slice(0, i)
        row = b[..., i, :] - (a[..., i, None, done] @ x[..., done, :])[..., 0, :]
        x[..., i, :] = row if unitriangular else row / a[..., i, i, None]
    return x


def _solve_triangular_vjp(g: Any, out: Any, a: Any, _b: Any, *, upper: bool, unitriangular: bool) -> Any:
    gb = solve_triangular(mT(a), g, upper=not upper, unitriangular=unitriangular)
    ga = matmul(-gb, mT(out))
    ga = triu(ga, diagonal=int(unitriangular)) if upper else tril(ga, diagonal=-int(unitriangular))
    return sum_to(ga, shape=tuple(a.shape)), sum_to(gb, shape=tuple(_b.shape))


solve_triangular = custom(
    "solve_triangular",
    lambda a, b, **how: columns(substitute(a, b, **how)),
    _solve_triangular_vjp,
    grad="LinalgSolveTriangularBackward0",
    orderly=False,
    batch=batches.solve,
)

# -------------------------------------------------------------------------------------- equations, inverse, determinant


def _solve(a: Any, b: Any, *, check: bool = True) -> Any:
    try:
        return columns(np.linalg.solve(a, b))
    except np.linalg.LinAlgError:
        if check:
            why = "The solver failed because the input matrix is singular."
            raise failed("torch.linalg.solve", zero_pivot(a), why) from None
    lu, pivots = _lu_factor(a)  # infinities where a matrix is singular, the answer for the others of the batch
    x = substitute(lu, permute_rows(b, permutation(pivots, a.shape[-1])), upper=False, unitriangular=True)
    return columns(substitute(lu, x, upper=True, unitriangular=False))


def _solve_vjp(g: Any, out: Any, a: Any, _b: Any, *, check: bool = True) -> Any:
    gb = solve(mT(a), g, check=check)
    return sum_to(matmul(-gb, mT(out)), shape=tuple(a.shape)), sum_to(gb, shape=tuple(_b.shape))


solve = custom(
    "linalg_solve",
    _solve,
    _solve_vjp,
    grad="LinalgSolveExBackward0",
    matrix="solution",
    orderly=False,
    batch=batches.solve,
)


def _inv(a: Any, *, check: bool = True) -> Any:
    try:
        return columns(np.linalg.inv(a))
    except np.linalg.LinAlgError:
        if check:
            why = "The diagonal element {} is zero, the inversion could not be completed because the input matrix is "
            why += "singular."
            raise failed("linalg.inv", zero_pivot(a), why) from None
    return _solve(a, np.broadcast_to(np.eye(a.shape[-1], dtype=a.dtype), a.shape), check=False)


inv = custom(
    "inv",
    _inv,
    lambda g, out, _a, *, check=True: -matmul(matmul(mT(out), g), mT(out)),
    grad="LinalgInvExBackward0",
    matrix="inverse",
    orderly=False,
    batch=leading.same,
)


def _cofactors(a: Any) -> Any:
    # det(A) A^-T, from the singular values, so that it is right for singular matrices too.
    u, s, vh, turn = _turned(a)
    return (u * _but(s, 1)[..., None, :]) @ vh * turn


def _turned(a: Any) -> Any:
    """The singular values with their vectors, and whether those mirror: det(U) det(V). NaN where a is not finite."""
    lost = ~np.isfinite(a).all((-2, -1), keepdims=True)  # LAPACK may not return from them
    u, s, vh = np.linalg.svd(np.where(lost, 0, a))
    turn = np.rint(np.linalg.det(u) * np.linalg.det(vh))[..., None, None]
    return u, s, vh, np.where(lost, np.nan, turn).astype(a.dtype)


def _but(s: Any, orders: int) -> Any:
    """The products of all numbers but one, or but any two (1 where both are one), in each line of s."""
    one = diagonal_mask(s.shape[-1])
    if orders == 1:
        return np.where(one, 1, s[..., None, :]).prod(-1)
    return np.where(one[:, None] | one, 1, s[..., None, None, :]).prod(-1) * ~one


def _cofactors_along(a: Any, x: Any) -> Any:
    # How the cofactors change along x. Between singular vectors they are diagonal, and so is what follows: a pair of
    # places on the diagonal, or a pair that mirrors it, shares the product of all other singular values.
    u, s, vh, turn = _turned(a)
    x, rest = u.swapaxes(-2, -1) @ x @ vh.swapaxes(-2, -1), _but(s, 2)
    on = np.einsum("...ij,...jj->...i", rest, x)
    return u @ (on[..., None] * np.eye(s.shape[-1], dtype=s.dtype) - rest * x.swapaxes(-2, -1)) @ vh * turn


def _cofactors_along_vjp(g: Any, _out: Any, a: Any, x: Any) -> Any:
    # The third derivative of a determinant, at a matrix that has an inverse.
    p, over = mT(inv(a, check=False)), (len(a.shape) - 2, len(a.shape) - 1)
    px, pg = (matmul(matmul(p, mT(d)), p) for d in (x, g))
    tx, tg, both = (sum(d * q, dim=over, keepdim=True) for d, q in ((x, p), (g, p), (g, px)))
    crossed = matmul(matmul(px, mT(g)), p) + matmul(matmul(pg, mT(x)), p)
    third = per_row(per_row(det(a))) * (p * (tx * tg - both) - tg * px - tx * pg + crossed)
    return third, cofactors_along(a, g)


def _by_inverse(a: Any, x: Any) -> Any:
    p = mT(inv(a, check=False))
    over = (len(a.shape) - 2, len(a.shape) - 1)
    return per_row(per_row(det(a))) * (sum(x * p, dim=over, keepdim=True) * p - matmul(matmul(p, mT(x)), p))


cofactors_along = custom(
    "cofactors_along", _cofactors_along, _cofactors_along_vjp, sympy=_by_inverse, batch=leading.same
)
cofactors = custom(
    "cofactors", _cofactors, lambda g, _out, a: cofactors_along(a, g), matrix="cofactor matrix", batch=leading.same,
)  # fmt: skip


def _det(a: Any) -> Any:
    with np.errstate(invalid="ignore"):
        got = rows(np.linalg.det(a))
    lost = np.isnan(a).any((-2, -1))  # a pivot of 0 would hide it
    return np.where(lost, np.nan, got).astype(got.dtype) if lost.any() else got


det = custom(
    "det",
    _det,
    lambda g, out, a: per_row(per_row(g)) * cofactors(a),
    grad="LinalgDetBackward0",
    matrix="determinant",
    batch=leading.same,
)


@np.errstate(invalid="ignore")
def _slogdet(a: Any) -> Any:
    return tuple(map(rows, np.linalg.slogdet(a)))


slogdet = custom(
    "slogdet", _slogdet, outputs=2, grad="LinalgSlogdetBackward0",
    vjp=lambda g, out, a: None if g[1] is None else per_row(per_row(g[1])) * mT(inv(a, check=False)),
    matrix="log determinant", batch=leading.same,
)  # fmt: skip

# ---------------------------------------------------------------------------------------------------------- exponential

_PADE = [
    64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800, 129060195264000, 10559470521600,
    670442572800, 33522128640, 1323241920, 40840800, 960960, 16380, 182, 1,
]  # fmt: skip


def _expm(a: Any) -> Any:
    # Scaling and squaring with the Pade approximant of order 13: Higham, "The scaling and squaring method for the
    # matrix exponential revisited" (2005).
    norm = np.abs(a).sum(0).max(initial=0)
    if not np.isfinite(norm):
        return np.full_like(a, np.nan)
    squarings = max(0, int(np.ceil(np.log2(norm / 5.371920351148152)))) if norm > 0 else 0
    x = a / 2.0**squarings
    x2 = x @ x
    term = np.eye(len(x), dtype=x.dtype)
    odd, even = np.zeros_like(x), np.zeros_like(x)
    for i in range(0, 14, 2):
        even = even + _PADE[i] / _PADE[0] * term
        odd = odd + _PADE[i + 1] / _PADE[0] * term
        term = term @ x2
    odd = x @ odd
    r = np.linalg.solve(even - odd, even + odd)
    for _ in range(squarings):
        r = r @ r
    return r


def _matrix_exp(a: Any) -> Any:
    flat = [_expm(x) for x in a.reshape(-1, *a.shape[-2:])] if a.size else []
    return np.stack(flat).reshape(a.shape) if flat else a.copy()


def _matrix_exp_vjp(g: Any, out: Any, a: Any) -> Any:
    # The exponential of ((A^T, G), (0, A^T)) has the derivative at A^T towards G in its corner: Mathias (1996).
    n, rows, columns = a.shape[-1], len(a.shape) - 2, len(a.shape) - 1
    at = mT(a)
    block = cat(cat(at, g, dim=columns), cat(zeros_like(g), at, dim=columns), dim=rows)
    return part(part(matrix_exp(block), n, -2), 2 * n, -1, n)


matrix_exp = custom("matrix_exp", _matrix_exp, _matrix_exp_vjp, grad="LinalgMatrixExpBackward0", batch=leading.same)
