"""Matrix formulas as people write them: `2 X^T (X w - y)` for a terminal, the same in TeX.

A trace is shown as what it stands for: a product of vectors, a squared length, a sum of elements.
"""

from __future__ import annotations

from typing import Any

from chainrule.core.op import REGISTRY
from chainrule.see.derive import whole
from chainrule.see.derive.algebra import sp


class Style:
    """How the parts of a formula are set."""

    turned, ones, identity, times = "{}^T", "𝟏", "I", " * "
    length, squared, summed, trace, det = "‖{}‖", "‖{}‖^2", "sum({})", "tr({})", "det({})"
    brackets, inverse, power, diagonal = "({})", "{}^-1", "{}^{}", "diag({})"
    indicator, inverse_turned = "[{} > 0]", "{}^-T"

    def symbol(self, name: str) -> str:
        """A name."""
        return name

    def scalar(self, e: Any) -> str:
        """A formula of numbers."""
        return sp.sstr(e).replace("**", "^")  # type: ignore[no-any-return]

    def function(self, name: str, inside: str) -> str:
        """A function of each element."""
        return f"{name}({inside})"


class Tex(Style):
    """TeX."""

    turned, ones, identity, times = "{}^{{T}}", "\\mathbf{{1}}", "I", " \\odot "
    length, squared = "\\left\\|{}\\right\\|", "\\left\\|{}\\right\\|^{{2}}"
    summed, trace, det = "\\sum {}", "\\operatorname{{tr}}\\left({}\\right)", "\\det {}"
    brackets, inverse, power = "\\left({}\\right)", "{}^{{-1}}", "{}^{{{}}}"
    diagonal, indicator = "\\operatorname{{diag}}\\left({}\\right)", "\\left[{} > 0\\right]"
    inverse_turned = "{}^{{-T}}"

    def symbol(self, name: str) -> str:
        tex: str = sp.latex(sp.Symbol(name))
        return (
            f"\\mathrm{{{name}}}"
            if tex == name and len(name) > 1
            else tex.replace("_", "\\_")
            if "{" not in tex
            else tex
        )

    def scalar(self, e: Any) -> str:
        return sp.latex(e, ln_notation=True)  # type: ignore[no-any-return]

    def function(self, name: str, inside: str) -> str:
        tex = REGISTRY[name].columns.get("tex") if name in REGISTRY else None
        if tex is None:
            return f"\\operatorname{{{name}}}\\left({inside}\\right)".replace("_", "\\_")
        return tex.replace(
            "%0", inside if any(s in tex for s in ("(%0)", "{%0}", "|%0")) else f"\\left({inside}\\right)"
        )  # type: ignore[no-any-return]


class Writer:
    """Writes expressions in a style. names: the op of each elementwise function (its Lambda)."""

    def __init__(self, style: Style, names: dict[Any, str]) -> None:
        self.style, self.names = style, names

    def __call__(self, e: Any) -> str:
        """A matrix or a number made of matrices."""
        return self.sum(e) if e.is_Matrix else self.number(e)

    def number(self, e: Any) -> str:
        """A formula of numbers, whose traces and determinants are written as units."""
        found: dict[Any, Any] = {}
        for unit in sorted(e.atoms(sp.Trace, sp.Determinant), key=str):
            text = self.unit(unit)
            if isinstance(unit, sp.Trace) and _square(unit):
                found[sp.sqrt(unit)] = _unit(self.style.length.format(self.sum(unit.arg.args[-1])))
            found[unit] = _unit(text)
        for unit, symbol in found.items():
            if unit.is_Pow:  # a length and its powers
                e = e.replace(lambda p, b=unit.base: p.is_Pow and p.base == b and not p.exp.is_integer,
                              lambda p, s=symbol: s ** (2 * p.exp))  # fmt: skip
        parts = sorted(sp.Add.make_args(e.xreplace(found)), key=lambda t: t.could_extract_minus_sign())
        text = " + ".join(map(self.style.scalar, parts))
        return text.replace("+ - ", "- ").replace("+ -", "- ")

    def unit(self, e: Any) -> str:
        """A trace or a determinant."""
        if isinstance(e, sp.Determinant):
            return self.style.det.format(self.atom(e.arg))
        if _square(e):
            return self.style.squared.format(self.sum(e.arg.args[-1]))
        factors = e.arg.args if isinstance(e.arg, sp.MatMul) else (e.arg,)
        if isinstance(factors[0], sp.OneMatrix) and factors[0].rows == 1:
            inner = factors[1:-1] if isinstance(factors[-1], sp.OneMatrix) else factors[1:]
            whole = len(inner) == 1 and isinstance(inner[0], sp.MatAdd) and "(" not in self.style.summed
            text = self.product(inner)
            return self.style.summed.format(self.style.brackets.format(text) if whole else text)
        if e.arg.rows == 1:
            return self.product(factors)
        return self.style.trace.format(self.product(factors))

    def sum(self, e: Any) -> str:
        """A matrix as a sum."""
        written = ""
        parts = whole.terms(e)
        for c, factors in sorted(parts, key=lambda t: t[0].could_extract_minus_sign()):  # what is added comes first
            minus = c.could_extract_minus_sign()
            text = self.term(-c if minus else c, factors)
            written += (" - " if minus else " + ") + text if written else ("-" if minus else "") + text
        return written or "0"

    def term(self, c: Any, factors: Any) -> str:
        """A coefficient times a product of matrices."""
        if (
            len(factors) == 1
            and isinstance(factors[0], sp.OneMatrix)
            and c.is_Integer
            and not isinstance(self.style, Tex)
        ):
            return str(c)
        if c == 1:
            return self.product(factors)
        number = self.number(c)
        bare = any(isinstance(t, sp.Trace) and not _square(t) for t in sp.Mul.make_args(c))
        short = c.is_Atom or isinstance(c, (sp.Trace, sp.Determinant)) or (isinstance(self.style, Tex) and not c.is_Add)
        short = short and not bare
        if isinstance(self.style, Tex) and c.is_Rational and not c.is_Integer:
            number = f"\\frac{{{c.p}}}{{{c.q}}}"
        elif not short or (c.is_Rational and not c.is_Integer):
            number = self.style.brackets.format(number)
        return f"{number} {' '.join(map(self.factor, factors))}"

    def product(self, factors: Any) -> str:
        """A product of matrices."""
        if len(factors) == 1:
            return self.atom(factors[0])
        return " ".join(self.factor(f) for f in factors)

    def factor(self, f: Any) -> str:
        """A matrix as a factor, in brackets where it needs them."""
        if isinstance(f, sp.MatAdd):
            return self.style.brackets.format(self.sum(f))
        text = self.atom(f)
        return self.style.brackets.format(text) if isinstance(f, sp.HadamardProduct) else text

    def atom(self, f: Any) -> str:
        """A single matrix, or an elementwise one."""
        s = self.style
        if isinstance(f, sp.MatrixSymbol):
            return s.symbol(f.name)
        if isinstance(f, sp.Transpose):
            if isinstance(f.arg, sp.Inverse):
                return s.inverse_turned.format(self.tight(f.arg.arg))
            return s.turned.format(self.tight(f.arg))
        if isinstance(f, sp.Inverse):
            return s.inverse.format(self.tight(f.arg))
        if isinstance(f, sp.OneMatrix):
            return s.ones.format()
        if isinstance(f, sp.Identity):
            return s.identity
        if isinstance(f, sp.HadamardPower):
            return s.power.format(self.tight(f.base), s.scalar(f.exp))
        if isinstance(f, sp.HadamardProduct):
            return s.times.join(self.inside(a) for a in f.args)
        if isinstance(f, (sp.DiagMatrix, sp.DiagonalOf)):
            return s.diagonal.format(self.sum(f.args[0]))
        if isinstance(f, sp.ElementwiseApplyFunction):
            name = self.names.get(f.function, "f")
            return s.indicator.format(self.sum(f.expr)) if name == "[]" else s.function(name, self.sum(f.expr))
        if hasattr(f, "row_name"):
            return s.function(f.row_name, self.sum(f.args[1]))
        return self.sum(f)

    def inside(self, e: Any) -> str:
        """A factor of an elementwise product."""
        return self.style.brackets.format(self.sum(e)) if isinstance(e, (sp.MatAdd, sp.MatMul)) else self.atom(e)

    def tight(self, e: Any) -> str:
        """What a raised sign is put on."""
        called = hasattr(e, "row_name") or isinstance(e, sp.ElementwiseApplyFunction)
        plain = isinstance(e, sp.MatrixSymbol) or (called and not isinstance(self.style, Tex))
        return self.atom(e) if plain else self.style.brackets.format(self.sum(e))


def _unit(text: str) -> Any:
    """A symbol that prints as this text, whatever is in it."""
    return sp.Symbol(text if "{" in text or "\\" not in text else text + "{}", positive=True)


def _square(e: Any) -> bool:
    """Whether a trace is the sum of the squares of one matrix."""
    factors = e.arg.args if isinstance(e.arg, sp.MatMul) else ()
    return len(factors) == 2 and factors[0] == whole.turned(factors[1])
