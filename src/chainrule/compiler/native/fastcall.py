"""Native code called with NumPy arrays themselves: checks, addresses, the run and in-place changes in one call.

A call by `ctypes` takes half a microsecond, finding an array's address another; a small graph takes less. So there is
one function of Python's own kind (`METH_FASTCALL`), in machine code: it is given the payloads, looks into them as C
code compiled against NumPy does (the layout of arrays is part of NumPy's binary interface; it is verified here before
it is relied on), and answers whether they were what the graph was made for. If not, nothing has been done.

What it is to do is in a table of 64 bit words, which is its `self`:

    function, cells, table, whether to release Python's lock, the numbers of inputs, of changes and of fresh arrays;
    then for each input its record, for each change the number of the input that it goes into and where it lies after
    the run (0: there already), for each fresh array where its address goes
"""

from __future__ import annotations

import ctypes
import functools
import sys
from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from functools import cache, partial
from typing import Any

import numpy as np

from chainrule.compiler.native.counting import counting
from chainrule.compiler.native.engine import Code, has
from chainrule.compiler.native.frame import Frame, Made, address
from chainrule.core.graph import Var

HEAD = object.__basicsize__  # where the fields of an array begin, and the number of a NumPy scalar or a float
DATA, DIMENSIONS, SHAPE, DTYPE, FLAGS = 0, 8, 16, 40, 48  # bytes from there on to an array's fields
TYPE = -8
READ, WRITE = 0x101, 0x501  # NumPy's flags: C order and aligned; and writeable
LONG = 20_000  # simple instructions: from there on other Python threads may run meanwhile
HEADING = 7  # words before the records
# The words of an input's record: the type of a number, and of an array, that fit; the array's dtype, flags, number of
# dimensions, where its shape is; its bytes; what becomes of it, and where; and, in a call, where its numbers are.
NUMBER, ARRAY, KIND, MASK, NDIM, DIMS, BYTES, PLACING, GOAL, NUMBERS = range(10)
RECORD = 10
CELLS, TABLE = 1, 2  # placing: the numbers are copied; their address is noted


class _FastCall:
    """Writes `enter`: what C code compiled against NumPy would do. Words are 64 bits long."""

    def __init__(self) -> None:
        from llvmlite import ir

        self.ir, self.word, self.pointer, self.module = ir, ir.IntType(64), ir.PointerType(), ir.Module("fastcall")
        self.build: Any = None
        self.to_bool = self._declared("PyBool_FromLong", self.pointer, self.word)
        self.save_thread = self._declared("PyEval_SaveThread", self.pointer)
        self.restore_thread = self._declared("PyEval_RestoreThread", ir.VoidType(), self.pointer)
        copied = (self.pointer, self.pointer, self.word, ir.IntType(1))
        self.memcpy = self._declared("llvm.memcpy.p0.p0.i64", ir.VoidType(), *copied)
        self.fitting = self._fitting()
        self._enter()

    def _declared(self, name: str, result: Any, *arguments: Any) -> Any:
        return self.ir.Function(self.module, self.ir.FunctionType(result, arguments), name)

    def _begun(self, name: str, result: Any, *arguments: Any) -> Any:
        function = self._declared(name, result, *arguments)
        self.build = self.ir.IRBuilder(function.append_basic_block())
        return function

    # ---- what is in memory

    def at(self, base: Any, i: Any, kind: Any = None) -> Any:
        """The address of the i-th word from there on."""
        return self.build.gep(base, [self.word(i) if type(i) is int else i], source_etype=kind or self.word)

    def read(self, base: Any, i: Any) -> Any:
        """The i-th word."""
        return self.build.load(self.at(base, i), typ=self.word)

    def field(self, x: Any, byte: int) -> Any:
        """A word of a Python object."""
        return self.build.load(self.at(x, HEAD + byte, self.ir.IntType(8)), typ=self.word)

    def to(self, address: Any) -> Any:
        """A word as the address that it is."""
        return self.build.inttoptr(address, self.pointer)

    def payload(self, arguments: Any, i: Any) -> Any:
        """The i-th argument of the call."""
        return self.build.load(self.at(arguments, i, self.pointer), typ=self.pointer)

    # ---- ways through the code

    def each(self, count: Any) -> AbstractContextManager[Any]:
        """What is written under it runs for 0, 1, ... below count."""
        return counting(self.build, self.word(0), count)

    def where(self, *conditions: Any) -> AbstractContextManager[Any]:
        """What is written under it runs where all conditions hold."""
        return self.build.if_then(functools.reduce(self.build.and_, conditions))

    def equal(self, a: Any, b: Any) -> Any:
        """Whether two words are."""
        return self.build.icmp_signed("==", a, self.word(b) if type(b) is int else b)

    def answer(self, yes: bool) -> None:
        """Return True or False."""
        self.build.ret(self.build.call(self.to_bool, [self.word(int(yes))]))

    def copy(self, goal: Any, source: Any, size: Any) -> None:
        """Copy bytes from one address to another."""
        self.build.call(self.memcpy, [self.to(goal), self.to(source), size, self.ir.IntType(1)(0)])

    # ---- the two functions

    def _fitting(self) -> Any:
        """(payload, record) -> the address of the numbers in a payload that fits its record, else 0."""
        function = self._begun("fitting", self.word, self.pointer, self.pointer)
        function.linkage = "internal"
        build, (x, record) = self.build, function.args
        kind = self.field(x, TYPE)
        with self.where(self.equal(kind, self.read(record, NUMBER))):
            build.ret(build.add(build.ptrtoint(x, self.word), self.word(HEAD)))
        with self.where(self.equal(kind, self.read(record, ARRAY))):  # only then has it an array's fields
            mask, dimensions = self.read(record, MASK), build.and_(self.field(x, DIMENSIONS), self.word(0xFFFFFFFF))
            same_dtype = self.equal(self.field(x, DTYPE), self.read(record, KIND))
            has_flags = self.equal(build.and_(self.field(x, FLAGS), mask), mask)
            with self.where(same_dtype, has_flags, self.equal(dimensions, self.read(record, NDIM))):
                shape, wanted = self.to(self.field(x, SHAPE)), self.to(self.read(record, DIMS))
                with self.each(dimensions) as i:
                    same = self.equal(self.read(shape, i), self.read(wanted, i))
                    with self.where(build.not_(same)):
                        build.ret(self.word(0))
                build.ret(self.field(x, DATA))
        build.ret(self.word(0))
        return function

    def _run(self, function: Any, cells: Any, table: Any, release: Any) -> None:
        build = self.build
        kind = self.ir.FunctionType(self.ir.VoidType(), [self.pointer, self.pointer, self.word, self.word])
        code, arguments = build.inttoptr(function, kind.as_pointer()), [self.to(cells), self.to(table)]
        arguments += [self.word(0), self.word(0)]
        with build.if_else(build.not_(self.equal(release, 0))) as (alone, at_once):
            with alone:  # without Python's lock
                thread = build.call(self.save_thread, [])
                build.call(code, arguments)
                build.call(self.restore_thread, [thread])
            with at_once:
                build.call(code, arguments)

    def _enter(self) -> None:
        function = self._begun("enter", self.pointer, self.pointer, self.pointer, self.word)
        build, (itself, payloads, _) = self.build, function.args
        order = self.to(self.field(itself, DATA))
        run, cells, table, release, inputs, changes, fresh = [self.read(order, i) for i in range(HEADING)]
        records = self.at(order, HEADING)
        change = self.at(records, build.mul(inputs, self.word(RECORD)))  # pairs: the input, where its new numbers lie
        slots = self.at(change, build.mul(changes, self.word(2)))

        def record(i: Any) -> Any:
            return self.at(records, build.mul(i, self.word(RECORD)))

        def extent(of: Any) -> tuple[Any, Any]:
            low = self.read(of, NUMBERS)
            return low, build.add(low, self.read(of, BYTES))

        def changed(c: Any) -> tuple[Any, Any]:
            pair = self.at(change, build.mul(c, self.word(2)))
            return self.read(pair, 0), self.read(pair, 1)

        with self.each(inputs) as i:  # does every payload fit?
            numbers = build.call(self.fitting, [self.payload(payloads, i), record(i)])
            with self.where(self.equal(numbers, 0)):
                self.answer(False)
            build.store(numbers, self.at(record(i), NUMBERS))
        with self.each(changes) as c:  # does anything overlap with what is changed?
            goal, _ = changed(c)
            low, high = extent(record(goal))
            with self.each(inputs) as k:
                theirs_low, theirs_high = extent(record(k))
                overlap = build.icmp_unsigned("<", theirs_low, high), build.icmp_unsigned("<", low, theirs_high)
                with self.where(*overlap, build.not_(self.equal(k, goal))):
                    self.answer(False)
        with self.each(inputs) as i:  # small inputs into the cells, others' addresses into the table
            numbers, size, placing, goal = [self.read(record(i), k) for k in (NUMBERS, BYTES, PLACING, GOAL)]
            with self.where(self.equal(placing, CELLS)):
                self.copy(goal, numbers, size)
            with self.where(self.equal(placing, TABLE)):
                build.store(numbers, self.to(goal))
        with self.each(fresh) as f:  # where results go
            array = self.payload(payloads, build.add(inputs, f))
            build.store(self.field(array, DATA), self.to(self.read(slots, f)))
        self._run(run, cells, table, release)
        with self.each(changes) as c:  # everything was read: now the changes
            goal, source = changed(c)
            with self.where(build.not_(self.equal(source, 0))):
                self.copy(self.read(record(goal), NUMBERS), source, self.read(record(goal), BYTES))
        self.answer(True)


class _Method(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("call", ctypes.c_void_p), ("flags", ctypes.c_int), ("doc", ctypes.c_char_p)]


@cache
def _method() -> tuple[Code, _Method] | None:
    """The function for Python, made once in a process; None where the layouts are not as expected."""
    symbols = ("PyBool_FromLong", "PyEval_SaveThread", "PyEval_RestoreThread")
    if sys.implementation.name != "cpython" or ctypes.sizeof(ctypes.c_void_p) != 8 or not all(map(has, symbols)):
        return None
    if not _as_expected():
        return None
    code = Code(_FastCall().module, loops=False)
    return code, _Method(b"enter", _address(code.function("enter")), 0x80, None)


def _address(function: Any) -> int:
    return ctypes.cast(function, ctypes.c_void_p).value or 0


def _as_expected() -> bool:
    """Whether arrays and numbers lie in memory as this file has it."""
    a = np.arange(6, dtype=np.float32).reshape(2, 3)[:, ::-1]
    word = [ctypes.c_int64.from_address(id(a) + HEAD + at).value for at in (0, 8, 16, 40, 48)]
    dims = (ctypes.c_int64 * 2).from_address(word[2])
    return (
        (word[0], word[1] & 0xFFFFFFFF, tuple(dims), word[3]) == (address(a), 2, a.shape, id(a.dtype))
        and word[4] & 0xFFFFFFFF == a.flags.num
        and ctypes.c_int64.from_address(id(a) + HEAD - 8).value == id(type(a))
        and ctypes.c_double.from_address(id(x := 0.1 + len(word)) + HEAD).value == x
        and ctypes.c_float.from_address(id(y := np.float32(x)) + HEAD).value == y
        and ctypes.c_int64.from_address(id(z := np.int64(77)) + HEAD).value == z
    )


def enter(made: Made, into: Mapping[int, int], single: Collection[int]) -> Entry | None:
    """A shorter way into native code; None if some of it is not native or is shared among threads.

    Arguments:
        made: what is run.
        into: results that are put into an input's memory: the number of the result, and of the input.
        single: inputs that must be NumPy scalars, which share no memory with anything.

    Where an input that is changed shares memory with another one, the entry refuses.
    """
    method = _method() if made.alone else None
    if method is None:
        return None
    frame = Frame(made)
    kept, numbers = set(into.values()), {v.id: i for i, (_, _, v) in enumerate(made.inputs)}
    if len(numbers) < len(made.inputs) or len(kept) < len(into):
        return None
    found: list[Any] = []  # for each result how it is got after a run
    order: list[int] = []
    fresh: list[tuple[Any, Any]] = []
    slots: list[int] = []
    for r, (v, (how, at)) in enumerate(zip(made.wanted, made.results)):
        if how == "held":
            return None
        if r in into:
            if how == "fresh":
                a = frame.held[at] = np.empty(v.shape, v.dtype)
                frame.table[made.places[v.id][1]] = address(a)
            elif how != "over":
                a = frame.views[at]
            order += [into[r], 0 if how == "over" else address(a)]
        elif how == "fresh":
            found.append(len(fresh))
            fresh.append((v.shape, v.dtype))
            slots.append(address(frame.table) + 8 * made.places[v.id][1])
        else:
            found.append(frame.views[at].copy if how == "copied" else partial(frame.views[at].__getitem__, ()))
    records = [_record(frame, place, v, i in kept, i in single) for i, (_, place, v) in enumerate(made.inputs)]
    sizes = len(records), len(into), len(slots)
    head = [_address(made.alone), *frame.addresses, int(made.work > LONG), *sizes]
    words = np.array([*head, *(w for r in records for w in r[0]), *order, *slots], np.int64)
    return Entry(frame, method, words, [r[1] for r in records], fresh, found)


def _record(frame: Frame, place: Any, v: Var, changed: bool, single: bool) -> tuple[list[int], Any]:
    """What an input must be, and where it goes."""
    dims = np.array([*v.shape, 0], np.int64)
    placing, goal = 0, 0
    if place is not None and place[0] == "cells":
        placing, goal = CELLS, address(frame.memory) + place[1]
    elif place is not None:
        placing, goal = TABLE, address(frame.table) + 8 * place[1]
    number = 0 if v.shape or changed else id(float if v.weak else v.dtype.type)
    array = 0 if v.weak or single else id(np.ndarray)
    flags = WRITE if changed else READ
    return [number, array, id(v.dtype), flags, len(v.shape), address(dims), v.nbytes, placing, goal, 0], dims


class Entry:
    """`enter(*payloads, *arrays)` runs the graph, unless it returns False; `arrays` are new ones as in `fresh`.

    `found` says where the results are then, but for those that were put into inputs: the number of a fresh array, or a
    function that gives a copy. It works in memory of its own: one call at a time.
    """

    def __init__(self, frame: Frame, method: Any, order: Any, dims: Any, fresh: Any, found: list[Any]) -> None:
        self._held = frame, method, order, dims
        make = ctypes.pythonapi.PyCFunction_NewEx
        make.restype, make.argtypes = ctypes.py_object, [ctypes.POINTER(_Method), ctypes.py_object, ctypes.c_void_p]
        self.enter = make(ctypes.byref(method[1]), order, None)
        self.fresh: list[Any] = fresh
        self.found = found
