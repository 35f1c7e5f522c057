"""What a picture is drawn with: a handful of shapes, written as SVG or, for PNG, handed to matplotlib."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from itertools import pairwise
from typing import Any, NamedTuple

from chainrule.base.extras import extra

# Okabe and Ito's colours, which colour-blind people tell apart; what an element is, its shape tells too.
LIGHT = {
    "paper": "#ffffff", "ink": "#1b1f24", "soft": "#57606a", "line": "#8c959f", "slope": "#0072b2",
    "grad": "#b34700", "step": "#f6f8fa", "input": "#dcefff", "parameter": "#ffe8cc",
    "constant": "#eeeeee", "result": "#d3f2e6",
    "module": "#efe6fa", "group": "#faf7fe",
    "step-line": "#8c959f", "input-line": "#0072b2", "parameter-line": "#d55e00",
    "constant-line": "#777777", "result-line": "#009e73", "module-line": "#8250a8",
}  # fmt: skip
DARK = {
    "paper": "#14181d", "ink": "#f0f3f6", "soft": "#a9b3bd", "line": "#7d8894", "slope": "#6cc0f5",
    "grad": "#ffa95c", "step": "#232a32", "input": "#0f3350", "parameter": "#4d2a0a",
    "constant": "#303030", "result": "#0b3f31",
    "module": "#35264a", "group": "#1b1824",
    "step-line": "#7d8894", "input-line": "#56b4e9", "parameter-line": "#ff8c32",
    "constant-line": "#999999", "result-line": "#2fd0a0", "module-line": "#b48ae0",
}  # fmt: skip
FONT = "Inter, 'Segoe UI', 'DejaVu Sans', Helvetica, Arial, sans-serif"
_NARROW, _WIDE = set("iljtfrI.,:;'|!()[]/ ·"), set("mwMW@—∂")


class Shape(NamedTuple):
    """A path (`points`, Bézier curves if `curved`), or a text at its only point."""

    points: list[tuple[float, float]]
    fill: str | None = None  # names of colours
    line: str | None = None
    width: float = 1.5
    dashes: bool = False
    curved: bool = False
    closed: bool = False
    text: str | None = None
    size: float = 14
    bold: bool = False
    anchor: str = "middle"
    hint: str | None = None


def text_width(text: str, size: float, bold: bool = False) -> float:
    """How wide a text is, nearly: no fonts are at hand."""
    units = sum(0.36 if c in _NARROW else 0.95 if c in _WIDE else 0.66 if c.isupper() else 0.62 for c in text)
    return units * size * (1.12 if bold else 1)


def rounded(x: float, y: float, w: float, h: float, r: float) -> list[tuple[float, float]]:
    """A rectangle with round corners, as Bézier curves."""
    r = min(r, w / 2, h / 2)
    k = r * 0.4477  # the rest of 0.5523, of which a quarter of a circle is made
    corners = [(x + w, y, -1, 0, 0, 1), (x + w, y + h, 0, -1, -1, 0), (x, y + h, 1, 0, 0, -1), (x, y, 0, 1, 1, 0)]
    points = [(x + r, y)]
    for cx, cy, ax, ay, bx, by in corners:
        start, end = (cx + ax * r, cy + ay * r), (cx + bx * r, cy + by * r)
        points += [points[-1], start, start, (cx + ax * k, cy + ay * k), (cx + bx * k, cy + by * k), end]
    return points


def smooth(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """A curve through points from left to right, level at each of them."""
    out = [points[0]]
    for (x0, y0), (x1, y1) in pairwise(points):
        middle = (x0 + x1) / 2
        out += [(middle, y0), (middle, y1), (x1, y1)]
    return out


def svg(shapes: Sequence[Shape], width: float, height: float, title: str) -> str:
    """The shapes as an SVG that follows the reader's choice of light or dark."""
    names = [f"cr-{name}" for name in LIGHT]
    light = "".join(f"--{name}:{c};" for name, c in zip(names, LIGHT.values()))
    dark = "".join(f"--{name}:{c};" for name, c in zip(names, DARK.values()))
    style = f".cr-picture{{{light}}}@media (prefers-color-scheme:dark){{.cr-picture{{{dark}}}}}"
    w, h = math.ceil(width), math.ceil(height)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="cr-picture" viewBox="0 0 {w} {h}" width="{w}" height="{h}" '
        f'style="max-width:100%;height:auto" role="img" font-family="{FONT}"><title>{escape(title)}</title>'
        f'<style>{style}</style><rect width="{w}" height="{h}" fill="var(--cr-paper)"/>'
    )
    return "".join([head, *map(_svg_shape, shapes), "</svg>"])


def _svg_shape(s: Shape) -> str:
    fill, line = (f"var(--cr-{c})" if c else "none" for c in (s.fill, s.line))
    if s.text is not None:
        x, y = s.points[0]
        place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{s.anchor}"'
        weight = ' font-weight="600"' if s.bold else ""
        halo = (
            ' stroke="var(--cr-paper)" stroke-width="4" paint-order="stroke" stroke-linejoin="round"' if s.line else ""
        )
        return f'<text {place} font-size="{s.size:g}" fill="{fill}"{weight}{halo}>{escape(_printable(s.text))}</text>'
    hint = f"<title>{escape(_printable(s.hint))}</title>" if s.hint else ""
    dashes = ' stroke-dasharray="6 5"' if s.dashes else ""
    d = _d(s.points, s.curved) + ("Z" if s.closed else "")
    return f'<path d="{d}" fill="{fill}" stroke="{line}" stroke-width="{s.width:g}"{dashes}>{hint}</path>'


def _printable(text: str) -> str:
    return "".join(c if c >= " " and c not in "\ufffe\uffff" and not "\ud800" <= c <= "\udfff" else "�" for c in text)


def _d(points: Sequence[tuple[float, float]], curved: bool) -> str:
    said = [f"{x:.1f},{y:.1f}" for x, y in points]
    if not curved:
        return "M" + "L".join(said)
    return f"M{said[0]}" + "".join(f"C{' '.join(said[i : i + 3])}" for i in range(1, len(said), 3))


def png(shapes: Sequence[Shape], width: float, height: float, path: Any, dark: bool = False) -> None:
    """The shapes as a PNG file, twice as large as on the screen, by matplotlib."""
    extra("matplotlib", "see", "a PNG")
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path
    from matplotlib.patheffects import withStroke

    colours: dict[Any, str] = {None: "none"} | (DARK if dark else LIGHT)
    figure = Figure(figsize=(width / 72, height / 72), dpi=144, facecolor=colours["paper"])
    FigureCanvasAgg(figure)
    ax = figure.add_axes((0, 0, 1, 1))
    ax.set(xlim=(0, width), ylim=(height, 0))
    ax.axis("off")
    for s in shapes:
        if s.text is not None:
            place = {"middle": "center", "start": "left", "end": "right"}[s.anchor]
            made = ax.text(
                *s.points[0], _printable(s.text).replace("$", r"\$"), fontsize=s.size * 0.93, color=colours[s.fill],
                ha=place, va="baseline", weight="bold" if s.bold else "normal", family="DejaVu Sans",
            )  # fmt: skip
            if s.line:
                made.set_path_effects([withStroke(linewidth=4, foreground=colours["paper"])])
            continue
        codes = [Path.MOVETO] + [Path.CURVE4 if s.curved else Path.LINETO] * (len(s.points) - 1)
        shape = Path([*s.points, *([s.points[0]] * s.closed)], [*codes, *([Path.CLOSEPOLY] * s.closed)])
        style = (0, (4, 3)) if s.dashes else "solid"
        ax.add_patch(PathPatch(shape, fc=colours[s.fill], ec=colours[s.line], lw=s.width, ls=style))
    figure.savefig(path, format="png", facecolor=colours["paper"])
