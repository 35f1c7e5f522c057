"""Draws made by trying, as functions of their parameters all the same.

A draw x of a distribution with the density f(t; a) moves with a as its quantile does (Figurnov, Mohamed and Mnih,
Implicit reparameterization gradients, 2018). Where log f is a log t and what does not depend on a and t together,

    dx/da = -1/f(x) * integral of f(t) (log t - E[log t]) dt from the lower end to x

or with the other sign from x to the upper end. On the side that x lies on, the integrand does not change its sign, and
nothing cancels. It is summed over nodes that crowd together at x (Takahasi and Mori, 1974), to about ten digits. Where
x lies in the tail of a concentration below 1, that tail is the smooth side, and little cancels.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.api.creation import made
from chainrule.api.random import _sample_dirichlet, _standard_gamma
from chainrule.autograd.function import Function, once_differentiable
from chainrule.core.tape import numbers
from chainrule.core.tensor import Tensor

Array = np.ndarray[Any, Any]

_STEPS = np.arange(-3.6, 2.8, 0.05)
_NODES = np.exp(math.pi / 2 * np.sinh(_STEPS))
_WEIGHTS = _NODES * (math.pi / 2 * 0.05) * np.cosh(_STEPS)


def gamma_slope(x: Array, a: Array) -> Array:
    """dx/da of a gamma variable x of shape a."""
    x, log_x = np.asarray(x, float), np.log(x, dtype=float)

    def parts(at: Array) -> tuple[Array, Array]:
        return at, a * (at - log_x) - (np.exp(at) - x)

    mean = _mean_log(a)
    upward = (log_x > mean) & ((a >= 1) | (x >= 1))
    return _slope(log_x, upward, mean, parts) * x


def beta_slope(x: Array, a: Array, b: Array) -> Array:
    """dx/da of a beta variable x of concentrations a (of x) and b (of 1 - x)."""
    x = np.asarray(x, float)
    log_x, log_rest, mean = np.log(x), np.log1p(-x), _mean_log(a) - _mean_log(a + b)

    def parts(at: Array) -> tuple[Array, Array]:
        log_t = -np.logaddexp(0, -at)
        return log_t, a * (log_t - log_x) + b * (log_t - at - log_rest)

    upward = (log_x > mean) & ((a >= 1) | (x >= 0.5)) | (b < 1) & (x > 0.5)
    return _slope(log_x - log_rest, upward, mean, parts) * x * (1 - x)


def _slope(start: Array, upward: Array, mean: Array, parts: Callable[[Array], tuple[Array, Array]]) -> Array:
    """The integral from `start` to one end; `parts` gives log t and the log of the density."""
    side, total = np.where(upward, 1.0, -1.0), np.zeros(np.shape(start))
    with np.errstate(over="ignore", under="ignore"):
        for node, weight in zip(_NODES, _WEIGHTS):
            log_t, log_f = parts(start + side * node)
            total += weight * np.exp(log_f) * (log_t - mean)
    return side * total


def _mean_log(a: Array) -> Array:
    """E[log t] of a gamma variable."""
    return numbers(made(np.asarray(a, float)).digamma())  # type: ignore[attr-defined]


class StandardGamma(Function):
    """A gamma variable of rate 1."""

    @staticmethod
    def forward(ctx: Any, alpha: Tensor) -> Tensor:
        x = _standard_gamma(alpha)
        ctx.save_for_backward(x, alpha)
        return x

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> Any:
        x, alpha = ctx.saved_tensors
        return g * made(gamma_slope(numbers(x), numbers(alpha).astype(float)).astype(g.dtype.np))


class DirichletDraw(Function):
    """Shares that sum to 1; each one is a beta variable, and the others share what it leaves as they did before."""

    @staticmethod
    def forward(ctx: Any, alpha: Tensor) -> Tensor:
        x = _sample_dirichlet(alpha)
        ctx.save_for_backward(x, alpha)
        return x

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> Any:
        x, alpha = ctx.saved_tensors
        a, share = numbers(alpha).astype(float), numbers(x).astype(float)
        slope = beta_slope(share, a, a.sum(-1, keepdims=True) - a) / (1 - share)
        return made(slope.astype(g.dtype.np)) * (g - (x * g).sum(-1, keepdim=True))
