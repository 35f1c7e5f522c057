"""Loops over a shape, in which every result of the loop is computed for an element from what is in memory.

    map      one loop over all elements: everything needed lies in the order of the loop
    full     the same in blocks: sums of everything, one partial result per block
    nest     an outer loop over rows and one inside: broadcast operands, transposed ones, sums of rows
    columns  sums over the leading dimensions: an accumulator per column, one row added after another

What a thread is given is a range of the elements, blocks, rows or columns, so results do not depend on their number.

Sums: float32 is added up in float64 and rounded once. float64 is added up in blocks of 1024, in as many partial sums
as LLVM likes (only this addition may be reordered), and the blocks' sums with their rounding errors carried along
(A. Neumaier, 1974): at least as accurate as NumPy's pairwise sums. Columns of float64 are added in order, as by NumPy.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

from chainrule.base.shapes import numel
from chainrule.compiler.native import unrolled
from chainrule.compiler.native.at import At, Place, basic, number, unravel, wrap
from chainrule.compiler.native.counting import counting
from chainrule.compiler.native.fission import ahead
from chainrule.compiler.native.plan import FUNCTION, FusedLoop, Plan, is_reduction, price
from chainrule.compiler.native.registers import BOOL, DOUBLE, SINGLE, Emitter, Register, choose, ir_type
from chainrule.compiler.native.sums import Accumulator, Careful
from chainrule.compiler.native.wide import width
from chainrule.core.graph import Var

BLOCK = 1024
# A function of vector maths is a chain of instructions that wait for one another, so long that a CPU sees little more
# than one of them ahead. Several vectors side by side keep it busy, in loops that are long enough for them.
ABREAST, LONG = 4, BLOCK
LINE = 64  # bytes of the cache that are fetched at once
Memo = dict[tuple[int, int], tuple[At, Register]]  # what was computed, by value and place


class Writer:
    """Writes the function of one fused_loop; `places` says where values lie."""

    def __init__(self, module: Any, name: str, plan: Plan, fused_loop: FusedLoop, places: dict[Any, Place]) -> None:
        from llvmlite import ir

        self.plan, self.fused_loop, self.places = plan, fused_loop, places
        self.n = numel(fused_loop.shape)
        self.units, self.inner = self.pieces(fused_loop)
        waits = self.inner >= LONG and any(price(v) >= FUNCTION for v in plan.computed(fused_loop).values())
        self.sums = [Accumulator(v) for v in fused_loop.roots if is_reduction(v)]
        self.shape: dict[str, int] = {}
        self.ahead = ahead(plan, fused_loop, BLOCK) if waits and fused_loop.how in ("map", "full") else []
        self.kept: dict[int, Any] = {}  # where loops before have left values of the block
        self.origin: Any = None  # where it begins
        if waits:
            self.shape = {"interleave.count": ABREAST}
            # LLVM takes the width from the widest type, and a sum of float32 is kept in float64: the functions would be
            # computed in half registers. (Sums of columns are loaded and stored each time, which is then what counts.)
            narrow = any(how.dtype == DOUBLE and how.source == SINGLE for how in self.sums)
            if narrow and fused_loop.how != "columns":
                self.shape["vectorize.width"] = width() // SINGLE.itemsize
        self.plain = [v for v in fused_loop.roots if not is_reduction(v)]
        keys = self._used()
        used = {places[k]: k for k in keys}  # what is written over something else lies in one place with it
        index, pointer = ir.IntType(64), ir.PointerType()
        kind = ir.FunctionType(ir.VoidType(), [*[pointer] * len(used), index, index])
        self.function = ir.Function(module, kind, f"{name}_body")
        self.function.linkage = "internal"
        for attribute in ("noinline", "nounwind"):
            self.function.attributes.add(attribute)
        for a in self.function.args[:-2]:
            a.add_attribute("noalias")
        at = dict(zip(used, self.function.args))
        self.pointers = {k: at[places[k]] for k in keys}
        self.entry = self.function.append_basic_block("entry")
        self.build = ir.IRBuilder(self.function.append_basic_block("start"))
        self.emitter = Emitter(module, self.build, vector=True)
        self.numbers: dict[int, Register] = {}
        start = self.build.block
        getattr(self, f"_{fused_loop.how}")(*self.function.args[-2:])
        self.build.ret_void()
        self.build.position_at_end(self.entry)
        self.build.branch(start)
        wrap(module, name, self.function, list(used))

    @staticmethod
    def pieces(fused_loop: FusedLoop) -> tuple[int, int]:
        """How many pieces there are to share among threads, and how many elements the inner loop has."""
        n, how = numel(fused_loop.shape), fused_loop.how
        inner = numel(fused_loop.shape[fused_loop.split :]) if how in ("nest", "columns") else n
        return {"map": n, "full": -(-n // BLOCK), "nest": n // inner, "columns": inner}[how], inner

    def _used(self) -> list[Any]:
        """The keys of the memory that the loop reads or writes."""
        keys: dict[Any, None] = {}
        seen: set[int] = set()
        stack = []
        for v in self.fused_loop.roots:
            keys[self._goal(v)] = None
            if is_reduction(v):
                stack.append(v.args[0])
            else:
                seen.add(v.id)
                stack.extend(v.args)
        while stack:
            v = stack.pop()
            if isinstance(v, Var) and v.id not in seen:
                seen.add(v.id)
                if self.plan.loaded(v, self.fused_loop.epoch):
                    if v.id in self.places:
                        keys[v.id] = None
                else:
                    stack.extend(v.args)
        return list(keys)

    def _goal(self, v: Var) -> Any:
        return ("partial", v.id) if ("partial", v.id) in self.places else v.id

    # ---- elements

    def value(self, v: Var, at: At, memo: Memo) -> Register:
        """The element of v at a place."""
        stack = [(v, at)]
        while stack:
            x, place = stack[-1]
            key = x.id, id(place)
            if key in memo:
                stack.pop()
            elif self.plan.loaded(x, self.fused_loop.epoch):
                memo[key] = place, self._load(x, place)
            elif x.id in self.kept:
                memo[key] = place, self.emitter.load(self._in_block(self.kept[x.id], place.flat), x.dtype)
            else:
                needs = self._needs(x, place)
                waiting = [(a, p) for a, p in needs if isinstance(a, Var) and (a.id, id(p)) not in memo]
                if waiting:
                    stack.extend(waiting)
                else:
                    args = [memo[a.id, id(p)][1] if isinstance(a, Var) else a for a, p in needs]
                    memo[key] = place, self._computed(x, place, args)
        return memo[v.id, id(at)][1]

    def _needs(self, v: Var, at: At) -> list[tuple[Any, At]]:
        """The arguments of v and the places in them that its element at a place comes from."""
        if unrolled.is_elementwise(v):
            return [(a, at.of(a.shape)) if isinstance(a, Var) else (a, at) for a in v.args]
        if v.id not in at.derived:
            inside = v.says("moves") == "inset"
            at.derived[v.id] = self._within(v, at) if inside else self._seen_through(v, v.args[0].shape, at)
        return [(v.args[0], at.derived[v.id])]

    def _computed(self, v: Var, at: At, args: list[Any]) -> Register:
        if unrolled.is_elementwise(v):
            return unrolled.one(v, args, self.emitter)
        got: Register = args[0]
        there = at.derived[v.id].there
        if there is not None:
            return choose(Register(self.emitter, there, BOOL), got, self.emitter.constant(0, v.dtype))
        return Register(self.emitter, got.raw, got.dtype, v.weak)

    def _load(self, v: Var, at: At) -> Register:
        if v.id not in self.pointers:  # a constant
            return self.emitter.constant(v.data.reshape(())[()], v.dtype, v.weak)
        if v.size == 1:
            if v.id not in self.numbers:
                with self.build.goto_block(self.entry):
                    self.numbers[v.id] = self.emitter.load(self.pointers[v.id], v.dtype, v.weak)
            return self.numbers[v.id]
        return self.emitter.load(self._address(v.id, v.dtype, at.flat), v.dtype)

    def _address(self, key: Any, dtype: Any, i: Any) -> Any:
        return self.build.gep(self.pointers[key], [i], inbounds=True, source_etype=ir_type(dtype, memory=True))

    def _seen_through(self, v: Var, shape: tuple[int, ...], at: At) -> At:
        """The place in a view's source of the element at a place of the view."""
        how, build = v.says("moves"), self.build
        if how == "regroup":
            return At(build, shape, at.flat)
        if how == "spread":
            return at.of(shape)
        index = list(at.index)
        if how == "axes":
            dims = list(v.says("at")(len(shape), **v.attrs))
            return At(build, shape, None, tuple(index[dims.index(d)] for d in range(len(shape))))
        steps = basic(v)
        assert steps is not None
        return At(build, shape, None, tuple(self._stepped(index, steps, shape)))

    def _stepped(self, index: list[Any], steps: list[Any], shape: tuple[int, ...]) -> Iterator[Any]:
        each, sizes = iter(index), iter(shape)
        for s in steps:
            if s is None:
                next(each)
                continue
            n = next(sizes)
            if isinstance(s, slice):
                start, _, step = s.indices(n)
                i = next(each)
                i = i if step == 1 else self.build.mul(i, number(step))
                yield i if start == 0 else self.build.add(i, number(start))
            else:
                yield number(s % n)

    def _within(self, v: Var, at: At) -> At:
        """The place in a part that is set in zeros: the first one for all places outside, which `there` tells."""
        steps = basic(v)
        assert steps is not None
        b, inside, source = self.build, [], []
        each = iter(zip(at.index, v.shape))
        for s in steps:
            if s is None:
                source.append(number(0))
                continue
            i, n = next(each)
            if not isinstance(s, slice):
                inside.append(b.icmp_signed("==", i, number(s % n)))
                continue
            start, stop, _ = s.indices(n)
            if start > 0:
                inside.append(b.icmp_signed(">=", i, number(start)))
                i = b.sub(i, number(start))
            if stop < n:
                inside.append(b.icmp_signed("<", i, number(stop - start)))
            source.append(i)
        there = functools.reduce(b.and_, inside) if inside else None
        index = source if there is None else [b.select(there, i, number(0)) for i in source]
        return At(b, v.args[0].shape, None, tuple(index), there)

    def _element(self, at: At) -> list[Register]:
        """Puts the elementwise results at a place into memory, and gives what the sums take from there.

        All is read before anything is written: a result may lie where something else that is needed here stood.
        """
        memo: Memo = {}
        values = [self.value(v, at, memo) for v in self.plain]
        addends = [self.value(how.v.args[0], at, memo).astype(how.source) for how in self.sums]
        for v, x in zip(self.plain, values):
            self.emitter.store(x, self._address(v.id, v.dtype, at.flat))
        return addends

    # ---- loops

    def loop(self, start: Any, stop: Any, shape: dict[str, int] | None = None) -> AbstractContextManager[Any]:
        return counting(self.build, start, stop, shape=shape)

    def memory(self, dtype: Any, size: int = 1) -> Any:
        with self.build.goto_entry_block():
            memory = self.build.alloca(ir_type(dtype, memory=True), number(size))
        memory.align = dtype.itemsize if size == 1 else LINE
        return memory

    def _in_block(self, memory: Any, i: Any) -> Any:
        return self.build.gep(memory, [self.build.sub(i, self.origin)], inbounds=True)

    def _map(self, low: Any, high: Any) -> None:
        if not self.ahead:
            self._accumulate(low, high, self._at)
            return
        with counting(self.build, low, high, BLOCK) as start:
            self._accumulate(start, self._end(start, high), self._at)

    def _at(self, i: Any) -> At:
        return At(self.build, self.fused_loop.shape, i)

    def _end(self, start: Any, last: Any) -> Any:
        """Where the block ends that begins at `start`."""
        stop = self.build.add(start, number(BLOCK))
        return self.build.select(self.build.icmp_signed("<", stop, last), stop, last)

    def _full(self, low: Any, high: Any) -> None:
        b = self.build
        with self.loop(low, high) as unit:
            start = b.mul(unit, number(BLOCK))
            totals = self._accumulate(start, self._end(start, number(self.n)), self._at)
            for how, total in zip(self.sums, totals):
                self.emitter.store(total, self._address(("partial", how.v.id), how.dtype, unit))

    def _accumulate(self, start: Any, stop: Any, at: Callable[[Any], At]) -> list[Register]:
        """An inner loop: its plain results are stored, its sums returned."""
        emitter = self.emitter
        self.origin = start
        for group in self.ahead:
            memory = {v.id: self.memory(v.dtype, BLOCK) for v in group}
            with self.loop(start, stop, self.shape) as i:
                place = at(i)
                memo: Memo = {}
                for v in group:
                    emitter.store(self.value(v, place, memo), self._in_block(memory[v.id], i))
            self.kept |= memory
        held = [self.memory(how.dtype) for how in self.sums]
        for how, a in zip(self.sums, held):
            emitter.store(how.start(emitter), a)
        with self.loop(start, stop, self.shape) as i:
            for how, a, x in zip(self.sums, held, self._element(at(i))):
                emitter.store(how.add(emitter, emitter.load(a, how.dtype), x), a)
        return [emitter.load(a, how.dtype) for how, a in zip(self.sums, held)]

    def _nest(self, low: Any, high: Any) -> None:
        b, emitter, inner = self.build, self.emitter, self.inner
        with self.loop(low, high) as row:
            base = b.mul(row, number(inner))
            outer = tuple(unravel(b, self.fused_loop.shape[: self.fused_loop.split], row))

            def at(i: Any) -> At:
                rest = tuple(unravel(b, self.fused_loop.shape[self.fused_loop.split :], i))
                return At(b, self.fused_loop.shape, b.add(base, i), (*outer, *rest))

            if inner > 2 * BLOCK and any(how.careful for how in self.sums):
                totals = [Careful(emitter, how, self.memory) for how in self.sums]
                for t in totals:
                    t.clear()
                with self.loop(number(0), number(-(-inner // BLOCK))) as block:
                    start = b.mul(block, number(BLOCK))
                    for t, x in zip(totals, self._accumulate(start, self._end(start, number(inner)), at)):
                        t.add(x)
                found = [t.value() for t in totals]
            else:
                found = self._accumulate(number(0), number(inner), at)
            for how, x in zip(self.sums, found):
                if how.v.size == 1 and ("partial", how.v.id) in self.places:
                    emitter.store(x, self._address(("partial", how.v.id), how.dtype, row))
                else:
                    emitter.store(how.finish(emitter, x), self._address(how.v.id, how.v.dtype, row))

    def _columns(self, low: Any, high: Any) -> None:
        b, emitter = self.build, self.emitter
        with self.loop(low, high) as column:
            for how in self.sums:
                emitter.store(how.start(emitter), self._address(("partial", how.v.id), how.dtype, column))
        rows = self.n // self.inner
        with self.loop(number(0), number(rows)) as row:
            base = b.mul(row, number(self.inner))
            outer = tuple(unravel(b, self.fused_loop.shape[: self.fused_loop.split], row))
            with self.loop(low, high, self.shape) as column:
                rest = tuple(unravel(b, self.fused_loop.shape[self.fused_loop.split :], column))
                place = At(b, self.fused_loop.shape, b.add(base, column), (*outer, *rest))
                for how, x in zip(self.sums, self._element(place)):
                    to = self._address(("partial", how.v.id), how.dtype, column)
                    emitter.store(how.add(emitter, emitter.load(to, how.dtype), x, reorder=False), to)


def write_finish(module: Any, name: str, writer: Writer) -> bool:
    """The function that makes results of partial ones, if there are any."""
    from llvmlite import ir

    waiting = [how for how in writer.sums if ("partial", how.v.id) in writer.places]
    if not waiting:
        return False
    keys = [k for how in waiting for k in (("partial", how.v.id), how.v.id)]
    index, pointer = ir.IntType(64), ir.PointerType()
    kind = ir.FunctionType(ir.VoidType(), [*[pointer] * len(keys), index, index])
    writer.function = ir.Function(module, kind, f"{name}_body")
    writer.function.linkage = "internal"
    writer.pointers = dict(zip(keys, writer.function.args))
    b = writer.build = ir.IRBuilder(writer.function.append_basic_block("entry"))
    emitter = writer.emitter = Emitter(module, b, vector=True)
    for how in waiting:
        if writer.fused_loop.how == "columns":
            with writer.loop(number(0), number(writer.inner)) as i:
                x = emitter.load(writer._address(("partial", how.v.id), how.dtype, i), how.dtype)
                emitter.store(how.finish(emitter, x), writer._address(how.v.id, how.v.dtype, i))
            continue
        total = Careful(emitter, how, writer.memory)
        total.clear()
        with writer.loop(number(0), number(writer.units)) as i:
            total.add(emitter.load(writer._address(("partial", how.v.id), how.dtype, i), how.dtype))
        emitter.store(how.finish(emitter, total.value()), writer.pointers[how.v.id])
    b.ret_void()
    wrap(module, name, writer.function, [writer.places[k] for k in keys])
    return True
