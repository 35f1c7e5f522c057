"""The op table for the page: each op as a JavaScript function, and its derivative rule as data.

A rule is run once on expressions for the incoming gradient, the inputs and the result; what it writes down becomes a
tree of ops, `["mul", "g", ["cos", "x0"]]`, that the page interprets to differentiate what is typed there.
"""

from __future__ import annotations

from typing import Any

from chainrule.core.op import REGISTRY, Elementwise, Op
from chainrule.core.registry import OPERATORS
from chainrule.func.vocabulary import BINARY, CONSTANTS, functions
from chainrule.see.page.emit import function
from chainrule.see.page.scalar import Expr, NotForPages, apply, variable

SIGNS = [OPERATORS[sign].name for sign in (*BINARY, "-x")]  # what an expression can have besides functions


def arity(op: Op) -> int:
    """How many numbers an elementwise op takes."""
    if isinstance(op, Elementwise) and op.rules:
        return len(op.rules)
    return 1 + max([int(c) for c in "0123" if f"%{c}" in op.columns.get("js", "%0")])


def rule(op: Op) -> list[Any] | None:
    """For each input the tree of the gradient that flows to it; None for an input without, or an op without a rule."""
    if not op.differentiable:
        return None
    inputs = [variable(f"x{i}") for i in range(arity(op))]
    try:
        pulled = op.vjp(variable("g"), inputs, variable("out"), {}, [True] * len(inputs))
        return [None if p is None else tree(p) for p in pulled]
    except (NotForPages, TypeError, RuntimeError):
        return None


def tree(x: Expr | float) -> Any:
    """An expression as nested lists."""
    if not isinstance(x, Expr) or not x.op:
        return x.name or x.value if isinstance(x, Expr) else x
    return [x.op, *map(tree, x.args)]


def source(op: Op) -> str:
    """An op as a JavaScript function."""
    names = "abcd"[: arity(op)]
    result = apply(op, [variable(n) for n in names])
    return function(",".join(names), [result], lambda found: found[0])


def table(also: set[str]) -> tuple[dict[str, Any], dict[str, str]]:
    """What a page needs to know of ops, and their JavaScript.

    also: ops that the page's function uses.

    Returns {op: [number of inputs, rule]} and {op: JavaScript}, closed under what the rules use.
    """
    rules: dict[str, Any] = {}
    sources: dict[str, str] = {}
    waiting = [*SIGNS, *(op.name for op, _ in functions().values()), *also]
    while waiting:
        name = waiting.pop()
        if name in rules:
            continue
        try:
            sources[name] = source(REGISTRY[name])
        except NotForPages:
            continue
        rules[name] = [arity(REGISTRY[name]), rule(REGISTRY[name])]
        waiting.extend(used for pulled in rules[name][1] or () for used in _used(pulled))
    return rules, sources


def _used(found: Any) -> set[str]:
    """The ops in a tree."""
    return {found[0]}.union(*map(_used, found[1:])) if isinstance(found, list) else set()


def grammar(rules: dict[str, Any]) -> dict[str, Any]:
    """The functions and constants of typed expressions: those of the Python parser that a page can run."""
    usable = {n: op.name for n, (op, _) in functions().items() if op.name in rules and rules[op.name][1] is not None}
    return {"functions": usable, "constants": CONSTANTS}
