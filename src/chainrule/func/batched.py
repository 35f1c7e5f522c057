"""A batch that stands in the place of one sample: what `vmap` and the Jacobians run functions on.

A `Batched` is a payload. It holds an array with the samples along the first axis, and shows the shape of one of them:
the api, the tape, the engine and the derivative rules see a single sample, and compute all of them at once. Applied to
it, an op is applied to what it holds, one axis further on, as the op's column `batch` says (`core/leading.py`); an op
that has none is run sample by sample. Since what it holds may itself be batched, or traced, `vmap` nests and compiles.

A `Level` is one run of `vmap`. Three linear ops lead in and out of it, so that gradients may cross: `ENTER` and `LEAVE`
are each other's transposes, and `SHARE` stands where a tensor from outside is used by all samples, whose gradients then
add up.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, NoReturn

import numpy as np

from chainrule.base import errors, shapes
from chainrule.base.mersenne import Generator
from chainrule.core import dispatch, leading
from chainrule.core.op import REGISTRY, Elementwise, Linear, Op
from chainrule.core.state import draw
from chainrule.core.tape import Meta, Node, edge
from chainrule.core.tensor import Tensor, twin
from chainrule.core.tracer import Tracer
from chainrule.func.diagonal import Diagonal, whole

RANDOM = (
    "vmap: called random operation while in randomness error mode. Please either use the 'same' or 'different' "
    "randomness flags on vmap or perform the randomness operation out of vmap"
)


class OneByOne(RuntimeError, AttributeError):
    """A batch was asked for something that differs from sample to sample; the function has to be run on each."""


class Batched(Tracer):
    """A payload: `a` holds the samples along its first axis; shape and dtype are those of one sample."""

    __slots__ = ("a", "level", "viewed")
    __array_ufunc__ = None  # so that ndarray * batch asks the batch

    def __init__(self, a: Any, level: Level) -> None:
        if a.dtype.kind == "c":
            raise OneByOne("complex numbers are not batched")
        self.a, self.level = a, level
        self.viewed = False  # whether another payload shows a part of this memory, or it shows a part of another's

    def _interpret(self, op: Op, args: Sequence[Any], attrs: dict[str, Any]) -> Any:
        return apply(op, args, attrs)

    # What the package asks of an array --------------------------------------------------------------------------------

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.a.shape[1:])

    @property
    def ndim(self) -> int:
        return len(self.a.shape) - 1

    @property
    def size(self) -> int:
        return shapes.numel(self.shape)

    @property
    def dtype(self) -> Any:
        return self.a.dtype

    @property
    def itemsize(self) -> int:
        return int(self.a.dtype.itemsize)

    @property
    def nbytes(self) -> int:
        return self.size * self.itemsize

    @property
    def flags(self) -> Any:
        return self.a.flags

    def copy(self) -> Batched:
        return Batched(self.a, self.level)  # arrays are never written to: see `write`

    def write(self, value: Any) -> None:
        """What an in-place operation does: all tensors on this payload see the new samples."""
        if self.viewed:
            raise OneByOne(f"a part of a sample was changed in place, in {errors.line()}")
        new = apply(REGISTRY["overwrite"], (self, value), {})
        self.a = new.a

    def view(self) -> Batched:
        return self

    def astype(self, dtype: Any, copy: bool = True) -> Any:
        return self if dtype == self.dtype else apply(REGISTRY["cast"], (self,), {"dtype": np.dtype(dtype)})

    def reshape(self, *shape: Any) -> Any:
        shape = tuple(shape[0]) if len(shape) == 1 and not isinstance(shape[0], int) else shape
        return apply(REGISTRY["reshape"], (self,), {"shape": shape})

    def __repr__(self) -> str:
        return f"<a batch of {self.a.shape[0]}: {self.dtype}{list(self.shape)}>"

    # What differs from sample to sample -------------------------------------------------------------------------------

    def _differs(self, *_: Any, **__: Any) -> NoReturn:
        if self.level.closed:
            raise RuntimeError("a tensor that vmap's function made is used after vmap has ended: return it instead.")
        raise OneByOne(f"the number of a sample was asked for, in {errors.line()}")

    __bool__ = __float__ = __int__ = __index__ = __complex__ = __array__ = __iter__ = __len__ = _differs
    __getitem__ = __setitem__ = __contains__ = _differs
    __hash__ = object.__hash__

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._differs()


# ------------------------------------------------------------------------------------------------------- an op, applied


def apply(op: Op, args: Sequence[Any], attrs: dict[str, Any]) -> Any:
    """`op` on payloads of which some are batched: on what the innermost level's batches hold, one axis further on."""
    level: Any = None
    for x in (*args, *_within(attrs)) if attrs else args:
        if type(x) is Batched:
            if level is None or x.level.number > level.number:
                level = x.level
        elif type(x) is Diagonal:  # its numbers may be batches themselves
            return x._interpret(op, args, attrs)
    rule = leading.elementwise if isinstance(op, Elementwise) else op.columns.get("batch")
    got = None if rule is None else rule(op, Samples(level, args), attrs)
    if got is None:
        got = _sample_by_sample(op, args, attrs, level)
    if op.view and type(args[0]) is Batched:
        args[0].viewed = True
    if op.outputs == 1:
        y = Batched(got, level)
        y.viewed = op.view
        return y
    return tuple(Batched(a, level) for a in got)


class Samples(leading.Samples):
    """The operands of an op, as its rule sees them."""

    def __init__(self, level: Level, args: Sequence[Any]) -> None:
        self.n = level.n
        self.level = level
        self.args = args

    def held(self, x: Any) -> Any:
        """What a batch of this level holds; None for what all samples share."""
        return x.a if type(x) is Batched and x.level is self.level else None

    def refuse(self, why: str) -> NoReturn:
        """Give up."""
        raise OneByOne(f"{why}, in {errors.line()}")


def _within(x: Any) -> list[Any]:
    """What stands in attributes, in tuples too."""
    if isinstance(x, dict):
        return [y for v in x.values() for y in _within(v)]
    return [y for v in x for y in _within(v)] if type(x) is tuple else [x]


def _sample_by_sample(op: Op, args: Sequence[Any], attrs: dict[str, Any], level: Level) -> Any:
    """An op whose table says nothing of batches, or not of these operands."""

    def at(x: Any, i: int) -> Any:
        if type(x) is Batched and x.level is level:
            return REGISTRY["select"](whole(x.a), dim=0, index=i)
        if type(x) is dict:
            return {k: at(v, i) for k, v in x.items()}
        return tuple(at(v, i) for v in x) if type(x) is tuple else x

    level.told.add(op.name)
    results = [op(*[at(x, i) for x in args], **at(attrs, i)) for i in range(level.n)]
    stack = REGISTRY["stack"]
    return stack(*results, dim=0) if op.outputs == 1 else tuple(stack(*column, dim=0) for column in zip(*results))


# ----------------------------------------------------------------------------------------------------------- in and out


class Level:
    """One run of `vmap` over n samples."""

    def __init__(self, n: int, outer: Level | None, randomness: str) -> None:
        self.n, self.outer, self.randomness = n, outer, randomness
        self.number = draw()  # levels further in have higher ones, and so have the nodes made inside
        self.closed = False
        self.told: set[str] = set()  # ops that were run sample by sample
        self.drawn: dict[int, tuple[Generator, Any]] = {}  # the streams that were drawn from, and where they stood

    def enter(self, x: Tensor, dim: int) -> Tensor:
        """A tensor whose samples lie along `dim`, as one sample."""
        return ENTER(x, dim=dim, level=self)  # type: ignore[no-any-return]

    def leave(self, y: Tensor, dim: int | None) -> Tensor:
        """The results for all samples, along `dim`; for None that of the first, as all are alike."""
        if dim is None:
            return y if y._g is None and not belongs(y._a, self) else self.leave(y, 0)[0]
        return LEAVE(y, dim=dim, level=self)  # type: ignore[no-any-return]

    def share(self, x: Any) -> Any:
        """A tensor from outside with a history, as all samples use it: its gradients add up at SHARE."""
        g = x._g if isinstance(x, Tensor) else None
        if g is None or self.inside(x):
            return x
        if x._a.dtype.kind == "c":
            raise OneByOne("complex numbers are not batched")
        if self.outer is not None:
            x = self.outer.share(x)
        node = Node(SHARE, (edge(x),), (Meta(x._a), None), ())
        node.attrs = {"level": self}
        return twin(x, node)

    def inside(self, x: Tensor) -> bool:
        """Whether x was made in this run."""
        return (isinstance(x._g, Node) and x._g.id > self.number) or belongs(x._a, self)

    def refuse_outside(self, x: Tensor, what: str) -> None:
        """Raise if an in-place change with history would reach a tensor from outside, once for each sample."""
        if not self.inside(x):
            raise OneByOne(f"a tensor from outside was changed in place ({what}), in {errors.line()}")

    def refuse_leaf(self) -> None:
        """Raise, as each sample has a leaf of its own."""
        raise OneByOne(f"gradients of a tensor made inside were asked for, in {errors.line()}")

    def drawing(self, stream: Any) -> Any:
        """A stream of random numbers as it is inside."""
        if type(stream) is Generator and id(stream) not in self.drawn:
            self.drawn[id(stream)] = stream, stream.get_state()
        return _Drawing(stream if self.outer is None else self.outer.drawing(stream), self)

    def rewind(self) -> None:
        """Let the streams stand where they stood."""
        for stream, state in self.drawn.values():
            stream.set_state(state)

    def warn(self) -> None:
        """Say once which ops were run sample by sample."""
        if self.told:
            warnings.warn(
                f"vmap: {', '.join(sorted(self.told))} ran once for each of {self.n} samples, as nothing is known of "
                "how to compute all at once; the results are right, only slower.",
                UserWarning,
                stacklevel=3,
            )


class _Drawing:
    """A stream inside of a level: it refuses, or draws once for all samples, or once for each."""

    def __init__(self, stream: Any, level: Level) -> None:
        self._stream, self._level = stream, level

    def __getattr__(self, name: str) -> Any:
        plain = getattr(self._stream, name)
        if "state" in name or self._level.randomness == "same":
            return plain

        def draw(*args: Any, **kwargs: Any) -> Any:
            if self._level.randomness == "error":
                raise RuntimeError(RANDOM)
            drawn = [plain(*args, **kwargs) for _ in range(self._level.n)]
            return batched(REGISTRY["stack"](*drawn, dim=0), self._level)

        return draw


def belongs(a: Any, level: Level) -> bool:
    """Whether a payload is a batch of this level, at whatever depth."""
    while type(a) is Batched or type(a) is Diagonal:
        if type(a) is Batched and a.level is level:
            return True
        a = a.a if type(a) is Batched else a.d
    return False


class _Crossing(Linear):
    """A linear op between the inside and the outside of a level; no maths, so it stands outside the registry."""

    def __init__(self, name: str, kernel: Any, transpose: Any) -> None:
        self.name, self.kernel, self.transpose = name, kernel, transpose
        self.grad_name, self.names_late, self.columns = f"{name}Backward0", False, {}

    def __call__(self, x: Any, **attrs: Any) -> Any:
        return dispatch.apply(self, (x,), attrs) if isinstance(x, Tensor) else self.kernel(x, **attrs)


def _enter(x: Any, *, dim: int, level: Level) -> Batched:
    order = (dim, *(i for i in range(len(x.shape)) if i != dim))
    return batched(x if dim == 0 else REGISTRY["permute"](x, dims=order), level)


def _leave(y: Any, *, dim: int, level: Level) -> Any:
    a = whole(held(y, level))
    order = (*range(1, dim + 1), 0, *range(dim + 1, len(a.shape)))
    return REGISTRY["clone"](a if dim == 0 else REGISTRY["permute"](a, dims=order))


def batched(a: Any, level: Level) -> Batched:
    """A batch of the samples along a's first axis. Levels further in (made later) always hold those further out."""
    if type(a) is Batched and a.level.number > level.number:
        return Batched(batched(REGISTRY["transpose"](a.a, dim0=0, dim1=1), level), a.level)
    return Batched(a, level)


def held(y: Any, level: Level) -> Any:
    """What `batched` was given; of a value that all samples share, as many copies."""
    if not belongs(y, level):
        return REGISTRY["expand"](REGISTRY["unsqueeze"](y, dim=0), shape=(level.n, *y.shape))
    if y.level is level:
        return y.a
    return Batched(REGISTRY["transpose"](held(whole(y.a), level), dim0=0, dim1=1), y.level)


def _total(g: Any, *, level: Level) -> Any:
    return REGISTRY["sum"](held(g, level), dim=(0,), keepdim=False)


ENTER: Any = _Crossing("Enter", _enter, lambda g, x, *, dim, level: LEAVE(g, dim=dim, level=level))
LEAVE: Any = _Crossing("Leave", _leave, lambda g, y, *, dim, level: ENTER(g, dim=dim, level=level))
SHARE: Any = _Crossing("Share", lambda x, *, level: x, lambda g, x, *, level: TOTAL(g, level=level))
TOTAL: Any = _Crossing("Total", _total, lambda g, x, *, level: SHARE(g, level=level))
