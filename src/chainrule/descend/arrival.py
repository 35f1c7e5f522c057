"""Whether a descent has arrived: what is measured where it ended, and what is said of it.

A flat place is a minimum if the function curves up there in all directions; if it curves down in one, it is a saddle,
in all, a maximum: places to which a start leads that is symmetric about them. Negative curvature is believed if the
value is lower along it. And where there is no gradient and no curvature, the value beside tells.

A search that finds no lower value has arrived where the fall that is left (to the minimum of the quadratic model) is
within the rounding of the value. How far a run of given steps has come, the fall that is left tells beside that made.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, isfinite, isnan
from typing import NamedTuple

import numpy as np

from chainrule.descend.box import Box, region
from chainrule.descend.curvature import FEW, Curvature, curvature, explain
from chainrule.descend.flat import Flat, Vector, norm
from chainrule.descend.objective import Array, Objective
from chainrule.descend.options import Options
from chainrule.descend.stops import Hit
from chainrule.descend.words import Words, words

NEGATIVE = 1e-6  # of the largest curvature: what is below minus this is looked at as negative
BESIDE = (1e-3, 1e-4)  # of the way that was made, and of the numbers themselves: how far beside is looked
LEFT = 1e-6  # of the fall that was made: what may be left of it, where a run of given steps has arrived
FLATTER = 1e-4  # of the way; and of the gradient at the start, where nothing is known of curvature
FAR = 1e6  # times the size of the start: so far away, no minimum is expected any more
APART = 1e3  # ratio of curvatures from which a problem counts as ill-conditioned


class Ending(NamedTuple):
    """What is said of the end of a descent."""

    reason: str
    words: Words | None
    arrived: bool


class NotFinite(ValueError):
    """A function without a finite value or gradient at the start."""


def check_start(objective: Objective, value: float, slope: float) -> None:
    """Raise NotFinite unless the value and the norm of the gradient at the start are finite."""
    if isfinite(value) and slope < inf:
        return
    if not isfinite(value):
        raise NotFinite(f"the function is not finite at the start: f(x0) = {value}. Start elsewhere")
    found = slope_by_differences(objective, objective.start) if isnan(slope) else inf
    if found < inf:
        raise NotFinite(f"f(x0) = {value:.6g} is finite, but {words('untaken', slope=found)}")
    raise NotFinite(
        f"the function is not finite at the start: f(x0) = {value:.6g}, but the norm of its gradient is {slope}. "
        "Start elsewhere"
    )


class Place:
    """A point, what was measured there, and whence the descent came."""

    def __init__(
        self, objective: Objective, leaves: Sequence[Array], first: tuple[float, float], box: Box | None = None
    ) -> None:
        self.objective, self.first = objective, first
        self.flat = Flat(objective)
        self.x = self.flat.join(leaves)
        self.value, self.g = self.flat.value_and_gradient(self.x)
        self.region, free = region(box, self.flat), None
        if self.region is not None:  # what is held at a bound neither moves nor counts
            free = ~self.region.held(self.x, self.g)
            self.g = np.where(free, self.g, 0.0)
        self.slope = norm(self.g)
        self.noise = 100 * self.flat.eps * abs(self.value)
        self.corner = free is not None and not free.any()  # all are held
        self.curves: Curvature | None = curvature(self.flat, self.x, self.g, free)

    @property
    def endless(self) -> bool:
        """Whether the descent has come far beyond the size of its start, and still does not curve up."""
        start = self.flat.join(self.objective.start)
        far = norm(self.x - start) > FAR * (1 + norm(start))
        return far and (self.curves is None or not self.curves.least > 0)

    @property
    def near(self) -> bool:
        """Whether what is left, of the fall and of the way, is little beside what was made, or rounding."""
        c = self.curves
        if c is None:
            return False
        way = norm(self.x - self.flat.join(self.objective.start))
        little = c.promise <= LEFT * (self.first[0] - self.value) and c.reach <= FLATTER * way
        return little or c.promise <= self.noise

    def lower(self, direction: Vector, least: float) -> bool:
        """Whether the value beside the point is lower by what is more than rounding, and `least`."""
        way = float(np.abs(self.x - self.flat.join(self.objective.start)).max())
        own = (abs(self.value) / least) ** 0.5 if least else 0.0  # where the fall is a part of the value itself
        sizes = [BESIDE[0] * way, BESIDE[0] * own, BESIDE[1] * float(np.abs(self.x).max())]
        for h in filter(None, sizes if any(sizes) else [BESIDE[1]]):
            for beside in (self.x + h * direction, self.x - h * direction):
                beside = beside if self.region is None else self.region.project(beside)
                if self.value - self.flat.value_and_gradient(beside)[0] > max(self.noise, least * h * h):
                    return True
        return False

    def turns(self) -> str:
        """ "saddle" or "maximum" where it is one, "beside" where a value beside is lower, "" else."""
        c = self.curves
        down = c is not None and c.least < -NEGATIVE * max(abs(c.least), abs(c.greatest))
        if c is not None and down and self.lower(c.direction, -c.least / 4):
            return "maximum" if c.greatest <= NEGATIVE * -c.least else "saddle"
        level = self.slope == 0 and (c is None or c.least <= NEGATIVE * c.greatest) and len(self.x) <= FEW
        return "beside" if level and any(self.lower(axis, 0.0) for axis in np.eye(len(self.x))) else ""

    def said(self, what: str, length: float, message: str = "") -> Words:
        """A sentence of what was measured."""
        nan = float("nan")
        least, greatest = (nan, nan) if self.curves is None else self.curves[:2]
        known = "corner" if self.corner else what if self.curves is not None else f"{what}, unknown"
        return words(known, norm=self.slope, least=least, greatest=greatest, length=length if length < inf else 0.0,
                     message=message)  # fmt: skip


def arrival(
    objective: Objective, leaves: Sequence[Array], first: tuple[float, float], hit: Hit, length: float,
    box: Box | None = None,
) -> Ending:  # fmt: skip
    """The end of a descent that was ended by `hit`, "converged", with a last step of that length."""
    what = hit.words.what if hit.words is not None else ""
    place = Place(objective, leaves, first, box)
    c, told = place.curves, hit.words.values.get("message", "") if hit.words is not None else ""
    steep = what == "found" and place.slope > FLATTER * first[1] and not place.near
    if steep and place.lower(place.g / place.slope, 0.0):  # a method that takes no slopes has not seen it
        return Ending("stopped", words("found, lower", message=told, norm=place.slope), False)
    turns = place.turns() if what in ("gradient", "found") or place.slope <= FLATTER * first[1] else ""
    if turns:
        return Ending("stopped", place.said(turns, length), False)
    if what == "plateau" and hit.words is not None:  # that is asked for; yet a rate too large for the curvature is none
        stuck = c is not None and c.least > 0 and not place.near and place.slope > FLATTER * first[1]
        said = words("stuck" if stuck else "plateau", **{**hit.words.values, "norm": place.slope})
        return Ending("stopped" if stuck else "converged", said, not stuck)
    if what == "found":
        return Ending("converged", place.said("found", 0.0, told), True)
    if what == "gradient":
        if c is not None and place.slope == 0 and c.least == c.greatest == 0 and not place.value < first[0]:
            return Ending("stopped", place.said("nothing", length), False)
        return Ending("converged", place.said("minimum", length), True)
    if length > 0:  # as short as was asked for; yet short steps are no arrival
        arrived = place.slope <= FLATTER * first[1] or place.near
        said = words("change" if arrived else "short", length=length, norm=place.slope)
        return Ending("converged" if arrived else "stopped", said, arrived)
    if place.corner or (c is not None and c.promise <= place.noise):
        return Ending("converged", place.said("rounding", length), True)
    if place.endless:
        return Ending("stopped", words("endless", norm=place.slope, first=first[0], value=place.value), False)
    return Ending("stopped", place.said("no lower", length), False)


def unlooked(hit: Hit, value: float, slope: float, first: tuple[float, float], length: float) -> Ending:
    """The end of a descent of a function that is not to be run for nothing: it draws, or has no graph."""
    if hit.reason == "converged":
        if hit.words is not None and hit.words.what == "gradient":
            hit = Hit(hit.reason, words("minimum, unknown", norm=slope, length=length if length < inf else 0.0))
        return Ending(hit.reason, hit.words, True)
    if value > first[0] and slope > first[1]:
        return Ending(hit.reason, words("grown", first=first[0], value=value), False)
    arrived = slope <= FLATTER * first[1]
    return Ending(hit.reason, words("flat, unknown" if arrived else "further", norm=slope), arrived)


def outlook(
    objective: Objective, leaves: Sequence[Array], first: tuple[float, float], name: str, group: Options,
    box: Box | None = None,
) -> Ending:  # fmt: skip
    """What is said after all steps of a descent by an optimiser with these options."""
    place = Place(objective, leaves, first, box)
    c, value, slope = place.curves, place.value, place.slope
    turns = place.turns() if slope <= FLATTER * first[1] else ""
    if turns:
        return Ending("steps done", place.said(turns, inf), False)
    if value > first[0] and slope > first[1]:
        why = explain(objective, [(words("start"), objective.start)], name, group)
        said = words("grown, as" if why else "grown", first=first[0], value=value, explanation=why)
        return Ending("steps done", said, False)
    if place.endless:
        return Ending("steps done", words("endless", norm=slope, first=first[0], value=value), False)
    if place.near if c is not None and c.least > 0 else slope <= FLATTER * first[1]:
        return Ending("steps done", place.said("flat", inf), True)
    if c is not None and c.greatest > APART * c.least > 0:
        said = words("apart", norm=slope, least=c.least, greatest=c.greatest, ratio=c.greatest / c.least)
        return Ending("steps done", said, False)
    return Ending("steps done", words("further", norm=slope), False)


def slope_by_differences(objective: Objective, leaves: Sequence[Array]) -> float:
    """The norm of the slope that differences of values give, on both sides alike; nan where they give none."""
    flat = Flat(objective)
    x = flat.join(leaves)
    if len(x) > 1000:
        return float("nan")
    slopes = []
    for i in range(len(x)):
        h = flat.eps ** (1 / 3) * max(1.0, abs(x[i]))
        at = [flat.value_and_gradient(x + k * h * (np.arange(len(x)) == i))[0] for k in (-2, -1, 0, 1, 2)]
        with np.errstate(all="ignore"):
            left, right = (at[2] - at[0]) / (2 * h), (at[4] - at[2]) / (2 * h)
        if not abs(left - right) <= 0.1 * max(abs(left), abs(right), 1e-6):
            return float("nan")
        slopes.append((left + right) / 2)
    return norm(np.array(slopes))
