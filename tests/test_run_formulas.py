"""Formulas of a page: set without scripts, code and prices left alone, nothing hostile let through."""

from __future__ import annotations

import pytest

pytest.importorskip("latex2mathml", reason='needs pip install "chainrule[run]"')

from chainrule.run.formulas import Formulas, formula


def through(markdown: str) -> str:
    formulas = Formulas()
    return formulas.into(formulas.out_of(markdown))


def test_a_formula_becomes_mathml():
    page = through("The slope of $x^2$ is\n\n$$\\frac{dy}{dx}\n= 2x$$")
    assert page.count("<math") == 2 and "<msup>" in page and "<mfrac>" in page and "$" not in page
    assert 'display="block"' in page and 'display="inline"' in page


@pytest.mark.parametrize("text", ["costs $5 or $6 here", "`$x$`", "```\na = $x$ + $y$\n```", "a lone $ sign"])
def test_what_is_no_formula_stays(text):
    assert through(text) == text


def test_a_formula_that_cannot_be_read_stays_as_written():
    assert through("$\\left( x$") == "$\\left( x$"


def test_markup_in_a_formula_is_escaped():
    assert "<script" not in through("$<script>alert(1)</script>$") and "<img" not in (formula("$<img src=x>$") or "")
