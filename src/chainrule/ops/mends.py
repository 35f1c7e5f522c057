"""What mends a number that is not finite, where an op made it: sentences for people, of (the op's name, its operands).

A mend is a text, or None where it does not fit these operands. `slope_` are those for backward.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from chainrule.base.language import say

Mend = Callable[..., str | None]


def logarithm(op: str, x: float = math.nan, *_: float) -> str:
    """Of a number that is not positive."""
    return say(
        "The logarithm is defined for positive numbers alone. Keep its input above zero, as in "
        "log(x.clamp(min=1e-8)); of a probability take log_softmax or logsigmoid instead."
    )


def root(op: str, *_: float) -> str:
    """Of a negative number."""
    return say("The square root is defined for numbers that are not negative: sqrt(x.clamp(min=0)).")


def division(op: str, *operands: float) -> str | None:
    """By the last operand."""
    if not operands or operands[-1] != 0:
        return None
    return say("This divides by zero. Add a small number to the divisor, or choose by `where` beforehand.")


def power(op: str, x: float = math.nan, *_: float) -> str | None:
    """Of a base that is not positive."""
    if x < 0:
        return say("A negative number has no power with a fraction as its exponent: take abs(x) or clamp(min=0).")
    return say("Zero to a negative power divides by zero: keep x away from 0.") if x == 0 else None


def within(low: int, high: int) -> Mend:
    """For what is defined between two numbers."""
    return lambda op, *_: say(
        "{op} is defined between {low} and {high} alone: clamp its input.", op=op, low=low, high=high
    )


def above(low: int) -> Mend:
    """For what is defined above a number."""
    return lambda op, *_: say("{op} is defined above {low} alone: clamp its input.", op=op, low=low)


def overflow(op: str, *_: float) -> str:
    """Of an exponential."""
    return say(
        "This overflows: exp of more than 88.7 is too large for float32, of more than 709.8 for float64. Subtract "
        "the largest value first, or use softmax, logsumexp or sigmoid, which do so."
    )


def slope_root(op: str) -> str:
    """At zero."""
    return say(
        "The slope of a root is infinite at 0. Add a small number inside, sqrt(x + 1e-12), or leave the root away: "
        "the square has its smallest value in the same place."
    )


def slope_power(op: str) -> str:
    """At zero, where the exponent is below 1."""
    return say("A power below 1 has an infinite slope at 0: add a small number, (x + 1e-12)**p.")


def slope_end(op: str) -> str:
    """Where the domain ends."""
    return say("The slope of {op} is infinite at the end of its domain: clamp its input.", op=op)


def slope_division(op: str) -> str:
    """By nearly nothing."""
    return say("The divisor is so small that the slope overflows: add a small number to it.")
