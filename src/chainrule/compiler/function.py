"""`compile(f)`: the same numbers, from a graph that is recorded once and run many times.

A call looks for a program that was traced for arguments of these shapes, dtypes and Python values, and whose guards
still hold; else it traces anew. Parameters, buffers and optimiser state that the function refers to are read at each
run and updated after it, as in eager mode.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any

from chainrule.compiler.native.graph import runner
from chainrule.compiler.program import Call, Program
from chainrule.compiler.references import references
from chainrule.compiler.trace import Guard, trace
from chainrule.compiler.written import MISS
from chainrule.core.state import MODE
from chainrule.core.tensor import LEAF, Tensor
from chainrule.func.trees import flatten, unflatten


def compile(f: Callable[..., Any]) -> Compiled:
    """`f`, traced at its first call for each kind of arguments, and run from the graph after that.

    f: any function of tensors and Python values, written in the usual way; it may call `backward()`, step an optimiser,
    change parameters in place. It may not decide by the values of tensors.

    Tensors that f refers to are read at each run, and so are learning rates and the state of optimisers; random numbers
    are drawn anew. Other Python values are constants of the graph. If a global or a variable around f comes to stand
    for another object or number, f is traced anew; an attribute of an object (other than a module's `training`) is not
    looked at again: pass what changes as an argument. A number among the arguments has a graph of its own.

    Raises TraceError where f asks for the numbers in a tensor, and where it could not be run from a graph faithfully.

    >>> import chainrule as cr
    >>> fast = cr.compile(cr.func.grad(lambda x: x**2 - 4 * x + 5))
    >>> fast(cr.tensor(5.0))
    tensor(6.)
    """
    return Compiled(f)


LIMIT = 64  # programs kept for one kind of arguments: of more, the oldest is dropped


class Compiled:
    """A compiled function; `report()` tells what was made of it."""

    def __init__(self, f: Callable[..., Any]) -> None:
        self.f = f
        self.programs: dict[Any, list[Program]] = {}
        self._lock = threading.RLock()
        self._last: Program | None = None  # the one that was run last, if it can be run again without much ado
        functools.update_wrapper(self, f, updated=())

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        m = MODE.get()
        if m is not None and (m.trace is not None or m.levels or m.anomaly):
            # Inside another trace its ops join that graph; tangents and tracebacks belong to the ops themselves.
            return self.f(*args, **kwargs)
        with self._lock:
            last = self._last
            if last is not None and m is last.mode and len(args) == len(last.arguments) and not kwargs:
                got = last.again(*args)
                if got is not MISS:
                    return got
            return self._found(args, kwargs, m)

    def _found(self, args: Any, kwargs: Any, m: Any) -> Any:
        """The result of a call by the program for it, which is looked for, and traced if there is none yet."""
        leaves, spec = flatten((args, kwargs))
        numbers: dict[int, int] = {}  # by identity: a tensor passed twice is one argument
        tensors: list[Tensor] = []
        for x in leaves:
            if isinstance(x, Tensor) and numbers.setdefault(id(x), len(tensors)) == len(tensors):
                tensors.append(x)
        key = (spec, tuple(numbers.get(id(x), -1) for x in leaves), tuple(map(_leaf_key, leaves)), m)
        program = next((p for p in self.programs.get(key, ()) if p.broken() is None), None)
        if program is None:
            program = self._trace(key, leaves, spec, tensors, numbers, args, kwargs)
        self._last = program if program.plain and program.again is not None else None
        return program(tensors)

    def _trace(self, key: Any, leaves: list[Any], spec: Any, tensors: list[Tensor], numbers: dict[int, int],
               args: Any, kwargs: Any) -> Program:  # fmt: skip
        reason = "; ".join(p.broken() or "" for p in self.programs.get(key, ())) or f"first call for {_words(leaves)}"

        def rebuild(stand_ins: list[Tensor]) -> Any:
            return unflatten(spec, [stand_ins[numbers[id(x)]] if isinstance(x, Tensor) else x for x in leaves])

        names = [Guard("what a name stands for", look, now) for look, now in references(self.f)]
        traced = trace(self.f, rebuild, tensors)
        traced.guards.extend(names)
        program = Program(traced, Call(args, kwargs, key[-1], reason), runner)
        found = self.programs.setdefault(key, [])
        found.append(program)
        del found[:-LIMIT]
        return program

    def facts(self) -> list[Any]:
        """What runs each program, in the order in which they were made: numbers of what `report` says."""
        return [p.run.facts for ps in self.programs.values() for p in ps]

    def report(self) -> str:
        """For each program: why it was compiled, its graph before and after the passes, the time, what runs it."""
        lines = []
        programs = [p for ps in self.programs.values() for p in ps]
        for p in programs:
            lines.append(
                f"{p.reason}\n  graph: {p.before} values, {p.after} after passes; "
                f"{len(p.tensors) + len(p.fetched)} captured inputs, {len(p.effects)} effects; "
                f"compiled in {p.seconds * 1e3:.1f} ms\n  {p.run.facts}"
            )
        return "\n".join(lines) or "not called yet"


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
