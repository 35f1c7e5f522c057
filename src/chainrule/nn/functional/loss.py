"""Loss functions, in PyTorch's signatures: what a prediction costs, reduced to its mean, its sum, or not at all."""

from __future__ import annotations

import functools
import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.api.public import at_float32, named
from chainrule.base import dtypes, errors
from chainrule.base.language import say
from chainrule.core.conjugate import real
from chainrule.core.graph import as_number
from chainrule.core.op import REGISTRY
from chainrule.core.tape import demand, known, numbers, payload, positions, within
from chainrule.core.tensor import Tensor, wrap
from chainrule.nn.functional.distance import pairwise_distance
from chainrule.nn.functional.linear_maps import linear

__all__ = [
    "binary_cross_entropy", "binary_cross_entropy_with_logits", "cosine_embedding_loss", "cross_entropy",
    "gaussian_nll_loss", "hinge_embedding_loss", "huber_loss", "kl_div", "l1_loss",
    "linear_cross_entropy", "margin_ranking_loss", "mse_loss",
    "multi_margin_loss", "multilabel_margin_loss", "multilabel_soft_margin_loss", "nll_loss", "poisson_nll_loss",
    "smooth_l1_loss", "soft_margin_loss", "triplet_margin_loss", "triplet_margin_with_distance_loss",
]  # fmt: skip

_where = REGISTRY["where"]


def _loss(f: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Takes PyTorch's older `size_average` and `reduce` for `reduction`, and refuses what is neither of its words."""

    halves = at_float32(f)

    @functools.wraps(f)
    def call(*args: Any, size_average: bool | None = None, reduce: bool | None = None, **kwargs: Any) -> Tensor:
        if size_average is not None or reduce is not None:
            mean = size_average is None or size_average
            kwargs["reduction"] = ("mean" if mean else "sum") if reduce is None or reduce else "none"
            warnings.warn(
                f"size_average and reduce args will be deprecated, "
                f"please use reduction='{kwargs['reduction']}' instead.",
                stacklevel=2,
            )
        word = kwargs.get("reduction", "mean")
        if word not in ("mean", "sum", "none") and not (word == "batchmean" and f.__name__ == "kl_div"):
            raise ValueError(f"{word} is not a valid value for reduction")
        real(f.__name__, *args)
        return halves(*args, **kwargs)

    return call


def _reduced(loss: Any, reduction: str, label: str | None = None) -> Tensor:
    out = loss.mean() if reduction == "mean" else loss.sum() if reduction == "sum" else loss
    return named(out, label) if label else out


def _difference(input: Any, target: Any) -> Any:
    """input - target, where truth values of either are the numbers 0 and 1."""
    for x, other in ((input, target), (target, input)):
        if x._a.dtype.kind == "b" and other._a.dtype.kind == "f":
            return input.to(other.dtype) - target.to(other.dtype)
    return input - target


def _targets_are_floats(input: Tensor, target: Tensor, said: str) -> None:
    if target._a.dtype.kind != "f" and input._a.dtype.kind == "f":
        theirs, ours = (dtypes.of(x._a.dtype) for x in (target, input))
        names = (d.legacy.removesuffix("Tensor") for d in (theirs, ours))
        said = said.format(*names)
        raise RuntimeError(f"{said}. Targets of this loss are numbers as the input's: target.to({ours})")


def _alike(input: Tensor, target: Tensor, what: str = "target") -> None:
    if input._a.shape != target._a.shape:
        warnings.warn(
            f"Using a {what} size ({target.shape}) that is different to the input size ({input.shape}). "
            "This will likely lead to incorrect results due to broadcasting. Please ensure they have the same size.",
            stacklevel=4,
        )


@_loss
def mse_loss(input: Tensor, target: Tensor, *, reduction: str = "mean", weight: Tensor | None = None) -> Tensor:
    """The squared differences.

    >>> import chainrule as cr
    >>> cr.nn.functional.mse_loss(cr.tensor([1.0, 2.0]), cr.tensor([1.0, 4.0]))
    tensor(2.)
    """
    _alike(input, target)
    a, b = input._a, target._a
    if weight is None and a.shape == b.shape and a.dtype == b.dtype and a.dtype.kind == "f":
        return REGISTRY["mse_loss"](input, target, reduction=reduction)
    difference = _difference(input, target)
    loss = difference * difference
    if weight is None:
        return _reduced(loss, reduction, "MseLossBackward0")
    loss = loss * weight
    return loss.sum() / weight.sum() if reduction == "mean" else _reduced(loss, reduction)


@_loss
def l1_loss(input: Tensor, target: Tensor, *, reduction: str = "mean", weight: Tensor | None = None) -> Tensor:
    """The absolute differences."""
    _alike(input, target)
    loss: Any = abs(input - target)
    if weight is not None:
        loss = loss * weight
        if reduction == "mean":
            return loss.sum() / weight.sum()
    return _reduced(loss, reduction)


@_loss
def smooth_l1_loss(input: Tensor, target: Tensor, *, reduction: str = "mean", beta: float = 1.0) -> Tensor:
    """Half the squared difference over `beta` where it is below `beta`, else its absolute value less `beta / 2`."""
    _alike(input, target)
    if beta < 0:
        raise RuntimeError("smooth_l1_loss does not support negative values for beta.")
    if beta == 0:
        return l1_loss(input, target, reduction=reduction)
    return _reduced(_huber(input, target, beta) / beta, reduction, "SmoothL1LossBackward0")


@_loss
def huber_loss(
    input: Tensor, target: Tensor, *, reduction: str = "mean", delta: float = 1.0, weight: Tensor | None = None
) -> Tensor:
    """Half the squared difference where it is below `delta`, else `delta * (|difference| - delta / 2)`."""
    _alike(input, target)
    if delta <= 0:
        raise RuntimeError("huber_loss does not support non-positive values for delta.")
    loss = _huber(input, target, delta)
    if weight is None:
        return _reduced(loss, reduction, "HuberLossBackward0")
    loss = loss * weight
    return loss.sum() / weight.sum() if reduction == "mean" else _reduced(loss, reduction)


def _huber(input: Any, target: Any, delta: float) -> Any:
    d = _difference(input, target)
    size = abs(d)
    far = size >= delta
    near = _where(far, 0.0, d)  # infinite differences have the slope of the other branch, and NaN stays NaN
    return _where(far, delta * (size - 0.5 * delta), 0.5 * near * near)


@_loss
def gaussian_nll_loss(
    input: Tensor,
    target: Tensor,
    var: Tensor | float,
    full: bool = False,
    eps: float = 1e-6,
    *,
    reduction: str = "mean",
) -> Tensor:
    """The negative log-likelihood of `target` under a normal distribution of mean `input` and variance `var`."""
    x: Any = input
    v: Any = var if isinstance(var, Tensor) else wrap(np.full(input._a.shape, var, input._a.dtype))
    if v.shape != x.shape:
        if x.shape[:-1] == v.shape:
            v = v.unsqueeze(-1)
        elif not (x.shape[:-1] == v.shape[:-1] and v.shape[-1] == 1) and not (
            len(v.shape) == len(x.shape) and all(a in (1, b) for a, b in zip(v.shape, x.shape))
        ):
            raise ValueError(f"var is of incorrect size: {list(v.shape)} for an input of {list(x.shape)}")
    demand(payload(v) >= 0, lambda: ValueError("var has negative entry/entries"))
    v = v + (v.clamp(min=eps) - v).detach()  # cut off below at eps, without turning its gradient off
    loss = 0.5 * (v.log() + (x - target) ** 2 / v)
    return _reduced(loss + 0.5 * math.log(2 * math.pi) if full else loss, reduction)


@_loss
def poisson_nll_loss(
    input: Tensor,
    target: Tensor,
    log_input: bool = True,
    full: bool = False,
    eps: float = 1e-8,
    *,
    reduction: str = "mean",
) -> Tensor:
    """The negative log-likelihood of the counts `target` at rates `input` (or their logarithms)."""
    x, y = input, target
    loss: Any = x.exp() - y * x if log_input else x - y * (x + eps).log()
    if full:  # log(y!) by Stirling's formula
        z: Any = y
        loss = loss + _where(z > 1, z * z.log() - z + 0.5 * (2 * math.pi * z).log(), 0.0)
    return _reduced(loss, reduction)


@_loss
def binary_cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None = None, *, reduction: str = "mean"
) -> Tensor:
    """The negative log-likelihood of `target` (0, 1 or between) where `input` is the probability of 1."""
    if input._a.shape != target._a.shape:
        said = (
            f"Using a target size ({target.shape}) that is different to the input size ({input.shape}) is deprecated."
        )
        raise ValueError(errors.other_size(f"{said} Please ensure they have the same size."))
    _targets_are_floats(input, target, "Found dtype {} but expected {}")
    p = payload(input)
    demand((p >= 0) & (p <= 1), lambda: RuntimeError(errors.no_probabilities()))
    loss = REGISTRY["binary_cross_entropy"](input, target)
    return _reduced(loss if weight is None else loss * weight, reduction, "BinaryCrossEntropyBackward0")


@_loss
def binary_cross_entropy_with_logits(
    input: Tensor, target: Tensor, weight: Tensor | None = None, *, reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """`binary_cross_entropy` of `sigmoid(input)`, without overflow; `pos_weight` weighs the ones."""
    if input._a.shape != target._a.shape:
        said = f"Target size ({target.shape}) must be the same as input size ({input.shape})."
        raise ValueError(errors.other_size(said))
    _targets_are_floats(input, target, "result type {1} can't be cast to the desired output type {0}")
    if pos_weight is None:
        loss = REGISTRY["binary_cross_entropy_with_logits"](input, target)
    else:
        x, y = input, target
        loss = (1 - y) * x - ((pos_weight - 1) * y + 1) * REGISTRY["log_sigmoid"](x)
    return _reduced(
        loss if weight is None else loss * weight, reduction, "BinaryCrossEntropyWithLogitsBackward0"
    )  # fmt: skip


@_loss
def kl_div(input: Tensor, target: Tensor, *, reduction: str = "mean", log_target: bool = False) -> Tensor:
    """How far the distribution `target` is from the one whose logarithm is `input` (Kullback and Leibler, 1951)."""
    if input._a.dtype.kind != "f" or target._a.dtype.kind != "f":
        raise RuntimeError("kl_div: Integral inputs not supported.")
    if reduction == "mean":
        warnings.warn(
            "reduction: 'mean' divides the total loss by both the batch size and the support size. 'batchmean' divides "
            "only by the batch size, and aligns with the KL div math definition.",
            stacklevel=3,
        )
    x, y = input, target
    loss: Any
    if log_target:
        loss = y.exp() * (y - x)
    else:
        loss = REGISTRY["xlogy"](y, y) - y * x
    if reduction == "batchmean":
        return loss.sum() / input.shape[0] if len(input._a.shape) else loss.sum()
    return _reduced(loss, reduction)


@_loss
def nll_loss(
    input: Tensor, target: Tensor, weight: Tensor | None = None, *, ignore_index: int = -100, reduction: str = "mean"
) -> Tensor:
    """The negative log-probabilities of the target classes.

    `input`: log-probabilities, (C), (N, C) or (N, C, ...); `target`: class numbers, (), (N) or (N, ...).
    """
    return _nll(input, target, weight, ignore_index, reduction)


def _nll(input: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int, reduction: str) -> Tensor:
    shape, classes = input._a.shape, positions(target)
    if not shape or (len(shape) == 1 and classes.shape not in ((), (1,))):
        raise RuntimeError(
            f"0D or 1D target tensor expected for an input of {len(shape)} dimensions: "
            f"got sizes {list(classes.shape)} and "
            f"{list(shape)}"
        )
    if len(shape) == 1:
        classes = classes.reshape(())
    if classes.dtype.kind not in "iu":
        lead = say("class numbers are whole numbers: target.long()")
        raise RuntimeError(f"expected scalar type Long but found {target.dtype}: {lead}")
    if len(shape) > 1 and (shape[0] != classes.shape[0] if classes.ndim else True):
        n = classes.shape[0] if classes.ndim else 0
        raise ValueError(f"Expected input batch_size ({shape[0]}) to match target batch_size ({n}).")
    if len(shape) > 1 and classes.shape != (shape[0], *shape[2:]):
        lead = errors.classes_in_a_column(classes.shape)
        raise RuntimeError(f"Expected target size {[shape[0], *shape[2:]]}, got {list(classes.shape)}{lead}")
    axis = 1 if len(shape) > 1 else 0
    keep = classes != ignore_index
    index = REGISTRY["where"](keep, classes, 0)
    n = shape[axis]
    within(index, 0, n, lambda a: IndexError(f"{_target(a, n)} is out of bounds: {errors.classes(n)}"))
    scale: Any = None
    if weight is not None:
        each = REGISTRY["index"](payload(weight), index=(index,))
        scale = REGISTRY["where"](keep, each, 0).astype(input._a.dtype)
    total = _total(keep if scale is None else scale)
    grid = [np.asarray(g) for g in np.ogrid[tuple(slice(n) for n in index.shape)]]
    everywhere = known(keep) and keep.all()
    loss = REGISTRY["nll_loss"](
        input, index=(*grid[:axis], index, *grid[axis:]), scale=scale, keep=None if everywhere else keep,
        over=None if reduction == "none" else total if reduction == "mean" else 1.0,
    )  # fmt: skip
    label = "NllLoss2DBackward0" if len(shape) == 4 else "NllLossBackward0"
    return named(loss, label)


def _target(a: Any, n: int) -> str:
    """The first target that is no class; where they are not known there is just one."""
    return "a target" if a is None else f"Target {int(a[(a < 0) | (a >= n)].flat[0])}"


def _total(a: Any) -> Any:
    """The sum as a Python number, which decides no dtype; NaN for 0: where nothing counts, PyTorch's mean is NaN."""
    total = REGISTRY["sum"](a, dim=None, keepdim=False)
    if known(total):
        return float(total) or math.nan
    total = total.astype(np.float64)
    return as_number(REGISTRY["where"](total == 0, math.nan, total))


@_loss
def cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None = None, *, ignore_index: int = -100, reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:  # fmt: skip
    """`nll_loss` of `log_softmax(input)`; `target` holds class numbers, or probabilities in the shape of the input.

    >>> import chainrule as cr
    >>> cr.nn.functional.cross_entropy(cr.zeros(2, 4), cr.tensor([0, 3]))
    tensor(1.3863)
    """
    if not 0.0 <= label_smoothing <= 1.0:
        raise ValueError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
    axis = 1 if len(input._a.shape) > 1 else 0
    logp: Any = input.log_softmax(axis)
    n, by_class = input._a.shape[axis] if input._a.shape else 1, None
    if weight is not None:
        by_class = REGISTRY["reshape"](weight, shape=(n, *[1] * (len(input._a.shape) - axis - 1)))
    if target._a.shape == input._a.shape:
        if target._a.dtype.kind != "f":
            raise RuntimeError(f"Expected floating point type for target with class probabilities, got {target.dtype}")
        p: Any = target if label_smoothing == 0 else target * (1 - label_smoothing) + label_smoothing / n
        each = logp * p if by_class is None else logp * p * by_class
        if reduction == "none":
            return -each.sum(axis)
        total = -each.sum()
        return named(total / (logp._a.size / n if n else 0.0), "DivBackward1") if reduction == "mean" else total
    exact = _nll(logp, target, weight, ignore_index, reduction)
    if label_smoothing == 0:
        return exact
    smooth = -(logp if by_class is None else logp * by_class).sum(axis)
    keep = positions(target) != ignore_index
    smooth = _where(wrap(keep), smooth, 0.0)
    if reduction != "none":
        smooth = smooth.sum()
    if reduction == "mean":
        if weight is not None:
            index = REGISTRY["where"](keep, positions(target), 0)
            keep = REGISTRY["index"](payload(weight), index=(index,)) * keep
        kept: Any = _total(keep)
        smooth = smooth / (kept if known(kept) else kept.astype(smooth._a.dtype))
    return (1 - label_smoothing) * exact + smooth * (label_smoothing / n)


def linear_cross_entropy(
    input: Tensor, linear_weight: Tensor, target: Tensor, *, linear_bias: Tensor | None = None,
    weight: Tensor | None = None, reduction: str = "mean", ignore_index: int | None = None,
    label_smoothing: float = 0.0, options: Any = None,
) -> Tensor:  # fmt: skip
    """`cross_entropy` of `linear(input, linear_weight, linear_bias)`, for weights (C, k) or (C, ..., k).

    `options` say in which pieces PyTorch computes it, to save memory; the value is the same.
    """
    (c, *inner, k), w = linear_weight._a.shape, linear_weight.flatten(0, -2)  # type: ignore[attr-defined]
    if input._a.shape[-1] != k:
        raise RuntimeError(
            "expected equal input and linear_weight last dimensions (in_features), "
            f"got {input._a.shape[-1]} and {k}, respectively"
        )
    logits = linear(input, w, None if linear_bias is None else linear_bias.reshape(-1))
    logits = logits.reshape(*input._a.shape[:-1], c, *inner)
    if ignore_index is not None and target._a.shape == logits._a.shape:
        raise RuntimeError("ignore_index cannot be specified when target contains probabilities")
    ignored = -100 if ignore_index is None else ignore_index
    return cross_entropy(
        logits, target, weight, ignore_index=ignored, reduction=reduction, label_smoothing=label_smoothing
    )


@_loss
def hinge_embedding_loss(input: Tensor, target: Tensor, margin: float = 1.0, *, reduction: str = "mean") -> Tensor:
    """The distance `input` where `target` is 1, and what it lacks to `margin` where `target` is -1."""
    x: Any = input
    loss = _where(target != -1, x, 0.0) + _where(target != 1, (margin - x).clamp(min=0), 0.0)
    return _reduced(loss, reduction)


@_loss
def margin_ranking_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0, *, reduction: str = "mean"
) -> Tensor:
    """What is missing for `input1` to exceed `input2` by `margin` (the other way round where `target` is -1)."""
    x1: Any = input1
    if not len(x1.shape) == len(input2._a.shape) == len(target._a.shape):
        raise RuntimeError(
            f"margin_ranking_loss : All input tensors should have same dimension but got sizes: input1: {x1.shape}, "
            f"input2: {input2.shape}, target: {target.shape}"
        )
    return _reduced((-target * (x1 - input2) + margin).clamp(min=0), reduction)


@_loss
def cosine_embedding_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0, *, reduction: str = "mean"
) -> Tensor:
    """One minus the cosine where `target` is 1, and by how much it exceeds `margin` where `target` is -1."""
    a, b = input1, input2
    dot, aa, bb = (p.sum(-1) for p in (a * b, a * a, b * b))
    cos = dot / ((aa + 1e-12) * (bb + 1e-12)).sqrt()
    loss = _where(target == 1, 1 - cos, 0.0) + _where(target == -1, (cos - margin).clamp(min=0), 0.0)
    return _reduced(loss, reduction)


@_loss
def triplet_margin_loss(
    anchor: Tensor, positive: Tensor, negative: Tensor, margin: float = 1.0, p: float = 2, eps: float = 1e-6,
    swap: bool = False, *, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """What is missing for `negative` to be further than `positive` from `anchor` by `margin`."""
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    return _triplet(anchor, positive, negative, lambda a, b: pairwise_distance(a, b, p, eps), margin, swap, reduction)


@_loss
def triplet_margin_with_distance_loss(
    anchor: Tensor, positive: Tensor, negative: Tensor, *, distance_function: Callable[..., Any] | None = None,
    margin: float = 1.0, swap: bool = False, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """`triplet_margin_loss` by any distance function."""
    distance = distance_function or pairwise_distance
    return _triplet(anchor, positive, negative, distance, margin, swap, reduction)


def _triplet(a: Any, p: Any, n: Any, distance: Callable[..., Any], margin: float, swap: bool, reduction: str) -> Tensor:
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    near, far = distance(a, p), distance(a, n)
    if swap:
        far = REGISTRY["minimum"](far, distance(p, n))
    return _reduced((margin + near - far).clamp(min=0), reduction)


@_loss
def soft_margin_loss(input: Tensor, target: Tensor, *, reduction: str = "mean") -> Tensor:
    """`log(1 + exp(-target * input))`, for targets 1 and -1."""
    loss = REGISTRY["softplus"](-target * input, threshold=math.inf)
    return _reduced(loss, reduction, "SoftMarginLossBackward0")


@_loss
def multi_margin_loss(
    input: Tensor, target: Tensor, p: int = 1, margin: float = 1.0, weight: Tensor | None = None, *,
    reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """What is missing for the target class's score to exceed each other one by `margin`, to the power p, over C."""
    if p not in (1, 2):
        raise ValueError("only p == 1 and p == 2 supported")
    x: Any = input.reshape(-1, input._a.shape[-1] if input._a.shape else 1)
    classes = np.array(numbers(target)).reshape(-1, 1)  # its own, as backward reads it
    n = x.shape[1]
    short = (margin - REGISTRY["gather"](x, dim=1, index=classes) + x).relu()
    if p == 2:
        short = short * short
    if weight is not None:
        short = short * wrap(numbers(weight)[classes])
    others = wrap(np.arange(n) != classes)
    loss = _where(others, short, 0.0).sum(1) / n
    if reduction == "none" and not len(target._a.shape):
        loss = loss.reshape(())
    return _reduced(loss, reduction, "MultiMarginLossBackward0")


@_loss
def multilabel_margin_loss(input: Tensor, target: Tensor, *, reduction: str = "mean") -> Tensor:
    """What is missing for every target class's score to exceed every other class's by 1, over C.

    `target`: for each row its class numbers, ended by a -1.
    """
    x: Any = input.reshape(-1, input._a.shape[-1] if input._a.shape else 1)
    classes = numbers(target).reshape(x.shape)
    listed = np.logical_and.accumulate(classes >= 0, 1)
    index = np.where(listed, classes, 0)
    is_target = np.zeros(x.shape, bool)
    np.logical_or.at(is_target, (np.arange(x.shape[0])[:, None], index), listed)
    gaps = 1 - REGISTRY["gather"](x, dim=1, index=index).unsqueeze(2) + x.unsqueeze(1)  # [row, target, other]
    counted = listed[:, :, None] & ~is_target[:, None, :]
    loss = _where(wrap(counted), gaps.relu(), 0.0).sum((1, 2)) / x.shape[1]
    if reduction == "none" and len(input._a.shape) < 2:
        loss = loss.reshape(())
    return _reduced(loss, reduction, "MultilabelMarginLossBackward0")


@_loss
def multilabel_soft_margin_loss(
    input: Tensor, target: Tensor, weight: Tensor | None = None, *, reduction: str = "mean"
) -> Tensor:
    """`binary_cross_entropy_with_logits` of each class, averaged over the classes."""
    rule, y, x = REGISTRY["log_sigmoid"], target, input
    loss = -(y * rule(x) + (1 - y) * rule(-x))  # each part 0 where its class is certain, also at infinities
    if weight is not None:
        loss = loss * weight
    return _reduced(loss.mean(-1), reduction)
