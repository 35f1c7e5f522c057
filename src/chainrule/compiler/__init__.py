"""Floor 4: a function, its gradient, a whole training step, traced into a graph and run as one."""

from chainrule.compiler.function import Compiled, compile

__all__ = ["Compiled", "compile"]
