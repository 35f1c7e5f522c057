"""Single numbers as expressions over ops: what a traced graph is taken apart into, and what rules and kernels run on.

An `Expr` stands where a number would. The ops' own NumPy kernels, their derivative rules and the optimisers' rules are
run on it and write down what they compute. So an op whose kernel is plain NumPy needs no JavaScript of its own, and an
op that has some (the `js` column) is the letter of this alphabet.

The page computes in double precision, whatever dtypes the function uses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from chainrule.core.graph import Var, order
from chainrule.core.op import REGISTRY, Elementwise, Op
from chainrule.core.registry import by_ufunc as ufuncs
from chainrule.core.tracer import Scalar

DOUBLE, BOOL = np.dtype("float64"), np.dtype("bool")
MOST_NUMBERS = 20_000  # numbers that a page computes in one call of the function


class NotForPages(ValueError):
    """The function uses something that has no JavaScript."""


class Expr(Scalar):
    """A number: a variable (`name`), a constant (`value`), or `op` on other numbers."""

    __slots__ = ("args", "dtype", "name", "op", "value")

    def __init__(
        self, op: str = "", args: tuple[Expr, ...] = (), *, name: str = "", value: Any = None, dtype: Any = DOUBLE
    ) -> None:
        self.op, self.args, self.name, self.value, self.dtype = op, args, name, value, dtype

    def _interpret(self, op: Op, args: Sequence[Any], attrs: dict[str, Any]) -> Any:
        if any(isinstance(a, np.ndarray) and a.shape for a in args):
            return NotImplemented  # of an array it is for each element
        return apply(op, args, attrs)

    def __invert__(self) -> Expr:
        return apply(REGISTRY["logical_not"], (self,))

    def _unknown(self, *_: Any) -> Any:
        raise NotForPages("it decides by the value of a number, which is known only when the page runs")

    def astype(self, dtype: Any, copy: bool = True) -> Expr:
        """Double stays double; what turns into a whole number loses its fraction."""
        kind = np.dtype(dtype).kind
        if kind == "b":
            return self if self.dtype == BOOL else apply(REGISTRY["ne"], (self, 0.0))
        return apply(REGISTRY["trunc"], (self,)) if kind in "iu" and self.dtype != BOOL else self

    def __array_ufunc__(self, ufunc: Any, method: str, *args: Any, **kwargs: Any) -> Any:
        if any(isinstance(a, np.ndarray) and a.shape for a in args):
            return NotImplemented
        if method != "__call__":
            raise NotForPages(f"there is no JavaScript for {ufunc.__name__}.{method}")
        return by_ufunc(ufunc, *args)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return by_function(function, args)


def variable(name: str) -> Expr:
    """A number that is known when the page runs, by its JavaScript name."""
    return Expr(name=name)


def constant(x: Any) -> Expr:
    """A number that is known now."""
    return Expr(value=bool(x), dtype=BOOL) if isinstance(x, (bool, np.bool_)) else Expr(value=float(x))


def ordered(x: Expr) -> list[Expr]:
    """All that an expression is made of, and itself: each after its operands."""
    done: dict[int, Expr] = {}
    stack = [x]
    while stack:
        top = stack[-1]
        missing = [a for a in top.args if id(a) not in done]
        if missing:
            stack.extend(missing)
            continue
        done.setdefault(id(stack.pop()), top)
    return list(done.values())


def lift(x: Any) -> Expr:
    """A number or an expression as an expression."""
    if isinstance(x, np.ndarray):
        x = x[()]
    return x if isinstance(x, Expr) else constant(x)


def apply(op: Op, args: Sequence[Any], attrs: dict[str, Any] | None = None) -> Expr:
    """An elementwise op on numbers: folded where all are known, written out where it takes attributes."""
    if op.columns.get("moves") in ("each", "like"):
        return lift(op.kernel(lift(args[0]), **(attrs or {})))
    if not isinstance(op, Elementwise):
        raise NotForPages(f"there is no JavaScript for {op.name}")
    if op.name == "rsub":  # PyTorch's name for a difference that begins with a number
        return apply(REGISTRY["sub"], (args[1], args[0]))
    if attrs or any(a is None for a in args):
        return lift(kernel(op, [a if a is None else lift(a) for a in args], attrs or {}))
    given = tuple(lift(a) for a in args)
    if all(a.value is not None for a in given):
        with np.errstate(all="ignore"):
            return constant(op.kernel(*[a.dtype.type(a.value) for a in given]))
    found = _simpler(op, given)
    return Expr(op.name, given, dtype=BOOL if op.types == "bool" else DOUBLE) if found is None else found


def kernel(op: Op, args: Sequence[Any], attrs: dict[str, Any]) -> Any:
    """The op's own NumPy kernel, run on numbers."""
    try:
        return op.kernel(*args, **attrs)
    except NotForPages:
        raise NotForPages(f"there is no JavaScript for {op.name}") from None
    except (TypeError, AttributeError, ValueError, ImportError, RecursionError):
        raise NotForPages(f"there is no JavaScript for {op.name}") from None


def _simpler(op: Op, args: tuple[Expr, ...]) -> Expr | None:
    """What stands for an op with a neutral number in it. (Signs of zero are not told apart here.)"""
    known = [None if a.value is None else float(a.value) for a in args]
    neutral = op.columns.get("neutral", (None, None))
    if known[-1] is not None and known[-1] == neutral[1]:
        return args[0]
    if known[0] is not None and known[0] == neutral[0]:
        return args[1]
    if op.name == "neg" and args[0].op == "neg":
        return args[0].args[0]
    if op.name == "where" and known[0] is not None:
        return args[1] if known[0] else args[2]
    return None


def by_ufunc(ufunc: Any, *args: Any) -> Expr:
    """A NumPy ufunc of numbers: the op that is declared by it."""
    op = ufuncs().get(ufunc)
    if op is None:
        raise NotForPages(f"there is no JavaScript for {ufunc.__name__}")
    return apply(op, args)


def by_function(function: Any, args: Sequence[Any]) -> Any:
    """What else kernels ask of NumPy."""
    if function is np.where:
        return apply(REGISTRY["where"], args)
    if function is np.clip:
        return by_ufunc(np.minimum, by_ufunc(np.maximum, args[0], args[1]), args[2])
    if function is np.result_type:
        return DOUBLE
    raise NotForPages(f"there is no JavaScript for numpy.{function.__name__}")


# ------------------------------------------------------------------------------------------------------------- arrays


class Numbers(np.ndarray):
    """An array of expressions that kernels may treat as one of doubles: ufuncs go to the elements."""

    dtype = DOUBLE  # type: ignore[assignment]

    def _interpret(self, op: Op, args: Sequence[Any], attrs: dict[str, Any]) -> Any:
        return numbers(run(op, args, attrs))

    def astype(self, dtype: Any, *_: Any, **__: Any) -> Any:
        return each(lambda x: x.astype(dtype), self)

    def __array_ufunc__(self, ufunc: Any, method: str, *args: Any, **kwargs: Any) -> Any:
        if method == "__call__":
            return each(lambda *xs: by_ufunc(ufunc, *xs), *args)
        x, axis, keep = np.asarray(args[0]), kwargs.get("axis", 0), kwargs.get("keepdims", False)
        pick = np.frompyfunc(lambda a, b: by_ufunc(ufunc, a, b), 2, 1)
        if method == "accumulate":
            return numbers(pick.accumulate(x, axis=axis))
        if method != "reduce":
            raise NotForPages(f"there is no JavaScript for {ufunc.__name__}.{method}")
        axes = range(x.ndim) if axis is None else [axis] if isinstance(axis, int) else axis
        for a in sorted((a % x.ndim for a in axes), reverse=True):
            x = pick.reduce(x, axis=a, keepdims=keep)
        return numbers(x)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if function in (np.where, np.clip):
            return each(lambda *xs: by_function(function, xs), *args)
        if function is np.result_type:
            return DOUBLE
        if function in (np.amax, np.amin):
            how = np.maximum if function is np.amax else np.minimum
            return how.reduce(args[0], axis=kwargs["axis"], keepdims=kwargs["keepdims"])
        if function is np.zeros_like:
            return each(lambda x: constant(0.0), *args)
        return super().__array_function__(function, types, args, kwargs)


def numbers(x: Any) -> Any:
    """Expressions in an array that ufuncs go into."""
    return box(x).view(Numbers)


def box(x: Any) -> Any:
    """Expressions as a plain array of objects."""
    if isinstance(x, np.ndarray):
        return x.view(np.ndarray)
    out = np.empty((), object)
    out[()] = x
    return out


def each(f: Callable[..., Any], *arrays: Any) -> Any:
    """A function of numbers for each element of arrays that are broadcast against each other."""
    wide = np.broadcast_arrays(*[box(a) for a in arrays])
    out = np.empty(wide[0].shape, object)
    for place in np.ndindex(out.shape):
        out[place] = f(*[a[place] for a in wide])
    return numbers(out)


def run(op: Op, args: Sequence[Any], attrs: dict[str, Any]) -> Any:
    """An op on arrays of expressions: elementwise ones go to the elements, others run their kernels.

    A kernel that computes is given numbers, one that moves (or adds to places) a plain array of objects.
    """
    if isinstance(op, Elementwise) or op.columns.get("moves") in ("each", "like"):
        return each(lambda *xs: apply(op, xs, attrs), *args)
    computing = "moves" not in op.columns and "objects" not in op.columns
    for dress in (numbers, box) if computing else (box,):
        try:
            return kernel(op, [dress(a) if isinstance(a, np.ndarray) else a for a in args], attrs)
        except NotForPages:
            pass
    by_ops = op.columns.get("parts", op.columns.get("sympy"))
    if not callable(by_ops):
        raise NotForPages(f"there is no JavaScript for {op.name}")
    return by_ops(*[numbers(a) if isinstance(a, np.ndarray) else a for a in args], **attrs)  # the op in simpler ones


def expressions(inputs: dict[int, Any], results: Iterable[Var]) -> list[Any]:
    """The results of a graph as arrays of expressions; `inputs`: by the id of an input, its expressions."""
    made: dict[int, Any] = {i: box(x) for i, x in inputs.items()}
    results = list(results)
    count = 0
    for v in order(results):
        if v.id in made:
            continue
        count += v.size
        if count > MOST_NUMBERS:
            raise NotForPages(f"it takes more than {MOST_NUMBERS} numbers to compute: make it smaller")
        if v.op is None or v.index is not None or v.op.outputs > 1:
            if v.data is None:
                raise NotForPages(f"there is no JavaScript for {v.args[0].op.name if v.args else 'an unknown input'}")
            made[v.id] = each(constant, v.data).view(np.ndarray)
            continue
        got = run(v.op, [made[a.id] if isinstance(a, Var) else a for a in v.args], v.attrs)
        filled = np.empty(v.shape, object)
        filled[...] = np.reshape(box(got), v.shape)
        for place in np.ndindex(v.shape):
            filled[place] = lift(filled[place])
        made[v.id] = filled
    return [made[r.id] for r in results]
