"""Convolution: one op for each of the three products in which a signal, a weight and a result meet.

`convolve` makes the result of signal and weight, `convolve_back` the signal of result and weight (it is the transposed
convolution), `convolve_weight` the weight of signal and result. Each is bilinear, and the other two are its transposes.

They compute with the samples last: a window's elements are then long runs of memory, so that columns of windows are
copied and added up at memory's speed, and all samples are one product of matrices.

Shapes: signal (N, groups * C, *inner), weight (groups * O, C, *size), result (N, groups * O, *places).
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from chainrule.core.leading import Rule, Samples
from chainrule.core.op import REGISTRY, Op, bilinear
from chainrule.ops.select import getitem
from chainrule.ops.windows import Ints, places


def _last(x: Any) -> Any:
    """An array in order, with its samples last."""
    return np.ascontiguousarray(x.reshape(x.shape[0], prod(x.shape[1:])).T).reshape(*x.shape[1:], x.shape[0])


def _first(x: Any) -> Any:
    """An array in order, with its samples first again."""
    return np.ascontiguousarray(x.reshape(prod(x.shape[:-1]), x.shape[-1]).T).reshape(x.shape[-1], *x.shape[:-1])


def _columns(x: Any, size: Ints, step: Ints, spread: Ints, groups: int) -> Any:
    """The windows of a signal whose samples are last: (groups, C * size, places * N)."""
    moves, out = x.strides[1:-1], tuple(map(places, x.shape[1:-1], size, step, spread))
    within, between = ([m * s for m, s in zip(moves, apart)] for apart in (spread, step))
    shape = (x.shape[0], *size, *out, x.shape[-1])
    seen = np.lib.stride_tricks.as_strided(x, shape, (x.strides[0], *within, *between, x.strides[-1]), writeable=False)
    return seen.reshape(groups, x.shape[0] // groups * prod(size), prod(out) * x.shape[-1])


def _grouped(x: Any, groups: int) -> Any:
    return x.reshape(groups, x.shape[0] // groups, prod(x.shape[1:]))


def _convolve(x: Any, w: Any, *, step: Ints, spread: Ints, groups: int) -> Any:
    size = w.shape[2:]
    seen = _columns(_last(x), size, step, spread, groups)
    made = np.matmul(_grouped(w, groups), seen)
    return _first(made.reshape(w.shape[0], *map(places, x.shape[2:], size, step, spread), x.shape[0]))


def _convolve_back(y: Any, w: Any, *, shape: Ints, step: Ints, spread: Ints, groups: int) -> Any:
    size, count, n = w.shape[2:], y.shape[2:], y.shape[0]
    parts = np.matmul(_grouped(w, groups).transpose(0, 2, 1), _grouped(_last(y), groups))
    parts = parts.reshape(groups * w.shape[1], *size, *count, n)
    x = np.zeros((groups * w.shape[1], *shape, n), parts.dtype)
    for at in np.ndindex(*size):
        start = [i * s for i, s in zip(at, spread)]
        x[:, *(slice(a, a + (c - 1) * s + 1, s) for a, c, s in zip(start, count, step))] += parts[:, *at]
    return _first(x)


def _convolve_weight(x: Any, y: Any, *, size: Ints, step: Ints, spread: Ints, groups: int) -> Any:
    seen = _columns(_last(x), size, step, spread, groups)
    made = np.matmul(_grouped(_last(y), groups), seen.transpose(0, 2, 1))
    return made.reshape(y.shape[1], x.shape[1] // groups, *size)


def _batch(*weights: int) -> Rule:
    """The batch rule of a product whose operands at these places, and result if there are none, are weights."""

    def rule(op: Op, of: Samples, attrs: dict[str, Any]) -> Any:
        n, reshape, transpose = of.n, REGISTRY["reshape"], REGISTRY["transpose"]
        a, b = of.args
        if weights and of.held(b) is None:  # samples of samples
            many = op(reshape(of.held(a), shape=(n * a.shape[0], *a.shape[1:])), b, **attrs)
            return reshape(many, shape=(n, a.shape[0], *many.shape[1:]))
        operands = []  # for each sample groups of its own, beside each other
        for i, x in enumerate(of):
            beside = x if i in weights else transpose(x, dim0=0, dim1=1)
            lead = (n * x.shape[1],) if i in weights else (x.shape[1], n * x.shape[2])
            operands.append(reshape(beside, shape=(*lead, *x.shape[1 + len(lead) :])))
        many = op(*operands, **{**attrs, "groups": n * attrs["groups"]})
        if not weights:
            return reshape(many, shape=(n, many.shape[0] // n, *many.shape[1:]))
        apart = reshape(many, shape=(many.shape[0], n, many.shape[1] // n, *many.shape[2:]))
        return transpose(apart, dim0=0, dim1=1)

    return rule


def _inner(x: Any) -> Ints:
    return tuple(x.shape[2:])


convolve = bilinear(
    "convolve", _convolve, grad="ConvolutionBackward0",
    left=lambda g, x, w, **how: convolve_back(g, w, shape=_inner(x), **how),
    right=lambda g, x, w, **how: convolve_weight(x, g, size=_inner(w), **how),
    why="each window times the weight, summed", objects=True, batch=_batch(1),
)  # fmt: skip


def _met(x: Any, y: Any, w: Any, step: Ints, spread: Ints) -> Any:
    """The part of a signal that the windows of y see: a transposed convolution may be asked for more than one more."""
    reach = [(n - 1) * s + t * (k - 1) + 1 for n, k, s, t in zip(_inner(y), _inner(w), step, spread)]
    return x if tuple(reach) == _inner(x) else getitem(x, index=(..., *map(slice, reach)))


convolve_back: Any = bilinear(
    "convolve_back", _convolve_back, grad="ConvolutionBackward0",
    left=lambda g, y, w, shape, step, spread, groups: convolve(
        _met(g, y, w, step, spread), w, step=step, spread=spread, groups=groups),
    right=lambda g, y, w, shape, step, spread, groups: convolve_weight(
        _met(g, y, w, step, spread), y, size=_inner(w), step=step, spread=spread, groups=groups),
    why="each element times the weight, added up where windows overlap", objects=True, batch=_batch(1),
)  # fmt: skip
convolve_weight: Any = bilinear(
    "convolve_weight", _convolve_weight, grad="ConvolutionBackward0",
    left=lambda g, x, y, size, **how: convolve_back(y, g, shape=_inner(x), **how),
    right=lambda g, x, y, size, **how: convolve(x, g, **how),
    why="what the weight was multiplied by, times the gradient of the result", objects=True, batch=_batch(),
)  # fmt: skip
