"""The Dirichlet distribution."""

from __future__ import annotations

from chainrule.core.tensor import Tensor
from chainrule.distributions import constraints
from chainrule.distributions.distribution import Distribution, Shape
from chainrule.distributions.gamma import NO_DRAWS


class Dirichlet(Distribution):
    """Dirichlet over shares that sum to 1. It scores, but does not draw.

    >>> import chainrule as cr
    >>> Dirichlet(cr.tensor([1.0, 1.0, 1.0])).log_prob(cr.tensor([0.5, 0.25, 0.25]))
    tensor(0.6931)
    """

    arg_constraints = {"concentration": constraints.independent(constraints.positive, 1)}  # noqa: RUF012
    support = constraints.simplex

    def __init__(self, concentration: Tensor, validate_args: bool | None = None) -> None:
        if concentration.ndim < 1:
            raise ValueError("`concentration` parameter must be at least one-dimensional.")
        self.concentration = concentration
        super().__init__(concentration.shape[:-1], concentration.shape[-1:], validate_args)

    @property
    def mean(self) -> Tensor:
        return self.concentration / self.concentration.sum(-1, True)

    @property
    def variance(self) -> Tensor:
        a, total = self.concentration, self.concentration.sum(-1, True)
        return a * (total - a) / (total.pow(2) * (total + 1))

    def rsample(self, sample_shape: Shape = ()) -> Tensor:
        raise NotImplementedError(NO_DRAWS.format("Dirichlet", "dirichlet"))

    def log_prob(self, value: Tensor) -> Tensor:
        a = self.concentration
        return (a - 1.0).xlogy(self._scored(value)).sum(-1) + a.sum(-1).lgamma() - a.lgamma().sum(-1)

    def entropy(self) -> Tensor:
        a, total, k = self.concentration, self.concentration.sum(-1), self.concentration.shape[-1]
        whole = a.lgamma().sum(-1) - total.lgamma()
        return whole - (k - total) * total.digamma() - ((a - 1.0) * a.digamma()).sum(-1)
