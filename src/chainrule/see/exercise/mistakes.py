"""What is wrong with an answer: the classic error whose derivative has the same values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from importlib.util import find_spec
from typing import Any

import numpy as np

from chainrule.base.language import say
from chainrule.core.tensor import wrap
from chainrule.see.check.by_hand import formula
from chainrule.see.derive.algebra import NoFormula, NoTensor, sp, worked_out
from chainrule.see.exercise.errors import SENTENCES, derivatives, named
from chainrule.see.exercise.places import Array, same, slopes, value


def mistake(
    f: Callable[..., Any], names: Sequence[str], i: int, at: Array, given: Array, rights: Array, answer: Any,
    tol: float,
) -> tuple[str, str]:  # fmt: skip
    """The name of the error in a derivative by the i-th variable, and the sentence.

    at: the places; given: the answer's values there; rights: all partial derivatives there.
    """
    right = rights[:, i]
    for error, sentence, values in known(f, names, i, at, rights):
        if same(given, values, tol) and not same(right, values, tol):
            return error, sentence
    if not np.isfinite(given).any():
        return "no value", say("The answer has no value where the function has a derivative.")
    for error in _by_values(f, i, at, given, right, answer):
        return error, SENTENCES[error]()
    clear = np.abs(given - right) > 1e-3 * np.abs(right)  # and told where the numbers are small
    k = min(range(len(at)), key=lambda k: (not clear[k], np.abs(at[k]).sum()))
    where = ", ".join(f"{n} = {v:.3g}" for n, v in zip(names, at[k]))
    return "", say("At {point} the derivative is {right}, and the answer gives {given}.", point=where,
                   right=f"{right[k]:.5g}", given=f"{given[k]:.5g}")  # fmt: skip


def known(
    f: Callable[..., Any], names: Sequence[str], i: int, at: Array, rights: Array
) -> Iterator[tuple[str, str, Array]]:
    """The classic errors in that derivative: the name of each, its sentence, and the values that it gives."""
    for j, other in enumerate(names):
        if j != i:
            yield "other variable", say("This is the derivative with respect to {name}.", name=other), rights[:, j]
    with suppress(NoFormula, NoTensor, ImportError):
        (y,), symbols = formula(f, [wrap(np.float64(v)) for v in at[0]])
        with worked_out():
            for error, e in derivatives(y, symbols[i]):
                yield named(error), SENTENCES[named(error)](), _values(e, symbols, at)


def _by_values(f: Callable[..., Any], i: int, at: Array, given: Array, right: Array, answer: Any) -> list[str]:
    """What can be told from values alone."""
    found = []
    if len(at) > 1 and callable(answer):
        own = np.array([slopes(answer, p)[1][i] for p in at])
        if np.isfinite(own).any() and same(own, np.array([value(f, p) for p in at]), 1e-7):
            found.append("antiderivative")
    if len(at) > 1:
        both = np.isfinite(given) & np.isfinite(right) & (np.abs(right) > 1e-9)
        ratio, apart = given[both] / right[both], given - right
        if both.sum() > 2 and np.ptp(ratio) <= 1e-7 * abs(ratio[0]) and ratio[0] != 0:
            found.append("wrong coefficient")
        elif same(given - np.nanmedian(apart), right, 1e-7):
            found.append("missing constant")
    return found


def _values(e: Any, symbols: Sequence[Any], at: Array) -> Array:
    """A formula at the places; NaN where it has no real value."""
    found = np.full(len(at), np.nan)
    with suppress(Exception):  # what SymPy cannot write for NumPy is no candidate
        f = sp.lambdify(symbols, e, ["scipy", "numpy"] if find_spec("scipy") else "numpy")
        with np.errstate(all="ignore"):
            for k, p in enumerate(at):
                v = complex(f(*map(complex, p)) if e.has(sp.log) or e.has(sp.Pow) else f(*p))
                found[k] = v.real if abs(v.imag) <= 1e-12 * abs(v.real) else np.nan
    return found
