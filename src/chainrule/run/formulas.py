"""Formulas in a page without scripts: TeX between dollars becomes MathML, which every browser sets by itself."""

from __future__ import annotations

import re
import secrets
from typing import Any

from chainrule.base.extras import extra

# Code spans and blocks first, so that a dollar in code stays one; then $$...$$, then $...$ that does not hold a space
# at its ends (a price is not a formula).
_PARTS = re.compile(r"(```.*?```|`[^`\n]*`)|\$\$(.+?)\$\$|(?<![\\$\w])\$(?!\s)([^$\n]+?)(?<!\s)\$(?![\w$])", re.DOTALL)

_WORD = f"formula{secrets.token_hex(8)}n"  # no notebook can have it


class Formulas:
    """The formulas of a page: in the Markdown a word stands for each, which the finished page has replaced.

    (Markdown renderers take MathML apart tag by tag.)
    """

    def __init__(self) -> None:
        self.found: list[str] = []

    def out_of(self, markdown: str) -> str:
        """Markdown with a word for each formula; one that cannot be read stays as it was written."""
        return _PARTS.sub(self._taken, markdown)

    def _taken(self, match: re.Match[str]) -> str:
        code, block, inline = match.groups()
        tex = block if block is not None else inline
        html = None if code is not None else _mathml(tex, "block" if block is not None else "inline")
        if html is None:
            return match.group(0)
        self.found.append(html)
        return f"{_WORD}{len(self.found) - 1}x"

    def into(self, page: str) -> str:
        """The page with its formulas in place of the words."""
        return re.sub(rf"{_WORD}(\d+)x", lambda m: self.found[int(m.group(1))], page)


def formula(tex: str) -> str | None:
    """A formula given with its dollars, as an object's LaTeX display is; None if it cannot be read."""
    return _mathml(tex.strip().strip("$"), "block")


def _mathml(tex: str, display: str) -> str | None:
    converter: Any = extra("latex2mathml.converter", "run")
    try:
        html: str = converter.convert(tex.replace("\n", " ").strip(), display=display)
    except Exception:  # whatever is wrong with the formula, the page shows it as it was written
        return None
    return html
