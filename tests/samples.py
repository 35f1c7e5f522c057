"""What each op of the table is tested on: one entry per op, and none where the default for its kind will do.

    "log": on(low=0.5, high=2),                          a domain, away from kinks and poles
    "sum": on(((3, 4), {"dim": (1,)}), ref=np.sum),      cases: the shapes of the inputs, then the attributes
    "gcd": on(ints=True),                                integers

An elementwise op without an entry is tested on numbers in [0.2, 0.8]. Numbers are drawn well apart from each other, so
that no maximum or order hangs on a finite-difference step.

The value is compared with `ref`, a function of the arrays and attributes that is independent of the kernel. Without one
it is NumPy's or SciPy's function of the same name.
"""

from __future__ import annotations

import functools
import inspect
import itertools
import math
import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.linalg
import scipy.special

from chainrule.core.op import REGISTRY, Elementwise, Op
from references import (
    _add_at,
    added_at,
    adjoint,
    bce,
    best_at,
    by_lines,
    by_rows,
    convolved,
    embedded,
    fourth_kind,
    gathered,
    greatest,
    heavy,
    looped,
    lower,
    ordered,
    positive,
    put,
    reduced_at,
    remembered,
    running,
    scattered,
    sliced,
    spread,
    symmetric,
    third_kind,
    windows,
)

Array = np.ndarray[Any, Any]
Case = tuple[Any, ...]  # the shape of each input, then the attributes if there are any


@dataclass
class Entry:
    """How to draw inputs for an op and what to compare its value with."""

    cases: tuple[Case, ...] = ()
    low: float = 0.2
    high: float = 0.8
    signs: bool = False  # either sign
    ints: bool = False
    bools: tuple[int, ...] = ()  # inputs that are masks
    domains: tuple[tuple[float, float], ...] = ()  # per input, where they differ
    still: tuple[int, ...] = ()  # inputs that have no derivative
    refuses: bool = False  # has no derivative, and says so when backward asks for it
    ref: Callable[..., Any] | None = None
    before: Callable[..., Any] | None = None  # brings free inputs into the op's domain, e.g. makes a matrix symmetric
    after: Callable[..., Any] | None = None  # what of the results is determined, e.g. eigenvectors but for their signs

    def draw(self, rng: np.random.Generator, case: Case) -> tuple[list[Array], dict[str, Any]]:
        """Inputs and attributes for one case."""
        shapes, attrs = (case[:-1], case[-1]) if case and isinstance(case[-1], dict) else (case, {})
        return [self._array(rng, i, shape) for i, shape in enumerate(shapes)], attrs

    def _array(self, rng: np.random.Generator, i: int, shape: tuple[int, ...]) -> Array:
        n = math.prod(shape)
        if i in self.bools:
            return rng.random(shape) < 0.5
        if self.ints:
            return rng.integers(1, 8, shape)
        low, high = self.domains[i] if self.domains else (self.low, self.high)
        # A grid of n cells, shuffled, with a point somewhere in the middle half of each: no two points are close. The
        # grids of the inputs are shifted against each other.
        x = low + (high - low) * (rng.permutation(n) + 0.25 + 0.1 * (i % 4) + 0.1 * rng.random(n)) / max(n, 1)
        if self.signs:
            x *= rng.choice([-1.0, 1.0], n)
        return x.reshape(shape)


def on(*cases: Case, **how: Any) -> Entry:
    """An entry of the table."""
    return Entry(cases, **how)


def along_by_inverse(a: Any, x: Any) -> Any:
    """How the cofactors of `a`, which has an inverse, change along x: from det(a) a^-T by the product rule."""
    p = np.linalg.inv(a).swapaxes(-2, -1)
    size = np.linalg.det(a)[..., None, None]
    return size * (np.sum(x * p, (-2, -1), keepdims=True) * p - p @ x.swapaxes(-2, -1) @ p)


def arity(op: Op) -> int:
    """How many inputs an elementwise op takes."""
    if isinstance(op, Elementwise) and op.rules:
        return len(op.rules)
    if isinstance(op.kernel, np.ufunc):
        return op.kernel.nin
    return sum(p.default is p.empty for p in inspect.signature(op.kernel).parameters.values())


def entry(name: str) -> Entry:
    """The entry of an op; raises LookupError, which says what to add, where there is none and no default."""
    op = REGISTRY[name]
    found = SAMPLES.get(name)
    if found is None and not isinstance(op, Elementwise):
        raise LookupError(
            f"op {name!r} has no samples: add a line for it to SAMPLES in tests/samples.py, "
            f'such as "{name}": on(((3, 4), {{"dim": 1}}), ref=...)'
        )
    found = found or Entry()
    if not found.cases and isinstance(op, Elementwise):
        n = arity(op)
        found.cases = ((*[(3, 4)] * n,), (*[()] * n,))
    return found


def reference(name: str) -> Callable[..., Any]:
    """What the op's value is compared with; raises LookupError, which says what to add, where nothing is known."""
    ref = entry(name).ref
    if ref is not None:
        return ref
    name = name.removeprefix("special_")
    found = getattr(np, name, None) or getattr(scipy.special, name, None)
    if found is None:
        raise LookupError(
            f"nothing independent to compare {name!r} with: give its entry in SAMPLES of tests/samples.py a `ref`"
        )
    return found  # type: ignore[no-any-return]


def draws(name: str, rng: np.random.Generator) -> Iterator[tuple[list[Array], dict[str, Any]]]:
    """Inputs and attributes for every case of an op."""
    e = entry(name)
    return (e.draw(rng, case) for case in e.cases)


def polynomial(f: Callable[..., Any]) -> Entry:
    """The entry of a family of polynomials, whose degree is the second input, cut to a whole number."""
    return on(domains=((-0.9, 0.9), (2.2, 5.8)), ref=lambda x, n: f(np.trunc(n).astype(int), x))


# -------------------------------------------------------------------------------------------------------- the table

ALL: dict[str, Any] = {"dim": None, "keepdim": False}
REDUCTIONS: tuple[Case, ...] = (
    ((3, 4), ALL),
    ((3, 4), {"dim": (1,), "keepdim": True}),
    ((2, 3, 2), {"dim": (0, 2), "keepdim": False}),
    ((2, 3, 2), {"dim": (1,), "keepdim": False}),
)
ONE_DIM: tuple[Case, ...] = (((3, 4), {"dim": 0, "keepdim": False}), ((3, 4), {"dim": 1, "keepdim": True}))
ALONG: tuple[Case, ...] = (((3, 4), {"dim": 0}), ((2, 3, 2), {"dim": 2}))
ROWS = np.array([[0, 2, 1], [1, 1, 0]])
REAL = {"low": 0.2, "high": 1.2, "signs": True}
ABOVE_ONE = {"low": 1.2, "high": 2.5}
NO_ATTRS: tuple[Case, ...] = (((3, 4),), ((),), ((0, 2),))

SAMPLES: dict[str, Entry] = {
    # arithmetic
    "div": on(ref=np.divide, **REAL),
    "mul": on(ref=np.multiply, **REAL),
    "sub": on(ref=np.subtract, **REAL),
    "neg": on(ref=np.negative, **REAL),
    "pow": on(ref=np.float_power, low=0.3, high=2),
    "rsqrt": on(ref=lambda x: np.power(x, -0.5)),
    "abs": on(**REAL),
    "sign": on(**REAL),
    "sgn": on(ref=np.sign, **REAL),
    "direction": on(ref=np.sign, **REAL),
    "square": on(**REAL),
    # exponentials, trigonometry
    "sigmoid": on(ref=lambda x: 0.5 * (1 + np.tanh(x / 2)), **REAL),
    "log_sigmoid": on(ref=lambda x: -np.logaddexp(0, -x), **REAL),
    "tanh": on(**REAL),
    "sin": on(**REAL),
    "cos": on(**REAL),
    "sinc": on(**REAL),
    "acosh": on(**ABOVE_ONE),
    "atan2": on(**REAL),
    # kinks, steps, choices
    "relu": on(ref=lambda x: x * (x > 0), **REAL),
    "clamp": on(
        ((3, 4), (3, 4), (3, 4)), ((), (), ()), domains=((0.2, 0.8), (0.3, 0.4), (0.5, 0.6)),
        ref=lambda x, low, high: np.where(x < low, low, np.where(x > high, high, x)),
    ),
    "frac": on(ref=lambda x: np.modf(x)[0], **REAL),
    "round": on(**REAL),
    "fmod": on(domains=((2.5, 2.9), (1.0, 1.2))),
    "remainder": on(domains=((2.5, 2.9), (1.0, 1.2))),
    "copysign": on(**REAL),
    "where": on(((3, 4), (3, 4), (3, 4)), ((), (), ()), bools=(0,), **REAL),
    "seldom": on(((3, 4), (3, 4), (3, 4)), ((), (), ()), bools=(0,), ref=np.where, **REAL),
    # comparisons, logic, bits
    "eq": on(ref=np.equal, ints=True),
    "ne": on(ref=np.not_equal, ints=True),
    "lt": on(ref=np.less, ints=True),
    "le": on(ref=np.less_equal, ints=True),
    "gt": on(ref=np.greater, ints=True),
    "ge": on(ref=np.greater_equal, ints=True),
    "signbit": on(**REAL),
    **{f"bitwise_{name}": on(ints=True) for name in ("and", "or", "xor", "not", "left_shift", "right_shift")},
    "gcd": on(ints=True),
    "lcm": on(ints=True),
    # views and shapes
    "sum_to": on(
        ((3, 4), {"shape": (1, 4)}), ((2, 3, 4), {"shape": (3, 1)}), ((3, 4), {"shape": ()}),
        ref=lambda x, shape: np.einsum(x, range(x.ndim), [i for i in range(x.ndim) if i >= x.ndim - len(shape) and
            shape[i - x.ndim] != 1]).reshape(shape),
    ),
    "expand": on(
        ((3, 1), {"shape": (2, 3, 4)}), ((), {"shape": (2,)}), ref=lambda x, shape: x + np.zeros(shape, x.dtype)
    ),
    "cast": on(((3, 4), {"dtype": np.dtype("float64")}), ref=lambda x, dtype: np.array(x, dtype)),
    "clone": on(*NO_ATTRS, ref=np.array),
    "duplicate": on(*NO_ATTRS, ref=np.array),
    "alias": on(*NO_ATTRS, ref=np.array),
    "zeros_like": on(*NO_ATTRS),
    "ones_like": on(*NO_ATTRS),
    "reshape": on(
        ((3, 4), {"shape": (2, 6)}), ((), {"shape": (1, 1)}), ((0, 3), {"shape": (3, 0)}),
        ref=lambda x, shape: x.reshape(shape),
    ),
    "view": on(((3, 4), {"shape": (2, 6)}), ((1,), {"shape": ()}), ref=lambda x, shape: x.ravel().reshape(shape)),
    "permute": on(((2, 3, 4), {"dims": (2, 0, 1)}), ref=lambda x, dims: np.einsum(x, [0, 1, 2], dims)),
    "transpose": on(((2, 3, 4), {"dim0": 0, "dim1": 2}), ref=lambda x, dim0, dim1: np.moveaxis(x, (0, 2), (2, 0))),
    "t": on(((3, 4),), ref=lambda x: np.einsum("ij->ji", x)),
    "squeeze": on(((1, 3, 1), {"dims": (0, 2)}), ref=lambda x, dims: np.squeeze(x, dims)),
    "unsqueeze": on(((3, 4), {"dim": 1}), ((), {"dim": 0}), ref=lambda x, dim: np.stack([x], dim)),
    "flip": on(((3, 4), {"dims": (0,)}), ((2, 3, 2), {"dims": (0, 2)}), ref=lambda x, dims: np.flip(x, dims)),
    "roll": on(
        ((3, 4), {"shifts": (1, -2), "dims": (0, 1)}),
        ref=lambda x, shifts, dims: x[np.ix_([2, 0, 1], [2, 3, 0, 1])],
    ),
    "repeat": on(((2, 3), {"repeats": (2, 1, 2)}), ref=lambda x, repeats: np.array([[*x.T, *x.T]] * 2).swapaxes(1, 2)),
    "view_scatter": on(
        ((3, 4), (3,), {"path": ((REGISTRY["select"], {"dim": 1, "index": 2}),)}), ref=scattered,
    ),
    "narrow": on(
        ((5, 4), {"dim": 0, "start": 1, "stop": 4, "step": 1}), ((2, 6), {"dim": 1, "start": 0, "stop": 6, "step": 2}),
        ref=sliced,
    ),
    "select": on(((3, 4), {"dim": 1, "index": 2}), ref=lambda x, dim, index: x.take(index, dim)),
    "diagonal": on(
        ((3, 4), {"offset": 1, "dim1": 0, "dim2": 1}),
        ref=lambda x, offset, dim1, dim2: np.array([x[i, i + 1] for i in range(3)]),
    ),
    "unfold": on(((6,), {"dim": 0, "size": 3, "step": 2}), ((2, 5), {"dim": 1, "size": 2, "step": 1}), ref=windows),
    "cat": on(((2, 3), (2, 1), {"dim": 1}), ref=lambda *xs, dim: np.hstack(xs)),
    "stack": on(((2, 3), (2, 3), {"dim": 1}), ref=lambda *xs, dim: np.array(xs).transpose(1, 0, 2)),
    "tril": on(((3, 4), {"diagonal": 0}), ((3, 4), {"diagonal": -1}),
        ref=lambda x, diagonal: x * np.tri(3, 4, diagonal)),
    "triu": on(((3, 4), {"diagonal": 1}), ref=lambda x, diagonal: x * (1 - np.tri(3, 4, diagonal - 1))),
    "diag_embed": on(
        ((2, 3), {"offset": 0, "dim1": -2, "dim2": -1}), ((2, 3), {"offset": -1, "dim1": 0, "dim2": 2}), ref=embedded
    ),
    # reductions
    "sum": on(*REDUCTIONS, ((), ALL), ((0, 3), {"dim": (0,), "keepdim": False}), ref=by_rows(math.fsum), **REAL),
    "mean": on(*REDUCTIONS, ((), ALL), ref=by_rows(np.average), **REAL),
    "prod": on(((3, 4), ALL), ((3, 4), {"dim": (1,), "keepdim": True}), ((), ALL), ref=by_rows(math.prod), **REAL),
    "amax": on(*REDUCTIONS, ((), ALL), ref=by_rows(max), **REAL),
    "amin": on(*REDUCTIONS, ((), ALL), ref=by_rows(min), **REAL),
    "logsumexp": on(*REDUCTIONS[1:], ref=by_rows(lambda v: np.log(math.fsum(np.exp(v)))), **REAL),
    "any": on(*REDUCTIONS, ref=by_rows(any)),
    "all": on(*REDUCTIONS, ref=by_rows(all)),
    "argmax": on(*ONE_DIM, ref=by_rows(lambda v: list(v).index(max(v)))),
    "argmin": on(*ONE_DIM, ref=by_rows(lambda v: list(v).index(min(v)))),
    "count_nonzero": on(((3, 4), {"dim": (0,)}), ((3, 4), {"dim": None}),
        ref=by_rows(lambda v: len([*filter(None, v)]))),
    "cumsum": on(*ALONG, ref=by_lines(lambda v: [*itertools.accumulate(v)]), **REAL),
    "cumprod": on(*ALONG, ref=by_lines(lambda v: [*itertools.accumulate(v, float.__mul__)]), **REAL),
    "logcumsumexp": on(*ALONG, ref=by_lines(lambda v: np.log(np.cumsum(np.exp(v)))), **REAL),
    # products
    "matmul": on(
        ((3, 4), (4, 2)), ((4,), (4,)), ((4,), (4, 2)), ((3, 4), (4,)), ((2, 1, 3, 4), (3, 4, 2)), ((3, 0), (0, 2)),
        **REAL,
    ),
    "dot": on(((4,), (4,)), **REAL),
    "contract": on(
        ((2, 3), (3, 4), {"equation": "ij,jk->ik"}), ((2, 3), (4,), {"equation": "ij,k->kj"}),
        ref=lambda a, b, equation: a @ b if equation == "ij,jk->ik" else np.outer(b, a.sum(0)), **REAL,
    ),
    "convolve": on(
        ((2, 2, 7), (3, 2, 3), {"step": (2,), "spread": (1,), "groups": 1}),
        ((2, 4, 5, 4), (2, 2, 2, 3), {"step": (1, 1), "spread": (2, 1), "groups": 2}), ref=convolved, **REAL,
    ),
    "convolve_back": on(
        ((2, 3, 2), (3, 2, 3), {"shape": (6,), "step": (2,), "spread": (1,), "groups": 1}),
        ((1, 2, 2, 2), (2, 1, 2, 2), {"shape": (4, 3), "step": (1, 1), "spread": (2, 1), "groups": 2}),
        ((2, 1, 2), (1, 2, 2), {"shape": (6,), "step": (1,), "spread": (3,), "groups": 1}),  # one more window would fit
        ref=lambda y, w, shape, **how: adjoint(lambda x: convolved(x, w, **how), y,
            (len(y), w.shape[1] * how["groups"], *shape)), **REAL,
    ),
    "convolve_weight": on(
        ((2, 2, 6), (2, 3, 2), {"size": (3,), "step": (2,), "spread": (1,), "groups": 1}),
        ((1, 4, 4, 3), (1, 2, 2, 2), {"size": (2, 2), "step": (1, 1), "spread": (2, 1), "groups": 2}),
        ref=lambda x, y, size, **how: adjoint(lambda w: convolved(x, w, **how), y,
            (y.shape[1], x.shape[1] // how["groups"], *size)), **REAL,
    ),
    "lstm": on(((3, 2, 8), (8, 2), (2, 2), (2, 2)), ref=remembered, **REAL),
    # choosing
    "getitem": on(
        ((4, 3), {"index": (slice(1, 3), 0)}), ((4, 3), {"index": (None, slice(None, None, 2))}),
        ((3,), {"index": (1, ...)}),
        ref=lambda x, index: x[index].copy(),
    ),
    "index_put": on(
        ((4, 3), (2, 3), {"index": (np.array([2, 0]),)}),
        ((4, 3), (3, 3), {"index": (np.array([2, 0, 2]),), "add": True}),
        ref=put,
    ),
    "gather": on(((3, 3), {"dim": 0, "index": ROWS}), ((3, 3), {"dim": 1, "index": ROWS}), ref=gathered),
    "scatter_add": on(((3, 3), (2, 3), {"dim": 0, "index": ROWS}), ref=looped(_add_at)),
    "scatter": on(((3, 3), (2, 3), {"dim": 0, "index": np.array([[0, 2, 1], [1, 0, 0]])}),
        ref=looped(Array.__setitem__)),
    "index_select": on(((3, 4), {"dim": 1, "index": np.array([0, 3, 3])}), ref=lambda x, dim, index: x[:, index]),
    "index_add": on(((3, 4), (3, 3), {"dim": 1, "index": np.array([0, 3, 3])}), ref=added_at),
    "sort": on(((3, 4), {"dim": 1, "descending": False}), ((3, 4), {"dim": 0, "descending": True}), ref=ordered),
    "topk": on(((3, 4), {"dim": 1, "k": 2, "largest": True}), ((5,), {"dim": 0, "k": 2, "largest": False}),
        ref=greatest),
    # written out by more than a formula
    "rsub": on(ref=lambda x, y: np.subtract(y, x), **REAL),
    "lerp": on(ref=lambda x, y, w: (1 - w) * x + w * y),
    "addcmul": on(((3, 4), (3, 4), (3, 4), {"value": 0.5}), ((), (), ()),
        ref=lambda x, a, b, value=1: x + a * b * value),
    "addcdiv": on(((3, 4), (3, 4), (3, 4), {"value": 0.5}), ((), (), ()),
        ref=lambda x, a, b, value=1: x + a * value / b),
    "div_floor": on(domains=((2.5, 2.9), (1.0, 1.2)), ref=lambda x, y: np.floor(x / y)),
    "div_trunc": on(domains=((-2.9, -2.5), (1.0, 1.2)), ref=lambda x, y: np.fix(x / y)),
    "floor_divide": on(domains=((2.5, 2.9), (1.0, 1.2)), refuses=True),
    "heaviside": on(refuses=True, **REAL),
    "found_from": on(((3,), {"values": np.arange(2.0), "of": "aten::found_from"}), refuses=True,
        ref=lambda x, values, of: values),
    "round_to": on(((3, 4), {"decimals": 1}), ((), {"decimals": -1}), ref=lambda x, decimals: np.round(x, decimals)),
    "nan_to_num": on(**REAL),
    "ldexp": on(ref=lambda x, y: x * 2.0**y, **REAL),
    "frexp": on(((3, 4),), **REAL),
    "undefined": Entry(ref=np.copy),  # raises whatever it is given: nothing to draw
    # activations
    "leaky_relu": on(((3, 4), {"negative_slope": 0.1}),
        ref=lambda x, negative_slope: np.maximum(x, negative_slope * x), **REAL),
    "prelu_kernel": on(((3, 4), (3, 4)), ref=lambda x, w: np.clip(x, 0, None) + w * np.clip(x, None, 0), **REAL),
    "hardtanh": on(((3, 4), {"min_val": -0.5, "max_val": 0.7}),
        ref=lambda x, min_val, max_val: np.clip(x, min_val, max_val), **REAL),
    "hardsigmoid": on(ref=lambda x: np.clip(x / 6 + 0.5, 0, 1), low=0.5, high=5, signs=True),
    "hardswish": on(ref=lambda x: x * np.clip(x / 6 + 0.5, 0, 1), low=0.5, high=5, signs=True),
    "hardshrink": on(((3, 4), {"lambd": 0.45}), ref=lambda x, lambd: x * (abs(x) > lambd), **REAL),
    "softshrink": on(((3, 4), {"lambd": 0.45}),
        ref=lambda x, lambd: np.sign(x) * np.maximum(abs(x) - lambd, 0), **REAL),
    "threshold": on(((3, 4), {"threshold": 0.3, "value": 7.0}),
        ref=lambda x, threshold, value: np.where(x > threshold, x, value), **REAL),
    "elu": on(((3, 4), {"alpha": 1.3, "scale": 1.1, "input_scale": 0.9}), ref=lambda x, alpha, scale, input_scale:
        scale * (np.clip(x, 0, None) + alpha * (np.exp(input_scale * np.clip(x, None, 0)) - 1)), **REAL),
    "softplus": on(((3, 4), {"beta": 1.7, "threshold": 1.1}), ref=lambda x, beta, threshold:
        np.where(beta * x > threshold, x, np.log(1 + np.exp(beta * x)) / beta), **REAL),
    "silu": on(ref=lambda x: x * scipy.special.expit(x), **REAL),
    "mish": on(ref=lambda x: x * np.tanh(np.logaddexp(0, x)), **REAL),
    "gelu": on(ref=lambda x: x * scipy.special.ndtr(x), **REAL),
    "gelu_tanh": on(ref=lambda x: x * scipy.special.expit(np.sqrt(8 / np.pi) * (x + 0.044715 * x**3)), **REAL),
    "binary_cross_entropy": on(ref=bce),
    "binary_cross_entropy_with_logits": on(ref=lambda x, y: bce(scipy.special.expit(x), y)),
    "mse_loss": on(((3, 4), (3, 4), {"reduction": "mean"}), ((3, 4), (3, 4), {"reduction": "sum"}),
        ((3,), (3,), {"reduction": "none"}), ref=lambda x, y, reduction:
        {"mean": np.mean, "sum": np.sum, "none": np.copy}[reduction](np.square(x - y)), **REAL),
    "linear": on(((3, 4), (2, 4), (2,)), ((2, 3, 4), (5, 4), (5,)),
        ref=lambda x, w, b: np.einsum("...i,ji->...j", x, w) + b),
    # more of reductions and order
    "var": on(((3, 4), {"dim": None, "correction": 1, "keepdim": False}),
        ((3, 4), {"dim": (1,), "correction": 0, "keepdim": True}),
        ref=spread),
    "std": on(((3, 4), {"dim": (0,), "correction": 1, "keepdim": False}), ref=functools.partial(spread, power=0.5)),
    "max": on(*NO_ATTRS[:2], ref=by_rows(max)),
    "min": on(*NO_ATTRS[:2], ref=by_rows(min)),
    "median": on(((3, 5),), ((4,),), ref=by_rows(statistics.median_low)),
    "nanmedian": on(((3, 5),), ((4,),), ref=by_rows(statistics.median_low)),
    "softmax": on(*ALONG, ((), {"dim": 0}),
        ref=lambda x, dim: scipy.special.softmax(x, dim if x.ndim else None), **REAL),
    "log_softmax": on(*ALONG, ref=lambda x, dim: scipy.special.log_softmax(x, dim), **REAL),
    "vector_norm": on(*(((3, 4), {"ord": o, "dim": d, "keepdim": k}) for o in (2, 1, 3, 0.5, math.inf, -math.inf, 0)
        for d, k in (((0,), True), ((1,), False))), ref=lambda x, ord, dim, keepdim:
        np.linalg.norm(x, ord, dim[0], keepdim), **REAL),
    "argsort": on(*ALONG, ((3, 4), {"dim": 0, "descending": True}),
        ref=lambda x, dim, descending=False: np.argsort(-x if descending else x, dim)),
    "argtop": on(((3, 4), {"dim": 1, "k": 2, "largest": True}),
        ref=lambda x, dim, k, largest: np.argsort(-x, dim)[:, :k]),
    "argkth": on(((3, 4), {"dim": 1, "k": 2}),
        ref=lambda x, dim, k: best_at(lambda v: sorted(v)[k - 1])(x, dim=dim, keepdim=True)),
    "argmedian": on(((3, 4), {"dim": 1, "skip_nan": False}), ((3, 5), {"dim": 0, "skip_nan": True}),
        ref=lambda x, dim, skip_nan: best_at(statistics.median_low)(x, dim=dim, keepdim=True)),
    "argmode": on(((3, 4), {"dim": 1}), ref=lambda x, dim: best_at(min)(x, dim=dim, keepdim=True)),
    "argcummax": on(*ALONG, ref=running(max), **REAL),
    "argcummin": on(*ALONG, ref=running(min), **REAL),
    "take_at": on(((3, 3), {"dim": 0, "index": np.array([[0, 2, 1]]), "keepdim": False}),
        ((3, 3), {"dim": 1, "index": ROWS, "once": False}), ref=lambda x, dim, index, keepdim=True, once=True:
        gathered(x, dim=dim, index=index) if keepdim else gathered(x, dim=dim, index=index)[0]),
    # more of views and choosing
    "index": on(((4, 3), {"index": (np.array([2, 0, 2]),)}), ((4, 3), {"index": (np.array([0, 3]), np.array([1, 1]))}),
        ((3,), {"index": (np.array([True, False, True]),)}), ref=lambda x, index: np.array(x[index])),
    "fill": on(((3, 4), ()), ref=lambda x, value: np.full(x.shape, value)),
    "overwrite": on(((3, 4), (4,)), ref=lambda x, src: np.tile(src, (3, 1))),
    "zeros_of": on(((3, 4), {"shape": (2, 2)}), ref=lambda x, shape: np.zeros(shape)),
    "place": on(((3,), {"shape": (3, 4), "path": ((REGISTRY["select"], {"dim": 1, "index": 2}),)}),
        ref=lambda x, shape, path: np.outer(x, [0, 0, 1, 0])),
    "as_strided": on(((3, 4), {"size": (2, 3), "stride": (4, 2), "offset": 1}),
        ((6,), {"size": (3, 2), "stride": (1, 1), "offset": 0}), ref=lambda x, size, stride, offset:
        np.array([[x.flat[offset + i * stride[0] + j * stride[1]] for j in range(size[1])] for i in range(size[0])])),
    "scatter_reduce": on(
        *(((4,), (5,), {"index": (np.array([0, 2, 2, 1, 0]),), "how": how}) for how in ("prod", "amax", "amin")),
        ref=reduced_at),
    "place_at": on(((3,), {"shape": (3, 4), "index": (slice(None), 2)}),
        ref=lambda x, shape, index: np.outer(x, [0, 0, 1, 0])),
    "put_at": on(((1, 3), {"shape": (3, 3), "dim": 0, "index": np.array([[0, 2, 1]])}),
        ref=lambda x, shape, dim, index: np.eye(3)[index[0]].T * x),
    "nll_loss": on(((4, 3), {"index": (np.arange(4), np.array([0, 2, 1, 1])), "scale": np.array([0.5, 1, 2, 1]),
        "keep": np.array([True, True, False, True]), "over": 2.5}), ref=lambda x, index, scale, keep, over:
        -math.fsum(x[i, j] * w for i, j, w, k in zip(*index, scale, keep) if k) / over),
    "embedding": on(((4, 3), {"index": np.array([[0, 2], [2, 1]]), "padding": None, "by_frequency": False}),
        ref=lambda w, index, **_: np.eye(len(w))[index] @ w),
    "constant_pad_nd": on(((2, 3), {"widths": ((0, 1), (2, 0)), "value": 7.0}), ref=lambda x, widths, value:
        np.block([[np.full((2, 2), value), x], [np.full((1, 5), value)]])),
    "windows": on(((2, 7), {"size": (3,), "step": (2,), "spread": (2,)}), ref=lambda x, size, step, spread:
        np.stack([x[:, [0, 2, 4]], x[:, [2, 4, 6]]], 1)),
    "fold": on(((2, 3), {"shape": (5,), "size": (3,), "step": (2,), "spread": (1,)}), ref=lambda x, **_:
        np.array([x[0, 0], x[0, 1], x[0, 2] + x[1, 0], x[1, 1], x[1, 2]])),
    # matrices
    "cross": on(((2, 3), (2, 3), {"dim": 1}), ((3, 1), (3, 4), {"dim": 0}),
        ref=lambda a, b, dim: np.cross(*np.broadcast_arrays(a, b), axis=dim)),
    "inv": on(((3, 3),), ((2, 3, 3),), before=heavy, ref=np.linalg.inv),
    "det": on(((3, 3),), ((2, 2, 2),), ref=np.linalg.det),
    "slogdet": on(((3, 3),), ref=np.linalg.slogdet),
    "cofactors": on(((3, 3),), before=heavy, ref=lambda a: scipy.linalg.det(a) * scipy.linalg.inv(a).T),
    "cofactors_along": on(((3, 3), (3, 3)), ((2, 2, 2), (2, 2, 2)), before=lambda a, x: (heavy(a), x),
        ref=lambda a, x: along_by_inverse(a, x)),
    "lu_factor": on(((3, 3),), ((2, 4),), ((4, 2),), before=heavy,
        ref=lambda a: (scipy.linalg.lu_factor(a)[0], 1 + np.arange(min(a.shape)))),
    "linalg_solve": on(((3, 3), (3, 2)), ((2, 3, 3), (3, 2)), before=lambda a, b: (heavy(a), b), ref=np.linalg.solve),
    "solve_triangular": on(
        *(((3, 3), (3, 2), {"upper": u, "unitriangular": d}) for u in (True, False) for d in (True, False)),
        before=lambda a, b: (heavy(a), b), ref=lambda a, b, upper, unitriangular:
        scipy.linalg.solve_triangular(a, b, lower=not upper, unit_diagonal=unitriangular)),
    "cholesky": on(((3, 3),), ((2, 3, 3),), before=positive, ref=np.linalg.cholesky),
    "cholesky_solve": on(((3, 2), (3, 3)), before=lambda b, c: (b, lower(c)),
        ref=lambda b, c: scipy.linalg.cho_solve((c, True), b)),
    "qr": on(((4, 3), {"mode": "reduced"}), ((3, 4), {"mode": "reduced"}), ((3, 3), {"mode": "complete"}), before=heavy,
        ref=lambda a, mode: scipy.linalg.qr(a, mode={"reduced": "economic", "complete": "full"}[mode])),
    "eigh": on(((3, 3), {"uplo": "L"}), ((2, 3, 3), {"uplo": "U"}), before=symmetric, after=lambda w, v: (w, v * v),
        ref=lambda a, uplo: np.linalg.eigh(a, uplo)),
    "svd": on(((4, 3), {"full_matrices": False}), ((3, 4), {"full_matrices": False}),
        ((2, 3, 3), {"full_matrices": False}), before=heavy,
        after=lambda u, s, vh: (u * u, s, vh * vh), ref=lambda a, full_matrices: np.linalg.svd(a, full_matrices)),
    "pinv": on(((4, 3), {"atol": 0.0, "rtol": 1e-12, "hermitian": False}), before=heavy,
        ref=lambda a, **_: scipy.linalg.pinv(a)),
    "matrix_exp": on(((3, 3),), ((2, 2, 2),), ref=scipy.linalg.expm),
    # special functions
    "lgamma": on(ref=scipy.special.gammaln, **ABOVE_ONE),
    "digamma": on(**ABOVE_ONE),
    "polygamma": on(((3, 4), {"n": 1}), ((), {"n": 2}), ref=lambda x, n=0: scipy.special.polygamma(n, x), **ABOVE_ONE),
    "igamma": on(ref=scipy.special.gammainc, still=(0,)),
    "igammac": on(ref=scipy.special.gammaincc, still=(0,)),
    "special_zeta": on(ref=scipy.special.zeta, still=(0,), **ABOVE_ONE),
    "special_airy_ai": on(ref=lambda x: scipy.special.airy(x)[0], **REAL),
    "special_airy_ai_prime": on(ref=lambda x: scipy.special.airy(x)[1], **REAL),
    **{f"special_bessel_{f}": on(ref=getattr(scipy.special, f)) for f in ("j0", "j1", "y0", "y1")},
    **{f"special_modified_bessel_{f}": on(ref=getattr(scipy.special, f)) for f in ("i0", "i1", "k0", "k1")},
    **{f"special_scaled_modified_bessel_{f}": on(ref=getattr(scipy.special, f + "e")) for f in ("k0", "k1")},
    "special_spherical_bessel_j0": on(ref=lambda x: scipy.special.spherical_jn(0, x), **REAL),
    "special_chebyshev_polynomial_t": polynomial(scipy.special.eval_chebyt),
    "special_chebyshev_polynomial_u": polynomial(scipy.special.eval_chebyu),
    "special_chebyshev_polynomial_v": polynomial(third_kind),
    "special_chebyshev_polynomial_w": polynomial(fourth_kind),
    "special_shifted_chebyshev_polynomial_t": polynomial(scipy.special.eval_sh_chebyt),
    "special_shifted_chebyshev_polynomial_u": polynomial(scipy.special.eval_sh_chebyu),
    "special_shifted_chebyshev_polynomial_v": polynomial(lambda n, x: third_kind(n, 2 * x - 1)),
    "special_shifted_chebyshev_polynomial_w": polynomial(lambda n, x: fourth_kind(n, 2 * x - 1)),
    "special_hermite_polynomial_h": polynomial(scipy.special.eval_hermite),
    "special_hermite_polynomial_he": polynomial(scipy.special.eval_hermitenorm),
    "special_laguerre_polynomial_l": polynomial(scipy.special.eval_laguerre),
    "special_legendre_polynomial_p": polynomial(scipy.special.eval_legendre),
}  # fmt: skip
