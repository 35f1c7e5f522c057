"""From LLVM's intermediate language to functions that Python calls."""

from __future__ import annotations

import ctypes
import functools
from typing import Any

from chainrule.compiler import disk
from chainrule.version import __version__

SIGNATURE = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)


@functools.cache
def _host() -> tuple[str, str, str]:
    """This process's triple, its CPU, and the features of that."""
    from llvmlite import binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.get_process_triple(), llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()


def host_is(architecture: str) -> bool:
    """Whether this process runs on it."""
    return _host()[0].startswith(architecture)


def _machine(level: int) -> Any:
    # A new one for each module: the engine that is made with it owns it.
    from llvmlite import binding as llvm

    triple, cpu, features = _host()
    return llvm.Target.from_triple(triple).create_target_machine(cpu=cpu, features=features, opt=level, jit=True)


@functools.cache
def has(symbol: str) -> bool:
    """Whether the C library's function of this name can be called."""
    from llvmlite import binding as llvm

    _first_engine()
    return bool(llvm.address_of_symbol(symbol))


@functools.cache
def _first_engine() -> Any:
    # Creating an engine makes the process's own symbols known to LLVM.
    return _empty(_machine(1))


def _empty(machine: Any) -> Any:
    from llvmlite import binding as llvm

    return llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)


class Code:
    """Machine code of a module; it holds the engine, so the functions live as long as this object.

    module: an `llvmlite.ir.Module`, or its text. loops: whether it is worth LLVM's full optimisation. passes: whether
        LLVM's passes are run at all; code without loops over arrays, of a graph that was simplified, gains nothing by
        them that was measured, and they take as long as the rest.
    """

    def __init__(self, module: Any, loops: bool, passes: bool = True) -> None:
        from llvmlite import binding as llvm

        text, machine = str(module), _machine(3 if loops else 1)
        if disk.cached():
            self.engine = _empty(machine)
            self.engine.add_object_file(llvm.ObjectFileRef.from_data(_object(text, machine, loops, passes)))
        else:
            self.module = _optimised(text, machine, loops, passes)
            self.engine = llvm.create_mcjit_compiler(self.module, machine)
        self.engine.finalize_object()

    def function(self, name: str, signature: Any = SIGNATURE) -> Any:
        """A function of the module, callable from Python; Python's lock is released while it runs."""
        return signature(self.engine.get_function_address(name))


def _optimised(text: str, machine: Any, loops: bool, passes: bool) -> Any:
    from llvmlite import binding as llvm

    module = llvm.parse_assembly(text)
    module.verify()
    if passes:
        tuning = llvm.create_pipeline_tuning_options(speed_level=3 if loops else 1)
        tuning.loop_vectorization = tuning.slp_vectorization = loops
        builder = llvm.create_pass_builder(machine, tuning)
        builder.getModulePassManager().run(module, builder)
        if loops:
            from chainrule.compiler.vecmath import functions as vecmath

            vecmath.settle(module, builder)
    return module


def _object(text: str, machine: Any, loops: bool, passes: bool) -> bytes:
    """The object file of a module, from the disk if it is there."""
    import llvmlite
    from llvmlite import binding as llvm

    versions = str(llvm.llvm_version_info), llvmlite.__version__, __version__
    name = disk.key(text, f"{loops} {passes}", *_host(), *versions)
    data = disk.kept(disk.load, name)
    if data is None:
        data = machine.emit_object(_optimised(text, machine, loops, passes))
        disk.kept(disk.save, name, data)
    return data
