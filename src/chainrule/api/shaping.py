"""Shapes: the same numbers in another arrangement.

Most of these are views: they share the tensor's memory, so that a change of one is a change of the other, values and
gradients alike. Those that repeat or reorder elements (`repeat`, `roll`, `flip`, ...) are copies.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.api.layout import last, preserve_format, with_channels_last
from chainrule.api.public import FUNCTIONS, install, named, public
from chainrule.base import dtypes, wide
from chainrule.base.shapes import Size, broadcast, dim_index, dim_tuple, infer, numel, pack
from chainrule.core.inplace import refuse_leaf
from chainrule.core.op import REGISTRY
from chainrule.core.state import current
from chainrule.core.tape import numbers, recording
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
        raise RuntimeError(
            "self.dim() cannot be 0 to view a tensor of one dtype as another of a different element size"
        )
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
    laid_out = type(a) is not np.ndarray or a.flags.c_contiguous or not a.size
    if not laid_out and not np.may_share_memory(a, a.reshape(shape)):
        raise RuntimeError(
            "view size is not compatible with input tensor's size and stride (at least one dimension spans across two "
            "contiguous subspaces). Use .reshape(...) instead."
        )
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
    i, j = dim_index(start_dim, len(shape)), dim_index(end_dim, len(shape))
    if not shape:
        return reshape(input, 1)
    if i > j:
        raise RuntimeError("flatten() has invalid args: start_dim cannot come after end_dim")
    return input if i == j else reshape(input, *shape[:i], numel(shape[i : j + 1]), *shape[j + 1 :])


@public()
def unflatten(input: Tensor, dim: int, sizes: Sequence[int]) -> Tensor:
    """One dimension as several, of the given sizes (one may be -1): the inverse of `flatten`."""
    shape = input._a.shape
    d = dim_index(dim, len(shape))
    if not shape:
        raise RuntimeError(f"unflatten: a tensor of no dimensions has none to be made {list(sizes)}")
    try:
        parts = infer(sizes, shape[d])
    except RuntimeError:
        raise RuntimeError(
            f"unflatten: Provided sizes {list(sizes)} don't multiply up to the size of dim {d} ({shape[d]}) in "
            "the input "
            "tensor"
        ) from None
    return reshape(input, *shape[:d], *parts, *shape[d + 1 :])


@public()
def ravel(input: Tensor) -> Tensor:
    """All elements in one dimension, one next to the other: a view where they lie so already."""
    return reshape(input.contiguous(), -1)  # type: ignore[attr-defined]


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
        raise RuntimeError(
            f"tensor.adjoint() is only supported on matrices or batches of matrices. Got {input.ndim}-D tensor."
        )
    turned = ops.transpose(input, dim0=-2, dim1=-1)
    return REGISTRY["conj"](turned) if input._a.dtype.kind == "c" else turned  # type: ignore[no-any-return]


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
            f"expand(torch.{dtypes.of(input._a.dtype).legacy}{{{list(have)}}}, size={wanted}): the number of "
            "sizes provided "
            f"({len(wanted)}) must be greater or equal to the number of dimensions in the tensor ({len(have)})"
        )
    shape = []
    for i, w in enumerate(wanted):
        if i < lead and w == -1:
            raise RuntimeError(
                f"The expanded size of the tensor (-1) isn't allowed in a leading, non-existing dimension {i}"
            )
        s = have[i - lead] if i >= lead else 1
        if w not in (-1, s) and s != 1:
            raise RuntimeError(misfit(wanted, have, i, lead))
        shape.append(s if w == -1 else w)
    return ops.expand(input, shape=tuple(shape))


def misfit(target: Sequence[int], have: Sequence[int], i: int, lead: int) -> str:
    """The complaint that dimension i of `have`, put after `lead` new ones, cannot be stretched to `target`."""
    return (
        f"The expanded size of the tensor ({target[i]}) must match the existing size ({have[i - lead]}) at "
        "non-singleton "
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
    if last(memory_format, input._a.shape):
        return with_channels_last(input)  # type: ignore[no-any-return]
    flags = getattr(input._a, "flags", None)
    if flags is None or flags.c_contiguous or memory_format not in (None, preserve_format):
        return ops.clone(input)
    return ops.duplicate(input)


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
    times = input if repeats is None else repeats
    counts = numbers(times)
    if counts.dtype.kind not in "iu":
        raise RuntimeError("repeats has to be Long or Int tensor")
    if (counts < 0).any():
        raise RuntimeError("repeats can not be negative")
    if repeats is None:
        return wrap(wide.repeat(np.arange(counts.size, dtype=np.int64), counts))
    x = reshape(input, -1) if dim is None or not input._a.shape else input
    d = dim_index(0 if dim is None else dim, len(x._a.shape))
    n = x._a.shape[d]
    if counts.size not in (1, n) or counts.ndim > 1:
        raise RuntimeError(
            f"repeats must have the same size as input along dim, but got repeats.size(0) = {counts.size} and "
            f"input.size({d}) = {n}"
        )
    return index_select(x, dim=d, index=wide.repeat(np.arange(n), counts.reshape(-1)))


public()(repeat_interleave)

# ----------------------------------------------------------------------------------------------------- shapes in place


def become(x: Tensor, what: str, f: Callable[..., Tensor], *args: Any, **kwargs: Any) -> Tensor:
    """Turn x into its view `f(x, ...)`: the memory stays, the shape and the history change."""
    records = recording(x)
    trace = current().trace
    if trace is not None:
        trace.reshaped(x, what)
    if records:
        refuse_leaf(x, what)
    if any(ref() is not None for ref in x._views or ()):
        raise RuntimeError(
            f"{what}: this tensor has views, whose places in it would be lost. Use the form without underscore, which "
            "returns a new view."
        )
    part = f(x, *args, **kwargs)
    x._a, x._t = part._a, part._t
    if records:
        x._g = part._g
    if x._base is not None:
        x._path = part._path
    touch(x, what)
    return x


def in_place_view(f: Callable[..., Tensor], *names: str) -> None:
    for name in names:

        def method(self: Tensor, *args: Any, _name: str = f"{name}_", **kwargs: Any) -> Tensor:
            return become(self, _name, f, *args, **kwargs)

        method.__name__ = method.__qualname__ = f"{name}_"
        method.__doc__ = f"`{name}` in place: the tensor itself gets the new shape."
        setattr(Tensor, f"{name}_", method)


in_place_view(squeeze, "squeeze")
in_place_view(unsqueeze, "unsqueeze")
in_place_view(transpose, "transpose", "swapaxes", "swapdims")
in_place_view(t, "t")


@install
class _Resizing:
    def resize_(self: Tensor, *sizes: Any, memory_format: Any = None) -> Tensor:
        """Give the tensor another shape and as many elements as that takes; new ones are 0."""
        if self._g is not None:
            raise RuntimeError("cannot resize variables that require grad")
        trace = current().trace
        if trace is not None:
            trace.reshaped(self, "resize_", shared=False)
        shape, old = tuple(operator.index(s) for s in pack(sizes)), shareable(self).reshape(-1)
        n = numel(shape)
        if shape == self._a.shape:
            return self
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
