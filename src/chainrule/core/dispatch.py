"""From a call on tensors to a kernel and a record of it.

`apply` takes any op: it promotes dtypes, follows views, records, and carries forward-mode tangents. The commonest calls
of elementwise ops never come here: see `fast`.
"""

from __future__ import annotations

from collections.abc import Sequence
from sys import maxsize
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.base import dtypes, errors, shapes
from chainrule.base.dtypes import F16, F32
from chainrule.base.language import say
from chainrule.core import conjugate, forward
from chainrule.core.parts import Pick
from chainrule.core.registry import REGISTRY, Attrs
from chainrule.core.state import MODE
from chainrule.core.tape import Meta, Node, edge, note_origin, payload, view_of
from chainrule.core.tensor import Tensor, Version, shareable, wrap

if TYPE_CHECKING:
    from chainrule.core.op import Op

ndarray = np.ndarray


def apply(op: Op, args: Sequence[Any], attrs: Attrs, label: str | None = None) -> Any:
    """Compute `op` on tensors (and numbers), recording what backward and forward mode need."""
    m = MODE.get()
    if m is not None and m.batch is not None:
        args = [m.batch.share(x) for x in args]
    if op.types is not None:
        op, args = promote(op, args)
    if op.wide and any([_half(x) for x in args]):
        return _in_float32(op, args, attrs, label)
    if op.view:
        shareable(args[0])
    trace = None if m is None else m.trace
    values = [x if not isinstance(x, Tensor) else x._a if trace is None else trace.read(x) for x in args]
    call: Any = op
    if op.long < maxsize:
        for x in values:
            if type(x) is ndarray and x.size > op.long:
                call = op.many
    got = call(*values, **attrs)
    record = (m is None or m.grad) and op.differentiable
    edges: Sequence[Any] = [edge(x) for x in args] if record else ()
    record = record and any(e is not None for e in edges)
    out: Any
    if op.outputs == 1:
        out = wrap(_payload(got))
        if record and _floating(out._a):
            out._g = _node(op, args, attrs, tuple(edges), (out,))
            out._g.label = label
        if op.view and (_same_memory(args[0]._a, out._a) if trace is None else trace.shares(args[0], op, attrs)):
            view_of(args[0], out, (op, attrs, args[0]._a.shape))
            if m is not None and not m.grad:
                out._wary = True
    else:
        out = tuple(wrap(_payload(a)) for a in got)
        if record:
            node = _node(op, args, attrs, tuple(edges), out)
            for i, t in enumerate(out):
                if _floating(t._a):
                    t._g = Pick(node, i)
    if m is not None:
        if m.levels:
            forward.push(op, args, attrs, out)
        if m.anomaly:
            note_origin(out)
        if m.inference:
            for t in out if isinstance(out, tuple) else (out,):
                t._frozen = t._wary = True
    return out


def _in_float32(op: Op, args: Sequence[Any], attrs: Attrs, label: str | None) -> Any:
    """Halves are computed in float32 and the results rounded, as in PyTorch; so are gradients and tangents."""
    got = apply(op, [REGISTRY["cast"](x, dtype=F32) if _half(x) else x for x in args], attrs, label)
    outs = tuple(
        REGISTRY["cast"](t, dtype=F16) if t._a.dtype is F32 else t for t in (got if op.outputs > 1 else (got,))
    )
    for t, wide in zip(outs, got if op.outputs > 1 else (got,)):
        if t is not wide and isinstance(t._g, Node):
            t._g.label = wide._g.edges[0].name() if isinstance(wide._g, Pick) else wide._g.name()
    return outs if op.outputs > 1 else outs[0]


def _half(x: object) -> bool:
    return isinstance(x, Tensor) and x._a.dtype is F16


def _node(op: Op, args: Sequence[Any], attrs: Attrs, edges: tuple[Any, ...], outs: tuple[Tensor, ...]) -> Node:
    keeps = op.saves([e is not None for e in edges])
    saved = [_saved(x, k) for x, k in zip(args, keeps)]
    kept: list[Any] = [x if k and isinstance(x, Tensor) else None for x, k in zip(args, keeps)]
    if any(x is not None and x._frozen for x in kept):
        raise RuntimeError(errors.INFERENCE_SAVED)
    last: Any = None
    if keeps[-1]:
        for t in outs:
            t._v = t._v or Version()
        last = outs[0]._a if op.outputs == 1 else tuple(t._a for t in outs)
        kept.extend(t._v for t in outs)
    elif op.outputs > 1:
        last = tuple(Meta(t._a) for t in outs)
    shape = None
    if op.rules is not None:
        own = [getattr(x, "shape", None) if x is None else _shape(x) for x in args]
        if any(s is not None and s != outs[0]._a.shape for s in own):
            shape = tuple(own)
    node = Node(op, edges, (*saved, last), tuple(kept), shape)
    out = outs[0]._a
    if attrs or (type(out) is ndarray and out.size > op.long):  # those of what is long are there, if empty
        node.attrs = attrs
    return node


def _saved(x: Any, values: bool) -> Any:
    """An input as a rule reads it: its payload, or its shape and dtype."""
    if not isinstance(x, Tensor):
        return x
    return payload(x) if values else Meta(x._a)


def _shape(x: Any) -> tuple[int, ...] | None:
    return x._a.shape if isinstance(x, Tensor) else None


def _floating(a: Any) -> bool:
    return a.dtype.kind in "fc"


def _payload(a: Any) -> Any:
    return np.asarray(a)[()] if isinstance(a, (bool, int, float)) and not isinstance(a, np.generic) else a


def _same_memory(a: object, b: object) -> bool:
    if type(b) is not ndarray or type(a) is not ndarray:
        return False
    owner = a if a.base is None else a.base
    if b is a or b.base is owner or b.base is a or not b.size:  # of nothing NumPy may make a copy
        return True
    return b.base is not None and np.may_share_memory(a, b)


# --------------------------------------------------------------------------------------------------- how dtypes meet


def promote(op: Op, args: Sequence[Any]) -> tuple[Any, Sequence[Any]]:
    """The operands with foreign scalars and arrays taken in, and dtypes brought together as `op.types` says.

    With them the op, or what stands for it where operands are complex.
    """
    if op.types == "real":
        for x in args:
            if x._a.dtype.kind == "c" if isinstance(x, Tensor) else type(x) is complex:
                conjugate.refuse(op.name)
        return op, args
    args = [tensorlike(x, op.name, i) for i, x in enumerate(args)]
    tensors = [x for x in args if isinstance(x, Tensor)]
    if not tensors:
        lead = say("Make one: torch.tensor(x).")
        raise TypeError(
            f"{op.name}(): expected a Tensor among the operands, but got {', '.join(map(repr, args))}. {lead}"
        )
    if op.types == "match":
        kinds = {x._a.dtype for x in tensors}
        if len(kinds) > 1:
            names = " != ".join(dtypes.of(x._a.dtype).name for x in tensors)
            raise RuntimeError(f"{op.name}(): expected all operands to have the same dtype, but got: {names}")
        return (conjugate.admit(op, args) if kinds.pop().kind == "c" else op), args
    if len(tensors) > 1:
        shapes.broadcast(*[x._a.shape for x in tensors])
    if op.types == "where":
        op, chosen = _alike(op, args[1:])
        return op, [args[0], *chosen]
    return _alike(op, args)


def _alike(op: Op, args: Sequence[Any]) -> tuple[Any, list[Any]]:
    given = [x._a if isinstance(x, Tensor) else x for x in args if x is not None]
    target = dtypes.result_type(given)
    if target.kind == "c":
        op = conjugate.admit(op, args)
    refuse = op.columns.get("refuse")
    if refuse is not None:
        refuse(target, given)
    if op.types == "float" and target.kind not in "fc":
        target = dtypes.default_float()
    cast = REGISTRY["cast"]
    if target is F16 and op.wide:
        return op, [as_half(x, i in op.columns.get("unrounded", ())) for i, x in enumerate(args)]
    return op, [
        cast(x, dtype=target) if isinstance(x, Tensor) and x._a.dtype is not target
        else dtypes.wrapped(x, target) if type(x) is int else x
        for x in args
    ]  # fmt: skip


def as_half(x: Any, unrounded: bool = False) -> Any:
    """An operand among halves, a number too; but as `unrounded` a number, or a tensor of no dimensions, is float32."""
    if isinstance(x, Tensor):
        own = x._a.dtype
        return x if own is F16 else REGISTRY["cast"](x, dtype=F32 if unrounded and not x._a.ndim else F16)
    if unrounded or x is None or type(x) is bool:
        return x
    with np.errstate(over="ignore"):
        half = float(np.float16(x))
    return x if half == x else half


def tensorlike(x: Any, name: str, position: int) -> Any:
    """An operand as a tensor or a Python number; refuses what is neither."""
    if isinstance(x, Tensor) or x is None:
        return x
    if isinstance(x, np.generic):
        return x.item()
    if isinstance(x, (bool, int, float, complex)):
        return x
    if isinstance(x, ndarray):
        dtypes.of(x.dtype)
        return wrap(x)
    if hasattr(x, "_interpret"):
        return wrap(x)
    which = "input" if position == 0 else "other"
    raise TypeError(f"{name}(): argument '{which}' (position {position + 1}) must be Tensor, not {type(x).__name__}")
