"""Helpers around parameters: clipping gradients, and all parameters as one vector."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.base import errors
from chainrule.core.conjugate import real
from chainrule.core.op import REGISTRY
from chainrule.core.tape import demand, meet, payload, store
from chainrule.core.tensor import Tensor, shareable, touch, wrap
from chainrule.nn.utils import rnn

__all__ = [
    "clip_grad_norm_", "clip_grad_value_", "clip_grads_with_norm_", "get_total_norm", "parameters_to_vector", "rnn",
    "vector_to_parameters",
]  # fmt: skip


if not TYPE_CHECKING:  # to a type checker a name that is not there is an error

    def __getattr__(name: str) -> Any:
        if name in ("parametrize", "prune"):  # imported where they are first used
            return import_module(f"chainrule.nn.utils.{name}")
        raise AttributeError(errors.missing("chainrule.nn.utils", name, errors.shown(globals())))


def _list(parameters: Any) -> list[Tensor]:
    return [parameters] if isinstance(parameters, Tensor) else list(parameters)


def _scaled(g: Tensor, value: Any, what: str) -> None:
    store(g, value)
    touch(g, what)


def get_total_norm(
    tensors: Any, norm_type: float = 2.0, error_if_nonfinite: bool = False, foreach: bool | None = None
) -> Tensor:
    """The norm of several tensors as if they were one vector."""
    order = float(norm_type)
    real("get_total_norm", *_list(tensors))
    rows = [REGISTRY["reshape"](payload(t), shape=(t._a.size,)) for t in _list(tensors)]
    if not rows:
        return wrap(np.float32(0))
    norm = partial(REGISTRY["vector_norm"], ord=order, dim=(0,), keepdim=False)
    total = norm(REGISTRY["stack"](*[norm(a).astype(rows[0].dtype) for a in rows], dim=0))
    if error_if_nonfinite:
        demand(total - total == 0, lambda: RuntimeError(
            f"The total norm of order {order} for gradients from `parameters` is non-finite, "
            f"so it cannot be clipped. To "
            "disable this error and scale the gradients by the non-finite norm anyway, set `error_if_nonfinite=False`"
        ))  # fmt: skip
    return wrap(total)


def clip_grads_with_norm_(parameters: Any, max_norm: float, total_norm: Tensor, foreach: bool | None = None) -> None:
    """Scale the gradients by `max_norm / total_norm` if that is below 1."""
    factor = float(max_norm) / (payload(total_norm) + 1e-6)
    factor = REGISTRY["where"](factor > 1, 1.0, factor)  # NaN stays
    for p in _list(parameters):
        meet(p)
        if p._grad is not None:
            _scaled(p._grad, payload(p._grad) * factor, "clip_grad_norm_")


def clip_grad_norm_(
    parameters: Any, max_norm: float, norm_type: float = 2.0, error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:  # fmt: skip
    """Scale the gradients so that their norm, taken over all of them together, is at most `max_norm`; returns the norm.

    >>> import chainrule as cr
    >>> w = cr.tensor([3.0, 4.0], requires_grad=True)
    >>> (w * w).sum().backward()
    >>> cr.nn.utils.clip_grad_norm_([w], 1.0)
    tensor(10.)
    >>> w.grad
    tensor([0.6000, 0.8000])
    """
    held = _list(parameters)
    for p in held:
        meet(p)
    total = get_total_norm([p._grad for p in held if p._grad is not None], norm_type, error_if_nonfinite)
    clip_grads_with_norm_(held, max_norm, total)
    return total


def clip_grad_value_(parameters: Any, clip_value: float, foreach: bool | None = None) -> None:
    """Cut the gradients off at plus and minus `clip_value`."""
    bound = float(clip_value)
    for p in _list(parameters):
        meet(p)
        if p._grad is not None:
            _scaled(p._grad, REGISTRY["clamp"](payload(p._grad), -bound, bound), "clip_grad_value_")


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """All parameters as one vector, differentiably."""
    rows = [p.reshape(-1) for p in parameters]
    return REGISTRY["cat"](*rows, dim=0)


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """The parts of a vector as the data of the parameters, in order."""
    if not isinstance(vec, Tensor):
        raise TypeError(f"expected torch.Tensor, but got: {type(vec).__name__}")
    flat, at = shareable(vec), 0
    for p in parameters:
        n = p._a.size
        p._a = flat[at : at + n].reshape(p._a.shape)
        at += n
