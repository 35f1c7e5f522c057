"""Tables: rows chosen by integers, and integers as rows of a unit matrix."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.base import wide
from chainrule.core.inplace import modify
from chainrule.core.op import REGISTRY
from chainrule.core.state import mode
from chainrule.core.tape import by_numpy, demand, numbers, positions, reads, within
from chainrule.core.tensor import Tensor, wrap

__all__ = ["embedding", "one_hot"]


def embedding(
    input: Tensor, weight: Tensor, padding_idx: int | None = None, max_norm: float | None = None,
    norm_type: float = 2.0, scale_grad_by_freq: bool = False, sparse: bool = False,
) -> Tensor:  # fmt: skip
    """Rows of the table `weight` (n, d), by the integers in `input`. Row `padding_idx` gets no gradient.

    With `max_norm`, rows of a greater norm are first scaled down to it, in place.
    """
    index = positions(input)
    n = weight._a.shape[0]
    if index.dtype.kind not in "iu":
        raise RuntimeError(f"Expected tensor for argument 'indices' to have integer elements, but got {input.dtype}")
    within(
        index, 0, n,
        lambda a: IndexError(
            f"index out of range in self: {'' if a is None else f'indices {a.min()} to {a.max()} '}into {n} rows"
        ),
    )  # fmt: skip
    if max_norm is not None or scale_grad_by_freq:
        numbers(input)  # how many rows there are decides: refused where that is not known
    if padding_idx is not None:
        if not -n <= padding_idx < n:
            raise AssertionError(f"padding_idx must be within num_embeddings ({n}), got {padding_idx}")
        padding_idx %= n
    if max_norm is not None:
        _renormalise(weight, wide.unique(index), max_norm, norm_type)
    out = REGISTRY["embedding"](weight, index=index, padding=padding_idx, by_frequency=scale_grad_by_freq)
    return reads(out, input)


def _renormalise(weight: Tensor, rows: Any, max_norm: float, norm_type: float) -> None:
    table = numbers(weight)
    norms = np.linalg.norm(table[rows], norm_type, axis=1)
    with mode(grad=False):
        long = rows[norms > max_norm]
        scale = (max_norm / (norms[norms > max_norm] + 1e-7)).astype(table.dtype)
        changed = table.copy()
        changed[long] *= scale[:, None]
        modify(weight, "embedding_renorm_", lambda _: wrap(changed))


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """For each class number a row with a 1 in its place."""
    a = positions(tensor)
    if a.dtype.kind not in "iu":
        raise RuntimeError(f"one_hot is only applicable to index tensors of type LongTensor, but got {tensor.dtype}")
    if not a.size and num_classes <= 0:
        raise RuntimeError("Can not infer total number of classes from empty tensor.")
    demand(a >= 0, lambda: RuntimeError("Class values must be non-negative."))
    if num_classes == -1:
        num_classes = int(numbers(tensor).max()) + 1
    demand(a < num_classes, lambda: RuntimeError(
        f"Class values must be smaller than num_classes: {numbers(tensor).max()} is not below {num_classes}."
        if isinstance(a, np.ndarray) else f"Class values must be smaller than num_classes, {num_classes}."
    ))  # fmt: skip
    return by_numpy("one_hot", lambda a: (a[..., None] == np.arange(num_classes)).astype(np.int64), tensor)
