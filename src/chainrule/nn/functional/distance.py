"""Distances and angles between vectors."""

from __future__ import annotations

import numpy as np

from chainrule.api.public import at_float32, named
from chainrule.base.shapes import broadcast
from chainrule.core.op import REGISTRY
from chainrule.core.tensor import Tensor

__all__ = ["cosine_similarity", "pairwise_distance", "pdist"]


@at_float32
def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """The cosine of the angle between vectors along `dim`."""
    shape = broadcast(x1._a.shape, x2._a.shape)
    a, b = (REGISTRY["expand"](x, shape=shape) for x in (x1, x2))
    na, nb = (v.norm(2, dim, keepdim=True).clamp(min=eps) for v in (a, b))
    return ((a / na) * (b / nb)).sum(dim)


@at_float32
def pairwise_distance(x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Tensor:
    """The p-norm of `x1 - x2 + eps` along the last dimension."""
    return (x1 - x2 + eps).norm(p, -1, keepdim=keepdim)


def pdist(input: Tensor, p: float = 2.0) -> Tensor:
    """The distances of all pairs of rows of (n, m), in the order (0, 1), (0, 2), ..., (1, 2), ..."""
    if len(input._a.shape) != 2:
        raise RuntimeError(f"pdist only supports 2D tensors, got: {len(input._a.shape)}D")
    i, j = np.triu_indices(input._a.shape[0], 1)
    rows = [REGISTRY["index_select"](input, dim=0, index=k) for k in (i, j)]
    return named((rows[0] - rows[1]).norm(p, -1), "PdistBackward0")
