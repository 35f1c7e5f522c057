"""Transforms of vectors and matrices, and of stretches and slices of tensors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.api.creation import eye, from_numpy
from chainrule.api.factorizations import cholesky
from chainrule.api.joining import cat, stack
from chainrule.base.shapes import Size, numel
from chainrule.core.tensor import Tensor
from chainrule.distributions import constraints
from chainrule.distributions._of_numbers import inside
from chainrule.distributions._transform import Transform
from chainrule.distributions.distribution import sum_rightmost
from chainrule.nn.functional import logsigmoid, pad, softplus


class ReshapeTransform(Transform):
    """The last dimensions, which have the shape `in_shape`, in the shape `out_shape`."""

    _parameters = ("in_shape", "out_shape")

    def __init__(self, in_shape: Sequence[int], out_shape: Sequence[int], cache_size: int = 0) -> None:
        super().__init__(cache_size)
        self.in_shape, self.out_shape = Size(in_shape), Size(out_shape)
        if numel(self.in_shape) != numel(self.out_shape):
            raise ValueError("in_shape, out_shape have different numbers of elements")
        self.domain = constraints.independent(constraints.real, len(self.in_shape))
        self.codomain = constraints.independent(constraints.real, len(self.out_shape))

    def _call(self, x: Tensor) -> Tensor:
        return x.reshape(x.shape[: x.ndim - len(self.in_shape)] + self.out_shape)

    def _inverse(self, y: Tensor) -> Tensor:
        return y.reshape(y.shape[: y.ndim - len(self.out_shape)] + self.in_shape)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return x.new_zeros(x.shape[: x.ndim - len(self.in_shape)])  # type: ignore[no-any-return]

    def forward_shape(self, shape: Size) -> Size:
        return _exchanged(shape, self.in_shape, self.out_shape)

    def inverse_shape(self, shape: Size) -> Size:
        return _exchanged(shape, self.out_shape, self.in_shape)


def _exchanged(shape: Size, old: Size, new: Size) -> Size:
    cut = len(_at_least(shape, len(old))) - len(old)
    if shape[cut:] != old:
        raise ValueError(f"Shape mismatch: expected {shape[cut:]} but got {old}")
    return Size((*shape[:cut], *new))


def _at_least(shape: Size, n: int) -> Size:
    if len(shape) < n:
        raise ValueError("Too few dimensions on input")
    return shape


class SoftmaxTransform(Transform):
    """Shares in proportion to exp(x). It has no volume: many x give the same shares."""

    domain, codomain, bijective = constraints.real_vector, constraints.simplex, False
    _parameters = ()

    def _call(self, x: Tensor) -> Tensor:
        return x.softmax(-1)

    def _inverse(self, y: Tensor) -> Tensor:
        return y.log()

    def forward_shape(self, shape: Size) -> Size:
        return _at_least(shape, 1)

    inverse_shape = forward_shape


class StickBreakingTransform(Transform):
    """n numbers as n + 1 shares: each number says which part of what is left its share takes."""

    domain, codomain = constraints.real_vector, constraints.simplex
    _parameters = ()

    def _offset(self, x: Tensor) -> Tensor:
        """The logarithms of how many shares come after each: for x = 0 all shares are equal."""
        return x.new_tensor(np.arange(x.shape[-1], 0, -1)).log()  # type: ignore[no-any-return]

    def _call(self, x: Tensor) -> Tensor:
        part = inside((x - self._offset(x)).sigmoid())
        return pad(part, [0, 1], value=1.0) * pad((1 - part).cumprod(-1), [1, 0], value=1.0)

    def _inverse(self, y: Tensor) -> Tensor:
        share = y[..., :-1]
        left = (1 - share.cumsum(-1)).clamp(min=float(np.finfo(y.dtype.np).tiny))
        return share.log() - left.log() + self._offset(share)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        x = x - self._offset(x)
        return (-x + logsigmoid(x) + y[..., :-1].log()).sum(-1)

    def forward_shape(self, shape: Size) -> Size:
        return Size((*_at_least(shape, 1)[:-1], shape[-1] + 1))

    def inverse_shape(self, shape: Size) -> Size:
        return Size((*_at_least(shape, 1)[:-1], shape[-1] - 1))


class LowerCholeskyTransform(Transform):
    """A matrix's lower triangle, with the exponentials of its diagonal."""

    domain, codomain, bijective = constraints.independent(constraints.real, 2), constraints.lower_cholesky, False
    _parameters = ()

    def _call(self, x: Tensor) -> Tensor:
        return x.tril(-1) + x.diagonal(dim1=-2, dim2=-1).exp().diag_embed()

    def _inverse(self, y: Tensor) -> Tensor:
        return y.tril(-1) + y.diagonal(dim1=-2, dim2=-1).log().diag_embed()


class PositiveDefiniteTransform(Transform):
    """L L^T of what `LowerCholeskyTransform` makes of a matrix."""

    domain, codomain, bijective = constraints.independent(constraints.real, 2), constraints.positive_definite, False
    _parameters = ()

    def _call(self, x: Tensor) -> Tensor:
        factor = LowerCholeskyTransform()(x)
        return factor @ factor.mT

    def _inverse(self, y: Tensor) -> Tensor:
        return LowerCholeskyTransform().inv(cholesky(y))


class CorrCholeskyTransform(Transform):
    """n (n - 1) / 2 numbers as the Cholesky factor of a correlation matrix, whose rows have the length 1.

    tanh(x) says which part of the length that is left in a row its element takes (Lewandowski, Kurowicka and Joe,
    Generating random correlation matrices based on vines and extended onion method, 2009).
    """

    domain, codomain = constraints.real_vector, constraints.corr_cholesky
    _parameters = ()

    def _call(self, x: Tensor) -> Tensor:
        eps = float(np.finfo(x.dtype.np).eps)
        part, n = x.tanh().clamp(-1 + eps, 1 - eps), self.forward_shape(x.shape)[-1]
        rows, columns = np.tril_indices(n, -1)
        r = x.new_zeros((*x.shape[:-1], n, n))
        r[..., from_numpy(rows), from_numpy(columns)] = part
        left = (1 - r**2).sqrt().cumprod(-1)
        return (r + eye(n, dtype=x.dtype)) * pad(left[..., :-1], [1, 0], value=1.0)  # type: ignore[no-any-return]

    def _inverse(self, y: Tensor) -> Tensor:
        left = pad((1 - (y * y).cumsum(-1))[..., :-1], [1, 0], value=1.0)
        part = _below(y, -1) / _below(left, -1).sqrt()
        return (part.log1p() - (-part).log1p()) / 2

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        left = _below(1 - (y * y).cumsum(-1), -2)
        return 0.5 * left.log().sum(-1) - 2 * (x + softplus(-2 * x) - math.log(2.0)).sum(-1)

    def forward_shape(self, shape: Size) -> Size:
        count = _at_least(shape, 1)[-1]
        n = round((0.25 + 2 * count) ** 0.5 + 0.5)
        if n * (n - 1) // 2 != count:
            raise ValueError("Input is not a flattened lower-diagonal number")
        return Size((*shape[:-1], n, n))

    def inverse_shape(self, shape: Size) -> Size:
        if _at_least(shape, 2)[-2] != shape[-1]:
            raise ValueError("Input is not square")
        return Size((*shape[:-2], shape[-1] * (shape[-1] - 1) // 2))


def _below(matrix: Tensor, diagonal: int) -> Tensor:
    """The elements below a diagonal, row by row."""
    rows, columns = np.tril_indices(matrix.shape[-1], diagonal)
    return matrix[..., from_numpy(rows), from_numpy(columns)]


class _Several(Transform):
    """Transforms side by side along a dimension."""

    def __init__(self, tseq: Sequence[Transform], dim: int = 0, cache_size: int = 0) -> None:
        if not all(isinstance(t, Transform) for t in tseq):
            raise AssertionError("All elements of tseq must be Transform instances")
        super().__init__(cache_size)
        self.transforms = [t.with_cache(cache_size) for t in tseq] if cache_size else list(tseq)
        self.dim = dim

    @property
    def bijective(self) -> bool:
        """Whether all of them are."""
        return all(t.bijective for t in self.transforms)

    def _parts(self, x: Tensor) -> Any:
        raise NotImplementedError

    def _whole(self, parts: list[Tensor]) -> Tensor:
        raise NotImplementedError

    def _call(self, x: Tensor) -> Tensor:
        return self._whole([t(v) for t, v in zip(self.transforms, self._parts(x))])

    def _inverse(self, y: Tensor) -> Tensor:
        return self._whole([t.inv(v) for t, v in zip(self.transforms, self._parts(y))])

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        each = zip(self.transforms, self._parts(x), self._parts(y))
        return self._whole([self._measured(t, a, b) for t, a, b in each])

    def _measured(self, t: Transform, x: Tensor, y: Tensor) -> Tensor:
        return t.log_abs_det_jacobian(x, y)


class CatTransform(_Several):
    """Transforms of stretches of the given lengths along `dim`."""

    def __init__(self, tseq: Sequence[Transform], dim: int = 0, lengths: Sequence[int] | None = None,
                 cache_size: int = 0) -> None:  # fmt: skip
        super().__init__(tseq, dim, cache_size)
        self.lengths = [1] * len(self.transforms) if lengths is None else list(lengths)
        if len(self.lengths) != len(self.transforms):
            raise AssertionError(f"lengths ({len(self.lengths)}) must match transforms ({len(self.transforms)})")

    @property
    def event_dim(self) -> int:
        """The most dimensions of one event that one of them needs."""
        return max(t.event_dim for t in self.transforms)

    @property
    def length(self) -> int:
        """That of all stretches together."""
        return sum(self.lengths)

    @property
    def domain(self) -> Any:
        """The stretches' domains."""
        return constraints.cat([t.domain for t in self.transforms], self.dim, self.lengths)

    @property
    def codomain(self) -> Any:
        """The stretches' codomains."""
        return constraints.cat([t.codomain for t in self.transforms], self.dim, self.lengths)

    def _parts(self, x: Tensor) -> Any:
        return x.split(self.lengths, self.dim)

    def _whole(self, parts: list[Tensor]) -> Tensor:
        return cat(parts, self.dim)

    def _measured(self, t: Transform, x: Tensor, y: Tensor) -> Tensor:
        return sum_rightmost(t.log_abs_det_jacobian(x, y), self.event_dim - t.event_dim)


class StackTransform(_Several):
    """Transforms of slices along `dim`."""

    @property
    def domain(self) -> Any:
        """The slices' domains."""
        return constraints.stack([t.domain for t in self.transforms], self.dim)

    @property
    def codomain(self) -> Any:
        """The slices' codomains."""
        return constraints.stack([t.codomain for t in self.transforms], self.dim)

    def _parts(self, x: Tensor) -> Any:
        return x.unbind(self.dim)

    def _whole(self, parts: list[Tensor]) -> Tensor:
        return stack(parts, self.dim)
