"""The Dirichlet distribution."""

from __future__ import annotations

from chainrule.api.masking import where
from chainrule.api.ranges import arange
from chainrule.core.tensor import Tensor
from chainrule.distributions import constraints
from chainrule.distributions.distribution import Distribution, Shape
from chainrule.distributions.pathwise import DirichletDraw


class Dirichlet(Distribution):
    """Dirichlet over shares that sum to 1.

    >>> import chainrule as cr
    >>> Dirichlet(cr.tensor([1.0, 1.0, 1.0])).log_prob(cr.tensor([0.5, 0.25, 0.25]))
    tensor(0.6931)
    """

    arg_constraints = {"concentration": constraints.independent(constraints.positive, 1)}  # noqa: RUF012
    support = constraints.simplex
    has_rsample = True

    def __init__(self, concentration: Tensor, validate_args: bool | None = None) -> None:
        if concentration.ndim < 1:
            raise ValueError("`concentration` parameter must be at least one-dimensional.")
        self.concentration = concentration
        super().__init__(concentration.shape[:-1], concentration.shape[-1:], validate_args)

    @property
    def mean(self) -> Tensor:
        return self.concentration / self.concentration.sum(-1, True)

    @property
    def mode(self) -> Tensor:
        above = (self.concentration - 1).clamp(min=0.0)
        first = arange(above.shape[-1]) == 0  # where no corner is likelier than the others
        return where((self.concentration < 1).all(-1, keepdim=True), first.to(above), above / above.sum(-1, True))

    @property
    def variance(self) -> Tensor:
        a, total = self.concentration, self.concentration.sum(-1, True)
        return a * (total - a) / (total.pow(2) * (total + 1))

    def rsample(self, sample_shape: Shape = ()) -> Tensor:
        return DirichletDraw.apply(self.concentration.expand(self._extended_shape(sample_shape)))  # type: ignore[no-any-return]

    def log_prob(self, value: Tensor) -> Tensor:
        a = self.concentration
        return (a - 1.0).xlogy(self._scored(value)).sum(-1) + a.sum(-1).lgamma() - a.lgamma().sum(-1)

    def entropy(self) -> Tensor:
        a, total, k = self.concentration, self.concentration.sum(-1), self.concentration.shape[-1]
        whole = a.lgamma().sum(-1) - total.lgamma()
        return whole - (k - total) * total.digamma() - ((a - 1.0) * a.digamma()).sum(-1)
