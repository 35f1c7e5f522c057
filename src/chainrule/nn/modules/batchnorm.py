"""Normalisation over a batch, with running statistics for evaluation (Ioffe and Szegedy, 2015)."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.base import dtypes
from chainrule.core.state import mode
from chainrule.core.tensor import Tensor, wrap
from chainrule.nn import functional as f
from chainrule.nn.module import Module
from chainrule.nn.modules.normalization import ones_and_zeros
from chainrule.nn.parameter import blank

__all__ = ["BatchNorm1d", "BatchNorm2d", "BatchNorm3d"]


class _BatchNorm(Module):
    """Mean 0 and variance 1 for each channel over the batch, then a learned scale and shift (Ioffe and Szegedy, 2015).

    In evaluation mode the running statistics stand for the batch's. `momentum=None`: their plain average.
    """

    dims: tuple[int, ...] = ()

    def __init__(
        self, num_features: int, eps: float = 1e-5, momentum: float | None = 0.1, affine: bool = True,
        track_running_stats: bool = True, device: Any = None, dtype: Any = None, bias: bool = True,
    ) -> None:  # fmt: skip
        super().__init__()
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats
        self.register_parameter("weight", blank(num_features, dtype=dtype) if affine else None)
        self.register_parameter("bias", blank(num_features, dtype=dtype) if affine and bias else None)
        kept = track_running_stats
        like = np.zeros(num_features, dtypes.default_float() if dtype is None else dtypes.as_np(dtype))
        self.register_buffer("running_mean", wrap(like.copy()) if kept else None)
        self.register_buffer("running_var", wrap(like + 1) if kept else None)
        self.register_buffer("num_batches_tracked", wrap(np.array(0)) if kept else None)
        ones_and_zeros(self.weight, self.bias)

    def reset_running_stats(self) -> None:
        """Mean 0, variance 1, no batches seen."""
        if self.track_running_stats:
            self.running_mean._a[...] = 0
            self.running_var._a[...] = 1
            self.num_batches_tracked._a[...] = 0

    def reset_parameters(self) -> None:
        """Scale 1, shift 0, and the running statistics' start."""
        self.reset_running_stats()
        ones_and_zeros(self.weight, self.bias)

    def forward(self, input: Tensor) -> Tensor:
        """The normalised input."""
        ndim = len(input._a.shape)
        if ndim not in self.dims:
            wanted = " or ".join(f"{d}D" for d in self.dims)
            raise ValueError(f"expected {wanted} input (got {ndim}D input)")
        share = 0.0 if self.momentum is None else self.momentum
        if self.training and self.num_batches_tracked is not None:
            with mode(grad=False):
                self.num_batches_tracked.add_(1)
            if self.momentum is None:
                share = 1.0 / float(self.num_batches_tracked)
        by_batch = self.training or self.running_mean is None
        kept = not by_batch or self.track_running_stats
        mean, var = (self.running_mean, self.running_var) if kept else (None, None)
        return f.batch_norm(input, mean, var, self.weight, self.bias, by_batch, share, self.eps)

    def extra_repr(self) -> str:
        """The options."""
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )


class BatchNorm1d(_BatchNorm):
    __doc__ = _BatchNorm.__doc__
    dims = (2, 3)


class BatchNorm2d(_BatchNorm):
    __doc__ = _BatchNorm.__doc__
    dims = (4,)


class BatchNorm3d(_BatchNorm):
    __doc__ = _BatchNorm.__doc__
    dims = (5,)
