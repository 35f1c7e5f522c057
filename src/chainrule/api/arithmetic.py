"""Arithmetic whose signature is more than `(input)` or `(input, other)`: alpha, rounding modes, bounds, tolerances.

The plain elementwise functions come from the op table by themselves (see `operators`); here stand those that PyTorch
gives further arguments, and those that are put together from several ops.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.api.public import FUNCTIONS, at_float32, copied, named, public, titled
from chainrule.api.results import make
from chainrule.base import dtypes
from chainrule.core.dispatch import apply, as_half
from chainrule.core.fast import binary, binary_, unary
from chainrule.core.inplace import into, modify
from chainrule.core.op import REGISTRY
from chainrule.core.tape import numbers
from chainrule.core.tensor import Tensor

_OPS: Any = REGISTRY  # all that is taken from it here is elementwise
_add, _sub, _mul, _rsub, _div, _pow, _eq, _le = (
    binary(_OPS[name]) for name in ("add", "sub", "mul", "rsub", "div", "pow", "eq", "le")
)
_add_, _sub_, _div_ = (binary_(_OPS[name], f"{name}_") for name in ("add", "sub", "div"))
_abs, _round, _isfinite = (unary(_OPS[name]) for name in ("abs", "round", "isfinite"))


def _install(f: Callable[..., Any], change: Callable[..., Any] | None, *names: str) -> None:
    # As `public` does, without its wrapper: these are the functions that a descent loop calls.
    for name in names:
        FUNCTIONS[name] = f if name == f.__name__ else copied(f, name)
        setattr(Tensor, name, FUNCTIONS[name])
        if change is not None:
            doc = f"In-place version of `{name}`."
            setattr(Tensor, f"{name}_", titled(copied(change, f"{name}_"), f"{name}_", doc, "Tensor."))


# ------------------------------------------------------------------------------------------- sums and quotients


def _scaled(input: Any, other: Any, alpha: Any) -> Any:
    """`alpha * other`, in the dtype that it has in `input + alpha * other`."""
    a, b = (x._a if isinstance(x, Tensor) else x for x in (input, other))
    if isinstance(other, Tensor) and b.dtype.kind == "f" and type(alpha) is not bool:
        return _mul(other, alpha)
    target = dtypes.result_type([a, b])
    if isinstance(alpha, bool):
        if target.kind != "b":
            raise RuntimeError("Boolean alpha only supported for Boolean results.")
    elif isinstance(alpha, float) and target.kind != "f":
        raise RuntimeError("For integral input tensors, argument alpha must not be a floating point number.")
    if target.kind == "b":
        alpha = bool(alpha)
    if not isinstance(other, Tensor):
        return alpha * other
    if b.dtype.kind != target.kind:
        other = REGISTRY["cast"](other, dtype=target)
    return _mul(other, alpha)


_once = at_float32(lambda input, other, f, alpha: f(input, other * alpha))


def _with(f: Callable[..., Any], input: Any, other: Any, alpha: Any) -> Any:
    """`f(input, alpha * other)`: of halves with one rounding, alpha being a half."""
    if dtypes.result_type([x._a if isinstance(x, Tensor) else x for x in (input, other)]) is not dtypes.F16:
        return f(input, _scaled(input, other, alpha))
    if abs(alpha) > 65504:
        raise RuntimeError("value cannot be converted to type c10::Half without overflow")
    return _once(as_half(input), as_half(other), f, as_half(alpha))


def add(input: Any, other: Any, *, alpha: float = 1, out: Tensor | None = None) -> Tensor:
    """`input + alpha * other`, broadcast.

    >>> import chainrule as cr
    >>> cr.add(cr.tensor([1.0, 2.0]), cr.tensor([10.0, 20.0]), alpha=0.5)
    tensor([ 6., 12.])
    """
    if alpha != 1:
        return into(out, _with(_add, input, other, alpha))  # type: ignore[no-any-return]
    return _add(input, other, out=out)  # type: ignore[no-any-return]


def sub(input: Any, other: Any, *, alpha: float = 1, out: Tensor | None = None) -> Tensor:
    """`input - alpha * other`, broadcast.

    >>> import chainrule as cr
    >>> cr.sub(cr.tensor([1.0, 2.0]), 1, alpha=2)
    tensor([-1.,  0.])
    """
    if alpha != 1:
        return into(out, _with(_sub, input, other, alpha))  # type: ignore[no-any-return]
    return _sub(input, other, out=out)  # type: ignore[no-any-return]


def add_(self: Tensor, other: Any, *, alpha: float = 1) -> Tensor:
    """Add `alpha * other` in place."""
    if alpha != 1 and self._a.dtype is dtypes.F16:
        return modify(self, "add_", add, other, alpha=alpha)
    return _add_(self, other if alpha == 1 else _scaled(self, other, alpha))


def sub_(self: Tensor, other: Any, *, alpha: float = 1) -> Tensor:
    """Subtract `alpha * other` in place."""
    if alpha != 1 and self._a.dtype is dtypes.F16:
        return modify(self, "sub_", sub, other, alpha=alpha)
    return _sub_(self, other if alpha == 1 else _scaled(self, other, alpha))


def div(input: Any, other: Any, *, rounding_mode: str | None = None, out: Tensor | None = None) -> Tensor:
    """`input / other`, broadcast.

    Args:
        rounding_mode: None (true division; integers give floats), "floor" (downwards, as Python's `//`) or "trunc"
            (towards zero, as C's `/`); the gradient of a rounded quotient is zero.

    >>> import chainrule as cr
    >>> cr.div(cr.tensor([7, -7]), 2, rounding_mode="trunc")
    tensor([ 3, -3])
    """
    if rounding_mode is None:
        return _div(input, other, out=out)  # type: ignore[no-any-return]
    if rounding_mode not in ("floor", "trunc"):
        raise RuntimeError(
            f"div expected rounding_mode to be one of None, 'trunc', or 'floor' but found '{rounding_mode}'"
        )
    return into(out, apply(REGISTRY[f"div_{rounding_mode}"], (input, other), {}))  # type: ignore[no-any-return]


def div_(self: Tensor, other: Any, *, rounding_mode: str | None = None) -> Tensor:
    """Divide in place; see `div`."""
    if rounding_mode is None:
        return _div_(self, other)
    return modify(self, "div_", div, other, rounding_mode=rounding_mode)


_install(add, add_, "add")
_install(sub, sub_, "sub", "subtract")
_install(div, div_, "div", "divide", "true_divide")


@public(method=False)
def rsub(input: Tensor, other: Any, *, alpha: float = 1) -> Tensor:
    """`other - alpha * input`.

    >>> import chainrule as cr
    >>> cr.rsub(cr.tensor([1.0, 2.0]), 10)
    tensor([9., 8.])
    """
    result = _rsub(input, other) if alpha == 1 else _with(lambda y, x: _rsub(x, y), other, input, alpha)
    return named(result, "RsubBackward0") if isinstance(other, Tensor) else result  # type: ignore[no-any-return]


@public()
def positive(input: Tensor) -> Tensor:
    """The input itself, as Python's `+x`."""
    if input._a.dtype.kind == "b":
        raise RuntimeError("The `+` operator, on a bool tensor is not supported.")
    return input


# ------------------------------------------------------------------------------------------------ bounds and rounding


@public("clip", inplace=True, converts=True)
def clamp(input: Tensor, min: Any = None, max: Any = None) -> Tensor:
    """Each element, raised to `min` and then lowered to `max`.

    Args:
        min, max: numbers, or tensors that broadcast with `input` (which then have gradients too); one may be None.

    >>> import chainrule as cr
    >>> cr.clamp(cr.tensor([-2.0, 0.5, 3.0]), -1, 1)
    tensor([-1.0000,  0.5000,  1.0000])
    """
    if min is None and max is None:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
    for bound in (min, max):
        if type(bound) is int and dtypes.wrapped(bound, input._a.dtype) != bound:
            raise RuntimeError(f"value cannot be converted to type {input._a.dtype} without overflow: {bound}")
    tensors = isinstance(min, Tensor) or isinstance(max, Tensor)
    if input._a.dtype.kind == "b" and tensors and all(b is None or isinstance(b, Tensor) for b in (min, max)):
        raised = input if min is None else REGISTRY["maximum"](input, min)
        return raised if max is None else REGISTRY["minimum"](raised, max)  # type: ignore[no-any-return]
    return apply(REGISTRY["clamp"], (input, min, max), {}, f"ClampBackward{0 if tensors else 1}")  # type: ignore[no-any-return]


@public(inplace=True, converts=True)
def clamp_min(input: Tensor, min: Any) -> Tensor:
    """The larger of each element and `min`, a number or a tensor."""
    return named(clamp(input, min), f"ClampMinBackward{int(isinstance(min, Tensor))}")


@public(inplace=True, converts=True)
def clamp_max(input: Tensor, max: Any) -> Tensor:
    """The smaller of each element and `max`, a number or a tensor."""
    return named(clamp(input, None, max), f"ClampMaxBackward{int(isinstance(max, Tensor))}")


@public(inplace=True)
def round_(input: Tensor, *, decimals: int = 0) -> Tensor:
    """The nearest integer, halves to the even one; or the nearest multiple of 10 to the power of `-decimals`.

    >>> import chainrule as cr
    >>> cr.round(cr.tensor([0.5, 1.5, 2.71828])), cr.round(cr.tensor([2.71828]), decimals=2)
    (tensor([0., 2., 3.]), tensor([2.7200]))
    """
    if decimals == 0:
        return _round(input)  # type: ignore[no-any-return]
    return apply(REGISTRY["round_to"], (input,), {"decimals": decimals})  # type: ignore[no-any-return]


@public(inplace=True)
def nan_to_num(
    input: Tensor, nan: float | None = None, posinf: float | None = None, neginf: float | None = None
) -> Tensor:
    """NaN and the infinities replaced: by 0 and the dtype's largest and smallest number, or by what is given.

    >>> import chainrule as cr
    >>> cr.nan_to_num(cr.tensor([float("nan"), float("inf"), 1.0]), posinf=9)
    tensor([0., 9., 1.])
    """
    return apply(REGISTRY["nan_to_num"], (input,), {"nan": nan, "posinf": posinf, "neginf": neginf})  # type: ignore[no-any-return]


@public(inplace=True, converts=True)
def logit(input: Tensor, eps: float | None = None) -> Tensor:
    """The inverse of the sigmoid, `log(x / (1 - x))`, of `input` clamped to [eps, 1 - eps] if `eps` is given."""
    return apply(REGISTRY["logit"], (input,), {"eps": eps})  # type: ignore[no-any-return]


@public()
def hardshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """Each element, but 0 for those within `lambd` of 0.

    >>> import chainrule as cr
    >>> cr.hardshrink(cr.tensor([-2.0, 0.3, 1.0]))
    tensor([-2.,  0.,  1.])
    """
    return apply(REGISTRY["hardshrink"], (input,), {"lambd": lambd})  # type: ignore[no-any-return]


@public()
def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """Each element, times a learned weight where it is negative; see `nn.functional.prelu`."""
    from chainrule.nn import functional

    return functional.prelu(input, weight)


# ------------------------------------------------------------------------------------------------- three at a time


@public(inplace=True, converts=True)
def lerp(input: Tensor, end: Tensor, weight: Any) -> Tensor:
    """`input + weight * (end - input)`: `input` where the weight is 0, `end` where it is 1.

    >>> import chainrule as cr
    >>> cr.lerp(cr.tensor([0.0, 10.0]), cr.tensor([1.0, 20.0]), 0.5)
    tensor([ 0.5000, 15.0000])
    """
    return apply(REGISTRY["lerp"], (input, end, weight), {}, f"LerpBackward{int(isinstance(weight, Tensor))}")  # type: ignore[no-any-return]


@public(inplace=True, converts=True)
def addcmul(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: float = 1) -> Tensor:
    """`input + value * tensor1 * tensor2`.

    >>> import chainrule as cr
    >>> x = cr.tensor([1.0, 2.0])
    >>> cr.addcmul(x, x, x, value=10)
    tensor([11., 42.])
    """
    return _addc("addcmul", (input, tensor1, tensor2), value)


@public(inplace=True, converts=True)
def addcdiv(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: float = 1) -> Tensor:
    """`input + value * tensor1 / tensor2`."""
    if all(isinstance(t, Tensor) and t._a.dtype.kind != "f" for t in (tensor1, tensor2)):
        raise RuntimeError(
            "Integer division with addcdiv is no longer supported: it would have to round. Convert one of the tensors "
            "to floats, or write (input + value * torch.div(tensor1, tensor2, rounding_mode='trunc'))."
        )
    return _addc("addcdiv", (input, tensor1, tensor2), value)


def _addc(name: str, operands: tuple[Tensor, ...], value: float) -> Tensor:
    target = dtypes.result_type([t._a if isinstance(t, Tensor) else t for t in operands])
    if isinstance(value, float) and target.kind != "f":
        raise RuntimeError("For integral input tensors, argument value must not be a floating point number.")
    return apply(REGISTRY[name], operands, {"value": value})  # type: ignore[no-any-return]


# ------------------------------------------------------------------------------------------------ powers and the like


def float_power(input: Any, exponent: Any, *, out: Tensor | None = None) -> Tensor:
    """`input ** exponent` in float64.

    >>> import chainrule as cr
    >>> cr.float_power(cr.tensor([2, 3]), -1)
    tensor([0.5000, 0.3333], dtype=torch.float64)
    """
    base, exponent = (
        REGISTRY["cast"](x, dtype=dtypes.F64) if isinstance(x, Tensor) and x._a.dtype is not dtypes.F64
        else x if isinstance(x, Tensor) else float(x)
        for x in (input, exponent)
    )  # fmt: skip
    return _pow(base, exponent, out=out)  # type: ignore[no-any-return]


def _float_power_in_place(self: Tensor, exponent: Any) -> Tensor:
    if self._a.dtype is not dtypes.F64:
        raise RuntimeError(
            f"the base given to float_power_ has dtype {dtypes.of(self._a.dtype).legacy.removesuffix('Tensor')} but "
            "the operation's result requires dtype Double"
        )
    return modify(self, "float_power_", float_power, exponent)


_install(float_power, _float_power_in_place, "float_power")


@public()
def frexp(input: Tensor) -> Any:
    """A mantissa between 0.5 and 1 in magnitude and an integer exponent, `input == mantissa * 2**exponent`.

    >>> import chainrule as cr
    >>> m, e = cr.frexp(cr.tensor([3.0, 0.25]))
    >>> m, e
    (tensor([0.7500, 0.5000]), tensor([ 2, -1], dtype=torch.int32))
    """
    if input._a.dtype.kind != "f":
        raise RuntimeError("torch.frexp() only supports floating-point dtypes")
    mantissa, exponent = apply(REGISTRY["frexp"], (input,), {})
    return make("frexp", ("mantissa", "exponent"))(mantissa, exponent)


@public(inplace=True)
def mvlgamma(input: Tensor, p: int) -> Tensor:
    """The logarithm of the multivariate gamma function of dimension `p`, for input > (p - 1) / 2.

    Its definition (Mardia, Kent, Bibby: Multivariate Analysis, 1979): the sum of lgamma(input - j / 2) for
    j = 0 ... p - 1, plus p (p - 1) / 4 log(pi).
    """
    if p < 1:
        raise RuntimeError(f"p has to be greater than or equal to 1, but got {p}")
    total = p * (p - 1) / 4 * math.log(math.pi)
    for j in range(p):
        total = REGISTRY["lgamma"](_sub(input, j / 2)) + total
    return named(total, "MvlgammaBackward0")  # type: ignore[arg-type]


@public(inplace=True, function=False, converts=True)
def polygamma(input: Tensor, n: int) -> Tensor:
    """The n-th derivative of the digamma function."""
    if n < 0:
        raise RuntimeError("polygamma(n, x) does not support negative n.")
    return apply(REGISTRY["polygamma"], (input,), {"n": n})  # type: ignore[no-any-return]


def _polygamma(n: int, input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The n-th derivative of the digamma function at `input`.

    >>> import chainrule as cr
    >>> cr.polygamma(1, cr.tensor([1.0]))
    tensor([1.6449])
    """
    return into(out, polygamma(input, n))  # type: ignore[no-any-return]


FUNCTIONS["polygamma"] = titled(_polygamma, "polygamma", _polygamma.__doc__)

# ------------------------------------------------------------------------------------------------------- comparisons


@public()
def isclose(input: Tensor, other: Tensor, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Tensor:
    """Whether `|input - other| <= atol + rtol * |other|`, element by element; equal infinities are close.

    >>> import chainrule as cr
    >>> cr.isclose(cr.tensor([1.0, 2.0]), cr.tensor([1.0000001, 2.1]))
    tensor([ True, False])
    """
    if not isinstance(other, Tensor):
        raise TypeError(f"isclose(): argument 'other' (position 2) must be Tensor, not {type(other).__name__}")
    if input._a.dtype != other._a.dtype:
        a, b = (dtypes.of(x._a.dtype).legacy.removesuffix("Tensor") for x in (input, other))
        raise RuntimeError(f"{a} did not match {b}")
    if rtol < 0 or atol < 0:
        raise RuntimeError(f"rtol and atol must be greater than or equal to zero, but got rtol={rtol}, atol={atol}")
    close = _eq(input, other)
    if input._a.dtype.kind == "f":
        if equal_nan:
            close = close | ((input != input) & (other != other))
    elif input._a.dtype.kind == "b":
        return close  # type: ignore[no-any-return]
    gap = _abs(input - other)
    return close | (_isfinite(gap) & _le(gap, _abs(other) * rtol + atol))  # type: ignore[no-any-return]


@public()
def allclose(input: Tensor, other: Tensor, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> bool:
    """Whether all elements are close; see `isclose`."""
    return bool(np.all(numbers(isclose(input, other, rtol, atol, equal_nan))))


@public()
def equal(input: Tensor, other: Tensor) -> bool:
    """Whether two tensors have the same shape and the same elements.

    >>> import chainrule as cr
    >>> cr.equal(cr.tensor([1, 2]), cr.tensor([1, 2])), cr.equal(cr.tensor([1, 2]), cr.tensor([[1, 2]]))
    (True, False)
    """
    if not isinstance(other, Tensor):
        raise TypeError(f"equal(): argument 'other' (position 2) must be Tensor, not {type(other).__name__}")
    return bool(np.array_equal(numbers(input), numbers(other)))
