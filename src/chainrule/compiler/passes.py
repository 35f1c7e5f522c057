"""Passes over a graph: constants folded, common subexpressions joined, exact algebra, dead values dropped.

Only what is exact is done: `x * 1`, `x + 0` where no sign of zero can change, `-(-x)`, shapes moved twice. Whatever
would round differently is left as it was written; that goes for the order in memory too, by which a product of
matrices may round: a copy that brings elements in order is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.core.graph import Var, apply, constant, order
from chainrule.core.op import REGISTRY

SMALL = 1024  # elements: a constant beyond this is not made at compile time


def simplify(results: Sequence[Var]) -> list[Var]:
    """The same results from fewer values. The numbers of those that are new keep the order in which they were written,
    by which the periods of loops are found: from the first one on, all are made anew."""
    made: dict[int, Any] = {}
    known: dict[Any, Any] = {}
    new = False
    for v in order(results):
        if v.op is None:
            made[v.id] = known.setdefault(_constant_key(v), v) if v.data is not None else v
            continue
        args = tuple(made[a.id] if isinstance(a, Var) else a for a in v.args)
        if v.index is not None:
            key: Any = ("part", args[0].id, v.index)
            made[v.id] = known.setdefault(key, again(v, args, new))
            continue
        found = made[v.id] = _settled(v, args, known, new)
        new = new or (found.op is not None and found.id > v.id)
    return [made[r.id] for r in results]


def _settled(v: Var, args: tuple[Any, ...], known: dict[Any, Any], new: bool) -> Any:
    """What stands for an op on simplified arguments."""
    attrs = _frozen(v.attrs) if v.attrs else None
    key = (v.op.name, attrs, *[a.id if type(a) is Var else _key(a) for a in args])  # type: ignore[union-attr]
    if key not in known:
        found = _folded(v, args)
        if found is not None:
            found = known.setdefault(_constant_key(found), found)
        else:
            found = _algebra(v, args)
            if found is None:
                found = again(v, args, new)
            elif found.id > v.id and found.op is not None and not any(found is a for a in args):
                found = _settled(found, found.args, known, False)  # a rule made it: others may apply
        known[key] = found
    return known[key]


def again(v: Var, args: tuple[Any, ...], new: bool = False) -> Var:
    """The value on simplified arguments; itself if those are its own, unless it is to be made anew."""
    if not new and all(a is b for a, b in zip(args, v.args)):
        return v
    made = Var(v.shape, v.dtype, v.op, args, v.attrs, index=v.index)
    made.weak, made.moved = v.weak, v.moved
    return made


def _key(a: Any) -> Any:
    return type(a).__name__, repr(a)


def _constant_key(v: Var) -> Any:
    return ("constant", v.data.tobytes(), v.shape, v.dtype.str) if v.data.size <= SMALL else ("constant", v.id)


def _frozen(x: Any) -> Any:
    """Attributes as something hashable; large arrays by identity."""
    if isinstance(x, dict):
        return tuple((k, _frozen(x[k])) for k in sorted(x))
    if isinstance(x, (tuple, list)):
        return tuple(_frozen(i) for i in x)
    if isinstance(x, np.ndarray):
        return ("array", x.dtype.str, x.shape, x.tobytes()) if x.size <= SMALL else ("array", id(x))
    if isinstance(x, slice):
        return ("slice", x.start, x.stop, x.step)
    return (type(x).__name__, repr(x)) if isinstance(x, float) else x


def _folded(v: Var, args: tuple[Any, ...]) -> Var | None:
    """The value itself where everything that goes in is known."""
    if v.op is None or v.op.outputs > 1 or v.size > SMALL or not all(_known(a) for a in args):
        return None
    with np.errstate(all="ignore"):
        return constant(v.op.kernel(*[_scalar(a.data) if isinstance(a, Var) else a for a in args], **v.attrs))


def _known(a: Any) -> bool:
    return not isinstance(a, Var) or a.data is not None


def _scalar(a: np.ndarray[Any, Any]) -> Any:
    return a if a.shape else a[()]


def _is(a: Any, number: float | None) -> bool:
    """Whether an argument is this number everywhere (and, for zero, of this sign)."""
    a = a.data if isinstance(a, Var) else a
    if number is None or a is None or isinstance(a, Var) or (not np.isscalar(a) and getattr(a, "size", 0) == 0):
        return False
    a = np.asarray(a)
    return bool(np.all(a == number) and np.all(np.signbit(a) == np.signbit(number)))


def _like(v: Var, x: Any) -> Any:
    """x where it is of v's kind."""
    return x if isinstance(x, Var) and x.shape == v.shape and x.dtype == v.dtype and x.weak == v.weak else None


def _same(v: Var, x: Any) -> Any:
    """x where it can stand for v, which is new memory, as it is."""
    return _like(v, x) if isinstance(x, Var) and x.packed else None


def _algebra(v: Var, args: tuple[Any, ...]) -> Any:
    """What an op on these arguments is without it: an argument where that is neutral, moved nowhere, or twice."""
    how, neutral = v.says("moves"), v.says("neutral")
    x = args[0]
    if neutral is not None:
        x, y = args
        return _same(v, x) if _is(y, neutral[1]) else _same(v, y) if _is(x, neutral[0]) else None
    if how == "each":
        return x if v.op.view else _same(v, x)  # type: ignore[union-attr]
    if "shape" in v.attrs and (how in ("regroup", "spread") or v.says("folds")):
        return _move(v, x)
    if v.op is REGISTRY["neg"]:
        return _same(v, x.args[0]) if isinstance(x, Var) and x.op is v.op else None
    if v.op is REGISTRY["where"]:
        c, x, y = args
        return _same(v, x) if _is(c, 1) else _same(v, y) if _is(c, 0) else None
    return None


def _move(v: Var, x: Any) -> Any:
    """Brought to the shape that it has, or moved twice in a row."""
    if _like(v, x) is not None:
        return x
    if v.says("moves") and isinstance(x, Var) and x.op is v.op and v.op is not None and not x.args[0].moved:
        return apply(v.op, x.args, v.attrs) if x.args[0].shape != v.shape else x.args[0]
    return None
