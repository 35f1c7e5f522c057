"""`torch.amp`, mixed precision: a GPU's matter. Without one PyTorch warns and goes on in full precision; so does this.

>>> import chainrule as cr
>>> with cr.autocast("cpu", enabled=False):
...     y = cr.ones(2) + 1
>>> y
tensor([2., 2.])
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from chainrule.base import errors
from chainrule.core.tensor import Tensor

__all__ = ["GradScaler", "autocast"]


class autocast:
    """A block (or, as a decorator, a function) whose matrix products PyTorch would compute in a smaller dtype.

    Args:
        device_type: "cuda" warns that there is none and does nothing; so does any with `enabled=False`.

    Raises:
        RuntimeError: for "cpu" and enabled: products here keep the dtype of their operands.
    """

    def __init__(
        self, device_type: str, dtype: Any = None, enabled: bool = True, cache_enabled: bool | None = None
    ) -> None:
        self.device, self.fast_dtype = device_type, dtype
        if enabled and device_type != "cpu":
            warnings.warn(f"{device_type} is not available. Disabling autocast.", stacklevel=2)
        elif enabled:
            raise RuntimeError(
                "autocast is not there on the CPU: results keep the dtype of their operands. Leave it out "
                "(autocast(..., enabled=False)), or convert what should be smaller: x.half(), model.half()."
            )

    def __enter__(self) -> autocast:
        return self

    def __exit__(self, *error: Any) -> None:
        pass

    def __call__(self, f: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(f)
        def within(*args: Any, **kwargs: Any) -> Any:
            with self:
                return f(*args, **kwargs)

        return within


class GradScaler:
    """Scales losses so that half-precision gradients do not vanish; without a GPU it passes everything through.

    >>> import chainrule as cr
    >>> scaler = cr.amp.GradScaler(enabled=False)
    >>> scaler.scale(cr.tensor(2.0))
    tensor(2.)
    """

    def __init__(self, device: str = "cuda", enabled: bool = True, **settings: Any) -> None:
        if enabled and device == "cpu":
            raise RuntimeError("gradients on the CPU need no scaling: use GradScaler(enabled=False), or none")
        if enabled:
            warnings.warn("GradScaler is enabled, but CUDA is not available. Disabling.", stacklevel=2)

    def is_enabled(self) -> bool:
        """False."""
        return False

    def scale(self, outputs: Tensor) -> Tensor:
        """The loss as it is."""
        return outputs

    def unscale_(self, optimizer: Any) -> None:
        """Nothing was scaled."""

    def step(self, optimizer: Any, *args: Any, **kwargs: Any) -> Any:
        """The optimiser's step."""
        return optimizer.step(*args, **kwargs)

    def update(self, new_scale: Any = None) -> None:
        """There is no scale to adapt."""

    def get_scale(self) -> float:
        """1."""
        return 1.0

    def state_dict(self) -> dict[str, Any]:
        """Empty."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Nothing to restore."""


if not TYPE_CHECKING:  # to a type checker a name that is not there is an error

    def __getattr__(name: str) -> Any:
        raise AttributeError(errors.missing("chainrule.amp", name, errors.shown(globals())))
