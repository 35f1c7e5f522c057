"""The half-Cauchy distribution."""

from __future__ import annotations

import math

from chainrule.api.creation import full_like
from chainrule.core.tensor import Tensor
from chainrule.distributions.cauchy import Cauchy
from chainrule.distributions.half import Half


class HalfCauchy(Half):
    """The absolute value of Cauchy draws about 0, with the median `scale`. Its mean is infinite.

    >>> import chainrule as cr
    >>> HalfCauchy(1.0).log_prob(cr.tensor(1.0))
    tensor(-1.1447)
    """

    kind = Cauchy

    @property
    def mean(self) -> Tensor:
        return full_like(self.scale, math.inf)

    variance = mean
