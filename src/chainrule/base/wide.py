"""Indices are int64, as PyTorch's are; NumPy's are as wide as a pointer, which in a browser has 32 bits.

Every index that enters or leaves an op passes here: what is built on these functions of NumPy's calls them by this
module. They give int64 and take it, on every machine; on one of 64 bits they are NumPy's own, and cost nothing.

>>> argsort([2.0, 3.0, 1.0])
array([2, 0, 1])
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

WIDE = np.dtype(np.intp).itemsize == 8

#: Functions whose results are indices or counts; of `unique` the first is not.
GIVING = (
    "argmax", "argmin", "argsort", "argwhere", "bincount", "count_nonzero", "flatnonzero", "nonzero",
    "ravel_multi_index", "searchsorted", "unique", "unravel_index",
)  # fmt: skip
#: Functions that refuse indices wider than a pointer, and which of their arguments those are.
TAKING = {"bincount": 0, "repeat": 1, "take": 1}


def _widened(found: Any) -> Any:
    """Indices as NumPy gave them, in int64."""
    if isinstance(found, tuple):
        return tuple(map(_widened, found))
    if isinstance(found, (np.ndarray, np.generic)):
        return found.astype(np.int64) if found.dtype == np.intp else found
    return np.int64(found)


def _giving(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def wide(*args: Any, **kwargs: Any) -> Any:
        found = function(*args, **kwargs)
        if function is not np.unique:
            return _widened(found)
        return (found[0], *map(_widened, found[1:])) if isinstance(found, tuple) else found

    return wide


def _taking(function: Callable[..., Any], place: int) -> Callable[..., Any]:
    @wraps(function)
    def narrow(*args: Any, **kwargs: Any) -> Any:
        index = np.asarray(args[place])
        kept = index if index.dtype.kind == "b" else index.astype(np.intp)
        return function(*args[:place], kept, *args[place + 1 :], **kwargs)

    return narrow


def __getattr__(name: str) -> Any:
    """One of the functions, made when it is first asked for."""
    if name not in GIVING and name not in TAKING:
        raise AttributeError(name)
    function = getattr(np, name)
    if not WIDE:
        function = _taking(function, TAKING[name]) if name in TAKING else function
        function = _giving(function) if name in GIVING else function
    globals()[name] = function
    return function
