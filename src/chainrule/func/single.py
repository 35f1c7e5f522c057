"""What a function must return to be descended, checked or drawn: one number, as a tensor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chainrule.base import errors
from chainrule.base.language import say
from chainrule.core.tensor import Tensor


def computed(f: Callable[..., Any], *args: Any) -> Any:
    """What f gives; raises TypeError, with what to write instead, if it calls NumPy."""
    try:
        return f(*args)
    except RuntimeError as e:
        if str(e).startswith(errors.NUMPY_OF_GRAD):
            raise TypeError(errors.numpy_called()) from e
        raise


def a_tensor(y: Any, who: str = "the function") -> Tensor:
    """y; raises TypeError if it is not a tensor."""
    if isinstance(y, (tuple, list)):
        raise TypeError(f"{who} must return one tensor, but it returned a {type(y).__name__} of {len(y)}")
    if not isinstance(y, Tensor):
        raise TypeError(
            f"{who} must return a tensor, but it returned {y!r:.60}, of type {type(y).__name__}. "
            + say(
                "Compute it by torch's functions from what it is given: no float(), .item(), math or NumPy on the way."
            )
        )
    return y


def one_number(y: Any, instead: str = "reduce it, e.g. by .sum()") -> Tensor:
    """y; raises TypeError if it is not a tensor, and ValueError, with what to do instead, if it has not one element."""
    if a_tensor(y)._a.size != 1:
        raise ValueError(f"the function must return a single number, but it returned {list(y._a.shape)}: {instead}")
    return y  # type: ignore[no-any-return]
