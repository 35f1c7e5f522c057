"""The notebooks in `examples/`: a training step of each, compiled, gives the losses that it gives eagerly.

What they print is compared with PyTorch's outputs, which they hold, by `chainrule run --check` (`make run`). Here their
code is run twice more, with every function named `step` compiled the second time.
"""

from __future__ import annotations

import ast
import importlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.compiler import function
from chainrule.compiler.interp import Interpreter

FOLDER = Path(__file__).parent.parent / "examples"


def source(path: Path) -> str:
    """All code of a notebook."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return "\n\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "code")


TRAINING = sorted(p.stem for p in FOLDER.glob("*.ipynb") if "def step(" in source(p))


def losses(name: str, prepare: Callable[[Any], Any]) -> list[float]:
    """Run a notebook's code with each `step` handed through `prepare`; what its steps returned first."""
    found: list[float] = []

    def watch(f: Callable[..., Any]) -> Callable[..., Any]:
        f = prepare(f)

        def step(*args: Any) -> Any:
            got = f(*args)
            found.append(float(got[0] if isinstance(got, tuple) else got))
            return got

        return step

    tree = ast.parse(source(FOLDER / f"{name}.ipynb"))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name == "step":
            node.decorator_list.append(ast.Name("watch", ast.Load()))
    code = compile(ast.fix_missing_locations(tree), name, "exec")
    with cr.stand_in():
        exec(code, {"watch": watch, "__name__": "__main__"})
    return found


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures are drawn, not shown."""
    pytest.importorskip("matplotlib").use("Agg", force=True)
    monkeypatch.setattr("matplotlib.pyplot.show", lambda: importlib.import_module("matplotlib.pyplot").close("all"))
    monkeypatch.setenv("MPLBACKEND", "Agg")


def test_there_are_twenty_and_half_of_them_train() -> None:
    assert len(list(FOLDER.glob("*.ipynb"))) >= 20 and len(TRAINING) >= 10


@pytest.mark.parametrize("name", TRAINING)
def test_interpreted_steps_are_eager_to_the_bit(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(function, "runner", Interpreter)
    want, got = losses(name, lambda f: f), losses(name, cr.compile)
    assert want and got == want


@pytest.mark.parametrize("name", TRAINING)
def test_native_steps_are_eager_to_rounding(name: str) -> None:
    pytest.importorskip("llvmlite")
    want, got = losses(name, lambda f: f), losses(name, cr.compile)
    np.testing.assert_allclose(got[:100], want[:100], rtol=2e-4)  # after that, rounding errors have grown
