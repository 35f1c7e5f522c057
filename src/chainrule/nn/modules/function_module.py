"""Modules that are a function with options: made from one line each, as activations and losses are nothing else."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from typing import Any

from chainrule.core.tensor import Tensor
from chainrule.nn.module import Module

REQUIRED = inspect.Parameter.empty


def function_module(
    name: str, function: Callable[..., Any], *, shown: str = "", tensors: tuple[str, ...] = (), **options: Any
) -> Any:
    """A module class that holds `options` (with their defaults; REQUIRED for none) and passes them to `function`.

    `shown`: how the options are printed, a format string, "*" for all of them. `tensors`: options kept as buffers.
    Options whose default is False and that are not named in `shown` are printed where they are True (`inplace`).
    """
    positional, by_name = inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY
    kinds = {k: by_name if k == "reduction" else positional for k in options}
    parameters = [inspect.Parameter(k, kinds[k], default=options[k]) for k in sorted(options, key=kinds.__getitem__)]
    signature = inspect.Signature(parameters)
    pattern = ", ".join(f"{k}={{{k}}}" for k in options if k != "inplace") if shown == "*" else shown

    def __init__(self: Any, *args: Any, size_average: Any = None, reduce: Any = None, **kwargs: Any) -> None:
        Module.__init__(self)
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{name}.__init__() {error}") from None
        bound.apply_defaults()
        if size_average is not None or reduce is not None:
            mean = size_average is None or size_average
            bound.arguments["reduction"] = ("mean" if mean else "sum") if reduce is None or reduce else "none"
        for option, value in bound.arguments.items():
            if option in tensors:
                self.register_buffer(option, value)
            else:
                setattr(self, option, value)

    def forward(self: Any, *inputs: Tensor) -> Any:
        return function(*inputs, **{k: getattr(self, k) for k in options})

    def extra_repr(self: Any) -> str:
        parts = [pattern.format(**{k: getattr(self, k) for k in options})] if pattern else []
        if "inplace" in options and "{inplace}" not in pattern and self.inplace:
            parts.append("inplace=True")
        return ", ".join(parts)

    first = (function.__doc__ or name).strip().split("\n")[0]
    module = sys._getframe(1).f_globals["__name__"]
    body = {
        "__init__": __init__, "forward": forward, "extra_repr": extra_repr, "__module__": module, "__qualname__": name,
        "__doc__": f"As a module: {first[:1].lower()}{first[1:]}", "__signature__": signature,
    }  # fmt: skip
    return type(name, (Module,), body)
