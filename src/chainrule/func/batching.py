"""`vmap`: a function of one sample made a function of a batch of them.

The function is run once, on tensors that hold all samples (`func/batched.py`). A function that asks for the numbers of
one sample (`if x > 0`, `.item()`), or changes a view of it in place, can't be run so: it is run again, on each sample,
and the results are stacked. That is right for every function, whatever it does; a warning says what it costs.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from chainrule.api.random import get_rng_state, set_rng_state
from chainrule.base.shapes import dim_index
from chainrule.core.op import REGISTRY
from chainrule.core.state import current, mode
from chainrule.core.tensor import Tensor, wrap
from chainrule.func.batched import RANDOM, Level, OneByOne
from chainrule.func.trees import Spec, flatten, show, spread, unflatten


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
    chunk_size: how many samples are computed at once; all of them if None.

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
        n, first = _batch_size(name, in_dims, leaves, dims), len(leaves) - len(more)

        def run(given: Sequence[Any]) -> Any:
            return func(*unflatten(spec, given[:first]), **unflatten(more_spec, given[first:]))

        batch = _Batch(name, run, dims, out_dims, randomness)
        if n == 0:  # a sample of zeros tells the shapes of the results
            y = batch.results([x if d is None else _one_zero(x, d) for x, d in zip(leaves, dims)], 1)
            return batch.along(y, _none_of)
        if chunk_size is None or chunk_size >= n:
            return batch.results(leaves, n)
        if chunk_size < 1:
            raise ValueError(f"vmap: chunk_size should be None or greater than 0. (got {chunk_size})")
        parts = []
        for i in range(0, n, chunk_size):
            j = min(i + chunk_size, n)
            cut = [
                x if d is None else REGISTRY["narrow"](x, dim=d, start=i, stop=j, step=1) for x, d in zip(leaves, dims)
            ]
            parts.append(batch.results(cut, j - i))
        return batch.joined(parts)

    return call


class _Batch(NamedTuple):
    """A call of `vmap`: what to run, and where the samples lie in what goes in and comes out."""

    name: str
    run: Callable[[Sequence[Any]], Any]
    dims: Sequence[Any]
    out_dims: Any
    randomness: str

    def results(self, leaves: Sequence[Any], n: int) -> Any:
        """The results of n samples: all at once, or one by one."""
        trace = current().trace
        if trace is not None:
            return self._traced(trace, leaves, n)
        level = self._level(n)
        try:
            return self._together(leaves, level)
        except OneByOne as reason:
            level.rewind()
            if n > 1:
                warnings.warn(
                    f"vmap: {self.name} runs once for each of {n} samples, as {reason}. The results are right, only "
                    "slower; torch.where(condition, a, b) chooses for each sample without asking.",
                    UserWarning,
                    stacklevel=3,
                )
            return self._one_by_one(leaves, n)

    def _traced(self, trace: Any, leaves: Sequence[Any], n: int) -> Any:
        known = len(trace.inputs)
        try:
            return self._together(leaves, self._level(n))
        except OneByOne:
            select = REGISTRY["select"]
            got = self.joined([
                self.run([x if d is None else select(x, dim=d, index=i) for x, d in zip(leaves, self.dims)])
                for i in range(n)
            ], new=True)  # fmt: skip
        if any(i.drawn for i in trace.inputs[known:]):
            raise RuntimeError(RANDOM)
        return got

    def _level(self, n: int) -> Level:
        return Level(n, current().batch, self.randomness)

    def _together(self, leaves: Sequence[Any], level: Level) -> Any:
        try:
            entered = [x if d is None else level.enter(x, d) for x, d in zip(leaves, self.dims)]
            with mode(batch=level):
                got = self.run(entered)
            got = self.along(got, lambda y, d: level.leave(y, d if d is None else dim_index(d, len(y._a.shape) + 1)))
        finally:
            level.closed = True
        level.warn()
        return got

    def _one_by_one(self, leaves: Sequence[Any], n: int) -> Any:
        before = get_rng_state()
        select, results = REGISTRY["select"], []
        for i in range(n):
            if self.randomness == "same":
                set_rng_state(before)
            results.append(self.run([x if d is None else select(x, dim=d, index=i) for x, d in zip(leaves, self.dims)]))
            if self.randomness == "error" and not i and bool((get_rng_state()._a != before._a).any()):
                set_rng_state(before)
                raise RuntimeError(RANDOM)
        return self.joined(results, new=True)

    def along(self, tree: Any, f: Callable[[Tensor, int | None], Any]) -> Any:
        """f of each result and the dimension in which its samples are to lie: None for what is the same for all."""
        ys, spec = flatten(tree)
        pairs = zip(ys, self._places(spec))
        return unflatten(
            spec, [y if d is None and not isinstance(y, Tensor) else f(self._tensor(y), d) for y, d in pairs]
        )

    def joined(self, results: Sequence[Any], new: bool = False) -> Any:
        """The results of several parts as one; of single samples, along a new dimension."""
        columns = list(zip(*[flatten(got)[0] for got in results]))
        spec = flatten(results[0])[1]
        joined = []
        for parts, d in zip(columns, self._places(spec)):
            if d is None:
                joined.append(parts[0])
                continue
            ys = [self._tensor(y) for y in parts]
            joined.append(REGISTRY["stack" if new else "cat"](*ys, dim=dim_index(d, len(ys[0]._a.shape) + new)))
        return unflatten(spec, joined)

    def _places(self, spec: Spec) -> list[Any]:
        dims = spread(self.out_dims, spec)
        if dims is None:
            raise ValueError(
                f"vmap({self.name}, ..., out_dims={self.out_dims})(<inputs>): out_dims is not compatible with the "
                f"structure of `outputs`. out_dims has structure {show(flatten(self.out_dims)[1])} but outputs has "
                f"structure {show(spec)}."
            )
        return dims

    def _tensor(self, y: Any) -> Tensor:
        if not isinstance(y, Tensor):
            raise ValueError(
                f"vmap({self.name}, ...): `{self.name}` must only return Tensors, got type {type(y)}. Did you mean to "
                "set out_dims= to None for output?"
            )
        return y


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


def _none_of(y: Tensor, d: int | None) -> Tensor:
    return y if d is None else REGISTRY["narrow"](y, dim=dim_index(d, len(y._a.shape)), start=0, stop=0, step=1)


def _one_zero(x: Tensor, d: int) -> Tensor:
    # A sample of zeros: an empty batch has none, but the shapes of the results must be known.
    shape = tuple(1 if i == d else s for i, s in enumerate(x._a.shape))
    return wrap(np.zeros(shape, x._a.dtype))
