"""`torch.jit`, which compiles nothing here: `script` and `trace` return what they are given, and say so once.

>>> import warnings
>>> import chainrule as cr
>>> with warnings.catch_warnings(record=True):
...     cr.jit.script(abs) is abs
True
"""

from __future__ import annotations

import contextlib
import inspect
import textwrap
import warnings
from typing import TYPE_CHECKING, Any, TypeVar

from chainrule.base import errors

T = TypeVar("T")
_told = False


def _unchanged(f: T, what: str) -> T:
    global _told
    if "code" not in getattr(f, "__dict__", {"code": None}) and not isinstance(f, type):
        with contextlib.suppress(AttributeError, TypeError):
            object.__setattr__(f, "code", _source(f))
    if not _told:
        _told = True
        message = f"jit.{what} compiles nothing in chainrule: it returns what it is given"
        warnings.warn(message, UserWarning, stacklevel=3)
    return f


def _source(f: Any) -> str:
    """What `.code` shows: the text of the function, or of the module's `forward`, as it is written."""
    try:
        return textwrap.dedent(inspect.getsource(getattr(f, "forward", f)))
    except (OSError, TypeError):
        return f"# the source of {getattr(f, '__name__', type(f).__name__)} cannot be read\n"


def script(obj: T, *args: Any, **kwargs: Any) -> T:
    """The function or module itself: nothing is compiled."""
    return _unchanged(obj, "script")


def trace(func: T, example_inputs: Any = None, *args: Any, **kwargs: Any) -> T:
    """The function or module itself: nothing is traced, so branches on values keep working."""
    return _unchanged(func, "trace")


def freeze(mod: T, *args: Any, **kwargs: Any) -> T:
    """The module itself."""
    return _unchanged(mod, "freeze")


def export(fn: T) -> T:
    """The function itself: a mark for the compiler."""
    return fn


def ignore(drop: Any = False, **kwargs: Any) -> Any:
    """The function itself, as `@ignore` and as `@ignore(drop=...)`: a mark for the compiler."""
    return drop if callable(drop) else export


unused = script_method = export


def is_scripting() -> bool:
    """False: code always runs as it is written."""
    return False


def is_tracing() -> bool:
    """False: nothing is traced."""
    return False


def _refuse(*args: Any, **kwargs: Any) -> Any:
    """Refuses: there is no compiled form to save or load."""
    raise NotImplementedError("jit.save and jit.load need torch's compiled format; save the state_dict() of the module")


save = load = _refuse


if not TYPE_CHECKING:  # to a type checker a name that is not there is an error

    def __getattr__(name: str) -> Any:
        raise AttributeError(errors.missing("chainrule.jit", name, errors.shown(globals())))
