"""`torch.distributions`: random variables with parameters that can be learned.

A distribution draws (`sample`, and `rsample`, through which gradients flow to the parameters) and scores (`log_prob`).
Its parameters broadcast against each other to the batch shape; one draw has the event shape. Everything is made of
tensor operations, so derivatives of any order come by themselves, and a seed gives torch's samples.

>>> import chainrule as cr
>>> from chainrule.distributions import Normal, kl_divergence
>>> d = Normal(cr.tensor([0.0, 1.0]), 2.0)
>>> d
Normal(loc: torch.Size([2]), scale: torch.Size([2]))
>>> d.log_prob(cr.tensor(0.0))
tensor([-1.6121, -1.7371])
>>> kl_divergence(d, Normal(0.0, 2.0))
tensor([0.0000, 0.1250])
"""

from __future__ import annotations

from typing import Any

from chainrule.base import errors as _errors
from chainrule.distributions import constraints, transforms
from chainrule.distributions.bernoulli import Bernoulli
from chainrule.distributions.beta import Beta
from chainrule.distributions.categorical import Categorical
from chainrule.distributions.dirichlet import Dirichlet
from chainrule.distributions.distribution import Distribution
from chainrule.distributions.exponential import Exponential
from chainrule.distributions.gamma import Gamma
from chainrule.distributions.independent import Independent
from chainrule.distributions.kl import kl_divergence, register_kl
from chainrule.distributions.laplace import Laplace
from chainrule.distributions.log_normal import LogNormal
from chainrule.distributions.multivariate_normal import MultivariateNormal
from chainrule.distributions.normal import Normal
from chainrule.distributions.transformed_distribution import TransformedDistribution
from chainrule.distributions.transforms import (
    AffineTransform,
    ComposeTransform,
    ExpTransform,
    SigmoidTransform,
    TanhTransform,
    Transform,
)
from chainrule.distributions.uniform import Uniform

__all__ = [
    "AffineTransform", "Bernoulli", "Beta", "Categorical", "ComposeTransform", "Dirichlet", "Distribution",
    "ExpTransform", "Exponential", "Gamma", "Independent", "Laplace", "LogNormal", "MultivariateNormal", "Normal",
    "SigmoidTransform", "TanhTransform", "Transform", "TransformedDistribution", "Uniform", "constraints",
    "kl_divergence", "register_kl", "transforms",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    raise AttributeError(_errors.missing("chainrule.distributions", name, __all__))
