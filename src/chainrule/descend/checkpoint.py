"""Checkpoints: where a descent stands, in one .npz file without pickles, which is there whole or not at all.

A checkpoint is written beside its place and moved there, so a kill at any moment leaves the last complete one. It
carries what the run was asked for, the function among it, and is refused by a run that was asked for something else.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.descend.digest import Damaged, check
from chainrule.descend.history import History
from chainrule.descend.steps import State
from chainrule.descend.stops import Stops

PAUSE = 1.0  # seconds between checkpoints, unless the caller says otherwise
SHARE = 10  # writing takes no more than one part in this of the time
Where = str | os.PathLike[str] | tuple[str, float]  # a file, and in how many seconds it is written again


class Checkpoint:
    """A file to go on from: `path`, or (path, seconds between two writes).

    asked: what the run is asked for; of its function there are letters, or `why` there are none (see `digest`).
    resume: whether to go on from a checkpoint of another function, too.
    """

    def __init__(self, where: Where, asked: dict[str, str], why: str = "", resume: bool = False) -> None:
        self.why, self.resume = why, resume
        path, self.pause = where if isinstance(where, tuple) else (where, PAUSE)
        self.path = Path(path)
        self.asked = asked
        self._next = time.monotonic() + self.pause

    def due(self) -> bool:
        """Whether it is time to write."""
        return time.monotonic() >= self._next

    def write(self, at: int, state: State, history: History, stops: Stops) -> None:
        """Replace the file by one of the state before step `at`."""
        began = time.monotonic()
        kinds = ["none" if a is None else "number" if type(a) is float else "array" for a in state]
        about = {"asked": self.asked, "at": at, "kinds": kinds, "lowest": stops.lowest, "since": stops.since}
        arrays: dict[str, Any] = {f"state{i}": np.asarray(a) for i, a in enumerate(state) if a is not None}
        arrays |= {"about": np.array(json.dumps(about)), **history.arrays()}
        handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=self.path.name, suffix=".part")
        try:
            with os.fdopen(handle, "wb") as file:
                np.savez(file, **arrays)
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, self.path)
        except BaseException:
            os.unlink(name)
            raise
        took = time.monotonic() - began
        self._next = time.monotonic() + max(self.pause, SHARE * took if self.pause else 0.0)

    def read(self, history: History, stops: Stops) -> tuple[int, State] | None:
        """The step to go on from and the state there; None if there is no file yet."""
        if not self.path.exists():
            return None
        remedy = "Remove the file to start anew, or name another."
        try:
            with np.load(self.path, allow_pickle=False) as file:
                arrays = dict(file)
            about = json.loads(str(arrays["about"]))
            asked = dict(about["asked"])
        except Exception as e:  # what a file that is cut off or overwritten raises is anybody's guess
            raise Damaged(self.path, e, remedy) from e
        check(self.path, self.asked, asked, self.why, self.resume, remedy)
        try:
            return int(about["at"]), self._restored(about, arrays, history, stops)
        except Exception as e:
            raise Damaged(self.path, e, remedy) from e

    def _restored(self, about: Any, arrays: Any, history: History, stops: Stops) -> State:
        state: State = []
        for i, kind in enumerate(about["kinds"]):
            a = arrays[f"state{i}"] if kind != "none" else None
            state.append(None if a is None else float(a) if kind == "number" else a if a.shape else a[()])
        for a, rows in zip(state, history.points):
            if (a.shape, a.dtype) != (rows.shape[1:], rows.dtype):
                raise ValueError(f"{a.dtype}{list(a.shape)} where the start has {rows.dtype}{list(rows.shape[1:])}")
        stops.lowest, stops.since = float(about["lowest"]), int(about["since"])
        history.restore(arrays, about["at"])
        return state
