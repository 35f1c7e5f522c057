"""What is said about a descent, in the language that is chosen when it is read, not when the descent ended."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple


class Words(NamedTuple):
    """A sentence of the table below and what is filled in; `str` says it."""

    what: str
    values: dict[str, Any]

    def __str__(self) -> str:
        from chainrule.base.language import say  # catalogues take a while to import, and most descents say nothing

        values = {k: str(v) if isinstance(v, Words) else v for k, v in self.values.items()}
        return _SENTENCES[self.what](say, values)


def words(what: str, **values: Any) -> Words:
    """A sentence by its name."""
    return Words(what, values)


_SENTENCES: dict[str, Callable[[Callable[..., str], dict[str, Any]], str]] = {
    # why a descent ended
    "value": lambda say, v: say("the value is {value}", **v),
    "nan": lambda say, v: say("the gradient is nan"),
    "gradient": lambda say, v: say("the norm of the gradient is {norm:.3g}", **v),
    "change": lambda say, v: say("the last step has length {length:.3g}, the norm of the gradient is {norm:.3g}", **v),
    "short": lambda say, v: say(
        "the last step has length {length:.3g}, but the norm of the gradient is still {norm:.3g}: a short step is no "
        "arrival. Try a larger lr, or a smaller tol",
        **v,
    ),
    "plateau": lambda say, v: say(
        "no value below {lowest:.6g} since step {step}; the norm of the gradient is {norm:.3g}", **v
    ),
    "stuck": lambda say, v: say(
        "no value below {lowest:.6g} since step {step}, but the norm of the gradient is still {norm:.3g}: the steps "
        "are too long to go down further. Try a smaller lr",
        **v,
    ),
    "untaken": lambda say, v: say(
        "the gradient is nan, though differences of values give a slope of {slope:.3g}: a product 0 * inf in the chain "
        "rule, as from a branch of where() that is not taken, or from sqrt or norm at 0. Keep what such a branch is "
        "computed from in its domain: where(x > 0, sqrt(where(x > 0, x, 1)), ...)",
        **v,
    ),
    # what was measured at the end
    "found": lambda say, v: say(
        "{message}; the norm of the gradient is {norm:.3g}, the smallest second derivative {least:.3g}", **v
    ),
    "found, unknown": lambda say, v: say("{message}; the norm of the gradient is {norm:.3g}", **v),
    "found, lower": lambda say, v: say(
        "{message}; but the norm of the gradient is still {norm:.3g}, and the value beside is lower: start again from "
        "here, or choose a method that takes slopes",
        **v,
    ),
    "minimum": lambda say, v: say(
        "the norm of the gradient is {norm:.3g}, the smallest second derivative {least:.3g}, the last step "
        "{length:.3g}",
        **v,
    ),
    "minimum, unknown": lambda say, v: say(
        "the norm of the gradient is {norm:.3g}, the last step {length:.3g}; the second derivative is not known", **v
    ),
    "corner": lambda say, v: say("all variables stand at bounds, and lower values lie beyond"),
    "rounding": lambda say, v: say(
        "no lower value is found, and the fall that is left is within rounding: the norm of the gradient is "
        "{norm:.3g}, the smallest second derivative {least:.3g}",
        **v,
    ),
    "flat": lambda say, v: say(
        "the norm of the gradient is {norm:.3g}, the smallest second derivative {least:.3g}", **v
    ),
    "flat, unknown": lambda say, v: say("the norm of the gradient is {norm:.3g}", **v),
    "saddle": lambda say, v: say(
        "a saddle point, not a minimum: the norm of the gradient is {norm:.3g}, but second derivatives go from "
        "{least:.3g} to {greatest:.3g}. Start a little aside",
        **v,
    ),
    "maximum": lambda say, v: say(
        "a maximum, not a minimum: the norm of the gradient is {norm:.3g}, but the second derivative is "
        "{least:.3g}. Start a little aside",
        **v,
    ),
    "beside": lambda say, v: say(
        "the gradient is {norm:.3g}, but a value beside is lower: no minimum, or the gradient is lost by cancellation. "
        "Start a little aside, or write the function in another way",
        **v,
    ),
    "beside, unknown": lambda say, v: _SENTENCES["beside"](say, v),
    "nothing": lambda say, v: say(
        "neither gradient nor second derivative at the start: nothing tells where it goes down. Start elsewhere", **v
    ),
    "no lower": lambda say, v: say(
        "no lower value is found along the way down, but the norm of the gradient is {norm:.3g} (the smallest "
        "second derivative {least:.3g}): a kink, noise, or a slope that is wrong",
        **v,
    ),
    "no lower, unknown": lambda say, v: say(
        "no lower value is found along the way down, but the norm of the gradient is {norm:.3g}: a kink, noise, or a "
        "slope that is wrong",
        **v,
    ),
    # what bounds and constraints cost
    "at lower": lambda say, v: say(
        "{name} stands at its lower bound {at:.6g}; relaxing this bound by 1 lowers f by {price:.4g}", **v
    ),
    "at upper": lambda say, v: say(
        "{name} stands at its upper bound {at:.6g}; relaxing this bound by 1 lowers f by {price:.4g}", **v
    ),
    "at lower, unknown": lambda say, v: say("{name} stands at its lower bound {at:.6g}", **v),
    "at upper, unknown": lambda say, v: say("{name} stands at its upper bound {at:.6g}", **v),
    "at at_least": lambda say, v: say(
        "{name} is as small as it may be, {at:.6g}; allowing it to be smaller by 1 lowers f by {price:.4g}", **v
    ),
    "at equal": lambda say, v: say("{name} = {at:.6g}; raising this right side by 1 raises f by {price:.4g}", **v),
    "at equal, down": lambda say, v: say(
        "{name} = {at:.6g}; raising this right side by 1 lowers f by {price:.4g}", **v
    ),
    "met": lambda say, v: say(
        "the norm of the Lagrangian's gradient is {norm:.3g}, and the constraints are met within {violation:.2g}",
        **v,
    ),
    "not met": lambda say, v: say(
        "the constraints are not met: {name} is off by {violation:.3g}, and nothing near makes that less. Start "
        "elsewhere; or they cannot all be met",
        **v,
    ),
    "not yet met": lambda say, v: say(
        "the constraints are met within {violation:.3g}, the norm of the Lagrangian's gradient is {norm:.3g}: there is "
        "further to go, by more steps",
        **v,
    ),
    "grown": lambda say, v: say("the value has grown from {first:.6g} to {value:.6g}: try a smaller lr", **v),
    "grown, as": lambda say, v: say("the value has grown from {first:.6g} to {value:.6g}; {explanation}", **v),
    "endless": lambda say, v: say(
        "the value has fallen from {first:.6g} to {value:.6g}, far from the start, and the norm of the gradient is "
        "{norm:.3g}: there may be no minimum that way",
        **v,
    ),
    "apart": lambda say, v: say(
        "the norm of the gradient is still {norm:.3g}: the problem is ill-conditioned, with second derivatives from "
        '{least:.3g} to {greatest:.3g}, and takes some {ratio:.1g} steps, the ratio of these. Try optimizer="lbfgs" or '
        '"newton", or bring the variables to one scale',
        **v,
    ),
    "further": lambda say, v: say(
        "the norm of the gradient is still {norm:.3g}: there is further to go, by more steps or another lr", **v
    ),
    "callback": lambda say, v: say("by the callback"),
    "keyboard": lambda say, v: say("by the keyboard"),
    "lost": lambda say, v: say("at step {step} {reason}", **v),
    "lost, as": lambda say, v: say("at step {step} {reason}; {explanation}", **v),
    # what the curvature says of a learning rate
    "start": lambda say, v: say("at the start"),
    "step": lambda say, v: say("at step {step}", **v),
    "down": lambda say, v: say("{where} the function curves down ({c:.3g}): it may have no minimum that way", **v),
    "smaller": lambda say, v: say(
        "the largest second derivative {where} is {c:.4g}; lr was {lr:g}. Try a smaller one, such as {better:.3g}", **v
    ),
    "bound": lambda say, v: say(
        "the largest second derivative {where} is {c:.4g}, and steps hold for lr < {rule} = {bound:.4g}; lr was {lr:g}",
        **v,
    ),
    "above": lambda say, v: say(
        "the largest second derivative {where} is {c:.4g}, and steps hold for lr < {rule} = {bound:.4g}; lr was "
        "{lr:g}. lr={better:.3g} would hold there",
        **v,
    ),
    # how it is called
    "steps done": lambda say, v: say("steps done"),
    "converged": lambda say, v: say("converged"),
    "diverged": lambda say, v: say("diverged"),
    "stopped": lambda say, v: say("stopped"),
}
