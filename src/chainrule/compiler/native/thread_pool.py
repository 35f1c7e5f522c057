"""Loops of machine code that threads share: each takes the next piece of what is left, until there is none.

Who asks for it takes pieces as well, and goes on when all are done, without waiting for a thread that has not begun.
"""

from __future__ import annotations

import ctypes
import os
import threading
import time
from functools import cache
from queue import SimpleQueue
from typing import Any

import numpy as np

from chainrule.compiler.native.engine import Code, host_is
from chainrule.compiler.native.frame import address

WORKERS = min(os.cpu_count() or 1, 8)
SPINS = 20_000  # looks at whether others are done before one sleeps: less than a millisecond
NAP = 5e-5  # seconds
EVER = 1 << 62

_SOURCE = """
define void @run(ptr %job) {{                        ; next, end, piece, done, function, its first and second argument
  %end_at = getelementptr i64, ptr %job, i64 1
  %piece_at = getelementptr i64, ptr %job, i64 2
  %done_at = getelementptr i64, ptr %job, i64 3
  %function_at = getelementptr i64, ptr %job, i64 4
  %first_at = getelementptr i64, ptr %job, i64 5
  %second_at = getelementptr i64, ptr %job, i64 6
  %end = load i64, ptr %end_at
  %piece = load i64, ptr %piece_at
  %function = load ptr, ptr %function_at
  %first = load ptr, ptr %first_at
  %second = load ptr, ptr %second_at
  br label %take
take:
  %low = atomicrmw add ptr %job, i64 %piece acq_rel
  %some = icmp slt i64 %low, %end
  br i1 %some, label %work, label %out
work:
  %far = add i64 %low, %piece
  %within = icmp slt i64 %far, %end
  %high = select i1 %within, i64 %far, i64 %end
  call void %function(ptr %first, ptr %second, i64 %low, i64 %high)
  %made = sub i64 %high, %low
  %before = atomicrmw add ptr %done_at, i64 %made acq_rel
  br label %take
out:
  ret void
}}

define i64 @finished(ptr %job, i64 %spins) {{         ; whether all is done, at some look
  %end_at = getelementptr i64, ptr %job, i64 1
  %done_at = getelementptr i64, ptr %job, i64 3
  %end = load i64, ptr %end_at
  br label %look
look:
  %i = phi i64 [0, %0], [%next, %wait]
  %done = load atomic i64, ptr %done_at acquire, align 8
  %all = icmp sge i64 %done, %end
  br i1 %all, label %yes, label %wait
wait:
  {pause}
  %next = add i64 %i, 1
  %more = icmp slt i64 %next, %spins
  br i1 %more, label %look, label %no
yes:
  ret i64 1
no:
  ret i64 0
}}
"""
_PAUSE = "call void @llvm.x86.sse2.pause()"


def share(function: Any, first: int, second: int, units: int, piece: int) -> None:
    """Run the native function(first, second, low, high) for low to high from 0 to `units`, in pieces, on all cores."""
    _, run, finished = _code()
    job = np.array([0, units, piece, 0, ctypes.cast(function, ctypes.c_void_p).value, first, second], np.int64)
    at = address(job)
    queue = _queue()
    try:
        for _ in range(min(WORKERS, -(-units // piece)) - 1):
            queue.put(job)
        run(at)
        while not finished(at, SPINS):
            time.sleep(NAP)
    except BaseException:  # Ctrl-C: others may be writing into memory that would be let go
        run(at)
        finished(at, EVER)
        raise


@cache
def _code() -> tuple[Any, Any, Any]:
    """The machine code (to be held), and its two functions."""
    x86 = host_is("x86_64")
    code = Code(_SOURCE.format(pause=_PAUSE if x86 else "") + f"declare {_PAUSE[5:]}" * x86, loops=False)
    run = code.function("run", ctypes.CFUNCTYPE(None, ctypes.c_void_p))
    return code, run, code.function("finished", ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p, ctypes.c_int64))


@cache
def _queue() -> SimpleQueue[Any]:
    """Where jobs are put; as many threads as are of use take them from there."""
    queue: SimpleQueue[Any] = SimpleQueue()
    run = _code()[1]

    def work() -> None:
        while True:
            job = queue.get()
            run(address(job))
            del job

    for i in range(WORKERS - 1):
        threading.Thread(target=work, name=f"chainrule-{i + 1}", daemon=True).start()
    return queue


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_queue.cache_clear)  # a forked process has none of its parent's threads
