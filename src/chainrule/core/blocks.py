"""Elementwise functions of big arrays on all cores: threads share the blocks that they are cut into.

NumPy lets other threads run inside its loops, so that one thread a core, each taking the next block of what is left,
is enough. Who asks takes blocks as well, and waits for nobody who has not begun. The bits are those of the function of
the whole: blocks begin where one of its vectors begins, and rows stay whole. What takes less time than threads need to
wake and to wait for one another, which machine code says and NumPy shows by the first few elements, is computed whole:
small blocks that fit into a cache were tried for their own sake, and cost twice what they save.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from math import prod
from queue import SimpleQueue
from time import perf_counter
from typing import Any

import numpy as np

from chainrule.core import registry
from chainrule.core.registry import REGISTRY, Attrs
from chainrule.core.tape import Edge, Node

LONG = 1 << 19  # elements from which on NumPy's functions are shared
FIRST = 1 << 14  # elements that tell what the others take
WORTH = 3.5e-4  # seconds that threads must save: of two cores the second comes late after a pause, or has other work
EACH = 4  # blocks a thread at least: one that is held up leaves its share to the others
TURN = 1e-3  # seconds that a block takes at most: the last one may be that of a thread that is held up
MOST = 8  # threads: memory feeds no more of them
_AGAIN = ("ignore", "warn", "raise")  # what NumPy is told to do about 1/0 that may be done by a second look
_QUIET = frozenset(("ignore", "warn"))  # where nobody waits for an error: of these PyTorch warns as little
_FAILED = "failed"

_said = os.environ.get("OMP_NUM_THREADS", "")
limit = int(_said) if _said.isdigit() and int(_said) else MOST  # threads that the user allows: `set_num_threads`


def cores() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _Helpers:
    """Threads that wait for work; made when there is some."""

    def __init__(self) -> None:
        self.work: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self.alive, self.most = 0, min(cores(), MOST) - 1

    def ready(self) -> int:
        """How many there are to help, after new ones were made if need be."""
        count = min(self.most, limit - 1)
        while self.alive < count:
            try:
                threading.Thread(target=self._serve, args=(self.work,), name="chainrule-blocks", daemon=True).start()
            except RuntimeError:  # there are none in a browser, and no new ones at Python's end
                self.most = count = self.alive
            else:
                self.alive += 1
        return count

    @staticmethod
    def _serve(work: SimpleQueue[Callable[[], None]]) -> None:
        while True:
            work.get()()  # in one line, so that nothing is held while waiting for more


_helpers = _Helpers()


def _forget() -> None:
    global _helpers
    _helpers = _Helpers()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)  # a forked process has none of its parent's threads


class _Job:
    """A function of operands some of which are cut into blocks, along their first dimension."""

    def __init__(self, f: Any, args: Sequence[Any], cut: Sequence[bool], modes: dict[str, str]) -> None:
        self.f, self.args, self.cut = f, args, cut
        self.seconds = getattr(f, "seconds", 0)  # about what machine code takes for an element
        self.modes: Any = {kind: m if m == "ignore" else "call" for kind, m in modes.items()}
        self.left: deque[slice] = deque()
        self.done: SimpleQueue[tuple[slice, set[str]]] = SimpleQueue()
        self.out: Any = None

    def on(self, block: slice, **into: Any) -> Any:
        """The function of a block of the operands."""
        return self.f(*[a[block] if cut else a for a, cut in zip(self.args, self.cut)], **into)

    def watched(self, noted: set[str]) -> Any:
        """A context in which what NumPy would speak of is noted."""
        return np.errstate(call=lambda kind, flag: noted.add(kind), **self.modes)

    def help(self) -> None:
        """Compute blocks, in another thread, until none are left."""
        if self.left:
            noted: set[str] = set()
            with self.watched(noted):
                self.take(noted)

    def take(self, noted: set[str]) -> None:
        """Compute blocks until none are left."""
        while True:
            try:
                block = self.left.popleft()
            except IndexError:
                return
            try:
                if self.seconds or isinstance(self.f, np.ufunc):
                    self.on(block, out=self.out[block])
                else:
                    self.out[block] = self.on(block)
            except Exception:
                noted.add(_FAILED)
            self.done.put((block, noted.copy()))
            noted.clear()

    def tried(self, first: int, elements: int) -> tuple[float, Any, int]:
        """What one takes in seconds, and dtype and dimensions of the result: said, or found by the first so many.

        It takes nothing where these do not give as many elements: then it can't be done in blocks.
        """
        if self.seconds:
            return self.seconds, self.f.dtype, 1
        start = perf_counter()
        try:
            head = self.on(slice(0, first))
        except Exception:
            return 0, None, 0
        took = max(perf_counter() - start, 1e-9) / first
        return (took, head.dtype, head.ndim) if type(head) is np.ndarray and head.size == elements else (0, None, 0)

    def run(self, shape: tuple[int, ...], size: int, first: int) -> Any:
        """All of it, of this shape, cut along `size`; None if that can't be done or is not worth while."""
        helpers, noted = _helpers, set[str]()
        count = helpers.ready()
        if not count:
            return None
        with self.watched(noted):
            took, dtype, ndim = self.tried(first, first * prod(shape) // size)
            noted.clear()  # it is computed again
            if not took or took * size * count < WORTH * (count + 1):
                return None
            out = np.empty(shape, dtype)
            self.out = out if len(shape) == ndim else out.reshape(-1)
            unit = 16 if self.out.ndim == 1 else 1  # whole vectors; rows are whole
            step = max(1, min(size // (EACH * (count + 1)), int(TURN / took)))
            step = -(-step // unit) * unit
            blocks = [slice(i, min(i + step, size)) for i in range(0, size, step)]
            self.left.extend(blocks)
            for _ in range(min(count, len(blocks) - 1)):
                helpers.work.put(self.help)
            try:
                self.take(noted)
            finally:
                self.left.clear()  # Ctrl-C: nobody goes on
        said: set[str] = set()
        for _ in blocks:
            block, noted = self.done.get()
            if _FAILED in noted:
                return None
            if not noted <= said:
                self.on(block)  # once more, where it is heard
                said |= noted
        self.args, self.out = (), None  # a thread that comes late holds nothing but the job
        return out


def each(f: Callable[..., Any], args: Sequence[Any], of: tuple[Any, int | None, Attrs] | None = None) -> Any:
    """What `f(*args)` gives, where f is an elementwise function of arrays and numbers without side effects.

    of: what f is in the table: an op, the number of a rule of its or None, and attributes. Then machine code may stand
        for f, which rounds in its own way and speaks of no 1/0; not where the caller wants errors raised.
        All else is to the bit, and what NumPy has to say (an error, a warning of 1/0) it says to the caller, as if
        there were no threads.
    """
    arrays = [a for a in args if type(a) is np.ndarray and a.shape]
    shape: tuple[int, ...] = arrays[0].shape if len(arrays) == 1 else max((a.shape for a in arrays), key=prod)
    modes: dict[str, str] = np.geterr()  # type: ignore[assignment]
    flat = all([a.shape == shape and (a.flags.c_contiguous or not any(a.strides)) for a in arrays])
    count = prod(shape)
    if of is not None:
        op, rule, attrs = of
        if op.brief(*(args if rule is None else args[1:-1])):
            return f(*args)
        loop = None
        if flat and registry.machine_code is not None and _QUIET.issuperset(modes.values()):
            once = [a.flat[0] if type(a) is np.ndarray and a.size and not any(a.strides) else a for a in args]
            loop = registry.machine_code(op, rule, attrs, once)
        if loop is not None:
            f, args = loop, once
            if loop.seconds * count < WORTH:
                return f(*args)
        elif op.waits or count <= LONG:
            return f(*args)
    if not all(m in _AGAIN for m in modes.values()) or not all(_by_rows(a, shape) for a in arrays):
        return f(*args)
    size = count if flat else shape[0]
    first = max(1, FIRST * size // max(count, 1))
    if size < 2 * first:
        return f(*args)
    on = [a.reshape(-1) if flat and type(a) is np.ndarray and a.shape else a for a in args]
    cut = [type(a) is np.ndarray and a.ndim == (1 if flat else len(shape)) and len(a) == size for a in on]
    got = _Job(f, on, cut, modes).run(shape, size, first)
    return f(*args) if got is None else got


def _by_rows(a: Any, shape: tuple[int, ...]) -> bool:
    """Whether a broadcasts to this shape, with its last dimensions the innermost in memory."""
    if a.dtype.kind not in "fiubc":
        return False
    if a.shape != shape and not (
        len(a.shape) <= len(shape) and all(n in (1, whole) for n, whole in zip(a.shape[::-1], shape[::-1]))
    ):
        return False
    steps = [s for s, n in zip(a.strides, a.shape) if s and n > 1]
    return a.flags.c_contiguous or (all(s > 0 for s in steps) and steps == sorted(steps, reverse=True))


def pull(node: Node, g: Any, args: Sequence[Any], edges: Sequence[Edge]) -> Sequence[Any]:
    """What the rules of an elementwise op make of a long gradient."""
    op: Any = node.op
    attrs = node.attrs or {}
    got: list[Any] = []
    for i, (rule, e) in enumerate(zip(op.rules, edges)):
        gi = None
        if e is not None and rule is not None:
            if type(rule) is int:
                gi = op.pull(rule, g, args, attrs)
            else:
                gi = each(partial(_pulled, op, rule, attrs), (g, *args), (op, i, attrs))
            if node.shapes is not None and gi.shape != node.shapes[i]:
                gi = REGISTRY["sum_to"](gi, shape=node.shapes[i])
        got.append(gi)
    return got


def _pulled(op: Any, rule: Any, attrs: Attrs, g: Any, *args: Any) -> Any:
    return op.pull(rule, g, args, attrs)
