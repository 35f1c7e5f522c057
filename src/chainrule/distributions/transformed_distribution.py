"""Functions of random variables."""

from __future__ import annotations

import copy
from typing import Any

from chainrule.api.backward import no_grad
from chainrule.base.shapes import Size
from chainrule.core.tensor import Tensor
from chainrule.distributions import constraints
from chainrule.distributions._transform import ComposeTransform, Transform
from chainrule.distributions.distribution import Distribution, Shape, broadcast_all, sum_rightmost
from chainrule.distributions.independent import Independent


class TransformedDistribution(Distribution):
    """What becomes of a draw from `base_distribution` under a transform, or several one after the other.

    >>> import chainrule as cr
    >>> from chainrule.distributions import ExpTransform, Normal
    >>> TransformedDistribution(Normal(0.0, 1.0), ExpTransform()).log_prob(cr.tensor(1.0))
    tensor(-0.9189)
    """

    base_dist: Any

    def __init__(self, base_distribution: Distribution, transforms: Transform | list[Transform],
                 validate_args: bool | None = None) -> None:  # fmt: skip
        self.transforms = [transforms] if isinstance(transforms, Transform) else transforms
        if not isinstance(self.transforms, list) or not all(isinstance(t, Transform) for t in self.transforms):
            raise ValueError(f"transforms must be a Transform or a list of Transforms, but was {transforms}")
        before, after = ComposeTransform(self.transforms).event_dims
        base, base_dim = base_distribution, len(base_distribution.event_shape)
        shape = base.batch_shape + base.event_shape
        if len(shape) < before:
            raise ValueError(f"base_distribution needs to have shape with size at least {before}, but got {shape}.")
        whole = ComposeTransform(self.transforms)
        wide = whole.inverse_shape(whole.forward_shape(shape))
        if wide != shape:  # a parameter of a transform has a batch of its own
            base = base.expand(wide[: len(wide) - base_dim])
        self.base_dist = Independent(base, before - base_dim) if before > base_dim else base
        event_dim, out = max(after, base_dim + after - before), whole.forward_shape(shape)
        cut = len(out) - event_dim
        super().__init__(out[:cut], out[cut:], validate_args)

    def expand(self, batch_shape: Shape, _instance: Any = None) -> Any:
        made = copy.copy(self)
        shape = ComposeTransform(self.transforms).inverse_shape(Size((*batch_shape, *self._event_shape)))
        made.base_dist = self.base_dist.expand(shape[: len(shape) - len(self.base_dist.event_shape)])
        made._batch_shape = Size(batch_shape)
        return made

    @property
    def support(self) -> Any:
        """What the last transform gives."""
        if not self.transforms:
            return self.base_dist.support
        last = self.transforms[-1].codomain
        more = len(self._event_shape) - last.event_dim
        return constraints.independent(last, more) if more > 0 else last

    @property
    def has_rsample(self) -> bool:
        """Whether gradients flow through draws."""
        return bool(self.base_dist.has_rsample)

    def _forward(self, x: Tensor) -> Tensor:
        for t in self.transforms:
            x = t(x)
        return x

    def sample(self, sample_shape: Shape = ()) -> Tensor:
        with no_grad():
            return self._forward(self.base_dist.sample(sample_shape))

    def rsample(self, sample_shape: Shape = ()) -> Tensor:
        return self._forward(self.base_dist.rsample(sample_shape))

    def log_prob(self, value: Tensor) -> Tensor:
        y, event_dim = self._scored(value), len(self._event_shape)
        total: Any = 0.0
        for t in reversed(self.transforms):
            x = t.inv(y)
            event_dim += t.domain.event_dim - t.codomain.event_dim
            total = total - sum_rightmost(t.log_abs_det_jacobian(x, y), event_dim - t.domain.event_dim)
            y = x
        return total + sum_rightmost(  # type: ignore[no-any-return]
            self.base_dist.log_prob(y), event_dim - len(self.base_dist.event_shape)
        )

    def _upward(self, p: Tensor) -> Tensor:
        """A probability, counted from the other end where the transforms turn the order round."""
        sign = ComposeTransform(self.transforms).sign
        return p if isinstance(sign, int) and sign == 1 else sign * (p - 0.5) + 0.5

    def cdf(self, value: Tensor) -> Tensor:
        for t in reversed(self.transforms):
            value = t.inv(value)
        return self._upward(self.base_dist.cdf(value))

    def icdf(self, value: Tensor) -> Tensor:
        return self._forward(self.base_dist.icdf(self._upward(value)))


def of_base(name: str, words: str) -> Any:
    """A parameter that the base distribution keeps."""
    return property(lambda self: getattr(self.base_dist, name), doc=words)


class Derived(TransformedDistribution):
    """A transformed distribution of numbers whose base and transforms follow from its own parameters: `_parts`."""

    def _parts(self, validate_args: bool | None) -> tuple[Distribution, list[Transform]]:
        raise NotImplementedError

    def _with(self, validate_args: bool | None, **parameters: Any) -> None:
        for name, x in zip(parameters, broadcast_all(*parameters.values())):
            setattr(self, name, x)
        TransformedDistribution.__init__(self, *self._parts(validate_args), validate_args)

    def expand(self, batch_shape: Shape, _instance: Any = None) -> Any:
        made = copy.copy(self)
        for name in self.arg_constraints:
            setattr(made, name, getattr(self, name).expand(*batch_shape))
        TransformedDistribution.__init__(made, *made._parts(False), False)
        made._validate_args = self._validate_args
        return made
