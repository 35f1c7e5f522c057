"""Forward mode: tangents travel with tensors, through the very same rules.

A tensor may carry a tangent for each open level (`_t[level]`, itself a tensor, so that forward and reverse mode nest in
any order). When an op runs while levels are open, its Jacobian-vector product is computed by tensor ops with the mode's
`levels` lowered to the levels outside: those tangents ride along, the inner ones are not seen, so perturbations of
different levels cannot be confused. A level's number is never used again, so neither can a tangent left on a tensor
that outlived its level.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from chainrule.core.engine import gradients
from chainrule.core.registry import REGISTRY, Attrs
from chainrule.core.state import MODE, changed, current
from chainrule.core.tape import Meta, Node
from chainrule.core.tensor import LEAF, Tensor, wrap

if TYPE_CHECKING:
    from chainrule.core.op import Op


def push(op: Op, args: Sequence[Any], attrs: Attrs, out: Any) -> None:
    """Give `out` its tangents at every open level at which an argument has one."""
    if not op.differentiable:
        return
    open_levels = current().levels
    outs = out if isinstance(out, tuple) else (out,)
    for t in outs if op.view else ():
        _known(t)
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


class Dual(tuple[Any, ...]):
    """The view step that made a tensor dual at a level: views beyond it share its tangent as they share its memory.

    The step holds the tangent of the whole, as the tensor itself may be gone while its views are used.
    """

    level: int
    tangent: Tensor


def dual(x: Tensor, tangent: Tensor, level: int) -> Tensor:
    """A view of x that has a tangent at a level; x itself does not get one by what happens to the view."""
    out: Tensor = REGISTRY["alias"](x)
    step = Dual(out._path[-1])
    step.level, step.tangent = level, tangent
    out._path = (*out._path[:-1], step)
    out._t = {**(out._t or {}), level: tangent}
    _known(out)
    return out


def _known(view: Tensor) -> None:
    """Let a leaf know its view, as other bases do anyway: reverse mode refuses what would change leaves' views."""
    root = view._base
    if root is not None and root._g is LEAF:
        held = root._views or []
        if len(held) > 32 and len(held) & (len(held) - 1) == 0:
            held = [r for r in held if r() is not None]
        held.append(weakref.ref(view))
        root._views = held


def follow(x: Tensor) -> None:
    """After an in-place change of x, which has its new tangents: give them to whoever shares its memory."""
    open_levels = current().levels
    root = x if x._base is None else x._base
    for i, level in enumerate(open_levels):
        whole, beyond = _whole(x, level)
        old, part = whole.tangent if whole is not None else _tangent(root, level), _tangent(x, level)
        if old is None and part is None:
            continue
        token = MODE.set(changed(levels=open_levels[:i]))
        try:
            path = tuple((op, attrs) for op, attrs, _ in x._path[beyond:])
            new: Any = REGISTRY["zeros_like"](wrap(x._a)) if part is None else part
            if path:
                old = REGISTRY["zeros_like"](wrap(root._a)) if old is None else old
                new = REGISTRY["view_scatter"](old, new, path=path)
            if whole is not None:
                whole.tangent = new
            elif path:
                root._t = {**(root._t or {}), level: new}
            for view in [ref() for ref in root._views or ()]:
                if view is not None and view is not x and _whole(view, level)[0] is whole:
                    t = new
                    for op, attrs, _ in view._path[beyond:]:
                        t = op(t, **attrs)
                    view._t = {**(view._t or {}), level: t}
        finally:
            MODE.reset(token)


def _whole(x: Tensor, level: int) -> tuple[Dual | None, int]:
    """The step that made dual what x is a view of (None: x's base is the whole), and where x's path goes on from it."""
    for i in range(len(x._path) - 1, -1, -1):
        step = x._path[i]
        if type(step) is Dual and step.level == level:
            return step, i + 1
    return None, 0


def _tangent(x: Tensor, level: int) -> Tensor | None:
    return x._t.get(level) if x._t else None


def transposed_vjp(
    op: Op, args: Sequence[Any], tangents: Sequence[Tensor | None], attrs: Attrs, out: Any
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
