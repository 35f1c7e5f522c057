"""The von Mises distribution."""

from __future__ import annotations

import math
from typing import Any

from chainrule.api.backward import no_grad
from chainrule.api.masking import where
from chainrule.base import dtypes
from chainrule.core.tensor import Tensor
from chainrule.distributions import constraints
from chainrule.distributions.distribution import Distribution, Shape
from chainrule.special import i0e, i1e  # type: ignore[attr-defined]


class VonMises(Distribution):
    """Angles about `loc` (in radians), with a density of exp(concentration cos(x - loc)).

    >>> import chainrule as cr
    >>> VonMises(0.0, 1.0).log_prob(cr.tensor(0.0))
    tensor(-1.0738)
    """

    arg_constraints = {"loc": constraints.real, "concentration": constraints.positive}  # noqa: RUF012
    support = constraints.real
    loc: Tensor
    concentration: Tensor

    def __init__(self, loc: Any, concentration: Any, validate_args: bool | None = None) -> None:
        self._with(validate_args, loc=loc, concentration=concentration)

    @property
    def mean(self) -> Tensor:
        return self.loc

    @property
    def mode(self) -> Tensor:
        return self.loc

    @property
    def variance(self) -> Tensor:
        """The circular variance: 1 less the mean of cos(x - loc)."""
        return 1 - i1e(self.concentration) / i0e(self.concentration)  # type: ignore[no-any-return]

    def log_prob(self, value: Tensor) -> Tensor:
        k = self.concentration
        return k * (self._scored(value) - self.loc).cos() - math.log(2 * math.pi) - i0e(k).log() - k

    def sample(self, sample_shape: Shape = ()) -> Tensor:
        """Draws by trying (Best and Fisher, Efficient simulation of the von Mises distribution, 1979), in float64."""
        with no_grad():
            loc, k = (x.to(dtypes.ALL["float64"]) for x in (self.loc, self.concentration))
            tau = 1 + (1 + 4 * k**2).sqrt()
            rho = (tau - (2 * tau).sqrt()) / (2 * k)
            r = where(k < 1e-5, 1 / k + k, (1 + rho**2) / (2 * rho))
            x = k.new_zeros(self._extended_shape(sample_shape))
            left = x == 0
            while bool(left.any()):
                u1, u2, u3 = x.new_empty((3, *x.shape)).uniform_().unbind()
                z = (math.pi * u1).cos()
                f = (1 + r * z) / (r + z)
                c = k * (r - f)
                taken = (c * (2 - c) > u2) | ((c / u2).log() + 1 - c >= 0)
                # a place that has been filled is filled anew where a later trial is taken, as PyTorch does
                x = where(taken, (u3 - 0.5).sign() * f.acos(), x)
                left = left & ~taken
            return ((x + math.pi + loc) % (2 * math.pi) - math.pi).to(self.loc.dtype)
