"""The descent itself: runs of steps, looked at in between.

Steps are run in chunks, which last about a tenth of a second: long enough that what is between them costs nothing,
short enough for a progress bar and for Ctrl-C. If a chunk holds a step to end by, it is run again up to that step, so
that a descent ends at the very step, whatever the chunks were.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from chainrule.descend.checkpoint import Checkpoint
from chainrule.descend.history import History
from chainrule.descend.objective import Objective
from chainrule.descend.steps import State
from chainrule.descend.stops import Hit, Stops

CHUNK = 0.1  # seconds
PATIENCE = 2.0  # seconds before a progress bar appears by itself
MOST = 4_000_000  # numbers that a chunk may give back


class End(NamedTuple):
    """Where a descent ended, and why."""

    at: int
    state: State
    value: float
    slope: float
    reason: str
    words: str


class Loop(NamedTuple):
    """What a descent is made of; `run` runs it."""

    objective: Objective
    runner: Any
    steps: int
    rates: Callable[[int, int], list[float]]
    stops: Stops
    history: History
    callback: Callable[[int, Any, float], Any] | None
    progress: bool | None
    checkpoint: Checkpoint | None

    def run(self) -> End:
        """Descend from the start, or from the checkpoint."""
        found = self.checkpoint.read(self.history, self.stops) if self.checkpoint else None
        at, state = found or (0, self.runner.start())
        bar = _Bar(self.progress, self.steps, at)
        hit: Hit | None = None
        try:
            at, state, hit = self._descend(at, state, bar)
        except KeyboardInterrupt:
            hit = Hit(0, "stopped", "by the keyboard")
            at, state = bar.at, bar.state if bar.state is not None else state
        finally:
            bar.close()
        value, slope = self.runner.look(state)
        if hit is None:
            hit = self.stops.find(_row(value, slope), at) or Hit(0, "steps done", "")
        if self.checkpoint:
            self.checkpoint.write(at, state, self.history, self.stops)
        self.history.end(at, value, slope, state[: len(self.objective.start)])
        return End(at, state, value, slope, hit.reason, hit.words)

    def _descend(self, at: int, state: State, bar: _Bar) -> tuple[int, State, Hit | None]:
        every = self.history.every
        wish = 1
        while at < self.steps:
            n = self._length(at, wish)
            began = time.monotonic()
            rates = self.rates(at, at + n)
            aligned = every if every and at % every == 0 else 0
            after, seen, points = self.runner.run(state, rates, aligned)
            if at == 0:
                _check_start(*seen[0, :2])
            if self._asked_to_stop(at, state, seen):
                return at, state, Hit(0, "stopped", "by the callback")
            hit = self.stops.find(seen, at)
            if hit is not None and hit.after < n:
                after = self.runner.run(state, rates[: hit.after], 0)[0] if hit.after else state
                seen = seen[: hit.after]
            if aligned:
                self.history.add(at, seen, points)
            at, state = at + len(seen), after
            bar.reached(at, state)
            if hit is not None:
                return at, state, hit
            if self.checkpoint and self.checkpoint.due():
                self.checkpoint.write(at, state, self.history, self.stops)
            took = time.monotonic() - began
            if took < CHUNK / 2:
                wish = min(wish * 2, self.steps)
            elif took > CHUNK * 2:
                wish = max(n // 2, 1)
        return at, state, None

    def _length(self, at: int, wish: int) -> int:
        """How many steps to run at once from here."""
        if not self.runner.replays:
            return 1
        every = self.history.every
        n = min(wish, self.steps - at, max(MOST // (3 + sum(a.size for a in self.objective.start)), 1))
        if every > 1:  # to the next step to be recorded, or a whole number of such stretches
            n = min(n, every - at % every) if at % every or n < every else n - n % every
        return min(n, self._period - at % self._period) if self.callback is not None else n

    @property
    def _period(self) -> int:
        return max(self.history.every, 1)

    def _asked_to_stop(self, at: int, state: State, seen: Any) -> bool:
        if self.callback is None or at % self._period:
            return False
        leaves = state[: len(self.objective.start)]
        self.objective.put(leaves)
        return self.callback(at, self.objective.rebuild(leaves), float(seen[0, 0])) is True


class NotFinite(ValueError):
    """A function without a finite value or gradient at the start."""


def _check_start(value: float, slope: float) -> None:
    finite = float("-inf") < value < float("inf")
    if not finite or not slope < float("inf"):
        what = f"f(x0) = {value}" if not finite else f"f(x0) = {value:.6g}, but the norm of its gradient is {slope}"
        raise NotFinite(f"the function is not finite at the start: {what}. Start elsewhere")


def _row(value: float, slope: float) -> Any:
    return np.array([[value, slope, float("inf")]])


class _Bar:
    """A progress bar of tqdm, for runs that turn out to be long; and the last state reached, for Ctrl-C."""

    def __init__(self, wanted: bool | None, steps: int, at: int) -> None:
        self.wanted, self.steps, self.at = wanted, steps, at
        self.state: State | None = None
        self.bar: Any = None
        self.began = time.monotonic()
        if wanted:
            self._open(required=True)

    def _open(self, required: bool) -> None:
        try:
            from tqdm.auto import tqdm
        except ModuleNotFoundError:
            if required:
                raise ImportError("progress=True needs tqdm: pip install tqdm") from None
            self.wanted = False
            return
        self.bar = tqdm(total=self.steps, initial=self.at, unit="step")

    def reached(self, at: int, state: Sequence[Any]) -> None:
        """Note how far the descent is."""
        if self.bar is not None:
            self.bar.update(at - self.at)
        elif self.wanted is None and time.monotonic() - self.began > PATIENCE:
            self.wanted = sys.stderr.isatty() or "ipykernel" in sys.modules
            if self.wanted:
                self._open(required=False)
        self.at, self.state = at, list(state)

    def close(self) -> None:
        """Leave the bar as it is."""
        if self.bar is not None:
            self.bar.close()
