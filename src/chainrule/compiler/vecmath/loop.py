"""out[i] = f(x[i], ...) for one function of vector maths, compiled: for tests and measurements."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

from chainrule.compiler.vecmath.functions import arity, declare, host_has_fma, settle
from chainrule.compiler.vecmath.lane import need_llvmlite

DTYPES = {"float": np.float32, "double": np.float64}


class VectorLoop:
    """A compiled loop over arrays, called with as many arrays of one length as the function takes.

    Arguments:
        name, dtype: as of `declare`.
        cpu, features: what LLVM compiles for; default: this CPU with all it has.

    Attributes:
        assembly: the machine code as text.
    """

    def __init__(self, name: str, dtype: str, cpu: str | None = None, features: str | None = None) -> None:
        llvm = need_llvmlite().binding
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        self.arity, self.dtype = arity(name), np.dtype(DTYPES[dtype])
        fma = host_has_fma() if features is None else "+fma" in features.split(",")
        module = llvm.parse_assembly(str(written(name, dtype, fma)))
        module.verify()
        machine = llvm.Target.from_triple(llvm.get_process_triple()).create_target_machine(
            cpu=llvm.get_host_cpu_name() if cpu is None else cpu,
            features=llvm.get_host_cpu_features().flatten() if features is None else features,
            opt=3, jit=True,
        )  # fmt: skip
        tuning = llvm.create_pipeline_tuning_options(speed_level=3)
        tuning.loop_vectorization = tuning.slp_vectorization = True
        passes = llvm.create_pass_builder(machine, tuning)
        passes.getModulePassManager().run(module, passes)
        settle(module, passes)
        self.assembly: str = machine.emit_assembly(module)
        self._engine = llvm.create_mcjit_compiler(module, machine)  # holds the code: lives as long as the loop
        self._engine.finalize_object()
        signature = ctypes.CFUNCTYPE(None, ctypes.c_int64, *[ctypes.c_void_p] * (self.arity + 1))
        self._call = signature(self._engine.get_function_address("loop"))

    def __call__(self, *xs: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """f of contiguous arrays of the loop's dtype and one shape."""
        if out is None:
            out = np.empty_like(xs[0])
        arrays = (out, *xs)
        if len(xs) != self.arity or any(
            a.dtype != self.dtype or a.shape != out.shape or not a.flags.c_contiguous for a in arrays
        ):
            raise ValueError(f"wanted {self.arity} contiguous arrays of {self.dtype} and of one shape")
        self._call(out.size, *(a.ctypes.data for a in arrays))
        return out


def written(name: str, dtype: str, fma: bool) -> Any:
    """The module with the loop, before LLVM sees it."""
    ir = need_llvmlite().ir
    module = ir.Module(name=f"{name}_{dtype}")
    module.triple = need_llvmlite().binding.get_process_triple()
    function = declare(module, name, dtype, fma)
    kind, index = function.return_value.type, ir.IntType(64)
    loop = ir.Function(module, ir.FunctionType(ir.VoidType(), [index] + [ir.PointerType()] * (arity(name) + 1)), "loop")
    count, out, *xs = loop.args
    out.add_attribute("noalias")
    start, body, end = (loop.append_basic_block(n) for n in ("start", "body", "end"))
    build = ir.IRBuilder(start)
    build.cbranch(build.icmp_signed(">", count, index(0)), body, end)
    build.position_at_end(body)
    i = build.phi(index)
    values = [build.load(build.gep(x, [i], source_etype=kind), typ=kind) for x in xs]
    build.store(build.call(function, values), build.gep(out, [i], source_etype=kind))
    following = build.add(i, index(1), flags=("nuw", "nsw"))
    i.add_incoming(index(0), start)
    i.add_incoming(following, body)
    build.cbranch(build.icmp_signed("<", following, count), body, end)
    build.position_at_end(end)
    build.ret_void()
    return module
