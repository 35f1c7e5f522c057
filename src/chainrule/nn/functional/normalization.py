"""Normalisation: means taken away, spreads made 1, over a batch, a sample, a group of channels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.api.layout import channels_last, following
from chainrule.api.public import at_float32, named
from chainrule.base.dtypes import F16, F32
from chainrule.core.op import REGISTRY
from chainrule.core.state import mode
from chainrule.core.tensor import Tensor
from chainrule.nn.functional.padding import pad

__all__ = ["batch_norm", "group_norm", "instance_norm", "layer_norm", "local_response_norm", "normalize", "rms_norm"]


def _standardised(x: Any, dims: tuple[int, ...], eps: float) -> Any:
    x = x.contiguous()
    centred = x - x.mean(dims, keepdim=True)
    return centred * ((centred * centred).mean(dims, keepdim=True) + eps).rsqrt()


def _scaled(out: Any, weight: Any, bias: Any) -> Any:
    out = out if weight is None else out * weight
    return out if bias is None else out + bias


@at_float32
def layer_norm(
    input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None = None, bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:  # fmt: skip
    """Mean 0 and variance 1 over the last dimensions, those of `normalized_shape` (Ba et al., 2016)."""
    dims = _last(input, normalized_shape)
    return named(_scaled(_standardised(input, dims, eps), weight, bias), "NativeLayerNormBackward0")


@at_float32
def rms_norm(
    input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None = None, eps: float | None = None
) -> Tensor:
    """Mean square 1 over the last dimensions, those of `normalized_shape`."""
    dims = _last(input, normalized_shape)
    x: Any = input.contiguous()
    eps = float(np.finfo(input._a.dtype).eps) if eps is None else eps
    return _scaled(x * ((x * x).mean(dims, keepdim=True) + eps).rsqrt(), weight, None)


def _last(input: Tensor, normalized_shape: Sequence[int]) -> tuple[int, ...]:
    shape = tuple(normalized_shape)
    n = len(shape)
    if not n or tuple(input._a.shape[-n:]) != shape:
        raise RuntimeError(
            f"Given normalized_shape={list(shape)}, expected input with shape [*, {', '.join(map(str, shape))}], "
            f"but got "
            f"input of size {list(input._a.shape)}"
        )
    return tuple(range(-n, 0))


def batch_norm(
    input: Tensor, running_mean: Tensor | None, running_var: Tensor | None, weight: Tensor | None = None,
    bias: Tensor | None = None, training: bool = False, momentum: float = 0.1, eps: float = 1e-5,
) -> Tensor:  # fmt: skip
    """Mean 0 and variance 1 for each channel (dimension 1): the batch's in training, else the running ones."""
    if input._a.dtype is F16:  # by way of float32, but for the running ones, which are changed in place
        return _by_float32(batch_norm, input, running_mean, running_var, weight, bias, training, momentum, eps)
    shape = input._a.shape
    dims = (0, *range(2, len(shape)))
    x: Any = input if input.is_contiguous(memory_format=channels_last) else input.contiguous()
    if len(shape) < 2:
        if shape != (0,):
            raise RuntimeError(f"batch_norm expects an input of size (N, C, ...), but got {list(shape)}")
        return x.clone()
    if training:
        n = math.prod(shape) // max(shape[1], 1)
        if n == 1:
            raise ValueError(f"Expected more than 1 value per channel when training, got input size {x.shape}")
        mean = x.mean(dims, keepdim=True)
        var = ((x - mean) * (x - mean)).mean(dims, keepdim=True)
        with mode(grad=False):
            for running, now in ((running_mean, mean), (running_var, var * (n / (n - 1)) if n else var)):
                if running is not None:
                    running.mul_(1 - momentum).add_(now.reshape(-1) * momentum)
    else:
        if running_mean is None or running_var is None:
            raise RuntimeError("Expected running_mean and running_var to be defined when training=False")
        mean, var = _as_channels(running_mean, shape), _as_channels(running_var, shape)
    out = (x - mean) * (var + eps).rsqrt()
    return named(
        _scaled(out, _as_channels(weight, shape), _as_channels(bias, shape)), "NativeBatchNormBackward0"
    )  # fmt: skip


def _by_float32(f: Any, input: Tensor, *others: Any) -> Any:
    return REGISTRY["cast"](f(REGISTRY["cast"](input, dtype=F32), *others), dtype=F16)


def _as_channels(v: Any, shape: Sequence[int]) -> Any:
    return None if v is None else v.reshape(1, -1, *[1] * (len(shape) - 2))


def instance_norm(
    input: Tensor, running_mean: Tensor | None = None, running_var: Tensor | None = None, weight: Tensor | None = None,
    bias: Tensor | None = None, use_input_stats: bool = True, momentum: float = 0.1, eps: float = 1e-5,
) -> Tensor:  # fmt: skip
    """Mean 0 and variance 1 for each channel of each sample."""
    if input._a.dtype is F16:
        return _by_float32(
            instance_norm, input, running_mean, running_var, weight, bias, use_input_stats, momentum, eps
        )
    shape = input._a.shape
    x: Any = input.contiguous()
    dims = tuple(range(2, len(shape)))
    if not use_input_stats:
        return batch_norm(input, running_mean, running_var, weight, bias, False, momentum, eps)
    n = math.prod(shape[2:])
    if n == 1:
        raise ValueError(f"Expected more than 1 spatial element when training, got input size {x.shape}")
    with mode(grad=False):
        mean = x.mean(dims)
        for running, now in ((running_mean, mean), (running_var, x.var(dims))):
            if running is not None:
                running.mul_(1 - momentum).add_(now.mean(0) * momentum)
    return _scaled(_standardised(x, dims, eps), _as_channels(weight, shape), _as_channels(bias, shape))


@following
@at_float32
def group_norm(
    input: Tensor, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    """Mean 0 and variance 1 for each group of channels of each sample (Wu and He, 2018)."""
    shape = input._a.shape
    if shape[1] % num_groups:
        raise RuntimeError(
            f"Expected number of channels in input to be divisible by num_groups, but got input of shape {list(shape)} "
            f"and num_groups={num_groups}"
        )
    x: Any = input
    grouped = _standardised(x.reshape(shape[0], num_groups, math.prod(shape[1:]) // num_groups), (2,), eps)
    out = _scaled(grouped.reshape(shape), _as_channels(weight, shape), _as_channels(bias, shape))
    return named(out, "NativeGroupNormBackward0")


@following
@at_float32
def local_response_norm(input: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Tensor:
    """Each channel divided by a power of the mean square of the `size` channels around it (Krizhevsky et al., 2012)."""
    if len(input._a.shape) < 3:
        raise ValueError(f"Expected 3D or higher dimensionality input (got {len(input._a.shape)} dimensions)")
    x: Any = input
    zeros = [0, 0] * (len(x.shape) - 2)
    around = pad(x * x, [*zeros, size // 2, (size - 1) // 2]).unfold(1, size, 1)
    return x / (around.mean(-1) * alpha + k) ** beta


@at_float32
def normalize(input: Tensor, p: float = 2.0, dim: Any = 1, eps: float = 1e-12, out: Tensor | None = None) -> Tensor:
    """The input divided by its norm along `dim` (by `eps` where that is less)."""
    x: Any = input
    result = x / x.norm(p, dim, keepdim=True).clamp(min=eps)
    if out is None:
        return result
    return out.copy_(result)
