"""An executed notebook as one HTML file that stands alone: styles, images and figures are in it.

Formulas become MathML, so that they need no script and no network. Progress bars, in Jupyter a widget drawn by a
script, become their last line.
"""

from __future__ import annotations

import copy
import logging
import re
from html import escape, unescape
from pathlib import Path
from typing import Any

from chainrule.base.extras import extra

from .compare import WIDGET
from .formulas import Formulas, formula
from .notebook import Notebook

TEMPLATE = """
{%- extends 'lab/index.html.j2' -%}
{%- block html_head_js -%}{%- endblock -%}
{%- block jupyter_widgets -%}{%- endblock -%}
{%- block html_head_js_mermaidjs -%}{%- endblock -%}
{%- block html_head_js_mathjax -%}{%- endblock -%}
{%- block html_head_css -%}
<style>
  body.jp-Notebook { padding: 2rem 1rem 4rem; }
  main { max-width: 56rem; margin: 0 auto; }
  .jp-RenderedHTMLCommon { line-height: 1.6; }
  .jp-RenderedImage img { max-width: 100%; height: auto; }
  a.live { display: inline-block; padding: .4rem 1rem; border: 1px solid; border-radius: 6px; text-decoration: none; }
  .jp-OutputArea-output pre { overflow-x: auto; }
</style>
{%- endblock -%}
"""


def render(notebook: Notebook, path: Path, button: tuple[str, str] | None = None) -> str:
    """The page: `notebook`, executed, in HTML. `path` is the file it came from: its title, and where its images are.

    button: the text and the address of a link on top.
    """
    quiet = logging.getLogger("chainrule.page")
    quiet.setLevel(logging.ERROR)  # nbconvert remarks on every figure without a description
    exporter = extra("nbconvert", "run").HTMLExporter(raw_template=TEMPLATE, embed_images=True, log=quiet)
    resources = {"metadata": {"name": path.stem, "path": str(path.resolve().parent)}}
    formulas = Formulas()
    html, _ = exporter.from_notebook_node(_set(_without_widgets(notebook), formulas), resources=resources)
    page = formulas.into(str(html))
    if button:
        text, link = map(escape, button)
        page = re.sub(
            r"<main\b[^>]*>", lambda m: f'{m[0]}<p><a class="live" href="{link}">▶ {text}</a></p>', page, count=1
        )
    return page


def _set(notebook: Notebook, formulas: Formulas) -> Notebook:
    """The notebook with its formulas set, in prose and in outputs."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = formulas.out_of(cell.source)
        for output in cell.get("outputs", []):
            html = formula(output.get("data", {}).pop("text/latex", ""))
            if html and "text/html" not in output.data:
                output.data["text/html"] = html
    return notebook


def _without_widgets(notebook: Notebook) -> Notebook:
    plain = copy.deepcopy(notebook)
    widgets = plain.metadata.pop("widgets", {}).get("application/vnd.jupyter.widget-state+json", {}).get("state", {})
    for cell in plain.cells:
        for output in cell.get("outputs", []):
            view = output.get("data", {}).pop(WIDGET, None)
            if view:
                output.data["text/plain"] = _as_text(widgets, view["model_id"]) or output.data.get("text/plain", "")
    return plain


def _as_text(widgets: dict[str, Any], model: str) -> str:
    """What a widget shows, in a line: the text of its parts, and a bar for a progress bar."""
    state = widgets.get(model, {}).get("state", {})
    if "ProgressModel" in state.get("_model_name", ""):
        share = state.get("value", 0) / (state.get("max") or 1)
        return f"|{'█' * round(20 * share):<20}|"
    children = (_as_text(widgets, child.removeprefix("IPY_MODEL_")) for child in state.get("children", []))
    shown = [str(state.get("description", "")), str(state.get("value", "")), *children]
    return unescape(re.sub(r"<[^>]*>", "", "".join(shown)))
