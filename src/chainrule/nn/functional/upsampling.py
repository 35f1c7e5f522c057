"""Images made larger or smaller, or looked at in other places: each new element is a weighted sum of a few old ones."""

from __future__ import annotations

import itertools
import math
import warnings
from typing import Any

import numpy as np

from chainrule.api.layout import following
from chainrule.api.public import named
from chainrule.api.reductions import legacy
from chainrule.core.op import REGISTRY
from chainrule.core.tensor import Tensor, wrap
from chainrule.nn.functional import pooling

__all__ = ["affine_grid", "grid_sample", "interpolate", "upsample", "upsample_bilinear", "upsample_nearest"]

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
    byte = mode in _DIMS and input._a.dtype.kind != "f"
    if byte and input._a.dtype != np.uint8:
        raise NotImplementedError(f"\"compute_indices_weights_linear\" not implemented for '{legacy(input)}'")
    x: Any = input.float() if byte else input  # type: ignore[attr-defined]
    for i, (n, m, scale) in enumerate(zip(inner, out, scales)):
        x = _resized(x, i + 2, n, m, scale, mode, bool(align_corners))
    return x.round().clamp(0, 255).to(input.dtype) if byte else x  # type: ignore[no-any-return]


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
    return REGISTRY["where"](t <= 1, near, far)


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


def grid_sample(
    input: Tensor, grid: Tensor, mode: str = "bilinear", padding_mode: str = "zeros", align_corners: bool | None = None
) -> Tensor:
    """The input (N, C, H, W) or (N, C, D, H, W) at the places in `grid` (N, ..., 2 or 3): x, y (and z) from -1 to 1.

    `mode`: "bilinear", "nearest" or, of images, "bicubic". `padding_mode`: what lies outside, "zeros", the "border" or
    its "reflection". `align_corners`: whether -1 and 1 are the centres of the outer elements, not their outer edges.

    >>> import chainrule as cr
    >>> x, there = cr.arange(4.0).reshape(1, 1, 2, 2), cr.zeros(1, 1, 1, 2)
    >>> cr.nn.functional.grid_sample(x, there, align_corners=True)
    tensor([[[[1.5000]]]])
    """
    sizes, d = input._a.shape[2:], len(input._a.shape) - 2
    for word, words in ((mode, ("bilinear", "nearest", "bicubic")), (padding_mode, ("zeros", "border", "reflection"))):
        if word not in words:
            raise ValueError(f"nn.functional.grid_sample(): expected one of {', '.join(words)}, but got: '{word}'")
    if d not in (2, 3) or grid._a.shape[:1] != input._a.shape[:1] or grid._a.shape[-1] != d:
        raise RuntimeError(
            f"grid_sampler(): expected grid to have size {d} in last dimension and the input's batch, but got input "
            f"and grid with sizes {list(input._a.shape)} and {list(grid._a.shape)}"
        )
    if mode == "bicubic" and d == 3:
        raise RuntimeError("grid_sampler(): bicubic interpolation only supports 4D input")

    def inside(at: Any, n: int) -> Any:
        if padding_mode == "reflection":
            low, span = (0, n - 1) if align_corners else (-0.5, n)
            far = (at - low).abs()
            turns = far.detach().div(span, rounding_mode="floor") if span else far.detach() * 0
            rest = far - turns * span
            at = REGISTRY["where"](turns % 2 == 0, rest + low, span + low - rest) if span else rest * 0
        return at if padding_mode == "zeros" else at.clamp(0, n - 1)

    taps = []
    for i, n in enumerate(sizes):
        at: Any = grid[..., d - 1 - i]  # type: ignore[index]
        at = (at + 1) * ((n - 1) / 2) if align_corners else ((at + 1) * n - 1) / 2
        at = at if mode == "bicubic" else inside(at, n)
        low = at.detach().floor()
        if mode == "nearest":
            taps.append([(at.detach().round(), at * 0 + 1)])
        elif mode == "bilinear":
            taps.append([(low, low + 1 - at), (low + 1, at - low)])
        else:
            taps.append([(inside(low + k, n), _cubic((at - low - k).abs())) for k in (-1, 0, 1, 2)])
    flat: Any = input.flatten(2)  # type: ignore[attr-defined]
    total: Any = 0
    for corner in itertools.product(*taps):
        index, weight = None, None
        for (at, w), n in zip(corner, sizes):
            place = at.clamp(0, n - 1)
            w = REGISTRY["where"](place == at, w, 0.0)
            index, weight = (place, w) if index is None else (index * n + place, weight * w)
        where = index.long().flatten(1).unsqueeze(1).expand(-1, flat.shape[1], -1)  # type: ignore[union-attr]
        total = flat.gather(2, where) * weight.flatten(1).unsqueeze(1) + total  # type: ignore[union-attr]
    return named(total.unflatten(2, grid._a.shape[1:-1]), f"GridSampler{d}DBackward0")


def affine_grid(theta: Tensor, size: Any, align_corners: bool | None = None) -> Tensor:
    """The places (N, ..., d) for `grid_sample` that affine maps `theta` (N, d, d + 1) make of those of `size`."""
    n, _, *inner = size
    if theta._a.shape != (n, len(inner), len(inner) + 1):
        raise ValueError(
            f"Expected a batch of {len(inner)}D affine matrices of shape Nx{len(inner)}x{len(inner) + 1} for size "
            f"{tuple(size)}. Got {theta.shape}."
        )
    lines = [np.linspace(-1, 1, k) * (1 if align_corners or k == 1 else (k - 1) / k) * (k > 1) for k in inner]
    base = np.stack([*np.meshgrid(*lines, indexing="ij")[::-1], np.ones(inner)], -1).reshape(-1, len(inner) + 1)
    out: Any = wrap(base.astype(theta._a.dtype)) @ theta.transpose(1, 2)  # type: ignore[operator]
    return named(out.reshape(n, *inner, len(inner)), "AffineGridGeneratorBackward0")
