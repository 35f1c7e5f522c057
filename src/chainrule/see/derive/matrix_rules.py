"""What operations do to whole vectors and matrices: the table by which a graph is read as a matrix formula.

`Whole` stands where a NumPy array would, a matrix expression with the shape of the tensor. An elementwise op is applied
to every element by its `sympy` column; an op that the table does not know, and that says itself in simpler ops, is read
through those.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np

from chainrule.base.language import say
from chainrule.base.shapes import broadcast, reduced
from chainrule.core.op import REGISTRY, Elementwise, Op
from chainrule.core.tracer import Tracer
from chainrule.see.derive import whole
from chainrule.see.derive.algebra import NoFormula, sp
from chainrule.see.derive.symbols import Symbols, number

Shape = tuple[int, ...]


class Whole(Tracer):
    """A matrix expression (or a number, for a tensor of one element) in the place of a payload."""

    dtype = np.dtype("float64")

    def __init__(self, e: Any, shape: Shape) -> None:
        self.e, self.shape, self.ndim = e, tuple(shape), len(shape)

    @property
    def rows_columns(self) -> Shape:
        """The shape as a matrix; a vector is a column."""
        return matrix_shape(self.shape)

    def _interpret(self, op: Op, args: Sequence[Any], attrs: dict[str, Any]) -> Whole:
        args = [x if isinstance(x, Whole) or x is None else Whole(number(x), ()) for x in args]
        rule = rule_of(op)
        if rule is not None:
            return rule(*args, **attrs)  # type: ignore[no-any-return]
        if isinstance(op, Elementwise):
            if all(prod(x.shape) == 1 for x in args if x is not None):
                got = Symbols(None)._interpret(op, [x if x is None else Symbols(x.e) for x in args], attrs)
                return Whole(got.a.reshape(-1)[0], broadcast(*[x.shape for x in args if x is not None]))
            if len(args) == 1:
                return _each(op, args[0], attrs)
        column = op.columns.get("sympy", op.columns.get("parts"))
        if not callable(column):
            raise NoFormula(say("the operation {op} has no matrix formula", op=op.name))
        return column(*args, **attrs)  # type: ignore[no-any-return]


def matrix_shape(shape: Shape) -> Shape:
    """The shape of a tensor as a matrix; a vector is a column."""
    if len(shape) > 2:
        raise NoFormula(say("a tensor of shape {shape} does not fit into a matrix formula", shape=list(shape)))
    return shape if len(shape) == 2 else (prod(shape), 1)


# ------------------------------------------------------------------------------------------------- elementwise rules


def _wide(x: Whole, shape: Shape) -> Any:
    """x broadcast to a shape, as a matrix."""
    if prod(x.shape) == 1:
        return x.e if prod(shape) == 1 else whole.everywhere(x.e, matrix_shape(shape))
    if x.shape == shape or len(shape) == 1 or (x.rows_columns == shape and len(x.shape) == 2):
        return x.e
    if len(x.shape) == 1 or x.shape[0] == 1:  # the same row, again and again
        row = whole.transpose(x.e) if len(x.shape) == 1 else x.e
        return whole.product(sp.OneMatrix(shape[0], 1), row)
    return whole.product(x.e, sp.OneMatrix(1, shape[1]))


def _add(x: Whole, y: Whole) -> Whole:
    shape = broadcast(x.shape, y.shape)
    a, b = _wide(x, shape), _wide(y, shape)
    return Whole(a + b if prod(shape) == 1 else whole.plus(a, b), shape)


def _neg(x: Whole) -> Whole:
    return _scale(sp.S.NegativeOne, x)


def _scale(c: Any, x: Whole) -> Whole:
    return Whole(c * x.e if prod(x.shape) == 1 else whole.scale(c, x.e), x.shape)


def _mul(x: Whole, y: Whole) -> Whole:
    shape = broadcast(x.shape, y.shape)
    for c, other in ((x, y), (y, x)):
        if prod(c.shape) == 1:
            return Whole(_scale(c.e, other).e, shape)
    if len(shape) == 2 and x.shape != y.shape:
        for column, other in ((x, y), (y, x)):
            if len(column.shape) == 2 and column.shape[1] == 1:
                row = whole.transpose(other.e) if len(other.shape) == 1 else other.e
                if len(other.shape) == 1 or other.shape[0] == 1:  # a column times a row
                    return Whole(whole.product(column.e, row), shape)
                return Whole(whole.product(whole.diagonal(column.e), other.e), shape)
            if len(column.shape) == 1 or column.shape[0] == 1:
                v = column.e if len(column.shape) == 1 else whole.transpose(column.e)
                return Whole(whole.product(other.e, whole.diagonal(v)), shape)
    return Whole(whole.times(_wide(x, shape), _wide(y, shape)), shape)


def _power(x: Whole, n: Whole) -> Whole:
    if prod(x.shape) == 1 and prod(n.shape) == 1:
        return Whole(x.e**n.e, x.shape)
    if prod(n.shape) > 1 or not n.e.is_number:
        raise NoFormula(say("a power with such an exponent has no matrix formula"))
    return Whole(whole.power(x.e, n.e), x.shape)


def _div(x: Whole, y: Whole) -> Whole:
    return _mul(x, _power(y, Whole(sp.S.NegativeOne, ())))


FUNCTIONS: dict[Any, str] = {}  # the op that each elementwise function came from, to write it by


def _each(op: Op, x: Whole, attrs: dict[str, Any]) -> Whole:
    t = sp.Symbol("t", real=True)
    body = Symbols(None)._interpret(op, [Symbols(t)], attrs).a[()]
    return _apply(sp.Lambda(t, body), op.name, x)


def _apply(f: Any, name: str, x: Whole) -> Whole:
    c = whole.constant(x.e)
    if c is not None:
        return Whole(whole.everywhere(f(c), x.rows_columns), x.shape)
    FUNCTIONS[f] = name
    if name == "exp" and getattr(x.e, "row_name", None) == "log_softmax":
        return Whole(_rowwise()("softmax", x.e.args[1]), x.shape)
    if name == "exp" and isinstance(x.e, sp.MatAdd):  # exp(a + c) = exp(c) exp(a)
        parts = whole.terms(x.e)
        shifts = [k for k, factors in parts if isinstance(factors[0], sp.OneMatrix) and len(factors) == 1]
        if shifts:
            rest = whole.together([t for t in parts if not isinstance(t[1][0], sp.OneMatrix)], x.e.shape)
            return _scale(sp.exp(sp.Add(*shifts)), _apply(f, name, Whole(rest, x.shape)))
    return Whole(sp.ElementwiseApplyFunction(f, x.e), x.shape)


# --------------------------------------------------------------------------------------------------- where and relu


class Condition(Whole):
    """A comparison: `holds` is 1 where it does and 0 elsewhere; None for one that holds at single points only."""

    def __init__(self, holds: Any, shape: Shape) -> None:
        super().__init__(holds, shape)


def _positive(x: Whole, y: Whole, sign: int) -> Condition:
    """Where sign * (x - y) > 0."""
    inner = x.e
    if y.e == 0 and sign > 0 and isinstance(inner, sp.ElementwiseApplyFunction) and FUNCTIONS[inner.function] == "relu":
        x = Whole(inner.expr, x.shape)  # relu(z) > 0 where z > 0
    gap = _add(x, _neg(y)) if sign > 0 else _add(y, _neg(x))
    t = sp.Symbol("t", real=True)
    step = sp.Lambda(t, sp.Piecewise((1, t > 0), (0, True)))
    if prod(gap.shape) == 1:
        return Condition(step(gap.e), gap.shape)
    return Condition(_apply(step, "[]", gap).e, gap.shape)


def _not(c: Condition) -> Condition:
    one = sp.S.One if prod(c.shape) == 1 else sp.OneMatrix(*c.rows_columns)
    return Condition(_add(Whole(one, c.shape), _neg(c)).e, c.shape)


def _where(c: Condition, x: Whole, y: Whole) -> Whole:
    shape = broadcast(c.shape, x.shape, y.shape)
    if c.e is None:
        return Whole(_wide(y, shape), shape)
    return _add(_mul(c, x), _mul(_not(c), y))


# ---------------------------------------------------------------------------------------------- sums, shapes, products


def _reduced(x: Whole, dim: Any, keepdim: Any) -> Shape:
    return reduced(x.shape, tuple(range(x.ndim)) if dim is None else dim, keepdim)


def _sum(x: Whole, *, dim: Any = None, keepdim: Any = False) -> Whole:
    shape = _reduced(x, dim, keepdim)
    if prod(x.shape) == 1:
        return Whole(x.e, shape)
    if prod(shape) == 1:
        return Whole(whole.total(x.e), shape)
    rows, columns = x.rows_columns
    if dim == (0,):
        e = whole.product(whole.transpose(x.e), sp.OneMatrix(rows, 1))
        return Whole(whole.transpose(e) if keepdim else e, shape)
    c, factors = whole.one_term(x.e)
    if len(factors) == 1 and isinstance(factors[0], _one_hot_kind()):  # a single 1 in each row
        return Whole(whole.everywhere(c, (rows, 1)), shape)
    return Whole(whole.product(x.e, sp.OneMatrix(columns, 1)), shape)


def _mean(x: Whole, *, dim: Any, keepdim: Any) -> Whole:
    n = prod(x.shape) if dim is None else prod(x.shape[i] for i in dim)
    return _scale(sp.Rational(1, n), _sum(x, dim=dim, keepdim=keepdim))


def _sum_to(x: Whole, *, shape: Shape) -> Whole:
    lead = x.ndim - len(shape)
    dims = tuple(range(lead)) + tuple(i + lead for i, s in enumerate(shape) if s == 1 and x.shape[i + lead] != 1)
    return Whole((_sum(x, dim=dims, keepdim=lead == 0) if dims else x).e, shape)


def _reshape(x: Whole, shape: Shape) -> Whole:
    if prod(shape) == 1 or x.rows_columns == matrix_shape(shape):
        return Whole(x.e, shape)
    if 1 in matrix_shape(shape) and 1 in x.rows_columns:
        return Whole(whole.transpose(x.e), shape)
    raise NoFormula(say("a matrix that is reshaped has no matrix formula"))


def _transpose(x: Whole, **_: Any) -> Whole:
    if x.ndim < 2 or prod(x.shape) == 1:
        return Whole(x.e, x.shape[::-1])
    return Whole(whole.transpose(x.e), x.shape[::-1])


def _permute(x: Whole, *, dims: Shape) -> Whole:
    return x if dims == tuple(range(x.ndim)) else _transpose(x)


def _matmul(a: Whole, b: Whole) -> Whole:
    shape = (*a.shape[:-1], *(b.shape[:-2] + b.shape[-1:] if b.ndim > 1 else ()))
    if prod(a.shape) == 1 or prod(b.shape) == 1:
        c, other = (a, b) if prod(a.shape) == 1 else (b, a)
        return _reshape(_scale(c.e, other), shape)
    left = whole.transpose(a.e) if a.ndim == 1 else a.e
    right = b.e
    if prod(shape) == 1:
        return Whole(whole.dot(whole.transpose(left), right), shape)
    e = whole.product(left, right)
    return Whole(whole.transpose(e) if a.ndim == 1 else e, shape)


def _norm(x: Whole, *, ord: Any, dim: Any, keepdim: Any) -> Whole:
    shape = _reduced(x, dim, keepdim)
    if prod(shape) != 1 or ord not in (1, 2):
        raise NoFormula(say("this norm has no matrix formula"))
    if ord == 1:
        return _reshape(_sum(_each(REGISTRY["abs"], x, {})), shape)
    return Whole(sp.sqrt(whole.dot(x.e, x.e)), shape)


def _solve(a: Whole, b: Whole, **_: Any) -> Whole:
    turned = isinstance(a.e, sp.Transpose)
    inverse = sp.Transpose(sp.Inverse(a.e.arg)) if turned else sp.Inverse(a.e)
    return Whole(whole.product(inverse, b.e), b.shape)


def _diagonal(x: Whole, *, offset: int = 0, **_: Any) -> Whole:
    if offset or x.ndim != 2 or x.shape[0] != x.shape[1]:
        raise NoFormula(say("this diagonal has no matrix formula"))
    return Whole(sp.DiagonalOf(x.e), x.shape[:1])


def _place(x: Whole, *, shape: Shape, path: Any) -> Whole:
    if [op.name for op, _ in path] != ["diagonal"] or len(shape) != 2:
        raise NoFormula(say("a part of a matrix has no matrix formula"))
    return Whole(whole.diagonal(x.e), shape)


# ---------------------------------------------------------------------------------------------------- classes by number


@functools.cache
def _one_hot_kind() -> Any:
    class OneHot(sp.MatrixSymbol):  # type: ignore[misc]
        """The matrix with a single 1 in each row, at the row's class."""

    return OneHot


def _one_hot(index: Any, shape: Shape) -> Any:
    pairs = isinstance(index, tuple) and len(index) == 2 and isinstance(index[0], np.ndarray) and len(shape) == 2
    if not pairs or not np.array_equal(index[0], np.arange(shape[0])):
        raise NoFormula(say("elements picked by an index have no matrix formula"))
    return _one_hot_kind()("onehot", *shape)


def _nll(x: Whole, *, index: Any, scale: Any, keep: Any, over: Any) -> Whole:
    if scale is not None or (keep is not None and not np.all(keep)) or over is None:
        raise NoFormula(say("weighted classes have no matrix formula"))
    return Whole(-whole.dot(_one_hot(index, x.shape), x.e) / number(over), ())


def _index_put(x: Whole, value: Whole, *, index: Any, add: bool = False) -> Whole:
    c = value.e if prod(value.shape) == 1 else whole.constant(value.e)
    if not isinstance(x.e, sp.ZeroMatrix) or c is None:
        raise NoFormula(say("elements picked by an index have no matrix formula"))
    return Whole(whole.scale(c, _one_hot(index, x.shape)), x.shape)


@functools.cache
def _rowwise() -> Any:
    class Rowwise(sp.MatrixExpr):  # type: ignore[misc]
        """A function of each row of a matrix, by name."""

        def __new__(cls, name: Any, a: Any) -> Any:
            return sp.Basic.__new__(cls, sp.Symbol(str(name)), a)

        @property
        def shape(self) -> Any:
            return self.args[1].shape

        @property
        def row_name(self) -> str:
            return str(self.args[0])

    return Rowwise


def _by_rows(name: str) -> Callable[..., Whole]:
    def call(x: Whole, *, dim: int) -> Whole:
        if dim != x.ndim - 1:
            raise NoFormula(say("{op} down the columns has no matrix formula", op=name))
        return Whole(_rowwise()(name, x.e), x.shape)

    return call


def _filled(c: Any) -> Callable[..., Whole]:
    def call(x: Whole, *, shape: Any = None) -> Whole:
        shape = x.shape if shape is None else shape
        if prod(shape) == 1:
            return Whole(c, shape)
        made = sp.ZeroMatrix(*matrix_shape(shape)) if c == 0 else sp.OneMatrix(*matrix_shape(shape))
        return Whole(made, shape)

    return call


def _same(x: Whole, **_: Any) -> Whole:
    return x


SIGNS: dict[str, Callable[..., Any]] = {
    "+": _add, "-": lambda x, y: _add(x, _neg(y)), "-x": _neg, "*": _mul, "/": _div, "**": _power,
    "==": lambda x, y: Condition(None, broadcast(x.shape, y.shape)),
    ">": lambda x, y: _positive(x, y, 1), "<": lambda x, y: _positive(x, y, -1),
    ">=": lambda x, y: _not(_positive(x, y, -1)), "<=": lambda x, y: _not(_positive(x, y, 1)),
}  # fmt: skip
FOLDS: dict[str, Callable[..., Any]] = {"total": _sum, "average": _mean}
RULES: dict[str, Callable[..., Any]] = {  # by the column `matrix`
    "minus from": lambda x, y: _add(y, _neg(x)), "squares": lambda x: _power(x, Whole(sp.Integer(2), ())),
    "signs": lambda x: _each(REGISTRY["sign"], x, {}),
    "reciprocals": lambda x: _power(x, Whole(sp.S.NegativeOne, ())), "product": _matmul, "norm": _norm,
    "zeros": _filled(0), "inverse": lambda x, **_: Whole(sp.Inverse(x.e), x.shape), "solution": _solve,
    "determinant": lambda x: Whole(sp.Determinant(x.e), ()),
    "cofactor matrix": lambda x: Whole(whole.scale(sp.Determinant(x.e), sp.Transpose(sp.Inverse(x.e))), x.shape),
    "log determinant": lambda x: (Whole(sp.S.One, ()), Whole(sp.log(sp.Determinant(x.e)), ())),
    "diagonal": _diagonal, "choice": _where, "classes": _nll, "one-hot": _index_put,
    "rows": _by_rows("softmax"), "rows of logarithms": _by_rows("log_softmax"),
}  # fmt: skip


def rule_of(op: Op) -> Callable[..., Any] | None:
    """What an op does to matrices: by its sign, by how it moves or folds elements, or by its column `matrix`."""
    says = op.columns.get
    found = RULES.get(says("matrix", "")) or SIGNS.get(says("operator", ""))
    if found is None and says("folds") in FOLDS:
        found = _sum_to if op is REGISTRY["sum_to"] else FOLDS[op.columns["folds"]]
    return found or _moved(op, says("moves"))


def _moved(op: Op, how: str | None) -> Callable[..., Any] | None:
    if how == "each":
        return _same
    if how == "like":
        return _filled(int(op.kernel(np.float64())))
    if how == "regroup":
        return lambda x, **attrs: _reshape(x, op.kernel(np.broadcast_to(0.0, x.shape), **attrs).shape)
    if how == "axes":
        return lambda x, **attrs: _permute(x, dims=tuple(op.columns["at"](x.ndim, **attrs)))
    if how == "spread":
        return lambda x, *, shape: Whole(_wide(x, shape), shape)
    return _place if op is REGISTRY["place"] else None
