"""`torch.utils`: `data`, which hands data sets out in batches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chainrule.base import errors as _errors
from chainrule.utils import data

__all__ = ["data"]


if not TYPE_CHECKING:  # to a type checker a name that is not there is an error

    def __getattr__(name: str) -> Any:
        raise AttributeError(_errors.missing("chainrule.utils", name, __all__))
