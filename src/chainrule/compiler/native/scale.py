"""Factors that are powers of two, moved to where they cost nothing: lr * (2 * x - 4) becomes (2 * lr) * (x - 2).

A value is known as (s, u), which is s * u with a power of two s of at least 1. Multiplying by such an s rounds nothing,
and what is rounded at a common scale is rounded alike, so the result is the same bit for bit, as long as nothing
overflows; the caller sees to that. (Small results are safe too: sums that are tiny are exact, and no product is made
smaller than it was.)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.compiler.passes import simplify
from chainrule.core.graph import Var, apply, constant, order
from chainrule.core.op import REGISTRY

LARGEST = 2.0**20  # a scale beyond this is left where it stands
TINIEST = 1e-30  # a factor below this might be rounded more coarsely than its multiple
Scaled = tuple[float, Var]


def scaled(results: Sequence[Var], common: set[int]) -> list[Var]:
    """The same results by fewer operations; `common` are the ids of values that are computed once for many lanes."""
    return _Scaler(common).results(simplify(_plain(results)))


def _plain(results: Sequence[Var]) -> list[Var]:
    """Ones and zeros that are made like another value as constants."""
    made: dict[int, Var] = {}
    for v in order(results):
        if v.op is not None and v.says("moves") == "like" and v.dtype.kind == "f":
            made[v.id] = constant(np.full(v.shape, v.op.kernel(v.dtype.type()), v.dtype))
        else:
            made[v.id] = again(v, tuple(made[a.id] if isinstance(a, Var) else a for a in v.args))
    return [made[v.id] for v in results]


def again(v: Var, args: tuple[Any, ...]) -> Var:
    """The same op on other arguments."""
    if v.op is None or all(a is b for a, b in zip(args, v.args)):
        return v
    new = Var(v.shape, v.dtype, v.op, args, v.attrs, index=v.index)
    new.weak = v.weak
    return new


class _Scaler:
    def __init__(self, common: set[int]) -> None:
        self.common = set(common)
        self.known: dict[int, Scaled] = {}
        self.whole: dict[tuple[float, int], Var] = {}

    def results(self, results: Sequence[Var]) -> list[Var]:
        for v in order(results):
            self.known[v.id] = self._rule(v)
        return [self._written(v) for v in results]

    def _written(self, v: Any) -> Any:
        """The value itself, its scale multiplied in."""
        if not isinstance(v, Var):
            return v
        s, u = self.known[v.id]
        if s == 1:
            return u
        if (s, u.id) not in self.whole:
            self.whole[s, u.id] = apply(REGISTRY["mul"], (u, s), {})
        return self.whole[s, u.id]

    def _rule(self, v: Var) -> Scaled:
        if v.id in self.common or v.op is None or v.weak:
            return 1.0, v
        how = v.says("scales") if v.dtype.kind == "f" else None  # a comparison reads what is written for all others
        got = getattr(self, f"_{how}")(v) if how else None
        return got or (1.0, again(v, tuple(map(self._written, v.args))))

    def _product(self, v: Var) -> Scaled | None:
        for x, y in (v.args, v.args[::-1]):
            if not isinstance(x, Var) or x.dtype != v.dtype or x.shape != v.shape:
                continue
            s, u = self.known[x.id]
            c = _number(y)
            if c is not None and _power(c) and 1 <= abs(c * s) <= LARGEST:
                return c * s, u
            if s != 1 and (c is not None or (isinstance(y, Var) and y.id in self.common)):
                factor = c * s if c is not None else apply(REGISTRY["mul"], (y, s), {})
                if c is not None and not (TINIEST < abs(c) < 1 / TINIEST):
                    return None
                if isinstance(factor, Var):
                    self.common.add(factor.id)
                    self.known[factor.id] = 1.0, factor
                return 1.0, apply(REGISTRY["mul"], (factor, u), {})
        return None

    def _quotient(self, v: Var) -> Scaled | None:
        x, c = v.args[0], _number(v.args[1])
        if not isinstance(x, Var) or x.shape != v.shape or c is None or not _power(c):
            return None
        s, u = self.known[x.id]
        return (s / c, u) if 1 <= abs(s / c) <= LARGEST else None

    def _negative(self, v: Var) -> Scaled | None:
        s, u = self.known[v.args[0].id]
        return (-s, u) if s != 1 else None

    def _sum(self, v: Var) -> Scaled | None:
        x, y = v.args
        if not isinstance(x, Var) or (_number(x) is not None and v.op.name == "add"):  # type: ignore[union-attr]
            x, y = y, x
            if v.op.name == "sub":  # type: ignore[union-attr]
                return None
        if x.shape != v.shape or x.dtype != v.dtype:
            return None
        s, u = self.known[x.id]
        if s <= 1:
            return None
        c = _number(y)
        if c is not None:
            low = float(v.dtype.type(c)) / s
            if c and abs(low) < TINIEST:
                return None
            return s, apply(v.op, (u, low), {})  # type: ignore[arg-type]
        if isinstance(y, Var) and y.shape == v.shape and y.dtype == v.dtype and self.known[y.id][0] == s:
            return s, apply(v.op, (u, self.known[y.id][1]), {})  # type: ignore[arg-type]
        return None


def _number(a: Any) -> float | None:
    """A constant as a number, if all its elements are the same."""
    if isinstance(a, Var):
        if a.data is None or a.dtype.kind != "f" or not (a.data == a.data.flat[0]).all():
            return None
        return float(a.data.flat[0])
    return float(a) if isinstance(a, (int, float)) and not isinstance(a, bool) else None


def _power(c: float) -> bool:
    return c != 0 and math.isfinite(c) and abs(math.frexp(c)[0]) == 0.5
