"""Whole modules in files: the class by its name, and the attributes, which are data, tensors and other modules.

A class is looked up, never imported: it is one of `nn`, or one of the session's own that derives from `nn.Module`. The
object is put together without a call of its `__init__` or of anything else that a file could choose.
"""

from __future__ import annotations

import sys
from collections import OrderedDict
from pickle import UnpicklingError
from typing import Any

import chainrule.nn as nn
from chainrule.nn.module import Module

_HOOKS = ("_forward_hooks", "_backward_hooks")  # what torch wants to find, empty


def class_of(module: str, name: str) -> type[Module] | None:
    """The class that a file means; None if it is no kind of module, or not there."""
    if module.startswith(("torch.nn.", "chainrule.nn.")) or module in ("torch.nn", "chainrule.nn"):
        found = getattr(nn, name, None)
    else:
        found = sys.modules.get(module)
        for part in name.split("."):
            found = vars(found).get(part) if hasattr(found, "__dict__") else None
    return found if isinstance(found, type) and issubclass(found, Module) else None


def name_of(cls: type[Module]) -> tuple[str, str]:
    """The name under which a class will be found again; TypeError if it will not."""
    if getattr(nn, cls.__name__, None) is cls:
        return "torch.nn", cls.__name__
    if class_of(cls.__module__, cls.__qualname__) is not cls:
        raise TypeError(
            f"save() cannot save a whole {cls.__qualname__}: a class is found again by its name, and "
            f"{cls.__module__}.{cls.__qualname__} is not it. Define it at the top of a file or a cell, or save "
            "its state_dict()"
        )
    return cls.__module__, cls.__qualname__


def state_of(module: Module) -> dict[str, Any]:
    """A module's attributes, as torch calls them."""
    state = dict(vars(module))
    hooked = state.pop("_hooked", None)
    if hooked is not None and any(vars(hooked).values()):
        raise TypeError(f"save() does not save the hooks of a {type(module).__name__}: remove them, or save its state")
    state["_non_persistent_buffers_set"] = state.pop("_transient", set())
    return state | {name: OrderedDict() for name in _HOOKS}


def restore(module: Module, state: Any) -> None:
    """Give a new module the attributes from a file."""
    if type(state) is not dict or any(type(name) is not str for name in state):
        raise UnpicklingError(f"the attributes of a {type(module).__name__} are described in an unknown way")
    kept = {name: x for name, x in state.items() if not (name.startswith("_") and "hook" in name)}
    if any(x for name, x in state.items() if name.endswith("_hooks")):
        raise UnpicklingError(f"the file holds hooks of a {type(module).__name__}, which are code")
    kept["_transient"] = kept.pop("_non_persistent_buffers_set", set())
    for held in ("_parameters", "_buffers", "_modules"):
        if not isinstance(kept.get(held), dict):
            raise UnpicklingError(f"a {type(module).__name__} without {held}")
    vars(module).update(kept)
