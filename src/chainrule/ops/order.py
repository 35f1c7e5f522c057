"""Choosing by order: sorting, the k-th element, medians, modes, running extremes.

Each is found in two steps. An op without a derivative says *where* the chosen elements are; `take_at` fetches them from
there, which is linear. So everything here differentiates by one rule: a gradient goes back to the place it came from.
NaN counts as greater than any number, and of equal elements the earlier comes first.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.base import memory, wide
from chainrule.core import leading
from chainrule.core.op import Op, custom, linear
from chainrule.ops import batches
from chainrule.ops.reduce import share_whole
from chainrule.ops.select import accumulate

# ------------------------------------------------------------------------------------------------------------- fetching


def _places(index: Any, dim: int) -> tuple[Any, ...]:
    """What to index an array with for its elements at `index` along `dim`, the other dimensions running in step."""
    lead = index.ndim - 1
    return tuple(
        index if i == dim else np.arange(n).reshape((1,) * i + (n,) + (1,) * (lead - i))
        for i, n in enumerate(index.shape)
    )


def _take_at(x: Any, *, dim: int, index: Any, keepdim: bool = True, once: bool = True) -> Any:
    got = x[_places(index, dim)]
    got = memory.rows(got) if index.flags.c_contiguous else got
    return got if keepdim or not index.ndim else got.reshape(got.shape[:dim] + got.shape[dim + 1 :])[()]


def _put_at(x: Any, *, shape: tuple[int, ...], dim: int, index: Any, keepdim: bool = True, once: bool = True) -> Any:
    out, x = np.zeros(shape, x.dtype), x.reshape(index.shape)
    if once:
        out[_places(index, dim)] = x
    else:
        accumulate(out, _places(index, dim), x)
    return out[()]


# index: where along `dim`, an integer array; once: no element is taken twice; without keepdim, index is 1 long in `dim`
take_at: Op = linear(
    "take_at",
    _take_at,
    lambda g, x, **at: put_at(g, shape=tuple(x.shape), **at),
    moves="other",
    batch=batches.gather,
)
put_at: Op = linear("put_at", _put_at, lambda g, x, *, shape, **at: take_at(g, **at), batch=batches.gather)

# -------------------------------------------------------------------------------------------------------------- finding


def _argsort(x: Any, *, dim: int, descending: bool = False) -> Any:
    if not x.ndim:
        return np.int64(0)
    if not descending:
        return _laid_as(x, wide.argsort(x, dim, kind="stable"))
    back = wide.argsort(np.flip(x, dim), dim, kind="stable")  # turned round twice, so that ties stay in order
    return _laid_as(x, x.shape[dim] - 1 - np.flip(back, dim))


def _laid_as(x: Any, order: Any) -> Any:
    if x.flags.c_contiguous:
        return memory.rows(order)
    out = memory.like(x, np.int64)
    out[...] = order
    return out


def _at(order: Any, place: Any, dim: int) -> Any:
    # One position of an order, the dimension kept; `place` may differ from line to line.
    return np.take_along_axis(order, place, dim) if isinstance(place, np.ndarray) else wide.take(order, [place], dim)


def _argtop(x: Any, *, dim: int, k: int, largest: bool) -> Any:
    order = _argsort(x, dim=dim, descending=largest)
    return memory.rows(order[(slice(None),) * dim + (slice(k),)]) if x.ndim else order


def _argkth(x: Any, *, dim: int, k: int) -> Any:
    return _at(_argsort(x, dim=dim), k - 1, dim) if x.ndim else np.int64(0)


def _argmedian(x: Any, *, dim: int, skip_nan: bool) -> Any:
    # The lower of two middle ones. A NaN is the median of all, unless they are skipped.
    if not x.ndim:
        return np.int64(0)
    n = x.shape[dim]
    numbers = n - np.add.reduce(np.isnan(x), axis=dim, keepdims=True, dtype=np.int64)
    middle = np.maximum((numbers - 1) // 2, 0)
    return memory.rows(_at(_argsort(x, dim=dim), middle if skip_nan else np.where(numbers < n, numbers, middle), dim))


def _argmode(x: Any, *, dim: int) -> Any:
    # The end of the first of the longest runs in the sorted elements: the last place of the least of the commonest.
    if not x.ndim:
        return np.int64(0)
    order = np.moveaxis(_argsort(x, dim=dim), dim, -1)
    line = np.take_along_axis(np.moveaxis(x, dim, -1), order, -1)
    place = np.arange(line.shape[-1])
    starts = np.concatenate([np.ones_like(line[..., :1], bool), line[..., 1:] != line[..., :-1]], -1)
    length = place - np.maximum.accumulate(np.where(starts, place, 0), -1)
    return np.moveaxis(np.take_along_axis(order, wide.argmax(length, -1, keepdims=True), -1), -1, dim)


def _argcum(accumulate: Any) -> Any:
    def kernel(x: Any, *, dim: int) -> Any:
        if not x.ndim or not x.size:
            return np.zeros(x.shape, np.int64)[()]
        here = (x == accumulate(x, dim)) | (x != x)
        place = np.arange(x.shape[dim], dtype=np.int64).reshape((-1,) + (1,) * (x.ndim - dim - 1))
        return memory.rows(np.maximum.accumulate(np.where(here, place, 0), dim))

    return kernel


argsort = custom("argsort", _argsort, batch=leading.axes)
argtop = custom("argtop", _argtop, orderly=False, batch=leading.axes)
argkth = custom("argkth", _argkth, batch=leading.axes)
argmedian = custom("argmedian", _argmedian, batch=leading.axes)
argmode = custom("argmode", _argmode, batch=leading.axes)
argcummax = custom("argcummax", _argcum(np.maximum.accumulate), batch=leading.axes)
argcummin = custom("argcummin", _argcum(np.minimum.accumulate), batch=leading.axes)

# ------------------------------------------------------------------------------------------------ medians of everything


def _median(x: Any, *, skip_nan: bool) -> Any:
    line = np.reshape(x, -1)
    numbers = line.size - int(wide.count_nonzero(np.isnan(line)))
    if numbers and (skip_nan or numbers == line.size):
        return np.partition(line, (numbers - 1) // 2)[(numbers - 1) // 2]  # NaN stand last
    if x.dtype.kind != "f":
        raise RuntimeError(f"median() of no elements is NaN, which {x.dtype} cannot hold: convert with .float() first")
    return x.dtype.type(np.nan)


median = custom(
    "median", lambda x: _median(x, skip_nan=False), share_whole, sympy=lambda x: x.ranked((x.size - 1) // 2)
)
nanmedian = custom("nanmedian", lambda x: _median(x, skip_nan=True), share_whole)
