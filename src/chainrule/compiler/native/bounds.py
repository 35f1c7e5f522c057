"""Interval arithmetic over the graph of a step: for how many steps can nothing overflow or become nan?

Every value of the graph gets bounds between which all its elements lie, a little wider than the real ones, so that
they hold for rounded arithmetic too. If all bounds stay finite, code for those steps need not look at its numbers.
The bounds are arrays: many candidates for the size of what a step begins with are followed at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.core.graph import Var, order
from chainrule.ops import intervals
from chainrule.ops.intervals import Bounds

SLACK = 1e-6  # more than the rounding errors of an op, relative to its result


def safe_steps(
    inputs: dict[str, Var], results: Sequence[Var], after: dict[str, Var], known: dict[int, tuple[float, float]],
    sizes: Any, signless: set[str], most: int,
) -> Any:  # fmt: skip
    """For each size the number of steps, at most `most`, in which all values are certainly finite.

    inputs, after: what a step begins with and what it makes of it, by role. results: what must be finite besides.
    known: bounds of values, by id; those of the other inputs are -size and size, of `signless` roles 0 and size.
    """
    sizes = np.asarray(sizes, float)
    free = [role for role, v in inputs.items() if v.id not in known]
    graph = order([*results, *after.values()])
    signless = signless & set(after)
    with np.errstate(all="ignore"):
        while True:
            now = {r: (np.zeros_like(sizes) if r in signless else -sizes, sizes) for r in free}
            safe, count = np.ones(sizes.shape, bool), np.zeros(sizes.shape, int)
            for _ in range(most):
                found = _evaluated(graph, {inputs[r].id: b for r, b in now.items()}, known)
                if found is None:
                    return count
                for v in graph:
                    low, high = found[v.id]
                    limit = float(np.finfo(v.dtype).max) / 2 if v.dtype.kind == "f" else np.inf
                    safe = safe & (low >= -limit) & (high <= limit)
                negative = {r for r in signless if (found[after[r].id][0] < 0)[safe].any()}
                if negative or not safe.any():
                    break
                count = count + safe
                now = {r: found[after[r].id] if r in after else b for r, b in now.items()}
            else:
                return count
            if not negative:
                return count
            signless = signless - negative


def _evaluated(graph: Sequence[Var], given: dict[int, Bounds], known: dict[int, tuple[float, float]]) -> Any:
    """The bounds of all values; None if there is an op without a rule."""
    found: dict[int, Bounds] = dict(given)
    some = next(iter(given.values()))[0]
    for v in graph:
        if v.id in found:
            continue
        if v.id in known:
            found[v.id] = tuple(np.full(some.shape, b) for b in known[v.id])  # type: ignore[assignment]
        elif v.data is not None:
            found[v.id] = _of(v.data, some)
        else:
            if v.op is None:
                return None
            args = [found[a.id] if isinstance(a, Var) else _of(a, some) for a in v.args if _number(a)]
            rule = v.says("bounds")
            if rule is not None:
                got = rule(*args)
            elif v.says("folds") == "total":
                got = _total(v, *args[0])
            elif v.says("moves"):
                got = intervals.hull(*args, (np.zeros_like(some), np.zeros_like(some)))
            else:
                return None
            found[v.id] = _outward(v, *got)
    return found


def _number(a: Any) -> bool:
    return isinstance(a, (Var, int, float, np.ndarray, np.generic))


def _of(a: Any, like: Any) -> Bounds:
    a = np.asarray(a, float)
    return np.full(like.shape, a.min()), np.full(like.shape, a.max())


def _outward(v: Var, low: Any, high: Any) -> Bounds:
    """A little wider; what could be rounded to zero may be zero."""
    tiny = float(np.finfo(v.dtype).tiny) if v.dtype.kind == "f" else 0.0
    low, high = low - SLACK * abs(low), high + SLACK * abs(high)
    return np.where((low > 0) & (low < tiny), 0.0, low), np.where((high < 0) & (high > -tiny), 0.0, high)


def _total(v: Var, low: Any, high: Any) -> Bounds:
    n = max(v.args[0].size // max(v.size, 1), 1)
    return np.minimum(n * low, low), np.maximum(n * high, high)
