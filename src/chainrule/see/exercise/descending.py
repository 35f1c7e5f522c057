"""Questions about gradient descent: where a step leads, and which rate arrives."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.base.language import say
from chainrule.descend.minimize import minimize
from chainrule.see.exercise.places import Array, same, slopes, value

Looked = tuple[bool, float, Callable[[], tuple[str, str]]]
ARRIVED = 1e-3  # the norm of the gradient, in relation to that at the start


def stepped(
    f: Callable[..., Any], names: Sequence[str], start: Sequence[float], lr: float, given: Sequence[Any], tol: float
) -> Looked:
    """Whether an answer is where one step of gradient descent leads."""
    (_, end, _), *others = ends(f, start, lr)
    told = np.array([value(v, start) for v in given])
    good = [same(np.array([a]), np.array([b]), tol) for a, b in zip(told, end)]

    def why() -> tuple[str, str]:
        for name, other, sentence in others:
            if same(told, other, tol) and not same(end, other, tol):
                return name, sentence
        wrong = names[good.index(False)]
        return "", say("{name} is not right: the end is the start minus lr times the gradient.", name=wrong)

    return all(good), sum(good) / len(good), why


def ends(f: Callable[..., Any], start: Sequence[float], lr: float) -> list[tuple[str, Array, str]]:
    """Where a step leads, and where it leads with a classic error: the error's name, the place, the sentence."""
    y, slope = slopes(f, start)
    x, g = np.array(start), np.array(slope)
    alone = "step instead of end", say("This is the step: the end is the start and the step together.")
    return [
        ("", x - lr * g, ""),
        ("uphill", x + lr * g, say("The step goes against the gradient: x - lr*gradient, with a minus.")),
        ("no rate", x - g, say("The gradient is multiplied by the learning rate before it is subtracted.")),
        ("gradient instead of step", g, say("This is the gradient: the step is lr times it, away from the start.")),
        *((alone[0], step, alone[1]) for step in (-lr * g, lr * g)),
        ("value instead of gradient", x - lr * y, say("The value was subtracted: the gradient belongs there.")),
        ("start", x, say("This is the start, before the step.")),
    ]


def rate(f: Callable[..., Any], start: Sequence[float], given: Sequence[Any], steps: int) -> Looked:
    """Whether gradient descent arrives with the rate that was answered."""
    lr = value(given[0], start)
    if not (0 < lr < np.inf):
        said = say("A learning rate is a positive number.")
        return False, 0.0, lambda: ("not positive", said)
    first = float(np.linalg.norm(slopes(f, start)[1]))
    x = tuple(start) if len(start) > 1 else start[0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run = minimize(f, x, lr=lr, steps=steps, record=0)
    away = run.reason == "diverged" or not np.isfinite(run.value) or run.value > value(f, start)
    arrived = not away and run.grad_norm <= max(ARRIVED * first, 1e-9)
    flat = arrived and not run.success and getattr(run.words, "what", "") in ("saddle", "maximum")

    def why() -> tuple[str, str]:
        if away:
            return "too large", say("Too large: the descent runs away.")
        if flat:
            return "no minimum", say("The descent ends at a place that is no minimum.")
        if run.grad_norm >= first or run.value >= value(f, start) - 1e-12:
            return "too large", say("Too large: the descent jumps to and fro and gets no lower.")
        return "too small", say("Too small, or not yet there: after {n} steps the gradient is still {g}.", n=steps,
                                g=f"{run.grad_norm:.3g}")  # fmt: skip

    return arrived and not flat, float(arrived and not flat), why
