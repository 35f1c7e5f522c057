"""The command line: `chainrule COMMAND ...`, and no more than the way to each command.

A command is one line of COMMANDS and a module with `configure(parser)` and `main(arguments) -> exit status`. Only the
module of the command that was asked for is imported.
"""

from __future__ import annotations

import argparse
import difflib
import importlib
import os
import re
import sys
from collections.abc import Sequence
from typing import NoReturn

from .base.language import say
from .version import __version__

#: name -> (module, what it does in a line)
COMMANDS = {
    "derive": (".see.commands.derive", "derivatives as formulas, with the steps and the values at a point"),
    "check": (".see.commands.check", "slopes from several sides, and a derivative by hand beside them"),
    "explain": (".see.commands.explain", "how a value and its gradient are computed, with all numbers"),
    "descend": (".see.commands.descend", "minimise a function, show the way and how it ended"),
    "fit": (".see.commands.fit", "fit a formula to columns of a file: parameters with their errors"),
    "page": (".see.commands.page", "write a web page to play with a function"),
    "lite": (".lite.command", "make a site of notebooks that run in the reader's browser, nothing installed"),
    "run": (".run.command", "run notebooks and scripts written for torch, and check what they recorded"),
    "completion": (".see.commands.completion", "print what a shell needs to complete commands and options"),
}

USAGE = 3  #: exit status for a command line that makes no sense; 1 and 2 are the commands' own
PIPE = 141  #: what a shell reports for a program whose reader went away
INTERRUPTED = 130  #: what a shell reports for a program that was stopped with Ctrl-C


class Parser(argparse.ArgumentParser):
    """argparse's parser, whose errors exit with USAGE and name what was probably meant."""

    below: Sequence[argparse.ArgumentParser] = ()  # the parser of the command that was given

    def error(self, message: str) -> NoReturn:
        near = self._near(message)
        message += f"\n{say('did you mean {near}?', near=near)}" if near else ""
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"{self.prog}: {message}\n")

    def _near(self, message: str) -> str:
        """What is nearest to the word that a message is about, of the choices or options that there are."""
        choice = re.search(r"invalid choice: '([^']*)' \(choose from (.*)\)", message)
        if choice:
            return _nearest(choice[1], re.findall(r"[\w-]+", choice[2]))
        option = re.search(r"unrecognized arguments:.*?(?<!\S)(--?[^\W\d][\w-]*)", message)
        parsers = (self, *self.below)
        return _nearest(option[1], [o for p in parsers for a in p._actions for o in a.option_strings]) if option else ""


def _nearest(word: str, known: Sequence[str]) -> str:
    return next(iter(difflib.get_close_matches(word, known, n=1)), "")


def build_parser(command: str | None) -> Parser:
    """The parser, with the options of `command` alone."""
    parser = Parser(prog="chainrule", description="Derivatives and gradient descent that show their work.")
    parser.add_argument("--version", action="version", version=f"chainrule {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, (module, purpose) in COMMANDS.items():
        subparser = commands.add_parser(name, help=purpose, formatter_class=argparse.RawDescriptionHelpFormatter)
        if command in (name, "completion"):
            importlib.import_module(module, __package__).configure(subparser)
            parser.below = [*parser.below, subparser]
    return parser


def _no_option(word: str) -> str:
    """An expression such as -x**2 with a space before it, so that argparse takes it for no option."""
    return f" {word}" if re.match(r"-[^-]*[^-\w]", word) else word


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line `argv` (that of the process by default); returns the exit status."""
    for stream in (sys.stdout, sys.stderr):  # what the terminal cannot show is written as its number, and no error
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    argv = [_no_option(word) for word in (sys.argv[1:] if argv is None else argv)]
    command = next((word for word in argv if word in COMMANDS), None)
    parser = build_parser(command)
    arguments = parser.parse_args(argv)
    if command == "completion":
        options = ([o for a in below._actions for o in a.option_strings] for below in parser.below)
        arguments.known = dict(zip(COMMANDS, options))
    try:
        status = int(importlib.import_module(COMMANDS[arguments.command][0], __package__).main(arguments))
        sys.stdout.flush()
        return status
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # `| head` has read enough; what is left to write goes nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE
