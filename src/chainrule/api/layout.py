"""How elements lie in memory: tensors here are strided, by rows or with the channels last."""

from __future__ import annotations

from typing import Any

from chainrule.base import memory
from chainrule.core.op import REGISTRY


class layout:
    """A kind of tensor: strided (dense) is the only one."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return f"torch.{self._name}"

    __str__ = __repr__

    def __reduce__(self) -> str:
        return self._name


class memory_format(layout):
    """The order of the dimensions in memory, as PyTorch names it; convolutions and pooling answer by rows."""


strided = layout("strided")
contiguous_format, preserve_format = memory_format("contiguous_format"), memory_format("preserve_format")
channels_last, channels_last_3d = memory_format("channels_last"), memory_format("channels_last_3d")
RANKS = {channels_last: 4, channels_last_3d: 5}


def last(format: Any, shape: Any) -> bool:
    """Whether a format puts the channels of a tensor of this shape last; raises RuntimeError where it has none."""
    rank = RANKS.get(format, len(shape))
    if rank != len(shape):
        raise RuntimeError(f"required rank {rank} tensor to use {format._name} format")
    return format in RANKS


def converted(x: Any, format: Any, same: bool) -> Any:
    """x in a format after a change of dtype, or where nothing else changes (`same`): then rows are not insisted on."""
    if format in (None, preserve_format) or (same and format not in RANKS and not memory.channels_last(x._a)):
        return x
    return x.contiguous(format)


def with_channels_last(x: Any) -> Any:
    """A copy of x with its channels last."""
    n = len(x._a.shape)
    copy = REGISTRY["clone"](REGISTRY["permute"](x, dims=memory.LAST[n]))
    return REGISTRY["permute"](copy, dims=memory.FIRST[n])
