"""Layers and losses of no samples at all: sizes as of any other batch, and zeros for the weights' gradients."""

from __future__ import annotations

from typing import Any

import pytest

import chainrule as cr

F = cr.nn.functional
WEIGHTS = {"conv2d": (2, 1, 3, 3), "conv_transpose2d": (1, 2, 3, 3)}


@pytest.mark.parametrize(
    ("name", "shape", "options", "expected"),
    [
        ("conv2d", (0, 1, 4, 4), {}, (0, 2, 2, 2)),
        ("conv_transpose2d", (0, 1, 4, 4), {}, (0, 2, 6, 6)),
        ("max_pool2d", (0, 1, 4, 4), {"kernel_size": 2}, (0, 1, 2, 2)),
        ("avg_pool2d", (0, 1, 4, 4), {"kernel_size": 2}, (0, 1, 2, 2)),
        ("lp_pool2d", (0, 1, 4, 4), {"norm_type": 2, "kernel_size": 2}, (0, 1, 2, 2)),
        ("adaptive_avg_pool2d", (0, 1, 4, 4), {"output_size": 3}, (0, 1, 3, 3)),
        ("adaptive_max_pool2d", (0, 1, 4, 4), {"output_size": 3}, (0, 1, 3, 3)),
        ("fractional_max_pool2d", (0, 1, 4, 4), {"kernel_size": 2, "output_size": 2}, (0, 1, 2, 2)),
        ("fractional_max_pool3d", (0, 1, 4, 4, 4), {"kernel_size": 2, "output_size": 2}, (0, 1, 2, 2, 2)),
        ("interpolate", (0, 1, 4, 4), {"scale_factor": 2.0, "mode": "bilinear"}, (0, 1, 8, 8)),
        ("unfold", (0, 1, 4, 4), {"kernel_size": 2}, (0, 4, 9)),
        ("fold", (0, 4, 9), {"output_size": (4, 4), "kernel_size": 2}, (0, 1, 4, 4)),
        ("pixel_shuffle", (0, 4, 4, 4), {"upscale_factor": 2}, (0, 1, 8, 8)),
        ("layer_norm", (0, 4), {"normalized_shape": (4,)}, (0, 4)),
        ("group_norm", (0, 4, 3), {"num_groups": 2}, (0, 4, 3)),
    ],
)
def test_functions_of_no_samples(name: str, shape: Any, options: Any, expected: Any) -> None:
    x = cr.zeros(shape, requires_grad=True)
    weights = [cr.ones(WEIGHTS[name], requires_grad=True)] if name in WEIGHTS else []
    y = getattr(F, name)(x, *weights, **options)
    assert y.shape == expected
    y.sum().backward()
    assert x.grad.shape == shape
    for w in weights:
        assert w.grad.shape == w.shape and not w.grad.any()


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU", "MultiheadAttention"])
def test_layers_of_no_samples(kind: str) -> None:
    layer, x = getattr(cr.nn, kind)(4, 2), cr.zeros(3, 0, 4)
    y = (layer(x, x, x) if kind == "MultiheadAttention" else layer(x))[0]
    assert y.shape == (3, 0, 4 if kind == "MultiheadAttention" else 2)
    y.sum().backward()
    assert not any(p.grad.any() for p in layer.parameters())
