"""Tables of plain text: columns that line up in a terminal, in languages whose marks stand above and below letters."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence


def width(text: str) -> int:
    """The places that a text takes in a terminal; a mark on a letter takes none."""
    return sum(unicodedata.category(c) not in ("Mn", "Me", "Cf") for c in text)


def aligned(rows: Sequence[Sequence[str]], right: bool = False) -> list[str]:
    """A line for each row of a table, two spaces between columns, which end at the right or else begin at the left.

    >>> aligned([["x", "value"], ["12", "3"]], right=True)
    [' x  value', '12      3']
    """
    widths = [max(map(width, column)) for column in zip(*rows)]
    lines = []
    for row in rows:
        gaps = [" " * (w - width(cell)) for cell, w in zip(row, widths)]
        lines.append("  ".join(g + c if right else c + g for c, g in zip(row, gaps)).rstrip())
    return lines
