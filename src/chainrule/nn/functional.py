"""The functions beneath the layers, by PyTorch's names: `import chainrule.nn.functional as F`."""

from typing import TYPE_CHECKING, Any

from chainrule.base import errors
from chainrule.nn._activations import *  # noqa: F403
from chainrule.nn._attention import *  # noqa: F403
from chainrule.nn._convolution import *  # noqa: F403
from chainrule.nn._layers import *  # noqa: F403
from chainrule.nn._losses import *  # noqa: F403
from chainrule.nn._pooling import *  # noqa: F403
from chainrule.nn._resample import *  # noqa: F403

if not TYPE_CHECKING:  # to a type checker a name that is not there is an error

    def __getattr__(name: str) -> Any:
        raise AttributeError(errors.missing("chainrule.nn.functional", name, __dir__()))


def __dir__() -> list[str]:
    return errors.shown(globals())
