"""Places of elements: in memory by their number, in each dimension by their index."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chainrule.base.shapes import numel
from chainrule.core.graph import Var

Place = tuple[str, int]  # of a value in memory: ('cells', offset) or ('table', index)


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


def basic(v: Var) -> list[Any] | None:
    """What a part takes of each dimension of the whole that it is taken from or set in: numbers and slices, None for a
    new dimension. None if it is no such part."""
    ndim = v.ndim if v.says("moves") == "inset" else v.args[0].ndim
    index = v.says("at")(ndim, **v.attrs)
    given = index if isinstance(index, tuple) else (index,)
    if index is None or not all(type(i) is int or type(i) is slice or i is None or i is Ellipsis for i in given):
        return None
    at = next((n for n, i in enumerate(given) if i is Ellipsis), len(given))
    left, right = given[:at], given[at + 1 :]
    rest = ndim - sum(i is not None for i in (*left, *right))
    return [*left, *[slice(None)] * rest, *right]


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


def wrap(module: Any, name: str, body: Any, places: list[Place]) -> None:
    """The function (cells, table, low, high) that finds the pointers and calls a body with them."""
    from llvmlite import ir

    index, pointer = ir.IntType(64), ir.PointerType()
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), [pointer, pointer, index, index]), name)
    build = ir.IRBuilder(function.append_basic_block())
    cells, table, low, high = function.args
    found = []
    for where, at in places:
        if where == "cells":
            found.append(build.gep(cells, [number(at)], source_etype=ir.IntType(8)))
        else:
            found.append(build.load(build.gep(table, [number(at)], source_etype=pointer), typ=pointer))
    build.call(body, [*found, low, high])
    build.ret_void()
