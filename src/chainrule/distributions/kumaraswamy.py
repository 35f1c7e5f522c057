"""The Kumaraswamy distribution."""

from __future__ import annotations

import math
from typing import Any

from chainrule.api.creation import full_like
from chainrule.api.masking import where
from chainrule.core.tensor import Tensor
from chainrule.distributions import constraints
from chainrule.distributions.gumbel import EULER
from chainrule.distributions.transformed_distribution import Derived
from chainrule.distributions.transforms import AffineTransform, PowerTransform
from chainrule.distributions.uniform import Uniform


class Kumaraswamy(Derived):
    """Kumaraswamy on [0, 1]: much like beta, with a distribution function 1 - (1 - x^concentration1)^concentration0.

    >>> import chainrule as cr
    >>> Kumaraswamy(1.0, 2.0).log_prob(cr.tensor(0.5))
    tensor(0.)
    """

    arg_constraints = {  # noqa: RUF012
        "concentration1": constraints.positive, "concentration0": constraints.positive
    }  # fmt: skip
    support = constraints.unit_interval
    concentration1: Tensor
    concentration0: Tensor

    def __init__(self, concentration1: Any, concentration0: Any, validate_args: bool | None = None) -> None:
        self._with(validate_args, concentration1=concentration1, concentration0=concentration0)

    def _parts(self, validate_args: bool | None) -> Any:
        b = self.concentration0
        powers = [PowerTransform(c.reciprocal()) for c in (b, self.concentration1)]
        base = Uniform(full_like(b, 0), full_like(b, 1), validate_args)
        return base, [powers[0], AffineTransform(1.0, -1.0), powers[1]]

    @property
    def mean(self) -> Tensor:
        return self._moment(1)

    @property
    def mode(self) -> Tensor:
        a, b = self.concentration1, self.concentration0
        log_mode = b.reciprocal() * (-b).log1p() - (-b * a).log1p()
        return where((a < 1) | (b < 1), math.nan, log_mode).exp()

    @property
    def variance(self) -> Tensor:
        return self._moment(2) - self.mean.pow(2)

    def _moment(self, n: int) -> Tensor:
        b, above = self.concentration0, 1 + n / self.concentration1
        return b * (above.lgamma() + b.lgamma() - (above + b).lgamma()).exp()

    def entropy(self) -> Tensor:
        a, b = self.concentration1, self.concentration0
        return 1 - b.reciprocal() + (1 - a.reciprocal()) * ((b + 1).digamma() + EULER) - a.log() - b.log()
