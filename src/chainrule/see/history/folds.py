"""Repeats in a sequence: what a loop left behind, found and folded.

A recorded loop shows as a period in the sequence of operations. `fold` looks at the sequence from its start; where a
stretch equals the one after it, all its repeats become one `Fold`. Doing so again on the result folds nested loops.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

_LONGEST = 400  # of a period
_TRIES = 6  # as many periods are tried at one place: the distances to the next places that look alike


class Fold(NamedTuple):
    """Items of which the first `period` stand for all: they come `times` over. Items are positions or folds."""

    items: tuple[int | Fold, ...]
    times: int

    def first(self) -> Iterator[int]:
        """The positions of the first time round."""
        for item in self.items:
            yield from item.first() if isinstance(item, Fold) else (item,)


def fold(keys: Sequence[Hashable]) -> list[int | Fold]:
    """Positions of `keys` in order, repeated stretches folded; the first of the repeats stays to be shown."""
    items: list[int | Fold] = list(range(len(keys)))
    words = list(keys)
    for _ in range(3):  # loops in loops in loops
        folded = _once(words, items)
        if len(folded) == len(items):
            break
        words = [words[i] if times == 1 else ("fold", times, *words[i : i + n]) for i, n, times in folded]
        items = [items[i] if times == 1 else Fold(tuple(items[i : i + n]), times) for i, n, times in folded]
    return items


def _once(words: Sequence[Hashable], items: Sequence[int | Fold]) -> list[tuple[int, int, int]]:
    """(start, period, times) of each stretch."""
    numbers: dict[Hashable, int] = {}
    plain = [numbers.setdefault(w, len(numbers)) for w in words]
    a = np.array(plain)
    after = _next_alike(a)
    found = []
    i, n = 0, len(a)
    while i < n:
        j, best = i, (1, 1)
        for _ in range(_TRIES):
            j = after[j]
            p = j - i
            if j >= n or p > _LONGEST:
                break
            if plain[i : i + min(p, 8)] != plain[j : j + min(p, 8)]:  # most are told apart at a glance
                continue
            times = _repeats(a, i, p)
            if times > 1 and (times - 1) * p > 2:  # else folding saves no line
                best = (p, times)
                break
        found.append((i, *best))
        i += best[0] * best[1]
    return found


def _next_alike(a: np.ndarray) -> list[int]:
    """For each place the next one that holds the same."""
    after = np.full(len(a), len(a))
    order = np.argsort(a, kind="stable")
    same = a[order[:-1]] == a[order[1:]]
    after[order[:-1][same]] = order[1:][same]
    return after.tolist()


def _repeats(a: np.ndarray, i: int, p: int) -> int:
    """How often the p items from i on come one after another; the work is in proportion to what is found."""
    reach = 4 * p
    while True:
        stretch = a[i : i + p + reach]
        same = stretch[p:] == stretch[:-p] if len(stretch) > p else np.zeros(0, bool)
        alike = len(same) if same.all() else int(np.argmin(same))
        if alike < len(same) or len(same) < reach:
            return 1 + alike // p
        reach *= 4
