"""Comparisons, logic, classes of numbers, bits: ops of one answer per element and without a derivative."""

from __future__ import annotations

import math
import operator

import numpy as np

from chainrule.core.op import elementwise
from chainrule.ops import intervals
from chainrule.ops.elementwise import only

eq = elementwise(
    "eq",
    operator.eq,
    types="bool",
    js="%0==%1",
    sympy="Eq",
    price=1,
    bounds=intervals.between(0, 1),
    operator="==",
    ufunc=np.equal,
)
ne = elementwise(
    "ne",
    operator.ne,
    types="bool",
    js="%0!=%1",
    sympy="Ne",
    aliases=("not_equal",),
    price=1,
    bounds=intervals.between(0, 1),
    operator="!=",
    ufunc=np.not_equal,
)
lt = elementwise(
    "lt",
    operator.lt,
    types="bool",
    js="%0<%1",
    sympy="%0 < %1",
    aliases=("less",),
    price=1,
    bounds=intervals.between(0, 1),
    operator="<",
    ufunc=np.less,
)
le = elementwise(
    "le",
    operator.le,
    types="bool",
    js="%0<=%1",
    sympy="%0 <= %1",
    aliases=("less_equal",),
    price=1,
    bounds=intervals.between(0, 1),
    operator="<=",
    ufunc=np.less_equal,
)
gt = elementwise(
    "gt",
    operator.gt,
    types="bool",
    js="%0>%1",
    sympy="%0 > %1",
    aliases=("greater",),
    price=1,
    bounds=intervals.between(0, 1),
    operator=">",
    ufunc=np.greater,
)
ge = elementwise(
    "ge",
    operator.ge,
    types="bool",
    js="%0>=%1",
    sympy="%0 >= %1",
    aliases=("greater_equal",),
    price=1,
    bounds=intervals.between(0, 1),
    operator=">=",
    ufunc=np.greater_equal,
)
logical_and = elementwise("logical_and", np.logical_and, types="bool", js="%0!=0&&%1!=0", sympy="And", price=1)
logical_or = elementwise("logical_or", np.logical_or, types="bool", js="%0!=0||%1!=0", sympy="Or", price=1)
logical_xor = elementwise("logical_xor", np.logical_xor, types="bool", js="(%0!=0)!==(%1!=0)", sympy="Xor")
logical_not = elementwise("logical_not", np.logical_not, types="bool", js="%0==0", sympy="Not", price=1)
# Symbols stand for finite numbers.
isnan = elementwise("isnan", np.isnan, types="bool", js="Number.isNaN(%0)", inplace=False, price=1, sympy="Ne(%0, %0)")
isinf = elementwise("isinf", np.isinf, types="bool", js="Math.abs(%0)===Infinity", inplace=False, sympy="Ne(%0, %0)")
isfinite = elementwise(
    "isfinite", np.isfinite, types="bool", js="Number.isFinite(%0)", inplace=False, sympy="Eq(%0, %0)"
)
isposinf = elementwise("isposinf", lambda x: x == math.inf, types="bool", inplace=False)
isneginf = elementwise("isneginf", lambda x: x == -math.inf, types="bool", inplace=False)
isreal = elementwise("isreal", lambda x: np.ones(x.shape, bool)[()], types="bool", inplace=False)
signbit = elementwise("signbit", lambda x: np.signbit(x) if x.dtype.kind == "f" else x < 0, types="bool", inplace=False)
bitwise_and = elementwise(
    "bitwise_and",
    operator.and_,
    types="int",
    js="%0&%1",
    sympy="And",
    refuse=only("biu", "bitwise_and_cpu"),
    price=1,
    operator="&",
    ufunc=np.bitwise_and,
)
bitwise_or = elementwise(
    "bitwise_or",
    operator.or_,
    types="int",
    js="%0|%1",
    sympy="Or",
    refuse=only("biu", "bitwise_or_cpu"),
    price=1,
    operator="|",
    ufunc=np.bitwise_or,
)
bitwise_xor = elementwise(
    "bitwise_xor",
    operator.xor,
    types="int",
    js="%0^%1",
    sympy="Xor",
    refuse=only("biu", "bitwise_xor_cpu"),
    operator="^",
)
bitwise_not = elementwise(
    "bitwise_not",
    operator.invert,
    types="int",
    refuse=only("biu", "bitwise_not_cpu"),
    sympy="Not",
    price=1,
    operator="~",
)
bitwise_left_shift = elementwise(
    "bitwise_left_shift", operator.lshift, types="int", refuse=only("iu", "lshift_cpu"), operator="<<"
)
bitwise_right_shift = elementwise(
    "bitwise_right_shift", operator.rshift, types="int", refuse=only("iu", "rshift_cpu"), operator=">>"
)
gcd = elementwise("gcd", np.gcd, types="int", refuse=only("iu", "gcd_cpu"))
lcm = elementwise("lcm", np.lcm, types="int", refuse=only("iu", "lcm_cpu"))
