"""Formulas of single numbers: an argument x is a symbol x, or x_1, x_2, ... where it has several elements.

The slopes are the engine's own, its rules run on symbols, then simplified. Of an order above the first they are SymPy's
derivatives of those.
"""

from __future__ import annotations

from functools import cached_property
from itertools import combinations_with_replacement
from typing import Any

import numpy as np

from chainrule.base.language import say
from chainrule.see.derive.algebra import NoFormula, sp
from chainrule.see.derive.derivation import ByVariable, Derivation, Values
from chainrule.see.derive.simplest import agree, cost, in_cases, simplest
from chainrule.see.derive.steps import Step, steps
from chainrule.see.derive.subject import Subject
from chainrule.see.derive.symbols import Reading, Symbols, begin

MOST = 5000  # operations in the formulas of a function, as they are written out
MANY = 40  # operations in a formula of cases, beyond which sorting them takes long


class Elements(Derivation):
    """A derivation with a symbol for every number."""

    def __init__(self, subject: Subject, order: int) -> None:
        super().__init__(subject, order)
        own, reading = begin(subject)
        self._places = [(i, k) for i, x in enumerate(own) for k in range(x.size)]  # of each variable: argument, element
        real = [x for symbols in own for x in symbols.a.reshape(-1)]
        self._plain = {x: sp.Symbol(x.name) for x in real}
        self.variables = list(self._plain.values())
        subject.check_size([subject.result], MOST, of_elements=True)
        (self._y,) = reading.read([subject.result])
        self._y = Symbols(np.frompyfunc(in_cases, 1, 1)(self._y.a))
        if self._y.ndim > 2:
            raise NoFormula(say("a result of shape {shape} has no formula on a page", shape=list(self._y.shape)))
        if subject.at_point:
            subject.value()
        self._slopes = [self._engine(reading, at) for at in np.ndindex(*self._y.shape)]
        self.function = self._shown(list(self._y.a.reshape(-1)))

    def _engine(self, reading: Reading, at: tuple[int, ...]) -> list[Any]:
        """The slopes of one number of the result in every variable, by the engine's rules."""
        seed, gradients = self.subject.gradient()
        used = [g for g in gradients if g is not None]
        got: list[Any] = []
        if used:
            one = np.full(self._y.shape, sp.S.Zero, dtype=object)
            one[at] = sp.S.One
            self.subject.check_size(used, 20 * MOST, of_elements=True)
            known = {**reading.values, seed.id: Symbols(one)}  # type: ignore[union-attr]
            got = Reading(known, self.subject.function, self.subject.lowered).read(used)
        found = iter(got)
        flat: list[Any] = []
        for x, g in zip(self.subject.arguments, gradients):
            flat += [sp.S.Zero] * x.numel() if g is None else list(next(found).a.reshape(-1))
        y = sp.sympify(self._y.a[at])
        return [_simple(sp.sympify(e), y, x) for e, x in zip(flat, self._plain)]

    def _shown(self, flat: list[Any]) -> Any:
        """Numbers of the result's shape as users get them: an expression or a matrix, in plain symbols."""
        flat = [sp.sympify(e).xreplace(self._plain) for e in flat]
        if len(flat) == 1:
            return flat[0]
        shape = self._y.shape if self._y.ndim == 2 else (len(flat), 1)
        return sp.ImmutableMatrix(*shape, flat)

    @cached_property
    def first(self) -> ByVariable:
        """The slopes, order 1."""
        return ByVariable({x: self._shown([s[i] for s in self._slopes]) for i, x in enumerate(self.variables)})

    @cached_property
    def derivatives(self) -> ByVariable:  # type: ignore[override]
        """The derivatives of the order asked for, by variable (by tuples of variables where there are several)."""
        if self.order == 1:
            return self.first
        paths = list(combinations_with_replacement(self.variables, self.order))
        known: dict[tuple[Any, ...], Any] = {(x,): e for x, e in self.first.items()}
        for path in paths:
            for n in range(2, self.order + 1):
                if path[:n] not in known:
                    known[path[:n]] = _slope(known[path[: n - 1]], path[n - 1])
        return ByVariable({path if len(self.variables) > 1 else path[0]: known[path] for path in paths})

    @cached_property
    def jacobian(self) -> Any:
        """The slopes of every number of the result (rows) in every variable (columns), as a matrix."""
        return sp.ImmutableMatrix([[e.xreplace(self._plain) for e in row] for row in self._slopes])

    @cached_property
    def hessian(self) -> Any:
        """The matrix of second derivatives of a function of one result."""
        if len(self._slopes) > 1:
            raise NoFormula(say("a Hessian belongs to a function of one result; this one has {n}", n=len(self._slopes)))
        n = len(self.variables)
        upper = {
            (i, j): _slope(self.first[x], self.variables[j])
            for i, x in enumerate(self.variables) for j in range(i, n)
        }  # fmt: skip
        return sp.ImmutableMatrix(n, n, lambda i, j: upper[min(i, j), max(i, j)])

    @cached_property
    def steps(self) -> list[Step]:
        """The rules in the order in which a person applies them; one way after another where there are several."""
        found: list[Step] = []
        if len(self._slopes) > 1:
            raise NoFormula(
                say("steps are written for a function of one result; this one has {n}", n=len(self._slopes))
            )
        chains = self.derivatives if self.order > 1 else {x: None for x in self.variables}
        seen = set()
        for key in chains:
            path = key if isinstance(key, tuple) else (key,) * self.order
            now = self.function
            for n, x in enumerate(path):
                after = self.first[x] if n == 0 else _slope(now, x)
                if path[: n + 1] not in seen:
                    seen.add(path[: n + 1])
                    found += steps(now, x, after)
                now = after
        return found

    def _values(self) -> Values:
        at = dict(zip(self.variables, self._places))
        y = self.subject.value()
        slopes = ByVariable({key: self.subject.slope([at[x] for x in self._path(key)]) for key in self.derivatives})
        return Values(float(y.reshape(())) if y.size == 1 else y, slopes)


def _simple(slope: Any, y: Any, x: Any) -> Any:
    """The engine's slope of y in x, simplified.

    Where a rule makes cases for the sake of numbers (softplus is straight beyond 20), or cases meet cases, the slope of
    the formula has fewer of them, and is taken.
    """
    if not slope.has(sp.Piecewise):
        return simplest(slope, y)
    other = _slope(y, x)
    if not agree(slope, other):  # the function stops gradients, or has a backward of its own
        return simplest(slope)
    if not y.has(sp.Piecewise) or sp.count_ops(slope) > MANY:
        return other
    slope = simplest(slope)
    return other if cost(other) <= cost(slope) else slope


def _slope(e: Any, x: Any) -> Any:
    """SymPy's derivative; a jump has slope 0 on both sides, as the engine has it."""
    flat = sp.diff(e, x).replace(sp.DiracDelta, lambda *_: sp.S.Zero)
    return flat.applyfunc(simplest) if isinstance(flat, sp.MatrixBase) else simplest(flat)
