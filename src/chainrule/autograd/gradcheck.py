"""Checks of derivatives: what backward says against central differences."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from chainrule.api.backward import grad
from chainrule.autograd import forward_ad
from chainrule.core.conjugate import real
from chainrule.core.op import REGISTRY
from chainrule.core.state import mode
from chainrule.core.tensor import LEAF, Tensor, wrap

Array = np.ndarray[Any, Any]


class GradcheckError(RuntimeError):
    """What a failed check raises; it shows both Jacobians."""


def gradcheck(
    func: Callable[..., Any],
    inputs: Any,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_batched_forward_grad: bool = False,
    check_forward_ad: bool = False,
    check_backward_ad: bool = True,
    fast_mode: bool = False,
    masked: bool | None = None,
) -> bool:
    """Compare the gradients of `func` at `inputs` with central differences of step `eps`; True if they agree.

    inputs: a tensor or several; those that require grad are checked, and should be of float64.
    raise_exception: raise `GradcheckError`, which shows both Jacobians; otherwise return False.
    nondet_tol: how much two runs of backward may differ.
    fast_mode: accepted; the full Jacobians are compared all the same.

    >>> import chainrule as cr
    >>> x = cr.tensor([0.5, 1.0], dtype=cr.float64, requires_grad=True)
    >>> cr.autograd.gradcheck(lambda x: x.exp() * x.sin(), x)
    True
    """
    try:
        given = tuple(inputs) if isinstance(inputs, (tuple, list)) else (inputs,)
        checked = _inputs(given)
        outputs = _outputs(func, given)
        numerical = [[_numerical(func, given, x, k, eps) for x in checked] for k in range(len(outputs))]
        if check_backward_ad:
            _check_backward(func, given, checked, numerical, atol, rtol, nondet_tol, check_grad_dtypes)
            if check_undefined_grad:
                _check_undefined(func, given, checked)
        if check_forward_ad:
            _check_forward(func, given, checked, numerical, atol, rtol)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def gradgradcheck(
    func: Callable[..., Any],
    inputs: Any,
    grad_outputs: Any = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    gen_non_contig_grad_outputs: bool = False,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_fwd_over_rev: bool = False,
    check_rev_over_rev: bool = True,
    fast_mode: bool = False,
    masked: bool = False,
) -> bool:
    """Check second derivatives: `gradcheck` of the gradients of `func`, weighted by `grad_outputs` (or at random)."""
    given = tuple(inputs) if isinstance(inputs, (tuple, list)) else (inputs,)
    if grad_outputs is None:
        draws = np.random.default_rng(0)
        grad_outputs = [wrap(draws.standard_normal(y._a.shape).astype(y._a.dtype)) for y in _outputs(func, given)]
        for g in grad_outputs:
            g._g = LEAF
    weights = tuple(grad_outputs) if isinstance(grad_outputs, (tuple, list)) else (grad_outputs,)

    def gradients(*args: Any) -> Any:
        xs, gs = args[: len(given)], args[len(given) :]
        # A plain copy: the gradient of an input must be taken where that input enters, also if it is given twice.
        xs = tuple(REGISTRY["alias"](x) if isinstance(x, Tensor) and x._g is not None else x for x in xs)
        wanted = [x for x in xs if isinstance(x, Tensor) and x._g is not None]
        got = grad(_outputs(func, xs), wanted, gs, create_graph=True, allow_unused=True)
        return tuple(g for g in got if g is not None)

    return gradcheck(
        gradients, (*given, *weights), eps=eps, atol=atol, rtol=rtol, raise_exception=raise_exception,
        nondet_tol=nondet_tol, check_undefined_grad=False, check_grad_dtypes=check_grad_dtypes,
        check_forward_ad=check_fwd_over_rev, check_backward_ad=check_rev_over_rev,
    )  # fmt: skip


def _inputs(given: Sequence[Any]) -> list[Tensor]:
    checked = [x for x in given if isinstance(x, Tensor) and x._g is not None]
    if not checked:
        raise ValueError(
            "gradcheck expects at least one input tensor to require gradient, but none of the them "
            "have requires_grad=True."
        )
    real("gradcheck", *given)
    for i, x in enumerate(given):
        if isinstance(x, Tensor) and x._g is not None:
            if x._a.dtype != np.float64:
                warnings.warn(
                    f"Input #{i} requires gradient and is not a double precision floating point. This "
                    "check will likely "
                    "fail if all the inputs are not of double precision floating point.",
                    UserWarning,
                    stacklevel=3,
                )
            if np.ndim(x._a) and any(s == 0 and n > 1 for s, n in zip(x._a.strides, x._a.shape)):
                raise RuntimeError(
                    f"The {i}th input has a dimension with stride 0. gradcheck only supports inputs that are "
                    "non-overlapping to be able to compute the numerical gradients correctly. You "
                    "should call .contiguous "
                    "on the input before passing it to gradcheck."
                )
    return checked


def _outputs(func: Callable[..., Any], inputs: Sequence[Any]) -> list[Tensor]:
    """The results that derivatives can be taken of."""
    got = func(*inputs)
    found = [y for y in (got if isinstance(got, (tuple, list)) else (got,)) if isinstance(y, Tensor)]
    real("gradcheck", *found)
    return [y for y in found if y._a.dtype.kind == "f" and (y._g is not None or y._t)] or [
        y for y in found if y._a.dtype.kind == "f"
    ]


def _numerical(func: Callable[..., Any], inputs: Sequence[Any], x: Tensor, k: int, eps: float) -> Array:
    """The Jacobian of result k by x, a row for each element of x, by moving x's elements one at a time."""
    n = x._a.size
    keep = x._a
    rows = []
    try:
        for i in range(n):
            ends = []
            for step in (eps, -eps):
                moved = np.array(keep)
                moved.reshape(-1)[i] += step
                x._a = moved if keep.shape else moved[()]
                with mode(grad=True):
                    ends.append(np.array(_outputs(func, inputs)[k]._a, np.float64).reshape(-1))
            rows.append((ends[0] - ends[1]) / (2 * eps))
    finally:
        x._a = keep
    return np.array(rows).reshape(n, -1)


def _backward_jacobian(outputs: list[Tensor], k: int, inputs: list[Tensor], dtypes: bool) -> list[Array]:
    y = outputs[k]
    found = [np.zeros((x._a.size, y._a.size)) for x in inputs]
    if y._g is None:
        return found
    for j in range(y._a.size):
        v = np.zeros(y._a.shape, y._a.dtype)
        v.reshape(-1)[j] = 1
        for i, g in enumerate(grad(y, inputs, wrap(v[()]), retain_graph=True, allow_unused=True)):
            if g is None:
                continue
            if g._a.shape != inputs[i]._a.shape:
                raise GradcheckError(f"grad is incorrect size: {g.shape} for input {i} of size {inputs[i].shape}")  # type: ignore[attr-defined]
            if dtypes and g._a.dtype != inputs[i]._a.dtype:
                raise GradcheckError(f"grad is incorrect type: {g.dtype} for input {i} of {inputs[i].dtype}")
            found[i][:, j] = np.asarray(g._a).reshape(-1)
    return found


def _check_backward(
    func: Any, given: Any, checked: list[Tensor], numerical: Any, atol: float, rtol: float, nondet: float, dtypes: bool
) -> None:
    outputs = _outputs(func, given)
    for k in range(len(outputs)):
        first = _backward_jacobian(outputs, k, checked, dtypes)
        again = _backward_jacobian(outputs, k, checked, dtypes)
        for a, b in zip(first, again):
            if a.size and not np.abs(a - b).max() <= nondet and not np.array_equal(a, b, equal_nan=True):
                raise GradcheckError(
                    "Backward is not reentrant, i.e., running backward with same input and "
                    "grad_output multiple times gives "
                    "different values, although analytical gradient matches numerical gradient. The tolerance for "
                    f"nondeterminism was {nondet}."
                )
        _compare(first, numerical[k], k, atol, rtol, "Jacobian mismatch for output {} with respect to input {}")


def _check_undefined(func: Any, given: Any, checked: list[Tensor]) -> None:
    """With a gradient of zeros, every gradient must be zero or None."""
    for y in _outputs(func, given):
        if y._g is None:
            continue
        for g in grad(y, checked, wrap(np.zeros_like(y._a)[()]), retain_graph=True, allow_unused=True):
            if g is not None and np.asarray(g._a == 0).sum() != g._a.size and not np.isnan(g._a).any():
                raise GradcheckError("Gradients for a gradient of zeros are not zeros: backward is not linear in it.")


def _check_forward(func: Any, given: Any, checked: list[Tensor], numerical: Any, atol: float, rtol: float) -> None:
    count = len(numerical)
    analytical = [[np.zeros_like(numerical[k][i]) for i in range(len(checked))] for k in range(count)]
    for i, x in enumerate(checked):
        for row, v in enumerate(_basis(x)):
            with forward_ad.dual_level():
                duals = [forward_ad.make_dual(y, v) if y is x else y for y in given]
                for k, y in enumerate(_outputs(func, duals)[:count]):
                    tangent = forward_ad.unpack_dual(y).tangent
                    if tangent is not None:
                        analytical[k][i][row] = np.asarray(tangent._a).reshape(-1)
    for k in range(count):
        _compare(
            analytical[k], numerical[k], k, atol, rtol,
            "Jacobian computed with forward mode mismatch for output {} with respect to input {}",
        )  # fmt: skip


def _basis(x: Tensor) -> Iterator[Tensor]:
    for i in range(x._a.size):
        v = np.zeros(x._a.shape, x._a.dtype)
        v.reshape(-1)[i] = 1
        yield wrap(v[()])


def _compare(analytical: list[Array], numerical: list[Array], k: int, atol: float, rtol: float, message: str) -> None:
    for i, (a, n) in enumerate(zip(analytical, numerical)):
        if not np.allclose(a, n, rtol, atol, equal_nan=True):
            raise GradcheckError(f"{message.format(k, i)},\nnumerical:{wrap(n)!r}\nanalytical:{wrap(a)!r}\n")
