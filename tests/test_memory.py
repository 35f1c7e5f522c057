"""What a graph costs, and that it goes away: by reference counting alone, without recursion, keeping what rules read.

Python's cycle collector runs when it likes; memory that only it can free piles up in a training loop. So ordinary work
may leave nothing for it: with the collector off, everything must be gone with the last name for it.
"""

from __future__ import annotations

import gc
import tracemalloc
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.core.tape import Meta, Node
from chainrule.core.tensor import Tensor


@pytest.fixture(autouse=True)
def no_collector() -> Iterator[None]:
    """The cycle collector off, and nothing left for it from before."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def leaf(*shape: int) -> Tensor:
    """A float64 leaf of positive numbers."""
    return cr.tensor(np.linspace(0.5, 1.5, int(np.prod(shape))).reshape(shape), requires_grad=True)


def in_place(x: Tensor) -> Tensor:
    y = x * 2
    y.mul_(3)
    y += x
    return y.exp_()


def on_views(x: Tensor) -> Tensor:
    y = x * 2
    row = y[0]
    row.mul_(x[1])
    y.t()[1] = 5.0
    return y.reshape(-1)[2:] * 2


def hooked(x: Tensor) -> Tensor:
    y = x * 2
    y.register_hook(lambda g: g * 2)
    y.retain_grad()
    return y.exp()


WORK: dict[str, Callable[[Tensor], Tensor]] = {
    "arithmetic": lambda x: (x * x + 2 / x - x**3) @ x.t(),
    "keeps its result": lambda x: x.exp().tanh().sigmoid().sqrt(),
    "reductions": lambda x: x.sum(0) * x.mean() + x.prod(1)[0] + x.amax(1)[0] + x.logsumexp(0),
    "several results": lambda x: x.sort(dim=1)[0] * x.max(dim=1)[0][:, None],
    "views": lambda x: x.t()[1:].reshape(-1).unsqueeze(0).expand(2, -1),
    "indexing": lambda x: x[[0, 1, 0]] * x[0, 1],
    "joining": lambda x: cr.cat([x, x * 2]).softmax(1),
    "in place": in_place,
    "on views": on_views,
    "hooked": hooked,
}


def nodes_of(y: Tensor) -> list[Node]:
    """All nodes of the graph behind y."""
    found: dict[int, Node] = {}
    todo = [y._g]
    while todo:
        node = todo.pop()
        if isinstance(node, Node) and id(node) not in found:
            found[id(node)] = node
            todo.extend(node.edges)
    return list(found.values())


@pytest.mark.parametrize("backward", [False, True, "create_graph"])
@pytest.mark.parametrize("name", WORK)
def test_a_graph_dies_with_its_last_name(name: str, backward: Any) -> None:
    x = leaf(2, 3)
    y = WORK[name](x)
    out = y.sum()
    watched = [weakref.ref(node) for node in nodes_of(out)] + [weakref.ref(y), weakref.ref(out)]
    assert len(watched) > 3
    if backward == "create_graph":
        (g,) = cr.autograd.grad(out, x, create_graph=True)
        watched += [weakref.ref(node) for node in nodes_of(g)] + [weakref.ref(g)]
        if g.requires_grad:
            g.sum().backward()
        del g
    elif backward:
        out.backward()
    x.grad = None
    del y, out
    alive = [ref() for ref in watched if ref() is not None]
    assert not alive, f"{len(alive)} of {len(watched)} outlive their names: {[type(a).__name__ for a in alive]}"
    assert gc.collect() == 0, "cycles were made"


def test_a_leaf_dies_with_its_gradient() -> None:
    x = leaf(3)
    (x * x).sum().backward()
    refs = [weakref.ref(x), weakref.ref(x.grad)]
    del x
    assert [r() for r in refs] == [None, None]


def test_dead_views_are_forgotten() -> None:
    x = cr.zeros(4)
    for _ in range(1000):
        x[1:].add_(1)
    assert len(x._views or ()) < 100


def test_a_million_nodes_without_recursion() -> None:
    n = 1_000_000
    x = cr.tensor(1.0, dtype=cr.float64, requires_grad=True)
    y = x
    for _ in range(n):
        y = y + 1.0
    assert y.item() == n + 1
    y.backward()
    assert x.grad.item() == 1.0
    first = weakref.ref(y._g)
    del y  # a chain freed link by link must not recurse
    assert first() is None


STEPS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "y * 1.0001": lambda y, x: y * 1.0001,
    "y.sin()": lambda y, x: y.sin(),
    "y + x": lambda y, x: y + x,
    "y * x": lambda y, x: y * x,
}


@pytest.mark.parametrize("name", STEPS)
def test_bytes_per_node(name: str) -> None:
    step, n = STEPS[name], 20_000
    x = cr.tensor(1.0, requires_grad=True)
    step(x, x).backward()  # what is made once
    y = x
    tracemalloc.start()
    try:
        for _ in range(n):
            y = step(y, x)
        used = tracemalloc.get_traced_memory()[0] / n
        assert 50 < used < 1000, f"{used:.0f} bytes per node"
        y.backward()
        del y
        left = tracemalloc.get_traced_memory()[0]
        assert left < 30 * n, f"{left} bytes stay behind"  # the interpreter keeps some small tuples for later
    finally:
        tracemalloc.stop()


def test_backward_frees_what_was_saved() -> None:
    x = leaf(100, 100)
    y = x.exp()
    saved = weakref.ref(y._a)
    out = (y * y).sum()
    del y
    assert saved() is not None
    out.backward()
    assert saved() is None  # although the graph is still there
    with pytest.raises(RuntimeError, match="second time"):
        out.backward()


def kept(y: Tensor) -> list[np.ndarray[Any, Any]]:
    """The arrays that y's node keeps for its rule, shapes aside."""
    flat = [a for s in y._g.saved or () for a in (s if isinstance(s, tuple) else (s,))]
    return [a for a in flat if not isinstance(a, Meta) and np.ndim(a)]


X = leaf(3, 4)
C = cr.tensor(np.arange(1.0, 13.0).reshape(3, 4))
KEEPS: dict[str, tuple[Callable[[], Tensor], Callable[[Tensor], list[Any]]]] = {
    "x * 2": (lambda: X * 2, lambda y: []),
    "x * c keeps the constant": (lambda: X * C, lambda y: [C._a]),
    "c * x keeps the constant": (lambda: C * X, lambda y: [C._a]),
    "x * x keeps x": (lambda: X * X, lambda y: [X._a, X._a]),
    "x / c": (lambda: X / C, lambda y: [C._a]),
    "x + c": (lambda: X + C, lambda y: []),
    "x - c": (lambda: X - C, lambda y: []),
    "-x": (lambda: -X, lambda y: []),
    "exp keeps its result": (X.exp, lambda y: [y._a]),
    "tanh keeps its result": (X.tanh, lambda y: [y._a]),
    "sigmoid keeps its result": (X.sigmoid, lambda y: [y._a]),
    "sqrt keeps its result": (X.sqrt, lambda y: [y._a]),
    "relu keeps its result": (X.relu, lambda y: [y._a]),
    "sin keeps x": (X.sin, lambda y: [X._a]),
    "log keeps x": (X.log, lambda y: [X._a]),
    "sum": (X.sum, lambda y: []),
    "mean": (X.mean, lambda y: []),
    "view": (lambda: X.view(4, 3), lambda y: []),
    "x[0]": (lambda: X[0], lambda y: []),
    "x @ c keeps the constant": (lambda: X @ C.t().clone(), lambda y: [C.t()._a]),
    "softmax keeps its result": (lambda: X.softmax(0), lambda y: [y._a]),
}


@pytest.mark.parametrize("name", KEEPS)
def test_a_node_keeps_what_its_rule_reads(name: str) -> None:
    make, expected = KEEPS[name]
    y = make()
    got, want = kept(y), expected(y)
    assert len(got) == len(want), f"{len(got)} arrays kept instead of {len(want)}"
    for a, b in zip(got, want):
        np.testing.assert_array_equal(a, b)


def test_nothing_is_kept_where_nothing_is_recorded() -> None:
    y = leaf(1000).detach()
    z = cr.zeros(1000, dtype=cr.float64, requires_grad=True)
    with cr.no_grad():
        w = z * y
    for t in (y * y, w):
        assert t._g is None and not t.requires_grad
