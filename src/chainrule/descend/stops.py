"""When a descent ends before its last step: at a minimum, where it no longer gets lower, or where it is lost."""

from __future__ import annotations

import math
from typing import NamedTuple

from chainrule.descend.words import Words, words

FLAT, BESIDE = 1e-7, 1e-4  # the gradient at which a search ends by itself: as small, and as small a part of the first


class Hit(NamedTuple):
    """An end, with a reason for the program and one for the reader."""

    reason: str
    words: Words | None


class Stops:
    """The conditions to end by, and what they remember of the points before.

    tol: a number, the norm of the gradient at or below which a point counts as a minimum; or a dict of
        "gradient" (that number), "change" (the length of a step) and "plateau" (so many steps without a lower value).
    still: whether a step that leads nowhere is an end, as of a search; without tol it ends where the gradient is FLAT.
    """

    def __init__(self, tol: float | dict[str, float] | None, still: bool = False) -> None:
        given = {} if tol is None else tol if isinstance(tol, dict) else {"gradient": tol}
        for name, value in given.items():
            if name not in ("gradient", "change", "plateau"):
                raise ValueError(f"tol has no {name!r}: it may hold 'gradient', 'change' and 'plateau'")
            if not (isinstance(value, (int, float)) and value >= 0) or (name == "plateau" and value < 1):
                least = "at least one step" if name == "plateau" else "a number, not negative"
                raise ValueError(f"tol: {name} must be {least}; got {value!r}")
        self.default = tol is None and still
        self.gradient = given.get("gradient", FLAT if self.default else -1.0)
        self.change = given.get("change", 0.0 if still else -1.0)
        self.plateau = given.get("plateau", math.inf)
        self.lowest, self.since = math.inf, 0  # the lowest value so far, and its step
        self.moved = math.inf  # the length of the step that led here

    def begin(self, slope: float) -> None:
        """The gradient at the start: the default bound is small beside it too, as a function may be flat all over."""
        if self.default:
            self.gradient = min(self.gradient, BESIDE * slope)

    def find(self, value: float, slope: float, at: int) -> Hit | None:
        """Whether a descent ends at a point: its value and gradient norm, after `at` steps."""
        if not math.isfinite(value):
            return Hit("diverged", words("value", value=value))
        if math.isnan(slope):
            return Hit("diverged", words("nan"))
        if slope <= self.gradient:
            return Hit("converged", words("gradient", norm=slope))
        if self.moved <= self.change:
            return Hit("converged", words("change", length=self.moved, norm=slope))
        if value < self.lowest:
            self.lowest, self.since = value, at
        elif at - self.since >= self.plateau:
            return Hit("converged", words("plateau", lowest=self.lowest, step=self.since, norm=slope))
        return None
