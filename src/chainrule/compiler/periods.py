"""Where a graph repeats itself: the periods of loops that were written out, found in the order of their ops.

Each op is put into a class by what it is, leaving out where its operands come from, and gets a row of numbers: the
places of its operands in the order, and the numbers in its index. A stretch repeats with a period p where the classes
are those of p places before, and the rows move by the same strides from each period to the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from chainrule.compiler.native.at import basic
from chainrule.compiler.native.unrolled import TINY
from chainrule.compiler.passes import _frozen
from chainrule.core.graph import Lifted, Var

PERIODS = 5  # fewer are left as they are
SAVED = 100  # ops that are spared, at least
LARGE = 5  # ops on small values that one on arrays counts for: it becomes a loop of its own
GRAM = 8  # ops in a row by which candidates for the period are found
CANDIDATES = 16
OPERANDS = 8  # numbers in a row: ops of more operands are of no period
ANY = ("+", "-", "*", "/")  # of a number that these take, an integer does what a float does


class Run(NamedTuple):
    """A stretch of `times` periods of `length` ops each, from `start` on, or up to `slack` places later."""

    start: int
    length: int
    times: int
    slack: int = 0

    @property
    def saved(self) -> int:
        """The ops that need not be written out."""
        return (self.times - 1) * self.length

    @property
    def end(self) -> int:
        """The first place behind it."""
        return self.start + self.length * self.times


class Rows(NamedTuple):
    """A graph in numbers: for each value its class, that without the kinds of its operands, and a row of what may move
    from period to period."""

    classes: Any
    bare: Any
    rows: Any
    weights: Any  # running sums of what the values count

    def pays(self, run: Run) -> bool:
        """Whether rolling a stretch spares enough."""
        period = self.weights[run.start + run.length] - self.weights[run.start]
        return run.times >= PERIODS and (run.times - 1) * period >= SAVED


def rows(values: Sequence[Var]) -> Rows:
    """The values of a graph in their order, in numbers."""
    at = {v.id: k for k, v in enumerate(values)}
    codes: dict[Any, int] = {}
    classes, bare = np.empty((2, len(values)), np.int64)
    found = np.zeros((len(values), OPERANDS), np.int64)
    for k, v in enumerate(values):
        if v.op is None:
            classes[k] = bare[k] = -k - 1
            continue
        kinds: list[Any] = []
        row: list[int] = []
        for a in v.args:
            kinds.append(_kind(v, a))
            row.append(at[a.id] if isinstance(a, Var) and a.op is not None else 0)
        index, numbers = position(v)
        row += numbers
        key = (v.op.name, index, v.shape, v.dtype.str, v.weak, v.index, v.moved)
        if len(row) > OPERANDS or isinstance(v.op, Lifted):
            classes[k] = bare[k] = -k - 1
        else:
            bare[k] = codes.setdefault(key, len(codes))
            classes[k] = codes.setdefault((key, *kinds), len(codes))
            found[k, : len(row)] = row
    counts = [0, *(1 if v.size <= TINY else LARGE for v in values)]
    return Rows(classes, bare, found, np.cumsum(counts))


def _kind(v: Var, a: Any) -> Any:
    """What an operand is, but for what may differ from period to period."""
    if isinstance(a, Var):
        if a.op is not None:
            return "value"
        return ("constant", a.shape, a.dtype.str, a.weak) if a.data is not None else ("leaf", a.id)
    if isinstance(a, float) or (type(a) is int and v.op is not None and v.op.columns.get("operator") in ANY):
        return "number"
    return type(a).__name__, repr(a)


def position(v: Var) -> tuple[Any, list[int]]:
    """The attributes of an op, with the numbers of an index left out, and those numbers."""
    if not v.attrs or v.says("moves") not in ("part", "inset"):
        return _frozen(v.attrs) if v.attrs else None, []
    index = basic(v)
    if index is None:
        return _frozen(v.attrs), []
    numbers = [i for i in index if type(i) is int]
    return ("index", *(None if type(i) is int else _frozen((i,)) for i in index), v.attrs.get("shape")), numbers


def runs(graph: Rows) -> list[Run]:
    """Stretches that repeat, apart from one another, in their order; those that spare the most are taken first."""
    n = len(graph.classes)
    found = [r for p in _candidates(graph.classes) if p * PERIODS <= n for r in _with_period(graph, p)]
    taken: list[Run] = []
    for r in sorted(found, key=lambda r: (-r.saved, r.length)):
        if all(r.end <= t.start or t.end <= r.start for t in taken):
            taken.append(r)
    return sorted(taken)


def _candidates(classes: Any) -> list[int]:
    """Distances at which the same classes come again in a row, the most frequent ones."""
    n = len(classes) - GRAM + 1
    if n < 2:
        return []
    grams = np.zeros(n, np.uint64)
    for i in range(GRAM):
        grams = grams * np.uint64(0x9E3779B97F4A7C15) + classes[i : i + n].astype(np.uint64)
    by = np.argsort(grams, kind="stable")
    same = grams[by[1:]] == grams[by[:-1]]
    distances, counts = np.unique((by[1:] - by[:-1])[same], return_counts=True)
    return [int(distances[i]) for i in np.argsort(-counts, kind="stable")[:CANDIDATES]]


def _with_period(graph: Rows, p: int) -> list[Run]:
    """The stretches of one period: classes as a period before, and rows that move as they did a period before."""
    same = graph.classes[p:] == graph.classes[:-p]
    moved = graph.rows[p:] - graph.rows[:-p]
    steady = same[p:] & same[:-p] & (moved[p:] == moved[:-p]).all(1)
    edges = np.flatnonzero(np.diff(np.concatenate(([0], steady.view(np.int8), [0]))))
    out = []
    for begin, end in zip(edges[::2].tolist(), edges[1::2].tolist()):
        run = Run(begin, p, *divmod(end - begin + 2 * p, p))
        if graph.pays(run):
            out.append(run)
    return out
