"""The unit tensors that a Jacobian begins from, as the few numbers that they are.

Row i of the units is 1 at element i and 0 elsewhere, so n rows hold n numbers among n * n. What multiplies each element
leaves that so, and a product with a matrix takes a row of it for each: a function whose elements stay apart has its
Jacobian in n steps, and one that ends in such a function or in a product never makes the square of its results.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.base import shapes
from chainrule.core.op import REGISTRY, Op
from chainrule.core.tracer import Tracer


class Diagonal(Tracer):
    """A payload of shape (rows, *inner), which is `d[i]` at element `at + i` of row i, and 0 elsewhere.

    units: whether all of d are 1, so that nothing needs to be multiplied by them.
    """

    __slots__ = ("_whole", "at", "d", "inner", "units")
    __array_ufunc__ = None  # so that ndarray * diagonal asks the diagonal

    def __init__(self, d: Any, inner: tuple[int, ...], at: int = 0, units: bool = False) -> None:
        self.d, self.inner, self.at, self.units = d, inner, at, units
        self._whole: Any = None

    @property
    def shape(self) -> tuple[int, ...]:
        return (*self.d.shape, *self.inner)

    @property
    def ndim(self) -> int:
        return 1 + len(self.inner)

    @property
    def size(self) -> int:
        return shapes.numel(self.shape)

    @property
    def dtype(self) -> Any:
        return self.d.dtype

    @property
    def flags(self) -> Any:
        return self.d.flags

    def whole(self) -> Any:
        """The array, written out."""
        if self._whole is None:
            (rows,), n = self.d.shape, shapes.numel(self.inner)
            column = REGISTRY["reshape"](self.d, shape=(rows, 1))
            square = REGISTRY["where"](np.eye(rows, n, self.at, dtype=bool), column, 0.0)
            self._whole = REGISTRY["reshape"](square, shape=self.shape)
        return self._whole

    def _interpret(self, op: Op, args: Sequence[Any], attrs: dict[str, Any]) -> Any:
        got = self._apart(op, args, attrs)
        return op(*[x.whole() if type(x) is Diagonal else x for x in args], **attrs) if got is None else got

    def _apart(self, op: Op, args: Sequence[Any], attrs: dict[str, Any]) -> Any:
        """The result, where each row has one number still, or takes one row of a matrix; else None."""
        told = op.columns.get
        if len(args) == 1:
            if told("moves") == "each" or told("scales") == "negative":
                return self._of(op(self.d, **attrs))
            if told("folds") == "total":
                return self._total(**attrs)
            if told("moves") == "regroup" and "shape" in attrs:
                rows, *inner = shapes.infer(attrs["shape"], self.size) or (1,)
                return Diagonal(self.d, tuple(inner), self.at, self.units) if (rows,) == self.d.shape else None
            return None
        if len(args) > 2 or type(other := args[args[0] is self]) is Diagonal:
            return None
        if told("scales") == "product" or (told("scales") == "quotient" and args[0] is self):
            mine = self._mine(other)
            if mine is None:
                return None
            alike = getattr(mine, "shape", ()) == self.d.shape and mine.dtype == self.dtype
            alone = self.units and alike and told("scales") == "product"
            return self._of(mine if alone else op(self.d, mine) if args[0] is self else op(mine, self.d))
        if told("matrix") == "product" and args[0] is self and len(self.inner) == 1 and len(other.shape) == 2:
            rows = self._rows(other)
            return rows if self.units else REGISTRY["reshape"](self.d, shape=(*self.d.shape, 1)) * rows
        return None

    def _total(self, shape: tuple[int, ...] = (), dim: Any = None, keepdim: bool = False) -> Any:
        """The sum of each row, which is its number; None where another sum is asked for."""
        (rows,) = self.d.shape
        if not shape and dim == tuple(range(1, self.ndim)):
            shape = (rows, *(1,) * (len(dim) * keepdim))
        same = shape[:1] == (rows,) and shapes.numel(shape) == rows and (dim is not None or len(shape) == self.ndim)
        return REGISTRY["reshape"](self.d, shape=shape) if same else None

    def _of(self, d: Any) -> Diagonal:
        return Diagonal(d, self.inner, self.at)

    def _mine(self, x: Any) -> Any:
        """Those elements of what all rows share that meet the numbers; None if the rows differ."""
        shape = getattr(x, "shape", ())
        if not shape:
            return x
        if shapes.broadcast(shape, self.inner) != self.inner:
            return None
        if shape != self.inner:
            x = REGISTRY["expand"](x, shape=self.inner)
        return self._rows(x if len(self.inner) == 1 else REGISTRY["reshape"](x, shape=(shapes.numel(self.inner),)))

    def _rows(self, x: Any) -> Any:
        (rows,) = self.d.shape
        return x if x.shape[0] == rows else REGISTRY["narrow"](x, dim=0, start=self.at, stop=self.at + rows, step=1)


def whole(a: Any) -> Any:
    """A payload with all its elements written out."""
    return a.whole() if type(a) is Diagonal else a
