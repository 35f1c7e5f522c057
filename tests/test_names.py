"""Every name of PyTorch's that public notebooks use: it is there and prints what PyTorch prints, or says why not.

`names_used.csv` counts how many of some 290 notebooks use each name, keyword and operator; `names_examples.txt` has
expressions that use them, evaluated here in both libraries.
"""

from __future__ import annotations

import csv
import importlib
import io
import re
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

import chainrule as cr
from chainrule.run.standin import StandIn

HERE = Path(__file__).parent
STAND_IN = StandIn()


class Used(NamedTuple):
    """A line of names_used.csv."""

    name: str
    files: int
    kind: str


ROWS = csv.reader((HERE / "names_used.csv").read_text().splitlines()[1:])
USED = [Used(name, int(files), kind) for name, files, kind in ROWS]
EXAMPLES = [line for line in (HERE / "names_examples.txt").read_text().splitlines() if line and line[0] != "#"]

NUMBER = re.compile(r"(-?\b\d+\.?\d*(?:e[-+]\d+)?)")
REFUSED = {  # names that are used and not there: calling them says why in one sentence
    "torch.cuda.get_device_name": "CPU only",
    "torch.lstsq": "torch.linalg.lstsq",
}
BARE = {  # used without an example: old keywords, and names that need no value
    "volatile=", "data_tensor=", "target_tensor=", "names=", "grad_fn.variable", "Function ctx.saved_variables",
    "Module.register_backward_hook", "Tensor.index",
}  # fmt: skip


def owner(word: str) -> Any:
    """Something of the kind whose attributes are counted under a word."""
    weight = cr.ones(1, requires_grad=True)
    if word in ("Optimizer", "LRScheduler"):
        descent = cr.optim.SGD([weight], lr=0.1)
        return descent if word == "Optimizer" else cr.optim.lr_scheduler.StepLR(descent, 1)
    if word == "Distribution":
        return cr.distributions.Normal(0.0, 1.0)
    leaf = weight.exp().grad_fn.next_functions[0][0]
    return {"Tensor": cr.Tensor, "Module": cr.nn.Module, "grad_fn": leaf, "torch": STAND_IN}[word]


def test_the_table_is_read() -> None:
    assert len(USED) > 500 and max(u.files for u in USED) > 100 and len(EXAMPLES) > 80


@pytest.mark.parametrize("used", [u for u in USED if not u.name.endswith("=")], ids=lambda u: u.name)
def test_is_there(used: Used) -> None:
    word, *path = used.name.split(".")
    if word == "Function ctx":
        pytest.skip("contexts exist within a call alone; test_autograd.py has them")
    if used.name in REFUSED or used.name == "Tensor.index":  # the latter is a list's method, miscounted
        return
    found = owner(word)
    for name in path:
        assert hasattr(found, name), f"{used.name}, used by {used.files} files"
        found = getattr(found, name, None)


@pytest.mark.parametrize("name", REFUSED)
def test_refuses_in_a_sentence(name: str) -> None:
    found: Any = STAND_IN
    with pytest.raises((AttributeError, RuntimeError, NotImplementedError), match=REFUSED[name]) as caught:
        for part in name.split(".")[1:]:
            found = getattr(found, part)
        found(cr.eye(2), cr.eye(2)) if name == "torch.lstsq" else found()
    assert "\n" not in str(caught.value)


def words(expression: str) -> set[str]:
    """What an example mentions, spelled as in names_used.csv without what stands before the last dot."""
    return {*re.findall(r"\w+=(?!=)", expression.replace(" =", "")), *re.findall(r"\.(\w+)", expression)}


def test_every_name_has_an_example() -> None:
    have = set().union(*map(words, EXAMPLES)) | {"T"}
    without = [
        used for used in USED
        if used.name not in BARE and used.name not in REFUSED and used.kind != "operator"
        and used.name.rpartition(".")[2] not in have
    ]  # fmt: skip
    assert not without


def evaluated(library: Any, example: str) -> str:
    """What an example prints in a library, after the same seed and on the same tensors."""
    library.manual_seed(5)
    v = library.tensor([3.0, 1.0, 2.0])
    parametrize, prune = (importlib.import_module(f"{library.__name__}.nn.utils.{n}") for n in ("parametrize", "prune"))
    scope: dict[str, Any] = {
        "parametrize": parametrize, "prune": prune,
        "torch": STAND_IN if library is cr else library, "nn": library.nn, "F": library.nn.functional,
        "optim": library.optim, "np": np, "io": io, "v": v, "w": library.tensor([3.0, 1.0, 2.0], requires_grad=True),
        "x": library.tensor([[1.0, -2.0, 3.0], [4.0, 5.0, -6.0]]), "m": library.tensor([[2.0, 1.0], [0.5, 3.0]]),
        "p": library.tensor([[0.5, 1.0, 2.0], [1.5, 0.25, 1.0]]), "i": library.tensor([[0, 2], [1, 0]]),
        "b": library.tensor([[True, False, True], [False, False, True]]),
    }  # fmt: skip
    before, _, last = example.rpartition("; ")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(before, scope)
        return repr(eval(last, scope))


@pytest.mark.parametrize("example", EXAMPLES)
def test_prints_what_it_prints_in_pytorch(example: str) -> None:
    torch = pytest.importorskip("torch")
    ours, theirs = (NUMBER.split(evaluated(library, example)) for library in (cr, torch))
    assert ours[::2] == theirs[::2]  # the words, and every other piece a number: those may differ in the last place
    np.testing.assert_allclose(np.array(ours[1::2], float), np.array(theirs[1::2], float), rtol=2e-4, atol=1e-7)


@pytest.mark.parametrize(
    ("spell", "words"),
    [
        (lambda t: t.ones(1).cuda(), "CPU only"),
        (lambda t: t.ones(1, device="cuda"), "CPU only"),
        (lambda t: t.cuda.get_device_name(0), "CPU only"),
        (lambda t: t.cuda.current_device(), "CPU only"),
        (lambda t: t.hub.load, "models for download"),
        (lambda t: t.sparse, "dense"),
        (lambda t: t.jit.save, ""),
        (lambda t: t.symeig(t.eye(2)), "eigh"),
        (lambda t: t.solve(t.eye(2), t.eye(2)), r"linalg\.solve"),
        (lambda t: t.nn.Lineer, "Near it: Linear"),
        (lambda t: t.backends.cudnn.determinstic, "deterministic"),
        (lambda t: setattr(t.backends.cudnn, "benchmrk", True), "benchmark"),
        (lambda t: t.accelerator.synchronize(), "none is available"),
        (lambda t: t.ones(2, requires_grad=True).apply_(abs), r"detach\(\)\.apply_"),
    ],
)
def test_old_and_foreign_spellings_refuse(spell: Any, words: str) -> None:
    if not words:
        spell(STAND_IN)
        return
    with pytest.raises((AttributeError, RuntimeError, NotImplementedError), match=words):
        spell(STAND_IN)


def test_jit_says_once_that_nothing_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chainrule.jit._told", False)
    with pytest.warns(UserWarning, match="compiles nothing"):
        assert cr.jit.script(len) is len
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert cr.jit.trace(len, ()) is len
    assert cr.jit.ignore(len) is len and cr.jit.ignore(drop=True)(len) is len
