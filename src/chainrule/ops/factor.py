"""Factorisations and their derivatives: Cholesky, QR, eigenvectors, singular values, the pseudoinverse."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.base.memory import columns, rows
from chainrule.core import leading
from chainrule.core.op import custom
from chainrule.ops import batches
from chainrule.ops.contract import matmul, mT
from chainrule.ops.linalg import (
    diagonal_mask,
    failed,
    on_diagonal,
    part,
    per_column,
    per_row,
    plus,
    solve_triangular,
    substitute,
)
from chainrule.ops.select import where
from chainrule.ops.views import cat, sum_to, tril, zeros_like


def bad_minor(a: Any) -> Any:
    """For each matrix the order of the first leading minor that is not positive-definite; 0 if all are."""
    flat = a.reshape(int(np.prod(a.shape[:-2])), *a.shape[-2:])
    return np.array([_bad_minor(x) for x in flat], np.int32).reshape(a.shape[:-2])[()]


def _bad_minor(a: Any) -> int:
    for k in range(1, len(a) + 1):
        try:
            np.linalg.cholesky(a[:k, :k])
        except np.linalg.LinAlgError:
            return k
    return 0


def _cholesky(a: Any, *, check: bool = True) -> Any:
    try:
        return columns(np.linalg.cholesky(a))
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
    return columns(np.where(failures, np.tril(a), np.linalg.cholesky(np.where(failures, eye, a))))


def _cholesky_vjp(g: Any, out: Any, _a: Any, *, check: bool = True) -> Any:
    # Murray, "Differentiation of the Cholesky decomposition" (2016).
    up = mT(out)
    p = matmul(up, g)
    half = (tril(p, diagonal=0) + tril(p, diagonal=-1)) * 0.5
    s = solve_triangular(up, half, upper=True, unitriangular=False)
    s = solve_triangular(up, mT(s), upper=True, unitriangular=False)
    return (s + mT(s)) * 0.5


cholesky = custom(
    "cholesky", _cholesky, _cholesky_vjp, grad="LinalgCholeskyExBackward0", orderly=False, batch=leading.same
)


def _cholesky_solve(b: Any, l: Any) -> Any:  # noqa: E741
    half = substitute(l, b, upper=False, unitriangular=False)
    return columns(substitute(l.swapaxes(-2, -1), half, upper=True, unitriangular=False))


def _cholesky_solve_vjp(g: Any, out: Any, _b: Any, l: Any) -> Any:  # noqa: E741
    # As in PyTorch, of X = (L L^T)^-1 B for a full L, though only its lower triangle is read.
    gb = cholesky_solve(g, l)
    both = matmul(gb, mT(out))
    gl = -matmul(both + mT(both), l)
    return sum_to(gb, shape=tuple(_b.shape)), sum_to(gl, shape=tuple(l.shape))


cholesky_solve = custom("cholesky_solve", _cholesky_solve, _cholesky_solve_vjp, orderly=False, batch=batches.solve)


def _qr(a: Any, *, mode: Any) -> Any:
    if mode == "r":
        return np.empty(0, a.dtype), columns(np.linalg.qr(a, "r"))
    q, r = np.linalg.qr(a, mode)
    return columns(q), columns(r)


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
        gx, gy = _qr_tall_vjp(gq, None, q, part(r, m, -1)), zeros_like(part(a, n, -1, m))
    else:
        gv = part(gr, n, -1, m)
        gq = plus(gq, matmul(part(a, n, -1, m), mT(gv)))
        gx, gy = _qr_tall_vjp(gq, part(gr, m, -1), q, part(r, m, -1)), matmul(q, gv)
    return cat(gx, gy, dim=len(a.shape) - 1)


def _qr_tall_vjp(gq: Any, gr: Any, q: Any, r: Any) -> Any:
    # Walter and Lehmann, "Algorithmic differentiation of linear algebra functions with application in optimum
    # experimental design" (2010).
    m = plus(None if gr is None else matmul(r, mT(gr)), None if gq is None else -matmul(mT(gq), q))
    y = plus(gq, matmul(q, tril(m, diagonal=0) + mT(tril(m, diagonal=-1))))
    return mT(solve_triangular(r, mT(y), upper=True, unitriangular=False))


qr = custom("qr", _qr, _qr_vjp, outputs=2, grad="LinalgQrBackward0", orderly=False, batch=leading.same)


def finite(name: str, f: Any, a: Any) -> Any:
    """f(a) for an iterative factorisation, refused where a is not finite: LAPACK itself may then never return."""
    bad = ~np.isfinite(a).all((-2, -1))
    why = "The algorithm failed to converge because the input matrix "
    if np.any(bad):
        raise failed(name, bad, why + "contained non-finite values.")
    try:
        return f(a)
    except np.linalg.LinAlgError:
        raise failed(name, bad, why + "is ill-conditioned.") from None


def _eigh(a: Any, *, uplo: Any) -> Any:
    half = np.tril(a) if uplo == "L" else np.triu(a)  # the other one is not read, whatever it holds
    w, v = finite("linalg.eigh", lambda x: np.linalg.eigh(x, uplo), half)
    return rows(w), columns(v)


def _eigh_vjp(g: Any, out: Any, _a: Any, *, uplo: str) -> Any:
    (gw, gv), (w, v) = g, out
    if gv is None:
        return matmul(v * per_column(gw), mT(v))
    eye = diagonal_mask(_a.shape[-1])
    turn = matmul(mT(v), gv)  # only its skew part counts, and that alone makes the gradient symmetric, as PyTorch's
    inner = where(eye, 0.0, (turn - mT(turn)) * 0.5 / where(eye, 1.0, per_column(w) - per_row(w)))
    return matmul(matmul(v, inner if gw is None else inner + on_diagonal(gw)), mT(v))


eigh = custom("eigh", _eigh, _eigh_vjp, outputs=2, grad="LinalgEighBackward0", orderly=False, batch=leading.same)


def _svd(a: Any, *, full_matrices: bool) -> Any:
    u, s, vh = finite("linalg.svd", lambda x: np.linalg.svd(x, full_matrices), a)
    return columns(u), rows(s), columns(vh)


def _svd_vjp(g: Any, out: Any, _a: Any, *, full_matrices: bool) -> Any:
    # Townsend, "Differentiating the singular value decomposition" (2016).
    (m, n), k = _a.shape[-2:], min(_a.shape[-2:])
    u, s, vh = part(out[0], k, -1), out[1], part(out[2], k, -2)
    gu, gs, gvh = None if g[0] is None else part(g[0], k, -1), g[1], None if g[2] is None else part(g[2], k, -2)
    core = None if gs is None else on_diagonal(gs)
    gap = where(diagonal_mask(k), 1.0, (per_column(s) - per_row(s)) * (per_column(s) + per_row(s)))
    if gu is not None:
        turn = matmul(mT(u), gu)
        core = plus(core, (turn - mT(turn)) / gap * per_column(s))
    if gvh is not None:
        turn = matmul(vh, mT(gvh))
        core = plus(core, per_row(s) * ((turn - mT(turn)) / gap))
    ga = None if core is None else matmul(matmul(u, core), vh)
    if gu is not None and m > k:
        scaled = gu / per_column(s)
        ga = ga + matmul(scaled - matmul(u, matmul(mT(u), scaled)), vh)
    if gvh is not None and n > k:
        scaled = gvh / per_row(s)
        ga = ga + matmul(u, scaled - matmul(matmul(scaled, mT(vh)), vh))
    return ga


svd = custom("svd", _svd, _svd_vjp, outputs=3, grad="LinalgSvdBackward0", orderly=False, batch=leading.same)


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
    return rows((v * np.where(keep, 1 / np.where(keep, s, 1), 0)[..., None, :]) @ u.swapaxes(-2, -1))


def _pinv_vjp(g: Any, out: Any, a: Any, **_: Any) -> Any:
    # Golub and Pereyra, "The differentiation of pseudo-inverses and nonlinear least squares problems" (1973).
    p, pt = out, mT(out)
    gt = mT(g)
    one = gt - matmul(a, matmul(p, gt))
    two = gt - matmul(matmul(gt, p), a)
    return matmul(matmul(one, p), pt) + matmul(matmul(pt, p), two) - matmul(matmul(pt, g), pt)


pinv = custom("pinv", _pinv, _pinv_vjp, grad="LinalgPinvBackward0", batch=leading.same)
