"""What numbers a dtype can hold: `finfo` for floats, `iinfo` for integers, printed as PyTorch prints them."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.api.public import FUNCTIONS
from chainrule.base import dtypes


class finfo:
    """The limits of a floating point dtype (of the default one without an argument).

    >>> import chainrule as cr
    >>> cr.finfo(cr.float32).eps
    1.1920928955078125e-07
    """

    def __init__(self, type: dtypes.dtype | None = None) -> None:
        d = dtypes.of(dtypes.default_float()) if type is None else type
        if not isinstance(d, dtypes.dtype) or not d.is_floating_point:
            raise TypeError(f"torch.finfo() requires a floating point input type, not {d}. Use torch.iinfo for ints")
        limits = np.finfo(d.np)
        self.bits, self.dtype = limits.bits, d.name
        self.min, self.max, self.eps = float(limits.min), float(limits.max), float(limits.eps)
        self.tiny = self.smallest_normal = float(limits.smallest_normal)
        self.resolution = float(str(limits.resolution))  # the decimal, not its neighbour in this dtype

    def __repr__(self) -> str:
        names = ("resolution", "min", "max", "eps", "smallest_normal", "tiny")
        shown = ", ".join(f"{name}={getattr(self, name):g}" for name in names)
        return f"finfo({shown}, dtype={self.dtype})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, finfo) and self.dtype == other.dtype

    def __hash__(self) -> int:
        return hash(self.dtype)


class iinfo:
    """The limits of an integer dtype.

    >>> import chainrule as cr
    >>> cr.iinfo(cr.int8)
    iinfo(min=-128, max=127, dtype=int8)
    """

    def __init__(self, type: dtypes.dtype) -> None:
        if not isinstance(type, dtypes.dtype) or type.np.kind not in "iu":
            raise TypeError(f"torch.iinfo() requires an integer input type, not {type}. Use torch.finfo for floats")
        limits = np.iinfo(type.np)
        self.bits, self.dtype, self.min, self.max = limits.bits, type.name, int(limits.min), int(limits.max)

    def __repr__(self) -> str:
        return f"iinfo(min={self.min}, max={self.max}, dtype={self.dtype})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, iinfo) and self.dtype == other.dtype

    def __hash__(self) -> int:
        return hash(self.dtype)


_CLASSES: dict[str, Any] = {"finfo": finfo, "iinfo": iinfo}
FUNCTIONS.update(_CLASSES)
