"""`picture`: what is drawn, that it is well-formed whatever the names, that nothing overlaps, that folds are told."""

from __future__ import annotations

import re
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.see.picture import drawing, layout
from chainrule.see.picture.ink import text_width
from chainrule.see.picture.layout import arrange

pytest.importorskip("igraph")


def chain():
    x = cr.tensor(2.0, requires_grad=True)
    y = 2 * x**3
    z = 5 * y**2 + x * y
    return x, y, z


def texts(svg: str) -> list[str]:
    root = ElementTree.fromstring(svg)
    return [e.text or "" for e in root.iter("{http://www.w3.org/2000/svg}text")]


def test_values_slopes_and_gradients_stand_on_it():
    x, y, z = chain()
    shown = texts(cr.picture(z)._repr_svg_())
    for text in ("z = v3 + v4", "1312", "y = 2·v1", "16", "2y = 32", "3x² = 12"):
        assert text in shown
    gx, gy = cr.autograd.grad(z, [x, y])
    assert f"dz/dx = {gx.item():g}" in shown and f"dz/dy = {gy.item():g}" in shown
    assert x.grad is None


def test_after_backward():
    x, y, z = chain()
    z.backward()
    shown = texts(cr.picture(z).svg())
    assert f"x.grad = {x.grad.item():g}" in shown and "1312" in shown
    assert not any("=" in t and "·" in t for t in shown)  # what the slopes were computed from is gone
    assert y.grad_fn is not None


def test_kinds_are_told_apart():
    w, data = nn.Parameter(cr.tensor(2.0)), cr.tensor(3.0)
    x = cr.tensor(1.0, requires_grad=True)
    out = w * data + x
    kinds = {box.title: box.kind for box in cr.picture(out).sketch.boxes}
    assert kinds == {"w": "parameter", "data": "constant", "x": "input", "v1": "step", "out": "result"} or kinds == {
        "w": "parameter", "data": "constant", "x": "input", "v1 = w·data": "step", "out = v1 + x": "result",
    }  # fmt: skip
    svg = cr.picture(out).svg()
    for kind in ("parameter", "constant", "input", "step", "result"):
        assert f'fill="var(--cr-{kind})"' in svg
    assert "prefers-color-scheme:dark" in svg


def overlapping(picture) -> list[tuple[str, str]]:
    made = picture.sketch
    sizes = [drawing._size(box) for box in made.boxes]
    plan = arrange(sizes, [(a.tail, a.head) for a in made.arrows], [40.0] * len(made.arrows))
    boxes = [(*place, *size) for place, size in zip(plan.boxes, sizes)]
    return [
        (made.boxes[i].title, made.boxes[j].title)
        for i in range(len(boxes))
        for j in range(i)
        if drawing._meet(boxes[i], boxes[j])
    ]


@pytest.mark.parametrize("seed", range(8))
def test_boxes_do_not_overlap(seed):
    rng = np.random.default_rng(seed)
    known = [cr.tensor(0.3 + 0.1 * i, requires_grad=True) for i in range(4)]
    for _ in range(30):
        a, b = (known[i] for i in rng.integers(0, len(known), 2))
        known.append(a * b if rng.random() < 0.5 else a.sin() + b)
    total = sum(known)
    picture = cr.picture(total, fold=False)
    assert len(picture.sketch.boxes) > 30
    assert overlapping(picture) == [], seed


def test_arrows_lead_to_the_right_and_touch_their_boxes():
    sizes = [(50.0, 30.0), (80.0, 40.0), (60.0, 30.0)]
    plan = arrange(sizes, [(0, 1), (1, 2), (0, 2)], [10.0, 90.0, 10.0])
    for (a, b), path in zip([(0, 1), (1, 2), (0, 2)], plan.arrows):
        assert path[0][0] == plan.boxes[a][0] + sizes[a][0]
        assert path[-1][0] == plan.boxes[b][0]
        assert all(p[0] <= q[0] for p, q in pairwise(path))
    assert plan.boxes[2][0] - plan.boxes[1][0] - 80 >= 90  # room for the label
    assert plan.height >= max(y + h for (_, y), (_, h) in zip(plan.boxes, sizes))


HOSTILE = [
    '<script>alert("x")</script>',
    'a"b',
    "&amp;",
    "c\\d",
    "e|f]",
    "日本語",
    "a\nb",
    "\x00",
    "--></svg>",
    "x" * 500,
]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_do_no_harm(name):
    w = cr.tensor(2.0, requires_grad=True)
    result = w**2
    picture = cr.picture(result, params={name: w})
    svg = picture.svg()
    root = ElementTree.fromstring(svg)
    assert not [e for e in root.iter() if e.tag.endswith("script")]
    dot = picture.dot()
    labels = [re.sub(r"\\(.)", r"\1", x) for x in re.findall(r'label="((?:[^"\\]|\\.)*)"', dot)]
    assert len(labels) == 3 and not any("\n" in label for label in labels)
    assert labels[0].startswith(name[:20].replace("\n", " "))
    assert len(re.findall(r"^  n\d+ \[", dot, re.MULTILINE)) == 2 and dot.count("\n") == 6
    mermaid = picture.mermaid()
    assert mermaid.count('"') == 6 and mermaid.count("\n") == 4
    assert "<script" not in mermaid


def test_loops_are_folded_and_unfolded():
    x = cr.tensor(1.0, requires_grad=True)
    y = x
    for _ in range(60):
        y = (y * 0.9).sin()
    folded, whole = cr.picture(y), cr.picture(y, fold=False)
    assert len(folded.sketch.boxes) < 10 and len(whole.sketch.boxes) == 121
    (group,) = folded.sketch.groups
    assert group.times == 59 and len(group.members) == 2 and len(group.back) == 1
    assert any("59" in t for t in texts(folded.svg()))
    assert "style=dashed" in folded.dot().replace('"', "") and "-.->" in folded.mermaid()
    assert overlapping(folded) == []


def test_modules_are_folded_and_unfolded():
    model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    loss = (model(cr.randn(4, 2)) ** 2).mean()
    kinds = [box.kind for box in cr.picture(loss, model).sketch.boxes]
    titles = [box.title for box in cr.picture(loss, model).sketch.boxes]
    assert kinds.count("module") == 2 and "parameter" not in kinds
    assert "0: Linear" in titles and "2: Linear" in titles
    open_ = cr.picture(loss, model, fold=False).sketch.boxes
    assert [box.title for box in open_ if box.kind == "parameter"] == ["0.weight", "0.bias", "2.weight", "2.bias"]
    named = cr.picture(loss, params=dict(model.named_parameters())).sketch.boxes
    assert {box.title for box in named if box.kind == "parameter"} == {"0.weight", "0.bias", "2.weight", "2.bias"}


@pytest.mark.parametrize(
    ("layer", "shape"), [(nn.Conv2d(1, 2, 3), (2, 1, 5, 5)), (nn.BatchNorm1d(3), (4, 3)), (nn.LayerNorm(3), (4, 3))]
)
def test_a_layer_of_several_operations_is_one_box(layer, shape):
    x = cr.randn(*shape, requires_grad=True)
    out = (layer(x.sin()) ** 2).sum()
    picture = cr.picture(out, layer)
    boxes = picture.sketch.boxes
    assert [box.kind for box in boxes].count("module") == 1 and "parameter" not in [box.kind for box in boxes]
    assert {a.head for a in picture.sketch.arrows} == set(range(len(boxes))) - {0}
    assert "weight" in picture.svg() and "bias" in picture.svg()


def test_a_path_out_of_a_module_and_back():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.w = nn.Parameter(cr.tensor(2.0))

        def forward(self, x):
            y = x * self.w
            return y.sin() + y * self.w

    model = Twice()
    x = cr.tensor(0.5, requires_grad=True)
    picture = cr.picture(model(x), model)
    pairs = [(a.tail, a.head) for a in picture.sketch.arrows]
    assert all(a < b for a, b in pairs) and len(pairs) >= 5
    ElementTree.fromstring(picture.svg())


def test_what_cannot_be_drawn():
    with pytest.raises(ValueError, match="no history"):
        cr.picture(cr.tensor(1.0))
    with pytest.raises(TypeError, match="just computed"):
        cr.picture(3)
    x = cr.tensor(1.0, requires_grad=True)
    y = x
    for _ in range(100_000):
        y = y * 0.5
    with pytest.raises(ValueError, match="100000 boxes"):
        cr.picture(y, fold=False)
    assert len(cr.picture(y).sketch.boxes) < 10
    rng = np.random.default_rng(0)
    z = x
    for kind in rng.integers(0, 3, 2000):
        z = z.sin() if kind == 0 else z.cos() if kind == 1 else z + x
    with pytest.raises(ValueError, match=r"\d+ boxes.*explain"):
        cr.picture(z)


def test_saving(tmp_path):
    _, _, z = chain()
    picture = cr.picture(z)
    for end, start in (("svg", b"<svg"), ("png", b"\x89PNG"), ("dot", b"digraph"), ("mmd", b"flowchart")):
        if end == "png":
            pytest.importorskip("matplotlib")
        picture.save(tmp_path / f"a.{end}")
        assert (tmp_path / f"a.{end}").read_bytes().startswith(start)
    with pytest.raises(ValueError, match=r"\.svg, \.png"):
        picture.save(tmp_path / "a.jpg")


def test_a_png_shows_what_the_svg_shows(tmp_path):
    pytest.importorskip("matplotlib")
    image = pytest.importorskip("PIL.Image")
    _, _, z = chain()
    cr.picture(z).save(tmp_path / "light.png")
    cr.picture(z).save(tmp_path / "dark.png", dark=True)
    light, dark = (np.asarray(image.open(tmp_path / f"{n}.png").convert("L")) for n in ("light", "dark"))
    assert light.shape == dark.shape
    assert light.mean() > 200 > 80 > dark.mean()
    assert len(np.unique(light)) > 20


def test_several_results_and_leaves_alone():
    x = cr.tensor([1.0, 5.0, 3.0], requires_grad=True)
    values, places = x.sort()
    out = values[0] + (x * places).sum()
    ElementTree.fromstring(cr.picture(out).svg())
    ElementTree.fromstring(cr.picture(x).svg())
    u, s, _ = cr.linalg.svd(cr.eye(3) + x[:, None] * x)
    ElementTree.fromstring(cr.picture(s.sum() + u[0, 0]).svg())


def test_without_igraph_boxes_do_not_overlap(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object) -> None:
        raise layout.MissingExtra("igraph")

    monkeypatch.setattr(layout, "extra", missing)
    arrows = [(0, 4), (1, 3), (2, 3), (3, 5), (4, 5), (1, 5)]
    made = layout.arrange([(40.0, 20.0)] * 6, arrows, [10.0] * len(arrows))
    assert len({*made.boxes}) == 6
    for i, (x, y) in enumerate(made.boxes):
        for other, (u, v) in enumerate(made.boxes):
            assert i == other or abs(x - u) >= 40 or abs(y - v) >= 20
    assert all(made.boxes[a][0] < made.boxes[b][0] for a, b in arrows)


# ------------------------------------------------------------------------------------------ what a reader's eye finds


class Seen:
    """What an SVG shows, read from its geometry alone: boxes with their lines, arrows from box to box, labels."""

    def __init__(self, svg: str) -> None:
        root, colour = ElementTree.fromstring(svg), re.compile(r"var\(--cr-(.*)\)")
        words, paths = [], []
        for e in root.iter():
            fill, line = ("".join(colour.findall(e.get(k, ""))) for k in ("fill", "stroke"))
            if e.tag.endswith("}text"):
                words.append((float(e.get("x", 0)), float(e.get("y", 0)), e.text or "", bool(line) and fill == "slope"))
            elif e.tag.endswith("}path"):
                numbers = [float(n) for n in re.findall(r"[-\d.]+", e.get("d", ""))]
                paths.append((list(zip(numbers[::2], numbers[1::2])), fill, line))
        areas = [(*map(min, zip(*p)), *map(max, zip(*p))) for p, fill, line in paths if line == f"{fill}-line"]
        lines = [[t for x, y, t, label in words if a < x < c and b < y < d and not label] for a, b, c, d in areas]
        self.areas = [area for area, inside in zip(areas, lines) if inside]  # the others are the legend's
        self.boxes = [inside for inside in lines if inside]
        self.labels = [(x, y, t) for x, y, t, label in words if label]
        self.arrows = [(self.at(p[0][0] - 1, p[0][1]), self.at(p[-1][0] + 8, p[-1][1]), p) for p, _, k in paths
                       if k == "line" and len(p) > 3]  # fmt: skip

    def at(self, x: float, y: float) -> str:
        """The name in the box at a point."""
        (found,) = [lines[0] for (a, b, c, d), lines in zip(self.areas, self.boxes) if a <= x <= c and b <= y <= d]
        return found.partition(" = ")[0]

    def slopes(self) -> dict[tuple[str, str], str]:
        """What stands on each arrow: the label that is nearest to it, and to no other."""
        found = {}
        for x, y, text in self.labels:

            def gap(arrow, x=x, y=y):
                s = np.linspace(0, 1, 40)[:, None]
                a, b, c, d = map(np.array, arrow[2][-4:])
                curve = a * (1 - s) ** 3 + 3 * b * s * (1 - s) ** 2 + 3 * c * s**2 * (1 - s) + d * s**3
                return np.hypot(curve[:, 0] - x, np.minimum(abs(curve[:, 1] - y - 5), abs(curve[:, 1] - y + 17))).min()

            tail, head, _ = min(self.arrows, key=gap)
            assert (tail, head) not in found
            found[tail, head] = text
        return found

    def labels_that_meet(self) -> list[tuple[str, str]]:
        rects = [(x - text_width(t, 13) / 2, y - 12, text_width(t, 13), 15) for x, y, t in self.labels]
        areas = [(a, b, c - a, d - b) for a, b, c, d in self.areas]
        names = [t for *_, t in self.labels] + [b[0] for b in self.boxes]
        every = rects + areas
        return [(names[i], names[j]) for i in range(len(rects)) for j in range(i + 1, len(every))
                if drawing._meet(every[i], every[j])]  # fmt: skip


def number(x: float) -> str:
    return f"{x:.6g}"


def test_what_is_drawn_is_what_was_computed():
    """Boxes, arrows and numbers, against the same chain in floats, its slopes by hand and by finite differences."""
    a, b = 2.0, 3.0

    def rest(p: float, q: float) -> float:
        return p * q + float(np.sin(q))

    def total(a: float, b: float) -> float:
        return rest(a * b, a / b)

    def slope(f, *at: float) -> list[float]:
        e = 1e-5
        moved = [[[v + sign * e * (i == j) for j, v in enumerate(at)] for sign in (1, -1)] for i in range(len(at))]
        return [(f(*up) - f(*down)) / (2 * e) for up, down in moved]

    x, y = (cr.tensor(v, dtype=cr.float64, requires_grad=True) for v in (a, b))
    p = x * y
    q = x / y
    r = p * q
    s = q.sin()
    z = r + s
    picture = cr.picture(z)
    seen = Seen(picture.svg())
    of = {box[0].partition(" = ")[0]: box for box in seen.boxes}
    assert {k: v[0].partition(" = ")[2] for k, v in of.items()} == {
        "x": "", "y": "", "p": "x·y", "q": "x/y", "r": "p·q", "s": "sin(q)", "z": "r + s",
    }  # fmt: skip
    values = {"x": a, "y": b, "p": a * b, "q": a / b, "r": a * a, "s": np.sin(a / b), "z": total(a, b)}
    assert {k: v[1] for k, v in of.items()} == {k: number(v) for k, v in values.items()}
    told = {k: v[2] for k, v in of.items() if k != "z"}
    steep = dict(zip("xypqrs", [*slope(total, a, b), *slope(rest, a * b, a / b), 1.0, 1.0]))
    for name, text in told.items():
        left, _, right = text.partition(" = ")
        assert left == f"dz/d{name}" and float(right) == pytest.approx(steep[name], rel=1e-4, abs=1e-4)
    slopes = {
        ("x", "p"): b, ("y", "p"): a, ("x", "q"): 1 / b, ("y", "q"): -a / b**2, ("p", "r"): a / b, ("q", "r"): a * b,
        ("q", "s"): np.cos(a / b), ("r", "z"): 1.0, ("s", "z"): 1.0,
    }  # fmt: skip
    assert {(tail, head) for tail, head, _ in seen.arrows} == set(slopes)
    assert {k: v.rpartition(" = ")[2] for k, v in seen.slopes().items()} == {k: number(v) for k, v in slopes.items()}
    assert seen.labels_that_meet() == []
    story = str(cr.explain(z))  # and the console writes the same numbers
    for name in "pqrsz":
        assert re.search(rf"^  {name} = .*\b{re.escape(of[name][1])}$", story, re.MULTILINE), name
    for text in [picture.dot(), picture.mermaid()]:  # so do the other formats, with the same arrows
        order = [box.title.partition(" = ")[0] for box in picture.sketch.boxes]
        found = re.findall(r"n(\d+) -+>(?:\|.*\|)? n(\d+)", text)
        assert {(order[int(i)], order[int(j)]) for i, j in found} == set(slopes)
        assert all(line in text for box in seen.boxes for line in box)


@pytest.mark.parametrize("seed", range(4))
def test_slopes_stand_clear_of_one_another(seed):
    rng = np.random.default_rng(seed)
    known = [cr.tensor(0.3 + 0.1 * i, requires_grad=True) for i in range(3)]
    for _ in range(7):
        a, b = (known[i] for i in rng.integers(max(0, len(known) - 4), len(known), 2))
        known.append(a * b if rng.random() < 0.5 else a / b)
    seen = Seen(cr.picture(sum(known), fold=False).svg())
    assert len(seen.labels) > 8 and seen.labels_that_meet() == [], seed
