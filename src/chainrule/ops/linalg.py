"""Linear algebra: inverses, determinants, factorisations and norms, each with its derivative as a formula of matrices.

Matrices are the last two dimensions, batches come before them. The derivatives are the classical ones, collected in
Giles, "Collected matrix derivative results for forward and reverse mode algorithmic differentiation" (2008); where a
rule has a source of its own it is named there. As they are written in ops, derivatives of any order follow.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.core.op import custom
from chainrule.ops.contract import matmul, mT
from chainrule.ops.elementwise import abs_, pow, sign
from chainrule.ops.reduce import spread, sum
from chainrule.ops.select import gather, where
from chainrule.ops.views import (
    cast,
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

    __module__ = "torch._C"
    __qualname__ = __name__ = "_LinAlgError"


def failed(name: str, info: Any, why: str) -> LinAlgError:
    """The error for the first matrix of a batch whose `info` is not 0; `why` may name it by `{}`."""
    flat = np.reshape(info, -1)
    i = int(np.argmax(flat != 0))
    batch = f"(Batch element {i}): " if np.ndim(info) else ""
    return LinAlgError(f"{name}: {batch}{why.format(int(flat[i]))}")


def _eye(n: int) -> Any:
    return np.eye(n, dtype=bool)


def _cols(x: Any) -> Any:
    return unsqueeze(x, dim=len(x.shape) - 1)  # a number for each column


def _rows(x: Any) -> Any:
    return unsqueeze(x, dim=len(x.shape))


def _diag(x: Any) -> Any:
    return diag_embed(x, offset=0, dim1=-2, dim2=-1)


def _first(x: Any, n: int, dim: int, start: int = 0) -> Any:
    """x[start:n] along `dim`, counted from the end."""
    return narrow(x, dim=len(x.shape) + dim, start=start, stop=n, step=1)


def _plus(x: Any, y: Any) -> Any:
    return y if x is None else x if y is None else x + y


# ------------------------------------------------------------------------------------------------- triangles and pivots


def _lu_factor(a: Any) -> Any:
    """Gaussian elimination with partial pivoting, all matrices of the batch in step."""
    m, n = a.shape[-2:]
    k = min(m, n)
    lu = np.array(a, order="C").reshape(int(np.prod(a.shape[:-2])), m, n)
    pivots = np.empty((len(lu), k), np.int32)
    each = np.arange(len(lu))
    for j in range(k):
        at = j + np.argmax(np.abs(lu[:, j:, j]), 1) if len(lu) else each
        pivots[:, j] = at + 1
        lu[each, j], lu[each, at] = lu[each, at], lu[each, j]
        top = lu[:, j, j, None]
        lu[:, j + 1 :, j] /= np.where(top == 0, 1, top)
        lu[:, j + 1 :, j + 1 :] -= lu[:, j + 1 :, j, None] * lu[:, j, None, j + 1 :]
    return lu.reshape(a.shape), pivots.reshape(*a.shape[:-2], k)


def permutation(pivots: Any, m: int) -> Any:
    """The order of the m rows after the swaps that `pivots` tell, one after the other."""
    flat = np.reshape(pivots, (-1, pivots.shape[-1]))
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
    gl, gu = tril(_first(g[0], k, -1), diagonal=-1), triu(_first(g[0], k, -2), diagonal=0)
    square = _first(_first(lu, k, -1), k, -2)
    back = {"upper": True, "unitriangular": True}
    rest = None
    if m < n:  # U2 = L^-1 A2
        right = solve_triangular(mT(square), _first(gu, n, -1, k), **back)
        gl = gl - tril(matmul(right, mT(_first(lu, n, -1, k))), diagonal=-1)
        gu, rest = _first(gu, k, -1), right
    elif m > n:  # L2 = A2 U^-1
        below = mT(solve_triangular(square, mT(_first(gl, m, -2, k)), upper=True, unitriangular=False))
        gu = gu - triu(matmul(mT(_first(lu, m, -2, k)), below), diagonal=0)
        gl, rest = _first(gl, k, -2), below
    gl = gl + matmul(mT(tril(square, diagonal=-1)), gl)  # L^T gL
    core = tril(gl, diagonal=-1) + triu(matmul(gu, mT(triu(square, diagonal=0))), diagonal=0)
    core = solve_triangular(mT(square), core, **back)
    ga = mT(solve_triangular(square, mT(core), upper=True, unitriangular=False))
    if rest is not None:
        ga = cat(ga, rest, dim=len(ga.shape) - (1 if m < n else 2))
    return permute_rows(ga, np.argsort(permutation(pivots, m), -1))


# The derivative: from A = P L U, with the triangles of L^T gL and gU U^T taken apart.
lu_factor = custom("lu_factor", _lu_factor, _lu_vjp, outputs=2, grad="LinalgLuFactorExBackward0")


def zero_pivot(a: Any) -> Any:
    """For each matrix the number of the first pivot that is zero, counted from 1; 0 if there is none."""
    return zero_diagonal(_lu_factor(a)[0])


def zero_diagonal(lu: Any) -> Any:
    """`zero_pivot` of matrices that are factorised already."""
    zero = np.diagonal(lu, axis1=-2, axis2=-1) == 0
    first = np.argmax(zero, -1) + 1 if zero.shape[-1] else 0
    return np.where(zero.any(-1), first, 0).astype(np.int32)[()]


def _solve_triangular(a: Any, b: Any, *, upper: bool, unitriangular: bool) -> Any:
    """Substitution: by halves, so that most of the work is products of matrices, then row by row."""
    n = a.shape[-1]
    if n > 16:
        h = n // 2
        one, two = (slice(h, n), slice(0, h)) if upper else (slice(0, h), slice(h, n))
        rules = {"upper": upper, "unitriangular": unitriangular}
        first = _solve_triangular(a[..., one, one], b[..., one, :], **rules)
        second = _solve_triangular(a[..., two, two], b[..., two, :] - a[..., two, one] @ first, **rules)
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
    "solve_triangular", _solve_triangular, _solve_triangular_vjp, grad="LinalgSolveTriangularBackward0"
)

# -------------------------------------------------------------------------------------- equations, inverse, determinant


def _solve(a: Any, b: Any, *, check: bool = True) -> Any:
    try:
        return np.linalg.solve(a, b)
    except np.linalg.LinAlgError:
        if check:
            why = "The solver failed because the input matrix is singular."
            raise failed("torch.linalg.solve", zero_pivot(a), why) from None
    lu, pivots = _lu_factor(a)  # infinities where a matrix is singular, the answer for the others of the batch
    x = _solve_triangular(lu, permute_rows(b, permutation(pivots, a.shape[-1])), upper=False, unitriangular=True)
    return _solve_triangular(lu, x, upper=True, unitriangular=False)


def _solve_vjp(g: Any, out: Any, a: Any, _b: Any, *, check: bool = True) -> Any:
    gb = solve(mT(a), g, check=check)
    return sum_to(matmul(-gb, mT(out)), shape=tuple(a.shape)), sum_to(gb, shape=tuple(_b.shape))


solve = custom("linalg_solve", _solve, _solve_vjp, grad="LinalgSolveExBackward0")


def _inv(a: Any, *, check: bool = True) -> Any:
    try:
        return np.linalg.inv(a)
    except np.linalg.LinAlgError:
        if check:
            why = "The diagonal element {} is zero, the inversion could not be completed because the input matrix is "
            why += "singular."
            raise failed("linalg.inv", zero_pivot(a), why) from None
    return _solve(a, np.broadcast_to(np.eye(a.shape[-1], dtype=a.dtype), a.shape), check=False)


inv = custom(
    "inv", _inv, lambda g, out, _a, *, check=True: -matmul(matmul(mT(out), g), mT(out)), grad="LinalgInvExBackward0"
)


def _cofactors(a: Any) -> Any:
    # det(A) A^-T, from the singular values, so that it is right for singular matrices too.
    u, s, vh = np.linalg.svd(a)
    others = np.where(_eye(s.shape[-1]), 1, s[..., None, :]).prod(-1)
    turn = np.rint(np.linalg.det(u) * np.linalg.det(vh))[..., None, None]
    return (u * others[..., None, :]) @ vh * turn


def _cofactors_vjp(g: Any, out: Any, a: Any) -> Any:
    p = mT(inv(a, check=False))
    both = sum(g * p, dim=(len(p.shape) - 2, len(p.shape) - 1), keepdim=True) * p - matmul(matmul(p, mT(g)), p)
    return _rows(_rows(det(a))) * both


cofactors = custom("cofactors", _cofactors, _cofactors_vjp)
det = custom("det", np.linalg.det, lambda g, out, a: _rows(_rows(g)) * cofactors(a), grad="LinalgDetBackward0")
slogdet = custom(
    "slogdet", lambda a: tuple(np.linalg.slogdet(a)), outputs=2, grad="LinalgSlogdetBackward0",
    vjp=lambda g, out, a: None if g[1] is None else _rows(_rows(g[1])) * mT(inv(a, check=False)),
)  # fmt: skip

# ------------------------------------------------------------------------------------------------------- factorisations


def bad_minor(a: Any) -> Any:
    """For each matrix the order of the first leading minor that is not positive-definite; 0 if all are."""
    return np.array([_bad_minor(x) for x in a.reshape(-1, *a.shape[-2:])], np.int32).reshape(a.shape[:-2])[()]


def _bad_minor(a: Any) -> int:
    for k in range(1, len(a) + 1):
        try:
            np.linalg.cholesky(a[:k, :k])
        except np.linalg.LinAlgError:
            return k
    return 0


def _cholesky(a: Any, *, check: bool = True) -> Any:
    try:
        return np.linalg.cholesky(a)
    except np.linalg.LinAlgError:
        info = bad_minor(a)
        if check:
            why = (
                "The factorization could not be completed because the input is not positive-definite (the leading "
                "minor of order {} is not positive-definite)."
            )
            raise failed("linalg.cholesky", info, why) from None
    eye = np.eye(a.shape[-1], dtype=a.dtype)
    failures = info[..., None, None] != 0
    return np.where(failures, np.tril(a), np.linalg.cholesky(np.where(failures, eye, a)))


def _cholesky_vjp(g: Any, out: Any, _a: Any, *, check: bool = True) -> Any:
    # Murray, "Differentiation of the Cholesky decomposition" (2016).
    up = mT(out)
    p = matmul(up, g)
    half = (tril(p, diagonal=0) + tril(p, diagonal=-1)) * 0.5
    s = solve_triangular(up, half, upper=True, unitriangular=False)
    s = solve_triangular(up, mT(s), upper=True, unitriangular=False)
    return (s + mT(s)) * 0.5


cholesky = custom("cholesky", _cholesky, _cholesky_vjp, grad="LinalgCholeskyExBackward0")


def _qr(a: Any, *, mode: str) -> Any:
    if mode == "r":
        return np.empty(0, a.dtype), np.linalg.qr(a, "r")
    return tuple(np.linalg.qr(a, mode))


def _qr_vjp(g: Any, out: Any, a: Any, *, mode: str) -> Any:
    (gq, gr), (q, r), (m, n) = g, out, a.shape[-2:]
    if mode == "r":
        raise RuntimeError(
            "The derivative of linalg.qr depends on Q, which is not computed when mode='r'. Please use linalg.qr(A, "
            "mode='reduced') if you are going to differentiate through linalg.qr."
        )
    if mode == "complete" and m > n:
        raise RuntimeError("The QR decomposition is not differentiable when mode='complete' and nrows > ncols.")
    if m >= n:
        return _qr_tall_vjp(gq, gr, q, r)
    # A = (X, Y) and R = (U, V) with X = Q U and V = Q^T Y.
    if gr is None:
        gx, gy = _qr_tall_vjp(gq, None, q, _first(r, m, -1)), zeros_like(_first(a, n, -1, m))
    else:
        gv = _first(gr, n, -1, m)
        gq = _plus(gq, matmul(_first(a, n, -1, m), mT(gv)))
        gx, gy = _qr_tall_vjp(gq, _first(gr, m, -1), q, _first(r, m, -1)), matmul(q, gv)
    return cat(gx, gy, dim=len(a.shape) - 1)


def _qr_tall_vjp(gq: Any, gr: Any, q: Any, r: Any) -> Any:
    # Walter and Lehmann, "Algorithmic differentiation of linear algebra functions with application in optimum
    # experimental design" (2010).
    m = _plus(None if gr is None else matmul(r, mT(gr)), None if gq is None else -matmul(mT(gq), q))
    y = _plus(gq, matmul(q, tril(m, diagonal=0) + mT(tril(m, diagonal=-1))))
    return mT(solve_triangular(r, mT(y), upper=True, unitriangular=False))


qr = custom("qr", _qr, _qr_vjp, outputs=2, grad="LinalgQrBackward0")


def _finite(name: str, f: Any, a: Any) -> Any:
    try:
        return f(a)
    except np.linalg.LinAlgError:
        bad = ~np.isfinite(a).all((-2, -1))
        why = "The algorithm failed to converge because the input matrix " + (
            "contained non-finite values." if bad.any() else "is ill-conditioned."
        )
        raise failed(name, bad, why) from None


def _eigh(a: Any, *, uplo: str) -> Any:
    return tuple(_finite("linalg.eigh", lambda x: np.linalg.eigh(x, uplo), a))


def _eigh_vjp(g: Any, out: Any, _a: Any, *, uplo: str) -> Any:
    (gw, gv), (w, v) = g, out
    if gv is None:
        return matmul(v * _cols(gw), mT(v))
    eye = _eye(_a.shape[-1])
    inner = where(eye, 0.0, matmul(mT(v), gv) / where(eye, 1.0, _cols(w) - _rows(w)))
    return matmul(matmul(v, inner if gw is None else inner + _diag(gw)), mT(v))


eigh = custom("eigh", _eigh, _eigh_vjp, outputs=2, grad="LinalgEighBackward0")


def _svd(a: Any, *, full_matrices: bool) -> Any:
    return tuple(_finite("linalg.svd", lambda x: np.linalg.svd(x, full_matrices), a))


def _svd_vjp(g: Any, out: Any, _a: Any, *, full_matrices: bool) -> Any:
    # Townsend, "Differentiating the singular value decomposition" (2016).
    (m, n), k = _a.shape[-2:], min(_a.shape[-2:])
    u, s, vh = _first(out[0], k, -1), out[1], _first(out[2], k, -2)
    gu, gs, gvh = None if g[0] is None else _first(g[0], k, -1), g[1], None if g[2] is None else _first(g[2], k, -2)
    core = None if gs is None else _diag(gs)
    gap = where(_eye(k), 1.0, (_cols(s) - _rows(s)) * (_cols(s) + _rows(s)))
    if gu is not None:
        turn = matmul(mT(u), gu)
        core = _plus(core, (turn - mT(turn)) / gap * _cols(s))
    if gvh is not None:
        turn = matmul(vh, mT(gvh))
        core = _plus(core, _rows(s) * ((turn - mT(turn)) / gap))
    ga = None if core is None else matmul(matmul(u, core), vh)
    if gu is not None and m > k:
        part = gu / _cols(s)
        ga = ga + matmul(part - matmul(u, matmul(mT(u), part)), vh)
    if gvh is not None and n > k:
        part = gvh / _rows(s)
        ga = ga + matmul(u, part - matmul(matmul(part, mT(vh)), vh))
    return ga


svd = custom("svd", _svd, _svd_vjp, outputs=3, grad="LinalgSvdBackward0")


def _pinv(a: Any, *, atol: Any, rtol: Any, hermitian: bool) -> Any:
    if hermitian:
        s, u = _eigh(a, uplo="L")
        v = u
    else:
        u, s, vh = _svd(a, full_matrices=False)
        v = vh.swapaxes(-2, -1)
    size = np.abs(s)
    top = size.max(-1, initial=0)
    keep = size > np.maximum(atol, rtol * top)[..., None]
    return (v * np.where(keep, 1 / np.where(keep, s, 1), 0)[..., None, :]) @ u.swapaxes(-2, -1)


def _pinv_vjp(g: Any, out: Any, a: Any, **_: Any) -> Any:
    # Golub and Pereyra, "The differentiation of pseudo-inverses and nonlinear least squares problems" (1973).
    p, pt = out, mT(out)
    gt = mT(g)
    one = gt - matmul(a, matmul(p, gt))
    two = gt - matmul(matmul(gt, p), a)
    return matmul(matmul(one, p), pt) + matmul(matmul(pt, p), two) - matmul(matmul(pt, g), pt)


pinv = custom("pinv", _pinv, _pinv_vjp, grad="LinalgPinvBackward0")

# --------------------------------------------------------------------------------------------------- exponential, norms

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
    return _first(_first(matrix_exp(block), n, -2), 2 * n, -1, n)


matrix_exp = custom("matrix_exp", _matrix_exp, _matrix_exp_vjp, grad="LinalgMatrixExpBackward0")


def _vector_norm(x: Any, *, ord: float, dim: Any, keepdim: bool) -> Any:
    where_ = {"axis": dim, "keepdims": keepdim}
    if ord == 2:
        return np.sqrt(np.add.reduce(x * x, **where_))
    size = np.abs(x)
    if ord == np.inf or ord == -np.inf:
        return (np.max if ord > 0 else np.min)(size, **where_)
    if ord == 0:
        return np.add.reduce((x != 0).astype(x.dtype), **where_)
    if ord == 1:
        return np.add.reduce(size, **where_)
    return np.add.reduce(size**ord, **where_) ** (1 / ord)


def _vector_norm_vjp(g: Any, out: Any, x: Any, *, ord: float, dim: Any, keepdim: bool) -> Any:
    """x / |x| for the length, and 0 where the length is 0."""
    if ord == 0:
        return zeros_like(x)
    g, out = spread(g, x, dim, keepdim), spread(out, x, dim, keepdim)
    if ord == 1:
        return g * sign(x)
    if ord == np.inf or ord == -np.inf:  # shared by all that reach it
        hit = abs_(x) == out
        ties = sum(cast(hit, dtype=np.dtype(getattr(x.dtype, "np", x.dtype))), dim=dim, keepdim=True)
        return where(hit, g / ties * sign(x), 0.0)
    zero = out == 0
    safe = where(zero, 1.0, out)
    if ord == 2:
        return where(zero, 0.0, g * (x / safe))
    at_zero = zero | (x == 0)
    return where(at_zero, 0.0, g * sign(x) * pow(where(at_zero, 1.0, abs_(x)) / safe, ord - 1))


vector_norm = custom("vector_norm", _vector_norm, _vector_norm_vjp, grad="LinalgVectorNormBackward0")
