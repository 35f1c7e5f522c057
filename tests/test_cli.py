"""`chainrule derive` and `chainrule descend`: what they print, their JSON, their refusals and exit statuses."""

from __future__ import annotations

import gettext
import json
import math
import os
import shutil
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest

import chainrule as cr
from chainrule.base import language
from chainrule.cli import main

FRACTION = "exp(-(x**2 - x + 1)/cos(log(x))**2)"


def strict(text: str) -> Any:
    """What a JSON parser reads that knows no NaN and no Infinity."""
    return json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


@pytest.fixture
def run(capsys):
    """Run a command line; gives its exit status, standard output and standard error."""

    def run(*words: str) -> SimpleNamespace:
        try:
            status = main(list(words))
        except SystemExit as error:
            status = int(error.code or 0)
        out, err = capsys.readouterr()
        return SimpleNamespace(status=status, out=out, err=err)

    return run


# -------------------------------------------------------------------------------------------------------------- derive


@pytest.fixture
def sympy():
    return pytest.importorskip("sympy")


def test_derive_prints_formulas_and_values(run, sympy):
    done = run("derive", FRACTION, "--at", "x=1")
    assert done.status == 0 and done.err == ""
    # At 1 log is 0 and cos(log) is 1 with slope 0: f' = -(2x - 1) f.
    assert "f = 0.367879" in done.out and "df/dx = -0.367879" in done.out
    assert max(map(len, done.out.splitlines())) <= 80
    assert "\x1b" not in done.out


@pytest.mark.parametrize(
    "text, at",
    [
        (FRACTION, {"x": 1.25}),
        ("x**3/y + x*sin(y)", {"x": 2.0, "y": 3.0}),
        ("sqrt(a)*tanh(b*c)", {"a": 2.0, "b": 0.5, "c": -1.0}),
    ],
)
@pytest.mark.parametrize("order", [1, 2])
def test_the_json_of_derive_agrees_with_sympy(run, sympy, text, at, order):
    point = ",".join(f"{k}={v}" for k, v in at.items())
    done = run("derive", text, "--at", point, "--order", str(order), "--json", "--steps")
    assert done.status == 0
    got = strict(done.out)
    f = sympy.sympify(text)
    assert sympy.simplify(sympy.sympify(got["function"]) - f) == 0
    assert got["value"] == pytest.approx(float(f.subs(at)), rel=1e-9)
    assert got["point"] == at and got["steps"] and got["latex"]
    assert len(got["derivatives"]) == math.comb(len(at) + order - 1, order)
    for derivative in got["derivatives"]:
        expected = sympy.diff(f, *derivative["by"])
        assert derivative["value"] == pytest.approx(float(expected.subs(at)), rel=1e-9)
        assert float(sympy.sympify(derivative["formula"]).subs(at)) == pytest.approx(derivative["value"], rel=1e-9)


def test_derive_without_a_point_gives_the_formulas_alone(run, sympy):
    done = run("derive", "-x**2")
    assert done.status == 0 and "df/dx = -2⋅x" in done.out and " at " not in done.out
    assert strict(run("derive", "-x**2", "--json").out)["value"] is None


def test_the_steps_are_numbered_and_fit_the_page(run, sympy):
    done = run("derive", "x*sin(x)**2", "--steps")
    numbers = [line.split(".")[0] for line in done.out.splitlines() if line[:1].isdigit()]
    assert done.status == 0 and numbers[:3] == ["1", "2", "3"]
    assert max(map(len, done.out.splitlines())) <= 80


def test_values_may_be_computed_and_given_in_several_ways(run, sympy):
    for words in (["--at", "x=pi/2,y=max(1, 3)"], ["--at", "y=3", "--at", "x=pi/2"]):
        got = strict(run("derive", "sin(x)*y", *words, "--json").out)
        assert got["point"] == {"x": math.pi / 2, "y": 3.0} and got["value"] == 3.0
    got = strict(run("derive", "x**2", "--at", "x=[1, 2, 3]", "--json").out)
    assert got["value"] == [1.0, 4.0, 9.0]


def test_the_picture_has_the_variables_and_the_numbers(run, sympy, tmp_path):
    pytest.importorskip("igraph")
    file = tmp_path / "graph.svg"
    done = run("derive", "y*exp(x)", "--at", "x=0,y=3", "--picture", str(file))
    assert (done.status, done.err) == (0, "") and "graph.svg" in done.out
    drawn = file.read_text()
    assert "df/dx = 3" in drawn and "df/dy = 1" in drawn
    done = run("derive", "x**2", "--at", "x=1", "--picture", str(tmp_path / "graph.xyz"))
    assert done.status == 1 and ".svg" in done.err and done.out == ""
    done = run("derive", "x**2", "--picture", str(file))
    assert done.status == 3 and "x needs a value" in done.err


def test_vectors_by_elements_or_whole(run, sympy, tmp_path):
    (tmp_path / "lesson.py").write_text("def f(x):\n    return (x @ x) / 2\n")
    words = ["derive", "--file", str(tmp_path / "lesson.py:f"), "--at", "x=[1, 2]", "--json", "--form"]
    got = strict(run(*words, "elements").out)
    assert [d["value"] for d in got["derivatives"]] == [1.0, 2.0]
    assert strict(run(*words, "matrix").out)["derivatives"][0]["value"] == [1.0, 2.0]


# ------------------------------------------------------------------------------------------------------------- descend


def test_descend_follows_the_closed_form(run):
    done = run("descend", "x**2 - 4*x + 5", "--start", "x=5", "--lr", "0.001", "--steps", "3000", "--json")
    got = strict(done.out)
    assert done.status == 0 and (got["reason"], got["steps"]) == ("steps done", 3000)
    expected = [2 + 3 * 0.998**n for n in got["path"]["step"]]
    assert got["path"]["x"]["x"] == pytest.approx(expected, rel=1e-12)
    assert got["x"]["x"] == pytest.approx(expected[-1], rel=1e-12)
    assert got["path"]["step"][:2] == [0, 3] and got["path"]["step"][-1] == 3000


def test_descend_prints_a_table_and_a_verdict(run):
    done = run("descend", "x**2 - 4*x + 5", "--start", "x=5", "--lr", "0.001", "--steps", "3000")
    lines = done.out.splitlines()
    assert done.status == 0 and lines[0] == "f(x) = x**2 - 4*x + 5"
    rows = [line.split() for line in lines if line.strip()[:1].isdigit()]
    assert [int(row[0]) for row in rows] == list(range(0, 3001, 300))
    for n, x, value, slope in ((int(row[0]), *map(float, row[1:])) for row in rows):
        x_n = 2 + 3 * 0.998**n
        assert (x, value, slope) == pytest.approx((x_n, (x_n - 2) ** 2 + 1, 2 * (x_n - 2)), rel=1e-5)
    assert "All 3000 steps of sgd(lr=0.001) are made. The gradient is still 0.0148" in done.out
    assert max(map(len, lines)) <= 80


def test_optimisers_and_their_options(run):
    words = ["descend", "x**2", "--start", "x=1", "--lr", "0.1", "--set", "momentum=0.5", "--steps", "4", "--json"]
    x, v, expected = 1.0, 0.0, [1.0]
    for _ in range(4):
        v = 0.5 * v + 2 * x
        x -= 0.1 * v
        expected.append(x)
    assert strict(run(*words).out)["path"]["x"]["x"] == pytest.approx(expected, rel=1e-12)
    done = run("descend", "(1 - x)**2 + 100*(y - x**2)**2", "--start", "x=-1,y=1", "--optimizer", "newton", "--json")
    got = strict(done.out)
    assert got["reason"] == "converged" and (got["x"]["x"], got["x"]["y"]) == pytest.approx((1, 1), abs=1e-6)


def test_a_descent_that_runs_away_says_why_and_exits_with_1(run):
    words = ["descend", "x**2 - 4*x + 5", "--start", "x=5", "--lr", "1.1", "--steps", "3000"]
    done = run(*words)
    assert done.status == 1 and "diverged" in done.out and "lr was 1.1" in " ".join(done.out.split())
    done = run(*words, "--json")
    got = strict(done.out)
    assert (done.status, got["reason"], got["value"]) == (1, "diverged", "Infinity")


def test_the_verdict_knows_a_flat_place_from_a_slope(run):
    words = ["descend", "x**2", "--start", "x=1"]
    assert "close to a stationary point" in run(*words, "--lr", "0.25").out
    assert "Arrived after 1 step of newton" in run(*words, "--optimizer", "newton").out
    assert "has grown" in run(*words, "--lr", "1.01", "--steps", "3").out
    assert "1 step of sgd(lr=0.25) is made" in run(*words, "--lr", "0.25", "--steps", "1").out


def test_pictures_are_written(run, tmp_path):
    pytest.importorskip("matplotlib")
    for start in ("x=1,y=2", "x=1,y=[2]"):
        file = tmp_path / "way.svg"
        done = run("descend", "(x**2 + 3*y**2)", "--start", start, "--lr", "0.1", "--steps", "20", "--plot", str(file))
        assert (done.status, done.err) == (0, "") and "</svg>" in file.read_text() and "way.svg" in done.out
        file.unlink()
    done = run("descend", "x**2 + y*z", "--start", "x=1,y=2,z=3", "--steps", "2", "--plot", str(file))
    assert done.status == 1 and "3" in done.err


# ----------------------------------------------------------------------------------------------------- from a file

LESSON = """\
import torch
from beside import target
X = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
number = 3
def loss(w):
    return ((X @ w - target) ** 2).sum()
def square(x, scale=2.0):
    return scale * x**2
def broken(x):
    return {}["k"]
"""


@pytest.fixture
def lesson(tmp_path):
    path = tmp_path / "lesson.py"
    path.write_text(LESSON)
    (tmp_path / "beside.py").write_text("import torch\ntarget = torch.tensor([1.0, 2.0, 3.0])\n")
    yield str(path)
    sys.modules.pop("beside", None)


def test_a_function_in_a_file(run, lesson, sympy):
    got = strict(run("derive", "--file", f"{lesson}:square", "--at", "x=3", "--json").out)
    assert (got["value"], got["derivatives"][0]["value"]) == (18.0, 12.0)
    got = strict(run("derive", "--file", f"{lesson}:square", "--at", "x=3,scale=1", "--json").out)
    assert [d["value"] for d in got["derivatives"]] == [6.0, 9.0]
    words = ["--file", f"{lesson}:loss", "--start", "w=[1, 2]", "--optimizer", "newton", "--json"]
    got = strict(run("descend", *words).out)
    assert got["x"]["w"] == pytest.approx([0.0, 0.5], abs=1e-3) and got["function"] == "loss(w)"
    assert "torch" not in sys.modules or sys.modules["torch"].__name__ == "torch"


@pytest.mark.parametrize(
    "name, status, message",
    [
        (":los", 3, "there is no los in {}; functions there: loss"),
        (":number", 3, "number in {} is no function"),
        (":broken", 1, "{}, line 10: KeyError: 'k'"),
        ("", 3, "is given as FILE.py:NAME"),
        ("c:loss", 3, "is given as FILE.py:NAME"),
    ],
)
def test_what_is_wrong_with_a_file_is_told(run, lesson, name, status, message):
    done = run("descend", "--file", lesson + name, "--start", "x=1")
    assert done.status == status and message.format(lesson) in done.err and "Traceback" not in done.err


def test_a_file_that_is_not_there_or_not_python(run, tmp_path):
    done = run("derive", "--file", str(tmp_path / "none.py:f"))
    assert done.status == 3 and "there is no file" in done.err
    (tmp_path / "bad.py").write_text("def f(x:\n")
    done = run("derive", "--file", str(tmp_path / "bad.py:f"))
    assert done.status == 1 and "SyntaxError" in done.err and "Traceback" not in done.err


# ------------------------------------------------------------------------------------------------------ refusals


@pytest.mark.parametrize(
    "words, message",
    [
        (["derive"], "give one function"),
        (["derive", "x", "--file", "a.py:f"], "give one function"),
        (["derive", "2 + 3"], "no variable"),
        (["derive", "x$2", "--at", "x=1"], "  x$2\n   ^"),
        (["derive", "-1/2x", "--at", "x=1"], "write -1/(2*x) or (-1/2)*x"),
        (["derive", "x + y", "--at", "x=1"], "y needs a value: --at y=1"),
        (["derive", "x", "--at", "x=1", "--at", "x=2"], "x is given twice"),
        (["derive", "x", "--at", "x=1,x=2"], "x is given twice"),
        (["derive", "x", "--at", "x=1,z=2"], "there is no variable z; there is x"),
        (["derive", "x", "--at", "x"], "--at is given as"),
        (["derive", "x", "--at", "x=y"], "x must be a number"),
        (["derive", "x", "--at", "x=__import__('os')"], "there is no __import__"),
        (["derive", "x", "--at", "x=[1, two]"], "no list of numbers"),
        (["derive", "x", "--at", "x=[[1], [2, 3]]"], "no list of numbers"),
        (["derive", "x", "--at", "x=" + "[" * 100_000], "no list of numbers"),
        (["derive", "x", "--at", "x=1", "--order", "one"], "invalid int"),
        (["derive", "x", "--lang", "fr"], "invalid choice"),
        (["derive", "x", "y"], "unrecognized arguments"),
        (["descend", "x**2"], "x needs a value: --start x=1"),
        (["descend", "x**2", "--start", "x=1", "--set", "momentum"], "--set is given as"),
        (["descend", "x**2", "--start", "x=1", "--set", "momentum=high"], "no number"),
        (["descend", "x" * 1_000_000, "--start", "x=1"], "1000000 characters"),
        *(
            (["descend", "x**2", "--start", "x=1", "--lr", lr], "must be a positive number")
            for lr in "0 nan inf -1".split()
        ),
        (["descend", "x**2", "--start", "x=1", "--lr", "abc"], "invalid float"),
        (["descend", "x**2", "--start", "x=1", "--optimizer", "adm"], "Did you mean 'adam'?"),
        (["descend", "x**2", "--start", "x=1", "--set", "momentun=1"], "Did you mean 'momentum'?"),
        (["descend", "x**2", "--start", "x=1", "--steps", "-1"], "not negative"),
    ],
)
def test_a_command_line_that_makes_no_sense_exits_with_3(run, words, message):
    done = run(*words)
    assert done.status == 3 and message in done.err and done.out == "" and len(done.err) < 2000


@pytest.mark.parametrize(
    "f, more, status, said",
    [
        ("x**2", ["--lr", "0.1"], 0, "close to a stationary point"),
        ("x**2", ["--lr", "0.001", "--steps", "10"], 0, "there is further to go"),
        ("x**2", ["--lr", "1.1", "--steps", "500"], 1, "has grown from 1 to"),
        ("0 - x", ["--lr", "1e79"], 1, "no minimum that way"),
        ("-x**2", ["--lr", "1.5"], 1, "diverged"),
        ("cos(x - 1)", ["--lr", "0.1"], 1, "A maximum, not a minimum"),
        ("cos(x - 1)", ["--optimizer", "newton"], 1, "a maximum, not a minimum"),
        ("x**2", ["--optimizer", "newton"], 0, "Arrived after"),
    ],
)
def test_the_exit_status_of_a_descent(run, f, more, status, said):
    done = run("descend", f, "--start", "x=1", *more)
    assert done.status == status and said in " ".join(done.out.split())
    got = strict(run("descend", f, "--start", "x=1", *more, "--json").out)
    assert got["success"] is (status == 0 and "further" not in said)


@pytest.mark.parametrize(
    "words, message",
    [
        (["descend", "log(x)", "--start", "x=-1"], "not finite at the start"),
        (["descend", "x**2", "--start", "x=[1,2]"], "single number"),
        (["descend", "x**2", "--start", "x=1", "--plot", "way.nonsense"], "nonsense"),
    ],
)
def test_what_cannot_be_descended_exits_with_1(run, words, message):
    done = run(*words)
    assert done.status == 1 and message in done.err and done.out == "" and "Traceback" not in done.err


@pytest.mark.parametrize(
    "words, message",
    [
        (["derive", "log(x)", "--at", "x=-1"], "outside the domain"),
        (["derive", "x", "--at", "x=1", "--order", "0"], "order must be"),
    ],
)
def test_what_cannot_be_derived_exits_with_1(run, sympy, words, message):
    done = run(*words)
    assert done.status == 1 and message in done.err and done.out == "" and "Traceback" not in done.err


# ------------------------------------------------------------------------------------------------------- presentation


def test_the_language_is_that_of_the_option_and_only_then(run, monkeypatch):
    class Marked(gettext.NullTranslations):
        def gettext(self, message: str) -> str:
            return f"«{message}»"

    monkeypatch.setitem(language._catalogues, "vi", Marked())
    assert "«x is given twice»".replace("x", "{name}").format(name="x") in run(
        "derive", "x", "--at", "x=1,x=2", "--lang", "vi"
    ).err  # fmt: skip
    assert cr.language() == "en"
    assert "«" not in run("derive", "x", "--at", "x=1,x=2").err


def test_on_a_terminal_it_is_coloured_if_rich_is_there_and_the_same_text(run, monkeypatch):
    pytest.importorskip("rich")
    words = ["descend", "x**2", "--start", "x=1", "--lr", "0.1", "--steps", "5"]
    plain = run(*words).out
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "80")
    coloured = run(*words).out
    import re

    assert "\x1b[1m" in coloured and re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain
    monkeypatch.setitem(sys.modules, "rich.console", None)
    assert run(*words).out == plain


@pytest.mark.parametrize("command", ["derive", "descend"])
def test_help_is_there_without_loading_what_it_does_not_need(command):
    code = (
        "import sys\nfrom chainrule.cli import main\n"
        f"try:\n    main([{command!r}, '--help'])\nexcept SystemExit:\n    pass\n"
        "print('loaded:', *[m for m in ('sympy', 'matplotlib', 'rich', 'llvmlite', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert f"usage: chainrule {command}" in done.stdout and done.stdout.endswith("loaded:\n")
    assert "exit status:" in done.stdout and "examples:" in done.stdout


def test_a_reader_that_goes_away_is_no_error() -> None:
    command = [sys.executable, "-m", "chainrule", "derive", "x*sin(x)*exp(x)", "--order", "3", "--steps"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 141


def test_a_descent_that_has_arrived_says_so_instead_of_equal_rows(capsys):
    assert main("descend (x-2)**2 --start x=5 --lr 0.1 --steps 1000".split()) == 0
    table, _, told = capsys.readouterr().out.partition("From step ")
    values = [line.split()[2] for line in table.splitlines()[3:]]
    assert len(values) >= 10 and len(values) - 1 == len({*values})  # the last row is that of the end
    n = int(told.split()[0])
    assert 3**2 * 0.8 ** (2 * n) < 1e-10 and f"{n}" in [line.split()[0] for line in table.splitlines()[3:]]
    assert main("descend (x-2)**2 --start x=5 --lr 0.001 --steps 20".split()) == 0
    assert "From step" not in capsys.readouterr().out


def test_a_pipe_may_say_how_wide_it_is(capsys, monkeypatch):
    widths = {}
    for columns in ("40", "120", "nonsense"):
        monkeypatch.setenv("COLUMNS", columns)
        main("descend x**2 --start x=5 --lr 0.1 --steps 3".split())
        widths[columns] = max(map(len, capsys.readouterr().out.split("All 3")[1].splitlines()))
    assert widths["40"] <= 40 < widths["nonsense"] <= 80 < widths["120"] <= 120


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_a_shell_completes_commands_and_options(capsys):
    assert main(["completion", "bash"]) == 0
    script = capsys.readouterr().out

    def completed(*words: str) -> list[str]:
        line = f"{script}\nCOMP_WORDS=(chainrule {' '.join(repr(w) for w in words)})\nCOMP_CWORD={len(words)}\n"
        run = subprocess.run(
            ["bash", "-c", line + '_chainrule\necho "${COMPREPLY[@]}"'], capture_output=True, text=True
        )
        return run.stdout.split()

    assert completed("de") == ["derive", "descend"]
    assert completed("derive", "--la") == ["--latex", "--lang", "--language"]
    assert completed("fit", "--lang") == ["--lang", "--language"]
    for shell, word in (("zsh", "bashcompinit"), ("fish", "complete -c chainrule")):
        assert main(["completion", shell]) == 0 and word in capsys.readouterr().out
    with pytest.raises(SystemExit, match="3"):
        main(["completion", "csh"])


@pytest.mark.parametrize(
    ("code", "words"), [("en", "usage: "), ("th", "วิธีใช้: "), ("vi", "cách dùng: "), ("ru", "использование: ")]
)
def test_help_is_in_the_language_asked_for(code, words, capsys, monkeypatch):
    """By option before or after the command, or by the environment; nothing of it is left in English."""
    from chainrule.cli import COMMANDS, helps

    english = {
        line.strip() for text in helps() for line in text.split("\n") if len(line) > 20 and " chainrule" not in line
    }
    for command in COMMANDS:
        with pytest.raises(SystemExit, match="0"):
            main([command, "--help", f"--lang={code}"])
        told = capsys.readouterr().out
        assert told.startswith(f"{words}chainrule {command}") and f"--lang {{{','.join(language.LANGUAGES)}}}" in told
        left = english & {line.strip() for line in told.split("\n")}
        assert bool(left) == (code == "en"), left
    monkeypatch.setenv("CHAINRULE_LANGUAGE", code)
    before = gettext.textdomain(), dict(os.environ)
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    assert capsys.readouterr().out.startswith(words) and (gettext.textdomain(), dict(os.environ)) == before


def test_what_was_meant_is_named_in_every_language(capsys):
    meant = {"deriv x": "derive", "derive x --att x=1": "--at", "descend x --optimiser sgd": "--optimizer",
             "run x.ipynb --chek": "--check", "page x --strat x=1": "--start"}  # fmt: skip
    for code in language.LANGUAGES:
        for typed, near in meant.items():
            with pytest.raises(SystemExit, match="3"):
                main(["--language", code, *typed.split()])
            with cr.language(code):
                assert language.say("did you mean {near}?", near=near) in capsys.readouterr().err
