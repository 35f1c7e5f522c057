"""Independent ways to compute what ops compute, for the table in `samples.py`: loops, formulas, SciPy.

And what brings free numbers into an op's domain (a symmetric matrix, a heavy diagonal), as functions of tensors.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.special

from chainrule.core.op import REGISTRY

Array = np.ndarray[Any, Any]


def by_rows(f: Callable[..., Any]) -> Callable[..., Any]:
    """A reduction of a vector, as one of any array over `dim` (one or several dimensions, or None for all)."""

    @functools.wraps(f)
    def call(x: Array, *, dim: Any = None, keepdim: bool = False, **attrs: Any) -> Any:
        dims = tuple(range(x.ndim)) if dim is None else (dim,) if isinstance(dim, int) else dim
        kept = tuple(1 if i in dims else n for i, n in enumerate(x.shape))
        rest = [i for i in range(x.ndim) if i not in dims]
        out = np.array([f(x[place(x, rest, at)].ravel(), **attrs) for at in np.ndindex(*(x.shape[i] for i in rest))])
        return out.reshape(kept if keepdim else [x.shape[i] for i in rest])

    return call


def place(x: Array, dims: list[int], at: tuple[int, ...]) -> tuple[Any, ...]:
    """The index of x that holds `dims` at `at` and takes all of the others."""
    index: list[Any] = [slice(None)] * x.ndim
    for d, i in zip(dims, at):
        index[d] = i
    return tuple(index)


def by_lines(f: Callable[..., Any]) -> Callable[..., Any]:
    """A function from vectors to vectors, applied along `dim`."""
    return lambda x, *, dim, **attrs: np.apply_along_axis(f, dim, x, **attrs)


def looped(change: Callable[[Array, tuple[int, ...], Any], None]) -> Callable[..., Any]:
    """What scatter and its kind do, one element of the index at a time."""

    def call(x: Array, src: Array, *, dim: int, index: Array) -> Array:
        out = x.copy()
        for at in np.ndindex(*index.shape):
            to = (*at[:dim], int(index[at]), *at[dim + 1 :])
            change(out, to, src[at])
        return out

    return call


def gathered(x: Array, *, dim: int, index: Array) -> Array:
    out = np.empty(index.shape, x.dtype)
    for at in np.ndindex(*index.shape):
        out[at] = x[(*at[:dim], int(index[at]), *at[dim + 1 :])]
    return out


def _add_at(out: Array, to: tuple[int, ...], value: Any) -> None:
    out[to] += value


def put(x: Array, value: Array, *, index: Any, add: bool = False) -> Array:
    out = x.copy()
    if not add:
        out[index] = value
        return out
    cells = np.arange(x.size).reshape(x.shape)[index]
    for cell, v in zip(cells.ravel(), np.broadcast_to(value, cells.shape).ravel()):
        out.flat[cell] += v
    return out


def added_at(x: Array, src: Array, *, dim: int, index: Array) -> Array:
    out = x.copy()
    for k, i in enumerate(index):
        out[place(x, [dim], (int(i),))] += src[place(src, [dim], (k,))]
    return out


def sliced(x: Array, *, dim: int, start: int, stop: int, step: int) -> Array:
    return x.take(range(start, stop, step), dim)


def windows(x: Array, *, dim: int, size: int, step: int) -> Array:
    parts = [x.take(range(i, i + size), dim) for i in range(0, x.shape[dim] - size + 1, step)]
    return np.stack([np.moveaxis(p, dim, -1) for p in parts], dim)


def embedded(x: Array, *, offset: int, dim1: int, dim2: int) -> Array:
    n = x.shape[-1] + abs(offset)
    rows = [np.diag(v, offset) for v in x.reshape(-1, x.shape[-1])]
    return np.moveaxis(np.reshape(rows, (*x.shape[:-1], n, n)), (-2, -1), (dim1, dim2))


def ordered(x: Array, *, dim: int, descending: bool) -> tuple[Array, Array]:
    order = np.argsort(-x if descending else x, dim)
    return np.take_along_axis(x, order, dim), order


def greatest(x: Array, *, dim: int, k: int, largest: bool) -> tuple[Array, ...]:
    return tuple(a.take(range(k), dim) for a in ordered(x, dim=dim, descending=largest))


def scattered(x: Array, value: Array, *, path: Any) -> Array:
    cells = np.arange(x.size).reshape(x.shape)
    for op, attrs in path:
        cells = op.kernel(cells, **attrs)
    out = x.copy()
    out.flat[cells.ravel()] = value.ravel()
    return out


def best_at(pick: Callable[[list[float]], float]) -> Callable[..., Any]:
    """Where in each line the element is that `pick` picks."""
    return by_rows(lambda v, **a: v.tolist().index(pick(v.tolist(), **a)))


def running(pick: Callable[[Any], float]) -> Callable[..., Any]:
    """Where the greatest or least so far is, at each place of a line."""
    return by_lines(lambda v: [v.tolist().index(pick(v[: i + 1])) for i in range(len(v))])


def bce(x: Array, y: Array) -> Array:
    return -scipy.special.xlogy(y, x) - scipy.special.xlog1py(1 - y, -x)


def spread(x: Array, *, dim: Any, correction: float, keepdim: bool, power: float = 1) -> Any:
    return np.var(x, axis=dim, ddof=correction, keepdims=keepdim) ** power


def reduced_at(x: Array, src: Array, *, index: Any, how: str) -> Array:
    meet = {"prod": float.__mul__, "amax": max, "amin": min}[how]
    out = x.copy()
    cells = np.arange(x.size).reshape(x.shape)[index]
    for cell, v in zip(cells.ravel(), src.ravel()):
        out.flat[cell] = meet(float(out.flat[cell]), float(v))
    return out


def third_kind(n: Any, x: Any) -> Any:
    """Chebyshev polynomials of the third kind: Jacobi's, scaled to be 1 at 1."""
    return scipy.special.eval_jacobi(n, -0.5, 0.5, x) / scipy.special.eval_jacobi(n, -0.5, 0.5, 1.0)


def fourth_kind(n: Any, x: Any) -> Any:
    """Chebyshev polynomials of the fourth kind: Jacobi's, scaled to be 2n + 1 at 1."""
    return (2 * n + 1) * scipy.special.eval_jacobi(n, 0.5, -0.5, x) / scipy.special.eval_jacobi(n, 0.5, -0.5, 1.0)


# ------------------------------------------------------------------------------------------- into the domain of an op
# Functions of tensors, written in the table's own ops: differences are taken through them.


def heavy(a: Any) -> Any:
    """A matrix with a heavy diagonal: invertible, well-conditioned, all pivots on the diagonal."""
    n, m = a._a.shape[-2:]
    return REGISTRY["add"](a, 3 * np.eye(n, m, dtype=a._a.dtype))


def turned(a: Any) -> Any:
    return REGISTRY["transpose"](a, dim0=-2, dim1=-1)


def symmetric(a: Any) -> Any:
    n = a._a.shape[-1]
    return REGISTRY["add"](REGISTRY["add"](a, turned(a)), np.diag(np.arange(n)).astype(a._a.dtype))


def positive(a: Any) -> Any:
    return heavy(REGISTRY["matmul"](a, turned(a)))


def lower(a: Any) -> Any:
    return REGISTRY["tril"](heavy(a), diagonal=0)


def convolved(x: Array, w: Array, *, step: tuple[int, ...], spread: tuple[int, ...], groups: int) -> Array:
    """A convolution by its definition: for each place and output the sum of a window times a weight."""
    o, c, *size = w.shape
    places = [(n - t * (k - 1) - 1) // s + 1 for n, k, s, t in zip(x.shape[2:], size, step, spread)]
    out = np.zeros((len(x), o, *places))
    for i, j, *at in np.ndindex(out.shape):
        first = j // (o // groups) * c
        window = (slice(p * s, p * s + t * (k - 1) + 1, t) for p, s, t, k in zip(at, step, spread, size))
        out[(i, j, *at)] = (x[(i, slice(first, first + c), *window)] * w[j]).sum()
    return out


def adjoint(f: Callable[[Array], Array], y: Array, shape: tuple[int, ...]) -> Array:
    """The transpose of a linear function of arrays of this shape, at y: y times f of each unit, as far as y goes."""
    units = np.eye(int(np.prod(shape))).reshape(-1, *shape)
    part = tuple(map(slice, y.shape))
    return np.array([(f(unit)[part] * y).sum() for unit in units]).reshape(shape)


def remembered(x: Array, w: Array, h: Array, c: Array) -> Array:
    """A layer of long short-term memory, number by number."""
    steps, rows, n = len(x), len(c), c.shape[1]
    out = np.zeros((steps, rows, 2 * n))
    for i, r in np.ndindex(steps, rows):
        h, c = (out[i - 1, :, :n], out[i - 1, :, n:]) if i else (h, c)
        gates = [math.fsum([x[i, r, k], *(w[k, j] * h[r, j] for j in range(n))]) for k in range(4 * n)]
        for j in range(n):
            enter, forget, leave = (1 / (1 + math.exp(-gates[k * n + j])) for k in (0, 1, 3))
            out[i, r, n + j] = forget * c[r, j] + enter * math.tanh(gates[2 * n + j])
            out[i, r, j] = leave * math.tanh(out[i, r, n + j])
    return out
