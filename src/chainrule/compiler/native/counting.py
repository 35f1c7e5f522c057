"""A counted loop in LLVM's instructions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def counting(build: Any, start: Any, stop: Any, step: int = 1, once: bool = False) -> Iterator[Any]:
    """What is written under it runs for i = start, start + step, ... below stop; `once`: at least once, in any case.

    Values that the body makes may be used after the loop only with `once`.
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
    build.cbranch(build.icmp_signed("<", following, stop), body, end)
    build.position_at_end(end)
