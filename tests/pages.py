"""A gallery of functions for the tests of pages, the browser they are opened in, and what looks for barriers there."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import chainrule as cr
from chainrule.nn import functional as F


class Shown(NamedTuple):
    """A function with its start; `text` where it is one that can be typed."""

    f: Callable[..., Any] | str
    start: Any
    lr: float = 0.05


POINTS = cr.tensor([[1.0, -0.5], [0.25, 2.0], [-1.5, 0.75], [0.5, 0.5], [2.0, -1.0]], dtype=cr.float64)
HEIGHTS = cr.tensor([1.0, -0.5, 2.0, 0.25, -1.0], dtype=cr.float64)


def himmelblau(x: Any, y: Any) -> Any:
    return (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2


def line(w: Any) -> Any:
    return F.mse_loss(POINTS @ w, HEIGHTS)


def logistic(w: Any, b: Any) -> Any:
    return F.softplus(-(POINTS @ w + b) * HEIGHTS.sign()).mean() + 0.01 * (w @ w)


def soft(z: Any) -> Any:
    shares = -cr.log_softmax(z, 0)[1] + cr.logsumexp(z, 0).tanh() + F.layer_norm(z, (4,))[2]
    return shares + 0.1 * z.norm() * z.std() + z[[0, 2, 0]].prod() + z.cumsum(0)[2].sin() + z.amax() * z.var()


GALLERY = {
    "quartic": Shown("x - 4*x**2 + x**4/4", 4.0, 0.02),
    "bell": Shown("exp(-(x**2 - x + 1)/cos(log(x))**2)", 1.3, 0.5),
    "parabola": Shown("x**2 - 4*x + 5", 5.0, 0.1),
    "waves": Shown("sin(3*x)*exp(-x**2/8) + x**2/10", 2.5, 0.02),
    "kinks": Shown("abs(x - 1) + relu(-x)/2 + where(x < -1, x**2, 1)", -2.2, 0.05),
    "special": Shown("erf(x) - lgamma(x + 2) + erfc(x/3) + sigmoid(x)*log1p(x**2) - hypot(x, 2)", 0.7, 0.05),
    "powers": Shown("x**x + 2**x - x**0.5 + x**-1 + atan2(x, 3)", 1.7, 0.05),
    "valley": Shown("(1 - x)**2 + 100*(y - x**2)**2", (-1.2, 1.5), 0.0005),
    "himmelblau": Shown(himmelblau, (-1.0, 1.0), 0.005),
    "line": Shown(line, cr.tensor([0.5, -0.5], dtype=cr.float64), 0.1),
    "logistic": Shown(
        logistic, (cr.tensor([0.1, -0.2], dtype=cr.float64), cr.tensor(0.3, dtype=cr.float64)), 0.1
    ),
    "soft": Shown(soft, cr.tensor([0.3, -0.2, 0.5, 1.0], dtype=cr.float64), 0.1),
}  # fmt: skip


def browser_missing() -> str:
    """Why there is no browser here; empty where there is one."""
    if importlib.util.find_spec("playwright") is None:
        return "playwright is not installed"
    return "" if shutil.which("chromium") else "there is no chromium on the path"


AXE = ("axe-core", "4.14.1", "e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745")
ROOT = Path(__file__).resolve().parents[1]


@cache
def axe() -> str:
    """The script of axe-core, which looks for barriers: test material, from npm, pinned by its archive's hash.

    Raises OSError with the reason why it is not to be had.
    """
    name, version, digest = AXE
    folder = Path(os.environ.get("CHAINRULE_AXE", ROOT / ".cache"))
    archive = folder / f"{name}-{version}.tgz"
    if not archive.exists():
        if shutil.which("npm") is None:
            raise OSError("npm, which would fetch axe-core, is not installed")
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as part:
            command = ["npm", "pack", "--silent", f"{name}@{version}", "--pack-destination", part]
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                raise OSError(f"npm could not fetch {name} {version}: {done.stderr.strip()[-200:]}")
            (Path(part) / archive.name).replace(archive)
    if hashlib.sha256(archive.read_bytes()).hexdigest() != digest:
        raise OSError(f"{archive} is not the file that was pinned")
    with tarfile.open(archive) as opened:
        member = opened.extractfile("package/axe.min.js")
        assert member is not None
        return member.read().decode()


class Tab:
    """A page opened in a tab without a network; what goes wrong in it is gathered in `errors`."""

    def __init__(
        self, browser: Any, path: Path, *, width: int = 1280, hash: str = "", scheme: str = "light",
        touch: bool = False, scale: int = 1,
    ) -> None:  # fmt: skip
        self.context = browser.new_context(
            viewport={"width": width, "height": 900},
            offline=True,
            color_scheme=scheme,
            accept_downloads=True,
            has_touch=touch,
            device_scale_factor=scale,
        )
        self.address = path.as_uri()
        self.tab = self.context.new_page()
        self.errors: list[str] = []
        self.tab.on("console", lambda m: self.errors.append(m.text) if m.type in ("error", "warning") else None)
        self.tab.on("pageerror", lambda e: self.errors.append(str(e)))
        self.tab.on(
            "request", lambda r: None if r.url.startswith(("file:", "data:", "blob:")) else self.errors.append(r.url)
        )
        self.tab.goto(self.address + hash)
        self.settle()

    def settle(self) -> None:
        """Wait until what was changed has been drawn."""
        self.tab.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def get(self, script: str, argument: Any = None) -> Any:
        return self.tab.evaluate(script, argument)

    def state(self, name: str) -> Any:
        return self.get(f"() => chainrule.app.state.{name}")

    def show(self, text: str, start: Any, lr: float = 0.1, steps: int = 100) -> None:
        """Another function in the same page, as if it had come with it."""
        start = list(start) if isinstance(start, tuple) else [start]
        state = {"text": text, "start": start, "lr": lr, "steps": steps}
        self.get("state => { chainrule.app.reset(); chainrule.app.change(state); }", state)
        self.settle()

    def anew(self) -> None:
        """As it was when it was opened."""
        self.tab.set_viewport_size({"width": 1280, "height": 900})
        self.tab.emulate_media(
            media="screen", color_scheme="light", forced_colors="none", reduced_motion="no-preference"
        )
        if self.tab.url.partition("#")[0] != self.address:
            self.tab.goto(self.address)
        self.get("() => { const { app } = chainrule; app.reset(); app.change({language: 'en'}); app.past = []; }")
        self.settle()

    def type(self, text: str) -> None:
        self.tab.fill("#function", text)
        self.settle()

    def barriers(self) -> list[str]:
        """What axe finds wrong, with the element."""
        self.get(axe())
        return list(
            self.get("""async () => (await axe.run(document, { resultTypes: ["violations"] })).violations.flatMap(
            (v) => v.nodes.map((n) => `${v.id}: ${n.html.slice(0, 120)}`))""")
        )

    def title(self) -> str:
        return str(self.tab.inner_text(".verdict strong"))
