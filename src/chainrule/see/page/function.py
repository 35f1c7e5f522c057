"""The user's function as expressions: traced with its gradient, taken apart into single numbers."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from chainrule.base.dtypes import get_default_dtype
from chainrule.compiler.passes import simplify
from chainrule.compiler.trace import trace
from chainrule.core.graph import TraceError, Var
from chainrule.core.tensor import LEAF, Tensor, wrap
from chainrule.descend.objective import gradients
from chainrule.func.single import one_number
from chainrule.see.page.data import Data, cells, closed_over, constants, implied, moving, predicted
from chainrule.see.page.scalar import Expr, NotForPages, expressions, lift, ordered

MOST_VARIABLES = 50  # variables that a page has room for


class Function(NamedTuple):
    """A function of numbers: their names and start, its value and gradient as expressions of `x[0]`, `x[1]`, ...; of a
    loss over data also these, whose numbers are `D[0]`, `D[1]`, ...
    """

    names: list[str]
    start: list[float]
    value: Expr
    gradient: list[Expr]
    data: Data | None = None


def taken_apart(f: Callable[..., Any], start: Any, data: Any = None, model: Any = None) -> Function:
    """Trace a function of numbers and small arrays.

    start: a number or array for each argument: alone, as a tuple in their order, or as a dict by their names.
    data, model: of a loss, x and y that it closes over, and what says y of x and the arguments; where they are not
        given, they are looked for in the function.

    Raises NotForPages where the function cannot be shown, with the reason.
    """
    values = starts(f, start)
    names = [n for name, a in values.items() for n in element_names(name, a.shape)]
    if len(names) > MOST_VARIABLES:
        raise NotForPages(f"a page shows functions of up to {MOST_VARIABLES} numbers; this one has {len(names)}")
    leaves: list[Var] = []
    made: list[Any] = []

    def body() -> list[Tensor]:
        leaves.extend(Var(a.shape, a.dtype) for a in values.values())
        xs = [wrap(v, LEAF) for v in leaves]
        y = f(*xs)
        _check(y)
        made.extend(gradients(y.reshape(()), xs))  # type: ignore[attr-defined]
        return [y, *(wrap(g) for g in made if g is not None)]

    try:
        traced = trace(body, lambda _: ((), {}), [])
    except TraceError as e:
        raise NotForPages(str(e)) from e
    if any(i.drawn for i in traced.captured):
        raise NotForPages("it draws random numbers: draw them before, so that every call gives the same")
    if traced.written:
        raise NotForPages("it changes a tensor outside: a page has functions that depend on their arguments alone")
    captured = {i.var.id: np.asarray(i.get()) for i in traced.captured}
    results = simplify(traced.results)
    inputs = _inputs(leaves) | {k: constants(a) for k, a in captured.items()}
    shown = None
    if model is not None:
        inputs |= moving(captured, *data)
        shown = Data(data[0].reshape(len(data[0]), -1), data[1], predicted(model, data[0], list(values.values())))
    elif found := implied(results[0], captured, leaves):
        shown, moved = closed_over(found, captured, inputs)
        inputs |= moved
    value, *slopes = expressions(inputs, results)
    given = iter(slopes)
    gradient = [
        x for v, g in zip(leaves, made) for x in ([lift(0.0)] * v.size if g is None else next(given).reshape(-1))
    ]
    begin = [float(str(x)) for a in values.values() for x in a.reshape(-1)]  # 0.1 of float32 as 0.1
    return Function(names, begin, value.reshape(-1)[0], gradient, shown)


def starts(f: Callable[..., Any], start: Any) -> dict[str, Any]:
    """The start of each argument, as an array by its name, in the dtype that the function would be given."""
    names = _parameters(f)
    if isinstance(start, Mapping):
        unknown = sorted(set(start) - set(names))
        if unknown:
            raise ValueError(f"start has {unknown[0]!r}, but the function's arguments are {', '.join(names)}")
        given = [start.get(name, 1.0) for name in names]
    elif start is None:
        given = [1.0] * len(names)
    elif len(names) == 1:
        given = [start]
    else:
        given = list(start) if isinstance(start, (tuple, list)) else list(np.asarray(start))
    if len(given) != len(names):
        raise ValueError(f"the function takes {len(names)} arguments ({', '.join(names)}), but start has {len(given)}")
    arrays = {n: _array(x) for n, x in zip(names, given)}
    for name, a in arrays.items():
        if not np.all(np.isfinite(a)):
            raise ValueError(f"the start of {name} is not finite: {a}")
    return arrays


def _array(x: Any) -> Any:
    if isinstance(x, (Tensor, np.ndarray, np.generic)):
        a = np.array(x._a if isinstance(x, Tensor) else x)
        return a if a.dtype.kind == "f" else a.astype(get_default_dtype().np)
    return np.array(x, get_default_dtype().np)


def _parameters(f: Callable[..., Any]) -> list[str]:
    if not callable(f):
        raise TypeError(f"a page shows a function or the text of one, but got {type(f).__name__}")
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = inspect.signature(f).parameters.values()
    names = [p.name for p in parameters if p.kind in kinds and p.default is p.empty]
    if not names:
        raise NotForPages("a page shows functions of at least one number; this one takes no arguments")
    return names


def element_names(name: str, shape: tuple[int, ...]) -> list[str]:
    """x for a number, x_1, x_2 for a vector, x_11, x_12 for a matrix."""
    return [name + "".join(["_", *(str(i + 1) for i in place)] if place else "") for place in np.ndindex(shape)]


def _inputs(leaves: list[Var]) -> dict[int, Any]:
    found, at = {}, 0
    for v in leaves:
        found[v.id] = cells("x", v.shape, at)
        at += v.size
    return found


def _check(y: Any) -> None:
    try:
        one_number(y)
    except (TypeError, ValueError) as e:
        raise NotForPages(str(e)) from None
    if y._g is None:
        raise NotForPages("the value does not depend on the arguments by anything that can be differentiated")


def as_data(value: Expr, names: list[str]) -> list[Any]:
    """An expression for JSON: numbers, names of variables, and [op, ...places of earlier entries]; the last is it."""
    entries: list[Any] = []
    places: dict[int, int] = {}
    for x in ordered(value):
        places[id(x)] = len(entries)
        named = names[int(x.name[2:-1])] if x.name[:1] == "x" else x.name or x.value
        entries.append([x.op, *(places[id(a)] for a in x.args)] if x.op else named)
    return entries
