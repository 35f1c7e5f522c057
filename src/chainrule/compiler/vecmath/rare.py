"""Rare cases: a branch to a cold call that does not stop LLVM from vectorising the loop around it.

LLVM's loop vectoriser gives up at a call of an unknown function, unless the function names vector variants of itself
(the vector function ABI). So the cold function gets a variant per vector width, with a mask of the lanes that want it:
if there is none it returns at once, otherwise it calls the scalar function lane by lane. `vecmath.settle` inlines
the variants after vectorising, which leaves one test and one untaken branch per vector in the loop.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chainrule.compiler.vecmath.lane import LaneEmitter, Real, Truth, need_llvmlite

WIDTHS = (2, 4, 8, 16, 32)
Write = Callable[..., Any]


def rarely(c: LaneEmitter, condition: Truth, otherwise: Real, name: str, args: tuple[Real, ...], write: Write) -> Real:
    """Where the condition holds the cold function `name` of the arguments, which `write(code, *args)` writes."""
    function = cold_function(c, name, len(args), write)
    if c.lanes > 1:
        some = c.build.module.globals[f"{function.name}_x{c.lanes}"]
        return c.select(condition, Real(c, c.build.call(some, [*(a.raw for a in args), condition.raw])), otherwise)
    before = c.build.block
    with c.build.if_then(condition.raw, likely=False):
        value = c.build.call(function, [a.raw for a in args])
        taken = c.build.block
    phi = c.build.phi(c.type)
    phi.add_incoming(otherwise.raw, before)
    phi.add_incoming(value, taken)
    return Real(c, phi)


def cold_function(c: LaneEmitter, name: str, arity: int, write: Write) -> Any:
    """The scalar function, with its variants, in the module that c is in."""
    module, symbol = c.build.module, f"chainrule_{name}_cold_{c.dtype}"
    if symbol in module.globals:
        return module.globals[symbol]
    ir = need_llvmlite().ir
    kind = c.type if c.lanes == 1 else c.type.element
    function = ir.Function(module, ir.FunctionType(kind, [kind] * arity), symbol)
    function.linkage = "internal"
    for attribute in ("noinline", "cold", "nounwind", "readnone"):
        function.attributes.add(attribute)
    inner = LaneEmitter(ir.IRBuilder(function.append_basic_block()), c.dtype, c.fused)
    inner.build.ret(write(inner, *(Real(inner, a) for a in function.args)).raw)
    variants = [variant(function, width) for width in WIDTHS]
    names = ",".join(f"_ZGV_LLVM_M{width}{'v' * arity}_{symbol}({v.name})" for width, v in zip(WIDTHS, variants))
    # llvmlite knows no attributes with values; its set prints what is in it
    set.add(function.attributes, f'"vector-function-abi-variant"="{names}"')
    return function


def variant(function: Any, width: int) -> Any:
    """The masked variant for vectors of that width: the scalar function for the lanes whose bit is set."""
    ir = need_llvmlite().ir
    module, kind, arity = function.module, function.return_value.type, len(function.args)
    vector, mask, index = ir.VectorType(kind, width), ir.VectorType(ir.IntType(1), width), ir.IntType(32)
    shape = ir.FunctionType(vector, [vector] * arity + [mask])
    lanes = ir.Function(module, shape, f"{function.name}_lanes{width}")
    lanes.linkage = "internal"
    for attribute in ("noinline", "cold", "nounwind", "readnone", "minsize", "optsize"):  # not to be unrolled
        lanes.attributes.add(attribute)
    start, body, call, after, end = (lanes.append_basic_block(n) for n in ("start", "body", "call", "after", "end"))
    *xs, wanted = lanes.args
    ir.IRBuilder(start).branch(body)
    build = ir.IRBuilder(body)
    i, result = build.phi(index), build.phi(vector)
    build.cbranch(build.extract_element(wanted, i), call, after)
    build.position_at_end(call)
    value = build.call(function, [build.extract_element(x, i) for x in xs])
    filled = build.insert_element(result, value, i)
    build.branch(after)
    build.position_at_end(after)
    latest = build.phi(vector)
    latest.add_incoming(result, body)
    latest.add_incoming(filled, call)
    following = build.add(i, index(1))
    for phi, first, then in ((i, index(0), following), (result, ir.Constant(vector, None), latest)):
        phi.add_incoming(first, start)
        phi.add_incoming(then, after)
    build.cbranch(build.icmp_unsigned("<", following, index(width)), body, end)
    ir.IRBuilder(end).ret(latest)
    return entrance(lanes, width)


def entrance(lanes: Any, width: int) -> Any:
    """What the vectorised loop calls and `settle` inlines: `lanes` if a lane wants it."""
    ir = need_llvmlite().ir
    module, vector, mask = lanes.module, lanes.return_value.type, lanes.args[-1].type
    function = ir.Function(module, lanes.ftype, lanes.name.replace("_lanes", "_x"))
    for attribute in ("alwaysinline", "nounwind", "readnone"):
        function.attributes.add(attribute)
    build = ir.IRBuilder(function.append_basic_block())
    start = build.block
    any_of = module.declare_intrinsic(f"llvm.vector.reduce.or.v{width}i1", fnty=ir.FunctionType(ir.IntType(1), [mask]))
    with build.if_then(build.call(any_of, [function.args[-1]]), likely=False):
        value = build.call(lanes, function.args)
        taken = build.block
    phi = build.phi(vector)
    phi.add_incoming(ir.Constant(vector, None), start)
    phi.add_incoming(value, taken)
    build.ret(phi)
    return function
