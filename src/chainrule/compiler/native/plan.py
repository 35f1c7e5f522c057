"""How a graph is cut: which values are written out in registers, which run in loops and which by their NumPy kernels.

Every value is one of

    LEAF      an input or a constant
    UNROLLED  small, and computed from small values: written out element by element (unrolled)
    LOOP      elementwise, a view of such or a reduction: computed in a loop over a shape (fused); or a product
              of small matrices, a loop of its own (product)
    ROLLED    a loop over small values that the function had written out, and what comes of it (rolled)
    KERNEL    all else: its own NumPy kernel

and gets an epoch: within an epoch unrolled code runs first, then what was rolled, the loops, and the kernels. A loop
computes what its results need as it goes along; a value is put into memory (`stored`) only where it leaves the loops of
its epoch, and then too it is rather computed again if that is cheap.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any, NamedTuple

from chainrule.base.shapes import numel
from chainrule.compiler.native import unrolled
from chainrule.compiler.native.at import basic
from chainrule.compiler.native.product import is_product, operands
from chainrule.compiler.native.rolled import is_rolled
from chainrule.core.graph import Var, order
from chainrule.core.op import FUNCTION as FUNCTION

LEAF, UNROLLED, LOOP, KERNEL, ROLLED = range(5)
WORK = 4096  # instructions of unrolled code in a graph; beyond that, only single numbers are written out
CHEAP = 6  # simple instructions that are sooner done again than stored and loaded
DEEP = (
    600  # simple instructions one after another in a loop: from there on LLVM takes too long, and another loop begins
)
VIEWS = frozenset({"regroup", "axes", "spread", "part"})  # ways to move elements that take no memory


class FusedLoop(NamedTuple):
    """A loop over a shape: `roots` are put into memory, `how` is 'map', 'full', 'nest' or 'columns' (fused)."""

    shape: tuple[int, ...]
    how: str
    split: int  # how many dimensions the outer loop runs over
    epoch: int
    roots: list[Var]


class Product(NamedTuple):
    """A product of small matrices."""

    v: Var


class Rolled(NamedTuple):
    """A rolled loop, and those of its results that are wanted."""

    v: Var
    parts: list[Var]


class Plan:
    """`steps`: lists of values (unrolled code), rolled loops, fused ones, products and single values (kernels)."""

    def __init__(self, inputs: Sequence[Var], results: Sequence[Var]) -> None:
        self.values = order([*results, *inputs])
        self.kind: dict[int, int] = {}
        self.epoch: dict[int, int] = {}
        self.cost: dict[int, int] = {}
        self.depth: dict[int, int] = {}  # the longest chain in the loop up to a value
        self.stored: dict[int, Var] = {}
        self.ends = {v.id for v in results}  # in memory of their own, in order
        self._classify()
        at = [v for v in self.values if is_product(v) or self.kind[v.id] == ROLLED]
        self.solid = {x.id for v in at for x in self.reads(v)}  # read at their addresses
        for v in self.values:
            self.cost[v.id] = self._cost(v)
            before = self.reads(v)
            epoch = self.epoch[v.id] = max([0, *(self._after(a, v) for a in before)])
            if self.kind[v.id] == ROLLED and v.index is not None:
                self.epoch[v.id] = self.epoch[v.args[0].id]
            self.depth[v.id] = price(v) + max([0, *(self.depth[a.id] for a in before if self.epoch[a.id] == epoch)])
        self._store(results)
        self.steps: list[list[Var] | FusedLoop | Product | Rolled | Var] = []
        for epoch in range(max([0, *self.epoch.values()]) + 1):
            self._schedule([v for v in self.values if self.epoch[v.id] == epoch])

    # ---- kinds

    def _classify(self) -> None:
        # Written out: what is small and is computed from small values alone.
        small = [v for v in self.values if v.op is not None and _small(v, unrolled.TINY) and unrolled.covered(v)]
        if sum(map(unrolled.work, small)) > WORK:
            small = [v for v in small if _small(v, 1)]
        written = {v.id for v in small}
        for v in self.values:
            self.kind[v.id] = LEAF if v.op is None else UNROLLED if v.id in written else LOOP if loops(v) else KERNEL
            if self.kind[v.id] == KERNEL and is_rolled(v):
                self.kind[v.id] = ROLLED

    def _cost(self, v: Var) -> int:
        if self.kind[v.id] != LOOP or alone(v):
            return 0
        return min(price(v) + sum(self.cost[a.id] for a in v.args if isinstance(a, Var)), 1000)

    # ---- epochs

    def _after(self, p: Var, v: Var) -> int:
        """The first epoch in which v can run, as far as its argument p goes."""
        e, before, now = self.epoch[p.id], self.kind[p.id], self.kind[v.id]
        if before in (LEAF, UNROLLED) or now == KERNEL:
            return e
        if before == ROLLED:
            return e + (now == UNROLLED)
        return e if before == now == LOOP and self.fuses(p, v) else e + 1

    def fuses(self, p: Var, v: Var) -> bool:
        """Whether p can be computed in v's loop: once for each element, or cheaply."""
        if alone(p) or is_product(v) or self.depth[p.id] > DEEP:
            return False
        return p.size == numel(space(v)) or self.cost[p.id] <= CHEAP

    # ---- memory

    def reads(self, v: Var) -> list[Var]:
        """The values that v is computed from; of a product in a loop, those that lie in memory behind its operands."""
        if self.kind[v.id] == ROLLED and v.index is not None:
            return []
        if self.kind[v.id] == LOOP and is_product(v):
            return [x.value for x in operands(v)]
        return [a for a in v.args if isinstance(a, Var)]

    def _store(self, results: Sequence[Var]) -> None:
        for v in results:
            self._keep(v)
        for v in reversed(self.values):  # what has to be in memory
            kind, epoch = self.kind[v.id], self.epoch[v.id]
            if kind == KERNEL or (kind == LOOP and alone(v)):
                self._keep(v)
            for a in self.reads(v):
                if (
                    ((kind in (UNROLLED, KERNEL, ROLLED) or is_product(v)) and self.kind[a.id] in (LOOP, ROLLED))
                    or (self.kind[a.id] == ROLLED and kind == LOOP)
                    or (self.kind[a.id] == UNROLLED and kind != UNROLLED)
                    or (self.kind[a.id] == UNROLLED and self.epoch[a.id] < epoch)
                ):
                    self._keep(a)
        for v in reversed(self.values):  # and what would take too long to compute again from that
            for a in self.reads(v):
                later = self.kind[v.id] == self.kind[a.id] == LOOP and self.epoch[a.id] < self.epoch[v.id]
                if later and self._again(a) > CHEAP:
                    self._keep(_behind(a) if a.size > unrolled.TINY else a)

    def _again(self, v: Var) -> int:
        """About how many simple instructions it takes to compute v from memory; above `CHEAP`, any number."""
        if self.kind[v.id] != LOOP or v.id in self.stored:
            return 0
        total = price(v)
        for a in v.args:
            if isinstance(a, Var) and total <= CHEAP:
                total += self._again(a)
        return total

    def _keep(self, v: Var) -> None:
        while v.id not in self.stored:
            self.stored[v.id] = v
            v = v.args[0] if self.as_array(v) else v

    def as_array(self, v: Var) -> bool:
        """Whether a value in memory is a NumPy view of another one."""
        if self.kind[v.id] != LOOP or v.id in self.solid or v.id in self.ends:
            return False
        return v.says("moves") in VIEWS and v.size > unrolled.TINY

    # ---- steps

    def _schedule(self, values: list[Var]) -> None:
        written = [v for v in values if self.kind[v.id] == UNROLLED]
        if written:
            self.steps.append(written)
        parts = [v for v in values if self.kind[v.id] == ROLLED and v.id in self.stored]
        for v in values:
            if self.kind[v.id] == ROLLED and v.index is None:
                self.steps.append(Rolled(v, [p for p in parts if p.args[0] is v]))
        roots = [v for v in values if self.kind[v.id] == LOOP and v.id in self.stored and not self.as_array(v)]
        self.steps.extend(Product(v) for v in roots if is_product(v))
        self.steps.extend(self._fused_loops([v for v in roots if not is_product(v)]))
        self.steps.extend(v for v in values if self.kind[v.id] == KERNEL or (v.id in self.stored and self.as_array(v)))

    def _fused_loops(self, roots: list[Var]) -> list[FusedLoop]:
        """Roots over one shape share a loop, if their reductions agree on its form."""
        found: dict[tuple[int, ...], list[FusedLoop]] = {}
        for v in sorted(roots, key=lambda v: not is_reduction(v)):
            there = found.setdefault(space(v), [])
            form = self._form(v)
            for i, s in enumerate(there):
                merged = _merged((s.how, s.split), form)
                if merged is not None:
                    there[i] = FusedLoop(s.shape, *merged, s.epoch, [*s.roots, v])
                    break
            else:
                there.append(FusedLoop(space(v), *form, self.epoch[v.id], [v]))
        return [s for group in found.values() for s in group]

    def _form(self, v: Var) -> tuple[str, int]:
        shape = space(v)
        if is_reduction(v):
            mode, split = reduction(v)  # type: ignore[misc]
            if mode != "full":
                return mode, split
            if self.linear(v.args[0], numel(shape), self.epoch[v.id]):
                return "full", 0
            return "nest", _last(shape)
        return ("map", 0) if self.linear(v, v.size, self.epoch[v.id]) else ("nest", _last(shape))

    def loaded(self, v: Var, epoch: int) -> bool:
        """Whether a loop of this epoch takes v from memory instead of computing it."""
        if self.kind[v.id] != LOOP or alone(v):
            return True
        return v.id in self.stored and self.epoch[v.id] < epoch and not self.as_array(v)

    def computed(self, fused_loop: FusedLoop) -> dict[int, Var]:
        """What a loop computes, as against what it loads."""
        seen: dict[int, Var] = {}
        roots = {v.id for v in fused_loop.roots}
        stack: list[Any] = list(fused_loop.roots)
        while stack:
            v = stack.pop()
            if isinstance(v, Var) and v.id not in seen and (v.id in roots or not self.loaded(v, fused_loop.epoch)):
                seen[v.id] = v
                stack.extend(v.args)
        return seen

    def linear(self, v: Var, n: int, epoch: int) -> bool:
        """Whether all that v needs lies in memory in the order of the loop over n elements (or is one number)."""
        seen: set[int] = set()
        stack: list[Any] = [v]
        while stack:
            x = stack.pop()
            if not isinstance(x, Var) or x.size == 1 or x.id in seen:
                continue
            seen.add(x.id)
            if x.size != n:
                return False
            if not self.loaded(x, epoch):
                if x.says("moves") in ("inset", "part", "axes"):
                    return False
                stack.extend(x.args)
        return True


def price(v: Var) -> int:
    """About how many simple instructions one element of a value takes."""
    how = v.says("moves")
    if v.op is None or how in VIEWS:
        return 0
    says = v.says("price", FUNCTION)
    return 1 if is_reduction(v) else 2 if how == "inset" else int(says(*v.args) if callable(says) else says)


def _behind(v: Var) -> Var:
    """The value that a chain of views looks at."""
    while v.says("moves") in VIEWS:
        v = v.args[0]
    return v


def _merged(a: tuple[str, int], b: tuple[str, int]) -> tuple[str, int] | None:
    if a == b or b[0] == "map":
        return a
    if a[0] == "map":
        return b
    return None


def _last(shape: tuple[int, ...]) -> int:
    """Where the dimensions of the inner loop begin: at the last one that is longer than 1."""
    return max([0, *(i for i, n in enumerate(shape) if n > 1)])


def _small(v: Var, limit: int) -> bool:
    return 0 < v.size <= limit and all(0 < a.size <= limit for a in v.args if isinstance(a, Var))


def loops(v: Var) -> bool:
    """Whether a value can be computed in a loop."""
    if v.op is None or v.index is not None or not unrolled.kinds_fit(v):
        return False
    if any(isinstance(a, Var) and a.size == 0 for a in v.args):
        return False
    if unrolled.is_elementwise(v):
        return unrolled.tried(v)
    how = v.says("moves")
    if how in ("part", "inset"):
        found = basic(v)
        return found is not None and (
            how == "part" or all(type(i) is int or i is None or i.step in (None, 1) for i in found)
        )
    return how in VIEWS or is_product(v) or (is_reduction(v) and reduction(v) is not None)


def alone(v: Var) -> bool:
    """Whether a value of a loop is always put into memory: a later loop reads it there."""
    return is_reduction(v) or is_product(v)


def is_reduction(v: Var) -> bool:
    return v.says("folds") is not None


def space(v: Var) -> tuple[int, ...]:
    """The shape that a loop for v runs over."""
    shape: tuple[int, ...] = v.args[0].shape if is_reduction(v) else v.shape
    return shape


def reduced_dims(v: Var) -> tuple[int, ...]:
    shape = v.args[0].shape
    if "shape" in v.attrs:  # down to a shape
        lead = len(shape) - len(v.shape)
        return (*range(lead), *(i + lead for i, n in enumerate(v.shape) if n == 1))
    dim = v.attrs.get("dim")
    return tuple(range(len(shape))) if dim is None else tuple(dim)


def reduction(v: Var) -> tuple[str, int] | None:
    """How the loop of a reduction is built, and where its inner part begins; None if the dimensions are interleaved."""
    shape, gone = v.args[0].shape, reduced_dims(v)
    if v.dtype.kind == "b" or (v.says("folds") in unrolled.EXTREMES and v.args[0].dtype.kind == "b"):
        return None
    if prod(v.shape) == 1:
        return "full", 0
    long = [i for i, n in enumerate(shape) if n > 1]
    flags = [i in gone for i in long]
    n = sum(flags)
    if n == 0:
        return "nest", len(shape)
    if all(flags[-n:]):
        return "nest", long[-n]
    if all(flags[:n]):
        return "columns", long[n]
    return None
