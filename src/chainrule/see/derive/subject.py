"""What is to be derived: a function, its arguments by name, a point, and the graphs of value and gradient.

The function is run once, on values without numbers (the compiler's trace). What cannot be written as one formula shows
there, and is refused with the line and the reason.
"""

from __future__ import annotations

import inspect
import linecache
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from chainrule.autograd import functional, grad
from chainrule.base.language import say
from chainrule.compiler.trace import Traced, trace
from chainrule.core.graph import Lifted, TraceError, Var, filled, holes, order
from chainrule.core.op import Op
from chainrule.core.tensor import LEAF, Tensor, wrap
from chainrule.func.expression import Expression, parse
from chainrule.nn import Module
from chainrule.see.derive.algebra import NoFormula, NoTensor, OutsideDomain


class Subject:
    """A function with its arguments, traced.

    f: a function of tensors, or a text. point: a value per argument (numbers, lists, arrays or tensors);
    without it every argument that has no default is a number.
    """

    def __init__(self, f: Callable[..., Any] | str, point: Sequence[Any]) -> None:
        f = parse(f) if isinstance(f, str) else f
        if not callable(f):
            raise TypeError(f"derive takes a function or a text such as 'x**2', but got {f!r:.60}")
        self.f = f
        self.at_point = bool(point)
        self.names = _names(f, point)
        dtype = _dtype(f)
        self.arguments = [_tensor(x, dtype) for x in (point or [0.5] * len(self.names))]
        self.traced = self._trace()
        self.result: Var = self.traced.results[0]
        self.function: list[Var] = order(self.traced.results)
        self.captured = {i.var.id: np.asarray(i.get()) for i in self.traced.captured}
        self._constants: dict[int, Any] = dict(self.captured)
        self.ordered = False  # whether the formulas are those for the order of elements at the point

    @property
    def name(self) -> str:
        """What to call the function in a formula."""
        name = getattr(self.f, "__name__", "f")
        return name if name.isidentifier() else "f"

    def _trace(self) -> Traced:
        try:
            traced = trace(self.f, lambda xs: (xs, {}), self.arguments)
        except RuntimeError as e:
            if not isinstance(e, TraceError) and "numpy()" not in str(e):
                raise
            raise NoFormula(
                say(
                    "{line} asks for the numbers in a tensor, so what is computed differs from point to point and "
                    "there is no single formula. Choose by torch.where(condition, a, b), loop over plain numbers, and "
                    "compute by torch's functions only.",
                    line=_line(e, self.f),
                )
            ) from e
        except AttributeError as e:
            if not isinstance(self.f, Expression):
                raise
            raise NoFormula(f"{self.f.text}: {e}") from e  # an op that takes no number in the place of this tensor
        except (IndexError, TypeError) as e:
            if self.at_point:
                raise
            raise NoFormula(
                say(
                    "without a point every argument is a number, but {line} takes more: give a point",
                    line=_line(e, self.f),
                )
            ) from e
        if any(i.drawn for i in traced.captured):
            raise NoFormula(
                say(
                    "the function draws random numbers: it is another one at each call and has no formula. Draw them "
                    "outside and use them as constants."
                )
            )
        if len(traced.results) != 1 or traced.results[0].dtype.kind != "f":
            raise NoTensor(
                say(
                    "{name} must return one tensor of floating-point numbers to have a derivative, but it returned {n}",
                    name=self.name, n=_returned(traced),
                )
            )  # fmt: skip
        return traced

    def check_size(self, wanted: Sequence[Var], most: int, of_elements: bool) -> None:
        """Refuse formulas that nobody can read: what is used twice is written twice, so they may double at a step."""
        sizes: dict[int, float] = {}
        for v in order(wanted):
            n = max(v.size, 1) if of_elements else 1
            inside = [(a, max(a.size, 1) if of_elements else 1) for a in v.args if isinstance(a, Var)]
            sizes[v.id] = n + sum(sizes[a.id] * max(n / m, 1) for a, m in inside)
            if sizes[v.id] > most:
                raise NoFormula(
                    say(
                        "written out, the formula would be longer than anyone can read (more than {most} signs)",
                        most=most,
                    )
                )

    @property
    def no_gradient(self) -> bool:
        """Whether the engine has no gradient of the function."""
        return self.traced.pullback is not None and self.traced.pullback.error is not None

    def gradient(self) -> tuple[Var | None, list[Var | None]]:
        """The seed of the gradient's graph, and the graph's gradient of each argument (None: it is not used)."""
        pulled = self.traced.pullback
        nothing: list[Var | None] = [None] * len(self.arguments)
        if pulled is None:
            return None, nothing
        if pulled.error is not None:
            raise NoFormula(pulled.error)
        for wanted, g in zip(pulled.wanted, pulled.grads):
            if isinstance(wanted, int):
                nothing[wanted] = g
        return pulled.seeds[0], nothing

    # ---- numbers

    def value(self) -> np.ndarray[Any, Any]:
        """The function's value at the point; raises OutsideDomain where it is not finite."""
        y = np.asarray(self.f(*self._leaves())._a)
        if not np.all(np.isfinite(y)):
            raise OutsideDomain(self._blame())
        return y

    def slope(self, path: Sequence[tuple[int, int]]) -> Any:
        """A partial derivative at the point by the engine: `path` has the argument and the element, once per order."""
        xs = self._leaves()
        y = self.f(*xs)
        parts = [self._partial(part, xs, path) for part in y.reshape(-1)]
        return parts[0] if y.numel() == 1 else np.reshape(parts, y.shape)

    def _partial(self, y: Tensor, xs: list[Tensor], path: Sequence[tuple[int, int]]) -> float:
        for argument, element in path:
            if not y.requires_grad:
                return 0.0
            (g,) = grad(y, [xs[argument]], retain_graph=True, create_graph=len(path) > 1, allow_unused=True)
            if g is None:
                return 0.0
            y = g.reshape(-1)[element]
        return float(y)

    def gradients(self) -> list[np.ndarray[Any, Any]]:
        """The gradient of a single result in each whole argument, by the engine."""
        xs = self._leaves()
        y = self.f(*xs).sum()
        got = grad(y, xs, allow_unused=True) if y.requires_grad else [None] * len(xs)
        return [np.zeros(x.shape) if g is None else np.asarray(g._a) for x, g in zip(xs, got)]

    def matrices(self, order: int) -> list[np.ndarray[Any, Any]]:
        """The Jacobian in each argument (order 1), or the Hessian in the only one (order 2), by the engine."""
        xs = self._leaves()
        if order == 2:
            return [np.asarray(functional.hessian(self.f, xs[0])._a)]
        return [np.asarray(j._a) for j in functional.jacobian(self.f, tuple(xs))]

    def constant(self, v: Var) -> Any:
        """The numbers of a value that rests on no argument; None for one that does."""
        if v.id not in self._constants:
            self._constants[v.id] = self._computed(v)
        return self._constants[v.id]

    def _computed(self, v: Var) -> Any:
        if v.op is None:
            return v.data
        args = [self.constant(a) if isinstance(a, Var) else a for a in v.args]
        if any(a is None and b is not None for a, b in zip(args, v.args)):
            return None
        return args[0][v.index] if v.index is not None else v.op.kernel(*args, **v.attrs)

    def lowered(self, v: Var) -> tuple[Op, tuple[Any, ...], dict[str, Any]]:
        """What to do for a value: its op, arguments and attributes, with an index from outside as an array."""
        if not isinstance(v.op, Lifted):
            return v.op, v.args, v.attrs  # type: ignore[return-value]
        n = len(v.args) - sum(1 for _ in holes(v.attrs))
        known = [None if i < n else self.whole(a) for i, a in enumerate(v.args)]
        return v.op.inner, v.args[:n], {k: filled(x, known) for k, x in v.attrs.items()}

    def whole(self, v: Var) -> Any:
        """The whole numbers of a value, as an index; of one computed from the arguments those that it has at the point.

        They stay the same around the point, so the formulas hold there: `ordered` says that they hold there only.
        """
        known = self.constant(v)
        if known is None and v.dtype.kind in "iub":
            known = self._at_point.get(v.id)
            self.ordered = True
        if known is None:
            raise NoFormula(
                say(
                    "elements are picked by an index that is computed from the arguments: give a point, and the "
                    "formula is that for the order which the elements have there"
                )
            )
        return known

    @cached_property
    def _at_point(self) -> dict[int, Any]:
        """The function's values at the point, by the number of the Var; empty without a point."""
        return {v.id: got for v, _, got in self._walk()} if self.at_point else {}

    def _walk(self) -> Iterator[tuple[Var, list[Any], Any]]:
        """Each operation of the function with its inputs and its result at the point, in order."""
        values: dict[int, Any] = dict(self.captured)
        values.update({a.var.id: x._a for a, x in zip(self.traced.arguments, self.arguments)})
        for v in self.function:
            if v.id in values or v.data is not None:
                values.setdefault(v.id, v.data)
                continue
            if v.index is not None:
                values[v.id] = values[v.args[0].id][v.index]
                yield v, [], values[v.id]
                continue
            args = [values[a.id] if isinstance(a, Var) else a for a in v.args]
            with np.errstate(all="ignore"):
                values[v.id] = got = v.op.kernel(*args, **v.attrs)  # type: ignore[union-attr]
            yield v, args, got

    def _leaves(self) -> list[Tensor]:
        return [wrap(np.array(x._a)[()], LEAF) for x in self.arguments]

    def _blame(self) -> str:
        """Which operation first made a number that is not finite, and from what."""
        for v, args, got in self._walk():
            if not args:
                continue
            if v.op.outputs == 1 and not np.all(np.isfinite(got)):  # type: ignore[union-attr]
                return say(
                    "the point is outside the domain: {op} of {inputs} is {value}",
                    op=v.op.name, inputs=", ".join(_shown(a) for a in args), value=_shown(got),  # type: ignore[union-attr]
                )  # fmt: skip
        return say("the function has no finite value at the point")

    def named_tensors(self) -> dict[int, str]:
        """The names that the function's author gave to the tensors that it refers to, by the number of their Var."""
        named = list(_referred(self.f))
        found = {}
        for i in self.traced.captured:
            for name, x in named:
                if x is i.tensor or (isinstance(x, np.ndarray) and i.tensor is not None and x is i.tensor._a):
                    found[i.var.id] = name
        return found


def _names(f: Callable[..., Any], point: Sequence[Any]) -> list[str]:
    try:
        parameters = list(inspect.signature(f).parameters.values())
    except (TypeError, ValueError):  # a built-in without a signature
        return [f"x{i + 1}" if len(point) > 1 else "x" for i in range(len(point) or 1)]
    names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    if any(p.kind == p.VAR_POSITIONAL for p in parameters):
        names += [f"x{i + 1}" for i in range(len(names), len(point))]
    if not point:
        names = [p.name for p in parameters if p.default is p.empty and p.name in names]
    needed = sum(p.default is p.empty for p in parameters if p.name in names)
    if len(names) < len(point) or not names or (point and len(point) < needed):
        raise TypeError(
            say("the function takes {n} arguments ({names}), but the point has {m}",
                n=len(names), names=", ".join(names), m=len(point))
        )  # fmt: skip
    return names[: len(point)] if point else names


def _tensor(x: Any, dtype: Any) -> Tensor:
    a = np.asarray(x.detach()._a if isinstance(x, Tensor) else x)
    keep = isinstance(x, (Tensor, np.ndarray, np.generic)) and a.dtype.kind == "f"
    return wrap(np.array(a if keep else a.astype(dtype if a.ndim else np.float64))[()], LEAF)


def _dtype(f: Callable[..., Any]) -> Any:
    """The dtype of the tensors that f refers to, which lists at the point take on; float64 where there are none."""
    kinds = [x._a.dtype for _, x in _referred(f) if isinstance(x, Tensor) and x._a.dtype.kind == "f"]
    return kinds[0] if kinds else np.dtype("float64")


def _referred(f: Callable[..., Any]) -> list[tuple[str, Any]]:
    """The tensors and arrays that a function refers to, by name; those of modules by their path."""
    try:
        seen = inspect.getclosurevars(inspect.unwrap(getattr(f, "__func__", f)))
    except TypeError:  # an object that is called: its own tensors
        return list(f.named_parameters()) if isinstance(f, Module) else []
    own = getattr(f, "__self__", None)  # of a method
    found: list[tuple[str, Any]] = list(own.named_parameters()) if isinstance(own, Module) else []
    for name, x in {**getattr(own, "__dict__", {}), **seen.globals, **seen.nonlocals}.items():
        if isinstance(x, (Tensor, np.ndarray)):
            found.append((name, x))
        elif isinstance(x, Module):
            found.extend(x.named_parameters())
    return found


def _line(e: BaseException, f: Callable[..., Any]) -> str:
    """The innermost line of the user's own code that an error went through."""
    found, t = "", e.__traceback__
    while t is not None:
        code = t.tb_frame.f_code
        if not t.tb_frame.f_globals.get("__name__", "").startswith("chainrule."):
            text = linecache.getline(code.co_filename, t.tb_lineno).strip()
            found = say("line {n} ({text})", n=t.tb_lineno, text=f"`{text}`" if text else code.co_name)
        t = t.tb_next
    return found or getattr(f, "__name__", "") or say("the function")


def _returned(traced: Traced) -> str:
    if len(traced.results) > 1:
        return say("{n} tensors", n=len(traced.results))
    if traced.results:
        return say("one of {dtype}", dtype=str(traced.results[0].dtype))
    got = traced.build([])
    return f"{type(got).__name__} {got!r:.60}"


def _shown(a: Any) -> str:
    if isinstance(a, (int, float, np.generic)) or (isinstance(a, np.ndarray) and a.size == 1):
        return f"{float(np.asarray(a).reshape(())):.6g}"
    return str(a) if a is None or not hasattr(a, "shape") else np.array2string(np.asarray(a), precision=4, threshold=6)
