"""What is left of a distribution about 0 when its draws lose their sign."""

from __future__ import annotations

import math
from typing import Any

from chainrule.api.creation import full_like
from chainrule.api.masking import where
from chainrule.core.tensor import Tensor
from chainrule.distributions import constraints
from chainrule.distributions.transformed_distribution import TransformedDistribution, of_base
from chainrule.distributions.transforms import AbsTransform


class Half(TransformedDistribution):
    """The absolute value of draws from `kind(0, scale)`."""

    arg_constraints = {"scale": constraints.positive}  # noqa: RUF012
    support = constraints.nonnegative
    kind: Any
    scale = of_base("scale", "The scale of what has lost its sign.")

    def __init__(self, scale: Any, validate_args: bool | None = None) -> None:
        super().__init__(self.kind(0, scale, validate_args=False), AbsTransform(), validate_args)

    @property
    def mode(self) -> Tensor:
        return full_like(self.scale, 0)

    def log_prob(self, value: Tensor) -> Tensor:
        y = self.base_dist.log_prob(self._scored(value)) + math.log(2)
        return where(value >= 0, y, -math.inf)

    def cdf(self, value: Tensor) -> Tensor:
        return 2 * self.base_dist.cdf(self._scored(value)) - 1  # type: ignore[no-any-return]

    def icdf(self, value: Tensor) -> Tensor:
        return self.base_dist.icdf((value + 1) / 2)  # type: ignore[no-any-return]

    def entropy(self) -> Tensor:
        return self.base_dist.entropy() - math.log(2)  # type: ignore[no-any-return]
