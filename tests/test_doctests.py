"""The examples in the docstrings, in README.md and in ARCHITECTURE.md are run, and print what they say."""

from __future__ import annotations

import doctest
import importlib
import importlib.util
import re
from pathlib import Path

import pytest

import chainrule as cr

PACKAGE = Path(cr.__file__).parent
ROOT = Path(__file__).parent.parent
PROMPT = re.compile(r"^\s*>>> ", re.MULTILINE)
OPTIONS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
EXTRAS = {  # what the examples of a module, or of all below it, need besides NumPy
    "compiler": "llvmlite",
    "ops.special": "scipy",
    "run": "nbclient",
    "see": "sympy",
    "see.plots": "matplotlib",
    "special": "scipy",
}


def with_examples() -> list[str]:
    """The modules of the package that show examples, by their names below it; the package itself is ''."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        if PROMPT.search(path.read_text(encoding="utf-8")):
            parts = path.relative_to(PACKAGE).with_suffix("").parts
            found.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return found


def need(module: str) -> None:
    """Skip where an extra is missing that the module's examples use."""
    for name, extra in EXTRAS.items():
        if f"{module}.".startswith(f"{name}.") and importlib.util.find_spec(extra) is None:
            pytest.skip(f"the examples need {extra}")


@pytest.fixture(autouse=True)
def documented_start(same_start: None) -> None:
    """The random numbers that are printed in the documentation."""
    cr.manual_seed(0)


def run(test: doctest.DocTest) -> int:
    """Run examples, fail with what they printed instead, and say how many there were."""
    said: list[str] = []
    runner = doctest.DocTestRunner(optionflags=OPTIONS)
    failed, tried = runner.run(test, out=said.append)
    if failed:
        pytest.fail("".join(said), pytrace=False)
    return tried


@pytest.mark.parametrize("name", with_examples())
def test_docstrings(name: str) -> None:
    need(name)
    module = importlib.import_module(f"chainrule.{name}".rstrip("."))
    tests = doctest.DocTestFinder(exclude_empty=True).find(module, module.__name__)
    assert sum([run(test) for test in tests if test.examples]), "the examples are where doctest does not look"


@pytest.mark.parametrize("name", ["README.md", "ARCHITECTURE.md"])
def test_pages(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    shown = "\n".join(block for block in blocks if PROMPT.search(block))
    test = doctest.DocTestParser().get_doctest(shown, {"cr": cr}, name, name, 0)
    if PROMPT.search(text):
        assert run(test)


def test_a_wrong_example_fails() -> None:
    wrong = doctest.DocTestParser().get_doctest(">>> 1 + 1\n3\n", {}, "wrong", None, 0)
    with pytest.raises(pytest.fail.Exception, match="Expected:\n    3\nGot:\n    2"):
        run(wrong)
