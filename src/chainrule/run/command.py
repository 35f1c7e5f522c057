"""`chainrule run FILE...`: run each file, check it if asked, write its page, and say how it went."""

from __future__ import annotations

import argparse
import importlib
import math
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chainrule.base.extras import MissingExtra, extra
from chainrule.base.language import language, say

from .check import CellVerdict, Status, check
from .compare import TOLERANCE
from .dry import Names, names_in
from .notebook import Run, Unreadable, execute, load
from .page import render
from .report import Reporter

DESCRIPTION = """\
Run notebooks (.ipynb), scripts (.py) and markdown with Python blocks (.md) that were written for torch, with chainrule
standing in for it: `import torch`, `import torch.nn as nn`, ... give chainrule. The files themselves are not changed.

With --check, what each cell puts out is compared with what the notebook has recorded. A cell that is not as recorded is
run a second time, to tell what is wrong from what is random and has no seed."""

EPILOG = """\
exit status:
  0  all ran, and with --check all is as recorded (or random, or without a record)
  1  an output is not as recorded; with --dry, a name is missing
  2  a cell raised, or a file could not be run
  3  the command line makes no sense

examples:
  chainrule run lesson.ipynb --out build        run it; the executed notebook and a page go to build/
  chainrule run lessons/*.ipynb --check         run them and compare with what they recorded
  chainrule run lesson.ipynb --dry              which names of torch chainrule does not have; nothing is run
  chainrule run train.py --timeout 60           a script, no cell of which may take longer than a minute"""

GOOD, DIFFER, RAISED, USAGE = 0, 1, 2, 3


@dataclass
class Outcome:
    """What became of one file; `problem` is why it could not be run at all."""

    path: Path
    run: Run | None = None
    cells: list[CellVerdict] = field(default_factory=list)
    written: list[Path] = field(default_factory=list)
    problem: str = ""

    @property
    def status(self) -> int:
        """The exit status that this file alone would give."""
        if self.problem or self.run is None or self.run.failures:
            return RAISED
        return DIFFER if any(cell.status is Status.DIFFERS for cell in self.cells) else GOOD


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `chainrule run` to `parser`."""
    parser.description, parser.epilog = DESCRIPTION, EPILOG
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help=".ipynb, .py or .md")
    parser.add_argument("--check", action="store_true", help="compare each cell's outputs with the recorded ones")
    parser.add_argument(
        "--dry", action="store_true", help="only list the names of torch that are missing in chainrule; run nothing"
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="write the executed notebook and a page into DIR")
    parser.add_argument(
        "--live", action="store_true", help="make a site of the files in DIR/live, and a button to it on each page"
    )
    parser.add_argument(
        "--pyodide", type=Path, metavar="DIR", help="with --live: copy the Pyodide in DIR into the site"
    )
    parser.add_argument("--timeout", type=_positive, metavar="S", help="seconds that a cell may take")
    parser.add_argument(
        "--tolerance",
        type=_positive,
        default=TOLERANCE,
        metavar="R",
        help="how far apart, relatively, numbers may be that --check takes for the same (default: %(default)g; "
        "and one unit of the last printed place in any case)",
    )
    parser.add_argument("--quiet", action="store_true", help="print only what went wrong")


def _positive(text: str) -> float:
    number = float(text)
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is not a positive number")
    return number


def main(arguments: argparse.Namespace) -> int:
    """Run the files; returns the exit status, that of the file that fared worst."""
    if arguments.dry:
        return max(_dry(path) for path in arguments.files)
    try:
        reporter = Reporter(quiet=arguments.quiet, check=arguments.check)
        targets = _targets(arguments.files, arguments.out)
        buttons = _live(arguments) if arguments.live else {}
    except (MissingExtra, _Usage) as error:
        print(f"chainrule run: {error}", file=sys.stderr)
        return RAISED if isinstance(error, MissingExtra) else USAGE
    if buttons is None:  # and it was said why
        return RAISED
    outcomes = []
    for path in arguments.files:
        outcome = _run(path, targets.get(path), arguments, reporter, buttons.get(path))
        reporter.tell(outcome)
        outcomes.append(outcome)
    reporter.summary(outcomes)
    return max(outcome.status for outcome in outcomes)


def _dry(path: Path) -> int:
    """Print which names are missing in chainrule; the exit status for this file."""
    try:
        names = names_in(path)
    except (Unreadable, MissingExtra) as error:
        print(f"chainrule run: {path}: {error}", file=sys.stderr)
        return RAISED
    print(f"{path}: {_counted(names)}")
    for name in names.missing.values():
        print(f"  {name.name:<40} cell {name.cell}, line {name.line}: {name.why}")
    return DIFFER if names.missing else GOOD


def _counted(names: Names) -> str:
    found, missing = len(names.found), len(names.missing)
    total = f"{found + missing} name{'s' * (found + missing != 1)} of torch"
    return f"{missing} of {total} missing in chainrule" if missing else f"{total}, none missing in chainrule"


class _Usage(Exception):
    """A command line that makes no sense."""


def _targets(files: list[Path], out: Path | None) -> dict[Path, Path]:
    """Where each file's results go, without a suffix. Two files of one name get their folder's name in front."""
    if out is None:
        return {}
    if out.exists() and not out.is_dir():
        raise _Usage(f"--out {out} is not a folder")
    stems = [path.stem for path in files]
    names = [path.stem if stems.count(path.stem) == 1 else _unlike(path) for path in files]
    targets = {path: out / name for path, name in zip(files, names)}
    if len(set(targets.values())) < len(targets):
        raise _Usage("two of the files would be written to the same place in --out; run them one by one")
    for path, target in targets.items():
        if path.resolve() in (_with(target, ".ipynb").resolve(), _with(target, ".html").resolve()):
            raise _Usage(f"--out {out} would overwrite {path}; choose another folder")
    return targets


def _unlike(path: Path) -> str:
    return f"{path.resolve().parent.name}-{path.stem}-{path.suffix[1:]}"


def _with(target: Path, suffix: str) -> Path:
    return target.with_name(target.name + suffix)  # with_suffix would cut "lesson.1" down to "lesson"


def _live(arguments: argparse.Namespace) -> dict[Path, tuple[str, str]] | None:
    """Make the site of --live; the button for each file's page, or None if there is no site."""
    lite = importlib.import_module("chainrule.lite.command")
    if arguments.out is None:
        raise _Usage("--live makes a site in the folder of --out, which is not given")
    site = arguments.out / "live"
    made = argparse.Namespace(files=arguments.files, out=site, pyodide=arguments.pyodide, title="Lessons", serve=False)
    if lite.main(made) != GOOD:
        return None
    lessons = zip(arguments.files, lite.read(arguments.files)[0])
    return {path: (_invitation(lesson.language), f"live/{lesson.link}") for path, lesson in lessons}


def _invitation(code: str) -> str:
    chosen: Any = language(code)
    with chosen:
        return say("Run and change it here")


def _run(
    path: Path, target: Path | None, arguments: argparse.Namespace, reporter: Reporter, button: tuple[str, str] | None
) -> Outcome:
    outcome = Outcome(path)
    try:
        recorded = load(path)

        def once(reseed: bool = False) -> Run:
            with reporter.progress(path.name + " (again)" * reseed) as on_cell:
                options = {"timeout": arguments.timeout, "keep_going": arguments.check, "reseed": reseed}
                return execute(recorded, path, on_cell=on_cell, **options)

        outcome.run = once()
        if arguments.check:
            outcome.cells = check(recorded, outcome.run, lambda: once(reseed=True), arguments.tolerance)
        if target:
            outcome.written = _write(outcome.run, path, target, button)
        elif not arguments.check:
            reporter.echo(outcome.run)
    except (Unreadable, MissingExtra, OSError) as error:
        outcome.problem = str(error)
    return outcome


def _write(run: Run, path: Path, target: Path, button: tuple[str, str] | None) -> list[Path]:
    target.parent.mkdir(parents=True, exist_ok=True)
    written = [_with(target, ".ipynb"), _with(target, ".html")]
    written[0].write_text(extra("nbformat", "run").writes(run.notebook), encoding="utf-8")
    written[1].write_text(render(run.notebook, path, button), encoding="utf-8")
    return written
