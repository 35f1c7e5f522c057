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
from chainrule.see.derive import numbers
from chainrule.see.derive.algebra import NoFormula, sp, worked_out
from chainrule.see.derive.derivation import ByVariable, Derivation, Values
from chainrule.see.derive.simplest import agree, cost, in_cases, simplest
from chainrule.see.derive.slope import derivative, odd_places
from chainrule.see.derive.steps import Step, steps
from chainrule.see.derive.subject import Subject
from chainrule.see.derive.symbols import Reading, Symbols, begin

MOST_OPERATIONS = 5000  # operations in the formulas of a function, as they are written out
MANY_OPERATIONS = 40  # operations in a formula of cases, beyond which sorting them takes long


class Elements(Derivation):
    """A derivation with a symbol for every number."""

    def __init__(self, subject: Subject, order: int) -> None:
        super().__init__(subject, order)
        own, reading = begin(subject)
        self._places = [(i, k) for i, x in enumerate(own) for k in range(x.size)]  # of each variable: argument, element
        self._real = [x for symbols in own for x in symbols.a.reshape(-1)]
        self._plain = {x: sp.Symbol(x.name) for x in self._real}
        self.variables = list(self._plain.values())
        subject.check_size([subject.result], MOST_OPERATIONS, of_elements=True)
        with worked_out():
            (self._y,) = reading.read([subject.result])
            self._y = Symbols(np.frompyfunc(in_cases, 1, 1)(self._y.a))
            if self._y.ndim > 2:
                raise NoFormula(say("a result of shape {shape} has no formula on a page", shape=list(self._y.shape)))
            if subject.at_point:
                subject.value()
            self._slopes = [self._engine(reading, at) for at in np.ndindex(*self._y.shape)]
            self._known: dict[tuple[int, ...], list[Any]] = {}
            self._functions = [sp.sympify(e) for e in self._y.a.reshape(-1)]
            self.function = self._shown(self._functions)

    def _engine(self, reading: Reading, at: tuple[int, ...]) -> list[Any]:
        """The slopes of one number of the result in every variable, by the engine's rules.

        Where an op has no rule, as floor_divide has none, they are the derivatives of the formula.
        """
        y = sp.sympify(self._y.a[at])
        if self.subject.no_gradient:
            return [_slope(y, x) for x in self._real]
        seed, gradients = self.subject.gradient()
        used = [g for g in gradients if g is not None]
        got: list[Any] = []
        if used:
            one = np.full(self._y.shape, sp.S.Zero, dtype=object)
            one[at] = sp.S.One
            self.subject.check_size(used, 20 * MOST_OPERATIONS, of_elements=True)
            known = {**reading.values, seed.id: Symbols(one)}  # type: ignore[union-attr]
            got = Reading(known, self.subject).read(used)
        found = iter(got)
        flat: list[Any] = []
        for x, g in zip(self.subject.arguments, gradients):
            flat += [sp.S.Zero] * x.numel() if g is None else list(next(found).a.reshape(-1))
        return [_simple(sp.sympify(e), y, x) for e, x in zip(flat, self._plain)]

    def _shown(self, flat: list[Any]) -> Any:
        """Numbers of the result's shape as users get them: an expression or a matrix, in plain symbols."""
        flat = [sp.sympify(e).xreplace(self._plain) for e in flat]
        if len(flat) == 1:
            return flat[0]
        shape = self._y.shape if self._y.ndim == 2 else (len(flat), 1)
        return sp.ImmutableMatrix(*shape, flat)

    def _along(self, path: tuple[int, ...]) -> list[Any]:
        """The derivatives of every number of the result by these variables, one after another, in real symbols."""
        if path not in self._known:
            if len(path) == 1:
                self._known[path] = [s[path[0]] for s in self._slopes]
            else:
                with worked_out():
                    self._known[path] = [_slope(e, self._real[path[-1]]) for e in self._along(path[:-1])]
        return self._known[path]

    @cached_property
    def derivatives(self) -> ByVariable:  # type: ignore[override]
        """The derivatives of the order asked for, by variable (by tuples of variables where there are several)."""
        several = len(self.variables) > 1 and self.order > 1
        paths = list(combinations_with_replacement(range(len(self.variables)), self.order))
        return ByVariable(
            {
                tuple(self.variables[i] for i in path) if several else self.variables[path[0]]:
                self._shown(self._along(path))
                for path in paths
            }
        )  # fmt: skip

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
        return sp.ImmutableMatrix(n, n, lambda i, j: self._shown(self._along((min(i, j), max(i, j)))))

    @cached_property
    def steps(self) -> list[Step]:
        """The rules in the order in which a person applies them; one way after another where there are several."""
        found: list[Step] = []
        if len(self._slopes) > 1:
            raise NoFormula(
                say("steps are written for a function of one result; this one has {n}", n=len(self._slopes))
            )
        seen = set()
        for path in combinations_with_replacement(range(len(self.variables)), self.order):
            now = self._functions[0]
            for n, i in enumerate(path):
                (after,) = self._along(path[: n + 1])
                if path[: n + 1] not in seen:
                    seen.add(path[: n + 1])
                    with worked_out():
                        found += [step.of(self._plain) for step in steps(now, self._real[i], after)]
                now = after
        return found

    # ---- at the point

    def _values(self) -> Values:
        y = self.subject.value()
        index = {x: i for i, x in enumerate(self.variables)}
        slopes = ByVariable()
        self._odd: list[str] = []
        for key in self.derivatives:
            path = tuple(index[x] for x in self._path(key))
            places = [self._places[i] for i in path]
            engine = np.full(y.shape, np.nan) if self.subject.no_gradient else np.asarray(self.subject.slope(places))
            found = [self._at_point(j, path, float(e)) for j, e in enumerate(engine.reshape(-1))]
            slopes[key] = found[0] if y.size == 1 else np.reshape(found, engine.shape)
        return Values(float(y.reshape(())) if y.size == 1 else y, slopes)

    def _at_point(self, j: int, path: tuple[int, ...], engine: float) -> float:
        """A derivative of the j-th number of the result at the point: the formula's value.

        What is odd there is noted, and the engine's value where it is another one.
        """
        at = dict(zip(self._real, (float(v) for x in self.subject.arguments for v in np.reshape(x._a, -1))))
        chain = [self._functions[j], *(self._along(path[: n + 1])[j] for n in range(len(path)))]
        if sp.count_ops(chain[-1]) > numbers.LONGEST:
            return engine
        room = max(float(np.finfo(x._a.dtype).eps) for x in self.subject.arguments) ** 0.5
        here, label = numbers.value(chain[-1], at), self._name(path)
        if (
            np.isfinite(here)
            and numbers.close(here, engine, room)
            and not any(odd_places(e) or _steps(e) for e in chain)
        ):
            return engine
        x, where = self._real[path[0]], self._point()
        if numbers.jumps(chain[0], at, x):
            self._odd.append(say("At {where} the function jumps: there is no derivative there.", where=where))
            return here if np.isfinite(here) else engine
        for n, i in enumerate(path):
            seen = numbers.sides(chain[n + 1], at, self._real[i])
            if seen.kink:
                self._odd.append(
                    say("At {where}, {d} is {left} on the left and {right} on the right, so there is none there.",
                        where=where, d=self._name(path[: n + 1]), left=f"{seen.left:.6g}", right=f"{seen.right:.6g}")
                )  # fmt: skip
                return here if np.isfinite(here) else engine
        best = seen.best
        if np.isnan(best):
            return engine
        if np.isfinite(best) and not numbers.close(here, best):
            self._odd.append(
                say("At {where} the formula for {d} says nothing; the value is its limit.", where=where, d=label)
            )
        if not self.subject.no_gradient and not numbers.close(best, engine, room):
            self._odd.append(
                say("Automatic differentiation gives {engine} for {d} there: it meets 0/0, a tie, or a branch that is "
                    "not taken.", engine=f"{engine:.6g}", d=label)
            )  # fmt: skip
        return best

    def _name(self, path: tuple[int, ...]) -> str:
        return self._label(tuple(self.variables[i] for i in path), "{}{}/{}")

    @cached_property
    def remarks(self) -> list[str]:  # type: ignore[override]
        """Where there is no derivative, or may be none, and what is odd at the point."""
        found: list[str] = []
        if self.subject.ordered:
            found.append(say("The formulas are those for the order that the elements have at the point."))
        there, perhaps = self._gaps()
        if there:
            found.append(say("There is no derivative where {places}.", places=", ".join(there)))
        if perhaps:
            found.append(say("There may be no derivative where {places}.", places=", ".join(perhaps)))
        if self.values is not None:
            found += self._odd
        return list(dict.fromkeys(found))

    def _gaps(self) -> tuple[list[str], list[str]]:
        """The places where the formulas have a jump; and those where they may have one."""
        there: dict[str, None] = {}
        perhaps: dict[str, None] = {}
        for path in combinations_with_replacement(range(len(self.variables)), self.order):
            for y, e in zip(self._functions, self._along(path)):
                for u in [s.args[0] for part in (y, e) for s in _steps(part)]:
                    there[say("{u} is a whole number", u=sp.sstr(u))] = None
                for r in {*odd_places(y), *odd_places(e)}:
                    roots = _roots(r, self._real[0]) if len(self._real) == 1 else None
                    if roots is None:
                        perhaps[f"{sp.sstr(r.lhs)} = {sp.sstr(r.rhs)}"] = None
                    for root in roots or ():
                        at = {self._real[0]: root}
                        if numbers.jumps(y, at, self._real[0]) or numbers.sides(e, at, self._real[0]).kink:
                            there[f"{self._real[0]} = {sp.sstr(root)}"] = None
        return sorted(there), sorted(perhaps)


def _steps(e: Any) -> list[Any]:
    return sorted(e.atoms(sp.floor, sp.ceiling), key=sp.default_sort_key)


def _roots(r: Any, x: Any) -> list[Any] | None:
    """The numbers at which an equation holds, exact; None where they are not seen at once."""
    u = r.lhs - r.rhs
    if not u.is_polynomial(x) or not 1 <= sp.degree(u, x) <= 2:
        return None
    return sorted(root for root in sp.roots(u, x) if root.is_real)


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
    if not y.has(sp.Piecewise) or sp.count_ops(slope) > MANY_OPERATIONS:
        return other
    slope = simplest(slope)
    return other if cost(other) <= cost(slope) else slope


def _slope(e: Any, x: Any) -> Any:
    """The derivative of a formula, simplified; a jump has slope 0 on both sides, as the engine has it."""
    return simplest(derivative(e, x))
