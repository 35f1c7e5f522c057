"""From one dtype to another: `.to`, `.float()`, `.type()`, promotion rules, and the constructors of old."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.api.creation import _shape, array_of, full, made, tensor
from chainrule.api.device import device as Device
from chainrule.api.device import here
from chainrule.api.layout import converted
from chainrule.api.public import FUNCTIONS, install, public, titled
from chainrule.api.storage import TypedStorage
from chainrule.base import dtypes
from chainrule.base.shapes import numel
from chainrule.core.op import REGISTRY
from chainrule.core.tensor import Tensor, wrap


def _as(d: Any) -> Any:
    def convert(self: Tensor, memory_format: Any = None) -> Tensor:
        x = self if self._a.dtype is d.np else REGISTRY["cast"](self, dtype=d.np)  # bfloat16: refused by .np
        return converted(x, memory_format, x is self)

    return convert


for _n, _d in {
    "float": "float32", "double": "float64", "half": "float16", "long": "int64", "int": "int32", "short": "int16",
    "char": "int8", "byte": "uint8", "bool": "bool", "bfloat16": "bfloat16",
}.items():  # fmt: skip
    setattr(Tensor, _n, titled(_as(dtypes.NAMES[_d]), _n, f"This tensor as {_d}.", "Tensor."))


@install
class _Converting:
    def to(
        self: Tensor, *args: Any, dtype: Any = None, device: Any = None, copy: bool = False, memory_format: Any = None,
        **_: Any,
    ) -> Tensor:  # fmt: skip
        """This tensor in another dtype (or of another tensor's); the only device is the CPU."""
        for x in args:
            if isinstance(x, dtypes.dtype):
                dtype = x
            elif isinstance(x, Tensor):
                dtype = x.dtype
            elif isinstance(x, (str, Device, int)) and not isinstance(x, bool):
                device = x
        copy = copy or [x for x in args if isinstance(x, bool)][1:] == [True]  # after non_blocking
        here(device)
        d = None if dtype is None else dtypes.as_np(dtype)
        same = d is None or d is self._a.dtype
        x = REGISTRY["cast"](self, dtype=d) if not same else self.clone() if copy else self
        return converted(x, memory_format, x is self)

    def cpu(self: Tensor, memory_format: Any = None) -> Tensor:
        """This tensor: it is there already."""
        return self

    def cuda(self: Tensor, *_: Any, **__: Any) -> Tensor:
        """Refuses: there is no GPU here."""
        here("cuda")
        return self

    def type(self: Tensor, dtype: Any = None, non_blocking: bool = False) -> Any:
        """The old type name (`'torch.FloatTensor'`), or this tensor converted to a dtype or to such a type."""
        if dtype is None:
            return f"torch.{dtypes.of(self._a.dtype).legacy}"
        if isinstance(dtype, str):
            dtype = dtypes.LEGACY.get(dtype.removeprefix("torch."), dtype)
        legacy = getattr(dtype, "legacy_dtype", None)
        return self.to(legacy if legacy is not None else dtype)

    def type_as(self: Tensor, other: Tensor) -> Tensor:
        """This tensor in the dtype of another."""
        return self.to(other.dtype)

    def new_tensor(
        self: Tensor, data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
    ) -> Tensor:
        """A new tensor of this tensor's dtype from data."""
        return tensor(
            data.detach() if isinstance(data, Tensor) else data, dtype=dtype or self.dtype, requires_grad=requires_grad
        )

    def new_full(
        self: Tensor, size: Any, fill_value: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
    ) -> Tensor:
        """A tensor of the given size and this tensor's dtype, full of `fill_value`."""
        return full(size, fill_value, dtype=dtype or self.dtype, requires_grad=requires_grad)

    def new(self: Tensor, *args: Any) -> Tensor:
        """The old constructor: sizes or data, in this tensor's dtype."""
        return _legacy(self._a.dtype, args)


# --------------------------------------------------------------------------------------------------- old constructors


def _legacy(d: Any, args: tuple[Any, ...]) -> Tensor:
    """`FloatTensor(2, 3)` (sizes, zeros here) or `FloatTensor([1, 2])` (data)."""
    if len(args) == 1 and not isinstance(args[0], int):
        data = args[0]
        if isinstance(data, TypedStorage):  # the memory itself
            if data._a.dtype != d:
                raise TypeError(f"expected a storage of {dtypes.of(d).name} (got {data.dtype})")
            return wrap(data._a)
        if isinstance(data, Tensor):
            if data._a.dtype != d:
                raise TypeError(f"expected {dtypes.of(d).legacy} (got {data.type()})")
            return data.detach()
        if isinstance(data, tuple) and type(data).__name__ == "Size":
            return made(np.zeros(data, d))
        if isinstance(data, float):
            raise TypeError("new(): argument 1 must be a size or data, not float; use torch.tensor(x)")
        return made(np.array(array_of(data, d)))
    return made(np.zeros(_shape(args), d)) if args else made(np.zeros(0, d))


def _new_tensor(cls: Any, *args: Any, **kwargs: Any) -> Tensor:
    here(kwargs.pop("device", None))
    if kwargs:
        raise TypeError(f"Tensor() takes sizes or data and a device, not {', '.join(kwargs)}; use torch.tensor(...)")
    t = _legacy(dtypes.default_float(), args)
    if cls is not Tensor:
        t.__class__ = cls
    return t


Tensor.__new__ = _new_tensor  # type: ignore[method-assign, assignment]
Tensor.__init__ = lambda self, *args, **kwargs: None  # type: ignore[method-assign, misc, assignment]


class _TypedMeta(type):
    """`isinstance(x, torch.FloatTensor)` asks for the dtype; calling it makes a tensor."""

    legacy_dtype: dtypes.dtype

    def __instancecheck__(cls, x: Any) -> bool:
        return isinstance(x, Tensor) and x._a.dtype == cls.legacy_dtype.np

    def __call__(cls, *args: Any, **kwargs: Any) -> Tensor:
        return _legacy(cls.legacy_dtype.np, args)


for _dtype in dtypes.ALL.values():
    _facts = {"legacy_dtype": _dtype, "__module__": "torch", "dtype": _dtype}
    FUNCTIONS[_dtype.legacy] = _TypedMeta(_dtype.legacy, (), _facts)


# ----------------------------------------------------------------------------------------------- defaults and questions


@public(method=False)
def set_default_tensor_type(t: Any) -> None:
    """Set the default float dtype by an old type name or class."""
    name = t if isinstance(t, str) else t.__name__
    dtypes.set_default_dtype(dtypes.LEGACY[name.removeprefix("torch.")])


@public(method=False)
def set_default_device(device: Any) -> None:
    """Accepts the CPU, refuses anything else."""
    here(device)


@public(method=False)
def get_default_device() -> Device:
    """The CPU."""
    return Device("cpu")


@public(method=False)
def promote_types(type1: dtypes.dtype, type2: dtypes.dtype) -> dtypes.dtype:
    """The dtype that tensors of two dtypes have together."""
    return dtypes.of(dtypes.promote(type1.np, type2.np))


@public(method=False)
def result_type(tensor1: Any, tensor2: Any) -> dtypes.dtype:
    """The dtype that an operation on two operands gives."""
    return dtypes.of(dtypes.result_type([x._a if isinstance(x, Tensor) else x for x in (tensor1, tensor2)]))


@public(method=False)
def can_cast(from_: dtypes.dtype, to: dtypes.dtype) -> bool:
    """Whether an in-place result of one dtype may be stored in another."""
    return dtypes.can_cast(from_.np, to.np)


@public(method=False)
def is_floating_point(input: Tensor) -> bool:
    """Whether the elements are floats."""
    return bool(input._a.dtype.kind == "f")


@public(method=False)
def numel_(input: Tensor) -> int:
    """The number of elements."""
    return numel(input._a.shape)


FUNCTIONS["numel"] = titled(FUNCTIONS.pop("numel_"), "numel", numel_.__doc__)


@public(method=False)
def is_complex(input: Tensor) -> bool:
    """Whether the elements are complex numbers."""
    return input.is_complex()


@public(method=False)
def detach(input: Tensor) -> Tensor:
    """The same memory as a tensor without history, nor tangents; in-place changes are seen by both."""
    return input.detach()


@public(method=False)
def is_same_size(input: Tensor, other: Tensor) -> bool:
    """Whether two tensors have one shape."""
    return bool(input._a.shape == other._a.shape)
