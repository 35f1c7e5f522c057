"""Old spellings, and small questions that old programs ask: `.volatile`, `torch.lstsq`, `typename`, `apply_`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.api import arithmetic, converting, matrices, operators, shaping
from chainrule.api.public import FUNCTIONS, install, public
from chainrule.base import dtypes, wide
from chainrule.base.shapes import numel, pack
from chainrule.core.op import REGISTRY
from chainrule.core.tape import by_numpy, demand, numbers, positions, store
from chainrule.core.tensor import Tensor, touch

_INSTEAD = {  # functions that PyTorch removed in 1.9, and what stands in their place
    "eig": "L, V = torch.linalg.eig(A) (complex), or eigh(A) of a symmetric matrix",
    "lstsq": "X = torch.linalg.lstsq(A, B).solution (the arguments are reversed)",
    "matrix_rank": "torch.linalg.matrix_rank(A) ('symmetric' is 'hermitian' there)",
    "solve": "X = torch.linalg.solve(A, B) (the arguments are reversed)",
    "symeig": "L, V = torch.linalg.eigh(A)",
}
_IN_PLACE = [  # in-place methods that PyTorch publishes as functions too
    "abs", "acos", "acosh", "addmv", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctanh", "asin",
    "asinh", "atan", "atanh", "ceil", "clamp", "clamp_max", "clamp_min", "clip", "cos", "cosh", "deg2rad",
    "detach", "erf", "erfc", "exp", "exp2", "expm1", "fix", "floor", "frac", "gcd", "i0", "lcm", "ldexp", "log",
    "log10", "log1p", "log2", "logit", "nan_to_num", "neg", "negative", "rad2deg", "reciprocal", "relu",
    "resize_as", "round", "rsqrt", "sigmoid", "sin", "sinc", "sinh", "sqrt", "square", "tan", "tanh", "trunc",
    "xlogy",
]  # fmt: skip


def _removed(name: str) -> Callable[..., Any]:
    def refuse(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError(
            f"This function was deprecated since version 1.9 and is now removed. torch.{name} should be replaced with: "
            f"{_INSTEAD[name]}"
        )

    refuse.__name__ = refuse.__qualname__ = name
    refuse.__doc__ = "Removed from PyTorch in version 1.9: it raises, and says what to write instead."
    return refuse


del arithmetic, converting, matrices, operators, shaping  # imported for what they publish, which is looked up here
for _name in _INSTEAD:
    FUNCTIONS[_name] = _removed(_name)
    setattr(Tensor, _name, FUNCTIONS[_name])
for _name in _IN_PLACE:
    if hasattr(Tensor, f"{_name}_"):
        FUNCTIONS.setdefault(f"{_name}_", getattr(Tensor, f"{_name}_"))


@public(method=False)
def typename(obj: Any) -> str:
    """The old type name of a tensor ('torch.FloatTensor'), the module and name of anything else's class."""
    if isinstance(obj, Tensor):
        return f"torch.{dtypes.of(obj._a.dtype).legacy}"
    named = obj if hasattr(obj, "__qualname__") else type(obj)
    module = getattr(named, "__module__", None)
    return str(named.__qualname__) if module in (None, "", "builtins") else f"{module}.{named.__qualname__}"


@public()
def is_nonzero(input: Tensor) -> bool:
    """Whether the only element is not 0."""
    return bool(input)


@public()
def get_device(input: Tensor) -> int:
    """-1: the number of the CPU."""
    return -1


@public(function=False)
def sum_to_size(input: Tensor, *size: Any) -> Tensor:
    """The sum over the dimensions that `expand` would have made from a tensor of this size."""
    shape = tuple(pack(size))
    lead = len(input._a.shape) - len(shape)
    if lead < 0 or any(s not in (1, n) for s, n in zip(shape, input._a.shape[lead:])):
        raise RuntimeError(f"size {{{list(shape)}}} is not expandable to size {{{list(input._a.shape)}}}.")
    if not shape:
        return input.sum()  # type: ignore[attr-defined, no-any-return]
    return input if shape == input._a.shape else REGISTRY["sum_to"](input, shape=shape)


def _elementwise(x: Tensor, name: str, values: Any) -> Tensor:
    if x._g is not None:
        raise RuntimeError(f"Can't call {name}() on Variable that requires grad. Use var.detach().{name}() instead.")
    store(x, np.array(values, x._a.dtype).reshape(x._a.shape))
    touch(x, name)
    return x


@install
class _Old:
    is_cpu = True
    volatile = False
    name = None

    def is_shared(self: Tensor) -> bool:
        """Whether it lies in memory that processes share: never here."""
        return False

    def is_pinned(self: Tensor) -> bool:
        """Whether it lies in memory that is kept for copies to a GPU: never here."""
        return False

    def is_conj(self: Tensor) -> bool:
        """Whether its conjugation is still to be done: never here, it is done at once."""
        return False

    def is_neg(self: Tensor) -> bool:
        """Whether its change of sign is still to be done: never here, it is done at once."""
        return False

    def is_coalesced(self: Tensor) -> bool:
        """Whether it is sparse and has each place once: never here, tensors are dense."""
        return False

    def dim_order(self: Tensor) -> tuple[int, ...]:
        """The dimensions from the one with the widest steps in memory to the narrowest."""
        steps = self.stride()
        return tuple(sorted(range(len(steps)), key=lambda i: (-steps[i], i)))

    def share_memory_(self: Tensor) -> Tensor:
        """The tensor itself: other processes get copies."""
        return self

    def apply_(self: Tensor, callable: Callable[[Any], Any]) -> Tensor:
        """Replace each element by a function of it, in place. Slow, and without a gradient."""
        return _elementwise(self, "apply_", [callable(v) for v in numbers(self).reshape(-1).tolist()])

    def map_(self: Tensor, tensor: Tensor, callable: Callable[[Any, Any], Any]) -> Tensor:
        """Replace each element by a function of it and of another tensor's, in place. Slow, and without a gradient."""
        other = np.broadcast_to(numbers(tensor), self._a.shape).reshape(-1).tolist()
        mine = numbers(self).reshape(-1).tolist()
        return _elementwise(self, "map_", [callable(v, w) for v, w in zip(mine, other)])

    def new_empty_strided(
        self: Tensor, size: Any, stride: Any, dtype: Any = None, layout: Any = None, device: Any = None,
        pin_memory: bool = False, requires_grad: bool = False,
    ) -> Tensor:  # fmt: skip
        """Zeros of this size, laid out in memory by these steps, of this tensor's dtype."""
        options = {"dtype": dtype or self.dtype, "device": device, "requires_grad": requires_grad}
        return FUNCTIONS["empty_strided"](size, stride, **options)  # type: ignore[no-any-return]


@public(method=False)
def empty_permuted(size: Any, physical_layout: Any, **options: Any) -> Tensor:
    """Zeros of this size, laid out in memory with its dimensions in the order `physical_layout`."""
    order = tuple(physical_layout)
    if sorted(order) != list(range(len(size))):
        raise RuntimeError(f"Number of dimensions in size {list(size)} does not match the layout {list(order)}")
    laid = FUNCTIONS["zeros"]([size[i] for i in order], **options)
    return laid.permute([order.index(i) for i in range(len(order))])  # type: ignore[no-any-return]


@public(method=False)
def unravel_index(indices: Tensor, shape: Any) -> tuple[Tensor, ...]:
    """Places in the flattened tensor as an index for each dimension."""
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    if indices._a.dtype.kind not in "iu":
        raise TypeError(f"expected 'indices' to be integer dtype, but got {indices.dtype}")
    indices = indices.long()  # type: ignore[attr-defined]
    a, n = positions(indices), numel(shape)
    demand((a >= -n) & (a < n), lambda: ValueError(f"indices are out of bounds for a tensor of shape {list(shape)}"))

    def along(d: int) -> Tensor:
        return by_numpy("unravel_index", lambda a: wide.unravel_index(a % max(n, 1), shape)[d], indices)

    return tuple(map(along, range(len(shape))))
