"""Bounds: what numbers may be, read in every form in which they are given, and what becomes of a step there.

An entry that a step would carry past its bound stops at it (Goldstein, 1964; Bertsekas, 1976), and what carried it
there, the first moment of its optimiser, is lost: so it comes back at once when the slope turns. All else that a rule
remembers (second moments, sizes of steps) is made of the gradients as they are. Where an entry stands at its bound and
the slope leads out, it is *held*: its part of the gradient counts for no norm and stops no descent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chainrule.core.op import REGISTRY
from chainrule.core.tensor import Tensor
from chainrule.descend.flat import Flat, Mask, Vector
from chainrule.descend.objective import Array, Objective, labels
from chainrule.optim.rules import CARRIES

NEXT = 1e-6  # so near to a bound, beside its size, a point is next to it
FORMS = (
    "a pair (low, high) for all, a pair for each, a dict or tree of pairs like x0, or SciPy's Bounds; None is an open "
    "side"
)


class Box:
    """The bounds of each leaf, `low` and `high`, in its shape and dtype; -inf and inf are open sides."""

    def __init__(self, low: Sequence[Array], high: Sequence[Array]) -> None:
        self.low, self.high = list(low), list(high)
        self._sides = [(_side(a, -np.inf), _side(b, np.inf)) for a, b in zip(low, high)]

    @property
    def key(self) -> tuple[bytes, ...]:
        """What tells it from others of the same shapes."""
        return tuple(np.asarray(a).tobytes() for a in (*self.low, *self.high))

    def along_lanes(self) -> Box:
        """The same for arrays that have lanes along a last dimension."""
        return Box(*([np.asarray(a)[..., None] for a in side] for side in (self.low, self.high)))

    def stopped(self, i: int, p: Any, state: tuple[Any, ...], names: Sequence[str]) -> tuple[Any, tuple[Any, ...]]:
        """Leaf i after a step, and what its rule remembers under these names, stopped at the bounds."""
        low, high = self._sides[i]
        if low is None and high is None:
            return p, state
        # Each `where` is one instruction in machine code, as `clamp` with its NaN is not. A single number goes on from
        # where its step leads, on the guess that it is inside; of several, so many guesses cost more than they save.
        where, inside = REGISTRY["where" if self.low[i].size > 1 else "seldom"], p
        if low is not None:
            inside = where(inside < low, low, inside)
        if high is not None:
            inside = where(inside > high, high, inside)
        carries = [name in CARRIES for name in names]
        if not any(carries):
            return inside, state
        out = inside != p
        return inside, tuple([where(out, 0.0, s) if c else s for c, s in zip(carries, state)])

    def inward(self, i: int, p: Any, g: Any, maximize: bool = False) -> Any:
        """The gradient of leaf i at p without what is held."""
        low, high = self._sides[i]
        if low is None and high is None:
            return g
        low, high = -np.inf if low is None else low, np.inf if high is None else high
        ahead = REGISTRY["where"](g > 0, *((high, low) if maximize else (low, high)))  # the bound to which it leads
        return REGISTRY["where"](p == ahead, 0.0, g)


class Region:
    """Bounds of one flat vector."""

    def __init__(self, low: Vector, high: Vector) -> None:
        self.low, self.high = low, high

    def project(self, x: Vector) -> Vector:
        """The nearest point inside."""
        return np.minimum(np.maximum(x, self.low), self.high)

    def held(self, x: Vector, g: Vector, near: float = 0.0) -> Mask:
        """The entries at their bound, or so near to it, where the slope leads out."""
        return ((x <= self.low + near) & (g > 0)) | ((x >= self.high - near) & (g < 0))

    def snapped(self, x: Vector) -> Vector:
        """x with what is next to a bound at it: methods from the inside (barriers) come no nearer."""
        for side in (self.low, self.high):
            x = np.where(np.isfinite(side) & (np.abs(x - side) <= NEXT * (1 + np.abs(side))), side, x)
        return x

    def inward(self, x: Vector, g: Vector) -> Vector:
        """The gradient at x without what is held."""
        return np.where(self.held(x, g), 0.0, g)


def region(box: Box | None, flat: Flat) -> Region | None:
    """The bounds of the vector that `flat` makes of the leaves."""
    return None if box is None else Region(flat.join(box.low), flat.join(box.high))


def _side(a: Array, open_side: float) -> Array | float | None:
    """A side as ops take it: None if it is open everywhere, a number if it is one."""
    a = np.asarray(a)
    if not a.size or (a == open_side).all():
        return None
    return float(a.flat[0]) if (a == a.flat[0]).all() else a


def box(objective: Objective, bounds: Any) -> Box | None:
    """The bounds of what is minimised, from whatever form; None if all sides are open."""
    if bounds is None or isinstance(bounds, Box):
        return bounds
    low = [np.full(a.shape, -np.inf) for a in objective.start]
    high = [np.full(a.shape, np.inf) for a in objective.start]
    spec = objective.spec
    if objective.parameters is not None:
        spec = list, objective.parameter_names, (None,) * len(low)
    _Reader(low, high, objective).read(bounds, spec, 0, len(low))
    kinds = [a.dtype for a in objective.start]
    found = Box(*([a.astype(k)[()] for a, k in zip(side, kinds)] for side in (low, high)))
    _inside(objective, found)
    return None if all(a is None and b is None for a, b in found._sides) else found


def _inside(objective: Objective, found: Box) -> None:
    """Refuse bounds that leave no room, and a start outside."""
    names = iter(labels(objective))
    for a, x, b in zip(found.low, objective.start, found.high):
        for low, at, high in zip(np.ravel(a), np.ravel(x), np.ravel(b)):
            name = next(names)
            if not low <= high or low == np.inf or high == -np.inf:
                raise ValueError(f"the bounds of {name} are {low:g} and {high:g}: the first must not exceed the second")
            inside(name, low, at, high)


def inside(name: str, low: float, at: float, high: float) -> None:
    """Refuse a number that starts outside its bounds."""
    if not low <= at <= high:
        raise ValueError(f"{name} starts at {at:g}, outside its bounds {low:g} and {high:g}: start inside them")


class _Reader:
    """Puts bounds, which may be a tree, into arrays."""

    def __init__(self, low: list[Array], high: list[Array], objective: Objective) -> None:
        self.low, self.high, self.objective = low, high, objective

    def read(self, bounds: Any, spec: Any, begin: int, end: int) -> None:
        """Read the bounds of the leaves from begin to end, whose structure is spec."""
        if bounds is None:
            return
        if hasattr(bounds, "lb") and hasattr(bounds, "ub"):
            self._flat(bounds.lb, bounds.ub, begin, end)
        elif isinstance(bounds, Mapping):
            self._named(bounds, spec, begin)
        elif isinstance(bounds, (tuple, list, np.ndarray, Tensor)):
            self._listed([*bounds], bounds, spec, begin, end)
        else:
            raise TypeError(f"bounds are {FORMS}; got {bounds!r:.60}")

    def _named(self, bounds: Mapping[Any, Any], spec: Any, begin: int) -> None:
        names = () if spec is None or spec[1] is None else spec[1]
        for name in bounds:
            if name not in names:
                there = f"there are {', '.join(map(str, names))}" if names else "x0 has no names there"
                raise ValueError(f"bounds= names {name!r}, but {there}")
        for name, child in zip(names, () if spec is None else spec[2]):
            size = _leaves(child)
            if name in bounds:
                self.read(bounds[name], child, begin, begin + size)
            begin += size

    def _listed(self, parts: list[Any], bounds: Any, spec: Any, begin: int, end: int) -> None:
        count = sum(a.size for a in self.low[begin:end])
        arrays = isinstance(bounds, (tuple, list)) and any(map(_is_array, parts))
        rows = [s for s in parts if _is_sequence(s)]
        wide = count != 2 and all(len(s) == count for s in rows)  # sides that are written out
        if len(parts) == 2 and (arrays or wide or not all(s is None or _is_sequence(s) for s in parts) or not rows):
            if arrays and count == 2 and all(np.shape(s) == (2,) for s in parts):
                raise ValueError(
                    "bounds= of two arrays of two numbers can be read in two ways, as the two sides or as a pair each: "
                    "pass a list of pairs, [(low, high), (low, high)]"
                )
            self._flat(parts[0], parts[1], begin, end)
        elif spec is not None and len(parts) == len(spec[2]):
            for part, child in zip(parts, spec[2]):
                self.read(part, child, begin, begin := begin + _leaves(child))
        elif len(parts) == count:
            sides = [self._pair(part) for part in parts]
            self._flat([a for a, _ in sides], [b for _, b in sides], begin, end)
        else:
            names = labels(self.objective)
            raise ValueError(
                f"bounds= holds {len(parts)} pairs for {count} numbers ({', '.join(names[:6])}"
                f"{', ...' if len(names) > 6 else ''}): give {FORMS}"
            )

    def _pair(self, pair: Any) -> tuple[Any, Any]:
        if pair is None:
            return None, None
        if not _is_sequence(pair) or len(pair) != 2:
            raise ValueError(f"a pair of bounds is (low, high), with None for an open side; got {pair!r:.60}")
        return pair[0], pair[1]

    def _flat(self, low: Any, high: Any, begin: int, end: int) -> None:
        """Sides that hold for the leaves from begin to end, in one row or each like the leaf."""
        shapes = [a.shape for a in self.low[begin:end]]
        for side, given, open_side in ((self.low, low, -np.inf), (self.high, high, np.inf)):
            a = _numbers(given, open_side)
            count = sum(s.size for s in side[begin:end])
            try:
                if a.ndim and a.shape == (count,):
                    parts = np.split(a, np.cumsum([s.size for s in side[begin:end]])[:-1])
                    side[begin:end] = [part.reshape(shape) for part, shape in zip(parts, shapes)]
                else:
                    side[begin:end] = [np.broadcast_to(a, shape).copy() for shape in shapes]
            except ValueError:
                raise ValueError(
                    f"a side of bounds= has shape {list(a.shape)}, which does not fit {count} numbers in "
                    f"{', '.join(str(list(s)) for s in shapes)}: give {FORMS}"
                ) from None


def _is_array(a: object) -> bool:
    return isinstance(a, (np.ndarray, Tensor)) and a.ndim > 0


def _is_sequence(a: object) -> bool:
    return isinstance(a, (tuple, list)) or _is_array(a)


def _leaves(spec: Any) -> int:
    return 1 if spec is None else sum(_leaves(child) for child in spec[2])


def _numbers(side: Any, open_side: float) -> Array:
    if isinstance(side, Tensor):
        side = side.detach().numpy()
    if isinstance(side, (tuple, list)):
        side = [open_side if s is None else s for s in side]
    try:
        a = np.asarray(open_side if side is None else side, dtype=float)
    except (TypeError, ValueError):
        raise TypeError(f"a bound is a number, or None for an open side; got {side!r:.60}") from None
    if np.isnan(a).any():
        raise ValueError("a bound is nan; None stands for an open side")
    return a
