"""Making tensors: from data, and filled."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.api.device import here
from chainrule.api.layout import last, preserve_format
from chainrule.api.public import FUNCTIONS, public
from chainrule.base import dtypes, memory
from chainrule.base.shapes import numel, pack
from chainrule.core.state import MODE, mode_now
from chainrule.core.tape import numbers
from chainrule.core.tensor import LEAF, Tensor, wrap

Number = bool | int | float


def made(a: Any, requires_grad: bool = False) -> Tensor:
    """A new tensor around an array, 0-d arrays as scalars; a leaf if gradients are asked for."""
    t = wrap(a[()] if type(a) is np.ndarray and not a.shape else a)
    m = MODE.get()
    if m is not None and m.trace is not None:
        m.trace.born(t)
    return t.requires_grad_() if requires_grad else t


def _np(dtype: Any, default: Any) -> Any:
    return default if dtype is None else dtypes.as_np(dtype)


def _shape(size: tuple[Any, ...]) -> tuple[int, ...]:
    shape = tuple(int(s.__index__()) for s in pack(size))
    for s in shape:
        if s < 0:
            raise RuntimeError(f"Trying to create tensor with negative dimension {s}: {list(shape)}")
    return shape


# ------------------------------------------------------------------------------------------------------------ from data


def array_of(data: Any, dtype: Any = None) -> np.ndarray[Any, Any]:
    """Data (numbers, nested sequences, arrays, tensors) as an array with PyTorch's dtype for it."""
    if isinstance(data, Tensor):
        a = numbers(data)
        return a if dtype is None else a.astype(dtypes.as_np(dtype), copy=False)
    if isinstance(data, (np.ndarray, np.generic)):
        return np.asarray(data).astype(_np(dtype, dtypes.of(data.dtype).np), copy=False)
    if type(data) in (bool, int, float, complex):
        return _number(data, _np(dtype, dtypes.of_number(data)))
    if isinstance(data, str):
        raise TypeError("new(): invalid data type 'str'")
    if hasattr(data, "__array__") and not isinstance(data, Sequence):
        return array_of(np.asarray(data), dtype)
    if not isinstance(data, (Sequence, range)):
        raise RuntimeError(f"Could not infer dtype of {type(data).__name__}")
    kind = _kind(data) if dtype is None else dtypes.as_np(dtype)
    plain = _values(data, _depth(data), kind)
    try:
        return np.array(plain, dtype=kind)
    except OverflowError as e:
        most = np.iinfo(kind).max
        if kind.kind == "u" and all(type(x) is int and abs(x) <= most for x in np.array(data, object).flat):
            return np.array(plain).astype(kind)  # as `held`
        raise RuntimeError(f"value cannot be converted to type {dtypes.of(kind).name} without overflow") from e
    except ValueError:
        _refuse_ragged(plain)
        raise


def _number(x: Any, d: Any) -> np.ndarray[Any, Any]:
    try:
        return np.array(x, d) if d.kind != "b" else np.array(bool(x))
    except OverflowError:
        return np.asarray(held(x, d))


def held(x: Any, d: Any) -> Any:
    """A number in dtype d, refused where d cannot hold it; what is unsigned takes whole negative numbers round."""
    if d.kind in "iu" and type(x) in (int, float):
        most = np.iinfo(d).max
        least = np.iinfo(d).min if d.kind == "i" else -most if type(x) is int else 0
        lost = not least <= x <= most  # nan too
    elif type(x) is complex and d.kind != "c":
        lost = x.imag != 0
    else:
        lost = d is dtypes.F32 and type(x) is float and np.finfo(d).max < abs(x) < np.inf
    if lost:
        raise RuntimeError(f"value cannot be converted to type {dtypes.of(d).name} without overflow: {x}")
    with np.errstate(over="ignore"):
        return np.asarray(x).astype(d)[()]


def _kind(data: Any) -> Any:
    """The dtype that nested data has together."""
    if isinstance(data, Tensor):
        return data._a.dtype
    if isinstance(data, (np.ndarray, np.generic)):
        return dtypes.of(data.dtype).np
    if isinstance(data, (bool, int, float, complex)):
        return dtypes.of_number(data)
    if isinstance(data, (list, tuple, range)):
        kinds = {type(x) for x in data}
        if kinds <= {float}:
            return dtypes.default_float()
        if kinds == {int}:
            return dtypes.INT64
        return functools.reduce(dtypes.promote, map(_kind, data))
    if hasattr(data, "__array__"):
        return dtypes.of(np.asarray(data).dtype).np
    if _is_sequence(data):
        return _kind(list(data))
    if isinstance(data, str):
        raise ValueError(f"too many dimensions '{type(data).__name__}'")
    raise RuntimeError(f"Could not infer dtype of {type(data).__name__}")


def _is_sequence(data: Any) -> bool:
    return hasattr(data, "__len__") and hasattr(data, "__getitem__") and not isinstance(data, (str, dict, Tensor))


def _depth(data: Any) -> int:
    """How many dimensions nested data has, by its first elements. A tensor met there is a number."""
    if isinstance(data, (np.ndarray, np.generic)):
        return data.ndim
    return 1 + (_depth(data[0]) if len(data) else 0) if _is_sequence(data) else 0


def _values(data: Any, depth: int, kind: Any) -> Any:
    """Nested data of a depth with its tensors as arrays; where a number belongs, the one that the tensor holds."""
    if isinstance(data, Tensor):
        if depth == 0 or (kind.kind != "f" and data._a.dtype.kind == "f"):
            return _only(data, kind)
        if data.ndim == 0:
            raise TypeError("not a sequence: a 0-d tensor beside rows; stack tensors by torch.stack")
        return numbers(data)
    if isinstance(data, (list, tuple)) or (_is_sequence(data) and not isinstance(data, (np.ndarray, range))):
        if depth == 0:
            what = type(data).__name__
            if kind.kind == "f":
                raise TypeError(f"must be real number, not {what}")
            raise TypeError(f"'{what}' object cannot be interpreted as an integer")
        kinds = {type(x) for x in data}
        if kinds <= {float} or kinds == {int}:
            return data
        return [_values(x, depth - 1, kind) for x in data]
    return data


def _only(t: Tensor, kind: Any) -> Any:
    """The number in a tensor of one element, which is to become one of a dtype."""
    if kind.kind != "f" and (t._a.dtype.kind == "f" or t._a.size != 1):
        raise TypeError(
            "only integer tensors of a single element can be converted to an index; "
            f"got a tensor of shape {tuple(t.shape)} and {t.dtype}. Stack tensors by torch.stack, convert by .to(dtype)"
        )
    if t._a.size != 1:
        raise ValueError(
            "only one element tensors can be converted to Python scalars; a list of tensors of shape "
            f"{tuple(t.shape)} becomes a tensor by torch.stack"
        )
    return numbers(t).item()


def _refuse_ragged(data: Any, dim: int = 0) -> None:
    lengths = [len(x) if hasattr(x, "__len__") else None for x in data]
    if lengths and any(n != lengths[0] for n in lengths):
        at = next(i for i, n in enumerate(lengths) if n != lengths[0])
        if lengths[0] is None or lengths[at] is None:
            raise TypeError(f"expected a sequence of numbers at dim {dim + 1}, but rows differ in kind (row {at})")
        raise ValueError(f"expected sequence of length {lengths[0]} at dim {dim + 1} (got {lengths[at]})")
    for x in data:
        if hasattr(x, "__len__"):
            _refuse_ragged(x, dim + 1)


def tensor(
    data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False, pin_memory: bool = False
) -> Tensor:
    """A new tensor holding a copy of `data`.

    data: a number, nested sequences of numbers, an array or a tensor. Floats become the default dtype, ints int64.
    requires_grad: whether gradients are wanted; needs a floating point dtype.

    >>> import chainrule as cr
    >>> cr.tensor([[1, 2], [3, 4.5]])
    tensor([[1.0000, 2.0000],
            [3.0000, 4.5000]])
    """
    if type(data) is float and dtype is None and device is None:  # the commonest call, kept short
        m = mode_now()
        if m is not None and (m.trace is not None or m.batch is not None):
            return made(np.array(data, dtypes.default_float()), requires_grad)
        t = wrap(dtypes.default_float().type(data))
        if requires_grad:
            t._g = LEAF
        return t
    here(device)
    if isinstance(data, Tensor):
        warnings.warn(
            "To copy construct from a tensor, it is recommended to use sourceTensor.detach().clone() or "
            "sourceTensor.detach().clone().requires_grad_(True), rather than torch.tensor(sourceTensor).",
            UserWarning,
            stacklevel=2,
        )
    a = array_of(data, dtype)
    if isinstance(data, (np.ndarray, Tensor)) or not a.flags.owndata:
        a = a.copy()
    return made(a, requires_grad)


FUNCTIONS["tensor"] = tensor


@public(method=False)
def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """`data` as a tensor, sharing its memory where it can (arrays and tensors of the right dtype)."""
    here(device)
    if isinstance(data, Tensor):
        return data if dtype is None else data.to(dtype)
    if isinstance(data, np.ndarray) and (dtype is None or dtypes.as_np(dtype) == data.dtype):
        return from_numpy(data)
    return made(array_of(data, dtype))


@public(method=False)
def asarray(
    obj: Any, *, dtype: Any = None, device: Any = None, copy: bool | None = None, requires_grad: bool = False
) -> Tensor:
    """A tensor of what `obj` holds: on its memory where that is possible, unless `copy` is True."""
    t = made(array_of(obj, dtype).copy()) if copy else as_tensor(obj, dtype)
    return t.requires_grad_() if requires_grad else t


@public(method=False)
def from_numpy(ndarray: np.ndarray[Any, Any]) -> Tensor:
    """A tensor on an array's own memory: a change of one is a change of the other."""
    if not isinstance(ndarray, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(ndarray).__name__})")
    if not ndarray.dtype.isnative:
        raise ValueError(
            "given numpy array has byte order different from the native byte order. Conversion between byte orders is "
            "not supported; use array.astype(array.dtype.newbyteorder('='))."
        )
    dtypes.of(ndarray.dtype)
    return wrap(np.asarray(ndarray))


@public(method=False)
def scalar_tensor(s: Number, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A 0-d tensor, of the default float dtype unless told otherwise."""
    return made(_number(s, _np(dtype, dtypes.default_float())), requires_grad)


# --------------------------------------------------------------------------------------------------------------- filled


def _filled(name: str, value: Any) -> None:
    def make(
        *size: Any, dtype: Any = None, device: Any = None, layout: Any = None, requires_grad: bool = False,
        out: Any = None, pin_memory: bool = False, memory_format: Any = None, names: Any = None,
    ) -> Tensor:  # fmt: skip
        here(device)
        if "size" in size:
            raise TypeError(f"{name}(): sizes must be integers")
        a = np.full(_shape(size), value, _np(dtype, dtypes.default_float()))
        t = made(a if memory_format is None else _full_as(a, value, a.dtype, memory_format), requires_grad)
        return t if out is None else out.resize_(t.shape).copy_(t)

    def like(
        input: Tensor, *, dtype: Any = None, device: Any = None, layout: Any = None, requires_grad: bool = False,
        memory_format: Any = None, pin_memory: bool = False,
    ) -> Tensor:  # fmt: skip
        here(device)
        _need(input, f"{name}_like")
        return made(_full_as(input._a, value, _np(dtype, input._a.dtype), memory_format), requires_grad)

    def new(
        self: Tensor, *size: Any, dtype: Any = None, device: Any = None, layout: Any = None,
        requires_grad: bool = False, pin_memory: bool = False,
    ) -> Tensor:  # fmt: skip
        here(device)
        return made(np.full(_shape(size), value, _np(dtype, self._a.dtype)), requires_grad)

    def with_size(*args: Any, **kwargs: Any) -> Tensor:
        return make(*(args or (kwargs.pop("size"),)), **kwargs)

    for f, n, doc in (
        (with_size, name, f"A tensor of the given size, {_WORDS[name]}."),
        (like, f"{name}_like", f"A tensor of the shape and dtype of `input`, {_WORDS[name]}."),
        (new, f"new_{name}", f"A tensor of the given size and this tensor's dtype, {_WORDS[name]}."),
    ):
        f.__name__ = f.__qualname__ = n
        f.__doc__ = doc
    FUNCTIONS[name], FUNCTIONS[f"{name}_like"] = with_size, like
    setattr(Tensor, f"new_{name}", new)


def _full_as(a: Any, value: Any, d: Any, memory_format: Any) -> Any:
    """An array of a's shape, in the order in which a lies unless another is asked for."""
    if last(memory_format, a.shape):
        out = memory.with_channels_last(a.shape, d)
    elif type(a) is not np.ndarray or a.flags.c_contiguous or memory_format not in (None, preserve_format):
        return np.full(a.shape, value, d)
    else:
        out = memory.like(a, d)
    out[...] = value
    return out


def _need(x: Any, name: str) -> None:
    if not isinstance(x, Tensor):
        raise TypeError(f"{name}(): argument 'input' (position 1) must be Tensor, not {type(x).__name__}")


_WORDS = {"zeros": "full of zeros", "ones": "full of ones", "empty": "with unspecified contents (here zeros)"}
for _name, _value in (("zeros", 0), ("ones", 1), ("empty", 0)):
    _filled(_name, _value)


@public(method=False)
def full(
    size: Any,
    fill_value: Any,
    *,
    dtype: Any = None,
    device: Any = None,
    layout: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """A tensor of the given size, full of `fill_value`."""
    here(device)
    value = fill_value.item() if isinstance(fill_value, Tensor) else fill_value
    d = _np(dtype, dtypes.of_number(value))
    return made(np.full(_shape((size,)), held(value, d), d), requires_grad)


@public(method=False)
def full_like(
    input: Tensor, fill_value: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False,
    memory_format: Any = None, layout: Any = None,
) -> Tensor:  # fmt: skip
    """A tensor of the shape and dtype of `input`, full of `fill_value`."""
    value = fill_value.item() if isinstance(fill_value, Tensor) else fill_value
    d = _np(dtype, input._a.dtype)
    return made(_full_as(input._a, held(value, d), d, memory_format), requires_grad)


@public(method=False)
def eye(
    n: int, m: int | None = None, *, dtype: Any = None, device: Any = None, requires_grad: bool = False,
    layout: Any = None,
) -> Tensor:  # fmt: skip
    """The identity matrix, n by m."""
    here(device)
    if n < 0 or (m or 0) < 0:
        raise RuntimeError(f"n and m must be greater or equal to 0, got {n} and {m}")
    return made(np.eye(n, m, dtype=_np(dtype, dtypes.default_float())), requires_grad)


@public(method=False)
def empty_strided(
    size: Any, stride: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """A tensor with the given size and strides (in elements)."""
    d = _np(dtype, dtypes.default_float())
    length = 1 + sum((n - 1) * s for n, s in zip(size, stride)) if numel(size) else 0
    a = np.lib.stride_tricks.as_strided(np.zeros(length, d), size, [s * d.itemsize for s in stride])
    return wrap(a).requires_grad_(requires_grad)
