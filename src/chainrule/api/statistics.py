"""Statistics: medians, modes, quantiles (which differentiate), and counts and histograms (which do not)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.api.products import matmul
from chainrule.api.public import at_float32, named, public
from chainrule.api.reductions import legacy, one_dim, op, pick
from chainrule.api.results import make
from chainrule.api.tensor import tracing
from chainrule.base import dtypes, wide
from chainrule.base.dtypes import F32, F64
from chainrule.base.shapes import dim_index
from chainrule.core.tape import by_numpy, demand, numbers, payload, positions
from chainrule.core.tensor import Tensor, wrap
from chainrule.ops import elementwise, reduce, steps, views

Array = np.ndarray[Any, Any]


def _array(x: Any) -> Array:
    return numbers(x)


# ------------------------------------------------------------------------------------------------- quantiles, medians


def _choice(name: str, argument: str, **attrs: Any) -> Callable[..., Any]:
    """`median`, `nanmedian`: of everything a tensor, along a dimension a named tuple (values, indices)."""
    fields, label = make(name, ("values", "indices")), name.capitalize() + "Backward1"

    def choose(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
        if dim is None:
            return op(name)(input)
        d = one_dim(name, input, dim, keepdim)
        return fields(*pick(input, op(argument)(input, dim=d, **attrs), d, label, keepdim))

    choose.__name__ = name
    choose.__doc__ = (
        "The median, the lower of two middle elements: of everything, or as (values, indices) along `dim`. "
        + ("NaN are passed over." if attrs["skip_nan"] else "NaN if any element is.")
    )
    return public()(choose)


median = _choice("median", "argmedian", skip_nan=False)
nanmedian = _choice("nanmedian", "argmedian", skip_nan=True)


@public()
def mode(input: Tensor, dim: int = -1, keepdim: bool = False) -> Any:
    """The named tuple (values, indices) of the commonest element along `dim`, the least if there are several."""
    d = one_dim("mode", input, dim, keepdim)
    return make("mode", ("values", "indices"))(*pick(input, op("argmode")(input, dim=d), d, "ModeBackward0", keepdim))


@public()
def quantile(
    input: Tensor, q: Any, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear"
) -> Tensor:
    """The q-quantiles: values below which the share q of the elements lies, interpolated between neighbours.

    `q`: a number in [0, 1], or a 1-d tensor of them, which then are the result's first dimension.
    `interpolation`: linear, lower, higher, midpoint or nearest. NaN if any element is.

    >>> import chainrule as cr
    >>> cr.tensor([1.0, 2.0, 3.0, 10.0]).quantile(0.5)
    tensor(2.5000)
    """
    return _quantile("quantile", input, q, dim, keepdim, interpolation)


@public()
def nanquantile(
    input: Tensor, q: Any, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear"
) -> Tensor:
    """The q-quantiles of the elements that are not NaN."""
    return _quantile("nanquantile", input, q, dim, keepdim, interpolation)


def _quantile(name: str, x: Tensor, q: Any, dim: int | None, keepdim: bool, interpolation: str) -> Tensor:
    q, single = _levels(name, x, q, interpolation)
    shape = x._a.shape
    d = None if dim is None else dim_index(dim, len(shape))
    line = op("reshape")(x, shape=(-1,)) if d is None or not shape else op("permute")(
        x, dims=(*(i for i in range(len(shape)) if i != d), d)
    )  # fmt: skip
    lead, n = line._a.shape[:-1], line._a.shape[-1]
    if not n:
        raise RuntimeError(f"{name}() input tensor must be non-empty")
    axis, dtype, plain = len(lead), line._a.dtype, line
    order = op("argsort")(line.detach(), dim=axis)
    line = pick(line, order, axis, "SortBackward0")[0]
    if name == "nanquantile":
        last = by_numpy("present", lambda a: np.maximum((a == a).sum(-1, keepdims=True) - 1, 0).astype(dtype), plain)
        rank = q * last  # the place in the sorted line, between two elements
    else:
        rank = q * wrap(dtype.type(n - 1))
        nan = by_numpy("nan", lambda a: np.isnan(a).any(-1, keepdims=True), plain)
        if tracing() or nan._a.any():
            rank = op("where")(nan, wrap(dtype.type(n - 1)), rank)
    rank = {"lower": op("floor"), "higher": op("ceil"), "nearest": op("round")}.get(interpolation, lambda r: r)(rank)
    width = rank._a.shape[-1]

    def at(f: Any) -> Tensor:
        index = by_numpy("rank", lambda r: np.broadcast_to(f(r), (*lead, width)).astype(np.int64), rank)
        return op("gather")(line, dim=axis, index=positions(index))  # type: ignore[no-any-return]

    low, high = at(np.floor), at(np.ceil)
    weight = 0.5 if interpolation == "midpoint" else rank - op("floor")(rank)
    got = op("lerp")(low, high, weight)
    if tracing() or not np.isfinite(low._a + high._a).all():  # between infinities, a share of each; inf - inf is NaN
        shares = op("where")((low == high) & (weight == 0), low, low * (1 - weight) + high * weight)
        got = op("where")(low + high - low - high == 0, got, shares)
    lead = got._a.shape[:-1] if d is not None and shape else ()
    if keepdim:
        lead = (1,) * len(shape) if d is None else (*lead[:d], 1, *lead[d:]) if shape else ()
    got = op("permute")(got, dims=(got.ndim - 1, *range(got.ndim - 1)))
    return named(op("reshape")(got, shape=lead if single else (got._a.shape[0], *lead)), "SqueezeBackward4")


def _levels(name: str, x: Tensor, q: Any, interpolation: str) -> tuple[Tensor, bool]:
    """q as a 1-d tensor of x's dtype, and whether it was a single one."""
    if interpolation not in ("linear", "lower", "higher", "midpoint", "nearest"):
        raise RuntimeError(
            f"{name}() interpolation must be one of linear, lower, higher, midpoint or nearest, but got {interpolation}"
        )
    if x._a.dtype is not F32 and x._a.dtype is not F64:
        raise RuntimeError(f"{name}() input tensor must be either float or double dtype")
    if not isinstance(q, Tensor):
        if not 0 <= q <= 1:
            raise RuntimeError(f"{name}() q must be in the range [0, 1] but got {q}")
        return wrap(np.full(1, q, x._a.dtype)), True
    if q._a.dtype is not x._a.dtype:
        raise RuntimeError(f"{name}() q tensor must be same dtype as the input tensor")
    if len(q._a.shape) > 1:
        raise RuntimeError(f"{name}() q must be a scalar or 1D tensor")
    if not bool(np.all((numbers(q) >= 0) & (numbers(q) <= 1))):
        raise RuntimeError(f"{name}() q values must be in the range [0, 1]")
    return op("reshape")(q, shape=(-1,)), not q._a.shape


# --------------------------------------------------------------------------------------------------------------- counts


@public()
def bincount(input: Tensor, weights: Tensor | None = None, minlength: int = 0) -> Tensor:
    """How often each number from 0 on occurs in a 1-d tensor of non-negative integers, or the sum of its weights."""
    a = _array(input)
    if a.dtype.kind not in "iu":
        raise NotImplementedError(f"\"bincount_cpu\" not implemented for '{legacy(input)}'")
    if a.ndim != 1 or (a.size and a.min() < 0):
        raise RuntimeError("bincount only supports 1-d non-negative integral inputs.")
    if minlength < 0:
        raise RuntimeError("minlength should be >= 0")
    if weights is None:
        return wrap(wide.bincount(a, minlength=minlength))
    w = _array(weights)
    if w.shape != a.shape:
        raise RuntimeError(f"weights should be 1-d and have the same length as input: {w.shape}, {a.shape}")
    total = wide.bincount(a, w, minlength)
    return _no_slope("bincount", total.astype(w.dtype if w.dtype == np.float32 else np.float64), weights)


def _no_slope(of: str, values: Array, *inputs: Tensor | None) -> Tensor:
    """Counts, with the history of what was counted: a gradient through them is refused, not left out."""
    source = next((x for x in inputs if x is not None and x.requires_grad), None)
    if source is None:
        return wrap(values)
    return named(op("found_from")(source, values=values, of=f"aten::{of}"), "NotImplemented")


def _floats(x: Tensor) -> Array:
    _refuse_whole(x)
    return _array(x)


def _refuse_whole(x: Tensor) -> None:
    if x._a.dtype.kind != "f":
        raise NotImplementedError(f"\"histogram_cpu\" not implemented for '{legacy(x)}'")


@public()
def histc(input: Tensor, bins: int = 100, min: float = 0, max: float = 0) -> Tensor:
    """How many elements fall in each of `bins` equal steps from `min` to `max` (of the data, if both are equal)."""
    if max < min:
        raise RuntimeError("torch.histc: max must be larger than min")
    if bins <= 0:
        raise RuntimeError(f"torch.histogram(): bins must be > 0, but got {bins} for dimension 0")
    _refuse_whole(input)

    def count(a: Array) -> Array:
        a = a.reshape(-1)
        low, high = (float(min), float(max)) if min != max or not a.size else (float(a.min()), float(a.max()))
        if low == high:
            low, high = low - 1, high + 1
        if not np.isfinite([low, high]).all():
            raise RuntimeError(f"torch.histc: range of [{low}, {high}] is not finite")
        inside = a[(a >= low) & (a <= high)]
        place = np.minimum(((inside - low) / (high - low) * bins).astype(np.int64), bins - 1)
        return wide.bincount(place, minlength=bins).astype(a.dtype)

    return by_numpy("histc", count, input)


def _count(points: Array, edges: Sequence[Array], weight: Tensor | None, density: bool) -> Array:
    """How many rows of `points` lie in each cell between `edges`; the last cell of a dimension includes its end."""
    shape = tuple(len(e) - 1 for e in edges)
    inside = np.ones(len(points), bool)
    place = np.zeros(len(points), np.int64)
    for x, e, n in zip(points.T, edges, shape):
        inside &= (x >= e[0]) & (x <= e[-1])
        place = place * n + np.clip(wide.searchsorted(e, x, "right") - 1, 0, n - 1)
    w = None if weight is None else _array(weight).reshape(-1)[inside]
    hist = wide.bincount(place[inside], w, int(np.prod(shape))).reshape(shape).astype(points.dtype)
    if density:
        hist /= hist.sum()
        for i, e in enumerate(edges):
            hist /= np.diff(e).reshape((-1,) + (1,) * (len(edges) - i - 1))
    return hist


def _edges(x: Array, bins: int, limits: Sequence[float] | None) -> Array:
    low, high = limits if limits is not None else (x.min(), x.max()) if x.size else (0.0, 1.0)
    if low == high:
        low, high = low - 0.5, high + 0.5
    return np.linspace(low, high, bins + 1, dtype=x.dtype)


@public()
def histogram(
    input: Tensor, bins: Any, *, range: Sequence[float] | None = None, weight: Tensor | None = None,
    density: bool = False,
) -> Any:  # fmt: skip
    """The named tuple (hist, bin_edges): counts, or sums of weights, between edges that are given or equally spaced.

    `bins`: their number, or a 1-d tensor of ascending edges. `density`: divided so that the integral is 1.
    """
    a = _floats(input).reshape(-1)
    edges = _array(bins).copy() if isinstance(bins, Tensor) else _edges(a, bins, range)
    hist = _no_slope("histogram", _count(a[:, None], [edges], weight, density), input, weight)
    return make("histogram", ("hist", "bin_edges"))(hist, wrap(edges))


@public(method=False)
def histogramdd(
    input: Tensor, bins: Any, *, range: Sequence[float] | None = None, weight: Tensor | None = None,
    density: bool = False,
) -> Any:  # fmt: skip
    """The named tuple (hist, bin_edges) of points, whose coordinates the last dimension of `input` holds.

    `bins`: their number, or for each dimension a number or all edges. `range`: low, high, low, high, ...
    """
    a = _floats(input)
    a = a.reshape(-1, a.shape[-1])
    each = [bins] * a.shape[1] if isinstance(bins, int) else list(bins)
    if len(each) != a.shape[1]:
        raise RuntimeError(
            f"histogramdd: The size of bins must be equal to the innermost dimension of the input: {len(each)} are "
            f"given for {a.shape[1]} coordinates"
        )
    limits = zip(range[::2], range[1::2]) if range is not None else [None] * len(each)
    edges = [_array(b) if isinstance(b, Tensor) else _edges(x, b, r) for x, b, r in zip(a.T, each, limits)]
    found = tuple(wrap(e) for e in edges)
    hist = _no_slope("_histogramdd_from_bin_cts", _count(a, edges, weight, density), input, weight)
    return make("histogramdd", ("hist", "bin_edges"))(hist, found)


def _weights_fit(w: Tensor | None, name: str, kinds: str, words: str) -> None:
    if w is None:
        return
    if w._a.dtype.kind not in kinds:
        raise RuntimeError(f"cov(): expected {name} to have {words} dtype but got {name} with {w.dtype} dtype")
    demand(payload(w) >= 0, lambda: RuntimeError(f"cov(): {name} cannot be negative"))


@public()
@at_float32
def cov(
    input: Tensor, *, correction: int = 1, fweights: Tensor | None = None, aweights: Tensor | None = None
) -> Tensor:
    """The covariance matrix of variables (rows) by observations (columns).

    correction: subtracted from the number of observations; fweights: how often each was seen; aweights: its importance.
    """
    _observations(input, "cov")
    _weights_fit(fweights, "fweights", "iu", "integral")
    _weights_fit(aweights, "aweights", "f", "floating point")
    if input._a.dtype.kind == "b":
        raise RuntimeError("cov(): bool dtype is not supported for input")
    x = input if input._a.dtype.kind == "f" else views.cast(input, dtype=dtypes.default_float())
    if aweights is not None and aweights._a.dtype.itemsize > x._a.dtype.itemsize:
        x = views.cast(x, dtype=aweights._a.dtype)
    n = x._a.shape[-1] if x._a.shape else 1
    x = views.reshape(x, shape=(x._a.shape[0] if len(x._a.shape) == 2 else 1, n))
    weights: Any = None
    for given in (fweights, aweights):
        if given is not None:
            w = given if given._a.dtype == x._a.dtype else views.cast(given, dtype=x._a.dtype)
            weights = w if weights is None else weights * w
    if weights is None:
        centred: Any = x - reduce.sum(x, dim=(1,), keepdim=True) / n
        norm: Any = max(n - correction, 0)
        product = matmul(centred, views.t(centred))
        out: Any = product / norm if norm else product * np.inf
    else:
        weights = views.reshape(weights, shape=(1, n))
        total = reduce.sum(weights, dim=None, keepdim=False)
        centred = x - reduce.sum(x * weights, dim=(1,), keepdim=True) / total
        less: Any = correction
        if aweights is not None and correction:
            a = views.reshape(aweights, shape=(1, n))
            less = reduce.sum(weights * a, dim=None, keepdim=False) / total * correction
        norm = steps.clamp(total - less, 0, None)
        out = matmul(centred * weights, views.t(centred)) / norm
    shape = (x._a.shape[0],) * 2 if x._a.shape[0] != 1 else ()
    return out if tuple(out._a.shape) == shape else views.reshape(out, shape=shape)


def _observations(x: Tensor, name: str) -> None:
    if (n := len(x._a.shape)) > 2:
        raise RuntimeError(
            f"{name}(): expected input to have two or fewer dimensions but got an input with {n} dimensions"
        )


@public()
@at_float32
def corrcoef(input: Tensor) -> Tensor:
    """The correlation matrix of variables (rows) by observations (columns)."""
    _observations(input, "corrcoef")
    c: Any = cov(input)
    if not c._a.shape:
        return c / c  # type: ignore[no-any-return]
    spread = elementwise.sqrt(views.diagonal(c, offset=0, dim1=0, dim2=1))
    return steps.clamp(c / views.unsqueeze(spread, dim=1) / views.unsqueeze(spread, dim=0), -1.0, 1.0)  # type: ignore
