"""Exponentials, logarithms and what is made of them, without branches.

exp: x = k ln 2 + r with |r| <= ln(2)/2, subtracted in two parts (W. J. Cody & W. Waite, "Software Manual for the
Elementary Functions", 1980), a polynomial in r, times 2^k put together from bits. log: x = 2^k (1 + f) with the
significand between sqrt(1/2) and sqrt(2), log(1 + f) = 2 artanh(s) with s = f/(2 + f), arranged around f - f²/2 so that
the error of s does not matter (the arrangement of K. C. Ng in fdlibm). Where rounding errors would grow (pow, asinh,
log10, ...) numbers are kept as an unevaluated sum high + low (T. J. Dekker, 1971).
"""

from __future__ import annotations

from chainrule.compiler.vecmath.lane import LaneEmitter, Real

Pair = tuple[Real, Real]

# exponentials


def reduced(c: LaneEmitter, x: Real, low: Real | None = None) -> tuple[Real, Real, Real]:
    """(r, error of r, k) with x + low = k ln 2 + r, for |x| that is not huge."""
    ln2, ln2_low = c.parts("ln2")
    k = c.nearest(x * c.parts("log2e")[0])
    r = c.mad(k, -ln2, x)  # exact
    rest = k * -ln2_low if low is None else c.mad(k, -ln2_low, low)
    s, error = c.fast_two_sum(r, rest)
    return s, error, k


def limit(c: LaneEmitter) -> float:
    """exp of more is infinite, exp of less than the negative is zero, in all uses."""
    return {"float": 110.0, "double": 760.0}[c.dtype]


def exp_parts(c: LaneEmitter, x: Real, low: Real | None = None) -> tuple[Real, Real, Real]:
    """(high, low, k) with exp(x + low) = (high + low) 2^k."""
    r, error, k = reduced(c, x, low)
    high, rest = c.fast_two_sum(1.0, r)
    return high, c.mad(r * r, c.poly("exp", r), rest + error), k


def exp(c: LaneEmitter, x: Real) -> Real:
    r, _, k = reduced(c, c.clamp(x, -limit(c), limit(c)))
    return c.scale(c.mad(r * r, c.poly("exp", r), r) + 1.0, k)


def exp2(c: LaneEmitter, x: Real) -> Real:
    top = 2.0 * c.bias
    x = c.clamp(x, -top, top)
    k = c.nearest(x)
    r = x - k
    return c.scale(c.mad(r, c.poly("exp2", r), 1.0), k)


def expm1(c: LaneEmitter, x: Real) -> Real:
    overflow = {"float": 88.73, "double": 709.79}[c.dtype]
    r, error, k = reduced(c, c.clamp(x, -50.0, overflow))
    minus_one = c.mad(r * r, c.poly("exp", r), error) + r
    half = c.power_of_two(k - 1.0)  # half of 2^k: that is still finite at the largest x
    y = 2.0 * c.mad(half, minus_one, half - 0.5)
    return c.select(abs(x) < c.least_normal, x, y)


def sharp_exp(c: LaneEmitter, x: Real, shift: float = 0.0) -> Real:
    """exp(x) 2^shift with a smaller error than exp's, finite as long as that is."""
    high, low, k = exp_parts(c, c.clamp(x, -limit(c), limit(c)))
    return c.scale(high + low, k + shift)


def cosh(c: LaneEmitter, x: Real) -> Real:
    e = sharp_exp(c, abs(x), -1.0)
    return e + 0.25 / e


def sinh(c: LaneEmitter, x: Real) -> Real:
    a = abs(x)
    e = sharp_exp(c, a, -1.0)
    z = x * x
    return c.select(a < 1.0, c.mad(x * z, c.poly("sinh", z), x), c.copysign(e - 0.25 / e, x))


def tanh(c: LaneEmitter, x: Real) -> Real:
    a = c.at_most(abs(x), 24.0)  # beyond the result is 1
    z = a * a
    r, _, k = reduced(c, a + a)
    e = (c.mad(r * r, c.poly("exp", r), r) + 1.0) * c.power_of_two(k)
    return c.copysign(c.select(a < 0.55, c.mad(a * z, c.poly("tanh", z), a), 1.0 - 2.0 / (e + 1.0)), x)


def sigmoid(c: LaneEmitter, x: Real) -> Real:
    e = sharp_exp(c, -abs(x))
    d, d_low = c.fast_two_sum(1.0, e)
    inverse = 1.0 / d
    n = c.select(x < 0.0, e, 1.0)
    q = n * inverse
    p, error = c.two_product(q, d)
    return c.mad((n - p) - c.mad(q, d_low, error), inverse, q)


def log_sigmoid(c: LaneEmitter, x: Real) -> Real:
    return c.select(x < 0.0, x, 0.0) - log1p(c, exp(c, -abs(x)))


def softplus(c: LaneEmitter, x: Real) -> Real:
    return -log_sigmoid(c, -x)


# logarithms


def significand_exponent(c: LaneEmitter, x: Real) -> Pair:
    """(m, k) with x = m 2^k and m between sqrt(1/2) and sqrt(2), for x > 0."""
    small = x < c.least_normal
    bits = c.select(small, x * 2.0**c.precision, x).bits()
    one = c.bias << c.fraction
    biased = (bits - (c.bit_pattern(0.5**0.5) - one)) >> c.fraction
    m = (bits - (biased << c.fraction) + one).real()
    offset = 2.0**c.fraction  # whole numbers below it are the low bits of offset + number
    k = (biased | c.bit_pattern(offset)).real() - c.select(small, offset + c.bias + c.precision, offset + c.bias)
    return m, k


def at_the_ends(c: LaneEmitter, x: Real, value: Real) -> Real:
    """A logarithm's value with the special ones: log(0) = -inf, log(inf) = inf, log(negative) = nan."""
    value = c.select(x < c.infinity, value, x)  # inf and nan stay
    return c.select(x > 0.0, value, c.select(x.equals(0.0), -c.infinity, x * float("nan")))


def series(c: LaneEmitter, f: Real) -> Pair:
    """(f²/2, p) with log(1 + f) = f - (f²/2 - p)."""
    s = f / (f + 2.0)
    z = s * s
    square = 0.5 * f * f
    return square, s * c.mad(z, c.poly("log", z), square)


def log_of(c: LaneEmitter, x: Real, low: Real | None = None, twice: Real | None = None) -> Real:
    """log(x + low), or of that times 2^twice, for finite x > 0; low may be as large as x - 1."""
    ln2, ln2_low = c.parts("ln2")
    m, k = significand_exponent(c, x)
    f = m - 1.0
    square, p = series(c, f)
    if low is not None:
        slope = c.mad(f, f - 1.0, 1.0)  # 1/(1 + f), near enough for a correction, exact where f is small
        p = c.mad(low * c.power_of_two(c.at_least(-k, -2.0 * c.precision)), slope, p)
    k = k if twice is None else k + twice
    return c.mad(k, ln2, f - (square - c.mad(k, ln2_low, p)))


def log(c: LaneEmitter, x: Real) -> Real:
    return at_the_ends(c, x, log_of(c, x))


def log1p(c: LaneEmitter, x: Real) -> Real:
    u, low = c.two_sum(1.0, x)
    return c.select(abs(x) < c.least_normal, x, at_the_ends(c, u, log_of(c, u, low)))


def log_pair(c: LaneEmitter, f: Real) -> Pair:
    """log(1 + f) as high + low, to four or so bits more than the dtype has."""
    square, p = series(c, f)
    error = c.mad(0.5 * f, f, -square) if c.fused else c.two_product(0.5 * f, f)[1]
    t, rest = c.fast_two_sum(f, -square)
    return c.fast_two_sum(t, p + (rest - error))


def other_base(c: LaneEmitter, x: Real, factor: str, step: tuple[float, ...]) -> Real:
    """log(x) times the factor, where `step` is the parts of log(2) in that base."""
    m, k = significand_exponent(c, x)
    high, low = log_pair(c, m - 1.0)
    by, by_low = c.parts(factor)
    p, error = c.two_product(high, by)
    s, rest = c.fast_two_sum(k * step[0], p)
    rest = rest + (c.mad(high, by_low, low * by) + error)
    return at_the_ends(c, x, s + (c.mad(k, step[1], rest) if step[1:] else rest))


def log2(c: LaneEmitter, x: Real) -> Real:
    return other_base(c, x, "log2e", (1.0,))


def log10(c: LaneEmitter, x: Real) -> Real:
    return other_base(c, x, "log10e", c.parts("log10_2"))


# inverse hyperbolic functions: the logarithm of a pair


def root_of_pair(c: LaneEmitter, high: Real, low: Real) -> Pair:
    """sqrt(high + low) as a pair."""
    r = c.sqrt(high)
    p, error = c.two_product(r, r)
    return r, c.select(high > 0.0, ((high - p) - error + low) / (r + r), 0.0)


def asinh(c: LaneEmitter, x: Real) -> Real:
    a = abs(x)
    huge = a > 2.0**c.precision  # asinh(x) = log(2x)
    b = c.at_most(a, 2.0**c.precision)
    square, error = c.two_product(b, b)
    s, rest = c.two_sum(square, 1.0)
    r, r_low = root_of_pair(c, s, rest + error)
    u, low = c.two_sum(r, b)
    y = log_of(c, c.select(huge, a, u), c.select(huge, 0.0, low + r_low), c.select(huge, 1.0, 0.0))
    y = c.select(a < 2.0 ** -(c.precision // 2), a, y)
    return c.select(a < c.infinity, c.copysign(y, x), x)


def acosh(c: LaneEmitter, x: Real) -> Real:
    huge = x > 2.0**c.precision
    b = c.at_most(x, 2.0**c.precision)
    square, error = c.two_product(b, b)
    s, rest = c.fast_two_sum(square, c.real(-1.0))
    r, r_low = root_of_pair(c, *c.fast_two_sum(s, rest + error))
    u, low = c.fast_two_sum(b, r)
    y = log_of(c, c.select(huge, x, u), c.select(huge, 0.0, low + r_low), c.select(huge, 1.0, 0.0))
    return c.select(x < 1.0, float("nan"), c.select(x < c.infinity, y, x))


def atanh(c: LaneEmitter, x: Real) -> Real:
    a = abs(x)
    n, n_low = c.fast_two_sum(1.0, a)
    d, d_low = c.fast_two_sum(1.0, -a)
    q = n / d
    p, error = c.two_product(q, d)
    low = (((n - p) - error) + (n_low - q * d_low)) / d
    y = 0.5 * at_the_ends(c, d, log_of(c, q, low))
    y = c.select(a < 2.0 ** -(c.precision // 2), a, c.select(a.equals(1.0), c.infinity, y))
    return c.copysign(y, x)


# powers and roots


def long_log(c: LaneEmitter, x: Real) -> Pair:
    """log(x) as a pair, with ten bits more than the dtype has and then some: 2s (1 + z/3 + ...), all as pairs."""
    m, k = significand_exponent(c, x)
    f = m - 1.0
    d = m + 1.0
    inverse = 1.0 / d
    s = f * inverse
    p, error = c.two_product(s, d)
    s_low = ((f - p) - error - s * (m - (d - 1.0))) * inverse
    z, error = c.two_product(s, s)
    z_low = c.mad(s + s, s_low, error)
    third, third_low = c.parts("third")
    w, w_low = c.fast_two_sum(third, z * c.poly("log_long", z))
    u, error = c.two_product(z, w)
    u_low = c.mad(z, w_low + third_low, c.mad(z_low, w, error))
    v, error = c.two_product(s, u)
    v_low = c.mad(s, u_low, c.mad(s_low, u, error))
    ln2, ln2_low = c.parts("ln2")
    t, rest = c.fast_two_sum(k * ln2, s + s)
    t, more = c.fast_two_sum(t, v + v)
    low = c.mad(k, ln2_low, (s_low + v_low) * 2.0 + rest + more)
    return c.fast_two_sum(t, low)


def pow(c: LaneEmitter, x: Real, y: Real) -> Real:
    a, n = (
        abs(x),
        c.clamp(y, -(2.0 ** (c.precision + 20)), 2.0 ** (c.precision + 20)),
    )  # so large that all is 0, 1 or inf
    high, low = long_log(c, a)
    p, error = c.two_product(n, high)
    outside = abs(p) > limit(c)
    low = c.select(outside, 0.0, c.mad(n, low, error))
    r, tail, k = reduced(c, c.clamp(p, -limit(c), limit(c)), low)
    z = c.scale(c.mad(r * r, c.poly("exp", r), tail) + r + 1.0, k)
    ends = a.equals(0.0) | a.equals(c.infinity)
    z = c.select(ends, c.select(a.equals(0.0) ^ (y < 0.0), 0.0, c.infinity), z)
    whole = c.intrinsic("trunc", y).equals(y)
    odd = whole & c.intrinsic("trunc", y * 0.5).differs(y * 0.5)
    z = c.select(odd, c.copysign(z, x), z)
    z = c.select((x < 0.0) & (a < c.infinity) & ~whole, float("nan"), z)
    z = c.select(x.is_nan() | y.is_nan(), x + y, z)
    return c.select(x.equals(1.0) | y.equals(0.0), 1.0, z)


def cbrt(c: LaneEmitter, x: Real) -> Real:
    """A polynomial's guess and one step of Halley's method, on a number between 0.35 and 2.83."""
    m, k = significand_exponent(c, abs(x))
    third = c.nearest(k * (1.0 / 3.0))
    rest = k - third * 3.0  # -1, 0, 1
    a = m * c.power_of_two(rest)
    y = c.poly("cbrt", m)
    y = y * c.select(rest > 0.0, c.parts("cbrt2")[0], c.select(rest < 0.0, c.parts("cbrt_half")[0], 1.0))
    cube = y * y * y
    y = y - y * ((cube - a) / (c.mad(cube, 2.0, a)))
    y = c.copysign(y * c.power_of_two(third), x)
    return c.select((abs(x) < c.infinity) & x.differs(0.0), y, x + x)


# the error function


def erfc_far(c: LaneEmitter, x: Real) -> Real:
    """erfc(x) for x >= 0.8: (1 + 2x) exp(x²) erfc(x) is smooth in (x - 4)/(x + 4) (M. M. Shepherd & J. G. Laframboise,
    1981); the exponential and the quotient are pairs."""
    x = c.at_most(x, {"float": 10.4, "double": 27.5}[c.dtype])  # beyond it is zero
    square, error = c.two_product(x, x)
    high, low, k = exp_parts(c, -square, -error)
    g, g_low = c.fast_two_sum(1.0, c.poly("erfc", (x - 4.0) / (x + 4.0)))
    d, d_low = c.two_sum(1.0, x + x)
    inverse = 1.0 / d
    q = g * inverse
    p, error = c.two_product(q, d)
    q_low = ((g - p) - error + (g_low - q * d_low)) * inverse
    return c.scale(c.mad(high, q, c.mad(high, q_low, low * q)), k)


def erfc(c: LaneEmitter, x: Real) -> Real:
    a = abs(x)
    far = erfc_far(c, a)
    one_minus, rest = c.fast_two_sum(1.0, -x)
    near = one_minus + (rest - x * c.poly("erf", x * x))
    return c.select(a < 0.8, near, c.select(x < 0.0, 2.0 - far, far))


def erf(c: LaneEmitter, x: Real) -> Real:
    """From 1 on it is 1 - erfc(x), as in `erfc_far` but without pairs: of what is below 0.16 less need be known."""
    near = c.mad(x, c.poly("erf", x * x), x)
    a = c.at_most(abs(x), 6.0)  # beyond it is 1
    r, _, k = reduced(c, -(a * a))
    e = (c.mad(r * r, c.poly("exp", r), r) + 1.0) * c.power_of_two(k)
    far = 1.0 - e * ((1.0 + c.poly("erfc", (a - 4.0) / (a + 4.0))) / (1.0 + (a + a)))
    return c.select(abs(x) < 1.0, near, c.copysign(far, x))
