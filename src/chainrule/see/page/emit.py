"""Expressions as JavaScript source: straight-line functions of doubles, each common part computed once.

Nothing of the user's text ever gets into this source: its names are made here, its numbers are printed from floats, and
the rest are the `js` columns of the op table.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence

from chainrule.core.op import REGISTRY
from chainrule.see.page.scalar import Expr, NotForPages, kernel


class Lines:
    """Lines of JavaScript that compute expressions."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._names: dict[int, str] = {}  # by the id of an expression
        self._known: dict[str, str] = {}  # by its text
        self._meanings: dict[int, Expr] = {}
        self._kept: list[Expr] = []  # so that no other expression takes an id

    def name(self, x: Expr) -> str:
        """What stands for an expression: a name, or a number; the lines that compute it are written first."""
        stack = [x]
        while stack:
            top = stack[-1]
            missing = [a for a in self._needs(top) if id(a) not in self._names]
            if missing:
                stack.extend(missing)
                continue
            stack.pop()
            if id(top) not in self._names:
                self._names[id(top)] = self._write(top)
                self._kept.append(top)
        return self._names[id(x)]

    def _needs(self, x: Expr) -> Sequence[Expr]:
        """The expressions that x is written with: its operands, or where its op has no JavaScript, what it means."""
        if not x.op or "js" in REGISTRY[x.op].columns:
            return x.args
        if id(x) not in self._meanings:
            self._meanings[id(x)] = spelled(x)
        return (self._meanings[id(x)],)

    def _write(self, x: Expr) -> str:
        names = [self._names[id(a)] for a in self._needs(x)]
        if not x.op:
            return x.name or literal(x.value)
        return names[0] if id(x) in self._meanings else self._line(filled(REGISTRY[x.op].columns["js"], names))

    def _line(self, text: str) -> str:
        if text not in self._known:
            self._known[text] = f"t{len(self._known)}"
            self.lines.append(f"const {self._known[text]}={text};")
        return self._known[text]


def spelled(x: Expr) -> Expr:
    """An op that has no JavaScript of its own, by its kernel in ops that have."""
    meaning = kernel(REGISTRY[x.op], x.args, {})
    if not isinstance(meaning, Expr) or meaning.op == x.op:
        raise NotForPages(f"there is no JavaScript for {x.op}")
    return meaning


def filled(template: str, operands: Sequence[str]) -> str:
    """A `js` column with its operands, which are names or numbers."""
    return re.sub(r"%(\d)", lambda m: operands[int(m[1])], template)


def literal(x: float | bool) -> str:
    """A number in JavaScript; in parentheses where a sign would meet an operator."""
    if isinstance(x, bool):
        return "true" if x else "false"
    if not math.isfinite(x):
        return "NaN" if math.isnan(x) else "Infinity" if x > 0 else "(-Infinity)"
    text = repr(x).removesuffix(".0")
    return f"({text})" if text.startswith("-") else text


def function(parameters: str, results: Sequence[Expr], shape: Callable[[list[str]], str]) -> str:
    """An arrow function; `shape` puts the results' names into what it returns."""
    program = Lines()
    names = [program.name(r) for r in results]
    if not program.lines:
        return f"({parameters})=>({shape(names)})"
    return f"({parameters})=>{{\n{chr(10).join(program.lines)}\nreturn {shape(names)};}}"


def listed(names: Sequence[str]) -> str:
    """An array of the results."""
    return f"[{','.join(names)}]"
