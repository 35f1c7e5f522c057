"""`descent`: the way that a descent took, on the curve of a function or on its contours or its surface."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from chainrule.base.language import say
from chainrule.core.tensor import Tensor
from chainrule.descend.result import Result
from chainrule.see.plots.curve import drawn, interval
from chainrule.see.plots.sampling import Array, Sampler
from chainrule.see.plots.style import Look, finish, look, matplotlib
from chainrule.see.plots.surface import draw_contour, grid, heights

Limits = tuple[float, float]
BEGINNING = 8  # points of a path that ran away which are shown


class Way(NamedTuple):
    """A descent over a function of one or two variables.

    points: (points, variables); values: (points,); steps: (points,), how many were made before each.
    what: the optimiser.
    """

    sampler: Sampler
    points: Array
    values: Array
    steps: Array
    what: str


def descent(
    f: Callable[..., Any] | str,
    result: Any,
    ax: Any = None,
    surface: bool = False,
    xlim: Any = None,
    ylim: Any = None,
    theme: str | None = None,
) -> Any:
    """Draw the path of a descent, or of several: on the curve of f if it has one variable, on contours if it has two.

    f: the function that was minimised.
    result: what `minimize` returned, or a list of such results, which are laid over each other, each in a colour; or
        the points themselves, an array (points,) or (points, 2), or a list of tensors.
    ax: where to draw (for `surface=True` axes of projection "3d"); without it a figure is made.
    surface: draw the surface over two variables, with the path on it.
    xlim, ylim: the ranges; by default those of the path, or of its beginning if it ran away.
    theme: "light" or "dark"; else as matplotlib is set.

    Returns the axes. Raises ValueError for a path of another number of variables, or if no path was recorded.

    >>> import chainrule as cr
    >>> f = lambda x: x**2 - 4 * x + 5
    >>> ax = cr.plot.descent(f, cr.minimize(f, 5.0, lr=0.1, steps=30))
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['f(x)', 'path', 'start', 'end']
    >>> ax = cr.plot.descent(f, [cr.minimize(f, 5.0, lr=lr, steps=30) for lr in (0.1, 0.9)])
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['f(x)', 'sgd(lr=0.1)', 'sgd(lr=0.9)']
    """
    several = isinstance(result, (list, tuple)) and len(result) and all(isinstance(r, Result) for r in result)
    ways = [followed("descent", f, each) for each in (result if several else [result])]
    way, two = ways[0], ways[0].points.shape[1] == 2
    if surface and not two:
        raise ValueError("surface=True is for functions of two variables, but the path has one")
    if surface and ax is not None and ax.name != "3d":
        raise ValueError('surface=True needs axes made with projection="3d"')
    with look(theme, ax) as chosen:
        if ax is None:
            figure = matplotlib().figure(figsize=(6.4, 5.2) if two else None)
            ax = figure.add_subplot(**({"projection": "3d", "computed_zorder": False} if surface else {}))
        draw_ground(way, ax, chosen, xlim, ylim, surface, ways)
        for i, each in enumerate(ways):
            _draw_way(each, ax, chosen, surface, chosen.cycle[1:][i % (len(chosen.cycle) - 1)] if several else "")
        ax.set_title("" if several else way.what)
        finish(ax, chosen)
    return ax


def followed(who: str, f: Callable[..., Any] | str, result: Any) -> Way:
    """The descent that is to be drawn."""
    what, like, steps = "", None, None
    if isinstance(result, Result):
        if result.path is None:
            raise ValueError(f"{who}: no path was recorded; call minimize with record=1 (or record=k, every k-th step)")
        what, like, steps, points = result.what, result.x, result.recorded, _rows(result.path)
    elif isinstance(result, (list, tuple)):
        points = np.array([np.asarray(p.detach() if isinstance(p, Tensor) else p, dtype=float) for p in result])
        points = points.reshape(len(points), -1) if len(points) else np.empty((0, 1))
    else:
        points = _rows(result.detach() if isinstance(result, Tensor) else result)
    if not len(points):
        raise ValueError(f"{who}: the path has no points")
    if points.shape[1] not in (1, 2):
        raise ValueError(f"{who} draws descents over one or two variables, but this path has {points.shape[1]}")
    sampler = Sampler(f, points[0], who, like)
    steps = np.arange(len(points)) if steps is None else np.asarray(steps)
    return Way(sampler, points, sampler.values(*points.T), steps, what)


def _rows(path: Any) -> Array:
    """A path in the structure of its start as an array (points, variables)."""
    parts = list(path.values()) if isinstance(path, dict) else path if isinstance(path, (tuple, list)) else [path]
    arrays = [np.asarray(p, dtype=float) for p in parts]
    return np.concatenate([a.reshape(len(a), -1) for a in arrays], axis=1)


def draw_ground(
    way: Way, ax: Any, chosen: Look, xlim: Any = None, ylim: Any = None, surface: bool = False,
    ways: Sequence[Way] = (),
) -> None:  # fmt: skip
    """What the path lies on: curve, contours or surface, over ranges that show it, or all of several `ways`."""
    sampler = way.sampler
    found = [_ranges(each) for each in ways or [way]]
    ranges = [(min(low), max(high)) for low, high in (zip(*each) for each in zip(*found))]
    xlim = interval(sampler.who, "xlim", ranges[0] if xlim is None else xlim)
    if len(ranges) == 1:
        line = drawn(sampler, *xlim)
        name = f"{sampler.name}({sampler.arguments[0]})"
        ax.plot(line.x, line.y, color=chosen.first, label=name)
        low, high = line.limits if ylim is None else interval(sampler.who, "ylim", ylim)
        ax.set(xlim=xlim, ylim=(low, high), xlabel=sampler.arguments[0], ylabel=name)
        return
    ylim = interval(sampler.who, "ylim", ranges[1] if ylim is None else ylim)
    if surface:
        _draw_surface(sampler, xlim, ylim, ax, chosen)
    else:
        draw_contour(sampler, xlim, ylim, ax, 12, chosen)


def _ranges(way: Way) -> list[Limits]:
    """A range for each variable, with room around the path; of a path that diverged, around its beginning."""
    shown = way.points[np.isfinite(way.points).all(axis=1)]
    if not way.values[-1] <= way.values[0]:
        shown = shown[:BEGINNING]
    low, high = shown.min(axis=0), shown.max(axis=0)
    size = np.maximum(high - low, 0.75 * (high - low).max())
    size = np.where(size > 0, size, np.maximum(np.abs(low), 1.0))
    return [(float(m - 0.65 * s), float(m + 0.65 * s)) for m, s in zip((low + high) / 2, size)]


def _draw_surface(sampler: Sampler, xlim: Limits, ylim: Limits, ax: Any, chosen: Look) -> None:
    x, y, z = grid(sampler, xlim, ylim, 81)
    at = heights(z, 12)
    z = np.ma.masked_outside(z, at[0] - np.ptp(at), at[-1] + np.ptp(at) / 4)
    ax.plot_surface(
        x, y, z.filled(np.nan), cmap=chosen.ramp, alpha=0.75, linewidth=0, rstride=2, cstride=2, antialiased=True,
        vmin=at[0], vmax=at[-1], zorder=1,
    )  # fmt: skip
    ax.set(xlim=xlim, ylim=ylim, xlabel=sampler.arguments[0], ylabel=sampler.arguments[1], zlabel=sampler.name)
    for axis in (ax.xaxis, ax.yaxis, ax.zaxis):
        axis.set_pane_color((0, 0, 0, 0))


def _draw_way(way: Way, ax: Any, chosen: Look, surface: bool, colour: str = "") -> None:
    """A path; `colour` is that of one of several, which is labelled by its optimiser."""
    xyz = coordinates(way, surface)
    own = colour or chosen.way
    line = {"marker": "." if len(way.points) <= 300 else "", "color": own, "linewidth": 1.2, "markersize": 5}
    ax.plot(*xyz, "-", **line, zorder=3, label=way.what if colour else say("path"))
    begun, ended = ("_", "_") if colour else (say("start"), say("end"))  # matplotlib shows no label that begins so
    ax.plot(*xyz[:, :1], "o", markersize=8, markerfacecolor=chosen.face, color=own, zorder=4, label=begun)
    end = {"color": colour or chosen.third, "markeredgecolor": chosen.face}
    ax.plot(*xyz[:, -1:], "*", markersize=13, **end, zorder=5, label=ended)


def coordinates(way: Way, surface: bool = False) -> Array:
    """The path in the coordinates that it is drawn in: with the value as the last where the ground has a height."""
    xy = way.points.T
    return np.vstack([xy, way.values]) if len(xy) == 1 or surface else xy
