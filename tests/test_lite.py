"""`chainrule lite` without a browser: what goes into a site, and what is refused with nothing written."""

from __future__ import annotations

import ast
import gettext
import hashlib
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import chainrule
from chainrule import cli
from chainrule.core.op import REGISTRY
from chainrule.lite import bytecode, lock, wheels
from chainrule.lite.command import told
from chainrule.lite.lessons import contents, lesson
from chainrule.run.notebook import load

pytest.importorskip("nbformat")
pytest.importorskip("jupytext")
EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.ipynb"))


def refused(capsys: pytest.CaptureFixture[str], out: Path, *arguments: Any) -> tuple[int, str]:
    """The exit status and what was said; that nothing was written beside or at `out` is checked here."""
    before = sorted(out.parent.iterdir())
    status = cli.main(["lite", *map(str, arguments), "--out", str(out)])
    assert sorted(out.parent.iterdir()) == before
    return status, capsys.readouterr().err


def test_what_is_no_notebook(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "broken.ipynb").write_text("{")
    (tmp_path / "picture.png").write_text("")
    status, said = refused(capsys, tmp_path / "site", tmp_path / "broken.ipynb", tmp_path / "picture.png", "nowhere.py")
    assert status == 2
    assert "broken.ipynb: not a notebook: not valid JSON" in said
    assert "picture.png: .png is not .ipynb" in said
    assert "nowhere.py: no such file" in said


def test_a_folder_that_is_not_empty(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "site"
    out.mkdir()
    (out / "mine.txt").write_text("kept")
    status, said = refused(capsys, out, EXAMPLES[0])
    assert status == 3 and "is not empty" in said and (out / "mine.txt").read_text() == "kept"


def test_names_that_are_missing_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "lesson.py"
    source.write_text("import torch\nimport torchvision\ntorch.ones(2).cuda_nonsense\ntorch.stft_nonsense(1)\n")
    status, said = refused(capsys, tmp_path / "site", source)
    assert status == 1
    assert "line 2: torchvision: it needs torch itself" in said and "torch.stft_nonsense" in said


def test_two_files_of_one_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.py").write_text("import torch\n")
    (tmp_path / "a.md").write_text("```python\nimport torch\n```\n")
    status, said = refused(capsys, tmp_path / "site", tmp_path / "a.py", tmp_path / "a.md")
    assert status == 3 and "two files would be a.ipynb" in said


@pytest.mark.parametrize("info", [None, {"info": {"version": "0.26.0"}, "packages": {}}], ids=["none", "another"])
def test_a_folder_without_the_right_pyodide(tmp_path: Path, capsys: pytest.CaptureFixture[str], info: Any) -> None:
    folder = tmp_path / "pyodide"
    folder.mkdir()
    if info:
        (folder / lock.NAME).write_text(json.dumps(info))
    status, said = refused(capsys, tmp_path / "site", EXAMPLES[0], "--pyodide", folder)
    assert status == 2
    assert ("Pyodide 0.27.7 is needed" if info else "has no Pyodide") in said


def test_without_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(lock, "CDN", "http://127.0.0.1:9/")
    status, said = refused(capsys, tmp_path / "site", EXAMPLES[0])
    assert status == 2 and "--pyodide DIR" in said


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_lessons_know_title_and_language(path: Path) -> None:
    made = lesson(load(path), path, path.name)
    assert made.language == path.stem.rpartition("_")[2]  # the examples' names say it
    assert made.title and not made.title.startswith("#")
    assert made.notebook.metadata["kernelspec"]["name"] == "python"
    recorded = "image/png" in path.read_text(encoding="utf-8")
    assert made.picture.startswith("data:image/png") == recorded


def test_page_of_contents_escapes_what_it_shows() -> None:
    made = lesson(load(EXAMPLES[0]), EXAMPLES[0], "a & b.ipynb")
    made.title = "<script>alert(1)</script>"
    page = contents([made], "<b>")
    assert "<script>alert" not in page and "&lt;script&gt;" in page and "<h1>&lt;b&gt;</h1>" in page
    assert 'href="notebooks/index.html?path=a%20%26%20b.ipynb"' in page


def test_the_wheel_has_the_sentences_that_its_modules_say(tmp_path: Path) -> None:
    extract = pytest.importorskip("babel.messages.extract")
    with zipfile.ZipFile(wheels.chainrule(tmp_path)) as archive:
        archive.extractall(tmp_path / "inside")
    methods = [("**/vendor/**", "ignore"), ("**.py", "python"), ("**.js", "javascript")]
    found = extract.extract_from_dir(tmp_path / "inside", methods, keywords={"say": None, "say_count": (1, 2)})
    whys = {op.columns["why"] for op in REGISTRY.values() if "why" in op.columns}
    texts = {message for _, _, message, _, _ in found} | whys
    assert len(texts) > 300
    for code in ("th", "vi", "ru"):
        place = Path("locale", code, "LC_MESSAGES", "chainrule.mo")
        with (tmp_path / "inside" / "chainrule" / place).open("rb") as file:
            inside = gettext.GNUTranslations(file)
        with (wheels.ROOT / place).open("rb") as file:
            whole = gettext.GNUTranslations(file)
        for text in texts:
            for n in (1, 2, 5):
                asked = [c.ngettext(*text, n) if isinstance(text, tuple) else c.gettext(text) for c in (inside, whole)]
                assert asked[0] == asked[1], text
        assert inside.gettext("--lr must be a positive number, but it is {lr}").startswith(
            "--lr must"
        )  # of no use there


def test_chainrule_as_a_wheel(tmp_path: Path) -> None:
    path = wheels.chainrule(tmp_path)
    assert path.stat().st_size < 1_000_000  # what chainrule adds to the load of a page
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        record = archive.read(next(name for name in names if name.endswith("RECORD"))).decode()
        assert sorted(line.split(",")[0] for line in record.splitlines()) == sorted(names)
    assert {"torch/__init__.py", "chainrule/__init__.py", "chainrule_in_tab.py"} <= {*names}
    assert not any(
        name.startswith(("chainrule/lite/", "chainrule/cli")) or name.endswith((".po", ".pyc", ".pyi"))
        for name in names
    )


def test_the_lock_has_our_packages(tmp_path: Path) -> None:
    for package in ("comm", "ipywidgets", "latex2mathml", "mpmath", "sympy", "tqdm"):
        pytest.importorskip(package)
    folder = tmp_path / "wheels"
    folder.mkdir()
    theirs = {
        "numpy": {"name": "numpy", "file_name": "numpy.whl", "depends": []},
        "tqdm": {"file_name": "t.whl", "depends": []},
    }
    packages = lock.with_ours({"info": {}, "packages": theirs}, folder, "https://far.away/", None)["packages"]
    assert packages["chainrule"]["imports"] == ["chainrule", "torch"] and packages["chainrule"]["depends"] == ["numpy"]
    assert packages["numpy"]["file_name"] == "https://far.away/numpy.whl"
    assert packages["tqdm"] == {"file_name": "https://far.away/t.whl", "depends": ["ipywidgets"]}
    for name in ("chainrule", "sympy", "comm"):
        data = (tmp_path / packages[name]["file_name"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == packages[name]["sha256"]
    with zipfile.ZipFile(tmp_path / packages["sympy"]["file_name"]) as archive:
        assert not any("/tests/" in name for name in archive.namelist())


def test_bytecode_is_of_the_tabs_python(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    if not bytecode.compile_folder(tmp_path, None):
        pytest.skip(f"there is no Python {bytecode.PYTHON} here")
    assert (tmp_path / "a.pyc").read_bytes()[:4] == b"\xcb\r\r\n"  # the magic number of CPython 3.12


def test_what_is_told(tmp_path: Path) -> None:
    (tmp_path / "chainrule-1.whl").write_bytes(b"0" * 900_000)
    said = told(tmp_path, [lesson(load(EXAMPLES[0]), EXAMPLES[0], EXAMPLES[0].name)], whole=True)
    assert "1 lesson, 1 files, 1 MB" in said and "adds 0.9 MB" in said and f"-m http.server -d {tmp_path}" in said


def test_a_button_on_the_page_of_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("nbconvert")
    made: list[Any] = []
    monkeypatch.setattr(
        "chainrule.lite.command.build", lambda lessons, out, *_: (made.append(out), out.mkdir(parents=True))
    )
    monkeypatch.setattr("chainrule.lite.command.told", lambda *_: "")
    source = tmp_path / "урок.py"
    source.write_text("# # Урок о производных\n\nimport torch\nprint(torch.tensor(1.0))\n", encoding="utf-8")
    out = tmp_path / "out"
    assert cli.main(["run", str(source), "--out", str(out), "--live", "--quiet"]) == 0
    assert made == [out / "live"]
    page = (out / "урок.html").read_text(encoding="utf-8")
    assert (
        'href="live/notebooks/index.html?path=%D1%83%D1%80%D0%BE%D0%BA.ipynb"' in page
        and "Запустить и изменить" in page
    )
    assert cli.main(["run", str(source), "--live"]) == 3  # without --out


def test_matplotlib_of_a_tab_can_tell_a_tensor_from_a_number() -> None:
    # It asks math.isfinite of what it is to draw, and looks for TypeError and ValueError.
    with pytest.raises(ValueError, match="only one element tensors can be converted to Python scalars"):
        float(chainrule.ones(3))


def test_nothing_in_the_wheel_imports_what_was_left_out(tmp_path: Path) -> None:
    with zipfile.ZipFile(wheels.chainrule(tmp_path)) as archive:
        texts = {name: archive.read(name).decode() for name in archive.namelist() if name.endswith(".py")}
    for name, text in texts.items():
        for module in imported(ast.parse(text), name.split("/")[:-1]):
            place = module.replace(".", "/")
            if f"{place}/".removeprefix("chainrule/").startswith((*wheels.MACHINE_CODE, *wheels.THREADS)):
                continue
            assert {f"{place}.py", f"{place}/__init__.py"} & texts.keys(), f"{name} imports {module}"


def test_without_llvmlite_nothing_of_machine_code_is_loaded_that_was_left_out() -> None:
    program = """
import sys
sys.modules["llvmlite"] = None
import chainrule as cr
cr.compile(lambda x: x**2)(cr.tensor(3.0))
cr.minimize("x**2", 1.0, lr=0.1, steps=50), cr.sweep("x**2", [1.0, 2.0], lr=0.1, steps=50)
cr.fit("a*x", [1.0, 2.0, 3.0], [2.0, 4.0, 6.0], {"a": 1.0})
from chainrule.lite.wheels import MACHINE_CODE
print([n for n in sys.modules if n.removeprefix("chainrule.").replace(".", "/").startswith(MACHINE_CODE)])
"""
    run = subprocess.run([sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True, check=True,
                         env={**os.environ, "PYTHONPATH": str(wheels.ROOT.parent)})  # fmt: skip
    assert run.stdout.strip() == "[]"


def test_a_tab_asks_for_no_threads() -> None:
    program = """
import sys
import numpy
sys.platform = "emscripten"
import chainrule as cr
x = cr.randn(2**20, requires_grad=True)
x.sin().sum().backward()
print("chainrule.core.blocks" in sys.modules)
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True,
                         env={**os.environ, "PYTHONPATH": str(wheels.ROOT.parent)})  # fmt: skip
    assert run.stdout.strip() == "False"


def imported(tree: ast.AST, package: list[str]) -> Iterator[str]:
    """chainrule's modules that are imported when the code runs, in functions too: all but what type checkers read."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            for other in node.orelse:
                yield from imported(ast.Module([other], []), package)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            if isinstance(node, ast.ImportFrom) and node.level:
                names = [".".join([*package[: len(package) + 1 - node.level], *filter(None, names)])]
            yield from (name for name in names if name.split(".")[0] == "chainrule")
        else:
            yield from imported(node, package)


def test_the_wheels_code_is_what_was_written(tmp_path: Path) -> None:
    def code(source: str) -> str:
        tree = ast.parse(source)
        for node in ast.walk(tree):
            if isinstance(node, (ast.Module, ast.FunctionDef, ast.ClassDef)) and ast.get_docstring(node) is not None:
                node.body[0] = ast.Pass(lineno=node.body[0].lineno)
            if isinstance(node, ast.FunctionDef):
                node.returns = None
            elif isinstance(node, ast.arg):
                node.annotation = None
        return re.sub(r"(end_lineno|\w*col_offset)=\w+", "", ast.dump(tree, include_attributes=True))

    with zipfile.ZipFile(wheels.chainrule(tmp_path)) as archive:
        names = [name for name in archive.namelist() if name.startswith("chainrule/") and name.endswith(".py")]
        for name in names:
            written, packed = (wheels.ROOT.parent / name).read_text(encoding="utf-8"), archive.read(name).decode()
            assert code(written) == code(packed), name  # in the same lines too, which tracebacks tell


def test_what_a_wheels_source_is_without() -> None:
    source = '"""é of a module.\n\nMore."""\n\nx = "# no comment"  # one\n# another\ndef _f():\n    """Private."""\n'
    source += 'def g():\n    """Public."""\n'
    source += 'def h():\n    """Named by nobody."""\n'
    types = "def {}(x: int, é: list[int], *a: str, b: f = 1, **c: z) -> dict[int, str]: return x\n"
    source += types.format("g") + types.format("_h")
    kept = '"""é of a module.\n\nMore."""\n\nx = "# no comment"\n\ndef _f():\n    """Private."""\n'
    assert wheels.lean(source) == kept + source[source.index("def g") :]
    inner = '""\n\n\n\nx = "# no comment"\n\ndef _f():\n    ""\ndef g():\n    """Public."""\ndef h():\n    ""\n'
    inner += types.format("g")
    inner += "def _h(x, é, *a, b = 1, **c): return x\n"
    assert wheels.lean(source, frozenset("g")) == inner


def test_a_wheel_describes_all_that_is_public(tmp_path) -> None:
    """As it is unpacked, counted in a process of its own by the tool that counts for the site."""
    zipfile.ZipFile(wheels.chainrule(tmp_path)).extractall(tmp_path / "wheel")
    tools = Path(__file__).parents[1] / "tools"
    code = "import chainrule, reference; print(chainrule.__file__, reference.undocumented())"
    found = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": f"{tmp_path / 'wheel'}{os.pathsep}{tools}"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert found.stdout.split() == [str(tmp_path / "wheel" / "chainrule" / "__init__.py"), "[]"]
