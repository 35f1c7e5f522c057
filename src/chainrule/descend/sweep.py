"""`sweep`: descents from many starts, at many rates, by several optimisers: on one core, in processes, on a cluster."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.core.tensor import Tensor
from chainrule.descend.box import Box, box
from chainrule.descend.executors import executor_of, hand_out, workers
from chainrule.descend.lanes import REASONS, Lanes, run_lanes, thinned
from chainrule.descend.minimize import one_start
from chainrule.descend.objective import Array, Function, Objective, value_and_gradient
from chainrule.descend.options import Options, group_of, optimiser
from chainrule.func.expression import parse

if TYPE_CHECKING:  # concurrent.futures is imported where there is an executor, as it takes a while to load
    from concurrent.futures import Executor

    from chainrule.descend.pieces import Pieces

PIECE = 50_000_000  # lanes times steps of a piece that is kept in a folder,
FEWEST, MOST = 16, 1000  # but of each optimiser at least and at most so many pieces


@dataclass
class Sweep:
    """The ends of all descents, in the order of the combinations: starts, within them rates, within them optimisers.

    x: (n, *shape of a start); value, steps: (n,).
    reason: (n,), "steps done", "converged", "stopped", "diverged", or "raised" where the function did, at a point of
        that descent; `message(i)` says more.
    start, lr, optimizer: what each was run with (lr is NaN where it was the optimiser's own), from the combinations
        of `starts`, `rates` and `names`.
    path: (n, points, *shape) every `record` steps, NaN after the end of a descent; None if record=0. `record` is the
        stride that was taken: more than asked for where the paths would have taken above a gigabyte.
    """

    x: Array
    value: Array
    steps: Array
    starts: Array = field(repr=False)
    rates: Array = field(repr=False)
    names: list[str] = field(repr=False)
    reasons: Array = field(repr=False)  # places in REASONS
    path: Any = field(default=None, repr=False)
    record: int = 0
    said: Array | None = field(default=None, repr=False)  # what the function raised, "" where nothing
    look: Callable[[Sweep, int], str] | None = field(default=None, repr=False, compare=False)

    def message(self, i: int) -> str:
        """What was measured where descent i ended (gradient, curvature), as `minimize` says it; or what was raised.

        >>> import chainrule as cr
        >>> cr.sweep(lambda x: x**4 - x**2, [0.0, 1.0], lr=0.1).message(0)
        'a maximum, not a minimum: the norm of the gradient is 0, but the second derivative is -2. Start a little aside'
        """
        i = range(len(self))[i]
        said = "" if self.said is None else str(self.said[i])
        return said or ("" if self.look is None else self.look(self, i))

    def __getstate__(self) -> Options:
        return {**vars(self), "look": None}  # which holds the function

    @cached_property
    def reason(self) -> Array:
        return np.array(REASONS)[self.reasons]

    @cached_property
    def start(self) -> Array:
        return np.repeat(self.starts, len(self.rates) * len(self.names), axis=0)

    @cached_property
    def lr(self) -> Array:
        return np.tile(np.repeat(self.rates, len(self.names)), len(self.starts))

    @cached_property
    def optimizer(self) -> list[str]:
        return self.names * (len(self.starts) * len(self.rates))

    def __len__(self) -> int:
        return len(self.value)

    @property
    def best(self) -> int:
        """The index of the lowest value."""
        if not np.isfinite(self.value).any():
            raise ValueError("none of the descents ended at a finite value")
        return int(np.nanargmin(np.where(np.isfinite(self.value), self.value, np.nan)))

    def table(self) -> Any:
        """A row for each descent: a pandas DataFrame where pandas is installed, else a list of dicts."""
        rows = [
            dict(zip(("start", "lr", "optimizer", "x", "value", "steps", "reason"), row))
            for row in zip(*(c if isinstance(c, list) else c.tolist() for c in (
                self.start, self.lr, self.optimizer, self.x, self.value, self.steps, self.reason
            )))
        ]  # fmt: skip
        try:
            import pandas
        except ModuleNotFoundError:
            return rows
        return pandas.DataFrame(rows)

    def __repr__(self) -> str:
        counts = np.bincount(self.reasons, minlength=len(REASONS))
        head = f"sweep of {len(self)} descents: " + ", ".join(f"{n} {k}" for k, n in zip(REASONS, counts) if n)
        if not np.isfinite(self.value).any():
            return head
        i = self.best
        lr = "" if np.isnan(self.lr[i]) else f" at lr={self.lr[i]:g}"
        return f"{head}\n  best: value {self.value[i]:.6g} from {self.start[i].tolist()} by {self.optimizer[i]}{lr}"

    def _repr_html_(self) -> str:
        from chainrule.descend import shown

        return shown.sweep(self)


def sweep(
    f: Callable[..., Any] | str,
    start: Any = None,
    *,
    starts: Any = None,
    lr: Any = None,
    optimizer: Any = "sgd",
    steps: int = 1000,
    record: int | bool = 0,
    executor: Executor | None = None,
    checkpoint: Any = None,
    resume: bool = False,
    bounds: Any = None,
    **options: Any,
) -> Sweep:
    """Descend `f` for every combination of start, learning rate and optimiser.

    f: a function of one number or array, as `minimize` takes it, or a text, "x**4 - x". With an executor of
        processes it must be one that pickle can name (a `def` at the top of a module), unless cloudpickle is installed.
    start: all starts (`starts` is another name): numbers (in double precision), or arrays or tensors of one shape (an
        array has the starts along its first dimension).
    lr: a rate or several; None for the optimiser's own.
    optimizer: a name as in `minimize`, or (name, options), or a list of these; options of all of them go by keyword
        (`momentum=0.9`).
    record: keep every k-th point of the paths; by default none, as many descents take much memory.
    executor: any `concurrent.futures.Executor` (a ProcessPoolExecutor), or Dask's `Client`, which is handed the lanes
        in pieces. A piece whose worker died is handed out again, up to three times.
    checkpoint: a folder in which finished pieces are kept: the same sweep, begun again after a kill, does the others.
    resume: go on from the pieces of another function, or where it cannot be told whether it is another.
    bounds: between which every descent stays, as `minimize` takes them.

    Returns a `Sweep`. Results are those of `minimize` for each combination, to the rounding of their dtype. Lanes run
    in machine code where there is llvmlite and the function is small, else together where the function allows it (see
    lanes.py). A descent that a step leaves where it is has arrived: the steps that are left would change nothing, and
    machine code leaves them out. Descents that run away are told so in `reason`; so is an exception of the function's,
    which ends its descent alone, or the sweep where it comes in all. Raises ValueError for a checkpoint of another
    sweep.

    >>> import chainrule as cr
    >>> found = cr.sweep(lambda x: (x - 3) ** 2, [0.0, 5.0], lr=[0.1, 0.5], steps=100)
    >>> found.x.round(3).tolist(), len(found)
    ([3.0, 3.0, 3.0, 3.0], 4)
    """
    f = parse(f) if isinstance(f, str) else f
    record = int(record) if isinstance(record, bool) else record
    for name, n in (("steps", steps), ("record", record)):
        if not isinstance(n, int) or isinstance(n, bool) or n < 0:
            raise ValueError(f"{name} must be a whole number, not negative; got {n!r}")
    executor = executor_of("sweep", executor)
    x0 = _stacked(f, one_start("sweep", start, starts, "starts"))
    rates = [None] if lr is None else [float(r) for r in np.atleast_1d(np.asarray(lr, dtype=float))]
    kinds = [_kind(o, options) for o in (optimizer if isinstance(optimizer, list) else [optimizer])]
    for rate, (name, own) in itertools.product(rates, kinds):
        group_of(name, rate, own)  # refused here rather than in a worker
    n, each = len(x0) * len(rates) * len(kinds), len(rates) * len(kinds)
    record = thinned(record, steps, n, x0[0].nbytes)
    walls = _walls(f, x0, bounds)
    folder = None
    if checkpoint is not None:
        from chainrule.descend.digest import of_array, of_function
        from chainrule.descend.pieces import Pieces

        letters, why = of_function(Objective(f, x0[0]))
        asked = {
            "function": letters,
            "starts": of_array(x0),
            "lr": repr(rates),
            "optimizer": repr(kinds),
            "steps": repr(steps),
            **({} if walls is None else {"bounds": ", ".join(map(of_array, (*walls.low, *walls.high)))}),
        }
        folder = Pieces(checkpoint, {**asked, "record": repr(record)}, why, resume)
    pieces, works = [], []
    for k, (name, own) in enumerate(kinds):
        mine = range(k, n, len(kinds))
        count = workers(executor) if folder is None else max(FEWEST, min(len(mine) * steps // PIECE, MOST))
        for part in _parts(mine, count):
            pieces.append(part)
            which = _array(part) // len(kinds) % len(rates) if len(rates) > 1 else np.zeros(len(part), int)
            lanes = x0[_array(part) // each] if each > 1 else x0[part.start : part.stop]
            works.append((lanes, which, rates, name, own, steps, record, walls))
    done = _done(executor, f, works, folder)
    found = _assembled(x0, rates, kinds, pieces, done, record)
    if found.said is not None and found.said.all():  # a wrong function: its own error, from its own line
        Objective(f, x0[0]).program(value_and_gradient)([np.array(x0[0])[()]])
        raise RuntimeError(f"the function raised in every descent, in the first: {found.said[0]}")
    found.look = partial(_looked, f, walls, kinds)
    return found


def _looked(f: Function, walls: Box | None, kinds: Sequence[tuple[str, Options]], found: Sweep, i: int) -> str:
    """What is measured where a descent ended."""
    from chainrule.descend.arrival import Place, outlook
    from chainrule.descend.curvature import explain
    from chainrule.descend.words import words

    objective, reason, ends = Objective(f, found.start[i]), found.reason[i], [np.array(found.x[i])[()]]
    name, own = kinds[i % len(kinds)]
    group = group_of(name, None if np.isnan(found.lr[i]) else float(found.lr[i]), own)
    if reason == "diverged":
        return str(explain(objective, [(words("start"), objective.start)], name, group) or words(reason))
    start = Place(objective, objective.start, (0.0, 0.0), walls)
    first = start.value, start.slope
    if reason == "steps done":
        return str(outlook(objective, ends, first, name, group, walls).words)
    place = Place(objective, ends, first, walls)
    return str(place.said(place.turns() or ("flat" if reason == "converged" else "no lower"), np.inf))


def _stacked(f: Function, starts: Any) -> Array:
    """All starts in one array of floats."""
    if isinstance(starts, Tensor):
        starts = np.asarray(starts._a)
    if isinstance(starts, np.ndarray) and starts.ndim and len(starts) and starts.dtype.kind == "f":
        Objective(f, starts[0])
        return np.array(starts)
    rows = [Objective(f, x).start for x in starts]
    if not rows:
        raise ValueError("sweep got no starts")
    if any(len(r) != 1 for r in rows) or len({(r[0].shape, r[0].dtype) for r in rows}) > 1:
        found = sorted({", ".join(f"{a.dtype}{list(a.shape)}" for a in r) for r in rows})
        raise ValueError(f"starts must be numbers, or arrays of one shape and dtype; got {' and '.join(found)}")
    return np.stack([r[0] for r in rows])


def _walls(f: Function, starts: Any, bounds: Any) -> Box | None:
    """The bounds of every descent, between which all starts must lie."""
    found = None
    if bounds is not None:
        for x in (starts[0], starts.min(axis=0), starts.max(axis=0)):
            found = box(Objective(f, x), bounds)
    return found


def _kind(given: Any, options: Options) -> tuple[str, Options]:
    name, own = given if isinstance(given, tuple) else (given, {})
    return optimiser(name), {**options, **own}


def _parts(items: range, n: int) -> Iterator[range]:
    """At most n pieces of nearly equal length, none of them empty."""
    n = min(n, len(items))
    for i in range(n):
        yield items[len(items) * i // n : len(items) * (i + 1) // n]


def _array(part: range) -> Array:
    return np.arange(part.start, part.stop, part.step)


def _done(executor: Executor | None, f: Any, works: Sequence[tuple[Any, ...]], folder: Pieces | None) -> list[Lanes]:
    """The results of all pieces, in order; those in the folder are taken from there, and the others put there."""
    done: dict[int, Lanes] = {}
    if folder is not None:
        done = {i: lanes for i in range(len(works)) if (lanes := folder.read(i, works[i][0])) is not None}

    def keep(i: int, lanes: Lanes) -> None:
        done[i] = lanes
        if folder is not None:
            folder.write(i, lanes)

    if executor is not None:
        hand_out(executor, f, works, done, keep, run_lanes)
    else:
        for i, work in enumerate(works):
            if i not in done:
                keep(i, run_lanes(f, *work))
    return [done[i] for i in range(len(works))]


def _assembled(
    x0: Any, rates: Sequence[float | None], kinds: Sequence[tuple[str, Options]], pieces: Sequence[Any],
    done: Sequence[Lanes], record: int,
) -> Sweep:  # fmt: skip
    """The pieces put back into the order of the combinations."""
    names = [f"{name}({', '.join(f'{k}={v}' for k, v in o.items())})" if o else name for name, o in kinds]
    rate = np.array([np.nan if r is None else r for r in rates], dtype=float)
    lanes = (
        done[0]
        if len(done) == 1
        else Lanes(*map(partial(_joined, np.argsort(np.concatenate([*map(_array, pieces)]))), zip(*_alike(done))))
    )
    return Sweep(lanes.x, lanes.value, lanes.steps, x0, rate, names, lanes.reason, lanes.path, record, lanes.said)


def _alike(done: Sequence[Lanes]) -> Sequence[Lanes]:
    """With words for each lane, where the function has raised in any."""
    if all(lanes.said is None for lanes in done):
        return done
    return [lanes if lanes.said is not None else lanes._replace(said=np.full(len(lanes.x), "")) for lanes in done]


def _joined(where: Any, arrays: Sequence[Array]) -> Array:
    return None if arrays[0] is None else np.concatenate(arrays)[where]
