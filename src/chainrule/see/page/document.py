"""The page's text: the script joined, the data embedded, and a policy that allows nothing else.

The user's text goes into the page as JSON in a data block, with every character escaped that could end the block, and
the page puts it on the screen as text. The script holds none of it, and its hash is the only script that may run.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any

from chainrule.base.language import LANGUAGES, language, say
from chainrule.descend.options import group_of, optimiser
from chainrule.func.expression import Expression, parse
from chainrule.see.page import optimisers, rules, sums
from chainrule.see.page.data import Data, given, squares, vectorised
from chainrule.see.page.derived import derived
from chainrule.see.page.emit import function as arrow
from chainrule.see.page.emit import listed, literal
from chainrule.see.page.function import Function, as_data, starts, taken_apart
from chainrule.see.page.link import link
from chainrule.see.page.optimisers import RULES
from chainrule.see.page.scalar import NotForPages
from chainrule.see.page.sentences import catalogues

LARGEST = 450_000  # bytes of a page
PARTS = 300  # parts of a function that is also embedded as a graph, to be taken apart before the reader's eyes
# Beside the frames of pages: each takes the height that its page tells (web/main.js).
GROW = """<script>addEventListener("message", ({ source, data }) => document.querySelectorAll("iframe").forEach((f) =>
f.contentWindow === source && data?.chainrule > 0 && (f.style.height = data.chainrule + "px")));</script>"""
HELPERS = "pow, rint, mod, floordiv, sinc, logaddexp, fmax, fmin, copysign, erf, erfc, lgamma, digamma"


def composed(
    f: Callable[..., Any] | str | None, start: Any, lr: float | None, optimizer: str | None, steps: int | None,
    title: str | None, settings: dict[str, Any], data: Any = None, model: Any = None,
) -> tuple[str, str, Function]:  # fmt: skip
    """The page's HTML, its title, and the function that it shows."""
    if (data is None) != (model is None):
        raise ValueError("data=(x, y) and model=... belong together: what is shown of the data is what the model says")
    if isinstance(f, str):
        f = parse(f)
    if model is not None:
        data = given(data)
        written = model if isinstance(model, str) else getattr(model, "text", "")
        title = title or written or None
        model = vectorised(parse(model) if isinstance(model, str) else model)
        f = squares(model, *data) if f is None else f
    elif f is None:
        raise TypeError("a page shows a function or the text of one, or a model=... with data=(x, y)")
    key = optimiser(optimizer or "sgd")
    if key not in RULES:
        raise ValueError(
            f"a page steps by {', '.join(sorted(RULES))}; "
            f"{optimizer!r} searches along lines, or steps whole matrices or rows"
        )
    group = group_of(key, lr, settings)
    taken = taken_apart(f, start, data, model)
    text = f.text if isinstance(f, Expression) else None
    title = title or text or getattr(f, "__name__", "").replace("<lambda>", "") or say("function")
    graph = as_data(taken.value, taken.names)
    used = {entry[0] for entry in graph if isinstance(entry, list)}
    parts = len(graph)
    if taken.data is not None:  # its numbers move
        graph = []
    rule_table, op_sources = rules.table(used)
    page_data = {
        "title": title,
        "text": text,
        "names": taken.names,
        "start": taken.start,
        "lr": None if lr is None else group["lr"],
        "optimizer": key,
        "free": optimizer is None and not settings,
        "settings": {k: group[k] for k in optimisers.settings(key) if k != "lr"},
        "steps": None if steps is None else int(steps),
        "parts": parts,
        "graph": graph if graph and len(graph) <= PARTS else None,
        "data": None if taken.data is None else taken.data.inputs.shape[1],
        "letter": getattr(f, "letter", "f"),
        "rules": rule_table,
        "grammar": rules.grammar(rule_table),
        "derived": derived(f, starts(f, start), parts),
        "optimisers": {n: {"title": RULES[n].__name__, "settings": optimisers.settings(n)} for n in RULES},
        "language": str(language()),
        "languages": LANGUAGES,
        "catalogues": catalogues(),
        "grow": GROW,
    }
    code, style = script(taken, op_sources), web("page.css")
    html = composed_html(title, page_data, code, style)
    if len(html.encode()) > LARGEST:  # it does without the steps
        html = composed_html(title, page_data | {"derived": None}, code, style)
    if len(html.encode()) > LARGEST:
        size = len(html.encode()) // 1000
        raise NotForPages(f"its page would have {size} kB, and at most {LARGEST // 1000} are made")
    return html, title, taken


def script(taken: Function, op_sources: dict[str, str]) -> str:
    """The page's script: its modules, and the one that is made here of what was traced."""
    ops = ",\n".join(f"{name}:{source}" for name, source in sorted(op_sources.items()))
    value = gradient = None
    if taken.data is not None:
        count, size = taken.data.inputs.shape
        value = sums.source([taken.value], count, size, single=True)
        gradient = sums.source(taken.gradient, count, size, single=False)
    value = value or arrow("x", [taken.value], lambda found: found[0])
    gradient = gradient or arrow("x", taken.gradient, listed)
    made = {
        "./emitted.js": f'import {{ {HELPERS} }} from "./numbers.js";\n'
        f"export const D = {_numbers(taken.data)};\nexport const predict = {_predict(taken.data)};\n"
        f"export const value = {value};\nexport const gradient = {gradient};\n"
        f"export const OPS = {{{ops}}};\nexport const OPTIMISERS = {{{_optimisers()}}};\n"
    }
    modules = link("./main.js", lambda name: made[name] if name in made else web(name.removeprefix("./")))
    return f"/* Libraries in this page:\n\n{web('../vendor/LICENSES.txt')}*/\n{modules}"


def _numbers(data: Data | None) -> str:
    """The data's numbers: x, then y."""
    return "[]" if data is None else listed([literal(float(v)) for a in (data.inputs, data.targets) for v in a.flat])


def _predict(data: Data | None) -> str:
    """The model as a function of the parameters and a point."""
    return "null" if data is None else arrow("x,u", [data.predict], lambda found: found[0])


@cache
def _optimisers() -> str:
    return ",\n".join(f"{name}:{optimisers.source(name)}" for name in RULES)


@cache
def web(name: str) -> str:
    """A file of the page."""
    folder = files(__package__)
    place = folder / "vendor" / name.removeprefix("../vendor/") if name.startswith("../") else folder / "web" / name
    return place.read_text(encoding="utf-8")


def embedded(data: Any) -> str:
    """JSON that no parser of HTML takes for anything but text."""
    text = json.dumps(_finite(data), ensure_ascii=False, separators=(",", ":"))
    for c in "<>&\u2028\u2029":
        text = text.replace(c, f"\\u{ord(c):04x}")
    return text


def _finite(x: Any) -> Any:
    """Numbers that JSON lacks, by their names in JavaScript."""
    if isinstance(x, float) and (x != x or x in (float("inf"), float("-inf"))):
        return {"number": str(x).replace("inf", "Infinity").replace("nan", "NaN")}
    if isinstance(x, dict):
        return {k: _finite(v) for k, v in x.items()}
    return [_finite(v) for v in x] if isinstance(x, (list, tuple)) else x


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def composed_html(title: str, data: Any, code: str, style: str) -> str:
    """A page of a title, its data and a script, under a policy that allows these alone."""
    policy = (
        f"default-src 'none'; script-src {_hash(code)}; style-src {_hash(style)}; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )
    html = web("page.html")
    parts = {"policy": policy, "title": escape(title), "style": style, "data": embedded(data), "code": code}
    before, *rest = html.split("{{")
    return before + "".join(parts[name] + after for name, after in (part.split("}}", 1) for part in rest))
