"""Native code called with NumPy arrays themselves: checks, addresses, the run and in-place changes in one call.

A call by `ctypes` takes half a microsecond, finding an array's address another; a small graph takes less. So there is
one function of Python's own kind (`METH_FASTCALL`), written in LLVM's language: it is given the payloads, looks into
them as C code compiled against NumPy does (the layout of arrays is part of NumPy's binary interface; it is verified
here before it is relied on), and answers whether they were what the graph was made for. If not, nothing has been done.

What it is to do is in a table of 64 bit words, which is its `self`:

    function, cells, table, whether to release Python's lock, the numbers of inputs, of arguments among them, of changes
    and of fresh arrays; then for each input ten words (`_record`), for each change the number of the input that it goes
    into and where it lies after the run, for each fresh array where its address goes
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Collection, Mapping
from functools import cache, partial
from typing import Any

import numpy as np

from chainrule.compiler.native.engine import Code, has
from chainrule.compiler.native.frame import Frame, Made, address
from chainrule.core.graph import Var

HEAD = object.__basicsize__  # where the fields of an array begin, and the number of a NumPy scalar or a float
READ, WRITE = 0x101, 0x501  # NumPy's flags: C order and aligned; and writeable
WORDS, FIRST = 10, 8  # of a record; where the first one is
LONG = 20_000  # simple instructions: from there on other Python threads may run meanwhile

_SOURCE = f"""
declare ptr @PyBool_FromLong(i64)
declare ptr @PyEval_SaveThread()
declare void @PyEval_RestoreThread(ptr)
declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)

define internal i64 @word(ptr %at, i64 %i) alwaysinline {{
  %p = getelementptr i64, ptr %at, i64 %i
  %x = load i64, ptr %p
  ret i64 %x
}}
define internal i64 @field(ptr %object, i64 %byte) alwaysinline {{
  %p = getelementptr i8, ptr %object, i64 %byte
  %x = load i64, ptr %p
  ret i64 %x
}}

; The address of the numbers in a payload that fits its record, else 0.
define internal i64 @data(ptr %x, ptr %record) {{
  %type = call i64 @field(ptr %x, i64 {HEAD - 8})
  %scalar = call i64 @word(ptr %record, i64 0)
  %is_scalar = icmp eq i64 %type, %scalar
  br i1 %is_scalar, label %number, label %maybe
number:
  %base = ptrtoint ptr %x to i64
  %inside = add i64 %base, {HEAD}
  ret i64 %inside
maybe:
  %array = call i64 @word(ptr %record, i64 1)
  %is_array = icmp eq i64 %type, %array
  br i1 %is_array, label %array_fields, label %no
array_fields:
  %descr = call i64 @field(ptr %x, i64 {HEAD + 40})
  %want_descr = call i64 @word(ptr %record, i64 2)
  %a = icmp eq i64 %descr, %want_descr
  %flags_word = call i64 @field(ptr %x, i64 {HEAD + 48})
  %mask = call i64 @word(ptr %record, i64 3)
  %flags = and i64 %flags_word, %mask
  %b = icmp eq i64 %flags, %mask
  %dims_word = call i64 @field(ptr %x, i64 {HEAD + 8})
  %nd = and i64 %dims_word, 4294967295
  %want_nd = call i64 @word(ptr %record, i64 4)
  %c = icmp eq i64 %nd, %want_nd
  %ab = and i1 %a, %b
  %abc = and i1 %ab, %c
  br i1 %abc, label %start, label %no
start:
  %dims_at = call i64 @field(ptr %x, i64 {HEAD + 16})
  %dims = inttoptr i64 %dims_at to ptr
  %want_at = call i64 @word(ptr %record, i64 5)
  %want = inttoptr i64 %want_at to ptr
  br label %next
next:
  %i = phi i64 [0, %start], [%j, %same]
  %more = icmp slt i64 %i, %nd
  br i1 %more, label %compare, label %yes
compare:
  %n = call i64 @word(ptr %dims, i64 %i)
  %m = call i64 @word(ptr %want, i64 %i)
  %equal = icmp eq i64 %n, %m
  br i1 %equal, label %same, label %no
same:
  %j = add i64 %i, 1
  br label %next
yes:
  %found = call i64 @field(ptr %x, i64 {HEAD})
  ret i64 %found
no:
  ret i64 0
}}

define ptr @enter(ptr %self, ptr %args, i64 %given) {{
entry:
  %order_at = call i64 @field(ptr %self, i64 {HEAD})
  %order = inttoptr i64 %order_at to ptr
  %inputs = call i64 @word(ptr %order, i64 4)
  %arguments = call i64 @word(ptr %order, i64 5)
  %changes = call i64 @word(ptr %order, i64 6)
  %fresh = call i64 @word(ptr %order, i64 7)
  %records = getelementptr i64, ptr %order, i64 {FIRST}
  %length = mul i64 %inputs, {WORDS}
  %change = getelementptr i64, ptr %records, i64 %length
  %pairs = mul i64 %changes, 2
  %slots = getelementptr i64, ptr %change, i64 %pairs
  br label %look
look:                                                             ; does every payload fit?
  %i = phi i64 [0, %entry], [%i1, %fits]
  %looking = icmp slt i64 %i, %inputs
  br i1 %looking, label %one, label %apart
one:
  %ri = mul i64 %i, {WORDS}
  %record = getelementptr i64, ptr %records, i64 %ri
  %xp = getelementptr ptr, ptr %args, i64 %i
  %x = load ptr, ptr %xp
  %d = call i64 @data(ptr %x, ptr %record)
  %bad = icmp eq i64 %d, 0
  br i1 %bad, label %no, label %fits
fits:
  %dp = getelementptr i64, ptr %record, i64 9
  store i64 %d, ptr %dp
  %i1 = add i64 %i, 1
  br label %look

apart:                                                            ; does an argument overlap with what is changed?
  %c = phi i64 [0, %look], [%c1, %c_done]
  %c_more = icmp slt i64 %c, %changes
  br i1 %c_more, label %c_one, label %place
c_one:
  %c2 = mul i64 %c, 2
  %to = call i64 @word(ptr %change, i64 %c2)
  %rt = mul i64 %to, {WORDS}
  %t_record = getelementptr i64, ptr %records, i64 %rt
  %t_low = call i64 @word(ptr %t_record, i64 9)
  %t_size = call i64 @word(ptr %t_record, i64 6)
  %t_high = add i64 %t_low, %t_size
  %of_argument = icmp slt i64 %to, %arguments
  %until = select i1 %of_argument, i64 %inputs, i64 %arguments
  br label %pair
pair:
  %k = phi i64 [0, %c_one], [%k1, %pair_next]
  %k_more = icmp slt i64 %k, %until
  br i1 %k_more, label %pair_one, label %c_done
pair_one:
  %rk = mul i64 %k, {WORDS}
  %k_record = getelementptr i64, ptr %records, i64 %rk
  %k_low = call i64 @word(ptr %k_record, i64 9)
  %k_size = call i64 @word(ptr %k_record, i64 6)
  %k_high = add i64 %k_low, %k_size
  %p = icmp ult i64 %k_low, %t_high
  %q = icmp ult i64 %t_low, %k_high
  %other = icmp ne i64 %k, %to
  %pq = and i1 %p, %q
  %clash = and i1 %pq, %other
  br i1 %clash, label %no, label %pair_next
pair_next:
  %k1 = add i64 %k, 1
  br label %pair
c_done:
  %c1 = add i64 %c, 1
  br label %apart

place:                                                            ; small inputs into the cells, others' addresses
  %l = phi i64 [0, %apart], [%l1, %l_done]
  %l_more = icmp slt i64 %l, %inputs
  br i1 %l_more, label %l_one, label %slot
l_one:
  %rl = mul i64 %l, {WORDS}
  %l_record = getelementptr i64, ptr %records, i64 %rl
  %l_data = call i64 @word(ptr %l_record, i64 9)
  %l_size = call i64 @word(ptr %l_record, i64 6)
  %l_kind = call i64 @word(ptr %l_record, i64 7)
  %l_to = call i64 @word(ptr %l_record, i64 8)
  %l_at = inttoptr i64 %l_to to ptr
  switch i64 %l_kind, label %l_done [i64 1, label %cells
                                     i64 2, label %table]
cells:
  %l_from = inttoptr i64 %l_data to ptr
  call void @llvm.memcpy.p0.p0.i64(ptr %l_at, ptr %l_from, i64 %l_size, i1 false)
  br label %l_done
table:
  store i64 %l_data, ptr %l_at
  br label %l_done
l_done:
  %l1 = add i64 %l, 1
  br label %place

slot:                                                             ; where results go
  %f = phi i64 [0, %place], [%f1, %f_one]
  %f_more = icmp slt i64 %f, %fresh
  br i1 %f_more, label %f_one, label %run
f_one:
  %fi = add i64 %inputs, %f
  %fp = getelementptr ptr, ptr %args, i64 %fi
  %fx = load ptr, ptr %fp
  %f_data = call i64 @field(ptr %fx, i64 {HEAD})
  %f_to = call i64 @word(ptr %slots, i64 %f)
  %f_at = inttoptr i64 %f_to to ptr
  store i64 %f_data, ptr %f_at
  %f1 = add i64 %f, 1
  br label %slot

run:
  %function_at = call i64 @word(ptr %order, i64 0)
  %function = inttoptr i64 %function_at to ptr
  %cells_at = call i64 @word(ptr %order, i64 1)
  %cells_memory = inttoptr i64 %cells_at to ptr
  %table_at = call i64 @word(ptr %order, i64 2)
  %table_memory = inttoptr i64 %table_at to ptr
  %release = call i64 @word(ptr %order, i64 3)
  %long = icmp ne i64 %release, 0
  br i1 %long, label %without, label %with
without:
  %thread = call ptr @PyEval_SaveThread()
  call void %function(ptr %cells_memory, ptr %table_memory, i64 0, i64 0)
  call void @PyEval_RestoreThread(ptr %thread)
  br label %commit
with:
  call void %function(ptr %cells_memory, ptr %table_memory, i64 0, i64 0)
  br label %commit

commit:                                                           ; everything was read: now the changes
  %w = phi i64 [0, %without], [0, %with], [%w1, %w_one]
  %w_more = icmp slt i64 %w, %changes
  br i1 %w_more, label %w_one, label %yes
w_one:
  %w2 = mul i64 %w, 2
  %w3 = add i64 %w2, 1
  %w_input = call i64 @word(ptr %change, i64 %w2)
  %w_from = call i64 @word(ptr %change, i64 %w3)
  %w_source = inttoptr i64 %w_from to ptr
  %rw = mul i64 %w_input, {WORDS}
  %w_record = getelementptr i64, ptr %records, i64 %rw
  %w_data = call i64 @word(ptr %w_record, i64 9)
  %w_goal = inttoptr i64 %w_data to ptr
  %w_size = call i64 @word(ptr %w_record, i64 6)
  call void @llvm.memcpy.p0.p0.i64(ptr %w_goal, ptr %w_source, i64 %w_size, i1 false)
  %w1 = add i64 %w, 1
  br label %commit
yes:
  %true = call ptr @PyBool_FromLong(i64 1)
  ret ptr %true
no:
  %false = call ptr @PyBool_FromLong(i64 0)
  ret ptr %false
}}
"""


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
    code = Code(_SOURCE, loops=False)
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


def enter(made: Made, into: Mapping[int, int], single: Collection[int], arguments: int) -> Entry | None:
    """A shorter way into native code; None if some of it is not native or is shared among threads.

    Arguments:
        made: what is run.
        into: results that are put into an input's memory: the number of the result, and of the input.
        single: inputs that must be NumPy scalars, which share no memory with anything.
        arguments: how many of the inputs, from the first on, may share memory with anything. Where that would matter,
            the entry refuses.
    """
    plain = len(made.steps) == 1 and not isinstance(made.steps[0], Var) and made.steps[0][1] is None
    method = _method() if plain else None
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
            else:
                a = frame.views[at]
            order += [into[r], address(a)]
        elif how == "fresh":
            found.append(len(fresh))
            fresh.append((v.shape, v.dtype))
            slots.append(address(frame.table) + 8 * made.places[v.id][1])
        else:
            found.append(frame.views[at].copy if how == "copied" else partial(frame.views[at].__getitem__, ()))
    records = [_record(frame, place, v, i in kept, i in single) for i, (_, place, v) in enumerate(made.inputs)]
    sizes = len(records), arguments, len(into), len(slots)
    head = [_address(made.steps[0][0]), *frame.addresses, int(made.work > LONG), *sizes]
    words = np.array([*head, *(w for r in records for w in r[0]), *order, *slots], np.int64)
    return Entry(frame, method, words, [r[1] for r in records], fresh, found)


def _record(frame: Frame, place: Any, v: Var, changed: bool, single: bool) -> tuple[list[int], Any]:
    """What an input must be, and where it goes."""
    dims = np.array([*v.shape, 0], np.int64)
    kind, to = 0, 0
    if place is not None and place[0] == "cells":
        kind, to = 1, address(frame.memory) + place[1]
    elif place is not None:
        kind, to = 2, address(frame.table) + 8 * place[1]
    number = 0 if v.shape or changed else id(float if v.weak else v.dtype.type)
    array = 0 if v.weak or single else id(np.ndarray)
    flags = WRITE if changed else READ
    return [number, array, id(v.dtype), flags, len(v.shape), address(dims), v.nbytes, kind, to, 0], dims


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
