"""Methods that choose the length of each step themselves: gradient descent and Newton's with line search, and L-BFGS.

Within bounds all of them go by two metrics (Bertsekas, "Projected Newton methods for optimization problems with simple
constraints", 1982): entries that are held at a bound, or so near that they will be, go down their own gradient, the
others along the method's direction in them alone; and the line search follows the path that is bent at the bounds. The
function is never asked for a value outside.

Runners as in steps.py, an iteration to a step. The state is the leaves; they are run one at a time. Where a search
finds no lower value, the point stays, and the loop ends; `arrival` says what place that is.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chainrule.descend.box import Box, Region, region
from chainrule.descend.flat import Flat, Mask, Vector, norm
from chainrule.descend.history import History
from chainrule.descend.objective import Objective
from chainrule.descend.options import Options
from chainrule.descend.steps import Ran, State, walk
from chainrule.descend.stops import Stops
from chainrule.optim.lbfgs import Change, strong_wolfe, two_loops

ENOUGH = 1e-4  # of the decrease that the slope promises (Armijo, 1966)
HALVINGS = 60
NOISE = 32.0  # roundings of the value that may be a rise
TRIALS = 30  # of a step's length, in Wolfe's search
Seen = tuple[Vector, float, Vector]  # a point, the value and the gradient there
NEAR = 1e-6  # so near to a bound an entry counts as at it, where the slope leads out


class Search:
    """Steps along a direction, each as long as a backtracking line search allows.

    The direction of "gd" is down the gradient; the one of "newton" leads to the minimum of the quadratic model, with
    curvatures taken by their size, so that it leads down (Nocedal and Wright, Numerical Optimization, section 3.4);
    where that finds nothing lower, or there is no curvature, the gradient is followed.
    """

    replays, pace = False, 1
    how = "each step with a line search"

    def __init__(self, objective: Objective, newton: bool, lr: float | None, box: Box | None = None) -> None:
        self.flat = Flat(objective)
        self.region = region(box, self.flat)
        self.newton = newton
        self.length = 1.0 if lr is None else lr
        self._made = 0.0  # the length of the last step
        self._enough = 0.0  # the gradient at which nothing is searched any more
        self._known: Seen | None = None

    @property
    def nfev(self) -> int:
        return self.flat.calls

    def start(self) -> State:
        return list(self.flat.objective.start)

    def look(self, state: State) -> tuple[float, float]:
        x, value, g = self.at(self.flat.join(state))
        return value, self.slope(x, g)

    def run(self, state: State, rates: Sequence[float], steps: int, at: int, history: History, stops: Stops) -> Ran:
        if at == 0:
            stops.begin(self.look(state)[1])
        self._enough = stops.gradient
        return walk(self._stepped, state, rates, steps, at, history, stops)

    def forget(self) -> None:
        """Know nothing of the function any more: it has changed."""
        self._known = None

    def step(self, x: Vector, value: float, g: Vector) -> Vector | None:
        """The next point after x, where value and gradient are these; None if there is nothing lower."""
        found = self._step(x, value, g, 1.0)
        if found is not None:
            self._known, self._made = found, norm(found[0] - x)
        return None if found is None else found[0]

    def at(self, x: Vector) -> Seen:
        """A point, its value and its gradient."""
        if self._known is None or not np.array_equal(self._known[0], x):
            self._known = x, *self.flat.value_and_gradient(x)
        return self._known

    def _stepped(self, state: State, lr: float) -> tuple[float, float, float, State]:
        x, value, g = self.at(self.flat.join(state))
        slope = self.slope(x, g)
        if not (np.isfinite(value) and np.isfinite(slope)) or slope <= max(self._enough, 0.0):
            return value, slope, 0.0, state
        found = self._step(x, value, g, lr)
        if found is None:
            return value, slope, 0.0, state
        self._known = found
        self._made = norm(found[0] - x)
        return value, slope, self._made, self.flat.split(found[0])

    def slope(self, x: Vector, g: Vector) -> float:
        """The norm of the gradient, without what leads out of bounds."""
        return norm(g if self.region is None else self.region.inward(x, g))

    def _step(self, x: Vector, value: float, g: Vector, lr: float) -> Seen | None:
        """The next point, its value and its gradient; None if there is none."""
        if self.region is not None:
            return self._inside(x, value, g, self.region)
        d = self._newton(x, g) if self.newton else None
        found = None if d is None else self._shortened(x, value, g, d, 1.0)
        return found or self._shortened(x, value, g, -g, self.length)

    def _shortened(self, x: Vector, value: float, g: Vector, d: Vector, length: float) -> Seen | None:
        slope = float(g @ d)
        for _ in range(HALVINGS):
            with np.errstate(over="ignore", invalid="ignore"):
                new = self.flat.rounded(x + length * d)
            there, down = self.flat.value_and_gradient(new)
            enough = there < value and there <= value + ENOUGH * length * slope and np.isfinite(down).all()
            if there == -np.inf or enough:
                self.length = 2 * length
                return new, there, down
            length /= 2
        return None

    def _inside(self, x: Vector, value: float, g: Vector, region: Region) -> Seen | None:
        """The next point within bounds."""
        near = min(NEAR, norm(x - region.project(x - g)))
        free = ~region.held(x, g, near)
        quick = self._free(x, g, free) if free.any() else None
        if quick is not None:
            d = -g
            d[free] = quick
            found = self._bent(x, value, g, d, 1.0, region)
            if found is not None:
                return found
        return self._bent(x, value, g, -g, self.length, region)

    def _free(self, x: Vector, g: Vector, free: Mask) -> Vector | None:
        """The method's own direction in the entries that are free; None if there is none but down the gradient."""
        return self._newton(x, g, free) if self.newton else None

    def _bent(self, x: Vector, value: float, g: Vector, d: Vector, length: float, region: Region) -> Seen | None:
        """The first point along the path, bent at the bounds, that is low enough, the longest steps first."""
        slope, noise = norm(region.inward(x, g)), NOISE * self.flat.eps * abs(value)
        for _ in range(HALVINGS):
            with np.errstate(over="ignore", invalid="ignore"):
                new = region.project(self.flat.rounded(x + length * d))
            if np.array_equal(new, x):
                return None
            there, down = self.flat.value_and_gradient(new)
            fine = bool(np.isfinite(down).all())
            enough = there < value and there <= value + ENOUGH * min(float(g @ (new - x)), 0.0) and fine
            flatter = fine and there <= value + noise and norm(region.inward(new, down)) < slope
            if there == -np.inf or enough or flatter:
                self.length = 2 * length
                return new, there, down
            length /= 2
        return None

    def _newton(self, x: Vector, g: Vector, free: Mask | None = None) -> Vector | None:
        h = self.flat.hessian(x)
        if free is not None:
            h, g = h[np.ix_(free, free)], g[free]
        if not np.isfinite(h).all():
            return None
        curvatures, axes = np.linalg.eigh(h)
        sizes = np.abs(curvatures)
        if not sizes.max() > 0:
            return None
        sizes = np.maximum(sizes, 1e-8 * float(sizes.max()))
        d = -axes @ ((axes.T @ g) / sizes)
        return d if np.isfinite(d).all() else None


class QuasiNewton(Search):
    """L-BFGS with Wolfe's line search, by the means of `optim.LBFGS`."""

    def __init__(self, objective: Objective, group: Options, box: Box | None = None) -> None:
        super().__init__(objective, False, None, box)
        self.size: int = group["history_size"]
        self.changes: list[Change] = []

    def forget(self) -> None:
        super().forget()
        self.changes.clear()

    def _step(self, x: Vector, value: float, g: Vector, lr: float) -> Seen | None:
        if self.region is not None:
            self.length = max(min(1.0, 1.0 / (float(np.abs(g).sum()) or 1.0)), self._made / (norm(g) or 1.0))
            found = self._inside(x, value, g, self.region)
        else:
            found = self._searched(x, value, g, lr)
        if found is None and self.changes:  # what is remembered misleads: down the gradient, from anew
            self.changes.clear()
            found = self._inside(x, value, g, self.region) if self.region else self._searched(x, value, g, lr)
        if found is not None and found[1] > -np.inf:
            s, y = found[0] - x, found[2] - g
            ys = float(y @ s)
            if ys > self.flat.eps * float(y @ y) * 1e-2 and np.isfinite(1 / ys):
                self.changes = [*self.changes[-self.size + 1 :], (y, s, 1 / ys)] if self.size > 1 else [(y, s, 1 / ys)]
        return found

    def _free(self, x: Vector, g: Vector, free: Mask) -> Vector | None:
        pairs = [(y[free], s[free], float(y[free] @ s[free])) for y, s, _ in self.changes]
        changes = [(y, s, 1 / ys) for y, s, ys in pairs if ys > self.flat.eps * float(y @ y)]
        if not changes:
            return None
        y, _, rho = changes[-1]
        with np.errstate(all="ignore"):
            d = two_loops(changes, g[free], 1 / (rho * float(y @ y)))
        return d if np.isfinite(d).all() and float(d @ g[free]) < 0 else None

    def _searched(self, x: Vector, value: float, g: Vector, lr: float) -> Seen | None:
        d, t = -g, lr * max(min(1.0, 1.0 / float(np.abs(g).sum())), self._made / norm(g))
        if self.changes:
            y, _, rho = self.changes[-1]
            with np.errstate(all="ignore"):
                quick = two_loops(self.changes, g, 1 / (rho * float(y @ y)))
            if np.isfinite(quick).all() and float(quick @ g) < 0:
                d, t = quick, lr
        noise = NOISE * self.flat.eps * abs(value)
        seen: dict[float, Vector] = {}

        def at(length: float) -> tuple[float, float, Vector, float]:
            with np.errstate(all="ignore"):
                new = self.flat.rounded(x + length * d)
                there, down = self.flat.value_and_gradient(new)
                seen[length] = new
                return length, there, down, float(down @ d)

        slope, reach = float(g @ d), float(np.abs(d).max())
        if not (np.isfinite(slope) and t > 0):
            return None
        spacing = self.flat.eps * float(np.abs(x).max())  # of the numbers about x, below which steps lead nowhere
        (t, there, down, _), _ = strong_wolfe(at, t, (0.0, value, g, slope), reach, spacing, TRIALS, noise)
        flatter = there <= value + noise and norm(down) < norm(g)
        return (seen[t], there, down) if t > 0 and (there < value or flatter) else None
