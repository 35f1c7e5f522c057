"""The site's sources: complete, translated, and code that is code. `make docs` builds them and runs every example."""

from __future__ import annotations

import ast
import importlib.util
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(p for p in DOCS.rglob("*.md"))
LESSONS = sorted((DOCS / "lessons").glob("*.ipynb"))


def reference():
    spec = importlib.util.spec_from_file_location("reference", ROOT / "tools" / "reference.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_public_name_has_a_docstring_and_an_entry():
    tool = reference()
    assert tool.undocumented() == []
    pages = tool.pages()
    text = "\n".join(pages.values())
    for name in ("Tensor", "minimize", "fit", "exercise", "nn.Linear", "optim.Adam", "special.bessel_j0", "func.vmap"):
        assert re.search(rf":: chainrule\.{re.escape(name)}\b", text), name
    assert text.count(".. py:function::") > 800 and len(pages) > 40


def test_a_name_without_a_docstring_is_counted(monkeypatch):
    import chainrule as cr

    monkeypatch.setattr(cr.optim.Adam, "undocumented", lambda self: None, raising=False)
    assert reference().undocumented() == ["optim.Adam.undocumented"]


def test_markup_leaves_prose_as_it_is():
    made = reference().markup(
        "The power x**2 of `x`, a_.\n\nx: a |number|.\n    Or two.\n\nReturns `y`.\n\n>>> 1 + 1\n2"
    )
    assert made == "\n\n".join([
        r"The power x\*\*2 of \ ``x``\ , a\_.", r":param x: a \|number\|. Or two.", r":returns: \ ``y``\ .",
        ">>> 1 + 1\n2",
    ])  # fmt: skip


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(DOCS).as_posix())
def test_pages_parse_and_lead_somewhere(page):
    text = page.read_text(encoding="utf-8")
    for code in re.findall(r"^```\{code-cell\} python\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        ast.parse(re.sub(r"^(:tags:|!).*$", "", code, flags=re.MULTILINE))
    for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", re.sub(r"```.*?```", "", text, flags=re.DOTALL)):
        assert (page.parent / link).exists(), link


@pytest.mark.parametrize("language", ["th", "vi", "ru"])
def test_translated_pages_are_complete(language):
    pofile = pytest.importorskip("babel.messages.pofile")
    found = sorted((DOCS / "locale" / language / "LC_MESSAGES").rglob("*.po"))
    assert [p.stem for p in found] == ["index", "learn", "index"]
    for path in found:
        with path.open("rb") as file:
            lacking = [m.id for m in pofile.read_po(file, language) if m.id and (not m.string or m.fuzzy)]
        assert not lacking, path


def test_there_are_three_lessons_in_each_language():
    assert sorted(p.stem.rpartition("_")[2] for p in LESSONS) == sorted(["en", "th", "vi", "ru"] * 3)
    listed = (DOCS / "lessons" / "index.md").read_text(encoding="utf-8")
    assert all(f"{p.stem}.html" in listed for p in LESSONS)


QUESTION = re.compile(r"\*\*(Question|คำถาม|Câu hỏi|Вопрос)")
MINUTES = re.compile(r"\*45 (minutes|นาที|phút|минут)")


@pytest.mark.parametrize("path", LESSONS, ids=lambda p: p.stem)
def test_a_lesson_asks_before_it_shows_and_ends_with_a_sheet(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    words = ["".join(c["source"]) for c in cells]
    prose = [w for c, w in zip(cells, words) if c["cell_type"] == "markdown"]
    code = [w for c, w in zip(cells, words) if c["cell_type"] == "code"]
    assert MINUTES.search(prose[0]) and "____" in prose[-1]
    assert len(QUESTION.findall("\n".join(prose))) >= 3
    assert sum("cr.exercise(" in c for c in code) >= 2 and sum("question.check(" in c for c in code) >= 2
    assert f'cr.language("{path.stem.rpartition("_")[2]}")' in code[0]
    assert not any(o.get("output_type") == "error" for c in cells for o in c.get("outputs", []))
