"""A formula that was typed, `x**2 - 4*x + 5` or `x² - 4x + 5`, as a function in the torch style: parsed, never run.

    comparison = sum ["<" | "<=" | ">" | ">=" | "==" | "!=" sum]         only as the first argument of where
    sum        = product {"+" | "-" product}
    product    = signed {"*" | "/" signed}
    signed     = {"-" | "+"} beside
    beside     = power {power}                                           2x  3(x + 1)  x²y  (x + 1)(x - 1)  x sin x
    power      = atom {superscript} ["**" signed]                        -x**2 is -(x**2), 2**-x is 2**(-x)
    atom       = number | "pi" | "e" | variable | "(" sum ")" | "|" sum "|" | "√" atom | call
    call       = function [power] "(" comparison {"," comparison} ")"    or without parentheses: sin x, ln 2x, sin²x
    number     = digits ["." digits] ["e" ["+" | "-"] digits]            or "." digits; 3,5 where no comma is expected
    variable   = letter or name of a Greek letter, [digits | "_" letters and digits]            x  w1  x_max  theta_0
    function   = an elementwise op of the table that has a derivative, or one of ALIASES in `vocabulary`

Pasted signs are read as what they stand for: × · ⋅ are *, − is -, ÷ is /, ^ is **, ≤ ≥ ≠ are <= >= !=, π is pi, x² is
x**2. What people read in two ways is refused with both: 1/2x, x^2y, sin x/2, √2x, |x|y|z|, 1,234. A number after a
factor, and a variable after a variable, take their sign. x(x + 1) and e(x) look like calls, and are refused as well.

Constants are computed while parsing, and must be finite. A text has at most LONGEST characters, nothing is nested
deeper than DEEPEST, and no exponent of a variable is above HIGHEST (nor the product of exponents of powers of powers).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from chainrule.api.creation import tensor
from chainrule.base.dtypes import NAMES
from chainrule.base.language import say
from chainrule.core.op import Op
from chainrule.core.tensor import Tensor
from chainrule.func.parser import Parser
from chainrule.func.vocabulary import DEEPEST, HIGHEST, LONGEST, ExpressionError, functions

__all__ = ["DEEPEST", "HIGHEST", "LONGEST", "Expression", "ExpressionError", "functions", "parse"]


class Expression:
    """A function of its variables, which are tensors (a number is taken as a float64 tensor), computed by the ops.

    text: what was parsed. variables: the names, sorted; they are the parameters, in this order.

    >>> f = parse("a*x**2 + sin(x)")
    >>> f
    f(a, x) = a*x**2 + sin(x)
    >>> f(3.0, 0.0)
    tensor(0., dtype=torch.float64)
    """

    __name__ = "f"

    def __init__(self, text: str, program: Sequence[tuple[Op | None, Any]]) -> None:
        self.text = text
        names = {value for op, value in program if op is None and isinstance(value, str)}
        self.variables = tuple(sorted(names, key=_alphabetical))
        self._program = tuple(program)
        # What `inspect` tells of a function. A parameter may be named by any identifier.
        positional = inspect.Parameter.POSITIONAL_OR_KEYWORD
        self.__signature__ = inspect.Signature([inspect.Parameter(name, positional) for name in self.variables])

    def __call__(self, *args: Any, **kwargs: Any) -> Tensor:
        given = self.__signature__.bind(*args, **kwargs).arguments
        values = {name: _number(x) if isinstance(x, (int, float)) else x for name, x in given.items()}
        stack: list[Any] = []
        for op, value in self._program:
            if op is None:
                stack.append(values[value] if isinstance(value, str) else value)
            else:
                stack[-value:] = [op(*stack[-value:])]
        return stack[0] if self.variables else _number(stack[0])

    def __repr__(self) -> str:
        return f"f({', '.join(self.variables)}) = {self.text}"

    def __reduce__(self) -> tuple[Callable[[str], Expression], tuple[str]]:
        return parse, (self.text,)  # pickled as its text, which is parsed again


def _number(x: float) -> Tensor:
    return tensor(float(x), dtype=NAMES["float64"])


def _alphabetical(name: str) -> tuple[str, int, str]:
    return name.rstrip("0123456789"), len(name), name  # x2 before x10


def parse(text: str) -> Expression:
    """The function that a text describes.

    text: an expression in the grammar above.

    Returns an `Expression`, which can be differentiated, traced and minimised as any function in the torch style.
    Raises ExpressionError, with the position, for what is none.

    >>> parse("x**2 - 4*x + 5")(1.0)
    tensor(2., dtype=torch.float64)
    >>> parse("3x² - |x|/2")(2.0)
    tensor(11., dtype=torch.float64)
    >>> parse("1/2x")
    Traceback (most recent call last):
    ...
    chainrule.func.vocabulary.ExpressionError: this can be read in two ways: write 1/(2*x) or (1/2)*x
      1/2x
         ^
    """
    if len(text) > LONGEST:
        raise ExpressionError(
            say("the expression has {n} characters; at most {most} are read", n=len(text), most=LONGEST), text, LONGEST
        )
    return Expression(text.strip(), Parser(text).program)
