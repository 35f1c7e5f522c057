"""`torch.func`: derivatives and batches of functions, as functions. They nest in any order."""

from __future__ import annotations

from chainrule.func.batching import vmap
from chainrule.func.control import cond, scan, while_loop
from chainrule.func.derivatives import (
    grad,
    grad_and_value,
    hessian,
    jacfwd,
    jacrev,
    jvp,
    linearize,
    value_and_grad,
    vjp,
)
from chainrule.func.modules import functional_call, stack_module_state

__all__ = [
    "cond", "functional_call", "grad", "grad_and_value", "hessian", "jacfwd", "jacrev", "jvp", "linearize",
    "scan", "stack_module_state", "value_and_grad", "vjp", "vmap", "while_loop",
]  # fmt: skip
