"""Packages compiled for the tab's Python: reading SymPy's source takes a browser three quarters of SymPy's import.

Bytecode is made by the very release of Python that runs it: this one, if it is that; one that is installed beside it;
or the tab's own, which Node runs from a folder that has Pyodide.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

PYTHON = "3.12"  # of the Pyodide that sites are made for

#: What Node runs: Pyodide in argv[1] compiles the folder argv[2].
_SCRIPT = """
const [home, folder] = JSON.parse(process.argv[1]);
import(home + "/pyodide.mjs").then(async ({ loadPyodide }) => {
  const py = await loadPyodide({ indexURL: home });
  py.FS.mkdirTree("/work");
  py.mountNodeFS("/work", folder);
  py.runPython(`
import compileall, py_compile
mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
compileall.compile_dir("/work", quiet=2, legacy=True, invalidation_mode=mode, stripdir="/work")`);
});
"""


def compile_folder(folder: Path, pyodide: Path | None) -> bool:
    """Put bytecode beside each source below `folder`; whether there is a Python that could."""
    for command in _commands(folder, pyodide):
        done = subprocess.run(command, capture_output=True)
        if done.returncode == 0 and any(folder.rglob("*.pyc")):
            return True
    return False


def _commands(folder: Path, pyodide: Path | None) -> Iterator[list[str]]:
    this = f"{sys.version_info.major}.{sys.version_info.minor}" == PYTHON
    python = sys.executable if this else shutil.which(f"python{PYTHON}")
    if python:
        how = ["-q", "-b", "--invalidation-mode", "unchecked-hash", "-s", str(folder)]
        yield [python, "-m", "compileall", *how, str(folder)]
    node = shutil.which("node")
    if node and pyodide is not None:
        yield [node, "-e", _SCRIPT, json.dumps([str(pyodide.resolve()), str(folder.resolve())])]
