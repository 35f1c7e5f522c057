"""When a descent ends before its last step: at a minimum, where it no longer gets lower, or where it is lost."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np


class Hit(NamedTuple):
    """An end: so many steps into the run, with a reason for the program and one for the reader."""

    after: int
    reason: str
    words: str


class Stops:
    """The conditions to end by, checked on what each step saw.

    tol: a number, the norm of the gradient at or below which a point counts as a minimum; or a dict of
        "gradient" (that number), "change" (the length of a step) and "plateau" (so many steps without a lower value).
    """

    def __init__(self, tol: float | dict[str, float] | None, still: bool = False) -> None:
        given = dict(tol) if isinstance(tol, dict) else {} if tol is None else {"gradient": tol}
        for name, value in given.items():
            if name not in ("gradient", "change", "plateau"):
                raise ValueError(f"tol has no {name!r}: it may hold 'gradient', 'change' and 'plateau'")
            if not (isinstance(value, (int, float)) and value >= 0) or (name == "plateau" and value < 1):
                least = "at least one step" if name == "plateau" else "a number, not negative"
                raise ValueError(f"tol: {name} must be {least}; got {value!r}")
        self.gradient = given.get("gradient", -1.0)
        self.change = given.get("change", 0.0 if still else -1.0)
        self.plateau = given.get("plateau", math.inf)
        self.lowest, self.since = math.inf, 0

    def find(self, seen: Any, at: int) -> Hit | None:
        """The first end among steps, of which the first is step `at`."""
        values, slopes, moved = seen.T
        hits = [
            _first(~np.isfinite(values), "diverged", "the value is {}", values),
            _first(np.isnan(slopes), "diverged", "the gradient is nan", slopes),
            _first(slopes <= self.gradient, "converged", "the norm of the gradient is {:.3g}", slopes),
            _first(moved <= self.change, "converged", "the last step has length {:.3g}", moved, 1),
            self._flat(values, at) if self.plateau < math.inf else None,
        ]
        return min((h for h in hits if h is not None), key=lambda h: h.after, default=None)

    def _flat(self, values: Any, at: int) -> Hit | None:
        for i, value in enumerate(values):
            if value < self.lowest:
                self.lowest, self.since = float(value), at + i
            elif at + i - self.since >= self.plateau:
                words = f"no value below {self.lowest:.6g} since step {self.since}"
                return Hit(i, "converged", words)
        return None


def _first(where: Any, reason: str, words: str, values: Any, after: int = 0) -> Hit | None:
    if not where.any():
        return None
    i = int(np.argmax(where))
    return Hit(i + after, reason, words.format(values[i]))
