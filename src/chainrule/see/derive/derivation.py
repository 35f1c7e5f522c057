"""What `derive` gives: formulas with their values, to read in a terminal, in a notebook and in programs."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from chainrule.base.language import say
from chainrule.see.derive.algebra import sp
from chainrule.see.derive.steps import Step
from chainrule.see.derive.subject import Subject


class ByVariable(dict[Any, Any]):
    """A dict by SymPy symbols (tuples of them for mixed derivatives), which may be asked for by their names too."""

    def __missing__(self, key: Any) -> Any:
        wanted = tuple(map(str, key)) if isinstance(key, tuple) else str(key)
        for k, value in self.items():
            if (tuple(map(str, k)) if isinstance(k, tuple) else str(k)) == wanted:
                return value
        raise KeyError(key)


class Values(NamedTuple):
    """Numbers at the point: the function as it computes, the derivatives by their formulas."""

    function: Any
    derivatives: ByVariable


class Derivation:
    """The formulas of a function and of its derivatives.

    function: a SymPy expression, or a matrix of them for a result of several numbers. derivatives: by variable; of
    `order` 2 and more and several variables by tuples of them. values: the same as numbers at the point; None without
    a point. remarks: where there is no derivative, and where the engine computes something else than the formula says.
    """

    function: Any
    derivatives: ByVariable
    variables: list[Any]

    def __init__(self, subject: Subject, order: int) -> None:
        self.subject, self.order = subject, order

    @property
    def steps(self) -> list[Step]:
        """The rules that lead from the function to the derivatives, in the order in which a person applies them."""
        raise NotImplementedError

    @cached_property
    def values(self) -> Values | None:
        """The function and its derivatives at the point; the remarks say what is odd there."""
        return self._values() if self.subject.at_point else None

    def _values(self) -> Values:
        raise NotImplementedError

    @property
    def remarks(self) -> list[str]:
        """Sentences: where there is no derivative, and what is odd at the point."""
        return []

    # ---- to read

    def text(self, steps: bool = False, width: int | None = None) -> str:
        """The formulas for a terminal; with `steps` the way that leads to them.

        width: how many columns there are; a formula that is wider when drawn is written on one line, then broken.
        """
        lines = [*self._about(), self._fitting(self._head(), self.function, width)]
        if steps and len(self.variables) > 1:
            lines.append(say("Each of these is a partial derivative: the other variables are held constant."))
        lines += [str(step) for step in self.steps] if steps else []
        lines += [self._fitting(self._label(key, "{}{}/{}"), e, width) for key, e in self.derivatives.items()]
        if self.values is not None:
            lines.append(say("at {point}:", point=self._point()))
            lines.append(f"    {self.subject.name} = {_number(self.values.function)}")
            for key, value in self.values.derivatives.items():
                lines.append(f"    {self._label(key, '{}{}/{}')} = {_number(value)}")
        lines += self.remarks
        return "\n".join(line.rstrip() for line in "\n".join(lines).split("\n"))

    def latex(self, steps: bool = False) -> str:
        """The formulas in TeX, one below the other, without dollars around them.

        steps: whether to give a fragment of LaTeX with the steps, each with its sentence, and the numbers at the point:
            text and formulas to put into a document that has the package amsmath.
        """
        if steps:
            from chainrule.see.derive.sheet import fragment

            return fragment(self)
        rows = [f"\\displaystyle {left} &= \\displaystyle {right}" for left, right in self.equations]
        return "\\begin{array}{rl} " + " \\\\ ".join(rows) + " \\end{array}"

    @property
    def equations(self) -> list[tuple[str, str]]:
        """The sides of the formulas in TeX: of the function, then of each derivative."""
        sides = [(_tex_name(self._head()), self._latex(self.function))]
        return sides + [(self._label_tex(key), self._latex(e)) for key, e in self.derivatives.items()]

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"

    def __repr__(self) -> str:
        return self.text()

    def _about(self) -> list[str]:
        return []

    def _latex(self, e: Any) -> str:
        return sp.latex(e, ln_notation=True)  # type: ignore[no-any-return]

    def _line(self, head: str, e: Any) -> str:
        """`head = e` as SymPy draws it, on as many lines as it takes."""
        from sympy.printing.pretty.pretty import PrettyPrinter
        from sympy.printing.pretty.stringpict import prettyForm

        printer = PrettyPrinter({"use_unicode": True, "wrap_line": False})
        form = prettyForm(*prettyForm(f"{head} = ").right(printer._print(e)))
        return form.render(wrap_line=False)  # type: ignore[no-any-return]

    def _fitting(self, head: str, e: Any, width: int | None) -> str:
        drawn = self._line(head, e)
        if width is None or max(map(len, drawn.split("\n"))) <= width:
            return drawn
        return _broken(f"{head} = {sp.sstr(e)}" if "\n" in drawn else drawn, width)

    def _head(self) -> str:
        return f"{self.subject.name}({', '.join(self.subject.names)})"

    def _point(self) -> str:
        return ", ".join(f"{n} = {_number(x._a)}" for n, x in zip(self.subject.names, self.subject.arguments))

    def _label(self, key: Any, pattern: str) -> str:
        """df/dx, ∂f/∂x, ∂²f/∂x∂y."""
        d, names = ("d" if len(self.variables) == 1 else "∂"), self._path(key)
        order = len(names)
        below = "".join(f"{d}{n}{_raised(k)}" for n, k in _runs(names))
        return pattern.format(f"{d}{_raised(order)}", self.subject.name, below)

    def _tex_of_function(self) -> str:
        return _tex_name(self.subject.name)

    def _written(self, value: Any) -> str:
        return re.sub(r"e([+-]\d+)", lambda m: rf" \cdot 10^{{{int(m[1])}}}", _number(value)).replace(
            "nan", r"\mathrm{NaN}"
        )

    def _label_tex(self, key: Any) -> str:
        d = "d" if len(self.variables) == 1 else "\\partial "
        n = f"^{{{self.order}}}" if self.order > 1 else ""
        below = "".join(f"{d}{sp.latex(x)}" + (f"^{{{k}}}" if k > 1 else "") for x, k in _runs(self._path(key)))
        return f"\\frac{{{d.strip()}{n} {_tex_name(self.subject.name)}}}{{{below}}}"

    def _path(self, key: Any) -> tuple[Any, ...]:
        return key if isinstance(key, tuple) else (key,) * self.order


def _broken(text: str, width: int) -> str:
    """A formula of one line on several, broken before signs."""
    lines = [""]
    for piece in re.split(r"(?= [-+] )|(?<!\*)(?=\*(?!\*))|(?=/)", text):
        if len(lines[-1]) + len(piece) > width:
            lines.append("   " if piece[0] == " " else "    ")
        lines[-1] += piece
    return "\n".join(lines)


def _runs(names: tuple[Any, ...]) -> list[tuple[Any, int]]:
    return [(n, names.count(n)) for n in dict.fromkeys(names)]


def _raised(n: int) -> str:
    return str(n).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")) if n > 1 else ""


def _tex_name(name: str) -> str:
    word, bracket, rest = name.partition("(")
    word = sp.latex(sp.Symbol(word)) if len(word) == 1 or "_" not in word else f"\\mathrm{{{word}}}".replace("_", "\\_")
    inside = ", ".join(sp.latex(sp.Symbol(n)) for n in rest[:-1].split(", ")) if bracket else ""
    return f"{word}\\left({inside}\\right)" if bracket else word


def _number(a: Any) -> str:
    a = np.asarray(a)
    if a.size == 1:
        return f"{float(a.reshape(())):.6g}"
    return " ".join(np.array2string(a, precision=4, threshold=12, separator=", ").split())
