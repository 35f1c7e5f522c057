"""The Weibull distribution."""

from __future__ import annotations

from typing import Any

from chainrule.api.creation import full_like
from chainrule.core.tensor import Tensor
from chainrule.distributions import constraints
from chainrule.distributions.exponential import Exponential
from chainrule.distributions.gumbel import EULER
from chainrule.distributions.transformed_distribution import Derived
from chainrule.distributions.transforms import AffineTransform, PowerTransform


class Weibull(Derived):
    """Weibull: `scale` times an exponential variable to the power 1 / `concentration`.

    >>> import chainrule as cr
    >>> Weibull(1.0, 2.0).log_prob(cr.tensor(1.0))
    tensor(-0.3069)
    """

    arg_constraints = {"scale": constraints.positive, "concentration": constraints.positive}  # noqa: RUF012
    support = constraints.positive
    scale: Tensor
    concentration: Tensor

    def __init__(self, scale: Any, concentration: Any, validate_args: bool | None = None) -> None:
        self._with(validate_args, scale=scale, concentration=concentration)

    def _parts(self, validate_args: bool | None) -> Any:
        base = Exponential(full_like(self.scale, 1), validate_args)
        return base, [PowerTransform(self.concentration_reciprocal), AffineTransform(0, self.scale)]

    @property
    def concentration_reciprocal(self) -> Tensor:
        """1 / concentration."""
        return self.concentration.reciprocal()

    @property
    def mean(self) -> Tensor:
        return self.scale * self._moment(1)

    @property
    def mode(self) -> Tensor:
        k = self.concentration
        return self.scale * ((k - 1) / k) ** k.reciprocal()

    @property
    def variance(self) -> Tensor:
        return self.scale.pow(2) * (self._moment(2) - self._moment(1).pow(2))

    def _moment(self, n: int) -> Tensor:
        return (1 + n * self.concentration_reciprocal).lgamma().exp()

    def entropy(self) -> Tensor:
        inverse = self.concentration_reciprocal
        return EULER * (1 - inverse) + (self.scale * inverse).log() + 1
