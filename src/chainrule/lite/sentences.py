"""Catalogues for the tab: without the sentences that only those parts of chainrule say that it goes without."""

from __future__ import annotations

import ast
import json
import re
import struct

MAGIC, HEAD = 0x950412DE, 28  # of GNU's .mo files, and the size of what stands before their tables
TEXT = re.compile(r'"(?:[^"\\]|\\.)*"')


def literals(name: str, source: str) -> set[str]:
    """All texts that stand in a module of Python or JavaScript."""
    if name.endswith(".js"):
        return {json.loads(text) for text in TEXT.findall(source) if _is_json(text)}
    return {n.value for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Constant) and isinstance(n.value, str)}


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def kept(catalogue: bytes, said: set[str]) -> bytes:
    """A .mo file with the sentences that are in `said`, and its head."""
    entries = [
        (original, translated)
        for original, translated in _entries(catalogue)
        if not original or original.split(b"\0")[0].decode() in said
    ]
    return _written(entries)


def _entries(catalogue: bytes) -> list[tuple[bytes, bytes]]:
    """Pairs of a sentence and its translation; the form of such files: "The Format of GNU MO Files", GNU gettext."""
    magic, _, count, originals, translations = struct.unpack_from("<5I", catalogue)
    if magic != MAGIC:
        raise ValueError("not a catalogue of this machine's byte order")

    def text(table: int, k: int) -> bytes:
        length, at = struct.unpack_from("<2I", catalogue, table + 8 * k)
        return catalogue[at : at + length]

    return [(text(originals, k), text(translations, k)) for k in range(count)]


def _written(entries: list[tuple[bytes, bytes]]) -> bytes:
    """Two tables of lengths and places, sorted by sentence, and the texts."""
    entries = sorted(entries)
    texts = [*(original for original, _ in entries), *(translated for _, translated in entries)]
    n = len(entries)
    at = HEAD + 16 * n
    table = b""
    for text in texts:
        table += struct.pack("<2I", len(text), at)
        at += len(text) + 1
    head = struct.pack("<7I", MAGIC, 0, n, HEAD, HEAD + 8 * n, 0, HEAD + 16 * n)
    return head + table + b"".join(text + b"\0" for text in texts)
