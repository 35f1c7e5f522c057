"""How long chainrule takes in a tab: Chromium and Node on a real Pyodide, by the tab's own clock: `make lite-bench`.

Each lesson has a fresh kernel; the packages are already on the machine, as the site serves them.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

import tabs  # noqa: E402

#: The Russian lesson's function, by which the first formula and the first page are timed.
FRACTION = "exp(-(x**2 - x + 1)/cos(log(x))**2)"
START = """\
import json, time
import numpy
def seconds(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
times = {}

# +
times["import, after NumPy"] = seconds(lambda: __import__("chainrule"))
import chainrule as cr

# +
"""
LESSONS = {
    "formula": f"""{START}\
def descent(steps):
    x = cr.tensor([5.0], requires_grad=True)
    optimizer = cr.optim.SGD([x], lr=0.1)
    for _ in range(steps):
        optimizer.zero_grad()
        y = x * x - 2 * x + 5
        y.backward()
        optimizer.step()
descent(100)
times["a descent step"] = min(seconds(lambda: descent(1000)) for _ in range(5)) / 1000

# +
times["derive, first"] = seconds(lambda: cr.derive({FRACTION!r})._repr_latex_())

# +
times["derive, again"] = seconds(lambda: cr.derive({FRACTION!r})._repr_latex_())
print(json.dumps(times))
""",
    "page": f"""{START}\
times["page, first"] = seconds(lambda: cr.page({FRACTION!r}, start=1.0)._repr_html_())

# +
times["page, again"] = seconds(lambda: cr.page({FRACTION!r}, start=1.0)._repr_html_())
print(json.dumps(times))
""",
}
GOALS = {"import, after NumPy": 1.0, "a descent step": 60e-6, "derive, first": 3.0, "page, first": 5.0}


def in_chromium(site: Path, lesson: str) -> dict[str, float]:
    """The times that a lesson of the site prints in a tab, and the seconds from the link to its end."""
    from playwright.sync_api import sync_playwright

    with tabs.served(site) as address, sync_playwright() as p:
        browser = p.chromium.launch(executable_path="/usr/bin/chromium", args=tabs.ARGUMENTS)
        cells, seconds = tabs.Tab(browser, address, f"{lesson}.ipynb").run(600)
        browser.close()
    said = "".join(output.get("text", "") for cell in cells for output in cell.get("outputs", []))
    return {**json.loads(said), f"the lesson of the {lesson}, from the link": seconds}


def in_node(site: Path, lesson: str) -> dict[str, float]:
    """The same on the site's own wheels, unpacked."""
    packages = site.parent / "packages"
    for name in ("chainrule", "sympy", "mpmath"):
        zipfile.ZipFile(next(site.rglob(f"{name}-*.whl"))).extractall(packages)
    script = "import sys; sys.path[:0] = ['/packages']\n" + LESSONS[lesson]
    mounts = {"/packages": str(packages)}
    task = {"home": str(tabs.pyodide()), "packages": ["numpy"], "mounts": mounts, "script": script}
    command = ["node", str(ROOT / "tests" / "pyodide.mjs"), json.dumps(task)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main() -> None:
    from chainrule import cli

    with tempfile.TemporaryDirectory() as folder:
        site, files = Path(folder) / "site", [Path(folder) / f"{name}.py" for name in LESSONS]
        for file in files:
            file.write_text(LESSONS[file.stem])
        cli.main(["lite", *map(str, files), "--out", str(site), "--pyodide", str(tabs.pyodide())])
        places = {"Chromium": in_chromium, "Node": in_node}
        found = {name: {} for name in places}
        for lesson in LESSONS:
            for name, place in places.items():
                found[name] |= {row: t for row, t in place(site, lesson).items() if row not in found[name]}
    print(f"{'':40}" + "".join(f"{name:>12}" for name in found) + f"{'to reach':>12}")
    for row in found["Chromium"]:
        times = [*(place.get(row) for place in found.values()), GOALS.get(row)]
        print(f"{row:40}" + "".join(f"{_written(t):>12}" for t in times))


def _written(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds * 1e6:.0f} us" if seconds < 1e-3 else f"{seconds:.2f} s"


if __name__ == "__main__":
    main()
