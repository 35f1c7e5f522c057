"""The order in which elements lie in memory, as PyTorch has it: by rows, by columns, or as those of an operand."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from chainrule.base import wide

if sys.platform == "linux":
    # glibc hands the memory of big arrays back when they are let go, and the kernel clears it page by page for the next
    # ones, which takes longer than most functions of their numbers. It stops doing so for what is no larger than the
    # largest piece that it has seen let go, up to 32 MB: here is one, of which no page is ever touched.
    np.empty(31 << 20, np.uint8)


def rows(a: Any) -> Any:
    """The same numbers by rows: what is computed anew by more than an elementwise function lies so."""
    return np.ascontiguousarray(a) if type(a) is np.ndarray and not a.flags.c_contiguous else a


def columns(a: Any) -> Any:
    """The same matrices by columns, as LAPACK leaves them."""
    return rows(a.swapaxes(-2, -1)).swapaxes(-2, -1)


LAST = {4: (0, 2, 3, 1), 5: (0, 2, 3, 4, 1)}  # the axes from the outermost in, where channels are the innermost
FIRST = {4: (0, 3, 1, 2), 5: (0, 4, 1, 2, 3)}  # and back


def channels_last(a: Any) -> bool:
    """Whether an array lies in order with its channels, dimension 1, as the innermost."""
    return a.ndim in LAST and bool(a.transpose(LAST[a.ndim]).flags.c_contiguous)


def joined(a: Any) -> Any:
    """The same numbers by rows, unless they lie with the channels last: as PyTorch puts tensors together."""
    return a if type(a) is np.ndarray and channels_last(a) else rows(a)


def with_channels_last(shape: Any, dtype: Any) -> Any:
    """A new array with the channels last; its numbers are yet to be set."""
    n = len(shape)
    return np.empty([shape[i] for i in LAST[n]], dtype).transpose(FIRST[n])


def like(x: Any, dtype: Any = None) -> Any:
    """A new array that lies as x does, without gaps and repetitions; its numbers are yet to be set.

    Of dimensions that are expanded nothing is known: they stay where they are among the others, as in PyTorch.
    """
    if 0 not in x.strides:
        return np.empty_like(x, dtype)
    order = list(range(x.ndim))[::-1]  # innermost first; sorted by insertion, past whatever cannot be compared
    for i in range(1, x.ndim):
        for k in reversed(range(i)):
            inner, outer = order[k], order[i]
            step, beyond = x.strides[inner], x.strides[outer]
            if step and beyond and step < beyond:
                break
            if step and beyond and (step > beyond or x.shape[inner] > x.shape[outer]):
                order[k], order[i], i = outer, inner, k
    order.reverse()
    return np.empty([x.shape[i] for i in order], dtype or x.dtype).transpose(wide.argsort(order))


def strided(x: Any, shape: Any, strides: Any) -> Any:
    """A view from x's first element on, with these strides in bytes. Whether it may be written to can be changed later.

    NumPy's own `as_strided` makes one that is read-only for ever where x is so at the time, as what is expanded is.
    """
    owner = x
    while isinstance(owner.base, np.ndarray):
        owner = owner.base
    whole = owner if owner.flags.c_contiguous else owner.T
    if not whole.flags.c_contiguous or not x.size:  # where there is nothing, an address may be outside
        return np.lib.stride_tricks.as_strided(x, shape, strides, writeable=x.flags.writeable)
    start = x.__array_interface__["data"][0] - whole.__array_interface__["data"][0]
    view: Any = np.ndarray(shape, x.dtype, whole, start, strides)
    if not x.flags.writeable:
        view.setflags(write=False)
    return view


def copied(x: Any) -> Any:
    """A copy that lies as x does."""
    if type(x) is not np.ndarray or 0 not in x.strides:
        return x.copy("K") if type(x) is np.ndarray else x.copy()
    out = like(x)
    out[...] = x
    return out
