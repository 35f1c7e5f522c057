"""The chi-squared distribution."""

from __future__ import annotations

from typing import Any

from chainrule.core.tensor import Tensor
from chainrule.distributions import constraints
from chainrule.distributions.distribution import broadcast_all
from chainrule.distributions.gamma import Gamma


class Chi2(Gamma):
    """The sum of the squares of `df` standard normal draws.

    >>> Chi2(3.0).mean
    tensor(3.)
    """

    arg_constraints = {"df": constraints.positive}  # noqa: RUF012
    _besides = ("concentration", "rate")

    def __init__(self, df: Any, validate_args: bool | None = None) -> None:
        (df,) = broadcast_all(df)
        super().__init__(0.5 * df, 0.5, validate_args)

    @property
    def df(self) -> Tensor:
        """The degrees of freedom."""
        return self.concentration * 2
