"""What an operation must know about its surroundings, in one context variable.

`MODE.get()` is None in ordinary code (gradients are recorded), so the hot path pays for a single lookup. Everything
else (no_grad, forward mode, tracing, anomaly detection) is an immutable `Mode`, set and reset by `mode(...)`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import count
from typing import Any, NamedTuple


class Mode(NamedTuple):
    """The surroundings of an operation."""

    grad: bool = True  # record operations for backward
    inference: bool = False  # as no_grad, and the results may never enter a graph
    anomaly: bool = False  # remember where each node was made
    check_nan: bool = True  # under anomaly: whether to stop at the first NaN
    levels: tuple[
        int, ...
    ] = ()  # the forward-mode levels that are open, outermost first; no level's number is used twice
    trace: Any = None  # the trace that ops are written into
    batch: Any = None  # the innermost level of vmap: what comes from outside of it is shared by all samples


DEFAULT = Mode()
NO_GRAD = Mode(grad=False)
_SHARED: dict[Mode, Mode | None] = {DEFAULT: None, NO_GRAD: NO_GRAD}

MODE: ContextVar[Mode | None] = ContextVar("chainrule_mode", default=None)
mode_now = MODE.get  # for the hot path: `MODE.get()` on an imported name makes a bound method at each call

# Nodes and in-place changes draw numbers from one counter. Backward visits nodes from the highest number to the lowest
# (each was made after its inputs), and a saved value is stale if it was changed at a number above its node's.
draw = count(1).__next__


def current() -> Mode:
    """The mode in force."""
    return MODE.get() or DEFAULT


def changed(**changes: Any) -> Mode | None:
    """The mode in force with some fields changed, as `MODE` keeps it (the two common ones are known by identity)."""
    m = current()._replace(**changes)
    return _SHARED.get(m, m) if m.trace is None else m


@contextmanager
def mode(**changes: Any) -> Iterator[None]:
    """Run a block in a changed mode: `with mode(grad=False): ...`."""
    token = MODE.set(changed(**changes))
    try:
        yield
    finally:
        MODE.reset(token)
