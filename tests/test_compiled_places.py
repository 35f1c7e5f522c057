"""Compiled: gradients through places that were found, checks of values, and shapes changed in place."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.compiler import function
from chainrule.compiler.interp import Interpreter
from chainrule.func import grad, hessian, jacfwd, jacrev, jvp, vmap

F, D = cr.nn.functional, cr.distributions
ROW, TABLE = [1.0, 3.0, 2.0, -1.0], [[1.0, 3.0, 2.0], [4.0, -1.0, 0.5]]
IMAGE = np.random.default_rng(0).standard_normal((1, 2, 6, 6)).tolist()


@pytest.fixture(autouse=True, params=["interpreted", "native"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "interpreted":
        monkeypatch.setattr(function, "runner", Interpreter)
    else:
        pytest.importorskip("llvmlite")


def _backward(x: Any) -> Any:
    x = x.detach().requires_grad_()
    ((x[:2] ** 2).sum() + (x * 3).sum() + x[0] * x[-1]).backward()
    return x.grad


FUNCTIONS: dict[str, tuple[Callable[[Any], Any], Any]] = {
    "topk": (grad(lambda x: cr.topk(x, 2)[0].sum()), ROW),
    "max": (grad(lambda x: (x.max(1).values * x.max(1).indices).sum()), TABLE),
    "min": (grad(lambda x: x.min(0)[0].sum()), TABLE),
    "median": (grad(lambda x: x.median(1)[0].sum() + x.median()), TABLE),
    "nanmedian": (grad(lambda x: x.nanmedian()), ROW),
    "sort": (grad(lambda x: (x.sort()[0] * cr.arange(4.0)).sum()), ROW),
    "kthvalue": (grad(lambda x: x.kthvalue(2)[0]), ROW),
    "mode": (grad(lambda x: x.mode()[0]), ROW),
    "cummax": (grad(lambda x: x.cummax(0)[0].sum()), ROW),
    "quantile": (grad(lambda x: cr.quantile(x, 0.3)), ROW),
    "quantiles": (lambda x: cr.quantile(x, cr.tensor([0.3, 0.6], dtype=x.dtype), dim=1), TABLE),
    "higher": (lambda x: cr.quantile(x, 0.3, interpolation="higher"), ROW),
    "nanquantile": (lambda x: cr.nanquantile(x / x, 0.3), [0.0, 1.0, 2.0]),
    "quantile of NaN": (lambda x: cr.quantile(x / x, 0.3), [0.0, 1.0, 2.0]),
    "one_hot": (lambda x: F.one_hot(x.argsort(), 5), ROW),
    "max_pool": (grad(lambda x: F.max_pool2d(x, 3, 2, 1).sum()), IMAGE),
    "max_unpool": (grad(lambda x: F.max_unpool2d(*F.max_pool2d(x, 2, return_indices=True), 2).pow(2).sum()), IMAGE),
    "adaptive": (grad(lambda x: F.adaptive_max_pool2d(x, 4).pow(2).sum()), IMAGE),
    "unravel_index": (lambda x: cr.stack(cr.unravel_index(x.reshape(-1).argmax(), (2, 3))), TABLE),
    "sums of places": (grad(lambda x: x.reshape(-1)[x.argmax(1) + 3 * cr.arange(2)].sum()), TABLE),
    "by argmax": (grad(lambda x: x[:, x.sum(0).argmax()].sum()), TABLE),
    "take": (grad(lambda x: x.take(x.reshape(-1).argsort()[:2]).sum()), TABLE),
    "searchsorted": (lambda x: cr.searchsorted(cr.tensor([0.0, 1.0, 2.5]), x), TABLE),
    "bucketize": (lambda x: cr.bucketize(x, cr.tensor([0.0, 1.0, 2.5]), right=True), TABLE),
    "isin": (lambda x: cr.isin(x, cr.tensor([1.0, 2.0])), TABLE),
    "histc": (lambda x: cr.histc(x, 4), ROW),
    "vmap of grad": (vmap(grad(lambda x: x.sin().prod())), TABLE),
    "vmap of topk": (vmap(grad(lambda x: x.topk(2)[0].sum())), TABLE),
    "jacobians": (lambda x: jacrev(cr.sin)(x) - jacfwd(cr.exp)(x), ROW),
    "hessian": (hessian(lambda x: (x**3).sum()), ROW),
    "jvp": (lambda x: jvp(lambda x: x**3, (x,), (x,))[1], ROW),
    "slice and whole": (grad(lambda x: (x[:2] * x.sum()).sum() + (x**2).sum()), ROW),
    "slices": (grad(lambda x: (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()), ROW),
    "columns and whole": (grad(lambda x: (x[:, 0] * x[:, 1]).sum() + x.sin().sum() + x[0].prod()), TABLE),
    "slice and whole, backward": (_backward, ROW),
    "Normal": (grad(lambda m: D.Normal(m, 1.0).log_prob(cr.tensor(2.0)).sum()), ROW),
    "Uniform": (grad(lambda m: D.Uniform(m - 5, m + 5).log_prob(cr.tensor(0.5)).sum()), ROW),
    "Gamma": (grad(lambda m: D.Gamma(m.exp(), 1.0).log_prob(cr.tensor(0.5)).sum()), ROW),
    "LogNormal": (grad(lambda m: D.LogNormal(m, 1.0).log_prob(cr.tensor(0.5)).sum()), ROW),
    "Beta": (grad(lambda m: D.Beta(m.exp(), 1.0).log_prob(cr.tensor(0.5)).sum()), ROW),
    "Categorical": (grad(lambda m: D.Categorical(probs=m.softmax(0)).log_prob(cr.tensor(1))), ROW),
    "Bernoulli": (grad(lambda m: D.Bernoulli(logits=m).log_prob(cr.tensor(1.0)).sum()), ROW),
    "Dirichlet": (grad(lambda m: D.Dirichlet(m.exp()).log_prob(cr.tensor([0.1, 0.2, 0.3, 0.4]))), ROW),
    "MultivariateNormal": (grad(lambda m: D.MultivariateNormal(m, cr.diag(m.exp())).log_prob(cr.ones(4))), ROW),
    "divergence": (grad(lambda m: D.kl_divergence(D.Normal(m, m.exp()), D.Normal(0.0, 2.0)).sum()), ROW),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_places_and_checks(name: str) -> None:
    f, start = FUNCTIONS[name]
    fast = cr.compile(f, fullgraph=True)
    for values in (np.array(start), np.array(start)[::-1] * 1.5):
        x = cr.tensor(values.copy(), dtype=cr.float64)
        try:
            want: Any = f(x)
        except (RuntimeError, ValueError):
            continue
        got = fast(x)
        assert got.dtype == want.dtype and got.shape == want.shape
        np.testing.assert_allclose(got.numpy(), want.numpy(), rtol=1e-10, atol=1e-12)
    assert len(fast.programs) == 1


@pytest.mark.parametrize(("f", "good", "wrong", "error"), [
    (lambda s: D.Normal(0.0, s).log_prob(cr.tensor(0.5)), 1.0, -1.0, ValueError),
    (lambda x: D.Exponential(1.0).log_prob(x), 1.0, -1.0, ValueError),
    (lambda x: D.Uniform(0.0, x).log_prob(x / 2), 1.0, -1.0, ValueError),
    (lambda p: D.Bernoulli(probs=p).log_prob(cr.tensor(1.0)), 0.5, 1.5, ValueError),
    (lambda x: F.one_hot(x.long(), 3), 2.0, 3.0, RuntimeError),
    (lambda x: F.one_hot(x.long(), 3), 2.0, -1.0, RuntimeError),
])  # fmt: skip
def test_what_is_checked_is_checked_at_each_run(f: Any, good: float, wrong: float, error: type[Exception]) -> None:
    fast = cr.compile(f, fullgraph=True)
    for _ in range(2):
        assert fast(cr.tensor(good)).equal(f(cr.tensor(good)))
        with pytest.raises(error):
            fast(cr.tensor(wrong))
        with pytest.raises(error):
            f(cr.tensor(wrong))


@pytest.mark.parametrize("change", [
    lambda x: x.t_(), lambda x: x.unsqueeze_(0) * 2, lambda x: x.transpose_(0, 1).mul_(2), lambda x: x.resize_(3, 2),
    lambda x: x.t_().t_(), lambda x: x.unsqueeze_(0).squeeze_(0).add_(1), lambda x: x.swapaxes_(0, 1) + 1,
])  # fmt: skip
def test_shapes_changed_in_place_reach_the_caller(change: Callable[[Any], Any]) -> None:
    a, b, held = cr.tensor(TABLE), cr.tensor(TABLE), cr.tensor(TABLE)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        want, got = change(a), cr.compile(change)(b)
        cr.compile(lambda: change(held))()
    for x in (b, held):
        assert x.shape == a.shape and x.stride() == a.stride() and x.equal(a)
    assert got.equal(want)
    inside = cr.compile(lambda x: (x * 2).t_(), fullgraph=True)
    assert inside(cr.tensor(TABLE)).equal(cr.tensor(TABLE).t() * 2)


def test_an_expanded_tensor_is_not_written() -> None:
    with pytest.raises(RuntimeError, match="single memory location"):
        cr.compile(lambda x: x.expand(2, 2).add_(1))(cr.tensor([3.0, 2.0]))
