"""Elementwise operations and their partial derivatives.

Each rule is a function of (inputs..., out); `times` rules are functions of (g, inputs..., out). A rule reads the result
instead of the input wherever that is cheaper (exp is its own slope), and just what a rule reads is kept for backward.
Which of them PyTorch keeps matters to users who change things in place, so we keep the same.
"""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from chainrule.core.op import REGISTRY, elementwise

Number = (int, float)


def where(c: Any, x: Any, y: Any) -> Any:
    """The registry's `where`, declared in `select` and used by rules here."""
    return REGISTRY["where"](c, x, y)


# --------------------------------------------------------------------------------------------------------- arithmetic

add = elementwise(
    "add", operator.add, (1, 1),
    llvm="fadd", js="%0+%1", sympy="%0 + %1", tex="%0 + %1", why="the slope of a sum is the sum of the slopes",
)  # fmt: skip
sub = elementwise(
    "sub", operator.sub, (1, -1),
    llvm="fsub", js="%0-%1", sympy="%0 - %1", tex="%0 - %1", why="the slope of a difference is the difference of slopes",
)  # fmt: skip
mul = elementwise(
    "mul", operator.mul, (lambda x, y, out: y, lambda x, y, out: x),
    llvm="fmul", js="%0*%1", sympy="%0*%1", tex="%0 \\cdot %1", why="each factor's slope is the other factor",
)  # fmt: skip
div = elementwise(
    "div", operator.truediv, times=(lambda g, x, y, out: g / y, lambda g, x, y, out: -g * (x / y / y)), types="float",
    llvm="fdiv", js="%0/%1", sympy="%0/%1", tex="\\frac{%0}{%1}", why="the quotient rule",
)  # fmt: skip
neg = elementwise("neg", operator.neg, -1, llvm="fneg", js="-%0", sympy="-%0", tex="-%0")
positive = elementwise("positive", operator.pos, 1)


def _pow(x: Any, y: Any) -> Any:
    # The exponents that have a faster and exacter form; PyTorch takes the same ones.
    if type(y) in Number:
        if y == 2:
            return x * x
        if y == 0.5 and x.dtype.kind == "f":
            return np.sqrt(x)
        if y == 3:
            return x * x * x
        if y == -1 and x.dtype.kind == "f":
            return 1 / x
        if y < 0 and x.dtype.kind != "f":
            raise RuntimeError("Integers to negative integer powers are not allowed.")
    return x**y


def _pow_base(g: Any, x: Any, y: Any, out: Any) -> Any:
    if isinstance(y, Number):
        return g * (y * pow(x, y - 1)) if y not in (0, 1, 2) else (g * 0 if y == 0 else g if y == 1 else g * (2 * x))
    return where(y == 0, 0.0, g * (y * pow(x, y - 1)))


def _pow_exponent(g: Any, x: Any, y: Any, out: Any) -> Any:
    if isinstance(x, Number):
        return where(y >= 0, 0.0, g * (out * -math.inf)) if x == 0 else g * (out * (math.log(x) if x > 0 else math.nan))
    at_zero = (x == 0) & (y >= 0)
    return where(at_zero, 0.0, g * (out * log(x)))


pow = elementwise(
    "pow", _pow, times=(_pow_base, _pow_exponent),
    llvm="pow", js="Math.pow(%0,%1)", sympy="%0**%1", tex="%0^{%1}", why="the power rule",
)  # fmt: skip
square = elementwise("square", np.square, lambda x, out: 2 * x, grad="PowBackward0", sympy="%0**2", tex="%0^2")
reciprocal = elementwise("reciprocal", lambda x: 1 / x, lambda x, out: -out * out, types="float", sympy="1/%0")
sqrt = elementwise(
    "sqrt", np.sqrt, times=lambda g, x, out: g / (2 * out), types="float",
    llvm="sqrt", js="Math.sqrt(%0)", sympy="sqrt", tex="\\sqrt{%0}", why="the slope of a root is 1 over twice the root",
)  # fmt: skip
rsqrt = elementwise("rsqrt", lambda x: 1 / np.sqrt(x), lambda x, out: -0.5 * out**3, types="float")
abs_ = elementwise("abs", np.abs, lambda x, out: sign(x), js="Math.abs(%0)", sympy="Abs", tex="\\left|%0\\right|")
sign = elementwise("sign", np.sign, 0, js="Math.sign(%0)", sympy="sign")
sgn = elementwise("sgn", np.sign, 0)

# --------------------------------------------------------------------------------------- exponentials and logarithms

exp = elementwise(
    "exp", np.exp, lambda x, out: out, types="float",
    llvm="exp", js="Math.exp(%0)", sympy="exp", tex="e^{%0}", why="exp is its own slope",
)  # fmt: skip
exp2 = elementwise("exp2", np.exp2, lambda x, out: out * math.log(2), types="float", sympy="2**%0", tex="2^{%0}")
expm1 = elementwise("expm1", np.expm1, lambda x, out: out + 1, types="float", js="Math.expm1(%0)", sympy="exp(%0) - 1")
log = elementwise(
    "log", np.log, times=lambda g, x, out: g / x, types="float",
    llvm="log", js="Math.log(%0)", sympy="log", tex="\\ln %0", why="the slope of ln is 1/x",
)  # fmt: skip
log2 = elementwise("log2", np.log2, times=lambda g, x, out: g / (x * math.log(2)), types="float", sympy="log(%0, 2)")
log10 = elementwise("log10", np.log10, times=lambda g, x, out: g / (x * math.log(10)), types="float", sympy="log(%0, 10)")
log1p = elementwise("log1p", np.log1p, times=lambda g, x, out: g / (x + 1), types="float", sympy="log(1 + %0)")
logaddexp = elementwise(
    "logaddexp", np.logaddexp, types="float",
    d=(lambda x, y, out: sigmoid(_gap(x, y)), lambda x, y, out: sigmoid(_gap(y, x))),
)  # fmt: skip
logaddexp2 = elementwise(
    "logaddexp2", np.logaddexp2, types="float",
    d=(lambda x, y, out: sigmoid(_gap(x, y) * math.log(2)), lambda x, y, out: sigmoid(_gap(y, x) * math.log(2))),
)  # fmt: skip


def _gap(x: Any, y: Any) -> Any:
    # x - y, and 0 where both are the same infinity.
    return where(x == y, 0.0, x - y)


def _xlogy(x: Any, y: Any) -> Any:
    return np.where(np.isnan(y), np.nan, np.where(x == 0, 0.0, x * np.log(y))).astype(np.result_type(x, y))


xlogy = elementwise(
    "xlogy", _xlogy, types="float",
    times=(
        lambda g, x, y, out: g * where((x == 0) & (y <= 0), 0.0, log(y)),
        lambda g, x, y, out: g * x / y,
    ),
)  # fmt: skip
sigmoid = elementwise(
    "sigmoid", lambda x: 1 / (1 + np.exp(-x)), lambda x, out: out * (1 - out), types="float",
    llvm="sigmoid", js="1/(1+Math.exp(-%0))", sympy="1/(1 + exp(-%0))", tex="\\sigma(%0)",
)  # fmt: skip
log_sigmoid = elementwise(
    "log_sigmoid", lambda x: np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x))), lambda x, out: sigmoid(-x),
    types="float", grad="LogSigmoidBackward0",
)  # fmt: skip

# --------------------------------------------------------------------------------------------------------- trigonometry

sin = elementwise(
    "sin", np.sin, lambda x, out: cos(x), types="float",
    llvm="sin", js="Math.sin(%0)", sympy="sin", tex="\\sin %0", why="the slope of sin is cos",
)  # fmt: skip
cos = elementwise(
    "cos", np.cos, lambda x, out: -sin(x), types="float",
    llvm="cos", js="Math.cos(%0)", sympy="cos", tex="\\cos %0", why="the slope of cos is -sin",
)  # fmt: skip
tan = elementwise("tan", np.tan, lambda x, out: 1 + out * out, types="float", js="Math.tan(%0)", sympy="tan")
asin = elementwise("asin", np.arcsin, times=lambda g, x, out: g / sqrt(1 - x * x), types="float", sympy="asin")
acos = elementwise("acos", np.arccos, times=lambda g, x, out: -g / sqrt(1 - x * x), types="float", sympy="acos")
atan = elementwise("atan", np.arctan, times=lambda g, x, out: g / (x * x + 1), types="float", sympy="atan")
sinh = elementwise("sinh", np.sinh, lambda x, out: cosh(x), types="float", sympy="sinh")
cosh = elementwise("cosh", np.cosh, lambda x, out: sinh(x), types="float", sympy="cosh")
tanh = elementwise(
    "tanh", np.tanh, lambda x, out: 1 - out * out, types="float",
    llvm="tanh", js="Math.tanh(%0)", sympy="tanh", tex="\\tanh %0", why="the slope of tanh is 1 - tanh squared",
)  # fmt: skip
asinh = elementwise("asinh", np.arcsinh, times=lambda g, x, out: g / sqrt(x * x + 1), types="float", sympy="asinh")
acosh = elementwise("acosh", np.arccosh, times=lambda g, x, out: g / sqrt((x - 1) * (x + 1)), types="float", sympy="acosh")
atanh = elementwise("atanh", np.arctanh, times=lambda g, x, out: g / (1 - x * x), types="float", sympy="atanh")
atan2 = elementwise(
    "atan2", np.arctan2, types="float",
    times=(lambda g, y, x, out: g * x / (x * x + y * y), lambda g, y, x, out: -g * y / (x * x + y * y)),
)  # fmt: skip
hypot = elementwise(
    "hypot", np.hypot, types="same",
    times=(lambda g, x, y, out: g * (x / out), lambda g, x, y, out: g * (y / out)),
)  # fmt: skip
sinc = elementwise(
    "sinc", np.sinc, types="float",
    times=lambda g, x, out: where(
        x == 0, 0.0, g * ((cos(math.pi * x) * (math.pi * x) - sin(math.pi * x)) / (math.pi * x * x))
    ),
)  # fmt: skip
deg2rad = elementwise("deg2rad", np.deg2rad, lambda x, out: math.pi / 180, types="float", grad="Deg2RadBackward0")
rad2deg = elementwise("rad2deg", np.rad2deg, lambda x, out: 180 / math.pi, types="float", grad="Rad2DegBackward0")

# ------------------------------------------------------------------------------------------------ kinks, steps, choices

relu = elementwise(
    "relu", lambda x: np.maximum(x, 0), times=lambda g, x, out: where(out > 0, g, 0.0),
    js="Math.max(%0,0)", sympy="Max(%0, 0)", why="the slope is 1 where the input is positive, else 0",
)  # fmt: skip


def _larger(g: Any, mine: Any, other: Any) -> Any:
    return where(mine == other, g / 2, where(mine > other, g, 0.0))


maximum = elementwise(
    "maximum", np.maximum,
    times=(lambda g, x, y, out: _larger(g, x, y), lambda g, x, y, out: _larger(g, y, x)), sympy="Max",
)  # fmt: skip
minimum = elementwise(
    "minimum", np.minimum,
    times=(lambda g, x, y, out: _larger(g, y, x), lambda g, x, y, out: _larger(g, x, y)), sympy="Min",
)  # fmt: skip
fmax = elementwise(
    "fmax", np.fmax,
    times=(
        lambda g, x, y, out: where((x >= y) | isnan(y), g, 0.0),
        lambda g, x, y, out: where((x >= y) | isnan(y), 0.0, g),
    ),
)  # fmt: skip
fmin = elementwise(
    "fmin", np.fmin,
    times=(
        lambda g, x, y, out: where((x <= y) | isnan(y), g, 0.0),
        lambda g, x, y, out: where((x <= y) | isnan(y), 0.0, g),
    ),
)  # fmt: skip


def _clamp(x: Any, min: Any = None, max: Any = None) -> Any:
    low = x if min is None else np.maximum(x, min)
    return low if max is None else np.minimum(low, max)


def _inside(g: Any, x: Any, out: Any, min: Any = None, max: Any = None) -> Any:
    if min is not None:
        g = where(x >= min, g, 0.0)
    return g if max is None else where(x <= max, g, 0.0)


clamp = elementwise("clamp", _clamp, times=_inside, probe={"min": 0})

floor = elementwise("floor", np.floor, 0, js="Math.floor(%0)", sympy="floor")
ceil = elementwise("ceil", np.ceil, 0, js="Math.ceil(%0)", sympy="ceiling")
trunc = elementwise("trunc", np.trunc, 0, js="Math.trunc(%0)")
round_ = elementwise("round", np.rint, 0)
frac = elementwise("frac", lambda x: x - np.trunc(x), 1)
fmod = elementwise(
    "fmod", np.fmod, (1, lambda x, y, out: -trunc(x / y)),
)  # fmt: skip
remainder = elementwise(
    "remainder", np.remainder, (1, lambda x, y, out: -floor(x / y)),
)  # fmt: skip
floor_divide = elementwise("floor_divide", np.floor_divide)
copysign = elementwise(
    "copysign", np.copysign, types="float",
    times=(lambda g, x, y, out: where(x == 0, 0.0, g * (out / x)), lambda g, x, y, out: g * 0),
)  # fmt: skip
nextafter = elementwise("nextafter", np.nextafter)
heaviside = elementwise("heaviside", np.heaviside)

# ------------------------------------------------------------------------------------ comparisons, logic, bits, classes

eq = elementwise("eq", operator.eq, types="bool", js="%0===%1", sympy="Eq")
ne = elementwise("ne", operator.ne, types="bool", js="%0!==%1", sympy="Ne")
lt = elementwise("lt", operator.lt, types="bool", js="%0<%1", sympy="%0 < %1")
le = elementwise("le", operator.le, types="bool", js="%0<=%1", sympy="%0 <= %1")
gt = elementwise("gt", operator.gt, types="bool", js="%0>%1", sympy="%0 > %1")
ge = elementwise("ge", operator.ge, types="bool", js="%0>=%1", sympy="%0 >= %1")
logical_and = elementwise("logical_and", np.logical_and, types="bool")
logical_or = elementwise("logical_or", np.logical_or, types="bool")
logical_xor = elementwise("logical_xor", np.logical_xor, types="bool")
logical_not = elementwise("logical_not", np.logical_not, types="bool")
isnan = elementwise("isnan", np.isnan, types="bool")
isinf = elementwise("isinf", np.isinf, types="bool")
isfinite = elementwise("isfinite", np.isfinite, types="bool")
isposinf = elementwise("isposinf", np.isposinf, types="bool")
isneginf = elementwise("isneginf", np.isneginf, types="bool")
signbit = elementwise("signbit", lambda x: x < 0 if x.dtype.kind in "iu" else np.signbit(x), types="bool")
bitwise_and = elementwise("bitwise_and", operator.and_)
bitwise_or = elementwise("bitwise_or", operator.or_)
bitwise_xor = elementwise("bitwise_xor", operator.xor)
bitwise_not = elementwise("bitwise_not", operator.invert)
bitwise_left_shift = elementwise("bitwise_left_shift", operator.lshift)
bitwise_right_shift = elementwise("bitwise_right_shift", operator.rshift)
gcd = elementwise("gcd", np.gcd)
lcm = elementwise("lcm", np.lcm)
