"""`chainrule run --dry`: names of torch that are missing are listed with their line, and nothing of the file is run."""

from __future__ import annotations

from pathlib import Path

import pytest

from chainrule.cli import main

pytest.importorskip("jupytext")

LESSON = """\
import torch
import torch.nn as nn, numpy as np
import torchvision
from torch.nn import functional as F
from torch.nn import Lineer
cudnn = torch.backends.cudnn
x = torch.tensor(1.0).whatever()
np.missing
nn.Tahn(); F.relu(x); torch.Tensor.numpyy
raise SystemExit("this was run")
"""


def test_missing_names_are_listed_and_nothing_is_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "lesson.py"
    file.write_text(LESSON)
    assert main(["run", "--dry", str(file)]) == 1
    said = capsys.readouterr().out
    assert "4 of" in said and "this was run" not in said and "whatever" not in said and "np.missing" not in said
    lines = {line.split()[0]: line for line in said.splitlines()[1:]}
    assert set(lines) == {"torchvision", "torch.nn.Lineer", "torch.nn.Tahn", "torch.Tensor.numpyy"}
    assert "line 5" in lines["torch.nn.Lineer"] and "Linear" in lines["torch.nn.Lineer"]
    assert "line 9" in lines["torch.nn.Tahn"] and "Tanh" in lines["torch.nn.Tahn"]
    assert "numpy" in lines["torch.Tensor.numpyy"].partition("Near it")[2]


def test_a_file_without_missing_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "lesson.py"
    file.write_text("import torch\n%matplotlib inline\ntorch.ones(2).sum()\nprint(torch.__version__)\n")
    assert main(["run", "--dry", str(file)]) == 0
    assert "none missing" in capsys.readouterr().out


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    assert main(["run", "--dry", str(tmp_path / "absent.py")]) == 2
