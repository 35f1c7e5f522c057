"""Expressions that are typed: what they mean, where their errors point, and that no text runs code or crashes."""

from __future__ import annotations

import importlib
import math
import operator
import sys
from collections.abc import Callable
from typing import Any

import pytest

import chainrule as cr
from chainrule.func.expression import DEEPEST, HIGHEST, LONGEST, ExpressionError, functions, parse

hypothesis = pytest.importorskip("hypothesis")
from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402


def value(text: str, **at: float) -> float:
    return float(parse(text)(**at))


# ------------------------------------------------------------------------------------------------------------- meaning


@pytest.mark.parametrize(
    "text, expected",
    [
        ("-x**2", -9.0),
        ("2**-x", 0.125),
        ("-2**-x", -0.125),
        ("2**x**2", 512.0),
        ("x - 2 - 1", 0.0),
        ("12/x/2", 2.0),
        ("12/x*2", 8.0),
        ("- - x", 3.0),
        ("+x*-x", -9.0),
        ("2*(x + 1)**2", 32.0),
        (".5*x + 1e1 - 1.E-1", 11.4),
        ("x\n +\t1", 4.0),
        ("max(x, 5) - min(x, 5)", 2.0),
        ("where(x < 3, 1, where(x <= 3, 2, 3))", 2.0),
        ("where(x == 3, x, 0) + where(x != 3, x, 0)", 3.0),
        ("where((x >= 4), 1, -x)", -3.0),
        ("clip(x, 0, 1)", 1.0),
        ("ln(e**x)", 3.0),
        ("lg(1000)*x", 9.0),
        ("2×x − 1 · x ÷ 1", 3.0),
        ("x² + x¹²/x¹¹", 12.0),
        ("-x²", -9.0),
        ("cos(π) + x", 2.0),
        ("𝑥 + 1", 4.0),
    ],
)
def test_an_expression_means_what_mathematics_means(text, expected):
    assert value(text, **{parse(text).variables[0]: 3.0}) == pytest.approx(expected, rel=1e-12)


def test_it_is_a_function_in_the_torch_style():
    f = parse("a*x**2 + sin(x)")
    x = cr.tensor([0.5, 2.0], dtype=cr.float64, requires_grad=True)
    y = f(cr.tensor(3.0, dtype=cr.float64), x)
    y.sum().backward()
    expected = [6 * v + math.cos(v) for v in (0.5, 2.0)]
    assert x.grad.tolist() == pytest.approx(expected, rel=1e-12)
    assert cr.compile(f)(cr.tensor(3.0, dtype=cr.float64), x).tolist() == y.tolist()
    assert parse("(x - 1)**2")(cr.tensor(3.0)).dtype is cr.float32
    found = cr.minimize(parse("x**2 - 4*x + 5"), 5.0, lr=0.25, steps=60)
    assert found.x == pytest.approx(2.0, abs=1e-5)


def test_variables_are_parameters_in_alphabetical_order():
    assert parse("y*x10 + x2 + theta_0*α").variables == ("theta_0", "x2", "x10", "y", "α")
    assert value("y - x", x=1, y=3) == 2
    assert float(parse("y - x")(1.0, 3.0)) == 2
    with pytest.raises(TypeError, match="missing"):
        parse("y - x")(1.0)


def test_numbers_in_both_branches_keep_the_precision_of_the_variables():
    y = parse("where(x < 0, 0.1, 0.2)")(cr.tensor(1.0, dtype=cr.float64))
    assert (y.item(), y.dtype) == (0.2, cr.float64)


def test_constants_are_folded_and_whole_numbers_stay_whole():
    numbers = [x for op, x in parse("x**(6/3) + 2**10*x - (1 - 3)*x")._program if op is None and x != "x"]
    assert numbers == [2, 1024, -2] and all(type(x) is int for x in numbers)
    assert parse("sqrt(2)*2")._program == ((None, 2 * math.sqrt(2)),)


def test_every_function_of_the_table_can_be_called_with_variables_and_with_numbers():
    for name, (_, n) in functions().items():
        first = "x < 0.5, " if name == "where" else ""
        n -= name == "where"
        f = parse(f"{name}({first}{', '.join(['x', 'y', 'z'][:n])}) + 0*x")
        at = {"x": 1.3 if name in ("acosh", "arccosh") else 0.3, "y": 0.7, "z": 0.9}
        got = float(f(**{v: at[v] for v in f.variables}))
        numbers = ", ".join(str(v) for v in list(at.values())[:n])
        folded = f"{name}({first.replace('x', '0.3')}{numbers})"
        assert value(folded) == pytest.approx(got, rel=1e-6), name


def test_the_functions_are_those_of_the_op_table():
    names = set(functions())
    assert {"exp", "log", "sin", "arcsin", "relu", "sigmoid", "softplus", "maximum", "where", "ln", "erf"} <= names
    assert not names & {"gcd", "bitwise_and", "eq", "isnan", "heaviside", "polygamma", "load", "sum", "eval"}
    assert {op for op, _ in functions().values()} <= set(importlib.import_module("chainrule.core.op").REGISTRY.values())


# -------------------------------------------------------------------------------------------------------------- errors


@pytest.mark.parametrize(
    "text, position, message",
    [
        ("x y", 2, "write x\\*y"),
        ("1 + sine(x)", 4, "did you mean sin"),
        ("cosx", 0, "did you mean cos"),
        ("xy + 1", 0, "a product is written with"),
        ("x + sin", 4, "sin is a function"),
        ("sin + x", 0, "sin is a function"),
        ("sin**x(x)", 0, "sin is a function"),
        ("2x y", 3, "write x\\*y"),
        ("x 2", 2, "write x\\*2"),
        ("3, 14*x", 1, "decimals have a point"),
        ("3,1,4", 3, "decimals have a point"),
        ("|x", 0, "no second one"),
        ("(|x)|", 1, "no second one"),
        ("2|x|y|z|", 5, "can open or close"),
        ("|2|x| + 1|", 4, "can open or close"),
        ("f(x)", 0, "f is a variable"),
        ("x.real", 1, "attributes are not read"),
        ("x .__class__", 2, "attributes are not read"),
        ("__import__('os')", 0, "there is no __import__"),
        ("os.system('ls')", 0, "there is no os"),
        ("lambda: x", 0, "there is no lambda"),
        ("eval(x)", 0, "there is no eval"),
        ("x if x else 1", 2, "is missing"),
        ("[x]", 0, "does not belong"),
        ("x; y", 1, "does not belong"),
        ("'x'", 0, "does not belong"),
        ("x\x00", 1, "does not belong"),
        ("x % 2", 2, "remainder"),
        ("x // 2", 2, "floor"),
        ("y = x", 2, "without ="),
        ("(x, y)", 2, "decimals have a point"),
        ("", 0, "is empty"),
        ("  \n ", 0, "is empty"),
        ("x +", 3, "is missing here"),
        ("x + * 2", 4, "is missing here"),
        ("()", 1, "is missing here"),
        ("sin()", 4, "is missing here"),
        ("(x", 0, "not closed"),
        ("2*sin(x", 5, "not closed"),
        ("x)", 1, "not opened"),
        ("max(x)", 5, "max takes 2 arguments"),
        ("sin(x, y)", 5, "sin takes 1 argument\n"),
        ("x < 1", 2, "first argument of where"),
        ("0 < x < 1", 2, "first argument of where"),
        ("where(0 < x < 1, 1, 2)", 8, "first argument of where"),
        ("sin(x < 1)", 6, "first argument of where"),
        ("where(x, 1, 2)", 6, "is a comparison"),
        ("1e999", 0, "too large"),
        ("9" * 400, 0, "too large"),
        ("x + 1/0", 5, "not a finite number"),
        ("x*log(0)", 5, "not a finite number"),
        ("(-1)**0.5", 4, "not a finite number"),
        ("10.0**309", 4, "not a finite number"),
        ("2**10**9", 1, "not a finite number"),
        ("x**1001", 1, "powers above"),
        ("x**-1001", 1, "powers above"),
        ("(x**100)**100", 8, "powers above"),
        ("(x*y**100 + 1)**11", 14, "powers above"),
        ("x⁹⁹⁹⁹⁹⁹", 1, "powers above"),
        ("square(" * 10 + "x" + ")" * 10, 6, "powers above"),
    ],
)
def test_an_error_points_at_the_character(text, position, message):
    with pytest.raises(ExpressionError, match=message) as caught:
        parse(text)
    assert caught.value.position == position and caught.value.text == text


SCHOOL = [
    ("x^2", "x**2"), ("-x^2", "-(x**2)"), ("2^-x", "2**(-x)"), ("x^2^y", "x**(2**y)"), ("2x", "2*x"), ("-2x", "-(2*x)"),
    ("3x² - 4x + 5", "3*x**2 - 4*x + 5"), ("2(x + 1)", "2*(x + 1)"), ("(x + 1)(x - 1)", "(x + 1)*(x - 1)"),
    ("x²y", "x**2*y"), ("x^(2)y", "x**2*y"), ("2x sin(x)", "2*x*sin(x)"), ("3,5x", "3.5*x"),
    ("0,125 + x", "0.125 + x"), ("max(3,5)", "5"), ("max(x, (3,5))", "max(x, 3.5)"), ("sin(1,5)", "sin(1.5)"),
    ("πx", "pi*x"), ("2πr²", "2*pi*r**2"), ("π(x + 1)", "pi*(x + 1)"), ("e^x", "exp(x)"), ("2e^x", "2*exp(x)"),
    ("x e^(2x)", "x*exp(2*x)"), ("2e3x", "2000*x"), ("2e-3", "0.002"), ("e^-x", "exp(-x)"), ("√x", "sqrt(x)"),
    ("2√x + 1", "2*sqrt(x) + 1"), ("√x/2", "sqrt(x)/2"), ("√(x + 1)(x + 2)", "sqrt(x + 1)*(x + 2)"), ("√√x", "x**0.25"),
    ("x√2", "x*sqrt(2)"), ("|x|", "abs(x)"), ("|x - 2|²", "abs(x - 2)**2"), ("2|x|", "2*abs(x)"), ("x|y|", "x*abs(y)"),
    ("||x| - 1|", "abs(abs(x) - 1)"), ("|x| + 2|y|", "abs(x) + 2*abs(y)"), ("-|-x|y", "-abs(-x)*y"),
    ("|x - |y||", "abs(x - abs(y))"), ("sin x", "sin(x)"), ("ln x", "log(x)"), ("sin 2x", "sin(2*x)"),
    ("sin 2πx", "sin(2*pi*x)"), ("sin x^2", "sin(x**2)"), ("sin x + 1", "sin(x) + 1"), ("sin²x", "sin(x)**2"),
    ("sin^2 x + cos²(x)", "sin(x)**2 + cos(x)**2"), ("sin x cos y", "sin(x)*cos(y)"), ("x ln x", "x*log(x)"),
    ("sin √x", "sin(sqrt(x))"), ("ln |x|", "log(abs(x))"), ("exp sin x", "exp(sin(x))"), ("1/sin x", "1/sin(x)"),
    ("a/b*2x", "a/b*(2*x)"), ("(x² + 1)/(2x)", "(x**2 + 1)/(2*x)"),
    ("where(x < 2y, 3x, |y|)", "where(x < 2*y, 3*x, abs(y))"),
]  # fmt: skip


@pytest.mark.parametrize("text, meant", SCHOOL)
def test_school_notation(text, meant):
    f, g = parse(text), parse(meant)
    assert f.variables == g.variables
    for k in (0.3, 1.7):
        at = {name: k + 0.4 * i for i, name in enumerate(f.variables)}
        assert float(f(**at)) == pytest.approx(float(g(**at)), rel=1e-14, nan_ok=True)


@pytest.mark.parametrize("text, one, other", [
    ("1/2x", "1/(2*x)", "(1/2)*x"), ("1/2(x + 1)", "1/(2*(…))", "(1/2)*(…)"), ("y - a/3x", "a/(3*x)", "(a/3)*x"),
    ("x^2y", "x**(2*y)", "(x**2)*y"), ("2^3x", "2**(3*x)", "(2**3)*x"), ("e^2x", "e**(2*x)", "(e**2)*x"),
    ("x**-2y", "x**(-2*y)", "(x**-2)*y"), ("e^x sin x", "e**(x*sin(…))", "(e**x)*sin(…)"), ("√2x", "√(2*x)", "√(2)*x"),
    ("√x²", "√(x²)", "√(x)²"), ("√x^2", "√(x**2)", "√(x)**2"), ("sin x/2", "sin(x)/2", "sin(x/2)"),
    ("sin x*y", "sin(x)*y", "sin(x*y)"), ("ln 2 sin x", "ln(2)*sin(…)", "ln(2*sin(…))"),
    ("sin x²y", "sin(x²)*y", "sin(x²*y)"), ("sin^-1 x", "1/sin(…)", "the inverse"), ("e(x)", "e**(…)", "e*(…)"),
    ("1,234x", "1.234", "1234"),
])  # fmt: skip
def test_what_can_be_read_in_two_ways_is_refused_with_both(text, one, other):
    with pytest.raises(ExpressionError, match="in two ways") as caught:
        parse(text)
    assert f"write {one} or " in str(caught.value) and f" or {other}" in str(caught.value)


def test_the_caret_stands_under_the_character_in_long_texts_too():
    for n in (0, 10, 36, 37, 500):
        for more in (0, 30, 200):
            with pytest.raises(ExpressionError) as caught:
                parse("x+" * n + "@" + "+x" * more)
            _, shown, caret = str(caught.value).split("\n")
            assert shown[len(caret) - 1] == "@" and len(shown) <= 78


def test_depth_and_length_are_limited():
    for deep in ("(" * DEEPEST + "x" + ")" * DEEPEST, "-" * DEEPEST + "x", "sin(" * DEEPEST + "x" + ")" * DEEPEST):
        parse(deep)
        with pytest.raises(ExpressionError, match="nested"):
            parse(deep.replace("x", f"{deep[: deep.index('x') // DEEPEST]}x"))
    assert value(f"x**{HIGHEST}", x=1.0) == 1
    parse("x+" * ((LONGEST - 1) // 2) + "x")
    with pytest.raises(ExpressionError, match="1000000 characters"):
        parse("x+" * 500_000)


@pytest.mark.parametrize("unit", ["x+", "(", "-", "x**", "sin(", "1,", " ", "²", "x", "max(x,", "where(x<0,1,", "x^"])
def test_the_work_grows_with_the_text_and_ends_with_the_limit(unit):
    def work(text: str) -> int:
        calls = [0]

        def count(frame: Any, event: str, arg: Any) -> None:
            calls[0] += event in ("call", "c_call")

        sys.setprofile(count)
        try:
            attempt(text)
        finally:
            sys.setprofile(None)
        return calls[0]

    attempt("x")  # what is done once
    few, more, many = (work(unit * n) for n in (20, 200, 1_000_000 // len(unit)))
    assert more < 15 * few and many < 300


# ---------------------------------------------------------------------------------------------------------------- fuzz

PIECES = [
    *"xyzabe0123456789.,()+-*/<>=!^ \n\t'\"[]{}_@#$%&|~:;\\²³×π√½",
    "**", "<=", "==", "1e5", "1e999", "sin(", "where(", "max(", "log", "pi", "x1", "__class__", "__import__", "lambda ",
    "exec(", "open('f')", "x.y", "import os", "if ", "9" * 30, "((((", "))))", "----", "**-", "𝑥", "ก", "й",
]  # fmt: skip
LOUD = ("import", "exec", "compile", "open", "os.", "subprocess.", "socket.", "ctypes.", "builtins.", "code.")


@pytest.fixture(scope="module")
def heard() -> Any:
    """What the interpreter's audit hook heard of running code, while it listens."""
    importlib.import_module("scipy.special")  # some functions of the table import it when they are first called
    for name in functions():
        attempt(f"{name}(0.5)")
    events: list[str] = []
    listening = [False]

    def hook(event: str, args: Any) -> None:
        if listening[0] and event.startswith(LOUD):
            events.append(f"{event} {args}")

    sys.addaudithook(hook)

    def listen(run: Callable[[], Any]) -> list[str]:
        events.clear()
        listening[0] = True
        try:
            run()
        finally:
            listening[0] = False
        return list(events)

    assert listen(lambda: eval("1 + 1"))  # the hook does hear
    return listen


def attempt(text: str) -> None:
    try:
        f = parse(text)
    except ExpressionError as error:
        assert 0 <= error.position <= max(len(text), LONGEST) and str(error).endswith("^")
    else:
        assert f(*[0.7] * len(f.variables)).dtype is cr.float64


@settings(max_examples=600)
@given(st.one_of(st.text(max_size=60), st.lists(st.sampled_from(PIECES), max_size=25).map("".join)))
def test_no_text_crashes_or_runs_code(heard, text):
    assert heard(lambda: attempt(text)) == []


ONE = {"sin": math.sin, "cos": math.cos, "atan": math.atan, "tanh": math.tanh, "abs": abs, "neg": operator.neg}
TWO = {
    "+": operator.add, "-": operator.sub, "*": operator.mul,
    "max": max, "min": min, "hypot": math.hypot, "atan2": math.atan2,
}  # fmt: skip
BINDS = {"+": 2, "-": 2, "*": 3, "neg": 4, "**": 5}
AT = {"x": 0.75, "y": -1.25, "w_1": 2.5}

Tree = Any  # a number, a name, or (operation, tree, ...)
leaves = st.one_of(
    st.sampled_from(list(AT)), st.integers(0, 9), st.floats(0.001, 99.0, allow_nan=False).map(lambda v: round(v, 3))
)
trees = st.recursive(
    leaves,
    lambda t: st.one_of(
        st.tuples(st.sampled_from(list(ONE)), t),
        st.tuples(st.sampled_from(list(TWO)), t, t),
        st.tuples(st.just("**"), t, st.integers(0, 3)),
        st.tuples(st.just("where"), st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), t, t, t, t),
    ),
    max_leaves=25,
)
COMPARE = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip


def evaluated(t: Tree) -> float:
    if isinstance(t, str):
        return AT[t]
    if not isinstance(t, tuple):
        return float(t)
    if t[0] == "where":
        return evaluated(t[4]) if COMPARE[t[1]](evaluated(t[2]), evaluated(t[3])) else evaluated(t[5])
    if t[0] == "**":
        return evaluated(t[1]) ** t[2]
    return {**ONE, **TWO}[t[0]](*map(evaluated, t[1:]))


def printed(t: Tree, level: int = 0) -> str:
    """With no more parentheses than are needed."""
    if not isinstance(t, tuple):
        return str(t)
    if t[0] == "where":
        return f"where({printed(t[2], 2)} {t[1]} {printed(t[3], 2)}, {printed(t[4], 2)}, {printed(t[5], 2)})"
    own = BINDS.get(t[0])
    if own is None:
        return f"{t[0]}({', '.join(printed(x, 2) for x in t[1:])})"
    if t[0] == "neg":
        text = f"-{printed(t[1], 4)}"
    elif t[0] == "**":
        text = f"{printed(t[1], 6)}**{t[2]}"
    else:
        text = f"{printed(t[1], own)}{t[0]}{printed(t[2], own + 1)}"
    return f"({text})" if own < level else text


def _degree(t: Tree) -> float:
    if not isinstance(t, tuple):
        return 1
    below = max((_degree(x) for x in t[1:] if not (isinstance(x, str) and x in COMPARE)), default=1)
    return below * max(t[2], 1) if t[0] == "**" else below


@settings(max_examples=400)
@given(trees)
def test_what_is_printed_is_parsed_to_the_same_value(t):
    hypothesis.assume(_degree(t) <= 200)
    try:
        expected = evaluated(t)
    except OverflowError:
        return
    f = parse(printed(t))
    got = float(f(**{name: AT[name] for name in f.variables}))
    # Both round, so they may part after a cancellation and where a comparison is nearly the other one.
    assert got == pytest.approx(expected, rel=1e-9, abs=1e-9 * _size(t)) or _borderline(t), printed(t)


def _parts(t: Tree) -> list[Tree]:
    return [t] + [p for x in t[1:] for p in _parts(x)] if isinstance(t, tuple) else [] if t in COMPARE else [t]


def _size(t: Tree) -> float:
    """The largest number that occurs."""
    return max(abs(evaluated(p)) for p in _parts(t))


def _borderline(t: Tree) -> bool:
    """Whether a comparison was nearly the other one."""
    conditions = [p for p in _parts(t) if isinstance(p, tuple) and p[0] == "where"]
    return any(math.isclose(evaluated(p[2]), evaluated(p[3]), rel_tol=1e-9, abs_tol=1e-12) for p in conditions)
