"""Distributions: against SciPy, against integrals and draws, and against torch where it is installed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import distributions as D


def t(lib: Any, x: Any, grad: bool = False) -> Any:
    return lib.tensor(x, dtype=lib.float64, requires_grad=grad)


# One function for chainrule and torch: parameters as tensors p, from which a distribution is made; a value to score.
A, B = [0.5, -1.0, 2.0], [0.3, 1.5, 0.8]
LOWER = [[1.0, 0.0, 0.0], [0.5, 2.0, 0.0], [-0.3, 0.4, 0.7]]
COVARIANCE = (np.array(LOWER) @ np.array(LOWER).T).tolist()
CASES: dict[str, tuple[Any, list[Any], Any]] = {
    "Normal": (lambda d, a, b: d.Normal(a, b), [A, B], [0.1, 0.7, -2.0]),
    "Normal of numbers": (lambda d, a: d.Normal(a, 2.0), [A], [0.1, 0.7, -2.0]),
    "Laplace": (lambda d, a, b: d.Laplace(a, b), [A, B], [0.1, 0.7, -2.0]),
    "Uniform": (lambda d, a, b: d.Uniform(a, a + b), [A, B], [0.6, 0.2, 2.4]),
    "Exponential": (lambda d, b: d.Exponential(b), [B], [0.1, 0.0, 2.0]),
    "Gamma": (lambda d, a, b: d.Gamma(a, b), [[0.5, 1.0, 3.0], B], [0.1, 0.7, 2.0]),
    "Beta": (lambda d, a, b: d.Beta(a, b), [[0.5, 1.0, 3.0], B], [0.1, 0.7, 0.5]),
    "Dirichlet": (lambda d, a: d.Dirichlet(a), [[0.5, 1.0, 3.0]], [0.2, 0.3, 0.5]),
    "LogNormal": (lambda d, a, b: d.LogNormal(a, b), [A, B], [0.1, 0.7, 2.0]),
    "Bernoulli of probs": (lambda d, p: d.Bernoulli(p), [[0.3, 0.9, 0.5]], [0.0, 1.0, 1.0]),
    "Bernoulli of logits": (lambda d, a: d.Bernoulli(logits=a), [A], [0.0, 1.0, 1.0]),
    "Categorical of probs": (lambda d, b: d.Categorical(b), [[B, [*A[::2], 1.0]]], [2.0, 0.0]),
    "Categorical of logits": (lambda d, a: d.Categorical(logits=a), [A], 1.0),
    "MultivariateNormal": (lambda d, a, m: d.MultivariateNormal(a, m), [A, COVARIANCE], [0.1, 0.7, -2.0]),
    "MultivariateNormal of a factor": (
        lambda d, a, m: d.MultivariateNormal(a, scale_tril=m), [[A, B], LOWER], [0.1, 0.7, -2.0]),
    "MultivariateNormal of a precision": (
        lambda d, a, m: d.MultivariateNormal(a, precision_matrix=m), [A, COVARIANCE], [0.1, 0.7, -2.0]),
    "Independent": (lambda d, a, b: d.Independent(d.Normal(a, b), 1), [A, B], [0.1, 0.7, -2.0]),
    "affine": (
        lambda d, a, b: d.TransformedDistribution(d.Normal(a, b), d.AffineTransform(a, b)), [A, B], [0.1, 0.7, -2.0]),
    "turned": (
        lambda d, a, b: d.TransformedDistribution(d.Normal(a, b), [d.AffineTransform(1.0, -2.0), d.ExpTransform()]),
        [A, B], [0.1, 0.7, 2.0]),
    "widened": (
        lambda d, a, b: d.TransformedDistribution(d.Normal(0.0, 1.0), d.AffineTransform(a, b)),
        [A, B], [0.1, 0.7, 2.0]),
    "squashed": (lambda d, a, b: d.TransformedDistribution(d.Independent(d.Normal(a, b), 1), d.TanhTransform()),
                 [A, B], [0.1, 0.7, -0.5]),
    "logistic-normal": (
        lambda d, a, b: d.TransformedDistribution(d.Normal(a, b), d.SigmoidTransform()), [A, B], [0.1, 0.7, 0.5]),
    "composed": (
        lambda d, a, b: d.TransformedDistribution(
            d.Normal(a, b), d.ComposeTransform([d.AffineTransform(a, 2.0, event_dim=1), d.ExpTransform()])),
        [A, B], [0.1, 0.7, 2.0]),
    "Binomial": (lambda d, p: d.Binomial(7, p), [[0.3, 0.9, 0.5]], [2.0, 7.0, 0.0]),
    "Binomial of logits": (lambda d, a: d.Binomial(40, logits=a), [A], [2.0, 7.0, 40.0]),
    "Cauchy": (lambda d, a, b: d.Cauchy(a, b), [A, B], [0.1, 0.7, -2.0]),
    "Chi2": (lambda d, b: d.Chi2(b), [[0.7, 3.0, 8.0]], [0.1, 0.7, 2.0]),
    "ContinuousBernoulli": (lambda d, p: d.ContinuousBernoulli(p), [[0.3, 0.9, 0.5001]], [0.2, 1.0, 0.5]),
    "ContinuousBernoulli of logits": (lambda d, a: d.ContinuousBernoulli(logits=a), [A], [0.2, 1.0, 0.0]),
    "FisherSnedecor": (lambda d, a, b: d.FisherSnedecor(a, b), [[3.0, 1.5, 6.0], [5.0, 9.0, 1.5]], [0.1, 0.7, 2.0]),
    "Geometric": (lambda d, p: d.Geometric(p), [[0.3, 0.9, 1.0]], [2.0, 7.0, 0.0]),
    "Geometric of logits": (lambda d, a: d.Geometric(logits=a), [A], [2.0, 7.0, 0.0]),
    "Gumbel": (lambda d, a, b: d.Gumbel(a, b), [A, B], [0.1, 0.7, -2.0]),
    "HalfCauchy": (lambda d, b: d.HalfCauchy(b), [B], [0.1, 0.7, 2.0]),
    "HalfNormal": (lambda d, b: d.HalfNormal(b), [B], [0.1, 0.7, 2.0]),
    "InverseGamma": (lambda d, a, b: d.InverseGamma(a, b), [[0.5, 1.5, 3.0], B], [0.1, 0.7, 2.0]),
    "Kumaraswamy": (lambda d, a, b: d.Kumaraswamy(a, b), [[0.5, 1.5, 3.0], [2.0, 1.5, 0.8]], [0.1, 0.7, 0.5]),
    "LKJCholesky": (lambda d, a: d.LKJCholesky(3, a), [[0.7, 2.0]], np.linalg.cholesky(
        [[1.0, 0.5, -0.3], [0.5, 1.0, 0.2], [-0.3, 0.2, 1.0]]).tolist()),
    "LogisticNormal": (lambda d, a, b: d.LogisticNormal(a, b), [A, B], [0.1, 0.2, 0.3, 0.4]),
    "LowRankMultivariateNormal": (
        lambda d, a, w, b: d.LowRankMultivariateNormal(a, w, b), [[A, B], [[1.0], [-0.5], [2.0]], B], [0.1, 0.7, -2.0]),
    "MixtureSameFamily": (
        lambda d, p, a, b: d.MixtureSameFamily(d.Categorical(p), d.Normal(a, b)), [B, A, B], 0.1),
    "MixtureSameFamily of vectors": (
        lambda d, p, a: d.MixtureSameFamily(d.Categorical(p), d.Independent(d.Normal(a, 1.5), 1)),
        [B[:2], [A, B]], [0.1, 0.7, -1.0]),
    "Multinomial": (lambda d, b: d.Multinomial(5, b), [B], [1.0, 3.0, 1.0]),
    "Multinomial of logits": (lambda d, a: d.Multinomial(5, logits=a), [[A, B]], [1.0, 0.0, 4.0]),
    "NegativeBinomial": (lambda d, p: d.NegativeBinomial(3, p), [[0.3, 0.9, 0.5]], [2.0, 7.0, 0.0]),
    "NegativeBinomial of logits": (
        lambda d, b, a: d.NegativeBinomial(b, logits=a), [[0.5, 3.0, 20.0], A], [2.0, 7.0, 0.0]),
    "OneHotCategorical": (lambda d, b: d.OneHotCategorical(b), [[B, [*A[::2], 1.0]]], [0.0, 1.0, 0.0]),
    "OneHotCategoricalStraightThrough": (
        lambda d, a: d.OneHotCategoricalStraightThrough(logits=a), [A], [0.0, 0.0, 1.0]),
    "Pareto": (lambda d, b, a: d.Pareto(b, a), [B, [0.5, 1.5, 3.0]], [0.4, 1.7, 2.0]),
    "Poisson": (lambda d, b: d.Poisson(b), [[0.3, 4.0, 50.0]], [2.0, 0.0, 45.0]),
    "RelaxedBernoulli": (lambda d, p: d.RelaxedBernoulli(p[0] * 2, p), [[0.3, 0.9, 0.5]], [0.2, 0.9, 0.5]),
    "RelaxedBernoulli of logits": (lambda d, a: d.RelaxedBernoulli(a[0] * 2, logits=a), [A], [0.2, 0.9, 0.5]),
    "RelaxedOneHotCategorical": (
        lambda d, b: d.RelaxedOneHotCategorical(b[0] * 2, b), [B], [0.2, 0.3, 0.5]),
    "StudentT": (lambda d, n, a, b: d.StudentT(n, a, b), [[0.7, 1.5, 8.0], A, B], [0.1, 0.7, -2.0]),
    "VonMises": (lambda d, a, b: d.VonMises(a, b), [A, [0.3, 8.0, 0.001]], [0.1, 0.7, -2.0]),
    "Weibull": (lambda d, b, a: d.Weibull(b, a), [B, [0.5, 1.5, 3.0]], [0.1, 0.7, 2.0]),
    "Wishart": (lambda d, n, m: d.Wishart(n, m), [[4.5, 7.0], COVARIANCE], (2 * np.array(COVARIANCE)).tolist()),
    "Wishart of a factor": (lambda d, n, m: d.Wishart(n, scale_tril=m), [4.5, LOWER], COVARIANCE),
}  # fmt: skip
EACH = pytest.mark.parametrize("name", CASES)


def made(lib: Any, name: str) -> tuple[Any, list[Any], Any]:
    make, parameters, value = CASES[name]
    ps = [t(lib, p, grad=True) for p in parameters]
    return make(lib.distributions, *ps), ps, t(lib, value)


def said(f: Any) -> Any:
    """What a call gives, as an array; the name of the error where it is not there."""
    try:
        x = f()
    except NotImplementedError:
        return "not there"
    return np.asarray(x.detach()) if hasattr(x, "detach") else x


def agree(a: Any, b: Any, what: str) -> None:
    if isinstance(b, str) and b == "not there":
        return
    rough = what.startswith(("VonMises", "Multinomial"))  # torch takes lgamma of counts in float32
    np.testing.assert_allclose(a, b, rtol=ROUGH if rough else 1e-9, atol=1e-12, err_msg=what)


ROUGH = 1e-6  # torch has polynomials of six digits for Bessel functions
BY_TRYING = ("Gamma", "Beta", "Dirichlet", "Chi2", "FisherSnedecor", "StudentT", "InverseGamma", "Wishart")
# whose slopes torch takes from polynomials of three digits


# -------------------------------------------------------------------------------------------------------- against torch


@EACH
def test_scores_and_their_derivatives_are_torchs(name: str) -> None:
    torch = pytest.importorskip("torch")
    results = []
    for lib in (cr, torch):
        d, ps, value = made(lib, name)
        y = d.log_prob(value)
        gs = lib.autograd.grad(y.sum(), ps, create_graph=True, allow_unused=True)
        total = sum((g * g).sum() for g in gs if g is not None)
        second = lib.autograd.grad(total, ps, allow_unused=True) if total.requires_grad else [None]
        results.append([None if x is None else np.asarray(x.detach()) for x in (y, *gs, *second)])
    for ours, theirs in zip(*results, strict=True):
        if theirs is not None and ours is None:
            theirs, ours = theirs, np.zeros_like(theirs)
        if theirs is not None:
            rough = ROUGH if name == "VonMises" else 1e-8
            np.testing.assert_allclose(ours, theirs, rtol=rough, atol=rough / 100)


@EACH
def test_moments_shapes_and_printing_are_torchs(name: str) -> None:
    torch = pytest.importorskip("torch")
    (ours, _, value), (theirs, _, value2) = made(cr, name), made(torch, name)
    assert tuple(ours.batch_shape) == tuple(theirs.batch_shape)
    assert tuple(ours.event_shape) == tuple(theirs.event_shape)
    assert ours.has_rsample == theirs.has_rsample
    assert repr(ours) == repr(theirs)
    assert repr(ours.support) == repr(theirs.support)
    for what in ("mean", "variance", "stddev", "mode"):
        agree(said(lambda w=what: getattr(ours, w)), said(lambda w=what: getattr(theirs, w)), f"{name} {what}")
    for what in ("entropy", "perplexity", "enumerate_support"):
        agree(said(lambda w=what: getattr(ours, w)()), said(lambda w=what: getattr(theirs, w)()), f"{name} {what}")
    agree(said(lambda: ours.cdf(value)), said(lambda: theirs.cdf(value2)), "cdf")
    q, q2 = cr.full((3,), 0.3, dtype=cr.float64), torch.full((3,), 0.3, dtype=torch.float64)
    agree(said(lambda: ours.icdf(q)), said(lambda: theirs.icdf(q2)), "icdf")


@EACH
def test_draws_are_torchs(name: str) -> None:
    torch = pytest.importorskip("torch")
    results = []
    for lib in (cr, torch):
        d, ps, _ = made(lib, name)
        lib.manual_seed(3)
        out = [d.sample(), d.sample((5,)), d.sample((2, 20))]
        assert not any(x.requires_grad for x in out)
        if d.has_rsample and not name.startswith("Wishart"):  # whose draws torch cannot differentiate
            x = d.rsample((4,))
            out += [x, *lib.autograd.grad((x * x).sum(), ps)]
        results.append([np.asarray(x.detach()) for x in out])
    for i, (ours, theirs) in enumerate(zip(*results, strict=True)):
        assert ours.dtype == theirs.dtype
        rough = 3e-3 if i > 3 and name.startswith(BY_TRYING) else 1e-9
        np.testing.assert_allclose(ours, theirs, rtol=rough, atol=rough / 1000)


@EACH
def test_expanding_is_torchs(name: str) -> None:
    torch = pytest.importorskip("torch")
    (ours, _, value), (theirs, _, value2) = made(cr, name), made(torch, name)
    a, b = ours.expand((4, *ours.batch_shape)), theirs.expand((4, *theirs.batch_shape))
    assert tuple(a.batch_shape) == tuple(b.batch_shape) and tuple(a.event_shape) == tuple(b.event_shape)
    rough = ROUGH if name == "VonMises" else 1e-9
    np.testing.assert_allclose(said(lambda: a.log_prob(value)), said(lambda: b.log_prob(value2)), rtol=rough)
    np.testing.assert_allclose(said(lambda: ours.log_prob(value)), said(lambda: theirs.log_prob(value2)), rtol=rough)
    cr.manual_seed(1), torch.manual_seed(1)
    np.testing.assert_allclose(a.sample((2,)).numpy(), b.sample((2,)).numpy(), rtol=1e-9)


PAIRS: dict[str, tuple[Any, Any]] = {
    "Normal": (lambda d, x: d.Normal(x, 0.7), lambda d, x: d.Normal(0.3, x.exp())),
    "Laplace": (lambda d, x: d.Laplace(x, 0.7), lambda d, x: d.Laplace(0.3, x.exp())),
    "Uniform": (lambda d, x: d.Uniform(x, x + 1), lambda d, x: d.Uniform(x - 0.5, x + 2)),
    "Uniform outside": (lambda d, x: d.Uniform(x, x + 1), lambda d, x: d.Uniform(x + 0.5, x + 2)),
    "Exponential": (lambda d, x: d.Exponential(x.exp()), lambda d, x: d.Exponential(1.3)),
    "Gamma": (lambda d, x: d.Gamma(x.exp(), 1.3), lambda d, x: d.Gamma(2.0, x.exp())),
    "Beta": (lambda d, x: d.Beta(x.exp(), 1.3), lambda d, x: d.Beta(2.0, x.exp())),
    "Dirichlet": (lambda d, x: d.Dirichlet(x.exp()), lambda d, x: d.Dirichlet((2 * x).exp())),
    "Bernoulli": (lambda d, x: d.Bernoulli(logits=x), lambda d, x: d.Bernoulli(x.sigmoid() / 2)),
    "Categorical": (lambda d, x: d.Categorical(logits=x), lambda d, x: d.Categorical(x.exp() + 1)),
    "MultivariateNormal": (
        lambda d, x: d.MultivariateNormal(x, x.exp().diag()),
        lambda d, x: d.MultivariateNormal(2 * x, (x.exp() + 1).diag())),
    "Independent": (
        lambda d, x: d.Independent(d.Normal(x, 1.0), 1), lambda d, x: d.Independent(d.Normal(2 * x, 2.0), 1)),
    "LogNormal": (lambda d, x: d.LogNormal(x, 0.7), lambda d, x: d.LogNormal(0.3, x.exp())),
    "Binomial": (lambda d, x: d.Binomial(5, logits=x), lambda d, x: d.Binomial(5, x.sigmoid() / 2)),
    "Binomial of more": (lambda d, x: d.Binomial(5, logits=x), lambda d, x: d.Binomial(4, x.sigmoid() / 2)),
    "Cauchy": (lambda d, x: d.Cauchy(x, 0.7), lambda d, x: d.Cauchy(0.3, x.exp())),
    "ContinuousBernoulli": (
        lambda d, x: d.ContinuousBernoulli(logits=x), lambda d, x: d.ContinuousBernoulli(x.sigmoid() / 2)),
    "Geometric": (lambda d, x: d.Geometric(logits=x), lambda d, x: d.Geometric(x.sigmoid() / 2)),
    "Gumbel": (lambda d, x: d.Gumbel(x, 0.7), lambda d, x: d.Gumbel(0.3 + 0 * x, x.exp())),
    "HalfNormal": (lambda d, x: d.HalfNormal(x.exp()), lambda d, x: d.HalfNormal((2 * x).exp())),
    "OneHotCategorical": (lambda d, x: d.OneHotCategorical(logits=x), lambda d, x: d.OneHotCategorical(x.exp() + 1)),
    "Pareto": (lambda d, x: d.Pareto(x.exp() + 1, 1.3), lambda d, x: d.Pareto(x.exp(), x.exp())),
    "Poisson": (lambda d, x: d.Poisson(x.exp()), lambda d, x: d.Poisson((2 * x).exp())),
    "Bernoulli and Poisson": (lambda d, x: d.Bernoulli(logits=x), lambda d, x: d.Poisson(x.exp())),
    "Poisson and Bernoulli": (lambda d, x: d.Poisson(x.exp()), lambda d, x: d.Bernoulli(logits=x)),
    "Wishart": (
        lambda d, x: d.Wishart(x[0] + 5, (x.exp() + 1).diag()), lambda d, x: d.Wishart(x[1] + 8, x.exp().diag())),
    "low rank": (lambda d, x: d.LowRankMultivariateNormal(x, x[:, None], x.exp()),
                 lambda d, x: d.LowRankMultivariateNormal(2 * x, x[:, None] + 1, x.exp() + 1)),
    "low rank and not": (lambda d, x: d.LowRankMultivariateNormal(x, x[:, None], x.exp()),
                         lambda d, x: d.MultivariateNormal(2 * x, (x.exp() + 1).diag())),
    "not and low rank": (lambda d, x: d.MultivariateNormal(2 * x, (x.exp() + 1).diag()),
                         lambda d, x: d.LowRankMultivariateNormal(x, x[:, None], x.exp())),
}  # fmt: skip


ACROSS: dict[str, Any] = {  # one of each family that has divergences from others
    "Beta": lambda d, x: d.Beta(x.exp(), x.exp() + 1),
    "ContinuousBernoulli": lambda d, x: d.ContinuousBernoulli(logits=x),
    "Exponential": lambda d, x: d.Exponential(x.exp()),
    "Gamma": lambda d, x: d.Gamma(x.exp(), (x + 1).exp()),
    "Gumbel": lambda d, x: d.Gumbel(x, x.exp()),
    "Laplace": lambda d, x: d.Laplace(x, x.exp()),
    "Normal": lambda d, x: d.Normal(x, x.exp()),
    "Pareto": lambda d, x: d.Pareto(x.exp() / 3, 2 * x.exp() + 1),
    "Uniform": lambda d, x: d.Uniform(x.sigmoid() / 2, x.sigmoid()),
}


@pytest.mark.parametrize("p", ACROSS)
@pytest.mark.parametrize("q", ACROSS)
def test_divergences_between_families_are_torchs(p: str, q: str) -> None:
    torch = pytest.importorskip("torch")
    if p == q or (p, q) == ("Pareto", "Normal"):  # checked by draws below: torch's is wrong
        return
    if {p, q} == {"ContinuousBernoulli", "Uniform"}:  # torch compares the ends the wrong way round
        return
    results = []
    for lib in (cr, torch):
        x = t(lib, [0.5, -1.0, 0.2], grad=True)
        try:
            kl = lib.distributions.kl_divergence(ACROSS[p](lib.distributions, x), ACROSS[q](lib.distributions, 0.7 * x))
        except NotImplementedError:
            results.append(None)
            continue
        results.append(np.asarray(kl.detach()))
    if results[1] is None:
        assert results[0] is None
    else:
        np.testing.assert_allclose(results[0], results[1], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("p", "q"),
    [("Pareto", "Normal"), ("ContinuousBernoulli", "Uniform"), ("Uniform", "ContinuousBernoulli"), ("Pareto", "Gamma"),
     ("Uniform", "Beta")],
)  # fmt: skip
def test_divergences_between_families_are_what_draws_say(p: str, q: str) -> None:
    cr.manual_seed(0)
    x = t(cr, [2.0, 1.5])
    a = ACROSS[p](D, x)
    b = D.Uniform(t(cr, [-0.5, 0.0]), 1.0) if q == "Uniform" else ACROSS[q](D, 0.7 * x)
    draws = a.sample((400_000,))
    np.testing.assert_allclose(D.kl_divergence(a, b), (a.log_prob(draws) - b.log_prob(draws)).mean(0), rtol=0.02)


@pytest.mark.parametrize("name", PAIRS)
def test_divergences_are_torchs(name: str) -> None:
    torch = pytest.importorskip("torch")
    results = []
    for lib in (cr, torch):
        x = t(lib, [0.5, -1.0, 0.2], grad=True)
        p, q = (make(lib.distributions, x) for make in PAIRS[name])
        kl = lib.distributions.kl_divergence(p, q)
        # torch forgets what p has to do with the divergence of Wisharts
        g = lib.autograd.grad(kl.sum(), x)[0] if kl.requires_grad and name != "Wishart" else lib.zeros(3)
        results.append([np.asarray(kl.detach()), np.asarray(g)])
    np.testing.assert_allclose(results[0][0], results[1][0], rtol=1e-9, atol=1e-10)
    if np.isfinite(results[1][0]).all():
        np.testing.assert_allclose(results[0][1], results[1][1], rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("pq", [([0.0, 0.5, 0.5], [0.5, 0.0, 0.5]), ([0.0, 0.5, 0.5], [0.0, 0.25, 0.75])])
def test_divergence_where_something_is_impossible(pq: tuple[list[float], list[float]]) -> None:
    p, q = (D.Categorical(cr.tensor(x)) for x in pq)
    expected = math.inf if pq[1][1] == 0 else 0.5 * math.log(2) + 0.5 * math.log(0.5 / 0.75)
    assert D.kl_divergence(p, q).item() == pytest.approx(expected, rel=1e-6)
    b = D.kl_divergence(D.Bernoulli(cr.tensor([0.0, 1.0, 0.5])), D.Bernoulli(cr.tensor([0.0, 1.0, 0.0])))
    assert b.tolist()[2] == math.inf and abs(b[0].item()) < 1e-6 and abs(b[1].item()) < 1e-6


# -------------------------------------------------------------------------------------------------------- against SciPy


@pytest.mark.parametrize(
    ("ours", "theirs", "x"),
    [
        (D.Normal(0.5, 2.0), ("norm", 0.5, 2.0), 1.2),
        (D.Laplace(0.5, 2.0), ("laplace", 0.5, 2.0), 1.2),
        (D.Uniform(0.5, 2.0), ("uniform", 0.5, 1.5), 1.2),
        (D.Exponential(0.5), ("expon", 0.0, 2.0), 1.2),
        (D.Gamma(1.5, 2.0), ("gamma", 1.5, 0.0, 0.5), 1.2),
        (D.Beta(1.5, 2.0), ("beta", 1.5, 2.0), 0.2),
        (D.LogNormal(0.5, 2.0), ("lognorm", 2.0, 0.0, math.exp(0.5)), 1.2),
        (D.Cauchy(0.5, 2.0), ("cauchy", 0.5, 2.0), 1.2),
        (D.Chi2(3.0), ("chi2", 3.0), 1.2),
        (D.FisherSnedecor(3.0, 7.0), ("f", 3.0, 7.0), 1.2),
        (D.GeneralizedPareto(0.5, 2.0, 0.2), ("genpareto", 0.2, 0.5, 2.0), 1.2),
        (D.GeneralizedPareto(0.5, 2.0, 0.0), ("genpareto", 0.0, 0.5, 2.0), 1.2),
        (D.GeneralizedPareto(0.5, 2.0, -0.4), ("genpareto", -0.4, 0.5, 2.0), 1.2),
        (D.Gumbel(0.5, 2.0), ("gumbel_r", 0.5, 2.0), 1.2),
        (D.HalfCauchy(2.0), ("halfcauchy", 0.0, 2.0), 1.2),
        (D.HalfNormal(2.0), ("halfnorm", 0.0, 2.0), 1.2),
        (D.InverseGamma(3.5, 2.0), ("invgamma", 3.5, 0.0, 2.0), 1.2),
        (D.Pareto(0.5, 3.0), ("pareto", 3.0, 0.0, 0.5), 1.2),
        (D.StudentT(5.0, 0.5, 2.0), ("t", 5.0, 0.5, 2.0), 1.2),
        (D.VonMises(0.5, 2.0), ("vonmises", 2.0, 0.5), 1.2),
        (D.Weibull(2.0, 1.5), ("weibull_min", 1.5, 0.0, 2.0), 1.2),
    ],
    ids=lambda x: type(x).__name__ if isinstance(x, D.Distribution) else "",
)
def test_scipy_agrees(ours: Any, theirs: Any, x: float) -> None:
    stats = pytest.importorskip("scipy.stats")
    s = getattr(stats, theirs[0])(*theirs[1:])
    assert ours.log_prob(cr.tensor(x)).item() == pytest.approx(s.logpdf(x), rel=1e-5)
    if not isinstance(ours, (D.Cauchy, D.HalfCauchy, D.VonMises)):  # SciPy's von Mises has moments of the line
        assert ours.mean.item() == pytest.approx(s.mean(), rel=1e-5)
        assert ours.variance.item() == pytest.approx(s.var(), rel=1e-4)
    for what, f in (
        ("entropy", lambda: (ours.entropy(), s.entropy())),
        ("cdf", lambda: (ours.cdf(cr.tensor(x)), s.cdf(x))),
        ("icdf", lambda: (ours.icdf(cr.tensor(s.cdf(x))), x)),
    ):
        try:
            a, b = f()
        except NotImplementedError:
            continue
        assert a.item() == pytest.approx(b, rel=1e-4, abs=1e-5), what


@pytest.mark.parametrize(
    ("ours", "theirs", "xs"),
    [
        (D.Poisson(4.0), ("poisson", 4.0), range(12)),
        (D.Binomial(9, 0.3), ("binom", 9, 0.3), range(10)),
        (D.NegativeBinomial(3, 0.3), ("nbinom", 3, 0.7), range(12)),
        (D.Geometric(0.3), ("geom", 0.3, -1), range(12)),
    ],
    ids=lambda x: type(x).__name__ if isinstance(x, D.Distribution) else "",
)
def test_scipy_agrees_about_counts(ours: Any, theirs: Any, xs: Any) -> None:
    s = getattr(pytest.importorskip("scipy.stats"), theirs[0])(*theirs[1:])
    np.testing.assert_allclose(ours.log_prob(cr.tensor([float(x) for x in xs])), s.logpmf(xs), rtol=1e-5)
    assert ours.mean.item() == pytest.approx(s.mean(), rel=1e-5)
    assert ours.variance.item() == pytest.approx(s.var(), rel=1e-5)
    assert s.pmf(ours.mode.item()) == pytest.approx(max(s.pmf(x) for x in xs))


@pytest.mark.parametrize("a", [0.02, 0.5, 1.0, 7.0, 400.0])
def test_draws_made_by_trying_move_as_quantiles_do(a: float) -> None:
    special = pytest.importorskip("scipy.special")
    cr.manual_seed(2)
    p, h = t(cr, [a] * 20, grad=True), 1e-5 * a
    x = D.Gamma(p, 1.0).rsample()
    x.sum().backward()
    level = special.gammainc(a, x.detach().numpy())
    slope = (special.gammaincinv(a + h, level) - special.gammaincinv(a - h, level)) / (2 * h)
    inside = (level < 1 - 1e-6) & (x.detach().numpy() > 1e-250)
    np.testing.assert_allclose(p.grad.numpy()[inside], slope[inside], rtol=1e-5)
    q = t(cr, [a] * 20, grad=True)
    y = D.Beta(q, 1.5).rsample()
    y.sum().backward()
    level = special.betainc(a, 1.5, y.detach().numpy())
    slope = (special.betaincinv(a + h, 1.5, level) - special.betaincinv(a - h, 1.5, level)) / (2 * h)
    inside = (level < 1 - 1e-6) & (y.detach().numpy() > 1e-250)
    np.testing.assert_allclose(q.grad.numpy()[inside], slope[inside], rtol=1e-5)


def test_a_second_slope_of_a_draw_made_by_trying_is_refused() -> None:
    p = cr.tensor([2.0], requires_grad=True)
    (g,) = cr.autograd.grad(D.Gamma(p, 1.0).rsample().sum(), p, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        g.sum().backward()


def test_draws_have_the_moments_they_should() -> None:
    cr.manual_seed(0)
    for d in (D.Normal(0.5, 2.0), D.Laplace(0.5, 2.0), D.Uniform(0.5, 2.0), D.Exponential(0.5), D.Bernoulli(0.3)):
        x = d.sample((200_000,))
        assert x.mean().item() == pytest.approx(d.mean.item(), abs=0.02)
        assert x.var().item() == pytest.approx(d.variance.item(), rel=0.03)
    counts = cr.bincount(D.Categorical(cr.tensor([1.0, 2.0, 5.0])).sample((80_000,)))
    np.testing.assert_allclose(counts.numpy() / 10_000, [1, 2, 5], rtol=0.05)


# ------------------------------------------------------------------------------------------------- chainrule's own ways


@EACH
def test_float32_stays_float32(name: str) -> None:
    make, parameters, value = CASES[name]
    d = make(D, *(cr.tensor(p) for p in parameters))
    assert d.log_prob(cr.tensor(value)).dtype == cr.float32
    if d.has_rsample:
        assert d.rsample((2,)).dtype == cr.float32


def test_a_policy_gradient_step() -> None:
    logits = cr.zeros(3, requires_grad=True)
    d = D.Categorical(logits=logits)
    (-d.log_prob(cr.tensor(1)) * 2.0).backward()
    np.testing.assert_allclose(logits.grad.numpy(), [2 / 3, -4 / 3, 2 / 3], rtol=1e-5)


def test_a_lazy_parameter_has_history_even_if_first_asked_under_no_grad() -> None:
    logits = cr.zeros(3, requires_grad=True)
    d = D.Bernoulli(logits=logits)
    with cr.no_grad():
        d.sample()
    d.probs.sum().backward()
    np.testing.assert_allclose(logits.grad.numpy(), [0.25] * 3)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: D.Normal(0.0, -1.0), r"parameter scale .*Normal.* constraint GreaterThan\(lower_bound=0.0\)"),
        (lambda: D.Normal(math.nan, 1.0), r"parameter loc .* Real\(\)"),
        (lambda: D.Normal("a", 1.0), "instances of Number or torch.Tensor, got str, float"),
        (lambda: D.Uniform(2.0, 1.0), "not defined when low >= high"),
        (lambda: D.Bernoulli(1.5), r"Interval\(lower_bound=0.0, upper_bound=1.0\)"),
        (lambda: D.Bernoulli(), "but not both"),
        (lambda: D.Bernoulli(0.5, 0.5), "but not both"),
        (lambda: D.Categorical(cr.tensor(1.0)), "at least one-dimensional"),
        (lambda: D.Categorical(cr.tensor([-1.0, 2.0])), r"Simplex\(\)"),
        (lambda: D.MultivariateNormal(cr.zeros(2)), "Exactly one of"),
        (lambda: D.MultivariateNormal(cr.zeros(2), -cr.eye(2)), r"PositiveDefinite\(\)"),
        (lambda: D.MultivariateNormal(cr.zeros(2), cr.tensor([[1.0, 0.5], [0.0, 1.0]])), r"PositiveDefinite\(\)"),
        (lambda: D.MultivariateNormal(cr.zeros(2), scale_tril=cr.ones(2, 2)), r"LowerCholesky\(\)"),
        (lambda: D.MultivariateNormal(cr.tensor(0.0), cr.eye(2)), "loc must be at least one-dimensional"),
        (lambda: D.Independent(D.Normal(0.0, 1.0), 1), "actual 1 vs 0"),
        (lambda: D.TransformedDistribution(D.Normal(0.0, 1.0), [3]), "must be a Transform"),
        (lambda: D.TransformedDistribution(D.Normal(0.0, 1.0), D.AffineTransform(0.0, 1.0, 1)), "size at least 1"),
        (lambda: D.AffineTransform(0.0, 1.0, cache_size=2), "cache_size"),
        (lambda: D.Normal(0.0, 1.0).log_prob(0.5), "must be a Tensor"),
        (lambda: D.Exponential(1.0).log_prob(cr.tensor(-1.0)), r"within the support \(GreaterThanEq"),
        (lambda: D.Bernoulli(0.5).log_prob(cr.tensor(0.5)), r"Boolean\(\)"),
        (lambda: D.Categorical(cr.ones(3)).log_prob(cr.tensor(3)), r"IntegerInterval\(lower_bound=0, upper_bound=2\)"),
        (lambda: D.Normal(cr.zeros(3), 1.0).log_prob(cr.zeros(2)), "not broadcastable with batch_shape"),
        (lambda: D.MultivariateNormal(cr.zeros(3), cr.eye(3)).log_prob(cr.zeros(2)), "must match event_shape"),
        (lambda: D.Geometric(0.0), r"Geometric\(probs: 0.0\) to be positive but found invalid values"),
        (lambda: D.Poisson(2.0).log_prob(cr.tensor(0.5)), r"IntegerGreaterThan\(lower_bound=0\)"),
        (lambda: D.Binomial(2.5, 0.5), r"IntegerGreaterThan\(lower_bound=0\)"),
        (lambda: D.Weibull(1.0, -1.0), "parameter concentration"),
        (lambda: D.LKJCholesky(1), "greater than or equal to 2. Found dim=1"),
        (lambda: D.Wishart(1.0, cr.eye(3)), "greater than ndim - 1 = 2"),
        (lambda: D.MixtureSameFamily(D.Categorical(cr.ones(3)), D.Normal(cr.zeros(2), 1.0)), "does not equal"),
        (lambda: D.MixtureSameFamily(D.Normal(0.0, 1.0), D.Normal(cr.zeros(2), 1.0)), "Mixture distribution needs"),
        (lambda: D.LowRankMultivariateNormal(cr.zeros(3), cr.zeros(2, 1), cr.ones(3)), "matrices with shape 3 x m"),
    ],
)
def test_wrong_parameters_and_values_are_refused(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_checks_can_be_turned_off() -> None:
    assert math.isnan(D.Normal(0.0, -1.0, validate_args=False).log_prob(cr.tensor(0.0)).item())
    D.Distribution.set_default_validate_args(False)
    try:
        D.Normal(0.0, -1.0)
    finally:
        D.Distribution.set_default_validate_args(True)
    with pytest.raises(ValueError, match="scale"):
        D.Normal(0.0, -1.0)


def test_what_is_not_there_says_so() -> None:
    for f, message in (
        (D.Bernoulli(0.5).rsample, r"Bernoulli has no rsample\(\)"),
        (lambda: D.kl_divergence(D.Normal(0.0, 1.0), D.Bernoulli(0.5)), "p type Normal and q type Bernoulli"),
        (lambda: D.kl_divergence(
            D.LogNormal(0.0, 1.0), D.TransformedDistribution(D.Normal(0.0, 1.0), D.TanhTransform())),
         "different transforms"),
    ):  # fmt: skip
        with pytest.raises(NotImplementedError, match=message):
            f()
    with pytest.raises(AttributeError, match="Near it: Normal"):
        D.Norml  # noqa: B018


def test_a_users_own_distribution_and_divergence() -> None:
    class Fixed(D.Distribution):
        arg_constraints = {"at": D.constraints.real}  # noqa: RUF012

        def __init__(self, at: Any) -> None:
            self.at = at
            super().__init__(at.shape)

        def rsample(self, sample_shape: Any = ()) -> Any:
            return self.at.expand(self._extended_shape(sample_shape))

    @D.register_kl(Fixed, D.Normal)
    def _(p: Any, q: Any) -> Any:
        return -q.log_prob(p.at)

    f = Fixed(cr.tensor([1.0, 2.0]))
    assert f.expand((3, 2)).sample().shape == (3, 2) and repr(f) == "Fixed(at: torch.Size([2]))"
    assert D.kl_divergence(f, D.Normal(1.0, 1.0))[0].item() == pytest.approx(0.5 * math.log(2 * math.pi))
    with pytest.raises(TypeError, match="Distribution subclass"):
        D.register_kl(int, D.Normal)


def test_transforms_invert_and_measure() -> None:
    x = cr.tensor([0.3, -0.8], dtype=cr.float64)
    parts = [D.ExpTransform(), D.AffineTransform(0.5, -2.0), D.SigmoidTransform(), D.TanhTransform()]
    for f in [*parts, D.ComposeTransform([parts[1], parts[3]]), D.ExpTransform().inv.inv]:
        y = f(x)
        np.testing.assert_allclose(f.inv(y).numpy(), x.numpy(), rtol=1e-9)
        slope = cr.func.vmap(cr.func.grad(lambda v, f=f: f(v)))(x)
        np.testing.assert_allclose(f.log_abs_det_jacobian(x, y).numpy(), slope.abs().log().numpy(), rtol=1e-9)
        np.testing.assert_allclose(f.inv.log_abs_det_jacobian(y, x).numpy(), -slope.abs().log().numpy(), rtol=1e-9)
    assert D.ExpTransform() == D.ExpTransform() != D.TanhTransform()
    shift = [D.AffineTransform(x, cr.ones(2)) for x in (0.0, 0.0, 1.0)]
    assert shift[0] == shift[1] != shift[2]


Z: Any = [[0.3, -0.8, 1.1], [0.0, 2.0, -0.4]]
TRANSFORMS: dict[str, tuple[Any, Any]] = {
    "power": (lambda d: d.PowerTransform(1.7), [0.3, 0.8]),
    "softplus": (lambda d: d.SoftplusTransform(), Z),
    "abs": (lambda d: d.AbsTransform(), [0.3, 0.8]),
    "softmax": (lambda d: d.SoftmaxTransform(), Z),
    "sticks": (lambda d: d.StickBreakingTransform(), Z),
    "lower": (lambda d: d.LowerCholeskyTransform(), [Z[0], Z[1], Z[0]]),
    "definite": (lambda d: d.PositiveDefiniteTransform(), [Z[0], Z[1], Z[0]]),
    "correlation": (lambda d: d.CorrCholeskyTransform(), Z),
    "independent": (lambda d: d.IndependentTransform(d.ExpTransform(), 1), Z),
    "reshaped": (lambda d: d.ReshapeTransform((2, 3), (6,)), [Z, Z]),
    "cat": (lambda d: d.CatTransform([d.ExpTransform(), d.TanhTransform()], 1, [1, 2]), Z),
    "stack": (lambda d: d.StackTransform([d.ExpTransform(), d.TanhTransform()], 0), Z),
    "cumulative": (lambda d: d.CumulativeDistributionTransform(d.Normal(0.0, 1.0)), Z),
    "cached": (lambda d: d.ExpTransform().with_cache(), Z),
}


@pytest.mark.parametrize("name", TRANSFORMS)
def test_transforms_are_torchs(name: str) -> None:
    torch = pytest.importorskip("torch")
    make, value = TRANSFORMS[name]
    results = []
    for lib in (cr, torch):
        f, x = make(lib.distributions), t(lib, value)
        y = f(x)
        out = [y, f.inv(y)]
        out += [f.log_abs_det_jacobian(x, y)] if name not in ("abs", "softmax", "lower", "definite") else []
        results.append([np.asarray(v) for v in out])
        results[-1].append([tuple(f.forward_shape(x.shape)), tuple(f.inverse_shape(y.shape)), f.bijective])
        results[-1].append(f.domain.check(x).tolist())
        results[-1].append(f.codomain.check(y).tolist())
    assert results[0][-3:] == results[1][-3:]
    for ours, theirs in zip(results[0][:-3], results[1][:-3], strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9)


def test_ways_to_constraints_are_torchs() -> None:
    torch = pytest.importorskip("torch")
    for name in ("real", "positive", "nonnegative", "unit_interval", "simplex", "real_vector", "corr_cholesky",
                 "lower_cholesky", "positive_definite"):  # fmt: skip
        for to in ("biject_to", "transform_to"):
            results = []
            for lib in (cr, torch):
                d = lib.distributions
                try:
                    f = getattr(d, to)(getattr(d.constraints, name))
                except NotImplementedError:
                    results.append(None)
                    continue
                x = t(lib, [Z[0], Z[1], Z[0]])
                results.append(np.asarray(f(x)))
            assert (results[0] is None) == (results[1] is None), (name, to)
            if results[0] is not None:
                np.testing.assert_allclose(results[0], results[1], rtol=1e-9, atol=1e-12)
    assert D.transform_to(D.constraints.interval(-1.0, 3.0))(cr.tensor(0.0)).item() == 1.0
    with pytest.raises(TypeError, match="Constraint subclass"):
        D.biject_to.register(3, None)(lambda x: x)


@pytest.mark.parametrize("value", [Z, [[0.0, 1.0, 0.0]], [[1.0, 0.0], [0.5, 2.0]], [[2.0, 1.0], [1.0, 2.0]], [3.0]])
def test_constraints_are_torchs(value: Any) -> None:
    torch = pytest.importorskip("torch")
    for name in D.constraints.__all__:
        ours, theirs = getattr(D.constraints, name), getattr(torch.distributions.constraints, name)
        if isinstance(ours, type) or not hasattr(ours, "check") or name.startswith("dependent"):
            continue
        assert repr(ours) == repr(theirs)
        assert (ours.event_dim, ours.is_discrete) == (theirs.event_dim, theirs.is_discrete)
        if np.ndim(value) >= ours.event_dim:
            assert ours.check(t(cr, value)).tolist() == theirs.check(t(torch, value)).tolist(), name


def test_a_users_own_exponential_family() -> None:
    class Rare(D.exp_family.ExponentialFamily):
        def __init__(self, rate: Any) -> None:
            self.rate = rate
            super().__init__(rate.shape)

        _natural_params = property(lambda self: (-self.rate,))
        _mean_carrier_measure = 0

        def _log_normalizer(self, n: Any) -> Any:
            return -(-n).log()

    a, b = t(cr, [0.5, 2.0]), t(cr, [1.5, 1.0])
    np.testing.assert_allclose(Rare(a).entropy(), D.Exponential(a).entropy())
    same = D.kl_divergence(D.Exponential(a), D.Exponential(b))
    np.testing.assert_allclose(D.kl_divergence(Rare(a), Rare(b)), same)
    a.requires_grad_()
    g, same = (cr.autograd.grad(D.kl_divergence(k(a), k(b)).sum(), a)[0] for k in (Rare, D.Exponential))
    np.testing.assert_allclose(g, same)


def test_the_divergence_of_wisharts_has_the_slopes_of_differences() -> None:
    def f(x: Any) -> Any:
        p, q = D.Wishart(x[0] + 5, (x.exp() + 1).diag()), D.Wishart(x[1] + 8, (x * x + 1).diag())
        return D.kl_divergence(p, q)

    assert cr.autograd.gradcheck(f, t(cr, [0.5, -1.0, 0.2], grad=True))


def test_a_cached_transform_gives_back_what_it_was_given() -> None:
    f, x = D.TanhTransform(cache_size=1), cr.tensor([20.0])
    assert f.inv(f(x)) is x
    assert not math.isfinite(D.TanhTransform().inv(D.TanhTransform()(x)).item())


def test_torchs_import_paths() -> None:
    from chainrule.distributions.categorical import Categorical
    from chainrule.distributions.normal import Normal

    assert (Categorical, Normal) == (D.Categorical, D.Normal)
    torch = pytest.importorskip("torch")
    import importlib
    import pkgutil

    for module in pkgutil.iter_modules(torch.distributions.__path__):
        theirs = importlib.import_module(f"torch.distributions.{module.name}")
        ours = importlib.import_module(f"chainrule.distributions.{module.name}")
        public = [n for n in getattr(theirs, "__all__", []) if not n.startswith("_")]
        missing = [n for n in public if not hasattr(ours, n)]
        assert not missing or module.name == "utils", (module.name, missing)
    assert set(torch.distributions.__all__) <= set(D.__all__)
