"""What is minimised: a function and where it starts, as flat lists of arrays, and programs made of it.

`x0` may be a number, an array, a tensor, a tuple, list or dict of them, or the parameters of a module. Numbers, and
lists of numbers, are double precision. Everything after this file sees a list of arrays, the leaves. A `Program` is a
computation from the leaves (and a few more arrays) to arrays: value and gradient, a step of an optimiser, a product
with the Hessian. It is traced into one graph; a function that cannot be traced (it decides by the values of tensors,
changes Python objects, or reads what gives another answer each time) is run as it is, each time.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from importlib.util import find_spec
from inspect import CO_VARARGS
from types import FunctionType
from typing import Any

import numpy as np

from chainrule.api.backward import grad
from chainrule.base.dtypes import get_default_dtype
from chainrule.compiler.captures import Captures
from chainrule.compiler.interp import Interpreter
from chainrule.compiler.passes import simplify
from chainrule.compiler.trace import Guard, Input, trace
from chainrule.core.graph import Var
from chainrule.core.op import REGISTRY
from chainrule.core.state import MODE, mode
from chainrule.core.tape import store
from chainrule.core.tensor import LEAF, Tensor, wrap
from chainrule.descend.untaken import settled
from chainrule.func.single import computed, one_number
from chainrule.func.trees import flatten, unflatten

Array = np.ndarray[Any, Any]  # or a NumPy scalar for a 0-d tensor, which can do the same
Function = Callable[..., Any]  # of tensors, in whatever structure the start has
Callback = Callable[[int, Any, float], Any]  # (step, point, value) -> True to stop
Given = Sequence[Array | float | None]  # what a program is given: None where a piece of state is not there yet
Make = Callable[[Tensor, list[Tensor], list[Any]], Sequence[Any]]  # (value, leaves, more payloads) -> payloads


class Objective:
    """A function of the leaves of `x0`.

    f: takes what `x0` is, with tensors in the place of numbers and arrays, and returns a tensor of one element; a
        function of several arguments takes them from a tuple or list, or by their names from a dict. If `x0` is a
        module or its parameters, it may take no argument.
    """

    spread = ""  # "*" or "**": how x0 is handed to a function of several arguments
    parameter_names: tuple[str, ...] | None = None  # of a module's parameters

    def __init__(self, f: Function, x0: Any) -> None:
        if not callable(f):
            raise TypeError(f"the function to minimise must be callable, but got {type(f).__name__}")
        self.f = f
        self.spec: Any = None
        self.parameters: list[Tensor] | None = None
        self.arguments: tuple[object, ...] = ()
        if hasattr(x0, "__next__"):
            x0 = list(x0)
        if _is_module(x0):
            self.arguments = () if _takes_nothing(f) else (x0,)
            self._own(list(x0.parameters()), "the module")
            self._named(x0)
        elif _takes_nothing(f):
            self._own(flatten(x0)[0], "x0")
        else:
            self.spread = spread(f, x0)
            leaves, self.spec = flatten(0.0) if (whole := not self.spread and _numbers(x0)) else flatten(x0)
            self.like = [x0] if whole else leaves
            if not self.like:
                raise ValueError("x0 is empty: there is nothing to minimise by")
            self.start = [_payload(x) for x in self.like]

    def _own(self, tensors: list[Tensor], what: str) -> None:
        """Parameters that the function refers to: they are moved themselves."""
        self.parameters = [p for p in tensors if isinstance(p, Tensor) and p._g is LEAF]
        if not self.parameters:
            raise TypeError(
                f"the function takes no argument, so {what} must hold the parameters that it uses: tensors with "
                "requires_grad=True. Let the function take x, or pass module.parameters()."
            )
        self.start = [_scalar(np.array(p._a)) for p in self.parameters]

    def _named(self, module: Any) -> None:
        names = {id(p): name for name, p in module.named_parameters()}
        self.parameter_names = tuple([names[id(p)] for p in self.parameters or ()])

    @property
    def kind(self) -> Hashable:
        """What a graph depends on besides the function: structure, shapes and dtypes, and the default dtype."""
        return self.spec, get_default_dtype(), *[(a.shape, a.dtype) for a in self.start]

    def rebuild(self, arrays: Sequence[Array]) -> Any:
        """The leaves in the structure of `x0`; of parameters, the list of them as tensors."""
        if self.parameters is not None:
            return [wrap(_scalar(np.array(a))) for a in arrays]
        return unflatten(self.spec, [_as(like, a) for like, a in zip(self.like, arrays)])

    def paths(self, stacks: Sequence[Array]) -> Any:
        """Arrays, one per leaf, in the structure of `x0`."""
        return list(stacks) if self.parameters is not None else unflatten(self.spec, stacks)

    def call(self, xs: list[Tensor]) -> Tensor:
        """The value at tensors in the place of the leaves."""
        y = one_number(computed(self._apply, xs))
        if y._g is None:
            raise ValueError(
                "the value does not depend on x by anything that can be differentiated (was it computed from "
                "x.detach(), under no_grad(), or from other tensors?)"
            )
        return y if not y._a.shape else REGISTRY["reshape"](y, shape=())

    def _apply(self, xs: list[Tensor]) -> Any:
        if self.parameters is not None:
            return self.f(*self.arguments)
        x = unflatten(self.spec, xs)
        return self.f(x) if not self.spread else self.f(*x) if self.spread == "*" else self.f(**x)

    def program(self, make: Make, more: Given = ()) -> Program:
        """What `make` computes of the value and the leaves, as a function of arrays: the leaves, then as `more`."""
        return Program(self, make, more)

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Parameters that the function refers to have afterwards what they had before."""
        before = [np.array(p._a) for p in self.parameters or ()]
        try:
            yield
        finally:
            self.put(before)

    def put(self, arrays: Given) -> None:
        """Let the parameters, if the function refers to them, have these values."""
        for p, a in zip(self.parameters or (), arrays):
            store(p, a)


def labels(objective: Objective) -> list[str]:
    """A name for each number that is moved: x, x[0], w[0, 1], ..."""
    if objective.parameters is not None:
        names = list(objective.parameter_names or (f"x[{i}]" for i in range(len(objective.start))))
    elif objective.spread == "*":
        heads = [p for p in inspect.signature(objective.f).parameters]
        names = [n for head, child in zip(heads, objective.spec[2]) for n in _names(head, child)]
    else:
        names = _names("x", objective.spec)
    found = []
    for name, a in zip(names, objective.start):
        places = [", ".join(map(str, i)) for i in np.ndindex(a.shape)] if a.shape else []
        found += [f"{name}[{place}]" for place in places] or [name] * (not a.shape)
    return found


def _names(head: str, spec: Any) -> list[str]:
    """Names of the leaves of a tree."""
    if spec is None:
        return [head]
    heads = [str(key) if head == "x" else f"{head}.{key}" for key in spec[1]] if spec[1] is not None else (
        [f"{head}[{i}]" for i in range(len(spec[2]))]
    )  # fmt: skip
    return [name for key, child in zip(heads, spec[2]) for name in _names(key, child)]


class Program:
    """A computation from arrays to arrays; `why` says why it is not a graph, if it is none.

    None may stand for an array that is not there (yet): where `more` has None the program is given None, and where
    `make` gave None it returns None.
    """

    def __init__(self, objective: Objective, make: Make, more: Given) -> None:
        self.why = ""
        self.guards: list[Guard] = []
        try:
            self._trace(objective, make, more)
        except RuntimeError as e:  # not for a graph; if the function itself is wrong, running it will say so
            self.why = str(e).split("\n")[0]
            self._objective, self._make = objective, make

    def _trace(self, objective: Objective, make: Make, more: Given) -> None:
        inputs: list[Var | None] = []
        leaves: list[Var] = []
        made: list[Any] = []

        def body() -> list[Tensor]:
            t = MODE.get().trace  # type: ignore[union-attr]
            inputs.extend(None if a is None else _variable(a) for a in more)
            if objective.parameters is None:
                leaves.extend(_variable(a) for a in objective.start)
                xs = [wrap(v, LEAF) for v in leaves]
            else:
                xs = objective.parameters
                leaves.extend(t.read(x) for x in xs)
            y = objective.call(xs)
            made.extend(make(y, xs, list(inputs)))
            return [wrap(a) for a in made if a is not None]

        captures = Captures((objective.f, *objective.arguments))
        t = captures.unchanged(lambda: trace(body, lambda _: ((), {}), []))
        self.inputs = [*leaves, *(v for v in inputs if v is not None)]
        self.gaps_in = any(v is None for v in inputs)
        self.gaps_out = [i for i, a in enumerate(made) if a is None]
        mine = {v.id for v in leaves}
        self.captured: list[Input] = [i for i in t.captured if i.var.id not in mine]
        self.effects = t.effects
        self.results = simplify([*t.results, *(e.var for e in t.effects if e.var is not None)])
        self.returned = len(t.results)
        self.run: Any = Interpreter([*self.inputs, *(i.var for i in self.captured)], self.results)
        self.guards = t.guards

    @property
    def replays(self) -> bool:
        """Whether the same arrays give the same results again, with no effect besides."""
        return not self.why and not self.effects and not any(i.drawn for i in self.captured)

    lasting = replays  # whether it may be kept for other descents

    @property
    def holds(self) -> bool:
        """Whether the facts that the graph rests on are still so."""
        return not self.guards or all([g.get() == g.value for g in self.guards])

    def compiled(self) -> Program | None:
        """The same in machine code, for a program that will be run often; None if there is none."""
        if self.why or find_spec("llvmlite") is None:
            return None
        from chainrule.compiler.native.executable import Executable
        from chainrule.compiler.native.graph import compiled

        native = copy(self)
        native.run = compiled([*self.inputs, *(i.var for i in self.captured)], self.results)
        return native if isinstance(native.run, Executable) else None

    def __call__(self, arrays: Given) -> list[Any]:
        if self.why:
            return self._eager(arrays)
        if self.gaps_in:
            arrays = [a for a in arrays if a is not None]
        out = self.run([*arrays, *[_scalar(i.get()) for i in self.captured]])
        at = self.returned
        for effect in self.effects:
            effect.apply(None if effect.var is None else out[at])
            at += effect.var is not None
        del out[self.returned :]
        for i in self.gaps_out:
            out.insert(i, None)
        return out

    def _eager(self, arrays: Given) -> list[Any]:
        objective = self._objective
        n = len(objective.start)
        objective.put(arrays[:n])
        xs = objective.parameters or [wrap(a, LEAF) for a in arrays[:n]]
        with mode(grad=True):
            y = objective.call(xs)
            return [a.copy() if isinstance(a, np.ndarray) else a for a in self._make(y, xs, list(arrays[n:]))]


def read(x: Tensor) -> Array:
    """What a tensor holds: the graph's value under a trace, else its payload."""
    m = MODE.get()
    return _scalar(x._a) if m is None or m.trace is None else m.trace.read(x)


def gradients(y: Tensor, xs: list[Tensor]) -> list[Any]:
    """The gradients' payloads; None for a leaf that the value does not depend on."""
    return _read(y, grad(y, xs, allow_unused=True))


def _read(y: Tensor, gs: Sequence[Tensor | None]) -> list[Any]:
    made = [None if g is None else read(g) for g in gs]
    value = read(y)
    return settled(made, value.id) if isinstance(value, Var) else made


def value_and_gradient(y: Tensor, xs: list[Tensor], _: list[Array]) -> list[Array]:
    """The value, then the gradient of each leaf."""
    gs = gradients(y, xs)
    return [read(y), *(REGISTRY["zeros_like"](read(x)) if g is None else g for x, g in zip(xs, gs))]


def hessian_product(y: Tensor, xs: list[Tensor], vs: list[Array]) -> list[Array]:
    """The Hessian times the vector given as arrays like the leaves: the slope of (gradient . vector)."""
    gs = grad(y, xs, create_graph=True, allow_unused=True)
    dots = [(g * wrap(v)).sum() for g, v in zip(gs, vs) if g is not None and g._g is not None]
    got = grad(sum(dots[1:], dots[0]), xs, allow_unused=True) if dots else [None] * len(xs)
    return [REGISTRY["zeros_like"](read(x)) if h is None else h for x, h in zip(xs, _read(y, got))]


def _is_module(x: object) -> bool:
    nn = sys.modules.get("chainrule.nn.module")  # who has a module has imported it
    return nn is not None and isinstance(x, nn.Module)


def _takes_nothing(f: Function) -> bool:
    if type(f) is FunctionType and not f.__dict__:
        return not (f.__code__.co_argcount or f.__code__.co_flags & CO_VARARGS)
    try:
        parameters = inspect.signature(f).parameters.values()
    except (TypeError, ValueError):
        return False
    return not any(p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD, p.VAR_POSITIONAL) for p in parameters)


def spread(f: Function, x0: Any) -> str:
    """How a function of several arguments takes what is in x0; "" for a function of one."""
    if type(f) is FunctionType and not f.__dict__ and f.__code__.co_argcount - len(f.__defaults__ or ()) < 2:
        return ""
    try:
        parameters = inspect.signature(f).parameters.values()
    except (TypeError, ValueError):
        return ""
    names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    needed = [p.name for p in parameters if p.name in names and p.default is p.empty]
    if len(needed) < 2:
        return ""
    if isinstance(x0, dict) and {*needed} <= {*x0} <= {*names}:
        return "**"
    if isinstance(x0, (tuple, list)) and len(needed) <= len(x0) <= len(names):
        return "*"
    there = f"holds {len(x0)}" if isinstance(x0, (tuple, list, dict)) else f"is one: {x0!r:.40}"
    example = ", ".join(["1.0"] * len(needed))
    raise TypeError(
        f"the function takes {len(needed)} arguments ({', '.join(needed)}), so x0 must hold a start for each, as a "
        f"tuple ({example}) or a dict by their names, but it {there}. For a vector, write f(x) with x[0], x[1], ..."
    )


def _numbers(x: Any) -> bool:
    """Whether x is a list or tuple of numbers, or of such lists of one length: it is one array."""
    if type(x) not in (list, tuple) or not len(x):
        return False
    if type(x[0]) in (list, tuple):
        return all(_numbers(row) and len(row) == len(x[0]) for row in x)
    return all(isinstance(n, (int, float, np.integer, np.floating)) and not isinstance(n, bool) for n in x)


def _payload(x: Any) -> Array:
    """A leaf of x0 as an array of its own, of floats."""
    if isinstance(x, (list, tuple)):
        return np.array(x, np.float64)
    if isinstance(x, (bool, np.bool_)) or not isinstance(x, (int, float, np.ndarray, np.number, Tensor)):
        raise TypeError(f"x0 must hold numbers, arrays or tensors, but got {x!r:.60}, of type {type(x).__name__}")
    if isinstance(x, (int, float)) and not isinstance(x, np.generic):
        x = np.float64(x)
    a: Any = x if isinstance(x, np.floating) else np.array(x._a if isinstance(x, Tensor) else x)
    if a.dtype.kind != "f":
        raise TypeError(
            f"x0 has dtype {a.dtype}, but only floating point numbers can be moved by a gradient: pass "
            "x0.astype(float) of an array, x0.float() of a tensor"
        )
    return _scalar(a)


def _as(like: Any, a: Array) -> Any:
    """An array as what stood in its place in x0."""
    if isinstance(like, Tensor):
        return wrap(_scalar(np.array(a)))
    if isinstance(like, np.ndarray):
        return np.array(a)
    if isinstance(like, (list, tuple)):
        return type(like)(_as(part, row) for part, row in zip(like, a))
    return type(like)(a) if isinstance(like, np.generic) else float(a)


def _scalar(a: Any) -> Any:
    return a[()] if type(a) is np.ndarray and not a.shape else a


def _variable(a: Any) -> Var:
    """A value of the graph like `a`; a Python number stays one, which decides no dtype."""
    if type(a) is float:
        v = Var((), np.dtype("float64"))
        v.weak = True
        return v
    return Var(a.shape, a.dtype)
