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
    np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12, err_msg=what)


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
            np.testing.assert_allclose(ours, theirs, rtol=1e-8, atol=1e-10)


@EACH
def test_moments_shapes_and_printing_are_torchs(name: str) -> None:
    torch = pytest.importorskip("torch")
    (ours, _, value), (theirs, _, value2) = made(cr, name), made(torch, name)
    assert tuple(ours.batch_shape) == tuple(theirs.batch_shape)
    assert tuple(ours.event_shape) == tuple(theirs.event_shape)
    assert ours.has_rsample == theirs.has_rsample or name in ("Gamma", "Beta", "Dirichlet")
    assert repr(ours) == repr(theirs)
    assert repr(ours.support) == repr(theirs.support)
    for what in ("mean", "variance", "stddev", "mode"):
        if (name, what) in (("Beta", "mode"), ("Dirichlet", "mode")):
            continue
        agree(said(lambda w=what: getattr(ours, w)), said(lambda w=what: getattr(theirs, w)), what)
    for what in ("entropy", "perplexity", "enumerate_support"):
        agree(said(lambda w=what: getattr(ours, w)()), said(lambda w=what: getattr(theirs, w)()), what)
    agree(said(lambda: ours.cdf(value)), said(lambda: theirs.cdf(value2)), "cdf")
    q, q2 = cr.full((3,), 0.3, dtype=cr.float64), torch.full((3,), 0.3, dtype=torch.float64)
    agree(said(lambda: ours.icdf(q)), said(lambda: theirs.icdf(q2)), "icdf")


@EACH
def test_draws_are_torchs(name: str) -> None:
    torch = pytest.importorskip("torch")
    if name in ("Gamma", "Beta", "Dirichlet"):
        pytest.skip("these do not draw")
    results = []
    for lib in (cr, torch):
        d, ps, _ = made(lib, name)
        lib.manual_seed(3)
        out = [d.sample(), d.sample((5,)), d.sample((2, 20))]
        assert not any(x.requires_grad for x in out)
        if d.has_rsample:
            x = d.rsample((4,))
            out += [x, *lib.autograd.grad((x * x).sum(), ps)]
        results.append([np.asarray(x.detach()) for x in out])
    for ours, theirs in zip(*results, strict=True):
        assert ours.dtype == theirs.dtype
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)


@EACH
def test_expanding_is_torchs(name: str) -> None:
    torch = pytest.importorskip("torch")
    (ours, _, value), (theirs, _, value2) = made(cr, name), made(torch, name)
    a, b = ours.expand((4, *ours.batch_shape)), theirs.expand((4, *theirs.batch_shape))
    assert tuple(a.batch_shape) == tuple(b.batch_shape) and tuple(a.event_shape) == tuple(b.event_shape)
    np.testing.assert_allclose(said(lambda: a.log_prob(value)), said(lambda: b.log_prob(value2)), rtol=1e-9)
    np.testing.assert_allclose(said(lambda: ours.log_prob(value)), said(lambda: theirs.log_prob(value2)), rtol=1e-9)


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
}  # fmt: skip


@pytest.mark.parametrize("name", PAIRS)
def test_divergences_are_torchs(name: str) -> None:
    torch = pytest.importorskip("torch")
    results = []
    for lib in (cr, torch):
        x = t(lib, [0.5, -1.0, 0.2], grad=True)
        p, q = (make(lib.distributions, x) for make in PAIRS[name])
        kl = lib.distributions.kl_divergence(p, q)
        (g,) = lib.autograd.grad(kl.sum(), x)
        results.append([np.asarray(kl.detach()), np.asarray(g)])
    np.testing.assert_allclose(results[0][0], results[1][0], rtol=1e-9, atol=1e-12)
    if np.isfinite(results[1][0]).all():
        np.testing.assert_allclose(results[0][1], results[1][1], rtol=1e-8, atol=1e-12)


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
    ],
    ids=lambda x: type(x).__name__ if isinstance(x, D.Distribution) else "",
)
def test_scipy_agrees(ours: Any, theirs: Any, x: float) -> None:
    stats = pytest.importorskip("scipy.stats")
    s = getattr(stats, theirs[0])(*theirs[1:])
    assert ours.log_prob(cr.tensor(x)).item() == pytest.approx(s.logpdf(x), rel=1e-5)
    assert ours.mean.item() == pytest.approx(s.mean(), rel=1e-5)
    assert ours.variance.item() == pytest.approx(s.var(), rel=1e-4)
    assert ours.entropy().item() == pytest.approx(s.entropy(), rel=1e-4, abs=1e-5)
    if not isinstance(ours, D.Beta):
        assert ours.cdf(cr.tensor(x)).item() == pytest.approx(s.cdf(x), rel=1e-5)
    if not isinstance(ours, (D.Beta, D.Gamma)):
        assert ours.icdf(cr.tensor(s.cdf(x))).item() == pytest.approx(x, rel=1e-4)


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
        (D.Gamma(1.0, 1.0).sample, r"Gamma.sample\(\) is not there .*default_rng\(\).gamma"),
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


def test_a_cached_transform_gives_back_what_it_was_given() -> None:
    f, x = D.TanhTransform(cache_size=1), cr.tensor([20.0])
    assert f.inv(f(x)) is x
    assert not math.isfinite(D.TanhTransform().inv(D.TanhTransform()(x)).item())


def test_torchs_import_paths() -> None:
    from chainrule.distributions.categorical import Categorical
    from chainrule.distributions.normal import Normal

    assert (Categorical, Normal) == (D.Categorical, D.Normal)
