"""Reductions in loops: how they begin, take an element, are put together and end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.compiler.native.registers import DOUBLE, Emitter, Register, choose
from chainrule.core.graph import Var


class Accumulator:
    """A reduction that is under way in one row, block or column."""

    def __init__(self, v: Var) -> None:
        self.v = v
        self.extreme = {"largest": "maximum", "smallest": "minimum"}.get(v.says("folds"))
        self.source = v.args[0].dtype if self.extreme else v.dtype
        self.dtype = DOUBLE if self.source.kind == "f" and not self.extreme else self.source
        self.careful = self.dtype == DOUBLE and not self.extreme and self.source == DOUBLE

    def start(self, emitter: Emitter) -> Register:
        if self.extreme:
            worst = -np.inf if self.source.kind == "f" else np.iinfo(self.source).min
            best = np.inf if self.source.kind == "f" else np.iinfo(self.source).max
            return emitter.constant(worst if self.extreme == "maximum" else best, self.dtype)
        return emitter.constant(-0.0 if self.dtype.kind == "f" else 0, self.dtype)

    def add(self, emitter: Emitter, total: Register, x: Register, reorder: bool = True) -> Register:
        x = x.astype(self.dtype)
        if self.extreme:
            if self.dtype.kind == "f":
                return emitter.intrinsic(self.extreme, total, x)
            return choose(total > x if self.extreme == "maximum" else total < x, total, x)
        if self.dtype.kind == "f":
            flags = ("reassoc", "nsz") if reorder else ()
            return Register(emitter, emitter.build.fadd(total.raw, x.raw, flags=flags), self.dtype)
        return total + x

    def finish(self, emitter: Emitter, total: Register) -> Register:
        got = total.astype(self.v.dtype)
        if self.v.says("folds") == "average":
            got = got / (self.v.args[0].size // self.v.size)
        return got


class Careful:
    """A total of sums, with the rounding errors of its additions where the accumulator asks for it."""

    def __init__(self, emitter: Emitter, how: Accumulator, memory: Callable[[Any], Any]) -> None:
        self.emitter, self.how = emitter, how
        self.total, self.lost = memory(how.dtype), memory(how.dtype)

    def clear(self) -> None:
        self.emitter.store(self.how.start(self.emitter), self.total)
        self.emitter.store(self.emitter.constant(0, self.how.dtype), self.lost)

    def add(self, x: Register) -> None:
        emitter = self.emitter
        a = emitter.load(self.total, self.how.dtype)
        s = self.how.add(emitter, a, x, reorder=False)
        emitter.store(s, self.total)
        if self.how.careful:
            lost = choose(abs(a) >= abs(x), (a - s) + x, (x - s) + a)
            emitter.store(emitter.load(self.lost, self.how.dtype) + lost, self.lost)

    def value(self) -> Register:
        s = self.emitter.load(self.total, self.how.dtype)
        if not self.how.careful:
            return s
        lost = self.emitter.load(self.lost, self.how.dtype)
        return choose(lost == lost, choose(lost == 0.0, s, s + lost), s)  # infinite sums leave NaN behind
