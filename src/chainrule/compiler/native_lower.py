"""Ops taken apart before native code is made, so that their parts can be fused with what stands around them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from chainrule.core.graph import Var, order
from chainrule.core.op import REGISTRY


def _mse(v: Var, x: Any, y: Any, *, reduction: str) -> Any:
    d = x - y
    d = d * d
    return d if reduction == "none" else REGISTRY[reduction](d, dim=None, keepdim=False)


def _linear(v: Var, x: Any, w: Any, b: Any) -> Any:
    return REGISTRY["matmul"](x, REGISTRY["t"](w)) + b if x.ndim <= 2 else None


def _softmax(v: Var, x: Any, *, dim: int) -> Any:
    if not x.shape:
        return None
    e = REGISTRY["exp"](x - REGISTRY["amax"](x, dim=(dim,), keepdim=True))
    return e / REGISTRY["sum"](e, dim=(dim,), keepdim=True)


def _log_softmax(v: Var, x: Any, *, dim: int) -> Any:
    if not x.shape:
        return None
    x = x - REGISTRY["amax"](x, dim=(dim,), keepdim=True)
    return x - REGISTRY["log"](REGISTRY["sum"](REGISTRY["exp"](x), dim=(dim,), keepdim=True))


_PARTS: dict[str, Callable[..., Any]] = {
    "mse_loss": _mse, "linear": _linear, "softmax": _softmax, "log_softmax": _log_softmax,
}  # fmt: skip


def lower(results: Sequence[Var]) -> list[Var]:
    """The same results with such ops in parts."""
    made: dict[int, Any] = {}
    for v in order(results):
        args = tuple(made[a.id] if isinstance(a, Var) else a for a in v.args)
        parts = _PARTS.get(v.op.name) if v.op is not None and v.size else None
        got = parts(v, *args, **v.attrs) if parts is not None else None
        if got is None or (got.shape, got.dtype) != (v.shape, v.dtype):
            got = v if all(a is b for a, b in zip(args, v.args)) else _again(v, args)
        made[v.id] = got
    return [made[r.id] for r in results]


def _again(v: Var, args: tuple[Any, ...]) -> Var:
    new = Var(v.shape, v.dtype, v.op, args, v.attrs, index=v.index)
    new.weak = v.weak
    return new
