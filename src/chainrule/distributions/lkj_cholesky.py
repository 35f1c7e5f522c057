"""The LKJ distribution of correlation matrices, in their Cholesky factors."""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np

from chainrule.api.backward import no_grad
from chainrule.api.ranges import arange
from chainrule.base.shapes import Size
from chainrule.core.tensor import Tensor
from chainrule.distributions import constraints
from chainrule.distributions.beta import Beta
from chainrule.distributions.distribution import Distribution, Shape, broadcast_all


class LKJCholesky(Distribution):
    """Cholesky factors of n x n correlation matrices C, with a density of det(C)^(concentration - 1) for C.

    Lewandowski, Kurowicka and Joe, Generating random correlation matrices based on vines and extended onion method
    (2009).

    >>> import chainrule as cr
    >>> LKJCholesky(2, 1.0).log_prob(cr.eye(2))
    tensor(-0.6931)
    """

    arg_constraints = {"concentration": constraints.positive}  # noqa: RUF012
    support = constraints.corr_cholesky

    def __init__(self, dim: int, concentration: Any = 1.0, validate_args: bool | None = None) -> None:
        if dim < 2:
            raise ValueError(f"Expected dim to be an integer greater than or equal to 2. Found dim={dim}.")
        self.dim = dim
        (self.concentration,) = broadcast_all(concentration)
        super().__init__(self.concentration.shape, (dim, dim), validate_args)

    def expand(self, batch_shape: Shape, _instance: Any = None) -> Any:
        made = copy.copy(self)
        made.concentration, made._batch_shape = self.concentration.expand(*batch_shape), Size(batch_shape)
        return made

    def sample(self, sample_shape: Shape = ()) -> Tensor:
        """Draws by the onion method: each row's length below the diagonal is a beta variable, its direction free."""
        with no_grad():
            rows = (arange(self.dim, dtype=self.concentration.dtype) - 1).clamp(min=0)
            rest = (self.concentration + 0.5 * (self.dim - 2)).unsqueeze(-1) - 0.5 * rows
            length = Beta(rows + 0.5, rest, False).sample(sample_shape).unsqueeze(-1)
            way = self._blank(length, sample_shape).normal_().tril(-1)
            way = way / way.norm(dim=-1, keepdim=True)
            way[..., 0, :] = 0.0  # the first row has nothing below the diagonal
            below = length.sqrt() * way
            left = (1 - (below**2).sum(-1)).clamp(min=float(np.finfo(below.dtype.np).tiny))
            return below + left.sqrt().diag_embed()

    def log_prob(self, value: Tensor) -> Tensor:
        n, less = self.dim, self.dim - 1
        diagonal = self._scored(value).diagonal(dim1=-2, dim2=-1)[..., 1:]
        order = 2 * (self.concentration - 1).unsqueeze(-1) + n - arange(2, n + 1)
        alpha = self.concentration + 0.5 * less
        whole = 0.5 * less * math.log(math.pi) + (alpha - 0.5).mvlgamma(less) - alpha.lgamma() * less
        return (order * diagonal.log()).sum(-1) - whole  # type: ignore[no-any-return]
