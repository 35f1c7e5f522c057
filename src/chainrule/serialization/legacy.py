"""PyTorch's file format before 1.6.

Four pickles one after the other (magic number, version, machine, object), a fifth with the keys of the storages, then
the memory of each, led by its number of elements.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pickle import UnpicklingError
from typing import IO, Any

import numpy as np

from chainrule.serialization.archive import described, itemsize
from chainrule.serialization.build import STORAGES, UNTYPED, Storage
from chainrule.serialization.unpickle import unpickled

_MAGIC = 0x1950A86A20F9469CFC6C
_VERSION = 1001


def read_legacy(file: IO[bytes], place: Callable[[str], None], modules: bool = False) -> Any:
    """The object in a file of the old format. `place`: raises where a tensor's device cannot be had."""
    data = file.read()
    if not data:
        raise EOFError("Ran out of input: the file is empty")
    if data[257:262] == b"ustar":
        raise UnpicklingError("the file is a tar archive, as torch 0.1 wrote: load it in torch and save it again")
    if data[:1] != b"\x80":
        raise UnpicklingError(f"this is no file that save() wrote: it begins with {data[:8]!r}")
    stream = io.BytesIO(data)
    if unpickled(stream, _no_storage) != _MAGIC:
        raise UnpicklingError("Invalid magic number; corrupt file?")
    if (version := unpickled(stream, _no_storage)) != _VERSION:
        raise UnpicklingError(f"Invalid protocol version: {version}")
    machine = unpickled(stream, _no_storage)
    little = not isinstance(machine, dict) or machine.get("little_endian", True)
    memory = _Memory(len(data), place)
    result = unpickled(stream, memory.storage, modules)
    keys = unpickled(stream, _no_storage)
    if not isinstance(keys, list) or sorted(map(str, keys)) != sorted(memory.storages):
        raise UnpicklingError("the file does not hold the storages that its tensors need")
    for key in keys:
        memory.fill(str(key), stream, "little" if little else "big")
    return result


def _no_storage(description: Any) -> Any:
    raise UnpicklingError("a storage is out of place")


class _Memory:
    """The storages: made when a tensor first refers to them, filled when the object is there."""

    def __init__(self, limit: int, place: Callable[[str], None]) -> None:
        self.storages: dict[str, Storage] = {}
        self.left, self.place = limit, place

    def storage(self, description: Any) -> Storage:
        """The memory for a persistent id: ("storage", type, key, device, number of elements, view)."""
        _, kind, key, location, n, view = described(description, 6)
        if view is not None or kind == UNTYPED or type(key) is not str:
            raise UnpicklingError("a storage is described in an unknown way; load the file in torch and save it again")
        if key not in self.storages:
            self.place(location)
            nbytes = n * itemsize(kind)
            self.left -= nbytes
            if self.left < 0:
                raise UnpicklingError(f"a storage claims {nbytes} bytes, more than the file has")
            self.storages[key] = Storage(np.zeros(nbytes, np.uint8))
        return self.storages[key].typed(STORAGES[kind])

    def fill(self, key: str, stream: IO[bytes], order: Any) -> None:
        """Read a storage's memory."""
        storage = self.storages[key]
        assert storage.dtype is not None
        n = int.from_bytes(stream.read(8), order)
        if n * storage.dtype.itemsize != storage.raw.size:
            raise UnpicklingError(f"storage {key} has {n} elements, not {storage.raw.size // storage.dtype.itemsize}")
        raw = stream.read(storage.raw.size)
        if len(raw) != storage.raw.size:
            raise UnpicklingError(f"the file is cut off in storage {key}")
        storage.raw[:] = np.frombuffer(raw, np.uint8)
        storage.settle(order != sys.byteorder)
