"""`torch.random`: the generator of the package's own namespace, under PyTorch's second address.

>>> import chainrule as cr
>>> _ = cr.random.manual_seed(0)
>>> cr.rand(1)
tensor([0.4963])
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chainrule.api.public import FUNCTIONS
from chainrule.api.random import default_generator, fork_rng
from chainrule.base import errors

__all__ = ["default_generator", "fork_rng", "get_rng_state", "initial_seed", "manual_seed", "seed", "set_rng_state"]

get_rng_state, set_rng_state = FUNCTIONS["get_rng_state"], FUNCTIONS["set_rng_state"]
manual_seed, initial_seed, seed = FUNCTIONS["manual_seed"], FUNCTIONS["initial_seed"], FUNCTIONS["seed"]


if not TYPE_CHECKING:  # to a type checker a name that is not there is an error

    def __getattr__(name: str) -> Any:
        raise AttributeError(errors.missing("chainrule.random", name, errors.shown(globals())))
