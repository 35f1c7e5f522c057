"""The verdict on each recorded output of a notebook: same, differs, random, raised, or nothing recorded.

An output that is not as recorded may be wrong, or may be random and without a seed. To tell, the notebook is run a
second time in a new kernel: what comes out the same twice and is not what was recorded, differs. What comes out
differently each time is random; it is said to be so, and its text around the numbers is still compared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from .compare import TOLERANCE, Difference, Item, as_far_as, differences, items, numbered, structure
from .notebook import Notebook, Run, is_code


class Status(StrEnum):
    """What became of an output, or of a cell: for a cell, the last in this order that one of its outputs has."""

    NO_RECORD = "no record"
    SAME = "same"
    RANDOM = "random"
    DIFFERS = "differs"
    NOT_RUN = "not run"
    RAISED = "raised"


ORDER = list(Status)

Place = tuple[str, int]  #: the kind of an output, and which of its kind in the cell


@dataclass
class Verdict:
    """On one recorded output, or, `recorded` being None, on one that has no record in a cell that has some."""

    status: Status
    place: Place
    recorded: Item | None
    fresh: Item | None
    differences: list[Difference] = field(default_factory=list)
    structure: bool = False  #: of a random output: is all but the numbers as recorded?


@dataclass
class CellVerdict:
    """On one cell; `left_out` counts recorded outputs that are not compared: warnings, progress bars, object reprs."""

    number: int
    source: str
    verdicts: list[Verdict]
    status: Status
    left_out: int = 0

    @property
    def note(self) -> str:
        """The status in words."""
        words = [str(self.status)]
        if self.status is Status.RANDOM:
            kept = all(verdict.structure for verdict in self.verdicts if verdict.status is Status.RANDOM)
            words.append("structure same" if kept else "structure not the same")
        if any(verdict.fresh and verdict.recorded and verdict.recorded.cut for verdict in self.verdicts):
            words.append("as far as recorded: the record was cut off")
        return ", ".join(words)


def check(recorded: Notebook, run: Run, again: Callable[[], Run], tolerance: float = TOLERANCE) -> list[CellVerdict]:
    """Compare `run` with what `recorded` holds, cell by cell; `again`, called if needed, runs the notebook anew."""
    kinds = {item.kind for cell in recorded.cells if is_code(cell) for item in items(cell.outputs)} - {"figure"}
    verdicts = [_cell(*cell, kinds, tolerance) for cell in _cells(recorded, run)]
    if any(verdict.status is Status.DIFFERS for cell in verdicts for verdict in cell.verdicts):
        second = [numbered(items(new.outputs)) for _, _, new, _ in _cells(recorded, again())]
        for cell, others in zip(verdicts, second):
            _tell_random(cell, others, tolerance)
    return verdicts


def tally(cells: list[CellVerdict]) -> Counter[Status]:
    """How many outputs of each status there are."""
    return Counter(verdict.status for cell in cells for verdict in cell.verdicts)


def _cells(recorded: Notebook, run: Run) -> list[tuple[int, Any, Any, Status | None]]:
    """(number, recorded cell, fresh cell, RAISED or NOT_RUN or None) of every code cell."""
    failed = {failure.cell for failure in run.failures}
    both = [(old, new) for old, new in zip(recorded.cells, run.notebook.cells) if is_code(old)]
    return [
        (number, old, new, Status.RAISED if number in failed else Status.NOT_RUN if number > run.cells else None)
        for number, (old, new) in enumerate(both, start=1)
    ]


def _cell(number: int, old: Any, new: Any, stopped: Status | None, kinds: set[str], tolerance: float) -> CellVerdict:
    """The verdict on one cell; `kinds` are the kinds of output for which having no record says something."""
    # A person who interrupts a cell is no part of what the cell does.
    kept = [output for output in old.outputs if output.get("ename") != "KeyboardInterrupt"]
    before, now = numbered(items(kept)), numbered(items(new.outputs))
    if stopped:
        verdicts = [Verdict(stopped, place, item, None) for place, item in before.items()]
    else:
        # What is new counts in a cell that has a record, and if the notebook records such things at all: many are
        # published with their images, or all but their printed text, removed.
        added = [place for place in now if before and place not in before and place[0] in kinds]
        verdicts = [_compare(place, before.get(place), now.get(place), tolerance) for place in [*before, *added]]
    streams = sum(output.output_type == "stream" and output.name == "stdout" for output in kept)
    compared = len(before) + (streams - 1 if ("stdout", 0) in before else 0)
    return CellVerdict(number, old.source, verdicts, _worst(verdicts, stopped), left_out=len(old.outputs) - compared)


def _worst(verdicts: list[Verdict], stopped: Status | None = None) -> Status:
    return max([stopped or Status.NO_RECORD, *(verdict.status for verdict in verdicts)], key=ORDER.index)


def _compare(place: Place, old: Item | None, new: Item | None, tolerance: float) -> Verdict:
    if old is None or new is None:
        one_sided = Difference(1, describe(old) if old else None, describe(new) if new else None)
        return Verdict(Status.DIFFERS, place, old, new, [one_sided])
    old, new = as_far_as(old, new)
    found = differences(old.text, new.text, tolerance)
    return Verdict(Status.DIFFERS if found else Status.SAME, place, old, new, found)


def describe(item: Item) -> str:
    """An item in a line, for a message that it is missing."""
    first, *more = item.text.split("\n")
    return {"figure": "(a figure)", "error": f"(raises {item.text})"}.get(item.kind, first + " …" * bool(more))


def _tell_random(cell: CellVerdict, second: dict[Place, Item], tolerance: float) -> None:
    """Turn `differs` into `random` where a second run did not repeat the first."""
    if cell.status is not Status.DIFFERS:
        return
    for verdict in cell.verdicts:
        other = second.get(verdict.place)
        if verdict.recorded and other:
            _, other = as_far_as(verdict.recorded, other)
        if verdict.status is not Status.DIFFERS or _repeats(verdict, other, tolerance):
            continue
        old, new, again = (structure(item.text) if item else [] for item in (verdict.recorded, verdict.fresh, other))
        verdict.structure = old == new
        # Text that both runs print, and on as many lines as recorded, is not random though the numbers in it are.
        if verdict.structure or new != again or len(old) != len(new):
            verdict.status = Status.RANDOM
    cell.status = _worst(cell.verdicts)


def _repeats(verdict: Verdict, second: Item | None, tolerance: float) -> bool:
    """Did a second run put out the same, at least down to the first line that is not as recorded?

    Only down to there: what random numbers touch later does not excuse what is wrong before.
    """
    if verdict.fresh is None or second is None:
        return verdict.fresh is second
    changing = differences(verdict.fresh.text, second.text, tolerance)
    return not changing or verdict.differences[0].line < changing[0].line
