"""Small values in registers: a tensor is an array of cells, and ops are written out element by element.

Ops that move numbers, and products of matrices, run their own kernels on the arrays of cells (NumPy's object arrays).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.compiler.native.registers import KINDS, Emitter, NotNative, Register, run
from chainrule.core.graph import Var
from chainrule.core.op import Elementwise

EXTREMES = {"largest": np.maximum, "smallest": np.minimum}
TINY = 64  # elements of a tensor that is written out


def is_elementwise(v: Var) -> bool:
    return isinstance(v.op, Elementwise) or v.says("moves") in ("each", "like")


def covered(v: Var) -> bool:
    """Whether a small value can be written out: its op is tried on cells once, on paper."""
    if v.index is not None or v.op is None or v.op.outputs > 1 or not kinds_fit(v):
        return False
    if is_elementwise(v):
        return tried(v)
    if v.says("moves"):
        return True
    if v.dtype.kind == "b" or any(isinstance(a, Var) and (a.dtype.kind == "b" or a.size == 0) for a in v.args):
        return False
    return v.dtype.kind == "f" if v.says("objects") else v.says("folds") is not None


def kinds_fit(v: Var) -> bool:
    return v.dtype in KINDS and v.size > 0 and all(a.dtype in KINDS for a in v.args if isinstance(a, Var))


_TRIED: dict[Any, bool] = {}


def tried(v: Var) -> bool:
    """Whether an elementwise op has a native form for its dtypes and attributes, kept by those."""
    assert v.op is not None
    key = (v.op.name, v.dtype, v.weak, tuple((a.dtype, a.weak) if isinstance(a, Var) else (type(a), a) for a in v.args),
           repr(v.attrs))  # fmt: skip
    if key not in _TRIED:
        try:
            emitter = _paper()
            one(v, [emitter.constant(1, a.dtype, a.weak) if isinstance(a, Var) else a for a in v.args], emitter)
            _TRIED[key] = True
        except (TypeError, AttributeError, ValueError, NotImplementedError, KeyError, OverflowError):
            _TRIED[key] = False
    return _TRIED[key]


def _paper() -> Emitter:
    from llvmlite import ir

    module = ir.Module()
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), []), "paper")
    return Emitter(module, ir.IRBuilder(function.append_basic_block()), False)


def one(v: Var, args: list[Any], emitter: Emitter) -> Register:
    """One element of an elementwise value."""
    if not any(isinstance(a, Register) for a in args):
        raise NotNative("nothing to compute with")
    assert v.op is not None
    got = run(v.op, args, v.attrs)
    got = got if isinstance(got, Register) else emitter.constant(got, v.dtype)
    if got.dtype != v.dtype:
        raise NotNative(f"{v.op.name} gave {got.dtype} for {v.dtype}")
    return Register(emitter, got.raw, got.dtype, v.weak)


def constants(emitter: Emitter, v: Var) -> Any:
    """A constant of the graph as cells."""
    return _filled(v, lambda place: emitter.constant(v.data[place], v.dtype, v.weak))


def _filled(v: Var, element: Callable[[tuple[int, ...]], Register]) -> Any:
    out = np.empty(v.shape, object)
    for place in np.ndindex(v.shape):
        out[place] = element(place)
    return out


def write(emitter: Emitter, v: Var, args: list[Any]) -> Any:
    """The cells of v from the cells of its arguments (and numbers)."""
    assert v.op is not None
    if is_elementwise(v):
        wide = [np.broadcast_to(a, v.shape) if isinstance(a, np.ndarray) else a for a in args]
        return _filled(v, lambda place: one(v, [a[place] if isinstance(a, np.ndarray) else a for a in wide], emitter))
    folds = v.says("folds")
    if v.says("moves") or v.says("objects"):
        got = v.op.kernel(*args, **v.attrs)
    elif folds in EXTREMES:
        got = _extreme(v, args[0])
    else:
        x = args[0]
        got = np.add.reduce(_each(x, lambda c: c.astype(v.dtype)), axis=v.attrs["dim"], keepdims=v.attrs["keepdim"])
        got = got if folds == "total" else _each(got, lambda c: c / (x.size // v.size))
    return _each(got, lambda c: _cell(emitter, c, v.dtype)).reshape(v.shape)


def _cell(emitter: Emitter, c: Any, dtype: Any) -> Register:
    c = c[()] if isinstance(c, np.ndarray) else c  # NumPy sets a 0-d array of objects into another as it is
    return c if isinstance(c, Register) else emitter.constant(c, dtype)


def _each(cells: Any, change: Callable[[Any], Any]) -> Any:
    if not isinstance(cells, np.ndarray):
        cells, only = np.empty((), object), cells
        cells[()] = only
    out = np.empty(cells.shape, object)
    for place in np.ndindex(cells.shape):
        out[place] = change(cells[place])
    return out


def _extreme(v: Var, x: Any) -> Any:
    from chainrule.compiler.native.registers import UFUNCS

    pick = np.frompyfunc(UFUNCS[EXTREMES[v.says("folds")]], 2, 1)
    dim = v.attrs.get("dim")
    axes = range(x.ndim) if dim is None else dim
    for axis in sorted(axes, reverse=True):
        x = pick.reduce(x, axis=axis)
    return x


def work(v: Var) -> int:
    """About how many instructions v takes."""
    if v.says("objects") and len(v.args) > 1:
        return 2 * v.size * v.args[0].shape[-1]
    return max([v.size, *(a.size for a in v.args if isinstance(a, Var))])
