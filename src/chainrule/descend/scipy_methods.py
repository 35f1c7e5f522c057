"""SciPy's methods of minimisation, given compiled values, gradients and products with the Hessian."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.base.extras import extra
from chainrule.descend.arrival import arrival, check_start
from chainrule.descend.box import Box, region
from chainrule.descend.constraints import Constraints, for_scipy
from chainrule.descend.flat import Flat, Mask, Vector, norm
from chainrule.descend.history import History
from chainrule.descend.objective import Callback, Objective
from chainrule.descend.options import Options
from chainrule.descend.prices import Active, of_bounds
from chainrule.descend.result import Result
from chainrule.descend.stops import Hit
from chainrule.descend.words import Words, words

NO_GRADIENT = ("nelder-mead", "powell", "cobyla", "cobyqa")
HESSIAN = ("newton-cg", "trust-ncg", "trust-krylov", "trust-constr")  # those that take a product with it
WHOLE_HESSIAN = ("dogleg", "trust-exact")
TAKES = {
    "bounds": ("L-BFGS-B", "TNC", "SLSQP", "trust-constr", "Nelder-Mead", "Powell", "COBYLA", "COBYQA"),
    "constraints": ("SLSQP", "trust-constr", "COBYLA", "COBYQA"),
}
NEAR = 1e-3  # beside its right side: how near a method from the inside comes to a constraint that holds
LOOSE = 1e-4  # beside its right side: a constraint that is off by more is not met, whatever a method says


class _Stopped(Exception):
    """The callback asked for the end."""


def by_scipy(
    objective: Objective, x0: Any, method: str, walls: Box | None, constraints: Any, steps: int, record: int, tol: Any,
    callback: Callback | None, ignored: Options, options: Options,
) -> Result:  # fmt: skip
    """Minimise by `scipy.optimize.minimize`; the arguments are those of `minimize`."""
    for name, value in ignored.items():
        if value is not None:
            raise ValueError(f"{name}= is for the optimisers; SciPy's method {method!r} has no use for it")
    if isinstance(tol, dict):
        raise ValueError("SciPy's methods take tol= as a number")
    for name, value in {"bounds": walls, "constraints": constraints}.items():
        if value is not None and method.lower() not in [m.lower() for m in TAKES[name]]:
            able = ", ".join(TAKES[name])
            raise ValueError(f"SciPy's method {method!r} has no use for {name}=: those that have are {able}")
    optimize = extra("scipy.optimize", "descend", f"method={method!r}")
    flat = Flat(objective)
    rows = None if constraints is None else for_scipy(objective, x0, constraints)
    inside = region(walls, flat)
    start = flat.join(objective.start)

    def slope(x: Vector, g: Vector) -> float:
        return norm(g if inside is None else inside.inward(x, g))

    value, g = flat.value_and_gradient(start)
    first = value, slope(start, g)
    check_start(objective, *first)
    arrived = False
    history = History(objective.start, min(steps, 10_000) if record else 0, record)
    done = [0]
    last = [start]

    def note(x: Vector) -> None:
        at = done[0]
        if history.every and at % history.every == 0 and history.n < len(history.values) - 1:
            value, g = flat.value_and_gradient(x)
            leaves = flat.split(x)
            history.put(0, value, slope(x, g), leaves)
            history.keep(at, 1)
        if callback is not None and at % max(history.every, 1) == 0:
            leaves = flat.split(x)
            objective.put(leaves)
            if callback(at, objective.rebuild(leaves), flat.value_and_gradient(x)[0]) is True:
                raise _Stopped

    def iterated(x: Vector, *_: object) -> None:
        done[0] += 1
        last[0] = np.array(x)
        note(last[0])

    key = method.lower()
    given: Options = {"jac": True} if key not in NO_GRADIENT else {}
    if key in HESSIAN:
        given["hessp"] = flat.product
    elif key in WHOLE_HESSIAN:
        given["hess"] = flat.hessian
    if inside is not None:
        given["bounds"] = optimize.Bounds(inside.low, inside.high)
    if constraints is not None:
        given["constraints"] = constraints if rows is None else _as_scipy(optimize, key, rows, flat)
    fun = flat.value_and_gradient if given.get("jac") else lambda x: flat.value_and_gradient(x)[0]
    limit = "maxfun" if key == "tnc" else "maxiter"
    found: Any = None
    message: Words | str
    try:
        note(start)
        found = optimize.minimize(
            fun, start, method=method, tol=tol, callback=iterated, options={limit: steps, **options}, **given
        )
        x, reason, message = found.x, _reason(found, done[0], steps), str(found.message)
        if reason == "converged":
            arrived = True
            if constraints is None:  # on a constraint there is a slope, and the curvature may be negative
                hit, at = Hit(reason, words("found", message=message)), x if inside is None else inside.snapped(x)
                ending = arrival(objective, flat.split(at), first, hit, np.inf, walls)
                reason, message, arrived = ending.reason, ending.words or "", ending.arrived
    except (_Stopped, KeyboardInterrupt) as e:
        x, reason, message = last[0], "stopped", words("callback" if isinstance(e, _Stopped) else "keyboard")
    value, g = flat.value_and_gradient(x)
    at, held, rest = x if inside is None else inside.snapped(x), list[Active](), g
    if rows is not None:
        c, jacobian = rows.values(flat, at)
        free = np.ones(len(x), bool) if inside is None else (at > inside.low) & (at < inside.high)
        on = rows.holding(c, NEAR)
        shares = rows.multipliers(on, jacobian, g, free)
        rest, off = g - shares @ jacobian, rows.violation(c)
        held = rows.active(on, shares)
        if arrived and (off > LOOSE * (1 + np.abs(rows.sides))).any():
            message, arrived = words("not yet met", violation=float(off.max()), norm=slope(at, rest)), False
            reason = "stopped"
    if inside is not None and walls is not None:
        held = [*of_bounds(objective, flat.split(at), walls, rest), *held]
    steepness = slope(at, rest)
    leaves = flat.split(x)
    objective.put(leaves)
    history.end(done[0], value, steepness, leaves)
    n = history.n
    return Result(
        x=objective.rebuild(leaves), value=value, grad_norm=steepness, steps=done[0], reason=reason,
        words=message, what=f"SciPy's {method}", how="SciPy", arrived=arrived,
        nfev=flat.calls if found is None else int(found.nfev),
        path=objective.paths([p[:n] for p in history.points]) if record else None,
        values=history.values[:n] if record else None, grad_norms=history.slopes[:n] if record else None,
        recorded=history.steps if record else None, extra=found,
        held=held,
    )  # fmt: skip


def _as_scipy(optimize: Any, method: str, rows: Constraints, flat: Flat) -> Any:
    """Constraints as SciPy's method takes them, with exact Jacobians and Hessians where it asks for these."""
    known: dict[bytes, tuple[Vector, Vector]] = {}

    def at(x: Vector) -> tuple[Vector, Vector]:
        key = np.asarray(x).tobytes()
        if key not in known:
            known.clear()
            known[key] = rows.values(flat, np.array(x))
        return known[key]

    if method == "slsqp":
        kinds = [("eq", rows.equal), ("ineq", ~rows.equal)]
        return [
            {"type": kind, "fun": lambda x, on=on: at(x)[0][on], "jac": lambda x, on=on: at(x)[1][on]}
            for kind, on in kinds if on.any()
        ]  # fmt: skip

    def hessian(x: Vector, v: Vector, on: Mask) -> Vector:
        weights = np.zeros(len(rows))
        weights[on] = v
        return rows.hessian(x, weights)

    found = []
    for on, high in ((rows.equal, 0.0), (~rows.equal, np.inf)):  # apart, as some methods mistake a mixture
        more: Options = {}
        if method == "trust-constr":
            more = {"jac": lambda x, on=on: at(x)[1][on], "hess": lambda x, v, on=on: hessian(x, v, on)}
        if on.any():
            found.append(optimize.NonlinearConstraint(lambda x, on=on: at(x)[0][on], 0.0, high, **more))
    return found


def _reason(found: Any, done: int, steps: int) -> str:
    if found.success:
        return "converged"
    if not np.isfinite(found.fun):
        return "diverged"
    return "steps done" if done >= steps else "stopped"
