"""Data beside the landscape: where a function is a loss over data, its points and what the model says of them.

The numbers of the data are variables of the emitted function, `D[0]`, `D[1]`, ..., so that the page can move them.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from chainrule.api.creation import tensor
from chainrule.compiler.passes import simplify
from chainrule.compiler.trace import trace
from chainrule.core.graph import TraceError, Var, order
from chainrule.core.tensor import LEAF, Tensor, wrap
from chainrule.func.expression import Expression
from chainrule.see.page.scalar import Expr, NotForPages, expressions, lift, ordered, variable

MOST_POINTS = 400  # points: more make no clearer picture, and a larger page


class Data(NamedTuple):
    """Points with one or two coordinates each (n, d), what is wanted there (n), and what the model says: an expression
    of the parameters `x[...]` and the coordinates `u[0]`, `u[1]`.
    """

    inputs: Any
    targets: Any
    predict: Expr


def given(data: Any) -> tuple[Any, Any]:
    """data=(x, y) as arrays of doubles, checked: x of n numbers or n pairs, y of n numbers."""
    if not isinstance(data, (tuple, list)) or len(data) != 2:
        raise ValueError("data is a pair (x, y): what the model is given, and what it should say")
    x, y = (np.array(_plain(a), np.float64) for a in data)
    if x.ndim == 2 and x.shape[1] == 1:
        x = x[:, 0]
    if x.ndim not in (1, 2) or (x.ndim == 2 and x.shape[1] != 2) or y.size != len(x):
        raise ValueError(f"a page shows points with one or two coordinates: x has shape {x.shape}, y {y.shape}")
    if not 1 <= len(x) <= MOST_POINTS:
        raise NotForPages(f"a page shows up to {MOST_POINTS} points; here are {len(x)}")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise ValueError("data has numbers that are not finite")
    return x, y.reshape(-1)


def _plain(a: Any) -> Any:
    return a.detach().numpy() if isinstance(a, Tensor) else a


def vectorised(model: Callable[..., Any]) -> Callable[..., Any]:
    """A model as a function of x and its parameters: an expression has x among its variables."""
    if not isinstance(model, Expression):
        return model
    names = [n for n in model.variables if n != "x"]
    if len(names) == len(model.variables):
        raise ValueError(f"the model is an expression of x and its parameters, but {model.text!r} has no x")

    def f(x: Any, *parameters: Any) -> Any:
        return model(x=x, **dict(zip(names, parameters)))

    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    f.__signature__ = inspect.Signature([inspect.Parameter(n, kind) for n in ("x", *names)])  # type: ignore[attr-defined]
    return f


def squares(model: Callable[..., Any], inputs: Any, targets: Any) -> Callable[..., Any]:
    """The mean of the squared errors of a model, as a function of its parameters."""
    x, y = tensor(inputs), tensor(targets)

    def loss(*parameters: Any) -> Any:
        dtype = parameters[0].dtype
        return ((model(x.to(dtype), *parameters).reshape(-1) - y.to(dtype)) ** 2).mean()

    loss.__signature__ = inspect.Signature(list(inspect.signature(model).parameters.values())[1:])  # type: ignore[attr-defined]
    loss.__name__ = ""
    return loss


def predicted(model: Callable[..., Any], x: Any, parameters: Sequence[Any]) -> Expr:
    """What a model says of a point, as an expression; it is asked about two, which it must not mix."""
    shape = (2, *x.shape[1:])
    leaves: list[Var] = []

    def body() -> list[Tensor]:
        leaves.extend(Var(s, np.dtype("float64")) for s in (shape, *(p.shape for p in parameters)))
        xs = [wrap(v, LEAF) for v in leaves]
        return [model(*xs).reshape(-1)]

    try:
        traced = trace(body, lambda _: ((), {}), [])
    except TraceError as e:
        raise NotForPages(str(e)) from e
    inputs: dict[int, Any] = {leaves[0].id: cells("u", shape)}
    at = 0
    for v in leaves[1:]:
        inputs[v.id] = cells("x", v.shape, at)
        at += v.size
    for i in traced.captured:
        inputs[i.var.id] = constants(np.asarray(i.get()))
    (said,) = expressions(inputs, simplify(traced.results))
    if said.shape != (2,):
        raise ValueError(f"the model gives {said.size} numbers for two points: it must give one for each")
    own = {f"u[{i}]" for i in range(x[0].size)}
    if any(name.startswith("u") and name not in own for name in names(said[0])):
        raise NotForPages("the model mixes the points of the data: what it says of one depends on others")
    return lift(said[0])


def implied(result: Var, captured: dict[int, Any], leaves: Sequence[Var]) -> tuple[int, int, Var] | None:
    """Of a loss that closes over data: the captured x and y, and the values that are compared with y, if it is plain
    which those are: there is one difference from a captured vector, and one other vector in what it is taken of.
    """
    vectors = {k for k, a in captured.items() if a.ndim == 1 and 3 <= a.size <= MOST_POINTS}
    moving = {v.id for v in leaves}
    found = []
    for v in order([result]):
        if v.op is None or v.op.columns.get("operator") != "-" or len(v.args) < 2:
            continue
        for y, said in (v.args[:2], v.args[1::-1]):
            if not (isinstance(y, Var) and isinstance(said, Var) and y.id in vectors and said.shape == y.shape):
                continue
            below = {w.id for w in order([said])}
            xs = [k for k in vectors & below if captured[k].shape == y.shape]
            if below & moving and len(xs) == 1 and y.id not in below:
                found.append((xs[0], y.id, said))
    return found[0] if len(found) == 1 else None


def moving(captured: dict[int, Any], x: Any, y: Any) -> dict[int, Any]:
    """The data among what a loss has captured, as variables: found by their numbers."""
    found: dict[int, Any] = {}
    for wanted, at in ((x, 0), (y, x.size)):
        same = [k for k, a in captured.items() if a.size == wanted.size and k not in found and
                np.allclose(a.reshape(-1), wanted.reshape(-1), rtol=1e-6, atol=0)]  # fmt: skip
        if not same:
            raise ValueError("the function does not use the numbers in data=(x, y): it must close over these")
        found[same[0]] = cells("D", captured[same[0]].shape, at)
    return found


def closed_over(found: tuple[int, int, Var], captured: dict[int, Any], inputs: dict[int, Any]) -> tuple[Any, Any]:
    """The data that were found in a loss, or None where what is said of a point depends on others; and their numbers as
    variables.
    """
    x, y = (captured[k].astype(float) for k in found[:2])
    moved = {found[0]: cells("D", x.shape), found[1]: cells("D", y.shape, x.size)}
    said = expressions(inputs | moved, [found[2]])[0][0]
    if any(n.startswith("D") and n != "D[0]" for n in names(said)):
        return None, {}
    return Data(x.reshape(-1, 1), y, renamed(said, {"D[0]": "u[0]"})), moved


def cells(letter: str, shape: tuple[int, ...], at: int = 0) -> Any:
    """An array of variables."""
    made = np.empty(shape, object)
    for k, place in enumerate(np.ndindex(shape)):
        made[place] = variable(f"{letter}[{at + k}]")
    return made


def constants(a: Any) -> Any:
    """An array of numbers, as expressions."""
    made = np.empty(a.shape, object)
    for place in np.ndindex(a.shape):
        made[place] = lift(a[place])
    return made


def names(x: Expr) -> set[str]:
    """The variables in an expression."""
    return {e.name for e in ordered(x) if e.name}


def renamed(x: Expr, to: dict[str, str]) -> Expr:
    """An expression with other names for its variables."""
    made: dict[int, Expr] = {}
    for e in ordered(x):
        own = tuple(made[id(a)] for a in e.args)
        made[id(e)] = variable(to.get(e.name, e.name)) if e.name else Expr(e.op, own, value=e.value, dtype=e.dtype)
    return made[id(x)]
