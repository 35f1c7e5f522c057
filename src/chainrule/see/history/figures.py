"""What is shown of numbers: a few one by one, many by their shape, range and mean."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.base.language import say
from chainrule.core.parts import Parts
from chainrule.see.history.terms import number_text

RAW = (np.ndarray, np.generic)
FEW = 6  # as many numbers are shown one by one


class Figure:
    """What is shown of a payload: its numbers if they are few, else shape, range and mean."""

    __slots__ = ("bad", "high", "low", "mean", "shape", "value")

    def __init__(self, a: Any) -> None:
        self.shape: tuple[int, ...] = a.shape
        self.value = a if type(a) is not np.ndarray else a.copy() if a.size <= FEW else None  # a scalar never changes
        self.low = self.high = self.mean = math.nan
        self.bad = 0  # how many are NaN or infinite
        if self.value is None:
            fine = np.isfinite(a)
            self.bad = int(a.size - np.count_nonzero(fine))
            if self.bad < a.size:
                seen = a[fine] if self.bad else a
                self.low, self.high, self.mean = float(seen.min()), float(seen.max()), float(seen.mean(dtype=float))

    def __str__(self) -> str:
        if self.value is not None:
            return _numbers_text(self.value)
        size = sizes(self.shape)
        if self.bad == math.prod(self.shape):
            return say("{size} numbers, all NaN or infinite", size=size)
        if self.low == self.high and not self.bad:
            return say("{size} numbers, all {x}", size=size, x=number_text(self.low))
        text = say(
            "{size} numbers from {low} to {high}, mean {mean}",
            size=size, low=number_text(self.low), high=number_text(self.high), mean=number_text(self.mean),
        )  # fmt: skip
        return say("{numbers}, and {n} NaN or infinite", numbers=text, n=self.bad) if self.bad else text

    __repr__ = __str__

    def brief(self) -> str:
        """As the text, in a few letters."""
        text = _numbers_text(self.value, 4 if self.shape else 6) if self.value is not None else ""
        return text if text and len(text) <= 24 else sizes(self.shape)


def sizes(shape: tuple[int, ...]) -> str:
    """A shape as it is said: 4×3."""
    return "×".join(map(str, shape))


def _numbers_text(a: Any, digits: int = 6) -> str:
    if not a.shape:
        return number_text(a, digits) if a.dtype.kind != "b" else str(bool(a))
    return f"[{', '.join(_numbers_text(x, digits) for x in a)}]"


def figure(a: Any) -> Figure | None:
    """What is shown of a payload; None where it is not known, or no numbers."""
    return a if type(a) is Figure else Figure(a) if isinstance(a, RAW) else None


def settled(a: Any) -> Any:
    """A payload as it may be kept: memory changes, a figure of it and a single number do not."""
    if isinstance(a, Parts) and len(a) == 1:  # of a node of several results, the only part that there is
        a = next(iter(a.values()))
    return Figure(a) if type(a) is np.ndarray else a if isinstance(a, np.generic) else None


def finite(a: Any) -> bool:
    """Whether all numbers of a payload are finite; what is unknown counts as finite."""
    if isinstance(a, np.generic):
        return a.dtype.kind != "f" or math.isfinite(a)  # type: ignore[arg-type]
    if type(a) is np.ndarray:
        return a.dtype.kind != "f" or bool(np.isfinite(a).all())
    return type(a) is not float or math.isfinite(a)
