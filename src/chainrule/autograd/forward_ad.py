"""Forward mode by hand: dual numbers, a value with a tangent that every operation carries along.

Levels may be nested, each with tangents of its own.

>>> import chainrule as cr
>>> import chainrule.autograd.forward_ad as fwAD
>>> with fwAD.dual_level():
...     x = fwAD.make_dual(cr.tensor(3.0), cr.tensor(1.0))
...     fwAD.unpack_dual(x**2)
UnpackedDualTensor(primal=tensor(9.), tangent=tensor(6.))
"""

from __future__ import annotations

from typing import Any, NamedTuple

from chainrule.core import forward
from chainrule.core.op import REGISTRY
from chainrule.core.state import MODE, changed, current, draw
from chainrule.core.tensor import Tensor


class UnpackedDualTensor(NamedTuple):
    """What `unpack_dual` gives: the value, and its tangent or None."""

    primal: Tensor
    tangent: Tensor | None


def enter_dual_level() -> int:
    """Open a level and return its number; `exit_dual_level` closes it."""
    level = draw()
    MODE.set(changed(levels=(*current().levels, level)))
    return level


def exit_dual_level(*, level: int | None = None) -> None:
    """Close the innermost level; `level`, if given, must be its number. Its tangents are gone."""
    opened = current().levels
    if not opened:
        raise RuntimeError("Trying to exit a forward AD level but no level has been entered.")
    if level is not None and level != opened[-1]:
        raise RuntimeError(
            "Trying to exit a forward AD level that was not the last one that was created. This is not supported."
        )
    MODE.set(changed(levels=opened[:-1]))


class dual_level:
    """A level as a context manager: `with dual_level(): ...`."""

    def __enter__(self) -> int:
        self.level = enter_dual_level()
        return self.level

    def __exit__(self, *_: Any) -> None:
        exit_dual_level(level=self.level)


def make_dual(tensor: Tensor, tangent: Tensor, *, level: int | None = None) -> Tensor:
    """The tensor with a tangent of its shape and dtype, at the innermost level (or at an open `level`)."""
    at = _open(level, "make_dual")
    for what, x in (("primal", tensor), ("tangent", tangent)):
        if not isinstance(x, Tensor):
            raise TypeError(f"make_dual: the {what} must be a Tensor, not {type(x).__name__}")
        if x._a.dtype.kind != "f":
            raise ValueError(f"Expected {what} to be floating point, got: {x.dtype}")
    if tangent._a.shape != tensor._a.shape:
        raise RuntimeError(
            "Trying to set a forward gradient that has a different size than that of the original Tensor, this is not "
            f"supported. Tensor is of size {list(tensor._a.shape)} while the given forward gradient is of size "
            f"{list(tangent._a.shape)}."
        )
    if tangent._a.dtype != tensor._a.dtype:
        raise RuntimeError(
            f"Expected the tangent to have the dtype of the primal, {tensor.dtype}, but got {tangent.dtype}"
        )
    return forward.dual(tensor, tangent, at)


def unpack_dual(tensor: Tensor, *, level: int | None = None) -> UnpackedDualTensor:
    """The value and the tangent (None if it has none) at the innermost level (or at an open `level`)."""
    opened = current().levels
    if not opened and level is None:
        return UnpackedDualTensor(tensor, None)
    at = _open(level, "unpack_dual")
    if not tensor._t or at not in tensor._t:
        return UnpackedDualTensor(tensor, None)
    primal: Tensor = REGISTRY["alias"](tensor)
    primal._t = {k: t for k, t in (primal._t or {}).items() if k != at}
    return UnpackedDualTensor(primal, tensor._t[at])


def _open(level: int | None, what: str) -> int:
    opened = current().levels
    if not opened:
        raise RuntimeError(
            f"Trying to {'create a dual Tensor' if what == 'make_dual' else 'unpack a dual Tensor'} "
            "for forward AD but no "
            f"level exists, make sure to enter_dual_level() first."
        )
    if level is None:
        return opened[-1]
    if level not in opened:
        raise RuntimeError(f"{what}: level {level} is not open; the open levels are {list(opened)}")
    return level
