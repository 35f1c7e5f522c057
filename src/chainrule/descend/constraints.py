"""Constraints: functions of what is minimised that are to be equal to a number, or at least one.

All of them together are one vector c, from which the right sides are taken, with exact Jacobians: c = 0 where a row is
an equality, c >= 0 where it is not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from chainrule.api.backward import grad
from chainrule.core.op import REGISTRY
from chainrule.core.state import mode
from chainrule.core.tensor import LEAF, Tensor, wrap
from chainrule.descend.flat import Flat, Mask, Vector
from chainrule.descend.objective import Array, Objective, Program, read
from chainrule.descend.prices import Active
from chainrule.func.expression import Expression, parse

MET = 1e-6  # a constraint that is so near to its right side holds with equality
FORMS = (
    "cr.Constraint(f, equal=0) or cr.Constraint(f, at_least=0), a list of them, dicts of the same words "
    '({"fun": f, "at_least": 0}), or SciPy\'s own ({"type": "ineq", "fun": f}, NonlinearConstraint, LinearConstraint)'
)


class Constraint:
    """What is to hold at a minimum: `f` is equal to a number, or at least one.

    f: a function of what `minimize` starts from, as its own function is one, that returns a tensor of any shape; or a
        text, "x + y".
    equal, at_least: the number, or an array of them like what f returns; one of the two.
    name: what messages call it; by default the function's name.

    >>> import chainrule as cr
    >>> line = cr.Constraint(lambda x: x.sum(), equal=1)
    >>> [round(v, 6) for v in cr.minimize(lambda x: (x * x).sum(), [3.0, 0.0], constraints=line).x]
    [0.5, 0.5]
    """

    def __init__(
        self, f: Callable[..., Any] | str, *, equal: Any = None, at_least: Any = None, name: str | None = None
    ) -> None:
        if (equal is None) == (at_least is None):
            raise TypeError("a constraint is one of the two, Constraint(f, equal=0) or Constraint(f, at_least=0)")
        if not callable(f) and not isinstance(f, str):
            raise TypeError(f"a constraint's function must be callable or a text, but got {type(f).__name__}")
        self.f = parse(f) if isinstance(f, str) else f
        self.equal, self.right = equal is not None, at_least if equal is None else equal
        own = f if isinstance(f, str) else getattr(f, "__name__", "")
        self.name = name or ("" if own == "<lambda>" else own)

    def __repr__(self) -> str:
        return f"Constraint({self.name or 'f'}, {'equal' if self.equal else 'at_least'}={self.right!r})"


class Constraints:
    """The constraints of one descent: `equal` says of each row whether it is an equality, `names` what it is called."""

    def __init__(self, objective: Objective, x0: Any, given: Sequence[Constraint]) -> None:
        self.objective, self.given = objective, list(given)
        self.parts = [Objective(_named(c.f, x0), x0) for c in given]
        self.names: list[str] = []
        equal, self.right = [], []
        with mode(grad=True):
            found = [self._value(part, i) for i, part in enumerate(self.parts)]
        for i, (c, a) in enumerate(zip(given, found)):
            name = c.name or (f"constraints[{i}]" if len(given) > 1 else "the constraint")
            places = [f"{name}[{', '.join(map(str, p))}]" for p in np.ndindex(a.shape)] if a.shape else [name]
            right = np.asarray(c.right.detach().numpy() if isinstance(c.right, Tensor) else c.right, dtype=float)
            try:
                right = np.broadcast_to(right, a.shape).copy()
            except ValueError:
                raise ValueError(
                    f"{name} has shape {list(a.shape)}, its right side {list(right.shape)}: give one number, or one "
                    "each"
                ) from None
            for place, value, side in zip(places, a.flat, right.flat):
                if not (np.isfinite(value) and np.isfinite(side)):
                    raise ValueError(
                        f"{place} is {value:g} at the start, and its right side {side:g}: both must be finite"
                    )
            self.names += places
            equal += [c.equal] * a.size
            self.right.append(right[()])
        self.equal = np.array(equal, bool)
        self._jacobian: Program | None = None
        self._weighed: _Weighed | None = None

    def _value(self, part: Objective, i: int) -> Vector:
        xs = part.parameters or [wrap(a, LEAF) for a in part.start]
        got = part._apply(xs)
        if not isinstance(got, Tensor):
            raise TypeError(
                f"the constraint {self.given[i].name or i} must return a tensor, in torch's style, but it returned "
                f"{type(got).__name__}"
            )
        if got._g is None:
            raise ValueError(f"the constraint {self.given[i].name or i} does not depend on x by what has a derivative")
        return np.asarray(got._a, dtype=float)

    def __len__(self) -> int:
        return len(self.equal)

    @property
    def sides(self) -> Vector:
        """The right side of each row."""
        return np.concatenate([np.ravel(r) for r in self.right])

    def rows(self, xs: list[Tensor]) -> Tensor:
        """c, recorded."""
        flat = []
        for part, right in zip(self.parts, self.right):
            c = part._apply(xs)
            flat.append(REGISTRY["reshape"](c - (wrap(right) if np.ndim(right) else float(right)), shape=(c._a.size,)))
        return flat[0] if len(flat) == 1 else REGISTRY["cat"](*flat, dim=0)

    def values(self, flat: Flat, x: Vector) -> tuple[Array, Array]:
        """c and its Jacobian, a row for each, at a flat vector."""
        if self._jacobian is None:

            def make(y: Tensor, xs: list[Tensor], _: list[Any]) -> list[Any]:
                c, found = self.rows(xs), []
                for i in range(len(self)):
                    slopes = grad(c[i], xs, retain_graph=True, allow_unused=True)
                    found += [REGISTRY["zeros_like"](read(x)) if g is None else read(g) for x, g in zip(xs, slopes)]
                return [read(c), *found]

            self._jacobian = self.objective.program(make)
        c, *found = self._jacobian(flat.split(x))
        n = len(flat.like)
        table = [flat.join(found[i : i + n]) for i in range(0, len(found), n)]
        return np.asarray(c, dtype=float), np.array(table)

    def hessian(self, x: Vector, weights: Vector) -> Vector:
        """The Hessian of the sum of all rows with these weights."""
        if self._weighed is None:
            self._weighed = _Weighed(self)
        self._weighed.weights[:] = weights
        return Flat(self._weighed).hessian(x)

    def holding(self, c: Vector, near: float = MET) -> Mask:
        """Which rows hold with equality."""
        return self.equal | (c <= near * (1 + np.abs(self.sides)))

    def multipliers(self, on: Mask, jacobian: Vector, g: Vector, free: Mask) -> Vector:
        """What makes up the gradient g from the rows that hold, in the numbers that are free, by least squares."""
        found = np.zeros(len(self))
        found[on] = np.linalg.lstsq(jacobian[np.ix_(on, free)].T, g[free], rcond=None)[0]
        return np.where(self.equal, found, np.maximum(found, 0.0))

    def violation(self, c: Vector) -> Vector:
        """How far each row is from being met."""
        return np.where(self.equal, np.abs(c), np.maximum(-c, 0.0))

    def active(self, on: Mask, multipliers: Vector) -> list[Active]:
        """The rows that hold the point, with their multipliers."""
        kinds = ["equal" if e else "at_least" for e in self.equal]
        rows = zip(self.names, kinds, self.sides, multipliers, on)
        return [Active(name, kind, float(side), float(m)) for name, kind, side, m, is_on in rows if is_on]


class _Weighed(Objective):
    """The sum of all rows with weights, which may change between calls."""

    def __init__(self, rows: Constraints) -> None:
        vars(self).update(vars(rows.objective))
        self.rows, self.weights = rows, np.zeros(len(rows))
        self._weights = wrap(self.weights)
        functions = [part.f for part in rows.parts]
        self.f = lambda *a, **k: [f(*a, **k) for f in functions]  # what is read, for those that look after that

    def call(self, xs: list[Tensor]) -> Tensor:
        return (self.rows.rows(xs) * self._weights).sum()


def _named(f: Any, x0: Any) -> Any:
    """A text takes the variables that it names from a dict."""
    if isinstance(f, Expression) and isinstance(x0, Mapping) and all(name in x0 for name in f.variables):
        return lambda x: f(**{name: x[name] for name in f.variables})
    return f


def constraints(given: Any) -> list[Constraint]:
    """Constraints from whatever form; SciPy's methods take them by `for_scipy`."""
    if given is None:
        return []
    if isinstance(given, Mapping) and "fun" not in given and given and {*given} <= {"equal", "at_least"}:
        listed = [(kind, f) for kind, fs in given.items() for f in (fs if isinstance(fs, (list, tuple)) else [fs])]
        return [Constraint(f, equal=0.0) if kind == "equal" else Constraint(f, at_least=0.0) for kind, f in listed]
    if isinstance(given, (list, tuple)):
        return [c for one in given for c in constraints(one)]
    if isinstance(given, Constraint):
        return [given]
    if isinstance(given, Mapping):
        words = dict(given)
        kind = {"eq": "equal", "ineq": "at_least"}.get(words.pop("type", ""))
        if kind is not None:
            words[kind] = 0.0
        f = words.pop("fun", None)
        unknown = [w for w in words if w not in ("equal", "at_least", "name")]
        if f is None or unknown:
            raise ValueError(f"constraints= are {FORMS}; got a dict with {', '.join(map(repr, given))}")
        return [Constraint(f, **words)]
    if hasattr(given, "lb") and hasattr(given, "ub"):
        return _between(given)
    raise TypeError(f"constraints= are {FORMS}; got {given!r:.60}")


def for_scipy(objective: Objective, x0: Any, given: Any) -> Constraints | None:
    """Constraints for SciPy's methods; None where they are SciPy's own, functions from vectors to arrays of NumPy's."""
    listed = given if isinstance(given, (list, tuple)) else [given]
    own = [one for one in listed if hasattr(one, "lb") or (isinstance(one, Mapping) and "type" in one)]
    try:
        return Constraints(objective, x0, constraints(given))
    except Exception:
        if len(own) == len(listed):
            return None
        raise


def _between(given: Any) -> list[Constraint]:
    """SciPy's NonlinearConstraint or LinearConstraint."""
    if hasattr(given, "A"):
        table = np.atleast_2d(np.asarray(given.A, dtype=float))

        def f(x: Any) -> Any:
            return wrap(table) @ x
    else:
        f = given.fun
    low, high = np.asarray(given.lb, dtype=float), np.asarray(given.ub, dtype=float)
    if low.shape == high.shape and (low == high).all():
        return [Constraint(f, equal=low)]
    found = []
    for side, sign in ((low, 1.0), (high, -1.0)):
        if np.isfinite(side).any():
            if not np.isfinite(side).all():
                raise ValueError(
                    "a constraint with sides of which some are infinite is written as several, one for each kind"
                )
            found.append(Constraint(lambda x, s=sign: s * f(x), at_least=sign * side))
    return found
