"""Shapes and views: linear operations that move numbers without changing them.

Where NumPy gives a view, so does the op (`view=True`), with PyTorch's sharing of memory and versions.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from chainrule.base import memory, wide
from chainrule.base.dtypes import F16, F32
from chainrule.base.shapes import dim_index, numel
from chainrule.core import leading
from chainrule.core.op import REGISTRY, custom, linear
from chainrule.ops import batches, intervals

# ------------------------------------------------------------------------------------------------ what the engine needs


def _sum_to(x: Any, *, shape: tuple[int, ...]) -> Any:
    if x.shape == shape:
        return x
    lead = x.ndim - len(shape)
    dims = tuple(range(lead)) + tuple(i + lead for i, s in enumerate(shape) if s == 1 and x.shape[i + lead] != 1)
    if x.dtype is F16:
        return np.add.reduce(x, axis=dims, dtype=F32).reshape(shape).astype(F16)[()]
    counted = None if x.dtype.kind in "fcO" else np.int64
    # kept, as of objects it would be no array
    return np.add.reduce(x, axis=dims, keepdims=True, dtype=counted).reshape(shape)[()]


sum_to = linear(
    "sum_to",
    _sum_to,
    lambda g, x, *, shape: expand(g, shape=x.shape),
    grad="SumBackward1",
    folds="total",
    objects=True,
    wide=True,
    batch=batches.sum_to,
    complex=True,
)


def _expand(x: Any, *, shape: tuple[int, ...]) -> Any:
    wide = np.broadcast_to(x, shape)  # read-only, for elements may repeat; where none does, it can be written to
    return x.reshape(shape) if wide.size == x.size else wide


expand = linear(
    "expand",
    _expand,
    lambda g, x, *, shape: sum_to(g, shape=x.shape),
    view=True,
    moves="spread",
    orderly=False,
    batch=batches.expand,
    complex=True,
)


def _cast(x: Any, *, dtype: Any) -> Any:
    if type(x) is float:  # a number of a trace, such as a learning rate
        x = np.float64(x)
    have, want = x.dtype.kind, np.dtype(dtype).kind
    if have == "f" and want == "u":  # C leaves open what -1.0 is then; for PyTorch it is 255
        x = x.astype(np.int64)
    elif have == "c" and want in "iuf":
        raise RuntimeError(f"a complex number is no {dtype}: take .real, .imag or .abs() of the tensor")
    return x.astype(dtype) if x.ndim < 2 or 0 not in x.strides else memory.copied(x).astype(dtype)


def _uncast(g: Any, x: Any, *, dtype: Any) -> Any:
    real = np.dtype(dtype).kind == "c" and getattr(x.dtype, "np", x.dtype).kind != "c"
    return cast(REGISTRY["real"](g) if real else g, dtype=x.dtype)


cast = linear(
    "cast",
    _cast,
    _uncast,
    grad="ToCopyBackward0",
    moves="each",
    price=1,
    bounds=lambda x: x,
    batch=leading.same,
    complex=True,
)
clone = linear(
    "clone",  # by rows
    lambda x: x.copy(),
    lambda g, x: g,
    moves="each",
    orderly=True,
    price=1,
    bounds=lambda x: x,
    parts=lambda x: x,
    batch=leading.same,
    complex=True,
)
alias = linear(
    "alias",
    lambda x: x.view(),
    lambda g, x: g,
    view=True,
    moves="each",
    price=1,
    bounds=lambda x: x,
    batch=leading.same,
    complex=True,
)
duplicate = linear(
    "duplicate", memory.copied, lambda g, x: g, moves="each", grad="CloneBackward0", publish=False, price=1,
    bounds=lambda x: x, parts=lambda x: x, batch=leading.same,
)  # fmt: skip # a clone that lies as x does
fill = linear(
    "fill",
    lambda x, value: np.full_like(x, value),
    lambda g, x, value: (zeros_like(g), sum_to(g, shape=())),
    batch=batches.fill,
    complex=True,
)
overwrite = linear(
    "overwrite", lambda x, src: np.broadcast_to(np.asarray(src).astype(x.dtype), x.shape),
    lambda g, x, src: (zeros_like(g), cast(sum_to(g, shape=src.shape), dtype=src.dtype)), grad="CopyBackwards",
    orderly=False, batch=batches.overwrite, complex=True,
)  # fmt: skip
zeros_like = custom(
    "zeros_like",
    lambda x: x.dtype.type(0) if not x.shape else np.zeros(x.shape, x.dtype),
    moves="like",
    price=1,
    bounds=intervals.between(0, 0),
    batch=leading.same,
    complex=True,
)
ones_like = custom(
    "ones_like",
    lambda x: x.dtype.type(1) if not x.shape else np.ones(x.shape, x.dtype),
    moves="like",
    price=1,
    bounds=intervals.between(1, 1),
    batch=leading.same,
    complex=True,
)

# ------------------------------------------------------------------------------------------------------------ reshaping

reshape = linear(
    "reshape", lambda x, *, shape: x.reshape(shape), lambda g, x, *, shape: reshape(g, shape=x.shape),
    view=True, grad="ViewBackward0", moves="regroup", batch=leading.shaped, complex=True,
)  # fmt: skip


def _swapped(n: int, *, dim0: int, dim1: int) -> list[int]:
    dims = list(range(n))
    dims[dim0], dims[dim1] = dims[dim1], dims[dim0]
    return dims


permute = linear(
    "permute", lambda x, *, dims: np.transpose(x, dims),
    lambda g, x, *, dims: permute(g, dims=tuple(int(i) for i in wide.argsort(dims))), view=True,
    moves="axes", at=lambda n, *, dims: dims, orderly=False, batch=batches.permute, complex=True,
)  # fmt: skip
transpose = linear(
    "transpose", lambda x, *, dim0, dim1: x.swapaxes(dim0, dim1),
    lambda g, x, *, dim0, dim1: transpose(g, dim0=dim0, dim1=dim1), view=True,
    moves="axes", at=_swapped, orderly=False, batch=leading.axes, complex=True,
)  # fmt: skip
t = linear(
    "t",
    lambda x: x.T,
    lambda g, x: t(g),
    view=True,
    grad="TBackward0",
    moves="axes",
    at=lambda n: range(n)[::-1],
    orderly=False,
    batch=batches.t,
    complex=True,
)
squeeze = linear(
    "squeeze", lambda x, *, dims: x.reshape(tuple(s for i, s in enumerate(x.shape) if i not in dims)),
    lambda g, x, *, dims: reshape(g, shape=x.shape), view=True, moves="regroup", batch=leading.axes, complex=True,
)  # fmt: skip
unsqueeze = linear(
    "unsqueeze",
    lambda x, *, dim: np.expand_dims(x, dim),
    lambda g, x, *, dim: reshape(g, shape=x.shape),
    view=True,
    moves="regroup",
    batch=leading.new_axis,
    complex=True,
)


def _flip(x: Any, *, dims: tuple[int, ...]) -> Any:
    out = memory.like(x)
    out[...] = np.flip(x, dims)
    return out[()]


flip = linear(
    "flip",
    _flip,
    lambda g, x, *, dims: flip(g, dims=dims),
    moves="part",
    at=lambda n, *, dims: tuple(slice(None, None, -1 if i in dims else None) for i in range(n)),
    orderly=False,
    batch=leading.axes,
    complex=True,
)
roll = linear(
    "roll", lambda x, *, shifts, dims: memory.joined(np.roll(x, shifts, dims)),
    lambda g, x, *, shifts, dims: roll(g, shifts=tuple(-s for s in shifts), dims=dims), moves="other",
    batch=batches.roll, complex=True,
)  # fmt: skip
repeat = linear(
    "repeat",
    lambda x, *, repeats: memory.rows(np.tile(x, repeats)),
    lambda g, x, *, repeats: _unrepeat(g, x, repeats),
    moves="other",
    batch=batches.repeat,
    complex=True,
)


def _unrepeat(g: Any, x: Any, repeats: tuple[int, ...]) -> Any:
    shape = (1,) * (len(repeats) - len(x.shape)) + tuple(x.shape)
    split = [n for r, s in zip(repeats, shape) for n in (r, s)]
    return reshape(sum_to(reshape(g, shape=tuple(split)), shape=tuple(n for s in shape for n in (1, s))), shape=x.shape)


# ----------------------------------------------------------------------------------------------------- parts and wholes

Path = tuple[tuple[Any, dict[str, Any]], ...]  # view ops with their attributes, that lead from a whole to a part


def _follow(x: Any, path: Path) -> Any:
    for op, attrs in path:
        x = op(x, **attrs)
    return x


def _write(whole: Any, value: Any, path: Path) -> Any:
    """Write into the part of an array that a path of views leads to."""
    part = _follow(whole, path)
    if np.may_share_memory(part, whole):
        if not part.flags.writeable:  # one that is expanded is filled, or a place in it is set
            part.setflags(write=True)
        part[...] = value
    else:  # a reshape on the way had to copy, so ask where the elements came from
        at = _follow(np.arange(whole.size).reshape(whole.shape), path)
        whole.flat[at.reshape(-1)] = np.broadcast_to(value, at.shape).reshape(-1)
    return whole


def _scatter_into(x: Any, value: Any, *, path: Path) -> Any:
    return _write(memory.copied(np.asarray(x)), value, path)


def _scatter_transpose(g: Any, x: Any, value: Any, *, path: Path) -> Any:
    part = _follow(g, path)
    zeros = zeros_like(part)
    return view_scatter(g, zeros, path=path), part + zeros  # the sum copies: a view of g must not be handed on


def _place(g: Any, *, shape: tuple[int, ...], path: Path) -> Any:
    return _write(np.zeros(shape, g.dtype), g, path)


def _place_index(n: int, *, shape: tuple[int, ...], path: Path) -> Any:
    first = path[0][0].columns if len(path) == 1 else {}
    return first["at"](n, **path[0][1]) if first.get("moves") == "part" else None


view_scatter = linear("view_scatter", _scatter_into, _scatter_transpose, grad="CopySlices", moves="other", complex=True)
zeros_of = custom(
    "zeros_of",
    lambda g, *, shape: np.zeros(shape, g.dtype),
    moves="other",
    matrix="zeros",
    batch=leading.shaped,
    complex=True,
)  # of g's kind, in another shape
place = linear(
    "place",
    _place,
    lambda g, x, *, shape, path: _follow(g, path),
    moves="inset",
    at=_place_index,
    batch=batches.place,
    complex=True,
)  # a part in a whole of zeros


def _zeros(g: Any, shape: tuple[int, ...]) -> Any:
    return zeros_of(g, shape=tuple(shape))


def back_to(name: str) -> Any:
    """The transpose of a view that repeats no element: the gradient in its place, zeros elsewhere."""
    return lambda g, x, **attrs: place(g, shape=tuple(x.shape), path=((REGISTRY[name], attrs),))


def along(dim: int, i: Any, ndim: int) -> tuple[Any, ...]:
    """The index that says `i` in one dimension and all in the others; it ends in `...`, so that 0-d is a view too."""
    return (*(slice(None),) * (dim if dim >= 0 else dim + ndim), i, ...)


narrow = linear(
    "narrow", lambda x, *, dim, start, stop, step: x[along(dim, slice(start, stop, step), x.ndim)],
    back_to("narrow"), view=True, grad="SliceBackward0",
    moves="part", at=lambda n, *, dim, start, stop, step: along(dim, slice(start, stop, step), n), batch=leading.axes,
    complex=True,
)  # fmt: skip
select = linear(
    "select",
    lambda x, *, dim, index: x[along(dim, index, x.ndim)],
    back_to("select"),
    view=True,
    moves="part",
    at=lambda n, *, dim, index: along(dim, int(index), n),
    batch=leading.axes,
    complex=True,
)
diagonal = linear(
    "diagonal", lambda x, *, offset, dim1, dim2: _writable(np.diagonal(x, offset, dim1, dim2), x),
    back_to("diagonal"), view=True, moves="other", matrix="diagonal", batch=leading.axes, complex=True,
)  # fmt: skip


def _writable(part: Any, x: Any) -> Any:
    # np.diagonal gives a read-only view; PyTorch's may be written to.
    part.setflags(write=x.flags.writeable)
    return part


def _strided(x: Any, *, size: tuple[int, ...], stride: tuple[int, ...], offset: int) -> Any:
    flat = np.ascontiguousarray(x).reshape(-1)
    part = flat[offset:] if numel(size) else flat  # of nothing the offset does not matter
    return memory.strided(part, size, [s * flat.itemsize for s in stride])


def _strided_transpose(g: Any, x: Any, *, size: tuple[int, ...], stride: tuple[int, ...], offset: int) -> Any:
    at = np.full(size, offset)
    for i, (n, s) in enumerate(zip(size, stride)):
        at += np.arange(n).reshape((n,) + (1,) * (len(size) - i - 1)) * s
    flat = _zeros(g, (numel(x.shape),))
    return reshape(
        REGISTRY["index_add"](flat, reshape(g, shape=(at.size,)), dim=0, index=at.reshape(-1)), shape=tuple(x.shape)
    )


as_strided = linear("as_strided", _strided, _strided_transpose, view=True, complex=True)


def _windows(x: Any, *, dim: int, size: int, step: int) -> Any:
    if not x.ndim:
        return x.reshape(1)[:size]
    shape, strides = list(x.shape), list(x.strides)
    shape[dim], strides[dim] = (shape[dim] - size) // step + 1, step * strides[dim]
    return memory.strided(x, (*shape, size), (*strides, x.strides[dim]))


def _windows_transpose(g: Any, x: Any, *, dim: int, size: int, step: int) -> Any:
    if not len(x.shape):
        return sum_to(g, shape=())
    n = g.shape[dim]
    where = (np.arange(n)[:, None] * step + np.arange(size)).reshape(-1)
    d = dim_index(dim, len(x.shape))
    back = permute(g, dims=(*range(d + 1), len(g.shape) - 1, *range(d + 1, len(g.shape) - 1)))
    flat = reshape(back, shape=(*x.shape[:d], n * size, *x.shape[d + 1 :]))
    return REGISTRY["index_add"](_zeros(flat, tuple(x.shape)), flat, dim=d, index=where)


unfold = linear("unfold", _windows, _windows_transpose, view=True, batch=leading.axes, complex=True)


def _split(g: Any, *xs: Any, dim: int) -> Any:
    ends = np.cumsum([0, *[x.shape[dim] for x in xs]]).tolist()
    return _each([narrow(g, dim=dim, start=i, stop=j, step=1) for i, j in pairwise(ends)])


def _stack(*xs: Any, dim: int) -> Any:
    if dim or xs[0].ndim != 4:
        return memory.rows(np.stack(xs, dim))
    return memory.joined(np.concatenate(xs)).reshape(len(xs), *xs[0].shape)


def _each(gradients: list[Any]) -> Any:
    return gradients if len(gradients) > 1 else gradients[0]  # of a single input, a rule gives it bare


cat = linear(
    "cat",
    lambda *xs, dim: memory.joined(np.concatenate(xs, dim)),
    _split,
    moves="other",
    batch=leading.new_axis,
    complex=True,
)
stack = linear(
    "stack", _stack,
    lambda g, *xs, dim: _each([select(g, dim=dim, index=i) for i in range(len(xs))]), moves="other",
    batch=leading.new_axis, complex=True,
)  # fmt: skip


tril = linear(
    "tril",
    lambda x, *, diagonal: memory.rows(np.tril(x, diagonal)),
    lambda g, x, *, diagonal: tril(g, diagonal=diagonal),
    moves="other",
    batch=leading.same,
    complex=True,
)
triu = linear(
    "triu",
    lambda x, *, diagonal: memory.rows(np.triu(x, diagonal)),
    lambda g, x, *, diagonal: triu(g, diagonal=diagonal),
    moves="other",
    batch=leading.same,
    complex=True,
)
diag_embed = linear(
    "diag_embed", lambda x, *, offset, dim1, dim2: _embed(x, offset, dim1, dim2),
    lambda g, x, **a: diagonal(g, **a), orderly=True, batch=leading.new_axis, complex=True,
)  # fmt: skip


def _embed(x: Any, offset: int, dim1: int, dim2: int) -> Any:
    n = x.shape[-1] + abs(offset)
    out = np.zeros((*x.shape[:-1], n, n), x.dtype)
    i = np.arange(x.shape[-1])
    out[..., i + max(-offset, 0), i + max(offset, 0)] = x
    return memory.rows(np.moveaxis(out, (-2, -1), (dim1, dim2)))
