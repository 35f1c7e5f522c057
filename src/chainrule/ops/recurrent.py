"""A layer of long short-term memory as one op (Hochreiter and Schmidhuber, 1997; the forget gate is Gers et al., 2000).

What does not wait for the step before is done for all steps at once: in the gradient that is nearly everything, and the
loop that is left has a product of matrices and five small calls a step. `parts` is the same written step by step.

Shapes: x (steps, N, 4 n), what the inputs put into the gates (input, forget, candidate, output); w (4 n, n); h and c
(N, n); the result (steps, N, 2 n) has h and c of each step beside each other.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.core.op import REGISTRY, custom
from chainrule.ops.contract import matmul
from chainrule.ops.elementwise import sigmoid, tanh
from chainrule.ops.select import getitem
from chainrule.ops.views import reshape, t


def _piece(x: Any, i: int, n: int) -> Any:
    """The i-th n features of x."""
    return getitem(x, index=(..., slice(i * n, (i + 1) * n)))


def _beside(*pieces: Any) -> Any:
    return REGISTRY["cat"](*pieces, dim=len(pieces[0].shape) - 1)


def step(gates: Any, c: Any) -> tuple[Any, Any]:
    """The state (h, c) after a step, of the gates before their functions."""
    n = c.shape[-1]
    enter, forget, leave = (sigmoid(_piece(gates, i, n)) for i in (0, 1, 3))
    c = forget * c + enter * tanh(_piece(gates, 2, n))
    return leave * tanh(c), c


def _parts(x: Any, w: Any, h: Any, c: Any) -> Any:
    made = []
    for i in range(x.shape[0]):
        h, c = step(getitem(x, index=(i, ...)) + matmul(h, t(w)), c)
        made.append(_beside(h, c))
    return REGISTRY["stack"](*made, dim=0)


def _lstm(x: Any, w: Any, h: Any, c: Any) -> Any:
    n, columns = c.shape[-1], np.ascontiguousarray(w.T)
    out = np.empty((*x.shape[:-1], 2 * n), x.dtype)
    for i in range(len(x)):
        gates = h.dot(columns)
        gates += x[i]
        opened = sigmoid(gates)  # of the candidate too, for nothing: one call is quicker than three
        c = opened[:, n : 2 * n] * c
        c += opened[:, :n] * tanh(gates[:, 2 * n : 3 * n])
        h = opened[:, 3 * n :] * tanh(c)
        out[i, :, :n], out[i, :, n:] = h, c
    return out


def _vjp(g: Any, out: Any, x: Any, w: Any, h: Any, c: Any) -> Any:
    steps, rows, n = x.shape[0], x.shape[1], c.shape[-1]
    before = getitem(out, index=(slice(0, steps - 1), ...))
    first = (reshape(state, shape=(1, rows, n)) for state in (h, c))
    hs, cs = (REGISTRY["cat"](state, _piece(before, i, n), dim=0) for i, state in enumerate(first))
    gates = x + matmul(hs, t(w))
    opened, candidate = sigmoid(gates), tanh(_piece(gates, 2, n))
    enter, forget, leave = (_piece(opened, i, n) for i in (0, 1, 3))
    seen = tanh(_piece(out, 1, n))
    # What a change of c (or, of the last gate, of h) does to each gate, and what a change of h does to c.
    slopes = _beside(
        candidate * enter * (1 - enter), cs * forget * (1 - forget), enter * (1 - candidate * candidate),
        seen * leave * (1 - leave),
    )  # fmt: skip
    through = leave * (1 - seen * seen)
    gates_back: list[Any] = []
    carried: Any = None  # to the c of the step before
    gh, gc = _piece(g, 0, n), _piece(g, 1, n)
    for i in reversed(range(steps)):
        here = (i, ...)
        now_h, now_c = getitem(gh, index=here), getitem(gc, index=here)
        if gates_back:
            now_h, now_c = now_h + matmul(gates_back[-1], w), now_c + carried
        now_c = now_c + now_h * getitem(through, index=here)
        gates_back.append(_beside(now_c, now_c, now_c, now_h) * getitem(slopes, index=here))
        carried = now_c * getitem(forget, index=here)
    last = gates_back[-1]
    gx = REGISTRY["stack"](*reversed(gates_back), dim=0)
    gw = matmul(t(reshape(gx, shape=(steps * rows, 4 * n))), reshape(hs, shape=(steps * rows, n)))
    return gx, gw, matmul(last, w), carried


lstm = custom(
    "lstm", _lstm, _vjp, parts=_parts, sympy=_parts, publish=False, grad="LstmBackward0",
    batch=lambda op, of, attrs: of.first(_parts(*of.args)),
    why="a cell's state is kept by one gate, written by another and shown by a third",
)  # fmt: skip
