"""What a function's code refers to: the names it loads and stores, and the lines where it does."""

from __future__ import annotations

import dis
import functools
from types import CodeType
from typing import Any, NamedTuple

Path = tuple[str, ...]  # the attributes asked for, one after another: of `np.random.rand`, ("random", "rand")
Line = tuple[str, int]  # a file and a line in it

_LOADS = frozenset({"LOAD_GLOBAL", "LOAD_NAME", "LOAD_DEREF", "LOAD_CLASSDEREF", "LOAD_FROM_DICT_OR_DEREF"})
_ATTRIBUTES = frozenset({"LOAD_ATTR", "LOAD_METHOD", "LOAD_SUPER_ATTR", "IMPORT_FROM"})
_STORES = frozenset({"STORE_ATTR", "DELETE_ATTR"})
_GLOBAL = frozenset({"STORE_GLOBAL", "DELETE_GLOBAL"})
BY_NAME = frozenset({"getattr", "setattr", "delattr", "hasattr", "vars", "attrgetter", "methodcaller", "__dict__"})


class Names(NamedTuple):
    """The names in a code object and those within it."""

    variables: dict[str, dict[Path, Line]]  # globals and variables of functions around, with what is asked of each
    attributes: dict[str, Line]
    stored: frozenset[str]  # the attributes that are set
    imports: dict[str, Line]
    any: bool  # whether attributes may be asked for by names that are made up at run time


@functools.lru_cache(4096)
def names(code: CodeType) -> Names:
    """What a code object refers to."""
    variables: dict[str, dict[Path, Line]] = {}
    attributes: dict[str, Line] = {}
    stored: set[str] = set()
    imports: dict[str, Line] = {}
    stack = [code]
    while stack:
        code = stack.pop()
        stack += [c for c in code.co_consts if isinstance(c, CodeType)]
        path: Path = ()
        name, line = "", (code.co_filename, code.co_firstlineno)  # the variable last loaded
        for i in dis.get_instructions(code):
            line = code.co_filename, (i.positions and i.positions.lineno) or line[1]
            what: Any = i.argval
            if i.opname in _ATTRIBUTES and name:
                path = (*path, what)
            else:
                if name:
                    variables.setdefault(name, {}).setdefault(path, line)
                name, path = (what, ()) if i.opname in _LOADS else ("", ())
            if i.opname in _ATTRIBUTES or i.opname in _STORES:
                attributes.setdefault(what, line)
            if i.opname in _STORES:
                stored.add(what)
            elif i.opname in _GLOBAL:
                variables.setdefault(what, {}).setdefault((), line)
            elif i.opname == "IMPORT_NAME":
                imports.setdefault(what, line)
    return Names(variables, attributes, frozenset(stored), imports, not BY_NAME.isdisjoint({*variables, *attributes}))
