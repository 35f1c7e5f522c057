"""Loop fission: a function of what another function gave gets a loop of its own, block by block.

A function of vector maths takes a dozen constants, and several vectors of it are worked on side by side; where one loop
has a chain of them, a CPU's sixteen registers do not hold that, and a third of the instructions move values to the
stack and back. So what those give that others wait for is kept for a block, in memory that stays in the nearest cache.
Functions that do not wait for one another stay together: they may share work, as powers of one base do.
"""

from __future__ import annotations

from chainrule.compiler.native.plan import CHEAP, FUNCTION, FusedLoop, Plan, price
from chainrule.core.graph import Var, order

ROOM = 24 * 1024  # bytes for what is kept: of a cache of 32 kB, in which the loop's own arrays lie too
FEW = 3  # functions that are kept apart to no gain


def ahead(plan: Plan, fused_loop: FusedLoop, block: int) -> list[list[Var]]:
    """The values that loops before the last one compute for each block, a list for each loop, in order."""
    inside = plan.computed(fused_loop)
    level: dict[int, int] = {}  # how many functions one after another there are on the way to a value
    loops: dict[int, list[Var]] = {}
    for v in order(list(inside.values())):
        if v.id in inside:
            level[v.id] = max((level.get(a.id, 0) for a in v.args if isinstance(a, Var)), default=0)
            if v.size > 1 and price(v) >= FUNCTION:
                level[v.id] += 1
                loops.setdefault(level[v.id], []).append(v)
    found: list[list[Var]] = []
    if sum(map(len, loops.values())) < FEW:
        return found
    kept: set[int] = set()
    for functions in list(loops.values())[:-1]:
        values = [*functions, *_again(functions, inside, kept)]
        kept |= {v.id for v in values}
        if sum(inside[i].dtype.itemsize * block for i in kept) > ROOM:
            break
        found.append(values)
    return found


def _again(functions: list[Var], inside: dict[int, Var], kept: set[int]) -> list[Var]:
    """What is computed for functions, takes long, and is needed by others too."""
    cost: dict[int, int] = {}
    for v in order(functions):
        if v.id in inside and v.id not in kept:
            cost[v.id] = price(v) + sum(cost.get(a.id, 0) for a in v.args if isinstance(a, Var))
    others = {a.id for v in inside.values() if v.id not in cost for a in v.args if isinstance(a, Var)}
    own = {v.id for v in functions}
    return [inside[i] for i, c in cost.items() if c > CHEAP and i in others and i not in own and inside[i].size > 1]
