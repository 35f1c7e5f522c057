"""The inverse gamma distribution."""

from __future__ import annotations

import math
from typing import Any

from chainrule.api.masking import where
from chainrule.core.tensor import Tensor
from chainrule.distributions import constraints
from chainrule.distributions.gamma import Gamma
from chainrule.distributions.transformed_distribution import TransformedDistribution, of_base
from chainrule.distributions.transforms import PowerTransform


class InverseGamma(TransformedDistribution):
    """1 / x of a gamma variable x with the shape `concentration` and the rate `rate`.

    >>> InverseGamma(3.0, 1.0).mean
    tensor(0.5000)
    """

    arg_constraints = {"concentration": constraints.positive, "rate": constraints.positive}  # noqa: RUF012
    support = constraints.positive
    concentration = of_base("concentration", "The shape.")
    rate = of_base("rate", "The rate of the inverse.")

    def __init__(self, concentration: Any, rate: Any, validate_args: bool | None = None) -> None:
        base = Gamma(concentration, rate, validate_args)
        super().__init__(base, PowerTransform(-base.rate.new_ones(())), validate_args)

    @property
    def mean(self) -> Tensor:
        return where(self.concentration > 1, self.rate / (self.concentration - 1), math.inf)

    @property
    def mode(self) -> Tensor:
        return self.rate / (self.concentration + 1)  # type: ignore[no-any-return]

    @property
    def variance(self) -> Tensor:
        a = self.concentration
        return where(a > 2, self.rate.square() / ((a - 1).square() * (a - 2)), math.inf)

    def entropy(self) -> Tensor:
        a = self.concentration
        return a + self.rate.log() + a.lgamma() - (1 + a) * a.digamma()  # type: ignore[no-any-return]
