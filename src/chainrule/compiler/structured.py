"""Ops with bodies: loops of equal turns (`Rolled`, `Scan`), a branch (`Branch`), a loop to an end (`While`).

A body is a graph of its own, run turn by turn by NumPy or by machine code that is made for it. The derivative of such
an op is an op of the same kind: the body is run again on tensors, and the engine goes back through it. So it can be
differentiated again. A scan keeps the carries alone, and computes the rest of a turn anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.compiler.interp import Interpreter
from chainrule.compiler.lower import lower
from chainrule.compiler.passes import simplify
from chainrule.core.engine import gradients
from chainrule.core.graph import TraceError, Var, order
from chainrule.core.op import REGISTRY, Op
from chainrule.core.state import current, mode
from chainrule.core.tensor import LEAF, Tensor, wrap

TWICE = (
    "the gradient of a while_loop in a compiled function: how many steps would have to be kept is known only when it "
    "runs. Use func.scan over a fixed number of steps (torch.where stops what has arrived), or do not compile it."
)


class Body:
    """One period: `results` from `carried`, elements that are `read` of arrays, and what is `fixed`.

    after, kept, ends: numbers of results: what is carried on, put into arrays, and wanted from the last period.
    walks: for each array where reading begins, and by how much it goes on.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self.carried: list[Var] = []
        self.read: list[Var] = []
        self.fixed: list[Var] = []
        self.walks: list[tuple[int, int]] = []
        self.results: list[Var] = []
        self.source: list[Var] = []  # the results as they were traced, for a derivative
        self.after: list[int] = []
        self.kept: list[int] = []
        self.ends: list[int] = []
        self.native: bool | None = None  # whether it can be written out in registers, once that is known
        self._run: Any = None

    @property
    def inputs(self) -> list[Var]:
        """What a period is computed from."""
        return [*self.carried, *self.read, *self.fixed]

    def finish(self, after: list[Var], kept: list[Var], carried: list[Var]) -> None:
        """Give it its results: what is carried on and wanted at the end, what is kept, and the carries of all turns."""
        self.source = simplify([*after, *kept, *carried])
        self.results = lower(self.source)
        n = len(after)
        self.after = self.ends = list(range(n))
        self.kept = list(range(n, len(self.source)))

    def runner(self, make: Callable[[Any, Any], Any]) -> Callable[..., Any]:
        """What runs all periods, from the arrays of a rolled op's operands to its results."""
        step = make(self.inputs, self.results)
        n, m = len(self.carried), len(self.carried) + len(self.read)
        weak = [v.weak for v in self.inputs]

        def run(*arrays: Any, body: Body) -> tuple[Any, ...]:
            carried, read, fixed = list(arrays[:n]), arrays[n:m], arrays[m:]
            kept = [np.empty((self.count, *self.results[i].shape), self.results[i].dtype) for i in self.kept]
            got: Any = None
            for t in range(self.count):
                given = [*carried, *[a[at + by * t] for a, (at, by) in zip(read, self.walks)], *fixed]
                got = step([float(a) if w else a for a, w in zip(given, weak)])
                carried = [got[i] for i in self.after]
                for a, i in zip(kept, self.kept):
                    a[t] = got[i]
            return (*[got[i] for i in self.ends], *kept)

        return run

    def __call__(self, *arrays: Any, body: Body) -> tuple[Any, ...]:
        """The same by NumPy alone."""
        if self._run is None:
            self._run = self.runner(Interpreter)
        return self._run(*arrays, body=body)  # type: ignore[no-any-return]


class Rolled(Op):
    """A loop over a body; its operands are what is carried at the beginning, the arrays, and what is fixed."""

    differentiable = False  # rules were run before: the graph holds their results

    def __init__(self, outputs: int) -> None:
        self.name, self.outputs, self.columns = "rolled", outputs, {}

    def kernel(self, *arrays: Any, body: Body) -> Any:
        """All periods by NumPy."""
        return body(*arrays, body=body)


class Structured(Op):
    """An op with bodies. Its operands' values are all read by its derivative."""

    types = None

    def __init__(self, outputs: int) -> None:
        self.outputs, self.columns, self.names_late = outputs, {}, False

    def saves(self, needs: Sequence[bool]) -> Sequence[bool]:
        return [True] * (len(needs) + 1)

    def found(self, attrs: dict[str, Any]) -> list[tuple[tuple[int, ...], Any]]:
        """Shapes and dtypes of the results."""
        raise NotImplementedError


class Chosen(Structured):
    """An op whose bodies are run as a whole, as its values say."""

    def kernel(self, *arrays: Any, bodies: Any) -> Any:
        """It by NumPy."""
        return self.runner(Interpreter)(*arrays, bodies=bodies)

    def runner(self, make: Callable[[Any, Any], Any]) -> Callable[..., Any]:
        """What runs it; what runs a body is made when that is first needed."""
        raise NotImplementedError


class Scan(Structured, Rolled):
    """A rolled loop that can be differentiated. The last arrays that it gives are the carries of all turns."""

    differentiable = True
    grad_name = "ScanBackward0"

    def __init__(self, body: Body) -> None:
        Rolled.__init__(self, len(body.ends) + len(body.kept))
        self.names_late = False

    def found(self, attrs: dict[str, Any]) -> list[tuple[tuple[int, ...], Any]]:
        body: Body = attrs["body"]
        ends = [body.results[i] for i in body.ends]
        return [(v.shape, v.dtype) for v in ends] + [
            ((body.count, *body.results[i].shape), body.results[i].dtype) for i in body.kept
        ]

    def vjp(self, g: Any, args: Sequence[Any], out: Any, attrs: dict[str, Any], needs: Sequence[bool]) -> Sequence[Any]:
        """The turns back, from the last to the first."""
        body: Body = attrs["body"]
        n, m, turns = len(body.carried), len(body.carried) + len(body.read), body.count
        moving = [i for i, v in enumerate(body.inputs) if v.dtype.kind == "f" and (i < n or needs[i])]
        carried, read = [i for i in moving if i < n], [i for i in moving if n <= i < m]
        fixed = [i for i in moving if i >= m]
        arrived = [k for k, i in enumerate(body.kept) if g[len(body.ends) + k] is not None]
        back = Body(turns)
        inputs = [input_like(v) for v in body.inputs]
        gs = [input_like(body.inputs[i]) for i in carried]
        sums = [input_like(body.inputs[i]) for i in fixed]
        seeds = [input_like(body.results[body.kept[k]]) for k in arrived]
        back.carried, back.read, back.fixed = [*gs, *sums], [*inputs[:m], *seeds], inputs[m:]
        back.walks = [(turns - 1, -1)] * n + [(at + by * (turns - 1), -by) for at, by in body.walks]
        back.walks += [(turns - 1, -1)] * len(seeds)
        pairs = [(body.after[i], s) for i, s in zip(carried, gs)]
        pairs += [(body.kept[k], s) for k, s in zip(arrived, seeds)]
        found = _back(body.source, body.inputs, inputs, pairs, moving)
        at = dict(zip(moving, found))
        with mode(trace=current().trace):
            totals = [_sum(s, at[i]) for s, i in zip(sums, fixed)]
        kept = [at[i] for i in read]
        back.finish([at[i] for i in carried] + totals, kept, [*gs, *sums])
        starts = [_zeros(args[i]) if g[i] is None else g[i] for i in carried] + [_zeros(args[i]) for i in fixed]
        arrays = [*out[len(out) - n :], *args[n:m], *[g[len(body.ends) + k] for k in arrived]]
        got = Scan(back)(*starts, *arrays, *args[m:], body=back)
        pulled: list[Any] = [None] * len(args)
        for i, x in zip([*carried, *fixed], got):
            pulled[i] = x
        for i, x in zip(read, got[len(starts) :]):
            first = body.walks[i - n][0] + body.walks[i - n][1] * (turns - 1)
            pulled[i] = REGISTRY["flip"](x, dims=(0,)) if first else x
        return pulled


class Branch(Chosen):
    """One of two bodies, by the first operand."""

    name, grad_name = "cond", "CondBackward0"

    def found(self, attrs: dict[str, Any]) -> list[tuple[tuple[int, ...], Any]]:
        return [(v.shape, v.dtype) for v in attrs["bodies"][0].results]

    def runner(self, make: Callable[[Any, Any], Any]) -> Callable[..., Any]:
        def run(pred: Any, *arrays: Any, bodies: Any) -> tuple[Any, ...]:
            step = bodies[0 if pred else 1].step(make)
            return tuple(step(arrays))

        return run

    def vjp(self, g: Any, args: Sequence[Any], out: Any, attrs: dict[str, Any], needs: Sequence[bool]) -> Sequence[Any]:
        """The same branch back."""
        yes, no = attrs["bodies"]
        moving = [i for i, v in enumerate(yes.inputs) if v.dtype.kind == "f" and needs[i + 1]]
        arrived = [i for i in range(self.outputs) if g[i] is not None and yes.results[i].dtype.kind == "f"]
        bodies = []
        for body in (yes, no):
            inputs, seeds = [input_like(v) for v in body.inputs], [input_like(body.results[i]) for i in arrived]
            found = _back(body.source, body.inputs, inputs, list(zip(arrived, seeds)), moving)
            bodies.append(Straight([*inputs, *seeds], found + found[: len(found) == 1]))
        got = Branch(max(2, len(moving)))(*args, *[g[i] for i in arrived], bodies=tuple(bodies)) if moving else ()
        pulled: list[Any] = [None] * len(args)
        for i, x in zip(moving, got):
            pulled[i + 1] = x
        return pulled


class While(Chosen):
    """A body, as long as another one says so."""

    name, grad_name = "while_loop", "WhileBackward0"

    def found(self, attrs: dict[str, Any]) -> list[tuple[tuple[int, ...], Any]]:
        return [(v.shape, v.dtype) for v in attrs["bodies"][1].results]

    def runner(self, make: Callable[[Any, Any], Any]) -> Callable[..., Any]:
        def run(*arrays: Any, bodies: Any) -> tuple[Any, ...]:
            go, step = (b.step(make) for b in bodies)
            n = len(bodies[1].results) if bodies[1].single is None else bodies[1].single
            carried, fixed = list(arrays[:n]), arrays[n:]
            while go([*carried, *fixed])[0]:
                carried = step([*carried, *fixed])[:n]
            return tuple([*carried, *carried[: bodies[1].single is not None]])

        return run

    def vjp(self, g: Any, args: Sequence[Any], out: Any, attrs: dict[str, Any], needs: Sequence[bool]) -> Sequence[Any]:
        raise TraceError(TWICE)


class Straight:
    """A body that is run as a whole. single: the number of results where one of them is given twice."""

    def __init__(self, inputs: list[Var], results: list[Var], single: int | None = None) -> None:
        self.inputs, self.source, self.single = inputs, results, single
        self.results = lower(results)
        self._steps: dict[Any, Any] = {}

    def step(self, make: Callable[[Any, Any], Any]) -> Callable[[Any], list[Any]]:
        """What runs it, made once."""
        if make not in self._steps:
            self._steps[make] = make(self.inputs, self.results)
        weak, run = [v.weak for v in self.inputs], self._steps[make]
        return lambda arrays: run([float(a) if w else a for a, w in zip(arrays, weak)])  # type: ignore[no-any-return]


# ---- derivatives of bodies


def _back(
    results: Sequence[Var], old: Sequence[Var], new: Sequence[Var], seeds: list[tuple[int, Var]], wanted: list[int]
) -> list[Var]:
    """The gradients at the wanted inputs, in a graph on new inputs, of results of a graph weighted by seeds."""
    with mode(trace=current().trace, grad=True, levels=(), batch=None):
        tensors = {u.id: wrap(v, LEAF if v.dtype.kind == "f" else None) for u, v in zip(old, new)}
        leaves = [tensors[v.id] for v in old]
        for v in order(results):
            if v.id in tensors:
                continue
            if v.op is None:
                tensors[v.id] = wrap(v)
            elif v.index is not None:
                tensors[v.id] = tensors[v.args[0].id][v.index]  # type: ignore[index]
            else:
                args = [tensors[a.id] if isinstance(a, Var) and not a.weak else a for a in v.args]
                args = [tensors[a.id]._a if isinstance(a, Var) else a for a in args]
                if any(isinstance(a, Tensor) for a in args):
                    tensors[v.id] = v.op(*args, **v.attrs)
                else:
                    tensors[v.id] = wrap(v.op(*args, **v.attrs))
        pairs = [(tensors[results[r].id], wrap(s)) for r, s in seeds if results[r].dtype.kind == "f"]
        pairs = [(y, s) for y, s in pairs if y._g is not None]
        xs = [leaves[i] for i in wanted]
        if not pairs:
            return [_zeros(x._a) for x in xs]
        got = gradients([y for y, _ in pairs], xs, [s for _, s in pairs], retain=True, allow_unused=True)
        return [_zeros(x._a) if y is None else y._a for x, y in zip(xs, got)]


def input_like(v: Any) -> Var:
    x = Var(tuple(v.shape), v.dtype)
    x.weak, x.moved = v.weak, False
    return x


def _zeros(x: Any) -> Any:
    return REGISTRY["zeros_like"](x)


def _sum(a: Any, b: Any) -> Any:
    return REGISTRY["add"](a, b)
