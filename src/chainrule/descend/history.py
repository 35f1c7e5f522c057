"""What a descent passed through: points, values, gradient norms of every k-th step, in memory reckoned beforehand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

LIMIT = 10**9  # bytes: a longer history is refused, and `record=` named that fits


class History:
    """Room for every `every`-th of `steps` steps, and for the point where the descent ends; none for every=0."""

    def __init__(self, start: Sequence[Any], steps: int, every: int) -> None:
        self.every = every
        size = sum(int(a.nbytes) for a in start) + 24  # the leaves, the step, the value, the norm
        rows = steps // every + 2 if every else 0
        if rows * size > LIMIT:
            fits = math.ceil(steps / max(LIMIT // size - 2, 1)) if LIMIT // size > 2 else 0
            raise MemoryError(
                f"recording every {'step' if every == 1 else f'{every}th step'} of {steps} would take "
                f"{rows * size / 1e9:.1f} GB, more than {LIMIT / 1e9:.0f} GB: pass record={fits}"
                + (" (or 0 to record nothing)" if fits else ", which records nothing")
            )
        self.steps = np.empty(rows, np.int64)
        self.values, self.slopes = np.empty(rows), np.empty(rows)
        self.points = [np.empty((rows, *a.shape), a.dtype) for a in start]
        self.n = 0

    def add(self, at: int, seen: Any, points: Sequence[Any]) -> None:
        """Rows for steps at, at + every, ... of a run that began at step `at`; `seen` has a row for each step."""
        m = math.ceil(len(seen) / self.every) if self.every else 0
        if not m:
            return
        rows = slice(self.n, self.n + m)
        chosen = seen[:: self.every]
        self.steps[rows] = np.arange(m) * self.every + at
        self.values[rows], self.slopes[rows] = chosen[:, 0], chosen[:, 1]
        for into, leaf in zip(self.points, points):
            into[rows] = leaf[:m]
        self.n += m

    def end(self, at: int, value: float, slope: float, leaves: Sequence[Any]) -> None:
        """The last point, recorded whatever its step."""
        if self.every:
            self.n = int(np.searchsorted(self.steps[: self.n], at))
            self.steps[self.n], self.values[self.n], self.slopes[self.n] = at, value, slope
            for into, leaf in zip(self.points, leaves):
                into[self.n] = leaf
            self.n += 1

    def arrays(self) -> dict[str, Any]:
        """All rows, for a checkpoint."""
        n = self.n
        names = {f"point{i}": p[:n] for i, p in enumerate(self.points)}
        return {"steps": self.steps[:n], "values": self.values[:n], "slopes": self.slopes[:n], **names}

    def restore(self, arrays: dict[str, Any], before: int) -> None:
        """Take rows of steps before `before` back from a checkpoint."""
        if not self.every:
            return
        keep = (arrays["steps"] < before) & (arrays["steps"] % self.every == 0)
        self.n = n = int(keep.sum())
        self.steps[:n], self.values[:n], self.slopes[:n] = (arrays[k][keep] for k in ("steps", "values", "slopes"))
        for i, p in enumerate(self.points):
            p[:n] = arrays[f"point{i}"][keep]
