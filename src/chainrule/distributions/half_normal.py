"""The half-normal distribution."""

from __future__ import annotations

import math

from chainrule.core.tensor import Tensor
from chainrule.distributions.half import Half
from chainrule.distributions.normal import Normal


class HalfNormal(Half):
    """The absolute value of normal draws about 0 with the standard deviation `scale`.

    >>> HalfNormal(1.0).mean
    tensor(0.7979)
    """

    kind = Normal

    @property
    def mean(self) -> Tensor:
        return self.scale * math.sqrt(2 / math.pi)  # type: ignore[no-any-return]

    @property
    def variance(self) -> Tensor:
        return self.scale.pow(2) * (1 - 2 / math.pi)  # type: ignore[no-any-return]
