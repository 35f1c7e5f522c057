"""Gradients that are missing, and why; gradients that were added up; what backward has let go of.

The facts are looked up at once, as tensors change; the sentences are made when they are shown, in the language of then.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.base import dtypes
from chainrule.base.language import say, say_count
from chainrule.core.tape import Node
from chainrule.core.tensor import LEAF, Tensor, blame
from chainrule.see.explain.birth import Sentence
from chainrule.see.history.figures import Figure, figure
from chainrule.see.history.graph import History

_FEW = 4  # as many leaves are spoken of one by one


def advice(history: History, asked: Sequence[Tensor]) -> list[Sentence]:
    """Sentences about the gradients of a history's leaves, and of the tensors that were asked about."""
    y = history.y
    name = history.result.name
    said: list[Sentence] = []
    if y._g is None:
        said += _no_history(history)
    elif y._g is LEAF:
        said.append(lambda: say(
            "{y} is a leaf: nothing led to it. Its gradient arrives in {y}.grad when backward() is called on a value "
            "that was computed from it.", y=name,
        ))  # fmt: skip
    if history.freed:
        said.append(lambda: say(
            "backward() has run and let go of the values that the slopes are computed from, so they cannot be shown. "
            "Call explain before backward(), or call backward(retain_graph=True)."
        ))  # fmt: skip
    if history.changed is not None:
        said.append(_changed(history))
    if y._g is not LEAF:
        said += _of_leaves(history)
    in_leaves = {id(leaf.tensor) for leaf in history.leaves}
    for x in asked:
        if id(x) not in in_leaves or x is y:
            said += _asked(history, x, history.names.of(x) or "x")
    return said


def _changed(history: History) -> Sentence:
    step = history.changed
    at, version = next(
        (i, t._v) for i, t in enumerate(step.node.kept) if t is not None and t._v and t._v.stamp > step.node.id  # type: ignore[union-attr]
    )  # fmt: skip
    inputs = step.inputs  # type: ignore[union-attr]
    name = inputs[at].name if at < len(inputs) else step.name  # type: ignore[union-attr]
    how = blame(version)
    return lambda: say(
        "{name} was changed in place after it had been used ({how}), so the slopes can't be computed, and backward() "
        "would refuse. Use the operation that returns a new tensor, x = x + 1 instead of x += 1.", name=name, how=how,
    )  # fmt: skip


def _no_history(history: History) -> list[Sentence]:
    y, name = history.y, history.result.name
    if y._frozen:
        return [lambda: say("{y} was computed under inference_mode, which records nothing.", y=name)]
    if y._a.dtype.kind != "f":
        kind = dtypes.of(y._a.dtype).name
        return [lambda: say("{y} has the dtype {kind}; only floating-point numbers have gradients.", y=name, kind=kind)]
    other = next((n for x, n in history.names.all() if x is not y and x._g is not None and _share(x, y)), None)
    if other is not None:
        return [lambda: say("{y} is {x} without its history: detach() or .data cuts it off.", y=name, x=other)]
    wanting = [n for x, n in history.names.all() if x._g is LEAF]
    said: list[Sentence] = [lambda: say("{y} has no history: nothing was recorded when it was computed.", y=name)]
    if wanting:
        listed = ", ".join(wanting[:6])
        said.append(lambda: say(
            "If it was computed from {names}, that was under no_grad, or through detach(), .data, .item() or NumPy.",
            names=listed,
        ))  # fmt: skip
    else:
        said.append(lambda: say("Nothing here has requires_grad=True: say so when the tensor is made."))
    return said


def _cut_off(history: History) -> tuple[str, str] | None:
    """A constant of the history that is a tensor with a history, cut off from it, and that tensor; by their names."""
    for constant in history.constants:
        t = constant.tensor
        for x, name in history.names.all() if t is not None else ():
            if x is not t and x._g is not None and _share(x, t):  # type: ignore[arg-type]
                return str(constant.name), name
    return None


def _share(x: Tensor, y: Tensor) -> bool:
    if x._v is not None and x._v is y._v:
        return True
    return isinstance(x._a, np.ndarray) and isinstance(y._a, np.ndarray) and np.may_share_memory(x._a, y._a)


def _of_leaves(history: History) -> list[Sentence]:
    """About each leaf, or if they are many about some of them."""
    y, leaves = history.result.name, history.leaves
    empty = [leaf for leaf in leaves if leaf.tensor._grad is None and id(leaf.tensor) in history.gradients]  # type: ignore[union-attr]
    said: list[Sentence] = []
    if len(empty) > _FEW:
        n, leaves = len(empty), [leaf for leaf in leaves if leaf not in empty]
        said.append(lambda: say("The .grad of {n} leaves is None as yet; {y}.backward() fills it in.", n=n, y=y))
    said += [s for leaf in leaves[:_FEW] for s in _of_leaf(history, leaf.tensor, leaf.name)]
    if len(leaves) > _FEW:
        said.append(
            lambda: say_count("And so on for {n} more leaf.", "And so on for {n} more leaves.", len(leaves) - _FEW)
        )
    return said


def _of_leaf(history: History, x: Any, name: str | None) -> list[Sentence]:
    y, held, g = history.result.name, x._grad, history.gradients.get(id(x))
    hooked = bool(x._hooks)
    if held is None:
        if history.freed:
            return [lambda: say("{x}.grad is None: it was cleared after backward(), or went to other inputs.", x=name)]
        if g is None:
            return []
        shown = Figure(g)
        return [lambda: say("{x}.grad is None as yet; {y}.backward() makes it {g}.", x=name, y=y, g=shown)]
    now = Figure(held._a)
    if g is None:
        return [lambda: say(
            "{x}.grad is {now}. Each backward() adds to it: after several without clearing, it is their sum.",
            x=name, now=now,
        )]  # fmt: skip
    after = Figure(held._a + g)
    said: list[Sentence] = []
    times = _times(held._a, g)
    if times == 1:
        said.append(lambda: say("{x}.grad holds this very gradient already: {now}.", x=name, now=now))
    elif times is not None:
        said.append(lambda: say(
            "{x}.grad is {now}, which is {n} times this gradient: it was added up by several calls of backward().",
            x=name, now=now, n=times,
        ))  # fmt: skip
    elif hooked:
        return [lambda: say("{x}.grad is {now}; a hook on {x} may have changed it.", x=name, now=now)]
    else:
        said.append(lambda: say("{x}.grad is {now}, from an earlier backward().", x=name, now=now))
    said.append(lambda: say(
        "Another {y}.backward() adds to it and makes it {after}. To begin anew: optimizer.zero_grad(), or "
        "{x}.grad = None.",
        x=name, y=y, after=after,
    ))  # fmt: skip
    return said


def _times(held: Any, g: Any) -> int | None:
    """How many times g a gradient is, if it is a whole number of times."""
    if np.shape(held) != np.shape(g) or not np.any(g):
        return None
    with np.errstate(all="ignore"):
        largest = np.argmax(np.abs(g))
        n = np.ravel(held)[largest] / np.ravel(g)[largest]
    if not np.isfinite(n) or n < 0.5:
        return None
    n = round(float(n))
    return n if np.allclose(held, n * g, rtol=1e-5) else None


def _asked(history: History, x: Tensor, name: str) -> list[Sentence]:
    y = history.result.name
    if x is history.y:
        return []
    if x._a.dtype.kind != "f":
        kind = dtypes.of(x._a.dtype).name
        return [lambda: say("{x} has the dtype {kind}; only floating-point numbers have gradients.", x=name, kind=kind)]
    if x._g is None:
        return [lambda: say(
            "{x}.grad is None as {x} does not require gradients. Call {x}.requires_grad_() before it is used.", x=name
        )]  # fmt: skip
    found = history.by_id.get(id(x if x._g is LEAF else x._g))
    if found is None:
        return _elsewhere(history, x, name)
    said: list[Sentence] = []
    if found.grad is not None and found is not history.result and not history.freed and history.changed is None:
        said.append(lambda: say("The derivative of {y} with respect to {x} is {g}.", y=y, x=name, g=figure(found.grad)))
    watch = x._g.watch if isinstance(x._g, Node) else None
    if x._grad is None and isinstance(x._g, Node) and (watch is None or not watch.keeps(x)):
        said.append(lambda: say(
            "{x}.grad stays None, as {x} was computed and is no leaf. Call {x}.retain_grad() before backward() to keep "
            "it.",
            x=name,
        ))  # fmt: skip
    return said


def _elsewhere(history: History, x: Tensor, name: str) -> list[Sentence]:
    y = history.result.name
    said: list[Sentence] = [lambda: say("{x} gets no gradient from {y}: no path leads from {y} to {x}.", x=name, y=y)]
    cut = _cut_off(history)
    if cut is not None:
        said.append(lambda: say("{y} is {x} without its history: detach() or .data cuts it off.", y=cut[0], x=cut[1]))
        return said
    if isinstance(x._g, Node) and history.steps and x._g.id > history.steps[-1].node.id:
        said.append(lambda: say("{x} was computed after {y}.", x=name, y=y))
    else:
        said.append(lambda: say(
            "Either {y} does not depend on it, or the path was cut: by detach(), .data, .item(), NumPy, no_grad, or by "
            "giving the name {x} to a new tensor afterwards.", x=name, y=y,
        ))  # fmt: skip
    return said
