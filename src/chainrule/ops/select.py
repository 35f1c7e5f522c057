"""Choosing elements: where, indexing, gather and scatter, sorting.

Index arguments are NumPy integer arrays in the attributes: no gradient flows to them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.core.op import custom, elementwise, linear
from chainrule.ops.views import _zeros, reshape, zeros_like

# ---------------------------------------------------------------------------------------------------------------- where


def _where(c: Any, x: Any, y: Any) -> Any:
    if type(c) is np.bool_:
        chosen = x if c else y
        other = y if c else x
        if isinstance(chosen, np.generic):
            return chosen
        if isinstance(other, np.generic) and not isinstance(chosen, np.ndarray):
            return other.dtype.type(chosen)
    return np.where(c, x, y)[()]


def _masked_fill(x: Any, mask: Any, value: Any) -> Any:
    return np.where(mask, np.asarray(value, x.dtype), x)


where = elementwise(
    "where", _where,
    times=(None, lambda g, c, x, y, out: where(c, g, 0.0), lambda g, c, x, y, out: where(c, 0.0, g)), types="where",
)  # fmt: skip

# ------------------------------------------------------------------------------------------------------------- indexing


def _put(x: Any, value: Any, *, index: Any, add: bool = False) -> Any:
    out = np.array(x)
    if add:
        np.add.at(out, index, value)
    else:
        out[index] = value
    return out


def _sum_like(g: Any, value: Any) -> Any:
    from chainrule.ops.views import sum_to

    extra = len(value.shape) - len(g.shape)  # values may have leading ones that the place does not have
    shape = tuple(value.shape)
    return reshape(sum_to(g, shape=shape[extra:]) if extra > 0 else sum_to(g, shape=shape), shape=shape)


getitem = linear(
    "getitem", lambda x, *, index: x[index], lambda g, x, *, index: _getitem_back(g, x, index), view=True,
    grad="IndexBackward0",
)  # fmt: skip


def _getitem_back(g: Any, x: Any, index: Any) -> Any:
    return index_put(_zeros(g, x.shape), g, index=index, add=True)


def _put_transpose(g: Any, x: Any, value: Any, *, index: Any, add: bool = False) -> Any:
    part = getitem(g, index=index)
    rest = g if add else index_put(g, zeros_like(part), index=index, add=False)
    return rest, _sum_like(part, value)


index_put = linear("index_put", _put, _put_transpose, grad="IndexPutBackward0")


def _along(index: Any, dim: int) -> Any:
    """The index tuple that picks `index`'s elements along one dimension, the others running in step."""
    grid = list(np.ogrid[tuple(slice(n) for n in index.shape)])
    grid[dim] = index
    return tuple(grid)


gather = linear(
    "gather", lambda x, *, dim, index: x[_along(index, dim)] if x.ndim else x.reshape(1)[index],
    lambda g, x, *, dim, index: scatter_add(_zeros(g, x.shape), g, dim=dim, index=index),
)  # fmt: skip


def _scatter(x: Any, src: Any, *, dim: int, index: Any, add: bool) -> Any:
    out = np.array(x)
    if not out.ndim:
        flat = out.reshape(1)
        return (_scatter(flat, np.reshape(src, -1), dim=0, index=np.reshape(index, -1), add=add)).reshape(())
    part = src[tuple(slice(n) for n in index.shape)]
    if add:
        np.add.at(out, _along(index, dim), part)
    else:
        out[_along(index, dim)] = part
    return out


def _pad_back(g: Any, src: Any) -> Any:
    # The gradient of src, which may be larger than the index: zero outside.
    if tuple(g.shape) == tuple(src.shape):
        return g
    return index_put(_zeros(g, src.shape), g, index=tuple(slice(n) for n in g.shape), add=False)


scatter_add = linear(
    "scatter_add", lambda x, src, *, dim, index: _scatter(x, src, dim=dim, index=index, add=True),
    lambda g, x, src, *, dim, index: (g, _pad_back(gather(g, dim=dim, index=index), src)),
)  # fmt: skip
scatter = linear(
    "scatter", lambda x, src, *, dim, index: _scatter(x, src, dim=dim, index=index, add=False),
    lambda g, x, src, *, dim, index: (
        scatter(g, _zeros(g, index.shape), dim=dim, index=index), _pad_back(gather(g, dim=dim, index=index), src)),
)  # fmt: skip
index_select = linear(
    "index_select", lambda x, *, dim, index: np.take(x, index, axis=dim if x.ndim else None),
    lambda g, x, *, dim, index: index_add(_zeros(g, x.shape), g, dim=dim, index=index),
)  # fmt: skip


def _index_add(x: Any, src: Any, *, dim: int, index: Any) -> Any:
    out = np.array(x)
    np.add.at(out, (slice(None),) * dim + (index,) if out.ndim else index.reshape(-1)[:0].tolist() or (...,), src)
    return out


index_add = linear(
    "index_add", _index_add, lambda g, x, src, *, dim, index: (g, index_select(g, dim=dim, index=index))
)

# -------------------------------------------------------------------------------------------------------------- sorting


def _order(x: Any, dim: int, descending: bool) -> Any:
    # Stable in both directions, NaN greatest, as PyTorch sorts.
    if not descending:
        return np.argsort(x, dim, kind="stable")
    back = np.argsort(np.flip(x, dim), dim, kind="stable")
    return x.shape[dim] - 1 - np.flip(back, dim)


def _sort(x: Any, *, dim: int, descending: bool) -> Any:
    if not x.ndim:
        return x, np.int64(0)
    order = _order(x, dim, descending)
    return np.take_along_axis(x, order, dim), order


def _by_index(g: Any, out: Any, _x: Any, *, dim: int, **_: Any) -> Any:
    index = out[1]._a if hasattr(out[1], "_a") else out[1]
    return scatter_add(_zeros(g[0], _x.shape), g[0], dim=dim, index=np.asarray(index))


sort = custom("sort", _sort, _by_index, outputs=2)


def _topk(x: Any, *, dim: int, k: int, largest: bool) -> Any:
    if not x.ndim:
        return x, np.int64(0)
    order = np.take(_order(x, dim, largest), np.arange(k), dim)
    return np.take_along_axis(x, order, dim), order


topk = custom("topk", _topk, _by_index, outputs=2)
