"""Loops that a function wrote out in a graph, rolled up again: what takes time in compiling is one period of each.

A period's operands decide what becomes of its values. One that is a period away is *carried*; one that moves by
another stride lies in an array that an earlier loop has *kept* (backward reads forward's from the end), or is a part of
an array at a moving index; one that does not move is *fixed*; a number or a constant that differs is put into a table.
What does not fit into whole periods, at both ends, stays written out. Every op is done that was there, in its order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from chainrule.compiler.native.at import basic
from chainrule.compiler.passes import again
from chainrule.compiler.periods import LARGE, PERIODS, SAVED, Rows, Run, rows, runs
from chainrule.compiler.structured import Body, Rolled
from chainrule.core.graph import Var, apply, constant, order
from chainrule.core.op import REGISTRY

LAGS = 4  # periods that a carried value may come from


class Walk(NamedTuple):
    """Elements of an array, one in each period: `loop` has kept them in a phase, or they are parts of a value."""

    source: tuple[str, int, int]  # ('kept', loop, phase), or ('part', place of a part, column of the number that moves)
    start: int
    step: int


class _Short(Exception):
    """Only these periods can be rolled."""

    def __init__(self, low: int, high: int) -> None:
        self.low, self.high = low, high


def roll(results: Sequence[Var]) -> list[Var]:
    """The same results, with the loops that were written out as loops."""
    values = order(results)
    if len(values) < SAVED / LARGE:
        return list(results)
    graph = rows(values)
    found = runs(graph)
    return _Roller(values, graph, found, results).rolled() if found else list(results)


class _Roller:
    """Rolls up runs of a graph."""

    def __init__(self, values: Sequence[Var], graph: Rows, found: list[Run], results: Sequence[Var]) -> None:
        self.values, self.graph, self.results = values, graph, results
        self.at = {v.id: k for k, v in enumerate(values)}
        self.of = np.full(len(values), -1)  # by place, the number of the loop
        self.loops: list[Run] = []
        self.operands: list[dict[tuple[int, int], Any]] = []  # of each loop, by phase and number of the operand
        self.first: list[dict[int, Var]] = []  # of each loop, by phase, what is carried into the first period
        for run in found:
            self._take(run)
        self.wanted: list[tuple[set[int], set[int]]] = [(set(), set()) for _ in self.loops]  # kept, ends
        self.live: set[int] = set()

    def _take(self, run: Run) -> None:
        """Note a run as a loop, or as much of it as can be."""
        while self.graph.pays(run):
            if (self.of[run.start : run.end] >= 0).any():  # the one before was moved
                run = Run(run.start + run.length, run.length, run.times - 1)
                continue
            try:
                operands = self._operands(run)
            except _Short as e:
                run = Run(run.start + e.low * run.length, run.length, e.high - e.low)
                continue
            run, operands, first = self._from_the_first(run, operands)
            self.operands.append(operands)
            self.first.append(first)
            self.of[run.start : run.end] = len(self.loops)
            self.loops.append(run)
            return

    def _from_the_first(self, run: Run, operands: dict[Any, Any]) -> tuple[Run, dict[Any, Any], dict[int, Var]]:
        """The run with one more period in front, if there is one, where what is carried begins as anything; and as what
        it begins, by phase."""
        p, bare = run.length, self.graph.bare
        for start in range(max(run.start, p), run.start + run.slack + 1):  # the last period stays in the run
            if (bare[start - p : start] == bare[start : start + p]).all() and (self.of[start - p : start] < 0).all():
                later = Run(start, p, run.times)
                try:
                    found = operands if start == run.start else self._operands(later)
                    first = self._begin(later, found)
                    longer = Run(start - p, p, run.times + 1)
                    return longer, self._longer(longer, found), first
                except _Short:
                    pass
        return run, operands, {}

    def _begin(self, run: Run, operands: dict[Any, Any]) -> dict[int, Var]:
        """What stands in the period before a run for the values of the one before that, by phase."""
        first: dict[int, Var] = {}
        for phase in range(run.length):
            v = self.values[run.start - run.length + phase]
            for j, a in enumerate(v.args):
                what = operands.get((phase, j))
                if type(what) is tuple and what[0] == "carried" and what[2] == 1:
                    like = self.values[run.start + what[1]]
                    if not isinstance(a, Var) or not _alike(a, like) or first.setdefault(what[1], a) is not a:
                        raise _Short(0, 0)
                    if self.at[a.id] >= run.start - run.length and a.op is not None:
                        raise _Short(0, 0)
        return first

    def _longer(self, run: Run, operands: dict[Any, Any]) -> dict[Any, Any]:
        """The operands of a run whose first period was added: whether they are there as in the others."""
        found: dict[Any, Any] = {}
        for (phase, j), what in operands.items():
            k = run.start + phase
            place, later = self.graph.rows[k], self.graph.rows[k + run.length]
            if isinstance(what, Walk):
                move = self.graph.rows[k + 2 * run.length] - later
                if not (place == later - move).all() if j < 0 else place[j] != later[j] - move[j]:
                    raise _Short(0, 0)
                what = self._walk(run, k, run.length) if j < 0 else self._walk(run, int(place[j]), int(move[j]))
            elif what[0] in ("given", "table"):
                what = self._given([self.values[i].args[j] for i in range(k, run.end, run.length)])
            elif what[0] != "carried" or what[2] > 1:
                there = self._value(run, phase, int(place[j]), int(later[j] - place[j]))
                if there != what or not _kindred(self.values[k].args[j], self.values[k + run.length].args[j]):
                    raise _Short(0, 0)
            found[phase, j] = what
        return found

    # ---- what the operands of a period are

    def _operands(self, run: Run) -> dict[tuple[int, int], Any]:
        found: dict[tuple[int, int], Any] = {}
        views = 0
        for phase in range(run.length):
            k = run.start + phase
            v, n = self.values[k], len(self.values[k].args)
            moves = self.graph.rows[k + run.length] - self.graph.rows[k]
            if moves[n:].any():  # a part at a moving index
                if v.says("moves") != "part" or moves[0] or (moves[n:] != 0).sum() > 1:
                    raise _Short(0, 0)
                found[phase, -1] = self._walk(run, k, run.length)
                views += 1
                continue
            views += bool(v.op is not None and v.op.view)
            for j, a in enumerate(v.args):
                if isinstance(a, Var) and a.op is not None:
                    found[phase, j] = self._value(run, phase, int(self.graph.rows[k, j]), int(moves[j]))
                else:
                    found[phase, j] = self._given([self.values[i].args[j] for i in range(k, run.end, run.length)])
        if views == run.length:
            raise _Short(0, 0)
        return found

    def _value(self, run: Run, phase: int, place: int, move: int) -> Any:
        """What an operand is that lies at a place in the first period and moves on."""
        if not move:
            if place >= run.start:
                raise _Short(1, run.times)
            return "fixed", place
        lag = -((place - run.start) // run.length)
        if move == run.length and lag <= 0:
            return "inner", place - run.start
        if move == run.length and lag <= LAGS:
            of = (place - run.start) % run.length
            for i in range(place, run.start, run.length):
                if not _alike(self.values[i], self.values[run.start + of]):
                    raise _Short(1, run.times)
            return "carried", of, lag
        return self._walk(run, place, move)

    def _walk(self, run: Run, place: int, move: int) -> Walk:
        """Where the elements lie that an operand goes along."""
        t = np.arange(run.times)
        places, middle = place + move * t, run.times // 2
        there = places >= 0
        if move != run.length or place < run.start:
            there &= places < run.start
        places = np.where(there, places, 0)
        at = int(places[middle])
        loop, v = int(self.of[at]), self.values[at]
        if loop >= 0:
            before = self.loops[loop]
            phase = (at - before.start) % before.length
            there &= (self.of[places] == loop) & ((places - before.start) % before.length == phase)
            numbers, source = (places - before.start) // before.length, ("kept", loop, phase)
            if v.moved and v.size > 1:
                there[:] = False  # an array has its elements in order
        else:
            column, numbers = self._moving(at, int(places[middle - 1]))
            there &= self.graph.classes[places] == self.graph.classes[at]
            there &= self.graph.rows[places, 0] == self.graph.rows[at, 0]
            numbers, source = self.graph.rows[places, column], ("part", at, column)
        if not there[middle]:
            raise _Short(0, 0)
        gaps = np.flatnonzero(~there)
        low = int(gaps[gaps < middle].max(initial=-1)) + 1
        high = int(gaps[gaps > middle].min(initial=run.times))
        if (low, high) != (0, run.times):
            raise _Short(low, high)
        return Walk(source, int(numbers[0]), int(numbers[1] - numbers[0]))

    def _moving(self, at: int, before: int) -> tuple[int, Any]:
        """The column of the one number that moves in the index of parts of one value."""
        v = self.values[at]
        moved = np.flatnonzero(self.graph.rows[at] != self.graph.rows[before])
        if v.says("moves") != "part" or basic(v) is None or len(moved) != 1 or moved[0] < 1:
            raise _Short(0, 0)
        return int(moved[0]), None

    def _given(self, there: list[Any]) -> Any:
        """What is given to a period: the same in all, or a table."""
        first = there[0]
        if not all(_kindred(x, first) for x in there[:2]):
            raise _Short(0, 0)
        if isinstance(first, Var):
            if first.data is None or all(x is first or _same(x.data, first.data) for x in there):
                return "given", first
            return "table", np.stack([x.data for x in there]), first.dtype, first.weak
        if all(type(x) is type(first) and repr(x) == repr(first) for x in there):
            return "given", first
        return "table", np.array(there, np.float64), np.dtype("float64"), True

    # ---- what is wanted of each loop

    def _want(self) -> None:
        """Go back from the results to all that they need."""
        stack = [self.at[r.id] for r in self.results]
        while stack:
            k = stack.pop()
            loop = int(self.of[k])
            if loop >= 0:
                phase, t = self._phase(k)
                self.wanted[loop][t == self.loops[loop].times - 1].add(phase)
                k = self.loops[loop].start
            if k not in self.live:
                self.live.add(k)
                stack.extend(self._behind(k, loop))

    def _phase(self, k: int) -> tuple[int, int]:
        run = self.loops[int(self.of[k])]
        t, phase = divmod(k - run.start, run.length)
        return phase, t

    def _behind(self, k: int, loop: int) -> Iterator[int]:
        """The places that a value or a loop needs; of elements that are kept, a note is made."""
        if loop < 0:
            for piece in self._pieces(self.values[k]):
                if isinstance(piece, tuple):
                    self.wanted[piece[0]][0].add(piece[1])
                    yield self.loops[piece[0]].end - 1
                elif piece.op is not None:
                    yield self.at[piece.id]
            return
        for what in self.operands[loop].values():
            if isinstance(what, Walk):
                kind, a, b = what.source
                if kind == "kept":
                    self.wanted[a][0].add(b)
                    yield self.loops[a].end - 1
                else:
                    yield self.at[self.values[a].args[0].id]
            elif what[0] == "fixed":
                yield what[1]
            elif what[0] == "carried":
                yield from (self._before(loop, what[1], i) for i in range(1, what[2] + 1))

    def _before(self, loop: int, of: int, lag: int) -> int:
        """The place of what is carried into the first period."""
        if lag == 1 and of in self.first[loop]:
            return self.at[self.first[loop][of].id]
        return self.loops[loop].start + of - lag * self.loops[loop].length

    def _pieces(self, v: Var) -> list[Any]:
        """The operands of a value; of a stack, elements of a loop in their order are one: (loop, phase, t, n)."""
        operands = [a for a in v.args if isinstance(a, Var)]
        if v.op is not REGISTRY["stack"] or len(operands) < PERIODS:
            return operands
        out: list[Any] = []
        for a in operands:
            k = self.at[a.id]
            loop = int(self.of[k])
            if loop < 0 or a.weak:
                out.append([a])
                continue
            phase, t = self._phase(k)
            last = out[-1] if out else []
            if len(last) == 5 and tuple(last[:2]) == (loop, phase) and last[2] + last[3] == t:
                last[3] += 1
            else:
                out.append([loop, phase, t, 1, a])
        return [tuple(x[:4]) if len(x) == 5 and x[3] > 1 else x[-1] for x in out]

    # ---- the graph anew

    def rolled(self) -> list[Var]:
        """The results."""
        self._want()
        self.made: dict[int, Any] = {}
        self.parts: dict[tuple[str, int, int], Var] = {}
        self.sources: dict[Any, Var] = {}
        if not self.loops:
            return list(self.results)
        for k, v in enumerate(self.values):
            if v.op is None:
                self.made[k] = v
            elif k in self.live:
                if self.of[k] >= 0:
                    self._loop(int(self.of[k]))
                else:
                    self.made[k] = self._anew(v)
        return [self._at(self.at[r.id]) for r in self.results]

    def _at(self, k: int) -> Any:
        """The value of a place."""
        if k not in self.made:
            loop, (phase, t) = int(self.of[k]), self._phase(k)
            if t == self.loops[loop].times - 1:
                return self.parts["end", loop, phase]
            v = apply(REGISTRY["select"], (self.parts["kept", loop, phase],), {"dim": 0, "index": t})
            if self.values[k].weak:
                v = apply(REGISTRY["cast"], (v,), {"dtype": v.dtype})
                v.weak = True
            self.made[k] = v
        return self.made[k]

    def _anew(self, v: Var) -> Any:
        pieces = self._pieces(v)
        if any(isinstance(x, tuple) for x in pieces):
            return self._stacked(v, pieces)
        return again(v, tuple(self._at(self.at[a.id]) if isinstance(a, Var) else a for a in v.args), True)

    def _stacked(self, v: Var, pieces: list[Any]) -> Any:
        """A stack of elements most of which a loop has kept."""
        found: list[Var] = []
        for x in pieces:
            if isinstance(x, tuple):
                whole = self.parts["kept", x[0], x[1]]
                cut = {"index": (slice(x[2], x[2] + x[3], None), Ellipsis)}
                found.append(whole if x[3] == whole.shape[0] else apply(REGISTRY["getitem"], (whole,), cut))
            else:
                one = self._at(self.at[x.id])
                found.append(apply(REGISTRY["reshape"], (one,), {"shape": (1, *one.shape)}))
        got = found[0] if len(found) == 1 else apply(REGISTRY["cat"], tuple(found), {"dim": 0})
        dim = v.attrs["dim"]
        if dim:
            dims = [*range(1, got.ndim)]
            dims.insert(dim if dim > 0 else dim + got.ndim, 0)
            got = apply(REGISTRY["clone"], (apply(REGISTRY["permute"], (got,), {"dims": tuple(dims)}),), {})
        return got

    def _loop(self, loop: int) -> None:
        run, operands = self.loops[loop], self.operands[loop]
        body, given = Body(run.times), _Given()
        values: list[Any] = []
        late: dict[tuple[int, int], Var] = {}  # what is carried: by phase and lag
        for phase in range(run.length):
            v = self.values[run.start + phase]
            if (phase, -1) in operands:
                values.append(self._input(loop, operands[phase, -1], v, given, values, late))
                continue
            args = tuple(self._input(loop, operands[phase, j], a, given, values, late) for j, a in enumerate(v.args))
            new = Var(v.shape, v.dtype, v.op, args, v.attrs, index=v.index)
            new.weak, new.moved = v.weak, v.moved
            values.append(new)
        for of, lag in [*late]:
            for i in range(1, lag):
                self._input(loop, ("carried", of, i), values[of], given, values, late)
        starts = []
        for (of, lag), x in late.items():
            body.carried.append(x)
            body.after.append(_number(body.results, values[of] if lag == 1 else late[of, lag - 1]))
            starts.append(self._at(self._before(loop, of, lag)))
        kept, ends = map(sorted, self.wanted[loop])
        body.kept = [_number(body.results, values[of]) for of in kept]
        body.ends = [_number(body.results, values[of]) for of in ends]
        body.read, body.walks, body.fixed = given.read, given.walks, given.fixed
        outs = [(("end", loop, of), values[of].shape, values[of]) for of in ends]
        outs += [(("kept", loop, of), (run.times, *values[of].shape), values[of]) for of in kept]
        op = Rolled(len(outs))
        whole = Var((), np.dtype("bool"), op, (*starts, *given.arrays, *given.outer), {"body": body})
        for i, (name, shape, v) in enumerate(outs):
            part = self.parts[name] = Var(shape, v.dtype, op, (whole,), {}, index=i)
            part.weak, part.moved = v.weak and name[0] == "end", v.moved and name[0] == "end"

    def _input(self, loop: int, what: Any, a: Any, given: _Given, values: list[Any], late: dict[Any, Var]) -> Any:
        """An operand of a body."""
        if isinstance(what, Walk):
            return given.walk(what, a, lambda: self._source(what))
        if what[0] == "inner":
            return values[what[1]]
        if what[0] == "carried":
            if what[1:] not in late:
                late[what[1:]] = _like(a)
            return late[what[1:]]
        if what[0] == "table":
            table = constant(np.asarray(what[1], what[2]))
            return given.walk(Walk(("table", id(what), 0), 0, 1), Var(table.shape[1:], what[2]), lambda: table, what[3])
        x = self._at(what[1]) if what[0] == "fixed" else what[1]
        return given.same(x) if isinstance(x, Var) and x.data is None else x

    def _source(self, walk: Walk) -> Var:
        """The array that a walk goes along, in its first dimension."""
        kind, a, b = walk.source
        if kind == "kept":
            return self.parts["kept", a, b]
        v = self.values[a]
        index = basic(v) or []
        moving = [i for i, x in enumerate(index) if type(x) is int][b - 1]
        key = v.args[0].id, moving, repr([x for i, x in enumerate(index) if i != moving])
        if key not in self.sources:
            axis = sum(type(x) is not int for x in index[:moving])
            index[moving] = slice(None)
            whole = self._at(self.at[v.args[0].id])
            if any(x != slice(None) for x in index):
                whole = apply(REGISTRY["getitem"], (whole,), {"index": tuple(index)})
            if axis:
                dims = (axis, *(i for i in range(whole.ndim) if i != axis))
                whole = apply(REGISTRY["permute"], (whole,), {"dims": dims})
            self.sources[key] = whole
        return self.sources[key]


class _Given:
    """What a body is given besides what is carried."""

    def __init__(self) -> None:
        self.read: list[Var] = []
        self.walks: list[tuple[int, int]] = []
        self.arrays: list[Var] = []
        self.fixed: list[Var] = []
        self.outer: list[Var] = []
        self._known: dict[Any, Var] = {}

    def walk(self, walk: Walk, like: Var, source: Callable[[], Var], weak: bool | None = None) -> Var:
        if walk not in self._known:
            x = self._known[walk] = _like(like)
            x.weak = like.weak if weak is None else weak
            self.read.append(x)
            self.walks.append((walk.start, walk.step))
            self.arrays.append(source())
        return self._known[walk]

    def same(self, outer: Var) -> Var:
        if outer.id not in self._known:
            self._known[outer.id] = _like(outer)
            self.fixed.append(self._known[outer.id])
            self.outer.append(outer)
        return self._known[outer.id]


def _like(v: Var) -> Var:
    x = Var(v.shape, v.dtype)
    x.weak, x.moved = v.weak, v.moved
    return x


def _alike(a: Var, b: Var) -> bool:
    return (a.shape, a.dtype, a.weak, a.moved) == (b.shape, b.dtype, b.weak, b.moved)


def _kindred(a: Any, b: Any) -> bool:
    """Whether two operands are of one kind: values, constants, inputs or numbers."""
    if isinstance(a, Var) and isinstance(b, Var):
        return (a.op is None, a.data is None) == (b.op is None, b.data is None)
    return type(a) is type(b)


def _same(a: Any, b: Any) -> bool:
    return a.tobytes() == b.tobytes()  # type: ignore[no-any-return]


def _number(results: list[Var], v: Var) -> int:
    """The number of a result, which is put there if it is not."""
    for i, x in enumerate(results):
        if x is v:
            return i
    results.append(v)
    return len(results) - 1
