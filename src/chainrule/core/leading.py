"""How an op takes a batch: what its column `batch` may be. Elementwise ops have a rule by their kind.

A rule is given the op, its operands (`Samples`) and its attributes, and computes all samples at once: it applies ops to
the arrays that the batches hold, whose samples lie along a first axis. None means that it can't for these operands, and
that the op has to be run for each sample, as an op without a rule is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from chainrule.core.op import REGISTRY, Op
from chainrule.core.registry import Attrs

Rule = Callable[[Op, "Samples", Attrs], Any]


class Samples:
    """The operands of an op of which some are batches of n samples."""

    n: int
    args: Any

    def held(self, x: Any) -> Any:
        """What a batch holds, samples first; None for what all samples share."""
        raise NotImplementedError

    def refuse(self, why: str) -> None:
        """Give up: the function has to be run on each sample."""
        raise NotImplementedError

    def __iter__(self) -> Iterator[Any]:
        return (self.first(x) for x in self.args)

    def first(self, x: Any) -> Any:
        """x with its samples first; what all share is repeated (without a copy), what is no array stays."""
        a = self.held(x)
        if a is not None or not hasattr(x, "shape"):
            return x if a is None else a
        return REGISTRY["expand"](REGISTRY["unsqueeze"](x, dim=0), shape=(self.n, *x.shape))

    def aligned(self, x: Any, ndim: int) -> Any:
        """x in a form that broadcasts with samples of `ndim` dimensions: ones between its samples and its shape."""
        a = self.held(x)
        if a is None or a.ndim == ndim + 1:
            return x if a is None else a
        return REGISTRY["reshape"](a, shape=(self.n, *(1,) * (ndim - len(x.shape)), *x.shape))

    def stacked(self, x: Any, ndim: int) -> Any:
        """As `aligned`; what all share is repeated too."""
        a = self.first(x)
        ones = (1,) * (ndim - len(x.shape))
        return REGISTRY["reshape"](a, shape=(self.n, *ones, *x.shape)) if ones else a


def elementwise(op: Op, of: Samples, attrs: Attrs) -> Any:
    """Broadcasting does it, once the shapes of the samples have as many dimensions as each other."""
    ndim = max([getattr(x, "ndim", 0) for x in of.args])
    return op(*[of.aligned(x, ndim) for x in of.args], **attrs)


def same(op: Op, of: Samples, attrs: Attrs) -> Any:
    """The op takes any number of leading dimensions, and its attributes count none of them."""
    return op(*of, **attrs)


def axes(op: Op, of: Samples, attrs: Attrs) -> Any:
    """The attributes count dimensions from 0, or are shapes: they move one on."""
    x = of.args[0]
    if not x.shape and type(attrs.get("dim")) is int:  # the only dimension of a number, which has none
        line = REGISTRY["reshape"](of.first(x), shape=(of.n, 1))
        return REGISTRY["reshape"](op(line, **moved(attrs, 1)), shape=(of.n,))
    return op(*of, **moved(attrs, len(x.shape)))


def new_axis(op: Op, of: Samples, attrs: Attrs) -> Any:
    """As `axes`; the dimension is one of the result, which may have more than the operands."""
    return op(*of, **moved(attrs, len(of.args[0].shape)))


def moved(attrs: Attrs, ndim: int) -> Attrs:
    """Attributes with all that counts dimensions one further on."""
    return {k: _further(v, ndim) if k in _COUNTS else v for k, v in attrs.items()}


_COUNTS = frozenset({"dim", "dims", "dim0", "dim1", "dim2"})


def _further(d: Any, ndim: int) -> Any:
    if d is None:  # all of them
        return tuple(range(1, ndim + 1))
    return tuple(_further(i, ndim) for i in d) if isinstance(d, tuple) else d + 1 if d >= 0 else d


def shaped(op: Op, of: Samples, attrs: Attrs) -> Any:
    """`shape` is the result's: the samples come before it."""
    return op(*of, **{**moved(attrs, len(of.args[0].shape)), "shape": (of.n, *attrs["shape"])})
