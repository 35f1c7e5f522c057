"""Between which numbers a result lies, from those between which its operands lie: rules of interval arithmetic.

A bound is a pair of arrays, the lower and the upper ends for many candidates at once. An operand that is given twice is
the same pair. Rules are exact but for rounding, which is for the caller; what has no bound is NaN.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Bounds = tuple[Any, Any]
Rule = Callable[..., Bounds]


def hull(*bounds: Bounds) -> Bounds:
    """All that lies in one of them or between."""
    return np.min([b[0] for b in bounds], axis=0), np.max([b[1] for b in bounds], axis=0)


def total(x: Bounds, y: Bounds) -> Bounds:
    """x + y."""
    return x[0] + y[0], x[1] + y[1]


def difference(x: Bounds, y: Bounds) -> Bounds:
    """x - y."""
    return x[0] - y[1], x[1] - y[0]


def product(x: Bounds, y: Bounds) -> Bounds:
    """x y; of one and the same number a square."""
    if x is y:
        return even(x, 2)
    products = [a * b for a in x for b in y]
    return np.min(products, axis=0), np.max(products, axis=0)


def quotient(x: Bounds, y: Bounds) -> Bounds:
    """x / y."""
    across = (y[0] <= 0) & (y[1] >= 0)
    quotients = [np.where(across, np.nan, a / b) for a in x for b in y]
    return np.min(quotients, axis=0), np.max(quotients, axis=0)


def even(x: Bounds, n: Any) -> Bounds:
    """An even power of x, or of |x| any."""
    least = np.where((x[0] <= 0) & (x[1] >= 0), 0.0, np.minimum(abs(x[0]), abs(x[1])))
    return least**n, np.maximum(abs(x[0]), abs(x[1])) ** n


def power(x: Bounds, y: Bounds) -> Bounds:
    """x to the power of a number that is known."""
    n = np.max(y[0], initial=-np.inf)
    if not np.all(y[0] == n) or not np.all(y[1] == n):
        return x[0] * np.nan, x[1] * np.nan
    if n >= 0 and n == np.floor(n):
        return even(x, n) if n % 2 == 0 else (x[0] ** n, x[1] ** n)
    n = np.where(x[0] > 0, n, np.nan)
    return np.minimum(x[0] ** n, x[1] ** n), np.maximum(x[0] ** n, x[1] ** n)


def rising(f: Callable[[Any], Any]) -> Rule:
    """The rule of a function that never falls."""
    return lambda x: (f(x[0]), f(x[1]))


def between(low: float, high: float) -> Rule:
    """The rule of a result that lies between two numbers, whatever the operands."""
    return lambda x, *_: (np.full_like(x[0], low), np.full_like(x[0], high))
