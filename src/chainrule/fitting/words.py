"""What is said about a fit, in the language that is chosen when it is read."""

from __future__ import annotations

from collections.abc import Callable

from chainrule.base.language import say
from chainrule.fitting.explain import Freedom

ENDINGS: dict[str, Callable[..., str]] = {
    "converged": lambda **v: say(
        "the linear model would move the parameters by {offset:.1e} of their standard errors more", **v
    ),
    "undetermined": lambda **v: say("χ² falls no further, but the data do not determine all parameters", **v),
    "flat": lambda **v: say(
        "no parameter has an effect on the residuals here: the model is flat at this place. Start elsewhere, or bound "
        "the parameters to where the model moves"
    ),
    "saddle": lambda **v: say(
        "the slope of χ² is zero here, but χ² falls to the side: this is a saddle or a maximum. Start elsewhere, less "
        "symmetrically"
    ),
    "short": lambda **v: say(
        "no step along the slope lowers χ², though the linear model would move the parameters by {offset:.1e} of their "
        "standard errors: the model jumps or bends sharply here. Start elsewhere, or smooth the model", **v
    ),
    "non-finite": lambda **v: say(
        "the model is not finite next to this place. Bound the parameters to where it is, as bounds={{'{name}': (0, "
        "None)}}", **v
    ),
    "steps done": lambda **v: say(
        "all {steps} steps are made, and the linear model would still move the parameters by {offset:.1e} of their "
        "standard errors: this is no minimum yet. Give more steps=, or start nearer", **v
    ),
    "stopped": lambda **v: say("stopped by callback at step {steps}: this is no minimum", **v),
}  # fmt: skip
# The units are words to be said too: the reason of a fit, as the report shows it.
REASONS: dict[str, Callable[[], str]] = {
    "converged": lambda: say("converged"),
    "undetermined": lambda: say("undetermined"),
    "flat": lambda: say("flat"),
    "saddle": lambda: say("saddle"),
    "short": lambda: say("no lower point found"),
    "non-finite": lambda: say("not finite"),
    "steps done": lambda: say("steps done"),
    "stopped": lambda: say("stopped"),
}


def freedom(found: Freedom) -> str:
    """What is not determined, with the mend."""
    names, last = ", ".join(found.labels), found.labels[-1].partition("[")[0]
    if found.kind == "alone":
        return say("{name} has no effect on the residuals here: fix it (fixed=('{last}',)) or start elsewhere",
                   name=names, last=last)  # fmt: skip
    if found.kind == "direction":
        return say("the data cannot tell {names} apart: along {what} no residual changes; fix one of them, as "
                   "fixed=('{last}',)", names=names, what=found.what, last=last)  # fmt: skip
    return say("only {what} is determined: {names} can be exchanged for one another; fix one of them, as "
               "fixed=('{last}',)", what=found.what, names=names, last=last)  # fmt: skip


def at_bound(label: str, value: float, pushed: bool) -> str:
    """A parameter at its bound."""
    if pushed:
        return say("{name} stands at its bound {value:g}, beyond which χ² would be lower; its error is that of a model "
                   "without bounds", name=label, value=value)  # fmt: skip
    return say("{name} stands at its bound {value:g}", name=label, value=value)


def correlated(a: str, b: str, r: float) -> str:
    """Two parameters that are hard to tell apart."""
    return say("{a} and {b} are correlated by {r:.4f}: the data hardly tell them apart", a=a, b=b, r=r)


def no_errors() -> str:
    """As many numbers as parameters."""
    return say("there are as many points as parameters, so nothing is left to estimate the errors by")
