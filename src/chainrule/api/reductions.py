"""Sums, means, products, extremes, spreads, running totals and softmax, in PyTorch's signatures.

`dim` is an index, several, or None for everything (where PyTorch allows that); `axis` and `keepdims` are understood
too. What reduces to a chosen element (`max` with a dimension, `median`, ...) is built on `chainrule.ops.order`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.api.public import FUNCTIONS, at_float32, named, public
from chainrule.api.results import make
from chainrule.base import dtypes
from chainrule.base.dtypes import F32, F64, dtype
from chainrule.base.errors import as_floats
from chainrule.base.shapes import dim_index, dim_tuple
from chainrule.core.conjugate import real
from chainrule.core.op import REGISTRY
from chainrule.core.state import MODE, NO_GRAD
from chainrule.core.tape import Meta, Node, known, positions, reads
from chainrule.core.tensor import LEAF, Tensor, new, wrap

Dim = int | tuple[int, ...] | list[int] | None
op = REGISTRY.__getitem__

# ------------------------------------------------------------------------------------------------------------ arguments


def dims_of(name: str, x: Tensor, dim: Dim, keepdim: bool = False) -> tuple[int, ...] | None:
    """A reduction's `dim` as the ops take it. A `keepdim` that is no bool is refused: `x.sum(0, 1)` is not (0, 1)."""
    if keepdim is not True and keepdim is not False:
        raise TypeError(f"{name}(): argument 'keepdim' (position 2) must be bool, not {type(keepdim).__name__}")
    if dim is None or (isinstance(dim, (tuple, list)) and not dim):
        return None
    return dim_tuple(dim, len(x._a.shape))


def one_dim(name: str, x: Tensor, dim: int, keepdim: bool = False, empty: bool = False) -> int:
    """A single dimension as an index from 0, which must hold elements to choose from unless `empty`."""
    dims_of(name, x, None, keepdim)
    if not isinstance(dim, (int, np.integer)) or isinstance(dim, bool):
        raise TypeError(f"{name}(): argument 'dim' (position 1) must be int, not {type(dim).__name__}")
    shape = x._a.shape
    d = dim_index(dim, len(shape))
    if not empty and shape and shape[d] == 0:
        raise IndexError(f"{name}(): Expected reduction dim {d} to have non-zero size.")
    return d


def as_dtype(x: Tensor, d: Any) -> Tensor:
    """x in the dtype asked for, or as it is."""
    if d is None:
        return x
    target = dtypes.as_np(d)
    if target.kind != "f" and x._g is not None:
        raise RuntimeError(f"Autograd not support dtype: {dtypes.of(target).legacy.removesuffix('Tensor')}")
    return x if x._a.dtype is target else op("cast")(x, dtype=target)  # type: ignore[no-any-return]


def total(name: str, x: Tensor, dtype: Any, **attrs: Any) -> Tensor:
    """A sum or product, of x in the dtype asked for: integers are counted in int64 and converted afterwards."""
    return as_dtype(op(name)(as_dtype(x, dtype), **attrs), dtype)


def legacy(x: Tensor) -> str:
    """The name of x's dtype as PyTorch's older messages have it: Float, Long."""
    return dtypes.of(x._a.dtype).legacy.removesuffix("Tensor")


def _some(name: str, x: Tensor, dims: tuple[int, ...] | None, error: type[Exception] = RuntimeError) -> None:
    """Refuse to look for an extreme among no elements."""
    shape = x._a.shape
    if dims is None:
        if 0 in shape:
            raise error(
                f"{name}(): Expected reduction dim to be specified for input.numel() == 0. "
                "Specify the reduction dim with the 'dim' argument."
            )
        return
    for d in dims:
        if shape[d] == 0:
            raise IndexError(f"{name}(): Expected reduction dim {d} to have non-zero size.")


# ------------------------------------------------------------------------------------------------------- sums and means


@public(converts=True)
def sum_(input: Tensor, dim: Dim = None, keepdim: bool = False, *, dtype: dtype | None = None) -> Tensor:
    """The sum of all elements, or along `dim`. Integers and bools are summed in int64.

    >>> import chainrule as cr
    >>> cr.tensor([[1.0, 2.0], [3.0, 4.0]]).sum(dim=0)
    tensor([4., 6.])
    """
    dims = dims_of("sum", input, dim, keepdim)
    got = total("sum", input, dtype, dim=dims, keepdim=keepdim)
    return got if dims is None else named(got, "SumBackward1")


@public(converts=True)
def nansum(input: Tensor, dim: Dim = None, keepdim: bool = False, *, dtype: dtype | None = None) -> Tensor:
    """The sum, NaN counted as 0."""
    x = as_dtype(input, dtype)
    x = op("where")(x == x, x, 0.0) if x._a.dtype.kind == "f" else x
    return named(total("sum", x, dtype, dim=dims_of("nansum", x, dim, keepdim), keepdim=keepdim), "NansumBackward0")


@public(converts=True)
def mean(input: Tensor, dim: Dim = None, keepdim: bool = False, *, dtype: dtype | None = None) -> Tensor:
    """The mean of all elements, or along `dim`. Only floats have one: give `dtype=` for integers.

    >>> import chainrule as cr
    >>> cr.tensor([1, 2, 4]).mean(dtype=cr.float32)
    tensor(2.3333)
    """
    x = as_dtype(input, dtype)
    if x._a.dtype.kind not in "fc":
        which = "Input" if dtype is None else "Optional"
        raise RuntimeError(
            f"mean(): could not infer output dtype. {which} dtype must be either a floating point or complex dtype. "
            f"Got: {legacy(x)}. " + as_floats()
        )
    dims = dims_of("mean", x, dim, keepdim)
    got = op("mean")(x, dim=dims, keepdim=keepdim)
    return got if dims is None else named(got, "MeanBackward1")


@public(converts=True)
@at_float32
def nanmean(input: Tensor, dim: Dim = None, keepdim: bool = False, *, dtype: dtype | None = None) -> Tensor:
    """The mean of the elements that are not NaN."""
    x = as_dtype(input, dtype)
    if x._a.dtype.kind != "f":
        raise RuntimeError(f"nanmean(): expected input to have floating point or complex dtype but got {legacy(x)}")
    return nansum(x, dim, keepdim) / sum_((x == x).detach(), dim, keepdim)


@public(converts=True)
def prod(input: Tensor, dim: int | None = None, keepdim: bool = False, *, dtype: dtype | None = None) -> Tensor:
    """The product of all elements, or along one dimension."""
    dims = dims_of("prod", input, dim, keepdim)
    got = total("prod", input, dtype, dim=dims, keepdim=keepdim)
    return got if dims is None else named(got, "ProdBackward1")


def _quick(name: str) -> None:
    """Put a short way before a published reduction: all of a float32 or float64 tensor, with no mode in force."""
    full, reduction = FUNCTIONS[name], op(name)
    everything = {"dim": None, "keepdim": False}
    average = name == "mean"
    add = np.add.reduce

    def call(input: Any, *args: Any, **kwargs: Any) -> Any:
        if not args and not kwargs and isinstance(input, Tensor):
            m = MODE.get()
            a = input._a
            if (m is None or m is NO_GRAD) and type(a) is np.ndarray and (a.dtype is F32 or a.dtype is F64) and a.size:
                t = new(Tensor)
                t._a = add(a, None) / a.size if average else add(a, None)
                g = input._g
                t._v = t._g = None
                if g is not None and m is None:
                    t._g = node = Node(reduction, (input if g is LEAF else g,), (Meta(a), None), ())
                    node.attrs = everything
                return t
        return full(input, *args, **kwargs)

    functools.update_wrapper(call, full)
    FUNCTIONS[name] = call
    setattr(Tensor, name, call)


_quick("sum")
_quick("mean")

# ------------------------------------------------------------------------------------------------------------- extremes


def pick(x: Tensor, index: Tensor, dim: int, label: str, keepdim: bool = True, once: bool = True) -> Any:
    """(values, indices): the elements at `index` along `dim`, as one differentiable step that prints as `label`."""
    where = positions(index)
    values = named(op("take_at")(x, dim=dim, index=where, keepdim=keepdim, once=once), label)
    if not keepdim and where.ndim:
        index = wrap(op("squeeze")(where, dims=(dim,)) if not known(where) else where.squeeze(dim)[()])
    return reads(values, index), index


def _extreme(name: str, pairwise: str) -> Callable[..., Any]:
    """`max` or `min`, in the three forms that PyTorch has: everything, along a dimension, of two tensors."""
    fields, label = make(name, ("values", "indices")), name.capitalize() + "Backward0"

    def extreme(input: Tensor, dim: Any = None, keepdim: bool = False, *, other: Tensor | None = None) -> Any:
        if isinstance(dim, Tensor) or other is not None:
            return FUNCTIONS[pairwise](input, dim if other is None else other)
        if dim is None:
            _some(name, input, None)
            return op(name)(input)
        d = one_dim(name, input, dim, keepdim)
        index = op("arg" + name)(input, dim=d, keepdim=True) if input._a.shape else wrap(np.int64(0))
        return fields(*pick(input, index, d, label, keepdim))

    extreme.__name__ = name
    extreme.__doc__ = (
        f"The {name}imum of all elements; with `dim` the named tuple (values, indices) along it; with a second tensor "
        "the elementwise one.\n\nThe gradient goes to the chosen element; of everything, equal ones share it."
    )
    return public()(extreme)


max_ = _extreme("max", "maximum")
min_ = _extreme("min", "minimum")


@public()
def amax(input: Tensor, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """The maximum along one or several dimensions; equal elements share the gradient."""
    dims = dims_of("amax", input, dim, keepdim)
    _some("amax", input, dims)
    return op("amax")(input, dim=dims, keepdim=keepdim)  # type: ignore[no-any-return]


@public()
def amin(input: Tensor, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """The minimum along one or several dimensions; equal elements share the gradient."""
    dims = dims_of("amin", input, dim, keepdim)
    _some("amin", input, dims)
    return op("amin")(input, dim=dims, keepdim=keepdim)  # type: ignore[no-any-return]


@public()
def aminmax(input: Tensor, *, dim: int | None = None, keepdim: bool = False) -> Any:
    """The named tuple (min, max) of all elements, or along one dimension."""
    if dim is None and 0 in input._a.shape:
        raise RuntimeError(
            "aminmax(): cannot compute aminmax over an empty dimension as the operation has no identity."
        )
    dims = None if dim is None else dims_of("aminmax", input, one_dim("aminmax", input, dim), keepdim)
    ends = [named(op(name)(input, dim=dims, keepdim=keepdim), "AminmaxBackward0") for name in ("amin", "amax")]
    return make("aminmax", ("min", "max"))(*ends)


def _arg(name: str) -> Callable[..., Tensor]:
    def arg(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
        if input._a.dtype.kind == "b":
            raise RuntimeError(f"{name}(): does not support bool input")
        if dim is None:
            _some(name, input, dims_of(name, input, None, keepdim), IndexError)
        else:
            dim = one_dim(name, input, dim, keepdim)
        return op(name)(input, dim=dim if input._a.shape else None, keepdim=keepdim)  # type: ignore[no-any-return]

    arg.__name__ = name
    arg.__doc__ = f"Where the {name[3:]}imum is: in the flattened tensor, or along `dim`; the first of equal ones."
    return public()(arg)


argmax = _arg("argmax")
argmin = _arg("argmin")


@public()
def all_(input: Tensor, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """Whether all elements, or all along `dim`, are nonzero."""
    return op("all")(input, dim=dims_of("all", input, dim, keepdim), keepdim=keepdim)  # type: ignore[no-any-return]


@public()
def any_(input: Tensor, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """Whether any element, or any along `dim`, is nonzero."""
    return op("any")(input, dim=dims_of("any", input, dim, keepdim), keepdim=keepdim)  # type: ignore[no-any-return]


@public()
def count_nonzero(input: Tensor, dim: Dim = None) -> Tensor:
    """How many elements are not zero."""
    return op("count_nonzero")(input, dim=dims_of("count_nonzero", input, dim))  # type: ignore[no-any-return]


# --------------------------------------------------------------------------------------------------------------- spread


def _spread(
    name: str, x: Tensor, dim: Any, unbiased: bool | None, keepdim: bool, correction: float | None
) -> tuple[Tensor, dict[str, Any]]:
    if isinstance(dim, bool):  # std(x, False): PyTorch's older form
        unbiased, dim = dim, None
    real(name, x)
    if x._a.dtype.kind != "f":
        raise RuntimeError("std and var only support floating point and complex dtypes")
    if unbiased is not None and correction is not None:
        raise TypeError(f"{name}() takes either unbiased or correction, not both: correction=1 is unbiased=True")
    if correction is None:
        correction = 0 if unbiased is False else 1
    over = {"dim": dims_of(name, x, dim, keepdim), "keepdim": keepdim}
    return op(name)(x, correction=correction, **over), over


@public(converts=True)
def var(
    input: Tensor, dim: Dim = None, unbiased: bool | None = None, keepdim: bool = False, *,
    correction: float | None = None,
) -> Tensor:  # fmt: skip
    """The variance: the sum of squared distances from the mean, over n - `correction` (1 unless given)."""
    return _spread("var", input, dim, unbiased, keepdim, correction)[0]


@public(converts=True)
def std(
    input: Tensor, dim: Dim = None, unbiased: bool | None = None, keepdim: bool = False, *,
    correction: float | None = None,
) -> Tensor:  # fmt: skip
    """The standard deviation: the root of `var`."""
    return _spread("std", input, dim, unbiased, keepdim, correction)[0]


@public(method=False)
def var_mean(
    input: Tensor, dim: Dim = None, unbiased: bool | None = None, keepdim: bool = False, *,
    correction: float | None = None,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """The variance and the mean."""
    got, over = _spread("var", input, dim, unbiased, keepdim, correction)
    return named(got, "VarMeanBackward0"), named(op("mean")(input, **over), "VarMeanBackward0")


@public(method=False)
def std_mean(
    input: Tensor, dim: Dim = None, unbiased: bool | None = None, keepdim: bool = False, *,
    correction: float | None = None,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """The standard deviation and the mean."""
    got, over = _spread("std", input, dim, unbiased, keepdim, correction)
    return named(got, "StdMeanBackward0"), named(op("mean")(input, **over), "StdMeanBackward0")


# ------------------------------------------------------------------------------------------ exponentials, stably summed


@public(converts=True)
def logsumexp(input: Tensor, dim: Dim, keepdim: bool = False) -> Tensor:
    """The log of the sum of the exponentials along `dim`, without overflow."""
    return op("logsumexp")(input, dim=dims_of("logsumexp", input, dim, keepdim), keepdim=keepdim)  # type: ignore[no-any-return]


def _shares(name: str, input: Tensor, dim: int, dtype: Any) -> Tensor:
    x = as_dtype(input, dtype)
    if x._a.dtype.kind != "f":
        raise NotImplementedError(
            f"\"{name}_kernel_impl\" not implemented for '{legacy(x)}': give dtype=torch.float32, or use .float()"
        )
    return op(name)(x, dim=one_dim(name, x, dim, empty=True))  # type: ignore[no-any-return]


@public()
def softmax(input: Tensor, dim: int, dtype: dtype | None = None) -> Tensor:
    """Exponentials along `dim`, divided by their sum.

    >>> import chainrule as cr
    >>> cr.tensor([0.0, 0.0, 1000.0]).softmax(0)
    tensor([0., 0., 1.])
    """
    return _shares("softmax", input, dim, dtype)


@public()
def log_softmax(input: Tensor, dim: int, dtype: dtype | None = None) -> Tensor:
    """The log of softmax, exact where softmax itself would round to 0."""
    return _shares("log_softmax", input, dim, dtype)
