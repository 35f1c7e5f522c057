"""Tensors in files: `save` and `load` in PyTorch's format, `save_file` and `load_file` in that of safetensors.

A file of PyTorch's is a zip archive of plain records: `data.pkl`, a pickle that describes the object, and `data/0`,
`data/1`, ..., the memory of its tensors. Pickle is a language that can call anything; here it is read by a machine
(`unpickle`) that knows only how to put together tensors and plain containers, so a hostile file is refused and runs
nothing. `pickling` writes just what `torch.load` reads as safe, `archive` deals with the zip.

>>> import io, chainrule as cr
>>> file = io.BytesIO()
>>> cr.save({"w": cr.arange(3.), "step": 7}, file)
>>> _ = file.seek(0)
>>> cr.load(file)
{'w': tensor([0., 1., 2.]), 'step': 7}
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any

from chainrule.api.device import device, here
from chainrule.serialization.archive import read_archive, write_archive
from chainrule.serialization.legacy import read_legacy
from chainrule.serialization.pickling import pickled
from chainrule.serialization.safetensors import load_file, save_file

__all__ = ["load", "load_file", "save", "save_file"]

File = str | os.PathLike[str] | IO[bytes]


def save(obj: Any, f: File, pickle_module: Any = None, pickle_protocol: int = 2,
         _use_new_zipfile_serialization: bool = True) -> None:  # fmt: skip
    """Save an object in PyTorch's file format; `torch.load` reads it with `weights_only=True`.

    `obj`: a tensor, a state_dict, or any nesting of dict, OrderedDict, list, tuple and set of tensors, numbers,
    strings, bytes, sizes, dtypes and devices; or whole modules, whose class is kept as a name (better: save their
    `state_dict()`). Tensors that share memory do so again when loaded. `f`: a path or a file open for writing bytes.
    Raises TypeError for anything else, before the file is touched.
    """
    _refuse_module(pickle_module, "save")
    if not _use_new_zipfile_serialization:
        raise ValueError("save() writes the zip format only (torch 1.6 and later); leave the option out")
    data, storages = pickled(obj)
    with _opened(f, "wb", "write") as file:
        write_archive(file, data, storages)


def load(f: File, map_location: Any = None, pickle_module: Any = None, *, weights_only: bool | None = True,
         mmap: bool | None = None, **pickle_load_args: Any) -> Any:  # fmt: skip
    """Load what `save` or `torch.save` saved, building tensors and plain containers only.

    `f`: a path or a seekable file open for reading bytes. `map_location`: where the tensors are to go, which can only
    be the CPU; needed (`"cpu"`) for files saved on another device. A dict or a function of torch's form will do as
    well. `mmap` changes nothing. `weights_only=False` lets whole modules be in the file, of `nn` or of classes that the
    session has; no code is run either way. Raises `pickle.UnpicklingError` where the file asks for anything else to be
    built, or is damaged.
    """
    _refuse_module(pickle_module, "load")
    place = _placed(map_location)
    with _opened(f, "rb", "read") as file:
        if not (hasattr(file, "seek") and hasattr(file, "tell") and getattr(file, "seekable", lambda: True)()):
            raise ValueError(
                "You can only load from a file that is seekable. Read it into memory first: load(io.BytesIO(f.read()))"
            )
        start = file.tell()
        head = file.read(4)
        file.seek(start)
        read = read_archive if head == b"PK\x03\x04" else read_legacy
        return read(file, place, weights_only is False)


def _refuse_module(pickle_module: Any, name: str) -> None:
    if pickle_module is not None:
        raise ValueError(f"{name}() has its own pickle machine, which builds data only; leave pickle_module out")


@contextmanager
def _opened(f: File, mode: str, method: str) -> Iterator[IO[bytes]]:
    """A path opened, a file as it is."""
    if isinstance(f, (str, os.PathLike)):
        with open(f, mode) as file:
            yield file
    elif hasattr(f, method):
        yield f
    else:
        raise AttributeError(f"expected a path or a file with the method '{method}', got {type(f).__name__}")


def _placed(map_location: Any) -> Callable[[str], None]:
    """The function that checks where a saved tensor lived: on the CPU, or somewhere that is mapped to it."""
    if map_location is None:
        return _from_cpu
    if callable(map_location):
        return lambda location: None
    if isinstance(map_location, dict):
        return lambda location: _from_cpu(str(map_location.get(location, location)))
    here(map_location)
    return lambda location: None


def _from_cpu(location: str) -> None:
    if device(location).type != "cpu":
        raise RuntimeError(
            f"Attempting to deserialize object on '{location}', but chainrule computes on the CPU only. Please use "
            "load with map_location=torch.device('cpu') to map your storages to the CPU."
        )
