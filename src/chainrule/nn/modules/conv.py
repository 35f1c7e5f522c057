"""Layers of convolutions: weights drawn as PyTorch draws them, and the functions of `_convolution` applied."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from chainrule.core.tensor import Tensor
from chainrule.nn import init
from chainrule.nn.functional import conv as f
from chainrule.nn.functional.padding import pad
from chainrule.nn.module import Module
from chainrule.nn.modules.function_module import REQUIRED, function_module
from chainrule.nn.parameter import blank

__all__ = [
    "Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d", "Fold", "Unfold",
]  # fmt: skip


class _Conv(Module):
    """What convolutions share: (N, in_channels, ...) to (N, out_channels, ...), and the same without N."""

    dims = 0
    transposed = False
    output_padding: tuple[int, ...]

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Any, stride: Any = 1, padding: Any = 0,
        dilation: Any = 1, groups: int = 1, bias: bool = True, padding_mode: str = "zeros", device: Any = None,
        dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        if groups <= 0:
            raise ValueError("groups must be a positive integer")
        for name, channels in (("in_channels", in_channels), ("out_channels", out_channels)):
            if channels % groups:
                raise ValueError(f"{name} must be divisible by groups, but got {channels} and {groups}")
        if padding_mode not in ("zeros", "reflect", "replicate", "circular"):
            raise ValueError(
                f"padding_mode must be one of 'zeros', 'reflect', 'replicate', 'circular', but got padding_mode="
                f"'{padding_mode}'"
            )
        if isinstance(padding, str) and padding not in ("same", "valid"):
            raise ValueError(f"Invalid padding string '{padding}', should be one of 'valid', 'same'")
        d = self.dims
        self.in_channels, self.out_channels, self.groups, self.padding_mode = (
            in_channels,
            out_channels,
            groups,
            padding_mode,
        )
        self.kernel_size, self.stride = f.ints(kernel_size, d, "kernel_size"), f.ints(stride, d, "stride")
        self.dilation = f.ints(dilation, d, "dilation")
        self.padding: Any = padding if isinstance(padding, str) else f.ints(padding, d, "padding")
        if padding == "same" and max(self.stride) > 1:
            raise ValueError("padding='same' is not supported for strided convolutions")
        self.output_padding = (0,) * d
        first, second = (in_channels, out_channels) if self.transposed else (out_channels, in_channels)
        self.weight = blank(first, second // groups, *self.kernel_size, dtype=dtype)
        self.register_parameter("bias", blank(out_channels, dtype=dtype) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weights and bias anew: uniform within 1 / sqrt(the number of products that make an output)."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        fan = math.prod(self.weight.shape[1:])
        if self.bias is not None and fan:
            init.uniform_(self.bias, -1 / math.sqrt(fan), 1 / math.sqrt(fan))

    def forward(self, input: Tensor) -> Tensor:
        """The convolution of the input with the weight, and the bias added."""
        convolve = getattr(f, f"conv{self.dims}d")
        padding = self.padding
        if self.padding_mode != "zeros":
            input, padding = pad(input, self._border(), self.padding_mode), 0
        options = (self.stride, padding, self.dilation, self.groups)
        return convolve(input, self.weight, self.bias, *options)  # type: ignore[no-any-return]

    def _border(self) -> list[int]:
        if self.padding == "valid":
            return [0] * 2 * self.dims
        if self.padding == "same":
            reach = [s * (k - 1) for s, k in zip(self.dilation, self.kernel_size)]
            return [w for r in reversed(reach) for w in (r // 2, r - r // 2)]
        return [p for p in reversed(self.padding) for _ in range(2)]

    def extra_repr(self) -> str:
        """The channels, the kernel, and what is not as usual."""
        d = self.dims
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        usual: dict[str, Any] = {"padding": (0,) * d, "dilation": (1,) * d, "output_padding": (0,) * d, "groups": 1}
        text += "".join(f", {k}={getattr(self, k)}" for k, v in usual.items() if getattr(self, k) != v)
        text += "" if self.bias is not None else ", bias=False"
        return text + (f", padding_mode={self.padding_mode}" if self.padding_mode != "zeros" else "")


class _ConvTranspose(_Conv):
    """What a convolution does backwards: it makes images larger where a stride made them smaller."""

    transposed = True

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Any, stride: Any = 1, padding: Any = 0,
        output_padding: Any = 0, groups: int = 1, bias: bool = True, dilation: Any = 1, padding_mode: str = "zeros",
        device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        if padding_mode != "zeros":
            raise ValueError(f'Only "zeros" padding mode is supported for {type(self).__name__}')
        options = (stride, padding, dilation, groups, bias, padding_mode, device, dtype)
        super().__init__(in_channels, out_channels, kernel_size, *options)
        self.output_padding = f.ints(output_padding, self.dims, "output_padding")

    def forward(self, input: Tensor, output_size: Any = None) -> Tensor:
        """The transposed convolution; `output_size` chooses among the sizes that the stride leaves open."""
        more = self.output_padding if output_size is None else self._more(input, output_size)
        convolve = getattr(f, f"conv_transpose{self.dims}d")
        options = (self.stride, self.padding, more, self.groups, self.dilation)
        return convolve(input, self.weight, self.bias, *options)  # type: ignore[no-any-return]

    def _more(self, input: Tensor, output_size: Any) -> tuple[int, ...]:
        d = self.dims
        wanted = tuple(int(n) for n in output_size)[-d:]
        inner = input._a.shape[-d:]
        least = [
            (n - 1) * s - 2 * p + t * (k - 1) + 1
            for n, s, p, t, k in zip(inner, self.stride, self.padding, self.dilation, self.kernel_size)
        ]
        most = [a + s - 1 for a, s in zip(least, self.stride)]
        if len(wanted) != d or any(not a <= n <= b for a, n, b in zip(least, wanted, most)):
            raise ValueError(
                f"requested an output size of {list(wanted)}, but valid sizes range from {least} to {most} "
                f"(for an input of {list(inner)})"
            )
        return tuple(n - a for n, a in zip(wanted, least))


class Conv1d(_Conv):
    """Convolution of (N, in_channels, L)."""

    dims = 1


class Conv2d(_Conv):
    """Convolution of (N, in_channels, H, W).

    >>> import chainrule as cr
    >>> cr.nn.Conv2d(3, 8, 3, padding=1)(cr.ones(2, 3, 5, 5)).shape
    torch.Size([2, 8, 5, 5])
    """

    dims = 2


class Conv3d(_Conv):
    """Convolution of (N, in_channels, D, H, W)."""

    dims = 3


class ConvTranspose1d(_ConvTranspose):
    """Transposed convolution of (N, in_channels, L)."""

    dims = 1


class ConvTranspose2d(_ConvTranspose):
    """Transposed convolution of (N, in_channels, H, W)."""

    dims = 2


class ConvTranspose3d(_ConvTranspose):
    """Transposed convolution of (N, in_channels, D, H, W)."""

    dims = 3


_windows: Callable[..., Any] = function_module
Unfold = _windows("Unfold", f.unfold, shown="*", kernel_size=REQUIRED, dilation=1, padding=0, stride=1)
Fold = _windows("Fold", f.fold, shown="*", output_size=REQUIRED, kernel_size=REQUIRED, dilation=1, padding=0, stride=1)
