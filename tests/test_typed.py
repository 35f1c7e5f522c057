"""Type checkers and editors see the package as it is: the stubs say what is published, and mistakes are found."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import chainrule as cr

ROOT = Path(__file__).parent.parent
SOURCES = Path(cr.__file__).parent.parent
PROGRAM = Path(__file__).parent / "typed" / "program.py"
MISTAKES = {n for n, line in enumerate(PROGRAM.read_text(encoding="utf-8").splitlines(), 1) if "# mistake" in line}


def generator():
    spec = importlib.util.spec_from_file_location("stubs", ROOT / "tools" / "stubs.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_stubs_are_those_that_would_be_written():
    tool = generator()
    old = [p.name for p, text in tool.stubs().items() if not tool.same(p.read_text(encoding="utf-8"), text)]
    assert not old, "run `make stubs`"


def test_a_stub_of_something_else_is_noticed():
    tool = generator()
    text = (SOURCES / "chainrule" / "linalg.pyi").read_text(encoding="utf-8")
    assert tool.same(text, text.replace(", *, ", ",*,  "))
    assert not tool.same(text, text.replace("def det(", "def dett("))


def test_everything_public_is_in_the_stub():
    tree = ast.parse((SOURCES / "chainrule" / "__init__.pyi").read_text(encoding="utf-8"))
    there = {node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    there |= {node.target.id for node in tree.body if isinstance(node, ast.AnnAssign)}
    there |= {a.asname for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom)) for a in node.names}
    assert set(dir(cr)) <= there


def test_the_program_runs():
    """What the checkers are to find no fault with is right: only its mistakes are never run."""
    done = subprocess.run([sys.executable, PROGRAM], capture_output=True, text=True, env=environment())
    assert done.returncode == 0, done.stderr
    assert "2*x" in done.stdout


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(SOURCES), "MYPYPATH": str(SOURCES)}


def test_mypy_finds_the_mistakes_alone(tmp_path):
    pytest.importorskip("mypy")
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", f"--cache-dir={tmp_path}"]
    command += ["--follow-imports=silent", "--ignore-missing-imports", str(PROGRAM)]  # the package is checked elsewhere
    said = subprocess.run(command, capture_output=True, text=True, env=environment(), cwd=tmp_path).stdout
    found = {int(n) for n in re.findall(r"program\.py:(\d+): error", said)}
    assert found == MISTAKES and len(MISTAKES) == 4, said


def test_pyright_finds_the_mistakes_alone(tmp_path):
    if shutil.which("pyright") is None:
        pytest.skip("pyright is not installed")
    shutil.copy(PROGRAM, tmp_path)
    (tmp_path / "pyrightconfig.json").write_text(json.dumps({"extraPaths": [str(SOURCES)]}), encoding="utf-8")
    command = ["pyright", "--pythonpath", sys.executable, "-p", str(tmp_path)]
    said = subprocess.run(command, capture_output=True, text=True).stdout
    found = {int(n) for n in re.findall(r"program\.py:(\d+):\d+ - error", said)}
    assert found == MISTAKES, said
