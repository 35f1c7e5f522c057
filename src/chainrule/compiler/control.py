"""`scan`, `cond` and `while_loop` under a trace: what they run is traced once and becomes the body of an op.

While a body is traced, an `Inner` trace stands in the place of the trace: it finds what the body takes from outside by
the tensors that are read, and gives stand-ins for them, so that they become operands of the op, with their histories.
What it cannot stand for (random numbers that each turn draws anew, changes of tensors from outside) raises Unfit, and a
`scan` is written out turn by turn as ordinary code is.

The derivative of such an op is an op of the same kind: its body is run again on tensors, and the engine goes back
through it. So it can be differentiated again. A scan keeps the carries alone, and computes the rest of a turn anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isqrt
from typing import Any, NoReturn

import numpy as np

from chainrule.compiler.interp import Interpreter
from chainrule.compiler.native.lower import lower
from chainrule.compiler.passes import again, simplify
from chainrule.compiler.roll import Body, Rolled
from chainrule.core.engine import gradients
from chainrule.core.graph import TraceError, Var, constant, order
from chainrule.core.op import REGISTRY, Op
from chainrule.core.state import current, mode
from chainrule.core.tape import edge
from chainrule.core.tensor import LEAF, Tensor, wrap
from chainrule.func.control import UNMATCHED, combined, same_kind
from chainrule.func.control import scan as plain_scan
from chainrule.func.trees import flatten, unflatten

LARGEST = 64_000_000  # bytes of carries that are kept for a gradient; of more, those of some turns
TWICE = (
    "the gradient of a while_loop in a compiled function: how many steps would have to be kept is known only when it "
    "runs. Use func.scan over a fixed number of steps (torch.where stops what has arrived), or do not compile it."
)


class Unfit(Exception):
    """A body does what cannot be traced once for all turns."""


class Inner:
    """A trace of a body: as the trace around it, but what comes from outside becomes an input."""

    def __init__(self, outer: Any) -> None:
        self._outer = outer
        self.start = Var((), np.dtype("bool")).id
        self.own: set[int] = set()
        self.closed: dict[Any, tuple[Any, Var]] = {}  # by value and history: the tensor, and its stand-in

    def __getattr__(self, name: str) -> Any:
        return getattr(self._outer, name)

    def input(self, like: Any) -> Var:
        """A new input of the body."""
        v = Var(tuple(like.shape), like.dtype)
        v.moved = not like.flags.c_contiguous
        self.own.add(v.id)
        return v

    def read(self, x: Tensor) -> Any:
        """As the trace's; for a tensor from outside, a stand-in."""
        v = self._outer.read(x)
        if not isinstance(v, Var):
            raise Unfit
        if v.data is not None or self._inside(v):
            return v
        key = v.id, id(edge(x))
        if key not in self.closed:
            self.closed[key] = x, self.input(v)
        return self.closed[key][1]

    def _inside(self, v: Var) -> bool:
        """Whether a value was made in the body, of what is there."""
        stack, seen = [v], set()
        while stack:
            u = stack.pop()
            if u.id in self.own or u.data is not None or u.id in seen:
                continue
            if u.op is None or u.id < self.start:
                return False
            seen.add(u.id)
            self.own.add(u.id)  # known from here on, unless one behind it is from outside
            stack.extend(a for a in u.args if isinstance(a, Var))
        return True

    def write(self, x: Tensor, value: Any) -> None:
        """As the trace's, for tensors that the body has made."""
        while x._same is not None or x._base is not None:
            x = x._base if x._same is None else x._same  # type: ignore[assignment]
        if not isinstance(x._a, Var) or x._a.id < self.start or x._a.op is None:
            raise Unfit
        self._outer.write(x, value)

    def _unfit(self, *_: Any, **__: Any) -> NoReturn:
        raise Unfit

    drawn = demand = set_number = later = meet = forget = _unfit


class Part:
    """A function that was traced once: its inputs, what it takes from outside, and its results."""

    def __init__(self, trace: Any, f: Callable[..., Any], like: Sequence[Any]) -> None:
        """f: takes stand-ins for tensors like these, and gives tensors and whatever else."""
        inner = Inner(trace)
        with mode(trace=inner):
            self.inputs = [inner.input(trace.read(x)) for x in like]
            got = f(*[wrap(v) for v in self.inputs])
            self.leaves, self.spec = flatten(got)
            results = [inner.read(y) if isinstance(y, Tensor) else constant(np.asarray(y)) for y in self.leaves]
        self.outer = [x for x, _ in inner.closed.values()]
        self.fixed = [v for _, v in inner.closed.values()]
        self.results = self._closed(inner, results)

    def _closed(self, inner: Inner, results: list[Var]) -> list[Var]:
        """The results, in which Python's numbers and indices from outside are inputs too."""
        made: dict[int, Var] = {v.id: v for v in (*self.inputs, *self.fixed)}
        for v in order(results):
            if v.id in made:
                continue
            if v.data is None and (v.op is None or v.id < inner.start):
                if not v.weak and v.dtype.kind == "f":
                    raise Unfit
                made[v.id] = x = Var(v.shape, v.dtype)
                x.weak, x.moved = v.weak, v.moved
                self.outer.append(v)
                self.fixed.append(x)
            elif v.id not in made:
                made[v.id] = v if v.op is None else _on(v, made)
        return simplify([made[v.id] for v in results])


def _on(v: Var, made: dict[int, Var]) -> Var:
    return again(v, tuple(made[a.id] if isinstance(a, Var) else a for a in v.args))


class Structured(Op):
    """An op with bodies. Its operands' values are all read by its derivative."""

    types = None

    def saves(self, needs: Sequence[bool]) -> Sequence[bool]:
        return [True] * (len(needs) + 1)

    def found(self, attrs: dict[str, Any]) -> list[tuple[tuple[int, ...], Any]]:
        """Shapes and dtypes of the results."""
        raise NotImplementedError


class Scan(Structured, Rolled):
    """A rolled loop that can be differentiated. The last arrays that it gives are the carries of all turns."""

    differentiable = True

    def __init__(self, body: Body) -> None:
        Rolled.__init__(self, len(body.ends) + len(body.kept))
        self.grad_name, self.names_late = "ScanBackward0", False

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
        inputs = [_like(v) for v in body.inputs]
        gs = [_like(body.inputs[i]) for i in carried]
        sums = [_like(body.inputs[i]) for i in fixed]
        seeds = [_like(body.results[body.kept[k]]) for k in arrived]
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
        _finish(back, [at[i] for i in carried] + totals, kept, [*gs, *sums])
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


class Branch(Structured):
    """One of two bodies, by the first operand."""

    def __init__(self, outputs: int) -> None:
        self.name, self.outputs, self.columns = "cond", outputs, {}
        self.grad_name, self.names_late = "CondBackward0", False

    def found(self, attrs: dict[str, Any]) -> list[tuple[tuple[int, ...], Any]]:
        return [(v.shape, v.dtype) for v in attrs["bodies"][0].results]

    def kernel(self, *arrays: Any, bodies: Any) -> Any:
        """The body that was chosen, by NumPy."""
        return self.runner(Interpreter)(*arrays, bodies=bodies)

    def runner(self, make: Callable[[Any, Any], Any]) -> Callable[..., Any]:
        """What runs the chosen body; it is made when it is first chosen."""

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
            inputs, seeds = [_like(v) for v in body.inputs], [_like(body.results[i]) for i in arrived]
            found = _back(body.source, body.inputs, inputs, list(zip(arrived, seeds)), moving)
            bodies.append(Straight([*inputs, *seeds], found + found[: len(found) == 1]))
        got = Branch(max(2, len(moving)))(*args, *[g[i] for i in arrived], bodies=tuple(bodies)) if moving else ()
        pulled: list[Any] = [None] * len(args)
        for i, x in zip(moving, got):
            pulled[i + 1] = x
        return pulled


class While(Structured):
    """A body, as long as another one says so."""

    def __init__(self, outputs: int) -> None:
        self.name, self.outputs, self.columns = "while_loop", outputs, {}
        self.grad_name, self.names_late = "WhileBackward0", False

    def found(self, attrs: dict[str, Any]) -> list[tuple[tuple[int, ...], Any]]:
        return [(v.shape, v.dtype) for v in attrs["bodies"][1].results]

    def kernel(self, *arrays: Any, bodies: Any) -> Any:
        """All turns by NumPy."""
        return self.runner(Interpreter)(*arrays, bodies=bodies)

    def runner(self, make: Callable[[Any, Any], Any]) -> Callable[..., Any]:
        """What runs it."""

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


def _finish(body: Body, after: list[Var], kept: list[Var], carried: list[Var]) -> None:
    """Give a body its results: what is carried on and wanted at the end, what is kept, and the carries of all turns."""
    wanted = simplify([*after, *kept, *carried])
    body.source = wanted
    body.results = lower(wanted)
    n = len(after)
    body.after = body.ends = list(range(n))
    body.kept = list(range(n, len(wanted)))


def _like(v: Any) -> Var:
    x = Var(tuple(v.shape), v.dtype)
    x.weak, x.moved = v.weak, False
    return x


def _zeros(x: Any) -> Any:
    return REGISTRY["zeros_like"](x)


def _sum(a: Any, b: Any) -> Any:
    return REGISTRY["add"](a, b)


# ---- under a trace


def scan(trace: Any, combine: Any, init: tuple[Any, Any], xs: tuple[Any, Any], reverse: bool) -> Any:
    """A scan as one op; None where it cannot be one."""
    (carries, spec), (slices, slice_spec) = init, xs
    turns, n = slices[0].shape[0], len(carries)
    size = sum(x._a.nbytes for x in carries) * turns
    if size > LARGEST and turns > 8:
        return _in_chunks(combine, init, xs, reverse, isqrt(turns))
    made: list[Any] = []

    def turn(*tensors: Tensor) -> Any:
        got = combine(unflatten(spec, tensors[:n]), unflatten(slice_spec, tensors[n:]))
        combined(got, carries, spec)
        ys, y_spec = flatten(got[1])
        made.append((y_spec, len(ys)))
        return (*flatten(got[0])[0], *ys)

    try:
        part = Part(trace, turn, [*carries, *(x[0] for x in slices)])
    except Unfit:
        return None
    body = Body(turns)
    body.carried, body.read, body.fixed = part.inputs[:n], part.inputs[n:], part.fixed
    body.walks = [(turns - 1, -1) if reverse else (0, 1)] * len(slices)
    _finish(body, part.results[:n], part.results[n:], body.carried)
    got = Scan(body)(*carries, *slices, *part.outer, body=body)
    y_spec, count = made[-1]
    ys = got[n : n + count]
    ys = [REGISTRY["flip"](y, dims=(0,)) for y in ys] if reverse else ys
    return unflatten(spec, got[:n]), unflatten(y_spec, ys)


def _in_chunks(combine: Any, init: tuple[Any, Any], xs: tuple[Any, Any], reverse: bool, length: int) -> Any:
    """A scan of scans: the carries of the inner ones are computed again on the way back."""
    (carries, spec), (slices, slice_spec) = init, xs
    turns = slices[0].shape[0]
    whole = turns - turns % length
    rest = [x[: turns - whole] if reverse else x[whole:] for x in slices]
    main = [x[turns - whole :] if reverse else x[:whole] for x in slices]
    main = [x.reshape((whole // length, length, *x.shape[1:])) for x in main]

    def chunk(carry: Any, part: Any) -> Any:
        return plain_scan(combine, carry, part, reverse=reverse)

    carry, ys = plain_scan(chunk, unflatten(spec, carries), unflatten(slice_spec, main), reverse=reverse)
    leaves, y_spec = flatten(ys)
    leaves = [y.reshape((whole, *y.shape[2:])) for y in leaves]
    if turns > whole:
        carry, more = plain_scan(combine, carry, unflatten(slice_spec, rest), reverse=reverse)
        pairs = zip(flatten(more)[0], leaves) if reverse else zip(leaves, flatten(more)[0])
        leaves = [REGISTRY["cat"](*pair, dim=0) for pair in pairs]
    return carry, unflatten(y_spec, leaves)


def cond(trace: Any, pred: Tensor, true_fn: Any, false_fn: Any, operands: Any) -> Any:
    """A branch as one op."""
    leaves, spec = flatten(tuple(operands))
    at = [i for i, x in enumerate(leaves) if isinstance(x, Tensor)]
    tensors = [leaves[i] for i in at]

    def on(f: Any) -> Callable[..., Any]:
        def run(*given: Tensor) -> Any:
            filled = list(leaves)
            for i, x in zip(at, given):
                filled[i] = x
            return f(*unflatten(spec, filled))

        return run

    try:
        yes, no = Part(trace, on(true_fn), tensors), Part(trace, on(false_fn), tensors)
    except Unfit:
        raise TraceError(UNFIT.format("cond")) from None
    if yes.spec != no.spec:
        raise RuntimeError(UNMATCHED)
    for a, b in zip(yes.results, no.results):
        if (a.shape, a.dtype) != (b.shape, b.dtype):
            raise RuntimeError(
                "Expected each tensor of the branches of cond to have the same metadata, but true_fn gives "
                f"{a.dtype}{list(a.shape)} and false_fn {b.dtype}{list(b.shape)}"
            )
    first = [*yes.inputs, *yes.fixed, *map(_like, no.fixed)]
    second = [*no.inputs, *map(_like, yes.fixed), *no.fixed]
    twice = len(yes.results) == 1
    bodies = Straight(first, yes.results * (1 + twice)), Straight(second, no.results * (1 + twice))
    got = Branch(max(2, len(yes.results)))(pred, *tensors, *yes.outer, *no.outer, bodies=bodies)
    return unflatten(yes.spec, got[: len(yes.results)])


UNFIT = (
    "a function of {} draws random numbers, changes tensors from outside or takes gradients into them: that cannot be "
    "traced once for all turns. Do it outside, and pass what it needs."
)


def while_loop(trace: Any, cond_fn: Any, body_fn: Any, carried: tuple[Any, ...]) -> Any:
    """A loop whose end hangs on values as one op."""
    leaves, spec = flatten(carried)
    tensors = [x if isinstance(x, Tensor) else wrap(np.asarray(x)[()]) for x in leaves]

    def go(*given: Tensor) -> Any:
        got = cond_fn(*unflatten(spec, given))
        if not isinstance(got, (bool, Tensor)) or (isinstance(got, Tensor) and got.numel() != 1):  # type: ignore[attr-defined]
            raise RuntimeError(f"cond_fn should return a boolean scalar tensor or a boolean value but got {got}")
        return got.reshape(()) if isinstance(got, Tensor) else got  # type: ignore[attr-defined]

    def turn(*given: Tensor) -> Any:
        got = body_fn(*unflatten(spec, given))
        if not isinstance(got, (tuple, list)):
            raise RuntimeError(f"body_fn should return a tuple, as carried_inputs, but got {type(got).__name__}")
        same_kind("body_fn", tuple(got), unflatten(spec, tensors), "carried_inputs")
        return tuple(got)

    try:
        test, step = Part(trace, go, tensors), Part(trace, turn, tensors)
    except Unfit:
        raise TraceError(UNFIT.format("while_loop")) from None
    first = [*test.inputs, *test.fixed, *map(_like, step.fixed)]
    second = [*step.inputs, *map(_like, test.fixed), *step.fixed]
    n = len(tensors)
    bodies = Straight(first, test.results), Straight(second, step.results * (1 + (n == 1)), 1 if n == 1 else None)
    got = While(max(2, n))(*tensors, *test.outer, *step.outer, bodies=bodies)
    return unflatten(spec, got[:n])
