"""Executors: what work is handed to, and what is not one."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # concurrent.futures is imported where there is an executor, as it takes a while to load
    from concurrent.futures import Executor, Future

    from chainrule.descend.objective import Function

TRIES = 3  # how often a piece of work is handed out, if the worker dies over it
DEATHS = ("KilledWorker", "CommClosedError", "FutureCancelledError", "CancelledError")  # a cluster's names for it


def executor_of(who: str, given: Any) -> Any:
    """An executor of `concurrent.futures`, or that of a Dask client; whatever is none is refused by its name."""
    from concurrent.futures import Executor

    if given is None or isinstance(given, Executor):
        return given
    if callable(getattr(given, "get_executor", None)) and callable(getattr(given, "submit", None)):
        return given.get_executor()
    raise TypeError(
        f"{who}(executor=...) takes an executor of concurrent.futures (ProcessPoolExecutor(), ThreadPoolExecutor()) or "
        f"Dask's Client, but got {type(given).__name__}: {given!r:.60}"
    )


def handed_out(executor: Executor, f: Function, run: Function, works: Sequence[Any]) -> list[Any]:
    """`run(f, *work)` for each piece of work, in order, by an executor."""
    done: dict[int, Any] = {}
    hand_out(executor, f, works, done, done.__setitem__, run)
    return [done[i] for i in range(len(works))]


def workers(executor: Executor | None) -> int:
    """How many pieces of work an executor does at once."""
    if executor is None:
        return 1
    return max(int(getattr(executor, "_max_workers", None) or 4), 1)


class _Carried:
    """A function that pickle cannot name, by value."""

    def __init__(self, blob: bytes) -> None:
        self.blob = blob

    def __call__(self, *args: Any) -> Any:
        raise TypeError("carried functions are unpacked before they are called")


def _work(run: Function, f: Function, *work: Any) -> Any:
    """A piece of work, in a worker."""
    if isinstance(f, _Carried):
        f = pickle.loads(f.blob)
    return run(f, *work)


def _portable(f: Function, executor: Executor) -> Any:
    """The function as a process of its own can have it."""
    from concurrent.futures import ProcessPoolExecutor

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


def hand_out(
    executor: Executor, f: Function, works: Sequence[Any], done: dict[int, Any], keep: Callable[[int, Any], None],
    run: Function,
) -> None:  # fmt: skip
    """See to the pieces that are not done; one whose worker died is handed out again."""
    from concurrent.futures import BrokenExecutor, ProcessPoolExecutor, as_completed

    f = _portable(f, executor)
    own: Executor | None = None  # a pool made in the place of a broken one
    try:
        for attempt in range(1, TRIES + 1):
            handed: dict[Future[object], int] = {}
            died: BaseException | None = None
            for i, work in enumerate(works):
                if i not in done:
                    try:
                        handed[(own or executor).submit(_work, run, f, *work)] = i
                    except BrokenExecutor as e:
                        died = e
            for future in as_completed(handed):
                try:
                    keep(handed[future], future.result())
                except Exception as e:
                    if not (isinstance(e, BrokenExecutor) or type(e).__name__ in DEATHS):
                        raise
                    died = e
            if died is None:
                return
            if attempt == TRIES:
                raise RuntimeError(
                    f"{len(works) - len(done)} of {len(works)} pieces of the work were lost {TRIES} times with their "
                    "workers (killed, perhaps for want of memory): try fewer workers or less at once"
                ) from died
            if isinstance(executor, ProcessPoolExecutor):  # a pool that lost a worker takes no more work
                if own is not None:
                    own.shutdown(wait=False)
                own = ProcessPoolExecutor(workers(executor), mp_context=executor._mp_context)
    finally:
        if own is not None:
            own.shutdown()
