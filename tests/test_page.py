"""Pages without a browser: what may be in one, what is refused, and the derivative rules that go along as data."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import math
import re
import subprocess
import sys
import zlib
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

import chainrule as cr
import pages
from chainrule.cli import main
from chainrule.core.op import REGISTRY
from chainrule.func.expression import ExpressionError, parse
from chainrule.nn import functional as F
from chainrule.see.page import rules, sentences
from chainrule.see.page.emit import Lines, literal
from chainrule.see.page.link import link
from chainrule.see.page.scalar import NotForPages, apply, variable

POINTS = cr.tensor([1.0, 2.0])
SVG = "{http://www.w3.org/2000/svg}"


class Parts(HTMLParser):
    """The elements of a page as a parser of HTML sees them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        self.inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append((tag, dict(attrs)))
        self.inside = f"{tag} {dict(attrs).get('type', '')}".strip()

    def handle_endtag(self, tag: str) -> None:
        self.inside = ""

    def handle_data(self, data: str) -> None:
        self.texts[self.inside] = self.texts.get(self.inside, "") + data


def test_a_page_is_one_small_file_that_asks_for_nothing() -> None:
    for name, (f, start, lr) in pages.GALLERY.items():
        text = cr.page(f, start=start, lr=lr).html
        assert len(text.encode()) < 450_000, name
        parts = Parts(text)
        assert not [a for _, a in parts.tags if {"src", "href", "srcset", "data", "action"} & set(a)], name
        assert sorted({t for t, _ in parts.tags}) == [
            "body",
            "head",
            "html",
            "meta",
            "noscript",
            "script",
            "style",
            "title",
        ]


def test_the_policy_allows_its_own_script_and_style_alone() -> None:
    parts = Parts(cr.page("x**2").html)
    policy = next(a["content"] for t, a in parts.tags if t == "meta" and "http-equiv" in a)
    rules = dict(rule.strip().split(" ", 1) for rule in str(policy).split(";"))
    for kind, key in (("script-src", "script module"), ("style-src", "style")):
        digest = base64.b64encode(hashlib.sha256(parts.texts[key].encode()).digest()).decode()
        assert rules[kind] == f"'sha256-{digest}'"
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    assert set(rules) == {"default-src", "script-src", "style-src", "img-src", "base-uri", "form-action"}


@pytest.mark.parametrize(
    "name", ["</script><script>alert(1)</script>", "<!--<script>", "\u2028", "&quot;", "{{code}}", "]]>", "'\"`${1}"]
)
def test_hostile_text_is_data(name: str) -> None:
    def f(x: Any) -> Any:
        return x * x

    f.__name__ = name
    plain, text = cr.page("x**2").html, cr.page(f, title=name).html
    parts = Parts(text)
    assert [t for t, _ in parts.tags] == [t for t, _ in Parts(plain).tags]
    data = json.loads(parts.texts["script application/json"])
    assert data["title"] == name
    assert name not in parts.texts["script module"] or len(name) < 3
    assert html.unescape(re.search(r"<title>(.*?)</title>", text, re.DOTALL)[1]) == name  # type: ignore[index]


@pytest.mark.parametrize("f, start, message", [
    (lambda x: x if x > 0 else -x, 1.0, "was asked for while tracing"),
    (lambda x: cr.special.bessel_j0(x), 1.0, "no JavaScript for special_bessel_j0"),
    (lambda x: cr.linalg.inv(x).sum(), cr.eye(2), "no JavaScript for"),
    (lambda x: x.sort()[0].sum(), cr.ones(3), "no JavaScript for"),
    (lambda x: x * 2, cr.ones(3), "single number"),
    (lambda x: 3.0, 1.0, "must return a tensor"),
    (lambda x: cr.tensor(1.0), 1.0, "does not depend"),
    (lambda x: x.sum(), cr.ones(51), "up to 50"),
    (lambda x: (x**2).sum(), [math.nan], "not finite"),
    (lambda: cr.tensor(1.0), None, "takes no arguments"),
    (lambda x, y: x * y, (1.0,), "takes 2 arguments"),
    (lambda x, y: x * y, {"z": 1.0}, "arguments are x, y"),
    (lambda x: sum(cr.sin(x * i) for i in range(2500)), 1.0, "at most 450 are made"),
    (lambda x: (x + cr.ones(30000)).sum(), 1.0, "more than 20000"),
    (lambda x: x * cr.randn(()), 1.0, "draws random numbers"),
    (lambda x: x * POINTS.add_(1).sum(), 1.0, "changes a tensor outside"),
])  # fmt: skip
def test_what_cannot_be_shown_is_refused_with_the_reason(f: Any, start: Any, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        cr.page(f, start=start)


def test_other_mistakes() -> None:
    with pytest.raises(TypeError, match="function or the text of one, but got int"):
        cr.page(3)
    with pytest.raises(ExpressionError):
        cr.page("x +")
    with pytest.raises(ValueError, match="searches along lines"):
        cr.page("x**2", optimizer="newton")
    for name in ("adafactor", "muon", "sparseadam"):  # a page steps each coordinate by itself
        with pytest.raises(ValueError, match="steps whole matrices or rows"):
            cr.page("x**2", optimizer=name)
    with pytest.raises(ValueError, match="Did you mean 'adam'"):
        cr.page("x**2", optimizer="adm")
    with pytest.raises(TypeError, match="momentum"):
        cr.page("x**2", momentun=0.9)
    with pytest.raises(ValueError, match="Invalid learning rate"):
        cr.page("x**2", lr=-1.0)


def test_settings_and_names_reach_the_page() -> None:
    made = cr.page(
        lambda w, b: (w @ w + b) ** 2,
        start={"b": 2.0, "w": cr.tensor([0.1, 0.2])},
        lr=0.5,
        optimizer="SGD",
        momentum=0.9,
    )
    data = json.loads(Parts(made.html).texts["script application/json"])
    assert data["names"] == ["w_1", "w_2", "b"] and data["start"] == [0.1, 0.2, 2.0]
    assert data["lr"] == 0.5 and data["settings"]["momentum"] == 0.9 and data["optimizer"] == "sgd"


def compute(tree: Any, names: dict[str, float]) -> Any:
    """A rule's tree, computed by the ops' own kernels."""
    if isinstance(tree, str):
        return np.float64(names[tree])
    if not isinstance(tree, list):
        return np.float64(tree)
    return REGISTRY[tree[0]].kernel(*[compute(t, names) for t in tree[1:]])


def test_rules_as_data_are_slopes() -> None:
    """Against finite differences of the kernels, at points where these are smooth."""
    table, _ = rules.table(set())
    points = [(0.31, 0.62, 0.47), (0.73, 0.21, 0.85), (1.37, 2.21, 0.6)]
    checked = 0
    for name, (n, pulled) in table.items():
        if pulled is None or name in ("floor_divide", "where"):
            continue
        kernel = REGISTRY[name].kernel
        for point in points:
            x = [np.float64(v) for v in point[:n]]
            with np.errstate(all="ignore"):
                out = kernel(*x)
                for i in range(n):
                    if pulled[i] is None or not np.isfinite(out):
                        continue
                    got = compute(pulled[i], {"g": 3.0, "out": out} | {f"x{j}": v for j, v in enumerate(x)})
                    low, high = ([v + s * 1e-6 if j == i else v for j, v in enumerate(x)] for s in (-1, 1))
                    slope = 3 * (kernel(*map(np.float64, high)) - kernel(*map(np.float64, low))) / 2e-6
                    assert got == pytest.approx(slope, rel=1e-5, abs=1e-7), (name, point, i)
                    checked += 1
    assert checked > 150


def test_ops_without_javascript_are_spelled_by_their_kernels() -> None:
    assert "js" not in REGISTRY["hardswish"].columns
    program = Lines()
    program.name(apply(REGISTRY["hardswish"], [variable("x")]))
    assert program.lines == [
        "const t0=x+3;",
        "const t1=Math.max(t0,0);",
        "const t2=Math.min(t1,6);",
        "const t3=x*t2;",
        "const t4=t3/6;",
    ]
    with pytest.raises(NotForPages, match="special_airy_ai"):
        Lines().name(apply(REGISTRY["special_airy_ai"], [variable("x")]))


@pytest.mark.parametrize("x, text", [
    (2.0, "2"), (-2.0, "(-2)"), (-0.0, "(-0)"), (0.1, "0.1"), (1e300, "1e+300"), (math.inf, "Infinity"),
    (-math.inf, "(-Infinity)"), (math.nan, "NaN"), (True, "true"),
])  # fmt: skip
def test_numbers_in_javascript(x: Any, text: str) -> None:
    assert literal(x) == text


def test_linking_keeps_modules_apart() -> None:
    modules = {
        "./main.js": 'import { a as first } from "./one.js";\nimport {\n  b,\n} from "./two.js";\nexport const x = 3;',
        "./one.js": 'import { b } from "./two.js";\nconst x = 1;\nexport const a = x + b;\n',
        "./two.js": "const x = 2;\nexport { x as b };\n",
    }
    script = link("./main.js", modules.__getitem__)
    assert script.index("$two") < script.index("$one") < script.index("$main")
    assert "import" not in script and "export" not in script
    assert "const { a: first }=$one" in script
    with pytest.raises(ValueError, match="ends or hides a script"):
        link("./main.js", lambda _: 'const x = "</script>";')


def test_formulas_and_steps_come_from_derive() -> None:
    pytest.importorskip("sympy")
    pytest.importorskip("latex2mathml")
    data = json.loads(Parts(cr.page("x**3 + sin(x)", start=2.0).html).texts["script application/json"])["derived"]
    assert len(data["lines"]) == 2 and all(line.startswith("<math") for line in data["lines"])
    assert len(data["steps"]) >= 3 and all(step[1]["en"] for step in data["steps"])
    whole = cr.page(lambda w: ((cr.ones(4, 3) @ w) ** 2).mean(), start=cr.zeros(3))
    data = json.loads(Parts(whole.html).texts["script application/json"])["derived"]
    assert len(data["lines"]) == 2 and data["steps"] == []  # in matrix form


def test_a_page_is_made_without_sympy() -> None:
    code = "import sys; sys.modules['sympy'] = None\nimport chainrule as cr; print(len(cr.page('x**2').html))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) > 100_000


def test_the_same_page_every_time() -> None:
    assert cr.page("x**2 + sin(y)", start=(1, 2)).html == cr.page("x**2 + sin(y)", start=(1, 2)).html


def test_a_translator_finds_every_sentence() -> None:
    extract = pytest.importorskip("babel.messages.extract")
    folder = Path(sentences.__file__).parent / "web"
    found = {
        m
        for file in folder.glob("*.js")
        for _, m, _, _ in extract.extract_from_file("javascript", file, keywords={"say": None, "say_count": (1, 2)})
    }
    assert found == {*sentences.sentences(), *sentences.counted()} and len(found) > 80
    assert all(len(forms) == 3 for code in ("th", "vi", "ru") for forms in counted_in(code))


def counted_in(code: str) -> list[Any]:
    """The forms of what is said of a number of things."""
    there = [sentences.catalogues()[code][many] for _, many in sentences.counted()]
    assert there
    return there


def test_whole_networks_and_reductions_are_scalarised() -> None:
    """Emitted and graph data exist for functions of vectors; their numbers are compared in the browser."""
    W, x = cr.randn(3, 2), cr.randn(4, 2)
    functions = [
        lambda b: F.cross_entropy(x @ W.T + b, cr.tensor([0, 1, 2, 1])),
        lambda b: F.layer_norm(b, (3,)).pow(3).sum() + b.std() + b.prod() + b.amax(),
        lambda b: cr.einsum("i,j->", b, b.flip(0)) + b.cumsum(0)[-1] + b[[0, 2, 0]].norm(),
    ]
    for f in functions:
        data = json.loads(Parts(cr.page(f, start=cr.tensor([0.5, -1.0, 2.0])).html).texts["script application/json"])
        assert data["parts"] > 5


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "quartic.html"
    assert (
        main(
            [
                "page",
                "x - 4*x**2 + x**4/4",
                "--start",
                "x=4",
                "--optimizer",
                "adam",
                "--set",
                "amsgrad=true",
                "-o",
                str(path),
            ]
        )
        == 0
    )
    assert "quartic.html" in capsys.readouterr().out
    data = json.loads(Parts(path.read_text(encoding="utf-8")).texts["script application/json"])
    assert data["start"] == [4] and data["text"] == "x - 4*x**2 + x**4/4" and data["settings"]["amsgrad"] is True
    assert main(["page", "x +", "-o", str(path)]) == 3
    assert main(["page", "x", "--optimizer", "newton", "-o", str(path)]) == 1
    assert main(["page", "x", "-o", str(tmp_path / "no" / "such.html")]) == 3
    capsys.readouterr()
    assert main(["page", "x*y", "--start", "x=1,y=2", "--json", "-o", str(path)]) == 0
    assert json.loads(capsys.readouterr().out)["bytes"] == path.stat().st_size


def test_a_page_does_not_load_scipy():
    program = "import sys, chainrule as cr; cr.page('x**2', start=1.0); print('scipy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"  # what a browser's tab would have to fetch


class Sanitised(HTMLParser):
    """HTML as a notebook that is not trusted shows it: without frames, scripts, styles and what is in them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.kept: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.within = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.within += tag in ("iframe", "script", "style")
        if not self.within:
            self.kept.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        self.within -= tag in ("iframe", "script", "style")

    def handle_data(self, data: str) -> None:
        self.words += "" if self.within else data


@pytest.mark.parametrize("f, start", [("x**3 - 3*x", 1.5), (lambda x: cr.log(x) + 1 / x, 2.0)])
def test_what_is_not_trusted_is_a_picture_of_the_curve(f: Any, start: float) -> None:
    made = cr.page(f, start=start, title="<b>")
    left = Sanitised(made._repr_html_())
    assert [tag for tag, _ in left.kept] == ["figure", "img", "figcaption"] and "trusted" in left.words
    source = str(left.kept[1][1]["src"])
    svg = base64.b64decode(source.removeprefix("data:image/svg+xml;base64,")).decode()
    assert svg == made._repr_svg_() and left.kept[1][1]["alt"] == "<b>"
    root = ElementTree.fromstring(svg)
    texts = [float(t.text.replace("−", "-")) for t in root.iter(SVG + "text") if t.text not in ("x", "f")]
    x0, x1, y0, y1 = texts
    box = next(r for r in root.iter(SVG + "rect") if r.get("stroke")).attrib
    left_, top, width, height = (float(box[k]) for k in ("x", "y", "width", "height"))
    drawn = [tuple(map(float, p)) for p in re.findall(r"([-\d.]+),([-\d.]+)", root.find(SVG + "path").get("d"))]  # type: ignore[union-attr, arg-type]
    assert len(drawn) > 60
    for px, py in drawn:  # within what three figures of the ends and a tenth of a pixel leave open
        x = x0 + (px - left_) / width * (x1 - x0)
        wanted = top + height * (1 - (float(parsed(f)(cr.tensor(x, dtype=cr.float64))) - y0) / (y1 - y0))
        assert py == pytest.approx(wanted, abs=4), x
    [dot] = root.iter(SVG + "circle")
    assert float(dot.get("cx")) == pytest.approx(left_ + width * (start - x0) / (x1 - x0), abs=1)  # type: ignore[arg-type]


def parsed(f: Any) -> Any:
    return parse(f) if isinstance(f, str) else f


def test_what_is_not_trusted_is_a_picture_of_the_landscape() -> None:
    x, y = np.linspace(-1, 1, 9), np.linspace(0, 2, 9) ** 2
    made = cr.page(data=(x, y), model="a*x + b", start={"a": 1.0, "b": -0.5})
    root = ElementTree.fromstring(made._repr_svg_())
    png = base64.b64decode(root.find(SVG + "image").get("href").partition(",")[2])  # type: ignore[union-attr]
    assert png.startswith(b"\x89PNG") and png.endswith(b"IEND\xaeB`\x82")
    size = png.index(b"IDAT")
    rows = np.frombuffer(zlib.decompress(png[size + 4 :]), np.uint8).reshape(48, 1 + 3 * 48)[:, 1:].reshape(48, 48, 3)
    across, up = np.linspace(-1.3, 1.3, 48), np.linspace(1.3, -1.3, 48)
    loss = np.array([[np.mean((a * x + b - y) ** 2) for a in across] for b in up])
    red = rows[..., 0].astype(float)  # the darker, the higher
    assert np.corrcoef(red.ravel(), -np.sqrt(loss - loss.min()).ravel())[0, 1] > 0.99
    assert red.argmax() == loss.argmin()


def test_a_notebook_is_given_page_picture_and_text() -> None:
    formatters = pytest.importorskip("IPython.core.formatters")
    bundle, _ = formatters.DisplayFormatter().format(cr.page("x**2", start=2.0))
    assert set(bundle) == {"text/html", "image/svg+xml", "text/plain"}
    assert "x**2" in bundle["text/plain"]
