"""Writing vector maths as if it were arithmetic: values that emit LLVM instructions when they are combined.

A `LaneEmitter` belongs to one function that is being written, for one dtype; `Real`, `Integer` and `Truth` are its
floating point numbers, integers of the same width and conditions. `x * y + 1` emits an fmul and an fadd. What is
written this way has no branches and no calls, so LLVM turns a loop over it into vector instructions of whatever width
the CPU has. The one exception is `rare`, a branch to a cold call.
"""

from __future__ import annotations

import struct
from functools import cache
from typing import Any

from chainrule.base.extras import extra
from chainrule.compiler.vecmath.tables import CONSTANTS, POLYNOMIALS

PLACES = {"float": (24, 32), "double": (53, 64)}  # bits of the significand, of the whole


@cache
def need_llvmlite() -> Any:
    """The package llvmlite with `ir` and `binding`; ImportError says what to install."""
    for part in ("llvmlite.binding", "llvmlite.ir"):
        extra(part, "compile", "machine code")
    return extra("llvmlite", "compile")


class Value:
    """An LLVM value and the code it belongs to."""

    __slots__ = ("code", "raw")

    def __init__(self, code: LaneEmitter, raw: Any) -> None:
        self.code, self.raw = code, raw


class Truth(Value):
    """A condition."""

    def __and__(self, other: Truth) -> Truth:
        return Truth(self.code, self.code.build.and_(self.raw, other.raw))

    def __or__(self, other: Truth) -> Truth:
        return Truth(self.code, self.code.build.or_(self.raw, other.raw))

    def __xor__(self, other: Truth) -> Truth:
        return Truth(self.code, self.code.build.xor(self.raw, other.raw))

    def __invert__(self) -> Truth:
        return Truth(self.code, self.code.build.not_(self.raw))


class Integer(Value):
    """An integer as wide as the dtype; right shifts bring in zeros."""

    def _with(self, how: str, other: Integer | int) -> Integer:
        return Integer(self.code, getattr(self.code.build, how)(self.raw, self.code.integer(other).raw))

    def __add__(self, other: Integer | int) -> Integer:
        return self._with("add", other)

    def __sub__(self, other: Integer | int) -> Integer:
        return self._with("sub", other)

    def __and__(self, other: Integer | int) -> Integer:
        return self._with("and_", other)

    def __or__(self, other: Integer | int) -> Integer:
        return self._with("or_", other)

    def __xor__(self, other: Integer | int) -> Integer:
        return self._with("xor", other)

    def __lshift__(self, other: int) -> Integer:
        return self._with("shl", other)

    def __rshift__(self, other: int) -> Integer:
        return self._with("lshr", other)

    def same(self, other: int) -> Truth:
        return Truth(self.code, self.code.build.icmp_unsigned("==", self.raw, self.code.integer(other).raw))

    def real(self) -> Real:
        """The number with these bits."""
        return Real(self.code, self.code.build.bitcast(self.raw, self.code.type))


class Real(Value):
    """A floating point number; comparisons with nan are false, `differs` is true."""

    def _with(self, how: str, other: Real | float, swap: bool = False) -> Real:
        a, b = self.raw, self.code.real(other).raw
        return Real(self.code, getattr(self.code.build, how)(*((b, a) if swap else (a, b))))

    def __add__(self, other: Real | float) -> Real:
        return self._with("fadd", other)

    def __radd__(self, other: float) -> Real:
        return self._with("fadd", other, True)

    def __sub__(self, other: Real | float) -> Real:
        return self._with("fsub", other)

    def __rsub__(self, other: float) -> Real:
        return self._with("fsub", other, True)

    def __mul__(self, other: Real | float) -> Real:
        return self._with("fmul", other)

    def __rmul__(self, other: float) -> Real:
        return self._with("fmul", other, True)

    def __truediv__(self, other: Real | float) -> Real:
        return self._with("fdiv", other)

    def __rtruediv__(self, other: float) -> Real:
        return self._with("fdiv", other, True)

    def __neg__(self) -> Real:
        return Real(self.code, self.code.build.fneg(self.raw))

    def _than(self, how: str, other: Real | float) -> Truth:
        return Truth(self.code, self.code.build.fcmp_ordered(how, self.raw, self.code.real(other).raw))

    def __lt__(self, other: Real | float) -> Truth:
        return self._than("<", other)

    def __le__(self, other: Real | float) -> Truth:
        return self._than("<=", other)

    def __gt__(self, other: Real | float) -> Truth:
        return self._than(">", other)

    def __ge__(self, other: Real | float) -> Truth:
        return self._than(">=", other)

    def equals(self, other: Real | float) -> Truth:
        return self._than("==", other)

    def differs(self, other: Real | float) -> Truth:
        return Truth(self.code, self.code.build.fcmp_unordered("!=", self.raw, self.code.real(other).raw))

    def is_nan(self) -> Truth:
        return self.differs(self)

    def bits(self) -> Integer:
        """The bits of the number as an integer."""
        return Integer(self.code, self.code.build.bitcast(self.raw, self.code.int))

    def __abs__(self) -> Real:
        return self.code.intrinsic("fabs", self)


class LaneEmitter:
    """What one function is written with: its builder, its dtype and the dtype's constants.

    lanes: how many numbers each value holds; 1 for code that LLVM is to vectorise.
    """

    def __init__(self, build: Any, dtype: str, fma: bool, lanes: int = 1) -> None:
        ir = need_llvmlite().ir
        self.build, self.dtype, self.fused, self.lanes = build, dtype, fma, lanes
        self.precision, width = PLACES[dtype]
        self.type = ir.FloatType() if dtype == "float" else ir.DoubleType()
        self.int = ir.IntType(width)
        if lanes > 1:
            self.type, self.int = ir.VectorType(self.type, lanes), ir.VectorType(self.int, lanes)
        self.width, self.fraction = width, self.precision - 1
        self.bias = 2 ** (width - self.precision - 1) - 1  # of the exponent: 127, 1023
        self.least_normal, self.infinity = 2.0 ** (1 - self.bias), float("inf")
        self.magic = 1.5 * 2.0**self.fraction  # adding it to a number rounds that to a whole one, kept in the low bits
        self._ir = ir

    # values

    def _constant(self, kind: Any, x: Any) -> Any:
        return self._ir.Constant(kind, x if self.lanes == 1 else [x] * self.lanes)

    def real(self, x: Real | float) -> Real:
        return x if isinstance(x, Real) else Real(self, self._constant(self.type, float(x)))

    def integer(self, x: Integer | int) -> Integer:
        return x if isinstance(x, Integer) else Integer(self, self._constant(self.int, int(x) % 2**self.width))

    def bit_pattern(self, x: float) -> int:
        """The bits of a constant."""
        form = {"float": ("<f", "<I"), "double": ("<d", "<Q")}[self.dtype]
        return int(struct.unpack(form[1], struct.pack(form[0], x))[0])

    def parts(self, name: str) -> tuple[float, ...]:
        """The parts of a constant, largest first."""
        return CONSTANTS[name][self.dtype]

    def poly(self, name: str, x: Real) -> Real:
        """The polynomial of that name by Horner's rule."""
        *rest, total = POLYNOMIALS[name][self.dtype]
        value = self.real(total)
        for c in reversed(rest):
            value = self.mad(value, x, c)
        return value

    # operations

    def intrinsic(self, name: str, *args: Real) -> Real:
        kind = f"f{self.width}" if self.lanes == 1 else f"v{self.lanes}f{self.width}"
        function = self.build.module.declare_intrinsic(f"llvm.{name}.{kind}", (), self._signature(len(args)))
        return Real(self, self.build.call(function, [a.raw for a in args]))

    def _signature(self, count: int) -> Any:
        return need_llvmlite().ir.FunctionType(self.type, [self.type] * count)

    def mad(self, a: Real, b: Real | float, c: Real | float) -> Real:
        """a b + c, rounded once or twice, whatever is faster."""
        return self.intrinsic("fmuladd", a, self.real(b), self.real(c))

    def fma(self, a: Real, b: Real | float, c: Real | float) -> Real:
        """a b + c, rounded once (without FMA in the CPU: by a slow call)."""
        return self.intrinsic("fma", a, self.real(b), self.real(c))

    def two_product(self, a: Real, b: Real | float) -> tuple[Real, Real]:
        """a b as a rounded product and its error, which is exact (T. J. Dekker, 1971, where there is no FMA)."""
        b = self.real(b)
        high = a * b
        if self.fused:
            return high, self.fma(a, b, -high)
        (a1, a2), (b1, b2) = self._halves(a), self._halves(b)
        return high, ((a1 * b1 - high) + a1 * b2 + a2 * b1) + a2 * b2

    def _halves(self, a: Real) -> tuple[Real, Real]:
        t = a * (2.0 ** ((self.precision + 1) // 2) + 1)
        high = t - (t - a)
        return high, a - high

    def two_sum(self, a: Real | float, b: Real | float) -> tuple[Real, Real]:
        """a + b as a rounded sum and its error, exact (D. E. Knuth)."""
        a, b = self.real(a), self.real(b)
        s = a + b
        t = s - a
        return s, (a - (s - t)) + (b - t)

    def fast_two_sum(self, a: Real | float, b: Real) -> tuple[Real, Real]:
        """`two_sum` where |a| >= |b| or a = 0."""
        a = self.real(a)
        s = a + b
        return s, b - (s - a)

    def select(self, condition: Truth, yes: Real | float, no: Real | float) -> Real:
        return Real(self, self.build.select(condition.raw, self.real(yes).raw, self.real(no).raw))

    def clamp(self, x: Real, low: float, high: float) -> Real:
        """x brought between two bounds; nan stays nan."""
        return self.at_most(self.at_least(x, low), high)

    def at_most(self, x: Real, bound: float) -> Real:
        return self.select(x > bound, bound, x)

    def at_least(self, x: Real, bound: float) -> Real:
        return self.select(x < bound, bound, x)

    def copysign(self, size: Real, sign: Real) -> Real:
        return self.intrinsic("copysign", size, sign)

    def sqrt(self, x: Real) -> Real:
        return self.intrinsic("sqrt", x)

    def nearest(self, x: Real) -> Real:
        """x rounded to a whole number, |x| < 2^(precision - 2)."""
        return (x + self.magic) - self.magic

    def power_of_two(self, k: Real) -> Real:
        """2^k for a whole k between the exponents of normal numbers."""
        return ((k + (self.magic + self.bias)).bits() << self.fraction).real()

    def scale(self, x: Real, k: Real) -> Real:
        """x 2^k for a whole k, in two steps: rounded once where the result is subnormal, infinite where it is large."""
        half = self.nearest(k * 0.5)
        return (x * self.power_of_two(half)) * self.power_of_two(k - half)
