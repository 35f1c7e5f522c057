"""Pooling as layers: the greatest element or the mean of each window, and the way back."""

from __future__ import annotations

from typing import Any

from chainrule.core.tensor import Tensor
from chainrule.nn.functional import pooling as f
from chainrule.nn.module import Module
from chainrule.nn.modules.function_module import REQUIRED, function_module

__all__: list[str] = []


def _publish(name: str, cls: Any) -> None:
    globals()[name] = cls
    __all__.append(name)


def _strided(cls: Any, tuples: int = 0) -> Any:
    """A stride that is not given is the kernel's size. `tuples`: PyTorch shows this class's sizes as that many."""
    plain = cls.__init__

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        plain(self, *args, **kwargs)
        if self.stride is None:
            self.stride = self.kernel_size
        for name in ("kernel_size", "stride", "padding") if tuples else ():
            setattr(self, name, f.ints(getattr(self, name), tuples, name))

    cls.__init__ = __init__
    return cls


def _pool(kind: str, d: int, function: str, shown: str, **options: Any) -> None:
    name = f"{kind}{d}d"
    cls: Any = function_module(name, getattr(f, f"{function}{d}d"), shown=shown, **options)
    tuples = d if (kind, d) == ("AvgPool", 1) else 0
    _publish(name, _strided(cls, tuples) if "Avg" in kind or "Max" in kind else cls)


_SIZES = "kernel_size={kernel_size}, stride={stride}, padding={padding}"
_WINDOW: dict[str, Any] = {"kernel_size": REQUIRED, "stride": None, "padding": 0}
for _d in (1, 2, 3):
    _pool(
        "MaxPool", _d, "max_pool", _SIZES + ", dilation={dilation}, ceil_mode={ceil_mode}", **_WINDOW, dilation=1,
        return_indices=False, ceil_mode=False,
    )  # fmt: skip
    _more: dict[str, Any] = {"divisor_override": None} if _d > 1 else {}
    _pool("AvgPool", _d, "avg_pool", _SIZES, **_WINDOW, ceil_mode=False, count_include_pad=True, **_more)
    _pool(
        "LPPool", _d, "lp_pool", "norm_type={norm_type}, kernel_size={kernel_size}, stride={stride}, "
        "ceil_mode={ceil_mode}", norm_type=REQUIRED, kernel_size=REQUIRED, stride=None, ceil_mode=False,
    )  # fmt: skip
    for _kind in ("Avg", "Max"):
        _name = f"Adaptive{_kind}Pool{_d}d"
        _options: dict[str, Any] = {"return_indices": False} if _kind == "Max" else {}
        _f = getattr(f, f"adaptive_{_kind.lower()}_pool{_d}d")
        _publish(_name, function_module(_name, _f, shown="output_size={output_size}", output_size=REQUIRED, **_options))


class _MaxUnpool(Module):
    """The elements back at the places that a max-pooling layer with `return_indices` found them at."""

    dims = 0

    def __init__(self, kernel_size: Any, stride: Any = None, padding: Any = 0) -> None:
        super().__init__()
        sizes = (
            ("kernel_size", kernel_size),
            ("stride", kernel_size if stride is None else stride),
            ("padding", padding),
        )
        for name, value in sizes:
            setattr(self, name, f.ints(value, self.dims, name))

    def forward(self, input: Tensor, indices: Tensor, output_size: Any = None) -> Tensor:
        """Zeros but at the indices."""
        undo = getattr(f, f"max_unpool{self.dims}d")
        return undo(input, indices, self.kernel_size, self.stride, self.padding, output_size)  # type: ignore[no-any-return]

    def extra_repr(self) -> str:
        """The sizes."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


for _d in (1, 2, 3):
    _body = {"dims": _d, "__module__": __name__, "__doc__": _MaxUnpool.__doc__}
    _publish(f"MaxUnpool{_d}d", type(f"MaxUnpool{_d}d", (_MaxUnpool,), _body))


class _FractionalMaxPool(Module):
    """The greatest element of each of `output_size` windows at random distances (Graham, 2014)."""

    dims = 0

    def __init__(
        self, kernel_size: Any, output_size: Any = None, output_ratio: Any = None, return_indices: bool = False,
        _random_samples: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        name = type(self).__name__
        if output_size is None and output_ratio is None:
            raise ValueError(f"{name} requires specifying either an output size, or a pooling ratio")
        if output_size is not None and output_ratio is not None:
            raise ValueError("only one of output_size and output_ratio may be specified")
        self.kernel_size, self.return_indices = f.ints(kernel_size, self.dims, "kernel_size"), return_indices
        self.register_buffer("_random_samples", _random_samples)
        self.output_size = None if output_size is None else f.ints(output_size, self.dims, "output_size")
        several = output_ratio is None or isinstance(output_ratio, (tuple, list))
        self.output_ratio = output_ratio if several else (output_ratio,) * self.dims
        if not all(0 < r < 1 for r in self.output_ratio or ()):
            raise ValueError(f"output_ratio must be between 0 and 1 (got {output_ratio})")

    def forward(self, input: Tensor) -> Any:
        """The maxima, and their places if `return_indices`."""
        pool = getattr(f, f"fractional_max_pool{self.dims}d")
        return pool(input, self.kernel_size, self.output_size, self.output_ratio, self.return_indices,
                    self._random_samples)  # fmt: skip


for _d in (2, 3):
    _body = {"dims": _d, "__module__": __name__, "__doc__": _FractionalMaxPool.__doc__}
    _publish(f"FractionalMaxPool{_d}d", type(f"FractionalMaxPool{_d}d", (_FractionalMaxPool,), _body))
