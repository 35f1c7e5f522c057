"""The memory behind a tensor, `x.storage()`: one row of numbers that views of one another share.

A storage is a tensor's whole memory, whichever part of it the tensor sees, in the order in which it lies there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from chainrule.api.public import install, public
from chainrule.base import dtypes, wide
from chainrule.core.tensor import Tensor, shareable


def _row(x: Tensor) -> np.ndarray[Any, Any]:
    """All elements of the memory that x lies in."""
    a: Any = shareable(x)
    while a.base is not None:  # as_strided puts a go-between, which is no array, in the chain of bases
        base = a.base if isinstance(a.base, np.ndarray) else getattr(a.base, "base", None)
        if not isinstance(base, np.ndarray):
            break
        a = base
    if not a.flags.c_contiguous:  # axes may lie in any order
        a = a.transpose(wide.argsort([-s for s in a.strides], kind="stable"))
    return np.ascontiguousarray(a).reshape(-1)  # no copy, but for arrays from elsewhere that have gaps


class _Storage:
    """A row of numbers: it has a length, indices and an address, and prints as PyTorch prints it."""

    def __init__(self, row: np.ndarray[Any, Any]) -> None:
        self._a = row

    def __len__(self) -> int:
        return int(self._a.size)

    size = __len__

    def __iter__(self) -> Iterator[Any]:
        return iter(self._a.tolist())

    def __getitem__(self, i: Any) -> Any:
        if isinstance(i, slice):
            return type(self)(self._a[i])
        return self._a[self._index(i)].item()

    def __setitem__(self, i: Any, value: Any) -> None:
        self._a[i if isinstance(i, slice) else self._index(i)] = value

    def _index(self, i: int) -> int:
        if not -len(self) <= i < len(self):
            raise IndexError(f"index {i} out of range for storage of size {len(self)}")
        return i

    def tolist(self) -> list[Any]:
        """The elements as Python numbers."""
        return self._a.tolist()  # type: ignore[no-any-return]

    def data_ptr(self) -> int:
        """The address of the first element."""
        return int(self._a.__array_interface__["data"][0])

    def nbytes(self) -> int:
        """The bytes it takes."""
        return int(self._a.nbytes)

    def element_size(self) -> int:
        """The bytes an element takes."""
        return int(self._a.itemsize)

    def __repr__(self) -> str:
        return "".join(f" {v}\n" for v in self) + f"[{self._name()} of size {len(self)}]"

    def _name(self) -> str:
        raise NotImplementedError


class TypedStorage(_Storage):
    """A tensor's memory as elements."""

    __module__ = "torch.storage"

    @property
    def dtype(self) -> dtypes.dtype:
        """The type of the elements."""
        return dtypes.of(self._a.dtype)

    def untyped(self) -> UntypedStorage:
        """The same memory as bytes."""
        return UntypedStorage(self._a.view(np.uint8))

    def _name(self) -> str:
        return f"torch.storage.TypedStorage(dtype={self.dtype}, device=cpu)"


class UntypedStorage(_Storage):
    """A tensor's memory as bytes."""

    __module__ = "torch.storage"

    def _name(self) -> str:
        return "torch.storage.UntypedStorage(device=cpu)"


@install
class _Memory:
    def storage(self: Tensor) -> TypedStorage:
        """The memory that this tensor lies in, as elements."""
        return TypedStorage(_row(self))

    def untyped_storage(self: Tensor) -> UntypedStorage:
        """The memory that this tensor lies in, as bytes."""
        return self.storage().untyped()  # type: ignore[no-any-return]

    def storage_offset(self: Tensor) -> int:
        """Where the first element lies in its storage."""
        return int((self.data_ptr() - self.storage().data_ptr()) // self._a.itemsize)

    def is_set_to(self: Tensor, tensor: Tensor) -> bool:
        """Whether two tensors are the same part of the same memory."""
        a, b = shareable(self), shareable(tensor)
        return (self.data_ptr(), a.shape, a.strides) == (tensor.data_ptr(), b.shape, b.strides)


@public(method=False)
def is_storage(obj: Any) -> bool:
    """Whether an object is a storage."""
    return isinstance(obj, _Storage)
