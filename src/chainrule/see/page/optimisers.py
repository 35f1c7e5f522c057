"""The optimisers' rules as JavaScript: the pure functions of `optim.rules`, run on expressions.

A rule decides by its settings (`if momentum != 0`), which are arguments in the page. So it is run once for every way
that it can go, and the ways are joined again by `if` in JavaScript. Each coordinate of a point has a state of its own.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from chainrule.descend import options
from chainrule.optim.rules import Fill
from chainrule.see.page.emit import Lines, listed
from chainrule.see.page.scalar import Expr, lift, variable

WHOLE = {"adafactor", "muon", "sparseadam"}  # these look at rows or matrices: a page steps each coordinate by itself
RULES = {name: cls for name, cls in options.RULES.items() if name not in WHOLE}
HIDDEN = {"foreach", "capturable", "differentiable", "fused", "maximize", "decoupled_weight_decay"}
RATE = 0.123456789  # the learning rate where a rule makes a plain number of it, to find it again

Decide = Callable[["Setting"], bool]


class Setting(Expr):
    """A setting of an optimiser, or a comparison of one: what a rule may decide by."""

    __slots__ = ("decide",)

    def __init__(self, decide: Decide, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.decide = decide

    def __bool__(self) -> bool:
        return self.decide(self)

    __hash__ = Expr.__hash__


def _comparison(name: str) -> Any:
    def compare(self: Setting, other: Any) -> Setting:
        x: Expr = getattr(Expr, name)(self, other)
        return Setting(self.decide, x.op, x.args, value=x.value, dtype=x.dtype)

    return compare


for _name in ("__lt__", "__le__", "__gt__", "__ge__", "__eq__", "__ne__"):
    setattr(Setting, _name, _comparison(_name))


def settings(name: str) -> dict[str, Any]:
    """An optimiser's settings with their defaults, those that a page shows."""
    parameters = list(inspect.signature(RULES[name]).parameters.values())[1:]
    return {p.name: list(p.default) if isinstance(p.default, tuple) else p.default
            for p in parameters if p.name not in HIDDEN}  # fmt: skip


def source(name: str) -> str:
    """An optimiser as `{start: (h) => state, step: (p, g, s, h) => [p, state]}`, where h holds its settings."""
    return f"{{start:(h)=>{{{_branches(name, _start)}}},\nstep:(p,g,s,h)=>{{{_branches(name, _step)}}}}}"


def _branches(name: str, write: Callable[[dict[str, Any], Any], str], taken: tuple[bool, ...] = ()) -> str:
    """The JavaScript of every way to go, from the decisions taken so far."""
    met: dict[str, bool] = {}

    def decide(choice: Setting) -> bool:
        program = Lines()
        condition = program.name(choice)
        if program.lines:
            condition = program.lines[-1].split("=", 1)[1].rstrip(";")
        if condition not in met:
            met[condition] = taken[len(met)] if len(met) < len(taken) else True
        return met[condition]

    cls: Any = RULES[name]
    fixed = cls([variable_tensor()]).param_groups[0]
    group = {k: _setting(k, v, decide) for k, v in fixed.items()} | dict.fromkeys(HIDDEN, False)
    group["decoupled_weight_decay"] = fixed.get("decoupled_weight_decay", False)
    written = write(group, (cls.rule, decide))
    if len(met) == len(taken):
        return written
    condition = list(met)[len(taken)]
    yes, no = (_branches(name, write, (*taken, way)) for way in (True, False))
    return f"if({condition}){{{yes}}}else{{{no}}}"


def variable_tensor() -> Any:
    """A parameter that an optimiser's class accepts."""
    from chainrule.api.creation import tensor

    return tensor(0.0, requires_grad=True)


def _setting(name: str, default: Any, decide: Decide) -> Any:
    if isinstance(default, tuple):
        return tuple(Setting(decide, name=f"h.{name}[{i}]") for i in range(len(default)))
    return Setting(decide, name=f"h.{name}")


def _start(group: dict[str, Any], ruled: Any) -> str:
    state = ruled[0].start({**group, "lr": RATE})
    return f"return [{','.join(_first(s) for s in state.values())}];"


def _first(s: Any) -> str:
    if s is None:
        return "null"
    value = s.value if isinstance(s, Fill) else s
    name = "h.lr" if isinstance(value, float) and value == RATE else Lines().name(lift(value))
    return _kept(name, s)


def _kept(name: str, s: Any) -> str:
    """A piece of state: a count is kept in single precision, as the optimisers' classes keep it."""
    return f"Math.fround({name})" if isinstance(s, float) else name


def _step(group: dict[str, Any], ruled: Any) -> str:
    rule, decide = ruled
    start = rule.start({**group, "lr": RATE})
    state: tuple[Any, ...] = tuple(variable(f"s[{i}]") for i in range(len(start)))
    if None in start.values() and Setting(decide, name="s.includes(null)"):
        state = tuple(None if s is None else x for x, s in zip(state, start.values()))
    p, after = rule.update(variable("p"), variable("g"), state, *rule.hyper(group))
    program = Lines()
    moved = program.name(p)
    names = [program.name(lift(x)) for x in after]
    kept = [_kept(n, s) for n, s in zip(names, start.values())]
    return "\n".join([*program.lines, f"return [{moved},{listed(kept)}];"])
