"""`vmap`: a function of one sample made a function of a batch of them.

The function is run for each sample and the results are stacked. That is right for every function, whatever it does with
its sample (branches, loops, `.item()`, other transforms), and what it costs is plain to see.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.api.random import get_rng_state, set_rng_state
from chainrule.base.shapes import dim_index
from chainrule.core.op import REGISTRY
from chainrule.core.state import current
from chainrule.core.tensor import Tensor, wrap
from chainrule.func.trees import Spec, flatten, show, spread, unflatten

RANDOM = (
    "vmap: called random operation while in randomness error mode. Please either use the 'same' or "
    "'different' randomness "
    "flags on vmap or perform the randomness operation out of vmap"
)

SAME = (
    "vmap: a compiled function cannot draw the same random numbers for all samples (randomness='same'): draw them "
    "outside of vmap"
)


def vmap(
    func: Callable[..., Any],
    in_dims: Any = 0,
    out_dims: Any = 0,
    randomness: str = "error",
    *,
    chunk_size: int | None = None,
) -> Callable[..., Any]:
    """The function that runs `func` for each sample of a batch and stacks the results.

    in_dims: the dimension along which the samples of each argument lie, or None for an argument that all share; a
        number for all, or a tuple (nested as the arguments are). Keyword arguments are split along dimension 0.
    out_dims: where the samples are to lie in the results.
    randomness: "error" refuses random numbers, "different" draws new ones for each sample, "same" the same for all.

    >>> import chainrule as cr
    >>> cr.func.vmap(cr.dot)(cr.ones(3, 2), cr.ones(3, 2))
    tensor([2., 2., 2.])
    """
    if randomness not in ("error", "different", "same"):
        raise RuntimeError(f"Only allowed values for randomness are 'error', 'different', or 'same'. Got {randomness}")

    @functools.wraps(func)
    def call(*args: Any, **kwargs: Any) -> Any:
        name = getattr(func, "__name__", repr(func))
        leaves, spec, dims = _split(name, in_dims, args)
        more, more_spec = flatten(kwargs)
        leaves, dims = leaves + more, dims + [0 if isinstance(x, Tensor) else None for x in more]
        n = _batch_size(name, in_dims, leaves, dims)
        n_args = len(leaves) - len(more)

        def sample(i: int) -> Any:
            picked = [x if d is None else REGISTRY["select"](x, dim=d, index=i) for x, d in zip(leaves, dims)]
            return func(*unflatten(spec, picked[:n_args]), **unflatten(more_spec, picked[n_args:]))

        if n == 0:
            leaves = [x if d is None else _one_zero(x, d) for x, d in zip(leaves, dims)]
        results = _random(randomness, [functools.partial(sample, i) for i in range(max(n, 1))])
        return _join(name, results, out_dims, n)

    return call


def _split(name: str, in_dims: Any, args: tuple[Any, ...]) -> tuple[list[Any], Spec, list[Any]]:
    """The arguments' leaves, and for each the dimension of the samples, from 0, or None."""
    where = f"vmap({name}, in_dims={in_dims}, ...)(<inputs>)"
    if not isinstance(in_dims, (int, tuple, list)):
        raise ValueError(
            f"{where}: expected `in_dims` to be int or a (potentially nested) tuple matching the "
            "structure of inputs, got: "
            f"{type(in_dims)}."
        )
    leaves, spec = flatten(args)
    if not args:
        raise ValueError(
            f"{where}: got no inputs. Maybe you forgot to add inputs, or you are trying to vmap over a function "
            "with no inputs. The latter is unsupported."
        )
    dims = spread(in_dims, spec)
    if dims is None:
        raise ValueError(
            f"{where}: in_dims is not compatible with the structure of `inputs`. in_dims has structure "
            f"{show(flatten(in_dims)[1])} but inputs has structure {show(spec)}."
        )
    found = []
    for x, d in zip(leaves, dims):
        if d is not None and not isinstance(d, int):
            raise ValueError(
                f"{where}: Got in_dim={d} for an input but in_dim must be either an integer dimension or None."
            )
        if d is not None and not isinstance(x, Tensor):
            raise ValueError(
                f"{where}: Got in_dim={d} for an input but the input is of type {type(x)}. We cannot "
                "vmap over non-Tensor "
                "arguments, please use None as the respective in_dim"
            )
        ndim = len(x._a.shape) if d is not None else 0
        if d is not None and not -ndim <= d < ndim:
            raise ValueError(
                f"{where}: Got in_dim={d} for some input, but that input is a Tensor of "
                f"dimensionality {ndim} so expected "
                f"in_dim to satisfy -{ndim} <= in_dim < {ndim}."
            )
        found.append(None if d is None else d % ndim)
    return leaves, spec, found


def _batch_size(name: str, in_dims: Any, leaves: Sequence[Any], dims: Sequence[Any]) -> int:
    sizes = [x._a.shape[d] for x, d in zip(leaves, dims) if d is not None]
    if not sizes:
        raise ValueError("vmap: Expected at least one Tensor to vmap over")
    if len(set(sizes)) > 1:
        raise ValueError(
            "vmap: Expected all tensors to have the same size in the mapped dimension, got sizes "
            f"{sizes} for the mapped "
            "dimension"
        )
    return int(sizes[0])


def _one_zero(x: Tensor, d: int) -> Tensor:
    # A sample of zeros: an empty batch has none, but the shapes of the results must be known.
    shape = tuple(1 if i == d else s for i, s in enumerate(x._a.shape))
    return wrap(np.zeros(shape, x._a.dtype))


def _random(randomness: str, samples: list[Callable[[], Any]]) -> list[Any]:
    """The results of all samples, with the random stream treated as asked."""
    trace = current().trace
    if trace is not None:  # the stream itself is not touched: its numbers are inputs of the graph
        drawn = len([i for i in trace.inputs if i.drawn])
        results = [run() for run in samples]
        if randomness != "different" and drawn != len([i for i in trace.inputs if i.drawn]):
            raise RuntimeError(RANDOM if randomness == "error" else SAME)
        return results
    before = get_rng_state()
    results = []
    for run in samples:
        if randomness == "same" and results:
            set_rng_state(before)
        results.append(run())
        if randomness == "error" and len(results) == 1 and bool((get_rng_state()._a != before._a).any()):
            set_rng_state(before)
            raise RuntimeError(RANDOM)
    return results


def _join(name: str, results: list[Any], out_dims: Any, n: int) -> Any:
    columns, spec = [], None
    for got in results:
        leaves, spec = flatten(got)
        columns.append(leaves)
    dims = spread(out_dims, spec)
    if dims is None:
        raise ValueError(
            f"vmap({name}, ..., out_dims={out_dims})(<inputs>): out_dims is not compatible with the "
            "structure of `outputs`. "
            f"out_dims has structure {show(flatten(out_dims)[1])} but outputs has structure {show(spec)}."
        )
    return unflatten(spec, [_stack(name, parts, d, n) for parts, d in zip(zip(*columns), dims)])


def _stack(name: str, parts: Sequence[Any], d: int | None, n: int) -> Any:
    if d is None:
        return parts[0]
    for y in parts:
        if not isinstance(y, Tensor):
            raise ValueError(
                f"vmap({name}, ...): `{name}` must only return Tensors, got type {type(y)}. Did you "
                "mean to set out_dims= to "
                "None for output?"
            )
    y = REGISTRY["stack"](*parts, dim=dim_index(d, len(parts[0]._a.shape) + 1))
    return y if n else REGISTRY["narrow"](y, dim=dim_index(d, len(y._a.shape)), start=0, stop=0, step=1)
