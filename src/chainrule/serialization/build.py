"""All that a loaded file can be made of: the names that it may use, and the functions that build what they mean."""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable
from pickle import UnpicklingError
from typing import Any

import numpy as np

from chainrule.api.device import device
from chainrule.base import dtypes
from chainrule.base.shapes import Size
from chainrule.core.tensor import LEAF, Tensor, wrap
from chainrule.nn.parameter import Parameter


class Word(str):
    """A name in a file, such as `torch.Size`: a word and no more."""


class Storage:
    """The memory of one or more tensors: bytes, and the dtype of the tensors on it."""

    def __init__(self, raw: np.ndarray[Any, Any]) -> None:
        self.raw = raw
        self.dtype: dtypes.dtype | None = None

    def __repr__(self) -> str:
        return f"a storage of {self.raw.size} bytes"

    def typed(self, d: dtypes.dtype) -> Storage:
        """This memory as elements of a dtype, the same for all tensors on it."""
        if self.dtype not in (None, d):
            raise UnpicklingError(f"two tensors read the same memory as {self.dtype} and as {d}")
        self.dtype = d
        return self

    def settle(self, swap: bool) -> None:
        """Bring bytes that have been read into this machine's order; a bool is 0 or 1, whatever the file says."""
        if self.dtype is None:
            return
        if swap:
            self.raw.view(self.dtype.np).byteswap(inplace=True)
        if self.dtype.np == dtypes.BOOL:
            np.not_equal(self.raw, 0, out=self.raw.view(np.bool_))


# ---------------------------------------------------------------------------------------------------------------- names

STORAGES = {f"torch.{d.legacy.replace('Tensor', 'Storage')}": d for d in dtypes.EVERY.values()}
UNTYPED = "torch.storage.UntypedStorage"
_DTYPES = {f"torch.{name}": d for name, d in dtypes.EVERY.items()}
_MODULES = {"__builtin__": "builtins", "copy_reg": "copyreg"}  # as Python 2 called them, and protocol 2 still does
_TYPES = {"torch.Tensor", "torch.nn.parameter.Parameter"}
_FACTORIES: dict[str, Any] = {
    "builtins.list": list, "builtins.dict": dict, "builtins.set": set, "builtins.int": int, "builtins.float": float,
    "builtins.str": str, "builtins.tuple": tuple, "builtins.bool": bool, "collections.OrderedDict": OrderedDict,
}  # fmt: skip


def word(module: str, name: str) -> Any:
    """What a name in a file stands for: a dtype, or a word that other instructions may use. Refuses all others."""
    full = f"{_MODULES.get(module, module)}.{name}"
    if full in _DTYPES:
        return _DTYPES[full]
    if full in BUILDERS or full in STORAGES or full in _FACTORIES or full in _TYPES or full == UNTYPED:
        return Word(full)
    if full.startswith("torch.") and (full.endswith("Storage") or full.count(".") == 1):
        raise UnpicklingError(
            f"the file holds {full}, which chainrule does not have (its dtypes: {', '.join(dtypes.ALL)}). Convert it "
            "in torch, for instance by x.float(), and save it again."
        )
    raise UnpicklingError(
        f"Unsupported global: GLOBAL {full}. load() builds tensors, plain containers, numbers and strings, and nothing "
        "else; nothing was run. Whole modules, of nn or of classes that are defined here, are loaded by "
        "load(f, weights_only=False); of anything else, save the state_dict() in torch."
    )


_PLAIN = (str, int, float, bool, bytes, complex, type(None), dtypes.dtype, device)


def is_key(x: Any) -> bool:
    """Whether x may be a key of a dict, or an element of a set: a number, a string, or a flat tuple of these.

    Deeper tuples can be made whose hash takes forever.
    """
    return type(x) in _PLAIN or (type(x) in (tuple, Size) and all(type(k) in _PLAIN for k in x))


def checked_key(key: Any) -> Any:
    """A key from a file, or a refusal."""
    if is_key(key):
        return key
    raise UnpicklingError(f"a {type(key).__name__} cannot be a key: keys are numbers, strings and flat tuples of these")


# -------------------------------------------------------------------------------------------------------------- tensors


def _counts(xs: Any) -> None:
    """Refuse what is no tuple of non-negative integers."""
    if type(xs) not in (tuple, Size, list):
        raise UnpicklingError(f"sizes are given as a {type(xs).__name__}")
    for x in xs:
        if type(x) is not int or x < 0:
            raise UnpicklingError(f"a size, a stride or an offset is {x!r}")


def _tensor(storage: Any, offset: Any, size: Any, stride: Any, requires_grad: Any = False, hooks: Any = None,
            metadata: Any = None, *, dtype: dtypes.dtype | None = None) -> Tensor:  # fmt: skip
    """A tensor on a storage; NumPy refuses sizes and strides that lead out of its memory."""
    if type(storage) is not Storage or type(requires_grad) is not bool or hooks or metadata:
        raise UnpicklingError("a tensor is described in an unknown way")
    if dtype is not None:
        storage.typed(dtype)
    d = storage.dtype
    if d is None:
        raise UnpicklingError("a tensor's dtype is missing")
    for xs in ((offset,), size, stride):
        _counts(xs)
    if len(size) != len(stride):
        raise UnpicklingError(f"a tensor of the shape {list(size)} has the strides {list(stride)}")
    if requires_grad and not d.is_floating_point:
        raise UnpicklingError(f"a tensor of {d} cannot require gradients")
    if 0 in size:
        return wrap(np.empty(size, d.np), LEAF if requires_grad else None)
    item = d.itemsize
    a: Any = np.ndarray(size, d.np, buffer=storage.raw, offset=offset * item, strides=[s * item for s in stride])
    if any(s == 0 and n > 1 for s, n in zip(stride, size)):  # expanded: several elements in one place
        a.flags.writeable = False
    return wrap(a, LEAF if requires_grad else None)


def _tensor_of(storage: Any, offset: Any, size: Any, stride: Any, requires_grad: Any, hooks: Any, dtype: Any,
               metadata: Any = None) -> Tensor:  # fmt: skip
    if type(dtype) is not dtypes.dtype:
        raise UnpicklingError(f"{dtype!r} is no dtype")
    return _tensor(storage, offset, size, stride, requires_grad, hooks, metadata, dtype=dtype)


def _parameter(data: Any, requires_grad: Any = True, hooks: Any = None, state: Any = None) -> Parameter:
    if not isinstance(data, Tensor) or type(requires_grad) is not bool or hooks or (requires_grad > _is_float(data)):
        raise UnpicklingError("a parameter is described in an unknown way")
    p = Parameter(data, requires_grad)
    return _with_attributes(p, state or {})


def _is_float(x: Tensor) -> bool:
    return x._a.dtype.kind in "fc"


def _from_type(build: Any, kind: Any, args: Any, state: Any) -> Any:
    if type(build) is not Word or not build.startswith("torch._utils._rebuild") or kind not in _TYPES:
        raise UnpicklingError(f"cannot rebuild a {kind!r}")
    return _with_attributes(BUILDERS[build](*args), state)


def _with_attributes(x: Any, state: Any) -> Any:
    """A tensor with the attributes that the user gave it."""
    if type(state) is not dict:
        raise UnpicklingError("a tensor's attributes are described in an unknown way")
    for name, value in state.items():
        if type(name) is not str or name.startswith("_") or hasattr(type(x), name):
            raise UnpicklingError(f"a tensor takes no attribute {name!r} from a file")
        setattr(x, name, value)
    return x


# ----------------------------------------------------------------------------------------------------------- containers


def _default(factory: Any = None, *items: Any) -> defaultdict[Any, Any]:
    if items or (factory is not None and factory not in _FACTORIES):
        raise UnpicklingError(f"a defaultdict of {factory!r}")
    return defaultdict(None if factory is None else _FACTORIES[factory])


def _ordered(items: Any = ()) -> OrderedDict[Any, Any]:
    if type(items) not in (tuple, list):
        raise UnpicklingError("an OrderedDict is made from a list of pairs")
    return OrderedDict((checked_key(k), v) for k, v in items)


def _counter(counts: Any) -> Counter[Any]:
    if type(counts) is not dict:
        raise UnpicklingError("a Counter is made from a dict")
    return Counter({checked_key(k): v for k, v in counts.items()})


def _set(items: Any = ()) -> set[Any]:
    if type(items) is not list and items != ():
        raise UnpicklingError("a set is made from a list")
    return {checked_key(x) for x in items}


def _bytes(text: str, encoding: str) -> bytes:
    if type(text) is not str or encoding != "latin1":
        raise UnpicklingError("bytes are saved as a string in latin1")
    return text.encode("latin1")


def _size(sizes: Any) -> Size:
    _counts(sizes)
    return Size(sizes)


def _device(kind: str, index: int | None = None) -> device:
    if type(kind) is not str or type(index) not in (int, type(None)):
        raise UnpicklingError(f"{kind!r} is no device")
    try:
        return device(kind, index)
    except RuntimeError as error:
        raise UnpicklingError(str(error)) from None


def _complex(real: float, imag: float) -> complex:
    if type(real) is not float or type(imag) is not float:
        raise UnpicklingError("a complex number has two floats")
    return complex(real, imag)


BUILDERS: dict[str, Callable[..., Any]] = {
    "builtins.bytes": lambda: b"",
    "builtins.complex": _complex,
    "builtins.set": _set,
    "_codecs.encode": _bytes,
    "collections.Counter": _counter,
    "collections.OrderedDict": _ordered,
    "collections.defaultdict": _default,
    "torch.Size": _size,
    "torch.device": _device,
    "torch._tensor._rebuild_from_type_v2": _from_type,
    "torch._utils._rebuild_parameter": _parameter,
    "torch._utils._rebuild_parameter_with_state": _parameter,
    "torch._utils._rebuild_tensor": _tensor,
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_tensor_v3": _tensor_of,
}
