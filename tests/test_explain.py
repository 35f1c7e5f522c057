"""`explain`: every number against autograd.grad or finite differences, formulas against SymPy, and each diagnosis."""

from __future__ import annotations

import math
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule as cr
import programs
from chainrule import nn
from chainrule.core.op import REGISTRY
from chainrule.see.history.folds import Fold, fold
from chainrule.see.history.terms import Term, atom
from samples import draws, entry
from test_registry import SMOOTH, floats, leaves, outputs


def number(figure):
    return float(figure.value)


def test_the_chain_of_the_classroom():
    x = cr.tensor(2.0, requires_grad=True)
    y = 2 * x**3
    z = 5 * y**2
    told = cr.explain(z)
    assert [str(line) for line in told.chain] == [
        "dz/dy = 10y = 160",
        "dy/dx = 6x² = 24",
        "dz/dx = dz/dy · dy/dx = 160 · 24 = 3840",
    ]
    assert "y = 2x³ = 16" in told.text() and "z = 5y² = 1280" in told.text()
    assert x.grad is None
    z.backward()  # the graph is still there
    assert x.grad == 3840


def test_the_docstring_names_variables_of_a_function():
    def inner():
        a = cr.tensor(3.0, requires_grad=True)
        b = a * a
        return cr.explain(b + a)

    told = inner()
    assert {row.name for row in told.forward} == {"a", "b", "y"}


FUNCTIONS = [
    lambda x: (cr.exp(-(x**2 - x + 1) / cr.cos(cr.log(x)) ** 2)).sum(),
    lambda x: (x.sin() * x + x.tanh() / (1 + x**2)).sum(),
    lambda x: cr.where(x > 0.9, x**3, cr.sqrt(x)).sum() + x.softmax(0)[0],
    lambda x: (x.max(dim=0).values * x).mean() + x.std(),
    lambda x: (x[:, None] @ x[None, :]).logsumexp(0).sum(),
    lambda x: cr.stack([x, x * 2]).cumsum(0).prod(0).sum().abs().sqrt(),
]


@pytest.mark.parametrize("f", FUNCTIONS)
def test_gradients_agree_with_autograd_and_with_differences(f):
    point = np.array([0.7, 1.1, 1.6])
    x = cr.tensor(point, requires_grad=True)
    result = f(x)
    told = cr.explain(result)
    (g,) = cr.autograd.grad(f(x), x)
    found = next(s for s in told._history.leaves if s.tensor is x).grad
    np.testing.assert_allclose(found.value, g.numpy(), rtol=1e-12)
    h = 1e-6
    for i in range(3):
        step = np.eye(3)[i] * h
        slope = (f(cr.tensor(point + step)) - f(cr.tensor(point - step))).item() / (2 * h)
        assert math.isclose(found.value[i], slope, rel_tol=1e-5, abs_tol=1e-8)
    assert float(told.forward[len(told.forward) - 1].value.value) == result.item()


@pytest.mark.parametrize("f", FUNCTIONS)
def test_parts_are_products_and_add_up_to_totals(f):
    x = cr.tensor([0.7, 1.1, 1.6], dtype=cr.float64, requires_grad=True)
    told = cr.explain(f(x))
    sums: dict[str, np.ndarray] = {}
    for row in told.backward:
        if row.slope is not None and row.slope.value is not None and row.slope.shape == row.product.shape:
            np.testing.assert_allclose(row.slope.value * row.incoming.value, row.product.value, rtol=1e-12)
        if row.product.value is not None:
            sums[row.input] = sums.get(row.input, 0) + row.product.value
        if row.total is not None and row.total.value is not None:
            np.testing.assert_allclose(sums[row.input], row.total.value, rtol=1e-12)
    assert len(told.backward) > 3


def test_slope_formulas_agree_with_sympy():
    sympy = pytest.importorskip("sympy")
    x = cr.tensor(1.3, dtype=cr.float64, requires_grad=True)
    for make in (
        lambda x: 3 * x**4 - 2 * x + 7,
        lambda x: x.sin() * x.exp(),
        lambda x: x / (1 + x**2),
        lambda x: (x * x + 1).log(),
        lambda x: x.sqrt() + 2**x,
        lambda x: 5 / x - x.cos() ** 3,
    ):
        y = make(x)
        line = cr.explain(y).chain[0]
        (g,) = cr.autograd.grad(y, x)
        assert math.isclose(number(line.slope), g.item(), rel_tol=1e-12)
        formula = line.formula.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))
        raised = "".join(f"**({c})" if c in "⁰¹²³⁴⁵⁶⁷⁸⁹" else c for c in line.formula)
        assert "⁻" not in raised, formula
        raised = "".join(c if c not in "⁰¹²³⁴⁵⁶⁷⁸⁹" else str("⁰¹²³⁴⁵⁶⁷⁸⁹".index(c)) for c in raised)
        raised = raised.replace("·", "*").replace("^", "**").replace("√", "sqrt ")
        from sympy.parsing.sympy_parser import (
            function_exponentiation,
            implicit_application,
            implicit_multiplication,
            parse_expr,
            standard_transformations,
        )

        how = (*standard_transformations, implicit_multiplication, implicit_application, function_exponentiation)
        value = parse_expr(raised, transformations=how).subs({"x": 1.3, "y": y.item()})
        assert math.isclose(float(value), g.item(), rel_tol=1e-5), (line.formula, sympy)


def test_paths_that_meet():
    x = cr.tensor(2.0, requires_grad=True)
    y = x**2
    z = x * y
    told = cr.explain(z)
    assert "∂z/∂x = y = 4" in told.text()
    total = told.chain[-1]
    assert number(total.total) == 12
    assert str(total) == "dz/dx = ∂z/∂x + dz/dy · dy/dx = 4 + 2 · 4 = 12"


def test_a_network():
    cr.manual_seed(1)
    model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    inputs, target = cr.randn(4, 2), cr.randn(4, 1)
    loss = ((model(inputs) - target) ** 2).mean()
    told = cr.explain(loss)
    loss.backward()
    totals = {row.input: row.product for row in told.backward}
    np.testing.assert_allclose(totals["2.weight"].value, model[2].weight.grad.numpy(), rtol=1e-5)
    np.testing.assert_allclose(totals["0.bias"].value, model[0].bias.grad.numpy(), rtol=1e-5)
    text = told.text()
    assert "inputs @ 0.weightᵀ + 0.bias" in text
    assert "- target" in text  # which nothing kept: it was found by trying
    assert "dloss/dv1ᵀ @ inputs" in text


def test_an_explanation_is_of_its_moment():
    x = cr.tensor([1.0, 2.0], requires_grad=True)
    y = (x**2).sum()
    told = cr.explain(y)
    before = told.text()
    y.backward()
    with cr.no_grad():
        x += 100
    assert told.text() == before


def test_a_freed_graph_says_so():
    x = cr.tensor(2.0, requires_grad=True)
    y = x**3
    y.backward()
    text = cr.explain(y).text()
    assert "retain_graph=True" in text and "x.grad is 12" in text and "y = pow(x, …) = 8" in text
    y = x**3
    y.backward(retain_graph=True)
    assert "x.grad is 24, which is 2 times this gradient" in cr.explain(y).text()


def test_accumulated_gradients():
    x = cr.tensor(2.0, requires_grad=True)
    (5 * x).backward()
    y = x**2
    notes = cr.explain(y).notes
    assert notes[0] == "x.grad is 5, from an earlier backward()."
    assert "makes it 9" in notes[1] and "zero_grad" in notes[1]
    y.backward()
    assert x.grad == 9


def test_in_place_changes_are_seen():
    x = cr.tensor([1.0, 2.0], requires_grad=True)
    a = x * 1
    y = (a**2).sum()
    a += 1
    told = cr.explain(y)
    assert "changed in place" in told.text()
    with pytest.raises(RuntimeError, match="inplace"):
        y.backward()


def test_values_of_now_are_not_passed_off_as_those_of_then():
    w = cr.tensor([1.0, 2.0], requires_grad=True)
    a = w * 1
    y = (a + 0).sum() + (w + 1).sum()
    with cr.no_grad():
        a += 5
    told = {row.name: row.value for row in cr.explain(y).forward}
    assert told["a"].value.tolist() == [1, 2]  # computed again
    with cr.no_grad():
        w += 5
    told = {row.name: row.value for row in cr.explain(y).forward}
    assert told["w"] is None and told["a"] is None and float(told["y"].value) == 8


def test_slopes_through_broadcasting_are_not_told_as_numbers():
    x = cr.tensor([1.0, 2.0, 3.0], requires_grad=True)
    s = cr.tensor(2.0, requires_grad=True)
    y = x * (s * 3)
    lines = [str(line) for line in cr.explain(y).chain]
    assert lines[0] == "dy/dx = 3s = [6, 6, 6]"
    assert not any(line.startswith("dy/ds = 3x") for line in lines) and "dy/ds = 18" in lines


# --------------------------------------------------------------------------------------------- gradients that are None


def said(told):
    return " ".join(told.notes)


def test_why_a_gradient_is_none():
    x = cr.tensor(2.0, requires_grad=True)
    other = cr.tensor(2.0, requires_grad=True)
    plain = cr.tensor(3.0)
    count = cr.tensor(3)
    middle = x * plain
    y = middle * 2
    late = other * 2
    assert "does not require gradients" in said(cr.explain(y, plain))
    assert "int64" in said(cr.explain(y, count))
    told = said(cr.explain(y, middle))
    assert "retain_grad()" in told and "derivative of y with respect to middle is 2" in told
    assert "no path leads from y to other" in said(cr.explain(y, other))
    assert "late was computed after y" in said(cr.explain(y, late))
    assert "x is a leaf" in said(cr.explain(x))
    with cr.no_grad():
        silent = x * 2
    assert (
        "no history" in said(cr.explain(silent))
        and "no_grad" in said(cr.explain(silent))
        and "x" in said(cr.explain(silent))
    )
    cut = middle.detach()
    assert "cut is middle without its history" in said(cr.explain(cut))
    with cr.inference_mode():
        frozen = x * 2
    assert "inference_mode" in said(cr.explain(frozen))


def test_what_is_no_tensor():
    with pytest.raises(TypeError, match="just computed, but got float"):
        cr.explain(2.0)


# ------------------------------------------------------------------------------------------------------- NaN and inf


@pytest.mark.parametrize(
    ("point", "f", "parts"),
    [
        ([0.0, 1.0], lambda x: x.log().sum(), ["-inf first appears at v1[0]: log of 0", "clamp(min=1e-8)"]),
        ([1.0, -4.0], lambda x: x.sqrt().sum(), ["NaN first appears at v1[1]: sqrt of -4", "clamp(min=0)"]),
        ([1.0, 0.0], lambda x: (1 / x).sum(), ["inf first appears at v1[1]", "divides by zero"]),
        ([1.0, -2.0], lambda x: (x**0.5 * 2).sum(), ["NaN first appears", "power"]),
        ([1.0, 100.0], lambda x: x.exp().sum(), ["inf first appears at v1[1]: exp of 100", "88.7"]),
        (
            [4.0, 0.0],
            lambda x: x.sqrt().sum(),
            ["inf first appears in backward", "with respect to x[1]", "sqrt(x + 1e-12)"],
        ),
        (
            [4.0, 0.0],
            lambda x: cr.where(x > 0, x.sqrt(), 0.0).sum(),
            ["NaN first appears in backward", "`where` twice"],
        ),
        ([4.0, -1.0], lambda x: cr.where(x > 0, x.sqrt(), 0.0).sum(), ["NaN first appears at", "`where` twice"]),
        ([1.0, math.nan], lambda x: (x * 2).sum(), ["x[1] is NaN from the start"]),
        ([1e30, 1.0], lambda x: (x * x).sum(), ["inf first appears", "too large"]),
    ],
)
def test_where_bad_numbers_are_born(point, f, parts):
    x = cr.tensor(point, requires_grad=True)
    text = said(cr.explain(f(x)))
    for part in parts:
        assert part in text, text


def test_the_mend_mends():
    x = cr.tensor([4.0, 0.0], requires_grad=True)
    ok = x > 0
    y = cr.where(ok, cr.where(ok, x, 1.0).sqrt(), 0.0).sum()
    assert "born" not in said(cr.explain(y))
    y.backward()
    assert x.grad.tolist() == [0.25, 0.0]


def test_infinities_that_do_no_harm_are_not_reported():
    x = cr.tensor([1.0, 2.0], requires_grad=True)
    y = x.masked_fill(cr.tensor([False, True]), -math.inf).softmax(0).sum()
    assert "born" not in said(cr.explain(y))


# ------------------------------------------------------------------------------------------------------- large graphs


def test_loops_fold():
    x = cr.tensor(1.0, requires_grad=True)
    y = x
    for _ in range(2500):
        y = y - 0.1 * (2 * y)
    told = cr.explain(y)
    text = told.text()
    assert "the following 3 lines, 2498 times more:" in text
    assert len(text.splitlines()) < 40
    assert len(told.forward) == 7501 and len(told.backward) == 10_000
    (g,) = cr.autograd.grad(y, x)
    assert math.isclose(float(told._history.leaves[0].grad), g.item(), rel_tol=1e-6)


def test_a_hundred_thousand_nodes_of_noise():
    seed = 7
    rng = np.random.default_rng(seed)
    x = cr.tensor(0.5, requires_grad=True)
    y = x
    for kind in rng.integers(0, 4, 100_000):
        y = y.sin() if kind == 0 else y.cos() if kind == 1 else y * 0.9 if kind == 2 else y + x
    text = cr.explain(y).text()
    assert len(text.splitlines()) < 1200, seed


def unrolled(items, keys):
    """The sequence that folded items stand for."""
    out = []
    for item in items:
        out += unrolled(item.items, keys) * item.times if isinstance(item, Fold) else [keys[item]]
    return out


@settings(max_examples=300, deadline=None)
@given(
    st.recursive(
        st.sampled_from("abc"), lambda part: st.tuples(st.lists(part, min_size=1, max_size=4), st.integers(1, 9))
    )
)
def test_fold_loses_nothing(tree):
    def spelled(part):
        return [part] if isinstance(part, str) else [w for p in part[0] for w in spelled(p)] * part[1]

    keys = spelled(tree)[:5000]
    assert unrolled(fold(keys), keys) == keys


def test_fold_finds_nested_loops():
    items = fold(["a", "b", "b", "b", "b"] * 10 + ["c"])
    assert len(items) == 2 and items[0].times == 10
    assert fold(list("abcdef")) == [0, 1, 2, 3, 4, 5]
    assert fold([]) == []


# ---------------------------------------------------------------------------------------------------------- and so on


def test_custom_functions_have_a_place():
    class Cube(cr.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x**3

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return g * 3 * x**2

    x = cr.tensor(2.0, requires_grad=True)
    y = Cube.apply(x) * 10
    told = cr.explain(y)
    assert float(told._history.leaves[0].grad) == 120
    assert "Cube(x)" in told.text()


def test_html_is_escaped():
    x = cr.tensor(2.0, requires_grad=True)
    held = {"<script>": x}
    y = held["<script>"] ** 2
    del x
    html = cr.explain(y)._repr_html_()
    assert "<script>" not in html and "&lt;script&gt;" in html


def test_sentences_follow_the_language_when_shown():
    x = cr.tensor(2.0, requires_grad=True)
    told = cr.explain(x**2)
    with cr.language("en"):
        english = told.text()
    assert "Notes" in english


def test_terms():
    x, y = atom("x"), atom("y")
    assert str(2 * (3 * x**2)) == "6x²"
    assert str(x * x - x * x) == "0"
    assert str((x + 1) * y) == "(x + 1)·y"
    assert str(1 / (x * y) ** 2) == "1/(x²·y²)"
    assert str(-x + 3) == "-x + 3" and str(3 + 2 * x) == "2x + 3" and str(1 - x**2) == "1 - x²"
    assert str((x + y) ** 0.5) == "√(x + y)" and str(x**y) == "x^y"
    assert str(2 * atom("v1")) == "2·v1" and isinstance(x / 0, Term)


# ------------------------------------------------------------------------------------------------ every op, any program


def holds(told, total):
    """Whether an explanation's gradients are those of autograd, and its picture can be drawn."""
    wanted = [leaf.tensor for leaf in told._history.leaves]
    for x, g in zip(wanted, cr.autograd.grad(total, wanted, retain_graph=True, allow_unused=True)):
        found = told._history.gradients.get(id(x))
        assert (g is None) == (found is None)
        if g is not None:
            np.testing.assert_allclose(found, g.numpy(), rtol=1e-10, atol=1e-12)
    ElementTree.fromstring(cr.picture(total).svg())


@pytest.mark.parametrize("name", SMOOTH)
def test_every_op_is_explained(name, rng):
    op, e = REGISTRY[name], entry(name)
    for args, attrs in draws(name, rng):
        outs = floats(outputs(op, leaves(e, args), attrs, e))
        total = sum((t * t.cos()).sum() for t in outs)
        told = cr.explain(total)
        assert told.text().count("\n") > 4
        assert told.forward[len(told.forward) - 1].value.value == total.item()
        holds(told, total)


@settings(max_examples=60, deadline=None)
@given(programs.programs(), st.integers(0, 2**20))
def test_any_program_is_explained(program, seed):
    values = programs.run(program, cr, programs.start(cr, seed)[1])
    total = programs.loss(cr, values)
    told = cr.explain(total)
    assert told.text()
    shown = {row.name: row.value for row in told.forward}
    for i, v in enumerate(values):
        held = shown.get(f"values[{i}]")
        if held is not None and held.value is not None:
            np.testing.assert_allclose(held.value, v.detach().numpy(), rtol=1e-12)
    if told._history.changed is None:
        holds(told, total)
    else:
        with pytest.raises(RuntimeError, match="modified by an inplace"):
            total.backward()


@pytest.mark.parametrize(("base", "said"), [(0.0, "Zero to a negative power"), (-2.0, "no power with a fraction")])
def test_what_mends_a_power_depends_on_its_base(base: float, said: str) -> None:
    """The one of the two sentences that is about this base, and not the other."""
    text = str(cr.explain(cr.tensor(base, requires_grad=True) ** -1.5))
    assert said in text and ("Zero to" in text) != ("no power with" in text)
