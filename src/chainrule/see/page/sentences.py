"""What the page says, in all languages: its scripts' sentences, looked up in the catalogues."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files

from chainrule.base.language import LANGUAGES, form, language, say

TEXT = r'"(?:[^"\\]|\\.)*"'
SAID = re.compile(rf"\bsay\(\s*({TEXT})")
COUNTED = re.compile(rf"\bsay_count\(\s*({TEXT}),\s*({TEXT})")
SAMPLES = (1, 2, 5)  # a number of each kind that the languages here distinguish: one, a few, many


def sentences() -> list[str]:
    """The English sentences in the page's modules: the literals of say(...)."""
    return list(dict.fromkeys(json.loads(text) for text in SAID.findall(_modules())))


def said_by(module: str) -> list[str]:
    """The English sentences in one of them."""
    source = (files(__package__) / "web" / module).read_text(encoding="utf-8")
    return [json.loads(text) for text in SAID.findall(source)]


def counted() -> list[tuple[str, str]]:
    """Those about a number of things, as (one, many): the literals of say_count(...)."""
    return list(dict.fromkeys((json.loads(one), json.loads(many)) for one, many in COUNTED.findall(_modules())))


def catalogues() -> dict[str, dict[str, str | list[str]]]:
    """For each language, the sentences that it has, by the English ones; of those about a number, by the English one
    about many, the forms for `SAMPLES`.
    """
    all_of_them: dict[str, dict[str, str | list[str]]] = {}
    for code in LANGUAGES:
        with language(code):  # type: ignore[attr-defined]
            said = {text: say(text) for text in sentences()}
            forms = {many: [form(one, many, n) for n in SAMPLES] for one, many in counted()}
        translated = {text: there for text, there in said.items() if there != text}
        all_of_them[code] = translated | {many: there for many, there in forms.items() if code != "en"}
    return all_of_them


@cache
def _modules() -> str:
    """The page's own scripts."""
    folder = files(__package__) / "web"
    scripts = sorted((f for f in folder.iterdir() if f.name.endswith(".js")), key=lambda f: f.name)
    return "\n".join(f.read_text(encoding="utf-8") for f in scripts)
