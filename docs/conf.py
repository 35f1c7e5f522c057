"""The site: `make docs` builds it, once for each language (tools/docs.py)."""

from __future__ import annotations

import builtins
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import latex2mathml.converter
from docutils import nodes
from sphinx import addnodes

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tools"))
import reference  # noqa: E402

import chainrule  # noqa: E402

project = "chainrule"
copyright = "the authors of chainrule"
version = release = chainrule.__version__
extensions = ["myst_nb", "sphinx_design"]
templates_path = ["_templates"]
exclude_patterns = ["figures", "locale", "_templates"]
myst_enable_extensions = ["colon_fence", "dollarmath", "attrs_inline"]
myst_heading_anchors = 3
nb_execution_mode = "force"  # every example is run while the site is built, and an error in one ends the building
nb_execution_raise_on_error = nb_execution_show_tb = True
nb_execution_timeout = 300
nb_ipywidgets_js: dict[str, Any] = {}  # they would be fetched from another host
nb_merge_streams = True
html_math_renderer = "mathml"
gettext_compact = False
toc_object_entries_show_parents = "hide"
locale_dirs = ["locale"]

LANGUAGES = {"en": "English", "th": "ไทย", "vi": "Tiếng Việt", "ru": "Русский"}
TRANSLATED = ["index", "learn", "lessons/index"]

html_theme = "pydata_sphinx_theme"
html_title = "chainrule"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_sidebars = {"index": [], "learn": [], "start/*": [], "gallery": []}
html_theme_options = {
    "navbar_end": ["languages", "theme-switcher"],
    "navbar_persistent": ["search-button"],
    "show_prev_next": False,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "navigation_with_keys": False,
    "header_links_before_dropdown": 7,
    "show_toc_level": 2,
}
html_context = {"languages": LANGUAGES, "translated": TRANSLATED}


def setup(app: Any) -> None:
    """What Sphinx calls."""
    app.add_html_math_renderer("mathml", inline_renderers=(_math, None), block_renderers=(_math, None))
    app.connect("config-inited", _choose)
    app.connect("builder-inited", lambda app: app.config.language == "en" and reference.write(ROOT / "docs/reference"))
    app.connect("source-read", _in_language)
    app.connect("doctree-read", _tidied)


def _math(writer: Any, node: nodes.Element) -> None:
    """A formula as MathML, which browsers draw by themselves: nothing is fetched."""
    block = isinstance(node, nodes.math_block)
    tex = re.sub(r"\\left\(([^\\()^_]*)\\right\)", r"(\1)", node.astext())  # what need not grow stands closer
    drawn = latex2mathml.converter.convert(tex, display="block" if block else "inline")
    writer.body.append(f'<div class="formula">{drawn}</div>' if block else drawn)
    raise nodes.SkipNode


PYTHONS = set(dir(builtins)) | {"Any", "Callable", "Sequence", "Iterable", "Mapping", "Iterator"}


def _said_twice() -> set[str]:
    """Names that two public things have: an annotation that says one of them leads nowhere."""
    counted = Counter(n.name for n in reference.once(reference.public()))
    return {name for name, count in counted.items() if count > 1}


UNLINKED = PYTHONS | _said_twice()


def _tidied(app: Any, tree: nodes.document) -> None:
    """Types that are Python's lead to no tensor method of that name; pictures without a text get their heading's."""
    for link in list(tree.findall(addnodes.pending_xref)):
        if link.get("refdomain") == "py" and link["reftarget"] in UNLINKED:
            link.replace_self(link.children)
    for image in tree.findall(nodes.image):
        section = image
        while section is not None and not isinstance(section, nodes.section):
            section = section.parent
        if not image.get("alt") and section is not None:
            image["alt"] = section.next_node(nodes.title).astext()


def _choose(app: Any, config: Any) -> None:
    """In other languages than English there are the start page, the learner's guide and the lessons."""
    config.language = config.language or "en"
    lessons = [f"lessons/*_{code}.ipynb" for code in LANGUAGES if code != config.language]
    config.exclude_patterns += lessons
    if config.language != "en":
        config.exclude_patterns += ["guides", "start", "reference", "gallery.md", "vecmath.md"]


def _in_language(app: Any, name: str, source: list[str]) -> None:
    """Leave out what other languages have not; what is written in English alone is one folder up."""
    english = app.config.language == "en"
    absent = "others" if english else "English"
    source[0] = re.sub(rf"% {absent}\n.*?% all\n", "", source[0], flags=re.DOTALL)
    for word, said in {"@en@": "" if english else "../", "@root@": "../" if english else "../../"}.items():
        source[0] = source[0].replace(word, said)
    source[0] = source[0].replace("@lang@", app.config.language)
