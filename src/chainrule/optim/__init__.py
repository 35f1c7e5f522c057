"""Optimisers in PyTorch's form: `optimizer.zero_grad()`, `loss.backward()`, `optimizer.step()`.

`rules` holds the mathematics, a pure function per optimiser; `algorithms` their options; `lr_scheduler` the schedules.
"""

from typing import TYPE_CHECKING, Any

from chainrule.base import errors
from chainrule.optim import lr_scheduler, rules
from chainrule.optim.algorithms import (
    ASGD,
    SGD,
    Adadelta,
    Adafactor,
    Adagrad,
    Adam,
    Adamax,
    AdamW,
    Muon,
    NAdam,
    RAdam,
    RMSprop,
    Rprop,
    SparseAdam,
)
from chainrule.optim.lbfgs import LBFGS
from chainrule.optim.optimizer import Optimizer

__all__ = [
    "ASGD", "LBFGS", "SGD", "Adadelta", "Adafactor", "Adagrad", "Adam", "AdamW", "Adamax", "Muon", "NAdam",
    "Optimizer", "RAdam", "RMSprop", "Rprop", "SparseAdam",
    "lr_scheduler", "rules",
]  # fmt: skip


if not TYPE_CHECKING:  # to a type checker a name that is not there is an error

    def __getattr__(name: str) -> Any:
        raise AttributeError(errors.missing("chainrule.optim", name, __all__))
