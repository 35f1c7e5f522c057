"""Formulas of whole vectors and matrices: `2 X^T (X w - y)`, from the same graphs as those of single numbers.

The graph of the function and the engine's graph of its gradient are run on `Whole`, a matrix expression with the shape
of the tensor that it stands for. Tensors that the function refers to keep the names that they have there.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from functools import cached_property
from math import prod
from typing import Any

import numpy as np

from chainrule.autograd import grad
from chainrule.base.language import say
from chainrule.core.graph import Var, order
from chainrule.see.derive import whole
from chainrule.see.derive.algebra import NoFormula, sp
from chainrule.see.derive.derivation import ByVariable, Derivation, Values
from chainrule.see.derive.matrix_rules import FUNCTIONS, Condition, Shape, Whole, matrix_shape
from chainrule.see.derive.notation import Style, Tex, Writer
from chainrule.see.derive.steps import Step
from chainrule.see.derive.subject import Subject
from chainrule.see.derive.symbols import number

MOST_OPERATIONS = 2000  # operations in a formula, as it is written out


class Matrices(Derivation):
    """A derivation in matrix form."""

    def __init__(self, subject: Subject, order: int) -> None:
        super().__init__(subject, order)
        if order > 2 or (order == 2 and len(subject.names) > 1):
            raise NoFormula(say("in matrix form there are slopes, and the Hessian of a function of one argument"))
        if subject.at_point:
            subject.value()
        self._shapes: dict[str, Shape] = {}
        used = [g for g in subject.gradient()[1] if g is not None]
        subject.check_size([subject.result, *used], MOST_OPERATIONS, of_elements=False)
        self._read = _Read(subject, self._shapes)
        self.variables = [x.e for x in self._read.arguments]
        self.function = self._read.of([subject.result])[0].e

    @cached_property
    def first(self) -> ByVariable:
        """The gradients; of a result of several numbers the Jacobians."""
        return ByVariable(zip(self.variables, map(_shortest, self._read.slopes())))

    @cached_property
    def derivatives(self) -> ByVariable:  # type: ignore[override]
        """The gradient in each argument; of order 2 the Hessian."""
        return self.first if self.order == 1 else ByVariable({self.variables[0]: self.hessian})

    @property
    def jacobian(self) -> Any:
        """The Jacobian of a function of one argument."""
        (x,) = self.variables
        e = self.first[x]
        return e if prod(self.subject.result.shape) > 1 or not e.is_Matrix else whole.transpose(e)

    @cached_property
    def hessian(self) -> Any:
        """The matrix of second derivatives of a number that depends on one vector."""
        f = self.subject.f
        if len(self.subject.arguments) > 1 or prod(self.subject.result.shape) > 1:
            raise NoFormula(say("in matrix form there is a Hessian for one number that depends on one vector"))

        @functools.wraps(f)
        def slope(x: Any) -> Any:
            return grad(f(x).sum(), x, create_graph=True)[0]

        return _shortest(_Read(Subject(slope, self.subject.arguments), self._shapes).slopes()[0])

    @property
    def steps(self) -> list[Step]:
        """Steps are written for formulas of single numbers."""
        raise NoFormula(say('steps are written for single numbers: derive(..., form="elements")'))

    def _values(self) -> Values:
        y = self.subject.value()
        found = self.subject.gradients() if y.size == 1 and self.order == 1 else self.subject.matrices(self.order)
        return Values(y if y.size > 1 else float(y.reshape(())), ByVariable(zip(self.variables, found)))

    def _about(self) -> list[str]:
        self.derivatives  # noqa: B018 (reading it meets all tensors)
        shapes = ", ".join(f"{n}: {'×'.join(map(str, s))}" for n, s in self._shapes.items() if s)
        return [say("shapes: {shapes}", shapes=shapes)] if shapes else []

    def _line(self, head: str, e: Any) -> str:
        return f"{head} = {Writer(Style(), FUNCTIONS)(e)}"

    def _latex(self, e: Any) -> str:
        return Writer(Tex(), FUNCTIONS)(e)


def _shortest(e: Any) -> Any:
    """A sum of products, with common factors taken out where that is shorter to read."""
    if not e.is_Matrix:
        return e
    forms = [e]
    for left in (True, False):
        grouped = whole.collected(e, left)
        forms += [grouped, whole.expanded(grouped)]
    forms += [whole.flipped(form) for form in forms]
    return min(forms, key=lambda form: len(Writer(Style(), FUNCTIONS)(form)))


class _Read:
    """The values of a subject's graphs as matrices."""

    def __init__(self, subject: Subject, shapes: dict[str, Shape]) -> None:
        self.subject, self.shapes = subject, shapes
        self.values: dict[int, Any] = {}
        for a, name in zip(subject.traced.arguments, subject.names):
            self._name(a.var, name)
        self.arguments = [self.values[a.var.id] for a in subject.traced.arguments]
        self.free = set(self.values)  # what depends on no argument may be named as a whole
        self.counted: set[int] = set()  # captured integers and masks, and what follows from them alone
        self.given = subject.named_tensors()

    def _name(self, v: Var, name: str) -> Whole:
        self.shapes[name] = v.shape
        e = sp.Symbol(name, real=True) if v.size == 1 else sp.MatrixSymbol(name, *matrix_shape(v.shape))
        self.values[v.id] = x = Whole(e, v.shape)
        return x

    def of(self, wanted: Sequence[Var]) -> list[Any]:
        """Some values as matrices."""
        for v in order(wanted):
            if v.id not in self.values:
                self._value(v)
        return [self.values[v.id] for v in wanted]

    def _value(self, v: Var) -> None:
        if v.dtype.kind in "bi" and v.op is None:
            self.counted.add(v.id)
        if v.data is not None:
            a = np.asarray(v.data)
            if a.size and np.all(a == a.flat[0]):
                c = number(a.flat[0])
                self.values[v.id] = Whole(c if a.size == 1 else whole.everywhere(c, matrix_shape(a.shape)), a.shape)
            else:
                self._name(v, self._letter())
        elif v.op is None:
            self._name(v, self.given.get(v.id) or self._letter())
        elif v.index is not None:
            self.values[v.id] = self.values[v.args[0].id][v.index]
            self.free |= {v.id} & {v.id for a in v.args if a.id in self.free}
        else:
            varies = any(isinstance(a, Var) and a.id in self.free for a in v.args)
            if varies:
                self.free.add(v.id)
            if all(a.id in self.counted for a in v.args if isinstance(a, Var)) and self._uniform(v):
                return
            op, args, attrs = self.subject.lowered(v)
            args = tuple(self.values[a.id] if isinstance(a, Var) else a for a in args)
            try:
                self.values[v.id] = Whole(sp.S.Zero, ())._interpret(op, args, attrs)
            except NoFormula:
                if varies:
                    raise
                self._name(v, self._letter())

    def _uniform(self, v: Var) -> bool:
        """Take what follows from classes and masks alone, and is the same everywhere, as the number that it is."""
        self.counted.add(v.id)
        a = np.asarray(self.subject.constant(v))
        if not a.size or np.any(a != a.flat[0]):
            return False
        c = sp.Integer(int(a.flat[0])) if a.dtype.kind == "b" else number(a.flat[0])
        e = c if a.size == 1 else whole.everywhere(c, matrix_shape(a.shape))
        self.values[v.id] = (Condition if v.dtype.kind == "b" else Whole)(e, a.shape)
        return True

    def _letter(self) -> str:
        return next(c for c in "ABCDEFGHKLMNPQRSTUVZ" if c not in self.shapes)

    def slopes(self) -> list[Any]:
        """The gradient in each argument, or the Jacobian where there are several results."""
        y = self.subject.result
        seed, gradients = self.subject.gradient()
        self.of([y])
        column = sp.MatrixSymbol("_v", *matrix_shape(y.shape)) if y.size > 1 else None
        if seed is not None:
            self.values[seed.id] = Whole(sp.S.One if column is None else column, y.shape)
            self.free.add(seed.id)
        found = []
        for x, g in zip(self.arguments, gradients):
            if g is None:
                found.append(sp.S.Zero if prod(x.shape) == 1 else sp.ZeroMatrix(*x.rows_columns))
                continue
            e = self.of([g])[0].e
            found.append(e if column is None else self._jacobian(e, column, x))
        return found

    def _jacobian(self, e: Any, column: Any, x: Whole) -> Any:
        if column.cols > 1 or prod(x.shape) == 1 or x.rows_columns[1] > 1:
            raise NoFormula(say("a Jacobian has a matrix form where a vector depends on a vector"))
        back = whole.factor_of(e, column)  # e is the transposed Jacobian times the column
        parts = [
            t
            for c, factors in whole.terms(back)
            for t in whole.terms(whole.transpose(whole.scale(c, whole.term(sp.S.One, factors))))
        ]
        return whole.together(parts, back.shape[::-1])
