"""A derivative made by hand beside the right one, term by term: what is missing, too much, or has a wrong factor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from chainrule.base.language import say
from chainrule.core.tensor import Tensor
from chainrule.see.derive.algebra import sp, worked_out
from chainrule.see.derive.numbers import value
from chainrule.see.derive.simplest import in_cases, simplest
from chainrule.see.derive.sizes import multiplies_out
from chainrule.see.derive.slope import derivative
from chainrule.see.derive.subject import Subject
from chainrule.see.derive.symbols import begin

PLACES = 7  # where two formulas are compared
MANY_TERMS = 12  # terms: of more, those that do not match are not paired


class Term(NamedTuple):
    """A term of the derivative beside that of the formula by hand; None where one has no such term.

    kind: "right", "sign", "coefficient", "factor", "missing" or "extra"; factor: what the one by hand lacks.
    """

    kind: str
    right: Any
    given: Any
    right_value: float
    given_value: float
    factor: Any = None

    @property
    def sentence(self) -> str:
        """What is wrong with it; empty if nothing is."""
        given, right = str(self.given), str(self.right)
        if self.kind == "sign":
            return say("Wrong sign: {given} should be {right}.", given=given, right=right)
        if self.kind == "coefficient":
            return say("Wrong coefficient: {given} should be {right}.", given=given, right=right)
        if self.kind == "factor":
            return say("Missing factor {factor}: {given} should be {right}.", factor=str(self.factor), given=given,
                       right=right)  # fmt: skip
        if self.kind == "missing":
            return say("Missing term: {right}.", right=right)
        if self.kind == "extra":
            return say("Not in the derivative: {given}.", given=given)
        return ""


def formula(f: Callable[..., Any], point: Sequence[Tensor]) -> tuple[list[Any], list[Any]]:
    """The results of f as SymPy expressions, and the symbols of the numbers that it takes.

    Raises NoFormula where f has none, and says why.
    """
    subject = Subject(f, point)
    own, reading = begin(subject)
    with worked_out():
        (y,) = reading.read([subject.result])
        found = [in_cases(sp.sympify(e)) for e in y.a.reshape(-1)]
    return found, [x for s in own for x in s.a.reshape(-1)]


def slope(e: Any, x: Any) -> Any:
    """SymPy's own derivative, so that nothing of the engine's rules is in it; a jump has slope 0 on both sides."""
    return derivative(e, x)


def terms(right: Any, given: Any, at: dict[Any, float]) -> list[Term]:
    """The terms of the right derivative and of the given one, matched."""
    mine, theirs = ([t for t in _terms(e) if t != 0] for e in (right, given))
    if _equal(right, given, at):
        return [Term("right", t, t, value(t, at), value(t, at)) for t in mine]
    found = []
    for t in list(mine):
        coefficient, rest = t.as_coeff_Mul()
        same = next((u for u in theirs if u.as_coeff_Mul()[1] == rest), None)
        if same is not None:
            found.append(_pair(t, same, coefficient / same.as_coeff_Mul()[0], at))
            mine.remove(t)
            theirs.remove(same)
    if len(mine) <= MANY_TERMS and len(theirs) <= MANY_TERMS:
        for t in list(mine):
            ratios = sorted(((simplest(t / u), u) for u in theirs), key=lambda r: sp.count_ops(r[0]))
            if ratios and not ratios[0][0].has(sp.Piecewise) and sp.count_ops(ratios[0][0]) < max(sp.count_ops(t), 1):
                found.append(_pair(t, ratios[0][1], ratios[0][0], at))
                mine.remove(t)
                theirs.remove(ratios[0][1])
    found += [Term("missing", t, None, value(t, at), float("nan")) for t in mine]
    found += [Term("extra", None, u, float("nan"), value(u, at)) for u in theirs]
    return found


def _terms(e: Any) -> list[Any]:
    """The terms of a sum, numerators multiplied out, if they are not too many, and denominators left as they are."""
    found = []
    for part in sp.Add.make_args(e):
        above, below = sp.fraction(sp.together(part))
        if multiplies_out(above):
            above = sp.expand(above, power_exp=False, power_base=False, log=False)
        found += [t / below for t in sp.Add.make_args(above)]
    return list(sp.Add.make_args(sp.Add(*found)))


def _pair(right: Any, given: Any, ratio: Any, at: dict[Any, float]) -> Term:
    kind = "factor"
    if ratio.is_number:
        by = complex(ratio)
        kind = "right" if abs(by - 1) < 1e-9 else "sign" if abs(by + 1) < 1e-9 else "coefficient"
    return Term(kind, right, given, value(right, at), value(given, at), ratio)


def _equal(e: Any, other: Any, at: dict[Any, float]) -> bool:
    """Whether two formulas have the same values, here and around: surer than to ask whether both simplify alike."""
    draws = np.random.default_rng(0)
    places = [at, *({x: v + (abs(v) + 1) * draws.uniform(-0.2, 0.2) for x, v in at.items()} for _ in range(PLACES))]
    pairs = np.array([(value(e, p), value(other, p)) for p in places])
    both = np.isfinite(pairs).all(axis=1)
    return bool(both.any() and np.allclose(*pairs[both].T, rtol=1e-11, atol=0))
