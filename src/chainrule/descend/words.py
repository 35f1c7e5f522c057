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
    "change": lambda say, v: say("the last step has length {length:.3g}", **v),
    "plateau": lambda say, v: say("no value below {lowest:.6g} since step {step}", **v),
    "callback": lambda say, v: say("by the callback"),
    "keyboard": lambda say, v: say("by the keyboard"),
    "lost": lambda say, v: say("at step {step} {reason}", **v),
    "lost, as": lambda say, v: say("at step {step} {reason}; {explanation}", **v),
    # what the curvature says of a learning rate
    "start": lambda say, v: say("at the start"),
    "step": lambda say, v: say("at step {step}", **v),
    "down": lambda say, v: say("{where} the function curves down ({c:.3g}): it may have no minimum that way", **v),
    "smaller": lambda say, v: say(
        "the largest curvature {where} is {c:.4g}; lr was {lr:g}. Try a smaller one, such as {better:.3g}", **v
    ),
    "bound": lambda say, v: say(
        "the largest curvature {where} is {c:.4g}, and steps hold for lr < {rule} = {bound:.4g}; lr was {lr:g}", **v
    ),
    "above": lambda say, v: say(
        "the largest curvature {where} is {c:.4g}, and steps hold for lr < {rule} = {bound:.4g}; lr was {lr:g}. "
        "lr={better:.3g} would hold there",
        **v,
    ),
    # how it is called
    "steps done": lambda say, v: say("steps done"),
    "converged": lambda say, v: say("converged"),
    "diverged": lambda say, v: say("diverged"),
    "stopped": lambda say, v: say("stopped"),
}
