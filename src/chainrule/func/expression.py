"""A formula that was typed, `x**2 - 4*x + 5`, as a function in the torch style. It is parsed, never evaluated as code.

    comparison = sum ["<" | "<=" | ">" | ">=" | "==" | "!=" sum]         only as the first argument of where
    sum        = product {"+" | "-" product}
    product    = signed {"*" | "/" signed}
    signed     = {"-" | "+"} power
    power      = atom {superscript} ["**" signed]                        -x**2 is -(x**2), 2**-x is 2**(-x)
    atom       = number | "pi" | "e" | variable | "(" sum ")" | function "(" comparison {"," comparison} ")"
    number     = digits ["." digits] ["e" ["+" | "-"] digits]            or "." digits
    variable   = letter or name of a Greek letter, [digits | "_" letters and digits]            x  w1  x_max  theta_0
    function   = an elementwise op of the table that has a derivative, or one of ALIASES below

Pasted signs are read as what they stand for: × · ⋅ are *, − is -, ÷ is /, ≤ ≥ ≠ are <= >= !=, π is pi, x² is x**2.
Constants are computed while parsing, and must be finite. A text has at most LONGEST characters, nothing is nested
deeper than DEEPEST, and no exponent of a variable is above HIGHEST (nor the product of exponents of powers of powers).

The parser works with two stacks and without recursion: what is finished is a program for a stack machine, what waits
for its right-hand side is pending.
"""

from __future__ import annotations

import difflib
import inspect
import math
import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, NamedTuple, NoReturn

import numpy as np

from chainrule.api.creation import tensor
from chainrule.api.public import FUNCTIONS
from chainrule.base.dtypes import NAMES
from chainrule.base.language import say, say_count
from chainrule.core.op import REGISTRY, Elementwise, Op
from chainrule.core.registry import OPERATORS
from chainrule.core.tensor import Tensor
from chainrule.core.tracer import COMPARISONS

LONGEST, DEEPEST, HIGHEST = 10_000, 200, 1000
WHOLE = 2.0**53  # up to here every whole number is a float

CONSTANTS = {"pi": math.pi, "π": math.pi, "e": math.e}
ALIASES = {
    "ln": "log", "lg": "log10", "tg": "tan", "arctg": "atan", "max": "maximum", "min": "minimum", "clip": "clamp",
}  # fmt: skip
SIGNS = {"×": "*", "·": "*", "⋅": "*", "−": "-", "÷": "/", "≤": "<=", "≥": ">=", "≠": "!="}
RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹"

BINARY = {**dict.fromkeys(COMPARISONS, 1), "+": 2, "-": 2, "*": 3, "/": 3, "**": 5}  # how tightly a sign binds
SIGNED, POWER = 4, 5

TOKEN = re.compile(
    rf"\s*(?:(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)|(?P<raised>[{RAISED}]+)"
    rf"|(?P<name>[^\W\d{RAISED}](?:(?![{RAISED}])\w)*)|(?P<sign>\*\*|[<>=!]=|/(?!/)|[-+*<>(),{''.join(SIGNS)}])"
    r"|(?P<end>\Z)|(?P<other>//|.))",
    re.DOTALL,
)
GREEK = "alpha beta gamma delta epsilon eta theta iota kappa mu nu xi rho sigma tau upsilon phi chi psi omega".split()
VARIABLE = re.compile(rf"(?:[^\W\d_]|{'|'.join(GREEK)})(?:[0-9]+|_\w+)?")


class ExpressionError(ValueError):
    """A text that is no expression: what is wrong with it, and a caret under the character.

    message: the sentence. text: what was parsed. position: the index of the character in it.
    """

    def __init__(self, message: str, text: str, position: int) -> None:
        super().__init__(message, text, position)
        self.message, self.text, self.position = message, text, position

    def __str__(self) -> str:
        start = max(0, min(self.position - 36, len(self.text) - 72))
        shown = "".join(c if c.isprintable() else " " for c in self.text[start : start + 72])
        left, right = "…" * (start > 0), "…" * (start + 72 < len(self.text))
        return f"{self.message}\n  {left}{shown}{right}\n  {' ' * (len(left) + self.position - start)}^"


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
    >>> parse("x^2")
    Traceback (most recent call last):
    ...
    chainrule.func.expression.ExpressionError: write ** for powers
      x^2
       ^
    """
    if len(text) > LONGEST:
        raise ExpressionError(
            say("the expression has {n} characters; at most {most} are read", n=len(text), most=LONGEST), text, LONGEST
        )
    return Expression(text.strip(), _Parser(text).program)


# ------------------------------------------------------------------------------------------------------ the functions


@cache
def functions() -> dict[str, tuple[Op, int]]:
    """The functions that an expression may call, with how many arguments they take: read from the op table."""
    from chainrule.nn import functional

    found: dict[str, tuple[Op, int]] = {"where": (REGISTRY["where"], 3)}
    for name, op in REGISTRY.items():
        public = name in FUNCTIONS or hasattr(functional, name)
        # "probe" names attributes that an op cannot do without; PyTorch's NotImplemented is an op without a derivative.
        complete = op.types in ("same", "float") and "probe" not in op.columns and op.grad_name != "NotImplemented"
        if public and complete and isinstance(op, Elementwise) and op.rules:
            found.update(dict.fromkeys([name, *op.columns.get("aliases", ())], (op, len(op.rules))))
    return found | {alias: found[name] for alias, name in ALIASES.items()}


# --------------------------------------------------------------------------------------------------------- the parser


class Token(NamedTuple):
    """A piece of the text; `kind` is the name of its group in TOKEN."""

    kind: str
    text: str
    at: int


class Pending(NamedTuple):
    """What waits for its right-hand side: an operator, or an opened parenthesis (of level 0; with an op, of a call)."""

    op: Op | None
    inputs: int
    level: int
    at: int
    below: int = 0  # of a parenthesis: how many values there were before it
    name: str = ""


class Value(NamedTuple):
    """A finished part: where it is, whether it is a comparison, and the highest power in it (0 of a number)."""

    at: int
    truth: bool = False
    degree: float = 0


class _Parser:
    """Parses at once; `program` is the result: numbers, names of variables, and ops with how many values they take."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.program: list[tuple[Op | None, Any]] = []
        self.values: list[Value] = []
        self.pending: list[Pending] = []
        self.tokens = [_token(match) for match in TOKEN.finditer(text)]
        self.next = 0
        if self.tokens[0].kind == "end":
            self.fail(say("the expression is empty"), 0)
        wanted = self.operand  # or self.operator
        while self.next < len(self.tokens):
            token = self.tokens[self.next]
            self.next += 1
            if token.kind == "other":
                self.fail(_stray(token.text), token.at)
            wanted = wanted(token)
            if len(self.pending) > DEEPEST:
                self.fail(say("this is nested more than {n} deep", n=DEEPEST), token.at)
            if token.kind == "end":
                break

    def fail(self, message: str, at: int) -> NoReturn:
        raise ExpressionError(message, self.text, at)

    # ------------------------------------------------------------------- where a value is expected, and after one

    def operand(self, token: Token) -> Any:
        """Read a token where a value begins; returns what reads the next one."""
        if token.kind == "number":
            x = float(token.text)
            if not math.isfinite(x):
                self.fail(say("this number is too large"), token.at)
            self.number(int(x) if x <= WHOLE and token.text.isdigit() else x, token.at)
            return self.operator
        if token.kind == "name":
            return self.name(unicodedata.normalize("NFKC", token.text), token.at)
        if token.text == "(":
            self.pending.append(Pending(None, 1, 0, token.at, len(self.values)))
        elif token.text == "-":
            self.pending.append(Pending(REGISTRY["neg"], 1, SIGNED, token.at))
        elif token.text != "+":
            self.fail(say("a number, a variable or a function is missing here"), token.at)
        return self.operand

    def name(self, name: str, at: int) -> Any:
        """A function's name with its parenthesis, a constant, or a variable."""
        following = self.tokens[self.next]
        if name in functions():
            if following.text != "(":
                self.fail(say("{name} is a function: write {name}(...)", name=name), at)
            self.next += 1
            self.pending.append(Pending(*functions()[name], 0, following.at, len(self.values), name))
            return self.operand
        if name in CONSTANTS:
            self.number(CONSTANTS[name], at)
            return self.operator
        if not (VARIABLE.fullmatch(name) and name.isidentifier()):
            self.fail(_unknown(name), at)
        if following.text == "(":
            self.fail(say("{name} is a variable, not a function; a product is {name}*(...)", name=name), at)
        self.program.append((None, name))
        self.values.append(Value(at, degree=1))
        return self.operator

    def operator(self, token: Token) -> Any:
        """Read a token that follows a value."""
        if token.kind == "raised":
            self.number(int("".join(str(RAISED.index(digit)) for digit in token.text[:9])), token.at)
            self.apply(Pending(REGISTRY["pow"], 2, POWER, token.at))
            return self.operator
        if token.text in BINARY:
            level = BINARY[token.text]
            self.reduce(level if level < POWER else POWER + 1)  # powers are read from the right
            self.pending.append(Pending(OPERATORS[token.text], 2, level, token.at))
            return self.operand
        if token.text == ")":
            self.reduce(1)
            self.close(token.at)
            return self.operator
        if token.text == ",":
            self.reduce(1)
            self.comma(token.at)
            return self.operand
        if token.kind != "end":
            before = self.tokens[self.next - 2].text
            self.fail(say("* is missing: write {left}*{right}", left=before[-12:], right=token.text[:12]), token.at)
        self.reduce(1)
        if self.pending:
            self.fail(say("this parenthesis is not closed"), self.pending[-1].at)
        self.check(self.values[0], truth=False)
        return self.operand

    def comma(self, at: int) -> None:
        if not self.pending or self.pending[-1].op is None:
            self.fail(say("a comma separates the arguments of a function; decimals have a point, as 3.14 has"), at)
        if len(self.values) - self.pending[-1].below >= self.pending[-1].inputs:
            self.wrong_count(self.pending[-1], at)

    def close(self, at: int) -> None:
        """A closing parenthesis, of a call or just so."""
        if not self.pending:
            self.fail(say("this parenthesis was not opened"), at)
        opened = self.pending.pop()
        if opened.op is not None:
            if len(self.values) - opened.below != opened.inputs:
                self.wrong_count(opened, at)
            self.apply(opened)

    def wrong_count(self, call: Pending, at: int) -> NoReturn:
        takes = say_count("{name} takes {n} argument", "{name} takes {n} arguments", call.inputs, name=call.name)
        self.fail(takes, at)

    # ----------------------------------------------------------------------------------------- what is finished

    def reduce(self, level: int) -> None:
        """Apply the pending operators that bind at least as tightly as `level`; parentheses have level 0."""
        while self.pending and self.pending[-1].level >= level:
            self.apply(self.pending.pop())

    def number(self, x: float, at: int) -> None:
        self.program.append((None, x))
        self.values.append(Value(at))

    def check(self, value: Value, truth: bool) -> None:
        if value.truth and not truth:
            self.fail(say("a comparison stands only as the first argument of where(...)"), value.at)
        if truth and not value.truth:
            self.fail(say("the first argument of where(...) is a comparison, such as x < 0"), value.at)

    def apply(self, p: Pending) -> None:
        """Let an op take its values from the end of the program."""
        op, n = p.op, p.inputs
        assert op is not None
        values = self.values[-n:]
        for i, value in enumerate(values):
            self.check(value, truth=op.name == "where" and i == 0)
        numbers = [x for kind, x in self.program[-n:] if kind is None and not isinstance(x, str)]
        self.values[-n:] = [Value(p.at, op.types == "bool", self.degree(p, values))]
        if len(numbers) == n:  # then the last n pieces of the program are whole values
            self.program[-n:] = [(None, self.fold(op, numbers, p.at))]
            return
        if op.name == "where" and all(kind is None and not isinstance(x, str) for kind, x in self.program[-2:]):
            # Two numbers would be of the default dtype: one of them takes that of a variable.
            variable = next(x for _, x in self.program if isinstance(x, str))
            self.program += [(None, variable), (REGISTRY["zeros_like"], 1), (REGISTRY["add"], 2)]
        self.program.append((op, n))

    def degree(self, p: Pending, values: Sequence[Value]) -> float:
        """The highest power that an op makes of its values; refused if it is too high."""
        degree = max(value.degree for value in values)
        if p.op is REGISTRY["pow"]:
            kind, exponent = self.program[-1]
            if kind is None and not isinstance(exponent, str):
                degree = values[0].degree * max(abs(exponent), 1)
        elif p.op is REGISTRY["square"]:
            degree *= 2
        if degree > HIGHEST:
            self.fail(say("powers above {n} are not computed", n=HIGHEST), p.at)
        return degree

    def fold(self, op: Op, numbers: Sequence[float], at: int) -> float:
        """An op of constants, computed in float64; whole numbers stay whole."""
        try:
            with np.errstate(all="ignore"):
                x = op.kernel(*[np.bool_(x) if isinstance(x, bool) else np.float64(x) for x in numbers]).item()
        except ImportError as error:  # SciPy, for the special functions
            self.fail(str(error), at)
        if not math.isfinite(x):
            self.fail(say("this is {x}, not a finite number", x=x), at)
        whole = not isinstance(x, bool) and all(isinstance(x, int) for x in numbers) and abs(x) <= WHOLE and x == int(x)
        return int(x) if whole else x


def _token(match: re.Match[str]) -> Token:
    kind = str(match.lastgroup)
    return Token(kind, SIGNS.get(match[kind], match[kind]), match.start(kind))


def _unknown(name: str) -> str:
    near = difflib.get_close_matches(name[:24], [*functions(), *CONSTANTS], n=1)
    if near:
        return say("there is no {name}; did you mean {near}?", name=name[:24], near=near[0])
    return say(
        "there is no {name}: a variable is one letter, with a number or an _index if need be (x, x1, x_max), and a "
        "product is written with *",
        name=name[:24],
    )


def _stray(sign: str) -> str:
    """What to say of a character that no expression has."""
    if sign == "^":
        return say("write ** for powers")
    if sign == "=":
        return say("write the right-hand side alone, without =")
    if sign == ".":
        return say("a dot belongs to a number; attributes are not read")
    if sign == "√":
        return say("write sqrt(...) for a root")
    if sign == "|":
        return say("write abs(...) for a modulus")
    if sign == "%":
        return say("write remainder(x, y) for a remainder")
    if sign == "//":
        return say("write floor(x / y) to round down")
    return say("{sign} does not belong in an expression", sign=ascii(sign) if not sign.isprintable() else sign)
