"""Verdicts of check, explain and the commands on the cases in which the first guess at a cause is wrong."""

from __future__ import annotations

import json

import numpy as np
import pytest

import chainrule as cr
from chainrule.cli import main


@pytest.mark.parametrize(
    "f", [lambda x: cr.where(x < 0, cr.sin(x), cr.full_like(x, 0.5)), lambda x: cr.floor(x) + x, cr.sign]
)
def test_a_jump_is_no_agreement(f):
    found = cr.check(f, 0.0)
    assert not found.ok and "jumps" in found.verdict and "agree" not in found.verdict


@pytest.mark.parametrize("f", [lambda x: x**2, lambda x: abs(x) ** 0.2 + x * 0, lambda x: 1e-12 * cr.sin(1e3 * x)])
def test_what_is_continuous_does_not_jump(f):
    assert not any(row.jump for row in cr.check(f, 0.3).rows)


@pytest.mark.parametrize("point", [cr.tensor(1e-4), 1e-8])
def test_lost_digits_are_not_blamed_on_detach(point):
    found = cr.check(lambda x: (1 - cr.cos(x)) / x**2, point)
    assert not found.ok and "rounding" in found.verdict and "detach" not in found.verdict


def test_a_cut_path_is_still_blamed_on_detach():
    found = cr.check(lambda x: x * x.detach(), 2.0)
    assert found.rows[0].wrong == ("automatic",) and "detach" in found.verdict


def test_a_random_function_is_refused():
    with pytest.raises(ValueError, match="another value at each call"):
        cr.check(lambda x: x**2 + cr.rand(()), 2.0)


@pytest.mark.parametrize("by_hand", [lambda x: None, lambda x: "2*x"])
def test_slopes_by_hand_that_are_no_numbers(by_hand):
    with pytest.raises(TypeError, match="by_hand must return"):
        cr.check(lambda x: x**2, 1.0, by_hand)


@pytest.mark.parametrize(
    ("f", "point", "by_hand", "said"),
    [
        ("x**2*exp(x)", 1.3, "2*x*exp(x)", "Missing term: x**2*exp(x)"),
        ("x**2*exp(x)", 1.3, "(x**2 + 2*x)*exp(x)", ""),
        ("sin(x**2)", 1.3, "cos(x**2)", "Missing factor 2*x"),
        ("x**3*y", (2.0, 3.0), ("3*x**2*y", "x**3"), ""),
        ("x**3*y", {"x": 2.0, "y": 3.0}, {"x": "x**2*y", "y": "x**3"}, "Wrong coefficient"),
        ("5*x", 2.0, "5", ""),
        ("5*x", 2.0, 5, ""),
    ],
)
def test_typed_answers_get_the_verdict_of_functions(f, point, by_hand, said):
    found = cr.check(f, point, by_hand)
    assert found.ok is (not said) and said in found.verdict


def test_check_as_a_command(capsys):
    assert main(["check", "x**2*exp(x)", "--at", "x=1.3", "--by-hand", "2*x*exp(x)"]) == 1
    assert "Missing term: x**2*exp(x)." in capsys.readouterr().out
    assert main(["check", "x*y", "--at", "x=1,y=2", "--by-hand", "x=y", "--by-hand", "y=x", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["ok"] is True
    assert main(["check", "x*y", "--at", "x=1,y=2", "--by-hand", "y"]) == 3
    assert "x=SLOPE" in capsys.readouterr().err


def test_explain_as_a_command(capsys):
    assert main(["explain", "x**2", "--at", "x=3"]) == 0
    assert "f = x² = 9" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "near"), [(["dervie", "x"], "derive"), (["derive", "x", "--oder", "2"], "--order"),
                        (["derive", "x", "--form", "elemens"], "elements"), (["chek", "x"], "check")]
)  # fmt: skip
def test_a_word_that_is_nearly_right(words, near, capsys):
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == 3 and f"did you mean {near}?" in capsys.readouterr().err


def notes(y, *asked):
    return " ".join(cr.explain(y, *asked).notes)


def test_what_is_flat_is_told():
    w = cr.tensor([-3.0, -1.0], requires_grad=True)
    assert "flat here" in notes(cr.relu(w).sum(), w)
    assert "flat here" in notes(cr.clamp(w, 0.0, 1.0).sum(), w)
    assert "saturated" in notes(cr.sigmoid(w * 20).sum(), w)
    assert "between its jumps" in notes((cr.round(w) * 2).sum(), w)
    assert "flat" not in notes(cr.relu(-w).sum(), w)
    assert "flat" not in notes(cr.relu(w + 2).sum(), w)  # one of two is off, as it should be
    w = cr.tensor(np.full(100, -2.0), requires_grad=True)
    assert "flat here" in notes(cr.relu(w).mean(), w)


def test_a_path_that_detach_cut_is_named():
    x, w = cr.tensor(2.0, requires_grad=True), cr.tensor(3.0, requires_grad=True)
    h = x**2
    c = h.detach()
    assert "c is h without its history" in " ".join(cr.explain(w * c, x).notes)


def test_a_picture_of_several_results():
    x = cr.tensor(2.0, requires_grad=True)
    h = x**2
    a, b = 3 * h, h + 1
    drawn = cr.picture((a, b)).mermaid()
    assert "flowchart" in drawn and drawn.count("[[") == 2 and "d(a + b)/dx = 16" in drawn
    assert "d(a + h)/dx = 16" in cr.picture([a, h]).mermaid()  # one result leads to another
    with pytest.raises(TypeError, match="a tensor is needed"):
        cr.picture((a, 3.0))
