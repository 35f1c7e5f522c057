"""Recurrent layers and packed sequences against PyTorch: parameters drawn, outputs, gradients, printing, refusals."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import chainrule as cr

torch = pytest.importorskip("torch")

LAYERS: list[tuple[str, dict[str, Any]]] = [
    ("RNN", {}), ("RNN", {"nonlinearity": "relu", "num_layers": 2}), ("RNN", {"bidirectional": True, "bias": False}),
    ("LSTM", {}), ("LSTM", {"num_layers": 2, "bidirectional": True}), ("LSTM", {"proj_size": 2, "num_layers": 2}),
    ("LSTM", {"batch_first": True, "bias": False}), ("GRU", {}), ("GRU", {"num_layers": 3, "bidirectional": True}),
    ("GRU", {"batch_first": True}),
]  # fmt: skip
IDS = [f"{name}-{'-'.join(map(str, options))}" for name, options in LAYERS]


def both(name: str, *args: Any, **options: Any) -> tuple[Any, Any]:
    """The same layer in both, each with the parameters that it drew after the same seed."""
    made = []
    for library in (cr, torch):
        library.manual_seed(3)
        made.append(getattr(library.nn, name)(*args, **options))
    return made[0], made[1]


def tensors(*shape: int, seed: int = 0) -> tuple[Any, Any]:
    a = np.random.default_rng(seed).normal(size=shape).astype(np.float32)
    return cr.tensor(a, requires_grad=True), torch.tensor(a, requires_grad=True)


def flat(x: Any) -> list[Any]:
    if hasattr(x, "batch_sizes"):
        return [x.data, x.batch_sizes, *[i for i in x[2:] if i is not None]]
    return [x] if hasattr(x, "shape") else [t for part in x for t in flat(part)]


def same(ours: Any, theirs: Any) -> None:
    for a, b in itertools.zip_longest(flat(ours), flat(theirs)):
        assert tuple(a.shape) == tuple(b.shape) and str(a.dtype) == str(b.dtype)
        np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-4, atol=1e-6)


def compare(ours: Any, theirs: Any, call: Any, *inputs: tuple[Any, Any]) -> None:
    """Outputs, and the gradients of all parameters and inputs."""
    outs = [call(layer, *[pair[i] for pair in inputs]) for i, layer in enumerate((ours, theirs))]
    same(*outs)
    for out in outs:
        sum((t * t).sum() for t in flat(out) if t.dtype.is_floating_point).backward()
    for (name, p), (their_name, q) in zip(ours.named_parameters(), theirs.named_parameters(), strict=True):
        assert name == their_name
        same(p.grad, q.grad)
    for x, y in inputs:
        same(x.grad, y.grad)


@pytest.mark.parametrize(("name", "options"), LAYERS, ids=IDS)
def test_draws_prints_and_computes_as_pytorch(name: str, options: dict[str, Any]) -> None:
    ours, theirs = both(name, 4, 3, **options)
    assert repr(ours) == repr(theirs)
    for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert p.tolist() == q.tolist()
    compare(ours, theirs, lambda layer, x: layer(x), tensors(5, 2, 4))


@pytest.mark.parametrize(("name", "options"), LAYERS, ids=IDS)
def test_with_an_initial_state_and_without_a_batch(name: str, options: dict[str, Any]) -> None:
    ours, theirs = both(name, 4, 3, **options)
    many = ours.num_layers * (2 if ours.bidirectional else 1)
    sizes = [(many, ours.proj_size or 3), (many, 3)][: 2 if name == "LSTM" else 1]
    states = [tensors(*size, seed=i + 1) for i, size in enumerate(sizes)]

    def call(layer: Any, x: Any, *state: Any) -> Any:
        return layer(x, state if len(state) == 2 else state[0])

    compare(ours, theirs, call, tensors(5, 4), *states)


@pytest.mark.parametrize(("name", "options"), LAYERS, ids=IDS)
@pytest.mark.parametrize("enforce_sorted", [True, False])
def test_packed(name: str, options: dict[str, Any], enforce_sorted: bool) -> None:
    ours, theirs = both(name, 4, 3, **options)
    lengths = [5, 3, 3, 1] if enforce_sorted else [3, 1, 5, 3]

    def call(layer: Any, x: Any, h: Any) -> Any:
        rnn = (cr if isinstance(layer, cr.nn.Module) else torch).nn.utils.rnn
        packed = rnn.pack_padded_sequence(x, lengths, enforce_sorted=enforce_sorted)
        out, state = layer(packed, (h[..., : ours.proj_size or 3], h) if name == "LSTM" else h)
        return out, state, rnn.pad_packed_sequence(out, batch_first=True, padding_value=7.0, total_length=6)

    many = ours.num_layers * (2 if ours.bidirectional else 1)
    compare(ours, theirs, call, tensors(5, 4, 4), tensors(many, 4, 3, seed=1))


@pytest.mark.parametrize("name", ["RNNCell", "LSTMCell", "GRUCell"])
@pytest.mark.parametrize("bias", [True, False])
def test_cells(name: str, bias: bool) -> None:
    ours, theirs = both(name, 4, 3, bias=bias)
    assert repr(ours) == repr(theirs)
    compare(ours, theirs, lambda cell, x: cell(x), tensors(2, 4))
    compare(ours, theirs, lambda cell, x: cell(x), tensors(4))

    def twice(cell: Any, x: Any, h: Any) -> Any:
        return cell(x, cell(x, (h, h) if name == "LSTMCell" else h))

    compare(ours, theirs, twice, tensors(2, 4), tensors(2, 3, seed=1))


def test_dropout_acts_between_layers_in_training_alone() -> None:
    layer = cr.nn.GRU(4, 3, num_layers=2, dropout=1.0)
    zeroed = cr.nn.GRU(4, 3, num_layers=2)
    zeroed.load_state_dict(layer.state_dict())
    x = cr.ones(5, 2, 4)
    alone = cr.nn.GRU(3, 3)
    alone.load_state_dict({k.replace("l1", "l0"): v for k, v in layer.state_dict().items() if "l1" in k})
    assert cr.allclose(layer(x)[0], alone(cr.zeros(5, 2, 3))[0])
    assert cr.equal(layer.eval()(x)[0], zeroed(x)[0])


def test_second_order() -> None:
    layer = cr.nn.LSTM(2, 3).double()
    x = cr.randn(3, 1, 2, dtype=cr.float64, requires_grad=True)
    assert cr.autograd.gradgradcheck(lambda x: layer(x)[0], (x,))


def test_sequences_of_different_lengths() -> None:
    lists = [[1.0, 2.0, 3.0], [4.0], [5.0, 6.0]]
    ours, theirs = [cr.tensor(v) for v in lists], [torch.tensor(v) for v in lists]
    for options in ({}, {"batch_first": True}, {"padding_value": 9.0}, {"padding_side": "left"}):
        same(cr.nn.utils.rnn.pad_sequence(ours, **options), torch.nn.utils.rnn.pad_sequence(theirs, **options))
    packs = [lib.nn.utils.rnn.pack_sequence(v, enforce_sorted=False) for lib, v in ((cr, ours), (torch, theirs))]
    assert repr(packs[0]) == repr(packs[1])
    same(*[lib.nn.utils.rnn.unpack_sequence(p) for lib, p in zip((cr, torch), packs)])


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: cr.nn.RNN(3, 2)(cr.ones(5, 1, 4)), "Expected 3, got 4"),
        (lambda: cr.nn.RNN(3, 2)(cr.ones(5, 1, 3), cr.ones(2, 1, 2)), r"Expected hidden size \(1, 1, 2\)"),
        (lambda: cr.nn.RNN(3, 2)(cr.ones(3)), "2D or 3D"),
        (lambda: cr.nn.RNN(3, 2)(cr.ones(5, 1, 3, dtype=cr.float64)), "does not match weight dtype"),
        (lambda: cr.nn.RNN(3, 2, nonlinearity="selu"), "Unknown nonlinearity 'selu'"),
        (lambda: cr.nn.GRU(3, 2, proj_size=1), "only supported for LSTM"),
        (lambda: cr.nn.RNN(3, 0), "hidden_size must be greater than zero"),
        (lambda: cr.nn.RNN(3, 2.0), "hidden_size should be of type int"),
        (lambda: cr.nn.LSTMCell(3, 2)(cr.ones(1, 4)), "got 4 expected 3"),
        (lambda: cr.nn.utils.rnn.pack_padded_sequence(cr.ones(3, 2), [1, 2]), "enforce_sorted=False"),
        (lambda: cr.nn.utils.rnn.pack_padded_sequence(cr.ones(3, 2), [1]), "batch_size=2"),
    ],
)
def test_refusals(make: Any, words: str) -> None:
    with pytest.raises((RuntimeError, ValueError, TypeError), match=words):
        make()
