"""Trigonometric functions and their inverses.

sin, cos, tan: x = n pi/2 + r, with pi/2 in three parts so that r is known to twice the precision (W. J. Cody &
W. Waite, 1980; the first subtraction is exact). Angles beyond 2^30 (float32: 2^16), where three parts do not do, take
a cold path of their own: x times the bits of 2/pi that matter, in integers (M. H. Payne & R. N. Hanek, 1983).
"""

from __future__ import annotations

from chainrule.compiler.vecmath.lane import Integer, LaneEmitter, Real, Truth, need_llvmlite
from chainrule.compiler.vecmath.rare import rarely
from chainrule.compiler.vecmath.tables import CONSTANTS, TWO_OVER_PI

TABLE_BITS = 1248  # of 2/pi behind the point
WINDOW = 192  # bits of the fixed point number that x 2/pi is, modulo 4: two before the point


def reduced(c: LaneEmitter, x: Real) -> tuple[Real, Real, Integer]:
    """(r, low, n) with x = n pi/2 + r + low, |r| <= pi/4 and n right in its lowest bits, for |x| that is not huge."""
    first, second, third = c.parts("pi_2")
    shifted = c.mad(x, c.parts("2_pi")[0], c.magic)
    k = shifted - c.magic
    if c.fused:
        r = c.fma(-k, first, x)
    else:
        p, error = c.two_product(k, first)
        r = (x - p) - error
    p, error = c.two_product(k, second)
    s, rest = c.two_sum(r, -p)
    high, low = c.fast_two_sum(s, rest - c.mad(k, third, error))
    return high, low, shifted.bits()


def sine(c: LaneEmitter, r: Real, low: Real) -> tuple[Real, Real]:
    """sin(r + low) as a sum of two."""
    z = r * r
    return r, c.mad(r * z, c.poly("sin", z), low * c.mad(z, -0.5, 1.0))


def cosine(c: LaneEmitter, r: Real, low: Real) -> tuple[Real, Real]:
    """cos(r + low) as a sum of two."""
    z = r * r
    w, rest = c.fast_two_sum(1.0, z * -0.5)
    return w, c.mad(z * z, c.poly("cos", z), rest - r * low)


def sin_quadrant(c: LaneEmitter, r: Real, low: Real, n: Integer) -> Real:
    """sin(n pi/2 + r + low)."""
    (s, s_low), (o, o_low) = sine(c, r, low), cosine(c, r, low)
    even = (n & 1).same(0)
    value = c.select(even, s, o) + c.select(even, s_low, o_low)
    return (value.bits() ^ ((n & 2) << (c.width - 2))).real()


def short_sin(c: LaneEmitter, x: Real, quarters: int) -> Real:
    """sin(x + quarters pi/2) in half the time: fused multiply-adds give an r that is right to a unit in the last place,
    which has to do."""
    shifted = c.fma(x, c.parts("2_pi")[0], c.magic)
    k, r = c.magic - shifted, x
    for part in c.parts("pi_2"):
        r = c.fma(k, part, r)
    z, n = r * r, shifted.bits() + quarters
    s = c.fma(r * z, c.poly("sin", z), r)
    o = c.fma(z, c.fma(z, c.poly("cos", z), -0.5), 1.0)
    return (c.select((n & 1).same(0), s, o).bits() ^ ((n & 2) << (c.width - 2))).real()


def tan_quadrant(c: LaneEmitter, r: Real, low: Real, n: Integer) -> Real:
    """tan(n pi/2 + r + low): a quotient of pairs."""
    (s, s_low), (o, o_low) = c.fast_two_sum(*sine(c, r, low)), c.fast_two_sum(*cosine(c, r, low))
    even = (n & 1).same(0)
    (a, a_low), (b, b_low) = (
        (c.select(even, s, -o), c.select(even, s_low, -o_low)), (c.select(even, o, s), c.select(even, o_low, s_low))
    )  # fmt: skip
    inverse = 1.0 / b
    q = a * inverse
    p, error = c.two_product(q, b)
    return c.mad(((a - p) - error) + (a_low - q * b_low), inverse, q)


def of_angle(c: LaneEmitter, x: Real, name: str) -> Real:
    if c.fused and c.dtype == "float" and name != "tan":
        y = short_sin(c, x, int(name == "cos"))
    else:
        y = FORMS[name](c, *reduced(c, x))
    if name != "cos":
        y = c.select(abs(x) < 2.0 ** -(c.precision // 2 + 1), x, y)
    huge = (abs(x) > {"float": 2.0**16, "double": 2.0**30}[c.dtype]) & (abs(x) < c.infinity)
    return rarely(c, huge, y, name, (x,), lambda inner, angle: of_huge(inner, angle, name))


FORMS = {
    "sin": sin_quadrant,
    "cos": lambda c, r, low, n: sin_quadrant(c, r, low, n + 1),
    "tan": tan_quadrant,
}


def sin(c: LaneEmitter, x: Real) -> Real:
    return of_angle(c, x, "sin")


def cos(c: LaneEmitter, x: Real) -> Real:
    return of_angle(c, x, "cos")


def tan(c: LaneEmitter, x: Real) -> Real:
    return of_angle(c, x, "tan")


def of_huge(c: LaneEmitter, x: Real, name: str) -> Real:
    """The function of a huge angle; float32 goes by float64."""
    if c.dtype == "double":
        return FORMS[name](c, *reduced_huge(c, x))
    wide = LaneEmitter(c.build, "double", c.fused)
    y = of_huge(wide, Real(wide, c.build.fpext(x.raw, wide.type)), name)
    return Real(c, c.build.fptrunc(y.raw, c.type))


def reduced_huge(c: LaneEmitter, x: Real) -> tuple[Real, Real, Integer]:
    """`reduced` for any finite float64 from 2^16 on: Payne and Hanek's, with wide integers instead of a table."""
    ir, b = need_llvmlite().ir, c.build
    all_bits, window = ir.IntType(TABLE_BITS + 32), ir.IntType(WINDOW)
    bits = abs(x).bits()
    exponent = (bits >> c.fraction) - (c.bias + c.fraction)  # x = significand 2^exponent
    significand = (bits & (2**c.fraction - 1)) | 2**c.fraction
    # 2/pi 2^exponent modulo 4 with WINDOW - 2 bits behind the point, times the significand
    shift = c.integer(TABLE_BITS - (WINDOW - 2)) - exponent
    piece = b.trunc(b.lshr(ir.Constant(all_bits, TWO_OVER_PI), b.zext(shift.raw, all_bits)), window)
    turns = b.mul(piece, b.zext(significand.raw, window))
    n = b.lshr(b.add(turns, ir.Constant(window, 2 ** (WINDOW - 3))), ir.Constant(window, WINDOW - 2))
    rest = b.sub(turns, b.shl(n, ir.Constant(window, WINDOW - 2)))  # signed, |rest| <= 1/2
    negative = b.icmp_signed("<", rest, ir.Constant(window, 0))
    size = b.select(negative, b.neg(rest), rest)
    zeros = b.ctlz(size, ir.Constant(ir.IntType(1), 0))
    size = b.shl(size, zeros)

    def top(skip: int) -> Real:
        """53 bits as a number, after the first `skip`."""
        part = b.lshr(b.shl(size, ir.Constant(window, skip)), ir.Constant(window, WINDOW - 53))
        return Real(c, b.uitofp(b.trunc(part, c.int), c.type))

    unit = (c.integer(c.bias + 2 - 53) - Integer(c, b.trunc(zeros, c.int))) << c.fraction
    high, low = top(0) * unit.real(), top(53) * unit.real() * 2.0**-53
    quarter, quarter_low, _ = CONSTANTS["pi_2"]["double"]
    p, error = c.two_product(high, quarter)
    r, r_low = c.fast_two_sum(p, error + (high * quarter_low + low * quarter))
    minus = Truth(c, negative) ^ (x < 0.0)
    n = Integer(c, b.trunc(n, c.int))
    n = Integer(c, b.select((x < 0.0).raw, (c.integer(0) - n).raw, n.raw))
    return c.select(minus, -r, r), c.select(minus, -r_low, r_low), n


# inverses


def arc(c: LaneEmitter, x: Real) -> tuple[Truth, Real, Real]:
    """(beyond, s, p): asin of |x| <= 1/2 is s + p, of larger |x| it is pi/2 - 2 (s + p)."""
    a = abs(x)
    beyond = a > 0.5
    z = c.select(beyond, (1.0 - a) * 0.5, a * a)
    s = c.select(beyond, c.sqrt(z), a)
    return beyond, s, s * z * c.poly("asin", z)


def asin(c: LaneEmitter, x: Real) -> Real:
    beyond, s, p = arc(c, x)
    half, half_low = c.parts("pi_2")[:2]
    y = c.select(beyond, half - (2.0 * s - (half_low - 2.0 * p)), s + p)
    return c.copysign(y, x)


def acos(c: LaneEmitter, x: Real) -> Real:
    beyond, s, p = arc(c, x)
    (half, half_low), (pi, pi_low) = c.parts("pi_2")[:2], c.parts("pi")
    near = half - (c.copysign(s, x) - (half_low - c.copysign(p, x)))
    far = c.select(x < 0.0, pi - (2.0 * s - (pi_low - 2.0 * p)), 2.0 * (s + p))
    return c.select(beyond, far, near)


def arc_of_ratio(c: LaneEmitter, a: Real, b: Real) -> Real:
    """atan(a/b) for 0 <= a <= b, from 0 to pi/4: about pi/4 where a/b is more than 1/2, for a - b is exact there."""
    large = a > b * 0.5
    t = c.select(large, a - b, a) / c.select(large, a + b, b)
    z = t * t
    p = t * z * c.poly("atan", z)
    quarter, quarter_low = c.parts("pi_2")[0] / 2, c.parts("pi_2")[1] / 2
    u, rest = c.fast_two_sum(c.select(large, quarter, 0.0), t)
    return u + (p + c.select(large, rest + quarter_low, 0.0))


def atan(c: LaneEmitter, x: Real) -> Real:
    a = abs(x)
    tan_quadrant = a > 1.0
    half, half_low = c.parts("pi_2")[:2]
    y = arc_of_ratio(c, c.select(tan_quadrant, 1.0, a), c.select(tan_quadrant, a, 1.0))
    return c.copysign(c.select(tan_quadrant, half - (y - half_low), y), x)


def atan2(c: LaneEmitter, y: Real, x: Real) -> Real:
    up, across = abs(y), abs(x)
    tan_quadrant = up > across
    a, b = c.select(tan_quadrant, across, up), c.select(tan_quadrant, up, across)
    endless = a.equals(c.infinity) & b.equals(c.infinity)  # inf/inf counts as 1/1, 0/0 as 0/1
    a, b = c.select(endless, 1.0, a), c.select(endless | b.equals(0.0), 1.0, b)
    down = c.select(b > 2.0 ** (c.bias - 1), 0.25, 1.0)  # a + b must not overflow
    angle = arc_of_ratio(c, a * down, b * down)
    (half, half_low), (pi, pi_low) = c.parts("pi_2")[:2], c.parts("pi")
    angle = c.select(tan_quadrant, half - (angle - half_low), angle)
    backwards = c.copysign(c.real(1.0), x) < 0.0
    return c.copysign(c.select(backwards, pi - (angle - pi_low), angle), y)
