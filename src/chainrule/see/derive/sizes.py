"""How large an expression becomes when it is multiplied out, made one quotient, or factored: what SymPy can manage.

It cannot be interrupted, and its time grows with these sizes from milliseconds to hours: they are looked at before.
"""

from __future__ import annotations

import math
from typing import Any

from chainrule.see.derive.algebra import sp

MANY_TERMS = 300  # terms that multiplying out would give; likewise
DENSE = 1500  # coefficients of the polynomials that a quotient is made of; of more it is not cancelled
HARD = 60  # the degree up to which polynomials are factored: that can take twice as long with each more
LONG = 10**20  # a coefficient with which factoring takes long: it looks for a prime beyond it


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
    return terms(e) <= MANY_TERMS


def cancels(e: Any) -> bool:
    """Whether e, as a quotient of two polynomials in what is no sum, product or whole power, has no large ones."""
    degree, kernels = _degree(e)
    return degree < DENSE and math.comb(degree + kernels, kernels) <= DENSE


def factors(e: Any) -> bool:
    """Whether the polynomials of which e is a quotient are short enough to be factored."""
    short = all(1 / LONG < abs(n) < LONG for n in e.atoms(sp.Number) if n)
    short = short and all(max(abs(r.p), r.q) < LONG for r in e.atoms(sp.Rational))
    return short and _degree(e)[0] <= HARD and cancels(e)


def factored(e: Any) -> Any:
    """e as a product, if it can be had; else what all its terms share, in front."""
    return sp.factor(e) if factors(e) else sp.factor_terms(e)


def _degree(e: Any) -> tuple[int, int]:
    """The degree of the polynomials that e is a quotient of, and in how many different things they are polynomials."""
    kernels: set[Any] = set()
    fine = [1]

    def degrees(e: Any) -> tuple[int, int]:
        if e.is_Add or e.is_Mul:
            parts = [degrees(a) for a in e.args]
            below = sum(d for _, d in parts)
            above = max(n - d for n, d in parts) + below if e.is_Add else sum(n for n, _ in parts)
            return above, below
        if e.is_Pow and e.exp.is_Integer:
            n, d = degrees(e.base)
            k = abs(int(e.exp))
            return (d * k, n * k) if e.exp < 0 else (n * k, d * k)
        if e.is_number:
            return 0, 0
        if e.is_Pow and e.exp.is_Rational:  # x is the tenth power of its tenth root
            fine[0] = math.lcm(fine[0], int(e.exp.q))
            kernels.add(e.base)
            k = math.ceil(abs(e.exp))
            return (0, k) if e.exp < 0 else (k, 0)
        kernels.add(e)
        return 1, 0

    return max(*degrees(e), 0) * fine[0], len(kernels)
