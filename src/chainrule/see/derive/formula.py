"""`derive`: from a function in the torch style to its derivatives as formulas, with steps and values.

The function is traced (`subject`); its graph and the engine's graph of its gradient are read as formulas, of single
numbers (`elements`) or of whole vectors and matrices (`matrix`).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from chainrule.base.language import say
from chainrule.core.graph import Var
from chainrule.core.op import Bilinear
from chainrule.func.expression import parse
from chainrule.see.derive.algebra import NoFormula, NoTensor, OutsideDomain
from chainrule.see.derive.derivation import Derivation
from chainrule.see.derive.elements import Elements
from chainrule.see.derive.subject import Subject

__all__ = ["Derivation", "NoFormula", "NoTensor", "OutsideDomain", "derive"]

SMALL = 6  # elements of an argument that get a symbol each


def derive(
    f: Callable[..., Any] | str, *values: Any, point: Any = None, order: int = 1, form: str | None = None
) -> Derivation:
    """The derivatives of a function as formulas.

    f: a function of tensors in the torch style, that returns one tensor; or a text, "x**2 - 4*x + 5".
    values: the point, a value for each argument: a number, or a list, array or tensor; it may be left out where every
        argument is a number.
    point: the same as `check` takes it: a value, a tuple of one for each argument, or a dict by their names.
    order: 1 for slopes, 2 for slopes of slopes, and so on.
    form: "elements" (x_1, x_2, ...) or "matrix" (2 X^T (X w - y)); chosen by itself otherwise: elements where no tensor
        has more than 6 of them and none is a factor in a product with a matrix.

    Returns a `Derivation`: `.function`, `.derivatives`, `.values`, `.steps`, `.hessian`, `.jacobian`, `.remarks`,
    `.latex()`, `.text()`. Fractions with a small denominator are exact (0.25 is 1/4, 0.1 is 1/10), other floats stay as
    typed.

    Raises NoFormula (a ValueError) where there is no single formula: branches and loops that depend on values, random
    numbers, operations without one; NoTensor (a TypeError) for a function that returns no tensor; OutsideDomain (a
    ValueError) where the function is not finite at the point.

    >>> import chainrule as cr
    >>> d = cr.derive(lambda x: x**2 - 4 * x + 5, 5.0)
    >>> d.function, d.derivatives["x"]
    (x**2 - 4*x + 5, 2*x - 4)
    >>> d.values.function, d.values.derivatives["x"]
    (10.0, 6.0)
    """
    if order < 1 or int(order) != order:
        raise ValueError(say("order must be 1, 2, 3, ..., not {order}", order=order))
    if form not in (None, "elements", "matrix"):
        raise ValueError(say('form must be "elements" or "matrix", not {form}', form=repr(form)))
    f = parse(f) if isinstance(f, str) else f
    subject = Subject(f, values if point is None else _values(f, values, point))
    if (form or _form(subject)) == "elements":
        return Elements(subject, order)
    from chainrule.see.derive.matrix import Matrices

    try:
        return Matrices(subject, order)
    except NoFormula:
        if form == "matrix" or any(x.numel() > SMALL for x in subject.arguments):
            raise
    return Elements(subject, order)


def _values(f: Callable[..., Any], values: tuple[Any, ...], point: Any) -> Sequence[Any]:
    """The point given by name, as values in the order of the arguments."""
    if values:
        raise TypeError("derive takes the point once: its values after the function, or point=")
    if isinstance(point, dict):
        return inspect.signature(f).bind(**point).args
    return point if isinstance(point, tuple) else (point,)


def _form(subject: Subject) -> str:
    sizes = [x.numel() for x in subject.arguments] + [a.size for a in subject.captured.values()]
    products = (v for v in subject.function if isinstance(v.op, Bilinear) or (v.says("objects") and len(v.args) > 1))
    factors = [a for v in products for a in v.args if isinstance(a, Var)]
    return "matrix" if max(sizes) > SMALL or any(v.ndim > 1 for v in factors) else "elements"
