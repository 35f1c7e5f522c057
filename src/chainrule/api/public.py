"""How a function becomes public: `torch.f`, `Tensor.f`, `Tensor.f_`, from one definition.

`FUNCTIONS` holds all of them by name; the package's namespace and the tensor's methods are made from it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import FunctionType
from typing import Any, TypeVar

from chainrule.base.dtypes import F16, F32, F64
from chainrule.core.inplace import into, modify
from chainrule.core.op import REGISTRY
from chainrule.core.tape import Node, reads
from chainrule.core.tensor import Tensor

F = TypeVar("F", bound=Callable[..., Any])
FUNCTIONS: dict[str, Callable[..., Any]] = {}
_ALIASES = {"axis": "dim", "keepdims": "keepdim", "x": "input", "a": "input", "x1": "input", "x2": "other"}


def public(
    *names: str, function: bool = True, method: bool = True, inplace: bool = False,
    where: dict[str, Any] | None = None, reads: str | None = None, converts: bool = False,
) -> Callable[[F], F]:  # fmt: skip
    """Publish a function under its own name (and `names`), as a function, a method, an in-place method.

    The published form also takes `out=`, NumPy's spellings (`axis`, `keepdims`), and refuses an `input` that is no
    tensor. `where`: another namespace than the package's own, e.g. that of `linalg`; then no methods are made.
    `reads`: the parameter with positions that the gradient reads again, so that they may not change meanwhile.
    `converts`: whether `out=` may be of another dtype that holds the result.
    """

    def decorate(f: F) -> F:
        name = (
            f.__name__.rstrip("_") if f.__name__.endswith("_") and f.__name__.rstrip("_") in _SHADOWED else f.__name__
        )
        for n in (name, *names):
            call = _published(f if reads is None else _reading(f, reads), n, converts)
            if where is not None:
                once(where, n, call)
                continue
            if function:
                once(FUNCTIONS, n, call)
            if method:
                setattr(Tensor, n, call)
            if inplace:
                setattr(Tensor, f"{n}_", in_place(call, f"{n}_"))
        return f

    return decorate


def once(names: dict[str, Any], name: str, what: Any) -> None:
    """Put a name into a namespace; it is an error if it is there already."""
    if name in names:
        raise ValueError(f"{name!r} is published twice: by {names[name].__module__} and by {what.__module__}")
    names[name] = what


_SHADOWED = {
    "abs",
    "all",
    "any",
    "max",
    "min",
    "sum",
    "pow",
    "round",
    "range",
    "sorted",
    "type",
    "float",
    "int",
    "bool",
}


def _reading(f: F, parameter: str) -> F:
    at = f.__code__.co_varnames.index(parameter)

    @functools.wraps(f)
    def call(*args: Any, **kwargs: Any) -> Any:
        read = args[at] if at < len(args) else kwargs[parameter]
        return reads(f(*args, **kwargs), *(read if isinstance(read, (list, tuple)) else (read,)))

    return call  # type: ignore[return-value]


def _published(f: Callable[..., Any], name: str, converts: bool) -> Callable[..., Any]:
    code = getattr(f, "__wrapped__", f).__code__
    parameters = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    needs_tensor = parameters[:1] == ("input",)

    @functools.wraps(f)
    def call(*args: Any, **kwargs: Any) -> Any:
        out = None
        if kwargs:
            out = kwargs.pop("out", None)
            for theirs in _ALIASES.keys() & kwargs.keys():
                if theirs not in parameters and _ALIASES[theirs] in parameters:
                    kwargs[_ALIASES[theirs]] = kwargs.pop(theirs)
        if needs_tensor and args and not isinstance(args[0], Tensor):
            raise TypeError(f"{name}(): argument 'input' (position 1) must be Tensor, not {type(args[0]).__name__}")
        result = f(*args, **kwargs)
        return result if out is None else into(out, result, converts)

    call.__name__ = call.__qualname__ = name
    return call


def in_place(f: Callable[..., Any], name: str) -> Callable[..., Any]:
    """The in-place method of a function whose first argument is the tensor."""

    def call(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        return modify(self, name, f, *args, **kwargs)

    call.__name__, call.__qualname__ = name, f"Tensor.{name}"
    call.__doc__ = f"In-place version of `{name[:-1]}`."
    call.__wrapped__ = f  # type: ignore[attr-defined]  # whose signature it has
    return call


def titled(f: Callable[..., Any], name: str, doc: str | None, owner: str = "") -> Callable[..., Any]:
    """The function under a name of its own, which its errors and `help` say."""
    f.__name__, f.__qualname__, f.__doc__ = name, owner + name, doc
    return f


def copied(f: Any, name: str, owner: str = "") -> Callable[..., Any]:
    """The same function under another name."""
    twin = FunctionType(f.__code__, f.__globals__, name, f.__defaults__, f.__closure__)
    twin.__kwdefaults__, twin.__annotations__ = f.__kwdefaults__, f.__annotations__
    return titled(twin, name, f.__doc__, owner)


def install(cls: type) -> type:
    """Put a class body's methods and properties on Tensor."""
    for name, value in vars(cls).items():
        if name not in (
            "__module__",
            "__dict__",
            "__weakref__",
            "__doc__",
            "__qualname__",
            "__firstlineno__",
            "__static_attributes__",
        ):
            if isinstance(value, FunctionType) and value.__name__ == "<lambda>":
                value.__name__, value.__qualname__ = name, f"Tensor.{name}"
            setattr(Tensor, name, value)
    return cls


def at_float32(f: F) -> F:
    """For a function of several steps: halves go through all of them as float32, and the results are rounded once."""
    cast = REGISTRY["cast"]

    def lower(out: Any) -> Any:
        if isinstance(out, tuple):
            return tuple(map(lower, out))
        if not isinstance(out, Tensor) or out._a.dtype is not F32:
            return out
        half = cast(out, dtype=F16)
        return named(half, out._g.name()) if isinstance(out._g, Node) else half

    @functools.wraps(f)
    def call(*args: Any, **kwargs: Any) -> Any:
        if any(isinstance(x, Tensor) and x._a.dtype in (F32, F64) for x in (*args, *kwargs.values())):
            return f(*args, **kwargs)  # halves beside wider floats become those
        for x in args:
            if isinstance(x, Tensor) and x._a.dtype is F16:
                higher = [cast(y, dtype=F32) if isinstance(y, Tensor) and y._a.dtype is F16 else y for y in args]
                return lower(f(*higher, **kwargs))
        return f(*args, **kwargs)

    return call  # type: ignore[return-value]


def named(result: Tensor, label: str) -> Tensor:
    """Give a composite's result the name that PyTorch prints for it: `grad_fn=<SoftmaxBackward0>`.

    Only for a result whose node the composite itself has just made.
    """
    if isinstance(result._g, Node):
        result._g.label = label
    return result
