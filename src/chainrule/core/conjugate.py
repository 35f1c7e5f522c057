"""Complex tensors: which ops take them, and how gradients go through those.

A rule computes J^T g, and for real values that is all. PyTorch's gradient of a real loss L at z = x + iy is
dL/dx + i dL/dy: with the real inner product Re(conj(a) b) it goes through an op as the adjoint J^H g, the conjugate of
J^T conj(g) where the op is holomorphic. So elementwise and bilinear ops of complex operands are held by nodes in a
wrapper that conjugates before and after the rule, and the rules stay as they are. For a linear op with real
coefficients J^T is J^H, and nothing is done. What is left (`abs`, `real`, `fft`, ...) is declared by its adjoint.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, NoReturn

from chainrule.core.registry import REGISTRY, Attrs
from chainrule.core.tensor import Tensor

if TYPE_CHECKING:
    from chainrule.core.op import Op

PARAMETER = (
    "complex parameters are not there: keep a real one, p, with a last dimension of size 2, and compute with "
    "torch.view_as_complex(p)"
)


def admit(op: Op, args: Sequence[object]) -> Any:
    """What is applied to complex operands in place of `op`, as its column says; refuses an op that says nothing."""
    says = op.columns.get("complex")
    if says is None or (op.name == "pow" and not isinstance(args[1], (int, float))):
        refuse(op.name)
    return _conjugated(op) if says is True else REGISTRY[says]


def real(what: str, *xs: object) -> None:
    """Refuse complex numbers among the operands of what is for real ones."""
    for x in xs:
        if x._a.dtype.kind == "c" if isinstance(x, Tensor) else type(x) is complex:
            refuse(what)


def refuse(what: str) -> NoReturn:
    """Say that something is for real numbers, and what to do."""
    raise NotImplementedError(
        f'"{what}" not implemented for complex tensors. Of what is there: + - * / @, powers by a real number, exp, '
        "log, sqrt, sin, cos, tan, sinh, cosh, tanh, abs, angle, real, imag, conj, sums and means, views and indexing, "
        "torch.fft, torch.linalg.eig. For the rest, keep the real and the imaginary part in two tensors"
    )


class Conjugated:
    """An op whose rule, on complex values, gives J^H g."""

    d = times = rules = transpose = None

    def __init__(self, op: Op) -> None:
        self.op = op

    def __getattr__(self, name: str) -> Any:
        return getattr(self.op, name)

    def __call__(self, *args: Any, **attrs: Any) -> Any:
        return self.op(*args, **attrs)

    def vjp(self, g: Any, args: Sequence[Any], out: Any, attrs: Attrs, needs: Sequence[bool]) -> Sequence[Any]:
        conj, sum_to = REGISTRY["conj"], REGISTRY["sum_to"]
        got = [None if x is None else conj(x) for x in self.op.vjp(conj(g), args, out, attrs, needs)]
        return [x if x is None or x.shape == a.shape else sum_to(x, shape=a.shape) for x, a in zip(got, args)]


_conjugated = cache(Conjugated)
