"""`check`: the slopes of a function at a point from four sides, side by side.

automatic   the engine's gradient
symbolic    SymPy's derivative of the function's formula; it uses none of the engine's rules
finite      differences of the function's values
by hand     what the user believes, term by term beside the formula

None is taken for the truth: the verdict says which of them stands alone.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from chainrule.base.columns import aligned
from chainrule.base.language import say
from chainrule.see.check.at_point import AtPoint
from chainrule.see.check.by_hand import Term, formula, slope, terms, value
from chainrule.see.check.finite import Slopes, slopes
from chainrule.see.derive.algebra import NoFormula, NoTensor, worked_out
from chainrule.see.derive.formula import derive

SHOWN = 24  # rows that are printed
FORMULAS = 100  # numbers in a point, of more no formulas are made
NAN = float("nan")


class Row(NamedTuple):
    """The answers for one number of the point; NaN where there is none.

    error: the estimated error of `finite`; left, right: the differences from either side; kink: whether they differ.
    difference: the largest between two answers (at a kink, how far one lies outside of the slopes from left and right);
    tolerance: what rounding explains of it.
    wrong: the answers that stand alone, of "automatic", "symbolic", "finite" and "by hand".
    jump: whether the function jumps; rounding: whether a wrong automatic answer is right but for rounding.
    small: whether the answers by rules agree beside the function's own size alone, and not relative to themselves.
    """

    name: str
    automatic: float
    symbolic: float
    finite: float
    error: float
    left: float
    right: float
    kink: bool
    by_hand: float
    difference: float
    tolerance: float
    wrong: tuple[str, ...]
    jump: bool = False
    rounding: bool = False
    small: bool = False

    @property
    def lonely(self) -> bool:
        """Whether there is nothing to compare the automatic answer with."""
        return bool(np.isnan([self.symbolic, self.finite, self.by_hand]).all())


@dataclass
class Check:
    """What `check` found.

    rows: a `Row` for each number of the point. value: the function there.
    terms: of each number whose slope has a formula by hand, its terms beside those of the right one.
    """

    value: float
    rows: list[Row]
    terms: dict[str, list[Term]] = field(default_factory=dict)
    by_hand: bool = False
    no_symbolic: str = ""
    no_terms: str = ""
    dtype: str = "float64"  # in which the finite differences are computed
    computed: str = "float64"  # in which the automatic slopes are

    @property
    def ok(self) -> bool:
        """Whether all answers agree, as far as rounding allows, and there are two at least for each number."""
        return not any(r.wrong or r.lonely or r.jump for r in self.rows)

    @property
    def worst(self) -> Row:
        """The row in which the answers differ most; one where rounding explains it only if it explains all."""
        return max(self.rows, key=lambda r: (bool(r.wrong), np.nan_to_num(r.difference, nan=np.inf)))

    @property
    def difference(self) -> float:
        """The largest difference between two answers."""
        return self.worst.difference

    @property
    def where(self) -> str:
        """The number of the point at which the answers differ most."""
        return self.worst.name

    @property
    def table(self) -> list[dict[str, Any]]:
        """The rows as dicts, for pandas and the like."""
        return [r._asdict() for r in self.rows]

    @property
    def verdict(self) -> str:
        """The outcome in a sentence or two."""
        row = self.worst
        if row.wrong:
            return " ".join(
                [_blame(row, self.computed), *(t.sentence for t in self.terms.get(row.name, ()) if t.kind != "right")]
            )
        lonely = [r.name for r in self.rows if r.lonely]
        if lonely:
            return say("There is nothing to compare the automatic derivative with respect to {x} with.", x=lonely[0])
        jump = next((r.name for r in self.rows if r.jump), None)
        if jump is not None:
            return say("The function jumps in {x}, so there is no derivative here.", x=jump)
        agree = say("All answers agree; the largest difference is {d}.", d=f"{self.difference:.2g}")
        small = next((r for r in self.rows if r.small), None)
        if small is not None:
            agree = say("The answers agree beside the size of the function, but not relative to themselves: by the "
                        "rules the derivative with respect to {x} is {given}, by the formula {right}. What is smaller "
                        "than the rounding of the function's values is lost to it.",
                        x=small.name, given=_number(small.automatic), right=_number(small.symbolic))  # fmt: skip
        elif any(np.isnan(r.finite) and not r.kink for r in self.rows):
            agree = say("The answers by rules agree; finite differences do not settle, so the values do not confirm "
                        "them.")  # fmt: skip
        if all(t.kind == "right" for each in self.terms.values() for t in each):
            return agree
        but = say("But the formula by hand is another one: it differs at other points.")
        return f"{agree} {but}"

    @property
    def notes(self) -> list[str]:
        """What to know when reading the table."""
        found = []
        for r in self.rows:
            if r.kink:
                found.append(
                    say("{x}: a kink. From the left the slope is {left}, from the right {right}, so there is no "
                        "derivative here; any answer between the two is accepted.",
                        x=r.name, left=_number(r.left), right=_number(r.right))
                )  # fmt: skip
            elif not np.isfinite(r.automatic):
                found.append(say("{x}: the slope is not finite, it is {slope}.", x=r.name, slope=f"{r.automatic:g}"))
            if r.jump:
                found.append(say("{x}: the function jumps here, so there is no derivative.", x=r.name))
            elif np.isnan(r.finite) and not r.kink:
                found.append(say("{x}: finite differences do not settle; they say nothing here.", x=r.name))
            elif np.isnan(r.left) or np.isnan(r.right):
                found.append(say("{x}: the function has values on one side of the point only.", x=r.name))
        if self.dtype != "float64":
            found.append(
                say("The function computes in {dtype}, so finite differences are rough.", dtype=self.dtype)
            )  # fmt: skip
        if self.no_symbolic:
            found.append(say("No symbolic answer: {reason}", reason=self.no_symbolic))
        if len(self.rows) > SHOWN:
            found.append(say("{n} more rows are in .table.", n=len(self.rows) - SHOWN))
        if self.no_terms:
            found.append(say("The formula by hand cannot be compared term by term: {reason}", reason=self.no_terms))
        return found

    def __str__(self) -> str:
        blocks = []
        for title, rows in self._tables():
            blocks.append("\n".join(([title] if title else []) + aligned(rows)))
        return "\n\n".join([*blocks, "\n".join([*self.notes, self.verdict])])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        parts = []
        for title, rows in self._tables():
            lines = "".join(_html_row(row, "td" if i else "th") for i, row in enumerate(rows))
            parts.append(f'<table><caption style="text-align: left">{html.escape(title)}</caption>{lines}</table>')
        parts += [f"<p>{html.escape(note)}</p>" for note in self.notes]
        return "".join(parts) + f"<p><b>{html.escape(self.verdict)}</b></p>"

    def _shown(self) -> list[Row]:
        """The rows to print: all, or of many those where answers differ, then the first."""
        chosen = sorted(range(len(self.rows)), key=lambda i: (not self.rows[i].wrong, i))[:SHOWN]
        return [self.rows[i] for i in sorted(chosen)]

    def _tables(self) -> list[tuple[str, list[list[str]]]]:
        """Tables as titles and rows of cells, the first row the heads of the columns."""
        head = ["", say("automatic"), say("symbolic"), say("finite differences"), say("by hand"), say("difference")]
        rows = []
        for r in self._shown():
            finite = f"{_number(r.finite)} ± {r.error:.1g}" if np.isfinite(r.finite) else _number(r.finite)
            finite = f"{_number(r.left)} | {_number(r.right)}" if r.kink else finite
            cells = [f"{r.automatic:.8g}", _number(r.symbolic), finite, _number(r.by_hand)]
            rows.append([r.name, *cells, f"{r.difference:.2g}" + ("  ✗" if r.wrong else "")])
        shown = [[row[i] for i in (0, 1, 2, 3, *([4] if self.by_hand else []), 5)] for row in (head, *rows)]
        found = [("", shown)]
        for name, each in self.terms.items():
            if name not in {r.name for r in self._shown() if r.wrong or len(self.rows) <= SHOWN}:
                continue
            top = [say("term"), say("value"), say("by hand"), say("value"), ""]
            lines = [
                ["–" if t.right is None else str(t.right), _number(t.right_value),
                 "–" if t.given is None else str(t.given), _number(t.given_value), t.sentence or "✓"]
                for t in each
            ]  # fmt: skip
            found.append((say("The derivative with respect to {x}, term by term", x=name), [top, *lines]))
        return found


def check(f: Callable[..., Any] | str, point: Any, by_hand: Any = None) -> Check:
    """Compare the slopes of a function at a point: automatic, symbolic, by finite differences, and by hand.

    f: a function of tensors, that returns a single number; or a text, "x**2*exp(x)".
    point: a number or a tensor; for several arguments a tuple of them, or a dict by their names. Numbers are taken as
        float64, tensors in their own dtype; finite differences are computed in float64 where f allows it.
    by_hand: a function of the same arguments, that returns the slope in each (numbers or tensors, in a tuple, list or
        dict where there are several); or the slope as a text, "2*x*exp(x)", and several texts likewise.

    Returns a `Check`: `.ok`, `.verdict`, `.difference` and `.where` (the largest, and in which number of the point),
    `.table`, `.terms`, `.notes`; it prints as a table. How large a difference counts as rounding goes with the dtype.

    Raises TypeError for a function that returns no tensor, and for a point that holds no floating-point numbers;
    ValueError for a result of several numbers, a point where f is not finite, or slopes by hand that are not as many as
    the numbers in the point.

    >>> import chainrule as cr
    >>> found = cr.check(lambda x: cr.sin(x**2), 2.0, by_hand=lambda x: cr.cos(x**2))
    >>> found.ok, found.terms["x"][0].kind
    (False, 'factor')
    >>> print(cr.check("x**2*exp(x)", 1.3, by_hand="2*x*exp(x)").verdict)
    The derivative by hand with respect to x is wrong: it is 15.741283, not 9.5401713. Missing term: x**2*exp(x).
    """
    case = AtPoint(f, point)
    by_hand = None if by_hand is None else case.typed(by_hand)
    at = np.concatenate([x.reshape(-1) for x in case.arrays]).astype(float)
    y, automatic = case.automatic()
    if not np.isfinite(y):
        raise ValueError(say("the function has no finite value at the point: it is {y} there", y=f"{y:g}"))
    if case.automatic()[0] != y:
        raise ValueError(say("the function gives another value at each call (random numbers?), so it has no slope"))
    result = Check(y, [], by_hand=by_hand is not None, computed=min((x.dtype for x in case.arrays), key=str).name)
    given = np.full(len(at), NAN) if by_hand is None else case.slopes_by_hand(by_hand)
    right, symbols = _symbolic(case, result)
    places = dict(zip(symbols, at.tolist()))
    symbolic = [value(e, places) for e in right] or [NAN] * len(at)
    kind = case.accepted()
    result.dtype = kind.name
    for i, name in enumerate(case.names):
        found = slopes(lambda v, i=i: case.moved(i, v, kind), float(at[i]), kind)  # type: ignore[misc]
        answers = [automatic[i], symbolic[i], found.best.value if found.settled else NAN, given[i]]
        result.rows.append(_row(name, answers, found, case.eps, by_hand is not None))
    if any("automatic" in r.wrong for r in result.rows):
        _note_rounding(case, result)
    if by_hand is not None and right:
        _compare_terms(case, by_hand, right, places, result)
    return result


def _note_rounding(case: AtPoint, result: Check) -> None:
    """Mark the wrong automatic slopes that are right in float64, or by the formulas of the engine's own rules."""
    better: list[list[float]] = []
    with suppress(RuntimeError):  # where it holds tensors of another dtype
        better.append(case.automatic(np.float64)[1])
    with suppress(NoFormula, NoTensor, ImportError):
        made = derive(case.flat(case.f, several=False), *case.tensors(), form="elements")
        at = np.concatenate([x.reshape(-1) for x in case.arrays]).astype(float).tolist()
        places = dict(zip(made.variables, at))
        better.append([value(made.derivatives[x], places) for x in made.variables])
    for i, row in enumerate(result.rows):
        right = row.symbolic if np.isfinite(row.symbolic) else row.finite
        room = 1e-6 * abs(right) + (0 if np.isfinite(row.symbolic) else 10 * row.error)
        if "automatic" in row.wrong and np.isfinite(row.automatic) and any(abs(b[i] - right) <= room for b in better):
            result.rows[i] = row._replace(rounding=True)


def _symbolic(case: AtPoint, result: Check) -> tuple[list[Any], list[Any]]:
    """SymPy's derivatives and their variables; nothing, with the reason noted, where there is no formula."""
    if len(case.names) > FORMULAS:
        result.no_symbolic = say("formulas are made for at most {n} numbers", n=FORMULAS)
        return [], []
    try:
        (y,), symbols = formula(case.flat(case.f, several=False), case.tensors())
        with worked_out():
            return [slope(y, x) for x in symbols], symbols
    except (NoFormula, NoTensor, ImportError) as e:
        result.no_symbolic = str(e)
        return [], []


def _compare_terms(case: AtPoint, by_hand: Any, right: list[Any], places: dict[Any, float], result: Check) -> None:
    try:
        given, _ = formula(case.flat(by_hand, several=True), case.tensors())
    except (NoFormula, NoTensor, ImportError) as e:
        result.no_terms = str(e)
        return
    for row, mine, theirs in zip(result.rows, right, given):
        if row.wrong or theirs.free_symbols:  # a right number is no formula
            result.terms[row.name] = terms(mine, theirs, places)


def _row(name: str, answers: Sequence[float], found: Slopes, eps: float, by_hand: bool) -> Row:
    automatic, symbolic, finite, given = (float(a) for a in answers)
    named = {"automatic": automatic, "by hand": given} if by_hand else {"automatic": automatic}
    named |= {k: v for k, v in (("symbolic", symbolic), ("finite", finite)) if not np.isnan(v)}
    sizes = [abs(v) for v in named.values() if np.isfinite(v)]
    tolerance = eps ** (2 / 3) * max(*sizes, found.size, 0.0)
    if found.kink:
        low, high = sorted((found.left.value, found.right.value))
        outside = {k: max(low - v, v - high) for k, v in named.items()}
        wrong = tuple(k for k, d in outside.items() if not d <= tolerance)
        difference = max(*outside.values(), 0.0)
    else:
        wrong = _alone(named, tolerance, 10 * found.best.error)
        difference = _spread(list(named.values()))
    own = max(eps ** (2 / 3), 1e-6) * max(abs(automatic), abs(symbolic))
    small = not found.kink and not wrong and abs(automatic - symbolic) > own
    return Row(
        name, automatic, symbolic, finite, found.best.error, found.left.value, found.right.value, found.kink, given,
        difference, tolerance, wrong, found.jump, small=small,
    )  # fmt: skip


def _spread(values: Sequence[float]) -> float:
    """The largest difference of two; of infinite values that are the same, 0."""
    if len({*values}) == 1 and not np.isnan(values[0]):
        return 0.0
    return float(np.max(values) - np.min(values))


def _alone(named: dict[str, float], tolerance: float, doubt: float) -> tuple[str, ...]:
    """The answers that differ from the one that most others agree with."""

    def near(a: str, b: str) -> bool:
        room = tolerance + (doubt if "finite" in (a, b) else 0.0)
        return named[a] == named[b] or abs(named[a] - named[b]) <= room

    preferred = sorted(named, key=["symbolic", "finite", "automatic", "by hand"].index)
    best = max(preferred, key=lambda a: sum(near(a, b) for b in named))
    return tuple(k for k in named if not near(best, k))


def _blame(row: Row, dtype: str) -> str:
    """Which answer is wrong."""
    answers = (("symbolic", row.symbolic), ("automatic", row.automatic), ("finite", row.finite))
    right = next((v for k, v in answers if k not in row.wrong and not np.isnan(v)), NAN)
    x, right_text = row.name, _number(right)
    if row.kink:
        return say("The answer for the derivative with respect to {x} lies outside of the slopes on both sides of the "
                   "kink.", x=x)  # fmt: skip
    if np.isnan(right):
        return say("There is no derivative with respect to {x}: no two answers are numbers that agree.", x=x)
    if row.rounding:
        return say("The automatic derivative with respect to {x} is {given}, the right one {right}: the digits are "
                   "lost to rounding in "
                   "{dtype}, where numbers that are nearly equal are subtracted, or a result overflows. Compute in "
                   "float64, or write the function in another way.",
                   x=x, right=right_text, given=_number(row.automatic), dtype=dtype)  # fmt: skip
    if "automatic" in row.wrong and not np.isfinite(row.automatic):
        return say("The automatic derivative with respect to {x} is {given}, but the function's values say {right}: "
                   "cr.explain tells "
                   "where the {given} first appears.", x=x, right=right_text, given=f"{row.automatic:g}")  # fmt: skip
    if row.wrong == ("by hand",):
        return say("The derivative by hand with respect to {x} is wrong: it is {right}, not {given}.", x=x,
                   right=right_text,
                   given=_number(row.by_hand))  # fmt: skip
    if "automatic" in row.wrong:
        return say(
            "The automatic derivative with respect to {x} is {given}, but the function's values say {right}: look for "
            "detach(), "
            "no_grad(), .data, or a backward() written by hand in the function.",
            x=x, right=right_text, given=_number(row.automatic),
        )  # fmt: skip
    if row.wrong == ("finite",):
        return say("Finite differences in {x} give {given}, the others {right}: look at the function near this point.",
                   x=x, given=_number(row.finite), right=right_text)  # fmt: skip
    return say("The answers for the derivative with respect to {x} differ.", x=x)


def _html_row(cells: Sequence[str], tag: str) -> str:
    style = ' style="text-align: left; padding: 0.1em 0.8em"'
    return f"<tr>{''.join(f'<{tag}{style}>{html.escape(c)}</{tag}>' for c in cells)}</tr>"


def _number(v: float) -> str:
    return "–" if np.isnan(v) else f"{v:.8g}"
