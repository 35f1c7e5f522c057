"""A page's first picture as SVG, drawn here: for places that show no page, such as a notebook that is not trusted."""

from __future__ import annotations

import struct
import zlib
from base64 import b64encode
from html import escape
from typing import Any

import numpy as np

from chainrule.core.op import REGISTRY
from chainrule.see.page.function import Function
from chainrule.see.page.scalar import ordered

LEFT, TOP, RIGHT, BOTTOM = 64, 16, 464, 296  # of what is drawn, in a picture of 480 x 340
SAMPLES, GRID = 240, 48
CURVE, POINT, INK = "#0b5cad", "#d55e00", "#586574"
LOW, HIGH = np.array([0xF4, 0xF8, 0xFC]), np.array([0x4C, 0x7F, 0xB0])


def still(taken: Function) -> str:
    """The curve of a function of one number with its start, or the landscape over its first two."""
    start = taken.start
    if len(start) == 1:
        xs = np.linspace(*_around(start[0]), SAMPLES)
        ys, begin = values(taken, [xs]), float(values(taken, start))
        low, high = _range(ys)
        high = max(high, begin) if np.isfinite(begin) else high
        drawn = _curve(xs, ys, low, high)
        return _framed(taken.names[0], "f", (xs[0], xs[-1]), (low, high), drawn, (start[0], begin))
    xs, ys = (np.linspace(*_around(x), GRID) for x in start[:2])
    grid = values(taken, [xs[None, :], ys[::-1, None], *start[2:]])
    low, high = _range(grid)
    part = np.nan_to_num(np.clip((grid - low) / (high - low), 0, 1), nan=1.0) ** 0.5  # more of it where it is low
    picture = _png((LOW + part[..., None] * (HIGH - LOW)).round().astype(np.uint8))
    drawn = (
        f'<image x="{LEFT}" y="{TOP}" width="{RIGHT - LEFT}" height="{BOTTOM - TOP}" preserveAspectRatio="none" '
        f'href="data:image/png;base64,{b64encode(picture).decode()}"/>'
    )
    return _framed(taken.names[0], taken.names[1], (xs[0], xs[-1]), (ys[0], ys[-1]), drawn, (start[0], start[1]))


def values(taken: Function, x: list[Any]) -> Any:
    """The function at many points at once: for each of its numbers an array, or a number for all of them."""
    named = {f"x[{i}]": np.asarray(v, np.float64) for i, v in enumerate(x)}
    if taken.data is not None:
        numbers = [*taken.data.inputs.flat, *taken.data.targets.flat]
        named |= {f"D[{i}]": np.float64(v) for i, v in enumerate(numbers)}
    found: dict[int, Any] = {}
    with np.errstate(all="ignore"):
        for e in ordered(taken.value):
            given = [found[id(a)] for a in e.args]
            plain = named[e.name] if e.name else e.dtype.type(e.value) if e.value is not None else None
            found[id(e)] = REGISTRY[e.op].kernel(*given) if e.op else plain
    return np.broadcast_to(found[id(taken.value)], np.broadcast_shapes(*(v.shape for v in named.values())))


def _around(x: float) -> tuple[float, float]:
    """About zero where that is near, as the page does it."""
    far = 1.3 * max(abs(x), 1.0)
    return -far, far


def _range(y: Any) -> tuple[float, float]:
    """From the lowest value to one that most are below."""
    known = y[np.isfinite(y)]
    low, high = np.quantile(known, [0.0, 0.9]) if known.size else (0.0, 1.0)
    return float(low), float(high) if high > low else float(low) + 1.0


def _curve(xs: Any, ys: Any, low: float, high: float) -> str:
    """A path, broken where there is no number."""
    path, drawing = [], False
    room = (high - low) / 4
    for (px, py), y in zip(_places(xs, ys, (xs[0], xs[-1]), (low, high)), ys):
        seen = low - room < y < high + room  # a little of what goes beyond the frame
        if seen:
            path.append(f"{'L' if drawing else 'M'}{px:.1f},{py:.1f}")
        drawing = bool(seen)
    return f'<path d="{"".join(path)}" clip-path="url(#frame)" fill="none" stroke="{CURVE}" stroke-width="2.5"/>'


def _places(x: Any, y: Any, xs: tuple[float, float], ys: tuple[float, float]) -> Any:
    """Where numbers lie in the picture."""
    px = LEFT + (RIGHT - LEFT) * (np.atleast_1d(x) - xs[0]) / (xs[1] - xs[0])
    py = BOTTOM - (BOTTOM - TOP) * (np.atleast_1d(y) - ys[0]) / (ys[1] - ys[0])
    return zip(px, py)


def _framed(across: str, up: str, xs: Any, ys: Any, drawn: str, point: tuple[float, float]) -> str:
    """A whole picture: what is drawn, the ends of both axes, and the start."""
    [(px, py)] = _places(point[0], point[1], xs, ys)
    dot = f'<circle cx="{px:.1f}" cy="{py:.1f}" r="8" fill="{POINT}" stroke="#fff" stroke-width="2"/>'
    texts = [
        (LEFT, BOTTOM + 20, "start", f"{xs[0]:.3g}"), (RIGHT, BOTTOM + 20, "end", f"{xs[1]:.3g}"),
        ((LEFT + RIGHT) / 2, BOTTOM + 20, "middle", across), (LEFT - 8, BOTTOM, "end", f"{ys[0]:.3g}"),
        (LEFT - 8, TOP + 12, "end", f"{ys[1]:.3g}"), (LEFT - 8, (TOP + BOTTOM) / 2, "end", up),
    ]  # fmt: skip
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 480 340" width="480" height="340">'
        f'<rect width="480" height="340" fill="#fff"/><clipPath id="frame"><rect x="{LEFT}" y="{TOP}" '
        f'width="{RIGHT - LEFT}" height="{BOTTOM - TOP}"/></clipPath>{drawn}'
        f'<rect x="{LEFT}" y="{TOP}" width="{RIGHT - LEFT}" height="{BOTTOM - TOP}" fill="none" stroke="#c9d1da"/>'
        + (dot if LEFT <= px <= RIGHT and TOP <= py <= BOTTOM else "")
        + "".join(
            f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" font-family="sans-serif" font-size="13" fill="{INK}">'
            f"{escape(text.replace('-', '−'))}</text>"
            for x, y, anchor, text in texts
        )
        + "</svg>"
    )


def _png(pixels: Any) -> bytes:
    """Rows of red, green and blue as a picture (PNG, ISO/IEC 15948: signature, header, packed rows, end)."""
    high, wide, _ = pixels.shape

    def part(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    head = struct.pack(">IIBBBBB", wide, high, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", zlib.compress(rows, 9)) + part(b"IEND", b"")
