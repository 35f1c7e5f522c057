"""What a function can read of Python's state, found from the names in its code and in that of what it calls.

Not noticed: what Python's own library and the packages of `TRUSTED` hold in globals and classes; what code in C hides.
"""

from __future__ import annotations

import collections
import functools
import io
import sys
import types
import weakref
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from chainrule.base import dtypes
from chainrule.compiler.names import Line, Path, names
from chainrule.core.tensor import LEAF, Tensor

TRUSTED = frozenset("chainrule torch numpy scipy sympy matplotlib".split()) | (sys.stdlib_module_names - {"__main__"})
MOST_READ = 5000  # things read: of more, looking would take longer than running
PLAIN = (bool, int, float, complex, str, bytes, type(None))
NOTHING = object()  # where a name has no value

# What gives another answer each time, or does something outside: builtins, whole modules, and names in others.
_BUILTINS = frozenset("open input print eval exec globals locals __import__ breakpoint".split())
_MODULES = frozenset("time _time random _random secrets uuid socket subprocess select logging tempfile shutil glob "
                     "queue threading asyncio multiprocessing urllib http sqlite3 numpy.random".split())  # fmt: skip
_NAMES = {
    "datetime": {"now", "utcnow", "today"}, "sys": {"stdin", "stdout", "stderr"}, "warnings": {"warn"},
    "os": {"environ", "getenv", "urandom", "listdir", "scandir", "stat", "getpid", "read", "open", "times"},
    "numpy": {"load", "loadtxt", "genfromtxt", "fromfile", "memmap", "save", "savetxt", "savez"},
}  # fmt: skip
_FIXED = frozenset("builtins datetime decimal _decimal re pathlib pathlib._local fractions zoneinfo types uuid enum "
                   "operator _operator typing abc collections numpy numpy.dtypes".split())  # fmt: skip
_OPTIMISERS = ("chainrule.optim", "torch.optim")  # the second where chainrule stands in for torch
_PARTS = (
    "_parameters",
    "_buffers",
    "_modules",
)  # of a module: always the same dicts, so only their entries are looked at


class Unreadable(RuntimeError):
    """A function reads what cannot be looked at: the sentence says what, and where."""


def trusted(module: str | None) -> bool:
    """Whether a module's own globals are not looked at."""
    return module is not None and module.partition(".")[0] in TRUSTED


class Reads:
    """A walk through what can be reached. `attributes`: the names that are asked of objects, which it adds to."""

    def __init__(self, attributes: dict[str, Line], stored: set[str], everything: bool) -> None:
        self.attributes, self.stored, self.everything = attributes, stored, everything
        self.items: list[tuple[Any, Any, Any]] = []  # a dict, list or class, a key in it, what lies there
        self.absent: list[tuple[Any, str]] = []  # a dict, a name that is not in it but might come to be
        self.cells: list[tuple[Any, Any]] = []
        self.slots: list[tuple[Any, str, Any]] = []  # an object, a name in `__slots__`, what it stands for
        self.sized: list[Any] = []  # the containers of which all is read
        self.sets: list[Any] = []
        self.arrays: list[Any] = []
        self.words: dict[int, str] = {id(vars(dtypes)): "chainrule"}
        self.owners: dict[int, type] = {}  # of the dicts of classes
        self._seen: dict[int, Any] = {}
        self._classes: set[tuple[type, bool]] = set()
        self._item(vars(dtypes), "_default")

    @classmethod
    def of(cls, roots: Iterable[Any]) -> Reads:
        """What can be reached from the roots: the functions found name further attributes of objects met before."""
        roots, found = tuple(roots), cls({}, set(), False)
        while True:
            known = len(found.attributes), found.everything
            found = cls(found.attributes, found.stored, found.everything)
            for x in roots:
                found.read(x, getattr(x, "__name__", "an argument"))
            if known == (len(found.attributes), found.everything):
                return found

    def read(self, x: Any, name: str, line: Line | None = None) -> None:
        """Note what can be reached from x, which the code calls by a name."""
        kind = type(x)
        if kind in PLAIN or id(x) in self._seen:
            return
        if len(self._seen) > MOST_READ:
            raise Unreadable(f"it refers to more than {MOST_READ} things")
        self._seen[id(x)] = x
        reader: Any = _READERS.get(kind)
        if reader is not None:
            reader(self, x, name, line)
        elif isinstance(x, (Tensor, np.generic, np.ufunc, np.dtype, dtypes.dtype, *_SIMPLE)):
            return
        elif isinstance(x, np.ndarray):
            self._array(x, name, line)
        elif isinstance(x, type):
            self._class(x, name, line)
        elif isinstance(x, (dict, list, tuple, set, frozenset, collections.deque)):
            self._container(x, name, line)
        else:
            self._object(x, name, line)

    def _item(self, holder: Any, key: Any) -> Any:
        value = holder[key]
        self.items.append((holder, key, value))
        return value

    # ---- functions, modules, classes

    def _function(self, f: Any, name: str, line: Line | None) -> None:
        own = not trusted(f.__globals__.get("__name__"))  # not __module__: that of a wrapper is what it wraps
        code = names(f.__code__)
        if own:
            self.everything |= code.any
            self.stored |= code.stored
            for a, at in code.attributes.items():
                self.attributes.setdefault(a, at)
        elif (f.__module__ or "") in _MODULES:
            raise Unreadable(_told(f"{f.__module__}.{f.__name__}", line))
        for variable, cell in zip(f.__code__.co_freevars, f.__closure__ or ()):
            value = inside(cell)
            self.cells.append((cell, value))
            self.words[id(cell)] = variable
            if value is not NOTHING:
                self._followed(value, variable, code.variables.get(variable) or {(): line})
        for part in ("__defaults__", "__kwdefaults__"):
            if own and getattr(f, part):
                self.slots.append((weakref.proxy(f), part, getattr(f, part)))
                self.read(getattr(f, part), f"{f.__name__}.{part}", line)
        if not own:
            return
        self.words[id(f.__globals__)] = ""
        for variable, paths in code.variables.items():
            at = next(iter(paths.values()))
            if variable in f.__globals__:
                self._followed(self._item(f.__globals__, variable), variable, paths)
            elif variable in _BUILTINS:
                raise Unreadable(_told(f"{variable}()", at))
            elif variable not in f.__code__.co_freevars and not hasattr(_builtins, variable):
                self.absent.append((f.__globals__, variable))
        for module, at in code.imports.items():
            self._followed(sys.modules.get(module), module, {(a,): at for a in code.attributes})

    def _followed(self, x: Any, name: str, paths: Mapping[Path, Line | None]) -> None:
        """Note x and what is asked of it: of a module, attribute after attribute."""
        for path, line in paths.items():
            value, called = x, name
            for a in path:
                module = value.__name__ if isinstance(value, (types.ModuleType, type)) else ""
                if isinstance(value, type):
                    module = value.__module__
                elif not module:
                    break
                if a in _NAMES.get(module.partition(".")[0], ()):
                    raise Unreadable(_told(f"{called}.{a}", line))
                if trusted(module) and a not in vars(value):
                    getattr(value, a, None)  # a part that is loaded when it is first asked for, such as np.random
                if isinstance(value, type) or a not in vars(value):
                    break
                value = vars(value)[a] if trusted(module) else self._item(vars(value), a)
                called += f".{a}"
            if isinstance(value, types.ModuleType):
                self._module(value, called, line)
            else:
                self.read(value, called, line)

    def _module(self, m: Any, name: str, line: Line | None) -> None:
        if m.__name__ in _MODULES:
            raise Unreadable(_told(name, line))
        if trusted(m.__name__):
            return
        self.words[id(vars(m))] = name
        for a in [a for a in self.attributes if a in vars(m)] if not self.everything else list(vars(m)):
            self.read(self._item(vars(m), a), f"{name}.{a}", self.attributes.get(a, line))

    def _class(self, c: type, name: str, line: Line | None, made: bool = True) -> None:
        """A class; `made`: whether instances may be made of it. What it gives to a class of a package to call (a
        module's `forward`) is called by no name in its own code."""
        called = any(trusted(b.__module__) and b.__module__ not in _FIXED for b in c.__mro__)
        for base in c.__mro__:
            if trusted(base.__module__) or (base, made) in self._classes:
                continue
            self._classes.add((base, made))
            space = vars(base)
            self.words[id(space)], self.owners[id(space)] = base.__name__, base
            for a, x in list(space.items()):
                given = called and not a.startswith("__") and callable(getattr(x, "__func__", x))
                if given or a in self.attributes or self.everything or a in (_MADE if made else _CALLED):
                    self._item(space, a)
                    self.read(x, f"{base.__name__}.{a}", self.attributes.get(a, line))

    def _builtin(self, f: Any, name: str, line: Line | None) -> None:
        owner = f.__self__
        if isinstance(owner, types.ModuleType) or owner is None:
            if (f.__module__ or "") in _MODULES or (f.__module__ == "builtins" and f.__name__ in _BUILTINS):
                raise Unreadable(_told(name, line))
        else:
            self.read(owner, name, line)

    # ---- containers and objects

    def _array(self, x: Any, name: str, line: Line | None) -> None:
        if x.dtype.hasobject:
            raise Unreadable(_told(f"{name}, an array of objects", line))
        self.arrays.append(x)
        self.words[id(x)] = name

    def _container(self, x: Any, name: str, line: Line | None) -> None:
        self.words[id(x)] = name
        if isinstance(x, (set, frozenset)):
            if isinstance(x, set):
                self.sets.append(x)
            for y in x:
                self.read(y, f"an element of {name}", line)
            return
        fixed = isinstance(x, tuple)
        if not fixed:
            self.sized.append(x)
        for key in list(x) if isinstance(x, dict) else range(len(x)):
            y = x[key] if fixed else self._item(x, key)
            self.read(y, f"{name}[{key!r}]", line)
        if not fixed and hasattr(x, "__dict__"):
            self._attributes(x, name, line)

    def _object(self, x: Any, name: str, line: Line | None) -> None:
        """An instance: its class, and what it holds."""
        c = type(x)
        if isinstance(x, types.ModuleType):
            return self._module(x, name, line)
        if c.__module__ in _MODULES or c.__module__.startswith("numpy.random"):
            raise Unreadable(_told(f"{name}, a {c.__module__}.{c.__name__}", line))
        if isinstance(x, io.IOBase):
            raise Unreadable(_told(f"{name}, a file", line))
        if hasattr(c, "__next__"):
            raise Unreadable(_told(f"{name}, an iterator ({c.__name__})", line))
        if hasattr(x, "__wrapped__") and not isinstance(
            x, types.FunctionType
        ):  # a compiled function, or one in a cache
            self.read(x.__wrapped__, name, line)
            return
        if c.__module__ in _FIXED and not hasattr(x, "__dict__"):
            return
        self._class(c, name, line, made=False)
        if hasattr(x, "__dict__"):
            self._attributes(x, name, line)
        slots = [s for base in c.__mro__ for s in _slots(base)]
        if not slots and c.__basicsize__ > _Plain.__basicsize__ and c.__module__.partition(".")[0] != "chainrule":
            raise Unreadable(_told(f"{name}, a {c.__name__}", line))  # it holds what is not seen
        for s in slots:
            if s in self.attributes or self.everything or trusted(c.__module__):
                value = slot(x, s)
                self.slots.append((x, s, value))
                self.words[id(x)] = name
                self.read(value, f"{name}.{s}", self.attributes.get(s, line))

    def _attributes(self, x: Any, name: str, line: Line | None) -> None:
        """The attributes that code may ask for: of a package's objects all, but an optimiser tells its trace itself."""
        space = vars(x)
        c: Any = type(x)
        self.words[id(space)] = name
        own = not trusted(c.__module__)
        asked: set[str] = set(self.attributes)
        if "_parameters" in space:
            asked.update(("_hooked",), _asked(c) or space.keys() - {"_transient"})
            for a in _PARTS:
                self.read(space[a], name, line)
        elif self.everything or (not own and not c.__module__.startswith(_OPTIMISERS)):
            asked.update(space)
        for a in list(space):
            if a in asked and not (a in _PARTS and "_parameters" in space):
                self.read(self._item(space, a), f"{name}.{a}", self.attributes.get(a, line))
        for a in asked:
            if a not in space and (a in self.stored or _data(c, a)) and not _registered(space, a):
                self.absent.append((space, a))


def _told(what: str, line: Line | None) -> str:
    return f"uses {what}" + ("" if line is None else f' ("{line[0]}", line {line[1]})')


def inside(cell: Any) -> Any:
    """What lies in a cell."""
    try:
        return cell.cell_contents
    except ValueError:  # not filled yet
        return NOTHING


def slot(x: Any, name: str) -> Any:
    """An attribute that has a slot; of a function that is gone there is none."""
    return getattr(x, name, NOTHING)


def item(holder: Any, key: Any) -> Any:
    """What lies in a dict or list."""
    try:
        return dict.get(holder, key, NOTHING) if isinstance(holder, dict) else holder[key]
    except LookupError:
        return NOTHING


def alike(a: Any, b: Any) -> bool:
    """Whether two arrays hold the same, to the bit."""
    return bool(a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes())


class _Plain:
    """An instance of this, and of any class in Python, has its attributes and nothing else."""


def _slots(c: type) -> Iterable[str]:
    found = vars(c).get("__slots__", ())
    return [s for s in ([found] if isinstance(found, str) else found) if s not in ("__dict__", "__weakref__")]


def _data(c: type, name: str) -> bool:
    """Whether a class has a value that an instance's own would come before."""
    x = next((vars(b)[name] for b in c.__mro__ if name in vars(b)), NOTHING)
    return x is not NOTHING and not isinstance(x, (property, types.FunctionType))


def _registered(space: dict[str, Any], name: str) -> bool:
    return any(name in space.get(part, ()) for part in _PARTS)


@functools.lru_cache(1024)
def _asked(c: Any) -> frozenset[str]:
    """The attributes that a layer's `forward` asks for, by itself and by methods of its class; none for all."""
    found = {"forward"}
    todo = ["forward"]
    for name in todo:
        for base in c.__mro__:
            f = vars(base).get(name)
            if isinstance(f, types.FunctionType) and trusted(base.__module__):
                code = names(f.__code__)
                if code.any:
                    return frozenset()
                new = code.attributes.keys() - found
                found |= new
                todo += new
    return frozenset(found)


_builtins = sys.modules["builtins"]
_CALLED = frozenset(f"__{a}__" for a in (
    "call getattr getattribute getitem iter len enter exit add radd sub rsub mul rmul truediv rtruediv matmul rmatmul "
    "pow rpow neg pos abs eq ne lt le gt ge contains bool float int index setitem setattr get set missing hash array "
    "torch_function"
).split())  # fmt: skip
_MADE = _CALLED | {"__init__", "__new__", "__post_init__", "__init_subclass__"}
_SIMPLE: tuple[type, ...] = (type(LEAF), types.CodeType, weakref.ProxyType, types.GenericAlias)


def _each(*parts: str) -> Any:
    def read(reads: Reads, x: Any, name: str, line: Line | None) -> None:
        for part in parts:
            reads.read(getattr(x, part), name, line)

    return read


def _generator(reads: Reads, x: Any, name: str, line: Line | None) -> None:
    raise Unreadable(_told(f"{name}, a generator", line))


_READERS: dict[type, Any] = {
    types.FunctionType: Reads._function,
    types.BuiltinFunctionType: Reads._builtin,
    types.MethodType: _each("__self__", "__func__"),
    types.MethodDescriptorType: lambda *_: None,
    types.WrapperDescriptorType: lambda *_: None,
    types.MemberDescriptorType: lambda *_: None,
    types.GetSetDescriptorType: lambda *_: None,
    types.GeneratorType: _generator,
    functools.partial: _each("func", "args", "keywords"),
    functools.cached_property: _each("func"),
    property: _each("fget", "fset"),
    staticmethod: _each("__func__"),
    classmethod: _each("__func__"),
    range: lambda *_: None,
    slice: _each("start", "stop", "step"),
}
