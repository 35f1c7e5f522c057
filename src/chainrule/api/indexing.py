"""Choosing and changing elements: `x[...]`, `x[...] = v`, gather, scatter, fill, copy, where.

An index is read in two steps, as PyTorch reads it. Numbers, slices, None and `...` give a view; arrays of positions and
masks then pick from that view, which makes a copy. So `x[0, :, rows]` is `x[0][:, rows]` (NumPy would put the rows
first). Writing goes the same way: take the view, then write into it.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from chainrule.api.creation import held
from chainrule.api.public import FUNCTIONS, install, named, public
from chainrule.api.shaping import misfit, reshape
from chainrule.base import dtypes
from chainrule.core.inplace import modify, refuse_leaf
from chainrule.core.op import REGISTRY
from chainrule.core.state import NO_GRAD, draw, mode_now
from chainrule.core.tape import (
    Meta,
    Node,
    known,
    numbers,
    payload,
    positions,
    reads,
    recording,
    register,
    store,
    view_of,
)
from chainrule.core.tensor import LEAF, Tensor, new, touch, version, wrap
from chainrule.ops import select as ops
from chainrule.ops import views

_GETITEM = ops.getitem
ndarray = np.ndarray
_BOUNDS = (int, type(None))

# ---------------------------------------------------------------------------------------------------- reading an index


def _read(i: Any) -> Any:
    """One part of an index as an int, slice, None, `...`, bool, or an array of positions or a mask."""
    if i is None or i is Ellipsis or isinstance(i, bool):
        return i
    if isinstance(i, slice):
        start, stop, step = (None if at is None else operator.index(at) for at in (i.start, i.stop, i.step))
        if step is not None and step <= 0:
            raise ValueError("slice step cannot be zero" if step == 0 else "step must be greater than zero")
        return slice(start, stop, step)
    if isinstance(i, Tensor):
        a = positions(i)
    elif isinstance(i, (np.ndarray, np.generic)):
        a = np.array(i)
    elif isinstance(i, (list, tuple, range)):
        a = np.array([numbers(j) if isinstance(j, Tensor) else j for j in i] if not isinstance(i, range) else i)
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
    if not known(a):
        return a if a.dtype.kind != "b" and a.dtype != np.uint8 else _read(numbers(i))
    if a.dtype == np.uint8 and a.ndim:
        return a.astype(bool)
    if a.ndim:
        return a
    return bool(a) if a.dtype.kind == "b" else int(a)


def _spans(i: Any) -> int:
    """How many dimensions a part of an index speaks of."""
    if i is None or i is Ellipsis or type(i) is bool:
        return 0
    return i.ndim if type(i) is ndarray and i.dtype.kind == "b" else 1


def plan(x: Any, index: Any) -> tuple[tuple[Any, ...] | None, tuple[Any, ...] | None]:
    """The two steps of an index: what gives a view of payload `x`, what picks from it; None for a step with nothing."""
    parts = [_read(i) for i in index] if type(index) is tuple else [_read(index)]
    shape, used = x.shape, 0
    rest = sum(_spans(i) for i in parts)
    if rest > len(shape):
        if not shape:
            raise IndexError(
                "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` in C++ to "
                "convert a 0-dim tensor to a number"
            )
        raise IndexError(f"too many indices for tensor of dimension {len(shape)}")
    first: list[Any] = []
    then: list[Any] = []
    picks = False
    for i in parts:
        if i is Ellipsis:
            used = len(shape) - rest
            then.append(i)
        elif type(i) is bool:
            first.append(None)
            then.append(np.zeros(int(i), np.int64))
            picks = True
            continue
        elif type(i) is ndarray or not known(i):
            picks = True
            n = _spans(i)
            if i.dtype.kind == "b" and i.shape != shape[used : used + n]:
                raise IndexError(
                    f"The shape of the mask {list(i.shape)} at index {used} does not match the shape of the "
                    f"indexed tensor {list(shape)} at index {used}"
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


def out_of_range(e: IndexError) -> IndexError:
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
    m, kind, a = mode_now(), type(index), self._a
    if type(a) is not ndarray or (m is not None and m is not NO_GRAD):
        return _choose(self, index)
    if kind is int or (kind is slice and _simple(index)):
        index = (index, ...)
    elif kind is tuple and all([type(i) is int or i is ... or (type(i) is slice and _simple(i)) for i in index]):
        index = index if ... in index else (*index, ...)
    else:
        return _choose(self, index)
    try:
        part = a[index]
    except (IndexError, TypeError):
        return _choose(self, index)  # which says what is wrong
    t = new(Tensor)
    t._a = part
    t._v = None
    attrs = {"index": index}
    t._g = g = self._g
    if g is not None:
        if m is None:
            t._g = node = new(Node)  # spelled out, as in `fast`
            node.op, node.edges = _GETITEM, (self if g is LEAF else g,)
            node.saved, node.kept = (Meta(a), None), ()
            node.shapes = node.watch = None
            node.attrs = attrs
            node.id = draw()
            node.label = "SelectBackward0" if kind is int else "SliceBackward0" if kind is slice else _label(index)
        else:
            t._g = None
    view_of(self, t, (_GETITEM, attrs, a.shape))
    if m is not None:
        t._wary = True
    return t


def _iter(self: Tensor) -> Iterator[Tensor]:
    """self[0], self[1], ... as `_getitem` gives them one by one; what they share is asked once."""
    m, a, root = mode_now(), self._a, self if self._base is None else self._base
    if not a.shape:
        raise TypeError("iteration over a 0-d tensor")
    if type(a) is not ndarray or m is not None or self._g is not None or root._g is LEAF or self._wary:
        return iter([self[i] for i in range(a.shape[0])])
    v, path, shape, parts = version(self), self._path, a.shape, []
    for i in range(shape[0]):
        t = new(Tensor)
        index = (i, ...)
        t._a, t._v, t._g, t._base = a[index], v, None, root
        t._path = (*path, (_GETITEM, {"index": index}, shape))
        parts.append(t)
    register(root, parts)
    return iter(parts)


def _simple(i: slice) -> bool:
    return i.step is None and type(i.start) in _BOUNDS and type(i.stop) in _BOUNDS


def _choose(x: Tensor, index: Any) -> Tensor:
    """Any index, in its two steps."""
    try:
        first, then = plan(x._a, index)
        if first is not None:
            x = named(_GETITEM(x, index=first), _label(index))
        return x if then is None else reads(ops.pick(x, index=own(then)), *_tensors(index))
    except IndexError as e:
        raise out_of_range(e) from None


def _tensors(index: Any) -> list[Tensor]:
    """The tensors of positions in an index."""
    parts = index if type(index) is tuple else (index,)
    return [i for i in parts if isinstance(i, Tensor) and i._a.dtype.kind not in "b" and i._a.shape]


def own(then: tuple[Any, ...]) -> tuple[Any, ...]:
    """Masks are copied, so that they may change before backward; positions may not, as in PyTorch."""
    return tuple(i.copy() if type(i) is ndarray and i.dtype.kind == "b" else i for i in then)


def _setitem(self: Tensor, index: Any, value: Any) -> None:
    """Write into the chosen elements, in place; gradients flow to `value`, and none to what it replaced."""
    if not isinstance(value, (Tensor, bool, int, float, np.generic)):
        name = dtypes.of(self._a.dtype).legacy
        raise TypeError(f"can't assign a {type(value).__name__} to a torch.{name}")
    try:
        if type(self._a) is ndarray and _quiet(self, value if isinstance(value, Tensor) else None):
            _write(self._a, index, value._a if isinstance(value, Tensor) else value)
            touch(self, "__setitem__")
            return
        first, then = plan(self._a, index)
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
            if isinstance(value, Tensor) and known(value._a) and _fills(then, value._a):
                scalar(value._a.item(), self)
            source = as_like(value, self) if isinstance(value, Tensor) else wrap(np.asarray(scalar(value, self)))
            fits(source._a.shape, ops.pick(payload(part), index=then).shape, then)
            modify(part, "__setitem__", _put_back, source, index=own(then), tensors=_tensors(index))
    except IndexError as e:
        raise out_of_range(e) from None


def _fills(then: Sequence[Any], v: Any) -> bool:
    """Whether one value goes where a mask says, which has to fit as in `masked_fill`."""
    return np.size(v) == 1 and any(type(i) is ndarray and i.dtype.kind == "b" for i in then)


def _write(a: Any, index: Any, v: Any) -> None:
    """Assign to elements of an array."""
    if type(index) is not int:
        first, then = plan(a, index)
        a = a if first is None else a[first]
        index = ... if then is None else then
        if then is not None and _fills(then, v):
            v = held(np.asarray(v).item(), a.dtype)
    if type(v) is float and a.dtype.kind in "iu":
        v = held(v, a.dtype)
    elif isinstance(v, np.floating) and a.dtype.kind != "f":  # as arrays are converted, also what is not finite
        v = np.asarray(v)
    while np.ndim(v) > 1 and v.shape[0] == 1:  # which NumPy minds beside a mask
        v = v[0]
    try:
        a[index] = v
    except OverflowError:  # a number is refused, one of a tensor goes round
        a[index] = held(v, a.dtype) if type(v) is int else np.asarray(v).astype(a.dtype)
    except ValueError:
        place = a[index]
        fits(np.shape(v), place.shape, None if index is ... or type(index) is int else index)
        if place.shape:
            raise
        a[index] = np.reshape(v, ())  # one number with dimensions of size 1


def fits(have: Sequence[int], place: Sequence[int], picked: Any) -> None:
    """Raise if values of a shape cannot be broadcast to the place they are put in; `picked`: by arrays, or None."""
    values = list(have)
    while len(values) > len(place) and values[0] == 1:
        del values[0]
    lead = len(place) - len(values)
    wrong = [i for i in range(max(lead, 0), len(place)) if values[i - lead] not in (1, place[i])]
    if lead >= 0 and not wrong:
        return
    if picked is None and lead >= 0:
        raise RuntimeError(misfit(list(place), values, wrong[0], lead))
    raise RuntimeError(
        f"shape mismatch: value tensor of shape {list(have)} cannot be broadcast to indexing result of shape "
        f"{list(place)}"
    )


for _name, _method in {"__getitem__": _getitem, "__setitem__": _setitem, "__iter__": _iter}.items():
    setattr(Tensor, _name, _method)

# ------------------------------------------------------------------------------------------------- filling and copying


def as_like(x: Tensor, like: Tensor) -> Tensor:
    d = like._a.dtype
    return x if x._a.dtype is d else REGISTRY["cast"](x, dtype=d)


def scalar(value: Any, like: Tensor) -> Any:
    return held(value, like._a.dtype)


def one_of(value: Any, like: Tensor) -> Tensor:
    """A number or a 0-d tensor in the dtype of another tensor, refused where that cannot hold it."""
    if not isinstance(value, Tensor):
        return wrap(scalar(value, like))
    if like._a.dtype.kind in "iu" and known(value._a):
        scalar(value._a.item(), like)
    return as_like(value, like)


def _put_back(x: Tensor, value: Tensor, *, index: Any, tensors: Sequence[Tensor]) -> Tensor:
    return reads(ops.index_put(x, value, index=index), *tensors)


def _quiet(x: Tensor, other: Any = None) -> bool:
    """Whether a write into x needs no record: plain NumPy will do."""
    m = mode_now()
    if type(x._a) is ndarray and not x._a.flags.writeable:
        return False
    if m is NO_GRAD:
        return not x._frozen
    return m is None and x._g is None and not x._wary and (other is None or other._g is None)


def _copy(x: Tensor, src: Any, what: str) -> Tensor:
    """Overwrite x by `src`, broadcast and converted."""
    if isinstance(src, Tensor):
        fits(src._a.shape, x._a.shape, None)
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
                if a.dtype.kind != "f" or not -1e38 < value < 1e38:
                    value = held(value, a.dtype)
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
            value = as_like(value, self)
        return modify(self, "fill_", views.fill, value)

    def zero_(self: Tensor) -> Tensor:
        """Overwrite every element by 0."""
        m, a = mode_now(), self._a
        quiet = (m is NO_GRAD and not self._frozen) or (m is None and self._g is None and not self._wary)
        if type(a) is not ndarray or not quiet:
            return modify(self, "zero_", _zeroed)
        try:
            if a.shape:
                a.fill(0)
            else:
                a[()] = 0  # a fourth of the price
        except ValueError:  # a broadcast view
            return modify(self, "zero_", _zeroed)
        touch(self, "zero_")
        return self

    def copy_(self: Tensor, src: Any, non_blocking: bool = False) -> Tensor:
        """Overwrite the elements by those of `src`, broadcast to this shape and converted to this dtype."""
        if not isinstance(src, Tensor):
            raise TypeError(f"copy_(): argument 'other' (position 1) must be Tensor, not {type(src).__name__}")
        if len(src._a.shape) > len(self._a.shape):
            raise RuntimeError(
                f"output with shape {list(self._a.shape)} doesn't match the broadcast shape {list(src._a.shape)}"
            )
        if _quiet(self, src) and src._a.shape == self._a.shape:
            store(self, src._a)
            touch(self, "copy_")
            return self
        return _copy(self, src, "copy_")


def _zeroed(x: Tensor) -> Tensor:
    return named(views.fill(x, 0), "ZeroBackward0")


@public(method=False)
def fill(input: Tensor, value: Any) -> Tensor:
    """A tensor like `input` with every element `value` (a number or a 0-d tensor, to which gradients flow)."""
    return views.fill(input, value)


for _name in ("fill_", "zero_", "resize_as_"):
    FUNCTIONS[_name] = getattr(Tensor, _name)
