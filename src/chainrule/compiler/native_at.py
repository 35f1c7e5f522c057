"""Places of elements: in memory by their number, in each dimension by their index."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chainrule.base.shapes import numel


class At:
    """The place of an element: its number in C order and its index in each dimension; one gives the other."""

    def __init__(
        self,
        build: Any,
        shape: tuple[int, ...],
        flat: Any = None,
        index: tuple[Any, ...] | None = None,
        there: Any = None,
    ) -> None:
        self.build, self.shape, self._flat, self._index = build, shape, flat, index
        self.there = there  # the condition under which there is an element; None: always
        self.derived: dict[Any, At] = {}

    @property
    def flat(self) -> Any:
        if self._flat is None:
            self._flat = ravel(self.build, self.shape, self._index)
        return self._flat

    @property
    def index(self) -> tuple[Any, ...]:
        if self._index is None:
            self._index = tuple(unravel(self.build, self.shape, self._flat))
        return self._index

    def of(self, shape: tuple[int, ...]) -> At:
        """The element of an operand of this shape that is broadcast to mine."""
        if shape == self.shape:
            return self
        if shape not in self.derived:
            if numel(shape) == 1:
                got = At(self.build, shape, number(0))
            elif numel(shape) == numel(self.shape):
                got = At(self.build, shape, self._flat, None if self._index is None else _fit(self.index, shape))
            else:
                got = At(self.build, shape, None, _fit(self.index, shape))
            self.derived[shape] = got
        return self.derived[shape]


def _fit(index: tuple[Any, ...], shape: tuple[int, ...]) -> tuple[Any, ...]:
    lead = len(index) - len(shape)
    if lead < 0:
        return (*(number(0) for _ in range(-lead)), *index)
    return tuple(number(0) if n == 1 else i for i, n in zip(index[lead:], shape))


def number(n: int) -> Any:
    from llvmlite import ir

    return ir.Constant(ir.IntType(64), n)


def ravel(build: Any, shape: tuple[int, ...], index: Any) -> Any:
    flat, step = number(0), 1
    for n, i in zip(reversed(shape), reversed(index)):
        if n > 1:
            part = i if step == 1 else build.mul(i, number(step))
            flat = part if step == 1 else build.add(flat, part)
        step *= n
    return flat


def unravel(build: Any, shape: tuple[int, ...], flat: Any) -> Iterator[Any]:
    step, lead = numel(shape), True
    for n in shape:
        step //= n
        if n == 1:
            yield number(0)
            continue
        i = flat if step == 1 else build.udiv(flat, number(step))
        yield i if lead else build.urem(i, number(n))
        lead = False
