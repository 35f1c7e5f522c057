"""Floor 2: the table of operations. What has a derivative of its own is declared here, once; all else builds on it."""

from chainrule.core.op import REGISTRY
from chainrule.ops import (
    activations,
    compare,
    complexes,
    contract,
    convolve,
    elementwise,
    factor,
    linalg,
    norm,
    order,
    recurrent,
    reduce,
    select,
    special,
    steps,
    views,
    windows,
)

__all__ = [
    "REGISTRY",
    "activations",
    "compare",
    "complexes",
    "contract",
    "convolve",
    "elementwise",
    "factor",
    "linalg",
    "norm",
    "order",
    "recurrent",
    "reduce",
    "select",
    "special",
    "steps",
    "views",
    "windows",
]
