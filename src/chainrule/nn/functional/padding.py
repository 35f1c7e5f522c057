"""More elements at the border: constant, mirrored, repeated, from the other end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.api.layout import laid_as
from chainrule.api.public import named
from chainrule.core.op import REGISTRY
from chainrule.core.tensor import Tensor

__all__ = ["pad"]


def pad(input: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Tensor:
    """More (or, where negative, fewer) elements at the ends: `pad` gives (before, after) from the last dimension on.

    `mode`: "constant" (of `value`), "reflect", "replicate" or "circular".
    """
    widths = [int(w) for w in pad]
    shape = input._a.shape
    if len(widths) % 2:
        raise RuntimeError(f"Padding length must be divisible by 2, but got {len(widths)}")
    if len(widths) > 2 * len(shape):
        raise RuntimeError(
            f"Padding length should be less than or equal to two times the input dimension but got padding length "
            f"{len(widths)} and input of dimension {len(shape)}"
        )
    by_dim = [(0, 0)] * (len(shape) - len(widths) // 2) + list(zip(widths[::2], widths[1::2]))[::-1]
    for n, (a, b) in zip(shape, by_dim):
        if n + a + b < 0:
            raise RuntimeError(f"The input size {n}, plus padding {a} and {b}, resulted in a negative output size")
    if mode == "constant":
        cut = tuple(slice(max(-a, 0), n - max(-b, 0)) for n, (a, b) in zip(shape, by_dim))
        part = input if all(w >= 0 for w in widths) else REGISTRY["getitem"](input, index=cut)
        grown = tuple((max(a, 0), max(b, 0)) for a, b in by_dim)
        return laid_as(REGISTRY["constant_pad_nd"](part, widths=grown, value=value or 0), input)
    if value is not None and value != 0:
        raise ValueError(f'Padding mode "{mode}" doesn\'t take in value argument')
    out = input
    for dim, (n, (a, b)) in enumerate(zip(shape, by_dim)):
        if (a, b) != (0, 0):
            out = REGISTRY["index_select"](out, dim=dim, index=_border(n, a, b, mode))
    label = {"reflect": "ReflectionPad", "replicate": "ReplicationPad"}.get(mode)
    return laid_as(named(out, f"{label}{len(widths) // 2}DBackward0"), input) if label and out is not input else out


def _border(n: int, before: int, after: int, mode: str) -> Any:
    """Where the elements of a padded dimension come from."""
    i = np.arange(-before, n + after)
    if mode == "replicate":
        return np.clip(i, 0, n - 1)
    if mode == "circular":
        if max(before, after) > n:
            raise RuntimeError("Padding value causes wrapping around more than once.")
        first, left = max(-before, 0), n + min(before, 0) + min(after, 0)  # what is cut off does not come round
        return first + (i - first) % left if left else i[:0]
    if mode != "reflect":
        raise NotImplementedError(f"Unrecognised padding mode {mode}")
    if max(before, after) >= n:
        raise RuntimeError(
            "Padding size should be less than the corresponding input dimension, but got: padding "
            f"({before}, {after}) at a dimension of size {n}"
        )
    return (n - 1) - np.abs((n - 1) - np.abs(i))
