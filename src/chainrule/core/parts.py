"""Gradients on their way: times a partial derivative, and in parts for a node of several results."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chainrule.core.registry import REGISTRY, Attrs
from chainrule.core.tape import Node


def times(g: Any, partial: Any) -> Any:
    """A gradient, or a tangent, times a partial; the numbers 1, -1 and 0 cost nothing, and 0 stops an infinity."""
    if type(partial) is not int:
        return g * partial
    return g if partial == 1 else -g if partial == -1 else g * partial if partial else REGISTRY["zeros_like"](g)


class Parts(dict[int, Any]):
    """The gradients that have arrived for a node of several results, by result; they add up part by part."""

    def __add__(self, other: Parts) -> Parts:
        merged = Parts(self)
        for i, g in other.items():
            merged[i] = merged[i] + g if i in merged else g
        return merged


class Pick(Node):
    """One result of a node of several; it hands its gradient on as a part."""

    def __init__(self, parent: Node, index: int) -> None:
        super().__init__(PICK, (parent,), (), ())
        self.index = index
        self.attrs = {"index": index}

    def named(self) -> Node:
        """What users meet is the node of all the results."""
        return self.edges[0].named()  # type: ignore[no-any-return]


class _PickOp:
    """The op of `Pick`: no maths, so it stands outside the registry."""

    name = "pick"
    grad_name = "PickBackward0"
    d = times = rules = transpose = None
    frees = names_late = False
    outputs = 1

    def vjp(self, g: Any, args: Sequence[Any], out: Any, attrs: Attrs, needs: Sequence[bool]) -> Sequence[Any]:
        return (Parts({attrs["index"]: g}),)


PICK: Any = _PickOp()
