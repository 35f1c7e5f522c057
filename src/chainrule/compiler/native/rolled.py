"""A rolled loop over small values as machine code: what is carried stays in registers, arrays are walked in memory."""

from __future__ import annotations

from typing import Any

from chainrule.compiler.native import unrolled
from chainrule.compiler.native.at import number
from chainrule.compiler.native.loop import Layout, evaluate, fits, phis
from chainrule.compiler.native.registers import Emitter
from chainrule.compiler.structured import Body, Rolled
from chainrule.core.graph import Var, order


def is_rolled(v: Var) -> bool:
    """Whether a value is a rolled loop, or a result of one, whose body can be written out in registers."""
    whole = v if v.index is None else v.args[0]
    if not isinstance(whole.op, Rolled):
        return False
    body: Body = whole.attrs["body"]
    if body.native is None:
        graph = order([*body.results, *body.inputs])
        body.native = fits(graph) and all(unrolled.kinds_fit(v) for v in graph)
    return body.native


def work(v: Var) -> int:
    """About how many instructions all periods take."""
    body: Body = v.attrs["body"]
    return body.count * sum(unrolled.work(x) for x in order(body.results) if x.op is not None)


def write(module: Any, name: str, v: Var, parts: list[Var], places: dict[Any, Any]) -> None:
    """The function of a loop. parts: those of its results that are wanted."""
    from llvmlite import ir

    index, pointer = ir.IntType(64), ir.PointerType()
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), [pointer, pointer, index, index]), name)
    start, again, end = map(function.append_basic_block, ("start", "again", "end"))
    build = ir.IRBuilder(start)
    emitter = Emitter(module, build, vector=False)

    def where(a: Var) -> Any:
        kind, at = places[a.id]
        if kind == "cells":
            return build.gep(function.args[0], [number(at)], source_etype=ir.IntType(8))
        return build.load(build.gep(function.args[1], [number(at)], source_etype=pointer), typ=pointer)

    def known(a: Var, like: Var) -> Any:
        return unrolled.constants(emitter, a) if a.data is not None else Layout([like]).load(emitter, where(a), 0)

    def element(base: Any, t: Any, x: Var) -> Any:
        return build.gep(base, [build.mul(t, number(x.nbytes))], source_etype=ir.IntType(8))

    body: Body = v.attrs["body"]
    n, m = len(body.carried), len(body.carried) + len(body.read)
    first = [known(a, x) for a, x in zip(v.args[:n], body.carried)]
    values = {x.id: known(a, x) for a, x in zip(v.args[m:], body.fixed)}
    read = [where(a) for a in v.args[n:m]]
    bases = {p.index: where(p) for p in parts if p.index is not None}
    build.branch(again)

    build.position_at_end(again)
    t = build.phi(index)
    carried = [phis(emitter, cells, start) for cells in first]
    values.update((x.id, cells) for x, cells in zip(body.carried, carried))
    for x, base, (at, by) in zip(body.read, read, body.walks):
        place = build.add(number(at), build.mul(t, number(by)))
        values[x.id] = Layout([x]).load(emitter, element(base, place, x), 0)
    evaluate(emitter, order(body.results), values)
    found = [values[x.id] for x in body.results]
    for i, r in enumerate(body.kept, len(body.ends)):
        if i in bases:
            x = body.results[r]
            Layout([x]).store(emitter, element(bases[i], t, x), 0, found[r])
    following = build.add(t, number(1))
    done = build.icmp_signed("==", following, number(body.count))
    last = build.block
    for cells, r in zip(carried, body.after):
        for place, cell in zip(cells.flat, found[r].flat):
            place.raw.add_incoming(cell.raw, last)
    t.add_incoming(number(0), start)
    t.add_incoming(following, last)
    build.cbranch(done, end, again)

    build.position_at_end(end)
    for i, r in enumerate(body.ends):
        if i in bases:
            Layout([body.results[r]]).store(emitter, bases[i], 0, found[r])
    build.ret_void()
