"""`torch.cuda` without a GPU: what programs ask before they use one is answered, and using one refuses.

>>> import chainrule as cr
>>> cr.device("cuda" if cr.cuda.is_available() else "cpu")
device(type='cpu')
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from chainrule.api.device import here
from chainrule.base import errors

__all__ = ["device_count", "empty_cache", "is_available", "is_initialized", "manual_seed", "manual_seed_all"]


def is_available() -> bool:
    """False: there is no GPU here."""
    return False


def device_count() -> int:
    """0: there is no GPU here."""
    return 0


def is_initialized() -> bool:
    """False: there is nothing to start."""
    return False


def is_bf16_supported(including_emulation: bool = True) -> bool:
    """False: there is no GPU here."""
    return False


def manual_seed(seed: int) -> None:
    """Seed the GPU's generator: there is none, so nothing happens."""
    int(seed)


def manual_seed_all(seed: int) -> None:
    """Seed the generators of all GPUs: there are none, so nothing happens."""
    int(seed)


def empty_cache() -> None:
    """Give back the GPU's unused memory: there is none."""


def memory_allocated(device: Any = None) -> int:
    """0: the bytes that tensors take on a GPU."""
    return 0


max_memory_allocated = memory_reserved = max_memory_reserved = memory_allocated


def _refusing(name: str) -> Callable[..., Any]:
    def refuse(*args: Any, **kwargs: Any) -> Any:
        here("cuda")

    refuse.__name__ = refuse.__qualname__ = name
    refuse.__doc__ = "Refuses: there is no GPU here."
    return refuse


for _name in (
    "Event", "FloatTensor", "DoubleTensor", "LongTensor", "IntTensor", "ByteTensor", "BoolTensor", "HalfTensor",
    "Stream", "current_device", "current_stream", "get_device_capability", "get_device_name",
    "get_device_properties", "get_rng_state", "init", "initial_seed", "mem_get_info", "set_device", "synchronize",
):  # fmt: skip
    globals()[_name] = _refusing(_name)


if not TYPE_CHECKING:  # to a type checker a name that is not there is an error

    def __getattr__(name: str) -> Any:
        if name == "torch":  # PyTorch's module happens to hold the package itself, and programs reach through it
            return import_module("chainrule")
        raise AttributeError(errors.missing("chainrule.cuda", name, errors.shown(globals())))
