"""`minimize`: descend a function from a start, by any optimiser, and say what happened."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.descend.arrival import Ending, outlook, unlooked
from chainrule.descend.box import Box, box
from chainrule.descend.curvature import explain
from chainrule.descend.history import History
from chainrule.descend.loop import End, Loop
from chainrule.descend.objective import Array, Callback, Objective
from chainrule.descend.options import RULES, Options, all_rates, first_rate, group_of, optimiser
from chainrule.descend.recall import recall
from chainrule.descend.result import Result
from chainrule.descend.searches import QuasiNewton, Search
from chainrule.descend.steps import RuleSteps, Step
from chainrule.descend.stops import Hit, Stops
from chainrule.descend.words import words
from chainrule.func.expression import parse

if TYPE_CHECKING:
    from chainrule.descend.prices import Active


class Diverged(UserWarning):
    """A descent has run away."""


def minimize(
    f: Callable[..., Any] | str,
    start: Any = None,
    *,
    x0: Any = None,
    optimizer: Any = None,
    lr: Any = None,
    steps: int = 1000,
    record: int | bool = 1,
    tol: float | dict[str, float] | None = None,
    callback: Callable[[int, Any, float], Any] | None = None,
    progress: bool | None = None,
    checkpoint: Any = None,
    resume: bool = False,
    method: str | None = None,
    bounds: Any = None,
    constraints: Any = None,
    **options: Any,
) -> Result:
    """Descend `f` from a start.

    f: a function of what `start` is (tensors in the place of numbers and arrays) that returns one number as a tensor;
        or a text, "(1 - x)**2 + 100*(y - x**2)**2".
    start: a number, or a list or tuple of numbers, which is a vector (both in double precision); an array or tensor of
        floats; a tuple, list or dict of these. A function of several arguments takes them from a tuple or list, or by
        their names from a dict. Or a module, or parameters that `f`
        refers to: then `f` takes no argument (or the module), and the parameters end at the minimum.
    optimizer: "sgd" (the default), "adam" or another name of `optim`, with its options by keyword (`momentum=0.9`); or
        "gd" (gradient descent with a line search), "newton", "lbfgs".
    lr: the learning rate, by default the optimiser's; a function of the step; an array of rates; or
        (rate, schedule of optim.lr_scheduler, its options), e.g. (0.1, "CosineAnnealingLR", {"T_max": 100}).
    steps: how many steps to make.
    x0: the start by SciPy's name.
    record: keep every k-th point, value and gradient norm; 0 or False for none.
    tol: stop where the norm of the gradient is at most this; or a dict of "gradient", "change" (the length of a step)
        and "plateau" (steps without a lower value).
    callback: called as `callback(step, x, value)` at every recorded step (at each if record=0); True stops.
    progress: a progress bar; by default on a terminal or in a notebook, for runs of more than two seconds.
    checkpoint: a path to go on from, written every second; or (path, seconds). That of another function, other
        settings or another start is refused.
    resume: go on from the checkpoint of another function, or where it cannot be told whether it is another (functions
        that are no graph, as they decide by values).
    method: a method of scipy.optimize.minimize ("L-BFGS-B", "trust-constr", ...) in the place of an optimiser, with the
        options of the method by keyword; `steps` limits its iterations.
    bounds: between which x stays: a pair (low, high) for all numbers, a pair for each, a dict or tree of pairs like x0
        (of a module by its parameters' names; names may be left out), or SciPy's `Bounds`; None is an open side. `f` is
        never computed outside them by an optimiser. The rules ("sgd", "adam", ...) stop a number at its bound and take
        its momentum (the first moment) from it there, so it comes back at once when the slope turns; what else they
        remember is made of the gradients as they are. "newton", "lbfgs" and "gd" move what is not held at a bound
        (Bertsekas, 1982). `grad_norm`, `tol` and the message are of the part of the gradient that does not lead out;
        `Result.active` lists the bounds that were met and what each costs.
    constraints: `Constraint(f, equal=0)` or `Constraint(f, at_least=0)`, a list of them, or SciPy's forms of functions
        that return tensors: `f` is a function of x as the one that is minimised. They are met by an augmented
        Lagrangian, whose inner search is "newton" (the default up to 30 numbers), "lbfgs" (of more) or "gd"; `f` and
        the constraints may be computed where these are not met, but within `bounds`. Or, with `method`, by SciPy's
        methods that can. `Result.active` lists what holds the point, with multipliers.

    The graph and the machine code that a descent makes are kept while `f` lives. Another one by the same optimiser,
    from a start of the same kind, uses them again if all that `f` reads is as it was: tensors are read anew, while
    numbers, lists, attributes and the functions that it calls are compared (`compiler/reads.py` says what is not
    noticed).

    Returns a `Result`. Its `success` is whether the descent arrived, its `message` what was measured at the end: a
    saddle or a maximum is named as such, and what is left after all steps is told when it is first asked. A descent
    that diverged has the reason "diverged", and warns with what the curvature says of the learning rate. Raises
    ValueError where f is not finite at the start, or an option is out of range; TypeError for what is no start or no
    value; MemoryError for a history above a gigabyte, with the `record=` that fits.

    >>> import chainrule as cr
    >>> found = cr.minimize(lambda x: x**2 - 4 * x + 5, 0.0, lr=0.5, steps=50)
    >>> found.x, found.value, found.reason
    (2.0, 1.0, 'steps done')
    >>> cr.minimize(lambda x: ((x - 1) ** 2).sum(), cr.zeros(2), optimizer="newton").x
    tensor([1., 1.])
    """
    record = int(record) if isinstance(record, bool) else record
    _check_count("steps", steps)
    _check_count("record", record)
    start = one_start("minimize", start, x0, "x0")
    objective = Objective(parse(f) if isinstance(f, str) else f, start)
    walls = box(objective, bounds)
    if method is not None:
        from chainrule.descend.scipy_methods import by_scipy

        ignored = {"lr": lr, "checkpoint": checkpoint}
        rows = constraints if constraints != [] else None
        return by_scipy(objective, start, method, walls, rows, steps, record, tol, callback, ignored, options)
    if constraints is not None and constraints != []:
        others = {"lr": lr, "checkpoint": checkpoint, "progress": progress or None}
        return _constrained(
            objective, start, constraints, optimizer, walls, steps, record, tol, callback, others, options
        )
    name = optimiser("sgd" if optimizer is None else optimizer)
    lr = lr if type(lr) is float else _float_like(lr)
    group = group_of(name, first_rate(lr), options)
    runner = _runner(objective, name, group, lr, options, steps, walls)
    searches = name not in RULES
    history = History(objective.start, steps, record)
    stops = Stops(tol, still=searches)
    if checkpoint is not None:
        from chainrule.descend.checkpoint import Checkpoint

        if searches:
            rules = ", ".join(RULES)
            raise ValueError(f"checkpoint= goes with the optimisers that are rules ({rules}), not with {name!r}")
        asked, why = _asked(objective, name, lr, group, record, walls)
        checkpoint = Checkpoint(checkpoint, asked, why, resume)
    rates = all_rates(lr, group["lr"], steps)
    loop = Loop(objective, runner, steps, rates, stops, history, callback, progress, checkpoint, walls)
    end = loop.run()
    return _result(loop, end, name, {**options, "lr": group["lr"]} if lr is None else {"lr": lr, **options}, group)


def _constrained(
    objective: Objective, start: Any, given: Any, optimizer: Any, walls: Box | None, steps: int, record: int, tol: Any,
    callback: Callback | None, others: Options, options: Options,
) -> Result:  # fmt: skip
    """Minimise under constraints by our own means."""
    from chainrule.descend.constraints import Constraints, constraints
    from chainrule.descend.lagrangian import FEW, by_lagrangian

    size = sum(a.size for a in objective.start)
    name = optimiser(optimizer if optimizer is not None else "newton" if size <= FEW else "lbfgs")
    if name in RULES:
        raise ValueError(
            f"optimizer={name!r} has no use for constraints=: those that have are 'newton', 'lbfgs' and 'gd' (leave "
            "optimizer= out), or method='SLSQP' or 'trust-constr'"
        )
    for key, value in others.items():
        if value is not None:
            raise ValueError(f"{key}= has no use with constraints=, as each step is searched for")
    if isinstance(tol, dict) and set(tol) - {"gradient"}:
        raise ValueError("with constraints=, tol= is a number, the norm of the Lagrangian's gradient")
    group = group_of(name, None, options)
    least = Stops({"gradient": 1e-7} if tol is None else tol).gradient
    rows = Constraints(objective, start, constraints(given))
    return by_lagrangian(objective, rows, name, group, walls, steps, record, least, callback)


def one_start(who: str, start: Any, other: Any, name: str) -> Any:
    """The start, however it was called."""
    if (start is None) == (other is None):
        raise TypeError(f"{who}(f, start) takes one start, as {who}(f, 1.0), or by its other name {name}=")
    return other if start is None else start


def _float_like(lr: Any) -> Any:
    """A learning rate given as a tensor of one element as its number."""
    return lr.item() if hasattr(lr, "item") and getattr(lr, "ndim", 1) == 0 else lr


def _runner(
    objective: Objective, name: str, group: Options, lr: Any, options: Options, steps: int,
    walls: Box | None,
) -> Any:  # fmt: skip
    if name in RULES:
        rule = RULES[name].rule
        what = name, tuple(options.items()), walls and walls.key
        step = recall(objective, what, partial(Step, rule, group, objective, walls))
        return RuleSteps(objective, rule, group, steps, step)
    if name == "lbfgs":
        return QuasiNewton(objective, group, walls)
    if options:
        raise TypeError(f"optimizer={name!r} has no options but lr, got {', '.join(options)}")
    return Search(objective, name == "newton", group["lr"] if lr is not None else None, walls)


def _check_count(name: str, n: object) -> None:
    if not isinstance(n, int) or isinstance(n, bool) or n < 0:
        raise ValueError(f"{name} must be a whole number, not negative; got {n!r}")


def _asked(
    objective: Objective, name: str, lr: Any, group: Options, record: int, walls: Box | None
) -> tuple[dict[str, str], str]:
    """What a checkpoint must have been asked for, to be gone on from; and why nothing is known of the function."""
    from chainrule.descend.digest import of_array, of_function

    letters, why = of_function(objective)
    options = {k: v for k, v in sorted(group.items()) if k != "lr"}
    rate = "a function" if callable(lr) else repr(group["lr"] if lr is None else lr)
    start = ", ".join(map(of_array, objective.start))
    asked = {"function": letters, "optimizer": name, "options": repr(options), "lr": rate, "start": start}
    if walls is not None:
        asked["bounds"] = ", ".join(map(of_array, (*walls.low, *walls.high)))
    return {**asked, "record": str(record)}, why


def _result(loop: Loop, end: End, name: str, options: Options, group: Options) -> Result:
    objective, history = loop.objective, loop.history
    n = len(objective.start)
    leaves = end.state[:n]
    objective.put(leaves)
    said = end.words
    later = None
    arrived = end.reason == "converged"
    if end.reason == "steps done" and not loop.looks:
        _, said, arrived = unlooked(Hit(end.reason, None), end.value, end.slope, end.first, end.length)
    elif end.reason == "steps done" and end.at:
        later = partial(_later, loop, end, name, group)
    if end.reason == "diverged":
        points = [(words("start"), objective.start)]
        if history.n > 1:
            before = [p[history.n - 2] for p in history.points]
            points.append((words("step", step=int(history.steps[-2])), before))
        rate = loop.rates(max(end.at - 1, 0), max(end.at, 1))[0]
        why = None
        if end.words is None or end.words.what != "untaken":  # that is its own explanation
            why = explain(objective, points, name, {**group, "lr": rate})
        objective.put(leaves)
        what = "lost, as" if why else "lost"
        said = words(what, step=end.at, reason=end.words, explanation=why)
        from chainrule.base.language import say

        warnings.warn(say("minimize diverged: {message}", message=str(said)), Diverged, stacklevel=3)
    kept = slice(0, history.n)
    return Result(
        x=objective.rebuild(leaves), value=end.value, grad_norm=end.slope, steps=end.at, reason=end.reason,
        words=said, what=f"{name}({', '.join(f'{k}={_short(v)}' for k, v in options.items())})",
        nfev=end.nfev, how=loop.runner.how, arrived=arrived, later=later,
        held=[] if loop.box is None else partial(_held, loop, leaves),
        path=objective.paths([p[kept] for p in history.points]) if history.every else None,
        values=history.values[kept] if history.every else None,
        grad_norms=history.slopes[kept] if history.every else None,
        recorded=history.steps if history.every else None,
    )  # fmt: skip


def _held(loop: Loop, leaves: list[Array]) -> list[Active]:
    """The bounds at which the end stands, for which parameters that the function refers to are lent."""
    from chainrule.descend.prices import of_bounds

    objective = loop.objective
    assert loop.box is not None
    slope = None if loop.looks else np.full(sum(a.size for a in objective.start), np.nan)
    with objective.lent():
        return of_bounds(objective, leaves, loop.box, slope)


def _later(loop: Loop, end: End, name: str, group: Options) -> Ending:
    """The outlook after all steps, for which parameters that the function refers to are lent."""
    objective = loop.objective
    leaves = end.state[: len(objective.start)]
    rate = float(loop.rates(end.at - 1, end.at)[0])
    with objective.lent():
        return outlook(objective, leaves, end.first, name, {**group, "lr": rate}, loop.box)


def _short(v: Any) -> str:
    if hasattr(v, "__len__") and len(v) > 4 and not isinstance(v, str):
        return f"[{v[0]:g}, ..., {v[-1]:g}]"
    return f"<{getattr(v, '__name__', 'function')}>" if callable(v) else f"{v!r:.40}"
