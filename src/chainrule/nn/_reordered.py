"""The functions of `nn.functional` that the package's own namespace has too, but with their arguments in another order.

`torch.embedding(weight, indices)` is `F.embedding(indices, weight)`, as PyTorch's kernels take them. Functions that are
alike in both places are not here: the package hands them on as they are.
"""

from __future__ import annotations

from chainrule.core.tensor import Tensor
from chainrule.nn import functional as F


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
