"""Tracing: run a function on values that have shapes but no numbers, and write down every operation.

The engine itself does the work: with a trace in the mode, ops are written into the graph instead of computed (core/graph),
and the trace stands between tensors and their memory:

    read(x)   the graph's value for a tensor: what was computed for it, or an input if it comes from outside
    write(x)  an in-place change: the memory gets a new value, which whoever shares it will read

A tensor from outside (a parameter, a buffer, optimiser state) is found by the memory it lies in, so that `p`, `p.data` and
`p.detach()` are one. Nothing outside is changed while tracing: changes are `effects`, applied after each run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from chainrule.core.graph import Var, constant
from chainrule.core.op import REGISTRY
from chainrule.core.state import MODE, changed
from chainrule.core.tape import store
from chainrule.core.tensor import LEAF, Tensor, bump, shareable, version, wrap
from chainrule.func.trees import flatten, unflatten


class Input(NamedTuple):
    """A value that each run fetches anew: `get()` gives an array of the shape and dtype of `var`."""

    var: Var
    get: Callable[[], Any]


class Effect(NamedTuple):
    """What a run does to the world besides returning: `apply(array)`; `var` is None for a plain action."""

    var: Var | None
    apply: Callable[[Any], None]


class Guard(NamedTuple):
    """A fact that the graph rests on: `get()` must still give `value`."""

    what: str
    get: Callable[[], Any]
    value: Any


class Trace:
    """One recording in progress."""

    def __init__(self) -> None:
        self.inputs: list[Input] = []
        self.guards: list[Guard] = []
        self.effects: list[Effect] = []
        self._memory: dict[Any, Var] = {}  # what lies now in each piece of outside memory
        self._outside: dict[Any, Tensor] = {}  # the tensor by which that memory was first met
        self._first: dict[Any, Var] = {}
        self._born: dict[Any, np.ndarray[Any, Any]] = {}  # memory made inside: constants
        self._grads: dict[Any, Tensor] = {}  # by the memory of a .grad, the leaf it belongs to
        self._leaves: dict[int, tuple[Tensor, Tensor | None]] = {}  # with the .grad that they had
        self._numbers: dict[Any, Var] = {}
        self._puts: dict[Any, Callable[[Any], None]] = {}
        self._alive: list[Any] = []  # keeps memory addresses from being used again

    # ---- between tensors and memory

    def born(self, t: Tensor) -> None:
        """A tensor made inside the function: its first contents are a constant of the graph."""
        a = shareable(t)
        self._alive.append(a)
        self._born[_place(a)] = a.copy()

    def read(self, x: Tensor) -> Var:
        """The value that x holds at this point."""
        if x._base is not None:
            value = self.read(x._base)
            for op, attrs, _ in x._path:
                value = op(value, **attrs)
            return value
        if isinstance(x._a, Var):
            return x._a
        a = shareable(x)
        key = _place(a)
        value = self._memory.get(key)
        if value is None:
            if x._g is LEAF:
                self.meet(x)
            value = self._memory[key] = self._first[key] = self._fetch(x, a, key)
            self._alive.append(a)
        return value

    def _fetch(self, x: Tensor, a: np.ndarray[Any, Any], key: Any) -> Var:
        if key in self._born:
            return constant(self._born[key])
        self._outside[key] = x
        var = Var(a.shape, a.dtype)
        leaf = self._grads.get(key)
        if leaf is None:
            self.inputs.append(Input(var, lambda: x._a))
            self.guards.append(Guard("a captured tensor's shape and dtype", lambda: _kind(x), _kind(x)))
        else:
            self.inputs.append(Input(var, lambda: leaf._grad._a))  # type: ignore[union-attr]
        return var

    def meet(self, x: Tensor) -> None:
        """A leaf from outside: what the function does rests on whether it has a `.grad` at the start."""
        if id(x) not in self._leaves:
            held = x._grad
            self._leaves[id(x)] = (x, held)
            self.guards.append(Guard("whether a .grad is None", lambda: x._grad is None, held is None))
            if held is not None:
                self._grads[_place(shareable(held))] = x

    def write(self, x: Tensor, value: Any) -> None:
        """Change what x's memory holds from here on."""
        if not isinstance(value, Var):
            value = constant(value)
        if value.dtype != x._a.dtype:
            value = value.astype(x._a.dtype)
        if value.shape != tuple(x._a.shape):
            value = REGISTRY["expand"](value, shape=tuple(x._a.shape))
        if x._base is not None:
            path = tuple((op, attrs) for op, attrs, _ in x._path)
            self.write(x._base, REGISTRY["view_scatter"](self.read(x._base), value, path=path))
        elif isinstance(x._a, Var):
            x._a = value
        else:
            self.read(x)
            self._memory[_place(shareable(x))] = value

    def number(self, key: Any, get: Callable[[], float]) -> Var:
        """A Python number that may differ from run to run (a learning rate, a count of steps), by the key it is kept under."""
        if key not in self._numbers:
            var = Var((), np.dtype("float64"))
            var.weak = True
            self.inputs.append(Input(var, get))
            self._numbers[key] = var
        return self._numbers[key]

    def set_number(self, key: Any, value: Var, apply: Callable[[Any], None]) -> None:
        """Such a number gets a new value, which `apply` puts away after each run."""
        self._numbers[key] = value
        self._puts[key] = apply

    def later(self, value: Var, apply: Callable[[Any], None]) -> None:
        """After each run, `apply` is given this value's array."""
        self.effects.append(Effect(value, apply))

    def guard(self, what: str, get: Callable[[], Any]) -> Any:
        """A fact that the function decides by: noted, and returned."""
        value = get()
        self.guards.append(Guard(what, get, value))
        return value

    # ---- at the end

    def finish(self) -> None:
        """Turn what was written into effects, and put every `.grad` back as it was."""
        for key, value in self._memory.items():
            x = self._outside.get(key)
            if x is not None and value is not self._first[key]:
                leaf = self._grads.get(key)
                self.effects.append(Effect(value, _writer(x) if leaf is None else _grad_writer(leaf)))
        self.effects.extend(Effect(self._numbers[key], apply) for key, apply in self._puts.items())
        for x, held in self._leaves.values():
            now = x._grad
            x._grad = held
            if now is held:
                continue
            if now is None:
                self.effects.append(Effect(None, _grad_setter(x)))
            else:
                self.effects.append(Effect(self.read(now), _grad_setter(x)))

    def restore(self) -> None:
        """After an exception: no trace is left behind."""
        for x, held in self._leaves.values():
            x._grad = held


def _place(a: np.ndarray[Any, Any]) -> Any:
    face = a.__array_interface__
    return face["data"][0], a.shape, a.strides, face["typestr"]


def _kind(x: Tensor) -> Any:
    return x._a.shape, x._a.dtype, x._g is LEAF


def _writer(x: Tensor) -> Callable[[Any], None]:
    def apply(a: Any) -> None:
        store(x, a)
        bump(version(x), "a compiled function", None)

    return apply


def _grad_writer(leaf: Tensor) -> Callable[[Any], None]:
    return lambda a: _writer(leaf._grad)(a)  # type: ignore[arg-type]


def _grad_setter(x: Tensor) -> Callable[[Any], None]:
    def apply(a: Any) -> None:
        x._grad = None if a is None else wrap(a)

    return apply


class Traced(NamedTuple):
    """A finished trace: the inputs in order, the results wanted, and what to do with them."""

    arguments: list[Var]
    captured: list[Input]
    guards: list[Guard]
    effects: list[Effect]
    results: list[Var]
    build: Callable[[Sequence[Any]], Any]  # from the results' arrays to what the function returns


def trace(f: Callable[..., Any], args: Any, rebuild: Callable[[list[Tensor]], tuple[Any, Any]], tensors: list[Tensor]) -> Traced:
    """Run `f` on traced stand-ins for its tensor arguments.

    rebuild: from stand-ins in the order of `tensors` to f's (args, kwargs).
    """
    t = Trace()
    token = MODE.set(changed(trace=t))
    arguments = []
    stand_ins = []
    try:
        for x in tensors:
            var = Var(tuple(x._a.shape), x._a.dtype)
            arguments.append(var)
            s = wrap(var, LEAF if x._g is not None else None)
            stand_ins.append(s)
        positional, named = rebuild(stand_ins)
        leaves, spec = flatten(f(*positional, **named))
        spots: list[int] = []
        results: list[Var] = []
        for leaf in leaves:
            spots.append(-1)
            if isinstance(leaf, Tensor):
                spots[-1] = len(results)
                results.append(t.read(leaf))
        for s, x, var in zip(stand_ins, tensors, arguments):
            _argument_effects(t, s, x, var)
        t.finish()
    except BaseException:
        t.restore()
        raise
    finally:
        MODE.reset(token)

    def build(arrays: Sequence[Any]) -> Any:
        return unflatten(spec, [leaf if at < 0 else wrap(arrays[at]) for leaf, at in zip(leaves, spots)])

    return Traced(arguments, t.inputs, t.guards, t.effects, results, build)


def _argument_effects(t: Trace, s: Tensor, x: Tensor, var: Var) -> None:
    if s._a is not var or s._grad is not None:
        raise RuntimeError(
            "a compiled function changed one of its arguments in place, or left a gradient in its .grad. Return the new "
            "value, or let the function refer to the tensor (a parameter) instead of taking it as an argument."
        )

