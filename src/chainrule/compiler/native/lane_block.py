"""What machine code for lanes is written with: a block of lanes in memory and in registers, and one step of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from chainrule.compiler.native import unrolled
from chainrule.compiler.native.loop import evaluate
from chainrule.compiler.native.registers import Emitter, Register, ir_type
from chainrule.compiler.native.stage import Stage
from chainrule.compiler.native.wide import Wide
from chainrule.core.graph import Var, order

STEP = np.dtype("int32")  # of the step at which a lane was lost, -1 before


class LaneLayout(NamedTuple):
    """What lanes are: the steps that they make, and how a block of them lies in registers."""

    first: Stage | None  # the first step, where it differs from the others
    stage: Stage
    look: Stage  # of x, the value and the norm of the gradient
    proven: bool
    cells: dict[tuple[str, Any], Var]  # the numbers of a lane, by role and place
    lanes: int  # in a vector
    vectors: int  # in a block

    @property
    def block(self) -> int:
        """How many lanes are in a block."""
        return self.vectors * self.lanes


class Block:
    """Writes into one module, for `lanes`."""

    def __init__(self, lanes: LaneLayout) -> None:
        from llvmlite import ir

        self.lanes, self.module = lanes, ir.Module("lanes")
        self.index, self.pointer = ir.IntType(64), ir.PointerType()
        self.places = {cell: i for i, cell in enumerate(lanes.cells)}

    def _function(self, name: str) -> Any:
        """A function of (arrays, rows, stride, first lane, step, steps)."""
        from llvmlite import ir

        kind = ir.FunctionType(ir.VoidType(), [self.pointer] * 2 + [self.index] * 4)
        function = ir.Function(self.module, kind, name)
        function.linkage = "internal"
        for attribute in ("noinline", "nounwind"):
            function.attributes.add(attribute)
        build = ir.IRBuilder(function.append_basic_block())
        return function, build, Wide(self.module, build, self.lanes.lanes)

    # ---- lanes in memory

    def _array(self, emitter: Wide, arrays: Any, i: int, dtype: Any, lane: Any) -> Any:
        """Where the numbers of lanes from `lane` on lie."""
        slot = emitter.build.gep(arrays, [self.index(i)], source_etype=self.pointer)
        return emitter.build.gep(emitter.build.load(slot, typ=self.pointer), [lane], source_etype=ir_type(dtype))

    def _load(self, emitter: Wide, arrays: Any, cell: Any, lane: Any) -> Register:
        v = self.lanes.cells[cell]
        return emitter.load(self._array(emitter, arrays, self.places[cell], v.dtype, lane), v.dtype, v.weak)

    def _store(self, emitter: Wide, x: Register, arrays: Any, cell: Any, lane: Any) -> None:
        v = self.lanes.cells[cell]
        emitter.store(x, self._array(emitter, arrays, self.places[cell], v.dtype, lane))

    def _lost(self, emitter: Wide, arrays: Any, lane: Any) -> Any:
        return self._array(emitter, arrays, len(self.places), STEP, lane)

    def _lane(self, emitter: Wide, lane: Any, vector: int) -> Any:
        return emitter.build.add(lane, self.index(vector * self.lanes.lanes))

    # ---- a step

    def _common(self, emitter: Wide, stage: Stage, row: Any) -> dict[int, Any]:
        """What is the same in all lanes, spread over a vector."""
        scalars = Emitter(self.module, emitter.build, vector=True)
        values = {v.id: unrolled.constants(emitter, v) for v in stage.constants}
        for i, v in enumerate(stage.common):
            cells = stage.row.load(scalars, row, i)
            values[v.id] = wide = np.empty(v.shape, object)
            for place in np.ndindex(v.shape):
                wide[place] = emitter.spread(cells[place])
        return values

    def _row(self, emitter: Wide, rows: Any, stride: Any, i: Any) -> Any:
        from llvmlite import ir

        return emitter.build.gep(rows, [emitter.build.mul(i, stride)], source_etype=ir.IntType(8))

    def _step(
        self, emitter: Wide, stage: Stage, common: dict[int, Any], cells: dict[Any, Register], results: Sequence[Var]
    ) -> dict[int, Any]:
        """All values that the results need in a step of one vector, from what its cells hold."""
        values = dict(common)
        for role in stage.wide:
            v = stage.inputs[role]
            values[v.id] = held = np.empty(v.shape, object)
            for place in np.ndindex(v.shape):
                held[place] = cells[role, place]
        behind = {v.id for v in order(results)}
        evaluate(emitter, [v for v in stage.graph if v.id in behind], values)
        return values

    def _moved(self, after: dict[str, Var], values: dict[int, Any]) -> dict[Any, Register]:
        """What the step makes of the cells that it moves."""
        return {(role, place): values[after[role].id][place] for role, place in self.lanes.cells if role in after}
