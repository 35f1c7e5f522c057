"""The Poisson distribution."""

from __future__ import annotations

from typing import Any

from chainrule.api.backward import no_grad
from chainrule.api.random import poisson
from chainrule.core.tensor import Tensor
from chainrule.distributions import constraints
from chainrule.distributions.distribution import Distribution, Shape, broadcast_all


class Poisson(Distribution):
    """Poisson: how many events happen where `rate` are expected.

    >>> import chainrule as cr
    >>> Poisson(2.0).log_prob(cr.tensor(1.0))
    tensor(-1.3069)
    """

    arg_constraints = {"rate": constraints.nonnegative}  # noqa: RUF012
    support = constraints.nonnegative_integer
    rate: Tensor

    def __init__(self, rate: Any, validate_args: bool | None = None) -> None:
        self._with(validate_args, rate=rate)

    @property
    def mean(self) -> Tensor:
        return self.rate

    @property
    def mode(self) -> Tensor:
        return self.rate.floor()

    @property
    def variance(self) -> Tensor:
        return self.rate

    def sample(self, sample_shape: Shape = ()) -> Tensor:
        with no_grad():
            return poisson(self.rate.expand(self._extended_shape(sample_shape)))

    def log_prob(self, value: Tensor) -> Tensor:
        rate, value = broadcast_all(self.rate, self._scored(value))
        return value.xlogy(rate) - rate - (value + 1).lgamma()
