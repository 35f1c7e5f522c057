"""Why a descent ran away: the learning rate held against the curvature.

On a quadratic, gradient descent shrinks the error along a direction of curvature c by the factor 1 - lr c, so it holds
just for lr < 2/c, and the largest curvature decides. That is found by power iteration: multiplied by the Hessian again
and again, a vector turns into the direction of largest curvature (in size). The Hessian itself is never made.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.descend.objective import Objective, hessian_product
from chainrule.descend.words import Words, words

ROUNDS = 100
CLOSE = 1e-4  # relative change at which the estimate is taken


def largest_curvature(objective: Objective, leaves: Sequence[Any]) -> float:
    """The eigenvalue of the Hessian that is largest in size, at a point given by its leaves."""
    rng = np.random.default_rng(0)
    v = _unit([np.asarray(rng.standard_normal(a.shape), a.dtype)[()] for a in leaves])
    product = objective.program(hessian_product, v)
    found = 0.0
    for _ in range(ROUNDS):
        w = product([*leaves, *v])
        before, found = found, float(sum(np.vdot(a, b) for a, b in zip(v, w)))
        if not np.isfinite(found) or abs(found - before) <= CLOSE * abs(found):
            break
        v = _unit(w)
    return found


def _unit(parts: Sequence[Any]) -> list[Any]:
    size = float(np.sqrt(sum(float(np.vdot(a, a)) for a in parts))) or 1.0
    return [(a / size).astype(a.dtype) for a in parts]


def explain(
    objective: Objective, points: Sequence[tuple[Words, Sequence[Any]]], name: str, group: dict[str, Any]
) -> Words | None:
    """What the curvature at some points, the first of them that explains it, says of the learning rate."""
    lr = float(group["lr"])
    momentum = float(group.get("momentum", 0)) if name == "sgd" else 0.0
    damped = momentum and not group["nesterov"] and not group["dampening"]
    factor = 2 * (1 + momentum) if damped else 2.0
    told: Words | None = None
    for where, leaves in points:
        try:
            c = largest_curvature(objective, leaves)
        except Exception:  # a diagnosis must not hide what it is about
            return told
        if not np.isfinite(c) or c == 0:
            continue
        if c < 0:
            told = words("down", where=where, c=c)
            continue
        if name != "sgd":
            return words("smaller", where=where, c=c, lr=lr, better=lr / 10)
        bound = factor / c
        rule = f"2 (1 + momentum) / {c:.4g}" if damped else f"2 / {c:.4g}"
        told = words("bound", where=where, c=c, rule=rule, bound=bound, lr=lr)
        if lr >= bound or (momentum and not damped and lr * c >= 1):
            return words("above", **told.values, better=min(1, bound * c / 2) / c)
    return told
