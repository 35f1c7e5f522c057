"""A function at a point: as a function of a list of arrays, with a name for every number in them.

A point may be a number, a tensor, several arguments, trees of tensors. Everything that looks at the function from
another side (the engine, finite differences, formulas, a derivative by hand) sees the same flat list of numbers.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.api.backward import grad
from chainrule.base.language import say
from chainrule.core.op import REGISTRY
from chainrule.core.state import mode
from chainrule.core.tensor import LEAF, Tensor, wrap
from chainrule.func.expression import parse
from chainrule.func.single import one_number
from chainrule.func.trees import flatten, unflatten

MOST_NUMBERS = 2000  # numbers in a point: finite differences call the function some fifty times for each


class AtPoint:
    """A function and a point.

    point: a number or a tensor; a tuple of arguments; a dict of arguments by name, or one that f takes as it is.
    """

    def __init__(self, f: Callable[..., Any] | str, point: Any) -> None:
        f = parse(f) if isinstance(f, str) else f
        if not callable(f):
            raise TypeError(f"check(f, point) takes a function or a text, but got a {type(f).__name__}")
        self.f = f
        args = point if isinstance(point, tuple) else (point,)
        parameters = _parameters(f)
        if isinstance(point, dict) and set(point) <= set(parameters):
            args = tuple(inspect.signature(f).bind(**point).args)
            parameters = [name for name in parameters if name in point]
        leaves, self.spec = flatten(args)
        self.arrays = [_array(x) for x in leaves]
        self.labels = _labels(args, parameters)
        self.names = [
            "_".join([label, *(str(k + 1) for k in at)]) if x.size > 1 else label
            for label, x in zip(self.labels, self.arrays) for at in np.ndindex(*x.shape)
        ]  # fmt: skip
        if not self.names:
            raise ValueError("the point holds no numbers")
        if len(self.names) > MOST_NUMBERS:
            raise ValueError(
                f"the point holds {len(self.names)} numbers, and finite differences call the function some fifty times "
                f"for each; check at most {MOST_NUMBERS}, such as a smaller case of the same function"
            )
        self.parameters = parameters
        self.eps = max(float(np.finfo(x.dtype).eps) for x in self.arrays)

    def call(self, f: Callable[..., Any], leaves: Sequence[Tensor]) -> Any:
        """f of tensors in the structure of the point."""
        return f(*unflatten(self.spec, leaves))

    def result(self, leaves: Sequence[Tensor]) -> Tensor:
        """The single number that the function returns."""
        with np.errstate(all="ignore"):
            return one_number(self.call(self.f, leaves), "check one of them, or their .sum()")

    def automatic(self, dtype: Any = None) -> tuple[float, list[float]]:
        """The value and the engine's gradient; dtype: to compute in, by default that of the point."""
        leaves = [wrap(x.astype(dtype or x.dtype)[()], LEAF) for x in self.arrays]
        with mode(grad=True), np.errstate(all="ignore"):
            y = self.result(leaves)
            found = [None] * len(leaves) if y._g is None else grad(y.sum(), leaves, allow_unused=True)  # type: ignore[attr-defined]
        parts = [np.zeros(x.size) if g is None else np.asarray(g._a).reshape(-1) for x, g in zip(self.arrays, found)]
        return float(np.asarray(y._a).reshape(())), [float(v) for p in parts for v in p]

    def accepted(self) -> np.dtype[Any]:
        """float64 if the function computes in it, else the dtype that it computes in."""
        try:
            y = self.result([wrap(x.astype(np.float64)[()]) for x in self.arrays])
        except RuntimeError:  # it holds tensors of another dtype, and mixes them with its arguments
            y = self.result(self.tensors())
        return np.dtype(y._a.dtype)

    def moved(self, i: int, v: float, kind: np.dtype[Any]) -> float:
        """The function where the i-th number of the point is v; NaN where it has no value."""
        arrays = [np.array(x, dtype=kind) for x in self.arrays]
        for x in arrays:
            if i < x.size:
                x.reshape(-1)[i] = v
                break
            i -= x.size
        try:
            y = float(np.asarray(self.result([wrap(x[()]) for x in arrays])._a).reshape(()))
        except (ValueError, ZeroDivisionError, OverflowError):
            return float("nan")
        return y if np.isfinite(y) else float("nan")

    def slopes_by_hand(self, by_hand: Callable[..., Any]) -> list[float]:
        """What the formula by hand says, a number for each of the point."""
        got = self.call(by_hand, [wrap(np.array(x)[()]) for x in self.arrays])
        for leaf in self._ordered(got):
            if not isinstance(leaf, (Tensor, np.ndarray, np.number, int, float)):
                raise TypeError(
                    say(
                        "by_hand must return numbers or tensors, the slopes, but it returned {got}", got=f"{leaf!r:.60}"
                    )
                )
        flat = [
            float(v) for leaf in self._ordered(got)
            for v in np.asarray(leaf.detach()._a if isinstance(leaf, Tensor) else leaf, dtype=float).reshape(-1)
        ]  # fmt: skip
        if len(flat) != len(self.names):
            raise ValueError(
                f"by_hand must return a slope for each of the {len(self.names)} numbers ({', '.join(self.names[:6])}"
                f"{', ...' * (len(self.names) > 6)}), but it returned {len(flat)}"
            )
        return flat

    def typed(self, by_hand: Any) -> Callable[..., Any]:
        """A derivative by hand as a function; it may be a text, or texts by variable in a tuple, list or dict."""
        if callable(by_hand):
            return by_hand  # type: ignore[no-any-return]
        if isinstance(by_hand, dict):
            parts: Any = {k: self.typed(e) for k, e in by_hand.items()}
            return lambda *xs: {k: e(*xs) for k, e in parts.items()}
        if isinstance(by_hand, (tuple, list)):
            parts = [self.typed(e) for e in by_hand]
            return lambda *xs: [e(*xs) for e in parts]
        if isinstance(by_hand, (int, float)):
            return lambda *xs: by_hand
        if not isinstance(by_hand, str):
            raise TypeError(say("by_hand is a function or a text, but got {got}", got=f"{by_hand!r:.60}"))
        e = parse(by_hand)
        unknown = [name for name in e.variables if name not in self.parameters]
        if unknown:
            raise ValueError(
                say("there is no variable {name}; there is {names}", name=unknown[0], names=", ".join(self.parameters))
            )
        return lambda *xs: e(**{name: x for name, x in zip(self.parameters, xs) if name in e.variables})

    def _ordered(self, got: Any) -> list[Any]:
        """The parts of a gradient in the order of the point's; those of a dict by name."""
        if isinstance(got, dict) and set(got) == set(self.labels):
            return [got[label] for label in self.labels]
        return flatten(got)[0]

    def flat(self, f: Callable[..., Any], several: bool) -> Callable[..., Any]:
        """f as a function of the leaves, under the names that the formulas are to have."""

        def of_leaves(*leaves: Tensor) -> Any:
            if not several:
                return self.call(f, leaves).reshape(())
            got = self.call(f, [x.detach() for x in leaves])  # type: ignore[attr-defined]
            parts = [
                x if isinstance(x, Tensor) else wrap(np.array(x, dtype=np.float64)[()]) for x in self._ordered(got)
            ]
            return REGISTRY["cat"](*[REGISTRY["reshape"](x, shape=(-1,)) for x in parts], dim=0)

        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        of_leaves.__signature__ = inspect.Signature([inspect.Parameter(n, kind) for n in self.labels])  # type: ignore[attr-defined]
        return of_leaves

    def tensors(self) -> list[Tensor]:
        """The point's leaves."""
        return [wrap(np.array(x)[()]) for x in self.arrays]


def _parameters(f: Callable[..., Any]) -> list[str]:
    try:
        parameters = inspect.signature(f).parameters.values()
    except (TypeError, ValueError):
        return []
    return [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]


def _labels(args: Sequence[Any], parameters: Sequence[str]) -> list[str]:
    """A name for each tensor or number of the arguments."""
    found: list[str] = []
    for i, arg in enumerate(args):
        name = parameters[i] if i < len(parameters) else f"x{i + 1}" if len(args) > 1 else "x"
        keys = list(arg) if isinstance(arg, dict) else None
        n = len(flatten(arg)[0])
        if keys is not None and len(keys) == n and all(isinstance(k, str) and k.isidentifier() for k in keys):
            found += keys
        else:
            found += [name] if n == 1 else [f"{name}_{k + 1}" for k in range(n)]
    return found if len(set(found)) == len(found) else [f"x{k + 1}" for k in range(len(found))]


def _array(x: Any) -> np.ndarray[Any, Any]:
    if isinstance(x, (int, float)) and not isinstance(x, (bool, np.generic)):
        return np.array(float(x))
    a = np.array(x.detach()._a if isinstance(x, Tensor) else x)
    if a.dtype.kind != "f":
        raise TypeError(
            f"the point must hold floating-point numbers, but got {x!r:.60}, of {a.dtype}: only these have slopes. "
            "Pass x.double() of a tensor, and what is no variable by a lambda around the function."
        )
    return a
