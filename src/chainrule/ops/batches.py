"""How those ops take a batch whose attributes are more than counts of dimensions: the rules of their columns `batch`.

Each is named after its op and computes all samples at once (`core/leading.py` has the rules that many share, and says
what a rule is given). None: it can't for these operands.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.core.leading import Rule, Samples, axes, moved
from chainrule.core.op import REGISTRY, Op

Attrs = dict[str, Any]
ALL = slice(None)


def _call(name: str, *args: Any, **attrs: Any) -> Any:
    return REGISTRY[name](*args, **attrs)


# --------------------------------------------------------------------------------------------------------------- shapes


def expand(op: Op, of: Samples, attrs: Attrs) -> Any:
    """To a shape that may have more dimensions."""
    shape = attrs["shape"]
    return op(of.aligned(of.args[0], len(shape)), shape=(of.n, *shape))


def sum_to(op: Op, of: Samples, attrs: Attrs) -> Any:
    """To a shape that may have fewer dimensions."""
    x, shape = of.args[0], tuple(attrs["shape"])
    total = op(of.first(x), shape=(of.n, *(1,) * (len(x.shape) - len(shape)), *shape))
    return _call("reshape", total, shape=(of.n, *shape))


def permute(op: Op, of: Samples, attrs: Attrs) -> Any:
    """The samples stay first."""
    return op(*of, dims=(0, *moved(attrs, 0)["dims"]))


def t(op: Op, of: Samples, attrs: Attrs) -> Any:
    """The transpose of each matrix; vectors stay."""
    x = of.first(of.args[0])
    return x if len(x.shape) < 3 else _call("transpose", x, dim0=1, dim1=2)


def repeat(op: Op, of: Samples, attrs: Attrs) -> Any:
    """There may be more repeats than dimensions."""
    return op(of.aligned(of.args[0], len(attrs["repeats"])), repeats=(1, *attrs["repeats"]))


def roll(op: Op, of: Samples, attrs: Attrs) -> Any:
    """Without dimensions the whole sample is rolled as one line."""
    return axes(op, of, attrs) if attrs["dims"] else None


def constant_pad_nd(op: Op, of: Samples, attrs: Attrs) -> Any:
    """No padding between samples."""
    return op(*of, **{**attrs, "widths": ((0, 0), *attrs["widths"])})


def fill(op: Op, of: Samples, attrs: Attrs) -> Any:
    """With one number, or one for each sample."""
    x, value = of.args
    if of.held(value) is None:
        return op(of.first(x), value)
    return _call("cast", _call("expand", of.aligned(value, len(x.shape)), shape=(of.n, *x.shape)), dtype=x.dtype)


def overwrite(op: Op, of: Samples, attrs: Attrs) -> Any:
    """With values that broadcast."""
    x, src = of.args
    return op(of.first(x), of.aligned(src, len(x.shape)))


def place(op: Op, of: Samples, attrs: Attrs) -> Any:
    """Back from a part that one view took."""
    (step, inner), *more = attrs["path"]
    if more or step.columns.get("batch") is not axes:
        return None
    return op(*of, shape=(of.n, *attrs["shape"]), path=((step, moved(inner, 0)),))


# ------------------------------------------------------------------------------------------------------------- indexing


def getitem(op: Op, of: Samples, attrs: Attrs) -> Any:
    """Numbers and slices, from the first dimension of a sample."""
    return op(*of, **{**attrs, "index": (ALL, *attrs["index"])})


def place_at(op: Op, of: Samples, attrs: Attrs) -> Any:
    """The transpose of `getitem`."""
    return op(*of, shape=(of.n, *attrs["shape"]), index=(ALL, *attrs["index"]))


def _positions(of: Samples, index: tuple[Any, ...]) -> tuple[Any, ...] | None:
    """An index of arrays, behind one that says which sample; None where it mixes what can't be mixed."""
    own = [i for i in index if of.held(i) is not None]
    if any(i.dtype.kind == "b" for i in own):
        of.refuse("a mask that differs from sample to sample was used as an index")
    if not own:
        return (ALL, *index)
    if any(getattr(i, "dtype", None) is None or i.dtype.kind == "b" for i in index):
        return None
    ndim = max(len(i.shape) for i in index)
    return (np.arange(of.n).reshape(of.n, *(1,) * ndim), *[of.aligned(i, ndim) for i in index])


def index(op: Op, of: Samples, attrs: Attrs) -> Any:
    """By arrays, which may differ from sample to sample."""
    x, at = of.args[0], attrs["index"]
    if not all(hasattr(i, "dtype") for i in at):
        return None
    found = _positions(of, at)
    if found is None or of.held(x) is not None:
        return None if found is None else op(of.first(x), index=found)
    return op(x, index=found[1:])


def index_put(op: Op, of: Samples, attrs: Attrs) -> Any:
    """Values that broadcast with the place, which arrays or slices say."""
    (x, value), at = of.args, attrs["index"]
    if all(hasattr(i, "dtype") and i.dtype.kind != "b" for i in at):
        ndim = max(len(i.shape) for i in at) + len(x.shape) - len(at)
    elif all(isinstance(i, slice) for i in at):
        ndim = len(x.shape)
    else:
        return None
    found = _positions(of, at)
    value = of.aligned(value, max(ndim, len(value.shape)))
    return None if found is None else op(of.first(x), value, **{**attrs, "index": found})


def gather(op: Op, of: Samples, attrs: Attrs) -> Any:
    """By an array that runs beside the sample along all dimensions; shared by all samples, or each its own."""
    if not of.args[0].shape:
        return None
    own = of.held(attrs["index"])
    shared = np.broadcast_to(attrs["index"], (of.n, *attrs["index"].shape)) if own is None else None
    further = {**moved(attrs, 0), "index": shared if own is None else own}
    return op(*of, **(further if "shape" not in attrs else {**further, "shape": (of.n, *attrs["shape"])}))


def index_select(op: Op, of: Samples, attrs: Attrs) -> Any:
    """Lines that all samples share."""
    return axes(op, of, attrs) if of.held(attrs["index"]) is None else None


def embedding(op: Op, of: Samples, attrs: Attrs) -> Any:
    """Rows of one table, for the numbers of all samples."""
    own = of.held(attrs["index"])
    return op(of.args[0], **{**attrs, "index": own}) if own is not None and of.held(of.args[0]) is None else None


# ----------------------------------------------------------------------------------------------------------- reductions


def whole(name: str) -> Rule:
    """A reduction of whole samples, by the op that reduces some dimensions."""

    def rule(op: Op, of: Samples, attrs: Attrs) -> Any:
        x = of.first(of.args[0])
        return _call(name, x, dim=tuple(range(1, len(x.shape))), keepdim=False)

    return rule


def argmax(op: Op, of: Samples, attrs: Attrs) -> Any:
    """Where, along one dimension or in the sample as one line."""
    x = of.args[0]
    if attrs["dim"] is not None:
        return axes(op, of, attrs)
    found = op(_call("reshape", of.first(x), shape=(of.n, -1)), dim=1, keepdim=False)
    return _call("reshape", found, shape=(of.n, *(1,) * len(x.shape))) if attrs["keepdim"] else found


def mse_loss(op: Op, of: Samples, attrs: Attrs) -> Any:
    """By its definition."""
    x, y = of.args
    d = (x - y) * (x - y)
    how = attrs["reduction"]
    return of.first(d if how == "none" else _call(how, d, dim=None, keepdim=False))


# ------------------------------------------------------------------------------------------------------------- products


def matmul(op: Op, of: Samples, attrs: Attrs) -> Any:
    """One product of matrices where a matrix is shared, else a stack of products."""
    (a, b), (mine, theirs) = of.args, map(of.held, of.args)
    p, q = len(a.shape), len(b.shape)
    if theirs is None and q <= 2:
        return op(mine, b)
    if mine is None and q == 1 and p <= 2:
        return op(theirs, a if p == 1 else _call("t", a))
    if p == q == 1:
        return _call("sum", of.first(a) * of.first(b), dim=(1,), keepdim=False)
    rows = a if p > 1 else _call("unsqueeze", a, dim=0)
    columns = b if q > 1 else _call("unsqueeze", b, dim=1)
    ndim = max(p, q)
    found = op(of.aligned(rows, ndim), of.aligned(columns, ndim))
    return found if p > 1 < q else _call("squeeze", found, dims=(len(found.shape) - (2 if p == 1 else 1),))


def linear(op: Op, of: Samples, attrs: Attrs) -> Any:
    """One product where the layer is shared."""
    x, w, b = of.args
    if of.held(w) is None and of.held(b) is None and x.shape:
        return op(of.held(x), w, b)
    return of.first(_call("matmul", x, _call("t", w)) + b)


def contract(op: Op, of: Samples, attrs: Attrs) -> Any:
    """A letter more for the samples."""
    left, out = attrs["equation"].split("->")
    letter = next(c for c in "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" if c not in left)
    held = [of.held(x) for x in of.args]
    names = ",".join(letter + s if a is not None else s for a, s in zip(held, left.split(",")))
    return op(*[x if a is None else a for a, x in zip(held, of.args)], equation=f"{names}->{letter}{out}")


def cross(op: Op, of: Samples, attrs: Attrs) -> Any:
    """The dimension is counted from 0 in the operand that has more of them."""
    ndim, dim = max(len(x.shape) for x in of.args), attrs["dim"]
    return op(*[of.aligned(x, ndim) for x in of.args], dim=dim if dim < 0 else dim - ndim)


def solve(op: Op, of: Samples, attrs: Attrs) -> Any:
    """Matrices on both sides, or a vector on the right."""
    a, b = of.args
    ndim = max(len(a.shape), len(b.shape), 2)
    if len(b.shape) == 1:
        found = op(of.stacked(a, ndim), of.stacked(_call("unsqueeze", b, dim=1), ndim), **attrs)
        return _call("squeeze", found, dims=(len(found.shape) - 1,))
    return op(of.stacked(a, ndim), of.stacked(b, ndim), **attrs)
