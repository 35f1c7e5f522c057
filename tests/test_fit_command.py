"""`chainrule fit` on files, and the plot of a fit."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.cli import main

T = np.linspace(0, 5, 40)
SIGNAL = 2 * np.exp(-0.7 * T) + 0.5 + 0.05 * np.random.default_rng(0).normal(size=40)
MODEL = "a*exp(-k*x) + c"
WORDS = ["--x", "t", "--y", "signal"]


@pytest.fixture
def run(capsys: Any) -> Any:
    """Run a command line; gives its exit status, standard output and standard error."""

    def run(*words: str) -> SimpleNamespace:
        try:
            status = main(["fit", *words])
        except SystemExit as error:
            status = int(error.code or 0)
        out, err = capsys.readouterr()
        return SimpleNamespace(status=status, out=out, err=err)

    return run


@pytest.fixture
def data(tmp_path: Path) -> str:
    """A file of three columns; repr is exact."""
    file = tmp_path / "data.csv"
    rows = [f"{t!r},{y!r},0.05" for t, y in zip(T.tolist(), SIGNAL.tolist())]
    file.write_text("\n".join(["t,signal,s", *rows]) + "\n")
    return str(file)


def test_json_has_what_the_function_finds(run: Any, data: str) -> None:
    words = ["--sigma", "s", "--absolute-sigma", "--start", "a=1,k=0.5,c=0", "--bounds", "k=0:,c=:2", "--json"]
    done = run(data, MODEL, *WORDS, *words)
    assert done.status == 0 and done.err == ""
    got = json.loads(done.out)
    expected = cr.fit(MODEL, T, SIGNAL, {"a": 1, "k": 0.5, "c": 0}, sigma=0.05, absolute_sigma=True)
    assert got["params"] == pytest.approx(expected.params, rel=1e-7)
    assert got["errors"] == pytest.approx(expected.errors, rel=1e-6)
    assert got["success"] and got["start_guessed"] is None and got["dof"] == 37


@pytest.mark.parametrize("mark", [";", "\t"])
def test_columns_that_the_formula_names(run: Any, data: str, mark: str) -> None:
    file = Path(data)
    file.write_text("\ufeff" + file.read_text().replace(",", mark), encoding="utf-8")
    done = run(data, "a*exp(-k*t) + c", "--json", "--fixed", "c", "--start", "a=1,k=0.5,c=0.5", "--y", "signal")
    assert done.status == 0, done.err
    expected = cr.fit(MODEL, T, SIGNAL, {"a": 1, "k": 0.5, "c": 0.5}, fixed="c")
    assert json.loads(done.out)["params"] == pytest.approx(expected.params, rel=1e-7)
    done = run(data, MODEL, *WORDS, "--json", "--tied", "c=a/4", "--start", "a=1,k=0.5")
    assert json.loads(done.out)["params"]["c"] == pytest.approx(0.5, rel=0.1)


def test_a_start_that_was_guessed_is_said_to_be(run: Any, data: str, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    picture = tmp_path / "fit.png"
    done = run(data, MODEL, *WORDS, "--plot", str(picture))
    expected = cr.fit(MODEL, T, SIGNAL, {"a": 1, "k": 0.5, "c": 0})
    assert done.status == 0 and "guessed" in done.out and f"{expected.params['k']:.6g}"[:6] in done.out
    assert picture.stat().st_size > 1000


def test_a_fit_that_did_not_arrive_exits_with_1(run: Any, data: str) -> None:
    done = run(data, "a*b*exp(-k*x) + c", *WORDS, "--start", "a=1,b=1,k=0.5,c=0")
    assert done.status == 1 and "a·b" in done.out


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["--x", "q"], 3, "no column q"),
        (["--y", "q"], 3, "no column q"),
        (["--sigma", "q"], 3, "no column q"),
        (["--bounds", "k=3"], 3, "--bounds k=0:10"),
        (["--bounds", "k=a:b"], 3, "--bounds k=0:10"),
        (["--tied", "c"], 3, "--tied b=2*a"),
        (["--start", "a=1,k=0.5,c=0,z=3"], 1, "'z'"),
        (["--start", "a=1,k=0.5,c=0", "--sigma", "0"], 1, "sigma is 0"),
    ],
)
def test_refused(run: Any, data: str, words: list[str], status: int, said: str) -> None:
    done = run(data, MODEL, *words)
    assert done.status == status and said in done.err and done.out == ""


def test_a_formula_before_the_file_is_said(run: Any, data: str) -> None:
    done = run(MODEL, data, *WORDS)
    assert done.status == 3 and f'chainrule fit {data} "{MODEL}"' in done.err and done.out == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("t,signal\n1,2\n2,three\n", "line 3: 'three' is no number"),
        ("t,signal\n1,2\n2\n", "line 3: 1 values for 2 columns"),
        ("t,signal\n", "no line of names"),
        ("t,signal\n1,2\n2,nan\n3,1\n", "y[1] is nan"),
    ],
)
def test_files_that_cannot_be_read(run: Any, tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "bad.csv"
    file.write_text(text)
    done = run(str(file), "a*x", "--x", "t", "--y", "signal", "--start", "a=1")
    assert done.status == 1 and said in done.err
    assert run(str(tmp_path / "none.csv"), "a*x").status == 1


def test_the_plot_shows_data_curve_and_residuals() -> None:
    pytest.importorskip("matplotlib").use("agg")
    found = cr.fit(MODEL, T, SIGNAL, {"a": 1, "k": 0.5, "c": 0}, sigma=0.05)
    axes = found.plot()
    curve, points = axes[0].lines[-1], axes[0].containers[0].lines[0]
    np.testing.assert_array_equal(points.get_ydata(), SIGNAL)
    np.testing.assert_allclose(curve.get_ydata(), found.predict(curve.get_xdata()))
    np.testing.assert_allclose(axes[1].containers[0].lines[0].get_ydata(), -found.residuals * 0.05)
    assert found.plot(ax=axes[0]) is axes[0]
    with pytest.raises(ValueError, match="over one x"):
        cr.fit("a*t + b*u", {"t": T, "u": T**2}, SIGNAL, {"a": 1, "b": 1}).plot()
