"""Results that are written over what they were computed from: one place in memory instead of two.

In a loop, an element is read before the result at the same place is written. So where a value has the shape of the
loop, is read at the loop's own place only and by nobody later, its memory can be the result's. Unrolled code reads all
that it needs before it writes anything, so a small value can lie where one of its kind lay that is not needed later.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from chainrule.compiler.native import unrolled
from chainrule.compiler.native.plan import LOOP, FusedLoop, Plan, Product, Rolled, is_reduction
from chainrule.core.graph import Var


def in_place(plan: Plan, results: Sequence[Var]) -> dict[int, int]:
    """By the number of a value, that of the one whose memory it takes over."""
    end, last = len(plan.steps), _last(plan, results)
    found: dict[int, int] = {}
    taken: set[int] = set()
    for i, step in enumerate(plan.steps):
        if not isinstance(step, FusedLoop):
            continue
        inside = plan.computed(step)
        elsewhere = _elsewhere(step, inside)
        for v in step.roots:
            if is_reduction(v) or v.size <= unrolled.TINY or v.shape != step.shape or last.get(v.id, end) == end:
                continue
            for a in _behind(plan, v, step, inside):
                if last[a.id] == i and a.id not in taken and a.dtype == v.dtype and a.id not in elsewhere:
                    found[v.id] = found.get(a.id, a.id)
                    taken.add(a.id)
                    break
    return found


def cells_again(plan: Plan, cells: Sequence[Var], results: Sequence[Var]) -> dict[int, int]:
    """By the number of a small value that unrolled code makes, that of the one whose cell it takes over."""
    last, found = _last(plan, results), dict[int, int]()
    there, free = {v.id for v in cells}, defaultdict[Any, list[int]](list)
    ends: dict[int, list[Var]] = defaultdict(list)
    for v in cells:
        if v.data is None and v.id in last:
            ends[last[v.id]].append(v)
    for i, step in enumerate(plan.steps):
        for a in ends[i]:  # computed before: unrolled code makes nothing that it alone reads
            free[a.shape, a.dtype].append(found.get(a.id, a.id))
        for v in step if isinstance(step, list) else ():
            if v.id in there and free[v.shape, v.dtype]:
                found[v.id] = free[v.shape, v.dtype].pop()
    return found


def _last(plan: Plan, results: Sequence[Var]) -> dict[int, int]:
    """By the number of a value, the last step that reads it; what NumPy is given may be seen to the end."""
    end, last = len(plan.steps), {v.id: len(plan.steps) for v in results}
    for i, step in enumerate(plan.steps):
        for v in _reads(plan, step):
            last[v.id] = max(last.get(v.id, 0), end if isinstance(step, Var) else i)
    return last


def _reads(plan: Plan, step: Any) -> Iterator[Var]:
    if isinstance(step, list):
        for v in step:
            yield from (a for a in v.args if isinstance(a, Var))
        return
    if isinstance(step, Rolled):
        yield from plan.reads(step.v)
        return
    values = (
        [step] if isinstance(step, Var) else [step.v] if isinstance(step, Product) else plan.computed(step).values()
    )
    for v in values:
        yield from plan.reads(v)


def _behind(plan: Plan, v: Var, fused_loop: FusedLoop, inside: dict[int, Var]) -> Iterator[Var]:
    """What v is computed from, element by element, that another loop has put into memory."""
    seen: set[int] = set()
    stack = [v]
    while stack:
        for a in stack.pop().args:
            if not isinstance(a, Var) or a.id in seen or a.shape != fused_loop.shape:
                continue
            seen.add(a.id)
            if a.id in inside:
                stack.extend([a] if unrolled.is_elementwise(a) else [])
            elif plan.kind[a.id] == LOOP and not plan.as_array(a):
                yield a


def _elsewhere(fused_loop: FusedLoop, inside: dict[int, Var]) -> set[int]:
    """What a loop reads, itself or through what is computed of it, at another place than where it stands."""

    def there(u: Var) -> bool:
        return unrolled.is_elementwise(u) and u.shape == fused_loop.shape

    away = [u for u in inside.values() if not there(u) and not is_reduction(u)]
    stack = [x for u in away for x in u.args]
    seen: set[int] = set()
    while stack:
        x = stack.pop()
        if isinstance(x, Var) and x.id not in seen:
            seen.add(x.id)
            stack.extend(x.args if x.id in inside else ())
    return seen
