"""What distributions have in common that lie symmetrically about a place."""

from __future__ import annotations

from typing import Any

from chainrule.core.tensor import Tensor
from chainrule.distributions import constraints
from chainrule.distributions.distribution import Distribution


class Symmetric(Distribution):
    """A distribution whose mean and mode are `loc`."""

    has_rsample = True
    loc: Tensor

    @property
    def mean(self) -> Tensor:
        return self.loc

    @property
    def mode(self) -> Tensor:
        return self.loc


class LocationScale(Symmetric):
    """One of numbers, moved to `loc` and stretched by `scale`."""

    arg_constraints = {"loc": constraints.real, "scale": constraints.positive}  # noqa: RUF012
    support = constraints.real
    scale: Tensor

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        self._with(validate_args, loc=loc, scale=scale)
