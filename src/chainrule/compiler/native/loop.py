"""Many steps of a small graph in machine code: what minimisation runs when nobody looks at the numbers in between.

The state is carried in registers from point to point. At each point the whole step is evaluated; unless the point is an
end, because so many steps were made or the graph says `stop`, the wanted values are put down and the step is taken.
"""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from chainrule.compiler.lower import lower
from chainrule.compiler.native import unrolled
from chainrule.compiler.native.engine import Code
from chainrule.compiler.native.registers import Emitter, NotNative, Register
from chainrule.core.graph import Var, order

WORK = 4096  # instructions: a graph beyond this is not written out


class Layout:
    """Where values lie, one after another, in a piece of memory.

    over: by the number of a value, that of another of its shape and dtype in whose place it lies.
    """

    def __init__(self, values: Sequence[Var], over: Mapping[int, int] = MappingProxyType({})) -> None:
        self.values = list(values)
        places: dict[int, int] = {}
        at = 0
        for v in values:
            if v.id not in over:
                places[v.id] = at = -(-at // v.itemsize) * v.itemsize
                at += v.nbytes
        self.offsets = [places[over.get(v.id, v.id)] for v in values]
        self.nbytes = -(-at // 8) * 8

    def views(self, memory: Any, rows: int | None = None) -> list[Any]:
        """Arrays on the memory, one per value; `rows` of them, if given."""
        lead = () if rows is None else (rows,)
        steps = () if rows is None else (self.nbytes,)
        return [
            np.ndarray((*lead, *v.shape), v.dtype, memory, at, (*steps, *_strides(v)))
            for v, at in zip(self.values, self.offsets)
        ]

    def load(self, emitter: Emitter, memory: Any, i: int) -> Any:
        return self._each(emitter, memory, i, lambda at, _: emitter.load(at, self.values[i].dtype, self.values[i].weak))

    def store(self, emitter: Emitter, memory: Any, i: int, cells: Any) -> None:
        self._each(emitter, memory, i, lambda at, place: emitter.store(cells[place], at))

    def _each(self, emitter: Emitter, memory: Any, i: int, do: Any) -> Any:
        from llvmlite import ir

        v = self.values[i]
        out = np.empty(v.shape, object)
        byte, index = ir.IntType(8), ir.IntType(64)
        for n, place in enumerate(np.ndindex(v.shape)):
            at = emitter.build.gep(memory, [index(self.offsets[i] + n * v.itemsize)], source_etype=byte)
            out[place] = do(at, place)
        return out


def _strides(v: Var) -> tuple[int, ...]:
    return tuple(np.empty(v.shape, np.int8).strides[i] * v.itemsize for i in range(v.ndim))


def fits(values: Sequence[Var]) -> bool:
    """Whether a graph is small and all its ops can be written out."""
    computed = [v for v in values if v.op is not None]
    small = all(0 < v.size <= unrolled.TINY for v in values)
    return small and sum(map(unrolled.work, computed)) <= WORK and all(map(unrolled.covered, computed))


def native_loop(
    inputs: Sequence[Var],
    results: Sequence[Var],
    carried: Sequence[tuple[int, int]],
    record: Sequence[int] = (),
    last: Sequence[int] = (),
    rate: int | None = None,
    stop: int | None = None,
) -> NativeLoop:
    """A function that runs many steps of a graph.

    Arguments:
        inputs, results: the graph of one step; small values only, of ops that native code has.
        carried: pairs (input, result): this input of the next step is that result of this one. Same shape and dtype.
        record: results that are put down at every k-th point.
        last: results that are wanted of the point where it ends.
        rate: an input, a double, that has a value of its own for each step.
        stop: a result, a bool: whether the point is an end.

    Returns:
        `NativeLoop`, see there.

    Raises:
        NotNative: a value is too large or an op has no native form.
        ValueError: what is carried changes its shape or dtype.
    """
    for i, r in carried:
        a, b = inputs[i], results[r]
        if (a.shape, a.dtype, a.weak) != (b.shape, b.dtype, b.weak):
            raise ValueError(
                f"the state changes from {a.dtype}{list(a.shape)} to {b.dtype}{list(b.shape)} in a step: input {i} "
                f"is carried from result {r}, so they must agree. Start with the dtype and shape that a step returns."
            )
    results = lower(results)
    if not fits(order([*results, *inputs])):
        raise NotNative("the graph is too large for a native loop, or has ops without a native form")
    return NativeLoop(inputs, results, carried, record, last, rate, stop)


class LoopEnd(NamedTuple):
    """Where a loop ended: after how many steps, what is carried there, and the results that were wanted."""

    steps: int
    carried: list[Any]
    last: list[Any]


class NativeLoop:
    """Many steps of a graph; see `native_loop`."""

    def __init__(
        self, inputs: Sequence[Var], results: Sequence[Var], carried: Sequence[tuple[int, int]],
        record: Sequence[int], last: Sequence[int], rate: int | None, stop: int | None,
    ) -> None:  # fmt: skip
        self.inputs, self.carried, self.rate = Layout(inputs), [i for i, _ in carried], rate
        self.record, self.last = [results[r] for r in record], Layout([results[r] for r in last])
        self.code = Code(_Writer(self, results, list(carried), stop).module, loops=False, passes=False)
        self.call = self.code.function("run", _RUN)
        self._frames: list[_Frame] = []

    def __call__(
        self, arrays: Sequence[Any], steps: int, every: int = 1, columns: Sequence[Any] = (), rates: Any = None
    ) -> LoopEnd:
        """At most `steps` steps from these inputs.

        columns: for each recorded result an array whose row i is to hold it at the point after i * every steps.
        rates: the values of the input `rate`, doubles: one for each step, or one for all.
        """
        if steps < 0 or every < 1:
            raise ValueError(f"steps must not be negative and every at least 1, got {steps} and {every}")
        if len(columns) != len(self.record) or (self.rate is not None and len(rates) != 1 and len(rates) < steps):
            raise ValueError(f"{len(self.record)} columns are needed, and a rate for each of {steps} steps, or one")
        try:
            frame = self._frames.pop()
        except IndexError:
            frame = _Frame(self)
        for view, a in zip(frame.inputs, arrays):
            view[()] = a
        for i, a in enumerate(columns):
            frame.table[i] = begin(a)
        at, step = (0, 0) if rates is None else (begin(rates), 8 if len(rates) > 1 else 0)
        done = self.call(*frame.addresses, at, step, steps, every)
        ended = LoopEnd(done, [_own(frame.inputs[i]) for i in self.carried], [_own(a) for a in frame.last])
        self._frames.append(frame)
        return ended


_RUN = ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_void_p] * 4, *[ctypes.c_int64] * 3)


class _Frame:
    """The memory of one run in progress: inputs, the results at the end, and where the columns are."""

    def __init__(self, loop: NativeLoop) -> None:
        memory = [np.zeros(max(n, 8), np.uint8) for n in (loop.inputs.nbytes, loop.last.nbytes)]
        self.inputs, self.last = loop.inputs.views(memory[0]), loop.last.views(memory[1])
        self.table = np.zeros(len(loop.record) + 1, np.int64)
        self.addresses = [begin(a) for a in (*memory, self.table)]


def begin(a: Any) -> int:
    """Where an array's numbers begin, which lie one after another; three times as quick as asking the array."""
    return ctypes.addressof(ctypes.c_char.from_buffer(a))


def _own(view: Any) -> Any:
    return view.copy() if view.shape else view[()]


class _Writer:
    """Writes the loop: start -> point -> (end | go -> (put) -> next -> point)."""

    def __init__(
        self, loop: NativeLoop, results: Sequence[Var], carried: list[tuple[int, int]], stop: int | None
    ) -> None:
        from llvmlite import ir

        self.module, self.index, self.byte = ir.Module("loop"), ir.IntType(64), ir.IntType(8)
        index, pointer = self.index, ir.PointerType()
        kind = ir.FunctionType(index, [pointer] * 4 + [index] * 3)
        function = ir.Function(self.module, kind, "run")
        given, out, table, rates, stride, steps, every = function.args
        start, point, go, put, onward, end = map(
            function.append_basic_block, ("start", "point", "go", "put", "onward", "end")
        )
        self.build = build = ir.IRBuilder(start)
        self.emitter = Emitter(self.module, build, vector=False)
        inputs = loop.inputs
        values = {v.id: inputs.load(self.emitter, given, i) for i, v in enumerate(inputs.values)}
        columns = [self._load(table, 8 * i, pointer) for i in range(len(loop.record))]
        last = build.sub(steps, index(1))
        build.branch(point)

        build.position_at_end(point)
        step, due, row = (build.phi(index) for _ in range(3))
        moving = {i: phis(self.emitter, values[inputs.values[i].id], start) for i, _ in carried}
        values |= {inputs.values[i].id: cells for i, cells in moving.items()}
        done = build.icmp_signed(">=", step, steps)
        if loop.rate is not None:
            v = inputs.values[loop.rate]
            n = build.select(done, build.select(build.icmp_signed("<", last, index(0)), index(0), last), step)
            at = build.gep(rates, [build.mul(n, stride)], source_etype=self.byte)
            values[v.id] = Layout([v]).load(self.emitter, at, 0)
        evaluate(self.emitter, order(results), values)
        found = [values[v.id] for v in results]
        if stop is not None:
            done = build.or_(done, found[stop][()].raw)
        build.cbranch(done, end, go)

        build.position_at_end(go)
        build.cbranch(build.icmp_signed("==", due, index(0)), put, onward)

        build.position_at_end(put)
        for column, v in zip(columns, loop.record):
            at = build.gep(column, [build.mul(row, index(v.nbytes))], source_etype=self.byte)
            Layout([v]).store(self.emitter, at, 0, values[v.id])
        next_row = build.add(row, index(1))
        build.branch(onward)

        build.position_at_end(onward)
        left, below = build.phi(index), build.phi(index)
        for phi, without, with_row in ((left, due, every), (below, row, next_row)):
            phi.add_incoming(without, go)
            phi.add_incoming(with_row, put)
        following = build.add(step, index(1)), build.sub(left, index(1)), below
        for phi, value in zip((step, due, row), following):
            phi.add_incoming(index(0), start)
            phi.add_incoming(value, onward)
        for i, r in carried:
            for place in np.ndindex(moving[i].shape):
                moving[i][place].raw.add_incoming(found[r][place].raw, onward)
        build.branch(point)

        build.position_at_end(end)
        for i, cells in moving.items():
            inputs.store(self.emitter, given, i, cells)
        for i, v in enumerate(loop.last.values):
            loop.last.store(self.emitter, out, i, values[v.id])
        build.ret(step)

    def _load(self, memory: Any, offset: int, kind: Any) -> Any:
        return self.build.load(self.build.gep(memory, [self.index(offset)], source_etype=self.byte), typ=kind)


def phis(emitter: Emitter, first: Any, start: Any) -> Any:
    """What is carried from turn to turn, as cells that begin, coming from a block, as `first`."""
    cells = np.empty(first.shape, object)
    for place in np.ndindex(first.shape):
        phi = emitter.build.phi(first[place].raw.type)
        phi.add_incoming(first[place].raw, start)
        cells[place] = Register(emitter, phi, first[place].dtype, first[place].weak)
    return cells


def evaluate(emitter: Emitter, graph: Sequence[Var], values: dict[int, Any]) -> None:
    """Write out all values of a graph, in order, that are not there yet."""
    for v in graph:
        if v.id not in values:
            if v.op is None and v.data is None:
                raise NotNative(f"{v!r} is not among the inputs")
            args = [values[a.id] if isinstance(a, Var) else a for a in v.args]
            values[v.id] = unrolled.constants(emitter, v) if v.op is None else unrolled.write(emitter, v, args)
