"""The call of a program, written out as Python source for its very arguments, captured tensors and changes.

A graph that runs in a microsecond is not to be called by loops over lists of what is to be checked, fetched and put
away, each of which takes as long. So these loops are run once, and write a line for each thing:

    def again(x0):
        if type(x0) is not k0 or x0._g is not None: return MISS
        r0 = empty(k1, k2)
        if not enter(x0._a, k3._a, r0): return MISS
        ...
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.compiler.trace import CULPRIT, only, overwrite
from chainrule.core.state import draw
from chainrule.core.tensor import LEAF, Tensor, new, version, wrap

if TYPE_CHECKING:
    from chainrule.compiler.native.fastcall import Entry
    from chainrule.compiler.program import Program

MISS = object()  # what a call returns that was not for this program, or met arrays that it is not for: nothing was done
_COMMON = {
    "MISS": MISS, "CULPRIT": CULPRIT, "LEAF": LEAF, "Tensor": Tensor, "draw": draw, "empty": np.empty, "new": new,
    "overwrite": overwrite, "version": version, "wrap": wrap,
}  # fmt: skip


def write(program: Program, entry: Entry, args: Sequence[Any] | None) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Two functions of the tensors that a program is for: `again`, which looks whether all guards hold, and `run`.

    Shapes and dtypes are left to the entry. args: the tensors that it was made for, where nothing else was passed.
    """
    text = _Text(program, entry)
    names = ", ".join(text.names)
    body = list(text.run())
    lines = [f"def run({names}):", *body, f"def again({names}):", *text.checks(args or ()), *body]
    space = {**_COMMON, "enter": entry.enter, "entry": entry, **text.held}  # it lives as long as the functions
    exec("\n".join(lines), space)
    return space["again"], space["run"]


class _Text:
    def __init__(self, program: Program, entry: Entry) -> None:
        self.program, self.entry = program, entry
        self.names = [f"x{i}" for i in range(len(program.arguments))]
        self.held: dict[str, Any] = {}
        self._known: dict[int, str] = {}

    def name(self, x: Any) -> str:
        """A name in the source for an object."""
        if id(x) not in self._known:
            self._known[id(x)] = name = f"k{len(self.held)}"
            self.held[name] = x
        return self._known[id(x)]

    def checks(self, args: Sequence[Any]) -> Iterator[str]:
        for name, x in zip(self.names, args):
            test = f"type({name}) is not {self.name(type(x))} or {name}._g is not {'None' if x._g is None else 'LEAF'}"
            if x._g is LEAF:
                test += f" or {name}._grad is {'not None' if x._grad is None else 'None'}"
            yield f"    if {test}: return MISS"
        if len(args) > 1:
            yield f"    if len({{{', '.join(f'id({n})' for n in self.names)}}}) < {len(args)}: return MISS"
        for x, leaf in zip(self.program.tensors, self.program.leaves):
            yield f"    if {self.name(x)}._g {'is not' if leaf else 'is'} LEAF: return MISS"
        for get, value, _ in self.program.guards:
            known = self.name(value)
            yield f"    now = {self.name(get)}()"
            yield f"    if now is not {known} and now != {known}: return MISS"
        yield f"    if not {self.name(self.program.captures.same)}(): return MISS"

    def run(self) -> Iterator[str]:
        p, entry = self.program, self.entry
        given = []
        for name, a in zip(self.names, p.arguments):
            given += [f"{name}._a"] + [f"{name}._grad._a"] * (a.grad is not None)
        given += [f"{self.name(x)}._a" for x in p.tensors] + [f"{self.name(get)}()" for get in p.fetched]
        for i, (shape, dtype) in enumerate(entry.fresh):
            yield f"    r{i} = empty({self.name(shape)}, {self.name(dtype)})"
            given.append(f"r{i}")
        yield f"    if not enter({', '.join(given)}): return MISS"
        found = iter([f"r{f}" if isinstance(f, int) else f"{self.name(f)}()" for f in entry.found])
        yield from self._changes(found)
        yield from self._results(list(found))

    def _changes(self, found: Iterator[str]) -> Iterator[str]:
        """What is left to do when native code has put values where they belong; `found` are the others."""
        p = self.program
        if p.changes:
            yield "    stamp = draw()"
        for name, a in zip(self.names, p.arguments):
            if a.after is not None:
                yield from self._changed(name, a.var, a.times, found)
            if a.grad_after is not None and a.grad_kept:
                yield from self._changed(f"{name}._grad", a.grad, 1, found)
            elif a.grad_after is not None:
                yield f"    {name}._grad = wrap({next(found)})"
        for e in p.effects:
            if e.check:
                next(found)
            elif e.tensor is not None:
                yield from self._changed(self.name(e.tensor), e.input, e.times, found)
            else:
                yield f"    {self.name(e.apply)}({None if e.var is None else next(found)})"

    def _changed(self, x: str, before: Any, times: int, found: Iterator[str]) -> Iterator[str]:
        if not before.shape:
            yield f"    overwrite({x}, {next(found)}, {times})"
            return
        yield f"    v = {x}._v or version({x})"
        yield f"    v.stamp = stamp; v.count += {times}; v.culprit = CULPRIT"

    def _results(self, values: list[str]) -> Iterator[str]:
        p = self.program
        if p.returned.pullback is not None:
            back, arguments = self.name(p.returned.tensors), "".join(f"{n}, " for n in self.names)
            yield f"    return {self.name(p.build)}({back}([{', '.join(values)}], ({arguments})))"
            return
        for i, value in enumerate(values):
            yield f"    t{i} = new(Tensor); t{i}._a = {value}; t{i}._g = None; t{i}._v = None"  # `wrap`, without a call
        made = "".join(f"t{i}, " for i in range(len(values)))
        if p.build is only:
            yield "    return t0"
        else:
            yield f"    return ({made})" if p.build is tuple else f"    return {self.name(p.build)}([{made}])"
