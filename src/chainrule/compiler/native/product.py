"""Products of matrices as native code, where a call of a BLAS is not worth it: small ones, and thin ones.

A small product takes microseconds as a whole. A thin one (a long matrix and a vector) is bounded by how fast the matrix
is read, and is cut into pieces for threads: a tall one by its rows, and one that sums over very many by what is summed,
in blocks of `DEPTH`, whose sums are added up in float64.

An operand is memory with two strides, so a transposed one is read where it lies. One of three loops is written, each on
vectors of a fixed width in registers:

    columns   a row of the result is a sum of rows of b, each times a number of a      (b lies along its rows)
    rows      the same of the transposed product: a column is a sum of columns of a    (a lies along its columns)
    dots      an element is the product of a row and a column, added up at the end     (both lie along what is summed)

An operand that lies across is copied first if that is worth it. Multiplications and additions are joined where the CPU
can, and sums are in another order than a BLAS has them: equal to rounding.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

from chainrule.compiler.native.at import Place, number, wrap
from chainrule.compiler.native.counting import counting
from chainrule.compiler.native.registers import ir_type
from chainrule.core.graph import Var

MOST_PRODUCTS = 1 << 18  # multiplications of a small product
LONG, THIN, WIDE = 4096, 4, 1024  # of a thin one: its long side at least, its short one at most, and the third
DEPTH = 1024  # how many are summed in one piece
BYTES = 64  # of a vector: what the widest registers hold, or two or four of narrower ones
TALL = 4  # rows of the result that are worked on at once


class Operand(NamedTuple):
    """A matrix in memory: the value that lies there, and the steps from row to row and from column to column."""

    value: Var
    row: int
    column: int

    @property
    def turned(self) -> Operand:
        return Operand(self.value, self.column, self.row)


def is_product(v: Var) -> bool:
    """Whether a value is a product of two matrices or vectors that is written here."""
    if v.op is None or v.op.name != "matmul" or v.dtype.kind != "f" or v.dtype.itemsize < 4:
        return False
    a, b = v.args
    if not (isinstance(a, Var) and isinstance(b, Var) and a.dtype == b.dtype == v.dtype):
        return False
    if not (1 <= a.ndim <= 2 and 1 <= b.ndim <= 2 and v.size > 0 and a.shape[-1] > 0):
        return False
    return _how(v) is not None and all(x.value.data is None or x.value.size > 1 for x in operands(v))


def operands(v: Var) -> tuple[Operand, Operand]:
    """The two matrices of a product: a vector on the left is a row, on the right a column."""
    a, b = v.args
    return _operand(a), _operand(b) if b.ndim == 2 else _operand(b).turned


def _operand(v: Var) -> Operand:
    turned, x = False, v
    while x.says("moves") == "axes" and x.ndim == 2:
        turned, x = turned != (tuple(x.says("at")(2, **x.attrs)) == (1, 0)), x.args[0]
    n = x.shape[-1]
    while x.says("moves") in ("regroup", "each") and x.args[0].dtype == x.dtype:
        x = x.args[0]
    return Operand(x, 1, n) if turned else Operand(x, n, 1)


class _How(NamedTuple):
    """How a product is computed, and how far from perfect that is expected to be: the more, the better."""

    worth: float
    form: str  # "small", "tall" or "deep"
    turned: bool  # the transposed product
    packed: bool  # the operand on the right is copied first
    dots: bool
    rows: int
    columns: int


def _how(v: Var) -> _How | None:
    """The best loop for a product, if any is good enough."""
    a, b = operands(v)
    inner = v.args[0].shape[-1]
    rows = v.args[0].size // inner
    columns, lanes = v.size // rows, BYTES // v.itemsize
    small = rows * inner * columns <= MOST_PRODUCTS
    found = []
    for turned, left, right, m, n in ((False, a, b, rows, columns), (True, b.turned, a.turned, columns, rows)):
        lies, along = right.column == 1 or n == 1, inner == 1 or left.column == right.row == 1
        if small:
            found.append(_How(min(n, lanes) * (1 if lies else m / (m + 4)), "small", turned, not lies, False, m, n))
        elif lies and inner >= LONG and m <= THIN < n <= WIDE:
            found.append(_How(min(n, lanes), "deep", turned, False, False, m, n))
        if along and (small or (m >= LONG and n <= THIN and inner <= WIDE)):
            found.append(_How(min(inner, lanes) / 2, "small" if small else "tall", turned, False, True, m, n))
    return max(found, default=None)


class Written(NamedTuple):
    """A product whose function (cells, table, low, high) is in the module, on a range of its `units`."""

    units: int
    finish: bool  # whether there is another one, `<name>_finish`, for when all are done


def packed(v: Var) -> int:
    """How many elements of an operand are copied first, to memory that the caller gives."""
    how = _how(v)
    assert how is not None
    return v.args[0].shape[-1] * how.columns if how.packed else 0


def partial(v: Var) -> int:
    """How many elements the sums of the pieces of a deep product have, in memory that the caller gives."""
    how = _how(v)
    assert how is not None
    return -(-v.args[0].shape[-1] // DEPTH) * v.size if how.form == "deep" else 0


def write(module: Any, name: str, v: Var, places: dict[Any, Place]) -> Written:
    """A product; `places` holds those of the memory besides as ("packed", v.id) and ("partial", v.id)."""
    how = _how(v)
    assert how is not None
    writer = _Writer(module, v, how)
    deep = how.form == "deep"
    extra = [("partial", v.id)] if deep else [("packed", v.id)] if how.packed else []
    keys = [*([] if deep else [v.id]), *writer.used, *extra]
    writer.begin(name, keys)
    units = getattr(writer, f"_{how.form}")(v)
    writer.end(name, places)
    if deep:
        writer.begin(f"{name}_finish", [v.id, *extra])
        writer.finish(v, units)
        writer.end(f"{name}_finish", places)
    return Written(units, deep)


class _Writer:
    def __init__(self, module: Any, v: Var, how: _How) -> None:
        a, b = operands(v)
        a, b = (b.turned, a.turned) if how.turned else (a, b)
        self.module, self.how, self.inner = module, how, v.args[0].shape[-1]
        self.element, self.bytes, self.lanes = ir_type(v.dtype), v.itemsize, BYTES // v.itemsize
        self.rows, self.columns = how.rows, how.columns
        # Where the next element of a row of the result is, and the next row.
        self.step, self.stride = (how.rows, 1) if how.turned else (1, how.columns)
        self.operands = a, b
        self.used = list(dict.fromkeys([a.value.id, b.value.id]))
        self.piece: Any = None  # of a deep product: which one is computed

    # ---- functions

    def begin(self, name: str, keys: list[Any]) -> None:
        from llvmlite import ir

        pointer, index = ir.PointerType(), ir.IntType(64)
        kind = ir.FunctionType(ir.VoidType(), [*[pointer] * len(keys), index, index])
        self.function = ir.Function(self.module, kind, f"{name}_body")
        self.function.linkage = "internal"
        for argument in self.function.args[:-2]:
            argument.add_attribute("noalias")
        self.build = ir.IRBuilder(self.function.append_basic_block())
        self.at, self.keys = dict(zip(keys, self.function.args)), keys

    def end(self, name: str, places: dict[Any, Place]) -> None:
        self.build.ret_void()
        wrap(self.module, name, self.function, [places[k] for k in self.keys])

    def _opened(self) -> None:
        a, b = self.operands
        self.a, self.b = (self.at[a.value.id], a), (self.at[b.value.id], b)

    def _small(self, v: Var) -> int:
        self._opened()
        self.to = self.at[v.id]
        if self.how.packed:
            self._pack(self.at["packed", v.id])
        if self.how.dots:
            self._dots(number(0), number(self.rows))
        else:
            self._sums(number(0), number(self.inner))
        return 1

    def _tall(self, v: Var) -> int:
        self._opened()
        self.to = self.at[v.id]
        self._dots(*self.function.args[-2:])
        return self.rows

    def _deep(self, v: Var) -> int:
        self._opened()
        self.to = self.at["partial", v.id]
        build, (low, high) = self.build, self.function.args[-2:]
        with self._loop(high, start=low) as self.piece:
            start = build.mul(self.piece, number(DEPTH))
            stop = build.add(start, number(DEPTH))
            self._sums(start, build.select(build.icmp_signed("<", stop, number(self.inner)), stop, number(self.inner)))
        self.piece = None
        return -(-self.inner // DEPTH)

    def finish(self, v: Var, units: int) -> None:
        """Add up what the pieces have given."""
        from llvmlite import ir

        to, pieces, build = self.at[v.id], self.at["partial", v.id], self.build
        double = self.element == ir.DoubleType()

        def tile(j: Any, wide: int) -> None:
            exact = ir.DoubleType() if wide == 1 else ir.VectorType(ir.DoubleType(), wide)

            def add(u: Any, totals: list[Any]) -> list[Any]:
                x = self._load(self._at(pieces, (u, v.size), (j, 1)), wide)
                return [build.fadd(totals[0], x if double else build.fpext(x, exact))]

            start = ir.Constant(exact, 0.0 if wide == 1 else [0.0] * wide)
            (total,) = self._summed([start], 1, number(0), number(units), add)
            total = total if double else build.fptrunc(total, self._vector(wide))
            build.store(total, self._at(to, (j, 1)), align=self.bytes)

        self._tiles(v.size, min(v.size, self.lanes), tile)

    # ---- memory

    def _vector(self, width: int) -> Any:
        from llvmlite import ir

        return self.element if width == 1 else ir.VectorType(self.element, width)

    def _at(self, pointer: Any, *terms: tuple[Any, int]) -> Any:
        """The address of the element that lies so many steps away: pairs (number, step)."""
        build, flat = self.build, number(0)
        for i, step in terms:
            flat = build.add(flat, i if step == 1 else build.mul(i, number(step)))
        return build.gep(pointer, [flat], inbounds=True, source_etype=self.element)

    def _load(self, at: Any, width: int) -> Any:
        return self.build.load(at, typ=self._vector(width), align=self.bytes)  # no more than an element's alignment

    def _splat(self, x: Any, width: int) -> Any:
        from llvmlite import ir

        if width == 1:
            return x
        kind = self._vector(width)
        one = self.build.insert_element(ir.Constant(kind, ir.Undefined), x, ir.IntType(32)(0))
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), width), [0] * width)
        return self.build.shuffle_vector(one, one, zeros)

    def _pack(self, to: Any) -> None:
        pointer, b = self.b
        with self._loop(number(self.inner)) as k, self._loop(number(self.columns)) as j:
            x = self.build.load(self._at(pointer, (k, b.row), (j, b.column)), typ=self.element)
            self.build.store(x, self._at(to, (k, self.columns), (j, 1)))
        self.b = to, Operand(b.value, self.columns, 1)

    # ---- loops

    def _loop(self, stop: Any, step: int = 1, start: Any = None) -> AbstractContextManager[Any]:
        return counting(self.build, number(0) if start is None else start, stop, step, once=True)

    def _tiles(self, n: int, size: int, do: Callable[[Any, int], None]) -> None:
        """Cut n into tiles: do(start, size) for the whole ones in a loop, and for the rest."""
        if n >= size:
            with self._loop(number(n - n % size), size) as i:
                do(i, size)
        if n % size:
            do(number(n - n % size), n % size)

    def _summed(
        self, begin: list[Any], step: int, start: Any, stop: Any, add: Callable[[Any, list[Any]], list[Any]]
    ) -> list[Any]:
        """Values carried through a loop: add(k, values) gives the next ones."""
        build = self.build
        before = build.block
        with self._loop(stop, step, start) as k:
            held = [build.phi(x.type) for x in begin]
            for phi, x in zip(held, begin):
                phi.add_incoming(x, before)
            after = add(k, held)
            for phi, x in zip(held, after):
                phi.add_incoming(x, build.block)
        return after

    def _mad(self, x: Any, y: Any, total: Any) -> Any:
        return self.build.fadd(self.build.fmul(x, y, flags=("contract",)), total, flags=("contract",))

    def _zero(self, width: int) -> Any:
        from llvmlite import ir

        kind = self._vector(width)
        return ir.Constant(kind, 0.0 if width == 1 else [0.0] * width)

    def _sums(self, start: Any, stop: Any) -> None:
        """Rows of the result, some at once, a vector's width of columns after another; summed from start to stop."""
        build = self.build
        (pa, a), (pb, b) = self.a, self.b
        width = min(self.columns, self.lanes)

        def tile(i: Any, tall: int, j: Any, wide: int) -> None:
            def add(k: Any, totals: list[Any]) -> list[Any]:
                y = self._load(self._at(pb, (k, b.row), (j, 1)), wide)
                xs = [build.load(self._at(pa, (build.add(i, number(r)), a.row), (k, a.column)), typ=self.element)
                      for r in range(tall)]  # fmt: skip
                return [self._mad(self._splat(x, wide), y, t) for x, t in zip(xs, totals)]

            for r, total in enumerate(self._summed([self._zero(wide)] * tall, 1, start, stop, add)):
                self._put(build.add(i, number(r)), j, total, wide)

        self._tiles(
            self.rows, min(TALL, self.rows),
            lambda i, tall: self._tiles(self.columns, width, lambda j, wide: tile(i, tall, j, wide)),
        )  # fmt: skip

    def _put(self, i: Any, j: Any, x: Any, width: int) -> None:
        from llvmlite import ir

        build = self.build
        piece = [] if self.piece is None else [(self.piece, self.rows * self.columns)]
        if width == 1 or self.step == 1:
            build.store(x, self._at(self.to, *piece, (i, self.stride), (j, self.step)), align=self.bytes)
            return
        for lane in range(width):
            one = build.extract_element(x, ir.IntType(32)(lane))
            place = self._at(self.to, *piece, (i, self.stride), (build.add(j, number(lane)), self.step))
            build.store(one, place)

    def _dots(self, low: Any, high: Any) -> None:
        """Some rows of the result, element by element."""
        build = self.build
        (pa, a), (pb, b) = self.a, self.b
        width = min(self.inner, self.lanes)

        with self._loop(high, start=low) as i, self._loop(number(self.columns)) as j:

            def term(k: Any, wide: int, total: Any, i: Any = i, j: Any = j) -> Any:
                x = self._load(self._at(pa, (i, a.row), (k, 1)), wide)
                return self._mad(x, self._load(self._at(pb, (k, 1), (j, b.column)), wide), total)

            rest = self.inner % width
            (whole,) = self._summed(
                [self._zero(width)], width, number(0), number(self.inner - rest), lambda k, t: [term(k, width, t[0])]
            )
            total = self._across(whole, width)
            if rest:
                last = term(number(self.inner - rest), rest, self._zero(rest))
                total = build.fadd(total, self._across(last, rest))
            self._put(i, j, total, 1)

    def _across(self, x: Any, width: int) -> Any:
        """The sum of a vector's elements."""
        from llvmlite import ir

        if width == 1:
            return x
        module, name = self.build.module, f"llvm.vector.reduce.fadd.v{width}f{8 * self.bytes}"
        kind = ir.FunctionType(self.element, [self.element, self._vector(width)])
        function = module.globals.get(name) or ir.Function(module, kind, name)
        return self.build.call(function, [ir.Constant(self.element, -0.0), x], fastmath=("reassoc",))
