"""Activations as modules."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.core.tensor import Tensor, wrap
from chainrule.nn.functional import activation as f
from chainrule.nn.module import Module
from chainrule.nn.modules.function_module import REQUIRED, function_module
from chainrule.nn.parameter import Parameter

__all__ = [
    "CELU",
    "ELU",
    "GELU",
    "GLU",
    "SELU",
    "Hardshrink",
    "Hardsigmoid",
    "Hardswish",
    "Hardtanh",
    "LeakyReLU",
    "LogSigmoid",
    "LogSoftmax",
    "Mish",
    "PReLU",
    "RReLU",
    "ReLU",
    "ReLU6",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softmax2d",
    "Softmin",
    "Softplus",
    "Softshrink",
    "Softsign",
    "Tanh",
    "Tanhshrink",
    "Threshold",
]

ReLU = function_module("ReLU", f.relu, inplace=False)
LeakyReLU = function_module("LeakyReLU", f.leaky_relu, shown="*", negative_slope=0.01, inplace=False)
RReLU = function_module("RReLU", f.rrelu, shown="*", lower=1 / 8, upper=1 / 3, inplace=False)
RReLU.forward = lambda self, input: f.rrelu(input, self.lower, self.upper, self.training, self.inplace)
ELU = function_module("ELU", f.elu, shown="*", alpha=1.0, inplace=False)
SELU = function_module("SELU", f.selu, inplace=False)
CELU = function_module("CELU", f.celu, shown="*", alpha=1.0, inplace=False)
GELU = function_module("GELU", f.gelu, shown="approximate={approximate!r}", approximate="none")
SiLU = function_module("SiLU", f.silu, inplace=False)
Mish = function_module("Mish", f.mish, inplace=False)
Softplus = function_module("Softplus", f.softplus, shown="*", beta=1.0, threshold=20.0)
Softsign = function_module("Softsign", f.softsign)
Sigmoid = function_module("Sigmoid", f.sigmoid)
Tanh = function_module("Tanh", f.tanh)
Hardtanh = function_module("Hardtanh", f.hardtanh, shown="*", min_val=-1.0, max_val=1.0, inplace=False)
ReLU6 = function_module("ReLU6", f.relu6, inplace=False)
Hardsigmoid = function_module("Hardsigmoid", f.hardsigmoid, inplace=False)
Hardswish = function_module("Hardswish", f.hardswish, inplace=False)
LogSigmoid = function_module("LogSigmoid", f.logsigmoid)
Softmax = function_module("Softmax", f.softmax, shown="*", dim=None)
LogSoftmax = function_module("LogSoftmax", f.log_softmax, shown="*", dim=None)
Softmin = function_module("Softmin", f.softmin, shown="*", dim=None)
Tanhshrink = function_module("Tanhshrink", f.tanhshrink)
Softshrink = function_module("Softshrink", f.softshrink, shown="{lambd}", lambd=0.5)
Hardshrink = function_module("Hardshrink", f.hardshrink, shown="{lambd}", lambd=0.5)
Threshold = function_module("Threshold", f.threshold, shown="*", threshold=REQUIRED, value=REQUIRED, inplace=False)
GLU = function_module("GLU", f.glu, shown="*", dim=-1)


class PReLU(Module):
    """`LeakyReLU` with learned slopes: one, or one per channel."""

    def __init__(self, num_parameters: int = 1, init: float = 0.25, device: Any = None, dtype: Any = None) -> None:
        super().__init__()
        self.num_parameters = num_parameters
        self.init = init
        self.weight = Parameter(wrap(np.full(num_parameters, init, np.float32 if dtype is None else dtype.np)))

    def reset_parameters(self) -> None:
        """Set all slopes to `init`."""
        self.weight._a[...] = self.init

    def forward(self, input: Tensor) -> Tensor:
        """The input where it is positive, else `weight` times it."""
        return f.prelu(input, self.weight)

    def extra_repr(self) -> str:
        """The number of slopes."""
        return f"num_parameters={self.num_parameters}"


class Softmax2d(Module):
    """`softmax` over the channels of (N, C, H, W) or (C, H, W)."""

    def forward(self, input: Tensor) -> Tensor:
        """The shares of the channels."""
        if len(input._a.shape) not in (3, 4):
            raise ValueError(f"Softmax2d: expected input to be 3D or 4D, got {len(input._a.shape)}D instead")
        return input.softmax(-3)  # type: ignore[no-any-return]
