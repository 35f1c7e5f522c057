"""What bounds and constraints cost: their multipliers at the end, which say how the value would follow them.

At a minimum the gradient of f is a combination of the gradients of what holds it there; the shares are the multipliers
of Karush, Kuhn and Tucker, and each is the rate at which the least value changes as its bound or right side is moved
(Nocedal and Wright, Numerical Optimization, section 12.8).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from chainrule.descend.box import Box, region
from chainrule.descend.flat import Flat, Vector
from chainrule.descend.objective import Array, Objective, labels
from chainrule.descend.words import Words, words


class Active(NamedTuple):
    """A bound at which the result stands, or a constraint that holds with equality there.

    kind: "lower", "upper" (of a bound), "equal" or "at_least" (of a constraint); at: the bound, or the right side.
    multiplier: by how much f gets lower for each 1 by which the bound or `at_least` is relaxed; of "equal", by how much
        it grows for each 1 by which the right side is raised. NaN where it is not known.
    """

    name: str
    kind: str
    at: float
    multiplier: float

    @property
    def words(self) -> Words:
        """It as a sentence."""
        how = ", down" if self.kind == "equal" and self.multiplier < 0 else ""
        known = how if np.isfinite(self.multiplier) else ", unknown"
        return words(f"at {self.kind}{known}", name=self.name, at=self.at, price=abs(self.multiplier))

    def __str__(self) -> str:
        return str(self.words)


def of_bounds(objective: Objective, leaves: Sequence[Array], box: Box, slope: Vector | None = None) -> list[Active]:
    """The bounds at which the leaves stand.

    slope: the gradient there of what the constraints leave to the bounds; by default that of the function.
    """
    flat = Flat(objective)
    x, walls = flat.join(leaves), region(box, flat)
    assert walls is not None
    g = flat.value_and_gradient(x)[1] if slope is None else slope
    found, names = [], labels(objective)
    for i in np.flatnonzero((x <= walls.low) | (x >= walls.high)):
        if x[i] <= walls.low[i]:
            found.append(Active(names[i], "lower", float(walls.low[i]), float(g[i])))
        if x[i] >= walls.high[i]:
            found.append(Active(names[i], "upper", float(walls.high[i]), float(-g[i])))
    return found
