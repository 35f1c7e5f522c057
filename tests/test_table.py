"""The table says everything about an op: each column has readers, and is said by some op."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import chainrule
from chainrule.core.op import REGISTRY, Elementwise
from chainrule.core.registry import COLUMNS

ROOT = Path(chainrule.__file__).parent
SOURCES = {p.relative_to(ROOT): ast.parse(p.read_text(encoding="utf-8")) for p in sorted(ROOT.rglob("*.py"))}


def columns_read(tree: ast.AST) -> Iterator[str]:
    """The columns that a source asks for: `op.columns["js"]`, `.columns.get("js")`, `v.says("js")`, ..."""

    def columns(node: ast.AST) -> bool:
        return isinstance(node, ast.Attribute) and node.attr == "columns"

    for node in ast.walk(tree):
        named: ast.AST | None = None
        if isinstance(node, ast.Subscript) and columns(node.value):
            named = node.slice
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            named = node.args[0] if columns(node.func.value) or node.func.attr == "says" else None
        elif isinstance(node, ast.Compare) and columns(node.comparators[0]):
            named = node.left
        if isinstance(named, ast.Constant):
            yield str(named.value)


READ = {name for path, tree in SOURCES.items() if path.parts[0] != "ops" for name in columns_read(tree)}


@pytest.mark.parametrize("name", sorted(COLUMNS))
def test_a_column_is_said_and_read(name: str) -> None:
    assert any(name in op.columns for op in REGISTRY.values()), f"no op has the column {name!r}"
    assert name in READ, f"nobody reads the column {name!r}"


FUNCTIONS = "names of functions of NumPy, of C and of vector maths, which some ops share"
METHODS = "names of Python's methods"
ELSEWHERE = {  # lists with names that are op's only by chance
    "compiler/export.py": "instructions of LLVM, functions of C, and words that C and JavaScript reserve",
    "compiler/native/registers.py": FUNCTIONS,
    "compiler/reads.py": METHODS,
    "compiler/vecmath/functions.py": FUNCTIONS,
    "compiler/vecmath/tables.py": FUNCTIONS,
    "compiler/vecmath/trig.py": FUNCTIONS,
    "core/number.py": METHODS,
    "descend/words.py": "names of sentences",
    "func/vocabulary.py": "other names that people write for functions",
}
READERS = [p for p in SOURCES if p.parts[0] in ("core", "compiler", "descend", "see", "run")]


def ops_listed(tree: ast.AST) -> Iterator[tuple[int, list[str]]]:
    """Lists, sets, dicts and texts to split in a source that name several ops."""
    for node in ast.walk(tree):
        named: list[ast.expr | None] = []
        if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
            named = list(node.elts)
        elif isinstance(node, ast.Dict):
            named = list(node.keys)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "split":
            named = [ast.Constant(word) for word in str(getattr(node.func.value, "value", "")).split()]
        found = [x.value for x in named if isinstance(x, ast.Constant) and x.value in REGISTRY]
        if len(found) > 1:
            yield getattr(node, "lineno", 0), [str(name) for name in found]


@pytest.mark.parametrize("path", READERS, ids=str)
def test_what_is_said_of_ops_stands_in_the_table(path: Path) -> None:
    found = [] if path.as_posix() in ELSEWHERE else list(ops_listed(SOURCES[path]))
    assert not found, f"{path} lists ops by name: {found}. Say it of the ops, in a column (core/registry.py)"


def test_a_list_of_ops_is_seen() -> None:
    source = """
A = frozenset("exp log".split())
B = {"sin": 1, "cos": 2}
if name in ("add", "other", "mul"): pass
REGISTRY["where"], "exp"
"""
    assert sorted(ops_listed(ast.parse(source))) == [(2, ["exp", "log"]), (3, ["sin", "cos"]), (4, ["add", "mul"])]
    assert all(list(ops_listed(SOURCES[Path(path)])) for path in ELSEWHERE)  # none of them is there for nothing


def test_no_column_is_asked_for_that_there_is_not() -> None:
    assert not READ - COLUMNS.keys()


def test_a_column_that_there_is_not_is_refused() -> None:
    with pytest.raises(TypeError, match="there is no column 'lvm'"):
        Elementwise("misspelt", abs, lvm="fabs")
    assert "misspelt" not in REGISTRY


@pytest.mark.parametrize("path", [p for p in SOURCES if p.parts[0] in ("api", "nn")], ids=str)
def test_a_function_does_not_know_who_calls(path: Path) -> None:
    # What it needs to know, whether a payload's numbers can be looked at, `known` says; `within` asks for no more.
    names = {a.name for n in ast.walk(SOURCES[path]) if isinstance(n, ast.ImportFrom) for a in n.names}
    assert not names & {"Var", "Tracer"}, f"{path} looks at what stands in a value's place"
