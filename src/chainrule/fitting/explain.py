"""What data do not determine: combinations of parameters along which no residual changes, said by name.

The null directions of the Jacobian tell it at a point, in the parameters or in their logarithms; each guess is tried by
a step of finite length before it is said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from chainrule.fitting.levenberg import MANY, short

Array = Any
NULL = 1e-11  # a singular value below this share of the largest, of a Jacobian with columns of length 1, is none
FEW = 4  # parameters of which combinations like a·exp(b) are looked for
LARGEST = 6  # whole numbers up to this are looked for as exponents
TOGETHER = 0.99  # a correlation above this is told


class Freedom(NamedTuple):
    """Parameters that the data leave free: `what` is determined of them, or nothing is known."""

    kind: str  # "alone", "combination" or "direction"
    labels: tuple[str, ...]
    what: str


def null_space(jacobian: Array, square: Array) -> tuple[Array, Array, Array, Array]:
    """(null, s, vt, lengths) of a Jacobian with columns of length 1, and their lengths (1 for a column of zeros).

    square: JᵀJ, which is enough where columns are far from dependent.

    null: directions that change nothing, as columns; s and vt: singular values and directions of all others.
    """
    lengths = np.sqrt(np.diag(square))
    lengths = np.where(lengths > 0, lengths, 1.0)
    root = short(square, lengths) if len(jacobian) >= MANY else None
    if root is not None:
        return np.zeros((len(lengths), 0)), *root, lengths
    _, s, vt = np.linalg.svd(np.linalg.qr(jacobian / lengths, mode="r"), full_matrices=True)
    s = np.append(s, np.zeros(len(vt) - len(s)))
    kept = s > NULL * max(float(s[0]), np.finfo(float).tiny)
    null = vt[~kept].T
    return np.where(np.abs(null) > 1e-8, null, 0.0), s[kept], vt[kept], lengths


def freedoms(
    null: Array, lengths: Array, x: Array, labels: Sequence[str], still: Callable[[Array], bool]
) -> list[Freedom]:
    """What the null directions mean, each group of parameters by itself.

    null: in units of the parameters in which each moves the residuals by about 1, which `lengths` turn into their own.
    still: whether the residuals at a point are those at x.
    """
    found = []
    for group, directions in _groups(_sparse(null)):
        names = tuple(labels[i] for i in group)
        if len(group) == 1:
            found.append(Freedom("alone", names, ""))
        else:
            found.append(_meaning(group, directions / lengths[group], x, names, still))
    return found


def _sparse(null: Array) -> Array:
    """The directions as rows, combined so that each has as many zeros as can be (Gauss–Jordan elimination)."""
    rows, pivots = null.T.copy(), list[int]()
    for i in range(len(rows)):
        rest = np.abs(rows[i])
        rest[pivots] = 0
        pivots.append(int(rest.argmax()))
        rows[i] /= rows[i, pivots[-1]]
        others = np.arange(len(rows)) != i
        rows[others] -= np.outer(rows[others, pivots[-1]], rows[i])
    return np.where(np.abs(rows) > 1e-7, rows, 0.0)


def _groups(rows: Array) -> list[tuple[list[int], Array]]:
    """The parameters that move together, with the directions they move in."""
    left, found = list(range(len(rows))), []
    while left:
        mine = [left.pop(0)]
        touched = rows[mine[0]] != 0
        while more := [i for i in left if (touched & (rows[i] != 0)).any()]:
            for i in more:
                left.remove(i)
                mine.append(i)
                touched = touched | (rows[i] != 0)
        group = [int(i) for i in np.flatnonzero(touched)]
        found.append((group, rows[np.ix_(mine, group)]))
    return found


def _meaning(
    group: list[int], directions: Array, x: Array, names: tuple[str, ...], still: Callable[[Array], bool]
) -> Freedom:
    here = x[group]
    some = np.linspace(1.0, 0.5, len(directions)) @ directions  # any direction of the group
    for log in _logs(here):
        whole = _whole(directions / np.where(log, here, 1.0))
        if whole is None:
            continue
        step = some / np.where(log, here, 1.0)
        step *= 0.3 * (1.0 if log.any() else max(float(np.abs(here).max()), 1.0)) / np.abs(step).max()
        moved = x.copy()
        moved[group] = np.where(log, here * np.exp(step), here + step)
        if still(moved):
            return Freedom("combination", names, _combination(whole, names, log))
    shown = " ".join(f"{v:+.3g}·{name}" for v, name in zip(some / np.abs(some).max(), names))
    return Freedom("direction", names, shown)


def _logs(here: Array) -> Iterator[Array]:
    """Which parameters to take by their logarithms: all of them (a·b), none (a + b), or some (a·exp(b))."""
    n = len(here)
    mixed = [np.array(some) for some in product((True, False), repeat=n)][1:-1] if n <= FEW else []
    for log in (np.ones(n, bool), np.zeros(n, bool), *mixed):
        if (here[log] != 0).all():
            yield log


def _whole(directions: Array) -> list[int] | None:
    """Small whole numbers, with which the parameters make the one thing that no direction changes; None if none do."""
    n = directions.shape[1]
    if len(directions) != n - 1:
        return None
    directions = directions / np.abs(directions).max(axis=1, keepdims=True)
    c = np.linalg.svd(directions)[2][-1]
    least = np.abs(c).max() / LARGEST / 2
    if (np.abs(c) < least).any():
        return None
    c = c / c[np.abs(c).argmin()]
    for times in range(1, LARGEST + 1):
        whole = np.round(c * times)
        if (np.abs(c * times - whole) < 1e-4).all() and np.abs(whole).max() <= LARGEST:
            sign = 1 if whole[0] > 0 else -1
            return [int(sign * v) for v in whole]
    return None


def _combination(whole: list[int], names: Sequence[str], log: Array) -> str:
    """What is determined: a product of powers, a sum, or a product with the exponential of a sum."""
    sign = 1 if whole[int(log.argmax())] > 0 else -1  # of the first logarithm, or the first of all
    powers, shares = ([(sign * w, n) for w, n, a in zip(whole, names, log) if a == b] for b in (True, False))
    factors, total = _product(*zip(*powers)) if powers else "", _sum(*zip(*shares)) if shares else ""
    return f"{factors}·exp({total})" if powers and shares else factors or total


def _product(powers: Sequence[int], names: Sequence[str]) -> str:
    def side(sign: int) -> list[str]:
        return [n if abs(p) == 1 else f"{n}**{abs(p)}" for p, n in zip(powers, names) if p * sign > 0]

    above, below = "·".join(side(1)), side(-1)
    return above + (f"/{below[0]}" if len(below) == 1 else f"/({'·'.join(below)})" if below else "")


def _sum(shares: Sequence[int], names: Sequence[str]) -> str:
    parts = [f"{'-' if s < 0 else '+'} {n if abs(s) == 1 else f'{abs(s)}·{n}'}" for s, n in zip(shares, names)]
    text = " ".join(parts).removeprefix("+ ")
    return f"-{text[2:]}" if text.startswith("- ") else text


def together(correlation: Array, labels: Sequence[str]) -> list[tuple[str, str, float]]:
    """Pairs that are correlated above TOGETHER."""
    pairs = [(i, j) for j in range(len(labels)) for i in range(j)]
    return [(labels[i], labels[j], float(correlation[i, j])) for i, j in pairs if abs(correlation[i, j]) > TOGETHER]
