"""Functions as PyTorch's own kernels have them: other arguments first, or the statistics beside the result.

`torch.embedding(weight, indices)` is `F.embedding(indices, weight)`, `torch.native_layer_norm` gives means and spreads
too. They are published in the package's own namespace; functions that are alike in both places are not here.
"""

from __future__ import annotations

import math
from typing import Any

from chainrule.core.tensor import Tensor
from chainrule.nn import functional as F


def _statistics(x: Any, dims: Any, eps: float, keepdim: bool) -> tuple[Tensor, Tensor]:
    mean = x.mean(dims, keepdim=True)
    rstd = ((x - mean) ** 2).mean(dims, keepdim=True).add(eps).rsqrt()
    return (mean, rstd) if keepdim else (mean.squeeze(dims), rstd.squeeze(dims))


def native_layer_norm(
    input: Tensor, normalized_shape: Any, weight: Tensor | None, bias: Tensor | None, eps: float
) -> tuple[Tensor, Tensor, Tensor]:
    """`layer_norm`, the means, and one over the standard deviations."""
    dims = tuple(range(-len(normalized_shape), 0))
    out = F.layer_norm(input, normalized_shape, weight, bias, eps)
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
    out = F.batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps)
    return out, *found


def native_group_norm(
    input: Tensor, weight: Tensor | None, bias: Tensor | None, N: int, C: int, HxW: int, group: int, eps: float
) -> tuple[Tensor, Tensor, Tensor]:
    """`group_norm`, the means of the groups, and one over their standard deviations."""
    grouped = input.reshape(N, group, math.prod((C, HxW)) // group)
    return F.group_norm(input, group, weight, bias, eps), *_statistics(grouped, (2,), eps, False)


def grid_sampler(
    input: Tensor, grid: Tensor, interpolation_mode: int, padding_mode: int, align_corners: bool
) -> Tensor:
    """`nn.functional.grid_sample`, with numbers for its words in their order."""
    mode, outside = ("bilinear", "nearest", "bicubic")[interpolation_mode], ("zeros", "border", "reflection")
    return F.grid_sample(input, grid, mode, outside[padding_mode], align_corners)


grid_sampler_2d = grid_sampler_3d = grid_sampler


def constant_pad_nd(input: Tensor, pad: Any, value: float = 0) -> Tensor:
    """`nn.functional.pad` with a constant."""
    return F.pad(input, pad, "constant", value)


def dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """Each element zeroed with probability `p` and the others scaled by 1 / (1 - p), if `train`.

    >>> import chainrule as cr
    >>> cr.dropout(cr.ones(3), 0.5, False)
    tensor([1., 1., 1.])
    """
    return F.dropout(input, p, train)


def dropout_(input: Tensor, p: float, train: bool) -> Tensor:
    """`dropout` in place."""
    return F.dropout(input, p, train, inplace=True)


def alpha_dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """Dropout that keeps mean and variance; see `nn.functional.alpha_dropout`."""
    return F.alpha_dropout(input, p, train)


def feature_alpha_dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """Whole channels at a time; see `nn.functional.feature_alpha_dropout`."""
    return F.feature_alpha_dropout(input, p, train)


def embedding(
    weight: Tensor, indices: Tensor, padding_idx: int = -1, scale_grad_by_freq: bool = False, sparse: bool = False
) -> Tensor:
    """Rows of the table `weight` (n, d), by the integers `indices`. Row `padding_idx`, if not -1, gets no gradient.

    >>> import chainrule as cr
    >>> cr.embedding(cr.tensor([[1.0, 2.0], [3.0, 4.0]]), cr.tensor([1]))
    tensor([[3., 4.]])
    """
    padding = None if padding_idx == -1 else padding_idx
    return F.embedding(indices, weight, padding, scale_grad_by_freq=scale_grad_by_freq, sparse=sparse)


def batch_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    training: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool = False,
) -> Tensor:
    """Mean 0 and variance 1 for each channel; see `nn.functional.batch_norm`."""
    return F.batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps)


def instance_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    use_input_stats: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool = False,
) -> Tensor:
    """Mean 0 and variance 1 for each channel of each sample; see `nn.functional.instance_norm`."""
    return F.instance_norm(input, running_mean, running_var, weight, bias, use_input_stats, momentum, eps)
