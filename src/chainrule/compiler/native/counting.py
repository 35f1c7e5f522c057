"""A counted loop in LLVM's instructions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def counting(
    build: Any, start: Any, stop: Any, step: int = 1, once: bool = False, shape: dict[str, int] | None = None
) -> Iterator[Any]:
    """What is written under it runs for i = start, start + step, ... below stop; `once`: at least once, in any case.

    Values that the body makes may be used after the loop only with `once`. shape: where LLVM vectorises the loop, what
    it would choose otherwise: `interleave.count`, how many vectors are side by side, in instructions that alternate,
    and `vectorize.width`, how many elements a vector has.
    """
    before = build.block
    body, end = build.append_basic_block("loop"), build.append_basic_block("end")
    if once:
        build.branch(body)
    else:
        build.cbranch(build.icmp_signed("<", start, stop), body, end)
    build.position_at_end(body)
    i = build.phi(start.type)
    i.add_incoming(start, before)
    yield i
    following = build.add(i, start.type(step), flags=("nuw", "nsw"))
    i.add_incoming(following, build.block)
    branch = build.cbranch(build.icmp_signed("<", following, stop), body, end)
    if shape:
        branch.set_metadata("llvm.loop", _hints(build.module, shape))
    build.position_at_end(end)


def _hints(module: Any, shape: dict[str, int]) -> Any:
    from llvmlite import ir

    hints = [
        module.add_metadata([ir.MetaDataString(module, f"llvm.loop.{name}"), ir.IntType(32)(count)])
        for name, count in shape.items()
    ]
    loop = module.add_metadata(hints)
    if loop.operands[0] is not loop:
        loop.operands = (loop, *loop.operands)  # what names a loop names itself first
    return loop
