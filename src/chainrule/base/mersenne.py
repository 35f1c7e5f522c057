"""Random numbers: the stream that PyTorch's CPU generator draws for a seed, bit for bit, over plain NumPy arrays.

Everything starts from one sequence of 32-bit words, the Mersenne Twister of Matsumoto and Nishimura (1998), which NumPy
has too. A distribution is a recipe of how many words an element takes and what becomes of them:

    24 bits of a word            a uniform float32 or float16        53 bits of two words     a uniform float64
    word mod range               an integer (two words from a range of 2**28 on)
    two uniforms                 two normals (Box and Muller, 1958): the second is kept for the next draw where fewer
                                 than 16 are asked for; from 16 on, blocks of 8 + 8 uniforms become 8 + 8 normals
    inverse of the distribution  exponential, Cauchy, geometric, Bernoulli, always from float64 (two words)

Where the result passes through `log` or `sin`, equal bits need an equal function: float64 goes through the C library
(`math`), as PyTorch does, and blocks of float32 normals through the Cephes polynomials with fused multiply-adds, which
is what PyTorch runs on x86 processors with AVX2. Measured against torch 2.13 on Linux x86-64, all draws are equal bit
for bit (10 million float32 normals among them), but for ties in float16 `multinomial`. Elsewhere (another C library, a
processor without AVX2) the last bit of a normal may differ; words consumed, integers, permutations, uniforms and
Bernoulli draws do not depend on the machine.
"""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from . import dtypes, rejection, wide
from .dtypes import BOOL, F32, F64, INT64, NPDtype
from .rounding import block_normals, cast, fma, libm

Array = np.ndarray[Any, Any]
Shape = int | Iterable[int]

DEFAULT_SEED = 67280421310721
_F16 = np.dtype(np.float16)
_CHUNK = 1 << 16  # elements worked on at a time: temporaries stay in the processor's cache
_INT64_MIN, _INT64_MAX = -(2**63), 2**63 - 1

# The bytes of a generator's state, laid out as `torch.get_rng_state()` has them.
_STATE = np.dtype(
    [("seed", "<u8"), ("left", "<i4"), ("seeded", "<i4"), ("next", "<u8"), ("key", "<u8", 624), ("normal_x", "<f8"),
     ("normal", "<f8"), ("normal_rho", "<f8"), ("has_normal", "<i4"), ("pad", "<i4"), ("f32_normal", "<f4"),
     ("has_f32_normal", "<i4")]
)  # fmt: skip


class Generator:
    """A stream of random numbers, equal to that of `torch.Generator(device="cpu")` with the same seed.

    Each draw takes the shape (an int or a tuple) and NumPy dtype of its result, and returns a new array. A shape with
    no elements consumes nothing.

    >>> g = Generator().manual_seed(0)
    >>> g.uniform(3)
    array([0.4962566 , 0.7682218 , 0.08847743], dtype=float32)
    >>> g.random_int((2, 3), 0, 10)
    array([[0, 3, 9],
           [7, 3, 7]])
    """

    __slots__ = ("_made", "_normal", "_seed")
    _made: Any

    def __init__(self, seed: int = DEFAULT_SEED) -> None:
        self.manual_seed(seed)

    @property
    def _twister(self) -> Any:
        """NumPy's generator, made at the first draw: loading numpy.random takes longer than the rest of the package."""
        if self._made is None:
            self._made = np.random.MT19937(0)
            self._made.state = np.random.RandomState(self._seed % 2**32).get_state(legacy=False)
        return self._made

    # ---- seed and state

    def manual_seed(self, seed: int) -> Generator:
        """Start the stream that `seed` stands for, an integer in [-2**63, 2**64); negative ones count from 2**64.

        Only the low 32 bits choose the stream, as in PyTorch.
        """
        seed = int(seed)
        if not -(2**63) <= seed < 2**64:
            raise ValueError(f"Overflow when unpacking long long: the seed {seed} is not in [-2**63, 2**64)")
        self._seed = seed % 2**64
        self._made = None
        self._normal: float | None = None
        return self

    def seed(self) -> int:
        """Seed from the operating system's entropy and return the seed."""
        self.manual_seed(int.from_bytes(os.urandom(8), "little") >> 11)  # 53 bits, exact as a float too
        return self._seed

    def initial_seed(self) -> int:
        """The seed last set."""
        return self._seed

    def get_state(self) -> Array:
        """The state as a uint8 array of 5056 elements, which `set_state` and `torch.set_rng_state` take."""
        twister: Any = self._twister.state["state"]
        state = np.zeros(1, _STATE)
        state["seed"], state["seeded"], state["key"] = self._seed, 1, twister["key"]
        state["next"], state["left"] = twister["pos"], 625 - twister["pos"]
        if self._normal is not None:
            state["has_normal"], state["normal"] = 1, self._normal
        return state.view(np.uint8)

    def set_state(self, state: Array) -> None:
        """Go on from a state that `get_state` (or `torch.get_rng_state`) returned."""
        if not isinstance(state, np.ndarray) or state.dtype != np.uint8:
            raise TypeError("RNG state must be a torch.ByteTensor")
        if state.size != _STATE.itemsize:
            raise RuntimeError(
                f"Expected a CPUGeneratorImplState of size {_STATE.itemsize} but found the input RNG state size to be "
                f"{state.size}"
            )
        s = np.ascontiguousarray(state).reshape(-1).view(_STATE)[0]
        if not (s["seeded"] == 1 and 1 <= s["left"] <= 624 and s["next"] <= 624 and (s["key"] < 2**32).all()):
            raise RuntimeError("Invalid mt19937 state: these bytes were not made by get_state()")
        pos = 624 if s["left"] == 1 else int(s["next"])  # left == 1: the block of 624 words is used up
        self._twister.state = {"bit_generator": "MT19937", "state": {"key": s["key"].astype(np.uint32), "pos": pos}}
        self._seed = int(s["seed"])
        self._normal = float(s["normal"]) if s["has_normal"] else None

    def clone(self) -> Generator:
        """Another generator, at the same place of the same stream."""
        other = Generator()
        other.set_state(self.get_state())
        return other

    # ---- words and uniforms: what all else is made of

    def _words(self, n: int) -> Array:
        """The next n 32-bit words, as uint64."""
        words: Array = self._twister.random_raw(n)
        return words

    def _pairs(self, n: int) -> Array:
        """The next n 64-bit numbers, of two words each, the high one first."""
        w = self._words(2 * n)
        return w[0::2] << np.uint64(32) | w[1::2]

    def _unit(self, n: int, dtype: NPDtype) -> Array:
        """n uniforms in [0, 1): float64 of 53 bits or float32 of 24 bits."""
        words, digits = (self._pairs, 53) if dtype == F64 else (self._words, 24)
        out = np.empty(n, dtype)
        for i in range(0, n, _CHUNK):
            part = out[i : i + _CHUNK]
            bits = words(part.size)
            bits &= np.uint64(2**digits - 1)
            np.multiply(bits.view(np.int64), 0.5**digits, out=part, casting="same_kind")
        return out

    # ---- real numbers

    def uniform(self, shape: Shape, dtype: Any = F32, low: float = 0.0, high: float = 1.0) -> Array:
        """Uniform in [low, high): `torch.rand`, `Tensor.uniform_`. dtype: float16, float32 or float64."""
        shape, n = _sizes(shape)
        dtype = _floating(dtype, "check_uniform_bounds")
        limit = float(np.finfo(dtype).max)
        for value, name in ((low, "from"), (high, "to")):
            if not -limit <= value <= limit:
                raise RuntimeError(f"{name} is out of bounds for {_c_name(dtype)}")
        if low > high:
            raise RuntimeError(
                f"uniform_ expects to return a [from, to) range, but found from={_g(low)} > to={_g(high)}"
            )
        if high - low > limit:
            raise RuntimeError(
                f"uniform_ expects to-from <= std::numeric_limits<{_torch_name(dtype)}>::max(), but found "
                f"to={_g(high)} and from={_g(low)} which result in to-from to exceed the limit"
            )
        work = _work(dtype)
        a, b = work.type(low), work.type(high)
        out = self._unit(n, work)
        if (a, b) != (0, 1):
            out = fma(out, b - a, a)
        out = out.astype(dtype, copy=False)
        if (a, b) != (0, 1) or dtype == _F16:  # rounding may have reached the open end
            out[out == dtype.type(high)] = dtype.type(low)
        return out.reshape(shape)

    def normal(self, shape: Shape, dtype: Any = F32, mean: float = 0.0, std: float = 1.0) -> Array:
        """Normal with this mean and standard deviation: `torch.randn`, `Tensor.normal_`, `torch.normal(0., 1., size)`.

        dtype: float16, float32 or float64.
        """
        _check_std(std)
        shape, n = _sizes(shape)
        dtype = _floating(dtype, "normal_kernel_cpu")
        if n < 16:
            return cast(fma(self._normals(n), float(std), float(mean)), dtype).reshape(shape)
        work, whole, out = _work(dtype), n - n % 16, np.empty(n, dtype)
        # float32 and float64 draw uniforms for all n first, float16 draws block by block
        first = self._unit(whole if dtype == _F16 else n, work)[:whole]
        for i in range(0, whole, _CHUNK):
            out[i : min(i + _CHUNK, whole)] = block_normals(first[i : i + _CHUNK], mean, std)
        if n % 16:  # the last 16 are drawn again
            out[-16:] = block_normals(self._unit(16, work), mean, std)
        return out.reshape(shape)

    def normal_of(self, mean: Array | float, std: Array | float) -> Array:
        """Normal, element by element, where the mean, the standard deviation or both are arrays (they broadcast):
        `torch.normal(mean, std)`. The result has the dtype of `mean` if that is an array, else of `std`."""
        if isinstance(std, np.ndarray):
            if std.size and not std.min() >= 0:
                raise RuntimeError("normal expects all elements of std >= 0.0")
        else:
            _check_std(std)
        like = mean if isinstance(mean, np.ndarray) else std
        if not isinstance(like, np.ndarray):
            raise TypeError("normal_of() expects an array as mean or std; for two numbers use normal()")
        shape = np.broadcast_shapes(np.shape(mean), np.shape(std))
        if not isinstance(std, np.ndarray):
            out = self.normal(shape, like.dtype, 0.0, std)
        else:
            out = self.normal(shape, like.dtype)
            np.multiply(out, std, out=out, casting="same_kind")
        np.add(out, mean, out=out, casting="same_kind")
        return out

    def log_normal(self, shape: Shape, dtype: Any = F32, mean: float = 1.0, std: float = 2.0) -> Array:
        """The exponential of normals: `Tensor.log_normal_`."""
        if not std > 0:
            raise RuntimeError(f"log_normal_ expects std > 0.0, but found std={_g(std)}")
        shape, n = _sizes(shape)
        dtype = _floating(dtype, "log_normal_cpu")
        return cast(libm(math.exp, np.exp, fma(self._normals(n), float(std), float(mean))), dtype).reshape(shape)

    def exponential(self, shape: Shape, dtype: Any = F32, rate: float = 1.0) -> Array:
        """Exponential with this rate (lambda): `Tensor.exponential_`."""
        if not rate > 0:
            raise RuntimeError(f"exponential_ expects lambda > 0.0, but found lambda={_g(rate)}")
        shape, n = _sizes(shape)
        dtype = _continuous(dtype, "Exponential", _torch_name)
        return cast(-1.0 / rate * libm(math.log1p, np.log1p, -self._unit(n, F64)), dtype).reshape(shape)

    def cauchy(self, shape: Shape, dtype: Any = F32, median: float = 0.0, sigma: float = 1.0) -> Array:
        """Cauchy with this median and half-width: `Tensor.cauchy_`."""
        if not sigma > 0:
            raise RuntimeError(f"cauchy_ expects sigma > 0.0, but found sigma={_g(sigma)}")
        shape, n = _sizes(shape)
        dtype = _continuous(dtype, "Cauchy", _c_name)
        tan = libm(math.tan, np.tan, math.pi * (self._unit(n, F64) - 0.5))
        return cast(fma(tan, float(sigma), float(median)), dtype).reshape(shape)

    def geometric(self, shape: Shape, dtype: Any, p: float) -> Array:
        """The number of trials up to the first success, of probability p: `Tensor.geometric_`. Any dtype but bool."""
        if not 0 < p < 1:
            raise RuntimeError(f"geometric_ expects p to be in (0, 1), but got p={_g(p)}")
        shape, n = _sizes(shape)
        dtype = np.dtype(dtype)
        if dtype == BOOL:
            raise NotImplementedError("\"geometric_cpu\" not implemented for 'Bool'")
        trials = np.ceil(libm(math.log, np.log, self._unit(n, F64)) / math.log1p(-p))
        return cast(trials, dtype).reshape(shape)

    # ---- by trying: numbers that take one uniform after the other

    def standard_gamma(self, alpha: Array) -> Array:
        """Gamma variables of shape `alpha` and rate 1, never below the smallest normal number of the dtype."""
        least = np.finfo(_floating(alpha.dtype, "gamma")).tiny
        with self._one_by_one(alpha.size) as (uniform, normal):
            work = alpha.astype(_work(alpha.dtype))
            drawn = [rejection.gamma(a, uniform, normal) for a in work.reshape(-1)]
        above: Array = np.maximum(cast(np.array(drawn, F64), alpha.dtype), least)
        return above.reshape(alpha.shape)

    def dirichlet(self, alpha: Array) -> Array:
        """Shares that sum to 1 along the last dimension: gamma variables, drawn in float64, by their sum."""
        kind = _floating(alpha.dtype, "dirichlet")
        g = self.standard_gamma(alpha.astype(F64))
        shares = cast(g / g.sum(-1, keepdims=True), kind)
        inside: Array = np.clip(shares, np.finfo(kind).tiny, np.nextafter(kind.type(1), kind.type(0)))
        return inside

    def poisson(self, rate: Array) -> Array:
        """Poisson variables: `torch.poisson`."""
        kind = _floating(rate.dtype, "poisson_cpu")
        with self._one_by_one(rate.size) as (uniform, _):
            drawn = [rejection.poisson(x, uniform) for x in rate.reshape(-1).tolist()]
        return cast(np.array(drawn, F64), kind).reshape(rate.shape)

    def binomial(self, count: Array, p: Array) -> Array:
        """Binomial variables: `torch.binomial`."""
        kind = _floating(count.dtype, "binomial_cpu")
        with self._one_by_one(count.size) as (uniform, _):
            pairs = zip(count.reshape(-1).tolist(), np.broadcast_to(p, count.shape).reshape(-1).tolist())
            drawn = [rejection.binomial(n, x, uniform) for n, x in pairs]
        return cast(np.array(drawn, F64), kind).reshape(count.shape)

    @contextmanager
    def _one_by_one(self, about: int) -> Iterator[tuple[rejection.Draw, rejection.Draw]]:
        """Uniforms and normals one at a time: words are drawn in blocks, and at the end the unused ones go back."""
        start, used = self._twister.state, 0

        def blocks() -> Iterator[float]:
            nonlocal used
            while True:
                for u in self._unit(min(max(about, 16), _CHUNK), F64).tolist():
                    used += 1
                    yield u

        uniform = blocks().__next__

        def normal() -> float:
            if self._normal is not None:
                kept, self._normal = self._normal, None
                return kept
            theta, radius = 2.0 * math.pi * uniform(), math.sqrt(-2.0 * math.log1p(-uniform()))
            self._normal = radius * math.sin(theta)
            return radius * math.cos(theta)

        try:
            yield uniform, normal
        finally:
            self._twister.state = start
            self._words(2 * used)

    def _normals(self, n: int) -> Array:
        """n standard float64 normals made in pairs; the second of a pair that is not used now is kept for later."""
        head = [] if self._normal is None or n == 0 else [self._normal]
        made = n - len(head)
        pairs = (made + 1) // 2
        u = self._unit(2 * pairs, F64)
        radius = np.sqrt(-2.0 * libm(math.log1p, np.log1p, -u[1::2]))
        theta = 2.0 * math.pi * u[0::2]
        z = np.empty(2 * pairs)
        z[0::2] = radius * libm(math.cos, np.cos, theta)
        z[1::2] = radius * libm(math.sin, np.sin, theta)
        if n:
            self._normal = float(z[-1]) if made % 2 else None
        return np.concatenate((head, z[:made]))

    # ---- integers

    def random_int(self, shape: Shape, low: int, high: int, dtype: Any = INT64) -> Array:
        """Integers in [low, high): `torch.randint`, `Tensor.random_(low, high)`. Any dtype that holds them."""
        shape, n = _sizes(shape)
        dtype, low, high = np.dtype(dtype), int(low), int(high)
        if not _INT64_MIN <= min(low, high) <= max(low, high) <= _INT64_MAX:
            raise ValueError(f"Overflow when unpacking long long: [{low}, {high}) is not within 64 bits")
        if low >= high:
            raise RuntimeError(f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}")
        if dtype.kind == "f":
            low, high = _round_up(low, dtype), _round_down(high, dtype)
            if low >= high:
                raise RuntimeError(
                    "random_ expects 'from' casted to dtype to be less than 'to' casted to dtype, but got "
                    f"from={low} >= to={high}"
                )
        _check_bounds(low, high - 1, dtype)
        return self._integers(n, low, high - low, dtype).reshape(shape)

    def random_from(self, shape: Shape, low: int, dtype: Any) -> Array:
        """Integers from `low` to the largest of the dtype (2**digits for floats): `Tensor.random_(low, None)`."""
        shape, n = _sizes(shape)
        dtype, low = np.dtype(dtype), int(low)
        if low == _INT64_MIN and dtype in (INT64, F64, F32):  # all 64 bits
            return self._pairs(n).view(np.int64).astype(dtype).reshape(shape)
        if dtype.kind == "f":
            low, last = _round_up(low, dtype), 2 ** (np.finfo(dtype).nmant + 1)
        else:
            last = 1 if dtype == BOOL else min(int(np.iinfo(dtype).max), _INT64_MAX)
        _check_bounds(low, last, dtype)
        if low > last:
            raise RuntimeError(f"random_ expects 'from' to be less than or equal to {last}, but got from={low}")
        return self._integers(n, low, last - low + 1, dtype).reshape(shape)

    def _integers(self, n: int, low: int, span: int, dtype: NPDtype) -> Array:
        # a few percent of bias are accepted below 2**28
        bits = self._pairs(n) if span >= 2**28 else self._words(n)
        bits %= np.uint64(span)
        bits += np.uint64(low % 2**64)
        return bits.view(np.int64).astype(dtype)

    def random_full(self, shape: Shape, dtype: Any) -> Array:
        """Integers over all non-negative values of the dtype, [0, 2**digits] for floats: `Tensor.random_()`."""
        shape, n = _sizes(shape)
        dtype = np.dtype(dtype)
        if dtype.kind == "f":
            span = 2 ** (np.finfo(dtype).nmant + 1) + 1
        elif dtype == BOOL:
            span = 2
        elif dtype.kind == "i" or dtype == np.uint8:
            span = int(np.iinfo(dtype).max) + 1
        else:
            raise NotImplementedError(f"\"random_kernel_cpu\" not implemented for '{_torch_name(dtype)}'")
        bits = self._pairs(n) if dtype in (F64, INT64) else self._words(n)
        return (bits % np.uint64(span)).astype(dtype).reshape(shape)

    def permutation(self, n: int) -> Array:
        """A permutation of 0..n-1 in int64: `torch.randperm` (Fisher and Yates' shuffle)."""
        if n < 0:
            raise RuntimeError(f"Trying to create tensor with negative dimension {n}: [{n}]")
        if n >= (2**32 - 1) // 20:
            return self._large_permutation(n)
        left = np.arange(n, 1, -1, dtype=np.uint64)  # how many are still to be placed at each step
        order = list(range(n))
        for i, j in enumerate((self._words(left.size) % left).tolist()):
            j += i
            order[i], order[j] = order[j], order[i]
        return np.array(order, np.int64)

    def _large_permutation(self, n: int) -> Array:
        """The inside-out shuffle, of two words a step: where one word is too coarse. Takes minutes in Python."""
        result = np.empty(n, np.int64)
        order: Any = memoryview(result)  # type: ignore[arg-type]
        for start in range(0, n, _CHUNK):
            stop = min(start + _CHUNK, n)
            steps = np.arange(start + 1, stop + 1, dtype=np.uint64)
            for i, j in enumerate((self._pairs(stop - start) % steps).tolist(), start):
                order[i] = i
                order[i], order[j] = order[j], order[i]
        return result

    def bernoulli(self, p: Array | float, shape: Shape | None = None, dtype: Any = None) -> Array:
        """Ones with probability p, else zeros.

        p, a number: `Tensor.bernoulli_(p)`, `torch.bernoulli(x, p)`: two words an element, `shape` is needed.
        p, an array (float16, float32, float64): `torch.bernoulli(p)`, `Tensor.bernoulli_(p)` with p broadcast to
        `shape`: one word an element, two for float64. dtype: of the result, by default p's (float32 for a number).
        """
        if not isinstance(p, np.ndarray):
            if not 0 <= p <= 1:
                raise RuntimeError(f"bernoulli_ expects p to be in [0, 1], but got p={_g(p)}")
            if shape is None:
                raise TypeError("bernoulli() with a number as p needs the shape of the result")
            shape, n = _sizes(shape)
            return (self._unit(n, F64) < p).astype(F32 if dtype is None else dtype).reshape(shape)
        kind = _floating(p.dtype, "bernoulli_tensor_cpu_p_")
        shape, n = _sizes(p.shape if shape is None else shape)
        p_wide = np.broadcast_to(p, shape)
        if n and not (p_wide.min() >= 0 and p_wide.max() <= 1):
            raise RuntimeError(
                "Expected p_in >= 0 && p_in <= 1 to be true, but got false: the probabilities lie in "
                f"[{_g(p_wide.min())}, {_g(p_wide.max())}]"
            )
        return (self._unit(n, _work(kind)).reshape(shape) < p_wide).astype(p.dtype if dtype is None else dtype)

    def multinomial(self, weights: Array, num_samples: int, replacement: bool = False) -> Array:
        """Indices drawn by weight: `torch.multinomial`.

        weights: float array (categories,) or (rows, categories), each row non-negative, not all zero.
        Returns int64 of shape (num_samples,) or (rows, num_samples). Unlike PyTorch, which then returns indices of
        weight zero, it raises if there are fewer non-zero weights than samples without replacement. Among float16
        weights without replacement, ties of the race below are common from some hundred categories on; they go to the
        lower index, where PyTorch leaves the order open.
        """
        w = np.asarray(weights)
        _check_weights(w, num_samples, replacement)
        rows = w.reshape(-1, w.shape[-1])
        if replacement and num_samples > 1:
            picked = self._with_replacement(rows, num_samples)
        else:  # the largest w / E, E exponential: the first is picked by weight, the second among the rest, ...
            with np.errstate(divide="ignore", over="ignore"):
                race = rows / self.exponential(rows.shape, rows.dtype)
            picked = wide.argsort(-race, axis=-1, kind="stable")[:, :num_samples]
        return picked.astype(np.int64).reshape(*w.shape[:-1], num_samples)

    def _with_replacement(self, rows: Array, num_samples: int) -> Array:
        """Inverse of the cumulative distribution, one float64 uniform a sample."""
        picked = np.empty((len(rows), num_samples), np.int64)
        for row, out in zip(rows.astype(_work(rows.dtype)), picked):
            cumulative = np.cumsum(row)
            cumulative /= cumulative[-1]
            cumulative[-1] = 1
            out[:] = wide.searchsorted(cumulative, self._unit(num_samples, F64))
        return picked


# ---- checks and names


def _sizes(shape: Shape) -> tuple[tuple[int, ...], int]:
    """A shape as a tuple, and its number of elements."""
    sizes = (int(shape),) if isinstance(shape, (int, np.integer)) else tuple(int(s) for s in shape)
    for s in sizes:
        if s < 0:
            raise RuntimeError(f"Trying to create tensor with negative dimension {s}: {list(sizes)}")
    return sizes, math.prod(sizes)


def _torch_name(dtype: NPDtype) -> str:
    return dtypes.of(dtype).legacy.removesuffix("Tensor")


def _c_name(dtype: NPDtype) -> str:
    names = {"float16": "c10::Half", "float64": "double", "uint8": "unsigned char", "int8": "signed char",
             "int16": "short", "int32": "int", "int64": "long", "uint16": "unsigned short", "uint32": "unsigned int",
             "uint64": "unsigned long", "float32": "float", "bool": "bool"}  # fmt: skip
    return names[dtype.name]


def _g(x: float) -> str:
    return f"{x:g}"


def _work(dtype: NPDtype) -> NPDtype:
    """The dtype that arithmetic is done in."""
    return F64 if dtype == F64 else F32


def _floating(dtype: Any, kernel: str) -> NPDtype:
    given: NPDtype = np.dtype(dtype)
    if given not in (F32, F64, _F16):
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{_torch_name(given)}'")
    return given


def _continuous(dtype: Any, name: str, called: Callable[[NPDtype], str]) -> NPDtype:
    dtype = np.dtype(dtype)
    if dtype.kind != "f":
        raise RuntimeError(
            f"{name} distribution is a continuous probability distribution. dtype must be a floating point but you "
            f"specified {called(dtype)}"
        )
    return _floating(dtype, name)


def _check_std(std: float) -> None:
    if not std >= 0:
        raise RuntimeError(f"normal expects std >= 0.0, but found std {_g(std)}")


def _check_bounds(first: int, last: int, dtype: NPDtype) -> None:
    """Refuse integers that the dtype cannot hold; warn of those that a float holds only roughly."""
    for value, name in ((first, "from"), (last, "to - 1")):
        if dtype.kind == "f":
            lowest, largest = -float(np.finfo(dtype).max), float(np.finfo(dtype).max)
        else:
            lowest, largest = (0, 1) if dtype == BOOL else (np.iinfo(dtype).min, np.iinfo(dtype).max)
        if not lowest <= value <= largest:
            raise RuntimeError(f"{name} is out of bounds for {_c_name(dtype)}")
        if dtype.kind == "f" and abs(value) > 2 ** (digits := np.finfo(dtype).nmant + 1):
            warnings.warn(
                f"{name} is out of bounds [-(2^{digits}), 2^{digits}]. Due to precision limitations {_c_name(dtype)} "
                "can support discrete uniform distribution only within this range.",
                stacklevel=3,
            )


def _check_weights(w: Array, num_samples: int, replacement: bool) -> None:
    if w.ndim not in (1, 2):
        raise RuntimeError(f"prob_dist must be 1 or 2 dim, but has shape {list(w.shape)}")
    if w.dtype not in (F32, F64, _F16):
        raise RuntimeError(f"multinomial only supports floating-point dtypes for input, got: {_torch_name(w.dtype)}")
    if num_samples <= 0:
        raise RuntimeError(f"cannot sample n_sample <= 0 samples, got {num_samples}")
    if not replacement and num_samples > w.shape[-1]:
        raise RuntimeError(
            f"cannot sample n_sample > prob_dist.size(-1) samples without replacement: {num_samples} > {w.shape[-1]}"
        )
    if w.shape[-1] > 2**24:
        raise RuntimeError("number of categories cannot exceed 2^24")
    if not (np.isfinite(w).all() and (w >= 0).all()):
        raise RuntimeError("probability tensor contains either `inf`, `nan` or element < 0")
    if w.shape[-1] == 0 or (w.sum(-1, dtype=F64) <= 0).any():
        raise RuntimeError("invalid multinomial distribution (sum of probabilities <= 0)")
    if not replacement and ((w > 0).sum(-1) < num_samples).any():
        raise RuntimeError(
            "invalid multinomial distribution (with replacement=False, not enough non-negative category to sample): "
            f"{num_samples} samples of {int((w > 0).sum(-1).min())} non-zero weights"
        )


def _round_up(low: int, dtype: NPDtype) -> int:
    """`low`, or where the float dtype rounds low + 1 below it, the next number that the dtype holds."""
    if abs(low + 1) > np.finfo(dtype).max:
        return low  # for `_check_bounds` to refuse
    rounded = int(dtype.type(low + 1))
    return rounded + _gap(low + 1, dtype) if rounded < low else low


def _round_down(high: int, dtype: NPDtype) -> int:
    """`high`, or where the float dtype rounds high - 1 up to it, the number below that the dtype holds."""
    if abs(high - 1) > np.finfo(dtype).max:
        return high
    rounded = int(dtype.type(high - 1))
    return rounded - _gap(high - 1, dtype) if rounded >= high else high


def _gap(x: int, dtype: NPDtype) -> int:
    return 1 << (abs(x).bit_length() - 1 - np.finfo(dtype).nmant)
