"""What `derive` says of a function, for the page: formulas and steps in MathML, sentences in every language.

A page is whole without it (it writes formulas itself): where SymPy is missing, or the function has no formula, there is
none.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape
from typing import Any

import numpy as np

from chainrule.base.language import LANGUAGES, language
from chainrule.run.formulas import formula

STEPS = 60  # steps that a page has room for
ROOM = 40_000  # characters of MathML, for the formulas and for the steps


def derived(f: Callable[..., Any], start: dict[str, Any], size: int) -> dict[str, Any] | None:
    """{"lines": formulas, "steps": [[formula, {language: sentence}]]}, or None.

    size: how many parts the function has; SymPy is not asked about large ones.
    """
    if size > 400:
        return None
    try:
        import latex2mathml.converter  # noqa: F401
        import sympy  # noqa: F401
    except ImportError:
        return None
    from chainrule.see.derive.formula import derive

    try:
        derivation = derive(f, *[np.asarray(x) for x in start.values()])
        lines = [_mathml(f"{left} = {right}") for left, right in derivation.equations]
    except (ValueError, TypeError, RuntimeError, ArithmeticError):  # it has no formula
        return None
    if None in lines or sum(map(len, filter(None, lines))) > ROOM:
        return None
    return {"lines": lines, "steps": _steps(derivation)}


def _mathml(tex: str) -> str | None:
    """A formula in MathML, without what goes without saying."""
    found = formula(tex)
    if found is None:
        return None
    plain = re.sub(r"&#x0*([0-9A-F]+);", lambda m: escape(chr(int(m[1], 16)), quote=False), found)
    return re.sub(r' (?:stretchy="true"|fence="true"|form="(?:pre|post)fix"|xmlns="[^"]*")', "", plain)


def _steps(derivation: Any) -> list[Any]:
    try:
        steps = derivation.steps[:STEPS]
    except (ValueError, RecursionError):  # no steps for whole matrices
        return []
    shown: list[Any] = [[_mathml(s.latex()), {}] for s in steps]
    if any(f is None for f, _ in shown) or sum(len(f) for f, _ in shown) > ROOM:
        return []
    for code in LANGUAGES:
        with language(code):  # type: ignore[attr-defined]
            for step, (_, sentences) in zip(steps, shown):
                if code == "en" or step.sentence != sentences["en"]:
                    sentences[code] = step.sentence
    return shown
