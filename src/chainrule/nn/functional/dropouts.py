"""Dropout: elements or channels left out by chance while a network is trained (Srivastava et al., 2014)."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence

from chainrule.api.random import default_generator, laid
from chainrule.core.tensor import Tensor, wrap

__all__ = ["alpha_dropout", "dropout", "dropout1d", "dropout2d", "dropout3d", "feature_alpha_dropout"]

_SELU_FLOOR = -1.7580993408473766  # the value that selu tends to at -inf


def _check_probability(p: float) -> None:
    if p < 0.0 or p > 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")


def _dropped(input: Tensor, p: float, training: bool, inplace: bool, shape: Sequence[int] | None = None) -> Tensor:
    _check_probability(p)
    if not training or p == 0 or not input._a.size:
        return input
    stream, d = default_generator.stream, input._a.dtype
    if shape is None:
        keep = laid(input._a, lambda size: stream.bernoulli(1 - p, size, d))
    else:
        keep = stream.bernoulli(1 - p, tuple(shape), d)
    mask = wrap(keep / (1 - p) if p < 1 else keep)
    return input.mul_(mask) if inplace else input * mask


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """In training, each element is 0 with probability p, else it is scaled by 1 / (1 - p) (Srivastava et al., 2014)."""
    return _dropped(input, p, training, inplace)


def _by_channel(input: Tensor) -> list[int]:
    return [*input._a.shape[:2], *[1] * (len(input._a.shape) - 2)]


def dropout1d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """`dropout` of whole channels of (N, C, L) or (C, L)."""
    shape = input._a.shape
    if len(shape) not in (2, 3):
        raise RuntimeError(f"dropout1d: Expected 2D or 3D input, but received a {len(shape)}D input")
    return _dropped(input, p, training, inplace, (*shape[:-1], 1))


def dropout2d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """`dropout` of whole channels of (N, C, H, W); three dimensions are (N, C, L), as in PyTorch."""
    _unusual(input, "dropout2d", 2, "3D or 4D")
    if len(input._a.shape) == 3:
        warnings.warn(
            "dropout2d: Received a 3D input to dropout2d and assuming that channel-wise 1D dropout behavior is desired "
            "- input is interpreted as shape (N, C, L), where C is the channel dim. For (C, H, W), unsqueeze(0) it; "
            "for (N, C, L), dropout1d says so without this warning.",
            stacklevel=2,
        )
    return _dropped(input, p, training, inplace, _by_channel(input))


def dropout3d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """`dropout` of whole channels of (N, C, D, H, W) or (C, D, H, W)."""
    _unusual(input, "dropout3d", 3, "4D or 5D")
    shape = input._a.shape
    by_channel = _by_channel(input) if len(shape) == 5 else [*shape[:1], *[1] * (len(shape) - 1)]
    return _dropped(input, p, training, inplace, by_channel)


def _unusual(input: Tensor, name: str, d: int, usual: str) -> None:
    n = len(input._a.shape)
    if n not in (d + 1, d + 2):
        warnings.warn(
            f"{name}: Received a {n}-D input to {name}, which is deprecated and will result in an error in a future "
            f"release. It drops whole channels of inputs with {d} spatial dimensions, a channel dimension, and an "
            f"optional batch dimension (i.e. {usual} inputs); for others there is dropout.",
            stacklevel=3,
        )


def _alpha_dropped(input: Tensor, p: float, training: bool, shape: Sequence[int]) -> Tensor:
    _check_probability(p)
    if not training or p == 0:
        return input
    if p == 1:
        return input * 0
    keep = default_generator.stream.bernoulli(1 - p, tuple(shape), input._a.dtype)
    a = 1 / math.sqrt((_SELU_FLOOR**2 * p + 1) * (1 - p))
    floor = _SELU_FLOOR * a * ((1 - keep) + (p - 1))  # dropped elements go to the floor, and the mean back to 0
    return input * wrap(keep * a) + wrap(floor)


def alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """Dropout that keeps mean and variance in networks of `selu` (Klambauer et al., 2017)."""
    return _alpha_dropped(input, p, training, input._a.shape)


def feature_alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """`alpha_dropout` of whole channels (dimension 1)."""
    return _alpha_dropped(input, p, training, _by_channel(input))
