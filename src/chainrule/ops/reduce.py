"""Reductions, cumulative operations and the softmax family: many numbers become one, a running one, or shares of one.

`dim` is None (everything) or a tuple of indices from 0 for reductions, one index from 0 for the rest; the api floor
normalises it. A rule sets the gradient of a result beside the input (`beside`: a dimension of size 1 where one was
reduced) and lets broadcasting do the rest.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.base import wide
from chainrule.base.memory import rows
from chainrule.base.shapes import numel, reduced
from chainrule.core import leading
from chainrule.core.op import Op, custom, linear
from chainrule.ops import batches, mends
from chainrule.ops.elementwise import exp, log, sqrt, where
from chainrule.ops.views import cat, expand, flip, narrow, ones_like, reshape, select, stack

Dims = tuple[int, ...] | None


def beside(g: Any, x: Any, dim: Dims, keepdim: bool) -> Any:
    """The gradient (or value) of a reduction of x in a shape that broadcasts against x as it was reduced."""
    if dim is None or keepdim or not dim:
        return g
    return reshape(g, shape=reduced(tuple(x.shape), dim, True))


def spread(g: Any, x: Any, dim: Dims, keepdim: bool) -> Any:
    """The gradient of a reduction of x, repeated for every element that went into it."""
    return expand(beside(g, x, dim, keepdim), shape=tuple(x.shape))


def count(x: Any, dim: Dims) -> int:
    """How many elements go into each result of a reduction."""
    return numel(x.shape) if dim is None else numel(x.shape[i] for i in dim)


def _total_type(x: Any) -> Any:
    # Sums and products of integers and bools are counted in int64. (Those of formulas are object arrays.)
    return None if x.dtype.kind in "fcO" else np.int64


# ------------------------------------------------------------------------------------------------------ sums and means


def _sum(x: Any, *, dim: Dims, keepdim: Any) -> Any:
    # NumPy adds up the last dimension pairwise, but others one by one in x's own precision: long columns of float32
    # would lose digits, and stop growing at 2**24 ones.
    if dim and x.dtype.kind == "f" and x.ndim - 1 not in dim and count(x, dim) > 256 and x.dtype.itemsize < 8:
        return np.add.reduce(x, axis=dim, keepdims=keepdim, dtype=np.float64).astype(x.dtype, "C")
    got = np.add.reduce(x, axis=dim, keepdims=keepdim, dtype=_total_type(x))
    return rows(got) if dim else got


sum = linear(
    "sum", _sum, lambda g, x, *, dim, keepdim: spread(g, x, dim, keepdim),
    why="every term of a sum has slope 1", tex="\\sum %0", grad="SumBackward0", folds="total",
    wide=True, batch=leading.axes, complex=True,
)  # fmt: skip


def _mean(x: Any, *, dim: Dims, keepdim: bool) -> Any:
    n = count(x, dim)
    return _sum(x, dim=dim, keepdim=keepdim) / (n or math.nan)


mean = linear(
    "mean", _mean, lambda g, x, *, dim, keepdim: spread(g / count(x, dim), x, dim, keepdim),
    why="every term of a mean has slope 1/n", grad="MeanBackward0", folds="average",
    wide=True, batch=leading.axes, complex=True,
)  # fmt: skip

# -------------------------------------------------------------------------------------------------------------- spread


def _var(x: Any, *, dim: Dims, correction: float, keepdim: bool) -> Any:
    return _double_var(x, dim, correction, keepdim).astype(x.dtype)


def _std(x: Any, *, dim: Dims, correction: float, keepdim: bool) -> Any:
    return np.sqrt(_double_var(x, dim, correction, keepdim)).astype(x.dtype)


def _double_var(x: Any, dim: Dims, correction: float, keepdim: bool) -> Any:
    # In float64, as PyTorch: distances from a mean are small beside it. Freedom is an array: 0/0 is to be NaN.
    away = x.astype(np.float64)
    away -= _mean(away, dim=dim, keepdim=True)
    away *= away
    freedom = np.asarray(max(count(x, dim) - correction, 0), np.float64)
    return _sum(away, dim=dim, keepdim=keepdim) / freedom


def _var_vjp(g: Any, _out: Any, x: Any, *, dim: Dims, correction: float, keepdim: bool) -> Any:
    freedom = count(x, dim) - correction
    return beside(g, x, dim, keepdim) * (2 / freedom if freedom else math.inf) * (x - mean(x, dim=dim, keepdim=True))


def _std_vjp(g: Any, out: Any, x: Any, *, dim: Dims, correction: float, keepdim: bool) -> Any:
    flat = out == 0  # no spread, no direction: PyTorch calls the slope 0
    return _var_vjp(
        where(flat, 0.0, g / (2 * where(flat, 1.0, out))), out, x, dim=dim, correction=correction, keepdim=keepdim
    )


var = custom(
    "var", _var, _var_vjp, why="the slope of a variance is twice the distance from the mean, over n - 1",
    sympy=lambda x, *, dim, correction, keepdim: (
        sum((x - mean(x, dim=dim, keepdim=True)) * (x - mean(x, dim=dim, keepdim=True)), dim=dim, keepdim=keepdim)
        / (count(x, dim) - correction)
    ), batch=leading.axes,
)  # fmt: skip
std = custom(
    "std", _std, _std_vjp, sympy=lambda x, **over: sqrt(var(x, **over)), mend_slope=mends.slope_root, batch=leading.axes
)

# ------------------------------------------------------------------------------------------------------------ extremes


def _share(g: Any, out: Any, x: Any, *, dim: Dims, keepdim: bool) -> Any:
    # Elements that tie for the extreme share its gradient equally. What is not chosen is left out, as in forward mode
    # a 0 in its place would meet tangents that may be infinite. Of NaN all slopes are NaN.
    g, top = beside(g, x, dim, keepdim), beside(out, x, dim, keepdim)
    hit, number = x == top, top == top
    ties = sum(where(hit, ones_like(x), 0.0), dim=dim, keepdim=True)
    return where(hit, g, where(number, 0.0, g)) / where(number, ties, math.nan)


amax = custom(
    "amax",
    lambda x, *, dim, keepdim: rows(np.maximum.reduce(x, axis=dim, keepdims=keepdim)),
    _share,
    folds="largest",
    batch=leading.axes,
)
amin = custom(
    "amin",
    lambda x, *, dim, keepdim: rows(np.minimum.reduce(x, axis=dim, keepdims=keepdim)),
    _share,
    folds="smallest",
    batch=leading.axes,
)


def share_whole(g: Any, out: Any, x: Any) -> Any:
    """The rule of one element chosen from the whole of x by value: all elements of that value, NaN too, share g."""
    hit = (x == out) | ((x != x) & (out != out))
    return where(hit, g / sum(where(hit, ones_like(x), 0.0), dim=None, keepdim=False), 0.0)


max_ = custom(
    "max",
    lambda x: np.maximum.reduce(x, axis=None),
    share_whole,
    grad="MaxBackward1",
    folds="largest",
    batch=batches.whole("amax"),
)
min_ = custom(
    "min",
    lambda x: np.minimum.reduce(x, axis=None),
    share_whole,
    grad="MinBackward1",
    folds="smallest",
    batch=batches.whole("amin"),
)

# ----------------------------------------------------------------------------------------------------------- logsumexp


def _exp(x: Any) -> Any:
    return exp.many(x) if x.size > exp.long else np.exp(x)


def _logsumexp(x: Any, *, dim: Dims, keepdim: bool) -> Any:
    top = np.amax(x, axis=dim, keepdims=True, initial=-np.inf)
    top = np.where(np.isfinite(top), top, np.zeros_like(top))
    total = np.log(np.add.reduce(_exp(x - top), axis=dim, keepdims=True)) + top
    return rows((total if keepdim else np.squeeze(total, dim))[()])


def _logsumexp_vjp(g: Any, out: Any, x: Any, *, dim: Dims, keepdim: bool) -> Any:
    out = where(out == -math.inf, 0.0, out)  # of -inf alone no share is any: exp(-inf - 0), where -inf + inf is NaN
    return beside(g, x, dim, keepdim) * exp(x - beside(out, x, dim, keepdim))


logsumexp = custom(
    "logsumexp", _logsumexp, _logsumexp_vjp, types="float", why="the slope of log-sum-exp is softmax",
    sympy=lambda x, *, dim, keepdim: log(sum(exp(x), dim=dim, keepdim=keepdim)), mend=mends.overflow,
    batch=leading.axes,
)  # fmt: skip


def _softmax(x: Any, *, dim: int) -> Any:
    e = _exp(x - np.maximum.reduce(x, axis=dim, keepdims=True, initial=-np.inf))
    return rows(e / np.add.reduce(e, axis=dim, keepdims=True))


def _softmax_vjp(g: Any, out: Any, _x: Any, *, dim: int) -> Any:
    down = g * out
    return down - out * sum(down, dim=_axis(_x, dim), keepdim=True)


def _log_softmax(x: Any, *, dim: int) -> Any:
    x = x - np.maximum.reduce(x, axis=dim, keepdims=True, initial=-np.inf)
    return rows(x - np.log(np.add.reduce(_exp(x), axis=dim, keepdims=True)))


def _softmax_parts(x: Any, *, dim: int) -> Any:
    if not x.shape:
        return None
    e = exp(x - amax(x, dim=(dim,), keepdim=True))
    return e / sum(e, dim=(dim,), keepdim=True)


def _log_softmax_parts(x: Any, *, dim: int) -> Any:
    if not x.shape:
        return None
    x = x - amax(x, dim=(dim,), keepdim=True)
    return x - log(sum(exp(x), dim=(dim,), keepdim=True))


def _log_softmax_vjp(g: Any, out: Any, _x: Any, *, dim: int) -> Any:
    return g - exp(out) * sum(g, dim=_axis(_x, dim), keepdim=True)


def _axis(x: Any, dim: int) -> tuple[int, ...]:
    return (dim,) if len(x.shape) else ()


softmax = custom(
    "softmax", _softmax, _softmax_vjp, orderly=True,
    sympy=lambda x, *, dim: exp(x) / sum(exp(x), dim=_axis(x, dim), keepdim=True),
    matrix="rows", parts=_softmax_parts, batch=leading.axes,
)  # fmt: skip
log_softmax = custom(
    "log_softmax", _log_softmax, _log_softmax_vjp, orderly=True,
    sympy=lambda x, *, dim: x - log(sum(exp(x), dim=_axis(x, dim), keepdim=True)),
    tex="\\ln \\operatorname{softmax}(%0)", matrix="rows of logarithms", parts=_log_softmax_parts, batch=leading.axes,
)  # fmt: skip

# ---------------------------------------------------------------------------------------------------------- cumulative


def _reverse(x: Any, dim: int) -> Any:
    return flip(x, dims=(dim,))


def _running(accumulate: Any) -> Any:
    """A kernel that runs in float64 (integers in int64) and rounds each result, as PyTorch does."""

    def kernel(x: Any, *, dim: int) -> Any:
        if x.dtype.kind == "c":
            return accumulate(x, dim, dtype=np.complex128).astype(x.dtype, copy=False)
        if x.dtype.kind != "f":
            return rows(accumulate(x, dim, dtype=object if x.dtype.kind == "O" else np.int64))
        if x.dtype.itemsize == 8:
            return rows(accumulate(x, dim))
        double = x.astype(np.float64)
        accumulate(double, dim, out=double)  # not converted piece by piece on the way
        return rows(double.astype(x.dtype))

    return kernel


cumsum: Op = linear(
    "cumsum", _running(np.add.accumulate),
    lambda g, x, *, dim: _reverse(cumsum(_reverse(g, dim), dim=dim), dim), wide=True, batch=leading.axes, complex=True,
)  # fmt: skip


def _part(x: Any, dim: int, start: int, stop: int) -> Any:
    return narrow(x, dim=dim, start=start, stop=stop, step=1)


def _before(x: Any, dim: int) -> Any:
    """The product of all elements before each one."""
    one = ones_like(_part(x, dim, 0, 1))
    n = x.shape[dim]
    return cat(one, cumprod(_part(x, dim, 0, n - 1), dim=dim), dim=dim) if n > 1 else one


def _scan_back(g: Any, step: Any, dim: int) -> Any:
    """s[i] = g[i] + step[i] * s[i + 1], from the end: what later results owe to element i, in linear time.

    It never divides, so zeros in a product are no special case.
    """
    n = g.shape[dim]
    s = select(g, dim=dim, index=n - 1)
    found = [s]
    for i in range(n - 2, -1, -1):
        s = select(g, dim=dim, index=i) + select(step, dim=dim, index=i) * s
        found.append(s)
    return stack(*found[::-1], dim=dim)


def _cumprod_vjp(g: Any, _out: Any, x: Any, *, dim: int) -> Any:
    n = x.shape[dim]
    return _before(x, dim) * _scan_back(g, _part(x, dim, 1, n), dim) if numel(x.shape) else g


cumprod = custom("cumprod", _running(np.multiply.accumulate), _cumprod_vjp, batch=leading.axes)


def _logcumsumexp_vjp(g: Any, out: Any, x: Any, *, dim: int) -> Any:
    # The results only grow, so no exponent is positive and nothing overflows.
    n = x.shape[dim]
    if not numel(x.shape):
        return g
    early, late = _part(out, dim, 0, n - 1), _part(out, dim, 1, n)
    step = exp(where(early == late, 0.0, early - late))
    return exp(where(x == out, 0.0, x - out)) * _scan_back(g, step, dim)


logcumsumexp = custom(
    "logcumsumexp", lambda x, *, dim: rows(np.logaddexp.accumulate(x, dim)), _logcumsumexp_vjp, batch=leading.axes
)

# -------------------------------------------------------------------------------------------------------------- product


def _prod(x: Any, *, dim: Dims, keepdim: Any) -> Any:
    return rows(np.multiply.reduce(x, axis=dim, keepdims=keepdim, dtype=_total_type(x)))


def _prod_vjp(g: Any, _out: Any, x: Any, *, dim: Dims, keepdim: bool) -> Any:
    # The product of all other factors, exact where some are zero: those before it times those after it.
    shape = tuple(x.shape)
    if not numel(shape) or not shape:
        return spread(g, x, dim, keepdim)
    flat, d = (reshape(x, shape=(-1,)), 0) if dim is None else (x, dim[0])
    others = _before(flat, d) * _reverse(_before(_reverse(flat, d), d), d)
    return beside(g, x, dim, keepdim) * reshape(others, shape=shape)


prod = custom("prod", _prod, _prod_vjp, why="each factor's slope is the product of the others", batch=leading.axes)

# --------------------------------------------------------------------------------------- counting, without derivatives


def _truth(reduce: Any) -> Any:
    def kernel(x: Any, *, dim: Dims, keepdim: bool) -> Any:
        got = rows(reduce(x, axis=dim, keepdims=keepdim, dtype=np.bool_))
        return got.astype(np.uint8) if x.dtype == np.uint8 else got  # as PyTorch has it

    return kernel


any_ = custom("any", _truth(np.logical_or.reduce), batch=leading.axes)
all_ = custom("all", _truth(np.logical_and.reduce), batch=leading.axes)
argmax = custom("argmax", lambda x, *, dim, keepdim: wide.argmax(x, axis=dim, keepdims=keepdim), batch=batches.argmax)
argmin = custom("argmin", lambda x, *, dim, keepdim: wide.argmin(x, axis=dim, keepdims=keepdim), batch=batches.argmax)
count_nonzero = custom("count_nonzero", lambda x, *, dim: rows(wide.count_nonzero(x, axis=dim)), batch=leading.axes)
