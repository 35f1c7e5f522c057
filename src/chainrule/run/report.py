"""What the terminal shows: progress while a notebook runs, what went wrong in it, and a table at the end.

Progress and errors go to standard error, the table to standard output.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from chainrule.base.extras import extra

from .check import CellVerdict, Status, tally
from .notebook import ANSI, Failure, Run, is_code

if TYPE_CHECKING:
    from .command import Outcome

CONTEXT = 2  #: lines of source shown before and after the one that raised
SHOWN = 3  #: differing lines shown of a cell


class Reporter:
    """Says how the notebooks fare; `quiet` leaves only what went wrong."""

    def __init__(self, *, quiet: bool, check: bool) -> None:
        console = extra("rich.console", "run").Console
        self.out = console(highlight=False, width=None if sys.stdout.isatty() else 120)
        self.err = console(stderr=True, highlight=False, soft_wrap=True)
        self.quiet, self.check = quiet, check

    @contextmanager
    def progress(self, name: str) -> Iterator[Callable[[int, int], None]]:
        """A bar while a notebook runs, where there is a terminal to draw it on; yields what moves it."""
        if self.quiet or not self.err.is_terminal:
            yield lambda done, total: None
            return
        bars = extra("rich.progress", "run")
        columns = ["{task.description}", bars.BarColumn(), bars.MofNCompleteColumn(), bars.TimeElapsedColumn()]
        with bars.Progress(*columns, console=self.err, transient=True) as bar:
            task = bar.add_task(extra("rich.markup", "run").escape(name), total=None)
            yield lambda done, total: bar.update(task, completed=done, total=total)

    def tell(self, outcome: Outcome) -> None:
        """What went wrong in one notebook, if anything; and, unless quiet, which of its cells are random."""
        if outcome.problem:
            self._line("red", f"{outcome.path}: {outcome.problem}")
        for failure in outcome.run.failures if outcome.run else []:
            self._failure(str(outcome.path), failure)
        for cell in outcome.cells:
            if cell.status is Status.DIFFERS:
                self._difference(str(outcome.path), cell)
            elif cell.note != cell.status and not self.quiet:
                self._line("yellow", f"{outcome.path}, cell {cell.number}: {cell.note}")

    def _failure(self, path: str, failure: Failure) -> None:
        message = failure.message.strip() or "(no message)"
        self._line("bold red", f"{path}, cell {failure.cell}: {failure.name}: {message}")
        lines = failure.source.split("\n")
        centre = failure.line or len(lines)  # without a line: a timeout, or a result that cannot be printed
        for number in range(max(1, centre - CONTEXT), min(len(lines), centre + CONTEXT) + 1):
            here = number == failure.line
            self._line("bold" if here else "dim", f"  {'>' if here else ' '} {number:3} | {lines[number - 1]}")

    def _difference(self, path: str, cell: CellVerdict) -> None:
        self._line("bold red", f"{path}, cell {cell.number}: not as recorded")
        for verdict in cell.verdicts:
            if verdict.status is not Status.DIFFERS:
                continue
            for difference in verdict.differences[:SHOWN]:
                place = f"{verdict.place[0]}, line {difference.line}"
                self._line("dim", f"    {place}")
                self._line("red", f"    - {_or_none(difference.recorded, 'nothing recorded')}")
                self._line("green", f"    + {_or_none(difference.fresh, 'nothing put out')}")
            more = len(verdict.differences) - SHOWN
            if more > 0:
                self._line("dim", f"    and {more} more line{'s' * (more > 1)}")

    def _line(self, style: str, text: str) -> None:
        self.err.print(text, style=style, markup=False)

    def echo(self, run: Run) -> None:
        """What the cells put out as text, as a script would have printed it."""
        if self.quiet:
            return
        for cell in filter(is_code, run.notebook.cells):
            for output in cell.outputs:
                text = output.get("text") or output.get("data", {}).get("text/plain", "")
                if text and output.get("name") != "stderr":
                    self.out.out(ANSI.sub("", text).rstrip("\n"))

    def summary(self, outcomes: list[Outcome]) -> None:
        """The table: a line for each notebook."""
        if self.quiet:
            return
        gap = int(self.out.width >= 100)  # the columns fit into 80 characters, but only just
        table = extra("rich.table", "run").Table(
            box=extra("rich.box", "run").SIMPLE_HEAD, pad_edge=False, padding=(0, gap)
        )
        table.add_column("notebook", overflow="fold", min_width=16)
        for heading in ["cells\nrun", *HEADINGS] if self.check else ["cells run"]:
            table.add_column(heading, justify="right", no_wrap=True)
        table.add_column("seconds", justify="right", no_wrap=True)
        table.add_column("", no_wrap=True, min_width=7)
        names = Counter(outcome.path.name for outcome in outcomes)
        for outcome in outcomes:
            path = outcome.path
            cells, seconds = (str(outcome.run.cells), f"{outcome.run.seconds:.1f}") if outcome.run else ("-", "-")
            table.add_row(
                extra("rich.markup", "run").escape(path.name if names[path.name] == 1 else str(path)),
                cells,
                *(_counts(outcome.cells) if self.check else []),
                seconds,
                ["[green]good", "[red]differs", "[red]raised" if outcome.run else "[red]not run"][outcome.status],
            )
        self.out.print(table)
        for path in (path for outcome in outcomes for path in outcome.written):
            self.out.print(f"wrote {path}", markup=False, soft_wrap=True)


HEADINGS = ["compared", "same", "random", "differ", "raised", "left\nout"]


def _counts(cells: list[CellVerdict]) -> list[str]:
    """The numbers under HEADINGS. They add up: compared is the sum of what follows, but for what is left out."""
    found = tally(cells)
    stopped = found[Status.RAISED] + found[Status.NOT_RUN]
    each = [found[Status.SAME], found[Status.RANDOM], found[Status.DIFFERS], stopped]
    return [str(number) for number in [sum(each), *each, sum(cell.left_out for cell in cells)]]


def _or_none(line: str | None, instead: str) -> str:
    return f"({instead})" if line is None else line
