"""Kinks, steps and choices: the larger of two, bounds, rounding, division with a remainder.

They are flat or straight between the places where they bend or jump. At a bend PyTorch's choice is taken: relu has
slope 0 at 0, operands of `maximum` that tie share the gradient, a bound that is just met lets it through.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.base import memory
from chainrule.core.op import elementwise
from chainrule.ops.compare import isfinite, isnan
from chainrule.ops.elementwise import no_rule, only, where

relu = elementwise(
    "relu", lambda x: np.maximum(x, 0), times=lambda g, x, out: where(out <= 0, 0.0, g),
    js="Math.max(%0,0)", sympy=lambda x: where(x > 0, x, 0),
    why="the slope is 1 where the input is positive, else 0", price=1, passes=True,
    doc="Each element where it is positive, else 0.\n"
    ">>> cr.relu(cr.tensor([-1.0, 2.0]))\ntensor([0., 2.])",
)  # fmt: skip


def _larger(g: Any, mine: Any, other: Any) -> Any:
    return where(mine == other, g / 2, where(mine < other, 0.0, g))


maximum = elementwise(
    "maximum", np.maximum,
    times=(lambda g, x, y, out: _larger(g, x, y), lambda g, x, y, out: _larger(g, y, x)),
    js="Math.max(%0,%1)", sympy=lambda x, y: where(x >= y, x, y), inplace=False, price=1,
    bounds=lambda x, y: (np.maximum(x[0], y[0]), np.maximum(x[1], y[1])),
    doc="The greater of two elements; NaN where one of them is.\n"
    ">>> cr.maximum(cr.tensor([1.0, 5.0]), cr.tensor([2.0, 3.0]))\ntensor([2., 5.])",
)  # fmt: skip
minimum = elementwise(
    "minimum", np.minimum,
    times=(lambda g, x, y, out: _larger(g, -x, -y), lambda g, x, y, out: _larger(g, -y, -x)),
    js="Math.min(%0,%1)", sympy=lambda x, y: where(x <= y, x, y),
    inplace=False, price=1, bounds=lambda x, y: (np.minimum(x[0], y[0]), np.minimum(x[1], y[1])),
    doc="The smaller of two elements; NaN where one of them is.\n"
    ">>> cr.minimum(cr.tensor([1.0, 5.0]), cr.tensor([2.0, 3.0]))\ntensor([1., 3.])",
)  # fmt: skip
fmax = elementwise(
    "fmax", np.fmax, js="fmax(%0,%1)", sympy=lambda x, y: where(x >= y, x, y),
    times=(
        lambda g, x, y, out: where((x >= y) | isnan(y), g, 0.0),
        lambda g, x, y, out: where((x >= y) | isnan(y), 0.0, g),
    ),
    inplace=False,
    doc="The greater of two elements; of a number and NaN the number.\n"
    '>>> cr.fmax(cr.tensor([1.0, float("nan")]), cr.tensor([2.0, 3.0]))\ntensor([2., 3.])',
)  # fmt: skip
fmin = elementwise(
    "fmin", np.fmin, js="fmin(%0,%1)", sympy=lambda x, y: where(x <= y, x, y),
    times=(
        lambda g, x, y, out: where((x <= y) | isnan(y), g, 0.0),
        lambda g, x, y, out: where((x <= y) | isnan(y), 0.0, g),
    ),
    inplace=False,
    doc="The smaller of two elements; of a number and NaN the number.\n"
    '>>> cr.fmin(cr.tensor([1.0, float("nan")]), cr.tensor([2.0, 3.0]))\ntensor([1., 3.])',
)  # fmt: skip


def _clamp(x: Any, min: Any = None, max: Any = None) -> Any:
    low = x if min is None else np.maximum(x, min)
    return low if max is None else np.minimum(low, max)


def _inside(g: Any, x: Any, min: Any, max: Any, out: Any) -> Any:
    if min is not None:
        g = where(x >= min, g, 0.0)
    return g if max is None else where(x <= max, g, 0.0)


def _at_min(g: Any, x: Any, min: Any, max: Any, out: Any) -> Any:
    return where(x < min if max is None else (x < min) & (min < max), g, 0.0)


def _at_max(g: Any, x: Any, min: Any, max: Any, out: Any) -> Any:
    return where(x > max if min is None else (x > max) | (max < min), g, 0.0)


def _bounded(x: Any, min: Any = None, max: Any = None) -> Any:
    """The same, piece by piece, as formulas have it."""
    low = x if min is None else where(x < min, min, x)
    return low if max is None else where(x > max, max, low)


clamp = elementwise(
    "clamp",
    _clamp,
    times=(_inside, _at_min, _at_max),
    refuse=only("iuf", "clamp_cpu"),
    publish=False,
    sympy=_bounded,
    price=1,
    passes=True,
)


def _rounding(f: Any) -> Any:
    """`f`, which leaves integers what they are; before NumPy 2.1 it gave float64."""
    return f if f(np.int64(1)).dtype.kind == "i" else lambda x: f(x) if x.dtype.kind == "f" else x


floor = elementwise(
    "floor", _rounding(np.floor), 0, refuse=only("iuf", "floor_vml_cpu"), js="Math.floor(%0)", sympy="floor", price=1,
    ufunc=np.floor,
    doc="The greatest whole number that is not above each element.\n"
    ">>> cr.floor(cr.tensor([1.5, -1.5]))\ntensor([ 1., -2.])",
)  # fmt: skip
ceil = elementwise(
    "ceil", _rounding(np.ceil), 0, refuse=only("iuf", "ceil_vml_cpu"), js="Math.ceil(%0)", sympy="ceiling", price=1,
    ufunc=np.ceil,
    doc="The smallest whole number that is not below each element.\n"
    ">>> cr.ceil(cr.tensor([1.5, -1.5]))\ntensor([ 2., -1.])",
)  # fmt: skip
trunc = elementwise(
    "trunc", _rounding(np.trunc), 0, refuse=only("iuf", "trunc_vml_cpu"),
    js="Math.trunc(%0)", sympy="sign(%0)*floor(Abs(%0))", aliases=("fix",), price=1, ufunc=np.trunc,
    doc="Each element without its fraction, rounded towards 0.\n"
    ">>> cr.trunc(cr.tensor([1.5, -1.5]))\ntensor([ 1., -1.])",
)  # fmt: skip
frac = elementwise(
    "frac", lambda x: x - np.trunc(x), 1, refuse=only("f", "frac_cpu"), sympy="%0 - sign(%0)*floor(Abs(%0))",
    doc="The fraction of each element, with its sign.\n"
    ">>> cr.frac(cr.tensor([1.5, -1.5]))\ntensor([ 0.5000, -0.5000])",
)  # fmt: skip


def _round(x: Any) -> Any:
    return np.rint(x) if x.dtype.kind == "f" else +x


def _round_to(x: Any, *, decimals: int) -> Any:
    ten = 10.0 ** abs(decimals)
    return np.rint(x * ten) / ten if decimals > 0 else np.rint(x / ten) * ten


# In formulas halves are rounded up; the derivative does not see the difference.
round_ = elementwise(
    "round", _round, 0, js="rint(%0)", refuse=only("iuf", "round_cpu"), publish=False, ufunc=np.rint,
    sympy="floor(%0 + Rational(1, 2))",
)  # fmt: skip
round_to = elementwise(
    "round_to", _round_to, 0, grad="RoundBackward1", refuse=only("f", "round_cpu"), publish=False,
    sympy=lambda x, *, decimals: floor(x * 10**decimals + 0.5) / 10**decimals,
)  # fmt: skip


def _divisor(kernel: Any) -> Any:
    """A kernel that divides: integers have no infinity, so division by zero is an error."""

    def divide(x: Any, y: Any) -> Any:
        if np.result_type(x, y).kind != "f" and np.any(np.equal(y, 0)) and np.size(x):
            raise RuntimeError("ZeroDivisionError")
        return kernel(x, y)

    return divide


def _div_trunc(x: Any, y: Any) -> Any:
    return np.trunc(x / y) if np.result_type(x, y).kind == "f" else (x - np.fmod(x, y)) // y


fmod = elementwise(
    "fmod", _divisor(np.fmod), js="%0%%1", times=(lambda g, x, y, out: g, lambda g, x, y, out: -g * div_trunc(x, y)),
    sympy="%0 - %1*sign(%0/%1)*floor(Abs(%0/%1))", refuse=only("iuf", "fmod_cpu"),
    grad="FmodBackward1", numbers=("FmodBackward1", "FmodBackward0"), ufunc=np.fmod,
    doc="What is left of a division rounded towards 0; it has the sign of `input`.\n"
    ">>> cr.fmod(cr.tensor([5.0, -5.0]), cr.tensor([3.0, 3.0]))\ntensor([ 2., -2.])",
)  # fmt: skip
remainder = elementwise(
    "remainder", _divisor(np.remainder),
    js="mod(%0,%1)", times=(lambda g, x, y, out: g, lambda g, x, y, out: -g * div_floor(x, y)),
    sympy="%0 - %1*floor(%0/%1)", refuse=only("iuf", "remainder_cpu"),
    grad="RemainderBackward1", numbers=("NotImplemented", "RemainderBackward0"),
    operator="%", ufunc=np.remainder,
    doc="What is left of a division rounded down; it has the sign of `other`, as Python's %.\n"
    ">>> cr.remainder(cr.tensor([5.0, -5.0]), cr.tensor([3.0, 3.0]))\ntensor([2., 1.])",
)  # fmt: skip
div_floor = elementwise(
    "div_floor", _divisor(np.floor_divide), (0, 0), js="floordiv(%0,%1)", sympy="floor(%0/%1)",
    refuse=only("iuf", "div_floor_cpu"), grad="DivBackward2", publish=False, unrounded=(1,),
)  # fmt: skip
div_trunc = elementwise(
    "div_trunc", _divisor(_div_trunc), (0, 0), sympy="sign(%0/%1)*floor(Abs(%0/%1))",
    refuse=only("iuf", "div_trunc_cpu"), grad="DivBackward2", publish=False, unrounded=(1,),
)  # fmt: skip
floor_divide = elementwise(
    "floor_divide", _divisor(np.floor_divide),
    js="floordiv(%0,%1)", sympy="floor(%0/%1)", times=(no_rule("aten::floor_divide"), no_rule("aten::floor_divide")),
    refuse=only("iuf", "div_floor_cpu"), grad="NotImplemented", operator="//", unrounded=(1,),
    doc="The quotient, rounded down.\n"
    ">>> cr.floor_divide(cr.tensor([5.0, -5.0]), cr.tensor([3.0, 3.0]))\ntensor([ 1., -2.])",
)  # fmt: skip
copysign = elementwise(
    "copysign", np.copysign, types="float", js="copysign(%0,%1)",
    sympy="Piecewise((Abs(%0), %1 >= 0), (-Abs(%0), True))",
    times=(lambda g, x, y, out: where(x == 0, 0.0, g * (out / where(x == 0, 1.0, x))), 0),
    grad="CopysignBackward0", numbers=("CopysignBackward0", "CopysignBackward1"),
    doc="The size of `input` with the sign of `other`.\n"
    ">>> cr.copysign(cr.tensor([1.0, 2.0]), cr.tensor([-1.0, 3.0]))\ntensor([-1.,  2.])",
)  # fmt: skip
nextafter = elementwise(
    "nextafter", np.nextafter, times=(lambda g, x, y, out: where(x == y, 0.0, g), 0), refuse=only("f", "nextafter_cpu"),
    doc="The next floating-point number after `input` on the way to `other`.\n"
    ">>> cr.nextafter(cr.tensor([1.0, 2.0]), cr.tensor([1.0, 2.0]))\ntensor([1., 2.])",
)  # fmt: skip


def _heaviside(x: Any, values: Any) -> Any:
    return np.where(np.equal(x, 0), values, np.greater(x, 0)).astype(np.result_type(x, values))[()]


def _one_dtype(target: Any, given: Any) -> None:
    if len({x.dtype for x in given if hasattr(x, "dtype")}) > 1:
        raise RuntimeError("heaviside is not yet implemented for tensors with different dtypes.")


heaviside = elementwise(
    "heaviside", _heaviside, times=(no_rule("aten::heaviside"), no_rule("aten::heaviside")),
    refuse=_one_dtype, grad="NotImplemented", sympy="Piecewise((0, %0 < 0), (%1, Eq(%0, 0)), (1, True))",
    doc="0 below 0, 1 above, and `other` at 0: the unit step.\n"
    ">>> cr.heaviside(cr.tensor([-1.0, 0.0, 2.0]), cr.tensor([0.5, 0.5, 0.5]))\ntensor([0.0000, 0.5000, 1.0000])",
)  # fmt: skip


def _nan_to_num(x: Any, *, nan: float | None = None, posinf: float | None = None, neginf: float | None = None) -> Any:
    whole = type(x) is np.ndarray
    x = memory.copied(x) if whole else x
    return np.nan_to_num(x, not whole, nan or 0.0, posinf, neginf)[()]


nan_to_num = elementwise(
    "nan_to_num",
    _nan_to_num,
    times=lambda g, x, out, **_: where(isfinite(x), g, 0.0),
    publish=False,
    sympy=lambda x, **_: x,
)
nextafter.wide = False  # the next half
nan_to_num.wide = False  # what replaces infinities is the largest number of the dtype itself
