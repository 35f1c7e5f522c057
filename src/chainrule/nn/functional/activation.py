"""Activation functions, in PyTorch's signatures. Most are ops; the others are built from them here."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.api.public import named
from chainrule.api.random import default_generator
from chainrule.base import wide
from chainrule.base.dtypes import F64
from chainrule.core.inplace import modify
from chainrule.core.op import REGISTRY
from chainrule.core.tape import numbers
from chainrule.core.tensor import Tensor, wrap

__all__ = [
    "celu", "celu_", "elu", "elu_", "gelu", "glu", "gumbel_softmax", "hardshrink", "hardsigmoid", "hardswish",
    "hardtanh", "hardtanh_", "leaky_relu", "leaky_relu_", "log_softmax", "logsigmoid", "mish", "prelu", "relu",
    "relu6", "relu_", "rrelu", "rrelu_", "selu", "selu_", "sigmoid", "silu", "softmax", "softmin", "softplus",
    "softshrink", "softsign", "tanh", "tanhshrink", "threshold", "threshold_",
]  # fmt: skip

_SELU_ALPHA, _SELU_SCALE = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946


def _apply(inplace: bool, op: str, input: Tensor, **attrs: Any) -> Tensor:
    """An op by name, on a copy or in place."""
    f = REGISTRY[op]
    return modify(input, f"{op}_", f, **attrs) if inplace else f(input, **attrs)


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """The input where it is positive, else 0."""
    return input.relu_() if inplace else input.relu()


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """The input where it is positive, else `negative_slope` times it."""
    return _apply(inplace, "leaky_relu", input, negative_slope=negative_slope)


def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """`leaky_relu` with learned slopes: one, or one per channel (dimension 1)."""
    n = weight._a.size
    if len(weight._a.shape) > 1:
        raise RuntimeError(f"prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = {weight.ndim}")
    if n != 1:
        channels = input.shape[1] if input.dim() > 1 else 1
        if n != channels:
            raise RuntimeError(
                f"Mismatch of parameter numbers and input channel size. Found parameter numbers = {n} and "
                f"channel size = "
                f"{channels}."
            )
    shape = (1, n, *[1] * (len(input._a.shape) - 2)) if len(input._a.shape) > 1 else (n,) * len(input._a.shape)
    return REGISTRY["prelu_kernel"](input, REGISTRY["reshape"](weight, shape=shape))


def rrelu(
    input: Tensor, lower: float = 1 / 8, upper: float = 1 / 3, training: bool = False, inplace: bool = False
) -> Tensor:
    """`leaky_relu` whose slope is drawn from [lower, upper] for each element in training, else their mean."""
    if lower > upper:
        raise RuntimeError(f"Lower bound should be less than or equal to the upper bound, but got {lower} and {upper}")
    if not training:
        return named(_apply(inplace, "leaky_relu", input, negative_slope=(lower + upper) / 2), "LeakyReluBackward0")
    below = numbers(input) <= 0  # those alone are drawn for
    slopes = np.ones(below.shape, input._a.dtype)
    slopes[below] = default_generator.stream.uniform((int(below.sum()),), F64, lower, upper)  # in any dtype
    f = lambda x: REGISTRY["where"](x > 0, x, x * wrap(slopes))  # noqa: E731
    return modify(input, "rrelu_", f) if inplace else f(input)


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """The input where it is positive, else `alpha * (exp(input) - 1)`."""
    return _apply(inplace, "elu", input, alpha=alpha)


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """`elu` with the two constants that keep mean 0 and variance 1 (Klambauer et al., 2017)."""
    return _apply(inplace, "elu", input, alpha=_SELU_ALPHA, scale=_SELU_SCALE)


def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """The input where it is positive, else `alpha * (exp(input / alpha) - 1)`: smooth at 0 for every alpha."""
    if alpha == 0:
        raise RuntimeError("ZeroDivisionError: alpha cannot be 0 for CELU")
    return _apply(inplace, "elu", input, alpha=alpha, input_scale=1 / alpha)


def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    """The input times the probability that a normal variable is below it; "tanh" approximates that."""
    if approximate not in ("none", "tanh"):
        raise RuntimeError(f"approximate argument must be either none or tanh, but got {approximate!r}.")
    return REGISTRY["gelu" if approximate == "none" else "gelu_tanh"](input)


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """`input * sigmoid(input)`, also called swish."""
    return _apply(inplace, "silu", input)


def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """`input * tanh(softplus(input))`."""
    return _apply(inplace, "mish", input)


def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """`log(1 + exp(beta * input)) / beta`; the input itself where `beta * input` exceeds `threshold`."""
    return REGISTRY["softplus"](input, beta=beta, threshold=threshold)


def softsign(input: Tensor) -> Tensor:
    """`input / (1 + |input|)`."""
    return input / (1 + abs(input))


def sigmoid(input: Tensor) -> Tensor:
    """`1 / (1 + exp(-input))`."""
    return input.sigmoid()


def tanh(input: Tensor) -> Tensor:
    """The hyperbolic tangent."""
    return input.tanh()


def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor:
    """The input, cut off at `min_val` and `max_val`."""
    if min_val > max_val:
        raise ValueError(f"min_val cannot be greater than max_val: {min_val} > {max_val}")
    kind = input._a.dtype.kind
    if kind == "b":
        raise RuntimeError("Bool inputs not supported for hardtanh")
    low, high = (min_val, max_val) if kind == "f" else (int(min_val), int(max_val))
    if kind == "u" and low < 0:
        raise RuntimeError("cannot do hardtanh on an unsigned type with negative limits")
    return _apply(inplace, "hardtanh", input, min_val=low, max_val=high)


def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """The input, cut off at 0 and 6."""
    return hardtanh(input, 0, 6, inplace)


def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """`(input + 3) / 6`, cut off at 0 and 1."""
    return _apply(inplace, "hardsigmoid", input)


def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """`input * hardsigmoid(input)`."""
    return _apply(inplace, "hardswish", input)


def logsigmoid(input: Tensor) -> Tensor:
    """`log(sigmoid(input))`, without overflow."""
    return REGISTRY["log_sigmoid"](input.contiguous())


def tanhshrink(input: Tensor) -> Tensor:
    """`input - tanh(input)`."""
    return input - input.tanh()


def softshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """The input moved towards 0 by `lambd`; 0 where it is nearer."""
    if lambd < 0:
        raise RuntimeError(f"lambda must be greater or equal to 0, but found to be {lambd}.")
    return REGISTRY["softshrink"](input, lambd=lambd)


def hardshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """The input; 0 where it is no further than `lambd` from 0."""
    return REGISTRY["hardshrink"](input, lambd=lambd)


def threshold(input: Tensor, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """The input where it exceeds `threshold`, else `value`."""
    return _apply(inplace, "threshold", input, threshold=threshold, value=value)


def glu(input: Tensor, dim: int = -1) -> Tensor:
    """The first half of the input along `dim` times the sigmoid of the second."""
    if not input._a.shape:
        raise RuntimeError("glu does not support 0-dimensional tensors")
    n = input._a.shape[dim]
    if n % 2:
        raise RuntimeError(f"Halving dimension must be even, but dimension {dim} is size {n}")
    a, b = input.chunk(2, dim)
    return named(a * b.sigmoid(), "GluBackward0")


def _default_dim(name: str, dim: int | None, ndim: int) -> int:
    if dim is None:
        warnings.warn(
            f"Implicit dimension choice for {name} has been deprecated. Change the call "
            f"to include dim=X as an argument.",
            stacklevel=4,
        )
        return 0 if ndim in (0, 1, 3) else 1
    return dim


def softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """The exponentials of the input, scaled to sum to 1 along `dim`; computed in `dtype` if one is given.

    >>> import chainrule as cr
    >>> cr.nn.functional.softmax(cr.tensor([0.0, 0.0]), dim=0)
    tensor([0.5000, 0.5000])
    """
    return input.softmax(_default_dim("softmax", dim, input.dim()), dtype=dtype)


def log_softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """The logarithm of `softmax`, without overflow."""
    d = _default_dim("log_softmax", dim, len(input._a.shape))
    return input.log_softmax(d, dtype=dtype)


def softmin(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """`softmax` of the input with its sign turned."""
    return softmax(-input, _default_dim("softmin", dim, len(input._a.shape)), dtype=dtype)


def gumbel_softmax(logits: Tensor, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1) -> Tensor:
    """A differentiable draw from the classes that `logits` weigh (Jang et al., 2017); `hard`: one-hot forwards."""
    exponential = default_generator.stream.exponential(logits._a.shape, logits._a.dtype)
    soft = ((logits + -wrap(exponential).log()) / tau).softmax(dim)
    if not hard:
        return soft
    top = wide.argmax(numbers(soft), dim, keepdims=True)
    one_hot = np.zeros_like(soft._a)
    np.put_along_axis(one_hot, top, 1, dim)
    return wrap(one_hot) - soft.detach() + soft


def _in_place(f: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def call(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        return f(input, *args, **kwargs, inplace=True)

    call.__name__ = call.__qualname__ = f"{f.__name__}_"
    call.__doc__ = f"In-place version of `{f.__name__}`."
    return call


relu_, leaky_relu_, elu_, selu_ = _in_place(relu), _in_place(leaky_relu), _in_place(elu), _in_place(selu)
celu_, hardtanh_, threshold_, rrelu_ = _in_place(celu), _in_place(hardtanh), _in_place(threshold), _in_place(rrelu)
