"""Settings of PyTorch's that programs make at their start. They are kept and given back; results depend on none."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from typing import Any

from chainrule.api.public import public
from chainrule.core.op import HAS_THREADS

_settings: dict[str, Any] = {"deterministic": False, "warn_only": False, "precision": "highest", "always": False}


def _counting(kind: str) -> tuple[Callable[[], int], Callable[[int], None]]:
    def get() -> int:
        return int(_settings.get(kind) or os.cpu_count() or 1)

    def set_(num: int) -> None:
        if isinstance(num, bool) or not isinstance(num, int):
            raise TypeError(f"set_num_{kind} expects an int, but got {type(num).__name__}")
        if num <= 0:
            raise RuntimeError(f"set_num_{kind} expects a positive integer, but got {num}")
        _settings[kind] = num
        if kind == "threads" and HAS_THREADS:
            from chainrule.core import blocks  # with the threads themselves, which few programs need

            blocks.limit = num

    get.__name__, set_.__name__ = f"get_num_{kind}", f"set_num_{kind}"
    get.__doc__ = "The number that was set, else that of the processors."
    set_.__doc__ = (
        "Keep a number; that of threads bounds those that share elementwise operations on big tensors. NumPy's own "
        "threads are set before Python starts: OMP_NUM_THREADS in the environment."
    )
    return public(method=False)(get), public(method=False)(set_)


for _kind in ("threads", "interop_threads"):
    _counting(_kind)


@public(method=False)
def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Ask that equal programs give equal results: they do in any case."""
    _settings["deterministic"], _settings["warn_only"] = bool(mode), bool(warn_only)


@public(method=False)
def are_deterministic_algorithms_enabled() -> bool:
    """What `use_deterministic_algorithms` was told."""
    return bool(_settings["deterministic"])


@public(method=False)
def is_deterministic_algorithms_warn_only_enabled() -> bool:
    """What `use_deterministic_algorithms` was told of warnings."""
    return bool(_settings["warn_only"])


@public(method=False)
def set_float32_matmul_precision(precision: str) -> None:
    """Keep a wish ("highest", "high", "medium"); products are always computed in full precision."""
    if precision in ("highest", "high", "medium"):
        _settings["precision"] = precision
    else:
        warnings.warn(f"{precision} is not 'highest', 'high' or 'medium': it is ignored", UserWarning, stacklevel=3)


@public(method=False)
def get_float32_matmul_precision() -> str:
    """What `set_float32_matmul_precision` was told."""
    return str(_settings["precision"])


@public(method=False)
def set_flush_denormal(mode: bool) -> bool:
    """False: numbers below the smallest normal one are never taken for 0."""
    return False


@public(method=False)
def set_warn_always(b: bool) -> None:
    """Keep a wish; Python's own filters say how often a warning is shown."""
    _settings["always"] = bool(b)


@public(method=False)
def is_warn_always_enabled() -> bool:
    """What `set_warn_always` was told."""
    return bool(_settings["always"])
