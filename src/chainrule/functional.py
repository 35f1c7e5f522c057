"""The namespace `torch.functional`: functions that are in the package's own namespace too.

>>> import chainrule as cr
>>> cr.functional.einsum is cr.einsum
True
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chainrule.api.public import FUNCTIONS
from chainrule.base import errors

_NAMES = """
    atleast_1d atleast_2d atleast_3d block_diag broadcast_shapes broadcast_tensors cartesian_prod cdist chain_matmul
    einsum lu meshgrid norm split tensordot unique unique_consecutive
"""
__all__ = [name for name in _NAMES.split() if name in FUNCTIONS]
globals().update({name: FUNCTIONS[name] for name in __all__})


if not TYPE_CHECKING:  # to a type checker a name that is not there is an error

    def __getattr__(name: str) -> Any:
        raise AttributeError(errors.missing("chainrule.functional", name, errors.shown(globals())))
