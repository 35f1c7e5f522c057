"""Results that are written over what they were computed from: one place in memory instead of two.

In a loop, an element is read before the result at the same place is written. So where a value has the shape of the
loop, is read at the loop's own place only and by nobody later, its memory can be the result's. Unrolled code reads all
that it needs before it writes anything, so a small value can lie where one of its kind lay that is not needed later.

What a function changes in place (a parameter, what an optimiser remembers) is an input and a result that belongs there.
It is written there at once when nobody reads the input later, and when nothing can fail any more: a call that raises
an error must have changed nothing. Only NumPy's steps can, so loops whose results go there come after them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
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


def over_inputs(
    plan: Plan, inputs: Sequence[Var], results: Sequence[Var], goals: Sequence[Var | None]
) -> dict[int, int]:
    """By the number of a result, that of the input whose memory it is written to; brings the steps in order for it.

    goals: the inputs whose places results are to take, in the order of these, None for those that take none.
    """
    times = Counter(a.id for a in inputs)
    to = {v.id: a for v, a in zip(results, goals) if a is not None and times[a.id] == 1 and _alike(v, a)}
    last, numpy = _last_seen(plan, ()), _last_of_numpy(plan)
    late = [s for i, s in enumerate(plan.steps) if isinstance(s, FusedLoop) and _waits(s, i, to, last, numpy)]
    moved = set(map(id, late))
    plan.steps = [*(s for s in plan.steps if id(s) not in moved), *late]
    last, numpy = _last_seen(plan, results), _last_of_numpy(plan)
    found: dict[int, int] = {}
    for i, step in enumerate(plan.steps):
        if i < numpy or not isinstance(step, FusedLoop) or not any(v.id in to for v in step.roots):
            continue
        elsewhere = _elsewhere(step, plan.computed(step))
        for v, a in ((v, to[v.id]) for v in step.roots if v.id in to):
            if last.get(a.id, 0) <= i and a.id not in elsewhere:
                found[v.id] = a.id
    return found


def _alike(v: Var, a: Var) -> bool:
    """Whether the memory of an input fits a result that a loop makes."""
    fits = v.size > unrolled.TINY and v.shape == a.shape and v.dtype == a.dtype and not v.weak
    return fits and v.op is not None and a.op is None and a.data is None and not is_reduction(v)


def _waits(step: FusedLoop, i: int, to: dict[int, Var], last: dict[int, int], numpy: int) -> bool:
    """Whether the loop at i is sooner done last of all, and can be: what it makes is read by no other step."""
    goals = [to[v.id] for v in step.roots if v.id in to]
    early = any(i < numpy or last.get(a.id, 0) > i for a in goals)
    return early and all(last.get(v.id, i) <= i for v in step.roots)


def _last_of_numpy(plan: Plan) -> int:
    return max((i for i, step in enumerate(plan.steps) if isinstance(step, Var)), default=-1)


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


def _last_seen(plan: Plan, results: Sequence[Var]) -> dict[int, int]:
    """The same, but what NumPy is given is seen until after the last read of what was made of it: perhaps a view."""
    end = len(plan.steps)
    last = {v.id: end for v in results}
    for i, step in reversed(list(enumerate(plan.steps))):
        until = min(last.get(step.id, i) + 1, end) if isinstance(step, Var) else i
        for v in _reads(plan, step):
            last[v.id] = max(last.get(v.id, 0), until)
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
