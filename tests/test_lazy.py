"""Lazy layers beside PyTorch's: what they print, refuse and draw, before the first call and after it."""

from __future__ import annotations

import copy
from typing import Any

import pytest

import chainrule as cr

LAYERS: dict[str, Any] = {
    "LazyLinear": ((7,), (5, 3)), "LazyConv1d": ((4, 3), (2, 6, 8)), "LazyConv2d": ((4, 3), (2, 6, 8, 8)),
    "LazyConv3d": ((4, 2), (2, 6, 4, 4, 4)), "LazyConvTranspose1d": ((4, 3), (6, 8)),
    "LazyConvTranspose2d": ((4, 3), (2, 6, 8, 8)), "LazyConvTranspose3d": ((4, 2), (2, 6, 4, 4, 4)),
    "LazyBatchNorm1d": ((), (5, 3)), "LazyBatchNorm2d": ((), (5, 3, 4, 4)), "LazyBatchNorm3d": ((), (5, 3, 2, 2, 2)),
    "LazyInstanceNorm1d": ((), (5, 3, 6)), "LazyInstanceNorm2d": ((1e-3,), (5, 3, 4, 4)),
    "LazyInstanceNorm3d": ((), (5, 3, 2, 2, 2)),
}  # fmt: skip


def told(lib: Any, name: str) -> list[Any]:
    """All that can be seen of a lazy layer before and after its first call."""
    args, shape = LAYERS[name]
    lib.manual_seed(5)
    layer = getattr(lib.nn, name)(*args)
    before = [repr(layer), [n for n, _ in layer.named_parameters()], type(layer).__mro__[2].__name__]
    drawn = lib.rand(3).tolist()
    out = layer(lib.randn(*shape))
    after = [repr(layer), type(layer).__name__, [tuple(p.shape) for p in layer.parameters()]]
    return [*before, *after, drawn, out.tolist(), {k: v.tolist() for k, v in layer.state_dict().items()}]


@pytest.mark.parametrize("name", LAYERS)
def test_lazy_layers_are_torchs(name: str) -> None:
    torch = pytest.importorskip("torch")
    got, want = told(cr, name), told(torch, name)
    assert got[:2] + got[3:7] == want[:2] + want[3:7]
    for a, b in zip(got[7:-1], want[7:-1], strict=True):
        assert cr.allclose(cr.tensor(a), cr.tensor(b), atol=1e-5)
    assert got[-1].keys() == want[-1].keys()
    for k, v in got[-1].items():
        assert cr.allclose(cr.tensor(v, dtype=cr.float64), cr.tensor(want[-1][k], dtype=cr.float64), atol=1e-5), k


def test_an_optimiser_given_lazy_parameters_moves_the_plain_ones() -> None:
    net = cr.nn.Sequential(cr.nn.LazyLinear(4), cr.nn.ReLU(), cr.nn.LazyLinear(1)).double()
    twin = copy.deepcopy(net)
    optimizer = cr.optim.SGD(net.parameters(), lr=0.1)
    x = cr.randn(6, 3, dtype=cr.float64)
    loss = (net(x) ** 2).mean()
    loss.backward()
    optimizer.step()
    assert (net(x) ** 2).mean() < loss
    assert net[0].weight.shape == (4, 3) and net[0].weight.dtype is cr.float64
    assert isinstance(twin[0].weight, cr.nn.UninitializedParameter)
    twin.load_state_dict(net.state_dict())
    drawn = cr.get_rng_state()
    assert cr.equal(twin(x), net(x)) and cr.equal(cr.get_rng_state(), drawn)
    assert type(twin[0]) is cr.nn.Linear and twin[0].in_features == 3


def test_what_has_no_shape_yet_is_refused() -> None:
    weight = cr.nn.LazyConv2d(3, 2).weight
    assert repr(weight) == "<UninitializedParameter>" and weight.requires_grad
    with pytest.raises(RuntimeError, match="Can't access the shape of an uninitialized parameter"):
        weight.shape  # noqa: B018
    for use in (lambda: weight + 1, lambda: weight.sum(), lambda: weight.numel(), lambda: cr.nn.init.zeros_(weight),
                lambda: cr.ones(2) * weight, lambda: weight.tolist()):  # fmt: skip
        with pytest.raises((RuntimeError, ValueError), match="uninitialized parameter"):
            use()
