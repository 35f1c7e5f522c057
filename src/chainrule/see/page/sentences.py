"""What the page says, in all languages: its scripts' sentences, looked up in the catalogues."""

from __future__ import annotations

import json
import re
from importlib.resources import files

from chainrule.base.language import LANGUAGES, language, say

SAID = re.compile(r'\bsay\(\s*("(?:[^"\\]|\\.)*")')


def sentences() -> list[str]:
    """The English sentences in the page's modules: the literals of say(...)."""
    found: dict[str, None] = {}
    for file in sorted((files(__package__) / "web").iterdir(), key=lambda f: f.name):
        if file.name.endswith(".js"):
            found.update(dict.fromkeys(json.loads(s) for s in SAID.findall(file.read_text(encoding="utf-8"))))
    return list(found)


def catalogues() -> dict[str, dict[str, str]]:
    """For each language, the sentences that it has, by the English ones."""
    all_of_them: dict[str, dict[str, str]] = {}
    for code in LANGUAGES:
        with language(code):  # type: ignore[attr-defined]
            said = {text: say(text) for text in sentences()}
        all_of_them[code] = {text: there for text, there in said.items() if there != text}
    return all_of_them
