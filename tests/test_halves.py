"""float16 is stored in 16 bits and computed in 32: sums, means, norms and losses of many or large halves are those of
float64, rounded, and so are their gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr

F = cr.nn.functional
MANY = np.random.default_rng(0).normal(0, 1, (20, 3500)).astype(np.float16)
LARGE = np.full((20, 500), 100, np.float16)

FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "sum": lambda x: x.sum(0),
    "mean": lambda x: x.mean(),
    "nanmean": lambda x: x.nanmean(),
    "var": lambda x: x.var(),
    "std": lambda x: x.std(1),
    "norm": lambda x: x.norm(),
    "norm of rows": lambda x: cr.linalg.vector_norm(x, 3, -1),
    "softmax": lambda x: x.reshape(-1).softmax(0) * 1e4,
    "log_softmax": lambda x: x.reshape(-1).log_softmax(0)[0],
    "logsumexp": lambda x: x.logsumexp((0, 1)),
    "layer_norm": lambda x: F.layer_norm(x, x.shape)[0, :2],
    "batch_norm": lambda x: F.batch_norm(x.t(), None, None, training=True)[0],
    "group_norm": lambda x: F.group_norm(x[None], 2)[0, 0],
    "rms_norm": lambda x: F.rms_norm(x, x.shape)[0],
    "normalize": lambda x: F.normalize(x, dim=1)[0],
    "cosine_similarity": lambda x: F.cosine_similarity(x, x + 1),
    "mse_loss": lambda x: F.mse_loss(x, x.detach() * 0 + 1),
    "l1_loss": lambda x: F.l1_loss(x, x.detach() * 0 + 1),
    "cross_entropy": lambda x: F.cross_entropy(x.t(), cr.zeros(x.shape[1], dtype=cr.int64)),
    "avg_pool": lambda x: F.avg_pool1d(x[None], x.shape[1]),
    "matmul": lambda x: (x[:2] / 100) @ x[0],
    "einsum": lambda x: cr.einsum("ij,kj->ik", x[:2] / 100, x[:2]),
    "by a number that no half holds": lambda x: x / 70000 * 60000,
    "bias": lambda x: x / 100 + x[0],
    "cumsum": lambda x: (x[:, :500] / 10).cumsum(1)[0],
}


@pytest.mark.parametrize("numbers", [MANY, LARGE], ids=["many", "large"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_halves_are_rounded_doubles(name: str, numbers: Any) -> None:
    got, want = [], []
    for dtype, into in ((cr.float16, got), (cr.float64, want)):
        x = cr.tensor(numbers, dtype=dtype, requires_grad=True)
        y = FUNCTIONS[name](x)
        assert y.dtype is dtype
        into += [y, *cr.autograd.grad(y.double().sum(), x)]
    for g, w in zip(got, want):
        w = w.detach().numpy()
        np.testing.assert_allclose(g.detach().numpy(), w, rtol=5e-3, atol=2e-3 * np.abs(w).max() + 1e-6)


def test_the_record_of_halves_looks_like_any() -> None:
    x = cr.tensor([1.0, 2.0], dtype=cr.float16, requires_grad=True)
    assert repr(x.exp().sum()) == "tensor(10.1094, dtype=torch.float16, grad_fn=<SumBackward0>)"
    value, slope = cr.func.jvp(lambda v: (v * v).mean(), (x.detach(),), (cr.ones_like(x),))
    assert (value.item(), slope.item(), slope.dtype) == (2.5, 3.0, cr.float16)
    first = cr.autograd.grad((x**3).sum(), x, create_graph=True)[0]
    assert cr.autograd.grad(first.sum(), x)[0].tolist() == [6.0, 12.0]


def test_running_statistics_of_halves() -> None:
    norm = cr.nn.BatchNorm1d(3).half()
    norm(cr.full((70000, 3), 100.0, dtype=cr.float16))
    assert norm.running_mean.dtype is cr.float16
    np.testing.assert_allclose(norm.running_mean.numpy(), 10, rtol=1e-3)


def test_infinities_become_the_largest_half():
    x = cr.tensor([float("inf"), -float("inf"), float("nan")], dtype=cr.float16)
    assert x.nan_to_num().tolist() == [65504, -65504, 0]


def test_numbers_are_compared_as_halves():
    """0.001 is 0.0010004 as a half: a half of that value is not greater than the number."""
    x = cr.tensor([0.001, 0.1, 1 / 3], dtype=cr.float16)
    for number, half in zip((0.001, 0.1, 1 / 3), x):
        assert (half == number).item() and not (half > number).item() and not (half < number).item()
    assert (x > 0.001).tolist() == [False, True, True]
    assert cr.compile(lambda x: x >= 1 / 3)(x).tolist() == [False, False, True]
    assert (x < 1e6).all() and (x > -1e6).all()


NUMBERS = (0.1, 0.3, 1 / 3, 1e-3, 2.7, -0.7, 1e-5)
ROUND_A_NUMBER: dict[str, Callable[[Any, Any, float], Any]] = {  # to a half, before they compute in float32
    "add": lambda T, x, n: (x + n, n + x, T.add(x, T.tensor(n)), x.clone().add_(n)),
    "sub": lambda T, x, n: (x - n, n - x, T.rsub(x, n), T.sub(n, x), x.clone().sub_(n)),
    "remainder": lambda T, x, n: (x % n, n % x, x.clone().remainder_(n)),
    "fmod": lambda T, x, n: (x.fmod(n), x.clone().fmod_(n)),
    "pow": lambda T, x, n: (x.abs() ** n, abs(n) ** x, x.abs().pow_(n)),
    "alpha": lambda T, x, n: (T.add(x, x.flip(0), alpha=n), T.sub(x, 2.3, alpha=n), T.rsub(x, 2.3, alpha=n),
                              x.clone().add_(x.flip(0), alpha=n), x.clone().sub_(x.flip(0), alpha=n)),
    "clamp": lambda T, x, n: (x.clamp(n), x.clamp(max=n), x.clamp(n, T.tensor(n + 1, dtype=T.float16))),
    "compare": lambda T, x, n: (x > n, x == n, T.where(x > 0, x, n), T.where(x > 0, n, x)),
    "first": lambda T, x, n: (T.mul(n, x), T.div(n, x)),
}  # fmt: skip
KEEP_A_NUMBER: dict[str, Callable[[Any, Any, float], Any]] = {  # as a float32
    "mul": lambda T, x, n: (x * n, n * x, T.mul(x, T.tensor(n)), x.clone().mul_(n)),
    "div": lambda T, x, n: (x / n, n / x, T.div(x, T.tensor(n, dtype=T.float64)), x.clone().div_(n)),
    "floor_divide": lambda T, x, n: (x // n, T.div(x, n, rounding_mode="trunc"), T.div(x, n, rounding_mode="floor")),
    "lerp": lambda T, x, n: (T.lerp(x, x.flip(0), n),),
    "functions": lambda T, x, n: (T.nn.functional.leaky_relu(x, n), T.nn.functional.elu(x, abs(n)),
                                  T.nn.functional.threshold(x, n, n + 0.3), T.addcdiv(x, x, x.flip(0), value=n)),
}  # fmt: skip


@pytest.mark.parametrize("name", [*ROUND_A_NUMBER, *KEEP_A_NUMBER])
def test_numbers_beside_halves_as_in_torch(name: str) -> None:
    torch = pytest.importorskip("torch")
    f = (ROUND_A_NUMBER | KEEP_A_NUMBER)[name]
    for number in NUMBERS:
        ours, theirs = (f(T, T.tensor(MANY[0, :3200]), number) for T in (cr, torch))  # its last few it rounds otherwise
        for i, (a, b) in enumerate(zip(ours, theirs, strict=True)):
            assert str(a.dtype) == str(b.dtype), (number, i)
            differ = a.numpy() != b.numpy()
            assert differ.mean() <= (0.01 if name == "lerp" else 0), f"{name} {i} of {number}"  # which is fused there


def test_what_a_number_beside_a_half_is():
    """0.1 is 0.0999756 as a half: by hand, compiled, and with a history."""
    x = cr.tensor([0.1, 1.0, 3.0], dtype=cr.float16, requires_grad=True)
    held, tenth = x.detach().numpy().astype(np.float32), np.float32(np.float16(0.1))
    for f, want in ((lambda x, n: x - n, held - tenth), (lambda x, n: x * n, held * np.float32(0.1))):
        want = want.astype(np.float16).tolist()
        assert f(x, 0.1).tolist() == cr.compile(f)(x.detach(), 0.1).tolist() == want
    assert (x + 70000).isinf().all() and (x / 70000 > 0).all()
    cr.add(x, x, alpha=0.1).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), 1 + tenth, rtol=1e-3)
    with pytest.raises(RuntimeError, match="without overflow"):
        cr.add(x, x, alpha=70000)
    assert cr.nextafter(x, x + 1).tolist() == np.nextafter(x.detach().numpy(), np.float16(9)).tolist()
