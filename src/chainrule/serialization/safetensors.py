"""The safetensors file format: the length of a header, the header in JSON, and the tensors one after the other.

https://github.com/huggingface/safetensors#format. A file holds tensors by name and notes (strings), nothing else.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import numpy as np

from chainrule.api.device import here
from chainrule.base import dtypes
from chainrule.base.shapes import numel
from chainrule.core.tensor import Tensor, wrap

_CODES = {d: d.name.upper().replace("FLOAT", "F").replace("UINT", "U").replace("INT", "I") for d in dtypes.ALL.values()}
_DTYPES = {code: d for d, code in _CODES.items()}
_HEADER_LIMIT = 100_000_000


Path = str | os.PathLike[str]


def save_file(tensors: dict[str, Tensor], filename: Path, metadata: dict[str, str] | None = None) -> None:
    """Save tensors by name as a safetensors file.

    Each tensor is written whole, so tensors that share memory do not when loaded. `metadata`: notes, strings by name.
    Raises TypeError for anything but tensors and strings.
    """
    for name, x in tensors.items():
        if not isinstance(name, str) or name == "__metadata__" or not isinstance(x, Tensor):
            raise TypeError(f"save_file() saves tensors by name; {name!r} is of type {type(x).__name__}")
    header: dict[str, Any] = {}
    if metadata is not None:
        if not all(isinstance(s, str) for item in metadata.items() for s in item):
            raise TypeError("save_file() takes strings as metadata, by names that are strings")
        header["__metadata__"] = metadata
    # the widest elements first, so that all stay aligned
    order = sorted(tensors, key=lambda name: (-tensors[name].dtype.itemsize, name))
    end = 0
    for name in order:
        x = tensors[name]
        begin, end = end, end + x.numel() * x.dtype.itemsize
        header[name] = {"dtype": _CODES[x.dtype], "shape": list(x.shape), "data_offsets": [begin, end]}
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    with open(filename, "wb") as f:
        f.write(len(text).to_bytes(8, "little") + text)
        for name in order:
            a = np.ascontiguousarray(tensors[name]._a)
            f.write(a.astype(a.dtype.newbyteorder("<"), copy=False).reshape(-1).view(np.uint8).data)


def load_file(filename: Path, device: Any = "cpu") -> dict[str, Tensor]:
    """The tensors of a safetensors file by name. Raises ValueError where the file is not one, or is damaged.

    `device`: only the CPU.
    """
    here(device)
    with open(filename, "rb") as f:
        size = os.fstat(f.fileno()).st_size
        n = int.from_bytes(f.read(8), "little")
        if n > min(size - 8, _HEADER_LIMIT):
            raise ValueError(f"not a safetensors file: it claims a header of {n} bytes in a file of {size}")
        try:
            header = json.loads(f.read(n), object_pairs_hook=_once)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"not a safetensors file: its header is no JSON ({error})") from None
        if not isinstance(header, dict):
            raise ValueError("not a safetensors file: its header is no JSON object")
        header.pop("__metadata__", None)
        places = {name: _place(name, entry) for name, entry in header.items()}
        at = 0
        order = sorted(places, key=lambda name: places[name][2:])
        for name in order:
            _, _, begin, end = places[name]
            if begin != at:
                raise ValueError(f"damaged safetensors file: {name!r} begins at {begin}, not at {at}")
            at = end
        if at != size - 8 - n:
            raise ValueError(f"damaged safetensors file: its tensors take {at} bytes, but it has {size - 8 - n}")
        tensors = {name: _read(f, *places[name][:2]) for name in order}  # one after the other, as they lie in the file
        return {name: tensors[name] for name in places}


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a name occurs twice")
    return made


def _place(name: str, entry: Any) -> tuple[dtypes.dtype, list[int], int, int]:
    """What the header says of a tensor: dtype, shape, first byte, byte after the last."""
    match entry:
        case {"dtype": str(code), "shape": list(shape), "data_offsets": [begin, end]}:
            for x in (*shape, begin, end):
                if type(x) is not int or x < 0:
                    raise ValueError(
                        f"damaged safetensors file: {name!r} has sizes or offsets that are no integers >= 0"
                    )
            if code not in _DTYPES:
                raise ValueError(f"{name!r} is of dtype {code}; chainrule has {', '.join(_DTYPES)}")
            if end - begin != numel(shape) * _DTYPES[code].itemsize:
                raise ValueError(f"damaged safetensors file: {name!r} ({code}, {shape}) has {end - begin} bytes")
            return _DTYPES[code], shape, begin, end
    raise ValueError(f"damaged safetensors file: {name!r} is described as {entry!r}")


def _read(f: Any, d: dtypes.dtype, shape: list[int]) -> Tensor:
    a = np.empty(shape, d.np)
    if a.size and f.readinto(a) != a.nbytes:
        raise ValueError("damaged safetensors file: it became shorter while it was read")
    if sys.byteorder == "big":
        a.byteswap(inplace=True)
    return wrap(a.view(np.uint8) != 0 if d.np == dtypes.BOOL else a)
