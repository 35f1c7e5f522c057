"""The F-distribution of Fisher and Snedecor."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.api.masking import where
from chainrule.core.tensor import Tensor
from chainrule.distributions import constraints
from chainrule.distributions.distribution import Distribution, Shape
from chainrule.distributions.gamma import Gamma


class FisherSnedecor(Distribution):
    """The ratio of two chi-squared variables, each by its degrees of freedom `df1` and `df2`.

    >>> FisherSnedecor(3.0, 4.0).mean
    tensor(2.)
    """

    arg_constraints = {"df1": constraints.positive, "df2": constraints.positive}  # noqa: RUF012
    support = constraints.positive
    has_rsample = True
    df1: Tensor
    df2: Tensor

    def __init__(self, df1: Any, df2: Any, validate_args: bool | None = None) -> None:
        self._with(validate_args, df1=df1, df2=df2)

    @property
    def mean(self) -> Tensor:
        df2 = where(self.df2 <= 2, math.nan, self.df2)
        return df2 / (df2 - 2)

    @property
    def mode(self) -> Tensor:
        inside = (self.df1 - 2) / self.df1 * self.df2 / (self.df2 + 2)
        return where(self.df1 <= 2, math.nan, inside)

    @property
    def variance(self) -> Tensor:
        df2 = where(self.df2 <= 4, math.nan, self.df2)
        return 2 * df2.pow(2) * (self.df1 + df2 - 2) / (self.df1 * (df2 - 2).pow(2) * (df2 - 4))

    def rsample(self, sample_shape: Shape = ()) -> Tensor:
        tiny = float(np.finfo(self.df2.dtype.np).tiny)
        above, below = (Gamma(df * 0.5, df, False).rsample(sample_shape) for df in (self.df1, self.df2))
        return (above / below.clamp(min=tiny)).clamp(min=tiny)

    def log_prob(self, value: Tensor) -> Tensor:
        a, b, ratio = self.df1 * 0.5, self.df2 * 0.5, self.df1 / self.df2
        whole = (a + b).lgamma() - a.lgamma() - b.lgamma()
        return whole + a * ratio.log() + (a - 1) * self._scored(value).log() - (a + b) * (ratio * value).log1p()
