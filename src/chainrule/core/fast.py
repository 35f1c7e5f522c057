"""The hot path of elementwise ops: float32 or float64 of one dtype, recording on or off, no trace, no forward mode.
Comparisons and the arithmetic of int64, which every count of right answers needs, have a way of their own (`counted`).

On numbers and small tensors Python's overhead is all there is, so these functions spell out what `dispatch.apply` does
in general: a type check, a NumPy call and two small objects. Everything that is not plain, or so long that threads
may share it, goes to `apply`.
"""

from __future__ import annotations

import operator as operators
from collections.abc import Callable
from sys import maxsize
from typing import Any

import numpy as np

from chainrule.base.dtypes import BOOL, F32, F64, INT64
from chainrule.core import dispatch
from chainrule.core.inplace import into, modify
from chainrule.core.op import Elementwise
from chainrule.core.state import NO_GRAD, draw, mode_now
from chainrule.core.tape import Node
from chainrule.core.tensor import LEAF, Operand, Tensor, Version, new, touch

ndarray, generic, f32, f64 = np.ndarray, np.generic, np.float32, np.float64
apply: Callable[..., Tensor] = dispatch.apply  # whose ops have one result here
_KNOWN = (Tensor, bool, int, float, complex, np.ndarray, np.generic)  # what an operator takes beside a tensor


_CONSTANTS: dict[Any, dict[float, Any]] = {F32: {}, F64: {}}


def constant(x: Any, d: Any) -> Any:
    """A Python number as a 0-d array of dtype d, remembered: NumPy takes twice as long to convert it at each use."""
    held = _CONSTANTS[d]
    c = held.get(x)
    if c is None:
        if not x or x != x or len(held) > 1000:  # 0.0 and -0.0 are one key, NaN is none
            return x
        held[x] = c = np.array(x, d)
        c.flags.writeable = False
    return c


def unary(op: Elementwise, operator: bool = False) -> Callable[..., Tensor]:
    """The function of one tensor that computes and records `op`; Python's `operator` has no `out`."""
    kernel, long, differentiable = op.kernel, op.long, op.differentiable
    keep_x, keep_out = op.saves((True,)) if differentiable else (False, False)

    def call(input: Tensor) -> Tensor:
        m = mode_now()
        a = input._a
        kind = type(a)
        if m is not None and m is not NO_GRAD:
            return apply(op, (input,), {})
        if kind is not f32 and kind is not f64:
            if kind is not ndarray or (a.dtype is not F32 and a.dtype is not F64):
                return apply(op, (input,), {})
            size = a.size
            if size == 1:
                if not a.shape:
                    a = a[()]
            elif size > long:
                return apply(op, (input,), {})
        t = new(Tensor)
        t._a = r = kernel(a)
        g, t._v = input._g, None
        if g is None or m is not None or not differentiable:
            t._g = None
            return t
        t._g = n = new(Node)  # spelled out: a call of a class with an __init__ goes through C and back
        n.op = op
        n.edges = (input if g is LEAF else g,)
        if keep_out:
            t._v = v = Version()
            n.saved = (a if keep_x else None, r)
            n.kept = (input if keep_x else None, v)
        elif keep_x:
            n.saved = (a, None)
            n.kept = (input,)
        else:
            n.saved = (None, None)
            n.kept = ()
        n.shapes = n.attrs = n.watch = None
        n.id = draw()
        return t

    def function(input: Tensor, *, out: Tensor | None = None) -> Tensor:
        if out is None and floats and isinstance(input, Tensor):
            return call(input)
        return into(out, apply(op, (input,), {}))  # type: ignore[no-any-return]

    floats = op.types not in ("bool", "int")
    return call if operator and floats else function


def binary(op: Elementwise, operator: bool = False) -> Callable[..., Tensor]:
    """The function of two operands (the first a tensor on the hot path) that computes and records `op`.

    As Python's `operator` it has no `out`, and leaves operands that it does not know to their own methods.
    """
    kernel, long, differentiable = op.kernel, op.long, op.differentiable
    (xx, xy, xo), (yx, yy, yo) = [
        op.saves(n) if differentiable else (False,) * 3 for n in ((True, False), (False, True))
    ]
    # xy: the partial by x reads y; o is the result.
    keeps = xx or xo  # whether anything is kept where y is a number
    # Whether its kernel or rules treat Python numbers apart, as pow's do.
    reads_numbers = op.columns.get("reads_numbers", False)
    shared = long < maxsize  # only where it may be is an array asked for its size
    short = counted(op)

    def general(input: Tensor, other: Operand) -> Tensor:
        if short is not None and isinstance(input, Tensor):
            t = short(input, other)
            if t is not None:
                return t
        if operator and not isinstance(other, _KNOWN) and not hasattr(other, "_interpret"):
            return NotImplemented
        return apply(op, (input, other), {})

    def call(input: Tensor, other: Operand) -> Tensor:
        m = mode_now()
        if m is not None and m is not NO_GRAD:
            return general(input, other)
        a, gx, theirs, shape = input._a, input._g, type(other), None
        kind = type(a)
        if theirs is float or theirs is int:
            if kind is not f32 and kind is not f64:
                if kind is not ndarray:
                    return general(input, other)
                d = a.dtype
                if d is not F32 and d is not F64:
                    return general(input, other)
                size = a.size
                if size == 1 and not a.shape:
                    a = a[()]
                elif size > long:
                    return apply(op, (input, other), {})
                elif not reads_numbers:
                    other = constant(other, d)
            t = new(Tensor)
            t._a = r = kernel(a, other)
            t._v = None
            if gx is None or m is not None or not differentiable:
                t._g = None
                return t
            t._g = n = new(Node)  # spelled out: a call of a class with an __init__ goes through C and back
            n.edges = (input if gx is LEAF else gx, None)
            if keeps:
                v = None
                if xo:
                    t._v = v = Version()
                n.saved = (a if xx else None, other, r if xo else None)
                n.kept = (input if xx else None, None, v)
            else:
                n.saved = (None, other, None)
                n.kept = ()
        else:
            if not isinstance(other, Tensor):
                return general(input, other)
            b, gy = other._a, other._g
            if kind is not type(b) or (kind is not f32 and kind is not f64):
                if (kind is not ndarray or type(b) is not ndarray) and {kind, type(b)} not in _MIXED:
                    return general(input, other)  # a batch among them, or two numbers of different dtypes
                d = a.dtype
                if d is not b.dtype or (d is not F32 and d is not F64):
                    return general(input, other)
                p, q = a.shape, b.shape
                if p != q:
                    shape = (p, q)
                elif not p:
                    a, b = a[()], b[()]
                elif shared and a.size > long:
                    return apply(op, (input, other), {})
            try:
                r = kernel(a, b)
            except ValueError:
                return general(input, other)  # which says what is wrong with the shapes
            t = new(Tensor)
            t._a = r
            t._v = v = None
            if (gx is None and gy is None) or m is not None or not differentiable:
                t._g = None
                return t
            t._g = n = new(Node)
            if gy is None:
                if other._frozen:
                    return general(input, other)  # which refuses an inference tensor that is to be kept
                n.edges = (input if gx is LEAF else gx, None)
                rx, ry, ro = xx, xy, xo
            elif gx is None:
                if input._frozen:
                    return general(input, other)
                n.edges = (None, other if gy is LEAF else gy)
                rx, ry, ro = yx, yy, yo
            else:
                n.edges = (input if gx is LEAF else gx, other if gy is LEAF else gy)
                rx, ry, ro = xx or yx, xy or yy, xo or yo
            if ro:
                t._v = v = Version()
            if rx or ry or ro:
                n.saved = (a if rx else None, b if ry else None, r if ro else None)
                n.kept = (input if rx else None, other if ry else None, v)
            else:
                n.saved = _NOTHING
                n.kept = ()
        n.op = op
        n.shapes = shape
        n.attrs = n.watch = None  # as on the class, but quicker to read
        n.id = draw()
        return t

    def function(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
        if out is None and floats and isinstance(input, Tensor):
            return call(input, other)
        return into(out, apply(op, (input, other), {}))  # type: ignore[no-any-return]

    floats = op.types not in ("bool", "int")
    return (call if floats else general) if operator else function


def counted(op: Elementwise) -> Callable[[Tensor, Any], Tensor | None] | None:
    """The function that computes a comparison, or arithmetic of int64 and bool, where NumPy answers as PyTorch does.

    It gives None for whatever else it is asked; and is None for other ops.
    """
    kernel = op.kernel
    if kernel not in (_COMPARISONS if op.types == "bool" else _COUNTS if op.types == "same" else ()):
        return None
    dtypes, result = (_COMPARED, BOOL) if op.types == "bool" else (_COUNTED, INT64)

    def call(input: Tensor, other: Operand) -> Tensor | None:
        m = mode_now()
        if m is not None and m is not NO_GRAD:
            return None
        a, b = input._a, other
        d = a.dtype
        if d not in dtypes or (type(a) is not ndarray and not isinstance(a, generic)):
            return None
        if isinstance(other, Tensor):
            b = other._a
            if type(b) is not ndarray and not isinstance(b, generic):
                return None
            if b.dtype is not d and (result is BOOL or b.dtype not in dtypes):
                return None
        elif type(b) is float:
            if d is not F32 and d is not F64:
                return None
        elif type(b) is not int or not -_SMALL < b < _SMALL or (d is BOOL and result is BOOL):
            return None
        try:
            r = kernel(a, b)
        except ValueError:
            return None  # shapes that do not meet
        if r.dtype is not result:  # two bools, or a bool and a number where NumPy's integers have 32 bits
            return None
        t = new(Tensor)
        t._a = r
        t._v = t._g = None
        return t

    return call


_COMPARISONS = (operators.eq, operators.ne, operators.lt, operators.le, operators.gt, operators.ge)
_COUNTS = (operators.add, operators.mul)  # a difference with bools is refused
_COMPARED, _COUNTED = (F32, F64, INT64, BOOL), (INT64, BOOL)
_SMALL = 1 << 31
_MIXED = ({ndarray, f32}, {ndarray, f64})  # an array and a number
_NOTHING = (None, None, None)  # what an op of two operands saves if its rules read nothing


_INPLACE: dict[Any, Callable[[Any, Any], Any]] = {
    operators.add: operators.iadd,
    operators.sub: operators.isub,
    operators.mul: operators.imul,
    operators.truediv: operators.itruediv,
}


def binary_(op: Elementwise, name: str) -> Callable[[Tensor, Any], Tensor]:
    """The in-place form of a binary op, quick where no gradient is recorded: a parameter update."""
    function = binary(op)
    iop = _INPLACE[op.kernel]

    def call(x: Tensor, y: Operand) -> Tensor:
        m = mode_now()
        if (x._g is not None or x._wary) if m is None else (m is not NO_GRAD or x._frozen):
            return modify(x, name, function, y)
        a, b = x._a, y
        if isinstance(y, Tensor):
            b = y._a
            if type(b) is ndarray and not b.shape:
                b = b[()]
            theirs = type(b)
            if (m is None and y._g is not None) or (theirs is not f32 and theirs is not ndarray and theirs is not f64):
                return modify(x, name, function, y)
        elif type(y) is not float and type(y) is not int:
            return modify(x, name, function, y)
        if type(a) is ndarray:
            d = a.dtype
            if d is not F32 and d is not F64:
                return modify(x, name, function, y)
            if a.shape:
                if type(b) is not ndarray:
                    b = constant(b, d) if type(b) is float or type(b) is int else b
                elif b.dtype is not d or (b.shape != a.shape and not _fits(b.shape, a.shape)):
                    return modify(x, name, function, y)
                try:
                    iop(a, b)
                except ValueError:  # a broadcast view, whose elements share memory
                    return modify(x, name, function, y)
            elif type(b) is ndarray:
                return modify(x, name, function, y)
            else:
                try:
                    a[()] = iop(a[()], b)
                except ValueError:  # of an expanded tensor
                    return modify(x, name, function, y)
        else:
            r = iop(a, b) if type(a) is f32 or type(a) is f64 else None
            if type(r) is not type(a):
                return modify(x, name, function, y)
            x._a = r
        touch(x, name)
        return x

    return call


def _fits(b: tuple[int, ...], a: tuple[int, ...]) -> bool:
    return len(b) <= len(a) and all(q in (1, p) for p, q in zip(a[::-1], b[::-1]))
