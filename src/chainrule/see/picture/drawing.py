"""`picture`: the graph behind a value, with the numbers on it: values and gradients in boxes, local slopes on arrows.

A picture is boxes and arrows first (`sketch` makes them, folding loops and modules), and then a drawing of them: SVG or
PNG, or text for Graphviz and Mermaid. What a box is, is told by its colour and by its shape.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from os import PathLike, fspath
from typing import Any

from chainrule.base.language import say
from chainrule.core.tensor import Tensor
from chainrule.see.history.graph import History, count_nodes
from chainrule.see.history.names import Names, caller
from chainrule.see.picture.ink import Shape, png, rounded, smooth, svg, text_width
from chainrule.see.picture.layout import Layout, arrange
from chainrule.see.picture.sketch import Box, Group, Sketch, refuse, sketch

MOST_BOXES = 300
_MARGIN, _PAD, _LINE = 24, 14, 19
_SIZES = {"title": 15, "value": 14, "gradient": 13}
_ROUND = {"step": 8, "result": 8, "input": 99, "parameter": 0, "constant": 0, "module": 14}


class Picture:
    """A drawn graph; made by `picture`. It shows in a notebook, and `save` writes it to a file."""

    def __init__(self, made: Sketch) -> None:
        self.sketch = made

    def svg(self) -> str:
        """The picture as the text of an SVG, which follows the reader's choice of light or dark."""
        return svg(*_drawing(self.sketch), say("How {y} was computed", y=self.sketch.result))

    def _repr_svg_(self) -> str:
        return self.svg()

    def save(self, path: str | PathLike[str], *, dark: bool = False) -> None:
        """Write the picture to a file.

        Arguments
            path: its name; the end says the format: .svg, .png (needs matplotlib), .dot or .mmd (Mermaid)
            dark: a PNG on dark ground (an SVG follows the reader's choice)

        Raises ValueError for another ending.
        """
        name = fspath(path)
        end = name.rpartition(".")[2].lower()
        if end == "png":
            png(*_drawing(self.sketch), path, dark)
            return
        texts = {"svg": self.svg, "dot": self.dot, "gv": self.dot, "mmd": self.mermaid}
        if end not in texts:
            raise ValueError(say("a picture is saved as .svg, .png, .dot or .mmd, not as {name}", name=repr(name)))
        with open(path, "w", encoding="utf-8") as file:
            file.write(texts[end]())

    def dot(self) -> str:
        """The graph in Graphviz' language."""
        shapes = {"parameter": "box", "input": "ellipse", "constant": "box", "result": "doubleoctagon"}
        lines = ["digraph {", "  rankdir=LR;"]
        for i, box in enumerate(self.sketch.boxes):
            label = "\\n".join(map(_dot_text, box.lines()))
            style = ' style="dashed"' if box.kind == "constant" else ""
            lines.append(f'  n{i} [label="{label}" shape={shapes.get(box.kind, "box")}{style}];')
        for a in self.sketch.arrows:
            label = f' [label="{_dot_text(a.label)}"]' if a.label else ""
            lines.append(f"  n{a.tail} -> n{a.head}{label};")
        for group in self.sketch.groups:
            for tail, head in group.back:
                lines.append(f'  n{tail} -> n{head} [label="×{group.times}" style="dashed" constraint=false];')
        return "\n".join([*lines, "}", ""])

    def mermaid(self) -> str:
        """The graph in Mermaid's language, which many Markdown viewers draw."""
        brackets = {"input": ("([", "])"), "parameter": ("[", "]"), "result": ("[[", "]]"), "module": ("(", ")")}
        lines = ["flowchart LR"]
        for i, box in enumerate(self.sketch.boxes):
            left, right = brackets.get(box.kind, ("(", ")"))
            lines.append(f'  n{i}{left}"{"<br/>".join(map(_mermaid_text, box.lines()))}"{right}')
        for a in self.sketch.arrows:
            label = f'|"{_mermaid_text(a.label)}"|' if a.label else ""
            lines.append(f"  n{a.tail} -->{label} n{a.head}")
        for group in self.sketch.groups:
            for tail, head in group.back:
                lines.append(f'  n{tail} -.->|"×{group.times}"| n{head}')
        return "\n".join([*lines, ""])

    def __repr__(self) -> str:
        n = len(self.sketch.boxes)
        return say("<picture of {y}: {n} boxes; save() writes it to a file>", y=self.sketch.result, n=n)


def picture(
    y: Tensor | Sequence[Tensor],
    model: Any = None,
    *,
    params: Mapping[str, Tensor] | None = None,
    fold: bool = True,
    limit: int = MOST_BOXES,
) -> Picture:
    """Draw the graph that a value was computed by, with values, local slopes and gradients on it.

    Variables are named as in the frame of the caller. Nothing is changed: neither `.grad` nor the graph. After
    `backward()`, which lets go of what slopes are computed from, the picture has the values that are left and `.grad`.

    Arguments
        y: a tensor that was just computed; it must have a history. Or several, in a tuple or list: the gradients are
            then those of their sum
        model: a module: its parameters have their names, and what a submodule computes is one box
        params: names of parameters, as in `dict(model.named_parameters())`, where there is no module at hand
        fold: draw loops once, with how often they were gone through, and modules as boxes; False draws everything
        limit: with how many boxes to refuse

    Returns a `Picture`: it shows in a notebook; `.save("x.svg")`, `.save("x.png")`, `.svg()`, `.dot()`, `.mermaid()`.

    Raises ValueError if there is no history, or the picture would have more than `limit` boxes. Without igraph, which
    orders what stands in a column, the order is a plain one.

    >>> import chainrule as cr
    >>> x = cr.tensor(2.0, requires_grad=True)
    >>> y = 3 * x**2
    >>> print(cr.picture(y).mermaid())
    flowchart LR
      n0(["x<br/>2<br/>dy/dx = 12"])
      n1("v1 = x²<br/>4<br/>dy/dv1 = 3")
      n2[["y = 3·v1<br/>12"]]
      n0 -->|"2x = 4"| n1
      n1 -->|"3"| n2
    <BLANKLINE>
    """
    results: list[Any] = list(y) if isinstance(y, (tuple, list)) else [y]
    for t in results or [y]:
        if not isinstance(t, Tensor):
            raise TypeError(say("a tensor is needed that was just computed, but got {kind}", kind=type(t).__name__))
    if all(t._g is None for t in results):
        raise ValueError(say(
            "there is nothing to draw: this tensor has no history, as nothing that it was computed from requires "
            "gradients (or it was computed under no_grad, or detached). explain(y) says more."
        ))  # fmt: skip
    given = dict(params or {})
    if model is not None:
        given |= dict(model.named_parameters())
    if not fold:
        refuse(count_nodes(results), limit)
    return Picture(sketch(History(results[0], Names(caller(), given), results[1:]), model, fold, limit))


# ------------------------------------------------------------------------------------------------------------ drawing


def _drawing(made: Sketch) -> tuple[list[Shape], float, float]:
    sizes = [_size(box) for box in made.boxes]
    labels = [text_width(a.label, 13) + 16 for a in made.arrows]
    plan = arrange(sizes, [(a.tail, a.head) for a in made.arrows], labels)
    top = _MARGIN + (30 if made.groups else 0)
    plan = Layout(
        [(x + _MARGIN, y + top) for x, y in plan.boxes],
        [[(x + _MARGIN, y + top) for x, y in path] for path in plan.arrows],
        plan.width + 2 * _MARGIN, plan.height + top,
    )  # fmt: skip
    shapes: list[Shape] = []
    for group in made.groups:
        shapes += _group(group, plan, sizes)
    for path in plan.arrows:
        shapes += _arrow(path)
    for box, place, size in zip(made.boxes, plan.boxes, sizes):
        shapes += _box(box, place, size)
    shapes += _labels(made, plan, sizes)
    legend, width = _legend(made, plan.height + 44)
    return [*shapes, *legend], max(plan.width, width + _MARGIN), plan.height + 64


def _size(box: Box) -> tuple[float, float]:
    texts = [(text_width(t, _SIZES[role], role == "title")) for role, t in box.texts()]
    return max(texts) + (3.4 if box.kind == "input" else 2) * _PAD, len(texts) * _LINE + _PAD


def _box(box: Box, place: tuple[float, float], size: tuple[float, float]) -> list[Shape]:
    (x, y), (w, h) = place, size
    line, r = f"{box.kind}-line", _ROUND[box.kind]
    shapes = []
    if box.kind == "result":
        shapes.append(Shape(rounded(x - 4, y - 4, w + 8, h + 8, r + 4), None, line, 1.5, curved=True, closed=True))
    shapes.append(
        Shape(
            rounded(x, y, w, h, r), box.kind, line, 2.4 if box.kind == "parameter" else 1.6, box.kind == "constant",
            True, True, hint=None if box.hint is None else str(box.hint),
        )
    )  # fmt: skip
    colours = {"title": "ink", "value": "ink", "gradient": "grad"}
    for i, (role, text) in enumerate(box.texts()):
        baseline = y + _PAD / 2 + (i + 0.74) * _LINE
        shapes.append(Shape([(x + w / 2, baseline)], colours[role], text=text, size=_SIZES[role], bold=role == "title"))
    return shapes


def _arrow(path: list[tuple[float, float]]) -> list[Shape]:
    x, y = path[-1]
    return [
        Shape(smooth([*path[:-1], (x - 7, y)]), None, "line", 1.8, curved=True),
        Shape([(x, y), (x - 9, y - 4.5), (x - 9, y + 4.5)], "line", "line", 1, closed=True),
    ]


def _labels(made: Sketch, plan: Layout, sizes: list[tuple[float, float]]) -> list[Shape]:
    """The slopes, each on the last stretch of its arrow: in the middle, or where the arrow is free of the others."""
    taken: list[tuple[float, ...]] = [(*place, *size) for place, size in zip(plan.boxes, sizes)]
    shapes = []
    for arrow, path in zip(made.arrows, plan.arrows):
        if arrow.label:
            w = text_width(arrow.label, 13)
            spots = [(x - w / 2, y + shift - 12, w, 15) for shift in (-5, 17) for x, y in _along(*path[-2:])]
            spot = next((s for s in spots if not any(_meet(s, other) for other in taken)), spots[0])
            taken.append(spot)
            x, y = spot[0] + w / 2, spot[1] + 12
            shapes.append(Shape([(x, y)], "slope", "paper", text=arrow.label, size=13))
    return shapes


def _along(a: tuple[float, float], b: tuple[float, float]) -> list[tuple[float, float]]:
    """Points of the curve that `smooth` draws from a to b, from the middle outwards, first towards b."""
    bends = [(t, t * t * (3 - 2 * t)) for t in (0.5, 0.6, 0.4, 0.7, 0.3, 0.8, 0.2, 0.9, 0.1)]
    return [(a[0] + (b[0] - a[0]) * (1.5 * t * (1 - t) + t**3), a[1] + (b[1] - a[1]) * s) for t, s in bends]


def _group(group: Group, plan: Layout, sizes: list[tuple[float, float]]) -> list[Shape]:
    every = [(*place, *size) for place, size in zip(plan.boxes, sizes)]
    boxes = [every[i] for i in group.members]
    x0, y0 = min(b[0] for b in boxes) - 14, min(b[1] for b in boxes) - 12
    x1, y1 = max(b[0] + b[2] for b in boxes) + 14, max(b[1] + b[3] for b in boxes) + 12
    said = say("↻ {n} times; the first is shown", n=group.times)
    w = text_width(said, 14, True)
    spots = [(x, y) for y in (y0 - 7, y1 + 18, y0 + 18) for x in (x0 + 12, x1 - 12 - w)]
    free = [s for s in spots if not any(_meet((s[0], s[1] - 14, w, 18), b) for b in every)]
    return [
        Shape(rounded(x0, y0, x1 - x0, y1 - y0, 12), "group", "module-line", 1.4, True, True, True),
        Shape([(free or spots)[0]], "module-line", "paper", text=said, size=14, bold=True, anchor="start"),
    ]


def _meet(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    """Whether two rectangles (x, y, width, height) have a point in common."""
    return a[0] < b[0] + b[2] and b[0] < a[0] + a[2] and a[1] < b[1] + b[3] and b[1] < a[1] + a[3]


def _legend(made: Sketch, y: float) -> tuple[list[Shape], float]:
    names = {
        "parameter": say("parameter"), "input": say("input"), "constant": say("constant"), "module": say("module"),
        "step": say("operation"), "result": say("result"),
    }  # fmt: skip
    shapes: list[Shape] = []
    x = float(_MARGIN)
    for kind, name in names.items():
        if any(box.kind == kind for box in made.boxes):
            swatch, dashed = rounded(x, y - 11, 24, 14, min(_ROUND[kind], 7)), kind == "constant"
            shapes.append(Shape(swatch, kind, f"{kind}-line", 1.6, dashed, True, True))
            shapes.append(Shape([(x + 31, y)], "soft", text=name, size=13, anchor="start"))
            x += 31 + text_width(name, 13) + 22
    for colour, name in (("slope", say("slope of the operation")), ("grad", say("slope of the result"))):
        if any(a.label for a in made.arrows) if colour == "slope" else any(b.gradient for b in made.boxes):
            shapes.append(Shape([(x, y)], colour, text=name, size=13, anchor="start"))
            x += text_width(name, 13) + 22
    return shapes, x


def _dot_text(text: str) -> str:
    return re.sub(r'(["\\])', r"\\\1", text.replace("\n", " "))


def _mermaid_text(text: str) -> str:
    return re.sub(r'["#;<>&`\\|\x00-\x1f]', lambda m: f"#{ord(m.group())};", text)
