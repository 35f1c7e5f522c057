"""What `derive` and `descend` are given: a function, typed or from a file, and values for its variables."""

from __future__ import annotations

import argparse
import inspect
import json
import re
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.api.creation import tensor
from chainrule.base.dtypes import NAMES, get_default_dtype
from chainrule.base.language import say
from chainrule.core.tensor import Tensor
from chainrule.func.expression import Expression, ExpressionError, parse
from chainrule.see.from_file import NoFunction, function_in

GOOD, REFUSED, USAGE = 0, 1, 3  #: exit statuses: done; the mathematics refused; the command line makes no sense

EXPRESSIONS = """\
An expression has numbers, variables (x, w1, x_max), pi, e, + - * / **,
parentheses and functions such as exp, log, sin, sqrt, abs, relu, max(a, b),
where(x < 0, a, b); school's x^2, 2x, |x|, sin x are read too, and refused
where they are ambiguous. It is parsed, never run as code. With --file the function
comes from a Python file of yours; that file is run, with chainrule standing in
for torch."""

#: what functions and the package raise to refuse; of other errors only those from a user's file are expected
EXPECTED = (ValueError, TypeError, ArithmeticError, RuntimeError, ImportError, MemoryError, OSError)


class Usage(Exception):
    """A command line that makes no sense."""


def configure(parser: argparse.ArgumentParser, option: str, purpose: str) -> None:
    """Add what both commands have; `option` gives the variables their values."""
    parser.add_argument("expression", nargs="?", metavar="EXPRESSION", help='a formula, such as "x**2 - 4*x + 5"')
    parser.add_argument("--file", metavar="FILE.py:NAME", help="a function in a Python file, which is run")
    parser.add_argument(
        option, action="append", default=[], metavar="X=VALUE", dest="values",
        help=f"{purpose}: a number, also computed (x=pi/2), or a list (x=[1,2]); several as x=1,y=2 or one by one",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print JSON, for programs")


def told(command: str, run: Callable[[argparse.Namespace], int], arguments: argparse.Namespace) -> int:
    """The exit status of `run`; its errors become sentences on standard error."""
    try:
        return run(arguments)
    except (Usage, ExpressionError, NoFunction) as error:
        status, text = USAGE, str(error)
    except BrokenPipeError:
        raise
    except Exception as error:
        if arguments.file is None and not isinstance(error, EXPECTED):
            raise
        status, text = REFUSED, _sentence(error, arguments.file)
    print(f"chainrule {command}: {text}", file=sys.stderr)
    return status


def _sentence(error: Exception, file: str | None) -> str:
    """What an error says; of one that went through the user's file, with the line."""
    if isinstance(error, RecursionError):
        return say("this is nested too deeply")
    path = str(file).rpartition(":")[0]
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename.endswith(path)]
    text = str(error) if isinstance(error, EXPECTED) else traceback.format_exception_only(error)[-1].strip()
    return say("{path}, line {n}: {error}", path=path, n=lines[-1], error=text) if path and lines else text


def function(arguments: argparse.Namespace) -> Callable[..., Any]:
    """The function that was asked for."""
    if (arguments.expression is None) == (arguments.file is None):
        raise Usage(say('give one function: an expression such as "x**2", or --file FILE.py:NAME'))
    if arguments.file is not None:
        return function_in(arguments.file)
    f = parse(arguments.expression)
    if not f.variables:
        raise Usage(say("there is no variable in {expression}", expression=f.text))
    return f


def title(f: Callable[..., Any], names: Sequence[str]) -> str:
    """The function as it was given: `f(x) = x**2`, or the name of one from a file."""
    return repr(f) if isinstance(f, Expression) else f"{getattr(f, '__name__', 'f')}({', '.join(names)})"


def point(f: Callable[..., Any], words: Sequence[str], option: str) -> dict[str, Tensor]:
    """The values of the function's arguments, in their order, from words such as `x=1` and `x=1,y=[2,3]`."""
    given = assigned(words, option)
    parameters = inspect.signature(f).parameters.values()
    names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    unknown = [name for name in given if name not in names]
    if unknown:
        there = ", ".join(names)
        raise Usage(say("there is no variable {name}; there is {names}", name=unknown[0], names=there))
    without = [p.name for p in parameters if p.name in names and p.default is p.empty and p.name not in given]
    if without:
        example = " ".join(f"{option} {name}=1" for name in without)
        raise Usage(say("{names} needs a value: {example}", names=", ".join(without), example=example))
    found = {name: given[name] for name in names if name in given}
    return found if isinstance(f, Expression) else _fitting(f, found)


def assigned(words: Sequence[str], option: str) -> dict[str, Tensor]:
    """Values by name, from words such as `x=1` and `x=1,y=[2,3]`."""
    found: dict[str, Tensor] = {}
    for word in words:
        for assignment in re.split(r",(?=\s*[^\W\d]\w*\s*=)", word):
            name, sign, value = (part.strip() for part in assignment.partition("="))
            if not sign or not name.isidentifier():
                raise Usage(say("{option} is given as {option} x=1, but this is {word}", option=option, word=word))
            if name in found:
                raise Usage(say("{name} is given twice", name=name))
            found[name] = _value(name, value)
    return found


def _fitting(f: Callable[..., Any], values: dict[str, Tensor]) -> dict[str, Tensor]:
    """The values in float64, or in the default dtype for a function with tensors of its own that must meet them."""
    try:
        f(**values)
    except RuntimeError:
        return {name: x.to(get_default_dtype()) for name, x in values.items()}  # type: ignore[attr-defined]
    return values


def _value(name: str, text: str) -> Tensor:
    """A number, which may be computed, or a list."""
    if text.startswith("["):
        try:
            return tensor(np.array(json.loads(text), dtype=np.float64), dtype=NAMES["float64"])
        except (ValueError, RecursionError):
            message = say("{name}={text} is no list of numbers such as [1, 2.5]", name=name, text=text[:60])
            raise Usage(message) from None
    f = parse(text)
    if f.variables:
        raise Usage(say("{name} must be a number, but {text} is none", name=name, text=text))
    return f()


def options(words: list[str]) -> dict[str, Any]:
    """The options of an optimiser: `--set momentum=0.9`."""
    found = {}
    for word in words:
        name, sign, value = word.partition("=")
        if not sign:
            raise Usage(say("--set is given as --set momentum=0.9, but this is {word}", word=word))
        try:
            found[name] = json.loads(value.replace("True", "true").replace("False", "false"))
        except ValueError:
            raise Usage(say("{word} gives no number, no true or false, and no list", word=word)) from None
    return found
