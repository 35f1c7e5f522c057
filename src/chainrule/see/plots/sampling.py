"""A function of one or two numbers at many points: all at once where it is elementwise, else one by one.

That it is elementwise is not believed but tried: what comes for all points together must be what comes for some of them
alone. Where the function has no value (outside its domain) the result is NaN. `line` adds what a drawn line needs: it
ends where the function jumps, has a pole or leaves its domain, and its limits are not stretched by poles.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from chainrule.api.backward import grad
from chainrule.core.state import mode
from chainrule.core.tensor import LEAF, Tensor, wrap
from chainrule.descend.objective import spread
from chainrule.func.expression import parse
from chainrule.func.single import a_tensor
from chainrule.func.trees import flatten, unflatten

Array = np.ndarray[Any, Any]
OUTSIDE = (ValueError, ZeroDivisionError, OverflowError)  # a function's ways to say that it has no value there
POINTS = 801  # of a line
HALVINGS = 30  # of an interval, before a jump is believed


class Sampler:
    """A function of `n` numbers (1 or 2), called with arrays of them.

    f: takes the numbers as its arguments, or as one tensor of n elements, or in the structure of `like`.
    probe: the n numbers at which f is tried first, so that its errors come from there.
    who: the plot's name, for the messages.
    """

    def __init__(self, f: Callable[..., Any] | str, probe: Sequence[float], who: str, like: Any = None) -> None:
        f = parse(f) if isinstance(f, str) else f
        if not callable(f):
            raise TypeError(f"{who} draws a function, but got a {type(f).__name__}: pass the function itself first")
        self.f, self.who, self.n = f, who, len(probe)
        needed = _needed(f)
        apart = like is None and (self.n == 1 or len(needed) == 2)  # f(x), f(x, y); else f(p)
        self.spread = "*" if apart else "" if like is None else spread(f, like)
        example = tuple(probe) if apart else np.empty(self.n) if like is None else like
        leaves, self.spec = flatten(example)
        self.shapes = [x.shape if isinstance(x, Tensor) else np.shape(x) for x in leaves]
        own = getattr(f, "__name__", "f")
        self.name = own if own.isidentifier() else "f"  # not "<lambda>"
        self.arguments = _labels(needed, self.spread == "*", example, self.n)
        self.together = True  # until f turns out not to be elementwise
        self.found = False  # whether f has had a value anywhere
        self.dtype: np.dtype[Any] = np.dtype("float64")
        self._probe(np.array(probe, dtype=float))

    def values(self, *at: Any) -> Array:
        """The function at points, whose coordinates are given as arrays of one shape."""
        return self._sampled(at, slopes=False)[0]

    def slopes(self, *at: Any) -> tuple[Array, Array]:
        """The function, and along a new first dimension its derivatives by each of the numbers."""
        got = self._sampled(at, slopes=True)
        return got[0], got[1:]

    def _probe(self, point: Array) -> None:
        try:
            y, _ = self._call(point)
        except OUTSIDE:
            return  # no value just here; if there is none anywhere, `_one_by_one` says so
        except RuntimeError:  # a function that holds tensors of float32 may refuse to meet float64
            self.dtype = np.dtype("float32")
            y, _ = self._call(point)
        self._checked(y)

    def _sampled(self, at: Sequence[Any], slopes: bool) -> Array:
        points = np.array([np.ravel(a) for a in at], dtype=float)
        got = self._all_at_once(points, slopes)
        if got is None:
            got = self._one_by_one(points, slopes)
        return got.reshape(-1, *np.shape(at[0]))

    def _all_at_once(self, points: Array, slopes: bool) -> Array | None:
        """The results for all points from one call; None if the function is not elementwise."""
        n = points.shape[1]
        if not self.together or n < 4:
            return None
        try:
            y, leaves = self._call(points)
            if not isinstance(y, Tensor) or y._a.size != n or y._a.shape[-1:] != (n,):
                raise ValueError("not elementwise")
            got = self._row(y, leaves, slopes)
            some = np.linspace(0, n - 1, 5).astype(int)[1:-1]
            alone = self._one_by_one(points[:, some], slopes)
            self.together = np.allclose(got[:, some], alone, rtol=1e-4, atol=0, equal_nan=True)
        except Exception:  # whatever a function says of an array that was made for a number
            self.together = False
        return got if self.together else None

    def _one_by_one(self, points: Array, slopes: bool) -> Array:
        got = np.full((1 + slopes * self.n, points.shape[1]), np.nan)
        failed: Exception | None = None
        for i, point in enumerate(points.T):
            try:
                y, leaves = self._call(point)
            except OUTSIDE as e:
                failed = e
                continue
            got[:, i] = self._row(self._checked(y), leaves, slopes)[:, 0]
        self.found |= not np.isnan(got[0]).all()
        if failed is not None and not self.found and len(points.T) > 3:
            raise failed
        return got

    def _call(self, points: Array) -> tuple[Any, list[Tensor]]:
        """The result at points (n,) or (n, points), and the tensors that were handed in."""
        rows = iter(points.astype(self.dtype))
        leaves = []
        for shape in self.shapes:
            block = np.array([next(rows) for _ in range(math.prod(shape))]).reshape((*shape, *points.shape[1:]))
            leaves.append(wrap(block if block.shape else block[()], LEAF))
        tree = unflatten(self.spec, leaves)
        with mode(grad=True), np.errstate(all="ignore"):
            y = self.f(*tree) if self.spread == "*" else self.f(**tree) if self.spread else self.f(tree)
        return y, leaves

    def _row(self, y: Tensor, leaves: list[Tensor], slopes: bool) -> Array:
        """Values, and below them slopes if they are wanted, as a table with a column per point."""
        value = np.asarray(y._a, dtype=float).reshape(1, -1)
        if not slopes:
            return value
        if y._g is None:
            return np.concatenate([value, np.zeros((self.n, value.shape[1]))])
        with np.errstate(all="ignore"):
            found = grad(y.sum(), leaves, allow_unused=True)  # type: ignore[attr-defined]
        parts = [np.zeros(x.shape) if g is None else np.asarray(g._a) for x, g in zip(leaves, found)]  # type: ignore[attr-defined]
        return np.concatenate([value, *(p.reshape(-1, value.shape[1]).astype(float) for p in parts)])

    def _checked(self, y: Any) -> Tensor:
        """The result at a single point."""
        if a_tensor(y, f"{self.who}: the function")._a.size != 1:
            takes = "of one variable, f(x)" if self.n == 1 else "of two variables, f(x, y) or f(p) with p[0] and p[1]"
            raise ValueError(
                f"{self.who} draws a function {takes}, that returns a single number, but this one returned "
                f"{list(y._a.shape)}"
            )
        return y  # type: ignore[no-any-return]


def _needed(f: Callable[..., Any]) -> list[str]:
    """The names of the positional arguments that a function must get."""
    try:
        parameters = inspect.signature(f).parameters.values()
    except (TypeError, ValueError):
        return ["x"]
    return [
        p.name
        for p in parameters
        if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) and p.default is inspect.Parameter.empty
    ]


def _labels(needed: list[str], apart: bool, example: Any, n: int) -> list[str]:
    """What the numbers are called on the axes."""
    name = needed[0] if needed else "x"
    if apart and len(needed) == n:
        return needed
    if isinstance(example, dict) and len(example) == n:
        return [str(k) for k in example]
    return [name] if n == 1 else [f"{name}[{i}]" for i in range(n)]


# ---------------------------------------------------------------------------------------------------------------- lines


class Line(NamedTuple):
    """A line to draw: it has NaN where its pieces are not to be joined."""

    x: Array
    y: Array
    limits: tuple[float, float]


def line(g: Callable[[Array], Array], x: Array, y: Array) -> Line:
    """The line through the samples y = g(x), broken at jumps, at poles and where the domain ends."""
    y = np.where(np.isfinite(y), y, np.nan)
    finite = y[np.isfinite(y)]
    if not finite.size:
        return Line(x, y, (0.0, 1.0))
    at, a, b, ya, yb = _jumps(g, x, y, 0.005 * float(np.ptp(limits(y, poles=True))))
    order = np.argsort(np.concatenate([np.arange(len(x)), at + 0.25, at + 0.5, at + 0.75]))
    poles = np.abs(np.concatenate([ya, yb])) > 10 * np.abs(finite).max()
    return Line(
        np.concatenate([x, a, a, b])[order],
        np.concatenate([y, ya, np.full(len(a), np.nan), yb])[order],
        limits(y, bool(poles.any())),
    )


def limits(y: Array, poles: bool = False) -> tuple[float, float]:
    """The range that shows the values: all of them, unless a few stand far out; then their bulk and its peaks."""
    y = y[np.isfinite(y)]
    if not y.size:
        return 0.0, 1.0
    low, high = y.min(), y.max()
    first, last = np.quantile(y, (0.15, 0.85))
    if poles or high - low > 1000 * (last - first) > 0:
        peaks = y[1:-1][np.diff(np.sign(np.diff(y))) != 0] if y.ndim == 1 else y[:0]
        peaks = peaks[np.abs(peaks - (first + last) / 2) < 2 * (last - first)]
        low = max(low, min([first - (last - first) / 2, *peaks]))
        high = min(high, max([last + (last - first) / 2, *peaks]))
    pad = 0.05 * (high - low) or 0.5 * abs(high) or 1.0
    return float(low - pad), float(high + pad)


def _jumps(g: Callable[[Array], Array], x: Array, y: Array, least: float) -> tuple[Array, ...]:
    """Where g changes by more than `least` between two points however near: the interval, those points, and g there.

    All suspicious intervals are halved together, each time keeping the half over which g changes more, or, where it has
    a value at one end only, the half with the end of its domain in it. A change that stays is a jump.
    """
    with np.errstate(invalid="ignore"):
        change = np.abs(np.diff(y))
    known = np.isfinite(y)
    edge = known[:-1] != known[1:]
    at = np.flatnonzero((change > least) | edge)
    a, b, ya, yb, change, edge = x[at], x[at + 1], y[at], y[at + 1], change[at], edge[at]
    with np.errstate(all="ignore"):
        for _ in range(HALVINGS if len(at) else 0):
            m = (a + b) / 2
            ym = g(m)
            left, right = (np.nan_to_num(np.abs(d), nan=np.inf) for d in (ym - ya, yb - ym))
            to_left = np.where(np.isfinite(ym), left >= right, np.isfinite(ya))
            a, ya = np.where(to_left, a, m), np.where(to_left, ya, ym)
            b, yb = np.where(to_left, m, b), np.where(to_left, ym, yb)
        keep = edge | ~(np.abs(yb - ya) < change / 2)
    return at[keep], a[keep], b[keep], *(np.where(np.isfinite(v[keep]), v[keep], np.nan) for v in (ya, yb))
