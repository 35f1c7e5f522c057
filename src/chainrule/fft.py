"""Discrete Fourier transforms: `chainrule.fft`, with PyTorch's names; all are made of one transform and its inverse.

>>> import chainrule as cr
>>> cr.fft.fft(cr.tensor([1.0, 0.0, 0.0, 0.0]))
tensor([1.+0.j, 1.+0.j, 1.+0.j, 1.+0.j])
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.api.creation import made
from chainrule.base import dtypes
from chainrule.core.op import REGISTRY
from chainrule.core.tensor import Tensor

__all__ = [
    "fft", "fft2", "fftfreq", "fftn", "fftshift", "ifft", "ifft2", "ifftn", "ifftshift", "irfft", "rfft", "rfftfreq"
]  # fmt: skip


def _scale(n: int, norm: str | None, back: bool) -> float:
    norm = norm or "backward"
    if norm not in ("forward", "backward", "ortho"):
        raise RuntimeError(f'Invalid normalization mode: "{norm}"')
    return n**-0.5 if norm == "ortho" else 1 / n if (norm == "forward") != back else 1.0


def _complex(x: Tensor) -> Any:
    d = x._a.dtype
    if d.kind == "c":
        return x
    return REGISTRY["cast"](x, dtype=np.promote_types(d if d.kind == "f" else dtypes.default_float(), np.complex64))


def _sized(x: Any, n: int | None, dim: int) -> Any:
    """x cut off, or continued with zeros, to n elements along a dimension."""
    size = x.shape[dim]
    if n is None or n == size:
        return x
    if n < 1:
        raise RuntimeError(f"Invalid number of data points ({n}) specified")
    if n < size:
        return x.narrow(dim, 0, n)
    shape = [*x.shape]
    shape[dim] = n - size
    return REGISTRY["cat"](x, made(np.zeros(shape, x._a.dtype)), dim=dim % x.ndim)


def _along(input: Tensor, n: int | None, dim: int, norm: str | None, back: bool) -> Any:
    x = _sized(_complex(input), n, dim)
    return REGISTRY["fft_back" if back else "fft"](x, dim=dim % x.ndim, scale=_scale(x.shape[dim], norm, back))


def fft(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None) -> Tensor:
    """The transform of n elements along a dimension. `norm`: which way is divided: forward, backward, ortho (both)."""
    return _along(input, n, dim, norm, False)  # type: ignore[no-any-return]


def ifft(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None) -> Tensor:
    """The inverse of `fft`."""
    return _along(input, n, dim, norm, True)  # type: ignore[no-any-return]


def rfft(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None) -> Tensor:
    """The first half of the transform of real numbers; the other half is its conjugate."""
    if input._a.dtype.kind == "c":
        raise RuntimeError("rfft expects a real input tensor, but got a complex one")
    x: Any = fft(input, n, dim, norm)
    return x.narrow(dim, 0, x.shape[dim] // 2 + 1)  # type: ignore[no-any-return]


def irfft(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None) -> Tensor:
    """Real numbers from the first half of their transform."""
    x = _complex(input)
    n = 2 * (x.shape[dim] - 1) if n is None else n
    x = _sized(x, n // 2 + 1, dim)
    ends = REGISTRY["cast"](x.narrow(dim, 0, 1).real, dtype=x._a.dtype)  # which has no imaginary part to give
    middle, rest = x.narrow(dim, 1, x.shape[dim] - 1), x.narrow(dim, 1, (n - 1) // 2).flip((dim,)).conj()
    whole = REGISTRY["cat"](ends, middle, rest, dim=dim % x.ndim)
    return ifft(whole, None, dim, norm).real  # type: ignore[attr-defined, no-any-return]


def _over(one: Any, x: Any, s: Any, dim: Any, norm: str | None) -> Tensor:
    if dim is None:
        dim = range(-(len(s) if s is not None else x.ndim), 0)
    dims = (dim,) if isinstance(dim, int) else tuple(dim)
    for d, n in zip(dims, s if s is not None else (None,) * len(dims)):
        x = one(x, None if n == -1 else n, d, norm)
    return x  # type: ignore[no-any-return]


def fftn(input: Tensor, s: Sequence[int] | None = None, dim: Any = None, norm: str | None = None) -> Tensor:
    """The transform along several dimensions, all by default."""
    return _over(fft, input, s, dim, norm)


def ifftn(input: Tensor, s: Sequence[int] | None = None, dim: Any = None, norm: str | None = None) -> Tensor:
    """The inverse of `fftn`."""
    return _over(ifft, input, s, dim, norm)


def fft2(input: Tensor, s: Sequence[int] | None = None, dim: Any = (-2, -1), norm: str | None = None) -> Tensor:
    """The transform along the last two dimensions."""
    return _over(fft, input, s, dim, norm)


def ifft2(input: Tensor, s: Sequence[int] | None = None, dim: Any = (-2, -1), norm: str | None = None) -> Tensor:
    """The inverse of `fft2`."""
    return _over(ifft, input, s, dim, norm)


def _frequencies(f: Any, n: int, d: float, dtype: Any, requires_grad: bool) -> Tensor:
    kind = dtypes.default_float() if dtype is None else dtypes.as_np(dtype)
    return made(f(n, d).astype(kind), requires_grad)


def fftfreq(n: int, d: float = 1.0, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """The frequencies of `fft` of n samples, d apart: 0 and up, then the negative ones."""
    return _frequencies(np.fft.fftfreq, n, d, dtype, requires_grad)


def rfftfreq(n: int, d: float = 1.0, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """The frequencies of `rfft` of n samples, d apart."""
    return _frequencies(np.fft.rfftfreq, n, d, dtype, requires_grad)


def _shifted(x: Any, dim: Any, more: int) -> Tensor:
    dims = tuple(range(x.ndim)) if dim is None else (dim,) if isinstance(dim, int) else tuple(dim)
    return x.roll([(x.shape[d] + more) // 2 for d in dims], dims)  # type: ignore[no-any-return]


def fftshift(input: Tensor, dim: Any = None) -> Tensor:
    """The frequency 0 moved to the middle."""
    return _shifted(input, dim, 0)


def ifftshift(input: Tensor, dim: Any = None) -> Tensor:
    """The inverse of `fftshift`."""
    return _shifted(input, dim, 1)
