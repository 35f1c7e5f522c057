"""The libraries in the web page: fetched, bundled and checked anew, from pinned versions whose hashes npm verifies.

    python tools/vendor.py            write src/chainrule/see/page/vendor (needs npm, and the network)
    python tools/vendor.py --check    the same into a folder of its own, compared; the page's modules' types and format
                                      checked
    python tools/vendor.py --format   the page's modules written in the one format

The versions and the hashes of their archives are in `tools/vendor/package-lock.json`. What a page does not use of a
library is left out by the bundler.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent / "vendor"
PAGE = HERE.parent.parent / "src" / "chainrule" / "see" / "page"
USED = {  # file -> what the page's modules import from it, by package
    "d3": {
        "d3-axis": "axisBottom, axisLeft",
        "d3-contour": "contours",
        "d3-scale": "scaleLinear, scaleLog",
        "d3-selection": "select",
        "d3-shape": "line",
    },
    "dagre": {"@dagrejs/dagre": "graphlib, layout"},
}
TYPES = {
    "strict": True, "noImplicitAny": False, "checkJs": True, "allowJs": True, "noEmit": True, "types": [],
    "target": "es2023", "lib": ["es2023", "dom", "dom.iterable"], "module": "esnext", "moduleResolution": "bundler",
}  # fmt: skip
MADE = """
export const D: number[];
export const predict: ((x: number[], u: number[]) => number) | null;
export const value: (x: number[]) => number;
export const gradient: (x: number[]) => number[];
export const OPS: Record<string, (...x: any[]) => any>;
type Step = (p: number, g: number, state: any[], settings: any) => [number, any[]];
export const OPTIMISERS: Record<string, { start: (settings: any) => any[]; step: Step }>;
"""


def main() -> int:
    """Fetch, bundle, and write or compare; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing: compare, and check types and format")
    parser.add_argument("--format", action="store_true", help="write the page's modules in the one format")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, work)
        run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"], work)
        if asked.format:
            return prettier(work, "--write")
        made = {f"{name}.js": bundle(work, name) for name in USED} | {"LICENSES.txt": licences(work)}
        if asked.check:
            return compared(made) or types(work) or prettier(work, "--check")
        for name, text in made.items():
            (PAGE / "vendor" / name).write_text(text, encoding="utf-8", newline="\n")
            print(f"{name}: {len(text.encode())} bytes, sha256 {hashlib.sha256(text.encode()).hexdigest()}")
    return 0


def run(command: list[str], folder: Path) -> None:
    """A command that must succeed."""
    subprocess.run(command, cwd=folder, check=True)


def entry(name: str) -> str:
    """A module that exports what the page uses of some packages."""
    return "".join(f'export {{ {names} }} from "{package}";\n' for package, names in USED[name].items())


def bundle(work: Path, name: str) -> str:
    """A library as one small ES module; what went into it is noted in `meta`."""
    (work / f"{name}.entry.js").write_text(entry(name))
    run(["node_modules/.bin/esbuild", f"{name}.entry.js", "--bundle", "--minify", "--format=esm", "--target=es2022",
         "--charset=utf8", "--legal-comments=none", "--log-level=warning", f"--outfile={name}.js",
         f"--metafile={name}.meta.json"], work)  # fmt: skip
    packages = ", ".join(f"{p} {v}" for p, v in contents(work, name).items())
    return f"// {packages}. Licences: LICENSES.txt\n" + (work / f"{name}.js").read_text(encoding="utf-8")


def contents(work: Path, name: str) -> dict[str, str]:
    """The packages that a bundle holds, with their versions."""
    inputs = json.loads((work / f"{name}.meta.json").read_text())["inputs"]
    parts = [Path(path).parts for path in inputs if path.startswith("node_modules")]
    names = sorted({"/".join(p[1:3]) if p[1].startswith("@") else p[1] for p in parts})
    return {n: json.loads((work / "node_modules" / n / "package.json").read_text())["version"] for n in names}


def licences(work: Path) -> str:
    """The licences of all that is bundled."""
    texts = []
    for name in sorted({p for bundled in USED for p in contents(work, bundled)}):
        text = next((work / "node_modules" / name).glob("LICENSE*")).read_text(encoding="utf-8")
        texts.append(f"{name}\n{'=' * len(name)}\n\n{text.strip()}\n")
    return "\n\n".join(texts)


def compared(made: dict[str, str]) -> int:
    """Whether the files in the package are those that were made now."""
    stale = [n for n, text in made.items() if (PAGE / "vendor" / n).read_text(encoding="utf-8") != text]
    print(f"not what the pinned versions give: {', '.join(stale)}" if stale else "the libraries are those pinned")
    return 1 if stale else 0


def types(work: Path) -> int:
    """Check the types of the page's modules, beside the libraries' own."""
    shutil.copytree(PAGE / "web", work / "web", ignore=shutil.ignore_patterns("*.html", "*.css"))
    (work / "vendor").mkdir()
    for name in USED:
        (work / "vendor" / f"{name}.d.ts").write_text(entry(name))
    (work / "web" / "emitted.d.ts").write_text(MADE)
    (work / "tsconfig.json").write_text(json.dumps({"compilerOptions": TYPES, "include": ["web"]}))
    return subprocess.run(["node_modules/.bin/tsc", "--project", "."], cwd=work).returncode


def prettier(work: Path, how: str) -> int:
    """Check the format of the page's modules, or write it."""
    files = [str(f) for f in sorted((PAGE / "web").iterdir()) if f.suffix == ".js"]
    command = ["node_modules/.bin/prettier", how, "--print-width=120", "--log-level=warn", *files]
    return subprocess.run(command, cwd=work).returncode


if __name__ == "__main__":
    sys.exit(main())
