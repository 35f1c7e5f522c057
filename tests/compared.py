"""What a compiled function gives, compared with what the function itself gives."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chainrule.core.tensor import Tensor

Result = Sequence[Tensor | None]


def same(got: Result, want: Result, rtol: float = 0.0) -> None:
    """Equal to the bit, dtype, shape and sign of zero included, and whether gradients are wanted; or to within rtol."""
    for g, w in zip(got, want, strict=True):
        assert (g is None) == (w is None)
        if g is not None and w is not None:
            a, b = np.asarray(g._a), np.asarray(w._a)
            assert (a.shape, a.dtype, g.requires_grad) == (b.shape, b.dtype, w.requires_grad)
            if not rtol:
                np.testing.assert_array_equal(a, b)
                assert a.dtype.kind != "f" or np.array_equal(np.signbit(a), np.signbit(b))
            else:
                np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol / 100)
