"""The recorded graph as users look at it: its nodes, and the place of a tensor in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, NoReturn

from chainrule.core.tape import AccumulateGrad, Node, edge
from chainrule.core.tensor import Tensor, touch

__all__ = ["GradientEdge", "Node", "get_gradient_edge", "increment_version", "saved_tensors_hooks"]


class GradientEdge(NamedTuple):
    """Where a tensor's gradient arrives: a node, and which of its results the tensor is."""

    node: Any
    output_nr: int


def get_gradient_edge(tensor: Tensor) -> GradientEdge:
    """The place in the graph where the gradient of `tensor` arrives."""
    e = edge(tensor)
    if e is None:
        raise RuntimeError("It is not possible to get the gradient edge for a Tensor that does not require gradients.")
    if isinstance(e, Node):
        return GradientEdge(e.named(), getattr(e, "index", 0))
    return GradientEdge(AccumulateGrad(e), 0)


def increment_version(tensor: Tensor | Sequence[Tensor]) -> None:
    """Say that a tensor's memory was changed unseen, so that backward refuses it as after an in-place operation."""
    for x in (tensor,) if isinstance(tensor, Tensor) else tensor:
        touch(x, "increment_version")


def saved_tensors_hooks(pack_hook: Any, unpack_hook: Any) -> NoReturn:
    """Not supported: what backward keeps cannot be moved elsewhere."""
    raise NotImplementedError(
        "saved_tensors_hooks are not supported: what is saved for backward stays in memory as it is. To save memory, "
        "recompute inside a custom autograd.Function."
    )
