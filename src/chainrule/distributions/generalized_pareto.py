"""The generalized Pareto distribution."""

from __future__ import annotations

import math
from typing import Any

from chainrule.api.masking import where
from chainrule.core.tensor import Tensor
from chainrule.distributions import constraints
from chainrule.distributions.distribution import Distribution, Shape


class GeneralizedPareto(Distribution):
    """What exceeds a threshold `loc`: heavy-tailed for a positive `concentration`, exponential at 0, bounded below.

    >>> import chainrule as cr
    >>> GeneralizedPareto(0.0, 1.0, 0.5).log_prob(cr.tensor(2.0))
    tensor(-2.0794)
    """

    arg_constraints = {  # noqa: RUF012
        "loc": constraints.real, "scale": constraints.positive, "concentration": constraints.real
    }  # fmt: skip
    has_rsample = True
    loc: Tensor
    scale: Tensor
    concentration: Tensor

    def __init__(self, loc: Any, scale: Any, concentration: Any, validate_args: bool | None = None) -> None:
        self._with(validate_args, loc=loc, scale=scale, concentration=concentration)

    @constraints.dependent_property(is_discrete=False, event_dim=0)
    def support(self) -> constraints.Constraint:
        """From loc on, for a negative concentration up to a bound."""
        upper = where(self.concentration < 0, self.loc - self.scale / self.concentration, math.inf)
        return constraints.interval(self.loc, upper)

    @property
    def _flat(self) -> tuple[Tensor, Tensor]:
        """Where the concentration is 0, and a concentration that is nowhere 0."""
        zero = self.concentration.abs() <= 1e-8
        return zero, where(zero, 1.0, self.concentration)

    @property
    def mean(self) -> Tensor:
        c = where(self.concentration < 1, self.concentration, math.nan)
        return self.loc + self.scale / (1 - c)

    @property
    def mode(self) -> Tensor:
        return self.loc

    @property
    def variance(self) -> Tensor:
        c = where(self.concentration < 0.5, self.concentration, math.nan)
        return self.scale**2 / ((1 - c) ** 2 * (1 - 2 * c))

    def rsample(self, sample_shape: Shape = ()) -> Tensor:
        return self.icdf(self._blank(self.loc, sample_shape).uniform_())

    def log_prob(self, value: Tensor) -> Tensor:
        z, (zero, c) = (self._scored(value) - self.loc) / self.scale, self._flat
        y = 1 / c + 1
        return -self.scale.log() - where(zero, z, where(y == 0, 0.0, y * (c * z).log1p()))

    def log_survival_function(self, value: Tensor) -> Tensor:
        """The logarithm of the probability of a draw above a value."""
        z, (zero, c) = (self._scored(value) - self.loc) / self.scale, self._flat
        return where(zero, -z, -(c * z).log1p() / c)

    def log_cdf(self, value: Tensor) -> Tensor:
        """The logarithm of the probability of a draw at or below a value."""
        return (-self.log_survival_function(value).exp()).log1p()

    def cdf(self, value: Tensor) -> Tensor:
        return self.log_cdf(value).exp()

    def icdf(self, value: Tensor) -> Tensor:
        above, (zero, c) = (-value).log1p(), self._flat
        return where(zero, self.loc - self.scale * above, self.loc + self.scale / c * (-c * above).expm1())

    def entropy(self) -> Tensor:
        return self.scale.log() + self.concentration + 1
