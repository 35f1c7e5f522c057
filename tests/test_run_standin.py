"""chainrule in torch's place: what imports give inside the block, and that nothing of it is left afterwards."""

import importlib
import subprocess
import sys
import threading
import types

import pytest

import chainrule
from chainrule.run import stand_in
from chainrule.run.standin import uninstall


def torch_modules():
    return {name: module for name, module in sys.modules.items() if name.partition(".")[0] in ("torch", "torchvision")}


@pytest.fixture(autouse=True)
def nothing_is_left_behind():
    before, finders = torch_modules(), list(sys.meta_path)
    yield
    assert torch_modules() == before
    assert sys.meta_path == finders


@pytest.fixture
def installed_torch(monkeypatch):
    """Modules that look as if torch and torchvision had been imported already."""
    names = ["torch", "torch.nn", "torch.distributed", "torchvision"]
    modules = {name: types.ModuleType(name) for name in names}
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    return modules


def test_import_torch_gives_chainrule():
    with stand_in() as torch:
        imported = importlib.import_module("torch")
        assert imported is torch
        assert torch.tensor is chainrule.tensor
        assert torch.__name__ == "torch"
        assert torch.__version__.endswith("+chainrule")
        assert torch.version.__version__ == torch.__version__
        assert torch.version.cuda is None
        assert {"tensor", "Tensor"} <= set(dir(torch))


def test_submodules_are_chainrules_own():
    with stand_in():
        namespace = {}
        exec("import torch.nn as nn; import torch.nn.functional as F; from torch import optim, autograd", namespace)
        assert namespace["nn"] is chainrule.nn
        assert namespace["F"] is chainrule.nn.functional
        assert namespace["optim"] is chainrule.optim
        assert namespace["autograd"] is chainrule.autograd
        assert sys.modules["torch.nn"] is chainrule.nn
    assert chainrule.nn.__name__.startswith("chainrule")
    assert chainrule.nn.__spec__.name.startswith("chainrule")


def test_star_import_gives_the_public_names():
    with stand_in():
        namespace = {}
        exec("from torch import *", namespace)
    assert namespace["tensor"] is chainrule.tensor
    assert not [name for name in namespace if name.startswith("_") and name != "__builtins__"]


def test_classes_print_as_torchs_inside_and_as_our_own_outside():
    outside = repr(chainrule.Tensor)
    with stand_in() as torch:
        assert repr(type(torch.tensor([1.0]))) == "<class 'torch.Tensor'>"
        assert repr(torch.nn.Parameter) == "<class 'torch.nn.parameter.Parameter'>"
    assert repr(chainrule.Tensor) == outside


@pytest.mark.parametrize(
    "statement, named",
    [
        ("import torch.distributed", "torch.distributed"),
        ("import torch.nn.nothing", "torch.nn.nothing"),
        ("import torch.tensor", "torch.tensor"),
        ("from torch import distributed", "torch.distributed"),
        ("import torchvision", "torchvision"),
        ("from torchvision import transforms", "torchvision"),
    ],
)
def test_what_chainrule_does_not_have_is_refused_in_a_sentence(statement, named, installed_torch):
    with stand_in(), pytest.raises(ModuleNotFoundError, match=f"(?s)(?=.*{named}).*chainrule") as caught:
        exec(statement, {})
    assert "\n" not in str(caught.value)


def test_a_missing_name_is_an_attribute_error_that_names_it():
    with stand_in() as torch, pytest.raises(AttributeError, match="module 'torch' has no attribute 'no_such_name'"):
        torch.no_such_name  # noqa: B018


def test_torch_that_is_installed_comes_back(installed_torch):
    with stand_in() as torch:
        assert torch is not installed_torch["torch"]
        assert "torch.distributed" not in sys.modules
        importlib.import_module("torch.nn")
        assert sys.modules["torch.nn"] is chainrule.nn
    for name, module in installed_torch.items():
        assert sys.modules[name] is module


def test_an_exception_leaves_as_well(installed_torch):
    with pytest.raises(ZeroDivisionError), stand_in():
        1 / 0  # noqa: B018
    assert sys.modules["torch"] is installed_torch["torch"]


def test_nested_blocks_share_one_stand_in():
    with stand_in() as outer:
        with stand_in() as inner:
            assert inner is outer
        assert sys.modules["torch"] is outer
    assert sys.modules.get("torch") is not outer


def test_threads_share_one_stand_in_whichever_leaves_first():
    entered, leave = threading.Event(), threading.Event()
    seen = []

    def other():
        with stand_in() as torch:
            entered.set()
            leave.wait(10)
            seen.append(sys.modules["torch"] is torch)

    thread = threading.Thread(target=other)
    with stand_in() as torch:
        thread.start()
        assert entered.wait(10)
    assert sys.modules["torch"] is torch  # the other thread is still inside
    leave.set()
    thread.join(10)
    assert seen == [True]


def test_uninstall_without_install_is_refused():
    with pytest.raises(RuntimeError, match="without install"):
        uninstall()


def test_names_set_on_the_stand_in_do_not_reach_chainrule():
    with stand_in() as torch:
        torch.a_name_of_my_own = 1
        assert torch.a_name_of_my_own == 1
    assert not hasattr(chainrule, "a_name_of_my_own")


def test_importing_run_imports_none_of_jupyter():
    heavy = ("IPython", "nbformat", "nbclient", "nbconvert", "jupytext", "rich", "tqdm", "matplotlib", "torch")
    code = (
        f"import sys, chainrule.run.command, chainrule.cli;print([name for name in {heavy!r} if name in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
