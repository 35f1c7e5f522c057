"""Executors: what work is handed to, and what is not one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any


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


def handed_out(executor: Any, f: Any, run: Callable[..., Any], works: Sequence[Any]) -> list[Any]:
    """`run(f, *work)` for each piece of work, in order, by an executor."""
    from chainrule.descend.sweep import hand_out

    done: dict[int, Any] = {}
    hand_out(executor, f, works, done, done.__setitem__, run)
    return [done[i] for i in range(len(works))]
