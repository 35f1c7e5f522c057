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
    doc="Whether each element of `input` is equal to that of `other`.\n"
    ">>> cr.eq(cr.tensor([1.0, 3.0]), cr.tensor([2.0, 3.0]))\ntensor([False,  True])", complex=True,
)  # fmt: skip
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
    doc="Whether each element of `input` differs from that of `other`.\n"
    ">>> cr.ne(cr.tensor([1.0, 3.0]), cr.tensor([2.0, 3.0]))\ntensor([ True, False])", complex=True,
)  # fmt: skip
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
    doc="Whether each element of `input` is less than that of `other`.\n"
    ">>> cr.lt(cr.tensor([1.0, 3.0]), cr.tensor([2.0, 3.0]))\ntensor([ True, False])",
)  # fmt: skip
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
    doc="Whether each element of `input` is at most that of `other`.\n"
    ">>> cr.le(cr.tensor([1.0, 3.0]), cr.tensor([2.0, 3.0]))\ntensor([True, True])",
)  # fmt: skip
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
    doc="Whether each element of `input` is greater than that of `other`.\n"
    ">>> cr.gt(cr.tensor([1.0, 3.0]), cr.tensor([2.0, 3.0]))\ntensor([False, False])",
)  # fmt: skip
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
    doc="Whether each element of `input` is at least that of `other`.\n"
    ">>> cr.ge(cr.tensor([1.0, 3.0]), cr.tensor([2.0, 3.0]))\ntensor([False,  True])",
)  # fmt: skip
logical_and = elementwise(
    "logical_and", np.logical_and, types="bool", js="%0!=0&&%1!=0", sympy="And", price=1,
    doc="Whether both elements are true (not 0).\n"
    ">>> cr.logical_and(cr.tensor([True, True, False]), cr.tensor([True, False, False]))\n"
    "tensor([ True, False, False])",
)  # fmt: skip
logical_or = elementwise(
    "logical_or", np.logical_or, types="bool", js="%0!=0||%1!=0", sympy="Or", price=1,
    doc="Whether at least one of the two elements is true (not 0).\n"
    ">>> cr.logical_or(cr.tensor([True, True, False]), cr.tensor([True, False, False]))\n"
    "tensor([ True,  True, False])",
)  # fmt: skip
logical_xor = elementwise(
    "logical_xor", np.logical_xor, types="bool", js="(%0!=0)!==(%1!=0)", sympy="Xor",
    doc="Whether just one of the two elements is true (not 0).\n"
    ">>> cr.logical_xor(cr.tensor([True, True, False]), cr.tensor([True, False, False]))\n"
    "tensor([False,  True, False])",
)  # fmt: skip
logical_not = elementwise(
    "logical_not", np.logical_not, types="bool", js="%0==0", sympy="Not", price=1,
    doc="Whether each element is false (0).\n"
    ">>> cr.logical_not(cr.tensor([True, False]))\ntensor([False,  True])",
)  # fmt: skip
# Symbols stand for finite numbers.
isnan = elementwise(
    "isnan", np.isnan, types="bool", js="Number.isNaN(%0)", inplace=False, price=1, sympy="Ne(%0, %0)",
    doc="Whether each element is NaN.\n"
    '>>> cr.isnan(cr.tensor([1.0, float("inf"), float("nan")]))\ntensor([False, False,  True])', complex=True,
)  # fmt: skip
isinf = elementwise(
    "isinf", np.isinf, types="bool", js="Math.abs(%0)===Infinity", inplace=False, sympy="Ne(%0, %0)",
    doc="Whether each element is infinite, of either sign.\n"
    '>>> cr.isinf(cr.tensor([1.0, float("inf"), float("nan")]))\ntensor([False,  True, False])', complex=True,
)  # fmt: skip
isfinite = elementwise(
    "isfinite", np.isfinite, types="bool", js="Number.isFinite(%0)", inplace=False, sympy="Eq(%0, %0)",
    doc="Whether each element is neither infinite nor NaN.\n"
    '>>> cr.isfinite(cr.tensor([1.0, float("inf"), float("nan")]))\ntensor([ True, False, False])', complex=True,
)  # fmt: skip
isposinf = elementwise(
    "isposinf", lambda x: x == math.inf, types="bool", inplace=False,
    doc="Whether each element is plus infinity.\n"
    '>>> cr.isposinf(cr.tensor([1.0, float("inf"), float("nan")]))\ntensor([False,  True, False])',
)  # fmt: skip
isneginf = elementwise(
    "isneginf", lambda x: x == -math.inf, types="bool", inplace=False,
    doc="Whether each element is minus infinity.\n"
    '>>> cr.isneginf(cr.tensor([1.0, float("inf"), float("nan")]))\ntensor([False, False, False])',
)  # fmt: skip
isreal = elementwise(
    "isreal", lambda x: np.logical_or(x, True), types="bool", inplace=False,
    doc="Whether each element is real: True, as there are no complex tensors.\n"
    ">>> cr.isreal(cr.tensor([1.0, 2.0]))\ntensor([True, True])",
)  # fmt: skip
signbit = elementwise(
    "signbit", lambda x: np.signbit(x) if x.dtype.kind == "f" else x < 0, types="bool", inplace=False,
    doc="Whether the sign bit of each element is set; that of -0.0 is.\n"
    ">>> cr.signbit(cr.tensor([1.0, -2.0]))\ntensor([False,  True])",
)  # fmt: skip
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
    doc="The bits of two integers (or two truth values) joined by and.\n"
    ">>> cr.bitwise_and(cr.tensor([6, 5]), cr.tensor([3, 4]))\ntensor([2, 4])",
)  # fmt: skip
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
    doc="The bits of two integers (or two truth values) joined by or.\n"
    ">>> cr.bitwise_or(cr.tensor([6, 5]), cr.tensor([3, 4]))\ntensor([7, 5])",
)  # fmt: skip
bitwise_xor = elementwise(
    "bitwise_xor",
    operator.xor,
    types="int",
    js="%0^%1",
    sympy="Xor",
    refuse=only("biu", "bitwise_xor_cpu"),
    operator="^",
    doc="The bits of two integers (or two truth values) joined by exclusive or.\n"
    ">>> cr.bitwise_xor(cr.tensor([6, 5]), cr.tensor([3, 4]))\ntensor([5, 1])",
)  # fmt: skip
bitwise_not = elementwise(
    "bitwise_not",
    operator.invert,
    types="int",
    refuse=only("biu", "bitwise_not_cpu"),
    sympy="Not",
    price=1,
    operator="~",
    doc="The bits of each integer (or truth value), each turned over.\n"
    ">>> cr.bitwise_not(cr.tensor([0, 5]))\ntensor([-1, -6])",
)  # fmt: skip
bitwise_left_shift = elementwise(
    "bitwise_left_shift", operator.lshift, types="int", refuse=only("iu", "lshift_cpu"), operator="<<",
    doc="The bits of each integer, moved `other` places up.\n"
    ">>> cr.bitwise_left_shift(cr.tensor([1, 3]), cr.tensor([4, 1]))\ntensor([16,  6])",
)  # fmt: skip
bitwise_right_shift = elementwise(
    "bitwise_right_shift", operator.rshift, types="int", refuse=only("iu", "rshift_cpu"), operator=">>",
    doc="The bits of each integer, moved `other` places down.\n"
    ">>> cr.bitwise_right_shift(cr.tensor([16, 7]), cr.tensor([4, 1]))\ntensor([1, 3])",
)  # fmt: skip
gcd = elementwise(
    "gcd", np.gcd, types="int", refuse=only("iu", "gcd_cpu"),
    doc="The greatest common divisor of two integers.\n"
    ">>> cr.gcd(cr.tensor([12, 7]), cr.tensor([18, 21]))\ntensor([6, 7])",
)  # fmt: skip
lcm = elementwise(
    "lcm", np.lcm, types="int", refuse=only("iu", "lcm_cpu"),
    doc="The least common multiple of two integers.\n"
    ">>> cr.lcm(cr.tensor([4, 6]), cr.tensor([6, 7]))\ntensor([12, 42])",
)  # fmt: skip
