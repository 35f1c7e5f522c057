"""Parameters of a fit: which move, which are fixed, which follow from others, and between which bounds.

The solver sees one vector of the numbers that move; everybody else sees values by name.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from chainrule.api.creation import tensor
from chainrule.base.dtypes import NAMES
from chainrule.core.op import REGISTRY
from chainrule.core.tensor import Tensor
from chainrule.descend.box import inside
from chainrule.func.expression import ExpressionError, parse

Array = Any


class Tie(NamedTuple):
    """How a parameter follows from others: a function of those it names."""

    rule: Callable[..., Any]
    reads: tuple[str, ...]
    text: str


class Parameters:
    """Names with values at the start; `free`, `fixed` and `ties` part them, `low` and `high` bound the free numbers."""

    def __init__(
        self, values: Mapping[str, Array], fixed: str | Sequence[str], tied: Mapping[str, Any] | None, bounds: Any
    ) -> None:
        self.values = dict(values)
        self.fixed = _known((fixed,) if isinstance(fixed, str) else tuple(fixed), self.values, "fixed=")
        _known(tied or {}, self.values, "tied=")
        both = [name for name in self.fixed if name in (tied or {})]
        if both:
            raise ValueError(f"{both[0]} is both fixed and tied: leave it in one of the two")
        self.ties = _in_order({name: _tie(name, rule, self.values) for name, rule in (tied or {}).items()})
        self.free = [name for name in self.values if name not in self.fixed and name not in self.ties]
        if not self.free:
            raise ValueError("all parameters are fixed or tied: there is nothing to fit")
        self.slices, at = {}, 0
        for name in self.free:
            size = self.values[name].size
            self.slices[name] = slice(at, at + size)
            at += size
        self.start = np.concatenate([self.values[name].ravel() for name in self.free])
        self.low, self.high = np.full(at, -np.inf), np.full(at, np.inf)
        for name, pair in _pairs(bounds, list(self.values)).items():
            self._bound(name, pair)
        self.labels = [label for name in self.free for label in labels(name, self.values[name].shape)]

    def _bound(self, name: str, pair: Any) -> None:
        if name not in self.slices:
            kind = "fixed" if name in self.fixed else "tied"
            raise ValueError(f"{name} is {kind}, so it has no bounds of its own: leave it out of bounds=")
        try:
            low, high = pair
        except (TypeError, ValueError):
            raise ValueError(
                f"the bounds of {name} are a pair (low, high), with None for an open side; got {pair!r}"
            ) from None
        at, shape = self.slices[name], self.values[name].shape
        self.low[at] = np.broadcast_to(_side(name, low, -np.inf), shape).ravel()
        self.high[at] = np.broadcast_to(_side(name, high, np.inf), shape).ravel()
        here = labels(name, shape)
        for label, a, x, b in zip(here, self.low[at], self.start[at], self.high[at]):
            if not a < b:
                raise ValueError(
                    f"the bounds of {label} are {a:g} and {b:g}: the first must be below the second (to hold a "
                    f"parameter still, use fixed=({name!r},))"
                )
            inside(label, a, x, b)

    def by_name(self, x: Tensor) -> dict[str, Tensor]:
        """All parameters as tensors, from the vector of those that move; differentiable."""
        shapes = {name: self.values[name].shape for name in self.free}
        return self.completed({name: REGISTRY["reshape"](x[self.slices[name]], shape=shapes[name]) for name in shapes})

    def completed(self, free: dict[str, Tensor]) -> dict[str, Tensor]:
        """All parameters in order, from those that move."""
        found = {**free, **{name: tensor(self.values[name], dtype=NAMES["float64"]) for name in self.fixed}}
        for name, tie in self.ties.items():
            value = tie.rule(**{n: found[n] for n in tie.reads})
            found[name] = value if isinstance(value, Tensor) else tensor(value, dtype=NAMES["float64"])
        return {name: found[name] for name in self.values}

    def at_bound(self, x: Array) -> list[tuple[str, float]]:
        """The numbers that stand at a bound, with it."""
        rows = zip(self.labels, x, self.low, self.high)
        return [(label, float(v)) for label, v, a, b in rows if v <= a or v >= b]


def labels(name: str, shape: tuple[int, ...]) -> list[str]:
    """A name for each number of a parameter: a, or w[0], w[1], ...

    >>> labels("w", (2,)), labels("a", ())
    (['w[0]', 'w[1]'], ['a'])
    """
    return [f"{name}[{', '.join(map(str, i))}]" for i in np.ndindex(shape)] if shape else [name]


def _known(names: Any, values: Mapping[str, Any], where: str) -> tuple[str, ...]:
    for name in names:
        if name not in values:
            raise ValueError(f"{where} names {name!r}, but the parameters are {', '.join(values)}")
    return tuple(names)


def _side(name: str, side: Any, open_side: float) -> Array:
    value = np.asarray(open_side if side is None else side, dtype=float)
    if np.isnan(value).any():
        raise ValueError(f"a bound of {name} is nan; None stands for an open side")
    return value


def _pairs(bounds: Any, names: list[str]) -> dict[str, Any]:
    """Bounds by name, from a dict, one pair for all, a pair for each in order, or SciPy's `Bounds`."""
    if bounds is None:
        return {}
    if hasattr(bounds, "lb") and hasattr(bounds, "ub"):
        bounds = list(zip(*np.broadcast_arrays(bounds.lb, bounds.ub, np.empty(len(names)))[:2]))
    if isinstance(bounds, str) or not hasattr(bounds, "__iter__"):
        raise TypeError(f"bounds= is a dict of pairs by name, {{'k': (0, None)}}, or a list of pairs; got {bounds!r}")
    if isinstance(bounds, Mapping):
        _known(bounds, dict.fromkeys(names), "bounds=")
        return dict(bounds)
    pairs = list(bounds)
    if len(pairs) == 2 and not any(hasattr(side, "__len__") for side in pairs):  # one pair for all
        pairs = [tuple(pairs)] * len(names)
    if len(pairs) != len(names):
        raise ValueError(
            f"bounds= has {len(pairs)} pairs for {len(names)} parameters ({', '.join(names)}): give one (low, high) "
            "for each, or a dict by name"
        )
    return {name: pair for name, pair in zip(names, pairs) if pair is not None and tuple(pair) != (None, None)}


def _tie(name: str, rule: Any, values: Mapping[str, Any]) -> Tie:
    if isinstance(rule, str):
        try:
            f = parse(rule)
        except ExpressionError as e:
            raise ValueError(f"tied={{{name!r}: ...}} is no expression: {e}") from None
        reads: tuple[str, ...] = f.variables
        rule, text = f, rule
    elif callable(rule):
        reads, text = tuple(inspect.signature(rule).parameters), f"{getattr(rule, '__name__', 'f')}(...)"
    else:
        raise TypeError(
            f"tied={{{name!r}: ...}} must be a text such as '2*k1' or a function, but got {type(rule).__name__}"
        )
    for read in reads:
        if read not in values or read == name:
            raise ValueError(
                f"{name} is tied to {read!r}; it can follow from {', '.join(n for n in values if n != name)}"
            )
    return Tie(rule, reads, text)


def _in_order(ties: dict[str, Tie]) -> dict[str, Tie]:
    """Ties in an order in which each follows from what is there."""
    ordered: dict[str, Tie] = {}
    while len(ordered) < len(ties):
        ready = [n for n, t in ties.items() if n not in ordered and all(r in ordered or r not in ties for r in t.reads)]
        if not ready:
            raise ValueError(f"{' and '.join(n for n in ties if n not in ordered)} are tied in a circle")
        ordered.update({n: ties[n] for n in ready})
    return ordered
