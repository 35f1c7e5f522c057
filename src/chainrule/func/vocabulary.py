"""The words of typed expressions: numbers, signs, constants, functions, cut into tokens; and what to say of others."""

from __future__ import annotations

import difflib
import math
import re
from functools import cache
from typing import NamedTuple

from chainrule.api.public import FUNCTIONS
from chainrule.base.language import say
from chainrule.core.op import REGISTRY, Elementwise, Op
from chainrule.core.tracer import COMPARISONS

LONGEST, DEEPEST, HIGHEST = 10_000, 200, 1000
WHOLE = 2.0**53  # up to here every whole number is a float

CONSTANTS = {"pi": math.pi, "π": math.pi, "e": math.e}
ALIASES = {
    "ln": "log", "lg": "log10", "tg": "tan", "arctg": "atan", "max": "maximum", "min": "minimum", "clip": "clamp",
}  # fmt: skip
SIGNS = {"×": "*", "·": "*", "⋅": "*", "−": "-", "÷": "/", "≤": "<=", "≥": ">=", "≠": "!=", "^": "**"}
RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹"

# How tightly a sign binds, and what has none: a function without parentheses, factors side by side, a root.
BINARY = {**dict.fromkeys(COMPARISONS, 1), "+": 2, "-": 2, "*": 3, "/": 3, "**": 7}
SUM, SIGNED, BARE, BESIDE, POWER, ROOT = 2, 4, 5, 6, 7, 8

TOKEN = re.compile(
    rf"\s*(?:(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)|(?P<raised>[{RAISED}]+)"
    rf"|(?P<name>π(?![\d_])|[^\W\d{RAISED}](?:(?![{RAISED}])\w)*)"
    rf"|(?P<sign>\*\*|[<>=!]=|/(?!/)|[-+*<>()|√,{re.escape(''.join(SIGNS))}])"
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


class Token(NamedTuple):
    """A piece of the text; `kind` is the name of its group in TOKEN."""

    kind: str
    text: str
    at: int
    end: int


def token(match: re.Match[str]) -> Token:
    kind = str(match.lastgroup)
    return Token(kind, SIGNS.get(match[kind], match[kind]), match.start(kind), match.end(kind))


def unknown(name: str) -> str:
    near = difflib.get_close_matches(name[:24], [*functions(), *CONSTANTS], n=1)
    if near:
        return say("there is no {name}; did you mean {near}?", name=name[:24], near=near[0])
    return say(
        "there is no {name}: a variable is one letter, with a number or an _index if need be (x, x1, x_max), and a "
        "product is written with *",
        name=name[:24],
    )


def stray(sign: str) -> str:
    """What to say of a character that no expression has."""
    if sign == "=":
        return say("write the right-hand side alone, without =")
    if sign == ".":
        return say("a dot belongs to a number; attributes are not read")
    if sign == "%":
        return say("write remainder(x, y) for a remainder")
    if sign == "//":
        return say("write floor(x / y) to round down")
    return say("{sign} does not belong in an expression", sign=ascii(sign) if not sign.isprintable() else sign)
