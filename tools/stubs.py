"""Write the stubs: what tools (type checkers, editors) read of names that are made while the package is loaded.

    python tools/stubs.py           writes src/chainrule/**/*.pyi
    python tools/stubs.py --check   says which of them are not what would be written

Functions, methods and operators are published from one declaration (`api/public.py`, `api/operators.py`); the stubs are
made from what was published: its signature, its annotations, its docstring. Only where the type of a result hangs on
the arguments does a line of `SEVERAL` below say so. `Tensor` gets its methods from `core/methods.pyi`, as the class
that it inherits from when types are checked, so that everything else is checked in its own sources.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import sys
import textwrap
import types
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import chainrule
from chainrule import linalg, special
from chainrule.api.public import FUNCTIONS
from chainrule.base import dtypes
from chainrule.core.tensor import Tensor
from chainrule.nn import functional as nn_functional
from chainrule.optim import Optimizer

ROOT = Path(chainrule.__file__).parent
PAIR = "ValuesIndices"
SIZE = (
    "*size: int | Sequence[int], out: Tensor | None = None, dtype: dtype | None = None, layout: Any = None, "
    "device: Any = None, requires_grad: bool = False, pin_memory: bool = False, memory_format: Any = None, "
    "generator: Any = None, names: Any = None"
)
REDUCED = (
    "input: Tensor, dim: Dim = None, keepdim: bool = False, *, dtype: dtype | None = None, axis: Dim = None, "
    "keepdims: bool = False, out: Tensor | None = None"
)
KEPT = "keepdim: bool = False, *, keepdims: bool = False"
BEST = [
    f"input: Tensor, dim: None = None, {KEPT}, out: Tensor | None = None -> Tensor",
    f"input: Tensor, dim: int, {KEPT}, out: Any = None -> {PAIR}",
    f"input: Tensor, *, axis: int, keepdim: bool = False, keepdims: bool = False, out: Any = None -> {PAIR}",
]
SEVERAL = {  # signatures of functions whose result's type hangs on the arguments, or that take them apart themselves
    "max min": [*BEST, "input: Tensor, other: Tensor, *, out: Tensor | None = None -> Tensor"],
    "median nanmedian": BEST,
    "sum mean": [f"{REDUCED} -> Tensor"],
    "sort": ["input: Tensor, dim: int = -1, descending: bool = False, *, stable: bool = True, axis: int = -1, "
             f"out: Any = None -> {PAIR}"],
    "topk": ["input: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True, *, axis: int = -1, "
             f"out: Any = None -> {PAIR}"],
    "kthvalue": [f"input: Tensor, k: int, dim: int = -1, {KEPT}, axis: int = -1, out: Any = None -> {PAIR}"],
    "mode": [f"input: Tensor, dim: int = -1, {KEPT}, axis: int = -1, out: Any = None -> {PAIR}"],
    "cummax cummin": [f"input: Tensor, dim: int, *, out: Any = None -> {PAIR}"],
    "aminmax": ["input: Tensor, *, dim: int | None = None, keepdim: bool = False, axis: int | None = None, "
                "keepdims: bool = False, out: Any = None -> MinMax"],
    "where": ["condition: Tensor -> tuple[Tensor, ...]",
              "condition: Tensor, input: Operand, other: Operand, *, out: Tensor | None = None -> Tensor"],
    "nonzero": ["input: Tensor, *, as_tuple: Literal[False] = False, out: Tensor | None = None -> Tensor",
                "input: Tensor, *, as_tuple: Literal[True] -> tuple[Tensor, ...]"],
    "zeros ones empty rand randn": [f"{SIZE} -> Tensor"],
    "atleast_1d atleast_2d atleast_3d": ["tensor: Tensor, / -> Tensor", "*tensors: Any -> tuple[Tensor, ...]"],
    "slogdet": ["input: Tensor, *, out: Any = None -> SignLogabsdet"],
    "frexp": ["input: Tensor, *, out: Any = None -> tuple[Tensor, Tensor]"],
    "is_coalesced is_conj is_inference is_neg is_pinned is_shared": ["input: Tensor -> bool"],
    "size": ["input: Tensor, dim: None = None -> Size", "input: Tensor, dim: int -> int"],
    "stride": ["input: Tensor, dim: None = None -> tuple[int, ...]", "input: Tensor, dim: int -> int"],
    "item": ["input: Tensor -> float | int"],
    "type": ["input: Tensor, dtype: None = None, non_blocking: bool = False -> str",
             "input: Tensor, dtype: Any, non_blocking: bool = False -> Tensor"],
    "__pos__": ["input: Tensor -> Tensor"],
    "__matmul__ __rmatmul__": ["input: Tensor, other: Tensor | np.ndarray[Any, Any] -> Tensor"],
    "__eq__ __ne__": ["input: Tensor, other: object -> Tensor"],
    "__rfloordiv__ __rlshift__ __rmod__ __rpow__ __rrshift__ __mod__ __rtruediv__": [
        "input: Tensor, other: Operand -> Tensor"],
}  # fmt: skip
NAMED = {"ValuesIndices": "values indices", "MinMax": "min max", "SignLogabsdet": "sign logabsdet"}
OPEN = {
    "names": "tuple[None, ...]",
    "output_nr": "int",
    "name": "str | None",
    "real": "Tensor",
}  # attributes that say nothing themselves
SAID = {name: signatures for names, signatures in SEVERAL.items() for name in names.split()}
HEAD = '"""Written by tools/stubs.py (`make stubs`) from what the package publishes: change that, not this."""\n\n'
HIDDEN = {"__module__", "__dict__", "__weakref__", "__doc__", "__annotations__", "__init__", "__new__"}
HIDDEN |= {"__reduce__", "__repr__", "__str__"}


class Scope:
    """The names of a stub: which are its own, and what it imports for the types in it."""

    def __init__(self, own: Iterable[str]) -> None:
        self.own = set(own)
        self.imports: set[str] = {"import builtins", "from typing import Any"}

    def named(self, name: str, f: Any) -> str:
        """A name in an annotation of `f`, as it is written in the stub; imported if need be."""
        if name in self.own and hasattr(builtins, name):
            return f"builtins.{name}"
        if hasattr(builtins, name) or name in ("Any", "builtins") or name[0] == "_":
            return name
        if name == "Tensor" and "Tensor" in self.own:
            return name
        if name in NAMED and name in self.own:
            return name
        home, real = _home(name, f)
        if home == real == "numpy":
            self.imports.add("import numpy as np")
            return "np"
        if home.startswith("chainrule") and name in self.own:
            self.imports.add(f"from {home} import {real} as _{name}")
            return f"_{name}"
        self.imports.add(f"from {home} import {real}" + (f" as {name}" if name != real else ""))
        return name

    def annotation(self, text: Any, f: Any) -> str:
        """An annotation with its names as the stub has them."""
        tree = ast.parse(text if isinstance(text, str) else inspect.formatannotation(text), mode="eval")

        class Named(ast.NodeTransformer):
            def visit_Name(_, node: ast.Name) -> ast.AST:
                return ast.parse(self.named(node.id, f), mode="eval").body

            def visit_Constant(_, node: ast.Constant) -> ast.AST:
                return ast.parse(self.annotation(node.value, f), mode="eval").body if type(node.value) is str else node

        return ast.unparse(Named().visit(tree))


def _home(name: str, f: Any) -> tuple[str, str]:
    """The module that a name in an annotation of `f` comes from, and its name there."""
    if name in KNOWN:
        return KNOWN[name]
    module = sys.modules[f.__module__]
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if (alias.asname or alias.name) == name:
                    return str(node.module), alias.name
    assert hasattr(module, name), f"{name} in an annotation of {f} is nowhere to be found"
    return f.__module__, name


KNOWN = {
    "np": ("numpy", "numpy"),
    "Literal": ("typing", "Literal"),
    "Sequence": ("collections.abc", "Sequence"),
    "Callable": ("collections.abc", "Callable"),
    "Size": ("chainrule.base.shapes", "Size"),
    "dtype": ("chainrule.base.dtypes", "dtype"),
    "dtypes": ("chainrule.base", "dtypes"),
    "layout": ("chainrule.api.layout", "layout"),
    "device": ("chainrule.api.device", "device"),
    "Dim": ("chainrule.api.reductions", "Dim"),
    "Tensor": ("chainrule.core.tensor", "Tensor"),
    "Operand": ("chainrule.core.tensor", "Operand"),
} | {name: ("chainrule.core.methods", name) for name in NAMED}


# ------------------------------------------------------------------------------------------------------------ functions


def _doc(f: Any, indent: str, whole: bool) -> str:
    text = inspect.getdoc(f) or ""
    if not whole:
        text = text.split("\n\n")[0]
    if not text:
        return " ..."
    text = text.replace("\\", "\\\\").replace('"""', '\\"""')
    lines = textwrap.indent(f'"""{text}' + ("\n" if "\n" in text else "") + '"""', indent + "    ")
    return "\n" + lines.replace('\n"""', f'\n{indent}    """')


def definitions(name: str, f: Any, scope: Scope, method: bool, whole: bool) -> str:
    """A function of the stub, in all its signatures."""
    indent = "    " if method else ""
    doc = _doc(f, indent, whole)
    if name in SAID and not (method and name == "where"):  # whose method takes the condition second
        lines = [line.rpartition(" -> ") for line in SAID[name]]
        made = [_of_text(arguments, result, f, scope, method) for arguments, _, result in lines]
    else:
        made = [_of_function(f, scope, method)]
    mark = ""
    if len(made) > 1:
        scope.imports.add("from typing import overload")
        mark = f"{indent}@overload\n"
    texts = [f"{indent}def {name}{signature}:" for signature in made]
    if name in ("__eq__", "__ne__"):
        return f"{texts[0]} ...  # type: ignore[override]"
    return "\n".join(f"{mark}{t}{doc if i == 0 else ' ...'}" for i, t in enumerate(texts))


def _of_text(arguments: str, result: str, f: Any, scope: Scope, method: bool) -> str:
    tree = ast.parse(f"def f({arguments}) -> {result}: ...").body[0]
    assert isinstance(tree, ast.FunctionDef)
    a = tree.args
    for arg in [*a.posonlyargs, *a.args, *a.kwonlyargs, *filter(None, [a.vararg, a.kwarg])]:
        arg.annotation = ast.parse(scope.annotation(ast.unparse(arg.annotation), f), mode="eval").body  # type: ignore[arg-type]
    if a.args and not method and len(SAID[f.__name__]) == 1:  # `linalg` calls it `A`
        a.args[0].arg = next(iter(inspect.signature(f).parameters))
    if method:
        a.args[0] = ast.arg("self") if a.args else a.args[0]
        if a.posonlyargs:
            a.posonlyargs[0] = ast.arg("self")
    return f"({ast.unparse(a)}) -> {scope.annotation(result, f)}"


def taken(f: Any) -> inspect.Signature:
    """The signature of a function, with what its published form takes besides: `out=` and NumPy's spellings."""
    signature = inspect.signature(f)
    inner = inspect.unwrap(f)
    if f is inner or f.__code__.co_qualname.split(".")[0] not in ("_published", "_quick"):
        return signature
    parameters, more = list(signature.parameters.values()), []
    for theirs, ours in (("axis", "dim"), ("keepdims", "keepdim")):
        p = signature.parameters.get(ours)
        if p is not None and p.default is not p.empty and theirs not in signature.parameters:
            more.append(p.replace(name=theirs, kind=p.KEYWORD_ONLY))
    gives = str(signature.return_annotation)
    if ("Tensor" in gives or gives == "Any") and "out" not in signature.parameters:
        more.append(inspect.Parameter("out", inspect.Parameter.KEYWORD_ONLY, default=None, annotation="Any"))
    return signature.replace(parameters=sorted([*parameters, *more], key=lambda p: p.kind))


def _of_function(f: Any, scope: Scope, method: bool) -> str:
    signature, inner = taken(f), inspect.unwrap(f)
    parts, starred = [], False
    parameters = list(signature.parameters.values())
    returns = signature.return_annotation
    result = "Any" if returns is inspect.Signature.empty else scope.annotation(returns, inner)
    for i, p in enumerate(parameters):
        if method and i == 0:
            parts.append("self")
            continue
        if p.kind is p.KEYWORD_ONLY and not starred:
            starred = True
            parts.append("*")
        if p.kind is p.VAR_POSITIONAL:
            starred = True
        text = "Any" if p.annotation is p.empty else p.annotation
        if p.name == "input" and text == "Any":
            text = "Tensor"
        star = {p.VAR_POSITIONAL: "*", p.VAR_KEYWORD: "**"}.get(p.kind, "")
        default = "" if p.default is p.empty else f" = {_default(p.default)}"
        parts.append(f"{star}{p.name}: {scope.annotation(text, inner)}{default}")
    if parts[-1:] == ["*"]:
        parts.pop()
    return f"({', '.join(parts)}) -> {result}"


def _default(x: Any) -> str:
    return repr(x) if x is None or type(x) in (bool, int, str) or (type(x) is float and x == x) else "..."


# -------------------------------------------------------------------------------------------------------------- modules


def methods() -> str:
    """The class that `Tensor` has its methods from."""
    found = {n: x for n, x in sorted(vars(Tensor).items()) if n not in HIDDEN and (n[0] != "_" or n[:2] == "__")}
    scope = Scope([*found, *NAMED])
    scope.imports |= {"from typing import NamedTuple", "from chainrule.core.tensor import Tensor"}
    body = ["    def __init__(self, *args: Any, **kwargs: Any) -> None: ..."]
    later = []
    for name, x in found.items():
        if isinstance(x, property):
            later.append(_property(name, x, scope))
        elif callable(x):
            body.append(definitions(name, x, scope, method=True, whole=False))
        else:
            known = "layout" if name == "layout" else type(x).__name__
            body.append(f"    {name}: {scope.annotation(OPEN.get(name, known), Tensor)}")
    return _module(scope, [_named(), 'class Methods:\n    """All that can be asked of a tensor."""\n', *body, *later])


def _property(name: str, x: property, scope: Scope) -> str:
    f = x.fget
    text = OPEN.get(name, f.__annotations__.get("return", "Any"))  # type: ignore[union-attr]
    kind = scope.annotation(text, f)
    lines = f"    @builtins.property\n    def {name}(self) -> {kind}:{_doc(f, '    ', False)}"
    if x.fset is not None:
        lines += f"\n    @{name}.setter\n    def {name}(self, value: {kind}) -> None: ..."
    return lines


def _named() -> str:
    """The named tuples that functions of two results return."""
    made = []
    for name, fields in NAMED.items():
        made.append(f"class {name}(NamedTuple):\n" + "\n".join(f"    {field}: Tensor" for field in fields.split()))
    return "\n\n".join(made)


def _module(scope: Scope, blocks: Iterable[str]) -> str:
    return HEAD + "\n".join(sorted(scope.imports)) + "\n\n" + "\n".join(blocks) + "\n"


def functions(names: dict[str, Callable[..., Any]], more: str = "") -> str:
    """A module of functions."""
    scope = Scope(names)
    body = [definitions(n, f, scope, method=False, whole=True) for n, f in sorted(names.items()) if callable(f)]
    return _module(scope, [more, *body])


def options(scope: Scope) -> str:
    """The options of all optimisers, as `minimize` takes them by keyword."""
    kinds: dict[str, set[str]] = {}
    for cls in [c for c in vars(chainrule.optim).values() if inspect.isclass(c) and issubclass(c, Optimizer)]:
        for p in list(inspect.signature(cls).parameters.values())[1:]:
            if p.name != "lr" and p.name != "defaults":
                kinds.setdefault(p.name, set()).add(str(p.annotation))
    pair = {"Betas": "tuple[float, float]"}
    texts = {n: " | ".join(sorted(pair.get(k, k) for k in ks)) for n, ks in sorted(kinds.items())}
    lines = [f"    {n}: {scope.annotation(text, Optimizer)}" for n, text in texts.items()]
    return 'class _Options(TypedDict, total=False):\n    """The options of the optimisers."""\n\n' + "\n".join(lines)


def face() -> str:
    """`import chainrule` itself."""
    lazy = chainrule._LATER
    own = {*FUNCTIONS, *dtypes.NAMES, *lazy, "Tensor", "device", "dtype", "layout", "memory_format", "Size", "language"}
    scope = Scope(own)
    shown = [n for n in chainrule.__dict__ if n[0] != "_" and n not in FUNCTIONS and n not in dtypes.NAMES]
    lines = []
    for name in sorted({*shown, *lazy}):
        home = lazy.get(name)
        if name in CHANGED:
            continue
        if name in lazy:
            if home:
                lines.append(f"from chainrule.{home} import {name} as {name}")
            else:
                real = chainrule._MODULES.get(name, name).rpartition(".")
                lines.append(f"from chainrule{'.' + real[0] if real[0] else ''} import {real[2]} as {name}")
            continue
        x = vars(chainrule)[name]
        module = getattr(x, "__module__", None)
        if name == "math":
            lines.append("import math as math")
        elif inspect.isclass(x) or inspect.isfunction(x):
            if module != "chainrule":
                lines.append(f"from {module} import {name} as {name}")
        elif type(x) is float:
            lines.append(f"{name}: builtins.float")
    for name in ("channels_last", "channels_last_3d", "contiguous_format", "preserve_format", "strided"):
        lines.append(f"from chainrule.api.layout import {name} as {name}")
    lines += ["from chainrule.api.random import default_generator as default_generator", "newaxis: None",
              "from chainrule import version as version",
              "from chainrule.version import __version__ as __version__",
              f"def is_tensor(obj: Any) -> TypeGuard[Tensor]:{_doc(chainrule.is_tensor, '', True)}"]  # fmt: skip
    scope.imports |= {"from typing import TypedDict, TypeGuard, Unpack", "from chainrule.descend.result import Result"}
    body = [definitions(n, f, scope, method=False, whole=True) for n, f in sorted(FUNCTIONS.items())]
    kinds = [f"{n}: {scope.named('dtype', chainrule)}" for n in sorted(dtypes.NAMES)]
    descents = [_with_options(name, scope) for name in sorted(CHANGED)]
    return _module(scope, [*lines, *kinds, options(scope), *descents, *body])


CHANGED = ("minimize", "page", "sweep")  # functions that take the options of an optimiser by keyword


def _with_options(name: str, scope: Scope) -> str:
    f = getattr(chainrule, name)
    made = _of_function(f, scope, method=False)
    arguments, given, _ = made.rpartition("**")
    if not given:
        return definitions(name, f, scope, method=False, whole=True)
    known = f"{arguments}**options: Unpack[_Options]){made[made.rindex(' -> ') :]}"
    doc = _doc(f, "", True)
    if "method: " not in made:
        return f"def {name}{known}:{doc}"
    ours = known.replace("method: str | None = None", "method: None = None")
    theirs = made.replace("method: str | None = None", "method: str")
    scope.imports.add("from typing import overload")
    return f"@overload\ndef {name}{ours}:{doc}\n@overload\ndef {name}{theirs}: ..."


def layers() -> str:
    """`nn`: the modules that are functions with options, and what has a source of its own."""
    nn = chainrule.nn
    found = {n: x for n, x in sorted(vars(nn).items()) if n[0] != "_" and getattr(x, "__module__", "").startswith(HERE)}
    scope = Scope(found)
    scope.imports.add("from chainrule.core.tensor import Tensor")
    lines = [f"from chainrule.nn import {n} as {n}" for n in ("functional", "init", "utils")]
    for name, cls in found.items():
        if f"\nclass {name}" in inspect.getsource(sys.modules[cls.__module__]):
            lines.append(f"from {cls.__module__} import {name} as {name}")
            continue
        signature = _of_function(cls, scope, method=False).replace("(", "(self, ", 1).replace("(self, )", "(self)")
        signature = signature.replace("self, *, ", "self, *, " if ":" in signature else "self, ")
        result = "Any" if "return_indices" in signature else "Tensor"
        lines.append(
            f"class {name}(Module):{_doc(cls, '', True)}\n"
            f"    def __init__{signature.rpartition(' -> ')[0]} -> None: ...\n"
            f"    def __call__(self, *inputs: Tensor) -> {result}: ..."
        )
    return _module(scope, lines)


HERE = "chainrule.nn."


def stubs() -> dict[Path, str]:
    """All stubs by their paths."""
    made = {
        ROOT / "nn" / "__init__.pyi": layers(),
        ROOT / "nn" / "functional" / "__init__.pyi": functions(
            {n: f for n, f in vars(nn_functional).items() if n[0] != "_" and f.__class__ is types.FunctionType}
        ),
        ROOT / "__init__.pyi": face(),
        ROOT / "core" / "methods.pyi": methods(),
        ROOT / "linalg.pyi": functions(
            {n: f for n, f in vars(linalg).items() if n in linalg.__all__ and not inspect.isclass(f)},
            "from chainrule.ops.linalg import LinAlgError as LinAlgError",
        ),
        ROOT / "special.pyi": functions({n: getattr(special, n) for n in dir(special)}),
    }
    return made


def same(one: str, other: str) -> bool:
    """Whether two stubs say the same, however they are laid out."""
    return ast.dump(ast.parse(one)) == ast.dump(ast.parse(other))


def main() -> int:
    """Write the stubs, or say which of them are old."""
    old = []
    for path, text in stubs().items():
        if not path.exists() or not same(path.read_text(encoding="utf-8"), text):
            old.append(path)
            if "--check" not in sys.argv:
                path.write_text(text, encoding="utf-8")
    for path in old:
        print(("old: " if "--check" in sys.argv else "written: ") + str(path.relative_to(ROOT.parent.parent)))
    return 1 if old and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
