"""`chainrule page`: a web page to play with a function, in one file."""

from __future__ import annotations

import argparse
from pathlib import Path

from chainrule.base.language import say
from chainrule.see.commands import given

DESCRIPTION = f"""\
Write a web page to play with a function: its curve or contours, its slopes, and descents on it. The page is one file
that needs no network and no server.

{given.EXPRESSIONS}"""

EPILOG = """\
exit status:
  0  the page is written
  1  the function cannot be shown in a page
  3  the command line makes no sense

examples:
  chainrule page "x - 4*x**2 + x**4/4" --start x=4 -o quartic.html
  chainrule page "(1 - x)**2 + 100*(y - x**2)**2" --start x=-1,y=1 --optimizer adam -o valley.html
  chainrule page --file lesson.py:loss --start "w=[0,0]" -o loss.html"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `chainrule page` to `parser`."""
    parser.description, parser.epilog = DESCRIPTION, EPILOG
    given.configure(parser, "--start", "where to start")
    parser.add_argument("-o", "--output", type=Path, default=Path("page.html"), metavar="FILE.html",
                        help="the file to write (default: %(default)s)")  # fmt: skip
    parser.add_argument("--lr", type=float, help="the learning rate (default: one that arrives)")
    parser.add_argument("--steps", type=int, help="how many steps to make (default: until it arrives)")
    parser.add_argument(
        "--optimizer", metavar="NAME", help="sgd, adam, ... (default: sgd, or adam where that does not arrive)"
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="OPTION=VALUE", help="an option of the optimiser: momentum=0.9"
    )
    parser.add_argument("--title", help="the title of the page (default: the function)")


def main(arguments: argparse.Namespace) -> int:
    """Write the page; returns the exit status."""
    return given.told("page", _run, arguments)


def _run(arguments: argparse.Namespace) -> int:
    f = given.function(arguments)
    start = given.point(f, arguments.values, "--start") if arguments.values else None
    from chainrule.see.page import page

    made = page(f, start=start, lr=arguments.lr, optimizer=arguments.optimizer, steps=arguments.steps,
                title=arguments.title, **given.options(arguments.set))  # fmt: skip
    try:
        made.save(arguments.output)
    except OSError as error:
        message = say("{file} cannot be written: {error}", file=arguments.output, error=error.strerror)
        raise given.Usage(message) from error
    if arguments.json:
        from chainrule.see.commands.paper import write_json

        write_json({"file": str(arguments.output), "bytes": len(made.html.encode())})
    else:
        print(say("{file} is written: open it in a browser.", file=arguments.output))
    return given.GOOD
