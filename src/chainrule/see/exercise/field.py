"""An exercise's field: a frame in which an answer is typed and looked at by the reader's browser alone.

The right slopes go along as their values at the places where answers are compared, and so do those of the classic
errors, each with its sentence. What is typed is read by the page's own parser (`page/web/field.js`).
"""

from __future__ import annotations

from functools import cache
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.base.language import language, say
from chainrule.see.exercise.descending import ends
from chainrule.see.exercise.mistakes import known
from chainrule.see.exercise.places import slopes
from chainrule.see.page.document import GROW, HELPERS, composed_html, web
from chainrule.see.page.link import link
from chainrule.see.page.rules import grammar, table
from chainrule.see.page.sentences import said_by

if TYPE_CHECKING:
    from chainrule.see.exercise.ask import Exercise

PLACES = 8  # of those that Python compares at
STYLE = (
    "body{margin:0;font:1em system-ui,sans-serif}.ask{display:flex;flex-wrap:wrap;gap:.5em;padding:2px}"
    "input{font:1em monospace;width:min(18em,60vw);padding:.3em}button{font:inherit;padding:.3em .9em}"
    "output{display:block;min-height:1.5em;padding:.3em 2px}.right{color:light-dark(#00795a,#4cc9a0)}"
    ".wrong{color:light-dark(#b3261e,#ff8a80)}"
)


def field(exercise: Exercise) -> str:
    """The frame, as HTML."""
    html = composed_html(exercise.question, _data(exercise), _script(), STYLE)
    return (
        f'<iframe srcdoc="{escape(html)}" title="{escape(exercise.question)}" width="100%" height="90" '
        f'sandbox="allow-scripts" style="border:0"></iframe>{GROW}'
    )


def _data(exercise: Exercise) -> dict[str, Any]:
    names = exercise.names
    rules, _ = _ops()
    if exercise.ask == "step":
        at = np.array([exercise.point])
        right, *others = ends(exercise.f, exercise.point or [], exercise.lr or 0.0)
        differs = say("{name} is not right: the end is the start minus lr times the gradient.")
        parts = [_part(n, right[1][[i]], [(said, end[[i]]) for _, end, said in others]) for i, n in enumerate(names)]
    else:
        at, _, rights = (found[:PLACES] for found in exercise._places)
        if exercise.point is not None:
            at = np.concatenate([at, [exercise.point]])
            rights = np.concatenate([rights, [slopes(exercise.f, exercise.point)[1]]])
        differs = say("At {point} the derivative is {right}, and the answer gives {given}.")
        parts = [
            _part(_label(names, n), rights[:, i], [(said, v) for _, said, v in known(exercise.f, names, i, at, rights)])
            for i, n in enumerate(names)
        ]
    return {
        "names": names, "parts": parts, "places": at.tolist(), "point": exercise.point is not None, "tol": exercise.tol,
        "rules": {name: [n] for name, (n, _) in rules.items()}, "grammar": grammar(rules), "language": str(language()),
        "catalogue": {text: say(text) for text in said_by("parse.js")}, "right": say("Right."), "check": say("Check"),
        "unknown": say("there is no variable {name}; there is {names}"), "differs": differs,
    }  # fmt: skip


def _label(names: list[str], name: str) -> str:
    return f"f′({name})" if len(names) == 1 else f"∂f/∂{name}"


def _part(label: str, right: Any, wrong: list[tuple[str, Any]]) -> dict[str, Any]:
    """What a part of the answer is compared with; of errors that give the same values the first."""
    kept: dict[tuple[float, ...], str] = {}
    for sentence, values in wrong:
        kept.setdefault(tuple(_short(values)), sentence)
    return {"label": label, "values": right.tolist(), "wrong": [[said, list(values)] for values, said in kept.items()]}


def _short(values: Any) -> list[float]:
    return [float(f"{v:.9g}") for v in values]


@cache
def _ops() -> tuple[dict[str, Any], dict[str, str]]:
    return table(set())


@cache
def _script() -> str:
    ops = ",\n".join(f"{name}:{source}" for name, source in sorted(_ops()[1].items()))
    made = {"./emitted.js": f'import {{ {HELPERS} }} from "./numbers.js";\nexport const OPS = {{{ops}}};\n'}
    return link("./field.js", lambda name: made.get(name) or web(name.removeprefix("./")))
