"""Attention layers and transformers: against torch, step by step, dropout included; without torch, against formulas."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import chainrule as cr


def compare(run: Any) -> None:
    """The same program with both libraries, from one seed: results, then gradients of the module, names, text."""
    torch = pytest.importorskip("torch")
    results = []
    for lib in (cr, torch):
        lib.manual_seed(3)
        module, outs = run(lib)
        sum((x * x).sum() for x in outs if x is not None).backward()
        grads = [p.grad for p in module.parameters()]
        results.append(([None if x is None else x.detach().numpy() for x in (*outs, *grads)], repr(module),
                        list(module.state_dict())))  # fmt: skip
    assert results[0][1:] == results[1][1:]
    for ours, theirs in zip(results[0][0], results[1][0], strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=2e-5) if theirs is not None else None


OPTIONS: list[dict[str, Any]] = [
    {}, {"batch_first": True, "bias": False}, {"add_bias_kv": True, "add_zero_attn": True}, {"kdim": 5, "vdim": 7},
    {"dropout": 0.3}, {"dropout": 0.3, "batch_first": True},
]  # fmt: skip


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("masked", ["no", "bool", "float", "by head", "padded"])
def test_attention_is_torchs(options: dict[str, Any], masked: str) -> None:
    def run(lib: Any) -> Any:
        m = lib.nn.MultiheadAttention(8, 2, **options)
        q, k, v = lib.randn(4, 3, 8), lib.randn(4, 3, m.kdim), lib.randn(4, 3, m.vdim)
        n, length = (4, 3) if m.batch_first else (3, 4)
        above = lib.ones(length, length).triu(1)
        mask = {"bool": above.bool(), "float": above * -2, "by head": above.bool().expand(2 * n, -1, -1)}.get(masked)
        padding = lib.tensor([[False] * (length - 1) + [i > 1] for i in range(n)]) if masked == "padded" else None
        out = m(q, k, v, attn_mask=mask, key_padding_mask=padding)
        return m, (*out, *m(q, k, v, need_weights=False), *m.eval()(q, k, v, average_attn_weights=False))

    compare(run)


def test_attention_without_a_batch_is_torchs() -> None:
    def run(lib: Any) -> Any:
        m, x = lib.nn.MultiheadAttention(8, 4), lib.randn(5, 8)
        return m, m(x, x, x, key_padding_mask=lib.tensor([False] * 4 + [True]))

    compare(run)


@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("norm_first", [True, False])
@pytest.mark.parametrize("activation", ["relu", "gelu"])
def test_transformers_are_torchs(batch_first: bool, norm_first: bool, activation: str) -> None:
    def run(lib: Any) -> Any:
        options = {"batch_first": batch_first, "norm_first": norm_first, "activation": activation}
        m = lib.nn.Transformer(8, 2, 2, 2, 16, 0.2, **options)
        a, b = lib.randn(2, 5, 8), lib.randn(2, 5, 8)
        mask = m.generate_square_subsequent_mask(b.shape[1 if batch_first else 0])
        return m, (m(a, b, tgt_mask=mask, tgt_is_causal=True), m.encoder(a))

    compare(run)


def test_one_head_is_the_formula() -> None:
    cr.manual_seed(0)
    m, x = cr.nn.MultiheadAttention(4, 1, batch_first=True), cr.randn(2, 3, 4)
    q, k, v = (x.numpy() @ w.T for w in np.split(m.in_proj_weight.detach().numpy(), 3))
    e = np.exp(q @ k.transpose(0, 2, 1) / math.sqrt(4))
    share = e / e.sum(-1, keepdims=True)
    out, weights = m(x, x, x)
    np.testing.assert_allclose(weights.detach(), share, rtol=1e-5)
    np.testing.assert_allclose(out.detach(), share @ v @ m.out_proj.weight.detach().numpy().T, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda m, x: cr.nn.MultiheadAttention(8, 3), AssertionError, "embed_dim must be divisible by num_heads"),
        (lambda m, x: cr.nn.MultiheadAttention(0, 3), ValueError, "greater than 0, got embed_dim=0"),
        (lambda m, x: m(x[..., :3], x, x), AssertionError, "expecting embedding dimension of 4, but got 3"),
        (lambda m, x: m(x, x[:2], x), AssertionError, "key shape .* does not match value shape"),
        (lambda m, x: m(x, x, x, is_causal=True), RuntimeError, "Need attn_mask if specifying the is_causal hint"),
        (lambda m, x: m(x, x, x, attn_mask=cr.zeros(2, 2)), RuntimeError, "2D attn_mask is .* but should be"),
        (lambda m, x: m(x, x, x, attn_mask=cr.zeros(3, 3).int()), AssertionError, "only bool and floating types"),
        (lambda m, x: m(x[0, 0], x, x), AssertionError, "unbatched 2D or batched 3D"),
        (lambda m, x: cr.nn.TransformerEncoderLayer(4, 2, activation="tanh"), RuntimeError, "should be relu/gelu"),
    ],
)
def test_what_does_not_fit_is_refused(make: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        make(cr.nn.MultiheadAttention(4, 2), cr.zeros(3, 1, 4))


def test_draws_lie_in_memory_as_torchs() -> None:
    torch = pytest.importorskip("torch")
    results = []
    for lib in (cr, torch):
        lib.manual_seed(0)
        x = lib.ones(3, 4, 5)
        out = [lib.nn.functional.dropout(x.transpose(0, 2), 0.5)]
        for draw in ("bernoulli_", "exponential_", "uniform_", "cauchy_"):
            out.append(getattr(lib.ones(3, 4, 5).permute(1, 2, 0), draw)())
        out.append(lib.ones(3, 4, 5).permute(1, 2, 0).geometric_(0.3))
        results.append([np.asarray(y) for y in out])
    for ours, theirs in zip(*results, strict=True):
        np.testing.assert_array_equal(ours, theirs)
