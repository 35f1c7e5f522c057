"""What values a parameter may take and a draw can have: a name to print, and a check that is true where it holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chainrule.api.factorizations import cholesky_ex
from chainrule.core.tensor import Tensor


@dataclass(frozen=True)
class Constraint:
    """A set of values.

    `check(value)` gives a bool tensor without the last `event_dim` dimensions, which are judged together.
    """

    name: str
    check: Callable[[Tensor], Tensor]
    event_dim: int = 0
    is_discrete: bool = False

    def __repr__(self) -> str:
        return self.name


def greater_than(lower_bound: Any) -> Constraint:
    """Above a bound."""
    return Constraint(f"GreaterThan(lower_bound={lower_bound})", lambda v: lower_bound < v)


def greater_than_eq(lower_bound: Any) -> Constraint:
    """At a bound or above."""
    return Constraint(f"GreaterThanEq(lower_bound={lower_bound})", lambda v: lower_bound <= v)


def less_than(upper_bound: Any) -> Constraint:
    """Below a bound."""
    return Constraint(f"LessThan(upper_bound={upper_bound})", lambda v: v < upper_bound)


def interval(lower_bound: Any, upper_bound: Any) -> Constraint:
    """Between two bounds, which are included."""
    name = f"Interval(lower_bound={lower_bound}, upper_bound={upper_bound})"
    return Constraint(name, lambda v: (lower_bound <= v) & (v <= upper_bound))


def integer_interval(lower_bound: int, upper_bound: int) -> Constraint:
    """Whole numbers between two bounds, which are included."""
    name = f"IntegerInterval(lower_bound={lower_bound}, upper_bound={upper_bound})"
    return Constraint(name, lambda v: (v % 1 == 0) & (lower_bound <= v) & (v <= upper_bound), is_discrete=True)


def independent(base: Constraint, reinterpreted_batch_ndims: int) -> Constraint:
    """A constraint that must hold throughout the last dimensions."""
    n = reinterpreted_batch_ndims

    def check(v: Tensor) -> Tensor:
        held = base.check(v)
        if held.ndim < n:
            raise ValueError(f"Expected value.dim() >= {base.event_dim + n} but got {v.ndim}")
        return held.reshape(*held.shape[: held.ndim - n], -1).all(-1)

    return Constraint(f"IndependentConstraint({base!r}, {n})", check, base.event_dim + n, base.is_discrete)


def _is_factor(v: Tensor) -> Tensor:
    lower = (v.tril() == v).flatten(-2).all(-1)
    return lower & (v.diagonal(dim1=-2, dim2=-1) > 0).all(-1)


def _is_definite(v: Tensor) -> Tensor:
    symmetric = ((v - v.mT).abs() <= 1e-6 + 1e-5 * v.mT.abs()).flatten(-2).all(-1)
    return symmetric & (cholesky_ex(v.detach()).info == 0) if bool(symmetric.all()) else symmetric


real = Constraint("Real()", lambda v: v == v)  # all but NaN
real_vector = independent(real, 1)
positive = greater_than(0.0)
nonnegative = greater_than_eq(0.0)
unit_interval = interval(0.0, 1.0)
boolean = Constraint("Boolean()", lambda v: (v == 0) | (v == 1), is_discrete=True)
simplex = Constraint("Simplex()", lambda v: (v >= 0).all(-1) & ((v.sum(-1) - 1).abs() < 1e-6), 1)
lower_cholesky = Constraint("LowerCholesky()", _is_factor, 2)
positive_definite = Constraint("PositiveDefinite()", _is_definite, 2)
