"""`animate`: a descent as a film, in a GIF, an MP4 or a page of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.base.language import say
from chainrule.see.plots.descent import coordinates, draw_ground, followed
from chainrule.see.plots.film import frames as film_frames
from chainrule.see.plots.film import write_gif, write_mp4
from chainrule.see.plots.style import finish, look, matplotlib


def animate(
    f: Callable[..., Any] | str,
    result: Any,
    path: Any = None,
    ax: Any = None,
    frames: int = 60,
    fps: int = 10,
    xlim: Any = None,
    ylim: Any = None,
    theme: str | None = None,
) -> Any:
    """Show a descent step by step, on the curve of f or on its contours, with the step and the value there.

    f, result, xlim, ylim: as in `descent`.
    path: a file to write, "x.gif", "x.mp4" (where ffmpeg or imageio-ffmpeg is installed) or "x.html" (a page with
        buttons to play, stop and step). Without it the film is shown in a notebook, and in a script by
        `matplotlib.pyplot.show()`.
    ax: where to draw; without it a figure is made.
    frames: how many pictures at most; of a longer path points are picked, closer together at its beginning.
    fps: pictures a second.
    theme: "light" or "dark"; else as matplotlib is set.

    Returns the axes. Raises ValueError for a file of another kind, and what `descent` raises.

    >>> import chainrule as cr
    >>> f = lambda x: x**2
    >>> ax = cr.plot.animate(f, cr.minimize(f, 2.0, lr=0.1, steps=5))
    >>> ax.get_title()
    'step 5: value 0.429497'
    >>> ax.figure.canvas.draw()  # or matplotlib.pyplot.show()
    """
    kind = None if path is None else Path(path).suffix.lower()
    if kind not in (None, ".gif", ".mp4", ".html"):
        raise ValueError(f"animate writes .gif, .mp4 and .html, but got {str(path)!r}")
    if frames < 2 or fps < 1:
        raise ValueError(f"animate needs at least 2 frames, and 1 a second, but got frames={frames} and fps={fps}")
    way = followed("animate", f, result)
    pyplot = matplotlib()
    from matplotlib.animation import FuncAnimation

    with look(theme, ax) as chosen:
        if ax is None:
            ax = pyplot.subplots()[1]
        draw_ground(way, ax, chosen, xlim, ylim)
        xy = coordinates(way)
        (trail,) = ax.plot([], [], ".-", color=chosen.way, linewidth=1.2, markersize=4, zorder=3, label=say("path"))
        (here,) = ax.plot([], [], "o", color=chosen.third, markeredgecolor=chosen.face, markersize=9, zorder=4)
        finish(ax, chosen)

        def draw(i: int) -> list[Any]:
            trail.set_data(*xy[:, : i + 1])
            here.set_data(*xy[:, i : i + 1])
            ax.set_title(say("step {n}: value {value}", n=int(way.steps[i]), value=f"{way.values[i]:.6g}"))
            finish(ax, chosen, legend=False)
            return [trail, here]

        shown = picked(len(way.points), frames)
        if kind in (".gif", ".mp4"):
            moving = [trail, here, *filter(None, [ax.get_legend()]), ax.title]
            write = write_gif if kind == ".gif" else write_mp4
            write(film_frames(ax.figure, draw, shown, moving), Path(path), fps)
            draw(shown[-1])
            return ax
        film = FuncAnimation(ax.figure, draw, shown, interval=1000 / fps, repeat_delay=1000, init_func=list)
        _give(film, path, kind, fps)
        draw(shown[-1])
        ax.figure.film = None if path else film  # matplotlib stops a film that nobody holds
    return ax


def picked(points: int, frames: int) -> list[int]:
    """At most so many of the points, the first and the last among them, closer together at the beginning."""
    if points <= frames:
        return list(range(points))
    spaced = (points - 1) * np.linspace(0, 1, frames) ** 2
    return sorted({int(i) for i in np.maximum(np.round(spaced), np.arange(frames))} | {points - 1})


def _give(film: Any, path: Any, kind: str | None, fps: int) -> None:
    """Write the film, or show it in a notebook."""
    if kind == ".html":
        page = f"<!DOCTYPE html><html><head><meta charset='utf-8'></head><body>{film.to_jshtml(fps)}</body></html>"
        Path(path).write_text(page, encoding="utf-8")
    elif _in_notebook():
        from IPython.display import HTML, display

        display(HTML(film.to_jshtml(fps)))
        matplotlib().close(film._fig)  # else the notebook shows a still picture of it, too


def _in_notebook() -> bool:
    import sys

    shell = sys.modules.get("IPython")
    return shell is not None and type(shell.get_ipython()).__name__ == "ZMQInteractiveShell"
