"""`torch.signal.windows`: weights that fade a stretch of a signal out at its ends.

>>> import chainrule as cr
>>> cr.signal.windows.hann(5)
tensor([0.0000, 0.5000, 1.0000, 0.5000, 0.0000])
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Any

import numpy as np

from chainrule.api.creation import made
from chainrule.api.device import here
from chainrule.base import dtypes

__all__ = ["windows"]


def _places(M: int, sym: bool) -> Any:
    """0, 1, ..., and the last place: that of the next period's first element unless symmetric."""
    if M < 0:
        raise ValueError(f"Window length must be non-negative, got M={M}")
    return np.arange(M), max(M - 1 if sym else M, 1)


def _window(f: Callable[..., Any]) -> Callable[..., Any]:
    """A window by its formula; one of length 1 is 1."""

    def window(
        M: int, *parameters: Any, sym: bool = True, dtype: Any = None, layout: Any = None, device: Any = None,
        requires_grad: bool = False, **named: Any,
    ) -> Any:  # fmt: skip
        here(device)
        kind = dtypes.default_float() if dtype is None else dtypes.as_np(dtype)
        if kind.kind != "f":
            raise ValueError(f"windows hold floats, but got dtype={dtype}")
        if sym and named.get("center") is not None:
            raise ValueError("Center must be None for symmetric windows")
        n, last = _places(M, sym)
        values = np.ones(M) if M == 1 else f(n, last, *parameters, **named)
        return made(np.asarray(values, kind), requires_grad)

    window.__name__ = window.__qualname__ = f.__name__
    window.__doc__ = f.__doc__
    return window


def _cosines(n: Any, last: int, a: Iterable[float]) -> Any:
    return sum((-1) ** k * c * np.cos(2 * np.pi * k * n / last) for k, c in enumerate(a)) + 0.0 * n


@_window
def general_cosine(n: Any, last: int, a: Iterable[float]) -> Any:
    """A sum of cosines, `a` their weights, with signs that alternate."""
    if not isinstance(a, Iterable):
        raise TypeError("Coefficients must be a list/tuple")
    coefficients = list(a)
    if not coefficients:
        raise ValueError("Coefficients cannot be empty")
    return _cosines(n, last, coefficients)


@_window
def general_hamming(n: Any, last: int, alpha: float = 0.54) -> Any:
    """`alpha - (1 - alpha) cos(2 pi n / N)`."""
    return _cosines(n, last, [alpha, 1 - alpha])


@_window
def hamming(n: Any, last: int) -> Any:
    """`0.54 - 0.46 cos(2 pi n / N)`."""
    return _cosines(n, last, [0.54, 0.46])


@_window
def hann(n: Any, last: int) -> Any:
    """`0.5 - 0.5 cos(2 pi n / N)`."""
    return _cosines(n, last, [0.5, 0.5])


@_window
def blackman(n: Any, last: int) -> Any:
    """Three cosines: 0.42, 0.5, 0.08."""
    return _cosines(n, last, [0.42, 0.5, 0.08])


@_window
def nuttall(n: Any, last: int) -> Any:
    """Four cosines (Nuttall, 1981)."""
    return _cosines(n, last, [0.3635819, 0.4891775, 0.1365995, 0.0106411])


@_window
def bartlett(n: Any, last: int) -> Any:
    """A triangle that begins at 0."""
    return 1 - abs(2 * n / last - 1)


@_window
def cosine(n: Any, last: int) -> Any:
    """Half a period of a sine."""
    return np.sin(np.pi * (n + 0.5) / (last + 1))


@_window
def exponential(n: Any, last: int, center: float | None = None, tau: float = 1.0) -> Any:
    """`exp(-|n - center| / tau)`."""
    if tau <= 0:
        raise ValueError(f"Tau must be positive, got: {tau} instead.")
    return np.exp(-abs(n - (last / 2 if center is None else center)) / tau)


@_window
def gaussian(n: Any, last: int, std: float = 1.0) -> Any:
    """A bell curve of this standard deviation."""
    if std <= 0:
        raise ValueError(f"Standard deviation must be positive, got: {std} instead.")
    return np.exp(-0.5 * ((n - last / 2) / std) ** 2)


@_window
def kaiser(n: Any, last: int, beta: float = 12.0) -> Any:
    """Bessel's function I0 along half an ellipse (Kaiser, 1966)."""
    if beta < 0:
        raise ValueError(f"beta must be non-negative, got: {beta} instead.")
    return np.i0(beta * np.sqrt(np.maximum(1 - (2 * n / last - 1) ** 2, 0))) / np.i0(beta)


windows = SimpleNamespace(**{
    f.__name__: f for f in (
        bartlett, blackman, cosine, exponential, gaussian, general_cosine, general_hamming, hamming, hann, kaiser,
        nuttall,
    )
})  # fmt: skip


def _periodic(window: Callable[..., Any]) -> Callable[..., Any]:
    def call(window_length: int, periodic: bool = True, *parameters: Any, **options: Any) -> Any:
        return window(window_length, *parameters, sym=not periodic, **options)

    call.__name__ = call.__qualname__ = f"{window.__name__}_window"
    call.__doc__ = f"`signal.windows.{window.__name__}`, of a signal that repeats unless told otherwise."
    return call


bartlett_window, blackman_window, hann_window = map(_periodic, (bartlett, blackman, hann))
kaiser_window = _periodic(kaiser)
hamming_window = _periodic(general_hamming)
