"""Machine code for an elementwise op, or a rule of one, on long arrays: one loop where NumPy makes several passes.

The op (or its rule) is written down for arrays as the table declares it, and `fused` writes the loop, over as many
elements as it is given. It is made once for an op, its attributes and the kinds of its operands; numbers among these
are given with each call, so that a new one costs no compilation.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Sequence
from sys import maxsize
from typing import Any

import numpy as np

from chainrule.base.dtypes import BOOL, F32, F64
from chainrule.compiler.lower import lower
from chainrule.compiler.native.engine import Code
from chainrule.compiler.native.frame import address
from chainrule.compiler.native.fused import Writer
from chainrule.compiler.native.plan import FusedLoop, Plan, price
from chainrule.core.graph import Var
from chainrule.core.op import Elementwise
from chainrule.core.registry import Attrs
from chainrule.core.state import mode

LENGTH = 1 << 16  # of the arrays in the graph: any that is long
MOST = 500  # kernels that are held
SPEED = 1.5e-11  # seconds for a simple instruction on each byte: about what today's processors need
EXACT = 1 << 53  # whole numbers up to there are doubles
_PLAIN = frozenset({bool, int, float, str, type(None)})
_held: dict[Any, Kernel | None] = {}


class Kernel:
    """A function of arrays, their elements in order in memory, and of numbers, that gives an array as a ufunc does."""

    def __init__(self, code: Code, kinds: Sequence[str], dtype: Any, work: int) -> None:
        self.code, self.run, self.dtype = code, code.function("loop"), dtype
        self.seconds = SPEED * work * dtype.itemsize  # for an element
        self.arrays, self.numbers = _of(kinds, "array"), _of(kinds, "number")
        self.table = ctypes.c_int64 * (len(self.arrays) + 1)
        self.pack = struct.Struct("=" + "".join("f4x" if kinds[i] == "number f" else "d" for i in self.numbers)).pack

    def __call__(self, *args: Any, out: Any = None) -> Any:
        arrays = [args[i] for i in self.arrays]
        if out is None:
            out = np.empty(arrays[0].shape, self.dtype)
        arrays.append(out)
        self.run(self.pack(*[args[i] for i in self.numbers]), self.table(*map(address, arrays)), 0, out.size)
        return out


def kernel(op: Elementwise, rule: int | None, attrs: Attrs, args: Sequence[Any]) -> Kernel | None:
    """What computes `op`, or its rule of that number from (gradient, *operands, result), of operands like these.

    args: arrays of one shape, their elements in order in memory; numbers, NumPy's among them; None. The kernel is None
    where there is no machine code, or none that is faster than NumPy.
    """
    kinds = tuple([_kind(a, "reads_numbers" in op.columns) for a in args])
    if rule is not None:
        kinds = tuple([k if not i or i - 1 in op.touches[rule] else "unread" for i, k in enumerate(kinds)])
    if "" in kinds or _FLOATS.isdisjoint(kinds) or not _PLAIN.issuperset(map(type, attrs.values())):
        return None
    key = op, rule, repr(attrs), kinds
    try:
        return _held[key]
    except KeyError:
        if len(_held) >= MOST:
            _held.clear()
        made = _held[key] = _made(op, rule, attrs, args, kinds)
        return made


_FLOATS = frozenset(("array f", "array d"))


def _kind(a: Any, by_value: bool) -> str:
    """What of an operand the code depends on; nothing where there is no code for it."""
    if isinstance(a, (np.ndarray, np.generic)):
        if a.shape:
            return f"array {a.dtype.char}" if a.dtype in (F32, F64, BOOL) and a.flags.aligned else ""
        return f"number {a.dtype.char}" if a.dtype in (F32, F64) else ""
    if not by_value and (type(a) is float or (type(a) is int and -EXACT <= a <= EXACT)):
        return "number"
    return repr(a) if type(a) in _PLAIN else ""


def _of(kinds: Sequence[str], kind: str) -> list[int]:
    return [i for i, k in enumerate(kinds) if k.startswith(kind)]


def _made(op: Elementwise, rule: int | None, attrs: Attrs, args: Sequence[Any], kinds: Sequence[str]) -> Kernel | None:
    from llvmlite import ir

    operands = [_operand(a, kind) for a, kind in zip(args, kinds)]
    with mode(trace=kernel):  # so that ops on values are written down
        if rule is None:
            got = op(*operands, **attrs)
        else:
            got = op.pull((op.rules or ())[rule], operands[0], operands[1:], attrs)
    if not isinstance(got, Var) or got.op is None or got.shape != (LENGTH,):
        return None
    if got.op.long == maxsize and all(v.op is None for v in got.args if isinstance(v, Var)):
        return None  # a single pass of NumPy's
    (result,) = lower([got])
    plan = Plan([v for v in operands if isinstance(v, Var)], [result])
    step = plan.steps[0]
    if len(plan.steps) > 1 or not isinstance(step, FusedLoop):
        return None
    arrays, numbers = ([operands[i].id for i in _of(kinds, kind)] for kind in ("array", "number"))
    places: dict[Any, Any] = {v: ("table", i) for i, v in enumerate([*arrays, result.id])}
    places |= {v: ("cells", 8 * i) for i, v in enumerate(numbers)}
    module = ir.Module("kernel")
    Writer(module, "loop", plan, step, places)
    work = sum(map(price, plan.computed(step).values()))
    return Kernel(Code(module, loops=True), kinds, result.dtype, work)


def _operand(a: Any, kind: str) -> Any:
    """An input of the graph, or what is written into it as it is."""
    if kind.startswith("array") or (kind == "unread" and hasattr(a, "shape") and a.shape):
        return Var((LENGTH,), a.dtype)
    if kind.startswith("number"):
        v = Var((), F64 if kind == "number" else a.dtype)
        v.weak = kind == "number"
        return v
    return a
