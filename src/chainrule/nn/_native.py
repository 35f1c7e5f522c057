"""Normalisations in the form in which PyTorch's own kernels have them: with the statistics beside the result."""

from __future__ import annotations

import math
from typing import Any

from chainrule.core.tensor import Tensor
from chainrule.nn import _layers as f

__all__ = ["constant_pad_nd", "native_batch_norm", "native_group_norm", "native_layer_norm"]


def _statistics(x: Any, dims: Any, eps: float, keepdim: bool) -> tuple[Tensor, Tensor]:
    mean = x.mean(dims, keepdim=True)
    rstd = ((x - mean) ** 2).mean(dims, keepdim=True).add(eps).rsqrt()
    return (mean, rstd) if keepdim else (mean.squeeze(dims), rstd.squeeze(dims))


def native_layer_norm(
    input: Tensor, normalized_shape: Any, weight: Tensor | None, bias: Tensor | None, eps: float
) -> tuple[Tensor, Tensor, Tensor]:
    """`layer_norm`, the means, and one over the standard deviations."""
    dims = tuple(range(-len(normalized_shape), 0))
    out = f.layer_norm(input, normalized_shape, weight, bias, eps)
    return out, *_statistics(input, dims, eps, True)


def native_batch_norm(
    input: Tensor, weight: Tensor | None, bias: Tensor | None, running_mean: Tensor | None,
    running_var: Tensor | None, training: bool, momentum: float, eps: float,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    """`batch_norm`, and in training the batch's means and one over its standard deviations."""
    x: Any = input
    dims = (0, *range(2, len(x.shape)))
    if training:
        found = _statistics(x, dims, eps, False)
    else:
        found = (x.new_empty(0), x.new_empty(0))
    out = f.batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps)
    return out, *found


def native_group_norm(
    input: Tensor, weight: Tensor | None, bias: Tensor | None, N: int, C: int, HxW: int, group: int, eps: float
) -> tuple[Tensor, Tensor, Tensor]:
    """`group_norm`, the means of the groups, and one over their standard deviations."""
    grouped = input.reshape(N, group, math.prod((C, HxW)) // group)
    return f.group_norm(input, group, weight, bias, eps), *_statistics(grouped, (2,), eps, False)


def constant_pad_nd(input: Tensor, pad: Any, value: float = 0) -> Tensor:
    """`nn.functional.pad` with a constant."""
    return f.pad(input, pad, "constant", value)
