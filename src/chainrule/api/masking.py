"""Choosing by a condition: `where`, and what is done where a mask is True."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.api.indexing import one_of
from chainrule.api.public import FUNCTIONS, install, named, public
from chainrule.api.shaping import expand, misfit, reshape
from chainrule.base import dtypes, wide
from chainrule.base.shapes import broadcast
from chainrule.core.inplace import into, modify
from chainrule.core.op import REGISTRY
from chainrule.core.tape import numbers, reads
from chainrule.core.tensor import Tensor, wrap
from chainrule.ops import select as ops
from chainrule.ops import views


def _mask(mask: Any, complaint: str) -> Tensor:
    a = mask._a if isinstance(mask, Tensor) else mask
    if a.dtype.kind != "b":
        raise RuntimeError(complaint.format(dtypes.of(a.dtype).legacy.removesuffix("Tensor")))
    return mask


def where(condition: Any, input: Any = None, other: Any = None, *, out: Tensor | None = None) -> Any:
    """Elements of `input` where `condition` holds, of `other` elsewhere; numbers are welcome.

    With the condition alone: the positions where it holds, a tensor per dimension.

    >>> import chainrule as cr
    >>> x = cr.tensor([-1.0, 2.0])
    >>> cr.where(x > 0, x, 0.0)
    tensor([0., 2.])
    """
    if not isinstance(condition, Tensor):
        raise TypeError(f"where(): argument 'condition' (position 1) must be Tensor, not {type(condition).__name__}")
    if input is None and other is None:
        return tuple(wrap(i) for i in wide.nonzero(np.atleast_1d(numbers(condition))))
    c = condition
    if c._a.dtype != np.uint8:
        _mask(c, "where expected condition to be a boolean tensor, but got a tensor with dtype {}")
    else:
        c = REGISTRY["cast"](c, dtype=dtypes.BOOL)
    if not isinstance(input, Tensor) and not isinstance(other, Tensor):
        d = dtypes.result_type([input, other])
        input, other = wrap(d.type(input)), wrap(d.type(other))
    return into(out, ops.where(c, input, other), converts=False)


FUNCTIONS["where"] = public(function=False, method=False)(where)


@install
class _Choice:
    def where(self: Tensor, condition: Tensor, other: Any) -> Tensor:
        """The elements of this tensor where `condition` is true, those of `other` elsewhere."""
        return where(condition, self, other)  # type: ignore[no-any-return]


@public()
def masked_fill(input: Tensor, mask: Tensor, value: Any) -> Tensor:
    """A copy with `value` (a number or a 0-d tensor) wherever `mask` is True."""
    _mask(mask, "masked_fill_ only supports boolean masks, but got mask with dtype {}")
    if isinstance(value, Tensor) and value._a.shape:
        raise RuntimeError(
            f"masked_fill_ only supports a 0-dimensional value tensor, but got tensor with {value.ndim} dimension(s)."
        )
    return _filled(mask, one_of(value, input), input, f"MaskedFillBackward{int(isinstance(value, Tensor))}")


def _filled(mask: Tensor, value: Tensor, input: Tensor, name: str) -> Tensor:
    out = ops.where(mask, value, input)
    flags = getattr(out._a, "flags", None)
    return named(out if flags is None or flags.c_contiguous else views.clone(out), name)


@public()
def masked_select(input: Tensor, mask: Tensor) -> Tensor:
    """The elements where `mask` is True, in one dimension."""
    _mask(mask, "masked_select: expected BoolTensor for mask")
    shape = broadcast(input._a.shape, mask._a.shape)
    where = np.atleast_1d(np.broadcast_to(numbers(mask), shape))
    return reads(named(ops.pick(expand(input, *where.shape), index=(where,)), "MaskedSelectBackward0"), mask)


@public(inplace=True)
def masked_scatter(input: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """A copy with the elements of `source`, in order, put where `mask` is True."""
    _mask(mask, "masked_scatter_ only supports boolean masks, but got mask with dtype {}")
    if input._a.dtype != source._a.dtype:
        raise RuntimeError(
            f"masked_scatter: expected self and source to have same dtypes but got {input.dtype} and {source.dtype}"
        )
    shape = broadcast(input._a.shape, mask._a.shape)
    where = np.broadcast_to(numbers(mask), shape)
    n = int(wide.count_nonzero(where))
    if source._a.size < n:
        raise RuntimeError(f"Number of elements of source < number of ones in mask ({source._a.size} < {n})")
    values = views.narrow(reshape(source, -1), dim=0, start=0, stop=n, step=1)
    if not shape:
        return ops.where(mask, reshape(values, ()), input) if n else views.clone(input)
    return reads(
        named(ops.index_put(expand(input, *shape).contiguous(), values, index=(where,)), "MaskedScatterBackward0"), mask
    )


def _goes_into(have: Sequence[int], target: Sequence[int]) -> None:
    """Raise if a shape cannot be expanded to another."""
    lead = len(target) - len(have)
    if lead < 0:
        raise RuntimeError(
            f"shape {list(have)} has more dimensions than {list(target)}, so it cannot be expanded to it"
        )
    for i in range(lead, len(target)):
        if have[i - lead] not in (1, target[i]):
            raise RuntimeError(misfit(target, have, i, lead))


def _fill_where(x: Tensor, mask: Any, value: Any) -> Tensor:
    return masked_fill(x, wrap(mask), value)


@install
class _InPlace:
    def fill_diagonal_(self: Tensor, fill_value: float, wrap: bool = False) -> Tensor:
        """Overwrite the main diagonal; with `wrap`, begin again after every N rows of a tall matrix."""
        shape = self._a.shape
        if len(shape) < 2:
            raise RuntimeError("dimensions must larger than 1")
        if len(shape) > 2 and len(set(shape)) > 1:
            raise RuntimeError("all dimensions of input must be of equal length")
        mask = np.zeros(shape, bool)
        np.fill_diagonal(mask, True, wrap)
        return modify(self, "fill_diagonal_", _fill_where, mask, fill_value)

    def masked_fill_(self: Tensor, mask: Tensor, value: Any) -> Tensor:
        """`masked_fill` in place."""
        _goes_into(mask._a.shape, self._a.shape)
        return modify(self, "masked_fill_", masked_fill, mask, value)
