"""Arguments opened for reverse mode, and results closed again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chainrule.core.engine import gradients
from chainrule.core.op import REGISTRY
from chainrule.core.state import current
from chainrule.core.tape import Meta, Node, edge
from chainrule.core.tensor import LEAF, Tensor, twin
from chainrule.func.trees import flatten, unflatten


class Opened:
    """Arguments opened for reverse mode: tensors on the same memory, each with a node that catches its gradient."""

    def __init__(self, tree: Any) -> None:
        self.recorded = current().grad  # whether anybody outside may differentiate what comes of this
        leaves, self.spec = flatten(tree)
        self.tensors = [self._open(x) for x in leaves]
        self.floor = min((x._g.id for x in self.tensors), default=0)

    def _open(self, x: Any) -> Tensor:
        if not isinstance(x, Tensor):
            raise ValueError(f"Thing passed to transform API must be Tensor, got {type(x)}")
        if x._a.dtype.kind != "f":
            raise RuntimeError(f"only Tensors of floating point dtype can require gradients, not {x.dtype}")  # type: ignore[attr-defined]
        m = current()
        if m.batch is not None and self.recorded:
            x = m.batch.share(x)
        node = Node(REGISTRY["alias"], (edge(x) if self.recorded else None,), (Meta(x._a), None), ())
        node.opened = True
        return twin(x, node)

    @property
    def tree(self) -> Any:
        """The opened arguments in their structure."""
        return unflatten(self.spec, self.tensors)

    def outside(self, ys: Sequence[Tensor]) -> bool:
        """Whether somebody outside may want to differentiate what leads from the ys to the opened arguments."""
        seen: set[int] = set()
        stack = [edge(y) for y in ys] if self.recorded else []
        while stack:
            e = stack.pop()
            if e is None or (isinstance(e, Node) and e.id in seen):
                continue
            if not isinstance(e, Node) or e.id < self.floor:
                return True
            seen.add(e.id)
            stack.extend(e.edges)
        return False

    def close(self, tree: Any) -> Any:
        """A result as the caller gets it: without its history, if that leads to the opened arguments alone."""
        leaves, spec = flatten(tree)
        return unflatten(spec, [self._close(y) if isinstance(y, Tensor) else y for y in leaves])

    def _close(self, y: Tensor) -> Tensor:
        return y if y._g is None or y._g is LEAF or self.outside([y]) else twin(y, None)

    def pull(self, ys: Sequence[Tensor], seeds: Sequence[Tensor], create: bool) -> list[Tensor]:
        """The gradients of the ys, weighted by seeds, at the opened arguments."""
        pairs = [(y, g) for y, g in zip(ys, seeds) if y._g is not None]
        got: Sequence[Tensor | None] = [None] * len(self.tensors)
        if pairs and self.tensors:
            starts, weights = zip(*pairs)
            got = gradients(starts, self.tensors, weights, retain=True, create_graph=create, allow_unused=True)
        return [REGISTRY["zeros_like"](twin(x, None)) if g is None else g for x, g in zip(self.tensors, got)]
