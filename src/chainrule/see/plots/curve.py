"""`curve`: a function over its derivative, with the tangent at a point, and numerical slopes beside the exact ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.base.language import say
from chainrule.see.plots.sampling import POINTS, Array, Line, Sampler, line
from chainrule.see.plots.style import Look, finish, look, matplotlib

DOTS = 25  # places where the slope is found numerically too


def curve(
    f: Callable[..., Any] | str, lo: float, hi: float, at: float | None = None, ax: Any = None, theme: str | None = None
) -> Any:
    """Draw f, and below it its derivative with numerical slopes (central differences) as dots on it.

    f: a function of one number, that returns a tensor.
    lo, hi: the range of x.
    at: where to draw the tangent.
    ax: a pair of axes for f and its derivative, or a single one for both; without it a figure is made.
    theme: "light" or "dark"; else as matplotlib is set.

    Returns the axes: what was given, or the pair that was made. Raises ValueError for an empty range, a point `at`
    where f has no value, or a function of something else than one number.

    >>> import chainrule as cr
    >>> above, below = cr.plot.curve(lambda x: x**3 - 3 * x, -2.5, 2.5, at=1.5)
    >>> [text.get_text() for text in below.get_legend().get_texts()]
    ['f′(x)', 'numerical']
    """
    lo, hi = interval("curve", "lo, hi", (lo, hi))
    sampler = Sampler(f, [(lo + hi) / 2], "curve")
    given = ax is not None
    pair = list(np.ravel(ax)) if given else []
    if len(pair) > 2:
        raise ValueError(f"curve draws on one or two axes, but got {len(pair)}")
    with look(theme, pair[0] if given else None) as chosen:
        if not given:
            pair = list(matplotlib().subplots(2, 1, sharex=True, figsize=(6.4, 5.6))[1])
        above, below = pair[0], pair[-1]
        function, derivative = _lines(sampler, lo, hi)
        places = lo + (hi - lo) / DOTS * (np.arange(DOTS) + 0.5)
        names = f"{sampler.name}({sampler.arguments[0]})", f"{sampler.name}′({sampler.arguments[0]})"
        above.plot(function.x, function.y, color=chosen.first, label=names[0])
        below.plot(derivative.x, derivative.y, color=chosen.second, label=names[1])
        below.plot(
            places, _numerical(sampler, places), "o", markersize=4.5, markerfacecolor="none", color=chosen.ink,
            alpha=0.7, label=say("numerical"),
        )  # fmt: skip
        limits = [function.limits, derivative.limits]
        if at is not None:
            _tangent(sampler, float(at), above, below, chosen)
        if above is below:
            limits = [(min(low for low, _ in limits), max(high for _, high in limits))] * 2
        for axes, (low, high) in zip((above, below), limits):
            axes.set(xlim=(lo, hi), ylim=(low, high))
            if low < 0 < high:
                axes.axhline(0, color=chosen.faint, linewidth=0.8, zorder=0)
        below.set_xlabel(sampler.arguments[0])
        for axes in dict.fromkeys(pair):
            finish(axes, chosen)
    return ax if given else np.array(pair)


def interval(who: str, name: str, limits: Any) -> tuple[float, float]:
    """A range as two numbers, the lower first."""
    try:
        lo, hi = (float(v) for v in limits)
    except (TypeError, ValueError):
        raise ValueError(f"{who}: {name} must be two numbers, but got {limits!r:.60}") from None
    if not (np.isfinite([lo, hi]).all() and lo < hi):
        raise ValueError(f"{who}: {name} must be two finite numbers, the lower first, but got {lo:g} and {hi:g}")
    return lo, hi


def drawn(sampler: Sampler, lo: float, hi: float) -> Line:
    """The line of a function over a range."""
    x = np.linspace(lo, hi, POINTS)
    return line(sampler.values, x, sampler.values(x))


def _lines(sampler: Sampler, lo: float, hi: float) -> tuple[Line, Line]:
    """f and its derivative."""

    def slope(x: Array) -> Array:
        y, slopes = sampler.slopes(x)
        return np.where(np.isfinite(y), slopes[0], np.nan)  # rules have values outside the domain, too: 1/x for log

    x = np.linspace(lo, hi, POINTS)
    return drawn(sampler, lo, hi), line(slope, x, slope(x))


def _numerical(sampler: Sampler, x: Array) -> Array:
    """Central differences; the step balances the error of the formula against that of rounding."""
    step = np.finfo(sampler.dtype).eps ** (1 / 3) * np.maximum(np.abs(x), 1)
    return (sampler.values(x + step) - sampler.values(x - step)) / (2 * step)


def _tangent(sampler: Sampler, at: float, above: Any, below: Any, chosen: Look) -> None:
    y, slopes = sampler.slopes(at)
    value, slope = float(y), float(slopes[0])
    if not np.isfinite([value, slope]).all():
        raise ValueError(
            f"curve: there is no tangent at {at:g}, as the value there is {value:g} and the slope {slope:g}"
        )
    label = say("tangent at {x}, slope {slope}", x=f"{at:g}", slope=f"{slope:.4g}")
    above.axline((at, value), slope=slope, color=chosen.third, linewidth=1.3, linestyle="--", label=label)
    above.plot([at], [value], "o", color=chosen.third, zorder=3)
    below.plot([at], [slope], "o", color=chosen.third, zorder=3)
