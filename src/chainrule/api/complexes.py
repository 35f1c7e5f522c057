"""Complex numbers: their parts, and tensors made of two real ones.

Gradients are those of a real loss L by z = x + iy: dL/dx + i dL/dy, as PyTorch has them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.api.creation import made
from chainrule.api.public import public
from chainrule.base import dtypes
from chainrule.core.op import REGISTRY
from chainrule.core.tape import numbers
from chainrule.core.tensor import Tensor
from chainrule.ops import complexes as ops


def _is_complex(x: Tensor) -> bool:
    return bool(x._a.dtype.kind == "c")


@public("conj_physical")
def conj(input: Tensor) -> Tensor:
    """The conjugate; a real tensor is its own."""
    return ops.conj(input) if _is_complex(input) else input  # type: ignore[no-any-return]


@public("resolve_neg")
def resolve_conj(input: Tensor) -> Tensor:
    """The tensor itself: conjugates are always computed."""
    return input


@public(method=False)
def real(input: Tensor) -> Tensor:
    """The real part; a real tensor is its own."""
    return ops.real(input) if _is_complex(input) else input  # type: ignore[no-any-return]


@public(method=False)
def imag(input: Tensor) -> Tensor:
    """The imaginary part of a complex tensor."""
    if not _is_complex(input):
        raise RuntimeError("imag is not implemented for tensors with non-complex dtypes.")
    return ops.imag(input)  # type: ignore[no-any-return]


@public(converts=True)
def angle(input: Tensor) -> Tensor:
    """The angle from the positive real axis, in radians."""
    if _is_complex(input):
        return ops.angle(input)  # type: ignore[no-any-return]
    a = numbers(input)
    kind = a.dtype if a.dtype.kind == "f" else dtypes.default_float()
    turned = REGISTRY["where"](made(a < 0), made(np.full(a.shape, np.pi, kind)), made(np.zeros(a.shape, kind)))
    return REGISTRY["where"](made(a != a), input, turned)  # type: ignore[no-any-return]


@public(method=False)
def complex(real: Tensor, imag: Tensor) -> Tensor:
    """real + i imag, of two tensors of one float dtype."""
    for x in (real, imag):
        if x._a.dtype.kind != "f":
            raise RuntimeError(f"Expected both inputs to be Half, Float or Double tensors but got {x.dtype}")  # type: ignore[attr-defined]
    return ops.complex_(real, imag)  # type: ignore[no-any-return]


@public(method=False)
def polar(abs: Tensor, angle: Tensor) -> Tensor:
    """abs (cos(angle) + i sin(angle))."""
    return complex(abs * angle.cos(), abs * angle.sin())  # type: ignore[attr-defined, operator]


@public(method=False)
def view_as_real(input: Tensor) -> Tensor:
    """Real and imaginary part along a new last dimension (a copy, unlike PyTorch's view)."""
    return REGISTRY["stack"](ops.real(input), ops.imag(input), dim=input._a.ndim)  # type: ignore[no-any-return]


@public(method=False)
def view_as_complex(input: Tensor) -> Tensor:
    """Complex numbers of the pairs along the last dimension (a copy, unlike PyTorch's view)."""
    if input._a.ndim == 0 or input._a.shape[-1] != 2:
        raise RuntimeError("Tensor must have a last dimension of size 2")
    return complex(input[..., 0], input[..., 1])  # type: ignore[index]


def _part(get: Any, name: str) -> property:
    def refuse(self: Tensor, value: Any) -> None:
        raise NotImplementedError(f"a part of a complex tensor is a copy here: write torch.complex(...) for .{name} = ")

    return property(get, refuse)


Tensor.real = _part(real, "real")  # type: ignore[method-assign, assignment]
Tensor.imag = _part(imag, "imag")  # type: ignore[method-assign, assignment]
