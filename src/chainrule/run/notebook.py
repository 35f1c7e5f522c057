"""Notebooks: read a file into one, run its cells in a kernel of this interpreter.

Whatever the file is (.ipynb, .py, markdown), it becomes a notebook in memory and the file is not touched again. The
kernel is this very interpreter, whichever kernels are installed, and starts in the file's folder. Everything that
Jupyter and IPython write on the way (connection file, history, profile) goes to a temporary folder that is gone after.
"""

from __future__ import annotations

import ast
import copy
import json
import logging
import math
import os
import re
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chainrule.base.extras import extra

SCRIPTS = (".py", ".md", ".markdown")

#: A notebook as nbformat reads it: a dict whose keys are attributes too. Jupyter is not imported for its type.
Notebook = Any
Cell = Any

_MAGIC = re.compile(r"^\s*[%!?]")
_PYTHON_CELLS = ("time", "timeit", "capture", "prun")  # cell magics whose cells hold Python all the same

ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Unreadable(Exception):
    """A file that is not a notebook that can be run, and why."""


@dataclass(frozen=True)
class Failure:
    """A cell that raised though nothing said that it would."""

    cell: int  #: counted from 1 over the code cells that hold something, as in `In [1]`
    source: str
    line: int | None  #: in the cell, counted from 1; None where the error has no line (a timeout, a dead kernel)
    name: str  #: the exception's type
    message: str


@dataclass
class Run:
    """One pass through a notebook: the executed notebook, what failed, how long it took."""

    notebook: Notebook
    failures: list[Failure] = field(default_factory=list)
    cells: int = 0
    seconds: float = 0.0


def load(path: Path) -> Notebook:
    """The notebook in `path`: .ipynb of any version, or a .py or markdown file read by jupytext.

    Raises Unreadable, in one sentence, for a file that is missing, malformed, of another kind, or in another language.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")  # a byte order mark at the beginning is no part of the text
    except UnicodeDecodeError:
        raise Unreadable("not a text file in UTF-8") from None
    except OSError as error:
        raise Unreadable((error.strerror or str(error)).lower()) from None
    if path.suffix == ".ipynb":
        notebook = _from_json(text)
    elif path.suffix in SCRIPTS:
        notebook = _from_text(text, path.suffix[1:] if path.suffix != ".markdown" else "md")
    else:
        raise Unreadable(f"{path.suffix or 'a file without a suffix'} is not .ipynb, {', '.join(SCRIPTS)}")
    language = _language(notebook.metadata)
    if not re.match("i?python", language.lower()):
        raise Unreadable(f"written in {language}, not in Python")
    cells = [cell.source for cell in notebook.cells if is_code(cell)]
    if not cells:
        raise Unreadable("no Python code in it")
    for number, source in enumerate(cells, start=1):
        if re.search("[\ud800-\udfff]", source):
            raise Unreadable(f"code cell {number} holds half a character (a lone surrogate): no text for Python")
        try:
            parsed(source)
        except (RecursionError, MemoryError):  # operators by the thousand, at which IPython's kernel falls silent
            raise Unreadable(f"code cell {number} is nested too deeply for Python to parse") from None
    return notebook


def _language(about: Any) -> str:
    """The language that a notebook says it is written in; Python if it says nothing that can be understood."""
    for key, name in (("kernelspec", "language"), ("language_info", "name")):
        told = about.get(key)
        if isinstance(told, dict) and told.get(name):
            return str(told[name])
    return "python"


def _from_text(text: str, kind: str) -> Notebook:
    jupytext = extra("jupytext", "run")
    try:
        return jupytext.reads(text, fmt=kind)
    except Exception as error:  # whatever the reader stumbles over: its header is YAML, which others wrote
        raise Unreadable(f"its header cannot be read: {_first_line(error)}") from None


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), "") or type(error).__name__


def _from_json(text: str) -> Notebook:
    nbformat = extra("nbformat", "run")
    try:
        raw = json.loads(text)
    except json.JSONDecodeError as error:
        raise Unreadable(f"not a notebook: not valid JSON, {error.msg} in line {error.lineno}") from None
    except (RecursionError, ValueError) as error:  # brackets in brackets, or a number of thousands of digits
        raise Unreadable(f"not a notebook: {_first_line(error)}") from None
    if not isinstance(raw, dict) or not ({"cells", "worksheets"} & raw.keys()):
        raise Unreadable("not a notebook: no cells in it")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # cells without ids: every notebook of before 2021
            _mend(raw)
            with _silent_logs():
                notebook = nbformat.reads(json.dumps(raw), as_version=4)
            _, notebook = nbformat.validator.normalize(notebook, relax_add_props=True, strip_invalid_metadata=True)
            nbformat.validate(notebook, relax_add_props=True)
    except Exception as error:  # the reader raises whatever it stumbles over: KeyError, AttributeError, its own
        raise Unreadable(f"not a notebook that Jupyter's format allows: {_first_line(error)}") from None
    return notebook


@contextmanager
def _silent_logs() -> Iterator[None]:
    """Without the log in which the reader remarks on what is mended or refused right afterwards."""
    log = logging.getLogger("traitlets")
    level = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(level)


def _mend(raw: dict[str, Any]) -> None:
    """Fill in what the format wants and other programs leave out; none of it matters to a run."""
    raw.setdefault("metadata", {})
    for cell in raw.get("cells", []):
        cell.setdefault("metadata", {})
        if cell["cell_type"] == "code":
            cell.setdefault("execution_count", None)
            for output in cell.setdefault("outputs", []):
                if output["output_type"] in ("display_data", "execute_result"):
                    output.setdefault("metadata", {})
                if output["output_type"] == "execute_result":
                    output.setdefault("execution_count", None)
                if output["output_type"] == "stream":
                    output.setdefault("name", "stdout")


def parsed(source: str) -> ast.Module | None:
    """A cell's syntax tree, without IPython's own lines; None if what is left is no Python."""
    first = source.lstrip().split("\n", 1)[0]
    if first.startswith("%%") and first[2:].split(" ")[0] not in _PYTHON_CELLS:
        return None
    lines = [_MAGIC.sub("pass  # ", line) if _MAGIC.match(line) else line for line in source.split("\n")]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the cell will warn of its escapes itself
            return ast.parse("\n".join(lines))
    except (SyntaxError, ValueError):  # a ValueError for the character of number 0
        return None


def is_code(cell: Cell) -> bool:
    """Will this cell be run? Cells of code that hold nothing are not."""
    return cell.cell_type == "code" and bool(cell.source.strip())


def may_raise(cell: Cell) -> bool:
    """Does the notebook itself say that this cell raises, by what it recorded or by Jupyter's tag?"""
    tagged = "raises-exception" in cell.metadata.get("tags", [])
    return tagged or any(output.output_type == "error" for output in cell.outputs)


def execute(
    notebook: Notebook,
    path: Path,
    *,
    timeout: float | None = None,
    keep_going: bool = False,
    reseed: bool = False,
    module: str = "chainrule",
    on_cell: Callable[[int, int], None] = lambda done, total: None,
) -> Run:
    """Run a copy of `notebook`, which was read from `path`, in a fresh kernel.

    timeout: seconds that a cell may take. keep_going: run the cells after one that raised. reseed: let torch's
    generator start from the system's entropy. module: what `import torch` gives ("torch" itself, to compare). on_cell
    is called with the number of cells done and of all, before each cell and at the end.
    """
    run = Run(_without_outputs(notebook))
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="chainrule-", ignore_cleanup_errors=True) as scratch:
        client = _client(run.notebook, path, Path(scratch), timeout, reseed, module)
        log = Path(scratch, "kernel.log")
        with log.open("wb") as stderr:
            try:
                with client.setup_kernel(cleanup_kc=True, env=_environment(scratch), stderr=stderr, stdout=stderr):
                    _run_cells(client, notebook, run, keep_going, on_cell)
                    client.set_widgets_metadata()
            except RuntimeError as error:
                if client.code_cells_executed:
                    raise
                said = log.read_text(errors="replace").strip().splitlines()
                raise Unreadable(f"the kernel did not start: {said[-1] if said else error}") from error
    run.seconds = time.monotonic() - started
    return run


def _run_cells(
    client: Any, recorded: Notebook, run: Run, keep_going: bool, on_cell: Callable[[int, int], None]
) -> None:
    """Run the cells of `run.notebook`, and note in `run` what becomes of them."""
    exceptions = extra("nbclient.exceptions", "run")
    cells = [index for index, cell in enumerate(recorded.cells) if is_code(cell)]
    for number, index in enumerate(cells, start=1):
        on_cell(number - 1, len(cells))
        run.cells = number
        cell = run.notebook.cells[index]
        try:
            client.execute_cell(cell, index)
        except (exceptions.CellTimeoutError, exceptions.DeadKernelError) as error:
            timed_out = isinstance(error, exceptions.CellTimeoutError)
            name = "Timeout" if timed_out else "DeadKernel"
            message = f"not done after {client.timeout:g} s" if timed_out else "the kernel died while the cell ran"
            told = {"ename": name, "evalue": message, "traceback": [f"{name}: {message}"]}
            cell.outputs.append(extra("nbformat.v4", "run").new_output("error", **told))
            run.failures.append(Failure(number, cell.source, None, name, message))
            client.shutdown_kernel = "immediate"
            break
        raised = next((output for output in cell.outputs if output.output_type == "error"), None)
        if raised is None or may_raise(recorded.cells[index]):
            continue
        if raised.ename == "SystemExit" and raised.evalue in ("", "0", "None"):  # how a script ends well
            cell.outputs = [o for o in cell.outputs if o is not raised and o.get("name") != "stderr"]
            break
        run.failures.append(_failure(number, cell, raised))
        if not keep_going:
            break
    on_cell(len(cells), len(cells))


def _failure(number: int, cell: Cell, error: Any) -> Failure:
    """The error that a cell showed, with the line of the cell that it came from."""
    told = ANSI.sub("", "\n".join(error.traceback))
    lines = re.findall(rf"(?:Cell |Input )?In ?\[{cell.execution_count}\], (?:in )?.*?line:? (\d+)", told)
    return Failure(number, cell.source, int(lines[-1]) if lines else None, error.ename, error.evalue)


def _without_outputs(notebook: Notebook) -> Notebook:
    fresh = copy.deepcopy(notebook)
    fresh.metadata.pop("widgets", None)
    for cell in fresh.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return fresh


def _client(notebook: Notebook, path: Path, scratch: Path, timeout: float | None, reseed: bool, module: str) -> Any:
    """A client whose kernel will be `chainrule.run.kernel` in this interpreter, whatever the notebook asks for."""
    extra("ipykernel", "run")
    specs, manager = extra("jupyter_client.kernelspec", "run"), extra("jupyter_client.manager", "run")
    options = ["--module", module, *["--reseed"] * reseed]
    if path.suffix == ".py":
        options += ["--script", str(path.resolve())]
    # -P: the kernel starts in the notebook's folder, where a file random.py is not the standard library's
    argv = [sys.executable, "-P", "-m", "chainrule.run.kernel", *options, "--", "-f", "{connection_file}"]

    class ThisInterpreter(specs.KernelSpecManager):  # type: ignore[name-defined,misc]
        def get_kernel_spec(self, kernel_name: str) -> Any:
            return specs.KernelSpec(argv=argv, display_name="Python 3", language="python")

    connection = str(scratch / "kernel.json")
    return extra("nbclient", "run").NotebookClient(
        notebook,
        km=manager.AsyncKernelManager(kernel_spec_manager=ThisInterpreter(), connection_file=connection),
        timeout=None if timeout is None else math.ceil(timeout),  # the client counts in whole seconds
        allow_errors=True,
        record_timing=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(path.resolve().parent)}},
    )


def _environment(scratch: str) -> dict[str, str]:
    """The kernel's environment: ours, with its own files in `scratch`, inline figures, and this chainrule to import."""
    here = str(Path(__file__).resolve().parents[2])
    search = os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH"), here]))
    kept = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
    ours = {"PYTHONPATH": search, "IPYTHONDIR": scratch, "JUPYTER_RUNTIME_DIR": scratch, "PYTHONDONTWRITEBYTECODE": "1"}
    return kept | ours
