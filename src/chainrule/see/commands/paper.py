"""What a command writes on: rich where a person reads on a terminal, plain text elsewhere; and JSON for programs."""

from __future__ import annotations

import json
import math
import os
import shutil
import sys
import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.base.columns import aligned
from chainrule.core.tensor import Tensor

WIDTH = 80  #: of a page that is no terminal, unless COLUMNS says another
NARROWEST = 20


class Paper:
    """Writes to standard output. Without rich, or where nobody looks at colours, the text is plain."""

    def __init__(self) -> None:
        self.console: Any = None
        self.width = WIDTH
        if sys.stdout.isatty() or os.environ.get("COLUMNS", "").isdigit():  # which is how a pipe is told its width
            self.width = max(shutil.get_terminal_size((WIDTH, 24)).columns, NARROWEST)
        if sys.stdout.isatty():
            try:
                from rich.console import Console
            except ImportError:
                return
            self.console = Console(highlight=False, soft_wrap=True)

    def line(self, text: str = "", style: str = "") -> None:
        """A line, or several."""
        if self.console is None:
            print(text)
        else:
            self.console.print(text, style=style or None, markup=False)

    def sentence(self, text: str, style: str = "", indent: int = 0) -> None:
        """Prose, in lines that fit the page; all but the first are indented."""
        lines = textwrap.wrap(
            text, self.width, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False
        )
        self.line("\n".join(lines), style)

    def table(self, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """A table of numbers, all columns ending at the right."""
        heading, *lines = aligned([headings, *rows], right=True)
        self.line("  " + heading, "bold")
        for line in lines:
            self.line("  " + line)


def write_json(thing: Any) -> None:
    """Print as JSON; infinity and NaN, which it has not, as the strings "Infinity", "-Infinity", "NaN"."""
    print(json.dumps(plain(thing), ensure_ascii=False, allow_nan=False))


def plain(x: Any) -> Any:
    """Tensors, arrays and numbers as what JSON has."""
    if isinstance(x, dict):
        return {str(k): plain(v) for k, v in x.items()}
    if isinstance(x, Tensor):
        return plain(x.tolist())  # type: ignore[attr-defined]
    if isinstance(x, (np.ndarray, np.generic)):
        return plain(x.tolist())
    if isinstance(x, (list, tuple)):
        return [plain(v) for v in x]
    if isinstance(x, float) and not math.isfinite(x):
        return "NaN" if math.isnan(x) else "Infinity" if x > 0 else "-Infinity"
    return x


def short(x: Any, digits: int = 6) -> str:
    """A number, or the first numbers of an array, in a few characters."""
    a = np.asarray(x.tolist() if isinstance(x, Tensor) else x)  # type: ignore[attr-defined]
    if not a.ndim:
        return f"{float(a):.{digits}g}"
    shown = ", ".join(f"{v:.{digits - 2}g}" for v in a.reshape(-1)[:3])
    return f"[{shown}{', …' if a.size > 3 else ''}]"
