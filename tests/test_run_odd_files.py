"""Odd and hostile files: each is read, or refused in a sentence with its name, and nothing in it is run."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import chainrule
from chainrule.cli import main

pytest.importorskip("jupytext")

TORCH = "import torch\nprint(torch.ones(2))\n"
MANY = "import torch\nx = " + "+".join(["1"] * 20_000)


def cell(source=TORCH, **more):
    return {"cell_type": "code", "metadata": {}, "source": source, "outputs": [], "execution_count": None} | more


def notebook(*cells, metadata=None, **more):
    whole = {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata or {}, "cells": list(cells) or [cell()]}
    return json.dumps(whole | more)


READ = {
    "bom.py": b"\xef\xbb\xbf" + TORCH.encode(),
    "bom.ipynb": b"\xef\xbb\xbf" + notebook().encode(),
    "bom.md": b"\xef\xbb\xbf# A lesson\n\n```python\n" + TORCH.encode() + b"```\n",
    "kernelspec.ipynb": notebook(metadata={"kernelspec": 5}),
    "language_info.ipynb": notebook(metadata={"language_info": ["x"]}),
    "nothing.ipynb": notebook(metadata={"kernelspec": {"language": None}}),
    "python3.ipynb": notebook(metadata={"kernelspec": {"language": "Python 3"}}),
    "บทเรียน ๑.py": TORCH,
    "two\nlines.py": TORCH,
    "nul.py": TORCH + "\0",
    "languages.ipynb": notebook(metadata={"language_info": {"name": ["python"]}}),
    "tag.py": "# ---\n# jupyter: !!python/object/apply:os._exit [7]\n# ---\n" + TORCH,
}
REFUSED = {
    "deep.ipynb": ("[" * 100_000 + "]" * 100_000, "recursion"),
    "deep_inside.ipynb": (notebook().replace("{}", '{"a":' + "[" * 3000 + "]" * 3000 + "}", 1), "recursion"),
    "digits.ipynb": (notebook().replace("5", "9" * 6000, 1), "digits"),
    "language.ipynb": (
        notebook(metadata={"kernelspec": {"language": 5, "name": "x", "display_name": "x"}}),
        "written in 5",
    ),
    "cells.ipynb": (notebook(cells=5), "Jupyter's format"),
    "cell.ipynb": (notebook("x"), "Jupyter's format"),
    "output.ipynb": (notebook(cell(outputs=[5])), "Jupyter's format"),
    "surrogate.ipynb": (notebook(cell("print('\ud800')")), "half a character"),
    "surrogate.py": (b"print('\xed\xa0\x80')\n", "UTF-8"),
    "utf16.py": (TORCH.encode("utf-16"), "UTF-8"),
    "tag.md": (f"---\nx: !!python/object/apply:os._exit [7]\n---\n```python\n{TORCH}```\n", "header"),
    "flow.py": ("# ---\n# jupyter:\n#   kernelspec: [\n# ---\n" + TORCH, "header"),
    "jupytext.py": ("# ---\n# jupyter:\n#   kernelspec: 5\n#   jupytext: 7\n# ---\n" + TORCH, "header"),
    "operators.py": (MANY, "nested too deeply"),
    "operators.ipynb": (notebook(cell(MANY)), "nested too deeply"),
    "minus.py": ("x = " + "-" * 20_000 + "1\n", "nested too deeply"),
    "dots.py": ("import torch\ntorch" + ".a" * 20_000, "nested too deeply"),
    "nothing.md": ("No code.\n", "no Python code"),
}


def written(folder, name, content):
    path = Path(folder, name)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("name", READ)
def test_odd_files_are_read(name, tmp_path, capsys):
    path = written(tmp_path, name, READ[name])
    assert main(["run", "--dry", str(path)]) == 0
    assert f"{path}: " in capsys.readouterr().out


@pytest.mark.parametrize("name", REFUSED)
def test_hostile_files_are_refused_in_a_sentence(name, tmp_path, capsys):
    content, why = REFUSED[name]
    path = written(tmp_path, name, content)
    assert main(["run", "--dry", str(path)]) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"chainrule run: {path}: ") and why in told and told.count("\n") == 1


def test_a_run_goes_on_after_a_file_that_cannot_be_read(tmp_path, capsys):
    files = [written(tmp_path, name, REFUSED[name][0]) for name in ("deep.ipynb", "operators.py")]
    files.append(written(tmp_path, "bom.py", READ["bom.py"]))
    assert main(["run", *map(str, files)]) == 2
    out, err = capsys.readouterr()
    told = out + err
    assert (
        "deep.ipynb" in told and "nested too deeply" in told and "tensor([1., 1.])" in told and "Traceback" not in told
    )


@pytest.mark.skipif(sys.platform == "win32", reason="names are bytes on POSIX alone")
@pytest.mark.parametrize("name", ["ไทย.py", os.fsdecode(b"half\xff.py")])
def test_names_that_the_terminal_cannot_show(name, tmp_path):
    written(tmp_path, name, TORCH)
    environment = os.environ | {
        "LC_ALL": "C",
        "PYTHONUTF8": "0",
        "PYTHONCOERCECLOCALE": "0",
        "PYTHONIOENCODING": "ascii",
        "PYTHONPATH": str(
            Path(chainrule.__file__).parents[1]
        ),  # the one tested, also where the path was a relative one
    }
    command = [sys.executable, "-m", "chainrule", "run", "--dry", name]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=environment)
    assert done.returncode == 0 and done.stderr == ""
    as_ascii = os.fsencode(name).decode("ascii", "surrogateescape")
    assert done.stdout == f"{ascii(as_ascii)[1:-1]}: 2 names of torch, none missing in chainrule\n"
