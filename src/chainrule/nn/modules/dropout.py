"""Dropout as layers."""

from __future__ import annotations

from typing import Any

from chainrule.core.tensor import Tensor
from chainrule.nn import functional as f
from chainrule.nn.module import Module

__all__ = ["AlphaDropout", "Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "FeatureAlphaDropout"]


class _Dropout(Module):
    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if p < 0 or p > 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p = p
        self.inplace = inplace

    def extra_repr(self) -> str:
        """The options."""
        return f"p={self.p}, inplace={self.inplace}"


def _dropout(name: str, function: Any) -> Any:
    def forward(self: Any, input: Tensor) -> Tensor:
        return function(input, self.p, self.training, self.inplace)

    return type(name, (_Dropout,), {"forward": forward, "__module__": __name__, "__doc__": function.__doc__})


Dropout = _dropout("Dropout", f.dropout)
Dropout1d = _dropout("Dropout1d", f.dropout1d)
Dropout2d = _dropout("Dropout2d", f.dropout2d)
Dropout3d = _dropout("Dropout3d", f.dropout3d)
AlphaDropout = _dropout("AlphaDropout", f.alpha_dropout)
FeatureAlphaDropout = _dropout("FeatureAlphaDropout", f.feature_alpha_dropout)
