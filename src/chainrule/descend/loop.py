"""The descent itself: runs of steps, looked at in between.

Steps are run in chunks, which last about a tenth of a second: long enough that what is between them costs nothing,
short enough for a progress bar and for Ctrl-C. The conditions to end by are checked within a chunk at every step.
"""

from __future__ import annotations

import math
import sys
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from chainrule.base.extras import MissingExtra, extra
from chainrule.descend.arrival import arrival, check_start, slope_by_differences, unlooked
from chainrule.descend.box import Box
from chainrule.descend.history import History
from chainrule.descend.objective import Callback, Objective
from chainrule.descend.options import Rates
from chainrule.descend.steps import State
from chainrule.descend.stops import Hit, Stops
from chainrule.descend.words import Words, words

if TYPE_CHECKING:
    from chainrule.descend.checkpoint import Checkpoint

CHUNK = 0.1  # seconds
PATIENCE = 2.0  # seconds before a progress bar appears by itself
MOST_NUMBERS = 4_000_000  # numbers that a chunk may give back


class End(NamedTuple):
    """Where a descent ended, and why."""

    at: int
    state: State
    value: float
    slope: float
    reason: str
    words: Words | None
    first: tuple[float, float]  # value and norm of the gradient where the run began
    length: float  # of the last step
    nfev: int


class Loop(NamedTuple):
    """What a descent is made of; `run` runs it."""

    objective: Objective
    runner: Any
    steps: int
    rates: Rates
    stops: Stops
    history: History
    callback: Callback | None
    progress: bool | None
    checkpoint: Checkpoint | None
    box: Box | None = None

    def run(self) -> End:
        """Descend from the start, or from the checkpoint."""
        found = self.checkpoint.read(self.history, self.stops) if self.checkpoint else None
        reached = Reached(*found) if found else Reached(0, self.runner.start())
        bar = Bar(self.progress, self.steps, reached.at)
        hit: Hit | None = None
        try:
            hit = self._descend(reached, bar)
        except KeyboardInterrupt:
            hit = Hit("stopped", words("keyboard"))
        finally:
            bar.close()
        at, state = reached.at, reached.state
        value, slope = reached.seen or self.runner.look(state)
        if hit is None:
            hit = self.stops.find(value, slope, at) or Hit("steps done", None)
        if self.checkpoint:
            self.checkpoint.write(at, state, self.history, self.stops)
        leaves = state[: len(self.objective.start)]
        self.history.end(at, value, slope, leaves)
        first = reached.first or (value, slope)
        nfev = getattr(self.runner, "nfev", at + 1)
        if hit.reason == "converged":
            if self.looks:
                ending = arrival(self.objective, leaves, first, hit, self.stops.moved, self.box)
            else:
                ending = unlooked(hit, value, slope, first, self.stops.moved)
            hit = Hit(ending.reason, ending.words)
        elif hit.words is not None and hit.words.what == "nan":
            by_differences = slope_by_differences(self.objective, leaves)
            if by_differences < math.inf:
                hit = Hit(hit.reason, words("untaken", slope=by_differences))
        return End(at, state, value, slope, hit.reason, hit.words, first, self.stops.moved, nfev)

    @property
    def looks(self) -> bool:
        """Whether the function may be run once more, to look at the place where the descent has ended."""
        return hasattr(self.runner, "nfev") or bool(self.runner.replays)

    def _descend(self, reached: Reached, bar: Bar) -> Hit | None:
        wish: int = self.runner.pace
        while reached.at < self.steps:
            at = reached.at
            n = self._length(at, wish)
            began = time.monotonic()
            ran = self.runner.run(reached.state, self.rates(at, at + n), n, at, self.history, self.stops)
            reached.first = reached.first or ran.first
            if at == 0:
                check_start(self.objective, *ran.first)
            if self._asked_to_stop(at, reached.state, ran.first[0]):
                reached.seen = ran.first
                return Hit("stopped", words("callback"))
            self.history.keep(at, ran.done)
            reached.at, reached.state, reached.seen = at + ran.done, ran.state, ran.last
            bar.reached(reached.at)
            if ran.hit is not None:
                return ran.hit  # type: ignore[no-any-return]
            if self.checkpoint and self.checkpoint.due():
                self.checkpoint.write(reached.at, reached.state, self.history, self.stops)
            took = time.monotonic() - began
            if took < CHUNK / 2:
                wish = max(min(wish * 2, self.steps), self.runner.pace)
            elif took > CHUNK * 2:
                wish = max(n // 2, 1)
        return None

    def _length(self, at: int, wish: int) -> int:
        """How many steps to run at once from here."""
        if not self.runner.replays:
            return 1
        every = self.history.every
        n = min(wish, self.steps - at)
        if n > 1000:
            n = min(n, max(MOST_NUMBERS // (3 + sum(a.size for a in self.objective.start)), 1))
        if every > 1:  # to the next step to be recorded, or a whole number of such stretches
            n = min(n, every - at % every) if at % every or n < every else n - n % every
        return min(n, self._period - at % self._period) if self.callback is not None else n

    @property
    def _period(self) -> int:
        return max(self.history.every, 1)

    def _asked_to_stop(self, at: int, state: State, value: float) -> bool:
        if self.callback is None or at % self._period:
            return False
        leaves = state[: len(self.objective.start)]
        self.objective.put(leaves)
        return self.callback(at, self.objective.rebuild(leaves), value) is True


class Reached:
    """How far a descent has come: the step, the state there, and the value and the gradient's norm where known."""

    def __init__(self, at: int, state: State) -> None:
        self.at, self.state = at, state
        self.first: tuple[float, float] | None = None  # the same where this run began
        self.seen: tuple[float, float] | None = None


class Bar:
    """A progress bar of tqdm, for runs that turn out to be long."""

    def __init__(self, wanted: bool | None, steps: int, at: int) -> None:
        self.wanted, self.steps, self.at = wanted, steps, at
        self.bar: Any = None
        self.began = time.monotonic()
        if wanted:
            self._open(required=True)

    def _open(self, required: bool) -> None:
        try:
            tqdm = extra("tqdm.auto", "descend", "progress=True")
        except MissingExtra:
            if required:
                raise
            self.wanted = False
            return
        self.bar = tqdm.tqdm(total=self.steps, initial=self.at, unit="step")

    def reached(self, at: int) -> None:
        """Note how far the descent is."""
        if self.bar is not None:
            self.bar.update(at - self.at)
        elif self.wanted is None and time.monotonic() - self.began > PATIENCE:
            self.wanted = sys.stderr.isatty() or "ipykernel" in sys.modules
            if self.wanted:
                self._open(required=False)
        self.at = at

    def close(self) -> None:
        """Leave the bar as it is."""
        if self.bar is not None:
            self.bar.close()
