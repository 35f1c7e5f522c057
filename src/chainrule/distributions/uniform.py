"""The uniform distribution."""

from __future__ import annotations

import math
from typing import Any

from chainrule.api.tensor import tracing
from chainrule.core.tape import demand, payload
from chainrule.core.tensor import Tensor
from chainrule.distributions import constraints
from chainrule.distributions.distribution import Distribution, Shape


class Uniform(Distribution):
    """Uniform in [low, high).

    >>> import chainrule as cr
    >>> Uniform(0.0, 4.0).log_prob(cr.tensor(1.0))
    tensor(-1.3863)
    """

    arg_constraints = {"low": constraints.real, "high": constraints.real}  # noqa: RUF012
    has_rsample = True
    low: Tensor
    high: Tensor

    def __init__(self, low: Any, high: Any, validate_args: bool | None = None) -> None:
        self._with(validate_args, low=low, high=high)
        if self._validate_args:
            values = "" if tracing() else f": low is {self.low}, high is {self.high}"
            demand(
                payload(self.low < self.high), lambda: ValueError("Uniform is not defined when low >= high" + values)
            )

    @property
    def support(self) -> constraints.Constraint:
        """From low to high."""
        return constraints.interval(self.low, self.high)

    @property
    def mean(self) -> Tensor:
        return (self.high + self.low) / 2

    @property
    def mode(self) -> Tensor:
        return math.nan * self.high

    @property
    def stddev(self) -> Tensor:
        return (self.high - self.low) / 12**0.5

    @property
    def variance(self) -> Tensor:
        return (self.high - self.low).pow(2) / 12

    def rsample(self, sample_shape: Shape = ()) -> Tensor:
        return self.low + self._blank(self.low, sample_shape).uniform_() * (self.high - self.low)

    def log_prob(self, value: Tensor) -> Tensor:
        self._scored(value)
        inside = (self.low <= value) & (value < self.high)
        return inside.type_as(self.low).log() - (self.high - self.low).log()

    def cdf(self, value: Tensor) -> Tensor:
        return ((self._scored(value) - self.low) / (self.high - self.low)).clamp(0, 1)

    def icdf(self, value: Tensor) -> Tensor:
        return value * (self.high - self.low) + self.low

    def entropy(self) -> Tensor:
        return (self.high - self.low).log()
