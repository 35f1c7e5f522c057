"""The zip archive that a file of PyTorch's is: records stored as they are, under a folder of any name.

`data.pkl` the pickle, `data/<key>` the tensors' memory, `byteorder` and `version` notes. Nothing is unpacked to disk,
and no record is read before its size has been checked against the size of the file.
"""

from __future__ import annotations

import io
import sys
import zipfile
from collections.abc import Callable
from pickle import UnpicklingError
from typing import IO, Any

import numpy as np

from chainrule.serialization.build import STORAGES, UNTYPED, Storage
from chainrule.serialization.unpickle import DAMAGE, unpickled

_ALIGN = 64  # memory starts at a multiple of this, so that it can be mapped
_DATE = (1980, 1, 1, 0, 0, 0)  # the same object gives the same file


def write_archive(file: IO[bytes], data: bytes, storages: list[np.ndarray[Any, Any]]) -> None:
    """Write a pickle and the memory that it refers to."""
    notes = {".format_version": b"1", ".storage_alignment": str(_ALIGN).encode(), "byteorder": sys.byteorder.encode()}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as z:
        for name, content in {"data.pkl": data, **notes}.items():
            _write(z, name, content)
        for key, root in enumerate(storages):
            _write(z, f"data/{key}", root.reshape(-1, order="A").view(np.uint8).data)
        _write(z, "version", b"3\n")


def _write(z: zipfile.ZipFile, name: str, content: bytes | memoryview) -> None:
    info = zipfile.ZipInfo(f"archive/{name}", _DATE)
    pad = -(z.start_dir + 30 + len(info.filename) + 4) % _ALIGN  # 30: a record's header; 4: that of the padding
    info.extra = b"FB" + pad.to_bytes(2, "little") + b"Z" * pad
    with z.open(info, "w", force_zip64=len(content) >= 2**31) as record:
        record.write(content)


def read_archive(file: IO[bytes], place: Callable[[str], None], modules: bool = False) -> Any:
    """The object in an archive. `place`: raises where a tensor's device cannot be had. `modules`: may it hold some?"""
    try:
        with zipfile.ZipFile(file) as z:
            return _Archive(z, place).load(modules)
    except (zipfile.BadZipFile, *DAMAGE, NotImplementedError, OSError) as error:
        raise UnpicklingError(f"the file is damaged or cut off: {error}") from None


class _Archive:
    def __init__(self, z: zipfile.ZipFile, place: Callable[[str], None]) -> None:
        self.z, self.place = z, place
        self.storages: dict[str, Storage] = {}
        self.records = _checked(z)
        folders = [name.removesuffix("data.pkl") for name in self.records if name.split("/")[1:] == ["data.pkl"]]
        if not folders:
            raise UnpicklingError("the file is a zip archive, but not one that save() wrote: it has no data.pkl")
        self.folder = folders[0]
        if f"{self.folder}constants.pkl" in self.records:
            raise UnpicklingError("the file holds a TorchScript program, which load() does not run; save state_dict()")

    def load(self, modules: bool) -> Any:
        """The object."""
        order = self.read("byteorder").tobytes() if f"{self.folder}byteorder" in self.records else b"little"
        if order not in (b"little", b"big"):
            raise UnpicklingError(f"unknown byte order {order!r}")
        result = unpickled(io.BytesIO(self.read("data.pkl").tobytes()), self.storage, modules)
        for storage in self.storages.values():
            storage.settle(order != sys.byteorder.encode())
        return result

    def storage(self, description: Any) -> Storage:
        """The memory for a persistent id: ("storage", type, key, device, number of elements)."""
        _, kind, key, location, n = described(description, 5)
        if type(key) is not str or not key.isalnum():
            raise UnpicklingError(f"a storage has the key {key!r}")
        if key not in self.storages:
            self.place(location)
            self.storages[key] = Storage(self.read(f"data/{key}"))
        storage = self.storages[key]
        if storage.raw.size != n * itemsize(kind):
            raise UnpicklingError(f"storage {key} has {storage.raw.size} bytes, not {n} elements of {kind}")
        return storage if kind == UNTYPED else storage.typed(STORAGES[kind])

    def read(self, name: str) -> np.ndarray[Any, Any]:
        """A record's bytes."""
        info = self.records.get(f"{self.folder}{name}")
        if info is None:
            raise UnpicklingError(f"the archive has no record {name!r}")
        raw = np.empty(info.file_size, np.uint8)
        record: Any  # whose type does not tell of `readinto`
        with self.z.open(info) as record:
            at = 0
            while got := record.readinto(raw[at:].data):
                at += got
        if at != raw.size:
            raise UnpicklingError(f"the record {name!r} is cut off after {at} of {raw.size} bytes")
        return raw


def _checked(z: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """The records by name; refuses compressed ones, doubtful names, and sizes that the file cannot hold."""
    assert z.fp is not None
    total, said = z.fp.seek(0, io.SEEK_END), 0
    records: dict[str, zipfile.ZipInfo] = {}
    for info in z.infolist():
        name = info.filename
        if name in records or "\\" in name or any(part in ("", ".", "..") for part in name.split("/")):
            raise UnpicklingError(f"the archive has a record with the doubtful name {name!r}")
        if info.compress_type != zipfile.ZIP_STORED or info.flag_bits & 1 or info.file_size != info.compress_size:
            raise UnpicklingError(f"the record {name!r} is compressed or encrypted, which save() never does")
        said += info.file_size
        if said > total:
            raise UnpicklingError(f"the record {name!r} claims {info.file_size} bytes in a file of {total}")
        records[name] = info
    return records


def described(description: Any, length: int) -> tuple[Any, ...]:
    """A storage's persistent id, after a look at its form."""
    if type(description) is not tuple or len(description) != length or description[0] != "storage":
        raise UnpicklingError("only storages can be referred to from a file's pickle")
    _, kind, _, location, n, *_ = description
    if (kind not in STORAGES and kind != UNTYPED) or type(location) is not str or type(n) is not int or n < 0:
        raise UnpicklingError(f"a storage is described in an unknown way: {description[1:]}")
    return description


def itemsize(kind: str) -> int:
    """The bytes of an element of a storage."""
    return 1 if kind == UNTYPED else STORAGES[kind].itemsize
