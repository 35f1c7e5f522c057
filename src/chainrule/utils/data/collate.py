"""How samples become a batch: tensors are stacked, numbers become a tensor, containers are gone into."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, MutableMapping, MutableSequence, Sequence
from typing import Any

import numpy as np

from chainrule.api.creation import as_tensor, tensor
from chainrule.api.joining import stack
from chainrule.base import dtypes
from chainrule.core.tensor import Tensor

_REFUSED = "default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found {}"


def default_collate(batch: Sequence[Any]) -> Any:
    """A batch from a list of samples, along a new first dimension.

    Tensors and arrays are stacked, numbers become a tensor (floats one of float64), strings and bytes stay a list;
    dicts, named tuples, tuples and lists are collated entry by entry. Raises TypeError for anything else, and
    RuntimeError for lists of different lengths.

    >>> import chainrule as cr
    >>> default_collate([(cr.ones(2), 0, "a"), (cr.zeros(2), 1, "b")])
    [tensor([[1., 1.],
            [0., 0.]]), tensor([0, 1]), ('a', 'b')]
    """
    first = batch[0]
    if isinstance(first, Tensor):
        return stack(batch, 0)
    if isinstance(first, np.ndarray):
        if first.dtype.kind in "SUO":
            raise TypeError(_REFUSED.format(first.dtype))
        return stack([as_tensor(x) for x in batch], 0)
    if isinstance(first, (np.bool_, np.number)):
        return as_tensor(np.asarray(batch))
    if isinstance(first, float):
        return tensor(list(batch), dtype=dtypes.ALL["float64"])
    if isinstance(first, int):
        return tensor(list(batch))
    if isinstance(first, (str, bytes)):
        return batch
    if isinstance(first, Mapping):
        return _like_mapping(first, lambda key: default_collate([sample[key] for sample in batch]))
    if isinstance(first, Sequence):
        if isinstance(first, tuple) and hasattr(first, "_fields"):
            return type(first)(*(default_collate(column) for column in zip(*batch)))
        if len({len(sample) for sample in batch}) > 1:
            raise RuntimeError("each element in list of batch should be of equal size")
        return _like_sequence(first, [default_collate(column) for column in zip(*batch)])
    raise TypeError(_REFUSED.format(type(first)))


def default_convert(data: Any) -> Any:
    """A sample with its arrays and NumPy scalars made tensors; everything else stays what it is.

    >>> default_convert({"x": np.arange(2), "name": "a"})
    {'x': tensor([0, 1]), 'name': 'a'}
    """
    if isinstance(data, np.ndarray) and data.dtype.kind in "SUO":
        return data
    if isinstance(data, (np.ndarray, np.bool_, np.number)):
        return as_tensor(data)
    if isinstance(data, Mapping):
        return _like_mapping(data, lambda key: default_convert(data[key]))
    if isinstance(data, tuple) and hasattr(data, "_fields"):
        return type(data)(*map(default_convert, data))
    if isinstance(data, Sequence) and not isinstance(data, (str, bytes)):
        return _like_sequence(data, [default_convert(x) for x in data])
    return data


def _like_mapping(like: Mapping[Any, Any], value: Callable[[Any], Any]) -> Any:
    """A mapping of `like`'s own class, which may carry more than its entries; a dict where the class refuses."""
    made = {key: value(key) for key in like}
    try:
        if not isinstance(like, MutableMapping):
            return type(like)(made)  # type: ignore[call-arg]
        clone = copy.copy(like)
        clone.update(made)
        return clone
    except TypeError:
        return made


def _like_sequence(like: Sequence[Any], made: list[Any]) -> Any:
    """A sequence of `like`'s own class; a list for a tuple, as torch has it, and where the class refuses."""
    if isinstance(like, tuple):
        return made
    try:
        if not isinstance(like, MutableSequence):
            return type(like)(made)  # type: ignore[call-arg]
        clone = copy.copy(like)
        for i, x in enumerate(made):
            clone[i] = x
        return clone
    except TypeError:
        return made
