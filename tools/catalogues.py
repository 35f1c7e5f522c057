"""Keep the catalogues of sentences complete: `make catalogues` finds the sentences, and compiles the translations.

Sentences are the texts of say("...") and say_count("...", "...") in Python and in the page's JavaScript, and the `why`
of each op. `locale/LANGUAGE/LC_MESSAGES/chainrule.po` gets an empty entry for each new one, to be translated by hand,
and loses those that are no longer said; the `.mo` beside it is what the package reads.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from chainrule.base.language import FOLDER, LANGUAGES
from chainrule.core.op import REGISTRY

KEYWORDS = {"say": None, "say_count": (1, 2)}
METHODS = [("**/vendor/**", "ignore"), ("**.py", "python"), ("**.js", "javascript")]
TRANSLATED = [code for code in LANGUAGES if code != "en"]


def sentences() -> Iterator[str | tuple[str, str]]:
    """All that is said; a sentence about a number of things as (one, many)."""
    for _, _, said, _, _ in extract_from_dir(FOLDER.parent, METHODS, keywords=KEYWORDS):
        yield said if isinstance(said, str) else (said[0], said[1])
    yield from (op.columns["why"] for op in REGISTRY.values() if op.columns.get("why"))


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
    new = Catalog(code, project="chainrule", version="1", header_comment=f"# chainrule in {code}", fuzzy=False)
    for said in sorted(set(sentences()), key=str):
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


def as_po(catalogue: Catalog) -> bytes:
    """The text of a .po file, the same for the same sentences."""
    out = io.BytesIO()
    write_po(out, catalogue, width=100, no_location=True, omit_header=False, sort_output=True)
    # Babel stamps the time, which would change the file each time
    return re.sub(rb'"(POT-Creation-Date|PO-Revision-Date|Generated-By|Last-Translator)[^"]*"\n', b"", out.getvalue())


def as_mo(catalogue: Catalog) -> bytes:
    """The bytes of a .mo file, the same for the same sentences."""
    out = io.BytesIO()
    written = read_po(io.BytesIO(as_po(catalogue)), catalogue.locale)
    written.creation_date = written.revision_date = datetime(2000, 1, 1, tzinfo=UTC)  # not the time of reading
    write_mo(out, written)
    return out.getvalue()


def main() -> int:
    """Update all catalogues; 1 if translations are missing."""
    lacking = 0
    for code in TRANSLATED:
        catalogue = updated(code)
        path(code, "po").parent.mkdir(parents=True, exist_ok=True)
        path(code, "po").write_bytes(as_po(catalogue))
        path(code, "mo").write_bytes(as_mo(catalogue))
        lacks = missing(catalogue)
        lacking += len(lacks)
        print(f"{code}: {len(catalogue)} sentences, {len(lacks)} without a (good) translation")
        for m in lacks[:10]:
            print("   ", m.id)
    return 1 if lacking else 0


if __name__ == "__main__":
    sys.exit(main())
