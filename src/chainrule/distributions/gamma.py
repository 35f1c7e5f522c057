"""The gamma distribution."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.core.tensor import Tensor
from chainrule.distributions import constraints
from chainrule.distributions.distribution import Distribution, Shape
from chainrule.distributions.pathwise import StandardGamma


class Gamma(Distribution):
    """Gamma with the shape `concentration` and the rate `rate`.

    >>> import chainrule as cr
    >>> Gamma(2.0, 1.0).log_prob(cr.tensor(1.0))
    tensor(-1.)
    """

    arg_constraints = {"concentration": constraints.positive, "rate": constraints.positive}  # noqa: RUF012
    support = constraints.nonnegative
    has_rsample = True
    concentration: Tensor
    rate: Tensor

    def __init__(self, concentration: Any, rate: Any, validate_args: bool | None = None) -> None:
        self._with(validate_args, concentration=concentration, rate=rate)

    @property
    def mean(self) -> Tensor:
        return self.concentration / self.rate

    @property
    def mode(self) -> Tensor:
        return ((self.concentration - 1) / self.rate).clamp(min=0)

    @property
    def variance(self) -> Tensor:
        return self.concentration / self.rate.pow(2)

    def rsample(self, sample_shape: Shape = ()) -> Tensor:
        drawn = StandardGamma.apply(self.concentration.expand(self._extended_shape(sample_shape))) / self.rate
        drawn.detach().clamp_(min=float(np.finfo(drawn.dtype.np).tiny))
        return drawn

    def log_prob(self, value: Tensor) -> Tensor:
        a, b, x = self.concentration, self.rate, self._scored(value)
        return a.xlogy(b) + (a - 1).xlogy(x) - b * x - a.lgamma()

    def cdf(self, value: Tensor) -> Tensor:
        return self.concentration.igamma(self.rate * self._scored(value))  # type: ignore[no-any-return]

    def entropy(self) -> Tensor:
        a = self.concentration
        return a - self.rate.log() + a.lgamma() + (1.0 - a) * a.digamma()
