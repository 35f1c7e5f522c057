"""What cannot be meant is refused, in PyTorch's words, and not computed somehow."""

from __future__ import annotations

from typing import Any

import pytest

import chainrule as cr

F = cr.nn.functional
X = cr.ones(3, 4)
IMAGE, KERNEL = cr.ones(1, 1, 4, 4), cr.ones(1, 1, 2, 2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: cr.cov(X, fweights=cr.ones(4)), "expected fweights to have integral dtype"),
        (lambda: cr.cov(X, fweights=-cr.ones(4).long()), "fweights cannot be negative"),
        (lambda: cr.cov(X, aweights=-cr.ones(4)), "aweights cannot be negative"),
        (lambda: cr.gradient(X, dim=(1, -1)), "dim 1 appears multiple times"),
        (lambda: X.roll(()), "`shifts` required"),
        (lambda: cr.histogramdd(X, [2, 2, 2]), "size of bins must be equal to the innermost dimension"),
        (lambda: X.masked_fill(X > 0, 1j), "cannot be converted to type .*float.* without overflow"),
        (lambda: cr.isclose(X, 1), "argument 'other' .* must be Tensor, not int"),
        (lambda: F.adaptive_avg_pool2d(IMAGE, ()), "output_size must be 2 numbers"),
        (lambda: F.conv2d(IMAGE, KERNEL, dilation=-1), "dilation should be greater than zero"),
        (lambda: F.conv2d(IMAGE, KERNEL, padding=-1), "negative padding is not supported"),
        (lambda: F.conv_transpose2d(IMAGE, KERNEL, stride=0), "non-positive stride"),
        (lambda: F.conv_transpose2d(IMAGE, KERNEL, padding=-1), "negative padding"),
        (lambda: F.unfold(IMAGE, 2, stride=0), "non-positive stride"),
        (lambda: F.fold(cr.ones(1, 4, 9), (4, 4), 2, dilation=0), "dilation should be greater than zero"),
        (lambda: F.max_pool2d(IMAGE, 2, dilation=0), "dilation must be greater than zero"),
        (lambda: F.prelu(X, cr.ones(2, 2)), "scalar or 1D tensor"),
        (lambda: F.rrelu(X, 0.3, 0.1), "Lower bound should be less than or equal to the upper bound"),
        (lambda: F.triplet_margin_with_distance_loss(X, X, X, margin=-1.0), "margin must be greater than 0"),
        (lambda: cr.signal.windows.exponential(3, center=1.0), "Center must be None for symmetric windows"),
        (lambda: F.fractional_max_pool2d(IMAGE, 2), "either an output_size or an output_ratio"),
        (lambda: F.fractional_max_pool2d(IMAGE, 2, output_size=5), "5 windows of 2 do not fit into 4"),
        (lambda: cr.nn.FractionalMaxPool2d(2, output_ratio=2.0), "must be between 0 and 1"),
    ],
)
def test_it_is_refused(call: Any, message: str) -> None:
    with pytest.raises((RuntimeError, TypeError, ValueError), match=message):
        call()
