"""The categorical distribution."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.api.creation import full
from chainrule.api.random import multinomial
from chainrule.api.ranges import arange
from chainrule.api.shaping import broadcast_tensors
from chainrule.base import dtypes
from chainrule.base.shapes import Size, numel
from chainrule.core.tensor import Tensor
from chainrule.distributions import constraints
from chainrule.distributions.bernoulli import clamped, one_of
from chainrule.distributions.distribution import Distribution, Shape, lazy


class Categorical(Distribution):
    """One of the numbers 0 to K - 1, in proportion to `probs` (last dimension), or to the exponentials of `logits`.

    >>> import chainrule as cr
    >>> Categorical(cr.tensor([1.0, 1.0, 2.0])).log_prob(cr.tensor(2))
    tensor(-0.6931)
    """

    arg_constraints = {"probs": constraints.simplex, "logits": constraints.real_vector}  # noqa: RUF012
    has_enumerate_support = True

    def __init__(self, probs: Tensor | None = None, logits: Tensor | None = None,
                 validate_args: bool | None = None) -> None:  # fmt: skip
        one_of(probs, logits)
        name, given = ("logits", logits) if probs is None else ("probs", probs)
        assert given is not None
        if given.ndim < 1:
            raise ValueError(f"`{name}` parameter must be at least one-dimensional.")
        whole = given.logsumexp(-1, keepdim=True) if probs is None else given.sum(-1, keepdim=True)
        setattr(self, name, given - whole if probs is None else given / whole)
        self._num_events = given.shape[-1]
        super().__init__(given.shape[:-1], validate_args=validate_args)

    @lazy
    def probs(self) -> Tensor:
        """The probabilities, which sum to 1."""
        return self.logits.softmax(-1)

    @lazy
    def logits(self) -> Tensor:
        """The logarithms of the probabilities."""
        return clamped(self.probs).log()

    @property
    def support(self) -> constraints.Constraint:
        """0 to K - 1."""
        return constraints.integer_interval(0, self._num_events - 1)

    @property
    def param_shape(self) -> Any:
        """The shape of the parameter."""
        return Size((*self._batch_shape, self._num_events))

    @property
    def mean(self) -> Tensor:
        return full(self._batch_shape, math.nan, dtype=self.probs.dtype)

    variance = mean

    @property
    def mode(self) -> Tensor:
        return self.probs.argmax(-1)

    def sample(self, sample_shape: Shape = ()) -> Tensor:
        rows = self.probs.detach().reshape(-1, self._num_events)
        return multinomial(rows, numel(sample_shape), True).T.reshape(self._extended_shape(sample_shape))

    def log_prob(self, value: Tensor) -> Tensor:
        chosen = self._scored(value).to(dtypes.ALL["int64"]).unsqueeze(-1)
        chosen, logits = broadcast_tensors(chosen, self.logits)
        return logits.gather(-1, chosen[..., :1]).squeeze(-1)

    def entropy(self) -> Tensor:
        logits = self.logits.clamp(min=float(np.finfo(self.logits.dtype.np).min))
        return -(logits * self.probs).sum(-1)

    def enumerate_support(self, expand: bool = True) -> Tensor:
        values = arange(self._num_events).view(-1, *(1 for _ in self._batch_shape))
        return values.expand(-1, *self._batch_shape) if expand else values
