"""Graphs and machine code, kept while the function lives that they were made of.

`recall` gives what was made before for the same function, kind of start and settings, if all that the function reads
is as it was then; else it is made, and kept if it can be.
"""

from __future__ import annotations

import threading
import types
import weakref
from collections.abc import Callable, Hashable
from typing import Any, Protocol, TypeVar

from chainrule.core.state import MODE
from chainrule.descend.facts import Facts, Unreadable
from chainrule.descend.objective import Objective

LIMIT = 16  # things kept of a function: of more, the oldest is dropped


class Lasting(Protocol):
    """What may be kept."""

    @property
    def lasting(self) -> bool:
        """Whether it may be used again."""

    @property
    def holds(self) -> bool:
        """Whether what it rests on is still so."""


Made = TypeVar("Made", bound=Lasting)
_kept: weakref.WeakKeyDictionary[Any, dict[Any, tuple[Facts, Any]]] = weakref.WeakKeyDictionary()
_lock = threading.RLock()


def recall(objective: Objective, what: Hashable, make: Callable[[], Made]) -> Made:
    """What `make` gives for the function, the kind of start and `what`; it may hold neither function nor start."""
    f = objective.f
    owner = f.__self__ if type(f) is types.MethodType else f
    roots = (f, *objective.arguments, *(objective.parameters or ()))
    try:
        key = what, objective.kind, MODE.get(), *map(id, roots[1:])
        found = _kept.get(owner, {}).get(key)
    except TypeError:  # neither hashed nor held weakly
        return make()
    if found is not None and found[1].holds and found[0].hold(roots):
        return found[1]  # type: ignore[no-any-return]
    return _made(owner, key, roots, make)


def _made(owner: Any, key: Any, roots: tuple[Any, ...], make: Callable[[], Made]) -> Made:
    try:
        facts = Facts(roots)
    except (Unreadable, RecursionError):
        return make()
    made = make()
    if made.lasting:
        with _lock:
            kept = _kept.setdefault(owner, {})
            kept.pop(key, None)
            kept[key] = facts, made
            while len(kept) > LIMIT:
                del kept[next(iter(kept))]
    return made
