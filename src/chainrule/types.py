"""`torch.types`: names for type annotations."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from chainrule.api.device import device
from chainrule.base import errors
from chainrule.base.dtypes import dtype
from chainrule.base.shapes import Size
from chainrule.core.tensor import Tensor

Number = builtins.int | builtins.float | builtins.bool
Device = device | str | builtins.int | None
FileLike = Any
_TensorOrTensors = Tensor | Sequence[Tensor]
_dtype, _device, _size = dtype, device, Size | list[builtins.int] | tuple[builtins.int, ...]
_int, _float, _bool = builtins.int, builtins.float, builtins.bool


if not TYPE_CHECKING:  # to a type checker a name that is not there is an error

    def __getattr__(name: str) -> Any:
        raise AttributeError(errors.missing("chainrule.types", name, errors.shown(globals())))
