"""Declaring operations: four kinds cover everything, and the registry holds them all.

An op is a kernel on payloads plus its derivative rule, and what else the house knows of it, in columns (`registry.py`):
how it is written elsewhere, how it is published. A rule is plain arithmetic over ops and does not know who is calling:
an op called on NumPy arrays computes, on tensors it records, on anything with `_interpret` (a graph node, a symbol) it
lets that thing decide.

    elementwise  one partial per input; the engine multiplies, and undoes broadcasting. Where a plain product would be
                 wrong (0 * inf) or slower, `times(g, *inputs, out)` says how a gradient is multiplied by the partial
    linear       its transpose
    bilinear     the transposes with the other side held fixed
    custom       a vector-Jacobian product
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from functools import cache, cached_property, partial
from types import NoneType
from typing import Any

import numpy as np

from chainrule.core import dispatch, forward
from chainrule.core.parts import times
from chainrule.core.registry import COLUMNS, OPERATORS, Attrs
from chainrule.core.registry import REGISTRY as REGISTRY  # where the others look for it
from chainrule.core.tape import Meta
from chainrule.core.tensor import Tensor
from chainrule.core.tracer import Tracer

FUNCTION = 10  # simple instructions that a function takes, at least
HAS_THREADS = sys.platform != "emscripten"  # a browser's tab has none, nor `blocks`
Rule = Any  # a function, or for a partial one of the numbers 0, 1, -1
_PLAIN = frozenset(
    {np.ndarray, float, int, bool, NoneType, Meta, tuple, list, slice, str}
    | {np.dtype(c).type for c in "?bBhHiIlLqQefd"}
)


class Op:
    """A declared operation; call it on arrays, tensors, graph nodes or symbols."""

    d: tuple[Rule | None, ...] | None = None  # elementwise: the partials
    times: tuple[Rule | None, ...] | None = None  # elementwise: how a gradient is multiplied by them
    transpose: Rule | None = None  # linear: its transpose
    rules: tuple[Rule | None, ...] | None = None  # elementwise: whichever of the two was declared
    types: str | None = None  # how dtypes of operands meet: same, int (never floats), float, bool, match, real (anyhow)
    view = False  # the result shares the input's memory
    outputs = 1
    differentiable = True
    part: Rule | None = None  # of a view of a part: its index, of the number of dimensions and the attributes
    frees = True  # whether nodes keep values that are let go after backward
    wide = False  # whether halves are computed in float32, and rounded once
    long = sys.maxsize  # arrays of more elements than that are left to `many`

    def __init__(self, name: str, numpy: Rule, *, grad: Any = None, **columns: Any) -> None:
        self.name = name
        self.kernel = numpy
        self.grad_name = grad or "".join(w[:1].upper() + w[1:] for w in name.split("_")) + "Backward0"
        self.names_late = not isinstance(self.grad_name, str)  # a function of the node: the operands decide
        self.columns = columns
        if not columns.keys() <= COLUMNS.keys():
            raise TypeError(f"operation {name!r}: there is no column {(columns.keys() - COLUMNS.keys()).pop()!r}")
        if name in REGISTRY:
            raise ValueError(f"operation {name!r} is declared twice")
        REGISTRY[name] = self
        if "operator" in columns:
            OPERATORS[columns["operator"]] = self

    def __repr__(self) -> str:
        return f"<op {self.name}>"

    def __call__(self, *args: Any, **attrs: Any) -> Any:
        for x in args:
            if type(x) not in _PLAIN:
                if isinstance(x, Tensor):
                    return dispatch.apply(self, args, attrs)
                if hasattr(x, "_interpret"):
                    return x._interpret(self, args, attrs)
        if not attrs:
            return self.kernel(*args)
        try:
            return self.kernel(*args, **attrs)
        except RuntimeError:  # a gradient that is constant, at an index that is traced
            tracer = next(_tracers(tuple(attrs.values())), None)
            if tracer is None:
                raise
        return tracer._interpret(self, args, attrs)

    def many(self, *args: Any, **attrs: Any) -> Any:
        """As a call, of arrays so long that machine code, or threads, may be worth their while."""
        from chainrule.core.blocks import each  # seldom needed, so not loaded before

        if any([type(x) not in _PLAIN for x in args]):
            return self(*args, **attrs)
        f = self.kernel
        if f.__class__ is type(len):  # Python's operator
            f = self.columns.get("ufunc", f)
        return each(partial(f, **attrs) if attrs else f, args, (self, None, attrs))

    def saves(self, needs: Sequence[bool]) -> Sequence[bool]:
        """For each input, and last for the result: whether the rule reads its values if these need gradients."""
        raise NotImplementedError

    def vjp(self, g: Any, args: Sequence[Any], out: Any, attrs: Attrs, needs: Sequence[bool]) -> Sequence[Any]:
        """The gradients of the inputs from the gradient of the result."""
        raise NotImplementedError

    def jvp(self, args: Sequence[Any], tangents: Sequence[Any], attrs: Attrs, out: Any) -> Sequence[Any]:
        """The tangents of the results from the tangents of the inputs, None for what has none."""
        return forward.transposed_vjp(self, args, tangents, attrs, out)


def _tracers(x: Any) -> Iterator[Any]:
    if type(x) is tuple:
        for y in x:
            yield from _tracers(y)
    elif isinstance(x, Tracer):
        yield x


class Elementwise(Op):
    """One value from the values at the same place in each input; partial derivatives are elementwise too."""

    def __init__(
        self, name: str, numpy: Rule, d: Any = None, *, times: Any = None, types: str = "same", **columns: Any
    ) -> None:
        super().__init__(name, numpy, **columns)
        self.d, self.times = _each(d), _each(times)
        self.rules = self.times or self.d
        self.differentiable = self.rules is not None
        self.types = types
        self.wide = types not in ("where", "bool")  # a number is compared as a half, too
        # What has a price, whatever its operands, waits for memory: threads make that no faster. But where NumPy takes
        # several passes, machine code does.
        self.waits = type(columns.get("price")) is int
        self.long = sys.maxsize
        if HAS_THREADS and (not self.waits or "passes" in self.columns):
            self.long = 1 << 18 if self.waits else 1 << 16
        self.frees = any(type(rule) is not int for rule in self.rules or ())

    @cached_property
    def touches(self) -> tuple[frozenset[int], ...]:
        """For each partial, the positions it reads (the result is the last): found by running it on probes."""
        found = []
        rules = self.rules or ()
        for rule in rules:
            log: set[int] = set()
            if rule is not None and type(rule) is not int:
                probes = [Probe(i, log) for i in range(len(rules) + 1)]
                g = [Probe(None, log)] if self.times else []
                got = rule(*g, *probes, **self.columns.get("probe", {}))
                if isinstance(got, Probe):
                    got.read()
            found.append(frozenset(log))
        return tuple(found)

    def brief(self, *operands: Any) -> bool:
        """Whether what it does with these, as a power of 2 does, takes no longer than memory to give and take them."""
        price = self.columns.get("price")
        return callable(price) and price(*operands) < FUNCTION

    def saves(self, needs: Sequence[bool]) -> Sequence[bool]:
        read: set[int] = set()
        for need, touched in zip(needs, self.touches):
            if need:
                read |= touched
        return [i in read for i in range(len(needs) + 1)]

    def vjp(self, g: Any, args: Sequence[Any], out: Any, attrs: Attrs, needs: Sequence[bool]) -> Sequence[Any]:
        """Before broadcasting is undone. (The engine's loop has its own copy, without the calls.)"""
        return [
            self.pull(rule, g, (*args, out), attrs) if need else None for rule, need in zip(self.rules or (), needs)
        ]

    def jvp(self, args: Sequence[Any], tangents: Sequence[Any], attrs: Attrs, out: Any) -> Sequence[Any]:
        """The sum of each tangent times its partial."""
        total: Any = None
        for rule, t in zip(self.rules or (), tangents):
            term = None if t is None else self.pull(rule, t, (*args, out), attrs)
            if term is not None:
                total = term if total is None else total + term
        if total is not None and total._a.shape != out._a.shape:
            total = REGISTRY["expand"](total, shape=out._a.shape)
        return (total,)

    def pull(self, rule: Rule | None, g: Any, args: Sequence[Any], attrs: Attrs) -> Any:
        """What one of the rules makes of a gradient, or a tangent."""
        if self.times and callable(rule):
            return rule(g, *args, **attrs)
        p = rule(*args, **attrs) if callable(rule) else rule
        return None if p is None else times(g, p)


def _each(rules: Any) -> tuple[Rule | None, ...] | None:
    return rules if isinstance(rules, tuple) or rules is None else (rules,)


class Linear(Op):
    """Linear in all its inputs: `transpose(g, *inputs, **attrs)` reads the inputs' shapes alone.

    Of complex operands it is the adjoint (`core/conjugate.py`), which is the same thing for real coefficients.
    """

    frees = False

    def __init__(
        self, name: str, numpy: Rule, transpose: Rule, *, view: bool = False, wide: bool = False, **columns: Any
    ) -> None:
        super().__init__(name, numpy, **columns)
        self.transpose = transpose
        self.types = None if "complex" in self.columns else "real"
        self.view, self.wide = view, wide
        self.part = columns["at"] if view and columns.get("moves") == "part" else None

    def saves(self, needs: Sequence[bool]) -> Sequence[bool]:
        return [False] * (len(needs) + 1)

    def vjp(self, g: Any, args: Sequence[Any], out: Any, attrs: Attrs, needs: Sequence[bool]) -> Sequence[Any]:
        got = self.transpose(g, *args, **attrs)
        return got if isinstance(got, (tuple, list)) else (got,)

    def jvp(self, args: Sequence[Any], tangents: Sequence[Any], attrs: Attrs, out: Any) -> Sequence[Any]:
        """The op on the tangents."""
        return (self(*[_zero(x) if t is None else t for x, t in zip(args, tangents)], **attrs),)


def _zero(x: Any) -> Any:
    """The tangent of an input that has none."""
    return REGISTRY["zeros_like"](x) if hasattr(x, "shape") else x if x is None else type(x)(0)


class Bilinear(Op):
    """Linear in each of two inputs with the other held fixed."""

    types = "match"
    wide = True

    def __init__(self, name: str, numpy: Rule, left: Rule, right: Rule, **columns: Any) -> None:
        super().__init__(name, numpy, **columns)
        self.sides = (left, right)

    def saves(self, needs: Sequence[bool]) -> Sequence[bool]:
        return [needs[1], needs[0], False]

    def vjp(self, g: Any, args: Sequence[Any], out: Any, attrs: Attrs, needs: Sequence[bool]) -> Sequence[Any]:
        return [side(g, *args, **attrs) if need else None for side, need in zip(self.sides, needs)]

    def jvp(self, args: Sequence[Any], tangents: Sequence[Any], attrs: Attrs, out: Any) -> Sequence[Any]:
        """The product rule."""
        (a, b), (ta, tb) = args, tangents
        first = None if ta is None else self(ta, b, **attrs)
        second = None if tb is None else self(a, tb, **attrs)
        return (first if second is None else second if first is None else first + second,)


class Custom(Op):
    """Anything else: `vjp(g, out, *inputs, **attrs)` gives a gradient per input (None for those without).

    A parameter whose name begins with an underscore is not read, so only its shape is kept; likewise `_out`.
    """

    def __init__(
        self,
        name: str,
        numpy: Rule,
        vjp: Rule | None = None,
        *,
        outputs: int = 1,
        types: str | None = None,
        **columns: Any,
    ) -> None:
        super().__init__(name, numpy, **columns)
        self.rule = vjp
        self.differentiable = self.wide = vjp is not None
        self.outputs = outputs
        self.types = types or (None if "complex" in self.columns else "real")

    def saves(self, needs: Sequence[bool]) -> Sequence[bool]:
        return self._saves(len(needs))

    @cache  # noqa: B019 (ops live as long as the package)
    def _saves(self, count: int) -> Sequence[bool]:
        code = self.rule.__code__  # type: ignore[union-attr]
        names = list(code.co_varnames[1 : code.co_argcount])
        while len(names) < count + 1:  # a *parameter takes the rest
            names.append(code.co_varnames[code.co_argcount + code.co_kwonlyargcount])
        read = [not name.startswith("_") for name in names]
        return (*read[1 : count + 1], read[0])

    def vjp(self, g: Any, args: Sequence[Any], out: Any, attrs: Attrs, needs: Sequence[bool]) -> Sequence[Any]:
        got = self.rule(g, out, *args, **attrs)
        return got if isinstance(got, (tuple, list)) else (got,)


class Probe(Tracer):
    """Stands for a value when a rule is run to see which values it reads."""

    shape: tuple[int, ...] = ()
    ndim = 0
    dtype = np.dtype("float32")

    def __init__(self, position: int | None, log: set[int]) -> None:
        self.position, self.log = position, log

    def read(self) -> Probe:
        """Note that this value was used; what comes of it is a nameless probe."""
        if self.position is not None:
            self.log.add(self.position)
        return Probe(None, self.log)

    def _interpret(self, op: Op, args: Sequence[Any], attrs: Attrs) -> Probe:
        for x in args:
            if isinstance(x, Probe):
                x.read()
        return self.read()


def elementwise(name: str, numpy: Rule, d: Any = None, **columns: Any) -> Elementwise:
    """Declare an elementwise op: `d`, one partial per input, each of (*inputs, out); numbers 0, 1, -1 cost nothing."""
    return Elementwise(name, numpy, d, **columns)


def linear(name: str, numpy: Rule, transpose: Rule, **columns: Any) -> Linear:
    """Declare a linear op by its transpose, a function of (g, *inputs, **attrs)."""
    return Linear(name, numpy, transpose, **columns)


def bilinear(name: str, numpy: Rule, left: Rule, right: Rule, **columns: Any) -> Bilinear:
    """Declare a bilinear op by the transposes of its left and right side, functions of (g, a, b, **attrs)."""
    return Bilinear(name, numpy, left, right, **columns)


def custom(name: str, numpy: Rule, vjp: Rule | None = None, **columns: Any) -> Custom:
    """Declare any other op by its vector-Jacobian product; without one it has no derivative."""
    return Custom(name, numpy, vjp, **columns)
