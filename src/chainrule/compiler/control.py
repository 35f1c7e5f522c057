"""`scan`, `cond` and `while_loop` under a trace: what they run is traced once and becomes the body of an op.

While a body is traced, an `Inner` trace stands in the place of the trace: it finds what the body takes from outside by
the tensors that are read, and gives stand-ins for them, so that they become operands of the op, with their histories.
What it cannot stand for (random numbers that each turn draws anew, changes of tensors from outside) raises Unfit, and a
`scan` is written out turn by turn as ordinary code is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isqrt
from typing import Any, NoReturn

import numpy as np

from chainrule.compiler.passes import again, simplify
from chainrule.compiler.structured import Body, Branch, Scan, Straight, While, input_like
from chainrule.core.graph import TraceError, Var, constant, order
from chainrule.core.op import REGISTRY
from chainrule.core.state import mode
from chainrule.core.tape import edge
from chainrule.core.tensor import Tensor, wrap
from chainrule.func.control import UNMATCHED, combined, condition, turned
from chainrule.func.control import scan as plain_scan
from chainrule.func.trees import flatten, unflatten

LARGEST = 64_000_000  # bytes of carries that are kept for a gradient; of more, those of some turns


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
    body.finish(part.results[:n], part.results[n:], body.carried)
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
    first = [*yes.inputs, *yes.fixed, *map(input_like, no.fixed)]
    second = [*no.inputs, *map(input_like, yes.fixed), *no.fixed]
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
        got = condition(cond_fn(*unflatten(spec, given)))
        return got.reshape(()) if isinstance(got, Tensor) else got  # type: ignore[attr-defined]

    def turn(*given: Tensor) -> Any:
        return turned(body_fn(*unflatten(spec, given)), unflatten(spec, tensors))

    try:
        test, step = Part(trace, go, tensors), Part(trace, turn, tensors)
    except Unfit:
        raise TraceError(UNFIT.format("while_loop")) from None
    first = [*test.inputs, *test.fixed, *map(input_like, step.fixed)]
    second = [*step.inputs, *map(input_like, test.fixed), *step.fixed]
    n = len(tensors)
    bodies = Straight(first, test.results), Straight(second, step.results * (1 + (n == 1)), 1 if n == 1 else None)
    got = While(max(2, n))(*tensors, *test.outer, *step.outer, bodies=bodies)
    return unflatten(spec, got[:n])
