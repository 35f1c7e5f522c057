"""Slices and windows of a tensor, which are views of it, and copies in another order."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

from chainrule.api.public import named, public
from chainrule.api.shaping import in_place_view, reshape, transpose
from chainrule.base import wide
from chainrule.base.shapes import dim_index, dim_list, numel, pack
from chainrule.core.tensor import Tensor, shareable
from chainrule.ops import views as ops

# ----------------------------------------------------------------------------------------------------------- reordering


@public()
def roll(input: Tensor, shifts: Any, dims: Any = ()) -> Tensor:
    """Elements moved along `dims` (or along the flattened tensor), re-entering at the other end.

    >>> import chainrule as cr
    >>> cr.tensor([1, 2, 3]).roll(1)
    tensor([3, 1, 2])
    """
    shifts, dims = (tuple(x) if isinstance(x, (tuple, list)) else () if x is None else (x,) for x in (shifts, dims))
    if not all(isinstance(n, (int, np.integer)) for n in shifts):
        kind = type(shifts[0]).__name__
        raise TypeError(f"roll(): argument 'shifts' (position 2) must be tuple of ints, not {kind}")
    if not shifts:
        raise RuntimeError("`shifts` required: by how many places to move")
    if not dims and len(shifts) == 1:
        return reshape(ops.roll(reshape(input, -1), shifts=shifts, dims=(0,)), *input._a.shape)
    if len(shifts) != len(dims):
        raise RuntimeError(f"shifts and dimensions must align. shifts: {len(shifts)}, dims:{len(dims)}")
    if dims and not input._a.shape:
        raise IndexError(f"Dimension specified as {dims[0]} but tensor has no dimensions")
    return ops.roll(input, shifts=shifts, dims=tuple(dim_index(d, len(input._a.shape)) for d in dims))


@public()
def flip(input: Tensor, *dims: Any, **named_dims: Any) -> Tensor:
    """A copy with the order reversed in the given dimensions."""
    dims = pack(dims) if not named_dims else pack((named_dims["dims"],))
    n = len(input._a.shape)
    found = dim_list(dims, n)
    return ops.flip(input, dims=tuple(found) if n else ())


@public()
def fliplr(input: Tensor) -> Tensor:
    """Reversed from left to right, in dimension 1."""
    if len(input._a.shape) < 2:
        raise RuntimeError("Input must be >= 2-d.")
    return flip(input, 1)


@public()
def flipud(input: Tensor) -> Tensor:
    """Reversed upside down, in dimension 0."""
    if not input._a.shape:
        raise RuntimeError("Input must be >= 1-d.")
    return flip(input, 0)


@public()
def rot90(input: Tensor, k: int = 1, dims: Sequence[int] = (0, 1)) -> Tensor:
    """Turned by 90 degrees `k` times in the plane of `dims`, from the first towards the second."""
    n = len(input._a.shape)
    if len(dims) != 2:
        raise RuntimeError(f"expected total rotation dims == 2, but got dims = {len(dims)}")
    if n < 2:
        raise RuntimeError(f"expected total dims >= 2, but got total dims = {n}")
    i, j = (dim_index(d, n) for d in dims)
    if i == j:
        raise RuntimeError(f"expected rotation dims to be different, but got dim0 = {dims[0]} and dim1 = {dims[1]}")
    match k % 4:
        case 1:
            out = flip(transpose(input, i, j), i)
        case 2:
            out = flip(input, i, j)
        case 3:
            out = flip(transpose(input, i, j), j)
        case _:
            out = ops.clone(input)
    return named(out, "Rot90Backward0")


# -------------------------------------------------------------------------------------------------------------- parts


@public()
def narrow(input: Tensor, dim: int, start: Any, length: int) -> Tensor:
    """The slice of `length` elements from `start` in one dimension; a view."""
    n = input._a.shape[(d := dim_index(dim, len(input._a.shape)))] if input._a.shape else 0
    if not input._a.shape:
        raise RuntimeError("narrow() cannot be applied to a 0-dim tensor.")
    at, length = operator.index(start), operator.index(length)
    if length < 0:
        raise RuntimeError("narrow(): length must be non-negative.")
    if not -n <= at <= n:
        raise IndexError(f"start out of range (expected to be in range of [{-n}, {n}], but got {at})")
    at += n if at < 0 else 0
    if at + length > n:
        raise RuntimeError(f"start ({at}) + length ({length}) exceeds dimension size ({n}).")
    return ops.narrow(input, dim=d, start=at, stop=at + length, step=1)


@public()
def select(input: Tensor, dim: int, index: int) -> Tensor:
    """The slice at one index of a dimension, without that dimension; a view."""
    shape = input._a.shape
    if not shape:
        raise IndexError("select() cannot be applied to a 0-dim tensor.")
    d, i = dim_index(dim, len(shape)), operator.index(index)
    if not -shape[d] <= i < shape[d]:
        raise IndexError(f"select(): index {i} out of range for tensor of size {list(shape)} at dimension {d}")
    return ops.select(input, dim=d, index=i)


def _cut(x: Tensor, d: int, ends: Sequence[int], label: str) -> tuple[Tensor, ...]:
    """The slices between successive ends."""
    return tuple(named(ops.narrow(x, dim=d, start=i, stop=max(i, j), step=1), label) for i, j in pairwise(ends))


@public("unsafe_split")
def split(input: Tensor, split_size: Any = None, dim: int = 0, **sizes: Any) -> tuple[Tensor, ...]:
    """Cut along `dim` into views of `split_size` (the last may be smaller), or of the sizes in a list.

    >>> import chainrule as cr
    >>> cr.arange(5).split(2)
    (tensor([0, 1]), tensor([2, 3]), tensor([4]))
    """
    shape = input._a.shape
    if not shape:
        raise RuntimeError("split expects at least a 1-dimensional tensor")
    if split_size is None:
        split_size = sizes.get("split_size_or_sections", sizes.get("split_sizes"))
    d = dim_index(dim, len(shape))
    n = shape[d]
    if isinstance(split_size, (tuple, list)):
        if any(s < 0 for s in split_size) or sum(split_size) != n:
            raise RuntimeError(
                f"split_with_sizes expects split_sizes to sum exactly to {n} (input tensor's size at dimension "
                f"{d}), but "
                f"got split_sizes={list(split_size)}"
            )
        return _cut(input, d, [0, *accumulate(split_size)], "SplitWithSizesBackward0")
    size = operator.index(split_size)
    if size < 0:
        raise RuntimeError(f"split expects split_size be non-negative, but got split_size={size}")
    if size == 0 and n:
        raise RuntimeError(f"split_size can only be 0 if dimension size is 0, but got dimension size of {n}")
    ends = [*range(0, max(n, 1), max(size, 1)), n]
    return _cut(input, d, ends, "SplitBackward0")


@public("unsafe_split_with_sizes")
def split_with_sizes(input: Tensor, split_sizes: Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Cut along `dim` into views of the given sizes; unlike PyTorch's, they may be changed in place."""
    return split(input, list(split_sizes), dim)


@public("unsafe_chunk")
def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """Cut along `dim` into at most `chunks` views of equal size; the last may be smaller.

    Unlike PyTorch's, the views may be changed in place where gradients are recorded.
    """
    if not input._a.shape:
        raise RuntimeError("chunk expects at least a 1-dimensional tensor")
    if chunks <= 0:
        raise RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    n = input._a.shape[dim_index(dim, len(input._a.shape))]
    return split(input, -(-n // chunks), dim) if n else split(input, [0] * chunks, dim)


@public()
def unbind(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """The slices along a dimension, which is removed.

    Unlike PyTorch's, they are views that may be changed in place where gradients are recorded.
    """
    shape = input._a.shape
    if not shape:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    d = dim_index(dim, len(shape))
    return tuple(named(ops.select(input, dim=d, index=i), "UnbindBackward0") for i in range(shape[d]))


@public()
def tensor_split(input: Tensor, indices_or_sections: Any = None, dim: int = 0, **other: Any) -> tuple[Tensor, ...]:
    """Cut along `dim` into that many views of nearly equal size, or before each index of a list."""
    shape = input._a.shape
    if not shape:
        raise RuntimeError("tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 dims")
    d = dim_index(dim, len(shape))
    where = indices_or_sections
    if where is None:
        where = other.get("sections", other.get("indices", other.get("tensor_indices_or_sections")))
    where = where.tolist() if isinstance(where, Tensor) else where
    n = shape[d]
    if isinstance(where, (tuple, list)):
        cuts = [range(n)[slice(0, operator.index(i))].stop for i in where]
        return tuple(ops.narrow(input, dim=d, start=i, stop=max(i, j), step=1) for i, j in pairwise([0, *cuts, n]))
    if where <= 0:
        raise RuntimeError(f"number of sections must be larger than 0, got {where}")
    small, more = divmod(n, where)
    return _cut(input, d, [0, *accumulate([small + 1] * more + [small] * (where - more))], "SliceBackward0")


def _split_along(name: str, at_least: int, dim_of: Callable[[int], int]) -> None:
    def f(input: Tensor, indices_or_sections: Any = None, **other: Any) -> tuple[Tensor, ...]:
        n = len(input._a.shape)
        if n < at_least:
            raise RuntimeError(
                f"torch.{name} requires a tensor with at least {at_least} dimension, but got a tensor with {n} "
                "dimensions!"
            )
        d = dim_of(n)
        where = indices_or_sections if indices_or_sections is not None else next(iter(other.values()))
        if isinstance(where, int) and (where <= 0 or input._a.shape[d] % where):
            raise RuntimeError(
                f"torch.{name} attempted to split along dimension {d}, but the size of the dimension "
                f"{input._a.shape[d]} is not divisible by the split_size {where}!"
            )
        return tensor_split(input, where, d)

    f.__name__ = f.__qualname__ = name
    f.__doc__ = "`tensor_split` along the dimension that the name says, into equal parts or at indices."
    public()(f)


_split_along("hsplit", 1, lambda n: 0 if n == 1 else 1)
_split_along("vsplit", 2, lambda n: 0)
_split_along("dsplit", 3, lambda n: 2)


@public(function=False)
def unfold(input: Tensor, dimension: int, size: int, step: int) -> Tensor:
    """Windows of `size` elements, `step` apart, along a dimension; the window is a new last dimension. A view.

    >>> import chainrule as cr
    >>> cr.arange(4).unfold(0, 2, 1)
    tensor([[0, 1],
            [1, 2],
            [2, 3]])
    """
    shape = input._a.shape
    d = dim_index(dimension, len(shape))
    n = shape[d] if shape else 1
    if size < 0:
        raise RuntimeError(f"size is {size} but must be >= 0")
    if size > n:
        raise RuntimeError(f"maximum size for tensor at dimension {d} is {n} but size is {size}")
    if step <= 0:
        raise RuntimeError(f"step is {step} but must be > 0")
    return ops.unfold(input, dim=d, size=size, step=step)


@public()
def as_strided(input: Tensor, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None) -> Tensor:
    """A view with any sizes and strides (in elements) into the memory of a tensor.

    Raises RuntimeError where the view would reach outside that memory, or (unlike PyTorch's) a gradient would have to
    find its way through the gaps of a tensor that is a part of another.
    """
    size, stride = tuple(size), tuple(stride)
    if len(size) != len(stride):
        raise RuntimeError("mismatch in length of strides and shape")
    if any(s < 0 for s in stride):
        raise RuntimeError(f"as_strided: Negative strides are not supported at the moment, got strides: {list(stride)}")
    a = shareable(input)
    start = input.storage_offset()  # type: ignore[attr-defined]
    first = start if storage_offset is None else storage_offset
    length = sum((n - 1) * s for n, s in zip(size, stride))
    if not a.flags.c_contiguous:
        input = _in_order(input, a)
    elif not start <= first <= first + length < start + a.size:
        whole = _whole(input)  # what lies beyond a part
        input = input if whole is None else whole
    a = shareable(input)  # fewer elements than those of a tensor that repeats them
    offset = first - input.storage_offset()  # type: ignore[attr-defined]
    last = offset + length
    if numel(size) and (offset < 0 or last >= a.size):
        raise RuntimeError(
            f"setStorage: sizes {list(size)}, strides {list(stride)}, storage offset {offset}, and itemsize "
            f"{a.itemsize} "
            f"requiring a storage size of {(last + 1) * a.itemsize} are out of bounds for storage of size {a.nbytes}"
        )
    return ops.as_strided(input, size=size, stride=stride, offset=offset)


def _in_order(x: Tensor, a: Any) -> Tensor:
    """The memory in which x lies as a contiguous tensor: x with its axes moved, or the tensor that it is a view of."""
    moved = wide.argsort([-s for s in a.strides], kind="stable").tolist()
    if a.transpose(moved).flags.c_contiguous:
        return ops.permute(x, dims=tuple(moved))  # type: ignore[no-any-return]
    base = _whole(x)
    if base is None:
        raise RuntimeError("as_strided of a tensor that has gaps in memory: take .contiguous() of it first")
    return base


def _whole(x: Tensor) -> Tensor | None:
    """The tensor in order that x is a part of, unless a gradient would have to find its way to the part alone."""
    base = x._base
    return base if base is not None and base._g is None and shareable(base).flags.c_contiguous else None


in_place_view(as_strided, "as_strided")
