"""`torch.autograd`: gradients of recorded computations, custom functions, Jacobians, forward mode, gradient checks."""

from __future__ import annotations

import warnings
from typing import Any

from chainrule.api.backward import (
    backward,
    detect_anomaly,
    enable_grad,
    grad,
    inference_mode,
    no_grad,
    set_detect_anomaly,
    set_grad_enabled,
)
from chainrule.autograd import forward_ad, function, functional, graph
from chainrule.autograd.function import Function
from chainrule.autograd.gradcheck import GradcheckError, gradcheck, gradgradcheck
from chainrule.core.tensor import Tensor

__all__ = [
    "Function", "GradcheckError", "Variable", "backward", "detect_anomaly", "enable_grad", "forward_ad", "function",
    "functional", "grad", "gradcheck", "gradgradcheck", "graph", "inference_mode", "no_grad",
    "set_detect_anomaly", "set_grad_enabled",
]  # fmt: skip


class _VariableMeta(type):
    def __instancecheck__(cls, x: object) -> bool:
        return isinstance(x, Tensor)


class Variable(metaclass=_VariableMeta):
    """The old name of a tensor: `Variable(t, requires_grad=True)` returns one on t's memory."""

    def __new__(cls, data: Any, requires_grad: bool = False, volatile: bool | None = None) -> Any:
        if volatile is not None:
            warnings.warn(
                "volatile was removed and now has no effect. Use `with torch.no_grad():` instead.",
                UserWarning,
                stacklevel=2,
            )
        if not isinstance(data, Tensor):
            raise TypeError(f"Variable data has to be a tensor, but got {type(data).__name__}")
        return data.data.requires_grad_(requires_grad)  # type: ignore[attr-defined]
