"""Windows: what convolutions and pooling look through. A window slides over the last dimensions, by `step`, and sees
elements that are `spread` apart; `fold` adds windows up again where they overlap. Each is the other's transpose.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.core import leading
from chainrule.core.op import linear
from chainrule.ops.select import getitem

Ints = tuple[int, ...]


def places(n: int, size: int, step: int, spread: int) -> int:
    """How many windows fit into n elements."""
    return (n - spread * (size - 1) - 1) // step + 1


def _windows(x: Any, *, size: Ints, step: Ints, spread: Ints) -> Any:
    lead = x.ndim - len(size)
    out = tuple(map(places, x.shape[lead:], size, step, spread))
    moves = x.strides[lead:]
    strides = (*x.strides[:lead], *(m * s for m, s in zip(moves, step)), *(m * s for m, s in zip(moves, spread)))
    return np.lib.stride_tricks.as_strided(x, (*x.shape[:lead], *out, *size), strides, writeable=x.flags.writeable)


def _fold(g: Any, *, shape: Ints, size: Ints, step: Ints, spread: Ints) -> Any:
    d = len(size)
    lead, count = g.shape[: g.ndim - 2 * d], g.shape[g.ndim - 2 * d : g.ndim - d]
    out = np.zeros((*lead, *shape), g.dtype)
    for at in np.ndindex(*size):
        start = [i * s for i, s in zip(at, spread)]
        seen: Any = (..., *(slice(a, a + (n - 1) * s + 1, s) for a, n, s in zip(start, count, step)))
        out[seen] += g[(..., *at)]
    return out


def _windows_transpose(g: Any, x: Any, *, size: Ints, step: Ints, spread: Ints) -> Any:
    return fold(g, shape=tuple(x.shape[len(x.shape) - len(size) :]), size=size, step=step, spread=spread)


def _fold_transpose(g: Any, x: Any, *, shape: Ints, size: Ints, step: Ints, spread: Ints) -> Any:
    count = x.shape[len(x.shape) - 2 * len(size) : len(x.shape) - len(size)]
    reach = [(n - 1) * s + t * (k - 1) + 1 for n, s, t, k in zip(count, step, spread, size)]
    if tuple(reach) != tuple(shape):  # no window reached the elements at the end
        g = getitem(g, index=(..., *(slice(r) for r in reach)))
    return windows(g, size=size, step=step, spread=spread)


windows = linear("windows", _windows, _windows_transpose, view=True, grad="UnfoldBackward0", batch=leading.same)
fold: Any = linear("fold", _fold, _fold_transpose, grad="Col2ImBackward0", batch=leading.same)
