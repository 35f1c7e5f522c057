"""Jacobians, Hessians and their products with vectors, of functions of tensors.

Gradients here are those of `autograd.grad`: unless `create_graph` is set, inputs are taken as constants of the outside.
`jvp` and `hvp` differentiate twice (u -> J^T u is linear, and its transpose is J), so that they serve every function
with a backward.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.api.backward import grad
from chainrule.core.conjugate import real
from chainrule.core.op import REGISTRY
from chainrule.core.state import mode
from chainrule.core.tensor import LEAF, Tensor, alias, wrap

__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]

Function = Callable[..., Any]
Tensors = tuple[Tensor, ...]


def vjp(func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """`func(*inputs)` and the product of v with its Jacobian, from the left.

    inputs: a tensor or a tuple of tensors.
    v: of the shapes of the results; may be left out if the result is a single number.
    create_graph: make the results differentiable.
    strict: refuse a result that does not depend on an input, instead of giving zeros.

    >>> import chainrule as cr
    >>> cr.autograd.functional.vjp(lambda x: x**2, cr.tensor([1.0, 2.0]), cr.tensor([1.0, 1.0]))
    (tensor([1., 4.]), tensor([2., 4.]))
    """
    single, xs = _tensors(inputs, "inputs", "vjp")
    with mode(grad=True):
        xs = _start(xs, create_graph)
        one, ys = _call(func, xs, "vjp", strict)
        vs = _vector(v, ys, "vjp", "user-provided function returns a single Tensor with a single element")
        got = _pull(ys, xs, vs, create_graph or strict)
        products = _filled(got, xs, strict, create_graph, _INDEPENDENT, "jacobian")
    return _end(ys, create_graph, one), _end(products, create_graph, single)


def jvp(func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """`func(*inputs)` and the product of its Jacobian with v, of the shapes of the inputs.

    >>> import chainrule as cr
    >>> cr.autograd.functional.jvp(lambda x: x**2, cr.tensor([1.0, 2.0]), cr.tensor([1.0, 1.0]))
    (tensor([1., 4.]), tensor([2., 4.]))
    """
    _, xs = _tensors(inputs, "inputs", "jvp")
    vs = _vector(v, xs, "jvp", "input to the user-provided function is a single Tensor with a single element")
    with mode(grad=True):
        xs = _start(xs, create_graph)
        one, ys = _call(func, xs, "jvp", strict)
        products = _forward(ys, xs, vs, create_graph, strict)
    return _end(ys, create_graph, one), _end(products, create_graph, one)


def _forward(ys: Tensors, xs: Tensors, vs: Tensors, create_graph: bool, strict: bool) -> Tensors:
    """J v, as the derivative of u -> J^T u."""
    us = tuple(_leaf(REGISTRY["zeros_like"](wrap(y._a))) for y in ys)
    pulled = _pull(ys, xs, us, True)
    if strict:
        for i, g in enumerate(pulled):
            if g is None or g._g is None:
                raise RuntimeError(
                    f"The gradient with respect to input {i} is independent of the inputs of the "
                    "user-provided function. "
                    "This is not allowed in strict mode."
                )
    pairs = [(g, v) for g, v in zip(pulled, vs) if g is not None and g._g is not None]
    got = _pull([g for g, _ in pairs], us, [v for _, v in pairs], create_graph)
    message = (
        "The gradient with respect to the input is independent of entry {} in the grad_outputs when using the double "
        "backward trick to compute forward mode gradients. This is not allowed in strict mode."
    )
    return _filled(got, ys, strict, create_graph, message, "jacobian")


def jacobian(
    func: Function,
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:
    """The Jacobian of `func` at `inputs`; of a result of shape s by an input of shape t it has shape s + t.

    One tensor if there is one result and one input; a tuple by result or by input if there are several; if both, a
    tuple by result of tuples by input.
    vectorize: accepted; rows are computed one at a time. strategy: "reverse-mode", or with `vectorize` "forward-mode".

    >>> import chainrule as cr
    >>> cr.autograd.functional.jacobian(lambda x: x**2, cr.tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]])
    """
    _check_strategy(create_graph, strict, vectorize, strategy)
    single, xs = _tensors(inputs, "inputs", "jacobian")
    with mode(grad=True):
        xs = _start(xs, create_graph)
        one, ys = _call(func, xs, "jacobian", strict)
        if strategy == "forward-mode":
            blocks = _by_columns(ys, xs)
        else:
            blocks = tuple(_by_rows(i, y, xs, create_graph, strict) for i, y in enumerate(ys))
    got = tuple(_end(block, create_graph, single) for block in blocks)
    return got[0] if one else got


def _check_strategy(create_graph: bool, strict: bool, vectorize: bool, strategy: str) -> None:
    if strategy not in ("forward-mode", "reverse-mode"):
        raise AssertionError(
            'Expected strategy to be either "forward-mode" or "reverse-mode". Hint: If your function has more outputs '
            'than inputs, "forward-mode" tends to be more performant. Otherwise, prefer to use "reverse-mode".'
        )
    clash = None
    if strategy == "forward-mode":
        clash = "create_graph=True" if create_graph else "strict=True" if strict else None
    if clash:
        raise NotImplementedError(
            f'torch.autograd.functional.jacobian: `{clash}` and `strategy="forward-mode"` are not supported together '
            f'(yet). Please either set `{clash.replace("True", "False")}` or `strategy="reverse-mode"`.'
        )
    if strategy == "forward-mode" and not vectorize:
        raise NotImplementedError(
            "Computing Jacobian using forward-AD or forward-over-reverse Hessian is only implemented "
            "for `vectorize=True`."
        )
    if vectorize and strict:
        raise RuntimeError(
            "torch.autograd.functional.jacobian: `strict=True` and `vectorized=True` are not "
            "supported together. Please "
            "either set `strict=False` or `vectorize=False`."
        )


def _by_rows(i: int, y: Tensor, xs: Tensors, create_graph: bool, strict: bool) -> Tensors:
    """The Jacobians of one result by each input: a backward pass for each of its elements."""
    real("jacobian", y)
    rows = []
    for unit in _basis(y):
        got = _pull([y], xs, [unit], create_graph or strict)
        for k, g in enumerate(got if strict else ()):
            if g is None:
                raise RuntimeError(
                    f"Output {i} of the user-provided function is independent of input {k}. This is "
                    "not allowed in strict mode."
                )
            if create_graph and g._g is None:
                raise RuntimeError(_NOT_DIFFERENTIABLE.format("jacobian", k))
        rows.append([_zeros(x) if g is None else g for g, x in zip(got, xs)])
    columns = zip(*rows) if rows else [()] * len(xs)
    return tuple(_stacked(c, 0, (*y._a.shape, *x._a.shape), x) for c, x in zip(columns, xs))


def _by_columns(ys: Tensors, xs: Tensors) -> tuple[Tensors, ...]:
    """The Jacobians of all results by all inputs: a forward derivative for each element of an input."""
    blocks = []
    for i, x in enumerate(xs):
        still = [_zeros(z) for z in xs]
        runs = [_forward(ys, xs, (*still[:i], unit, *still[i + 1 :]), False, False) for unit in _basis(x)]
        columns = list(zip(*runs)) if runs else [()] * len(ys)
        blocks.append([_stacked(c, len(y._a.shape), (*y._a.shape, *x._a.shape), y) for c, y in zip(columns, ys)])
    return tuple(zip(*blocks))


def hessian(
    func: Function,
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:
    """The second derivatives of `func`, which returns a single number; for several inputs a tuple of tuples.

    >>> import chainrule as cr
    >>> cr.autograd.functional.hessian(lambda x: (x**3).sum(), cr.tensor([1.0, 2.0]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """
    single, xs = _tensors(inputs, "inputs", "hessian")
    if outer_jacobian_strategy not in ("forward-mode", "reverse-mode"):
        raise AssertionError('Expected strategy to be either "forward-mode" or "reverse-mode".')

    def slopes(*args: Tensor) -> Any:
        _, ys = _tensors(func(*args), "outputs of the user-provided function", "hessian")
        _single_number(func, ys, "hessian")
        if strict and ys[0]._g is None:
            raise RuntimeError(_OUTPUT.format(0))
        got = _pull(ys, args, [REGISTRY["ones_like"](wrap(ys[0]._a))], True)
        for i, g in enumerate(got if strict else ()):
            if g is None:
                raise RuntimeError(_INDEPENDENT.format(i))
            if g._g is None:
                raise RuntimeError(_LINEAR.format(i))
        return tuple(_zeros(x) if g is None else g for g, x in zip(got, args))

    got = jacobian(slopes, xs, create_graph, strict, vectorize, outer_jacobian_strategy)
    return got[0][0] if single else got


def vhp(func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """The value of `func`, which returns a single number, and the product of v with its Hessian.

    >>> import chainrule as cr
    >>> cr.autograd.functional.vhp(lambda x: (x**3).sum(), cr.tensor([1.0, 2.0]), cr.tensor([1.0, 1.0]))
    (tensor(9.), tensor([ 6., 12.]))
    """
    return _second(func, inputs, v, create_graph, strict, "vhp")


def hvp(func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """The value of `func`, which returns a single number, and the product of its Hessian with v.

    The Hessian is symmetric, so this is `vhp`.

    >>> import chainrule as cr
    >>> cr.autograd.functional.hvp(lambda x: (x**3).sum(), cr.tensor([1.0, 2.0]), cr.tensor([1.0, 1.0]))
    (tensor(9.), tensor([ 6., 12.]))
    """
    return _second(func, inputs, v, create_graph, strict, "hvp")


def _second(func: Function, inputs: Any, v: Any, create_graph: bool, strict: bool, name: str) -> Any:
    single, xs = _tensors(inputs, "inputs", name)
    vs = _vector(v, xs, name, "input to the user-provided function is a single Tensor with a single element")
    with mode(grad=True):
        xs = _start(xs, create_graph)
        one, ys = _call(func, xs, name, strict)
        _single_number(func, ys, name)
        slopes = _pull(ys, xs, [REGISTRY["ones_like"](wrap(ys[0]._a))], True)
        for i, g in enumerate(slopes if strict else ()):
            if g is None:
                raise RuntimeError(_INDEPENDENT.format(i))
            if g._g is None:
                raise RuntimeError(_LINEAR.format(i))
        pairs = [(g, w) for g, w in zip(slopes, vs) if g is not None and g._g is not None]
        got = _pull([g for g, _ in pairs], xs, [w for _, w in pairs], create_graph or strict)
        message = (
            "The jacobian of the user-provided function is independent of input {}. This is not allowed in strict mode."
        )
        products = _filled(got, xs, strict, create_graph, message, "hessian")
    return _end(ys, create_graph, one), _end(products, create_graph, single)


# ------------------------------------------------------------------------------------------------- checks and helpers

_INDEPENDENT = (
    "The output of the user-provided function is independent of input {}. This is not allowed in strict mode."
)
_OUTPUT = (
    "Output {} of the user-provided function does not require gradients. The outputs must be "
    "computed in a differentiable "
    "manner from the input when running in strict mode."
)
_LINEAR = (
    "While computing the hessian, found that the jacobian of the user-provided function with respect to input {} is "
    "independent of the input. This is not allowed in strict mode. You should ensure that your function is twice "
    "differentiable and that the jacobian depends on the inputs (this would be violated by a linear "
    "function for example)."
)
_NOT_DIFFERENTIABLE = (
    "The {} of the user-provided function is independent of input {}. This is not allowed in strict mode when "
    "create_graph=True."
)


def _tensors(given: Any, what: str, name: str) -> tuple[bool, Tensors]:
    """Whether one tensor was given rather than a tuple, and the tuple."""
    rule = f"The {what} given to {name} must be either a Tensor or a tuple of Tensors but the"
    if not isinstance(given, tuple):
        if not isinstance(given, Tensor):
            raise TypeError(f"{rule} given {what} has type {type(given)}.")
        return True, (given,)
    for i, x in enumerate(given):
        if not isinstance(x, Tensor):
            raise TypeError(f"{rule} value at index {i} has type {type(x)}.")
    return False, given


def _start(xs: Tensors, create_graph: bool) -> Tensors:
    """The inputs to differentiate by: leaves of their own, or with `create_graph` a step within the graph."""
    return tuple(REGISTRY["alias"](x) if create_graph and x._g is not None else _leaf(alias(x)) for x in xs)


def _leaf(x: Tensor) -> Tensor:
    if x._a.dtype.kind != "f":
        raise RuntimeError(f"only Tensors of floating point dtype can require gradients, but an input is {x.dtype}")  # type: ignore[attr-defined]
    x._g = LEAF
    return x


def _end(found: Sequence[Tensor], create_graph: bool, single: bool) -> Any:
    got = tuple(found if create_graph else (x if x._g is None else alias(x) for x in found))
    return got[0] if single else got


def _call(func: Function, xs: Tensors, name: str, strict: bool) -> tuple[bool, Tensors]:
    one, ys = _tensors(func(*xs), "outputs of the user-provided function", name)
    for i, y in enumerate(ys if strict else ()):
        if y._g is None:
            raise RuntimeError(_OUTPUT.format(i))
    return one, ys


def _single_number(func: Function, ys: Tensors, name: str) -> None:
    if len(ys) != 1:
        raise RuntimeError(f"The function given to {name} should return a single Tensor, but it returned {len(ys)}")
    if ys[0]._a.size != 1:
        raise RuntimeError(f"The Tensor returned by the function given to {name} should contain a single element")


def _vector(v: Any, like: Tensors, name: str, when: str) -> Tensors:
    if v is None:
        if len(like) != 1 or like[0]._a.size != 1:
            raise RuntimeError(f"The vector v can only be None if the {when}.")
        return (wrap(np.ones_like(like[0]._a)[()]),)
    _, vs = _tensors(v, "v", name)
    if len(vs) != len(like):
        if len(like) == 1:
            raise RuntimeError("The given v should contain a single Tensor.")
        raise RuntimeError(f"v is a tuple of invalid length: should be {len(like)} but got {len(vs)}.")
    for i, (a, b) in enumerate(zip(vs, like)):
        if a._a.shape != b._a.shape:
            entry = f"Entry {i} in " if len(like) > 1 else ""
            raise RuntimeError(f"{entry}v has invalid size: should be {b.shape} but got {a.shape}.")  # type: ignore[attr-defined]
    return vs


def _pull(ys: Sequence[Tensor], xs: Sequence[Tensor], vs: Sequence[Tensor], create_graph: bool) -> tuple[Any, ...]:
    """Gradients, None for those that are not there."""
    pairs = [(y, v) for y, v in zip(ys, vs) if y._g is not None]
    if not pairs:
        return (None,) * len(xs)
    outputs, weights = zip(*pairs)
    return grad(outputs, xs, weights, retain_graph=True, create_graph=create_graph, allow_unused=True)


def _filled(got: Sequence[Any], like: Tensors, strict: bool, create_graph: bool, message: str, what: str) -> Tensors:
    """Gradients with zeros for those that are not there; strictly, an error."""
    for i, g in enumerate(got if strict else ()):
        if g is None:
            raise RuntimeError(message.format(i))
        if create_graph and g._g is None:
            raise RuntimeError(_NOT_DIFFERENTIABLE.format(what, i))
    return tuple(_zeros(x) if g is None else g for g, x in zip(got, like))


def _zeros(x: Tensor) -> Tensor:
    return wrap(np.zeros_like(x._a)[()])


def _basis(x: Tensor) -> list[Tensor]:
    units = np.eye(x._a.size, dtype=x._a.dtype).reshape(x._a.size, *x._a.shape)
    return [wrap(u if x._a.shape else u[()]) for u in units]


def _stacked(parts: Sequence[Tensor], dim: int, shape: tuple[int, ...], like: Tensor) -> Tensor:
    if not parts:
        return wrap(np.zeros(shape, like._a.dtype))
    return REGISTRY["reshape"](REGISTRY["stack"](*parts, dim=dim), shape=shape)  # type: ignore[no-any-return]
