"""A derivative step by step: the rules that a person applies, in the order that a person applies them.

Every step takes one `Derivative(u, x)` that is still to be done and rewrites it by one rule. Putting the steps' `after`
in place of their `before`, one after another, leads from `Derivative(f, x)` to the derivative; the last one simplifies.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from chainrule.base.language import say
from chainrule.core.op import REGISTRY
from chainrule.see.derive.algebra import NoFormula, sp
from chainrule.see.derive.simplest import agree

MOST_STEPS = 300  # steps that are written down before the rest is left to SymPy, in one


@dataclass(frozen=True)
class Step:
    """One rule applied: `before` becomes `after` (SymPy expressions); `variable` is what the derivative is by."""

    rule: str
    before: Any
    after: Any
    variable: Any
    _why: Callable[[], str]

    @property
    def sentence(self) -> str:
        """What was done, in the language chosen."""
        return self._why()

    def of(self, names: dict[Any, Any]) -> Step:
        """The same step of other symbols."""
        before, after, x = (e.xreplace(names) for e in (self.before, self.after, self.variable))
        return Step(self.rule, before, after, x, self._why)

    def latex(self) -> str:
        """The step as an equation in TeX."""
        return f"{sp.latex(self.before, ln_notation=True)} = {sp.latex(self.after, ln_notation=True)}"

    def __str__(self) -> str:
        return f"{self.sentence}\n    {_flat(self.before)}\n    = {_flat(self.after)}"


def _flat(e: Any) -> str:
    """An expression on one line, with d/dx for a derivative that is still to be done."""
    marks = {d: sp.Symbol(f"d/d{d.variables[0]}[{d.expr}]") for d in e.atoms(sp.Derivative)}
    return sp.sstr(e.xreplace(marks))


def steps(f: Any, x: Any, final: Any) -> list[Step]:
    """The steps from Derivative(f, x) to `final`, an equal expression."""
    now = _d(f, x)
    found: list[Step] = []
    while len(found) < MOST_STEPS:
        step = next((_step(d.expr, x) for d in _open(now)), None)
        if step is None:
            break
        found.append(step)
        now = now.xreplace({step.before: step.after})
    if now.has(sp.Derivative):  # a very long formula
        done = now.doit()
        found.append(Step("the rest", now, done, x, lambda: say("the other slopes are found in the same way")))
        now = done
    if not agree(now, final):
        raise NoFormula(
            say(
                "the gradient is not the slope of this formula: the function stops gradients (detach, no_grad) or has "
                "a backward of its own"
            )
        )
    if now != final:
        found.append(Step("simplify", now, final, x, lambda: say("simplify")))
    return found


def _open(e: Any) -> Iterator[Any]:
    """The derivatives still to be done, outermost and first written first."""
    return (part for part in sp.preorder_traversal(e) if isinstance(part, sp.Derivative))


def _step(u: Any, x: Any) -> Step:
    """The rule for the derivative of u by x, which u depends on."""
    for rule in (_plain, _constant, _sum, _fraction, _product, _power, _pieces, _function):
        step = rule(u, x)
        if step is not None:
            return step
    raise NoFormula(say("there is no rule for the slope of {u}", u=u))


def _d(u: Any, x: Any) -> Any:
    return sp.Derivative(u, x) if u.has(x) else sp.S.Zero


def _plain(u: Any, x: Any) -> Step | None:
    if u != x:
        return None
    return Step("identity", _d(u, x), sp.S.One, x, lambda: say("the derivative of {x} with respect to {x} is 1", x=x))


def _constant(u: Any, x: Any) -> Step | None:
    c, rest = u.as_independent(x, as_Add=False)
    if c == 1 or not u.is_Mul:
        return None
    return Step(
        "constant multiple", _d(u, x), sp.Mul(c, _d(rest, x)), x,
        lambda: say("a constant factor stays: {c} comes out", c=c),
    )  # fmt: skip


def _sum(u: Any, x: Any) -> Step | None:
    if not u.is_Add:
        return None
    after = sp.Add(*[_d(term, x) for term in u.args])
    if all(term.has(x) for term in u.args):
        return Step("sum", _d(u, x), after, x, lambda: say("sum rule: the slope of a sum is the sum of the slopes"))
    return Step(
        "sum", _d(u, x), after, x,
        lambda: say("sum rule: the slope of a sum is the sum of the slopes, and that of a constant is 0"),
    )  # fmt: skip


def _fraction(u: Any, x: Any) -> Step | None:
    if not u.is_Mul:
        return None
    below = [p for p in u.args if p.is_Pow and p.exp.could_extract_minus_sign() and not p.exp.has(x)]
    if not below or len(below) == len(u.args):
        return None
    top, bottom = sp.Mul(*[p for p in u.args if p not in below]), sp.Mul(*[1 / p for p in below])
    after = (_d(top, x) * bottom - top * _d(bottom, x)) / bottom**2
    return Step(
        "quotient", _d(u, x), after, x,
        lambda: say(
            "quotient rule: slope of the numerator times the denominator, minus the numerator times slope of the "
            "denominator, over the denominator squared"
        ),
    )  # fmt: skip


def _product(u: Any, x: Any) -> Step | None:
    if not u.is_Mul:
        return None
    first, rest = u.args[0], sp.Mul(*u.args[1:])
    return Step(
        "product", _d(u, x), _d(first, x) * rest + first * _d(rest, x), x,
        lambda: say("product rule: slope of the first times the second, plus the first times slope of the second"),
    )  # fmt: skip


def _power(u: Any, x: Any) -> Step | None:
    if not u.is_Pow:
        return None
    base, n = u.args
    if not n.has(x):
        slope = n * base ** (n - 1)
        if base == x:
            return Step("power", _d(u, x), slope, x, lambda: _say_power(n))
        return Step(
            "chain", _d(u, x), slope * _d(base, x), x, lambda: _chained(_say_power(n), base)
        )  # fmt: skip
    if not base.has(x):
        slope = u * sp.log(base)

        def why() -> str:
            return say("exponential rule: the slope of a**x is a**x times log(a)")

        if n == x:
            return Step("exponential", _d(u, x), slope, x, why)
        return Step("chain", _d(u, x), slope * _d(n, x), x, lambda: _chained(why(), n))
    return Step(
        "logarithmic", _d(u, x), u * _d(n * sp.log(base), x), x,
        lambda: say("base and exponent vary: write the power as exp(exponent * log(base)), which is its own slope"),
    )  # fmt: skip


def _say_power(n: Any) -> str:
    if n == sp.S.Half:
        why = REGISTRY["sqrt"].columns["why"]
        return say(why)
    return say("power rule: the exponent {n} comes down as a factor, and the new exponent is one less", n=n)


def _chained(outer: str, inner: Any) -> str:
    return say("chain rule: {outer}; and times the slope of the inside, {inner}", outer=outer, inner=inner)


def _pieces(u: Any, x: Any) -> Step | None:
    if not isinstance(u, sp.Piecewise):
        return None
    after = sp.Piecewise(*[(_d(value, x), condition) for value, condition in u.args])
    return Step("pieces", _d(u, x), after, x, lambda: say("each piece has its own slope"))


def _function(u: Any, x: Any) -> Step | None:
    """A function from the table of derivatives; of something that is not x itself, with the chain rule."""
    if not isinstance(u, sp.Function) or sum(a.has(x) for a in u.args) != 1:
        return None
    at = next(i for i, a in enumerate(u.args) if a.has(x))
    inner = u.args[at]
    slope = _slope(u, at)
    if slope is None:
        return None
    name = type(u).__name__
    if inner == x:
        return Step(name, _d(u, x), slope, x, lambda: _say_function(name))
    return Step("chain", _d(u, x), slope * _d(inner, x), x, lambda: _chained(_say_function(name), inner))


def _slope(u: Any, at: int) -> Any:
    if isinstance(u, sp.Abs):
        return sp.sign(u.args[0])
    if isinstance(u, (sp.sign, sp.floor, sp.ceiling)):
        return sp.S.Zero
    slope = u.fdiff(at + 1)
    return None if slope.has(sp.Derivative, sp.Subs) else slope


@functools.cache
def _ops() -> dict[str, str]:
    """The op that stands in the table for each function of SymPy's."""
    return {text: name for name, op in REGISTRY.items() if isinstance(text := op.columns.get("sympy"), str)}


def _say_function(name: str) -> str:
    op = REGISTRY.get(_ops().get(name, name))
    why = op.columns.get("why") if op is not None else None
    return say(why) if why else say("the slope of {name} stands in the table of derivatives", name=name)
