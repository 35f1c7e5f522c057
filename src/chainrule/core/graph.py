"""The graph that a trace writes: values in single assignment, each an op applied to earlier values.

A `Var` is a payload: it stands where a NumPy array would. Ops called on it (by the api, by the tape, by derivative
rules) are written down instead of computed, so the compiler differentiates by running the very engine under a trace.
Shapes and dtypes are known at once, from running the op's own kernel on arrays that take no memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from chainrule.base import errors, shapes
from chainrule.core.op import REGISTRY, Bilinear, Elementwise, Op
from chainrule.core.registry import Attrs
from chainrule.core.state import MODE, current
from chainrule.core.tracer import Tracer

_number = count()


class TraceError(RuntimeError):
    """A traced value was asked for its numbers, which are not known while tracing."""


LEAKED = (
    "a tensor that a compiled function made while it was traced is used after the trace has ended: it was kept in a "
    "list, an attribute or a global, and has no numbers. Return it from the function instead."
)
COMPLEX = (
    "complex numbers cannot be traced or compiled: run the function as it is, or keep the real and the imaginary part "
    "in two tensors"
)


class Var(Tracer):
    """A value of the graph: an input, a constant, or (a result of) an op on other values."""

    __slots__ = ("args", "attrs", "data", "dtype", "id", "index", "moved", "ndim", "op", "shape", "weak")

    def __init__(
        self, shape: tuple[int, ...], dtype: np.dtype[Any], op: Op | None = None, args: tuple[Any, ...] = (),
        attrs: Attrs | None = None, index: int | None = None, data: Any = None,
    ) -> None:  # fmt: skip
        if dtype.kind == "c":
            raise TraceError(COMPLEX)
        self.shape, self.dtype, self.ndim = shape, dtype, len(shape)
        self.op, self.args, self.attrs, self.index = op, args, attrs or {}, index
        self.data = data  # of a constant: its array
        self.weak = False  # a Python number that may change (a learning rate): it never decides a dtype
        self.moved = False  # whether eager code might have its elements out of order in memory: some are moved
        self.id = next(_number)

    def _interpret(self, op: Op, args: Sequence[Any], attrs: Attrs) -> Any:
        return emit(op, args, attrs)

    __array_ufunc__ = None  # so that ndarray * value asks the value

    def says(self, column: str, default: Any = None) -> Any:
        """What its op says of itself in a column of the table; an input and a constant say nothing."""
        return default if self.op is None else self.op.columns.get(column, default)

    @property
    def packed(self) -> bool:
        """Whether eager code has its elements in order in memory, one next to the other, for sure."""
        v = self
        while v.op is not None and v.op.view and v.says("moves") in ("regroup", "each"):
            v = v.args[0]
        return not v.moved and (v.op is None or not v.op.view)

    # What the package asks of an array ------------------------------------------------------------------------------

    @property
    def size(self) -> int:
        return shapes.numel(self.shape)

    @property
    def nbytes(self) -> int:
        return self.size * int(self.dtype.itemsize)

    @property
    def itemsize(self) -> int:
        return int(self.dtype.itemsize)

    @property
    def flags(self) -> _Flags:
        return _FLAGS if self.packed else _MOVED

    def copy(self) -> Var:
        return self

    view = copy

    def astype(self, dtype: Any, copy: bool = True) -> Any:
        return self if dtype == self.dtype else emit(REGISTRY["cast"], (self,), {"dtype": np.dtype(dtype)})

    def reshape(self, *shape: int) -> Any:
        known = shapes.numel([n for n in shape if n >= 0])
        return emit(REGISTRY["reshape"], (self,), {"shape": tuple(self.size // known if n < 0 else n for n in shape)})

    def __repr__(self) -> str:
        what = self.op.name if self.op else "constant" if self.data is not None else "input"
        return f"%{self.id} {what} {self.dtype}{list(self.shape)}"

    # What cannot be answered while tracing ---------------------------------------------------------------------------

    def _unknown(self, *_: object) -> NoReturn:
        raise TraceError(_refusal())

    __bool__ = __float__ = __int__ = __index__ = __complex__ = item = tolist = __array__ = __iter__ = __len__ = _unknown
    __getitem__ = __setitem__ = __contains__ = _unknown

    if TYPE_CHECKING:

        def __iter__(self) -> Iterator[Any]: ...


class _Flags:
    writeable = owndata = True

    def __init__(self, c_contiguous: bool) -> None:
        self.c_contiguous = c_contiguous


_FLAGS, _MOVED = _Flags(True), _Flags(False)


def _refusal() -> str:
    if current().trace is None:
        return LEAKED
    return (
        f"the number in a tensor was asked for while tracing, in {errors.line()}. A compiled function may not decide "
        "by the values of tensors (if, while, float(), int(), .item(), .numpy(), printing): choose by torch.where("
        "condition, a, b), loop over Python numbers, or return the tensor and decide outside."
    )


def constant(a: Any) -> Var:
    """An array as a value of the graph."""
    a = np.asarray(a)
    return Var(a.shape, a.dtype, data=a)


def emit(op: Op, args: Sequence[Any], attrs: Attrs) -> Any:
    """Write down `op` on values, arrays (which become constants) and numbers; the result, or a tuple of results."""
    if current().trace is None:
        raise TraceError(LEAKED)
    plain = True
    for x in args:
        if type(x) is not Var and type(x) is not float:
            plain = False
            if isinstance(x, Tracer):
                return x._interpret(op, args, attrs)  # a batch of values of the graph
    if not plain:
        args = [constant(x) if isinstance(x, (np.ndarray, np.generic)) else x for x in args]
        args = [x._lower(args) if hasattr(x, "_lower") else x for x in args]  # a Number (core/number)
    if attrs:
        found: list[Var] = []
        lifted = {k: _lift(x, found, len(args)) for k, x in attrs.items()}
        if found:
            op, args, attrs = _LIFTED.get(op.name) or _LIFTED.setdefault(op.name, Lifted(op)), (*args, *found), lifted
    return apply(op, tuple(args), attrs)


def apply(op: Op, args: tuple[Any, ...], attrs: Attrs) -> Any:
    """The value of `op` on values and numbers; a tuple of them where it has several results."""
    got = infer(op, args, attrs)
    if op.outputs == 1:
        shape, dtype = got
        v = Var(shape, dtype, op, args, attrs)
        v.moved = _moved(op, args)
        if not shape and dtype.kind == "f":
            values = [a.weak for a in args if isinstance(a, Var) and a.dtype.kind != "b"]  # a condition chooses
            v.weak = bool(values) and all(values) and op.name != "cast"
        return v
    whole = Var((), np.dtype("bool"), op, args, attrs)
    parts = tuple(Var(shape, dtype, op, (whole,), {}, index=i) for i, (shape, dtype) in enumerate(got))
    for v in parts:
        v.moved = _moved(op, args)
    return parts


def _moved(op: Op, args: tuple[Any, ...]) -> bool:
    """Whether eager code might have the results of `op` out of order in memory."""
    orderly = op.columns.get("orderly", isinstance(op, Bilinear) or None)
    if orderly is not None:
        return not orderly
    return any([isinstance(a, Var) and a.moved for a in args])


@dataclass(frozen=True)
class Hole:
    """Stands in an attribute for one of a lifted op's inputs."""

    at: int


class Lifted(Op):
    """An op with attributes that are values of the graph (an index that was computed): they become its last inputs."""

    differentiable = False  # rules were run before: the graph holds their results

    def __init__(self, op: Op) -> None:
        self.name, self.inner, self.outputs, self.columns = op.name + " at", op, op.outputs, {}

    def kernel(self, *args: Any, **attrs: Any) -> Any:
        """The op's own kernel, each hole filled with the input that it stands for."""
        n = min(holes(attrs))
        return self.inner.kernel(*args[:n], **{k: filled(x, args) for k, x in attrs.items()})


class Foreign(Op):
    """NumPy code that is no op of the table, run as it is at each run: it must give a result of the same shape."""

    differentiable = False

    def __init__(self, name: str) -> None:
        self.name, self.columns = name, {}

    def kernel(self, *args: Any, code: Any) -> Any:
        """What the code gives for arrays."""
        token = MODE.set(None)  # it may be written in ops
        try:
            return np.asarray(code(*map(np.asarray, args)))[()]
        finally:
            MODE.reset(token)


_LIFTED: dict[str, Lifted] = {}


def _lift(x: object, found: list[Var], n: int) -> Any:
    if isinstance(x, Var):
        found.append(x)
        return Hole(n + len(found) - 1)
    if hasattr(x, "_decide"):  # a Number: attributes are constants
        x._decide()
    return tuple(_lift(i, found, n) for i in x) if type(x) is tuple else x


def holes(x: Any) -> Iterator[int]:
    """The numbers of the inputs that holes in an attribute stand for."""
    if isinstance(x, Hole):
        yield x.at
    elif type(x) in (tuple, dict):
        for i in x.values() if type(x) is dict else x:
            yield from holes(i)


def filled(x: Any, args: Sequence[Any]) -> Any:
    """An attribute with its holes filled."""
    if isinstance(x, Hole):
        return args[x.at]
    return tuple(filled(i, args) for i in x) if type(x) is tuple else x


def infer(op: Op, args: Sequence[Any], attrs: Attrs) -> Any:
    """Shape and dtype of the result (a list of them for several), found without computing it where that is costly."""
    known = getattr(op, "found", None)
    if known is not None:  # an op with bodies
        return known(attrs)
    if isinstance(op, Elementwise):
        return _common(args), _once(op, [_kind(x) for x in args], attrs, lambda: _met(op, args, attrs))
    kinds = [(x.shape, _kind(x)) if type(x) is Var else _kind(x) for x in args]
    return _once(op, kinds, attrs, lambda: _found(op, args, attrs))


def _once(op: Op, kinds: list[object], attrs: Attrs, find: Callable[[], Any]) -> Any:
    """What is found for operands of these kinds, kept where op and attributes can be looked up."""
    try:
        key = (op, *kinds, *[(k, _plain(x)) for k, x in attrs.items()]) if attrs else (op, *kinds)
        return _KNOWN[key]
    except KeyError:
        got = find()
        if len(_KNOWN) < MOST_KNOWN:
            _KNOWN[key] = got
        return got
    except TypeError:
        return find()


def _plain(x: object) -> object:
    """An attribute to look things up by, with its type: True is 1 to a dict. Raises TypeError where it is not plain."""
    if type(x) is tuple:
        return tuple([_plain(i) for i in x])
    if type(x) is slice:
        return slice, _plain(x.start), _plain(x.stop), _plain(x.step)
    if type(x) in _PLAIN or isinstance(x, np.dtype):
        return type(x), x
    raise TypeError


_PLAIN = frozenset({int, bool, float, str, type(None), type(Ellipsis)})


def _kind(x: object) -> object:
    """What of an operand decides the dtype of a result: of Python's floats not the value."""
    return (x.weak or x.dtype) if type(x) is Var else float if type(x) is float else (type(x), x)


_KNOWN: dict[object, Any] = {}
MOST_KNOWN = 10_000  # of them, at most


def _found(op: Op, args: Sequence[Any], attrs: Attrs) -> Any:
    """Shape and dtype of what the kernel gives for arrays that take no memory."""
    first = min(holes(attrs)) if isinstance(op, Lifted) else len(args)  # from here on they may be indices: zeros
    with np.errstate(all="ignore"):
        got = op.kernel(*[_shaped(x) for x in args[:first]], *[_index(x) for x in args[first:]], **attrs)
    if op.outputs == 1:
        got = np.asarray(got)
        return got.shape, got.dtype
    return [(np.asarray(a).shape, np.asarray(a).dtype) for a in got]


def _common(args: Sequence[Any]) -> tuple[int, ...]:
    """The shape that operands are broadcast to."""
    found = {x.shape for x in args if type(x) is Var or hasattr(x, "shape")}
    return found.pop() if len(found) == 1 else shapes.broadcast(*[x.shape for x in args if hasattr(x, "shape")])


def _met(op: Op, args: Sequence[Any], attrs: Attrs) -> np.dtype[Any]:
    """The dtype of an elementwise op's result: of what its kernel gives for ones."""
    ones = [_one(x) if isinstance(x, Var) else x for x in args]
    with np.errstate(all="ignore"):
        return np.asarray(op.kernel(*ones, **attrs)).dtype


def _one(x: Var) -> Any:
    return 1.0 if x.weak else np.ones((), x.dtype)[()]


def _shaped(x: Any) -> Any:
    """An array of x's shape and dtype that takes no memory; unit matrices where an inverse may be asked for."""
    if not hasattr(x, "shape") or isinstance(x, np.ndarray):
        return x
    if x.ndim >= 2 and x.shape[-1] == x.shape[-2] and x.shape[-1] <= 64:
        return np.broadcast_to(np.eye(x.shape[-1], dtype=x.dtype), x.shape)
    return np.broadcast_to(np.ones((), x.dtype), x.shape) if x.shape else np.ones((), x.dtype)[()]


def _index(x: Var) -> np.ndarray[Any, Any] | float:
    return 1.0 if x.weak else np.broadcast_to(np.zeros((), x.dtype), x.shape)


def as_number(v: Any) -> Any:
    """A 0-d value as a Python number, which decides no dtype."""
    v = emit(REGISTRY["cast"], (v,), {"dtype": np.dtype("float64")})
    v.weak = True
    return v


def order(results: Sequence[Var]) -> list[Var]:
    """All values that the results need, each after those that it needs."""
    seen: dict[int, Var] = {}
    stack = list(results)
    while stack:
        v = stack.pop()
        if v.id not in seen:
            seen[v.id] = v
            stack.extend(a for a in v.args if isinstance(a, Var))
    return [seen[i] for i in sorted(seen)]
