"""What the hardware has (roots, rounding), remainders and lengths."""

from __future__ import annotations

from chainrule.compiler.vecmath.lane import LaneEmitter, Real
from chainrule.compiler.vecmath.rare import rarely


def absolute(c: LaneEmitter, x: Real) -> Real:
    return abs(x)


def sqrt(c: LaneEmitter, x: Real) -> Real:
    return c.sqrt(x)


def rsqrt(c: LaneEmitter, x: Real) -> Real:
    return 1.0 / c.sqrt(x)


def reciprocal(c: LaneEmitter, x: Real) -> Real:
    return 1.0 / x


def floor(c: LaneEmitter, x: Real) -> Real:
    return c.intrinsic("floor", x)


def ceil(c: LaneEmitter, x: Real) -> Real:
    return c.intrinsic("ceil", x)


def trunc(c: LaneEmitter, x: Real) -> Real:
    return c.intrinsic("trunc", x)


def rint(c: LaneEmitter, x: Real) -> Real:
    """To the nearest whole number, halves to even ones: NumPy's and torch's round."""
    return c.intrinsic("rint", x)


def fmod(c: LaneEmitter, x: Real, y: Real) -> Real:
    """x - trunc(x/y) y, exact: a quotient below 2^(precision - 1) is at most one off, which shows in the remainder."""
    a, b = abs(x), abs(y)
    q = a / b
    r = c.fma(-trunc(c, q), b, a)
    r = c.select(r < 0.0, r + b, r)
    r = c.copysign(c.select(r >= b, r - b, r), x)
    usual = (q < 2.0**c.fraction) & (b < c.infinity)
    return rarely(c, ~usual, r, "fmod", (x, y), slow_fmod)


def slow_fmod(c: LaneEmitter, x: Real, y: Real) -> Real:
    """The same by a call of the C library's."""
    return Real(c, c.build.frem(x.raw, y.raw))


def remainder(c: LaneEmitter, x: Real, y: Real) -> Real:
    """The remainder with the divisor's sign, as of Python's and NumPy's %."""
    r = fmod(c, x, y)
    other_side = (r < 0.0) ^ (y < 0.0)
    return c.select(r.equals(0.0), c.copysign(r, y), c.select(other_side, r + y, r))


def hypot(c: LaneEmitter, x: Real, y: Real) -> Real:
    """sqrt(x² + y²), scaled by a power of two so that no square overflows or vanishes."""
    a, b = abs(x), abs(y)
    more = a > b
    long, short = c.select(more, a, b), c.select(more, b, a)
    step = 2.0 ** (c.bias // 2 + c.precision)
    large, small = long > 2.0 ** (c.bias // 2 - 1), long < 2.0 ** -(c.bias // 2 - c.precision)
    scale = c.select(large, 1.0 / step, c.select(small, step, 1.0))
    back = c.select(large, step, c.select(small, 1.0 / step, 1.0))
    long, short = long * scale, short * scale
    p, error = c.two_product(short, short)
    square, rest = c.two_product(long, long)
    s, low = c.fast_two_sum(square, p)
    r = c.sqrt(s + (low + (error + rest))) * back
    endless = a.equals(c.infinity) | b.equals(c.infinity)
    return c.select(endless, c.infinity, c.select(a.is_nan() | b.is_nan(), float("nan"), r))
