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
from chainrule.nn import functional, init, utils
from chainrule.nn.activation import *  # noqa: F403
from chainrule.nn.attention import *  # noqa: F403
from chainrule.nn.containers import ModuleDict, ModuleList, ParameterDict, ParameterList, Sequential
from chainrule.nn.convolution import *  # noqa: F403
from chainrule.nn.layers import *  # noqa: F403
from chainrule.nn.loss import *  # noqa: F403
from chainrule.nn.module import Module
from chainrule.nn.parallel import *  # noqa: F403
from chainrule.nn.parameter import Buffer, Parameter
from chainrule.nn.pooling import *  # noqa: F403
from chainrule.nn.recurrent import *  # noqa: F403

__all__ = [
    "Buffer", "Module", "ModuleDict", "ModuleList", "Parameter", "ParameterDict", "ParameterList", "Sequential",
    "functional", "init", "utils",
]  # fmt: skip


if not TYPE_CHECKING:  # to a type checker a name that is not there is an error

    def __getattr__(name: str) -> Any:
        raise AttributeError(errors.missing("chainrule.nn", name, __dir__()))


def __dir__() -> list[str]:
    return errors.shown(globals())
