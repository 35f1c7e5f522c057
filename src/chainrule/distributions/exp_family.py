"""The base of exponential families: the entropy follows from the log normalizer."""

from __future__ import annotations

from typing import Any

from chainrule.api.backward import enable_grad
from chainrule.autograd import grad
from chainrule.core.tensor import Tensor
from chainrule.distributions.distribution import Distribution


class ExponentialFamily(Distribution):
    """A distribution with the density exp(<t(x), n> - A(n) + k(x)).

    A subclass gives the natural parameters n (`_natural_params`), the log normalizer A (`_log_normalizer`) and the
    mean of k (`_mean_carrier_measure`). Its gradient is the mean of t(x) (Nielsen and Nock, 2010).
    """

    @property
    def _natural_params(self) -> tuple[Tensor, ...]:
        raise NotImplementedError(f"{type(self).__name__} has no _natural_params")

    def _log_normalizer(self, *natural_params: Tensor) -> Tensor:
        raise NotImplementedError(f"{type(self).__name__} has no _log_normalizer()")

    @property
    def _mean_carrier_measure(self) -> Any:
        raise NotImplementedError(f"{type(self).__name__} has no _mean_carrier_measure")

    def _means(self) -> tuple[Tensor, Any]:
        """The log normalizer, and the mean of t(x)."""
        given = self._natural_params
        natural = [p if p.requires_grad else p.detach().requires_grad_() for p in given]
        with enable_grad():
            normalizer = self._log_normalizer(*natural)
            means = grad(normalizer.sum(), natural, create_graph=True)
        if any(p.requires_grad for p in given):
            return normalizer, means
        return normalizer.detach(), [m.detach() for m in means]

    def entropy(self) -> Tensor:
        normalizer, means = self._means()
        result = normalizer - self._mean_carrier_measure
        for n, mean in zip(self._natural_params, means):
            result = result - (n * mean).reshape(*self._batch_shape, -1).sum(-1)
        return result
