"""The geometric distribution."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.api.backward import no_grad
from chainrule.api.creation import full_like
from chainrule.api.masking import where
from chainrule.core.tensor import Tensor
from chainrule.distributions import constraints
from chainrule.distributions.bernoulli import OfProbability
from chainrule.distributions.distribution import Shape, broadcast_all
from chainrule.nn.functional import binary_cross_entropy_with_logits


class Geometric(OfProbability):
    """How many trials fail before the first success, of the probability `probs` or the log-odds `logits`.

    >>> import chainrule as cr
    >>> Geometric(0.5).log_prob(cr.tensor(2.0))
    tensor(-2.0794)
    """

    support = constraints.nonnegative_integer

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        super().__init__(probs, logits, validate_args)
        if self._validate_args and probs is not None:
            sentence = "Expected parameter probs ({}) of distribution {} to be positive but found invalid values"
            self._demand(constraints.positive, self.probs, sentence)

    @property
    def mean(self) -> Tensor:
        return 1.0 / self.probs - 1.0

    @property
    def mode(self) -> Tensor:
        return full_like(self.probs, 0)

    @property
    def variance(self) -> Tensor:
        return (1.0 / self.probs - 1.0) / self.probs

    def sample(self, sample_shape: Shape = ()) -> Tensor:
        with no_grad():
            u = self._blank(self.probs, sample_shape).uniform_(float(np.finfo(self.probs.dtype.np).tiny), 1)
            return (u.log() / (-self.probs).log1p()).floor()

    def log_prob(self, value: Tensor) -> Tensor:
        value, p = broadcast_all(self._scored(value), self.probs)
        failing = where((p == 1) & (value == 0), 0.0, p)  # 0 * log 0 is 0
        return value * (-failing).log1p() + self.probs.log()

    def entropy(self) -> Tensor:
        return binary_cross_entropy_with_logits(self.logits, self.probs, reduction="none") / self.probs
