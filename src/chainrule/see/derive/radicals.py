"""Quotients with square roots: the roots brought above the line, and what then cancels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from chainrule.see.derive.algebra import sp
from chainrule.see.derive.sizes import factored

MOST_ROOTS = 3  # different roots in a quotient that is rewritten


def without_radicals_below(e: Any) -> Iterator[Callable[[Any], Any]]:
    """Rewritings of an expression with square roots; none where there are no roots, or too many."""
    bases = {p.base for p in e.atoms(sp.Pow) if p.exp.is_Rational and p.exp.q == 2}
    if any(p.exp.is_Rational and p.exp.q > 2 for p in e.atoms(sp.Pow)) or not 1 <= len(bases) <= MOST_ROOTS:
        return
    if not any(b.free_symbols for b in bases) or any(b.has(sp.Pow) and _rooted(b) for b in bases):
        return
    yield _rationalised


def _rooted(b: Any) -> bool:
    return any(p.exp.is_Rational and p.exp.q == 2 for p in b.atoms(sp.Pow))


def _rationalised(e: Any) -> Any:
    bases = sorted({p.base for p in e.atoms(sp.Pow) if p.exp.is_Rational and p.exp.q == 2}, key=sp.default_sort_key)
    roots = {b: sp.Dummy(f"r{i}", positive=True) for i, b in enumerate(bases)}
    e = e.replace(
        lambda p: p.is_Pow and p.exp.is_Rational and p.exp.q == 2, lambda p: roots[p.base] ** (2 * p.exp)
    )  # fmt: skip
    above, below = sp.fraction(sp.cancel(e))
    for b, r in roots.items():
        above, below = _reduced(above, r, b), _reduced(below, r, b)
        if below.has(r):
            other = below.xreplace({r: -r})  # (p + q r)(p - q r) has no r
            above, below = _reduced(sp.expand(above * other), r, b), _reduced(sp.expand(below * other), r, b)
    return factored(above / below).xreplace({r: sp.sqrt(b) for b, r in roots.items()})


def _reduced(p: Any, r: Any, b: Any) -> Any:
    """A polynomial in r with r**2 = b, as p0 + p1 r."""
    found = sp.S.Zero
    for (k,), c in sp.Poly(p, r).terms():
        found += c * b ** (k // 2) * r ** (k % 2)
    return sp.expand(found)
