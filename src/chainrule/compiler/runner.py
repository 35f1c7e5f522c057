"""What runs a graph: machine code where llvmlite is, NumPy elsewhere.

Here llvmlite is asked for, before anything of `native` is loaded: without it none of that is needed.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from chainrule.compiler.interp import Interpreter
from chainrule.core.graph import Var


def runner(inputs: Sequence[Var], results: Sequence[Var], goals: Sequence[Var | None] = ()) -> Callable[..., Any]:
    """Machine code, or the interpreter where llvmlite is missing (which is said once).

    inputs, results: values of the graph; results may be inputs. Called with the inputs' arrays it gives the results'.
    goals: for the first results the input that each belongs in, or None: it may have been written there, and what is
    given is that input's array, which must lie apart from all others. If anything raises, no input was changed.
    """
    try:
        import llvmlite  # noqa: F401
    except ImportError:
        if sys.platform != "emscripten":  # for a browser there is none to install
            _say_once()
        return Interpreter(inputs, results)
    from chainrule.compiler.native.graph import compiled

    return compiled(inputs, results, goals)


@cache
def _say_once() -> None:
    warnings.warn(
        "llvmlite is not installed: the graph runs on NumPy, slower, with the same results; "
        'pip install "chainrule[compile]"',
        stacklevel=2,
    )
