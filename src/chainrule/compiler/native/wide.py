"""Cells that hold a number for each of several lanes: code that is written in vectors, not vectorised by LLVM."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from chainrule.compiler.native.registers import BOOL, Emitter, Register, ir_type
from chainrule.compiler.vecmath import functions as vecmath


class Wide(Emitter):
    """What writes such cells."""

    def __init__(self, module: Any, build: Any, lanes: int) -> None:
        super().__init__(module, build, vector=True)
        self.lanes = lanes

    def kind(self, dtype: Any) -> Any:
        from llvmlite import ir

        return ir.VectorType(ir_type(dtype), self.lanes)

    def constant(self, x: Any, dtype: Any, weak: bool = False) -> Register:
        from llvmlite import ir

        x = dtype.type(x)
        value = float(x) if dtype.kind == "f" else int(x)
        return Register(self, ir.Constant(self.kind(dtype), [value] * self.lanes), dtype, weak)

    def load(self, at: Any, dtype: Any, weak: bool = False) -> Register:
        return Register(self, self.build.load(at, typ=self.kind(dtype), align=dtype.itemsize), dtype, weak)

    def store(self, x: Register, at: Any) -> None:
        self.build.store(x.raw, at, align=x.dtype.itemsize)

    def call(self, name: str, *args: Register) -> Register:
        dtype = args[0].dtype
        kind = "float" if dtype.itemsize == 4 else "double"
        function = vecmath.declare(self.module, name, kind, lanes=self.lanes)
        return Register(self, self.build.call(function, [a.raw for a in args]), dtype)

    def intrinsic(self, name: str, *args: Register) -> Register:
        from llvmlite import ir

        dtype = args[0].dtype
        kind = self.kind(dtype)
        full = f"llvm.{name}.v{self.lanes}f{8 * dtype.itemsize}"
        function = self.module.declare_intrinsic(full, (), ir.FunctionType(kind, [kind] * len(args)))
        return Register(self, self.build.call(function, [a.raw for a in args]), dtype)

    def spread(self, x: Register) -> Register:
        """One number in every lane."""
        from llvmlite import ir

        index = ir.IntType(32)
        kind = self.kind(x.dtype)
        one = self.build.insert_element(ir.Constant(kind, ir.Undefined), x.raw, index(0))
        zeros = ir.Constant(ir.VectorType(index, self.lanes), [0] * self.lanes)
        return Register(self, self.build.shuffle_vector(one, ir.Constant(kind, ir.Undefined), zeros), x.dtype, x.weak)

    def any(self, x: Register) -> Any:
        """Whether a condition holds in some lane."""
        from llvmlite import ir

        bit = ir.IntType(1)
        name = f"llvm.vector.reduce.or.v{self.lanes}i1"
        return self.build.call(self.module.declare_intrinsic(name, (), ir.FunctionType(bit, [x.raw.type])), [x.raw])

    def same(self, pairs: Sequence[tuple[Register, Register]]) -> Any:
        """Whether the two of each pair are the same in all lanes, to the bit."""
        from llvmlite import ir

        found = []
        for pair in pairs:
            kind = ir.VectorType(ir.IntType(8 * pair[0].dtype.itemsize), self.lanes)
            x, y = (self.build.bitcast(c.raw, kind) for c in pair)
            found.append(Register(self, self.build.icmp_unsigned("!=", x, y), BOOL))
        return self.build.not_(self.any(functools.reduce(Register.__or__, found)))


def width() -> int:
    """Bytes of a vector register of this CPU."""
    from llvmlite import binding as llvm

    features = llvm.get_host_cpu_features()
    return 64 if features.get("avx512f", False) else 32 if features.get("avx2", False) else 16
