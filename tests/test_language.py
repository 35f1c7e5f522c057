"""Sentences for people, in four languages: the catalogues are complete, and what is said follows the choice."""

from __future__ import annotations

import gettext
import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import chainrule as cr
from chainrule.base.language import FOLDER, LANGUAGES, say, say_count

OTHERS = [code for code in LANGUAGES if code != "en"]
TOOL = Path(__file__).parent.parent / "tools" / "catalogues.py"


@pytest.fixture(scope="module")
def tool() -> Any:
    pytest.importorskip("babel")
    spec = importlib.util.spec_from_file_location("catalogues", TOOL)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("code", OTHERS)
def test_catalogues_are_complete(tool: Any, code: str) -> None:
    catalogue = tool.updated(code)
    assert len(catalogue) > 100
    assert [m.id for m in tool.missing(catalogue)] == []


@pytest.mark.parametrize("code", OTHERS)
def test_both_files_say_what_the_catalogue_says(tool: Any, code: str) -> None:
    """What is compared is what is said, read back by gettext: how a file is laid out is Babel's affair."""
    catalogue = tool.updated(code)
    said = {m.id: m.string for m in catalogue if m.id}
    assert {m.id: m.string for m in tool.present(code) if m.id} == said, "run `make catalogues`"
    with tool.path(code, "mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for one, string in said.items():
        if isinstance(one, str):
            assert compiled.gettext(one) == string, "run `make catalogues`"
        else:
            assert {compiled.ngettext(*one, n) for n in range(200)} <= set(string), "run `make catalogues`"
    head = compiled.info()
    assert head["language"] == code and "charset=utf-8" in head["content-type"]
    assert not [line for line in head.values() if "EMAIL" in line or "LL@" in line], "a placeholder of Babel's"


def test_forms_of_number_are_the_languages_own() -> None:
    """Russian has three forms, by the last digits; whichever way the formula is written."""
    with cr.language("ru"):
        said = [
            say_count("{name} takes {n} argument", "{name} takes {n} arguments", n, name="f").split()[-1]
            for n in (1, 21, 2, 22, 5, 11, 25, 111)
        ]
    assert said[0] == said[1] and said[2] == said[3] and len(set(said[4:])) == 1
    assert len(set(said)) == 3


def test_the_tool_finds_what_is_missing(tool: Any) -> None:
    catalogue = tool.Catalog("ru")
    catalogue.add("slope {x}", "наклон {x}")
    catalogue.add("step {n}", "шаг")
    catalogue.add("value", "")
    catalogue.add(("{n} step", "{n} steps"), ("{n} шаг", "{n} шага", ""))
    assert [m.id for m in tool.missing(catalogue)] == ["step {n}", "value", ("{n} step", "{n} steps")]


@pytest.mark.parametrize("code", OTHERS)
def test_every_op_is_explained(code: str) -> None:
    from chainrule.core.op import REGISTRY

    whys = {op.columns["why"] for op in REGISTRY.values() if op.columns.get("why")}
    with cr.language(code):
        assert len(whys) > 20 and not [w for w in whys if say(w) == w]


def test_a_language_lasts_for_a_block() -> None:
    assert cr.language() == "en"
    with cr.language("vi_VN"):
        assert cr.language() == "vi"
        with cr.language("ru"):
            assert cr.language() == "ru"
        assert cr.language() == "vi"
    assert cr.language() == "en"


def test_what_is_not_in_the_catalogue_is_said_in_english() -> None:
    with cr.language("th"):
        assert say("no such sentence: {x}", x="{y}") == "no such sentence: {y}"
        assert say_count("{n} thing", "{n} things of {x}", 3, x=1) == "3 things of 1"


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(ValueError, match="no language 'fr' here; there are en"):
        cr.language("fr")


@pytest.mark.parametrize(
    ("variables", "code"),
    [
        ({"CHAINRULE_LANGUAGE": "ru"}, "ru"),
        ({"CHAINRULE_LANGUAGE": "vi", "LANG": "ru_RU.UTF-8"}, "vi"),
        ({"LANG": "th_TH.UTF-8"}, "th"),
        ({"LANG": "ru_RU.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "fr_FR.UTF-8"}, "en"),
        ({}, "en"),
    ],
)
def test_the_environment_chooses(variables: dict[str, str], code: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import chainrule; print(chainrule.language())"],
        env={**variables, "PYTHONPATH": str(FOLDER.parent.parent)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == code


def test_what_is_said_inside_an_f_string_is_found(tool: Any) -> None:
    source = """f"{a} {say('one {x}', x=1)}" + say_count("{n} day", "{n} days", 2) + say(word)"""
    assert {*tool.spoken(source)} == {"one {x}", ("{n} day", "{n} days")}
