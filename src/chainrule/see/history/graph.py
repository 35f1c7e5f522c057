"""The history of a computed tensor, read from the tape: its steps, what they took, and what the user calls them.

Nothing is changed by it. The numbers come afterwards: see `numbers`.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Sequence
from itertools import chain, count
from typing import TYPE_CHECKING, Any

from chainrule.base.language import say
from chainrule.core.op import Elementwise
from chainrule.core.tape import Node
from chainrule.core.tensor import LEAF, Tensor
from chainrule.nn.parameter import Parameter
from chainrule.see.history.figures import RAW
from chainrule.see.history.names import Names

if TYPE_CHECKING:
    from chainrule.see.history.numbers import Birth

_STEMS = {"parameter": "w", "input": "x", "constant": "c", "step": "v"}


class Ancestor:
    """A value of the history: a leaf, a constant, or (a result of) an operation."""

    __slots__ = (
        "first_use", "flows", "freed", "grad", "inputs", "kind", "label", "name", "named", "node", "tensor",
        "users", "value",
    )  # fmt: skip

    def __init__(self, kind: str, node: Any = None, tensor: Tensor | None = None, value: Any = None) -> None:
        self.kind = kind  # "parameter", "input", "constant" or "step"
        self.node, self.tensor, self.value = node, tensor, value
        self.freed = node is not None and node.saved is None  # as it was when the history was read
        self.label: str | None = None if node is None else node.label
        self.inputs: list[Any] = []  # steps and Python numbers, in the order of the op's arguments
        self.name: str | None = None
        self.named = False  # whether a variable holds it
        self.grad: Any = None
        self.flows: list[Any] | None = None  # per input: (local slope or None, slope times gradient), or None
        self.users = 0
        self.first_use = 0  # the number of the node that took it first

    @property
    def op(self) -> Any:
        """The operation, of a step."""
        return self.node.op

    @property
    def called(self) -> str:
        """What the operation is called: by the composite that ended in it, if it has a name."""
        if not self.label:
            return str(self.op.name)
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", self.label.split("Backward")[0]).lower()

    @property
    def attrs(self) -> dict[str, Any]:
        """The operation's attributes."""
        return self.node.attrs or {}

    @property
    def shape(self) -> tuple[int, ...] | None:
        """The shape, where it is known."""
        a = self.grad if self.value is None else self.value
        return None if a is None else tuple(a.shape)


class History:
    """All that led to a tensor: `leaves`, `constants` and `steps`, each after those that it needs.

    Values, slopes and gradients are there after `numbers.compute`. Of several results, `y` and `more`, the gradients
    are those of their sum.
    """

    def __init__(self, y: Tensor, names: Names, more: Sequence[Tensor] = ()) -> None:
        for t in (y, *more):
            if not isinstance(t, Tensor):
                raise TypeError(say("a tensor is needed that was just computed, but got {kind}", kind=type(t).__name__))
            if not isinstance(t._a, RAW):
                raise RuntimeError(say("this tensor is being traced and has no numbers yet: look at it outside"))
        self.y, self.more, self.names = y, more, names
        self.leaves: list[Ancestor] = []
        self.constants: list[Ancestor] = []
        self.steps: list[Ancestor] = []
        self.by_id: dict[int, Ancestor] = {}  # of nodes and of leaf tensors
        self.freed = False  # whether backward has let go of what the rules read
        self.changed: Ancestor | None = None  # a value that the rules read was changed in place since
        self.born: Birth | None = None
        self.born_back: Birth | None = None
        self.gradients: dict[int, Any] = {}  # of the leaves, by id
        self.result_is_bad = self.gradient_is_bad = False  # whether a number there is NaN or infinite
        self._read()
        if any(t._a.dtype.kind == "c" for t in (y, *more)) or any(map(_of_complex, (*self.leaves, *self.steps))):
            raise NotImplementedError(
                say("this value came about with complex numbers, which are not explained or drawn")
            )
        self.results = [self._result(t) for t in (y, *more)]
        self.result = self.results[0]
        self._name()

    @property
    def title(self) -> str:
        """What is differentiated: the name of the result, or the sum of the names of several."""
        return " + ".join(dict.fromkeys(str(step.name) for step in self.results))

    def _result(self, y: Tensor) -> Ancestor:
        step = self._source(y if y._g is LEAF else y._g) if y._g is not None else Ancestor("constant", None, y, y._a)
        step.value = y._a
        return step

    # Reading the tape -----------------------------------------------------------------------------------------------

    def _read(self) -> None:
        found: dict[int, Node] = {}
        stack = [t._g for t in (self.y, *self.more)]
        while stack:
            node = stack.pop()
            if isinstance(node, Node) and node.id not in found:
                found[node.id] = node
                stack.extend(node.edges)
        constants: dict[int, Ancestor] = {}
        for number in sorted(found):
            node = found[number]
            step = self.by_id[id(node)] = Ancestor("step", node)
            self.steps.append(step)
            saved, kept = node.saved or (), node.kept
            aligned = hasattr(node.op, "kernel")  # a custom function saves what it likes
            for i, e in enumerate(node.edges):
                if e is not None:
                    source = self._source(e)
                    source.first_use = source.first_use or number
                    source.users += 1
                    step.inputs.append(source)
                    continue
                given = saved[i] if aligned and i < len(saved) else None
                tensor = kept[i] if aligned and i < len(kept) else None
                step.inputs.append(self._constant(given, tensor, node, constants))
            self._note_saved(step, aligned)

    def _source(self, e: Any) -> Ancestor:
        step = self.by_id.get(id(e))
        if step is None:  # a leaf: nodes come in order
            kind = "parameter" if isinstance(e, Parameter) else "input"
            step = self.by_id[id(e)] = Ancestor(kind, None, e, e._a)
            self.leaves.append(step)
        return step

    def _constant(self, given: Any, tensor: Any, node: Node, known: dict[int, Ancestor]) -> Any:
        """An argument that no gradient flows to: a number as it is, else a step of its own."""
        name = self.names.of(tensor) if tensor is not None else None
        if isinstance(given, RAW) and not given.shape and name is None:
            return given.item()
        if given is None and (not isinstance(node.op, Elementwise) or len(node.edges) > 2 or node.saved is None):
            return None  # an argument that was left out, or has been freed
        if not isinstance(given, RAW) and not hasattr(given, "shape") and given is not None:
            return given
        key = id(given) if isinstance(given, RAW) and tensor is None else id(tensor) if tensor is not None else None
        step = known.get(key) if key is not None else None
        if step is None:
            step = Ancestor("constant", None, tensor, given if isinstance(given, RAW) else None)
            self.constants.append(step)
            if key is not None:
                known[key] = step
        step.users += 1
        return step

    def _note_saved(self, step: Ancestor, aligned: bool) -> None:
        node = step.node
        if node.saved is None:
            self.freed = True
            return
        if not aligned:
            return
        for i, t in enumerate(node.kept):
            if t is not None and t._v is not None and t._v.stamp > node.id:
                self.changed = self.changed or step
                if i < len(step.inputs) and isinstance(step.inputs[i], Ancestor):
                    step.inputs[i].value = None
                return
        for source, given in zip(step.inputs, node.saved):
            if (
                isinstance(source, Ancestor)
                and source.kind == "step"
                and source.value is None
                and isinstance(given, RAW)
            ):
                source.value = given
        last = node.saved[-1] if node.saved else None
        if all(isinstance(a, RAW) for a in (last if isinstance(last, tuple) else (last,))):
            step.value = last

    def _name(self) -> None:
        for step in (*self.leaves, *self.constants):
            step.name = self.names.of(step.tensor) if step.tensor is not None else None
        for tensor, name in self.names.computed():
            step = self.by_id.get(id(tensor._g))  # type: ignore[assignment]
            if step is not None:
                step.name = step.name or name
                if step.value is None and (tensor._v is None or tensor._v.stamp < step.node.id):
                    step.value = tensor._a
        everything = (*self.leaves, *self.constants, *self.steps)
        taken = {step.name for step in everything if step.name is not None}
        for result, y in zip(self.results, (self.y, *self.more)):
            result.name = result.name or self.names.of(y)
            if result.name is None:
                result.name = next(n for n in chain("yzf", _numbered("y")) if n not in taken)
                taken.add(result.name)
        for step in everything:
            step.named = step.name is not None
        for kind, stem in _STEMS.items():
            of_kind = [step for step in everything if step.kind == kind and not step.named]
            alone = [stem] if len(of_kind) == 1 and kind != "step" else []
            fresh = (n for n in chain(alone, _numbered(stem)) if n not in taken)
            for step in of_kind:
                step.name = next(fresh)


def _of_complex(step: Ancestor) -> bool:
    """Whether it is a complex leaf, or takes complex operands alone, as all do that lead back to real numbers."""
    if step.node is None:
        return bool(step.value.dtype.kind == "c")
    return bool(getattr(step.op, "columns", {}).get("complex") == "only")


def count_nodes(results: Sequence[Tensor]) -> int:
    """How many operations the history of some tensors has."""
    seen: set[int] = set()
    stack = [y._g for y in results]
    while stack:
        node = stack.pop()
        if isinstance(node, Node) and node.id not in seen:
            seen.add(node.id)
            stack.extend(node.edges)
    return len(seen)


def step_keys(steps: Sequence[Ancestor]) -> list[Hashable]:
    """What two steps have in common that do the same in two rounds of a loop: their op, and how far off inputs are."""
    place = {id(step): i for i, step in enumerate(steps)}

    def origin(x: Any, i: int) -> Hashable:
        if not isinstance(x, Ancestor):
            return None if x is None else "number"
        return min(i - place[id(x)], 99) if x.kind == "step" else x.name if x.kind == "parameter" else x.kind

    return [(step.op.name, *[origin(x, i) for x in step.inputs]) for i, step in enumerate(steps)]


def _numbered(stem: str) -> Iterator[str]:
    return (f"{stem}{n}" for n in count(1))
