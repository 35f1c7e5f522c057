"""The continuous Bernoulli distribution."""

from __future__ import annotations

import math
from typing import Any

from chainrule.api.creation import full_like
from chainrule.api.masking import where
from chainrule.core.tensor import Tensor
from chainrule.distributions import constraints
from chainrule.distributions.bernoulli import OfProbability, clamped
from chainrule.distributions.distribution import Shape, broadcast_all, lazy
from chainrule.nn.functional import binary_cross_entropy_with_logits


class ContinuousBernoulli(OfProbability):
    """Numbers in [0, 1] with a density of probs^x (1 - probs)^(1 - x) (Loaiza-Ganem and Cunningham, 2019).

    Between the `lims`, around 1/2, where the closed forms cancel, Taylor polynomials stand for them.

    >>> import chainrule as cr
    >>> ContinuousBernoulli(0.25).log_prob(cr.tensor(0.5))
    tensor(-0.0498)
    """

    support = constraints.unit_interval
    has_rsample = True

    def __init__(self, probs: Any = None, logits: Any = None, lims: tuple[float, float] = (0.499, 0.501),
                 validate_args: bool | None = None) -> None:  # fmt: skip
        self._lims = lims
        super().__init__(probs, logits, validate_args)
        if probs is not None:
            self.probs = clamped(self.probs)

    @lazy
    def probs(self) -> Tensor:
        """The parameter, which is not the mean."""
        return clamped(self.logits.sigmoid())

    @property
    def _split(self) -> tuple[Tensor, Tensor]:
        """Where the closed forms hold, and a parameter that lies there."""
        holds = (self.probs <= self._lims[0]) | (self.probs > self._lims[1])
        return holds, where(holds, self.probs, self._lims[0])

    def _log_norm(self) -> Tensor:
        """The logarithm of what the density is multiplied by, to have the integral 1."""
        holds, p = self._split
        # 2 artanh(1 - 2 p) / (1 - 2 p), in logarithms
        exact = ((-p).log1p() - p.log()).abs().log() - (1 - 2 * p).abs().log()
        x = (self.probs - 0.5).pow(2)
        return where(holds, exact, math.log(2.0) + (4 / 3 + 104 / 45 * x) * x)

    @property
    def mean(self) -> Tensor:
        holds, p = self._split
        x = self.probs - 0.5
        exact = p / (2 * p - 1) + 1 / ((-p).log1p() - p.log())
        return where(holds, exact, 0.5 + (1 / 3 + 16 / 45 * x.pow(2)) * x)

    @property
    def variance(self) -> Tensor:
        holds, p = self._split
        x = (self.probs - 0.5).pow(2)
        exact = p * (p - 1) / (1 - 2 * p).pow(2) + 1 / ((-p).log1p() - p.log()).pow(2)
        return where(holds, exact, 1 / 12 - (1 / 15 - 128 / 945 * x) * x)

    def rsample(self, sample_shape: Shape = ()) -> Tensor:
        return self.icdf(self._blank(self.probs, sample_shape).uniform_())

    def log_prob(self, value: Tensor) -> Tensor:
        logits, value = broadcast_all(self.logits, self._scored(value))
        return -binary_cross_entropy_with_logits(logits, value, reduction="none") + self._log_norm()

    def cdf(self, value: Tensor) -> Tensor:
        (holds, p), value = self._split, self._scored(value)
        exact = (p.pow(value) * (1 - p).pow(1 - value) + p - 1) / (2 * p - 1)
        inside = where(holds, exact, value)
        return where(value <= 0, full_like(inside, 0), where(value >= 1, full_like(inside, 1), inside))

    def icdf(self, value: Tensor) -> Tensor:
        holds, p = self._split
        exact = ((-p + value * (2 * p - 1)).log1p() - (-p).log1p()) / (p.log() - (-p).log1p())
        return where(holds, exact, value)

    def entropy(self) -> Tensor:
        none, whole = (-self.probs).log1p(), self.probs.log()
        return self.mean * (none - whole) - self._log_norm() - none
