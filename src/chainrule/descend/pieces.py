"""Finished pieces of a sweep, kept in a folder: what a killed sweep need not do again.

Each piece is one .npz file without pickles, which is there whole or not at all. The folder says what it was asked for,
and is refused by a sweep that is asked for something else.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.descend.lanes import Lanes

ABOUT = "sweep.json"


class Pieces:
    """The folder `path`, made where it is missing, of a sweep that was asked for this."""

    def __init__(self, path: Any, asked: dict[str, str]) -> None:
        self.path = Path(path)
        self.path.mkdir(parents=True, exist_ok=True)
        about = self.path / ABOUT
        if not about.exists():
            if any(self.path.glob("*")):
                raise ValueError(f"the folder {self.path} holds other files: name a new or an empty one as checkpoint")
            _put(about, lambda file: file.write(json.dumps(asked, indent=1).encode()))
        before = json.loads(about.read_text())
        for name, now in asked.items():
            if before.get(name) != now:
                raise ValueError(
                    f"the checkpoint {self.path} is of another sweep: its {name} was {before.get(name)}, now it is "
                    f"{now}. Remove the folder to start anew, or name another."
                )

    def read(self, i: int) -> Lanes | None:
        """Piece i, if it is done."""
        path = self._file(i)
        if not path.exists():
            return None
        with np.load(path, allow_pickle=False) as file:
            return Lanes(*(file.get(name) for name in Lanes._fields))

    def write(self, i: int, lanes: Lanes) -> None:
        """Keep piece i."""
        arrays = {k: a for k, a in lanes._asdict().items() if a is not None}
        _put(self._file(i), lambda file: np.savez(file, **arrays))

    def _file(self, i: int) -> Path:
        return self.path / f"piece{i}.npz"


def digest(a: Any) -> str:
    """A short name for an array's contents."""
    import hashlib

    a = np.ascontiguousarray(a)
    return f"{a.dtype}{list(a.shape)} {hashlib.sha256(a.tobytes()).hexdigest()[:16]}"


def _put(path: Path, write: Callable[[Any], Any]) -> None:
    """Write a file beside its place and move it there."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
