"""What transforms have in common, and how they are put together."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from chainrule.base.shapes import Size
from chainrule.core.tensor import Tensor
from chainrule.distributions import constraints
from chainrule.distributions.distribution import sum_rightmost


class Transform:
    """An invertible function: `t(x)`, `t.inv(y)`, and `log_abs_det_jacobian(x, y)`, the log of |dy/dx|.

    A subclass writes `_call`, `_inverse` and `log_abs_det_jacobian`. `cache_size=1` remembers the last pair, so that
    inverting a draw gives back just what it was made from.
    """

    domain: Any = constraints.real
    codomain: Any = constraints.real
    bijective: Any = True
    sign: Any = 1  # of the slope
    _parameters: tuple[str, ...] | None = None  # the attributes that make two of a class equal; None: each is its own

    def __init__(self, cache_size: int = 0) -> None:
        if cache_size not in (0, 1):
            raise ValueError("cache_size must be 0 or 1")
        self._cache_size = cache_size
        self._last: tuple[Any, Any] = (None, None)

    def __call__(self, x: Tensor) -> Tensor:
        if self._cache_size and x is self._last[0]:
            return self._last[1]  # type: ignore[no-any-return]
        return self._kept(x, self._call(x))[1]

    def _inverted(self, y: Tensor) -> Tensor:
        if self._cache_size and y is self._last[1]:
            return self._last[0]  # type: ignore[no-any-return]
        return self._kept(self._inverse(y), y)[0]

    def _kept(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        if self._cache_size:
            self._last = x, y
        return x, y

    def with_cache(self, cache_size: int = 1) -> Transform:
        """The same function, which remembers its last pair or not."""
        if cache_size == self._cache_size:
            return self
        made = copy.copy(self)
        Transform.__init__(made, cache_size)
        return made

    @property
    def event_dim(self) -> int:
        """The dimensions of one event, where they are as many before as after."""
        if self.domain.event_dim != self.codomain.event_dim:
            raise ValueError("Please use either .domain.event_dim or .codomain.event_dim")
        return int(self.domain.event_dim)

    @property
    def inv(self) -> Transform:
        """The inverse function."""
        return _InverseTransform(self)

    def _call(self, x: Tensor) -> Tensor:
        raise NotImplementedError(f"{type(self).__name__} has no _call()")

    def _inverse(self, y: Tensor) -> Tensor:
        raise NotImplementedError(f"{type(self).__name__} has no _inverse()")

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        """The logarithm of the volume change at x, where y is what x becomes."""
        raise NotImplementedError(f"{type(self).__name__} has no log_abs_det_jacobian()")

    def forward_shape(self, shape: Size) -> Size:
        """The shape that an x of a given shape is turned into."""
        return shape

    def inverse_shape(self, shape: Size) -> Size:
        """The shape of an x that is turned into a y of a given shape."""
        return shape

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if type(self) is not type(other) or self._parameters is None:
            return False
        return all(_equal(getattr(self, name), getattr(other, name)) for name in self._parameters)

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


def _equal(a: Any, b: Any) -> bool:
    same = a == b
    return bool(same.all()) if isinstance(same, Tensor) else bool(same)


class _InverseTransform(Transform):
    _parameters = ("t",)

    def __init__(self, t: Transform) -> None:
        super().__init__()
        self.t = t
        self.domain, self.codomain, self.bijective, self.sign = t.codomain, t.domain, t.bijective, t.sign

    @property
    def inv(self) -> Transform:
        return self.t

    def __call__(self, x: Tensor) -> Tensor:
        return self.t._inverted(x)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return -self.t.log_abs_det_jacobian(y, x)

    def forward_shape(self, shape: Size) -> Size:
        return self.t.inverse_shape(shape)

    def inverse_shape(self, shape: Size) -> Size:
        return self.t.forward_shape(shape)

    def __repr__(self) -> str:
        return f"_InverseTransform({self.t!r})"


class ComposeTransform(Transform):
    """Several transforms one after the other, the first one first."""

    _parameters = ("parts",)

    def __init__(self, parts: Sequence[Transform], cache_size: int = 0) -> None:
        super().__init__(cache_size)
        self.parts = list(parts)

    @property
    def event_dims(self) -> tuple[int, int]:
        """The dimensions of one event before and after, as the parts need them."""
        after = before = 0
        for part in reversed(self.parts):
            before = max(part.domain.event_dim, before + part.domain.event_dim - part.codomain.event_dim)
        for part in self.parts:
            after = max(part.codomain.event_dim, after + part.codomain.event_dim - part.domain.event_dim)
        return before, after

    @property
    def domain(self) -> Any:
        """What the first part takes."""
        return self._lifted(self.parts[0].domain if self.parts else constraints.real, self.event_dims[0])

    @property
    def codomain(self) -> Any:
        """What the last part gives."""
        return self._lifted(self.parts[-1].codomain if self.parts else constraints.real, self.event_dims[1])

    def _lifted(self, c: constraints.Constraint, event_dim: int) -> constraints.Constraint:
        return constraints.independent(c, event_dim - c.event_dim) if event_dim > c.event_dim else c

    @property
    def bijective(self) -> bool:
        """Whether all parts are."""
        return all(part.bijective for part in self.parts)

    @property
    def sign(self) -> Any:
        """The sign of the slope."""
        sign: Any = 1
        for part in self.parts:
            sign = sign * part.sign
        return sign

    def _call(self, x: Tensor) -> Tensor:
        for part in self.parts:
            x = part(x)
        return x

    def _inverse(self, y: Tensor) -> Tensor:
        for part in reversed(self.parts):
            y = part.inv(y)
        return y

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        event_dim = self.event_dims[0]
        total: Any = None
        for part in self.parts:
            y = part(x)
            size = sum_rightmost(part.log_abs_det_jacobian(x, y), event_dim - part.domain.event_dim)
            total = size if total is None else total + size
            event_dim += part.codomain.event_dim - part.domain.event_dim
            x = y
        return x * 0 if total is None else total  # type: ignore[no-any-return]

    def forward_shape(self, shape: Size) -> Size:
        for part in self.parts:
            shape = part.forward_shape(shape)
        return shape

    def inverse_shape(self, shape: Size) -> Size:
        for part in reversed(self.parts):
            shape = part.inverse_shape(shape)
        return shape

    def __repr__(self) -> str:
        return "ComposeTransform(\n    " + ",\n    ".join(map(repr, self.parts)) + "\n)"


class IndependentTransform(Transform):
    """A transform whose last dimensions count as one event: the volume change is summed over them."""

    _parameters = ("base_transform", "reinterpreted_batch_ndims")

    def __init__(self, base_transform: Transform, reinterpreted_batch_ndims: int, cache_size: int = 0) -> None:
        super().__init__(cache_size)
        self.base_transform, self.reinterpreted_batch_ndims = base_transform, reinterpreted_batch_ndims
        self.bijective, self.sign = base_transform.bijective, base_transform.sign
        self.domain = constraints.independent(base_transform.domain, reinterpreted_batch_ndims)
        self.codomain = constraints.independent(base_transform.codomain, reinterpreted_batch_ndims)

    def _call(self, x: Tensor) -> Tensor:
        return self.base_transform(_enough(x, self.domain.event_dim))

    def _inverse(self, y: Tensor) -> Tensor:
        return self.base_transform.inv(_enough(y, self.codomain.event_dim))

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return sum_rightmost(self.base_transform.log_abs_det_jacobian(x, y), self.reinterpreted_batch_ndims)

    def forward_shape(self, shape: Size) -> Size:
        return self.base_transform.forward_shape(shape)

    def inverse_shape(self, shape: Size) -> Size:
        return self.base_transform.inverse_shape(shape)

    def __repr__(self) -> str:
        return f"IndependentTransform({self.base_transform!r}, {self.reinterpreted_batch_ndims})"


def _enough(x: Tensor, n: int) -> Tensor:
    if x.ndim < n:
        raise ValueError("Too few dimensions on input")
    return x


identity_transform = ComposeTransform([])
