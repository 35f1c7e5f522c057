"""Pooling: the greatest element or the mean of each window, and the way back.

A maximum is found once, as an index; taking the elements there is `gather`, so its derivative needs no rule of its own.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.api.layout import following
from chainrule.api.public import at_float32, named
from chainrule.api.random import default_generator
from chainrule.api.reductions import legacy
from chainrule.base import wide
from chainrule.core.conjugate import real
from chainrule.core.op import REGISTRY
from chainrule.core.tape import by_numpy, demand, positions, reads
from chainrule.core.tensor import Tensor, wrap
from chainrule.nn.functional.conv import Ints, batched, ints
from chainrule.nn.functional.padding import pad

_KINDS = ("avg_pool", "max_pool", "adaptive_avg_pool", "adaptive_max_pool", "max_unpool", "lp_pool")
__all__ = [f"{kind}{d}d" for kind in _KINDS for d in (1, 2, 3)]
__all__ += [f"{kind}{d}d_with_indices" for kind in ("max_pool", "adaptive_max_pool") for d in (1, 2, 3)]
__all__ += [f"fractional_max_pool{d}d{more}" for d in (2, 3) for more in ("", "_with_indices")]


def _plan(shape: Sequence[int], size: Ints, step: Ints, edge: Ints, spread: Ints, ceil_mode: bool) -> tuple[Ints, Ints]:
    """How many windows each dimension has, and how many elements must follow it for the last window to be full."""
    counts, after = [], []
    for n, k, s, p, t in zip(shape, size, step, edge, spread):
        if s <= 0 or k <= 0:
            raise RuntimeError(f"kernel_size {k} and stride {s} must be greater than zero")
        if t <= 0:
            raise RuntimeError(f"dilation must be greater than zero, but got {t}")
        if p < 0 or 2 * p > t * (k - 1) + 1:
            raise RuntimeError(f"pad should be at most half of effective kernel size, but got pad={p}, kernel_size={k}")
        room = n + 2 * p - t * (k - 1) - 1
        count = (-(-room // s) if ceil_mode else room // s) + 1
        if ceil_mode and (count - 1) * s >= n + p:  # the last window must begin within the input or its left padding
            count -= 1
        if count < 1 or n < 1:
            raise RuntimeError(
                f"Given input size: {tuple(shape)}, kernel {size}, stride {step}, padding {edge}: no window fits, the "
                "output size would be too small"
            )
        counts.append(count)
        after.append(max((count - 1) * s + t * (k - 1) + 1 - n - p, 0))
    return tuple(counts), tuple(after)


def _seen(x: Tensor, counts: Ints, before: Ints, after: Ints, value: Any, **look: Ints) -> Tensor:
    """The windows of the padded input, as many as were counted."""
    widths = [w for pair in reversed(list(zip(before, after))) for w in pair]
    x = pad(x, widths, value=value) if any(widths) else x
    seen = REGISTRY["windows"](x, **look)
    here = (slice(None), slice(None), *(slice(c) for c in counts))
    return seen if seen._a.shape[2 : 2 + len(counts)] == counts else seen[here]


@at_float32
def _avg_pool(
    d: int, input: Tensor, kernel_size: Any, stride: Any, padding: Any, ceil_mode: bool, count_include_pad: bool,
    divisor_override: int | None,
) -> Tensor:  # fmt: skip
    x, had_batch = batched(input, d, f"avg_pool{d}d")
    size, edge, spread = ints(kernel_size, d, "kernel_size"), ints(padding, d, "padding"), (1,) * d
    step = size if stride is None or stride in ([], ()) else ints(stride, d, "stride")
    counts, after = _plan(x._a.shape[2:], size, step, edge, spread, ceil_mode)
    look = {"size": size, "step": step, "spread": spread}
    within = tuple(range(-d, 0))
    whole = x._a.dtype.kind != "f"
    if whole and x._a.dtype != np.int64:
        raise NotImplementedError(f"\"avg_pool{d}d\" not implemented for '{legacy(x)}'")
    total = _seen(x, counts, edge, after, 0, **look).sum(within)
    if divisor_override is not None:
        if divisor_override == 0:
            raise RuntimeError("divisor must be not zero")
        out = total / divisor_override
    elif count_include_pad and after <= edge:
        out = total / math.prod(size)
    else:  # count what is there: all elements, and the padding if asked for, but none beyond it
        ones = np.ones((1, 1, *x._a.shape[2:]), x._a.dtype)
        outside = edge if count_include_pad else (0,) * d
        ones = np.pad(ones, ((0, 0), (0, 0), *((p, p) for p in outside)), constant_values=1)
        rest = tuple(p - q for p, q in zip(edge, outside)), tuple(max(a - q, 0) for a, q in zip(after, outside))
        out = total / _seen(wrap(ones), counts, *rest, 0, **look).sum(within)
    if whole:
        out = out.trunc().to(x.dtype)
    return named(out, f"AvgPool{d}DBackward0") if had_batch else out.squeeze(0)


def avg_pool1d(
    input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:  # fmt: skip
    """The mean of each window of (N, C, L)."""
    out = _avg_pool(1, input, kernel_size, stride, padding, ceil_mode, count_include_pad, None)
    return named(out, "SqueezeBackward1")


@following
def avg_pool2d(
    input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
    count_include_pad: bool = True, divisor_override: int | None = None,
) -> Tensor:  # fmt: skip
    """The mean of each window of (N, C, H, W)."""
    return _avg_pool(2, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


@following
def avg_pool3d(
    input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
    count_include_pad: bool = True, divisor_override: int | None = None,
) -> Tensor:  # fmt: skip
    """The mean of each window of (N, C, D, H, W)."""
    return _avg_pool(3, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


def _lp_pool(d: int) -> Callable[..., Tensor]:
    def lp_pool(
        input: Tensor, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False
    ) -> Tensor:
        n = math.prod(ints(kernel_size, d, "kernel_size"))
        mean = _avg_pool(d, input**norm_type, kernel_size, stride, 0, ceil_mode, True, None)
        return (mean.sign() * mean.abs().relu() * n) ** (1.0 / norm_type)

    lp_pool.__name__ = lp_pool.__qualname__ = f"lp_pool{d}d"
    lp_pool.__doc__ = "The p-norm of each window: (the sum of x**p) ** (1 / p)."
    return following(lp_pool)


def _max_pool(
    d: int, input: Tensor, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool
) -> tuple[Tensor, Tensor]:
    x, had_batch = batched(input, d, f"max_pool{d}d")
    size, edge = ints(kernel_size, d, "kernel_size"), ints(padding, d, "padding")
    step = size if stride is None or stride in ([], ()) else ints(stride, d, "stride")
    spread = ints(dilation, d, "dilation")
    inner = x._a.shape[2:]
    counts, _ = _plan(inner, size, step, edge, spread, ceil_mode)

    def find(a: Any) -> Any:
        return _greatest(a, counts, size, step, edge, spread)

    return _taken(x, by_numpy("max_pool places", find, x), had_batch, f"MaxPool{d}DWithIndicesBackward0")


def _greatest(a: Any, counts: Ints, size: Ints, step: Ints, edge: Ints, spread: Ints) -> Any:
    """Where in its channel the greatest element of each window is: the first of equal ones, the last NaN."""
    inner, nan = a.shape[2:], a.dtype.kind == "f" and np.isnan(a).any()
    best = np.full((*a.shape[:2], *counts), -np.inf if a.dtype.kind == "f" else np.iinfo(a.dtype).min, a.dtype)
    starts = [np.arange(c) * s - p for c, s, p in zip(counts, step, edge)]
    first = np.ix_(*[np.where(at < 0, -(at // t), 0) for at, t in zip(starts, spread)])  # inside, and not the padding
    chosen = np.broadcast_to(wide.ravel_multi_index(first, size), best.shape)
    chosen = chosen.astype(np.uint8 if math.prod(size) <= 256 else np.int64)
    for turn, offset in enumerate(np.ndindex(*size)):  # turns grow, so the last that was chosen is the greatest of them
        at = [start + o * t for start, o, t in zip(starts, offset, spread)]
        low, high = ([int(wide.searchsorted(x, end)) for x, end in zip(at, ends)] for ends in ((0,) * len(at), inner))
        if any(map(operator.ge, low, high)):
            continue  # no window has such an element
        here: Any = (..., *map(slice, low, high))
        seen = a[(..., *(slice(x[i], x[j - 1] + 1, s) for x, i, j, s in zip(at, low, high, step)))]
        more = (seen > best[here]) | (seen != seen) if nan else seen > best[here]
        np.maximum(best[here], seen, out=best[here])
        np.maximum(chosen[here], more * chosen.dtype.type(turn), out=chosen[here])
    moves = np.ix_(*[np.arange(k) * t for k, t in zip(size, spread)])
    index = _line(np.ix_(*starts), inner) + _line(moves, inner).reshape(-1)[chosen]
    return index.astype(np.int64, "C", copy=False)


def _line(at: Sequence[Any], inner: Ints) -> Any:
    """Positions along each dimension as positions in the space written out as one line."""
    return sum(x * math.prod(inner[i + 1 :]) for i, x in enumerate(at))


def _argmax(a: Any) -> Any:
    """Along the last dimension: the first of equal elements, the last NaN."""
    best, nan = a.argmax(-1), a != a
    return np.where(nan.any(-1), a.shape[-1] - 1 - nan[..., ::-1].argmax(-1), best) if nan.any() else best


def _taken(x: Tensor, index: Tensor, had_batch: bool, label: str) -> tuple[Tensor, Tensor]:
    """The elements at places in the flattened space of each channel, and the places."""
    flat = x.flatten(2).gather(2, index.flatten(2))
    out, found = named(flat.reshape(index._a.shape), label), index if had_batch else index[0]
    return reads(out if had_batch else out.squeeze(0), found), found


def _max_pools(d: int) -> tuple[Callable[..., Any], Callable[..., Any]]:
    def with_indices(
        input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1,
        ceil_mode: bool = False, return_indices: bool = False,
    ) -> tuple[Tensor, Tensor]:  # fmt: skip
        return _max_pool(d, input, kernel_size, stride, padding, dilation, ceil_mode)

    def max_pool(
        input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1,
        ceil_mode: bool = False, return_indices: bool = False,
    ) -> Any:  # fmt: skip
        out = _max_pool(d, input, kernel_size, stride, padding, dilation, ceil_mode)
        return out if return_indices else named(out[0], "SqueezeBackward1") if d == 1 else out[0]

    max_pool.__doc__ = (
        "The greatest element of each window; with `return_indices` also its place in the flattened space."
    )
    with_indices.__doc__ = "The greatest element of each window, and its place in the flattened space of its channel."
    return following(max_pool), following(with_indices)


def _fractional(d: int) -> tuple[Callable[..., Any], Callable[..., Any]]:
    name, step = (
        f"fractional_max_pool{d}d",
        2 * d - 5,
    )  # of images the first random number is that of the last dimension

    def with_indices(
        input: Tensor, kernel_size: Any, output_size: Any = None, output_ratio: Any = None,
        return_indices: bool = False, _random_samples: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:  # fmt: skip
        real(name, input)
        x, had_batch = batched(input, d, name)
        (n, c, *inner), size = x._a.shape, ints(kernel_size, d, "kernel_size")
        if output_size is None and output_ratio is None:
            raise ValueError(f"{name} requires specifying either an output_size or an output_ratio")
        if output_size is None:
            ratios = output_ratio if isinstance(output_ratio, (tuple, list)) else [output_ratio] * d
            target = [int(m * r) for m, r in zip(inner, ratios)]
        else:
            target = _target(output_size, inner)
        for m, k, parts in zip(inner, size, target):
            if parts < 1 or parts + k - 1 > m:
                raise RuntimeError(f"{name}: {parts} windows of {k} do not fit into {m} elements")
        drawn = default_generator.stream.uniform
        draws = wrap(drawn((n, c, d), x._a.dtype)) if _random_samples is None else _random_samples[:n]

        def find(a: Any, draws: Any) -> Any:
            at: Any = 0
            for i, (m, k, parts) in enumerate(zip(inner, size, target)):
                starts = _starts(draws[..., ::step][..., i, None], m - k, parts)[..., None] + np.arange(k)
                where = [n, c, *[1] * (2 * d)]
                where[2 + i], where[2 + d + i] = parts, k
                at = at * m + starts.reshape(where)
            at = at.reshape(n, c, *target, math.prod(size))
            flat, places = a.reshape(n, c, math.prod(inner)), at.reshape(n, c, math.prod(at.shape[2:]))
            seen = np.take_along_axis(flat, places, 2).reshape(at.shape)
            return np.take_along_axis(at, _argmax(seen)[..., None], -1)[..., 0]

        index = by_numpy(f"{name} places", find, x, draws)
        return _taken(x, index, had_batch, f"FractionalMaxPool{d}DBackward0")

    def pool(
        input: Tensor, kernel_size: Any, output_size: Any = None, output_ratio: Any = None,
        return_indices: bool = False, _random_samples: Tensor | None = None,
    ) -> Any:  # fmt: skip
        out = with_indices(input, kernel_size, output_size, output_ratio, _random_samples=_random_samples)
        return out if return_indices else out[0]

    pool.__doc__ = "The greatest element of each of `output_size` windows at random distances (Graham, 2014)."
    with_indices.__doc__ = pool.__doc__[:-1] + ", and its place."
    return following(pool), following(with_indices)


def _starts(draw: Any, room: int, parts: int) -> Any:
    """Where windows begin, (..., parts), from 0 to `room`: in steps of two lengths, which `draw` (..., 1) mixes."""
    grow = draw.dtype.type(room) / draw.dtype.type(max(parts - 1, 1))
    at = ((np.arange(parts, dtype=draw.dtype) + draw) * grow).astype(np.int64) - (draw * grow).astype(np.int64)
    at[..., -1] = room
    return at


def _unpool(d: int) -> Callable[..., Tensor]:
    def max_unpool(
        input: Tensor, indices: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, output_size: Any = None
    ) -> Tensor:
        x, had_batch = batched(input, d, f"max_unpool{d}d")
        if indices._a.shape != input._a.shape:
            raise RuntimeError(
                f"Expected shape of indices to be same as that of the input tensor ({list(input._a.shape)}) but got "
                f"indices tensor with shape: {list(indices._a.shape)}"
            )
        size, edge = ints(kernel_size, d, "kernel_size"), ints(padding, d, "padding")
        step = size if stride is None else ints(stride, d, "stride")
        n, c, *inner = x._a.shape
        if output_size is None:
            space = [(m - 1) * s - 2 * p + k for m, s, p, k in zip(inner, step, edge, size)]
        else:
            space = [int(m) for m in output_size][-d:]
        index, volume = positions(indices), math.prod(space)
        demand((index >= 0) & (index < volume), lambda: RuntimeError(
            f"found an invalid max index{f': {index.max()}' if isinstance(index, np.ndarray) else ''} "
            f"(output volumes are of size {space})"
        ))  # fmt: skip
        zeros = wrap(np.zeros((n, c, volume), x._a.dtype))
        out = zeros.scatter(2, indices.reshape(n, c, math.prod(inner)), x.flatten(2)).reshape(n, c, *space)
        return reads(out if had_batch else out.squeeze(0), indices)

    max_unpool.__name__ = max_unpool.__qualname__ = f"max_unpool{d}d"
    max_unpool.__doc__ = (
        "The elements back at the places that `max_pool` found them at, zeros elsewhere.\n\n"
        "An element that another one overwrote has gradient 0; PyTorch gives it one."
    )
    return max_unpool


def _target(output_size: Any, inner: Sequence[int]) -> list[int]:
    sizes = output_size if isinstance(output_size, (tuple, list)) else [output_size] * len(inner)
    if len(sizes) == 1:
        sizes = [sizes[0]] * len(inner)
    if len(sizes) != len(inner):
        raise RuntimeError(f"output_size must be {len(inner)} numbers, or one, but got {output_size}")
    return [n if o is None else int(o) for o, n in zip(sizes, inner)]


def _bounds(n: int, parts: int) -> list[tuple[int, int]]:
    """Where the regions begin and end; they overlap where n is no multiple."""
    return [(i * n // parts, -(-(i + 1) * n // parts)) for i in range(parts)]


def _adaptive_avg(d: int) -> Callable[..., Tensor]:
    def pool(input: Tensor, output_size: Any) -> Tensor:
        x, had_batch = batched(input, d, f"adaptive_avg_pool{d}d")
        for i, (n, parts) in enumerate(zip(x._a.shape[2:], _target(output_size, x._a.shape[2:])), start=2):
            if parts and n % parts == 0:
                x = x.reshape(*x._a.shape[:i], parts, n // parts, *x._a.shape[i + 1 :]).mean(i + 1)
            else:
                means = [x.narrow(i, a, b - a).mean(i) for a, b in _bounds(n, parts)]
                x = REGISTRY["stack"](*means, dim=i) if means else x.narrow(i, 0, 0)
        return named(x, f"AdaptiveAvgPool{d}DBackward0") if had_batch else x.squeeze(0)

    pool.__doc__ = "The mean of each of `output_size` regions of equal length (they overlap where it cannot be equal)."
    return following(pool)


def _adaptive_max(d: int) -> tuple[Callable[..., Any], Callable[..., Any]]:
    def with_indices(input: Tensor, output_size: Any, return_indices: bool = False) -> tuple[Tensor, Tensor]:
        real(f"adaptive_max_pool{d}d", input)
        x, had_batch = batched(input, d, f"adaptive_max_pool{d}d")
        inner = x._a.shape[2:]
        target = _target(output_size, inner)
        bounds = [_bounds(n, parts) for n, parts in zip(inner, target)]

        def find(a: Any) -> Any:
            index = np.zeros((*a.shape[:2], *target), np.int64)
            for at in np.ndindex(*target):
                region = [bounds[i][j] for i, j in enumerate(at)]
                within: Any = (..., *(slice(*ends) for ends in region))
                part = a[within]
                line = part.reshape(*part.shape[:2], math.prod(part.shape[2:]))
                best = wide.unravel_index(_argmax(line), part.shape[2:])
                index[(..., *at)] = wide.ravel_multi_index([b + ends[0] for b, ends in zip(best, region)], inner)
            return index

        return _taken(x, by_numpy("adaptive_max_pool places", find, x), had_batch, f"AdaptiveMaxPool{d}DBackward0")

    def pool(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
        out = with_indices(input, output_size)
        return out if return_indices else out[0]

    pool.__doc__ = "The greatest element of each of `output_size` regions; with `return_indices` also its place."
    with_indices.__doc__ = "The greatest element of each of `output_size` regions, and its place."
    return following(pool), following(with_indices)


lp_pool1d, lp_pool2d, lp_pool3d = map(_lp_pool, (1, 2, 3))
max_unpool1d, max_unpool2d, max_unpool3d = map(_unpool, (1, 2, 3))
adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d = map(_adaptive_avg, (1, 2, 3))
max_pool1d, max_pool1d_with_indices = _max_pools(1)
max_pool2d, max_pool2d_with_indices = _max_pools(2)
max_pool3d, max_pool3d_with_indices = _max_pools(3)
fractional_max_pool2d, fractional_max_pool2d_with_indices = _fractional(2)
fractional_max_pool3d, fractional_max_pool3d_with_indices = _fractional(3)
adaptive_max_pool1d, adaptive_max_pool1d_with_indices = _adaptive_max(1)
adaptive_max_pool2d, adaptive_max_pool2d_with_indices = _adaptive_max(2)
adaptive_max_pool3d, adaptive_max_pool3d_with_indices = _adaptive_max(3)
