"""Random numbers by trying: draws that take as many uniforms as it needs until one is accepted.

Each function makes one number from `uniform`, which gives a float64 in [0, 1) at each call, and `normal`, a standard
normal. They use up the stream and round as PyTorch's CPU kernels do, whose single-precision constants are kept.

    gamma       Marsaglia and Tsang, A simple method for generating gamma variables (2000)
    poisson     Hörmann, The transformed rejection method for generating Poisson random variables (1993): PTRS from a
                rate of 10 on, below it products of uniforms
    binomial    Hörmann, The generation of binomial random variates (1993): BTRS from 10 expected successes on, below
                it waiting times
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

Draw = Callable[[], float]

_THIRD, _TIGHT = float(np.float32(1) / np.float32(3)), float(np.float32(0.0331))


def gamma(alpha: Any, uniform: Draw, normal: Draw) -> float:
    """A gamma variable of shape `alpha` (a NumPy scalar, whose dtype the setup is rounded in) and rate 1."""
    scale, one = 1.0, type(alpha)(1)
    if alpha < 1:
        if alpha == 0:
            return 0.0
        scale = (1 - uniform()) ** float(one / alpha)
        alpha = alpha + one
    d = float(alpha - type(alpha)(_THIRD))
    if not d > 0:  # NaN, which no trial would ever accept
        return math.nan
    c = 1 / math.sqrt(9 * d)
    while True:
        y = 0.0
        while y <= 0:
            x = normal()
            y = 1 + c * x
        v, u, square = y * y * y, 1 - uniform(), x * x
        if u < 1 - _TIGHT * square * square or math.log(u) < 0.5 * square + d * (1 - v + math.log(v)):
            return scale * d * v


def poisson(rate: float, uniform: Draw) -> float:
    """A Poisson variable."""
    if not 0 <= rate < math.inf:
        raise RuntimeError(f"invalid Poisson rate, expected rate to be non-negative, but found {rate:g}")
    if rate == 0:
        return 0.0
    if rate < 10:
        count, product, limit = 0, uniform(), math.exp(-rate)
        while product > limit:
            count += 1
            product *= uniform()
        return float(count)
    root, log_rate = math.sqrt(rate), math.log(rate)
    b = 0.931 + 2.53 * root
    a = -0.059 + 0.02483 * b
    log_alpha, tight = math.log(1.1239 + 1.1328 / (b - 3.4)), 0.9277 - 3.6224 / (b - 2)
    while True:
        u, v = uniform() - 0.5, uniform()
        us = 0.5 - abs(u)
        k = math.floor((2 * a / us + b) * u + rate + 0.43) if us else -1
        if us >= 0.07 and v <= tight:
            return float(k)
        if k < 0 or (us < 0.013 and v > us):
            continue
        left = (math.log(v) if v else -math.inf) + log_alpha - math.log(a / (us * us) + b)
        if left <= -rate + k * log_rate - math.lgamma(k + 1):
            return float(k)


def binomial(count: float, p: float, uniform: Draw) -> float:
    """How many of `count` trials succeed, each with probability p."""
    if count <= 0 or p <= 0:
        return 0.0
    if p >= 1:
        return count
    if not count < math.inf or math.isnan(p):
        return math.nan
    if p > 0.5:
        return count - binomial(count, 1 - p, uniform)
    return (_many if count * p >= 10 else _few)(count, p, uniform)


def _few(count: float, p: float, uniform: Draw) -> float:
    trials, successes, log_fail = 0.0, 0, math.log1p(-p)
    while True:
        u = uniform()
        trials += math.ceil(math.log(u) / log_fail) if u else math.inf
        if trials > count:
            return float(successes)
        successes += 1


def _many(n: float, p: float, uniform: Draw) -> float:
    spread = math.sqrt(n * p * (1 - p))
    b = 1.15 + 2.53 * spread
    a = -0.0873 + 0.0248 * b + 0.01 * p
    c, tight, odds = n * p + 0.5, 0.92 - 4.2 / b, p / (1 - p)
    alpha, m = (2.83 + 5.1 / b) * spread, math.floor((n + 1) * p)
    while True:
        u, v = uniform() - 0.5, uniform()
        us = 0.5 - abs(u)
        k = math.floor((2 * a / us + b) * u + c) if us else -1
        if us >= 0.07 and v <= tight:
            return float(k)
        if k < 0 or k > n:
            continue
        bound = (
            (m + 0.5) * math.log((m + 1) / (odds * (n - m + 1)))
            + (n + 1) * math.log((n - m + 1) / (n - k + 1))
            + (k + 0.5) * math.log(odds * (n - k + 1) / (k + 1))
            + _stirling(m) + _stirling(n - m) - _stirling(k) - _stirling(n - k)
        )  # fmt: skip
        if (math.log(v * alpha / (a / (us * us) + b)) if v else -math.inf) <= bound:
            return float(k)


def _stirling(k: float) -> float:
    """What Stirling's formula leaves of log k!."""
    if k <= 9:
        return math.lgamma(k + 1) - ((k + 0.5) * math.log(k + 1) - (k + 1) + 0.5 * math.log(2 * math.pi))
    square = (k + 1) ** 2
    return (1 / 12 - (1 / 360 - 1 / 1260 / square) / square) / (k + 1)
