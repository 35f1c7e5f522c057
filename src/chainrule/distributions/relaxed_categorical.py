"""A one-hot categorical distribution whose draws are shares, so that gradients flow through them."""

from __future__ import annotations

import math
from typing import Any

from chainrule.core.tensor import Tensor
from chainrule.distributions import constraints
from chainrule.distributions.bernoulli import clamped
from chainrule.distributions.distribution import Shape, broadcast_all
from chainrule.distributions.one_hot_categorical import OfCategorical
from chainrule.distributions.transformed_distribution import TransformedDistribution, of_base
from chainrule.distributions.transforms import ExpTransform


class ExpRelaxedCategorical(OfCategorical):
    """The logarithms of relaxed one-hot draws (Maddison, Mnih and Teh, The concrete distribution, 2017)."""

    support = constraints.real_vector  # a surface in it
    has_rsample = True

    def __init__(self, temperature: Any, probs: Tensor | None = None, logits: Tensor | None = None,
                 validate_args: bool | None = None) -> None:  # fmt: skip
        (self.temperature,) = broadcast_all(temperature)
        super().__init__(probs, logits, validate_args)

    def rsample(self, sample_shape: Shape = ()) -> Tensor:
        u = clamped(self._blank(self.logits, sample_shape).uniform_())
        scores = (self.logits - (-u.log()).log()) / self.temperature
        return scores - scores.logsumexp(-1, keepdim=True)

    def log_prob(self, value: Tensor) -> Tensor:
        k = self._event_shape[0]
        logits, value = broadcast_all(self.logits, self._scored(value))
        score = logits - value * self.temperature
        whole = math.lgamma(k) + (k - 1) * self.temperature.log()
        return (score - score.logsumexp(-1, keepdim=True)).sum(-1) + whole


class RelaxedOneHotCategorical(TransformedDistribution):
    """Shares that tend to one-hot vectors as `temperature` does to 0.

    >>> import chainrule as cr
    >>> RelaxedOneHotCategorical(cr.tensor(1.0), cr.tensor([1.0, 1.0])).log_prob(cr.tensor([0.25, 0.75]))
    tensor(0.)
    """

    arg_constraints = OfCategorical.arg_constraints
    support = constraints.simplex
    has_rsample = True
    temperature = of_base("temperature", "How far from one-hot vectors draws lie.")
    logits = of_base("logits", "The logarithms of the probabilities.")
    probs = of_base("probs", "The probabilities, which sum to 1.")

    def __init__(self, temperature: Any, probs: Tensor | None = None, logits: Tensor | None = None,
                 validate_args: bool | None = None) -> None:  # fmt: skip
        base = ExpRelaxedCategorical(temperature, probs, logits, validate_args)
        super().__init__(base, ExpTransform(), validate_args)
