"""What `derive` says of a function, for the page: formulas and steps in MathML, sentences in every language.

A page is whole without it (it writes formulas itself): where SymPy is missing, or the function has no formula, there is
none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.base.language import LANGUAGES, language
from chainrule.run.formulas import formula

STEPS = 60  # steps that a page has room for
ROOM = 60_000  # characters of MathML


def derived(f: Callable[..., Any], start: dict[str, Any], size: int) -> dict[str, Any] | None:
    """{"lines": formulas, "steps": [[formula, {language: sentence}]]}, or None.

    size: how many parts the function has; SymPy is not asked about large ones.
    """
    if size > 400:
        return None
    try:
        from chainrule.see.derive.formula import derive

        derivation = derive(f, *[np.asarray(x) for x in start.values()])
        lines = [formula(row) for row in _rows(derivation.latex())]
    except (ImportError, ValueError, TypeError, RuntimeError, ArithmeticError, AttributeError, RecursionError):
        return None
    if None in lines or sum(map(len, filter(None, lines))) > ROOM:
        return None
    return {"lines": lines, "steps": _steps(derivation)}


def _rows(tex: str) -> list[str]:
    inner = tex.removeprefix("\\begin{aligned}").removesuffix("\\end{aligned}")
    return [row.replace("&=", "=").strip() for row in inner.split(" \\\\ ")]


def _steps(derivation: Any) -> list[Any]:
    try:
        steps = derivation.steps[:STEPS]
    except (ValueError, RecursionError):  # no steps for whole matrices
        return []
    shown: list[Any] = [[formula(s.latex()), {}] for s in steps]
    if any(f is None for f, _ in shown) or sum(len(f) for f, _ in shown) > ROOM:
        return []
    for code in LANGUAGES:
        with language(code):  # type: ignore[attr-defined]
            for step, (_, sentences) in zip(steps, shown):
                if code == "en" or step.sentence != sentences["en"]:
                    sentences[code] = step.sentence
    return shown
