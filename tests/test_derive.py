"""`derive`: formulas against ones written by hand, read by SymPy; values against PyTorch; matrix forms by numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import chainrule as cr

sp = pytest.importorskip("sympy")


def case(f: Any, point: Any, formula: str, **slopes: str) -> Any:
    return pytest.param(f, point, formula, slopes, id=formula[:40])


# f(t, x, ...) with t standing for the library; a point; the formula and its slopes, written by hand.
FORMULAS = [
    # the notebooks' functions
    case(lambda t, x: x**2 - 4 * x + 5, [5.0], "x**2 - 4*x + 5", x="2*x - 4"),
    case(lambda t, x: x * x - 2 * x + 5, [0.3], "x**2 - 2*x + 5", x="2*x - 2"),
    case(lambda t, x: 3 * x * x, [5.0], "3*x**2", x="6*x"),
    case(lambda t, x, y: 5 * x * x * x + 2 * y * y, [7.0, 8.0], "5*x**3 + 2*y**2", x="15*x**2", y="4*y"),
    case(lambda t, x: 5 * (2 * x * x * x) ** 2, [2.0], "20*x**6", x="120*x**5"),
    case(lambda t, x: t.sin(x) ** 2 + 3 * x, [math.pi / 4], "sin(x)**2 + 3*x", x="2*sin(x)*cos(x) + 3"),
    case(lambda t, x: x.pow(2), [10.0], "x**2", x="2*x"),
    case(lambda t, x: x - 4 * x**2 + 0.25 * x**4, [4.0], "x - 4*x**2 + x**4/4", x="1 - 8*x + x**3"),
    case(lambda t, a, b: 0.25 * a**2 + t.sin(b), [-3.5, 1.0], "a**2/4 + sin(b)", a="a/2", b="cos(b)"),
    case(lambda t, x: 10 * x - 1, [5.0], "10*x - 1", x="10"),
    case(lambda t, x: t.log(x), [10.0], "log(x)", x="1/x"),
    case(
        lambda t, x: t.exp(-(x**2 - x + 1) / t.cos(t.log(x)) ** 2), [1.1], "exp(-(x**2 - x + 1)/cos(log(x))**2)",
        x="exp(-(x**2-x+1)/cos(log(x))**2)*(-(2*x-1)/cos(log(x))**2-2*(x**2-x+1)*sin(log(x))/(x*cos(log(x))**3))",
    ),
    # quotients, roots, compositions
    case(lambda t, x: (x**2 + 1) / (x - 3), [1.0], "(x**2 + 1)/(x - 3)", x="(x**2 - 6*x - 1)/(x - 3)**2"),
    case(lambda t, x: t.sin(x) / x, [1.2], "sin(x)/x", x="(x*cos(x) - sin(x))/x**2"),
    case(lambda t, x: 1 / (1 + x**2), [0.7], "1/(1 + x**2)", x="-2*x/(1 + x**2)**2"),
    case(lambda t, x: t.sqrt(1 + x**2), [0.7], "sqrt(1 + x**2)", x="x/sqrt(1 + x**2)"),
    case(lambda t, x: t.rsqrt(x), [0.7], "1/sqrt(x)", x="-1/(2*x**(S(3)/2))"),
    case(lambda t, x: t.exp(t.exp(t.sin(x))), [0.5], "exp(exp(sin(x)))", x="exp(exp(sin(x)))*exp(sin(x))*cos(x)"),
    case(lambda t, x: t.log(t.log(x**2 + 2)), [0.5], "log(log(x**2 + 2))", x="2*x/((x**2 + 2)*log(x**2 + 2))"),
    case(lambda t, x: t.log1p(t.exp(x)), [0.5], "log(1 + exp(x))", x="exp(x)/(1 + exp(x))"),
    case(lambda t, x: t.tan(x) * t.atan(x), [0.5], "tan(x)*atan(x)", x="(1+tan(x)**2)*atan(x) + tan(x)/(1+x**2)"),
    case(lambda t, x: t.asin(x) - t.acos(x), [0.5], "asin(x) - acos(x)", x="2/sqrt(1 - x**2)"),
    case(lambda t, x: t.sinh(x) * t.cosh(x), [0.5], "sinh(x)*cosh(x)", x="sinh(x)**2 + cosh(x)**2"),
    case(lambda t, x: t.tanh(2 * x + 1), [0.3], "tanh(2*x + 1)", x="2*(1 - tanh(2*x + 1)**2)"),
    case(lambda t, x: t.erf(x / 2), [0.3], "erf(x/2)", x="exp(-x**2/4)/sqrt(pi)"),
    # varying exponents
    case(lambda t, x: x**x, [1.5], "x**x", x="x**x*(1 + log(x))"),
    case(lambda t, x: 2**x, [1.5], "2**x", x="2**x*log(2)"),
    case(lambda t, x, y: x**y, [1.5, 2.5], "x**y", x="y*x**(y - 1)", y="x**y*log(x)"),
    case(lambda t, x: x ** t.sin(x), [1.5], "x**sin(x)", x="x**sin(x)*(cos(x)*log(x) + sin(x)/x)"),
    # composites, as a teacher writes them
    case(lambda t, x: t.sigmoid(x), [0.4], "1/(1 + exp(-x))", x="exp(-x)/(1 + exp(-x))**2"),
    case(lambda t, x: t.nn.functional.softplus(x), [0.4], "log(1 + exp(x))", x="exp(x)/(1 + exp(x))"),
    case(lambda t, x: t.nn.functional.softplus(x, 2), [0.4], "log(1 + exp(2*x))/2", x="exp(2*x)/(1 + exp(2*x))"),
    case(
        lambda t, x: t.nn.functional.gelu(x), [0.4], "x*(1 + erf(x/sqrt(2)))/2",
        x="(1 + erf(x/sqrt(2)))/2 + x*exp(-x**2/2)/sqrt(2*pi)",
    ),
    # piecewise
    case(lambda t, x: t.abs(x**2 - 1), [0.3], "Abs(x**2 - 1)", x="2*x*sign(x**2 - 1)"),
    case(
        lambda t, x: t.relu(2 * x - 1), [0.8], "Piecewise((2*x - 1, x > S(1)/2), (0, True))",
        x="Piecewise((2, x > S(1)/2), (0, True))",
    ),
    case(
        lambda t, x: t.where(x > 1, x**2, 2 * x - 1), [0.8], "Piecewise((x**2, x > 1), (2*x - 1, True))",
        x="Piecewise((2*x, x > 1), (2, True))",
    ),
    case(
        lambda t, x, y: t.maximum(x**2, y), [0.3, 2.0], "Piecewise((x**2, x**2 >= y), (y, True))",
        x="Piecewise((2*x, x**2 >= y), (0, True))", y="Piecewise((0, x**2 >= y), (1, True))",
    ),
    case(
        lambda t, x: t.clamp(x**2, 0.1, 1.0), [0.5],
        "Piecewise((S(1)/10, x**2 < S(1)/10), (1, x**2 > 1), (x**2, True))",
        x="Piecewise((0, x**2 < S(1)/10), (0, x**2 > 1), (2*x, True))",
    ),
    case(
        lambda t, x: t.nn.functional.elu(x), [-0.5], "Piecewise((x, x > 0), (exp(x) - 1, True))",
        x="Piecewise((1, x > 0), (exp(x), True))",
    ),
    # small vectors and matrices
    case(
        lambda t, v: 0.25 * v[0] ** 2 + t.sin(v[1]), [[-3.5, 1.0]], "v_1**2/4 + sin(v_2)",
        v_1="v_1/2", v_2="cos(v_2)",
    ),
    case(
        lambda t, v: t.linalg.norm(v), [[3.0, 4.0]], "sqrt(v_1**2 + v_2**2)",
        v_1="v_1/sqrt(v_1**2 + v_2**2)", v_2="v_2/sqrt(v_1**2 + v_2**2)",
    ),
    case(
        lambda t, v: (v**3).mean(), [[3.0, 4.0, 5.0]], "(v_1**3 + v_2**3 + v_3**3)/3",
        v_1="v_1**2", v_2="v_2**2", v_3="v_3**2",
    ),
    case(
        lambda t, v: t.logsumexp(v, 0), [[0.3, 0.4]], "log(exp(v_1) + exp(v_2))",
        v_1="exp(v_1)/(exp(v_1) + exp(v_2))", v_2="exp(v_2)/(exp(v_1) + exp(v_2))",
    ),
    case(
        lambda t, v: t.prod(v) + v.max(), [[0.3, 0.4]], "v_1*v_2 + Max(v_1, v_2)",
        v_1="v_2 + Piecewise((1, v_1 >= v_2), (0, True))", v_2="v_1 + Piecewise((0, v_1 >= v_2), (1, True))",
    ),
    case(
        lambda t, w: (100 - t.dot(w, t.tensor([3.0, 5.0], dtype=w.dtype))) ** 2, [[10.0, 10.0]],
        "(100 - 3*w_1 - 5*w_2)**2", w_1="-6*(100 - 3*w_1 - 5*w_2)", w_2="-10*(100 - 3*w_1 - 5*w_2)",
    ),
    case(
        lambda t, A: t.linalg.det(A), [[[1.0, 2.0], [3.0, 5.0]]], "A_1_1*A_2_2 - A_1_2*A_2_1",
        A_1_1="A_2_2", A_1_2="-A_2_1", A_2_1="-A_1_2", A_2_2="A_1_1",
    ),
]  # fmt: skip


def bound(f: Any, library: Any) -> Any:
    """f without its first parameter, the others by their own names."""
    names = f.__code__.co_varnames[1 : f.__code__.co_argcount]
    scope: dict[str, Any] = {"f": f, "t": library}
    exec(f"def g({', '.join(names)}): return f(t, {', '.join(names)})", scope)
    return scope["g"]


def number(e: Any, at: dict[str, float]) -> float:
    return float(sp.sympify(e).subs({sp.Symbol(k): v for k, v in at.items()}).evalf())


def nearby(rng: Any, d: Any, point: Any) -> dict[str, float]:
    flat = np.concatenate([np.ravel(np.asarray(x, float)) for x in point])
    return dict(zip(map(str, d.variables), (flat * rng.uniform(0.8, 1.2, flat.shape)).tolist()))


@pytest.mark.parametrize(("f", "point", "formula", "slopes"), FORMULAS)
def test_formulas_are_those_of_the_textbook(f: Any, point: Any, formula: str, slopes: dict[str, str]) -> None:
    seed = len(formula)
    print("seed", seed)
    rng = np.random.default_rng(seed)
    d = cr.derive(bound(f, cr), *point)
    assert {str(x) for x in d.derivatives} == set(slopes)
    for _ in range(4):
        at = nearby(rng, d, point)
        assert number(d.function, at) == pytest.approx(number(formula, at), rel=1e-9, abs=1e-12)
        for name, slope in slopes.items():
            assert number(d.derivatives[name], at) == pytest.approx(number(slope, at), rel=1e-9, abs=1e-12), name
            by_sympy = sp.diff(sp.sympify(formula), sp.Symbol(name))
            if not by_sympy.has(sp.Heaviside, sp.Derivative):
                assert number(d.derivatives[name], at) == pytest.approx(number(by_sympy, at), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(("f", "point", "formula", "slopes"), FORMULAS)
def test_values_are_torchs(f: Any, point: Any, formula: str, slopes: dict[str, str]) -> None:
    torch = pytest.importorskip("torch")
    d = cr.derive(bound(f, cr), *point)
    xs = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in point]
    y = bound(f, torch)(*xs)
    y.backward()
    assert d.values.function == pytest.approx(float(y), rel=1e-9)
    grads = np.concatenate([x.grad.numpy().ravel() for x in xs])
    at = dict(zip(map(str, d.variables), np.concatenate([x.detach().numpy().ravel() for x in xs]).tolist()))
    for x, g in zip(d.variables, grads):
        assert d.values.derivatives[x] == pytest.approx(g, rel=1e-9, abs=1e-12)
        assert number(d.derivatives[x], at) == pytest.approx(g, rel=1e-9, abs=1e-12)


def test_there_are_forty_of_them() -> None:
    assert len(FORMULAS) >= 40


# ----------------------------------------------------------------------------------------------- what is shown, and how


def test_formulas_are_written_as_people_write_them() -> None:
    def shown(f: Any, *written: str) -> bool:
        """Whether function and slope have this form; the order of terms is SymPy's affair."""
        d = cr.derive(f)
        found = [d.function, *d.derivatives.values()]
        plain = {s: sp.Symbol(s.name) for s in d.variables}
        return [e.xreplace(plain) for e in found][-len(written) :] == [sp.sympify(w) for w in written]

    assert shown(lambda x: x - 4 * x**2 + 0.25 * x**4, "x**4/4 - 4*x**2 + x", "x**3 - 8*x + 1")
    assert shown(lambda x: cr.sin(x) ** 2 + 3 * x, "2*sin(x)*cos(x) + 3")
    assert shown(lambda x: x**x, "x**x*(log(x) + 1)")
    assert shown(lambda x: cr.nn.functional.softplus(x), "log(exp(x) + 1)", "exp(x)/(exp(x) + 1)")
    assert shown(lambda x: math.pi / 2 * x + 0.123456, "pi*x/2 + 0.123456", "pi/2")
    assert shown(lambda x: cr.relu(x), "Piecewise((x, x > 0), (0, True))", "Piecewise((1, x > 0), (0, True))")
    assert shown(lambda x: 0.1 * x, "1/10")
    three = cr.derive(lambda v: v.max(), [3.0, 4.0, 5.0])
    v1, v2, v3 = three.variables
    assert three.derivatives["v_2"] == sp.Piecewise((1, (v2 >= v3) & (v1 < v2)), (0, True))


def test_text_and_latex() -> None:
    def f(x: Any) -> Any:
        return x**2 - 4 * x + 5

    d = cr.derive(f, 5)
    raised, drawn = sp.pretty(d.function, use_unicode=True).split("\n")
    assert d.text().split("\n") == [
        " " * 7 + raised.rstrip(), f"f(x) = {drawn}", f"df/dx = {sp.pretty(d.derivatives['x'], use_unicode=True)}",
        "at x = 5:", "    f = 10", "    df/dx = 6",
    ]  # fmt: skip
    assert repr(d) == d.text()
    assert d.latex() == (
        f"\\begin{{array}}{{rl}} \\displaystyle f\\left(x\\right) &= \\displaystyle {sp.latex(d.function)} \\\\ "
        f"\\displaystyle \\frac{{d f}}{{dx}} &= \\displaystyle {sp.latex(d.derivatives['x'])} \\end{{array}}"
    )
    assert d._repr_latex_() == f"$\\displaystyle {d.latex()}$"
    assert cr.derive(f).values is None


def test_higher_orders_hessians_and_jacobians() -> None:
    x, y = sp.symbols("x y")
    d = cr.derive(lambda x: x**5, 2.0, order=3)
    assert d.derivatives == {x: 60 * x**2}
    assert d.values.derivatives["x"] == pytest.approx(240)
    d = cr.derive(lambda x, y: x**3 * y**2, 1.0, 2.0, order=2)
    assert dict(d.derivatives) == {(x, x): 6 * x * y**2, (x, y): 6 * x**2 * y, (y, y): 2 * x**3}
    assert d.derivatives["x", "y"] == 6 * x**2 * y
    assert d.hessian == sp.Matrix([[6 * x * y**2, 6 * x**2 * y], [6 * x**2 * y, 2 * x**3]])
    assert [d.values.derivatives[k] for k in d.derivatives] == pytest.approx([24, 12, 2])
    r, t = sp.symbols("r t")
    polar = cr.derive(lambda r, t: cr.stack([r * cr.cos(t), r * cr.sin(t)]), 2.0, 0.5)
    assert polar.jacobian == sp.Matrix([[sp.cos(t), -r * sp.sin(t)], [sp.sin(t), r * sp.cos(t)]])
    assert np.ravel(polar.values.derivatives["t"]) == pytest.approx([-2 * math.sin(0.5), 2 * math.cos(0.5)])


# ---------------------------------------------------------------------------------------------------------- matrix form


def evaluated(e: Any, known: dict[str, np.ndarray[Any, Any]]) -> Any:
    """A matrix formula as numbers, node by node."""

    def of(x: Any) -> Any:
        return evaluated(x, known)

    kind = type(e).__name__
    if kind in ("MatrixSymbol", "OneHot"):
        return known[e.name]
    if e.is_Symbol:
        return known[e.name].item()
    if kind == "MatMul":
        out: Any = None
        scale = math.prod(of(a) for a in e.args if not a.is_Matrix)
        for a in e.args:
            if a.is_Matrix:
                out = of(a) if out is None else out @ of(a)
        return scale * out
    shape = tuple(map(int, e.shape)) if e.is_Matrix else ()
    simple = {
        "MatAdd": lambda: sum(map(of, e.args[1:]), of(e.args[0])), "Transpose": lambda: of(e.arg).T,
        "Inverse": lambda: np.linalg.inv(of(e.arg)),
        "HadamardProduct": lambda: np.prod([of(a) for a in e.args], axis=0),
        "HadamardPower": lambda: of(e.base) ** float(e.exp), "OneMatrix": lambda: np.ones(shape),
        "ZeroMatrix": lambda: np.zeros(shape), "Identity": lambda: np.eye(shape[0]),
        "DiagMatrix": lambda: np.diag(of(e.args[0]).ravel()), "DiagonalOf": lambda: np.diag(of(e.args[0]))[:, None],
        "Trace": lambda: np.trace(of(e.arg)), "Determinant": lambda: np.linalg.det(of(e.arg)),
    }  # fmt: skip
    if kind in simple:
        return simple[kind]()
    if kind == "ElementwiseApplyFunction":
        return sp.lambdify(e.function.variables, e.function.expr)(of(e.expr)) * np.ones(shape)
    if kind == "Rowwise":
        rows = of(e.args[1]).T if shape[1] == 1 else of(e.args[1])
        logs = rows - np.log(np.exp(rows).sum(-1, keepdims=True))
        logs = logs if e.row_name == "log_softmax" else np.exp(logs)
        return logs.T if shape[1] == 1 else logs
    if e.is_number:
        return float(e)
    names = [sp.Dummy() for _ in e.args]
    return sp.lambdify(names, e.func(*names))(*map(of, e.args))


RNG = np.random.default_rng(5)
X, A, C = (cr.tensor(RNG.normal(size=s)) for s in ((12, 7), (7, 7), (7, 7)))
y, b = (cr.tensor(RNG.normal(size=n)) for n in (12, 7))
labels = cr.tensor((RNG.normal(size=12) > 0).astype(float))
classes = cr.arange(12) % 3
functional = cr.nn.functional

MATRIX = [
    (lambda w: ((X @ w - y) ** 2).sum(), [(7,)], "‖X w - y‖^2", ["2 X^T (X w - y)"]),
    (lambda w: ((X @ w - y) ** 2).mean(), [(7,)], "‖X w - y‖^2/12", ["(1/6) X^T (X w - y)"]),
    (lambda w: functional.mse_loss(X @ w, y), [(7,)], "‖X w - y‖^2/12", ["(1/6) X^T (X w - y)"]),
    (lambda w: ((X @ w - y) ** 2).sum() + 0.1 * (w**2).sum(), [(7,)], None, ["(1/5) w + 2 X^T (X w - y)"]),
    (
        lambda w: functional.binary_cross_entropy_with_logits(X @ w, labels), [(7,)], None,
        ["(1/12) X^T (sigmoid(X w) - labels)"],
    ),
    (
        lambda w: -(labels * cr.log(cr.sigmoid(X @ w)) + (1 - labels) * cr.log(1 - cr.sigmoid(X @ w))).mean(), [(7,)],
        None, ["(1/12) X^T (sigmoid(X w) - labels)"],
    ),
    (
        lambda W: functional.cross_entropy(X @ W, classes), [(7, 3)], "-tr(onehot^T log_softmax(X W))/12",
        ["(1/12) X^T (softmax(X W) - onehot)"],
    ),
    (lambda x: 0.5 * x @ A @ x - b @ x, [(7,)], "x^T A x/2 - b^T x", ["(1/2) (A^T + A) x - b"]),
    (lambda x: (A @ x - b).norm(), [(7,)], "‖A x - b‖", ["(1/‖A x - b‖) A^T (A x - b)"]),
    (lambda M: cr.trace(A @ M), [(7, 7)], "tr(A M)", ["A^T"]),
    (lambda M: (M**2).sum(), [(7, 7)], "‖M‖^2", ["2 M"]),
    (lambda M: cr.logdet(M.T @ M), [(7, 7)], None, None),
    (lambda M: cr.det(M), [(7, 7)], "det(M)", ["det(M) M^-T"]),
    (lambda v: (cr.linalg.solve(A, v) * b).sum(), [(7,)], "v^T A^-T b", ["A^-T b"]),
    (lambda x: cr.logsumexp(x, 0), [(7,)], "log(sum(exp(x)))", ["(1/sum(exp(x))) exp(x)"]),
    (lambda w: cr.relu(X @ w).sum(), [(7,)], "sum(relu(X w))", ["X^T [X w > 0]"]),
    (lambda w: cr.abs(X @ w - y).sum(), [(7,)], None, ["X^T sign(X w - y)"]),
    (lambda W, v: ((cr.tanh(X @ W) @ v - y) ** 2).mean(), [(7, 4), (4,)], "‖tanh(X W) v - y‖^2/12", None),
    (lambda W, c: ((X @ W + c) ** 2).sum(), [(7, 5), (5,)], None, None),
    (lambda x: x @ b / (x.norm() * b.norm()), [(7,)], None, None),
    (lambda x: cr.softmax(x, 0) @ b, [(7,)], None, None),
    (lambda x: (x * b * cr.sin(x)).sum(), [(7,)], None, ["x * b * cos(x) + sin(x) * b"]),
    (lambda w: cr.clamp(X @ w, -1.0, 1.0).sum(), [(7,)], None, None),
    (lambda w: cr.maximum(X @ w, y).sum(), [(7,)], None, None),
    (lambda x: x.var(), [(7,)], None, ["(1/3) (x - (sum(x)/7) 𝟏)"]),
    (lambda w: X @ w, [(7,)], "X w", ["X"]),
    (lambda x: cr.sin(x), [(7,)], "sin(x)", ["diag(cos(x))"]),
]  # fmt: skip


@pytest.mark.parametrize(("f", "shapes", "formula", "slopes"), MATRIX)
def test_matrix_formulas(f: Any, shapes: Any, formula: str | None, slopes: list[str] | None) -> None:
    print("seed", 7)
    rng = np.random.default_rng(7)
    point = [rng.normal(size=s) for s in shapes]
    d = cr.derive(f, *point)
    lines = dict(line.split(" = ", 1) for line in d.text().split("\n") if " = " in line and not line.startswith(" "))
    texts = [line for head, line in lines.items() if "/d" in head or "/∂" in head]
    assert formula in (None, next(iter(lines.values())))
    assert slopes in (None, texts[: len(shapes)])
    known = {k: v.numpy() for k, v in {"X": X, "A": A, "y": y, "b": b, "labels": labels}.items()}
    known = {k: v if v.ndim == 2 else v[:, None] for k, v in known.items()}
    known["onehot"] = np.eye(3)[classes.numpy()]
    known |= {k: v if v.ndim == 2 else v[:, None] for k, v in zip(d.subject.names, point)}
    assert np.ravel(evaluated(d.function, known)) == pytest.approx(np.ravel(d.values.function), rel=1e-7)
    for x in d.variables:
        got = np.asarray(evaluated(d.derivatives[x], known))
        assert np.ravel(got) == pytest.approx(np.ravel(d.values.derivatives[x]), rel=1e-7, abs=1e-9)


@pytest.mark.parametrize("at", [0, 1, 3, 4, 7, 8])
def test_matrix_hessians(at: int) -> None:
    point = np.random.default_rng(3).normal(size=7)
    d = cr.derive(MATRIX[at][0], point, order=2)
    known = {k: v.numpy() for k, v in {"X": X, "A": A, "y": y, "b": b, "labels": labels}.items()}
    known = {k: v if v.ndim == 2 else v[:, None] for k, v in known.items()}
    known[d.subject.names[0]] = point[:, None]
    (x,) = d.variables
    np.testing.assert_allclose(evaluated(d.hessian, known), d.values.derivatives[x], rtol=1e-7, atol=1e-9)
    assert at != 0 or "2 X^T X" in d.text()


def test_shapes_are_said_and_tex_is_written() -> None:
    def loss(w: Any) -> Any:
        return ((X @ w - y) ** 2).sum()

    d = cr.derive(loss, [0.0] * 7)
    assert d.text().startswith("shapes: w: 7, X: 12×7, y: 12\n")
    assert "2 X^{T} \\left(X w - y\\right)" in d.latex()
    assert "\\left\\|X w - y\\right\\|^{2}" in d.latex()


# -------------------------------------------------------------------------------------------------- what has no formula


def branch(x: Any) -> Any:
    if x > 0:
        return x
    return -x


def loop(x: Any) -> Any:
    while x < 10:
        x = 2 * x
    return x


def doubling(x: Any) -> Any:
    for _ in range(40):
        x = cr.sin(x) * x
    return x


@pytest.mark.parametrize(
    ("f", "point", "kind", "words"),
    [
        (branch, [1.0], ValueError, "if x > 0:.*no single formula"),
        (loop, [1.0], ValueError, "while x < 10:.*no single formula"),
        (lambda x: x * math.sin(x), [1.0], ValueError, "no single formula"),
        (lambda x: x * cr.rand(()), [1.0], ValueError, "random numbers"),
        (lambda x: 3.0, [1.0], TypeError, "must return one tensor.*float 3.0"),
        (lambda x: None, [1.0], TypeError, "must return one tensor.*None"),
        (lambda x: (x, x), [1.0], TypeError, "2 tensors"),
        (lambda x: x > 0, [1.0], TypeError, "bool"),
        (lambda x: cr.log(x), [-1.0], ValueError, "outside the domain: log of -1 is nan"),
        (lambda x: x / (x - 1), [1.0], ValueError, "outside the domain: div of 1, 0 is inf"),
        (lambda v: v[0] * v[1], [], ValueError, "give a point"),
        (lambda x, y: x * y, [1.0], TypeError, "2 arguments"),
        (doubling, [1.0], ValueError, "longer than anyone can read"),
        (lambda x: cr.sort(x)[0][0], [np.arange(9.0)], ValueError, "no matrix formula"),
    ],
)
def test_refused_with_the_reason(f: Any, point: Any, kind: Any, words: str) -> None:
    with pytest.raises(kind, match=words):
        cr.derive(f, *point)


def test_a_gradient_that_is_stopped_is_shown_as_it_is() -> None:
    d = cr.derive(lambda x: x.detach() ** 2 + x, 3.0)
    assert d.derivatives["x"] == 1
    with pytest.raises(ValueError, match="stops gradients"):
        d.steps  # noqa: B018


def test_nonsense_options() -> None:
    with pytest.raises(ValueError, match="order must be"):
        cr.derive(lambda x: x, 1.0, order=0)
    with pytest.raises(ValueError, match="form must be"):
        cr.derive(lambda x: x, 1.0, form="prose")


def test_what_is_neither_function_nor_text() -> None:
    with pytest.raises(TypeError, match=r"takes a function or a text such as 'x\*\*2', but got 3"):
        cr.derive(3)
