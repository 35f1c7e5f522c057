"""Vector maths: elementary functions as LLVM code that a loop over arrays is vectorised with.

LLVM's own `llvm.exp` and its like call the C library once per element. The functions here are arithmetic only, written
for one element; inlined into a loop, LLVM's vectoriser makes SIMD instructions of them, two to sixteen elements wide,
on any CPU. Errors are below 2 units in the last place over the whole range, special values are those of C99;
docs/vecmath.md has the measurements, tools/remez.py computes the coefficients.

`declare` puts a function into a module, LLVM's passes inline and vectorise it, `settle` finishes what they left;
`loop.Loop` is the shortest program that does all three.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache
from typing import Any

from chainrule.compiler.vecmath import exp as _exp
from chainrule.compiler.vecmath import plain as _plain
from chainrule.compiler.vecmath import trig as _trig
from chainrule.compiler.vecmath.lane import PLACES, LaneEmitter, Real, need_llvmlite

FUNCTIONS: dict[str, Callable[..., Real]] = {
    "abs": _plain.absolute, "sqrt": _plain.sqrt, "rsqrt": _plain.rsqrt, "reciprocal": _plain.reciprocal,
    "floor": _plain.floor, "ceil": _plain.ceil, "trunc": _plain.trunc, "rint": _plain.rint, "round": _plain.rint,
    "fmod": _plain.fmod, "remainder": _plain.remainder, "hypot": _plain.hypot,
    "exp": _exp.exp, "exp2": _exp.exp2, "expm1": _exp.expm1, "log": _exp.log, "log2": _exp.log2, "log10": _exp.log10,
    "log1p": _exp.log1p, "pow": _exp.pow, "cbrt": _exp.cbrt, "sinh": _exp.sinh, "cosh": _exp.cosh, "tanh": _exp.tanh,
    "asinh": _exp.asinh, "acosh": _exp.acosh, "atanh": _exp.atanh, "sigmoid": _exp.sigmoid,
    "log_sigmoid": _exp.log_sigmoid, "softplus": _exp.softplus, "erf": _exp.erf, "erfc": _exp.erfc,
    "sin": _trig.sin, "cos": _trig.cos, "tan": _trig.tan,
    "asin": _trig.asin, "acos": _trig.acos, "atan": _trig.atan, "atan2": _trig.atan2,
}  # fmt: skip


def names() -> list[str]:
    """The functions there are, as in torch (`round` rounds halves to even, `remainder` has the divisor's sign).

    >>> "exp" in names()
    True
    """
    return sorted(FUNCTIONS)


def arity(name: str) -> int:
    """How many arguments a function takes: 1 or 2."""
    return len(inspect.signature(FUNCTIONS[name]).parameters) - 1


@cache
def host_has_fma() -> bool:
    """Whether the CPU multiplies and adds with one rounding (x86 since 2013, all 64 bit ARM)."""
    llvm = need_llvmlite().binding
    arm = llvm.get_process_triple().startswith(("aarch64", "arm64"))
    return bool(arm or llvm.get_host_cpu_features().get("fma", False))


def declare(module: Any, name: str, dtype: str, fma: bool | None = None, lanes: int = 1) -> Any:
    """The function `name` for a dtype, added to the module with all that it needs unless it is there already.

    Arguments:
        module: an `llvmlite.ir.Module`.
        name: one of `names()`.
        dtype: 'float' or 'double'.
        fma: whether the target multiplies and adds with one rounding; default: whether this CPU does.
        lanes: for code that is written in vectors: of how many numbers (2, 4, 8, 16 or 32).

    Returns:
        `llvmlite.ir.Function` from `arity(name)` numbers (or vectors) to one: internal, always inlined, without side
        effects.

    Raises:
        ValueError: no such function or dtype.
        ImportError: llvmlite is not installed.

    >>> from llvmlite import ir
    >>> declare(ir.Module(), "exp", "double").ftype
    <<class 'llvmlite.ir.types.FunctionType'> double (double)>
    """
    ir = need_llvmlite().ir
    if name not in FUNCTIONS:
        raise ValueError(f"no vector maths for {name!r}; there is: {', '.join(names())}")
    if dtype not in PLACES:
        raise ValueError(f"vector maths is for 'float' and 'double', not {dtype!r}")
    symbol = f"chainrule_{name}_{dtype}" + (f"_of{lanes}" if lanes > 1 else "")
    if symbol in module.globals:
        return module.globals[symbol]
    kind = ir.FloatType() if dtype == "float" else ir.DoubleType()
    if lanes > 1:
        kind = ir.VectorType(kind, lanes)
    function = ir.Function(module, ir.FunctionType(kind, [kind] * arity(name)), symbol)
    function.linkage = "internal"
    for attribute in ("alwaysinline", "nounwind", "readnone"):
        function.attributes.add(attribute)
    code = LaneEmitter(
        ir.IRBuilder(function.append_basic_block()), dtype, host_has_fma() if fma is None else fma, lanes
    )
    code.build.ret(FUNCTIONS[name](code, *(Real(code, a) for a in function.args)).raw)
    return function


def settle(module: Any, passes: Any) -> None:
    """To be called after LLVM's own passes: inlines into the vectorised loops the tests for rare cases.

    Arguments:
        module: the parsed and optimised `llvmlite.binding.ModuleRef`.
        passes: the `PassBuilder` that it was optimised with.
    """
    llvm = need_llvmlite().binding
    for function in module.functions:
        if function.name.startswith("chainrule_") and "_cold_" in function.name:
            function.linkage = "internal"  # what nothing calls any more goes
    last = llvm.create_new_module_pass_manager()
    last.add_always_inliner_pass()
    last.add_simplify_cfg_pass()
    last.add_instruction_combine_pass()
    last.add_global_dead_code_eliminate_pass()
    last.run(module, passes)
