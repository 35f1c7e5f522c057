"""Custom functions: a forward and a backward of the user's own, as one node of the graph.

`apply` runs `forward` with recording off and puts a node behind its results. What the two sides share is a context: a
plain object, so that any attribute may be set on it. The node holds the context; the context knows the node weakly, and
the values saved for backward lie in the node, where the engine frees them like those of any other.
"""

from __future__ import annotations

import functools
import inspect
import warnings
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.base import errors
from chainrule.core.inplace import refuse_leaf
from chainrule.core.op import REGISTRY
from chainrule.core.parts import Pick
from chainrule.core.state import current, mode
from chainrule.core.tape import Meta, Node, edge, note_origin, payload, rebind, stale_value
from chainrule.core.tensor import Tensor, Version, wrap

_INSTANTIATED = (
    "{} should not be instantiated. Methods on autograd functions are all static, so you should "
    "invoke them on the class "
    "itself. Instantiating an autograd function will raise an error in a future version of PyTorch."
)
_CALLED = (
    "Legacy autograd function with non-static forward method is deprecated. Please use new-style "
    "autograd function with "
    "static forward method. (Example: https://pytorch.org/docs/stable/autograd.html#torch.autograd.Function)"
)
NO_BACKWARD = (
    "You must implement either the backward or vjp method for your custom autograd.Function to use it with backward "
    "mode AD."
)
NO_JVP = "You must implement the jvp function for custom autograd.Function to use it with forward mode AD."
TWICE = "trying to differentiate twice a function that was marked with @once_differentiable"


class FunctionCtx:
    """What `forward` hands to `backward`: saved tensors, flags, and whatever attributes are set on it."""

    needs_input_grad: tuple[bool, ...] = ()
    materialize_grads = True
    _to_save: tuple[Any, ...] = ()
    _to_save_forward: tuple[Any, ...] = ()
    _dirty: tuple[Tensor, ...] = ()
    _fixed: tuple[Tensor, ...] = ()
    _in_jvp = False
    _node: Callable[[], Any] = staticmethod(lambda: None)

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep inputs and results for `backward`, which finds them in `saved_tensors` and refuses changed ones."""
        self._to_save = _only_tensors("save_for_backward", tensors)

    def save_for_forward(self, *tensors: Tensor | None) -> None:
        """Keep inputs and results for `jvp`, which finds them in `saved_tensors`."""
        self._to_save_forward = _only_tensors("save_for_forward", tensors)

    def mark_dirty(self, *tensors: Tensor) -> None:
        """Say which inputs `forward` has changed in place (and returns)."""
        self._dirty = tensors

    def mark_non_differentiable(self, *tensors: Tensor) -> None:
        """Say which results no gradient flows through."""
        self._fixed = tensors

    def set_materialize_grads(self, value: bool) -> None:
        """Whether `backward` and `jvp` get zeros (the default) or None where no gradient arrives."""
        self.materialize_grads = value

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """What was saved; raises if it has been freed, or changed in place since."""
        node = self._node()
        if self._in_jvp and self._to_save_forward:
            return self._to_save_forward
        if node is None:
            return self._to_save
        if node.saved is None:
            raise RuntimeError(errors.freed())
        return tuple(s.unpack(node) if isinstance(s, _Saved) else s for s in node.saved)

    @property
    def saved_variables(self) -> tuple[Any, ...]:
        """The old name of `saved_tensors`."""
        warnings.warn("'saved_variables' is deprecated; use 'saved_tensors'", DeprecationWarning, stacklevel=2)
        return self.saved_tensors


def _only_tensors(what: str, tensors: tuple[Any, ...]) -> tuple[Any, ...]:
    for i, x in enumerate(tensors):
        if x is not None and not isinstance(x, Tensor):
            raise TypeError(f"{what} can only save variables, but argument {i} is of type {type(x).__name__}")
    return tensors


class _Saved:
    """A saved tensor: an input itself, or a result without the tensor, which would close a cycle."""

    def __init__(self, x: Tensor, result: int | None) -> None:
        if x._frozen:
            raise RuntimeError(errors.INFERENCE_SAVED)
        self.result, self.payload = result, x._a
        self.held: Any = x if result is None else _version(x)

    def unpack(self, node: Node) -> Tensor:
        v = self.held._v
        if v is not None and v.stamp > node.id:
            raise RuntimeError(stale_value(self.payload, node, v))
        if self.result is None:
            return self.held  # type: ignore[no-any-return]
        t = wrap(self.payload, node if node.op.outputs == 1 else Pick(node, self.result))
        t._v, t._t = v, v.tangents
        return t


def _version(x: Tensor) -> Version:
    x._v = x._v or Version()
    return x._v


class _FunctionOp:
    """What the engine asks of a node's op; a custom function's node itself knows its rule."""

    d = times = rules = transpose = None
    frees = differentiable = True
    names_late = False

    def __init__(self, name: str, outputs: int) -> None:
        self.name, self.grad_name, self.outputs = name, f"{name}Backward", outputs


class FunctionNode(Node):
    """The node behind a custom function's results, newer than any change made in `forward`.

    Attributes that it lacks are its context's.
    """

    namespace = "torch.autograd.function"

    def __init__(self, cls: type[Function], ctx: FunctionCtx, args: Sequence[Any], outs: Sequence[Any]) -> None:
        super().__init__(_FunctionOp(cls.__name__, len(outs)), tuple(edge(x) for x in args), (), ())  # type: ignore[arg-type]
        self.function, self.ctx = cls, ctx
        self.inputs = [Meta(x._a) if isinstance(x, Tensor) else None for x in args]
        self.results = [Meta(t._a) if isinstance(t, Tensor) else None for t in outs]
        place = {id(t): i for i, t in enumerate(outs)}
        own = {id(x) for x in args} - {id(x) for x in ctx._dirty}
        self.saved = tuple(
            None if x is None else _Saved(x, None if id(x) in own else place.get(id(x))) for x in ctx._to_save
        )
        ctx._node = weakref.ref(self)
        ctx._to_save = ()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "ctx":
            raise AttributeError(name)
        return getattr(self.ctx, name)

    def pull(self, g: Any, args: Any, out: Any, needs: Any) -> list[Any]:
        """Run the user's backward, on tensors; on raw payloads with recording off."""
        gs = g if self.op.outputs > 1 else (g,)
        tensors = any(isinstance(x, Tensor) for x in gs)
        with mode(grad=tensors and current().grad):
            given = [x if x is None or tensors else wrap(x) for x in gs]
            if self.ctx.materialize_grads:
                given = [_zeros(m) if x is None and m is not None else x for x, m in zip(given, self.results)]
            got = self.function._pullback()(self.ctx, *given)
            got = self._checked(got if isinstance(got, tuple) else (got,))
            pulled = [
                self._fitted(i, x) if need and x is not None else None for i, (x, need) in enumerate(zip(got, needs))
            ]
        return [x if x is None or tensors else payload(x).view() for x in pulled]  # a view: others may hold the array

    def _checked(self, got: tuple[Any, ...]) -> tuple[Any, ...]:
        n = len(self.inputs)
        if len(got) < n or any(x is not None for x in got[n:]):
            raise RuntimeError(
                f"function {self.name()} returned an incorrect number of gradients (expected {n}, got {len(got)})"
            )
        for i, (x, m) in enumerate(zip(got, self.inputs)):
            if x is not None and m is None:
                raise RuntimeError(
                    f"function {self.name()} returned a gradient different than None at position {i + 1}, but the "
                    "corresponding forward input was not a Variable"
                )
            if x is not None and not isinstance(x, Tensor):
                raise RuntimeError(f"expected Variable or None (got {type(x).__name__})")
        return got[:n]

    def _fitted(self, i: int, x: Tensor) -> Any:
        """A gradient in its input's shape and dtype."""
        m: Any = self.inputs[i]
        have, want = x._a.shape, m.shape
        if have != want:
            lead = len(have) - len(want)
            if lead < 0 or any(w not in (1, h) for h, w in zip(have[lead:], want)):
                raise RuntimeError(
                    f"Function {self.name()} returned an invalid gradient at index {i} - got {list(have)} but expected "
                    f"shape compatible with {list(want)}"
                )
            x = REGISTRY["sum_to"](x, shape=want)
        return x if x._a.dtype == m.dtype else REGISTRY["cast"](x, dtype=m.dtype)


def _zeros(m: Meta) -> Tensor:
    return wrap(np.zeros(m.shape, m.dtype)[()])


class Function:
    """Base of custom functions: write `forward` and `backward` as static methods, call it through `apply`.

    >>> import chainrule as cr
    >>> class Cube(cr.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return x**3
    ...
    ...     @staticmethod
    ...     def backward(ctx, g):
    ...         (x,) = ctx.saved_tensors
    ...         return g * 3 * x**2
    >>> x = cr.tensor(2.0, requires_grad=True)
    >>> Cube.apply(x)
    tensor(8., grad_fn=<CubeBackward>)
    >>> Cube.apply(x).backward()
    >>> x.grad
    tensor(12.)
    """

    generate_vmap_rule = False  # `vmap` needs no rule: it runs the function for each sample

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        warnings.warn(_INSTANTIATED.format(type(self)), DeprecationWarning, stacklevel=2)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeError(_CALLED)

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """Compute the results: `forward(ctx, *inputs)`, or `forward(*inputs)` where there is a `setup_context`."""
        raise NotImplementedError("You must implement the forward function for custom autograd.Function.")

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> Any:
        """Fill the context, after a `forward` that does not take it."""
        raise NotImplementedError("setup_context is not implemented.")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """The gradient of each input (None for those without) from the gradient of each result."""
        raise NotImplementedError(NO_BACKWARD)

    vjp = backward

    @staticmethod
    def jvp(ctx: Any, *grad_inputs: Any) -> Any:
        """The tangent of each result from the tangent of each input."""
        raise NotImplementedError(NO_JVP)

    @classmethod
    def _pullback(cls) -> Callable[..., Any]:
        if cls.backward is Function.backward:
            return cls.vjp
        if cls.vjp is not Function.vjp:
            raise RuntimeError(
                "Implementing both 'backward' and 'vjp' for a custom Function is not allowed. You "
                "should only implement one "
                "of them."
            )
        return cls.backward

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Call the function on these inputs, tensors or not, and record it."""
        ctx = FunctionCtx()
        ctx.needs_input_grad = tuple(isinstance(x, Tensor) and x._g is not None for x in args)
        with mode(grad=False, levels=()):
            if cls.setup_context is Function.setup_context:
                if kwargs:
                    raise TypeError(f"{cls.__name__}.apply() takes no keyword arguments")
                got = cls.forward(ctx, *args)
            else:
                bound = inspect.signature(cls.forward).bind(*args, **kwargs)
                bound.apply_defaults()
                args = bound.args
                got = cls.forward(*args)
                cls.setup_context(ctx, args, got)
        outs = _connect(cls, ctx, args, got if isinstance(got, tuple) else (got,))
        return tuple(outs) if isinstance(got, tuple) else outs[0]


def _connect(cls: type[Function], ctx: FunctionCtx, args: Sequence[Any], raw: Sequence[Any]) -> list[Any]:
    """The results as the caller gets them: with a history, and with tangents under forward mode."""
    m = current()
    outs = list(raw)
    if m.grad and any(ctx.needs_input_grad):
        node = FunctionNode(cls, ctx, args, raw)
        fixed = {id(x) for x in ctx._fixed}
        for i, x in enumerate(raw):
            if isinstance(x, Tensor) and id(x) not in fixed and x._a.dtype.kind in "fc":
                outs[i] = _recorded(x, node if len(raw) == 1 else Pick(node, i), any(x is y for y in ctx._dirty))
        if m.anomaly:
            note_origin(tuple(t for t in outs if isinstance(t, Tensor)))
    for i, level in enumerate(m.levels):
        tangents = [x._t.get(level) if isinstance(x, Tensor) and x._t else None for x in args]
        if any(t is not None for t in tangents):
            with mode(levels=m.levels[:i]):
                _push(cls, ctx, args, tangents, raw, outs, level)
    return outs


def _recorded(x: Tensor, history: Node, dirty: bool) -> Tensor:
    if dirty:
        refuse_leaf(x, history.name())
        rebind(x, history, REGISTRY["view_scatter"])
        return x
    t = wrap(x._a, history)  # another tensor on the same memory: x may be an input, or anybody's
    t._v = _version(x)
    return t


def _push(
    cls: type[Function],
    ctx: FunctionCtx,
    args: Sequence[Any],
    tangents: list[Any],
    raw: Any,
    outs: list[Any],
    level: int,
) -> None:
    """Give the results their tangents at one level, by the user's `jvp`."""
    if ctx.materialize_grads:
        tangents = [
            _zeros(Meta(x._a)) if t is None and isinstance(x, Tensor) and x._a.dtype.kind == "f" else t
            for x, t in zip(args, tangents)
        ]
    place = {id(x): i for i, x in enumerate(raw) if isinstance(x, Tensor)}
    forward = tuple(outs[place[id(x)]] if id(x) in place else x for x in ctx._to_save_forward)
    ctx._to_save_forward, ctx._in_jvp = forward, True
    try:
        got = cls.jvp(ctx, *tangents)
    finally:
        ctx._in_jvp = False
    got = got if isinstance(got, tuple) else (got,)
    if len(got) != len(outs):
        raise RuntimeError(
            f"the jvp of {cls.__name__} returned an incorrect number of tangents (expected {len(outs)}, got {len(got)})"
        )
    for i, (t, tangent) in enumerate(zip(outs, got)):
        if tangent is None or not isinstance(t, Tensor) or t._a.dtype.kind != "f":
            continue
        if tangent._a.shape != t._a.shape:
            raise RuntimeError(
                f"the jvp of {cls.__name__} returned a tangent of shape {list(tangent._a.shape)} for "
                f"result {i} of shape "
                f"{list(t._a.shape)}"
            )
        t._t = {**(t._t or {}), level: tangent}
        _version(t).tangents = t._t


def once_differentiable(backward: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a `backward` that is not written in differentiable operations: differentiating it again raises."""

    @functools.wraps(backward)
    def call(ctx: Any, *grads: Any) -> Any:
        with mode(grad=False):
            got = backward(ctx, *grads)
        node = ctx._node()
        if not current().grad or node is None:
            return got
        edges = tuple(e for e in (*map(edge, grads), *node.edges) if e is not None)
        outs = got if isinstance(got, tuple) else (got,)
        marked = tuple(wrap(x._a, Node(_ONCE, edges, (), ())) if isinstance(x, Tensor) else x for x in outs)
        return marked if isinstance(got, tuple) else marked[0]

    return call


class _OnceOp(_FunctionOp):
    """The op behind gradients that cannot be differentiated."""

    def vjp(self, *_: Any) -> Any:
        raise RuntimeError(TWICE)


_ONCE: Any = _OnceOp("DelayedError", 1)
