"""Gradients through what `where` did not take.

The slope of `where(x > 0, sqrt(x), x**2)` at -1 is -2, yet the chain rule multiplies the zero that comes from the
branch not taken by the slope of sqrt there, and 0 * nan is nan. In a graph the zero is known for one: a product with a
gradient that `where` has put to zero is put to zero itself, where the gradient goes on. Only what is no number changes.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from chainrule.compiler.passes import again
from chainrule.core.graph import Var, apply, order
from chainrule.core.op import REGISTRY

ALONG = {"product": (0, 1), "quotient": (0,), "negative": (0,)}  # the operands that, being 0, make the result 0


class Zeroed(NamedTuple):
    """A gradient is zero where the condition is not `taken`."""

    condition: Var
    taken: bool


def settled(gradients: list[Var | None], after: int) -> list[Var | None]:
    """The gradients, of whose graph what is younger than `after` was made by the chain rule."""
    made: dict[int, Var] = {}
    zeroed: dict[int, tuple[Zeroed, ...]] = {}
    loose: set[int] = set()  # products with what is zeroed, which may be no number there

    def now(a: Any) -> Any:
        return made.get(a.id, a) if isinstance(a, Var) else a

    def firm(a: Any) -> Any:
        """What stands for a value outside of such products."""
        a = now(a)
        if isinstance(a, Var) and a.id in loose:
            for zero in zeroed[a.id]:
                a = _put(a, zero)
        return a

    for v in order([g for g in gradients if isinstance(g, Var)]):
        if v.op is None or v.id <= after:
            continue
        own, scales = _own(v), v.says("scales")
        still = v.says("moves") == "each" or (v.says("moves") in ("regroup", "spread") and "shape" in v.attrs)
        places = (own[0],) if own else (0,) if still else ALONG.get(scales, ())
        place = next((i for i in places if isinstance(v.args[i], Var) and now(v.args[i]).id in zeroed), None)
        made[v.id] = new = again(v, tuple(now(a) if i == place else firm(a) for i, a in enumerate(v.args)))
        masks = (Zeroed(new.args[0], own[0] == 1),) if own else ()
        if place is not None:
            along = new.args[place]
            masks = *(_moved(zero, v, along.shape) for zero in zeroed[along.id]), *masks
            if scales in ("product", "quotient") or along.id in loose:
                loose.add(new.id)
        if masks:
            zeroed[new.id] = masks
    return [firm(g) for g in gradients]


def _own(v: Var) -> tuple[int, ...]:
    """Of a `where` between a gradient and zero, the place of the gradient."""
    if v.op is not REGISTRY["where"] or not isinstance(v.args[0], Var):
        return ()
    return tuple(3 - i for i in (1, 2) if isinstance(v.args[i], float) and v.args[i] == 0)[:1]


def _moved(zero: Zeroed, v: Var, shape: tuple[int, ...]) -> Zeroed:
    """The condition beside what became of a value of this shape."""
    condition = zero.condition
    if v.op is not REGISTRY["reshape"] or not condition.shape:
        return zero
    if condition.shape != shape:
        condition = apply(REGISTRY["expand"], (condition,), {"shape": shape})
    return Zeroed(apply(v.op, (condition,), v.attrs), zero.taken)


def _put(a: Var, zero: Zeroed) -> Any:
    where = REGISTRY["where"]
    return apply(where, (zero.condition, a, 0.0) if zero.taken else (zero.condition, 0.0, a), {})
