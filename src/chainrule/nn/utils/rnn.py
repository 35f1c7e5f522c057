"""Sequences of different lengths in one tensor: padded with a value, or packed step by step.

A packed batch holds, for each step, the elements of those sequences that are long enough, longest first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from chainrule.api.joining import cat
from chainrule.base import wide
from chainrule.core.op import REGISTRY
from chainrule.core.tape import numbers
from chainrule.core.tensor import Tensor, wrap
from chainrule.nn.functional.padding import pad

__all__ = [
    "PackedSequence", "invert_permutation", "pack_padded_sequence", "pack_sequence", "pad_packed_sequence",
    "pad_sequence", "unpack_sequence", "unpad_sequence",
]  # fmt: skip


class PackedSequence(NamedTuple):
    """`data`: the elements, step by step; `batch_sizes`: how many sequences reach each step; their order."""

    data: Tensor
    batch_sizes: Tensor
    sorted_indices: Tensor | None = None
    unsorted_indices: Tensor | None = None

    @property
    def is_cuda(self) -> bool:
        """False: there is no GPU here."""
        return False

    def to(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """The data converted as by `Tensor.to`."""
        return self._replace(data=self.data.to(*args, **kwargs))


def invert_permutation(permutation: Tensor | None) -> Tensor | None:
    """The permutation that undoes another."""
    return None if permutation is None else wrap(wide.argsort(numbers(permutation)).astype(np.int64))


def pack_padded_sequence(
    input: Tensor, lengths: Any, batch_first: bool = False, enforce_sorted: bool = True
) -> PackedSequence:
    """Pack a padded batch, (steps, batch, ...) or with the batch first, of sequences of these lengths.

    With `enforce_sorted` the lengths must not rise; without, the sequences are sorted and the order is kept.
    """
    long = numbers(lengths).astype(np.int64)
    steps = input.transpose(0, 1) if batch_first else input
    if long.ndim != 1 or long.size != steps._a.shape[1]:
        raise RuntimeError(
            f"Expected `len(lengths)` to be equal to batch_size, but got {long.size} (batch_size={steps._a.shape[1]})"
        )
    if long.size and long.min() <= 0:
        raise RuntimeError(f"Length of all samples has to be greater than 0, but found {long.min()} in 'lengths'")
    order = None
    if not enforce_sorted:
        order = wide.argsort(-long, kind="stable")
        long, steps = long[order], steps.index_select(1, wrap(order))
    elif (np.diff(long) > 0).any():
        raise RuntimeError(
            "`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. You can pass "
            "`enforce_sorted=False` to pack_padded_sequence and/or pack_sequence to sidestep this requirement"
        )
    if long.size and long[0] > steps._a.shape[0]:
        raise RuntimeError(f"Expected no length above the {steps._a.shape[0]} steps of the input, but got {long[0]}")
    sizes = (long[None, :] > np.arange(long[0])[:, None]).sum(1)
    data = cat([steps[t][:n] for t, n in enumerate(sizes.tolist())])
    there = None if order is None else wrap(order)
    return PackedSequence(data, wrap(sizes.astype(np.int64)), there, invert_permutation(there))


def _lengths(sequence: PackedSequence) -> Any:
    sizes = numbers(sequence.batch_sizes)
    return (sizes[:, None] > np.arange(sizes[0])[None, :]).sum(0).astype(np.int64)


def pad_packed_sequence(
    sequence: PackedSequence, batch_first: bool = False, padding_value: float = 0.0, total_length: int | None = None
) -> tuple[Tensor, Tensor]:
    """The padded batch of a packed one, in the order before packing, and the lengths."""
    sizes = numbers(sequence.batch_sizes)
    steps, rows = sizes.size, int(sizes[0])
    if total_length is not None:
        if total_length < steps:
            raise ValueError(
                "Expected total_length to be at least the length of the longest sequence in input, but got "
                f"total_length={total_length} and max sequence length being {steps}"
            )
        steps = total_length
    there = np.arange(rows)[None, :] < np.pad(sizes, (0, steps - sizes.size))[:, None]
    after = pad(sequence.data, [0, 0] * (sequence.data.dim() - 1) + [0, 1], value=padding_value)
    from_ = np.where(there, np.cumsum(there).reshape(there.shape) - 1, int(sizes.sum()))  # the padding comes last
    out = REGISTRY["index_select"](after, dim=0, index=from_.reshape(-1)).reshape(
        steps, rows, *sequence.data._a.shape[1:]
    )
    long = wrap(_lengths(sequence))
    if sequence.unsorted_indices is not None:
        out, long = out.index_select(1, sequence.unsorted_indices), long[sequence.unsorted_indices]
    return (out.transpose(0, 1) if batch_first else out), long


def pad_sequence(
    sequences: Any, batch_first: bool = False, padding_value: float = 0.0, padding_side: str = "right"
) -> Tensor:
    """Sequences (length, ...) padded to the longest one and stacked: (steps, batch, ...), or with the batch first."""
    if padding_side not in ("left", "right"):
        raise ValueError(f"Expected padding_side to be one of left or right, but got {padding_side}.")
    parts = list(sequences)
    if not parts:
        raise RuntimeError("received an empty list of sequences")
    steps = max(x._a.shape[0] for x in parts)
    wide = []
    for x in parts:
        missing = steps - x._a.shape[0]
        ends = [0, missing] if padding_side == "right" else [missing, 0]
        wide.append(pad(x, [0, 0] * (x.dim() - 1) + ends, value=padding_value))
    return REGISTRY["stack"](*wide, dim=0 if batch_first else 1)  # type: ignore[no-any-return]


def unpad_sequence(padded_sequences: Tensor, lengths: Tensor, batch_first: bool = False) -> list[Tensor]:
    """The sequences of a padded batch, each in its own length."""
    rows = padded_sequences if batch_first else padded_sequences.transpose(0, 1)
    return [row[:n] for row, n in zip(rows, lengths.tolist())]


def pack_sequence(sequences: Sequence[Tensor], enforce_sorted: bool = True) -> PackedSequence:
    """Pack sequences (length, ...) of different lengths."""
    lengths = [x._a.shape[0] for x in sequences]
    return pack_padded_sequence(pad_sequence(sequences), lengths, enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Tensor]:
    """The sequences of a packed batch."""
    padded, lengths = pad_packed_sequence(packed_sequences, batch_first=True)
    return unpad_sequence(padded, lengths, batch_first=True)
