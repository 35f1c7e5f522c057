"""Gather and scatter: choosing and writing elements by tensors of positions.

Positions are checked here, in PyTorch's words; NumPy would count the negative ones from the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.api.indexing import as_like, fits, one_of, out_of_range, own, plan, scalar
from chainrule.api.public import named, public
from chainrule.api.shaping import expand, reshape
from chainrule.base import dtypes, wide
from chainrule.base.shapes import broadcast, dim_index
from chainrule.core.op import REGISTRY
from chainrule.core.tape import payload, positions, within
from chainrule.core.tensor import Tensor, wrap
from chainrule.ops import select as ops
from chainrule.ops import views

# ---------------------------------------------------------------------------------------------------- along a dimension


def _index(
    index: Any, name: str, n: int | None, d: int, error: type[Exception] = RuntimeError, negative: bool = False
) -> Any:
    """An index tensor as a NumPy array of positions below n, checked."""
    a = positions(index)
    if a.dtype.kind not in "iu" and a.size:
        raise RuntimeError(f"{name}(): Expected dtype int32/int64 for index")
    a = a.astype(np.int64, copy=False)
    if n is not None:
        within(
            a, -n if negative else 0, n,
            lambda a: error(f"{_outside(a, n)} is out of bounds for dimension {d} with size {n}"),
        )  # fmt: skip
    return a


def _outside(a: Any, n: int) -> str:
    """An index that is not below n, or else the lowest; where they are not known there is just one."""
    return "an index" if a is None else f"index {int(a.max() if a.max() >= n else a.min())}"


def _along(input: Tensor, dim: Any, index: Any, name: str) -> tuple[int, Any]:
    """The dimension and the checked index array of gather and scatter."""
    shape = input._a.shape
    d = dim_index(dim, len(shape))
    a = _index(index, name, shape[d] if shape else 1, d)
    if max(a.ndim, 1) != max(len(shape), 1) and a.size:
        raise RuntimeError("Index tensor must have the same number of dimensions as input tensor")
    if a.size and any(p > q for i, (p, q) in enumerate(zip(a.shape, shape)) if i != d):
        verb = "Size does not match at dimension" if name == "gather" else None
        at = next(i for i, (p, q) in enumerate(zip(a.shape, shape)) if i != d and p > q)
        raise RuntimeError(
            (f"{verb} {at} expected index" if verb else "Expected index")
            + f" {list(a.shape)} to be no larger than self {list(shape)} apart from dimension {d}"
        )
    return d, a


@public(reads="index")
def gather(input: Tensor, dim: int, index: Tensor, *, sparse_grad: bool = False) -> Tensor:
    """Elements picked along one dimension: `out[i][j] = input[index[i][j]][j]` for dim 0.

    >>> import chainrule as cr
    >>> cr.tensor([[1, 2], [3, 4]]).gather(1, cr.tensor([[1], [0]]))
    tensor([[2],
            [3]])
    """
    d, a = _along(input, dim, index, "gather")
    if a.size == 0 and a.ndim != len(input._a.shape):
        return ops.pick(reshape(input, -1), index=(a,))
    return ops.gather(input, dim=d, index=a)


@public()
def take_along_dim(input: Tensor, indices: Tensor, dim: int | None = None) -> Tensor:
    """As `gather`, with the other dimensions broadcast; without `dim`, from the flattened tensor."""
    if dim is None:
        return gather(reshape(input, -1), 0, reshape(indices, -1))
    if len(input._a.shape) != len(indices._a.shape):
        raise RuntimeError(
            "torch.take_along_dim(): input and indices should have the same number of dimensions, but got "
            f"{input.ndim} dimensions for input, and {indices.ndim} dimensions for indices"
        )
    d = dim_index(dim, len(input._a.shape))
    p, q = list(input._a.shape), list(indices._a.shape)
    common = broadcast([*p[:d], 1, *p[d + 1 :]], [*q[:d], 1, *q[d + 1 :]])
    wide = expand(input, *common[:d], p[d], *common[d + 1 :])
    a = REGISTRY["expand"](positions(indices), shape=(*common[:d], q[d], *common[d + 1 :]))
    return gather(wide, d, wrap(REGISTRY["where"](a < 0, a + p[d], a) if p else a))


def _source(input: Tensor, src: Any, a: Any, d: int, name: str) -> Tensor:
    """What is scattered: a tensor no smaller than the index, or a number everywhere."""
    if not isinstance(src, Tensor):
        return wrap(np.broadcast_to(scalar(src, input), a.shape))
    if src._a.dtype != input._a.dtype:
        raise RuntimeError(f"{name}(): Expected self.dtype to be equal to src.dtype")
    if max(a.ndim, 1) != max(len(src._a.shape), 1) and a.size:
        raise RuntimeError("Index tensor must have the same number of dimensions as src tensor")
    if a.size and any(p > q for p, q in zip(a.shape, src._a.shape)):
        raise RuntimeError(
            f"Expected index {list(a.shape)} to be no larger than self {list(input._a.shape)} apart from "
            f"dimension {d} and "
            f"to be no larger size than src {list(src._a.shape)}"
        )
    return src


@public(inplace=True, reads="index")
def scatter(
    input: Tensor, dim: int, index: Tensor, src: Any = None, *, value: Any = None, reduce: str | None = None
) -> Tensor:
    """A copy with elements of `src` (or the number `value`) written along one dimension: the reverse of `gather`.

    reduce: "add" or "multiply" combines with what is there instead of replacing it.

    >>> import chainrule as cr
    >>> cr.zeros(3).scatter(0, cr.tensor([2]), 5.0)
    tensor([0., 0., 5.])
    """
    d, a = _along(input, dim, index, "scatter")
    number = not isinstance(src, Tensor)
    src = _source(input, value if src is None else src, a, d, "scatter")
    if not a.size:
        return views.clone(input)
    if reduce == "add":
        return ops.scatter_add(input, src, dim=d, index=a)
    if reduce == "multiply":
        return _meet(input, d, a, src, "prod")
    if reduce is not None:
        raise RuntimeError("reduce argument must be either add or multiply.")
    return named(ops.scatter(input, src, dim=d, index=a), "ScatterBackward1" if number else "ScatterBackward0")


@public(inplace=True, reads="index")
def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """A copy with elements of `src` added along one dimension, where they meet all of them."""
    d, a = _along(input, dim, index, "scatter_add")
    src = _source(input, src, a, d, "scatter_add")
    return ops.scatter_add(input, src, dim=d, index=a) if a.size else views.clone(input)


@public(inplace=True, reads="index")
def scatter_reduce(
    input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """A copy where the elements of `src` that go to the same place are combined: sum, prod, mean, amax or amin.

    include_self: whether what was there takes part.
    """
    d, a = _along(input, dim, index, "scatter_reduce")
    src = _source(input, src, a, d, "scatter_reduce")
    if reduce not in _IDENTITY:
        raise RuntimeError(f"reduce argument must be either sum, prod, mean, amax or amin, got {reduce}")
    if not a.size:
        return views.clone(input)
    return named(_meet(input.contiguous(), d, a, src, reduce, include_self), "ScatterReduceBackward0")


_IDENTITY = {"sum": 0, "prod": 1, "mean": 0, "amax": None, "amin": None}


def _meet(x: Tensor, d: int, a: Any, src: Tensor, how: str, include_self: bool = True) -> Tensor:
    if not x._a.shape:
        return reshape(_meet(reshape(x, 1), 0, a.reshape(-1), reshape(src, -1), how, include_self), ())
    src = ops.getitem(src, index=(*(slice(n) for n in a.shape), ...))
    return _reduced(x, src, ops.steps(a, d), how, include_self)


def _reduced(x: Tensor, src: Tensor, index: Any, how: str, include_self: bool) -> Tensor:
    """x with the elements of `src` combined into it at an index tuple."""
    d = x._a.dtype
    if not include_self:
        start: Any = _IDENTITY[how]
        if start is None:
            limits: Any = np.finfo(d) if d.kind == "f" else np.iinfo(d) if d.kind != "b" else None
            low, high = (False, True) if limits is None else (limits.min, limits.max)
            if d.kind == "f":
                low, high = -np.inf, np.inf
            start = low if how == "amax" else high
        x = ops.index_put(x, wrap(d.type(start)), index=index)
    if how not in ("sum", "mean"):
        return ops.reduce_at(x, src, index=index, how=how)
    total = ops.index_put(x, src, index=index, add=True)
    if how == "sum":
        return total
    count = np.full(x._a.shape, int(include_self), d)
    np.add.at(count, index, d.type(1))
    return REGISTRY["div" if d.kind == "f" else "floor_divide"](total, wrap(np.maximum(count, d.type(1))))


@public(reads="index")
def index_select(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """The slices at the positions in `index`, a vector, along one dimension.

    >>> import chainrule as cr
    >>> cr.tensor([1, 2, 3]).index_select(0, cr.tensor([2, 0]))
    tensor([3, 1])
    """
    if len(index._a.shape) > 1:
        raise IndexError("index_select(): Index is supposed to be a vector")
    shape = input._a.shape
    d = dim_index(dim, len(shape))
    a = _index(index, "index_select", shape[d] if shape else 1, d, IndexError).reshape(-1)
    if not shape and a.size != 1:
        raise RuntimeError(f"index_select(): Index to scalar can have only 1 value, got {a.size} value(s)")
    return ops.index_select(input, dim=d, index=a)


def _vector(input: Tensor, dim: Any, index: Any, source: Any, name: str, negative: bool = False) -> tuple[int, Any]:
    """The dimension and the checked index vector of index_add and its kin, whose source has a slice per index."""
    shape = input._a.shape
    d = dim_index(dim, len(shape))
    if len(index._a.shape) > 1:
        raise IndexError(f"{name}(): Index is supposed to be a vector, but got dim: {index.ndim}")
    a = _index(index, name, shape[d] if shape else 1, d, IndexError, negative).reshape(-1)
    if isinstance(source, Tensor):
        if source._a.dtype != input._a.dtype:
            raise RuntimeError(
                f"{name}(): self ({dtypes.of(input._a.dtype).legacy.removesuffix('Tensor')}) and source "
                f"({dtypes.of(source._a.dtype).legacy.removesuffix('Tensor')}) must have the same scalar type"
            )
        n = source._a.shape[d] if source._a.shape else 1
        if a.size != n:
            raise (IndexError if name == "index_copy_" else RuntimeError)(
                f"{name}(): Number of indices ({a.size}) should be equal to source.size(dim): ({n}), for dim: {d}"
            )
        mine, theirs = list(shape), list(source._a.shape)
        if mine[:d] + mine[d + 1 :] != theirs[:d] + theirs[d + 1 :]:
            raise RuntimeError(
                f"{name}(): source and destination slices differ: shapes {theirs} and {mine}, apart from dimension {d}"
            )
    return d, a


def _slices(d: int, a: Any) -> Any:
    return (slice(None),) * d + (a,)


@public(inplace=True, reads="index")
def index_add(input: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: float = 1) -> Tensor:
    """A copy with the slices of `source`, times `alpha`, added at the positions in `index`."""
    d, a = _vector(input, dim, index, source, "index_add_")
    return ops.index_add(input, source if alpha == 1 else source * alpha, dim=d, index=a)


@public(inplace=True, reads="index")
def index_copy(input: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    """A copy with the slices at the positions in `index` replaced by those of `source`."""
    d, a = _vector(input, dim, index, source, "index_copy_")
    if not input._a.shape:
        return views.overwrite(input, reshape(source, ()))
    source = source if source._a.shape else reshape(source, 1)
    return named(ops.index_put(input.contiguous(), source, index=_slices(d, a)), "IndexCopyBackward0")


@public(inplace=True, reads="index")
def index_fill(input: Tensor, dim: int, index: Tensor, value: Any) -> Tensor:
    """A copy with the slices at the positions in `index` filled with a number or a 0-d tensor."""
    d, a = _vector(input, dim, index, None, "index_fill_", negative=True)
    if isinstance(value, Tensor) and value._a.shape:
        raise RuntimeError(f"index_fill_ only supports a 0-dimensional value tensor, but got {value.ndim} dimension(s)")
    v = one_of(value, input)
    if not input._a.shape:
        return views.fill(input, v) if a.size else views.clone(input)
    a = wide.unique(a % input._a.shape[d]) if a.size else a  # each slice is filled once, so it hands on one gradient
    return named(ops.index_put(input, v, index=_slices(d, a)), f"IndexFillBackward{int(isinstance(value, Tensor))}")


@public(inplace=True, reads="index")
def index_reduce(
    input: Tensor, dim: int, index: Tensor, source: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """A copy with the slices of `source` combined into the positions in `index`: prod, mean, amax or amin."""
    if reduce not in ("prod", "mean", "amax", "amin"):
        raise RuntimeError(f"index_reduce(): Expected reduce to be one of prod, mean, amax or amin but got {reduce}.")
    d, a = _vector(input, dim, index, source, "index_reduce")
    if not a.size:
        return views.clone(input)
    if not input._a.shape:
        return reshape(_reduced(reshape(input, 1), reshape(source, 1), (a,), reduce, include_self), ())
    source = source if source._a.shape else reshape(source, 1)
    return named(_reduced(input, source, _slices(d, a), reduce, include_self), "IndexReduceBackward0")


# ------------------------------------------------------------------------------------------------------ by positions


def index_put(input: Tensor, indices: Sequence[Any], values: Tensor, accumulate: bool = False) -> Tensor:
    """A copy with `values` written (or added) at the elements that `indices`, one tensor per dimension, choose."""
    if input._a.dtype != values._a.dtype:
        name, theirs = (dtypes.of(x._a.dtype).legacy.removesuffix("Tensor") for x in (input, values))
        raise RuntimeError(
            f"Index put requires the source and destination dtypes match, got {name} for the destination and "
            f"{theirs} for "
            "the source."
        )
    try:
        _, then = plan(input._a, tuple(_array(i) for i in indices))
        place = ops.pick(payload(input), index=then).shape
    except IndexError as e:
        raise out_of_range(e) from None
    fits(values._a.shape, place, then)
    return ops.index_put(input, values, index=own(then or ()), add=accumulate)


def _array(i: Any) -> Any:
    if i is None:
        return slice(None)
    a = positions(i)
    return a if a.ndim or a.dtype.kind == "b" else a.reshape(1)


@public(reads="index")
def take(input: Tensor, index: Tensor) -> Tensor:
    """The elements at positions in the flattened tensor, in the shape of `index`."""
    a = _flat(input, index)
    return named(reshape(ops.pick(reshape(input, -1), index=(a.reshape(-1),)), a.shape), "TakeBackward0")


def _flat(input: Tensor, index: Tensor) -> Any:
    a, n = _index(index, "take", None, 0), input._a.size
    within(
        a, -n, n,
        lambda a: IndexError(f"out of range: tried to access {_outside(a, n)} on a tensor of {n} elements."),
    )  # fmt: skip
    return a


@public(inplace=True, reads="index")
def put(input: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
    """A copy with `source` written (or added) at positions in the flattened tensor."""
    a = _flat(input, index).reshape(-1)
    if input._a.dtype != source._a.dtype:
        raise RuntimeError(
            f"put_(): self and source expected to have the same dtype, but got {input.dtype} and {source.dtype}"
        )
    if a.size != source._a.size:
        raise IndexError(
            f"put_(): Expected source and index to have the same number of elements, but got {source._a.size} and "
            f"{a.size}"
        )
    flat = ops.index_put(reshape(input, -1), reshape(source, -1), index=(a,), add=accumulate)
    return named(reshape(flat, input._a.shape), "PutBackward0")


public(inplace=True, reads="indices")(index_put)

# --------------------------------------------------------------------------------------------- a part within the whole


def _within(input: Tensor, src: Tensor, path: Any, label: str) -> Tensor:
    part = np.asarray(input._a)
    for op, attrs in path:
        part = op.kernel(part, **attrs)
    if part.shape != src._a.shape:
        raise RuntimeError(
            f"expected src to have a size equal to the slice of self. src size = {list(src._a.shape)}, slice size "
            f"= {list(part.shape)}"
        )
    return named(views.view_scatter(input, as_like(src, input), path=path), label)


@public()
def select_scatter(input: Tensor, src: Tensor, dim: int, index: int) -> Tensor:
    """A copy with `src` in place of `input.select(dim, index)`."""
    shape = input._a.shape
    d = dim_index(dim, len(shape))
    if not -shape[d] <= index < shape[d]:
        raise IndexError(f"select(): index {index} out of range for tensor of size {list(shape)} at dimension {d}")
    return _within(input, src, ((views.select, {"dim": d, "index": index}),), "SelectScatterBackward0")


@public()
def slice_scatter(
    input: Tensor, src: Tensor, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Tensor:
    """A copy with `src` in place of the slice `start:end:step` of one dimension."""
    d = dim_index(dim, len(input._a.shape))
    i, j, k = slice(start, end, step).indices(input._a.shape[d])
    attrs = {"dim": d, "start": i, "stop": j, "step": k}
    return _within(input, src, ((views.narrow, attrs),), "SliceScatterBackward0")


@public()
def diagonal_scatter(input: Tensor, src: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """A copy with `src` in place of `input.diagonal(offset, dim1, dim2)`."""
    n = len(input._a.shape)
    attrs = {"offset": offset, "dim1": dim_index(dim1, n), "dim2": dim_index(dim2, n)}
    return _within(input, src, ((views.diagonal, attrs),), "DiagonalScatterBackward0")


@public()
def as_strided_scatter(
    input: Tensor, src: Tensor, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None
) -> Tensor:
    """A copy with `src` in place of `input.as_strided(size, stride, storage_offset)`.

    Unlike PyTorch's, its gradient is the derivative for every layout of the input.
    """
    attrs = {"size": tuple(size), "stride": tuple(stride), "offset": storage_offset or 0}
    return _within(input, src, ((views.as_strided, attrs),), "AsStridedScatterBackward0")
