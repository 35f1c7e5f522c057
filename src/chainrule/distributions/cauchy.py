"""The Cauchy distribution."""

from __future__ import annotations

import math

from chainrule.api.creation import full_like
from chainrule.core.tensor import Tensor
from chainrule.distributions.distribution import Shape
from chainrule.distributions.symmetric import LocationScale


class Cauchy(LocationScale):
    """Cauchy about the median `loc`, with half of the draws within `scale` of it. It has no mean.

    >>> import chainrule as cr
    >>> Cauchy(0.0, 1.0).log_prob(cr.tensor(0.0))
    tensor(-1.1447)
    """

    @property
    def mean(self) -> Tensor:
        return full_like(self.loc, math.nan)

    @property
    def variance(self) -> Tensor:
        return full_like(self.loc, math.inf)

    def rsample(self, sample_shape: Shape = ()) -> Tensor:
        return self.loc + self._blank(self.loc, sample_shape).cauchy_() * self.scale

    def log_prob(self, value: Tensor) -> Tensor:
        away = (self._scored(value) - self.loc) / self.scale
        return -math.log(math.pi) - self.scale.log() - (away**2).log1p()

    def cdf(self, value: Tensor) -> Tensor:
        return ((self._scored(value) - self.loc) / self.scale).atan() / math.pi + 0.5

    def icdf(self, value: Tensor) -> Tensor:
        return (math.pi * (value - 0.5)).tan() * self.scale + self.loc

    def entropy(self) -> Tensor:
        return math.log(4 * math.pi) + self.scale.log()
