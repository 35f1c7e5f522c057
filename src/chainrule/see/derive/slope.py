"""The derivative of a formula of real numbers, away from single points.

SymPy's own derivative knows no slopes of floor, and takes what is not known to be real for complex. Here steps (floor,
ceiling, sign) are constants between their jumps, |u| has the slope sign(u) u', and single points that a formula of
cases sets apart (x = 0 in sin(x)/x) have no part in its derivative: what it is there is the limit from around.
"""

from __future__ import annotations

from typing import Any

from chainrule.see.derive.algebra import sp


def derivative(e: Any, x: Any) -> Any:
    """The derivative of e by x, both in real symbols; not simplified. e may be a matrix."""
    if isinstance(e, sp.MatrixBase):
        return e.applyfunc(lambda part: derivative(part, x))
    steps: dict[Any, Any] = {}
    moduli: dict[Any, Any] = {}

    def hidden(part: Any) -> Any:
        """Outermost steps and moduli as symbols and functions that stand for them."""
        if not part.has(x):
            return part
        if isinstance(part, (sp.floor, sp.ceiling, sp.sign)):
            return steps.setdefault(part, sp.Dummy(real=True))
        if isinstance(part, sp.Abs):
            return moduli.setdefault(part, sp.Function(sp.Dummy().name, real=True)(x))
        if isinstance(part, sp.Piecewise):
            return sp.Piecewise(*[(hidden(value), c) for value, c in without_points(part, x)], evaluate=False)
        return part.func(*map(hidden, part.args)) if part.args else part

    found = sp.diff(hidden(sp.sympify(e)), x)
    inner = {sp.Derivative(f, x): sp.sign(a.args[0]) * derivative(a.args[0], x) for a, f in moduli.items()}
    back = {f: a for a, f in moduli.items()} | {d: s for s, d in steps.items()}
    return found.xreplace(inner).xreplace(back)


def without_points(e: Any, x: Any) -> list[tuple[Any, Any]]:
    """The cases of a piecewise formula, conditions that hold or fail at single points of x decided as around them."""
    return [(value, off_points(c, x)) for value, c in e.args]


def off_points(condition: Any, x: Any) -> Any:
    """A condition, with u = v false and u != v true where that is about single points of x."""

    def isolated(r: Any) -> bool:
        u = r.lhs - r.rhs
        return bool(u.has(x) and not u.has(*_stepped()) and sp.diff(u, x) != 0)

    found = condition.replace(lambda r: isinstance(r, sp.Eq) and isolated(r), lambda *_: sp.false)
    return found.replace(lambda r: isinstance(r, sp.Ne) and isolated(r), lambda *_: sp.true)


def _stepped() -> tuple[Any, ...]:
    """What may be the same on a whole stretch."""
    return sp.floor, sp.ceiling, sp.sign, sp.Abs, sp.Piecewise


def odd_places(e: Any) -> list[Any]:
    """Equations for the places where a formula may jump or have a kink; whole numbers are told by floors."""
    found = {sp.Eq(s.args[0], 0) for s in e.atoms(sp.sign, sp.Abs)}
    for piece in e.atoms(sp.Piecewise):
        for _, c in piece.args:
            found |= {sp.Eq(r.lhs, r.rhs) for r in c.atoms(sp.Rel)}
    return sorted((r for r in found if r not in (sp.true, sp.false)), key=sp.default_sort_key)
