"""`torch.linalg`: norms, factorisations, equations. Its functions are defined in `api` and published here."""

from typing import TYPE_CHECKING, Any

from chainrule.api import factorizations, matrices, norms
from chainrule.api.products import LINALG as _LINALG
from chainrule.base import errors as _errors
from chainrule.ops.linalg import LinAlgError

globals().update(_LINALG)
__all__ = ["LinAlgError", *_LINALG]
del factorizations, matrices, norms


if not TYPE_CHECKING:  # to a type checker a name that is not there is an error

    def __getattr__(name: str) -> Any:
        raise AttributeError(_errors.missing("chainrule.linalg", name, __dir__()))


def __dir__() -> list[str]:
    return _errors.shown(globals())
