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

from chainrule.base import dtypes
from chainrule.base.memory import copied
from chainrule.core import leading
from chainrule.core.op import REGISTRY, custom, elementwise, linear
from chainrule.ops import intervals, mends

Number = (int, float)


def where(c: Any, x: Any, y: Any) -> Any:
    """The registry's `where`, declared in `select` and used by rules here."""
    return REGISTRY["where"](c, x, y)


def only(kinds: str, kernel: str) -> Any:
    """A `refuse` column: the op takes results of these NumPy kinds alone; PyTorch's message names its own kernel."""

    def refuse(target: Any, given: Any) -> None:
        if target.kind not in kinds:
            found = dtypes.of(target).legacy.removesuffix("Tensor")
            raise NotImplementedError(f"\"{kernel}\" not implemented for '{found}'")

    return refuse


def _no_bool(message: str, both: str | None = None) -> Any:
    def refuse(target: Any, given: Any) -> None:
        bools = [isinstance(x, bool) or getattr(x, "dtype", None) is dtypes.BOOL for x in given]
        if any(bools):
            raise RuntimeError(both if both and all(bools) else message + _USE)

    return refuse


_MINUS = _no_bool(
    "Subtraction, the `-` operator, with a bool tensor is not supported. ",
    "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or `logical_xor()` operator "
    "instead.",
)
_USE = "If you are trying to invert a mask, use the `~` or `logical_not()` operator instead."


def _raise(g: Any, *, of: str) -> Any:
    # PyTorch's two ways to say it: of what it lists as without a derivative, and of what it does not list.
    if of.startswith("aten::"):
        raise RuntimeError(f"derivative for {of} is not implemented")
    raise NotImplementedError(f"the derivative for {of!r} is not implemented.")


undefined = linear("undefined", _raise, lambda g, x, *, of: undefined(g, of=of))
# Values found from x outside of the ops: with a history, so that who asks for a gradient hears that there is none.
found_from = custom(
    "found_from", lambda x, *, values, of: values, lambda g, _out, _x, *, values, of: undefined(g, of=of)
)


def no_rule(name: str) -> Any:
    """The `times` rule of an input in which the op has no derivative: asking for it is an error, not a silent zero."""
    return lambda g, *_: undefined(g, of=name)


# --------------------------------------------------------------------------------------------------------- arithmetic

add = elementwise(
    "add", operator.add, (1, 1),
    js="%0+%1", sympy="%0 + %1", tex="%0 + %1", why="the slope of a sum is the sum of the slopes",
    publish=False, price=1, neutral=(-0.0, -0.0), scales="sum", bounds=intervals.total, operator="+", ufunc=np.add,
    complex=True,
)  # fmt: skip
sub = elementwise(
    "sub", operator.sub, (1, -1),
    refuse=_MINUS,
    js="%0-%1", sympy="%0 - %1", tex="%0 - %1",
    why="the slope of a difference is the difference of the slopes", publish=False,
    price=1, neutral=(None, 0.0), scales="sum", bounds=intervals.difference, operator="-", ufunc=np.subtract,
    complex=True,
)  # fmt: skip
rsub = elementwise(
    "rsub", lambda x, y: y - x, (-1, 1), grad="RsubBackward1", refuse=_MINUS,
    js="%1-%0", sympy="%1 - %0", tex="%1 - %0", why="a difference, the other way round", publish=False, price=1,
    bounds=lambda x, y: intervals.difference(y, x), matrix="minus from", complex=True,
)  # fmt: skip
mul = elementwise(
    "mul", operator.mul, (lambda x, y, out: y, lambda x, y, out: x),
    js="%0*%1", sympy="%0*%1", tex="%0 \\cdot %1", why="each factor's slope is the other factor",
    aliases=("multiply",), price=1, neutral=(1, 1), scales="product", unrounded=(1,), bounds=intervals.product,
    operator="*", ufunc=np.multiply,
    doc="The product of two tensors, element by element.\n"
    ">>> cr.mul(cr.tensor([1.0, 5.0]), cr.tensor([2.0, 3.0]))\ntensor([ 2., 15.])", complex=True,
)  # fmt: skip
div = elementwise(
    "div", operator.truediv, times=(lambda g, x, y, out: g / y, lambda g, x, y, out: -g * (x / y / y)), types="float",
    js="%0/%1", sympy="%0/%1", tex="\\frac{%0}{%1}",
    why="the slope of a quotient comes from the quotient rule", publish=False,
    price=4, neutral=(None, 1), scales="quotient", unrounded=(1,), bounds=intervals.quotient, operator="/",
    mend=mends.division, mend_slope=mends.slope_division, ufunc=np.true_divide, complex=True,
)  # fmt: skip
neg = elementwise(
    "neg", operator.neg, -1, refuse=_no_bool("Negation, the `-` operator, on a bool tensor is not supported. "),
    js="-%0", sympy="-%0", tex="-%0", why="the sign stays", aliases=("negative",), price=1, scales="negative",
    bounds=lambda x: (-x[1], -x[0]), operator="-x", ufunc=np.negative,
    doc="The elements with their signs changed.\n"
    ">>> cr.neg(cr.tensor([1.0, -2.0]))\ntensor([-1.,  2.])", complex=True,
)  # fmt: skip


def _pow(x: Any, y: Any) -> Any:
    # The exponents that have a faster and exacter form; PyTorch takes the same ones.
    if y is True or y is False:
        y = int(y)
    if type(y) in Number and type(x) in Number:
        return x**y
    if type(y) in Number:
        if y == 2:
            return x * x
        if y == 0.5 and x.dtype.kind in "fc":
            return np.sqrt(x)
        if y == 3:
            return x * x * x
        if y == -1 and x.dtype.kind in "fc":
            return 1 / x
    elif y.dtype.kind == "i" and np.any(y < 0):  # 1 / x**-y, rounded towards zero: 0 unless x is 1 or -1
        unit = np.where(np.equal(x, 1), 1, np.where(np.equal(x, -1), 1 - 2 * (y & 1), 0))
        return np.where(y < 0, unit, x ** np.maximum(y, 0)).astype(y.dtype)[()]
    return x**y


def _pow_base(g: Any, x: Any, y: Any, out: Any) -> Any:
    if isinstance(y, Number):
        if y == 0:
            return REGISTRY["zeros_like"](g)
        return g if y == 1 else g * (2 * x) if y == 2 else g * (y * pow(x, y - 1))
    # x**0 is flat, at 0 too; elsewhere its slope y x**(y - 1) is left as it is, for its own slope in y is 1/x.
    return g * (y * pow(x, where(y == 0, where(abs_(x) > 1e-30, y, 1.0), y) - 1))


def _pow_exponent(g: Any, x: Any, y: Any, out: Any) -> Any:
    if isinstance(x, Number):
        return where(y >= 0, 0.0, g * (out * -math.inf)) if x == 0 else g * (out * (math.log(x) if x > 0 else math.nan))
    return where((x == 0) & (y >= 0), 0.0, g * (out * log(x)))


def _pow_name(node: Any) -> str:
    # PyTorch has three: number exponent, two tensors, number base. A tensor that the rule reads is among those kept.
    return "PowBackward2" if node.kept[0] is None else "PowBackward0" if node.kept[1] is None else "PowBackward1"


def _no_inverse(target: Any, given: Any) -> None:
    only("iufc", "pow")(target, given)
    if target.kind in "iu" and type(given[1]) is int and given[1] < 0:
        raise RuntimeError("Integers to negative integer powers are not allowed.")


pow = elementwise(
    "pow", _pow, times=(_pow_base, _pow_exponent), grad=_pow_name, reads_numbers=True, refuse=_no_inverse,
    price=lambda x, y: {2: 1, 3: 2, 0.5: 4, -1: 4}.get(y, 10) if type(y) in Number else 10,
    js="pow(%0,%1)", sympy="%0**%1", tex="%0^{%1}", why="the power rule", bounds=intervals.power, operator="**",
    mend=mends.power, mend_slope=mends.slope_power, ufunc=np.power,
    doc="The elements of `input` to the power `other`.\n"
    ">>> cr.pow(cr.tensor([1.0, 2.0, 3.0]), 2)\ntensor([1., 4., 9.])", complex=True,
)  # fmt: skip
square = elementwise(
    "square", lambda x: x * x if x.dtype.kind != "b" else x.astype(np.int64), lambda x, out: 2 * x,
    grad="PowBackward0", sympy="%0**2", tex="%0^2", why="the power rule", price=1,
    bounds=lambda x: intervals.even(x, 2), ufunc=np.square, matrix="squares",
    doc="The square of each element.\n"
    ">>> cr.square(cr.tensor([1.0, -3.0]))\ntensor([1., 9.])", complex=True,
)  # fmt: skip
reciprocal = elementwise(
    "reciprocal", lambda x: 1 / x, lambda x, out: -out * out, types="float",
    sympy="1/%0", why="the slope of 1/x is -1/x**2",
    mend=mends.division, mend_slope=mends.slope_division, matrix="reciprocals",
    doc="1 over each element.\n"
    ">>> cr.reciprocal(cr.tensor([2.0, 4.0]))\ntensor([0.5000, 0.2500])", complex=True,
)  # fmt: skip
sqrt = elementwise(
    "sqrt", np.sqrt, times=lambda g, x, out: g / (2 * out), types="float",
    js="Math.sqrt(%0)", sympy="sqrt", tex="\\sqrt{%0}", why="the slope of a root is 1 over twice the root", price=4,
    bounds=intervals.rising(np.sqrt), mend=mends.root, mend_slope=mends.slope_root,
    doc="The square root of each element; NaN below 0.\n"
    ">>> cr.sqrt(cr.tensor([4.0, 9.0]))\ntensor([2., 3.])", complex=True,
)  # fmt: skip
rsqrt = elementwise(
    "rsqrt",
    lambda x: 1 / np.sqrt(x),
    lambda x, out: -0.5 * (out * out * out),
    types="float",
    sympy="1/sqrt(%0)",
    mend=mends.root,
    doc="1 over the square root of each element.\n"
    ">>> cr.rsqrt(cr.tensor([4.0, 16.0]))\ntensor([0.5000, 0.2500])",
)  # fmt: skip
abs_ = elementwise(
    "abs", np.abs, lambda x, out: direction(x), refuse=only("iuf", "abs_cpu"),
    js="Math.abs(%0)", sympy="Abs", tex="\\left|%0\\right|", why="the slope of |x| is the sign of x",
    aliases=("absolute",), price=1, bounds=lambda x: intervals.even(x, 1), operator="abs",
    doc="The absolute value of each element.\n"
    ">>> cr.abs(cr.tensor([-1.5, 2.0]))\ntensor([1.5000, 2.0000])", complex="abs_complex",
)  # fmt: skip


def _sign(x: Any) -> Any:
    return copied(x) if x.dtype.kind == "b" else np.subtract(x > 0, x < 0, dtype=x.dtype)  # 0 for NaN, as in PyTorch


# Within rules: what has no slope at all, where a slope of 0 would be multiplied on and meet infinities.
direction = elementwise(
    "direction", _sign, js="(%0>0)-(%0<0)", sympy="sign", price=1, passes=True, ufunc=np.sign,
    bounds=intervals.between(-1, 1),
    publish=False, matrix="signs",
)  # fmt: skip
sign = elementwise(
    "sign", _sign, 0, js="(%0>0)-(%0<0)", sympy="sign", price=1, passes=True, ufunc=np.sign,
    bounds=intervals.between(-1, 1),
    doc="-1, 0 or 1, as each element is below, at or above 0.\n"
    ">>> cr.sign(cr.tensor([-3.0, 0.0, 2.0]))\ntensor([-1.,  0.,  1.])",
)  # fmt: skip
sgn = elementwise(
    "sgn", _sign, 0, sympy="sign",
    doc="The sign of each element: -1, 0 or 1.\n"
    ">>> cr.sgn(cr.tensor([-3.0, 0.0, 2.0]))\ntensor([-1.,  0.,  1.])",
)  # fmt: skip


def _lerp(x: Any, y: Any, weight: Any) -> Any:
    near, far = x + weight * (y - x), y - (y - x) * (1 - weight)  # each exact at its own end
    if isinstance(weight, Number):
        return near if abs(weight) < 0.5 else far
    return np.where(np.abs(weight) < 0.5, near, far)[()]


def _same_floats(target: Any, given: Any) -> None:
    first = next(x for x in given if hasattr(x, "dtype"))
    for x, what in zip(given, ("self", "end", "weight")):
        if hasattr(x, "dtype") and x.dtype != first.dtype:
            theirs, ours = (dtypes.of(a.dtype) for a in (x, first))
            raise RuntimeError(f"expected dtype {ours.name} for `{what}` but got dtype {theirs.name}")
    only("f", "lerp_kernel_scalar")(first.dtype, given)


lerp = elementwise(
    "lerp", _lerp, (lambda x, y, w, out: 1 - w, lambda x, y, w, out: w, lambda x, y, w, out: y - x),
    refuse=_same_floats, unrounded=(2,),
)  # fmt: skip
addcmul = elementwise(
    "addcmul", lambda x, a, b, *, value=1: x + (a * b if value == 1 else value * a * b),
    (1, lambda x, a, b, out, value=1: b * value, lambda x, a, b, out, value=1: a * value),
)  # fmt: skip
addcdiv = elementwise(
    "addcdiv", lambda x, a, b, *, value=1: x + value * (a / b),
    times=(
        lambda g, x, a, b, out, value=1: g,
        lambda g, x, a, b, out, value=1: g * (value / b),
        lambda g, x, a, b, out, value=1: -g * (value * (a / b) / b),
    ),
)  # fmt: skip

# --------------------------------------------------------------------------------------- exponentials and logarithms

exp = elementwise(
    "exp", np.exp, lambda x, out: out, types="float",
    js="Math.exp(%0)", sympy="exp", tex="e^{%0}", why="exp is its own slope", bounds=intervals.rising(np.exp),
    mend=mends.overflow,
    doc="e to the power of each element.\n"
    ">>> cr.exp(cr.tensor([0.0, 1.0]))\ntensor([1.0000, 2.7183])", complex=True,
)  # fmt: skip
exp2 = elementwise(
    "exp2", np.exp2, lambda x, out: out * math.log(2), types="float",
    js="pow(2,%0)", sympy="2**%0", why="the slope of 2**x is 2**x times ln 2", tex="2^{%0}", mend=mends.overflow,
    doc="2 to the power of each element.\n"
    ">>> cr.exp2(cr.tensor([0.0, 3.0]))\ntensor([1., 8.])",
)  # fmt: skip
expm1 = elementwise(
    "expm1", np.expm1, lambda x, out: out + 1, types="float",
    js="Math.expm1(%0)", sympy="exp(%0) - 1", why="exp is its own slope", mend=mends.overflow,
    doc="exp(x) - 1, exact to the last digits near 0.\n"
    ">>> cr.expm1(cr.tensor([0.0, 1.0]))\ntensor([0.0000, 1.7183])",
)  # fmt: skip
log = elementwise(
    "log", np.log, times=lambda g, x, out: g / x, types="float",
    js="Math.log(%0)", sympy="log", tex="\\ln %0", why="the slope of ln is 1/x",
    bounds=intervals.rising(lambda a: np.where(a > 0, np.log(a), np.nan)),
    mend=mends.logarithm, mend_slope=mends.slope_division,
    doc="The natural logarithm of each element; NaN below 0.\n"
    ">>> cr.log(cr.tensor([1.0, 10.0]))\ntensor([0.0000, 2.3026])", complex=True,
)  # fmt: skip
log2 = elementwise(
    "log2", np.log2, times=lambda g, x, out: g / (x * math.log(2)), types="float", js="Math.log2(%0)",
    sympy="log(%0, 2)", why="the slope of the logarithm to base 2 is 1/(x ln 2)",
    mend=mends.logarithm, mend_slope=mends.slope_division,
    doc="The logarithm to base 2 of each element.\n"
    ">>> cr.log2(cr.tensor([1.0, 8.0]))\ntensor([0., 3.])",
)  # fmt: skip
log10 = elementwise(
    "log10", np.log10, times=lambda g, x, out: g / (x * math.log(10)), types="float", js="Math.log10(%0)",
    sympy="log(%0, 10)", why="the slope of the logarithm to base 10 is 1/(x ln 10)",
    mend=mends.logarithm, mend_slope=mends.slope_division,
    doc="The logarithm to base 10 of each element.\n"
    ">>> cr.log10(cr.tensor([1.0, 1000.0]))\ntensor([0., 3.])",
)  # fmt: skip
log1p = elementwise(
    "log1p", np.log1p, times=lambda g, x, out: g / (x + 1), types="float", js="Math.log1p(%0)", grad="Log1PBackward0",
    sympy="log(1 + %0)", why="the slope of ln(1 + x) is 1/(1 + x)",
    mend=mends.above(-1), mend_slope=mends.slope_division,
    doc="log(1 + x), exact to the last digits near 0.\n"
    ">>> cr.log1p(cr.tensor([0.0, 1.0]))\ntensor([0.0000, 0.6931])",
)  # fmt: skip
logaddexp = elementwise(
    "logaddexp", np.logaddexp, js="logaddexp(%0,%1)", refuse=only("f", "logaddexp_cpu"),
    d=(lambda x, y, out: sigmoid(_gap(x, y)), lambda x, y, out: sigmoid(_gap(y, x))),
    sympy="log(exp(%0) + exp(%1))", inplace=False,
    doc="log(exp(x) + exp(y)), without overflow.\n"
    ">>> cr.logaddexp(cr.tensor([0.0, 1000.0]), cr.tensor([0.0, 1000.0]))\ntensor([6.9315e-01, 1.0007e+03])",
)  # fmt: skip
logaddexp2 = elementwise(
    "logaddexp2", np.logaddexp2, refuse=only("f", "logaddexp2_cpu"), sympy="log(2**%0 + 2**%1, 2)",
    d=(lambda x, y, out: sigmoid(_gap(x, y) * math.log(2)), lambda x, y, out: sigmoid(_gap(y, x) * math.log(2))),
    inplace=False,
    doc="The logarithm to base 2 of 2**x + 2**y, without overflow.\n"
    ">>> cr.logaddexp2(cr.tensor([0.0, 3.0]), cr.tensor([0.0, 3.0]))\ntensor([1., 4.])",
)  # fmt: skip


def _gap(x: Any, y: Any) -> Any:
    # x - y, and 0 where both are the same infinity: elsewhere equal operands have slopes of any order.
    return where((x == y) & (abs(x) == math.inf), 0.0, x - y)


def _xlogy(x: Any, y: Any) -> Any:
    return np.where(np.isnan(y), np.nan, np.where(np.equal(x, 0), 0.0, x * np.log(y))).astype(np.result_type(x, y))[()]


xlogy = elementwise(
    "xlogy", _xlogy, types="float",
    times=(lambda g, x, y, out: where((x == 0) & (y <= 0), 0.0, xlogy(g, y)), lambda g, x, y, out: g * x / y),
    grad="XlogyBackward0", numbers=("XlogyBackward1", "XlogyBackward2"), sympy="%0*log(%1)",
    doc="x log(y), and 0 where x is 0.\n"
    ">>> cr.xlogy(cr.tensor([0.0, 2.0]), cr.tensor([0.0, 3.0]))\ntensor([0.0000, 2.1972])",
)  # fmt: skip
sigmoid = elementwise(
    "sigmoid", lambda x: 1 / (1 + np.exp(-x)), lambda x, out: out * (1 - out), types="float",
    js="1/(1+Math.exp(-%0))", sympy="1/(1 + exp(-%0))", tex="\\sigma(%0)",
    why="the slope of the sigmoid s is s (1 - s)", bounds=intervals.between(0, 1), steepest=0.25,
    doc="The logistic function 1 / (1 + exp(-x)).\n"
    ">>> cr.sigmoid(cr.tensor([0.0, 2.0]))\ntensor([0.5000, 0.8808])",
)  # fmt: skip
log_sigmoid = elementwise(
    "log_sigmoid", lambda x: np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x))), lambda x, out: sigmoid(-x),
    types="float", sympy="-log(1 + exp(-%0))", tex="\\ln \\sigma(%0)", publish=False, steepest=1.0,
)  # fmt: skip


def _logit(x: Any, *, eps: float | None = None) -> Any:
    z = x if eps is None else np.clip(x, eps, 1 - eps)
    return np.log(z / (1 - z))


def _logit_back(g: Any, x: Any, out: Any, eps: float | None = None) -> Any:
    low, outside = (0, math.nan) if eps is None else (eps, 0.0)
    return where((x >= low) & (x <= 1 - low), g / abs_(x * (1 - x)), outside)  # abs: +inf at -0.0 too


logit = elementwise(
    "logit",
    _logit,
    times=_logit_back,
    types="float",
    publish=False,
    sympy=lambda x, eps=None: log(x / (1 - x)),
    mend=mends.within(0, 1),
    mend_slope=mends.slope_end,
)

# --------------------------------------------------------------------------------------------------------- trigonometry

sin = elementwise(
    "sin", np.sin, lambda x, out: cos(x), types="float",
    js="Math.sin(%0)", sympy="sin", tex="\\sin %0", why="the slope of sin is cos", bounds=intervals.between(-1, 1),
    doc="The sine of each element, in radians.\n"
    ">>> cr.sin(cr.tensor([0.0, 1.0]))\ntensor([0.0000, 0.8415])", complex=True,
)  # fmt: skip
cos = elementwise(
    "cos", np.cos, lambda x, out: -sin(x), types="float",
    js="Math.cos(%0)", sympy="cos", tex="\\cos %0", why="the slope of cos is -sin", bounds=intervals.between(-1, 1),
    doc="The cosine of each element, in radians.\n"
    ">>> cr.cos(cr.tensor([0.0, 1.0]))\ntensor([1.0000, 0.5403])", complex=True,
)  # fmt: skip
tan = elementwise(
    "tan", np.tan, lambda x, out: 1 + out * out, types="float",
    js="Math.tan(%0)", sympy="tan", why="the slope of tan is 1 + tan squared",
    doc="The tangent of each element, in radians.\n"
    ">>> cr.tan(cr.tensor([0.0, 1.0]))\ntensor([0.0000, 1.5574])", complex=True,
)  # fmt: skip
asin = elementwise(
    "asin", np.arcsin, times=lambda g, x, out: g / sqrt(1 - x * x), types="float",
    js="Math.asin(%0)", sympy="asin", why="the slope of arcsin is 1/sqrt(1 - x**2)",
    aliases=("arcsin",), mend=mends.within(-1, 1), mend_slope=mends.slope_end,
    doc="The angle, in radians, whose sine each element is; NaN outside of [-1, 1].\n"
    ">>> cr.asin(cr.tensor([0.0, 1.0]))\ntensor([0.0000, 1.5708])",
)  # fmt: skip
acos = elementwise(
    "acos", np.arccos, times=lambda g, x, out: -g / sqrt(1 - x * x), types="float",
    js="Math.acos(%0)", sympy="acos", why="the slope of arccos is -1/sqrt(1 - x**2)",
    aliases=("arccos",), mend=mends.within(-1, 1), mend_slope=mends.slope_end,
    doc="The angle, in radians, whose cosine each element is; NaN outside of [-1, 1].\n"
    ">>> cr.acos(cr.tensor([0.0, 1.0]))\ntensor([1.5708, 0.0000])",
)  # fmt: skip
atan = elementwise(
    "atan", np.arctan, times=lambda g, x, out: g / (x * x + 1), types="float",
    js="Math.atan(%0)", sympy="atan", why="the slope of arctan is 1/(1 + x**2)",
    aliases=("arctan",), steepest=1.0,
    doc="The angle, in radians, whose tangent each element is.\n"
    ">>> cr.atan(cr.tensor([0.0, 1.0]))\ntensor([0.0000, 0.7854])",
)  # fmt: skip
sinh = elementwise(
    "sinh", np.sinh, lambda x, out: cosh(x), types="float",
    js="Math.sinh(%0)", sympy="sinh", why="the slope of sinh is cosh", mend=mends.overflow,
    doc="The hyperbolic sine of each element.\n"
    ">>> cr.sinh(cr.tensor([0.0, 1.0]))\ntensor([0.0000, 1.1752])", complex=True,
)  # fmt: skip
cosh = elementwise(
    "cosh", np.cosh, lambda x, out: sinh(x), types="float",
    js="Math.cosh(%0)", sympy="cosh", why="the slope of cosh is sinh", mend=mends.overflow,
    doc="The hyperbolic cosine of each element.\n"
    ">>> cr.cosh(cr.tensor([0.0, 1.0]))\ntensor([1.0000, 1.5431])", complex=True,
)  # fmt: skip
tanh = elementwise(
    "tanh", np.tanh, lambda x, out: 1 - out * out, types="float",
    js="Math.tanh(%0)", sympy="tanh", tex="\\tanh %0", why="the slope of tanh is 1 - tanh squared",
    bounds=intervals.between(-1, 1), steepest=1.0,
    doc="The hyperbolic tangent of each element.\n"
    ">>> cr.tanh(cr.tensor([0.0, 1.0]))\ntensor([0.0000, 0.7616])", complex=True,
)  # fmt: skip
asinh = elementwise(
    "asinh", np.arcsinh, times=lambda g, x, out: g / sqrt(x * x + 1), types="float", js="Math.asinh(%0)",
    sympy="asinh", why="the slope of arsinh is 1/sqrt(x**2 + 1)", aliases=("arcsinh",),
    doc="The number whose hyperbolic sine each element is.\n"
    ">>> cr.asinh(cr.tensor([0.0, 1.0]))\ntensor([0.0000, 0.8814])",
)  # fmt: skip
acosh = elementwise(
    "acosh", np.arccosh, times=lambda g, x, out: g / sqrt((x - 1) * (x + 1)), types="float", js="Math.acosh(%0)",
    sympy="acosh", why="the slope of arcosh is 1/sqrt(x**2 - 1)", aliases=("arccosh",),
    mend=mends.above(1), mend_slope=mends.slope_end,
    doc="The number, from 0 up, whose hyperbolic cosine each element is; NaN below 1.\n"
    ">>> cr.acosh(cr.tensor([1.0, 2.0]))\ntensor([0.0000, 1.3170])",
)  # fmt: skip
atanh = elementwise(
    "atanh", np.arctanh, times=lambda g, x, out: g / (1 - x * x), types="float",
    js="Math.atanh(%0)", sympy="atanh", why="the slope of artanh is 1/(1 - x**2)",
    aliases=("arctanh",), mend=mends.within(-1, 1), mend_slope=mends.slope_end,
    doc="The number whose hyperbolic tangent each element is; NaN outside of [-1, 1].\n"
    ">>> cr.atanh(cr.tensor([0.0, 0.5]))\ntensor([0.0000, 0.5493])",
)  # fmt: skip
atan2 = elementwise(
    "atan2", np.arctan2, types="float", js="Math.atan2(%0,%1)",
    times=(lambda g, y, x, out: _turned(g * x, y, x), lambda g, y, x, out: _turned(-g * y, y, x)), sympy="atan2",
    aliases=("arctan2",),
    doc="The angle of the point (other, input), in radians from -pi to pi.\n"
    ">>> cr.atan2(cr.tensor([1.0, -1.0]), cr.tensor([1.0, -1.0]))\ntensor([ 0.7854, -2.3562])",
)  # fmt: skip


def _turned(g: Any, y: Any, x: Any) -> Any:
    # g / (x^2 + y^2), and 0 at the origin, where the angle has no slope.
    r2 = x * x + y * y
    origin = r2 == 0
    return where(origin, 0.0, g / where(origin, 1.0, r2))


hypot = elementwise(
    "hypot", np.hypot, js="Math.hypot(%0,%1)", refuse=only("f", "hypot_cpu"),
    times=(lambda g, x, y, out: g * (x / out), lambda g, x, y, out: g * (y / out)), sympy="sqrt(%0**2 + %1**2)",
    mend_slope=mends.slope_root,
    doc="sqrt(x**2 + y**2), without overflow.\n"
    ">>> cr.hypot(cr.tensor([3.0, 5.0]), cr.tensor([4.0, 12.0]))\ntensor([ 5., 13.])",
)  # fmt: skip
_SINC = [math.pi ** (2 * k) * (-1) ** k * 2 * k / math.factorial(2 * k + 1) for k in range(1, 13)]


def sinc_slope(x: Any) -> Any:
    """The slope of sin(pi x) / (pi x), exact to every order."""
    # Near 0 both terms of the formula are alike and the powers below grow with each order: there it is the series.
    near = abs_(x) < 0.5
    z = where(near, 1.0, x)
    square, series = x * x, _SINC[-1]
    for c in _SINC[-2::-1]:
        series = series * square + c
    return where(near, series * x, (cos(math.pi * z) - sin(math.pi * z) / (math.pi * z)) / z)


sinc = elementwise(
    "sinc", np.sinc, lambda x, out: sinc_slope(x), types="float", js="sinc(%0)",
    sympy="Piecewise((sin(pi*%0)/(pi*%0), Ne(%0, 0)), (1, True))",
    doc="sin(pi x) / (pi x), and 1 at 0.\n"
    ">>> cr.sinc(cr.tensor([0.0, 0.5]))\ntensor([1.0000, 0.6366])",
)  # fmt: skip
deg2rad = elementwise(
    "deg2rad", np.deg2rad, lambda x, out: math.pi / 180, types="float", js="%0*(Math.PI/180)",
    grad="Deg2RadBackward0", sympy="%0*pi/180",
    doc="Degrees as radians.\n"
    ">>> cr.deg2rad(cr.tensor([0.0, 180.0]))\ntensor([0.0000, 3.1416])",
)  # fmt: skip
rad2deg = elementwise(
    "rad2deg", np.rad2deg, lambda x, out: 180 / math.pi, types="float", js="%0*(180/Math.PI)",
    grad="Rad2DegBackward0", sympy="%0*180/pi",
    doc="Radians as degrees.\n"
    ">>> cr.rad2deg(cr.tensor([0.0, 3.0]))\ntensor([  0.0000, 171.8873])",
)  # fmt: skip

# ---------------------------------------------------------------------------------------------- powers of two


def _ldexp(x: Any, y: Any) -> Any:
    # By the whole part of y exactly and without overflow on the way, by the rest as a factor.
    y = np.asarray(y).astype(np.result_type(x, y) if isinstance(x, Number) else x.dtype)
    whole = np.clip(np.nan_to_num(np.floor(y)), -5000, 5000)
    return np.ldexp(x * np.exp2(y - whole), whole.astype(np.int32))


ldexp = elementwise(
    "ldexp", _ldexp, types="float", sympy="%0*2**%1",
    times=(lambda g, x, y, out: ldexp(g, y), lambda g, x, y, out: g * (out * math.log(2))),
    doc="x times 2 to the power y.\n"
    ">>> cr.ldexp(cr.tensor([1.0, 3.0]), cr.tensor([2, 4]))\ntensor([ 4., 48.])",
)  # fmt: skip
frexp = custom("frexp", np.frexp, lambda g, out, _x: ldexp(g[0], -out[1]), outputs=2, batch=leading.same)
