"""Local slopes as formulas: the derivative rules of the graph's own nodes, run on terms instead of numbers.

`slope_formula` writes down one node's slope. `between_names` does so from variable to variable: the nodes that lie
between two names are gone through at once, by the same rules in the same order as backward, so that y = 2x³ has the one
slope 6x² though it was computed in two operations.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from chainrule.core.op import Elementwise
from chainrule.see.history.figures import Figure
from chainrule.see.history.graph import Ancestor, History
from chainrule.see.history.terms import Term, atom, call, reads_alone, term, written

_MANY = 24  # steps between names whose formula nobody would read
_WIDE = 72


class Link(NamedTuple):
    """The slope of one named value in another that it was computed from."""

    result: Ancestor
    input: Ancestor
    formula: Term | None
    slope: Figure | None


def over(y: str, x: str, partial: bool = False) -> str:
    """The name of a derivative: dz/dx, d(loss)/d(0.weight)."""
    d = "∂" if partial else "d"
    y, x = (n if n.isidentifier() else f"({n})" for n in (y, x))
    return f"{d}{y}/{d}{x}"


def short(formula: Term | None) -> str | None:
    """A formula as text, if it is there and can be read at a glance."""
    text = None if formula is None else str(formula)
    return text if text is not None and len(text) <= _WIDE else None


def _readable(formula: Term | None) -> Term | None:
    """A formula unless it is so long that it need not grow any further: with each step it might double."""
    return formula if formula is None or len(str(formula)) <= 4 * _WIDE else None


def name_of(x: Any) -> Any:
    """An operand as a rule's argument: a step by its name, numbers as they are."""
    return atom(str(x.name), x.shape or ()) if isinstance(x, Ancestor) else x


def expression(step: Ancestor, known: dict[int, Any] | None = None) -> Term | None:
    """What a step computes, as a term in its inputs' names (or in what `known` says of them)."""
    if step.node is None:
        return None
    if step.freed:  # after backward the numbers among the operands are gone
        return call(step.called, [name_of(x) if isinstance(x, Ancestor) else atom("…") for x in step.inputs])
    given = [known[id(x)] if known and id(x) in known else name_of(x) for x in step.inputs]
    if not hasattr(step.op, "kernel") or (step.label and not reads_alone(step.op)):
        return call(step.called, given)
    return written(step.op, given, step.attrs)


def merged_expression(step: Ancestor, place: dict[int, int]) -> Term | None:
    """What a step computes, in the names that it was computed from."""
    inner, _ = between(step, place)
    known: dict[int, Any] = {}
    for s in inner or ():
        known[id(s)] = _readable(expression(s, known))
        if known[id(s)] is None:
            return None
    return known.get(id(step))


def slope_formula(step: Ancestor, i: int, g: Any = 1) -> Term | None:
    """What g times the step's slope in its input number i is; None where its rule is beyond terms."""
    return _pulled(step, g, [name_of(x) for x in step.inputs], name_of(step))[i]


def _pulled(step: Ancestor, g: Any, args: Sequence[Any], out: Any) -> list[Any]:
    needs = [e is not None for e in step.node.edges]
    if len(args) != len(needs) or not hasattr(step.op, "columns"):
        return [None] * len(needs)
    try:
        got = step.op.vjp(term(g), args, out, step.attrs, needs)
    except Exception:  # a rule that asks for numbers, or for what terms cannot do: then there is no formula
        return [None] * len(needs)
    return [term(x) if need and x is not None else None for x, need in zip(got, needs)]


def between_names(history: History) -> list[Link]:
    """The slopes of each named value in the named values that it was directly computed from, from the result back."""
    links = []
    place = {id(s): i for i, s in enumerate(history.steps)}
    for step in reversed(history.steps):
        if (step.named or step is history.result) and step.grad is not None and step.flows is not None:
            links += _links(step, place)
    return links


def _links(result: Ancestor, place: dict[int, int]) -> list[Link]:
    inner, ends = between(result, place)
    if inner is None:
        return []
    whole = True  # whether all in between can be written down
    known: dict[int, Any] = {}
    for step in inner:
        found = _readable(expression(step, known))
        known[id(step)] = name_of(step) if found is None else found
        whole = whole and found is not None
    ends = [end for end in ends if end.grad is not None]
    formulas: dict[int, Any] = {id(result): term(1) if whole else None}
    slopes: dict[int, Any] = {id(result): 1.0}
    known[id(result)] = name_of(result)
    for step in reversed(inner):
        g, s = _readable(formulas.get(id(step))), slopes.get(id(step))
        args = [known[id(x)] if id(x) in known else name_of(x) for x in step.inputs]
        parts: Sequence[Any] = [None] * len(step.inputs)
        if g is not None and isinstance(step.op, Elementwise):
            parts = _pulled(step, g, args, known[id(step)])
        for i, flow in enumerate(step.flows or ()):
            if flow is not None and i < len(step.inputs):
                source = step.inputs[i]
                _add(formulas, source, parts[i])
                _add(slopes, source, _product(s, flow))
    return [Link(result, end, formulas.get(id(end)), _figure(slopes.get(id(end)), end)) for end in ends]


def between(result: Ancestor, place: dict[int, int]) -> tuple[list[Ancestor] | None, list[Ancestor]]:
    """The steps from the nearest names to a result, in order, and those names; no steps if there are too many."""
    found, ends, stack = {id(result): result}, {}, [result]
    while stack:
        for x in stack.pop().inputs:
            if not isinstance(x, Ancestor) or x.kind == "constant" or id(x) in found:
                continue
            if x.named or x.kind != "step":
                ends[id(x)] = x
            else:
                found[id(x)] = x
                stack.append(x)
        if len(found) > _MANY:
            return None, []
    return sorted(found.values(), key=lambda s: place[id(s)]), list(ends.values())


def _add(sums: dict[int, Any], source: Ancestor, part: Any) -> None:
    """Add to what has arrived; what is unknown once stays so."""
    key = id(source)
    if key not in sums:
        sums[key] = part
    else:
        sums[key] = None if part is None or sums[key] is None else sums[key] + part


def _product(s: Any, flow: tuple[Any, Any]) -> Any:
    slope = flow[0]
    if isinstance(slope, Figure):
        slope = slope.value
    if s is None or slope is None:
        return None
    with np.errstate(all="ignore"):
        return s * slope


def _figure(slope: Any, end: Ancestor) -> Figure | None:
    if slope is None or not hasattr(slope, "shape") or slope.shape != end.shape:
        return None
    return Figure(slope)
