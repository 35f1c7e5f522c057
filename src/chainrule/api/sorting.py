"""Order, search and sets: sort, topk, kthvalue, searchsorted, isin, nonzero, unique.

What returns elements of the input differentiates (they are fetched by `take_at`); what returns places does not, and is
computed on the arrays directly.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.api.public import named, public
from chainrule.api.reductions import one_dim, op, pick
from chainrule.api.results import make
from chainrule.base import memory, wide
from chainrule.base.shapes import dim_index
from chainrule.core.conjugate import real
from chainrule.core.tape import by_numpy, numbers
from chainrule.core.tensor import Tensor, wrap

Array = np.ndarray[Any, Any]


def _array(x: Any) -> Array:
    return numbers(x)


# ---------------------------------------------------------------------------------------------------------------- order


@public()
def sort(input: Tensor, dim: int = -1, descending: bool = False, *, stable: bool = True) -> Any:
    """The named tuple (values, indices) of the elements in order along `dim`. NaN is greatest; ties keep their order.

    >>> import chainrule as cr
    >>> cr.tensor([3.0, 1.0, 2.0]).sort().indices
    tensor([1, 2, 0])
    """
    d = one_dim("sort", input, dim, empty=True)
    order = op("argsort")(input, dim=d, descending=descending)
    return make("sort", ("values", "indices"))(*pick(input, order, d, "SortBackward0"))


@public()
def argsort(input: Tensor, dim: int = -1, descending: bool = False, *, stable: bool = True) -> Tensor:
    """The indices that sort along `dim`."""
    return op("argsort")(input, dim=one_dim("argsort", input, dim, empty=True), descending=descending)  # type: ignore[no-any-return]


@public()
def msort(input: Tensor) -> Tensor:
    """The elements sorted along the first dimension."""
    return sort(input, 0).values  # type: ignore[no-any-return]


@public()
def topk(input: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Any:
    """The named tuple (values, indices) of the k largest (or smallest) elements along `dim`, in order."""
    d = one_dim("topk", input, dim, empty=True)
    n = input._a.shape[d] if input._a.shape else 1
    if not 0 <= k <= n:
        raise RuntimeError(f"selected index k out of range: k is {k}, dimension {d} has size {n}")
    index = op("argtop")(input, dim=d, k=int(k), largest=largest)
    return make("topk", ("values", "indices"))(*pick(input, index, d, "TopkBackward0"))


@public()
def kthvalue(input: Tensor, k: int, dim: int = -1, keepdim: bool = False) -> Any:
    """The named tuple (values, indices) of the k-th smallest element along `dim`, k from 1."""
    d = one_dim("kthvalue", input, dim, keepdim)
    if not 1 <= k <= (input._a.shape[d] if input._a.shape else 1):
        raise RuntimeError(f"kthvalue(): selected number k out of range for dimension {d}")
    index = op("argkth")(input, dim=d, k=int(k))
    return make("kthvalue", ("values", "indices"))(*pick(input, index, d, "KthvalueBackward0", keepdim))


# --------------------------------------------------------------------------------------------------------------- search


@public(method=False)
def searchsorted(
    sorted_sequence: Tensor, input: Any, *, out_int32: bool = False, right: bool = False, side: str | None = None,
    sorter: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """Where in an ascending sequence (its last dimension) each value would be inserted: before equals, `right` after.

    >>> import chainrule as cr
    >>> cr.searchsorted(cr.tensor([1.0, 3.0, 5.0]), cr.tensor([3.0, 9.0]))
    tensor([1, 3])
    """
    real("searchsorted", sorted_sequence, input)
    if side not in (None, "left", "right"):
        raise RuntimeError(f"torch.searchsorted(): side can only be 'left' or 'right' but got {side}")
    if side == "left" and right:
        raise RuntimeError(
            "torch.searchsorted(): side and right can't be set to opposites, got side of left while right was True"
        )
    where: Any = "right" if right or side == "right" else "left"
    given = [x if isinstance(x, Tensor) else wrap(np.asarray(x)[()]) for x in (sorted_sequence, input)]
    lead, others = given[0]._a.shape[:-1], given[1]._a.shape
    if lead and others and lead != others[:-1]:
        raise RuntimeError(
            "torch.searchsorted(): boundaries tensor should be 1 dimension or the first N-1 dimensions of "
            f"boundaries tensor and input value tensor must match, but we got boundaries tensor "
            f"{list(given[0]._a.shape)} and input value tensor {list(others)}"
        )

    def find(seq: Array, values: Array, order: Array | None = None) -> Array:
        if order is not None:
            seq = np.take_along_axis(seq, order, -1)
        if seq.ndim == 1 or not values.ndim:
            found = wide.searchsorted(seq.reshape(-1), values, where)
        else:
            found = np.empty(values.shape, np.int64)
            for i in np.ndindex(seq.shape[:-1]):
                found[i] = wide.searchsorted(seq[i], values[i], where)
        return np.asarray(found, np.int32 if out_int32 else np.int64)

    return by_numpy("searchsorted", find, *given, *(() if sorter is None else (sorter,)))


@public(method=False)
def bucketize(value: Any, boundaries: Tensor, *, out_int32: bool = False, right: bool = False) -> Tensor:
    """The number of the bucket that each value falls in, between ascending `boundaries`."""
    if len(boundaries._a.shape) != 1:
        raise RuntimeError(f"boundaries tensor must be 1 dimension, but got dim({len(boundaries._a.shape)})")
    return searchsorted(boundaries, value, out_int32=out_int32, right=right)


@public(method=False)
def isin(elements: Any, test_elements: Any, *, assume_unique: bool = False, invert: bool = False) -> Tensor:
    """For each element whether it is among `test_elements`; with `invert` whether it is not."""
    given = [x if isinstance(x, Tensor) else wrap(np.asarray(x)[()]) for x in (elements, test_elements)]
    return by_numpy("isin", lambda a, b: np.isin(a, b, invert=invert), *given)


@public()
def nonzero(input: Tensor, *, as_tuple: bool = False) -> Any:
    """The indices of the elements that are not zero: a row for each, or a tensor for each dimension (`as_tuple`)."""
    a = _array(input)
    if as_tuple:
        return tuple(wrap(i.copy()) for i in wide.nonzero(np.atleast_1d(a)))
    return wrap(wide.argwhere(a))


@public()
def argwhere(input: Tensor) -> Tensor:
    """The indices of the elements that are not zero, a row for each."""
    return wrap(wide.argwhere(_array(input)))


# ----------------------------------------------------------------------------------------------------------------- sets


def _results(input: Tensor, of: str, values: Array, inverse: Any, counts: Any) -> Any:
    extras = [wrap(np.asarray(x, np.int64)) for x in (inverse, counts) if x is not None]
    out = named(op("found_from")(input, values=values, of=of), f"{of.title().replace('_', '')}Backward0")
    return (out, *extras) if extras else out


@public()
def unique(
    input: Tensor, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False,
    dim: int | None = None,
) -> Any:  # fmt: skip
    """The different elements in ascending order (or slices along `dim`); where each went; how many there are."""
    real("unique", input)
    a = _array(input)
    d = None if dim is None else _slices(a, dim)
    values, inverse, counts = wide.unique(a, return_inverse=True, return_counts=True, axis=d, equal_nan=False)
    inverse = inverse.reshape(a.shape if d is None else -1)
    return _results(
        input,
        "_unique2" if d is None else "unique_dim",
        values,
        inverse if return_inverse else None,
        counts if return_counts else None,
    )


@public()
def unique_consecutive(
    input: Tensor, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Any:
    """The first of each run of equal elements (or equal slices along `dim`)."""
    a = _array(input)
    d = None if dim is None else _slices(a, dim)
    line = a.reshape(-1) if d is None else np.moveaxis(a, d, 0)
    differs = line[1:] != line[:-1]
    first = np.concatenate([np.ones(min(len(line), 1), bool), differs.any(tuple(range(1, line.ndim)))])
    return _results(
        input,
        "unique_consecutive",
        line[first] if d is None else memory.rows(np.moveaxis(line[first], 0, d)),
        (np.cumsum(first) - 1).reshape(a.shape if d is None else -1) if return_inverse else None,
        np.diff(np.append(wide.flatnonzero(first), len(line))) if return_counts else None,
    )


def _slices(a: Array, dim: int) -> int:
    """The dimension whose slices are to be compared; they must not be empty."""
    d = dim_index(dim, a.ndim)
    if a.size == 0 and a.shape[d]:
        raise RuntimeError("There are 0 sized dimensions, and they aren't selected, so unique cannot be applied")
    return d
