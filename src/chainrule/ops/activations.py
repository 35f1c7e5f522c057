"""Neural networks' own operations: activations, whose rules stay exact where a composite's would not, the two nodes
that small networks spend their time in, `linear` and `mse_loss`, and choices by class number.

They are used by `nn.functional`, where PyTorch has them, and are not published as functions of tensors at large.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.base import wide
from chainrule.base.memory import rows
from chainrule.base.shapes import numel
from chainrule.core.op import REGISTRY, Custom, custom, elementwise
from chainrule.core.op import linear as linear_op
from chainrule.ops import batches
from chainrule.ops.contract import matmul
from chainrule.ops.elementwise import exp, expm1, log, log1p, log_sigmoid, sigmoid, tanh, where
from chainrule.ops.select import getitem, index_add, index_put
from chainrule.ops.steps import clamp
from chainrule.ops.views import _zeros, reshape, sum_to, t, transpose


def _activation(name: str, numpy: Any, times: Any, *, types: str = "float", **columns: Any) -> Any:
    """An elementwise op that `nn.functional` publishes in a signature of its own."""
    return elementwise(name, numpy, times=times, types=types, publish=False, **columns)


# ------------------------------------------------------------------------------------------------- straight pieces

leaky_relu = _activation(
    "leaky_relu", lambda x, negative_slope=0.01: where(x > 0, x, x * negative_slope),
    lambda g, x, out, negative_slope=0.01: where(x > 0, g, g * negative_slope),
    why="the slope is 1 where the input is positive, else the small slope",
)  # fmt: skip
prelu = _activation(
    "prelu_kernel", lambda x, w: where(x > 0, x, x * w),
    (lambda g, x, w, out: where(x > 0, g, g * w), lambda g, x, w, out: where(x > 0, 0.0, g * x)),
)  # fmt: skip
hardtanh = _activation(
    "hardtanh", lambda x, min_val=-1.0, max_val=1.0: np.minimum(np.maximum(x, min_val), max_val),
    lambda g, x, out, min_val=-1.0, max_val=1.0: where((x <= min_val) | (x >= max_val), 0.0, g), types="same",
)  # fmt: skip
hardsigmoid = _activation(
    "hardsigmoid", lambda x: np.minimum(np.maximum(x + 3, 0), 6) / 6,
    lambda g, x, out: where((x > -3) & (x < 3), g / 6, 0.0),
)  # fmt: skip
hardswish = _activation(
    "hardswish", lambda x: x * np.minimum(np.maximum(x + 3, 0), 6) / 6,
    lambda g, x, out: where(x <= -3, 0.0, where(x < 3, g * (clamp(x, -3.0, 3.0) / 3 + 0.5), g)),
)  # fmt: skip
hardshrink = _activation(
    "hardshrink", lambda x, lambd=0.5: where((x >= -lambd) & (x <= lambd), 0.0, x),
    lambda g, x, out, lambd=0.5: where((x >= -lambd) & (x <= lambd), 0.0, g),
)  # fmt: skip
softshrink = _activation(
    "softshrink", lambda x, lambd=0.5: where(x > lambd, x - lambd, where(x < -lambd, x + lambd, x * 0)),
    lambda g, x, out, lambd=0.5: where((x >= -lambd) & (x <= lambd), 0.0, g),
)  # fmt: skip
threshold = _activation(
    "threshold", lambda x, threshold=0.0, value=0.0: where(x <= threshold, value, x),
    lambda g, x, out, threshold=0.0, value=0.0: where(x <= threshold, 0.0, g), types="same",
)  # fmt: skip

# --------------------------------------------------------------------------------------------------- smooth curves
# exp(min(x, 0)) stands where only the negative half is used: the other half must not overflow, as 0 * inf is NaN.


def _elu(x: Any, alpha: float = 1.0, scale: float = 1.0, input_scale: float = 1.0) -> Any:
    return where(x > 0, x * scale, expm1(np.minimum(x, 0) * input_scale) * (alpha * scale))


def _elu_back(g: Any, x: Any, out: Any, alpha: float = 1.0, scale: float = 1.0, input_scale: float = 1.0) -> Any:
    below = where(x >= 0, 0.0, x)  # the curvature at 0 is PyTorch's: the straight side's
    return where(x > 0, g * scale, g * (exp(below * input_scale) * (alpha * scale * input_scale)))


elu = _activation(
    "elu", _elu, _elu_back,
    sympy=lambda x, alpha=1.0, scale=1.0, input_scale=1.0: where(
        x > 0, x * scale, expm1(x * input_scale) * (alpha * scale)
    ),
)  # fmt: skip


def _softplus(x: Any, beta: float = 1.0, threshold: float = 20.0) -> Any:
    z = x * beta
    return where(z > threshold, x, (np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))) / beta)


softplus = _activation(
    "softplus", _softplus,
    lambda g, x, out, beta=1.0, threshold=20.0: where(x * beta > threshold, g, g * sigmoid(x * beta)),
    sympy=lambda x, beta=1.0, threshold=20.0: log1p(exp(x * beta)) / beta,
)  # fmt: skip
silu = _activation(
    "silu", lambda x: x * sigmoid(x), lambda g, x, out: _silu_back(g, x, sigmoid(x)),
    sympy="%0/(1 + exp(-%0))",
)  # fmt: skip


def _silu_back(g: Any, x: Any, s: Any) -> Any:
    return g * (s * (1 + x * (1 - s)))


def _mish_back(g: Any, x: Any, out: Any) -> Any:
    t = tanh(softplus(x))
    return g * (t + x * (1 - t * t) * sigmoid(x))


mish = _activation("mish", lambda x: x * np.tanh(_softplus(x)), _mish_back, sympy="%0*tanh(log(1 + exp(%0)))")


def _phi(x: Any) -> Any:
    """The normal distribution function."""
    return 0.5 * (1 + REGISTRY["erf"](x * math.sqrt(0.5)))


gelu = _activation(
    "gelu", lambda x: x * _phi(x),
    lambda g, x, out: g * (_phi(x) + x * (exp(x * x * -0.5) * (1 / math.sqrt(2 * math.pi)))),
)  # fmt: skip
_GELU_SLOPE, _GELU_CUBE = math.sqrt(2 / math.pi), 0.044715


def _gelu_tanh_back(g: Any, x: Any, out: Any) -> Any:
    t = tanh(_GELU_SLOPE * (x + _GELU_CUBE * (x * x * x)))
    return g * (0.5 * (1 + t) + 0.5 * x * (1 - t * t) * (_GELU_SLOPE * (1 + 3 * _GELU_CUBE * (x * x))))


gelu_tanh = _activation(
    "gelu_tanh", lambda x: 0.5 * x * (1 + np.tanh(_GELU_SLOPE * (x + _GELU_CUBE * (x * x * x)))), _gelu_tanh_back,
    grad="GeluBackward0",
)  # fmt: skip

# --------------------------------------------------------------------------------------------------------- losses


def _bce(x: Any, y: Any) -> Any:
    # The logarithms stop at -100, as PyTorch's do, so that a certain but wrong prediction costs a finite amount.
    return -(y * np.maximum(np.log(x), -100) + (1 - y) * np.maximum(np.log1p(-x), -100))


bce = _activation(
    "binary_cross_entropy", _bce,
    (
        lambda g, x, y, out: g * ((x - y) / clamp((1 - x) * x, 1e-12, None)),
        lambda g, x, y, out: g * (clamp(log1p(-x), -100.0, None) - clamp(log(x), -100.0, None)),
    ), types="same", sympy="-(%1*log(%0) + (1 - %1)*log(1 - %0))",
)  # fmt: skip
bce_with_logits = _activation(
    "binary_cross_entropy_with_logits", lambda x, y: (1 - y) * x - log_sigmoid(x),
    (lambda g, x, y, out: g * (sigmoid(x) - y), lambda g, x, y, out: g * -x),
    sympy=lambda x, y: (1 - y) * x - log_sigmoid(x),
)  # fmt: skip


def _mse(x: Any, y: Any, *, reduction: str) -> Any:
    d = x - y
    d = d * d
    if reduction == "none":
        return d
    total = np.add.reduce(d, axis=None)
    return total / d.size if reduction == "mean" else total


class _ByInput(Custom):
    """Gradients by one function per input, of (g, *inputs, **attrs), run only for those that are asked for.

    `reads`: for each of them, the positions of the inputs whose values it uses.
    """

    def __init__(self, name: str, numpy: Any, *sides: Any, reads: tuple[tuple[int, ...], ...], **columns: Any) -> None:
        super().__init__(name, numpy, sides[0], **columns)
        self.sides, self.reads = sides, reads

    def saves(self, needs: Sequence[bool]) -> Sequence[bool]:
        read = {i for need, positions in zip(needs, self.reads) if need for i in positions}
        return [*(i in read for i in range(len(needs))), False]

    def vjp(self, g: Any, args: Sequence[Any], out: Any, attrs: dict[str, Any], needs: Sequence[bool]) -> Sequence[Any]:
        return [side(g, *args, **attrs) if need else None for side, need in zip(self.sides, needs)]


def _reduced(x: Any, reduction: str) -> Any:
    return x if reduction == "none" else REGISTRY[reduction](x, dim=None, keepdim=False)


def _mse_parts(d: Any, reduction: str) -> Any:
    return _reduced(d * d, reduction)


def _mse_slope(g: Any, x: Any, y: Any, *, reduction: str) -> Any:
    n = max(numel(x.shape), 1) if reduction == "mean" else 1
    return g * (2.0 / n) * (x - y)


mse = _ByInput(
    "mse_loss", _mse, _mse_slope, lambda g, x, y, *, reduction: _mse_slope(g, y, x, reduction=reduction),
    parts=lambda x, y, *, reduction: _mse_parts(x - y, reduction),
    reads=((0, 1), (0, 1)), why="the mean of squares has slope 2/n times each difference", batch=batches.mse_loss,
)  # fmt: skip

# --------------------------------------------------------------------------------------------------------- linear


def _rows(x: Any) -> Any:
    """All vectors of a batch as the rows of one matrix."""
    return x if len(x.shape) == 2 else reshape(x, shape=(numel(x.shape[:-1]), x.shape[-1]))


# x @ w.T + b in one node. A first layer's input wants no gradient, so none is computed.
linear = _ByInput(
    "linear", lambda x, w, b: x @ w.T + b,
    lambda g, x, w, b: matmul(g, w),
    lambda g, x, w, b: matmul(transpose(_rows(g), dim0=0, dim1=1), _rows(x)),
    lambda g, x, w, b: sum_to(g, shape=tuple(b.shape)),
    reads=((1,), (0,), ()), grad="AddmmBackward0", objects=True,
    parts=lambda x, w, b: matmul(x, t(w)) + b if len(x.shape) <= 2 else None,  # of stacks it is not as exact,
    batch=batches.linear
)  # fmt: skip

# ----------------------------------------------------------------------------------------------- picked by integers


def _nll(x: Any, *, index: Any, scale: Any, keep: Any, over: float | None) -> Any:
    picked = -x[index]
    if keep is not None:
        picked = np.where(keep, picked, 0)
    if scale is not None:
        picked = picked * scale
    return picked if over is None else np.add.reduce(picked, axis=None) / over


def _nll_transpose(g: Any, x: Any, *, index: Any, scale: Any, keep: Any, over: float | None) -> Any:
    g = g if over is None else g / over
    g = -g if scale is None else g * -scale
    if keep is not None:
        g = where(keep, g, 0.0)
    return index_put(_zeros(g, x.shape), g, index=index, add=False)


# The log-probabilities at `index`, negated, times `scale`, 0 but where `keep`; their sum divided by `over`, if given.
nll = linear_op("nll_loss", _nll, _nll_transpose, matrix="classes")


def _embedding_transpose(g: Any, w: Any, *, index: Any, padding: int | None, by_frequency: bool) -> Any:
    rows, weights = index.reshape(-1), None
    flat = reshape(g, shape=(rows.size, w.shape[1]))
    if by_frequency:
        weights = 1 / wide.bincount(rows)[rows]
    if padding is not None:
        flat = where(reshape(rows != padding, shape=(rows.size, 1)), flat, 0.0)
    if weights is not None:
        flat = flat * weights.astype(np.dtype(getattr(w.dtype, "np", w.dtype)))[:, None]
    return index_add(_zeros(flat, tuple(w.shape)), flat, dim=0, index=rows)


embedding = linear_op(
    "embedding",
    lambda w, *, index, padding, by_frequency: w[index],
    _embedding_transpose,
    why="rows of a table",
    moves="other",
    batch=batches.embedding,
)

# ------------------------------------------------------------------------------------------------------------ padding


def _pad_back(g: Any, _out: Any, _x: Any, *, widths: Any, value: Any) -> Any:
    return getitem(g, index=tuple(slice(a, n - b) for (a, b), n in zip(widths, g.shape)))


constant_pad = custom(
    "constant_pad_nd",
    lambda x, *, widths, value: rows(np.pad(x, widths, constant_values=x.dtype.type(value))),
    _pad_back,
    batch=batches.constant_pad_nd,
)
