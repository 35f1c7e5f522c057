"""Tables: rows chosen by integers, and integers as rows of a unit matrix."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.api.public import named
from chainrule.base import wide
from chainrule.core.inplace import modify
from chainrule.core.op import REGISTRY
from chainrule.core.state import mode
from chainrule.core.tape import by_numpy, demand, numbers, positions, reads, within
from chainrule.core.tensor import Tensor, wrap

__all__ = ["embedding", "embedding_bag", "one_hot"]


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


def embedding_bag(
    input: Tensor, weight: Tensor, offsets: Tensor | None = None, max_norm: float | None = None, norm_type: float = 2,
    scale_grad_by_freq: bool = False, mode: str = "mean", sparse: bool = False,
    per_sample_weights: Tensor | None = None, include_last_offset: bool = False, padding_idx: int | None = None,
) -> Tensor:  # fmt: skip
    """The sums, means or maxima of bags of rows of a table: a bag is a row of `input`, or begins at each of `offsets`.

    `per_sample_weights`: factors of the rows, for sums. Row `padding_idx` takes no part; an empty bag gives zeros.
    """
    index, n = np.asarray(numbers(input)), weight._a.shape[0]
    if mode not in ("sum", "mean", "max"):
        raise ValueError("mode has to be one of sum, mean or max")
    if (index.ndim == 1) != (offsets is not None):
        raise ValueError("offsets has to be given for input of one dimension, and for no other")
    if per_sample_weights is not None and mode != "sum":
        raise NotImplementedError(
            "embedding_bag: per_sample_weights was not None. per_sample_weights is only supported for mode='sum' "
            f"(got mode='{mode}'). Please open a feature request on GitHub."
        )
    begins = np.arange(len(index)) * index.shape[1] if offsets is None else np.asarray(numbers(offsets))
    if offsets is not None and (begins[:1] != 0 or (begins[1:] < begins[:-1]).any() or begins[-1:] > index.size):
        raise ValueError(f"offsets must begin with 0, rise, and end within the {index.size} indices, but got {begins}")
    begins = begins[:-1] if include_last_offset else begins
    rows: Any = embedding(input.reshape(-1), weight, padding_idx, max_norm, norm_type, scale_grad_by_freq)
    if per_sample_weights is not None:
        rows = rows * per_sample_weights.reshape(-1, 1)
    keep = wide.flatnonzero(index.reshape(-1) != (-1 if padding_idx is None else padding_idx % n))
    bags = wide.searchsorted(begins, keep, "right") - 1
    rows = REGISTRY["index_select"](rows, dim=0, index=keep)
    if mode == "max":
        parts = [REGISTRY["index_select"](rows, dim=0, index=wide.flatnonzero(bags == b)) for b in range(len(begins))]
        none = rows.new_zeros(rows.shape[1:])
        return REGISTRY["stack"](*[p.max(0)[0] if len(p) else none for p in parts], dim=0)  # type: ignore[no-any-return]
    zeros = rows.new_zeros((len(begins), *rows.shape[1:]))
    total: Any = REGISTRY["index_add"](zeros, rows, dim=0, index=bags)
    if mode == "mean":
        total = total / wrap(np.maximum(wide.bincount(bags, minlength=len(begins)), 1).astype(total._a.dtype)[:, None])
    return named(total, "EmbeddingBagBackward0")


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
