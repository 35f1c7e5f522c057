"""The list of packages that a tab can import: Pyodide's own lock file, with those of the site in it.

Pyodide reads the imports of a cell before it runs the cell, and loads the packages that its lock file has for them.
So chainrule is there for `import torch` alone, and what a notebook does not import is not loaded.
"""

from __future__ import annotations

import hashlib
import json
import urllib.request
from pathlib import Path
from typing import Any

from chainrule.version import __version__

from . import wheels

#: The release that sites are made for: it goes with the versions in the extra `lite`, and the tests run on it.
VERSION = "0.27.7"
CDN = f"https://cdn.jsdelivr.net/pyodide/v{VERSION}/full/"
NAME = "pyodide-lock.json"

#: Pure packages that the tab may want besides Pyodide's own, and what each needs there.
WANTED = {
    "comm": [],
    "ipywidgets": ["comm", "ipython", "traitlets"],
    "latex2mathml": [],
    "mpmath": [],
    "sympy": ["mpmath"],
    "tqdm": ["ipywidgets"],
}

#: Those of them that take long to read: the site brings them compiled, whoever else has them.
COMPILED = ("mpmath", "sympy")

#: Loaded while Python starts, all at once: what the kernel asks for one by one, and what every lesson needs.
AT_ONCE = ["micropip", "ssl", "sqlite3", "ipython", "comm", "chainrule"]


class NoPyodide(Exception):
    """There is no Pyodide to be had where it was looked for, or it is not the one that sites are made for."""


def read(pyodide: Path | None) -> dict[str, Any]:
    """Pyodide's lock file: from a folder that has a Pyodide, else from the network.

    Raises NoPyodide, which says what to do.
    """
    try:
        if pyodide is None:
            with urllib.request.urlopen(CDN + NAME, timeout=60) as answer:
                lock = json.load(answer)
        else:
            lock = json.loads((pyodide / NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        if pyodide is None:
            raise NoPyodide(
                f"the list of Pyodide's packages could not be read from {CDN} ({error}): "
                "without internet give a folder that has Pyodide, --pyodide DIR"
            ) from None
        raise NoPyodide(f"{pyodide} has no Pyodide: its {NAME} could not be read") from None
    found = lock.get("info", {}).get("version")
    if found != VERSION:
        raise NoPyodide(f"Pyodide {VERSION} is needed, which the kernel of the site goes with; there it is {found}")
    return lock  # type: ignore[no-any-return]


def with_ours(lock: dict[str, Any], folder: Path, home: str, pyodide: Path | None) -> dict[str, Any]:
    """The lock file of a site: `lock`, whose files lie at `home`, and the packages of ours, written into `folder`.

    All addresses are relative to the place beside `folder`, or whole. pyodide: a folder that has it, if there is one.
    """
    packages = {
        name: {**package, "file_name": home + package["file_name"]} for name, package in lock["packages"].items()
    }
    ours = [("chainrule", __version__, wheels.chainrule(folder), ["numpy"], ["chainrule", "torch"])]
    for name, needs in WANTED.items():
        if name in packages and name not in COMPILED:
            packages[name]["depends"] = sorted({*packages[name]["depends"], *needs})
        else:
            path = wheels.installed(name, folder, pyodide, compiled=name in COMPILED)
            ours.append((name, path.name.split("-")[1], path, needs, [name]))
    for name, version, path, needs, imports in ours:
        packages[name] = {
            "name": name, "version": version, "file_name": f"{folder.name}/{path.name}", "install_dir": "site",
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "package_type": "package", "imports": imports,
            "depends": needs, "unvendored_tests": False,
        }  # fmt: skip
    return {**lock, "packages": packages}
