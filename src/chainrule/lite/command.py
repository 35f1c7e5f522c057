"""`chainrule lite FILE...`: a site of lessons that run in the reader's browser."""

from __future__ import annotations

import argparse
import functools
import http.server
import sys
from pathlib import Path

from chainrule.base.extras import MissingExtra
from chainrule.run.dry import names_in
from chainrule.run.notebook import Unreadable, load

from . import lock
from .lessons import Lesson, lesson
from .site import NotBuilt, build

DESCRIPTION = """\
Make a static site of notebooks (.ipynb), scripts (.py) and markdown with Python blocks (.md) that run in the reader's
browser, with nothing to install: `import torch` gives chainrule, and Python itself comes with the page. Any host of
static files will do. The files themselves are not changed."""

EPILOG = f"""\
exit status:
  0  the site was made
  1  a file uses names of torch that chainrule does not have; nothing was written
  2  a file could not be read, or the site could not be made; nothing was written
  3  the command line makes no sense

Python for the browser is Pyodide, which readers' browsers fetch from here:
  {lock.CDN}

With --pyodide it is part of the site, which then needs no internet.

examples:
  chainrule lite lessons/*.ipynb --out site/ --serve
  chainrule lite lesson.py --out site/ --pyodide pyodide/     for a stick: python -m http.server -d site"""

GOOD, MISSING, FAILED, USAGE = 0, 1, 2, 3
PORT = 8000


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `chainrule lite` to `parser`."""
    parser.description, parser.epilog = DESCRIPTION, EPILOG
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help=".ipynb, .py or .md")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="the site's folder: a new or empty one")
    parser.add_argument("--pyodide", type=Path, metavar="DIR", help="copy the Pyodide in DIR into the site")
    parser.add_argument("--title", default="Lessons", help="heading of the page of contents (default: %(default)s)")
    parser.add_argument("--serve", action="store_true", help=f"show the site at http://localhost:{PORT} until Ctrl-C")


def main(arguments: argparse.Namespace) -> int:
    """Make the site; returns the exit status."""
    out = arguments.out
    if out.exists() and not (out.is_dir() and not any(out.iterdir())):
        print(f"chainrule lite: --out {out} is not empty; choose a new folder, or empty it", file=sys.stderr)
        return USAGE
    lessons, status = read(arguments.files)
    if status == GOOD:
        try:
            build(lessons, out, arguments.pyodide, arguments.title)
        except (MissingExtra, NotBuilt, lock.NoPyodide, OSError) as error:
            print(f"chainrule lite: {error}", file=sys.stderr)
            return FAILED
        print(told(out, lessons, arguments.pyodide is not None))
        if arguments.serve:
            serve(out)
    return status


def read(files: list[Path]) -> tuple[list[Lesson], int]:
    """The lessons in `files`, and the exit status; what is wrong with a file is said."""
    lessons: dict[str, Lesson] = {}
    status = GOOD
    for path in files:
        try:
            notebook, missing = load(path), names_in(path).missing
        except (Unreadable, MissingExtra) as error:
            print(f"chainrule lite: {path}: {error}", file=sys.stderr)
            status = FAILED
            continue
        for lacking in missing.values():
            print(f"{path}, cell {lacking.cell}, line {lacking.line}: {lacking.name}: {lacking.why}", file=sys.stderr)
            status = max(status, MISSING)
        name = f"{path.stem}.ipynb"
        if name in lessons:
            print(f"chainrule lite: two files would be {name}; rename one of them", file=sys.stderr)
            status = USAGE
        lessons[name] = lesson(notebook, path, name)
    return list(lessons.values()), status


def told(out: Path, lessons: list[Lesson], whole: bool) -> str:
    """What was written, how large it is, how to look at it and how to publish it."""
    sizes = {path: path.stat().st_size for path in out.rglob("*") if path.is_file()}
    ours = next(size for path, size in sizes.items() if path.name.startswith("chainrule-"))
    plural = "s" * (len(lessons) != 1)
    lines = [f"wrote {out}: {len(lessons)} lesson{plural}, {len(sizes)} files, {sum(sizes.values()) / 1e6:.0f} MB"]
    lines += [f"  {out / 'index.html'}  the page of contents"]
    lines += [f"  {lesson.link}  {lesson.title}" for lesson in lessons]
    lines += [
        f"chainrule adds {ours / 1e6:.1f} MB to what a page loads. " + (
            "Python for the browser is in the site: it needs no internet."
            if whole else f"Python for the browser comes from {lock.CDN}"
        ),
        f"To look at it:  python -m http.server -d {out}    (a browser runs no such page from a file)",
        "To publish it:  copy the folder to any host of static files; on GitHub: push it, then Settings, Pages, "
        "Deploy from a branch (with an empty file .nojekyll beside index.html, which is there)",
    ]  # fmt: skip
    return "\n".join(lines)


def serve(out: Path) -> None:
    """Serve the site on this machine until Ctrl-C."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(out))
    with http.server.ThreadingHTTPServer(("127.0.0.1", PORT), handler) as server:
        print(f"serving {out} at http://localhost:{PORT}/ (Ctrl-C ends it)", flush=True)
        server.serve_forever()
