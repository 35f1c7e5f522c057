"""An exercise's field in a real browser: it says of an answer what Python says of it."""

from __future__ import annotations

import html
import re
import subprocess
import sys

import pytest

import chainrule as cr
import pages

pytest.importorskip("sympy")
pytestmark = pytest.mark.skipif(bool(pages.browser_missing()), reason=pages.browser_missing())

SINE = ["2*x*cos(x**2)", "2x cos(x²)", "cos(x**2)*x*2.0 + sin(x)^2 + cos(x)^2 - 1", "cos(x**2)", "4*x**2*cos(x**2)",
        "-2*x*cos(x**2)", "0", "x", "2*x*", "2*z", "", "ln(-1-x^2)"]  # fmt: skip
ROOT = ["ln(x)/(2*sqrt(x)) + 1/sqrt(x)", "1/(2*sqrt(x)*x)", "sqrt(x)/x"]
PARTS = [("2*x*y", "x**2 + 3*y**2"), ("4", "13"), ("2*x*y", "x**2"), ("x**2 + 3*y**2", "2*x*y"), ("2*x*y", "12")]
QUESTIONS = [
    (cr.exercise("sin(x**2)"), [(a,) for a in SINE]),
    (cr.exercise("sqrt(x)*ln(x)"), [(a,) for a in ROOT]),
    (cr.exercise("x**2*exp(x)", point=1.3), [(a,) for a in ("15.741", "x*(x+2)*exp(x)", "15.9", "9.54", "2*x")]),
    (cr.exercise("x**2*y + y**3", "gradient", point=(1, 2)), PARTS),
    (cr.exercise("x**2 - 4*x", "step", start=5.0, lr=0.1), [(a,) for a in "4.4 5-0.1*6 5.6 6 3 -1".split()]),
]


@pytest.mark.parametrize("code", ["en", "ru"])
def test_a_field_says_what_python_says(browser, code):
    with cr.language(code):
        tab = browser.new_page(viewport={"width": 390, "height": 900}, color_scheme="dark")
        wrong: list[str] = []
        tab.on("pageerror", lambda error: wrong.append(str(error)))
        tab.on("console", lambda m: wrong.append(m.text) if m.type == "error" else None)
        tab.set_content("".join(question._repr_html_() for question, _ in QUESTIONS))
        for (question, answers), frame in zip(QUESTIONS, tab.query_selector_all("iframe")):
            inside = frame.content_frame()
            for answer in answers:
                for field, text in zip(inside.query_selector_all("input"), answer):
                    field.fill(text)
                inside.query_selector_all("input")[-1].press("Enter")
                told, expected = inside.inner_text("output"), question.check(*answer)
                assert told[0] == "✓✗"[not expected], (question, answer, told)
                if expected.error not in ("", "not readable", "no value"):
                    assert told == f"✗ {expected.message}", (answer, told)
                elif expected.error == "not readable":
                    assert len(told) > 5
        assert frame.bounding_box()["height"] < 200 and not wrong
        assert tab.evaluate("document.documentElement.scrollWidth <= 390")
        tab.close()


def test_the_question_stands_outside_of_the_frame_and_the_right_formula_nowhere():
    text = cr.exercise("x**3*exp(2*x)")._repr_html_()
    before = html.unescape(re.sub("<[^>]+>", "", text.partition("<iframe")[0]))
    assert "x**3*exp(2*x)" in before and "default-src 'none'" in html.unescape(text)
    assert not re.search(
        r"3 ?\*? ?x(\*\*|\^|²)2?", html.unescape(text).partition('id="data"')[2].partition("</script>")[0]
    )
    assert "<iframe" not in cr.exercise("x**2", "rate", start=5.0)._repr_html_()


def test_errors_are_named_without_scipy():
    """As SymPy alone comes with what draws and derives."""
    code = (
        "import sys; sys.modules['scipy'] = None\nimport chainrule as cr\n"
        "print(cr.exercise('sin(x**2)').check('cos(x**2)').error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "chain rule forgotten"
