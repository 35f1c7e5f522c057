"""Choosing elements: where, indexing, gather and scatter.

Index arguments are NumPy integer arrays in the attributes: no gradient flows to them.
"""

from __future__ import annotations

import functools
import operator
from typing import Any

import numpy as np

from chainrule.base import memory, wide
from chainrule.base.shapes import numel
from chainrule.core.op import custom, elementwise, linear
from chainrule.ops import batches, intervals
from chainrule.ops.views import _zeros, along, ones_like, reshape, sum_to, zeros_like

# --------------------------------------------------------------------------------------------------------------- places


def _flat(index: tuple[Any, ...], shape: tuple[int, ...]) -> Any:
    """Where in an array in order, written out as one line, an index of integer arrays leads."""
    parts, step = [], 1
    for i, n in zip(reversed(index), reversed(shape)):
        i = i.astype(np.int64, copy=False)  # what is narrow would overflow
        i = np.where(i < 0, i + n, i) if i.size and i.min() < 0 else i
        parts.append(i if step == 1 else i * step)
        step *= n
    return functools.reduce(operator.add, sorted(parts, key=np.size))  # what is large is added once


def accumulate(out: Any, index: Any, value: Any) -> None:
    """Add values to places of an array, of which some may be named more than once.

    NumPy adds along a line an order of magnitude faster than to an index of several arrays.
    """
    places = all(isinstance(i, np.ndarray) and i.dtype.kind in "iu" for i in index)
    if not index or not out.flags.c_contiguous or not places:
        return np.add.at(out, index, value)
    rest = out.shape[len(index) :]
    line = _flat(index, out.shape[: len(index)])
    value = np.broadcast_to(value, line.shape + rest).reshape(-1)
    if rest:
        line = line[..., None] * numel(rest) + np.arange(numel(rest))
    np.add.at(out.reshape(-1), line.reshape(-1).astype(np.intp, copy=False), value)


# ---------------------------------------------------------------------------------------------------------------- where


def _where(c: Any, x: Any, y: Any) -> Any:
    if type(c) is np.bool_ and not isinstance(x, np.ndarray) and not isinstance(y, np.ndarray):
        chosen, other = (x, y) if c else (y, x)
        if isinstance(chosen, np.generic) or not isinstance(other, np.generic):
            return chosen
        return other.dtype.type(chosen)
    got = np.where(c, x, y)
    return got if got.ndim else got[()]


_CHOICE: dict[str, Any] = {
    "times": (None, lambda g, c, x, y, out: where(c, g, 0.0), lambda g, c, x, y, out: where(c, 0.0, g)),
    "types": "where", "js": "%0?%1:%2", "sympy": "Piecewise((%1, %0), (%2, True))", "publish": False, "price": 1,
    "passes": True,
    "bounds": lambda c, x, y: intervals.hull(x, y), "matrix": "choice", "complex": True,
}  # fmt: skip
where = elementwise("where", _where, **_CHOICE)


def _seldom(c: Any, x: Any, y: Any) -> Any:
    rarely = getattr(c, "rarely", None)
    return _where(c, x, y) if rarely is None else rarely(x, y)


# The same of a condition that seldom holds: machine code guesses that it does not, and waits neither for it nor for x.
seldom = elementwise("seldom", _seldom, **_CHOICE)

# ------------------------------------------------------------------------------------------------------------- indexing
# Basic indexing (numbers, slices, None, ...) is a view, `getitem`; indexing by arrays is a copy, `index`.

getitem = linear(
    "getitem", lambda x, *, index: x[index], lambda g, x, *, index: place_at(g, shape=tuple(x.shape), index=index),
    view=True, grad="SliceBackward0", moves="part", at=lambda n, *, index: index, batch=batches.getitem, complex=True,
)  # fmt: skip


def _place_at(g: Any, *, shape: tuple[int, ...], index: Any) -> Any:
    whole = np.zeros(shape, g.dtype)
    whole[index] = g
    return whole


place_at = linear(
    "place_at",
    _place_at,
    lambda g, x, *, shape, index: getitem(g, index=index),
    moves="inset",
    at=lambda n, *, shape, index: index,
    batch=batches.place_at,
    complex=True,
)


def _pick(x: Any, *, index: Any) -> Any:
    return memory.rows(x[index])  # NumPy may lay the result out in another order


def _pick_back(g: Any, x: Any, *, index: Any) -> Any:
    repeats = len(index) > 1 or index[0].dtype.kind != "b"  # a mask alone picks nothing twice
    return index_put(_zeros(g, x.shape), g, index=index, add=repeats)


def _put(x: Any, value: Any, *, index: Any, add: bool = False) -> Any:
    out = memory.copied(np.asarray(x))
    while np.ndim(value) > 1 and value.shape[0] == 1:  # which NumPy minds beside a mask
        value = value[0]
    if add:
        accumulate(out, index, value)
    else:
        out[index] = value
    return out


def _put_transpose(g: Any, x: Any, value: Any, *, index: Any, add: bool = False) -> Any:
    part = pick(g, index=index)
    if add:
        return g, _sum_like(part, value)
    rest = index_put(g, zeros_like(part), index=index)
    if numel(part.shape) > 1 and any(getattr(i, "dtype", np.bool_) != np.bool_ for i in index):
        # of several values for one place the last stays
        turn = np.arange(numel(part.shape)).reshape(part.shape)
        last = index_put(np.zeros(x.shape, turn.dtype), turn, index=index)
        part = where(pick(last, index=index) == turn, part, 0.0)
    return rest, _sum_like(part, value)


def _sum_like(g: Any, value: Any) -> Any:
    shape = tuple(value.shape)
    extra = max(len(shape) - len(g.shape), 0)  # values may have leading ones that the place does not have
    return reshape(sum_to(g, shape=shape[extra:]), shape=shape)


pick = linear("index", _pick, _pick_back, moves="other", batch=batches.index, complex=True)
index_put = linear("index_put", _put, _put_transpose, matrix="one-hot", batch=batches.index_put, complex=True)


def steps(index: Any, dim: int) -> tuple[Any, ...]:
    """The index tuple that picks `index`'s elements along one dimension, the others running in step."""
    grid = list(np.ogrid[tuple(slice(n) for n in index.shape)])
    grid[dim] = index
    return tuple(grid)


def _gather(x: Any, *, dim: int, index: Any) -> Any:
    if not x.ndim or x.dtype.kind == "O" or not x.flags.c_contiguous:
        return memory.rows(x[steps(index, dim)] if x.ndim else x.reshape(1)[index])
    return wide.take(x.reshape(-1), _flat(steps(index, dim), x.shape))


gather = linear(
    "gather", _gather,
    lambda g, x, *, dim, index: scatter_add(_zeros(g, x.shape), g, dim=dim, index=index), moves="other",
    batch=batches.gather, complex=True,
)  # fmt: skip


def _scatter(x: Any, src: Any, *, dim: int, index: Any, add: bool) -> Any:
    out = np.array(x, order="C")
    if not out.ndim:
        flat = out.reshape(1)
        return (_scatter(flat, np.reshape(src, -1), dim=0, index=np.reshape(index, -1), add=add)).reshape(())
    part = src[tuple(slice(n) for n in index.shape)]
    if add:
        accumulate(out, steps(index, dim), part)
    else:
        out[steps(index, dim)] = part
    return out


def _pad_back(g: Any, src: Any) -> Any:
    # The gradient of src, which may be larger than the index: zero outside.
    if tuple(g.shape) == tuple(src.shape):
        return g
    return index_put(_zeros(g, src.shape), g, index=tuple(slice(n) for n in g.shape), add=False)


def _stays(x: Any, dim: int, index: Any) -> Any:
    """Which of the values that are scattered stay: of several for one place it is the last."""
    turn = np.arange(numel(index.shape)).reshape(index.shape)
    last = scatter(np.zeros(tuple(x.shape), turn.dtype), turn, dim=dim, index=index)
    return gather(last, dim=dim, index=index) == turn


scatter_add = linear(
    "scatter_add", lambda x, src, *, dim, index: _scatter(x, src, dim=dim, index=index, add=True),
    lambda g, x, src, *, dim, index: (g, _pad_back(gather(g, dim=dim, index=index), src)),
    wide=True, batch=batches.gather, complex=True,
)  # fmt: skip
scatter = linear(
    "scatter", lambda x, src, *, dim, index: _scatter(x, src, dim=dim, index=index, add=False),
    lambda g, x, src, *, dim, index: (
        scatter(g, _zeros(g, index.shape), dim=dim, index=index),
        _pad_back(where(_stays(x, dim, index), gather(g, dim=dim, index=index), 0.0), src)),
    batch=batches.gather,
)  # fmt: skip
index_select = linear(
    "index_select", lambda x, *, dim, index: wide.take(x, index, axis=dim) if x.ndim else np.array(x),
    lambda g, x, *, dim, index: index_add(_zeros(g, x.shape), g, dim=dim, index=index), moves="other",
    batch=batches.index_select, complex=True,
)  # fmt: skip


def _index_add(x: Any, src: Any, *, dim: int, index: Any) -> Any:
    out = np.array(x, order="C")
    line = out.reshape(1) if not out.ndim else out
    accumulate(line, (index,) if dim == 0 else along(dim, index, line.ndim), src)
    return out


index_add = linear(
    "index_add",
    _index_add,
    lambda g, x, src, *, dim, index: (g, index_select(g, dim=dim, index=index)),
    batch=batches.index_select,
    complex=True,
)

# ---------------------------------------------------------------------------------------------- what meets in a place

_MEET = {"prod": np.multiply, "amax": np.maximum, "amin": np.minimum}


def _reduce_at(x: Any, src: Any, *, index: Any, how: str) -> Any:
    out = np.array(x, order="C")
    _MEET[how].at(out, index, src)
    return out


def _reduce_at_back(g: Any, out: Any, x: Any, src: Any, *, index: Any, how: str) -> Any:
    if how != "prod":  # those that reached the extreme share the gradient evenly
        reached = src == pick(out, index=index)
        own = x == out
        ties = index_put(where(own, ones_like(x), 0.0), where(reached, ones_like(src), 0.0), index=index, add=True)
        share = g / ties
        return where(own, share, 0.0), where(reached, pick(share, index=index), 0.0)
    # The product of the others: by division, or where a zero stands in the way, by a product without it.
    own = where(x == 0, 1.0, x)
    zero = src == 0
    zeros = index_put(zeros_like(x), where(zero, ones_like(src), 0.0), index=index, add=True)
    single = zero & (pick(zeros, index=index) == 1)
    without = reduce_at(x, where(single, 1.0, src), index=index, how=how)
    mine = where(single, pick(g * without, index=index), pick(g * out, index=index) / where(zero, 1.0, src))
    return g * reduce_at(own, src, index=index, how=how) / own, mine


reduce_at = custom("scatter_reduce", _reduce_at, _reduce_at_back)
