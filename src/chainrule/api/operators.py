"""Elementwise functions and Python's operators, made from the op table.

Every elementwise op of one or two inputs is published under its own name as a function, a method and an in-place
method; the operators below name their ops. An op added to the table needs nothing here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.api.public import FUNCTIONS, in_place
from chainrule.core.dispatch import binary, unary
from chainrule.core.inplace import binary_
from chainrule.core.op import REGISTRY, Elementwise
from chainrule.core.tensor import Tensor

_OWN_SIGNATURE = {"add", "sub", "div", "clamp", "where", "round", "log_sigmoid", "sgn"}  # written out in functions
_ALIASES = {
    "neg": ["negative"], "abs": ["absolute"], "mul": ["multiply"], "asin": ["arcsin"], "acos": ["arccos"],
    "atan": ["arctan"], "asinh": ["arcsinh"], "acosh": ["arccosh"], "atanh": ["arctanh"], "trunc": ["fix"],
    "atan2": ["arctan2"], "eq": [], "ne": ["not_equal"], "lt": ["less"], "le": ["less_equal"], "gt": ["greater"],
    "ge": ["greater_equal"],
}  # fmt: skip


def _publish() -> None:
    for name, op in list(REGISTRY.items()):
        if not isinstance(op, Elementwise) or name in _OWN_SIGNATURE:
            continue
        inputs = len(op.rules) or op.columns.get("inputs") or _arity(op)
        if inputs > 2:
            continue
        call = unary(op) if inputs == 1 else binary(op)
        change = binary_(op, f"{name}_") if inputs == 2 and name == "mul" else in_place(call, f"{name}_")
        for n in (name, *_ALIASES.get(name, ())):
            call.__name__ = call.__qualname__ = name
            call.__doc__ = op.columns.get("why") or f"Elementwise {name}."
            FUNCTIONS[n] = call
            setattr(Tensor, n, call)
            setattr(Tensor, f"{n}_", change)


def _arity(op: Elementwise) -> int:
    if isinstance(op.kernel, np.ufunc):
        return op.kernel.nin
    return 2 if op.types == "bool" or op.name.startswith("bitwise") else 1


_publish()

FUNCTIONS["pow"] = Tensor.pow  # type: ignore[attr-defined]


def _foreign(x: Any) -> bool:
    return not isinstance(x, (Tensor, bool, int, float, np.ndarray, np.generic)) and not hasattr(x, "_interpret")


def _reflected(f: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda self, other: NotImplemented if _foreign(other) else f(other, self)


def _install() -> None:
    commutative = {"add", "mul", "and", "or", "xor"}
    for name, op in {
        "add": "add", "sub": "sub", "mul": "mul", "truediv": "div", "pow": "pow", "mod": "remainder",
        "floordiv": "floor_divide", "and": "bitwise_and", "or": "bitwise_or", "xor": "bitwise_xor",
        "lshift": "bitwise_left_shift", "rshift": "bitwise_right_shift",
    }.items():  # fmt: skip
        f = binary(REGISTRY[op], operator=True)  # type: ignore[arg-type]
        setattr(Tensor, f"__{name}__", f)
        setattr(Tensor, f"__r{name}__", f if name in commutative else _reflected(f))
        inplace = binary_(REGISTRY[op], f"{op}_") if name in ("add", "sub", "mul", "truediv") else in_place(f, f"{op}_")
        setattr(Tensor, f"__i{name}__", inplace)
    for name in ("eq", "ne", "lt", "le", "gt", "ge"):
        setattr(Tensor, f"__{name}__", binary(REGISTRY[name], operator=True))  # type: ignore[arg-type]
    for name in ("neg", "abs", "invert"):
        op = "bitwise_not" if name == "invert" else name
        setattr(Tensor, f"__{name}__", unary(REGISTRY[op]))  # type: ignore[arg-type]
    Tensor.__pos__ = lambda self: self  # type: ignore[attr-defined]


_install()
