"""The binomial distribution."""

from __future__ import annotations

from typing import Any

from chainrule.api.backward import no_grad
from chainrule.api.random import binomial
from chainrule.api.ranges import arange
from chainrule.core.tensor import Tensor
from chainrule.distributions import constraints
from chainrule.distributions.bernoulli import OfProbability
from chainrule.distributions.distribution import Shape


class Binomial(OfProbability):
    """How many of `total_count` trials succeed, each with the probability `probs` or the log-odds `logits`.

    >>> import chainrule as cr
    >>> Binomial(4, 0.5).log_prob(cr.tensor(2.0))
    tensor(-0.9808)
    """

    arg_constraints = {  # noqa: RUF012
        "total_count": constraints.nonnegative_integer, **OfProbability.arg_constraints
    }  # fmt: skip
    has_enumerate_support = True
    total_count: Tensor

    def __init__(self, total_count: Any = 1, probs: Any = None, logits: Any = None,
                 validate_args: bool | None = None) -> None:  # fmt: skip
        super().__init__(probs, logits, validate_args, total_count=like(total_count, probs, logits))

    @constraints.dependent_property(is_discrete=True, event_dim=0)
    def support(self) -> constraints.Constraint:
        """0 to total_count."""
        return constraints.integer_interval(0, self.total_count)

    @property
    def mean(self) -> Tensor:
        return self.total_count * self.probs

    @property
    def mode(self) -> Tensor:
        return ((self.total_count + 1) * self.probs).floor().clamp(max=self.total_count)

    @property
    def variance(self) -> Tensor:
        return self.total_count * self.probs * (1 - self.probs)

    def sample(self, sample_shape: Shape = ()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        with no_grad():
            return binomial(self.total_count.expand(shape), self.probs.expand(shape))

    def log_prob(self, value: Tensor) -> Tensor:
        n, logits, value = self.total_count, self.logits, self._scored(value)
        ways = (n + 1).lgamma() - (value + 1).lgamma() - (n - value + 1).lgamma()
        # log(1 + exp(logits)), which does not overflow, and has the right slope at 0
        whole = (logits + logits.abs()) / 2 + (-logits.abs()).exp().log1p()
        return value * logits - n * whole + ways

    def entropy(self) -> Tensor:
        y = self.log_prob(self.enumerate_support(False))
        return -(y.exp() * y).sum(0)

    def enumerate_support(self, expand: bool = True) -> Tensor:
        most = int(self.total_count.max())
        if int(self.total_count.min()) != most:
            raise NotImplementedError("Inhomogeneous total count not supported by `enumerate_support`.")
        values = arange(most + 1, dtype=self.total_count.dtype).view(-1, *(1 for _ in self._batch_shape))
        return values.expand(-1, *self._batch_shape) if expand else values


def like(count: Any, probs: Any, logits: Any) -> Any:
    """A count of trials, as a tensor of the dtype of the probability's if both are tensors."""
    parameter = logits if probs is None else probs
    return count.type_as(parameter) if isinstance(count, Tensor) and isinstance(parameter, Tensor) else count
