"""How elements lie in memory: tensors here are strided, by rows or with the channels last."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from chainrule.api.public import named
from chainrule.base import memory
from chainrule.core.op import REGISTRY
from chainrule.core.tape import Node
from chainrule.core.tensor import Tensor

F = TypeVar("F", bound=Callable[..., Any])


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
    """The order of the dimensions in memory, as PyTorch names it."""


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


def with_channels_last(x: Any) -> Tensor:
    """A copy of x with its channels last."""
    n = len(x._a.shape)
    copy = REGISTRY["clone"](REGISTRY["permute"](x, dims=memory.LAST[n]))
    return REGISTRY["permute"](copy, dims=memory.FIRST[n])  # type: ignore[no-any-return]


def following(f: F) -> F:
    """The function with the channels of its results last where an input, or a weight that comes second, has them so."""

    @functools.wraps(f)
    def call(*args: Any, **kwargs: Any) -> Any:
        return laid_as(f(*args, **kwargs), *args[:2], *kwargs.values())

    return call  # type: ignore[return-value]


def laid_as(out: Any, *given: Any) -> Any:
    """A result with its channels last if one of these tensors has them so."""
    for x in given:
        if isinstance(x, Tensor):
            a = x._a
            if type(a) is np.ndarray and not a.flags.c_contiguous and memory.channels_last(a):
                return tuple(map(_last, out)) if isinstance(out, tuple) else _last(out)
    return out


def _last(out: Tensor) -> Tensor:
    if len(out._a.shape) not in memory.LAST or memory.channels_last(out._a):
        return out
    laid = with_channels_last(out)
    return named(laid, out._g.name()) if isinstance(out._g, Node) else laid
