"""The Pareto distribution."""

from __future__ import annotations

from typing import Any

from chainrule.core.tensor import Tensor
from chainrule.distributions import constraints
from chainrule.distributions.exponential import Exponential
from chainrule.distributions.transformed_distribution import Derived
from chainrule.distributions.transforms import AffineTransform, ExpTransform


class Pareto(Derived):
    """Pareto from `scale` on, with a density of x^-(alpha + 1).

    >>> import chainrule as cr
    >>> Pareto(1.0, 3.0).log_prob(cr.tensor(2.0))
    tensor(-1.6740)
    """

    arg_constraints = {"alpha": constraints.positive, "scale": constraints.positive}  # noqa: RUF012
    scale: Tensor
    alpha: Tensor

    def __init__(self, scale: Any, alpha: Any, validate_args: bool | None = None) -> None:
        self._with(validate_args, scale=scale, alpha=alpha)

    def _parts(self, validate_args: bool | None) -> Any:
        return Exponential(self.alpha, validate_args), [ExpTransform(), AffineTransform(0, self.scale)]

    @constraints.dependent_property(is_discrete=False, event_dim=0)
    def support(self) -> constraints.Constraint:
        """From scale on."""
        return constraints.greater_than_eq(self.scale)

    @property
    def mean(self) -> Tensor:
        a = self.alpha.clamp(min=1)  # infinite up to 1
        return a * self.scale / (a - 1)

    @property
    def mode(self) -> Tensor:
        return self.scale

    @property
    def variance(self) -> Tensor:
        a = self.alpha.clamp(min=2)  # infinite up to 2
        return self.scale.pow(2) * a / ((a - 1).pow(2) * (a - 2))

    def entropy(self) -> Tensor:
        return (self.scale / self.alpha).log() + (1 + self.alpha.reciprocal())
