"""The functions beneath the layers, by PyTorch's names: `import chainrule.nn.functional as F`."""

from typing import TYPE_CHECKING, Any

from chainrule.base import errors
from chainrule.nn.functional.activation import *  # noqa: F403
from chainrule.nn.functional.attention import *  # noqa: F403
from chainrule.nn.functional.conv import *  # noqa: F403
from chainrule.nn.functional.ctc import *  # noqa: F403
from chainrule.nn.functional.distance import *  # noqa: F403
from chainrule.nn.functional.dropouts import *  # noqa: F403
from chainrule.nn.functional.linear_maps import *  # noqa: F403
from chainrule.nn.functional.loss import *  # noqa: F403
from chainrule.nn.functional.normalization import *  # noqa: F403
from chainrule.nn.functional.padding import *  # noqa: F403
from chainrule.nn.functional.pixelshuffle import *  # noqa: F403
from chainrule.nn.functional.pooling import *  # noqa: F403
from chainrule.nn.functional.sparse import *  # noqa: F403
from chainrule.nn.functional.upsampling import *  # noqa: F403

if not TYPE_CHECKING:  # to a type checker a name that is not there is an error

    def __getattr__(name: str) -> Any:
        raise AttributeError(errors.missing("chainrule.nn.functional", name, __dir__()))


def __dir__() -> list[str]:
    return errors.shown(globals(), rooms=False)
