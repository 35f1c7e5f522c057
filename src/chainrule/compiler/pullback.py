"""Gradients through a compiled function from outside: `y = fast(x); y.backward()`.

The trace has written down the gradients of the results too, from seeds that are not known yet. The graph is cut where
the seeds come in: the function's own program also gives the values that lie on the cut, and a second program goes from
those and the seeds to the gradients. One node of the tape joins the two.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.compiler.trace import Pullback
from chainrule.core.graph import Var, order
from chainrule.core.parts import Pick
from chainrule.core.tape import Node, edge
from chainrule.core.tensor import Tensor, wrap

TWICE = (
    "the gradient of a compiled function's result cannot itself be differentiated from outside (create_graph=True). "
    "Take the gradients inside: compile(lambda x: grad(f(x), x, create_graph=True)), or compile(func.grad(f))."
)


class Returned:
    """What a function returns: the values, and how gradients come back to where they came from."""

    def __init__(self, results: list[Var], pullback: Pullback | None, runner: Callable[[Any, Any], Any]) -> None:
        self.results, self.pullback, self.runner = results, pullback, runner
        self.grads = [] if pullback is None else [v for v in pullback.grads if v is not None]
        self._second: tuple[list[Var], list[Var]] | None = None  # the second program: from what to what
        self._run: Any = None
        self._lock = threading.Lock()  # its memory is its own from run to run

    @property
    def wanted(self) -> list[Var]:
        """All values that are to be simplified together."""
        return [*self.results, *self.grads]

    def split(self, simple: list[Var]) -> list[Var]:
        """From the simplified values, what the forward program must give: the results, then what lies on the cut."""
        n = len(self.results)
        if not self.grads:
            return simple
        assert self.pullback is not None
        cut, inputs, grads = _cut(simple[n:], self.pullback.seeds)
        self._second = [*inputs, *self.pullback.seeds], grads
        return [*simple[:n], *cut]

    def back(self, arrays: Sequence[Any]) -> list[Any]:
        """The gradients from what lies on the cut and the seeds; their program is made when they are first wanted."""
        if self._second is None:
            return []
        with self._lock:
            if self._run is None:
                self._run = self.runner(*self._second)
            return self._run([a[()] if a.shape == () else a for a in arrays])  # type: ignore[no-any-return]

    def tensors(self, arrays: Sequence[Any], arguments: Sequence[Tensor]) -> list[Tensor]:
        """The results as tensors, those that want gradients with their place in the graph outside."""
        n = len(self.results)
        found = [wrap(a) for a in arrays[:n]]
        p = self.pullback
        if p is not None:
            node = CompiledNode(self, tuple(arrays[n:]), [found[i] for i in p.outs],
                                tuple(edge(arguments[w] if isinstance(w, int) else w) for w in p.wanted))  # fmt: skip
            for number, i in enumerate(p.outs):
                found[i]._g = node if len(p.outs) == 1 else Pick(node, number)
        return found


class CompiledNode(Node):
    """The place of a compiled function in the graph outside."""

    def __init__(self, returned: Returned, cut: tuple[Any, ...], outs: list[Tensor], edges: tuple[Any, ...]) -> None:
        super().__init__(_CompiledOp(len(outs)), edges, (cut, None), ())  # type: ignore[arg-type]
        self.returned = returned
        self.outs = [(y._a.shape, y._a.dtype) for y in outs]

    def pull(self, g: Any, args: Any, out: Any, needs: Any) -> Any:
        """Run the second program."""
        p = self.returned.pullback
        if p is None or p.error is not None:
            raise RuntimeError("" if p is None else p.error)
        seeds = list(g) if len(self.outs) > 1 else [g]
        if any(isinstance(s, Tensor) for s in seeds):
            raise RuntimeError(TWICE)
        seeds = [np.zeros(*kind)[()] if s is None else s for s, kind in zip(seeds, self.outs)]
        found = iter(self.returned.back([*args[0], *seeds]))
        return [None if v is None else next(found) for v in p.grads]


class _CompiledOp:
    """What the engine asks of a node's op."""

    name, grad_name = "compiled", "CompiledBackward"
    d = times = rules = transpose = None
    frees = differentiable = True
    names_late = False

    def __init__(self, outputs: int) -> None:
        self.outputs = outputs


def _cut(grads: list[Var], seeds: list[Var]) -> tuple[list[Var], list[Var], list[Var]]:
    """The values that do not hang on the seeds but are needed, inputs in their place, and the gradients from those."""
    hang = {s.id for s in seeds}
    made: dict[int, Var] = {s.id: s for s in seeds}
    cut: list[Var] = []
    values = order(grads)
    for v in values:
        if any(isinstance(a, Var) and a.id in hang for a in v.args):
            hang.add(v.id)

    def outside(v: Var) -> Var:
        if v.id not in made and v.data is None:
            made[v.id] = Var(v.shape, v.dtype)
            made[v.id].weak = v.weak
            cut.append(v)
        return made.get(v.id, v)

    for v in values:
        if v.id in hang and v.op is not None:
            args = tuple(outside(a) if isinstance(a, Var) else a for a in v.args)
            new = made[v.id] = Var(v.shape, v.dtype, v.op, args, v.attrs, index=v.index)
            new.weak = v.weak
    grads = [outside(v) for v in grads]
    return cut, [made[v.id] for v in cut], grads
