"""Functions of two variables: `contour`, the lines of equal height, and `arrows`, the ways downhill."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.see.plots.curve import interval
from chainrule.see.plots.sampling import Array, Sampler, limits
from chainrule.see.plots.style import Look, finish, look, matplotlib

GRID = 121  # points of a contour plot along each side
ARROWS = 17


def contour(
    f: Callable[..., Any] | str, xlim: Any, ylim: Any, ax: Any = None, levels: int = 12, theme: str | None = None
) -> Any:
    """Draw the lines along which f has equal values, coloured by height and labelled.

    f: a function f(x, y) of two numbers, or f(p) of a tensor of two elements, that returns one number as a tensor.
    xlim, ylim: the ranges of the two, each a pair.
    ax: where to draw; without it a figure is made.
    levels: about how many lines. They lie closer where most of the heights are, so that a valley floor shows too.
    theme: "light" or "dark"; else as matplotlib is set.

    Returns the axes. Raises ValueError for a function of another number of variables.

    >>> import chainrule as cr
    >>> ax = cr.plot.contour(lambda x, y: x**2 + 3 * y**2, (-2, 2), (-2, 2))
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('x', 'y')
    """
    xlim, ylim = interval("contour", "xlim", xlim), interval("contour", "ylim", ylim)
    sampler = Sampler(f, [sum(xlim) / 2, sum(ylim) / 2], "contour")
    with look(theme, ax) as chosen:
        if ax is None:
            ax = matplotlib().subplots()[1]
        draw_contour(sampler, xlim, ylim, ax, levels, chosen)
        finish(ax, chosen)
    return ax


def arrows(
    f: Callable[..., Any] | str,
    xlim: Any = None,
    ylim: Any = None,
    ax: Any = None,
    n: int = ARROWS,
    theme: str | None = None,
) -> Any:
    """Draw the negative gradient of f as arrows: where gradient descent goes from there.

    The arrows have the gradient's direction; their lengths tell larger from smaller, but grow more slowly than it, as
    else most of them could not be seen.

    f, theme: as for `contour`.
    xlim, ylim: the ranges; if `ax` is given they may be left out, and are those of `ax`.
    ax: where to draw the arrows, alone; without it they are drawn on a contour plot.
    n: how many arrows along each side.

    Returns the axes. Raises ValueError for a function of another number of variables, or a missing range.

    >>> import chainrule as cr
    >>> ax = cr.plot.arrows(lambda x, y: x**2 + 3 * y**2, (-2, 2), (-2, 2))
    """
    if ax is None and (xlim is None or ylim is None):
        raise ValueError("arrows needs xlim and ylim, or an ax that has them")
    xlim = interval("arrows", "xlim", ax.get_xlim() if xlim is None else xlim)
    ylim = interval("arrows", "ylim", ax.get_ylim() if ylim is None else ylim)
    sampler = Sampler(f, [sum(xlim) / 2, sum(ylim) / 2], "arrows")
    with look(theme, ax) as chosen:
        if ax is None:
            ax = matplotlib().subplots()[1]
            draw_contour(sampler, xlim, ylim, ax, 12, chosen, labels=False)
        x, y = np.meshgrid(_inner(xlim, n), _inner(ylim, n))
        u, v = _shortened(-sampler.slopes(x, y)[1], np.ptp(xlim) / n, np.ptp(ylim) / n)
        ax.quiver(x, y, u, v, angles="xy", scale_units="xy", scale=1.1, width=0.0035, color=chosen.ink)
        ax.set(xlim=xlim, ylim=ylim)
        finish(ax, chosen)
    return ax


def draw_contour(
    sampler: Sampler, xlim: Any, ylim: Any, ax: Any, levels: int, chosen: Look, labels: bool = True
) -> None:
    """Filled contours with thin lines, and axes of equal scale where the ranges allow it."""
    from matplotlib.colors import BoundaryNorm

    x, y, z = grid(sampler, xlim, ylim)
    at = heights(z, levels)
    colours = matplotlib().get_cmap(chosen.ramp)
    norm = BoundaryNorm(at, colours.N, extend="both")
    ax.contourf(
        x, y, z, levels=at, cmap=colours, norm=norm, alpha=0.4 if chosen.dark else 0.55, extend="both", zorder=0
    )
    lines = ax.contour(x, y, z, levels=at, colors=chosen.ink, linewidths=0.5, alpha=0.6, zorder=0.5)
    if labels:
        ax.clabel(lines, at[::2], fmt="%.4g", fontsize=7)
    ax.set(xlim=xlim, ylim=ylim, xlabel=sampler.arguments[0], ylabel=sampler.arguments[1])
    if 1 / 4 <= np.ptp(xlim) / np.ptp(ylim) <= 4:  # at equal scales the gradient stands upright on the lines
        ax.set_aspect("equal", adjustable="box")


def grid(sampler: Sampler, xlim: Any, ylim: Any, n: int = GRID) -> tuple[Array, Array, Any]:
    """The function on a grid, masked where it has no value."""
    x, y = np.meshgrid(np.linspace(xlim[0], xlim[1], n), np.linspace(ylim[0], ylim[1], n))
    z = np.ma.masked_invalid(sampler.values(x, y))
    if z.mask.all():
        raise ValueError(f"{sampler.who}: the function has no finite value in these ranges")
    return x, y, z


def heights(z: Any, n: int) -> Array:
    """Levels for contours, spaced by the power that puts the median height half way up the levels; rounded."""
    values = z.compressed()
    low, high = limits(values)
    low, high = max(low, values.min()), min(high, values.max())
    if low == high:
        return np.array([low - 1, low, low + 1])
    middle = np.clip((np.median(values) - low) / (high - low), 0.01, 0.8)
    levels = low + (high - low) * np.linspace(0, 1, n + 2)[1:-1] ** max(np.log(middle) / np.log(0.5), 1.0)
    step = 10 ** np.floor(np.log10(np.diff(levels).min()))
    return np.unique(np.round(levels / step) * step)


def _inner(limits: tuple[float, float], n: int) -> Array:
    """n places between two ends, half a step away from them."""
    lo, hi = limits
    return lo + (hi - lo) / n * (np.arange(n) + 0.5)


def _shortened(arrows: Array, width: float, height: float) -> Array:
    """Arrows of the same directions that fit into cells: the longest fills one, the others are longer than to scale."""
    with np.errstate(all="ignore"):
        length = np.hypot(arrows[0] / width, arrows[1] / height)
        length[~np.isfinite(length)] = np.nan
        factor = np.where(length == 0, 0.0, (length / np.nanmax(length, initial=0.0)) ** (1 / 3) / length)
    return arrows * factor  # type: ignore[no-any-return]
