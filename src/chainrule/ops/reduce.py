"""Reductions and cumulative operations. `dim` is None (all) or a tuple of indices from 0; the api normalises it."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.base.shapes import numel, reduced
from chainrule.core.op import custom, linear
from chainrule.ops.elementwise import exp, where
from chainrule.ops.views import cast, expand, flip, reshape


def spread(g: Any, x: Any, dim: tuple[int, ...] | None, keepdim: bool) -> Any:
    """g, the gradient of a reduction of x, set beside x: a 1 where each reduced dimension was, then expanded."""
    shape = tuple(x.shape)
    if dim is not None and not keepdim:
        g = reshape(g, shape=reduced(shape, dim, True))
    elif dim is None and not keepdim and len(g.shape) != len(shape):
        g = reshape(g, shape=(1,) * len(shape))
    return expand(g, shape=shape)


def _sum(x: Any, *, dim: Any, keepdim: bool) -> Any:
    return np.add.reduce(x, axis=dim, keepdims=keepdim) if x.dtype.kind in "fiu" and x.dtype.itemsize >= 8 else (
        np.add.reduce(x, axis=dim, keepdims=keepdim, dtype=x.dtype if x.dtype.kind == "f" else np.int64)
    )  # fmt: skip


sum = linear(
    "sum", _sum, lambda g, x, *, dim, keepdim: spread(g, x, dim, keepdim),
    why="every term of a sum has slope 1", tex="\\sum %0", grad="SumBackward0",
)  # fmt: skip


def count(x: Any, dim: tuple[int, ...] | None) -> int:
    """How many elements go into each result of a reduction."""
    return numel(x.shape) if dim is None else numel(x.shape[i] for i in dim)


def _mean(x: Any, *, dim: Any, keepdim: bool) -> Any:
    n = count(x, dim)
    return _sum(x, dim=dim, keepdim=keepdim) / n if n else np.add.reduce(x, axis=dim, keepdims=keepdim) * np.nan


mean = linear(
    "mean", _mean, lambda g, x, *, dim, keepdim: spread(g / count(x, dim), x, dim, keepdim),
    why="every term of a mean has slope 1/n", grad="MeanBackward0",
)  # fmt: skip


def _prod(x: Any, *, dim: Any, keepdim: bool) -> Any:
    return np.multiply.reduce(x, axis=dim, keepdims=keepdim, dtype=x.dtype if x.dtype.kind == "f" else np.int64)


def _prod_vjp(g: Any, out: Any, x: Any, *, dim: Any, keepdim: bool) -> Any:
    # The product of all other factors, exact where some are zero: products from the left times products from the right.
    flat = x if dim is not None else reshape(x, shape=(-1 if numel(x.shape) else 0,))
    d = dim[0] if dim is not None else 0
    if not len(flat.shape):
        return g
    others = _before(flat, d) * flip(_before(flip(flat, dims=(d,)), d), dims=(d,))
    return spread(g, x, dim, keepdim) * reshape(others, shape=tuple(x.shape))


def _before(x: Any, d: int) -> Any:
    from chainrule.ops.views import _zeros, cat, narrow, ones_like

    n = x.shape[d]
    if n == 0:
        return x
    first = ones_like(narrow(x, dim=d, start=0, stop=1, step=1))
    return cat(first, cumprod(narrow(x, dim=d, start=0, stop=n - 1, step=1), dim=d), dim=d) if n > 1 else first


prod = custom("prod", _prod, _prod_vjp, grad="ProdBackward0")


def _extreme_vjp(g: Any, out: Any, x: Any, *, dim: Any, keepdim: bool) -> Any:
    hit = x == spread(out, x, dim, keepdim)
    n = sum(cast(hit, dtype=np.dtype(getattr(x.dtype, "np", x.dtype))), dim=dim, keepdim=keepdim)
    return where(hit, spread(g / n, x, dim, keepdim), 0.0)


amax = custom("amax", lambda x, *, dim, keepdim: np.amax(x, axis=dim, keepdims=keepdim), _extreme_vjp)
amin = custom("amin", lambda x, *, dim, keepdim: np.amin(x, axis=dim, keepdims=keepdim), _extreme_vjp)


def _logsumexp(x: Any, *, dim: Any, keepdim: bool) -> Any:
    top = np.amax(x, axis=dim, keepdims=True, initial=-np.inf)
    top = np.where(np.isfinite(top), top, np.zeros_like(top))
    total = np.log(np.add.reduce(np.exp(x - top), axis=dim, keepdims=True)) + top
    return total if keepdim else np.squeeze(total, dim)


logsumexp = custom(
    "logsumexp", _logsumexp,
    lambda g, out, x, *, dim, keepdim: spread(g, x, dim, keepdim) * exp(x - spread(out, x, dim, keepdim)),
)  # fmt: skip


def _reverse(x: Any, dim: int) -> Any:
    return flip(x, dims=(dim,))


cumsum = linear(
    "cumsum", lambda x, *, dim: np.cumsum(x, dim, dtype=x.dtype if x.dtype.kind == "f" else np.int64),
    lambda g, x, *, dim: _reverse(cumsum(_reverse(g, dim), dim=dim), dim),
)  # fmt: skip


def _cumprod_vjp(g: Any, out: Any, x: Any, *, dim: int) -> Any:
    from chainrule.ops.views import cat, narrow, ones_like, stack

    n = x.shape[dim]
    if n == 0:
        return g
    # d out[k] / d x[i] = product of x[j], j <= k, j != i. Quadratic in the length, and exact with zeros among the x.
    columns = []
    for i in range(n):
        one = ones_like(narrow(x, dim=dim, start=i, stop=i + 1, step=1))
        parts = [narrow(x, dim=dim, start=0, stop=i, step=1), one, narrow(x, dim=dim, start=i + 1, stop=n, step=1)]
        without = cumprod(cat(*parts, dim=dim), dim=dim)
        tail = [narrow(a, dim=dim, start=i, stop=n, step=1) for a in (g, without)]
        columns.append(sum(tail[0] * tail[1], dim=(dim,), keepdim=False))
    return stack(*columns, dim=dim)


cumprod = custom(
    "cumprod", lambda x, *, dim: np.cumprod(x, dim, dtype=x.dtype if x.dtype.kind == "f" else np.int64), _cumprod_vjp
)


def _logcumsumexp(x: Any, *, dim: int) -> Any:
    return np.logaddexp.accumulate(x, dim)


def _logcumsumexp_vjp(g: Any, out: Any, x: Any, *, dim: int) -> Any:
    # sum over k >= i of g[k] exp(x[i] - out[k]), kept in range by taking the greatest out away.
    top = amax(out, dim=(dim,), keepdim=True)
    top = where(top == top, top, 0.0)
    return exp(x - top) * _reverse(cumsum(_reverse(g * exp(top - out), dim), dim=dim), dim)


logcumsumexp = custom("logcumsumexp", _logcumsumexp, _logcumsumexp_vjp)
any_ = custom("any", lambda x, *, dim, keepdim: np.any(x, axis=dim, keepdims=keepdim))
all_ = custom("all", lambda x, *, dim, keepdim: np.all(x, axis=dim, keepdims=keepdim))
argmax = custom("argmax", lambda x, *, dim, keepdim: np.argmax(x, axis=dim, keepdims=keepdim))
argmin = custom("argmin", lambda x, *, dim, keepdim: np.argmin(x, axis=dim, keepdims=keepdim))
count_nonzero = custom("count_nonzero", lambda x, *, dim: np.count_nonzero(x, axis=dim))
