"""Linear maps of features, of one input and of two."""

from __future__ import annotations

import math

from chainrule.api.public import named
from chainrule.base import dtypes, errors
from chainrule.base.language import say
from chainrule.core.op import REGISTRY
from chainrule.core.tensor import Tensor

__all__ = ["bilinear", "linear"]


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """`input @ weight.T + bias`: `input` (..., in), `weight` (out, in) or (in), `bias` (out) or ().

    >>> import chainrule as cr
    >>> cr.nn.functional.linear(cr.tensor([1.0, 2.0]), cr.tensor([[3.0, 4.0]]), cr.tensor([5.0]))
    tensor([16.])
    """
    x, w = input._a.shape, weight._a.shape
    if not x or not w or x[-1] != w[-1]:
        rows = math.prod(x[:-1])
        raise RuntimeError(
            f"mat1 and mat2 shapes cannot be multiplied "
            f"({rows}x{x[-1] if x else 1} and {'x'.join(map(str, w[::-1]))}): "
            + say("the input {x} must end with the weight's last size {w}", x=list(x), w=list(w))
        )
    if not input._a.dtype == weight._a.dtype == (weight if bias is None else bias)._a.dtype:
        names = [dtypes.of(t._a.dtype).legacy.removesuffix("Tensor") for t in (input, weight, bias) if t is not None]
        raise RuntimeError(errors.two_dtypes(f"mat1 and mat2 must have the same dtype, but got {' and '.join(names)}"))
    if len(w) == 1:
        out = (input * weight).sum(-1)
        return out if bias is None else out + bias
    if bias is None:
        return input @ weight.t()
    out = REGISTRY["linear"](input, weight, bias)
    return out if len(x) == 2 else named(out, "ViewBackward0")


def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """`input1 @ weight[k] @ input2 + bias[k]` for each k; sizes (..., a), (..., b), (out, a, b), (out)."""
    *lead, a = input1._a.shape
    b, k = input2._a.shape[-1], weight._a.shape[0]
    if lead != list(input2._a.shape[:-1]) or weight._a.shape[1:] != (a, b):
        raise RuntimeError(
            f"bilinear(): input sizes {list(input1._a.shape)} and {list(input2._a.shape)} do not fit a weight of size "
            f"{list(weight._a.shape)}"
        )
    rows = [x.reshape(-1, x._a.shape[-1]) for x in (input1, input2)]
    half = REGISTRY["contract"](rows[0], weight, equation="ni,kij->nkj")
    out = REGISTRY["contract"](half, rows[1], equation="nkj,nj->nk").reshape(*lead, k)
    return out if bias is None else out + bias
