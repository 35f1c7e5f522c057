"""`sweep`: descents from many starts, at many rates, by several optimisers: on one core, in processes, on a cluster."""

from __future__ import annotations

import itertools
import pickle
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule.descend.lanes import Lanes, run_lanes, thinned
from chainrule.descend.objective import Objective
from chainrule.descend.options import group_of, optimiser

TRIES = 3  # how often a piece of work is handed out, if the worker dies over it
DEATHS = ("KilledWorker", "CommClosedError", "FutureCancelledError", "CancelledError")  # a cluster's names for it


@dataclass
class Sweep:
    """The ends of all descents, in the order of the combinations: starts, within them rates, within them optimisers.

    x: (n, *shape of a start); value, steps: (n,); reason: (n,), "steps done", "converged" or "diverged".
    start, lr, optimizer: what each was run with (lr is NaN where it was the optimiser's own).
    path: (n, points, *shape) every `record` steps, NaN after the end of a descent; None if record=0. `record` is the
        stride that was taken: more than asked for where the paths would have taken above a gigabyte.
    """

    x: Any
    value: Any
    steps: Any
    reason: Any
    start: Any
    lr: Any
    optimizer: list[str]
    path: Any = field(default=None, repr=False)
    record: int = 0

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
        kinds, counts = np.unique(self.reason, return_counts=True)
        head = f"sweep of {len(self)} descents: " + ", ".join(f"{n} {k}" for k, n in zip(kinds, counts))
        if not np.isfinite(self.value).any():
            return head
        i = self.best
        lr = "" if np.isnan(self.lr[i]) else f" at lr={self.lr[i]:g}"
        return f"{head}\n  best: value {self.value[i]:.6g} from {self.start[i].tolist()} by {self.optimizer[i]}{lr}"


def sweep(
    f: Callable[..., Any],
    starts: Any,
    *,
    lr: Any = None,
    optimizer: Any = "sgd",
    steps: int = 1000,
    record: int = 0,
    executor: Executor | None = None,
) -> Sweep:
    """Descend `f` for every combination of start, learning rate and optimiser.

    f: a function of one number or array, as `minimize` takes it. With an executor of processes it must be one that
        pickle can name (a `def` at the top of a module), unless cloudpickle is installed.
    starts: numbers, or arrays or tensors of one shape (an array has the starts along its first dimension).
    lr: a rate or several; None for the optimiser's own.
    optimizer: a name as in `minimize`, or (name, options), or a list of these.
    record: keep every k-th point of the paths; 0 for none.
    executor: any `concurrent.futures.Executor` (a ProcessPoolExecutor; Dask's `client.get_executor()`), which is handed
        the lanes in pieces. A piece whose worker died is handed out again, up to three times.

    Returns a `Sweep`. Results are those of `minimize` for each combination, to the rounding of their dtype. Lanes run
    together where the function allows it (see lanes.py). Descents that run away are told so in `reason`.

    >>> import chainrule as cr
    >>> found = cr.sweep(lambda x: (x - 3) ** 2, [0.0, 5.0], lr=[0.1, 0.5], steps=100)
    >>> found.x.round(3).tolist(), len(found)
    ([3.0, 3.0, 3.0, 3.0], 4)
    """
    for name, n in (("steps", steps), ("record", record)):
        if not isinstance(n, int) or isinstance(n, bool) or n < 0:
            raise ValueError(f"{name} must be a whole number, not negative; got {n!r}")
    x0 = _stacked(f, starts)
    rates = [None] if lr is None else [float(r) for r in np.atleast_1d(np.asarray(lr, dtype=float))]
    kinds = [_kind(o) for o in (optimizer if isinstance(optimizer, list) else [optimizer])]
    for rate, (name, options) in itertools.product(rates, kinds):
        group_of(name, rate, options)  # refused here rather than in a worker
    record = thinned(record, steps, len(x0) * len(rates) * len(kinds), x0[0].nbytes)
    combinations = list(itertools.product(range(len(x0)), range(len(rates)), range(len(kinds))))
    pieces = []
    for k, (name, options) in enumerate(kinds):
        mine = [i for i, c in enumerate(combinations) if c[2] == k]
        for part in _parts(mine, _workers(executor)):
            lanes = x0[[combinations[i][0] for i in part]]
            pieces.append((part, (lanes, [rates[combinations[i][1]] for i in part], name, options, steps, record)))
    if executor is None:
        done: Sequence[Lanes] = [run_lanes(f, *work) for _, work in pieces]
    else:
        done = _handed_out(executor, f, [work for _, work in pieces])
    return _assembled(x0, rates, kinds, combinations, [part for part, _ in pieces], done, record)


def _stacked(f: Callable[..., Any], starts: Any) -> Any:
    """All starts in one array of floats."""
    rows = [Objective(f, x).start for x in starts]
    if not rows:
        raise ValueError("sweep got no starts")
    if any(len(r) != 1 for r in rows) or len({(r[0].shape, r[0].dtype) for r in rows}) > 1:
        found = sorted({", ".join(f"{a.dtype}{list(a.shape)}" for a in r) for r in rows})
        raise ValueError(f"starts must be numbers, or arrays of one shape and dtype; got {' and '.join(found)}")
    return np.stack([r[0] for r in rows])


def _kind(given: Any) -> tuple[str, dict[str, Any]]:
    name, options = given if isinstance(given, tuple) else (given, {})
    return optimiser(name), dict(options)


def _workers(executor: Any) -> int:
    if executor is None:
        return 1
    return max(int(getattr(executor, "_max_workers", None) or 4), 1)


def _parts(items: list[int], n: int) -> Iterator[list[int]]:
    """At most n pieces of nearly equal length, none of them empty."""
    for part in np.array_split(np.array(items), min(n, len(items))):
        yield [int(i) for i in part]


# ------------------------------------------------------------------------------------------------- handing work out


class _Carried:
    """A function that pickle cannot name, by value."""

    def __init__(self, blob: bytes) -> None:
        self.blob = blob

    def __call__(self, *args: Any) -> Any:
        raise TypeError("carried functions are unpacked before they are called")


def _work(f: Any, *work: Any) -> Lanes:
    """A piece of a sweep, in a worker."""
    if isinstance(f, _Carried):
        f = pickle.loads(f.blob)
    return run_lanes(f, *work)


def _portable(f: Any, executor: Executor) -> Any:
    """The function as a process of its own can have it."""
    if not isinstance(executor, ProcessPoolExecutor):
        return f  # threads share it; clusters bring their own way
    try:
        pickle.dumps(f)
    except Exception as e:
        try:
            import cloudpickle
        except ModuleNotFoundError:
            raise TypeError(
                f"the function cannot be sent to other processes ({e}): define it by `def` at the top of a module, or "
                "pip install cloudpickle, or use a ThreadPoolExecutor"
            ) from None
        return _Carried(cloudpickle.dumps(f))
    return f


def _handed_out(executor: Executor, f: Any, works: Sequence[Any]) -> list[Lanes]:
    """The results of all pieces, in order; a piece whose worker died is handed out again."""
    f = _portable(f, executor)
    done: dict[int, Lanes] = {}
    own: Executor | None = None  # a pool made in the place of a broken one
    try:
        for attempt in range(1, TRIES + 1):
            futures: dict[int, Future[Lanes]] = {}
            died: BaseException | None = None
            for i, work in enumerate(works):
                if i not in done:
                    try:
                        futures[i] = (own or executor).submit(_work, f, *work)
                    except BrokenExecutor as e:
                        died = e
            for i, future in futures.items():
                try:
                    done[i] = future.result()
                except Exception as e:
                    if not (isinstance(e, BrokenExecutor) or type(e).__name__ in DEATHS):
                        raise
                    died = e
            if died is None:
                return [done[i] for i in range(len(works))]
            if attempt == TRIES:
                raise RuntimeError(
                    f"{len(works) - len(done)} of {len(works)} pieces of the sweep were lost {TRIES} times with their "
                    "workers (killed, perhaps for want of memory): try fewer workers or smaller sweeps"
                ) from died
            if isinstance(executor, ProcessPoolExecutor):  # a pool that lost a worker takes no more work
                if own is not None:
                    own.shutdown(wait=False)
                own = ProcessPoolExecutor(_workers(executor), mp_context=executor._mp_context)
        raise AssertionError("unreachable")
    finally:
        if own is not None:
            own.shutdown()


def _assembled(
    x0: Any, rates: Sequence[float | None], kinds: Sequence[tuple[str, Any]],
    combinations: Sequence[tuple[int, int, int]], parts: Sequence[list[int]], done: Sequence[Lanes], record: int,
) -> Sweep:  # fmt: skip
    """The pieces put back into the order of the combinations."""
    where = np.argsort(np.concatenate([np.array(p) for p in parts]))
    x, value, steps, reason = (np.concatenate([getattr(d, k) for d in done])[where] for k in Lanes._fields[:4])
    names = [f"{name}({', '.join(f'{k}={v}' for k, v in o.items())})" if o else name for name, o in kinds]
    return Sweep(
        x, value, steps, reason, x0[[c[0] for c in combinations]],
        np.array([np.nan if rates[c[1]] is None else rates[c[1]] for c in combinations], dtype=float),
        [names[c[2]] for c in combinations],
        np.concatenate([d.path for d in done])[where] if record else None, record,
    )  # fmt: skip
