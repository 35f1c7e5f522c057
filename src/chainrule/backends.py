"""`torch.backends`: switches of libraries that are not here. They can be set and read, and change nothing.

>>> import chainrule as cr
>>> cr.backends.cudnn.deterministic = True
>>> cr.backends.cudnn.deterministic, cr.backends.cudnn.is_available(), cr.backends.mps.is_available()
(True, False, False)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chainrule.base import errors


class Backend:
    """The switches of one library, which is not available; only switches that PyTorch knows can be set."""

    def __init__(self, name: str, **switches: Any) -> None:
        vars(self).update(_name=name, _switches=set(switches), **switches)

    def is_available(self) -> bool:
        """False."""
        return False

    def is_built(self) -> bool:
        """False."""
        return False

    def version(self) -> None:
        """None, for there is none."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in self._switches:
            raise AttributeError(errors.missing(f"chainrule.backends.{self._name}", name, self._switches))
        vars(self)[name] = value

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(errors.missing(f"chainrule.backends.{vars(self)['_name']}", name, dir(self)))

    def __repr__(self) -> str:
        return f"<backend {self._name}: not available>"


cudnn = Backend("cudnn", enabled=True, benchmark=False, benchmark_limit=10, deterministic=False, allow_tf32=True)
cuda = Backend("cuda", matmul=Backend("cuda.matmul", allow_tf32=False))
mps = Backend("mps")
mkl = Backend("mkl")
mkldnn = Backend("mkldnn", enabled=True)
openmp = Backend("openmp")


if not TYPE_CHECKING:  # to a type checker a name that is not there is an error

    def __getattr__(name: str) -> Any:
        raise AttributeError(errors.missing("chainrule.backends", name, errors.shown(globals())))
