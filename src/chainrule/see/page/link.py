"""ES modules joined into the one script of a page, in the order in which they need each other.

Each module becomes a function of its own that returns what it exports, so names never meet. The modules keep to a plain
form: `import { a, b } from "./file.js"` on lines of their own, `export` before a declaration or in one list at the end,
and no text over several lines, for comments and indentation stay behind.
"""

from __future__ import annotations

import re
from collections.abc import Callable

COMMENT = re.compile(r"^[ \t]*(?://[^\n]*|/\*\*(?:[^*]|\*(?!/))*\*/)[ \t]*\n", re.MULTILINE)
IMPORT = re.compile(r'^import\s*\{([^}]*)\}\s*from\s*"([^"]+)";\n?', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:async )?(?:function\*?|class|const) (\w+))", re.MULTILINE)
EXPORT_LIST = re.compile(r"export\s*\{([^}]*)\};?\s*$")


def link(main: str, read: Callable[[str], str]) -> str:
    """One script from the module `main` and all that it imports.

    read: from the name of a module, as the imports have it, to its source.
    """
    done: dict[str, str] = {}  # name -> the identifier of its exports
    parts: list[str] = []

    def add(name: str) -> None:
        if name in done:
            return
        source = read(name)
        done[name] = ""
        for _, needed in IMPORT.findall(source):
            add(needed)
        done[name] = "$" + re.sub(r"\W", "_", name.removesuffix(".js").removeprefix("./"))
        parts.append(f"const {done[name]}=(()=>{{\n{_body(source, done)}\n}})();")

    add(main)
    script = '"use strict";\n' + "\n".join(parts)
    if "</script" in script.lower() or "<!--" in script:
        raise ValueError("a module holds what ends or hides a script in HTML")
    return script


def stripped(source: str) -> str:
    """A module without its comments and indentation."""
    return re.sub(r"^[ \t]+", "", COMMENT.sub("", source), flags=re.MULTILINE)


def _body(source: str, modules: dict[str, str]) -> str:
    source = stripped(source)
    source = IMPORT.sub(lambda m: f"const {{{m[1].replace(' as ', ': ')}}}={modules[m[2]]};\n", source)
    exported = EXPORT.findall(source)
    source = EXPORT.sub("", source)
    listed = EXPORT_LIST.search(source)
    if listed:
        pairs = [p.strip().split(" as ") for p in listed[1].split(",") if p.strip()]
        exported += [f"{p[-1]}:{p[0]}" for p in pairs]
        source = source[: listed.start()]
    return f"{source}\nreturn {{{','.join(exported)}}};"
