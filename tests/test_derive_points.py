"""The value beside a formula is the formula's; jumps, kinks and gaps are named; higher orders are worked out.

The right values are those of calculus, and of mpmath's derivatives of high precision.
"""

from __future__ import annotations

import math

import mpmath
import pytest
import sympy

import chainrule as cr

where, x0 = cr.where, 0.0


def only(f, *at, **options):
    d = cr.derive(f, *at, **options)
    return float(next(iter(d.values.derivatives.values()))), d


@pytest.mark.parametrize(
    ("f", "at", "order", "right"),
    [
        (lambda x: where(x > 0, cr.sqrt(x), x), -1.0, 1, 1.0),
        (lambda x: where(x != 0, cr.sin(x) / x, cr.ones_like(x)), 0.0, 1, 0.0),
        (lambda x: where(x != 0, cr.sin(x) / x, cr.ones_like(x)), 0.0, 2, -1 / 3),
        (lambda x: where(x == 0, 1.0 + 0 * x, cr.expm1(x) / where(x == 0, cr.ones_like(x), x)), 0.0, 1, 0.5),
        (cr.sinc, 0.0, 2, -(math.pi**2) / 3),
        (cr.sinc, 0.0, 4, math.pi**4 / 5),
        (lambda x: x * abs(x), -2.0, 2, -2.0),
        (lambda x: x**2 * cr.floor(x), 2.5, 2, 4.0),
        (lambda x: cr.log(abs(x)), -2.0, 2, -0.25),
        (lambda x: cr.sqrt(x**2), -2.0, 1, -1.0),
        (lambda x: cr.atan2(x, 1 + x**2), 0.7, 2, None),
        (cr.frac, -1.3, 2, 0.0),
        (lambda x: x % 2, 3.5, 1, 1.0),
        (lambda x: cr.fmod(x, -2), -3.5, 1, 1.0),
        (lambda x: x * (x // 2), 3.5, 1, 1.0),
        (lambda x: x * cr.round(x), 3.2, 1, 3.0),
        (lambda x: cr.copysign(x, -1.0), -3.2, 1, 1.0),
    ],
)  # fmt: skip
def test_the_value_is_the_formulas(f, at, order, right):
    got, d = only(f, at, order=order)
    if right is None:
        right = float(mpmath.diff(lambda x: mpmath.atan2(x, 1 + x**2), at, order))
    assert got == pytest.approx(right, abs=1e-9), d.text()
    assert not any(w in d.text() for w in ("Derivative", "DiracDelta", "re(", "im(", "Subs"))


@pytest.mark.parametrize(
    ("f", "at", "word"),
    [
        (abs, 0.0, "on the left"), (cr.relu, 0.0, "on the left"), (lambda x: cr.maximum(x, x**2), 1.0, "on the left"),
        (lambda x: cr.clamp(x, 0.0, 1.0), 1.0, "on the left"), (lambda x: cr.sqrt(abs(x)), 0.0, "on the left"),
        (lambda x: where(x < 0, cr.sin(x), cr.full_like(x, 0.5)), 0.0, "jumps"), (cr.floor, 2.0, "jumps"),
        (lambda x: where(x > 0, cr.sqrt(x), x), -1.0, "Automatic differentiation gives nan"),
        (lambda x: cr.relu(x), 1.0, "no derivative where x = 0"),
    ],
)  # fmt: skip
def test_what_is_odd_at_the_point_is_said(f, at, word):
    _, d = only(f, at)
    assert any(word in remark for remark in d.remarks), d.text()
    assert all(remark in d.text() for remark in d.remarks)


@pytest.mark.parametrize("f", [lambda x: x**2, cr.sin, lambda x: cr.sqrt(1 + x**2), lambda x: x * abs(x)])
def test_nothing_is_said_where_nothing_is_odd(f):
    assert only(f, 0.0)[1].remarks == []


def test_order_statistics_have_formulas():
    x = [1.0, 3.0, 2.0]
    for f, right in [
        (cr.median, [0, 0, 1]),
        (lambda x: cr.sort(x).values[0], [1, 0, 0]),
        (lambda x: cr.topk(x, 2).values.sum(), [0, 1, 1]),
        (lambda x: x[x.argmax()], [0, 1, 0]),
    ]:
        assert list(cr.derive(f, x).values.derivatives.values()) == right
    assert "order" in " ".join(cr.derive(lambda x: cr.sort(x).values[0], x).remarks)
    with pytest.raises(ValueError, match="give a point"):
        cr.derive(lambda x: cr.stack([x, 2 * x]).sort().values[0])


def newton(x):
    s = x / 2
    for _ in range(3):
        s = (s + x / s) / 2
    return s


@pytest.mark.parametrize(
    ("f", "most"),
    [
        (lambda x: cr.log(2 + 2 * math.sqrt(3) * cr.sqrt(1 + 2 * x + 3 * x**2) + 6 * x), 12),
        (lambda x: cr.log(x + cr.sqrt(1 + x**2)), 6),
        (lambda x: cr.sqrt(x + 1) / cr.sqrt(x - 1), 9),
        (newton, 39),
    ],
)
def test_sizes_of_simplified_slopes(f, most):
    e = cr.derive(f, 2.0).derivatives["x"]
    assert e.count_ops() <= most, e
    x = sympy.Symbol("x")
    assert float(e.subs(x, 2.5)) == pytest.approx(
        float(cr.autograd.functional.jacobian(f, cr.tensor(2.5, dtype=cr.float64)))
    )


def test_a_text_is_a_function():
    assert str(cr.derive("x**2*exp(x)").derivatives["x"]) == str(cr.derive(lambda x: x**2 * cr.exp(x)).derivatives["x"])
