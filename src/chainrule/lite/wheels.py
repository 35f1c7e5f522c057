"""Wheels for the tab: chainrule itself with its `torch`, and installed packages of pure Python, packed again."""

from __future__ import annotations

import ast
import io
import tempfile
import tokenize
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from chainrule.base.extras import MissingExtra
from chainrule.see.page.link import stripped
from chainrule.see.page.sentences import counted, sentences
from chainrule.version import __version__

from .bytecode import compile_folder
from .catalogue import kept

ROOT = Path(__file__).resolve().parents[1]
TORCH = """\
from chainrule.run.standin import install

install()  # which puts chainrule in this module's place
"""

#: What is imported where there is llvmlite alone.
MACHINE_CODE = (
    *(f"compiler/{name}" for name in ("disk", "export", "native/", "periods", "roll", "vecmath/")),
    "descend/fast_lanes",
)
#: What is imported where there are threads alone.
THREADS = ("core/blocks",)
#: The command line, and what is imported by it alone.
COMMANDS = ("cli.py", "__main__.py", "see/commands/", "see/from_file.py", "fitting/guess.py")
#: What no tab needs: that, what makes sites, of `run` what runs files, threads and machine code.
LEFT_OUT = (*COMMANDS, "lite/", "run/", *THREADS, *MACHINE_CODE)
KEPT = ("run/__init__.py", "run/formulas.py", "run/standin.py")
#: Catalogues' sources, bytecode of another Python, and what only type checkers read.
SUFFIXES = (".pyc", ".po", ".pyi", ".typed")
#: Where what no other module names is described for who reads the source: their packages publish what `help` shows.
#: (Not so in `api`, whose private functions are published under other names.)
INNER = ("base/", "compiler/", "core/", "descend/", "fitting/", "func/", "ops/", "see/", "serialization/")


def chainrule(folder: Path) -> Path:
    """Write the wheel of the package that runs here, with a `torch` that is chainrule; where it is."""
    tab = Path(__file__).with_name("tab.py").read_bytes()
    files = [("torch/__init__.py", TORCH.encode()), ("chainrule_in_tab.py", tab)]
    said = {*sentences(), *(one for one, _ in counted())}
    named = _named()
    for path in sorted(ROOT.rglob("*")):
        name = path.relative_to(ROOT).as_posix()
        left_out = name.startswith(LEFT_OUT) and name not in KEPT
        if path.is_file() and not path.name.endswith(SUFFIXES) and not left_out:
            data = path.read_bytes()
            if path.suffix == ".py":
                said |= _literals(data.decode())
                data = lean(data.decode(), named if _is_inner(path) else None).encode()
            elif name.startswith("see/page/web/") and path.suffix == ".js":
                data = stripped(data.decode()).encode()  # as a page has it
            files.append((f"chainrule/{name}", data))
    files = [(name, kept(data, name.split("/")[2], said) if name.endswith(".mo") else data) for name, data in files]
    return _write(folder, "chainrule", __version__, files)


def _literals(source: str) -> set[str]:
    """All texts that stand in a module."""
    return {n.value for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Constant) and isinstance(n.value, str)}


def _is_inner(path: Path) -> bool:
    return path.relative_to(ROOT).as_posix().startswith(INNER) and path.name != "__init__.py"


def _named() -> frozenset[str]:
    """What the modules that publish import, take from a module, or list as a text."""
    found: set[str] = set()
    for path in ROOT.rglob("*.py"):
        for node in () if _is_inner(path) else ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.ImportFrom(names=names):
                    found |= {alias.name for alias in names}
                case ast.Attribute(attr=str(name)) | ast.Constant(value=str(name)):
                    found |= set(name.split()) if "." not in name else set()  # sentences name nothing
    return frozenset(found)


def lean(source: str, named: frozenset[str] | None = None) -> str:
    """The source without its comments; of an inner module also without its description, and without descriptions and
    types of what is private, or not among the names `named` by those who publish.

    Its lines stay where they are, so that tracebacks agree with the source.
    """
    if named is not None:
        source = _undescribed(source, named)
    lines = source.splitlines(keepends=True)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column].rstrip() + "\n"
    return "".join(lines)


def _is_alone(node: ast.stmt, named: frozenset[str]) -> bool:
    """Whether a function or class is for its neighbours only: nobody publishes it, and its objects do not show."""
    if isinstance(node, ast.ClassDef):
        shown = {part.name for part in node.body if isinstance(part, ast.FunctionDef)} & {
            "__repr__",
            "__str__",
            "_repr_html_",
        }
        return not (node.name in named or shown or node.decorator_list or node.bases)
    return isinstance(node, ast.FunctionDef) and node.name not in named


def _undescribed(source: str, named: frozenset[str]) -> str:
    lines = [line.encode() for line in source.splitlines(keepends=True)]  # ast counts columns in bytes
    tree = ast.parse(source)
    alone = {part for node in tree.body if _is_alone(node, named) for part in ast.walk(node)}
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    _untyped(lines, [f for f in functions if f in alone or (f.name.startswith("_") and not f.name.endswith("_"))])
    for node in ast.walk(tree):
        if not isinstance(node, (ast.Module, ast.FunctionDef, ast.ClassDef)) or ast.get_docstring(node) is None:
            continue
        if isinstance(node, ast.Module) or node.name.startswith("_") or node in alone:
            text = node.body[0]
            first, last = text.lineno - 1, (text.end_lineno or text.lineno) - 1
            rest = lines[last][text.end_col_offset :]
            lines[first : last + 1] = [lines[first][: text.col_offset] + b'""' + rest, *[b"\n"] * (last - first)]
    return b"".join(lines).decode()


def _untyped(lines: list[bytes], functions: list[ast.FunctionDef]) -> None:
    """Take the types of arguments and results out of functions that nobody asks for them."""
    cuts: list[tuple[int, int, int]] = []
    for f in functions:
        a = f.args
        for arg in (*a.posonlyargs, *a.args, *a.kwonlyargs, *filter(None, (a.vararg, a.kwarg))):
            if arg.annotation is not None and arg.lineno == arg.end_lineno:
                cuts.append((arg.lineno - 1, arg.col_offset + len(arg.arg.encode()), arg.end_col_offset or 0))
        r = f.returns
        if r is not None and r.lineno == r.end_lineno:
            row = r.lineno - 1
            cuts.append((row, lines[row].rindex(b" ->", 0, r.col_offset), r.end_col_offset or 0))
    for row, start, end in sorted(cuts, reverse=True):
        lines[row] = lines[row][:start] + lines[row][end:]


def installed(name: str, folder: Path, pyodide: Path | None = None, *, compiled: bool = False) -> Path:
    """Write the wheel of a package of pure Python that is installed here, without its tests; where it is.

    compiled: as bytecode, if there is what makes it (`pyodide` may); tracebacks then show no lines of its source.
    Raises MissingExtra if it is not installed.
    """
    try:
        distribution = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        raise MissingExtra(f'the site needs {name}: pip install "chainrule[lite]"') from None
    files = list(_sources(distribution))
    return _write(folder, name, distribution.version, _bytecode(files, pyodide) if compiled else files)


def _bytecode(files: list[tuple[str, bytes]], pyodide: Path | None) -> list[tuple[str, bytes]]:
    """The files with bytecode in the place of sources, or as they are where nothing can make it."""
    with tempfile.TemporaryDirectory(prefix="chainrule-") as work:
        for name, data in files:
            path = Path(work, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        if not compile_folder(Path(work), pyodide):
            return files
        made = {name: Path(work, name).with_suffix(".pyc") for name, _ in files if name.endswith(".py")}
        return [
            (f"{name}c", made[name].read_bytes()) if name in made and made[name].exists() else (name, data)
            for name, data in files
        ]


def _sources(distribution: metadata.Distribution) -> Iterator[tuple[str, bytes]]:
    for file in distribution.files or []:
        inside = not {"..", "tests", "__pycache__"} & set(file.parts) and ".dist-info" not in file.parts[0]
        path = Path(str(file.locate()))
        if inside and path.is_file():
            yield file.as_posix(), path.read_bytes()


def _write(folder: Path, name: str, version: str, files: list[tuple[str, bytes]]) -> Path:
    path = folder / f"{name}-{version}-py3-none-any.whl"
    about = f"{name}-{version}.dist-info"
    wheel = "Wheel-Version: 1.0\nGenerator: chainrule\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    described = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    files = [*files, (f"{about}/WHEEL", wheel.encode()), (f"{about}/METADATA", described.encode())]
    record = [f"{name},," for name, _ in files] + [f"{about}/RECORD,,"]  # the lock file has the hash of the whole
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for inside, data in [*files, (f"{about}/RECORD", "\n".join(record).encode())]:
            archive.writestr(zipfile.ZipInfo(inside, (1980, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED, 9)
    return path
