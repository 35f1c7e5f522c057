"""The start of weights: in-place functions that draw the same numbers as PyTorch's for the same seed."""

from __future__ import annotations

import functools
import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.api.random import default_generator
from chainrule.core.tape import store
from chainrule.core.tensor import Tensor, touch

_GAINS = {"sigmoid": 1.0, "tanh": 5.0 / 3, "relu": math.sqrt(2.0), "selu": 3.0 / 4}
_LINEAR = ["linear", *(f"conv{t}{d}d" for t in ("", "_transpose") for d in (1, 2, 3))]


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor by which weights before this nonlinearity are scaled. `param`: the negative slope of leaky_relu."""
    if nonlinearity in _LINEAR:
        return 1.0
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else param
        if isinstance(slope, bool) or not isinstance(slope, (int, float)):
            raise ValueError(f"negative_slope {param} not a valid number")
        return math.sqrt(2.0 / (1 + slope**2))
    if nonlinearity not in _GAINS:
        raise ValueError(f"Unsupported nonlinearity {nonlinearity}")
    return _GAINS[nonlinearity]


def _write(tensor: Tensor, value: Any) -> Tensor:
    store(tensor, value)
    touch(tensor, "nn.init")
    return tensor


def _stream(generator: Any) -> Any:
    return (generator or default_generator).stream


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Any = None) -> Tensor:
    """Uniform between a and b."""
    return _write(tensor, _stream(generator).uniform(tensor._a.shape, tensor._a.dtype, a, b))


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Any = None) -> Tensor:
    """Normal with this mean and standard deviation."""
    return _write(tensor, _stream(generator).normal(tensor._a.shape, tensor._a.dtype, mean, std))


def trunc_normal_(
    tensor: Tensor, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0, generator: Any = None
) -> Tensor:
    """Normal, within [a, b]: drawn again and again where it falls outside."""
    if mean < a - 2 * std or mean > b + 2 * std:
        warnings.warn(
            "mean is more than 2 std from [a, b] in nn.init.trunc_normal_. The distribution of values may be "
            "incorrect.",
            stacklevel=2,
        )
    stream, shape, dtype = _stream(generator), tensor._a.shape, tensor._a.dtype
    below = [(1 + math.erf((x - mean) / std / math.sqrt(2))) / 2 for x in (a, b)]
    if below[1] - below[0] > 0.3:
        draw = lambda: stream.normal(shape, dtype, mean, std)  # noqa: E731
        wrong = lambda x: (x < dtype.type(a)) | (x > dtype.type(b))  # noqa: E731
    else:  # most normal draws would miss: uniform ones, each kept with the probability that its density asks for
        peak = -0.5 * ((max(a, min(mean, b)) - mean) / std) ** 2
        draw = lambda: stream.uniform(shape, dtype, a, b)  # noqa: E731
        wrong = lambda x: np.log(stream.uniform(shape, dtype)) > ((x - mean) / std) ** 2 * -0.5 - peak  # noqa: E731
    value = draw()
    pending = wrong(value)
    while np.any(pending):
        fresh = draw()
        value = np.where(pending, fresh, value)
        pending = pending & wrong(fresh)
    return _write(tensor, value)


def constant_(tensor: Tensor, val: float) -> Tensor:
    """One value everywhere."""
    return _write(tensor, tensor._a.dtype.type(val))


def ones_(tensor: Tensor) -> Tensor:
    """1 everywhere."""
    return constant_(tensor, 1.0)


def zeros_(tensor: Tensor) -> Tensor:
    """0 everywhere."""
    return constant_(tensor, 0.0)


def eye_(tensor: Tensor) -> Tensor:
    """The identity matrix."""
    if len(tensor._a.shape) != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    return _write(tensor, np.eye(*tensor._a.shape))


def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """The weight of a convolution that keeps its input's channels as they are."""
    shape = tensor._a.shape
    if len(shape) not in (3, 4, 5):
        raise ValueError("Only tensors with 3, 4, or 5 dimensions are supported")
    if shape[0] % groups:
        raise ValueError("dim 0 must be divisible by groups")
    out = np.zeros(shape)
    each = shape[0] // groups
    middle = tuple(n // 2 for n in shape[2:])
    for g in range(groups):
        for d in range(min(each, shape[1])):
            out[(g * each + d, d, *middle)] = 1
    return _write(tensor, out)


def _calculate_fan_in_and_fan_out(tensor: Tensor) -> tuple[int, int]:
    shape = tensor._a.shape
    if len(shape) < 2:
        raise ValueError("Fan in and fan out can not be computed for tensor with fewer than 2 dimensions")
    field = math.prod(shape[2:])
    return shape[1] * field, shape[0] * field


def _calculate_correct_fan(tensor: Tensor, mode: str) -> int:
    mode = mode.lower()
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"Mode {mode} not supported, please use one of ['fan_in', 'fan_out']")
    return _calculate_fan_in_and_fan_out(tensor)[mode == "fan_out"]


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Any = None) -> Tensor:
    """Uniform, with variance gain^2 * 2 / (fan_in + fan_out) (Glorot and Bengio, 2010)."""
    bound = math.sqrt(3.0) * gain * math.sqrt(2.0 / float(sum(_calculate_fan_in_and_fan_out(tensor))))
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Any = None) -> Tensor:
    """Normal, with variance gain^2 * 2 / (fan_in + fan_out) (Glorot and Bengio, 2010)."""
    std = gain * math.sqrt(2.0 / float(sum(_calculate_fan_in_and_fan_out(tensor))))
    return normal_(tensor, 0.0, std, generator)


def _kaiming_std(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    if 0 in tensor._a.shape:
        warnings.warn("Initializing zero-element tensors is a no-op", stacklevel=3)
        return 0.0
    return calculate_gain(nonlinearity, a) / math.sqrt(_calculate_correct_fan(tensor, mode))


def kaiming_uniform_(
    tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", generator: Any = None
) -> Tensor:
    """Uniform, with variance gain^2 / fan (He et al., 2015). `a`: the negative slope of leaky_relu."""
    std = _kaiming_std(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -math.sqrt(3.0) * std, math.sqrt(3.0) * std, generator)


def kaiming_normal_(
    tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", generator: Any = None
) -> Tensor:
    """Normal, with variance gain^2 / fan (He et al., 2015). `a`: the negative slope of leaky_relu."""
    return normal_(tensor, 0.0, _kaiming_std(tensor, a, mode, nonlinearity), generator)


def orthogonal_(tensor: Tensor, gain: float = 1, generator: Any = None) -> Tensor:
    """A (semi-)orthogonal matrix, by the QR factors of a normal draw (Saxe et al., 2014)."""
    shape = tensor._a.shape
    if len(shape) < 2:
        raise ValueError("Only tensors with 2 or more dimensions are supported")
    if not tensor._a.size:
        return tensor
    rows, columns = shape[0], tensor._a.size // shape[0]
    z = _stream(generator).normal((rows, columns), tensor._a.dtype, 0.0, 1.0)
    q, r = np.linalg.qr(z.T if rows < columns else z)
    q = q * np.sign(np.diagonal(r))
    return _write(tensor, (q.T if rows < columns else q).reshape(shape) * gain)


def sparse_(tensor: Tensor, sparsity: float, std: float = 0.01, generator: Any = None) -> Tensor:
    """Normal, with a fraction `sparsity` of each column set to 0."""
    if len(tensor._a.shape) != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    rows, columns = tensor._a.shape
    stream = _stream(generator)
    out = stream.normal((rows, columns), tensor._a.dtype, 0.0, std)
    for j in range(columns):
        out[default_generator.stream.permutation(rows)[: math.ceil(sparsity * rows)], j] = 0
    return _write(tensor, out)


def _old_name(f: Callable[..., Tensor]) -> Callable[..., Tensor]:
    name = f.__name__[:-1]

    @functools.wraps(f)
    def call(*args: Any, **kwargs: Any) -> Tensor:
        warnings.warn(f"`nn.init.{name}` is now deprecated in favor of `nn.init.{name}_`.", FutureWarning, stacklevel=2)
        return f(*args, **kwargs)

    call.__name__ = call.__qualname__ = name
    return call


uniform, normal, constant = _old_name(uniform_), _old_name(normal_), _old_name(constant_)
eye, dirac = _old_name(eye_), _old_name(dirac_)
xavier_uniform, xavier_normal = _old_name(xavier_uniform_), _old_name(xavier_normal_)
kaiming_uniform, kaiming_normal = _old_name(kaiming_uniform_), _old_name(kaiming_normal_)
orthogonal, sparse = _old_name(orthogonal_), _old_name(sparse_)
