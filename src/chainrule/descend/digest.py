"""What a function computes, in a few letters: by them a checkpoint knows its function again, in another process too.

The letters stand for the graph: its ops, numbers and constants, and what the tensors hold that it reads. So a function
is the same if it computes the same, however it is written; one that cannot be traced has no letters.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.core.graph import Var, order
from chainrule.descend.objective import Objective, value_and_gradient


class Damaged(ValueError):
    """A file that is no complete checkpoint."""

    def __init__(self, path: Path, error: Exception, remedy: str) -> None:
        super().__init__(f"the checkpoint {path} is damaged ({type(error).__name__}: {error}): {remedy}")


def of_array(a: object) -> str:
    """An array's dtype, shape and contents."""
    a = np.ascontiguousarray(a)
    return f"{a.dtype}{list(np.shape(a))} {hashlib.sha256(a.tobytes()).hexdigest()[:16]}"


def of_function(objective: Objective) -> tuple[str, str]:
    """The letters of what is computed, "" if there are none; and then, why."""
    program = objective.program(value_and_gradient)
    if program.why:
        return "", program.why.partition(". ")[0]
    if program.effects:
        return "", "it changes tensors"
    places: dict[int, int] = {}
    lines = []
    for v in order(program.results):
        places[v.id] = len(places)
        args = [f"#{places[a.id]}" if isinstance(a, Var) else _said(a) for a in v.args]
        data = "" if v.data is None else of_array(v.data)
        name = v.op.name if v.op is not None else "input"
        lines.append(f"{name} {args} {_said(v.attrs)} {v.index} {v.dtype}{list(v.shape)} {data}")
    for given in program.captured:
        if not given.drawn and given.var.id in places:
            lines.append(f"#{places[given.var.id]} holds {of_array(given.get())}")
    lines.append(str([places[r.id] for r in program.results]))
    text = "\n".join(lines)
    if " at 0x" in text:
        return "", "its graph holds an object that is another in each process"
    return hashlib.sha256(text.encode()).hexdigest()[:16], ""


def check(path: Path, asked: dict[str, str], before: Any, why: str, resume: bool, remedy: str) -> None:
    """Raise ValueError unless a checkpoint that was asked for `before` is one of what is asked for now.

    why: why the function has no letters, if it has none; resume: go on whatever the function was.
    """
    for name in {**asked, **before}:
        then, now = before.get(name) or None, asked.get(name) or None
        if name == "function" and resume:
            continue
        if name == "function" and not (then and now):
            raise ValueError(
                f"whether the checkpoint {path} is of this function cannot be told"
                f"{f' ({why})' if why else ''}: pass resume=True to go on from it all the same. {remedy}"
            )
        if then != now:
            raise ValueError(
                f"the checkpoint {path} is of another run: its {name} was {then}, now it is {now}. {remedy}"
                + (" To go on from it all the same, pass resume=True." if name == "function" else "")
            )


def _said(x: object) -> str:
    """An argument or attribute, the same in every process."""
    if isinstance(x, dict):
        return str({k: _said(x[k]) for k in sorted(x)})
    if isinstance(x, (tuple, list)):
        return str([_said(y) for y in x])
    return of_array(x) if isinstance(x, np.ndarray) else repr(x)
