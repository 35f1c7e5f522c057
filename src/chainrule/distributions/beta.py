"""The beta distribution."""

from __future__ import annotations

from typing import Any

from chainrule.api.joining import stack
from chainrule.core.tensor import Tensor
from chainrule.distributions import constraints
from chainrule.distributions.dirichlet import Dirichlet
from chainrule.distributions.distribution import Distribution, Shape


class Beta(Distribution):
    """Beta on [0, 1], with a density of x^(concentration1 - 1) (1 - x)^(concentration0 - 1).

    >>> import chainrule as cr
    >>> Beta(2.0, 2.0).log_prob(cr.tensor(0.5))
    tensor(0.4055)
    """

    arg_constraints = {  # noqa: RUF012
        "concentration1": constraints.positive, "concentration0": constraints.positive
    }  # fmt: skip
    support = constraints.unit_interval
    has_rsample = True
    concentration1: Tensor
    concentration0: Tensor

    def __init__(self, concentration1: Any, concentration0: Any, validate_args: bool | None = None) -> None:
        self._with(validate_args, concentration1=concentration1, concentration0=concentration0)

    def __repr__(self) -> str:
        return "Beta()"  # as torch prints it

    @property
    def _pair(self) -> Dirichlet:
        return Dirichlet(stack([self.concentration1, self.concentration0], -1), validate_args=False)

    @property
    def mode(self) -> Tensor:
        return self._pair.mode[..., 0]

    @property
    def mean(self) -> Tensor:
        return self.concentration1 / (self.concentration1 + self.concentration0)

    @property
    def variance(self) -> Tensor:
        a, b = self.concentration1, self.concentration0
        return a * b / ((a + b).pow(2) * (a + b + 1))

    def rsample(self, sample_shape: Shape = ()) -> Tensor:
        return self._pair.rsample(sample_shape).select(-1, 0)

    def log_prob(self, value: Tensor) -> Tensor:
        a, b, x = self.concentration1, self.concentration0, self._scored(value)
        return (a - 1).xlogy(x) + (b - 1).xlogy(1 - x) + (a + b).lgamma() - a.lgamma() - b.lgamma()

    def entropy(self) -> Tensor:
        a, b = self.concentration1, self.concentration0
        whole = a.lgamma() + b.lgamma() - (a + b).lgamma()
        return whole - (a - 1) * a.digamma() - (b - 1) * b.digamma() + (a + b - 2) * (a + b).digamma()
