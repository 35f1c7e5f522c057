"""Joining tensors: end to end (`cat`), along a new dimension (`stack`), as a grid (`meshgrid`)."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.api.public import FUNCTIONS, named, public
from chainrule.api.shaping import expand, flatten, reshape
from chainrule.base import dtypes
from chainrule.base.shapes import dim_index, pack
from chainrule.core.op import REGISTRY
from chainrule.core.tensor import Tensor
from chainrule.ops import views as ops
from chainrule.ops.select import index_select


def _listed(tensors: Any, name: str) -> list[Tensor]:
    """The tensors to join, brought to one dtype."""
    if isinstance(tensors, Tensor) or not isinstance(tensors, (tuple, list)):
        raise TypeError(
            f"{name}(): argument 'tensors' (position 1) must be tuple of Tensors, not {type(tensors).__name__}"
        )
    for i, x in enumerate(tensors):
        if not isinstance(x, Tensor):
            raise TypeError(f"expected Tensor as element {i} in argument 0, but got {type(x).__name__}")
    if len({x._a.dtype for x in tensors}) > 1:
        d = dtypes.result_type([x._a for x in tensors])
        return [x if x._a.dtype == d else REGISTRY["cast"](x, dtype=d) for x in tensors]
    return list(tensors)


@public("concat", "concatenate", method=False, converts=True)
def cat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """The tensors end to end along a dimension; their other sizes must agree. Dtypes are promoted.

    >>> import chainrule as cr
    >>> cr.cat([cr.tensor([1, 2]), cr.tensor([3])])
    tensor([1, 2, 3])
    """
    parts = _listed(tensors, "cat")
    if not parts:
        raise ValueError("torch.cat(): expected a non-empty list of Tensors")
    for i, x in enumerate(parts):
        if not x._a.shape:
            raise RuntimeError(f"zero-dimensional tensor (at position {i}) cannot be concatenated")
    full = [(i, x) for i, x in enumerate(parts) if x._a.shape != (0,)]  # empty vectors join with anything
    if not full:
        full = list(enumerate(parts))
    first = full[0][1]._a.shape
    d = dim_index(dim, len(first))
    for i, x in full[1:]:
        shape = x._a.shape
        if len(shape) != len(first):
            raise RuntimeError(f"Tensors must have same number of dimensions: got {len(first)} and {len(shape)}")
        for j, (p, q) in enumerate(zip(first, shape)):
            if j != d and p != q:
                raise RuntimeError(
                    f"Sizes of tensors must match except in dimension {d}. Expected size {p} but got size {q} for "
                    "tensor "
                    f"number {i} in the list."
                )
    return ops.cat(*[x for _, x in full], dim=d)


@public(method=False, converts=True)
def stack(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Tensors of one shape, side by side along a new dimension.

    >>> import chainrule as cr
    >>> cr.stack([cr.tensor([1, 2]), cr.tensor([3, 4])], dim=1)
    tensor([[1, 3],
            [2, 4]])
    """
    parts = _listed(tensors, "stack")
    if not parts:
        raise RuntimeError("stack expects a non-empty TensorList")
    shape = parts[0]._a.shape
    for i, x in enumerate(parts):
        if x._a.shape != shape:
            raise RuntimeError(
                f"stack expects each tensor to be equal size, but got {list(shape)} at entry 0 and "
                f"{list(x._a.shape)} at "
                f"entry {i}"
            )
    return ops.stack(*parts, dim=dim_index(dim, len(shape) + 1))


def _joined(
    name: str, prepare: Callable[[Tensor], Tensor], dim: Callable[[Tensor], int], doc: str, *names: str
) -> None:
    def f(tensors: Sequence[Tensor]) -> Tensor:
        if not len(tensors):
            raise RuntimeError(f"{name} expects a non-empty TensorList")
        parts = [prepare(x) for x in tensors]
        return cat(parts, dim(parts[0]))

    f.__name__ = f.__qualname__ = name
    f.__doc__ = doc
    public(*names, method=False, converts=True)(f)


_1d, _2d, _3d = (FUNCTIONS[f"atleast_{n}d"] for n in (1, 2, 3))
_joined("hstack", _1d, lambda x: min(len(x._a.shape) - 1, 1), "The tensors side by side: vectors end to end.")
_joined("vstack", _2d, lambda x: 0, "The tensors on top of each other, vectors as rows.", "row_stack")
_joined("dstack", _3d, lambda x: 2, "The tensors one behind the other, along dimension 2.")
_joined(
    "column_stack", lambda x: reshape(x, -1, 1) if len(x._a.shape) < 2 else x, lambda x: 1,
    "The tensors side by side, vectors as columns.",
)  # fmt: skip


@public(method=False)
def meshgrid(*tensors: Any, indexing: str | None = None) -> tuple[Tensor, ...]:
    """The coordinates of all points of a grid, from those along each axis: a tensor per axis.

    indexing: "ij" (axis i is dimension i) or "xy" (the first two exchanged, as plots want it).

    >>> import chainrule as cr
    >>> cr.meshgrid(cr.tensor([1, 2]), cr.tensor([3, 4]), indexing="ij")[0]
    tensor([[1, 1],
            [2, 2]])
    """
    axes = pack(tensors)
    if not axes:
        raise RuntimeError("meshgrid expects a non-empty TensorList")
    if indexing is None:
        warnings.warn(
            "torch.meshgrid: in an upcoming release, it will be required to pass the indexing argument.",
            UserWarning,
            stacklevel=3,
        )
        indexing = "ij"
    if indexing not in ("ij", "xy"):
        raise RuntimeError(f'torch.meshgrid: indexing must be one of "xy" or "ij", but received: {indexing}')
    for x in axes:
        if len(x._a.shape) > 1:
            raise RuntimeError(
                f"torch.meshgrid: Expected 0D or 1D tensor in the tensor list but got: shape {list(x.shape)}"
            )
        if x._a.dtype != axes[0]._a.dtype:
            raise RuntimeError("torch.meshgrid expects all tensors to have the same dtype")
    swap = indexing == "xy" and len(axes) > 1
    order = [axes[1], axes[0], *axes[2:]] if swap else list(axes)
    shape = [x._a.size for x in order]
    n = len(shape)
    grids = [expand(reshape(x, *(-1 if j == i else 1 for j in range(n))), *shape) for i, x in enumerate(order)]
    if swap:
        grids[:2] = grids[1::-1]
    return tuple(grids)


@public(method=False)
def cartesian_prod(*tensors: Any) -> Tensor:
    """All combinations of an element of each vector, as rows."""
    axes = pack(tensors)
    for x in axes:
        if len(x._a.shape) != 1:
            raise RuntimeError(f"Expect a 1D vector, but got shape {list(x._a.shape)}")
    if len(axes) == 1:
        return axes[0]  # type: ignore[no-any-return]
    return stack([flatten(x) for x in meshgrid(*axes, indexing="ij")], 1)


@public(method=False)
def combinations(input: Tensor, r: int = 2, with_replacement: bool = False) -> Tensor:
    """All choices of `r` elements of a vector, in order, as rows."""
    if len(input._a.shape) != 1:
        raise RuntimeError(f"Expect a 1D vector, but got shape {list(input._a.shape)}")
    if r < 0:
        raise RuntimeError(f"Expect a non-negative number, but got {r}")
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    rows = np.array(list(choose(range(input._a.size), r)), np.int64).reshape(-1, r)
    if not r:
        return ops.narrow(input, dim=0, start=0, stop=0, step=1)
    return named(reshape(index_select(input, dim=0, index=rows.reshape(-1)), rows.shape), "StackBackward0")
