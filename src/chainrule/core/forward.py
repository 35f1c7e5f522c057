"""Forward mode: tangents travel with tensors, through the very same rules.

A tensor may carry a tangent for each open level (`_t[level]`, itself a tensor, so that forward and reverse mode nest in
any order). When an op runs while levels are open, its Jacobian-vector product is computed by tensor ops with the mode's
`levels` lowered to the levels outside: those tangents ride along, the inner ones are not seen, so perturbations of
different levels cannot be confused. A level's number is never used again, so neither can a tangent left on a tensor
that outlived its level.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from chainrule.core.engine import gradients
from chainrule.core.registry import REGISTRY
from chainrule.core.state import MODE, changed, current
from chainrule.core.tape import Meta, Node
from chainrule.core.tensor import Tensor, wrap

if TYPE_CHECKING:
    from chainrule.core.op import Op


def push(op: Op, args: Sequence[Any], attrs: dict[str, Any], out: Any) -> None:
    """Give `out` its tangents at every open level at which an argument has one."""
    if not op.differentiable:
        return
    open_levels = current().levels
    outs = out if isinstance(out, tuple) else (out,)
    for i, level in enumerate(open_levels):
        tangents = [_tangent(x, level) if isinstance(x, Tensor) else None for x in args]
        if all(t is None for t in tangents):
            continue
        if any(t._a.dtype.kind == "c" for t in (*outs, *tangents) if t is not None):
            raise NotImplementedError(
                f"{op.name}(): complex tensors have no forward mode here: use backward() or grad(), or keep the real "
                "and the imaginary part in two tensors"
            )
        token = MODE.set(changed(levels=open_levels[:i]))
        try:
            results = op.jvp(args, tangents, attrs, out)
        finally:
            MODE.reset(token)
        for t, tangent in zip(outs, results):
            if tangent is not None and t._a.dtype.kind == "f":
                t._t = {**(t._t or {}), level: tangent}
    for t in outs:  # a node may have kept this result's version; backward under an open level needs its tangents too
        if t._v is not None and t._base is None:  # a view shares its base's version, and is never kept as a result
            t._v.tangents = t._t


def follow(x: Tensor) -> None:
    """After an in-place change of x, which has its new tangents: give them to whoever shares its memory."""
    open_levels = current().levels
    root = x if x._base is None else x._base
    for i, level in enumerate(open_levels):
        token = MODE.set(changed(levels=open_levels[:i]))
        try:
            if root is not x and (_tangent(root, level) is not None or _tangent(x, level) is not None):
                whole, part = [
                    REGISTRY["zeros_like"](wrap(y._a)) if _tangent(y, level) is None else _tangent(y, level)
                    for y in (root, x)
                ]
                path = tuple((op, attrs) for op, attrs, _ in x._path)
                root._t = {**(root._t or {}), level: REGISTRY["view_scatter"](whole, part, path=path)}
            for view in [ref() for ref in root._views or ()]:
                if view is not None and view is not x:
                    t: Any = _tangent(root, level)
                    for op, attrs, _ in view._path if t is not None else ():
                        t = op(t, **attrs)
                    view._t = {**(view._t or {}), level: t} if t is not None else view._t
        finally:
            MODE.reset(token)


def _tangent(x: Tensor, level: int) -> Tensor | None:
    return x._t.get(level) if x._t else None


def transposed_vjp(
    op: Op, args: Sequence[Any], tangents: Sequence[Tensor | None], attrs: dict[str, Any], out: Any
) -> Sequence[Any]:
    """J t from the vector-Jacobian product alone: u -> J^T u is linear, and J t is the gradient of <J^T u, t> in u."""
    recording = current().grad
    token = MODE.set(changed(grad=True))
    try:
        outs = out if isinstance(out, tuple) else (out,)
        floats = [t for t in outs if t._a.dtype.kind == "f"]
        us = []
        for t in floats:
            u = wrap(REGISTRY["zeros_like"](t._a))
            u._g = Node(REGISTRY["alias"], (None,), (Meta(u._a), None), ())
            us.append(u)
        by_out = iter(us)
        g: Any = tuple(next(by_out) if t._a.dtype.kind == "f" else None for t in outs)
        pulled = op.vjp(g if op.outputs > 1 else g[0], args, out, attrs, [t is not None for t in tangents])
        total: Any = None
        for p, t in zip(pulled, tangents):
            if p is not None and t is not None:
                term = REGISTRY["sum"](p * t, dim=None, keepdim=False)
                total = term if total is None else total + term
        if total is None or total._g is None:
            return tuple(None for _ in outs)
        got = iter(
            gradients([total], us, [wrap(REGISTRY["ones_like"](total._a))], create_graph=recording, allow_unused=True)
        )
        return tuple(next(got) if t._a.dtype.kind == "f" else None for t in outs)
    finally:
        MODE.reset(token)
