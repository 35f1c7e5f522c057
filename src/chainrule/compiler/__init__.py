"""Floor 4: a function, its gradient, a whole training step, traced into a graph and run as one.

`compile` is imported where it is first asked for: who needs a trace alone does not wait for the code generators.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chainrule.compiler.function import Compiled, compile

__all__ = ["Compiled", "compile"]


if not TYPE_CHECKING:  # to a type checker a name that is not there is an error

    def __getattr__(name: str) -> Any:
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from chainrule.compiler import function

        return getattr(function, name)
