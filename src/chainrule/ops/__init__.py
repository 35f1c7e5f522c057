"""Floor 2: the table of operations. What has a derivative of its own is declared here, once; all else is built on it."""

from chainrule.core.op import REGISTRY
from chainrule.ops import contract, elementwise, reduce, select, views

__all__ = ["REGISTRY", "contract", "elementwise", "reduce", "select", "views"]
