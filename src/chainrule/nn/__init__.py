"""Networks in PyTorch's form: parameters, modules and containers, layers, activations, losses, initialisation.

>>> import chainrule as cr
>>> cr.nn.Sequential(cr.nn.Linear(2, 3), cr.nn.Tanh(), cr.nn.Linear(3, 1))
Sequential(
  (0): Linear(in_features=2, out_features=3, bias=True)
  (1): Tanh()
  (2): Linear(in_features=3, out_features=1, bias=True)
)
"""

from typing import TYPE_CHECKING, Any

from chainrule.base import errors
from chainrule.nn import functional, init, modules, utils
from chainrule.nn.module import Module
from chainrule.nn.modules import *  # noqa: F403
from chainrule.nn.parallel import DataParallel
from chainrule.nn.parameter import Buffer, Parameter, UninitializedParameter

__all__ = [
    *modules.__all__,
    "Buffer",
    "DataParallel",
    "Module",
    "Parameter",
    "UninitializedParameter",
    "functional",
    "init",
    "modules",
    "utils",
]


if not TYPE_CHECKING:  # to a type checker a name that is not there is an error

    def __getattr__(name: str) -> Any:
        raise AttributeError(errors.missing("chainrule.nn", name, __dir__()))


def __dir__() -> list[str]:
    return errors.shown(globals())
