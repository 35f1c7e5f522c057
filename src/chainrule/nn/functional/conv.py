"""Convolutions in 1, 2 and 3 dimensions, and transposed ones: PyTorch's signatures around the ops of `ops/convolve`."""

from __future__ import annotations

from typing import Any

from chainrule.api.layout import following
from chainrule.api.public import named
from chainrule.core.op import REGISTRY
from chainrule.core.tensor import Tensor
from chainrule.nn.functional.padding import pad

__all__ = [
    "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "fold", "unfold",
]  # fmt: skip

Ints = tuple[int, ...]


def ints(x: Any, d: int, name: str) -> Ints:
    """A number, or one for each of d dimensions, as d numbers."""
    several = tuple(int(v) for v in (x if isinstance(x, (tuple, list)) else (x,)))
    if len(several) not in (1, d):
        raise RuntimeError(f"expected {name} to be a single integer value or a list of {d} values, but got {name}={x}")
    return several * d if len(several) == 1 else several


def batched(x: Tensor, d: int, name: str) -> tuple[Any, bool]:
    """The input with a batch dimension, and whether it had one."""
    n = len(x._a.shape)
    if n not in (d + 1, d + 2):
        raise RuntimeError(
            f"Expected {d + 1}D (unbatched) or {d + 2}D (batched) input to {name}, but got input of size: "
            f"{list(x._a.shape)}"
        )
    return (x if n == d + 2 else x.unsqueeze(0)), n == d + 2


def positive(step: Ints, spread: Ints, edge: Ints = ()) -> None:
    """Raise for strides, dilations or paddings that no window can have."""
    if min(step) <= 0:
        raise RuntimeError(f"non-positive stride is not supported: {step}")
    if min(spread) <= 0:
        raise RuntimeError(f"dilation should be greater than zero, but got {spread}")
    if min(edge, default=0) < 0:
        raise RuntimeError(f"negative padding is not supported: {edge}")


def _check(x: Tensor, weight: Tensor, bias: Tensor | None, groups: int, channels: int, out: int) -> None:
    shape, w = list(x._a.shape), list(weight._a.shape)
    if len(w) != len(shape):
        raise RuntimeError(
            f"expected a weight of {len(shape)} dimensions for an input of size {shape}, but got size {w}"
        )
    if groups <= 0 or w[0] % groups:
        raise RuntimeError(f"Given groups={groups}, expected weight to be divisible by {groups} at dimension 0: {w}")
    if shape[1] != channels:
        raise RuntimeError(
            f"Given groups={groups}, weight of size {w}, expected input{shape} to have {channels} channels, but got "
            f"{shape[1]} channels instead"
        )
    for other in (weight, bias):
        if other is not None and other._a.dtype != x._a.dtype:
            raise RuntimeError(f"Input type ({x.type()}) and weight type ({other.type()}) should be the same")
    if bias is not None and bias._a.shape != (out,):
        raise RuntimeError(
            f"Given weight of size {w}, expected bias to have {out} elements, but got {list(bias._a.shape)}"
        )


def _conv(
    d: int, input: Tensor, weight: Tensor, bias: Tensor | None, stride: Any, padding: Any, dilation: Any, groups: int
) -> Tensor:
    x, had_batch = batched(input, d, f"conv{d}d")
    _check(x, weight, bias, groups, weight._a.shape[1] * groups, weight._a.shape[0])
    size = weight._a.shape[2:]
    step, spread = ints(stride, d, "stride"), ints(dilation, d, "dilation")
    positive(step, spread, () if isinstance(padding, str) else ints(padding, d, "padding"))
    if padding == "same":
        if max(step) > 1:
            raise RuntimeError("padding='same' is not supported for strided convolutions")
        reach = [s * (k - 1) for s, k in zip(spread, size)]
        widths = [w for r in reversed(reach) for w in (r // 2, r - r // 2)]
    elif padding == "valid":
        widths = []
    else:
        if isinstance(padding, str):
            raise RuntimeError(f"Invalid padding string: '{padding}'. It is 'valid', 'same' or numbers")
        widths = [p for p in reversed(ints(padding, d, "padding")) for _ in range(2)]
    x = pad(x, widths) if any(widths) else x
    inner = x._a.shape[2:]
    if any(s * (k - 1) >= n for s, k, n in zip(spread, size, inner)):
        raise RuntimeError(
            f"Calculated padded input size per channel: ({' x '.join(map(str, inner))}). Kernel size: "
            f"({' x '.join(map(str, size))}). Kernel size can't be greater than actual input size"
        )
    out = REGISTRY["convolve"](x, weight, step=step, spread=spread, groups=groups)
    return _finished(out, bias, d, had_batch)


def _finished(out: Any, bias: Tensor | None, d: int, had_batch: bool) -> Tensor:
    out = out if bias is None else out + bias.reshape(-1, *[1] * d)
    return named(out, "ConvolutionBackward0") if had_batch else out.squeeze(0)


def _conv_transpose(
    d: int, input: Tensor, weight: Tensor, bias: Tensor | None, stride: Any, padding: Any, output_padding: Any,
    groups: int, dilation: Any,
) -> Tensor:  # fmt: skip
    x, had_batch = batched(input, d, f"conv_transpose{d}d")
    _check(x, weight, bias, groups, weight._a.shape[0], weight._a.shape[1] * groups)
    size = tuple(weight._a.shape[2:])
    step, spread, cut = ints(stride, d, "stride"), ints(dilation, d, "dilation"), ints(padding, d, "padding")
    more = ints(output_padding, d, "output_padding")
    positive(step, spread, (*cut, *more))
    if any(m >= max(s, t) for m, s, t in zip(more, step, spread)):
        raise RuntimeError(
            f"output padding must be smaller than either stride or dilation, but got output_padding: {more}, stride: "
            f"{step}, dilation: {spread}"
        )
    inner = x._a.shape[2:]
    full = tuple((n - 1) * s + t * (k - 1) + 1 + m for n, s, t, k, m in zip(inner, step, spread, size, more))
    out = REGISTRY["convolve_back"](x, weight, shape=full, step=step, spread=spread, groups=groups)
    if any(cut):
        out = out[(slice(None), slice(None), *(slice(c, n - c) for c, n in zip(cut, full)))].contiguous()
    return _finished(out, bias, d, had_batch)


def conv1d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
    groups: int = 1,
) -> Tensor:  # fmt: skip
    """Convolution of (N, C, L) with a weight (out, C / groups, k). `padding`: numbers, "same" or "valid".

    >>> import chainrule as cr
    >>> cr.nn.functional.conv1d(cr.tensor([[[1.0, 2.0, 4.0]]]), cr.tensor([[[-1.0, 1.0]]]))
    tensor([[[1., 2.]]])
    """
    return _conv(1, input, weight, bias, stride, padding, dilation, groups)


@following
def conv2d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
    groups: int = 1,
) -> Tensor:  # fmt: skip
    """Convolution of (N, C, H, W) with a weight (out, C / groups, kh, kw)."""
    return _conv(2, input, weight, bias, stride, padding, dilation, groups)


@following
def conv3d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
    groups: int = 1,
) -> Tensor:  # fmt: skip
    """Convolution of (N, C, D, H, W) with a weight (out, C / groups, kd, kh, kw)."""
    return _conv(3, input, weight, bias, stride, padding, dilation, groups)


def conv_transpose1d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0,
    output_padding: Any = 0, groups: int = 1, dilation: Any = 1,
) -> Tensor:  # fmt: skip
    """What `conv1d` of the weight (C, out / groups, k) does backwards, to (N, C, L)."""
    return _conv_transpose(1, input, weight, bias, stride, padding, output_padding, groups, dilation)


@following
def conv_transpose2d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0,
    output_padding: Any = 0, groups: int = 1, dilation: Any = 1,
) -> Tensor:  # fmt: skip
    """What `conv2d` of the weight (C, out / groups, kh, kw) does backwards, to (N, C, H, W)."""
    return _conv_transpose(2, input, weight, bias, stride, padding, output_padding, groups, dilation)


@following
def conv_transpose3d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0,
    output_padding: Any = 0, groups: int = 1, dilation: Any = 1,
) -> Tensor:  # fmt: skip
    """What `conv3d` of the weight (C, out / groups, kd, kh, kw) does backwards, to (N, C, D, H, W)."""
    return _conv_transpose(3, input, weight, bias, stride, padding, output_padding, groups, dilation)


def unfold(input: Tensor, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Tensor:
    """The windows of (N, C, H, W) as columns: (N, C * kh * kw, number of windows)."""
    x, had_batch = batched(input, 2, "unfold")
    size, spread, step = ints(kernel_size, 2, "kernel_size"), ints(dilation, 2, "dilation"), ints(stride, 2, "stride")
    positive(step, spread, ints(padding, 2, "padding"))
    widths = [p for p in reversed(ints(padding, 2, "padding")) for _ in range(2)]
    seen = REGISTRY["windows"](pad(x, widths) if any(widths) else x, size=size, step=step, spread=spread)
    if min(seen._a.shape[2:4]) <= 0:
        raise RuntimeError(f"no window of size {size} fits into an input of size {list(x._a.shape)}")
    n, c, h, w, kh, kw = seen._a.shape
    out = named(REGISTRY["clone"](seen.permute(0, 1, 4, 5, 2, 3)).reshape(n, c * kh * kw, h * w), "Im2ColBackward0")
    return out if had_batch else out.squeeze(0)


def fold(
    input: Tensor, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> Tensor:
    """Columns of windows (N, C * kh * kw, L) added up to (N, C, *output_size), where they overlap too."""
    size, spread, step = ints(kernel_size, 2, "kernel_size"), ints(dilation, 2, "dilation"), ints(stride, 2, "stride")
    cut, out_size = ints(padding, 2, "padding"), ints(output_size, 2, "output_size")
    positive(step, spread, cut)
    had_batch = len(input._a.shape) == 3
    x = input if had_batch else input.unsqueeze(0)
    full = tuple(n + 2 * p for n, p in zip(out_size, cut))
    h, w = ((n - s * (k - 1) - 1) // t + 1 for n, s, k, t in zip(full, spread, size, step))
    n, rows, columns = x._a.shape
    if rows % (size[0] * size[1]) or columns != h * w:
        raise RuntimeError(
            f"Given output_size={out_size}, kernel_size={size}, dilation={spread}, padding={cut}, stride={step}, "
            f"expected input of size [N, C * {size[0] * size[1]}, {h * w}], but got {list(x._a.shape)}"
        )
    parts = x.reshape(n, rows // (size[0] * size[1]), *size, h, w).permute(0, 1, 4, 5, 2, 3)
    out = REGISTRY["fold"](parts, shape=full, size=size, step=step, spread=spread)
    if any(cut):
        out = out[:, :, cut[0] : full[0] - cut[0], cut[1] : full[1] - cut[1]]
    return named(out, "Col2ImBackward0") if had_batch else out.squeeze(0)
