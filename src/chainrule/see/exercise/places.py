"""Where answers are compared: numbers for the variables at which the function and its slopes have finite values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.api.backward import grad
from chainrule.base.language import say
from chainrule.core.state import mode
from chainrule.core.tensor import LEAF, Tensor, wrap

Array = np.ndarray[Any, Any]
ENOUGH = 16  # places
FEWEST = 4
RANGES = (3.0, 1.0, 0.5, 10.0)  # of the numbers that are tried, around 0, and above it
CLOSE = 1e-8  # in relation to the slope: answers that differ by less have the same values


def slopes(f: Callable[..., Any], point: Sequence[float]) -> tuple[float, list[float]]:
    """The value of a function of numbers and its partial derivatives; NaN where there are none."""
    leaves = [wrap(np.float64(v), LEAF) for v in point]
    with mode(grad=True), np.errstate(all="ignore"):
        try:
            y = f(*leaves)
            if not isinstance(y, Tensor):
                return float(y), [0.0] * len(leaves)
            if y._g is None:
                return float(y._a), [0.0] * len(leaves)
            found = grad(y, leaves, allow_unused=True)  # type: ignore[attr-defined]
        except (ValueError, ZeroDivisionError, OverflowError):
            return np.nan, [np.nan] * len(leaves)
    return float(y._a), [0.0 if g is None else float(g._a) for g in found]


def value(f: Callable[..., Any] | float, point: Sequence[float]) -> float:
    """The value of an answer: a number, or a function of the variables."""
    if not callable(f):
        return float(f)
    with np.errstate(all="ignore"):
        try:
            y = f(*(wrap(np.float64(v)) for v in point))
        except (ValueError, ZeroDivisionError, OverflowError):
            return float("nan")
    return float(y.detach()._a if isinstance(y, Tensor) else y)


def places(f: Callable[..., Any], n: int) -> tuple[Array, Array, Array]:
    """Points (places, n), the values there, and the partial derivatives (places, n).

    Raises ValueError for a function that has hardly a finite value.
    """
    draws = np.random.default_rng(n)  # the same for each reader
    tried = np.concatenate(
        [np.concatenate([draws.uniform(-r, r, (12, n)), draws.uniform(0, r, (12, n))]) for r in RANGES]
    )
    found = []
    for point in draws.permutation(tried):
        y, g = slopes(f, point)
        if np.isfinite([y, *g]).all() and max(map(abs, [y, *g])) < 1e12:
            found.append((point, y, g))
            if len(found) == ENOUGH:
                break
    if len(found) < FEWEST:
        raise ValueError(say("the function has no values at the places that were tried, so answers cannot be compared"))
    return tuple(np.array(part) for part in zip(*found))  # type: ignore[return-value]


def same(given: Array, right: Array, tol: float = CLOSE) -> bool:
    """Whether two rows of values agree where both are finite, which has to be at a third of the places at least.

    By the size of the right value at each place; near its zeros, where what is right in another form is rounded
    otherwise, by the usual size. (By the largest, 1e12 at one place would allow 10 at all others.)
    """
    both = np.isfinite(given) & np.isfinite(right)
    if both.sum() * 3 < len(right) or not both.any():
        return False
    sizes = np.abs(right)
    scale = np.maximum(sizes[both], 1e-3 * np.median(sizes[np.isfinite(right)]))
    return bool((np.abs(given[both] - right[both]) <= tol * scale + 1e-300).all())
