"""The negative binomial distribution."""

from __future__ import annotations

from typing import Any

from chainrule.api.backward import no_grad
from chainrule.api.random import poisson
from chainrule.core.tensor import Tensor
from chainrule.distributions import constraints
from chainrule.distributions.bernoulli import OfProbability
from chainrule.distributions.binomial import like
from chainrule.distributions.distribution import Shape
from chainrule.distributions.gamma import Gamma
from chainrule.nn.functional import logsigmoid


class NegativeBinomial(OfProbability):
    """How many trials succeed, each with the probability `probs`, before `total_count` have failed.

    >>> NegativeBinomial(3, 0.5).mean
    tensor(3.)
    """

    arg_constraints = {  # noqa: RUF012
        "total_count": constraints.greater_than_eq(0), "probs": constraints.half_open_interval(0.0, 1.0),
        "logits": constraints.real,
    }  # fmt: skip
    support = constraints.nonnegative_integer
    total_count: Tensor

    def __init__(self, total_count: Any, probs: Any = None, logits: Any = None,
                 validate_args: bool | None = None) -> None:  # fmt: skip
        super().__init__(probs, logits, validate_args, total_count=like(total_count, probs, logits))

    @property
    def mean(self) -> Tensor:
        return self.total_count * self.logits.exp()

    @property
    def mode(self) -> Tensor:
        return ((self.total_count - 1) * self.logits.exp()).floor().clamp(min=0.0)

    @property
    def variance(self) -> Tensor:
        return self.mean / (-self.logits).sigmoid()

    def sample(self, sample_shape: Shape = ()) -> Tensor:
        with no_grad():
            return poisson(Gamma(self.total_count, (-self.logits).exp(), False).sample(sample_shape))

    def log_prob(self, value: Tensor) -> Tensor:
        n, value = self.total_count, self._scored(value)
        ways = (n + value).lgamma() - (1.0 + value).lgamma() - n.lgamma()
        ways = ways.masked_fill(n + value == 0.0, 0.0)
        return n * logsigmoid(-self.logits) + value * logsigmoid(self.logits) + ways
