"""`chainrule descend`: minimise a function, show the way, and say how it ended."""

from __future__ import annotations

import argparse
import math
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.base.language import say, say_count
from chainrule.core.tensor import Tensor
from chainrule.descend.minimize import Diverged, minimize
from chainrule.descend.options import group_of, optimiser
from chainrule.descend.result import Result
from chainrule.see.commands import given
from chainrule.see.commands.paper import Paper, short, write_json

DESCRIPTION = f"""\
Descend a function from a start and say how it went.

{given.EXPRESSIONS}"""

EPILOG = """\
exit status:
  0  it arrived; or all steps are made, it is on its way down, and what is said tells how far
  1  it cannot arrive that way: it ran away, was stopped, or ended at a saddle or a maximum;
     or the function cannot be descended
  3  the command line makes no sense: a rate, a count, an optimiser or an option that there is not

examples:
  chainrule descend "x**2 - 4*x + 5" --start x=5 --lr 0.001 --steps 3000
  chainrule descend "(1 - x)**2 + 100*(y - x**2)**2" --start x=-1,y=1 --optimizer adam --lr 0.02 --plot way.png
  chainrule descend "x**4 - x" --start x=2 --optimizer sgd --set momentum=0.9 --json
  chainrule descend --file lesson.py:loss --start "w=[0,0]" --optimizer newton"""

ROWS = 11  # of the table
KEPT = 1000  # points that are recorded, about


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `chainrule descend` to `parser`."""
    parser.description, parser.epilog = DESCRIPTION, EPILOG
    given.configure(parser, "--start", "where to start")
    parser.add_argument("--lr", type=float, help="the learning rate (default: the optimiser's)")
    parser.add_argument("--steps", type=int, default=1000, help="how many steps to make (default: %(default)s)")
    parser.add_argument(
        "--optimizer", default="sgd", metavar="NAME", help="sgd, adam, ..., or gd, newton, lbfgs (default: sgd)"
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="OPTION=VALUE", help="an option of the optimiser: momentum=0.9"
    )
    parser.add_argument("--tol", type=float, help="stop where the norm of the gradient is at most this")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw the way to a file (.png, .svg, .pdf)")


def main(arguments: argparse.Namespace) -> int:
    """Descend and tell; returns the exit status."""
    return given.told("descend", _run, arguments)


def _run(arguments: argparse.Namespace) -> int:
    options = _options(arguments)
    f = given.function(arguments)
    start = given.point(f, arguments.values, "--start")
    objective, x0 = _of_one(f, start)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Diverged)  # that is told below
        result = minimize(
            objective, x0, optimizer=arguments.optimizer, lr=arguments.lr, steps=arguments.steps, tol=arguments.tol,
            record=max(1, arguments.steps // KEPT), progress=False if arguments.json else None,
            **options,
        )  # fmt: skip
    if arguments.plot:
        _draw(objective, result, arguments.plot)
    if arguments.json:
        write_json(_for_programs(f, start, result))
    else:
        _for_people(f, start, result, arguments.plot)
    return given.GOOD if result.success or _on_its_way(result) else given.REFUSED


def _options(arguments: argparse.Namespace) -> dict[str, Any]:
    """The options of the optimiser; raises Usage for what it has not, or cannot be."""
    lr, steps, options = arguments.lr, arguments.steps, given.options(arguments.set)
    if lr is not None and not 0 < lr < math.inf:
        raise given.Usage(say("--lr must be a positive number, but it is {lr}", lr=lr))
    if steps < 0:
        raise given.Usage(say("--steps must be a whole number, not negative, but it is {steps}", steps=steps))
    try:
        group_of(optimiser(arguments.optimizer), lr, options)
    except (ValueError, TypeError) as e:
        raise given.Usage(str(e)) from None
    return options


def _on_its_way(result: Result) -> bool:
    """Whether all steps are made, and more of them would lead further down."""
    return result.reason == "steps done" and getattr(result.words, "what", "") in ("further", "apart", "")


def _of_one(f: Callable[..., Any], start: dict[str, Tensor]) -> tuple[Callable[..., Any], Any]:
    """The function of one argument, and its start, that `minimize` takes: a dict of several variables."""
    if len(start) == 1:
        return f, next(iter(start.values()))

    def together(at: dict[str, Tensor]) -> Any:
        return f(**at)

    together.__name__ = getattr(f, "__name__", "f")
    return together, start


def _by_name(start: dict[str, Tensor], x: Any) -> dict[str, Any]:
    return x if isinstance(x, dict) else dict.fromkeys(start, x)


def _draw(objective: Callable[..., Any], result: Result, path: Path) -> None:
    from chainrule.see.plots import descent

    descent(objective, result).figure.savefig(path)


def _for_programs(f: Callable[..., Any], start: dict[str, Tensor], result: Result) -> dict[str, Any]:
    return {
        "function": given.title(f, list(start)),
        "start": start,
        "optimizer": result.what,
        "steps": result.steps,
        "reason": result.reason,
        "message": result.message,
        "success": result.success,
        "nfev": result.nfev,
        "x": _by_name(start, result.x),
        "value": result.value,
        "grad_norm": result.grad_norm,
        "path": {
            "step": result.recorded,
            "x": _by_name(start, result.path),
            "value": result.values,
            "grad_norm": result.grad_norms,
        },
    }


def _for_people(f: Callable[..., Any], start: dict[str, Tensor], result: Result, plot: Path | None) -> None:
    paper = Paper()
    paper.line(given.title(f, list(start)), "bold")
    paper.line()
    path = _by_name(start, result.path)
    headings = [say("step"), *path, say("value"), say("|gradient|")]
    rows = np.unique(np.linspace(0, _there(result), ROWS).round().astype(int))
    rows = np.unique([*rows, len(result.recorded) - 1])
    columns = [result.recorded, *path.values(), result.values, result.grad_norms]
    paper.table(headings, [[f"{columns[0][i]}", *(short(c[i]) for c in columns[1:])] for i in rows])
    if rows[-1] > _there(result):
        paper.sentence(say("From step {n} on the value does not change.", n=int(result.recorded[_there(result)])))
    paper.line()
    paper.sentence(verdict(result), "green" if result.success else "red")
    if plot:
        paper.sentence(say("The way is drawn in {file}.", file=plot))


def _there(result: Result) -> int:
    """The place in the record from which on the value is, to the digits shown, that of the end."""
    shown = [short(v) for v in result.values]
    return next((i for i in range(len(shown) - 1, 0, -1) if shown[i - 1] != shown[-1]), len(shown) - 1)


def verdict(result: Result) -> str:
    """How a descent ended, in a sentence or two."""
    of = {"what": result.what, "message": result.message}
    if result.reason == "diverged":
        return say("The descent diverged with {what}: {message}.", **of)
    if result.reason == "stopped":
        return say_count(
            "Stopped after {n} step of {what}: {message}.", "Stopped after {n} steps of {what}: {message}.",
            result.steps, **of,
        )  # fmt: skip
    if result.reason == "converged":
        return say_count(
            "Arrived after {n} step of {what}: {message}.", "Arrived after {n} steps of {what}: {message}.",
            result.steps, **of,
        )  # fmt: skip
    made = say_count("{n} step of {what} is made.", "All {n} steps of {what} are made.", result.steps, **of)
    if getattr(result.words, "what", "") == "apart" or not (result.success or _on_its_way(result)):
        return f"{made} {result.message[:1].upper()}{result.message[1:]}."
    return f"{made} {_outlook(result.grad_norm, float(result.grad_norms[0]))}"


def _outlook(slope: float, first: float) -> str:
    """What the norm of the gradient at the end, beside that at the start, tells of the way ahead."""
    shown = short(slope, 3)
    if slope <= 1e-4 * first or slope <= 1e-6:
        return say("The gradient is {slope}: this is close to a stationary point.", slope=shown)
    if slope > first:
        return say(
            "The gradient has grown to {slope}: try a smaller --lr, unless there is no minimum that way.", slope=shown
        )
    return say("The gradient is still {slope}: there is further to go, by more --steps or another --lr.", slope=shown)
