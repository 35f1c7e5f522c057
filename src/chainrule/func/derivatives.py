"""Derivatives of functions, as functions: `grad`, `vjp`, `jvp`, `jacrev`, `jacfwd`, `hessian`.

Reverse mode opens its arguments: each becomes a tensor with a node of its own, at which the gradient is caught. All
nested transforms record on the one tape, so nothing can be confused; and the gradient pass is itself recorded just
where something outside may want to differentiate it: where the results lead to a leaf or to a node that is older than
the opened arguments.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.base.shapes import dim_index
from chainrule.core import forward
from chainrule.core.conjugate import real
from chainrule.core.op import REGISTRY
from chainrule.core.state import current, draw, mode
from chainrule.core.tensor import Tensor, twin, wrap
from chainrule.func.batching import vmap
from chainrule.func.diagonal import Diagonal
from chainrule.func.opened import Opened
from chainrule.func.trees import Spec, flatten, show, unflatten

Function = Callable[..., Any]
Argnums = int | tuple[int, ...]


def _chosen(args: Sequence[Any], argnums: Argnums) -> tuple[Any, tuple[int, ...]]:
    """The arguments to differentiate by, and their positions from 0."""
    wanted = argnums if isinstance(argnums, tuple) else (argnums,)
    if not wanted:
        raise RuntimeError("argnums must be non-empty")
    for i in wanted:
        if not isinstance(i, int):
            raise RuntimeError(f"argnum must be int or Tuple[int], got: {type(i)}")
        if not -len(args) <= i < len(args):
            raise RuntimeError(f"Got argnum={i}, but only {len(args)} positional inputs")
    places = tuple(i % len(args) for i in wanted)
    if len(set(places)) != len(places):
        raise RuntimeError(f"argnums elements must be unique, got {argnums}")
    picked = tuple(args[i] for i in places)
    return picked if isinstance(argnums, tuple) else picked[0], places


def _replaced(args: Sequence[Any], places: tuple[int, ...], values: Any, argnums: Argnums) -> list[Any]:
    new = list(args)
    for i, x in zip(places, values if isinstance(argnums, tuple) else (values,)):
        new[i] = x
    return new


def _split_aux(got: Any, has_aux: bool, who: str) -> tuple[Any, Any]:
    if not has_aux:
        return got, None
    if not (isinstance(got, tuple) and len(got) == 2):
        raise RuntimeError(
            f"{who}: output of function f should be a tuple: (output, aux) if has_aux is True, got {type(got).__name__}"
        )
    return got


def _only_tensors(tree: Any, who: str, call: str) -> tuple[list[Tensor], Spec]:
    leaves, spec = flatten(tree)
    for y in leaves:
        if not isinstance(y, Tensor):
            raise RuntimeError(f"{who}: expected {call} to return only tensors, got unsupported type {type(y)}")
    return leaves, spec


# ------------------------------------------------------------------------------------------------------ reverse mode


def grad_and_value(func: Function, argnums: Argnums = 0, has_aux: bool = False) -> Function:
    """The function that returns the gradient of `func` and its value: `(grad, value)`, or `(grad, (value, aux))`.

    >>> import chainrule as cr
    >>> cr.func.grad_and_value(lambda x: x**3)(cr.tensor(2.0))
    (tensor(12.), tensor(8.))
    """

    @functools.wraps(func)
    def call(*args: Any, **kwargs: Any) -> Any:
        chosen, places = _chosen(args, argnums)
        opened = Opened(chosen)
        with mode(grad=True):
            got = func(*_replaced(args, places, opened.tree, argnums), **kwargs)
        y, aux = _split_aux(got, has_aux, "grad_and_value(f)(*args)")
        if not isinstance(y, Tensor):
            raise RuntimeError(f"grad_and_value(f)(*args): Expected f(*args) to return a Tensor, got {type(y)}")
        if y._a.shape:
            raise RuntimeError(
                "grad_and_value(f)(*args): Expected f(*args) to return a scalar Tensor, got tensor "
                f"with {len(y._a.shape)} "
                "dims. Maybe you wanted to use the vjp or jacrev APIs instead?"
            )
        grads = opened.pull([y], [wrap(y._a.dtype.type(1))], opened.outside([y]))
        value = opened.close(y)
        return unflatten(opened.spec, grads), (value, opened.close(aux)) if has_aux else value

    return call


def value_and_grad(func: Function, argnums: Argnums = 0, has_aux: bool = False) -> Function:
    """As `grad_and_value`, in the order that its name says: `(value, grad)`, or `((value, aux), grad)`."""
    both = grad_and_value(func, argnums, has_aux)

    @functools.wraps(func)
    def call(*args: Any, **kwargs: Any) -> Any:
        return both(*args, **kwargs)[::-1]

    return call


def grad(func: Function, argnums: Argnums = 0, has_aux: bool = False) -> Function:
    """The function that returns the gradient of `func`, which returns a single number.

    argnums: which positional arguments to differentiate by; for a tuple of them the gradient is a tuple.
    has_aux: `func` returns `(value, aux)`, and the new function `(gradient, aux)`.

    Arguments may be trees: tuples, lists and dicts of tensors. The gradient then has their structure.

    >>> import chainrule as cr
    >>> slope = cr.func.grad(cr.sin)
    >>> slope(cr.tensor(0.0)), cr.func.grad(slope)(cr.tensor(0.0))
    (tensor(1.), tensor(-0.))
    """
    both = grad_and_value(func, argnums, has_aux)

    @functools.wraps(func)
    def call(*args: Any, **kwargs: Any) -> Any:
        grads, value = both(*args, **kwargs)
        return (grads, value[1]) if has_aux else grads

    return call


def vjp(func: Function, *primals: Any, has_aux: bool = False) -> Any:
    """`func(*primals)` and the function that maps a cotangent of its result to the cotangents of the primals.

    >>> import chainrule as cr
    >>> y, pull = cr.func.vjp(lambda a, b: a * b, cr.tensor(2.0), cr.tensor(5.0))
    >>> y, pull(cr.tensor(1.0))
    (tensor(10.), (tensor(5.), tensor(2.)))
    """
    opened = Opened(primals)
    with mode(grad=True):
        got = func(*opened.tree)
    output, aux = _split_aux(got, has_aux, "vjp(f, *primals)")
    ys, spec = _only_tensors(output, "vjp(f, *primals)", "f(*primals)")
    differentiable = opened.outside(ys)

    def pull(cotangents: Any, retain_graph: bool = True, create_graph: bool | None = None) -> Any:
        gs, structure = flatten(cotangents)
        if structure != spec:
            raise RuntimeError(
                "Expected pytree structure of cotangents to be the same as pytree structure of "
                "outputs to the function. "
                f"cotangents: {show(structure)}, primal output: {show(spec)}"
            )
        for i, (g, y) in enumerate(zip(gs, ys)):
            if g._a.shape != y._a.shape:
                raise RuntimeError(
                    f"Mismatch in shape: grad_output[{i}] has a shape of {g.shape} and output[{i}] has a shape of "
                    f"{y.shape}."
                )
        create = current().grad and (differentiable or any(g._g is not None for g in gs))
        return unflatten(opened.spec, opened.pull(ys, gs, create if create_graph is None else create_graph))

    result = opened.close(output)
    return (result, pull, opened.close(aux)) if has_aux else (result, pull)


def jacrev(func: Function, argnums: Argnums = 0, *, has_aux: bool = False, chunk_size: int | None = None) -> Function:
    """The function that returns the Jacobian of `func`, by reverse mode: a backward pass for all its elements at once.

    The Jacobian of a result of shape s by an argument of shape t has shape s + t; trees of results and of arguments
    give a tree (of results) of trees (of arguments).

    chunk_size: how many elements of a result are taken at once; by memory if None.

    >>> import chainrule as cr
    >>> cr.func.jacrev(lambda x: x**2)(cr.tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]])
    """

    @functools.wraps(func)
    def call(*args: Any, **kwargs: Any) -> Any:
        chosen, places = _chosen(args, argnums)
        opened = Opened(chosen)
        with mode(grad=True):
            got = func(*_replaced(args, places, opened.tree, argnums), **kwargs)
        output, aux = _split_aux(got, has_aux, "jacrev(f)(*args)")
        ys, spec = _only_tensors(output, "jacrev(f)(*args)", "f(*args)")
        create = opened.outside(ys)
        blocks = []
        real("jacrev", *ys)
        for y in ys:

            def rows(v: Tensor, y: Tensor = y) -> tuple[Tensor, ...]:
                return tuple(opened.pull([y], [v], create))

            shapes = [(*y._a.shape, *x._a.shape) for x in opened.tensors]
            widest = max((x._a.nbytes for x in opened.tensors), default=0)
            found = _for_each_unit(rows, y, chunk_size, widest, 0)
            blocks.append(unflatten(opened.spec, [REGISTRY["reshape"](j, shape=s) for j, s in zip(found, shapes)]))
        jacobian = unflatten(spec, blocks)
        return (jacobian, opened.close(aux)) if has_aux else jacobian

    return call


_AT_ONCE = 2**26  # bytes of one intermediate value, where a Jacobian is computed in parts


def _for_each_unit(f: Function, x: Tensor, chunk_size: int | None, nbytes: int, out_dims: int) -> tuple[Tensor, ...]:
    """f of each unit tensor of x's shape, all at once or in parts: the results, stacked along `out_dims`.

    nbytes: how large a value is that f computes from one of them.
    """
    n, shape, dtype = x._a.size, tuple(x._a.shape), x._a.dtype
    size = chunk_size or max(_AT_ONCE // max(nbytes, x._a.nbytes, 1), 1)
    each = vmap(f, out_dims=out_dims, randomness="same")
    parts = []
    for i in range(0, max(n, 1), size):
        units = Diagonal(np.ones(min(size, n - i), dtype), shape, i, units=True) if n else np.zeros((0, *shape), dtype)
        parts.append(each(wrap(units)))
    joined = [REGISTRY["cat"](*column, dim=dim_index(out_dims, len(column[0]._a.shape))) for column in zip(*parts)]
    return parts[0] if len(parts) == 1 else tuple(joined)


# ------------------------------------------------------------------------------------------------------ forward mode


def jvp(func: Function, primals: Any, tangents: Any, *, strict: bool = False, has_aux: bool = False) -> Any:
    """`func(*primals)` and its derivative along `tangents`: `(output, tangent)`, or `(output, tangent, aux)`.

    strict: refuse a result that does not depend on the primals, instead of giving zeros.

    >>> import chainrule as cr
    >>> cr.func.jvp(cr.exp, (cr.tensor(0.0),), (cr.tensor(2.0),))
    (tensor(1.), tensor(2.))
    """
    who = "jvp(f, primals, tangents)"
    if not isinstance(primals, tuple):
        raise RuntimeError(f"{who}: Expected primals to be a tuple. E.g. it should be valid to call f(*primals).")
    xs, spec = flatten(primals)
    ts, structure = flatten(tangents)
    if spec != structure:
        raise RuntimeError(
            f"{who}: Expected primals and tangents to have the same python structure. For example, if "
            "primals is a tuple of "
            f"3 tensors, tangents also must be. Got primals with structure {show(spec)} and tangents with structure "
            f"{show(structure)}"
        )
    if not any(isinstance(x, Tensor) for x in xs):
        raise RuntimeError(f"{who}: Expected primals to contain at least one Tensor.")
    level = draw()
    duals = [_dual(x, t, level) for x, t in zip(xs, ts)]
    with mode(levels=(*current().levels, level)):
        got = func(*unflatten(spec, duals))
    output, aux = _split_aux(got, has_aux, who)
    ys, out_spec = _only_tensors(output, who, "f(*primals)")
    moved = [(y._t or {}).get(level) for y in ys]
    if strict and any(t is None for t in moved):
        raise RuntimeError(
            f"{who}: Expected f to be differentiable w.r.t. primals in strict mode, but a result is not."
        )
    for y in (*ys, *flatten(aux)[0]):
        if isinstance(y, Tensor) and y._t:
            y._t = {k: t for k, t in y._t.items() if k != level} or None
    out = unflatten(out_spec, [REGISTRY["zeros_like"](twin(y, None)) if t is None else t for y, t in zip(ys, moved)])
    return (output, out, aux) if has_aux else (output, out)


def _dual(x: Any, t: Any, level: int) -> Tensor:
    for what in (x, t):
        if not isinstance(what, Tensor):
            raise ValueError(f"Thing passed to transform API must be Tensor, got {type(what)}")
    if x._a.dtype.kind != "f" or t._a.dtype != x._a.dtype:
        raise RuntimeError(
            f"a primal and its tangent must have one floating point dtype, but got {x.dtype} and {t.dtype}"
        )
    if x._a.shape != t._a.shape:
        raise RuntimeError(
            "Trying to set a forward gradient that has a different size than that of the original Tensor, this is not "
            f"supported. Tensor is of size {list(x._a.shape)} while the given forward gradient is of size "
            f"{list(t._a.shape)}."
        )
    if x._g is not None and current().grad:
        return forward.dual(x, t, level)
    dual = twin(x, None)
    dual._t = {**(dual._t or {}), level: t}
    return dual


def jacfwd(
    func: Function,
    argnums: Argnums = 0,
    has_aux: bool = False,
    chunk_size: int | None = None,
    *,
    randomness: str = "error",
) -> Function:
    """The function that returns the Jacobian of `func`, by forward mode: a run of `func` for each input element.

    The result is laid out as that of `jacrev`. Better where the arguments have fewer elements than the results.

    >>> import chainrule as cr
    >>> cr.func.jacfwd(lambda x: x**2)(cr.tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]])
    """

    @functools.wraps(func)
    def call(*args: Any, **kwargs: Any) -> Any:
        chosen, places = _chosen(args, argnums)
        xs, spec = flatten(chosen)
        for x in xs:
            if not isinstance(x, Tensor):
                raise ValueError(f"Thing passed to transform API must be Tensor, got {type(x)}")
        seen: list[Any] = []  # the structure of the results, and aux, from the latest run

        def run(*leaves: Any) -> Any:
            got = func(*_replaced(args, places, unflatten(spec, leaves), argnums), **kwargs)
            output, aux = _split_aux(got, has_aux, "jacfwd(f)(*args)")
            ys, out_spec = _only_tensors(output, "jacfwd(f)(*args)", "f(*args)")
            seen[:] = [out_spec, aux]
            return tuple(ys)

        by_input = []  # for each argument, for each result: the Jacobian
        for i, x in enumerate(xs):
            still = [REGISTRY["zeros_like"](twin(z, None)) for z in xs]

            def columns(v: Tensor, i: int = i, still: list[Any] = still) -> tuple[Tensor, ...]:
                return jvp(run, tuple(xs), (*still[:i], v, *still[i + 1 :]))[1]  # type: ignore[no-any-return]

            found = _for_each_unit(columns, x, chunk_size, 0, -1)
            by_input.append([REGISTRY["reshape"](j, shape=(*j._a.shape[:-1], *x._a.shape)) for j in found])
        out_spec, aux = seen
        jacobian = unflatten(out_spec, [unflatten(spec, blocks) for blocks in zip(*by_input)])
        return (jacobian, aux) if has_aux else jacobian

    return call


def hessian(func: Function, argnums: Argnums = 0) -> Function:
    """The function that returns the second derivatives of `func`: forward mode over reverse mode.

    >>> import chainrule as cr
    >>> cr.func.hessian(lambda x: x[0] ** 2 * x[1])(cr.tensor([3.0, 4.0]))
    tensor([[8., 6.],
            [6., 0.]])
    """
    return jacfwd(jacrev(func, argnums), argnums)


def linearize(func: Function, *primals: Any) -> tuple[Any, Function]:
    """`func(*primals)` and the linear function that maps tangents of the primals to the tangent of the result.

    >>> import chainrule as cr
    >>> y, push = cr.func.linearize(cr.exp, cr.tensor(0.0))
    >>> y, push(cr.tensor(3.0))
    (tensor(1.), tensor(3.))
    """

    def push(*tangents: Any) -> Any:
        return jvp(func, primals, tangents)[1]

    return func(*primals), push
