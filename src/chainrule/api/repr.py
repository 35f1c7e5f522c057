"""`repr`, `str` and `format` of a tensor."""

from __future__ import annotations

from typing import Any

from chainrule.api.printing import tensor_text
from chainrule.api.public import install
from chainrule.base import dtypes
from chainrule.core.parts import Pick
from chainrule.core.tape import Node
from chainrule.core.tensor import LEAF, Tensor


@install
class _Text:
    def __repr__(self: Tensor, *, tensor_contents: str | None = None) -> str:
        g = self._g
        return tensor_text(
            self._a,
            dtype=dtypes.of(self._a.dtype).name,
            default_float=dtypes.of(dtypes.default_float()).name,
            requires_grad=g is LEAF,
            grad_fn=grad_fn_name(g) if isinstance(g, Node) else None,
            tangent=format(self._t[max(self._t)]) if self._t else None,
            contents=tensor_contents,
            prefix=f"{type(self).__name__.lower() if type(self) is Tensor else type(self).__name__}(",
        )

    __str__ = __repr__

    def __format__(self: Tensor, spec: str) -> str:
        if not self._a.shape and type(self) is Tensor:
            return format(self.item(), spec)
        return object.__format__(self, spec)

    def __dir__(self: Tensor) -> list[str]:
        return [n for n in object.__dir__(self) if n not in _PRIVATE]


_PRIVATE = {"_a", "_g", "_v", "_t", "_path", "_views", "_hooks", "_after", "_frozen", "_wary", "_retains"}


def grad_fn_name(node: Any) -> str:
    """The name of a node as it is printed; a result of several is named after the node that made them."""
    return grad_fn_name(node.edges[0]) if isinstance(node, Pick) else node.name()
