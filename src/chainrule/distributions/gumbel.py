"""The Gumbel distribution."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.api.creation import full_like
from chainrule.core.tensor import Tensor
from chainrule.distributions import constraints
from chainrule.distributions.transformed_distribution import Derived
from chainrule.distributions.transforms import AffineTransform, ExpTransform
from chainrule.distributions.uniform import Uniform

EULER = float(np.euler_gamma)


class Gumbel(Derived):
    """Gumbel about the mode `loc`: the largest of many draws is distributed so.

    >>> import chainrule as cr
    >>> Gumbel(0.0, 1.0).log_prob(cr.tensor(0.0))
    tensor(-1.)
    """

    arg_constraints = {"loc": constraints.real, "scale": constraints.positive}  # noqa: RUF012
    support = constraints.real
    loc: Tensor
    scale: Tensor

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        self._with(validate_args, loc=loc, scale=scale)

    def _parts(self, validate_args: bool | None) -> Any:
        limits, log = np.finfo(self.loc.dtype.np), ExpTransform().inv
        low, high = (full_like(self.loc, float(x)) for x in (limits.tiny, 1 - limits.eps))
        turned = AffineTransform(0, -full_like(self.scale, 1))
        return Uniform(low, high, validate_args), [log, turned, log, AffineTransform(self.loc, -self.scale)]

    @property
    def mean(self) -> Tensor:
        return self.loc + self.scale * EULER

    @property
    def mode(self) -> Tensor:
        return self.loc

    @property
    def stddev(self) -> Tensor:
        return (math.pi / math.sqrt(6)) * self.scale

    @property
    def variance(self) -> Tensor:
        return self.stddev.pow(2)

    def log_prob(self, value: Tensor) -> Tensor:
        y = (self.loc - self._scored(value)) / self.scale
        return y - y.exp() - self.scale.log()

    def entropy(self) -> Tensor:
        return self.scale.log() + (1 + EULER)
