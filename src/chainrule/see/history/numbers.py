"""The numbers of a history: the values from the leaves forwards, slopes and gradients from the result back.

The tape keeps just what the rules read. Values that it did not keep are computed again by the ops' own kernels, the
gradients by the ops' own rules in the order of backward. No `.grad` is touched and nothing is freed. What was kept but
has been changed in place since is not what was computed with: such a value counts as unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.core.op import REGISTRY, Elementwise
from chainrule.core.parts import Parts, Pick
from chainrule.core.tensor import Tensor
from chainrule.see.history.figures import RAW, finite, settled
from chainrule.see.history.graph import Ancestor, History

_TRIES = 200  # at finding out which tensor an operand was that was not kept


class Birth:
    """Where numbers stopped being finite: at a step's value, or at the gradient that a step hands to its input `at`."""

    def __init__(self, step: Ancestor, at: int | None, g: Any, got: Any) -> None:
        bad = ~np.isfinite(got)
        self.step, self.at = step, at
        self.place = tuple(int(i[0]) for i in np.nonzero(bad)) if bad.ndim else ()
        self.got = float(got[self.place]) if self.place else float(got)
        self.unknown = any(x.value is None for x in step.inputs if isinstance(x, Ancestor))
        elementwise = step.kind == "step" and isinstance(step.op, Elementwise)
        alike = elementwise if at is None else getattr(g, "shape", None) == got.shape
        self.inputs: list[Any] | None = None  # what stands at that place in each input
        if alike and not self.unknown:
            self.inputs = [_number(x, self.place) for x in _operands(step) if x is not None]
        self.g = _number(g, self.place) if alike and g is not None else None


def compute(history: History) -> History:
    """Find all values, slopes and gradients of a history; returns it."""
    with np.errstate(all="ignore"):
        _forwards(history)
        _backwards(history)
    leaves = history.leaves
    history.gradients = {id(step.tensor): step.grad for step in leaves if step.grad is not None}
    history.result_is_bad = not all(finite(t._a) for t in (history.y, *history.more))
    history.gradient_is_bad = not all(map(finite, history.gradients.values()))
    for step in (*leaves, *history.constants, *history.steps):  # memory may change from here on, what is shown not
        step.value, step.grad = settled(step.value), settled(step.grad)
    return history


def _operands(step: Ancestor) -> list[Any]:
    return [x.value if isinstance(x, Ancestor) else x for x in step.inputs]


def _number(x: Any, place: tuple[int, ...]) -> Any:
    """The number that stands at a place after broadcasting."""
    if not getattr(x, "shape", ()):
        return bool(x) if isinstance(x, (bool, np.bool_)) else float(x)
    own = place[len(place) - x.ndim :]
    return x[tuple(i if n > 1 else 0 for i, n in zip(own, x.shape))].item()


# ----------------------------------------------------------------------------------------------------------- forwards


def _forwards(history: History) -> None:
    for step in history.leaves:
        v = step.tensor._v  # type: ignore[union-attr]
        if v is not None and v.stamp > step.first_use > 0:
            step.value = None
    for step in (*history.leaves, *history.constants):
        if history.born is None and not finite(step.value):
            history.born = Birth(step, None, None, step.value)
    named = [
        (x, n) for x, n in history.names.all() if x._g is None and isinstance(x._a, RAW) and x._a.dtype.kind == "f"
    ]
    tries = _TRIES // len(named) if named else 0
    for step in history.steps:
        args = _operands(step)
        if step.value is None:
            step.value = _value(step, args)
        elif tries > 0 and (missing := _missing(step)) is not None:
            tries -= 1
            _guess(step, missing, named)
            args = _operands(step)
        if history.born is None and not finite(step.value) and all(map(finite, args)):
            history.born = Birth(step, None, None, step.value)


def _value(step: Ancestor, args: list[Any]) -> Any:
    if isinstance(step.node, Pick):
        return None if args[0] is None else args[0][step.node.index]
    known = all(x.value is not None for x in step.inputs if isinstance(x, Ancestor))
    return _done(step, args) if known and not step.freed else None


def _done(step: Ancestor, args: Sequence[Any]) -> Any:
    """A step's operation on payloads; None if it cannot be done again."""
    if not hasattr(step.op, "kernel"):
        return None
    try:
        got = step.op(*args, **step.attrs)
    except Exception:  # a value is only shown: the reason that a kernel has to refuse is no concern here
        return None
    return np.asarray(got)[()] if isinstance(got, (int, float)) else got


def _missing(step: Ancestor) -> Ancestor | None:
    """The operand that was not kept, if it is a constant and the only one."""
    unknown = [x for x in step.inputs if isinstance(x, Ancestor) and x.value is None]
    return unknown[0] if len(unknown) == 1 and unknown[0].kind == "constant" else None


def _guess(step: Ancestor, missing: Ancestor, named: Sequence[tuple[Tensor, str]]) -> None:
    """Find what was not kept, as the target in `prediction - target`, among the tensors that have names.

    One is taken if the operation, done again with it, gives the very same result.
    """
    for x, name in named:
        got = _done(step, [x._a if s is missing else s.value if isinstance(s, Ancestor) else s for s in step.inputs])
        if isinstance(got, RAW) and got.shape == step.value.shape and np.array_equal(got, step.value, equal_nan=True):
            missing.name, missing.named, missing.value, missing.tensor = name, True, x._a, x
            return


# ---------------------------------------------------------------------------------------------------------- backwards


def _backwards(history: History) -> None:
    for result in history.results:
        result.grad = np.ones_like(result.value)
    if history.freed or history.changed is not None:
        return
    for step in reversed(history.steps):
        if step.grad is not None:
            _pull(history, step)


def _pull(history: History, step: Ancestor) -> None:
    """Hand a step's gradient on to its inputs, and note the slopes."""
    node, op, g = step.node, step.op, step.grad
    needs = [e is not None for e in node.edges]
    args, out = node.saved[:-1], node.saved[-1] if node.saved else None
    gs = tuple(g.get(i) for i in range(op.outputs)) if isinstance(g, Parts) else g
    pulled = node.pull(gs, args, out, needs)
    slopes: Sequence[Any] = (None,) * len(needs)
    if isinstance(op, Elementwise):
        one = np.ones_like(g) if g.shape else g.dtype.type(1)
        slopes = op.vjp(one, args, out, step.attrs, needs)
    step.flows = [None] * len(needs)
    for i, (source, part) in enumerate(zip(step.inputs, pulled)):
        if not needs[i] or part is None:
            continue
        shape = node.shapes[i] if node.shapes is not None else None
        if shape is not None and part.shape != shape:
            part = REGISTRY["sum_to"](part, shape=shape)
        source.grad = part if source.grad is None else source.grad + part
        if history.born_back is None and not finite(part) and finite(g):
            history.born_back = Birth(step, i, g, part)
        step.flows[i] = (settled(slopes[i]), settled(part))
