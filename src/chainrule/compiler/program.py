"""A program: one traced graph, what runs it, and what happens around a run.

Before: guards must hold, and the values that the graph starts from are fetched. After: what the function has changed is
changed. Where all of the graph is native, both are done by native code (`native.fastcall`): it checks the arrays, and
puts new values of parameters and optimiser state into their memory; what is left for Python are version numbers and the
tensors that are returned.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from operator import is_
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from chainrule.compiler.captures import Captures
from chainrule.compiler.outside import SHARED, overlap
from chainrule.compiler.passes import simplify
from chainrule.compiler.pullback import Returned
from chainrule.compiler.trace import Traced, overwrite
from chainrule.compiler.written import MISS, write
from chainrule.core.graph import Foreign, TraceError, Var, order
from chainrule.core.number import Given
from chainrule.core.tensor import LEAF, Tensor, wrap

if TYPE_CHECKING:
    from chainrule.compiler.native.fastcall import Entry


class Call(NamedTuple):
    """The call that a program is made for."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    mode: Any
    reason: str  # why there was no program for it
    captures: Captures
    numbers: dict[int, Given]  # arguments that are inputs: by their number among the leaves, where runs find them
    held: list[Any]  # objects among the arguments, which must not make room for others with their id


class Program:
    """One traced graph, simplified and ready to run on tensors: the function's arguments."""

    def __init__(self, traced: Traced, made_for: Call, runner: Callable[..., Any]) -> None:
        start = time.perf_counter()
        self.reason, self.mode = made_for.reason, made_for.mode
        self.captures, self.numbers, self.held = made_for.captures, made_for.numbers, made_for.held
        captured = sorted(traced.captured, key=lambda i: i.tensor is None)
        self.tensors = [i.tensor for i in captured if i.tensor is not None]
        self.leaves = [x._g is LEAF for x in self.tensors]
        self.kinds = [_kind(x) for x in self.tensors]
        self.draws = any(i.drawn for i in captured)  # once in a run: the short way may have to be left after fetching
        self.fetched = [i.get for i in captured[len(self.tensors) :]]
        self.guards = [(g.get, g.value, g.what) for g in traced.guards]
        self.effects = traced.effects
        self.build = traced.build
        self.arguments = traced.arguments
        self.written = [x for x in traced.written if all(x is not e.tensor for e in traced.effects)]  # a leaf's .grad
        self.returned = Returned(traced.results, traced.pullback, runner)
        after = [v for a in traced.arguments for v in (a.after, a.grad_after) if v is not None]
        changes = [*after, *(e.var for e in traced.effects if e.var is not None)]
        wanted = [*changes, *self.returned.wanted]
        self.before = len(order(wanted))
        wanted = simplify(wanted)
        for i, e in enumerate((e for e in traced.effects if e.var is not None), len(after)):
            wanted[i] = _checked(wanted[i], e.apply) if e.check else wanted[i]
        self.after = len(order(wanted))
        self.changes = len(changes)
        wanted = [*wanted[: self.changes], *self.returned.split(wanted[self.changes :])]
        self.given = [v for a in traced.arguments for v in (a.var, a.grad) if v is not None]
        self.inputs = [*self.given, *(i.var for i in captured)]
        self.goals = self._goals()
        changed = {v.id for v in self.goals if v is not None and v.shape}
        self.changed = [i for i, v in enumerate(self.inputs) if v.id in changed]
        self._seen: list[Any] = []  # arrays that were captured in the last run, and lie apart
        self.run = runner(self.inputs, wanted, self.goals)
        self.again = self.short = None
        self.plain = _plain(made_for)
        entry = self._entry()
        if entry is not None:
            self.again, self.short = write(self, entry, made_for.args if self.plain else None)
        self.seconds = time.perf_counter() - start

    # ---- before a run

    def broken(self) -> str | None:
        """The first guard that no longer holds, in words."""
        for x, kind in zip(self.tensors, self.kinds):
            if _kind(x) != kind:
                return f"a captured tensor's shape and dtype: was {kind}, is {_kind(x)}"
        for get, value, what in self.guards:
            now = get()
            if now is not value and now != value:
                return f"{what}: was {value}, is {now}"
        return None if self.captures.same() else self.captures.difference()

    def _with_gradients(self, tensors: Sequence[Tensor]) -> list[Any]:
        """The payloads of the arguments, each followed by that of its `.grad` where the graph reads it."""
        found = []
        for a, x in zip(self.arguments, tensors):
            found.append(x._a)
            if a.grad is not None:
                found.append(x._grad._a)  # type: ignore[union-attr]
        return found

    def _entry(self) -> Entry | None:
        """The short way, unless inputs may not be fetched twice if that turns out to be closed."""
        if not hasattr(self.run, "enter") or self.draws:
            return None
        number = {v.id: i for i, v in enumerate(self.inputs)}
        into = {r: number[v.id] for r, v in enumerate(self.goals) if v is not None and v.shape}
        single = {number[v.id] for v in self.goals if v is not None and not v.shape}
        return self.run.enter(into, single)  # type: ignore[no-any-return]

    def _goals(self) -> list[Var | None]:
        """The input that each change goes into, in their order; None for what goes elsewhere."""
        goals: list[Var | None] = []
        for a in self.arguments:
            goals += [a.var] * (a.after is not None)
            goals += [a.grad if a.grad_kept else None] * (a.grad_after is not None)
        return [*goals, *(e.input for e in self.effects if e.var is not None)]

    # ---- a run

    def __call__(self, tensors: Sequence[Tensor]) -> Any:
        if self.again is not None:
            got = self.short(*tensors)
            if got is not MISS:
                return got
        given = [_scalar(a) for a in self._with_gradients(tensors)]
        captured = [_scalar(a) for a in (*(x._a for x in self.tensors), *(get() for get in self.fetched))]
        self._refuse_shared(given, captured)
        arrays = self.run([*given, *captured])
        changes, rest = iter(arrays[: self.changes]), arrays[self.changes :]
        arguments = [(a, x, None if a.after is None else next(changes), None if a.grad_after is None else next(changes))
                     for a, x in zip(self.arguments, tensors)]  # fmt: skip
        for effect in self.effects:
            value = None if effect.var is None else next(changes)
            if not effect.check:  # those are steps of the run: where one raises nothing was changed
                effect.apply(value)
        for a, x, after, grad in arguments:
            if a.after is not None:
                overwrite(x, after, a.times)
            if a.grad_after is not None:
                if a.grad_kept:
                    overwrite(x._grad, grad, 1)  # type: ignore[arg-type]
                else:
                    x._grad = wrap(grad)
        return self.build(self.returned.tensors(rest, tensors))

    def _refuse_shared(self, given: list[Any], captured: list[Any]) -> None:
        """Raise if what the function changes lies in the memory of anything else under another name.

        Arguments are looked at in each run, what is captured where it is not the arrays of the last run.
        """
        if not self.changed and not self.written:
            return
        arrays = [*given, *captured]
        for i, a in enumerate(given):
            _refuse_overlap(a, (arrays[k] for k in self.changed if k != i))
            _refuse_overlap(a, (y._a for y in self.written))
        now = [a for a in captured if isinstance(a, np.ndarray)]
        if len(now) != len(self._seen) or not all(map(is_, now, self._seen)):
            for i, a in enumerate(arrays):
                _refuse_overlap(a, (arrays[k] for k in self.changed if k != i))
            self._seen = now


def _refuse_overlap(a: Any, changed: Iterable[Any]) -> None:
    for b in changed:
        if overlap(a, b):
            raise TraceError(SHARED.format(a=f"{b.dtype}{list(b.shape)}", b=f"{a.dtype}{list(a.shape)}"))


def _plain(call: Call) -> bool:
    """Whether nothing was passed but different tensors, one by one, none of which was computed with a history."""
    args = call.args
    if call.kwargs or not all(isinstance(x, Tensor) for x in args) or len(set(map(id, args))) < len(args):
        return False
    return all(x._g is None or x._g is LEAF for x in args)


def _checked(v: Var, check: Callable[[Any], None]) -> Var:
    """A value as a step of the run that looks at it, and may raise."""

    def code(a: Any) -> Any:
        check(a)
        return a

    return Var(v.shape, v.dtype, Foreign("a check"), (v,), {"code": code})


def _kind(x: Tensor) -> Any:
    return x._a.shape, x._a.dtype, x._g is LEAF


def _scalar(a: Any) -> Any:
    return a[()] if hasattr(a, "shape") and not a.shape else a
