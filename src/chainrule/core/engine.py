"""Backward: one loop that visits nodes from the newest to the oldest and runs their rules.

Every node carries a number higher than its inputs' numbers, so a heap of numbers is a topological order: no counting
pass, no sorted list, no recursion, and a chain of a million nodes needs a heap of one. It is also PyTorch's order, so
sums of gradients round alike.

The loop has two ways of reading what a node saved. Where no graph of the gradient is wanted, rules run on the raw
payloads. With `create_graph`, or under forward mode, the same rules run on the tensors themselves and are recorded.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heappop, heappush
from typing import Any

import numpy as np

from chainrule.base import errors
from chainrule.core.dispatch import Parts, Pick
from chainrule.core.op import REGISTRY
from chainrule.core.state import MODE, changed, current
from chainrule.core.tape import Node, Watch, stale
from chainrule.core.tensor import LEAF, Tensor, Version, bump, wrap

ndarray = np.ndarray


def backward(outputs: Sequence[Tensor], seeds: Sequence[Tensor], retain: bool, create_graph: bool, inputs: Any = None) -> None:
    """Accumulate the gradients of `outputs`, weighted by `seeds`, into the `.grad` of leaves (or of `inputs` alone)."""
    if inputs is None:
        _run(outputs, seeds, retain, create_graph, None)
        return
    wanted = _Wanted(outputs, inputs)
    _run(outputs, seeds, retain, create_graph, wanted)
    for x, g in zip(inputs, wanted.results(create_graph)):
        if g is not None:
            _accumulate(x, g if create_graph else g._a, False, create_graph)


def gradients(
    outputs: Sequence[Tensor],
    inputs: Sequence[Tensor],
    seeds: Sequence[Tensor],
    *,
    retain: bool | None = None,
    create_graph: bool = False,
    allow_unused: bool = False,
) -> list[Tensor | None]:
    """The gradients of `outputs`, weighted by `seeds`, at `inputs`; `.grad` is left alone."""
    wanted = _Wanted(outputs, inputs)
    _run(outputs, seeds, create_graph if retain is None else retain, create_graph, wanted)
    results = wanted.results(create_graph)
    if not allow_unused and any(g is None for g in results):
        raise RuntimeError(errors.unused(results.index(None)))
    return results


class _Wanted:
    """The inputs whose gradients are asked for, and the nodes on the way to them."""

    def __init__(self, outputs: Sequence[Tensor], inputs: Sequence[Tensor]) -> None:
        self.inputs = inputs
        self.found: dict[int, Any] = {}  # by id of the leaf or the node
        self.keys = {id(x if x._g is LEAF else x._g) for x in inputs}
        self.needed = self._mark([x._g for x in outputs if isinstance(x._g, Node)])

    def _mark(self, roots: list[Node]) -> set[int]:
        seen: dict[int, Node] = {}
        stack: list[Any] = list(roots)
        while stack:
            node = stack.pop()
            if isinstance(node, Node) and node.id not in seen:
                seen[node.id] = node
                stack.extend(e for e in node.edges if e is not None)
        needed: set[int] = set()  # nodes with a wanted leaf or node among their inputs, however far
        for number in sorted(seen):
            for e in seen[number].edges:
                if e is not None and (id(e) in self.keys or (isinstance(e, Node) and e.id in needed)):
                    needed.add(number)
                    break
        return needed

    def results(self, tensors: bool) -> list[Tensor | None]:
        out: list[Tensor | None] = []
        for x in self.inputs:
            g = self.found.get(id(x if x._g is LEAF else x._g))
            out.append(g if g is None or isinstance(g, Tensor) else wrap(g))
        return out


def _run(outputs: Sequence[Tensor], seeds: Sequence[Tensor], retain: bool, create_graph: bool, wanted: _Wanted | None) -> None:
    m = MODE.get()
    anomaly = m is not None and m.anomaly
    if not create_graph and (m is None or m.levels == 0):
        _loop(outputs, seeds, retain, False, wanted, anomaly)  # raw payloads: nothing here can be recorded
        return
    token = MODE.set(changed(grad=create_graph))
    try:
        _loop(outputs, seeds, retain, True, wanted, anomaly)
    finally:
        MODE.reset(token)


def _loop(
    outputs: Sequence[Tensor], seeds: Sequence[Tensor], retain: bool, tensors: bool, wanted: _Wanted | None, anomaly: bool
) -> None:
    heap: list[int] = []
    nodes: dict[int, Node] = {}
    grads: dict[int, Any] = {}
    leaves: dict[int, tuple[Tensor, Any, bool]] = {}  # what has arrived, and whether nobody else holds that array
    for x, seed in zip(outputs, seeds):
        g: Any = seed if tensors else seed._a
        if x._g is LEAF:
            leaves[id(x)] = (x, g, False)
        else:
            _send(x._g, g, grads, nodes, heap)
    after: Any = None  # the only node waiting, kept out of the heap: most graphs are chains with few branches
    after_g: Any = None
    while heap or after is not None:
        if after is not None and (not heap or after.id > -heap[0]):
            node, g, after = after, after_g, None
            k = node.id
        else:
            k = -heappop(heap)
            node, g = nodes.pop(k), grads.pop(k)
        if node.watch is not None:
            g = _watched(node, g, tensors)
        if wanted is not None:
            if id(node) in wanted.keys:
                wanted.found[id(node)] = g
            if k not in wanted.needed:
                continue
        op, edges, args = node.op, node.edges, node.saved
        if args is None:
            raise RuntimeError(errors.FREED)
        for t in node.kept:
            if t is not None:
                v = t._v
                if v is not None and v.stamp > k:
                    raise RuntimeError(stale(node, v))
        if tensors:
            args = _in_graph(node)
        rules, times, pulled = op.times, True, None
        if rules is None:
            rules, times = op.d, False
            if rules is None:
                pulled = op.vjp(_by_result(g, op), args[:-1], args[-1] if args else None, node.attrs or {}, [e is not None for e in edges])
        if not retain and op.frees:
            node.saved = None
        for i, e in enumerate(edges):
            if e is None:
                continue
            fresh = True
            if pulled is not None:
                gi = pulled[i]
                if gi is None:
                    continue
                if type(gi) is ndarray:
                    fresh = gi is not g and gi.base is None and not any(gi is a for a in args)
            else:
                rule = rules[i]  # type: ignore[index]
                if type(rule) is int:
                    p: Any = rule
                elif rule is None:
                    continue
                elif times:
                    p, gi = None, rule(g, *args, **node.attrs) if node.attrs is not None else rule(g, *args)
                else:
                    p = rule(*args, **node.attrs) if node.attrs is not None else rule(*args)
                if type(p) is int:
                    fresh = p != 1
                    gi = g if p == 1 else -g if p == -1 else g * p if p else REGISTRY["zeros_like"](g)
                elif p is not None:
                    gi = g * p
                shapes = node.shapes
                if shapes is not None and gi.shape != shapes[i]:
                    gi = REGISTRY["sum_to"](gi, shape=shapes[i])
                    fresh = type(gi) is ndarray and gi.base is None
            if anomaly:
                _check_nan(node, i, gi)
            if type(e) is Tensor or not isinstance(e, Node):
                held = leaves.get(id(e))
                leaves[id(e)] = (e, gi, fresh and gi is not g) if held is None else (e, held[1] + gi, True)
            elif after is None and e.id not in grads:
                after, after_g = e, gi
            elif after is e:
                after_g = after_g + gi
            else:
                _send(e, gi, grads, nodes, heap)
    for x, g, fresh in leaves.values():
        _deliver(x, g, fresh, tensors, wanted)


def _send(node: Node, g: Any, grads: dict[int, Any], nodes: dict[int, Node], heap: list[int]) -> None:
    """Add g to what has arrived for a node."""
    n = node.id
    if n in grads:
        grads[n] = grads[n] + g
    else:
        grads[n], nodes[n] = g, node
        heappush(heap, -n)


def _in_graph(node: Node) -> tuple[Any, ...]:
    """What a node saved, as tensors in their place in the graph, so that the rule itself is recorded."""
    n = len(node.edges)
    kept = node.kept
    args = [t if t is not None else s for t, s in zip(kept[:n], node.saved)] if kept else list(node.saved[:n])
    last = node.saved[-1] if len(node.saved) > n else None
    if len(kept) > n and kept[n] is not None:
        if node.op.outputs == 1:
            last = _result(last, node, kept[n])
        else:
            last = tuple(_result(a, Pick(node, i), kept[n + i]) for i, a in enumerate(last))
    return (*args, last)


def _result(a: Any, history: Node, version: Version) -> Tensor:
    out = wrap(a, history if a.dtype.kind == "f" else None)
    out._v, out._t = version, version.tangents
    return out


def _by_result(g: Any, op: Any) -> Any:
    return tuple(g.get(i) for i in range(op.outputs)) if type(g) is Parts else g


def _watched(node: Node, g: Any, tensors: bool) -> Any:
    """Run a tensor's hooks and keep its gradient if it asked for that."""
    watch: Watch = node.watch  # type: ignore[assignment]
    if watch.hooks:
        g = _through(watch.hooks, g, tensors)
    x = watch.retain() if watch.retain is not None else None
    if x is not None:
        _accumulate(x, g, False, tensors)
    return g


def _through(hooks: dict[int, Any], g: Any, tensors: bool) -> Any:
    """A gradient after a tensor's hooks have seen it; on raw payloads they run with recording off."""
    token = None if tensors else MODE.set(changed(grad=False))
    try:
        t = g if tensors else wrap(g)
        for hook in list(hooks.values()):
            got = hook(t)
            if got is not None:
                t = got
        return t if tensors else t._a
    finally:
        if token is not None:
            MODE.reset(token)


def _deliver(x: Tensor, g: Any, fresh: bool, tensors: bool, wanted: _Wanted | None) -> None:
    if x._hooks:
        g, fresh = _through(x._hooks, g, tensors), False
    if wanted is None:
        _accumulate(x, g, fresh, tensors)
        if x._after:
            for hook in list(x._after.values()):
                hook(x)
    elif id(x) in wanted.keys:
        wanted.found[id(x)] = g if fresh or type(g) is not ndarray else g.copy()


def _accumulate(x: Tensor, g: Any, fresh: bool, tensors: bool) -> None:
    """Add g to `x.grad`: in place where no graph of the gradient is wanted, as PyTorch does."""
    held = x._grad
    if tensors:
        x._grad = g if held is None else held + g
        return
    a = x._a
    if type(g) is not type(a) or type(g) is ndarray:
        if g.dtype is not a.dtype and g.dtype != a.dtype:
            g, fresh = g.astype(a.dtype), True
    if held is None:
        x._grad = wrap(g if fresh or type(g) is not ndarray else g.copy())
        return
    b = held._a
    if type(b) is not ndarray:
        held._a = b + g
    elif b.shape:
        np.add(b, g, out=b)
    else:
        b[()] = b[()] + g
    if held._v is not None:
        bump(held._v, "gradient accumulation", None)


def _check_nan(node: Node, i: int, g: Any) -> None:
    a = g._a if isinstance(g, Tensor) else g
    if not isinstance(a, Parts) and np.isnan(a).any():
        where = f" The forward call that it belongs to:\n{node.origin}" if node.origin else ""
        name = node.label or node.op.grad_name
        raise RuntimeError(f"Function '{name}' returned nan values in its {i}th output.{where}")


def recording() -> bool:
    """Whether operations are being recorded."""
    return current().grad
