"""From a traced function to SymPy: the graph is run on symbols, and so are the engine's rules for its gradient.

`Symbols` is an array of SymPy expressions that stands where a NumPy array would. Each op answers in one of three ways:

    the `sympy` column is text     it is applied to each element: "sin", "%0/%1"
    the `sympy` column is a rule   it says the op in simpler ops: softmax is exp(x) / sum(exp(x))
    there is none                  the op's own kernel is run on the symbols, and what NumPy is asked for is an op again

The derivatives are those of the engine: the graph of the gradient that the trace wrote, not a second calculus. Numbers
that a program holds as floats are shown as people write them (`number`).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from fractions import Fraction
from importlib import import_module
from itertools import accumulate, combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.base.language import say
from chainrule.core.graph import Var, order
from chainrule.core.op import REGISTRY, Bilinear, Elementwise, Linear, Op
from chainrule.core.registry import by_ufunc
from chainrule.core.tracer import Tracer
from chainrule.see.derive.algebra import NoFormula, sp

if TYPE_CHECKING:
    from chainrule.see.derive.subject import Subject


RANKED = 5  # elements whose order is written out


class Symbols(Tracer):
    """An array of SymPy expressions in the place of a payload."""

    __slots__ = ("a",)
    dtype = np.dtype("float64")

    def __init__(self, a: Any) -> None:
        self.a = np.asarray(a, dtype=object)

    @property
    def shape(self) -> tuple[int, ...]:
        """As of an array."""
        return self.a.shape

    @property
    def ndim(self) -> int:
        """As of an array."""
        return self.a.ndim

    @property
    def size(self) -> int:
        """As of an array."""
        return self.a.size

    def _interpret(self, op: Op, args: Sequence[Any], attrs: dict[str, Any]) -> Any:
        column = op.columns.get("sympy", op.columns.get("parts", _MATRICES.get(op.columns.get("matrix", ""))))
        attrs = {k: number(x) if type(x) is float else x for k, x in attrs.items()}
        if isinstance(column, str):
            return Symbols(_each(column, len(args))(*[_expressions(x) for x in args]))
        moving = isinstance(op, (Linear, Bilinear)) or op.columns.keys() & {"moves", "objects"}
        if moving:  # they but move and add the elements of arrays
            args = [x.a if isinstance(x, Symbols) else x for x in args]
        if column is None and "operator" in op.columns:  # its kernel is the operator itself
            raise NoFormula(say("the operation {op} has no formula", op=op.name))
        try:
            got = None if column is None else column(*args, **attrs)
            got = op.kernel(*args, **attrs) if got is None else got
        except (TypeError, AttributeError, ValueError) as e:
            raise NoFormula(say("the operation {op} has no formula", op=op.name)) from e
        return got if isinstance(got, Symbols) else Symbols(got)

    def function(self, name: str, *before: Any) -> Symbols:
        """A function of SymPy's of each element, with other arguments before it."""
        return Symbols(np.frompyfunc(lambda e: getattr(sp, name)(*before, e), 1, 1)(self.a))

    def ranked(self, k: int) -> Symbols:
        """The element at place k in the order of all."""
        return Symbols(_ranked(list(self.a.reshape(-1)), k))

    def astype(self, dtype: Any, copy: bool = True) -> Symbols:
        """Formulas are exact."""
        return self

    def __array_ufunc__(
        self, ufunc: Any, method: str, *args: Any, axis: Any = None, keepdims: bool = False, **_: Any
    ) -> Any:
        """What a kernel asks of NumPy, by the op of that name."""
        op = by_ufunc().get(ufunc)
        if op is None or "sympy" not in op.columns or method not in ("__call__", "reduce", "accumulate"):
            return NotImplemented
        if method == "__call__":
            return self._interpret(op, args, {})
        if method == "accumulate":
            running = accumulate(map(Symbols, np.moveaxis(self.a, axis, 0)), op)
            return Symbols(np.stack([x.a for x in running], axis))
        axes = range(self.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
        lines = np.moveaxis(self.a, tuple(axes), tuple(range(len(axes))))
        lines = lines.reshape(-1, *lines.shape[len(axes) :])
        whole: Symbols = functools.reduce(op, map(Symbols, lines))
        return Symbols(np.expand_dims(whole.a, tuple(axes))) if keepdims else whole


_MATRICES = {
    "determinant": lambda x: Symbols(sp.Matrix(x.a).det()),
    "cofactor matrix": lambda x: Symbols(np.array(sp.Matrix(x.a).cofactor_matrix().tolist(), dtype=object)),
    "inverse": lambda x, **_: Symbols(np.array(sp.Matrix(x.a).inv().tolist(), dtype=object)),
}


def _ranked(xs: list[Any], k: int) -> Any:
    """The element that stands at place k when all are in order, as cases; of equal ones the first comes first."""
    if len(xs) > RANKED:
        raise NoFormula(say("the order of more than {n} elements has no formula on a page", n=RANKED))
    cases = []
    for i, x in enumerate(xs):
        others = [j for j in range(len(xs)) if j != i]
        ways = [
            sp.And(*[xs[j] <= x if j < i else xs[j] < x for j in below],
                   *[xs[j] >= x if j > i else xs[j] > x for j in others if j not in below])
            for below in combinations(others, k)
        ]  # fmt: skip
        cases.append((x, sp.Or(*ways)))
    return sp.Piecewise(*cases[:-1], (cases[-1][0], True))


@functools.cache
def _each(column: str, n: int) -> Any:
    """A `sympy` column as a function of arrays of expressions."""
    names = [f"_{i}" for i in range(n)]
    if "%" not in column:
        column = f"{column}({', '.join(f'%{i}' for i in range(n))})"
    for i, name in enumerate(names):
        column = column.replace(f"%{i}", name)
    call = eval(
        f"lambda {', '.join(names)}: settled({column})", {**vars(import_module("sympy")), "settled": settled}
    )  # our own table's text
    return np.frompyfunc(call, n, 1)


def _expressions(x: Any) -> Any:
    return x.a if isinstance(x, Symbols) else _numbers(np.asarray(x))


def settled(r: Any) -> Any:
    """A comparison with a piecewise value, as a condition on what the pieces depend on."""
    if not isinstance(r, sp.Rel):
        return r
    choice = next(iter(r.atoms(sp.Piecewise)), None)
    if choice is None:
        return r
    found, before = sp.false, sp.false
    for value, condition in choice.args:
        found = sp.Or(found, sp.And(condition, sp.Not(before), settled(r.xreplace({choice: value}))))
        before = sp.Or(before, condition)
    return found


def _apart(condition: Any) -> Any:
    """A condition of a derivative rule away from the single points where it guards against 0/0 or shares a tie."""
    return condition.replace(sp.Eq, lambda *_: sp.false).replace(sp.Ne, lambda *_: sp.true)


# ------------------------------------------------------------------------------------------------------------- numbers

_KNOWN = {"pi": math.pi, "E": math.e, "log(2)": math.log(2), "log(10)": math.log(10), "sqrt(2)": math.sqrt(2),
          "sqrt(pi)": math.sqrt(math.pi), "sqrt(2/pi)": math.sqrt(2 / math.pi), "1/pi": 1 / math.pi,
          "1/log(2)": 1 / math.log(2), "1/log(10)": 1 / math.log(10), "sqrt(3)": math.sqrt(3),
          "1/sqrt(pi)": 1 / math.sqrt(math.pi)}  # fmt: skip


@functools.lru_cache(4096)
def _number(x: float) -> Any:
    if not math.isfinite(x):
        return sp.nan if math.isnan(x) else sp.oo if x > 0 else -sp.oo
    if x == int(x) and abs(x) < 1e15:
        return sp.Integer(int(x))
    fraction = _fraction(x, 1000)
    if fraction is not None:
        return sp.Rational(fraction.numerator, fraction.denominator)
    for name, value in _KNOWN.items():
        fraction = _fraction(x / value, 12)
        if fraction is not None:
            return sp.Rational(fraction.numerator, fraction.denominator) * sp.sympify(name)
    return sp.Float(repr(x))


def _fraction(x: float, most: int) -> Fraction | None:
    near = Fraction(x).limit_denominator(most)
    return near if near and abs(near.numerator) < 10**9 and abs(x - float(near)) <= 4e-16 * abs(x) else None


def number(x: Any) -> Any:
    """A number of a program as people write it.

    0.25 is 1/4, 0.1 is 1/10 (fractions with a denominator up to 1000), math.pi/2 is pi/2; other floats stay as typed.
    """
    if isinstance(x, (bool, np.bool_)):
        return sp.true if x else sp.false
    if isinstance(x, (int, np.integer)):
        return sp.Integer(int(x))
    return _number(float(str(x)) if isinstance(x, np.floating) else float(x))  # a float32 by its own digits


_numbers = np.frompyfunc(number, 1, 1)

# --------------------------------------------------------------------------------------------------------------- graphs


class Reading:
    """A graph read as formulas: `read(values)` gives each as Symbols."""

    def __init__(self, known: dict[int, Any], subject: Subject) -> None:
        self.values = known  # by the number of the Var
        self.subject = subject
        self.function = {v.id for v in subject.function}  # what is not among these belongs to the derivative's rules

    def read(self, wanted: Sequence[Var]) -> list[Symbols]:
        """The formulas of some values, reading what they rest on."""
        todo = [v for v in order(wanted) if v.id not in self.values]
        for v in todo:
            self.values[v.id] = self._value(v)
        return [self.values[v.id] for v in wanted]

    def _value(self, v: Var) -> Any:
        if v.data is not None:
            return Symbols(_numbers(v.data))
        if v.op is None:
            raise NoFormula(say("a value of the function is not known while its formula is made"))
        if v.index is not None:
            return self.values[v.args[0].id][v.index]
        if v.dtype.kind in "iu":
            return Symbols(_numbers(self.subject.whole(v)))
        if v.op.name == "cast":
            return _cast(self.values[v.args[0].id], v)
        op, args, attrs = self.subject.lowered(v)
        args = tuple(self.values[a.id] if isinstance(a, Var) else a for a in args)
        got = Symbols(None)._interpret(op, args, attrs)
        if v.says("operator") in ("==", "!=") and v.id not in self.function:
            got = Symbols(np.frompyfunc(_apart, 1, 1)(got.a))
        if isinstance(v.op, Elementwise) and got.shape != v.shape:
            got = Symbols(np.broadcast_to(got.a, v.shape))
        return got


def _cast(x: Symbols, v: Var) -> Symbols:
    source: Any = v.args[0]
    return REGISTRY["where"](x, 1, 0) if source.dtype.kind == "b" and v.dtype.kind != "b" else x  # type: ignore[no-any-return]


def variables(name: str, shape: tuple[int, ...]) -> Symbols:
    """Symbols named as an argument: x, or x_1, x_2, ... where it has several elements, or x_1_1, ... for a matrix."""
    if math.prod(shape) == 1:
        return Symbols(np.full(shape, sp.Symbol(name, real=True), dtype=object))
    a = np.empty(shape, dtype=object)
    for at in np.ndindex(*shape):
        a[at] = sp.Symbol("_".join([name, *(str(i + 1) for i in at)]), real=True)
    return Symbols(a)


def begin(subject: Subject) -> tuple[list[Symbols], Reading]:
    """A symbol for each number of the arguments, and a reading of the function that begins with them."""
    own = [variables(name, x.shape) for name, x in zip(subject.names, subject.arguments)]
    known: dict[int, Any] = {a.var.id: s for a, s in zip(subject.traced.arguments, own)}
    known |= {i: Symbols(np.frompyfunc(number, 1, 1)(a)) for i, a in subject.captured.items()}
    return own, Reading(known, subject)
