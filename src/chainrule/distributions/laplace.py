"""The Laplace distribution."""

from __future__ import annotations

import math

import numpy as np

from chainrule.core.tensor import Tensor
from chainrule.distributions.distribution import Shape
from chainrule.distributions.symmetric import LocationScale


class Laplace(LocationScale):
    """Laplace about `loc`: the distance to it falls off exponentially, with the mean `scale`.

    >>> import chainrule as cr
    >>> Laplace(0.0, 1.0).log_prob(cr.tensor(1.0))
    tensor(-1.6931)
    """

    @property
    def variance(self) -> Tensor:
        return 2 * self.scale.pow(2)

    @property
    def stddev(self) -> Tensor:
        return math.sqrt(2) * self.scale

    def rsample(self, sample_shape: Shape = ()) -> Tensor:
        eps = float(np.finfo(self.loc.dtype.np).eps)
        u = self._blank(self.loc, sample_shape).uniform_(eps - 1, 1)
        return self.loc - self.scale * u.sign() * (-u.abs()).log1p()

    def log_prob(self, value: Tensor) -> Tensor:
        return -(2 * self.scale).log() - (self._scored(value) - self.loc).abs() / self.scale

    def cdf(self, value: Tensor) -> Tensor:
        away = self._scored(value) - self.loc
        return 0.5 - 0.5 * away.sign() * (-away.abs() / self.scale).expm1()

    def icdf(self, value: Tensor) -> Tensor:
        away = value - 0.5
        return self.loc - self.scale * away.sign() * (-2 * away.abs()).log1p()

    def entropy(self) -> Tensor:
        return 1 + (2 * self.scale).log()
