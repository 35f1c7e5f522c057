"""Helpers of distributions, under the names that PyTorch has for them."""

from __future__ import annotations

from chainrule.core.tensor import Tensor
from chainrule.distributions.bernoulli import clamped as clamp_probs
from chainrule.distributions.distribution import broadcast_all
from chainrule.distributions.distribution import lazy as lazy_property
from chainrule.distributions.gumbel import EULER as euler_constant

__all__ = ["broadcast_all", "clamp_probs", "euler_constant", "lazy_property", "logits_to_probs", "probs_to_logits"]


def logits_to_probs(logits: Tensor, is_binary: bool = False) -> Tensor:
    """Probabilities from log-odds (`is_binary`), or from logarithms along the last dimension."""
    return logits.sigmoid() if is_binary else logits.softmax(-1)


def probs_to_logits(probs: Tensor, is_binary: bool = False) -> Tensor:
    """Log-odds (`is_binary`) or logarithms of probabilities."""
    p = clamp_probs(probs)
    return p.log() - (-p).log1p() if is_binary else p.log()
