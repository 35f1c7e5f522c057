"""SymPy, imported when something of it is first used; and the reasons for which there is no formula."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from chainrule.base.extras import extra
from chainrule.base.language import say

_ELSEWHERE = {"ElementwiseApplyFunction": "sympy.matrices.expressions.applyfunc"}


class _Later:
    """Stands for the module `sympy`."""

    def __getattr__(self, name: str) -> Any:
        found = getattr(extra(_ELSEWHERE.get(name, "sympy"), "see", "a formula"), name)
        setattr(self, name, found)
        return found


sp: Any = _Later()


class NoFormula(ValueError):
    """What was asked for has no single formula, or none that a person would read; the message says why."""


class NoTensor(TypeError):
    """The function did not return one tensor of floating-point numbers."""


class OutsideDomain(ValueError):
    """The function has no finite value at the point; the message names the operation."""


@contextmanager
def worked_out() -> Iterator[None]:
    """What SymPy raises at a formula that it cannot handle becomes NoFormula."""
    try:
        yield
    except (NoFormula, NoTensor, OutsideDomain):
        raise
    except (ArithmeticError, AttributeError, NotImplementedError, RecursionError, TypeError, ValueError) as e:
        raise NoFormula(say("SymPy cannot work out this formula: {error}", error=f"{e}"[:200])) from e
