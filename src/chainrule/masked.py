"""`torch.masked`: reductions and normalisations over the elements where a mask is True.

What is masked out is replaced by what leaves the result as it is (0 in a sum, inf in a minimum). Where nothing is left,
PyTorch promises nothing.

>>> import chainrule as cr
>>> cr.masked.mean(cr.tensor([1.0, 2.0, 6.0]), mask=cr.tensor([True, True, False]))
tensor(1.5000)
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.api.public import FUNCTIONS
from chainrule.core.tensor import Tensor, wrap

__all__ = [
    "amax", "amin", "argmax", "argmin", "cumprod", "cumsum", "log_softmax", "logaddexp", "logsumexp", "mean", "median",
    "norm", "normalize", "prod", "softmax", "softmin", "std", "sum", "var",
]  # fmt: skip


def _filled(x: Tensor, mask: Tensor | None, value: float) -> Tensor:
    """x with `value` where the mask is False: the least or greatest integer in place of an infinity."""
    if mask is None:
        return x
    a = x._a
    number = np.asarray(mask._a).astype(bool)
    if a.dtype.kind in "iu" and math.isinf(value):
        limits = np.iinfo(a.dtype)
        return FUNCTIONS["where"](wrap(number), x, wrap(a.dtype.type(limits.max if value > 0 else limits.min)))  # type: ignore[no-any-return]
    if a.dtype.kind == "b":
        return FUNCTIONS["where"](wrap(number), x, wrap(np.bool_(value > 0)))  # type: ignore[no-any-return]
    return FUNCTIONS["where"](wrap(number), x, wrap(a.dtype.type(value)))  # type: ignore[no-any-return]


def _dims(x: Tensor, dim: Any) -> Any:
    if dim is None or dim == () or not x._a.shape:
        return tuple(range(len(x._a.shape)))
    return tuple(dim) if isinstance(dim, (tuple, list)) else (dim,)


def _cast(x: Tensor, dtype: Any) -> Tensor:
    return x if dtype is None else x.to(dtype)  # type: ignore[no-any-return]


def _count(x: Tensor, mask: Tensor | None, dim: Any, keepdim: bool) -> Tensor:
    ones = np.ones(x._a.shape, bool) if mask is None else np.broadcast_to(np.asarray(mask._a).astype(bool), x._a.shape)
    return wrap(np.asarray(ones.sum(_dims(x, dim), keepdims=keepdim)))


def _reduction(name: str, identity: float, many: bool = True) -> Callable[..., Tensor]:
    def reduce(
        input: Tensor, dim: Any = None, *, keepdim: bool = False, dtype: Any = None, mask: Tensor | None = None
    ) -> Tensor:
        x = _filled(_cast(input, dtype), mask, identity)
        if many:
            return FUNCTIONS[name](x, _dims(x, dim), keepdim=keepdim)  # type: ignore[no-any-return]
        for d in sorted((d % max(len(x._a.shape), 1) for d in _dims(x, dim)), reverse=True):
            x = FUNCTIONS[name](x, d, keepdim=keepdim)
        return x if len(_dims(input, dim)) else FUNCTIONS[name](x)

    reduce.__name__ = reduce.__qualname__ = name
    reduce.__doc__ = f"`{name}` over the elements where the mask is True."
    return reduce


def _place(name: str, worst: float) -> Callable[..., Tensor]:
    def find(
        input: Tensor, dim: Any = None, *, keepdim: bool = False, dtype: Any = None, mask: Tensor | None = None
    ) -> Tensor:
        x = _cast(input, dtype)
        at = FUNCTIONS[name](_filled(x, mask, worst), dim, keepdim=keepdim)
        return at.to(x.dtype)  # type: ignore[no-any-return]  # PyTorch gives places in the elements' dtype

    find.__name__ = find.__qualname__ = name
    find.__doc__ = f"`{name}` over the elements where the mask is True."
    return find


def _along(name: str, identity: float) -> Callable[..., Tensor]:
    def along(input: Tensor, dim: int, *, dtype: Any = None, mask: Tensor | None = None) -> Tensor:
        x = _cast(input, dtype)
        out = FUNCTIONS[name](_filled(x, mask, identity), dim)
        return out.to(x.dtype) if name.startswith("cum") else out  # type: ignore[no-any-return]

    along.__name__ = along.__qualname__ = name
    along.__doc__ = f"`{name}` over the elements where the mask is True."
    return along


sum, prod = _reduction("sum", 0.0), _reduction("prod", 1.0, many=False)
amax, amin = _reduction("amax", -math.inf), _reduction("amin", math.inf)
logsumexp = _reduction("logsumexp", -math.inf)
argmax, argmin = _place("argmax", -math.inf), _place("argmin", math.inf)
cumsum, cumprod = _along("cumsum", 0.0), _along("cumprod", 1.0)
softmax, log_softmax = _along("softmax", -math.inf), _along("log_softmax", -math.inf)


def softmin(input: Tensor, dim: int, *, dtype: Any = None, mask: Tensor | None = None) -> Tensor:
    """`softmax` of the negated elements where the mask is True."""
    return softmax(-input, dim, dtype=dtype, mask=mask)


def mean(
    input: Tensor, dim: Any = None, *, keepdim: bool = False, dtype: Any = None, mask: Tensor | None = None
) -> Tensor:
    """The mean of the elements where the mask is True."""
    x = _cast(input, dtype)
    return sum(x, dim, keepdim=keepdim, mask=mask) / _count(x, mask, dim, keepdim)


def median(
    input: Tensor, dim: int = -1, *, keepdim: bool = False, dtype: Any = None, mask: Tensor | None = None
) -> Tensor:
    """The median of the elements where the mask is True."""
    return FUNCTIONS["nanmedian"](_filled(_cast(input, dtype), mask, math.nan), dim, keepdim).values  # type: ignore[no-any-return]


def norm(
    input: Tensor, ord: Any = 2.0, dim: Any = None, *, keepdim: bool = False, dtype: Any = None,
    mask: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The norm of the elements where the mask is True."""
    x = _cast(input, dtype)
    order = 2.0 if ord is None else float(ord)
    x = _filled(x, mask, math.inf if order == -math.inf or order < 0 else 0.0)
    return FUNCTIONS["norm"](x, order, _dims(x, dim), keepdim)  # type: ignore[no-any-return]


def var(
    input: Tensor, dim: Any = None, unbiased: bool | None = None, *, correction: Any = None, keepdim: bool = False,
    dtype: Any = None, mask: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The variance of the elements where the mask is True."""
    x = _cast(input, dtype)
    less = (1 if unbiased is None or unbiased else 0) if correction is None else correction
    centred = x - mean(x, dim, keepdim=True, mask=mask)
    n = _count(x, mask, dim, keepdim)
    return sum(centred * centred, dim, keepdim=keepdim, mask=mask) / (n - less).clamp(min=0)


def std(
    input: Tensor, dim: Any = None, unbiased: bool | None = None, *, correction: Any = None, keepdim: bool = False,
    dtype: Any = None, mask: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The standard deviation of the elements where the mask is True."""
    options: dict[str, Any] = {"correction": correction, "keepdim": keepdim, "dtype": dtype, "mask": mask}
    return var(input, dim, unbiased, **options).sqrt()  # type: ignore[no-any-return]


def normalize(
    input: Tensor, ord: Any, dim: int, *, eps: float = 1e-12, dtype: Any = None, mask: Tensor | None = None
) -> Tensor:
    """The elements where the mask is True, divided by their norm along `dim`; zeros elsewhere."""
    x = _cast(input, dtype)
    return _filled(x, mask, 0.0) / norm(x, ord, dim, keepdim=True, mask=mask).clamp(min=eps)


def logaddexp(
    input: Tensor, other: Tensor, *, dtype: Any = None, input_mask: Tensor | None = None,
    other_mask: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """`log(exp(input) + exp(other))`, without the elements that are masked out."""
    x, y = (_filled(_cast(t, dtype), m, -math.inf) for t, m in ((input, input_mask), (other, other_mask)))
    return FUNCTIONS["logaddexp"](x, y)  # type: ignore[no-any-return]
