"""What functions give for bytes, truth values, integers and halves, where PyTorch has an answer."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr

F = cr.nn.functional


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
def test_images_of_bytes_are_resized_as_floats_and_rounded(mode, rng):
    image = cr.tensor(rng.integers(0, 256, (1, 3, 6, 7)), dtype=cr.uint8)
    expected = F.interpolate(image.double(), size=(4, 9), mode=mode).clamp(0, 255)
    found = F.interpolate(image, size=(4, 9), mode=mode)
    assert found.dtype == cr.uint8 and (found - expected).abs().max() <= 0.501
    with pytest.raises(NotImplementedError, match="not implemented for 'Long'"):
        F.interpolate(image.long(), size=(4, 9), mode=mode)


def test_means_of_windows_of_integers_are_cut_off():
    x = cr.tensor([[[[1, 2], [3, 5]]]])
    assert F.avg_pool2d(x, 2).tolist() == [[[[2]]]] and F.avg_pool2d(-x, 2).tolist() == [[[[-2]]]]
    with pytest.raises(NotImplementedError, match="not implemented for 'Int'"):
        F.avg_pool2d(x.int(), 2)


def test_ranges_of_integers():
    assert cr.arange(0, -8.000001, -4.0, dtype=cr.uint8).tolist() == [0, 252, 248]
    assert cr.arange(0, -8.000001, -4.0, dtype=cr.int64).tolist() == [0, -4]
    assert cr.logspace(0, 1.2, 2, dtype=cr.int64).tolist() == [1, 10]


def test_truth_values_are_clamped_by_truth_values():
    x, yes, no = cr.tensor([True, False]), cr.tensor(True), cr.tensor(False)
    assert x.clamp(min=yes).tolist() == [True, True] and x.clamp_max(no).tolist() == [False, False]


def test_dtypes_of_results():
    assert cr.masked.cumsum(cr.ones(3, dtype=cr.int32), 0).dtype == cr.int32
    assert cr.cov(cr.ones(2, 3, dtype=cr.float16), aweights=cr.ones(3)).dtype == cr.float32
    assert cr.ones(2, dtype=cr.uint8).sum_to_size(()).dtype == cr.int64


def test_bytes_as_indices_reach_beyond_bytes():
    places = cr.unravel_index(cr.tensor([200, 255], dtype=cr.uint8), (4, 1 << 30))
    np.testing.assert_array_equal(cr.stack(places), [[0, 0], [200, 255]])
