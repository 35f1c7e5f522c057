"""Shapes: PyTorch's `Size`, dimension arguments, and what broadcasting does."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from typing import Any, SupportsIndex

from chainrule.base import errors


class Size(tuple[int, ...]):
    """The shape of a tensor; a tuple that prints as `torch.Size([2, 3])`."""

    def numel(self) -> int:
        """The number of elements of a tensor of this shape."""
        return numel(self)

    def __repr__(self) -> str:
        return f"torch.Size([{', '.join(map(str, self))}])"

    def __getitem__(self, i: Any) -> Any:
        got = tuple.__getitem__(self, i)
        return Size(got) if isinstance(i, slice) else got

    def __add__(self, other: Any) -> Size:
        return Size(tuple.__add__(self, tuple(other)))


def numel(shape: Iterable[int]) -> int:
    """The product of the sizes."""
    n = 1
    for s in shape:
        n *= s
    return n


def dim_index(dim: SupportsIndex, ndim: int) -> int:
    """A dimension argument as an index from 0. `ndim` 0 counts as 1, as in PyTorch."""
    d, n = operator.index(dim), max(ndim, 1)
    if not -n <= d < n:
        raise IndexError(f"Dimension out of range (expected to be in range of [{-n}, {n - 1}], but got {d})")
    return d + n if d < 0 else d


def dim_tuple(dim: Any, ndim: int) -> tuple[int, ...]:
    """A dimension argument (None or empty: all of them; a number; several) as sorted indices without repeats."""
    if dim is None:
        return tuple(range(ndim))
    if not isinstance(dim, (tuple, list)):
        d = dim_index(dim, ndim)
        return (d,) if ndim else ()
    dims = dim_list(dim, ndim)
    return tuple(sorted(dims)) if ndim and dims else tuple(range(ndim))


def dim_list(dims: Iterable[SupportsIndex], ndim: int) -> list[int]:
    """Several dimensions as indices in their order, refused where one comes twice."""
    found = [dim_index(d, ndim) for d in dims]
    for d in found:
        if found.count(d) > 1:
            raise RuntimeError(f"dim {d} appears multiple times in the list of dims")
    return found


def reduced(shape: Sequence[int], dims: Sequence[int], keepdim: bool) -> tuple[int, ...]:
    """The shape that is left when `dims` are summed away."""
    if keepdim:
        return tuple(1 if i in dims else s for i, s in enumerate(shape))
    return tuple(s for i, s in enumerate(shape) if i not in dims)


def broadcast(*shapes: Sequence[int]) -> tuple[int, ...]:
    """The common shape of several, or PyTorch's complaint naming the sizes that do not fit."""
    out: tuple[int, ...] = ()
    for shape in shapes:
        if shape == out:
            continue
        n = max(len(out), len(shape))
        a = (1,) * (n - len(out)) + out
        b = (1,) * (n - len(shape)) + tuple(shape)
        merged = []
        for i, (p, q) in enumerate(zip(a, b)):
            if p != q and p != 1 and q != 1:
                raise RuntimeError(errors.do_not_broadcast(p, q, i, out, tuple(shape)))
            merged.append(q if p == 1 else p)
        out = tuple(merged)
    return out


def infer(shape: Sequence[int], n: int) -> tuple[int, ...]:
    """A target shape with at most one -1 filled in so that it holds `n` elements."""
    shape = tuple(operator.index(s) for s in shape)
    if shape.count(-1) > 1:
        raise RuntimeError("only one dimension can be inferred")
    if any(s < -1 for s in shape):
        raise RuntimeError(f"invalid shape dimension in {list(shape)}")
    if -1 in shape:
        rest = numel(s for s in shape if s != -1)
        if rest == 0:
            raise RuntimeError(
                f"cannot reshape tensor of {n} elements into shape {list(shape)} because the unspecified dimension "
                "size -1 can be any value and is ambiguous"
            )
        if n % rest:
            raise RuntimeError(f"shape '{list(shape)}' is invalid for input of size {n}")
        return tuple(n // rest if s == -1 else s for s in shape)
    if numel(shape) != n:
        raise RuntimeError(f"shape '{list(shape)}' is invalid for input of size {n}")
    return shape


def pack(sizes: tuple[Any, ...]) -> tuple[Any, ...]:
    """`f(2, 3)` and `f((2, 3))` alike: the sizes as one tuple."""
    if len(sizes) == 1 and isinstance(sizes[0], (tuple, list)):
        return tuple(sizes[0])
    return sizes
