"""The categorical distribution in one-hot vectors, and the base of distributions that have a categorical one inside."""

from __future__ import annotations

import copy
from typing import Any

from chainrule.api.creation import eye
from chainrule.base.shapes import Size
from chainrule.core.tensor import Tensor
from chainrule.distributions import constraints
from chainrule.distributions.categorical import Categorical
from chainrule.distributions.distribution import Distribution, Shape
from chainrule.nn.functional import one_hot


class OfCategorical(Distribution):
    """Over vectors of K numbers, which are those of a categorical distribution by `probs` or `logits`."""

    arg_constraints = {"probs": constraints.simplex, "logits": constraints.real_vector}  # noqa: RUF012

    def __init__(self, probs: Tensor | None = None, logits: Tensor | None = None,
                 validate_args: bool | None = None) -> None:  # fmt: skip
        self._categorical = Categorical(probs, logits)
        inner = self._categorical
        super().__init__(inner.batch_shape, inner.param_shape[-1:], validate_args)

    def expand(self, batch_shape: Shape, _instance: Any = None) -> Any:
        made = copy.copy(self)
        made._categorical = self._categorical.expand(batch_shape)
        made._batch_shape = Size(batch_shape)
        return made

    @property
    def probs(self) -> Tensor:
        """The probabilities, which sum to 1."""
        return self._categorical.probs  # type: ignore[no-any-return]

    @property
    def logits(self) -> Tensor:
        """The logarithms of the probabilities."""
        return self._categorical.logits  # type: ignore[no-any-return]

    @property
    def param_shape(self) -> Any:
        """The shape of the parameter."""
        return self._categorical.param_shape


class OneHotCategorical(OfCategorical):
    """A categorical draw as a vector with a 1 at the number drawn.

    >>> import chainrule as cr
    >>> OneHotCategorical(cr.tensor([1.0, 1.0, 2.0])).log_prob(cr.tensor([0.0, 0.0, 1.0]))
    tensor(-0.6931)
    """

    support = constraints.one_hot
    has_enumerate_support = True

    @property
    def mean(self) -> Tensor:
        return self.probs

    @property
    def mode(self) -> Tensor:
        return one_hot(self._categorical.mode, self._event_shape[0]).to(self.probs)

    @property
    def variance(self) -> Tensor:
        return self.probs * (1 - self.probs)

    def sample(self, sample_shape: Shape = ()) -> Tensor:
        return one_hot(self._categorical.sample(sample_shape), self._event_shape[0]).to(self.probs.detach())

    def log_prob(self, value: Tensor) -> Tensor:
        return self._categorical.log_prob(self._scored(value).argmax(-1))

    def entropy(self) -> Tensor:
        return self._categorical.entropy()

    def enumerate_support(self, expand: bool = True) -> Tensor:
        n = self._event_shape[0]
        values = eye(n, dtype=self.probs.dtype).view(n, *(1 for _ in self._batch_shape), n)
        return values.expand(n, *self._batch_shape, n) if expand else values


class OneHotCategoricalStraightThrough(OneHotCategorical):
    """A one-hot draw that hands gradients to the probabilities as if it were them (Bengio, Léonard, Courville, 2013).

    >>> import chainrule as cr
    >>> p = cr.tensor([0.0, 1.0], requires_grad=True)
    >>> OneHotCategoricalStraightThrough(p).rsample().detach()
    tensor([0., 1.])
    """

    has_rsample = True

    def rsample(self, sample_shape: Shape = ()) -> Tensor:
        return self.sample(sample_shape) + (self.probs - self.probs.detach())
