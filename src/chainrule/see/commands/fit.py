"""`chainrule fit`: fit a formula to the columns of a file, and report parameters with their errors."""

from __future__ import annotations

import argparse
import csv
import math
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.base.language import say
from chainrule.fitting.fit import fit
from chainrule.fitting.guess import fit_guessed
from chainrule.fitting.losses import LOSSES
from chainrule.fitting.result import Fit
from chainrule.func.expression import parse
from chainrule.see.commands import given
from chainrule.see.commands.paper import Paper, write_json

DESCRIPTION = """\
Fit a formula to columns of a CSV file by least squares, and report the parameters with their errors.
The file has a line of names, then numbers, separated by commas, semicolons or tabs. Variables of the formula that are
no columns are parameters. The formula is parsed, never run as code."""

EPILOG = """\
exit status:
  0  a minimum was reached that determines all parameters
  1  it was not, and what is said tells why; or the data cannot be fitted
  3  the command line makes no sense

examples:
  chainrule fit data.csv "a*exp(-k*x) + c" --x t --y signal --sigma s --start a=1,k=0.5,c=0 --bounds k=0:
  chainrule fit data.csv "a*x/(b + x)" --plot fit.png --json"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `chainrule fit` to `parser`."""
    parser.description, parser.epilog = DESCRIPTION, EPILOG
    parser.add_argument("data", metavar="DATA.csv", help="a file of columns with a line of names")
    parser.add_argument("expression", metavar="EXPRESSION", help='a formula, such as "a*exp(-k*x) + c"')
    parser.add_argument("--x", metavar="COLUMN", help="the column of x (default: the formula's, else the first)")
    parser.add_argument("--y", metavar="COLUMN", help="the column of y (default: the first that is left)")
    parser.add_argument("--sigma", metavar="COLUMN", help="the column of standard deviations of y, or a number")
    parser.add_argument(
        "--absolute-sigma", action="store_true", help="sigma is in the units of y: no scaling of errors"
    )
    parser.add_argument(
        "--start", action="append", default=[], metavar="A=VALUE", help="where to start, a=1,k=0.5 (default: guessed)"
    )
    parser.add_argument("--bounds", action="append", default=[], metavar="K=LOW:HIGH", help="k=0:10, k=0: or k=:10")
    parser.add_argument("--fixed", action="append", default=[], metavar="C", help="a parameter to keep at its start")
    parser.add_argument("--tied", action="append", default=[], metavar="B=FORMULA", help="a parameter by others: b=2*a")
    parser.add_argument("--loss", choices=list(LOSSES), default="linear", help="how outliers count (default: linear)")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw the fit to a file (.png, .svg, .pdf)")
    parser.add_argument("--json", action="store_true", help="print JSON, for programs")
    parser.set_defaults(file=None)


def main(arguments: argparse.Namespace) -> int:
    """Fit and tell; returns the exit status."""
    return given.told("fit", _run, arguments)


def _run(arguments: argparse.Namespace) -> int:
    if not Path(arguments.data).exists() and Path(arguments.expression).is_file():
        line = f'chainrule fit {arguments.expression} "{arguments.data}"'
        raise given.Usage(say("the file comes first, the formula after it: {line}", line=line))
    f = parse(arguments.expression)
    table = read(arguments.data)
    x, taken = _x(arguments, f.variables, table)
    named = arguments.y or next((name for name in table if name not in taken), "")
    y = _column(table, named, arguments.data)
    names = [name for name in f.variables if not (name in x if isinstance(x, dict) else name == taken[-1])]
    start = {name: float(value) for name, value in given.assigned(arguments.start, "--start").items()}
    options = {
        "sigma": _sigma(arguments, table), "absolute_sigma": arguments.absolute_sigma, "loss": arguments.loss,
        "fixed": tuple(arguments.fixed), "tied": dict(_split(word, "--tied b=2*a") for word in arguments.tied),
    }  # fmt: skip
    bounds = dict(_bound(word) for words in arguments.bounds for word in words.split(","))
    free = [name for name in names if name not in options["tied"]]
    guessed = None
    if all(name in start for name in free):
        found = fit(f, x, y, start, bounds=bounds, **options)
    else:
        found, guessed = fit_guessed(f, x, y, free, bounds, start, **options)
    if arguments.plot:
        axes = found.plot()
        axes[0].figure.savefig(arguments.plot)
    if arguments.json:
        write_json(_for_programs(f.text, found, guessed))
    else:
        paper = Paper()
        paper.line(repr(f), "bold")
        if guessed:
            shown = ",".join(f"{name}={value:.4g}" for name, value in guessed.items())
            paper.sentence(say("The start was guessed: {start}. Give --start to begin elsewhere.", start=shown))
        paper.line()
        paper.line(repr(found))
    return given.GOOD if found.success else given.REFUSED


def read(path: str) -> dict[str, Any]:
    """The columns of a CSV file by name; words stay words until a column is asked for."""
    with Path(path).open(newline="", encoding="utf-8-sig") as file:
        text = file.read()
    first = text.partition("\n")[0]
    mark = max(",;\t", key=first.count)
    rows = [(n, row) for n, row in enumerate(csv.reader(text.splitlines(), delimiter=mark), 1) if any(row)]
    if len(rows) < 2:
        raise ValueError(say("{file} has no line of names with numbers below", file=path))
    heads = [word.strip() for word in rows[0][1]]
    for n, row in rows[1:]:
        if len(row) != len(heads):
            raise ValueError(say("{file}, line {n}: {found} values for {names} columns", file=path, n=n,
                                 found=len(row), names=len(heads)))  # fmt: skip
    return {head: [(n, row[i].strip()) for n, row in rows[1:]] for i, head in enumerate(heads)}


def _column(table: dict[str, Any], name: str, path: str) -> Any:
    if name not in table:
        there = ", ".join(table)
        raise given.Usage(
            say("there is no column {name} in {file}; there is {names}", name=name, file=path, names=there)
        )
    numbers = []
    for n, word in table[name]:
        try:
            numbers.append(float(word))
        except ValueError:
            raise ValueError(
                say("{file}, line {n}: {word} is no number", file=path, n=n, word=repr(word[:30]))
            ) from None
    return np.array(numbers)


def _x(arguments: argparse.Namespace, variables: Any, table: dict[str, Any]) -> tuple[Any, list[str]]:
    """x as `fit` takes it; and the columns it takes, with the formula's name of a single one last."""
    path = arguments.data
    if arguments.x is not None and arguments.x not in variables:
        column = _column(table, arguments.x, path)
        name = "x" if "x" in variables else ""
        if not name:
            raise given.Usage(say("{expression} has no variable x for column {name}", expression=arguments.expression,
                                  name=arguments.x))  # fmt: skip
        return column, [arguments.x, name]
    mine = [name for name in table if name in variables and name != arguments.y]
    mine = mine if arguments.x is None else list(dict.fromkeys([arguments.x, *mine]))
    if mine:
        return {name: _column(table, name, path) for name in mine}, mine
    if "x" not in variables:
        raise given.Usage(
            say("no variable of {expression} is a column: say which by --x", expression=arguments.expression)
        )
    first = next(name for name in table if name != arguments.y)
    return _column(table, first, path), [first, "x"]


def _sigma(arguments: argparse.Namespace, table: dict[str, Any]) -> Any:
    if arguments.sigma is None or arguments.sigma in table:
        return None if arguments.sigma is None else _column(table, arguments.sigma, arguments.data)
    try:
        return float(arguments.sigma)
    except ValueError:
        return _column(table, arguments.sigma, arguments.data)


def _split(word: str, example: str) -> tuple[str, str]:
    name, sign, value = (part.strip() for part in word.partition("="))
    if not sign or not name:
        raise given.Usage(say("{example} is how this is given, but this is {word}", example=example, word=word))
    return name, value


def _bound(word: str) -> tuple[str, tuple[float | None, float | None]]:
    name, pair = _split(word, "--bounds k=0:10")
    low, colon, high = pair.partition(":")
    try:
        sides = tuple(float(side) if side.strip() else None for side in (low, high))
    except ValueError:
        colon = ""
    if not colon:
        raise given.Usage(
            say("{example} is how this is given, but this is {word}", example="--bounds k=0:10", word=word)
        )
    return name, (sides[0], sides[1])


def _for_programs(text: str, found: Fit, guessed: dict[str, float] | None) -> dict[str, Any]:
    return {
        "model": text, "params": found.params, "errors": found.errors, "labels": found.labels,
        "covariance": found.covariance, "chi2": found.chi2, "dof": found.dof, "reduced_chi2": found.reduced_chi2,
        "r_squared": found.r_squared, "aic": found.aic if math.isfinite(found.aic) else None,
        "bic": found.bic if math.isfinite(found.bic) else None, "residuals": found.residuals, "reason": found.reason,
        "success": found.success, "message": found.message, "start_guessed": guessed, "nfev": found.nfev,
        "njev": found.njev,
    }  # fmt: skip
