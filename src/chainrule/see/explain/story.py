"""`explain`: the story of a value that was just computed, forwards and backwards, with every number in it.

Its chapters: the values; the slopes between the variables that have names, with their formulas; the same operation by
operation; and what is odd (a NaN and where it was born, a gradient that is missing and why, one that was added up).
"""

from __future__ import annotations

import html
from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Any, NamedTuple, TypeVar, overload

from chainrule.base.language import say, say_count
from chainrule.core.tensor import Tensor
from chainrule.see.explain.birth import Sentence, diagnosis
from chainrule.see.explain.flat import flatness
from chainrule.see.explain.missing import advice
from chainrule.see.history.figures import Figure, figure
from chainrule.see.history.folds import Fold, fold
from chainrule.see.history.graph import Ancestor, History, step_keys
from chainrule.see.history.names import Names, caller
from chainrule.see.history.numbers import compute
from chainrule.see.history.slopes import Link, between_names, expression, merged_expression, over, short, slope_formula
from chainrule.see.history.terms import atom, held

Row = TypeVar("Row")
_SHORT = 40  # as many lines are shown as they are; more are folded
_FEW = 20  # as many leaves and constants
_LONG = 200  # as many are shown at most, folded


class Forward(NamedTuple):
    """A line of the forward pass: a variable, the expression that it came from, its value."""

    name: str
    formula: str | None  # None for a leaf or a constant, and where what it was is gone
    value: Figure | None  # None where it is not known
    kind: str  # "parameter", "input", "constant" or "step"

    def __str__(self) -> str:
        value = say("(not kept)") if self.value is None else str(self.value)
        return " = ".join([self.name, *([self.formula] if self.formula else []), value])


class Backward(NamedTuple):
    """A line of the backward pass: what one operation hands on to one of its inputs.

    `incoming` times `slope` is `product`, which is added (+=) where several `paths` meet; `total` comes with the last
    of them. Where there is no single slope, as in a matrix product, `formula` is that of the product.
    """

    result: str  # the value that is differentiated
    step: str  # whose gradient comes in
    input: str  # whose gradient goes out
    formula: str | None
    slope: Figure | None
    incoming: Figure | None
    product: Figure | None
    total: Figure | None = None
    paths: int = 1

    def __str__(self) -> str:
        name = over(self.result, self.input)
        if self.step == self.result:  # the slope that comes in is 1
            parts = [self.formula] if self.formula and self.formula != str(self.product) else []
        elif self.slope is None:
            parts = [self.formula] if self.formula else []
        else:
            formula = self.formula or over(self.step, self.input)
            parts = [f"{over(self.result, self.step)} · {held(formula)}"]
            if _single(self.incoming) and _single(self.slope):
                parts.append(f"{held(str(self.incoming))} · {held(str(self.slope))}")
        line = f"{name} {'+=' if self.paths > 1 else '='} {' = '.join([*parts, str(self.product)])}"
        if self.total is None:
            return line
        n, total = self.paths, self.total
        return say("{line}, the last of {n}: {name} = {total}", line=line, n=n, name=name, total=total)


class Slope(NamedTuple):
    """A line of the chain: the slope of a variable in one that it was computed from."""

    result: str
    input: str
    formula: str | None
    slope: Figure
    partial: bool  # whether other paths lead from the input to the result too

    def __str__(self) -> str:
        formula = [self.formula] if self.formula and self.formula != str(self.slope) else []
        return " = ".join([over(self.result, self.input, self.partial), *formula, str(self.slope)])


class Total(NamedTuple):
    """A line of the chain: the slope of the result in a variable, as the sum over paths of products of slopes."""

    result: str
    input: str
    paths: tuple[
        tuple[str, Figure | None, Figure | None, bool], ...
    ]  # the variable in between, its slope, the last one
    total: Figure

    def __str__(self) -> str:
        words, numbers = [], []
        for name, outer, inner, partial in self.paths:
            last = over(name, self.input, partial)
            words.append(last if outer is None else f"{over(self.result, name)} · {last}")
            numbers.append(str(inner) if outer is None else f"{held(str(outer))} · {held(str(inner))}")
        if any(inner is None for _, _, inner, _ in self.paths):
            words = []
        if not all(_single(inner) for _, _, inner, _ in self.paths):
            numbers = []
        parts = [" + ".join(words), " + ".join(numbers)]
        return " = ".join([over(self.result, self.input), *filter(None, parts), str(self.total)])


class Rows(Sequence[Row]):
    """Lines, each made when it is asked for: a million of them cost nothing until they are read."""

    def __init__(self, n: int, make: Callable[[int], Row]) -> None:
        self._n, self._make = n, make

    def __len__(self) -> int:
        return self._n

    @overload
    def __getitem__(self, i: int) -> Row: ...
    @overload
    def __getitem__(self, i: slice) -> list[Row]: ...

    def __getitem__(self, i: int | slice) -> Row | list[Row]:
        if isinstance(i, slice):
            return [self._make(k) for k in range(self._n)[i]]
        return self._make(range(self._n)[i])

    def __repr__(self) -> str:
        return f"<{self._n} lines>"


class Explanation:
    """The story of a value; made by `explain`.

    Attributes
        forward: the values in the order in which they were computed: leaves, constants, operations (rows `Forward`)
        backward: what each operation hands on to each input, from the result back (rows `Backward`)
        chain: the slopes from variable to variable (`Slope`) and of the result in each variable (`Total`)
        notes: sentences about what is odd or missing
    """

    def __init__(self, history: History, asked: Sequence[Tensor]) -> None:
        self._history = history
        self._sources = [*history.leaves, *history.constants, *history.steps] or [history.result]
        self._handed, self._paths, self._last = _handed_on(history)
        self._sentences: list[Sentence] = [*diagnosis(history), *flatness(history), *advice(history, asked)]
        self.forward: Rows[Forward] = Rows(len(self._sources), lambda i: _forward(self._sources[i]))
        self.backward: Rows[Backward] = Rows(len(self._handed), self._backward)
        self.chain: list[Slope | Total] = _chain(history)

    def _backward(self, k: int) -> Backward:
        step, i = self._handed[k]
        source, result = step.inputs[i], self._history.result
        slope, product = step.flows[i]  # type: ignore[index]
        at_start = step is result
        g: Any = 1 if slope is not None or at_start else atom(over(str(result.name), str(step.name)), step.shape or ())
        formula = short(slope_formula(step, i, g))
        total = figure(source.grad) if k in self._last else None
        return Backward(
            str(result.name), str(step.name), source.name, formula,
            figure(slope), figure(step.grad), figure(product), total, self._paths.get(id(source), 1),
        )  # fmt: skip

    @property
    def notes(self) -> list[str]:
        """Sentences about what is odd or missing, in the language chosen."""
        return [sentence() for sentence in self._sentences]

    def text(self) -> str:
        """The whole story as text."""
        return "\n\n".join("\n".join([title, *(f"  {line}" for line in lines)]) for title, lines in self._chapters())

    __str__ = __repr__ = text

    def _repr_html_(self) -> str:
        parts = [
            f'<b>{html.escape(title)}</b><pre style="white-space: pre-wrap">{html.escape(chr(10).join(lines))}</pre>'
            for title, lines in self._chapters()
        ]
        return f'<div class="chainrule-explain">{"".join(parts)}</div>'

    def _chapters(self) -> Iterator[tuple[str, list[str]]]:
        h = self._history
        n_given = len(self._sources) - len(h.steps)
        given, steps = _lines(self.forward, n_given), _folded(self.forward, step_keys(h.steps), n_given)
        chained = [str(line) for line in self.chain]
        yield say("Forward"), given + (_merged(h) if chained else steps)
        if chained:
            yield say("Slopes, from {y} back", y=h.result.name), _lines(chained, len(chained))
        if chained and any(not step.named for step in h.steps if step is not h.result):
            yield say("Forward, by operation"), steps
        if self._handed and (not chained or len(self._handed) > sum(isinstance(line, Slope) for line in self.chain)):
            yield say("Backward, by operation"), _folded(self.backward, _backward_keys(self._handed, h), 0)
        if self._sentences:
            yield say("Notes"), self.notes


def explain(y: Tensor, *asked: Tensor) -> Explanation:
    """Explain how a value was computed and how its gradient comes about, with all numbers.

    Nothing is changed: no `.grad`, and the graph is still there for `backward()`. Variables are named as in the frame
    of the caller; what has no name there is called v1, v2, ...

    Arguments
        y: a tensor that was just computed. Unless it is a single number, the slopes are those of its sum.
        asked: tensors whose gradient is missed; the notes say where it is, or why there is none

    Returns an `Explanation`, which shows as text; `.forward`, `.backward`, `.chain` and `.notes` hold its parts.

    Raises TypeError for what is no tensor.

    >>> import chainrule as cr
    >>> x = cr.tensor(2.0, requires_grad=True)
    >>> y = x**2
    >>> z = 5 * y
    >>> print(cr.explain(z))
    Forward
      x = 2
      y = x² = 4
      z = 5y = 20
    <BLANKLINE>
    Slopes, from z back
      dz/dy = 5
      dy/dx = 2x = 4
      dz/dx = dz/dy · dy/dx = 5 · 4 = 20
    <BLANKLINE>
    Notes
      x.grad is None as yet; z.backward() makes it 20.
    """
    return Explanation(compute(History(y, Names(caller()))), asked)


def explained(y: Tensor, names: dict[str, Tensor]) -> Explanation:
    """The same for tensors with these names, wherever they stand."""
    return Explanation(compute(History(y, Names(None, names))), ())


# ---------------------------------------------------------------------------------------------------------- the lines


def _forward(step: Ancestor) -> Forward:
    return Forward(str(step.name), short(expression(step)), figure(step.value), step.kind)


def _merged(history: History) -> list[str]:
    """The named values alone, each with the expression that leads to it from the others."""
    place = {id(s): i for i, s in enumerate(history.steps)}
    lines = []
    for step in history.steps:
        if step.named or step is history.result:
            formula = short(merged_expression(step, place))
            lines.append(str(Forward(str(step.name), formula, figure(step.value), "step")))
    return _lines(lines, len(lines))


def _handed_on(history: History) -> tuple[list[tuple[Ancestor, int]], dict[int, int], set[int]]:
    """(step, input) for each part of a gradient, from the result back; how many paths meet; where the last arrives."""
    handed = [
        (step, i)
        for step in reversed(history.steps)
        if step.flows is not None
        for i, flow in enumerate(step.flows)
        if flow is not None
    ]
    arrivals: dict[int, list[int]] = {}
    for k, (step, i) in enumerate(handed):
        if step.inputs[i].users > 1:
            arrivals.setdefault(id(step.inputs[i]), []).append(k)
    met = {key: found for key, found in arrivals.items() if len(found) > 1}
    return handed, {key: len(found) for key, found in met.items()}, {found[-1] for found in met.values()}


def _chain(history: History) -> list[Slope | Total]:
    links = between_names(history)
    if not any(link.slope is not None for link in links):
        return []
    users: dict[int, list[Link]] = {}
    for link in links:
        users.setdefault(id(link.input), []).append(link)
    left = {key: len(found) for key, found in users.items()}
    partial = _partial(links)
    lines: list[Slope | Total] = []
    for link in links:
        key = id(link.input)
        if link.slope is not None:
            of, by = str(link.result.name), str(link.input.name)
            lines.append(Slope(of, by, short(link.formula), link.slope, (id(link.result), key) in partial))
        left[key] -= 1
        told = len(users[key]) == 1 and link.result is history.result and link.slope is not None
        if not left[key] and not told and link.input.grad is not None:
            lines.append(_total(history.result, users[key], partial))
    return lines


def _partial(links: Sequence[Link]) -> set[tuple[int, int]]:
    """The links beside which another path leads from the input to the result: theirs are partial derivatives."""
    above: dict[int, set[int]] = {}  # what a value depends on
    direct: dict[int, list[int]] = {}
    for link in links:
        direct.setdefault(id(link.result), []).append(id(link.input))
    found = set()
    for link in reversed(links):
        inner = above.get(id(link.input), set())
        above.setdefault(id(link.result), set()).update(inner, direct.get(id(link.input), ()))
    for link in links:
        if id(link.input) in above[id(link.result)]:
            found.add((id(link.result), id(link.input)))
    return found


def _total(result: Ancestor, links: Sequence[Link], partial: set[tuple[int, int]]) -> Total:
    paths = tuple(
        (
            str(k.result.name),
            None if k.result is result else figure(k.result.grad),
            k.slope,
            (id(k.result), id(k.input)) in partial,
        )
        for k in links
    )
    return Total(str(result.name), str(links[0].input.name), paths, figure(links[0].input.grad))  # type: ignore[arg-type]


def _single(x: Figure | None) -> bool:
    return x is not None and x.value is not None and not x.shape


# ------------------------------------------------------------------------------------------------------------ folding


def _lines(rows: Sequence[Any], n: int) -> list[str]:
    """The first n rows, those in the middle left out if they are many."""
    if n <= _FEW:
        return [str(row) for row in rows[:n]]
    half = _FEW // 2
    more = say_count("… and {n} more", "… and {n} more", n - 2 * half)
    return [*map(str, rows[:half]), more, *map(str, rows[n - half : n])]


def _folded(rows: Rows[Any], keys: Sequence[Hashable], start: int) -> list[str]:
    """The rows from `start` on, loops folded; those in the middle left out if they are many even so."""
    if len(keys) <= _SHORT:
        return [str(row) for row in rows[start:]]
    items = fold(keys)
    if len(items) <= _LONG:
        return list(_unfolded(rows, items, start))
    half = _LONG // 2
    more = say_count("… and {n} more", "… and {n} more", len(items) - 2 * half)
    return [*_unfolded(rows, items[:half], start), more, *_unfolded(rows, items[-half:], start)]


def _unfolded(rows: Rows[Any], items: Sequence[int | Fold], start: int, margin: str = "") -> Iterator[str]:
    for item in items:
        if isinstance(item, Fold):
            n, times = sum(1 for _ in item.first()), item.times - 1
            yield margin + say_count(
                "the following line, {times} times more:",
                "the following {n} lines, {times} times more:",
                n,
                times=times,
            )
            yield from _unfolded(rows, item.items, start, f"{margin}│ ")
        else:
            yield f"{margin}{rows[start + item]}"


def _backward_keys(handed: list[tuple[Ancestor, int]], history: History) -> list[Hashable]:
    keys = dict(zip(map(id, history.steps), step_keys(history.steps)))
    return [(keys[id(step)], min(i, 3)) for step, i in handed]  # what stacks many things treats them alike
