"""Graphs and machine code, kept while the function lives that they were made of.

`recall` gives what was made before for the same function, kind of start and settings, if all that the function reads
is as it was then; else it is made, and kept if it can be.
"""

from __future__ import annotations

import threading
import types
import weakref
from collections.abc import Callable, Hashable
from typing import Any, NamedTuple, Protocol, TypeVar

from chainrule.compiler.captures import Captures
from chainrule.compiler.reads import Unreadable
from chainrule.core.state import MODE
from chainrule.descend.objective import Objective

MOST_KEPT = 16  # things kept of a function: of more, the oldest is dropped


class Lasting(Protocol):
    """What may be kept."""

    @property
    def lasting(self) -> bool:
        """Whether it may be used again."""

    @property
    def holds(self) -> bool:
        """Whether what it rests on is still so."""


class _Entry(NamedTuple):
    captures: Captures
    roots: list[weakref.ref[Any]]  # the tensors and modules that the key tells by their identity
    made: Any


Made = TypeVar("Made", bound=Lasting)
_kept: weakref.WeakKeyDictionary[Any, dict[Any, _Entry]] = weakref.WeakKeyDictionary()
_lock = threading.RLock()


def recall(objective: Objective, what: Hashable, make: Callable[[], Made]) -> Made:
    """What `make` gives for the function, the kind of start and `what`; it may hold neither function nor start."""
    f = objective.f
    owner = f.__self__ if type(f) is types.MethodType else f
    more = (*objective.arguments, *(objective.parameters or ()))
    try:
        key = what, objective.kind, MODE.get(), *map(id, more)
        found = _kept.get(owner, {}).get(key)
    except TypeError:  # neither hashed nor held weakly
        return make()
    same = found is not None and all([r() is x for r, x in zip(found.roots, more)])
    if found is not None and same and found.made.holds and found.captures.same():
        return found.made  # type: ignore[no-any-return]
    try:
        captures = Captures((f, *objective.arguments))
        roots = [weakref.ref(x) for x in more]
    except (Unreadable, TypeError, RecursionError):
        return make()
    made = make()
    if made.lasting:
        with _lock:
            kept = _kept.setdefault(owner, {})
            kept.pop(key, None)
            kept[key] = _Entry(captures, roots, made)
            while len(kept) > MOST_KEPT:
                del kept[next(iter(kept))]
    return made
