"""Named results: the tuples that functions of several results return, printed as PyTorch prints them.

`make` gives the class, `(values, indices) = max(...)` and `max(...).values` both work on its instances.
"""

from __future__ import annotations

import functools
from collections import namedtuple
from typing import Any


def _repr(self: Any) -> str:
    fields = ",\n".join(f"{name}={value!r}" for name, value in zip(self._fields, self))
    return f"torch.return_types.{type(self).__name__}(\n{fields})"


@functools.cache
def make(name: str, fields: tuple[str, ...]) -> Any:
    """The class of the results of `name`: a tuple with a name for each field.

    >>> print(make("max", ("values", "indices"))(3.0, 0))
    torch.return_types.max(
    values=3.0,
    indices=0)
    """
    base: Any = namedtuple(name, fields)  # type: ignore[misc]
    return type(name, (base,), {"__slots__": (), "__repr__": _repr, "__module__": "torch.return_types"})
