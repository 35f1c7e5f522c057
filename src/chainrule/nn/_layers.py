"""The functions beneath layers: linear maps, tables, dropout, normalisation, distances, padding."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.api.public import at_float32, named
from chainrule.api.random import default_generator, laid
from chainrule.base import dtypes, wide
from chainrule.base.dtypes import F16, F32
from chainrule.base.shapes import broadcast
from chainrule.core.inplace import modify
from chainrule.core.op import REGISTRY
from chainrule.core.state import mode
from chainrule.core.tape import by_numpy, demand, numbers, positions, reads, within
from chainrule.core.tensor import Tensor, wrap

__all__ = [
    "alpha_dropout", "batch_norm", "bilinear", "channel_shuffle", "cosine_similarity", "dropout", "dropout1d",
    "dropout2d", "dropout3d", "embedding", "feature_alpha_dropout", "group_norm", "instance_norm", "layer_norm",
    "linear", "local_response_norm", "normalize", "one_hot", "pad", "pairwise_distance", "pdist", "pixel_shuffle",
    "pixel_unshuffle", "rms_norm",
]  # fmt: skip

_SELU_FLOOR = -1.7580993408473766  # the value that selu tends to at -inf


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """`input @ weight.T + bias`: `input` (..., in), `weight` (out, in) or (in), `bias` (out) or ().

    >>> import chainrule as cr
    >>> cr.nn.functional.linear(cr.tensor([1.0, 2.0]), cr.tensor([[3.0, 4.0]]), cr.tensor([5.0]))
    tensor([16.])
    """
    x, w = input._a.shape, weight._a.shape
    if not x or not w or x[-1] != w[-1]:
        rows = math.prod(x[:-1])
        raise RuntimeError(
            f"mat1 and mat2 shapes cannot be multiplied "
            f"({rows}x{x[-1] if x else 1} and {'x'.join(map(str, w[::-1]))}): "
            f"the input {list(x)} must end with the weight's last size {list(w)}"
        )
    if not input._a.dtype == weight._a.dtype == (weight if bias is None else bias)._a.dtype:
        names = [dtypes.of(t._a.dtype).legacy.removesuffix("Tensor") for t in (input, weight, bias) if t is not None]
        raise RuntimeError(f"mat1 and mat2 must have the same dtype, but got {' and '.join(names)}")
    if len(w) == 1:
        out = (input * weight).sum(-1)
        return out if bias is None else out + bias
    if bias is None:
        return input @ weight.t()
    out = REGISTRY["linear"](input, weight, bias)
    return out if len(x) == 2 else named(out, "ViewBackward0")


def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """`input1 @ weight[k] @ input2 + bias[k]` for each k; sizes (..., a), (..., b), (out, a, b), (out)."""
    *lead, a = input1._a.shape
    b, k = input2._a.shape[-1], weight._a.shape[0]
    if lead != list(input2._a.shape[:-1]) or weight._a.shape[1:] != (a, b):
        raise RuntimeError(
            f"bilinear(): input sizes {list(input1._a.shape)} and {list(input2._a.shape)} do not fit a weight of size "
            f"{list(weight._a.shape)}"
        )
    rows = [x.reshape(-1, x._a.shape[-1]) for x in (input1, input2)]
    half = REGISTRY["contract"](rows[0], weight, equation="ni,kij->nkj")
    out = REGISTRY["contract"](half, rows[1], equation="nkj,nj->nk").reshape(*lead, k)
    return out if bias is None else out + bias


def embedding(
    input: Tensor, weight: Tensor, padding_idx: int | None = None, max_norm: float | None = None,
    norm_type: float = 2.0, scale_grad_by_freq: bool = False, sparse: bool = False,
) -> Tensor:  # fmt: skip
    """Rows of the table `weight` (n, d), by the integers in `input`. Row `padding_idx` gets no gradient.

    With `max_norm`, rows of a greater norm are first scaled down to it, in place.
    """
    index = positions(input)
    n = weight._a.shape[0]
    if index.dtype.kind not in "iu":
        raise RuntimeError(f"Expected tensor for argument 'indices' to have integer elements, but got {input.dtype}")
    within(
        index, 0, n,
        lambda a: IndexError(
            f"index out of range in self: {'' if a is None else f'indices {a.min()} to {a.max()} '}into {n} rows"
        ),
    )  # fmt: skip
    if max_norm is not None or scale_grad_by_freq:
        numbers(input)  # how many rows there are decides: refused where that is not known
    if padding_idx is not None:
        if not -n <= padding_idx < n:
            raise AssertionError(f"padding_idx must be within num_embeddings ({n}), got {padding_idx}")
        padding_idx %= n
    if max_norm is not None:
        _renormalise(weight, wide.unique(index), max_norm, norm_type)
    out = REGISTRY["embedding"](weight, index=index, padding=padding_idx, by_frequency=scale_grad_by_freq)
    return reads(out, input)


def _renormalise(weight: Tensor, rows: Any, max_norm: float, norm_type: float) -> None:
    table = numbers(weight)
    norms = np.linalg.norm(table[rows], norm_type, axis=1)
    with mode(grad=False):
        long = rows[norms > max_norm]
        scale = (max_norm / (norms[norms > max_norm] + 1e-7)).astype(table.dtype)
        changed = table.copy()
        changed[long] *= scale[:, None]
        modify(weight, "embedding_renorm_", lambda _: wrap(changed))


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """For each class number a row with a 1 in its place."""
    a = positions(tensor)
    if a.dtype.kind not in "iu":
        raise RuntimeError(f"one_hot is only applicable to index tensors of type LongTensor, but got {tensor.dtype}")
    if not a.size and num_classes <= 0:
        raise RuntimeError("Can not infer total number of classes from empty tensor.")
    demand(a >= 0, lambda: RuntimeError("Class values must be non-negative."))
    if num_classes == -1:
        num_classes = int(numbers(tensor).max()) + 1
    demand(a < num_classes, lambda: RuntimeError(
        f"Class values must be smaller than num_classes: {numbers(tensor).max()} is not below {num_classes}."
        if isinstance(a, np.ndarray) else f"Class values must be smaller than num_classes, {num_classes}."
    ))  # fmt: skip
    return by_numpy("one_hot", lambda a: (a[..., None] == np.arange(num_classes)).astype(np.int64), tensor)


# ------------------------------------------------------------------------------------------------------------ dropout


def _check_probability(p: float) -> None:
    if p < 0.0 or p > 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")


def _dropped(input: Tensor, p: float, training: bool, inplace: bool, shape: Sequence[int] | None = None) -> Tensor:
    _check_probability(p)
    if not training or p == 0 or not input._a.size:
        return input
    stream, d = default_generator.stream, input._a.dtype
    if shape is None:
        keep = laid(input._a, lambda size: stream.bernoulli(1 - p, size, d))
    else:
        keep = stream.bernoulli(1 - p, tuple(shape), d)
    mask = wrap(keep / (1 - p) if p < 1 else keep)
    return input.mul_(mask) if inplace else input * mask


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """In training, each element is 0 with probability p, else it is scaled by 1 / (1 - p) (Srivastava et al., 2014)."""
    return _dropped(input, p, training, inplace)


def _by_channel(input: Tensor) -> list[int]:
    return [*input._a.shape[:2], *[1] * (len(input._a.shape) - 2)]


def dropout1d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """`dropout` of whole channels of (N, C, L) or (C, L)."""
    shape = input._a.shape
    if len(shape) not in (2, 3):
        raise RuntimeError(f"dropout1d: Expected 2D or 3D input, but received a {len(shape)}D input")
    return _dropped(input, p, training, inplace, (*shape[:-1], 1))


def dropout2d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """`dropout` of whole channels (dimension 1)."""
    return _dropped(input, p, training, inplace, _by_channel(input))


def dropout3d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """`dropout` of whole channels (dimension 1)."""
    return _dropped(input, p, training, inplace, _by_channel(input))


def _alpha_dropped(input: Tensor, p: float, training: bool, shape: Sequence[int]) -> Tensor:
    _check_probability(p)
    if not training or p == 0:
        return input
    if p == 1:
        return input * 0
    keep = default_generator.stream.bernoulli(1 - p, tuple(shape), input._a.dtype)
    a = 1 / math.sqrt((_SELU_FLOOR**2 * p + 1) * (1 - p))
    floor = _SELU_FLOOR * a * ((1 - keep) + (p - 1))  # dropped elements go to the floor, and the mean back to 0
    return input * wrap(keep * a) + wrap(floor)


def alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """Dropout that keeps mean and variance in networks of `selu` (Klambauer et al., 2017)."""
    return _alpha_dropped(input, p, training, input._a.shape)


def feature_alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """`alpha_dropout` of whole channels (dimension 1)."""
    return _alpha_dropped(input, p, training, _by_channel(input))


# ------------------------------------------------------------------------------------------------------ normalisation


def _standardised(x: Any, dims: tuple[int, ...], eps: float) -> Any:
    centred = x - x.mean(dims, keepdim=True)
    return centred * ((centred * centred).mean(dims, keepdim=True) + eps).rsqrt()


def _scaled(out: Any, weight: Any, bias: Any) -> Any:
    out = out if weight is None else out * weight
    return out if bias is None else out + bias


@at_float32
def layer_norm(
    input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None = None, bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:  # fmt: skip
    """Mean 0 and variance 1 over the last dimensions, those of `normalized_shape` (Ba et al., 2016)."""
    dims = _last(input, normalized_shape)
    return named(_scaled(_standardised(input, dims, eps), weight, bias), "NativeLayerNormBackward0")


@at_float32
def rms_norm(
    input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None = None, eps: float | None = None
) -> Tensor:
    """Mean square 1 over the last dimensions, those of `normalized_shape`."""
    dims = _last(input, normalized_shape)
    x: Any = input
    eps = float(np.finfo(input._a.dtype).eps) if eps is None else eps
    return _scaled(x * ((x * x).mean(dims, keepdim=True) + eps).rsqrt(), weight, None)


def _last(input: Tensor, normalized_shape: Sequence[int]) -> tuple[int, ...]:
    shape = tuple(normalized_shape)
    n = len(shape)
    if not n or tuple(input._a.shape[-n:]) != shape:
        raise RuntimeError(
            f"Given normalized_shape={list(shape)}, expected input with shape [*, {', '.join(map(str, shape))}], "
            f"but got "
            f"input of size {list(input._a.shape)}"
        )
    return tuple(range(-n, 0))


def batch_norm(
    input: Tensor, running_mean: Tensor | None, running_var: Tensor | None, weight: Tensor | None = None,
    bias: Tensor | None = None, training: bool = False, momentum: float = 0.1, eps: float = 1e-5,
) -> Tensor:  # fmt: skip
    """Mean 0 and variance 1 for each channel (dimension 1): the batch's in training, else the running ones."""
    if input._a.dtype is F16:  # by way of float32, but for the running ones, which are changed in place
        return _by_float32(batch_norm, input, running_mean, running_var, weight, bias, training, momentum, eps)
    shape = input._a.shape
    dims = (0, *range(2, len(shape)))
    x: Any = input
    if len(shape) < 2:
        if shape != (0,):
            raise RuntimeError(f"batch_norm expects an input of size (N, C, ...), but got {list(shape)}")
        return x.clone()
    if training:
        n = math.prod(shape) // max(shape[1], 1)
        if n == 1:
            raise ValueError(f"Expected more than 1 value per channel when training, got input size {x.shape}")
        mean = x.mean(dims, keepdim=True)
        var = ((x - mean) * (x - mean)).mean(dims, keepdim=True)
        with mode(grad=False):
            for running, now in ((running_mean, mean), (running_var, var * (n / (n - 1)) if n else var)):
                if running is not None:
                    running.mul_(1 - momentum).add_(now.reshape(-1) * momentum)
    else:
        if running_mean is None or running_var is None:
            raise RuntimeError("Expected running_mean and running_var to be defined when training=False")
        mean, var = _as_channels(running_mean, shape), _as_channels(running_var, shape)
    out = (x - mean) * (var + eps).rsqrt()
    return named(
        _scaled(out, _as_channels(weight, shape), _as_channels(bias, shape)), "NativeBatchNormBackward0"
    )  # fmt: skip


def _by_float32(f: Any, input: Tensor, *others: Any) -> Any:
    return REGISTRY["cast"](f(REGISTRY["cast"](input, dtype=F32), *others), dtype=F16)


def _as_channels(v: Any, shape: Sequence[int]) -> Any:
    return None if v is None else v.reshape(1, -1, *[1] * (len(shape) - 2))


def instance_norm(
    input: Tensor, running_mean: Tensor | None = None, running_var: Tensor | None = None, weight: Tensor | None = None,
    bias: Tensor | None = None, use_input_stats: bool = True, momentum: float = 0.1, eps: float = 1e-5,
) -> Tensor:  # fmt: skip
    """Mean 0 and variance 1 for each channel of each sample."""
    if input._a.dtype is F16:
        return _by_float32(
            instance_norm, input, running_mean, running_var, weight, bias, use_input_stats, momentum, eps
        )
    shape = input._a.shape
    x: Any = input
    dims = tuple(range(2, len(shape)))
    if not use_input_stats:
        return batch_norm(input, running_mean, running_var, weight, bias, False, momentum, eps)
    n = math.prod(shape[2:])
    if n == 1:
        raise ValueError(f"Expected more than 1 spatial element when training, got input size {x.shape}")
    with mode(grad=False):
        mean = x.mean(dims)
        for running, now in ((running_mean, mean), (running_var, x.var(dims))):
            if running is not None:
                running.mul_(1 - momentum).add_(now.mean(0) * momentum)
    return _scaled(_standardised(x, dims, eps), _as_channels(weight, shape), _as_channels(bias, shape))


@at_float32
def group_norm(
    input: Tensor, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    """Mean 0 and variance 1 for each group of channels of each sample (Wu and He, 2018)."""
    shape = input._a.shape
    if shape[1] % num_groups:
        raise RuntimeError(
            f"Expected number of channels in input to be divisible by num_groups, but got input of shape {list(shape)} "
            f"and num_groups={num_groups}"
        )
    x: Any = input
    grouped = _standardised(x.reshape(shape[0], num_groups, math.prod(shape[1:]) // num_groups), (2,), eps)
    out = _scaled(grouped.reshape(shape), _as_channels(weight, shape), _as_channels(bias, shape))
    return named(out, "NativeGroupNormBackward0")


@at_float32
def local_response_norm(input: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Tensor:
    """Each channel divided by a power of the mean square of the `size` channels around it (Krizhevsky et al., 2012)."""
    if len(input._a.shape) < 3:
        raise ValueError(f"Expected 3D or higher dimensionality input (got {len(input._a.shape)} dimensions)")
    x: Any = input
    zeros = [0, 0] * (len(x.shape) - 2)
    around = pad(x * x, [*zeros, size // 2, (size - 1) // 2]).unfold(1, size, 1)
    return x / (around.mean(-1) * alpha + k) ** beta


@at_float32
def normalize(input: Tensor, p: float = 2.0, dim: Any = 1, eps: float = 1e-12, out: Tensor | None = None) -> Tensor:
    """The input divided by its norm along `dim` (by `eps` where that is less)."""
    x: Any = input
    result = x / x.norm(p, dim, keepdim=True).clamp(min=eps)
    if out is None:
        return result
    return out.copy_(result)


# ---------------------------------------------------------------------------------------------------------- distances


@at_float32
def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """The cosine of the angle between vectors along `dim`."""
    shape = broadcast(x1._a.shape, x2._a.shape)
    a, b = (REGISTRY["expand"](x, shape=shape) for x in (x1, x2))
    na, nb = (v.norm(2, dim, keepdim=True).clamp(min=eps) for v in (a, b))
    return ((a / na) * (b / nb)).sum(dim)


@at_float32
def pairwise_distance(x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Tensor:
    """The p-norm of `x1 - x2 + eps` along the last dimension."""
    return (x1 - x2 + eps).norm(p, -1, keepdim=keepdim)


def pdist(input: Tensor, p: float = 2.0) -> Tensor:
    """The distances of all pairs of rows of (n, m), in the order (0, 1), (0, 2), ..., (1, 2), ..."""
    if len(input._a.shape) != 2:
        raise RuntimeError(f"pdist only supports 2D tensors, got: {len(input._a.shape)}D")
    i, j = np.triu_indices(input._a.shape[0], 1)
    rows = [REGISTRY["index_select"](input, dim=0, index=k) for k in (i, j)]
    return named((rows[0] - rows[1]).norm(p, -1), "PdistBackward0")


# ---------------------------------------------------------------------------------------------- padding, rearranging


def pad(input: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Tensor:
    """More (or, where negative, fewer) elements at the ends: `pad` gives (before, after) from the last dimension on.

    `mode`: "constant" (of `value`), "reflect", "replicate" or "circular".
    """
    widths = [int(w) for w in pad]
    shape = input._a.shape
    if len(widths) % 2:
        raise RuntimeError(f"Padding length must be divisible by 2, but got {len(widths)}")
    if len(widths) > 2 * len(shape):
        raise RuntimeError(
            f"Padding length should be less than or equal to two times the input dimension but got padding length "
            f"{len(widths)} and input of dimension {len(shape)}"
        )
    by_dim = [(0, 0)] * (len(shape) - len(widths) // 2) + list(zip(widths[::2], widths[1::2]))[::-1]
    for n, (a, b) in zip(shape, by_dim):
        if n + a + b < 0:
            raise RuntimeError(f"The input size {n}, plus padding {a} and {b}, resulted in a negative output size")
    if mode == "constant":
        cut = tuple(slice(max(-a, 0), n - max(-b, 0)) for n, (a, b) in zip(shape, by_dim))
        part = input if all(w >= 0 for w in widths) else REGISTRY["getitem"](input, index=cut)
        grown = tuple((max(a, 0), max(b, 0)) for a, b in by_dim)
        return REGISTRY["constant_pad_nd"](part, widths=grown, value=value or 0)
    if value is not None and value != 0:
        raise ValueError(f'Padding mode "{mode}" doesn\'t take in value argument')
    out = input
    for dim, (n, (a, b)) in enumerate(zip(shape, by_dim)):
        if (a, b) != (0, 0):
            out = REGISTRY["index_select"](out, dim=dim, index=_border(n, a, b, mode))
    label = {"reflect": "ReflectionPad", "replicate": "ReplicationPad"}.get(mode)
    return named(out, f"{label}{len(widths) // 2}DBackward0") if label and out is not input else out


def _border(n: int, before: int, after: int, mode: str) -> Any:
    """Where the elements of a padded dimension come from."""
    i = np.arange(-before, n + after)
    if mode == "replicate":
        return np.clip(i, 0, n - 1)
    if mode == "circular":
        if max(before, after) > n:
            raise RuntimeError("Padding value causes wrapping around more than once.")
        first, left = max(-before, 0), n + min(before, 0) + min(after, 0)  # what is cut off does not come round
        return first + (i - first) % left if left else i[:0]
    if mode != "reflect":
        raise NotImplementedError(f"Unrecognised padding mode {mode}")
    if max(before, after) >= n:
        raise RuntimeError(
            "Padding size should be less than the corresponding input dimension, but got: padding "
            f"({before}, {after}) at a dimension of size {n}"
        )
    return (n - 1) - np.abs((n - 1) - np.abs(i))


def pixel_shuffle(input: Tensor, upscale_factor: int) -> Tensor:
    """(..., C r r, H, W) rearranged to (..., C, H r, W r)."""
    *lead, c, h, w = input._a.shape
    r = upscale_factor
    if r <= 0 or c % (r * r):
        raise RuntimeError(
            "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of upscale_factor, "
            f"but input.size(-3)={c} is not divisible by {r * r}"
        )
    k = len(lead)
    x = input.reshape(*lead, c // (r * r), r, r, h, w)
    return x.permute(*range(k), k, k + 3, k + 1, k + 4, k + 2).reshape(*lead, c // (r * r), h * r, w * r)


def pixel_unshuffle(input: Tensor, downscale_factor: int) -> Tensor:
    """(..., C, H r, W r) rearranged to (..., C r r, H, W)."""
    *lead, c, h, w = input._a.shape
    r = downscale_factor
    if r <= 0 or h % r or w % r:
        raise RuntimeError(
            f"pixel_unshuffle expects height and width to be divisible by downscale_factor, but ({h}, {w}) is not "
            f"divisible by {r}"
        )
    k = len(lead)
    x = input.reshape(*lead, c, h // r, r, w // r, r)
    return x.permute(*range(k), k, k + 2, k + 4, k + 1, k + 3).reshape(*lead, c * r * r, h // r, w // r)


def channel_shuffle(input: Tensor, groups: int) -> Tensor:
    """The channels (dimension 1) of `groups` groups, interleaved."""
    n, c, *rest = input._a.shape
    if c % groups:
        raise RuntimeError(f"Number of channels must be divisible by groups. Got {c} channels and {groups} groups.")
    return input.reshape(n, groups, c // groups, *rest).transpose(1, 2).reshape(n, c, *rest)
