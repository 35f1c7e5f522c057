"""`compile(f)`: the same numbers, from a graph that is recorded once and run many times.

A call looks for a program that was traced for arguments of these shapes, dtypes and Python values, and whose guards
still hold; else it traces anew. Parameters, buffers and optimiser state that the function refers to are read at each
run and updated after it, as in eager mode.
"""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.compiler.native import runner
from chainrule.compiler.outside import SHARED, overlap
from chainrule.compiler.passes import simplify
from chainrule.compiler.pullback import Returned
from chainrule.compiler.trace import Traced, overwrite, trace
from chainrule.core.graph import TraceError, order
from chainrule.core.state import MODE
from chainrule.core.tensor import LEAF, Tensor, wrap
from chainrule.func.trees import flatten, unflatten


def compile(f: Callable[..., Any]) -> Compiled:
    """`f`, traced at its first call for each kind of arguments, and run from the graph after that.

    f: any function of tensors and Python values, written in the usual way; it may call `backward()`, step an optimiser,
    change parameters in place. It may not decide by the values of tensors.

    Tensors that f refers to are read at each run, and so are learning rates and the state of optimisers. Other Python
    values that it uses (a global number, a number in a closure, an attribute of a module other than `training`) are
    constants of the graph: pass what changes as an argument. A number among the arguments has a graph of its own.

    Raises TraceError where f asks for the numbers in a tensor, and where it could not be run from a graph faithfully.

    >>> import chainrule as cr
    >>> fast = cr.compile(cr.func.grad(lambda x: x**2 - 4 * x + 5))
    >>> fast(cr.tensor(5.0))
    tensor(6.)
    """
    return Compiled(f)


LIMIT = 64  # programs kept for one kind of arguments: of more, the oldest is dropped


class Program:
    """One traced graph, simplified and ready to run."""

    reason = ""  # why it was made

    def __init__(self, traced: Traced) -> None:
        start = time.perf_counter()
        self.guards = traced.guards
        self.captured = traced.captured
        self.effects = traced.effects
        self.build = traced.build
        self.arguments = traced.arguments
        self.written = traced.written
        self.returned = Returned(traced.results, traced.pullback)
        after = [v for a in traced.arguments for v in (a.after, a.grad_after) if v is not None]
        changes = [*after, *(e.var for e in traced.effects if e.var is not None)]
        wanted = [*changes, *self.returned.wanted]
        self.before = len(order(wanted))
        wanted = simplify(wanted)
        self.after = len(order(wanted))
        self.changes = len(changes)
        wanted = [*wanted[: self.changes], *self.returned.split(wanted[self.changes :])]
        inputs = [v for a in traced.arguments for v in (a.var, a.grad) if v is not None]
        self.run = runner([*inputs, *(i.var for i in traced.captured)], wanted)
        self.seconds = time.perf_counter() - start

    def broken(self) -> str | None:
        """The first guard that no longer holds, in words."""
        for g in self.guards:
            now = g.get()
            if now is not g.value and now != g.value:
                return f"{g.what}: was {g.value}, is {now}"
        return None

    def __call__(self, tensors: Sequence[Tensor]) -> Any:
        self._refuse_shared(tensors)
        inputs = []
        for a, x in zip(self.arguments, tensors):
            inputs.append(_scalar(x._a))
            if a.grad is not None:
                inputs.append(_scalar(x._grad._a))  # type: ignore[union-attr]
        arrays = self.run(inputs + [_scalar(i.get()) for i in self.captured])
        changes, rest = iter(arrays[: self.changes]), arrays[self.changes :]
        arguments = [(a, x, None if a.after is None else next(changes), None if a.grad_after is None else next(changes))
                     for a, x in zip(self.arguments, tensors)]  # fmt: skip
        for effect in self.effects:  # checks come first, so that where one raises nothing was changed
            effect.apply(None if effect.var is None else next(changes))
        for a, x, after, grad in arguments:
            if a.after is not None:
                overwrite(x, after, a.times)
            if a.grad_after is not None:
                if a.grad_kept:
                    overwrite(x._grad, grad, 1)  # type: ignore[arg-type]
                else:
                    x._grad = wrap(grad)
        return self.build(self.returned.tensors(rest, tensors))

    def _refuse_shared(self, tensors: Sequence[Tensor]) -> None:
        """Raise if an argument lies in memory that the function changes under another name."""
        changed = [x for a, x in zip(self.arguments, tensors) if a.after is not None]
        for x in tensors:
            others = [*self.written, *(y for y in changed if y is not x)]
            others += [i.tensor for i in self.captured if i.tensor is not None] if any(x is y for y in changed) else []
            for y in others:
                if overlap(x._a, y._a):
                    raise TraceError(SHARED.format(a=f"{y._a.dtype}{list(y._a.shape)}", b="an argument"))


class Compiled:
    """A compiled function; `report()` tells what was made of it."""

    def __init__(self, f: Callable[..., Any]) -> None:
        self.f = f
        self.programs: dict[Any, list[Program]] = {}
        self._lock = threading.RLock()
        functools.update_wrapper(self, f, updated=())

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        m = MODE.get()
        if m is not None and (m.trace is not None or m.levels or m.anomaly):
            # Inside another trace its ops join that graph; tangents and tracebacks belong to the ops themselves.
            return self.f(*args, **kwargs)
        leaves, spec = flatten((args, kwargs))
        numbers: dict[int, int] = {}  # by identity: a tensor passed twice is one argument
        tensors: list[Tensor] = []
        for x in leaves:
            if isinstance(x, Tensor) and numbers.setdefault(id(x), len(tensors)) == len(tensors):
                tensors.append(x)
        key = (spec, tuple(numbers.get(id(x), -1) for x in leaves), tuple(map(_leaf_key, leaves)), MODE.get())
        with self._lock:
            for program in self.programs.get(key, ()):
                if program.broken() is None:
                    return program(tensors)
            return self._trace(key, leaves, spec, tensors, numbers)(tensors)

    def _trace(self, key: Any, leaves: list[Any], spec: Any, tensors: list[Tensor], numbers: dict[int, int]) -> Program:
        reason = "; ".join(p.broken() or "" for p in self.programs.get(key, ())) or f"first call for {_words(leaves)}"

        def rebuild(stand_ins: list[Tensor]) -> Any:
            return unflatten(spec, [stand_ins[numbers[id(x)]] if isinstance(x, Tensor) else x for x in leaves])

        program = Program(trace(self.f, rebuild, tensors))
        program.reason = reason
        found = self.programs.setdefault(key, [])
        found.append(program)
        del found[:-LIMIT]
        return program

    def report(self) -> str:
        """For each program: why it was compiled, its graph before and after the passes, the time, what runs it."""
        lines = []
        programs = [p for ps in self.programs.values() for p in ps]
        for p in programs:
            lines.append(
                f"{p.reason}\n  graph: {p.before} values, {p.after} after passes; {len(p.captured)} captured inputs, "
                f"{len(p.effects)} effects; compiled in {p.seconds * 1e3:.1f} ms\n  {p.run.facts}"
            )
        return "\n".join(lines) or "not called yet"


def _scalar(a: Any) -> Any:
    return a[()] if type(a) is np.ndarray and not a.shape else a


def _leaf_key(x: Any) -> Any:
    if isinstance(x, Tensor):
        kind = "" if x._g is None else "leaf" if x._g is LEAF else "history"
        a = x._a
        return type(x), tuple(a.shape), a.dtype, a.flags.c_contiguous, kind, x._grad is not None and kind == "leaf"
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
