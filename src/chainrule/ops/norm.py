"""The p-norm of vectors."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.base.memory import rows
from chainrule.core import leading
from chainrule.core.op import custom
from chainrule.ops import mends
from chainrule.ops.elementwise import abs_, direction, pow
from chainrule.ops.reduce import spread, sum
from chainrule.ops.select import where
from chainrule.ops.views import cast, zeros_like


def _length(x: Any, *, ord: float, dim: Any, keepdim: bool) -> Any:
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


def _vector_norm(x: Any, *, ord: float, dim: Any, keepdim: bool) -> Any:
    return rows(_length(x, ord=ord, dim=dim, keepdim=keepdim))


def _vector_norm_vjp(g: Any, out: Any, x: Any, *, ord: float, dim: Any, keepdim: bool) -> Any:
    """x / |x| for the length, and 0 where the length is 0."""
    if ord == 0:
        return zeros_like(x)
    g, out = spread(g, x, dim, keepdim), spread(out, x, dim, keepdim)
    if ord == 1:
        return g * direction(x)
    if ord == np.inf or ord == -np.inf:  # shared by all that reach it
        hit = abs_(x) == out
        ties = sum(cast(hit, dtype=np.dtype(getattr(x.dtype, "np", x.dtype))), dim=dim, keepdim=True)
        return where(hit, g / ties * direction(x), 0.0)
    zero = out == 0
    safe = where(zero, 1.0, out)
    if ord == 2:
        return where(zero, 0.0, g * (x / safe))
    at_zero = zero | (x == 0)
    return where(at_zero, 0.0, g * direction(x) * pow(where(at_zero, 1.0, abs_(x)) / safe, ord - 1))


vector_norm = custom(
    "vector_norm",
    _vector_norm,
    _vector_norm_vjp,
    grad="LinalgVectorNormBackward0",
    mend_slope=mends.slope_root,
    matrix="norm",
    batch=leading.axes,
)
