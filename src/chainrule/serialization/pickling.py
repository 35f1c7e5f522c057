"""Objects as pickles: the few instructions that describe tensors and plain containers in PyTorch's way."""

from __future__ import annotations

import struct
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from chainrule.api.device import device
from chainrule.base import dtypes
from chainrule.base.shapes import Size
from chainrule.core.tensor import Tensor
from chainrule.nn.module import Module
from chainrule.nn.parameter import Parameter
from chainrule.serialization.build import is_key
from chainrule.serialization.modules import name_of, state_of

Array = np.ndarray[Any, Any]
_CLOSE = {1: b"\x85", 2: b"\x86", 3: b"\x87"}
# PyTorch has storages of their own for the dtypes that it has always had; the others lie in untyped ones.
_UNTYPED = {"uint16", "uint32", "uint64"}


def pickled(obj: Any) -> tuple[bytes, list[Array]]:
    """The pickle of an object, and the memory of its tensors in the order of the keys "0", "1", ... used there."""
    p = _Pickler()
    try:
        p.write(obj)
    except RecursionError:
        raise TypeError("save() cannot save containers that are nested some hundred levels deep") from None
    return b"\x80\x02" + bytes(p.out) + b".", [root for root, _, _ in p.storages.values()]


class _Pickler:
    def __init__(self) -> None:
        self.out = bytearray()
        self.memo: dict[Any, int] = {}  # what has been written: objects by id, names and strings by value
        self.open: set[int] = set()  # the containers being written
        self.storages: dict[int, tuple[Array, dtypes.dtype, str]] = {}  # by the id of the array that owns the memory

    def write(self, x: Any) -> None:
        """An object, or where it was written before a reference to that."""
        kind = type(x)
        if kind in _ATOMS:
            _ATOMS[kind](self, x)
            return
        key = id(x)
        if key in self.memo:
            self.recall(key)
            return
        if key in self.open:
            raise TypeError(f"save() cannot save a {kind.__name__} that contains itself")
        try:
            write = _COMPOUND[kind]
        except KeyError:
            if not isinstance(x, Module):
                raise TypeError(refusal(x)) from None
            write = _Pickler.module
        self.open.add(key)
        write(self, x)
        self.open.discard(key)
        self.remember(key)

    # ---- the memo

    def remember(self, key: Any) -> None:
        """Number what is on top of the stack."""
        n = self.memo[key] = len(self.memo)
        self.out += b"q" + bytes([n]) if n < 256 else b"r" + struct.pack("<I", n)

    def recall(self, key: Any) -> None:
        """Put what was numbered on the stack."""
        n = self.memo[key]
        self.out += b"h" + bytes([n]) if n < 256 else b"j" + struct.pack("<I", n)

    # ---- names, numbers, strings

    def name(self, module: str, name: str) -> None:
        """A name, such as `torch Size`."""
        if (module, name) in self.memo:
            self.recall((module, name))
        else:
            self.out += f"c{module}\n{name}\n".encode()
            self.remember((module, name))

    def put_int(self, x: int) -> None:
        """An integer, in the shortest form."""
        if 0 <= x < 256:
            self.out += b"K" + bytes([x])
        elif 0 <= x < 65536:
            self.out += b"M" + struct.pack("<H", x)
        elif -(2**31) <= x < 2**31:
            self.out += b"J" + struct.pack("<i", x)
        else:
            raw = x.to_bytes(x.bit_length() // 8 + 1, "little", signed=True)
            if len(raw) > 255:
                raise TypeError(f"save() cannot save an integer of {x.bit_length()} bits")
            self.out += b"\x8a" + bytes([len(raw)]) + raw

    def put_str(self, x: str) -> None:
        """A string; the second time a reference."""
        if ("", x) in self.memo:
            self.recall(("", x))
        else:
            raw = x.encode("utf-8", "surrogatepass")
            self.out += b"X" + struct.pack("<I", len(raw)) + raw
            self.remember(("", x))

    # ---- containers

    def call(self, module: str, name: str, *parts: Callable[[], None]) -> None:
        """`name(*parts)`, where each part is a function that writes an argument."""
        self.name(module, name)
        self.put_tuple(parts)
        self.out += b"R"

    def put_tuple(self, parts: Iterable[Callable[[], None]]) -> None:
        """A tuple of what the parts write."""
        parts = list(parts)
        self.out += b"" if len(parts) in _CLOSE else b"(" if parts else b")"
        for part in parts:
            part()
        self.out += _CLOSE.get(len(parts), b"t" if parts else b"")

    def each(self, xs: Iterable[Any]) -> list[Callable[[], None]]:
        """A part for each object."""
        return [lambda x=x: self.write(x) for x in xs]  # type: ignore[misc]

    def put_list(self, xs: Iterable[Any]) -> None:
        """A list."""
        self.out += b"]("
        for x in xs:
            self.write(x)
        self.out += b"e"

    def entries(self, d: Mapping[Any, Any]) -> None:
        """The entries of the dict on top of the stack."""
        self.out += b"("
        for key, value in d.items():
            self.write(_key(key))
            self.write(value)
        self.out += b"u"

    def put_dict(self, d: Mapping[Any, Any]) -> None:
        """A dict."""
        self.out += b"}"
        self.entries(d)

    def ordered(self, d: OrderedDict[Any, Any]) -> None:
        """An OrderedDict with its attributes (a state_dict has `_metadata`)."""
        self.no_hooks()
        self.entries(d)
        if vars(d):
            self.put_dict(vars(d))
            self.out += b"b"

    def no_hooks(self) -> None:
        """An empty OrderedDict."""
        self.call("collections", "OrderedDict")

    def module(self, x: Module) -> None:
        """A whole module: its class by name, and its attributes."""
        self.name(*name_of(type(x)))
        self.out += b")\x81"
        for name, value in (state := state_of(x)).items():
            if callable(value) and not isinstance(value, Module):
                raise TypeError(
                    f"save() does not save functions: {type(x).__name__} has one as .{name}; save state_dict()"
                )
        self.put_dict(state)
        self.out += b"b"

    # ---- tensors

    def tensor(self, x: Tensor) -> None:
        """A tensor with the attributes that the user gave it."""
        notes = _attributes(x)
        if not notes:
            self.bare(x)
            return
        build, parts = self.rebuild(x)
        self.call(
            "torch._tensor", "_rebuild_from_type_v2",
            lambda: self.name("torch._utils", build), lambda: self.name("torch", "Tensor"),
            lambda: self.put_tuple(parts), lambda: self.put_dict(notes),
        )  # fmt: skip

    def bare(self, x: Tensor) -> None:
        """A tensor: its place in a storage."""
        name, parts = self.rebuild(x)
        self.call("torch._utils", name, *parts)

    def rebuild(self, x: Tensor) -> tuple[str, list[Callable[[], None]]]:
        """The function that builds a tensor and the parts that write its arguments."""
        root, offset, strides = memory(np.asarray(x._a))
        d, wants = x.dtype, type(x) is not Parameter and x._g is not None
        parts = [lambda: self.storage(root, d), lambda: self.put_int(offset),
                 lambda: self.put_tuple(self.each(x.shape)), lambda: self.put_tuple(self.each(strides)),
                 lambda: self.write(wants), self.no_hooks]  # fmt: skip
        if d.name in _UNTYPED:
            return "_rebuild_tensor_v3", [*parts, lambda: self.write(d)]
        return "_rebuild_tensor_v2", parts

    def parameter(self, x: Parameter) -> None:
        """A parameter."""
        notes = _attributes(x)
        parts = [lambda: self.bare(x), lambda: self.write(x._g is not None), self.no_hooks]
        if notes:
            parts.append(lambda: self.put_dict(notes))
        self.call("torch._utils", "_rebuild_parameter" + "_with_state" * bool(notes), *parts)

    def storage(self, root: Array, d: dtypes.dtype) -> None:
        """A reference to memory, which the archive holds under a number."""
        _, held, key = self.storages.setdefault(id(root), (root, d, str(len(self.storages))))
        if held is not d:
            raise RuntimeError(
                "Cannot save multiple tensors or storages that view the same data as different types "
                f"({held} and {d}). Save a clone() of one of them."
            )
        untyped = d.name in _UNTYPED
        kind = ("torch.storage", "UntypedStorage") if untyped else ("torch", d.legacy.replace("Tensor", "Storage"))
        n = root.nbytes if untyped else root.nbytes // d.itemsize
        self.put_tuple([lambda: self.put_str("storage"), lambda: self.name(*kind), *self.each([key, "cpu", n])])
        self.out += b"Q"


def memory(a: Array) -> tuple[Array, int, list[int]]:
    """The array that owns a's memory, and a's offset and strides there in elements.

    A copy where the memory cannot be described so: it has gaps, or a runs backwards through it.
    """
    root = a
    while isinstance(root.base, np.ndarray):
        root = root.base
    item = a.itemsize
    start = a.__array_interface__["data"][0] - root.__array_interface__["data"][0]
    fits = root.flags.forc and root.nbytes % item == 0 and start % item == 0
    if a.size == 0 or not fits or any(s < 0 or s % item for s in a.strides):
        root, start = np.array(a, order="C"), 0
        return root, 0, [s // item for s in root.strides]
    return root, start // item, [s // item for s in a.strides]


def _attributes(x: Tensor) -> dict[str, Any]:
    """The attributes that the user gave a tensor."""
    return {k: v for k, v in vars(x).items() if not k.startswith("_") and k != "persistent"}


def refusal(x: Any) -> str:
    """Why an object is not saved, and what to save instead."""
    name = type(x).__name__
    if hasattr(x, "state_dict"):
        return (
            f"save() keeps data, not code, so it does not save a whole {name}. Save its state_dict(): "
            "torch.save(model.state_dict(), path), and load it by model.load_state_dict(torch.load(path))."
        )
    if isinstance(x, (np.ndarray, np.generic)):
        return f"save() does not save NumPy's {name}, which torch.load refuses. Save torch.from_numpy(x), or x.item()."
    if isinstance(x, dict):
        return f"save() does not save a {name}, which torch.load refuses. Save dict(x)."
    return (
        f"save() cannot save an object of type {name}: a file holds tensors, numbers, strings, bytes, sizes, dtypes "
        "and devices, in dicts, lists, tuples and sets. Save what the object consists of."
    )


def _constant(code: bytes) -> Callable[[_Pickler, Any], None]:
    def write(p: _Pickler, x: Any) -> None:
        p.out += code

    return write


def _float(p: _Pickler, x: float) -> None:
    p.out += b"G" + struct.pack(">d", x)


def _bool(p: _Pickler, x: bool) -> None:
    p.out += b"\x88" if x else b"\x89"


def _dtype(p: _Pickler, x: dtypes.dtype) -> None:
    p.name("torch", x.name)


def _bytes(p: _Pickler, x: bytes) -> None:
    p.call("_codecs", "encode", lambda: p.put_str(x.decode("latin1")), lambda: p.put_str("latin1"))


def _set(p: _Pickler, x: set[Any]) -> None:
    p.call("__builtin__", "set", lambda: p.put_list(map(_key, x)))


def _key(x: Any) -> Any:
    """A key of a dict or an element of a set, or a refusal."""
    if not is_key(x):
        raise TypeError(f"save() takes numbers, strings and flat tuples of these as keys and in sets, not {x!r}")
    return x


def _complex(p: _Pickler, x: complex) -> None:
    p.call("__builtin__", "complex", lambda: _float(p, x.real), lambda: _float(p, x.imag))


def _size(p: _Pickler, x: Size) -> None:
    p.call("torch", "Size", lambda: p.put_tuple(p.each(x)))


def _device(p: _Pickler, x: device) -> None:
    p.call("torch", "device", *p.each([x.type] if x.index is None else [x.type, x.index]))


_ATOMS: dict[type, Callable[[_Pickler, Any], None]] = {
    type(None): _constant(b"N"), bool: _bool, int: _Pickler.put_int, float: _float, complex: _complex,
    str: _Pickler.put_str, bytes: _bytes, Size: _size, device: _device, dtypes.dtype: _dtype,
}  # fmt: skip
_COMPOUND: dict[type, Callable[[_Pickler, Any], None]] = {
    list: _Pickler.put_list,
    tuple: lambda p, x: p.put_tuple(p.each(x)),
    dict: _Pickler.put_dict,
    OrderedDict: _Pickler.ordered,
    Counter: lambda p, x: p.call("collections", "Counter", lambda: p.put_dict(x)),
    set: _set,
    Tensor: _Pickler.tensor,
    Parameter: _Pickler.parameter,
}
