"""The simplest form of an expression, by a few bounded tries.

SymPy's `simplify` tries everything and may take minutes. Here a few sure rewritings are tried, each only on what it can
manage by the size that it would make; of the forms found the shortest is taken, and of equally short ones the first.
What is tried goes by the expression, and by the processor's time, not the clock's: a busy machine gives the same.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

from chainrule.see.derive.algebra import sp
from chainrule.see.derive.radicals import without_radicals_below
from chainrule.see.derive.sizes import cancels, factored, factors, multiplies_out

LOGIC = 6  # comparisons; the tables of cases double with each
LARGE = 250  # operations; beyond this only cheap rewritings are tried
ANGLES = 60  # operations up to which the rules of angles are tried
_clock = getattr(time, "thread_time", time.perf_counter)  # a browser has no time of threads
SECONDS = 2.0  # of computing for one formula, a last resort: what is tried is bounded by sizes long before


def simplest(e: Any, of: Any = None) -> Any:
    """An equal expression, as a teacher would write it if one of the tries finds that.

    of: what e is the slope of; where that is a power with a variable exponent it comes out as a factor.
    """
    if e.has(sp.Piecewise):
        return _piecewise(e)
    best, least = e, cost(e)
    if e.has(sp.Abs, sp.sign):
        e = _tried(_signs, e)
    end = _clock() + SECONDS
    for form in chain([e], _forms(e, of)):
        c = cost(form)
        if c < least and not form.has(sp.nan, sp.zoo, sp.I):
            best, least = form, c
        if _clock() > end:
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


def _tried(rewrite: Callable[..., Any], e: Any, *more: Any) -> Any:
    """A form of e; e itself where SymPy cannot make it."""
    try:
        return rewrite(e, *more)
    except (ArithmeticError, AttributeError, NotImplementedError, RecursionError, TypeError, ValueError,
            sp.PolynomialError):  # fmt: skip
        return e


def _forms(e: Any, of: Any) -> Iterator[Any]:
    whole = cancels(e)
    if not multiplies_out(e) and not whole:
        yield _tried(sp.factor_terms, e)
        return
    names = e.free_symbols
    if names and e.is_polynomial(*names):
        yield _tried(sp.expand, e)
        if sp.count_ops(e) < LARGE:
            yield _tried(factored, e)
        return
    if whole:
        quotient = _tried(sp.cancel, e)
        yield quotient
        yield _tried(factored, quotient)
    powers = _tried(sp.powsimp, e)
    yield powers
    if sp.count_ops(e) > LARGE or not multiplies_out(e):
        yield _tried(sp.factor_terms, powers)
        return
    if of is not None and isinstance(of, (sp.Pow, sp.exp)) and not of.exp.is_number:
        yield of * _tried(lambda e: sp.powsimp(sp.expand(e)), powers / of)
    yield _tried(sp.expand, powers)
    together = _tried(lambda e: sp.powsimp(sp.together(e)), powers)
    yield together
    yield _tried(sp.factor_terms, together)
    if not cancels(together):
        return
    yield _tried(lambda e: sp.powsimp(sp.cancel(e)), together)
    product = _tried(lambda e: sp.powsimp(factored(e)), together)
    yield product
    yield from _by_functions(e, product)
    yield from (_tried(form, e) for form in without_radicals_below(e))


def _signs(e: Any) -> Any:
    """A form by sign(u) u = |u|, sign(u)**2 = 1: |u| and sign(u) belong together."""
    inner = {f.args[0] for f in e.atoms(sp.Abs, sp.sign) if not f.args[0].has(sp.Abs, sp.sign)}
    for u in inner:
        s = sp.Dummy(positive=True)
        bare = sp.expand(e.xreplace({sp.Abs(u): u * s, sp.sign(u): s}))
        bare = bare.replace(
            lambda p, s=s: p.is_Pow and p.base == s and p.exp.is_Integer, lambda p, s=s: s ** (p.exp % 2)
        )
        bare = factored(bare) if cancels(bare) else bare
        e = bare.xreplace({s: sp.sign(u)}).replace(sp.sign(u) * u, sp.Abs(u))
    return e


def _by_functions(e: Any, product: Any) -> Iterator[Any]:
    """Forms by the rules of what is in e: of angles, logarithms, powers."""
    angles = e.has(sp.sin, sp.cos, sp.tan, sp.sinh, sp.cosh, sp.tanh)
    if angles and sp.count_ops(product) < ANGLES and factors(product):  # SymPy factors on the way
        turned = _tried(sp.trigsimp, product)
        if _angles(turned) <= _angles(e):  # 2 sin x cos x stays as it is
            yield turned
            yield _tried(sp.factor_terms, turned)
    functions = sorted(product.atoms(sp.Function) - product.atoms(sp.exp), key=str)
    if functions:
        yield _tried(_regrouped, product, functions)
    if e.has(sp.log):
        yield _tried(sp.expand_log, product)
        if not e.has(sp.sin, sp.cos):
            yield _tried(sp.logcombine, product)


def _regrouped(e: Any, functions: list[Any]) -> Any:
    return e.replace(lambda s: s.is_Add and s.has(*functions), lambda s: _grouped(s, functions))


def _grouped(e: Any, functions: list[Any]) -> Any:
    """A sum by its functions, what they are multiplied by factored."""
    return sp.collect(sp.expand(e), functions, factored)


def _angles(e: Any) -> set[Any]:
    return {f.args[0] for f in e.atoms(sp.sin, sp.cos, sp.tan)}


def in_cases(e: Any) -> Any:
    """An expression whose cases stand outermost, none inside another."""
    inner = any(isinstance(part, sp.Piecewise) for piece in e.atoms(sp.Piecewise) for part in _below(piece))
    return _piecewise(e) if inner else e


def _below(e: Any) -> Iterator[Any]:
    return (part for a in e.args for part in sp.preorder_traversal(a))


def _piecewise(e: Any) -> Any:
    folded = _tried(sp.piecewise_fold, e)
    if not isinstance(folded, sp.Piecewise):
        return folded
    values = [simplest(value) if not value.has(sp.Piecewise) else value for value, _ in folded.args]
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
