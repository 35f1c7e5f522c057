"""`chainrule run --dry FILE...`: which names of torch a file uses that chainrule does not have. Nothing of it is run.

The file is read, not executed: its imports say which words stand for torch's modules (`import torch.nn as nn`), and
every chain of attributes that begins with such a word is looked up in chainrule.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..base import errors
from .notebook import is_code, load, parsed
from .standin import RELATIVES, StandIn, chainrule_module


@dataclass(frozen=True)
class Missing:
    """A name that is not there: where it is used first, and what stands near it or why it is not there."""

    name: str
    cell: int  #: counted from 1 over the code cells that hold something, as in `In [1]`
    line: int
    why: str


@dataclass
class Names:
    """The names of torch in a file: those that were found, and those that are missing."""

    found: set[str] = field(default_factory=set)
    missing: dict[str, Missing] = field(default_factory=dict)


def names_in(path: Path) -> Names:
    """Look up all names of torch in a notebook, a script or a markdown file."""
    names, words = Names(), dict[str, str]()
    for number, cell in enumerate(filter(is_code, load(path).cells), start=1):
        tree = parsed(cell.source)
        if tree is not None:
            for line, name in _used(tree, words):
                _look_up(name, number, line, names)
    return names


def _used(tree: ast.Module, words: dict[str, str]) -> Iterator[tuple[int, str]]:
    """Lines and dotted names of torch's. `words`, what the file's words stand for, is kept from cell to cell."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if _of_torch(alias.name):
                    root = alias.name.split(".")[0]
                    words[alias.asname or root] = alias.name if alias.asname else root
                    yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom) and not node.level and _of_torch(node.module or ""):
            yield node.lineno, str(node.module)
            for alias in node.names:
                if alias.name != "*":
                    words[alias.asname or alias.name] = f"{node.module}.{alias.name}"
                    yield node.lineno, f"{node.module}.{alias.name}"
    inner = {node.value for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node not in inner:
            name = _dotted(node, words)
            if name:
                yield node.lineno, name


def _of_torch(module: str) -> bool:
    return module.split(".")[0] in ("torch", *RELATIVES)


def _dotted(node: ast.expr, words: dict[str, str]) -> str | None:
    """`nn.Linear` as "torch.nn.Linear"; None for a chain that does not begin with a word for torch."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if isinstance(node, ast.Name) and node.id in words:
        return ".".join([words[node.id], *reversed(parts)])
    return None


def _look_up(name: str, cell: int, line: int, names: Names) -> None:
    root, *parts = name.split(".")
    if root in RELATIVES:
        names.missing.setdefault(root, Missing(root, cell, line, "it needs torch itself"))
        return
    here: Any = StandIn()
    path = root
    for part in parts:
        path = f"{path}.{part}"
        found, why = _attribute(here, path, part)
        if why is not None:
            names.missing.setdefault(path, Missing(path, cell, line, why))
            return
        here = found
        if not isinstance(here, type) and callable(here):
            break  # what a function's result has is not known before it is called
    names.found.add(path)


def _attribute(owner: Any, path: str, name: str) -> tuple[Any, str | None]:
    """What `owner.name` is, or why there is none."""
    try:
        return getattr(owner, name), None
    except AttributeError as error:
        module = chainrule_module(path.partition(".")[2])
        if module is not None:
            return module, None
        told = str(error).replace(" (chainrule is standing in for torch)", "")
        if "': " not in told:  # not of our making
            told = errors.missing(path, name, dir(owner))
        return None, told.rpartition("': ")[2]
