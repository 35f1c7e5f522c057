"""Loops and branches as functions: what a graph can hold where Python's own `for`, `while` and `if` cannot be traced.

In ordinary code they are the Python loops that they stand for, so every mode works. In a compiled function a body is
traced once, however often it runs, and ends and branches may hang on values (`compiler/control`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chainrule.core.op import REGISTRY
from chainrule.core.state import current
from chainrule.core.tensor import Tensor
from chainrule.func.trees import flatten, unflatten

UNMATCHED = "Unmatched output spec from torch.cond branches: true_fn and false_fn give results of other structures."


def cond(pred: Any, true_fn: Callable[..., Any], false_fn: Callable[..., Any], operands: Any = ()) -> Any:
    """`true_fn(*operands)` where `pred` is true, else `false_fn(*operands)`.

    pred: a bool, or a tensor of one element. operands: a tuple of tensors, or of trees of them. In a compiled function
    both functions are traced and one is run; they must give results of the same structure, shapes and dtypes. Under
    `vmap` both are run for all samples, and chosen from.

    Returns what the function gives. Raises TypeError or RuntimeError where arguments or results do not fit.

    >>> import chainrule as cr
    >>> half = cr.compile(lambda x: cr.func.cond(x.sum() > 0, lambda x: x / 2, lambda x: -x, (x,)))
    >>> half(cr.tensor([1.0, 2.0])), half(cr.tensor([-1.0]))
    (tensor([0.5000, 1.0000]), tensor([1.]))
    """
    if not isinstance(operands, (tuple, list)):
        raise RuntimeError(f"Expect operands to be a tuple of possibly nested dict/list/tuple, got {operands}")
    if not callable(true_fn) or not callable(false_fn):
        raise RuntimeError("Expect both branches to be callable.")
    if not isinstance(pred, Tensor):
        if not isinstance(pred, (bool, int, float)):
            raise RuntimeError(f"Expected pred to be bool or tensor, but got {pred}.")
        return true_fn(*operands) if pred else false_fn(*operands)
    if pred.numel() != 1:  # type: ignore[attr-defined]
        raise RuntimeError(f"Expected pred to be bool or single-element tensor, but got {pred}.")
    m = current()
    structured = getattr(m.trace, "structured", None)
    if structured is not None and m.batch is None and not m.levels:
        return structured.cond(m.trace, pred.reshape(()), true_fn, false_fn, operands)  # type: ignore[attr-defined]
    if m.batch is not None or m.trace is not None:
        return _chosen(pred.reshape(()), true_fn(*operands), false_fn(*operands))  # type: ignore[attr-defined]
    return true_fn(*operands) if pred else false_fn(*operands)


def _chosen(pred: Any, yes: Any, no: Any) -> Any:
    first, spec = flatten(yes)
    second, other = flatten(no)
    if spec != other:
        raise RuntimeError(UNMATCHED)
    return unflatten(spec, [REGISTRY["where"](pred, a, b) for a, b in zip(first, second)])


def while_loop(cond_fn: Callable[..., Any], body_fn: Callable[..., Any], carried_inputs: Any) -> Any:
    """`carried = body_fn(*carried)` as long as `cond_fn(*carried)` is true.

    carried_inputs: a tuple of tensors (or trees of them, or Python ints), whose shapes and dtypes stay as they are.
    cond_fn: gives a bool or a tensor of one element. In a compiled function the end may hang on values; the gradient of
    such a loop is refused there (how many steps would have to be kept is not known): use `scan`, or run it uncompiled.

    Returns what was carried last, a tuple. Raises TypeError or RuntimeError where something does not fit.

    >>> import chainrule as cr
    >>> root = cr.compile(lambda a: cr.func.while_loop(
    ...     lambda x: (x * x - a).abs() > 1e-5, lambda x: ((x + a / x) / 2,), (a,))[0])
    >>> root(cr.tensor(9.0))
    tensor(3.)
    """
    if not callable(cond_fn) or not callable(body_fn):
        raise RuntimeError("Expect cond_fn and body_fn to be callable.")
    if not isinstance(carried_inputs, (tuple, list)):
        raise RuntimeError(
            f"Expect carried_inputs to be a tuple of possibly nested dict/list/tuple, got {carried_inputs}"
        )
    m = current()
    structured = getattr(m.trace, "structured", None)
    if structured is not None and m.batch is None and not m.levels:
        return structured.while_loop(m.trace, cond_fn, body_fn, tuple(carried_inputs))
    carried = tuple(carried_inputs)
    while True:
        if not condition(cond_fn(*carried)):
            return carried
        carried = turned(body_fn(*carried), carried)


def condition(got: Any) -> Any:
    """What cond_fn gave: a bool, or a tensor of one element."""
    if not isinstance(got, (bool, Tensor)) or (isinstance(got, Tensor) and got.numel() != 1):  # type: ignore[attr-defined]
        raise RuntimeError(f"cond_fn should return a boolean scalar tensor or a boolean value but got {got}")
    return got


def turned(got: Any, carried: Any) -> tuple[Any, ...]:
    """What body_fn gave: a tuple of the kind of what is carried."""
    if not isinstance(got, (tuple, list)):
        raise RuntimeError(f"body_fn should return a tuple, as carried_inputs, but got {type(got).__name__}")
    same_kind("body_fn", tuple(got), carried, "carried_inputs")
    return tuple(got)


def scan(
    combine_fn: Callable[[Any, Any], tuple[Any, Any]], init: Any, xs: Any, *, dim: int = 0, reverse: bool = False
) -> tuple[Any, Any]:
    """`carry, y = combine_fn(carry, x)` for each slice x of xs along `dim`; the last carry, and all y stacked.

    init: a tensor or a tree of tensors; each carry has its structure, shapes and dtypes. xs: a tensor or a tree of
    tensors with the same length n along dim. reverse: from the last slice to the first; y stands where its x stood.

    Returns (carry, ys): ys has n in front of the shapes of y. Raises RuntimeError or ValueError where something does
    not fit. A compiled function traces combine_fn once, and keeps the carries for its gradient; where they would take
    more than 64 MB, those of every sqrt(n)-th step, from which the others are computed again (A. Griewank, 1992).

    >>> import chainrule as cr
    >>> total, parts = cr.func.scan(lambda c, x: (c + x, c + x), cr.tensor(0.0), cr.tensor([1.0, 2.0, 3.0]))
    >>> total, parts
    (tensor(6.), tensor([1., 3., 6.]))
    """
    if not callable(combine_fn):
        raise RuntimeError(f"Combine_fn must be a callable, but got {combine_fn}")
    carries, spec = flatten(init)
    slices, slice_spec = flatten(xs)
    for what, leaves in (("init", carries), ("xs", slices)):
        if not leaves or not all(isinstance(x, Tensor) for x in leaves):
            raise RuntimeError(f"All {what} leaves must be a Tensor, and there must be one at least")
    for x in slices:
        if not -x.dim() <= dim < x.dim():
            raise RuntimeError(f"scan: dim {dim} is out of range for xs of shape {list(x.shape)}")
    lengths = {x.shape[dim] for x in slices}
    if len(lengths) > 1:
        raise RuntimeError(f"scan: all xs leaves must have the same length along dim {dim}, got {sorted(lengths)}")
    n = lengths.pop()
    if not n:
        raise RuntimeError("All xs leaves must have a scan dimension > 0")
    slices = [x.movedim(dim, 0) if dim else x for x in slices]
    m = current()
    structured = getattr(m.trace, "structured", None)
    if structured is not None and m.batch is None and not m.levels and n > 1:
        got = structured.scan(m.trace, combine_fn, (carries, spec), (slices, slice_spec), reverse)
        if got is not None:
            return got  # type: ignore[no-any-return]
    carry, kept = init, []
    for t in range(n):
        x = unflatten(slice_spec, [s[n - 1 - t if reverse else t] for s in slices])
        carry, y = combined(combine_fn(carry, x), carries, spec)
        kept.append(flatten(y))
    rows = zip(*(leaves for leaves, _ in kept))
    return carry, unflatten(kept[0][1], [REGISTRY["stack"](*row[:: -1 if reverse else 1], dim=0) for row in rows])


def combined(got: Any, carries: list[Any], spec: Any) -> tuple[Any, Any]:
    """What combine_fn gave: a carry like the first, and anything made of tensors."""
    if not isinstance(got, tuple) or len(got) != 2:
        raise RuntimeError(f"scan: combine_fn must return a pair (next_carry, y), got {type(got).__name__}")
    same_kind("combine_fn", got[0], unflatten(spec, carries), "init")
    if not all(isinstance(y, Tensor) for y in flatten(got[1])[0]):
        raise RuntimeError("scan: what combine_fn returns as y must be a tensor, or a tree of tensors")
    return got


def same_kind(who: str, got: Any, given: Any, what: str) -> None:
    """Raise unless what a function gave has the structure, shapes and dtypes of what it was given."""
    (a, spec), (b, other) = flatten(got), flatten(given)
    if spec != other:
        raise RuntimeError(f"Expected {who} to return a carry of the structure of {what}: {other}, got {spec}")
    for x, y in zip(a, b):
        if isinstance(x, Tensor) != isinstance(y, Tensor):
            raise RuntimeError(f"Expected {who} to return a carry like {what}, but got {type(x).__name__} for {y}")
        if isinstance(x, Tensor) and (x._a.shape, x._a.dtype) != (y._a.shape, y._a.dtype):
            raise RuntimeError(
                f"Expected {who} to return a carry with the shapes and dtypes of {what}: "
                f"{y._a.dtype}{list(y._a.shape)}, got {x._a.dtype}{list(x._a.shape)}"
            )
