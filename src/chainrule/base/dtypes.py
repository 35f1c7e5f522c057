"""Element types with PyTorch's names and PyTorch's promotion.

NumPy promotes by value class (`int64 + float32 -> float64`); PyTorch promotes by *category* (bool < integer < float)
and lets a tensor of a higher rank decide: `int64 tensor + float32 tensor -> float32`, and a 0-d tensor or a Python
number changes the result only if its category is higher. Everything here works on NumPy's own dtype objects, so that
the hot path never meets a wrapper; `dtype` below is what users see.

To add a dtype: one line in `_TABLE`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

NPDtype = np.dtype[Any]


class dtype:
    """An element type, such as `chainrule.float32`; it prints as PyTorch's: `torch.float32`."""

    __slots__ = ("is_complex", "is_floating_point", "is_signed", "itemsize", "legacy", "name", "np")
    np: NPDtype
    itemsize: int  # bytes an element takes

    def __init__(self, name: str, legacy: str, np_name: str | None = None) -> None:
        self.name, self.legacy = name, legacy
        d = np.dtype(np_name or name)
        self.is_floating_point = d.kind == "f"
        self.is_complex = d.kind == "c"
        self.is_signed = d.kind in "ifc"
        self.itemsize = int(d.itemsize)
        if np_name is None:
            self.np = d

    def __getattr__(self, name: str) -> Any:
        if name == "np":  # NumPy has none
            raise TypeError(
                f"no tensor here is of torch.{self.name}: NumPy has no such numbers. torch.float32 has the same range "
                "and more digits; torch.float16 takes as little memory, up to 65504."
            )
        raise AttributeError(f"'dtype' object has no attribute {name!r}")

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self) -> tuple[Any, ...]:
        return of, (self.name,)


_TABLE = [  # name, name of PyTorch's old typed constructor, aliases
    ("bool", "BoolTensor", ()),
    ("uint8", "ByteTensor", ()),
    ("int8", "CharTensor", ()),
    ("int16", "ShortTensor", ("short",)),
    ("int32", "IntTensor", ("int",)),
    ("int64", "LongTensor", ("long",)),
    ("uint16", "UInt16Tensor", ()),
    ("uint32", "UInt32Tensor", ()),
    ("uint64", "UInt64Tensor", ()),
    ("float16", "HalfTensor", ("half",)),
    ("float32", "FloatTensor", ("float",)),
    ("float64", "DoubleTensor", ("double",)),
]
_COMPLEX = [("complex64", "ComplexFloatTensor", ("cfloat",)), ("complex128", "ComplexDoubleTensor", ("cdouble",))]
ALL: dict[str, dtype] = {name: dtype(name, legacy) for name, legacy, _ in _TABLE}  # what every op is for
COMPLEX: dict[str, dtype] = {name: dtype(name, legacy) for name, legacy, _ in _COMPLEX}  # what some are for, too
EVERY = ALL | COMPLEX
# Programs name it and compare with it, most often where they would not use it on a CPU; its tensors are refused.
NAMED = {"bfloat16": dtype("bfloat16", "BFloat16Tensor", "float16")}
NAMES: dict[str, dtype] = EVERY | NAMED | {a: EVERY[name] for name, _, aliases in _TABLE + _COMPLEX for a in aliases}
LEGACY: dict[str, dtype] = {d.legacy: d for d in ALL.values()}
_BY_NP: dict[NPDtype, dtype] = {d.np: d for d in EVERY.values()}

C_NAMES = {  # as PyTorch's errors say them
    "float16": "c10::Half", "float32": "float", "float64": "double", "bool": "bool", "uint8": "unsigned char",
    "int8": "signed char", "int16": "short int", "int32": "int", "int64": "long int",
}  # fmt: skip

BOOL, INT64 = ALL["bool"].np, ALL["int64"].np
F16, F32, F64 = ALL["float16"].np, ALL["float32"].np, ALL["float64"].np
_PYTHON: dict[type, NPDtype] = {bool: BOOL, int: INT64, float: F32}
_default = F32


def of(x: Any) -> dtype:
    """The user-visible dtype of a NumPy dtype or name; refuses what has no tensor (strings, objects)."""
    if type(x) is str and x in NAMED:
        return NAMED[x]
    try:
        return _BY_NP[np.dtype(x)]
    except (KeyError, TypeError, ValueError):
        raise TypeError(
            f"can't convert np.ndarray of type {x}. The only supported types are: {', '.join(sorted(EVERY))}."
        ) from None


def as_np(x: Any) -> NPDtype:
    """The NumPy dtype of a `dtype`, of a NumPy dtype, or of Python's `float`, `int`, `bool` (as PyTorch reads them)."""
    if type(x) is dtype:
        return x.np
    if x is float:
        return _default
    if x in _PYTHON:
        return _PYTHON[x]
    if x is complex:
        return of_number(0j)
    return of(x).np


def default_float() -> NPDtype:
    """The dtype that Python floats become: float32 unless `set_default_dtype` said otherwise."""
    return _default


def set_default_dtype(d: dtype) -> None:
    """Set the dtype of tensors made from Python floats. `d`: a floating point dtype."""
    global _default
    if not (isinstance(d, dtype) and d.is_floating_point):
        raise TypeError(f"only floating-point types are supported as the default type, got {d}")
    _default = d.np


def get_default_dtype() -> dtype:
    """The dtype of tensors made from Python floats."""
    return of(_default)


def category(d: NPDtype) -> int:
    """0 for bool, 1 for integers, 2 for floats, 3 for complex numbers."""
    return 0 if d.kind == "b" else 2 if d.kind == "f" else 3 if d.kind == "c" else 1


def of_number(x: Any) -> NPDtype:
    """The dtype that a Python number stands for when it meets tensors of a lower category."""
    if isinstance(x, complex):
        return np.promote_types(_default, np.complex64)
    return BOOL if isinstance(x, bool) else INT64 if isinstance(x, int) else _default


def promote(a: NPDtype, b: NPDtype) -> NPDtype:
    """The dtype of a combination of two equally ranked dtypes."""
    if a is b:
        return a
    ca, cb = category(a), category(b)
    if ca != cb:
        return np.promote_types(a, b) if ca + cb == 5 else a if ca > cb else b
    wide = np.promote_types(a, b)
    if category(wide) != ca:
        raise RuntimeError(f"Promotion for {a} and {b} is not supported: no integer dtype holds both.")
    return wide


def result_type(operands: Iterable[Any]) -> NPDtype:
    """PyTorch's result dtype. Operands: arrays, NumPy scalars (0-d tensors), Python numbers (weakest)."""
    ranked: list[NPDtype | None] = [None, None, None]  # dimensioned, 0-d, Python numbers
    for x in operands:
        if type(x) is not np.ndarray and isinstance(x, (int, float, complex)) and not isinstance(x, np.generic):
            rank, d = 2, of_number(x)
        else:
            rank, d = (0 if len(x.shape) else 1), x.dtype
        held = ranked[rank]
        ranked[rank] = d if held is None else promote(held, d)
    result: NPDtype | None = None
    for held in ranked:
        if held is not None and (result is None or category(held) > category(result)):
            floats = held.kind == "c" and result is not None and result.kind == "f"
            result = np.promote_types(result, np.complex64) if floats and result is not None else held
    assert result is not None
    return result


def wrapped(x: int, d: NPDtype) -> int:
    """A Python int as an integer dtype holds it: what does not fit wraps round, as in C and in PyTorch."""
    if d.kind not in "iu":
        return x
    if not -(2**63) <= x < 2**64:
        raise OverflowError(f"int too big to convert: {x} does not fit into 64 bits")
    bits = 8 * d.itemsize
    x &= (1 << bits) - 1
    return x - (1 << bits) if d.kind == "i" and x >> (bits - 1) else x


def can_cast(source: NPDtype, target: NPDtype) -> bool:
    """Whether an in-place result of dtype `source` may be stored in `target`: never to a lower category."""
    return category(source) <= category(target)
