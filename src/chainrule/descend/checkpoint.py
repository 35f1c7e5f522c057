"""Checkpoints: where a descent stands, in one .npz file without pickles, which is there whole or not at all.

A checkpoint is written beside its place and moved there, so a kill at any moment leaves the last complete one. It
carries what the run was asked for, and is refused by a run that was asked for something else.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.descend.history import History
from chainrule.descend.steps import State
from chainrule.descend.stops import Stops

PAUSE = 1.0  # seconds between checkpoints, unless the caller says otherwise
SHARE = 10  # writing takes no more than one part in this of the time


class Checkpoint:
    """A file to go on from: `path`, or (path, seconds between two writes)."""

    def __init__(self, where: Any, asked: dict[str, str]) -> None:
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
        with np.load(self.path, allow_pickle=False) as file:
            arrays = dict(file)
        about = json.loads(str(arrays["about"]))
        for name, now in self.asked.items():
            then = about["asked"].get(name)
            if then != now:
                raise ValueError(
                    f"the checkpoint {self.path} is of another run: its {name} was {then}, now it is {now}. "
                    "Remove the file to start anew, or name another."
                )
        state: State = []
        for i, kind in enumerate(about["kinds"]):
            a = arrays[f"state{i}"] if kind != "none" else None
            state.append(None if a is None else float(a) if kind == "number" else a if a.shape else a[()])
        stops.lowest, stops.since = about["lowest"], about["since"]
        history.restore(arrays, about["at"])
        return about["at"], state
