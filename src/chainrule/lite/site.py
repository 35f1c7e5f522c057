"""A site: JupyterLite builds it, then the lessons, the packages and the page of contents go in.

It is made beside its place and moved there when it is whole, so nothing half written is left.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from chainrule.base.extras import MissingExtra, extra

from . import lock
from .lessons import Lesson, contents

KERNEL = "@jupyterlite/pyodide-kernel-extension:kernel"
EXTENSIONS = ("@jupyterlite/pyodide-kernel-extension", "@jupyter-widgets/jupyterlab-manager")
#: Parts that ask a server for what a static site does not have: checkpoints, and icons of the tab.
NOT_HERE = ["@jupyter-notebook/notebook-extension:checkpoints", "@jupyter-notebook/notebook-extension:tab-icon"]


class NotBuilt(Exception):
    """JupyterLite did not make the site, and what it said."""


def build(lessons: list[Lesson], out: Path, pyodide: Path | None, title: str) -> None:
    """Make the site in `out`, a folder that is not there or is empty; Pyodide is copied from `pyodide`, if given.

    Raises NotBuilt, NoPyodide, or MissingExtra, and leaves nothing behind.
    """
    out = out.resolve()
    packages = lock.read(pyodide)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as made:
        site = Path(made, "site")
        _jupyterlite(site)
        _pyodide(site, pyodide, packages)
        _lessons(site, lessons)
        (site / ".nojekyll").touch()  # else GitHub leaves out some folders
        (site / "index.html").write_text(contents(lessons, title), encoding="utf-8")
        out.mkdir(exist_ok=True)
        out.rmdir()  # an empty one: what is moved takes its place
        site.rename(out)


def _jupyterlite(site: Path) -> None:
    """The site without lessons. JupyterLite takes what lies around it for its own, so it works in an empty folder."""
    extra("jupyterlite_core", "lite", "a site"), extra("jupyterlite_pyodide_kernel", "lite", "a site")
    with tempfile.TemporaryDirectory(prefix="chainrule-") as work:
        settings = {"LiteBuildConfig": {
            "apps": ["notebooks"], "federated_extensions": [*map(_extension, EXTENSIONS)], "ignore_sys_prefix": True,
            "no_sourcemaps": True, "no_unused_shared_packages": True, "output_dir": str(site),
        }}  # fmt: skip
        Path(work, "jupyter_lite_config.json").write_text(json.dumps(settings), encoding="utf-8")
        command = [sys.executable, "-m", "jupyterlite_core", "build", "--lite-dir", work]
        done = subprocess.run(command, cwd=work, capture_output=True, text=True)
    if done.returncode or not (site / "notebooks").is_dir():
        raise NotBuilt("JupyterLite did not make the site: " + (done.stderr or done.stdout).strip()[-2000:])


def _extension(name: str) -> str:
    """Where a part of JupyterLab's is installed."""
    for folder in extra("jupyter_core.paths", "lite", "a site").jupyter_path("labextensions"):
        if Path(folder, name).is_dir():
            return str(Path(folder, name))
    raise MissingExtra(f'a site needs {name}: pip install "chainrule[lite]"')


def _pyodide(site: Path, pyodide: Path | None, packages: dict[str, object]) -> None:
    """The packages, and the kernel's settings: where Pyodide is, what is loaded at once."""
    static = site / "static"
    (static / "wheels").mkdir(parents=True)
    if pyodide is not None:
        shutil.copytree(pyodide, static / "pyodide")
    home = lock.CDN if pyodide is None else "pyodide/"
    listed = json.dumps(lock.with_ours(packages, static / "wheels", home, pyodide))
    (static / lock.NAME).write_text(listed, encoding="utf-8")
    script = Path(__file__).with_name("tab.js").read_text(encoding="utf-8").replace('PYODIDE"', f'{home}"')
    (static / "pyodide.js").write_text(script, encoding="utf-8")
    path = site / "jupyter-lite.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    data = config["jupyter-config-data"]
    kernel = data.setdefault("litePluginSettings", {}).setdefault(KERNEL, {})
    kernel["pyodideUrl"] = "./static/pyodide.js"
    kernel["loadPyodideOptions"] = {"lockFileURL": f"./static/{lock.NAME}", "packages": lock.AT_ONCE}
    data |= {"appUrl": "./notebooks", "exposeAppInBrowser": True, "disabledExtensions": NOT_HERE}
    path.write_text(json.dumps(config, indent=1), encoding="utf-8")


def _lessons(site: Path, lessons: list[Lesson]) -> None:
    """The notebooks, and the answer that Jupyter's server would give on which there are."""
    (site / "files").mkdir(exist_ok=True)
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    entries = []
    for lesson in lessons:
        path = site / "files" / lesson.name
        path.write_text(extra("nbformat", "lite", "a site").writes(lesson.notebook), encoding="utf-8")
        about = {"name": lesson.name, "path": lesson.name, "type": "notebook", "size": path.stat().st_size}
        entries.append(about | _MODEL | {"format": None, "content": None, "created": now, "last_modified": now})
    listing = _MODEL | {"name": "", "path": "", "type": "directory", "format": "json", "content": entries}
    folder = site / "api" / "contents"
    folder.mkdir(parents=True, exist_ok=True)
    listing |= {"created": now, "last_modified": now, "size": None}
    (folder / "all.json").write_text(json.dumps(listing, indent=1), encoding="utf-8")


_MODEL = {"mimetype": None, "writable": True}
