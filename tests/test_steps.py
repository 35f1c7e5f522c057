"""The steps of a derivation: one after another they lead from d/dx f to the derivative, and each is true by itself."""

from __future__ import annotations

from typing import Any

import pytest

import chainrule as cr
from test_derive import FORMULAS, bound, number

sp = pytest.importorskip("sympy")


@pytest.mark.parametrize(("f", "point", "formula", "slopes"), FORMULAS)
def test_replayed_they_give_the_derivative(f: Any, point: Any, formula: str, slopes: dict[str, str]) -> None:
    d = cr.derive(bound(f, cr), *point)
    for x in d.variables:
        now = sp.Derivative(d.function, x) if d.function.has(x) else sp.S.Zero
        for step in (s for s in d.steps if s.variable == x):
            after = now.xreplace({step.before: step.after})
            assert after != now, step
            now = after
        assert now == d.derivatives[x]


@pytest.mark.parametrize(("f", "point", "formula", "slopes"), FORMULAS)
def test_each_step_is_true(f: Any, point: Any, formula: str, slopes: dict[str, str]) -> None:
    d = cr.derive(bound(f, cr), *point)
    at = {str(x): 0.41 + 0.2 * i for i, x in enumerate(d.variables)}
    jumps = (sp.DiracDelta, sp.Derivative, sp.Subs)
    for step in d.steps:
        before, after = (e.doit() for e in (step.before, step.after))
        if not before.has(*jumps) and not after.has(*jumps):
            assert number(before, at) == pytest.approx(number(after, at), rel=1e-9, abs=1e-12), step


def rules(f: Any, **options: Any) -> list[str]:
    return [s.rule for s in cr.derive(f, **options).steps]


def test_rules_come_in_the_order_of_a_person() -> None:
    assert rules(lambda x: x**2 - 4 * x + 5) == [
        "sum", "power", "constant multiple", "identity",
    ]  # fmt: skip
    assert rules(lambda x: cr.sin(x) / x)[:1] == ["quotient"]
    assert rules(lambda x: cr.exp(cr.sin(x))) == ["chain", "sin"]
    assert rules(lambda x: cr.exp(x) * cr.log(x))[0] == "product"
    assert rules(lambda x: 2**x) == ["exponential"]
    assert rules(lambda x: x**x)[0] == "logarithmic"
    assert rules(lambda x: cr.relu(x))[0] == "pieces"
    assert rules(lambda x: cr.exp(-(x**2 - x + 1) / cr.cos(cr.log(x)) ** 2))[:2] == ["chain", "quotient"]


def test_sentences_say_the_rule_of_the_table() -> None:
    (step,) = cr.derive(lambda x: cr.sin(x)).steps
    assert (step.before, step.after) == (sp.Derivative(sp.sin(sp.Symbol("x"))), sp.cos(sp.Symbol("x")))
    assert step.sentence == "the slope of sin is cos"
    chain = cr.derive(lambda x: cr.sin(3 * x)).steps[0]
    assert chain.sentence.startswith("chain rule: the slope of sin is cos")
    assert "3*x" in chain.sentence
    assert str(chain).split("\n")[1].strip() == "d/dx[sin(3*x)]"
    assert "\\frac{d}{d x} \\sin" in chain.latex()


def test_steps_of_higher_orders_go_on_from_the_derivative_before() -> None:
    x = sp.Symbol("x")
    d = cr.derive(lambda x: cr.sin(x), order=2)
    assert [(s.before, s.after) for s in d.steps] == [
        (sp.Derivative(sp.sin(x), x), sp.cos(x)), (sp.Derivative(sp.cos(x), x), -sp.sin(x)),
    ]  # fmt: skip


def test_steps_of_vectors_are_refused_not_invented() -> None:
    with pytest.raises(ValueError, match="one result"):
        cr.derive(lambda v: v**2, [1.0, 2.0]).steps  # noqa: B018
    with pytest.raises(ValueError, match="elements"):
        cr.derive(lambda v: (v**2).sum(), cr.ones(20)).steps  # noqa: B018
