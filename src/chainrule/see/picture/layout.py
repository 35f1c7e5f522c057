"""Where boxes and arrows lie: layers from left to right; the order within them by igraph's Sugiyama layout.

An arrow over several layers goes through a place of its own in each layer between, so that it passes between boxes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from chainrule.base.extras import MissingExtra, extra

ROW = 26  # between boxes of a layer
GAP = 56  # between layers, at least
SWEEPS = 6  # there and back, in which layers settle without igraph


class Layout(NamedTuple):
    """The left upper corners of boxes, the points that arrows pass through, and the size of it all."""

    boxes: list[tuple[float, float]]
    arrows: list[list[tuple[float, float]]]
    width: float
    height: float


def arrange(sizes: Sequence[tuple[float, float]], arrows: Sequence[tuple[int, int]], labels: Sequence[float]) -> Layout:
    """Places for boxes of these sizes, and for arrows (from box, to box), each with a label so wide at its end."""
    layer = _layers(len(sizes), arrows)
    routes, n = [], len(sizes)  # vertices are the boxes, then the places of arrows in between
    levels = list(layer)
    edges: list[tuple[int, int]] = []
    for a, b in arrows:
        between = list(range(n, n + layer[b] - layer[a] - 1))
        n += len(between)
        levels += range(layer[a] + 1, layer[b])
        routes.append([a, *between, b])
        edges += zip(routes[-1], routes[-1][1:])
    column = _columns(n, edges, levels)
    row = ROW + max((h for _, h in sizes), default=0)
    depth = max(levels, default=0) + 1
    widths, gaps = [0.0] * depth, [float(GAP)] * depth
    for v, (w, _) in enumerate(sizes):
        widths[levels[v]] = max(widths[levels[v]], w)
    for (_, b), w in zip(arrows, labels):
        gaps[layer[b] - 1] = max(gaps[layer[b] - 1], w + GAP / 2)
    left = [0.0]
    for w, gap in zip(widths, gaps):
        left.append(left[-1] + w + gap)
    y = [c * row for c in column]
    boxes = [(left[levels[v]] + (widths[levels[v]] - w) / 2, y[v] - h / 2) for v, (w, h) in enumerate(sizes)]
    paths = []
    for route in routes:
        a, b = route[0], route[-1]
        points = [(boxes[a][0] + sizes[a][0], y[a])]
        for v in route[1:-1]:
            points += [(left[levels[v]], y[v]), (left[levels[v]] + widths[levels[v]], y[v])]
        paths.append([*points, (boxes[b][0], y[b])])
    top = min((by for _, by in boxes), default=0.0)
    top = min([top, *(py for path in paths for _, py in path)])
    boxes = [(bx, by - top) for bx, by in boxes]
    paths = [[(px, py - top) for px, py in path] for path in paths]
    height = max([by + h for (_, by), (_, h) in zip(boxes, sizes)] + [py for path in paths for _, py in path])
    return Layout(boxes, paths, left[-1] - gaps[-1], height)


def _layers(n: int, arrows: Sequence[tuple[int, int]]) -> list[int]:
    """The longest way to each box; one that nothing leads to stands just before the first that needs it.

    Arrows lead from lower to higher numbers among boxes that others lead to.
    """
    into: list[list[int]] = [[] for _ in range(n)]
    out: list[list[int]] = [[] for _ in range(n)]
    for a, b in arrows:
        into[b].append(a)
        out[a].append(b)
    layer = [0] * n
    for b in range(n):
        layer[b] = max((layer[a] + 1 for a in into[b]), default=0)
    for a in range(n):
        if not into[a] and out[a]:
            layer[a] = min(layer[b] for b in out[a]) - 1
    return layer


def _columns(n: int, edges: list[tuple[int, int]], levels: list[int]) -> list[float]:
    """Each vertex's place within its layer: igraph's, or a plain one where igraph is not to be had, as in a browser."""
    try:
        graph = extra("igraph", "see", "a picture").Graph(n=n, edges=edges, directed=True)
    except MissingExtra:
        return _amid_neighbours(n, edges, levels)
    return [x for x, _ in graph.layout_sugiyama(layers=levels, maxiter=300).coords]


def _amid_neighbours(n: int, edges: list[tuple[int, int]], levels: list[int]) -> list[float]:
    """Layers whose vertices stand by the mean of their neighbours' places, sweep by sweep (Sugiyama, 1981)."""
    near: list[list[int]] = [[] for _ in range(n)]
    for a, b in edges:
        near[a].append(b)
        near[b].append(a)
    layers = [[v for v in range(n) if levels[v] == level] for level in range(max(levels, default=-1) + 1)]
    place = [0.0] * n
    for _ in range(SWEEPS):
        for layer in (*layers, *reversed(layers)):
            layer.sort(key=lambda v: sum(place[w] for w in near[v]) / max(len(near[v]), 1))
            for i, v in enumerate(layer):
                place[v] = i - (len(layer) - 1) / 2
    return place
