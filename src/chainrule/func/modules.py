"""Modules as functions of their parameters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from chainrule.core.op import REGISTRY
from chainrule.core.tensor import LEAF, Tensor


def functional_call(
    module: Any,
    parameter_and_buffer_dicts: dict[str, Tensor] | Sequence[dict[str, Tensor]],
    args: Any = None,
    kwargs: dict[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """Call a module with other tensors in the place of its parameters and buffers; the module itself is left as it is.

    parameter_and_buffer_dicts: tensors by their names in `named_parameters()` and `named_buffers()`, in one dict
        or several.
    tie_weights: a parameter known under several names is replaced under all of them.
    strict: every parameter and buffer must be given.
    """
    given = parameter_and_buffer_dicts
    new: dict[str, Tensor] = {}
    for part in (given,) if isinstance(given, dict) else given:
        for name, x in part.items():
            if name in new:
                raise ValueError(f"{name} appears in several of the given dictionaries")
            new[name] = x
    with _swapped(module, new, tie_weights, strict):
        return module(*(args if isinstance(args, tuple) else () if args is None else (args,)), **(kwargs or {}))


@contextmanager
def _swapped(module: Any, new: dict[str, Tensor], tie: bool, strict: bool) -> Iterator[None]:
    slots = {}  # name -> (the dict that holds it, the key there)
    for path, part in module.named_modules(remove_duplicate=False):
        for held in (part._parameters, part._buffers):
            for key, x in held.items():
                if x is not None:
                    slots[f"{path}.{key}" if path else key] = (held, key)
    unknown, missing = sorted(new.keys() - slots.keys()), sorted(slots.keys() - new.keys())
    if unknown:
        raise RuntimeError(f"Unexpected key(s): {', '.join(unknown)}. The module has: {', '.join(slots)}.")
    if strict and missing:
        raise RuntimeError(f"Missing key(s): {', '.join(missing)}.")
    values = {id(slots[name][0][slots[name][1]]): x for name, x in new.items()}
    before = {name: held[key] for name, (held, key) in slots.items()}
    try:
        for name, (held, key) in slots.items():
            if name in new:
                held[key] = new[name]
            elif tie and id(held[key]) in values:
                held[key] = values[id(held[key])]
        yield
    finally:
        for name, (held, key) in slots.items():
            held[key] = before[name]


def stack_module_state(models: Sequence[Any]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """The parameters and the buffers of modules of one kind, each stacked along a new first dimension, for `vmap`."""
    if not models:
        raise RuntimeError("stack_module_state: Expected at least one model, got 0.")
    if any(type(m) is not type(models[0]) for m in models):
        raise RuntimeError("stack_module_state: Expected all models to be of the same class.")
    stacked = []
    for held in ("named_parameters", "named_buffers"):
        parts = [dict(getattr(m, held)()) for m in models]
        found = {}
        for name in parts[0]:
            x = REGISTRY["stack"](*[p[name].detach() for p in parts], dim=0)
            x._g = LEAF if parts[0][name]._g is not None else None
            found[name] = x
        stacked.append(found)
    return stacked[0], stacked[1]
