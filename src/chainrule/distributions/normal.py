"""The normal distribution."""

from __future__ import annotations

import math

from chainrule.api.backward import no_grad
from chainrule.api.random import normal
from chainrule.core.tensor import Tensor
from chainrule.distributions.distribution import Shape
from chainrule.distributions.symmetric import LocationScale


class Normal(LocationScale):
    """Normal with the mean `loc` and the standard deviation `scale`.

    >>> import chainrule as cr
    >>> Normal(0.0, 1.0).log_prob(cr.tensor(0.0))
    tensor(-0.9189)
    """

    @property
    def stddev(self) -> Tensor:
        return self.scale

    @property
    def variance(self) -> Tensor:
        return self.scale.pow(2)

    def sample(self, sample_shape: Shape = ()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        with no_grad():
            return normal(self.loc.expand(shape), self.scale.expand(shape))

    def rsample(self, sample_shape: Shape = ()) -> Tensor:
        return self.loc + self._blank(self.loc, sample_shape).normal_() * self.scale

    def log_prob(self, value: Tensor) -> Tensor:
        deviation = self._scored(value) - self.loc
        return -(deviation**2) / (2 * self.scale**2) - self.scale.log() - math.log(math.sqrt(2 * math.pi))

    def cdf(self, value: Tensor) -> Tensor:
        return 0.5 * (1 + ((self._scored(value) - self.loc) / self.scale / math.sqrt(2)).erf())

    def icdf(self, value: Tensor) -> Tensor:
        return self.loc + self.scale * (2 * value - 1).erfinv() * math.sqrt(2)

    def entropy(self) -> Tensor:
        return 0.5 + 0.5 * math.log(2 * math.pi) + self.scale.log()
