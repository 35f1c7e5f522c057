"""`chainrule explain`: how a value is computed and how its gradient comes about, with all numbers."""

from __future__ import annotations

import argparse

from chainrule.see.commands import given
from chainrule.see.commands.paper import Paper, write_json

DESCRIPTION = f"""\
How a value is computed at a point, operation by operation, and how its gradient
comes about by the chain rule; with notes about what is odd or missing.

{given.EXPRESSIONS}"""

EPILOG = """\
exit status:
  0  done
  1  there is nothing to explain
  3  the command line makes no sense

examples:
  chainrule explain "exp(sin(x)**2)" --at x=1
  chainrule explain "sigmoid(w*x + b)" --at w=1,x=2,b=0
  chainrule explain --file lesson.py:loss --at "w=[1,2]" """


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `chainrule explain` to `parser`."""
    parser.description, parser.epilog = DESCRIPTION, EPILOG
    given.configure(parser, "--at", "the point")


def main(arguments: argparse.Namespace) -> int:
    """Explain; returns the exit status."""
    return given.told("explain", _run, arguments)


def _run(arguments: argparse.Namespace) -> int:
    f = given.function(arguments)
    point = given.point(f, arguments.values, "--at")
    from chainrule.see.explain.story import explained

    x = {name: value.detach().requires_grad_() for name, value in point.items()}  # type: ignore[attr-defined]
    y = f(**x)
    name = getattr(f, "__name__", "f")
    story = explained(y, {**x, name if name.isidentifier() and name not in x else "y": y})
    if arguments.json:
        write_json(
            {
                "forward": [str(line) for line in story.forward],
                "backward": [str(line) for line in story.backward],
                "chain": [str(line) for line in story.chain],
                "notes": story.notes,
            }
        )
    else:
        paper = Paper()
        for line in story.text().split("\n"):
            paper.line(line)
    return given.GOOD
