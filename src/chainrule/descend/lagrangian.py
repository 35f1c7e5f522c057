"""Minima under constraints by an augmented Lagrangian: no more than searches within bounds, again and again.

To f is added, for each constraint c = 0 or c >= 0 with a multiplier m and a penalty p, (p/2) (m/p - c)**2, of an
inequality where m/p - c is positive alone. Where that is least, the gradient of f is the sum of p (m/p - c) times those
of the constraints: so these are the next multipliers, and where they stay, the constraints are met. The penalty grows
where that comes too slowly.

Sources: M. J. D. Powell and M. R. Hestenes (1969); R. T. Rockafellar (1973), inequalities; J. Nocedal and S. J. Wright,
Numerical Optimization, section 17.3; E. G. Birgin and J. M. Martinez, Practical Augmented Lagrangian Methods (2014),
the rule by which penalties grow.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from chainrule.core.op import REGISTRY
from chainrule.core.tensor import Tensor, wrap
from chainrule.descend.arrival import arrival, check_start
from chainrule.descend.box import Box
from chainrule.descend.constraints import Constraints
from chainrule.descend.flat import Flat, Vector, norm
from chainrule.descend.history import History
from chainrule.descend.objective import Array, Callback, Objective
from chainrule.descend.options import Options
from chainrule.descend.prices import of_bounds
from chainrule.descend.result import Result
from chainrule.descend.searches import QuasiNewton, Search
from chainrule.descend.stops import Hit
from chainrule.descend.words import Words, words

FIRM = 1e-8  # how far a constraint may be off, beside its right side
LESS = 0.25  # of the violation is what a round is to leave, or the penalty grows
GROWTH, HEAVIEST = 10.0, 1e12  # of the penalty
PATIENCE = 100  # steps of a search in one round
FEW = 30  # numbers up to which Newton's method is the default


class Lagrangian(Objective):
    """f and the penalties of its constraints as one function; `multipliers` and `penalty` may change between calls."""

    def __init__(self, objective: Objective, rows: Constraints) -> None:
        vars(self).update(vars(objective))
        self.plain, self.rows = objective, rows
        self.multipliers, self.penalty = np.zeros(len(rows)), np.ones(len(rows))
        self._multipliers, self._penalty = wrap(self.multipliers), wrap(self.penalty)
        functions = [objective.f, *(part.f for part in rows.parts)]
        self.f = lambda *a, **k: [f(*a, **k) for f in functions]  # what is read, for those that look after that

    def call(self, xs: list[Tensor]) -> Tensor:
        y, c = self.plain.call(xs), self.rows.rows(xs)
        short = self._multipliers / self._penalty - c
        if not self.rows.equal.all():
            short = REGISTRY["where"](wrap(self.rows.equal | np.zeros(len(c), bool)), short, REGISTRY["relu"](short))
        return y + (self._penalty / 2 * (short * short)).sum().to(y.dtype)

    def next(self, c: Vector) -> Vector:
        """The multipliers that the place asks for."""
        short = self.multipliers - self.penalty * c
        return np.where(self.rows.equal, short, np.maximum(short, 0.0))

    def off(self, c: Vector) -> Vector:
        """How far each constraint is from being met, or from having no multiplier."""
        slack = np.minimum(c, self.multipliers / self.penalty)
        return np.abs(np.where(self.rows.equal, c, slack))


class Ended(NamedTuple):
    """Where it ended: `reason` is "met", "not met", "steps done", "stopped" or "keyboard"."""

    x: Vector
    c: Vector
    multipliers: Vector
    reason: str
    slope: float
    steps: int
    still: bool  # whether the last search found nothing lower


class Rounds:
    """Searches, one for each set of multipliers."""

    def __init__(
        self, whole: Lagrangian, search: Search, history: History, tol: float,
        callback: Callback | None,
    ) -> None:  # fmt: skip
        self.whole, self.search, self.history, self.tol, self.callback = whole, search, history, tol, callback
        self.plain = Flat(whole.plain)
        self.at = 0

    def run(self, x: Vector, steps: int) -> Ended:
        """From x, at most so many steps of all searches together."""
        whole, search, rows = self.whole, self.search, self.whole.rows
        value, c = self.plain.value_and_gradient(x)[0], rows.values(self.plain, x)[0]
        squares = float(rows.violation(c) @ rows.violation(c))
        whole.penalty[:] = min(max(10 * max(1.0, abs(value)) / max(1.0, squares / 2), 0.1), 1e3)
        enough, before = max(self.tol, 1e-2), np.inf
        firm = FIRM * (1 + np.abs(rows.sides))

        def end(reason: str, slope: float = np.nan, still: bool = False) -> Ended:
            return Ended(x, c, whole.next(c), reason, slope, self.at, still)

        while True:
            search.forget()
            try:
                new, slope, still, reason = self._search(x, enough, steps)
            except KeyboardInterrupt:
                return end("keyboard")
            if not np.isfinite(slope):  # down without an end, where no constraint is met: hold it more firmly
                whole.penalty *= GROWTH
                if whole.penalty[0] > HEAVIEST:
                    return end("not met")
                continue
            x, c = new, rows.values(self.plain, new)[0]
            off = whole.off(c)
            if reason:
                return end(reason, slope)
            if (off <= firm).all() and (slope <= self.tol or still):
                return end("met", slope, still)
            worst = float(off.max())
            if worst > LESS * before and whole.penalty[0] >= HEAVIEST:
                return end("not met", slope)
            whole.multipliers[:] = whole.next(c)
            if worst > LESS * before:
                whole.penalty *= GROWTH
            before, enough = min(before, worst), max(self.tol, 0.1 * enough)

    def _search(self, x: Vector, enough: float, steps: int) -> tuple[Array, float, bool, str]:
        """Search for the least of the whole: the place, the slope, whether nothing is lower, and why all ends."""
        search = self.search
        for _ in range(PATIENCE):
            x, value, g = search.at(x)
            slope = search.slope(x, g)
            if not (np.isfinite(value) and np.isfinite(slope)) or slope <= enough:
                return x, slope if np.isfinite(value) else np.inf, False, ""
            if self.at >= steps:
                return x, slope, False, "steps done"
            if self._noted(x, slope):
                return x, slope, False, "stopped"
            found = search.step(x, value, g)
            if found is None:
                return x, slope, True, ""
            x = found
            self.at += 1
        return x, search.slope(*search.at(x)[::2]), False, ""

    def _noted(self, x: Vector, slope: float) -> bool:
        """Record a step; whether the callback asks for the end."""
        history, objective = self.history, self.whole.plain
        due = bool(history.every) and self.at % history.every == 0 and history.n < len(history.values) - 1
        asked = self.callback is not None and self.at % max(history.every, 1) == 0
        if not due and not asked:
            return False
        leaves, value = self.plain.split(x), self.plain.value_and_gradient(x)[0]
        if due:
            history.put(0, value, slope, leaves)
            history.keep(self.at, 1)
        if not asked or self.callback is None:
            return False
        objective.put(leaves)
        return self.callback(self.at, objective.rebuild(leaves), value) is True


def by_lagrangian(
    objective: Objective, rows: Constraints, name: str, group: Options, walls: Box | None, steps: int,
    record: int, tol: float, callback: Callback | None,
) -> Result:  # fmt: skip
    """Minimise under constraints; the arguments are those of `minimize`."""
    whole = Lagrangian(objective, rows)
    search = QuasiNewton(whole, group, walls) if name == "lbfgs" else Search(whole, name == "newton", None, walls)
    flat = search.flat
    x = flat.join(objective.start)
    value, g = flat.value_and_gradient(x)
    check_start(objective, value, norm(g))
    first = value, norm(g)
    history = History(objective.start, min(steps, 10_000) if record else 0, record)
    rounds = Rounds(whole, search, history, tol, callback)
    end = rounds.run(x, steps)
    leaves = flat.split(end.x)
    value, g = rounds.plain.value_and_gradient(end.x)
    rest = g - end.multipliers @ rows.values(rounds.plain, end.x)[1]  # what the constraints leave to the bounds
    slope = search.slope(end.x, rest)
    reason, said, arrived = _judged(whole, end, leaves, first, walls, slope)
    objective.put(leaves)
    history.end(end.steps, value, slope, leaves)
    held = [] if walls is None else of_bounds(objective, leaves, walls, rest)
    held += rows.active(rows.holding(end.c), end.multipliers)
    n = history.n
    return Result(
        x=objective.rebuild(leaves), value=value, grad_norm=slope, steps=end.steps, reason=reason, words=said,
        what=f"an augmented Lagrangian by {name}", how=search.how, arrived=arrived, nfev=flat.calls,
        held=held if arrived else [],
        path=objective.paths([p[:n] for p in history.points]) if record else None,
        values=history.values[:n] if record else None, grad_norms=history.slopes[:n] if record else None,
        recorded=history.steps if record else None,
    )  # fmt: skip


def _judged(
    whole: Lagrangian, end: Ended, leaves: list[Array], first: tuple[float, float], walls: Box | None, slope: float
) -> tuple[str, Words, bool]:
    """The reason, the sentence, and whether it arrived."""
    rows = whole.rows
    off = rows.violation(end.c)
    worst = int(off.argmax())
    if end.reason == "not met":
        return "stopped", words("not met", name=rows.names[worst], violation=float(off[worst])), False
    if end.reason == "steps done":
        return "steps done", words("not yet met", violation=float(off[worst]), norm=slope), False
    if end.reason != "met":
        return "stopped", words("callback" if end.reason == "stopped" else "keyboard"), False
    hit = Hit("converged", words("change", length=0.0, norm=slope) if end.still else words("gradient", norm=slope))
    ending = arrival(whole, leaves, first, hit, 0.0, walls)
    if not ending.arrived or ending.words is None:
        return ending.reason, ending.words or words("callback"), ending.arrived
    return "converged", words("met", norm=slope, violation=float(off[worst])), True
