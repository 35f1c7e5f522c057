"""The base of distributions: shapes, checks, and what follows from a few methods for all of them."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Sequence
from functools import cached_property
from typing import Any, TypeVar

import numpy as np

from chainrule.api.backward import enable_grad, no_grad
from chainrule.api.creation import tensor
from chainrule.api.shaping import broadcast_shapes
from chainrule.api.tensor import tracing
from chainrule.base import dtypes
from chainrule.base.shapes import Size
from chainrule.core.tape import demand, payload
from chainrule.core.tensor import Tensor
from chainrule.distributions.constraints import Constraint

D = TypeVar("D", bound="Distribution")
Shape = Sequence[int]


class lazy(cached_property[Any]):
    """A property computed once, when first asked for, and with its history even under `no_grad`."""

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        with enable_grad():
            return super().__get__(instance, owner)


class Distribution:
    """A random variable; `batch_shape` counts its independent copies, `event_shape` is that of one draw.

    A subclass names its parameters in `arg_constraints`, keeps them as attributes, and calls this constructor with the
    shapes. `validate_args`: check the parameters, and the values that are scored; on by default.
    """

    arg_constraints: Any = {}  # noqa: RUF012 - a subclass may make it a property
    support: Any = None
    has_rsample: Any = False
    has_enumerate_support: Any = False
    _besides: tuple[str, ...] = ()  # attributes that are expanded like parameters
    _validate_args: bool = __debug__

    @staticmethod
    def set_default_validate_args(value: bool) -> None:
        """Set whether values are checked where nothing else is said."""
        if value not in (True, False):
            raise ValueError(f"expected True or False, got {value!r}")
        Distribution._validate_args = value

    def __init__(self, batch_shape: Shape = (), event_shape: Shape = (), validate_args: bool | None = None) -> None:
        self._batch_shape, self._event_shape = Size(batch_shape), Size(event_shape)
        if validate_args is not None:
            self._validate_args = validate_args
        if self._validate_args:
            self._check_parameters()

    def _with(self, validate_args: bool | None, **parameters: Any) -> None:
        """Take parameters that are broadcast against each other: the constructor of univariate distributions."""
        for name, x in zip(parameters, broadcast_all(*parameters.values())):
            setattr(self, name, x)
        Distribution.__init__(self, x.shape, validate_args=validate_args)

    def _check_parameters(self) -> None:
        for name, constraint in self.arg_constraints.items():
            if name not in vars(self) and isinstance(getattr(type(self), name, None), lazy):
                continue  # follows from other parameters
            value = getattr(self, name)
            if isinstance(constraint, Constraint):
                sentence = (
                    f"Expected parameter {name} ({{}}) of distribution {{}} to satisfy the constraint {{}}, but found "
                    "invalid values"
                )
                self._demand(constraint, value, sentence)

    def _demand(self, constraint: Any, value: Any, sentence: str) -> None:
        """Refuse values outside of a constraint; under a trace at each run, when they cannot be shown any more."""
        holds, traced = constraint.check(value), tracing()
        kind = f"{type(value).__name__} of shape {tuple(value.shape)}"

        def error() -> ValueError:
            if traced:
                return ValueError(sentence.format(kind, type(self).__name__, type(constraint).__name__.strip("_")))
            return ValueError(sentence.format(kind, self, constraint) + f":\n{value}")

        demand(payload(holds) if isinstance(holds, Tensor) else np.bool_(holds), error)

    def _validate_sample(self, value: Tensor) -> None:
        """Refuse a value to score that is of the wrong shape, or outside of the support."""
        if not isinstance(value, Tensor):
            raise ValueError("The value argument to log_prob must be a Tensor")
        n = len(value.shape) - len(self._event_shape)
        if value.shape[max(n, 0) :] != self._event_shape:
            raise ValueError(
                f"The right-most size of value must match event_shape: {value.shape} vs {self._event_shape}."
            )
        expected = self._batch_shape + self._event_shape
        for i, j in zip(reversed(value.shape), reversed(expected)):
            if i != 1 and j != 1 and i != j:
                raise ValueError(
                    f"Value is not broadcastable with batch_shape+event_shape: {value.shape} vs {expected}."
                )
        support = self.support
        if support is not None:
            self._demand(support, value, "Expected value argument ({0}) to be within the support ({2}) of the "
                         "distribution {1}, but found invalid values")  # fmt: skip

    def _scored(self, value: Any) -> Any:
        """A value that is to be scored, checked if values are."""
        if self._validate_args:
            self._validate_sample(value)
        return value

    # ---- shapes

    @property
    def batch_shape(self) -> Size:
        """The shape of the parameters: independent copies."""
        return self._batch_shape

    @property
    def event_shape(self) -> Size:
        """The shape of one draw from one copy."""
        return self._event_shape

    def _extended_shape(self, sample_shape: Shape = ()) -> Size:
        return Size((*sample_shape, *self._batch_shape, *self._event_shape))

    def _blank(self, like: Tensor, sample_shape: Shape) -> Tensor:
        """A tensor to fill with random numbers, of the dtype of a parameter."""
        return like.new_empty(self._extended_shape(sample_shape))  # type: ignore[no-any-return]

    def expand(self: D, batch_shape: Shape, _instance: Any = None) -> D:
        """The same distribution with its parameters expanded to another batch shape."""
        made = copy.copy(self)
        for name in (*self.arg_constraints, *self._besides):
            if name in vars(self):
                x = vars(self)[name]
                setattr(made, name, x.expand(*batch_shape, *x.shape[len(self._batch_shape) :]))
        made._batch_shape = Size(batch_shape)
        return made

    # ---- what distributions offer

    def sample(self, sample_shape: Shape = ()) -> Tensor:
        """Draws, of the shape sample_shape + batch_shape + event_shape; no gradient flows through them."""
        with no_grad():
            return self.rsample(sample_shape)

    def rsample(self, sample_shape: Shape = ()) -> Tensor:
        """Draws as functions of the parameters, to which gradients flow."""
        raise NotImplementedError(f"{type(self).__name__} has no rsample()")

    def sample_n(self, n: int) -> Tensor:
        """n draws: `sample((n,))`, as older programs write it."""
        warnings.warn("sample_n(n) will be deprecated. Use .sample((n,)) instead", FutureWarning, stacklevel=2)
        return self.sample((n,))

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density (or of the probability) at a value."""
        raise NotImplementedError(f"{type(self).__name__} has no log_prob()")

    def cdf(self, value: Tensor) -> Tensor:
        """The probability of a draw at or below a value."""
        raise NotImplementedError(f"{type(self).__name__} has no cdf()")

    def icdf(self, value: Tensor) -> Tensor:
        """The value below which draws fall with a given probability."""
        raise NotImplementedError(f"{type(self).__name__} has no icdf()")

    def entropy(self) -> Tensor:
        """The entropy in nats."""
        raise NotImplementedError(f"{type(self).__name__} has no entropy()")

    def enumerate_support(self, expand: bool = True) -> Tensor:
        """All values that a draw can have, along a new first dimension."""
        raise NotImplementedError(f"{type(self).__name__} has no enumerate_support()")

    @property
    def mean(self) -> Tensor:
        """The mean."""
        raise NotImplementedError(f"{type(self).__name__} has no mean")

    @property
    def mode(self) -> Tensor:
        """The likeliest value."""
        raise NotImplementedError(f"{type(self).__name__} has no mode")

    @property
    def variance(self) -> Tensor:
        """The variance."""
        raise NotImplementedError(f"{type(self).__name__} has no variance")

    @property
    def stddev(self) -> Tensor:
        """The standard deviation."""
        return self.variance.sqrt()

    def perplexity(self) -> Tensor:
        """The exponential of the entropy."""
        return self.entropy().exp()

    def __repr__(self) -> str:
        shown = {name: vars(self)[name] for name in self.arg_constraints if name in vars(self)}
        parts = [f"{name}: {x if x.numel() == 1 else x.size()}" for name, x in shown.items()]
        return f"{type(self).__name__}({', '.join(parts)})"


def broadcast_all(*values: Any) -> tuple[Tensor, ...]:
    """Tensors and numbers as tensors of a common shape; numbers take the dtype of the first tensor."""
    if not all(isinstance(v, (Tensor, int, float)) for v in values):
        raise ValueError(
            "Input arguments must all be instances of Number or torch.Tensor, got "
            + ", ".join(type(v).__name__ for v in values)
        )
    d = next((v.dtype for v in values if isinstance(v, Tensor)), dtypes.get_default_dtype())
    tensors = [v if isinstance(v, Tensor) else tensor(v, dtype=d) for v in values]
    shape = broadcast_shapes(*(v.shape for v in tensors))
    return tuple(v if v.shape == shape else v.expand(shape) for v in tensors)


def sum_rightmost(value: Tensor, n: int) -> Tensor:
    """The sum over the last n dimensions."""
    return value.sum(tuple(range(-n, 0))) if n else value
