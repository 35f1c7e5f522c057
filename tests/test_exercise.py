"""Exercises: right answers in every form are taken, wrong ones are not, and classic errors are named.

The answers come from SymPy and from rules written out here, so from nothing that the exercises themselves use.
"""

from __future__ import annotations

import random

import pytest

import chainrule as cr

sp = pytest.importorskip("sympy")
X = sp.Symbol("x", positive=True)
POSITIVE = "x**3 ln(x) sqrt(x) 1/x exp(x) sin(x) cos(2*x) x**2+1 exp(-x) tanh(x)".split()


def functions(n: int, seed: int) -> list[str]:
    """Texts of functions: sums, products, quotients and compositions of simple ones."""
    draws = random.Random(seed)
    made = []
    while len(made) < n:
        u, v = draws.sample(POSITIVE, 2)
        text = draws.choice(
            [
                f"({u})*({v})",
                f"({u}) + 3*({v})",
                f"({u})/(({v})**2 + 2)",
                u.replace("x", f"({v})"),
                f"2*({u}) - x*({v})",
            ]
        ).replace("e(" + v + ")p", "exp")
        try:
            if sp.diff(sp.sympify(text.replace("ln", "log"), {"x": X}), X) != 0:
                made.append(text)
        except (sp.SympifyError, SyntaxError, TypeError):
            continue
    return made


def slope(text: str) -> sp.Expr:
    return sp.diff(sp.sympify(text.replace("ln", "log"), {"x": X}), X)


def test_200_equivalent_answers_are_right_and_200_wrong_ones_are_not(rng):
    seed = int(rng.integers(10**6))
    print("seed", seed)
    draws, taken, refused = random.Random(seed), 0, 0
    for text in functions(50, seed):
        right, question = slope(text), cr.exercise(text)
        forms = [right, sp.expand(right), sp.together(right), right + sp.sin(X) ** 2 + sp.cos(X) ** 2 - 1]
        for form in forms:
            assert question.check(str(form).replace("E", "e")), (text, str(form))
            taken += 1
        wrongs = [-right, right * draws.choice([2, 3, 0.5]), right + draws.choice([1, 0.01]), right + X / 100]
        for wrong in wrongs:
            answer = str(wrong).replace("E", "e")
            assert not question.check(answer) and question.grade(answer) == 0, (text, answer)
            refused += 1
    assert (taken, refused) == (200, 200)


@pytest.mark.parametrize(
    ("f", "right"), [("exp(x**2 + 1)", "2*x*exp(x**2 + 1)"), ("exp(x)**3", "3*exp(3*x)"), ("x**9", "9*x**8")]
)
@pytest.mark.parametrize("more", ["0.01", "1", "x/100", "0.001*sin(x)"])
def test_what_is_small_beside_the_slope_at_one_place_counts_at_the_others(f, right, more):
    question = cr.exercise(f)
    assert question.check(right)
    wrong = question.check(f"{right} + {more}")
    assert not wrong and wrong.error == ("missing constant" if "x" not in more else "")


CLASSIC = [
    ("x**2*exp(x)", "2*x*exp(x)", "missing term"),
    ("sin(x)*ln(x)", "cos(x)/x", "product of slopes"),
    ("x**2*sin(x)", "2*x*sin(x) - x**2*cos(x)", "minus in the product rule"),
    ("sin(x)/x", "cos(x)", "quotient of slopes"),
    ("sin(x)/x", "(sin(x) - x*cos(x))/x**2", "quotient rule reversed"),
    ("sin(x)/x", "(x*cos(x) + sin(x))/x**2", "plus in the quotient rule"),
    ("sin(x)/x", "(x*cos(x) - sin(x))/x", "denominator not squared"),
    ("sin(x**2)", "cos(x**2)", "chain rule forgotten"),
    ("sin(x**2)", "4*x**2*cos(x**2)", "inner derivative twice"),
    ("sin(x**2)", "cos(2*x)", "inner derivative inside"),
    ("sin(x**2)", "2*x*cos(x)", "inner function lost"),
    ("x**5", "5*x**5", "exponent not lowered"),
    ("x**5", "5*x**6", "exponent raised"),
    ("sqrt(x)", "1/sqrt(x)", "exponent not in front"),
    ("2**x", "x*2**(x - 1)", "power rule for an exponential"),
    ("x**5", "x**5*ln(x)", "exponential rule for a power"),
    ("2**x", "2**x", "ln of the base missing"),
    ("ln(x)", "1/(x*ln(10))", "ln and log10"),
    ("sin(x)", "pi/180*cos(x)", "degrees"),
    ("sin(x)", "cos(pi*x/180)", "degrees"),
    ("cos(x)", "sin(x)", "sign of sine and cosine"),
    ("tan(x)", "1/cos(x)", "cosine not squared"),
    ("x**2 + 5", "2*x + 5", "constant kept"),
    ("3*x**2", "2*x", "constant factor dropped"),
    ("x**2", "-2*x", "wrong sign"),
    ("x**5", "x**5", "not differentiated"),
    ("x**5", "20*x**3", "second derivative"),
    ("1/x", "ln(x)", "antiderivative"),
    ("x**2*exp(x)", "7*exp(x)*x*(x + 2)", "wrong coefficient"),
    ("x**5", "x**", "not readable"),
    ("x**5", "5*y**4", "not readable"),
]


def test_classic_errors_have_names_and_sentences_in_every_language():
    for text, answer, error in CLASSIC:
        found = cr.exercise(text).check(answer)
        assert not found and found.error == error, (text, answer, found.error)
    assert len({error for *_, error in CLASSIC}) >= 20
    said = set()
    for language in ("en", "th", "vi", "ru"):
        with cr.language(language):
            said.add(cr.exercise("sin(x**2)").check("cos(x**2)").message)
    assert len(said) == 4


def test_partial_derivatives_are_graded_by_part():
    question = cr.exercise("x**2*y + y**3", "gradient")
    for answer in (("2*x*y", "x**2 + 3*y**2"), {"y": "x*x + 3*y**2", "x": "2*y*x"},
                   lambda x, y: (2 * x * y, x**2 + 3 * y**2)):  # fmt: skip
        assert question.check(answer) and question.grade(answer, points=4) == 4
    assert question.grade("2*x*y", "x**2", points=4) == 2
    swapped = question.check(x="x**2 + 3*y**2", y="2*x*y")
    assert swapped.score == 0 and swapped.error == "other variable"
    assert "2" in question.check("2*x*y").message


def test_numbers_at_a_point():
    question = cr.exercise("x**2*exp(x)", point=1.3)
    assert question.check(15.741) and question.check("15.74") and question.check("x*(x + 2)*exp(x)")
    assert question.check(9.54).error == "missing term" and not question.check(15.9)
    assert cr.exercise("x**2*y", "gradient", point={"y": 2.0, "x": 1.0}).check(4, 1)


def test_a_step_and_a_rate():
    step = cr.exercise("x**2 - 4*x", "step", start=5.0, lr=0.1)  # the slope is 6
    assert step.check(4.4) and step.check("5 - 0.1*6")
    named = {5.6: "uphill", -1.0: "no rate", 6.0: "gradient instead of step", -0.6: "step instead of end", 5.0: "start"}
    assert {v: step.check(v).error for v in named} == named
    rate = cr.exercise("x**2 - 4*x", "rate", start=5.0)
    answers = {0.5: "", 0.1: "", 1.5: "too large", 1.0: "too large", 1e-4: "too small", -1.0: "not positive"}
    assert {v: rate.check(v).error for v in answers} == answers
    assert bool(rate.check(0.5)) and not rate.check(1.0)


def test_a_question_shows_itself_and_holds_no_answer():
    question = cr.exercise("x**3*exp(2*x)")
    assert "x**3*exp(2*x)" in question._repr_html_() and "derivative" in repr(question)
    assert not any("3*x**2" in str(v) for v in vars(question).values())
    assert "&lt;" in cr.exercise("where(x < 1, x, 2*x)")._repr_html_()
    with cr.language("vi"):
        assert "Đạo hàm" in question.question


def test_what_is_no_question():
    with pytest.raises(ValueError, match="one of 'derivative'"):
        cr.exercise("x**2", "slope")
    for ask in ("step", "rate"):
        with pytest.raises(ValueError, match="needs start="):
            cr.exercise("x**2", ask)
    with pytest.raises(ValueError, match="gradient"):
        cr.exercise("x*y")
    with pytest.raises(ValueError, match="no values"):
        cr.exercise("sqrt(-1 - x**2)").check("x")
