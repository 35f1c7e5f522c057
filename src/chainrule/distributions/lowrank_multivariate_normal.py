"""The normal distribution of vectors whose covariance is a diagonal and a product of low rank."""

from __future__ import annotations

import math

from chainrule.api.creation import eye
from chainrule.api.factorizations import cholesky
from chainrule.api.matrices import solve_triangular
from chainrule.api.shaping import broadcast_shapes
from chainrule.core.tensor import Tensor
from chainrule.distributions import constraints
from chainrule.distributions.distribution import Shape, lazy
from chainrule.distributions.symmetric import Symmetric


class LowRankMultivariateNormal(Symmetric):
    """Normal vectors with the mean `loc` and the covariance W W^T + D, W = `cov_factor`, D = diag(`cov_diag`).

    What needs the inverse takes that of the small matrix I + W^T D^-1 W (Woodbury's identity).

    >>> import chainrule as cr
    >>> LowRankMultivariateNormal(cr.zeros(2), cr.zeros(2, 1), cr.ones(2)).log_prob(cr.zeros(2))
    tensor(-1.8379)
    """

    arg_constraints = {  # noqa: RUF012
        "loc": constraints.real_vector, "cov_factor": constraints.independent(constraints.real, 2),
        "cov_diag": constraints.independent(constraints.positive, 1),
    }  # fmt: skip
    support = constraints.real_vector
    cov_factor: Tensor
    cov_diag: Tensor

    def __init__(self, loc: Tensor, cov_factor: Tensor, cov_diag: Tensor, validate_args: bool | None = None) -> None:
        if loc.ndim < 1:
            raise ValueError("loc must be at least one-dimensional.")
        n = loc.shape[-1]
        if cov_factor.ndim < 2:
            raise ValueError("cov_factor must be at least two-dimensional, with optional leading batch dimensions")
        if cov_factor.shape[-2] != n:
            raise ValueError(f"cov_factor must be a batch of matrices with shape {n} x m")
        if cov_diag.shape[-1:] != (n,):
            raise ValueError(f"cov_diag must be a batch of vectors with shape ({n},)")
        try:
            batch = broadcast_shapes(loc.shape[:-1], cov_factor.shape[:-2], cov_diag.shape[:-1])
        except RuntimeError as e:
            raise ValueError(
                f"Incompatible batch shapes: loc {loc.shape}, cov_factor {cov_factor.shape}, cov_diag {cov_diag.shape}"
            ) from e
        self.loc, self.cov_diag = loc.expand(*batch, -1), cov_diag.expand(*batch, -1)
        self.cov_factor = cov_factor.expand(*batch, -1, -1)
        super().__init__(batch, loc.shape[-1:], validate_args)

    @property
    def _scaled(self) -> Tensor:
        """W^T D^-1."""
        return self.cov_factor.mT / self.cov_diag.unsqueeze(-2)  # type: ignore[no-any-return]

    @property
    def _small(self) -> Tensor:
        """The lower Cholesky factor of I + W^T D^-1 W."""
        return cholesky(self._scaled @ self.cov_factor + eye(self.cov_factor.shape[-1], dtype=self.loc.dtype))

    @property
    def variance(self) -> Tensor:
        return self.cov_factor.pow(2).sum(-1) + self.cov_diag

    @lazy
    def covariance_matrix(self) -> Tensor:
        """The covariance."""
        return self.cov_factor @ self.cov_factor.mT + self.cov_diag.diag_embed()

    @lazy
    def scale_tril(self) -> Tensor:
        """The lower Cholesky factor of the covariance."""
        return cholesky(self.covariance_matrix)

    @lazy
    def precision_matrix(self) -> Tensor:
        """The inverse of the covariance."""
        a = solve_triangular(self._small, self._scaled, upper=False)
        return self.cov_diag.reciprocal().diag_embed() - a.mT @ a

    def rsample(self, sample_shape: Shape = ()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        common = self.loc.new_empty((*shape[:-1], self.cov_factor.shape[-1])).normal_()
        own = self.loc.new_empty(shape).normal_()
        return self.loc + (self.cov_factor @ common.unsqueeze(-1)).squeeze(-1) + self.cov_diag.sqrt() * own

    def _square(self, away: Tensor) -> Tensor:
        """The square of a distance, in units of the covariance."""
        inner = solve_triangular(self._small, self._scaled @ away.unsqueeze(-1), upper=False)
        return (away.pow(2) / self.cov_diag).sum(-1) - inner.pow(2).sum((-2, -1))

    def _half_log_det(self) -> Tensor:
        return self._small.diagonal(dim1=-2, dim2=-1).log().sum(-1) + 0.5 * self.cov_diag.log().sum(-1)

    def log_prob(self, value: Tensor) -> Tensor:
        square = self._square(self._scored(value) - self.loc)
        return -0.5 * (self._event_shape[0] * math.log(2 * math.pi) + square) - self._half_log_det()

    def entropy(self) -> Tensor:
        return 0.5 * self._event_shape[0] * (1.0 + math.log(2 * math.pi)) + self._half_log_det()
