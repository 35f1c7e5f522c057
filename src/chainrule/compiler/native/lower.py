"""Ops taken apart before native code is made, so that their parts can be fused with what stands around them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from chainrule.compiler.passes import again
from chainrule.core.graph import Var, apply, order
from chainrule.core.op import REGISTRY


def _do(name: str, *args: Any, **attrs: Any) -> Any:
    return apply(REGISTRY[name], args, attrs)


def _mse(x: Any, y: Any, *, reduction: str) -> Any:
    d = _do("sub", x, y)
    d = _do("mul", d, d)
    return d if reduction == "none" else _do(reduction, d, dim=None, keepdim=False)


def _linear(x: Any, w: Any, b: Any) -> Any:
    return _do("add", _do("matmul", x, _do("t", w)), b) if x.ndim <= 2 else None


def _softmax(x: Any, *, dim: int) -> Any:
    if not x.shape:
        return None
    e = _do("exp", _do("sub", x, _do("amax", x, dim=(dim,), keepdim=True)))
    return _do("div", e, _do("sum", e, dim=(dim,), keepdim=True))


def _log_softmax(x: Any, *, dim: int) -> Any:
    if not x.shape:
        return None
    x = _do("sub", x, _do("amax", x, dim=(dim,), keepdim=True))
    return _do("sub", x, _do("log", _do("sum", _do("exp", x), dim=(dim,), keepdim=True)))


_PARTS: dict[str, Callable[..., Any]] = {
    "clone": lambda x: x, "mse_loss": _mse, "linear": _linear, "softmax": _softmax, "log_softmax": _log_softmax,
}  # fmt: skip


def lower(results: Sequence[Var]) -> list[Var]:
    """The same results with such ops in parts."""
    made: dict[int, Any] = {}
    for v in order(results):
        args = tuple(made[a.id] if isinstance(a, Var) else a for a in v.args)
        parts = _PARTS.get(v.op.name) if v.op is not None and v.size else None
        got = parts(*args, **v.attrs) if parts is not None else None
        if got is None or (got.shape, got.dtype) != (v.shape, v.dtype):
            got = again(v, args)
        made[v.id] = got
    return [made[r.id] for r in results]
