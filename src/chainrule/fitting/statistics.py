"""Student's t without SciPy: by finite series for whole degrees of freedom."""

from __future__ import annotations

import math

import numpy as np

MANY = 10_000  # degrees of freedom from which an expansion about the normal distribution is exact to 1e-12


def normal_quantile(p: float) -> float:
    """z with P(Z < z) = p.

    >>> round(normal_quantile(0.975), 6)
    1.959964
    """
    from statistics import NormalDist

    return NormalDist().inv_cdf(p)


def student_inside(t: float, dof: int) -> float:
    """P(|T| < t) of Student's t.

    Source: Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.3 and 26.7.4.
    """
    theta = math.atan(t / math.sqrt(dof))
    cos, sin = math.cos(theta), math.sin(theta)
    # Σ of the products (k-1)/k of every second k, times powers of the cosine
    k = np.arange(2, dof - 1, 2) if dof % 2 == 0 else np.arange(3, dof - 1, 2)
    ratios = (k - 1) / k * cos**2
    series = 1.0 + float(np.cumprod(ratios).sum())
    if dof % 2 == 0:
        return sin * series
    return 2 / math.pi * (theta + (sin * cos * series if dof > 1 else 0.0))


def student_quantile(level: float, dof: int) -> float:
    """t with P(|T| < t) = level.

    >>> round(student_quantile(0.95, 10), 6), round(student_quantile(0.95, 1), 4)
    (2.228139, 12.7062)
    """
    z = normal_quantile((1 + level) / 2)
    if dof > MANY:  # Abramowitz and Stegun, 26.7.5
        return z + (z**3 + z) / (4 * dof) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * dof**2)
    low, high = 0.0, max(z, 1.0)
    while student_inside(high, dof) < level:
        high *= 2
    while high - low > 1e-13 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if student_inside(middle, dof) < level else (low, middle)
        if middle in (low, high) and (low + high) / 2 in (low, high):
            break
    return (low + high) / 2
