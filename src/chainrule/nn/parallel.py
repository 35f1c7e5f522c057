"""`DataParallel`, which has no GPUs to spread a batch over, and so calls the module."""

from __future__ import annotations

from typing import Any

from chainrule.nn.module import Module

__all__ = ["DataParallel"]


class DataParallel(Module):
    """A module around another, as PyTorch puts it (parameters are called `module.weight`); it computes the same."""

    def __init__(self, module: Module, device_ids: Any = None, output_device: Any = None, dim: int = 0) -> None:
        super().__init__()
        self.module = module
        self.device_ids: list[int] = []
        self.dim = dim

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        """What the module computes."""
        return self.module(*inputs, **kwargs)
