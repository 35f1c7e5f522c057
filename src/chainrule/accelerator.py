"""`torch.accelerator` without one: it is not there, and says so.

>>> import chainrule as cr
>>> cr.accelerator.current_accelerator().type if cr.accelerator.is_available() else "cpu"
'cpu'
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chainrule.base import errors

NONE = "Cannot access accelerator device when none is available."


def is_available() -> bool:
    """False: there is no accelerator."""
    return False


def device_count() -> int:
    """0: there is no accelerator."""
    return 0


def current_accelerator(check_available: bool = False) -> None:
    """None: there is no accelerator."""


def _refuse(*args: Any, **kwargs: Any) -> Any:
    """Refuses: there is no accelerator."""
    raise RuntimeError(NONE)


current_device_index = current_device_idx = current_stream = set_device_index = set_device_idx = synchronize = _refuse


if not TYPE_CHECKING:  # to a type checker a name that is not there is an error

    def __getattr__(name: str) -> Any:
        raise AttributeError(errors.missing("chainrule.accelerator", name, errors.shown(globals())))
