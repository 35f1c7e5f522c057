"""chainrule on 32 bits: in Pyodide under Node, every public function's results and the registry's tests.

All of it is minutes of work: a part is run here, functions of indices and each tenth op, all by `make lite-test`.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import calls
import chainrule
from tabs import NoPyodide, pyodide

TESTS = Path(__file__).parent
ALL = os.environ.get("CHAINRULE_LITE") == "all"
PYTEST = ("_pytest", "pytest", "pluggy", "iniconfig", "packaging", "pygments")  # all of pure Python


def run(script: str, out: Path, packages: list[str], **folders: Path) -> str:
    """What a script prints in Pyodide, where `/out` is `out`; its output where it fails is the failure."""
    if shutil.which("node") is None:
        pytest.skip("there is no Node here")
    try:
        home = pyodide()
    except NoPyodide as why:
        pytest.skip(str(why))
    mounts = {"/src": Path(chainrule.__file__).parents[1], "/tests": TESTS, "/out": out}
    mounts |= {f"/{name}": folder for name, folder in folders.items()}
    head = "import sys\nsys.path[:0] = ['/src', '/tests', '/site', '/out']\n"
    task = {"home": str(home), "packages": packages, "mounts": {k: str(v) for k, v in mounts.items()}}
    command = ["node", str(TESTS / "pyodide.mjs"), json.dumps(task | {"script": head + script})]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.fixture
def with_pytest(tmp_path: Path) -> dict[str, Path]:
    """pytest's parts, as folders to show at `/site`; its single file goes to the folder of outputs."""
    py = importlib.util.find_spec("py")
    if py is not None and py.origin and py.origin.endswith("py.py"):
        shutil.copy(py.origin, tmp_path)
    found = {f"site/{name}": Path(str(importlib.util.find_spec(name).origin)).parent for name in PYTEST}  # type: ignore[union-attr]
    return found


def test_every_function_gives_the_same(tmp_path: Path) -> None:
    # Among them all that give indices: their dtypes and their numbers, and what is refused.
    script = "import calls, json, numpy\nassert numpy.intp is numpy.int32 or numpy.dtype('p').itemsize == 4\n"
    script += f"json.dump(calls.outcomes(short={not ALL}), open('/out/there.json', 'w'))"
    run(script, tmp_path, ["numpy", "scipy"])
    there, here = json.loads((tmp_path / "there.json").read_text()), calls.outcomes(short=not ALL)
    here = json.loads(json.dumps(here))
    assert there.keys() == here.keys()
    wrong = {name: (there[name], here[name]) for name in here if not calls.alike(there[name], here[name])}
    integers = sum("torch.int64" in json.dumps(result) for result in here.values())
    print(f"{len(here)} calls, {integers} with results in int64")
    assert integers > (1500 if ALL else 100) and not wrong, dict(list(wrong.items())[:20])


def test_the_comparison_sees_a_difference() -> None:
    assert calls.alike(["torch.int64", [1], [2]], ["torch.int64", [1], [2]])
    assert not calls.alike(["torch.int64", [1], [2]], ["torch.int32", [1], [2]])
    assert not calls.alike(["torch.float32", [1], [2.0]], ["torch.float32", [1], [2.001]])


def test_registry(tmp_path: Path, with_pytest: dict[str, Path]) -> None:
    script = f"""
import os, pytest
os.chdir("/out")
class Part:
    def pytest_collection_modifyitems(self, items):
        items[:] = items[:: {1 if ALL else 10}]
how = ["-q", "-s", "-p", "no:cacheprovider", "-c", "/dev/null", "--rootdir=/tests", "--import-mode=importlib"]
code = pytest.main([*how, "-W", "ignore::RuntimeWarning:chainrule", "/tests/test_registry.py"], [Part()])
print("exit", int(code))
"""
    said = run(script, tmp_path, ["numpy", "scipy"], **with_pytest)
    summary = re.findall(r"^.*\d+ passed.*$", said, re.MULTILINE)
    print(summary)
    assert summary and said.rstrip().endswith("exit 0"), said[-4000:]
    assert "skipped" not in summary[-1]
