"""Random tensors: the default generator, and PyTorch's functions and in-place methods that draw from it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from chainrule.api.creation import _np, _shape, made
from chainrule.api.device import here
from chainrule.api.layout import last, preserve_format
from chainrule.api.public import FUNCTIONS, install, named, public
from chainrule.base import dtypes, memory, mersenne, wide
from chainrule.core.inplace import refuse_leaf
from chainrule.core.op import REGISTRY
from chainrule.core.state import current
from chainrule.core.tape import numbers, store
from chainrule.core.tensor import Tensor, touch, wrap


class _Later:
    """A stream under a trace: what is drawn from it becomes an input of the graph, drawn anew at each run."""

    def __init__(self, stream: mersenne.Generator, trace: Any) -> None:
        self._stream, self._trace = stream, trace

    def __getattr__(self, name: str) -> Any:
        if "seed" in name or "state" in name:
            raise RuntimeError("a stream of random numbers cannot be seeded inside a compiled function; do it outside")

        def draw(*args: Any, **kwargs: Any) -> Any:
            like = getattr(self._stream.clone(), name)(*args, **kwargs)  # its shape; the stream itself stays
            return self._trace.drawn(lambda: getattr(self._stream, name)(*args, **kwargs), np.asarray(like))

        return draw


class Generator:
    """A stream of random numbers; `Generator().manual_seed(0)` gives PyTorch's numbers for that seed."""

    def __init__(self, device: Any = "cpu") -> None:
        here(device)
        self.stream = mersenne.Generator()

    @property
    def stream(self) -> Any:
        """Where the numbers come from; under a trace, what stands for those that each run will draw; under `vmap`, what
        draws for all samples.
        """
        m = current()
        stream = self._stream if m.trace is None else _Later(self._stream, m.trace)
        return stream if m.batch is None else m.batch.drawing(stream)

    @stream.setter
    def stream(self, stream: mersenne.Generator) -> None:
        self._stream = stream

    def manual_seed(self, seed: int) -> Generator:
        """Start the stream anew from a seed."""
        self.stream.manual_seed(seed)
        return self

    def seed(self) -> int:
        """Start the stream from a seed of the system's, and return that seed."""
        return self.stream.seed()

    def initial_seed(self) -> int:
        """The seed that the stream was started from."""
        return self.stream.initial_seed()

    def get_state(self) -> Tensor:
        """The stream's state as a tensor of bytes."""
        return wrap(self.stream.get_state())

    def set_state(self, state: Tensor) -> Generator:
        """Go back to a state that `get_state` gave."""
        self.stream.set_state(numbers(state))
        return self


default_generator = Generator()
default_generator.seed()
FUNCTIONS["Generator"] = Generator


def _stream(generator: Generator | None) -> mersenne.Generator:
    return (generator or default_generator).stream


@public(method=False)
def manual_seed(seed: int) -> Generator:
    """Start the default stream of random numbers from a seed: the same numbers as PyTorch's for it."""
    return default_generator.manual_seed(int(seed))


@public(method=False)
def seed() -> int:
    """Start the default stream from a seed of the system's, and return it."""
    return default_generator.seed()


@public(method=False)
def initial_seed() -> int:
    """The seed that the default stream was started from."""
    return default_generator.initial_seed()


@public(method=False)
def get_rng_state() -> Tensor:
    """The default stream's state as a tensor of bytes."""
    return default_generator.get_state()


@public(method=False)
def set_rng_state(new_state: Tensor) -> None:
    """Set the default stream's state."""
    default_generator.set_state(new_state)


@contextmanager
def fork_rng(devices: Any = (), enabled: bool = True, **_: Any) -> Iterator[None]:
    """Leave the default stream, afterwards, as it was before the block."""
    state = default_generator.stream.get_state()
    try:
        yield
    finally:
        if enabled:
            default_generator.stream.set_state(state)


def laid(a: Any, draw: Any) -> Any:
    """Numbers drawn in the order in which `a` lies in memory, `draw(shape)`, in the shape of `a`, as PyTorch fills."""
    if not isinstance(a, np.ndarray) or a.flags.c_contiguous or 0 in a.strides:
        return draw(a.shape)
    order = sorted(range(a.ndim), key=lambda i: -a.strides[i])
    drawn = draw(tuple(a.shape[i] for i in order))
    return drawn.transpose(wide.argsort(order))


def _as(x: Tensor, memory_format: Any, draw: Any) -> Any:
    """Numbers drawn in the shape of x, and in the order in which it lies unless another is asked for."""
    a = x._a
    if last(memory_format, a.shape):
        return laid(memory.with_channels_last(a.shape, np.bool_), draw)
    if type(a) is not np.ndarray or a.flags.c_contiguous or memory_format not in (None, preserve_format):
        return draw(tuple(a.shape))
    return laid(memory.like(a, np.bool_), draw)


def _floats(dtype: Any, name: str) -> Any:
    d = _np(dtype, dtypes.default_float())
    if d.kind != "f":
        raise NotImplementedError(f"\"{name}\" not implemented for '{dtypes.of(d).legacy.removesuffix('Tensor')}'")
    return d


def _drawing(name: str, draw: str) -> None:
    def make(
        *size: Any, generator: Any = None, dtype: Any = None, device: Any = None, layout: Any = None,
        requires_grad: bool = False, pin_memory: bool = False, names: Any = None, out: Any = None,
    ) -> Tensor:  # fmt: skip
        here(device)
        a = getattr(_stream(generator), draw)(_shape(size), _floats(dtype, name))
        if out is not None:
            return out.resize_(a.shape).copy_(wrap(a))
        return made(a, requires_grad)

    def with_size(*args: Any, **kwargs: Any) -> Tensor:
        return make(*(args or (kwargs.pop("size"),)), **kwargs)

    def like(input: Tensor, *, generator: Any = None, dtype: Any = None, device: Any = None, layout: Any = None,
             requires_grad: bool = False, memory_format: Any = None) -> Tensor:  # fmt: skip
        d = _floats(dtype or input.dtype, name)
        return made(_as(input, memory_format, lambda s: getattr(_stream(generator), draw)(s, d)), requires_grad)

    words = "uniform in [0, 1)" if draw == "uniform" else "normal with mean 0 and deviation 1"
    with_size.__name__, like.__name__ = name, f"{name}_like"
    with_size.__doc__, like.__doc__ = f"Random numbers, {words}.", f"Random numbers of the shape of `input`, {words}."
    FUNCTIONS[name], FUNCTIONS[f"{name}_like"] = with_size, like


_drawing("rand", "uniform")
_drawing("randn", "normal")


@public(method=False)
def randint(*args: Any, generator: Any = None, dtype: Any = None, device: Any = None, requires_grad: bool = False,
            layout: Any = None, low: Any = None, high: Any = None, size: Any = None) -> Tensor:  # fmt: skip
    """Random integers: `randint(high, size)` or `randint(low, high, size)`, `high` not included."""
    given = [x for x in args]
    if size is None:
        size = given.pop()
    if high is None:
        high = given.pop()
    if low is None:
        low = given.pop() if given else 0
    a = _stream(generator).random_int(_shape((size,)), int(low), int(high), _np(dtype, dtypes.INT64))
    return made(a, requires_grad)


@public(method=False)
def randint_like(input: Tensor, *args: Any, dtype: Any = None, **kwargs: Any) -> Tensor:
    """Random integers of the shape of `input`."""
    return randint(*args, size=tuple(input._a.shape), dtype=dtype or input.dtype, **kwargs)


@public(method=False)
def randperm(n: int, *, generator: Any = None, dtype: Any = None, device: Any = None, requires_grad: bool = False,
             layout: Any = None, pin_memory: bool = False) -> Tensor:  # fmt: skip
    """The integers from 0 to n - 1 in random order."""
    if n < 0:
        raise RuntimeError(f"n must be non-negative, got {n}")
    return made(_stream(generator).permutation(int(n)).astype(_np(dtype, dtypes.INT64)), requires_grad)


@public(method=False, converts=True)
def normal(mean: Any = 0.0, std: Any = 1.0, size: Any = None, *, generator: Any = None, dtype: Any = None,
           device: Any = None, requires_grad: bool = False, layout: Any = None,
           pin_memory: bool = False) -> Tensor:  # fmt: skip
    """Normal random numbers, with a mean and a deviation for all (and a size), or for each element."""
    stream = _stream(generator)
    if size is not None:
        mean, std = (x.item() if isinstance(x, Tensor) else x for x in (mean, std))
        return made(stream.normal(_shape((size,)), _floats(dtype, "normal"), float(mean), float(std)), requires_grad)
    if not isinstance(mean, Tensor) and not isinstance(std, Tensor):
        raise TypeError("normal() of two numbers needs a size: torch.normal(0., 1., size=(2, 3))")
    m, s = (numbers(x) if isinstance(x, Tensor) else float(x) for x in (mean, std))
    label = f"NormalBackward{isinstance(mean, Tensor) + 2 * isinstance(std, Tensor)}"
    return _drawn(stream.normal_of(m, s), label, mean, std)


def _drawn(a: Any, label: str, *of: Any) -> Tensor:
    """What was drawn, with a history as PyTorch's has: the slopes to what it was drawn by are 0."""
    out = made(a)
    for x in of:
        if isinstance(x, Tensor) and x.requires_grad:
            out = named(REGISTRY["where"](np.True_, out, x), label)
    return out


@public(converts=True)
def bernoulli(input: Tensor, p: float | None = None, *, generator: Any = None) -> Tensor:
    """0s and 1s, 1 with the probability that `input` holds at that place (or p)."""
    stream = _stream(generator)
    if p is not None:
        return made(stream.bernoulli(float(p), input._a.shape, input._a.dtype))
    return _drawn(stream.bernoulli(numbers(input)), "BernoulliBackward0", input)


@public()
def multinomial(input: Tensor, num_samples: int, replacement: bool = False, *, generator: Any = None) -> Tensor:
    """Indices drawn in proportion to the weights in `input` (or in each of its rows)."""
    return made(_stream(generator).multinomial(numbers(input), int(num_samples), bool(replacement)))


@public(method=False)
def poisson(input: Tensor, generator: Any = None) -> Tensor:
    """Poisson random numbers of the rates in `input`."""
    return _drawn(_stream(generator).poisson(numbers(input)), "PoissonBackward0", input)


@public(method=False)
def binomial(count: Tensor, prob: Tensor, generator: Any = None) -> Tensor:
    """How many of `count` trials succeed, each with the probability `prob` (both float tensors that broadcast)."""
    if count.dtype != prob.dtype:
        raise RuntimeError(f"expected prob and count of the same dtype, but found {prob.dtype} and {count.dtype}")
    n, p = np.broadcast_arrays(numbers(count), numbers(prob))
    return made(_stream(generator).binomial(n, p))


@public(method=False)
def _standard_gamma(input: Tensor, generator: Any = None) -> Tensor:
    """Gamma random numbers of the shapes in `input` and rate 1, without a derivative."""
    return made(_stream(generator).standard_gamma(numbers(input)))


@public(method=False)
def _sample_dirichlet(input: Tensor, generator: Any = None) -> Tensor:
    """Shares that sum to 1 along the last dimension, of the concentrations in `input`, without a derivative."""
    return made(_stream(generator).dirichlet(numbers(input)))


def _fill(x: Tensor, what: str, a: Any) -> Tensor:
    """Overwrite x with drawn numbers: its history goes, and a leaf that requires grad refuses."""
    if current().grad:
        refuse_leaf(x, what)
    store(x, a[()] if not a.shape else a)
    touch(x, what)
    if x._g is not None and current().grad:
        x._g = None
    return x


@install
class _Draws:
    def uniform_(self: Tensor, from_: float = 0.0, to: float = 1.0, *, generator: Any = None, **kw: Any) -> Tensor:
        """Fill with numbers uniform in [from, to)."""
        low = kw.pop("from", from_)
        return _fill(
            self,
            "uniform_",
            laid(self._a, lambda shape: _stream(generator).uniform(shape, self._a.dtype, float(low), float(to))),
        )

    def normal_(self: Tensor, mean: float = 0.0, std: float = 1.0, *, generator: Any = None) -> Tensor:
        """Fill with normal numbers."""
        return _fill(self, "normal_", _stream(generator).normal(self._a.shape, self._a.dtype, float(mean), float(std)))

    def random_(self: Tensor, from_: Any = None, to: Any = None, *, generator: Any = None, **kw: Any) -> Tensor:
        """Fill with random integers: all that the dtype holds, or from `from` up to `to`."""
        low, stream, shape, d = kw.pop("from", from_), _stream(generator), self._a.shape, self._a.dtype
        if low is None and to is None:
            a = stream.random_full(shape, d)
        elif to is None:
            a = stream.random_int(shape, 0, int(low), d)
        else:
            a = stream.random_int(shape, int(low or 0), int(to), d)
        return _fill(self, "random_", a)

    def bernoulli_(self: Tensor, p: Any = 0.5, *, generator: Any = None) -> Tensor:
        """Fill with 0s and 1s, 1 with probability p (a number, or a tensor of probabilities)."""
        if isinstance(p, Tensor):
            a = _stream(generator).bernoulli(np.broadcast_to(numbers(p), self._a.shape))
        else:
            a = laid(self._a, lambda shape: _stream(generator).bernoulli(float(p), shape, self._a.dtype))
        return _fill(self, "bernoulli_", a)

    def exponential_(self: Tensor, lambd: float = 1.0, *, generator: Any = None) -> Tensor:
        """Fill with exponentially distributed numbers of rate `lambd`."""
        return _fill(
            self,
            "exponential_",
            laid(self._a, lambda shape: _stream(generator).exponential(shape, self._a.dtype, float(lambd))),
        )

    def cauchy_(self: Tensor, median: float = 0.0, sigma: float = 1.0, *, generator: Any = None) -> Tensor:
        """Fill with Cauchy distributed numbers."""
        stream, d = _stream(generator), self._a.dtype
        a = laid(self._a, lambda shape: stream.cauchy(shape, d, float(median), float(sigma)))
        return _fill(self, "cauchy_", a)

    def log_normal_(self: Tensor, mean: float = 1.0, std: float = 2.0, *, generator: Any = None) -> Tensor:
        """Fill with numbers whose logarithms are normal."""
        a = _stream(generator).log_normal(self._a.shape, self._a.dtype, float(mean), float(std))
        return _fill(self, "log_normal_", a)

    def geometric_(self: Tensor, p: float, *, generator: Any = None) -> Tensor:
        """Fill with geometrically distributed numbers."""
        return _fill(
            self,
            "geometric_",
            laid(self._a, lambda shape: _stream(generator).geometric(shape, self._a.dtype, float(p))),
        )
