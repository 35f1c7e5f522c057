"""One number of native code: a `Register` stands where a NumPy scalar would, and writes instructions when it is used.

An op's own NumPy kernel is run on cells: `1 / (1 + np.exp(-x))` writes an fneg, a call, an fadd and an fdiv. So the
table needs no second form of any op, and what the two compute is the same by construction: dtypes meet as NumPy has
it, and a kernel that asks for a value, or calls what has no instruction, raises `NotNative` and is left to NumPy.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from chainrule.compiler.native import engine
from chainrule.core.op import Op
from chainrule.core.tracer import Scalar

BOOL = np.dtype(bool)
DOUBLE = np.dtype("float64")
SINGLE = np.dtype("float32")
KINDS = frozenset(map(np.dtype, ("?", "u1", "i1", "i2", "i4", "i8", "f4", "f8")))


class NotNative(TypeError):
    """There is no native form of this."""


@functools.cache
def ir_type(dtype: Any, memory: bool = False) -> Any:
    """LLVM's type for a dtype; a bool is one bit, and a byte in memory."""
    from llvmlite import ir

    if dtype not in KINDS:
        raise NotNative(f"no native code for {dtype}")
    if dtype.kind == "f":
        return ir.FloatType() if dtype.itemsize == 4 else ir.DoubleType()
    return ir.IntType(8 * dtype.itemsize if memory or dtype.kind != "b" else 1)


class Emitter:
    """What writes into one function. `vector`: the code is in a loop, so LLVM is to vectorise the maths in it."""

    def __init__(self, module: Any, build: Any, vector: bool) -> None:
        self.module, self.build, self.vector = module, build, vector

    def kind(self, dtype: Any) -> Any:
        """The type of what a cell holds."""
        return ir_type(dtype)

    def constant(self, x: Any, dtype: Any, weak: bool = False) -> Register:
        from llvmlite import ir

        x = dtype.type(x)
        return Register(self, ir.Constant(ir_type(dtype), float(x) if dtype.kind == "f" else int(x)), dtype, weak)

    def load(self, at: Any, dtype: Any, weak: bool = False) -> Register:
        raw = self.build.load(at, typ=ir_type(dtype, memory=True))
        return Register(self, self.build.trunc(raw, ir_type(BOOL)) if dtype.kind == "b" else raw, dtype, weak)

    def store(self, x: Register, at: Any) -> None:
        raw = self.build.zext(x.raw, ir_type(BOOL, memory=True)) if x.dtype.kind == "b" else x.raw
        self.build.store(raw, at)

    def call(self, name: str, *args: Register) -> Register:
        """A function of vector maths; in unrolled code the C library's, which is quicker to compile."""
        from chainrule.compiler.vecmath import functions as vecmath

        dtype = args[0].dtype
        raws = [a.raw for a in args]
        function = None if self.vector else _from_libm(self.module, name, dtype)
        if function is None:
            function = vecmath.declare(self.module, name, "float" if dtype.itemsize == 4 else "double")
        return Register(self, self.build.call(function, raws), dtype)

    def intrinsic(self, name: str, *args: Register) -> Register:
        from llvmlite import ir

        kind = ir_type(args[0].dtype)
        function = self.module.declare_intrinsic(f"llvm.{name}", [kind], ir.FunctionType(kind, [kind] * len(args)))
        return Register(self, self.build.call(function, [a.raw for a in args]), args[0].dtype)


_LIBM = frozenset(
    "exp exp2 expm1 log log2 log10 log1p sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh "
    "atan2 hypot pow fmod erf erfc".split()
)


def _from_libm(module: Any, name: str, dtype: Any) -> Any:
    from llvmlite import ir

    from chainrule.compiler.vecmath import functions as vecmath

    symbol = name + ("f" if dtype.itemsize == 4 else "")
    if name not in _LIBM or not engine.has(symbol):
        return None
    if symbol in module.globals:
        return module.globals[symbol]
    kind = ir_type(dtype)
    function = ir.Function(module, ir.FunctionType(kind, [kind] * vecmath.arity(name)), symbol)
    for attribute in ("nounwind", "readnone"):
        function.attributes.add(attribute)
    return function


@functools.cache
def _promoted(*kinds: Any) -> Any:
    return np.result_type(*(k(1) if isinstance(k, type) else k for k in kinds))


def _kind(x: Any) -> Any:
    # How an operand counts when dtypes meet: a Python number, or a weak cell, for no more than its category.
    if isinstance(x, Register):
        return float if x.weak else x.dtype
    return x.dtype if isinstance(x, np.generic) else type(x)


class Register(Scalar):
    """A number in a register: LLVM's value, a dtype, and whether it is a Python number (weak)."""

    __slots__ = ("dtype", "emitter", "raw", "weak")

    def __init__(self, emitter: Emitter, raw: Any, dtype: Any, weak: bool = False) -> None:
        self.emitter, self.raw, self.dtype, self.weak = emitter, raw, dtype, weak

    def astype(self, dtype: Any, copy: bool = True) -> Register:
        """Converted as NumPy does it."""
        a, b, build, raw = self.dtype, np.dtype(dtype), self.emitter.build, self.raw
        if a == b:
            return Register(self.emitter, raw, b)
        to = self.emitter.kind(b)
        if b.kind == "b":
            differs = build.fcmp_unordered if a.kind == "f" else build.icmp_signed
            raw = differs("!=", raw, self.emitter.constant(0, a).raw)
        elif a.kind == "f":
            if b.kind != "f":
                return self._whole(np.dtype("i4" if b.itemsize < 8 else "i8")).astype(b)
            raw = (build.fpext if b.itemsize > a.itemsize else build.fptrunc)(raw, to)
        elif b.kind == "f":
            raw = (build.sitofp if a.kind == "i" else build.uitofp)(raw, to)
        elif b.itemsize > a.itemsize or a.kind == "b":
            raw = (build.sext if a.kind == "i" else build.zext)(raw, to)
        elif b.itemsize < a.itemsize:
            raw = build.trunc(raw, to)
        return Register(self.emitter, raw, b)

    def _whole(self, dtype: Any) -> Register:
        """To an integer; what does not fit, NaN too, becomes the lowest one, as the CPU's instruction has it."""
        top = 2.0 ** (8 * dtype.itemsize - 1)
        fits = (self >= -top) & (self < top)
        safe = choose(fits, self, 0.0)
        got = Register(self.emitter, self.emitter.build.fptosi(safe.raw, self.emitter.kind(dtype)), dtype)
        return choose(fits, got, int(np.iinfo(dtype).min))

    def _unknown(self, *_: Any, **__: Any) -> NoReturn:
        raise NotNative("a kernel asks for a value, which native code knows only when it runs")

    # ---- arithmetic

    def same(self, *others: Any) -> tuple[list[Register], bool]:
        """All operands in the dtype in which they meet, and whether it is a Python number's."""
        dtype = _promoted(*map(_kind, (self, *others)))
        weak = all(x.weak if isinstance(x, Register) else not isinstance(x, np.generic) for x in (self, *others))
        return [self.lift(x, dtype) for x in (self, *others)], weak and dtype.kind == "f"

    def lift(self, x: Any, dtype: Any) -> Register:
        """A cell or a number as a cell of a dtype."""
        return x.astype(dtype) if isinstance(x, Register) else self.emitter.constant(x, dtype)

    def _do(
        self, others: tuple[Any, ...], of_floats: str, of_integers: str | None = None, real: bool = False
    ) -> Register:
        cells, weak = self.same(*others)
        dtype = cells[0].dtype
        if real and dtype.kind != "f":
            dtype, cells = DOUBLE, [c.astype(DOUBLE) for c in cells]
        how = of_floats if dtype.kind == "f" else of_integers
        if how is None or dtype.kind == "b":
            raise NotNative(f"no native form for {dtype}")
        return Register(self.emitter, getattr(self.emitter.build, how)(*[c.raw for c in cells]), dtype, weak)

    def __add__(self, y: Any) -> Register:
        return self._do((y,), "fadd", "add")

    def __sub__(self, y: Any) -> Register:
        return self._do((y,), "fsub", "sub")

    def __rsub__(self, y: Any) -> Register:
        return self._swapped(y) - self

    def __mul__(self, y: Any) -> Register:
        return self._do((y,), "fmul", "mul")

    __radd__, __rmul__ = __add__, __mul__

    def __truediv__(self, y: Any) -> Register:
        return self._do((y,), "fdiv", real=True)

    def __rtruediv__(self, y: Any) -> Register:
        return self._swapped(y) / self

    def __pow__(self, y: Any) -> Register:
        return self.function("pow", y)

    def __rpow__(self, y: Any) -> Register:
        return self._swapped(y).function("pow", self)

    def __neg__(self) -> Register:
        return self._do((), "fneg", "neg")

    def __abs__(self) -> Register:
        if self.dtype.kind == "f":
            return self._marked(self.emitter.intrinsic("fabs", self))
        return self if self.dtype.kind != "i" else choose(self < 0, -self, self)

    def _marked(self, x: Register) -> Register:
        x.weak = self.weak
        return x

    def _swapped(self, y: Any) -> Register:
        """A number as the left operand of a cell: it decides no dtype that the cell would not."""
        return self.emitter.constant(y, _promoted(_kind(self), _kind(y)), self.weak and not isinstance(y, np.generic))

    def function(self, name: str, *others: Any) -> Register:
        """A function of vector maths of this and others; integers are taken as float64."""
        cells, weak = self.same(*others)
        if cells[0].dtype.kind != "f":
            if name in ("pow", "fmod", "remainder") or cells[0].dtype.itemsize < 4:
                raise NotNative(f"{name} of integers is NumPy's")
            cells = [c.astype(DOUBLE) for c in cells]
        got = self.emitter.call(name, *cells)
        got.weak = weak
        return got

    # ---- comparisons and logic

    def _compare(self, how: str, y: Any) -> Register:
        (a, b), _ = self.same(y)
        build = self.emitter.build
        if a.dtype.kind == "f":
            raw = (build.fcmp_unordered if how == "!=" else build.fcmp_ordered)(how, a.raw, b.raw)
        else:
            raw = (build.icmp_signed if a.dtype.kind == "i" else build.icmp_unsigned)(how, a.raw, b.raw)
        return Register(self.emitter, raw, BOOL)

    def __lt__(self, y: Any) -> Register:
        return self._compare("<", y)

    def __le__(self, y: Any) -> Register:
        return self._compare("<=", y)

    def __gt__(self, y: Any) -> Register:
        return self._compare(">", y)

    def __ge__(self, y: Any) -> Register:
        return self._compare(">=", y)

    def __eq__(self, y: Any) -> Register:  # type: ignore[override]
        return self._compare("==", y)

    def __ne__(self, y: Any) -> Register:  # type: ignore[override]
        return self._compare("!=", y)

    __hash__ = object.__hash__

    def _bits(self, how: str, y: Any) -> Register:
        (a, b), _ = self.same(y)
        if a.dtype.kind == "f":
            raise NotNative("bits of floating point numbers")
        return Register(self.emitter, getattr(self.emitter.build, how)(a.raw, b.raw), a.dtype)

    def __and__(self, y: Any) -> Register:
        return self._bits("and_", y)

    def __or__(self, y: Any) -> Register:
        return self._bits("or_", y)

    def __xor__(self, y: Any) -> Register:
        return self._bits("xor", y)

    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__

    def __invert__(self) -> Register:
        if self.dtype.kind == "f":
            raise NotNative("bits of floating point numbers")
        return Register(self.emitter, self.emitter.build.not_(self.raw), self.dtype)

    def _no_form(self, *_: Any) -> Any:
        raise NotNative("there are no instructions for this operator")

    __mod__ = __rmod__ = __floordiv__ = __rfloordiv__ = _no_form  # their ops say how, by a column or a ufunc
    __lshift__ = __rlshift__ = __rshift__ = __rrshift__ = _no_form

    # ---- what kernels call

    def _interpret(self, op: Op, args: Any, attrs: dict[str, Any]) -> Any:
        return run(op, args, attrs)

    def rarely(self, x: Any, y: Any) -> Register:
        """`choose` by a condition that is guessed not to hold: a branch, but in loops, which it would keep scalar.

        What depends on y goes on before the condition is known, as the processor guesses; a choice would wait.
        """
        chosen, build = choose(self, x, y), self.emitter.build
        if self.emitter.vector:
            return chosen
        value, other = (chosen.lift(a, chosen.dtype).raw for a in (x, y))
        before = build.block
        with build.if_then(self.astype(BOOL).raw, likely=False):
            taken = build.block
        phi = build.phi(other.type)
        phi.add_incoming(other, before)
        phi.add_incoming(value, taken)
        return Register(self.emitter, phi, chosen.dtype, chosen.weak)

    def __array_ufunc__(self, ufunc: Any, method: str, *args: Any, **kwargs: Any) -> Any:
        if method != "__call__" or ufunc not in UFUNCS or kwargs.keys() - {"dtype"}:
            raise NotNative(f"no native form of {ufunc.__name__}")
        if "dtype" in kwargs:
            args = tuple(self.lift(x, np.dtype(kwargs["dtype"])) for x in args)
        first = args[0] if isinstance(args[0], Register) else self._swapped(args[0])
        return UFUNCS[ufunc](first, *args[1:])

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if function is np.where:
            return choose(*args)
        if function is np.result_type:
            return _promoted(*map(_kind, args))
        if function is np.clip:
            return UFUNCS[np.minimum](UFUNCS[np.maximum](args[0], args[1]), args[2])
        raise NotNative(f"no native form of {function.__name__}")


def choose(condition: Any, x: Any, y: Any) -> Register:
    """np.where of single numbers."""
    if not isinstance(condition, Register):
        raise NotNative("a choice that is known beforehand")
    known = next((a for a in (x, y) if isinstance(a, Register)), None)
    if known is None:
        dtype = _promoted(_kind(x), _kind(y))
        x, y, weak = condition.lift(x, dtype), condition.lift(y, dtype), False
    elif known is x:
        (x, y), weak = x.same(y)
    else:
        (y, x), weak = y.same(x)
    return Register(
        condition.emitter, condition.emitter.build.select(condition.astype(BOOL).raw, x.raw, y.raw), x.dtype, weak
    )


def _isnan(x: Register) -> Register:
    return x != x


def _larger(x: Register, y: Any) -> Register:
    (a, b), weak = x.same(y)
    got = choose((a > b) | _isnan(a), a, b)  # of two zeros the second, as NumPy's vector code
    got.weak = weak
    return got


def _smaller(x: Register, y: Any) -> Register:
    (a, b), weak = x.same(y)
    got = choose((a < b) | _isnan(a), a, b)
    got.weak = weak
    return got


def _ignoring(pick: Callable[[Register, Any], Register]) -> Callable[[Register, Any], Register]:
    def either(x: Register, y: Any) -> Register:
        (a, b), _ = x.same(y)
        return choose(_isnan(a), b, choose(_isnan(b), a, pick(a, b)))

    return either


def _rounded(how: str) -> Callable[[Register], Register]:
    return lambda x: x._marked(x.emitter.intrinsic(how, x)) if x.dtype.kind == "f" else x


def _turned(x: Register, a: float, b: float) -> Register:
    one = (x.dtype if x.dtype.kind == "f" else DOUBLE).type
    return x * float(one(a) / one(b))  # NumPy divides in x's own precision


def _sqrt(x: Register) -> Register:
    return x._marked(x.emitter.intrinsic("sqrt", x if x.dtype.kind == "f" else x.astype(DOUBLE)))


def _logic(how: str) -> Callable[[Register, Any], Register]:
    return lambda x, y: getattr(x.astype(BOOL), how)(x.lift(y, BOOL))


def _call(name: str) -> Callable[..., Register]:
    return lambda x, *others: x.function(name, *others)


UFUNCS: dict[Any, Callable[..., Any]] = {
    np.add: Register.__add__, np.subtract: Register.__sub__, np.multiply: Register.__mul__,
    np.true_divide: Register.__truediv__,
    np.negative: Register.__neg__, np.abs: Register.__abs__, np.power: Register.__pow__, np.sqrt: _sqrt,
    np.square: lambda x: x * x, np.reciprocal: lambda x: 1 / x,
    np.maximum: _larger, np.minimum: _smaller, np.fmax: _ignoring(_larger), np.fmin: _ignoring(_smaller),
    np.floor: _rounded("floor"), np.ceil: _rounded("ceil"), np.trunc: _rounded("trunc"), np.rint: _rounded("rint"),
    np.less: Register.__lt__, np.less_equal: Register.__le__,
    np.greater: Register.__gt__, np.greater_equal: Register.__ge__,
    np.equal: Register.__eq__, np.not_equal: Register.__ne__,
    np.logical_and: _logic("__and__"), np.logical_or: _logic("__or__"), np.logical_xor: _logic("__xor__"),
    np.logical_not: lambda x: ~x.astype(BOOL), np.isnan: _isnan,
    np.isinf: lambda x: abs(x) == np.inf, np.isfinite: lambda x: abs(x) < np.inf,
    np.deg2rad: lambda x: _turned(x, np.pi, 180), np.rad2deg: lambda x: _turned(x, 180, np.pi),
    **{getattr(np, n): _call(n) for n in "exp exp2 expm1 log log2 log10 log1p sin cos tan sinh cosh tanh".split()},
    **{getattr(np, n): _call(n) for n in "hypot fmod remainder".split()},
    **{getattr(np, f"arc{n}"): _call(f"a{n}") for n in "sin cos tan sinh cosh tanh tan2".split()},
}  # fmt: skip


def run(op: Op, args: Any, attrs: dict[str, Any]) -> Any:
    """An elementwise op on cells and numbers."""
    native = op.columns.get("native")
    if native is not None:
        return args[0].function(native)
    return op.kernel(*args, **attrs)
