"""`compile(f)`: the same numbers, from a graph that is recorded once and run many times.

A call looks for a program that was traced for arguments of these shapes, dtypes and Python values, and whose guards
still hold; else it traces anew. Parameters, buffers and optimiser state that the function refers to are read at each
run and updated after it, as in eager mode.
"""

from __future__ import annotations

import functools
import threading
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.compiler import control
from chainrule.compiler.captures import Captures, Changed
from chainrule.compiler.program import Call, Program
from chainrule.compiler.reads import PLAIN, Unreadable
from chainrule.compiler.runner import runner
from chainrule.compiler.trace import Traced, trace
from chainrule.compiler.written import MISS
from chainrule.core.graph import TraceError
from chainrule.core.number import Decides, Given, number, variable
from chainrule.core.state import MODE
from chainrule.core.tensor import LEAF, Tensor
from chainrule.func.trees import flatten, unflatten


def compile(f: Callable[..., Any], *, fullgraph: bool = False) -> Compiled:
    """`f`, traced at its first call for each kind of arguments, and run from the graph after that.

    f: any function of tensors and Python values, written in the usual way; it may call `backward()`, step an optimiser,
    change parameters in place. It may not decide by the values of tensors.
    fullgraph: whether to raise TraceError, rather than warn, where f must be run as it is.

    Tensors that f refers to are read at each run, and so are learning rates and the state of optimisers; random numbers
    are drawn anew; numbers among the arguments are inputs, as long as no branch, shape or dtype hangs on them. Other
    Python values (globals, variables around f, attributes of objects, classes and layers, what lies in lists and
    dicts, NumPy arrays) are constants of the graph, and f is traced anew where one has changed: pass what changes
    often as an argument.

    A function that changes Python objects (`history.append(...)`, `count["n"] += 1`), or reads what gives another
    answer each time (iterators, files, clocks, `random`, `np.random`), is run as it is, each time; a CompileWarning
    names the line.

    Raises TraceError where f asks for the numbers in a tensor, and where it could not be run from a graph faithfully.

    >>> import chainrule as cr
    >>> fast = cr.compile(cr.func.grad(lambda x: x**2 - 4 * x + 5))
    >>> fast(cr.tensor(5.0))
    tensor(6.)
    """
    return Compiled(f, fullgraph)


INSTEAD = (
    "Do that outside, or pass what it needs as arguments; random numbers of chainrule itself are drawn at each run. "
    "compile(f, fullgraph=True) makes this an error."
)
MOST_PROGRAMS = 64  # programs kept for one kind of arguments, and kinds: of more, the oldest is dropped


class CompileWarning(UserWarning):
    """A compiled function is run as it is, each time."""


class Compiled:
    """A compiled function; `report()` tells what was made of it."""

    def __init__(self, f: Callable[..., Any], fullgraph: bool = False) -> None:
        self.f, self.fullgraph = f, fullgraph
        self._reset()
        functools.update_wrapper(self, f, updated=())

    def _reset(self) -> None:
        self.programs: dict[Any, list[Program]] = {}
        self.eager: dict[Any, str] = {}  # calls that are run as they are, and why
        self._changed: set[Any] = set()  # calls that have changed Python objects, once
        self._deciding: dict[Any, set[int]] = {}  # numbers among the arguments whose value decides
        self._lock = threading.RLock()
        self._last: Program | None = None  # the one that was run last, if it can be run again without much ado

    def __getstate__(self) -> Any:
        return {k: v for k, v in self.__dict__.items() if k not in _OWN}

    def __setstate__(self, state: Any) -> None:
        self.__dict__.update(state)
        self._reset()

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
            call = _Arguments(args, kwargs, m)
            program = self._found(call)
            if program is not None:
                self._last = program if program.plain and program.again is not None else None
                for i, held in program.numbers.items():
                    held.value = float(call.leaves[i])
                return program(call.tensors)
        return self.f(*args, **kwargs)

    def _found(self, call: _Arguments) -> Program | None:
        """The program for a call, which is traced if there is none yet; None if it is to be run as it is."""
        deciding = self._deciding.setdefault((call.spec, call.mode), set())
        while True:
            key = call.key(deciding)
            if key in self.eager:
                return None
            program = next((p for p in self.programs.get(key, ()) if p.broken() is None), None)
            if program is not None:
                return program
            try:
                return self._trace(key, call, deciding)
            except Decides as e:
                deciding |= e.places
            except Unreadable as e:
                self._run_as_it_is(key, str(e))

    def _trace(self, key: Any, call: _Arguments, deciding: set[int]) -> Program | None:
        reason = "; ".join(p.broken() or "" for p in self.programs.get(key, ())) or f"first call for {call}"
        numbers = {i: Given() for i, x in enumerate(call.leaves) if i not in deciding and variable(x)}
        objects = [x for x in call.leaves if not isinstance(x, (Tensor, *PLAIN))]
        captures = Captures((self.f, *objects))

        def attempt() -> Traced:
            return trace(self.f, lambda stand_ins: call.rebuilt(stand_ins, numbers), call.tensors, control)

        try:
            traced = captures.unchanged(attempt)
        except Changed:
            if key not in self._changed and not self.fullgraph:
                self._changed.add(key)  # it may have prepared something, and be ready the next time
                return None
            raise Unreadable(captures.culprit(attempt)) from None
        program = Program(traced, Call(call.args, call.kwargs, call.mode, reason, captures, numbers, objects), runner)
        found = self.programs.setdefault(key, [])
        found.append(program)
        del found[:-MOST_PROGRAMS]
        while len(self.programs) > MOST_PROGRAMS:
            del self.programs[next(iter(self.programs))]
        return program

    def _run_as_it_is(self, key: Any, why: str) -> None:
        name = getattr(self.f, "__name__", type(self.f).__name__)
        if self.fullgraph:
            raise TraceError(f"{name} cannot be run from a graph: it {why}. " + INSTEAD)
        if why not in self.eager.values():
            warnings.warn(
                f"{name} is run as it is, not from a graph: it {why}. " + INSTEAD, CompileWarning, stacklevel=4
            )
        self.eager[key] = why
        while len(self.eager) > MOST_PROGRAMS:
            del self.eager[next(iter(self.eager))]

    def export(
        self, path: Any, *args: Any, dtype: str = "double", gradient: bool | None = None, jacobian: bool = False,
        hessian: bool = False,
    ) -> None:  # fmt: skip
        """Write the function as one file of C99 (`.c`) or JavaScript (`.js`) that needs nothing else.

        Arguments:
            path: the file; its name is the function's: `f.c` has `void f(const double *x, double *out)`.
            args: tensors (or arrays, numbers) of the shapes to write it for; without them, those of the last call.
            dtype: 'double' or 'float'.
            gradient: whether to write `f_gradient` too, with an array `d_x` for each argument x; by default for
                functions that give one number. jacobian, hessian: also `f_jacobian` (`j_x`), `f_hessian` (`h_x_y`).

        Tensors that the function refers to are constants of the file, loops are written out.

        Raises NotExported, naming the op, where it cannot be written; then there is no file.

        >>> import chainrule as cr, tempfile, os
        >>> f = cr.compile(lambda x: (x**2).sum())
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     f.export(os.path.join(folder, "f.c"), cr.zeros(2))
        ...     "void f_gradient(const double *x, double *d_x)" in open(os.path.join(folder, "f.c")).read()
        True
        """
        from chainrule.compiler.export import NotExported, export

        if not args:
            known = [p for ps in self.programs.values() for p in ps if p.plain]
            if not known:
                raise NotExported("the shapes of the arguments are not known: give tensors of them after the path")
            args = tuple(np.zeros(a.var.shape) for a in known[-1].arguments)
        export(self.f, path, args, dtype=dtype, gradient=gradient, jacobian=jacobian, hessian_too=hessian)

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
        lines += [f"run as it is: it {why}" for why in dict.fromkeys(self.eager.values())]
        return "\n".join(lines) or "not called yet"


class _Arguments:
    """The arguments of a call: their leaves, and the tensors among them, each once."""

    def __init__(self, args: tuple[Any, ...], kwargs: dict[str, Any], mode: Any) -> None:
        self.args, self.kwargs, self.mode = args, kwargs, mode
        self.leaves, self.spec = flatten((args, kwargs))
        self.tensors: list[Tensor] = []
        self._numbers: dict[int, int] = {}  # by identity: a tensor passed twice is one argument
        for x in self.leaves:
            if isinstance(x, Tensor) and self._numbers.setdefault(id(x), len(self.tensors)) == len(self.tensors):
                self.tensors.append(x)

    def key(self, deciding: set[int]) -> Any:
        """What a graph depends on."""
        same = tuple(self._numbers.get(id(x), -1) for x in self.leaves)
        leaves = tuple(
            type(x) if variable(x) and i not in deciding else _leaf_key(x) for i, x in enumerate(self.leaves)
        )
        return self.spec, same, leaves, self.mode

    def rebuilt(self, stand_ins: list[Tensor], numbers: dict[int, Given]) -> Any:
        """The arguments with stand-ins for the tensors and numbers."""
        leaves = []
        for i, x in enumerate(self.leaves):
            if isinstance(x, Tensor):
                x = stand_ins[self._numbers[id(x)]]
            elif i in numbers:
                x = number(x, i, numbers[i].get)
            leaves.append(x)
        return unflatten(self.spec, leaves)

    def __str__(self) -> str:
        return ", ".join(
            f"{x._a.dtype}{list(x._a.shape)}{' (a leaf)' if x._g is LEAF else ''}" if isinstance(x, Tensor) else repr(x)
            for x in self.leaves
        )


def _leaf_key(x: Any) -> Any:
    if isinstance(x, Tensor):
        kind = "" if x._g is None else "leaf" if x._g is LEAF else "history"
        a = x._a
        return type(x), tuple(a.shape), a.dtype, a.flags.c_contiguous, kind, x._grad is not None and kind == "leaf"
    if isinstance(x, np.ndarray):
        return x.dtype.str, x.shape, x.tobytes()
    if isinstance(x, (float, complex)):
        return type(x), repr(x)  # tells zeros by their sign
    try:
        hash(x)
    except TypeError:
        return id(x)
    return type(x), x


_OWN = frozenset({"programs", "eager", "_changed", "_deciding", "_lock", "_last"})
