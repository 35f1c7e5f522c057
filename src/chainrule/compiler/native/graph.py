"""Native code for a graph: LLVM, where there is a native form, and NumPy's kernels between.

The graph is cut by `plan`; `unrolled` and `fused_loop` write the parts, which become one module. Small
values live in `cells`, one piece of memory per run in progress; larger ones are arrays whose addresses are in a table.
"""

from __future__ import annotations

import operator
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from chainrule.compiler.interp import Interpreter
from chainrule.compiler.lower import lower
from chainrule.compiler.native import product, rolled, thread_pool, unrolled
from chainrule.compiler.native.arena import Arena, Span, arrange
from chainrule.compiler.native.engine import Code
from chainrule.compiler.native.executable import Executable
from chainrule.compiler.native.frame import Made
from chainrule.compiler.native.fused import Writer, write_finish
from chainrule.compiler.native.inplace import cells_again, in_place, over_inputs
from chainrule.compiler.native.loop import Layout, evaluate
from chainrule.compiler.native.plan import (
    KERNEL,
    LOOP,
    ROLLED,
    UNROLLED,
    FusedLoop,
    Plan,
    Product,
    Rolled,
    is_reduction,
    price,
    reduction,
)
from chainrule.compiler.native.registers import Emitter
from chainrule.compiler.native.sums import Accumulator
from chainrule.compiler.native.turns import turns
from chainrule.compiler.roll import roll
from chainrule.compiler.structured import Body
from chainrule.compiler.structured import Rolled as RolledOp
from chainrule.core.graph import Var, order

MANY = 8_000_000  # simple instructions of a loop from which on it is shared among threads
NATIVE = (UNROLLED, LOOP, ROLLED)
PIECES = 4  # of a loop for each thread: a core may be busy, and a thread late
LONG = 20_000  # values of a graph: compiling more takes longer than they are worth


def compiled(
    inputs: Sequence[Var], results: Sequence[Var], goals: Sequence[Var | None] = ()
) -> Executable | Interpreter:
    """Native code; the interpreter for graphs so long that LLVM would take minutes."""
    wanted = roll(lower(results))
    return build(inputs, wanted, goals) if len(order(wanted)) <= LONG else Interpreter(inputs, results)


class Facts(NamedTuple):
    """What was made of a graph: for `report()`."""

    kernels: int  # native functions
    fused: tuple[int, ...]  # the ops in each of them
    numpy: tuple[str, ...]  # ops that run by their NumPy kernel
    buffers: int  # arrays, results among them
    nbytes: int  # of what lies between the inputs and the results
    live: int  # of the arrays among that which are needed at once, at most
    fresh: int  # bytes of results that are arrays
    seconds: float  # spent in compiling

    def __str__(self) -> str:
        ops = ", ".join(map(str, self.fused)) or "none"
        rest = f"; by NumPy: {', '.join(sorted(set(self.numpy)))}" if self.numpy else ""
        return (
            f"native code: {self.kernels} function{'s' * (self.kernels != 1)} (ops in each: {ops}){rest}; "
            f"{self.buffers} buffers; {self.nbytes:,} bytes between ({self.live:,} live at once), "
            f"{self.fresh:,} bytes of results; compiled in {self.seconds * 1e3:.1f} ms"
        )


def build(inputs: Sequence[Var], results: Sequence[Var], goals: Sequence[Var | None] = ()) -> Executable:
    """Native code for a graph whose ops are taken apart.

    goals: inputs whose memory results may be written to, in the order of these, and None.
    """
    start = time.perf_counter()
    builder = Builder(inputs, results, goals)
    return Executable(builder.made(), builder.facts(time.perf_counter() - start))


class Builder:
    """Makes native code of a graph: first it says where each value lies, then it writes code, then packs the memory."""

    def __init__(self, inputs: Sequence[Var], results: Sequence[Var], goals: Sequence[Var | None]) -> None:
        self.given, self.wanted, self.goals = inputs, results, goals
        self.plan = Plan(inputs, results)
        self.slots = {v.id: i for i, v in enumerate(self.plan.values)}
        self.over = over_inputs(self.plan, inputs, results, goals)
        self.shared = in_place(self.plan, results) | self.over
        self._place(inputs)
        self._compile()
        wanted, buffers = {v.id for v in self.wanted}, [v for v in self.plan.values if self._is_buffer(v)]
        self.fresh = [(self.slots[v.id], self.places[v.id][1], v) for v in buffers if v.id in wanted]
        self.scratch = [v for v in buffers if v.id not in wanted]
        self.arena = self._arrange()

    def made(self) -> Made:
        """All that runs need to know."""
        plan, slots, held = self.plan, self.slots, {v.id for v in self.scratch}
        over = [(slots[a], self.places[a][1], slots[v]) for v, a in self.over.items()]
        return Made(
            plan=plan, code=self.code, steps=self.steps, work=self.work, wanted=self.wanted, slots=slots,
            places=self.places, cells=self.cells, table=self.table, extra=self.extra, scratch=self.scratch,
            arena=self.arena, fresh=self.fresh, over=over, handed=self._handed(), results=self._sources(self.wanted),
            dropped=[slots[v.id] for v in plan.values if v.data is None and v.id not in held],
            inputs=[(slots[v.id], self.places.get(v.id), v) for v in self.given],
            kernels={id(v): self._kernel(v) for v in plan.steps if isinstance(v, Var)},
        )  # fmt: skip

    # ---- memory

    def _place(self, inputs: Sequence[Var]) -> None:
        """What lies in the cells, and what in the table."""
        plan = self.plan
        users = [v for v in plan.values if plan.kind[v.id] in NATIVE]
        native = {a.id for v in users for a in plan.reads(v)} | set(self.over.values())
        given = {v.id for v in inputs}
        small = [v for v in inputs if 0 < v.size <= unrolled.TINY and v.dtype in unrolled.KINDS]
        cells, table = list({v.id: v for v in small}.values()), []
        for v in plan.values:
            if plan.kind[v.id] in NATIVE:
                placed = v.id in plan.stored and not plan.as_array(v)
            else:
                placed = v.id in native and v.size > 0 and (v.data is None or v.size > 1)
            if placed and v.size > unrolled.TINY:
                table.extend([v] if v.id not in self.shared else [])
            elif placed and v.id not in given:
                cells.append(v)
        self.cells = Layout(cells, cells_again(plan, cells, self.wanted))
        self.places: dict[Any, Any] = {v.id: ("cells", at) for v, at in zip(cells, self.cells.offsets)}
        self.places |= {v.id: ("table", i) for i, v in enumerate(table)}
        self.places |= {v: self.places[a] for v, a in self.shared.items()}
        self.table = table
        self.extra: list[tuple[Any, int, Any]] = []  # keys, lengths and dtypes of arrays that come after the table's
        self.needed: dict[Any, list[int]] = {}  # by key, the numbers of the steps that read or write an array

    def _lent(self, v: Var) -> None:
        """What NumPy is given may be seen by views of it to the end."""
        stack = [v]
        while stack:
            x = stack.pop()
            self.needed.setdefault(x.id, []).extend((0, len(self.plan.steps)))
            stack.extend(a for a in x.args if isinstance(a, Var) and (x is v or self.plan.as_array(x)))

    def _arrange(self) -> Arena:
        """The places of the arrays between: those of values, then the others."""
        sizes = [(v.id, v.nbytes) for v in self.scratch] + [(k, n * d.itemsize) for k, n, d in self.extra]
        return arrange([Span(n, min(self.needed[key]), max(self.needed[key])) for key, n in sizes])

    def _is_buffer(self, v: Var) -> bool:
        table = self.places.get(v.id, ("", 0))[0] == "table"
        return table and self.plan.kind[v.id] in (LOOP, ROLLED) and v.id not in self.shared

    # ---- code

    def _compile(self) -> None:
        from llvmlite import ir

        module = ir.Module("graph")
        self.steps: list[Any] = []
        self.fused: list[int] = []
        self.work = 0  # simple instructions of a run
        names: list[tuple[str, Any]] = []
        loops = False
        for i, step in enumerate(self.plan.steps):
            name, self.at = f"step_{i}", i
            if isinstance(step, Var):
                names.append(("", step))
                self._lent(step)
            elif isinstance(step, FusedLoop):
                loops = True
                names.extend(self._fused_loop(module, name, step))
            elif isinstance(step, Product):
                names.extend(self._product(module, name, step.v))
            elif isinstance(step, Rolled):
                self._rolled(module, name, step)
                names.append((name, None))
            else:
                self._straight(module, name, step)
                names.append((name, None))
                self.fused.append(len(step))
                self.work += sum(map(unrolled.work, step))
        runs = _runs(module, names)
        if not any(isinstance(s, str) for s, _ in runs):
            self.code = None
        else:
            self.code = Code(module, loops)
        for what, cut in runs:
            self.steps.append((self.code.function(what), cut) if isinstance(what, str) else what)  # type: ignore[union-attr]

    def _straight(self, module: Any, name: str, values: list[Var]) -> None:
        from llvmlite import ir

        index, pointer = ir.IntType(64), ir.PointerType()
        function = ir.Function(module, ir.FunctionType(ir.VoidType(), [pointer, pointer, index, index]), name)
        emitter = Emitter(module, ir.IRBuilder(function.append_basic_block()), vector=False)
        at = {v.id: i for i, v in enumerate(self.cells.values)}
        own = {v.id for v in values}
        known: dict[int, Any] = {}
        for v in values:
            for a in v.args:
                if isinstance(a, Var) and a.id not in known and a.id not in own:
                    if a.data is not None:
                        known[a.id] = unrolled.constants(emitter, a)
                    else:
                        known[a.id] = self.cells.load(emitter, function.args[0], at[a.id])
        evaluate(emitter, values, known)
        for v in values:
            if v.id in self.plan.stored:
                self.cells.store(emitter, function.args[0], at[v.id], known[v.id])
        emitter.build.ret_void()

    def _fused_loop(self, module: Any, name: str, fused_loop: FusedLoop) -> list[tuple[str, Any]]:
        units = Writer.pieces(fused_loop)[0]
        for v in fused_loop.roots:
            if _has_partials(v, fused_loop):
                self._add(("partial", v.id), units, Accumulator(v).dtype)
        writer = Writer(module, name, self.plan, fused_loop, self.places)
        self._needs(*writer.pointers, *(v.id for v in fused_loop.roots))  # what is finished afterwards too
        computed = self.plan.computed(fused_loop).values()
        self.fused.append(len(computed))
        n, work = writer.units, writer.n * sum(map(price, computed))
        self.work += work // 4
        found: list[tuple[str, Any]] = [(name, (n, _cut(n, work)))]
        if write_finish(module, f"{name}_finish", writer):
            found.append((f"{name}_finish", None))
        return found

    def _add(self, key: Any, n: int, dtype: Any) -> None:
        """Memory besides the table's arrays."""
        self.places[key] = ("table", len(self.table) + len(self.extra))
        self.extra.append((key, n, dtype))
        self._needs(key)

    def _needs(self, *keys: Any) -> None:
        """What the step that is being compiled reads or writes."""
        for key in keys:
            self.needed.setdefault(self.shared.get(key, key), []).append(self.at)

    def _product(self, module: Any, name: str, v: Var) -> list[tuple[str, Any]]:
        for key, n in (("packed", product.packed(v)), ("partial", product.partial(v))):
            if n:
                self._add((key, v.id), n, v.dtype)
        self._needs(v.id, *(x.value.id for x in product.operands(v)))
        made = product.write(module, name, v, self.places)
        self.fused.append(1)
        work = v.size * v.args[0].shape[-1]
        self.work += work // 8
        found: list[tuple[str, Any]] = [(name, (made.units, _cut(made.units, 8 * work)))]
        return [*found, (f"{name}_finish", None)] if made.finish else found

    def _rolled(self, module: Any, name: str, step: Rolled) -> None:
        self._needs(*(a.id for a in step.v.args), *(p.id for p in step.parts))
        rolled.write(module, name, step.v, step.parts, self.places)
        body: Body = step.v.attrs["body"]
        self.fused.append(sum(v.op is not None for v in order(body.results)))
        self.work += rolled.work(step.v)

    # ---- how runs begin and end

    def _kernel(self, v: Var) -> tuple[Any, ...]:
        """How a NumPy step gets its arguments: 0 by slot, 1 from the cells, 2 as they are, 3 as Python numbers."""
        assert v.op is not None
        at = {v.id: i for i, v in enumerate(self.cells.values)}
        args = []
        for a in v.args:
            if not isinstance(a, Var):
                args.append((2, a))
            elif self.plan.kind[a.id] in NATIVE and a.id in at:
                args.append((3 if a.weak else 1, at[a.id]))
            else:
                args.append((0, self.slots[a.id]))
        kernel: Callable[..., Any] = v.op.kernel
        if isinstance(v.op, RolledOp) and v.index is None:
            kernel = _turning(v.attrs["body"])
        elif v.index is None and hasattr(v.op, "runner"):
            kernel = v.op.runner(compiled)
        index = v.index
        if index is not None:
            kernel = operator.itemgetter(index)
        attrs = {} if index is not None else v.attrs
        return kernel, tuple(args), attrs, self.slots[v.id], self.places.get(v.id), v.weak

    def _sources(self, results: Sequence[Var]) -> list[tuple[str, int]]:
        """Where each result is found after a run, and how it becomes memory of its own."""
        at = {v.id: i for i, v in enumerate(self.cells.values)}
        out = []
        given: set[int] = set()
        goals = [None if a is None else a.id for a in self.goals]
        for v, goal in zip(results, [*goals, *[None] * len(results)]):
            if goal is not None and self.over.get(v.id) == goal:
                out.append(("over", self.slots[goal]))
            elif v.id in at and self.plan.kind[v.id] in NATIVE:
                out.append(("copied" if v.shape else "number", at[v.id]))
            elif self._is_buffer(v) and v.id not in given:
                out.append(("fresh", self.slots[v.id]))
            elif self.plan.kind[v.id] == KERNEL and v.id not in given:
                out.append(("made", self.slots[v.id]))
            else:
                out.append(("held", self.slots[v.id]))
            given.add(v.id)
        return out

    def _handed(self) -> dict[int, list[int]]:
        """Of each result that NumPy makes the slots of arrays that may be the same one: what its kernel was given, and
        what else came with it."""
        parts: dict[int, list[Var]] = {}
        for v in self.plan.values:
            if v.index is not None:
                parts.setdefault(v.args[0].id, []).append(v)
        found = {}
        for v in self.wanted:
            others = list(v.args)
            if v.index is not None:
                others = [*v.args[0].args, *(p for p in parts[v.args[0].id] if p is not v)]
            found[self.slots[v.id]] = [self.slots[a.id] for a in others if isinstance(a, Var)]
        return found

    def facts(self, seconds: float) -> Facts:
        """What there is to say of it."""
        names = [v.op.name for v in self.plan.steps if isinstance(v, Var) and v.op is not None]
        fresh = sum(v.nbytes for _, _, v in self.fresh)
        buffers, between = len(self.scratch) + len(self.extra) + len(self.fresh), self.arena.nbytes + self.cells.nbytes
        return Facts(
            len(self.fused), tuple(self.fused), tuple(names), buffers, between, self.arena.live, fresh, seconds
        )


def _turning(body: Body) -> Callable[..., Any]:
    """What runs a rolled loop: turns of native code, or a turn at a time as it is."""
    step = compiled(body.inputs, body.results)
    short = turns(step.made, body) if isinstance(step, Executable) else None
    return short or body.runner(lambda *_: step)


def _cut(units: int, work: int) -> tuple[int, int] | None:
    """The units, and how many of them are a piece for a thread; None if one thread does them all."""
    if work < MANY or units < 2 * thread_pool.WORKERS or thread_pool.WORKERS == 1:
        return None
    piece = -(-units // (thread_pool.WORKERS * PIECES))
    return units, -(-piece // 64) * 64 if piece > 1024 else piece


def _runs(module: Any, names: list[tuple[str, Any]]) -> list[tuple[Any, Any]]:
    """Native functions that follow one another are joined in one; ('', v) is a NumPy step."""
    from llvmlite import ir

    index, pointer = ir.IntType(64), ir.PointerType()
    out: list[tuple[Any, Any]] = []
    build = None
    for name, what in names:
        if not name:
            out.append((what, None))
        elif what is not None and what[1] is not None:
            out.append((name, what[1]))
        else:
            if build is None:
                kind = ir.FunctionType(ir.VoidType(), [pointer, pointer, index, index])
                function = ir.Function(module, kind, f"run_{len(out)}")
                build = ir.IRBuilder(function.append_basic_block())
                out.append((function.name, None))
            step = module.globals[name]
            step.linkage = "internal"
            high = ir.Constant(index, 0 if what is None else what[0])
            build.call(step, [*build.function.args[:2], ir.Constant(index, 0), high])
            continue
        if build is not None:
            build.ret_void()
            build = None
    if build is not None:
        build.ret_void()
    return out


def _has_partials(v: Var, fused_loop: FusedLoop) -> bool:
    return is_reduction(v) and (fused_loop.how == "columns" or reduction(v)[0] == "full")  # type: ignore[index]
