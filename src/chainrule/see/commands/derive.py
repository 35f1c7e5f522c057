"""`chainrule derive`: the derivatives of a function as formulas, with the steps that lead there and the values."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from chainrule.base.language import say
from chainrule.core.tensor import Tensor
from chainrule.see.commands import given
from chainrule.see.commands.paper import Paper, write_json

DESCRIPTION = f"""\
The derivatives of a function as formulas, with their values at a point.

{given.EXPRESSIONS}"""

EPILOG = """\
exit status:
  0  done
  1  the function has no formula, or no value at the point
  3  the command line makes no sense

examples:
  chainrule derive "exp(-(x**2 - x + 1)/cos(log(x))**2)" --at x=1
  chainrule derive "x**3/y" --at x=2,y=3 --order 2 --steps
  chainrule derive "sigmoid(w*x + b)" --at w=1,x=2,b=0 --picture graph.svg
  chainrule derive --file lesson.py:loss --at "w=[1,2]" --json"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `chainrule derive` to `parser`."""
    parser.description, parser.epilog = DESCRIPTION, EPILOG
    given.configure(parser, "--at", "the point")
    parser.add_argument("--order", type=int, default=1, metavar="N", help="the order of the derivatives (default: 1)")
    parser.add_argument(
        "--form", choices=["elements", "matrix"], help="vectors by their elements or whole (default: as fits)"
    )
    parser.add_argument("--steps", action="store_true", help="show the rules that lead to the derivatives, one by one")
    parser.add_argument("--latex", type=Path, metavar="FILE", help="write a sheet with the steps and numbers (.tex)")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="draw the graph with its numbers (.svg, .png)")


def main(arguments: argparse.Namespace) -> int:
    """Derive and tell; returns the exit status."""
    return given.told("derive", _run, arguments)


def _run(arguments: argparse.Namespace) -> int:
    f = given.function(arguments)
    # Without any value the formulas stand alone.
    point = given.point(f, arguments.values, "--at") if arguments.values or arguments.picture else {}
    from chainrule.see.derive.formula import derive  # with SymPy: what is wrong above is answered sooner

    derivation = derive(f, *point.values(), order=arguments.order, form=arguments.form)
    steps = derivation.steps if arguments.steps else []
    if arguments.picture:
        _draw(f, point, arguments.picture)
    if arguments.latex:
        from chainrule.see.derive.sheet import sheet

        arguments.latex.write_text(sheet(derivation), encoding="utf-8")
    if arguments.json:
        write_json(_for_programs(derivation, point, steps))
    else:
        _for_people(derivation, steps, arguments.picture)
        if arguments.latex:
            from chainrule.see.derive.sheet import program

            said = say("The sheet is written to {file}: {program} {file}", file=arguments.latex, program=program())
            Paper().sentence(said)
    return given.GOOD


def _draw(f: Callable[..., Any], point: dict[str, Tensor], path: Path) -> None:
    from chainrule.see.picture.drawing import picture

    x = {name: value.detach().requires_grad_() for name, value in point.items()}  # type: ignore[attr-defined]
    y = f(**x)
    picture(y, params={**x, getattr(f, "__name__", "f"): y}).save(path)


def _for_programs(derivation: Any, point: dict[str, Tensor], steps: list[Any]) -> dict[str, Any]:
    values = derivation.values
    derivatives = [
        {
            "by": [str(x) for x in key] if isinstance(key, tuple) else [str(key)] * derivation.order,
            "formula": str(formula),
            "value": None if values is None else values.derivatives[key],
        }
        for key, formula in derivation.derivatives.items()
    ]
    return {
        "function": str(derivation.function),
        "point": point or None,
        "value": None if values is None else values.function,
        "order": derivation.order,
        "derivatives": derivatives,
        "latex": derivation.latex(),
        "steps": [
            {"rule": s.rule, "sentence": s.sentence, "before": str(s.before), "after": str(s.after)} for s in steps
        ],
    }


def _for_people(derivation: Any, steps: list[Any], picture: Path | None) -> None:
    paper = Paper()
    paper.line(derivation.text(width=paper.width))
    for i, step in enumerate(steps):
        paper.line()
        paper.sentence(f"{i + 1}. {step.sentence}", "bold", indent=3)
        for line in str(step).split("\n")[1:]:
            paper.sentence(line, indent=6)
    if picture:
        paper.sentence(say("The graph is drawn in {file}.", file=picture))
