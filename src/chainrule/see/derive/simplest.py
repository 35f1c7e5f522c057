"""The simplest form of an expression, within a time that a person waits.

SymPy's `simplify` tries everything and may take minutes. Here a few sure rewritings are tried, each only on what it can
manage, until the time is over; of the forms found the shortest is taken, and of equally short ones the first.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from typing import Any

from chainrule.see.derive.algebra import sp

SECONDS = 0.4  # for one formula; a rewriting that was begun is finished
LOGIC = 6  # comparisons; the tables of cases double with each
LARGE = 250  # operations; beyond this only cheap rewritings are tried
MANY = 300  # terms that multiplying out would give; likewise


def simplest(e: Any, of: Any = None, seconds: float = SECONDS) -> Any:
    """An equal expression, as a teacher would write it if that was found in time.

    of: what e is the slope of; where that is a power with a variable exponent it comes out as a factor.
    """
    if e.has(sp.Piecewise):
        return _piecewise(e, seconds)
    end = time.perf_counter() + seconds
    best, least = e, cost(e)
    for form in _forms(e, of):
        c = cost(form)
        if c < least:
            best, least = form, c
        if time.perf_counter() > end:
            break
    return best


def agree(a: Any, b: Any) -> bool:
    """Whether two expressions have the same values at the first two of some points where both are real numbers."""
    names = sorted((a - b).free_symbols, key=str)
    found = 0
    for start in (0.3, 0.62, 1.7, 2.9, -0.8):
        point = {x: sp.Float(start + 0.07 * i) for i, x in enumerate(names)}
        values = [e.xreplace(point).evalf() for e in (a, b)]
        if all(v.is_Float or v.is_Integer or v.is_Rational for v in values):
            if abs(values[0] - values[1]) > 1e-6 * (1 + abs(values[0])):
                return False
            found += 1
        if found == 2:
            break
    return True


def cost(e: Any) -> tuple[int, int]:
    """How long an expression is to read: operations, and the leaves of its tree."""
    return sp.count_ops(e), sum(1 for _ in sp.preorder_traversal(e))


def terms(e: Any) -> int:
    """At most so many terms come of e, or of a part of it, when it is multiplied out: (x + y)**1000 has 1001."""
    parts = [terms(a) for a in e.args]
    if e.is_Add:
        return sum(parts)
    if e.is_Mul:
        return math.prod(parts)
    if e.is_Pow and e.exp.is_Integer and parts[0] > 1:
        return math.comb(abs(int(e.exp)) + parts[0] - 1, parts[0] - 1)
    return max(parts, default=1)


def multiplies_out(e: Any) -> bool:
    """Whether it gives no more terms than can be looked at."""
    return terms(e) <= MANY


def _forms(e: Any, of: Any) -> Iterator[Any]:
    if not multiplies_out(e):
        yield sp.factor_terms(e)
        return
    names = e.free_symbols
    if names and e.is_polynomial(*names):
        yield sp.expand(e)
        if sp.count_ops(e) < LARGE:
            yield sp.factor(e)
        return
    powers = sp.powsimp(e)
    yield powers
    if sp.count_ops(e) > LARGE:
        yield sp.factor_terms(powers)
        return
    if of is not None and isinstance(of, (sp.Pow, sp.exp)) and not of.exp.is_number:
        yield of * sp.powsimp(sp.expand(powers / of))
    yield sp.expand(powers)
    together = sp.powsimp(sp.together(powers))
    yield together
    yield sp.factor_terms(together)
    whole = sp.powsimp(sp.cancel(together))
    yield whole
    factored = sp.powsimp(sp.factor(together))
    yield factored
    if e.has(sp.sin, sp.cos, sp.tan, sp.sinh, sp.cosh, sp.tanh):
        turned = sp.trigsimp(factored)
        if _angles(turned) <= _angles(e):  # 2 sin x cos x stays as it is
            yield turned
            yield sp.factor_terms(turned)
    functions = sorted(factored.atoms(sp.Function) - factored.atoms(sp.exp), key=str)
    if functions:
        yield factored.replace(lambda s: s.is_Add and s.has(*functions), lambda s: _grouped(s, functions))
    if e.has(sp.log):
        yield sp.logcombine(factored) if not e.has(sp.sin, sp.cos) else factored
    yield sp.radsimp(factored) if e.has(sp.sqrt) else factored


def _grouped(e: Any, functions: list[Any]) -> Any:
    """A sum by its functions, what they are multiplied by factored."""
    return sp.collect(sp.expand(e), functions, sp.factor)


def _angles(e: Any) -> set[Any]:
    return {f.args[0] for f in e.atoms(sp.sin, sp.cos, sp.tan)}


def in_cases(e: Any) -> Any:
    """An expression whose cases stand outermost, none inside another."""
    inner = any(isinstance(part, sp.Piecewise) for piece in e.atoms(sp.Piecewise) for part in _below(piece))
    return _piecewise(e, SECONDS) if inner else e


def _below(e: Any) -> Iterator[Any]:
    return (part for a in e.args for part in sp.preorder_traversal(a))


def _piecewise(e: Any, seconds: float) -> Any:
    folded = sp.piecewise_fold(e)
    if not isinstance(folded, sp.Piecewise):
        return folded
    values = [simplest(value, None, seconds / len(folded.args)) for value, _ in folded.args]
    return sp.Piecewise(*zip(values, _conditions([c for _, c in folded.args])))


def _conditions(conditions: list[Any]) -> list[Any]:
    """Conditions that are asked one after another, each simplified by what is known when the earlier ones failed."""
    names: dict[Any, Any] = {}

    def named(r: Any) -> Any:
        if r.negated in names:
            return sp.Not(names[r.negated])
        return names.setdefault(r, sp.Dummy())

    found, before = [], sp.false
    for c in conditions:
        bare = c.replace(lambda r: isinstance(r, sp.Rel), named) if c not in (sp.true, sp.false) else c
        short = sp.simplify_logic(bare, deep=False, dontcare=before) if len(names) <= LOGIC else bare
        found.append(short.xreplace({name: r for r, name in names.items()}))
        before = sp.Or(before, bare)
    return found
