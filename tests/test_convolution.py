"""Convolutions, pooling, padding and resizing against PyTorch: values, gradients, second order, printing, refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr

torch = pytest.importorskip("torch")

FUNCTIONS: list[tuple[str, tuple[tuple[int, ...], ...], dict[str, Any]]] = [
    ("conv1d", ((2, 4, 9), (6, 2, 3), (6,)), {"groups": 2, "stride": 2, "padding": 1, "dilation": 2}),
    ("conv2d", ((2, 3, 6, 7), (4, 3, 3, 2), (4,)), {"stride": (2, 1), "padding": (1, 0)}),
    ("conv2d", ((3, 5, 5), (1, 3, 2, 2)), {"padding": "same"}),
    ("conv2d", ((1, 1, 3, 3), (1, 1, 3, 3)), {"padding": "valid"}),
    ("conv3d", ((1, 2, 4, 5, 3), (2, 2, 2, 2, 2), (2,)), {"dilation": (1, 2, 1)}),
    ("conv_transpose1d", ((2, 4, 5), (4, 3, 3), (6,)), {"groups": 2, "stride": 2, "output_padding": 1, "dilation": 2}),
    ("conv_transpose2d", ((1, 2, 3, 4), (2, 3, 3, 2)), {"stride": 2, "padding": 1}),
    ("conv_transpose3d", ((2, 2, 2, 3), (2, 1, 2, 2, 2)), {}),
    ("max_pool1d", ((2, 3, 9),), {"kernel_size": 3, "stride": 2, "padding": 1}),
    ("max_pool2d", ((2, 3, 6, 7),), {"kernel_size": (2, 3), "ceil_mode": True, "dilation": (2, 1)}),
    ("max_pool2d", ((3, 5, 5),), {"kernel_size": 2, "return_indices": True}),
    ("max_pool3d", ((1, 2, 4, 4, 4),), {"kernel_size": 2, "stride": 1}),
    ("avg_pool1d", ((2, 3, 9),), {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True}),
    ("avg_pool2d", ((2, 3, 6, 7),), {"kernel_size": 3, "padding": 1, "count_include_pad": False, "ceil_mode": True}),
    ("avg_pool2d", ((2, 3, 6, 7),), {"kernel_size": 3, "divisor_override": 5}),
    ("avg_pool3d", ((1, 2, 5, 4, 4),), {"kernel_size": (3, 2, 2), "ceil_mode": True, "padding": 1}),
    ("lp_pool2d", ((1, 2, 4, 6),), {"norm_type": 2.0, "kernel_size": 2}),
    ("adaptive_avg_pool2d", ((2, 3, 5, 7),), {"output_size": (3, None)}),
    ("adaptive_avg_pool1d", ((2, 3, 5),), {"output_size": 2}),
    ("adaptive_max_pool2d", ((2, 3, 5, 7),), {"output_size": (2, 3), "return_indices": True}),
    ("unfold", ((2, 3, 4, 5),), {"kernel_size": (2, 3), "padding": 1, "stride": 2}),
    ("fold", ((2, 8, 6),), {"output_size": (3, 4), "kernel_size": 2}),
    ("interpolate", ((1, 2, 3, 4),), {"size": (5, 7), "mode": "nearest"}),
    ("interpolate", ((1, 2, 5),), {"scale_factor": 1.7, "mode": "linear"}),
    ("interpolate", ((1, 2, 3, 4),), {"scale_factor": 2, "mode": "bilinear", "align_corners": True}),
    ("interpolate", ((1, 2, 5, 4),), {"size": (3, 9), "mode": "bicubic"}),
    ("interpolate", ((1, 2, 5, 4),), {"size": 3, "mode": "area"}),
    ("scaled_dot_product_attention", ((2, 3, 4), (2, 5, 4), (2, 5, 6)), {}),
    ("scaled_dot_product_attention", ((2, 3, 4), (2, 3, 4), (2, 3, 4)), {"is_causal": True}),
]
LAYERS = [
    "Conv1d(2, 4, 3)", "Conv2d(2, 4, (3, 2), stride=2, padding=1, bias=False)", "Conv3d(2, 2, 2, groups=2)",
    "Conv2d(2, 3, 3, padding='same', padding_mode='reflect')", "Conv1d(2, 2, 3, padding=1, padding_mode='circular')",
    "ConvTranspose1d(2, 3, 3, dilation=2)", "ConvTranspose2d(2, 3, 3, stride=2, output_padding=1)",
    "ConvTranspose3d(2, 1, 2)", "MaxPool1d(3)", "MaxPool2d((2, 3), padding=1, ceil_mode=True)", "MaxPool3d(2)",
    "AvgPool1d(2)", "AvgPool2d(2, count_include_pad=False, padding=1)", "AvgPool3d(2)", "LPPool1d(2, 3, stride=2)",
    "AdaptiveAvgPool2d((1, None))", "AdaptiveMaxPool1d(2)", "ConstantPad1d(2, 3.5)", "ConstantPad2d((1, 0, 2, 1), 1.0)",
    "ZeroPad2d(1)", "ReflectionPad1d(2)", "ReflectionPad2d((1, 2, 0, 1))", "ReplicationPad2d(1)", "CircularPad1d(2)",
    "Upsample(scale_factor=2)", "Upsample(size=(2, 3), mode='bilinear')", "UpsamplingNearest2d(scale_factor=2)",
    "UpsamplingBilinear2d(size=3)", "Softmax2d()", "Unfold((2, 3), padding=1)", "MaxUnpool2d(2, stride=1)",
]  # fmt: skip
SPACES = {"1": (7,), "2": (5, 6), "3": (4, 4, 5)}


def pair(shape: tuple[int, ...], seed: int) -> tuple[Any, Any]:
    a = np.random.default_rng(seed).normal(size=shape)
    return cr.tensor(a, requires_grad=True), torch.tensor(a, requires_grad=True)


def same(ours: Any, theirs: Any) -> None:
    assert tuple(ours.shape) == tuple(theirs.shape) and str(ours.dtype) == str(theirs.dtype)
    np.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize(("name", "shapes", "options"), FUNCTIONS, ids=lambda x: x if isinstance(x, str) else None)
def test_values_and_gradients(name: str, shapes: Any, options: dict[str, Any]) -> None:
    pairs = [pair(shape, i) for i, shape in enumerate(shapes)]
    gradients = []
    outs = []
    for library, inputs in zip((cr, torch), zip(*pairs)):
        out = getattr(library.nn.functional, name)(*inputs, **options)
        outs.append(out if isinstance(out, tuple) else (out,))
        total = (outs[-1][0] ** 3).sum()
        first = library.autograd.grad(total, inputs, create_graph=True)
        second = library.autograd.grad(sum((g * g).sum() for g in first), inputs)
        gradients.append([*first, *second])
    for ours, theirs in zip(outs[0] + tuple(gradients[0]), outs[1] + tuple(gradients[1]), strict=True):
        same(ours, theirs)


@pytest.mark.parametrize("layer", LAYERS)
def test_layers_print_draw_and_compute_as_pytorch(layer: str) -> None:
    made = []
    for library in (cr, torch):
        library.manual_seed(1)
        made.append(eval(f"nn.{layer}", {"nn": library.nn}))
    assert repr(made[0]) == repr(made[1])
    for p, q in zip(made[0].parameters(), made[1].parameters(), strict=True):
        assert p.tolist() == q.tolist()
    if layer.startswith("MaxUnpool"):
        return
    dims = next((d for d in layer.split("(")[0] if d in "123"), "2")
    x, y = pair((2, 2, *SPACES[dims]), 0)
    same(made[0].double()(x), made[1].double()(y))


def test_unpooling_puts_back_what_pooling_took() -> None:
    x, y = pair((2, 3, 6, 6), 0)
    for library, t in ((cr, x), (torch, y)):
        out, where = library.nn.MaxPool2d(2, return_indices=True)(t)
        library.nn.MaxUnpool2d(2)(out, where).pow(2).sum().backward()
    same(x.grad, y.grad)
    small = cr.nn.functional.max_pool1d(cr.tensor([[[1.0, 3.0, 2.0]]]), 2, return_indices=True)
    assert cr.nn.functional.max_unpool1d(*small, 2, output_size=(3,)).tolist() == [[[0.0, 3.0, 0.0]]]


def test_transposed_convolution_is_the_transpose() -> None:
    x, w = cr.randn(1, 2, 7, dtype=cr.float64), cr.randn(3, 2, 3, dtype=cr.float64)
    y = cr.nn.functional.conv1d(x, w, stride=2)
    z = cr.randn(*y.shape, dtype=cr.float64)
    back = cr.nn.functional.conv_transpose1d(z, w, stride=2)
    assert cr.allclose((y * z).sum(), (x * back).sum())


def test_windows_of_a_tensor_that_changes_in_place_are_refused_in_backward() -> None:
    x = cr.randn(1, 1, 5)
    w = cr.randn(1, 1, 2, requires_grad=True)
    out = cr.nn.functional.conv1d(x, w).sum()
    x.mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        out.backward()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda f: f.conv2d(cr.ones(1, 2, 5, 5), cr.ones(1, 3, 3, 3)), r"to have 3 channels, but got 2 channels"),
        (lambda f: f.conv2d(cr.ones(5), cr.ones(1, 1, 3, 3)), r"3D \(unbatched\) or 4D \(batched\)"),
        (lambda f: f.conv2d(cr.ones(1, 1, 2, 2), cr.ones(1, 1, 3, 3)), r"Kernel size: \(3 x 3\)"),
        (lambda f: f.conv1d(cr.ones(1, 1, 5), cr.ones(1, 1, 3), stride=2, padding="same"), "strided"),
        (lambda f: f.conv1d(cr.ones(1, 1, 5), cr.ones(1, 1, 3, dtype=cr.float64)), "should be the same"),
        (lambda f: f.conv_transpose1d(cr.ones(1, 1, 5), cr.ones(1, 1, 3), output_padding=1), "output padding"),
        (lambda f: f.max_pool2d(cr.ones(1, 1, 2, 2), 3), "too small"),
        (lambda f: f.avg_pool1d(cr.ones(1, 1, 5), 2, padding=2), "at most half"),
        (lambda f: f.interpolate(cr.ones(1, 1, 5)), "exactly one of size and scale_factor"),
        (lambda f: f.interpolate(cr.ones(1, 1, 5), size=3, mode="bilinear"), "needs 4D input"),
        (lambda f: f.fold(cr.ones(1, 4, 5), (3, 3), 2), "expected input of size"),
        (lambda f: cr.nn.Conv2d(3, 4, 3, groups=2), "divisible by groups"),
        (lambda f: cr.nn.Conv2d(1, 1, 3, padding_mode="mirror"), "padding_mode must be one of"),
        (lambda f: cr.nn.ConvTranspose1d(1, 1, 3)(cr.ones(1, 1, 4), output_size=(9,)), "valid sizes range from"),
    ],
)
def test_refusals(call: Any, words: str) -> None:
    with pytest.raises((RuntimeError, ValueError, NotImplementedError), match=words):
        call(cr.nn.functional)


@pytest.mark.parametrize("d", [1, 2, 3])
def test_pooling_of_infinities_and_nan(d):
    # By a loop over windows: padding is never chosen, not even among -inf; the first of equal ones, the last NaN; and
    # a mean sees its own region alone.
    rng = np.random.default_rng(d)
    F = cr.nn.functional
    for _ in range(20):
        shape = tuple(rng.integers(3, 6, d))
        a = rng.choice([-np.inf, np.inf, np.nan, 0.0, 1.0, 2.0], size=(1, 2, *shape), p=[0.5, 0.1, 0.1, 0.1, 0.1, 0.1])
        out, places = getattr(F, f"max_pool{d}d")(cr.tensor(a), 3, 2, 1, return_indices=True)
        for at in np.ndindex(*out.shape):
            cells = [i for i in np.ndindex(*shape) if all(2 * o - 1 <= j < 2 * o + 2 for o, j in zip(at[2:], i))]
            best = cells[0]
            for i in cells[1:]:
                if np.isnan(a[at[:2]][i]) or a[at[:2]][i] > a[at[:2]][best]:
                    best = i
            assert places[at].item() == np.ravel_multi_index(best, shape)
            np.testing.assert_equal(out[at].item(), a[at[:2]][best])
        means = getattr(F, f"adaptive_avg_pool{d}d")(cr.tensor(a), 2)
        for at in np.ndindex(*means.shape):
            region = tuple(slice(o * n // 2, -(-(o + 1) * n // 2)) for o, n in zip(at[2:], shape))
            with np.errstate(invalid="ignore"):
                np.testing.assert_allclose(means[at].item(), a[at[:2]][region].mean(), rtol=1e-6)


@pytest.mark.parametrize("d", [2, 3])
def test_fractional_pools_are_maxima_of_windows_that_fill_the_space(d, rng):
    x = cr.tensor(rng.standard_normal((2, 3, *[9] * d)), requires_grad=True)
    pool = getattr(cr.nn, f"FractionalMaxPool{d}d")(2, output_ratio=0.5, return_indices=True)
    y, places = pool(x)
    assert y.shape == (2, 3, *[4] * d)
    np.testing.assert_array_equal(x.detach().flatten(2).gather(2, places.flatten(2)), y.detach().flatten(2))
    where = np.stack(
        np.unravel_index(places.numpy(), [9] * d)
    )  # along each dimension in order, from one end to the other
    for i in range(d):
        at = np.moveaxis(where[i], 2 + i, -1)
        assert (np.diff(at) >= 0).all() and (at[..., 0] <= 1).all() and (at[..., -1] >= 7).all()
    y.sum().backward()
    assert x.grad.sum() == y.numel()


@pytest.mark.parametrize("d", [2, 3])
def test_fractional_pools_are_torchs(d, rng):
    torch = pytest.importorskip("torch")
    a = rng.standard_normal((2, 3, *range(7, 7 + d))).astype("f4")
    a.flat[::17] = np.nan
    for size, out in ((2, 3), (1, 5), (3, 1)):
        found = []
        for lib in (torch, cr):
            lib.manual_seed(size)
            pool = getattr(lib.nn.functional, f"fractional_max_pool{d}d")
            found.append(pool(lib.tensor(a), size, out, return_indices=True))
        for theirs, ours in zip(*found, strict=True):
            np.testing.assert_array_equal(theirs, ours)
