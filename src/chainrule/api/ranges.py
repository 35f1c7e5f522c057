"""Evenly spaced numbers, equal to the bit to those of PyTorch's kernels on x86 processors with AVX2.

Those fuse a multiplication with an addition; `arange` fills vectors of 32 bytes two at a time, each from its own first
number, and what is left over number by number. (From 32,768 numbers on PyTorch shares them among threads, and where a
share begins a vector does; here as on one thread.)
"""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from chainrule.api.creation import _np, made
from chainrule.api.device import here
from chainrule.api.public import public
from chainrule.base import dtypes
from chainrule.base.rounding import fma
from chainrule.core.tensor import Tensor

_VECTOR = 32  # bytes
_BETWEEN = {"float16": dtypes.F32, "float32": dtypes.F64, "float64": dtypes.F64}  # what `arange` computes in; or int64


def _plain(*values: Any) -> list[Any]:
    for x, name in zip(values, ("start", "end", "step")):
        if isinstance(x, Tensor) and x._a.shape:
            raise RuntimeError(
                f"{name} must be a number or a 0-dimensional tensor, got a tensor of {x.ndim} dimension(s)"
            )
    return [x.item() if isinstance(x, (Tensor, np.generic)) else x for x in values]


@public(method=False)
def arange(
    start: Any = 0, end: Any = None, step: Any = 1, *, dtype: Any = None, device: Any = None, layout: Any = None,
    requires_grad: bool = False, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """The numbers from `start` up to, not including, `end`: `arange(end)` or `arange(start, end, step)`.

    >>> import chainrule as cr
    >>> cr.arange(1, 2.5, 0.5)
    tensor([1.0000, 1.5000, 2.0000])
    """
    here(device)
    start, end, step = _plain(0 if end is None else start, start if end is None else end, step)
    whole = all(isinstance(x, int) for x in (start, end, step))
    d = _np(dtype, dtypes.INT64 if whole else dtypes.default_float())
    n = _count(start, end, step, d)
    if d.kind != "f":
        numbers = np.arange(n, dtype=np.int64)
        numbers *= int(step)
        numbers += int(start)
        return made(numbers.astype(d, copy=False), requires_grad)
    wide = _BETWEEN[d.name]
    start, step = wide.type(start), wide.type(step)
    i, size = np.arange(n), _VECTOR // d.itemsize
    paired = n - n % (2 * size)
    with np.errstate(over="ignore", invalid="ignore"):
        numbers = fma(i.astype(wide), step, start).astype(d, copy=False)
        pairs = numbers[:paired].reshape(-1, size)
        pairs[:] = fma(np.broadcast_to(np.arange(size).astype(wide), pairs.shape), step, pairs[:, :1].astype(wide))
    return made(numbers, requires_grad)


def _count(start: Any, end: Any, step: Any, d: Any) -> int:
    exact = d == dtypes.INT64  # for others PyTorch counts in float64
    if exact:
        start, end, step = (int(x) if math.isfinite(x) else x for x in (start, end, step))
    if not step:
        raise RuntimeError("step must be nonzero")
    if not (math.isfinite(start) and math.isfinite(end)):
        raise RuntimeError(f"unsupported range: {start} -> {end}")
    if (end - start) * step < 0:
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")
    return -(-(end - start) // step) if exact else math.ceil((float(end) - float(start)) / float(step))


@public(method=False)
def range_(
    start: Any = 0, end: Any = None, step: Any = 1, *, dtype: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """The numbers from `start` to `end`, both included (deprecated in PyTorch, too)."""
    warnings.warn(
        "torch.range is deprecated and will be removed in a future release because its behavior is inconsistent with "
        "Python's range builtin. Instead, use torch.arange, which produces values in [start, end).",
        UserWarning,
        stacklevel=3,
    )
    here(device)
    start, end, step = _plain(0 if end is None else start, start if end is None else end, step)
    d = _np(dtype, dtypes.default_float())
    _count(start, end, step, d)  # for what it refuses
    wide = _BETWEEN.get(d.name, dtypes.INT64)
    n = math.floor((end - start) / step) + 1
    return made((np.arange(n).astype(wide) * wide.type(step) + wide.type(start)).astype(d), requires_grad)


def _line(start: Any, end: Any, steps: int, d: Any) -> Any:
    """From the start in the first half, from the end in the second, in the dtype itself (float64 for integers)."""
    if steps < 0:
        raise RuntimeError("number of steps must be non-negative")
    if steps == 1:
        return np.array([start]).astype(d)
    wide = d if d.kind == "f" else dtypes.F64
    a, b = (wide.type(np.array(x).astype(d)) for x in (start, end))
    i, half = np.arange(steps), steps // 2
    with np.errstate(over="ignore", invalid="ignore"):
        step = (b - a) / wide.type(max(steps - 1, 1))
        back = i[::-1][half:].astype(wide)
        if d.name == "float16":  # each operation by itself
            return np.concatenate((a + step * i[:half].astype(d), b - step * back))
        return np.concatenate((fma(i[:half].astype(wide), step, a), fma(back, -step, b))).astype(d)


@public(method=False)
def linspace(
    start: Any, end: Any, steps: int, *, dtype: Any = None, device: Any = None, layout: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """`steps` numbers from `start` to `end`, both included, evenly spaced."""
    here(device)
    start, end = _plain(start, end)
    return made(_line(start, end, int(steps), _np(dtype, dtypes.default_float())), requires_grad)


@public(method=False)
def logspace(
    start: Any, end: Any, steps: int, base: float = 10.0, *, dtype: Any = None, device: Any = None, layout: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """`base` to the power of `steps` evenly spaced exponents from `start` to `end`."""
    here(device)
    start, end = _plain(start, end)
    d = _np(dtype, dtypes.default_float())
    if d.kind != "f":  # as the ends are
        start, end = (int(np.array(x).astype(d)) for x in (start, end))
    exponents = _line(start, end, int(steps), d if d.kind == "f" else dtypes.F64)
    return made(np.power(exponents.dtype.type(base), exponents).astype(d), requires_grad)
