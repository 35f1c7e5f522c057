"""`check`: each of its answers against formulas known beforehand, and that it names what is wrong."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.see.check.finite import slopes

pytest.importorskip("sympy")
F64, F32 = np.dtype("float64"), np.dtype("float32")
KNOWN: list[tuple[Callable[[float], float], float, float]] = [
    (math.sin, 1.0, math.cos(1.0)),
    (math.exp, 3.0, math.exp(3.0)),
    (lambda x: x**3, 1e4, 3e8),
    (lambda x: x**3, 0.0, 0.0),
    (lambda x: math.log(x) if x > 0 else math.nan, 1e-9, 1e9),
    (lambda x: 1e-8 * math.sin(x), 0.3, 1e-8 * math.cos(0.3)),
    (lambda x: math.sin(20 * math.pi * x), 0.0, 20 * math.pi),
    (lambda x: 5.0, 2.0, 0.0),
    (lambda x: abs(x - 0.01), 0.0, -1.0),
]


@pytest.mark.parametrize("case", range(len(KNOWN)))
def test_finite_differences_are_as_near_as_they_say(case: int) -> None:
    g, x, right = KNOWN[case]
    found = slopes(g, x, F64)
    assert found.settled and not found.kink
    assert abs(found.best.value - right) <= 10 * found.best.error + 1e-13 * abs(right)
    assert found.best.error <= 1e-8 * max(abs(right), found.size)


def test_finite_differences_in_float32_say_that_they_are_rough() -> None:
    found = slopes(lambda x: float(np.sin(np.float32(x))), 1.0, F32)
    assert abs(found.best.value - math.cos(1.0)) <= 10 * found.best.error
    assert 1e-7 < found.best.error < 1e-3


@pytest.mark.parametrize(
    "g, left, right",
    [(abs, -1.0, 1.0), (lambda x: max(x, 0.0), 0.0, 1.0), (lambda x: max(2 * x, math.sin(x)), 1.0, 2.0)],
)
def test_a_kink_has_two_slopes(g: Callable[[float], float], left: float, right: float) -> None:
    found = slopes(g, 0.0, F64)
    assert found.kink
    assert [found.left.value, found.right.value] == pytest.approx([left, right], abs=1e-6)


def test_a_jump_and_a_vertical_tangent_do_not_settle() -> None:
    assert not slopes(lambda x: float(x >= 0), 0.0, F64).settled
    assert not slopes(lambda x: math.sqrt(x) if x >= 0 else math.nan, 0.0, F64).settled


@pytest.mark.parametrize(
    "f, point, right",
    [
        (lambda x: cr.sin(x) / x, 2.0, [math.cos(2) / 2 - math.sin(2) / 4]),
        (lambda x, y: x**y, (2.0, 3.0), [12.0, 8 * math.log(2)]),
        (lambda x, y: x * y**2, {"y": 2.0, "x": 3.0}, [4.0, 12.0]),
        (lambda d: d["a"] * d["b"] ** 2, {"a": 1.0, "b": 3.0}, [9.0, 6.0]),
        (lambda x: (x**2).sum(), cr.tensor([1.0, 2.0, 3.0]), [2.0, 4.0, 6.0]),
        (lambda x: cr.exp(-(x**2 - x + 1) / cr.cos(cr.log(x)) ** 2), 1.0, [-math.exp(-1)]),
    ],
)
def test_the_answers_agree_where_all_is_right(f: Any, point: Any, right: list[float]) -> None:
    found = cr.check(f, point)
    assert found.ok, found
    for row, value in zip(found.rows, right, strict=True):
        assert [row.automatic, row.symbolic, row.finite] == pytest.approx([value] * 3, rel=1e-6)


def test_rows_are_named_as_the_formulas_name_their_variables() -> None:
    assert [r.name for r in cr.check(lambda u, v: (u * v).sum(), (2.0, cr.ones(2))).rows] == ["u", "v_1", "v_2"]
    assert [r.name for r in cr.check(lambda x, y: x * y, {"y": 2.0, "x": 3.0}).rows] == ["x", "y"]


@pytest.mark.parametrize(
    "by_hand, kinds",
    [
        (lambda x: 3 * x**2 - 8 * x + 5 + cr.exp(-x), ["right"] * 4),
        (lambda x: 3 * x**2 + 8 * x + 5 + cr.exp(-x), ["right", "right", "right", "sign"]),
        (lambda x: 2 * x**2 - 8 * x + 5 + cr.exp(-x), ["coefficient", "right", "right", "right"]),
        (lambda x: 3 * x**2 - 8 * x + cr.exp(-x), ["missing", "right", "right", "right"]),
        (lambda x: 3 * x**2 - 8 * x + 5 + cr.exp(-x) + cr.sin(x), ["extra", "right", "right", "right", "right"]),
    ],
)
def test_terms_by_hand_are_told_right_from_wrong(by_hand: Any, kinds: list[str]) -> None:
    found = cr.check(lambda x: x**3 - 4 * x**2 + 5 * x - cr.exp(-x), 1.5, by_hand)
    assert sorted(t.kind for t in found.terms["x"]) == sorted(kinds)
    assert found.ok == (set(kinds) == {"right"})
    if not found.ok:
        assert found.rows[0].wrong == ("by hand",)
        wrong = next(t for t in found.terms["x"] if t.kind != "right")
        assert wrong.sentence in found.verdict


def test_terms_add_up_to_the_slope() -> None:
    found = cr.check(lambda x: cr.sin(x**2) * x + x / (x**2 + 1), 1.3, lambda x: 2 * x**2 * cr.cos(x**2))
    assert sum(t.right_value for t in found.terms["x"] if t.right is not None) == pytest.approx(found.rows[0].symbolic)
    given = sum(t.given_value for t in found.terms["x"] if t.given is not None)
    assert given == pytest.approx(found.rows[0].by_hand)


def test_a_forgotten_inner_derivative_is_named() -> None:
    (term,) = cr.check(lambda x: cr.sin(x**2), 2.0, lambda x: cr.cos(x**2)).terms["x"]
    assert (term.kind, str(term.factor)) == ("factor", "2*x")


def test_equal_formulas_in_different_forms_are_equal() -> None:
    found = cr.check(lambda x: cr.sin(2 * x), 1.0, lambda x: 4 * cr.cos(x) ** 2 - 2)
    assert found.ok and all(t.kind == "right" for t in found.terms["x"])


def test_a_formula_that_is_right_at_this_point_alone_is_told() -> None:
    found = cr.check(lambda x: x**2, 2.0, lambda x: x + 2)
    assert found.ok and "another one" in found.verdict
    assert "another one" not in cr.check(lambda x: x**2, 2.0, lambda x: 4.0).verdict  # a number is no formula


def test_slopes_by_hand_come_in_tuples_dicts_and_plain_floats() -> None:
    def f(x: Any, y: Any) -> Any:
        return x**2 * y + y**3

    assert cr.check(f, (2.0, 3.0), lambda x, y: (2 * x * y, x**2 + 3 * y**2)).ok
    assert cr.check(f, (2.0, 3.0), lambda x, y: {"y": x**2 + 3 * y**2, "x": 2 * x * y}).ok
    found = cr.check(f, (2.0, 3.0), lambda x, y: [12.0, 22.0])
    assert found.where == "y" and found.difference == pytest.approx(9)
    with pytest.raises(ValueError, match=r"each of the 2 numbers \(x, y\), but it returned 1"):
        cr.check(f, (2.0, 3.0), lambda x, y: 2 * x * y)


def test_a_formula_that_cannot_be_read_is_still_compared_as_a_number() -> None:
    found = cr.check(lambda x: cr.sin(x), 2.0, lambda x: math.sin(float(x)))
    assert found.rows[0].wrong == ("by hand",) and not found.terms and found.no_terms


def test_a_gradient_that_the_engine_was_kept_from_is_found() -> None:
    found = cr.check(lambda x: x * x.detach(), 3.0)
    assert found.rows[0].wrong == ("automatic",) and "detach" in found.verdict
    assert [found.rows[0].automatic, found.rows[0].symbolic] == [3.0, 6.0]


def test_a_wrong_backward_of_a_function_is_found() -> None:
    class Cube(cr.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return x**3

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g * 2 * ctx.saved_tensors[0] ** 2

    found = cr.check(lambda x: Cube.apply(x), 2.0)
    assert not found.ok and found.rows[0].wrong == ("automatic",)
    assert found.rows[0].finite == pytest.approx(12)


def test_kinks_are_told_and_accept_what_lies_between() -> None:
    found = cr.check(cr.abs, 0.0)
    assert found.ok and found.rows[0].kink and any("kink" in note for note in found.notes)
    assert cr.check(cr.abs, 0.0, lambda x: 0.5).ok
    assert not cr.check(cr.abs, 0.0, lambda x: 1.5).ok


def test_slopes_that_are_no_numbers() -> None:
    found = cr.check(lambda x: x.sqrt(), 0.0)
    assert not found.ok and any("not finite" in note for note in found.notes)
    found = cr.check(lambda x: cr.where(x > 0, x.sqrt(), 0 * x), -1.0)  # sqrt's slope at -1 is NaN, times 0
    assert not found.ok and found.rows[0].wrong == ("automatic",) and "explain" in found.verdict


def test_float32_has_wider_tolerances_and_says_so() -> None:
    weights = cr.tensor([[1.0, 2.0], [3.0, 4.0]])
    found = cr.check(
        lambda x: (weights @ x).pow(2).sum(), cr.tensor([1.0, 2.0]), lambda x: 2 * weights.T @ (weights @ x)
    )
    assert found.ok and found.dtype == "float32" and any("float32" in note for note in found.notes)
    assert [r.automatic for r in found.rows] == [76, 108]
    assert cr.check(lambda x: (x**2).sum(), cr.tensor([1.0, 2.0])).dtype == "float64"


def test_small_errors_are_seen_in_float64_and_passed_in_float32() -> None:
    def off(x: Any) -> Any:
        return 2 * x * (1 + 1e-7)

    assert not cr.check(lambda x: x**2, 3.0, off).ok
    assert cr.check(lambda x: x**2, cr.tensor(3.0), off).ok


def test_branches_are_refused_by_the_symbols_alone() -> None:
    found = cr.check(lambda x: x**2 if x > 0 else -x, 3.0)
    assert found.ok and math.isnan(found.rows[0].symbolic)
    assert "branch" in found.no_symbolic or "no single formula" in found.no_symbolic


@pytest.mark.parametrize(
    "f, point, error, words",
    [
        (lambda x: 3.0, 1.0, TypeError, "must return a tensor"),
        (lambda x: 2 * x, cr.ones(2), ValueError, r"single number, but it returned \[2\]"),
        (lambda x: x.log(), -1.0, ValueError, "no finite value at the point: it is nan"),
        (lambda x: x, cr.tensor([1, 2]), TypeError, "floating-point"),
        (lambda x: x.sum(), cr.zeros(0), ValueError, "no numbers"),
        (lambda x: x.sum(), cr.zeros(5000), ValueError, "at most 2000"),
        (3.0, 1.0, TypeError, "takes a function"),
    ],
)
def test_bad_input_is_refused(f: Any, point: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        cr.check(f, point)


def test_the_point_is_left_as_it_was() -> None:
    x = cr.tensor([1.0, 2.0], requires_grad=True)
    cr.check(lambda x: (x**2).sum(), x, lambda x: 2 * x)
    assert x.grad is None and x.tolist() == [1.0, 2.0]


def test_it_prints_as_a_table_and_as_safe_html() -> None:
    found = cr.check(lambda x, y: cr.where(x < y, x * y, x), (1.0, 2.0), lambda x, y: (cr.where(x < y, y, 1), 3 * x))
    lines = str(found).split("\n")
    assert [word in lines[0] for word in ("automatic", "symbolic", "finite", "by hand")] == [True] * 4
    column = lines[0].index("symbolic")
    assert lines[1][column - 1] == lines[2][column - 1] == " " and lines[1][column] != " "
    assert found.verdict in str(found)
    page = found._repr_html_()
    assert "x &lt; y" in page and "x < y" not in page


def test_a_long_point_is_folded_with_the_wrong_rows_kept() -> None:
    found = cr.check(lambda x: (x**2).sum(), cr.arange(60.0), lambda x: 2 * x + (cr.arange(60) == 57))
    assert found.where == "x_58" and "x_58" in str(found) and len(str(found).split("\n")) < 45
    assert len(found.table) == 60


def test_a_slope_by_hand_of_zero() -> None:
    found = cr.check(lambda x: x**2 + 3, 2.0, lambda x: 0 * x)
    assert [t.kind for t in found.terms["x"]] == ["missing"]
    assert cr.check(lambda x: 0 * x + 3, 2.0, lambda x: 0 * x).ok


def test_without_sympy_the_other_answers_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    from chainrule.see.derive import algebra

    for name in [name for name in vars(algebra.sp)]:
        monkeypatch.delattr(algebra.sp, name)
    monkeypatch.setitem(sys.modules, "sympy", None)
    found = cr.check(lambda x: x**2, 3.0, lambda x: 2 * x)
    assert found.ok and "chainrule[see]" in found.no_symbolic


def test_a_power_that_nobody_multiplies_out() -> None:
    found = cr.check(
        lambda x, y, z: (x + y + z) ** 300, (0.3, 0.3, 0.3), by_hand=lambda x, y, z: (300 * (x + y + z) ** 298,) * 3
    )
    assert "Missing factor x + y + z: 300*(x + y + z)**298 should be 300*(x + y + z)**299." in str(found)


@pytest.mark.parametrize("f, x", [("sigmoid(x)", 40.0), ("sigmoid(x)", 33.0), ("tanh(x) + 1", 20.0)])
def test_agreement_is_relative_to_the_slope(f: str, x: float) -> None:
    """A slope far below the function's own size is lost to rounding, which is said."""
    found = cr.check(f, x)
    assert found.rows[0].small and "not relative to themselves" in found.verdict
    assert f"{found.rows[0].symbolic:.8g}" in found.verdict


@pytest.mark.parametrize("f, x", [("exp(x)", -40.0), ("x**2", 0.0), ("sin(x)", math.pi / 2), ("sigmoid(x)", 5.0)])
def test_small_slopes_that_are_right_agree(f: str, x: float) -> None:
    assert "All answers agree" in cr.check(f, x).verdict
