"""Along a line: running sums, products and extremes, differences of neighbours, areas under samples, sampled slopes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chainrule.api.public import at_float32, named, public
from chainrule.api.reductions import Dim, legacy, one_dim, op, pick, sum_, total
from chainrule.api.results import make
from chainrule.base.dtypes import default_float, dtype
from chainrule.base.shapes import dim_index, dim_list
from chainrule.core.tensor import Tensor

# ----------------------------------------------------------------------------------------------------------- cumulative


def _running(name: str, x: Tensor, dim: int, dtype: Any = None) -> Tensor:
    d = one_dim(name, x, dim, empty=True)
    if x._a.shape:
        return total(name, x, dtype, dim=d)
    return named(total("sum", x, dtype, dim=(), keepdim=False), name.capitalize() + "Backward0")  # the element itself


@public(inplace=True, converts=True)
def cumsum(input: Tensor, dim: int, *, dtype: dtype | None = None) -> Tensor:
    """The running sum along `dim`."""
    return _running("cumsum", input, dim, dtype)


@public(inplace=True, converts=True)
def cumprod(input: Tensor, dim: int, *, dtype: dtype | None = None) -> Tensor:
    """The running product along `dim`."""
    return _running("cumprod", input, dim, dtype)


@public()
def logcumsumexp(input: Tensor, dim: int) -> Tensor:
    """The log of the running sum of exponentials along `dim`."""
    if input._a.dtype.kind != "f":
        raise NotImplementedError(f"\"logcumsumexp_out_cpu\" not implemented for '{legacy(input)}'")
    return _running("logcumsumexp", input, dim)


def _running_extreme(name: str) -> Callable[..., Any]:
    fields, label = make(name, ("values", "indices")), name.capitalize() + "Backward0"

    def extreme(input: Tensor, dim: int) -> Any:
        d = one_dim(name, input, dim, empty=True)
        return fields(*pick(input, op("arg" + name)(input, dim=d), d, label, once=False))

    extreme.__name__ = name
    extreme.__doc__ = f"The named tuple (values, indices) of the running {name[3:]}imum along `dim`, of ties the last."
    return public()(extreme)


cummax = _running_extreme("cummax")
cummin = _running_extreme("cummin")


def _slice(x: Tensor, d: int, start: int, stop: int) -> Tensor:
    return op("narrow")(x, dim=d, start=start, stop=stop, step=1)  # type: ignore[no-any-return]


@public()
def diff(
    input: Tensor, n: int = 1, dim: int = -1, prepend: Tensor | None = None, append: Tensor | None = None
) -> Tensor:
    """The differences of neighbours along `dim`, taken `n` times; `prepend` and `append` are joined on first."""
    if not input._a.shape:
        raise RuntimeError("diff expects input to be at least one-dimensional")
    if n < 0:
        raise RuntimeError(f"order must be non-negative but got {n}")
    d = dim_index(dim, len(input._a.shape))
    parts = [x for x in (prepend, input, append) if x is not None]
    x = op("cat")(*parts, dim=d) if len(parts) > 1 and n else input
    for _ in range(n):
        size = x._a.shape[d]
        late, early = _slice(x, d, min(1, size), size), _slice(x, d, 0, max(size - 1, 0))
        x = op("bitwise_xor")(late, early) if x._a.dtype.kind == "b" else late - early
    return x if n else op("clone")(x)


def _areas(name: str, y: Tensor, x: Tensor | None, dx: Any, dim: int) -> tuple[Tensor, int]:
    """The doubled areas of the trapezoids between neighbours, and their dimension counted from the end."""
    for a, what in ((y, "y"), (x, "x")):
        if a is not None and a._a.dtype.kind == "b":
            raise RuntimeError(f"{name}: received a bool input for `{what}`, but bool is not supported")
    if y._a.dtype.kind != "f":  # sums of neighbours would not fit small integers
        y = op("cast")(y, dtype=default_float() if x is None or x._a.dtype.kind != "f" else x._a.dtype)
    if x is not None and x._a.dtype.kind != "f":
        x = op("cast")(x, dtype=y._a.dtype)
    shape = y._a.shape
    rank = len(shape)
    d = dim_index(dim, rank)
    n = shape[d]
    width: Any = 1 if dx is None else dx
    if x is not None:
        given = x._a.shape
        size = given[0] if len(given) == 1 else given[d - rank] if rank - d <= len(given) else 1
        if size != n:
            raise RuntimeError(
                f"{name}: There must be one `x` value for each sample point (x {list(given)}, y {list(shape)}, dim {d})"
            )
        if len(given) == 1:
            x = op("reshape")(x, shape=tuple(n if i == d else 1 for i in range(rank)))
        width = diff(x, dim=d - rank)
    return (_slice(y, d, min(1, n), n) + _slice(y, d, 0, max(n - 1, 0))) * width, d - rank


@public("trapz", method=False)
@at_float32
def trapezoid(y: Tensor, x: Tensor | None = None, *, dx: Any = None, dim: int = -1) -> Tensor:
    """The integral of samples y by the trapezoidal rule: at places `x`, or `dx` apart."""
    areas, d = _areas("trapezoid", y, x, dx, dim)
    return sum_(areas, d) / 2


@public(method=False)
@at_float32
def cumulative_trapezoid(y: Tensor, x: Tensor | None = None, *, dx: Any = None, dim: int = -1) -> Tensor:
    """The running integral of samples y by the trapezoidal rule."""
    areas, d = _areas("cumulative_trapezoid", y, x, dx, dim)
    return cumsum(areas / 2, d)


# --------------------------------------------------------------------------------------------------- numerical gradient


@public(method=False)
def gradient(input: Tensor, *, spacing: Any = None, dim: Dim = None, edge_order: int = 1) -> tuple[Tensor, ...]:
    """The slopes of a sampled function along each dimension, by central differences of second order.

    `spacing`: the distance of samples (1), one for all or one a dimension, or for each a 1-d tensor of coordinates.
    `edge_order`: 1 or 2, the order at the ends. Returns a tensor for each dimension.
    """
    if edge_order not in (1, 2):
        raise RuntimeError("torch.gradient only supports edge_order=1 and edge_order=2.")
    dims = [dim] if isinstance(dim, int) else list(range(input.ndim)) if dim is None else list(dim)
    steps = list(spacing) if isinstance(spacing, (tuple, list)) else [1 if spacing is None else spacing] * len(dims)
    if len(steps) != len(dims):
        raise RuntimeError(
            f"torch.gradient expected spacing to be unspecified, a scalar or a list of length {len(dims)}, "
            f"got a list of length {len(steps)}"
        )
    return tuple(_slopes(input, d, h, edge_order) for d, h in zip(dim_list(dims, input.ndim), steps))


def _slopes(f: Tensor, d: int, spacing: Any, edge_order: int) -> Tensor:
    n = f._a.shape[d]
    if n <= edge_order:
        raise RuntimeError("torch.gradient expected each dimension size to be at least edge_order+1")
    at = lambda i: _slice(f, d, i % n, i % n + 1)  # noqa: E731
    inner = lambda x, i: _slice(x, d, i, x._a.shape[d] - 2 + i)  # noqa: E731
    if isinstance(spacing, Tensor) and spacing._a.shape:
        h = diff(op("reshape")(spacing, shape=tuple(-1 if i == d else 1 for i in range(f.ndim))), dim=d)
        a, b = _slice(h, d, 0, n - 2), _slice(h, d, 1, n - 1)
        c = a + b
        middle = -b / (a * c) * inner(f, 0) + (b - a) / (a * b) * inner(f, 1) + a / (b * c) * inner(f, 2)
        first, second = _slice(h, d, 0, 1), _slice(h, d, min(1, n - 2), min(2, n - 1))
        last, previous = _slice(h, d, n - 2, n - 1), _slice(h, d, max(n - 3, 0), max(n - 2, 1))
    else:
        middle = (inner(f, 2) - inner(f, 0)) / (2 * spacing)
        first = second = last = previous = spacing

    def end(f0: Tensor, f1: Tensor, f2: Tensor, a: Any, b: Any) -> Any:
        # The slope at f0 of the line, or the parabola, through the points at the end; a, b: the distances inwards.
        if edge_order == 1:
            return (f1 - f0) / a
        return f1 * ((a + b) / (a * b)) - f0 * ((2 * a + b) / (a * (a + b))) - f2 * (a / (b * (a + b)))

    start = end(at(0), at(1), at(2), first, second)
    stop = -end(at(-1), at(-2), at(-3), last, previous)
    return op("cat")(start, middle, stop, dim=d)  # type: ignore[no-any-return]
