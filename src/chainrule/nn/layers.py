"""Layers: modules with parameters or buffers of their own, and those that rearrange."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.base import dtypes
from chainrule.base.shapes import dim_index
from chainrule.core.state import mode
from chainrule.core.tensor import Tensor, wrap
from chainrule.nn import _layers as f
from chainrule.nn import init
from chainrule.nn._make import REQUIRED, function_module
from chainrule.nn.module import Module
from chainrule.nn.parameter import Parameter

__all__ = [
    "AlphaDropout", "BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "Bilinear", "ChannelShuffle", "CosineSimilarity",
    "Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "Embedding", "FeatureAlphaDropout", "Flatten", "GroupNorm",
    "Identity", "LayerNorm", "Linear", "LocalResponseNorm", "PairwiseDistance", "PixelShuffle", "PixelUnshuffle",
    "RMSNorm", "Unflatten",
]  # fmt: skip


def _empty(*shape: int, dtype: Any = None) -> Parameter:
    return Parameter(wrap(np.zeros(shape, dtypes.default_float() if dtype is None else dtypes.as_np(dtype))))


class Identity(Module):
    """The input; arguments are taken and ignored."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, input: Tensor) -> Tensor:
        """The input."""
        return input


class Linear(Module):
    """`x @ weight.T + bias`, from `in_features` numbers to `out_features`.

    The start is uniform within 1 / sqrt(in_features), the same numbers as PyTorch's for the same seed.

    >>> import chainrule as cr
    >>> cr.nn.Linear(2, 3)(cr.ones(4, 2)).shape
    torch.Size([4, 3])
    """

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.weight = _empty(out_features, in_features, dtype=dtype)
        self.register_parameter("bias", _empty(out_features, dtype=dtype) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weights and bias anew."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            bound = 1 / math.sqrt(self.in_features) if self.in_features > 0 else 0
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input: Tensor) -> Tensor:
        """`input @ weight.T + bias`."""
        return f.linear(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        """The sizes."""
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


class Bilinear(Module):
    """`x1 @ weight[k] @ x2 + bias[k]` for each of `out_features` k."""

    def __init__(
        self, in1_features: int, in2_features: int, out_features: int, bias: bool = True, device: Any = None,
        dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        if in1_features <= 0:
            raise ValueError(f"in1_features must be > 0, but got {in1_features}")
        self.in1_features = in1_features
        self.in2_features = in2_features
        self.out_features = out_features
        self.weight = _empty(out_features, in1_features, in2_features, dtype=dtype)
        self.register_parameter("bias", _empty(out_features, dtype=dtype) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weights and bias anew."""
        bound = 1 / math.sqrt(self.in1_features)
        init.uniform_(self.weight, -bound, bound)
        if self.bias is not None:
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input1: Tensor, input2: Tensor) -> Tensor:
        """The form's values."""
        return f.bilinear(input1, input2, self.weight, self.bias)

    def extra_repr(self) -> str:
        """The sizes."""
        return (
            f"in1_features={self.in1_features}, in2_features={self.in2_features}, out_features={self.out_features}, "
            f"bias={self.bias is not None}"
        )


class Embedding(Module):
    """A table of `num_embeddings` vectors of `embedding_dim` numbers, looked up by integers."""

    def __init__(
        self, num_embeddings: int, embedding_dim: int, padding_idx: int | None = None, max_norm: float | None = None,
        norm_type: float = 2.0, scale_grad_by_freq: bool = False, sparse: bool = False, _weight: Tensor | None = None,
        _freeze: bool = False, device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        if padding_idx is not None:
            if not -num_embeddings <= padding_idx < num_embeddings:
                raise AssertionError("Padding_idx must be within num_embeddings")
            padding_idx %= num_embeddings
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        self.padding_idx = padding_idx
        self.max_norm = max_norm
        self.norm_type = norm_type
        self.scale_grad_by_freq = scale_grad_by_freq
        self.sparse = sparse
        if _weight is None:
            self.weight = _empty(num_embeddings, embedding_dim, dtype=dtype)
            self.reset_parameters()
        else:
            if tuple(_weight._a.shape) != (num_embeddings, embedding_dim):
                raise AssertionError("Shape of weight does not match num_embeddings and embedding_dim")
            self.weight = Parameter(_weight)
        self.weight.requires_grad_(not _freeze)

    def reset_parameters(self) -> None:
        """Draw all rows anew from the standard normal distribution; the padding row is 0."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            self.weight._a[self.padding_idx] = 0

    @classmethod
    def from_pretrained(
        cls, embeddings: Tensor, freeze: bool = True, padding_idx: int | None = None, **options: Any
    ) -> Embedding:
        """A table of given rows, not trained if `freeze`."""
        rows, columns = embeddings._a.shape
        return cls(rows, columns, padding_idx, _weight=embeddings, _freeze=freeze, **options)

    def forward(self, input: Tensor) -> Tensor:
        """The rows at `input`."""
        return f.embedding(
            input, self.weight, self.padding_idx, self.max_norm, self.norm_type, self.scale_grad_by_freq, self.sparse
        )

    def extra_repr(self) -> str:
        """The sizes, and the options that are not at their defaults."""
        parts = [str(self.num_embeddings), str(self.embedding_dim)]
        for name, default in (
            ("padding_idx", None),
            ("max_norm", None),
            ("norm_type", 2),
            ("scale_grad_by_freq", False),
        ):
            if getattr(self, name) != default:
                parts.append(f"{name}={getattr(self, name)}")
        return ", ".join(parts) + (", sparse=True" if self.sparse else "")


class Flatten(Module):
    """Dimensions `start_dim` to `end_dim` as one."""

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim = start_dim
        self.end_dim = end_dim

    def forward(self, input: Tensor) -> Tensor:
        """The flattened input."""
        return input.flatten(self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        """The dimensions."""
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """Dimension `dim` as several, of sizes `unflattened_size`."""

    def __init__(self, dim: int, unflattened_size: Any) -> None:
        super().__init__()
        self.dim = dim
        self.unflattened_size = unflattened_size

    def forward(self, input: Tensor) -> Tensor:
        """The unflattened input."""
        d, shape = dim_index(self.dim, len(input._a.shape)), list(input._a.shape)
        return input.reshape(*shape[:d], *self.unflattened_size, *shape[d + 1 :])

    def extra_repr(self) -> str:
        """The dimension and the sizes."""
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"


class _Dropout(Module):
    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if p < 0 or p > 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p = p
        self.inplace = inplace

    def extra_repr(self) -> str:
        """The options."""
        return f"p={self.p}, inplace={self.inplace}"


def _dropout(name: str, function: Any) -> Any:
    def forward(self: Any, input: Tensor) -> Tensor:
        return function(input, self.p, self.training, self.inplace)

    return type(name, (_Dropout,), {"forward": forward, "__module__": __name__, "__doc__": function.__doc__})


Dropout = _dropout("Dropout", f.dropout)
Dropout1d = _dropout("Dropout1d", f.dropout1d)
Dropout2d = _dropout("Dropout2d", f.dropout2d)
Dropout3d = _dropout("Dropout3d", f.dropout3d)
AlphaDropout = _dropout("AlphaDropout", f.alpha_dropout)
FeatureAlphaDropout = _dropout("FeatureAlphaDropout", f.feature_alpha_dropout)

# ------------------------------------------------------------------------------------------------------ normalisation


class LayerNorm(Module):
    """Mean 0 and variance 1 over the last dimensions, then a learned scale and shift (Ba et al., 2016)."""

    def __init__(
        self, normalized_shape: Any, eps: float = 1e-5, elementwise_affine: bool = True, bias: bool = True,
        device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.normalized_shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        shape = self.normalized_shape
        self.register_parameter("weight", _empty(*shape, dtype=dtype) if elementwise_affine else None)
        self.register_parameter("bias", _empty(*shape, dtype=dtype) if elementwise_affine and bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Scale 1, shift 0."""
        _ones_and_zeros(self.weight, self.bias)

    def forward(self, input: Tensor) -> Tensor:
        """The normalised input."""
        return f.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """The options."""
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}, "
            f"bias={self.bias is not None}"
        )


class RMSNorm(Module):
    """Mean square 1 over the last dimensions, then a learned scale."""

    def __init__(
        self, normalized_shape: Any, eps: float | None = None, elementwise_affine: bool = True, device: Any = None,
        dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.normalized_shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        weight = _empty(*self.normalized_shape, dtype=dtype) if elementwise_affine else None
        self.register_parameter("weight", weight)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Scale 1."""
        _ones_and_zeros(self.weight, None)

    def forward(self, input: Tensor) -> Tensor:
        """The normalised input."""
        return f.rms_norm(input, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        """The options."""
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


def _ones_and_zeros(weight: Parameter | None, bias: Parameter | None) -> None:
    if weight is not None:
        init.ones_(weight)
    if bias is not None:
        init.zeros_(bias)


class GroupNorm(Module):
    """Mean 0 and variance 1 for each group of channels, then a learned scale and shift (Wu and He, 2018)."""

    def __init__(
        self, num_groups: int, num_channels: int, eps: float = 1e-5, affine: bool = True, device: Any = None,
        dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        if num_channels % num_groups:
            raise ValueError(f"num_channels ({num_channels}) must be divisible by num_groups ({num_groups})")
        self.num_groups = num_groups
        self.num_channels = num_channels
        self.eps = eps
        self.affine = affine
        self.register_parameter("weight", _empty(num_channels, dtype=dtype) if affine else None)
        self.register_parameter("bias", _empty(num_channels, dtype=dtype) if affine else None)
        _ones_and_zeros(self.weight, self.bias)

    def forward(self, input: Tensor) -> Tensor:
        """The normalised input."""
        return f.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """The options."""
        sizes = f"{self.num_groups}, {self.num_channels}"
        return f"{sizes}, eps={self.eps}, affine={self.affine}, bias={self.bias is not None}"


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
        self.register_parameter("weight", _empty(num_features, dtype=dtype) if affine else None)
        self.register_parameter("bias", _empty(num_features, dtype=dtype) if affine and bias else None)
        kept = track_running_stats
        like = np.zeros(num_features, dtypes.default_float() if dtype is None else dtypes.as_np(dtype))
        self.register_buffer("running_mean", wrap(like.copy()) if kept else None)
        self.register_buffer("running_var", wrap(like + 1) if kept else None)
        self.register_buffer("num_batches_tracked", wrap(np.array(0)) if kept else None)
        _ones_and_zeros(self.weight, self.bias)

    def reset_running_stats(self) -> None:
        """Mean 0, variance 1, no batches seen."""
        if self.track_running_stats:
            self.running_mean._a[...] = 0
            self.running_var._a[...] = 1
            self.num_batches_tracked._a[...] = 0

    def reset_parameters(self) -> None:
        """Scale 1, shift 0, and the running statistics' start."""
        self.reset_running_stats()
        _ones_and_zeros(self.weight, self.bias)

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


# -------------------------------------------------------------------------------------------- distances, rearranging

CosineSimilarity = function_module("CosineSimilarity", f.cosine_similarity, dim=1, eps=1e-8)
PairwiseDistance = function_module("PairwiseDistance", f.pairwise_distance, p=2.0, eps=1e-6, keepdim=False)
PixelShuffle = function_module("PixelShuffle", f.pixel_shuffle, shown="*", upscale_factor=REQUIRED)
PixelUnshuffle = function_module("PixelUnshuffle", f.pixel_unshuffle, shown="*", downscale_factor=REQUIRED)
ChannelShuffle = function_module("ChannelShuffle", f.channel_shuffle, shown="*", groups=REQUIRED)
LocalResponseNorm = function_module(
    "LocalResponseNorm", f.local_response_norm, shown="{size}, alpha={alpha}, beta={beta}, k={k}", size=REQUIRED,
    alpha=1e-4, beta=0.75, k=1.0,
)  # fmt: skip
