"""The loss of label sequences that are not aligned with the input: connectionist temporal classification."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.core.op import REGISTRY
from chainrule.core.tensor import Tensor, wrap
from chainrule.nn.functional.loss import _loss, _reduced

__all__ = ["ctc_loss"]

_cat, _stack, _where = REGISTRY["cat"], REGISTRY["stack"], REGISTRY["where"]


def ctc_loss(
    log_probs: Tensor, targets: Tensor, input_lengths: Any, target_lengths: Any, blank: int = 0,
    reduction: str = "mean", zero_infinity: bool = False,
) -> Tensor:  # fmt: skip
    """The negative log-likelihood of label sequences that are not aligned with the input (Graves et al., 2006).

    `log_probs`: log-probabilities, (T, N, C) or (T, C). `targets`: labels (N, S), or one sequence after another.
    `input_lengths`, `target_lengths`: tensors (N) or tuples of whole numbers. "mean" divides each loss by the length of
    its target first. What cannot be aligned costs inf (with slopes 0, where PyTorch's are NaN), or 0 if
    `zero_infinity`.

    >>> import chainrule as cr
    >>> even = cr.zeros(2, 1, 2).log_softmax(-1)  # 3 of 4 paths say "1"
    >>> cr.nn.functional.ctc_loss(even, cr.tensor([[1]]), (2,), (1,)).exp()
    tensor(1.3333)
    """
    return _ctc(log_probs, targets, input_lengths, target_lengths, blank, zero_infinity, reduction=reduction)


@_loss
def _ctc(
    log_probs: Tensor, targets: Tensor, input_lengths: Any, target_lengths: Any, blank: int, zero_infinity: bool, *,
    reduction: str = "mean",
) -> Tensor:  # fmt: skip
    single = len(log_probs._a.shape) == 2
    logp: Any = log_probs.unsqueeze(1) if single else log_probs
    times, sizes = _whole(input_lengths).reshape(-1), _whole(target_lengths).reshape(-1)
    labels = _whole(targets)
    _fits(logp._a.shape, times, sizes, labels[None] if single else labels, blank)
    loss = _lost(logp, times, sizes, _sentences(labels, sizes, blank), blank)
    if zero_infinity:
        loss = _where(loss == math.inf, 0.0, loss)
    if reduction == "mean":
        loss = loss / wrap(np.maximum(sizes, 1).astype(loss._a.dtype))
    return _reduced(loss.squeeze(0) if single and reduction == "none" else loss, reduction)


def _whole(x: Any) -> Any:
    return np.asarray(x.tolist() if isinstance(x, Tensor) else x, np.int64)


def _fits(shape: tuple[int, int, int], times: Any, sizes: Any, labels: Any, blank: int) -> None:
    steps, n, classes = shape
    if not steps * n * classes:
        raise RuntimeError("log_probs tensor must not be empty")
    if not 0 <= blank < classes:
        raise RuntimeError(f"blank must be in label range: it is {blank}, and there are {classes} classes")
    for what, lengths in (("input_lengths", times), ("target_lengths", sizes)):
        if lengths.shape != (n,):
            raise RuntimeError(f"{what} must be of size batch_size: {n} lengths are needed, but got {lengths.size}")
        if (lengths < 0).any():
            raise RuntimeError(f"Expected {what} to have value at least 0, but got value {lengths.min()}")
    if (times > steps).any():
        raise RuntimeError(f"Expected input_lengths to have value at most {steps}, but got value {times.max()}")
    needed = (sizes.sum(),) if labels.ndim == 1 else (n, max(sizes.max(initial=0), labels.shape[1]))
    if labels.shape != needed:
        raise RuntimeError(f"Expected targets of size {[*map(int, needed)]}, as target_lengths say, but got size "
                           f"{list(labels.shape)}")  # fmt: skip


def _sentences(labels: Any, sizes: Any, blank: int) -> Any:
    """The labels, (N, S), with blanks after the end of each sequence."""
    room = np.arange(max(sizes.max(initial=0), 1)) < sizes[:, None]
    out = np.full(room.shape, blank)
    if labels.shape == (sizes.sum(),):
        out[room] = labels
    else:
        rows = labels.reshape(len(sizes), labels.shape[-1])[:, : room.shape[1]]
        out[:, : rows.shape[1]][room[:, : rows.shape[1]]] = rows[room[:, : rows.shape[1]]]
    return out


def _lost(logp: Any, times: Any, sizes: Any, labels: Any, blank: int) -> Any:
    """Minus the logarithm of the sum over all alignments of each sample, step by step: where a path stands after t
    steps it stood before, or one place before, or two if that leaps over a blank between two labels."""
    (n, most), never = labels.shape, wrap(np.full((len(labels), 2), -math.inf, logp._a.dtype))
    path = np.full((n, 2 * most + 1), blank)  # blanks before, between and after the labels
    path[:, 1::2] = labels
    alike = np.ones(path.shape, bool)
    alike[:, 3::2] = labels[:, 1:] == labels[:, :-1]
    logp = logp.gather(2, wrap(np.broadcast_to(path, (len(logp._a), *path.shape))))
    at = _cat(logp[0][:, :2], never[:, :1].expand(n, 2 * most - 1), dim=1)  # type: ignore[index]
    reached = [at]
    for t in range(1, int(times.max(initial=0))):
        moved = _cat(never, at, dim=1)
        leapt = moved[:, :-2].masked_fill(wrap(alike), -math.inf)
        at = _stack(at, moved[:, 1:-1], leapt, dim=0).logsumexp(0) + logp[t]
        reached.append(at)
    every = wrap(np.arange(n))
    last = _stack(*reached, dim=0)[wrap(np.maximum(times, 1) - 1), every]
    ends = last[every, wrap(2 * sizes)], last[every, wrap(np.maximum(2 * sizes - 1, 0))]
    loss = -_stack(ends[0], ends[1].masked_fill(wrap(sizes == 0), -math.inf), dim=0).logsumexp(0)
    return _where(wrap(times == 0), wrap(np.where(sizes == 0, 0.0, math.inf).astype(loss._a.dtype)), loss)
