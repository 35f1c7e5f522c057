"""Where gradients end because an operation is flat: a relu that is off, a sigmoid at its end, a step function."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.base.language import say
from chainrule.core.op import REGISTRY, Elementwise
from chainrule.see.explain.birth import Sentence
from chainrule.see.history.figures import figure
from chainrule.see.history.graph import Ancestor, History

SATURATED = 1e-4  # slopes below this share of the largest that the operation has elsewhere: nothing is learnt


def flatness(history: History) -> list[Sentence]:
    """Sentences about operations through which no gradient comes, the last ones before the result first."""
    if history.freed or history.changed is not None or history.gradient_is_bad:
        return []
    said = [sentence for step in reversed(history.steps) if (sentence := _of(step)) is not None]
    return said[:3]


def _of(step: Ancestor) -> Sentence | None:
    if step.flows is None or not isinstance(step.op, Elementwise) or not _size(step.grad):
        return None
    slopes = [_size(flow[0]) for flow in step.flows if flow is not None and flow[0] is not None]
    if not slopes:
        return None
    largest, name, op = max(slopes), step.name, step.called
    if all(type(rule) is int and rule == 0 for rule in step.op.rules or (None,)):
        return lambda: say(
            "{op} in {name} is flat between its jumps: its slope is 0 everywhere, and no gradient comes through it.",
            op=op, name=name,
        )  # fmt: skip
    if largest == 0 and step.op not in (REGISTRY["mul"], REGISTRY["pow"], REGISTRY["where"]):
        return lambda: say(
            "{name} = {op}(...) is flat here: its slope is 0 for all of its elements, so no gradient comes through it. "
            "Other starting values, a smaller learning rate, or a function that is nowhere flat (leaky_relu) help.",
            name=name, op=op,
        )  # fmt: skip
    if largest < SATURATED * step.op.columns.get("steepest", 0):
        return lambda: say(
            "{name} = {op}(...) is saturated: its slope is {slope} at most, so hardly any gradient comes through it. "
            "Smaller inputs or weights help.",
            name=name, op=op, slope=f"{largest:.1g}",
        )  # fmt: skip
    return None


def _size(x: Any) -> float:
    """The largest absolute value of what is shown of a payload; 0 of no elements."""
    shown = figure(x)
    if shown is None or 0 in shown.shape:
        return 0.0
    return float(np.max(np.abs([shown.low, shown.high] if shown.value is None else shown.value)))
