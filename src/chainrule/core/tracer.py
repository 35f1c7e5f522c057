"""What stands in the place of a value: Python's operators on it are ops, and `_interpret` says what becomes of an op.

A node of a graph, a number in a register, a formula, a line of JavaScript: the same kernels and rules run on each.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Self

from chainrule.core.registry import OPERATORS, Attrs

if TYPE_CHECKING:
    from chainrule.core.op import Op

# Python's signs by the names of their methods; where an op has one, its column `operator` says which.
BINARY = {
    "+": "add", "-": "sub", "*": "mul", "/": "truediv", "**": "pow", "%": "mod", "//": "floordiv",
    "&": "and", "|": "or", "^": "xor", "<<": "lshift", ">>": "rshift",
}  # fmt: skip
COMPARISONS = {"<": "lt", "<=": "le", ">": "gt", ">=": "ge", "==": "eq", "!=": "ne"}
UNARY = {"-x": "neg", "abs": "abs", "~": "invert"}

Binary = Callable[[Any, Any], Any]  # operators of a value: what they give, its class decides
Unary = Callable[[Any], Any]


class Tracer:
    """Stands in the place of a value (an array, a number)."""

    __slots__ = ()

    def _interpret(self, op: Op, args: Sequence[Any], attrs: Attrs) -> Any:
        """The result of an op of which an operand is this."""
        raise NotImplementedError

    def __pos__(self) -> Self:
        return self

    if TYPE_CHECKING:  # they are set below
        __add__: Binary
        __radd__: Binary
        __sub__: Binary
        __rsub__: Binary
        __mul__: Binary
        __rmul__: Binary
        __truediv__: Binary
        __rtruediv__: Binary
        __pow__: Binary
        __rpow__: Binary
        __mod__: Binary
        __floordiv__: Binary
        __and__: Binary
        __rand__: Binary
        __or__: Binary
        __ror__: Binary
        __xor__: Binary
        __rxor__: Binary
        __lt__: Binary
        __le__: Binary
        __gt__: Binary
        __ge__: Binary
        __neg__: Unary
        __abs__: Any
        __invert__: Unary


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

    def copy(self) -> Self:
        """As of a NumPy scalar: itself."""
        return self

    view = copy

    def __getitem__(self, index: object) -> Any:
        return self if index == () else self._unknown()

    def _unknown(self, *_: Any, **__: Any) -> Any:
        """What is done where its value is asked for."""
        raise NotImplementedError

    __hash__ = object.__hash__


for _name in ("bool", "float", "int", "index"):
    setattr(Scalar, f"__{_name}__", lambda self: self._unknown())
