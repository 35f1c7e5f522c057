"""The curvature at a point, and what it says of a learning rate.

Of few variables the Hessian is made, a product for each; of many, the curvatures at the ends of its spectrum are found
by the method of Lanczos (1950) from some products alone.

On a quadratic, gradient descent shrinks the error along a direction of curvature c by the factor 1 - lr c, so it holds
just for lr < 2/c, and the largest curvature decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from chainrule.descend.flat import Flat, Mask, Vector
from chainrule.descend.objective import Array, Objective
from chainrule.descend.options import Options
from chainrule.descend.words import Words, words

FEW = 30  # variables of which the Hessian is made; of more, so many products are
MOST_VARIABLES = 100_000  # variables: of more it takes too long and too much room


class Curvature(NamedTuple):
    """The smallest and the largest curvature and the direction of the smallest.

    promise, reach: the fall to the minimum of the quadratic model, and the way there; infinite if there is none.
    """

    least: float
    greatest: float
    direction: Vector
    promise: float
    reach: float


def curvature(flat: Flat, x: Vector, g: Vector, free: Mask | None = None) -> Curvature | None:
    """The curvature at a vector where the gradient is g; None where it is not to be had.

    free: the entries that can move (a mask); the curvature is that in them alone, and g has nothing but them.
    """
    if len(x) > MOST_VARIABLES or (free is not None and not free.any()):
        return None
    try:
        if len(x) <= FEW:
            h = flat.hessian(x)
            values, axes = np.linalg.eigh(h if free is None else h[np.ix_(free, free)])
            if free is not None:
                inside, axes = axes, np.zeros((len(x), len(values)))
                axes[free] = inside
        else:
            values, axes = _lanczos(flat, x, 1.0 if free is None else free.astype(float))
    except Exception:  # a diagnosis must not hide what it is about
        return None
    if not np.isfinite(values).all():
        return None
    promise = reach = np.inf
    if values[0] > 0:
        with np.errstate(over="ignore", invalid="ignore"):
            along = axes.T @ g  # and what no axis shows is taken to lie along the smallest curvature
            other = max(float(g @ g - along @ along), 0.0)
            promise = float((along**2 / values).sum() + other / values[0]) / 2
            reach = float(((along / values) ** 2).sum() + other / values[0] ** 2) ** 0.5
    return Curvature(float(values[0]), float(values[-1]), axes[:, 0], promise, reach)


def _lanczos(flat: Flat, x: Vector, mask: Vector | float) -> tuple[Vector, Vector]:
    """Estimates of curvatures, in order, and their directions as columns; those at the ends are found first.

    mask: 1 for entries that can move, 0 for others.
    """
    v = np.random.default_rng(0).standard_normal(len(x)) * mask
    basis = [v / np.linalg.norm(v)]
    diagonal: list[float] = []
    beside: list[float] = []
    for _ in range(FEW):
        w = flat.product(x, basis[-1]) * mask
        diagonal.append(float(w @ basis[-1]))
        rows = np.stack(basis)
        for _ in range(2):  # once is not orthogonal enough
            w = w - rows.T @ (rows @ w)
        size = float(np.linalg.norm(w))
        if not size > 1e-10 * max(map(abs, diagonal)):
            break
        beside.append(size)
        basis.append(w / size)
    n = len(diagonal)
    off = np.diag(beside[: n - 1], 1)
    values, vectors = np.linalg.eigh(np.diag(diagonal) + off + off.T)
    return values, np.stack(basis[:n]).T @ vectors


def largest_curvature(objective: Objective, leaves: Sequence[Array]) -> float:
    """The eigenvalue of the Hessian that is largest in size, at a point given by its leaves; nan if there is none."""
    flat = Flat(objective)
    x = flat.join(leaves)
    found = curvature(flat, x, np.zeros(len(x)))
    return float("nan") if found is None else max(found.least, found.greatest, key=abs)


def explain(
    objective: Objective, points: Sequence[tuple[Words, Sequence[Array]]], name: str, group: Options
) -> Words | None:
    """What the curvature at some points, the first of them that explains it, says of the learning rate."""
    lr = float(group["lr"])
    momentum = float(group.get("momentum", 0)) if name == "sgd" else 0.0
    damped = momentum and not group["nesterov"] and not group["dampening"]
    factor = 2 * (1 + momentum) if damped else 2.0
    told: Words | None = None
    for where, leaves in points:
        c = largest_curvature(objective, leaves)
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
