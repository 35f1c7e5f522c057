"""A function as source text for other programs: C99 or JavaScript, one file that needs nothing else.

The graph is written out number by number, by the ops' own kernels, as native code is: `Register` stands in a number's
place, and what would write LLVM's instructions writes statements. What is not used by a result is left out.
"""

from __future__ import annotations

import inspect
import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.compiler.lower import lower
from chainrule.compiler.native import unrolled
from chainrule.compiler.native.registers import _LIBM, Emitter, NotNative, Register
from chainrule.compiler.passes import simplify
from chainrule.compiler.trace import trace
from chainrule.core.graph import Var, constant, order
from chainrule.core.tensor import Tensor, wrap
from chainrule.func.derivatives import grad, hessian, jacrev
from chainrule.version import __version__

KINDS = {"double": np.dtype("float64"), "float": np.dtype("float32")}
_INFIX = {"fadd": "+", "fsub": "-", "fmul": "*", "fdiv": "/", "add": "+", "sub": "-", "mul": "*",
          "and_": "&", "or_": "|", "xor": "^"}  # fmt: skip
_IN_JS = {"fmod": "{0} % {1}", "exp2": "Math.pow(2, {0})", "fabs": "Math.abs({0})"}
_NOT_IN_JS = frozenset({"erf", "erfc", "rint", "copysign"})


_TAKEN = _LIBM | frozenset(
    "auto char const default do double enum extern float goto inline int long main register restrict short signed "
    "sizeof static struct switch typedef union unsigned void volatile gamma lgamma tgamma fabs floor ceil trunc rint "
    "sqrt function new null this throw typeof undefined var let catch case delete export instanceof module NaN "
    "Infinity arguments eval interface package private protected public super debugger await yield".split()
)


class NotExported(TypeError):
    """A function that cannot be written as source text."""


class _Raw(str):
    """The name of a number, and its C type."""

    kind: str


def _raw(text: str, kind: str) -> _Raw:
    raw = _Raw(text)
    raw.kind = kind
    return raw


class _Build:
    """Writes statements where LLVM's builder would write instructions."""

    def __init__(self, js: bool) -> None:
        self.js = js
        self.lines: dict[str, tuple[str, str]] = {}  # by name, the type and the expression

    def __getattr__(self, how: str) -> Callable[..., _Raw]:
        if how not in _INFIX:
            raise NotNative(f"no form of {how}")
        return lambda a, b: self.put(a.kind, f"{a} {_INFIX[how]} {b}")

    def put(self, kind: str, text: str) -> _Raw:
        """A new number."""
        name = f"v{len(self.lines)}"
        if self.js:
            text = f"Math.fround({text})" if kind == "float" else f"({text}) | 0" if kind == "int" else text
        self.lines[name] = kind, text
        return _raw(name, kind)

    def fneg(self, a: _Raw) -> _Raw:
        return self.put(a.kind, f"-{a}")

    neg = fneg

    def not_(self, a: _Raw) -> _Raw:
        return self.put(a.kind, f"!{a}" if a.kind == "int" else f"~{a}")

    def fcmp_ordered(self, how: str, a: _Raw, b: _Raw) -> _Raw:
        return self.put("int", f"{a} {how} {b}")

    fcmp_unordered = icmp_signed = icmp_unsigned = fcmp_ordered

    def select(self, c: _Raw, a: _Raw, b: _Raw) -> _Raw:
        return self.put(a.kind, f"{c} ? {a} : {b}")

    def fpext(self, a: _Raw, to: str) -> _Raw:
        return self.put(to, str(a) if self.js else f"({to}){a}")

    fptrunc = sitofp = uitofp = sext = zext = trunc = fptosi = fpext

    def call(self, name: str, args: Sequence[_Raw]) -> _Raw:
        kind = args[0].kind
        if self.js:
            if name in _NOT_IN_JS:
                raise NotNative(f"JavaScript has no {name}")
            return self.put(kind, _IN_JS.get(name, f"Math.{name}({', '.join(args)})").format(*args))
        return self.put(kind, f"{name}{'f' * (kind == 'float')}({', '.join(args)})")


class _Text(Emitter):
    """An emitter of source text."""

    def __init__(self, js: bool) -> None:
        super().__init__(None, _Build(js), False)

    def kind(self, dtype: Any) -> str:
        if dtype.kind == "f" and dtype.itemsize > 2:
            return "float" if dtype.itemsize == 4 else "double"
        if dtype.kind not in "bi":
            raise NotNative(f"no numbers of {dtype}")
        return "int" if dtype.kind == "b" else "long long"

    def constant(self, x: Any, dtype: Any, weak: bool = False) -> Register:
        x, kind = dtype.type(x), self.kind(dtype)
        if dtype.kind != "f":
            return Register(self, _raw(f"({int(x)})" if x < 0 else str(int(x)), kind), dtype, weak)
        if not np.isfinite(x):
            name = "NaN" if self.build.js else "NAN"
            name = name if np.isnan(x) else "Infinity" if self.build.js else "INFINITY"
            text = f"(-{name})" if x < 0 else name
        else:
            text = repr(float(x)) + "f" * (kind == "float" and not self.build.js)
            text = f"({text})" if text.startswith("-") else text
        return Register(self, _raw(text, kind), dtype, weak)

    def call(self, name: str, *args: Register) -> Register:
        if name not in _LIBM:
            raise NotNative(f"there is no {name} in C's library")
        return Register(self, self.build.call(name, [a.raw for a in args]), args[0].dtype)

    def intrinsic(self, name: str, *args: Register) -> Register:
        return Register(self, self.build.call(name, [a.raw for a in args]), args[0].dtype)


def export(
    f: Callable[..., Any], path: Any, args: Sequence[Any], *, dtype: str, gradient: bool | None, jacobian: bool,
    hessian_too: bool,
) -> None:  # fmt: skip
    """Write a function and its derivatives to a file; nothing is written where that cannot be done."""
    path = Path(path)
    if path.suffix not in (".c", ".js"):
        raise ValueError(f"export writes .c and .js, got {path.name!r}")
    if dtype not in KINDS:
        raise ValueError(f"dtype must be 'double' or 'float', got {dtype!r}")
    tensors = [_example(x, KINDS[dtype]) for x in args]
    name = re.sub(r"\W|^(?=\d)", "_", path.stem, flags=re.ASCII)
    name += "_" * (name in _TAKEN)
    names = _names(f, len(tensors))
    every = tuple(range(len(tensors)))
    single = len(_outputs(f, tensors)) == 1 and _outputs(f, tensors)[0].size == 1
    if gradient is None:
        gradient = single
    if (gradient or hessian_too) and not single:
        raise NotExported("gradient and Hessian are of functions that give one number: ask for jacobian=True instead")
    one = lambda *xs: f(*xs).reshape(())  # noqa: E731
    parts = [(name, f, [f"out{i}" if i else "out" for i in range(len(_outputs(f, tensors)))])]
    if gradient:
        parts.append((f"{name}_gradient", grad(one, argnums=every), [f"d_{n}" for n in names]))
    if jacobian:
        many = len(_outputs(f, tensors))
        outs = [f"j{i or ''}_{n}" for i in range(many) for n in names]
        parts.append((f"{name}_jacobian", jacrev(f, argnums=every), outs))
    if hessian_too:
        parts.append((f"{name}_hessian", hessian(one, argnums=every), [f"h_{a}_{b}" for a in names for b in names]))
    js = path.suffix == ".js"
    text = "\n\n".join(_function(part, g, tensors, names, outs, js) for part, g, outs in parts)
    head = f"Made by chainrule {__version__}: numbers are {dtype}s, arrays lie in C order."
    if js:
        exported = ", ".join(part for part, _, _ in parts)
        text = f'// {head}\n\n{text}\n\nif (typeof module !== "undefined") module.exports = {{ {exported} }};\n'
    else:
        text = f"/* {head} */\n#include <math.h>\n\n{text}\n"
    part_file = path.with_name(f"{path.name}.{os.getpid()}.part")
    part_file.write_text(text)
    os.replace(part_file, path)


def _example(x: Any, dtype: Any) -> Tensor:
    a = np.asarray(x._a if isinstance(x, Tensor) else x)
    if a.dtype.kind not in "fi":
        raise NotExported(f"an argument of {a.dtype} cannot be exported")
    return wrap(np.ascontiguousarray(a, dtype)[()] if not a.shape else np.ascontiguousarray(a, dtype))


def _names(f: Callable[..., Any], n: int) -> list[str]:
    try:
        found = [p.name for p in inspect.signature(f).parameters.values() if p.kind < p.VAR_POSITIONAL][:n]
    except (TypeError, ValueError):
        found = []
    found = found if len(found) == n else [f"x{i}" for i in range(n)]
    own = re.compile(r"v\d+|out\d*|(d|h|j\d*)_.*|[A-Z]+|[jy][01n]")
    return [f"in_{x}" if own.fullmatch(x) or x in _TAKEN or not x.isascii() else x for x in found]


def _outputs(f: Callable[..., Any], tensors: list[Tensor]) -> list[Var]:
    return _graph(f, tensors)[1]


def _graph(f: Callable[..., Any], tensors: list[Tensor]) -> tuple[list[Var], list[Var]]:
    """Inputs and results of a graph in which what it captured is constant."""
    found = trace(f, lambda stand_ins: (stand_ins, {}), tensors)
    if any(i.drawn for i in found.captured):
        raise NotExported("it draws random numbers: draw them before, and pass them as arguments")
    changed = [a for a in found.arguments if a.after is not None or a.grad_after is not None]
    if found.written or found.effects or changed:
        raise NotExported("it changes tensors in place: what is exported only computes results")
    made: dict[int, Any] = {i.var.id: _constant(i) for i in found.captured}
    for v in order(found.results):
        if v.id not in made and v.op is not None:
            new = Var(v.shape, v.dtype, v.op, tuple(made.get(a.id, a) if isinstance(a, Var) else a for a in v.args),
                      v.attrs, index=v.index)  # fmt: skip
            new.weak, new.moved = v.weak, v.moved
            made[v.id] = new
    return [a.var for a in found.arguments], lower(simplify([made.get(v.id, v) for v in found.results]))


def _constant(i: Any) -> Var:
    v = constant(np.asarray(i.get(), i.var.dtype))
    v.weak = i.var.weak
    return v


def _function(
    name: str, f: Callable[..., Any], tensors: list[Tensor], names: list[str], outs: list[str], js: bool
) -> str:  # fmt: skip
    """The text of one function."""
    inputs, results = _graph(f, tensors)
    emitter = _Text(js)
    build: _Build = emitter.build
    values: dict[int, Any] = {}
    for v, n in zip(inputs, names):
        cells = np.empty(v.shape, object)
        for k, place in enumerate(np.ndindex(v.shape)):
            cells[place] = Register(emitter, _raw(f"{n}[{k}]", emitter.kind(v.dtype)), v.dtype)
        values[v.id] = cells
    for v in order(results):
        if v.id in values:
            continue
        try:
            args = [values[a.id] if isinstance(a, Var) else a for a in v.args]
            values[v.id] = unrolled.constants(emitter, v) if v.op is None else _written(emitter, v, args)
        except (TypeError, AttributeError, ValueError, NotImplementedError, KeyError, OverflowError) as e:
            what = v.op.name if v.op is not None else "a constant"
            raise NotExported(f"{what} of {v.dtype}{list(v.shape)} cannot be exported: {e}") from e
    stores = [f"{n}[{k}] = {c.raw};" for v, n in zip(results, outs) for k, c in enumerate(values[v.id].flat)]
    kinds = {n: emitter.kind(v.dtype) for v, n in zip(results, outs)}
    used = _used(build.lines, stores)
    body = [f"  const {'' if js else k + ' '}{n} = {t};" for n, (k, t) in build.lines.items() if n in used]
    if js:
        lines = [f"function {name}({', '.join([*names, *outs])}) {{"]
    else:
        given = [f"const {emitter.kind(v.dtype)} *{n}" for v, n in zip(inputs, names)]
        given += [f"{kinds[n]} *{n}" for n in outs]
        lines = [f"void {name}({', '.join(given)});", f"void {name}({', '.join(given)})", "{"]
        body = [f"  (void){n};" for n in (*names, *outs)] + body
    return "\n".join([*lines, *body, *("  " + s for s in stores), "}"])


def _written(emitter: Any, v: Var, args: list[Any]) -> Any:
    if v.index is not None or v.op is None or v.op.outputs > 1:
        raise NotNative("it has several results")
    if not (unrolled.is_elementwise(v) or v.says("moves") or v.says("objects") or v.says("folds")):
        raise NotNative("it is no op of numbers one by one")
    return unrolled.write(emitter, v, args)


def _used(lines: dict[str, tuple[str, str]], stores: list[str]) -> set[str]:
    """The numbers that are needed."""
    stack = [n for s in stores for n in re.findall(r"\bv\d+\b", s.split("=", 1)[1])]
    used: set[str] = set()
    while stack:
        n = stack.pop()
        if n in lines and n not in used:
            used.add(n)
            stack += re.findall(r"\bv\d+\b", lines[n][1])
    return used
