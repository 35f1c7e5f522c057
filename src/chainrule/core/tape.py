"""The tape: nodes that remember what was computed, and the history of views and in-place changes.

A node holds its op, an edge for each input (the node that made the input; the tensor itself where it is a leaf; None
where no gradient flows), and just those values that the derivative rule reads, twice: `saved` are payloads, on which
the rule runs when no graph of the gradient is wanted; `kept` are the tensors they came from, for the check that nothing
was changed meanwhile and for rules that are themselves recorded. A kept result is its version alone: the tensor itself
would close a cycle.
"""

from __future__ import annotations

import functools
import itertools
import weakref
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from chainrule.base import dtypes, errors
from chainrule.base.language import say
from chainrule.core.registry import Attrs
from chainrule.core.state import MODE, draw, mode_now
from chainrule.core.tensor import LEAF, Tensor, Version, blame, touch, wrap
from chainrule.core.tracer import Tracer

if TYPE_CHECKING:
    from chainrule.core.op import Op

Hook = Callable[..., Any]  # of tensors, or of a node's gradients
Shapes = Sequence[tuple[int, ...] | None] | None
ViewStep = tuple["Op", Attrs, tuple[int, ...]]  # from a view to the next: op, attributes, shape before
Edge: TypeAlias = "Node | Tensor | None"  # where a gradient goes: the node that made the operand, or the leaf
Shown: TypeAlias = "tuple[Node | AccumulateGrad | _Transposed | None, int]"


class Meta:
    """The shape and dtype of an input whose values the rule does not read."""

    __slots__ = ("dtype", "shape")

    def __init__(self, a: Any) -> None:
        self.shape = a.shape
        self.dtype = a.dtype

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return len(self.shape)


class Node:
    """One recorded operation; what `tensor.grad_fn` shows."""

    label: str | None = None  # the name to print when a composite ended here
    attrs: Attrs | None = None
    watch: Watch | None = None  # hooks and retained gradients
    namespace = "builtins"  # so it shows as `<AddBackward0 object at ...>`
    opened = False  # an argument that a function transform differentiates by: a leaf to the function
    origin: str | None = None  # the traceback of the forward call, under detect_anomaly

    def __init__(
        self, op: Op, edges: tuple[Any, ...], saved: Any, kept: tuple[Any, ...], shapes: Shapes = None
    ) -> None:
        self.op = op
        self.edges = edges
        self.saved = saved  # a payload or None per input, then the result's; None once freed
        self.kept = kept  # a tensor or None per input, then the result's version; empty if there is none
        self.shapes = shapes  # the inputs' shapes where they were broadcast
        self.id = draw()

    def name(self) -> str:
        """The name as PyTorch prints it, such as `MulBackward0`."""
        name = self.label or self.op.grad_name
        return name if isinstance(name, str) else name(self)  # a function of the node where operands decide

    def pull(self, g: Any, args: Sequence[Any], out: Any, needs: Sequence[bool]) -> Sequence[Any]:
        """The gradients of the inputs from the gradient of the result, by the op's rule."""
        return self.op.vjp(g, args, out, self.attrs or {}, needs)

    def named(self) -> Node:
        """This node as users meet it: an object of a class of its own name."""
        cls: Any = type(self)
        name = self.name()
        if cls.__name__ != name:
            self.__class__ = _named_class(cls, name)
        return self

    @property
    def next_functions(self) -> tuple[Shown, ...]:
        """The nodes that the gradients go to, with the number of the result there."""
        edges, name = self.edges, self.name()
        if name in ONE_EDGE:
            edges = edges[:1]
        elif name == "WhereBackward0":  # the condition has no place there
            edges = edges[1:]
        elif name == "AddmmBackward0" and self.op.name == "linear":  # x @ w.T + b as torch has it: b, x, w.T
            x, w, b = edges
            return _shown(b), _shown(x), (None, 0) if w is None else (_Transposed(w).named(), 0)
        return tuple(map(_shown, edges))

    @property
    def metadata(self) -> dict[object, object]:
        """A place for the user's notes."""
        return self.__dict__.setdefault("_metadata", {})  # type: ignore[no-any-return]

    def register_hook(self, hook: Hook) -> Removable:
        """Call `hook(grad_inputs, grad_outputs)` after this node has run."""
        self.watch = self.watch or Watch()
        return Removable(self.watch.node_post, hook)

    def register_prehook(self, hook: Hook) -> Removable:
        """Call `hook(grad_outputs)` before this node runs; what it returns replaces them."""
        self.watch = self.watch or Watch()
        return Removable(self.watch.node_pre, hook)


@functools.cache
def _named_class(base: Any, name: str) -> Any:
    return type(name, (base,), {"__module__": base.namespace})


ONE_EDGE = {"RsubBackward1", "PowBackward0", "ClampBackward1"}  # whose other operands are numbers


def _shown(e: Edge) -> Shown:
    if e is None:
        return None, 0
    if isinstance(e, Node):
        return (e.edges[0].named(), e.index) if hasattr(e, "index") else (e.named(), 0)
    return AccumulateGrad(e), 0


class _Transposed:
    """What `next_functions` shows between a product and the weight that it takes transposed."""

    def __init__(self, edge: Edge) -> None:
        self.next_functions = (_shown(edge),)

    def name(self) -> str:
        """Its name, as PyTorch prints it."""
        return "TBackward0"

    def named(self) -> _Transposed:
        """This as users meet it: an object of a class of its own name."""
        self.__class__ = _named_class(_Transposed, self.name())
        return self

    namespace = "builtins"


class AccumulateGrad:
    """What `next_functions` shows for a leaf: the place where its gradient is added up."""

    __module__ = "builtins"
    next_functions: tuple[Shown, ...] = ()

    def __init__(self, variable: Tensor) -> None:
        self.variable = variable

    def name(self) -> str:
        """Its name, as PyTorch prints it."""
        return "torch::autograd::AccumulateGrad"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AccumulateGrad) and other.variable is self.variable

    def __hash__(self) -> int:
        return id(self.variable)


class Removable:
    """A registered hook; `remove()` takes it away again, as does leaving a `with` block."""

    _keys = itertools.count()

    def __init__(self, hooks: dict[int, Hook], hook: Hook) -> None:
        self.hooks, self.id = hooks, next(self._keys)
        hooks[self.id] = hook

    def remove(self) -> None:
        """Take the hook away."""
        self.hooks.pop(self.id, None)

    def __enter__(self) -> Removable:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()


class Watch:
    """What is to happen when a node's gradient is complete."""

    def __init__(self) -> None:
        self.hooks: dict[int, Callable[[Tensor], Tensor | None]] = {}
        self.retain: weakref.ref[Tensor] | None = None
        self.node_pre: dict[int, Hook] = {}
        self.node_post: dict[int, Hook] = {}

    def keeps(self, x: Tensor) -> bool:
        """Whether `x.retain_grad()` was called."""
        return self.retain is not None and self.retain() is x


def as_leaf(x: Tensor, wanted: bool = True) -> Tensor:
    """Ask for gradients of x, or stop asking."""
    m = mode_now()
    if wanted and m is not None and m.batch is not None:
        m.batch.refuse_leaf()
    x._g = LEAF if wanted else None
    return x


def edge(x: object) -> Edge:
    """Where a gradient for x goes: a node, the leaf itself, or None."""
    if isinstance(x, Tensor):
        g = x._g
        return x if g is LEAF else g
    return None


# ------------------------------------------------------------------------------------------------ views and in-place


def is_leaf(x: Tensor) -> bool:
    """Whether x, or the tensor that x views, is a leaf that gradients were asked for."""
    return any(
        g is LEAF or (isinstance(g, Node) and g.opened) for g in (x._g, x._base._g if x._base is not None else None)
    )


def view_of(base: Tensor, out: Tensor, step: ViewStep) -> None:
    """Make `out` a view: it shares the version, and the root knows it so that in-place changes reach its history."""
    root = base if base._base is None else base._base
    v = base._v
    if v is None:
        base._v = v = Version()
    out._v = v
    if base._wary:
        out._frozen, out._wary = base._frozen, True
    out._base = root
    out._path = base._path + (step,)  # noqa: RUF005 (half the price)
    if root._g is not LEAF:  # there, in-place changes with history are refused
        register(root, (out,))


def register(root: Tensor, views: Iterable[Tensor]) -> None:
    """Let a base know its new views, weakly."""
    refs = root._views
    if refs is None:
        root._views = refs = []
    elif len(refs) > 32 and len(refs) & (len(refs) - 1) == 0:  # prune the dead when the list doubles
        refs[:] = [r for r in refs if r() is not None]
    refs.extend(map(weakref.ref, views))


def replay(root: Tensor, path: tuple[ViewStep, ...]) -> Any:
    """The history of a view of `root`, recorded anew from root's present history."""
    node = edge(root)
    for op, attrs, shape in path if node is not None else ():
        step = Node(op, (node,), (_ShapeOnly(shape, root._a.dtype), None), ())
        step.attrs = attrs
        node = step
    return node


class _ShapeOnly(Meta):
    def __init__(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self.shape, self.dtype = shape, dtype


def reads(result: Tensor, *tensors: Tensor) -> Tensor:
    """Say that the gradient of `result` needs the numbers of these index tensors, which its node has as bare arrays.

    Backward then refuses if one was changed in place meanwhile. Only for a result whose node was made just now.
    """
    node = result._g
    if isinstance(node, Node):
        room = (None,) * (len(node.edges) + 1 - len(node.kept))  # places of the inputs and of the result
        node.kept = (*node.kept, *room, *tensors)
    return result


def rebind(x: Tensor, history: Node, scatter: Op) -> None:
    """Give x, just changed in place, a new history; if it is a view, its base and the base's other views follow."""
    root = x._base
    if root is None:
        _renew(x, history)
    else:
        attrs = {"path": tuple((op, attrs) for op, attrs, _ in x._path)}
        node = Node(scatter, (edge(root), history), (Meta(root._a), Meta(x._a), None), ())
        node.attrs = attrs
        node.label = "CopySlices"
        _renew(root, node)
    for ref in (root if root is not None else x)._views or ():
        view = ref()
        if view is not None and view._frozen is False:
            _renew(view, replay(root if root is not None else x, view._path))


def _renew(x: Tensor, history: Node | None) -> None:
    """Give x another history; the gradient that it retains is that of its new value alone."""
    old, x._g = x._g, history
    if x._retains:
        if isinstance(old, Node) and old.watch is not None and old.watch.keeps(x):
            old.watch.retain = None
        if isinstance(history, Node):
            history.watch = history.watch or Watch()
            history.watch.retain = weakref.ref(x)


def payload(x: Tensor) -> Any:
    """What x holds now: its array, or the graph's value for it under a trace."""
    m = mode_now()
    return x._a if m is None or m.trace is None else m.trace.read(x)


def numbers(x: Any) -> np.ndarray[Any, Any]:
    """The values of a tensor (or array) as an array, for code that decides by them.

    Under a trace they are a constant of the graph, guarded where they come from outside; if they are computed there,
    it raises TraceError.
    """
    m = MODE.get()
    if m is not None and m.trace is not None and isinstance(x, Tensor):
        return m.trace.numbers(x)  # type: ignore[no-any-return]
    return np.asarray(x._a if isinstance(x, Tensor) else x)


def positions(x: Any) -> Any:
    """The integers of an index tensor as an array; under a trace as a graph's value, if they are not constant."""
    m = MODE.get()
    if m is not None and m.trace is not None and isinstance(x, Tensor):
        return m.trace.positions(x)
    a = x._a if isinstance(x, Tensor) else x
    return a if m is not None and m.batch is not None and hasattr(a, "_interpret") else np.asarray(a)


def known(a: object) -> bool:
    """Whether the numbers of a payload can be looked at: not before there are any, while a graph is written."""
    return not isinstance(a, Tracer)


def within(a: Any, low: int, high: int, error: Callable[[Any], Exception]) -> None:
    """Raise `error(a)` unless low <= a < high everywhere; where numbers are not known, a run raises `error(None)`."""
    if not known(a):
        demand((a >= low) & (a < high), lambda: error(None))
    elif a.size and (a.max() >= high or a.min() < low):
        raise error(a)


def by_numpy(name: str, code: Callable[..., Any], *xs: Tensor) -> Tensor:
    """What NumPy code makes of the values of tensors, where the shape of the result does not hang on them.

    There is no gradient. Under a trace the code is run at each run.
    """
    m = MODE.get()
    if m is None or m.trace is None:
        return wrap(np.asarray(code(*[np.asarray(x._a) for x in xs]))[()])
    op, values = m.trace.foreign(name), [m.trace.read(x) for x in xs]
    fixed = all(v.data is not None for v in values)
    return wrap(op(*[v.data if fixed else v for v in values], code=code))


def demand(condition: Any, error: Callable[[], Exception]) -> None:
    """Raise `error()` unless a condition on payloads holds everywhere; under a trace, whenever it does not in a run."""
    while hasattr(condition, "level"):  # of a batch: for each sample
        condition = condition.a
    if isinstance(condition, (bool, np.bool_, np.ndarray)):
        if not np.all(condition):
            raise error()
        return
    m = MODE.get()
    m.trace.demand(condition, error)  # type: ignore[union-attr]


def store(x: Tensor, value: Any, filled: bool = False) -> None:
    """Write a payload into x's memory, converting its dtype.

    filled: all its elements are one number, so they may be written where elements of x share memory.
    """
    m = MODE.get()
    if m is not None and m.trace is not None:
        m.trace.write(x, value)
        return
    a = x._a
    if type(a) is np.ndarray:
        if not a.flags.writeable:
            if not filled and a.size and any(s == 0 and n > 1 for s, n in zip(a.strides, a.shape)):
                raise RuntimeError(errors.SINGLE_MEMORY)
            a = a.view()
            try:
                a.setflags(write=True)  # NumPy's broadcasting made it read-only
            except ValueError:  # as its memory is
                raise RuntimeError(errors.SINGLE_MEMORY) from None
        np.copyto(a, value, casting="unsafe")
    elif isinstance(a, np.generic):
        if isinstance(value, float) and isinstance(a, np.floating):
            x._a = type(a)(value)  # a fifth of the time
        else:
            x._a = value if type(value) is type(a) else np.asarray(value).astype(a.dtype)[()]
    elif hasattr(a, "write"):  # a batch, which several tensors may hold
        a.write(value)
    else:
        x._a = value


def meet(x: Tensor) -> None:
    """Under a trace: x's `.grad` is about to be looked at or changed."""
    m = MODE.get()
    if m is not None and m.trace is not None and x._g is LEAF:
        m.trace.meet(x)


def forget_gradients(tensors: Iterable[Tensor], set_to_none: bool) -> None:
    """What `zero_grad` of an optimiser or a module does: each `.grad` becomes None, or is filled with zeros."""
    m = MODE.get()
    for x in tensors:
        if m is not None and m.trace is not None and set_to_none and x._g is LEAF:
            m.trace.forget(x)
        else:
            meet(x)
        g = x._grad
        if set_to_none:
            x._grad = None
        elif g is not None:
            g._g = None
            store(g, g._a.dtype.type(0))
            touch(g, "zero_grad")


def recording(*tensors: Tensor) -> bool:
    """Whether gradients are on and any of these wants them."""
    m = MODE.get()
    return (m is None or m.grad) and any(t._g is not None for t in tensors)


def note_origin(out: Any) -> None:
    """Remember the forward call's traceback on a fresh node, for `detect_anomaly`."""
    import traceback

    for t in out if isinstance(out, tuple) else (out,):
        if isinstance(t._g, Node):
            t._g.named().origin = "".join(traceback.format_stack()[:-3])


def stale(node: Node, v: Version) -> str:
    """The message for a value that a node kept and an in-place operation changed."""
    at = next(i for i, t in enumerate(node.kept) if t is not None and t._v is v)
    *inputs, last = node.saved
    held = node.kept[at]
    values = [*inputs, *(last if isinstance(last, tuple) else (last,))]
    return stale_value(held._a if isinstance(held, Tensor) else values[at], node, v)


def stale_value(a: Any, node: Node, v: Version) -> str:
    """The message for a payload that backward needs and an in-place operation changed."""
    return (
        "one of the variables needed for gradient computation has been modified by an inplace operation: "
        f"[torch.{dtypes.of(a.dtype).legacy} {list(a.shape)}], needed by {node.name()}, is at "
        f"version {v.count}. "
        + say(
            "It was last changed by {what}. Change a clone() of it, or write x = x + 1 instead of x += 1.",
            what=blame(v),
        )
    )
