"""`Tensor.backward`, `autograd.backward`, `autograd.grad`, hooks, and the switches that turn recording on and off."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.api.public import install
from chainrule.base import errors
from chainrule.core import engine
from chainrule.core.op import REGISTRY
from chainrule.core.state import MODE, NO_GRAD, Mode, changed, current, mode_now
from chainrule.core.tape import Node, Removable, Watch
from chainrule.core.tensor import Tensor, wrap

Tensors = Tensor | Sequence[Tensor]


def _seed(y: Tensor, g: Any, i: int) -> Tensor:
    """The gradient to start from at output y: what was given, or 1 for a single number."""
    if not isinstance(y, Tensor):
        raise TypeError(f"backward needs tensors, but output {i} is a {type(y).__name__}")
    if y._g is None:
        kind = "" if y._a.dtype.kind in "fc" else str(y.dtype)  # type: ignore[attr-defined]
        raise RuntimeError(errors.no_history(i, kind, current().grad))
    a = y._a
    if g is None:
        if type(a) is np.ndarray:
            if a.size != 1:
                raise RuntimeError(errors.not_scalar(a.shape))
            if a.dtype.kind == "c":
                raise RuntimeError(_COMPLEX.format(y.dtype))  # type: ignore[attr-defined]
            return wrap(np.ones(a.shape, a.dtype) if a.shape else a.dtype.type(1))
        if a.dtype.kind == "c":
            raise RuntimeError(_COMPLEX.format(y.dtype))  # type: ignore[attr-defined]
        return wrap(_ONES.get(type(a)) or REGISTRY["ones_like"](a))
    if not isinstance(g, Tensor):
        raise TypeError(f"gradients can be either Tensors or None, but got {type(g).__name__}")
    if g._a.shape != a.shape:
        raise RuntimeError(
            f"Mismatch in shape: grad_output[{i}] has a shape of {g.shape} and output[{i}] has a shape of {y.shape}."
        )
    if g._a.dtype is not a.dtype:
        raise RuntimeError(f"grad_output[{i}] has dtype {g.dtype}, but output[{i}] has dtype {y.dtype}.")
    return g


_COMPLEX = (
    "grad can be implicitly created only for real scalar outputs but got {}: take .abs() or .real of it for a loss, or "
    "pass a gradient of its own to backward()"
)
_ONES = {np.float32: np.float32(1), np.float64: np.float64(1)}


def _tuple(x: Any) -> tuple[Any, ...]:
    return tuple(x) if isinstance(x, (tuple, list)) else (x,)


def backward(
    tensors: Tensors,
    grad_tensors: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    grad_variables: Any = None,
    inputs: Any = None,
) -> None:
    """Add the gradients of `tensors` to the `.grad` of the leaves they were computed from.

    tensors: outputs, each a single number unless `grad_tensors` gives its weights.
    retain_graph: keep what was saved, for another backward. Default: `create_graph`.
    create_graph: record the backward pass, so that gradients can be differentiated again.
    inputs: accumulate into these tensors only.
    """
    outputs = _tuple(tensors)
    given = _tuple(grad_tensors) if grad_tensors is not None else (None,) * len(outputs)
    if len(given) != len(outputs):
        raise RuntimeError(f"got {len(outputs)} tensors and {len(given)} gradients")
    seeds = [_seed(y, g, i) for i, (y, g) in enumerate(zip(outputs, given))]
    if inputs is not None:
        inputs = _tuple(inputs)
        if not inputs:
            raise RuntimeError("`inputs` argument to `backward()` cannot be empty.")
        _check_inputs(inputs)
    engine.backward(outputs, seeds, create_graph if retain_graph is None else retain_graph, create_graph, inputs)


def _check_inputs(inputs: Sequence[Any]) -> None:
    for x in inputs:
        if not isinstance(x, Tensor):
            raise TypeError(f"gradients are asked for tensors, but one of the inputs is a {type(x).__name__}")
        if x._g is None:
            raise RuntimeError("One of the differentiated Tensors does not require grad")


def grad(
    outputs: Tensors,
    inputs: Tensors,
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Any, ...]:
    """The gradients of `outputs` at `inputs`, as a tuple; no `.grad` is touched.

    >>> import chainrule as cr
    >>> x = cr.tensor(3.0, requires_grad=True)
    >>> (slope,) = cr.autograd.grad(x**2, x, create_graph=True)
    >>> cr.autograd.grad(slope, x)
    (tensor(2.),)
    """
    ys, xs = _tuple(outputs), _tuple(inputs)
    if is_grads_batched:
        return _batched(ys, xs, _tuple(grad_outputs), retain_graph, create_graph, allow_unused, materialize_grads)
    given = _tuple(grad_outputs) if grad_outputs is not None else (None,) * len(ys)
    if len(given) != len(ys):
        raise RuntimeError(f"got {len(ys)} tensors and {len(given)} gradients")
    seeds = [_seed(y, g, i) for i, (y, g) in enumerate(zip(ys, given))]
    if materialize_grads and allow_unused is False:
        raise ValueError("Expected allow_unused to be True or not passed when materialize_grads=True, but got: False.")
    _check_inputs(xs)
    got = engine.gradients(
        ys,
        xs,
        seeds,
        retain=retain_graph,
        create_graph=create_graph,
        allow_unused=bool(allow_unused) or materialize_grads,
    )
    if materialize_grads:
        return tuple(wrap(np.zeros_like(x._a)) if g is None else g for g, x in zip(got, xs))
    return tuple(got)


def _batched(ys: Any, xs: Any, vs: Any, retain: Any, create: bool, unused: Any, zeros: bool) -> tuple[Any, ...]:
    from chainrule.core.op import REGISTRY

    n = vs[0]._a.shape[0]
    rows = [
        grad(ys, xs, [v[i] for v in vs], True if i < n - 1 else retain, create, True, unused, False, zeros)
        for i in range(n)
    ]
    return tuple(None if c[0] is None else REGISTRY["stack"](*c, dim=0) for c in zip(*rows))


@install
class _Backward:
    def backward(
        self: Tensor,
        gradient: Any = None,
        retain_graph: bool | None = None,
        create_graph: bool = False,
        inputs: Any = None,
    ) -> None:
        """Add the gradients of this tensor to the `.grad` of the leaves it was computed from.

        Arguments
            gradient: what multiplies the Jacobian from the left, of this tensor's shape; 1 for a single number
            retain_graph: keep what the slopes are computed from, for another backward; as `create_graph` if None
            create_graph: record the gradients too, so that they have derivatives
            inputs: the tensors whose `.grad` is wanted, in the place of all leaves

        Raises RuntimeError if nothing was recorded, if the graph was let go of by an earlier call, or if there are
        several numbers and no `gradient`; no `.grad` has changed then.

        >>> import chainrule as cr
        >>> x = cr.tensor(3.0, requires_grad=True)
        >>> (x**2).backward()
        >>> x.grad
        tensor(6.)
        """
        a = self._a
        one = _ONES.get(type(a))
        if one is None and type(a) is np.ndarray and a.size == 1:
            one = np.empty_like(a)
            one.fill(1)
        if one is None or gradient is not None or create_graph or inputs is not None or mode_now() is not None:
            backward(self, gradient, retain_graph, create_graph, inputs=inputs)
        elif isinstance(self._g, Node):
            engine.backward_from(self._g, one, bool(retain_graph))
        else:
            backward(self)

    def register_hook(self: Tensor, hook: Callable[[Tensor], Tensor | None]) -> Removable:
        """Call `hook(grad)` when this tensor's gradient is known; what it returns replaces the gradient."""
        if self._g is None:
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
        if isinstance(self._g, Node):
            self._g.watch = self._g.watch or Watch()
            return Removable(self._g.watch.hooks, hook)
        hooks: dict[int, Any] = {} if self._hooks is None else self._hooks
        self._hooks = hooks
        return Removable(hooks, hook)

    def register_post_accumulate_grad_hook(self: Tensor, hook: Callable[[Tensor], None]) -> Removable:
        """Call `hook(tensor)` after a leaf's gradient was accumulated."""
        if isinstance(self._g, Node) or self._g is None:
            raise RuntimeError("post accumulate grad hooks cannot be registered on non-leaf tensors")
        hooks: dict[int, Any] = {} if self._after is None else self._after
        self._after = hooks
        return Removable(hooks, hook)


class _Switch:
    """A context manager and decorator that changes the mode in force; re-entrant, restored even after an exception."""

    def __init__(self, **changes: Any) -> None:
        self.changes = changes
        self.tokens: list[Any] = []

    def __enter__(self) -> None:
        self.tokens.append(MODE.set(changed(**self.changes)))

    def __exit__(self, *_: Any) -> None:
        MODE.reset(self.tokens.pop())

    def __call__(self, f: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(f)
        def call(*args: Any, **kwargs: Any) -> Any:
            with type(self)._again(self):
                return f(*args, **kwargs)

        return call

    def _again(self) -> _Switch:
        return _Switch(**self.changes)


class no_grad(_Switch):
    """Record nothing inside: `with no_grad():` or `@no_grad()`. What is computed there requires no gradients.

    >>> import chainrule as cr
    >>> x = cr.tensor(3.0, requires_grad=True)
    >>> with cr.no_grad():
    ...     y = x**2
    >>> y.requires_grad
    False
    """

    def __init__(self) -> None:
        super().__init__(grad=False)

    def __enter__(self) -> None:
        m = MODE.get()
        self.tokens.append(MODE.set(NO_GRAD if m is None or m is NO_GRAD else changed(grad=False)))

    def __new__(cls, f: Callable[..., Any] | None = None) -> Any:
        self = super().__new__(cls)
        if f is not None:  # @no_grad without parentheses
            self.__init__()  # type: ignore[misc]
            return self(f)
        return self


class enable_grad(_Switch):
    """Record inside, also within `no_grad`."""

    def __init__(self) -> None:
        super().__init__(grad=True)

    def __new__(cls, f: Callable[..., Any] | None = None) -> Any:
        self = super().__new__(cls)
        if f is not None:
            self.__init__()  # type: ignore[misc]
            return self(f)
        return self


class inference_mode(_Switch):
    """As `no_grad`, and what is made inside may never take part in a recorded computation."""

    def __init__(self, mode: bool = True) -> None:
        super().__init__(grad=not mode and current().grad, inference=mode)

    def __new__(cls, mode: Any = True) -> Any:
        self = super().__new__(cls)
        if callable(mode):
            self.__init__()  # type: ignore[misc]
            return self(mode)
        return self


class set_grad_enabled(_Switch):
    """Turn recording on or off: at once, until the end of a `with` block if it is used as one."""

    def __init__(self, mode: bool) -> None:
        super().__init__(grad=bool(mode))
        self.before: Mode | None = MODE.get()
        MODE.set(changed(grad=bool(mode)))

    def __enter__(self) -> None:
        MODE.set(changed(grad=self.changes["grad"]))

    def __exit__(self, *_: Any) -> None:
        MODE.set(self.before)

    def __call__(self, f: Callable[..., Any]) -> Callable[..., Any]:
        MODE.set(self.before)
        return super().__call__(f)


class detect_anomaly(_Switch):
    """Remember where each operation was called, and stop at the first NaN in a backward pass, naming that place."""

    def __init__(self, check_nan: bool = True) -> None:
        super().__init__(anomaly=True, check_nan=check_nan)


class set_detect_anomaly(detect_anomaly):
    """Turn anomaly detection on or off: at once, until the end of a `with` block if it is used as one."""

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        _Switch.__init__(self, anomaly=mode, check_nan=check_nan)
        self.before = MODE.get()
        MODE.set(changed(**self.changes))

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: Any) -> None:
        MODE.set(self.before)


def is_grad_enabled() -> bool:
    """Whether operations are recorded."""
    return current().grad


def is_inference_mode_enabled() -> bool:
    """Whether inference mode is on."""
    return current().inference
