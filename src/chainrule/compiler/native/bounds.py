"""Interval arithmetic over the graph of a step: for how many steps can nothing overflow or become nan?

Every value of the graph gets bounds between which all its elements lie, a little wider than the real ones, so that
they hold for rounded arithmetic too. If all bounds stay finite, code for those steps need not look at its numbers.
The bounds are arrays: many candidates for the size of what a step begins with are followed at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.core.graph import Var, order

Bounds = tuple[Any, Any]  # arrays of lower and of upper bounds, one for each candidate
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
            rule = RULES.get(v.op.name)
            if rule is None and not v.says("moves"):
                return None
            args = [found[a.id] if isinstance(a, Var) else _of(a, some) for a in v.args if _number(a)]
            found[v.id] = _outward(v, *(rule or _hull_and_zero)(v, *args))
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


def _hull(*bounds: Bounds) -> Bounds:
    return np.min([b[0] for b in bounds], axis=0), np.max([b[1] for b in bounds], axis=0)


def _hull_and_zero(v: Var, *bounds: Bounds) -> Bounds:
    nothing = np.zeros_like(bounds[0][0])
    return _hull(*bounds, (nothing, nothing))


def _mul(v: Var, x: Bounds, y: Bounds) -> Bounds:
    if v.args[0] is v.args[1]:
        return _even(x, 2)
    products = [a * b for a in x for b in y]
    return np.min(products, axis=0), np.max(products, axis=0)


def _div(v: Var, x: Bounds, y: Bounds) -> Bounds:
    across = (y[0] <= 0) & (y[1] >= 0)
    quotients = [np.where(across, np.nan, a / b) for a in x for b in y]
    return np.min(quotients, axis=0), np.max(quotients, axis=0)


def _even(x: Bounds, n: float) -> Bounds:
    least = np.where((x[0] <= 0) & (x[1] >= 0), 0.0, np.minimum(abs(x[0]), abs(x[1])))
    return least**n, np.maximum(abs(x[0]), abs(x[1])) ** n


def _pow(v: Var, x: Bounds, y: Bounds) -> Bounds:
    n = v.args[1]
    if not isinstance(n, (int, float)) or n < 0 or n != int(n):
        n = np.where(x[0] > 0, y[0], np.nan) if isinstance(n, (int, float)) else np.nan
        ends = [x[0] ** n, x[1] ** n]
        return np.minimum(*ends), np.maximum(*ends)
    return _even(x, n) if n % 2 == 0 else (x[0] ** n, x[1] ** n)


def _rising(f: Callable[[Any], Any]) -> Callable[..., Bounds]:
    return lambda v, x: (f(x[0]), f(x[1]))


def _between(low: float, high: float) -> Callable[..., Bounds]:
    return lambda v, x, *_: (np.full_like(x[0], low), np.full_like(x[0], high))


def _sum(v: Var, x: Bounds) -> Bounds:
    n = max(v.args[0].size // max(v.size, 1), 1)
    return np.minimum(n * x[0], x[0]), np.maximum(n * x[1], x[1])


RULES: dict[str, Callable[..., Bounds]] = {
    "add": lambda v, x, y: (x[0] + y[0], x[1] + y[1]), "sub": lambda v, x, y: (x[0] - y[1], x[1] - y[0]),
    "rsub": lambda v, x, y: (y[0] - x[1], y[1] - x[0]),
    "mul": _mul, "div": _div, "pow": _pow, "neg": lambda v, x: (-x[1], -x[0]), "abs": lambda v, x: _even(x, 1),
    "square": lambda v, x: _even(x, 2), "sqrt": _rising(lambda a: np.sqrt(a)), "exp": _rising(np.exp),
    "log": _rising(lambda a: np.where(a > 0, np.log(a), np.nan)), "sin": _between(-1, 1), "cos": _between(-1, 1),
    "tanh": _between(-1, 1), "sigmoid": _between(0, 1), "sign": _between(-1, 1), "ones_like": _between(1, 1),
    "zeros_like": _between(0, 0), "maximum": lambda v, x, y: (np.maximum(x[0], y[0]), np.maximum(x[1], y[1])),
    "minimum": lambda v, x, y: (np.minimum(x[0], y[0]), np.minimum(x[1], y[1])),
    "where": lambda v, c, x, y: _hull(x, y), "cast": lambda v, x: x, "clone": lambda v, x: x, "alias": lambda v, x: x,
    "sum": _sum, "sum_to": _sum, **dict.fromkeys(("lt", "le", "gt", "ge", "eq", "ne"), _between(0, 1)),
}  # fmt: skip
