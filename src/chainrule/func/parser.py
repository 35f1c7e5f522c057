"""The parser of typed expressions (`expression` has the grammar): two stacks and no recursion.

`see/page/web/parse.js` goes the same way, step by step; a test holds that both take and refuse the same texts.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from typing import Any, NamedTuple, NoReturn

import numpy as np

from chainrule.base.language import say, say_count
from chainrule.core.op import REGISTRY, Op
from chainrule.core.registry import OPERATORS
from chainrule.func import vocabulary
from chainrule.func.vocabulary import (
    BARE,
    BESIDE,
    BINARY,
    CONSTANTS,
    DEEPEST,
    HIGHEST,
    POWER,
    RAISED,
    ROOT,
    SIGNED,
    SUM,
    TOKEN,
    VARIABLE,
    WHOLE,
    ExpressionError,
    Token,
    functions,
)


class Pending(NamedTuple):
    """What waits for its right-hand side: an operator, or what was opened (of level 0; with an op, of a call)."""

    op: Op | None
    inputs: int
    level: int
    at: int
    below: int = 0  # how many values there were before it
    name: str = ""
    power: int = 0  # sin²(x): to which power its result goes


class Value(NamedTuple):
    """A finished part: where it is and begins, whether it is a comparison, the highest power in it (0 of a number)."""

    at: int
    begin: int
    truth: bool = False
    degree: float = 0


class Parser:
    """Parses at once; `program` is the result: numbers, names of variables, and ops with how many values they take."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.program: list[tuple[Op | None, Any]] = []
        self.values: list[Value] = []
        self.pending: list[Pending] = []
        self.bars: set[int] = set()  # the tokens | that close a modulus
        self.grouped = False  # whether the last ) closed plain parentheses
        self.tokens = [vocabulary.token(match) for match in TOKEN.finditer(text)]
        self.next = 0
        if self.tokens[0].kind == "end":
            self.fail(say("the expression is empty"), 0)
        wanted = self.operand  # or self.operator
        while self.next < len(self.tokens):
            token = self.tokens[self.next]
            self.next += 1
            if token.kind == "other":
                self.fail(vocabulary.stray(token.text), token.at)
            wanted = wanted(token)
            if len(self.pending) > DEEPEST:
                self.fail(say("this is nested more than {n} deep", n=DEEPEST), token.at)
            if token.kind == "end":
                break

    def fail(self, message: str, at: int) -> NoReturn:
        raise ExpressionError(message, self.text, at)

    def two_ways(self, one: str, other: str, at: int) -> NoReturn:
        self.fail(say("this can be read in two ways: write {one} or {other}", one=one, other=other), at)

    @property
    def opened(self) -> Pending | None:
        """The innermost of what is open."""
        return next((p for p in reversed(self.pending) if p.level == 0), None)

    # ------------------------------------------------------------------------------------- where a value is expected

    def operand(self, token: Token) -> Any:
        """Read a token where a value begins; returns what reads the next one."""
        if token.kind == "number":
            self.number(self.decimal(token), token.at)
            return self.operator
        if token.kind == "name":
            return self.name(unicodedata.normalize("NFKC", token.text), token.at)
        if token.text in ("(", "|"):
            op = REGISTRY["abs"] if token.text == "|" else None
            self.open(Pending(op, 1, 0, token.at, name=token.text))
        elif token.text == "√":
            called = self.tokens[self.next].text == "("
            self.next += called
            self.open(Pending(REGISTRY["sqrt"], 1, 0 if called else ROOT, token.at, name="√"))
        elif token.text == "-":
            self.open(Pending(REGISTRY["neg"], 1, SIGNED, token.at))
        elif token.text != "+":
            self.fail(say("a number, a variable or a function is missing here"), token.at)
        return self.operand

    def open(self, pending: Pending) -> None:
        self.pending.append(pending._replace(below=len(self.values)))

    def decimal(self, token: Token) -> float:
        """A number; 3,5 is one too, but among several arguments, where a comma parts them as it always did."""
        text, (comma, part) = token.text, (*self.tokens[self.next : self.next + 2], token)[:2]
        opened = self.opened
        if (
            text.isdigit() and comma.text == "," and comma.at == token.end and part.at == comma.end
            and part.kind == "number" and part.text[0].isdigit() and "." not in part.text
            and (opened is None or opened.inputs == 1)
        ):  # fmt: skip
            if len(part.text) == 3 and part.text.isdigit() and len(text) < 4 and text[0] != "0":
                self.two_ways(f"{text}.{part.text}", text + part.text, comma.at)  # a thousand or a little more than one
            self.next += 2
            text += f".{part.text}"
        x = float(text)
        if not math.isfinite(x):
            self.fail(say("this number is too large"), token.at)
        return int(x) if x <= WHOLE and text.isdigit() else x

    def name(self, name: str, at: int) -> Any:
        """A function's name, a constant, or a variable."""
        following = self.tokens[self.next]
        if name in functions():
            return self.function(name, at)
        if name in CONSTANTS:
            if name == "e" and following.text == "(":
                self.two_ways("e**(…)", "e*(…)", following.at)
            self.number(CONSTANTS[name], at)
            return self.operator
        if not (VARIABLE.fullmatch(name) and name.isidentifier()):
            self.fail(vocabulary.unknown(name), at)
        if following.text == "(":
            self.fail(say("{name} is a variable, not a function; a product is {name}*(...)", name=name), at)
        self.program.append((None, name))
        self.values.append(Value(at, at, degree=1))
        return self.operator

    def function(self, name: str, at: int) -> Any:
        """A function with its parenthesis, or without, as in sin x; sin²x is the square of the sine."""
        op, inputs = functions()[name]
        power, following = 0, self.tokens[self.next]
        if following.kind == "raised":
            power = _raised(following)
            self.next += 1
        elif following.text == "**":
            exponent = self.tokens[self.next + 1]
            if exponent.text == "-":
                self.two_ways(f"1/{name}(…)", say("the inverse function"), following.at)
            if inputs == 1 and exponent.text.isdigit() and len(exponent.text) < 5:
                power = int(exponent.text)
                self.next += 2
        following = self.tokens[self.next]
        if following.text == "(":
            self.next += 1
            self.open(Pending(op, inputs, 0, following.at, name=name, power=power))
        elif inputs == 1 and (following.kind in ("number", "name") or following.text in ("|", "√")):
            self.open(Pending(op, 1, BARE, at, name=name, power=power))
        else:
            self.fail(say("{name} is a function: write {name}(...)", name=name), at)
        return self.operand

    # ------------------------------------------------------------------------------------------------- after a value

    def operator(self, token: Token) -> Any:
        """Read a token that follows a value."""
        if token.kind == "raised":
            if self.pending and self.pending[-1].level == ROOT:
                self.root(f"{{}}{token.text}", token)
            self.raised(_raised(token), token.at)
            return self.operator
        if token.text in BINARY:
            self.binary(token)
            return self.operand
        if token.text == ")" or (token.text == "|" and self.opened and self.opened.name == "|"):
            self.reduce(1)
            self.close(token)
            return self.operator
        if token.text == ",":
            self.reduce(1)
            self.comma(token.at)
            return self.operand
        if token.kind != "end":
            self.beside(token)
            return self.operand(token)
        self.reduce(1)
        if self.pending:
            self.unclosed(self.pending[-1])
        self.check(self.values[0], truth=False)
        return self.operand

    def binary(self, token: Token) -> None:
        level = BINARY[token.text]
        if level == POWER and self.pending and self.pending[-1].level == ROOT:
            self.root(f"{{}}**{self.tokens[self.next].text}", token)
        bare = self.bare() if token.text in ("*", "/") else None
        if bare:
            self.applied(bare, token.text, self.tokens[self.next], token.at)
        self.reduce(level if level < POWER else POWER + 1)  # powers are read from the right
        self.pending.append(Pending(OPERATORS[token.text], 2, level, token.at, len(self.values), token.text))

    def bare(self) -> Pending | None:
        """A function without parentheses that the last value belongs to."""
        for p in reversed(self.pending):
            if p.level == BARE or p.level < BARE:
                return p if p.level == BARE else None
        return None

    def beside(self, token: Token) -> None:
        """A factor without a sign before it, as in 2x: where that can be read in one way alone."""
        before = self.tokens[self.next - 2]
        name = unicodedata.normalize("NFKC", token.text) if token.kind == "name" else ""
        after_variable = before.kind == "name" and before.text not in CONSTANTS
        if token.kind == "number" or (after_variable and name and name not in functions() and name not in CONSTANTS):
            self.fail(
                say("* is missing: write {left}*{right}", left=before.text[-12:], right=token.text[:12]), token.at
            )
        if token.text == "|" and self.torn_bars():
            self.fail(say("this | can open or close: write abs(...)"), token.at)
        bare = self.bare()
        if bare:
            if name in functions() and self.values[-1].degree:  # sin x cos y is a product
                self.reduce(BARE)
            elif not (name and name not in functions() and (before.kind == "number" or before.text in CONSTANTS)):
                self.applied(bare, "*", token, token.at)
        top = self.pending[-1] if self.pending else None
        if top and top.level == ROOT:
            self.root(f"{{}}*{_short(token)}", token)
        if top and top.level == POWER and before.text == ")" and self.grouped:  # x^(2)y
            self.reduce(POWER)
        for p in reversed(self.pending):
            if p.level <= SUM:
                break
            if p.level == POWER or p.name == "/":
                left = self.source(self.values[p.below - 1].begin, p.at)
                right = self.source(p.at + len(p.name if self.text.startswith("**", p.at) else "/"), before.end)
                sign, factor = p.name, _short(token)
                self.two_ways(f"{left}{sign}({right}*{factor})", f"({left}{sign}{right})*{factor}", token.at)
        self.reduce(BESIDE)
        self.pending.append(Pending(REGISTRY["mul"], 2, BESIDE, token.at, len(self.values)))

    def torn_bars(self) -> bool:
        """Whether a modulus was closed in the product at hand: in |2|x|+1| the second | may open or close."""
        depth = 0
        for i in range(self.next - 2, -1, -1):
            kind, text = self.tokens[i][:2]
            depth += (text == ")") - (text == "(")
            if depth < 0 or (depth == 0 and kind == "sign" and (text == "," or BINARY.get(text, SIGNED) <= SUM)):
                return False
            if depth == 0 and i in self.bars:
                return True
        return False

    def source(self, begin: int, end: int) -> str:
        """What is written there, shortened."""
        text = self.text[begin:end].strip()
        return text if len(text) <= 16 else f"…{text[-15:]}"

    def applied(self, bare: Pending, sign: str, token: Token, at: int) -> NoReturn:
        """A function without parentheses before a factor: is that within it or not?"""
        inside = self.source(self.values[-1].begin, self.tokens[self.next - 2].end)
        factor, f = _short(token), bare.name
        self.two_ways(f"{f}({inside}){sign}{factor}", f"{f}({inside}{sign}{factor})", at)

    def root(self, more: str, token: Token) -> NoReturn:
        inside = self.source(self.values[-1].begin, self.tokens[self.next - 2].end)
        self.two_ways(f"√({more.format(inside)})", more.format(f"√({inside})"), token.at)

    def comma(self, at: int) -> None:
        opened = self.pending[-1] if self.pending else None
        if opened is None or opened.op is None or opened.name == "|":
            self.fail(say("a comma separates the arguments of a function; decimals have a point, as 3.14 has"), at)
        if len(self.values) - opened.below >= opened.inputs:
            self.wrong_count(opened, at)

    def close(self, token: Token) -> None:
        """A closing parenthesis, of a call or just so; or a bar."""
        if not self.pending:
            self.fail(say("this parenthesis was not opened"), token.at)
        opened = self.pending.pop()
        if (opened.name == "|") != (token.text == "|"):
            self.unclosed(opened)
        if token.text == "|":
            self.bars.add(self.next - 1)
        self.grouped = opened.op is None
        if opened.op is not None:
            if len(self.values) - opened.below != opened.inputs:
                self.wrong_count(opened, token.at)
            self.apply(opened)
        value = self.values[-1]
        self.values[-1] = value._replace(begin=min(opened.at, value.begin))

    def unclosed(self, opened: Pending) -> NoReturn:
        self.fail(
            say("this | has no second one") if opened.name == "|" else say("this parenthesis is not closed"), opened.at
        )

    def wrong_count(self, call: Pending, at: int) -> NoReturn:
        takes = say_count("{name} takes {n} argument", "{name} takes {n} arguments", call.inputs, name=call.name)
        self.fail(takes, at)

    # ----------------------------------------------------------------------------------------------- what is finished

    def reduce(self, level: int) -> None:
        """Apply the pending operators that bind at least as tightly as `level`; what is opened has level 0."""
        while self.pending and self.pending[-1].level >= level:
            self.apply(self.pending.pop())

    def number(self, x: float, at: int) -> None:
        self.program.append((None, x))
        self.values.append(Value(at, at))

    def raised(self, power: int, at: int) -> None:
        self.number(power, at)
        self.apply(Pending(REGISTRY["pow"], 2, POWER, at))

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
        begin = min(p.at, values[0].begin)
        self.values[-n:] = [Value(p.at, begin, op.types == "bool", self.degree(p, values))]
        if len(numbers) == n:  # then the last n pieces of the program are whole values
            self.program[-n:] = [(None, self.fold(op, numbers, p.at))]
        else:
            self.call(op, n)
        if p.power:
            self.raised(p.power, p.at)

    def call(self, op: Op, n: int) -> None:
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


def _raised(token: Token) -> int:
    return int("".join(str(RAISED.index(digit)) for digit in token.text[:9]))


def _short(token: Token) -> str:
    """A factor that has not been read yet: its beginning."""
    opens = {"(": "(…)", "|": "|…|", "√": "√…", "-": "-…"}.get(token.text)
    return opens or (f"{token.text}(…)" if token.text in functions() else token.text[:12])
