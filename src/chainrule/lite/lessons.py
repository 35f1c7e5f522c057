"""The lessons of a site: each file as a notebook for its kernel, and the page of contents that leads to them."""

from __future__ import annotations

import base64
import copy
import re
from dataclasses import dataclass
from html import escape
from pathlib import Path
from urllib.parse import quote

from chainrule.base.language import LANGUAGES
from chainrule.run.notebook import Notebook

#: Letters that tell a language.
LETTERS = {"th": "[\u0e00-\u0e7f]", "ru": "[\u0400-\u04ff]", "vi": "[ăâđêôơưĂĐƠƯ\u1ea0-\u1ef9]"}


@dataclass
class Lesson:
    """A notebook of the site."""

    name: str  #: of its file there
    notebook: Notebook
    title: str
    language: str
    picture: str  #: the address of its first picture; empty if it recorded none

    @property
    def link(self) -> str:
        """What opens it, from the page of contents."""
        return f"notebooks/index.html?path={quote(self.name)}"


def lesson(notebook: Notebook, path: Path, name: str) -> Lesson:
    """The lesson that `notebook`, read from `path`, is in a site, under `name`."""
    notebook = copy.deepcopy(notebook)
    # Named, so that no dialog asks which kernel to use.
    notebook.metadata["kernelspec"] = {"name": "python", "display_name": "Python (Pyodide)", "language": "python"}
    texts = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    heading = re.search(r"^#+ *(.+)$", "\n".join(texts), re.MULTILINE)
    return Lesson(name, notebook, heading[1].strip() if heading else path.stem, _language(texts), _picture(notebook))


def _language(texts: list[str]) -> str:
    text = "".join(texts)
    counts = {code: len(re.findall(letters, text)) for code, letters in LETTERS.items()}
    code = max(counts, key=lambda code: counts[code])
    return code if counts[code] > len(text) / 100 else "en"


def _picture(notebook: Notebook) -> str:
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "image/png" in data:
                return "data:image/png;base64," + "".join(data["image/png"]).replace("\n", "")
            if "image/svg+xml" in data:
                svg = "".join(data["image/svg+xml"]).encode()
                return "data:image/svg+xml;base64," + base64.b64encode(svg).decode()
    return ""


PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<script id="jupyter-config-data" type="application/json">{{}}</script>
<style>
  :root {{ color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }}
  body {{ max-width: 64rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }}
  ul {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: 1rem; padding: 0; }}
  li {{ list-style: none; }}
  a {{ display: block; height: 100%; border: 1px solid #8884; border-radius: 8px; overflow: hidden; }}
  a {{ color: inherit; text-decoration: none; }}
  a:hover, a:focus {{ border-color: #07c; }}
  img {{ display: block; width: 100%; height: 10rem; object-fit: contain; background: #fff; }}
  b {{ display: block; padding: .75rem 1rem; font-weight: 600; }}
</style>
<h1>{title}</h1>
{sections}
</html>
"""


def contents(lessons: list[Lesson], title: str) -> str:
    """The page of contents: titles, languages, and the first picture of each lesson."""
    sections = []
    for code, name in LANGUAGES.items():
        cards = "\n".join(_card(lesson) for lesson in lessons if lesson.language == code)
        if cards:
            sections.append(f'<section lang="{code}">\n<h2>{name}</h2>\n<ul>\n{cards}\n</ul>\n</section>')
    return PAGE.format(title=escape(title), sections="\n".join(sections))


def _card(lesson: Lesson) -> str:
    picture = f'<img src="{lesson.picture}" alt="">' if lesson.picture else ""
    return f'<li><a href="{escape(lesson.link)}">{picture}<b>{escape(lesson.title)}</b></a></li>'
