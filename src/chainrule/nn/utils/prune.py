"""Pruning: parameters times a mask of zeros and ones.

`weight` becomes `weight_orig`, which is trained, times `weight_mask`, a buffer; a hook multiplies them before calls.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from chainrule.api.joining import cat
from chainrule.api.public import FUNCTIONS
from chainrule.base import wide
from chainrule.core.tensor import Tensor, wrap
from chainrule.nn.module import Module

__all__ = [
    "BasePruningMethod", "CustomFromMask", "Identity", "L1Unstructured", "LnStructured", "RandomStructured",
    "RandomUnstructured", "custom_from_mask", "global_unstructured", "identity", "is_pruned", "l1_unstructured",
    "ln_structured", "random_structured", "random_unstructured", "remove",
]  # fmt: skip


class BasePruningMethod:
    """A way to choose what is pruned: `compute_mask(t, default_mask)` gives the new mask."""

    PRUNING_TYPE = "unstructured"

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask of `t`: zeros at what is pruned, also at the zeros of `default_mask`."""
        raise NotImplementedError(f"{type(self).__name__} must define compute_mask(t, default_mask)")

    def __call__(self, module: Module, inputs: Any) -> None:
        """Before each call of the module: the product is computed anew."""
        object.__setattr__(module, self._tensor_name, self.apply_mask(module))

    _tensor_name = ""

    def apply_mask(self, module: Module) -> Tensor:
        """The original times the mask."""
        mask = getattr(module, self._tensor_name + "_mask")
        return mask.to(dtype=getattr(module, self._tensor_name + "_orig").dtype) * getattr(
            module, self._tensor_name + "_orig"
        )

    @classmethod
    def apply(
        cls, module: Module, name: str, *args: Any, importance_scores: Tensor | None = None, **kwargs: Any
    ) -> Any:
        """Prune the parameter `name` of a module by `cls(*args, **kwargs)`; masks of several calls are combined."""
        method = cls(*args, **kwargs)
        method._tensor_name = name
        before = _hook_of(module, name)
        if before is None:
            original = module._parameters.pop(name)
            module.register_parameter(name + "_orig", original)
            module.register_buffer(name + "_mask", FUNCTIONS["ones_like"](original))
            module.register_forward_pre_hook(method)
        original, mask = getattr(module, name + "_orig"), getattr(module, name + "_mask")
        scores = original if importance_scores is None else importance_scores
        if scores._a.shape != original._a.shape:
            raise ValueError(
                f"importance_scores should have the same shape as parameter {name}: {list(original._a.shape)}"
            )
        setattr(module, name + "_mask", method._within(scores.detach(), mask))
        object.__setattr__(module, name, method.apply_mask(module))
        return method

    def _within(self, t: Tensor, mask: Tensor) -> Tensor:
        """The new mask; shares count what is not pruned yet."""
        left = np.asarray(mask._a) == 1
        if self.PRUNING_TYPE == "structured":
            rows = np.moveaxis(left, self.dim, 0).reshape(left.shape[self.dim], -1).any(1)  # type: ignore[attr-defined]
            keep = wide.nonzero(rows)[0]
            part = t.index_select(self.dim, wrap(keep))  # type: ignore[attr-defined]
            old = mask.index_select(self.dim, wrap(keep))  # type: ignore[attr-defined]
            new = np.array(mask._a)
            np.moveaxis(new, self.dim, 0)[keep] = np.moveaxis(np.asarray(self.compute_mask(part, old)._a), self.dim, 0)  # type: ignore[attr-defined]
            return wrap(new)
        if self.PRUNING_TYPE == "global":
            return self.compute_mask(t, mask)
        new = np.array(mask._a)
        new[left] = np.asarray(self.compute_mask(t[wrap(left)], wrap(new[left]))._a)
        return wrap(new)

    def prune(self, t: Tensor, default_mask: Tensor | None = None, importance_scores: Tensor | None = None) -> Tensor:
        """A tensor with what this method prunes set to 0."""
        scores = t if importance_scores is None else importance_scores
        return t * self._within(scores, FUNCTIONS["ones_like"](t) if default_mask is None else default_mask)

    def remove(self, module: Module) -> None:
        """Make the pruned parameter an ordinary one, with its zeros."""
        name = self._tensor_name
        value = self.apply_mask(module)
        original = module._parameters.pop(name + "_orig")
        del module._buffers[name + "_mask"]
        module.__dict__.pop(name, None)
        original.data = value.data
        module.register_parameter(name, original)


class Identity(BasePruningMethod):
    """Prunes nothing."""

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask as it was."""
        return default_mask


def _count(amount: float, size: int) -> int:
    if (
        isinstance(amount, bool)
        or not isinstance(amount, (int, float))
        or amount < 0
        or (isinstance(amount, float) and amount > 1)
    ):
        raise ValueError(f"amount={amount} should be a fraction between 0.0 and 1.0 or a number of parameters")
    if isinstance(amount, int):
        if amount > size:
            raise ValueError(f"amount={amount} should be smaller than the number of parameters to prune={size}")
        return amount
    return round(amount * size)


class _Share(BasePruningMethod):
    """Prunes `amount` elements, or that share of them."""

    def __init__(self, amount: float) -> None:
        _count(amount, 2**62)
        self.amount = amount

    def _pruned(self, t: Tensor, default_mask: Tensor, scores: Tensor) -> Tensor:
        n = _count(self.amount, t.numel())
        mask = np.array(default_mask._a)
        if n:
            mask.reshape(-1)[np.asarray(scores.reshape(-1).topk(n, largest=False).indices._a)] = 0
        return wrap(mask)


class L1Unstructured(_Share):
    """Prunes the elements that are least in absolute value."""

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask with zeros at the least."""
        return self._pruned(t, default_mask, t.abs())


class RandomUnstructured(_Share):
    """Prunes elements drawn at random."""

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask with zeros at random places."""
        return self._pruned(t, default_mask, FUNCTIONS["rand_like"](t).neg())


class CustomFromMask(BasePruningMethod):
    """Prunes by a mask that is given."""

    PRUNING_TYPE = "global"

    def __init__(self, mask: Tensor) -> None:
        self.mask = mask

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The product of both masks."""
        return default_mask * self.mask.to(dtype=default_mask.dtype)


class LnStructured(BasePruningMethod):
    """Prunes whole slices along `dim`, those of the least n-norm."""

    PRUNING_TYPE = "structured"

    def __init__(self, amount: float, n: Any = 2, dim: int = -1) -> None:
        _count(amount, 2**62)
        self.amount, self.n, self.dim = amount, n, dim

    def _scores(self, t: Tensor) -> Tensor:
        rows = t.transpose(0, self.dim).reshape(t.size(self.dim), -1)
        return rows.norm(self.n, 1)  # type: ignore[no-any-return]

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask with zeros in the least slices."""
        slices = t.size(self.dim)
        n = _count(self.amount, slices)
        mask = np.array(default_mask._a)
        kept = np.asarray(self._scores(t).topk(slices - n).indices._a)
        np.moveaxis(mask, self.dim, 0)[np.setdiff1d(np.arange(slices), kept)] = 0
        return wrap(mask)


class RandomStructured(LnStructured):
    """Prunes whole slices along `dim`, drawn at random."""

    def __init__(self, amount: float, dim: int = -1) -> None:
        super().__init__(amount, 2, dim)

    def _scores(self, t: Tensor) -> Tensor:
        return FUNCTIONS["rand"](t.size(self.dim))  # type: ignore[no-any-return]


def _hook_of(module: Module, name: str) -> BasePruningMethod | None:
    hooks: list[Any] = list(module._hooked.before.values()) if module._hooked is not None else []
    return next((h for h in hooks if isinstance(h, BasePruningMethod) and h._tensor_name == name), None)


def identity(module: Module, name: str) -> Module:
    """Make a parameter a pruned one, with nothing pruned."""
    Identity.apply(module, name)
    return module


def l1_unstructured(module: Module, name: str, amount: float, importance_scores: Tensor | None = None) -> Module:
    """Prune the elements of a parameter that are least in absolute value: a number, or a share of them.

    >>> import chainrule as cr
    >>> net = cr.nn.utils.prune.l1_unstructured(cr.nn.Linear(4, 1), "weight", amount=0.5)
    >>> (net.weight == 0).sum()
    tensor(2)
    """
    L1Unstructured.apply(module, name, amount, importance_scores=importance_scores)
    return module


def random_unstructured(module: Module, name: str, amount: float) -> Module:
    """Prune elements drawn at random."""
    RandomUnstructured.apply(module, name, amount)
    return module


def ln_structured(
    module: Module, name: str, amount: float, n: Any, dim: int, importance_scores: Tensor | None = None
) -> Module:
    """Prune the slices along `dim` whose n-norm is least."""
    LnStructured.apply(module, name, amount, n, dim, importance_scores=importance_scores)
    return module


def random_structured(module: Module, name: str, amount: float, dim: int) -> Module:
    """Prune slices along `dim` drawn at random."""
    RandomStructured.apply(module, name, amount, dim)
    return module


def custom_from_mask(module: Module, name: str, mask: Tensor) -> Module:
    """Prune by a mask."""
    CustomFromMask.apply(module, name, mask)
    return module


def global_unstructured(
    parameters: Iterable[tuple[Module, str]], pruning_method: Any, importance_scores: Any = None, **kwargs: Any
) -> None:
    """Prune several parameters as if they were one: `parameters` are pairs of module and name."""
    if not (isinstance(pruning_method, type) and issubclass(pruning_method, BasePruningMethod)):
        raise TypeError("pruning_method must be a class derived from BasePruningMethod")
    pairs, scores = list(parameters), importance_scores or {}
    values = [getattr(module, name) for module, name in pairs]
    ranks = [scores.get(pair, value) for pair, value in zip(pairs, values)]
    masks = [getattr(module, f"{name}_mask", None) for module, name in pairs]
    known = [FUNCTIONS["ones_like"](v) if m is None else m for m, v in zip(masks, values)]
    flat = cat([r.detach().reshape(-1) for r in ranks]), cat([m.reshape(-1) for m in known])
    found = pruning_method(**kwargs)._within(*flat)
    for (module, name), part, value in zip(pairs, found.split([v.numel() for v in values]), values):
        custom_from_mask(module, name, part.reshape(value._a.shape))


def remove(module: Module, name: str) -> Module:
    """Make a pruned parameter an ordinary one, with its zeros."""
    hook = _hook_of(module, name)
    if hook is None:
        raise ValueError(f"Parameter '{name}' of module {module} has to be pruned before pruning can be removed")
    hook.remove(module)
    assert module._hooked is not None
    for key, held in list(module._hooked.before.items()):
        if held is hook:
            del module._hooked.before[key]
    return module


def is_pruned(module: Module) -> bool:
    """Whether a module, or one below it, has a pruned parameter."""
    found = [held for m in module.modules() if m._hooked is not None for held in m._hooked.before.values()]
    return any(isinstance(h, BasePruningMethod) for h in found)
