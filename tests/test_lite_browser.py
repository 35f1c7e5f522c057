"""The site that `chainrule lite` makes, in Chromium, with nothing to reach but the site: lessons run as recorded.

A lesson takes half a minute, so one is run here and all of them by `make lite-test` (CHAINRULE_LITE=all).
"""

from __future__ import annotations

import base64
import io
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import pages
from chainrule import cli
from chainrule.run.check import Status, check
from chainrule.run.notebook import Notebook, Run, _without_outputs, is_code, load
from tabs import ARGUMENTS, ROOT, NoPyodide, Tab, pyodide, served

for package in ("nbformat", "jupytext", "jupyterlite_core", "jupyterlite_pyodide_kernel", "ipywidgets", "matplotlib"):
    pytest.importorskip(package)
pytestmark = pytest.mark.skipif(bool(pages.browser_missing()), reason=pages.browser_missing() or "-")

SEEDS = Path(os.environ.get("CHAINRULE_SEEDS", ROOT.parent / "shared" / "seeds"))
FOLDERS = (ROOT / "examples", ROOT / "docs" / "lessons", SEEDS)
LESSONS = [path for folder in FOLDERS for path in sorted(folder.glob("*.ipynb"))]
SHORT = ("slope_en",)
RUN = LESSONS if os.environ.get("CHAINRULE_LITE") == "all" else [path for path in LESSONS if path.stem in SHORT]
PATIENCE = 600  # seconds for one lesson on a busy machine; an idle one needs a tenth of it

#: A lesson on what shows itself, and on packages that no cell imports in so many words.
SHOWS = '''\
import chainrule as cr
x = cr.tensor(2.0, requires_grad=True)
y = 3 * x**2
cr.derive("x**2*exp(-x)")

# +
cr.explain(y)

# +
cr.picture(y)

# +
cr.check(lambda x: x**2, 1.0)

# +
cr.plot.curve("x**2 - 4*x", 0, 4);

# +
cr.page("x**2 - 4*x + 5", start=5.0, lr=0.1)

# +
print(cr.minimize(lambda x: (x - 2)**2, 5.0, lr=0.1, steps=200).x)

# +
from tqdm.notebook import tqdm
for _ in tqdm(range(3)): pass

# +
import pandas, scipy.special
print(pandas.DataFrame({"a": [1, 2]}).a.sum(), float(scipy.special.gamma(5.0)), cr.special.gammaln(x).item())

# +
import torch, torch.nn as nn
from torch import optim
print(torch.compile(lambda x: x * 2)(torch.tensor(1.5)), torch.arange(3).argsort().dtype)
'''  # fmt: skip


class Site(NamedTuple):
    """A site that is served, and the browser to open it in."""

    address: str
    browser: Any


def test_no_two_lessons_have_one_name() -> None:  # they lie in one folder of a site
    assert len({path.name for path in LESSONS}) == len(LESSONS)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, chromium: Any) -> Iterator[Site]:
    """All lessons, with the outputs taken out (a recorded output would look like a result)."""
    try:
        home = pyodide()
    except NoPyodide as why:
        pytest.skip(str(why))
    nbformat = pytest.importorskip("nbformat")
    files = tmp_path_factory.mktemp("lessons")
    for path in LESSONS:
        (files / path.name).write_text(nbformat.writes(_without_outputs(load(path))), encoding="utf-8")
    (files / "shows.py").write_text(SHOWS)
    out = files / "site"
    assert cli.main(["lite", *map(str, sorted(files.glob("*.*"))), "--out", str(out), "--pyodide", str(home)]) == 0
    with served(out) as address:
        browser = chromium(args=ARGUMENTS)
        yield Site(address, browser)
        browser.close()


def executed(site: Site, name: str) -> tuple[Notebook, float, list[str]]:
    """The lesson as it stands after all its cells were run, the seconds that took, and what went wrong in the tab."""
    tab = Tab(site.browser, site.address, name)
    try:
        cells, seconds = tab.run(PATIENCE)
    finally:
        tab.close()
    notebook = pytest.importorskip("nbformat").from_dict({"cells": cells, "metadata": {}})
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "error":  # the kernel names the class as it prints
                output.ename = re.sub(r"<class '(?:.*\.)?(\w+)'>", r"\1", output.ename)
    return notebook, seconds, tab.trouble


def figures(notebook: Notebook) -> list[Any]:
    """The pictures that cells show, as arrays of pixels."""
    image = pytest.importorskip("matplotlib.image")
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    found = [output.data["image/png"] for output in outputs if "image/png" in output.get("data", {})]
    return [image.imread(io.BytesIO(base64.b64decode("".join(png)))) for png in found]


@pytest.mark.parametrize("path", RUN, ids=lambda path: path.stem)
def test_a_lesson_runs_as_recorded(path: Path, site: Site) -> None:
    recorded = load(path)
    notebook, seconds, trouble = executed(site, path.name)
    run = Run(notebook, [], sum(map(is_code, notebook.cells)), seconds)
    cells = check(recorded, run, lambda: Run(executed(site, path.name)[0], [], run.cells, 0.0))
    print(f"{path.stem}: {seconds:.0f} s, {run.cells} cells")
    assert not trouble
    wrong = [
        (c.number, v.differences) for c in cells for v in c.verdicts if v.status in (Status.DIFFERS, Status.RAISED)
    ]
    assert not wrong
    raised = [o.ename for cell in notebook.cells for o in cell.get("outputs", []) if o.output_type == "error"]
    assert raised == [o.ename for cell in recorded.cells for o in cell.get("outputs", []) if o.output_type == "error"]
    pictures = figures(notebook)
    assert len(pictures) >= len(figures(recorded))
    assert all(min(p.shape[:2]) > 50 and p[..., :3].std() > 0.01 for p in pictures), "a picture is blank"


def test_what_shows_itself(site: Site) -> None:
    tab = Tab(site.browser, site.address, "shows.ipynb")
    cells, _ = tab.run(PATIENCE)
    shown = [
        {m: d for o in cell["outputs"] for m, d in o.get("data", {}).items()} for cell in cells if "outputs" in cell
    ]
    text = "".join(o.get("text", "") for cell in cells for o in cell.get("outputs", []))
    errors = [o["evalue"] for cell in cells for o in cell.get("outputs", []) if o["output_type"] == "error"]
    assert not errors
    mimes = [*map(set, shown)]
    assert (
        "text/latex" in mimes[0] and "text/html" in mimes[1] and "image/svg+xml" in mimes[2] and "text/html" in mimes[3]
    )
    assert "image/png" in mimes[4] and "<iframe" in shown[5]["text/html"]
    assert "application/vnd.jupyter.widget-view+json" in mimes[7]
    assert "2.0" in text and "3 24.0 0.0" in text and "tensor(3.) torch.int64" in text
    assert not tab.trouble
    tab.page.evaluate("() => window.jupyterapp.shell.currentWidget.content.node.scrollTo(0, 0)")
    tab.page.wait_for_selector("mjx-container", timeout=60_000)  # a formula set as mathematics
    tab.close()


def test_page_of_contents_on_a_phone(site: Site) -> None:
    context = site.browser.new_context(viewport={"width": 390, "height": 844}, locale="th-TH")
    page = context.new_page()
    page.goto(site.address)
    assert page.locator("section[lang=th] a").count() == sum(path.stem.endswith("_th") for path in LESSONS)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 390
    context.close()
