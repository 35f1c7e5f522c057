"""From constraints to the transforms that lead there from all of the reals.

`biject_to` gives bijections, for which densities can be measured; `transform_to` what is best to optimise through.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chainrule.distributions import constraints as c
from chainrule.distributions import transforms as t

__all__ = ["ConstraintRegistry", "biject_to", "transform_to"]


class ConstraintRegistry:
    """Functions from a constraint to a transform, by the constraint's class.

    >>> import chainrule as cr
    >>> biject_to(c.positive)(cr.tensor([0.0, 1.0]))
    tensor([1.0000, 2.7183])
    """

    def __init__(self) -> None:
        self._registry: dict[type, Callable[[Any], t.Transform]] = {}

    def register(self, constraint: Any, factory: Any = None) -> Any:
        """Take a function for a class of constraints (or that of an instance); without one, a decorator."""
        if factory is None:
            return lambda f: self.register(constraint, f)
        kind = type(constraint) if isinstance(constraint, c.Constraint) else constraint
        if not (isinstance(kind, type) and issubclass(kind, c.Constraint)):
            raise TypeError(f"Expected constraint to be either a Constraint subclass or instance, but got {constraint}")
        self._registry[kind] = factory
        return factory

    def __call__(self, constraint: Any) -> t.Transform:
        try:
            factory = self._registry[type(constraint)]
        except KeyError:
            raise NotImplementedError(f"Cannot transform {type(constraint).__name__} constraints") from None
        return factory(constraint)


biject_to, transform_to = ConstraintRegistry(), ConstraintRegistry()


def _interval(x: Any) -> t.Transform:
    ends = x.lower_bound, x.upper_bound
    if all(isinstance(end, (int, float)) for end in ends) and ends == (0, 1):
        return t.SigmoidTransform()
    scale = x.upper_bound - x.lower_bound
    return t.ComposeTransform([t.SigmoidTransform(), t.AffineTransform(x.lower_bound, scale)])


def _above(x: Any) -> t.Transform:
    if isinstance(x.lower_bound, (int, float)) and x.lower_bound == 0:
        return t.ExpTransform()
    return t.ComposeTransform([t.ExpTransform(), t.AffineTransform(x.lower_bound, 1)])


for _to in (biject_to, transform_to):
    _to.register(c.real, lambda x: t.identity_transform)
    for _bound in (c.greater_than, c.greater_than_eq):
        _to.register(_bound, _above)
    for _ends in (c.interval, c.half_open_interval):
        _to.register(_ends, _interval)
    _to.register(c.less_than, lambda x: t.ComposeTransform([t.ExpTransform(), t.AffineTransform(x.upper_bound, -1)]))
    _to.register(c.corr_cholesky, lambda x: t.CorrCholeskyTransform())
    _to.register(
        c.independent,
        lambda x, to=_to: t.IndependentTransform(to(x.base_constraint), x.reinterpreted_batch_ndims),
    )
    _to.register(c.cat, lambda x, to=_to: t.CatTransform([to(part) for part in x.cseq], x.dim, x.lengths))
    _to.register(c.stack, lambda x, to=_to: t.StackTransform([to(part) for part in x.cseq], x.dim))
biject_to.register(c.simplex, lambda x: t.StickBreakingTransform())
transform_to.register(c.simplex, lambda x: t.SoftmaxTransform())
transform_to.register(c.lower_cholesky, lambda x: t.LowerCholeskyTransform())
for _matrix in (c.positive_definite, c.positive_semidefinite):
    transform_to.register(_matrix, lambda x: t.PositiveDefiniteTransform())
