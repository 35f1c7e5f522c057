"""The hot path of elementwise ops: float32 or float64 of one dtype, recording on or off, no trace, no forward mode.

On numbers and small tensors Python's overhead is all there is, so these functions spell out what `dispatch.apply` does
in general: a type check, a NumPy call and two small objects. Everything that is not plain goes to `apply`.
"""

from __future__ import annotations

import operator as operators
from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.base.dtypes import F32, F64
from chainrule.core.dispatch import apply
from chainrule.core.inplace import into, modify
from chainrule.core.op import Elementwise
from chainrule.core.state import MODE, NO_GRAD
from chainrule.core.tape import Node
from chainrule.core.tensor import LEAF, Tensor, Version, new, touch

ndarray, f32, f64 = np.ndarray, np.float32, np.float64
_KNOWN = (Tensor, bool, int, float, np.ndarray, np.generic)  # what an operator takes beside a tensor


_CONSTANTS: dict[Any, dict[float, Any]] = {F32: {}, F64: {}}


def constant(x: float, d: Any) -> Any:
    """A Python number as a 0-d array of dtype d, remembered: NumPy takes twice as long to convert it at each use."""
    held = _CONSTANTS[d]
    c = held.get(x)
    if c is None:
        if not x or x != x or len(held) > 1000:  # 0.0 and -0.0 are one key, NaN is none
            return x
        held[x] = c = np.array(x, d)
        c.flags.writeable = False
    return c


def unary(op: Elementwise) -> Callable[..., Any]:
    """The function of one tensor that computes and records `op`."""
    kernel, differentiable = op.kernel, op.differentiable
    keep_x, keep_out = op.saves((True,)) if differentiable else (False, False)

    def call(input: Any, *, out: Any = None) -> Any:
        m = MODE.get()
        if (m is None or m is NO_GRAD) and out is None and isinstance(input, Tensor):
            a = input._a
            kind = type(a)
            if kind is ndarray and not a.shape:
                a = a[()]
                kind = type(a)
            if kind is ndarray:
                d = a.dtype
                if d is not F32 and d is not F64:
                    return apply(op, (input,), {})
            elif kind is not f32 and kind is not f64:
                return apply(op, (input,), {})
            t = new(Tensor)
            t._a = r = kernel(a)
            t._v = None
            g = input._g
            if g is None or m is not None or not differentiable:
                t._g = None
            elif keep_out:
                t._v = v = Version()
                t._g = Node(
                    op, (input if g is LEAF else g,), (a if keep_x else None, r), (input if keep_x else None, v)
                )
            else:
                t._g = Node(op, (input if g is LEAF else g,), (a if keep_x else None, None), (input,) if keep_x else ())
            return t
        return into(out, apply(op, (input,), {}))

    return call if op.types not in ("bool", "int") else lambda input, *, out=None: into(out, apply(op, (input,), {}))


def binary(op: Elementwise, operator: bool = False) -> Callable[..., Any]:
    """The function of two operands (the first a tensor on the hot path) that computes and records `op`.

    As Python's `operator` it leaves operands that it does not know to their own methods.
    """
    kernel, differentiable = op.kernel, op.differentiable
    (xx, xy, xo), (yx, yy, yo) = [
        op.saves(n) if differentiable else (False,) * 3 for n in ((True, False), (False, True))
    ]
    # xy: the partial by x reads y; o is the result.
    reads_numbers = op.columns.get(
        "reads_numbers", False
    )  # whether its kernel or rules treat Python numbers apart, as pow's do

    def general(input: Any, other: Any, *, out: Any = None) -> Any:
        if operator and not isinstance(other, _KNOWN) and not hasattr(other, "_interpret"):
            return NotImplemented
        return into(out, apply(op, (input, other), {}))

    def call(input: Any, other: Any, *, out: Any = None) -> Any:
        m = MODE.get()
        if (m is not None and m is not NO_GRAD) or out is not None or not isinstance(input, Tensor):
            return general(input, other, out=out)
        a, gx, shape, v = input._a, input._g, None, None
        kind, theirs = type(a), type(other)
        if theirs is float or theirs is int:
            if kind is ndarray and not a.shape:
                a = a[()]
                kind = type(a)
            if kind is ndarray:
                d = a.dtype
                if d is not F32 and d is not F64:
                    return general(input, other)
                if not reads_numbers:
                    other = constant(other, d)
            elif kind is not f32 and kind is not f64:
                return general(input, other)
            t = new(Tensor)
            t._a = r = kernel(a, other)
            if gx is None or m is not None or not differentiable:
                t._g = t._v = None
                return t
            if xo:
                v = Version()
            t._v = v
            kept: tuple[Any, ...] = (input if xx else None, None, v) if xx or xo else ()
            saved = (a if xx else None, other, r if xo else None)
            t._g = Node(op, (input if gx is LEAF else gx, None), saved, kept)
            return t
        if not isinstance(other, Tensor):
            return general(input, other)
        b, gy = other._a, other._g
        if kind is ndarray or type(b) is ndarray:
            d = a.dtype
            if d is not b.dtype or (d is not F32 and d is not F64):
                return general(input, other)
            p, q = a.shape, b.shape
            if p != q:
                shape = (p, q)
            elif not p:
                a, b = a[()], b[()]
        elif kind is not type(b) or (kind is not f32 and kind is not f64):
            return general(input, other)
        try:
            r = kernel(a, b)
        except ValueError:
            return general(input, other)  # which says what is wrong with the shapes
        t = new(Tensor)
        t._a = r
        if (gx is None and gy is None) or m is not None or not differentiable:
            t._g = t._v = None
            return t
        if (gy is None and other._frozen) or (gx is None and input._frozen):
            return general(input, other)  # which refuses an inference tensor that is to be kept
        edges: tuple[Any, Any]
        if gy is None:
            edges, rx, ry, ro = (input if gx is LEAF else gx, None), xx, xy, xo
        elif gx is None:
            edges, rx, ry, ro = (None, other if gy is LEAF else gy), yx, yy, yo
        else:
            edges = (input if gx is LEAF else gx, other if gy is LEAF else gy)
            rx, ry, ro = xx or yx, xy or yy, xo or yo
        if ro:
            v = Version()
        t._v = v
        kept = (input if rx else None, other if ry else None, v) if rx or ry or ro else ()
        t._g = Node(op, edges, (a if rx else None, b if ry else None, r if ro else None), kept, shape)
        return t

    return call if op.types not in ("bool", "int") else general


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

    def call(x: Tensor, y: Any) -> Tensor:
        m = MODE.get()
        if x._frozen or not (m is NO_GRAD or (m is None and x._g is None)):
            return modify(x, name, function, y)
        a, b = x._a, y
        if type(y) is not float and type(y) is not int:
            if not isinstance(y, Tensor) or (m is None and y._g is not None):
                return modify(x, name, function, y)
            b = y._a
            if type(b) is ndarray and not b.shape:
                b = b[()]
            if type(b) is not ndarray and type(b) is not f32 and type(b) is not f64:
                return modify(x, name, function, y)
        if type(a) is ndarray:
            d = a.dtype
            if d is not F32 and d is not F64:
                return modify(x, name, function, y)
            if a.shape:
                if type(b) is not ndarray:
                    b = constant(b, d) if type(b) is float or type(b) is int else b
                elif b.dtype is not d or not _fits(b.shape, a.shape):
                    return modify(x, name, function, y)
                if not a.flags.writeable:
                    return modify(x, name, function, y)
                iop(a, b)
            elif type(b) is ndarray:
                return modify(x, name, function, y)
            else:
                a[()] = iop(a[()], b)
        else:
            r = iop(a, b) if type(a) is f32 or type(a) is f64 else None
            if type(r) is not type(a):
                return modify(x, name, function, y)
            x._a = r
        touch(x, name)
        return x

    return call


def _fits(b: tuple[int, ...], a: tuple[int, ...]) -> bool:
    return b == a or (len(b) <= len(a) and all(q in (1, p) for p, q in zip(a[::-1], b[::-1])))
