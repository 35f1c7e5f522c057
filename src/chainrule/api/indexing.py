"""Choosing and changing elements: `x[...]`, `x[...] = v`, gather, scatter, fill, copy, where.

An index is read in two steps, as PyTorch reads it. Numbers, slices, None and `...` give a view; arrays of positions and
masks then pick from that view, which makes a copy. So `x[0, :, rows]` is `x[0][:, rows]` (NumPy would put the rows
first). Writing goes the same way: take the view, then write into it.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.api.public import FUNCTIONS, install, named, public
from chainrule.api.shaping import expand, misfit, reshape
from chainrule.base import dtypes
from chainrule.base.shapes import broadcast, dim_index
from chainrule.core.inplace import modify, refuse_leaf
from chainrule.core.op import REGISTRY
from chainrule.core.state import MODE, NO_GRAD
from chainrule.core.tape import Meta, Node, recording, store, view_of
from chainrule.core.tensor import LEAF, Tensor, new, touch, wrap
from chainrule.ops import select as ops
from chainrule.ops import views

_GETITEM = ops.getitem
ndarray = np.ndarray

# ---------------------------------------------------------------------------------------------------- reading an index


def _read(i: Any) -> Any:
    """One part of an index as an int, slice, None, `...`, bool, or an array of positions or a mask."""
    if i is None or i is Ellipsis or isinstance(i, bool):
        return i
    if isinstance(i, slice):
        if i.step is not None and operator.index(i.step) <= 0:
            raise ValueError("slice step cannot be zero" if operator.index(i.step) == 0 else "step must be greater than zero")
        return i
    if isinstance(i, Tensor):
        a = np.asarray(i._a)
    elif isinstance(i, (np.ndarray, np.generic)):
        a = np.asarray(i)
    elif isinstance(i, (list, tuple, range)):
        a = np.array([np.asarray(j._a) if isinstance(j, Tensor) else j for j in i] if not isinstance(i, range) else i)
        a = a.astype(np.int64) if a.size == 0 else a
    elif hasattr(i, "__index__"):
        return operator.index(i)
    else:
        raise IndexError(
            "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices (got "
            f"{type(i).__name__})"
        )
    if a.dtype.kind not in "bui":
        raise IndexError("tensors used as indices must be long, int, byte or bool tensors")
    if a.dtype == np.uint8 and a.ndim:
        return a.astype(bool)
    if a.ndim:
        return a
    return bool(a) if a.dtype.kind == "b" else int(a)


def _plan(x: Any, index: Any) -> tuple[tuple[Any, ...] | None, tuple[Any, ...] | None]:
    """The two steps of an index: what gives a view of payload `x`, and what picks from it (None if there is nothing)."""
    parts = [_read(i) for i in index] if type(index) is tuple else [_read(index)]
    shape, used = x.shape, 0
    rest = sum(
        0 if i is None or i is Ellipsis or type(i) is bool else i.ndim if type(i) is ndarray and i.dtype.kind == "b" else 1
        for i in parts
    )
    if rest > len(shape):
        if not shape:
            raise IndexError(
                "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` in C++ to convert a "
                "0-dim tensor to a number"
            )
        raise IndexError(f"too many indices for tensor of dimension {len(shape)}")
    first, then, picks = [], [], False
    for i in parts:
        if i is Ellipsis:
            used = len(shape) - rest
            then.append(i)
        elif type(i) is bool:
            first.append(None)
            then.append(np.zeros(int(i), np.int64))
            picks = True
            continue
        elif type(i) is ndarray:
            picks = True
            n = i.ndim if i.dtype.kind == "b" else 1
            if i.dtype.kind == "b" and i.shape != shape[used : used + n]:
                raise IndexError(
                    f"The shape of the mask {list(i.shape)} at index {used} does not match the shape of the indexed tensor "
                    f"{list(shape)} at index {used}"
                )
            first.extend([slice(None)] * n)
            then.append(i)
            used, rest = used + n, rest - n
            continue
        elif i is None:
            then.append(slice(None))
        else:
            used, rest = used + 1, rest - 1
            if type(i) is not int:
                then.append(slice(None))
        first.append(i)
    if not picks:
        return (tuple(first) if Ellipsis in first else (*first, ...)), None
    if all(i is Ellipsis or (type(i) is slice and i == slice(None)) for i in first):
        return None, tuple(then)
    return (tuple(first) if Ellipsis in first else (*first, ...)), tuple(then)


def _out_of_range(e: IndexError) -> IndexError:
    """NumPy's complaint in PyTorch's words."""
    text = str(e).replace("for axis", "for dimension").replace("indexing arrays", "indexing tensors")
    return IndexError(text)


def _label(index: Any) -> str:
    """What PyTorch calls the last step of a basic index."""
    parts = index if type(index) is tuple else (index,)
    for i in reversed(parts):
        if i is None:
            return "UnsqueezeBackward0"
        if i is not Ellipsis and type(i) is not slice:
            return "SelectBackward0"
        if type(i) is slice and (i != slice(None) or len(parts) == 1):
            return "SliceBackward0"
    return "AliasBackward0"


def _getitem(self: Tensor, index: Any) -> Tensor:
    """The chosen elements: a view for numbers, slices, None and `...`; a copy for arrays of positions and masks.

    >>> import chainrule as cr
    >>> x = cr.arange(6).reshape(2, 3)
    >>> x[1], x[:, 0], x[x > 3], x[[1, 0], [0, 1]]
    (tensor([3, 4, 5]), tensor([0, 3]), tensor([4, 5]), tensor([3, 1]))
    """
    m, kind, a = MODE.get(), type(index), self._a
    if type(a) is not ndarray or not (m is None or m is NO_GRAD):
        return _choose(self, index)
    if kind is int:
        index = (index, ...)
    elif kind is slice and index.step is None:
        index = (index, ...)
    elif kind is not tuple or not all(type(i) is int for i in index):
        return _choose(self, index)
    else:
        index = (*index, ...)
    try:
        part = a[index]
    except (IndexError, TypeError):
        return _choose(self, index)  # which says what is wrong
    t = new(Tensor)
    t._a = part
    t._v = None
    attrs = {"index": index}
    g = self._g
    if g is None or m is not None:
        t._g = None
    else:
        t._g = node = Node(_GETITEM, (self if g is LEAF else g,), (Meta(a), None), ())
        node.attrs = attrs
        if kind is not slice:
            node.label = "SelectBackward0"
    view_of(self, t, (_GETITEM, attrs, a.shape))
    return t


def _choose(x: Tensor, index: Any) -> Tensor:
    """Any index, in its two steps."""
    try:
        first, then = _plan(x._a, index)
        if first is not None:
            x = named(_GETITEM(x, index=first), _label(index))
        return x if then is None else ops.pick(x, index=then)
    except IndexError as e:
        raise _out_of_range(e) from None


def _setitem(self: Tensor, index: Any, value: Any) -> None:
    """Write into the chosen elements, in place; gradients flow to `value`, and none to what it replaced."""
    if not isinstance(value, (Tensor, bool, int, float, np.generic)):
        name = dtypes.of(self._a.dtype).legacy
        raise TypeError(f"can't assign a {type(value).__name__} to a torch.{name}")
    m = MODE.get()
    plain = m is None or m is NO_GRAD
    v = value._a if isinstance(value, Tensor) else value
    try:
        if plain and type(self._a) is ndarray and not self._frozen:
            if not (m is None and (self._g is not None or (isinstance(value, Tensor) and value._g is not None))):
                if not self._a.flags.writeable:
                    store(self, self._a)  # raises, saying why
                _write(self._a, index, v)
                touch(self, "__setitem__")
                return
        first, then = _plan(self._a, index)
        part = self
        if first is not None:
            part = _GETITEM(self, index=first)
            if part._a.shape == self._a.shape and all(i is Ellipsis or type(i) is slice for i in first):
                part = self  # all of it
        if then is None:
            _copy(part, value, "__setitem__")
        else:
            if recording(self, *([value] if isinstance(value, Tensor) else [])):
                refuse_leaf(part, "__setitem__")
            source = wrap(np.asarray(value, self._a.dtype)) if not isinstance(value, Tensor) else _as(value, self)
            _fits(source._a.shape, np.broadcast_shapes(part._a[then].shape), then)
            modify(part, "__setitem__", _put_back, source, index=then)
    except IndexError as e:
        raise _out_of_range(e) from None


def _write(a: Any, index: Any, v: Any) -> None:
    """Assign to elements of an array."""
    if type(index) is not int:
        first, then = _plan(a, index)
        a = a if first is None else a[first]
        index = ... if then is None else then
    try:
        a[index] = v
    except ValueError:
        _fits(np.shape(v), a[index].shape, None if index is ... or type(index) is int else index)
        raise


def _fits(have: Sequence[int], place: Sequence[int], picked: Any) -> None:
    """Raise if values of a shape cannot be broadcast to the place they are put in."""
    values = list(have)
    while len(values) > len(place) and values[0] == 1:
        del values[0]
    lead = len(place) - len(values)
    for i in range(len(place)):
        if lead < 0 or (i >= lead and values[i - lead] not in (1, place[i])):
            if picked is not None or lead < 0:
                raise RuntimeError(
                    f"shape mismatch: value tensor of shape {list(have)} cannot be broadcast to indexing result of shape "
                    f"{list(place)}"
                )
            raise RuntimeError(misfit(list(place), values, i, lead))
    if lead < 0:
        raise RuntimeError(misfit([*place], values, 0, 0) if place else f"a value of shape {list(have)} for one element")


Tensor.__getitem__ = _getitem  # type: ignore[attr-defined]
Tensor.__setitem__ = _setitem  # type: ignore[attr-defined]

# ------------------------------------------------------------------------------------------------- filling and copying


def _as(x: Tensor, like: Tensor) -> Tensor:
    d = like._a.dtype
    return x if x._a.dtype is d else REGISTRY["cast"](x, dtype=d)


def _put_back(x: Tensor, value: Tensor, *, index: Any) -> Tensor:
    return ops.index_put(x, value, index=index)


def _quiet(x: Tensor, other: Any = None) -> bool:
    """Whether a write into x needs no record: plain NumPy will do."""
    m = MODE.get()
    if x._frozen or type(x._a) is ndarray and not x._a.flags.writeable:
        return False
    return m is NO_GRAD or (m is None and x._g is None and (other is None or other._g is None))


def _copy(x: Tensor, src: Any, what: str) -> Tensor:
    """Overwrite x by `src`, broadcast and converted."""
    if isinstance(src, Tensor):
        _fits(src._a.shape, x._a.shape, None)
        extra = len(src._a.shape) - len(x._a.shape)
        if extra > 0:
            src = reshape(src, *src._a.shape[extra:])
        return modify(x, what, views.overwrite, src)
    return modify(x, what, views.fill, src)


@install
class _Overwriting:
    def fill_(self: Tensor, value: Any) -> Tensor:
        """Overwrite every element by a number or a 0-d tensor."""
        if not isinstance(value, Tensor):
            if _quiet(self):
                a = self._a
                if type(a) is ndarray:
                    a.fill(value)
                else:
                    self._a = type(a)(value)
                touch(self, "fill_")
                return self
        elif value._a.shape:
            raise RuntimeError(
                f"fill_ only supports 0-dimension value tensor but got tensor with {value._a.ndim} dimensions."
            )
        else:
            value = _as(value, self)
        return modify(self, "fill_", views.fill, value)

    def zero_(self: Tensor) -> Tensor:
        """Overwrite every element by 0."""
        if _quiet(self):
            a = self._a
            if type(a) is ndarray:
                a.fill(0)
            else:
                self._a = type(a)(0)
            touch(self, "zero_")
            return self
        return modify(self, "zero_", _zeroed)

    def copy_(self: Tensor, src: Any, non_blocking: bool = False) -> Tensor:
        """Overwrite the elements by those of `src`, broadcast to this shape and converted to this dtype."""
        if not isinstance(src, Tensor):
            raise TypeError(f"copy_(): argument 'other' (position 1) must be Tensor, not {type(src).__name__}")
        if _quiet(self, src) and src._a.shape == self._a.shape:
            store(self, src._a)
            touch(self, "copy_")
            return self
        return _copy(self, src, "copy_")

    def fill_diagonal_(self: Tensor, fill_value: float, wrap: bool = False) -> Tensor:
        """Overwrite the main diagonal; with `wrap`, begin again after every N rows of a tall matrix."""
        shape = self._a.shape
        if len(shape) < 2:
            raise RuntimeError("dimensions must larger than 1")
        if len(shape) > 2 and len(set(shape)) > 1:
            raise RuntimeError("all dimensions of input must be of equal length")
        mask = np.zeros(shape, bool)
        np.fill_diagonal(mask, True, wrap)
        return modify(self, "fill_diagonal_", masked_fill, _tensor(mask), fill_value)

    def masked_fill_(self: Tensor, mask: Tensor, value: Any) -> Tensor:
        """`masked_fill` in place."""
        broadcast_into(mask._a.shape, self._a.shape)
        return modify(self, "masked_fill_", masked_fill, mask, value)


def broadcast_into(have: Sequence[int], target: Sequence[int]) -> None:
    """Raise if a shape cannot be expanded to another."""
    lead = len(target) - len(have)
    if lead < 0:
        raise RuntimeError(f"shape {list(have)} has more dimensions than {list(target)}, so it cannot be expanded to it")
    for i in range(lead, len(target)):
        if have[i - lead] not in (1, target[i]):
            raise RuntimeError(misfit(target, have, i, lead))


def _tensor(a: Any) -> Tensor:
    return wrap(a)


def _zeroed(x: Tensor) -> Tensor:
    return named(views.fill(x, 0), "ZeroBackward0")


@public(method=False)
def fill(input: Tensor, value: Any) -> Tensor:
    """A tensor like `input` with every element `value` (a number or a 0-d tensor, to which gradients flow)."""
    return views.fill(input, value)


for _name in ("fill_", "zero_", "resize_as_"):
    FUNCTIONS[_name] = getattr(Tensor, _name)

# -------------------------------------------------------------------------------------------------------- masks, where


def _mask(mask: Any, complaint: str) -> Tensor:
    a = mask._a if isinstance(mask, Tensor) else mask
    if a.dtype.kind != "b":
        raise RuntimeError(complaint.format(dtypes.of(a.dtype).legacy.removesuffix("Tensor")))
    return mask


def where(condition: Any, input: Any = None, other: Any = None) -> Any:
    """Elements of `input` where `condition` holds, of `other` elsewhere; numbers are welcome.

    With the condition alone: the positions where it holds, a tensor per dimension.

    >>> import chainrule as cr
    >>> x = cr.tensor([-1.0, 2.0])
    >>> cr.where(x > 0, x, 0.0)
    tensor([0., 2.])
    """
    if not isinstance(condition, Tensor):
        raise TypeError(f"where(): argument 'condition' (position 1) must be Tensor, not {type(condition).__name__}")
    if input is None and other is None:
        return tuple(wrap(i) for i in np.atleast_1d(condition._a).nonzero())
    c = condition
    if c._a.dtype != np.uint8:
        _mask(c, "where expected condition to be a boolean tensor, but got a tensor with dtype {}")
    else:
        c = REGISTRY["cast"](c, dtype=dtypes.BOOL)
    if not isinstance(input, Tensor) and not isinstance(other, Tensor):
        d = dtypes.result_type([input, other])
        input, other = wrap(d.type(input)), wrap(d.type(other))
    return ops.where(c, input, other)


FUNCTIONS["where"] = public(function=False, method=False)(where)
Tensor.where = lambda self, condition, other: where(condition, self, other)  # type: ignore[attr-defined]


@public()
def masked_fill(input: Tensor, mask: Tensor, value: Any) -> Tensor:
    """A copy with `value` (a number or a 0-d tensor) wherever `mask` is True."""
    _mask(mask, "masked_fill_ only supports boolean masks, but got mask with dtype {}")
    if isinstance(value, Tensor):
        if value._a.shape:
            raise RuntimeError(
                f"masked_fill_ only supports a 0-dimensional value tensor, but got tensor with {value.ndim} dimension(s)."
            )
        return named(ops.where(mask, _as(value, input), input), "MaskedFillBackward1")
    return named(ops.where(mask, wrap(_scalar(value, input)), input), "MaskedFillBackward0")


def _scalar(value: Any, like: Tensor) -> Any:
    return np.asarray(value).astype(like._a.dtype)[()]


@public()
def masked_select(input: Tensor, mask: Tensor) -> Tensor:
    """The elements where `mask` is True, in one dimension."""
    _mask(mask, "masked_select: expected BoolTensor for mask")
    shape = broadcast(input._a.shape, mask._a.shape)
    where = np.atleast_1d(np.broadcast_to(mask._a, shape))
    return named(ops.pick(expand(input, *where.shape), index=(where,)), "MaskedSelectBackward0")


@public(inplace=True)
def masked_scatter(input: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """A copy with the elements of `source`, in order, put where `mask` is True."""
    _mask(mask, "masked_scatter_ only supports boolean masks, but got mask with dtype {}")
    if input._a.dtype != source._a.dtype:
        raise RuntimeError(
            f"masked_scatter: expected self and source to have same dtypes but got {input.dtype} and {source.dtype}"
        )
    shape = broadcast(input._a.shape, mask._a.shape)
    where = np.broadcast_to(mask._a, shape)
    n = int(np.count_nonzero(where))
    if source._a.size < n:
        raise RuntimeError(f"Number of elements of source < number of ones in mask ({source._a.size} < {n})")
    values = views.narrow(reshape(source, -1), dim=0, start=0, stop=n, step=1)
    if not shape:
        return ops.where(mask, reshape(values, ()), input) if n else views.clone(input)
    return named(ops.index_put(expand(input, *shape), values, index=(where,)), "MaskedScatterBackward0")


# ---------------------------------------------------------------------------------------------------- along a dimension


def _index(index: Any, name: str, n: int | None, d: int, error: type[Exception] = RuntimeError, negative: bool = False) -> Any:
    """An index tensor as a NumPy array of positions below n, checked."""
    a = np.asarray(index._a if isinstance(index, Tensor) else index)
    if a.dtype.kind not in "iu" and a.size:
        raise RuntimeError(f"{name}(): Expected dtype int32/int64 for index")
    a = a.astype(np.int64, copy=False)
    if n is not None and a.size:
        low, high = int(a.min()), int(a.max())
        if high >= n or low < (-n if negative else 0):
            bad = high if high >= n else low
            raise error(f"index {bad} is out of bounds for dimension {d} with size {n}")
    return a


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


@public()
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
    a = np.broadcast_to(indices._a, (*common[:d], q[d], *common[d + 1 :]))
    return gather(wide, d, wrap(np.where(a < 0, a + p[d], a) if p else a))


def _source(input: Tensor, src: Any, a: Any, d: int, name: str) -> Tensor:
    """What is scattered: a tensor no smaller than the index, or a number everywhere."""
    if not isinstance(src, Tensor):
        return wrap(np.broadcast_to(_scalar(src, input), a.shape))
    if src._a.dtype != input._a.dtype:
        raise RuntimeError(f"{name}(): Expected self.dtype to be equal to src.dtype")
    if max(a.ndim, 1) != max(len(src._a.shape), 1) and a.size:
        raise RuntimeError("Index tensor must have the same number of dimensions as src tensor")
    if a.size and any(p > q for p, q in zip(a.shape, src._a.shape)):
        raise RuntimeError(
            f"Expected index {list(a.shape)} to be no larger than self {list(input._a.shape)} apart from dimension {d} and "
            f"to be no larger size than src {list(src._a.shape)}"
        )
    return src


@public(inplace=True)
def scatter(input: Tensor, dim: int, index: Tensor, src: Any = None, *, value: Any = None, reduce: str | None = None) -> Tensor:
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


@public(inplace=True)
def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """A copy with elements of `src` added along one dimension, where they meet all of them."""
    d, a = _along(input, dim, index, "scatter_add")
    src = _source(input, src, a, d, "scatter_add")
    return ops.scatter_add(input, src, dim=d, index=a) if a.size else views.clone(input)


@public(inplace=True)
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
    return named(_meet(input, d, a, src, reduce, include_self), "ScatterReduceBackward0")


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


@public()
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
        raise IndexError("index_select(): Index to scalar can have only 1 value, got {a.size} value(s)")
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
            raise RuntimeError(
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


@public(inplace=True)
def index_add(input: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: float = 1) -> Tensor:
    """A copy with the slices of `source`, times `alpha`, added at the positions in `index`."""
    d, a = _vector(input, dim, index, source, "index_add_")
    return ops.index_add(input, source if alpha == 1 else source * alpha, dim=d, index=a)


@public(inplace=True)
def index_copy(input: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    """A copy with the slices at the positions in `index` replaced by those of `source`."""
    d, a = _vector(input, dim, index, source, "index_copy_")
    if not input._a.shape:
        return views.overwrite(input, reshape(source, ()))
    source = source if source._a.shape else reshape(source, 1)
    return named(ops.index_put(input, source, index=_slices(d, a)), "IndexCopyBackward0")


@public(inplace=True)
def index_fill(input: Tensor, dim: int, index: Tensor, value: Any) -> Tensor:
    """A copy with the slices at the positions in `index` filled with a number or a 0-d tensor."""
    d, a = _vector(input, dim, index, None, "index_fill_", negative=True)
    if isinstance(value, Tensor) and value._a.shape:
        raise RuntimeError(f"index_fill_ only supports a 0-dimensional value tensor, but got {value.ndim} dimension(s)")
    v = _as(value, input) if isinstance(value, Tensor) else wrap(_scalar(value, input))
    if not input._a.shape:
        return views.fill(input, v) if a.size else views.clone(input)
    a = np.unique(a % input._a.shape[d]) if a.size else a  # each slice is filled once, so it hands on one gradient
    return named(ops.index_put(input, v, index=_slices(d, a)), f"IndexFillBackward{int(isinstance(value, Tensor))}")


@public(inplace=True)
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
            f"Index put requires the source and destination dtypes match, got {name} for the destination and {theirs} for "
            "the source."
        )
    try:
        _, then = _plan(input._a, tuple(slice(None) if i is None else i for i in indices))
        first, then = _plan(input._a, tuple(_array(i) for i in indices))
        place = np.asarray(input._a)[then].shape
    except IndexError as e:
        raise _out_of_range(e) from None
    _fits(values._a.shape, place, then)
    return ops.index_put(input, values, index=then, add=accumulate)


def _array(i: Any) -> Any:
    if i is None:
        return slice(None)
    a = np.asarray(i._a)
    return a if a.ndim or a.dtype.kind == "b" else a.reshape(1)


@public()
def take(input: Tensor, index: Tensor) -> Tensor:
    """The elements at positions in the flattened tensor, in the shape of `index`."""
    a = _flat(input, index)
    return named(reshape(ops.pick(reshape(input, -1), index=(a.reshape(-1),)), a.shape), "TakeBackward0")


def _flat(input: Tensor, index: Tensor) -> Any:
    a, n = _index(index, "take", None, 0), input._a.size
    if a.size and (a.max() >= n or a.min() < -n):
        bad = int(a.max() if a.max() >= n else a.min())
        raise IndexError(f"out of range: tried to access index {bad} on a tensor of {n} elements.")
    return a


@public(inplace=True)
def put(input: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
    """A copy with `source` written (or added) at positions in the flattened tensor."""
    a = _flat(input, index).reshape(-1)
    if input._a.dtype != source._a.dtype:
        raise RuntimeError(f"put_(): self and source expected to have the same dtype, but got {input.dtype} and {source.dtype}")
    if a.size != source._a.size:
        raise RuntimeError(
            f"put_(): Expected source and index to have the same number of elements, but got {source._a.size} and {a.size}"
        )
    flat = ops.index_put(reshape(input, -1), reshape(source, -1), index=(a,), add=accumulate)
    return named(reshape(flat, input._a.shape), "PutBackward0")


public(inplace=True)(index_put)

# --------------------------------------------------------------------------------------------- a part within the whole


def _within(input: Tensor, src: Tensor, path: Any, label: str) -> Tensor:
    part = np.asarray(input._a)
    for op, attrs in path:
        part = op.kernel(part, **attrs)
    if part.shape != src._a.shape:
        raise RuntimeError(f"expected src to have a size equal to the slice of self. src size = {list(src._a.shape)}, slice size = {list(part.shape)}")
    return named(views.view_scatter(input, _as(src, input), path=path), label)


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
    """A copy with `src` in place of `input.as_strided(size, stride, storage_offset)`."""
    attrs = {"size": tuple(size), "stride": tuple(stride), "offset": storage_offset or 0}
    return _within(input, src, ((views.as_strided, attrs),), "AsStridedScatterBackward0")
