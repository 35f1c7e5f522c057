"""The classic errors in derivatives: differentiation with one rule that is wrong, in all places or in one alone.

An answer that has the values of such a derivative was made by that error, as far as anyone can tell. The errors are
those that teachers meet; each has a name for programs and a sentence for people.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from chainrule.base.language import say
from chainrule.see.derive.algebra import sp

PLACES = 4  # in which an error is tried alone

#: name -> what is said of it
SENTENCES: dict[str, Callable[[], str]] = {
    "wrong sign": lambda: say("The sign is wrong."),
    "not differentiated": lambda: say("This is the function itself, not its derivative."),
    "second derivative": lambda: say("This is the second derivative: one differentiation too many."),
    "antiderivative": lambda: say("This is an antiderivative: the function was integrated instead of differentiated."),
    "product of slopes": lambda: say(
        "The derivative of a product is not the product of the derivatives: (uv)' = u'v + uv'."
    ),
    "missing term": lambda: say("A term is missing: the product rule has two, (uv)' = u'v + uv'."),
    "minus in the product rule": lambda: say("The product rule has a plus: (uv)' = u'v + uv'."),
    "quotient of slopes": lambda: say(
        "The derivative of a quotient is not the quotient of the derivatives: (u/v)' = (u'v - uv')/v**2."
    ),
    "quotient rule reversed": lambda: say(
        "The terms of the quotient rule are in the wrong order: (u/v)' = (u'v - uv')/v**2."
    ),
    "plus in the quotient rule": lambda: say("The quotient rule has a minus: (u/v)' = (u'v - uv')/v**2."),
    "denominator not squared": lambda: say(
        "In the quotient rule the denominator is squared: (u/v)' = (u'v - uv')/v**2."
    ),
    "chain rule forgotten": lambda: say(
        "The chain rule is forgotten: the derivative of the inner function is missing as a factor."
    ),
    "inner derivative twice": lambda: say("The derivative of the inner function is there twice."),
    "inner derivative inside": lambda: say(
        "The outer derivative is taken at the inner function, not at its derivative: f(g)' = f'(g)*g'."
    ),
    "inner function lost": lambda: say(
        "The outer derivative is taken at the variable; it belongs at the inner function: f(g)' = f'(g)*g'."
    ),
    "exponent not lowered": lambda: say("In the power rule the exponent goes down by one: (x**n)' = n*x**(n - 1)."),
    "exponent raised": lambda: say("In the power rule the exponent goes down by one, not up: (x**n)' = n*x**(n - 1)."),
    "exponent not in front": lambda: say(
        "In the power rule the exponent comes down as a factor: (x**n)' = n*x**(n - 1)."
    ),
    "power rule for an exponential": lambda: say(
        "The variable is in the exponent: that is an exponential, (a**x)' = a**x*ln(a), and not a power."
    ),
    "exponential rule for a power": lambda: say(
        "The variable is in the base: that is a power, (x**n)' = n*x**(n - 1), and not an exponential."
    ),
    "ln of the base missing": lambda: say("The logarithm of the base is missing: (a**x)' = a**x*ln(a)."),
    "ln and log10": lambda: say("ln and the logarithm to the base 10 are mixed up: ln(x)' = 1/x."),
    "degrees": lambda: say("Angles are in radians here: there is no factor pi/180."),
    "sign of sine and cosine": lambda: say("The signs of sine and cosine: sin' = cos, cos' = -sin."),
    "cosine not squared": lambda: say("The derivative of tan is 1/cos**2: the cosine is squared."),
    "constant kept": lambda: say("The derivative of a constant is 0: a constant term disappears."),
    "constant factor dropped": lambda: say("A constant factor stays: (c*f)' = c*f'."),
    "constant factor differentiated": lambda: say(
        "The derivative of a constant factor is 0, but the factor stays: (c*f)' = c*f'."
    ),
    "wrong coefficient": lambda: say("It is right but for a constant factor."),
    "missing constant": lambda: say("It is right but for a constant that is added."),
}  # fmt: skip


def derivatives(e: Any, x: Any) -> Iterator[tuple[str, Any]]:
    """The derivatives of a formula with each classic error: everywhere, then in one place alone."""
    right = Differentiation(x).of(e)
    if not (isinstance(e, sp.exp) or (e.is_Pow and e.exp.has(x))):  # where it may be a factor that is missing
        yield "not differentiated", e
    for error in RULES:
        everywhere = Differentiation(x, error)
        yield error, everywhere.of(e)
        for place in range(min(everywhere.met, PLACES) if everywhere.met > 1 else 0):
            yield error, Differentiation(x, error, place).of(e)
    yield "wrong sign", -right
    yield "not differentiated", e
    yield "second derivative", sp.diff(right, x)


RULES = [
    "missing term", "missing other term", "product of slopes", "minus in the product rule", "quotient of slopes",
    "quotient rule reversed", "plus in the quotient rule", "denominator not squared", "chain rule forgotten",
    "inner derivative twice", "inner derivative inside", "inner function lost", "exponent not lowered",
    "exponent raised", "exponent not in front", "power rule for an exponential", "power rule for the exponential",
    "exponential rule for a power", "ln of the base missing",
    "ln and log10", "degrees", "degrees inside", "sign of sine and cosine", "cosine not squared", "constant kept",
    "constant factor dropped", "constant factor differentiated",
]  # fmt: skip


SAME = {
    "missing other term": "missing term", "degrees inside": "degrees",
    "power rule for the exponential": "power rule for an exponential",
}  # fmt: skip


class Differentiation:
    """Differentiates by x with one error: `place` is the one in which it is made, None for all.

    met: how often the error could have been made.
    """

    def __init__(self, x: Any, error: str = "", place: int | None = None) -> None:
        self.x, self.error, self.place, self.met = x, error, place, 0

    def wrong(self, error: str) -> bool:
        """Whether the error is to be made here."""
        if error != self.error:
            return False
        self.met += 1
        return self.place is None or self.place == self.met - 1

    def of(self, e: Any) -> Any:
        """The derivative of a formula."""
        if not e.has(self.x):
            return sp.Integer(0)
        if e == self.x:
            return sp.Integer(1)
        if e.is_Add:
            return sp.Add(*(self._term(t) for t in e.args))
        if e.is_Mul:
            return self._product(e)
        if isinstance(e, sp.exp):
            return self._exponential(sp.E, e.args[0], e)
        if e.is_Pow:
            return self._power(e) if not e.exp.has(self.x) else self._exponential(e.base, e.exp, e)
        return self._function(e) if len(e.args) == 1 else sp.diff(e, self.x)

    def _term(self, t: Any) -> Any:
        return t if not t.has(self.x) and self.wrong("constant kept") else self.of(t)

    def _product(self, e: Any) -> Any:
        above, below = sp.fraction(e)
        if below.has(self.x):
            return self._quotient(above, below)
        c, rest = e.as_independent(self.x, as_Add=False)
        if c != 1:
            slope = self.of(rest)
            if c != -1 and self.wrong("constant factor dropped"):
                return slope
            return sp.Integer(0) if c != -1 and self.wrong("constant factor differentiated") else c * slope
        u, v = e.args[0], sp.Mul(*e.args[1:])
        du, dv = self.of(u), self.of(v)
        if self.wrong("product of slopes"):
            return du * dv
        if self.wrong("missing term"):
            return du * v
        if self.wrong("missing other term"):
            return u * dv
        return du * v - u * dv if self.wrong("minus in the product rule") else du * v + u * dv

    def _quotient(self, u: Any, v: Any) -> Any:
        du, dv = self.of(u), self.of(v)
        if self.wrong("quotient of slopes"):
            return du / dv
        if u.has(self.x) and self.wrong("quotient rule reversed"):
            return (u * dv - du * v) / v**2
        if u.has(self.x) and self.wrong("plus in the quotient rule"):
            return (du * v + u * dv) / v**2
        return (du * v - u * dv) / (v if self.wrong("denominator not squared") else v**2)

    def _power(self, e: Any) -> Any:
        b, n = e.base, e.exp
        if n.is_negative and b.has(self.x) and n == -1:
            return self._quotient(sp.Integer(1), b)
        if self.wrong("exponential rule for a power"):
            return e * sp.log(b)
        outer = n * b ** (n - 1)
        if self.wrong("exponent not lowered"):
            outer = n * e
        elif self.wrong("exponent raised"):
            outer = n * b ** (n + 1)
        elif self.wrong("exponent not in front"):
            outer = b ** (n - 1)
        return self._chained(outer, b, lambda inside: n * inside ** (n - 1))

    def _exponential(self, b: Any, u: Any, e: Any) -> Any:
        if b.has(self.x):
            return sp.diff(e, self.x)
        if self.wrong("power rule for an exponential"):
            return u * b ** (u - 1) * self.of(u)
        if self.wrong("power rule for the exponential"):
            return u * b ** (u - 1)
        by = sp.Integer(1) if b == sp.E or self.wrong("ln of the base missing") else sp.log(b)
        return self._chained(e * by, u, lambda inside: b**inside * by)

    def _function(self, e: Any) -> Any:
        u = e.args[0]
        at = sp.Dummy("u", real=True)
        slope = sp.diff(e.func(at), at)
        if isinstance(e, sp.log) and self.wrong("ln and log10"):
            slope = slope / sp.log(10)
        if isinstance(e, (sp.sin, sp.cos)) and self.wrong("sign of sine and cosine"):
            slope = -slope
        if isinstance(e, sp.tan) and self.wrong("cosine not squared"):
            slope = 1 / sp.cos(at)
        if isinstance(e, (sp.sin, sp.cos, sp.tan)):
            if self.wrong("degrees"):
                slope = slope * sp.pi / 180
            if self.wrong("degrees inside"):
                slope = slope.subs(at, at * sp.pi / 180)
        return self._chained(slope.subs(at, u), u, lambda inside: slope.subs(at, inside))

    def _chained(self, outer: Any, u: Any, at: Callable[[Any], Any]) -> Any:
        """The outer derivative times the inner one."""
        if u == self.x:
            return outer
        du = self.of(u)
        if self.wrong("chain rule forgotten"):
            return outer
        if self.wrong("inner derivative twice"):
            return outer * du**2
        if self.wrong("inner function lost"):
            return at(self.x) * du
        return at(du) if self.wrong("inner derivative inside") else outer * du


def named(error: str) -> str:
    """The name of an error that a teacher gives it."""
    return SAME.get(error, error)
