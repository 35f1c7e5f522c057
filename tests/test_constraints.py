"""Constraints of `minimize`: Hock and Schittkowski's problems, multipliers, endings, SciPy's methods, refusals.

The problems and their least values are those of W. Hock and K. Schittkowski, Test Examples for Nonlinear Programming
Codes (1981), by their numbers there. Starts that break bounds are moved to them.
"""

from __future__ import annotations

from math import inf, log, pi, sqrt
from typing import Any

import numpy as np
import pytest

import chainrule as cr

VALLEY = "100*(x2 - x1**2)**2 + (1 - x1)**2"
PROBLEMS: dict[int, tuple[str, str, dict[str, Any], list[float], float]] = {
    # number: what, the constraints ("=" and ">" zero), bounds by name, start, the least value
    1: (VALLEY, "", {"x2": (-1.5, None)}, [-2, 1], 0),
    2: (VALLEY, "", {"x2": (1.5, None)}, [2, 1.5], 0.0504261879),  # from -2 there is another
    3: ("x2 + 1e-5*(x2 - x1)**2", "", {"x2": (0, None)}, [10, 1], 0),
    4: ("(x1 + 1)**3/3 + x2", "", {"x1": (1, None), "x2": (0, None)}, [1.125, 0.125], 8 / 3),
    5: ("sin(x1 + x2) + (x1 - x2)**2 - 1.5*x1 + 2.5*x2 + 1", "", {"x1": (-1.5, 4), "x2": (-3, 3)}, [0, 0],
        -sqrt(3) / 2 - pi / 3),
    6: ("(1 - x1)**2 + 0*x2", "10*(x2 - x1**2) =", {}, [-1.2, 1], 0),
    7: ("log(1 + x1**2) - x2", "(1 + x1**2)**2 + x2**2 - 4 =", {}, [2, 2], -sqrt(3)),
    9: ("sin(pi*x1/12)*cos(pi*x2/16)", "4*x1 - 3*x2 =", {}, [0, 0], -0.5),
    10: ("x1 - x2", "-3*x1**2 + 2*x1*x2 - x2**2 + 1 >", {}, [-10, 10], -1),
    11: ("(x1 - 5)**2 + x2**2 - 25", "-x1**2 + x2 >", {}, [4.9, 0.1], -8.498464223),
    12: ("0.5*x1**2 + x2**2 - x1*x2 - 7*x1 - 7*x2", "25 - 4*x1**2 - x2**2 >", {}, [0, 0], -30),
    14: ("(x1 - 2)**2 + (x2 - 1)**2", "1 - x1**2/4 - x2**2 > ; x1 - 2*x2 + 1 =", {}, [2, 2], 9 - 2.875 * sqrt(7)),
    15: (VALLEY, "x1*x2 - 1 > ; x1 + x2**2 >", {"x1": (None, 0.5)}, [-2, 1], 306.5),
    18: ("x1**2/100 + x2**2", "x1*x2 - 25 > ; x1**2 + x2**2 - 25 >", {"x1": (2, 50), "x2": (0, 50)}, [2, 2], 5),
    19: ("(x1 - 10)**3 + (x2 - 20)**3", "(x1 - 5)**2 + (x2 - 5)**2 - 100 > ; 82.81 - (x1 - 6)**2 - (x2 - 5)**2 >",
         {"x1": (13, 100), "x2": (0, 100)}, [20.1, 5.84], -6961.81387558),
    21: ("x1**2/100 + x2**2 - 100", "10*x1 - x2 - 10 >", {"x1": (2, 50), "x2": (-50, 50)}, [2, -1], -99.96),
    22: ("(x1 - 2)**2 + (x2 - 1)**2", "2 - x1 - x2 > ; x2 - x1**2 >", {}, [2, 2], 1),
    23: ("x1**2 + x2**2", "x1 + x2 - 1 > ; x1**2 + x2**2 - 1 > ; 9*x1**2 + x2**2 - 9 > ; x1**2 - x2 > ; x2**2 - x1 >",
         {"x1": (-50, 50), "x2": (-50, 50)}, [3, 1], 2),
    24: ("((x1 - 3)**2 - 9)*x2**3/(27*sqrt(3))", "x1/sqrt(3) - x2 > ; x1 + sqrt(3)*x2 > ; 6 - x1 - sqrt(3)*x2 >",
         {"x1": (0, None), "x2": (0, None)}, [1, 0.5], -1),
    27: ("(x1 - 1)**2/100 + (x2 - x1**2)**2 + 0*x3", "x1 + x3**2 + 1 =", {}, [2, 2, 2], 0.04),
    28: ("(x1 + x2)**2 + (x2 + x3)**2", "x1 + 2*x2 + 3*x3 - 1 =", {}, [-4, 1, 1], 0),
    29: ("-x1*x2*x3", "48 - x1**2 - 2*x2**2 - 4*x3**2 >", {}, [1, 1, 1], -16 * sqrt(2)),
    30: ("x1**2 + x2**2 + x3**2", "x1**2 + x2**2 - 1 >", {"x1": (1, 10), "x2": (-10, 10), "x3": (-10, 10)},
         [1, 1, 1], 1),
    31: ("9*x1**2 + x2**2 + 9*x3**2", "x1*x2 - 1 >", {"x1": (-10, 10), "x2": (1, 10), "x3": (-10, 1)}, [1, 1, 1], 6),
    32: ("(x1 + 3*x2 + x3)**2 + 4*(x1 - x2)**2", "6*x2 + 4*x3 - x1**3 - 3 > ; 1 - x1 - x2 - x3 =",
         {f"x{i}": (0, None) for i in (1, 2, 3)}, [0.1, 0.7, 0.2], 1),
    34: ("-x1 + 0*x2 + 0*x3", "x2 - exp(x1) > ; x3 - exp(x2) >", {"x1": (0, 100), "x2": (0, 100), "x3": (0, 10)},
         [0, 1.05, 2.9], -log(log(10))),
    35: ("9 - 8*x1 - 6*x2 - 4*x3 + 2*x1**2 + 2*x2**2 + x3**2 + 2*x1*x2 + 2*x1*x3", "3 - x1 - x2 - 2*x3 >",
         {f"x{i}": (0, None) for i in (1, 2, 3)}, [0.5] * 3, 1 / 9),
    36: ("-x1*x2*x3", "72 - x1 - 2*x2 - 2*x3 >", {"x1": (0, 20), "x2": (0, 11), "x3": (0, 42)}, [10] * 3, -3300),
    37: ("-x1*x2*x3", "72 - x1 - 2*x2 - 2*x3 > ; x1 + 2*x2 + 2*x3 >", {f"x{i}": (0, 42) for i in (1, 2, 3)},
         [10] * 3, -3456),
    39: ("-x1 + 0*(x2 + x3 + x4)", "x2 - x1**3 - x3**2 = ; x1**2 - x2 - x4**2 =", {}, [2] * 4, -1),
    40: ("-x1*x2*x3*x4", "x1**3 + x2**2 - 1 = ; x1**2*x4 - x3 = ; x4**2 - x2 =", {}, [0.8] * 4, -0.25),
    41: ("2 - x1*x2*x3 + 0*x4", "x1 + 2*x2 + 2*x3 - x4 =", {**{f"x{i}": (0, 1) for i in (1, 2, 3)}, "x4": (0, 2)},
         [1, 1, 1, 2], 52 / 27),
    42: ("(x1 - 1)**2 + (x2 - 2)**2 + (x3 - 3)**2 + (x4 - 4)**2", "x1 - 2 = ; x3**2 + x4**2 - 2 =", {}, [1] * 4,
         28 - 10 * sqrt(2)),
    43: ("x1**2 + x2**2 + 2*x3**2 + x4**2 - 5*x1 - 5*x2 - 21*x3 + 7*x4",
         "8 - x1**2 - x2**2 - x3**2 - x4**2 - x1 + x2 - x3 + x4 > ;"
         " 10 - x1**2 - 2*x2**2 - x3**2 - 2*x4**2 + x1 + x4 > ; 5 - 2*x1**2 - x2**2 - x3**2 - 2*x1 + x2 + x4 >",
         {}, [0] * 4, -44),
    48: ("(x1 - 1)**2 + (x2 - x3)**2 + (x4 - x5)**2", "x1 + x2 + x3 + x4 + x5 - 5 = ; x3 - 2*(x4 + x5) + 3 =", {},
         [3, 5, -3, 2, -2], 0),
    60: ("(x1 - 1)**2 + (x1 - x2)**2 + (x2 - x3)**4", "x1*(1 + x2**2) + x3**4 - 4 - 3*sqrt(2) =",
         {f"x{i}": (-10, 10) for i in (1, 2, 3)}, [2] * 3, 0.03256820025),
    65: ("(x1 - x2)**2 + (x1 + x2 - 10)**2/9 + (x3 - 5)**2", "48 - x1**2 - x2**2 - x3**2 >",
         {"x1": (-4.5, 4.5), "x2": (-4.5, 4.5), "x3": (-5, 5)}, [-4.5, 4.5, 0], 0.9535288567),
    71: ("x1*x4*(x1 + x2 + x3) + x3", "x1*x2*x3*x4 - 25 > ; x1**2 + x2**2 + x3**2 + x4**2 - 40 =",
         {f"x{i}": (1, 5) for i in (1, 2, 3, 4)}, [1, 5, 5, 1], 17.0140173),
    76: ("x1**2 + x2**2/2 + x3**2 + x4**2/2 - x1*x3 + x3*x4 - x1 - 3*x2 + x3 - x4",
         "5 - x1 - 2*x2 - x3 - x4 > ; 4 - 3*x1 - x2 - 2*x3 + x4 > ; x2 + 4*x3 - 1.5 >",
         {f"x{i}": (0, None) for i in (1, 2, 3, 4)}, [0.5] * 4, -4.681818181),
    78: ("x1*x2*x3*x4*x5", "x1**2 + x2**2 + x3**2 + x4**2 + x5**2 - 10 = ; x2*x3 - 5*x4*x5 = ; x1**3 + x2**3 + 1 =", {},
         [-2, 1.5, 2, -1, -1], -2.91970041),
    100: ("(x1 - 10)**2 + 5*(x2 - 12)**2 + x3**4 + 3*(x4 - 11)**2 + 10*x5**6 + 7*x6**2 + x7**4 - 4*x6*x7 - 10*x6"
          " - 8*x7",
          "127 - 2*x1**2 - 3*x2**4 - x3 - 4*x4**2 - 5*x5 > ; 282 - 7*x1 - 3*x2 - 10*x3**2 - x4 + x5 > ;"
          " 196 - 23*x1 - x2**2 - 6*x6**2 + 8*x7 > ; -4*x1**2 - x2**2 + 3*x1*x2 - 2*x3**2 - 5*x6 + 11*x7 >", {},
          [1, 2, 0, 4, 0, 1, 1], 680.6300573),
}  # fmt: skip


def solved(number: int, **more: Any) -> tuple[Any, float]:
    """The result of a problem, and by how much it breaks its constraints and bounds."""
    f, rows, bounds, start, _ = PROBLEMS[number]
    x0 = {f"x{i + 1}": float(v) for i, v in enumerate(start)}
    texts = [row.strip() for row in rows.split(";") if row.strip()]
    given = [cr.Constraint(t[:-1].strip(), **{"equal" if t[-1] == "=" else "at_least": 0}) for t in texts]
    found = cr.minimize(f, x0, constraints=given or None, bounds=bounds or None, record=0, **more)
    broken = [0.0]
    for t in texts:
        c = eval(t[:-1], {"exp": np.exp, "log": np.log, "sqrt": np.sqrt, "sin": np.sin, **found.x})
        broken.append(abs(c) if t[-1] == "=" else -c)
    for name, (low, high) in bounds.items():
        broken += [(-inf if low is None else low) - found.x[name], found.x[name] - (inf if high is None else high)]
    return found, max(broken)


@pytest.mark.parametrize("number", PROBLEMS)
def test_hock_and_schittkowski(number: int) -> None:
    least, more = PROBLEMS[number][-1], {} if PROBLEMS[number][1] else {"optimizer": "newton"}
    found, broken = solved(number, **more)
    assert found.success, found
    assert abs(found.value - least) <= 1e-6 * max(1, abs(least)), (found.value, least)
    assert broken <= 1e-7


@pytest.mark.parametrize(("name", "numbers"), [("lbfgs", (14, 35, 43, 71)), ("gd", (14, 35))])
def test_other_searches(name: str, numbers: tuple[int, ...]) -> None:
    for number in numbers:
        found, broken = solved(number, optimizer=name, steps=5000, tol=1e-5)
        assert found.success and found.value == pytest.approx(PROBLEMS[number][-1], rel=1e-6), (number, found)
        assert broken <= 1e-7


@pytest.mark.parametrize("method", ["SLSQP", "trust-constr"])
def test_scipys_methods(method: str) -> None:
    pytest.importorskip("scipy")
    for number in (14, 43, 65, 71):
        found, broken = solved(number, method=method, steps=2000, tol=1e-10)
        ours, _ = solved(number)
        near = 1e-3 if method == "trust-constr" else 1e-5  # which stops where its barrier ends
        assert found.value == pytest.approx(PROBLEMS[number][-1], rel=near) and broken < 1e-5, (number, found)
        for name, m in ours.multipliers.items() if method != "trust-constr" else ():
            assert found.multipliers[name] == pytest.approx(m, abs=20 * near), (number, found, ours)


# ------------------------------------------------------------------------------------------------ forms and multipliers


def norm2(x: Any) -> Any:
    return (x * x).sum()


@pytest.mark.parametrize(
    "given",
    [
        cr.Constraint(lambda x: x.sum(), equal=1), [cr.Constraint(lambda x: x.sum() - 1, equal=0)],
        {"fun": lambda x: x.sum(), "equal": 1.0}, {"type": "eq", "fun": lambda x: x.sum() - 1},
        {"equal": lambda x: x.sum() - 1}, [{"equal": [lambda x: x[0] + x[1] - 1]}],
        (cr.Constraint(lambda x: x, at_least=[0.5, 0.5]),),
    ],
)  # fmt: skip
def test_forms(given: Any) -> None:
    found = cr.minimize(norm2, [3.0, 0.0], constraints=given)
    np.testing.assert_allclose(found.x, 0.5, atol=1e-7)
    assert [m for m in found.multipliers.values()] == [pytest.approx(1, abs=1e-5)] * len(found.active)


def test_scipys_own_forms() -> None:
    optimize = pytest.importorskip("scipy.optimize")
    row = optimize.LinearConstraint([[1.0, 1.0]], 1, 1)
    between = optimize.NonlinearConstraint(lambda x: x.sum(), 1, 2)
    old = {"type": "eq", "fun": lambda x: np.array([float(x[0]) + float(x[1]) - 1])}  # of NumPy: SciPy's methods alone
    for given, method in ((row, None), (between, None), (row, "SLSQP"), (between, "trust-constr"), (old, "SLSQP")):
        found = cr.minimize(norm2, [3.0, 0.0], constraints=given, method=method)
        np.testing.assert_allclose(found.x, 0.5, atol=1e-3 if method == "trust-constr" else 1e-6)


def test_trees_modules_and_many_numbers() -> None:
    found = cr.minimize(lambda a, b: (a * a).sum() + b * b, (cr.zeros(2), 3.0), bounds=([(None, 0.6), None], None),
                        constraints=cr.Constraint(lambda a, b: a.sum() + b, equal=3, name="total"))  # fmt: skip
    assert found.x[0].tolist() == pytest.approx([0.6, 1.2], abs=1e-4) and found.x[1] == pytest.approx(1.2, abs=1e-4)
    n = 60  # a chain that hangs between two nails: more numbers than Newton's method is used for
    chain = cr.minimize(lambda y: y.sum(), np.full(n, -1.0), steps=20_000, tol=1e-4, constraints=[
        cr.Constraint(lambda y: y[0], equal=0, name="left"), cr.Constraint(lambda y: y[-1], equal=0, name="right"),
        cr.Constraint(lambda y: 4 - ((y[1:] - y[:-1]) ** 2).sum(), at_least=0, name="length"),
    ])  # fmt: skip
    want = np.cumsum(np.linspace(-1, 1, n - 1))  # steps in a straight line: the parabola
    want *= 2 / np.sqrt((np.linspace(-1, 1, n - 1) ** 2).sum())
    np.testing.assert_allclose(chain.x[1:], want, atol=1e-3)
    layer, x = cr.nn.Linear(2, 1).double(), cr.linspace(0, 1, 10, dtype=cr.float64)
    x = cr.stack([x, x**2], dim=1)
    cr.minimize(lambda m: ((m(x) - 1) ** 2).mean(), layer, constraints=cr.Constraint(lambda m: m.bias, equal=0.0))
    want = np.linalg.lstsq(x.numpy(), np.ones(10), rcond=None)[0]
    np.testing.assert_allclose(layer.weight.detach().numpy()[0], want, atol=1e-6)


def test_multipliers_are_what_moving_a_side_does() -> None:
    def least(h: float, k: float) -> Any:
        return cr.minimize("(x - 2)**2 + (y - 1)**2", {"x": 0.0, "y": 0.0}, constraints=[
            cr.Constraint("-x**2/4 - y**2", at_least=-1 - h), cr.Constraint("x - 2*y", equal=k - 1),
        ])  # fmt: skip

    at = least(0, 0)
    relaxed, raised = ((least(h, k).value - least(-h, -k).value) / 2e-4 for h, k in ((1e-4, 0), (0, 1e-4)))
    assert at.multipliers == {
        "-x**2/4 - y**2": pytest.approx(-relaxed, rel=1e-4),
        "x - 2*y": pytest.approx(raised, rel=1e-4),
    }
    said = str(at)
    assert "allowing it to be smaller by 1 lowers f by 1.847" in said and "x - 2*y = -1; raising" in said


# -------------------------------------------------------------------------------------------------------------- endings


def test_what_cannot_be_met_is_told() -> None:
    found = cr.minimize(norm2, [3.0, 0.0], constraints=cr.Constraint(lambda x: norm2(x) + 1, equal=0, name="circle"))
    assert not found.success and found.reason == "stopped" and "circle is off by 1" in found.message
    assert not found.active
    found, _ = solved(43, steps=2)
    assert not found.success and found.reason == "steps done" and "further to go" in found.message
    seen: list[int] = []
    found, _ = solved(43, callback=lambda n, x, value: seen.append(n) or n == 3)
    assert found.reason == "stopped" and seen == [0, 1, 2, 3] and not found.success


def test_a_saddle_on_a_constraint_is_no_arrival() -> None:
    """On the circle x + 0 y has its minimum at (-1, 0); where it is started, at (1, 0), its maximum."""
    circle = cr.Constraint(lambda x: norm2(x), equal=1)
    found = cr.minimize(lambda x: x[0] + 0 * x[1], [1.0, 0.0], constraints=circle)
    assert found.x == pytest.approx([-1, 0], abs=1e-6) or not found.success
    assert cr.minimize(lambda x: x[0] + 0 * x[1], [1.0, 0.1], constraints=circle).x == pytest.approx([-1, 0], abs=1e-6)


@pytest.mark.parametrize(
    ("given", "more", "error", "words"),
    [
        (lambda x: x, {}, TypeError, r"cr.Constraint\(f, equal=0\)"),
        ({"fun": norm2, "most": 1}, {}, ValueError, "got a dict with 'fun', 'most'"),
        (cr.Constraint(norm2, equal=1), {"optimizer": "adam"}, ValueError, "'adam' has no use for constraints="),
        (cr.Constraint(norm2, equal=1), {"lr": 0.1}, ValueError, "lr= has no use with constraints="),
        (cr.Constraint(norm2, equal=1), {"method": "BFGS"}, ValueError, "no use for constraints="),
        (cr.Constraint(lambda x: 3.0, equal=1), {}, TypeError, "must return a tensor"),
        (cr.Constraint(lambda x: cr.tensor(3.0), equal=1), {}, ValueError, "does not depend on x"),
        (cr.Constraint(lambda x: (x - 9).log(), at_least=0), {}, ValueError, r"\[0\] is nan at the start"),
        (cr.Constraint(lambda x: x, equal=[1, 2, 3]), {}, ValueError, r"has shape \[2\], its right side \[3\]"),
    ],
)  # fmt: skip
def test_refused(given: Any, more: dict[str, Any], error: Any, words: str) -> None:
    with pytest.raises(error, match=words):
        cr.minimize(norm2, [1.0, 1.0], constraints=given, **more)
    for wrong in ({}, {"equal": 0, "at_least": 0}):
        with pytest.raises(TypeError, match="one of the two"):
            cr.Constraint(norm2, **wrong)
