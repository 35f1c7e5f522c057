"""Student's t-distribution."""

from __future__ import annotations

import math
from typing import Any

from chainrule.api.masking import where
from chainrule.core.tensor import Tensor
from chainrule.distributions import constraints
from chainrule.distributions.chi2 import Chi2
from chainrule.distributions.distribution import Shape
from chainrule.distributions.symmetric import Symmetric


class StudentT(Symmetric):
    """Student's t with `df` degrees of freedom, moved to `loc` and stretched by `scale`.

    >>> import chainrule as cr
    >>> StudentT(1.0).log_prob(cr.tensor(0.0))
    tensor(-1.1447)
    """

    arg_constraints = {"df": constraints.positive, "loc": constraints.real, "scale": constraints.positive}  # noqa: RUF012
    support = constraints.real
    df: Tensor
    scale: Tensor

    def __init__(self, df: Any, loc: Any = 0.0, scale: Any = 1.0, validate_args: bool | None = None) -> None:
        self._with(validate_args, df=df, loc=loc, scale=scale)

    @property
    def mean(self) -> Tensor:
        return where(self.df <= 1, math.nan, self.loc)

    @property
    def variance(self) -> Tensor:
        finite = self.df > 2
        df = where(finite, self.df, 3.0)
        return where(finite, self.scale.pow(2) * df / (df - 2), where(self.df > 1, math.inf, math.nan))

    def rsample(self, sample_shape: Shape = ()) -> Tensor:
        x = self._blank(self.df, sample_shape).normal_()
        squares = Chi2(self.df, validate_args=False).rsample(sample_shape)
        return self.loc + self.scale * (x * (squares / self.df).rsqrt())

    def log_prob(self, value: Tensor) -> Tensor:
        y, half = (self._scored(value) - self.loc) / self.scale, 0.5 * (self.df + 1)
        whole = self.scale.log() + 0.5 * (self.df.log() + math.log(math.pi)) + (0.5 * self.df).lgamma() - half.lgamma()
        return -half * (y**2 / self.df).log1p() - whole

    def entropy(self) -> Tensor:
        half, more = 0.5 * self.df, 0.5 * (self.df + 1)
        whole = half.lgamma() + math.lgamma(0.5) - more.lgamma()
        return self.scale.log() + more * (more.digamma() - half.digamma()) + 0.5 * self.df.log() + whole
