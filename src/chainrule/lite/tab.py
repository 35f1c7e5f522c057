"""In the tab: a package that no cell imports in so many words is fetched when something imports it.

Pyodide loads, before a cell runs, what the cell imports. What is imported by magics (`%matplotlib inline`) and by
chainrule on the way (SymPy for a formula) it does not see. So a finder, last in line, loads such a package there and
then, waiting for it as only a worker may.

The site's wheel has this file as a module of its own, `chainrule_in_tab`: it is there before chainrule is imported.
"""

from __future__ import annotations

import sys
from importlib import import_module, invalidate_caches
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from typing import Any

#: What chainrule and the lessons may want. (Libraries ask for much else that they can do without.)
FETCHED = ("igraph", "latex2mathml", "matplotlib", "mpmath", "pandas", "scipy", "sympy", "tqdm")


class Fetcher(MetaPathFinder):
    """Finds what had to be fetched first."""

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if fullname not in FETCHED or not fetch(fullname):
            return None
        invalidate_caches()
        return PathFinder.find_spec(fullname, path)


def fetch(name: str) -> bool:
    """Load a package of the lock file, and what it needs; whether it is loaded now and was not before."""
    js, pyodide, loader = map(import_module, ("js", "pyodide_js", "pyodide._package_loader"))
    name = name.lower().replace("_", "-")
    package = getattr(pyodide._api.lockfile_packages, name, None)
    if package is None or hasattr(pyodide.loadedPackages, name):
        return False
    for needed in package.depends:
        fetch(needed)
    request = js.XMLHttpRequest.new()
    request.open("GET", package.file_name, False)
    request.responseType = "arraybuffer"
    request.send()
    if request.status != 200:
        return False
    folder = loader.get_install_dir(package.install_dir)
    loader.unpack_buffer(js.Uint8Array.new(request.response), filename=package.file_name, extract_dir=folder)
    setattr(pyodide.loadedPackages, name, "default channel")
    return True


def install() -> None:
    """Put the finder in its place."""
    sys.meta_path.append(Fetcher())
