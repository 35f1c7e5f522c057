"""The 27 nonlinear regression problems of NIST's StRD, each from both of its starts, to the certified digits.

Data, models, starts and certified values are read from NIST's own files in tests/nist.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

import chainrule as cr

FILES = sorted((Path(__file__).parent / "nist").glob("*.dat"))


class Problem(NamedTuple):
    """A file of NIST's: the model as an expression, starts in columns, certified values and deviations, data."""

    model: str
    starts: np.ndarray
    values: np.ndarray
    deviations: np.ndarray
    rss: float
    data: np.ndarray


def read(path: Path) -> Problem:
    """A problem of NIST's, from its file."""
    text = path.read_text()
    lines = text.splitlines()
    found = re.findall(r"(Starting Values|Data) +\(lines +(\d+) to +(\d+)\)", text)
    where = {name: slice(int(a) - 1, int(b)) for name, a, b in found}
    rows = np.array([line.split("=")[1].split() for line in lines[where["Starting Values"]]], dtype=float)
    rss = re.search(r"Residual Sum of Squares: +(\S+)", text)
    model = re.search(r"(?:\by|log\[y\])\s+=(.*?)\+\s+e\s", text[text.index("Model:") :], re.DOTALL)
    assert rss is not None and model is not None
    formula = " ".join(model[1].split()).translate(str.maketrans("[]", "()")).replace("arctan", "atan")
    data = np.array([line.split() for line in lines[where["Data"]]], dtype=float)
    return Problem(formula, rows[:, :2].T, rows[:, 2], rows[:, 3], float(rss[1]), data)


def test_all_problems_are_here() -> None:
    assert len(FILES) == 27
    for path in FILES:
        said = re.search(r"(\d+) Parameters", path.read_text())
        assert said is not None and len(read(path).values) == int(said[1])


@pytest.mark.parametrize("which", [0, 1], ids=["start 1", "start 2"])
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_certified_digits(path: Path, which: int) -> None:
    nist = read(path)
    y, *columns = nist.data.T
    x = {"x": columns[0]} if len(columns) == 1 else {f"x{i + 1}": column for i, column in enumerate(columns)}
    y = np.log(y) if path.stem == "Nelson" else y
    start = {f"b{i + 1}": value for i, value in enumerate(nist.starts[which])}
    found = cr.fit(nist.model, x, y, start)
    assert found.success, found.message
    np.testing.assert_allclose(list(found.params.values()), nist.values, rtol=5e-7)
    if path.stem != "Lanczos1":  # its residuals, 1e-13, are below what doubles of this size resolve
        np.testing.assert_allclose(list(found.errors.values()), nist.deviations, rtol=5e-6)
        np.testing.assert_allclose(found.chi2, nist.rss, rtol=5e-7)
    assert found.dof == len(y) - len(nist.values)
