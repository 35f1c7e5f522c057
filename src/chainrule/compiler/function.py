"""`compile(f)`: the same numbers, from a graph that is recorded once and run many times.

A call looks for a program that was traced for arguments of these shapes, dtypes and Python values, and whose guards still
hold; else it traces anew. Parameters, buffers and optimiser state that the function refers to are read at each run and
updated after it, as in eager mode.
"""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.compiler.interp import Interpreter
from chainrule.compiler.passes import simplify
from chainrule.compiler.trace import Traced, trace
from chainrule.core.graph import order
from chainrule.core.state import MODE
from chainrule.core.tensor import LEAF, Tensor
from chainrule.func.trees import flatten, unflatten


def compile(f: Callable[..., Any]) -> Compiled:
    """`f`, traced at its first call for each kind of arguments, and run from the graph after that.

    f: any function of tensors and Python values, written in the usual way; it may call `backward()`, step an optimiser,
    change parameters in place. It may not decide by the values of tensors.

    >>> import chainrule as cr
    >>> fast = cr.compile(cr.func.grad(lambda x: x**2 - 4 * x + 5))
    >>> fast(cr.tensor(5.0))
    tensor(6.)
    """
    return Compiled(f)


class Program:
    """One traced graph, simplified and ready to run."""

    def __init__(self, traced: Traced) -> None:
        start = time.perf_counter()
        self.guards = traced.guards
        self.captured = traced.captured
        self.effects = traced.effects
        self.build = traced.build
        wanted = [*traced.results, *(e.var for e in traced.effects if e.var is not None)]
        self.before = len(order(wanted))
        wanted = simplify(wanted)
        self.after = len(order(wanted))
        self.returned = len(traced.results)
        self.run: Callable[[Sequence[Any]], list[Any]] = Interpreter(
            [*traced.arguments, *(i.var for i in traced.captured)], wanted
        )
        self.seconds = time.perf_counter() - start

    def broken(self) -> str | None:
        """The first guard that no longer holds, in words."""
        for g in self.guards:
            now = g.get()
            if now is not g.value and now != g.value:
                return f"{g.what}: was {g.value}, is {now}"
        return None

    def __call__(self, tensors: Sequence[Tensor]) -> Any:
        arrays = self.run([_scalar(x._a) for x in tensors] + [_scalar(i.get()) for i in self.captured])
        at = self.returned
        for effect in self.effects:
            if effect.var is None:
                effect.apply(None)
            else:
                effect.apply(arrays[at])
                at += 1
        return self.build(arrays)


class Compiled:
    """A compiled function; `report()` tells what was made of it."""

    def __init__(self, f: Callable[..., Any]) -> None:
        self.f = f
        self.programs: dict[Any, list[Program]] = {}
        self.reasons: list[str] = []
        self._lock = threading.RLock()
        functools.update_wrapper(self, f, updated=())

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if MODE.get() is not None and MODE.get().trace is not None:  # type: ignore[union-attr]
            return self.f(*args, **kwargs)  # inside another trace: its ops join that graph
        leaves, spec = flatten((args, kwargs))
        tensors = [x for x in leaves if isinstance(x, Tensor)]
        key = (_spec_key(spec), tuple(_leaf_key(x) for x in leaves), MODE.get())
        for program in self.programs.get(key, ()):
            if program.broken() is None:
                return program(tensors)
        with self._lock:
            program = self._trace(key, leaves, spec, tensors)
        return program(tensors)

    def _trace(self, key: Any, leaves: list[Any], spec: Any, tensors: list[Tensor]) -> Program:
        found = self.programs.setdefault(key, [])
        self.reasons.append("; ".join(p.broken() or "" for p in found) or f"first call for {_words(leaves)}")

        def rebuild(stand_ins: list[Tensor]) -> Any:
            each = iter(stand_ins)
            return unflatten(spec, [next(each) if isinstance(x, Tensor) else x for x in leaves])

        program = Program(trace(self.f, None, rebuild, tensors))
        found.append(program)
        return program

    def report(self) -> str:
        """For each program: why it was compiled, the size of its graph before and after the passes, and the time it took."""
        lines = []
        programs = [p for ps in self.programs.values() for p in ps]
        for reason, p in zip(self.reasons, programs):
            lines.append(
                f"{reason}\n  graph: {p.before} values, {p.after} after passes; {len(p.captured)} captured inputs, "
                f"{len(p.effects)} effects; compiled in {p.seconds * 1e3:.1f} ms"
            )
        return "\n".join(lines) or "not called yet"


def _scalar(a: Any) -> Any:
    return a[()] if type(a) is np.ndarray and not a.shape else a


def _spec_key(spec: Any) -> Any:
    return spec


def _leaf_key(x: Any) -> Any:
    if isinstance(x, Tensor):
        return tuple(x._a.shape), x._a.dtype, x._g is not None
    try:
        hash(x)
    except TypeError:
        return id(x)
    return type(x), x


def _words(leaves: list[Any]) -> str:
    return ", ".join(
        f"{x._a.dtype}{list(x._a.shape)}{' (a leaf)' if x._g is LEAF else ''}" if isinstance(x, Tensor) else repr(x)
        for x in leaves
    )
