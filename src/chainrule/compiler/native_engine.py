"""From LLVM's intermediate language to functions that Python calls."""

from __future__ import annotations

import ctypes
import functools
from typing import Any

from chainrule.compiler import vecmath

SIGNATURE = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)


def _machine(level: int) -> Any:
    # A new one for each module: the engine that is made with it owns it.
    from llvmlite import binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.Target.from_triple(llvm.get_process_triple()).create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(), opt=level, jit=True
    )


@functools.cache
def has(symbol: str) -> bool:
    """Whether the C library's function of this name can be called."""
    from llvmlite import binding as llvm

    _first_engine()
    return bool(llvm.address_of_symbol(symbol))


@functools.cache
def _first_engine() -> Any:
    # Creating an engine makes the process's own symbols known to LLVM.
    from llvmlite import binding as llvm

    return llvm.create_mcjit_compiler(llvm.parse_assembly(""), _machine(1))


class Code:
    """Machine code of a module; it holds the engine, so the functions live as long as this object.

    module: an `llvmlite.ir.Module`. loops: whether it is worth LLVM's full optimisation.
    """

    def __init__(self, module: Any, loops: bool) -> None:
        from llvmlite import binding as llvm

        machine = _machine(3 if loops else 1)
        self.module = llvm.parse_assembly(str(module))
        self.module.verify()
        tuning = llvm.create_pipeline_tuning_options(speed_level=3 if loops else 1)
        tuning.loop_vectorization = tuning.slp_vectorization = loops
        passes = llvm.create_pass_builder(machine, tuning)
        passes.getModulePassManager().run(self.module, passes)
        if loops:
            vecmath.settle(self.module, passes)
        self.engine = llvm.create_mcjit_compiler(self.module, machine)
        self.engine.finalize_object()

    def function(self, name: str, signature: Any = SIGNATURE) -> Any:
        """A function of the module, callable from Python; Python's lock is released while it runs."""
        return signature(self.engine.get_function_address(name))
