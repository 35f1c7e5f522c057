"""Mixtures of distributions of one family."""

from __future__ import annotations

import copy
from typing import Any

from chainrule.api.backward import no_grad
from chainrule.base.shapes import Size
from chainrule.core.tensor import Tensor
from chainrule.distributions import constraints
from chainrule.distributions.categorical import Categorical
from chainrule.distributions.distribution import Distribution, Shape


class MixtureSameFamily(Distribution):
    """One of the last batch dimension's components, chosen by a categorical distribution.

    >>> import chainrule as cr
    >>> from chainrule.distributions import Normal
    >>> two = MixtureSameFamily(Categorical(cr.ones(2)), Normal(cr.tensor([-1.0, 1.0]), 1.0))
    >>> two.log_prob(cr.tensor(0.0))
    tensor(-1.4189)
    """

    def __init__(self, mixture_distribution: Categorical, component_distribution: Distribution,
                 validate_args: bool | None = None) -> None:  # fmt: skip
        for part, kind, name in ((mixture_distribution, Categorical, "Mixture"),
                                 (component_distribution, Distribution, "Component")):  # fmt: skip
            if not isinstance(part, kind):
                raise ValueError(
                    f"The {name} distribution needs to be an instance of torch.distributions.{kind.__name__}"
                )
        self.mixture_distribution, self.component_distribution = mixture_distribution, component_distribution
        ours, batch = mixture_distribution.batch_shape, component_distribution.batch_shape
        if any(a != b and 1 not in (a, b) for a, b in zip(reversed(ours), reversed(batch[:-1]))):
            raise ValueError(
                f"`mixture_distribution.batch_shape` ({ours}) is not compatible with "
                f"`component_distribution.batch_shape`({batch[:-1]})"
            )
        k = mixture_distribution.logits.shape[-1]
        if k != batch[-1]:
            raise ValueError(
                f"`mixture_distribution component` ({k}) does not equal "
                f"`component_distribution.batch_shape[-1]` ({batch[-1]})"
            )
        super().__init__(batch[:-1], component_distribution.event_shape, validate_args)

    def expand(self, batch_shape: Shape, _instance: Any = None) -> Any:
        made, k = copy.copy(self), self.component_distribution.batch_shape[-1]
        made.mixture_distribution = self.mixture_distribution.expand(batch_shape)
        made.component_distribution = self.component_distribution.expand((*batch_shape, k))
        made._batch_shape = Size(batch_shape)
        return made

    @constraints.dependent_property
    def support(self) -> constraints.Constraint:
        """What the components draw."""
        return constraints.MixtureSameFamilyConstraint(self.component_distribution.support)

    def _by_component(self, x: Tensor) -> Tensor:
        """A value to score, with a dimension for the components."""
        return x.unsqueeze(-1 - len(self._event_shape))

    def _mean_of(self, x: Tensor) -> Tensor:
        """The mean over components."""
        n = len(self._event_shape)
        p = self.mixture_distribution.probs
        return (p.reshape(*p.shape, *(1 for _ in range(n))) * x).sum(-1 - n)

    @property
    def mean(self) -> Tensor:
        return self._mean_of(self.component_distribution.mean)

    @property
    def variance(self) -> Tensor:
        each = self.component_distribution
        return self._mean_of(each.variance) + self._mean_of((each.mean - self._by_component(self.mean)).pow(2))

    def cdf(self, value: Tensor) -> Tensor:
        return (self.component_distribution.cdf(self._by_component(value)) * self.mixture_distribution.probs).sum(-1)

    def log_prob(self, value: Tensor) -> Tensor:
        each = self.component_distribution.log_prob(self._by_component(self._scored(value)))
        return (each + self.mixture_distribution.logits.log_softmax(-1)).logsumexp(-1)

    def sample(self, sample_shape: Shape = ()) -> Tensor:
        with no_grad():
            n, event = len(sample_shape) + len(self._batch_shape), self._event_shape
            chosen = self.mixture_distribution.sample(sample_shape)
            drawn = self.component_distribution.sample(sample_shape)
            chosen = chosen.reshape(*chosen.shape, 1, *(1 for _ in event)).expand(*chosen.shape, 1, *event)
            return drawn.gather(n, chosen).squeeze(n)

    def __repr__(self) -> str:
        return f"MixtureSameFamily(\n  {self.mixture_distribution},\n  {self.component_distribution})"
