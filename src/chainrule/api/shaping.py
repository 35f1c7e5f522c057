"""Shapes: the same numbers in another arrangement.

Most of these are views: they share the tensor's memory, so that a change of one is a change of the other, values and
gradients alike. Those that repeat or reorder elements (`repeat`, `roll`, `flip`, ...) are copies.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

from chainrule.api.public import FUNCTIONS, install, named, public
from chainrule.base import dtypes
from chainrule.base.shapes import Size, broadcast, dim_index, dim_tuple, infer, numel, pack
from chainrule.core.inplace import refuse_leaf
from chainrule.core.tape import recording
from chainrule.core.tensor import Tensor, shareable, touch, version, wrap
from chainrule.ops import views as ops
from chainrule.ops.select import index_select

# ------------------------------------------------------------------------------------------------------------ reshaping


def _view_as_dtype(x: Tensor, dtype: Any) -> Tensor:
    d = dtypes.as_np(dtype)
    if d is x._a.dtype:
        return ops.alias(x)
    a = shareable(x)
    if d.itemsize != a.itemsize and not a.ndim:
        raise RuntimeError("self.dim() cannot be 0 to view a tensor of one dtype as another of a different element size")
    try:
        t = wrap(a.view(d))
    except ValueError:
        raise RuntimeError(
            f"cannot view a tensor of shape {list(a.shape)} and dtype {x.dtype} as {dtype}: its last dimension must be "
            "contiguous and hold a whole number of elements of the new size"
        ) from None
    t._v = version(x)
    return t


@public(function=False)
def view(input: Tensor, *shape: Any, dtype: Any = None, size: Any = None) -> Tensor:
    """The same memory in another shape (one size may be -1), or its bits read as another dtype.

    Raises RuntimeError where the elements' order in memory does not allow it; `reshape` copies there.

    >>> import chainrule as cr
    >>> cr.arange(6).view(2, -1)
    tensor([[0, 1, 2],
            [3, 4, 5]])
    """
    shape = pack(shape) if size is None else tuple(size)
    if dtype is not None or (len(shape) == 1 and (isinstance(shape[0], dtypes.dtype))):
        return _view_as_dtype(input, dtype if dtype is not None else shape[0])
    shape = infer(shape, numel(input._a.shape))
    a = input._a
    if type(a) is np.ndarray and not a.flags.c_contiguous:
        try:
            a.reshape(shape, copy=False)
        except ValueError:
            raise RuntimeError(
                "view size is not compatible with input tensor's size and stride (at least one dimension spans across two "
                "contiguous subspaces). Use .reshape(...) instead."
            ) from None
    return ops.reshape(input, shape=shape)


@public()
def reshape(input: Tensor, *shape: Any, **named_shape: Any) -> Tensor:
    """The same elements in another shape (one size may be -1): a view where possible, else a copy.

    >>> import chainrule as cr
    >>> cr.arange(4).reshape(2, 2)
    tensor([[0, 1],
            [2, 3]])
    """
    shape = pack(shape) if not named_shape else tuple(named_shape["shape"])
    out = ops.reshape(input, shape=infer(shape, numel(input._a.shape)))
    return out if out._base is not None else named(out, "UnsafeViewBackward0")


@public(function=False)
def view_as(input: Tensor, other: Tensor) -> Tensor:
    """A view in the shape of `other`."""
    return view(input, *other._a.shape)


@public(function=False)
def reshape_as(input: Tensor, other: Tensor) -> Tensor:
    """The same elements in the shape of `other`."""
    return reshape(input, *other._a.shape)


@public()
def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """The dimensions from `start_dim` to `end_dim` as one.

    >>> import chainrule as cr
    >>> cr.zeros(2, 3, 4).flatten(1).shape
    torch.Size([2, 12])
    """
    shape = input._a.shape
    if not shape:
        return reshape(input, 1)
    i, j = dim_index(start_dim, len(shape)), dim_index(end_dim, len(shape))
    if i > j:
        raise RuntimeError("flatten() has invalid args: start_dim cannot come after end_dim")
    return input if i == j else reshape(input, *shape[:i], numel(shape[i : j + 1]), *shape[j + 1 :])


@public()
def unflatten(input: Tensor, dim: int, sizes: Sequence[int]) -> Tensor:
    """One dimension as several, of the given sizes (one may be -1): the inverse of `flatten`."""
    shape = input._a.shape
    d = dim_index(dim, len(shape))
    try:
        parts = infer(sizes, shape[d])
    except RuntimeError:
        raise RuntimeError(
            f"unflatten: Provided sizes {list(sizes)} don't multiply up to the size of dim {d} ({shape[d]}) in the input "
            "tensor"
        ) from None
    return reshape(input, *shape[:d], *parts, *shape[d + 1 :])


@public()
def ravel(input: Tensor) -> Tensor:
    """All elements in one dimension, in order."""
    return reshape(input, -1)


@public()
def squeeze(input: Tensor, dim: Any = None) -> Tensor:
    """Without the dimensions of size 1: all of them, or those named (which stay if their size is not 1).

    >>> import chainrule as cr
    >>> cr.zeros(1, 3, 1).squeeze(0).shape
    torch.Size([3, 1])
    """
    shape = input._a.shape
    asked = tuple(range(len(shape))) if dim is None else dim_tuple(dim, len(shape)) if dim != () else ()
    out = ops.squeeze(input, dims=tuple(i for i in asked if shape[i] == 1))
    return named(out, f"SqueezeBackward{0 if dim is None else 2 if isinstance(dim, (tuple, list)) else 1}")


@public()
def unsqueeze(input: Tensor, dim: int) -> Tensor:
    """With a new dimension of size 1 before position `dim`."""
    return ops.unsqueeze(input, dim=dim_index(dim, len(input._a.shape) + 1))


@public("swapaxes", "swapdims")
def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """Two dimensions swapped; a view."""
    n = len(input._a.shape)
    i, j = dim_index(dim0, n), dim_index(dim1, n)
    return ops.transpose(input, dim0=i, dim1=j) if n else ops.alias(input)


@public()
def t(input: Tensor) -> Tensor:
    """The transpose of a matrix; vectors and 0-d tensors stay as they are."""
    if len(input._a.shape) > 2:
        raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {len(input._a.shape)}D")
    return ops.t(input)


@public()
def permute(input: Tensor, *dims: Any, **named_dims: Any) -> Tensor:
    """The dimensions in another order; a view.

    >>> import chainrule as cr
    >>> cr.zeros(2, 3, 4).permute(2, 0, 1).shape
    torch.Size([4, 2, 3])
    """
    dims = pack(dims) if not named_dims else tuple(named_dims["dims"])
    n = len(input._a.shape)
    if len(dims) != n:
        raise RuntimeError(
            "permute(sparse_coo): number of dimensions in the tensor input does not match the length of the desired "
            f"ordering of dimensions i.e. input.dim() = {n} is not equal to len(dims) = {len(dims)}"
        )
    order = tuple(dim_index(d, n) for d in dims)
    if len(set(order)) != n:
        raise RuntimeError("permute(): duplicate dims are not allowed.")
    return ops.permute(input, dims=order)


@public("moveaxis")
def movedim(input: Tensor, source: Any, destination: Any) -> Tensor:
    """Dimensions moved from `source` to `destination`; the others keep their order."""
    n = len(input._a.shape)
    src, dst = (tuple(x) if isinstance(x, (tuple, list)) else (x,) for x in (source, destination))
    if len(src) != len(dst):
        raise RuntimeError(
            f"movedim: Invalid source or destination dims: source ({list(src)} dims) should contain the same number of "
            f"dims as destination ({list(dst)} dims)"
        )
    src, dst = tuple(dim_index(d, n) for d in src), tuple(dim_index(d, n) for d in dst)
    for name, dims in (("source", src), ("destination", dst)):
        if len(set(dims)) != len(dims):
            raise RuntimeError(f"movedim: repeated dim in `{name}` ({list(dims)})")
    rest = iter([d for d in range(n) if d not in src])
    places = dict(zip(dst, src))
    return ops.permute(input, dims=tuple(places[i] if i in places else next(rest) for i in range(n)))


@public()
def adjoint(input: Tensor) -> Tensor:
    """The last two dimensions swapped (the conjugate transpose of a complex matrix)."""
    if len(input._a.shape) < 2:
        raise RuntimeError(f"tensor.adjoint() is only supported on matrices or batches of matrices. Got {input.ndim}-D tensor.")
    return ops.transpose(input, dim0=-2, dim1=-1)


@public("conj", "resolve_conj", "resolve_neg", "conj_physical")
def real(input: Tensor) -> Tensor:
    """The real part: the tensor itself."""
    return input


Tensor.real = property(lambda self: self)  # type: ignore[attr-defined]


@public()
def positive(input: Tensor) -> Tensor:
    """The tensor itself, as `+x`."""
    if input._a.dtype.kind == "b":
        raise RuntimeError("The `+` operator, on a bool tensor is not supported.")
    return input


# ------------------------------------------------------------------------------------------- broadcasting and repeating


@public(function=False)
def expand(input: Tensor, *sizes: Any, size: Any = None, implicit: bool = False) -> Tensor:
    """Dimensions of size 1 stretched to the given sizes without a copy; -1 keeps a size. New dimensions go in front.

    >>> import chainrule as cr
    >>> cr.tensor([[1], [2]]).expand(-1, 3)
    tensor([[1, 1, 1],
            [2, 2, 2]])
    """
    wanted = [operator.index(s) for s in (pack(sizes) if size is None else pack((size,)))]
    have = input._a.shape
    lead = len(wanted) - len(have)
    if lead < 0:
        raise RuntimeError(
            f"expand(torch.{dtypes.of(input._a.dtype).legacy}{{{list(have)}}}, size={wanted}): the number of sizes provided "
            f"({len(wanted)}) must be greater or equal to the number of dimensions in the tensor ({len(have)})"
        )
    shape = []
    for i, w in enumerate(wanted):
        if i < lead and w == -1:
            raise RuntimeError(f"The expanded size of the tensor (-1) isn't allowed in a leading, non-existing dimension {i}")
        s = have[i - lead] if i >= lead else 1
        if w not in (-1, s) and s != 1:
            raise RuntimeError(misfit(wanted, have, i, lead))
        shape.append(s if w == -1 else w)
    return ops.expand(input, shape=tuple(shape))


def misfit(target: Sequence[int], have: Sequence[int], i: int, lead: int) -> str:
    """The complaint that dimension i of `have`, put after `lead` new ones, cannot be stretched to `target`."""
    return (
        f"The expanded size of the tensor ({target[i]}) must match the existing size ({have[i - lead]}) at non-singleton "
        f"dimension {i}.  Target sizes: {list(target)}.  Tensor sizes: {list(have)}"
    )


@public(function=False)
def expand_as(input: Tensor, other: Tensor) -> Tensor:
    """Expanded to the shape of `other`."""
    return expand(input, *other._a.shape)


@public()
def broadcast_to(input: Tensor, *size: Any, shape: Any = None) -> Tensor:
    """Expanded to a shape, by the rules of broadcasting."""
    return expand(input, *size) if shape is None else expand(input, shape)


@public(method=False)
def broadcast_tensors(*tensors: Any) -> tuple[Tensor, ...]:
    """The tensors expanded to their common shape."""
    tensors = pack(tensors)
    shape = broadcast(*[x._a.shape for x in tensors])
    return tuple(expand(x, *shape) for x in tensors)


@public(method=False)
def broadcast_shapes(*shapes: Any) -> Size:
    """The common shape of several.

    >>> import chainrule as cr
    >>> cr.broadcast_shapes((3, 1), (4,))
    torch.Size([3, 4])
    """
    return Size(broadcast(*[(s,) if isinstance(s, int) else tuple(s) for s in shapes]))


def _atleast(n: int, shaped: Callable[[Tensor], Tensor]) -> None:
    def f(*tensors: Any) -> Any:
        if len(tensors) == 1 and isinstance(tensors[0], Tensor):
            return shaped(tensors[0])
        return tuple(shaped(x) for x in pack(tensors))

    f.__name__ = f.__qualname__ = f"atleast_{n}d"
    f.__doc__ = f"Each tensor with at least {n} dimension{'s' * (n > 1)}; new ones have size 1."
    FUNCTIONS[f.__name__] = f


def _three(x: Tensor) -> Tensor:
    shape = x._a.shape
    return x if len(shape) > 2 else unsqueeze(x, -1) if len(shape) == 2 else reshape(x, 1, numel(shape), 1)


_atleast(1, lambda x: x if x._a.shape else reshape(x, 1))
_atleast(2, lambda x: x if len(x._a.shape) > 1 else reshape(x, 1, numel(x._a.shape)))
_atleast(3, _three)


@public()
def clone(input: Tensor, *, memory_format: Any = None) -> Tensor:
    """A copy with the tensor's history: gradients flow through it."""
    return ops.clone(input)


@public(function=False)
def repeat(input: Tensor, *repeats: Any, **named_repeats: Any) -> Tensor:
    """The tensor copied side by side, `repeats[i]` times in dimension i; more numbers than dimensions make new ones.

    >>> import chainrule as cr
    >>> cr.tensor([1, 2]).repeat(2)
    tensor([1, 2, 1, 2])
    """
    times = tuple(operator.index(r) for r in (pack(repeats) if not named_repeats else named_repeats["repeats"]))
    if len(times) < len(input._a.shape):
        raise RuntimeError("Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor")
    if any(r < 0 for r in times):
        raise RuntimeError(f"Trying to create tensor with negative dimension: repeat dims {list(times)}")
    return ops.repeat(input, repeats=times)


@public()
def tile(input: Tensor, *dims: Any, **named_dims: Any) -> Tensor:
    """As `repeat`, with missing leading numbers taken as 1."""
    times = pack(dims) if not named_dims else tuple(named_dims["dims"])
    return repeat(input, *(1,) * (len(input._a.shape) - len(times)), *times)


def repeat_interleave(
    input: Tensor, repeats: Any = None, dim: int | None = None, *, output_size: int | None = None
) -> Tensor:
    """Each element (each slice along `dim`) repeated on the spot; with `repeats` alone, the indices that would do it.

    >>> import chainrule as cr
    >>> cr.repeat_interleave(cr.tensor([1, 2]), 2)
    tensor([1, 1, 2, 2])
    """
    counts = np.asarray((input if repeats is None else repeats)._a if isinstance(repeats, Tensor) or repeats is None else repeats)
    if counts.dtype.kind not in "iu":
        raise RuntimeError("repeats has to be Long or Int tensor")
    if (counts < 0).any():
        raise RuntimeError("repeats can not be negative")
    if repeats is None:
        return wrap(np.repeat(np.arange(counts.size), counts))
    x = reshape(input, -1) if dim is None or not input._a.shape else input
    d = dim_index(0 if dim is None else dim, len(x._a.shape))
    n = x._a.shape[d]
    if counts.size not in (1, n) or counts.ndim > 1:
        raise RuntimeError(
            f"repeats must have the same size as input along dim, but got repeats.size(0) = {counts.size} and "
            f"input.size({d}) = {n}"
        )
    return index_select(x, dim=d, index=np.repeat(np.arange(n), counts.reshape(-1)))


public()(repeat_interleave)

# ------------------------------------------------------------------------------------------------------------ reordering


@public()
def roll(input: Tensor, shifts: Any, dims: Any = ()) -> Tensor:
    """Elements moved along `dims` (or along the flattened tensor), re-entering at the other end.

    >>> import chainrule as cr
    >>> cr.tensor([1, 2, 3]).roll(1)
    tensor([3, 1, 2])
    """
    shifts, dims = (tuple(x) if isinstance(x, (tuple, list)) else () if x is None else (x,) for x in (shifts, dims))
    if not dims and len(shifts) == 1:
        return reshape(ops.roll(reshape(input, -1), shifts=shifts, dims=(0,)), *input._a.shape)
    if len(shifts) != len(dims):
        raise RuntimeError(f"shifts and dimensions must align. shifts: {len(shifts)}, dims:{len(dims)}")
    return ops.roll(input, shifts=shifts, dims=tuple(dim_index(d, len(input._a.shape)) for d in dims))


@public()
def flip(input: Tensor, *dims: Any, **named_dims: Any) -> Tensor:
    """A copy with the order reversed in the given dimensions."""
    dims = pack(dims) if not named_dims else pack((named_dims["dims"],))
    n = len(input._a.shape)
    found = [dim_index(d, n) for d in dims]
    for d in found:
        if found.count(d) > 1:
            raise RuntimeError(f"dim {d} appears multiple times in the list of dims")
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
                f"split_with_sizes expects split_sizes to sum exactly to {n} (input tensor's size at dimension {d}), but "
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
    """Cut along `dim` into views of the given sizes."""
    return split(input, list(split_sizes), dim)


@public("unsafe_chunk")
def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """Cut along `dim` into at most `chunks` views of equal size; the last may be smaller."""
    if not input._a.shape:
        raise RuntimeError("chunk expects at least a 1-dimensional tensor")
    if chunks <= 0:
        raise RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    n = input._a.shape[dim_index(dim, len(input._a.shape))]
    return split(input, -(-n // chunks), dim) if n else split(input, [0] * chunks, dim)


@public()
def unbind(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """The slices along a dimension, which is removed."""
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
        return tuple(
            ops.narrow(input, dim=d, start=i, stop=max(i, j), step=1) for i, j in pairwise([0, *cuts, n])
        )
    if where <= 0:
        raise RuntimeError(f"number of sections must be larger than 0, got {where}")
    small, more = divmod(n, where)
    return _cut(input, d, [0, *accumulate([small + 1] * more + [small] * (where - more))], "SliceBackward0")


def _split_along(name: str, at_least: int, dim_of: Callable[[int], int]) -> None:
    def f(input: Tensor, indices_or_sections: Any = None, **other: Any) -> tuple[Tensor, ...]:
        n = len(input._a.shape)
        if n < at_least:
            raise RuntimeError(
                f"torch.{name} requires a tensor with at least {at_least} dimension, but got a tensor with {n} dimensions!"
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
    """A view with any sizes and strides (in elements) into the memory of a contiguous tensor.

    Raises RuntimeError where the view would reach outside the tensor, or the tensor is not contiguous.
    """
    size, stride = tuple(size), tuple(stride)
    if len(size) != len(stride):
        raise RuntimeError("mismatch in length of strides and shape")
    if any(s < 0 for s in stride):
        raise RuntimeError("as_strided: Negative strides are not supported at the moment, got strides: " f"{list(stride)}")
    a = shareable(input)
    if not a.flags.c_contiguous:
        raise RuntimeError("as_strided of a tensor that is not contiguous: take .contiguous() of it first")
    offset = 0 if storage_offset is None else storage_offset - input.storage_offset()  # type: ignore[attr-defined]
    last = offset + sum((n - 1) * s for n, s in zip(size, stride))
    if numel(size) and (offset < 0 or last >= a.size):
        raise RuntimeError(
            f"setStorage: sizes {list(size)}, strides {list(stride)}, storage offset {offset}, and itemsize {a.itemsize} "
            f"requiring a storage size of {(last + 1) * a.itemsize} are out of bounds for storage of size {a.nbytes}"
        )
    return ops.as_strided(input, size=size, stride=stride, offset=offset)


# ------------------------------------------------------------------------------------------------ diagonals and triangles


@public()
def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """The diagonal of the plane of two dimensions as a new last dimension; a view."""
    n = len(input._a.shape)
    i, j = dim_index(dim1, n), dim_index(dim2, n)
    if i == j:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    return ops.diagonal(input, offset=offset, dim1=i, dim2=j)


@public()
def diag_embed(input: Tensor, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """The last dimension put on the diagonal of a new plane of zeros."""
    n = len(input._a.shape) + 1
    i, j = dim_index(dim1, n), dim_index(dim2, n)
    if i == j:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    return ops.diag_embed(input, offset=offset if i < j else -offset, dim1=min(i, j), dim2=max(i, j))


@public()
def diag(input: Tensor, diagonal: int = 0) -> Tensor:
    """The diagonal of a matrix as a vector, or a matrix with a vector on its diagonal.

    >>> import chainrule as cr
    >>> cr.diag(cr.tensor([1, 2]))
    tensor([[1, 0],
            [0, 2]])
    """
    n = len(input._a.shape)
    if n == 1:
        return diag_embed(input, diagonal)
    if n != 2:
        raise RuntimeError(f"diag(): Supports 1D or 2D tensors. Got {n}D")
    return ops.clone(ops.diagonal(input, offset=diagonal, dim1=0, dim2=1))


@public()
def diagflat(input: Tensor, offset: int = 0) -> Tensor:
    """A matrix with all elements, in order, on its diagonal."""
    return diag_embed(reshape(input, -1), offset)


def _triangle(name: str, side: str) -> None:
    op = getattr(ops, name)

    def f(input: Tensor, diagonal: int = 0) -> Tensor:
        if len(input._a.shape) < 2:
            raise RuntimeError(f"{name}: input tensor must have at least 2 dimensions")
        return op(input, diagonal=diagonal)

    def indices(row: int, col: int, offset: int = 0, *, dtype: Any = None, device: Any = None, layout: Any = None) -> Tensor:
        pair = getattr(np, f"{name}_indices")(row, offset, col)
        return wrap(np.stack(pair).astype(dtypes.INT64 if dtype is None else dtypes.as_np(dtype)))

    f.__name__ = f.__qualname__ = name
    f.__doc__ = f"The {side} triangle of a matrix (or of each in a batch), zeros elsewhere; `diagonal` shifts its edge."
    indices.__name__ = indices.__qualname__ = f"{name}_indices"
    indices.__doc__ = f"The rows and columns, a 2 by n tensor, of the {side} triangle of a `row` by `col` matrix."
    public(inplace=True)(f)
    public(method=False)(indices)


_triangle("tril", "lower")
_triangle("triu", "upper")

# ----------------------------------------------------------------------------------------------------- shapes in place


def _become(x: Tensor, what: str, f: Callable[..., Tensor], *args: Any, **kwargs: Any) -> Tensor:
    """Turn x into its view `f(x, ...)`: the memory stays, the shape and the history change."""
    records = recording(x)
    if records:
        refuse_leaf(x, what)
    if any(ref() is not None for ref in x._views or ()):
        raise RuntimeError(
            f"{what}: this tensor has views, whose places in it would be lost. Use the form without underscore, which "
            "returns a new view."
        )
    part = f(x, *args, **kwargs)
    x._a = part._a
    if records:
        x._g = part._g
    if x._base is not None:
        x._path = part._path
    touch(x, what)
    return x


def _in_place(f: Callable[..., Tensor], *names: str) -> None:
    for name in names:

        def method(self: Tensor, *args: Any, _name: str = f"{name}_", **kwargs: Any) -> Tensor:
            return _become(self, _name, f, *args, **kwargs)

        method.__name__ = method.__qualname__ = f"{name}_"
        method.__doc__ = f"`{name}` in place: the tensor itself gets the new shape."
        setattr(Tensor, f"{name}_", method)


_in_place(squeeze, "squeeze")
_in_place(unsqueeze, "unsqueeze")
_in_place(transpose, "transpose", "swapaxes", "swapdims")
_in_place(t, "t")
_in_place(as_strided, "as_strided")


@install
class _Resizing:
    def resize_(self: Tensor, *sizes: Any, memory_format: Any = None) -> Tensor:
        """Give the tensor another shape and as many elements as that takes; new ones are 0."""
        if self._g is not None:
            raise RuntimeError("cannot resize variables that require grad")
        shape, old = tuple(operator.index(s) for s in pack(sizes)), shareable(self).reshape(-1)
        n = numel(shape)
        if n > old.size:
            self._a = np.zeros(shape, old.dtype)
            self._a.reshape(-1)[: old.size] = old
        else:
            self._a = old[:n].reshape(shape)
        touch(self, "resize_")
        return self

    def resize_as_(self: Tensor, the_template: Tensor, *, memory_format: Any = None) -> Tensor:
        """`resize_` to another tensor's shape."""
        return self.resize_(the_template._a.shape)  # type: ignore[attr-defined, no-any-return]
