"""An objective as a function of one flat vector of doubles: what line searches and SciPy's methods work on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.descend.objective import Array, Objective, Program, hessian_product, value_and_gradient
from chainrule.descend.recall import recall

Vector = np.ndarray[Any, np.dtype[np.float64]]  # doubles; of a Hessian, rows of them
Mask = np.ndarray[Any, np.dtype[np.bool_]]


def norm(v: Vector) -> float:
    """The Euclidean norm of a vector, whose squares may be beyond all numbers."""
    most = float(np.abs(v).max(initial=0.0))
    return most * float(np.linalg.norm(v / most)) if 0 < most < np.inf else most


class Flat:
    """Value, gradient and products with the Hessian, from flat vectors to flat vectors; `calls` counts gradients."""

    def __init__(self, objective: Objective) -> None:
        self.objective = objective
        self.like = objective.start
        self.ends = np.cumsum([a.size for a in self.like])
        self.calls = 0
        self._both: Program | None = None
        self._product: Program | None = None

    @property
    def eps(self) -> float:
        """The relative rounding of the leaves, the coarsest of them."""
        return max(float(np.finfo(a.dtype).eps) for a in self.like)

    def join(self, leaves: Sequence[Array]) -> Vector:
        """The leaves in one vector."""
        return np.concatenate([np.asarray(a, dtype=np.float64).reshape(-1) for a in leaves])

    def split(self, x: Vector) -> list[Array]:
        """A vector as leaves of their own shapes and dtypes."""
        parts = np.split(x, self.ends[:-1])
        with np.errstate(over="ignore"):  # of what a narrower dtype cannot hold
            return [p.astype(a.dtype).reshape(a.shape)[()] for p, a in zip(parts, self.like)]

    def rounded(self, x: Vector) -> Vector:
        """The vector as the leaves can hold it."""
        return self.join(self.split(x))

    def value_and_gradient(self, x: Vector) -> tuple[float, Vector]:
        """The value and the gradient at a vector."""
        if self._both is None:
            objective = self.objective
            self._both = recall(objective, "both", lambda: objective.program(value_and_gradient))
        self.calls += 1
        value, *gs = self._both(self.split(x))
        return float(value), self.join(gs)

    def product(self, x: Vector, v: Vector) -> Vector:
        """The Hessian at x times v."""
        if self._product is None:
            objective, like = self.objective, self.like
            self._product = recall(objective, "product", lambda: objective.program(hessian_product, like))
        return self.join(self._product([*self.split(x), *self.split(v)]))

    def hessian(self, x: Vector) -> Vector:
        """The whole Hessian at x, a product for each column."""
        h = np.stack([self.product(x, e) for e in np.eye(len(x))])
        return (h + h.T) / 2
