"""Robust losses, by SciPy's conventions: the cost is f_scale² · Σ rho((r/f_scale)²) / 2.

Each gives rho, its first and its second derivative at z = (r/f_scale)²; source: SciPy's `least_squares`, and Triggs et
al., "Bundle adjustment: a modern synthesis" (2000), section 4.3, for the rescaling of residuals and Jacobian.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Array = Any


def _huber(z: Array) -> tuple[Array, Array, Array]:
    far, big = z > 1, np.where(z > 1, z, 1.0)
    root = np.sqrt(big)
    return np.where(far, 2 * root - 1, z), np.where(far, 1 / root, 1.0), np.where(far, -0.5 / (big * root), 0.0)


def _soft_l1(z: Array) -> tuple[Array, Array, Array]:
    t = 1 + z
    root = np.sqrt(t)
    return 2 * (root - 1), 1 / root, -0.5 / (t * root)


def _cauchy(z: Array) -> tuple[Array, Array, Array]:
    t = 1 + z
    return np.log1p(z), 1 / t, -1 / t**2


LOSSES: dict[str, Callable[[Array], tuple[Array, Array, Array]] | None] = {
    "linear": None,
    "huber": _huber,
    "soft_l1": _soft_l1,
    "cauchy": _cauchy,
}


class Loss:
    """A loss with its scale: twice the cost of residuals, and the residuals and Jacobian of its quadratic model."""

    def __init__(self, name: str, f_scale: float) -> None:
        self.rho, self.scale = LOSSES[name], f_scale

    def cost(self, r: Array) -> float:
        """Twice the cost: χ² where the loss is linear."""
        with np.errstate(over="ignore", invalid="ignore"):
            if self.rho is None:
                return float(r @ r)
            return float(self.rho((r / self.scale) ** 2)[0].sum() * self.scale**2)

    def quadratic(self, r: Array, jacobian: Array) -> tuple[Array, Array]:
        """Residuals and Jacobian, rescaled so that JᵀJ and Jᵀr are the curvature and the gradient of the cost."""
        if self.rho is None:
            return r, jacobian
        _, first, second = self.rho((r / self.scale) ** 2)
        curvature = np.sqrt(np.maximum(first + 2 * second * (r / self.scale) ** 2, np.finfo(float).eps))
        return r * first / curvature, jacobian * curvature[:, None]
