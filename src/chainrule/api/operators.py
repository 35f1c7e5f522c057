"""Elementwise functions and Python's operators, made from the op table.

Every elementwise op of one or two inputs is published under its own name as a function, a method and an in-place
method; the operators below name their ops. An op added to the table needs nothing here. Columns that are read here:

    aliases=(...)  further names
    inplace=False  no method with an underscore
    publish=False  not by this file: PyTorch gives it further arguments (see `arithmetic`), has it in another namespace
                   (`special`, `nn.functional`), or it is a part of something else
    numbers=(f, s) the names of its node where the first or the second operand is a number and PyTorch has one for that
    doc, why       its docstring
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.api.public import FUNCTIONS, copied, in_place, named, titled
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
    return titled(call, op.name.removeprefix("special_"), documentation(op))


def documentation(op: Elementwise) -> str:
    """The docstring of an elementwise op's function: what it computes, arguments, result, slope, an example."""
    two = inputs(op) > 1
    line, _, example = op.columns.get("doc", f"Elementwise {op.name.removeprefix('special_')}.").partition("\n")
    shape = "the shape that both broadcast to" if two else "the same shape"
    arguments = f"input: a tensor.\n{_OTHER if two else ''}{_OUT}"
    text = f"{line}\n\n{arguments}\n\nReturns a tensor of {shape}{_KINDS[op.types or '']}."
    if "why" in op.columns:
        text += f" Its slope: {op.columns['why']}."
    return f"{text}\n\n>>> import chainrule as cr\n{example}\n" if example else text


_OTHER = "other: a tensor of a shape that broadcasts with it, or a number.\n"
_OUT = "out: a tensor to write the result into."
_KINDS = defaultdict(str, {"float": ", of floats (integers become the default float)", "bool": ", of truth values"})


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
        method = call
        if inputs(op) == 1:
            method = titled(unary(op, operator=True), name, (call.__doc__ or "").replace(f"{_OUT}\n", ""), "Tensor.")
        change = binary_(op, "mul_") if name == "mul" else in_place(call, f"{name}_")
        if name == "mul":
            titled(change, "mul_", "In-place version of `mul`.", "Tensor.")
        for n in (name, *op.columns.get("aliases", ())):
            other = n != name
            FUNCTIONS[n] = copied(call, n) if other else call
            setattr(Tensor, n, copied(method, n, "Tensor.") if other else method)
            if op.columns.get("inplace", True):
                setattr(Tensor, f"{n}_", in_place(call, f"{n}_") if other else change)


_publish()

# ------------------------------------------------------------------------------------------------- Python's operators


def _foreign(x: Any) -> bool:
    known = (Tensor, bool, int, float, complex, np.ndarray, np.generic)
    return not isinstance(x, known) and not hasattr(x, "_interpret")


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


def _put(name: str, f: Callable[..., Any], doc: str | None) -> None:
    setattr(Tensor, f"__{name}__", titled(f, f"__{name}__", doc, "Tensor."))


def _install() -> None:
    ops: Any = OPERATORS  # all of them elementwise
    for sign, name in BINARY.items():
        op = ops[sign]
        f = _operator(op)
        if sign in "+*&|^":
            backwards = f
        else:
            backwards = _operator(_OPS["rsub"]) if sign == "-" else _divided if sign == "/" else _reflected(op.name)
        if backwards is f or backwards is _divided:
            backwards = copied(backwards, f"__r{name}__")
        _put(name, f, f"`self {sign} other`.")
        _put(f"r{name}", backwards, f"`other {sign} self`.")
        within = binary_(op, f"{op.name}_") if sign in "+-*/" else in_place(f, f"{op.name}_")
        _put(f"i{name}", within, f"`self {sign}= other`.")
    for sign, name in COMPARISONS.items():
        _put(name, binary(ops[sign], operator=True), f"`self {sign} other`.")
    for sign, name in UNARY.items():
        _put(name, unary(ops[sign], operator=True), FUNCTIONS[ops[sign].name].__doc__)
    _put("pos", lambda self: FUNCTIONS["positive"](self), "`+self`.")


_install()
