"""Arithmetic that rounds as PyTorch's random kernels do: equal bits where numbers pass through `log`, `sin` and `exp`.

float64 goes through the C library, as PyTorch does; blocks of float32 normals go through the Cephes polynomials with
fused multiply-adds, which is what PyTorch runs on x86 processors with AVX2.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .dtypes import F32, F64, INT64, NPDtype

Array = np.ndarray[Any, Any]


def cast(x: Array, dtype: NPDtype) -> Array:
    """float64 results in the dtype asked for. float16 is rounded twice, by way of float32; too large becomes inf; an
    integer dtype keeps the low bits."""
    between = {"float16": F32, "float32": F64, "float64": F64}.get(dtype.name, INT64)
    with np.errstate(over="ignore", invalid="ignore"):
        return x.astype(between, copy=False).astype(dtype, copy=False)


def libm(scalar: Callable[[float], float], vector: Callable[[Array], Array], x: Array) -> Array:
    """A function of float64 by the C library, whose last bit NumPy's vectorised loops do not always share."""
    try:
        return np.fromiter(map(scalar, x.tolist()), np.float64, x.size)
    except (OverflowError, ValueError):  # a pole or an overflow, which Python refuses: as good as never drawn
        with np.errstate(all="ignore"):
            return vector(x)


def fma(a: Array, b: Any, c: Any) -> Array:
    """a * b + c rounded once. float32 goes through float64, which holds the product exactly; float64 adds up the
    errors of the product (Dekker, 1971) and of the sum (Knuth)."""
    if a.dtype == F32:
        wide: Array = np.multiply(a, b, dtype=F64)
        wide += c
        return wide.astype(F32)
    if b == 1:
        exact: Array = a + c
        return exact
    with np.errstate(over="ignore", invalid="ignore"):
        product: Array = a * b
        a_high, b_high = a * 134217729.0, b * 134217729.0
        a_high, b_high = a_high - (a_high - a), b_high - (b_high - b)
        a_low, b_low = a - a_high, b - b_high
        error = ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low
        total: Array = product + c
        back = total - product
        error = error + ((product - (total - back)) + (c - back))
        total = np.where(np.isfinite(error), total + error, total)
    return total


def block_normals(u: Array, mean: float, std: float) -> Array:
    """Uniforms to normals in blocks of 16: the first 8 give the radii, the last 8 the angles."""
    u = u.reshape(-1, 2, 8)
    z = np.empty_like(u)
    log, sincos, two_pi = (_log32, _sincos32, np.float32(2 * math.pi)) if u.dtype == F32 else (
        _log64, _sincos64, 2 * math.pi)  # fmt: skip
    radius = np.sqrt(-2 * log(1 - u[:, 0].ravel()))
    sin, cos = sincos(two_pi * u[:, 1].ravel())
    z[:, 0] = (radius * cos).reshape(-1, 8)
    z[:, 1] = (radius * sin).reshape(-1, 8)
    return fma(z.ravel(), u.dtype.type(std), u.dtype.type(mean))


def _log64(x: Array) -> Array:
    return libm(math.log, np.log, x)


def _sincos64(x: Array) -> tuple[Array, Array]:
    return libm(math.sin, np.sin, x), libm(math.cos, np.cos, x)


_LOG = [7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1,
        2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1]  # fmt: skip
_SIN = [-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1]
_COS = [2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2]
_LN2_HIGH, _LN2_LOW = np.float32(0.693359375), np.float32(-2.12194440e-4)  # their sum is log 2
_QUARTER_PI = [np.float32(x) for x in (-0.78515625, -2.4187564849853515625e-4, -3.77489497744594108e-8)]  # negated


def _polynomial(coefficients: list[float], x: Array) -> Array:
    """Horner's rule in float32 with fused multiply-adds."""
    wide = x.astype(F64)
    y = np.full_like(x, coefficients[0])
    for c in coefficients[1:]:
        y = fma(y, wide, float(np.float32(c)))
    return y


def _log32(x: Array) -> Array:
    """Natural logarithm of normal positive float32 numbers, by Moshier's Cephes library (`logf`)."""
    x, e = np.frexp(x)
    small = x < np.float32(math.sqrt(0.5))
    x = np.where(small, x + x, x) - np.float32(1)
    exponent = (e - small).astype(F32)
    z = x * x
    y = fma(_polynomial(_LOG, x) * x, z, exponent * _LN2_LOW)
    y = fma(z, np.float32(-0.5), y)
    return fma(exponent, _LN2_HIGH, x + y)


def _sincos32(x: Array) -> tuple[Array, Array]:
    """Sine and cosine of float32 angles in [0, 8192), by Moshier's Cephes library (`sinf`, `cosf`)."""
    octant = (x * np.float32(4 / math.pi)).astype(np.int32) + 1 & ~1
    turns = octant.astype(F32)
    for part in _QUARTER_PI:
        x = fma(turns, part, x)
    z = x * x
    cos = fma(_polynomial(_COS, z) * z, z, z * np.float32(-0.5)) + np.float32(1)
    sin = fma(_polynomial(_SIN, z) * z, x, x)
    swap = octant & 2 != 0
    return (
        np.where(swap, cos, sin) * (1 - (octant >> 1 & 2)).astype(F32),
        np.where(swap, sin, cos) * (1 - (octant + 2 >> 1 & 2)).astype(F32),
    )
