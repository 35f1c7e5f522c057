"""n steps of a small graph in machine code: what minimisation runs when nobody looks at the numbers in between.

The state is carried in registers from step to step; of every k-th step the wanted values are put down in a table.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.compiler import native_straight as straight
from chainrule.compiler.native_cells import Cell, NotNative, Pen
from chainrule.compiler.native_engine import Code
from chainrule.compiler.native_lower import lower
from chainrule.core.graph import Var, order

WORK = 4096  # instructions: a graph beyond this is not written out


class Layout:
    """Where values lie, one after another, in a piece of memory."""

    def __init__(self, values: Sequence[Var]) -> None:
        self.values = list(values)
        self.offsets = []
        at = 0
        for v in values:
            at = -(-at // v.itemsize) * v.itemsize
            self.offsets.append(at)
            at += v.nbytes
        self.nbytes = -(-at // 8) * 8

    def views(self, memory: Any, rows: int | None = None) -> list[Any]:
        """Arrays on the memory, one per value; `rows` of them, if given."""
        lead = () if rows is None else (rows,)
        steps = () if rows is None else (self.nbytes,)
        return [
            np.ndarray((*lead, *v.shape), v.dtype, memory, at, (*steps, *_strides(v)))
            for v, at in zip(self.values, self.offsets)
        ]

    def load(self, pen: Pen, memory: Any, i: int) -> Any:
        return self._each(pen, memory, i, lambda at, _: pen.load(at, self.values[i].dtype, self.values[i].weak))

    def store(self, pen: Pen, memory: Any, i: int, cells: Any) -> None:
        self._each(pen, memory, i, lambda at, place: pen.store(cells[place], at))

    def _each(self, pen: Pen, memory: Any, i: int, do: Any) -> Any:
        from llvmlite import ir

        v = self.values[i]
        out = np.empty(v.shape, object)
        byte, index = ir.IntType(8), ir.IntType(64)
        for n, place in enumerate(np.ndindex(v.shape)):
            at = pen.build.gep(memory, [index(self.offsets[i] + n * v.itemsize)], source_etype=byte)
            out[place] = do(at, place)
        return out


def _strides(v: Var) -> tuple[int, ...]:
    return tuple(np.empty(v.shape, np.int8).strides[i] * v.itemsize for i in range(v.ndim))


def fits(values: Sequence[Var]) -> bool:
    """Whether a graph is small and all its ops can be written out."""
    computed = [v for v in values if v.op is not None]
    small = all(0 < v.size <= straight.TINY for v in values)
    return small and sum(map(straight.work, computed)) <= WORK and all(map(straight.covered, computed))


def native_loop(
    inputs: Sequence[Var], results: Sequence[Var], carried: Sequence[tuple[int, int]], record: Sequence[int] = ()
) -> Loop:
    """A function that runs many steps of a graph.

    Arguments:
        inputs, results: the graph of one step; small values only, of ops that native code has.
        carried: pairs (input, result): this input of the next step is that result of this one. Same shape and dtype.
        record: results that are put down at every k-th step.

    Returns:
        `Loop`: called with (arrays, steps, every) it gives (arrays, recorded): the results of the last step, and of
        each recorded one an array of the values after steps 1, 1 + every, 1 + 2 every, ...

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
    return Loop(inputs, results, carried, record)


class Loop:
    """See `native_loop`."""

    def __init__(
        self, inputs: Sequence[Var], results: Sequence[Var], carried: Sequence[tuple[int, int]], record: Sequence[int]
    ) -> None:
        self.inputs, self.results = Layout(inputs), Layout(results)
        self.record = Layout([results[r] for r in record])
        self.code = Code(_written(self.inputs, self.results, list(carried), list(record), self.record), loops=False)
        self.call = self.code.function("run", ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 3, *[ctypes.c_int64] * 2))

    def __call__(self, arrays: Sequence[Any], steps: int, every: int = 1) -> tuple[list[Any], list[Any]]:
        """The results after `steps` steps from these inputs, and what was recorded of every `every`-th."""
        if steps < 1 or every < 1:
            raise ValueError(f"steps and every must be at least 1, got {steps} and {every}")
        rows = -(-steps // every) if self.record.values else 0
        memory = [np.empty(n, np.uint8) for n in (self.inputs.nbytes, self.results.nbytes, self.record.nbytes * rows)]
        for view, a in zip(self.inputs.views(memory[0]), arrays):
            view[...] = a
        self.call(*(m.ctypes.data for m in memory), steps, every)
        out = [a.copy()[()] for a in self.results.views(memory[1])]
        return out, [a.copy() for a in self.record.views(memory[2], rows)]


def _written(inputs: Layout, results: Layout, carried: list[tuple[int, int]], record: list[int], table: Layout) -> Any:
    from llvmlite import ir

    module = ir.Module("loop")
    index, pointer = ir.IntType(64), ir.PointerType()
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), [pointer] * 3 + [index] * 2), "run")
    given, out, rows, steps, every = function.args
    start, body, put, after, end = (function.append_basic_block(n) for n in ("start", "body", "put", "after", "end"))
    build = ir.IRBuilder(start)
    pen = Pen(module, build, vector=False)
    values = {v.id: inputs.load(pen, given, i) for i, v in enumerate(inputs.values)}
    build.branch(body)

    build.position_at_end(body)
    step, due, row = build.phi(index), build.phi(index), build.phi(pointer)
    phis: list[Any] = []
    for i, _ in carried:
        first = values[inputs.values[i].id]
        cells = np.empty(first.shape, object)
        for place in np.ndindex(first.shape):
            phi = build.phi(first[place].raw.type)
            phi.add_incoming(first[place].raw, start)
            cells[place] = Cell(pen, phi, first[place].dtype, first[place].weak)
        phis.append(cells)
    values |= {inputs.values[i].id: cells for (i, _), cells in zip(carried, phis)}
    evaluate(pen, order(results.values), values)
    found = [values[v.id] for v in results.values]
    build.cbranch(build.icmp_signed("==", due, index(0)), put, after)
    computed = build.block

    build.position_at_end(put)
    for i, r in enumerate(record):
        table.store(pen, row, i, found[r])
    below = build.gep(row, [index(table.nbytes)], source_etype=ir.IntType(8))
    build.branch(after)

    build.position_at_end(after)
    next_row, left = build.phi(pointer), build.phi(index)
    for value, block in ((row, computed), (below, put)):
        next_row.add_incoming(value, block)
    for value, block in ((due, computed), (every, put)):
        left.add_incoming(value, block)
    next_step, next_due = build.add(step, index(1)), build.sub(left, index(1))
    for phi, first_value, value in ((step, index(0), next_step), (due, index(0), next_due), (row, rows, next_row)):
        phi.add_incoming(first_value, start)
        phi.add_incoming(value, after)
    for cells, (_, r) in zip(phis, carried):
        for place in np.ndindex(cells.shape):
            cells[place].raw.add_incoming(found[r][place].raw, after)
    build.cbranch(build.icmp_signed("<", next_step, steps), body, end)

    build.position_at_end(end)
    for i, cells in enumerate(found):
        results.store(pen, out, i, cells)
    build.ret_void()
    return module


def evaluate(pen: Pen, graph: Sequence[Var], values: dict[int, Any]) -> None:
    """Write out all values of a graph, in order, that are not there yet."""
    for v in graph:
        if v.id not in values:
            if v.op is None and v.data is None:
                raise NotNative(f"{v!r} is not among the inputs")
            args = [values[a.id] if isinstance(a, Var) else a for a in v.args]
            values[v.id] = straight.constants(pen, v) if v.op is None else straight.write(pen, v, args)
