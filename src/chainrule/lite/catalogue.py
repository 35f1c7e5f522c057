"""Compiled catalogues of sentences, by Babel: all that is said, or for a tab what is said there."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from chainrule.base.extras import MissingExtra

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog


def empty(language: str) -> Catalog:
    """A catalogue that says nothing of times, people and Babel: they change without any sentence changing."""
    try:
        from babel.messages.catalog import Catalog
    except ImportError:
        raise MissingExtra('a site needs Babel: pip install "chainrule[lite]"') from None

    class Sentences(Catalog):
        @property
        def mime_headers(self) -> list[tuple[str, str]]:
            kept = "Language", "Plural-Forms", "MIME-Version", "Content-Type", "Content-Transfer-Encoding"
            return [(name, value) for name, value in super().mime_headers if name in kept]

    return Sentences(language, header_comment=f"# chainrule in {language}", fuzzy=False)


def kept(compiled: bytes, language: str, said: set[str]) -> bytes:
    """A language's catalogue with the sentences in `said`, which has the singular of those about a number."""
    catalogue, file = empty(language), io.BytesIO()
    from babel.messages.mofile import read_mo, write_mo

    for message in read_mo(io.BytesIO(compiled)):
        if message.id and (message.id[0] if message.pluralizable else message.id) in said:
            catalogue.add(message.id, message.string)
    write_mo(file, catalogue)
    return file.getvalue()
