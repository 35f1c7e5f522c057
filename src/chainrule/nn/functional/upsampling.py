"""Images made larger or smaller: each new element is a weighted sum of a few old ones, dimension by dimension."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from chainrule.api.layout import following
from chainrule.core.op import REGISTRY
from chainrule.core.tensor import Tensor, wrap
from chainrule.nn.functional import pooling

__all__ = ["interpolate", "upsample", "upsample_bilinear", "upsample_nearest"]

_DIMS = {"linear": 1, "bilinear": 2, "bicubic": 2, "trilinear": 3}
_A = -0.75  # the slope parameter of the cubic kernel (Keys, 1981)


@following
def interpolate(
    input: Tensor, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None, antialias: bool = False,
) -> Tensor:  # fmt: skip
    """(N, C, ...) resized to `size`, or by `scale_factor`.

    `mode`: "nearest", "nearest-exact", "linear", "bilinear", "bicubic", "trilinear" or "area". `align_corners`: whether
    the centres of the corner elements stay where they are, rather than the corners themselves.
    """
    inner = input._a.shape[2:]
    d = len(inner)
    if antialias:
        raise NotImplementedError("interpolate(antialias=True) is not there; average with avg_pool2d before resizing")
    if (size is None) == (scale_factor is None):
        raise ValueError("exactly one of size and scale_factor must be given")
    if mode in _DIMS and _DIMS[mode] != d:
        raise NotImplementedError(f"Got {d + 2}D input, but {mode} mode needs {_DIMS[mode] + 2}D input")
    if mode in ("nearest", "nearest-exact", "area") and align_corners is not None:
        raise ValueError(
            "align_corners option can only be set with the interpolating modes: linear | bilinear | bicubic | trilinear"
        )
    scales: list[float | None] = [None] * d
    if size is not None:
        out = [int(n) for n in (size if isinstance(size, (tuple, list)) else [size] * d)]
    else:
        factors = [float(s) for s in (scale_factor if isinstance(scale_factor, (tuple, list)) else [scale_factor] * d)]
        out = [math.floor(n * s) for n, s in zip(inner, factors)]
        if not recompute_scale_factor:
            scales = [1 / s for s in factors]
    if min(out) <= 0:
        raise RuntimeError(f"Input and output sizes should be greater than 0, but got {list(inner)} and {out}")
    if mode == "area":
        return getattr(pooling, f"adaptive_avg_pool{d}d")(input, out)  # type: ignore[no-any-return]
    x = input
    for i, (n, m, scale) in enumerate(zip(inner, out, scales)):
        x = _resized(x, i + 2, n, m, scale, mode, bool(align_corners))
    return x


def _resized(x: Tensor, dim: int, n: int, m: int, scale: float | None, mode: str, corners: bool) -> Tensor:
    exact: Any = np.float32 if x._a.dtype != np.float64 else np.float64
    step = exact(n / m if scale is None else scale)
    i = np.arange(m)
    if mode.startswith("nearest"):
        half = 0.5 if mode == "nearest-exact" else 0
        return _rows(x, dim, np.minimum(np.floor((i + exact(half)) * step), n - 1))
    at = i.astype(exact) * exact((n - 1) / (m - 1) if m > 1 else 0) if corners else (i + exact(0.5)) * step - exact(0.5)
    if mode != "bicubic":
        at = np.maximum(at, 0)
    low = np.floor(at)
    t = at - low
    if mode == "bicubic":
        taps = [(low + k, _cubic(np.abs(t - k))) for k in (-1, 0, 1, 2)]
    else:
        taps = [(low, 1 - t), (low + 1, t)]
    shape = [1] * len(x._a.shape)
    shape[dim] = m
    parts = [_rows(x, dim, np.clip(place, 0, n - 1)) * wrap(w.astype(x._a.dtype).reshape(shape)) for place, w in taps]
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def _cubic(t: Any) -> Any:
    near = ((_A + 2) * t - (_A + 3)) * t * t + 1
    far = ((_A * t - 5 * _A) * t + 8 * _A) * t - 4 * _A
    return np.where(t <= 1, near, far)


def _rows(x: Tensor, dim: int, place: Any) -> Tensor:
    return REGISTRY["index_select"](x, dim=dim, index=place.astype(np.int64))  # type: ignore[no-any-return]


def upsample(
    input: Tensor, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: bool | None = None
) -> Tensor:
    """The old name of `interpolate`."""
    warnings.warn("`nn.functional.upsample` is deprecated. Use `nn.functional.interpolate` instead.", stacklevel=2)
    return interpolate(input, size, scale_factor, mode, align_corners)


def upsample_nearest(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """`interpolate(mode="nearest")`."""
    return interpolate(input, size, scale_factor, "nearest")


def upsample_bilinear(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """`interpolate(mode="bilinear", align_corners=True)`."""
    return interpolate(input, size, scale_factor, "bilinear", True)
