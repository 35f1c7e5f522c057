"""The command line: `chainrule COMMAND ...`, and no more than the way to each command.

A command is one line of COMMANDS and a module with `configure(parser)` and `main(arguments) -> exit status`. Only the
module of the command that was asked for is imported. Help is said in the language chosen: commands write theirs in
English, and each part of it is looked up in the catalogue here.
"""

from __future__ import annotations

import argparse
import difflib
import gettext
import importlib
import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NoReturn

from .base.language import FOLDER, LANGUAGES, language, say
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

#: What argparse says, in its words: it looks them up by gettext, in the same catalogues.
ARGPARSE = (
    "usage: ", "positional arguments", "options", "show this help message and exit", "expected one argument",
    "show program's version number and exit", "the following arguments are required: %s",
    "argument %(argument_name)s: %(message)s", "invalid %(type)s value: %(value)r", "expected at least one argument",
)  # fmt: skip

USAGE = 3  #: exit status for a command line that makes no sense; 1 and 2 are the commands' own
PIPE = 141  #: what a shell reports for a program whose reader went away
INTERRUPTED = 130  #: what a shell reports for a program that was stopped with Ctrl-C


class Parser(argparse.ArgumentParser):
    """argparse's parser, whose errors exit with USAGE and name what was probably meant."""

    below: Sequence[argparse.ArgumentParser] = ()  # the parser of the command that was given

    def error(self, message: str) -> NoReturn:
        choice = re.search(r"invalid choice: '([^']*)' \(choose from (.*)\)", message)
        option = re.search(r"unrecognized arguments: (.*)", message, re.DOTALL)
        near = ""
        if choice:
            known = re.findall(r"[\w-]+", choice[2])
            near = _nearest(choice[1], known)
            said = say("invalid choice: {word} (choose from {names})", word=choice[1], names=", ".join(known))
            message = message[: choice.start()] + said
        elif option:
            word = re.search(r"(?<!\S)(--?[^\W\d][\w-]*)", option[1])
            near = _nearest(word[1], [o for p in (self, *self.below) for o in options(p)]) if word else ""
            message = say("unrecognized arguments: {words}", words=option[1])
        message += f"\n{say('did you mean {near}?', near=near)}" if near else ""
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"{self.prog}: {message}\n")


def options(parser: argparse.ArgumentParser) -> list[str]:
    """What a parser takes that begins with dashes."""
    return [o for a in parser._actions for o in a.option_strings]


def _nearest(word: str, known: Sequence[str]) -> str:
    return next(iter(difflib.get_close_matches(word, known, n=1)), "")


def build_parser(command: str | None) -> Parser:
    """The parser, with the options of `command` alone, in the language chosen."""
    parser = Parser(prog="chainrule", description=say("Derivatives and gradient descent that show their work."))
    parser.add_argument("--version", action="version", version=f"chainrule {__version__}")
    _speaking(parser, None)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, (module, purpose) in COMMANDS.items():
        subparser = commands.add_parser(name, help=say(purpose), formatter_class=argparse.RawDescriptionHelpFormatter)
        if command in (name, "completion"):
            importlib.import_module(module, __package__).configure(subparser)
            _speaking(subparser, argparse.SUPPRESS)  # what stands before the command is not undone after it
            parser.below = [*parser.below, subparser]
    return parser


def _speaking(parser: argparse.ArgumentParser, default: str | None) -> None:
    """Give a parser the option of the language, and say its help in the one chosen."""
    parser.add_argument(
        "--lang", "--language", choices=LANGUAGES, default=default, help="the language of the sentences"
    )
    for part in ("description", "epilog"):
        text = getattr(parser, part) or ""
        setattr(parser, part, "".join(say(words) if words.strip() else words for words in pieces(text)))
    for action in parser._actions:
        action.help = action.help and say(action.help)


def pieces(text: str) -> list[str]:
    """A text of help in parts that are translated by themselves: paragraphs, headings, the lists below them."""
    return re.split(r"(\n\n|(?<=:)\n(?=  )|\n(?=  \d  ))", text)


def helps() -> Iterator[str]:
    """All that help says in the language chosen, for the catalogues; commands alone, as examples, are not said."""
    parser = build_parser("completion")
    yield from ARGPARSE
    yield from (purpose for _, purpose in COMMANDS.values())
    for p in (parser, *parser.below):
        yield from (action.help for action in p._actions if action.help)
        texts = [piece for text in (p.description, p.epilog) for piece in pieces(text or "") if piece.strip()]
        yield from (piece for piece in texts if not re.fullmatch(r"(  (chainrule (?!.* {3})|~|https:).*\n?)+", piece))


@contextmanager
def _in_language(code: str) -> Iterator[None]:
    """Sentences in a language, those of argparse too, which asks the environment and gettext's domain."""
    before, domain = os.environ.get("LANGUAGE"), gettext.textdomain()
    gettext.bindtextdomain("chainrule", str(FOLDER))
    gettext.textdomain("chainrule")
    os.environ["LANGUAGE"] = code
    try:
        with language(code):  # type: ignore[attr-defined]
            yield
    finally:
        gettext.textdomain(domain)
        os.environ.pop("LANGUAGE") if before is None else os.environ.update(LANGUAGE=before)


def _asked(argv: Sequence[str]) -> str:
    """The language that a command line asks for, looked for before it is parsed, as its help is said in it."""
    found = re.findall(r"^--lang(?:uage)?[=\n](\w+)$", "\n".join(argv), re.MULTILINE)
    return found[-1] if found and found[-1] in LANGUAGES else language()


def _no_option(word: str) -> str:
    """An expression such as -x**2 with a space before it, so that argparse takes it for no option."""
    return f" {word}" if re.match(r"-[^-]*[^-\w]", word) else word


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line `argv` (that of the process by default); returns the exit status."""
    for stream in (sys.stdout, sys.stderr):  # what the terminal cannot show is written as its number, and no error
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    argv = [_no_option(word) for word in (sys.argv[1:] if argv is None else argv)]
    with _in_language(_asked(argv)):
        return _run(argv)


def _run(argv: list[str]) -> int:
    command = next((word for word in argv if word in COMMANDS), None)
    parser = build_parser(command)
    arguments = parser.parse_args(argv)
    if command == "completion":
        arguments.known = dict(zip(COMMANDS, map(options, parser.below)))
    try:
        with language(arguments.lang or language()):  # type: ignore[attr-defined]
            status = int(importlib.import_module(COMMANDS[arguments.command][0], __package__).main(arguments))
        sys.stdout.flush()
        return status
    except KeyboardInterrupt:
        print(say("interrupted"), file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # `| head` has read enough; what is left to write goes nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE
