"""In-place operations: the functional op, a write into memory, and a new history for whoever shares that memory."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.base import dtypes, errors
from chainrule.core import forward
from chainrule.core.op import REGISTRY
from chainrule.core.state import current
from chainrule.core.tape import is_leaf, payload, rebind, store
from chainrule.core.tensor import Tensor, touch, wrap

VIEW_OUTSIDE = (
    "A view was created in no_grad mode and is being modified inplace with grad mode enabled ({what}). Given that this "
    "use case is ambiguous and error-prone, it is forbidden. You can clarify your code by moving both the view and the "
    "inplace either both inside the no_grad block (if you don't want the inplace to be tracked) or both outside (if "
    "you want the inplace to be tracked)."
)


def modify(x: Tensor, what: str, f: Callable[..., Any], *args: Any, **kwargs: Any) -> Tensor:
    """Replace x's contents by `f(x, *args, **kwargs)`, which must have x's shape and a dtype that x's can hold."""
    m = current()
    if x._frozen and not m.inference:
        raise RuntimeError(
            f"Inplace update to inference tensor outside InferenceMode is not allowed ({what}). You can make a clone "
            "to get a normal tensor before doing inplace update."
        )
    wants = m.grad and (x._g is not None or any(isinstance(y, Tensor) and y._g is not None for y in args))
    if x._wary and m.grad and not x._frozen and (wants or (x._base is not None and x._base._g is not None)):
        raise RuntimeError(VIEW_OUTSIDE.format(what=what))
    if wants and x._a.dtype.kind == "c":
        raise NotImplementedError(f"{what} changes a complex tensor that has a history: write x = x * y for x *= y")
    if wants:
        refuse_leaf(x, what)
        if m.batch is not None:
            m.batch.refuse_outside(x, what)
    held = payload(x)
    before = wrap(held if isinstance(held, np.generic) else held.copy(), x._g)
    before._t = x._t
    result = f(before, *args, **kwargs)
    if tuple(result._a.shape) != tuple(x._a.shape):
        raise RuntimeError(
            f"output with shape {list(x._a.shape)} doesn't match the broadcast shape {list(result._a.shape)} ({what})"
        )
    check_cast(result._a.dtype, x._a.dtype)
    store(x, result._a, what in ("fill_", "zero_") and not any(isinstance(y, Tensor) for y in args))
    touch(x, what)
    if wants and x._a.dtype.kind == "f":  # what is no float has no gradient
        if result._a.dtype is not x._a.dtype:
            result = REGISTRY["cast"](result, dtype=x._a.dtype)
        rebind(x, result._g, REGISTRY["view_scatter"])
    if m.levels:
        x._t = result._t
        forward.follow(x)
    return x


def refuse_leaf(x: Tensor, what: str) -> None:
    """Raise if x is a leaf that requires grad, or a view of one."""
    if is_leaf(x):
        raise RuntimeError(errors.leaf_changed(what, x._base is not None))


def check_cast(source: np.dtype[Any], target: np.dtype[Any]) -> None:
    """Raise if an in-place result may not be stored in a tensor of dtype `target`."""
    if not dtypes.can_cast(source, target):
        a, b = (dtypes.of(d).legacy.removesuffix("Tensor") for d in (source, target))
        raise RuntimeError(f"result type {a} can't be cast to the desired output type {b}")


def into(out: Any, result: Any, converts: bool = True) -> Any:
    """What `out=` does: write the result into `out`, resized if need be; several results into several outs.

    converts: whether `out` may be of another dtype that holds the result.
    """
    if out is None:
        return result
    if isinstance(result, tuple):
        written = [into(o, r, converts) for o, r in zip(out, result)]
        return type(result)(*written) if hasattr(result, "_fields") else tuple(written)
    if not converts and out._a.dtype is not result._a.dtype:
        want, got = (dtypes.C_NAMES.get(x._a.dtype.name, x._a.dtype.name) for x in (result, out))
        raise RuntimeError(f"Expected out tensor to have dtype {want}, but got {got} instead")
    if result._g is not None or (out._g is not None and current().grad):
        raise RuntimeError(
            "functions with out=... arguments don't support automatic differentiation, but one of the arguments "
            "requires grad."
        )
    check_cast(result._a.dtype, out._a.dtype)
    if tuple(out._a.shape) != tuple(result._a.shape):
        if out._a.size:
            warnings.warn(
                f"An output with one or more elements was resized since it had shape {list(out._a.shape)}, which does "
                f"not match the required output shape {list(result._a.shape)}.",
                UserWarning,
                stacklevel=3,
            )
        out._a = np.empty(result._a.shape, out._a.dtype)
    store(out, result._a)
    touch(out, "out=")
    return out
