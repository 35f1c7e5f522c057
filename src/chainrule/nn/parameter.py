"""Parameters and buffers: the tensors that a module registers when they are assigned to it."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.base import dtypes
from chainrule.core.conjugate import PARAMETER
from chainrule.core.tape import as_leaf
from chainrule.core.tensor import Tensor, shareable, wrap

NOT_FLOAT = "Only Tensors of floating point and complex dtype can require gradients"


class Parameter(Tensor):
    """A tensor that a `Module` counts among its parameters, and that requires gradients unless told otherwise.

    `data`: a tensor, whose memory is shared.

    >>> import chainrule as cr
    >>> cr.nn.Parameter(cr.ones(2))
    Parameter containing:
    tensor([1., 1.], requires_grad=True)
    """

    def __new__(cls, data: Tensor | None = None, requires_grad: bool = True) -> Parameter:
        """A parameter on the memory of `data`."""
        if data is not None and not isinstance(data, Tensor):
            raise TypeError(
                f"Parameter data must be a Tensor, but got {type(data).__name__}; wrap it: torch.tensor(data)"
            )
        p = object.__new__(cls)
        p._a = np.empty(0, np.float32) if data is None else shareable(data)
        p._v = None
        if requires_grad and p._a.dtype.kind == "c":
            raise NotImplementedError(PARAMETER)
        if requires_grad and p._a.dtype.kind != "f":
            raise RuntimeError(NOT_FLOAT)
        as_leaf(p, requires_grad)
        return p

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    def __repr__(self, *, tensor_contents: str | None = None) -> str:
        plain = wrap(self._a, self._g)
        return "Parameter containing:\n" + repr(plain)

    __str__ = __repr__


class _Unset:
    """The payload of a parameter whose shape is not known yet: a dtype, and a refusal of all else."""

    def __init__(self, dtype: np.dtype[Any]) -> None:
        self.dtype = dtype

    def astype(self, dtype: np.dtype[Any]) -> _Unset:
        return _Unset(dtype)

    def copy(self) -> _Unset:
        return self

    def __getattr__(self, name: str) -> Any:
        if name in ("shape", "ndim"):
            raise RuntimeError(
                "Can't access the shape of an uninitialized parameter or buffer. This error usually happens in "
                "`load_state_dict` when trying to load an uninitialized parameter into an initialized one. Call "
                "`forward` to initialize the parameters before accessing their attributes."
            )
        if name[:2] == "__" and name != "__array__":
            raise AttributeError(name)
        raise ValueError(
            "Attempted to use an uninitialized parameter. This error happens when you are using a `LazyModule` or "
            "explicitly manipulating `torch.nn.parameter.UninitializedParameter` objects. When using LazyModules Call "
            "`forward` with a dummy batch to initialize the parameters before calling torch functions"
        )


class UninitializedParameter(Parameter):
    """A parameter of a lazy layer, before the first call: it has a dtype, but neither shape nor numbers."""

    def __new__(cls, requires_grad: bool = True, device: Any = None, dtype: Any = None) -> UninitializedParameter:
        """A parameter without a shape."""
        p: Any = super().__new__(cls, None, requires_grad)
        p._a = _Unset(dtypes.default_float() if dtype is None else dtypes.as_np(dtype))
        return p

    def materialize(self, like: Tensor) -> None:
        """Become a parameter with the shape and the numbers of another, of this one's dtype."""
        self._a = like._a.astype(self._a.dtype)
        self.__class__ = Parameter  # type: ignore[assignment]

    def __repr__(self, *, tensor_contents: str | None = None) -> str:  # type: ignore[override]
        return "<UninitializedParameter>"

    __str__ = __repr__  # type: ignore[assignment]


class _IsBuffer(type):
    def __instancecheck__(cls, x: Any) -> bool:
        return isinstance(x, Tensor) and getattr(x, "_is_buffer", False)


class Buffer(metaclass=_IsBuffer):
    """A tensor that a `Module` keeps beside its parameters: saved with them if `persistent`, never optimised."""

    def __new__(cls, data: Tensor | None = None, *, persistent: bool = True) -> Tensor:
        """`data`, marked for registration."""
        t: Any = wrap(np.empty(0, np.float32)) if data is None else data.detach()
        t.persistent, t._is_buffer = persistent, True
        return t


def blank(*shape: int, dtype: Any = None) -> Parameter:
    """A parameter of zeros, whose numbers a layer will draw; of the default float dtype if none is given."""
    return Parameter(wrap(np.zeros(shape, dtypes.default_float() if dtype is None else dtypes.as_np(dtype))))
