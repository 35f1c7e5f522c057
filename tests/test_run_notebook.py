"""`chainrule run` from end to end: small notebooks, made here, through real kernels."""

import json
import re
import sys

import pytest

from chainrule.base.extras import MissingExtra, extra
from chainrule.cli import main
from chainrule.run.notebook import Unreadable, load

for package in ("nbclient", "nbconvert", "nbformat", "jupytext", "ipykernel", "rich"):
    pytest.importorskip(package, reason='needs pip install "chainrule[run]"')

from nbformat import v4, writes  # noqa: E402


def stdout(text):
    return v4.new_output("stream", name="stdout", text=text)


def result(text):
    return v4.new_output("execute_result", data={"text/plain": text}, execution_count=1)


def error(name):
    return v4.new_output("error", ename=name, evalue="", traceback=[])


@pytest.fixture
def make(tmp_path):
    """Write a notebook whose cells are (source, *recorded outputs), or a string for markdown; returns its path."""

    def make(name, *cells):
        made = [
            v4.new_markdown_cell(cell) if isinstance(cell, str) else v4.new_code_cell(cell[0], outputs=list(cell[1:]))
            for cell in cells
        ]
        path = tmp_path / "lessons" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(writes(v4.new_notebook(cells=made)), encoding="utf-8")
        return path

    return make


def row(table, name):
    """The words of a notebook's line in the table."""
    return next(line.split() for line in table.splitlines() if line.split()[:1] == [name])


def test_a_good_notebook_is_run_checked_and_written(make, tmp_path, capfd):
    (tmp_path / "lessons").mkdir()
    (tmp_path / "lessons" / "beside.txt").write_text("beside me")
    (tmp_path / "lessons" / "drawn.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (tmp_path / "lessons" / "random.py").write_text("raise RuntimeError('not the standard library')")
    path = make(
        "good.ipynb",
        "# A title\n\nand ![an image](drawn.svg)",
        ("%matplotlib inline\nimport matplotlib.pyplot as plt\nimport sys",),
        ("open('beside.txt').read()", result("'beside me'")),
        ("print('a number', 0.1 + 0.2)", stdout("a number 0.30000000000000004\n")),
        ("plt.plot([1, 2]);", v4.new_output("display_data", data={"image/png": "aGVsbG8=", "text/plain": "<Figure>"})),
        ("print('<script>alert(1)</script>')", stdout("<script>alert(1)</script>\n")),
        ("1 / 0", error("ZeroDivisionError")),
        ("",),
        ("sys.executable", result(repr(sys.executable))),
    )
    source = path.read_bytes()
    beside = sorted(path.parent.iterdir())
    out = tmp_path / "out"
    assert main(["run", str(path), "--check", "--out", str(out)]) == 0
    told = capfd.readouterr()
    assert row(told.out, "good.ipynb")[1:8] == ["7", "6", "6", "0", "0", "0", "0"]
    assert told.err == ""

    assert path.read_bytes() == source
    assert sorted(path.parent.iterdir()) == beside
    assert sorted(file.name for file in out.iterdir()) == ["good.html", "good.ipynb"]
    executed = json.loads((out / "good.ipynb").read_text())
    assert len(executed["cells"]) == 9
    counts = [cell["execution_count"] for cell in executed["cells"] if cell["cell_type"] == "code"]
    assert counts == [1, 2, 3, 4, 5, 6, None, 7]
    page = (out / "good.html").read_text()
    assert "data:image/png;base64" in page and "data:image/svg+xml;base64" in page and "drawn.svg" not in page
    assert "&lt;script&gt;alert(1)" in page and "<script>alert(1)" not in page
    assert not re.search(r"<script[^>]* src=|<link[^>]* href=", page)  # nothing is fetched


def test_check_tells_same_different_random_and_unrecorded_apart(make, capfd):
    path = make(
        "mixed.ipynb",
        ("import random\nprint('same', 1.0)", stdout("same 1.0\n")),
        ("print('one')\nprint('two', 2)", stdout("one\ntwo 3\n")),
        ("print('random', random.random())", stdout("random 0.5\n")),
        ("print('text', random.random())", stdout("other text 0.5\n")),
        ("print('not recorded')",),
        ("random.seed(3); print(random.random())", stdout("0.5\n")),
    )
    assert main(["run", str(path), "--check"]) == 1
    told = capfd.readouterr()
    assert row(told.out, "mixed.ipynb")[1:8] == ["6", "5", "1", "1", "3", "0", "0"]
    assert row(told.out, "mixed.ipynb")[-1] == "differs"
    assert "cell 3: random, structure same" in told.err
    for cell in (2, 4, 6):
        assert f"cell {cell}: not as recorded" in told.err
    assert "stdout, line 2" in told.err and "- two 3" in told.err and "+ two 2" in told.err


def test_results_without_a_record_count_only_where_the_notebook_records_results(make, capfd):
    printed = ("print(1)\n2", stdout("1\n"))
    stripped = make("stripped.ipynb", printed)
    kept = make("kept.ipynb", printed, ("3", result("3")))
    assert main(["run", str(stripped), str(kept), "--check"]) == 1
    told = capfd.readouterr()
    assert row(told.out, "stripped.ipynb")[-1] == "good"
    assert row(told.out, "kept.ipynb")[-1] == "differs"
    assert "- (nothing recorded)" in told.err and "+ 2" in told.err


def test_a_cell_that_raises_is_shown_and_the_next_notebook_still_runs(make, capfd):
    bad = make("bad.ipynb", ("x = 1\nraise ValueError('no ' + str(x))\ny = 2",), ("print('not reached')",))
    good = make("good.ipynb", ("print('reached')",))
    assert main(["run", str(bad), str(good)]) == 2
    told = capfd.readouterr()
    assert "bad.ipynb, cell 1: ValueError: no 1" in told.err
    assert ">   2 | raise ValueError('no ' + str(x))" in told.err
    assert "    1 | x = 1" in told.err
    assert row(told.out, "bad.ipynb")[1] == "1" and row(told.out, "bad.ipynb")[-1] == "raised"
    assert row(told.out, "good.ipynb")[-1] == "good"
    assert "reached" in told.out and "not reached" not in told.out


def test_with_check_the_cells_after_one_that_raises_are_run_too(make, capfd):
    path = make("bad.ipynb", ("1 / 0", stdout("1\n")), ("print(2)", stdout("2\n")), ("pass", error("ValueError")))
    assert main(["run", str(path), "--check"]) == 2
    told = capfd.readouterr()
    assert row(told.out, "bad.ipynb")[1:7] == ["3", "3", "1", "0", "1", "1"]
    assert "(raises ValueError)" in told.err


def test_a_cell_that_takes_too_long_is_stopped(make, capfd):
    path = make("slow.ipynb", ("import time\ntime.sleep(60)",), ("print('not reached')",))
    assert main(["run", str(path), "--timeout", "0.5", "--check"]) == 2
    told = capfd.readouterr()
    assert "cell 1: Timeout: not done after 1 s" in told.err


def test_a_kernel_that_dies_is_told_and_the_next_notebook_still_runs(make, capfd):
    bad = make("bad.ipynb", ("import os\nos._exit(1)",))
    good = make("good.ipynb", ("print('reached')",))
    assert main(["run", str(bad), str(good)]) == 2
    told = capfd.readouterr()
    assert "cell 1: DeadKernel: the kernel died" in told.err
    assert row(told.out, "good.ipynb")[-1] == "good"


def test_torch_is_chainrule_in_the_kernel(make, capfd):
    path = make(
        "torch.ipynb",
        ("import torch\nimport torch.nn.functional as F\nfrom torch import nn",),
        ("x = torch.tensor([5.0], requires_grad=True)\ny = 3 * x * x",),
        ("print(y)", stdout("tensor([75.], grad_fn=<ThMulBackward>)")),
        ("y.backward()\nx.grad", result("tensor([30.])")),
        ("type(x)", result("torch.Tensor")),
        ("import torchvision", error("ModuleNotFoundError")),
        ("torch.rand(2)", result("tensor([0.1234, 0.5678])")),
    )
    assert main(["run", str(path), "--check"]) == 0
    assert row(capfd.readouterr().out, "torch.ipynb")[1:7] == ["7", "5", "4", "1", "0", "0"]


def test_progress_bars_of_notebooks_work_and_become_text_in_the_page(make, tmp_path):
    pytest.importorskip("tqdm")
    pytest.importorskip("ipywidgets")
    path = make("bar.ipynb", ("from tqdm.notebook import tqdm\nfor i in tqdm(range(30)): pass",))
    assert main(["run", str(path), "--out", str(tmp_path / "out"), "--quiet"]) == 0
    page = (tmp_path / "out" / "bar.html").read_text()
    assert "30/30" in page and "widget-view+json" not in page


def test_scripts_and_markdown(tmp_path, capfd):
    script = tmp_path / "script.py"
    script.write_text(
        "import sys, os\n\n"
        "if __name__ == '__main__':\n    print(os.path.basename(__file__), len(sys.argv))\n    sys.exit(0)\n"
    )
    prose = tmp_path / "prose.md"
    prose.write_text("# Title\n\n```python\nprint(6 * 7)\n```\n\n```\nnot code\n```\n")
    assert main(["run", str(script), str(prose), "--out", str(tmp_path / "out")]) == 0
    assert row(capfd.readouterr().out, "prose.md")[1] == "1"
    for name, expected in {"script.ipynb": "script.py 1\n", "prose.ipynb": "42\n"}.items():
        cells = json.loads((tmp_path / "out" / name).read_text())["cells"]
        outputs = [output for cell in cells for output in cell.get("outputs", [])]
        assert ["".join(output["text"]) for output in outputs] == [expected]


def test_without_out_the_cells_text_is_printed(tmp_path, capfd):
    script = tmp_path / "script.py"
    script.write_text("print('hello')\n")
    assert main(["run", str(script)]) == 0
    assert capfd.readouterr().out.startswith("hello\n")


R = '{"name": "ir", "language": "R", "display_name": "R"}'


@pytest.mark.parametrize(
    "name, text, reason",
    [
        ("a.ipynb", "{not json", "not valid JSON"),
        ("a.ipynb", "[]", "no cells"),
        ("a.ipynb", '{"cells": 3, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}', "Jupyter's format"),
        ("a.ipynb", '{"cells": [], "nbformat": 4, "nbformat_minor": 5, "metadata": {}}', "no Python code"),
        ("a.ipynb", '{"cells": [], "nbformat": 99, "nbformat_minor": 5, "metadata": {}}', "Jupyter's format"),
        ("a.ipynb", '{"cells": [], "nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": ' + R + "}}", "in R"),
        ("a.md", "only prose", "no Python code"),
        ("a.txt", "x = 1", ".txt is not"),
    ],
)
def test_files_that_cannot_be_run_are_refused_in_a_sentence(tmp_path, name, text, reason):
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(Unreadable, match=reason) as caught:
        load(path)
    assert "\n" not in str(caught.value)


def test_what_other_programs_leave_out_is_filled_in_and_old_formats_are_read(tmp_path):
    path = tmp_path / "a.ipynb"
    cell = {"cell_type": "code", "source": "1", "outputs": [{"output_type": "execute_result", "data": {}}], "new": 1}
    path.write_text(json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    assert load(path).cells[0].outputs[0].metadata == {}
    old = {"cell_type": "code", "input": ["x = 1"], "language": "python", "metadata": {}, "outputs": []}
    sheets = [{"cells": [old], "metadata": {}}]
    path.write_text(json.dumps({"worksheets": sheets, "metadata": {"name": ""}, "nbformat": 3, "nbformat_minor": 0}))
    assert load(path).cells[0].source == "x = 1"


def test_bytes_that_are_no_text_and_files_that_are_not_there(tmp_path, capfd):
    path = tmp_path / "a.ipynb"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Unreadable, match="UTF-8"):
        load(path)
    assert main(["run", str(tmp_path / "none.ipynb")]) == 2
    assert "no such file" in capfd.readouterr().err


def test_the_source_is_never_overwritten(make, capfd):
    path = make("a.ipynb", ("1",))
    assert main(["run", str(path), "--out", str(path.parent)]) == 3
    assert "would overwrite" in capfd.readouterr().err


@pytest.mark.parametrize("words", [["run"], ["fly"], [], ["run", "a", "--timeout", "-1"], ["run", "a", "--no-such"]])
def test_a_command_line_that_makes_no_sense_exits_with_3(words, capfd):
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == 3
    assert "usage: chainrule" in capfd.readouterr().err


def test_version(capfd):
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert caught.value.code == 0
    assert re.fullmatch(r"chainrule \d+\.\d+\.\d+\S*\n", capfd.readouterr().out)


def test_a_missing_extra_says_what_to_install():
    with pytest.raises(MissingExtra, match=re.escape('pip install "chainrule[run]"')):
        extra("no_such_package_of_ours", "run")
