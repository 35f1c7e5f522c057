"""`rates`, one start with many learning rates, and `losses`, the values of several runs over their steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.base.language import say
from chainrule.core.tensor import Tensor
from chainrule.descend.objective import Objective, read
from chainrule.descend.result import Result
from chainrule.descend.sweep import sweep
from chainrule.func.expression import parse
from chainrule.see.plots.sampling import Array
from chainrule.see.plots.style import Look, finish, look, matplotlib

HEADROOM = 30.0  # how far above its start a run that grows is shown, as a multiple


def rates(
    f: Callable[..., Any] | str,
    x0: Any,
    lrs: Sequence[float],
    steps: int = 50,
    optimizer: Any = "sgd",
    ax: Any = None,
    theme: str | None = None,
) -> Any:
    """Descend f from one start at many learning rates, and draw the values over the steps.

    Runs that end below their start are lines, the larger the rate the stronger the colour; those that end above it, or
    ran off to infinity, are dashed, and said to diverge.

    f: a function of one number or array, as `minimize` takes it.
    x0: the start.
    lrs: the learning rates.
    steps, optimizer: as in `minimize`.
    ax: where to draw; without it a figure is made.
    theme: "light" or "dark"; else as matplotlib is set.

    Returns the axes. Raises ValueError for rates that are none.

    >>> import chainrule as cr
    >>> ax = cr.plot.rates(lambda x: x**2, 1.0, [0.1, 1.1], steps=20)
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['lr=0.1', 'lr=1.1: diverges']
    """
    lrs = [float(lr) for lr in np.ravel(np.asarray(lrs, dtype=float))]
    if not lrs:
        raise ValueError("rates got no learning rates")
    f = parse(f) if isinstance(f, str) else f
    found = sweep(f, [x0], lr=lrs, optimizer=optimizer, steps=steps, record=1)
    values = _values(f, x0, found.path)
    with look(theme, ax) as chosen:
        place: dict[str, Any] = (
            {"loc": "upper left", "bbox_to_anchor": (1, 1)} if ax is None else {}
        )  # beside: the lines need the room
        if ax is None:
            ax = matplotlib().subplots()[1]
        colours = matplotlib().get_cmap("viridis" if chosen.dark else "viridis_r")
        falling = [v[-1] < v[0] for v in values]
        for i, (lr, run) in enumerate(zip(lrs, values)):
            shade = colours(0.25 + 0.75 * i / max(len(lrs) - 1, 1))
            _draw_rate(ax, lr, run, falling[i], shade, "x+1234"[i % 6], chosen)
        _scale(ax, [v if good else v[:1] for v, good in zip(values, falling)], above=not all(falling))
        ax.set(xlabel=say("step"), ylabel=say("value"))
        finish(ax, chosen, **place)
    return ax


def losses(*results: Any, labels: Sequence[str] | None = None, ax: Any = None, theme: str | None = None) -> Any:
    """Draw the values of runs over their steps, on a logarithmic scale where they are positive and fall far.

    results: what `minimize` returned, or sequences of losses.
    labels: a name for each; by default the optimiser of a result, and the number of a sequence.
    ax: where to draw; without it a figure is made.
    theme: "light" or "dark"; else as matplotlib is set.

    Returns the axes. Raises ValueError if nothing was recorded, or the labels are not as many as the runs.

    >>> import chainrule as cr
    >>> f = lambda x: (x - 3) ** 2
    >>> ax = cr.plot.losses(cr.minimize(f, 0.0, lr=0.1), cr.minimize(f, 0.0, optimizer="adam", lr=0.1))
    >>> ax.get_yscale(), [text.get_text() for text in ax.get_legend().get_texts()]
    ('log', ['sgd(lr=0.1)', 'adam(lr=0.1)'])
    """
    runs = [_run(i, r) for i, r in enumerate(results)]
    if not runs:
        raise ValueError("losses got no runs: pass what minimize returned, or sequences of losses")
    if labels is not None and len(labels) != len(runs):
        raise ValueError(f"losses got {len(runs)} runs but {len(labels)} labels")
    with look(theme, ax) as chosen:
        if ax is None:
            ax = matplotlib().subplots()[1]
        for i, (steps, values, name) in enumerate(runs):
            colour = chosen.cycle[i % len(chosen.cycle)]
            style = ("-", "--", ":", "-.")[i // len(chosen.cycle) % 4]
            ax.plot(steps, values, style, color=colour, label=name if labels is None else labels[i])
        _scale(ax, [values for _, values, _ in runs], above=False)
        ax.set(xlabel=say("step"), ylabel=say("value"))
        finish(ax, chosen, legend=len(runs) > 1 or labels is not None)
    return ax


def _values(f: Callable[..., Any], x0: Any, paths: Array) -> Array:
    """The function along the paths (runs, points, *shape), as the descent calls it; inf where a run had ended."""
    objective = Objective(f, x0)
    program = objective.program(lambda y, xs, _: [read(y)])
    kind = objective.start[0].dtype
    values = np.full(paths.shape[:2], np.inf)
    for at in zip(*np.nonzero(np.isfinite(paths).reshape(*paths.shape[:2], -1).all(axis=-1))):
        x = np.asarray(paths[at], kind)
        values[at] = program([x if x.shape else x[()]])[0]
    return np.where(np.isfinite(values), values, np.inf)


def _draw_rate(ax: Any, lr: float, run: Array, falling: bool, shade: Any, marker: str, chosen: Look) -> None:
    shown = np.where(np.isfinite(run), run, np.nan)
    steps = np.arange(len(run))
    if falling:
        ax.plot(steps, shown, color=shade, label=f"lr={lr:g}")
    elif run[-1] == run[0]:
        ax.plot(steps, shown, ":", color=chosen.ink, label=say("lr={lr}: gets nowhere", lr=f"{lr:g}"))
    else:
        label = say("lr={lr}: diverges", lr=f"{lr:g}")
        ax.plot(steps, shown, "--", marker=marker, markersize=6, linewidth=1.2, color=chosen.bad, label=label)


def _run(i: int, result: Any) -> tuple[Array, Array, str]:
    """Steps, values and name of a run; NaN where the values are not finite."""
    if isinstance(result, Result):
        if result.values is None or not len(result.values):
            raise ValueError("nothing was recorded: call minimize with record=1 (or every k-th step, record=k)")
        steps, values, name = result.recorded, result.values, result.what
    else:
        values = [v.detach() if isinstance(v, Tensor) else v for v in result]
        steps, name = np.arange(len(values)), say("run {n}", n=i + 1)
    values = np.asarray(values, dtype=float)
    if values.ndim != 1 or not len(values):
        raise ValueError(f"losses must be a sequence of numbers, but run {i + 1} has the shape {list(values.shape)}")
    return np.asarray(steps), np.where(np.isfinite(values), values, np.nan), name


def _scale(ax: Any, shown: Sequence[Array], above: bool) -> None:
    """A logarithmic scale where it fits; and limits by the runs that are to be seen whole, with room above."""
    values = np.concatenate([np.ravel(v) for v in shown])
    values = values[np.isfinite(values)]
    if not values.size:
        return
    low, high = values.min(), values.max()
    positive = values[values > 0]
    if low >= 0 and positive.size and high > 100 * positive.min():
        ax.set_yscale("log")
        bottom = max(positive.min(), high * 1e-16)
        ax.set_ylim(bottom / 2, high * (HEADROOM if above else 2))
    elif above:
        room = (high - low) or abs(high) or 1.0
        ax.set_ylim(low - 0.05 * room, high + 1.0 * room)
