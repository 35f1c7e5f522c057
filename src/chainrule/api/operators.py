"""Elementwise functions and Python's operators, made from the op table.

Every elementwise op of one or two inputs is published under its own name as a function, a method and an in-place
method; the operators below name their ops. An op added to the table needs nothing here. Columns that are read here:

    aliases=(...)  further names
    inplace=False  no method with an underscore
    publish=False  not by this file: PyTorch gives it further arguments (see `arithmetic`), has it in another namespace
                   (`special`, `nn.functional`), or it is a part of something else
    numbers=(f, s) the names of its node where the first or the second operand is a number and PyTorch has one for that
    why            its docstring
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.api.public import FUNCTIONS, in_place, named
from chainrule.core.fast import binary, binary_, unary
from chainrule.core.op import REGISTRY, Elementwise
from chainrule.core.registry import OPERATORS
from chainrule.core.tensor import Operand, Tensor
from chainrule.core.tracer import BINARY, COMPARISONS, UNARY

_OPS: Any = REGISTRY  # the operators' ops are all elementwise


def function(op: Elementwise) -> Callable[..., Any]:
    """The public function of an elementwise op of one or two inputs."""
    call = unary(op) if inputs(op) == 1 else binary(op)
    numbers = op.columns.get("numbers")
    if numbers:
        call = _named_by_operands(call, *numbers)
    call.__name__ = call.__qualname__ = op.name.removeprefix("special_")
    call.__doc__ = op.columns.get("why") or f"Elementwise {call.__name__}."
    return call


def inputs(op: Elementwise) -> int:
    """How many operands an elementwise op takes."""
    if op.rules:
        return len(op.rules)
    if isinstance(op.kernel, np.ufunc):
        return op.kernel.nin
    code = getattr(op.kernel, "__code__", None)
    if code is not None:
        return int(code.co_argcount)
    return int(op.kernel.__text_signature__.count(",")) - 1  # "($module, a, b, /)", which takes inspect 50 us


def _named_by_operands(f: Callable[..., Any], first: str, second: str) -> Callable[..., Any]:
    def call(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
        result = f(input, other, out=out)
        if not isinstance(other, Tensor):
            return named(result, second)
        return result if isinstance(input, Tensor) else named(result, first)

    return call


def _publish() -> None:
    for name, op in list(REGISTRY.items()):
        if not isinstance(op, Elementwise) or not op.columns.get("publish", True) or inputs(op) > 2:
            continue
        call = function(op)
        # As methods, functions of one tensor take no `out`: a keyword that is not given costs as much as an addition.
        method = unary(op, operator=True) if inputs(op) == 1 else call
        change = binary_(op, "mul_") if name == "mul" else in_place(call, f"{name}_")
        for n in (name, *op.columns.get("aliases", ())):
            FUNCTIONS[n] = call
            setattr(Tensor, n, method)
            if op.columns.get("inplace", True):
                setattr(Tensor, f"{n}_", change)


_publish()

# ------------------------------------------------------------------------------------------------- Python's operators


def _foreign(x: Any) -> bool:
    return not isinstance(x, (Tensor, bool, int, float, np.ndarray, np.generic)) and not hasattr(x, "_interpret")


def _operator(op: Elementwise) -> Callable[[Any, Any], Any]:
    call = binary(op, operator=True)
    numbers = op.columns.get("numbers")
    if not numbers:
        return call

    def labelled(self: Tensor, other: Operand) -> Tensor:
        result = call(self, other)
        return result if isinstance(other, Tensor) or result is NotImplemented else named(result, numbers[1])

    return labelled


def _reflected(name: str) -> Callable[[Any, Any], Any]:
    f = FUNCTIONS[name]
    return lambda self, other: NotImplemented if _foreign(other) else f(other, self)


def _divided(self: Any, other: Any) -> Any:
    # PyTorch computes a number divided by a tensor in these two steps, and rounds accordingly.
    return NotImplemented if _foreign(other) else FUNCTIONS["reciprocal"](self) * other


def _install() -> None:
    ops: Any = OPERATORS  # all of them elementwise
    for sign, name in BINARY.items():
        op = ops[sign]
        f = _operator(op)
        if sign in "+*&|^":
            backwards = f
        else:
            backwards = _operator(_OPS["rsub"]) if sign == "-" else _divided if sign == "/" else _reflected(op.name)
        setattr(Tensor, f"__{name}__", f)
        setattr(Tensor, f"__r{name}__", backwards)
        setattr(Tensor, f"__i{name}__", binary_(op, f"{op.name}_") if sign in "+-*/" else in_place(f, f"{op.name}_"))
    for sign, name in COMPARISONS.items():
        setattr(Tensor, f"__{name}__", binary(ops[sign], operator=True))
    for sign, name in UNARY.items():
        setattr(Tensor, f"__{name}__", unary(ops[sign], operator=True))
    setattr(Tensor, "__pos__", lambda self: FUNCTIONS["positive"](self))  # noqa: B010


_install()
