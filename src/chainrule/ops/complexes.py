"""Complex numbers and their parts: ops that are not holomorphic, declared by their adjoints (`core/conjugate.py`)."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.core.op import REGISTRY, custom, linear
from chainrule.ops.contract import matmul, mT
from chainrule.ops.elementwise import where
from chainrule.ops.linalg import diagonal_mask, on_diagonal, per_column, per_row
from chainrule.ops.views import cast


def _complex(re: Any, im: Any) -> Any:
    re, im = np.broadcast_arrays(re, im)
    out = np.empty(re.shape, np.result_type(re.dtype, np.complex64))
    out.real, out.imag = re, im
    return out[()]


def _direction(g: Any, out: Any, x: Any) -> Any:
    return g * (x / where(out == 0, 1.0, out))


def _turn(g: Any, out: Any, x: Any) -> Any:
    zero = x == 0
    return g * where(zero, 0.0, 1j / where(zero, 1.0, conj(x)))


conj = linear("conj", np.conjugate, lambda g, x: conj(g), publish=False, complex="only")
real = linear(
    "real", lambda x: np.array(x.real)[()], lambda g, x: cast(g, dtype=x.dtype), grad="SelectBackward0",
    publish=False, complex="only",
)  # fmt: skip
imag = linear(
    "imag", lambda x: np.array(x.imag)[()], lambda g, x: cast(g, dtype=x.dtype) * 1j, grad="SelectBackward0",
    publish=False, complex="only",
)  # fmt: skip
complex_ = linear("complex", _complex, lambda g, re, im: (real(g), imag(g)), publish=False, complex="only")
abs_complex = custom("abs_complex", np.abs, _direction, publish=False, grad="AbsBackward0", complex="only")
angle = custom("angle", np.angle, _turn, publish=False, complex="only")


def _eig(a: Any) -> Any:
    if not np.isfinite(a).all():
        raise RuntimeError("torch.linalg.eig: input tensor should not contain infs or NaNs.")
    kind = np.result_type(a.dtype, np.complex64)
    return tuple(x.astype(kind, copy=False) for x in np.linalg.eig(a))


def _eig_vjp(g: Any, out: Any, _a: Any) -> Any:
    """Boeddeker et al., On the computation of complex-valued gradients (2017); vectors of length 1."""
    (gw, gv), (w, v) = g, out
    vh, eye = conj(mT(v)), diagonal_mask(_a.shape[-1])
    inner: Any = None
    if gv is not None:
        turn = matmul(vh, gv)
        along = matmul(vh, v * per_column(real(where(eye, turn, 0.0).sum(-1))))
        gap = where(eye, 1.0, conj(per_column(w) - per_row(w)))
        inner = where(eye, 0.0, (turn - along) / gap)
    if gw is not None:
        inner = on_diagonal(gw) if inner is None else inner + on_diagonal(gw)
    got = REGISTRY["linalg_solve"](vh, matmul(inner, vh))
    return got if getattr(_a.dtype, "np", _a.dtype).kind == "c" else real(got)


eig = custom("eig", _eig, _eig_vjp, outputs=2, grad="LinalgEigBackward0", publish=False, complex="only")


def _fft(x: Any, *, dim: int, scale: float) -> Any:
    return (np.fft.fft(x, axis=dim) * scale).astype(x.dtype, copy=False)


def _fft_back(x: Any, *, dim: int, scale: float) -> Any:
    return (np.fft.ifft(x, axis=dim) * (x.shape[dim] * scale)).astype(x.dtype, copy=False)


# The matrices of the two are symmetric and each other's conjugates, and so each other's adjoints.
fft = linear(
    "fft", _fft, lambda g, x, *, dim, scale: fft_back(g, dim=dim, scale=scale), publish=False, complex="only",
    grad="FftC2CBackward0",
)  # fmt: skip
fft_back = linear(
    "fft_back", _fft_back, lambda g, x, *, dim, scale: fft(g, dim=dim, scale=scale), publish=False, complex="only",
    grad="FftC2CBackward0",
)  # fmt: skip
