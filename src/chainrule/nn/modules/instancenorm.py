"""Normalisation of each channel of each sample by itself (Ulyanov et al., 2016)."""

from __future__ import annotations

import warnings
from typing import Any

from chainrule.core.tensor import Tensor
from chainrule.nn import functional as f
from chainrule.nn.modules.batchnorm import _BatchNorm

__all__ = ["InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d"]


class _InstanceNorm(_BatchNorm):
    """Mean 0 and variance 1 for each channel of each sample; a learned scale and shift with `affine=True`.

    >>> import chainrule as cr
    >>> cr.nn.InstanceNorm1d(1, eps=0.0)(cr.tensor([[[1.0, 3.0]]]))
    tensor([[[-1.,  1.]]])
    """

    def __init__(
        self, num_features: int, eps: float = 1e-5, momentum: float | None = 0.1, affine: bool = False,
        track_running_stats: bool = False, device: Any = None, dtype: Any = None, *, bias: bool = True,
    ) -> None:  # fmt: skip
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias)

    def forward(self, input: Tensor) -> Tensor:
        """The normalised input: (N, C, ...), or (C, ...) of one sample."""
        shape, (inside, batched) = input._a.shape, self.dims
        if len(shape) not in self.dims:
            raise ValueError(f"expected {inside}D or {batched}D input (got {len(shape)}D input)")
        dim = len(shape) - inside
        if shape[dim] != self.num_features:
            if self.affine:
                raise ValueError(
                    f"expected input's size at dim={dim} to match num_features ({self.num_features}), "
                    f"but got: {shape[dim]}."
                )
            warnings.warn(
                f"input's size at dim={dim} does not match num_features. You can silence this warning by not passing "
                "in num_features, which is not used because affine=False",
                stacklevel=3,
            )
        own = self.training or not self.track_running_stats
        x: Any = input if dim else input.unsqueeze(0)
        share = 0.0 if self.momentum is None else self.momentum
        out = f.instance_norm(x, self.running_mean, self.running_var, self.weight, self.bias, own, share, self.eps)
        return out if dim else out.squeeze(0)


class InstanceNorm1d(_InstanceNorm):
    __doc__ = _InstanceNorm.__doc__
    dims = (2, 3)


class InstanceNorm2d(_InstanceNorm):
    __doc__ = _InstanceNorm.__doc__
    dims = (3, 4)


class InstanceNorm3d(_InstanceNorm):
    __doc__ = _InstanceNorm.__doc__
    dims = (4, 5)
