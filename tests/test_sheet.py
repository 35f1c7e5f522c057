"""Derivations as LaTeX: the steps and numbers are there, and pdflatex compiles them where it is installed."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

import chainrule as cr
from chainrule import cli

pytest.importorskip("sympy")
from chainrule.see.derive.sheet import sheet, text

TEXTS = [
    "x**2*exp(x)", "sin(x**2)/x", "exp(-(x**2 - x + 1)/cos(log(x))**2)", "sqrt(x)", "2**x", "tan(x)*ln(x)",
    "abs(x - 2)", "max(x, 1)", "where(x < 0, x**2, -x)", "sigmoid(3*x)", "x**x", "erf(x)", "log10(x) + log2(x)",
    "tanh(x)/x**3", "atan(x)", "(x + 1)**5/(x - 1)**2", "relu(x)*x", "cosh(x) - sinh(x)", "1e-9*x**2", "x_max**2 + 1",
]  # fmt: skip


def test_the_steps_and_the_numbers_are_in_it():
    found = cr.derive("x**2*exp(x)", 1.3).latex(steps=True)
    assert found.count(r"\item") == len(cr.derive("x**2*exp(x)", 1.3).steps) == 4
    assert r"\frac{d}{d x} x^{2} = 2 x" in found and r"\frac{d f}{dx} = 15.7413" in found
    assert "product rule" in found and r"\frac{d f}{dx} = x \left(x + 2\right) e^{x}" in found
    assert r"\cdot 10^{-9}" in cr.derive("1e-9*x", 2.0).latex(steps=True)
    X, y = cr.randn(10, 3), cr.randn(10)
    assert "enumerate" not in cr.derive(lambda w: ((X @ w - y) ** 2).sum(), cr.zeros(3)).latex(steps=True)
    with cr.language("ru"):
        assert "производная" in cr.derive("x**2*exp(x)", 1.3).latex(steps=True)


def test_what_tex_takes_for_its_own_is_escaped():
    assert text(r"a_b 50% {x} \ ~ ^ < # &") == (
        r"a\_b 50\% \{x\} \textbackslash{} \textasciitilde{} \textasciicircum{} \textless{} \# \&"
    )


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_pdflatex_compiles_20_sheets(tmp_path):
    whole = [sheet(cr.derive(t, 1.3)) for t in TEXTS]
    parts = [re.search(r"\\sloppy\n(.*)\\end\{document\}", s, re.DOTALL)[1] for s in whole]
    head = whole[0].partition("\\sloppy\n")[0]
    assert all(s.startswith(head) for s in whole) and len(parts) == 20
    (tmp_path / "x.tex").write_text(head + "\n\\newpage\n".join(parts) + "\\end{document}\n", encoding="utf-8")
    run = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "x.tex"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout[-800:]
    assert int(re.search(r"\((\d+) pages", run.stdout)[1]) >= 20


NEEDED = {"ru": ("pdflatex", "t2aenc.def"), "vi": ("pdflatex", "t5enc.def"), "th": ("lualatex", "luaotfload.lua")}


@pytest.mark.parametrize("code", NEEDED)
def test_sheets_in_other_languages_have_all_their_letters(code, tmp_path, capsys):
    """Compiled by what the command says; TeX notes each letter that a font lacks."""
    program, file = NEEDED[code]
    if not shutil.which(program) or subprocess.run(["kpsewhich", file], stdout=subprocess.DEVNULL).returncode:
        pytest.skip(f"{program} is not installed for {code}")
    if code == "th" and not fonts("NotoSerifThai"):
        pytest.skip("there is no Noto Serif Thai")
    assert (
        cli.main(["derive", "sin(x**2)/(x + 1)", "--at=x=1", "--latex", f"{tmp_path / 'x.tex'}", "--lang", code]) == 0
    )
    assert f"{program} " in capsys.readouterr().out.replace("\n", " ")
    command = [program, "-interaction=nonstopmode", "-halt-on-error", "x.tex"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace")
    assert run.returncode == 0, run.stdout[-800:]
    assert "Missing character" not in (tmp_path / "x.log").read_text(encoding="utf-8", errors="replace")


def fonts(name):
    listed = shutil.which("fc-list") and subprocess.run(["fc-list"], capture_output=True, text=True).stdout
    return bool(listed) and name in listed


def test_the_command_writes_a_sheet(tmp_path, capsys):
    path = tmp_path / "sheet.tex"
    assert cli.main(["derive", "sin(x**2)", "--at", "x=1", "--latex", str(path)]) == 0
    assert str(path) in capsys.readouterr().out.replace("\n", "")
    written = path.read_text(encoding="utf-8")
    assert written.startswith("\\documentclass") and r"\begin{enumerate}" in written and "\\end{document}" in written
