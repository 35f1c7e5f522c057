"""The value of a formula at a point, and what is odd there: a jump, a kink, a gap that a limit closes.

At a single point a formula may say nothing (0/0), or be made of pieces that meet there. So it is looked at beside the
point too, so near that what is smooth is the same to all digits: with 30 digits at a distance of 1e-20.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from chainrule.see.derive.algebra import sp

NEAR, NEARER = 1e-10, 1e-20  # distances from the point, for numbers of about 1
DIGITS = 80  # of a place
MOST_DIGITS = 500  # digits that cancel at most
LONGEST = 2000  # operations in a formula that is computed


def value(e: Any, at: dict[Any, Any]) -> float:
    """An expression as a number, with digits to spare; NaN where it has no real value."""
    try:
        got = e.evalf(
            30, maxn=MOST_DIGITS, subs={x: sp.Float(v, 30) if isinstance(v, float) else v for x, v in at.items()}
        )
        if not got.is_number:
            return math.nan
        if got.is_infinite and got.is_extended_real:
            return float(got)
        return float(got) if got.is_real else math.nan
    except (ArithmeticError, AttributeError, NotImplementedError, RecursionError, TypeError, ValueError):
        return math.nan


class Sides(NamedTuple):
    """A formula at a point and its limits there from the left and from the right; NaN where it has none."""

    here: float
    left: float
    right: float

    @property
    def kink(self) -> bool:
        """Whether it comes to another value from the one side than from the other."""
        return not math.isnan(self.left) and not math.isnan(self.right) and not close(self.left, self.right)

    @property
    def best(self) -> float:
        """Its value, but the limit where both sides come to another; NaN if there is neither."""
        if self.kink:
            return self.here
        known = [v for v in (self.left, self.right) if not math.isnan(v)]
        if not known or close(self.here, known[0]):
            return self.here
        return known[0] if len(known) == 2 or math.isnan(self.here) else self.here


def sides(e: Any, at: dict[Any, Any], x: Any) -> Sides:
    """e at a point, and its limits from the left and right along x."""
    return Sides(value(e, _place(at)), _limit(e, at, x, -1), _limit(e, at, x, 1))


def _limit(e: Any, at: dict[Any, Any], x: Any, sign: int) -> float:
    """What e comes to from one side: its value very near, 0 or infinite if it goes on to fall or to grow."""
    far, near = (value(e, _place(at, x, sign * h)) for h in (NEAR, NEARER))
    if abs(near) > 1.5 * abs(far):
        return math.copysign(math.inf, near)
    return 0.0 if abs(near) < abs(far) / 1.5 else near


def jumps(e: Any, at: dict[Any, Any], x: Any) -> bool:
    """Whether e has a value at the point to which it does not come nearer and nearer from a side where it has one."""
    here = value(e, _place(at))
    if not math.isfinite(here):
        return False
    for sign in (-1, 1):
        far, near = (abs(value(e, _place(at, x, sign * h)) - here) for h in (NEAR, NEARER))
        if math.isfinite(near) and near > 1e-9 * (1 + abs(here)) and near > far / 2:
            return True
    return False


def close(a: float, b: float, relative: float = 1e-9) -> bool:
    """Whether two numbers are the same but for rounding."""
    if not (math.isfinite(a) and math.isfinite(b)):
        return a == b or (math.isnan(a) and math.isnan(b))
    return abs(a - b) <= relative * max(abs(a), abs(b)) + 1e-30


def _place(at: dict[Any, Any], moved: Any = None, by: float = 0.0) -> dict[Any, Any]:
    place = {x: sp.N(v, DIGITS) if isinstance(v, sp.Basic) else sp.Float(v, DIGITS) for x, v in at.items()}
    if moved is not None:
        place[moved] += sp.Float(by, DIGITS) * (1 + abs(place[moved]))
    return place
