"""The optimiser by its name, its options checked by its own class, and the learning rate of every step."""

from __future__ import annotations

import difflib
import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule import optim
from chainrule.core.tensor import LEAF, wrap
from chainrule.descend.flat import Vector
from chainrule.optim import algorithms, lr_scheduler
from chainrule.optim.optimizer import RuleOptimizer

Options = dict[str, Any]  # of an optimiser, as its class takes them
Rates = Callable[[int, int], Vector]  # of a range of steps: one for each, or one for all

RULES: dict[str, type[RuleOptimizer]] = {
    name.lower(): c
    for name, c in vars(algorithms).items()
    if inspect.isclass(c) and issubclass(c, RuleOptimizer) and c is not RuleOptimizer
}
SEARCHES = ("gd", "lbfgs", "newton")  # those with a line search, see searches.py


def optimiser(name: object) -> str:
    """The name as the tables know it; a class of `optim` stands for its name."""
    if type(name) is str and name in RULES:
        return name
    key = name.__name__.lower() if inspect.isclass(name) else str(name).lower().replace("-", "")
    if key in RULES or key in SEARCHES:
        return key
    known = sorted([*RULES, *SEARCHES])
    near = difflib.get_close_matches(key, known, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise ValueError(f"there is no optimizer {name!r}.{hint} There are: {', '.join(known)}.")


def group_of(name: str, lr: float | None, options: Options) -> Options:
    """The options of an optimiser with its defaults, refused where its class refuses them; not to be changed."""
    given = tuple(options.items()) if lr is None else (("lr", lr), *options.items())
    try:
        hash(given)
    except TypeError:  # tensors among them, or lists: nothing to remember them by
        return _group.__wrapped__(name, given)
    return _group(name, given)


@functools.lru_cache(256, typed=True)
def _group(name: str, given: tuple[tuple[str, Any], ...]) -> Options:
    cls: type[optim.Optimizer] = RULES.get(name, optim.LBFGS)
    known = list(inspect.signature(cls).parameters)[1:]
    for key, _ in given:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise TypeError(f"{cls.__name__} has no option {key!r}.{hint} It has: {', '.join(known)}.")
    group: Options = cls([wrap(np.float32(0), LEAF)], **dict(given)).param_groups[0]
    del group["params"]
    if isinstance(group["lr"], (int, float)):
        group["lr"] = float(group["lr"])
    return group


def first_rate(lr: Any) -> float | None:
    """The rate at the start, which the optimiser's class checks."""
    if lr is None or type(lr) is float:
        return lr
    if isinstance(lr, tuple):
        return float(lr[0])
    if callable(lr):
        return float(lr(0))
    rates = np.asarray(lr, dtype=float).reshape(-1)
    if not rates.size:
        raise ValueError("lr holds no rates")
    return float(rates[0])


def all_rates(lr: Any, default: float, steps: int) -> Rates:
    """A function from a range of steps to an array of their rates: one for each, or one for all.

    lr: a number; a function of the step; an array with a rate for each step; or (rate, name, options) of a schedule in
        `optim.lr_scheduler`, such as (0.1, "CosineAnnealingLR", {"T_max": 100}).
    """
    if lr is None or type(lr) is float or (np.ndim(lr) == 0 and not callable(lr)):
        value = np.array([default if lr is None else lr], dtype=float)
        return lambda begin, end: value
    if isinstance(lr, tuple) and len(lr) in (2, 3) and isinstance(lr[1], str):
        return _listed(_scheduled(steps, *lr), steps)
    if callable(lr):
        return _listed(_finite(np.array([float(lr(i)) for i in range(steps)])), steps)
    return _listed(_finite(np.array(lr, dtype=float)), steps)


def _finite(rates: Vector) -> Vector:
    bad = np.flatnonzero(~(np.isfinite(rates) & (rates >= 0)))
    if bad.size:
        raise ValueError(f"the learning rate at step {bad[0]} is {rates[bad[0]]}: it must be finite and not negative")
    return rates


def _listed(rates: Vector, steps: int) -> Rates:
    if rates.ndim != 1 or len(rates) < steps:
        raise ValueError(f"lr of shape {list(rates.shape)} does not give a rate for each of {steps} steps")
    return lambda begin, end: rates[begin:end]


def _scheduled(steps: int, rate: float, name: str, options: Options | None = None) -> Vector:
    """The rates that a scheduler of `optim` sets, step by step."""
    cls = getattr(lr_scheduler, name, None)
    if not (inspect.isclass(cls) and issubclass(cls, lr_scheduler.LRScheduler)) or name == "ReduceLROnPlateau":
        known = [n for n in vars(lr_scheduler) if n.endswith(("LR", "Restarts"))]
        near = difflib.get_close_matches(name, known, n=1)
        nearest = near[0] if near else ", ".join(known)
        raise ValueError(f"there is no schedule {name!r} that is known beforehand; nearest: {nearest}")
    optimizer = optim.SGD([wrap(np.float32(0), LEAF)], lr=rate, momentum=0.9)
    schedule = cls(optimizer, **(options or {}))
    rates = []
    optimizer.step()  # schedules expect the optimiser to have stepped
    for i in range(steps):
        rates.append(float(optimizer.param_groups[0]["lr"]))
        if i < steps - 1:
            schedule.step()
    return np.array(rates)
