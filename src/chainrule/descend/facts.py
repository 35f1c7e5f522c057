"""What a function reads besides its arguments: the facts that a graph of it rests on.

Globals, the cells of a closure, defaults, the attributes of objects, and the same of the functions that it calls. Of
numbers, strings and small arrays the values count, of tensors, functions and modules which they are (what a tensor
holds is read anew at each run). If a function might read what cannot be looked at (a file, a clock, a generator of
random numbers), it has no facts, and no graph of it is kept.

Not noticed: what the packages of `TRUSTED` hold; attributes that are asked for by a name made up at run time; an
attribute of a class that an instance of another package's class inherits.
"""

from __future__ import annotations

import dis
import functools
import sys
import types
import weakref
from typing import Any, NamedTuple

import numpy as np

from chainrule.base.dtypes import dtype
from chainrule.core.tensor import LEAF, Tensor

TRUSTED = frozenset("chainrule torch numpy math cmath operator functools itertools builtins typing collections".split())
IMPURE = frozenset("open input eval exec compile getattr setattr delattr globals locals vars __import__".split())
LIMIT = 1000  # facts: of more, looking would take longer than tracing
LARGE = 1 << 16  # bytes of an array whose values are compared


class Unreadable(Exception):
    """A function reads what cannot be looked at."""


class Facts:
    """What was read, held weakly, to be compared with what would be read now."""

    def __init__(self, roots: tuple[Any, ...]) -> None:
        self._known = [_kept(x) for x in _read(roots)]

    def hold(self, roots: tuple[Any, ...]) -> bool:
        """Whether the roots still read the same."""
        try:
            now = _read(roots)
        except Unreadable:
            return False
        return len(now) == len(self._known) and all(map(_is, self._known, now))


def _kept(x: Any) -> Any:
    if type(x) in _PLAIN:
        return x
    try:
        return weakref.ref(x)
    except TypeError:
        raise Unreadable from None


def _is(known: Any, now: Any) -> bool:
    if type(known) is weakref.ref:
        return known() is now
    return type(known) is type(now) and known == now


def _read(roots: tuple[Any, ...]) -> list[Any]:
    reader = _Reader()
    for x in roots:
        reader.read(x)
    return reader.found


_PLAIN = frozenset({bool, int, str, bytes, type(None), type(Ellipsis), tuple})


class Code(NamedTuple):
    """The names in a function's code: globals it loads, attributes it asks for, modules it imports."""

    globals: tuple[str, ...]
    attributes: tuple[str, ...]
    imports: tuple[str, ...]


@functools.lru_cache(4096)
def names(code: types.CodeType) -> Code:
    """The names in a code object and those within it."""
    found: tuple[dict[str, None], ...] = {}, {}, {}
    stack = [code]
    while stack:
        code = stack.pop()
        stack += [c for c in code.co_consts if isinstance(c, types.CodeType)]
        if not code.co_names:
            continue
        for i in dis.get_instructions(code):
            kind = {"LOAD_GLOBAL": 0, "LOAD_NAME": 0, "LOAD_ATTR": 1, "LOAD_METHOD": 1, "IMPORT_NAME": 2}.get(i.opname)
            if kind is not None:
                found[kind][i.argval] = None
            elif i.opname == "IMPORT_FROM":
                found[1][i.argval] = None
    return Code(*map(tuple, found))


class _Reader:
    """Walks through what can be reached, and lists it in an order that is always the same."""

    def __init__(self) -> None:
        self.found: list[Any] = []
        self._seen: set[int] = set()

    def read(self, x: Any, attributes: tuple[str, ...] = ()) -> None:
        """Note x, and what can be reached from it."""
        kind = type(x)
        if kind in _PLAIN and kind is not tuple:
            self.found.append(x)
            return
        if kind is float or kind is complex:
            self.found.append(repr(x))  # tells zeros by their sign, and nan is nan
            return
        if len(self.found) > LIMIT:
            raise Unreadable
        if id(x) in self._seen:
            return
        self._seen.add(id(x))
        if kind is types.FunctionType:
            self._function(x)
        elif kind is types.ModuleType:
            self._module(x, attributes)
        elif kind in _READERS:
            _READERS[kind](self, x)
        elif isinstance(x, type):
            self._class(x)
        elif isinstance(x, (Tensor, np.ndarray, np.generic)):
            self._array(x)
        elif isinstance(x, (dict, list, tuple, set, frozenset)):
            self._container(x)
        else:
            self._object(x)

    def _function(self, f: Any) -> None:
        self.found.append(f.__code__)
        for cell in f.__closure__ or ():
            try:
                self.read(cell.cell_contents)
            except ValueError:  # not filled yet
                self.found.append(None)
        if f.__defaults__ or f.__kwdefaults__:
            self.read(f.__defaults__)
            self.read(f.__kwdefaults__)
        if f.__dict__:
            self.read(f.__dict__)
        code = names(f.__code__)
        if not (code.globals or code.imports) or _trusted(f.__globals__.get("__name__")):
            return  # not by __module__: that of a wrapper is what it wraps
        for name in code.globals:
            if name in f.__globals__:
                self.read(f.__globals__[name], code.attributes)
            elif name in IMPURE:
                raise Unreadable
        for name in code.imports:
            self.read(sys.modules.get(name), code.attributes)

    def _module(self, m: Any, attributes: tuple[str, ...]) -> None:
        self.found.append(m)
        trusted = _trusted(m.__name__)
        if m.__name__.startswith("numpy.random"):
            raise Unreadable
        for name in attributes:
            x = vars(m).get(name)
            if isinstance(x, types.ModuleType) or (not trusted and name in vars(m)):
                self.read(x, attributes)

    def _class(self, c: type) -> None:
        self.found.append(c)
        for base in c.__mro__:
            if not _trusted(base.__module__):
                for name, x in vars(base).items():
                    if not name.startswith("__") or isinstance(x, types.FunctionType):
                        self.read(x)

    def _array(self, x: Any) -> None:
        if isinstance(x, Tensor):
            self.found += [x, tuple(x._a.shape), x._a.dtype.str, x._g is LEAF]
        elif x.nbytes > LARGE or x.dtype.hasobject:
            raise Unreadable
        else:
            self.found.append((x.dtype.str, x.shape, x.tobytes()))

    def _container(self, x: Any) -> None:
        self.found += [type(x), len(x)]
        if isinstance(x, (set, frozenset)):
            x = sorted(x, key=repr)
        for y in x:
            self.read(y)
        for y in x.values() if isinstance(x, dict) else ():
            self.read(y)

    def _builtin(self, x: Any) -> None:
        if not isinstance(x.__self__, types.ModuleType) or not _trusted(x.__module__) or x.__name__ in IMPURE:
            raise Unreadable
        self.found.append(x)

    def _object(self, x: Any) -> None:
        """An instance: its class, and what it holds."""
        if isinstance(x, (np.ufunc, np.dtype, dtype)):
            self.found.append(repr(x))
            return
        if _trusted(type(x).__module__) and hasattr(x, "__wrapped__"):  # a compiled function
            self.read(x.__wrapped__)
            return
        if not hasattr(x, "__dict__") or type(x).__basicsize__ > _Plain.__basicsize__:  # it holds what is not seen
            raise Unreadable
        self._class(type(x))
        self.read(vars(x))


class _Plain:
    """An instance of this, and of any class in Python, has its attributes and nothing else."""


def _trusted(module: str | None) -> bool:
    return module is not None and module.partition(".")[0] in TRUSTED


def _each(*parts: str) -> Any:
    def read(reader: _Reader, x: Any) -> None:
        for part in parts:
            reader.read(getattr(x, part))

    return read


_READERS: dict[type, Any] = {
    types.MethodType: _each("__self__", "__func__"),
    types.BuiltinFunctionType: _Reader._builtin,
    functools.partial: _each("func", "args", "keywords"),
    types.SimpleNamespace: _each("__dict__"),
    property: _each("fget"),
    staticmethod: _each("__func__"),
    classmethod: _each("__func__"),
    range: _each("start", "stop", "step"),
    slice: _each("start", "stop", "step"),
}
