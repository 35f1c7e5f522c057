"""Where the arrays between lie: one piece of memory, in which what is dead makes room for what comes next.

An array lives from the step of the graph that writes it to the last one that reads it. The largest are placed first,
each as low as those that live at the same time allow (Y. Pisarchyk and J. Lee, 2020: greedy by size).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

LINE = 64  # bytes: arrays begin at cache lines
MANY_ARRAYS = 2000  # arrays: of more, each has a place of its own


class Span(NamedTuple):
    """An array of so many bytes, and the first and the last step that need it."""

    nbytes: int
    first: int
    last: int


class Arena(NamedTuple):
    """Where each array begins; how much memory that takes; and what lives at once, at most: no less will do."""

    offsets: list[int]
    nbytes: int
    live: int


def arrange(spans: Sequence[Span]) -> Arena:
    """Places for arrays in one piece of memory.

    >>> arrange([Span(64, 0, 1), Span(64, 1, 2), Span(64, 2, 3)]).offsets
    [0, 64, 0]
    """
    offsets = [0] * len(spans)
    placed: list[int] = []
    end = 0
    for i in sorted(range(len(spans)), key=lambda i: -spans[i].nbytes):
        size = _whole(spans[i].nbytes)
        if len(spans) > MANY_ARRAYS:
            offsets[i], end = end, end + size
            continue
        at = 0
        for j in placed:  # by their offsets
            if spans[j].last < spans[i].first or spans[i].last < spans[j].first:
                continue
            if at + size <= offsets[j]:
                break
            at = max(at, offsets[j] + _whole(spans[j].nbytes))
        offsets[i] = at
        placed.append(i)
        placed.sort(key=offsets.__getitem__)
        end = max(end, at + size)
    return Arena(offsets, end, _live(spans))


def _live(spans: Sequence[Span]) -> int:
    changes: dict[int, int] = {}
    for s in spans:
        changes[s.first] = changes.get(s.first, 0) + s.nbytes
        changes[s.last + 1] = changes.get(s.last + 1, 0) - s.nbytes
    now = most = 0
    for step in sorted(changes):
        now += changes[step]
        most = max(most, now)
    return most


def _whole(n: int) -> int:
    return -(-n // LINE) * LINE
