"""What a function's code refers to by name: globals, and the variables of the functions around it.

A graph holds on to the objects that these names stood for while it was traced. Where a name has come to stand for
another (a model made anew, a number changed, a helper defined again), it has to be traced anew, so each is guarded.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from operator import is_
from types import CodeType, FunctionType, MethodType
from typing import Any

_PLAIN = (bool, int, float, str, type(None))


class Bound:
    """What some names stand for; equal to another if they are the same objects (or equal numbers)."""

    __slots__ = ("names", "values")

    def __init__(self, names: tuple[str, ...], values: tuple[Any, ...]) -> None:
        self.names, self.values = names, values

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Bound):
            return False
        return all(map(is_, self.values, other.values)) or not any(
            a is not b and (type(a) is not type(b) or not isinstance(a, _PLAIN) or a != b)
            for a, b in zip(self.values, other.values)
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return ", ".join(f"{n} {f'{v!r:.30}' if isinstance(v, _PLAIN) else f'(a {type(v).__name__})'}"
                         for n, v in zip(self.names, self.values))  # fmt: skip


def references(f: Any) -> Iterator[tuple[Callable[[], Bound], Bound]]:
    """For f and each function that it refers to: how to look at its names, and what they stand for now.

    Of the package's own functions what they were made with is followed (`grad(f)` refers to f), but it stays as it is.
    """
    seen: set[int] = set()
    stack = [f]
    while stack:
        g = stack.pop()
        if isinstance(g, MethodType):
            g = g.__func__
        elif isinstance(g, functools.partial):
            g = g.func
        if not isinstance(g, FunctionType) or id(g) in seen:
            stack.extend(x for x in [getattr(g, "f", None)] if isinstance(x, FunctionType))  # compiled, too
            continue
        seen.add(id(g))
        for look in _looks(g):
            now = look()
            stack.extend(v for v in now.values if callable(v) and not isinstance(v, type) and id(v) not in seen)
            if not _ours(g):
                yield look, now


def _looks(f: FunctionType) -> Iterator[Callable[[], Bound]]:
    cells = f.__closure__ or ()
    if cells:
        around = f.__code__.co_freevars
        yield lambda: Bound(around, tuple([_inside(c) for c in cells]))
    if _ours(f):
        return
    names = tuple(n for n in _names(f.__code__) if n in f.__globals__)
    if names:
        get = f.__globals__.get
        yield lambda: Bound(names, tuple(map(get, names)))


def _ours(f: FunctionType) -> bool:
    name: str = f.__globals__.get("__name__", "")  # not __module__: that of a wrapper is what it wraps
    return name.partition(".")[0] == "chainrule"


def _inside(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not filled yet
        return None


@functools.lru_cache(1024)
def _names(code: CodeType) -> tuple[str, ...]:
    """The names in a code object and in those within it."""
    found = dict.fromkeys(code.co_names)
    for c in code.co_consts:
        if isinstance(c, CodeType):
            found.update(dict.fromkeys(_names(c)))
    return tuple(found)
