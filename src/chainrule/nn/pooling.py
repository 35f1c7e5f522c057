"""Layers without parameters that look through windows, or at the border: pooling, padding, upsampling."""

from __future__ import annotations

from typing import Any

from chainrule.core.tensor import Tensor
from chainrule.nn import _pooling as f
from chainrule.nn import _resample
from chainrule.nn._layers import pad
from chainrule.nn._make import REQUIRED, function_module
from chainrule.nn.module import Module

__all__ = ["Softmax2d", "Upsample", "UpsamplingBilinear2d", "UpsamplingNearest2d"]


def _publish(name: str, cls: Any) -> None:
    globals()[name] = cls
    __all__.append(name)


def _strided(cls: Any, tuples: int = 0) -> Any:
    """A stride that is not given is the kernel's size. `tuples`: PyTorch shows this class's sizes as that many."""
    plain = cls.__init__

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        plain(self, *args, **kwargs)
        if self.stride is None:
            self.stride = self.kernel_size
        for name in ("kernel_size", "stride", "padding") if tuples else ():
            setattr(self, name, f.ints(getattr(self, name), tuples, name))

    cls.__init__ = __init__
    return cls


def _pool(kind: str, d: int, function: str, shown: str, **options: Any) -> None:
    name = f"{kind}{d}d"
    cls: Any = function_module(name, getattr(f, f"{function}{d}d"), shown=shown, **options)
    tuples = d if (kind, d) == ("AvgPool", 1) else 0
    _publish(name, _strided(cls, tuples) if "Avg" in kind or "Max" in kind else cls)


_SIZES = "kernel_size={kernel_size}, stride={stride}, padding={padding}"
_WINDOW: dict[str, Any] = {"kernel_size": REQUIRED, "stride": None, "padding": 0}
for _d in (1, 2, 3):
    _pool(
        "MaxPool", _d, "max_pool", _SIZES + ", dilation={dilation}, ceil_mode={ceil_mode}", **_WINDOW, dilation=1,
        return_indices=False, ceil_mode=False,
    )  # fmt: skip
    _more: dict[str, Any] = {"divisor_override": None} if _d > 1 else {}
    _pool("AvgPool", _d, "avg_pool", _SIZES, **_WINDOW, ceil_mode=False, count_include_pad=True, **_more)
    _pool(
        "LPPool", _d, "lp_pool", "norm_type={norm_type}, kernel_size={kernel_size}, stride={stride}, "
        "ceil_mode={ceil_mode}", norm_type=REQUIRED, kernel_size=REQUIRED, stride=None, ceil_mode=False,
    )  # fmt: skip
    for _kind in ("Avg", "Max"):
        _name = f"Adaptive{_kind}Pool{_d}d"
        _options: dict[str, Any] = {"return_indices": False} if _kind == "Max" else {}
        _f = getattr(f, f"adaptive_{_kind.lower()}_pool{_d}d")
        _publish(_name, function_module(_name, _f, shown="output_size={output_size}", output_size=REQUIRED, **_options))


class _MaxUnpool(Module):
    """The elements back at the places that a max-pooling layer with `return_indices` found them at."""

    dims = 0

    def __init__(self, kernel_size: Any, stride: Any = None, padding: Any = 0) -> None:
        super().__init__()
        sizes = (
            ("kernel_size", kernel_size),
            ("stride", kernel_size if stride is None else stride),
            ("padding", padding),
        )
        for name, value in sizes:
            setattr(self, name, f.ints(value, self.dims, name))

    def forward(self, input: Tensor, indices: Tensor, output_size: Any = None) -> Tensor:
        """Zeros but at the indices."""
        undo = getattr(f, f"max_unpool{self.dims}d")
        return undo(input, indices, self.kernel_size, self.stride, self.padding, output_size)  # type: ignore[no-any-return]

    def extra_repr(self) -> str:
        """The sizes."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


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
    ("CircularPad", _Pad, "circular"), ("ConstantPad", _ConstantPad, "constant"), ("MaxUnpool", _MaxUnpool, ""),
]  # fmt: skip
for _name, _base, _mode in _PADS:
    for _d in (1, 2, 3):
        _body = {"dims": _d, "mode": _mode, "__module__": __name__, "__doc__": _base.__doc__}
        _publish(f"{_name}{_d}d", type(f"{_name}{_d}d", (_base,), _body))


class Upsample(Module):
    """`nn.functional.interpolate` as a module."""

    def __init__(
        self, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: bool | None = None,
        recompute_scale_factor: bool | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        several = isinstance(scale_factor, (tuple, list))
        self.scale_factor = tuple(map(float, scale_factor)) if several else scale_factor and float(scale_factor)
        self.size, self.mode, self.align_corners = size, mode, align_corners
        self.recompute_scale_factor = recompute_scale_factor

    def forward(self, input: Tensor) -> Tensor:
        """The input, resized."""
        how = (self.mode, self.align_corners, self.recompute_scale_factor)
        return _resample.interpolate(input, self.size, self.scale_factor, *how)

    def extra_repr(self) -> str:
        """The size or the factor, and the mode."""
        what = f"size={self.size}" if self.scale_factor is None else f"scale_factor={self.scale_factor}"
        return f"{what}, mode={self.mode!r}"


class UpsamplingNearest2d(Upsample):
    """`Upsample(mode="nearest")`."""

    def __init__(self, size: Any = None, scale_factor: Any = None) -> None:
        super().__init__(size, scale_factor, "nearest")


class UpsamplingBilinear2d(Upsample):
    """`Upsample(mode="bilinear", align_corners=True)`."""

    def __init__(self, size: Any = None, scale_factor: Any = None) -> None:
        super().__init__(size, scale_factor, "bilinear", True)


class Softmax2d(Module):
    """`softmax` over the channels of (N, C, H, W) or (C, H, W)."""

    def forward(self, input: Tensor) -> Tensor:
        """The shares of the channels."""
        if len(input._a.shape) not in (3, 4):
            raise ValueError(f"Softmax2d: expected input to be 3D or 4D, got {len(input._a.shape)}D instead")
        return input.softmax(-3)  # type: ignore[no-any-return]
