"""An expression as a person writes it: `6x²`, `-sin(x)·y`, `X @ w`.

A derivative rule does not know who is calling: run on terms instead of numbers it writes down what it computes. A term
is a polynomial over atoms (names, and calls such as `sin(x)`), so that products collect, `2·(3x²)` is `6x²`, and like
things add up; it is as much algebra as a derivative needs to be readable.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from chainrule.core.registry import REGISTRY

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_UNSAID = {"keepdim", "correction"}  # attributes that are seldom of interest


def number_text(x: Any, digits: int = 6) -> str:
    """A number in so many digits: 24, 0.333333, 1e-09."""
    return f"{float(x) + 0.0:.{digits}g}"  # no -0


class Term:
    """A sum of products of powers of atoms: coefficients by products, each product a tuple of (atom, exponent)."""

    __slots__ = ("parts", "shape")

    def __init__(self, parts: dict[Any, Any], shape: tuple[int, ...] = ()) -> None:
        self.parts, self.shape = parts, shape

    @property
    def ndim(self) -> int:
        """The number of dimensions of what it stands for."""
        return len(self.shape)

    # Algebra --------------------------------------------------------------------------------------------------------

    def __add__(self, other: Any) -> Term:
        parts = dict(self.parts)
        for product, c in term(other).parts.items():
            parts[product] = parts.get(product, 0) + c
        return Term({p: c for p, c in parts.items() if c})

    def __mul__(self, other: Any) -> Term:
        return _times(self, term(other))

    def __pow__(self, n: Any) -> Term:
        if isinstance(n, Term) and not n.is_number:
            return atom(f"{self._tight()}^{n._tight()}")
        n = n.value if isinstance(n, Term) else n
        if n == 1:
            return self
        if self.is_number and (self.value > 0 or float(n).is_integer()) and (self.value or n > 0):
            return term(self.value**n)
        product, c = self._single() if float(n).is_integer() else ((), None)
        if c is None or not c:
            return Term({((self._tight(), n),): 1})
        return Term({tuple((a, e * n) for a, e in product): c**n})

    def __neg__(self) -> Term:
        return self * -1

    def __truediv__(self, other: Any) -> Term:
        other = term(other)
        if self is not other and other.is_number and not other.value:
            return atom(f"{self._tight()}/0")
        return self * other**-1

    def __sub__(self, other: Any) -> Term:
        return self + term(other) * -1

    __radd__, __rmul__ = __add__, __mul__

    def __rsub__(self, other: Any) -> Term:
        return term(other) - self

    def __rtruediv__(self, other: Any) -> Term:
        return term(other) / self

    def __rpow__(self, base: Any) -> Term:
        return term(base) ** self

    def _infix(self, op: str, other: Any) -> Term:
        return atom(f"{self._tight()} {op} {term(other)._tight()}")

    def __lt__(self, other: Any) -> Term:
        return self._infix("<", other)

    def __le__(self, other: Any) -> Term:
        return self._infix("≤", other)

    def __gt__(self, other: Any) -> Term:
        return self._infix(">", other)

    def __ge__(self, other: Any) -> Term:
        return self._infix("≥", other)

    def __eq__(self, other: Any) -> Any:
        return self._infix("=", other)

    def __ne__(self, other: Any) -> Any:
        return self._infix("≠", other)

    def __and__(self, other: Any) -> Term:
        return self._infix("and", other)

    def __or__(self, other: Any) -> Term:
        return self._infix("or", other)

    def __invert__(self) -> Term:
        return call("not", [self])

    __hash__ = object.__hash__

    def __bool__(self) -> bool:
        raise TypeError("an expression has no truth value")

    def _interpret(self, op: Any, args: Sequence[Any], attrs: dict[str, Any]) -> Term:
        return written(op, args, attrs)

    # Reading --------------------------------------------------------------------------------------------------------

    @property
    def is_number(self) -> bool:
        """Whether no atom is left in it."""
        return not self.parts or list(self.parts) == [()]

    @property
    def value(self) -> Any:
        """The number that it is."""
        return self.parts.get((), 0)

    def _single(self) -> tuple[Any, Any]:
        return next(iter(self.parts.items())) if len(self.parts) == 1 else ((), None)

    def _factor(self) -> tuple[Any, Any]:
        """As one product and its coefficient; a sum becomes an atom."""
        return self._single() if len(self.parts) == 1 else (((str(self), 1),), 1)

    def _tight(self) -> str:
        """Its text, in brackets unless it holds together by itself."""
        text = str(self)
        product, c = self._single()
        if c == 1 and len(product) == 1 and product[0][1] == 1:
            return held(text)
        return text if len(text) == 1 or (self.is_number and text[0] != "-") else f"({text})"

    def __str__(self) -> str:
        out = ""
        parts = list(self.parts.items())
        if len(parts) > 1 and not parts[0][0] and parts[1][1] > 0:
            parts = [*parts[1:], parts[0]]  # 2x + 3, but 1 - x²
        for product, c in parts:
            text = _product_text(product, abs(c), len(self.parts) > 1 or c < 0)
            out += text if not out and c >= 0 else f"-{text}" if not out else f" + {text}" if c >= 0 else f" - {text}"
        return out or "0"

    __repr__ = __str__


def atom(text: str, shape: tuple[int, ...] = ()) -> Term:
    """A term that is one thing: a name, or a call."""
    return Term({((text, 1),): 1}, shape)


def term(x: Any) -> Term:
    """A number as a term; a term as it is."""
    if isinstance(x, Term):
        return x
    if isinstance(x, (np.ndarray, np.generic)):
        x = x.item() if x.size == 1 else None
    if isinstance(x, (bool, int, float)) and math.isfinite(x):
        return Term({(): x} if x else {})
    return atom(str(x))


def call(name: str, args: Sequence[Any], attrs: dict[str, Any] | None = None) -> Term:
    """`name(arg, ..., key=value)` as an atom."""
    said = [str(term(x)) for x in args if x is not None]
    said += [f"{k}={v}" for k, v in (attrs or {}).items() if type(v) in (int, float) and k not in _UNSAID]
    if attrs and type(attrs.get("dim")) is tuple:
        said.append(f"dim={', '.join(map(str, attrs['dim']))}" if len(attrs["dim"]) == 1 else f"dim={attrs['dim']}")
    return atom(f"{name}({', '.join(said)})")


def written(op: Any, args: Sequence[Any], attrs: dict[str, Any]) -> Term:
    """The application of an op, as a term."""
    name = op.name
    found, how = _algebra(op, args), op.columns.get("moves")
    if found is not None:
        return term(found)
    if name == "sum_to":
        return term(args[0]) if getattr(args[0], "shape", ()) == attrs["shape"] else call("sum", args)
    if how in ("spread", "each"):  # they change shapes and places, not what a person reads
        return term(args[0])
    sign = _infix(op)
    if sign is not None:
        return term(args[0])._infix(sign, args[1])
    if how == "axes" and name != "permute" and getattr(args[0], "ndim", 2) == 2:
        return atom(f"{term(args[0])._tight()}ᵀ", tuple(getattr(args[0], "shape", ()))[::-1])
    if name == "linear":
        return term(args[0])._infix("@", written_transpose(args[1])) + (0 if args[2:] in ((), (None,)) else args[2])
    if name == "getitem":
        return atom(f"{term(args[0])._tight()}[{_index_text(attrs.get('index'))}]")
    return call(name, args, attrs)


def written_transpose(x: Any) -> Term:
    """A matrix, transposed."""
    return atom(f"{term(x)._tight()}ᵀ")


def reads_alone(op: Any) -> bool:
    """Whether an op is written by a sign of its own, not as a call."""
    return (
        _infix(op) is not None
        or _signs(op.columns.get("sympy")) is not None
        or op.columns.get("moves") == "like"
        or op is REGISTRY["sqrt"]
    )


def _index_text(index: Any) -> str:
    items = index if isinstance(index, tuple) else (index,)
    shown = [str(i) for i in items if isinstance(i, int)] if all(isinstance(i, int) or i is ... for i in items) else []
    return ", ".join(shown) if shown else "…"


def _times(x: Term, y: Term) -> Term:
    for a, b in ((x, y), (y, x)):
        if a.is_number:
            return Term({p: c * a.value for p, c in b.parts.items()} if a.value else {}, b.shape)
    (p, c), (q, d) = x._factor(), y._factor()
    powers: dict[Any, Any] = {}
    for base, exponent in (*p, *q):
        powers[base] = powers.get(base, 0) + exponent
    return Term({tuple((base, e) for base, e in powers.items() if e): c * d})


def _product_text(product: Any, c: Any, in_sum: bool) -> str:
    alone = len(product) == 1 and c == 1 and product[0][1] == 1
    if alone and (not in_sum or " @ " in product[0][0]):
        return str(product[0][0])
    over = [_power_text(a, e) for a, e in product if e > 0]
    under = [_power_text(a, -e) for a, e in product if e < 0]
    if c != 1 or not over:
        number = number_text(c)
        first = over[0].rstrip("⁰¹²³⁴⁵⁶⁷⁸⁹") if over else ""
        if len(first) == 1 and first.isalpha() and "e" not in number:
            over[0] = number + over[0]  # 10y, 6x²
        elif c != 1 or not over:
            over.insert(0, number)
    text = "·".join(over)
    if not under:
        return text
    below = "·".join(under)
    return f"{text}/{below if len(under) == 1 else f'({below})'}"


def _power_text(base: str, e: Any) -> str:
    base = held(base)
    if e == 1:
        return base
    if e == 0.5:
        return f"√{base}"
    return base + (str(int(e)).translate(_RAISED) if float(e).is_integer() else f"^{number_text(e)}")


def held(text: str) -> str:
    """A text as an operand: in brackets if it falls apart at a space outside of brackets, or begins with a minus."""
    depth = 0
    for c in text:
        depth += (c in "([") - (c in ")]")
        if c == " " and not depth:
            return f"({text})"
    return f"({text})" if text.startswith("-") else text


_WORDS = {"And": "and", "Or": "or"}  # by SymPy's names
_SHOWN = {"<": "<", "<=": "≤", ">": ">", ">=": "≥", "==": "=", "!=": "≠"}


def _infix(op: Any) -> str | None:
    """The sign or the word that stands between an op's operands."""
    says = op.columns.get
    return _SHOWN.get(says("operator")) or _WORDS.get(says("sympy")) or ("@" if op is REGISTRY["matmul"] else None)


def _algebra(op: Any, args: Sequence[Any]) -> Any:
    """What an op is in signs alone, None if it is none: by its SymPy's text, where that has no name in it."""
    if op.columns.get("moves") == "like":
        return float(op.kernel(np.float64()))
    if op is REGISTRY["sqrt"]:
        return term(args[0]) ** 0.5
    found = _signs(op.columns.get("sympy"))
    return None if found is None or len(args) != found[1] else found[0](*map(term, args))


@cache
def _signs(text: Any) -> Any:
    if not isinstance(text, str) or "%" not in text or any(c.isalpha() or c in "<>=" for c in text):
        return None
    n = 2 if "%1" in text else 1
    return eval(f"lambda a, b=None: {text.replace('%0', 'a').replace('%1', 'b')}"), n  # our own table's text
