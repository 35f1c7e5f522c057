"""More elements at the border, as layers: `ZeroPad2d`, `ReflectionPad1d`, and their like."""

from __future__ import annotations

from typing import Any

from chainrule.core.tensor import Tensor
from chainrule.nn.functional.padding import pad
from chainrule.nn.module import Module

__all__ = []


class _Pad(Module):
    """More elements at the ends of the last dimensions: of a number, mirrored, repeated or from the other end."""

    dims = 0
    mode = "constant"
    value: float | None = None

    def __init__(self, padding: Any) -> None:
        super().__init__()
        self.padding = tuple(padding) if isinstance(padding, (tuple, list)) else (padding,) * 2 * self.dims

    def forward(self, input: Tensor) -> Tensor:
        """The padded input."""
        return pad(input, self.padding, self.mode, self.value)

    def extra_repr(self) -> str:
        """The widths."""
        return f"{self.padding}"


class _ConstantPad(_Pad):
    """More elements of one value at the ends of the last dimensions."""

    def __init__(self, padding: Any, value: float) -> None:
        super().__init__(padding)
        self.value = value

    def extra_repr(self) -> str:
        """The widths and the value."""
        return f"padding={self.padding}, value={self.value}"


_PADS = [
    ("ZeroPad", _Pad, "constant"), ("ReflectionPad", _Pad, "reflect"), ("ReplicationPad", _Pad, "replicate"),
    ("CircularPad", _Pad, "circular"), ("ConstantPad", _ConstantPad, "constant"),
]  # fmt: skip
for _name, _base, _mode in _PADS:
    for _d in (1, 2, 3):
        _body = {"dims": _d, "mode": _mode, "__module__": __name__, "__doc__": _base.__doc__}
        globals()[f"{_name}{_d}d"] = type(f"{_name}{_d}d", (_base,), _body)
        __all__.append(f"{_name}{_d}d")
