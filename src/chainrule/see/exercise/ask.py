"""`exercise`: a question about a function, that says of an answer whether it is right, or what is wrong with it.

Answers are compared by their values at places where the function has some, so that every way to write an answer counts.
The right slopes are the engine's. What is wrong is looked for among the derivatives that classic errors give
(`errors.py`), and only when it is asked for.
"""

from __future__ import annotations

import html
import inspect
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cached_property
from typing import Any

import numpy as np

from chainrule.base.language import say
from chainrule.core.tensor import Tensor
from chainrule.func.expression import Expression, ExpressionError, parse
from chainrule.see.exercise.descending import rate, stepped
from chainrule.see.exercise.mistakes import mistake
from chainrule.see.exercise.places import places, same, slopes, value

KINDS = ("derivative", "gradient", "step", "rate")


class Answer:
    """An answer, looked at: true if it is right.

    right: whether it is right.
    score: from 0 to 1; of a gradient, the share of its parts that are right.
    error: the name of what is wrong, "chain rule forgotten", in English in every language; "" if nothing is, or if it
        is no error that is known by name.
    message: a sentence for the one who answered.
    """

    def __init__(self, right: bool, score: float, why: Callable[[], tuple[str, str]]) -> None:
        self.right, self.score, self._why = right, score, why

    @cached_property
    def _said(self) -> tuple[str, str]:
        return ("", say("Right.")) if self.right else self._why()

    @property
    def error(self) -> str:
        """The name of what is wrong."""
        return self._said[0]

    @property
    def message(self) -> str:
        """What is said to the one who answered."""
        return self._said[1]

    def __bool__(self) -> bool:
        return self.right

    def __repr__(self) -> str:
        return f"{'✓' if self.right else '✗'} {self.message}"

    def _repr_html_(self) -> str:
        colour = "#00795a" if self.right else "#b3261e"
        return f'<p><b style="color: {colour}">{"✓" if self.right else "✗"}</b> {html.escape(self.message)}</p>'


class Exercise:
    """A question; in a notebook it shows itself. `check` an answer, or `grade` it."""

    def __init__(self, f: Callable[..., Any], names: list[str], ask: str, point: list[float] | None, lr: float | None,
                 steps: int, tol: float) -> None:  # fmt: skip
        self.f, self.names, self.ask, self.point = f, names, ask, point
        self.lr, self.steps, self.tol = lr, steps, tol

    @property
    def question(self) -> str:
        """The question as a sentence."""
        of = {"f": self.text, "names": ", ".join(self.names), "point": self._at(), "lr": self.lr, "n": self.steps}
        if self.ask == "step":
            return say("Gradient descent on {f} makes one step from {point} with the learning rate {lr}. Where does it "
                       "arrive?", **of)  # fmt: skip
        if self.ask == "rate":
            return say("With which learning rate does gradient descent on {f} get from {point} to a minimum within {n} "
                       "steps?", **of)  # fmt: skip
        if len(self.names) > 1:
            asked = say("What are the partial derivatives of {f} with respect to {names}?", **of)
        else:
            asked = say("What is the derivative of {f} with respect to {names}?", **of)
        return asked if self.point is None else f"{asked} {say('At the point {point}.', point=self._at())}"

    @property
    def text(self) -> str:
        """The function as it is shown."""
        return self.f.text if isinstance(self.f, Expression) else getattr(self.f, "__name__", "f")

    def _at(self) -> str:
        return ", ".join(f"{n} = {v:g}" for n, v in zip(self.names, self.point or ()))

    def check(self, *answer: Any, **parts: Any) -> Answer:
        """Look at an answer: a text, "2*x", a number, a function of the variables; of several parts a tuple or a dict
        of these, or the parts by name, `check(x="2*x", y="1")`.

        Returns an `Answer`, which is true if it is right and says what is wrong if not. An answer that cannot be read
        is not right, and its message says why.
        """
        try:
            given = self._read(parts or (answer[0] if len(answer) == 1 else answer))
        except (ExpressionError, ValueError, TypeError) as e:
            said = str(e)
            return Answer(False, 0.0, lambda: ("not readable", said))
        if self.ask == "rate":
            return Answer(*rate(self.f, self.point or [], given, self.steps))
        if self.ask == "step":
            return Answer(*stepped(self.f, self.names, self.point or [], self.lr or 0.0, given, self.tol))
        return self._slopes(given)

    def __call__(self, *answer: Any, **parts: Any) -> Answer:
        return self.check(*answer, **parts)

    def grade(self, *answer: Any, points: float = 1.0, **parts: Any) -> float:
        """The points for an answer, from 0 to `points`: what nbgrader takes as partial credit where it is a cell's last
        line, and what otter and any other grader can assert."""
        return points * self.check(*answer, **parts).score

    def __repr__(self) -> str:
        return self.question

    def _repr_html_(self) -> str:
        asked = f'<p style="border-left: 0.25em solid #0072b2; padding-left: 0.7em">{html.escape(self.question)}</p>'
        if self.ask == "rate":  # which a descent has to try
            return asked
        from chainrule.see.exercise.field import field

        return asked + field(self)

    def _read(self, given: Any) -> list[Any]:
        """The parts of an answer: numbers, or functions of the variables in their order."""
        several = 1 if self.ask == "rate" else len(self.names)
        if callable(given) and not isinstance(given, (str, Tensor)) and several > 1:
            return [lambda *xs, i=i: _parts(given(*xs))[i] for i in range(several)]
        if isinstance(given, dict):
            unknown = [k for k in given if k not in self.names]
            if unknown:
                there = ", ".join(self.names)
                raise ValueError(say("there is no variable {name}; there is {names}", name=unknown[0], names=there))
            given = [given.get(name) for name in self.names]
        found = _parts(given) if several > 1 or isinstance(given, (list, tuple)) else [given]
        if len(found) != several:
            raise ValueError(
                say("the answer has {n} parts, one for each of {names}", n=several, names=", ".join(self.names))
            )
        return [self._part(part) for part in found]

    def _part(self, part: Any) -> Any:
        if isinstance(part, str):
            e = parse(part)
            unknown = [name for name in e.variables if name not in self.names]
            if unknown:
                there = ", ".join(self.names)
                raise ValueError(say("there is no variable {name}; there is {names}", name=unknown[0], names=there))
            return lambda *xs: e(**{n: x for n, x in zip(self.names, xs) if n in e.variables})
        if callable(part) and not isinstance(part, Tensor):
            return part
        if not isinstance(part, bool):
            with suppress(TypeError, ValueError):
                return float(part)
        raise TypeError(say("an answer is a text, a number or a function, but this is {got}", got=f"{part!r:.60}"))

    def _slopes(self, given: list[Any]) -> Answer:
        """The answer to "derivative" and "gradient": of formulas at many places, of numbers at the point."""
        numbers = self.point is not None and all(not callable(g) or not _varies(g, self.point) for g in given)
        if numbers:
            at = np.array([self.point])
            _, right = slopes(self.f, self.point or [])
            rights, tol = np.array([right]), self.tol
        else:
            at, _, rights = self._places
            tol = 1e-8
        values = np.array([[value(g, p) for p in at] for g in given])
        good = [same(values[i], rights[:, i], tol) for i in range(len(given))]

        def why() -> tuple[str, str]:
            i = good.index(False)
            name, sentence = mistake(self.f, self.names, i, at, values[i], rights, given[i], max(tol, 1e-7))
            return name, f"{self.names[i]}: {sentence}" if len(given) > 1 else sentence

        return Answer(all(good), sum(good) / len(good), why)

    @cached_property
    def _places(self) -> tuple[Any, Any, Any]:
        return places(self.f, len(self.names))


def exercise(
    f: Callable[..., Any] | str, ask: str = "derivative", *, point: Any = None, start: Any = None,
    lr: float | None = None, steps: int = 100, tol: float = 1e-3,
) -> Exercise:  # fmt: skip
    """A question about a function, that checks its answers and names what is wrong in them.

    f: a text, "x**2*exp(x)", or a function of numbers.
    ask: "derivative"; "gradient" (all partial derivatives); "step" (where one step of gradient descent leads from
        `start` with the rate `lr`); "rate" (a learning rate that arrives at a minimum from `start` within `steps`).
    point: where the derivative is asked for: then the answer may be a number. A number, or for several variables a
        tuple or a dict by their names.
    start, lr, steps: of the descent that is asked about.
    tol: how far a number may be off, in relation to the right one.

    Returns an `Exercise`: it shows its question, `check(answer)` is true for a right answer and says what is wrong
    with another, and `grade(answer)` gives 0 to 1. An answer is a text, a number or a function; every way to write it
    counts.

    In a notebook it brings a field, which the reader's browser checks by the derivative's values at some places. Else
    the answer is computed where it is checked. Who has chainrule can ask it for the derivative, too, so an examination
    is about functions where the way is what counts.

    Raises ValueError for a question that there is not, or one without what it needs.

    >>> import chainrule as cr
    >>> question = cr.exercise("sin(x**2)")
    >>> question.check("cos(x**2)")
    ✗ The chain rule is forgotten: the derivative of the inner function is missing as a factor.
    >>> assert question.check("2*x*cos(x**2)")
    >>> cr.exercise("x**2*y", "gradient").grade("2*x*y", "x")
    0.5
    """
    if ask not in KINDS:
        raise ValueError(f"exercise asks for one of {', '.join(map(repr, KINDS))}, but got {ask!r}")
    f = parse(f) if isinstance(f, str) else f
    names = list(f.variables) if isinstance(f, Expression) else list(inspect.signature(f).parameters)
    if not names or (ask == "derivative" and len(names) > 1):
        raise ValueError(f"ask={ask!r} is for {'one variable' if names else 'functions of variables'}, but there are "
                         f"{len(names)}: {', '.join(names)}. Partial derivatives are ask='gradient'")  # fmt: skip
    descending = ask in ("step", "rate")
    at = start if descending else point
    if descending and (start is None or (ask == "step" and lr is None)):
        raise ValueError(f"ask={ask!r} needs start={' and lr=' if ask == 'step' else ''}, to descend from")
    return Exercise(f, names, ask, None if at is None else _point(names, at), lr, steps, tol)


def _point(names: Sequence[str], at: Any) -> list[float]:
    parts = [at[name] for name in names] if isinstance(at, dict) else _parts(at)
    if len(parts) != len(names):
        raise ValueError(f"the point needs a number for each of {', '.join(names)}, but got {at!r}")
    return [float(v) for v in parts]


def _parts(given: Any) -> list[Any]:
    if isinstance(given, Tensor):
        return np.asarray(given.detach()._a).reshape(-1).tolist()  # type: ignore[attr-defined, no-any-return]
    if isinstance(given, dict):
        return list(given.values())
    return list(given) if isinstance(given, (tuple, list, np.ndarray)) else [given]


def _varies(g: Callable[..., Any], point: Sequence[float]) -> bool:
    """Whether an answer is a formula, rather than a number that was computed."""
    here, there = value(g, point), value(g, [1.1 * v + 0.1 for v in point])
    return here != there
