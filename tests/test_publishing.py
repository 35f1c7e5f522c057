"""An op is declared once: a line in the table makes it a function, methods, differentiable everywhere, and tested.

A copy of the package gets one more line, and nothing else.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import chainrule as cr
from chainrule.api.operators import inputs
from chainrule.core.op import REGISTRY, Elementwise
from chainrule.core.tensor import Tensor

LINE = """
exprel = elementwise("exprel", lambda x: np.expm1(x) / x, lambda x, out: (exp(x) - out) / x, types="float",
                     aliases=("relative_exp",), why="how much faster than a straight line")
"""
PROGRAM = """
import math
import chainrule as cr

x = cr.tensor(1.0, dtype=cr.float64, requires_grad=True)
y = cr.exprel(x)
assert math.isclose(y.item(), math.e - 1) and math.isclose(x.relative_exp().item(), math.e - 1)
assert type(y.grad_fn).__name__ == "ExprelBackward0", y.grad_fn
assert "straight line" in cr.exprel.__doc__ and cr.exprel.__name__ == "exprel"
(slope,) = cr.autograd.grad(y, x, create_graph=True)
(bend,) = cr.autograd.grad(slope, x)
assert math.isclose(slope.item(), 1)  # (x e^x - e^x + 1) / x^2 at 1
assert math.isclose(bend.item(), math.e - 2)
assert math.isclose(cr.func.jvp(cr.exprel, (x.detach(),), (cr.ones_like(x),))[1].item(), 1)
z = cr.tensor([1, 1]).double()
assert z.exprel_() is z and math.isclose(z[1].item(), math.e - 1)
assert cr.exprel(cr.tensor([1, 2])).dtype == cr.float32
print("done")
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a process that sees a copy of the package with one more op."""
    place = tmp_path_factory.mktemp("copy")
    shutil.copytree(Path(cr.__file__).parent, place / "chainrule", ignore=shutil.ignore_patterns("__pycache__"))
    with open(place / "chainrule" / "ops" / "elementwise.py", "a", encoding="utf-8") as table:
        table.write(LINE)
    return {**os.environ, "PYTHONPATH": str(place)}


def test_one_line_makes_a_function_and_methods(copy: dict[str, str]) -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=copy, capture_output=True, text=True)
    assert done.stdout == "done\n", done.stderr


def test_the_registry_tests_check_it(copy: dict[str, str]) -> None:
    pytest.importorskip("scipy")  # whose exprel the value is compared with
    here = Path(__file__).parent
    files = ["test_registry.py", "test_publishing.py"]
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-k", "[exprel or [relative_exp", *files]
    done = subprocess.run(command, env=copy, cwd=here, capture_output=True, text=True)
    assert done.returncode == 0 and " passed" in done.stdout, done.stdout
    wrong = {**copy, "PYTHONPATH": copy["PYTHONPATH"] + "-wrong"}
    shutil.copytree(copy["PYTHONPATH"], wrong["PYTHONPATH"])
    table = Path(wrong["PYTHONPATH"], "chainrule", "ops", "elementwise.py")
    table.write_text(table.read_text(encoding="utf-8").replace("(exp(x) - out) / x", "exp(x) / x"), encoding="utf-8")
    done = subprocess.run(command, env=wrong, cwd=here, capture_output=True, text=True)
    assert "FAILED test_registry.py::test_gradient[exprel]" in done.stdout, done.stdout


def test_what_the_samples_of_an_op_need_is_said(copy: dict[str, str]) -> None:
    far = {**copy, "PYTHONPATH": copy["PYTHONPATH"] + "-far"}
    shutil.copytree(copy["PYTHONPATH"], far["PYTHONPATH"])
    with open(Path(far["PYTHONPATH"], "chainrule", "ops", "elementwise.py"), "a", encoding="utf-8") as table:
        table.write('elementwise("farlog", lambda x: np.log(x - 2), lambda x, out: 1 / (x - 2), types="float")\n')
        table.write(
            'elementwise("timeslog", lambda x, *, n: np.log(x) * n, lambda x, out, n=1: n / x, types="float")\n'
        )
    here = Path(__file__).parent
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-k", "test_has_samples and log]"]
    done = subprocess.run([*command, "test_registry.py"], env=far, cwd=here, capture_output=True, text=True)
    assert "'farlog' is not finite between 0.2 and 0.8: add its domain to SAMPLES in tests/samples.py" in done.stdout
    assert "'timeslog' cannot be called without attributes: add them to SAMPLES in tests/samples.py" in done.stdout


def published() -> list[Elementwise]:
    """The ops that are published as they stand in the table."""
    ops = [op for op in REGISTRY.values() if isinstance(op, Elementwise) and op.columns.get("publish", True)]
    return [op for op in ops if inputs(op) <= 2]


@pytest.mark.parametrize("op", published(), ids=lambda op: op.name)
def test_names_of_ops(op: Elementwise) -> None:
    for name in (op.name, *op.columns.get("aliases", ())):
        assert callable(getattr(cr, name)) and callable(getattr(Tensor, name))
        assert hasattr(Tensor, f"{name}_") == op.columns.get("inplace", True)
        assert getattr(cr, name).__doc__


def ours(torch: Any) -> set[str]:
    """The names of ops that PyTorch has not."""
    ops = [op for op in published() if not hasattr(torch, op.name)]
    return {name for op in ops for name in (op.name, *op.columns.get("aliases", ()))}


@pytest.mark.parametrize("op", published(), ids=lambda op: op.name)
def test_names_are_those_of_torch(op: Elementwise) -> None:
    torch = pytest.importorskip("torch")
    if op.name in ours(torch):
        pytest.skip("an op of our own")
    for name in (op.name, *op.columns.get("aliases", ())):
        assert hasattr(torch, name) and hasattr(torch.Tensor, name)
        assert hasattr(torch.Tensor, f"{name}_") == op.columns.get("inplace", True)


@pytest.mark.parametrize("name", dir(cr))
def test_every_name_of_the_package_is_there(name: str) -> None:
    assert getattr(cr, name) is not None or name == "newaxis"


OWN = """
    annotations api base check cli Constraint core derive descend exercise explain fit fork_rng get_printoptions
    language minimize page picture plot run see stand_in sweep value_and_grad
    UInt16Tensor UInt32Tensor UInt64Tensor
"""


@pytest.mark.parametrize("name", sorted(set(dir(cr)) - set(OWN.split())))
def test_every_name_of_the_package_is_one_of_torchs(name: str) -> None:
    torch = pytest.importorskip("torch")
    assert hasattr(torch, name) or name in ours(torch)
