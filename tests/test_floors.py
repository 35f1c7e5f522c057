"""The package is a house of floors: a file imports from its own floor and from those below it, never from above.

Read from the source, so that imports inside functions count too. Besides, nothing but the standard library, NumPy and
the package itself is imported when a module is loaded: everything else is an extra, imported where it is first used.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import chainrule

ROOT = Path(chainrule.__file__).parent
FLOORS = [  # from the ground up
    {"base", "version"},
    {"core"},
    {"ops"},
    {"api"},  # and all other modules at the top: they are PyTorch's, such as `nn` and `linalg`
    {"compile", "compiler"},
    {"descend"},
    {"see", "run", "lite", "fitting"},
    {"cli", "__main__"},
]
API = 3
FACE = 6  # `import chainrule` itself, which shows what all the floors offer: for those that use the package as users do
HEAVY = ["matplotlib", "scipy", "sympy", "IPython", "torch", "llvmlite", "pandas", "nbformat", "hypothesis"]
FILES = sorted(ROOT.rglob("*.py"))


class Import(NamedTuple):
    """One import: the dotted name, the line, whether it runs when the module is loaded, and whether ever."""

    name: str
    line: int
    at_load: bool
    runs: bool = True


def dotted(path: Path) -> str:
    """The module's name below the package: `core.tape`, `nn`, `__init__`."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


def floor(module: str) -> int:
    """The floor that a module of the package stands on."""
    top = module.split(".")[0]
    return next((i for i, names in enumerate(FLOORS) if top in names), API)


def imports(path: Path) -> Iterator[Import]:
    """Every import in a file of the package."""
    return imports_in(path.read_text(encoding="utf-8"), ["chainrule", *path.relative_to(ROOT).parts[:-1]])


def imports_in(source: str, package: list[str]) -> Iterator[Import]:
    """Every import in a source text of `package`, with relative names made absolute."""

    def walk(node: ast.AST, at_load: bool, runs: bool = True) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                yield from (Import(a.name, child.lineno, at_load, runs) for a in child.names)
            elif isinstance(child, ast.ImportFrom):
                lead = package[: len(package) - child.level + 1] if child.level else []
                module = ".".join([*lead, *filter(None, [child.module])])
                # `from chainrule import ops`: each name may be a module
                yield from (Import(f"{module}.{a.name}", child.lineno, at_load, runs) for a in child.names)
            else:
                inside = isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
                typing = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
                yield from walk(child, at_load and not inside and not typing, runs and not typing)

    return walk(ast.parse(source), True)


def of_package(name: str) -> str | None:
    """`chainrule.core.tape.Node` -> `core.tape`; a name of the package's face -> `__init__`; None for others."""
    head, *rest = name.split(".")
    if head != "chainrule":
        return None
    if rest and ((ROOT / rest[0]).is_dir() or (ROOT / f"{rest[0]}.py").exists()):
        return ".".join(rest)
    return "__init__"


@pytest.mark.parametrize("path", FILES, ids=dotted)
def test_imports_go_down(path: Path) -> None:
    here = dotted(path)
    if here == "__init__":
        return
    mine = floor(here)
    wrong = []
    for name, line, *_ in imports(path):
        target = of_package(name)
        if target is None:
            continue
        theirs = FACE if target == "__init__" else floor(target)
        if theirs > mine:
            wrong.append(f"line {line}: {name}")
    assert not wrong, f"{here} (floor {mine}) imports from above: {wrong}"


def circles(uses: dict[str, set[str]]) -> list[list[str]]:
    """The ways that lead from a module back to itself, one for each module that is on any."""
    found = []
    for start in sorted(uses):
        ways, seen = [[start]], {start}
        while ways:
            way = ways.pop(0)
            if start in uses[way[-1]]:
                found.append([*way, start])
                break
            more = uses[way[-1]] - seen
            seen |= more
            ways.extend([*way, module] for module in sorted(more))
    return found


def used(path: Path) -> set[str]:
    """The modules of the package that run in a file's name: what it imports when it is loaded or in its functions."""
    names = {dotted(p) for p in FILES}
    found = set()
    for name in [i.name for i in imports(path) if i.runs and i.name.startswith("chainrule.")]:
        parts = name.split(".")[1:]
        found.update([".".join(parts[:n]) for n in range(len(parts), 0, -1) if ".".join(parts[:n]) in names][:1])
    return found - {dotted(path)}


def test_no_circles() -> None:
    # Those that are hidden in functions count; what is imported for its type alone does not run.
    uses = {dotted(path): used(path) for path in FILES}
    found = circles(uses)
    assert not found, "modules that import each other: " + "; ".join(" -> ".join(way) for way in found)


def test_a_circle_is_seen() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a", "d"}, "d": set()})[0] == ["a", "b", "c", "a"]
    assert "core.registry" in used(ROOT / "core" / "engine.py")


@pytest.mark.parametrize("path", FILES, ids=dotted)
def test_loading_needs_numpy_alone(path: Path) -> None:
    allowed = {*sys.stdlib_module_names, "numpy", "chainrule"}
    wrong = [f"line {i.line}: {i.name}" for i in imports(path) if i.at_load and i.name.split(".")[0] not in allowed]
    assert not wrong, (
        f"{dotted(path)} imports an extra when it is loaded: {wrong}. Import it in the function that uses it"
    )


def test_import_loads_nothing_heavy() -> None:
    code = f"import sys, chainrule; print(*[m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_every_module_loads() -> None:
    # One interpreter for all: whichever module is asked for, `chainrule/__init__.py` is loaded before it.
    code = (
        "import importlib\n"
        f"for name in {[dotted(p) for p in FILES if dotted(p) not in ('__init__', '__main__')]}:\n"
        "    try:\n"
        "        importlib.import_module('chainrule.' + name)\n"
        "    except Exception as e:\n"
        "        print(name, type(e).__name__, e)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == ""


def test_the_checker_sees_every_way_to_import() -> None:
    source = (
        "import scipy\nfrom . import tape\ndef f():\n    from chainrule.api import public\n    from ..nn import x\n"
    )
    assert list(imports_in(source, ["chainrule", "core"])) == [
        Import("scipy", 1, True),
        Import("chainrule.core.tape", 2, True),
        Import("chainrule.api.public", 4, False),
        Import("chainrule.nn.x", 5, False),
    ]
