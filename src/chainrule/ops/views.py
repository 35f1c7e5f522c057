"""Shapes and views: linear operations that move numbers without changing them.

Where NumPy gives a view, so does the op (`view=True`), with PyTorch's sharing of memory and versions.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.base.shapes import dim_index
from chainrule.core.op import custom, linear
from chainrule.core.tape import Meta

# ------------------------------------------------------------------------------------------------- what the engine needs


def _sum_to(x: Any, *, shape: tuple[int, ...]) -> Any:
    if x.shape == shape:
        return x
    lead = x.ndim - len(shape)
    dims = tuple(range(lead)) + tuple(i + lead for i, s in enumerate(shape) if s == 1 and x.shape[i + lead] != 1)
    return np.add.reduce(x, axis=dims).reshape(shape)[()]


sum_to = linear("sum_to", _sum_to, lambda g, x, *, shape: expand(g, shape=x.shape), grad="SumBackward1")
expand = linear(
    "expand", lambda x, *, shape: np.broadcast_to(x, shape), lambda g, x, *, shape: sum_to(g, shape=x.shape), view=True
)
cast = linear(
    "cast", lambda x, *, dtype: x.astype(dtype), lambda g, x, *, dtype: cast(g, dtype=x.dtype), grad="ToCopyBackward0"
)
clone = linear("clone", lambda x: x.copy(), lambda g, x: g)
alias = linear("alias", lambda x: x.view(), lambda g, x: g, view=True)
zeros_like = custom("zeros_like", lambda x: x.dtype.type(0) if not x.shape else np.zeros(x.shape, x.dtype))
ones_like = custom("ones_like", lambda x: x.dtype.type(1) if not x.shape else np.ones(x.shape, x.dtype))

# ------------------------------------------------------------------------------------------------------------ reshaping

reshape = linear(
    "reshape", lambda x, *, shape: x.reshape(shape), lambda g, x, *, shape: reshape(g, shape=x.shape),
    view=True, grad="ViewBackward0",
)  # fmt: skip


def _strict_view(x: Any, *, shape: tuple[int, ...]) -> Any:
    try:
        return x.reshape(shape, copy=False)
    except ValueError:
        raise RuntimeError(
            "view size is not compatible with input tensor's size and stride (at least one dimension spans across two "
            "contiguous subspaces). Use .reshape(...) instead."
        ) from None


view = linear(
    "view", _strict_view, lambda g, x, *, shape: reshape(g, shape=x.shape), view=True, grad="ViewBackward0"
)  # fmt: skip
permute = linear(
    "permute", lambda x, *, dims: np.transpose(x, dims),
    lambda g, x, *, dims: permute(g, dims=tuple(int(i) for i in np.argsort(dims))), view=True,
)  # fmt: skip
transpose = linear(
    "transpose", lambda x, *, dim0, dim1: x.swapaxes(dim0, dim1),
    lambda g, x, *, dim0, dim1: transpose(g, dim0=dim0, dim1=dim1), view=True,
)  # fmt: skip
t = linear("t", lambda x: x.T, lambda g, x: t(g), view=True, grad="TBackward0")
squeeze = linear(
    "squeeze", lambda x, *, dims: x.reshape(tuple(s for i, s in enumerate(x.shape) if i not in dims)),
    lambda g, x, *, dims: reshape(g, shape=x.shape), view=True,
)  # fmt: skip
unsqueeze = linear(
    "unsqueeze", lambda x, *, dim: np.expand_dims(x, dim), lambda g, x, *, dim: reshape(g, shape=x.shape), view=True
)
flip = linear("flip", lambda x, *, dims: np.flip(x, dims).copy(), lambda g, x, *, dims: flip(g, dims=dims))
roll = linear(
    "roll", lambda x, *, shifts, dims: np.roll(x, shifts, dims),
    lambda g, x, *, shifts, dims: roll(g, shifts=tuple(-s for s in shifts), dims=dims),
)  # fmt: skip
repeat = linear("repeat", lambda x, *, repeats: np.tile(x, repeats), lambda g, x, *, repeats: _unrepeat(g, x, repeats))


def _unrepeat(g: Any, x: Any, repeats: tuple[int, ...]) -> Any:
    shape = (1,) * (len(repeats) - len(x.shape)) + tuple(x.shape)
    split = [n for r, s in zip(repeats, shape) for n in (r, s)]
    return reshape(sum_to(reshape(g, shape=tuple(split)), shape=tuple(n for s in shape for n in (1, s))), shape=x.shape)


# ----------------------------------------------------------------------------------------------------- parts and wholes


def _scatter_into(x: Any, value: Any, *, path: tuple[Any, ...]) -> Any:
    whole = x.copy() if hasattr(x, "copy") else np.array(x)
    whole = np.asarray(whole)
    part = whole
    for op, attrs in path:
        part = op.kernel(part, **attrs)
    part[...] = value
    return whole


def _scatter_transpose(g: Any, x: Any, value: Any, *, path: tuple[Any, ...]) -> Any:
    part = g
    for op, attrs in path:
        part = op(part, **attrs)
    zeros = zeros_like(part)
    return view_scatter(g, zeros, path=path), part + zeros  # the sum copies: a view of g must not be handed on


view_scatter = linear("view_scatter", _scatter_into, _scatter_transpose, grad="CopySlices")


def _place(g: Any, x: Any, op: Any, attrs: dict[str, Any]) -> Any:
    return view_scatter(_zeros(g, x.shape), g, path=((op, attrs),))


def _zeros(g: Any, shape: tuple[int, ...]) -> Any:
    # Zeros of g's kind (array or tensor) in another shape.
    return expand(reshape(zeros_like(sum_to(g, shape=(1,) * len(g.shape))), shape=()), shape=tuple(shape))


narrow = linear(
    "narrow", lambda x, *, dim, start, stop, step: x[(slice(None),) * dim + (slice(start, stop, step),)],
    lambda g, x, **a: _place(g, x, narrow, a), view=True, grad="SliceBackward0",
)  # fmt: skip
select = linear(
    "select", lambda x, *, dim, index: x[(slice(None),) * dim + (index, ...)],
    lambda g, x, **a: _place(g, x, select, a), view=True,
)  # fmt: skip
diagonal = linear(
    "diagonal", lambda x, *, offset, dim1, dim2: _writable(np.diagonal(x, offset, dim1, dim2), x),
    lambda g, x, **a: _place(g, x, diagonal, a), view=True,
)  # fmt: skip


def _writable(part: Any, x: Any) -> Any:
    # np.diagonal gives a read-only view; PyTorch's may be written to.
    part.setflags(write=x.flags.writeable)
    return part


def _windows(x: Any, *, dim: int, size: int, step: int) -> Any:
    if not x.ndim:
        x = x.reshape(1)
    w = np.lib.stride_tricks.sliding_window_view(x, size, dim, writeable=x.flags.writeable)
    return w[(slice(None),) * dim + (slice(None, None, step),)]


def _windows_transpose(g: Any, x: Any, *, dim: int, size: int, step: int) -> Any:
    from chainrule.ops.select import index_add

    n = g.shape[dim]
    where = (np.arange(n)[:, None] * step + np.arange(size)).reshape(-1)
    d = dim_index(dim, len(x.shape))
    back = permute(g, dims=(*range(d + 1), len(g.shape) - 1, *range(d + 1, len(g.shape) - 1)))
    flat = reshape(back, shape=(*x.shape[:d], n * size, *x.shape[d + 1 :]))
    return index_add(_zeros(flat, tuple(x.shape)), flat, dim=d, index=where)


unfold = linear("unfold", _windows, _windows_transpose, view=True)


def _split_at(sizes: list[int]) -> list[int]:
    return [int(i) for i in np.cumsum([0, *sizes])]


cat = linear(
    "cat", lambda *xs, dim: np.concatenate(xs, dim),
    lambda g, *xs, dim: tuple(
        narrow(g, dim=dim, start=a, stop=b, step=1)
        for a, b in zip(_split_at([x.shape[dim] for x in xs]), _split_at([x.shape[dim] for x in xs])[1:])
    ),
)  # fmt: skip
stack = linear(
    "stack", lambda *xs, dim: np.stack(xs, dim),
    lambda g, *xs, dim: tuple(select(g, dim=dim, index=i) for i in range(len(xs))),
)  # fmt: skip


def _triangle(keep: Any) -> Any:
    return lambda g, x, *, diagonal: keep(g, diagonal=diagonal)


tril = linear("tril", lambda x, *, diagonal: np.tril(x, diagonal), lambda g, x, *, diagonal: tril(g, diagonal=diagonal))
triu = linear("triu", lambda x, *, diagonal: np.triu(x, diagonal), lambda g, x, *, diagonal: triu(g, diagonal=diagonal))
diag_embed = linear(
    "diag_embed", lambda x, *, offset, dim1, dim2: _embed(x, offset, dim1, dim2),
    lambda g, x, **a: diagonal(g, **a),
)  # fmt: skip


def _embed(x: Any, offset: int, dim1: int, dim2: int) -> Any:
    n = x.shape[-1] + abs(offset)
    out = np.zeros((*x.shape[:-1], n, n), x.dtype)
    np.diagonal(out, offset, -2, -1).setflags(write=True)
    i = np.arange(x.shape[-1])
    out[..., i + max(-offset, 0), i + max(offset, 0)] = x
    return np.moveaxis(out, (-2, -1), (dim1, dim2))


def shape_of(x: Any) -> Meta:
    """The shape and dtype of an array, for rules that only need those."""
    return Meta(x)
