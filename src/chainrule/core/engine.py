"""Backward: one loop that visits nodes from the newest to the oldest and runs their rules.

Every node carries a number higher than its inputs' numbers, so a heap of numbers is a topological order: no counting
pass, no sorted list, no recursion, and a chain of a million nodes needs a heap of one. It is also PyTorch's order, so
sums of gradients round alike.

The loop has two ways of reading what a node saved. Where no graph of the gradient is wanted, rules run on the raw
payloads. With `create_graph`, or under forward mode, the same rules run on the tensors themselves and are recorded.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.base import errors
from chainrule.core.parts import Parts, Pick, times
from chainrule.core.registry import REGISTRY, Attrs
from chainrule.core.state import MODE, changed, current, mode, mode_now
from chainrule.core.tape import Edge, Hook, Node, Watch, payload, stale, store
from chainrule.core.tensor import LEAF, Tensor, Version, bump, wrap

if TYPE_CHECKING:
    from chainrule.core.op import Op

ndarray = np.ndarray
_RAW = (np.ndarray, np.generic)  # a traced gradient is neither


Leaves = dict[int, tuple[Tensor, Any, bool]]  # by id: a leaf, its gradient, and whether nobody else holds that
Waiting = dict[int, list[Any]]  # by number: a node, and what has arrived for it
Pairs = Sequence[tuple[Any, Any]]  # where to start: a node or a leaf, and the gradient that arrives there


def backward(
    outputs: Sequence[Tensor], seeds: Sequence[Tensor], retain: bool, create_graph: bool, inputs: Any = None
) -> None:
    """Accumulate the gradients of `outputs`, weighted by `seeds`, into the `.grad` of leaves (or of `inputs` alone)."""
    wanted = None if inputs is None else _Wanted(outputs, inputs)
    _run(outputs, seeds, retain, create_graph, wanted)
    if wanted is not None:
        for x, g in {id(x): (x, g) for x, g in zip(inputs, wanted.results())}.values():
            if g is not None and not (isinstance(x._g, Node) and x._g.watch is not None and x._g.watch.keeps(x)):
                tensors = create_graph or bool(current().levels)
                _accumulate(x, g if tensors else g._a, False, tensors)
                _run_after(x)


def backward_from(node: Node, g: Any, retain: bool) -> None:
    """The common case, without ceremony: raw payloads, in the default mode, into the `.grad` of leaves."""
    _loop(((node, g),), retain, False, None, False)


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
    results = wanted.results()
    if not allow_unused and any(g is None for g in results):
        raise RuntimeError(errors.unused(results.index(None)))
    return results


class _Wanted:
    """The inputs whose gradients are asked for, and the nodes on the way to them."""

    def __init__(self, outputs: Sequence[Tensor], inputs: Sequence[Tensor]) -> None:
        self.inputs = inputs
        self.found: dict[int, Any] = {}  # by id of the leaf or the node
        self.keys = {id(x if x._g is LEAF else x._g) for x in inputs}
        # A node is newer than all it leads to, so what is older than every wanted node need not be looked at.
        self.floor = min((x._g.id if isinstance(x._g, Node) else 0 for x in inputs), default=0)
        self.needed = self._mark([x._g for x in outputs if isinstance(x._g, Node)])

    def _mark(self, roots: list[Node]) -> set[int]:
        seen: dict[int, Node] = {}
        stack: list[Edge] = list(roots)
        while stack:
            node = stack.pop()
            if isinstance(node, Node) and node.id not in seen and node.id >= self.floor:
                seen[node.id] = node
                stack.extend(e for e in node.edges if e is not None)
        needed: set[int] = set()  # nodes with a wanted leaf or node among their inputs, however far
        for number in sorted(seen):
            if any(id(e) in self.keys or (isinstance(e, Node) and e.id in needed) for e in seen[number].edges):
                needed.add(number)
        return needed

    def among(self, edges: Sequence[Any]) -> list[Any]:
        """A node's edges with None for those that lead to nothing wanted."""
        return [e if id(e) in self.keys or (isinstance(e, Node) and e.id in self.needed) else None for e in edges]

    def results(self) -> list[Tensor | None]:
        out: list[Tensor | None] = []
        for x in self.inputs:
            g = self.found.get(id(x if x._g is LEAF else x._g))
            out.append(g if g is None or isinstance(g, Tensor) else wrap(g))
        return out


def _run(
    outputs: Sequence[Tensor], seeds: Sequence[Tensor], retain: bool, create_graph: bool, wanted: _Wanted | None
) -> None:
    m = MODE.get()
    anomaly = m is not None and m.anomaly and m.check_nan
    edges = [x if x._g is LEAF else x._g for x in outputs]
    if not create_graph and (m is None or not m.levels):  # raw payloads: nothing can be recorded
        _loop([(e, g._a) for e, g in zip(edges, seeds)], retain, False, wanted, anomaly)
        return
    token = MODE.set(changed(grad=create_graph))
    try:
        _loop(list(zip(edges, seeds)), retain, True, wanted, anomaly)
    finally:
        MODE.reset(token)


def _loop(start: Pairs, retain: bool, tensors: bool, wanted: _Wanted | None, anomaly: bool) -> None:
    """In one page: `while nodes wait: take the newest; pull its gradient back by its rule; send that to its inputs`.

    All the rest is for those who ask for more (hooks, `wanted`, a graph of the gradient) or for speed: what is spelled
    out here and not called would cost a tenth of a small graph's backward.
    """
    heap: list[int] = []  # the numbers of the nodes that wait, negative: the newest first
    waiting: Waiting = {}  # by its number a node, what has arrived for it, and whether that array is ours
    leaves: Leaves = {}  # the same by a leaf's id: a gradient that nobody else holds is added to in place
    after, after_g = start[0]  # the newest of them may wait outside the heap: most graphs are chains with few branches
    if len(start) > 1 or not isinstance(after, Node):
        after = None
        for e, g in start:
            _send(e, g, waiting, heap, leaves)
    while True:
        # ---- take the newest node, with all the gradient that reaches it
        if after is not None and (not heap or after.id > -heap[0]):
            node, g, after = after, after_g, None
            k = node.id
        elif heap:
            k = -heappop(heap)
            held = waiting.pop(k)
            node, g = held[0], held[1]
        else:
            break
        op, edges, args, watch, shapes = node.op, node.edges, node.saved, node.watch, node.shapes
        if watch is not None:
            g = _watched(watch, g, tensors)
        if wanted is not None:
            if id(node) in wanted.keys:
                wanted.found[id(node)] = g
            if k not in wanted.needed:
                continue
            edges = wanted.among(edges)

        # ---- what its rule reads: as it was when it was saved
        if args is None:
            raise RuntimeError(errors.freed())
        for t in node.kept:
            if t is not None:
                v = t._v
                if v is not None and v.stamp > k:
                    raise RuntimeError(stale(node, v))
        if tensors:
            args = _in_graph(node)

        # ---- pull the gradient back: at once where it is no elementwise op, else input by input below
        rules, by_times, pulled = op.rules, op.times, None
        if watch is not None and (watch.node_pre or watch.node_post):
            pulled = _hooked(node, watch, g, args, edges, tensors)
        elif rules is None:
            if op.transpose is not None and len(edges) == 1:  # views and sums, kept short
                attrs, e = node.attrs, edges[0]
                if (
                    op.part is not None and after is not e and isinstance(g, _RAW) and not tensors and not anomaly
                    and _adds_part(e, g, op, args[0].shape, attrs, leaves, waiting, heap)
                ):  # fmt: skip
                    continue
                pulled = (op.transpose(g, args[0]) if attrs is None else op.transpose(g, args[0], **attrs),)
            else:
                pulled = _pull(node, g, args, edges)
        elif node.attrs is not None:
            if type(g) is ndarray and g.size > op.long:
                from chainrule.core.blocks import pull  # seldom needed, so not loaded before

                pulled = pull(node, g, args, edges)
            else:
                rules = _with_attrs(rules, node.attrs)
        if not retain and op.frees:
            if op.names_late:
                node.label = node.name()  # it is read off what is kept
            node.saved, node.kept = None, ()

        i = -1
        for e in edges:
            i += 1
            if e is None:
                continue
            if pulled is not None:
                gi = pulled[i]
                if gi is None:
                    continue
            else:
                rule = rules[i]
                if type(rule) is int:
                    gi = g if rule == 1 else -g if rule == -1 else times(g, rule)  # `times`, without the call
                elif rule is None:
                    continue
                elif by_times is None:
                    gi = g * rule(*args)
                elif len(args) == 3:  # spelled out, as a star among other arguments doubles the price of a call
                    gi = rule(g, args[0], args[1], args[2])
                elif len(args) == 2:
                    gi = rule(g, args[0], args[1])
                else:
                    gi = rule(g, *args)
                if shapes is not None and gi.shape != shapes[i]:
                    gi = REGISTRY["sum_to"](gi, shape=shapes[i])
            if anomaly:
                _check_nan(node, i, gi)

            # ---- send it on: to a leaf, or to a node, where it adds to what is there
            kind = type(e)
            if kind is Tensor or (kind is not Node and not isinstance(e, Node)):
                fresh = type(gi) is not ndarray or (gi is not g and gi.base is None)
                if pulled is not None and fresh and (op.frees or len(pulled) > 1):
                    fresh = _alone(gi, args, pulled)
                n = id(e)
                if n in leaves:
                    leaves[n] = (e, leaves[n][1] + gi, True)
                else:
                    leaves[n] = (e, gi, fresh)
            elif after is None:
                n = e.id
                if heap and n in waiting:
                    held = waiting[n]
                    held[1] = held[1] + gi
                else:
                    after, after_g = e, gi
            elif after is e:
                after_g = after_g + gi
            else:
                n = e.id
                if n in waiting:
                    held = waiting[n]
                    held[1] = held[1] + gi
                else:
                    waiting[n] = [e, gi]
                    heappush(heap, -n)
    _hand_over(leaves, wanted, tensors)


def _hand_over(leaves: Leaves, wanted: _Wanted | None, tensors: bool) -> None:
    """Give the leaves what has arrived for them."""
    for key, (x, g, _) in leaves.items():  # all hooks before any `.grad`: if one raises, nothing was changed
        if x._hooks and (wanted is None or key in wanted.keys):
            leaves[key] = (x, _through(x._hooks, g, tensors), False)
    for x, g, fresh in leaves.values():
        if wanted is not None:
            if id(x) in wanted.keys:
                wanted.found[id(x)] = g if fresh or type(g) is not ndarray else g.copy()
        else:
            _accumulate(x, g, fresh, tensors)
            if x._after is not None:
                _run_after(x)


def _with_attrs(rules: Sequence[Any], attrs: Attrs) -> Any:
    return [partial(r, **attrs) if callable(r) else r for r in rules]


def _adds_part(
    e: Any, g: Any, op: Op, shape: tuple[int, ...], attrs: Any, leaves: Any, waiting: Any, heap: list[int]
) -> bool:
    """Add the gradient of some elements to what has arrived for a leaf or a node; False where that can't be done.

    All of them add to one array; the op's transpose would make an array of zeros for each, and add those up.
    """
    if type(e) is Tensor:
        among, key = leaves, id(e)
    elif type(e) is Node:
        among, key = waiting, e.id
    else:
        return False
    held = among.get(key)
    if held is None:
        among[key] = held = [e, np.zeros(shape, g.dtype), True]
        if among is waiting:
            heappush(heap, -key)
    elif len(held) < 3 or not held[2] or type(held[1]) is not ndarray:
        if not isinstance(held[1], _RAW):
            return False
        among[key] = held = [e, np.array(held[1]), True]
    index = op.part(len(shape), **attrs)
    if type(g) is not ndarray and index[-1] is ...:
        index = index[:-1]  # numbers alone: NumPy adds to an element five times as fast as to a 0-d view
    held[1][index] += g
    return True


def _alone(g: Any, args: Sequence[Any], pulled: Sequence[Any]) -> bool:
    """Whether a vjp's array is neither one that it was given nor handed out twice."""
    return not any(g is a for a in args) and sum(g is r for r in pulled) < 2


def _run_after(x: Tensor) -> None:
    for hook in list((x._after or {}).values()):
        hook(x)


def _send(e: Any, g: Any, waiting: Waiting, heap: list[int], leaves: Leaves) -> None:
    """Add g to what has arrived for a node or a leaf."""
    if not isinstance(e, Node):
        held = leaves.get(id(e))
        leaves[id(e)] = (e, g, False) if held is None else (e, held[1] + g, True)
    elif e.id in waiting:
        waiting[e.id][1] = waiting[e.id][1] + g
    else:
        waiting[e.id] = [e, g]
        heappush(heap, -e.id)


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
            last = tuple(_result(a, Pick(node, i), kept[n + i]) for i, a in enumerate(last or ()))
    return (*args, last)


def _result(a: Any, history: Node, version: Version) -> Tensor:
    out = wrap(a, history if a.dtype.kind in "fc" else None)
    out._v, out._t = version, version.tangents
    return out


def _by_result(g: Any, op: Op) -> Any:
    return tuple(g.get(i) for i in range(op.outputs)) if type(g) is Parts else g


def _pull(node: Node, g: Any, args: Sequence[Any], edges: Sequence[Edge]) -> Sequence[Any]:
    """The gradients of a node's inputs by its op's vector-Jacobian product."""
    needs = [e is not None for e in edges]
    return node.pull(_by_result(g, node.op), args[:-1], args[-1] if args else None, needs)


def _hooked(
    node: Node, watch: Watch, g: Any, args: Sequence[Any], edges: Sequence[Edge], tensors: bool
) -> Sequence[Any]:
    """As `_pull`, with the node's own hooks run before and after; they see tuples of tensors."""
    several = node.op.outputs > 1
    with mode(grad=tensors and current().grad):
        outer = _lifted(_by_result(g, node.op) if several else (g,), tensors)
        for hook in list(watch.node_pre.values()):
            outer = _replaced(outer, hook(outer))
        if watch.node_pre:
            lowered = _lowered(outer, tensors)
            g = Parts((i, a) for i, a in enumerate(lowered) if a is not None) if several else lowered[0]
        pulled = list(_pull(node, g, args, edges))
        for i, shape in enumerate(node.shapes or ()):
            if pulled[i] is not None and pulled[i].shape != shape:
                pulled[i] = REGISTRY["sum_to"](pulled[i], shape=shape)
        inner = _lifted(pulled, tensors)
        for hook in list(watch.node_post.values()):
            inner = _replaced(inner, hook(inner, outer))
        return _lowered(inner, tensors)


def _lifted(gs: Sequence[Any], tensors: bool) -> tuple[Any, ...]:
    return tuple(gs) if tensors else tuple(None if a is None else wrap(a) for a in gs)


def _lowered(gs: Sequence[Any], tensors: bool) -> tuple[Any, ...]:
    # Views of what the hooks saw and may have kept, so that nobody adds to it in place.
    return tuple(gs) if tensors else tuple(None if t is None else payload(t).view() for t in gs)


def _replaced(gs: tuple[Any, ...], got: Any) -> tuple[Any, ...]:
    if got is None:
        return gs
    new: tuple[Any, ...] = got if isinstance(got, tuple) else (got,)
    new += (None,) * sum(a is None for a in gs[len(new) :])  # operands that are numbers need not be mentioned
    if len(new) != len(gs):
        raise RuntimeError(f"hook has returned an incorrect number of values (got {len(new)}, but expected {len(gs)})")
    return new


def _watched(watch: Watch, g: Any, tensors: bool) -> Any:
    """Run a tensor's hooks and keep its gradient if it asked for that."""
    if watch.hooks:
        g = _through(watch.hooks, g, tensors)
    x = watch.retain() if watch.retain is not None else None
    if x is not None:
        _accumulate(x, g, False, tensors)
    return g


def _through(hooks: dict[int, Hook], g: Any, tensors: bool) -> Any:
    """A gradient after a tensor's hooks have seen it; on raw payloads they run with recording off."""
    token = None if tensors else MODE.set(changed(grad=False))
    try:
        t = g if tensors else wrap(g)
        for hook in list(hooks.values()):
            got = hook(t)
            if got is None:
                continue
            if not isinstance(got, Tensor):
                raise TypeError(f"expected Variable, but hook returned '{type(got).__name__}'")
            if got._a.shape != t._a.shape:
                raise RuntimeError(
                    f"hook has changed the size of value (from {list(t._a.shape)} to {list(got._a.shape)})"
                )
            t = got
        return t if tensors else t._a
    finally:
        if token is not None:
            MODE.reset(token)


def _accumulate(x: Tensor, g: Any, fresh: bool, tensors: bool) -> None:
    """Add g to `x.grad`: in place where no graph of the gradient is wanted, as PyTorch does."""
    held = x._grad
    if tensors:
        if held is not None:
            x._grad = held + g
            return
        x._grad = t = REGISTRY["clone"](g)  # what comes later is added in place, and g may be another's gradient too
        if t._g is not None and x._g is LEAF:
            t._g.label = "CopyBackwards"
        return
    a = x._a
    if (type(g) is not type(a) or type(g) is ndarray) and g.dtype is not a.dtype and g.dtype != a.dtype:
        g, fresh = g.astype(a.dtype), True
    if held is None:
        x._grad = wrap(g if fresh or type(g) is not ndarray else g.copy())
        return
    b = held._a
    if x._g is not LEAF:  # a retained one, which PyTorch replaces
        x._grad = wrap(payload(held) + g)
        return
    m = mode_now()
    if m is not None and m.trace is not None:
        store(held, payload(held) + g)
    elif type(b) is not ndarray:
        held._a = b + g
    elif b.shape:
        np.add(b, g, out=b)
    else:
        b[()] = b[()] + g
    held._v = held._v or Version()
    bump(held._v, "gradient accumulation", None)


def _check_nan(node: Node, i: int, g: Any) -> None:
    a = g._a if isinstance(g, Tensor) else g
    if not isinstance(a, Parts) and np.isnan(a).any():
        where = f" The forward call that it belongs to:\n{node.origin}" if node.origin else ""
        raise RuntimeError(f"Function '{node.name()}' returned nan values in its {i}th output.{where}")
