"""A step of many descents as a graph, divided into what all of them share and what each has for itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.compiler.interp import Interpreter
from chainrule.compiler.lower import lower
from chainrule.compiler.native.bounds import safe_steps
from chainrule.compiler.native.loop import Layout, fits
from chainrule.compiler.native.registers import SINGLE, NotNative
from chainrule.compiler.native.scale import TINIEST, again, scaled
from chainrule.compiler.passes import _frozen
from chainrule.core.graph import Var, apply, order
from chainrule.core.op import REGISTRY

STRETCH = 64  # steps between two looks at whether all went well, at most
LONG = (64, 32, 16)  # steps after which such a look costs little


class Stage:
    """A step as a graph, divided into what is the same for all lanes and what is not.

    Values are known by the roles that they play, "x" or "lr" or any other name: `inputs` has what a step begins with,
    `after` what stands in its place at the end, `seen` are the value and the gradient. wide: the roles that differ from
    lane to lane to begin with.
    """

    def __init__(self, inputs: dict[str, Var], seen: Sequence[Var], after: dict[str, Var], wide: set[str]) -> None:
        for role, v in after.items():
            u = inputs.get(role, v)
            if (u.shape, u.dtype, u.weak) != (v.shape, v.dtype, v.weak):
                raise NotNative(f"{role} changes from {u.dtype}{list(u.shape)} to {v.dtype}{list(v.shape)} in a step")
        lowered = lower([*seen, *after.values()])
        self.inputs, self.source = dict(inputs), {role: role for role in inputs}
        for role in sorted(wide - set(after)):
            lowered = self._in_single(role, lowered)
        inputs = self.inputs
        self.seen, self.after = lowered[: len(seen)], dict(zip(after, lowered[len(seen) :]))
        graph = order([*lowered, *inputs.values()])
        if not fits(graph):
            raise NotNative("the graph is too large for lanes, or has ops without a native form")
        different = self._spread(graph, {r for r, s in self.source.items() if s in wide})
        used = {a.id for v in graph for a in v.args if isinstance(a, Var)}
        self.wide = [r for r, v in inputs.items() if v.id in different and (r in after or v.id in used)]
        self._divide(graph, different)
        behind = {v.id for v in order(self.common)}
        narrow = [role for role, v in inputs.items() if v.id not in different]
        self.counting = [r for r in narrow if r in self.after and self.after[r].id != inputs[r].id]
        if not behind & {inputs[r].id for r in self.counting}:
            self.counting = []  # nobody asks for them
        self.narrow = [r for r in narrow if inputs[r].id in behind or r in self.counting]
        self.short = self.after
        if not self.counting and self.after:  # fewer operations for steps that cannot overflow
            moved = [r for r in self.after if r in self.wide]
            self.short = dict(zip(moved, scaled([self.after[r] for r in moved], {v.id for v in graph} - different)))
            graph = order([*lowered, *inputs.values(), *self.short.values()])
            self._divide(graph, self._spread(graph, set(self.wide)))
        self._same = Interpreter([inputs[r] for r in self.narrow], self.common)
        self.count: Any = None  # the machine code that counts
        self._safe: dict[Any, tuple[int, float]] = {}

    def _in_single(self, role: str, results: list[Var]) -> list[Var]:
        """The same results, where a Python number meets float32 from an input that holds it in that precision."""
        v = self.inputs.get(role)
        if v is None or not v.weak or self.inputs["x"].dtype != SINGLE:
            return results
        new = Var((), SINGLE)
        made: dict[int, Var] = {}
        for u in order(results):
            args = tuple(made[a.id] if isinstance(a, Var) else a for a in u.args)
            if u.dtype == SINGLE and u.says("price"):
                args = tuple(new if a is v else a for a in args)
            made[u.id] = again(u, args)
        name = f"{role} in single"
        self.inputs[name], self.source[name] = new, role
        return [made[u.id] for u in results]

    def _divide(self, graph: Sequence[Var], different: set[int]) -> None:
        self.graph = [v for v in graph if v.id in different and v.op is not None]
        used = [*(a for v in self.graph for a in v.args if isinstance(a, Var)), *self.seen, *self.after.values()]
        same = {v.id: v for v in used if v.id not in different}
        self.constants = [v for v in same.values() if v.data is not None]
        self.common = [v for v in same.values() if v.data is None]
        self.row = Layout(self.common)

    def _spread(self, graph: Sequence[Var], wide: set[str]) -> set[int]:
        """The ids of all values that differ from lane to lane."""
        found = {self.inputs[role].id for role in wide if role in self.inputs}
        while True:
            for v in graph:
                if any(isinstance(a, Var) and a.id in found for a in v.args):
                    found.add(v.id)
            more = {self.inputs[r].id for r, v in self.after.items() if r in self.inputs and v.id in found} - found
            if not more:
                return found
            found |= more

    def rows(self, given: dict[str, Any], steps: int) -> Any:
        """The rows for so many steps from what is given for the narrow roles, which is moved on by as many."""
        inputs = Layout([self.inputs[r] for r in self.narrow])
        memory = np.zeros(max(inputs.nbytes, 8), np.uint8)
        begin = inputs.views(memory)
        for view, role in zip(begin, self.narrow):
            view[...] = given[role]
        rows = np.zeros((steps if self.counting else 1, max(self.row.nbytes, 8)), np.uint8)
        if self.counting:
            self.count(memory.ctypes.data, rows.ctypes.data, rows.shape[1], 0, 0, 0, steps)
            given.update((r, a.copy()[()]) for r, a in zip(self.narrow, begin) if r in self.counting)
        else:
            found = self._same([a[()] for a in begin])
            for view, a in zip(self.row.views(rows, 1), found):
                view[0] = a
        return rows

    def safe(self, given: dict[str, Any], largest: float) -> tuple[int, float]:
        """(length, size): from numbers of at most that size, well above `largest`, so many steps cannot go wrong.

        given: what the roles other than x begin with, in an array.
        """
        if self.counting:
            return 0, 0.0
        inputs = [self.inputs[r] for r in self.narrow]
        rows = self._same([np.asarray(given[r], v.dtype).reshape(v.shape) for r, v in zip(self.narrow, inputs)])
        known = {v.id: (float(np.min(a)), float(np.max(a))) for v, a in zip(self.common, rows)}
        if any(0 < abs(a) < TINIEST for bounds in known.values() for a in bounds):
            return 0, 0.0
        others = [r for r in self.wide if r != "x"]
        for r in others:
            if r not in self.after:
                a = given[self.source[r]]
                known[self.inputs[r].id] = float(a.min()), float(a.max())
        sizes = 2.0 ** np.arange(np.ceil(np.log2(max(4 * largest, 8))), 64)  # a descent may lead away from its start
        name = tuple(known.values()), float(sizes[0]) if sizes.size else 0.0
        if name not in self._safe:
            positive = {r for r in others if r in self.after and given[r].min() >= 0}
            wide = {r: self.inputs[r] for r in self.wide}
            after = {r: self.after[r] for r in self.wide if r in self.after}
            counts = safe_steps(wide, self.seen, after, known, sizes, positive, STRETCH)
            self._safe[name] = _best(counts, sizes)
        return self._safe[name]


def _best(counts: Any, sizes: Any) -> tuple[int, float]:
    """The largest size that allows a long stretch, or else a shorter one, or else what allows the longest."""
    for enough in (*LONG, counts.max(initial=0)):
        fit = np.flatnonzero(counts >= max(enough, 2))
        if fit.size:
            return int(counts[fit[-1]]), float(sizes[fit[-1]])
    return 0, 0.0


def key(stage: Stage) -> Any:
    """Equal for stages of the same structure: roles, ops, attributes, constants, shapes and dtypes."""
    ends = [*stage.inputs.values(), *stage.seen, *stage.after.values()]
    numbers: dict[int, int] = {}
    out: list[Any] = []
    for v in order(ends):
        numbers[v.id] = len(numbers)
        args = tuple(numbers[a.id] if isinstance(a, Var) else (type(a), repr(a)) for a in v.args)
        data = None if v.data is None else v.data.tobytes()
        out.append((v.op and v.op.name, args, _frozen(v.attrs), v.shape, v.dtype, v.weak, data))
    return tuple(out), tuple(numbers[v.id] for v in ends), tuple(stage.inputs), tuple(stage.after), tuple(stage.wide)


def rounded(v: Var) -> Var:
    """A Python number of the graph as it is kept between steps, in single precision."""
    single = apply(REGISTRY["cast"], (v,), {"dtype": np.dtype("float32")})
    back: Var = apply(REGISTRY["cast"], (single,), {"dtype": np.dtype("float64")})
    back.weak = v.weak
    return back
