"""Keep the catalogues of sentences complete: `make catalogues` finds the sentences, and compiles the translations.

Sentences are the texts of say("...") and say_count("...", "...") in Python and in the page's JavaScript, the `why` of
each op, and what the command line's help says. `locale/LANGUAGE/LC_MESSAGES/chainrule.po` gets an empty entry for each
new one, to be translated by hand, and loses those that are no longer said; the package reads the `.mo` beside it.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from chainrule.base.language import FOLDER, LANGUAGES, language
from chainrule.cli import helps
from chainrule.core.op import REGISTRY
from chainrule.lite.catalogue import empty

KEYWORDS = {"say": None, "say_count": (1, 2)}
METHODS = [("**/vendor/**", "ignore"), ("**.js", "javascript")]
TRANSLATED = [code for code in LANGUAGES if code != "en"]


@cache
def sentences() -> list[str | tuple[str, str]]:
    """All that is said; a sentence about a number of things as (one, many)."""
    return sorted(set(_found()), key=str)


def _found() -> Iterator[str | tuple[str, str]]:
    for _, _, said, _, _ in extract_from_dir(FOLDER.parent, METHODS, keywords=KEYWORDS):
        yield said if isinstance(said, str) else (said[0], said[1])
    for path in FOLDER.parent.rglob("*.py"):  # by Python's own parser, which looks into f-strings too
        yield from spoken(path.read_text(encoding="utf-8"))
    yield from (op.columns["why"] for op in REGISTRY.values() if op.columns.get("why"))
    with language("en"):  # as they are written
        yield from helps()


def spoken(source: str) -> Iterator[str | tuple[str, str]]:
    """What a module says."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in KEYWORDS:
            texts = [a.value for a in node.args[:2] if isinstance(a, ast.Constant)]
            if texts:
                yield texts[0] if node.func.id == "say" else (texts[0], texts[1])


def path(code: str, kind: str) -> Path:
    """The file of a language: kind "po" or "mo"."""
    return FOLDER / code / "LC_MESSAGES" / f"chainrule.{kind}"


def present(code: str) -> Catalog:
    """The catalogue as it is."""
    if not path(code, "po").exists():
        return Catalog(code)
    with path(code, "po").open("rb") as file:
        return read_po(file, code)


def updated(code: str) -> Catalog:
    """The catalogue with an entry for each sentence, translated where it was."""
    old = present(code)
    new = empty(code)
    for said in sentences():
        key = said if isinstance(said, str) else said[0]
        known = old.get(key)
        new.add(said, known.string if known is not None and known.id == said else None)
    return new


def missing(catalogue: Catalog) -> list[Message]:
    """The sentences that have no translation, or one whose {names} are not the sentence's."""
    return [m for m in catalogue if m.id and not _good(m)]


def _good(m: Message) -> bool:
    given = [m.string] if isinstance(m.string, str) else list(m.string or ())
    names = [_names(t) for t in ([m.id] if isinstance(m.id, str) else m.id)]
    return all(given) and bool(given) and all(_names(t) == names[-1] for t in given)


def _names(text: str) -> set[str]:
    return set(re.findall(r"{(\w*)", text))


def main() -> int:
    """Update all catalogues; 1 if translations are missing."""
    lacking = 0
    for code in TRANSLATED:
        catalogue = updated(code)
        path(code, "po").parent.mkdir(parents=True, exist_ok=True)
        with path(code, "po").open("wb") as file:
            write_po(file, catalogue, width=100, no_location=True, sort_output=True)
        with path(code, "mo").open("wb") as file:
            write_mo(file, catalogue)
        lacks = missing(catalogue)
        lacking += len(lacks)
        print(f"{code}: {len(catalogue)} sentences, {len(lacks)} without a (good) translation")
        for m in lacks[:10]:
            print("   ", m.id)
    return 1 if lacking else 0


if __name__ == "__main__":
    sys.exit(main())
