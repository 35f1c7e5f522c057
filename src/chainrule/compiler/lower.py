"""Ops taken apart before native code is made, so that their parts can be fused with what stands around them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chainrule.compiler.passes import again
from chainrule.core.graph import Var, order
from chainrule.core.state import mode


def lower(results: Sequence[Var]) -> list[Var]:
    """The same results with the ops that have a column `parts` in those parts."""
    made: dict[int, Any] = {}
    new = False  # as in `simplify`
    with mode(trace=lower):  # so that ops on values are written down
        for v in order(results):
            args = tuple(made[a.id] if isinstance(a, Var) else a for a in v.args)
            parts = v.says("parts") if v.size else None
            got = parts(*args, **v.attrs) if parts is not None else None
            if got is None or (got.shape, got.dtype) != (v.shape, v.dtype):
                got = again(v, args, new and v.op is not None)
            new = new or (got.op is not None and got.id > v.id)
            made[v.id] = got
    return [made[r.id] for r in results]
