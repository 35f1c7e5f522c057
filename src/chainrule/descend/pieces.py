"""Finished pieces of a sweep, kept in a folder: what a killed sweep need not do again.

Each piece is one .npz file without pickles, which is there whole or not at all. The folder says what it was asked for,
the function among it, and is refused by a sweep that is asked for something else.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.descend.digest import Damaged, check
from chainrule.descend.lanes import Lanes
from chainrule.descend.objective import Array

ABOUT = "sweep.json"


class Pieces:
    """The folder `path`, made where it is missing, of a sweep that was asked for this; the rest as of `Checkpoint`."""

    def __init__(
        self, path: str | os.PathLike[str], asked: dict[str, str], why: str = "", resume: bool = False
    ) -> None:
        self.path = Path(path)
        self.path.mkdir(parents=True, exist_ok=True)
        about = self.path / ABOUT
        if not about.exists():
            if any(not _half(file) for file in self.path.iterdir()):
                raise ValueError(f"the folder {self.path} holds other files: name a new or an empty one as checkpoint")
            _put(about, lambda file: file.write(json.dumps(asked, indent=1).encode()))
            return
        remedy = "Remove the folder to start anew, or name another."
        try:
            before = dict(json.loads(about.read_text()))
        except Exception as e:  # what a file that is cut off or overwritten raises is anybody's guess
            raise Damaged(about, e, remedy) from e
        check(self.path, asked, before, why, resume, remedy)

    def read(self, i: int, starts: Array) -> Lanes | None:
        """Piece i, which is of these starts, if it is done."""
        path = self._file(i)
        if not path.exists():
            return None
        try:
            with np.load(path, allow_pickle=False) as file:
                lanes = Lanes(*(file.get(name) for name in Lanes._fields))
            if lanes.x.shape != starts.shape or any(len(a) != len(starts) for a in lanes if a is not None):
                raise ValueError(f"ends of shape {list(lanes.x.shape)} for starts of shape {list(starts.shape)}")
            return lanes
        except Exception as e:
            raise Damaged(path, e, "Remove the file, and the piece is done again.") from e

    def write(self, i: int, lanes: Lanes) -> None:
        """Keep piece i."""
        arrays = {k: a for k, a in lanes._asdict().items() if a is not None}
        _put(self._file(i), lambda file: np.savez(file, **arrays))

    def _file(self, i: int) -> Path:
        return self.path / f"piece{i}.npz"


def _half(file: Path) -> bool:
    """Whether a kill in the middle of writing has left this."""
    return file.name.startswith(".") and file.suffix == ".part"


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
