"""Random programs for `test_programs.py`: what they can say, how they run, and how Hypothesis builds them.

A program is data: a list of steps, each a kind, a name and the numbers of the values it works on (the leaves first,
then a copy of each, which may be changed, then results in order). So a failing one shrinks to a few lines that can be
read and run again. One interpreter runs a program on chainrule and on PyTorch, since both are called in the same way.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

LEAVES = ((3, 2), (2,), ())


class Step(NamedTuple):
    """One line of a program: `values.append(name(values[i], ...))`, or for the kinds `change` and `set` a change."""

    kind: str
    name: str
    at: tuple[int, ...]


Program = list[Step]
Function = Callable[..., Any]

SMOOTH: dict[str, Function] = {
    "sin": lambda x: x.sin(),
    "tanh": lambda x: x.tanh(),
    "sigmoid": lambda x: x.sigmoid(),
    "half exp": lambda x: (x * 0.5).tanh().exp(),
    "square": lambda x: x * x,
    "root": lambda x: (x * x + 1).sqrt(),
    "log": lambda x: (x * x + 1).log(),
    "over": lambda x: 1 / (x * x + 1),
    "power": lambda x: (x * x + 0.5) ** 1.5,
    "minus": lambda x: 2.0 - x,
    "clone": lambda x: x.clone(),
}
KINKED: dict[str, Function] = {
    "relu": lambda x: x.relu(),
    "abs": lambda x: x.abs(),
    "clamp": lambda x: x.clamp(-0.5, 0.5),
    "floor": lambda x: x.floor() + x,
    "sign": lambda x: x.sign() * x,
}
BINARY: dict[str, Function] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": lambda x, y: x / (y * y + 1),
    "mix": lambda x, y: x * 0.5 + y * 2,
}
EXTREMES: dict[str, Function] = {
    "maximum": lambda x, y: x.maximum(y),
    "minimum": lambda x, y: x.minimum(y),
}
REDUCE: dict[str, Function] = {
    "sum": lambda x: x.sum(),
    "mean of rows": lambda x: x.mean(0),
    "sum of columns": lambda x: x.sum(-1),
    "softmax": lambda x: x.softmax(-1),
    "logsumexp": lambda x: x.logsumexp(0),
    "cumsum": lambda x: x.cumsum(0),
    "prod": lambda x: x.sin().prod(0) * 1,  # PyTorch's prod keeps its result, ours need not: it is out of reach here
}
VIEWS: dict[str, tuple[int, Function]] = {  # the least number of dimensions, and what to do
    "t": (2, lambda x: x.t() if not isinstance(x, np.ndarray) else x.T),
    "row": (1, lambda x: x[0]),
    "last": (1, lambda x: x[..., -1]),
    "tail": (1, lambda x: x[1:]),
    "every other": (1, lambda x: x[::2]),
    "column": (2, lambda x: x[:, 1:2]),
    "flat": (0, lambda x: x.reshape(-1)),
    "unsqueeze": (0, lambda x: x[None]),
}
INDEX: dict[str, tuple[int, Any]] = {
    "rows twice": (1, [0, 0]),
    "corner": (2, ([0, 0], [0, -1])),
}
CHANGE: dict[str, Function] = {
    "mul_": lambda x, y: x.mul_(y),
    "add_": lambda x, y: x.add_(y),
    "copy_": lambda x, y: x.copy_(y),
    "sub_": lambda x, y: x.sub_(y),
}
CHANGE_ALONE: dict[str, Function] = {
    "sin_": lambda x: x.sin_(),
    "tanh_": lambda x: x.tanh_(),
    "times two": lambda x: x.mul_(2.0),
    "zero_": lambda x: x.zero_(),
    "fill_": lambda x: x.fill_(0.3),
}
PLACES: dict[str, tuple[int, Any]] = {
    "[0]": (1, 0),
    "[..., -1]": (1, (Ellipsis, -1)),
    "[::2]": (1, slice(None, None, 2)),
    "[:]": (0, Ellipsis),
}

# ------------------------------------------------------------------------------------------------------------- running


def call(step: Step, values: Sequence[Any]) -> Any:
    """The result of a step that makes a new value."""
    xs = [values[i] for i in step.at]
    if step.kind == "view":
        return VIEWS[step.name][1](*xs)
    if step.kind == "index":
        return xs[0][INDEX[step.name][1]]
    if step.kind == "matmul":
        return xs[0] @ xs[1]
    return {**SMOOTH, **KINKED, **BINARY, **EXTREMES, **REDUCE}[step.name](*xs)


def run(program: Program, lib: Any, leaves: Sequence[Any], constants: list[Any] | None = None) -> list[Any]:
    """All values of a program.

    constants: the values that no gradient goes through, in order. An empty list is filled with them; a full one says
    what to take instead of computing them, so that finite differences can hold them fixed.
    """
    values = [*leaves, *(x * 1 for x in leaves)]
    steps(program, lib, values, constants)
    return values


def steps(program: Program, lib: Any, values: list[Any], constants: list[Any] | None = None) -> None:
    """Run a program on values that are there already, and append those that it makes."""
    fixed = iter(list(constants)) if constants else None
    for step in program:
        xs = [values[i] for i in step.at]
        if step.kind in ("detach", "no_grad"):
            if fixed is not None:
                value = next(fixed).clone()
            elif step.kind == "detach":
                value = xs[0].detach() if step.name == "shared" else xs[0].detach().clone()
            else:
                with lib.no_grad():
                    value = call(step, values)
            if constants is not None and fixed is None:
                constants.append(value.detach().clone())
            values.append(value)
        elif step.kind == "change":
            {**CHANGE, **CHANGE_ALONE}[step.name](*xs)
        elif step.kind == "change, no_grad":
            with lib.no_grad():
                {**CHANGE, **CHANGE_ALONE}[step.name](*xs)
        elif step.kind == "set":
            xs[0][PLACES[step.name][1]] = xs[1] if len(xs) > 1 else 0.7
        else:
            values.append(call(step, values))


def loss(lib: Any, values: Sequence[Any]) -> Any:
    """A number that depends on each value in its own way."""
    total = lib.tensor(0.0, dtype=lib.float64)
    for v in values:
        weights = np.cos(np.arange(float(np.prod(v.shape)))).reshape(tuple(v.shape))
        total = total + (v * lib.tensor(weights, dtype=lib.float64)).sum()
    return total


def start(lib: Any, seed: int) -> tuple[list[np.ndarray[Any, Any]], list[Any]]:
    """Numbers for the leaves, and the leaves."""
    rng = np.random.default_rng(seed)
    numbers = [rng.uniform(-1, 1, shape) for shape in LEAVES]
    return numbers, [lib.tensor(a, dtype=lib.float64, requires_grad=True) for a in numbers]


def gradients(program: Program, lib: Any, seed: int) -> tuple[Any, list[Any], list[Any]]:
    """The loss, the gradients at the leaves (zeros where there is none) and the values."""
    _, leaves = start(lib, seed)
    values = run(program, lib, leaves)
    out = loss(lib, values)
    got = lib.autograd.grad(out, leaves, allow_unused=True)
    return out, [np.zeros(tuple(x.shape)) if g is None else g.detach().numpy() for g, x in zip(got, leaves)], values


# ------------------------------------------------------------------------------------------------------------ building


@st.composite
def programs(
    draw: Any,
    sharing: bool = False,
    kinks: bool = False,
    changes: bool = True,
    size: int = 7,
    without: tuple[str, ...] = (),
) -> Program:
    """Programs that make sense: shapes fit, leaves are not changed. NumPy shadows the values to know their memory.

    sharing: with what finite differences cannot follow, `detach` on shared memory and changes under no_grad.
    kinks: with functions that are not smooth.
    without: kinds of steps to leave out.
    """
    shadows = [np.zeros(s) for s in LEAVES + LEAVES]
    roots = list(range(len(shadows)))  # the value that a view views in the end
    pure = [
        "unary",
        "unary",
        "binary",
        "binary",
        "reduce",
        "view",
        "view",
        "view",
        "index",
        "matmul",
        "detach",
        "no_grad",
    ]
    kinds = pure + (["change", "change alone", "change", "set", "set number"] if changes else [])
    kinds += ["change, no_grad"] if sharing and changes else []
    kinds = [k for k in kinds if k not in without]
    program: Program = []

    def pick(fits: Callable[..., bool], n: int = 1) -> tuple[int, ...] | None:
        """Numbers of values, the later the likelier, that fit."""
        first = [i for i in range(len(shadows)) if n > 1 or fits(shadows[i], i)]
        if not first:
            return None
        i = len(shadows) - 1 - draw(st.integers(0, len(shadows) - 1))
        i = min(first, key=lambda k: abs(k - i))
        if n == 1:
            return (i,)
        second = [j for j in range(len(shadows)) if fits(shadows[i], shadows[j], i, j)]
        return (i, draw(st.sampled_from(second))) if second else None

    def append(step: Step, shadow: np.ndarray[Any, Any], root: int | None = None) -> None:
        program.append(step)
        shadows.append(shadow)
        roots.append(len(shadows) - 1 if root is None else root)

    def changeable(a: np.ndarray[Any, Any], i: int) -> bool:
        return roots[i] >= len(LEAVES) and a.flags.writeable

    def can_take(a: np.ndarray[Any, Any], b: np.ndarray[Any, Any], i: int, j: int) -> bool:
        fits = b.ndim <= a.ndim and np.broadcast_shapes(a.shape, b.shape) == a.shape if broadcasts(a, b) else False
        return bool(fits and changeable(a, i) and (i == j or not np.may_share_memory(a, b)))

    functions = {**SMOOTH, **(KINKED if kinks else {})}
    pairs = {**BINARY, **(EXTREMES if kinks else {})}
    for _ in range(draw(st.integers(1, size))):
        kind = draw(st.sampled_from(kinds))
        if kind in ("unary", "no_grad"):
            if at := pick(lambda a, i: True):
                append(Step(kind, draw(st.sampled_from(sorted(functions))), at), shadows[at[0]].copy())
        elif kind == "binary":
            if at := pick(lambda a, b, i, j: broadcasts(a, b), 2):
                append(Step(kind, draw(st.sampled_from(sorted(pairs))), at), shadows[at[0]] + shadows[at[1]])
        elif kind == "matmul":
            if at := pick(
                lambda a, b, i, j: a.ndim == 2 and b.ndim >= 1 and a.shape[1] == b.shape[0] and b.ndim < 3, 2
            ):
                append(Step(kind, "@", at), shadows[at[0]] @ shadows[at[1]])
        elif kind == "reduce":
            name = draw(st.sampled_from(sorted(REDUCE)))
            if at := pick(lambda a, i: a.ndim > 0 and a.size > 0):
                append(Step(kind, name, at), reduced(shadows[at[0]], name))
        elif kind == "view":
            name = draw(st.sampled_from(sorted(VIEWS)))
            least, view = VIEWS[name]
            if at := pick(lambda a, i: least <= a.ndim < 4 and viewable(a, view) and (name != "t" or a.ndim == 2)):  # noqa: B023
                part = view(shadows[at[0]])
                part = part if isinstance(part, np.ndarray) else shadows[at[0]][..., 0]
                shares = np.may_share_memory(part, shadows[at[0]])
                append(Step(kind, name, at), part, roots[at[0]] if shares else None)
        elif kind == "index":
            name = draw(st.sampled_from(sorted(INDEX)))
            least, index = INDEX[name]
            if at := pick(lambda a, i: a.ndim >= least and a.size > 0):  # noqa: B023
                append(Step(kind, name, at), shadows[at[0]][index])
        elif kind == "detach":
            if at := pick(lambda a, i: True):
                shared = sharing and draw(st.booleans())
                shadow = shadows[at[0]] if shared else shadows[at[0]].copy()
                append(Step(kind, "shared" if shared else "copied", at), shadow)
        elif kind == "change alone":
            if at := pick(changeable):
                program.append(Step("change", draw(st.sampled_from(sorted(CHANGE_ALONE))), at))
        elif kind in ("change", "change, no_grad"):
            if at := pick(can_take, 2):
                program.append(Step(kind, draw(st.sampled_from(sorted(CHANGE))), at))
        else:
            name = draw(st.sampled_from(sorted(PLACES)))
            least, place = PLACES[name]
            if kind == "set number":
                at = pick(lambda a, i: a.ndim >= least and a.size > 0 and changeable(a, i))  # noqa: B023
            else:
                at = pick(lambda a, b, i, j: a.ndim >= least and a.size > 0 and takes(a, place, b) and  # noqa: B023
                          changeable(a, i) and not np.may_share_memory(a, b), 2)  # fmt: skip
            if at:
                program.append(Step("set", name, at))
    return program


def broadcasts(a: np.ndarray[Any, Any], b: np.ndarray[Any, Any]) -> bool:
    try:
        np.broadcast_shapes(a.shape, b.shape)
    except ValueError:
        return False
    return True


def viewable(a: np.ndarray[Any, Any], view: Function) -> bool:
    try:
        return bool(np.size(view(a)))
    except IndexError:
        return False


def takes(a: np.ndarray[Any, Any], place: Any, b: np.ndarray[Any, Any]) -> bool:
    try:
        part = a[place]
        return b.ndim <= np.ndim(part) and np.broadcast_shapes(part.shape, b.shape) == part.shape
    except (ValueError, IndexError):
        return False


def reduced(a: np.ndarray[Any, Any], name: str) -> np.ndarray[Any, Any]:
    if name == "sum":
        return np.zeros(())
    if name in ("softmax", "cumsum"):
        return np.zeros(a.shape)
    return np.zeros(a.shape[:-1] if name == "sum of columns" else a.shape[1:])
