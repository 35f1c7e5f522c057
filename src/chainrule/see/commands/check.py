"""`chainrule check`: the slopes of a function at a point from several sides, and a derivative by hand beside them."""

from __future__ import annotations

import argparse
import re
from typing import Any

from chainrule.base.language import say
from chainrule.see.commands import given
from chainrule.see.commands.paper import Paper, write_json

DESCRIPTION = f"""\
The slopes of a function at a point: automatic, symbolic, by differences of its
values, and by hand, with what is missing or wrong in the one by hand.

{given.EXPRESSIONS}"""

EPILOG = """\
exit status:
  0  all answers agree
  1  they differ, or there is no answer
  3  the command line makes no sense

examples:
  chainrule check "x**2*exp(x)" --at x=1.3 --by-hand "2*x*exp(x)"
  chainrule check "x**3*y" --at x=2,y=3 --by-hand "x=3*x**2*y" --by-hand "y=x**3"
  chainrule check --file lesson.py:loss --at "w=[1,2]" """


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `chainrule check` to `parser`."""
    parser.description, parser.epilog = DESCRIPTION, EPILOG
    given.configure(parser, "--at", "the point")
    parser.add_argument(
        "--by-hand", action="append", default=[], metavar="SLOPE", dest="by_hand",
        help='what you believe the derivative to be, "2*x"; of several variables one each, "x=2*x"',
    )  # fmt: skip


def main(arguments: argparse.Namespace) -> int:
    """Check and tell; returns the exit status."""
    return given.told("check", _run, arguments)


def _run(arguments: argparse.Namespace) -> int:
    f = given.function(arguments)
    point = given.point(f, arguments.values, "--at")
    by_hand = _slopes(arguments.by_hand, list(point))
    from chainrule.see.check.checking import check  # with SymPy: what is wrong above is answered sooner

    found = check(f, point, by_hand)
    if arguments.json:
        write_json(
            {"ok": found.ok, "verdict": found.verdict, "value": found.value, "table": found.table, "notes": found.notes}
        )
    else:
        paper = Paper()
        for line in str(found).split("\n"):
            paper.line(line)
    return given.GOOD if found.ok else given.REFUSED


def _slopes(words: list[str], names: list[str]) -> Any:
    """The slopes by hand: one text, or texts by variable."""
    found: dict[str, str] = {}
    for word in words:
        named = re.fullmatch(r"\s*([^\W\d]\w*)\s*=(?!=)(.*)", word, re.DOTALL)
        if named is None and len(names) > 1:
            raise given.Usage(
                say("--by-hand is given for each variable, as --by-hand {name}=SLOPE; there is {names}", name=names[0],
                    names=", ".join(names))
            )  # fmt: skip
        name, slope = (named[1], named[2]) if named else (names[0], word)
        if name not in names:
            raise given.Usage(say("there is no variable {name}; there is {names}", name=name, names=", ".join(names)))
        found[name] = slope
    missing = [name for name in names if found and name not in found]
    if missing:
        raise given.Usage(
            say("--by-hand is given for each variable, as --by-hand {name}=SLOPE; there is {names}", name=missing[0],
                names=", ".join(names))
        )  # fmt: skip
    return (found[names[0]] if len(names) == 1 else found) if found else None
