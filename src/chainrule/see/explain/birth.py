"""Where a NaN or an infinity first appears, and what mends it.

One bad number spreads to everything that is computed from it, so what helps is the first: the operation whose inputs
were finite and whose result is not, or in backward the one that was handed a finite gradient and handed on another.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from chainrule.base.language import say
from chainrule.see.history.graph import History
from chainrule.see.history.numbers import Birth
from chainrule.see.history.terms import number_text

Sentence = Callable[[], str]  # said when it is shown, in the language of then


def diagnosis(history: History) -> list[Sentence]:
    """Sentences about the births of NaN and inf that reach the result or a gradient; none if there are none."""
    value_is_bad = history.result_is_bad
    gradient_is_bad = history.gradient_is_bad
    if history.born is not None and (value_is_bad or gradient_is_bad):
        return _forward(history.born, history)
    if history.born_back is not None and gradient_is_bad:
        return _backward(history.born_back, history)
    return []


def _what(x: float) -> str:
    return "NaN" if math.isnan(x) else "inf" if x > 0 else "-inf"


def _where(birth: Birth) -> str:
    return f"[{', '.join(map(str, birth.place))}]" if birth.place else ""


def _forward(birth: Birth, history: History) -> list[Sentence]:
    step, name, what, at = birth.step, birth.step.name, _what(birth.got), _where(birth)
    if step.node is None:
        return [lambda: say("{name}{at} is {what} from the start: look at the data.", name=name, at=at, what=what)]
    inputs = birth.inputs
    if birth.unknown:
        return [
            lambda: say("{name}{at} is the first {what}.", name=name, at=at, what=what),
            lambda: say("One of its operands was not kept, so {what} may have come in there: look at the data.",
                        what=what),
        ]  # fmt: skip
    said: list[Sentence] = [
        lambda: say(
            "{what} first appears at {name}{at}: {op} of {inputs}.",
            what=what, name=name, at=at, op=step.called, inputs=_listed(inputs),
        )
        if inputs is not None
        else say("{what} first appears at {name}{at}, in {op}.", what=what, name=name, at=at, op=step.called)
    ]  # fmt: skip
    mend = _mend_forward(step.op, inputs, birth.got)
    if not history.result_is_bad:
        said.append(lambda: say("It does not show in the result, but backward meets it."))
        if any(s.op.name == "where" for s in history.steps):
            mend = _where_twice
    return said + ([mend] if mend else [])


def _mend_forward(op: Any, inputs: list[float] | None, got: float) -> Sentence | None:
    mend = op.columns.get("mend")
    if mend is not None and mend(op.name, *(inputs or ())) is not None:
        return lambda: mend(op.name, *(inputs or ()))  # type: ignore[no-any-return]
    if math.isinf(got):
        return lambda: say(
            "The numbers have grown too large for their dtype. A smaller learning rate, or input of a smaller scale, "
            "keeps them in range."
        )
    return None


def _backward(birth: Birth, history: History) -> list[Sentence]:
    step, what, at = birth.step, _what(birth.got), _where(birth)
    source = step.inputs[birth.at].name if birth.at is not None and len(step.inputs) > birth.at else "?"
    inputs, g = birth.inputs, birth.g
    said: list[Sentence] = [
        lambda: say(
            "{what} first appears in backward, in the derivative of {name} = {op}(...) with respect to {input}{at}.",
            what=what, name=step.name, op=step.called, input=source, at=at,
        )
    ]  # fmt: skip
    if g is not None and inputs is not None:
        said.append(
            lambda: say(
                "The inputs are {inputs} there, and the slope coming in is {g}.", inputs=_listed(inputs),
                g=number_text(g),
            )
        )  # fmt: skip
    mend = _mend_backward(step.op, g, birth.got, any(s.op.name == "where" for s in history.steps))
    return said + ([mend] if mend else [])


def _mend_backward(op: Any, g: float | None, got: float, choice: bool) -> Sentence | None:
    if g == 0 and choice:
        return _where_twice
    if g == 0:
        return lambda: say(
            "A slope of 0 met an infinite one, and 0 times infinity is NaN: keep the input away from there."
        )
    mend = op.columns.get("mend_slope")
    if mend is not None:
        return lambda: mend(op.name)  # type: ignore[no-any-return]
    if math.isinf(got):
        return lambda: say(
            "The slopes have grown too large for their dtype: take clip_grad_norm_, a smaller scale, or fewer steps."
        )
    return None


def _where_twice() -> str:
    return say(
        "`where` chooses the value, but backward still goes through the branch that was not chosen, and 0 times "
        "infinity is NaN. Use `where` twice: first give the branch a harmless input, safe = where(ok, x, 1.0), then "
        "choose, where(ok, f(safe), other)."
    )


def _listed(numbers: list[Any] | None) -> str:
    return ", ".join(number_text(x) if isinstance(x, float) else str(x) for x in numbers or ())
