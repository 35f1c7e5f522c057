"""The Wishart distribution."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from chainrule.api.creation import from_numpy
from chainrule.api.factorizations import cholesky_solve
from chainrule.api.masking import where
from chainrule.api.matrices import slogdet
from chainrule.api.ranges import arange
from chainrule.api.shaping import broadcast_shapes
from chainrule.core.tensor import Tensor
from chainrule.distributions import constraints
from chainrule.distributions.chi2 import Chi2
from chainrule.distributions.distribution import Distribution, Shape, broadcast_all
from chainrule.distributions.multivariate_normal import OfCovariance


class Wishart(OfCovariance, Distribution):
    """Sums of x x^T over `df` normal vectors x with one of: covariance, its inverse (precision), its Cholesky factor.

    >>> import chainrule as cr
    >>> Wishart(3.0, cr.eye(2)).mean
    tensor([[3., 0.],
            [0., 3.]])
    """

    support = constraints.positive_definite
    has_rsample = True
    df: Tensor

    def __init__(self, df: Any, covariance_matrix: Tensor | None = None, precision_matrix: Tensor | None = None,
                 scale_tril: Tensor | None = None, validate_args: bool | None = None) -> None:  # fmt: skip
        given = {"covariance_matrix": covariance_matrix, "precision_matrix": precision_matrix, "scale_tril": scale_tril}
        matrices = {name: m for name, m in given.items() if m is not None}
        if len(matrices) != 1:
            raise AssertionError("Exactly one of covariance_matrix or precision_matrix or scale_tril may be specified.")
        ((name, matrix),) = matrices.items()
        if matrix.ndim < 2:
            raise ValueError("scale_tril must be at least two-dimensional, with optional leading batch dimensions")
        n = matrix.shape[-1]
        df = broadcast_all(df)[0].to(matrix.dtype)
        batch = broadcast_shapes(matrix.shape[:-2], df.shape)
        if bool((df <= n - 1).any()):
            raise ValueError(f"Value of df={df} expected to be greater than ndim - 1 = {n - 1}.")
        if bool((df < n).any()):
            warnings.warn(
                "Low df values detected. Singular samples are highly likely to occur for ndim - 1 < df < ndim.",
                stacklevel=2,
            )
        self.df = df.expand(*batch)
        setattr(self, name, matrix.expand(*batch, -1, -1))
        super().__init__(batch, matrix.shape[-2:], validate_args)

    @property
    def arg_constraints(self) -> Any:
        """The degrees of freedom must exceed the dimensions less 1."""
        definite = constraints.positive_definite
        return {
            "covariance_matrix": definite, "precision_matrix": definite, "scale_tril": constraints.lower_cholesky,
            "df": constraints.greater_than(self._event_shape[-1] - 1),
        }  # fmt: skip

    @property
    def mean(self) -> Tensor:
        return self.df[..., None, None] * self.covariance_matrix

    @property
    def mode(self) -> Tensor:
        factor = self.df - self._event_shape[-1] - 1
        return where(factor <= 0, math.nan, factor)[..., None, None] * self.covariance_matrix

    @property
    def variance(self) -> Tensor:
        v = self.covariance_matrix
        d = v.diagonal(dim1=-2, dim2=-1)
        return self.df[..., None, None] * (v.pow(2) + d.unsqueeze(-1) * d.unsqueeze(-2))

    def _drawn(self, sample_shape: Shape) -> Tensor:
        """Draws through their Cholesky factors (Bartlett, 1933)."""
        n, eps = self._event_shape[-1], float(np.finfo(self.df.dtype.np).eps)
        freedom = self.df.unsqueeze(-1) - arange(n, dtype=self.df.dtype)
        diagonal = Chi2(freedom, validate_args=False).rsample(sample_shape).sqrt().clamp(min=eps)
        rows, columns = (from_numpy(x) for x in np.tril_indices(n, -1))
        below = self.df.new_empty((*sample_shape, *self._batch_shape, n * (n - 1) // 2)).normal_()
        noise = diagonal.diag_embed()
        noise[..., rows, columns] = below
        factor = self.scale_tril @ noise
        return factor @ factor.mT  # type: ignore[no-any-return]

    def rsample(self, sample_shape: Shape = ()) -> Tensor:
        self._drawn(sample_shape)  # PyTorch throws its first draws away: so do we, to have its numbers
        return self._drawn(sample_shape)

    def log_prob(self, value: Tensor) -> Tensor:
        n, df = self._event_shape[-1], self.df
        size = slogdet(self._scored(value)).logabsdet
        whole = df * (n * math.log(2) / 2 + self._half_log_det()) + (df / 2).mvlgamma(n)
        trace = cholesky_solve(value, self.scale_tril).diagonal(dim1=-2, dim2=-1).sum(-1)
        return (df - n - 1) / 2 * size - trace / 2 - whole

    def _mean_log_det(self) -> Tensor:
        """The sum of digamma that the mean of log det leads to."""
        return (self.df.unsqueeze(-1) / 2 - arange(self._event_shape[-1], dtype=self.df.dtype) / 2).digamma().sum(-1)

    def entropy(self) -> Tensor:
        n, df = self._event_shape[-1], self.df
        whole = (n + 1) * (n * math.log(2) / 2 + self._half_log_det()) + (df / 2).mvlgamma(n)
        return whole - (df - n - 1) / 2 * self._mean_log_det() + df * n / 2
