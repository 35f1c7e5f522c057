"""Indices are int64 on every machine: all that gives or takes them goes through `base/wide.py`."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest

import chainrule
from chainrule.base import wide

ROOT = Path(chainrule.__file__).parent
TABLE = ["base", "core", "ops", "api", "nn", "func", "distributions"]  # what results go to people from, as tensors
NAMES = {*wide.GIVING, *wide.TAKING}


def direct(source: str) -> list[str]:
    """Which of these functions a source text takes from NumPy itself."""
    found = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Attribute) and node.attr in NAMES)
    return [f"line {node.lineno}: {ast.unparse(node)}" for node in found if ast.unparse(node.value) in ("np", "numpy")]


@pytest.mark.parametrize("path", [p for floor in TABLE for p in sorted((ROOT / floor).rglob("*.py"))], ids=str)
def test_indices_pass_through_one_place(path: Path) -> None:
    assert path.name == "wide.py" or not direct(path.read_text(encoding="utf-8")), "call it by chainrule.base.wide"


def test_the_search_finds_them() -> None:
    assert direct("import numpy as np\nnp.argsort(x)\nnp.sort(x)\nx.argsort()") == ["line 2: np.argsort"]


@pytest.mark.skipif(np.dtype(np.intp).itemsize != 8, reason="this machine's indices have 32 bits")
def test_a_wide_machine_pays_nothing() -> None:
    assert all(getattr(wide, name) is getattr(np, name) for name in NAMES)


def test_of_a_narrow_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    # What NumPy gives there, made here: `intp` and the indices of this size are what is widened.
    monkeypatch.setattr(np, "intp", np.int32)
    narrow = wide._giving(lambda a: np.arange(a, dtype=np.int32))
    assert narrow(3).dtype == np.int64 and narrow(3).tolist() == [0, 1, 2]
    assert wide._giving(lambda: 3)().dtype == np.int64
    asked = []
    wide._taking(lambda a, index: asked.append(index), 1)([1.0], np.array([2, 3]))
    assert asked[0].dtype == np.int32 and asked[0].tolist() == [2, 3]
