"""Floor 5: gradient descent of a function written once: `minimize` runs it, `sweep` runs many of it at once."""

from chainrule.descend.minimize import minimize
from chainrule.descend.result import Result
from chainrule.descend.sweep import Sweep, sweep

__all__ = ["Result", "Sweep", "minimize", "sweep"]
