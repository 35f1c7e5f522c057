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
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            reads = columns(node.func.value) or node.func.attr == "says"
            named = node.args[0] if reads and node.args else None
        elif isinstance(node, ast.Compare) and columns(node.comparators[0]):
            named = node.left
        if isinstance(named, ast.Constant):
            yield str(named.value)


READ = {name for path, tree in SOURCES.items() if path.parts[0] != "ops" for name in columns_read(tree)}


@pytest.mark.parametrize("name", sorted(COLUMNS))
def test_a_column_is_said_and_read(name: str) -> None:
    assert any(name in op.columns for op in REGISTRY.values()), f"no op has the column {name!r}"
    assert name in READ, f"nobody reads the column {name!r}"


def test_no_column_is_asked_for_that_there_is_not() -> None:
    assert not READ - COLUMNS.keys()


def test_a_column_that_there_is_not_is_refused() -> None:
    with pytest.raises(TypeError, match="there is no column 'lvm'"):
        Elementwise("misspelt", abs, lvm="fabs")
    assert "misspelt" not in REGISTRY
