"""How elements lie in memory: tensors here are strided, and copies are C-ordered whatever format is asked for."""

from __future__ import annotations


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
    """The order of the dimensions in memory, as PyTorch names it; accepted, and without effect."""


strided = layout("strided")
contiguous_format, preserve_format = memory_format("contiguous_format"), memory_format("preserve_format")
channels_last, channels_last_3d = memory_format("channels_last"), memory_format("channels_last_3d")
