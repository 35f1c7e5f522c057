"""A Python number that a graph is given anew at each run: an argument of a compiled function.

It takes part in sums and products with tensors and numbers, and never decides a dtype. Whoever asks for its value (a
branch, a shape, `math.sin`) ends the trace by `Decides`: then the number becomes a constant of a graph of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from chainrule.core.graph import Var
from chainrule.core.op import REGISTRY
from chainrule.core.state import current

EXACT = 1 << 53  # integers up to here are floats too


class Decides(BaseException):
    """The values of these arguments decide what is computed."""

    def __init__(self, places: frozenset[int]) -> None:
        self.places = places


class Number:
    """A number of type `kind`, computed from the arguments at `places`; `var` is its value in the graph."""

    __slots__ = ("_kind", "_places", "_var")

    def __init__(self, var: Var, kind: type, places: frozenset[int]) -> None:
        self._var, self._kind, self._places = var, kind, places

    @property
    def __class__(self) -> Any:  # for isinstance
        return self._kind

    @__class__.setter
    def __class__(self, _: object) -> None: ...

    def _lower(self, others: Sequence[Any]) -> Var:
        """Its value as an operand among others: integers are exact among floats."""
        if self._kind is int and not any(isinstance(x, Var) and x.dtype.kind == "f" for x in others):
            self._decide()
        return self._var

    def _decide(self, *_: object, **__: object) -> NoReturn:
        raise Decides(self._places)

    def _with(self, name: str, *args: Any) -> Any:
        """The number that an operator gives with other numbers."""
        if not all(type(x) in (int, float, bool) or type(x) is Number for x in args):
            return NotImplemented
        whole = name != "div" and all(isinstance(x, int) for x in args)
        places: frozenset[int] = frozenset().union(*(x._places for x in args if type(x) is Number))
        if name == "div" and type(args[1]) is Number:
            there = REGISTRY["ne"](args[1]._var, 0.0)
            current().trace.demand(there, lambda: ZeroDivisionError("division by zero"))
        payloads = [x._var if type(x) is Number else float(x) for x in args]
        return Number(REGISTRY[name](*payloads), int if whole else float, places)

    __bool__ = __float__ = __int__ = __index__ = __complex__ = __hash__ = __repr__ = __str__ = __format__ = _decide
    __round__ = __trunc__ = __floor__ = __ceil__ = __array__ = __array_ufunc__ = __reduce_ex__ = _decide
    is_integer = hex = as_integer_ratio = conjugate = bit_length = _decide


def _operator(name: str, swapped: bool) -> Callable[[Number, Any], Any]:
    return lambda a, b: a._with(name, b, a) if swapped else a._with(name, a, b)


def _asked(a: Number, b: Any) -> Any:
    """An operator whose result is not a number of the graph, unless another operand knows better (a tensor)."""
    return a._decide() if isinstance(b, (int, float, complex, str, type(None))) else NotImplemented


for _name, _op in {"add": "add", "sub": "sub", "mul": "mul", "truediv": "div"}.items():
    setattr(Number, f"__{_name}__", _operator(_op, False))
    setattr(Number, f"__r{_name}__", _operator(_op, True))
for _name in ("eq", "ne", "lt", "le", "gt", "ge", "mod", "rmod", "floordiv", "rfloordiv", "pow", "rpow", "divmod"):
    setattr(Number, f"__{_name}__", _asked)
for _name in ("neg", "abs"):
    setattr(Number, f"__{_name}__", lambda a, name=_name: a._with(name, a))
setattr(Number, "__pos__", lambda a: a)  # noqa: B010  # for the checker of types, as above


class Given:
    """Where each run finds a number."""

    def __init__(self) -> None:
        self.value = 0.0

    def get(self) -> float:
        """The number of this run."""
        return self.value


def variable(x: object) -> bool:
    """Whether a number among the arguments can be an input of a graph."""
    return type(x) is float or (type(x) is int and -EXACT <= x <= EXACT)


def number(x: float, place: int, get: Callable[[], float]) -> Number:
    """A stand-in for the argument at a place, of which each run gets its value."""
    var = current().trace.number(("argument", place), get)
    return Number(var, type(x), frozenset({place}))


def decided(x: object) -> None:
    """A number that leaves the graph is asked for."""
    if type(x) is Number:
        x._decide()
