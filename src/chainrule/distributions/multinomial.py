"""The multinomial distribution."""

from __future__ import annotations

import math

from chainrule.api.creation import full, full_like, tensor
from chainrule.api.masking import where
from chainrule.base import dtypes
from chainrule.core.tensor import Tensor
from chainrule.distributions import constraints
from chainrule.distributions.binomial import Binomial
from chainrule.distributions.distribution import Shape, broadcast_all
from chainrule.distributions.one_hot_categorical import OfCategorical


class Multinomial(OfCategorical):
    """How often each of K numbers comes up in `total_count` categorical draws.

    >>> import chainrule as cr
    >>> Multinomial(2, cr.tensor([1.0, 1.0])).log_prob(cr.tensor([1.0, 1.0]))
    tensor(-0.6931)
    """

    total_count: int

    def __init__(self, total_count: int = 1, probs: Tensor | None = None, logits: Tensor | None = None,
                 validate_args: bool | None = None) -> None:  # fmt: skip
        if not isinstance(total_count, int):
            raise NotImplementedError("inhomogeneous total_count is not supported")
        self.total_count = total_count
        super().__init__(probs, logits, validate_args)

    @constraints.dependent_property(is_discrete=True, event_dim=1)
    def support(self) -> constraints.Constraint:
        """Counts that sum to total_count."""
        return constraints.multinomial(self.total_count)

    @property
    def mean(self) -> Tensor:
        return self.probs * self.total_count

    @property
    def variance(self) -> Tensor:
        return self.total_count * self.probs * (1 - self.probs)

    def sample(self, sample_shape: Shape = ()) -> Tensor:
        drawn = self._categorical.sample((self.total_count, *sample_shape)).movedim(0, -1)
        counts = full(self._extended_shape(sample_shape), 0, dtype=dtypes.ALL["int64"])
        return counts.scatter_add(-1, drawn, full_like(drawn, 1)).type_as(self.probs.detach())

    def log_prob(self, value: Tensor) -> Tensor:
        logits, value = broadcast_all(self.logits, self._scored(value))
        logits = where((value == 0) & (logits == -math.inf), 0.0, logits)  # 0 * log 0 is 0
        return (value.sum(-1) + 1).lgamma() - (value + 1).lgamma().sum(-1) + (logits * value).sum(-1)

    def entropy(self) -> Tensor:
        n, each = tensor(float(self.total_count), dtype=self.probs.dtype), Binomial(self.total_count, self.probs)
        counts = each.enumerate_support(False)[1:]
        repeated = (each.log_prob(counts).exp() * (counts + 1).lgamma()).sum((0, -1))
        return n * self._categorical.entropy() - (n + 1).lgamma() + repeated
