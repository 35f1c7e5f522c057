"""The Bernoulli distribution, and the base of those that have a probability as parameter."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.api.backward import no_grad
from chainrule.api.creation import full_like
from chainrule.api.masking import where
from chainrule.api.random import bernoulli
from chainrule.api.ranges import arange
from chainrule.core.tensor import Tensor
from chainrule.distributions import constraints
from chainrule.distributions.distribution import Distribution, Shape, broadcast_all, lazy
from chainrule.nn.functional import binary_cross_entropy_with_logits


def one_of(probs: Any, logits: Any) -> None:
    """Refuse both parameters, and none."""
    if (probs is None) == (logits is None):
        raise ValueError("Either `probs` or `logits` must be specified, but not both.")


def clamped(probs: Tensor) -> Tensor:
    """Probabilities kept off 0 and 1, so that their logarithms are finite."""
    eps = float(np.finfo(probs.dtype.np).eps)
    return probs.clamp(eps, 1 - eps)


class OfProbability(Distribution):
    """A distribution whose parameter is a probability `probs`, or its log-odds `logits`."""

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}  # noqa: RUF012

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None, **more: Any) -> None:
        one_of(probs, logits)
        self._with(validate_args, **more, **({"logits": logits} if probs is None else {"probs": probs}))

    @lazy
    def probs(self) -> Tensor:
        """The probability."""
        return self.logits.sigmoid()

    @lazy
    def logits(self) -> Tensor:
        """The log-odds."""
        p = clamped(self.probs)
        return p.log() - (-p).log1p()

    @property
    def param_shape(self) -> Any:
        """The shape of the parameter."""
        return self._batch_shape


class Bernoulli(OfProbability):
    """1 with the probability `probs`, or of the log-odds `logits`; 0 otherwise.

    >>> import chainrule as cr
    >>> Bernoulli(0.25).log_prob(cr.tensor([0.0, 1.0]))
    tensor([-0.2877, -1.3863])
    """

    support = constraints.boolean
    has_enumerate_support = True

    @property
    def mean(self) -> Tensor:
        return self.probs

    @property
    def mode(self) -> Tensor:
        p = self.probs
        return where(p == 0.5, full_like(p, math.nan), (p >= 0.5).to(p))

    @property
    def variance(self) -> Tensor:
        return self.probs * (1 - self.probs)

    def sample(self, sample_shape: Shape = ()) -> Tensor:
        with no_grad():
            return bernoulli(self.probs.expand(self._extended_shape(sample_shape)))

    def log_prob(self, value: Tensor) -> Tensor:
        logits, value = broadcast_all(self.logits, self._scored(value))
        return -binary_cross_entropy_with_logits(logits, value, reduction="none")

    def entropy(self) -> Tensor:
        return binary_cross_entropy_with_logits(self.logits, self.probs, reduction="none")

    def enumerate_support(self, expand: bool = True) -> Tensor:
        values = arange(2, dtype=self.probs.dtype).view(-1, *(1 for _ in self._batch_shape))
        return values.expand(-1, *self._batch_shape) if expand else values
