"""What stands in the place of a value: Python's operators on it are ops, and `_interpret` says what becomes of an op.

A node of a graph, a number in a register, a formula, a line of JavaScript: the same kernels and rules run on each.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from chainrule.core.registry import OPERATORS

if TYPE_CHECKING:
    from chainrule.core.op import Op

# Python's signs by the names of their methods; where an op has one, its column `operator` says which.
BINARY = {
    "+": "add", "-": "sub", "*": "mul", "/": "truediv", "**": "pow", "%": "mod", "//": "floordiv",
    "&": "and", "|": "or", "^": "xor", "<<": "lshift", ">>": "rshift",
}  # fmt: skip
COMPARISONS = {"<": "lt", "<=": "le", ">": "gt", ">=": "ge", "==": "eq", "!=": "ne"}
UNARY = {"-x": "neg", "abs": "abs", "~": "invert"}


class Tracer:
    """Stands in the place of a value (an array, a number)."""

    __slots__ = ()

    def _interpret(self, op: Op, args: Sequence[Any], attrs: dict[str, Any]) -> Any:
        """The result of an op of which an operand is this."""
        raise NotImplementedError

    def __pos__(self) -> Any:
        return self

    if TYPE_CHECKING:  # they are set below
        __add__: Any
        __radd__: Any
        __sub__: Any
        __rsub__: Any
        __mul__: Any
        __rmul__: Any
        __truediv__: Any
        __rtruediv__: Any
        __pow__: Any
        __rpow__: Any
        __mod__: Any
        __floordiv__: Any
        __and__: Any
        __rand__: Any
        __or__: Any
        __ror__: Any
        __xor__: Any
        __rxor__: Any
        __lt__: Any
        __le__: Any
        __gt__: Any
        __ge__: Any
        __neg__: Any
        __abs__: Any
        __invert__: Any


def _operator(sign: str, swapped: bool = False) -> Callable[..., Any]:
    def call(self: Tracer, *other: Any) -> Any:
        return self._interpret(OPERATORS[sign], (*other, self) if swapped else (self, *other), {})

    return call


for _sign, _name in {**BINARY, **COMPARISONS, **UNARY}.items():
    setattr(Tracer, f"__{_name}__", _operator(_sign))
    if _sign in BINARY:
        setattr(Tracer, f"__r{_name}__", _operator(_sign, swapped=True))


class Scalar(Tracer):
    """Stands in the place of a single number whose value is not known yet."""

    __slots__ = ()
    shape: tuple[int, ...] = ()
    ndim, size = 0, 1

    def copy(self) -> Any:
        """As of a NumPy scalar: itself."""
        return self

    view = copy

    def __getitem__(self, index: Any) -> Any:
        return self if index == () else self._unknown()

    def _unknown(self, *_: Any, **__: Any) -> Any:
        """What is done where its value is asked for."""
        raise NotImplementedError

    __hash__ = object.__hash__


for _name in ("bool", "float", "int", "index"):
    setattr(Scalar, f"__{_name}__", lambda self: self._unknown())
