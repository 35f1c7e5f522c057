"""A Bernoulli distribution whose draws lie between 0 and 1, so that gradients flow through them."""

from __future__ import annotations

from typing import Any

from chainrule.core.tensor import Tensor
from chainrule.distributions import constraints
from chainrule.distributions.bernoulli import OfProbability, clamped
from chainrule.distributions.distribution import Shape, broadcast_all
from chainrule.distributions.transformed_distribution import TransformedDistribution, of_base
from chainrule.distributions.transforms import SigmoidTransform


class LogitRelaxedBernoulli(OfProbability):
    """The log-odds of a relaxed Bernoulli variable (Maddison, Mnih and Teh, The concrete distribution, 2017)."""

    support = constraints.real

    def __init__(self, temperature: Any, probs: Any = None, logits: Any = None,
                 validate_args: bool | None = None) -> None:  # fmt: skip
        (self.temperature,) = broadcast_all(temperature)
        super().__init__(probs, logits, validate_args)

    def rsample(self, sample_shape: Shape = ()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        p = clamped(self.probs.expand(shape))
        u = clamped(self._blank(p, sample_shape).uniform_())
        return (u.log() - (-u).log1p() + p.log() - (-p).log1p()) / self.temperature

    def log_prob(self, value: Tensor) -> Tensor:
        logits, value = broadcast_all(self.logits, self._scored(value))
        away = logits - value * self.temperature
        return self.temperature.log() + away - 2 * away.exp().log1p()


class RelaxedBernoulli(TransformedDistribution):
    """Numbers in (0, 1) that tend to Bernoulli's 0 and 1 as `temperature` does to 0.

    >>> import chainrule as cr
    >>> RelaxedBernoulli(cr.tensor(1.0), 0.5).log_prob(cr.tensor(0.25))
    tensor(0.)
    """

    arg_constraints = OfProbability.arg_constraints
    support = constraints.unit_interval
    has_rsample = True
    temperature = of_base("temperature", "How far from 0 and 1 draws lie.")
    logits = of_base("logits", "The log-odds of 1.")
    probs = of_base("probs", "The probability of 1.")

    def __init__(self, temperature: Any, probs: Any = None, logits: Any = None,
                 validate_args: bool | None = None) -> None:  # fmt: skip
        base = LogitRelaxedBernoulli(temperature, probs, logits)
        super().__init__(base, SigmoidTransform(), validate_args)
