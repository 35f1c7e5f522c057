"""The Kullback-Leibler divergence of a distribution from one of another family.

It is -H(p) - E[log q(x)], and log q asks for few means over p: of x, its square, its logarithm, exp(t x). So what a
family is asked for as q stands once for all p, and what it has as p once for all q.
"""

from __future__ import annotations

import math
from typing import Any

from chainrule.api.creation import full_like
from chainrule.api.masking import where
from chainrule.core.tensor import Tensor
from chainrule.distributions.bernoulli import Bernoulli
from chainrule.distributions.beta import Beta
from chainrule.distributions.binomial import Binomial
from chainrule.distributions.continuous_bernoulli import ContinuousBernoulli
from chainrule.distributions.distribution import Distribution
from chainrule.distributions.exponential import Exponential
from chainrule.distributions.gamma import Gamma
from chainrule.distributions.gumbel import EULER, Gumbel
from chainrule.distributions.kl import register_kl
from chainrule.distributions.laplace import Laplace
from chainrule.distributions.normal import Normal
from chainrule.distributions.pareto import Pareto
from chainrule.distributions.poisson import Poisson
from chainrule.distributions.uniform import Uniform

# ------------------------------------------------------------------------------------------------------- means over p


def _mean_log(p: Any) -> Tensor:
    """E[log x]."""
    if isinstance(p, Beta):
        return p.concentration1.digamma() - (p.concentration1 + p.concentration0).digamma()
    if isinstance(p, Exponential):
        return -EULER - p.rate.log()
    if isinstance(p, Pareto):
        return p.scale.log() + p.alpha.reciprocal()
    return _mean_log_between(p.low, p.high)


def _mean_log_between(low: Tensor, high: Tensor) -> Tensor:
    return (high.xlogy(high) - low.xlogy(low)) / (high - low) - 1


def _mean_exp(p: Any, t: Tensor) -> Tensor:
    """E[exp(t x)], t < 0."""
    if isinstance(p, Exponential):
        return p.rate / (p.rate - t)
    if isinstance(p, Gamma):
        return (1 - t / p.rate).pow(-p.concentration)
    if isinstance(p, Normal):
        return (p.loc * t + (p.scale * t).pow(2) / 2).exp()
    return ((p.high * t).exp() - (p.low * t).exp()) / (t * (p.high - p.low))


def _ends(p: Any) -> tuple[Any, Any]:
    """Between which values p draws."""
    if isinstance(p, Uniform):
        return p.low, p.high
    if isinstance(p, Pareto):
        return p.scale, math.inf
    return 0.0, 1.0 if isinstance(p, (Beta, ContinuousBernoulli)) else math.inf


# ----------------------------------------------------------------------------------------------------- -E[log q] over p


def _normal(p: Any, q: Normal) -> Tensor:
    square = p.variance + (p.mean - q.loc).pow(2)
    return q.scale.log() + 0.5 * (math.log(2 * math.pi) + square / q.scale.pow(2))


def _exponential(p: Any, q: Exponential) -> Tensor:
    return q.rate * p.mean - q.rate.log()


def _gamma(p: Any, q: Gamma) -> Tensor:
    a = q.concentration
    return a.lgamma() - a * q.rate.log() - (a - 1) * _mean_log(p) + q.rate * p.mean


def _gumbel(p: Any, q: Gumbel) -> Tensor:
    t = q.scale.reciprocal()
    return q.scale.log() + (p.mean - q.loc) * t + (q.loc * t).exp() * _mean_exp(p, -t)


def _laplace(p: Normal, q: Laplace) -> Tensor:
    apart = p.loc - q.loc
    ratio = apart / p.scale
    distance = math.sqrt(2 / math.pi) * p.scale * (-0.5 * ratio.pow(2)).exp() + apart * (ratio * math.sqrt(0.5)).erf()
    return (2 * q.scale).log() + distance / q.scale


def _uniform(p: Any, q: Uniform) -> Tensor:
    return (q.high - q.low).log() + 0 * p.mean


def _pareto(p: Any, q: Pareto) -> Tensor:
    return (q.alpha + 1) * _mean_log(p) - q.alpha.log() - q.alpha * q.scale.log()


def _beta(p: Uniform, q: Beta) -> Tensor:
    a, b = q.concentration1, q.concentration0
    whole = a.lgamma() + b.lgamma() - (a + b).lgamma()
    return whole - (a - 1) * _mean_log(p) - (b - 1) * _mean_log_between(1 - p.high, 1 - p.low)


def _continuous_bernoulli(p: Any, q: ContinuousBernoulli) -> Tensor:
    return -p.mean * q.logits - (-q.probs).log1p() - q._log_norm()


_CROSS: dict[Any, tuple[Any, tuple[type[Distribution], ...]]] = {  # by q: -E[log q], and the p that it is known for
    Normal: (_normal, (Beta, ContinuousBernoulli, Exponential, Gamma, Gumbel, Laplace, Pareto, Uniform)),
    Exponential: (_exponential, (Beta, ContinuousBernoulli, Gamma, Pareto, Uniform)),
    Gamma: (_gamma, (Beta, Exponential, Pareto, Uniform)),
    Gumbel: (_gumbel, (Exponential, Gamma, Normal, Uniform)),
    Laplace: (_laplace, (Normal,)),
    Uniform: (_uniform, (Beta, ContinuousBernoulli)),
    Pareto: (_pareto, (Uniform,)),
    Beta: (_beta, (Uniform,)),
    ContinuousBernoulli: (_continuous_bernoulli, (Beta, Uniform)),
}
_OUTSIDE: dict[Any, tuple[type[Distribution], ...]] = {  # by p: what never draws all that p does
    Beta: (Pareto,),
    ContinuousBernoulli: (Pareto,),
    Exponential: (Beta, ContinuousBernoulli, Pareto, Uniform),
    Gamma: (Beta, ContinuousBernoulli, Pareto, Uniform),
    Gumbel: (Beta, ContinuousBernoulli, Exponential, Gamma, Pareto, Uniform),
    Laplace: (Beta, ContinuousBernoulli, Exponential, Gamma, Pareto, Uniform),
    Normal: (Beta, ContinuousBernoulli, Exponential, Gamma, Pareto, Uniform),
    Pareto: (Beta, ContinuousBernoulli, Uniform),
    Poisson: (Bernoulli, Binomial),
}
_EVERYWHERE = (Normal, Gumbel, Laplace)


def _across(cross: Any, inside: bool) -> Any:
    def rule(p: Any, q: Any) -> Tensor:
        result = cross(p, q) - p.entropy()
        if inside:  # whether q draws all that p does is known
            return result  # type: ignore[no-any-return]
        (low, high), (lowest, highest) = _ends(p), _ends(q)
        return where(result.new_tensor(0.0) + (low >= lowest) * (high <= highest) > 0, result, math.inf)

    return rule


def _infinite(p: Any, q: Any) -> Tensor:
    return full_like(p.mean, math.inf)


@register_kl(Bernoulli, Poisson)
def _bernoulli_poisson(p: Bernoulli, q: Poisson) -> Tensor:
    return -p.entropy() - (p.probs * q.rate.log() - q.rate)


for _q, (_cross, _ps) in _CROSS.items():
    for _p in _ps:
        register_kl(_p, _q)(_across(_cross, _q in _EVERYWHERE))
for _p, _qs in _OUTSIDE.items():
    for _q in _qs:
        register_kl(_p, _q)(_infinite)
