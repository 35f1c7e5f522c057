"""What a descent passed through: points, values, gradient norms of every k-th step, in memory reckoned beforehand."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from chainrule.descend.objective import Array

MOST_BYTES = 10**9  # bytes: a longer history is refused, and `record=` named that fits


class History:
    """Room for every `every`-th of `steps` steps, and for the point where the descent ends; none for every=0.

    A run writes its rows after the `n` that are there, by `put` or through `columns`; `keep` counts them.
    """

    def __init__(self, start: Sequence[Array], steps: int, every: int) -> None:
        self.every = every
        size = sum([a.nbytes for a in start]) + 24  # the leaves, the step, the value, the norm
        rows = steps // every + 2 if every else 1  # one to write into, where none is kept
        if rows * size > MOST_BYTES and every:
            fits = math.ceil(steps / max(MOST_BYTES // size - 2, 1)) if MOST_BYTES // size > 2 else 0
            raise MemoryError(
                f"recording every {'step' if every == 1 else f'{every}th step'} of {steps} would take "
                f"{rows * size / 1e9:.1f} GB, more than {MOST_BYTES / 1e9:.0f} GB: pass record={fits}"
                + (" (or 0 to record nothing)" if fits else ", which records nothing")
            )
        self.values, self.slopes = np.empty(rows), np.empty(rows)
        self.points = [np.empty((rows, *a.shape), a.dtype) for a in start]
        self.n = 0
        self._last: int | None = None  # the step of the last row, when it is there

    @property
    def steps(self) -> Array:
        """The step of each row."""
        steps = np.arange(0, self.n * self.every, max(self.every, 1))
        if self._last is not None:
            steps[-1:] = self._last
        return steps

    @property
    def columns(self) -> list[Array]:
        """Where the next rows go: of the values, the norms and each leaf."""
        columns = [self.values, self.slopes, *self.points]
        return [a[self.n :] for a in columns] if self.n else columns

    def put(self, row: int, value: float, slope: float, leaves: Sequence[Array]) -> None:
        """A row, so many after the last that is kept."""
        row += self.n
        self.values[row], self.slopes[row] = value, slope
        for into, leaf in zip(self.points, leaves):
            into[row] = leaf

    def keep(self, at: int, done: int) -> None:
        """Count the rows that a run of so many steps from step `at` has written."""
        if self.every and at % self.every == 0:
            self.n += -(-done // self.every)

    def end(self, at: int, value: float, slope: float, leaves: Sequence[Array]) -> None:
        """The last point, recorded whatever its step."""
        if self.every:
            self.n = min(self.n, -(-at // self.every))
            self.put(0, value, slope, leaves)
            self.n, self._last = self.n + 1, at

    def arrays(self) -> dict[str, Array]:
        """All rows, for a checkpoint."""
        n = self.n
        names = {f"point{i}": p[:n] for i, p in enumerate(self.points)}
        return {"steps": self.steps, "values": self.values[:n], "slopes": self.slopes[:n], **names}

    def restore(self, arrays: dict[str, Array], before: int) -> None:
        """Take rows of steps before `before` back from a checkpoint."""
        if not self.every:
            return
        keep = (arrays["steps"] < before) & (arrays["steps"] % self.every == 0)
        self.n = n = int(keep.sum())
        self.values[:n], self.slopes[:n] = arrays["values"][keep], arrays["slopes"][keep]
        for i, p in enumerate(self.points):
            p[:n] = arrays[f"point{i}"][keep]
