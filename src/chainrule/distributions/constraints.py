"""What values a parameter may take and a draw can have: a name to print, and a check that is true where it holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule.api.creation import full
from chainrule.api.factorizations import cholesky_ex
from chainrule.api.joining import cat as _joined
from chainrule.api.joining import stack as _stacked
from chainrule.api.tensor import tracing
from chainrule.base import dtypes
from chainrule.core.tape import by_numpy
from chainrule.core.tensor import wrap
from chainrule.linalg import eigvalsh

__all__ = [
    "Constraint", "MixtureSameFamilyConstraint", "boolean", "cat", "corr_cholesky", "dependent", "dependent_property",
    "greater_than", "greater_than_eq", "half_open_interval", "independent", "integer_interval", "interval",
    "is_dependent", "less_than", "lower_cholesky", "lower_triangular", "multinomial", "nonnegative",
    "nonnegative_integer", "one_hot", "positive", "positive_definite", "positive_integer", "positive_semidefinite",
    "real", "real_vector", "simplex", "square", "stack", "symmetric", "unit_interval",
]  # fmt: skip


class Constraint:
    """A set of values.

    `check(value)` gives a bool tensor without the last `event_dim` dimensions, which are judged together.
    """

    event_dim: Any = 0
    is_discrete: Any = False

    def check(self, value: Any) -> Any:
        """Where a value holds to the constraint."""
        raise NotImplementedError(f"{type(self).__name__} has no check()")

    def __repr__(self) -> str:
        bounds = ", ".join(f"{name}={x}" for name, x in vars(self).items())
        return f"{type(self).__name__.removeprefix('_')}({bounds})"


@dataclass(repr=False, eq=False)
class _GreaterThan(Constraint):
    lower_bound: Any

    def check(self, value: Any) -> Any:
        return self.lower_bound < value


@dataclass(repr=False, eq=False)
class _GreaterThanEq(Constraint):
    lower_bound: Any

    def check(self, value: Any) -> Any:
        return self.lower_bound <= value


@dataclass(repr=False, eq=False)
class _LessThan(Constraint):
    upper_bound: Any

    def check(self, value: Any) -> Any:
        return value < self.upper_bound


@dataclass(repr=False, eq=False)
class _Interval(Constraint):
    lower_bound: Any
    upper_bound: Any

    def check(self, value: Any) -> Any:
        return (self.lower_bound <= value) & (value <= self.upper_bound)


class _HalfOpenInterval(_Interval):
    """Numbers from a lower bound, itself among them, to an upper one."""

    def check(self, value: Any) -> Any:
        return (self.lower_bound <= value) & (value < self.upper_bound)


class _IntegerInterval(_Interval):
    """Whole numbers between two bounds, themselves among them."""

    is_discrete = True

    def check(self, value: Any) -> Any:
        return (value % 1 == 0) & super().check(value)


class _IntegerGreaterThan(_GreaterThanEq):
    is_discrete = True

    def check(self, value: Any) -> Any:
        return (value % 1 == 0) & super().check(value)


@dataclass(repr=False, eq=False)
class _Multinomial(Constraint):
    upper_bound: Any
    is_discrete = True
    event_dim = 1

    def check(self, value: Any) -> Any:
        return (value >= 0).all(-1) & (value.sum(-1) <= self.upper_bound)

    def __repr__(self) -> str:
        return "Multinomial()"


class _Real(Constraint):
    def check(self, value: Any) -> Any:
        return value == value  # all but NaN


class _Boolean(Constraint):
    is_discrete = True

    def check(self, value: Any) -> Any:
        return (value == 0) | (value == 1)


class _OneHot(Constraint):
    is_discrete = True
    event_dim = 1

    def check(self, value: Any) -> Any:
        return boolean.check(value).all(-1) & (value.sum(-1) == 1)


class _Simplex(Constraint):
    event_dim = 1

    def check(self, value: Any) -> Any:
        return (value >= 0).all(-1) & ((value.sum(-1) - 1).abs() < 1e-6)


class _Matrix(Constraint):
    event_dim = 2


class _LowerTriangular(_Matrix):
    def check(self, value: Any) -> Any:
        return (value.tril() == value).flatten(-2).all(-1)


class _LowerCholesky(_LowerTriangular):
    def check(self, value: Any) -> Any:
        return super().check(value) & (value.diagonal(dim1=-2, dim2=-1) > 0).all(-1)


class _CorrCholesky(_LowerCholesky):
    def check(self, value: Any) -> Any:
        tolerance = 10 * value.size(-1) * float(np.finfo(value.dtype.np).eps)
        return super().check(value) & ((value.detach().norm(dim=-1) - 1).abs() <= tolerance).all(-1)


class _Square(_Matrix):
    def check(self, value: Any) -> Any:
        return full(value.shape[:-2], value.shape[-2] == value.shape[-1], dtype=dtypes.ALL["bool"])


class _Symmetric(_Square):
    def check(self, value: Any) -> Any:
        square = super().check(value)
        if value.shape[-2] != value.shape[-1]:
            return square
        return ((value - value.mT).abs() <= 1e-6 + 1e-5 * value.mT.abs()).flatten(-2).all(-1)


class _PositiveSemidefinite(_Symmetric):
    def check(self, value: Any) -> Any:
        held = super().check(value)
        if not tracing() and not bool(held.all()):
            return held
        return held & by_numpy("semidefinite", lambda a: (eigvalsh(wrap(a))._a >= 0).all(-1), value)


class _PositiveDefinite(_Symmetric):
    def check(self, value: Any) -> Any:
        held = super().check(value)
        if not tracing() and not bool(held.all()):
            return held
        return held & by_numpy("definite", lambda a: cholesky_ex(wrap(a)).info._a == 0, value)


def _throughout(base: Constraint, held: Any, n: int, value: Any) -> Any:
    """Whether a constraint holds throughout the last n dimensions."""
    if held.ndim < n:
        raise ValueError(f"Expected value.dim() >= {base.event_dim + n} but got {value.ndim}")
    return held.reshape(*held.shape[: held.ndim - n], -1).all(-1)


class _Wrapped(Constraint):
    base_constraint: Constraint

    @property
    def is_discrete(self) -> Any:
        """Whether the base is."""
        return self.base_constraint.is_discrete


@dataclass(repr=False, eq=False)
class _IndependentConstraint(_Wrapped):
    """A constraint that must hold throughout the last dimensions."""

    base_constraint: Constraint
    reinterpreted_batch_ndims: int

    @property
    def event_dim(self) -> Any:
        """The dimensions of the base, and those before it."""
        return self.base_constraint.event_dim + self.reinterpreted_batch_ndims

    def check(self, value: Any) -> Any:
        n, base = self.reinterpreted_batch_ndims, self.base_constraint
        return _throughout(base, base.check(value), n, value)

    def __repr__(self) -> str:
        return f"IndependentConstraint({self.base_constraint!r}, {self.reinterpreted_batch_ndims})"


@dataclass(repr=False, eq=False)
class MixtureSameFamilyConstraint(_Wrapped):
    """What every component of a mixture can draw; their dimension stands before those of the event."""

    base_constraint: Constraint

    @property
    def event_dim(self) -> Any:
        """That of the base."""
        return self.base_constraint.event_dim

    def check(self, value: Any) -> Any:
        held = self.base_constraint.check(value.unsqueeze(-1 - self.event_dim))
        return held.reshape(*value.shape[: value.ndim - self.event_dim], -1).all(-1)

    def __repr__(self) -> str:
        return f"MixtureSameFamilyConstraint({self.base_constraint!r})"


@dataclass(repr=False, eq=False)
class _Several(Constraint):
    cseq: Sequence[Constraint]
    dim: int = 0

    @property
    def is_discrete(self) -> Any:
        """Whether one of them is."""
        return any(c.is_discrete for c in self.cseq)

    @property
    def event_dim(self) -> Any:
        """The most dimensions that one of them needs."""
        return max(c.event_dim for c in self.cseq)


@dataclass(repr=False, eq=False)
class _Cat(_Several):
    """Stretches along a dimension, each with a constraint of its own."""

    lengths: Sequence[int] | None = field(default=None)

    def __post_init__(self) -> None:
        self.lengths = [1] * len(self.cseq) if self.lengths is None else list(self.lengths)

    def check(self, value: Any) -> Any:
        assert self.lengths is not None
        parts = value.split(self.lengths, self.dim)
        return _joined([c.check(v) for c, v in zip(self.cseq, parts)], self.dim)


class _Stack(_Several):
    """Slices along a dimension, each with a constraint of its own."""

    @property
    def event_dim(self) -> Any:
        """The dimensions that one of them needs, and the one that they lie along if it is among the last."""
        n = super().event_dim
        return n + 1 if self.dim + n < 0 else n

    def check(self, value: Any) -> Any:
        return _stacked([c.check(v) for c, v in zip(self.cseq, value.unbind(self.dim))], self.dim)


class _Dependent(Constraint):
    """A support that depends on parameters: it can be asked of an instance alone."""

    def __init__(self, *, is_discrete: Any = NotImplemented, event_dim: Any = NotImplemented) -> None:
        self.is_discrete, self.event_dim = is_discrete, event_dim

    def __call__(self, *, is_discrete: Any = NotImplemented, event_dim: Any = NotImplemented) -> _Dependent:
        return _Dependent(is_discrete=is_discrete, event_dim=event_dim)

    def check(self, value: Any) -> Any:
        raise ValueError("Cannot determine validity of dependent constraint")

    def __repr__(self) -> str:
        return "Dependent()"


class dependent_property(property, _Dependent):
    """A property that gives a constraint; of the class it is a dependent one."""

    def __init__(self, fn: Callable[..., Any] | None = None, *, is_discrete: Any = NotImplemented,
                 event_dim: Any = NotImplemented) -> None:  # fmt: skip
        super().__init__(fn)
        _Dependent.__init__(self, is_discrete=is_discrete, event_dim=event_dim)

    def __call__(self, fn: Any) -> Any:  # type: ignore[override]
        return dependent_property(fn, is_discrete=self.is_discrete, event_dim=self.event_dim)


def is_dependent(constraint: Any) -> bool:
    """Whether a constraint depends on parameters."""
    return isinstance(constraint, _Dependent)


dependent = _Dependent()
independent = _IndependentConstraint
greater_than, greater_than_eq, less_than = _GreaterThan, _GreaterThanEq, _LessThan
interval, half_open_interval, integer_interval = _Interval, _HalfOpenInterval, _IntegerInterval
multinomial, cat, stack = _Multinomial, _Cat, _Stack
real = _Real()
real_vector = independent(real, 1)
positive, nonnegative = greater_than(0.0), greater_than_eq(0.0)
nonnegative_integer, positive_integer = _IntegerGreaterThan(0), _IntegerGreaterThan(1)
unit_interval = interval(0.0, 1.0)
boolean, one_hot, simplex = _Boolean(), _OneHot(), _Simplex()
lower_triangular, lower_cholesky, corr_cholesky = _LowerTriangular(), _LowerCholesky(), _CorrCholesky()
square, symmetric = _Square(), _Symmetric()
positive_semidefinite, positive_definite = _PositiveSemidefinite(), _PositiveDefinite()
