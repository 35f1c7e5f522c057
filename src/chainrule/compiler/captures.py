"""What a function reads of Python's state besides its arguments, and whether that is still so.

A graph holds on to what its function read while it was traced: globals, the variables of the functions around it,
attributes of objects and classes, what lies in dicts, lists and sets, NumPy arrays. `Captures` remembers who was where;
`same()` looks again in one pass of C loops, some 25 nanoseconds for each thing read. Tensors count by who they are:
what they hold is read anew at each run.

What is read is found from the names in the code (`reads.py`), not by watching it run: that needs no tracing hook
(which debuggers, profilers and coverage share), sees the branches that were not taken this time, and can be done before
the function runs. So the same list shows what a function has *changed*: `restore` puts it back, and the function is
not for a graph.
"""

from __future__ import annotations

import collections
import sys
from collections.abc import Callable, Iterable
from operator import attrgetter, contains, getitem, is_
from types import FrameType
from typing import Any, TypeVar

from chainrule.compiler.names import Line
from chainrule.compiler.reads import NOTHING, PLAIN, Reads, Unreadable, alike, inside, item, slot, trusted
from chainrule.core.number import Decides

Result = TypeVar("Result")
_content = attrgetter("cell_contents")


class Captures:
    """What the roots (a function, objects among its arguments) read, and what it was.

    Raises Unreadable where they read what cannot be looked at.
    """

    def __init__(self, roots: Iterable[Any]) -> None:
        found = Reads.of(roots)
        self._holders, self._keys, self._values = _columns(found.items, 3)
        self._without, self._absent = _columns(found.absent, 2)
        self._cells, self._contents = _columns(found.cells, 2)
        self._objects, self._slots, self._held = _columns(found.slots, 3)
        self._sized = found.sized
        self._lengths = [*map(len, found.sized)]
        self._copies = [(x, x.copy()) for x in found.sized if not isinstance(x, tuple)]
        self._sets = [(s, set(s)) for s in found.sets]
        self._arrays = [(a, a.copy()) for a in found.arrays]
        self._words, self._owners = found.words, found.owners

    def same(self) -> bool:
        """Whether all is as it was."""
        try:
            if (
                all(map(is_, map(getitem, self._holders, self._keys), self._values))
                and not any(map(contains, self._without, self._absent))
                and all(map(is_, map(_content, self._cells), self._contents))
                and [*map(len, self._sized)] == self._lengths
                and (not self._objects or all(map(is_, map(slot, self._objects, self._slots), self._held)))
                and (not self._sets or all(a == b for a, b in self._sets))
                and (not self._arrays or all(alike(a, b) for a, b in self._arrays))
            ):
                return True
        except (LookupError, ValueError, ReferenceError):
            pass
        return self.difference() is None  # equal numbers may be other objects

    def difference(self) -> str | None:
        """The first thing that is not as it was, in words."""
        reads: tuple[tuple[Any, Any, list[Any], Callable[[Any, Any], Any]], ...] = (
            (self._holders, self._keys, self._values, item),
            (self._cells, self._cells, self._contents, lambda cell, _: inside(cell)),
            (self._objects, self._slots, self._held, slot),
        )
        for holders, keys, values, get in reads:
            for i, (holder, key) in enumerate(zip(holders, keys)):
                before, now = values[i], get(holder, key)
                if now is not before:
                    if not _equal(before, now):
                        return f"{self._name(holder, key)}: was {_shown(before)}, is {_shown(now)}"
                    values[i] = now
        for holder, key in zip(self._without, self._absent):
            if key in holder:
                return f"{self._name(holder, key)}: was not there, is {_shown(holder[key])}"
        for x, length in zip(self._sized, self._lengths):
            if len(x) != length:
                return f"the length of {self._name(x)}: was {length}, is {len(x)}"
        for s, elements in self._sets:
            if s != elements:
                return f"{self._name(s)}: holds others"
        for a, b in self._arrays:
            if not alike(a, b):
                return f"{self._name(a)}: an array of other values"
        return None

    def _name(self, holder: Any, key: Any = None) -> str:
        name = self._words.get(id(holder), f"a {type(holder).__name__}")
        if key is None or key is holder:
            return name
        if any(holder is x for x in self._sized):
            return f"{name}[{key!r}]"
        return f"{name}.{key}" if name else str(key)

    def restore(self) -> None:
        """Put everything back as it was."""
        for x, before in self._copies:
            if isinstance(x, list):
                x[:] = before
            elif isinstance(x, collections.deque):
                x.clear()
                x.extend(before)
            elif any(x.get(k, NOTHING) is not v for k, v in before.items()) or len(x) != len(before):
                x.clear()
                x.update(before)
        for holder, key, value in zip(self._holders, self._keys, self._values):
            if item(holder, key) is not value:
                self._put(holder, key, value)
        for holder, key in zip(self._without, self._absent):
            if key in holder:
                self._put(holder, key, NOTHING)
        for cell, value in zip(self._cells, self._contents):
            if inside(cell) is not value:
                cell.cell_contents = value
        for x, name, value in zip(self._objects, self._slots, self._held):
            if slot(x, name) is not value:
                delattr(x, name) if value is NOTHING else setattr(x, name, value)
        for s, elements in self._sets:
            if s != elements:
                s.clear()
                s.update(elements)
        for a, b in self._arrays:
            if not alike(a, b):
                a[...] = b

    def _put(self, holder: Any, key: Any, value: Any) -> None:
        owner = self._owners.get(id(holder))
        if owner is not None:
            delattr(owner, key) if value is NOTHING else setattr(owner, key, value)
        elif value is NOTHING:
            del holder[key]
        else:
            holder[key] = value

    def unchanged(self, run: Callable[[], Result]) -> Result:
        """What `run` gives. Raises Changed if that has changed something read, which is put back."""
        try:
            got = run()
            if self.same():
                return got
        except BaseException as e:
            if self.same():
                raise
            if isinstance(e, Decides):
                self.restore()
                raise
        self.restore()
        raise Changed("changes Python objects")

    def culprit(self, run: Callable[[], Any]) -> str:
        """What `run` changes, and the line that does; everything is put back after."""
        line: Line | None = None
        found: list[str] = []

        def look() -> None:
            what = self.difference()
            if what is not None:
                found.append(what)
                raise _Enough

        def local(frame: FrameType, event: str, _: Any) -> Any:
            nonlocal line
            look()
            line = frame.f_code.co_filename, frame.f_lineno
            return local

        def tracer(frame: FrameType, event: str, arg: Any) -> Any:
            own = not trusted(frame.f_globals.get("__name__")) and frame.f_code.co_filename != "<string>"
            return local(frame, event, arg) if own else None

        before = sys.gettrace()
        sys.settrace(tracer)
        try:
            run()
            look()
        except BaseException:  # its own errors come again in eager mode
            pass
        finally:
            sys.settrace(before)
            self.restore()
        what = found[0] if found else "a thing that was not seen again"
        return f"changes {what}" + (f' ("{line[0]}", line {line[1]})' if line is not None else "")


class Changed(Unreadable):
    """A function has changed what it reads."""


class _Enough(BaseException):
    """The line was found."""


def _columns(rows: list[Any], n: int) -> list[list[Any]]:
    return [list(c) for c in zip(*rows)] or [[] for _ in range(n)]


def _equal(a: Any, b: Any) -> bool:
    if type(a) is not type(b):
        return False
    if type(a) is tuple:
        return len(a) == len(b) and all(map(_equal, a, b))
    return a is b or (isinstance(a, PLAIN) and repr(a) == repr(b))  # repr tells zeros by sign, and nan is nan


def _shown(x: Any) -> str:
    return "gone" if x is NOTHING else f"{x!r:.30}" if isinstance(x, PLAIN) else f"(a {type(x).__name__})"
